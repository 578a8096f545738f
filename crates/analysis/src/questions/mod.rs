//! What only a person or an agent can settle, asked so that the answer can be kept.
//!
//! A question names what it is about, what is known, the code, and for each answer what keeps it: a command, or lines
//! for `firedoor.toml`. Asking nothing of a program that leaves doubts would be a kind of silence.

mod doubts;
mod findings;
mod public;

use firedoor_source::Span;

use crate::Report;

/// How much hangs on the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// Others' data or accounts may be open.
    High,
    /// It matters under circumstances.
    Medium,
    /// The answer makes the map truer.
    Low,
}

impl Importance {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Importance::High => "high",
            Importance::Medium => "medium",
            Importance::Low => "low",
        }
    }
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuestionKind {
    /// Whether a judgement holds for what has changed.
    Judgement,
    /// Whether entry points are for everybody on purpose.
    Public,
    /// Whether a condition holds in production.
    Condition,
    /// Whether something that could not be seen into refuses.
    Unknown,
    /// Whether findings that are not sure are so.
    Finding,
}

impl QuestionKind {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            QuestionKind::Judgement => "judgement",
            QuestionKind::Public => "public",
            QuestionKind::Condition => "condition",
            QuestionKind::Unknown => "unknown",
            QuestionKind::Finding => "finding",
        }
    }
}

/// A possible answer, and what keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The answer with what it means.
    pub text: String,
    /// Commands that keep it, in words of their own.
    pub commands: Vec<Vec<String>>,
    /// Lines for `firedoor.toml` that keep it.
    pub settings: Option<String>,
}

impl Answer {
    /// Returns an answer that nothing keeps but a change of the code.
    fn change(text: impl Into<String>) -> Answer {
        Answer {
            text: text.into(),
            commands: Vec::new(),
            settings: None,
        }
    }

    /// Returns an answer that commands keep.
    fn commands(text: impl Into<String>, commands: Vec<Vec<String>>) -> Answer {
        Answer {
            commands,
            ..Answer::change(text)
        }
    }

    /// Returns an answer that lines of the settings keep.
    fn settings(text: impl Into<String>, settings: String) -> Answer {
        Answer {
            settings: Some(settings),
            ..Answer::change(text)
        }
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Stays the same as long as the question does.
    pub id: String,
    /// What it is about.
    pub kind: QuestionKind,
    /// How much hangs on it.
    pub importance: Importance,
    /// The question.
    pub text: String,
    /// What is known, a sentence each.
    pub known: Vec<String>,
    /// The entry points it is about, by id.
    pub entry_points: Vec<String>,
    /// Where to look, first things first.
    pub places: Vec<Span>,
    /// What can be answered.
    pub answers: Vec<Answer>,
}

/// The most places that a question shows.
const MOST_PLACES: usize = 3;

/// Returns what is to be asked about `report`, most important first.
pub fn questions(report: &Report) -> Vec<Question> {
    let mut questions = findings::fallen(report);
    questions.extend(public::questions(report));
    questions.extend(doubts::questions(report));
    questions.extend(findings::unsure(report));
    for question in &mut questions {
        question.places = apart(&question.places);
    }
    // Within an importance the order of making stays: what is known to have changed comes first.
    questions.sort_by_key(|question| question.importance);
    questions
}

/// Returns the first places that do not lie within one before them.
fn apart(places: &[Span]) -> Vec<Span> {
    let mut kept: Vec<Span> = Vec::new();
    for place in places {
        if !kept.iter().any(|other| other.contains(*place)) {
            kept.push(*place);
        }
    }
    kept.truncate(MOST_PLACES);
    kept
}

/// Returns an identity that hangs on what is asked about, and on no line.
fn identity(kind: QuestionKind, subject: &str) -> String {
    let text = format!("question\n{}\n{subject}", kind.as_str());
    format!("q-{}", &blake3::hash(text.as_bytes()).to_hex()[..10])
}

/// Returns the command that judges `what`.
fn judge_command(what: &str, verdict: &str) -> Vec<String> {
    let words = [
        "firedoor",
        "judge",
        what,
        "--verdict",
        verdict,
        "--reason",
        REASON,
    ];
    words.map(str::to_owned).to_vec()
}

/// Stands in commands for what the person who answers has to say.
const REASON: &str = "why it is so";

/// Returns `ids` as a phrase: all of few, the first of many.
fn phrase(ids: &[String]) -> String {
    const FEW: usize = 3;
    let quoted: Vec<String> = ids.iter().take(FEW).map(|id| format!("`{id}`")).collect();
    match ids.len() {
        many if many > FEW => format!("{} and {} more", quoted.join(", "), many - FEW),
        _ => quoted.join(", "),
    }
}

/// Returns `text` as a string of TOML.
fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

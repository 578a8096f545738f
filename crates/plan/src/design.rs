//! What a review tells: parts, decisions, obligations, each with the sentence that it rests on.

use firedoor_rules::Severity;

/// A sentence of a document, or a place in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quote {
    /// The document.
    pub file: String,
    /// The line, from 1; 0 where the document has none.
    pub line: u32,
    /// What stands there.
    pub text: String,
}

/// How far a decision is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is made in a way that is known to go wrong.
    Unsafe,
    /// It is not made.
    Open,
    /// It is put off.
    Deferred,
    /// It is made.
    Decided,
}

impl State {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Unsafe => "unsafe",
            State::Open => "open",
            State::Deferred => "deferred",
            State::Decided => "decided",
        }
    }
}

/// A decision of a design, made or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// The stable id, such as `refresh-token/rotation`.
    pub id: String,
    /// The part of the design that it belongs to, in words.
    pub part: String,
    /// How far it is made.
    pub state: State,
    /// How bad it is if it is made wrongly.
    pub severity: Severity,
    /// What has to be decided.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// The usual good answers.
    pub answers: Vec<String>,
    /// The rules that check it in the code.
    pub rules: Vec<&'static str>,
    /// The sentences that it rests on; for an open one what says that the design has the part.
    pub evidence: Vec<Quote>,
}

/// A part that the design has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPart {
    /// Its id.
    pub id: &'static str,
    /// What it is called.
    pub title: String,
    /// The first sentence that says so.
    pub evidence: Quote,
}

/// Something that limits what can be said about a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The document.
    pub file: String,
    /// The reason as a word with hyphens.
    pub reason: &'static str,
    /// More about it, for a person.
    pub detail: String,
}

/// What a review tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// The documents that were read, with what they are: `markdown`, `openapi`, `asyncapi`.
    pub documents: Vec<(String, &'static str)>,
    /// The parts that the design has.
    pub parts: Vec<FoundPart>,
    /// All decisions that belong to these parts, by part and in the order of the vocabulary.
    pub decisions: Vec<Obligation>,
    /// What limits what can be said.
    pub notes: Vec<Note>,
}

impl Review {
    /// Returns the decisions that are not made, or made unsafely; worst first.
    pub fn obligations(&self) -> Vec<&Obligation> {
        let mut found: Vec<&Obligation> = self
            .decisions
            .iter()
            .filter(|decision| decision.state != State::Decided)
            .collect();
        found.sort_by_key(|obligation| (obligation.state, std::cmp::Reverse(obligation.severity)));
        found
    }
}

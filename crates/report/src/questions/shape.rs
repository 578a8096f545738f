//! `firedoor.questions/1`: what only a person or an agent can settle.

use firedoor_analysis::questions::{Answer, Question};
use firedoor_source::FileSet;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Excerpt, excerpt, shell};

/// What only a person or an agent can settle, most important first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.questions/1")]
pub(crate) struct QuestionsShape {
    /// Always `firedoor.questions/1`.
    pub schema: &'static str,
    /// The questions.
    pub questions: Vec<QuestionShape>,
}

/// A question.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct QuestionShape {
    /// Stays the same as long as the question does.
    pub id: String,
    /// `judgement`, `public`, `condition`, `unknown` or `finding`.
    pub kind: &'static str,
    /// `high`, `medium` or `low`.
    pub importance: &'static str,
    /// The question.
    pub question: String,
    /// What is known, a sentence each.
    pub known: Vec<String>,
    /// The entry points it is about, by id.
    pub entry_points: Vec<String>,
    /// Where to look.
    pub code: Vec<CodeShape>,
    /// What can be answered.
    pub answers: Vec<AnswerShape>,
}

/// A piece of source.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CodeShape {
    /// The file.
    pub file: String,
    /// The line of the first line of `text`.
    pub line: u32,
    /// Up to eight lines.
    pub text: String,
}

/// A possible answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AnswerShape {
    /// The answer with what it means.
    pub answer: String,
    /// Commands that keep it, for a shell; the reason in them is to be replaced.
    pub commands: Vec<String>,
    /// Lines for `firedoor.toml` that keep it.
    pub settings: Option<String>,
}

impl QuestionsShape {
    /// Returns the shape of `questions`.
    pub fn new(files: &FileSet, questions: &[Question]) -> QuestionsShape {
        let questions = questions.iter();
        QuestionsShape {
            schema: "firedoor.questions/1",
            questions: questions.map(|it| QuestionShape::new(files, it)).collect(),
        }
    }
}

impl QuestionShape {
    /// Returns the shape of `question`.
    pub fn new(files: &FileSet, question: &Question) -> QuestionShape {
        QuestionShape {
            id: question.id.clone(),
            kind: question.kind.as_str(),
            importance: question.importance.as_str(),
            question: question.text.clone(),
            known: question.known.clone(),
            entry_points: question.entry_points.clone(),
            code: question
                .places
                .iter()
                .map(|span| code(excerpt(files, *span)))
                .collect(),
            answers: question.answers.iter().map(answer).collect(),
        }
    }
}

fn code(excerpt: Excerpt) -> CodeShape {
    CodeShape {
        file: excerpt.place.file,
        line: excerpt.place.line,
        text: excerpt.lines.join("\n"),
    }
}

fn answer(answer: &Answer) -> AnswerShape {
    AnswerShape {
        answer: answer.text.clone(),
        commands: answer.commands.iter().map(|words| shell(words)).collect(),
        settings: answer.settings.clone(),
    }
}

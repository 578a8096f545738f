//! `firedoor.review/1`: what design documents decide, leave open and decide unsafely.

use firedoor_plan::{Obligation, Quote, Review, State};
use schemars::JsonSchema;
use serde::Serialize;

/// What design documents decide and leave open.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.review/1")]
pub(crate) struct ReviewShape {
    /// Always `firedoor.review/1`.
    pub schema: &'static str,
    /// The documents that were read.
    pub documents: Vec<DocumentShape>,
    /// The parts that the design has.
    pub parts: Vec<PartShape>,
    /// The decisions that are not made, or made unsafely; worst first.
    pub obligations: Vec<ObligationShape>,
    /// The decisions that are made.
    pub decided: Vec<ObligationShape>,
    /// What limits what can be said.
    pub notes: Vec<NoteShape>,
}

/// A document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DocumentShape {
    /// Its name.
    pub file: String,
    /// `markdown`, `openapi` or `asyncapi`.
    pub kind: &'static str,
}

/// A part of the design.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PartShape {
    /// Its id, the first word of its obligations.
    pub id: &'static str,
    /// What it is called.
    pub title: String,
    /// The first sentence that says that the design has it.
    pub evidence: QuoteShape,
}

/// A decision.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ObligationShape {
    /// The stable id, such as `refresh-token/rotation`.
    pub id: String,
    /// The part that it belongs to, in words.
    pub part: String,
    /// `unsafe`, `open`, `deferred` or `decided`.
    pub state: &'static str,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// What has to be decided.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// The usual good answers.
    pub answers: Vec<String>,
    /// The rules that check it in the code.
    pub rules: Vec<&'static str>,
    /// The sentences that it rests on; for an open one what says that the design has the part.
    pub evidence: Vec<QuoteShape>,
}

/// A sentence of a document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct QuoteShape {
    /// The document.
    pub file: String,
    /// The line, from 1; null where it is not known.
    pub line: Option<u32>,
    /// The sentence.
    pub text: String,
}

/// Something that limits what can be said about a document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NoteShape {
    /// The document.
    pub file: String,
    /// The reason as a word with hyphens.
    pub reason: &'static str,
    /// More about it, for a person.
    pub detail: String,
}

impl ReviewShape {
    /// Returns the shape of `review`.
    pub fn new(review: &Review) -> ReviewShape {
        let decided = review.decisions.iter();
        ReviewShape {
            schema: "firedoor.review/1",
            documents: review
                .documents
                .iter()
                .map(|(file, kind)| DocumentShape {
                    file: file.clone(),
                    kind,
                })
                .collect(),
            parts: review
                .parts
                .iter()
                .map(|part| PartShape {
                    id: part.id,
                    title: part.title.clone(),
                    evidence: QuoteShape::new(&part.evidence),
                })
                .collect(),
            obligations: review
                .obligations()
                .into_iter()
                .map(ObligationShape::new)
                .collect(),
            decided: decided
                .filter(|decision| decision.state == State::Decided)
                .map(ObligationShape::new)
                .collect(),
            notes: review
                .notes
                .iter()
                .map(|note| NoteShape {
                    file: note.file.clone(),
                    reason: note.reason,
                    detail: note.detail.clone(),
                })
                .collect(),
        }
    }
}

impl ObligationShape {
    fn new(obligation: &Obligation) -> ObligationShape {
        ObligationShape {
            id: obligation.id.clone(),
            part: obligation.part.clone(),
            state: obligation.state.as_str(),
            severity: obligation.severity.as_str(),
            question: obligation.question.clone(),
            why: obligation.why.clone(),
            answers: obligation.answers.clone(),
            rules: obligation.rules.clone(),
            evidence: obligation.evidence.iter().map(QuoteShape::new).collect(),
        }
    }
}

impl QuoteShape {
    fn new(quote: &Quote) -> QuoteShape {
        QuoteShape {
            file: quote.file.clone(),
            line: (quote.line > 0).then_some(quote.line),
            text: quote.text.clone(),
        }
    }
}

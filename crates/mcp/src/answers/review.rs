//! The tool `review`: what a plan leaves open, or how the code stands to the plan that is kept.

use std::fmt::Write;

use firedoor_plan::{Document, Obligation, Owed, State, Status};
use firedoor_report::clean;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked_path, place};
use crate::analyses::{Analysed, Analyses};
use crate::page::Answer;

/// Which plan.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewArguments {
    /// A plan in Markdown, or a document of OpenAPI or AsyncAPI, by its path from the root; without one, how the code stands
    /// to the plan in `.firedoor/plan.toml`.
    pub document: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns the decisions of a document that are not made or unsafe, or how the code stands to the kept ones; with the
/// state that a cursor hangs on.
pub fn review(
    analyses: &Analyses,
    arguments: &ReviewArguments,
) -> Result<(Answer, String), String> {
    match checked_path("document", &arguments.document)? {
        Some(file) => {
            let text = analyses.source().document(&file)?;
            let digest = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
            Ok((of_document(Document { file, text })?, digest))
        }
        None => {
            let now = analyses.now()?;
            Ok((standing(&now)?, now.digest.clone()))
        }
    }
}

fn of_document(document: Document) -> Result<Answer, String> {
    let review = firedoor_plan::review(&[document]);
    if let (true, Some(note)) = (review.documents.is_empty(), review.notes.first()) {
        return Err(format!("{}: {}", note.file, note.detail));
    }
    let owed = review.obligations();
    let parts: Vec<&str> = review
        .parts
        .iter()
        .map(|part| part.title.as_str())
        .collect();
    let decided = review.decisions.len() - owed.len();
    Ok(Answer {
        heading: clean(&format!(
            "The design has: {}. {} decisions are open, put off or unsafe, worst first; {decided} are made.",
            parts.join(", "),
            owed.len()
        ))
        .into_owned(),
        items: owed.iter().map(|it| obligation(it)).collect(),
        noun: "decisions",
    })
}

fn obligation(owed: &Obligation) -> String {
    let mut text = format!(
        "{} {} ({})\n  {}\n  {}",
        owed.state.as_str(),
        clean(&owed.id),
        owed.severity.as_str(),
        clean(&owed.question),
        clean(&owed.why)
    );
    if owed.state != State::Decided && !owed.answers.is_empty() {
        let _ = write!(
            text,
            "\n  usual answers: {}",
            clean(&owed.answers.join("; "))
        );
    }
    for quote in &owed.evidence {
        let _ = write!(
            text,
            "\n  {}:{}: {}",
            clean(&quote.file),
            quote.line,
            clean(&quote.text)
        );
    }
    if !owed.rules.is_empty() {
        let _ = write!(text, "\n  checked by {}", owed.rules.join(", "));
    }
    text
}

fn standing(now: &Analysed) -> Result<Answer, String> {
    let standing = now.report.plan.as_ref().ok_or(
        "no plan is kept: give a `document`, or keep one with `firedoor review DOCUMENT --write`",
    )?;
    let count = |wanted: Status| {
        standing
            .owed
            .iter()
            .filter(|it| it.status == wanted)
            .count()
    };
    let mut items: Vec<String> = standing.owed.iter().map(|it| owed(now, it)).collect();
    items.extend(standing.drift.iter().map(|drift| {
        format!(
            "documents and code differ: {}",
            clean(&format!("{}: {}", drift.operation, drift.message))
        )
    }));
    Ok(Answer {
        heading: format!(
            "{} decisions are broken, {} not visible yet, {} met, {} accepted, {} unchecked.",
            count(Status::Broken),
            count(Status::NotVisible),
            count(Status::Met),
            count(Status::Accepted),
            count(Status::Unchecked)
        ),
        items,
        noun: "decisions",
    })
}

fn owed(now: &Analysed, owed: &Owed) -> String {
    let mut text = format!(
        "{} {}: {}",
        owed.status.as_str(),
        clean(&owed.kept.id),
        clean(&owed.because)
    );
    for (span, word) in &owed.places {
        let _ = write!(text, "\n  {} {}", place(&now.files, *span), clean(word));
    }
    text
}

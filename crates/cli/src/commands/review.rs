//! `firedoor review`: design documents are read and what they leave open is told, or kept in `.firedoor/plan.toml`.

use std::path::{Path, PathBuf};

use clap::Args;
use firedoor_plan::{Document, Review, State};
use firedoor_rules::Severity;

use super::{FOUND, renderer, view, write};
use crate::arguments::Common;
use crate::user_error::UserError;
use crate::{output, plan, tree};

/// Examples for the help.
pub const EXAMPLES: &str = "\
Examples:
  firedoor review PLAN.md                       what the plan leaves open, with sentences
  firedoor review docs/*.md openapi.yaml        several documents are one design
  firedoor review PLAN.md --format markdown     a check-list to paste into the plan
  firedoor review PLAN.md --write               keep it in .firedoor/plan.toml, for firedoor check
  firedoor review --write                       read the same documents again

Open and unsafe decisions at or above --fail-on end with status 1; those that are put off do not.";

/// What to review.
#[derive(Args, Debug)]
pub struct ReviewArguments {
    /// Plans in Markdown, OpenAPI and AsyncAPI documents [default: those of .firedoor/plan.toml]
    #[arg(value_name = "DOCUMENT")]
    pub documents: Vec<PathBuf>,
    /// Keep the decisions in `.firedoor/plan.toml`; what you have edited there stays
    #[arg(long)]
    pub write: bool,
    /// The folder of the application that the plan is for
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub root: PathBuf,
}

/// Runs the command and returns the exit status.
pub(super) fn review(arguments: &ReviewArguments, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "review", |format| format.review)?;
    let root = tree::root_of(&arguments.root)?;
    let documents = match arguments.documents.is_empty() {
        true => kept_documents(&root)?,
        false => named_documents(&arguments.documents, &root)?,
    };
    let review = firedoor_plan::review(&documents);
    refuse_unreadable(&review)?;
    if arguments.write {
        let names = inner_names(&documents)?;
        let place = plan::write(&root, &names, &review)?;
        if !common.quiet {
            output::complain(&format!("wrote {place}"));
        }
    }
    write(&render(&review, view(common)), common)?;
    Ok(status(&review, common.fail_on.severity()))
}

/// What is put off is known to whoever put it off.
fn status(review: &Review, fail_on: Option<Severity>) -> u8 {
    let is_bad = |decision: &firedoor_plan::Obligation| {
        matches!(decision.state, State::Open | State::Unsafe)
            && fail_on.is_some_and(|least| decision.severity >= least)
    };
    match review.decisions.iter().any(is_bad) {
        true => FOUND,
        false => 0,
    }
}

fn kept_documents(root: &Path) -> Result<Vec<Document>, UserError> {
    let Some(plan) = plan::read(root)? else {
        return Err(UserError::NoDocuments);
    };
    if plan.documents.is_empty() {
        return Err(UserError::NoDocuments);
    }
    let documents = plan.documents.iter();
    documents.map(|name| plan::read_inner(root, name)).collect()
}

fn named_documents(paths: &[PathBuf], root: &Path) -> Result<Vec<Document>, UserError> {
    let mut documents: Vec<Document> = Vec::new();
    for path in paths {
        let place = path
            .canonicalize()
            .map_err(|error| UserError::unreadable(path, error))?;
        let file = match place.strip_prefix(root) {
            Ok(inner) => tree::slashed(inner),
            Err(_) => path.to_string_lossy().into_owned(),
        };
        if documents.iter().any(|document| document.file == file) {
            continue;
        }
        documents.push(Document {
            text: plan::read_text(path)?,
            file,
        });
    }
    Ok(documents)
}

/// A document that was named and cannot be understood must not look like one that leaves nothing open.
fn refuse_unreadable(review: &Review) -> Result<(), UserError> {
    let broken = review
        .notes
        .iter()
        .find(|note| note.reason != "too-many-sentences");
    match broken {
        Some(note) => Err(UserError::Document {
            file: note.file.clone(),
            why: note.detail.clone(),
        }),
        None => Ok(()),
    }
}

fn inner_names(documents: &[Document]) -> Result<Vec<String>, UserError> {
    documents
        .iter()
        .map(|document| match plan::is_inner(&document.file) {
            true => Ok(document.file.clone()),
            false => Err(UserError::Document {
                file: document.file.clone(),
                why: String::from(
                    "it lies outside of the application, so that the plan cannot name it",
                ),
            }),
        })
        .collect()
}

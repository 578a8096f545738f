//! Design documents: which decisions about security they make, which they leave open, and what the code owes them.
//!
//! Nothing here guesses: a vocabulary in data files and a small grammar over the words of sentences decide, so that
//! the same document gives the same answer, and every answer has the sentence that it rests on.

mod api;
mod concepts;
mod design;
mod drift;
#[doc(hidden)]
pub mod for_tests;
mod grammar;
mod keep;
mod markdown;
mod pattern;
mod review;
mod standing;
mod visible;
mod vocabulary;
mod weight;
mod words;

pub use api::{Api, ApiKind, Documented, Operation, Scheme, read as read_api};
pub use design::{FoundPart, Note, Obligation, Quote, Review, State};
pub use drift::{Drift, DriftKind};
pub use keep::{Kept, LARGEST_PLAN, Plan, keep};
pub use standing::{Owed, Standing, Status, stand};
pub use vocabulary::{Decision, Part, decision, parts, severity};

/// A document to review.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name, as it is quoted.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// The most bytes that a document may have.
pub const LARGEST_DOCUMENT: usize = 4 << 20;

/// Reviews the design that `documents` make together.
pub fn review(documents: &[Document]) -> Review {
    let mut review = Review::default();
    let mut statements = Vec::new();
    let mut of_operations = Vec::new();
    for document in documents {
        if document.text.len() > LARGEST_DOCUMENT {
            note(
                &mut review,
                document,
                "too-large",
                format!("more than {LARGEST_DOCUMENT} bytes"),
            );
            continue;
        }
        let (kind, prose) = match is_data(&document.file) {
            false => ("markdown", document.text.clone()),
            true => match api::read(&document.file, &document.text) {
                Ok(read) => {
                    of_operations.extend(api::obligations(&read));
                    (read.kind.as_str(), read.description)
                }
                Err(fault) => {
                    note(&mut review, document, "no-api-document", fault);
                    continue;
                }
            },
        };
        review.documents.push((document.file.clone(), kind));
        let (mut found, is_cut) = markdown::statements(&prose);
        if is_cut {
            let detail = format!(
                "only the first {} sentences were read",
                markdown::MOST_STATEMENTS
            );
            note(&mut review, document, "too-many-sentences", detail);
        }
        if kind != "markdown" {
            // Lines within a description are none of the document.
            found.iter_mut().for_each(|statement| statement.line = 0);
        }
        statements.push((document.file.as_str(), kind != "markdown", found));
    }
    let texts: Vec<review::Text> = statements
        .iter()
        .map(|(file, is_aside, statements)| review::Text {
            file,
            is_aside: *is_aside,
            statements,
        })
        .collect();
    (review.parts, review.decisions) = review::review(&texts);
    review.decisions.extend(of_operations);
    review
}

/// Holds if the name is that of a JSON or YAML file.
pub fn is_data(file: &str) -> bool {
    let ending = file.rsplit('.').next().unwrap_or("").to_lowercase();
    matches!(ending.as_str(), "json" | "yaml" | "yml")
}

fn note(review: &mut Review, document: &Document, reason: &'static str, detail: String) {
    review.notes.push(Note {
        file: document.file.clone(),
        reason,
        detail,
    });
}

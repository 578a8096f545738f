//! Design documents: which decisions about security they make, which they leave open, and what the code owes them.
//!
//! Nothing here guesses: a vocabulary in data files and a small grammar over the words of sentences decide, so that
//! the same document gives the same answer, and every answer has the sentence that it rests on.

mod design;
mod grammar;
mod markdown;
mod pattern;
mod review;
mod vocabulary;
mod words;

pub use design::{FoundPart, Note, Obligation, Quote, Review, State};
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
    for document in documents {
        let (found, is_cut) = markdown::statements(&document.text);
        review.documents.push((document.file.clone(), "markdown"));
        if is_cut {
            review.notes.push(Note {
                file: document.file.clone(),
                reason: "too-many-sentences",
                detail: format!("only the first {} were read", markdown::MOST_STATEMENTS),
            });
        }
        statements.push((document.file.as_str(), found));
    }
    let texts: Vec<review::Text> = statements
        .iter()
        .map(|(file, statements)| review::Text { file, statements })
        .collect();
    (review.parts, review.decisions) = review::review(&texts);
    review
}

//! Text for people at a terminal: findings as compilers draw them, maps as trees.

mod check;
mod diff;
mod excerpt;
mod explain;
mod history;
mod map;
mod notes;
mod plan;
mod review;
mod rules;
pub(crate) mod style;
mod table;
pub(crate) mod wrap;

use crate::Format;

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "text",
    check: Some(check::render),
    map: Some(map::render),
    explain: Some(explain::render),
    diff: Some(diff::render),
    history: Some(history::render),
    study: Some(history::study),
    rules: Some(rules::render),
    review: Some(review::render),
    questions: Some(crate::questions::text::render),
    self_test: Some(crate::selftest::text),
    probe: Some(crate::probe::text),
};

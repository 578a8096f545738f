//! JSON for other programs: the shapes of the contract, indented, with a line end.

use firedoor_plan::Review;
use firedoor_rules::Rule;
use serde::Serialize;

use crate::shape::{
    DiffShape, ExplanationShape, HistoryShape, MapShape, ReportShape, ReviewShape, RulesShape,
    StudyShape,
};
use crate::{Context, DiffContext, Format, HistoryContext, StudyContext, Subject, View, clean};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "json",
    check: Some(check),
    map: Some(map),
    explain: Some(explain),
    diff: Some(diff),
    history: Some(history),
    study: Some(study),
    rules: Some(rules),
    review: Some(review),
    questions: Some(crate::questions::json),
    self_test: Some(crate::selftest::json),
    probe: Some(crate::probe::json),
};

fn check(context: &Context) -> String {
    print(&ReportShape::new(context))
}

fn map(context: &Context) -> String {
    print(&MapShape::new(context))
}

fn explain(context: &Context, subject: &Subject) -> String {
    print(&ExplanationShape::new(context, subject))
}

fn diff(context: &DiffContext) -> String {
    print(&DiffShape::new(context))
}

fn history(context: &HistoryContext) -> String {
    print(&HistoryShape::new(context))
}

fn study(context: &StudyContext) -> String {
    print(&StudyShape::new(context))
}

fn rules(rules: &[&'static Rule], _view: View) -> String {
    print(&RulesShape::new(rules))
}

fn review(review: &Review, _view: View) -> String {
    print(&ReviewShape::new(review))
}

/// Returns `shape` as a document. No shape has a map with keys that are no strings, which is all that could fail.
pub(crate) fn print(shape: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(shape).unwrap_or_default();
    text.push('\n');
    clean::escape_json(text)
}

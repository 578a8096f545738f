//! What the analysis could not see: a tool that is silent about it would be trusted too far.

use indexmap::IndexMap;

use super::style::{BOLD, DIM, Paint};
use super::wrap::hang;
use crate::shape::Place;
use crate::words::count;
use crate::{Context, Detail, clean};

/// How many of each are listed, unless everything is wanted.
const FEW: usize = 5;

/// Returns what could not be resolved, which rules failed and which files were left out; nothing if all was seen.
pub(super) fn notes(context: &Context, paint: Paint) -> String {
    let mut text = unresolved(context, paint);
    text.push_str(&failed_rules(context, paint));
    text.push_str(&skipped(context, paint));
    text
}

fn unresolved(context: &Context, paint: Paint) -> String {
    let notes = &context.report.map.unresolved;
    if notes.is_empty() {
        return String::new();
    }
    let mut reasons: IndexMap<&str, usize> = IndexMap::new();
    for note in notes {
        *reasons.entry(note.reason).or_default() += 1;
    }
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, number)| format!("{number} {reason}"))
        .collect();
    let items: Vec<(String, String)> = notes
        .iter()
        .map(|note| {
            let place = Place::new(context.files, note.span).to_string();
            (place, format!("({}): {}", note.reason, note.detail))
        })
        .collect();
    let title = format!(
        "Not resolved: {} ({})",
        count(notes.len(), "place", "places"),
        reasons.join(", ")
    );
    list(&title, &items, context, paint)
}

/// Rules that failed come first and all of them: the findings that they would have made are missing.
fn failed_rules(context: &Context, paint: Paint) -> String {
    let parts = context.report.skipped.iter();
    let items: Vec<(String, String)> = parts
        .filter_map(|part| Some((format!("rule {}", part.rule?), part.detail.clone())))
        .map(|(place, detail)| (place, format!("(rule-failed): {detail}")))
        .collect();
    if items.is_empty() {
        return String::new();
    }
    let title = format!("Not checked: {}", count(items.len(), "rule", "rules"));
    list(&title, &items, context, paint)
}

fn skipped(context: &Context, paint: Paint) -> String {
    let parts = context.report.skipped.iter();
    let parts: Vec<_> = parts.filter(|part| part.rule.is_none()).collect();
    if parts.is_empty() {
        return String::new();
    }
    let items: Vec<(String, String)> = parts
        .iter()
        .map(|part| {
            let place = match part.span {
                Some(span) => Place::new(context.files, span).to_string(),
                None => clean(&part.path).into_owned(),
            };
            (place, format!("({}): {}", part.reason, part.detail))
        })
        .collect();
    let title = format!(
        "Not read, or not completely: {}",
        count(parts.len(), "file or part", "files or parts")
    );
    list(&title, &items, context, paint)
}

fn list(title: &str, items: &[(String, String)], context: &Context, paint: Paint) -> String {
    let most = match context.view.detail {
        Detail::Full => items.len(),
        _ => FEW,
    };
    let mut text = format!("\n{}\n", paint.paint(BOLD, title));
    for (place, what) in items.iter().take(most) {
        let what = clean(what);
        text.push_str(&hang("  ", &format!("{place} {what}"), context.view.width));
    }
    if items.len() > most {
        let left = format!("  and {} more; --verbose lists them", items.len() - most);
        text.push_str(&paint.paint(DIM, &left));
        text.push('\n');
    }
    text
}

//! `firedoor rules`: what is looked for.

use firedoor_rules::Rule;
use indexmap::IndexMap;

use super::style::{self, BOLD, DIM, Paint};
use super::wrap::{hang_painted, pad};
use crate::View;
use crate::words::count;

/// Renders the rules by class.
pub(super) fn render(rules: &[&'static Rule], view: View) -> String {
    let paint = Paint {
        is_on: view.is_coloured,
    };
    let mut classes: IndexMap<&str, Vec<&Rule>> = IndexMap::new();
    for rule in rules {
        classes.entry(rule.class).or_default().push(rule);
    }
    classes.sort_keys();
    let widest = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (class, rules) in &classes {
        text.push_str(&format!("{}\n", paint.paint(BOLD, class)));
        for rule in rules {
            let id = pad(rule.id, widest);
            let severity = pad(rule.severity.as_str(), 8);
            let painted = paint.paint(style::severity(rule.severity), &severity);
            let first = (
                format!("  {id}  {severity}  "),
                format!("  {id}  {painted}  "),
            );
            text.push_str(&hang_painted(first, rule.summary, view.width));
        }
        text.push('\n');
    }
    let line = format!(
        "{}; `firedoor explain RULE` prints the page of one",
        count(rules.len(), "rule", "rules")
    );
    text.push_str(&format!("{}\n", paint.paint(DIM, &line)));
    text
}

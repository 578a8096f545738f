//! A comment on a pull request: short, with what it rests on folded away, and a picture of what changed.

use firedoor_analysis::ReportedFinding;
use firedoor_app::diff::{Direction, EntryChange};
use firedoor_app::{Control, EntryPoint, LayerKind};

use super::{code, escape, escape_html, finding_details};
use crate::shape::Place;
use crate::words::{count, guard_changes, guarding, verdict_changes};
use crate::{DiffContext, clean};

/// A list in a comment is not read further than this.
const MOST_ROWS: usize = 20;
/// A picture with more entry points shows nothing.
const MOST_PICTURED: usize = 12;

/// Renders the comparison.
pub(super) fn render(context: &DiffContext) -> String {
    let comparison = context.comparison;
    let mut text = format!(
        "## firedoor: {}, {} fixed, {} still there\n\n{} → {}\n\n",
        count(
            comparison.introduced.len(),
            "finding introduced",
            "findings introduced"
        ),
        comparison.fixed.len(),
        comparison.remaining.len(),
        code(&context.before.label()),
        code(&context.after.label()),
    );
    for note in context.notes {
        text.push_str(&format!("> {}\n\n", escape(note)));
    }
    if context.is_empty() {
        text.push_str("Nothing changed in the wiring.\n");
        return text;
    }
    text.push_str(&introduced(context));
    text.push_str(&changes(context));
    text.push_str(&picture(context));
    text.push_str(&fixed(context));
    text
}

fn introduced(context: &DiffContext) -> String {
    let mut text = String::new();
    let after = context.after.context(context.view);
    for reported in &context.comparison.introduced {
        text.push_str(&format!("**{}** ", reported.finding.severity.as_str()));
        text.push_str(&finding_details(&after, reported));
    }
    text
}

fn changes(context: &DiffContext) -> String {
    let map = &context.comparison.map;
    let mut rows = Vec::new();
    for change in context.going(Direction::Weakened) {
        rows.push(change_row("weakened", change));
    }
    for change in context.going(Direction::Obscured) {
        rows.push(change_row("no longer known", change));
    }
    rows.extend(
        map.added
            .iter()
            .map(|entry| row("new", &entry.id(), &guarding(entry))),
    );
    rows.extend(map.removed.iter().map(|entry| row("gone", &entry.id(), "")));
    for change in context.going(Direction::Strengthened) {
        rows.push(change_row("strengthened", change));
    }
    for change in context.going(Direction::Resolved) {
        rows.push(change_row("known now", change));
    }
    for change in context.rearranged() {
        rows.push(change_row("as strong as before", change));
    }
    for guard in &map.guards_added {
        let covers = count(guard.covers.len(), "entry point", "entry points");
        rows.push(row("new guard", &guard.name, &format!("covers {covers}")));
    }
    for guard in &map.guards_removed {
        rows.push(row("guard gone", &guard.name, ""));
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut text = String::from("| | | |\n| --- | --- | --- |\n");
    let hidden = rows.len().saturating_sub(MOST_ROWS);
    text.extend(rows.into_iter().take(MOST_ROWS));
    if hidden > 0 {
        text.push_str(&format!("\nand {hidden} more\n"));
    }
    text.push('\n');
    text
}

fn change_row(word: &str, change: &EntryChange) -> String {
    let id = change.after.id();
    let former = change
        .is_moved()
        .then(|| format!("was {}", change.before.id()));
    let parts = [
        Some(verdict_changes(change)),
        Some(guard_changes(change)),
        former,
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|it| !it.is_empty())
        .collect();
    row(word, &id, &parts.join("; "))
}

fn row(word: &str, name: &str, what: &str) -> String {
    format!("| {word} | {} | {} |\n", code(name), escape(what))
}

fn fixed(context: &DiffContext) -> String {
    let mut text = String::new();
    let fixed: &[&ReportedFinding] = &context.comparison.fixed;
    if fixed.is_empty() {
        return text;
    }
    text.push_str(&format!(
        "<details><summary>{} fixed</summary>\n\n",
        fixed.len()
    ));
    for reported in fixed.iter().take(MOST_ROWS) {
        let place = Place::new(context.before.files, reported.finding.span).to_string();
        text.push_str(&format!(
            "- {} at {}\n",
            escape(&reported.finding.title),
            code(&place)
        ));
    }
    text.push_str("\n</details>\n");
    text
}

/// Draws the entry points that are new or other than before, with the guards before them.
fn picture(context: &DiffContext) -> String {
    let map = &context.comparison.map;
    let weakened = context.going(Direction::Weakened);
    let mut entries: Vec<(&EntryPoint, Vec<String>)> = weakened
        .iter()
        .map(|change| {
            let lost = change.lost.iter().map(ToString::to_string).collect();
            (change.after, lost)
        })
        .collect();
    entries.extend(map.added.iter().map(|entry| (*entry, Vec::new())));
    if entries.is_empty() {
        return String::new();
    }
    let mut text = String::from("```mermaid\nflowchart LR\n  outside((outside))\n");
    for (number, (entry, lost)) in entries.iter().take(MOST_PICTURED).enumerate() {
        text.push_str(&drawing(number, entry, lost));
    }
    text.push_str(
        "  classDef open stroke:#c0392b,stroke-width:2px\n  \
         classDef lost stroke:#c0392b,stroke-dasharray:4 4\n```\n\n",
    );
    text
}

fn drawing(number: usize, entry: &EntryPoint, lost: &[String]) -> String {
    let mut text = String::new();
    let mut from = String::from("outside");
    let guards = entry
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Layer && !layer.controls.is_empty());
    for (place, layer) in guards.enumerate() {
        let id = format!("g{number}_{place}");
        text.push_str(&format!(
            "  {from} --> {id}{{{{{}}}}}\n",
            label(&layer.name)
        ));
        from = id;
    }
    for (place, name) in lost.iter().enumerate() {
        let id = format!("l{number}_{place}");
        text.push_str(&format!(
            "  {from} -. gone .-> {id}{{{{{}}}}}:::lost\n",
            label(name)
        ));
    }
    let is_open = !entry.verdict(Control::Authentication).refuses();
    text.push_str(&format!(
        "  {from} --> e{number}[{}]{}\n",
        label(&entry.id()),
        if is_open { ":::open" } else { "" }
    ));
    text
}

/// Returns `text` as a label, in which nothing is markup.
fn label(text: &str) -> String {
    let text = escape_html(&clean(text)).replace('"', "&quot;");
    format!("\"{}\"", text.replace('\n', " "))
}

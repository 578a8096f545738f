//! The tool `diff`: what a change does to the wiring, the bad news first.

use firedoor_analysis::{Comparison, compare};
use firedoor_app::diff::{Direction, EntryChange};
use firedoor_app::{Control, EntryPoint};
use firedoor_report::clean;
use firedoor_rules::Confidence;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked, entry_text, finding_text, place};
use crate::analyses::{Analysed, Analyses};
use crate::page::Answer;

/// Between what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiffArguments {
    /// The commit to start from: a branch, a tag, an id, `HEAD~3`; `HEAD` unless given. Compared is with the commit
    /// from which the two have grown apart.
    pub base: Option<String>,
    /// The commit with the change; the files on the disk unless given.
    pub head: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns what changed, with the state that a cursor hangs on.
pub fn diff(analyses: &Analyses, arguments: &DiffArguments) -> Result<(Answer, String), String> {
    let base = checked("base", &arguments.base)?.unwrap_or(String::from("HEAD"));
    let head = checked("head", &arguments.head)?;
    let ends = analyses.source().ends(&base, head.as_deref())?;
    let before = analyses.commit(&ends.base)?;
    let after = match &ends.head {
        Some(head) => analyses.commit(head)?,
        None => analyses.now()?,
    };
    let comparison = compare(&before.report, &after.report, |reported| {
        reported.suppressed.is_none() && reported.finding.confidence >= Confidence::Medium
    });
    let mut heading = format!(
        "{} findings introduced, {} fixed, {} still there; {} entry points added, {} removed, {} changed.",
        comparison.introduced.len(),
        comparison.fixed.len(),
        comparison.remaining.len(),
        comparison.map.added.len(),
        comparison.map.removed.len(),
        comparison.map.changed.len()
    );
    for note in &ends.notes {
        heading.push_str(&format!("\n{}", clean(note)));
    }
    let answer = Answer {
        heading,
        items: items(&before, &after, &comparison),
        noun: "changes",
    };
    let digest = format!("{}{}", &before.digest[..8], &after.digest[..8]);
    Ok((answer, digest))
}

fn items(before: &Analysed, after: &Analysed, comparison: &Comparison) -> Vec<String> {
    let mut items: Vec<String> = comparison
        .introduced
        .iter()
        .map(|it| format!("introduced: {}", finding_text(&after.files, it)))
        .collect();
    for (direction, words) in [
        (Direction::Weakened, "weakened"),
        (Direction::Obscured, "no longer known"),
    ] {
        items.extend(changes(comparison, direction, words));
    }
    let mut added = comparison.map.added.clone();
    added.sort_by_key(|entry| entry.verdict(Control::Authentication).refuses());
    items.extend(added.iter().map(|entry| {
        let text = entry_text(&after.files, entry, Control::Authentication);
        format!("new entry point: {text}")
    }));
    items.extend(comparison.map.guards_removed.iter().map(|guard| {
        let place = place(&before.files, guard.span);
        format!("guard removed: {} {place}", clean(&guard.name))
    }));
    items.extend(comparison.map.guards_added.iter().map(|guard| {
        let place = place(&after.files, guard.span);
        let covers = guard.covers.len();
        format!("new guard: {} {place}, covers {covers}", clean(&guard.name))
    }));
    for (direction, words) in [
        (Direction::Strengthened, "strengthened"),
        (Direction::Resolved, "known now"),
    ] {
        items.extend(changes(comparison, direction, words));
    }
    items.extend(
        comparison
            .map
            .removed
            .iter()
            .map(|entry: &&EntryPoint| format!("entry point gone: {}", clean(&entry.id()))),
    );
    items.extend(comparison.fixed.iter().map(|it| {
        let finding = &it.finding;
        format!("fixed: {} ({})", clean(&finding.title), finding.rule.id)
    }));
    items
}

fn changes(comparison: &Comparison, direction: Direction, words: &str) -> Vec<String> {
    let changed = comparison.map.changed.iter();
    changed
        .filter(|change| change.goes(direction))
        .map(|change| format!("{words}: {}", changed_entry(change, direction)))
        .collect()
}

fn changed_entry(change: &EntryChange, direction: Direction) -> String {
    let verdicts: Vec<String> = change
        .verdicts
        .iter()
        .filter(|verdict| verdict.direction() == direction)
        .map(|verdict| {
            format!(
                "{} {} → {}",
                verdict.control.as_str(),
                verdict.before.as_str(),
                verdict.after.as_str()
            )
        })
        .collect();
    let names = |names: &[_]| {
        let names: Vec<String> = names
            .iter()
            .map(|name: &ustr::Ustr| clean(name).into_owned())
            .collect();
        names.join(", ")
    };
    let mut text = format!("{} {}", clean(&change.after.id()), verdicts.join(", "));
    if !change.lost.is_empty() {
        text.push_str(&format!("; lost {}", names(&change.lost)));
    }
    if !change.gained.is_empty() {
        text.push_str(&format!("; gained {}", names(&change.gained)));
    }
    text
}

//! `firedoor diff`: what a reviewer wants to know of a change in ten seconds, the bad news first.

use anstyle::Style;
use firedoor_analysis::ReportedFinding;
use firedoor_app::diff::{Direction, EntryChange};
use firedoor_app::{Control, EntryPoint, GuardDefinition};
use indexmap::IndexMap;

use super::excerpt::excerpt;
use super::style::{self, BAD, BOLD, DIM, DOUBTFUL, GOOD, Paint};
use crate::coverage::by_transport;
use crate::shape::Place;
use crate::words::{count, guard_changes, guarding, verdict_changes};
use crate::{Detail, DiffContext, Side, clean};

/// How many entry points with the same change are named, unless everything is wanted.
const FEW: usize = 4;

/// Renders the comparison.
pub(super) fn render(context: &DiffContext) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let mut text = format!(
        "{} → {}\n",
        paint.paint(BOLD, &context.before.label()),
        paint.paint(BOLD, &context.after.label())
    );
    for note in context.notes {
        text.push_str(&format!("{}\n", paint.paint(DIM, &clean(note))));
    }
    if context.is_empty() {
        text.push_str("\nNothing changed in the wiring.\n");
    }
    if context.view.detail > Detail::Brief {
        text.push_str(&doors(context, paint));
        text.push_str(&verdicts(context));
        text.push_str(&guards(context, paint));
        text.push_str(&coverage(context, paint));
    }
    text.push_str(&findings(context, paint));
    text
}

fn heading(text: &mut String, words: &str, paint: Paint) {
    text.push_str(&format!("\n{}\n", paint.paint(BOLD, words)));
}

fn doors(context: &DiffContext, paint: Paint) -> String {
    let map = &context.comparison.map;
    let mut text = String::new();
    if !map.added.is_empty() {
        heading(&mut text, "New entry points", paint);
        for entry in &map.added {
            text.push_str(&door('+', entry, &context.after, paint));
        }
    }
    if !map.removed.is_empty() {
        heading(&mut text, "Entry points that are gone", paint);
        for entry in &map.removed {
            text.push_str(&door('-', entry, &context.before, paint));
        }
    }
    text
}

fn door(mark: char, entry: &EntryPoint, side: &Side, paint: Paint) -> String {
    let place = Place::new(side.files, entry.registered).to_string();
    let is_open = mark == '+' && !entry.verdict(Control::Authentication).refuses();
    let guarding = match mark {
        '+' => guarding(entry),
        _ => String::new(),
    };
    let guarding = match is_open {
        true => paint.paint(BAD, &guarding),
        false => guarding,
    };
    let id = clean(&entry.id()).into_owned();
    let parts: Vec<String> = [id, guarding, paint.paint(DIM, &place)]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    format!("  {mark} {}\n", parts.join("  "))
}

fn verdicts(context: &DiffContext) -> String {
    let mut text = String::new();
    for (direction, words, colour) in [
        (Direction::Weakened, "Weakened", BAD),
        (Direction::Obscured, "No longer known", DOUBTFUL),
        (Direction::Strengthened, "Strengthened", GOOD),
        (Direction::Resolved, "Known now", style::PLAIN),
    ] {
        text.push_str(&changes(context, &context.going(direction), words, colour));
    }
    let rearranged = context.rearranged();
    text.push_str(&changes(
        context,
        &rearranged,
        "Other guards or another path, and the same verdicts",
        style::PLAIN,
    ));
    text
}

/// Entry points at which the same happened share a line.
fn changes(context: &DiffContext, changes: &[&EntryChange], words: &str, colour: Style) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let mut text = String::new();
    if changes.is_empty() {
        return text;
    }
    heading(&mut text, words, paint);
    let mut groups: IndexMap<(String, String), Vec<String>> = IndexMap::new();
    for change in changes {
        let key = (verdict_changes(change), guard_changes(change));
        groups.entry(key).or_default().push(name(change));
    }
    for ((verdicts, guards), ids) in groups {
        let parts: Vec<String> = [paint.paint(colour, &verdicts), guards]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let is_full = context.view.detail == Detail::Full;
        let shown = if is_full { ids.len() } else { FEW };
        if !parts.is_empty() {
            text.push_str(&format!("  {}\n", parts.join("; ")));
        }
        for id in ids.iter().take(shown) {
            text.push_str(&format!("    {id}\n"));
        }
        if ids.len() > shown {
            text.push_str(&format!("    and {} more\n", ids.len() - shown));
        }
    }
    text
}

fn name(change: &EntryChange) -> String {
    let after = clean(&change.after.id()).into_owned();
    match change.is_moved() {
        true => format!("{after}, which was {}", clean(&change.before.id())),
        false => after,
    }
}

fn guards(context: &DiffContext, paint: Paint) -> String {
    let map = &context.comparison.map;
    let mut text = String::new();
    if map.guards_added.is_empty() && map.guards_removed.is_empty() {
        return text;
    }
    heading(&mut text, "Guards", paint);
    for guard in &map.guards_added {
        text.push_str(&guard_line('+', guard, &context.after, paint));
    }
    for guard in &map.guards_removed {
        text.push_str(&guard_line('-', guard, &context.before, paint));
    }
    text
}

fn guard_line(mark: char, guard: &GuardDefinition, side: &Side, paint: Paint) -> String {
    let place = Place::new(side.files, guard.span).to_string();
    let covers = match (mark, guard.covers.len()) {
        ('+', 0) => paint.paint(BAD, "covers nothing"),
        ('+', many) => format!("covers {}", count(many, "entry point", "entry points")),
        (_, many) => format!("covered {}", count(many, "entry point", "entry points")),
    };
    format!(
        "  {mark} {}  {covers}  {}\n",
        clean(&guard.name),
        paint.paint(DIM, &place)
    )
}

fn coverage(context: &DiffContext, paint: Paint) -> String {
    let (before, after) = (
        by_transport(&context.before.report.map),
        by_transport(&context.after.report.map),
    );
    let mut text = String::new();
    for (transport, now) in &after {
        let was = before.iter().find(|(it, _)| it == transport);
        let authentication = |coverage: &crate::coverage::TransportCoverage| {
            let first = coverage.controls.first();
            (
                first.map_or(0, |(_, count)| count.enforced),
                coverage.entry_points,
            )
        };
        let (new, old) = (
            authentication(now),
            was.map_or((0, 0), |(_, was)| authentication(was)),
        );
        if new != old {
            text.push_str(&format!(
                "  {}: authentication enforced at {} of {}, was at {} of {}\n",
                transport.as_str(),
                new.0,
                new.1,
                old.0,
                old.1
            ));
        }
    }
    if text.is_empty() {
        return text;
    }
    let mut section = String::new();
    heading(&mut section, "Coverage", paint);
    section + &text
}

fn findings(context: &DiffContext, paint: Paint) -> String {
    let comparison = context.comparison;
    let mut text = String::from("\n");
    for reported in &comparison.introduced {
        text.push_str(&excerpt(&context.after.context(context.view), reported));
        text.push('\n');
    }
    if context.view.detail > Detail::Brief {
        text.push_str(&one_line_each(context, paint));
    }
    let introduced = count(
        comparison.introduced.len(),
        "finding introduced",
        "findings introduced",
    );
    let colour = if comparison.introduced.is_empty() {
        GOOD
    } else {
        BAD
    };
    text.push_str(&format!(
        "{}, {} fixed, {} still there\n",
        paint.paint(colour, &introduced),
        comparison.fixed.len(),
        comparison.remaining.len()
    ));
    text
}

fn one_line_each(context: &DiffContext, paint: Paint) -> String {
    let is_full = context.view.detail == Detail::Full;
    let mut text = String::new();
    let mut list = |words: &str, side: &Side, findings: &[&ReportedFinding]| {
        for reported in findings {
            let finding = &reported.finding;
            let place = Place::new(side.files, finding.span).to_string();
            text.push_str(&format!(
                "{words}[{}]: {}  {}\n",
                finding.rule.id,
                clean(&finding.title),
                paint.paint(DIM, &place)
            ));
        }
    };
    list("fixed", &context.before, &context.comparison.fixed);
    if is_full {
        list("still there", &context.after, &context.comparison.remaining);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

//! `firedoor check`: the findings, a summary, the coverage and what was not seen.

use firedoor_app::Transport;
use firedoor_rules::Severity;

use super::excerpt::excerpt;
use super::notes::notes;
use super::plan;
use super::style::{self, BAD, BOLD, DIM, DOUBTFUL, GOOD, Paint};
use super::table::{Cell, table};
use super::wrap::hang;
use crate::coverage::{self, Count, GroupCoverage};
use crate::words::{self, count};
use crate::{Context, Detail};

/// With more routers than this, those that are guarded throughout are only counted.
const MANY_GROUPS: usize = 12;

/// Renders the findings and the coverage.
pub(super) fn render(context: &Context) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let mut text = String::new();
    for reported in context.shown() {
        let is_hidden = reported.suppressed.is_some() && context.view.detail != Detail::Full;
        if is_hidden || reported.in_baseline {
            continue;
        }
        text.push_str(&excerpt(context, reported));
        text.push('\n');
    }
    text.push_str(&summary(context, paint));
    if context.view.detail == Detail::Brief {
        return text;
    }
    text.push_str(&coverage_table(context, paint));
    text.push_str(&plan::render(context, paint));
    text.push_str(&notes(context, paint));
    text
}

fn summary(context: &Context, paint: Paint) -> String {
    let open = context.open().count();
    let is_empty = context.report.map.entry_points.is_empty();
    let mut text = if open == 0 {
        // Nothing can be wrong with what was not found, so that is no good news.
        paint.paint(if is_empty { DOUBTFUL } else { GOOD }, "No findings")
    } else {
        let mut parts = Vec::new();
        for severity in [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
        ] {
            let number = context
                .open()
                .filter(|reported| reported.finding.severity == severity)
                .count();
            if number > 0 {
                let words = format!("{number} {}", severity.as_str());
                parts.push(paint.paint(style::severity(severity), &words));
            }
        }
        let total = paint.paint(BOLD, &count(open, "finding", "findings"));
        format!("{total} ({})", parts.join(", "))
    };
    text.push_str(&format!(
        " in {} and {}",
        count(
            context.report.map.entry_points.len(),
            "entry point",
            "entry points"
        ),
        count(context.files.len(), "file", "files")
    ));
    text.push('\n');
    text.push_str(&paint_lines(&hidden(context), paint));
    text.push_str(&fallen(context, paint));
    text
}

/// Judgements that fell are told however short the text is: somebody believes that they hold.
fn fallen(context: &Context, paint: Paint) -> String {
    let all = &context.report.judgements.fallen;
    if all.is_empty() {
        return String::new();
    }
    let heading = words::fallen_heading(all.len());
    let mut text = format!("\n{}\n", paint.paint(DOUBTFUL, &heading));
    for one in all {
        let (about, changes) = words::fallen(one);
        let width = context.view.width;
        text.push_str(&hang("  ", &crate::clean(&about), width));
        for change in changes {
            text.push_str(&hang("      ", &crate::clean(&change), width));
        }
    }
    text
}

/// Returns what is counted and not shown.
fn hidden(context: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    let suppressed = context.suppressed_count();
    if suppressed > 0 && context.view.detail != Detail::Full {
        lines.push(format!(
            "{suppressed} more allowed on purpose; --verbose shows them"
        ));
    }
    let known = context.known().count();
    if known > 0 {
        lines.push(format!(
            "{known} more in the baseline; --no-baseline shows them"
        ));
    }
    let unsure = context.unsure_count();
    if unsure > 0 {
        lines.push(format!(
            "{unsure} more below {} confidence; --min-confidence low shows them",
            context.view.min_confidence.as_str()
        ));
    }
    lines
}

fn paint_lines(lines: &[String], paint: Paint) -> String {
    lines
        .iter()
        .map(|line| format!("{}\n", paint.paint(DIM, line)))
        .collect()
}

fn coverage_table(context: &Context, paint: Paint) -> String {
    let map = &context.report.map;
    let by_transport = coverage::by_transport(map);
    if by_transport.is_empty() {
        return String::from(
            "\nNo entry points were found: nothing in this tree was seen to take input from outside.\n",
        );
    }
    let mut rows = vec![heading()];
    let mut folded = 0;
    for (transport, coverage) in &by_transport {
        let authentication = coverage
            .controls
            .first()
            .map_or(Count::default(), |(_, count)| *count);
        rows.push(row(
            Cell::left(transport.as_str()).styled(BOLD),
            coverage.entry_points,
            authentication,
        ));
        let groups = coverage::by_group(map, *transport);
        folded += group_rows(&groups, *transport, context, &mut rows);
    }
    let mut text = format!("\n{}", table(&rows, "", paint));
    if folded > 0 {
        let words = count(folded, "more router", "more routers");
        let line = format!("  {words} with every entry point enforced; --verbose lists them");
        text.push_str(&paint_lines(&[line], paint));
    }
    text
}

fn heading() -> Vec<Cell> {
    let mut row = vec![Cell::left("Authentication coverage").styled(BOLD)];
    for word in [
        "entry points",
        "enforced",
        "conditional",
        "observed",
        "absent",
        "unknown",
    ] {
        row.push(Cell::left(word).styled(DIM).right());
    }
    row
}

/// Adds a row for each router, and returns how many were left out because all is well in them.
fn group_rows(
    groups: &[GroupCoverage],
    transport: Transport,
    context: &Context,
    rows: &mut Vec<Vec<Cell>>,
) -> usize {
    if groups.len() < 2 || transport == Transport::Job {
        return 0;
    }
    let is_folding = groups.len() > MANY_GROUPS && context.view.detail != Detail::Full;
    let mut folded = 0;
    for group in groups {
        if is_folding && group.authentication.enforced == group.entry_points {
            folded += 1;
            continue;
        }
        let label = shortened(&crate::clean(&group.label), context.view.width);
        rows.push(row(
            Cell::left(format!("  {label}")),
            group.entry_points,
            group.authentication,
        ));
    }
    folded
}

/// The numbers take some 65 columns. The path says more than the name of the router behind it.
fn shortened(label: &str, width: usize) -> String {
    let most = width.saturating_sub(70).max(24);
    let path = label.split(" (").next().unwrap_or(label);
    if label.chars().count() <= most {
        return label.to_owned();
    }
    if path.chars().count() <= most {
        return path.to_owned();
    }
    path.chars().take(most - 1).chain(['…']).collect()
}

fn row(label: Cell, entry_points: usize, count: Count) -> Vec<Cell> {
    let [enforced, conditional, observed, absent, unknown] = count.numbers();
    vec![
        label,
        Cell::number(entry_points, style::PLAIN),
        Cell::number(enforced, GOOD),
        Cell::number(conditional, DOUBTFUL),
        Cell::number(observed, DOUBTFUL),
        Cell::number(absent, BAD),
        Cell::number(unknown, DOUBTFUL),
    ]
}

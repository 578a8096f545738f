//! One self-contained page: findings with their code, the map to look around in, coverage, and what a change did.
//!
//! It is read without a network and without scripts; the script adds filters only.

mod chart;
mod coverage;
mod diff;
mod entry;
mod excerpt;
mod findings;
mod frame;
mod history;
mod map;
pub(crate) mod markup;
mod notes;
mod picture;

use firedoor_analysis::ReportedFinding;
use firedoor_rules::Severity;

use crate::words::count;
use crate::{Context, Format};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "html",
    check: Some(check),
    map: Some(map_page),
    explain: None,
    diff: Some(diff::render),
    history: Some(history::render),
    study: Some(history::study),
    rules: None,
    review: None,
    questions: None,
    self_test: None,
    probe: None,
};

/// All severities, the worst first.
const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];

fn check(context: &Context) -> String {
    let open: Vec<&ReportedFinding> = context.open().collect();
    let title = format!("firedoor: {}", count(open.len(), "finding", "findings"));
    let sections: &[(&str, &str)] = &[
        ("findings", "Findings"),
        ("map", "Map"),
        ("coverage", "Coverage"),
        ("notes", "Not seen"),
    ];
    frame::document(&title, sections, |page| {
        page.within("header", &[("class", "top")], |page| {
            page.element("h1", &[], &count(open.len(), "finding", "findings"));
            page.element("p", &[("class", "soft")], &scope(context));
            findings::tally(page, &open);
        });
        notes::fallen(page, context);
        findings::section(page, context, &open);
        map::sections(page, context, true);
        coverage::section(page, context);
        notes::section(page, context);
    })
}

fn map_page(context: &Context) -> String {
    let entries = count(
        context.report.map.entry_points.len(),
        "entry point",
        "entry points",
    );
    let sections: &[(&str, &str)] = &[
        ("map", "Map"),
        ("coverage", "Coverage"),
        ("notes", "Not seen"),
    ];
    frame::document(&format!("firedoor: {entries}"), sections, |page| {
        page.within("header", &[("class", "top")], |page| {
            page.element("h1", &[], &entries);
            page.element("p", &[("class", "soft")], &parts(context));
        });
        map::sections(page, context, false);
        coverage::section(page, context);
        notes::section(page, context);
    })
}

fn scope(context: &Context) -> String {
    let entries = context.report.map.entry_points.len();
    let entries = count(entries, "entry point", "entry points");
    format!("{entries}, {}", parts(context))
}

fn parts(context: &Context) -> String {
    let map = &context.report.map;
    format!(
        "{} and {} in {}",
        count(map.guards.len(), "guard", "guards"),
        count(map.assets.len(), "asset", "assets"),
        count(context.files.len(), "file", "files"),
    )
}

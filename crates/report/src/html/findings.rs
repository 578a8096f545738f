//! The findings, each with its code, and lists of those that are allowed or were there before.

use firedoor_analysis::ReportedFinding;
use firedoor_app::Map;
use firedoor_source::FileSet;

use super::SEVERITIES;
use super::excerpt::excerpts;
use super::map::anchor;
use super::markup::Page;
use crate::Context;
use crate::shape::Place;
use crate::words::{self, count};

/// With more findings than this, each is folded.
const MANY: usize = 12;

/// Writes how many findings there are of each severity.
pub(super) fn tally(page: &mut Page, findings: &[&ReportedFinding]) {
    page.within("ul", &[("class", "tally")], |page| {
        for severity in SEVERITIES {
            let number = findings
                .iter()
                .filter(|reported| reported.finding.severity == severity)
                .count();
            if number > 0 {
                page.within("li", &[("class", severity.as_str())], |page| {
                    page.element("b", &[], &number.to_string());
                    page.text(&format!(" {}", severity.as_str()));
                });
            }
        }
    });
}

/// Writes the findings of a report.
pub(super) fn section(page: &mut Page, context: &Context, open: &[&ReportedFinding]) {
    page.within("section", &[("id", "findings")], |page| {
        page.element("h2", &[], "Findings");
        if open.is_empty() {
            page.element("p", &[], "There are none.");
        } else {
            filters(page);
        }
        let map = Some(&context.report.map);
        list(page, context.files, open, map);
        let others: Vec<&ReportedFinding> = context
            .shown()
            .filter(|reported| reported.suppressed.is_some())
            .collect();
        folded(page, context.files, "allowed on purpose", &others, map);
        let known: Vec<&ReportedFinding> = context.known().collect();
        folded(page, context.files, "in the baseline", &known, map);
        if context.unsure_count() > 0 {
            let text = format!(
                "{} more below {} confidence.",
                context.unsure_count(),
                context.view.min_confidence.as_str()
            );
            page.element("p", &[("class", "soft")], &text);
        }
    });
}

fn filters(page: &mut Page) {
    page.within(
        "div",
        &[
            ("class", "filters"),
            ("data-for", "finding"),
            ("hidden", ""),
        ],
        |page| {
            page.void(
                "input",
                &[
                    ("type", "search"),
                    ("placeholder", "Text in findings"),
                    ("aria-label", "Show findings with this text"),
                ],
            );
            page.within(
                "select",
                &[("data-key", "severity"), ("aria-label", "Severity")],
                |page| {
                    page.element("option", &[("value", "")], "every severity");
                    for severity in SEVERITIES {
                        page.element("option", &[("value", severity.as_str())], severity.as_str());
                    }
                },
            );
            page.element(
                "button",
                &[("type", "button"), ("data-fold", "open")],
                "Open all",
            );
            page.element(
                "button",
                &[("type", "button"), ("data-fold", "")],
                "Fold all",
            );
            page.element("output", &[("aria-live", "polite")], "");
        },
    );
}

/// Writes findings one below the other, with links to `map` if the page has it.
pub(super) fn list(
    page: &mut Page,
    files: &FileSet,
    findings: &[&ReportedFinding],
    map: Option<&Map>,
) {
    for reported in findings {
        finding(page, files, reported, findings.len() <= MANY, map);
    }
}

/// Writes findings that nobody has to look at, folded away.
pub(super) fn folded(
    page: &mut Page,
    files: &FileSet,
    what: &str,
    findings: &[&ReportedFinding],
    map: Option<&Map>,
) {
    if findings.is_empty() {
        return;
    }
    page.within("details", &[("class", "folded")], |page| {
        let words = count(findings.len(), "finding", "findings");
        page.element("summary", &[], &format!("{words} {what}"));
        for reported in findings {
            finding(page, files, reported, false, map);
        }
    });
}

fn finding(
    page: &mut Page,
    files: &FileSet,
    reported: &ReportedFinding,
    is_open: bool,
    map: Option<&Map>,
) {
    let finding = &reported.finding;
    let severity = finding.severity.as_str();
    let id = format!("f-{}", reported.fingerprint);
    let mut attributes = vec![
        ("class", "finding"),
        ("id", id.as_str()),
        ("data-severity", severity),
    ];
    if is_open {
        attributes.push(("open", ""));
    }
    page.within("details", &attributes, |page| {
        page.within("summary", &[], |page| {
            page.element("span", &[("class", &format!("badge {severity}"))], severity);
            page.within("span", &[("class", "title")], |page| {
                page.within("b", &[], |page| page.prose(&finding.title));
                page.within("span", &[("class", "soft")], |page| {
                    let place = Place::new(files, finding.span).to_string();
                    page.element("code", &[], &place);
                    if let Some(entry) = &finding.entry_point {
                        page.text(" ");
                        page.element("code", &[], entry);
                    }
                });
            });
        });
        page.within("div", &[("class", "body")], |page| {
            body(page, files, reported, map)
        });
    });
}

fn body(page: &mut Page, files: &FileSet, reported: &ReportedFinding, map: Option<&Map>) {
    let finding = &reported.finding;
    if !finding.message.is_empty() {
        page.within("p", &[], |page| page.prose(&finding.message));
    }
    if let Some(why) = words::allowance(reported) {
        page.element("p", &[], &capitalised(&why));
    }
    excerpts(page, files, finding);
    if !finding.rule.remediation.is_empty() {
        page.within("p", &[("class", "remedy")], |page| {
            page.element("b", &[], "What to do. ");
            page.prose(finding.rule.remediation);
        });
    }
    let door = finding
        .entry_point
        .as_deref()
        .zip(map)
        .and_then(|(id, map)| {
            let anchor = anchor(map, |entry| entry.id() == id)?;
            Some((id, format!("#{anchor}")))
        });
    if let Some((id, target)) = door {
        page.within("p", &[("class", "facts")], |page| {
            page.text("What stands before ");
            page.element("a", &[("href", &target)], id);
        });
    }
    page.within("p", &[("class", "soft facts")], |page| {
        page.element("code", &[], finding.rule.id);
        let weaknesses: String = finding
            .rule
            .cwe
            .iter()
            .map(|cwe| format!(", {cwe}"))
            .collect();
        page.text(&format!(
            " {}, {} confidence{weaknesses}, fingerprint ",
            finding.rule.class,
            finding.confidence.as_str()
        ));
        page.element("code", &[], &reported.fingerprint);
    });
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect()
}

//! How far each control covers the entry points, in numbers and as a bar.

use firedoor_app::{Map, Transport};

use super::markup::Page;
use crate::Context;
use crate::coverage::{Count, by_group, by_transport};
use crate::words;

/// The verdicts in the order of the contract, as classes and words.
const VERDICTS: [&str; 5] = ["enforced", "conditional", "observed", "absent", "unknown"];

/// Writes the coverage of one report.
pub(super) fn section(page: &mut Page, context: &Context) {
    page.within("section", &[("id", "coverage")], |page| {
        page.element("h2", &[], "Coverage");
        let map = &context.report.map;
        if map.entry_points.is_empty() {
            page.element("p", &[], "No entry points were found.");
            return;
        }
        table(page, "Control", &rows(map));
        for (transport, _) in by_transport(map) {
            let groups = by_group(map, transport);
            if groups.len() < 2 || transport == Transport::Job {
                continue;
            }
            let title = format!("Authentication by router, {}", transport.as_str());
            page.element("h3", &[], &title);
            let rows: Vec<(String, [Count; 1])> = groups
                .into_iter()
                .map(|group| (group.label, [group.authentication]))
                .collect();
            table(page, "Router", &rows);
        }
    });
}

/// Writes the coverage of two reports side by side.
pub(super) fn compared(page: &mut Page, before: &Map, after: &Map) {
    let old = rows(before);
    let new = rows(after);
    let mut names: Vec<&String> = new.iter().map(|(name, _)| name).collect();
    names.extend(
        old.iter()
            .map(|(name, _)| name)
            .filter(|name| new.iter().all(|(known, _)| known != *name)),
    );
    let find = |rows: &[(String, [Count; 1])], name: &str| {
        let row = rows.iter().find(|(known, _)| known == name);
        row.map_or(Count::default(), |(_, [count])| *count)
    };
    let rows: Vec<(String, [Count; 2])> = names
        .into_iter()
        .map(|name| (name.clone(), [find(&old, name), find(&new, name)]))
        .collect();
    table(page, "Control", &rows);
}

fn rows(map: &Map) -> Vec<(String, [Count; 1])> {
    by_transport(map)
        .into_iter()
        .flat_map(|(transport, coverage)| {
            let row = move |(control, count)| {
                let name = format!("{}, {}", transport.as_str(), words::control(control));
                (name, [count])
            };
            coverage.controls.into_iter().map(row)
        })
        .collect()
}

fn table<const SIDES: usize>(page: &mut Page, heading: &str, rows: &[(String, [Count; SIDES])]) {
    page.within("div", &[("class", "scroll"), ("tabindex", "0")], |page| {
        page.within("table", &[("class", "coverage")], |page| {
            page.within("thead", &[], |page| {
                page.within("tr", &[], |page| {
                    page.element("th", &[("scope", "col")], heading);
                    for verdict in VERDICTS {
                        page.element("th", &[("scope", "col")], verdict);
                    }
                    page.element("th", &[("scope", "col")], "");
                });
            });
            page.within("tbody", &[], |page| {
                for (name, counts) in rows {
                    page.within("tr", &[], |page| row(page, name, counts));
                }
            });
        });
    });
}

fn row(page: &mut Page, name: &str, counts: &[Count]) {
    page.element("th", &[("scope", "row")], name);
    for (place, verdict) in VERDICTS.into_iter().enumerate() {
        let numbers: Vec<usize> = counts.iter().map(|count| count.numbers()[place]).collect();
        let is_same = numbers.windows(2).all(|pair| pair[0] == pair[1]);
        let text = match numbers.as_slice() {
            [.., 0] if is_same => String::from("·"),
            [.., last] if is_same => last.to_string(),
            several => {
                let words: Vec<String> = several.iter().map(ToString::to_string).collect();
                words.join(" → ")
            }
        };
        let class = match (text.as_str(), is_same) {
            ("·", _) => "none",
            (_, true) => verdict,
            (_, false) => "changed",
        };
        page.element("td", &[("class", class)], &text);
    }
    page.within("td", &[("class", "bars")], |page| {
        for count in counts {
            bar(page, *count);
        }
    });
}

/// Draws how many of a hundred have which verdict.
pub(super) fn bar(page: &mut Page, count: Count) {
    let numbers = count.numbers();
    let total: usize = numbers.iter().sum();
    let attributes = [
        ("class", "bar"),
        ("viewBox", "0 0 1000 10"),
        ("preserveAspectRatio", "none"),
        ("aria-hidden", "true"),
    ];
    page.within("svg", &attributes, |page| {
        let mut seen = 0;
        for (number, verdict) in numbers.into_iter().zip(VERDICTS) {
            if number == 0 {
                continue;
            }
            let start = seen * 1000 / total;
            seen += number;
            let width = seen * 1000 / total - start;
            page.element(
                "rect",
                &[
                    ("class", verdict),
                    ("x", &start.to_string()),
                    ("width", &width.to_string()),
                    ("height", "10"),
                ],
                "",
            );
        }
    });
}

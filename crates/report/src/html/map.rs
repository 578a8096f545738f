//! The map to look around in: every router with its entry points, the guards, and the assets.

use firedoor_app::{Control, EntryPoint, Map, Verdict};

use super::entry::{self, layers};
use super::markup::Page;
use super::{coverage, picture};
use crate::Context;
use crate::coverage::{Count, group_label, groups};
use crate::shape::{Place, accesses};
use crate::words::{self, count};

/// All verdicts, with nothing said of why.
const VERDICTS: [&str; 5] = ["enforced", "conditional", "observed", "absent", "unknown"];

/// Writes the map and what belongs to it; `has_findings` says whether the page has them to link to.
pub(super) fn sections(page: &mut Page, context: &Context, has_findings: bool) {
    let map = &context.report.map;
    page.within("section", &[("id", "map")], |page| {
        page.element("h2", &[], "Map");
        if map.entry_points.is_empty() {
            page.element("p", &[], "No entry points were found.");
            return;
        }
        picture::draw(page, map);
        legend(page);
        filters(page, map);
        for (place, (_, entries)) in groups(map).into_iter().enumerate() {
            router(page, context, place, &entries, has_findings);
        }
    });
    guards(page, context);
    assets(page, context);
}

fn legend(page: &mut Page) {
    page.within("p", &[("class", "legend")], |page| {
        page.text("Authentication: ");
        for verdict in VERDICTS {
            page.within("span", &[("class", verdict)], |page| {
                page.text(entry::mark(verdict));
                page.text(" ");
                page.text(verdict);
            });
            page.text(" ");
        }
    });
}

fn filters(page: &mut Page, map: &Map) {
    let attributes = [("class", "filters"), ("data-for", "door"), ("hidden", "")];
    page.within("div", &attributes, |page| {
        page.void(
            "input",
            &[
                ("type", "search"),
                ("placeholder", "Path, guard, asset ( / )"),
                ("aria-label", "Show entry points with this text"),
            ],
        );
        let verdicts = VERDICTS.map(|verdict| (verdict.to_owned(), verdict.to_owned()));
        select(
            page,
            "verdict",
            "every verdict",
            "Authentication",
            &verdicts,
        );
        let mut transports: Vec<(String, String)> = Vec::new();
        for entry in &map.entry_points {
            let word = entry.transport.as_str().to_owned();
            if !transports.iter().any(|(known, _)| *known == word) {
                transports.push((word.clone(), word));
            }
        }
        select(
            page,
            "transport",
            "every transport",
            "Transport",
            &transports,
        );
        let routers: Vec<(String, String)> = groups(map)
            .values()
            .enumerate()
            .map(|(place, entries)| (place.to_string(), group_label(entries)))
            .collect();
        select(page, "router", "every router", "Router", &routers);
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
    });
}

fn select(page: &mut Page, key: &str, all: &str, label: &str, options: &[(String, String)]) {
    page.within(
        "select",
        &[("data-key", key), ("aria-label", label)],
        |page| {
            page.element("option", &[("value", "")], all);
            for (value, text) in options {
                page.element("option", &[("value", value)], text);
            }
        },
    );
}

fn router(
    page: &mut Page,
    context: &Context,
    place: usize,
    entries: &[&EntryPoint],
    has_findings: bool,
) {
    let id = format!("r-{place}");
    page.within("div", &[("class", "router"), ("id", &id)], |page| {
        page.within("div", &[("class", "heading")], |page| {
            page.element("h3", &[], &group_label(entries));
            let frameworks = entries.first().map_or("", |entry| entry.framework);
            let app = entries.first().map_or("", |entry| entry.app.as_str());
            let words = count(entries.len(), "entry point", "entry points");
            let text = format!("{words}, {frameworks}, {app}");
            page.element("span", &[("class", "soft")], &text);
            let mut authentication = Count::default();
            for entry in entries {
                authentication.add(&entry.verdict(Control::Authentication));
            }
            coverage::bar(page, authentication);
        });
        for entry in entries {
            door(page, context, place, entry, has_findings);
        }
    });
}

/// Returns the id of the line of an entry point; two of them may be called alike, in different applications.
pub(super) fn anchor(map: &Map, is_it: impl Fn(&EntryPoint) -> bool) -> Option<String> {
    let place = map.entry_points.iter().position(is_it)?;
    Some(format!("e-{place}"))
}

fn door(page: &mut Page, context: &Context, router: usize, entry: &EntryPoint, has_findings: bool) {
    let id = anchor(&context.report.map, |it| std::ptr::eq(it, entry));
    let attributes = [
        ("class", "door"),
        ("id", &*id.unwrap_or_default()),
        ("data-verdict", entry::authentication(entry)),
        ("data-transport", entry.transport.as_str()),
        ("data-router", &router.to_string()),
    ];
    page.within("details", &attributes, |page| {
        entry::summary(page, entry);
        page.within("div", &[("class", "body")], |page| {
            layers(page, context.files, entry);
            entry::facts(page, context.files, entry);
            findings(page, context, entry, has_findings);
        });
    });
}

fn findings(page: &mut Page, context: &Context, entry: &EntryPoint, has_findings: bool) {
    let id = entry.id();
    let here: Vec<_> = context
        .open()
        .filter(|reported| reported.finding.entry_point.as_deref() == Some(id.as_str()))
        .collect();
    if here.is_empty() {
        return;
    }
    page.within("ul", &[("class", "links")], |page| {
        for reported in here {
            page.within("li", &[], |page| {
                let severity = reported.finding.severity.as_str();
                page.element("span", &[("class", &format!("badge {severity}"))], severity);
                page.text(" ");
                let title = |page: &mut Page| page.prose(&reported.finding.title);
                let target = format!("#f-{}", reported.fingerprint);
                match has_findings {
                    true => page.within("a", &[("href", &target)], title),
                    false => title(page),
                }
            });
        }
    });
}

fn guards(page: &mut Page, context: &Context) {
    let guards = &context.report.map.guards;
    if guards.is_empty() {
        return;
    }
    page.within("section", &[("id", "guards")], |page| {
        page.element("h2", &[], "Guards");
        table(
            page,
            &["Guard", "Good for", "Entry points", "Defined at"],
            |page| {
                for guard in guards {
                    page.within("tr", &[], |page| {
                        page.element("th", &[("scope", "row")], &guard.name);
                        let controls: Vec<String> = guard
                            .controls
                            .iter()
                            .map(|it| words::control(*it))
                            .collect();
                        page.element("td", &[], &controls.join(", "));
                        match guard.covers.len() {
                            0 => page.element("td", &[("class", "absent")], "covers none"),
                            many => page.element("td", &[], &many.to_string()),
                        }
                        place(page, &Place::new(context.files, guard.span));
                    });
                }
            },
        );
    });
}

fn assets(page: &mut Page, context: &Context) {
    let map = &context.report.map;
    if map.assets.is_empty() {
        return;
    }
    page.within("section", &[("id", "assets")], |page| {
        page.element("h2", &[], "Assets");
        let headings = [
            "Asset",
            "Entry points",
            "Without authentication",
            "Declared at",
        ];
        table(page, &headings, |page| {
            for asset in &map.assets {
                let users: Vec<&EntryPoint> = map
                    .entry_points
                    .iter()
                    .filter(|entry| {
                        let used = accesses(&entry.effects);
                        used.iter().any(|access| access.name == asset.name.as_str())
                    })
                    .collect();
                let open = users
                    .iter()
                    .filter(|entry| entry.verdict(Control::Authentication) == Verdict::Absent)
                    .count();
                page.within("tr", &[], |page| {
                    page.element("th", &[("scope", "row")], &asset.name);
                    page.element("td", &[], &users.len().to_string());
                    let class = if open == 0 { "none" } else { "absent" };
                    page.element("td", &[("class", class)], &open.to_string());
                    place(page, &Place::new(context.files, asset.span));
                });
            }
        });
    });
}

fn place(page: &mut Page, place: &Place) {
    page.within("td", &[], |page| {
        page.element("code", &[("class", "soft")], &place.to_string());
    });
}

fn table(page: &mut Page, headings: &[&str], rows: impl FnOnce(&mut Page)) {
    page.within("div", &[("class", "scroll"), ("tabindex", "0")], |page| {
        page.within("table", &[], |page| {
            page.within("thead", &[], |page| {
                page.within("tr", &[], |page| {
                    for heading in headings {
                        page.element("th", &[("scope", "col")], heading);
                    }
                });
            });
            page.within("tbody", &[], rows);
        });
    });
}

//! Where an application is going and who moves it: the trajectory, findings with their life times, changes, agents.

use firedoor_history::{Change, History, Life, Reading, Share};

use super::markup::Page;
use super::{SEVERITIES, chart, frame};
use crate::history::{Classes, PEOPLE, Totals, all_transports, date, days};
use crate::study_table::{self, with_rate};
use crate::words::count;
use crate::{HistoryContext, StudyContext};

/// Renders the history.
pub(super) fn render(context: &HistoryContext) -> String {
    let history = context.history;
    let totals = Totals::of(history);
    let title = format!(
        "firedoor: {} in {}",
        count(
            totals.introduced,
            "finding introduced",
            "findings introduced"
        ),
        count(totals.changes, "change", "changes")
    );
    let sections: &[(&str, &str)] = &[
        ("trajectory", "Trajectory"),
        ("findings", "Findings"),
        ("changes", "Changes"),
        ("who", "Who"),
    ];
    frame::document(&title, sections, |page| {
        header(page, history, totals);
        page.within("section", &[("id", "trajectory")], |page| {
            page.element("h2", &[], "Trajectory");
            chart::draw(page, history);
        });
        findings(page, history);
        changes(page, history);
        page.within("section", &[("id", "who")], |page| {
            page.element("h2", &[], "Who");
            agents(page, history);
        });
    })
}

/// Renders the study.
pub(super) fn study(context: &StudyContext) -> String {
    let histories = || context.studied.iter().map(|it| &it.history);
    let all = histories()
        .map(Totals::of)
        .fold(Totals::default(), Totals::plus);
    let title = format!(
        "firedoor: {} in {}",
        count(all.changes, "change", "changes"),
        count(context.studied.len(), "repository", "repositories")
    );
    let sections: &[(&str, &str)] = &[
        ("repositories", "Repositories"),
        ("classes", "Classes"),
        ("trajectories", "Trajectories"),
    ];
    frame::document(&title, sections, |page| {
        page.within("header", &[("class", "top")], |page| {
            page.element("h1", &[], &title);
        });
        page.within("section", &[("id", "repositories")], |page| {
            page.element("h2", &[], "Repositories");
            let mut rows: Vec<Vec<String>> = context
                .studied
                .iter()
                .map(|it| study_table::row(&it.name, Totals::of(&it.history)))
                .collect();
            rows.push(study_table::row("all", all));
            table(page, &study_table::HEADS, &rows);
        });
        page.within("section", &[("id", "classes")], |page| {
            page.element("h2", &[], "Introduced findings by class and agent");
            classes(page, &Classes::of(histories()));
        });
        page.within("section", &[("id", "trajectories")], |page| {
            page.element("h2", &[], "Trajectories");
            for studied in context.studied {
                page.element("h3", &[], &studied.name);
                notes(page, &studied.history);
                chart::draw(page, &studied.history);
                agents(page, &studied.history);
            }
        });
    })
}

fn classes(page: &mut Page, classes: &Classes) {
    if classes.rows.is_empty() {
        page.element("p", &[], "No finding was introduced.");
        return;
    }
    let mut heads = vec!["Class"];
    heads.extend(&classes.agents);
    heads.push("all");
    let rows: Vec<Vec<String>> = classes
        .rows
        .iter()
        .map(|(class, numbers, all)| {
            let mut row = vec![(*class).to_owned()];
            row.extend(numbers.iter().map(ToString::to_string));
            row.push(all.to_string());
            row
        })
        .collect();
    table(page, &heads, &rows);
}

/// Writes a table: the first column has names, the others numbers.
fn table(page: &mut Page, heads: &[&str], rows: &[Vec<String>]) {
    page.within("div", &[("class", "scroll"), ("tabindex", "0")], |page| {
        page.within("table", &[("class", "coverage")], |page| {
            page.within("thead", &[], |page| {
                page.within("tr", &[], |page| {
                    for head in heads {
                        page.element("th", &[("scope", "col")], head);
                    }
                });
            });
            page.within("tbody", &[], |page| {
                for row in rows {
                    page.within("tr", &[], |page| {
                        for (place, cell) in row.iter().enumerate() {
                            let shown = if cell == "0" { "·" } else { cell };
                            match place {
                                0 => page.element("th", &[("scope", "row")], cell),
                                _ => page.element("td", &[], shown),
                            }
                        }
                    });
                }
            });
        });
    });
}

fn header(page: &mut Page, history: &History, totals: Totals) {
    page.within("header", &[("class", "top")], |page| {
        let title = format!(
            "{} introduced, {} repaired, {} open",
            count(totals.introduced, "finding", "findings"),
            totals.repaired,
            totals.last
        );
        page.element("h1", &[], &title);
        page.within("p", &[("class", "soft")], |page| {
            page.element("code", &[], &history.branch);
            page.text(&format!(
                " ({}): {}, of which {} introduced a finding",
                &history.head[..history.head.len().min(12)],
                count(totals.changes, "change", "changes"),
                with_rate(totals.with_finding, totals.finding_rate()),
            ));
        });
        notes(page, history);
    });
}

fn notes(page: &mut Page, history: &History) {
    for note in &history.notes {
        page.element("p", &[("class", "soft")], note);
    }
}

fn findings(page: &mut Page, history: &History) {
    page.within("section", &[("id", "findings")], |page| {
        page.element("h2", &[], "Findings");
        if history.findings.is_empty() {
            page.element("p", &[], "There was none.");
            return;
        }
        filters(page);
        let mut lives: Vec<(usize, &Life)> = history.findings.iter().enumerate().collect();
        lives.sort_by_key(|(_, life)| {
            let ended = life.ended.map(|end| usize::MAX - end.change);
            (ended, std::cmp::Reverse(life.severity), life.introduced)
        });
        for (position, life) in lives {
            finding(page, history, position, life);
        }
    });
}

fn filters(page: &mut Page) {
    let attributes = [
        ("class", "filters"),
        ("data-for", "finding"),
        ("hidden", ""),
    ];
    page.within("div", &attributes, |page| {
        page.void(
            "input",
            &[
                ("type", "search"),
                ("placeholder", "Text in findings"),
                ("aria-label", "Show findings with this text"),
            ],
        );
        let severities = SEVERITIES.map(|severity| severity.as_str());
        select(page, "severity", "Severity", "every severity", &severities);
        select(page, "state", "State", "open or not", &["open", "repaired"]);
        page.element("output", &[("aria-live", "polite")], "");
    });
}

fn select(page: &mut Page, key: &str, label: &str, all: &str, values: &[&str]) {
    page.within(
        "select",
        &[("data-key", key), ("aria-label", label)],
        |page| {
            page.element("option", &[("value", "")], all);
            for value in values {
                page.element("option", &[("value", value)], value);
            }
        },
    );
}

fn finding(page: &mut Page, history: &History, position: usize, life: &Life) {
    let severity = life.severity.as_str();
    let id = format!("l-{position}");
    let state = if life.ended.is_some() {
        "repaired"
    } else {
        "open"
    };
    let attributes = [
        ("class", "finding"),
        ("id", &*id),
        ("data-severity", severity),
        ("data-state", state),
    ];
    page.within("details", &attributes, |page| {
        page.within("summary", &[], |page| {
            page.element("span", &[("class", &format!("badge {severity}"))], severity);
            page.within("span", &[("class", "title")], |page| {
                page.within("b", &[], |page| page.prose(&life.title));
                page.element("span", &[("class", "soft")], &story(history, life));
            });
        });
        page.within("div", &[("class", "body")], |page| {
            body(page, history, life)
        });
    });
}

/// Tells in a line when a finding came and went.
fn story(history: &History, life: &Life) -> String {
    let named = |position: usize| {
        let change = &history.changes[position];
        format!("{} on {}", change.label(), date(change.time))
    };
    let came = match life.introduced {
        Some(position) => format!("introduced by {}", named(position)),
        None => String::from("there before the first change"),
    };
    let went = match life.ended {
        Some(end) if end.with_entry_point => {
            format!("gone with its entry point in {}", named(end.change))
        }
        Some(end) => format!("repaired by {}", named(end.change)),
        None => String::from("open"),
    };
    let days = days(history, life);
    let days = days
        .map(|days| format!(", {days} days"))
        .unwrap_or_default();
    format!("{came}, {went}{days}")
}

fn body(page: &mut Page, history: &History, life: &Life) {
    if !life.interaction.is_empty() {
        page.within("p", &[], |page| {
            page.element("b", &[], "It needs several changes: ");
            for (place, position) in life.interaction.iter().enumerate() {
                page.text(if place == 0 { "" } else { ", " });
                change_link(page, &history.changes[*position], *position);
            }
        });
    }
    page.within("ul", &[("class", "notes")], |page| {
        for evidence in &life.evidence {
            page.within("li", &[], |page| {
                page.prose(&evidence.message);
                page.text(" ");
                let place = format!("{}:{}", evidence.file, evidence.line);
                page.element("code", &[("class", "soft")], &place);
                page.text(" ");
                match evidence.change {
                    Some(position) => change_link(page, &history.changes[position], position),
                    None => page.element("span", &[("class", "soft")], "before"),
                }
            });
        }
    });
    page.within("p", &[("class", "soft facts")], |page| {
        page.element("code", &[], &life.rule);
        page.text(&format!(
            " {}, {} confidence, fingerprint ",
            life.class,
            life.confidence.as_str()
        ));
        page.element("code", &[], &life.fingerprint);
    });
}

fn change_link(page: &mut Page, change: &Change, position: usize) {
    let target = format!("#c-{position}");
    page.element(
        "a",
        &[("href", &target), ("title", &change.title)],
        change.label(),
    );
}

fn changes(page: &mut Page, history: &History) {
    page.within("section", &[("id", "changes")], |page| {
        page.element("h2", &[], "Changes");
        page.within("div", &[("class", "scroll"), ("tabindex", "0")], |page| {
            page.within("table", &[("class", "coverage changes")], |page| {
                page.within("thead", &[], |page| {
                    page.within("tr", &[], |page| {
                        for head in CHANGES {
                            page.element("th", &[("scope", "col")], head);
                        }
                    });
                });
                page.within("tbody", &[], |page| {
                    for (position, change) in history.changes.iter().enumerate().rev() {
                        change_row(page, position, change);
                    }
                });
            });
        });
    });
}

const CHANGES: [&str; 9] = [
    "Change",
    "date",
    "entry points",
    "enforced",
    "introduced",
    "repaired",
    "open",
    "agents",
    "",
];

fn change_row(page: &mut Page, position: usize, change: &Change) {
    let all = all_transports(&change.state);
    let id = format!("c-{position}");
    let class = match change.reading {
        Reading::Analysed => "",
        Reading::Untouched | Reading::Unreadable => "soft",
    };
    page.within("tr", &[("id", &id), ("class", class)], |page| {
        page.within("th", &[("scope", "row")], |page| {
            page.element("code", &[("title", &change.commit)], change.label());
        });
        page.element("td", &[], &date(change.time));
        let (came, went) = (change.introduced.len(), change.repaired.len());
        for (number, class) in [
            (all.entry_points, ""),
            (all.verdicts[0], ""),
            (came, "absent"),
            (went, "enforced"),
            (change.state.open, ""),
        ] {
            let (text, class) = match number {
                0 => (String::from("·"), "none"),
                some => (some.to_string(), class),
            };
            page.element("td", &[("class", class)], &text);
        }
        page.element("td", &[], &change.agents.join(", "));
        let title = match change.reading {
            Reading::Unreadable => format!("{} (cannot be read)", change.title),
            _ => change.title.clone(),
        };
        page.element("td", &[("class", "words")], &title);
    });
}

fn agents(page: &mut Page, history: &History) {
    let heads = [
        "Who",
        "changes",
        "with a finding",
        "introduced",
        "repaired own",
        "repaired others'",
        "left",
        "repair rate",
    ];
    let row = |share: &Share| {
        let rate = share.repair_rate();
        vec![
            share.agent.clone().unwrap_or_else(|| PEOPLE.to_owned()),
            share.changes.to_string(),
            with_rate(share.changes_with_finding, share.finding_rate()),
            share.introduced.to_string(),
            share.repaired_own.to_string(),
            share.repaired_others.to_string(),
            share.left.to_string(),
            rate.map_or_else(|| String::from("-"), |rate| format!("{rate} %")),
        ]
    };
    let rows: Vec<Vec<String>> = history.agents.iter().map(row).collect();
    table(page, &heads, &rows);
}

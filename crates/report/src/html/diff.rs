//! What a change did: findings that came and went, and entry points that are guarded otherwise than before.

use firedoor_app::diff::{Direction, EntryChange};
use firedoor_app::{EntryPoint, GuardDefinition};

use super::entry::{facts, layers, summary};
use super::markup::Page;
use super::{coverage, findings, frame, notes};
use crate::shape::Place;
use crate::words::{self, count, guard_changes, guarding, verdict_changes};
use crate::{DiffContext, Side};

/// Renders the comparison.
pub(super) fn render(context: &DiffContext) -> String {
    let comparison = context.comparison;
    let introduced = count(
        comparison.introduced.len(),
        "finding introduced",
        "findings introduced",
    );
    let sections: &[(&str, &str)] = &[
        ("introduced", "Introduced"),
        ("changes", "Changes"),
        ("coverage", "Coverage"),
        ("others", "Fixed and left"),
        ("notes", "Not seen"),
    ];
    frame::document(&format!("firedoor: {introduced}"), sections, |page| {
        header(page, context, &introduced);
        page.within("section", &[("id", "introduced")], |page| {
            page.element("h2", &[], "Introduced");
            if comparison.introduced.is_empty() {
                page.element("p", &[], "No finding is new.");
            }
            findings::list(page, context.after.files, &comparison.introduced, None);
        });
        changes(page, context);
        page.within("section", &[("id", "coverage")], |page| {
            page.element("h2", &[], "Coverage");
            let (before, after) = (&context.before.report.map, &context.after.report.map);
            coverage::compared(page, before, after);
        });
        page.within("section", &[("id", "others")], |page| {
            page.element("h2", &[], "Fixed and left");
            if comparison.fixed.is_empty() && comparison.remaining.is_empty() {
                page.element("p", &[], "There are none.");
            }
            findings::folded(page, context.before.files, "fixed", &comparison.fixed, None);
            findings::folded(
                page,
                context.after.files,
                "still there",
                &comparison.remaining,
                None,
            );
        });
        notes::section(page, &context.after.context(context.view));
    })
}

fn header(page: &mut Page, context: &DiffContext, title: &str) {
    let comparison = context.comparison;
    page.within("header", &[("class", "top")], |page| {
        page.element("h1", &[], title);
        page.within("p", &[("class", "soft")], |page| {
            page.element("code", &[], &context.before.label());
            page.text(" → ");
            page.element("code", &[], &context.after.label());
            page.text(&format!(
                ", {} fixed, {} still there",
                comparison.fixed.len(),
                comparison.remaining.len()
            ));
        });
        findings::tally(page, &comparison.introduced);
        for note in context.notes {
            page.element("p", &[("class", "soft")], note);
        }
    });
}

fn changes(page: &mut Page, context: &DiffContext) {
    let map = &context.comparison.map;
    page.within("section", &[("id", "changes")], |page| {
        page.element("h2", &[], "Changes of the wiring");
        if context.is_empty() {
            page.element("p", &[], "Nothing changed in the wiring.");
            return;
        }
        for (direction, word) in [
            (Direction::Weakened, "weakened"),
            (Direction::Obscured, "no longer known"),
        ] {
            for item in context.going(direction) {
                change(page, context, item, word, "worse");
            }
        }
        for entry in &map.added {
            door(page, &context.after, entry, "new");
        }
        for entry in &map.removed {
            door(page, &context.before, entry, "gone");
        }
        for (direction, word) in [
            (Direction::Strengthened, "strengthened"),
            (Direction::Resolved, "known now"),
        ] {
            for item in context.going(direction) {
                change(page, context, item, word, "better");
            }
        }
        for item in context.rearranged() {
            change(page, context, item, "as strong as before", "same");
        }
        guards(page, &context.after, "New guards", &map.guards_added);
        guards(
            page,
            &context.before,
            "Guards that are gone",
            &map.guards_removed,
        );
    });
}

fn door(page: &mut Page, side: &Side, entry: &EntryPoint, word: &str) {
    page.within("details", &[("class", "door change")], |page| {
        summary(page, entry);
        page.within("p", &[("class", "what")], |page| {
            page.element("b", &[], word);
            page.text(&format!(" {}", guarding(entry)));
        });
        page.within("div", &[("class", "body")], |page| {
            layers(page, side.files, entry);
            facts(page, side.files, entry);
        });
    });
}

fn change(page: &mut Page, context: &DiffContext, change: &EntryChange, word: &str, class: &str) {
    let class = format!("door change {class}");
    page.within("details", &[("class", &class), ("open", "")], |page| {
        summary(page, change.after);
        page.within("p", &[("class", "what")], |page| {
            page.element("b", &[], word);
            let former = match change.is_moved() {
                true => format!("was {}", change.before.id()),
                false => String::new(),
            };
            for part in [verdict_changes(change), guard_changes(change), former] {
                if !part.is_empty() {
                    page.text(&format!(" · {part}"));
                }
            }
        });
        page.within("div", &[("class", "sides")], |page| {
            for (name, side, entry) in [
                ("before", &context.before, change.before),
                ("after", &context.after, change.after),
            ] {
                page.within("div", &[], |page| {
                    page.element("h4", &[], name);
                    layers(page, side.files, entry);
                });
            }
        });
    });
}

fn guards(page: &mut Page, side: &Side, title: &str, guards: &[&GuardDefinition]) {
    if guards.is_empty() {
        return;
    }
    page.element("h3", &[], title);
    page.within("ul", &[], |page| {
        for guard in guards {
            let controls: Vec<String> = guard
                .controls
                .iter()
                .map(|it| words::control(*it))
                .collect();
            page.within("li", &[], |page| {
                page.element("b", &[], &guard.name);
                let covers = count(guard.covers.len(), "entry point", "entry points");
                page.text(&format!(" {}, covers {covers} ", controls.join(", ")));
                let place = Place::new(side.files, guard.span).to_string();
                page.element("code", &[("class", "soft")], &place);
            });
        }
    });
}

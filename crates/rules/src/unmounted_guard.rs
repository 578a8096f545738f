//! Finds guards that are defined and cover nothing, while there are entry points that they would fit.

use firedoor_app::{Control, EntryPoint, GuardDefinition, Map, Transport, Verdict, query};
use firedoor_source::Span;
use ustr::Ustr;

use crate::dead_guard::wrapped;
use crate::exposure::{is_public_by_nature, worst};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unmounted-guard",
    class: "guard-not-wired",
    summary: "a guard is defined and never mounted",
    severity: Severity::High,
    cwe: &["CWE-862"],
    remediation: "Mount it before the entry points that it was written for, or delete it.",
    page: include_str!("../fixtures/unmounted-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for guard in &map.guards {
        let is_unmounted = guard.covers.is_empty() && guard.mounts.is_empty() && !guard.is_used;
        if !is_unmounted || wrapped(map, guard).is_some() {
            continue;
        }
        for control in &guard.controls {
            if let Some((entry, span)) = fitting(map, guard, *control) {
                report(guard, *control, entry, span, findings);
                break;
            }
        }
    }
}

/// Returns an entry point that lacks what the guard would give, and that it was meant for: registered where
/// the guard is imported, or sensitive by itself.
fn fitting<'m>(
    map: &'m Map,
    guard: &GuardDefinition,
    control: Control,
) -> Option<(&'m EntryPoint, Option<Span>)> {
    // Layers are for requests; sockets take none of them.
    let lacks = |entry: &&EntryPoint| {
        entry.transport == Transport::Http && !entry.verdict(control).refuses()
    };
    let beside = || {
        map.entry_points.iter().filter(lacks).filter_map(|entry| {
            let span = guard
                .imported
                .iter()
                .find(|span| span.file == entry.registered.file)?;
            Some((entry, Some(*span)))
        })
    };
    // Who imports a guard and does not use it has most likely written the last route for it.
    let imported = beside()
        .find(|(entry, _)| needs(map, entry, control))
        .or_else(|| {
            beside()
                .filter(|(entry, _)| {
                    query::changes_state(entry)
                        && entry.verdict(Control::Authentication) == Verdict::Enforced
                })
                .max_by_key(|(entry, _)| entry.registered)
        });
    imported.or_else(|| {
        let app = home(map, guard)?;
        map.entry_points
            .iter()
            .filter(lacks)
            .filter(|entry| entry.app == app)
            .find(|entry| needs(map, entry, control) && !covered_otherwise(map, app, control))
            .map(|entry| (entry, None))
    })
}

/// Returns the application that a guard which nobody imports was written for: of those in its language, the one
/// whose file lies nearest.
fn home(map: &Map, guard: &GuardDefinition) -> Option<Ustr> {
    let is_python = |path: &str| path.ends_with(".py");
    let common = |path: &str| {
        let folders = |path: &str| -> Vec<String> {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            folder.split('/').map(str::to_owned).collect()
        };
        let pairs = folders(path).into_iter().zip(folders(&guard.file));
        pairs.take_while(|(one, other)| one == other).count()
    };
    map.entry_points
        .iter()
        .map(|entry| entry.app)
        .filter(|app| is_python(app) == is_python(&guard.file))
        // Of those that are as near, the first.
        .reduce(|best, app| {
            if common(&app) > common(&best) {
                app
            } else {
                best
            }
        })
}

/// Holds if the entry point does something that a guard of that kind is for.
fn needs(map: &Map, entry: &EntryPoint, control: Control) -> bool {
    match control {
        Control::RateLimit => query::verifies_password(entry) || query::verifies_code(entry),
        Control::Authentication => {
            !is_public_by_nature(map, entry) && worst(map, entry, &entry.exposed).is_some()
        }
        Control::Authorization | Control::Ownership => {
            query::changes_state(entry)
                && !entry.verdict(Control::Ownership).refuses()
                && entry.verdict(Control::Authentication) == Verdict::Enforced
        }
        Control::Csrf | Control::Origin => query::changes_state(entry),
        _ => false,
    }
}

/// Holds if another guard with the control stands before everything else.
fn covered_otherwise(map: &Map, app: Ustr, control: Control) -> bool {
    let own = || map.entry_points.iter().filter(|entry| entry.app == app);
    let covered = own().filter(|entry| entry.verdict(control).refuses());
    control != Control::RateLimit && covered.count() * 10 >= own().count() * 9
}

fn report(
    guard: &GuardDefinition,
    control: Control,
    entry: &EntryPoint,
    imported: Option<Span>,
    findings: &mut Findings,
) {
    let mut finding = findings
        .at(guard.span, &guard.name)
        .entry_point(entry)
        .confidence(if imported.is_some() {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .title(format!("`{}` is never mounted", guard.name))
        .message(format!(
            "It would refuse requests ({}), and no entry point has it; `{}` would need it.",
            control.as_str(),
            entry.id()
        ))
        .because(
            "missing-at",
            entry.registered,
            format!("`{}` is registered without it", entry.id()),
        );
    if let Some(span) = imported {
        finding = finding.because("imported", span, "imported here and not used");
    }
    finding.report();
}

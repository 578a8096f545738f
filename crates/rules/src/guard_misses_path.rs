//! Finds guards whose path covers nothing, or not the entry points that they are named for.

use firedoor_app::{
    Control, EntryPoint, GuardDefinition, Map, Mount, Verdict, path_segments, query,
};
use firedoor_source::Span;

use crate::exposure::is_public_by_nature;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guard-misses-path",
    class: "guard-not-wired",
    summary: "a guard is mounted where no entry point lies",
    severity: Severity::High,
    cwe: &["CWE-863"],
    remediation: "Mount the guard on the path that the router really has, by whole segments.",
    page: include_str!("../fixtures/guard-misses-path/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for guard in map.guards.iter().filter(|guard| !guard.controls.is_empty()) {
        for mount in guard.mounts.iter().filter(|mount| mount.covers == 0) {
            if !guard.is_idle && runs_somewhere(map, guard, mount.span) {
                continue;
            }
            if let Some((entry, is_named)) = meant(map, guard, &mount.path) {
                report(map, guard, mount, entry, is_named, findings);
            }
        }
    }
}

/// Holds if some entry point lies below the mount, whatever the guard does there.
fn runs_somewhere(map: &Map, guard: &GuardDefinition, mounted: Span) -> bool {
    map.entry_points
        .iter()
        .flat_map(|entry| &entry.layers)
        .any(|layer| layer.span == guard.span && layer.mounted == mounted)
}

/// Returns an entry point that the mount was meant for: one whose path has the last fixed segment of the
/// mount's path, or for a guard that looks at paths itself, one that lacks its control at all.
fn meant<'m>(map: &'m Map, guard: &GuardDefinition, path: &str) -> Option<(&'m EntryPoint, bool)> {
    let named = lacking(map, guard).find(|entry| is_named_like(entry, path));
    if let Some(entry) = named {
        return Some((entry, true));
    }
    if guard.is_idle && guard.covers.is_empty() {
        let administrative =
            lacking(map, guard).find(|entry| query::is_administrative_path(&entry.path));
        return administrative
            .map(|entry| (entry, true))
            .or_else(|| lacking(map, guard).next().map(|entry| (entry, false)));
    }
    None
}

/// Holds if the mount was meant for the entry point: it names its last segment, or begins like it and ends within a
/// segment.
fn is_named_like(entry: &EntryPoint, path: &str) -> bool {
    has_last(entry, path) || begins_with(entry, path)
}

/// Holds if the path begins with the letters of `path`, and not with its segments: `/order` is no part of `/orders`. What
/// goes on with other letters, as `/authors` after `/auth`, is another word.
fn begins_with(entry: &EntryPoint, path: &str) -> bool {
    let own: Vec<&str> = path_segments(&entry.path).collect();
    let wanted: Vec<&str> = path_segments(path).collect();
    let Some((last, before)) = wanted.split_last() else {
        return false;
    };
    let is_parameter = |segment: &str| segment.starts_with('{');
    let is_alike = |(a, b): (&&str, &&str)| a == b || is_parameter(a) && is_parameter(b);
    let Some(cut) = own.get(before.len()) else {
        return false;
    };
    own.iter().zip(before).all(is_alike)
        && !is_parameter(last)
        && last.len() > 1
        && cut.len() > last.len()
        && cut.strip_prefix(last).is_some_and(|rest| {
            matches!(rest, "s" | "es") || !rest.starts_with(|it: char| it.is_ascii_alphabetic())
        })
}

/// Holds if the path of the entry point has the last fixed segment of `path`.
fn has_last(entry: &EntryPoint, path: &str) -> bool {
    let last = path_segments(path)
        .filter(|segment| !segment.starts_with('{'))
        .last();
    last.is_some_and(|last| {
        path_segments(&entry.path).any(|segment| segment.eq_ignore_ascii_case(last))
    })
}

/// The entry points that have nothing of what the guard would give, and that it would fit.
fn lacking<'m>(
    map: &'m Map,
    guard: &GuardDefinition,
) -> impl Iterator<Item = &'m EntryPoint> + use<'m> {
    let controls = guard.controls.clone();
    map.entry_points.iter().filter(move |entry| {
        // Of what is not known it is not said that it is missing.
        let is_missing = |control: Control| {
            let verdict = entry.verdict(control);
            !verdict.refuses() && !matches!(verdict, Verdict::Unknown(_))
        };
        controls
            .iter()
            .all(|control| is_missing(*control) && fits(map, entry, *control))
    })
}

fn fits(map: &Map, entry: &EntryPoint, control: Control) -> bool {
    match control {
        Control::RateLimit => query::verifies_password(entry) || query::verifies_code(entry),
        Control::Authentication => !is_public_by_nature(map, entry),
        Control::Csrf | Control::Origin => query::changes_state(entry),
        _ => true,
    }
}

/// More entry points than these are not named.
const NAMED: usize = 8;

fn report(
    map: &Map,
    guard: &GuardDefinition,
    mount: &Mount,
    entry: &EntryPoint,
    is_named: bool,
    findings: &mut Findings,
) {
    let path = &mount.path;
    let place = if path.is_empty() || path == "/" {
        "the paths that it looks for".to_owned()
    } else {
        format!("`{path}`")
    };
    let mut finding = findings
        .at(mount.span, &guard.name)
        .symbol(path)
        .entry_point(entry)
        .confidence(if is_named {
            Confidence::High
        } else {
            Confidence::Medium
        })
        .title(format!("`{}` covers no entry point", guard.name))
        .message(format!(
            "Nothing lies below {place}; `{}` is elsewhere, without it.",
            entry.id()
        ))
        .because("guard", guard.span, "the guard");
    let others = lacking(map, guard).filter(|other| is_named && is_named_like(other, path));
    let others = others.filter(|other| !std::ptr::eq(*other, entry));
    for missing in std::iter::once(entry).chain(others).take(NAMED) {
        finding = finding.because(
            "missing-at",
            missing.registered,
            format!("`{}` is registered here", missing.id()),
        );
    }
    finding.report();
}

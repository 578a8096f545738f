//! Routers on which nothing asks for a permission, where the application's other routers do: a part of the rule
//! about gaps.
//!
//! Only what changes or deletes something that is there already counts, by its method: that is where
//! applications with permissions ask for them.

use std::collections::BTreeMap;

use firedoor_app::{Control, EntryPoint, Map, Transport, Verdict, query};

use crate::exposure::is_public_by_nature;
use crate::guard_gap::{has_permission_layer, is_of_caller};
use crate::{Confidence, Findings};

/// The fewest other routers that say what is usual.
const FEWEST: usize = 5;

/// Finds such routers.
pub fn check(map: &Map, findings: &mut Findings) {
    let mut routers: BTreeMap<u32, Vec<&EntryPoint>> = BTreeMap::new();
    for entry in map.entry_points.iter().filter(|entry| changes(map, entry)) {
        routers.entry(entry.group.0).or_default().push(entry);
    }
    routers.retain(|_, entries| entries.len() >= 2);
    let guarded: Vec<u32> = routers
        .iter()
        .filter(|(_, entries)| {
            let asked = entries.iter().filter(|entry| asks(entry)).count();
            asked * 2 > entries.len()
        })
        .map(|(group, _)| *group)
        .collect();
    for (group, entries) in &routers {
        let others = routers.len() - 1;
        let is_usual = guarded.len() >= FEWEST && guarded.len() * 4 >= others * 3;
        let asks_nothing = !query_siblings(map, *group).any(asks);
        let example = guarded.iter().find_map(|group| {
            let entries = routers.get(group)?;
            entries.iter().find(|entry| has_permission_layer(entry))
        });
        if let (true, true, Some(example)) = (is_usual, asks_nothing, example) {
            report(entries, example, (guarded.len(), others), findings);
        }
    }
}

fn query_siblings(map: &Map, group: u32) -> impl Iterator<Item = &EntryPoint> {
    map.entry_points
        .iter()
        .filter(move |entry| entry.group.0 == group)
}

fn changes(map: &Map, entry: &EntryPoint) -> bool {
    entry.transport == Transport::Http
        && matches!(entry.method.as_str(), "PUT" | "PATCH" | "DELETE")
        && entry.verdict(Control::Authentication).refuses()
        && !is_of_caller(entry)
        && !is_public_by_nature(map, entry)
}

fn asks(entry: &EntryPoint) -> bool {
    has_permission_layer(entry)
        || entry.verdict(Control::Authorization).refuses()
        || entry.verdict(Control::Ownership) == Verdict::Enforced
}

fn report(
    entries: &[&EntryPoint],
    example: &EntryPoint,
    (guarded, others): (usize, usize),
    findings: &mut Findings,
) {
    let (Some(entry), Some(guard)) = (
        entries.first(),
        query::guards(example, Control::Authorization).next(),
    ) else {
        return;
    };
    let ids: Vec<String> = entries
        .iter()
        .map(|entry| format!("`{}`", entry.id()))
        .collect();
    findings
        .at_entry(entry)
        .symbol("router")
        .confidence(Confidence::Medium)
        .title(format!(
            "no route of the router of `{}` asks for a permission, as {guarded} of {others} other routers do",
            entry.id()
        ))
        .message(format!(
            "Whoever is logged in may use {}.",
            ids.join(", ")
        ))
        .because(
            "compared-with",
            guard.mounted,
            format!("`{}` has `{}`", example.id(), guard.name),
        )
        .report();
}

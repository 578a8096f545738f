//! Entry points behind a key that ask for no scope of it, where all others do: a part of the rule about missing role checks.

use firedoor_app::ownership::{answers_with, is_scope, key_assets};
use firedoor_app::{Control, Effect, EntryPoint, Map, Operation, Transport, lookups, query};
use ustr::Ustr;

use crate::{Confidence, Findings};

/// How many others have to ask.
const FEWEST: usize = 3;

/// Reports what any key may do, where every other entry point behind such keys asks for a scope.
pub fn check(map: &Map, findings: &mut Findings) {
    let is_for_keys = |entry: &&EntryPoint| {
        entry.transport == Transport::Http
            && entry.public_because.is_none()
            && entry.verdict(Control::Authentication).refuses()
    };
    let behind: Vec<(&EntryPoint, Vec<Ustr>)> = map
        .entry_points
        .iter()
        .filter(is_for_keys)
        .map(|entry| (entry, key_assets(entry)))
        .filter(|(_, keys)| !keys.is_empty())
        .collect();
    for (entry, keys) in &behind {
        let others: Vec<&EntryPoint> = behind
            .iter()
            .filter(|(other, theirs)| {
                !std::ptr::eq(*other, *entry) && theirs.iter().any(|it| keys.contains(it))
            })
            .map(|(other, _)| *other)
            .collect();
        let all_ask = others.len() >= FEWEST && others.iter().all(|it| asks_scope(it));
        if !all_ask || asks_scope(entry) || findings.tell_of(entry) {
            continue;
        }
        if let (Some((effect, asset)), Some(other)) = (done(entry, keys), others.first()) {
            report(entry, (effect, asset), (other, others.len()), findings);
        }
    }
}

fn asks_scope(entry: &EntryPoint) -> bool {
    let mut checks = entry.checks.iter();
    checks.any(|check| check.refusal.is_some() && is_scope(entry, check))
}

/// Returns what is told or changed besides the key, and whom it stands for.
fn done<'m>(entry: &'m EntryPoint, keys: &[Ustr]) -> Option<(&'m Effect, Ustr)> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_holder = access
            .key
            .iter()
            .any(|it| lookups::is_identifier(&it.name) && query::is_principal(&it.value));
        let is_done = match access.operation {
            Operation::Read => answers_with(entry, access.asset).next().is_some(),
            Operation::Count => false,
            _ => true,
        };
        (is_done && !is_holder && !keys.contains(&access.asset)).then_some((effect, access.asset))
    })
}

fn report(
    entry: &EntryPoint,
    (effect, asset): (&Effect, Ustr),
    (other, count): (&EntryPoint, usize),
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .symbol("scope")
        .confidence(Confidence::Medium)
        .title(format!("`{}` asks for no scope of the key", entry.id()))
        .message(format!(
            "Any key gets at {asset} here; all {count} other entry points behind such keys ask for a scope."
        ))
        .because("effect", effect.span, "this is what needs a scope")
        .because(
            "compared-with",
            other.registered,
            format!("`{}` asks for a scope", other.id()),
        )
        .because("reached", entry.registered, "the entry point")
        .report();
}

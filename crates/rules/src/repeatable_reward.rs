//! Finds rewards that are paid as often as they are asked for.

use firedoor_app::ownership::{is_clients_choice, ties};
use firedoor_app::{
    Access, Check, CheckId, CheckKind, Control, Effect, EntryPoint, Field, LayerKind, Map,
    Operation, Origin, query,
};

use crate::client_value::{is_counted, is_from_server, sent_fields, written_fields};
use crate::marked_again::marked_again;
use crate::privileged::is_money;
use crate::unkept;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "repeatable-reward",
    class: "business-logic",
    summary: "a reward is paid as often as it is asked for",
    severity: Severity::Medium,
    cwe: &["CWE-799", "CWE-840"],
    remediation: "Record that it was claimed, in the same conditional update or by a unique key, and pay only if that succeeded.",
    page: include_str!("../fixtures/repeatable-reward/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if query::is_reading(entry) || !entry.verdict(Control::Authentication).refuses() {
            continue;
        }
        for (effect, access, field) in written_fields(entry) {
            let is_own = access.key.iter().any(|key| query::is_principal(&key.value));
            if !is_own || asks_more(access) || !is_counted(access, field) {
                continue;
            }
            let is_gain = is_money(map, access.asset, field.name) && is_raised(field);
            let example = stricter(map, entry, access, field);
            if !(is_gain || example.is_some() && is_extended(access, field))
                || is_earned(map, entry, effect)
                || is_recorded_first(entry, effect, &|_| true)
                || asks_something(entry)
            {
                continue;
            }
            let mut finding = findings
                .at_entry(entry)
                .span(effect.span)
                .symbol(&format!("{}.{}", access.asset, field.name))
                .confidence(Confidence::Medium)
                .title(format!("`{}` pays as often as it is asked", entry.id()))
                .message(format!(
                    "`{}` of {} is raised for whoever asks; nothing before it looks at what was paid, and nothing is used up.",
                    field.name, access.asset
                ))
                .because("paid", effect.span, "it is paid here");
            if let Some((other, place)) = example {
                finding = finding.because(
                    "compared-with",
                    place.span,
                    format!("`{}` asks for something that is stored first", other.id()),
                );
            }
            finding
                .because("reached", entry.registered, "the entry point")
                .report();
        }
        crate::unspent::check(map, entry, findings);
        unremembered(map, entry, findings);
        untouched(map, entry, findings);
        undone_again(map, entry, findings);
        dated(map, entry, findings);
        paid_back(map, entry, findings);
    }
    for entry in map.entry_points.iter().filter(|it| is_from_server(it)) {
        sent_again(map, entry, findings);
    }
}

/// What would remember that the reward was given is declared, and nothing uses it.
fn unremembered(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in written_fields(entry) {
        let is_gain = is_money(map, access.asset, field.name) && field.operator == "+=";
        let is_own = access.key.iter().any(|key| query::is_principal(&key.value));
        if !(is_own && is_gain || unkept::is_tied(entry, access) && is_extended(access, field)) {
            continue;
        }
        if is_recorded_first(entry, effect, &|access| !unkept::is_count(access))
            || asks_more(access)
        {
            continue;
        }
        let Some(found) = unkept::unkept(map, entry, effect, access) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .symbol(&found.name)
            .confidence(Confidence::Medium)
            .title(format!("`{}` gives what is meant to be given once", entry.id()))
            .message(format!(
                "`{}` of {} is raised, and nothing tells who had that before: `{}` is declared for it, it seems, and nothing uses it.",
                field.name, access.asset, found.name
            ))
            .because("paid", effect.span, "it is given here")
            .because("unused", found.span, format!("`{}` is declared here", found.name))
            .report();
        return;
    }
}

/// Returns the amounts of money that the entry point raises.
pub(crate) fn gains<'m>(
    map: &Map,
    entry: &'m EntryPoint,
) -> impl Iterator<Item = (&'m Effect, &'m Access, &'m Field)> {
    written_fields(entry).filter(|(_, access, field)| {
        field.operator == "+=" && is_money(map, access.asset, field.name)
    })
}

/// What the reward is paid from is found by what the client sends, and stays as it is.
fn untouched(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in gains(map, entry) {
        let ties = ties(entry, effect);
        // The group that the caller belongs to is named in the path.
        let is_own = |key: &Field| {
            query::is_principal(&key.value)
                || is_clients_choice(&key.value) && ties.touches(&key.value)
        };
        if !access.key.iter().any(is_own) {
            continue;
        }
        let earned = || unkept::paid_for(map, entry, effect, (access, field));
        let taken = unkept::paid_from(map, entry, access, field);
        let Some((found, source)) = taken.or_else(earned) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .symbol(&source)
            .confidence(Confidence::Medium)
            .title(format!("`{}` pays for the same {source} again", entry.id()))
            .message(format!(
                "The {source} is found by what the client sends and pays into `{}` of {}; it is neither used up nor marked, and nothing tells who had it.",
                field.name, access.asset
            ))
            .because("found", found.span, "it is found here")
            .because("paid", effect.span, "it is paid here")
            .report();
        return;
    }
}

/// What is paid for is marked with a word that passes all that is asked of it.
fn undone_again(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in gains(map, entry) {
        let ties = ties(entry, effect);
        let is_own = |key: &Field| query::is_principal(&key.value) || ties.touches(&key.value);
        if takes(access, field) || !access.key.iter().any(is_own) {
            continue;
        }
        let Some(marked) = marked_again(entry, effect, access, field) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(marked.effect.span)
            .symbol(&marked.asset)
            .confidence(Confidence::Medium)
            .title(format!("`{}` pays for the same {} again", entry.id(), marked.asset))
            .message(format!(
                "`{}` becomes `{}`, and a {} for which it is that already passes: `{}` of {} is raised each time.",
                marked.field, marked.word, marked.asset, field.name, access.asset
            ))
            .because("marked", marked.effect.span, "it is marked here")
            .because("asked", marked.asked.span, "this asks for something else")
            .because("paid", effect.span, "it is paid here")
            .report();
        return;
    }
}

/// The client says for which day, and the server believes it.
fn dated(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let compared = unkept::dated_by_client(entry);
    let Some((marked, day)) = compared.or_else(|| unkept::made_for_any_day(map, entry)) else {
        return;
    };
    let paid = written_fields(entry).find(|(effect, access, field)| {
        let ties = ties(entry, effect);
        let mut key = access.key.iter();
        let is_own = key.any(|key| {
            query::is_principal(&key.value)
                || is_clients_choice(&key.value) && ties.touches(&key.value)
        });
        is_own
            && is_money(map, access.asset, field.name)
            && is_raised(field)
            && !takes(access, field)
    });
    let Some((effect, access, field)) = paid else {
        return;
    };
    // A record may be made for a day for another reason than the reward.
    let (confidence, message) = match compared.is_some() {
        true => (
            Confidence::High,
            "is held against what the client sent before: whoever sends later and later days is paid each time.",
        ),
        false => (
            Confidence::Medium,
            "is held against no clock: whoever sends one day after the other is paid each time.",
        ),
    };
    findings
        .at_entry(entry)
        .span(marked.span)
        .symbol(&day.name)
        .confidence(confidence)
        .title(format!(
            "`{}` pays for every day that the client names",
            entry.id()
        ))
        .message(format!(
            "`{}` is what the client sends, and {message}",
            day.name
        ))
        .because("marked", marked.span, "it is stored here")
        .because(
            "paid",
            effect.span,
            format!("`{}` of {} is raised here", field.name, access.asset),
        )
        .report();
}

/// A server that tells of a payment tells of it again: the order that it pays for is marked, whatever it was before.
fn sent_again(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in gains(map, entry) {
        let Some((marked, source)) = unkept::marked_always(entry, effect, access, field) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(marked.span)
            .symbol(&source)
            .confidence(Confidence::Medium)
            .title(format!("`{}` pays for the same {source} again", entry.id()))
            .message(format!(
                "The {source} is marked whatever it was before, and nothing else tells that it was paid for: a message that is sent again raises `{}` of {} again.",
                field.name, access.asset
            ))
            .because("marked", marked.span, "it is marked here")
            .because("paid", effect.span, "it is paid here")
            .report();
        return;
    }
}

/// Who leaves is paid back what he has paid, and nothing tells that he was in it.
fn paid_back(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in gains(map, entry) {
        let is_own = access.key.iter().any(|key| query::is_principal(&key.value));
        if !is_own || takes(access, field) {
            continue;
        }
        let Some((left, list)) = unkept::left_unasked(entry, effect, access, field) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(left.span)
            .symbol(&list)
            .confidence(Confidence::Medium)
            .title(format!("`{}` pays back whoever is not in it", entry.id()))
            .message(format!(
                "The caller is taken out of `{list}`, whether or not he was in it, and `{}` of {} is raised each time.",
                field.name, access.asset
            ))
            .because("left", left.span, "he is taken out here")
            .because("paid", effect.span, "it is paid here")
            .report();
        return;
    }
}

/// The update asks for more than whose the record is, and acts only if that holds.
fn asks_more(access: &firedoor_app::Access) -> bool {
    access.is_conditional
        && access
            .key
            .iter()
            .any(|field| !query::is_principal(&field.value))
}

/// What changes only where there is enough of it is taken, whichever way it is written.
fn takes(access: &Access, field: &Field) -> bool {
    access.is_conditional
        && access
            .key
            .iter()
            .any(|key| key.name == field.name && matches!(key.operator, ">" | ">="))
}

/// A constant is added: nothing goes into the new value but the old one.
fn is_raised(field: &Field) -> bool {
    field.operator == "+="
        || field.value.origins().iter().all(|origin| match origin {
            Origin::Literal(text) => text.parse::<f64>().is_ok(),
            Origin::Record { field: old, .. } => *old == field.name,
            _ => false,
        })
}

/// A record in the name of the caller is made before the payment: its key may be unique.
fn is_recorded_first(
    entry: &EntryPoint,
    payment: &Effect,
    is_wanted: &dyn Fn(&Access) -> bool,
) -> bool {
    query::handler_accesses(entry)
        .take_while(|(effect, _)| !std::ptr::eq(*effect, payment))
        .any(|(_, access)| {
            access.operation == Operation::Create
                && is_wanted(access)
                && access
                    .values
                    .iter()
                    .any(|field| query::is_principal(&field.value))
        })
}

/// A time that is moved on from where it was.
fn is_extended(access: &Access, field: &Field) -> bool {
    field.value.origins().contains(&Origin::Clock)
        && field
            .value
            .record_fields(access.asset)
            .any(|name| name == field.name)
}

/// Another entry point that changes the field, after a look at a stored record.
fn stricter<'m>(
    map: &'m Map,
    entry: &EntryPoint,
    access: &Access,
    field: &Field,
) -> Option<(&'m EntryPoint, &'m Effect)> {
    map.entry_points
        .iter()
        .filter(|other| !std::ptr::eq(*other, entry))
        .find_map(|other| {
            let (effect, ..) = written_fields(other).find(|(effect, written, value)| {
                written.asset == access.asset
                    && value.name == field.name
                    && is_earned(map, other, effect)
            })?;
            Some((other, effect))
        })
}

/// A check before the payment looks at something that the server keeps, other than who the caller is.
fn is_earned(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    let accounts = query::account_assets(map);
    entry.checks_of(effect).any(|check| {
        !is_of_layers(entry, check)
            && (tells_of_change(entry, effect, check) || !asks_for_account(&accounts, check))
            && check.provenance().origins().iter().any(|origin| {
                matches!(
                    origin,
                    Origin::Record { .. } | Origin::Claim(_) | Origin::Signature | Origin::Digest
                )
            })
    })
}

/// Holds if the check asks what a change on the way gave back, and that change asked for more than whose record it is:
/// nothing comes back where it did not happen.
fn tells_of_change(entry: &EntryPoint, payment: &Effect, check: &Check) -> bool {
    query::handler_accesses(entry)
        .take_while(|(effect, _)| !std::ptr::eq(*effect, payment))
        .any(|(effect, access)| {
            let is_later = !entry
                .checks_of(effect)
                .any(|other| other.span == check.span);
            let mut operands = check.operands.iter();
            access.operation == Operation::Update
                && asks_more(access)
                && is_later
                && operands.any(|operand| operand.record_fields(access.asset).next().is_some())
        })
}

/// Holds if the check only asks whether the caller has an account.
fn asks_for_account(accounts: &[ustr::Ustr], check: &Check) -> bool {
    let is_account = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => field.is_empty() && accounts.contains(asset),
        Origin::Literal(text) => text == "null",
        _ => false,
    };
    check
        .operands
        .iter()
        .all(|operand| operand.origins().iter().all(is_account))
        || asks_for_caller(check)
}

/// Holds if the check only asks whether a layer has found a caller, of whom it has put together several things.
fn asks_for_caller(check: &Check) -> bool {
    let is_callers = |origin: &Origin| {
        matches!(
            origin,
            Origin::Record {
                of_principal: true,
                ..
            } | Origin::Principal(_)
        )
    };
    check.kind == CheckKind::Presence
        && check.outcome
        && !check.is_alternative
        && check.operands.len() == 1
        && check.operands.iter().all(|operand| {
            let origins = operand.origins();
            origins.len() > 2 && origins.iter().all(is_callers)
        })
}

/// Holds if a layer's effect hangs on the check too, so that it belongs to a guard.
pub fn is_of_layers(entry: &EntryPoint, check: &Check) -> bool {
    let is_mounted = entry
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Layer)
        .any(|layer| layer.span.file == check.span.file && layer.mounted == check.span);
    is_mounted || {
        let numbers = (0..).zip(&entry.checks);
        let here = numbers.filter(|(_, other)| other.span == check.span);
        // Few checks stand at one place, and an effect hangs on hundreds of others.
        let here: Vec<CheckId> = here.map(|(number, _)| CheckId(number)).collect();
        let mut layers = entry.effects.iter().filter(|it| it.layer.is_some());
        layers.any(|effect| effect.checks.iter().any(|id| here.contains(id)))
    }
}

/// What was sent, or something that is used up or found, may be what is paid for.
fn asks_something(entry: &EntryPoint) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.operation == Operation::Delete
            || access
                .key
                .iter()
                .chain(&access.values)
                .any(|field| !sent_fields(&field.value).is_empty())
    })
}

//! Finds stored numbers and marks that are checked in one statement and changed in another, so that requests at the
//! same time all pass the check.

use firedoor_app::{
    Access, AssetKind, Check, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin,
    Provenance, RequestPart, query,
};
use ustr::Ustr;

use crate::client_value::{is_counted, is_read_on_the_way, written_fields};
use crate::privileged::is_money;
use crate::seats;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "check-then-act",
    class: "business-logic",
    summary: "a stored value is checked and changed in separate statements",
    severity: Severity::Medium,
    cwe: &["CWE-367", "CWE-362"],
    remediation: "Make the condition part of the update and act only if it changed a record, or lock the record in a transaction.",
    page: include_str!("../fixtures/check-then-act/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        check_seats(map, entry, findings);
        let gifts = gifts(map, entry);
        if let Some((read, removed)) = removed_unseen(entry, &gifts) {
            report_removed(entry, read, removed, findings);
        }
        for (effect, access, field) in written_fields(entry) {
            let is_open = access.operation == Operation::Update
                && !(access.is_conditional && (access.is_many || is_spent(access)))
                && !is_held_apart(entry, access)
                && map
                    .asset(access.asset)
                    .is_none_or(|asset| asset.kind != AssetKind::Memory);
            if !is_open {
                continue;
            }
            let place = Place {
                entry,
                effect,
                access,
                field,
                gifts: &gifts,
            };
            if let Some(decided) = balance_check(map, &place) {
                report(
                    &place,
                    decided.span,
                    "the stored value is compared here",
                    findings,
                );
            } else if firedoor_app::sessions::is_routine(map, entry, effect) {
                // Whoever only reads makes the same mark, as of when he was last seen.
                continue;
            } else if let Some(decided) = claim_check(&place) {
                report(
                    &place,
                    decided.span,
                    "whether it was used is asked here",
                    findings,
                );
            } else if let Some(found) = claim_look_up(&place) {
                report(
                    &place,
                    found.span,
                    "only unused ones are found here",
                    findings,
                );
            }
        }
    }
}

/// Holds if the update may change what it asks for, so that the same again finds nothing: a condition that it leaves as it
/// is, as of which year or whose the record is, holds no two requests apart.
fn is_spent(access: &Access) -> bool {
    let is_part = |whole: &str, part: &str| {
        part.strip_prefix(whole)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let changes = |key: &Field| {
        key.name.is_empty()
            || access
                .values
                .iter()
                .any(|it| is_part(&it.name, &key.name) || is_part(&key.name, &it.name))
    };
    !access.spread.is_empty() || access.values.is_empty() || access.key.iter().any(changes)
}

/// Holds if the change runs in a transaction which reads what it changes too: what was read before it began, as a guard
/// reads the caller, may have changed since, and so may what it reads without a lock. One lock, on whatever row, is taken
/// for one that all such requests wait for.
fn is_held_apart(entry: &EntryPoint, change: &Access) -> bool {
    let reads = || query::accesses(entry).filter(|(_, access)| access.operation == Operation::Read);
    let mut same = reads()
        .filter(|(_, access)| access.asset == change.asset)
        .peekable();
    let mut locked = reads().filter(|(_, access)| access.is_in_transaction && !access.is_unlocked);
    change.is_in_transaction
        && (same.peek().is_none()
            || same.any(|(_, access)| access.is_in_transaction) && locked.next().is_some())
}

/// A record is read, removed by a statement that removes none as well as one, and something is given for it; how many
/// were removed is not asked.
fn removed_unseen<'m>(
    entry: &'m EntryPoint,
    gifts: &[(Ustr, Ustr)],
) -> Option<(&'m Effect, &'m Effect)> {
    let mut given: Vec<&Effect> = written_fields(entry)
        .filter(|(_, access, field)| gifts.contains(&(access.asset, field.name)))
        .map(|(effect, ..)| effect)
        .collect();
    given.dedup_by(|a, b| std::ptr::eq(*a, *b));
    // The gift hangs on nothing that the removal does not hang on.
    let is_before_gift = |removed: &Effect| {
        let mut given = given.iter();
        given.any(|gift| !query::are_exclusive(entry, removed, gift))
    };
    let (removed, change) = query::handler_accesses(entry).find(|(effect, access)| {
        access.operation == Operation::Delete
            && access.is_many
            && is_of_one(access)
            && is_before_gift(effect)
    })?;
    let is_counted = |check: &Check| {
        let mut fields = check
            .operands
            .iter()
            .flat_map(|it| it.record_fields(change.asset));
        fields.any(|field| is_number_of(&field))
    };
    let (read, _) = query::handler_accesses(entry)
        .take_while(|(effect, _)| !std::ptr::eq(*effect, removed))
        .find(|(_, access)| access.asset == change.asset && access.operation == Operation::Read)?;
    (!entry.checks.iter().any(is_counted)).then_some((read, removed))
}

/// The record is named by its identifier, which is what was read.
fn is_of_one(access: &Access) -> bool {
    access.key.iter().any(|field| {
        field.operator == "="
            && matches!(field.name.as_str(), "id" | "_id" | "pk")
            && field.value.record_fields(access.asset).next().is_some()
    })
}

/// What libraries call the number of records that a statement has changed.
fn is_number_of(field: &str) -> bool {
    matches!(
        field,
        "count"
            | "deletedCount"
            | "modifiedCount"
            | "nModified"
            | "rowCount"
            | "rowcount"
            | "affectedRows"
            | "affected"
            | "changes"
            | "n"
    )
}

fn report_removed(entry: &EntryPoint, read: &Effect, removed: &Effect, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .span(removed.span)
        .symbol("removed")
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` gives something for what may be removed already",
            entry.id()
        ))
        .message("Requests that arrive together all find the record; one removes it, the others remove nothing, and all are given what it is worth.")
        .because("checked", read.span, "the record is found here")
        .because("changed", removed.span, "it is removed here, and nothing asks whether it was still there")
        .because("reached", entry.registered, "the entry point")
        .report();
}

/// Places are counted and taken apart, so that more take one than there are.
fn check_seats(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let Some(seat) = seats::taken(map, entry) else {
        return;
    };
    findings
        .at_entry(entry)
        .symbol("places")
        .span(seat.effect.span)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` counts what is free in {} and takes it apart",
            entry.id(),
            seat.asset
        ))
        .message("Requests that arrive together all see the same number and all pass, so that more places are taken than there are.")
        .because("checks", seat.check.span, "what is free is compared here")
        .because("changes", seat.effect.span, "a place is taken here, whatever happened since")
        .report();
}

struct Place<'m> {
    entry: &'m EntryPoint,
    effect: &'m Effect,
    access: &'m Access,
    field: &'m Field,
    gifts: &'m [(Ustr, Ustr)],
}

/// A comparison of the counted field with a bound, after which it is counted down or up.
fn balance_check<'m>(map: &Map, place: &Place<'m>) -> Option<&'m Check> {
    if !is_counted(place.access, place.field) {
        return None;
    }
    let is_money = is_money(map, place.access.asset, place.field.name) || is_moved(place);
    if !is_money && !gives_something(place) {
        return None;
    }
    // What is left of a voucher is counted down to nothing, and something else is given for it.
    let is_to_nothing = |check: &&Check| {
        let mut bounds = check.operands.iter().filter_map(Provenance::literal);
        bounds.any(|bound| matches!(bound.as_str(), "0" | "1"))
    };
    refusing(place)
        .filter(|_| is_read_on_the_way(place.entry, place.access.asset))
        .filter(|check| is_money || is_to_nothing(check))
        .find(|check| is_about_amount(check) && examines(check, place))
}

/// Holds if the check asks how much there is: that it is not nothing is as good as that it is more.
fn is_about_amount(check: &Check) -> bool {
    let mut literals = check.operands.iter().filter_map(Provenance::literal);
    match check.kind {
        CheckKind::Bound => true,
        CheckKind::Equality => !check.outcome && literals.any(|text| text == "0"),
        _ => false,
    }
}

/// What somebody gets is taken here: whatever the purse is called, it holds what he is given.
fn is_moved(place: &Place<'_>) -> bool {
    let own = (place.access.asset, place.field.name);
    let sent = |field: &Field, origin: &Origin| field.value.origins().contains(origin);
    place
        .field
        .value
        .origins()
        .iter()
        .filter(|origin| origin.is_from_client())
        .any(|origin| {
            written_fields(place.entry).any(|(_, access, field)| {
                let there = (access.asset, field.name);
                there != own && place.gifts.contains(&there) && sent(field, origin)
            })
        })
}

/// A question whether a mark is set, before the mark is set and something is given.
fn claim_check<'m>(place: &Place<'m>) -> Option<&'m Check> {
    if !gives_something(place) {
        return None;
    }
    let mut asked =
        refusing(place).filter(|check| check.kind != CheckKind::Failure && examines(check, place));
    // A number that is worked out from what the record says of itself is counted, and no mark.
    let is_counted = place
        .field
        .value
        .record_fields(place.access.asset)
        .next()
        .is_some();
    match is_mark(place.field) && !is_counted {
        true => asked.next(),
        // Something is put into a list that it was looked for in.
        false if is_listed(place) => asked.find(|check| check.kind == CheckKind::Membership),
        // For whom it is used may be what the body names, where it was for nobody before.
        false if names_somebody(place.field) => asked.find(|check| is_about_nothing(check)),
        false => None,
    }
}

/// A look-up of what is not marked yet, before it is marked and something is given.
fn claim_look_up<'m>(place: &Place<'m>) -> Option<&'m Effect> {
    if !gives_something(place) {
        return None;
    }
    let found = query::handler_accesses(place.entry)
        .take_while(|(effect, _)| !std::ptr::eq(*effect, place.effect))
        .find(|(effect, access)| {
            access.operation == Operation::Read
                && access.asset == place.access.asset
                && access.key.iter().any(|key| {
                    key.name == place.field.name
                        && key.operator == "="
                        && key.value.literal().is_some()
                })
                && !query::are_exclusive(place.entry, effect, place.effect)
        })?;
    Some(found.0)
}

fn refusing<'m>(place: &Place<'m>) -> impl Iterator<Item = &'m Check> {
    place
        .entry
        .checks_of(place.effect)
        .filter(|check| check.refusal.is_some())
}

fn examines(check: &Check, place: &Place<'_>) -> bool {
    check.operands.iter().any(|operand| {
        operand
            .record_fields(place.access.asset)
            .any(|name| name == place.field.name)
    })
}

/// A constant, the time, the caller or what the path names: what says that something has happened, or for whom.
fn is_mark(field: &Field) -> bool {
    field.operator == "=" && is_sign(field)
}

fn is_sign(field: &Field) -> bool {
    !field.value.is_empty()
        && field.value.origins().iter().all(|origin| {
            matches!(
                origin,
                Origin::Literal(_)
                    | Origin::Clock
                    | Origin::Principal(_)
                    | Origin::Request(RequestPart::Path, _)
            ) || matches!(
                origin,
                Origin::Record {
                    of_principal: true,
                    ..
                }
            )
        })
}

/// A mark is put into a list, and nothing asks whether it was there already.
fn is_listed(place: &Place<'_>) -> bool {
    let asset = place.access.asset;
    let is_number = |value: &Provenance| value.record_fields(asset).any(|it| is_number_of(&it));
    place.field.operator == "push"
        && is_sign(place.field)
        && !place
            .entry
            .checks
            .iter()
            .any(|check| check.operands.iter().any(is_number))
}

/// The number of a record that the client sends.
fn names_somebody(field: &Field) -> bool {
    let is_number = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Body | RequestPart::Message, name)
            if name.ends_with("id") || name.ends_with("Id"))
    };
    field.operator == "=" && !field.value.is_empty() && field.value.origins().iter().all(is_number)
}

/// Holds if the check asks whether a value is there.
fn is_about_nothing(check: &Check) -> bool {
    let is_nothing = |operand: &Provenance| operand.literal().is_some_and(|text| text == "null");
    check.kind == CheckKind::Presence
        || (check.kind == CheckKind::Equality && check.operands.iter().any(is_nothing))
}

/// The handler raises something of worth besides, which is what makes a second pass worth having.
fn gives_something(place: &Place<'_>) -> bool {
    let own = (place.access.asset, place.field.name);
    place
        .gifts
        .iter()
        .any(|gift| *gift != own && !is_measured_by_mark(place, *gift))
}

/// Holds if the same write sets the gift to what the record says that it has come to since the mark, as a bucket fills with
/// time: whoever comes at the same moment sets it to the same.
fn is_measured_by_mark(place: &Place<'_>, (asset, name): (Ustr, Ustr)) -> bool {
    let mut written = written_fields(place.entry).filter(|(effect, access, field)| {
        access.asset == asset && field.name == name && effect.span == place.effect.span
    });
    let is_measured = |field: &Field| {
        field.operator == "="
            && field.value.origins().contains(&Origin::Clock)
            && field
                .value
                .record_fields(asset)
                .any(|read| read == place.field.name)
    };
    asset == place.access.asset && written.any(|(_, _, field)| is_measured(field))
}

/// The fields of worth that the handler raises.
fn gifts(map: &Map, entry: &EntryPoint) -> Vec<(Ustr, Ustr)> {
    let mut gifts: Vec<(Ustr, Ustr)> = written_fields(entry)
        .filter(|(_, access, field)| {
            let is_extended = field.value.origins().contains(&Origin::Clock)
                && field
                    .value
                    .record_fields(access.asset)
                    .any(|name| name == field.name);
            access.operation == Operation::Update
                && (is_counted(access, field) && is_money(map, access.asset, field.name)
                    || is_extended)
        })
        .filter(|(effect, ..)| !is_won(entry, effect))
        .map(|(_, access, field)| (access.asset, field.name))
        .collect();
    gifts.sort();
    gifts.dedup();
    gifts
}

/// Holds if it happens only where a change before it, made only if its key still matches, has changed something: of
/// requests at the same time one has changed it.
fn is_won(entry: &EntryPoint, gift: &Effect) -> bool {
    let asks_for_number = |check: &&Check| {
        let mut origins = check.operand_origins();
        origins.any(|it| matches!(it, Origin::Record { field, .. } if is_number_of(field)))
    };
    // Few checks ask how much was changed, and many changes may stand before a gift.
    let asked: Vec<&Check> = entry.checks_of(gift).filter(asks_for_number).collect();
    !asked.is_empty()
        && query::handler_accesses(entry)
            .take_while(|(effect, _)| !std::ptr::eq(*effect, gift))
            .filter(|(_, access)| access.is_conditional && access.operation.is_write())
            .any(|(effect, access)| {
                asked.iter().any(|check| {
                    let is_later = || !entry.checks_of(effect).any(|it| it.span == check.span);
                    let mut operands = check.operands.iter();
                    operands.any(|it| it.record_fields(access.asset).any(|it| is_number_of(&it)))
                        && is_later()
                })
            })
}

fn report(place: &Place<'_>, decided: firedoor_source::Span, words: &str, findings: &mut Findings) {
    let Place {
        entry,
        effect,
        access,
        field,
        ..
    } = place;
    findings
        .at_entry(entry)
        .span(effect.span)
        .symbol(&format!("{}.{}", access.asset, field.name))
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` checks `{}` of {} and changes it apart",
            entry.id(),
            field.name,
            access.asset
        ))
        .message(
            "Requests at the same time all see the old value and pass the check: the update has no condition, and no transaction or lock holds them apart.",
        )
        .because("checked", decided, words.to_owned())
        .because("changed", effect.span, "it is changed here")
        .because("reached", entry.registered, "the entry point")
        .report();
}

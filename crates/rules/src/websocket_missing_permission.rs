//! Finds messages that act on a record or room with no check that other entry points make.

use std::cell::OnceCell;

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, LayerKind, Map,
    Operation, Origin, Provenance, RequestPart, RoomKind, lookups, ownership, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::demands::Demands;
use crate::foreign_author::foreign_author;
use crate::held_by_others::unheld;
use crate::held_whole::{compares_whole, follows, is_of_callers_whole};
use crate::message_rank::report_lower_rank;
use crate::named_besides::names_another;
use crate::open_by_word::is_open_by_its_word;
use crate::rank_within::unranked;
use crate::rooms_at_will::{is_of_connection, joins_at_will};
use crate::rooms_unasked::joins_unasked;
use crate::socket::{
    asks, asks_about, asks_elsewhere, broadcast, entries, is_asked, is_looked_for, is_memory,
    is_named_by_client, is_of_a_list, is_of_room, is_open_over_http, siblings,
};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-missing-permission",
    class: "websocket-auth",
    summary: "a message acts on what the caller has no right to",
    severity: Severity::High,
    cwe: &["CWE-862"],
    remediation: "Ask for the same membership, role or owner as the HTTP entry point, best with the same function.",
    page: include_str!("../fixtures/websocket-missing-permission/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let reading = OnceCell::new();
    for entry in entries(map) {
        let is_known = entry.verdict(Control::Authentication).refuses();
        if !is_known {
            continue;
        }
        if entry.verdict(Control::Authorization).refuses() {
            // Who asks for the rank that all members have may still leave out whose the record is.
            if let Some((words, span, other, confidence)) = leaves_out_caller(map, entry)
                .or_else(|| joins_before(map, entry))
                .or_else(|| joins_unasked(map, entry))
                .or_else(|| leaves_out_owner(map, entry, &reading))
                .or_else(|| names_another(map, entry))
            {
                report(entry, &words, span, other, confidence, findings);
            } else if !report_lower_rank(map, entry, findings) {
                report_foreign(map, entry, findings);
            }
            continue;
        }
        if let Some((words, span, other, confidence)) = acts_on_others(map, entry)
            .or_else(|| joins_any_room(map, entry))
            .or_else(|| sends_to_any_room(map, entry))
            .or_else(|| asks_for_less(map, entry))
            .or_else(|| asks_no_rank(map, entry))
            .or_else(|| joins_at_will(map, entry))
            .or_else(|| joins_unasked(map, entry))
            .or_else(|| leaves_out_owner(map, entry, &reading))
            .or_else(|| names_another(map, entry))
        {
            report(entry, &words, span, other, confidence, findings);
        } else if !report_lower_rank(map, entry, findings) {
            report_foreign(map, entry, findings);
        }
    }
}

/// Whoever may write a message changes or deletes those of others.
fn report_foreign(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let Some(found) = foreign_author(map, entry) else {
        return;
    };
    let (asset, field) = (found.asset, found.field);
    findings
        .at_entry(entry)
        .span(found.effect.span)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` changes any {asset}, whoever wrote it",
            entry.id()
        ))
        .message(format!(
            "The message names the {asset}, and {field} is not held against the caller{}.",
            found.asked()
        ))
        .because("made", found.made.span, "who writes one is noted here")
        .report();
}

/// What is done, where, who asks before the same, and how sure that is.
pub(crate) type Found<'m> = (String, Span, &'m EntryPoint, Confidence);

/// A record that the message names is changed or told, with nothing that asks whose it is.
fn acts_on_others<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Found<'m>> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_named = access
            .key
            .iter()
            .chain(
                access
                    .values
                    .iter()
                    .filter(|_| access.operation == Operation::Create),
            )
            .any(|field| names_any(&field.value) && is_reference(map, access.asset, &field.name));
        let is_seen = access.operation.is_write() || is_told(entry, access.asset);
        let is_telling = is_seen || (access.operation == Operation::Read && only_reads(entry));
        // Of a record that is read for nothing but the question whose it is, nothing is told.
        let is_question = !is_seen && compares_record(entry, access);
        if !is_named
            || !is_telling
            || is_question
            || is_count(access)
            || is_joining(map, access)
            || is_bookkeeping(map, access)
            || query::is_voucher(map, access.asset)
            || is_cleared(map, entry, effect, access)
            || is_asked(entry, effect, access)
            || is_open_over_http(map, effect, access)
            || is_open_by_its_word(map, entry, effect, access)
        {
            return None;
        }
        let other = asks_elsewhere(map, entry, access.asset, access.operation)
            .or_else(|| asks_to_read(map, entry, access))?;
        let verb = match access.operation.is_write() {
            true => "changes",
            false => "reads",
        };
        Some((
            format!("{verb} {}", access.asset),
            effect.span,
            other,
            match is_seen {
                true => Confidence::High,
                false => Confidence::Medium,
            },
        ))
    })
}

/// The message says which is meant, and not one out of a list that the program has.
fn names_any(value: &Provenance) -> bool {
    is_named_by_client(value) && !is_of_a_list(value)
}

/// A process keeps its own connections by the name of a room: whoever is found there is told nothing by that, and
/// nothing that the client has said is kept.
fn is_bookkeeping(map: &Map, access: &Access) -> bool {
    let is_kept = match access.operation {
        Operation::Read => true,
        Operation::Create => !access
            .values
            .iter()
            .any(|field| field.value.is_from_client()),
        _ => false,
    };
    is_kept && is_memory(map, access.asset)
}

/// What a process keeps under a name is taken away where nothing is left in it.
fn is_cleared(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    access.operation == Operation::Delete
        && is_memory(map, access.asset)
        && entry.checks_of(effect).any(|check| {
            let mut fields = check
                .operands
                .iter()
                .flat_map(|operand| operand.record_fields(access.asset));
            // `size === 0` asks the same as `!size`.
            let is_nothing = |it: &Provenance| it.literal().is_some_and(|text| text == "0");
            let asks_for_nothing = match check.kind {
                CheckKind::Presence => !check.outcome,
                CheckKind::Equality => check.outcome && check.operands.iter().any(is_nothing),
                _ => false,
            };
            asks_for_nothing
                && fields.any(|field| field.is_empty() || field == "size" || field == "length")
        })
}

/// Holds if nothing but reading is seen of the message: an answer goes ways that are not followed, such as a queue.
fn only_reads(entry: &EntryPoint) -> bool {
    entry
        .effects
        .iter()
        .filter(|effect| effect.layer.is_none())
        .all(|effect| match &effect.kind {
            EffectKind::Access(access) => !access.operation.is_write(),
            EffectKind::Respond { is_error, .. } => *is_error,
            EffectKind::Room(..) | EffectKind::Send { .. } | EffectKind::Issue(_) => false,
            _ => true,
        })
}

/// A record that says no more than who is in which group is how people come in.
fn is_joining(map: &Map, access: &Access) -> bool {
    access.operation == Operation::Create
        && access
            .values
            .iter()
            .any(|field| query::is_principal(&field.value))
        && access
            .values
            .iter()
            .all(|field| is_reference(map, access.asset, &field.name))
}

/// What is written for a group that only its members may read is theirs to write.
fn asks_to_read<'m>(map: &'m Map, entry: &EntryPoint, access: &Access) -> Option<&'m EntryPoint> {
    let groups: Vec<Ustr> = access
        .values
        .iter()
        .filter(|field| {
            is_named_by_client(&field.value) && is_reference(map, access.asset, &field.name)
        })
        .map(|field| field.name)
        .collect();
    map.entry_points
        .iter()
        .filter(|other| !std::ptr::eq(*other, entry) && asks(other))
        .find(|other| {
            ownership::usages(other).any(|usage| {
                usage.kind == ownership::Use::Tell
                    && usage.access.asset == access.asset
                    && usage.is_scoped
                    && usage.access.key.iter().any(|field| {
                        groups.contains(&field.name) && ownership::is_clients_choice(&field.value)
                    })
            })
        })
}

/// Holds if the field says which record is meant, not what is written in it: it is declared as a reference, is called
/// like one or like another asset, or names a room.
pub(crate) fn is_reference(map: &Map, asset: Ustr, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_declared = || {
        let field = map.asset(asset).and_then(|found| found.field(name));
        field.is_some_and(|field| field.refers_to.is_some())
    };
    let is_asset = || {
        map.assets
            .iter()
            .any(|it| it.name.eq_ignore_ascii_case(name))
    };
    matches!(lower.as_str(), "id" | "_id" | "key" | "room" | "channel")
        || lower.ends_with("_id")
        || name.ends_with("Id")
        || is_declared()
        || is_asset()
}

/// Rooms that a layer has put the caller in when he came tell nothing of what he asks for.
fn is_told(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_in_room = |it: &Effect| it.layer.is_none() && matches!(it.kind, EffectKind::Room(..));
    let mut effects = entry.effects.iter();
    effects.any(|it| query::tells(it, asset) || is_in_room(it))
}

/// A room that the message names is joined, while other entry points ask before they act under that name.
fn joins_any_room<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Found<'m>> {
    entry.effects.iter().find_map(|effect| {
        let EffectKind::Room(RoomKind::Join, key) = &effect.kind else {
            return None;
        };
        let is_open = names_any(key)
            && !query::is_principal(key)
            && !is_of_connection(map, entry, effect)
            && !entry.checks_of(effect).any(|check| asks_about(check, key));
        let name = is_open.then(|| named(key))??;
        // To join is to listen: where everybody may read what the room is called after, nothing is kept back.
        if is_read_by_all(map, name) || takes_place(map, entry, key) {
            return None;
        }
        let other = map
            .entry_points
            .iter()
            .find(|other| !std::ptr::eq(*other, entry) && asks(other) && acts_under(other, name))?;
        Some((
            "joins any room".to_owned(),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// Something is sent to a room that the message names, with nothing that asks whether the caller is in it, while other
/// messages of the same socket that send there ask before.
fn sends_to_any_room<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Found<'m>> {
    entry.effects.iter().find_map(|effect| {
        let key = broadcast(effect)?;
        let is_about_room = |check: &Check| {
            let operands = || check.operands.iter().flat_map(|it| it.origins());
            // That a room is named at all, and has the right form, is no question of whose it is.
            let is_word = |it: &Origin| it.is_from_client() || matches!(it, Origin::Literal(_));
            check.refusal.is_some()
                && operands().any(|it| it.is_from_client() && key.origins().contains(it))
                && !operands().all(is_word)
        };
        let is_open = names_any(key)
            && !query::is_principal(key)
            && !takes_place(map, entry, key)
            && !is_looked_for(entry, effect, key)
            && !entry
                .checks_of(effect)
                .any(|check| asks_about(check, key) || is_about_room(check));
        let name = is_open.then(|| named(key))??;
        let sends_there = |other: &&EntryPoint| {
            other.effects.iter().any(|effect| {
                let sent = broadcast(effect).and_then(named);
                sent.is_some_and(|sent| plain(&sent) == plain(&name))
                    && query::is_checked_by_principal(other, effect)
            })
        };
        let other = siblings(map, entry)
            .filter(|other| asks(other) && acts_under(other, name))
            .find(sends_there)?;
        Some((
            "sends to any room".to_owned(),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// Whoever joins becomes a member with the same message, as by the entry point that takes members in.
fn takes_place(map: &Map, entry: &EntryPoint, key: &Provenance) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        is_joining(map, access)
            && access
                .values
                .iter()
                .any(|field| is_of_room(&field.value, key))
    })
}

/// The room is joined first, and whether the caller may is asked afterwards: who is refused then stays in it.
fn joins_before<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Found<'m>> {
    let is_asked_within =
        query::guards(entry, Control::Authorization).all(|layer| layer.kind == LayerKind::Inline);
    let leaves = entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, EffectKind::Room(RoomKind::Leave, _)));
    let (words, span, other, confidence) = joins_any_room(map, entry)?;
    let is_first = entry
        .effects
        .iter()
        .filter(|effect| effect.span == span)
        .all(|effect| !query::is_checked_by_principal(entry, effect));
    (is_asked_within && !leaves && is_first).then_some((words, span, other, confidence))
}

/// Holds if a record is changed that the message names, and that nothing holds against the caller.
fn changes_any(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_named = |field: &firedoor_app::Field| {
        is_named_by_client(&field.value) && is_reference(map, access.asset, &field.name)
    };
    let mut keys = access.key.iter();
    matches!(access.operation, Operation::Update | Operation::Delete)
        && access.key.iter().any(is_named)
        && !is_cleared(map, entry, effect, access)
        && !keys.any(|field| query::is_principal(&field.value))
        && !compares_record(entry, access)
        && !compares_whole(entry, access)
        && !is_of_callers_whole(entry, effect, access)
        && !follows(entry, effect, access)
}

/// A record is changed after a check of membership, where others also compare the record with the caller or
/// ask for a role.
fn asks_for_less<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Found<'m>> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !changes_any(map, entry, effect, access) {
            return None;
        }
        let other = map.entry_points.iter().find(|other| {
            !std::ptr::eq(*other, entry)
                && query::handler_accesses(other)
                    .any(|(_, found)| found.asset == access.asset && is_the_same(found, access))
                && (compares_record(other, access)
                    || is_found_by_caller(other, access)
                    || other.verdict(Control::Authorization).refuses())
        })?;
        Some((
            format!("changes {}", access.asset),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// Every member does what others do only with a rank in the group.
fn asks_no_rank<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Found<'m>> {
    let found = unranked(map, entry)?;
    Some((
        format!("changes {}", found.access.asset),
        found.effect.span,
        found.other,
        Confidence::Medium,
    ))
}

/// Another entry point that asks for no lower rank finds the record by the caller too, and this one does not.
fn leaves_out_caller<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Found<'m>> {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !changes_any(map, entry, effect, access) {
            return None;
        }
        let own = Demands::of(entry, effect, &accounts);
        let other = map.entry_points.iter().find(|other| {
            !std::ptr::eq(*other, entry)
                && query::handler_accesses(other).any(|(effect, found)| {
                    is_by_caller(found, access)
                        && own.are_met_by(&Demands::of(other, effect, &accounts))
                })
        })?;
        Some((
            format!("changes {}", access.asset),
            effect.span,
            other,
            Confidence::Medium,
        ))
    })
}

/// All others that change the same hold the record against the caller, and this one asks for no rank that does instead.
fn leaves_out_owner<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
    reading: &OnceCell<Vec<Ustr>>,
) -> Option<Found<'m>> {
    let (effect, access, other) = unheld(map, entry, reading)?;
    Some((
        format!("changes {}", access.asset),
        effect.span,
        other,
        Confidence::Medium,
    ))
}

/// Holds if the other finds the record by its own number and by the caller.
fn is_found_by_caller(other: &EntryPoint, own: &Access) -> bool {
    query::handler_accesses(other).any(|(_, found)| is_by_caller(found, own))
}

fn is_by_caller(found: &Access, own: &Access) -> bool {
    let mut keys = found.key.iter();
    found.asset == own.asset
        && is_the_same(found, own)
        && found.key.len() > 1
        && keys.any(|field| query::is_principal(&field.value) && !field.value.is_from_client())
}

/// Holds if both remove the record, or write a field in common.
pub(crate) fn is_the_same(other: &Access, own: &Access) -> bool {
    let shares = || {
        own.values
            .iter()
            .any(|field| other.values.iter().any(|found| found.name == field.name))
    };
    !is_count(own)
        && other.operation == own.operation
        && (own.operation == Operation::Delete || shares())
}

/// Whoever comes or goes changes a count, and needs no right to the record.
pub(crate) fn is_count(access: &Access) -> bool {
    let is_counted = |field: &firedoor_app::Field| matches!(field.operator, "+=" | "-=");
    !access.values.is_empty() && access.values.iter().all(is_counted)
}

/// Holds if a field of the record, of what is found by the same part of the message, or a role beside it, decides
/// whether the caller is refused.
fn compares_record(entry: &EntryPoint, access: &Access) -> bool {
    let origins_of = |key: &[firedoor_app::Field]| -> Vec<Origin> {
        let origins = key.iter().flat_map(|field| field.value.origins());
        origins.filter(|it| it.is_from_client()).cloned().collect()
    };
    let sent = origins_of(&access.key);
    let found = query::accesses(entry).filter(|(_, other)| {
        other.operation == Operation::Read
            && origins_of(&other.key).iter().any(|it| sent.contains(it))
    });
    let assets: Vec<Ustr> = found
        .map(|(_, other)| other.asset)
        .chain([access.asset])
        .collect();
    entry.checks.iter().any(|check| {
        let provenance = check.provenance();
        let is_told = |asset: &Ustr| provenance.record_fields(*asset).any(|it| !it.is_empty());
        check.refusal.is_some() && query::is_principal(&provenance) && assets.iter().any(is_told)
    })
}

fn named(key: &Provenance) -> Option<Ustr> {
    key.origins().iter().find_map(|origin| match origin {
        Origin::Request(RequestPart::Message | RequestPart::Path, name) if !name.is_empty() => {
            Some(*name)
        }
        _ => None,
    })
}

/// The last part of a name, as it is written everywhere.
pub(crate) fn plain(text: &str) -> String {
    let last = text.rsplit('.').next().unwrap_or(text);
    last.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
        .trim_end_matches("id")
        .to_owned()
}

/// Holds if an entry point tells every user who names one the records that are called so.
fn is_read_by_all(map: &Map, name: Ustr) -> bool {
    let wanted = plain(&name);
    let is_told = |entry: &EntryPoint| {
        query::handler_accesses(entry).any(|(_, access)| {
            access.operation == Operation::Read
                && plain(&access.asset) == wanted
                && access.key.iter().any(|field| field.value.is_from_client())
                && entry
                    .effects
                    .iter()
                    .any(|effect| query::tells(effect, access.asset))
        })
    };
    map.entry_points
        .iter()
        .filter(|entry| entry.verdict(Control::Authentication).refuses() && !asks(entry))
        .any(|entry| query::is_reading(entry) && is_told(entry))
}

/// Holds if the entry point looks something up by a request's field or a record's of that name, or a record that is
/// called so by its number.
fn acts_under(entry: &EntryPoint, name: Ustr) -> bool {
    let wanted = plain(&name);
    let is_number = |access: &Access, field: &Field| {
        lookups::is_identifier(&field.name)
            && plain(&access.asset) == wanted
            && is_named_by_client(&field.value)
    };
    !wanted.is_empty()
        && query::accesses(entry).any(|(_, access)| {
            let mut key = access.key.iter();
            key.any(|field| plain(&field.name) == wanted || is_number(access, field))
        })
}

fn report(
    entry: &EntryPoint,
    words: &str,
    span: Span,
    other: &EntryPoint,
    confidence: Confidence,
    findings: &mut Findings,
) {
    let control = match other.verdict(Control::Authorization).refuses() {
        true => Control::Authorization,
        false => Control::Ownership,
    };
    let asked = match std::ptr::eq(entry, other) {
        true => "for the rest that it does somebody asks".to_owned(),
        false => format!("`{}` asks", other.id()),
    };
    let mut finding = findings
        .at_entry(entry)
        .span(span)
        .confidence(confidence)
        .title(format!("`{}` {words} for whoever is logged in", entry.id()))
        .message(format!(
            "The message names what is meant, and nothing asks whether the caller may; {asked}."
        ))
        .because("effect", span, format!("{words} here"));
    if let Some(guard) = query::guards(other, control).next() {
        finding = finding.because(
            "compared-with",
            guard.mounted,
            format!("`{}` asks here", other.id()),
        );
    }
    finding.report();
}

//! Changes that any member of a group makes, where others ask for a rank in it: shared by the rules about missing roles
//! and about messages.
//!
//! Both ways look for the record that says that the caller belongs to the group, and one looks at the rank in it too.
//! They are compared only where they come to the same statement, or take the same field from the client.

use firedoor_app::{
    Access, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Verdict, query,
    sessions,
};
use ustr::Ustr;

use crate::privileged::is_rank_name;
use crate::{Confidence, Findings};

/// A change for which no rank is asked.
pub struct Unranked<'m> {
    /// The change.
    pub effect: &'m Effect,
    /// What is changed.
    pub access: &'m Access,
    /// An entry point that asks for a rank before it does the same.
    pub other: &'m EntryPoint,
}

/// Returns the first such change of an entry point.
pub fn unranked<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Unranked<'m>> {
    let is_for_known = entry.verdict(Control::Authentication).refuses()
        && entry.verdict(Control::Authorization) == Verdict::Absent
        && entry.public_because.is_none();
    if !is_for_known {
        return None;
    }
    let groups = memberships(map, entry);
    if groups.is_empty() || asks_rank(entry, &groups) {
        return None;
    }
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !is_change(access)
            || is_of_caller(access, &groups)
            || access
                .key
                .iter()
                .any(|key| names_caller(entry, &groups, key))
            || is_held_against_caller(entry, effect, access)
        {
            return None;
        }
        // The other comes to the same statement.
        let is_at = |place: &Effect, found: &Access| {
            place.span == effect.span && found.operation == access.operation
        };
        let mut others: Vec<&EntryPoint> = Vec::new();
        let mut is_same_place = false;
        for (other, place, found) in query::accesses_of_asset(map, access.asset) {
            let is_here = is_at(place, found);
            if std::ptr::eq(other, entry) || !(is_here || is_like(found, access)) {
                continue;
            }
            is_same_place |= is_here;
            if others.last().is_none_or(|last| !std::ptr::eq(*last, other)) {
                others.push(other);
            }
        }
        let other = others.first().copied()?;
        let are_alike = is_same_place || others.len() > 1;
        let all_ask = are_alike && others.iter().all(|other| asks_rank(other, &groups));
        all_ask.then_some(Unranked {
            effect,
            access,
            other,
        })
    })
}

/// Reports it for an entry point over HTTP.
pub fn report(entry: &EntryPoint, found: &Unranked<'_>, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol("rank")
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` changes {} for every member and asks for no role",
            entry.id(),
            found.access.asset
        ))
        .message(format!(
            "Whoever belongs to the group gets through; `{}` and all others that change the same ask for a role in it.",
            found.other.id()
        ))
        .because("effect", found.effect.span, "this is what needs a role")
        .because(
            "compared-with",
            found.other.registered,
            format!("`{}` asks for a role", found.other.id()),
        )
        .report();
}

/// The assets whose records say that the caller belongs to something: without one he is refused.
fn memberships(map: &Map, entry: &EntryPoint) -> Vec<Ustr> {
    let accounts = query::account_assets(map);
    let sessions = sessions::session_assets(map);
    let mut found: Vec<Ustr> = entry
        .checks
        .iter()
        .filter(|check| check.refusal.is_some() && check.kind == CheckKind::Presence)
        .filter(|check| check.outcome)
        .flat_map(|check| check.operands.iter().flat_map(|it| it.origins()))
        .filter_map(|origin| match origin {
            Origin::Record {
                asset,
                field,
                of_principal: true,
            } if field.is_empty() => Some(*asset),
            _ => None,
        })
        .filter(|asset| !accounts.contains(asset) && !sessions.contains(asset))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Holds if a check that refuses looks at the rank in such a record.
fn asks_rank(entry: &EntryPoint, groups: &[Ustr]) -> bool {
    let is_rank = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, of_principal: true }
            if groups.contains(asset) && is_rank_name(field))
    };
    entry.checks.iter().any(|check| {
        let mut examined = check.operands.iter().flat_map(|it| it.origins());
        check.refusal.is_some() && examined.any(is_rank)
    })
}

/// What the client says is stored, or something is deleted.
fn is_change(access: &Access) -> bool {
    access.operation == Operation::Delete
        || access.operation.is_write() && sent(access).next().is_some()
}

fn sent(access: &Access) -> impl Iterator<Item = &Field> {
    let values = access.values.iter();
    values.filter(|field| field.operator == "=" && field.value.is_from_client())
}

/// The record is found by the caller himself, and not by the group that he belongs to.
fn is_of_caller(access: &Access, groups: &[Ustr]) -> bool {
    let mut origins = access.key.iter().flat_map(|field| field.value.origins());
    origins.any(|origin| match origin {
        Origin::Principal(_) => true,
        Origin::Record {
            asset,
            of_principal: true,
            ..
        } => !groups.contains(asset) && *asset != access.asset,
        _ => false,
    })
}

/// The membership says who the caller is, too: it was found by that field.
fn names_caller(entry: &EntryPoint, groups: &[Ustr], key: &Field) -> bool {
    names_by(entry, key, &|asset| groups.contains(&asset))
}

/// Holds if the key is the caller himself, as he is known or as a record says that was found by him: the member, and not
/// what he is a member of.
pub(crate) fn names_member(map: &Map, entry: &EntryPoint, access: &Access, key: &Field) -> bool {
    let is_known = |origin: &Origin| matches!(origin, Origin::Principal(_));
    let is_caller = key.value.origins().iter().any(is_known) && !key.value.is_from_client();
    (is_caller || names_by(entry, key, &|_| true)) && !names_group(map, access.asset, key.name)
}

/// Holds if a field refers to something that is no account, by what is declared or by what it is called.
fn names_group(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let accounts = query::account_assets(map);
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase().replace('_', "");
        text.trim_end_matches("id").trim_end_matches('s').to_owned()
    };
    let declared = map.asset(asset).and_then(|it| it.field(&field)?.refers_to);
    match declared {
        Some(target) => !accounts.contains(&target),
        None => map.assets.iter().any(|it| {
            !accounts.contains(&it.name) && it.name != asset && plain(&it.name) == plain(&field)
        }),
    }
}

fn names_by(entry: &EntryPoint, key: &Field, is_group: &dyn Fn(Ustr) -> bool) -> bool {
    let is_by = |(asset, name): (Ustr, Ustr)| {
        let found = query::accesses(entry).filter(|(_, access)| access.asset == asset);
        let mut keys = found.flat_map(|(_, access)| &access.key);
        keys.any(|it| {
            it.name == name
                && it.operator == "="
                && query::is_principal(&it.value)
                && !it.value.is_from_client()
        })
    };
    let is_his = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => is_group(*asset) && is_by((*asset, *field)),
        _ => false,
    };
    let mut origins = key.value.origins().iter();
    key.operator == "=" && !key.value.is_empty() && origins.all(is_his)
}

/// Whose the record is was asked.
pub(crate) fn is_held_against_caller(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    entry.checks_of(effect).any(|check| {
        let all = check.provenance();
        check.kind == CheckKind::Equality
            && query::is_principal(&all)
            && all.record_fields(access.asset).any(|it| !it.is_empty())
    })
}

/// The other takes one of the fields from the client too, or deletes such a record too.
fn is_like(found: &Access, own: &Access) -> bool {
    let shares = || sent(found).any(|field| sent(own).any(|it| it.name == field.name));
    match own.operation {
        Operation::Update => found.operation.is_write() && shares(),
        Operation::Delete => found.operation == Operation::Delete,
        _ => false,
    }
}

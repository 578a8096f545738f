//! Records that are made to refer to something of another owner: part of the rule `object-without-owner-check`.
//!
//! A foreign key only asks that the record is there. Whoever puts the number of another's record into one of his own
//! is shown the other's wherever the two are told together.

use firedoor_app::lookups::is_identifier;
use firedoor_app::ownership::{
    Usage, all_usages, answers_with, is_clients_choice, is_shared, knows_caller, ties,
};
use firedoor_app::{
    Access, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance, counting, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::unowned::is_told_to_strangers;

/// How many entry points have to ask whose the other record is.
const FEWEST: usize = 2;

/// A record of the caller's that refers to what the client names.
pub struct ForeignReference<'m> {
    /// Where.
    pub entry: &'m EntryPoint,
    /// The making or change, as an effect.
    pub effect: &'m Effect,
    /// The making or change.
    pub access: &'m Access,
    /// The field that refers.
    pub field: &'m Field,
    /// The asset that it refers to.
    pub target: Ustr,
    /// An entry point that asks whose such a record is, with the place.
    pub asked: (&'m EntryPoint, Span),
    /// An entry point that tells what is referred to, with the place.
    pub told: (&'m EntryPoint, Span),
}

/// Returns the records that are made to refer to what may be another's.
pub fn foreign_references(map: &Map) -> Vec<ForeignReference<'_>> {
    let mut found = Vec::new();
    let usages = all_usages(map);
    let knowing = map
        .entry_points
        .iter()
        .filter(|entry| entry.verdict(Control::Authentication).refuses() && knows_caller(entry));
    for entry in knowing {
        for (effect, access) in query::handler_accesses(entry) {
            let is_put = matches!(access.operation, Operation::Create | Operation::Update);
            if !is_put || counting::tallies(map).contains(&access.asset) {
                continue;
            }
            found.extend(reference_in(map, &usages, (entry, effect, access)));
        }
    }
    found
}

fn reference_in<'m>(
    map: &'m Map,
    usages: &[Usage<'m>],
    (entry, effect, access): (&'m EntryPoint, &'m Effect, &'m Access),
) -> Option<ForeignReference<'m>> {
    let ties = ties(entry, effect);
    let open = access.values.iter().filter(|field| {
        field.operator == "=" && is_chosen(access, field) && !ties.touches(&field.value)
    });
    for field in open {
        let Some(target) = referred(map, access.asset, field.name) else {
            continue;
        };
        let is_common = target == access.asset
            || query::account_assets(map).contains(&target)
            || is_shared(map, target)
            || is_told_to_strangers(map, target);
        // What is read along with it afterwards is shown, and asks for nothing.
        let mut before =
            query::accesses(entry).take_while(|(other, _)| !std::ptr::eq(*other, effect));
        let is_looked_up = before.any(|(_, other)| {
            other.asset == target && other.key.iter().any(|it| shares(&it.value, &field.value))
        });
        if is_common || is_looked_up || !has_same_owner(map, &ties, access, field, target) {
            continue;
        }
        if let Some(asked) = asked_for(usages, entry, target)
            && let Some(told) = told_together(map, access.asset, field.name, target)
        {
            return Some(ForeignReference {
                entry,
                effect,
                access,
                field,
                target,
                asked,
                told,
            });
        }
    }
    None
}

/// What the client sends, or what stands there already where it sends nothing.
fn is_chosen(access: &Access, field: &Field) -> bool {
    let is_old = |origin: &&Origin| {
        matches!(origin, Origin::Record { asset, field: name, .. }
            if *asset == access.asset && *name == field.name)
    };
    let origins = field.value.origins().iter();
    let new = Provenance::new(origins.filter(|it| !is_old(it)).cloned());
    is_clients_choice(&new)
}

fn referred(map: &Map, asset: Ustr, field: Ustr) -> Option<Ustr> {
    map.asset(asset)?.field(&field)?.refers_to
}

fn shares(one: &firedoor_app::Provenance, other: &firedoor_app::Provenance) -> bool {
    let mut sent = other.origins().iter().filter(|it| it.is_from_client());
    sent.any(|it| one.origins().contains(it))
}

/// Holds if the record belongs to something that the caller is tied to, or to himself, and what it refers to belongs
/// to something of that kind too.
fn has_same_owner(
    map: &Map,
    ties: &firedoor_app::ownership::Ties,
    access: &Access,
    field: &Field,
    target: Ustr,
) -> bool {
    let Some(declared) = map.asset(target) else {
        return false;
    };
    let owners: Vec<Ustr> = declared
        .fields
        .iter()
        .filter_map(|it| it.refers_to)
        .collect();
    let mut said = access.values.iter().chain(&access.key);
    said.any(|it| {
        it.name != field.name
            && it.operator == "="
            && referred(map, access.asset, it.name).is_some_and(|owner| owners.contains(&owner))
            && (query::is_principal(&it.value) || ties.touches(&it.value))
    })
}

/// Returns where others ask whose the record is that they find by what the client sends, if all do.
fn asked_for<'m>(
    usages: &[Usage<'m>],
    entry: &EntryPoint,
    target: Ustr,
) -> Option<(&'m EntryPoint, Span)> {
    let is_named = |usage: &Usage<'_>| {
        let mut key = usage.access.key.iter();
        key.any(|field| is_identifier(&field.name) && is_clients_choice(&field.value))
    };
    let mut places: Vec<(&EntryPoint, Span)> = Vec::new();
    for usage in usages {
        let is_one =
            usage.access.asset == target && !std::ptr::eq(usage.entry, entry) && is_named(usage);
        if !is_one {
            continue;
        }
        if !usage.is_scoped {
            return None;
        }
        if !places
            .iter()
            .any(|(other, _)| std::ptr::eq(*other, usage.entry))
        {
            places.push((usage.entry, usage.effect.span));
        }
    }
    (places.len() >= FEWEST).then(|| places.first().copied())?
}

/// Returns where the record is told that the field of another refers to.
fn told_together(map: &Map, asset: Ustr, field: Ustr, target: Ustr) -> Option<(&EntryPoint, Span)> {
    let refers = |key: &Field| {
        key.operator == "="
            && key.value.origins().iter().any(|origin| {
                matches!(origin, Origin::Record { asset: from, field: by, .. }
                    if *from == asset && *by == field)
            })
    };
    map.entry_points.iter().find_map(|entry| {
        let (effect, _) = query::handler_accesses(entry).find(|(_, access)| {
            access.asset == target
                && access.operation == Operation::Read
                && access.key.iter().any(refers)
        })?;
        let is_told = answers_with(entry, target).next().is_some();
        is_told.then_some((entry, effect.span))
    })
}

//! Records that are made in the name of whoever the client says, or below whatever it names: part of the rule
//! `object-without-owner-check`.

use firedoor_app::ownership::{
    Usage, all_usages, is_clients_choice, is_for_higher_rank, knows_caller, ties,
};
use firedoor_app::{
    Access, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance, RequestPart,
    counting, query, user_control,
};
use firedoor_source::Span;

use crate::Confidence;

/// A new record that somebody else may be given.
pub struct MadeForOthers<'m> {
    /// Where.
    pub entry: &'m EntryPoint,
    /// The making, as an effect.
    pub effect: &'m Effect,
    /// The making.
    pub access: &'m Access,
    /// The field that says whose it is, or what it belongs to.
    pub field: &'m Field,
    /// An entry point that asks, with the place.
    pub example: (&'m EntryPoint, Span),
    /// Whether the field is the caller there; else the caller is held against it.
    pub is_owner: bool,
    /// How sure.
    pub confidence: Confidence,
}

/// A making of a record, as an effect.
type Making<'m> = (&'m EntryPoint, &'m Effect, &'m Access);

/// Returns the records that are made for others.
pub fn made_for_others(map: &Map) -> Vec<MadeForOthers<'_>> {
    let usages = all_usages(map);
    let tallies = counting::tallies(map);
    let makings: Vec<Making<'_>> = map
        .entry_points
        .iter()
        .filter(|entry| entry.verdict(Control::Authentication).refuses() && knows_caller(entry))
        .flat_map(|entry| {
            query::handler_accesses(entry)
                .filter(|(_, access)| access.operation == Operation::Create)
                .filter(|(_, access)| !tallies.contains(&access.asset))
                .map(move |(effect, access)| (entry, effect, access))
        })
        .collect();
    let mut found = Vec::new();
    for making @ (entry, effect, access) in &makings {
        let is_asked = is_asked_for_something(entry, effect);
        let example = access.values.iter().find_map(|field| {
            let is_open = field.operator == "="
                && is_clients_choice(&field.value)
                && !ties(entry, effect).touches(&field.value);
            if !is_open || is_asked && !is_put_elsewhere(entry, effect, access, field) {
                return None;
            }
            let of_owner = match is_asked || is_own_registration(map, entry, access) {
                true => None,
                false => owner_elsewhere(&makings, making, field),
            };
            let of_parent = || {
                let names = names_record(map, access, field);
                names.then(|| parent_asked_for(&usages, &makings, making, field))?
            };
            let is_owner = of_owner.is_some();
            Some((field, of_owner.or_else(of_parent)?, is_owner))
        });
        let Some((field, example, is_owner)) = example else {
            continue;
        };
        if is_for_higher_rank(entry, std::iter::once(example.0)) {
            continue;
        }
        let is_administrative = query::is_administrative_path(&entry.path);
        found.push(MadeForOthers {
            entry,
            effect,
            access,
            field,
            example,
            is_owner,
            confidence: match is_administrative {
                true => Confidence::Low,
                false => Confidence::Medium,
            },
        });
    }
    found
}

/// Holds if the field says which record this one belongs to: it is declared so, or called after one or after an id.
fn names_record(map: &Map, access: &Access, field: &Field) -> bool {
    let declared = map.asset(access.asset);
    let refers = declared
        .and_then(|asset| asset.field(&field.name))
        .is_some_and(|field| field.refers_to.is_some());
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|it| it.to_ascii_lowercase()).collect();
        name.trim_end_matches('s').to_owned()
    };
    let name = plain(&field.name);
    let is_of = |end: &str| name.len() > end.len() && name.ends_with(end);
    refers
        || is_of("id")
        || is_of("slug")
        || map.assets.iter().any(|asset| plain(&asset.name) == name)
}

/// Holds if the caller was held against something, or asked what he may do: who adds others to what is his own gives
/// their names.
fn is_asked_for_something(entry: &EntryPoint, effect: &Effect) -> bool {
    entry.checks_of(effect).any(|check| {
        matches!(
            user_control(check),
            Some(Control::Ownership | Control::Authorization)
        )
    })
}

/// Holds if the caller was held against another value for the same field, by which he finds records of the same kind: he
/// may do something in the one group, and puts the new record into another.
fn is_put_elsewhere(entry: &EntryPoint, effect: &Effect, access: &Access, field: &Field) -> bool {
    let ties = ties(entry, effect);
    query::handler_accesses(entry).any(|(_, other)| {
        other.asset == access.asset
            && other.key.iter().any(|key| {
                key.name == field.name
                    && key.operator == "="
                    && key.value != field.value
                    && ties.touches(&key.value)
            })
    })
}

/// Holds if it is an account that is made here, or what goes with it, and whoever asked for it goes on with it: he chooses
/// how he is called, whoever he was before.
fn is_own_registration(map: &Map, entry: &EntryPoint, made: &Access) -> bool {
    let accounts = query::account_assets(map);
    let is_new = query::handler_accesses(entry).any(|(_, access)| {
        access.operation == Operation::Create && accounts.contains(&access.asset)
    });
    let names_it = |field: &Field| {
        let mut origins = field.value.origins().iter();
        origins.any(|it| matches!(it, Origin::Record { asset, .. } if accounts.contains(asset)))
    };
    let is_of_it = accounts.contains(&made.asset) || made.values.iter().any(names_it);
    is_new && is_of_it && query::opens_session(map, entry)
}

/// Returns where the caller stands in the field that the client fills here, if he stands in no other field here: who
/// gives work to another is named himself.
fn owner_elsewhere<'m>(
    makings: &[Making<'m>],
    (entry, _, access): &Making<'m>,
    field: &Field,
) -> Option<(&'m EntryPoint, Span)> {
    let mut others = makings
        .iter()
        .filter(|(other, _, made)| !std::ptr::eq(*other, *entry) && made.asset == access.asset);
    let named = |made: &'m Access| made.values.iter().find(|it| it.name == field.name);
    // Where others leave it to the client as well, it may be meant.
    let is_open_elsewhere = others
        .clone()
        .any(|(_, _, made)| named(made).is_some_and(|it| is_clients_choice(&it.value)));
    if is_open_elsewhere {
        return None;
    }
    others.find_map(|(other, effect, made)| {
        let owner = named(made).filter(|it| says_whose(made, it))?;
        // Who stands in the same field in both says whose both are: an invite of his names the group, and he the member.
        // That both are of his tenant says nothing of which of its people they belong to.
        let is_same = |it: &Field| {
            let mut beside = made.values.iter().filter(|other| other.name == it.name);
            it.name != field.name
                && is_number(&it.value)
                && beside.any(|other| shares_principal(&it.value, &other.value))
        };
        let is_named_too = access
            .values
            .iter()
            .any(|it| shares_principal(&it.value, &owner.value) || is_same(it));
        (!is_named_too).then_some((*other, effect.span))
    })
}

/// Holds if the field is the caller: what may be a fixed text instead is a name for something. Where his number stands
/// in the record as well, that says whose it is, and not how he is called.
fn says_whose(made: &Access, field: &Field) -> bool {
    let is_only_his = |value: &Provenance| {
        let mut origins = value.origins().iter();
        query::is_principal(value) && !origins.any(|it| matches!(it, Origin::Literal(_)))
    };
    let has_number = made.values.iter().any(|it| is_number(&it.value));
    is_only_his(&field.value) && (!has_number || is_number(&field.value))
}

/// Holds if it is the number of whoever is asking.
fn is_number(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        let name = match origin {
            Origin::Principal(name) | Origin::Request(RequestPart::Session, name) => name,
            Origin::Record {
                field,
                of_principal: true,
                ..
            } => field,
            Origin::Request(RequestPart::Context, _) => return true,
            _ => return false,
        };
        let last = name.rsplit('.').next().unwrap_or(name);
        last.ends_with("Id")
            || matches!(
                last.trim_start_matches('_'),
                "" | "id" | "pk" | "sub" | "uid"
            )
            || last.ends_with("_id")
    })
}

fn shares_principal(one: &Provenance, other: &Provenance) -> bool {
    query::is_principal(one)
        && one
            .origins()
            .iter()
            .any(|origin| other.origins().contains(origin) && is_callers(origin))
}

fn is_callers(origin: &Origin) -> bool {
    Provenance::new([origin.clone()]).is_of_principal()
}

/// Returns where the caller is held against what the record is made below. Who puts his own name to it may be meant
/// to: to join, to vote, to comment.
fn parent_asked_for<'m>(
    usages: &[Usage<'m>],
    makings: &[Making<'m>],
    (entry, _, access): &Making<'m>,
    field: &Field,
) -> Option<(&'m EntryPoint, Span)> {
    if access
        .values
        .iter()
        .any(|it| query::is_principal(&it.value))
    {
        return None;
    }
    let made = makings.iter().find(|(other, effect, made)| {
        !std::ptr::eq(*other, *entry)
            && made.asset == access.asset
            && made.values.iter().any(|it| {
                it.name == field.name
                    && is_clients_choice(&it.value)
                    && ties(other, effect).touches(&it.value)
            })
    });
    let used = || {
        usages.iter().find(|other| {
            !std::ptr::eq(other.entry, *entry)
                && other.is_scoped
                && other.access.asset == access.asset
                && other.access.key.iter().any(|it| {
                    it.name == field.name && it.operator == "=" && is_clients_choice(&it.value)
                })
        })
    };
    let made = made.map(|(other, effect, _)| (*other, effect.span));
    made.or_else(|| used().map(|other| (other.entry, other.effect.span)))
}

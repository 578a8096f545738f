//! Messages that change a record of a group for whoever has a rank in it, where all others that change the same also
//! hold the record against the caller: shared by the rule about messages.

use std::cell::OnceCell;

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin,
    Provenance, lookups, ownership, query, user_control,
};
use ustr::Ustr;

use crate::demands::{Demand, Demands, Level, Scale};
use crate::rank_within::names_member;
use crate::socket::is_named_by_client;
use crate::websocket_missing_permission::{is_count, is_the_same};

/// Returns the first such change of an entry point, with another that holds the record against the caller. The rights that
/// are for reading are worked out once for the map, and where they are needed only.
pub(crate) fn unheld<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
    reading: &OnceCell<Vec<Ustr>>,
) -> Option<(&'m Effect, &'m Access, &'m EntryPoint)> {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !is_change_of_named(map, entry, access) || is_compared(entry, access.asset) {
            return None;
        }
        let own = Demands::of(entry, effect, &accounts);
        let reading = match own.all.iter().any(|it| matches!(it.level, Level::Right(_))) {
            true => reading.get_or_init(|| Scale::of(map).reading),
            false => [].as_slice(),
        };
        let mut holding = None;
        let mut asking: Vec<&EntryPoint> = Vec::new();
        for (other, place, found) in query::accesses_of_asset(map, access.asset) {
            let is_like = is_the_same(found, access) && writes_alike(found, access);
            if own.is_unclear || std::ptr::eq(other, entry) || !is_like {
                continue;
            }
            let theirs = Demands::of(other, place, &accounts);
            let held = other
                .checks_of(place)
                .find(|check| check.refusal.is_some() && holds(check, access.asset));
            match held {
                Some(check) if is_more(&own, &theirs, check, access.asset) => {
                    holding = holding.or(Some(other));
                }
                None if !theirs.is_unclear && own.lack(&theirs, reading).is_some() => {
                    asking.push(other);
                }
                _ => return None,
            }
        }
        // That one other asks for a higher rank may be a choice; where several do, it is what the change needs.
        asking.dedup_by(|one, other| std::ptr::eq(*one, *other));
        let ranking = asking.first().copied().filter(|_| asking.len() > 1);
        holding.or(ranking).map(|other| (effect, access, other))
    })
}

/// One record is changed or removed that the client names, and no part of the key is the caller.
fn is_change_of_named(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_number = |field: &&Field| {
        field.operator == "="
            && lookups::is_identifier(&field.name)
            && is_named_by_client(&field.value)
    };
    let keys = ownership::key_of(entry, access);
    matches!(access.operation, Operation::Update | Operation::Delete)
        && !is_count(access)
        && keys.iter().any(is_number)
        && !keys.iter().any(|key| names_member(map, entry, access, key))
}

/// Two constants that differ are two things that are done, as to close something and to take note of it.
fn writes_alike(found: &Access, own: &Access) -> bool {
    let differs = |field: &Field| {
        let word = |value: &Provenance| value.literal().filter(|text| text != "null");
        let mut others = found.values.iter().filter(|it| it.name == field.name);
        word(&field.value)
            .is_some_and(|own| others.any(|it| word(&it.value).is_some_and(|theirs| theirs != own)))
    };
    own.operation == Operation::Delete || !own.values.iter().any(differs)
}

/// Holds if a check anywhere on the way compares a field of the record with the caller.
fn is_compared(entry: &EntryPoint, asset: Ustr) -> bool {
    let mut checks = entry.checks.iter();
    checks.any(|check| holds(check, asset))
}

/// Holds if a part of the check compares a field of the record, that is no group, with the caller.
fn holds(check: &Check, asset: Ustr) -> bool {
    let mut parts = check.parts().iter();
    parts.any(|part| compares(part, asset))
}

fn compares(part: &Check, asset: Ustr) -> bool {
    let [one, other] = part.operands.as_slice() else {
        return false;
    };
    let is_field = |value: &Provenance| {
        let mut fields = value.record_fields(asset);
        fields.any(|field| !field.is_empty())
    };
    let is_caller = |value: &Provenance| {
        query::is_principal(value) && value.record_fields(asset).next().is_none()
    };
    part.kind == CheckKind::Equality
        && (is_field(one) && is_caller(other) || is_field(other) && is_caller(one))
        && !is_same_field(one, other)
}

/// The group of the record against the group of the membership: `note.team_id` and `member.team_id`.
fn is_same_field(one: &Provenance, other: &Provenance) -> bool {
    let fields = |value: &Provenance| -> Vec<Ustr> {
        let origins = value.origins().iter();
        let fields = origins.filter_map(|origin| match origin {
            Origin::Record { field, .. } => Some(*field),
            _ => None,
        });
        fields.collect()
    };
    let (one, other) = (fields(one), fields(other));
    one.iter().any(|field| other.contains(field))
}

/// Holds if who passes there passes here too, and not the other way round: all that is asked here is asked there, or what
/// is asked here is less than the rank that does instead of being the one whose the record is.
fn is_more(own: &Demands, theirs: &Demands, check: &Check, asset: Ustr) -> bool {
    if !check.is_alternative {
        return own.are_met_by(theirs);
    }
    let mut ranks = check.parts().iter().filter(|part| !compares(part, asset));
    ranks.all(|part| {
        let asked = (user_control(part) == Some(Control::Authorization))
            .then(|| Demand::of_part(part))
            .flatten();
        asked.is_some_and(|asked| own.fall_short_of(&asked))
    })
}

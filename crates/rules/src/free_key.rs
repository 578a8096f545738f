//! Limiters whose key is a field that the client fills as it likes: a part of the rule about keys that clients choose.

use firedoor_app::{
    Access, ComparisonKind, Effect, EntryPoint, Map, Origin, Provenance, RequestPart, Throttle,
    counting, query,
};
use ustr::Ustr;

use crate::throttle::{counting_key, counts_attempts};

/// Returns the field of the request under which the limiter counts, if whoever guesses a password or code may fill it
/// as he likes: nothing is looked up, compared or kept by it. A name that is guessed at stays the same.
pub fn free_field(map: &Map, entry: &EntryPoint, throttle: &Throttle) -> Option<Ustr> {
    if !query::verifies_password(entry) && !query::verifies_code(entry) {
        return None;
    }
    let mut sent = throttle.key.origins().iter().filter_map(named_field);
    let field = sent.next().filter(|_| sent.next().is_none())?;
    let is_free = !names_person(&field) && is_followed(map, entry) && !is_used(map, entry, field);
    is_free.then_some(field)
}

/// Returns where attempts are counted by hand under such a field, whatever else is part of the key, with the field: each
/// count that hangs on what is sent has one, so that none goes on counting.
pub fn free_count<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, Ustr)> {
    if !query::verifies_password(entry) || !is_followed(map, entry) {
        return None;
    }
    let is_free = |field: &Ustr| is_free(map, entry, *field);
    let sent = |access: &Access| -> Vec<Ustr> {
        let origins = counting_key(access).flat_map(|field| field.value.origins());
        origins.filter_map(named_field).collect()
    };
    let mut first = None;
    for (effect, access) in query::handler_accesses(entry) {
        let is_raised = access.values.iter().any(|field| field.operator == "+=");
        if !is_raised || !counts_attempts(entry, access) {
            continue;
        }
        let free = sent(access).into_iter().find(is_free)?;
        first = first.or(Some((effect, free)));
    }
    first
}

/// Holds if the client may fill the field as it likes: it names nobody, and nothing is looked up, compared or kept by it.
fn is_free(map: &Map, entry: &EntryPoint, field: Ustr) -> bool {
    !names_person(&field) && !is_used(map, entry, field)
}

/// Returns such a field in the key under which a script counts guesses, whatever else is part of it.
pub fn free_part(map: &Map, entry: &EntryPoint, key: &Provenance) -> Option<Ustr> {
    let is_guess = query::verifies_password(entry) || query::verifies_code(entry);
    if !is_guess || !is_followed(map, entry) {
        return None;
    }
    let mut sent = key.origins().iter().filter_map(named_field);
    sent.find(|field| is_free(map, entry, *field))
}

fn named_field(origin: &Origin) -> Option<Ustr> {
    match origin {
        Origin::Request(RequestPart::Body | RequestPart::Query | RequestPart::Cookie, name)
            if !name.is_empty() && !origin.is_identity() =>
        {
            Some(*name)
        }
        _ => None,
    }
}

/// What people are found by, in whatever way a handler that is not followed finds them.
fn names_person(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "mail", "user", "name", "login", "phone", "account", "handle",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// The handler finds accounts by what the client sends, or what its secret is compared with, so that it is seen what it
/// does with that.
fn is_followed(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_named = |access: &Access| {
        let mut origins = access.key.iter().flat_map(|field| field.value.origins());
        origins.any(|it| named_field(it).is_some())
    };
    let is_shared = |access: &Access| {
        let mut compared = query::comparisons(entry);
        let is_sent = access.key.iter().any(|field| field.value.is_from_client());
        is_sent
            && compared.any(|(_, found)| {
                let mut kept = found.expected.record_fields(access.asset);
                found.kind == ComparisonKind::Password && kept.next().is_some()
            })
    };
    query::accesses(entry).any(|(_, access)| {
        accounts.contains(&access.asset) && is_named(access) || is_shared(access)
    })
}

/// Holds if anything but counters holds the field, or is found by it.
fn is_used(map: &Map, entry: &EntryPoint, field: Ustr) -> bool {
    let tallies = counting::tallies(map);
    let is_it = |origin: &Origin| named_field(origin) == Some(field);
    let holds = |access: &Access| {
        let mut fields = access.key.iter().chain(&access.values);
        fields.any(|field| field.value.origins().iter().any(is_it))
    };
    let counts = |access: &Access| {
        tallies.contains(&access.asset)
            || query::handler_accesses(entry)
                .any(|(_, other)| other.asset == access.asset && counts_attempts(entry, other))
    };
    query::handler_accesses(entry).any(|(_, access)| holds(access) && !counts(access))
        || query::comparisons(entry).any(|(_, found)| {
            let mut origins = found.given.origins().iter().chain(found.expected.origins());
            origins.any(is_it)
        })
        || query::verifications(entry).any(|(_, found)| found.token.origins().iter().any(is_it))
}

//! Which fields say what somebody may do, rather than who he is.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::{Origin, Provenance, RequestPart};

/// Holds if it is a field of the caller's that says what he may do.
pub(super) fn says_attribute(origin: &Origin) -> bool {
    match origin {
        // The type of a token says what the token is for.
        Origin::Principal(field)
        | Origin::Request(RequestPart::Context | RequestPart::Session, field) => {
            is_attribute(field) && !field.ends_with("kind")
        }
        Origin::Record {
            field,
            of_principal: true,
            ..
        } => is_attribute(field) || field.ends_with("type"),
        _ => false,
    }
}

/// Holds if the field says what somebody may do, not who he is nor in which state his account is.
pub(crate) fn is_attribute(field: &str) -> bool {
    let (above, last) = field.rsplit_once('.').unwrap_or(("", field));
    let is_power = |name: &str| POWERS.iter().any(|power| contains_word(name, power));
    // A role that is a record of its own is told by its name or number.
    let is_named = matches!(last, "id" | "name" | "slug" | "key" | "code" | "value");
    let is_of_power = is_named && above.rsplit('.').next().is_some_and(is_power);
    is_power(last) || is_of_power || names_attribute(last)
}

/// Holds if one of the words of the name says so, or if it asks, as `isGuide` does, what somebody is.
fn names_attribute(name: &str) -> bool {
    let (mut number, mut asks, mut is_state) = (0, false, false);
    let says = find_word(name, |word| {
        number += 1;
        asks |= word == "is";
        is_state |= ACCOUNT_STATES.contains(&word);
        ATTRIBUTES.contains(&word)
    });
    says || asks && number > 1 && !is_state
}

/// Words that say what somebody may do, where they stand alone in a name.
const ATTRIBUTES: [&str; 19] = [
    "scope",
    "scopes",
    "staff",
    "owner",
    "level",
    "rank",
    "group",
    "groups",
    "plan",
    "tier",
    "can",
    "mod",
    "kind",
    "acl",
    "rights",
    "grants",
    "capabilities",
    "entitlements",
    "authorities",
];

/// Words that say what somebody may do, wherever they stand in a name.
const POWERS: [&str; 6] = [
    "role",
    "admin",
    "permission",
    "privilege",
    "superuser",
    "moderator",
];

/// What accounts are or are not whatever they may do.
const ACCOUNT_STATES: [&str; 22] = [
    "active",
    "verified",
    "enabled",
    "disabled",
    "deleted",
    "banned",
    "blocked",
    "suspended",
    "locked",
    "confirmed",
    "email",
    "online",
    "new",
    "anonymous",
    "authenticated",
    "inactive",
    "activated",
    "approved",
    "revoked",
    "expired",
    "muted",
    "used",
];

/// Holds if any word of a name in snake or camel case, in lower case, is wanted. It is asked of all that is examined.
fn find_word(name: &str, mut is_wanted: impl FnMut(&str) -> bool) -> bool {
    let mut word = String::new();
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || character.is_uppercase();
        if begins && !word.is_empty() {
            if is_wanted(&word) {
                return true;
            }
            word.clear();
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    !word.is_empty() && is_wanted(&word)
}

/// Holds if the text has the word in it, which is in small letters; letters of both sizes are the same.
pub(super) fn contains_word(text: &str, word: &str) -> bool {
    let mut parts = text.as_bytes().windows(word.len());
    parts.any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// Returns the origins without the fields of records that are fields of the caller's own too: whoever may have
/// been found in several ways, by a session or a key, is asked for the same thing.
pub(super) fn of_caller(provenance: &Provenance) -> impl Iterator<Item = &Origin> {
    let is_own_too = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: false,
        } => provenance.has(&Origin::Record {
            asset: *asset,
            field: *field,
            of_principal: true,
        }),
        _ => false,
    };
    let origins = provenance.origins().iter();
    origins.filter(move |origin| !is_own_too(origin))
}

/// Returns the origins without the fields of the caller's records of which several stand in it: somebody asked whether
/// the account is there, not what one of its fields says.
pub(super) fn without_wholes(provenance: &Provenance) -> impl Iterator<Item = &Origin> {
    let of_caller = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            of_principal: true,
            ..
        } => Some(*asset),
        _ => None,
    };
    let mut fields: FxHashMap<Ustr, usize> = FxHashMap::default();
    for asset in provenance.origins().iter().filter_map(of_caller) {
        *fields.entry(asset).or_default() += 1;
    }
    let origins = provenance.origins().iter();
    origins.filter(move |origin| of_caller(origin).is_none_or(|asset| fields[&asset] < 3))
}

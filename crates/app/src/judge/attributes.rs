//! Which fields say what somebody may do, rather than who he is.

use crate::{Origin, Provenance, RequestPart};

pub(super) fn says_attribute(provenance: &Provenance) -> bool {
    provenance.origins().iter().any(|origin| match origin {
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
    })
}

/// Holds if the field says what somebody may do, not who he is nor in which state his account is.
pub(crate) fn is_attribute(field: &str) -> bool {
    let (above, last) = field.rsplit_once('.').unwrap_or(("", field));
    let words = words_of(last);
    let says = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let is_power = |name: &str| {
        let lower = name.to_ascii_lowercase();
        POWERS.iter().any(|power| lower.contains(power))
    };
    // A role that is a record of its own is told by its name or number.
    let is_named = matches!(last, "id" | "name" | "slug" | "key" | "code" | "value");
    let is_of_power = is_named && above.rsplit('.').next().is_some_and(is_power);
    is_power(last)
        || is_of_power
        || says(&[
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
        ])
        || (says(&["is"]) && words.len() > 1 && !says(&ACCOUNT_STATES))
}

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

/// Returns the words of a name in snake or camel case, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in name.chars() {
        if !character.is_alphanumeric() || character.is_uppercase() {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns the provenance without the fields of records that are fields of the caller's own too: whoever may have
/// been found in several ways, by a session or a key, is asked for the same thing.
pub(super) fn of_caller(provenance: &Provenance) -> Provenance {
    let origins = provenance.origins();
    let is_own = |wanted: &Origin| {
        let Origin::Record { asset, field, .. } = wanted else {
            return false;
        };
        let own = Origin::Record {
            asset: *asset,
            field: *field,
            of_principal: true,
        };
        origins.contains(&own)
    };
    let is_kept = |origin: &&Origin| {
        let is_own_field = matches!(
            origin,
            Origin::Record {
                of_principal: false,
                ..
            }
        ) && is_own(origin);
        !is_own_field
    };
    Provenance::new(origins.iter().filter(is_kept).cloned())
}

/// Returns the provenance without the fields of the caller's records of which several stand in it: somebody asked whether
/// the account is there, not what one of its fields says.
pub(super) fn without_wholes(provenance: &Provenance) -> Provenance {
    let origins = provenance.origins();
    let of_caller = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            of_principal: true,
            ..
        } => Some(*asset),
        _ => None,
    };
    let is_alone = |origin: &&Origin| {
        let Some(asset) = of_caller(origin) else {
            return true;
        };
        let beside = origins.iter().filter(|it| of_caller(it) == Some(asset));
        beside.count() < 3
    };
    Provenance::new(origins.iter().filter(is_alone).cloned())
}

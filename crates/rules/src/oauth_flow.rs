//! The parts of a log-in through another site: shared by the rules about OAuth.
//!
//! The word of another site about who somebody is comes in one of a few ways: a code that is exchanged, a token that
//! the client got there, or what an earlier step of the same log-in has stored.

use firedoor_app::exchange::kept_words;
pub use firedoor_app::exchange::{asked, exchange, is_behind_log_in, is_code, sends};
use firedoor_app::{
    Effect, EntryPoint, Map, Operation, Origin, Provenance, RequestPart, TokenKind, VerifyToken,
    openings, query,
};

/// Returns the effect by which another site's word enters, in an entry point that anybody reaches.
pub fn word<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    if is_behind_log_in(entry) {
        return None;
    }
    asked(entry)
        .find(|effect| sends(effect, |value| is_code(value) || is_posted_code(value)))
        .or_else(|| verified_code(entry))
        .or_else(|| posted_token(entry).map(|(effect, _)| effect))
        .or_else(|| passed_token(entry))
        .or_else(|| stored_word(map, entry))
}

/// Returns the effect that reads the code of a callback through a library.
pub fn verified_code(entry: &EntryPoint) -> Option<&Effect> {
    query::verifications(entry)
        .find(|(_, found)| is_code(&found.token))
        .map(|(effect, _)| effect)
}

/// Returns where a token of another site is verified with that site's key, or only decoded, that the client sends
/// in the open.
pub fn posted_token(entry: &EntryPoint) -> Option<(&Effect, &VerifyToken)> {
    let of_others = |found: &VerifyToken| {
        found.kind != TokenKind::Opaque
            && is_posted(&found.token)
            && (!found.is_verified || found.secret.origins().iter().any(is_of_others))
    };
    query::verifications(entry)
        .filter(|(effect, found)| effect.layer.is_none() && of_others(found))
        // One that is decoded to choose the key is verified then.
        .max_by_key(|(_, found)| found.is_verified)
}

/// Returns where a token that the client sends is passed on to another site, as the credential of a question whose
/// answer says who somebody is.
pub fn passed_token(entry: &EntryPoint) -> Option<&Effect> {
    asked(entry).find(|effect| sends(effect, is_posted_token))
}

/// Holds if the value is what another site has said, now or in an earlier step.
pub fn is_told(map: &Map, value: &Provenance) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Record { asset, field, .. } => is_stored_word(map, *asset, field),
        Origin::Outside(_) | Origin::Answer(_) | Origin::Claim(_) | Origin::UnverifiedClaim(_) => {
            true
        }
        _ => false,
    })
}

/// Holds if the entry point logs somebody in, or makes a token by which the browser will.
pub fn logs_in(map: &Map, entry: &EntryPoint) -> bool {
    query::opens_session(map, entry)
        || openings::session_opening(map, entry).is_some()
        || query::handler_accesses(entry).any(|(_, access)| {
            access.operation == Operation::Create
                && access
                    .values
                    .iter()
                    .any(|field| query::is_token(&field.value))
        })
}

/// A page of the application takes the code out of its own address and posts it.
fn is_posted_code(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Body, name) if name.as_str() == "code")
    })
}

fn is_posted(value: &Provenance) -> bool {
    value.is_from(RequestPart::Body) || value.is_from(RequestPart::Query)
}

/// What the client sends for a token; a code is one that the other site gives to this application only.
fn is_posted_token(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Request(RequestPart::Body | RequestPart::Query, name) => {
            let name = name.to_ascii_lowercase().replace(['_', '-'], "");
            name.contains("token") || name.contains("credential") || name.contains("jwt")
        }
        _ => false,
    })
}

fn is_of_others(origin: &Origin) -> bool {
    matches!(origin, Origin::Outside(_) | Origin::Answer(_))
}

fn stored_word<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    let found = query::handler_accesses(entry).find(|(_, access)| {
        access.operation == Operation::Read && has_stored_word(map, access.asset)
    });
    found.map(|(effect, _)| effect)
}

/// Records of the asset keep, under a secret, what another site said in an earlier step.
fn has_stored_word(map: &Map, asset: ustr::Ustr) -> bool {
    !kept_words(map, asset).is_empty()
}

fn is_stored_word(map: &Map, asset: ustr::Ustr, field: &str) -> bool {
    kept_words(map, asset).iter().any(|name| {
        field == name.as_str()
            || field
                .strip_prefix(name.as_str())
                .is_some_and(|rest| rest.starts_with('.'))
    })
}

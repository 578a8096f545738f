//! What opens a session and what renews one: questions for rules.

use ustr::Ustr;

use crate::query::{
    accesses, account_assets, comparisons, handler_accesses, is_code, is_token, opens_session,
};
use crate::sessions::{decides, is_presented_token, session_assets};
use crate::{
    Access, ComparisonKind, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin,
    RequestPart, SessionOperation,
};

/// Returns the first effect by which the handler opens a session.
pub fn session_opening<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    session_openings(map, entry).into_iter().next()
}

/// Returns the effects by which the handler opens a session.
pub fn session_openings<'m>(map: &Map, entry: &'m EntryPoint) -> Vec<&'m Effect> {
    let sessions = session_assets(map);
    entry
        .effects
        .iter()
        .filter(|effect| effect.layer.is_none())
        .filter(|effect| match &effect.kind {
            EffectKind::Issue(token) => {
                crate::query::is_access_token(map, token)
                    && !names_nobody(entry, token)
                    && !is_about_thing(map, entry, token)
            }
            EffectKind::Access(access) => {
                access.operation == Operation::Create
                    && sessions.contains(&access.asset)
                    && !is_kept_for_thing(map, access)
            }
            EffectKind::Session(SessionOperation::LogIn, _) => true,
            EffectKind::Session(SessionOperation::Write, Some(field)) => {
                is_account_field(map, field)
            }
            _ => false,
        })
        .collect()
}

/// What carries nothing but chance, as the state of a log-in elsewhere, says who somebody is only where a record is
/// kept of it.
fn names_nobody(entry: &EntryPoint, token: &crate::IssueToken) -> bool {
    let is_chance = |origin: &Origin| matches!(origin, Origin::Random { .. });
    let is_made_up = |origin: &Origin| {
        is_chance(origin)
            || origin.is_from_client()
            || matches!(origin, Origin::Literal(_) | Origin::Clock)
    };
    let is_blank =
        |field: &Field| !field.value.is_empty() && field.value.origins().iter().all(is_made_up);
    let mut all = token.claims.iter().flat_map(|field| field.value.origins());
    let has_chance = all.any(is_chance);
    let keeps = accesses(entry).any(|(_, access)| access.operation.is_write());
    has_chance && token.claims.iter().all(is_blank) && !keeps
}

fn is_account_field(map: &Map, field: &Field) -> bool {
    account_assets(map)
        .iter()
        .any(|asset| field.value.record_fields(*asset).next().is_some())
}

/// Returns the look-up of a session by the token that the client presents to renew it, in an entry point
/// that opens a session and proves nothing else.
pub fn renewal<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Access)> {
    let proves_else = comparisons(entry).any(|(_, found)| {
        (found.kind == ComparisonKind::Password || is_code(found)) && found.given.is_from_client()
    });
    if proves_else || !opens_session(map, entry) || opens_for_nobody(map, entry) {
        return None;
    }
    let sessions = session_assets(map);
    handler_accesses(entry).find(|(effect, access)| {
        sessions.contains(&access.asset)
            && access.operation != Operation::Create
            // What ends the session of before, if there is one, looks nobody up.
            && (access.operation == Operation::Read || decides(entry, effect, access))
            && access
                .key
                .iter()
                .any(|field| is_presented_token(&field.value))
            && !is_guard_of_all(map, effect, access)
    })
}

/// Holds if those who open no session are looked up at the same place: then it is the guard's, and renews nothing.
/// Whoever logs out is looked up by the token that he would renew, and that makes the look-up no guard.
fn is_guard_of_all(map: &Map, effect: &Effect, access: &Access) -> bool {
    access.operation == Operation::Read
        && map.entry_points.iter().any(|other| {
            // Few come to the same place, and asking what the others do costs more.
            handler_accesses(other)
                .any(|(found, it)| found.span == effect.span && it.asset == access.asset)
                && crate::query::issues(other).next().is_none()
                && !opens_session(map, other)
                && !crate::sessions::ends_sessions(map, other)
        })
}

/// Holds if all that is handed out are signed tokens that name neither the caller nor an account.
fn opens_for_nobody(map: &Map, entry: &EntryPoint) -> bool {
    // What is kept along with it can be exchanged again, for whatever it is.
    let sessions = session_assets(map);
    let keeps = handler_accesses(entry).any(|(_, access)| {
        access.operation == Operation::Create
            && sessions.contains(&access.asset)
            && access.values.iter().any(|field| is_token(&field.value))
    });
    if keeps {
        return false;
    }
    let mut handed_out = entry.effects.iter().filter(|it| it.layer.is_none());
    handed_out.all(|effect| match &effect.kind {
        EffectKind::Session(SessionOperation::LogIn | SessionOperation::Write, _) => false,
        EffectKind::SetCookie(cookie) => !crate::query::is_token(&cookie.value),
        EffectKind::Issue(token) => is_about_thing(map, entry, token),
        _ => true,
    })
}

/// Holds if a token says which thing it is for and nothing of who somebody is, as a link to a board or a file does. The
/// number of the token itself names nobody, unless a record is kept of it that may.
fn is_about_thing(map: &Map, entry: &EntryPoint, token: &crate::IssueToken) -> bool {
    let accounts = account_assets(map);
    let sessions = session_assets(map);
    let is_thing = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            of_principal,
            ..
        } => !of_principal && !accounts.contains(asset) && !sessions.contains(asset),
        Origin::Request(RequestPart::Path, _) => true,
        _ => false,
    };
    let keeps_number = accesses(entry).any(|(_, access)| {
        let mut kept = access.key.iter().chain(&access.values);
        access.operation.is_write() && kept.any(|field| crate::lookups::is_random(&field.value))
    });
    let is_constant = |origin: &Origin| match origin {
        Origin::Random { .. } => !keeps_number,
        other => matches!(other, Origin::Literal(_) | Origin::Clock),
    };
    let origins = || token.claims.iter().flat_map(|claim| claim.value.origins());
    let is_known = token.claims.iter().all(|claim| !claim.value.is_empty());
    is_known && origins().any(is_thing) && origins().all(|it| is_thing(it) || is_constant(it))
}

/// Holds if a record with a token says which thing the token is for and nothing of who somebody is: the tokens of a
/// device or a screen open no account.
fn is_kept_for_thing(map: &Map, access: &Access) -> bool {
    let accounts = account_assets(map);
    let sessions = session_assets(map);
    let refers_to = |asset: Ustr, field: Ustr| {
        let declared = map.asset(asset).and_then(|it| it.field(&field));
        declared.and_then(|it| it.refers_to)
    };
    let is_one = |asset: Ustr| !accounts.contains(&asset) && !sessions.contains(&asset);
    let is_thing = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: false,
        } => match refers_to(*asset, *field) {
            Some(target) => is_one(target),
            None => is_one(*asset) && matches!(field.as_str(), "id" | "_id" | "pk"),
        },
        _ => false,
    };
    let says_nothing = |origin: &Origin| {
        matches!(
            origin,
            Origin::Literal(_)
                | Origin::Clock
                | Origin::Random { .. }
                | Origin::Digest
                | Origin::Signature
                | Origin::Environment { .. }
                | Origin::Request(RequestPart::Header | RequestPart::Address, _)
        )
    };
    let origins = || access.values.iter().flat_map(|field| field.value.origins());
    let names_account = |field: &Field| {
        refers_to(access.asset, field.name).is_some_and(|target| accounts.contains(&target))
    };
    // Where no account is known, nothing says what is one.
    !accounts.is_empty()
        && access.spread.is_empty()
        && !access.values.iter().any(names_account)
        && origins().any(is_thing)
        && origins().all(|it| is_thing(it) || says_nothing(it))
}

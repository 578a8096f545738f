//! Checks inside handlers that look like guards and are the work of a log-in.
//!
//! The second step of a log-in refuses who has not done the first, and a callback who has not begun: neither proves
//! who is asking, because that is what the handler is about to find out.

use firedoor_app::{
    Access, ComparisonKind, Control, EffectKind, EntryPoint, LayerKind, Origin, RequestPart,
    SessionOperation, Transport, refusal_control,
};
use ustr::Ustr;

use crate::request::combined;

/// Takes back the authentication that such checks were held to be.
pub(crate) fn settle(entries: &mut [EntryPoint]) {
    let given: Vec<Ustr> = entries.iter().flat_map(given_to_anybody).collect();
    for entry in entries {
        let is_first = entry.transport == Transport::Http
            && is_guarded_inside(entry)
            && (is_second_step(entry) || rests_on(entry, &given));
        if is_first {
            entry.layers.retain(|layer| {
                layer.kind != LayerKind::Inline || layer.controls != [Control::Authentication]
            });
            let verdict = combined(&entry.layers, Control::Authentication);
            entry.controls.insert(Control::Authentication, verdict);
        }
    }
}

/// Holds if only a check inside the handler authenticates.
fn is_guarded_inside(entry: &EntryPoint) -> bool {
    let mut guards = entry.layers.iter().filter(|layer| {
        layer.controls.contains(&Control::Authentication) && layer.verdict.refuses()
    });
    let first = guards.next();
    first.is_some_and(|layer| layer.kind == LayerKind::Inline) && guards.next().is_none()
}

/// A code is compared, and a session is opened for the account that it was compared for.
fn is_second_step(entry: &EntryPoint) -> bool {
    let own = || entry.effects.iter().filter(|effect| effect.layer.is_none());
    let compares = own().any(|effect| match &effect.kind {
        EffectKind::CompareSecret(found) => {
            found.kind == ComparisonKind::Code && found.given.is_from_client()
        }
        EffectKind::Access(access) => finds_code(entry, access),
        _ => false,
    });
    let opens = || {
        own().any(|effect| match &effect.kind {
            EffectKind::Issue(_)
            | EffectKind::Session(SessionOperation::LogIn | SessionOperation::Regenerate, _) => {
                true
            }
            EffectKind::SetCookie(cookie) => {
                let origins = cookie.value.origins();
                let is_token =
                    |origin: &Origin| matches!(origin, Origin::Random { .. } | Origin::Signature);
                origins.iter().any(is_token)
            }
            _ => false,
        })
    };
    compares && opens()
}

/// Holds if one of somebody's codes is found by its digest: by something sent besides the token that says whose.
fn finds_code(entry: &EntryPoint, access: &Access) -> bool {
    let tokens = entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Verify(token) => Some(&token.token),
            _ => None,
        });
    let shown: Vec<&Origin> = tokens.flat_map(|token| token.origins()).collect();
    let is_of_somebody = access.key.iter().any(|field| {
        let mut origins = field.value.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Principal(_)))
    });
    is_of_somebody
        && access.key.iter().any(|field| {
            let origins = field.value.origins();
            let is_other = |origin: &&Origin| {
                matches!(origin, Origin::Request(RequestPart::Body, _)) && !shown.contains(origin)
            };
            origins.contains(&Origin::Digest) && origins.iter().any(|origin| is_other(&origin))
        })
}

/// The fields of the session in which an entry point leaves chance for whoever asks, as one does with a `state`.
fn given_to_anybody(entry: &EntryPoint) -> Vec<Ustr> {
    let fields = entry
        .exposed
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Session(SessionOperation::Write, Some(field)) => Some(field),
            _ => None,
        });
    let is_random = |origin: &Origin| matches!(origin, Origin::Random { .. });
    fields
        .filter(|field| field.value.origins().iter().any(is_random))
        .map(|field| field.name)
        .collect()
}

/// Holds if all that the handler's checks ask of a credential is one of these fields of the session.
fn rests_on(entry: &EntryPoint, given: &[Ustr]) -> bool {
    let mut of_layers = entry.effects.iter().filter(|effect| effect.layer.is_some());
    let is_of_layer = |number: u32, layers: &[u32]| layers.contains(&number);
    let layers: Vec<u32> = of_layers
        .by_ref()
        .flat_map(|effect| effect.checks.iter().map(|check| check.0))
        .collect();
    let own = entry.checks.iter().enumerate();
    let own = own.filter(|(number, _)| !is_of_layer(*number as u32, &layers));
    let asking = own.map(|(_, check)| check).filter(|check| {
        check.refusal.as_ref().is_some_and(|refusal| {
            refusal_control(refusal, std::slice::from_ref(*check)) == Some(Control::Authentication)
        })
    });
    let asked: Vec<Origin> = asking
        .flat_map(|check| check.provenance().origins().to_vec())
        .filter(|origin| origin.is_credential() || matches!(origin, Origin::Principal(_)))
        .collect();
    !asked.is_empty()
        && asked.iter().all(|origin| match origin {
            Origin::Request(RequestPart::Session, field) => given
                .iter()
                .any(|name| field == name || field.starts_with(&format!("{name}."))),
            _ => false,
        })
}

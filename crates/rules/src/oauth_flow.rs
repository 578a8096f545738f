//! The parts of a log-in through another site: shared by the rules about OAuth.

use firedoor_app::{
    Control, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, RequestPart, SendChannel,
    query, sessions,
};

/// Returns the effect that exchanges the code of a callback, in an entry point that anybody reaches.
pub fn exchange(entry: &EntryPoint) -> Option<&Effect> {
    if entry.verdict(Control::Authentication).refuses() {
        return None;
    }
    entry.effects.iter().find(|effect| {
        effect.layer.is_none()
            && match &effect.kind {
                EffectKind::Send {
                    channel: SendChannel::Http,
                    to,
                    content,
                } => content.iter().any(|field| is_code(&field.value)) || is_code(to),
                _ => false,
            }
    })
}

/// Returns the effect that reads the code of a callback through a library.
pub fn verified_code(entry: &EntryPoint) -> Option<&Effect> {
    query::verifications(entry)
        .find(|(_, found)| is_code(&found.token))
        .map(|(effect, _)| effect)
}

fn is_code(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query, name) if name.as_str() == "code")
    })
}

/// Holds if the entry point logs somebody in, or makes a token by which the browser will.
pub fn logs_in(map: &Map, entry: &EntryPoint) -> bool {
    query::opens_session(map, entry)
        || sessions::session_opening(map, entry).is_some()
        || query::handler_accesses(entry).any(|(_, access)| {
            access.operation == firedoor_app::Operation::Create
                && access
                    .values
                    .iter()
                    .any(|field| query::is_token(&field.value))
        })
}

//! What an entry point does to the machine that it runs on: programs that it starts, files that it writes or deletes.

use firedoor_app::ownership::is_sent_openly;
use firedoor_app::query::{is_anywhere, is_reading};
use firedoor_app::{Control, Effect, EffectKind, EntryPoint, FileOperation, Map, Transport};

use crate::Confidence;
use crate::exposure::Exposure;

/// Returns the worst that is done to the machine among `effects`, of which `entry` is the entry point.
pub fn worst(map: &Map, entry: &EntryPoint, effects: &[Effect]) -> Option<Exposure> {
    let mut worst: Option<Exposure> = None;
    // What is done when a socket opens stands before its first message.
    let is_socket = entry.transport == Transport::WebSocket && entry.message.is_none();
    let is_own = |effect: &&Effect| is_socket || effect.layer.is_none();
    for effect in effects.iter().filter(is_own) {
        let Some((words, confidence)) = judge(map, entry, &effect.kind) else {
            continue;
        };
        if worst.as_ref().is_none_or(|it| it.confidence < confidence) {
            worst = Some(Exposure {
                words: words.to_owned(),
                span: effect.span,
                confidence,
                guarded: (0, 0),
                compared_with: None,
            });
        }
    }
    worst
}

/// What is done in words, and how sure it is that nobody should do it without credentials. Where nobody is asked who he
/// is anywhere, the machine may be there for everybody.
fn judge(map: &Map, entry: &EntryPoint, kind: &EffectKind) -> Option<(&'static str, Confidence)> {
    // The client says which, other than by what it uploads: where that is kept meanwhile is of the server's own choice, and
    // so is where a session or the address is written down. Whose folder it is in bounds no stranger.
    let (words, is_chosen) = match kind {
        EffectKind::Run(command) => ("runs programs", is_sent_openly(command)),
        EffectKind::File(FileOperation::Write, path) => ("writes files", is_sent_openly(path)),
        EffectKind::File(FileOperation::Delete, path) => ("deletes files", is_sent_openly(path)),
        _ => return None,
    };
    let is_http = entry.transport == Transport::Http;
    let is_run = matches!(kind, EffectKind::Run(_));
    let confidence = match (is_anywhere(map, Control::Authentication), is_chosen) {
        (true, true) => Confidence::High,
        (false, true) => Confidence::Medium,
        // What is always the same may still change something, but a page may ask for the version of a program.
        (true, false) if is_run && !(is_http && is_reading(entry)) => Confidence::Medium,
        _ => Confidence::Low,
    };
    Some((words, confidence))
}

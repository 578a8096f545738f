//! Where a map shows that the code has a part: by what it does first, by names only where it does nothing special.

use firedoor_app::{
    CheckKind, ComparisonKind, Control, EffectKind, EntryPoint, Map, SendChannel, SettingKind,
    TokenKind, Transport,
};
use firedoor_source::Span;

use crate::grammar::grammar;
use crate::pattern::Pattern;
use crate::vocabulary::Part;

/// A place that shows a part, with a word for it.
pub(crate) type Sight = (Span, String);

/// What a map shows of a part.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    /// The places.
    pub places: Vec<Sight>,
    /// The entry points among them.
    pub entries: Vec<String>,
}

/// Returns what `map` shows of `part`.
pub(crate) fn sights(part: &Part, map: &Map) -> Sights {
    let visible = &part.visible;
    let mut found = Sights::default();
    for entry in &map.entry_points {
        let does = visible.effects.iter().any(|word| entry_does(word, entry));
        if does || is_named(&visible.paths, &entry.path) {
            found.places.push((entry.registered, entry.id()));
            found.entries.push(entry.id());
        }
    }
    for asset in &map.assets {
        if is_named(&visible.assets, &asset.name) {
            found
                .places
                .push((asset.span, format!("asset {}", asset.name)));
        }
    }
    for setting in &map.settings {
        let is_cors = matches!(setting.kind, SettingKind::Cors { .. });
        if is_cors && visible.effects.iter().any(|word| word == "cors") {
            found
                .places
                .push((setting.span, String::from("CORS setting")));
        }
    }
    if visible.effects.iter().any(|word| word == "limiter") {
        let limiters = map
            .guards
            .iter()
            .filter(|guard| guard.controls.contains(&Control::RateLimit));
        found
            .places
            .extend(limiters.map(|guard| (guard.span, format!("limiter {}", guard.name))));
    }
    found
}

/// Holds if `entry` does what `word` says.
fn entry_does(word: &str, entry: &EntryPoint) -> bool {
    match word {
        "http" => entry.transport == Transport::Http,
        "live" => entry.transport == Transport::WebSocket,
        "role" => entry
            .layers
            .iter()
            .any(|layer| layer.controls.contains(&Control::Authorization)),
        "owner" => {
            entry
                .layers
                .iter()
                .any(|layer| layer.controls.contains(&Control::Ownership))
                || has_record_key(entry)
        }
        "limiter" => entry
            .layers
            .iter()
            .any(|layer| layer.controls.contains(&Control::RateLimit)),
        _ => {
            let mut effects = entry.effects.iter().chain(&entry.exposed);
            effects.any(|effect| effect_is(word, &effect.kind))
                || word == "oauth" && asks_provider(entry)
        }
    }
}

fn effect_is(word: &str, effect: &EffectKind) -> bool {
    match (word, effect) {
        ("password", EffectKind::HashPassword(_)) => true,
        ("password", EffectKind::CompareSecret(compare)) => {
            compare.kind == ComparisonKind::Password
        }
        ("code", EffectKind::CompareSecret(compare)) => compare.kind == ComparisonKind::Code,
        ("code", EffectKind::MakeSecret(_)) => true,
        ("login" | "session", EffectKind::Session(..)) => true,
        ("session", EffectKind::SetCookie(cookie)) => cookie.is_session,
        ("session", EffectKind::Issue(token)) => token.kind == TokenKind::Session,
        ("token", EffectKind::Issue(token)) => token.kind != TokenKind::Session,
        ("token", EffectKind::Verify(token)) => token.kind != TokenKind::Session,
        ("cookie", EffectKind::SetCookie(_)) => true,
        _ => false,
    }
}

/// A handler that asks another server and then logs somebody in takes part in a log-in of others.
fn asks_provider(entry: &EntryPoint) -> bool {
    let asks = |effect: &firedoor_app::Effect| {
        matches!(
            &effect.kind,
            EffectKind::Send {
                channel: SendChannel::Http,
                ..
            }
        )
    };
    let logs_in = |effect: &firedoor_app::Effect| {
        matches!(effect.kind, EffectKind::Issue(_) | EffectKind::Session(..))
    };
    entry.effects.iter().any(asks) && entry.effects.iter().any(logs_in)
}

/// Holds if records are found by something in the path.
fn has_record_key(entry: &EntryPoint) -> bool {
    let reads = entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, EffectKind::Access(_)));
    let compares = entry
        .checks
        .iter()
        .any(|check| check.kind == CheckKind::Equality);
    entry.path.contains('{') && reads && compares
}

fn is_named(patterns: &[Pattern], name: &str) -> bool {
    let words = grammar().words(name);
    patterns
        .iter()
        .any(|pattern| pattern.find(&words, 0).is_some())
}

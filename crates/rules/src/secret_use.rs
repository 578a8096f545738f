//! The keys that sign, encrypt or authenticate, other than those of JSON Web Tokens: shared by the rules about secrets.

use firedoor_app::{
    CompareSecret, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, SettingKind, TokenKind,
    query,
};
use firedoor_source::Span;

/// A key that is used.
pub struct Key<'m> {
    /// What makes it.
    pub value: &'m Provenance,
    /// Where it is used.
    pub span: Span,
    /// What for, as the end of a sentence.
    pub purpose: &'static str,
    /// The entry point whose code uses it; settings have none.
    pub entry: Option<&'m EntryPoint>,
    /// The effect that uses it; settings have none.
    pub effect: Option<&'m Effect>,
}

/// Returns the keys in the order of settings, then entry points.
pub fn keys(map: &Map) -> Vec<Key<'_>> {
    let mut found = Vec::new();
    for setting in &map.settings {
        if let SettingKind::Secret(_, value) = &setting.kind {
            found.push(Key {
                value,
                span: setting.span,
                purpose: "signs sessions or cookies",
                entry: None,
                effect: None,
            });
        }
    }
    for entry in &map.entry_points {
        let issued = query::issues(entry)
            .filter(|(_, token)| token.kind != TokenKind::Jwt)
            .map(|(effect, token)| (effect, &token.secret, "signs tokens"));
        let verified = query::verifications(entry)
            .filter(|(_, token)| token.kind != TokenKind::Jwt && token.is_verified)
            .filter(|(_, token)| token.kind != TokenKind::Opaque)
            .map(|(effect, token)| (effect, &token.secret, "verifies tokens"));
        let compared = query::comparisons(entry)
            .filter(|(_, found)| is_key_of(found))
            .map(|(effect, found)| (effect, &found.expected, "lets callers in"));
        let encrypting = entry
            .effects
            .iter()
            .filter_map(|effect| match &effect.kind {
                EffectKind::Encrypt(key) => Some((effect, key, "encrypts what is kept")),
                _ => None,
            });
        found.extend(
            issued
                .chain(verified)
                .chain(compared)
                .chain(encrypting)
                .map(|(effect, value, purpose)| Key {
                    value,
                    span: effect.span,
                    purpose,
                    entry: Some(entry),
                    effect: Some(effect),
                }),
        );
    }
    found
}

/// What the server has itself, or what it signs with a key of its own, whatever of the request it signs: it is what
/// callers have to know.
fn is_key_of(found: &CompareSecret) -> bool {
    let is_signed = found.expected.origins().contains(&Origin::Signature);
    match found.given.is_credential() {
        true => is_signed || !found.expected.is_credential(),
        false => is_signed && found.given.is_from_client(),
    }
}

//! Log-outs that end sessions only where the client asks for more, or look for them by what none is kept under: shared by
//! the rule about log-outs.

use firedoor_app::{
    Access, Check, CheckKind, Effect, EffectKind, EntryPoint, Field, Map, Origin, Provenance,
    RequestPart, lookups, query, sessions,
};
use ustr::Ustr;

/// Holds if sessions are ended, and each of them only where it is asked for besides, or where one was looked for by a token
/// of which all that is kept is a digest.
pub fn ends_in_vain(map: &Map, kept: &[Ustr], entry: &EntryPoint) -> bool {
    let mut ends = query::handler_accesses(entry)
        .filter(|(_, access)| kept.contains(&access.asset) && sessions::ends_record(map, access))
        .peekable();
    ends.peek().is_some()
        && ends.all(|(effect, access)| {
            is_asked_for_besides(entry, effect) || is_looked_for_as_sent(map, entry, access)
        })
}

/// Holds if a word of the client decides whether it happens, by which nothing is found.
fn is_asked_for_besides(entry: &EntryPoint, ended: &Effect) -> bool {
    entry.checks_of(ended).any(|check| {
        let is_yes = |it: &Provenance| it.literal().is_some_and(|text| text == "true");
        let is_asked = match check.kind {
            CheckKind::Presence => true,
            CheckKind::Equality => check.operands.iter().any(is_yes),
            _ => false,
        };
        is_asked && check.outcome && !check.is_alternative && is_word(entry, check)
    })
}

/// Holds if nothing but what the client says is asked for, which is off where he says nothing and finds nothing.
fn is_word(entry: &EntryPoint, check: &Check) -> bool {
    let is_said = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Message,
                _
            )
        )
    };
    let is_named = |origin: &Origin| matches!(origin, Origin::Request(_, name) if is_said(origin) && !name.is_empty());
    let is_switch = |origin: &Origin| matches!(origin, Origin::Literal(text) if matches!(text.as_str(), "false" | "true"));
    let origins = || check.operands.iter().flat_map(Provenance::origins);
    let finds = |origin: &Origin| {
        entry.effects.iter().any(|effect| match &effect.kind {
            EffectKind::Access(access) => access.key.iter().any(|field| field.value.has(origin)),
            EffectKind::Verify(found) => found.token.has(origin),
            EffectKind::CompareSecret(found) => found.given.has(origin),
            _ => false,
        })
    };
    origins().any(is_named)
        && origins().all(|origin| is_said(origin) || is_switch(origin))
        && !origins().filter(|it| is_named(it)).any(finds)
}

/// Holds if the session was looked for by what the client carries as it is, where a digest of it is all that is ever kept.
fn is_looked_for_as_sent(map: &Map, entry: &EntryPoint, ended: &Access) -> bool {
    let is_bare = |asset: Ustr, field: &Field| {
        let mut origins = field.value.origins().iter();
        let is_sent = |origin: &Origin| {
            matches!(
                origin,
                Origin::Request(
                    RequestPart::Cookie | RequestPart::Body | RequestPart::Header,
                    _
                )
            )
        };
        field.operator == "="
            && !field.value.is_empty()
            && origins.all(is_sent)
            && is_kept_as_digest(map, asset, field.name)
    };
    let is_this = |access: &Access| {
        access.asset == ended.asset && access.key.iter().any(|it| is_bare(access.asset, it))
    };
    let mut found = query::handler_accesses(entry)
        .filter(|(_, access)| access.asset == ended.asset && !access.key.is_empty())
        .map(|(_, access)| access);
    // The one that was found is ended by its number.
    let is_by_number = |field: &Field| lookups::is_identifier(&field.name);
    is_this(ended) || ended.key.iter().any(is_by_number) && found.any(is_this)
}

/// Holds if the field is written, and each time with a digest.
fn is_kept_as_digest(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let mut written = lookups::writes_of(map, asset, name)
        .map(|(.., value)| value)
        .peekable();
    written.peek().is_some()
        && written.all(|value| {
            let mut origins = value.origins().iter();
            origins.any(|it| matches!(it, Origin::Digest | Origin::Signature))
        })
}

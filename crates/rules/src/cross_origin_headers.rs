//! Headers that let pages of other sites read answers, where code sets them itself: shared by the rules about them.

use firedoor_app::{
    Check, CheckKind, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, RequestPart,
};
use firedoor_source::Span;

/// Credentials are allowed together with an origin.
#[derive(Clone, Copy, Debug)]
pub struct OwnHeaders<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// Where the origin is set.
    pub span: Span,
    /// Where credentials are allowed.
    pub credentials: Span,
}

/// Returns where any site is allowed with `*`, each place once.
pub fn any(map: &Map) -> Vec<OwnHeaders<'_>> {
    found(map, |_, _, value| {
        value.literal().is_some_and(|text| text == "*")
    })
}

/// Returns where the site that asks is allowed, whichever it is, each place once.
pub fn reflecting(map: &Map) -> Vec<OwnHeaders<'_>> {
    found(map, |entry, effect, value| {
        is_origin(value) && !entry.checks_of(effect).any(is_about_origin)
    })
}

fn found<'m>(
    map: &'m Map,
    wanted: impl Fn(&EntryPoint, &Effect, &Provenance) -> bool,
) -> Vec<OwnHeaders<'m>> {
    let mut all: Vec<OwnHeaders<'m>> = Vec::new();
    for entry in &map.entry_points {
        let Some(credentials) = entry.effects.iter().find(|effect| allows(effect)) else {
            continue;
        };
        for effect in &entry.effects {
            let EffectKind::SetHeader(name, value) = &effect.kind else {
                continue;
            };
            let is_new = !all.iter().any(|known| known.span == effect.span);
            if name == "access-control-allow-origin" && is_new && wanted(entry, effect, value) {
                all.push(OwnHeaders {
                    entry,
                    span: effect.span,
                    credentials: credentials.span,
                });
            }
        }
    }
    all
}

fn allows(effect: &Effect) -> bool {
    matches!(&effect.kind, EffectKind::SetHeader(name, value)
        if name == "access-control-allow-credentials"
            && value.literal().is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

fn is_origin(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Header, name)
            if matches!(name.as_str(), "origin" | "referer"))
    })
}

/// Holds if something is asked of the origin, other than whether it is there. Where any of several parts is enough, each
/// has to, or lets those pass that send none: what asks for a method besides lets whoever sends an origin pass.
fn is_about_origin(check: &Check) -> bool {
    let parts = check.parts();
    // Only what is examined counts: that the second part of an "or" is come to hangs on the first.
    let is_of_origin = |part: &Check| part.operands.iter().any(is_origin);
    let asks = |part: &Check| is_of_origin(part) && !is_bare(part) && !is_any_other(part);
    let is_absent = |part: &Check| is_of_origin(part) && is_bare(part) && !part.outcome;
    parts.iter().any(asks) && parts.iter().all(|part| asks(part) || is_absent(part))
}

/// Holds if the origin only has to be another than those that are written: all others pass. The place in a list is a
/// number, and one that is not -1 is a place.
fn is_any_other(check: &Check) -> bool {
    let is_sent = |it: &Provenance| {
        let mut origins = it.origins().iter();
        is_origin(it) && origins.all(|origin| matches!(origin, Origin::Request(..)))
    };
    let mut literals = check.operands.iter().filter_map(Provenance::literal);
    let is_place = literals.any(|text| text.parse::<f64>().is_ok());
    matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
        && !check.outcome
        && !is_place
        && check.operands.iter().any(is_sent)
}

/// That there is an origin says nothing of which; what a list of the server's made of it does.
fn is_bare(check: &Check) -> bool {
    let is_sent = |origin: &Origin| matches!(origin, Origin::Request(..) | Origin::Literal(_));
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    check.kind == CheckKind::Presence && examined.all(is_sent)
}

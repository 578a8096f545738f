//! Limiters that count by the guess itself: a part of the rule about keys that clients choose.

use firedoor_app::{
    ComparisonKind, EffectKind, EntryPoint, Origin, Provenance, RequestPart, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::throttle::{counting_key, counts_attempts, is_of_address, is_tight};

/// A count that each guess begins anew.
pub struct ByGuess {
    /// Where it is counted.
    pub span: Span,
    /// The function that counts.
    pub name: Ustr,
    /// The field that holds the guess.
    pub field: Ustr,
}

/// Returns where attempts at a password or code are counted by what is tried, if nothing but addresses is counted by
/// anything else.
pub fn count_by_guess(entry: &EntryPoint) -> Option<ByGuess> {
    let code = query::compared_code(entry).map(|effect| effect.span);
    let compared = query::comparisons(entry)
        .filter(|(effect, found)| {
            found.kind == ComparisonKind::Password || Some(effect.span) == code
        })
        .flat_map(|(_, found)| found.given.origins());
    let guesses: Vec<&Origin> = compared.filter(|it| is_named(it)).collect();
    let mut first = None;
    for (key, span, name) in keys(entry) {
        let mut origins = key.origins().iter();
        match origins.clone().find(|it| guesses.contains(it)) {
            Some(Origin::Request(_, field)) => {
                first = first.or(Some(ByGuess {
                    span,
                    name,
                    field: *field,
                }));
            }
            _ if origins.all(is_of_address) => {}
            _ => return None,
        }
    }
    first
}

fn is_named(origin: &Origin) -> bool {
    matches!(origin, Origin::Request(RequestPart::Body | RequestPart::Message, name) if !name.is_empty())
}

/// The keys by which attempts are counted, by limiters that are tight and by hand.
fn keys(entry: &EntryPoint) -> Vec<(Provenance, Span, Ustr)> {
    let all = entry.effects.iter();
    all.filter_map(|effect| match &effect.kind {
        EffectKind::Throttle(throttle) if is_tight(throttle) => {
            Some((throttle.key.clone(), effect.span, effect.function))
        }
        EffectKind::Access(access) if counts_attempts(entry, access) => {
            let origins = counting_key(access).flat_map(|field| field.value.origins());
            let key = Provenance::new(origins.cloned());
            Some((key, effect.span, effect.function))
        }
        _ => None,
    })
    .collect()
}

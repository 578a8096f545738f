//! Limiters whose answer nobody looks at: a part of the rule about guards that cannot act.

use firedoor_app::{Check, CheckKind, Effect, EffectKind, EntryPoint, Map, Throttle, query};

/// Returns where an attempt at a secret is counted and goes on whatever the limiter says, if others ask the same limiter.
pub fn unasked<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    entry
        .effects
        .iter()
        .enumerate()
        .find_map(|(place, effect)| {
            let throttle = counted(effect)?;
            let is_before_guess = query::comparisons(entry).any(|(compared, found)| {
                let mut later = entry.effects[place..].iter();
                found.given.is_from_client()
                    && later.any(|it| std::ptr::eq(it, compared))
                    && effect.checks.iter().all(|id| compared.checks.contains(id))
            });
            let acts = |other: &EntryPoint| {
                let mut same = other.effects.iter().filter(|it| it.span == effect.span);
                same.any(|it| counted(it).is_some_and(|throttle| is_asked(other, throttle)))
            };
            let is_ignored =
                is_before_guess && !is_asked(entry, throttle) && map.entry_points.iter().any(acts);
            is_ignored.then_some(effect)
        })
}

/// Returns what the code counts with that is no layer, if it says by what.
fn counted(effect: &Effect) -> Option<&Throttle> {
    match &effect.kind {
        EffectKind::Throttle(throttle)
            if effect.layer.is_none()
                && !throttle.key.is_empty()
                && !throttle.counts_failures_only =>
        {
            Some(throttle)
        }
        _ => None,
    }
}

/// Holds if anything hangs on what the limiter says of the key.
fn is_asked(entry: &EntryPoint, throttle: &Throttle) -> bool {
    let asks = |part: &Check| {
        part.kind == CheckKind::Attempts
            && (part.operands.is_empty() || part.operands.contains(&throttle.key))
    };
    entry
        .checks
        .iter()
        .any(|check| check.parts().iter().any(asks))
}

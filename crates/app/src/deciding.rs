//! Where the checks stand that a verdict rests on.

use crate::judge::{check_control, limits_rate};
use crate::{CheckKind, CheckPlace, Control, LayerRun, refusal_control, user_control};

/// Returns the places of the checks that `control` rests on, in order: those by which the layer refuses.
pub fn deciding(run: &LayerRun, control: Control) -> Vec<CheckPlace> {
    let mut places = Vec::new();
    let known = run.counts();
    for (refusal, checks, place) in &run.refusals {
        let own = refusal_control(refusal, checks) == Some(control);
        let last = checks.last();
        let asked = last.is_some_and(|check| {
            let counts = control == Control::RateLimit && limits_rate(check, &known);
            let mut parts = check.parts().iter();
            counts || parts.any(|part| user_control(part) == Some(control))
        });
        if !own && !asked {
            continue;
        }
        let mut deciding = checks.iter().rev();
        let named = deciding.find(|check| check_control(refusal, check) == Some(control));
        let found = named.filter(|_| own).or(last);
        // That something is missing and the code breaks is no check of anybody's.
        let is_broken = refusal.status().is_none_or(|status| status >= 500);
        if is_broken && found.is_some_and(|check| check.kind == CheckKind::Failure) {
            continue;
        }
        places.push(CheckPlace {
            control,
            span: found.map_or(*place, |check| check.span),
            passes: found.is_none_or(|check| !check.side),
            ends: found.is_none_or(|check| check.ends),
        });
    }
    places.sort();
    places.dedup();
    places
}

//! Finds answers that carry the secret of a second factor which is in use.

use firedoor_app::{
    Check, CheckKind, EffectKind, EntryPoint, Field, Map, Origin, Provenance, lookups, query,
    second_factors,
};
use ustr::Ustr;

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "secret-exposed",
    class: "two-factor",
    summary: "the secret of the second factor is returned after enrolment",
    severity: Severity::High,
    cwe: &["CWE-522"],
    remediation: "Show the secret once, when it is made, and never return it again.",
    page: include_str!("../fixtures/secret-exposed/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let places = second_factors::second_factors(map);
    for entry in &map.entry_points {
        if makes_secret(entry, &places) {
            continue;
        }
        for effect in entry.effects.iter().filter(|effect| effect.layer.is_none()) {
            let EffectKind::Respond {
                body,
                is_error: false,
                ..
            } = &effect.kind
            else {
                continue;
            };
            let told = body.iter().find(|field| is_secret(&field.value, &places));
            let Some(field) = told else {
                continue;
            };
            // Until the first code has confirmed it, the secret may be shown again.
            let is_waiting = is_waiting(map, &field.value, &places);
            let is_in_use = entry
                .checks_of(effect)
                .any(|check| check.refusal.is_some() && asks_whether_on(map, check, &places))
                && !second_factors::is_proven(map, entry, effect);
            let is_enrolling = entry.checks_of(effect).any(|check| {
                !is_in_use
                    && check.refusal.is_some()
                    && second_factors::is_about_second_factor(map, check)
                    && (is_waiting
                        || !asks_for_secret(check, &places)
                            && !asks_whether_there(check, &field.value))
            });
            if is_enrolling {
                continue;
            }
            findings
                .at_entry(entry)
                .confidence(Confidence::High)
                .title(format!("`{}` returns the secret of the second factor", entry.id()))
                .message("Whoever reads this answer once, with a stolen session or from a log, makes valid codes for ever.")
                .because("returns", effect.span, format!("`{}` of the answer is the secret", field.name))
                .report();
        }
    }
}

/// That there is a secret at all says nothing of whether it is in use.
fn asks_for_secret(check: &Check, places: &[(Ustr, Ustr)]) -> bool {
    let is_secret = |origin: &Origin| match origin {
        Origin::Record { asset, field, .. } => places.contains(&(*asset, *field)),
        _ => false,
    };
    let mut examined = wanted(check).into_iter().flatten().peekable();
    examined.peek().is_some() && examined.all(is_secret)
}

/// What must be there where the check passes: it asks for it, or holds it against nothing, as `is None` does.
fn wanted(check: &Check) -> Option<Vec<&Origin>> {
    let is_nothing = |origin: &&Origin| matches!(origin, Origin::Literal(text) if *text == "null");
    let origins = check.operands.iter().flat_map(|it| it.origins());
    match check.kind {
        CheckKind::Presence if check.outcome => Some(origins.collect()),
        CheckKind::Equality if !check.outcome && origins.clone().any(|it| is_nothing(&it)) => {
            Some(origins.filter(|it| !is_nothing(it)).collect())
        }
        _ => None,
    }
}

/// Holds if the value is the stored secret itself, not a part of a larger computation.
fn is_secret(value: &Provenance, places: &[(Ustr, Ustr)]) -> bool {
    let has_secret = value.origins().iter().any(|origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if !field.is_empty() && places.contains(&(*asset, *field)))
    });
    let is_worked_on = value.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Signature
                | Origin::Digest
                | Origin::Clock
                | Origin::Outside(_)
                | Origin::Answer(_)
        )
    });
    // Of a secret that was only asked after, the answer says whether there is one.
    let is_told = |text: &str| {
        value
            .origins()
            .iter()
            .any(|it| matches!(it, Origin::Literal(found) if found == text))
    };
    let is_outcome = is_told("true") && is_told("false");
    has_secret && !is_worked_on && !is_outcome
}

/// Holds if whoever has the second factor on passes the check, and nobody else: then the secret is not told to confirm
/// it. Of the secret itself it is not known by its being there.
fn asks_whether_on(map: &Map, check: &Check, places: &[(Ustr, Ustr)]) -> bool {
    let is_about_secret = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if field.is_empty() || places.contains(&(*asset, *field)))
    };
    let is_word = |word: &'static str| {
        let mut operands = check.operands.iter();
        operands.any(|operand| operand.literal().is_some_and(|text| text == word))
    };
    let is_on = match check.kind {
        CheckKind::Presence => check.outcome,
        CheckKind::Equality if check.outcome => is_word("true"),
        // Since when it is on is there.
        CheckKind::Equality => is_word("null"),
        _ => false,
    };
    let mut examined = check.operands.iter().flat_map(|it| it.origins());
    is_on
        && !check.is_alternative
        && second_factors::is_about_second_factor(map, check)
        && !examined.any(is_about_secret)
}

/// Holds if the check asks for nothing but that there is a secret which can be told.
fn asks_whether_there(check: &Check, told: &Provenance) -> bool {
    let asks = |part: &Check| {
        wanted(part).is_some_and(|it| it.iter().all(|origin| told.origins().contains(origin)))
    };
    match check.is_alternative {
        true => check.alternatives.iter().all(asks),
        false => asks(check),
    }
}

/// Holds if no secret is told that stays once a code has confirmed it: one that waits for that moves to another place,
/// and leaves a constant behind.
fn is_waiting(map: &Map, told: &Provenance, places: &[(Ustr, Ustr)]) -> bool {
    let is_constant = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|origin| matches!(origin, Origin::Literal(_)))
    };
    let waits = |(asset, name): (Ustr, Ustr)| {
        map.entry_points.iter().any(|entry| {
            query::handler_accesses(entry).any(|(_, access)| {
                let mut values = access.values.iter();
                let is_left = |field: &Field| field.name == name && is_constant(&field.value);
                access.asset == asset
                    && values.clone().any(is_left)
                    && values.any(|field| {
                        field.name != name && field.value.record_fields(asset).any(|it| it == name)
                    })
            })
        })
    };
    let mut secrets = told.origins().iter().filter_map(|origin| match origin {
        Origin::Record { asset, field, .. } => {
            Some((*asset, *field)).filter(|place| places.contains(place))
        }
        _ => None,
    });
    secrets.all(waits)
}

fn makes_secret(entry: &EntryPoint, places: &[(Ustr, Ustr)]) -> bool {
    let is_made = entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, EffectKind::MakeSecret(_)));
    is_made
        || query::handler_accesses(entry).any(|(_, access)| {
            access.values.iter().any(|value| {
                places.contains(&(access.asset, value.name)) && lookups::is_random(&value.value)
            })
        })
}

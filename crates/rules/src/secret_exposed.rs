//! Finds answers that carry the secret of a second factor which is in use.

use firedoor_app::{
    Check, CheckKind, EffectKind, EntryPoint, Map, Origin, Provenance, lookups, query,
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
            let is_enrolling = entry.checks_of(effect).any(|check| {
                check.refusal.is_some()
                    && second_factors::is_about_second_factor(map, check)
                    && !asks_for_secret(check, &places)
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
    let mut examined = check.operands.iter().flat_map(|it| it.origins());
    check.kind == CheckKind::Presence && check.outcome && examined.all(is_secret)
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

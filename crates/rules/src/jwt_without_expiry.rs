//! Finds tokens that prove who is asking and have no end.

use firedoor_app::{AssetKind, EntryPoint, Map, lookups, query};
use ustr::Ustr;

use crate::token_kinds::{Issued, Verified, accepts, is_proof, issued, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-without-expiry",
    class: "jwt",
    summary: "tokens that prove who is asking never expire",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Give the token a lifetime of minutes, and renew it with something that the server can revoke.",
    page: include_str!("../fixtures/jwt-without-expiry/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for made in issued(map) {
        if made.token.expires.is_some() {
            continue;
        }
        let accepting = verified(map).find(|found| is_proof(found) && accepts(found, made.token));
        if let Some(found) = accepting
            && !has_age_limit(&found)
        {
            let confidence = match is_revocable(map, found.entry) {
                Some(true) => Confidence::Low,
                Some(false) => Confidence::Medium,
                None => Confidence::High,
            };
            report(&made, &found, confidence, findings);
        }
    }
}

/// Some verifications limit the age by when the token was issued.
fn has_age_limit(found: &Verified<'_>) -> bool {
    found.token.requires.iter().any(|field| field.name == "iat")
}

/// Whether what the token says is looked up in something else than accounts, a session that can end; and whether it
/// also ends by itself.
fn is_revocable(map: &Map, entry: &EntryPoint) -> Option<bool> {
    let accounts = query::account_assets(map);
    let looked_up: Vec<Ustr> = query::accesses(entry)
        .filter(|(effect, access)| {
            effect.layer.is_some()
                && !access.operation.is_write()
                && !accounts.contains(&access.asset)
                && access.key.iter().any(|field| field.value.is_of_principal())
        })
        .map(|(_, access)| access.asset)
        .collect();
    let ends = |asset: &Ustr| {
        let is_kept_for_a_while = map.asset(*asset).is_none_or(|asset| {
            asset.kind != AssetKind::Table || asset.fields.iter().any(|field| field.is_expiry)
        });
        is_kept_for_a_while || lookups::bounds_age(entry, *asset)
    };
    (!looked_up.is_empty()).then(|| looked_up.iter().any(ends))
}

fn report(
    made: &Issued<'_>,
    found: &Verified<'_>,
    confidence: Confidence,
    findings: &mut Findings,
) {
    let function = &made.effect.function;
    findings
        .at(made.effect.span, function)
        .entry_point(made.entry)
        .confidence(confidence)
        .title(format!("tokens of `{function}` never expire"))
        .message("Whoever gets hold of one is that person for ever, or until the key is changed.")
        .because(
            "accepted",
            found.effect.span,
            format!(
                "accepted as proof of who is asking by `{}`",
                found.effect.function
            ),
        )
        .report();
}

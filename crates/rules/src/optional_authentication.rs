//! Finds entry points that read who is asking, and act for those who do not say it too.

use firedoor_app::{
    Control, EntryPoint, Map, Operation, Origin, RequestPart, Verdict, query, user_control,
};
use ustr::Ustr;

use crate::exposure::{is_public_by_nature, worst};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "optional-authentication",
    class: "broken-access-control",
    summary: "the identity is read, and nobody is refused",
    severity: Severity::High,
    cwe: &["CWE-287"],
    remediation: "Refuse requests whose credential is missing or wrong before anything is done for them.",
    page: include_str!("../fixtures/optional-authentication/README.md"),
    check,
};

/// Holds if a record is written under the caller's own id where he is known, and under one that the request names
/// where he is not: both come together in one field.
fn names_itself(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_id = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        matches!(last, "id" | "_id" | "sub" | "uid" | "userId" | "user_id")
    };
    let is_known = |origin: &Origin| match origin {
        Origin::Principal(claim) | Origin::UnverifiedClaim(claim) => is_id(claim),
        Origin::Request(RequestPart::Session | RequestPart::Context, name) => is_id(name),
        Origin::Record { asset, field, .. } => accounts.contains(asset) && is_id(field),
        _ => false,
    };
    let is_named = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Path | RequestPart::Message,
                name,
            ) if !name.is_empty()
        )
    };
    query::accesses_in(&entry.exposed).any(|(effect, access)| {
        effect.layer.is_none()
            && access.operation.is_write()
            && access.values.iter().any(|field| {
                let origins = field.value.origins();
                origins.iter().any(is_known) && origins.iter().any(is_named)
            })
    })
}

/// Holds if whoever says who he is has to be one of the record's people, and whoever says nothing is told the same
/// records, which every other entry point tells to people that it knows.
fn is_asked_of_known(map: &Map, entry: &EntryPoint) -> bool {
    let is_guarded = |asset: Ustr| {
        let mut others = query::users_of(map, asset, false)
            .filter(|other| !std::ptr::eq(*other, entry))
            .peekable();
        others.peek().is_some()
            && others.all(|other| other.verdict(Control::Authentication) == Verdict::Enforced)
    };
    let is_told = |asset: Ustr| {
        let mut effects = entry.exposed.iter();
        effects.any(|effect| query::tells(effect, asset))
    };
    let is_compared = |asset: Ustr| {
        entry.checks.iter().any(|check| {
            check.refusal.is_some()
                && user_control(check) == Some(Control::Ownership)
                && check.provenance().record_fields(asset).next().is_some()
        })
    };
    entry.verdict(Control::Ownership).refuses()
        && query::accesses_in(&entry.exposed).any(|(effect, access)| {
            effect.layer.is_none()
                && access.operation == Operation::Read
                && query::is_personal(map, access.asset)
                && is_told(access.asset)
                && is_compared(access.asset)
                && is_guarded(access.asset)
        })
}

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication) != Verdict::Observed
            || is_public_by_nature(map, entry)
        {
            continue;
        }
        let Some(exposure) = worst(map, entry, &entry.exposed) else {
            continue;
        };
        // Who asks may say who he is: that is for nobody else to choose.
        let confidence = match exposure.confidence {
            _ if names_itself(map, entry) => Confidence::High,
            Confidence::Low if is_asked_of_known(map, entry) => Confidence::Medium,
            confidence => confidence,
        };
        if confidence == Confidence::Low {
            continue;
        }
        let mut finding = findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` {} whether or not the caller is known", entry.id(), exposure.words))
            .message("A layer reads the caller's credential, but a request without one, or with a wrong one, goes on.")
            .because("effect", exposure.span, format!("{} here", exposure.words));
        for layer in &entry.layers {
            if layer.controls.contains(&Control::Authentication) {
                finding = finding.because(
                    "guard",
                    layer.span,
                    format!("`{}` reads the credential and refuses nobody", layer.name),
                );
            }
        }
        finding.report();
    }
}

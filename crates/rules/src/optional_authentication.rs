//! Finds entry points that read who is asking, and act for those who do not say it too.

use firedoor_app::{
    Access, Control, Effect, EffectKind, EntryPoint, Map, Operation, Origin, RequestPart,
    Transport, Verdict, query, user_control,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::exposure::{is_left_to_record, is_public_by_nature, worst};
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

/// Returns the records, and where they are read, of which whoever says who he is has to be one of the people, and
/// whoever says nothing is told the same ones, which every other entry point tells to people that it knows.
fn asked_of_known(map: &Map, entry: &EntryPoint) -> Option<(Ustr, Span)> {
    let is_guarded = |asset: Ustr| {
        let mut others = query::users_of(map, asset, false)
            .filter(|other| !std::ptr::eq(*other, entry))
            .peekable();
        others.peek().is_some()
            && others.all(|other| other.verdict(Control::Authentication) == Verdict::Enforced)
    };
    // What is joined to the records that are read is told, too.
    let told = |read: Ustr| {
        let answers = entry
            .exposed
            .iter()
            .filter_map(|effect| match &effect.kind {
                EffectKind::Respond {
                    body,
                    is_error: false,
                    ..
                } => Some(body),
                _ => None,
            });
        let origins = answers.flatten().flat_map(|field| field.value.origins());
        let mut assets: Vec<Ustr> = origins
            .filter_map(|origin| match origin {
                Origin::Record { asset, .. } => Some(*asset),
                _ => None,
            })
            .collect();
        let is_told = |effect: &Effect| query::tells(effect, read);
        assets.extend(entry.exposed.iter().any(is_told).then_some(read));
        assets
    };
    let is_compared = |access: &Access| {
        let is_key = |origin: &Origin| {
            let mut keys = access.key.iter();
            origin.is_from_client() && keys.any(|it| it.value.origins().contains(origin))
        };
        entry.checks.iter().any(|check| {
            let examined = check.provenance();
            check.refusal.is_some()
                && user_control(check) == Some(Control::Ownership)
                && (examined.record_fields(access.asset).next().is_some()
                    || examined.origins().iter().any(is_key))
        })
    };
    if !entry.verdict(Control::Ownership).refuses() {
        return None;
    }
    query::accesses_in(&entry.exposed).find_map(|(effect, access)| {
        let is_read = effect.layer.is_none() && access.operation == Operation::Read;
        if !is_read || !is_compared(access) || is_left_to_record(entry, effect) {
            return None;
        }
        let mut told = told(access.asset).into_iter();
        let asset = told.find(|it| query::is_personal(map, *it) && is_guarded(*it))?;
        Some((asset, effect.span))
    })
}

fn check(map: &Map, findings: &mut Findings) {
    let has_authentication = query::is_anywhere(map, Control::Authentication);
    for entry in &map.entry_points {
        // Sockets have a rule of their own where anybody is asked who he is at all.
        let is_sockets_own = entry.transport == Transport::WebSocket && has_authentication;
        if entry.verdict(Control::Authentication) != Verdict::Observed
            || is_sockets_own
            || is_public_by_nature(map, entry)
        {
            continue;
        }
        let exposure = worst(map, entry, &entry.exposed);
        let confidence = exposure
            .as_ref()
            .map_or(Confidence::Low, |it| it.confidence);
        // Who asks may say who he is: that is for nobody else to choose.
        let confidence = match exposure.is_some() && names_itself(map, entry) {
            true => Confidence::High,
            false => confidence,
        };
        let found = match exposure.filter(|_| confidence > Confidence::Low) {
            Some(exposure) => Some((exposure.words, exposure.span, confidence)),
            None => asked_of_known(map, entry)
                .map(|(asset, span)| (format!("reads {asset}"), span, Confidence::Medium)),
        };
        let Some((words, span, confidence)) = found else {
            continue;
        };
        let mut finding = findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` {words} whether or not the caller is known", entry.id()))
            .message("A layer reads the caller's credential, but a request without one, or with a wrong one, goes on.")
            .because("effect", span, format!("{words} here"));
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

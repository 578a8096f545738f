//! Finds tokens of another kind that are accepted as proof of who is asking.

use firedoor_app::{
    Control, EffectKind, Field, Map, Origin, RequestPart, SessionOperation, Transport,
};

use crate::token_contrasts::Kinds;
use crate::token_kinds::{Issued, Verified, is_proof, is_same_key, issued, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-token-confusion",
    class: "jwt",
    summary: "a token of another kind passes as an access token",
    severity: Severity::High,
    cwe: &["CWE-1270"],
    remediation: "Give each kind of token an audience or type of its own, and ask for exactly one where it is verified; or use a key for each kind.",
    page: include_str!("../fixtures/jwt-token-confusion/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let is_taken = |found: &Verified<'_>| is_proof(found) && !is_only_ended(found);
    let mut kinds = Kinds::new(map);
    for found in verified(map).filter(is_taken) {
        let accepted = kinds.accepted(&found);
        for other in &accepted.all {
            if let Some((access, words, confidence)) = kinds.access(&accepted, other) {
                report(
                    &found,
                    &access.made,
                    &other.made,
                    &words,
                    confidence,
                    findings,
                );
            }
        }
    }
    check_links(map, findings);
}

/// Holds if the handler looks at the token to end it, and does nothing else for whoever it names: it is written down
/// until it has expired, a cookie is cleared, and the answer is the same for everybody.
fn is_only_ended(found: &Verified<'_>) -> bool {
    let is_of_token = |origin: &Origin| match origin {
        Origin::Claim(name) | Origin::Principal(name) => {
            matches!(name.as_str(), "exp" | "jti" | "iat")
        }
        Origin::Request(RequestPart::Cookie | RequestPart::Header | RequestPart::Body, _)
        | Origin::Literal(_)
        | Origin::Clock
        | Origin::Digest => true,
        _ => false,
    };
    let is_plain = |field: &Field| field.value.origins().iter().all(is_of_token);
    found.effect.layer.is_none()
        && found
            .entry
            .effects
            .iter()
            .filter(|effect| effect.layer.is_none())
            .all(|effect| match &effect.kind {
                EffectKind::Verify(_) | EffectKind::ClearCookie(_) => true,
                EffectKind::Session(operation, _) => *operation == SessionOperation::Destroy,
                EffectKind::Respond { body, is_error, .. } => {
                    *is_error || body.iter().all(is_plain)
                }
                EffectKind::Access(access) => {
                    access.key.iter().all(is_plain) && access.values.iter().all(is_plain)
                }
                _ => false,
            })
}

/// A token that stands in the URL of a link is asked for there and proves who is asking here as well, besides that of a
/// log-in.
fn check_links(map: &Map, findings: &mut Findings) {
    let is_linked = |found: &Verified<'_>| {
        let sent = found.token.token.origins().iter();
        let mut sent = sent.filter(|it| it.is_from_client()).peekable();
        found.token.is_verified
            && found.entry.transport == Transport::Http
            && sent.peek().is_some()
            && sent.all(|it| {
                matches!(
                    it,
                    Origin::Request(RequestPart::Path | RequestPart::Query, _)
                )
            })
    };
    let links: Vec<Verified<'_>> = verified(map).filter(is_linked).collect();
    // Whoever has logged in already gets it for something else.
    let made: Vec<Issued<'_>> = issued(map)
        .filter(|made| made.entry.verdict(Control::Authentication).refuses())
        .filter(|made| links.iter().any(|link| is_kind(link, made)))
        .collect();
    if made.is_empty() {
        return;
    }
    let proofs: Vec<Verified<'_>> = verified(map).filter(is_proof).collect();
    let mut told = Vec::new();
    for found in &proofs {
        let of_link = made.iter().find(|made| is_kind(found, made));
        let Some(other) = of_link.filter(|_| !told.contains(&found.token)) else {
            continue;
        };
        let access = proofs.iter().find_map(|own| {
            let is_beside = std::ptr::eq(own.entry, found.entry) && !is_kind(own, other);
            let made = issued(map).find(|made| is_kind(own, made));
            made.filter(|_| is_beside)
        });
        if let Some(access) = access {
            told.push(found.token);
            report_link(found, &access, other, findings);
        }
    }
}

fn report_link(
    found: &Verified<'_>,
    access: &Issued<'_>,
    other: &Issued<'_>,
    findings: &mut Findings,
) {
    findings
        .at(found.effect.span, &found.effect.function)
        .symbol("link")
        .entry_point(found.entry)
        .confidence(Confidence::Medium)
        .title(format!("the token of a link passes as an access token at `{}`", found.entry.id()))
        .message(format!(
            "`{}` makes it for a link, so that it stands in URLs, which are kept and sent around; whoever reads one there is that person here.",
            other.entry.id()
        ))
        .because("issued", other.effect.span, "the token of the link is issued here")
        .because("compared-with", access.effect.span, "access tokens are issued here")
        .report();
}

/// Holds if the call that verifies takes tokens of this kind: the same key, and the constants that it asks for.
fn is_kind(found: &Verified<'_>, made: &Issued<'_>) -> bool {
    let mut asked = found.token.requires.iter();
    is_same_key(&found.token.secret, &made.token.secret)
        && asked.all(|field| {
            let mut claims = made.token.claims.iter().filter(|it| it.name == field.name);
            field.value.literal().is_none_or(|wanted| {
                claims.any(|claim| claim.value.literal().is_none_or(|told| told == wanted))
            })
        })
}

fn report(
    found: &Verified<'_>,
    access: &Issued<'_>,
    other: &Issued<'_>,
    words: &str,
    confidence: Confidence,
    findings: &mut Findings,
) {
    let function = &other.effect.function;
    findings
        .at(found.effect.span, function)
        .symbol(words)
        .entry_point(other.entry)
        .confidence(confidence)
        .title(format!("tokens of `{function}` pass as access tokens"))
        .message(format!(
            "They are signed with the same key, and nothing that `{}` or its callers check tells them apart: {words}.",
            found.effect.function
        ))
        .because("issued", other.effect.span, "the other kind is issued here")
        .because("compared-with", access.effect.span, "access tokens are issued here")
        .report();
}

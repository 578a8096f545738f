//! Finds URLs that carry a token that proves who is asking: of redirects, and of all requests that a guard lets on.

use firedoor_app::{
    Effect, EffectKind, EntryPoint, IssueToken, Map, Origin, Provenance, RequestPart, Transport,
    query,
};
use firedoor_source::Span;

use crate::token_kinds::{Issued, accepts, is_proof, issued, proves_identity, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "token-in-url",
    class: "jwt",
    summary: "a token that proves who is asking travels in a URL",
    severity: Severity::Medium,
    cwe: &["CWE-598"],
    remediation: "Hand it over in a cookie or in the answer to a request that exchanges a short one-time code.",
    page: include_str!("../fixtures/token-in-url/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let all: Vec<Issued<'_>> = issued(map).collect();
    for entry in &map.entry_points {
        let made: Vec<&Issued<'_>> = all
            .iter()
            .filter(|made| std::ptr::eq(made.entry, entry))
            .filter(|made| proves_identity(map, made.token))
            .collect();
        redirects(entry, &made, findings);
    }
    taken(map, &all, findings);
}

/// One download that cannot set a header is a need; a guard that stands before everything makes it a habit.
const FEWEST: usize = 3;

/// A guard of many entry points takes the token that a log-in gave out from the URL as well as from a header.
fn taken(map: &Map, all: &[Issued<'_>], findings: &mut Findings) {
    let mut places: Vec<(Span, Vec<&EntryPoint>, &Effect)> = Vec::new();
    for found in verified(map) {
        let given = &found.token.token;
        let is_either = is_proof(&found) && given.is_from(RequestPart::Query);
        // Where browsers can send nothing else with a handshake, the URL is a need.
        let is_needed = found.entry.transport != Transport::Http
            && !given.is_from(RequestPart::Header)
            && !given.is_from(RequestPart::Cookie);
        let is_guards = !is_needed && found.effect.layer.is_some();
        if !is_either || !is_guards || !all.iter().any(|made| accepts(&found, made.token)) {
            continue;
        }
        match places.iter_mut().find(|it| it.0 == found.effect.span) {
            Some((_, entries, _)) => entries.push(found.entry),
            None => places.push((found.effect.span, vec![found.entry], found.effect)),
        }
    }
    for (span, mut entries, effect) in places {
        let behind = map.entry_points.iter().filter(|it| is_behind(it, &entries));
        let behind: Vec<&EntryPoint> = behind.collect();
        entries.extend(behind);
        let changes = entries.iter().any(|entry| query::changes_state(entry));
        let (Some(first), true, true) = (entries.first(), entries.len() >= FEWEST, changes) else {
            continue;
        };
        let layer = effect
            .layer
            .and_then(|number| first.layers.get(number as usize));
        let mut finding = findings
            .at_entry(first)
            .span(span)
            .symbol("taken")
            .confidence(Confidence::Medium)
            .title("the token that proves who is asking is taken from the URL too")
            .message(format!(
                "{} entry points let callers in by what stands in the query; URLs stay in histories, logs and Referer headers.",
                entries.len()
            ))
            .because("verifies", span, "the token is verified here");
        if let Some(layer) = layer {
            finding = finding.because("guard", layer.span, "the guard that takes it");
        }
        finding.report();
    }
}

/// A message of a connection comes to whom its handshake has let in, and to nobody else.
fn is_behind(entry: &EntryPoint, guarded: &[&EntryPoint]) -> bool {
    let is_its_handshake = |other: &&EntryPoint| {
        other.transport != Transport::Http
            && other.message.is_none()
            && (other.transport, other.app, other.path) == (entry.transport, entry.app, entry.path)
    };
    let is_known = guarded.iter().any(|other| std::ptr::eq(*other, entry));
    entry.message.is_some() && !is_known && guarded.iter().any(is_its_handshake)
}

fn redirects(entry: &EntryPoint, made: &[&Issued<'_>], findings: &mut Findings) {
    for effect in &entry.effects {
        let EffectKind::Redirect(target) = &effect.kind else {
            continue;
        };
        let is_told = made.iter().any(|made| {
            may_both_happen(entry, made.effect, effect) && may_be_in(made.token, target)
        });
        if !is_told || !target.origins().contains(&Origin::Signature) {
            continue;
        }
        findings
            .at_entry(entry)
            .span(effect.span)
            .confidence(match is_in_fragment(target) {
                true => Confidence::Low,
                false => Confidence::Medium,
            })
            .title(format!("`{}` redirects to a URL with a token in it", entry.id()))
            .message(
                "URLs stay in histories, logs and Referer headers; whoever reads one there is that person.",
            )
            .because("redirects", effect.span, "the URL is made with the token")
            .report();
    }
}

/// Holds if all that the URL tells stands in its fragment, which no server and no log gets to see.
fn is_in_fragment(target: &Provenance) -> bool {
    let mut origins = target.origins().iter();
    origins.any(|origin| matches!(origin, Origin::Literal(text) if text.starts_with('#')))
}

/// Holds if the URL may be made with the token: where the token tells something of a record, so does the URL.
fn may_be_in(token: &IssueToken, target: &Provenance) -> bool {
    let is_stored = |origin: &&Origin| matches!(origin, Origin::Record { .. });
    // What options add to a token, such as its subject, leaves no trace in what is made of it.
    let told = token
        .claims
        .iter()
        .filter(|claim| !matches!(claim.name.as_str(), "sub" | "aud" | "iss"));
    let mut told = told
        .flat_map(|claim| claim.value.origins())
        .filter(is_stored)
        .peekable();
    told.peek().is_none() || told.any(|origin| target.origins().contains(origin))
}

/// Holds if no check sends the one on one way and the other on the opposite.
fn may_both_happen(entry: &EntryPoint, first: &Effect, second: &Effect) -> bool {
    !entry.checks_of(first).any(|check| {
        entry
            .checks_of(second)
            .any(|other| other.span == check.span && other.outcome != check.outcome)
    })
}

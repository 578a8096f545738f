//! Finds sockets that never look up what HTTP guards look up about the caller on every request.

use firedoor_app::{Control, EntryPoint, Layer, Map, Operation, Transport, query};
use firedoor_source::Span;
use ustr::Ustr;

use crate::socket::{entries, siblings};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-stale-identity",
    class: "websocket-auth",
    summary: "a socket goes on for those whom HTTP would refuse",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Look up in the handshake what HTTP guards look up, and close connections when a session ends or an account is banned.",
    page: include_str!("../fixtures/websocket-stale-identity/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let looked_up = looked_up_by_http(map);
    for entry in entries(map).filter(|entry| entry.message.is_none()) {
        let all: Vec<&EntryPoint> = std::iter::once(entry).chain(siblings(map, entry)).collect();
        let is_by_token = all.iter().any(|other| {
            other.verdict(Control::Authentication).refuses()
                && query::verifications(other).any(|(_, found)| found.is_verified)
        });
        let reads = |asset: Ustr| all.iter().any(|other| reads_asset(other, asset));
        let missed = looked_up.iter().find(|known| !reads(known.asset));
        if let Some(missed) = missed.filter(|_| is_by_token) {
            // A socket that looks up something shows that the look-ups of it are seen.
            let confidence = match looked_up.iter().any(|known| reads(known.asset)) {
                true => Confidence::High,
                false => Confidence::Low,
            };
            report(entry, missed, confidence, findings);
        }
    }
}

/// What guards of HTTP look up about the caller on every request.
struct LookedUp<'m> {
    asset: Ustr,
    span: Span,
    example: &'m EntryPoint,
    guard: &'m Layer,
}

fn looked_up_by_http(map: &Map) -> Vec<LookedUp<'_>> {
    let mut found: Vec<(LookedUp<'_>, usize)> = Vec::new();
    let http = map
        .entry_points
        .iter()
        .filter(|entry| entry.transport == Transport::Http);
    for entry in http {
        for (effect, access) in query::accesses(entry) {
            let guard = effect
                .layer
                .and_then(|number| entry.layers.get(number as usize));
            let is_about_caller = !access.operation.is_write()
                && access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value));
            let Some(guard) = guard.filter(|_| is_about_caller) else {
                continue;
            };
            if !guard.controls.contains(&Control::Authentication) {
                continue;
            }
            match found
                .iter_mut()
                .find(|(known, _)| known.asset == access.asset)
            {
                Some((_, count)) => *count += 1,
                None => found.push((
                    LookedUp {
                        asset: access.asset,
                        span: effect.span,
                        example: entry,
                        guard,
                    },
                    1,
                )),
            }
        }
    }
    let most = found.iter().map(|(_, count)| *count).max().unwrap_or(0);
    found
        .into_iter()
        .filter(|(_, count)| count * 2 > most)
        .map(|(known, _)| known)
        .collect()
}

fn reads_asset(entry: &EntryPoint, asset: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| {
        access.asset == asset
            && matches!(access.operation, Operation::Read | Operation::Count)
            && access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value))
    })
}

fn report(
    entry: &EntryPoint,
    looked_up: &LookedUp<'_>,
    confidence: Confidence,
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .confidence(confidence)
        .title(format!("`{}` trusts a token that HTTP would refuse", entry.id()))
        .message(format!(
            "`{}` looks the caller up in {} on every request; the socket does not, so that whoever was logged out or banned stays or comes back.",
            looked_up.guard.name, looked_up.asset
        ))
        .because(
            "compared-with",
            looked_up.span,
            format!("`{}` is refused here", looked_up.example.id()),
        )
        .report();
}

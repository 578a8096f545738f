//! Finds sockets that never look up what HTTP guards look up about the caller on every request.

use firedoor_app::{Control, EntryPoint, Layer, Map, Operation, Transport, query};
use firedoor_source::Span;
use ustr::Ustr;

use crate::socket::{entries, siblings};
use crate::{Findings, Rule, Severity};

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
    let Some(looked_up) = looked_up_by_http(map) else {
        return;
    };
    for entry in entries(map).filter(|entry| entry.message.is_none()) {
        let is_by_token = entry.verdict(Control::Authentication).refuses()
            && query::verifications(entry).any(|(_, found)| found.is_verified);
        let all = || std::iter::once(entry).chain(siblings(map, entry));
        let is_by_message = || {
            siblings(map, entry)
                .any(|other| query::verifications(other).any(|(_, found)| found.is_verified))
        };
        if !is_by_token && !is_by_message() {
            continue;
        }
        let reads = all().any(|other| reads_asset(other, looked_up.asset));
        if !reads {
            report(entry, &looked_up, findings);
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

fn looked_up_by_http(map: &Map) -> Option<LookedUp<'_>> {
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
    found
        .into_iter()
        .max_by_key(|(known, count)| (*count, std::cmp::Reverse(known.span)))
        .map(|(known, _)| known)
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

fn report(entry: &EntryPoint, looked_up: &LookedUp<'_>, findings: &mut Findings) {
    findings
        .at_entry(entry)
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

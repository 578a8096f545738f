//! Finds changes that pages of other sites can make with the cookies of their visitors.

use firedoor_app::{Control, EntryPoint, Map, query, sessions};

use crate::cookie_use::{Credential, credentials, is_open, is_simple, symbol, unprotected_writers};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "csrf-missing",
    class: "csrf-cors",
    summary: "pages of other sites can act for whoever is logged in",
    severity: Severity::High,
    cwe: &["CWE-352"],
    remediation: "Set `SameSite` on the cookie, check the `Origin` header, or ask for a token that only own pages know.",
    page: include_str!("../fixtures/csrf-missing/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in credentials(map) {
        let Some(is_explicit) = is_open(found.cookie) else {
            continue;
        };
        let mut writers: Vec<&EntryPoint> = unprotected_writers(map, found.cookie)
            .filter(|entry| is_simple(entry))
            .collect();
        // Few visitors are administrators, and to be logged out is a nuisance only.
        writers.sort_by_key(|entry| {
            (
                entry.verdict(Control::Authorization).refuses(),
                !changes_more_than_sessions(map, entry),
            )
        });
        if let Some(first) = writers.first() {
            report(&found, is_explicit, first, writers.len(), findings);
        }
    }
}

/// Holds if something is changed that is no session, and no token.
fn changes_more_than_sessions(map: &Map, entry: &EntryPoint) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.operation.is_write() && !sessions::session_assets(map).contains(&access.asset)
    })
}

fn report(
    found: &Credential<'_>,
    is_explicit: bool,
    first: &EntryPoint,
    count: usize,
    findings: &mut Findings,
) {
    let name = found.name();
    let others = match count {
        1 => String::new(),
        _ => format!(" and {} others", count - 1),
    };
    findings
        .at(
            first.registered,
            &symbol(found.cookie.name, found.cookie.is_session),
        )
        .entry_point(first)
        .confidence(match is_explicit {
            true => Confidence::High,
            false => Confidence::Low,
        })
        .title(format!("other sites can send `{}`{others} for their visitors", first.id()))
        .message(format!(
            "The cookie `{name}` proves who is asking, browsers add it to requests that other sites make, and neither a token nor the origin is asked for."
        ))
        .because("cookie", found.effect.span, "the cookie is set here")
        .report();
}

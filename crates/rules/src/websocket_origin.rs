//! Finds sockets that are authenticated by a cookie and do not compare the origin.

use firedoor_app::{Control, EntryPoint, Map, Origin, RequestPart};

use crate::cookie_use::{credentials, takes};
use crate::socket::entries;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-origin",
    class: "websocket-auth",
    summary: "pages of other sites can open the socket of whoever is logged in",
    severity: Severity::High,
    cwe: &["CWE-1385"],
    remediation: "Compare the `Origin` header of the handshake with your own, or authenticate by something that browsers do not add.",
    page: include_str!("../fixtures/websocket-origin/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in entries(map).filter(|entry| entry.message.is_none()) {
        let is_by_cookie = entry.verdict(Control::Authentication).refuses() && takes_cookie(entry);
        if !is_by_cookie || entry.verdict(Control::Origin).refuses() {
            continue;
        }
        if let Some(confidence) = confidence(map, entry) {
            report(entry, confidence, findings);
        }
    }
}

fn takes_cookie(entry: &EntryPoint) -> bool {
    entry.credentials.iter().any(|origin| match origin {
        Origin::Request(RequestPart::Cookie | RequestPart::Session, _) => true,
        Origin::Request(RequestPart::Header, name) => name == "cookie",
        _ => false,
    })
}

/// A cookie that other sites' requests do not carry protects; nothing if it is one. `lax` leaves pages of the same
/// site, as those of another subdomain: an application that refuses them elsewhere relies on more than that.
fn confidence(map: &Map, entry: &EntryPoint) -> Option<Confidence> {
    let taken: Vec<_> = credentials(map)
        .filter(|found| takes(entry, found.cookie) || reads_all(entry))
        .collect();
    let same_site = |found: &crate::cookie_use::Credential<'_>| found.cookie.same_site;
    let is_kept = |found: &crate::cookie_use::Credential<'_>| {
        same_site(found).is_some_and(|word| matches!(word.as_str(), "lax" | "strict"))
    };
    if !taken.is_empty() && taken.iter().all(is_kept) {
        let is_lax = taken
            .iter()
            .any(|found| same_site(found).is_some_and(|word| word == "lax"));
        return (is_lax && refuses_pages(map, entry)).then_some(Confidence::Medium);
    }
    let is_open = taken
        .iter()
        .any(|found| found.cookie.same_site.is_some_and(|word| word == "none"));
    Some(match is_open {
        true => Confidence::High,
        false => Confidence::Medium,
    })
}

/// Holds if other entry points that cookies open ask which page a request comes from.
fn refuses_pages(map: &Map, entry: &EntryPoint) -> bool {
    let is_cookie = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Cookie, _)) && !origin.is_kept_meanwhile()
    };
    map.entry_points.iter().any(|other| {
        let asks = |control| other.verdict(control).refuses();
        other.path != entry.path
            && other.credentials.iter().any(is_cookie)
            && (asks(Control::Origin) || asks(Control::Csrf))
    })
}

/// Holds if the header is taken apart by hand, so that it is not known which cookie is meant.
fn reads_all(entry: &EntryPoint) -> bool {
    entry.credentials.iter().any(
        |origin| matches!(origin, Origin::Request(RequestPart::Header, name) if name == "cookie"),
    )
}

fn report(entry: &EntryPoint, confidence: Confidence, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .confidence(confidence)
        .title(format!("other sites can open `{}` for their visitors", entry.id()))
        .message(
            "A cookie proves who connects, browsers add it whichever page opens the socket, and the origin is not compared.",
        )
        .because("handled", entry.handler.span, "connections are taken here")
        .report();
}

//! Finds answers that any site may read by asking, cookies included.

use firedoor_app::{Control, Flag, Map, Origin, RequestPart, SettingKind};

use crate::cookie_use::credentials;
use crate::cross_origin_headers;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "cors-reflects-origin-with-credentials",
    class: "csrf-cors",
    summary: "every site that asks may read answers made with the cookies of its visitors",
    severity: Severity::High,
    cwe: &["CWE-942"],
    remediation: "List the origins of your own pages and compare the whole origin, scheme and port included.",
    page: include_str!("../fixtures/cors-reflects-origin-with-credentials/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    // Without cookies there is nothing that a browser would add.
    let is_cookie = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(RequestPart::Cookie | RequestPart::Session, _)
        )
    };
    let mut entries = map.entry_points.iter();
    let has_cookies = credentials(map).next().is_some()
        || entries.any(|entry| {
            entry.verdict(Control::Authentication).refuses()
                && entry.credentials.iter().any(is_cookie)
        });
    for setting in &map.settings {
        let SettingKind::Cors {
            reflects,
            matches_loosely,
            credentials: Flag::On,
            ..
        } = &setting.kind
        else {
            continue;
        };
        let words = match (reflects, matches_loosely) {
            (Flag::On, _) => "whatever the `Origin` header says is allowed",
            (_, Some(_)) => {
                "the origin is compared by a part of its text, which others can have in theirs too"
            }
            _ => continue,
        };
        let span = match reflects {
            Flag::On => setting.span,
            _ => matches_loosely.unwrap_or(setting.span),
        };
        findings
            .at(span, "cors")
            .symbol(&setting.app)
            .confidence(match has_cookies {
                true => Confidence::High,
                false => Confidence::Low,
            })
            .title("answers are readable for any site that asks")
            .message(format!(
                "Browsers add cookies to such requests, and the page that asked reads the answer: {words}."
            ))
            .because("setting", setting.span, "credentials are allowed here")
            .report();
    }
    for own in cross_origin_headers::reflecting(map) {
        findings
            .at_entry(own.entry)
            .span(own.span)
            .confidence(match has_cookies {
                true => Confidence::High,
                false => Confidence::Low,
            })
            .title(format!("answers of `{}` are readable for any site that asks", own.entry.id()))
            .message(
                "Browsers add cookies to such requests, and the page that asked reads the answer: the answer allows whatever the `Origin` header says.",
            )
            .because("setting", own.credentials, "credentials are allowed here")
            .report();
    }
}

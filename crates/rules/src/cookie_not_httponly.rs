//! Finds cookies with a credential that scripts of the page can read.

use firedoor_app::{Flag, Map};

use crate::cookie_use::{Credential, credentials, symbol};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "cookie-not-httponly",
    class: "cookie",
    summary: "scripts can read a cookie that holds a credential",
    severity: Severity::Medium,
    cwe: &["CWE-1004"],
    remediation: "Set `httpOnly` on it; scripts need not know it.",
    page: include_str!("../fixtures/cookie-not-httponly/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in credentials(map) {
        let (words, confidence) = match &found.cookie.http_only {
            Flag::Off => ("is switched off".to_owned(), Confidence::High),
            Flag::Default => ("is not set".to_owned(), Confidence::High),
            Flag::Conditional(names) => (format!("hangs on {names}"), Confidence::Medium),
            _ => continue,
        };
        report(&found, &words, confidence, findings);
    }
}

fn report(found: &Credential<'_>, words: &str, confidence: Confidence, findings: &mut Findings) {
    let cookie = found.words();
    findings
        .at(
            found.effect.span,
            &symbol(found.cookie.name, found.cookie.is_session),
        )
        .entry_point(found.entry)
        .confidence(confidence)
        .title(format!("scripts can read {cookie}"))
        .message(format!(
            "It holds a credential, and `HttpOnly` {words}: one script that slips into a page takes it along."
        ))
        .because("sets", found.entry.registered, format!("`{}` sets it", found.entry.id()))
        .report();
}

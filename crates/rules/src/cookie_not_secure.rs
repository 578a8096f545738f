//! Finds cookies with a credential that browsers send over plain HTTP too.

use firedoor_app::{Flag, Map, Origin, Provenance, RequestPart};

use crate::cookie_use::{Credential, credentials, doubtful, symbol};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "cookie-not-secure",
    class: "cookie",
    summary: "a cookie that holds a credential also travels without encryption",
    severity: Severity::Medium,
    cwe: &["CWE-614"],
    remediation: "Set `secure` on it, or let it hang on nothing but whether this is production.",
    page: include_str!("../fixtures/cookie-not-secure/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in credentials(map) {
        let flag = &found.cookie.secure;
        let (words, confidence) = match flag {
            Flag::Off => ("is switched off".to_owned(), Confidence::High),
            Flag::Default => ("is not set".to_owned(), Confidence::High),
            Flag::Conditional(_) => match doubtful(flag) {
                Some(_) if asks_for_encryption(&found) => continue,
                Some(names) => (
                    format!("hangs on {names}, which production may lack"),
                    Confidence::Medium,
                ),
                None => continue,
            },
            _ => continue,
        };
        report(&found, &words, confidence, findings);
    }
}

/// Holds if whoever asks without encryption is sent on, or refused, before the cookie is set.
fn asks_for_encryption(found: &Credential<'_>) -> bool {
    let is_scheme = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Line, name)
            if matches!(name.as_str(), "secure" | "scheme" | "protocol"))
    };
    found.entry.checks_of(found.effect).any(|check| {
        let mut examined = check.operands.iter().flat_map(Provenance::origins);
        check.refusal.is_some() && examined.any(is_scheme)
    })
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
        .title(format!("{cookie} is sent without encryption too"))
        .message(format!(
            "It holds a credential, and `Secure` {words}: one plain request of the browser shows it to the network."
        ))
        .because("sets", found.entry.registered, format!("`{}` sets it", found.entry.id()))
        .report();
}

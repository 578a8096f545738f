//! Finds cookies with a credential that requests from other sites carry.

use firedoor_app::Map;

use crate::cookie_use::{Credential, credentials, is_open, is_protected, symbol, takes};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "cookie-samesite-open",
    class: "cookie",
    summary: "other sites can make browsers send a cookie that holds a credential",
    severity: Severity::Medium,
    cwe: &["CWE-1275"],
    remediation: "Set `sameSite` to `lax` or `strict`; where other sites must send it, ask for a token against forged requests or check the origin.",
    page: include_str!("../fixtures/cookie-samesite-open/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in credentials(map) {
        let Some(is_explicit) = is_open(found.cookie) else {
            continue;
        };
        if !is_guarded_everywhere(map, &found) {
            report(&found, is_explicit, findings);
        }
    }
}

/// Holds if whatever takes the cookie and changes something also checks where the request comes from.
fn is_guarded_everywhere(map: &Map, found: &Credential<'_>) -> bool {
    let mut takers = map
        .entry_points
        .iter()
        .filter(|entry| takes(entry, found.cookie) && firedoor_app::query::changes_state(entry))
        .peekable();
    takers.peek().is_some() && takers.all(is_protected)
}

fn report(found: &Credential<'_>, is_explicit: bool, findings: &mut Findings) {
    let cookie = found.words();
    let words = match is_explicit {
        true => "is `none`: requests from any site carry it",
        false => {
            "is not set, so that it hangs on the browser whether requests from other sites carry it"
        }
    };
    findings
        .at(
            found.effect.span,
            &symbol(found.cookie.name, found.cookie.is_session),
        )
        .entry_point(found.entry)
        .severity(match is_explicit {
            true => Severity::Medium,
            false => Severity::Low,
        })
        .confidence(match is_explicit {
            true => Confidence::High,
            false => Confidence::Medium,
        })
        .title(format!("other sites can have {cookie} sent"))
        .message(format!("It holds a credential, and `SameSite` {words}."))
        .because(
            "sets",
            found.entry.registered,
            format!("`{}` sets it", found.entry.id()),
        )
        .report();
}

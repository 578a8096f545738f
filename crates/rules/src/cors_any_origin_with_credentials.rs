//! Finds answers that all sites may read, cookies included.

use firedoor_app::{Flag, Map, Origin, SettingKind};

use crate::cookie_use::credentials;
use crate::cross_origin_headers;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "cors-any-origin-with-credentials",
    class: "csrf-cors",
    summary: "all sites may read answers made with the cookies of their visitors",
    severity: Severity::Medium,
    cwe: &["CWE-942"],
    remediation: "List the origins of your own pages and compare the whole origin, scheme and port included.",
    page: include_str!("../fixtures/cors-any-origin-with-credentials/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    // Without cookies there is nothing that a browser would add.
    let has_cookies = credentials(map).next().is_some();
    for setting in &map.settings {
        let SettingKind::Cors {
            origins,
            any,
            reflects,
            credentials: Flag::On,
            ..
        } = &setting.kind
        else {
            continue;
        };
        if *any != Flag::On || *reflects == Flag::On {
            continue;
        }
        let allows = |wanted: &str| {
            origins.iter().any(|origin| {
                let mut texts = origin.origins().iter();
                texts.any(|it| matches!(it, Origin::Literal(text) if text == wanted))
            })
        };
        let words = match allows("null") && !allows("*") {
            true => {
                "the origin `null` is allowed together with credentials, and every site can open a frame that sends it"
            }
            false => {
                "`*` is allowed together with credentials, and some libraries then reflect the origin"
            }
        };
        let span = setting.span;
        findings
            .at(span, "cors")
            .symbol(&setting.app)
            .confidence(match has_cookies {
                true => Confidence::High,
                false => Confidence::Low,
            })
            .title("answers are readable for all sites")
            .message(format!(
                "Browsers add cookies to such requests, and the page that asked reads the answer: {words}."
            ))
            .because("setting", setting.span, "credentials are allowed here")
            .report();
    }
    for own in cross_origin_headers::any(map) {
        findings
            .at_entry(own.entry)
            .span(own.span)
            .confidence(match has_cookies {
                true => Confidence::Medium,
                false => Confidence::Low,
            })
            .title(format!("answers of `{}` are readable for any site that asks", own.entry.id()))
            .message(
                "Browsers add cookies to such requests, and the page that asked reads the answer: `*` is allowed together with credentials; browsers refuse that, and what stands behind it or comes next reflects the origin.",
            )
            .because("setting", own.credentials, "credentials are allowed here")
            .report();
    }
}

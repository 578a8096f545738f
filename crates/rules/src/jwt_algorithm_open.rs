//! Finds verifications whose algorithm the sender of the token chooses.

use firedoor_app::{Map, VerifyToken};

use crate::token_kinds::verified;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-algorithm-open",
    class: "jwt",
    summary: "the token chooses the algorithm by which it is verified",
    severity: Severity::High,
    cwe: &["CWE-347"],
    remediation: "Name the algorithms that are accepted, as constants, and never `none`.",
    page: include_str!("../fixtures/jwt-algorithm-open/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in verified(map) {
        let Some((words, confidence)) = open(found.token) else {
            continue;
        };
        let function = &found.effect.function;
        findings
            .at(found.effect.span, function)
            .entry_point(found.entry)
            .confidence(confidence)
            .title(format!(
                "`{function}` verifies with an algorithm that is not pinned"
            ))
            .message(words)
            .because(
                "reached",
                found.entry.registered,
                format!("`{}` runs it", found.entry.id()),
            )
            .report();
    }
}

fn open(token: &VerifyToken) -> Option<(&'static str, Confidence)> {
    if !token.is_verified {
        return None;
    }
    if token.algorithms_from_token {
        return Some((
            "The list of accepted algorithms is taken from the token itself, so that its sender chooses.",
            Confidence::High,
        ));
    }
    match &token.algorithms {
        Some(names) if names.iter().any(|name| name.eq_ignore_ascii_case("none")) => Some((
            "`none` is among the accepted algorithms: a token without a signature passes.",
            Confidence::High,
        )),
        None if !token.algorithms_safe_by_default => Some((
            "No algorithm is named, and the library takes the one that the token names.",
            Confidence::Medium,
        )),
        _ => None,
    }
}

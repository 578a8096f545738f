//! Finds exchanges of refresh tokens that do not notice a token which was exchanged before.

use firedoor_app::{Map, openings, query, sessions};

use crate::refresh_not_rotated::replaces;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "refresh-reuse-undetected",
    class: "token-replay",
    summary: "a refresh token that comes back after its exchange goes unnoticed",
    severity: Severity::Low,
    cwe: &["CWE-294"],
    remediation: "Keep the digest of exchanged tokens, and end the session when one of them is presented again.",
    page: include_str!("../fixtures/refresh-reuse-undetected/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let kept = sessions::session_assets(map);
    for entry in &map.entry_points {
        let Some((effect, access)) = openings::renewal(map, entry) else {
            continue;
        };
        let Some(opening) = openings::session_opening(map, entry) else {
            continue;
        };
        // Whoever presents a token that is gone must lose something: a write on the other side.
        let punishes = query::handler_accesses(entry).any(|(other, write)| {
            // The session is a record of its own where its tokens are many.
            (write.asset == access.asset || kept.contains(&write.asset))
                && sessions::ends_record(map, write)
                && query::are_exclusive(entry, other, opening)
        });
        if !replaces(map, entry, access.asset) || punishes {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::Low)
            .title(format!("`{}` does not notice a stolen refresh token", entry.id()))
            .message("A token that was exchanged before is refused, and the session that the thief holds goes on.")
            .because("looks-up", effect.span, "the token is looked up here")
            .report();
    }
}

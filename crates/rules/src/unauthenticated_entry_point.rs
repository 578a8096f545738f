//! Finds entry points that act on people's data for anybody who asks.

use firedoor_app::{Control, Map, Transport, Verdict, query};

use crate::exposure::{is_public_by_nature, worst};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unauthenticated-entry-point",
    class: "broken-access-control",
    summary: "an entry point acts on people's data without authentication",
    severity: Severity::High,
    cwe: &["CWE-306"],
    remediation: "Mount the application's authentication before it, or say why it is public in `firedoor.toml`.",
    page: include_str!("../fixtures/unauthenticated-entry-point/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let has_authentication = query::is_anywhere(map, Control::Authentication);
    for entry in &map.entry_points {
        let is_open = entry.verdict(Control::Authentication) == Verdict::Absent;
        let is_sockets_own = entry.transport == Transport::WebSocket && has_authentication;
        if !is_open || is_sockets_own || is_public_by_nature(map, entry) {
            continue;
        }
        let Some(exposure) = worst(map, entry, &entry.exposed) else {
            continue;
        };
        let mut finding = findings
            .at_entry(entry)
            .confidence(exposure.confidence)
            .title(format!("`{}` {} without authentication", entry.id(), exposure.words))
            .message("Nothing before it, and nothing in its handler, refuses a request without credentials.")
            .because("effect", exposure.span, format!("anybody who asks {} here", exposure.words));
        if let Some((span, words)) = exposure.compared_with {
            let (guarded, all) = exposure.guarded;
            finding = finding.because(
                "compared-with",
                span,
                format!("{guarded} of {all} entry points that do the like are guarded: {words}"),
            );
        }
        finding.report();
    }
}

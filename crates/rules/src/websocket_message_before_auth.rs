//! Finds messages of a socket that act before or without the message which authenticates.

use firedoor_app::{Control, EntryPoint, Map, Verdict, query};

use crate::socket::{Reach, authenticates, entries, reach, siblings};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-message-before-auth",
    class: "websocket-auth",
    summary: "a message is handled before the one that authenticates",
    severity: Severity::High,
    cwe: &["CWE-306"],
    remediation: "Ask whether the connection is authenticated before messages are told apart.",
    page: include_str!("../fixtures/websocket-message-before-auth/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in entries(map).filter(|entry| entry.message.is_some()) {
        let is_open = entry.verdict(Control::Authentication) == Verdict::Absent;
        if !is_open || authenticates(entry) {
            continue;
        }
        let guarded = siblings(map, entry).find(|other| {
            other.message.is_some() && other.verdict(Control::Authentication) == Verdict::Enforced
        });
        if let (Some(guarded), Some(reach)) = (guarded, reach(map, entry)) {
            report(entry, guarded, &reach, findings);
        }
    }
}

fn report(entry: &EntryPoint, guarded: &EntryPoint, reach: &Reach, findings: &mut Findings) {
    let mut finding = findings
        .at_entry(entry)
        .span(reach.span)
        .title(format!("`{}` {} before anybody has said who he is", entry.id(), reach.words))
        .message(format!(
            "`{}` and others on the same socket are refused until a message has authenticated; this one is not.",
            guarded.id()
        ))
        .because("effect", reach.span, format!("{} here", reach.words));
    if let Some(guard) = query::guards(guarded, Control::Authentication).next() {
        finding = finding.because(
            "compared-with",
            guard.mounted,
            "here the others are refused",
        );
    }
    finding.report();
}

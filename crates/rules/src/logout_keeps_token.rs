//! Finds log-outs that end nothing on the server.

use firedoor_app::{EffectKind, EntryPoint, Map, SessionOperation, path_segments, sessions};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "logout-keeps-token",
    class: "token-replay",
    summary: "log-out leaves the session valid on the server",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Delete or revoke the session's record on log-out, in a field that the guard looks at.",
    page: include_str!("../fixtures/logout-keeps-token/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let kept = sessions::session_assets(map);
    for entry in map.entry_points.iter().filter(|entry| is_log_out(entry)) {
        if sessions::ends_sessions(map, entry) || entry.effects.iter().any(is_framework_end) {
            continue;
        }
        let span = entry
            .effects
            .iter()
            .find(|effect| matches!(effect.kind, EffectKind::ClearCookie(_)))
            .map_or(entry.handler.span, |effect| effect.span);
        let confidence = if kept.is_empty() && !keeps_framework_sessions(map) {
            Confidence::Low
        } else {
            Confidence::High
        };
        findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` ends nothing on the server", entry.id()))
            .message("The client forgets its tokens; whoever has a copy of them stays logged in.")
            .because("logs-out", span, "all that log-out does is here")
            .report();
    }
}

/// A log-out clears a cookie, or is called one by the last segment of its path.
fn is_log_out(entry: &EntryPoint) -> bool {
    let last = path_segments(&entry.path)
        .last()
        .unwrap_or("")
        .to_ascii_lowercase();
    let is_named = [
        "logout", "log-out", "signout", "sign-out", "log_out", "sign_out",
    ]
    .contains(&last.as_str());
    is_named && !firedoor_app::query::is_reading(entry)
}

/// The framework keeps sessions on the server, in which handlers note who is logged in.
fn keeps_framework_sessions(map: &Map) -> bool {
    let mut effects = map.entry_points.iter().flat_map(|entry| &entry.effects);
    effects.any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Session(SessionOperation::Regenerate | SessionOperation::Destroy, _)
        )
    })
}

fn is_framework_end(effect: &firedoor_app::Effect) -> bool {
    matches!(
        effect.kind,
        EffectKind::Session(SessionOperation::Destroy, _)
    )
}

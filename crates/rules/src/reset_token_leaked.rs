//! Finds reset tokens that reach others than the owner of the mailbox.

use firedoor_app::{
    Control, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, RequestPart, lookups,
    sessions,
};

use crate::resets::resets;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-token-leaked",
    class: "password-reset",
    summary: "a reset token reaches somebody else than the owner of the account",
    severity: Severity::Critical,
    cwe: &["CWE-640"],
    remediation: "Send the token by mail only, in a link whose host comes from the configuration.",
    page: include_str!("../fixtures/reset-token-leaked/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for reset in resets(map) {
        let lookup = reset.lookup;
        for (entry, stored, _) in
            lookups::makers(map, &lookup).filter(|(entry, _, value)| is_made(map, entry, value))
        {
            if let Some((effect, words, confidence)) = leak(entry) {
                findings
                    .at_entry(entry)
                    .confidence(confidence)
                    .title(format!("`{}` gives the reset token away", entry.id()))
                    .message(words)
                    .because("leaks", effect.span, "it leaves here")
                    .because("makes", stored.span, "the token is stored here")
                    .report();
            }
        }
    }
}

/// A request for a token by whoever knows an address.
fn is_made(map: &Map, entry: &EntryPoint, value: &Provenance) -> bool {
    lookups::is_random(value)
        && !entry.verdict(Control::Authentication).refuses()
        && sessions::session_opening(map, entry).is_none()
}

fn leak(entry: &EntryPoint) -> Option<(&Effect, String, Confidence)> {
    if let Some((effect, name)) = lookups::random_answer(entry) {
        let words = format!("Its answer carries it as `{name}`, to whoever asks for any account.");
        return Some((effect, words, Confidence::High));
    }
    entry.effects.iter().find_map(|effect| {
        let EffectKind::Send { content, .. } = &effect.kind else {
            return None;
        };
        let field = content
            .iter()
            .find(|field| lookups::is_random(&field.value) && names_host(&field.value))?;
        let words = format!(
            "The link in `{}` leads to the host that the request names, so that an attacker chooses it.",
            field.name
        );
        Some((effect, words, Confidence::High))
    })
}

/// Holds if a part of it is the host as the client names it.
fn names_host(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Request(RequestPart::Header, name) => matches!(
            name.to_ascii_lowercase().as_str(),
            "host" | "x-forwarded-host" | "origin" | "referer"
        ),
        Origin::Request(RequestPart::Line, name) => {
            let name = name.to_ascii_lowercase();
            name.contains("host") || name.contains("base_url") || name.contains("url")
        }
        _ => false,
    })
}

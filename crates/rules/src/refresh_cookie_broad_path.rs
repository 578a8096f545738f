//! Finds cookies with a credential that are sent to more paths than read them.

use firedoor_app::{EntryPoint, Map, path_segments};

use crate::cookie_use::{Credential, credentials, symbol, takes};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "refresh-cookie-broad-path",
    class: "cookie",
    summary: "a cookie that one part of the application needs is sent to all of it",
    severity: Severity::Low,
    cwe: &["CWE-1275"],
    remediation: "Set `path` to the part of the application that reads it.",
    page: include_str!("../fixtures/refresh-cookie-broad-path/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in credentials(map) {
        let is_broad = found.cookie.path.is_none_or(|path| path == "/");
        if !is_broad || found.cookie.is_session {
            continue;
        }
        let takers: Vec<&EntryPoint> = map
            .entry_points
            .iter()
            .filter(|entry| takes(entry, found.cookie))
            .collect();
        let prefix = common_prefix(&takers);
        let is_narrow = prefix.len() >= 2 && takers.len() * 4 <= map.entry_points.len();
        if is_narrow {
            report(&found, &prefix, findings);
        }
    }
}

/// The segments that the paths of all of them begin with.
fn common_prefix<'m>(entries: &[&'m EntryPoint]) -> Vec<&'m str> {
    let Some((first, others)) = entries.split_first() else {
        return Vec::new();
    };
    let mut prefix: Vec<&str> = path_segments(&first.path).collect();
    for other in others {
        let shared = prefix
            .iter()
            .zip(path_segments(&other.path))
            .take_while(|(own, theirs)| **own == *theirs)
            .count();
        prefix.truncate(shared);
    }
    prefix
}

fn report(found: &Credential<'_>, prefix: &[&str], findings: &mut Findings) {
    let cookie = found.words();
    findings
        .at(
            found.effect.span,
            &symbol(found.cookie.name, found.cookie.is_session),
        )
        .entry_point(found.entry)
        .confidence(Confidence::Low)
        .title(format!("{cookie} is sent to every path"))
        .message(format!(
            "Only what lies below `/{}` reads it; its path could say so.",
            prefix.join("/")
        ))
        .report();
}

//! What a judgement rests on, as lines of text: symbols, verdicts and messages, and no line numbers or file names.

use std::collections::BTreeSet;

use firedoor_app::{Control, EffectKind, EntryPoint, FileOperation, Map, Verdict};
use firedoor_rules::Finding;

/// The controls that a decision about an entry point hangs on.
const CONTROLS: [Control; 6] = [
    Control::Authentication,
    Control::Authorization,
    Control::Ownership,
    Control::RateLimit,
    Control::Csrf,
    Control::Origin,
];

/// Returns what is seen of `findings`, which share a fingerprint.
pub fn of_findings(map: &Map, findings: &[&Finding]) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for finding in findings {
        lines.insert(format!("title: {}", finding.title));
        lines.insert(format!("message: {}", finding.message));
        lines.insert(format!("symbol: {}", finding.symbol));
        for evidence in &finding.evidence {
            lines.insert(format!("{}: {}", evidence.role, evidence.message));
        }
        let entry = finding.entry_point.as_deref();
        let entry = entry.and_then(|id| map.entry_point(id));
        lines.extend(entry.into_iter().flat_map(of_entry_point));
    }
    one_a_line(lines)
}

/// Returns what is seen of `entries`, which share an id.
pub fn of_entry_points(entries: &[&EntryPoint]) -> Vec<String> {
    let lines = entries.iter().flat_map(|entry| of_entry_point(entry));
    one_a_line(lines.collect())
}

/// Verdicts, and what somebody without credentials reaches.
fn of_entry_point(entry: &EntryPoint) -> Vec<String> {
    let mut lines: Vec<String> = CONTROLS
        .iter()
        .filter_map(|control| Some((control, entry.controls.get(control)?)))
        .map(|(control, verdict)| verdict_line(*control, verdict))
        .collect();
    for effect in &entry.exposed {
        let what = match &effect.kind {
            EffectKind::Access(access) => {
                format!("{} ({})", access.asset, access.operation.as_str())
            }
            EffectKind::Issue(_) => String::from("a token is issued"),
            EffectKind::Send { .. } => String::from("a message is sent"),
            EffectKind::File(FileOperation::Write, _) => String::from("a file is written"),
            EffectKind::File(FileOperation::Delete, _) => String::from("a file is deleted"),
            EffectKind::Run(_) => String::from("a program is run"),
            _ => continue,
        };
        lines.push(format!("without credentials: {what}"));
    }
    lines
}

fn verdict_line(control: Control, verdict: &Verdict) -> String {
    match verdict.detail() {
        Some(detail) => format!("{}: {} ({detail})", control.as_str(), verdict.as_str()),
        None => format!("{}: {}", control.as_str(), verdict.as_str()),
    }
}

fn one_a_line(lines: BTreeSet<String>) -> Vec<String> {
    let lines = lines.into_iter();
    let lines: BTreeSet<String> = lines
        .map(|line| line.chars().map(visible).collect())
        .collect();
    lines.into_iter().collect()
}

/// What is kept in a file must not steer the terminal of whoever reads it.
fn visible(character: char) -> char {
    match character.is_control() {
        true => ' ',
        false => character,
    }
}

/// Returns the digest of `seen`.
pub fn digest(seen: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for line in seen {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..24].to_owned()
}

/// Returns what is gone and what is new from `then` to `now`, without controls that refuse more than they did: whoever
/// accepted a weakness accepts less of it.
pub fn changes(then: &[String], now: &[String]) -> (Vec<String>, Vec<String>) {
    let mut gone: Vec<String> = without(then, now);
    let mut new: Vec<String> = without(now, then);
    for control in CONTROLS {
        let prefix = format!("{}: ", control.as_str());
        let rank_of = |lines: &[String]| lines.iter().find_map(|line| rank(line, &prefix));
        let is_stronger = match (rank_of(&gone), rank_of(&new)) {
            (Some(before), Some(after)) => after > before,
            _ => false,
        };
        if is_stronger {
            gone.retain(|line| !line.starts_with(&prefix));
            new.retain(|line| !line.starts_with(&prefix));
        }
    }
    (gone, new)
}

fn without(lines: &[String], others: &[String]) -> Vec<String> {
    let others: BTreeSet<&String> = others.iter().collect();
    let lines = lines.iter().filter(|line| !others.contains(line));
    lines.cloned().collect()
}

/// Ignorance is neither more nor less than anything else.
fn rank(line: &str, prefix: &str) -> Option<u8> {
    let rest = line.strip_prefix(prefix)?;
    match rest.split(' ').next()? {
        "enforced" => Some(3),
        "conditional" => Some(2),
        "observed" => Some(1),
        "absent" => Some(0),
        _ => None,
    }
}

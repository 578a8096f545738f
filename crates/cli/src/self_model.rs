//! What a session did to the wiring: what an agent should know, and say, before it says that it is done.

use std::fmt::Write;

use crate::snapshot::{KnownEntry, KnownFinding, Snapshot};

/// The most characters of a self-model: it is read by an agent that has other things to remember.
const MOST_CHARACTERS: usize = 8_000;
/// The most of one kind that are listed.
const MOST: usize = 12;

/// Verdicts by how much they refuse; what is unknown has no place among them.
const RANKS: [&str; 4] = ["absent", "observed", "conditional", "enforced"];

/// Returns what changed from `before` to `now`, the bad news first; nothing if the wiring and the findings are what
/// they were.
pub fn self_model(before: &Snapshot, now: &Snapshot, name: &str) -> Option<String> {
    let parts = [
        findings(&now.introduced(before)),
        list("Weakened", &weakened(before, now)),
        list(
            "Judgements that have fallen",
            &new(&before.fallen, &now.fallen),
        ),
        list("Guards that cover nothing", &idle_guards(before, now)),
        entries(&now.added(before)),
    ];
    let text: String = parts.concat();
    if text.is_empty() {
        return None;
    }
    // What the plan owes is owed before and after; whoever is told something is reminded of it.
    let text = text + &list("The plan is not met in", &now.owed);
    let text = format!("firedoor: what this session did to the wiring since {name}\n{text}");
    Some(cut(&firedoor_report::clean_lines(text.trim_end())))
}

/// Returns a text of findings for an agent, each with its evidence.
pub fn findings_text(findings: &[&KnownFinding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(MOST) {
        let _ = writeln!(text, "{}", finding.text);
    }
    if findings.len() > MOST {
        let _ = writeln!(text, "and {} more: firedoor check", findings.len() - MOST);
    }
    cut(&firedoor_report::clean_lines(text.trim_end()))
}

fn findings(introduced: &[&KnownFinding]) -> String {
    let lines: Vec<String> = introduced
        .iter()
        .map(|finding| {
            format!(
                "{}[{}] {} ({}, fingerprint {})",
                finding.severity,
                finding.rule,
                finding.title,
                finding.files.join(", "),
                finding.fingerprint
            )
        })
        .collect();
    list("Introduced findings", &lines)
}

fn entries(added: &[&KnownEntry]) -> String {
    let is_unknown = |entry: &KnownEntry| {
        let verdicts = entry.verdicts.iter();
        verdicts
            .into_iter()
            .any(|(_, verdict)| verdict == "unknown")
    };
    let lines: Vec<String> = added.iter().map(|entry| entry.text.clone()).collect();
    let mut text = list("New entry points", &lines);
    let unknown: Vec<String> = added
        .iter()
        .filter(|entry| is_unknown(entry))
        .map(|entry| entry.id.clone())
        .collect();
    text.push_str(&list("New and not known in every respect", &unknown));
    text
}

fn weakened(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in &now.entries {
        let Some(former) = before.entry(&entry.id) else {
            continue;
        };
        for (control, verdict) in &entry.verdicts {
            let was = former.verdicts.iter().find(|(it, _)| it == control);
            let was = was.map_or("absent", |(_, verdict)| verdict.as_str());
            if is_weaker(was, verdict) {
                lines.push(format!("{}: {control} {was} → {verdict}", entry.id));
            }
        }
    }
    lines
}

fn is_weaker(was: &str, is: &str) -> bool {
    let rank = |word: &str| RANKS.iter().position(|rank| *rank == word);
    match (rank(was), rank(is)) {
        (Some(was), Some(is)) => is < was,
        // What was enforced and cannot be seen now is worth a look.
        (Some(was), None) => was > 0,
        (None, _) => false,
    }
}

fn idle_guards(before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let were: Vec<&String> = before.idle_guards.iter().map(|(name, _)| name).collect();
    let guards = now.idle_guards.iter();
    guards
        .filter(|(name, _)| !were.contains(&name))
        .map(|(name, place)| format!("{name} {place}"))
        .collect()
}

fn new(before: &[String], now: &[String]) -> Vec<String> {
    let now = now.iter().filter(|line| !before.contains(line));
    now.cloned().collect()
}

fn list(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("{heading} ({}):\n", lines.len());
    for line in lines.iter().take(MOST) {
        let _ = writeln!(text, "  {}", line.replace('\n', "\n  "));
    }
    if lines.len() > MOST {
        let _ = writeln!(text, "  and {} more", lines.len() - MOST);
    }
    text
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!(
            "{}…\n(cut; firedoor diff HEAD --worktree tells all)",
            &text[..end]
        ),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, verdict: &str) -> KnownEntry {
        KnownEntry {
            id: id.to_owned(),
            handler: None,
            verdicts: vec![(String::from("authentication"), verdict.to_owned())],
            text: format!("{id} {verdict}"),
        }
    }

    fn snapshot(entries: &[(&str, &str)]) -> Snapshot {
        Snapshot {
            entries: entries.iter().map(|(id, it)| entry(id, it)).collect(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn what_did_not_change_is_not_told() {
        let state = snapshot(&[("GET /a", "absent")]);
        assert_eq!(self_model(&state, &state, "x"), None);
        let better = snapshot(&[("GET /a", "enforced")]);
        assert_eq!(self_model(&state, &better, "x"), None);
    }

    #[test]
    fn what_is_new_weaker_or_idle_is_told() {
        let before = snapshot(&[("GET /a", "enforced"), ("GET /b", "enforced")]);
        let mut now = snapshot(&[
            ("GET /a", "absent"),
            ("GET /b", "unknown"),
            ("GET /c", "absent"),
        ]);
        now.idle_guards
            .push((String::from("limit"), String::from("a.js:3")));
        now.fallen.push(String::from("f00d (accepted)"));
        let text = self_model(&before, &now, "HEAD").unwrap_or_default();
        for wanted in [
            "since HEAD",
            "GET /a: authentication enforced → absent",
            "GET /b: authentication enforced → unknown",
            "New entry points (1):\n  GET /c absent",
            "limit a.js:3",
            "f00d (accepted)",
        ] {
            assert!(text.contains(wanted), "{text}");
        }
    }

    #[test]
    fn it_stays_short() {
        let now = Snapshot {
            fallen: (0..1_000)
                .map(|it| format!("{it}{}", "x".repeat(5_000)))
                .collect(),
            ..Snapshot::default()
        };
        let text = self_model(&Snapshot::default(), &now, "x").unwrap_or_default();
        assert!(text.chars().count() < MOST_CHARACTERS + 100);
    }
}

//! Entry points that nobody guards, and that may be meant for everybody.

use firedoor_app::query::{accesses_in, siblings};
use firedoor_app::{Control, EntryPoint, LayerKind, Map, Transport, Verdict};
use firedoor_rules::{Confidence, Finding, Severity};
use indexmap::IndexMap;
use ustr::Ustr;

use super::{Answer, Importance, Question, QuestionKind, identity, judge_command, phrase};
use crate::{Report, ReportedFinding};

/// The rules whose findings say that anybody gets in. The others about access are no question of purpose.
const OPEN: [&str; 6] = [
    "guard-gap",
    "optional-authentication",
    "trusted-header",
    "unauthenticated-entry-point",
    "websocket-message-before-auth",
    "websocket-unauthenticated",
];

/// Holds if a finding says that anybody gets in at an entry point, which is asked of that.
pub fn says_that_it_is_open(finding: &Finding) -> bool {
    finding.entry_point.is_some() && OPEN.contains(&finding.rule.id)
}

/// Returns whether what is open is open on purpose: one question for each entry point that a finding is about, and one
/// for each router with what else is open in it.
pub fn questions(report: &Report) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut quiet: IndexMap<(Ustr, u32, bool), Vec<&EntryPoint>> = IndexMap::new();
    for entry in &report.map.entry_points {
        if !is_doubtful(&report.map, entry) {
            continue;
        }
        match finding_about(report, entry) {
            Some(finding) => questions.push(about_one(&report.map, entry, finding)),
            None => {
                let reads = accesses_in(&entry.exposed).next().is_some();
                let key = (entry.app, entry.group.0, reads);
                quiet.entry(key).or_default().push(entry);
            }
        }
    }
    questions.sort_by_key(|question| question.importance);
    for ((_, _, reads), entries) in quiet {
        questions.push(about_several(&entries, reads));
    }
    questions
}

/// What logs in or registers is for everybody by its nature, and a judgement or the settings may say the rest.
fn is_doubtful(map: &Map, entry: &EntryPoint) -> bool {
    let is_open = matches!(
        entry.verdict(Control::Authentication),
        Verdict::Absent | Verdict::Observed
    );
    is_open
        && entry.transport != Transport::Job
        && entry.controls.contains_key(&Control::Authentication)
        && !firedoor_rules::is_public_by_nature(map, entry)
}

/// Returns the worst finding that says that the entry point should not be open, however unsure.
fn finding_about<'a>(report: &'a Report, entry: &EntryPoint) -> Option<&'a ReportedFinding> {
    let id = entry.id();
    let findings = report.findings.iter();
    findings
        .filter(|reported| reported.suppressed.is_none())
        .filter(|reported| reported.finding.entry_point.as_deref() == Some(&id))
        .find(|reported| says_that_it_is_open(&reported.finding))
}

fn about_one(map: &Map, entry: &EntryPoint, reported: &ReportedFinding) -> Question {
    let id = entry.id();
    let finding = &reported.finding;
    let mut known = vec![finding.title.clone()];
    known.extend(reached(entry));
    let mut places = vec![finding.span];
    places.extend(finding.evidence.iter().map(|evidence| evidence.span));
    let is_bad = finding.severity >= Severity::High
        && finding.confidence >= Confidence::Medium
        && !reported.in_baseline;
    Question {
        id: identity(QuestionKind::Public, &id),
        kind: QuestionKind::Public,
        importance: match is_bad {
            true => Importance::High,
            false => Importance::Medium,
        },
        text: format!("Is `{id}` public on purpose?"),
        known,
        entry_points: vec![id.clone()],
        places,
        answers: vec![
            Answer::commands(
                "yes, for a reason that the next reader should know",
                vec![judge_command(&id, "public")],
            ),
            guarded(map, entry),
        ],
    }
}

fn about_several(entries: &[&EntryPoint], reads: bool) -> Question {
    let ids: Vec<String> = entries.iter().map(|entry| entry.id()).collect();
    let first = entries.first();
    let subject = first.map_or(String::new(), |entry| {
        format!(
            "{}\n{}\n{reads}\n{}",
            entry.app,
            entry.group.1,
            ids.join("\n")
        )
    });
    let mut known: Vec<String> = entries.iter().flat_map(|entry| reached(entry)).collect();
    known.sort();
    known.dedup();
    Question {
        id: identity(QuestionKind::Public, &subject),
        kind: QuestionKind::Public,
        importance: match reads {
            true => Importance::Medium,
            false => Importance::Low,
        },
        text: match ids.len() {
            1 => format!("Is {} public on purpose?", phrase(&ids)),
            many => format!("Are these {many} public on purpose: {}?", phrase(&ids)),
        },
        known: match known.is_empty() {
            true => vec![String::from(
                "Nothing that is stored was seen to be reached without credentials.",
            )],
            false => known,
        },
        places: entries.iter().map(|entry| entry.registered).collect(),
        answers: vec![
            Answer::commands(
                "yes, for a reason that the next reader should know",
                ids.iter().map(|id| judge_command(id, "public")).collect(),
            ),
            Answer::change("no: mount the guard of the others before it"),
        ],
        entry_points: ids,
    }
}

/// The guard that its siblings have is the best advice.
fn guarded(map: &Map, entry: &EntryPoint) -> Answer {
    let mut others = siblings(map, entry);
    let guard = others.find_map(|other| {
        let mut layers = other.layers.iter();
        layers.find(|layer| {
            layer.kind == LayerKind::Layer
                && layer.verdict_of(Control::Authentication) == Verdict::Enforced
        })
    });
    Answer::change(match guard {
        Some(guard) => format!(
            "no: mount `{}` before it, as its siblings have it",
            guard.name
        ),
        None => String::from("no: mount the application's authentication before it"),
    })
}

/// Returns what somebody without credentials reaches, a sentence each.
fn reached(entry: &EntryPoint) -> Vec<String> {
    let mut ways: IndexMap<Ustr, Vec<&str>> = IndexMap::new();
    for (_, access) in accesses_in(&entry.exposed) {
        let words = ways.entry(access.asset).or_default();
        let word = access.operation.as_str();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    ways.iter()
        .map(|(asset, words)| {
            format!(
                "Without credentials it reaches `{asset}` ({}).",
                words.join(", ")
            )
        })
        .collect()
}

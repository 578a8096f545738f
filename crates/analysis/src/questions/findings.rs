//! Findings that are not sure, and judgements that have fallen.

use firedoor_rules::Confidence;
use indexmap::IndexMap;

use super::public::says_that_it_is_open;
use super::{Answer, Importance, Question, QuestionKind, identity, judge_command, phrase};
use crate::judgements::{Fallen, Judged};
use crate::{Report, ReportedFinding};

/// The most findings of one rule that one question is about.
const MOST: usize = 5;

/// Returns whether judgements that fell hold for what is there now.
pub fn fallen(report: &Report) -> Vec<Question> {
    let all = report.judgements.fallen.iter();
    all.map(|one| again(report, one)).collect()
}

fn again(report: &Report, fallen: &Fallen) -> Question {
    let judgement = &fallen.judgement;
    let name = judgement.judged.name();
    let mut known = vec![format!("The reason was: {}", judgement.reason)];
    known.extend(fallen.gone.iter().map(|line| format!("Was: {line}")));
    known.extend(fallen.new.iter().map(|line| format!("Now: {line}")));
    let (entry_points, places) = match &judgement.judged {
        Judged::EntryPoint(id) => {
            let entry = report.map.entry_point(id);
            (vec![id.clone()], entry.map(|entry| entry.registered))
        }
        Judged::Finding(fingerprint) => {
            let mut findings = report.findings.iter();
            let found = findings.find(|reported| reported.fingerprint == *fingerprint);
            let entry = found.and_then(|found| found.finding.entry_point.clone());
            (
                entry.into_iter().collect(),
                found.map(|found| found.finding.span),
            )
        }
    };
    let title = match judgement.title.as_str() {
        "" => name,
        title => title,
    };
    Question {
        id: identity(QuestionKind::Judgement, name),
        kind: QuestionKind::Judgement,
        importance: Importance::High,
        text: format!(
            "`{title}` was judged {}, and what that rested on has changed: does it still hold?",
            judgement.heading()
        ),
        known,
        entry_points,
        places: places.into_iter().collect(),
        answers: vec![
            Answer::commands(
                "yes, it holds for what is there now",
                vec![judge_command(name, judgement.ruling.as_str())],
            ),
            Answer::change(
                "no: it counts again; take the judgement out of .firedoor/judgements.toml",
            ),
        ],
    }
}

/// Returns whether findings of low confidence are so, by rule. Those that say that an entry point is open are asked of their entry points.
pub fn unsure(report: &Report) -> Vec<Question> {
    let mut rules: IndexMap<&str, Vec<&ReportedFinding>> = IndexMap::new();
    for reported in &report.findings {
        let is_open = reported.suppressed.is_none() && !reported.in_baseline;
        let is_asked = says_that_it_is_open(&reported.finding);
        if is_open && !is_asked && reported.finding.confidence == Confidence::Low {
            rules
                .entry(reported.finding.rule.id)
                .or_default()
                .push(reported);
        }
    }
    let chunks = rules.values().flat_map(|findings| findings.chunks(MOST));
    chunks.filter_map(is_it_so).collect()
}

fn is_it_so(findings: &[&ReportedFinding]) -> Option<Question> {
    let first = findings.first()?;
    let rule = first.finding.rule;
    let prints: Vec<String> = findings.iter().map(|it| it.fingerprint.clone()).collect();
    let commands = |verdict: &str| prints.iter().map(|it| judge_command(it, verdict)).collect();
    let mut ids: Vec<String> = findings
        .iter()
        .filter_map(|it| it.finding.entry_point.clone())
        .collect();
    ids.dedup();
    Some(Question {
        id: identity(QuestionKind::Finding, &prints.join("\n")),
        kind: QuestionKind::Finding,
        importance: Importance::Low,
        text: match findings {
            [one] => format!("Is it so: {}?", one.finding.title.trim_end_matches('.')),
            _ => format!(
                "Are these {} so ({}): {}?",
                findings.len(),
                rule.id,
                phrase_of(findings, &ids)
            ),
        },
        known: findings
            .iter()
            .map(|it| {
                format!(
                    "{} {}: {}",
                    it.fingerprint, it.finding.title, it.finding.message
                )
            })
            .collect(),
        places: findings.iter().map(|it| it.finding.span).collect(),
        answers: vec![
            Answer::change(format!("yes: {}", rule.remediation)),
            Answer::commands("yes, and it is meant so", commands("accepted")),
            Answer::commands("no, the analysis is wrong", commands("false-positive")),
        ],
        entry_points: ids,
    })
}

fn phrase_of(findings: &[&ReportedFinding], ids: &[String]) -> String {
    if !ids.is_empty() {
        return phrase(ids);
    }
    let titles = findings.iter().map(|it| it.finding.title.clone());
    phrase(&titles.collect::<Vec<String>>())
}

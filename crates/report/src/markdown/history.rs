//! A history or a study for a document: tables that a reader can check, without pictures.

use firedoor_history::{History, Life, Share};

use super::{code, escape};
use crate::history::{Classes, PEOPLE, Totals, all_transports, date, days};
use crate::study_table::{self, with_rate};
use crate::words::count;
use crate::{HistoryContext, StudyContext};

/// Renders the history.
pub(super) fn render(context: &HistoryContext) -> String {
    let history = context.history;
    let totals = Totals::of(history);
    let mut text = format!(
        "## firedoor: {} in {}, {} repaired, {} open\n\n",
        count(
            totals.introduced,
            "finding introduced",
            "findings introduced"
        ),
        count(totals.changes, "change", "changes"),
        totals.repaired,
        totals.last,
    );
    for note in &history.notes {
        text.push_str(&format!("> {}\n\n", escape(note)));
    }
    text.push_str(&changes(history));
    text.push_str(&findings(history));
    text.push_str(&agents(history));
    text
}

/// Renders the study.
pub(super) fn study(context: &StudyContext) -> String {
    let mut text = format!(
        "## firedoor: {} side by side\n\n",
        count(context.studied.len(), "repository", "repositories")
    );
    let mut rows = Vec::new();
    let mut all = Totals::default();
    for studied in context.studied {
        let totals = Totals::of(&studied.history);
        all = all.plus(totals);
        rows.push(study_table::row(&code(&studied.name), totals));
    }
    rows.push(study_table::row("all", all));
    text.push_str(&table(&study_table::HEADS, &rows));
    let classes = Classes::of(context.studied.iter().map(|it| &it.history));
    if !classes.rows.is_empty() {
        let mut heads = vec!["class".to_owned()];
        heads.extend(classes.agents.iter().map(|name| escape(name)));
        heads.push("all".to_owned());
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let rows: Vec<Vec<String>> = classes
            .rows
            .iter()
            .map(|(class, numbers, all)| {
                let mut row = vec![(*class).to_owned()];
                row.extend(numbers.iter().map(ToString::to_string));
                row.push(all.to_string());
                row
            })
            .collect();
        text.push_str("### Introduced findings by class and agent\n\n");
        text.push_str(&table(&heads, &rows));
    }
    for studied in context.studied {
        text.push_str(&format!("### {}\n\n", code(&studied.name)));
        for note in &studied.history.notes {
            text.push_str(&format!("> {}\n\n", escape(note)));
        }
        text.push_str(&agents(&studied.history));
    }
    text
}

fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule = vec![String::from("---"); heads.len()];
    let mut text = line(&heads) + &line(&rule);
    text.extend(rows.iter().map(|row| line(row)));
    text.push('\n');
    text
}

fn changes(history: &History) -> String {
    let mut before = history.first();
    let mut rows = Vec::new();
    for change in &history.changes {
        if change.state != before || !change.introduced.is_empty() {
            let all = all_transports(&change.state);
            rows.push(vec![
                escape(change.label()),
                date(change.time),
                escape(&change.title),
                escape(&change.agents.join(", ")),
                all.entry_points.to_string(),
                all.verdicts[0].to_string(),
                change.introduced.len().to_string(),
                change.repaired.len().to_string(),
                change.state.open.to_string(),
            ]);
        }
        before = change.state.clone();
    }
    if rows.is_empty() {
        return String::from("No change moved anything in the wiring.\n\n");
    }
    let heads = [
        "change",
        "date",
        "title",
        "agents",
        "entry points",
        "enforced",
        "introduced",
        "repaired",
        "open",
    ];
    format!(
        "### Changes that moved something\n\n{}",
        table(&heads, &rows)
    )
}

fn findings(history: &History) -> String {
    if history.findings.is_empty() {
        return String::new();
    }
    let label = |position: usize| escape(history.changes[position].label());
    let row = |life: &Life| {
        let ended = match life.ended {
            None => String::from("open"),
            Some(end) if end.with_entry_point => format!("gone in {}", label(end.change)),
            Some(end) => label(end.change),
        };
        let interaction: Vec<String> = life.interaction.iter().map(|it| label(*it)).collect();
        vec![
            life.severity.as_str().to_owned(),
            escape(&life.title),
            code(&life.rule),
            life.introduced
                .map_or_else(|| String::from("before"), label),
            ended,
            days(history, life).map_or_else(String::new, |days| days.to_string()),
            interaction.join(" + "),
        ]
    };
    let rows: Vec<Vec<String>> = history.findings.iter().map(row).collect();
    let heads = [
        "severity",
        "finding",
        "rule",
        "introduced",
        "repaired",
        "days",
        "needs",
    ];
    format!("### Findings\n\n{}", table(&heads, &rows))
}

fn agents(history: &History) -> String {
    let row = |share: &Share| {
        let rate = share.repair_rate();
        vec![
            escape(share.agent.as_deref().unwrap_or(PEOPLE)),
            share.changes.to_string(),
            with_rate(share.changes_with_finding, share.finding_rate()),
            share.introduced.to_string(),
            share.repaired_own.to_string(),
            share.repaired_others.to_string(),
            share.left.to_string(),
            rate.map_or_else(|| String::from("-"), |rate| format!("{rate} %")),
        ]
    };
    let rows: Vec<Vec<String>> = history.agents.iter().map(row).collect();
    let heads = [
        "who",
        "changes",
        "with a finding",
        "introduced",
        "repaired own",
        "repaired others'",
        "left",
        "repair rate",
    ];
    table(&heads, &rows)
}

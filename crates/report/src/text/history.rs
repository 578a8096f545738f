//! `firedoor history`: where an application is going and who moves it, in three tables.

use firedoor_history::{Change, History, Life, Share};
use firedoor_rules::Severity;

use super::style::{self, BAD, BOLD, DIM, GOOD, PLAIN, Paint};
use super::table::{Cell, table};
use crate::history::{Classes, PEOPLE, Totals, all_transports, date, days};
use crate::study_table;
use crate::words::count;
use crate::{Detail, HistoryContext, StudyContext, clean};

/// How many changes are listed, unless everything is wanted.
const MOST_CHANGES: usize = 40;
/// How many findings are listed, unless everything is wanted.
const MOST_FINDINGS: usize = 40;
/// How much of a title is shown in a table.
const TITLE: usize = 48;

/// Renders the history.
pub(super) fn render(context: &HistoryContext) -> String {
    let history = context.history;
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let mut text = format!(
        "{} ({}): {}\n",
        paint.paint(BOLD, &clean(&history.branch)),
        &history.head[..history.head.len().min(12)],
        span(history)
    );
    for note in &history.notes {
        text.push_str(&format!("{}\n", paint.paint(DIM, &clean(note))));
    }
    text.push_str(&summary(history, paint));
    if context.view.detail > Detail::Brief {
        text.push_str(&changes(context, paint));
        text.push_str(&findings(context, paint));
        text.push_str(&interactions(context, paint));
    }
    text.push_str(&agents(history, paint));
    text
}

/// Renders the study.
pub(super) fn study(context: &StudyContext) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let mut text = String::new();
    for studied in context.studied {
        for note in &studied.history.notes {
            let note = format!("{}: {}", clean(&studied.name), clean(note));
            text.push_str(&format!("{}\n", paint.paint(DIM, &note)));
        }
    }
    let mut rows = vec![heads(&study_table::HEADS)];
    let row = |name: &str, totals: Totals| {
        let rate = percent(totals.finding_rate());
        vec![
            Cell::left(clean(name).into_owned()),
            Cell::number(totals.changes, PLAIN),
            Cell::number(totals.pull_requests, PLAIN),
            Cell::left(format!("{} {rate}", totals.with_finding)).right(),
            Cell::number(totals.introduced, BAD),
            Cell::number(totals.repaired, GOOD),
            Cell::number(totals.interactions, PLAIN),
            Cell::number(totals.base, PLAIN),
            Cell::number(totals.last, PLAIN),
        ]
    };
    let mut all = Totals::default();
    for studied in context.studied {
        let totals = Totals::of(&studied.history);
        all = all.plus(totals);
        rows.push(row(&studied.name, totals));
    }
    rows.push(row("all", all));
    text.push_str(&table(&rows, "", paint));
    text.push_str(&classes(context, paint));
    text
}

fn classes(context: &StudyContext, paint: Paint) -> String {
    let classes = Classes::of(context.studied.iter().map(|it| &it.history));
    if classes.rows.is_empty() {
        return String::new();
    }
    let mut heads_of = vec!["class"];
    heads_of.extend(&classes.agents);
    heads_of.push("all");
    let mut rows = vec![heads(&heads_of)];
    for (class, numbers, all) in &classes.rows {
        let mut row = vec![Cell::left(*class)];
        row.extend(numbers.iter().map(|number| Cell::number(*number, PLAIN)));
        row.push(Cell::number(*all, BOLD));
        rows.push(row);
    }
    let title = paint.paint(BOLD, "Introduced findings by class and agent");
    format!("\n{title}\n{}", table(&rows, "  ", paint))
}

/// Returns a row of headings: the first to the left, those of numbers to the right.
fn heads(words: &[&str]) -> Vec<Cell> {
    let cell = |(place, word): (usize, &&str)| {
        let cell = Cell::left(*word).styled(DIM);
        if place == 0 { cell } else { cell.right() }
    };
    words.iter().enumerate().map(cell).collect()
}

fn percent(rate: Option<usize>) -> String {
    rate.map_or_else(|| String::from("-"), |rate| format!("{rate}%"))
}

fn span(history: &History) -> String {
    let words = count(history.changes.len(), "change", "changes");
    match (history.changes.first(), history.changes.last()) {
        (Some(first), Some(last)) => {
            let (from, to) = (date(first.time), date(last.time));
            match from == to {
                true => format!("{words} on {from}"),
                false => format!("{words} from {from} to {to}"),
            }
        }
        _ => words,
    }
}

fn summary(history: &History, paint: Paint) -> String {
    let totals = Totals::of(history);
    let mut text = format!(
        "\nFindings: {} introduced by {} ({} of all), {} repaired, {} → {}\n",
        paint.paint(
            if totals.introduced > 0 { BAD } else { GOOD },
            &totals.introduced.to_string()
        ),
        count(totals.with_finding, "change", "changes"),
        percent(totals.finding_rate()),
        totals.repaired,
        count(totals.base, "open before", "open before"),
        count(totals.last, "open now", "open now"),
    );
    let (first, last) = (history.first(), history.last());
    for (transport, now) in &last.coverage {
        let was = first.coverage.get(transport).copied().unwrap_or_default();
        let now_words = format!("{} of {}", now.verdicts[0], now.entry_points);
        let was_words = match was.entry_points {
            0 => String::new(),
            _ => format!(", was at {} of {}", was.verdicts[0], was.entry_points),
        };
        text.push_str(&format!(
            "Authentication, {transport}: enforced at {now_words} entry points{was_words}\n"
        ));
    }
    text
}

fn changes(context: &HistoryContext, paint: Paint) -> String {
    let history = context.history;
    let is_full = context.view.detail == Detail::Full;
    let mut before = history.first();
    let mut shown: Vec<&Change> = Vec::new();
    for change in &history.changes {
        if is_full || change.state != before || !change.introduced.is_empty() {
            shown.push(change);
        }
        before = change.state.clone();
    }
    if shown.is_empty() {
        return String::from("\nNo change moved anything in the wiring.\n");
    }
    let hidden = match is_full {
        true => 0,
        false => shown.len().saturating_sub(MOST_CHANGES),
    };
    let mut rows = vec![
        ["change", "date"]
            .map(|word| Cell::left(word).styled(DIM))
            .into_iter()
            .chain(
                heads(&[
                    "",
                    "entry points",
                    "enforced",
                    "introduced",
                    "repaired",
                    "open",
                ])
                .into_iter()
                .skip(1),
            )
            .chain([Cell::left("title").styled(DIM)])
            .collect(),
    ];
    rows.extend(shown[hidden..].iter().map(|change| change_row(change)));
    let mut text = format!("\n{}\n", paint.paint(BOLD, "Changes that moved something"));
    if hidden > 0 {
        text.push_str(&format!(
            "  {hidden} older ones are left out (`--verbose` lists all)\n"
        ));
    }
    text + &table(&rows, "  ", paint)
}

fn change_row(change: &Change) -> Vec<Cell> {
    let all = all_transports(&change.state);
    let mut title = short(&change.title);
    if !change.agents.is_empty() {
        title = format!("{title}  [{}]", clean(&change.agents.join(", ")));
    }
    vec![
        Cell::left(change.label().to_owned()),
        Cell::left(date(change.time)).styled(DIM),
        Cell::number(all.entry_points, PLAIN),
        Cell::number(all.verdicts[0], PLAIN),
        Cell::number(change.introduced.len(), BAD),
        Cell::number(change.repaired.len(), GOOD),
        Cell::number(change.state.open, PLAIN),
        Cell::left(title),
    ]
}

fn short(title: &str) -> String {
    let title = clean(title);
    match title.char_indices().nth(TITLE) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.into_owned(),
    }
}

/// Open ones first, the worst first; then those that ended, the last first.
fn findings(context: &HistoryContext, paint: Paint) -> String {
    let history = context.history;
    if history.findings.is_empty() {
        return String::new();
    }
    let mut lives: Vec<&Life> = history.findings.iter().collect();
    lives.sort_by_key(|life| {
        let ended = life.ended.map(|end| usize::MAX - end.change);
        (ended, std::cmp::Reverse(life.severity), life.introduced)
    });
    let hidden = match context.view.detail {
        Detail::Full => 0,
        _ => lives.len().saturating_sub(MOST_FINDINGS),
    };
    lives.truncate(lives.len() - hidden);
    let mut rows = vec![heads(&["severity", "introduced", "repaired", "days"])];
    rows[0].push(Cell::left("finding").styled(DIM));
    rows.extend(lives.into_iter().map(|life| life_row(history, life)));
    let mut text = format!("\n{}\n", paint.paint(BOLD, "Findings and their life times"));
    text.push_str(&table(&rows, "  ", paint));
    if hidden > 0 {
        text.push_str(&format!("  and {hidden} more (`--verbose` lists all)\n"));
    }
    text
}

fn life_row(history: &History, life: &Life) -> Vec<Cell> {
    let label = |position: usize| history.changes[position].label().to_owned();
    let introduced = life
        .introduced
        .map_or_else(|| String::from("before"), label);
    let (ended, colour) = match life.ended {
        None => (String::from("open"), BAD),
        Some(end) if end.with_entry_point => (format!("gone {}", label(end.change)), DIM),
        Some(end) => (label(end.change), GOOD),
    };
    let days = days(history, life).map_or_else(String::new, |days| days.to_string());
    vec![
        Cell::left(life.severity.as_str()).styled(severity(life)),
        Cell::left(introduced).right(),
        Cell::left(ended).styled(colour).right(),
        Cell::left(days).right(),
        Cell::left(format!("{}  {}", life.rule, clean(&life.title))),
    ]
}

fn severity(life: &Life) -> anstyle::Style {
    match life.ended {
        Some(_) if life.severity < Severity::Critical => PLAIN,
        _ => style::severity(life.severity),
    }
}

fn interactions(context: &HistoryContext, paint: Paint) -> String {
    let history = context.history;
    let is_full = context.view.detail == Detail::Full;
    let lives: Vec<&Life> = history
        .findings
        .iter()
        .filter(|life| !life.interaction.is_empty() && (is_full || life.ended.is_none()))
        .collect();
    if lives.is_empty() {
        return String::new();
    }
    let title = "Findings that need several changes";
    let mut text = format!("\n{}\n", paint.paint(BOLD, title));
    for life in &lives {
        let labels: Vec<&str> = life
            .interaction
            .iter()
            .map(|position| history.changes[*position].label())
            .collect();
        text.push_str(&format!(
            "  {}  {}  {}\n",
            labels.join(" + "),
            life.rule,
            clean(&life.title)
        ));
        for evidence in &life.evidence {
            let label = match evidence.change {
                Some(position) => history.changes[position].label(),
                None => "before",
            };
            let place = format!("{}:{}", clean(&evidence.file), evidence.line);
            text.push_str(&format!(
                "    {label}: {} {}\n",
                clean(&evidence.message),
                paint.paint(DIM, &place)
            ));
        }
    }
    text
}

fn agents(history: &History, paint: Paint) -> String {
    if history.agents.is_empty() {
        return String::new();
    }
    let mut rows = vec![heads(&[
        "who",
        "changes",
        "with a finding",
        "introduced",
        "repaired own",
        "others'",
        "left",
        "repair rate",
    ])];
    rows.extend(history.agents.iter().map(share_row));
    format!(
        "\n{}\n{}",
        paint.paint(BOLD, "Who"),
        table(&rows, "  ", paint)
    )
}

fn share_row(share: &Share) -> Vec<Cell> {
    let name = share.agent.as_deref().unwrap_or(PEOPLE);
    let rate = percent(share.finding_rate());
    vec![
        Cell::left(clean(name).into_owned()),
        Cell::number(share.changes, PLAIN),
        Cell::left(format!("{} {rate}", share.changes_with_finding)).right(),
        Cell::number(share.introduced, BAD),
        Cell::number(share.repaired_own, GOOD),
        Cell::number(share.repaired_others, GOOD),
        Cell::number(share.left, BAD),
        Cell::left(percent(share.repair_rate())).right(),
    ]
}

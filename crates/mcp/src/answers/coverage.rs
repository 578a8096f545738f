//! The tool `coverage`: what is not covered or not known first, and then how much is.

use firedoor_app::{Control, EntryPoint, Verdict};
use firedoor_report::clean;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked, place, word};
use crate::analyses::Analysed;
use crate::page::Answer;

/// Coverage of what.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageArguments {
    /// The control, such as `rate_limit`; `authentication` unless given.
    pub control: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// The most ids that a line lists.
const MANY: usize = 25;

/// Returns how far a control covers the entry points, and what firedoor did not see.
pub fn coverage(analysed: &Analysed, arguments: &CoverageArguments) -> Result<Answer, String> {
    let controls = Control::ALL.map(|control| (control.as_str(), control));
    let control = checked("control", &arguments.control)?
        .map_or(Ok(Control::Authentication), |it| {
            word("control", &it, &controls)
        })?;
    let entries: Vec<&EntryPoint> = analysed
        .report
        .map
        .entry_points
        .iter()
        .filter(|entry| entry.controls.contains_key(&control))
        .collect();
    let mut items = gaps(&entries, control);
    items.extend(idle_guards(analysed));
    items.extend(not_seen(analysed));
    Ok(Answer {
        heading: heading(&entries, control),
        items,
        noun: "notes",
    })
}

fn heading(entries: &[&EntryPoint], control: Control) -> String {
    let count = |wanted: &str| {
        let mut verdicts = entries.iter().map(|entry| entry.verdict(control));
        verdicts.by_ref().filter(|it| it.as_str() == wanted).count()
    };
    let numbers: Vec<String> = ["absent", "unknown", "observed", "conditional", "enforced"]
        .into_iter()
        .map(|word| format!("{} {word}", count(word)))
        .collect();
    format!(
        "{} of {} entry points: {}.",
        control.as_str(),
        entries.len(),
        numbers.join(", ")
    )
}

/// What is known to be missing is grouped by router, what is not known by its reason.
fn gaps(entries: &[&EntryPoint], control: Control) -> Vec<String> {
    let mut groups: IndexMap<(u8, String), Vec<String>> = IndexMap::new();
    for entry in entries {
        let key = match entry.verdict(control) {
            Verdict::Absent if entry.public_because.is_some() => {
                (5, String::from("absent, public on purpose"))
            }
            Verdict::Absent => (0, format!("absent, router {}", entry.group.1)),
            Verdict::Unknown(reason) => (1, format!("unknown: {reason}")),
            Verdict::Observed => (2, String::from("observed: read, and nobody refused")),
            Verdict::Conditional(words) => (3, format!("conditional, hangs on {words}")),
            Verdict::Enforced => (6, String::from("enforced")),
        };
        groups.entry(key).or_default().push(entry.id());
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((rank, _), _)| *rank);
    groups
        .into_iter()
        .map(|((_, words), ids)| format!("{}: {}", clean(&words), listed(&ids)))
        .collect()
}

fn listed(ids: &[String]) -> String {
    let shown: Vec<String> = ids
        .iter()
        .take(MANY)
        .map(|id| clean(id).into_owned())
        .collect();
    match ids.len() {
        many if many > MANY => format!("{} and {} more", shown.join("; "), many - MANY),
        _ => shown.join("; "),
    }
}

fn idle_guards(analysed: &Analysed) -> Vec<String> {
    let guards = analysed.report.map.guards.iter();
    guards
        .filter(|guard| guard.covers.is_empty())
        .map(|guard| {
            let controls: Vec<&str> = guard.controls.iter().map(|it| it.as_str()).collect();
            format!(
                "guard that covers nothing: {} ({}) {}",
                clean(&guard.name),
                controls.join(", "),
                place(&analysed.files, guard.span)
            )
        })
        .collect()
}

fn not_seen(analysed: &Analysed) -> Vec<String> {
    let unresolved = analysed.report.map.unresolved.iter().map(|note| {
        format!(
            "not resolved: {} ({}) {}",
            place(&analysed.files, note.span),
            note.reason,
            clean(&note.detail)
        )
    });
    let skipped = analysed.report.skipped.iter().map(|part| {
        let what = part.rule.map_or(part.path.as_str(), |rule| rule);
        format!(
            "not read: {} ({}) {}",
            clean(what),
            part.reason,
            clean(&part.detail)
        )
    });
    unresolved.chain(skipped).collect()
}

//! `firedoor selftest` in its formats.

use firedoor_analysis::Report;
use firedoor_proof::{Outcome, SelfTest, Trial};
use firedoor_source::FileSet;
use indexmap::IndexMap;

use crate::shape::{Place, SelfTestShape};
use crate::words::count;
use crate::{Detail, View, clean};

/// How many of a long list are named, unless everything is wanted.
const FEW: usize = 8;

/// The formats of a self-test, by name.
pub static SELF_TEST_FORMATS: &[(&str, fn(&SelfTestContext) -> String)] =
    &[("text", text), ("json", json)];

/// A self-test with what it is about, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct SelfTestContext<'a> {
    /// The files that were analysed.
    pub files: &'a FileSet,
    /// What the analysis told.
    pub report: &'a Report,
    /// What became of the guards.
    pub test: &'a SelfTest,
    /// How it is looked at.
    pub view: View,
}

impl SelfTestContext<'_> {
    /// Returns the ids of the entry points with these numbers.
    pub(crate) fn ids(&self, numbers: &[usize]) -> Vec<String> {
        let entries = &self.report.map.entry_points;
        let entries = numbers.iter().filter_map(|number| entries.get(*number));
        entries.map(firedoor_app::EntryPoint::id).collect()
    }
}

fn json(context: &SelfTestContext) -> String {
    crate::json::print(&SelfTestShape::new(context))
}

fn text(context: &SelfTestContext) -> String {
    let counts = context.test.counts();
    let mut text = match counts.share() {
        Some(share) => format!(
            "{:.1} % noticed: of {} that were taken out one at a time, the map shows {}.\n",
            share * 100.0,
            count(counts.made(), "guard", "guards"),
            counts.noticed
        ),
        None => {
            String::from("Nothing to test: no guard covers an entry point and can be taken out.\n")
        }
    };
    for (number, why) in [
        (counts.another, "another guard of the kind stands"),
        (counts.failure, "the code behind the guard fails without it"),
    ] {
        if number > 0 {
            text.push_str(&format!(
                "  {number} of these by the list of guards alone: the verdicts stay, since {why}.\n"
            ));
        }
    }
    if counts.repeated > 0 {
        text.push_str(&format!(
            "  {} mounted a second time, so that nothing changes; not counted.\n",
            count(counts.repeated, "guard is", "guards are")
        ));
    }
    let left_out = context.test.guards - context.test.trials.len();
    if left_out > 0 {
        text.push_str(&format!(
            "  {} left out by the limit.\n",
            count(left_out, "guard", "guards")
        ));
    }
    if context.view.detail > Detail::Brief {
        text.push_str(&missed(context));
        text.push_str(&not_made(context));
    }
    text
}

fn missed(context: &SelfTestContext) -> String {
    let mut text = String::new();
    for trial in &context.test.trials {
        let Outcome::Missed(numbers) = &trial.outcome else {
            continue;
        };
        if text.is_empty() {
            text.push_str("\nNot noticed\n");
        }
        text.push_str(&format!("  {}\n", line(context, trial)));
        let ids = context.ids(numbers);
        let shown = match context.view.detail {
            Detail::Full => ids.len(),
            _ => FEW,
        };
        for id in ids.iter().take(shown) {
            text.push_str(&format!("      {} is as it was\n", clean(id)));
        }
        if ids.len() > shown {
            text.push_str(&format!("      and {} more\n", ids.len() - shown));
        }
    }
    text
}

fn not_made(context: &SelfTestContext) -> String {
    let mut reasons: IndexMap<&str, Vec<&Trial>> = IndexMap::new();
    for trial in &context.test.trials {
        if let Outcome::NotMade(reason) = trial.outcome {
            reasons.entry(reason).or_default().push(trial);
        }
    }
    let mut text = String::new();
    for (reason, trials) in &reasons {
        if text.is_empty() {
            text.push_str("\nNot taken out, and not counted\n");
        }
        text.push_str(&format!(
            "  {}: {reason}\n",
            count(trials.len(), "guard", "guards")
        ));
        if context.view.detail == Detail::Full {
            for trial in trials {
                text.push_str(&format!("      {}\n", line(context, trial)));
            }
        }
    }
    text
}

/// A guard in a line: its name, what it is good for, and where it stands.
fn line(context: &SelfTestContext, trial: &Trial) -> String {
    let guard = &trial.guard;
    let controls = guard.controls.iter().map(|control| control.as_str());
    format!(
        "{} ({}) at {}",
        clean(&guard.name),
        controls.collect::<Vec<_>>().join(", "),
        Place::new(context.files, guard.place)
    )
}

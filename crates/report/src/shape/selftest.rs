//! `firedoor.selftest/1`: how far the map can be believed, guard by guard.

use firedoor_app::LayerKind;
use firedoor_proof::{Edit, Outcome, Sign, Trial};
use firedoor_source::FileSet;
use schemars::JsonSchema;
use serde::Serialize;

use super::place::{Place, Region};
use crate::SelfTestContext;

/// How far the map can be believed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.selftest/1")]
pub(crate) struct SelfTestShape {
    /// Always `firedoor.selftest/1`.
    pub schema: &'static str,
    /// How many guards became what.
    pub summary: SelfTestSummary,
    /// The guards that were taken out, in the order of their places.
    pub guards: Vec<TrialShape>,
}

/// How many guards became what.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SelfTestSummary {
    /// The guards that cover an entry point.
    pub guards: usize,
    /// Those of them that were tried; a limit leaves the others out.
    pub tried: usize,
    /// Those that could be taken out alone: `noticed` and `missed` together.
    pub made: usize,
    /// Those whose removal the map shows.
    pub noticed: usize,
    /// Those of `noticed` where no verdict changed, since another guard of the kind stands.
    pub another_guard: usize,
    /// Those of `noticed` where no verdict changed, since the code behind the guard fails without it.
    pub failure: usize,
    /// Those whose removal the map does not show everywhere.
    pub missed: usize,
    /// Those that are mounted a second time for the same entry points, so that nothing changes, rightly.
    pub repeated: usize,
    /// Those that could not be taken out alone.
    pub not_made: usize,
    /// `noticed` of `made`, from 0 to 1; null if none was made.
    pub share: Option<f64>,
}

/// A guard that was taken out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TrialShape {
    /// The name of the guard; that of the handler for a check inside it.
    pub name: String,
    /// `layer` or `inline`.
    pub kind: &'static str,
    /// What it is good for.
    pub controls: Vec<&'static str>,
    /// Where it is mounted, or where the check stands.
    pub place: Place,
    /// The ids of the entry points that it covers.
    pub covers: Vec<String>,
    /// `noticed`, `missed`, `repeated` or `not_made`.
    pub outcome: &'static str,
    /// What shows that it is gone, if it was noticed: `verdict`, `finding`, `another_guard` or
    /// `failure`.
    pub by: Option<&'static str>,
    /// The ids of entry points that should have changed and did not.
    pub missed_at: Vec<String>,
    /// The ids of entry points whose verdicts are as they were, though their guards or checks are fewer.
    pub unchanged_at: Vec<String>,
    /// Why it could not be taken out alone.
    pub reason: Option<&'static str>,
    /// What was changed in the text.
    pub edit: Option<EditShape>,
}

/// What was changed in the text of a file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EditShape {
    /// What was replaced.
    #[serde(flatten)]
    pub region: Region,
    /// By what.
    pub text: String,
}

impl SelfTestShape {
    /// Returns the shape of `context`.
    pub fn new(context: &SelfTestContext) -> SelfTestShape {
        let counts = context.test.counts();
        SelfTestShape {
            schema: "firedoor.selftest/1",
            summary: SelfTestSummary {
                guards: context.test.guards,
                tried: context.test.trials.len(),
                made: counts.made(),
                noticed: counts.noticed,
                another_guard: counts.another,
                failure: counts.failure,
                missed: counts.missed,
                repeated: counts.repeated,
                not_made: counts.not_made,
                share: counts.share(),
            },
            guards: context
                .test
                .trials
                .iter()
                .map(|trial| trial_shape(context, trial))
                .collect(),
        }
    }
}

fn trial_shape(context: &SelfTestContext, trial: &Trial) -> TrialShape {
    let guard = &trial.guard;
    let ids = |numbers: &[usize]| context.ids(numbers);
    let (outcome, by, missed_at, unchanged_at, reason) = match &trial.outcome {
        Outcome::Noticed { by, unchanged } => {
            ("noticed", Some(*by), Vec::new(), ids(unchanged), None)
        }
        Outcome::Missed(missed) => ("missed", None, ids(missed), Vec::new(), None),
        Outcome::Repeated => ("repeated", None, Vec::new(), Vec::new(), None),
        Outcome::NotMade(reason) => ("not_made", None, Vec::new(), Vec::new(), Some(*reason)),
    };
    TrialShape {
        name: guard.name.to_string(),
        kind: match guard.kind {
            LayerKind::Inline => "inline",
            _ => "layer",
        },
        controls: guard.controls.iter().map(|it| it.as_str()).collect(),
        place: Place::new(context.files, guard.place),
        covers: ids(&guard.covers),
        outcome,
        by: by.map(Sign::as_str),
        missed_at,
        unchanged_at,
        reason,
        edit: guard
            .removal
            .as_ref()
            .ok()
            .map(|edit| edit_shape(context.files, edit)),
    }
}

fn edit_shape(files: &FileSet, edit: &Edit) -> EditShape {
    EditShape {
        region: Region::new(files, edit.span),
        text: edit.text.clone(),
    }
}

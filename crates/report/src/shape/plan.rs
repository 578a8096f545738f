//! How the code stands to its plan: a part of `firedoor.report/1`, and of explanations.

use firedoor_plan::{Decision, Drift, Owed, Standing, Status};
use firedoor_source::FileSet;
use schemars::JsonSchema;
use serde::Serialize;

use super::Place;
use crate::Context;

/// How the code stands to its plan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PlanShape {
    /// How many decisions are broken.
    pub broken: usize,
    /// How many are met.
    pub met: usize,
    /// How many the map shows nothing of yet.
    pub not_visible: usize,
    /// How many no rule checks.
    pub unchecked: usize,
    /// How many somebody has accepted.
    pub accepted: usize,
    /// The decisions, broken ones first.
    pub obligations: Vec<OwedShape>,
    /// Where OpenAPI and AsyncAPI documents differ from the code.
    pub drift: Vec<DriftShape>,
}

/// A decision of the plan with what the code makes of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct OwedShape {
    /// The id, such as `refresh-token/rotation`.
    pub id: String,
    /// What the plan says: `open`, `unsafe`, `deferred`, `decided` or `accepted`.
    pub state: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// What has to be decided.
    pub question: String,
    /// What the code makes of it: `broken`, `met`, `not-visible`, `unchecked` or `accepted`.
    pub status: &'static str,
    /// Why, in words; the reason of an accepted one.
    pub because: String,
    /// The rules that check it.
    pub rules: Vec<&'static str>,
    /// Places: the findings of a broken one, else what shows the part.
    pub places: Vec<SightShape>,
}

/// A place with a word for it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SightShape {
    /// What is there.
    pub what: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// A difference between a document of the interface and the code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DriftShape {
    /// `not-enforced`, `undocumented-security`, `not-in-code` or `not-in-document`.
    pub kind: &'static str,
    /// The document.
    pub file: String,
    /// The line of the operation; null where there is none.
    pub line: Option<u32>,
    /// The operation or entry point.
    pub operation: String,
    /// Where the code registers it.
    pub registered: Option<Place>,
    /// What differs.
    pub message: String,
}

/// A decision, explained.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct DecisionShape {
    /// The id.
    pub id: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// What has to be decided.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// The usual good answers.
    pub answers: Vec<String>,
    /// The rules that check it in the code.
    pub rules: Vec<&'static str>,
    /// What the plan says and the code makes of it, if there is a plan that has it.
    pub standing: Option<OwedShape>,
}

impl PlanShape {
    /// Returns the shape of `standing`.
    pub fn new(files: &FileSet, standing: &Standing) -> PlanShape {
        let number = |status: Status| {
            standing
                .owed
                .iter()
                .filter(|owed| owed.status == status)
                .count()
        };
        PlanShape {
            broken: number(Status::Broken),
            met: number(Status::Met),
            not_visible: number(Status::NotVisible),
            unchecked: number(Status::Unchecked),
            accepted: number(Status::Accepted),
            obligations: standing
                .owed
                .iter()
                .map(|owed| OwedShape::new(files, owed))
                .collect(),
            drift: standing
                .drift
                .iter()
                .map(|drift| DriftShape::new(files, drift))
                .collect(),
        }
    }
}

impl OwedShape {
    /// Returns the shape of `owed`.
    pub fn new(files: &FileSet, owed: &Owed) -> OwedShape {
        OwedShape {
            id: owed.kept.id.clone(),
            state: owed.kept.state.clone(),
            severity: owed.kept.severity.as_str(),
            question: owed.kept.question.clone(),
            status: owed.status.as_str(),
            because: owed.because.clone(),
            rules: owed.kept.rules.clone(),
            places: owed
                .places
                .iter()
                .map(|(span, what)| SightShape {
                    what: what.clone(),
                    place: Place::new(files, *span),
                })
                .collect(),
        }
    }
}

impl DriftShape {
    fn new(files: &FileSet, drift: &Drift) -> DriftShape {
        DriftShape {
            kind: drift.kind.as_str(),
            file: drift.file.clone(),
            line: (drift.line > 0).then_some(drift.line),
            operation: drift.operation.clone(),
            registered: drift.registered.map(|span| Place::new(files, span)),
            message: drift.message.clone(),
        }
    }
}

impl DecisionShape {
    /// Returns the shape of `decision`.
    pub fn new(context: &Context, decision: &Decision) -> DecisionShape {
        let plan = context.report.plan.iter().flat_map(|plan| &plan.owed);
        let owed = plan.into_iter().find(|owed| owed.kept.id == decision.id);
        DecisionShape {
            id: decision.id.clone(),
            severity: decision.severity.as_str(),
            question: decision.question.clone(),
            why: decision.why.clone(),
            answers: decision.answers.clone(),
            rules: decision.rules.clone(),
            standing: owed.map(|owed| OwedShape::new(context.files, owed)),
        }
    }
}

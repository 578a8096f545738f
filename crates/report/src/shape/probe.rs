//! `firedoor.probe/1`: what a running instance answered, and what that means.

use firedoor_app::Control;
use firedoor_proof::probe::{Probed, ProbedFinding};
use schemars::JsonSchema;
use serde::Serialize;

use super::place::Place;
use crate::ProbeContext;

/// What a running instance answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.probe/1")]
pub(crate) struct ProbeShape {
    /// Always `firedoor.probe/1`.
    pub schema: &'static str,
    /// The address of the instance.
    pub target: String,
    /// How many verdicts came out how.
    pub summary: ProbeSummary,
    /// The entry points, in the order of the map.
    pub entry_points: Vec<ProbedShape>,
    /// The findings that answers say something about.
    pub findings: Vec<ProbedFindingShape>,
}

/// How many verdicts came out how.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProbeSummary {
    /// The entry points, asked or not.
    pub entry_points: usize,
    /// Those that were asked.
    pub asked: usize,
    /// Those that answer as the map says.
    pub confirmed: usize,
    /// Those that do not.
    pub refuted: usize,
    /// Those whose answer does not tell, or that were not asked.
    pub undecided: usize,
    /// `confirmed` of `confirmed` and `refuted`, from 0 to 1; null if there are neither.
    pub agreement: Option<f64>,
}

/// An entry point with what it answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProbedShape {
    /// The id.
    pub id: String,
    /// The file of the application object that it belongs to.
    pub app: String,
    /// Where it is registered.
    pub registered: Place,
    /// The verdict on authentication.
    pub authentication: &'static str,
    /// The verdict on authorization.
    pub authorization: &'static str,
    /// What was sent; null if nothing was.
    pub request: Option<String>,
    /// `refused`, `let_in`, `not_there`, `unclear` or `not_asked`.
    pub answer: &'static str,
    /// The status of HTTP, or the code with which a connection was closed.
    pub status: Option<u16>,
    /// `confirmed`, `refuted` or `undecided`.
    pub result: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// A finding with what the answer of its entry point means for it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ProbedFindingShape {
    /// The identity that survives moved lines.
    pub fingerprint: String,
    /// The id of the rule.
    pub rule: &'static str,
    /// The severity.
    pub severity: &'static str,
    /// What is wrong, in a line.
    pub title: String,
    /// The id of the entry point.
    pub entry_point: Option<String>,
    /// `confirmed`, `refuted` or `undecided`.
    pub result: &'static str,
    /// Why, in words.
    pub reason: String,
}

impl ProbeShape {
    /// Returns the shape of `context`.
    pub fn new(context: &ProbeContext) -> ProbeShape {
        let counts = context.probe.counts();
        ProbeShape {
            schema: "firedoor.probe/1",
            target: context.target.to_owned(),
            summary: ProbeSummary {
                entry_points: context.probe.entries.len(),
                asked: counts.asked,
                confirmed: counts.confirmed,
                refuted: counts.refuted,
                undecided: counts.undecided,
                agreement: counts.agreement(),
            },
            entry_points: context
                .probe
                .entries
                .iter()
                .map(|probed| probed_shape(context, probed))
                .collect(),
            findings: context
                .findings()
                .map(|finding| finding_shape(context, finding))
                .collect(),
        }
    }
}

fn probed_shape(context: &ProbeContext, probed: &Probed) -> ProbedShape {
    let entry = context.entry(probed);
    ProbedShape {
        id: entry.id(),
        app: entry.app.to_string(),
        registered: Place::new(context.files, entry.registered),
        authentication: entry.verdict(Control::Authentication).as_str(),
        authorization: entry.verdict(Control::Authorization).as_str(),
        request: probed.request.clone(),
        answer: probed.answer.reading.as_str(),
        status: probed.answer.status,
        result: probed.ruling.as_str(),
        reason: probed.reason.clone(),
    }
}

fn finding_shape(context: &ProbeContext, probed: &ProbedFinding) -> ProbedFindingShape {
    let reported = &context.report.findings[probed.finding];
    ProbedFindingShape {
        fingerprint: reported.fingerprint.clone(),
        rule: reported.finding.rule.id,
        severity: reported.finding.severity.as_str(),
        title: reported.finding.title.clone(),
        entry_point: reported.finding.entry_point.clone(),
        result: probed.ruling.as_str(),
        reason: probed.reason.clone(),
    }
}

//! `firedoor.report/1`: the findings.

use firedoor_analysis::ReportedFinding;
use firedoor_analysis::judgements::Fallen;
use firedoor_source::FileSet;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::map::{
    CoverageShape, SkippedShape, UnresolvedShape, coverage_shapes, skipped_shapes,
    unresolved_shapes,
};
use super::{Place, PlanShape, Region};
use crate::Context;

/// The findings of one analysis, with what they leave open.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.report/1")]
pub(crate) struct ReportShape {
    /// Always `firedoor.report/1`.
    pub schema: &'static str,
    /// The findings, worst first; allowed ones are among them.
    pub findings: Vec<FindingShape>,
    /// How many findings are left out because they are less sure than `--min-confidence`.
    pub below_min_confidence: usize,
    /// Judgements that hold no more; what they were about counts again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judgements_fallen: Vec<FallenShape>,
    /// How far each control covers the entry points, by transport.
    #[schemars(with = "std::collections::BTreeMap<String, CoverageShape>")]
    pub coverage: IndexMap<&'static str, CoverageShape>,
    /// What could not be resolved.
    pub unresolved: Vec<UnresolvedShape>,
    /// Files, or parts of files, that were left out.
    pub skipped: Vec<SkippedShape>,
    /// How the code stands to its plan, if `.firedoor/plan.toml` is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanShape>,
}

/// One defect, with its evidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FindingShape {
    /// The id of the rule.
    pub rule: &'static str,
    /// The class of the defect.
    pub class: &'static str,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// `low`, `medium` or `high`.
    pub confidence: &'static str,
    /// A short line.
    pub title: String,
    /// What is wrong here.
    pub message: String,
    /// What to do about it.
    pub remediation: &'static str,
    /// The id of the entry point that it is about.
    pub entry_point: Option<String>,
    /// Where it is.
    pub location: Region,
    /// The places it rests on.
    pub evidence: Vec<EvidenceShape>,
    /// Weaknesses of the common enumeration.
    pub cwe: Vec<&'static str>,
    /// The identity, which survives moved lines and renamed files.
    pub fingerprint: String,
    /// Why it is allowed, if it is.
    pub suppressed: Option<String>,
    /// The judgement that allows it, if it is one and no remark beside the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<StandingShape>,
    /// Holds if it is in the baseline, and so counts for no gate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_baseline: bool,
}

/// A judgement that holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StandingShape {
    /// `accepted`, `false-positive` or `public`.
    pub verdict: &'static str,
    /// Who decided, if that was said.
    pub by: Option<String>,
}

/// A judgement that holds no more, because what it rested on has changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FallenShape {
    /// The fingerprint of the finding, or the id of the entry point.
    pub about: String,
    /// The title of the finding; empty for an entry point.
    pub title: String,
    /// `accepted`, `false-positive` or `public`.
    pub verdict: &'static str,
    /// Why it was judged so.
    pub reason: String,
    /// Who decided, if that was said.
    pub by: Option<String>,
    /// What was seen then and is not seen now.
    pub gone: Vec<String>,
    /// What is seen now and was not seen then.
    pub new: Vec<String>,
}

/// A place that a finding rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EvidenceShape {
    /// What the place is to the finding, such as `compared-with` or `guard`.
    pub role: &'static str,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// A sentence.
    pub message: String,
}

impl ReportShape {
    /// Returns the findings of `context`.
    pub fn new(context: &Context) -> ReportShape {
        let Context { files, report, .. } = context;
        ReportShape {
            schema: "firedoor.report/1",
            findings: context
                .shown()
                .map(|reported| FindingShape::new(files, reported))
                .collect(),
            below_min_confidence: context.unsure_count(),
            judgements_fallen: report
                .judgements
                .fallen
                .iter()
                .map(FallenShape::new)
                .collect(),
            coverage: coverage_shapes(context),
            unresolved: unresolved_shapes(files, &report.map.unresolved),
            skipped: skipped_shapes(files, &report.skipped),
            plan: report.plan.as_ref().map(|plan| PlanShape::new(files, plan)),
        }
    }
}

impl FallenShape {
    /// Returns the shape of `fallen`.
    pub fn new(fallen: &Fallen) -> FallenShape {
        let judgement = &fallen.judgement;
        FallenShape {
            about: judgement.judged.name().to_owned(),
            title: judgement.title.clone(),
            verdict: judgement.ruling.as_str(),
            reason: judgement.reason.clone(),
            by: judgement.by.clone(),
            gone: fallen.gone.clone(),
            new: fallen.new.clone(),
        }
    }
}

impl FindingShape {
    /// Returns the shape of `reported`.
    pub fn new(files: &FileSet, reported: &ReportedFinding) -> FindingShape {
        let finding = &reported.finding;
        FindingShape {
            rule: finding.rule.id,
            class: finding.rule.class,
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            title: finding.title.clone(),
            message: finding.message.clone(),
            remediation: finding.rule.remediation,
            entry_point: finding.entry_point.clone(),
            location: Region::new(files, finding.span),
            evidence: finding
                .evidence
                .iter()
                .map(|evidence| {
                    let place = Place::new(files, evidence.span);
                    EvidenceShape {
                        role: evidence.role,
                        file: place.file,
                        line: place.line,
                        message: evidence.message.clone(),
                    }
                })
                .collect(),
            cwe: finding.rule.cwe.to_vec(),
            fingerprint: reported.fingerprint.clone(),
            suppressed: reported.suppressed.clone(),
            judgement: reported.judged.as_ref().map(|judged| StandingShape {
                verdict: judged.ruling,
                by: judged.by.clone(),
            }),
            in_baseline: reported.in_baseline,
        }
    }
}

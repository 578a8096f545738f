//! `firedoor.report/1`: the findings.

use firedoor_analysis::ReportedFinding;
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
    /// Holds if it is in the baseline, and so counts for no gate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_baseline: bool,
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
            coverage: coverage_shapes(context),
            unresolved: unresolved_shapes(files, &report.map.unresolved),
            skipped: skipped_shapes(files, &report.skipped),
            plan: report.plan.as_ref().map(|plan| PlanShape::new(files, plan)),
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
            in_baseline: reported.in_baseline,
        }
    }
}

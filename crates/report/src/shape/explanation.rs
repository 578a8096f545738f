//! `firedoor.explanation/1` and `firedoor.rules/1`: why something is as it is, and what is looked for.

use firedoor_app::EntryPoint;
use firedoor_rules::Rule;
use firedoor_source::FileSet;
use schemars::JsonSchema;
use serde::Serialize;

use super::map::EntryPointShape;
use super::plan::DecisionShape;
use super::{FindingShape, Place};
use crate::words;
use crate::{Context, Subject};

/// Why one thing is as it is. Exactly one of the three lists has something in it, or `decision` is there.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.explanation/1")]
pub(crate) struct ExplanationShape {
    /// Always `firedoor.explanation/1`.
    pub schema: &'static str,
    /// The entry points that were asked for; several where two applications share an id.
    pub entry_points: Vec<EntryPointExplanation>,
    /// The findings that were asked for; several where a short fingerprint fits several.
    pub findings: Vec<FindingExplanation>,
    /// The rule that was asked for.
    pub rules: Vec<RuleShape>,
    /// The decision that was asked for, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionShape>,
}

/// An entry point with everything that is known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EntryPointExplanation {
    /// The entry point as the map gives it.
    #[serde(flatten)]
    pub entry_point: EntryPointShape,
    /// Where requests carry credentials, in words.
    pub credentials: Vec<String>,
    /// The checks on the way, numbered from 1 by their order here.
    pub checks: Vec<WordedCheck>,
    /// What happens for a caller who passes every guard, in order.
    pub effects: Vec<WordedEffect>,
    /// What a caller without credentials reaches, in order.
    pub exposed: Vec<WordedEffect>,
}

/// A check, in words.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WordedCheck {
    /// The test, such as `requires that cookie 'token' is valid`.
    pub text: String,
    /// What happens to those who fail, if they are refused.
    pub refusal: Option<String>,
    /// Where the test stands.
    #[serde(flatten)]
    pub place: Place,
}

/// An effect, in words.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct WordedEffect {
    /// What happens.
    pub text: String,
    /// The function that does it.
    pub function: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// The numbers of the checks that stand before it, outermost first.
    pub checks: Vec<u32>,
}

/// A finding with the rule that made it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FindingExplanation {
    /// The finding as the report gives it.
    #[serde(flatten)]
    pub finding: FindingShape,
    /// The page of the rule, in Markdown.
    pub page: &'static str,
}

/// The rules of this program.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.rules/1")]
pub(crate) struct RulesShape {
    /// Always `firedoor.rules/1`.
    pub schema: &'static str,
    /// The rules in the order of their ids.
    pub rules: Vec<RuleShape>,
}

/// A rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RuleShape {
    /// The id.
    pub id: &'static str,
    /// The class of its findings.
    pub class: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// How bad a finding is by default.
    pub severity: &'static str,
    /// Weaknesses of the common enumeration.
    pub cwe: Vec<&'static str>,
    /// What to do about a finding.
    pub remediation: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
}

impl ExplanationShape {
    /// Returns the explanation of `subject`.
    pub fn new(context: &Context, subject: &Subject) -> ExplanationShape {
        let mut shape = ExplanationShape {
            schema: "firedoor.explanation/1",
            entry_points: Vec::new(),
            findings: Vec::new(),
            rules: Vec::new(),
            decision: None,
        };
        match subject {
            Subject::Rule(rule) => shape.rules.push(RuleShape::new(rule)),
            Subject::Decision(decision) => {
                shape.decision = Some(DecisionShape::new(context, decision));
            }
            Subject::EntryPoints(entries) => {
                shape.entry_points = entries
                    .iter()
                    .map(|entry| EntryPointExplanation::new(context.files, entry))
                    .collect();
            }
            Subject::Findings(findings) => {
                shape.findings = findings
                    .iter()
                    .map(|reported| FindingExplanation {
                        finding: FindingShape::new(context.files, reported),
                        page: reported.finding.rule.page,
                    })
                    .collect();
            }
        }
        shape
    }
}

impl EntryPointExplanation {
    /// Returns everything that is known of `entry`.
    pub fn new(files: &FileSet, entry: &EntryPoint) -> EntryPointExplanation {
        let effects = |effects: &[firedoor_app::Effect]| {
            effects
                .iter()
                .map(|effect| WordedEffect {
                    text: words::effect(&effect.kind),
                    function: effect.function.to_string(),
                    place: Place::new(files, effect.span),
                    checks: effect.checks.iter().map(|id| id.0 + 1).collect(),
                })
                .collect()
        };
        EntryPointExplanation {
            entry_point: EntryPointShape::new(files, entry),
            credentials: entry.credentials.iter().map(words::origin).collect(),
            checks: entry
                .checks
                .iter()
                .map(|check| WordedCheck {
                    text: words::check(check),
                    refusal: check.refusal.as_ref().map(words::refusal),
                    place: Place::new(files, check.span),
                })
                .collect(),
            effects: effects(&entry.effects),
            exposed: effects(&entry.exposed),
        }
    }
}

impl RuleShape {
    /// Returns the shape of `rule`.
    pub fn new(rule: &Rule) -> RuleShape {
        RuleShape {
            id: rule.id,
            class: rule.class,
            summary: rule.summary,
            severity: rule.severity.as_str(),
            cwe: rule.cwe.to_vec(),
            remediation: rule.remediation,
            page: rule.page,
        }
    }
}

impl RulesShape {
    /// Returns the shape of `rules`.
    pub fn new(rules: &[&'static Rule]) -> RulesShape {
        RulesShape {
            schema: "firedoor.rules/1",
            rules: rules.iter().map(|rule| RuleShape::new(rule)).collect(),
        }
    }
}

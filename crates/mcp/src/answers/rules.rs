//! The tool `rules`: what is looked for, and the page of one rule.

use firedoor_rules::RULES;
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked;
use crate::page::Answer;

/// Which rule.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesArguments {
    /// The id of a rule, for its page; without one, all rules are listed.
    pub rule: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns all rules in a line each, or the page of one.
pub fn rules(arguments: &RulesArguments) -> Result<Answer, String> {
    match checked("rule", &arguments.rule)? {
        None => Ok(Answer {
            heading: format!("{} rules", RULES.len()),
            items: RULES
                .iter()
                .map(|rule| {
                    let severity = rule.severity.as_str();
                    format!("{} ({}, {severity}): {}", rule.id, rule.class, rule.summary)
                })
                .collect(),
            noun: "rules",
        }),
        Some(id) => {
            let rule = firedoor_rules::rule(&id)
                .ok_or("there is no such rule: without `rule`, all are listed")?;
            let weaknesses = rule.cwe.join(", ");
            Ok(Answer {
                heading: format!(
                    "{} ({}, {}) {weaknesses}\nWhat to do: {}",
                    rule.id,
                    rule.class,
                    rule.severity.as_str(),
                    rule.remediation
                ),
                items: rule.page.lines().map(str::to_owned).collect(),
                noun: "lines",
            })
        }
    }
}

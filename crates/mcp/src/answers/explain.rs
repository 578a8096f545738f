//! The tool `explain`: everything about an entry point, a finding or a rule.

use firedoor_report::{Context, Detail, Subject, View, find_subject, format};
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked;
use crate::analyses::Analysed;
use crate::page::Answer;

/// What to explain.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainArguments {
    /// An entry point's id (`POST /login`, `WS /ws#join`), the start of a finding's fingerprint, or a rule's id.
    pub what: String,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns everything that is known of what `arguments` ask for, as lines.
pub fn explain(analysed: &Analysed, arguments: &ExplainArguments) -> Result<Answer, String> {
    let what = checked("what", &Some(arguments.what.clone()))?
        .ok_or("`what` is empty: give an entry point's id, a fingerprint or a rule's id")?;
    let subject = match firedoor_rules::rule(&what) {
        Some(rule) => Subject::Rule(rule),
        None => find_subject(&analysed.report, &what).ok_or(
            "nothing here has that name: `map` gives the ids of entry points, `findings` fingerprints, `rules` rules",
        )?,
    };
    let context = Context {
        files: &analysed.files,
        report: &analysed.report,
        view: View {
            detail: Detail::Full,
            width: 120,
            ..View::default()
        },
    };
    let render = format("text").and_then(|format| format.explain);
    let text = render.map_or(String::new(), |render| render(&context, &subject));
    Ok(Answer {
        heading: String::new(),
        items: text.lines().map(str::to_owned).collect(),
        noun: "lines",
    })
}

//! The tool `questions`: what only a person or an agent can settle.

use firedoor_report::{Context, Detail, View};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked, word};
use crate::analyses::Analysed;
use crate::page::Answer;

/// Which questions.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionsArguments {
    /// Only those of this importance: `high`, `medium` or `low`.
    pub importance: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns the questions with the code and what keeps each answer, most important first.
pub fn questions(analysed: &Analysed, arguments: &QuestionsArguments) -> Result<Answer, String> {
    let known = [("high", "high"), ("medium", "medium"), ("low", "low")];
    let importance = checked("importance", &arguments.importance)?
        .map(|it| word("importance", &it, &known))
        .transpose()?;
    let mut questions = firedoor_analysis::questions::questions(&analysed.report);
    questions.retain(|it| importance.is_none_or(|wanted| it.importance.as_str() == wanted));
    let context = Context {
        files: &analysed.files,
        report: &analysed.report,
        view: View {
            detail: Detail::Normal,
            ..View::default()
        },
    };
    let render = firedoor_report::format("text").and_then(|format| format.questions);
    let one = |question| {
        let text = render.map_or(String::new(), |render| {
            render(&context, std::slice::from_ref(question))
        });
        // The last line counts the questions, of which there is one here.
        let text = text.trim_end();
        text.rsplit_once('\n')
            .map_or(text, |(text, _)| text)
            .to_owned()
    };
    Ok(Answer {
        heading: format!("{} questions, most important first.", questions.len()),
        items: questions.iter().map(one).collect(),
        noun: "questions",
    })
}

//! Questions as Markdown, for an issue or a comment.

use firedoor_analysis::questions::{Answer, Question};

use super::{excerpt, shell};
use crate::markdown::{code, escape};
use crate::words::count;
use crate::{Context, clean};

/// Renders the questions.
pub(crate) fn render(context: &Context, questions: &[Question]) -> String {
    let mut text = match questions.len() {
        0 => return String::from("## firedoor: no questions\n"),
        number => format!(
            "## firedoor: {}\n\n",
            count(number, "question", "questions")
        ),
    };
    for question in questions {
        text.push_str(&one(context, question));
    }
    text
}

fn one(context: &Context, question: &Question) -> String {
    let mut text = format!(
        "### {} {}\n\n{}, {} importance\n\n",
        code(&question.id),
        prose(&question.text),
        question.kind.as_str(),
        question.importance.as_str()
    );
    for known in &question.known {
        text.push_str(&format!("- {}\n", prose(known)));
    }
    if !question.known.is_empty() {
        text.push('\n');
    }
    for span in &question.places {
        let excerpt = excerpt(context.files, *span);
        let lines = excerpt.lines.join("\n");
        text.push_str(&format!("{}\n\n", code(&excerpt.place.to_string())));
        text.push_str(&fenced(&lines));
    }
    for answer in &question.answers {
        text.push_str(&answered(answer));
    }
    text.push('\n');
    text
}

fn answered(answer: &Answer) -> String {
    let mut text = format!("- [ ] {}\n", prose(&answer.text));
    for words in &answer.commands {
        text.push_str(&format!("  - {}\n", code(&shell(words))));
    }
    if let Some(settings) = &answer.settings {
        for line in settings.lines() {
            text.push_str(&format!("  - {}\n", code(line)));
        }
    }
    text
}

/// Returns a sentence of ours, in which what stands between backticks is code.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (position, part) in clean(text).split('`').enumerate() {
        match position % 2 {
            0 => out.push_str(&escape(part)),
            _ => out.push_str(&code(part)),
        }
    }
    out
}

/// The fence is longer than any in the code.
fn fenced(text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n\n")
}

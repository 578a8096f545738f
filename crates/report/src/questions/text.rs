//! Questions for a terminal.

use firedoor_analysis::questions::{Answer, Importance, Question};

use super::{excerpt, shell};
use crate::text::style::{BAD, BOLD, DIM, DOUBTFUL, PLAIN, Paint};
use crate::text::wrap::hang;
use crate::words::count;
use crate::{Context, Detail, clean};

/// How many are shown, unless everything is wanted.
const MANY: usize = 20;
/// How many commands of one answer are shown, unless everything is wanted.
const FEW: usize = 4;

/// Renders the questions.
pub(crate) fn render(context: &Context, questions: &[Question]) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let most = match context.view.detail {
        Detail::Full => usize::MAX,
        Detail::Brief => 0,
        Detail::Normal => MANY,
    };
    let mut text = String::new();
    for question in questions.iter().take(most) {
        text.push_str(&one(context, question, paint));
        text.push('\n');
    }
    text.push_str(&match questions.len() {
        0 => String::from("No questions: what is open or unknown is answered.\n"),
        number => format!("{}\n", count(number, "question", "questions")),
    });
    if questions.len() > most && most > 0 {
        let line = format!(
            "{} of them not shown; --verbose shows all",
            questions.len() - most
        );
        text.push_str(&format!("{}\n", paint.paint(DIM, &line)));
    }
    text
}

fn one(context: &Context, question: &Question, paint: Paint) -> String {
    let width = context.view.width;
    let style = match question.importance {
        Importance::High => BAD,
        Importance::Medium => DOUBTFUL,
        Importance::Low => PLAIN,
    };
    let heading = format!(
        "{} ({})",
        question.kind.as_str(),
        question.importance.as_str()
    );
    let mut text = format!(
        "{} {}\n",
        paint.paint(BOLD, &question.id),
        paint.paint(style, &heading)
    );
    text.push_str(&hang("  ", &clean(&question.text), width));
    for known in &question.known {
        text.push_str(&hang("    · ", &clean(known), width));
    }
    for span in &question.places {
        let excerpt = excerpt(context.files, *span);
        let place = paint.paint(DIM, &excerpt.place.to_string());
        text.push_str(&format!("    {place}\n"));
        for line in &excerpt.lines {
            text.push_str(&format!("      | {line}\n"));
        }
    }
    for answer in &question.answers {
        text.push_str(&answered(context, answer));
    }
    text
}

fn answered(context: &Context, answer: &Answer) -> String {
    let mut text = hang("  - ", &clean(&answer.text), context.view.width);
    let most = match context.view.detail {
        Detail::Full => usize::MAX,
        _ => FEW,
    };
    for words in answer.commands.iter().take(most) {
        text.push_str(&format!("      $ {}\n", shell(words)));
    }
    if answer.commands.len() > most {
        text.push_str(&format!(
            "      and {} more\n",
            answer.commands.len() - most
        ));
    }
    if let Some(settings) = &answer.settings {
        text.push_str("      in firedoor.toml:\n");
        for line in settings.lines() {
            text.push_str(&format!("        {}\n", clean(line)));
        }
    }
    text
}

//! `firedoor review`: what a design leaves open, by part, with the sentences that say so.

use firedoor_plan::{Obligation, Quote, Review, State};

use super::style::{self, BAD, BOLD, DIM, DOUBTFUL, GOOD, Paint};
use super::wrap::{hang, hang_painted};
use crate::words::count;
use crate::{Detail, View, clean};

/// A quoted sentence is cut behind so many characters.
const LONGEST_QUOTE: usize = 200;

/// Renders the review.
pub(super) fn render(review: &Review, view: View) -> String {
    let paint = Paint {
        is_on: view.is_coloured,
    };
    let mut text = String::new();
    for obligation in review.obligations() {
        text.push_str(&one(obligation, view, paint));
        text.push('\n');
    }
    text.push_str(&summary(review, paint));
    if view.detail == Detail::Brief {
        return text;
    }
    text.push_str(&decided(review, view, paint));
    for note in &review.notes {
        let line = format!(
            "note: {}: {} ({})",
            clean(&note.file),
            clean(&note.detail),
            note.reason
        );
        text.push_str(&format!("{}\n", paint.paint(DOUBTFUL, &line)));
    }
    text
}

fn one(obligation: &Obligation, view: View, paint: Paint) -> String {
    let state = obligation.state.as_str();
    let severity = obligation.severity.as_str();
    let style = match obligation.state {
        State::Deferred => DIM,
        _ => style::severity(obligation.severity),
    };
    let head = format!("{state} ({severity})");
    let mut text = format!(
        "{} {}\n",
        paint.paint(style, &head),
        paint.paint(BOLD, &clean(&obligation.id))
    );
    text.push_str(&hang("  ", &clean(&obligation.question), view.width));
    for quote in &obligation.evidence {
        text.push_str(&quoted(quote, view, paint));
    }
    if view.detail == Detail::Brief {
        return text;
    }
    text.push_str(&hang("  why: ", &clean(&obligation.why), view.width));
    for answer in &obligation.answers {
        text.push_str(&hang("  answer: ", &clean(answer), view.width));
    }
    let rules = match obligation.rules.is_empty() {
        true => String::from("none; ask for it in the review of the code"),
        false => obligation.rules.join(", "),
    };
    text.push_str(&hang("  checked by: ", &rules, view.width));
    text
}

fn quoted(quote: &Quote, view: View, paint: Paint) -> String {
    let first = format!("  {}: ", place(quote));
    let painted = paint.paint(DIM, &first);
    hang_painted(
        (first, painted),
        &format!("\"{}\"", shortened(&quote.text)),
        view.width,
    )
}

fn place(quote: &Quote) -> String {
    match quote.line {
        0 => clean(&quote.file).into_owned(),
        line => format!("{}:{line}", clean(&quote.file)),
    }
}

fn shortened(text: &str) -> String {
    let text = clean(text);
    match text.chars().count() > LONGEST_QUOTE {
        true => text.chars().take(LONGEST_QUOTE).chain(['…']).collect(),
        false => text.into_owned(),
    }
}

fn summary(review: &Review, paint: Paint) -> String {
    let number = |state: State| {
        review
            .decisions
            .iter()
            .filter(|it| it.state == state)
            .count()
    };
    if review.parts.is_empty() && review.decisions.is_empty() {
        // Nothing can be open in what was not found, so that is no good news.
        let words = "No part that firedoor knows was found in what was read";
        return format!("{}\n", paint.paint(DOUBTFUL, words));
    }
    let counts = [
        (State::Unsafe, BAD),
        (State::Open, DOUBTFUL),
        (State::Deferred, style::PLAIN),
        (State::Decided, GOOD),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(state, style)| paint.paint(style, &format!("{} {}", number(state), state.as_str())))
        .collect();
    let parts: Vec<String> = review.parts.iter().map(|part| part.id.to_owned()).collect();
    format!(
        "{}: {}\n{}\n",
        paint.paint(
            BOLD,
            &count(review.decisions.len(), "decision", "decisions")
        ),
        counts.join(", "),
        hang("parts: ", &parts.join(", "), 100).trim_end(),
    )
}

fn decided(review: &Review, view: View, paint: Paint) -> String {
    let found: Vec<&Obligation> = review
        .decisions
        .iter()
        .filter(|it| it.state == State::Decided)
        .collect();
    if found.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.paint(BOLD, "Decided"));
    for obligation in found {
        let Some(quote) = obligation.evidence.first() else {
            continue;
        };
        let first = format!("  {}  {}: ", clean(&obligation.id), place(quote));
        let painted = format!(
            "  {}  {}: ",
            paint.paint(GOOD, &clean(&obligation.id)),
            paint.paint(DIM, &place(quote))
        );
        text.push_str(&hang_painted(
            (first, painted),
            &format!("\"{}\"", shortened(&quote.text)),
            view.width,
        ));
    }
    text
}

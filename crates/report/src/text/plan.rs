//! How the code stands to its plan, in the result of `firedoor check`.

use firedoor_plan::{Drift, Owed, Standing, Status};

use super::style::{BAD, BOLD, DIM, DOUBTFUL, GOOD, PLAIN, Paint};
use super::wrap::{hang, hang_painted};
use crate::shape::Place;
use crate::words::count;
use crate::{Context, Detail, clean};

/// More differences than this are only counted, without `--verbose`.
const MOST_DRIFT: usize = 20;

/// Renders the standing, if there is a plan.
pub(super) fn render(context: &Context, paint: Paint) -> String {
    let Some(standing) = &context.report.plan else {
        return String::new();
    };
    let mut text = format!(
        "\n{}: {}\n",
        paint.paint(BOLD, "Plan"),
        numbers(standing, paint)
    );
    for owed in &standing.owed {
        let is_told = match owed.status {
            Status::Broken | Status::NotVisible => true,
            _ => context.view.detail == Detail::Full,
        };
        if is_told {
            text.push_str(&one(context, owed, paint));
        }
    }
    text.push_str(&drifts(context, &standing.drift, paint));
    text
}

/// Returns how the decision with that id stands, for an explanation.
pub(super) fn standing_of(context: &Context, id: &str, paint: Paint) -> String {
    let mut owed = context.report.plan.iter().flat_map(|plan| &plan.owed);
    match owed.find(|owed| owed.kept.id == id) {
        Some(owed) => format!(
            "\n{}\n{}",
            paint.paint(BOLD, "In this plan"),
            one(context, owed, paint)
        ),
        None => String::new(),
    }
}

fn numbers(standing: &Standing, paint: Paint) -> String {
    let mut parts = Vec::new();
    for (status, style) in [
        (Status::Broken, BAD),
        (Status::Met, GOOD),
        (Status::NotVisible, DOUBTFUL),
        (Status::Unchecked, PLAIN),
        (Status::Accepted, PLAIN),
    ] {
        let number = standing
            .owed
            .iter()
            .filter(|owed| owed.status == status)
            .count();
        if number > 0 {
            parts.push(paint.paint(style, &format!("{number} {}", word(status))));
        }
    }
    match parts.is_empty() {
        true => String::from("nothing is kept in it"),
        false => parts.join(", "),
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::NotVisible => "not visible yet",
        other => other.as_str(),
    }
}

fn one(context: &Context, owed: &Owed, paint: Paint) -> String {
    let style = match owed.status {
        Status::Broken => BAD,
        Status::Met => GOOD,
        _ => DOUBTFUL,
    };
    let first = format!("  {}  {}: ", word(owed.status), clean(&owed.kept.id));
    let painted = format!(
        "  {}  {}: ",
        paint.paint(style, word(owed.status)),
        paint.paint(BOLD, &clean(&owed.kept.id))
    );
    let words = format!("{} ({} in the plan)", clean(&owed.because), owed.kept.state);
    let mut text = hang_painted((first, painted), &words, context.view.width);
    for (span, what) in &owed.places {
        let place = Place::new(context.files, *span);
        text.push_str(&hang(
            &format!("    {place}: "),
            &clean(what),
            context.view.width,
        ));
    }
    text
}

fn drifts(context: &Context, drift: &[Drift], paint: Paint) -> String {
    if drift.is_empty() {
        return String::new();
    }
    let title = count(drift.len(), "difference", "differences");
    let mut text = format!(
        "{}\n",
        paint.paint(BOLD, &format!("Interface documents: {title}"))
    );
    let most = match context.view.detail {
        Detail::Full => drift.len(),
        _ => MOST_DRIFT,
    };
    for one in drift.iter().take(most) {
        let place = match one.line {
            0 => clean(&one.file).into_owned(),
            line => format!("{}:{line}", clean(&one.file)),
        };
        let code = one
            .registered
            .map(|span| format!(" ({})", Place::new(context.files, span)));
        let words = format!(
            "{}: {}{}",
            clean(&one.operation),
            one.message,
            code.unwrap_or_default()
        );
        text.push_str(&hang(
            &format!("  {}  {place}: ", one.kind.as_str()),
            &words,
            context.view.width,
        ));
    }
    if drift.len() > most {
        let line = format!("  {} more; --verbose lists them", drift.len() - most);
        text.push_str(&format!("{}\n", paint.paint(DIM, &line)));
    }
    text
}

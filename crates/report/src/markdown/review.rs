//! A check-list of what a design leaves open, to be pasted into the plan.

use firedoor_plan::{Obligation, Review, State};

use super::{code, escape};
use crate::words::count;
use crate::{Context, View};

/// Renders the check-list.
pub(super) fn render(review: &Review, _view: View) -> String {
    let obligations = review.obligations();
    let mut text = format!(
        "## {} to be made\n\n",
        count(obligations.len(), "security decision", "security decisions")
    );
    for (state, heading) in [
        (State::Unsafe, "Unsafe as written"),
        (State::Open, "Open"),
        (State::Deferred, "Put off"),
    ] {
        let own: Vec<&&Obligation> = obligations.iter().filter(|it| it.state == state).collect();
        if own.is_empty() {
            continue;
        }
        text.push_str(&format!("### {heading}\n\n"));
        for obligation in own {
            text.push_str(&item(obligation));
        }
        text.push('\n');
    }
    for note in &review.notes {
        text.push_str(&format!(
            "> {}: {}\n",
            code(&note.file),
            escape(&note.detail)
        ));
    }
    text
}

fn item(obligation: &Obligation) -> String {
    let mut text = format!(
        "- [ ] **{}** ({}, {}): {}\n",
        escape(&obligation.question),
        code(&obligation.id),
        obligation.severity.as_str(),
        escape(&obligation.why)
    );
    for answer in &obligation.answers {
        text.push_str(&format!("  - {}\n", escape(answer)));
    }
    if obligation.state != State::Open {
        for quote in &obligation.evidence {
            let place = match quote.line {
                0 => quote.file.clone(),
                line => format!("{}:{line}", quote.file),
            };
            text.push_str(&format!(
                "  - {}: \"{}\"\n",
                code(&place),
                escape(&quote.text)
            ));
        }
    }
    text
}

/// Returns how the code stands to its plan, for the result of a check.
pub(super) fn plan(context: &Context) -> String {
    let Some(standing) = &context.report.plan else {
        return String::new();
    };
    let mut text = String::from(
        "### Plan\n\n| Decision | In the plan | In the code | Because |\n| --- | --- | --- | --- |\n",
    );
    for owed in &standing.owed {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            code(&owed.kept.id),
            owed.kept.state,
            owed.status.as_str(),
            escape(&owed.because)
        ));
    }
    text.push('\n');
    for drift in &standing.drift {
        text.push_str(&format!(
            "- {}: {} ({})\n",
            code(&drift.operation),
            escape(&drift.message),
            drift.kind.as_str()
        ));
    }
    if !standing.drift.is_empty() {
        text.push('\n');
    }
    text
}

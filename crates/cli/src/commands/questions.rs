//! `firedoor questions`: what only a person or an agent can settle, and what keeps the answer.

use firedoor_report::Context;

use super::{analyse_tree, renderer, view, write};
use crate::arguments::{Common, Tree};
use crate::user_error::UserError;

/// What is shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  firedoor questions                      the most important first, with the code
  firedoor questions --format markdown --output questions.md
  firedoor questions --format json | jq -r '.questions[] | select(.importance == \"high\") | .question'

An answer is kept by the command or the lines that stand with it.";

/// Runs the command and returns the exit status.
pub(super) fn questions(tree: &Tree, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "questions", |format| format.questions)?;
    let (files, mut report) = analyse_tree(tree, common)?;
    crate::baseline::apply(&mut report, &crate::tree::root_of(&tree.path)?)?;
    let questions = firedoor_analysis::questions::questions(&report);
    let context = Context {
        files: &files,
        report: &report,
        view: view(common),
    };
    write(&render(&context, &questions), common)?;
    Ok(0)
}

//! One file a tool: its arguments, and the answer as items.

mod coverage;
mod diff;
mod explain;
mod findings;
mod map;
mod questions;
mod review;
mod rules;

pub use coverage::{CoverageArguments, coverage};
pub use diff::{DiffArguments, diff};
pub use explain::{ExplainArguments, explain};
pub use findings::{FindingsArguments, finding_text, findings};
pub use map::{MapArguments, entry_text, map};
pub use questions::{QuestionsArguments, questions};
pub use review::{ReviewArguments, review};
pub use rules::{RulesArguments, rules};

use firedoor_app::Verdict;
use firedoor_report::clean;
use firedoor_source::{FileSet, Span};

/// The most characters of an argument: nothing that is asked for is longer.
const LONGEST_ARGUMENT: usize = 500;

/// Returns where `span` starts, as `file:line`.
fn place(files: &FileSet, span: Span) -> String {
    format!("{}:{}", clean(files.path(span)), files.start(span).line)
}

/// Returns the first line of what stands at `span`, cut to a length that a line may have.
fn first_line(files: &FileSet, span: Span) -> String {
    const WIDEST: usize = 160;
    let line = files.text(span).lines().next().unwrap_or("");
    let line: String = line.trim_end().chars().take(WIDEST).collect();
    clean(&line).into_owned()
}

/// Returns the mark of a verdict, as texts of firedoor have it.
fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Enforced => "●",
        Verdict::Conditional(_) => "◐",
        Verdict::Observed => "○",
        Verdict::Absent => "✗",
        Verdict::Unknown(_) => "?",
    }
}

/// Refuses an argument that nobody would mean.
fn checked(name: &str, value: &Option<String>) -> Result<Option<String>, String> {
    let Some(value) = value.as_deref().map(str::trim) else {
        return Ok(None);
    };
    if value.chars().count() > LONGEST_ARGUMENT {
        return Err(format!(
            "`{name}` is longer than {LONGEST_ARGUMENT} characters"
        ));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("`{name}` has control characters"));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Refuses a path that leads out of the tree; returns it as the paths of the tree are written.
pub fn checked_path(name: &str, value: &Option<String>) -> Result<Option<String>, String> {
    let Some(path) = checked(name, value)? else {
        return Ok(None);
    };
    let path = path.replace('\\', "/");
    let leads_out = path.starts_with('/')
        || path.split('/').any(|part| part == "..")
        || path.chars().nth(1) == Some(':');
    if leads_out {
        return Err(format!(
            "`{name}` leads out of the tree: give a path relative to its root"
        ));
    }
    Ok(Some(path.strip_prefix("./").unwrap_or(&path).to_owned()))
}

/// Returns the value that `word` names, or an error with all that there are.
fn word<T: Copy>(name: &str, word: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
        format!("`{name}` is one of {}", known.join(", "))
    })
}

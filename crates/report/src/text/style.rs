//! Colours and marks. Every colour repeats what a word or a mark says, so that a text reads well without it.

use anstyle::{AnsiColor, Style};
use firedoor_app::Verdict;
use firedoor_rules::Severity;

/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is there for completeness.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What is missing.
pub(crate) const BAD: Style = AnsiColor::BrightRed.on_default();
/// What needs a look.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// What is in order.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// No style.
pub(crate) const PLAIN: Style = Style::new();

/// Paints, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    /// Whether colours are wanted.
    pub is_on: bool,
}

impl Paint {
    /// Returns `text` in `style`.
    pub fn paint(self, style: Style, text: &str) -> String {
        if !self.is_on || style == PLAIN || text.is_empty() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }
}

/// Returns the mark of a verdict.
pub(crate) fn mark(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Enforced => "●",
        Verdict::Conditional(_) => "◐",
        Verdict::Observed => "○",
        Verdict::Absent => "✗",
        Verdict::Unknown(_) => "?",
    }
}

/// Returns the style of a verdict.
pub(crate) fn verdict(verdict: &Verdict) -> Style {
    match verdict {
        Verdict::Enforced => GOOD,
        Verdict::Conditional(_) | Verdict::Observed | Verdict::Unknown(_) => DOUBTFUL,
        Verdict::Absent => BAD,
    }
}

/// Returns the style of a severity.
pub(crate) fn severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => DOUBTFUL,
        Severity::Low => AnsiColor::Cyan.on_default(),
    }
}

//! What runs between the outside and a handler.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Control, Throttle, Verdict};

/// What a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerKind {
    /// A function of the application or a library that runs before the handler.
    Layer,
    /// A check inside the handler.
    Inline,
    /// Runs only when an earlier layer failed.
    ErrorHandler,
}

/// A layer of an entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: Ustr,
    /// What it is.
    pub kind: LayerKind,
    /// Where it is defined.
    pub span: Span,
    /// Where it is mounted; the place of the check for an inline one.
    pub mounted: Span,
    /// What it is good for; empty if it is no guard.
    pub controls: Vec<Control>,
    /// How far that holds; `Absent` if it is no guard.
    pub verdict: Verdict,
    /// The verdict of each of its controls.
    pub verdicts: Vec<(Control, Verdict)>,
    /// The checks that its controls rest on, in order; a guard that a library brings has none.
    pub places: Vec<CheckPlace>,
    /// What it counts, if it is a limiter.
    pub throttle: Option<Throttle>,
    /// Where, and in which words why, it lets a request on although it refuses others: its own check failed,
    /// a credential or a setting is missing.
    pub fails_open: Option<(Span, &'static str)>,
}

/// Where a check stands that a control rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckPlace {
    /// The control.
    pub control: Control,
    /// What is tested, or what refuses if nothing is.
    pub span: Span,
    /// The outcome of the test, as it is written, with which a request goes on.
    pub passes: bool,
    /// Holds if the other outcome leads out of the function within the statement of the test.
    pub ends: bool,
}

impl Layer {
    /// Returns how far it gives `control`.
    pub fn verdict_of(&self, control: Control) -> Verdict {
        let mut own = self.verdicts.iter().filter(|(found, _)| *found == control);
        own.next()
            .map_or(Verdict::Absent, |(_, verdict)| verdict.clone())
    }
}

/// A place where a guard is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub span: Span,
    /// The path below which it is mounted, as a template; empty for everything.
    pub path: Ustr,
    /// The number of entry points that it runs for and refuses at.
    pub covers: usize,
}

/// A guard that the program defines or makes, mounted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardDefinition {
    /// Its name: that of the function, or of the variable or export that holds it.
    pub name: Ustr,
    /// Where it is defined or made.
    pub span: Span,
    /// The file of that place, as entry points name the file of their application.
    pub file: Ustr,
    /// What it is good for where it runs.
    pub controls: Vec<Control>,
    /// The entry points that it covers, as numbers into the map's.
    pub covers: Vec<usize>,
    /// Where it is mounted, in order.
    pub mounts: Vec<Mount>,
    /// Holds if it runs for entry points and refuses nobody there, though it could for other paths.
    pub is_idle: bool,
    /// Holds if the code of the program calls or passes it on anywhere.
    pub is_used: bool,
    /// Where other modules import it, in order.
    pub imported: Vec<Span>,
    /// What it counts, if it is a limiter.
    pub throttle: Option<Throttle>,
}

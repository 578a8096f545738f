//! One file an output format; the only shapes that are serialised for outsiders.
//!
//! A format turns a finished report into text and nothing else: whoever calls it decides where the text
//! goes, whether colours are wanted and how wide the terminal is.

mod clean;
mod coverage;
mod diff;
#[doc(hidden)]
pub mod for_tests;
mod github;
mod gitlab;
mod history;
mod html;
mod json;
mod junit;
mod markdown;
mod probe;
mod questions;
mod sarif;
mod schema;
mod selftest;
mod shape;
mod study_table;
mod subject;
mod text;
mod words;

pub use clean::{clean, clean_lines};
pub use diff::{DiffContext, Side};
pub use history::{HistoryContext, Studied, StudyContext};
pub use probe::ProbeContext;
pub use questions::{RenderQuestions, shell};
pub use schema::{SCHEMAS, Schema};
pub use selftest::SelfTestContext;
pub use subject::{Subject, find_subject, known_subjects};

use firedoor_analysis::{Report, ReportedFinding};
use firedoor_plan::Review;
use firedoor_rules::{Confidence, Rule};
use firedoor_source::FileSet;

/// An output format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The name, as `--format` takes it.
    pub name: &'static str,
    /// Renders the findings and the coverage.
    pub check: Option<fn(&Context) -> String>,
    /// Renders the application map.
    pub map: Option<fn(&Context) -> String>,
    /// Renders why one thing is as it is.
    pub explain: Option<fn(&Context, &Subject) -> String>,
    /// Renders what changed from one commit to another.
    pub diff: Option<fn(&DiffContext) -> String>,
    /// Renders what a line of changes did.
    pub history: Option<fn(&HistoryContext) -> String>,
    /// Renders the lines of several repositories side by side.
    pub study: Option<fn(&StudyContext) -> String>,
    /// Renders a list of rules.
    pub rules: Option<fn(&[&'static Rule], View) -> String>,
    /// Renders what design documents decide and leave open.
    pub review: Option<fn(&Review, View) -> String>,
    /// Renders what only a person or an agent can settle.
    pub questions: Option<RenderQuestions>,
    /// Renders what became of guards that were taken out.
    pub self_test: Option<fn(&SelfTestContext) -> String>,
    /// Renders what a running instance answered.
    pub probe: Option<fn(&ProbeContext) -> String>,
}

/// All formats, the default first.
pub static FORMATS: &[Format] = &[
    text::FORMAT,
    json::FORMAT,
    sarif::FORMAT,
    markdown::FORMAT,
    html::FORMAT,
    github::FORMAT,
    gitlab::FORMAT,
    junit::FORMAT,
];

/// Returns the format of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// How much a text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// The findings and a summary.
    Brief,
    /// What a person wants to see.
    Normal,
    /// Everything, however long.
    Full,
}

/// How something is looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Findings less sure than this are only counted.
    pub min_confidence: Confidence,
    /// Whether a text is coloured.
    pub is_coloured: bool,
    /// The columns of the terminal.
    pub width: usize,
    /// How much a text tells.
    pub detail: Detail,
    /// The way from the top of the repository to what was analysed: build servers want names from there.
    pub prefix: ustr::Ustr,
}

impl View {
    /// Returns `path`, which is relative to what was analysed, as a build server wants it.
    pub(crate) fn host_path(&self, path: &str) -> String {
        match self.prefix.as_str() {
            "" => path.to_owned(),
            prefix => format!("{prefix}/{path}"),
        }
    }
}

impl Default for View {
    fn default() -> View {
        View {
            min_confidence: Confidence::Medium,
            is_coloured: false,
            width: 100,
            detail: Detail::Normal,
            prefix: ustr::ustr(""),
        }
    }
}

/// A report with the files it is about, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The files that were analysed.
    pub files: &'a FileSet,
    /// What the analysis told.
    pub report: &'a Report,
    /// How it is looked at.
    pub view: View,
}

impl<'a> Context<'a> {
    /// Returns the findings that are sure enough to be shown, suppressed ones among them.
    pub fn shown(&self) -> impl Iterator<Item = &'a ReportedFinding> {
        let least = self.view.min_confidence;
        self.report
            .findings
            .iter()
            .filter(move |reported| reported.finding.confidence >= least)
    }

    /// Returns the findings that are shown, that nobody has allowed, and that are not in the baseline.
    pub fn open(&self) -> impl Iterator<Item = &'a ReportedFinding> {
        self.shown()
            .filter(|reported| reported.suppressed.is_none() && !reported.in_baseline)
    }

    /// Returns the findings that are shown, that nobody has allowed, and that were there before: in the baseline.
    pub fn known(&self) -> impl Iterator<Item = &'a ReportedFinding> {
        self.shown()
            .filter(|reported| reported.suppressed.is_none() && reported.in_baseline)
    }

    /// Returns how many of the findings that are shown somebody has allowed.
    pub fn suppressed_count(&self) -> usize {
        self.shown()
            .filter(|reported| reported.suppressed.is_some())
            .count()
    }

    /// Returns how many findings are not shown because they are not sure enough.
    pub fn unsure_count(&self) -> usize {
        self.report
            .findings
            .iter()
            .filter(|reported| {
                reported.finding.confidence < self.view.min_confidence
                    && reported.suppressed.is_none()
                    && !reported.in_baseline
            })
            .count()
    }
}

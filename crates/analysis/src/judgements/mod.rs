//! What people and agents have decided about findings and entry points, kept in `.firedoor/judgements.toml`.
//!
//! A judgement rests on what was seen when it was made. It says so line by line, with a digest, and it falls when
//! that is not what is seen any more: a decision about another program is none about this one.

mod apply;
pub(crate) mod evidence;
mod read;

pub use apply::{Standing, apply_to_entries, apply_to_findings};
pub use evidence::{digest, of_entry_points, of_findings};
pub use read::{JudgementFault, parse_judgements};

use firedoor_app::Map;

use crate::Report;

/// The name of the shape of the file.
pub const JUDGEMENTS_SCHEMA: &str = "firedoor.judgements/1";

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// It is so, and it is to stay so.
    Accepted,
    /// It is not so.
    FalsePositive,
    /// The entry point is for everybody on purpose.
    Public,
}

impl Ruling {
    /// Returns the word for it in files, options and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Ruling::Accepted => "accepted",
            Ruling::FalsePositive => "false-positive",
            Ruling::Public => "public",
        }
    }

    /// Returns the ruling that `word` names.
    pub fn parse(word: &str) -> Option<Ruling> {
        [Ruling::Accepted, Ruling::FalsePositive, Ruling::Public]
            .into_iter()
            .find(|ruling| ruling.as_str() == word)
    }
}

/// What a judgement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// The findings with this fingerprint.
    Finding(String),
    /// The entry points with this id.
    EntryPoint(String),
}

impl Judged {
    /// Returns the fingerprint or the id.
    pub fn name(&self) -> &str {
        match self {
            Judged::Finding(name) | Judged::EntryPoint(name) => name,
        }
    }
}

/// A decision with its reason, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it is about.
    pub judged: Judged,
    /// The title of the finding, for whoever reads the file; empty for an entry point.
    pub title: String,
    /// What was decided.
    pub ruling: Ruling,
    /// Why.
    pub reason: String,
    /// Who decided, if that was said.
    pub by: Option<String>,
    /// What was seen then, one fact a line.
    pub seen: Vec<String>,
}

impl Judgement {
    /// Returns what was decided and by whom, such as `false-positive, by ada`.
    pub fn heading(&self) -> String {
        match &self.by {
            Some(by) => format!("{}, by {by}", self.ruling.as_str()),
            None => self.ruling.as_str().to_owned(),
        }
    }
}

/// A judgement that holds no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallen {
    /// The judgement.
    pub judgement: Judgement,
    /// What was seen then and is not seen now.
    pub gone: Vec<String>,
    /// What is seen now and was not seen then.
    pub new: Vec<String>,
}

/// What became of the judgements.
#[derive(Clone, Debug, Default)]
pub struct Judgements {
    /// Those that fell, in the order of the file.
    pub fallen: Vec<Fallen>,
    /// Those about something that is not there any more, in the order of the file.
    pub idle: Vec<Judgement>,
    /// How many hold.
    pub standing: usize,
}

/// Returns a judgement about `judged` as the report shows it now; nothing if it is not in the report.
pub fn judge(
    report: &Report,
    judged: Judged,
    ruling: Ruling,
    reason: &str,
    by: Option<&str>,
) -> Option<Judgement> {
    let (title, seen) = seen_now(report, &judged)?;
    Some(Judgement {
        judged,
        title,
        ruling,
        reason: reason.to_owned(),
        by: by.map(str::to_owned),
        seen,
    })
}

fn seen_now(report: &Report, judged: &Judged) -> Option<(String, Vec<String>)> {
    match judged {
        Judged::Finding(fingerprint) => {
            let findings = report.findings.iter();
            let same: Vec<_> = findings
                .filter(|reported| reported.fingerprint == *fingerprint)
                .map(|reported| &reported.finding)
                .collect();
            let title = same.first()?.title.clone();
            Some((title, of_findings(&report.map, &same)))
        }
        Judged::EntryPoint(id) => {
            let same = entry_points(&report.map, id);
            (!same.is_empty()).then(|| (String::new(), of_entry_points(&same)))
        }
    }
}

/// Returns the entry points with that id; several where applications of one tree share it.
fn entry_points<'a>(map: &'a Map, id: &str) -> Vec<&'a firedoor_app::EntryPoint> {
    let entries = map.entry_points.iter();
    entries.filter(|entry| entry.id() == id).collect()
}

//! `firedoor judge`: keeps what was decided about a finding or an entry point, with what that rests on.

use clap::{Args, ValueEnum};
use firedoor_analysis::Report;
use firedoor_analysis::judgements::{self, Judged, Ruling};
use firedoor_report::{Subject, find_subject, known_subjects};

use super::{analyse_tree, write};
use crate::arguments::{Common, Tree};
use crate::suggestion::closest;
use crate::user_error::UserError;
use crate::{judgements as file, tree};

/// The most characters of a reason or a name: it is a sentence or two.
const LONGEST: usize = 2_000;

/// What is shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  firedoor judge 3f2a91 --verdict accepted --reason 'the cookie holds a colour scheme' --by ada
  firedoor judge 3f2a91 --verdict false-positive --reason 'the proxy refuses this path'
  firedoor judge 'GET /cards/{token}' --verdict public --reason 'the link is the key'

It is kept in .firedoor/judgements.toml; commit it. It falls when what it rests on changes.";

/// What was decided.
#[derive(Args, Debug)]
pub struct Judge {
    /// The start of a finding's fingerprint, or for `public` an entry point's id ('GET /cards/{token}')
    pub what: String,
    /// What to analyse.
    #[command(flatten)]
    pub tree: Tree,
    /// What was decided
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Verdict,
    /// Why, for the next reader
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who decided
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// What can be decided.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Verdict {
    /// It is so, and it stays so
    Accepted,
    /// It is not so
    FalsePositive,
    /// The entry point is for everybody on purpose
    Public,
}

/// Runs the command and returns the exit status.
pub(super) fn judge(arguments: &Judge, common: &Common) -> Result<u8, UserError> {
    let reason = sentence(&arguments.reason, "--reason")?;
    let by = arguments.by.as_deref();
    let by = by.map(|by| sentence(by, "--by")).transpose()?;
    let ruling = match arguments.verdict {
        Verdict::Accepted => Ruling::Accepted,
        Verdict::FalsePositive => Ruling::FalsePositive,
        Verdict::Public => Ruling::Public,
    };
    let (_, report) = analyse_tree(&arguments.tree, common)?;
    let judged = judged(&report, &arguments.what, ruling)?;
    let judgement = judgements::judge(&report, judged, ruling, &reason, by.as_deref())
        .ok_or_else(|| nothing(&report, &arguments.what))?;
    file::keep(&tree::root_of(&arguments.tree.path)?, &judgement)?;
    let line = format!(
        "kept in {}: {} is {} ({})\n",
        file::FILE,
        judgement.judged.name(),
        judgement.heading(),
        judgement.reason
    );
    write(&firedoor_report::clean_lines(&line), common)?;
    Ok(0)
}

/// What is kept in a file must not steer the terminal of whoever reads it.
fn sentence(text: &str, option: &str) -> Result<String, UserError> {
    let text = firedoor_report::clean(text.trim()).into_owned();
    if text.is_empty() {
        return Err(UserError::Judgement(format!("{option} is empty")));
    }
    if text.chars().count() > LONGEST {
        return Err(UserError::Judgement(format!(
            "{option} is longer than {LONGEST} characters"
        )));
    }
    Ok(text)
}

fn judged(report: &Report, what: &str, ruling: Ruling) -> Result<Judged, UserError> {
    let subject = find_subject(report, what).ok_or_else(|| nothing(report, what))?;
    match (subject, ruling) {
        (Subject::EntryPoints(entries), Ruling::Public) => Ok(Judged::EntryPoint(
            entries.first().map(|entry| entry.id()).unwrap_or_default(),
        )),
        (Subject::Findings(findings), _) => {
            let mut names: Vec<&str> = findings.iter().map(|it| it.fingerprint.as_str()).collect();
            names.dedup();
            let [name] = names.as_slice() else {
                return Err(UserError::Judgement(format!(
                    "'{}' is the start of {} fingerprints; give more of it: {}",
                    firedoor_report::clean(what),
                    names.len(),
                    names.join(", ")
                )));
            };
            let entry = findings
                .iter()
                .find_map(|it| it.finding.entry_point.clone());
            match (ruling, entry) {
                (Ruling::Public, Some(id)) => Ok(Judged::EntryPoint(id)),
                (Ruling::Public, None) => Err(UserError::Judgement(String::from(
                    "this finding is about no entry point, so nothing can be public: judge it accepted or false-positive",
                ))),
                _ => Ok(Judged::Finding((*name).to_owned())),
            }
        }
        (Subject::EntryPoints(entries), _) => {
            let id = entries.first().map(|entry| entry.id()).unwrap_or_default();
            let of_entry = report.findings.iter();
            let names: Vec<&str> = of_entry
                .filter(|it| it.finding.entry_point.as_deref() == Some(&id))
                .map(|it| it.fingerprint.as_str())
                .collect();
            Err(UserError::Judgement(format!(
                "an entry point can be judged public only; its findings have the fingerprints: {}",
                if names.is_empty() {
                    String::from("none")
                } else {
                    names.join(", ")
                }
            )))
        }
        (Subject::Rule(_) | Subject::Decision(_), _) => Err(nothing(report, what)),
    }
}

fn nothing(report: &Report, what: &str) -> UserError {
    UserError::NothingToExplain {
        what: what.to_owned(),
        suggestion: closest(what, known_subjects(report)),
    }
}

//! `firedoor diff`: two commits are read, analysed side by side and compared.

use firedoor_analysis::{Report, analyse, compare};
use firedoor_history::{Commit, Repository};
use firedoor_report::{DiffContext, Side};
use firedoor_source::FileSet;

use super::{FOUND, renderer, view, write};
use crate::arguments::{Common, Diff};
use crate::configuration::{self, Configuration};
use crate::user_error::UserError;
use crate::{judgements, progress, tree};

/// One side of the comparison.
struct Analysed {
    name: String,
    commit: Option<String>,
    files: FileSet,
    report: Report,
}

impl Analysed {
    fn side(&self) -> Side<'_> {
        Side {
            name: &self.name,
            commit: self.commit.as_deref(),
            files: &self.files,
            report: &self.report,
        }
    }
}

/// Runs the command and returns the exit status.
pub(super) fn diff(arguments: &Diff, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "diff", |format| format.diff)?;
    let view = view(common);
    let repository = Repository::open(&arguments.repo)?;
    let mut notes = Vec::new();
    let head = repository.commit(arguments.head.as_deref().unwrap_or("HEAD"))?;
    let named = repository.commit(&arguments.base)?;
    let base = match arguments.direct {
        true => named,
        false => fork_point(&repository, named, head, &arguments.base, &mut notes),
    };
    let before = at_commit(&repository, base, &arguments.base, common)?;
    let after = match (arguments.worktree, &arguments.head) {
        (true, _) => in_work_folder(&repository, common)?,
        (false, name) => {
            let name = name.as_deref().unwrap_or("HEAD");
            at_commit(&repository, head, name, common)?
        }
    };
    notes.extend(fallen(&after.report));
    let comparison = compare(&before.report, &after.report, |reported| {
        reported.suppressed.is_none() && reported.finding.confidence >= view.min_confidence
    });
    let context = DiffContext {
        before: before.side(),
        after: after.side(),
        comparison: &comparison,
        notes: &notes,
        view,
    };
    write(&render(&context), common)?;
    let fail_on = common.fail_on.severity();
    let is_bad = comparison
        .introduced
        .iter()
        .any(|reported| fail_on.is_some_and(|least| reported.finding.severity >= least));
    Ok(if is_bad { FOUND } else { 0 })
}

/// Returns the commit from which base and head have grown apart: what others did on the base since is not part of
/// the change.
fn fork_point(
    repository: &Repository,
    base: Commit,
    head: Commit,
    name: &str,
    notes: &mut Vec<String>,
) -> Commit {
    match repository.merge_base(base, head) {
        Some(fork) => {
            if fork != base {
                notes.push(format!(
                    "{name} has gone on since: compared is with {}, where the two have grown apart",
                    fork.short()
                ));
            }
            fork
        }
        None => {
            let why = match repository.is_shallow() {
                true => "the clone is shallow and does not hold where they have grown apart",
                false => "they have no commit in common",
            };
            notes.push(format!("compared is with {name} itself: {why}"));
            base
        }
    }
}

/// A judgement that fell makes its finding a new one, and nobody would know why.
fn fallen(report: &Report) -> impl Iterator<Item = String> {
    report.judgements.fallen.iter().map(|fallen| {
        let judgement = &fallen.judgement;
        format!(
            "the judgement about {} ({}) has fallen: what it rested on has changed",
            judgement.judged.name(),
            judgement.heading()
        )
    })
}

fn at_commit(
    repository: &Repository,
    commit: Commit,
    name: &str,
    common: &Common,
) -> Result<Analysed, UserError> {
    let text = repository.text(commit, configuration::FILE_NAME)?;
    let mut configuration = configuration::load_text(common.config.as_deref(), text.as_deref())?;
    let text = repository.text(commit, judgements::FILE)?;
    configuration.options.judgements = judgements::load_text(text.as_deref())?;
    let files = repository.files(commit, &configuration.ignored)?;
    Ok(analysed(
        name,
        Some(commit.to_string()),
        files,
        &configuration,
        common,
    ))
}

fn in_work_folder(repository: &Repository, common: &Common) -> Result<Analysed, UserError> {
    let folder = repository.work_folder().ok_or(UserError::NoWorkFolder)?;
    let mut configuration = configuration::load(common.config.as_deref(), &folder)?;
    configuration.options.judgements = judgements::load(&folder)?;
    let files = tree::read_tree(&folder, &configuration.ignored, common.quiet)?;
    Ok(analysed(
        "the files on the disk",
        None,
        files,
        &configuration,
        common,
    ))
}

fn analysed(
    name: &str,
    commit: Option<String>,
    files: FileSet,
    configuration: &Configuration,
    common: &Common,
) -> Analysed {
    let spinner = progress::analysing(files.len(), common.quiet);
    let report = analyse(&files, &configuration.options);
    spinner.finish_and_clear();
    Analysed {
        name: name.to_owned(),
        commit,
        files,
        report,
    }
}

#[cfg(test)]
mod tests;

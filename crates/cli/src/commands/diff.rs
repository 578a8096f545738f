//! `firedoor diff`: two commits are read, analysed side by side and compared.

use std::panic::resume_unwind;

use firedoor_analysis::{ParseCache, Parsed, Report, analyse_parsed, compare};
use firedoor_history::{Commit, Repository, STACK};
use firedoor_report::{DiffContext, Side};
use firedoor_source::FileSet;

use super::{FOUND, renderer, view, write};
use crate::arguments::{Common, Diff};
use crate::configuration::{self, Configuration};
use crate::user_error::UserError;
use crate::{judgements, progress, tree};

/// One side of the comparison.
struct End {
    name: String,
    commit: Option<String>,
    files: FileSet,
    configuration: Configuration,
}

impl End {
    fn side<'a>(&'a self, report: &'a Report) -> Side<'a> {
        Side {
            name: &self.name,
            commit: self.commit.as_deref(),
            files: &self.files,
            report,
        }
    }

    /// Holds if an analysis of the other gives what one of this gives: most changes of documents, tests and styles
    /// touch nothing that is read.
    fn is_read_alike(&self, other: &End) -> bool {
        let texts = |end: &'_ End| -> Vec<_> {
            let files = end.files.iter();
            files
                .map(|(_, file)| (file.path.clone(), file.text.clone()))
                .collect()
        };
        self.files.skipped == other.files.skipped
            && self.configuration.options == other.configuration.options
            && texts(self) == texts(other)
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
    let reports = analyse_both(&before, &after, common);
    notes.extend(fallen(&reports.1));
    let comparison = compare(&reports.0, &reports.1, |reported| {
        reported.suppressed.is_none() && reported.finding.confidence >= view.min_confidence
    });
    let context = DiffContext {
        before: before.side(&reports.0),
        after: after.side(&reports.1),
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
) -> Result<End, UserError> {
    let text = repository.text(commit, configuration::FILE_NAME)?;
    let mut configuration = configuration::load_text(common.config.as_deref(), text.as_deref())?;
    let text = repository.text(commit, judgements::FILE)?;
    configuration.options.judgements = judgements::load_text(text.as_deref())?;
    let files = repository.files(commit, &configuration.ignored)?;
    Ok(End {
        name: name.to_owned(),
        commit: Some(commit.to_string()),
        files,
        configuration,
    })
}

fn in_work_folder(repository: &Repository, common: &Common) -> Result<End, UserError> {
    let folder = repository.work_folder().ok_or(UserError::NoWorkFolder)?;
    let mut configuration = configuration::load(common.config.as_deref(), &folder)?;
    configuration.options.judgements = judgements::load(&folder)?;
    let files = tree::read_tree(&folder, &configuration.ignored, common.quiet)?;
    Ok(End {
        name: String::from("the files on the disk"),
        commit: None,
        files,
        configuration,
    })
}

/// Analyses both ends, each on a thread of its own; a text that both have is parsed once, and ends that are read alike
/// are analysed once.
fn analyse_both(before: &End, after: &End, common: &Common) -> (Report, Report) {
    let spinner = progress::analysing(after.files.len(), common.quiet);
    let cache = ParseCache::default();
    let parse = |end: &End| Parsed::new(&end.files, Some(&cache));
    let run = |end: &End, parsed| analyse_parsed(&end.files, parsed, &end.configuration.options);
    let reports = if before.is_read_alike(after) {
        let report = run(after, parse(after));
        (report.clone(), report)
    } else {
        let (old, new) = (parse(before), parse(after));
        std::thread::scope(|scope| {
            let kept = old.clone();
            let thread = std::thread::Builder::new().stack_size(STACK);
            let thread = thread.spawn_scoped(scope, move || run(before, kept));
            let new = run(after, new);
            let old = match thread.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(report)) => report,
                Ok(Err(what)) => resume_unwind(what),
                // A machine that gives no further thread has one that is free by now.
                Err(_) => run(before, old),
            };
            (old, new)
        })
    };
    spinner.finish_and_clear();
    reports
}

#[cfg(test)]
mod tests;

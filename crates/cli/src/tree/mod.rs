//! Reads a tree into memory: the files that count, and what had to be left out.
//!
//! The result depends on the tree alone: not on the order of the disk, the machine's own git settings
//! or the number of threads.

mod walk;

pub(crate) use walk::slashed;

use std::path::{Path, PathBuf};

use firedoor_source::intake::{self, Admission, Interest};
use firedoor_source::{FileSet, SkipReason};
use globset::GlobSet;
use rayon::prelude::*;

use crate::progress;
use crate::user_error::UserError;

/// A file that was met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Met {
    /// Its path relative to the root, with `/`.
    pub path: String,
    /// Where it is.
    pub place: PathBuf,
    /// Why it matters.
    pub interest: Interest,
}

/// Returns the root to which the paths of the tree at `path` are relative: itself, or the folder of a file.
pub fn root_of(path: &Path) -> Result<PathBuf, UserError> {
    let metadata = std::fs::metadata(path).map_err(|error| UserError::unreadable(path, error))?;
    let place = path
        .canonicalize()
        .map_err(|error| UserError::unreadable(path, error))?;
    if metadata.is_dir() {
        return Ok(place);
    }
    // Reading a pipe or a device may never end.
    if !metadata.is_file() {
        return Err(UserError::NoFile(path.to_owned()));
    }
    Ok(place.parent().map_or(place.clone(), Path::to_owned))
}

/// Reads the tree (or the single file) at `path`, without what `ignored` matches.
pub fn read_tree(path: &Path, ignored: &GlobSet, is_quiet: bool) -> Result<FileSet, UserError> {
    let root = root_of(path)?;
    let (met, mut notes) = if path.is_dir() {
        std::fs::read_dir(&root).map_err(|error| UserError::unreadable(path, error))?;
        walk::walk(&root, ignored)
    } else {
        (single(path, &root)?, Vec::new())
    };
    let bar = progress::reading(met.len(), is_quiet);
    let outcomes: Vec<Admission> = met
        .par_iter()
        .map(|met| {
            let outcome = read(met);
            bar.inc(1);
            outcome
        })
        .collect();
    bar.finish_and_clear();
    let mut files = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        files.extend(outcome.file);
        notes.extend(outcome.note);
    }
    notes.sort();
    notes.dedup();
    let mut set = FileSet::new(files);
    set.skipped = notes;
    Ok(set)
}

/// A file that is named is read whatever it is called.
fn single(path: &Path, root: &Path) -> Result<Vec<Met>, UserError> {
    let place = path
        .canonicalize()
        .map_err(|error| UserError::unreadable(path, error))?;
    std::fs::File::open(&place).map_err(|error| UserError::unreadable(path, error))?;
    let name = place.strip_prefix(root).unwrap_or(&place);
    Ok(vec![Met {
        path: walk::slashed(name),
        interest: intake::interest(&walk::slashed(name)).unwrap_or(Interest::Source),
        place,
    }])
}

fn read(met: &Met) -> Admission {
    let size = std::fs::metadata(&met.place).map_or(0, |metadata| metadata.len());
    if let Some(refused) = intake::refuse_by_size(&met.path, met.interest, size) {
        return refused;
    }
    match std::fs::read(&met.place) {
        Ok(bytes) => intake::admit(&met.path, met.interest, &bytes),
        Err(error) => intake::refuse(
            &met.path,
            met.interest,
            SkipReason::Unreadable,
            error.to_string(),
        ),
    }
}

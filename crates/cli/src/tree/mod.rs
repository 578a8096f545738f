//! Reads a tree into memory: which files matter, what their bytes say, and what had to be left out.
//!
//! The result depends on the tree alone: not on the order of the disk, the machine's own git settings
//! or the number of threads.

mod interest;
mod minified;
mod text;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firedoor_source::{FileSet, SkipReason, Skipped};
use globset::GlobSet;
use rayon::prelude::*;

use crate::progress;
use crate::user_error::UserError;
use interest::Interest;

/// No file that a person writes is larger.
const MOST_BYTES: u64 = 2 * 1024 * 1024;

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

/// What became of a file.
#[derive(Default)]
struct Outcome {
    file: Option<(String, Arc<str>)>,
    note: Option<Skipped>,
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
    let outcomes: Vec<Outcome> = met
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
        interest: interest::interest(&walk::slashed(name)).unwrap_or(Interest::Source),
        place,
    }])
}

fn read(met: &Met) -> Outcome {
    let is_code = met.interest != Interest::Data;
    let note = |reason: SkipReason, detail: String| Outcome {
        file: None,
        note: is_code.then(|| Skipped {
            path: met.path.clone(),
            reason,
            detail,
        }),
    };
    let size = std::fs::metadata(&met.place).map_or(0, |metadata| metadata.len());
    if size > met.interest.most_bytes() {
        return note(
            SkipReason::TooLarge,
            format!("{size} bytes; the limit is {}", met.interest.most_bytes()),
        );
    }
    let bytes = match std::fs::read(&met.place) {
        Ok(bytes) => bytes,
        Err(error) => return note(SkipReason::Unreadable, error.to_string()),
    };
    let Some(text) = text::decode(&bytes) else {
        return note(SkipReason::Binary, String::from("it holds NUL bytes"));
    };
    if met.interest == Interest::Script && minified::is_minified(&met.path, &text.text) {
        return note(
            SkipReason::Generated,
            String::from("its lines are too long to be written by a person"),
        );
    }
    let note = (text.is_lossy && is_code).then(|| Skipped {
        path: met.path.clone(),
        reason: SkipReason::InvalidText,
        detail: String::from("it is read with its bytes that are not UTF-8 replaced"),
    });
    Outcome {
        file: Some((met.path.clone(), Arc::from(text.text))),
        note,
    }
}

//! Finds the files of a tree, the way git sees it.

use std::path::{Component, Path};

use firedoor_source::intake::{
    ENVIRONMENT_MARK, interest, is_foreign_folder, is_hidden, note_link,
};
use firedoor_source::{SkipReason, Skipped};
use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder};

use super::Met;

/// Returns the files below `root` that matter, in the order of their paths, and what had to be left out.
pub(crate) fn walk(root: &Path, ignored: &GlobSet) -> (Vec<Met>, Vec<Skipped>) {
    let mut met = Vec::new();
    let mut notes = Vec::new();
    for entry in walker(root, ignored) {
        match entry {
            Ok(entry) => meet(root, &entry, &mut met, &mut notes),
            Err(error) => notes.extend(note_error(root, &error)),
        }
    }
    met.sort();
    (met, notes)
}

/// Ignore files of the tree count, and those above it as far as its repository reaches; the machine's own do
/// not, so that a tree gives the same result everywhere. (That a git folder is required makes the walker look
/// for one, which is what ends its way up.)
fn walker(root: &Path, ignored: &GlobSet) -> ignore::Walk {
    let is_inside_repository =
        !root.join(".git").exists() && root.ancestors().skip(1).any(|up| up.join(".git").exists());
    let filter_root = root.to_owned();
    let filter_ignored = ignored.clone();
    WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .git_ignore(true)
        .git_global(false)
        .git_exclude(false)
        .require_git(is_inside_repository)
        .parents(is_inside_repository)
        .follow_links(false)
        .filter_entry(move |entry| is_wanted(entry, &filter_root, &filter_ignored))
        .build()
}

fn is_wanted(entry: &DirEntry, root: &Path, ignored: &GlobSet) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let name = entry.file_name().to_string_lossy();
    if is_hidden(&name) {
        return false;
    }
    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
    if ignored.is_match(slashed(relative)) {
        return false;
    }
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    is_file || !(is_foreign_folder(&name) || is_virtual_environment(entry.path()))
}

fn is_virtual_environment(folder: &Path) -> bool {
    folder.join(ENVIRONMENT_MARK).is_file()
}

fn meet(root: &Path, entry: &DirEntry, met: &mut Vec<Met>, notes: &mut Vec<Skipped>) {
    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let path = slashed(relative);
    let Some(kind) = entry.file_type() else {
        return;
    };
    if kind.is_symlink() {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        notes.extend(note_link(&path, &target));
        return;
    }
    if !kind.is_file() {
        return;
    }
    if let Some(interest) = interest(&path) {
        met.push(Met {
            path,
            place: entry.path().to_owned(),
            interest,
        });
    }
}

fn note_error(root: &Path, error: &ignore::Error) -> Option<Skipped> {
    let path = error_path(error)?;
    let relative = path.strip_prefix(root).unwrap_or(path);
    let detail = error
        .io_error()
        .map_or_else(|| String::from("it cannot be read"), ToString::to_string);
    Some(Skipped {
        path: slashed(relative),
        reason: SkipReason::Unreadable,
        detail,
    })
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        _ => None,
    }
}

/// Returns `path` with `/` between its parts, whatever the system uses.
pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

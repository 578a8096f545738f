//! From the tree of a commit to a set of files, by the same decisions as from a folder.

use std::path::Path;

use firedoor_source::intake::{
    self, Admission, ENVIRONMENT_MARK, Interest, interest, is_foreign_folder, is_hidden,
};
use firedoor_source::{FileSet, SkipReason, Skipped};
use gix::objs::tree::EntryKind;
use globset::GlobSet;
use rayon::prelude::*;

use crate::HistoryError;
use crate::ignored::{self, Ignored};

/// Folders that lie deeper than this are no code.
pub(crate) const DEEPEST: usize = 128;

/// A file that was met.
struct Met {
    path: String,
    interest: Interest,
    id: gix::ObjectId,
}

/// What a walk through the tree has met.
struct Walk<'a> {
    repository: &'a gix::Repository,
    /// The folder from which on files count, with `/` at its end; empty for all.
    prefix: String,
    ignored: &'a GlobSet,
    met: Vec<Met>,
    notes: Vec<Skipped>,
    has_met_folder: bool,
}

/// An entry of a tree with its name as text.
struct Entry {
    name: String,
    kind: EntryKind,
    id: gix::ObjectId,
}

/// Returns the files below `folder` of the tree `root`; nothing if there is no such folder.
pub(crate) fn read(
    repository: &gix::Repository,
    root: gix::Tree<'_>,
    folder: &str,
    ignored: &GlobSet,
) -> Result<Option<FileSet>, HistoryError> {
    let mut walk = Walk {
        repository,
        prefix: match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        },
        ignored,
        met: Vec::new(),
        notes: Vec::new(),
        has_met_folder: folder.is_empty(),
    };
    walk.folder("", root, &Ignored::default(), 0)?;
    if !walk.has_met_folder {
        return Ok(None);
    }
    let admissions = admissions(repository, &walk.met)?;
    let mut files = Vec::with_capacity(admissions.len());
    let mut notes = walk.notes;
    for admission in admissions {
        files.extend(admission.file);
        notes.extend(admission.note);
    }
    notes.sort();
    notes.dedup();
    let mut set = FileSet::new(files);
    set.skipped = notes;
    Ok(Some(set))
}

fn admissions(repository: &gix::Repository, met: &[Met]) -> Result<Vec<Admission>, HistoryError> {
    let shared = repository.clone().into_sync();
    met.par_iter()
        .map_init(|| shared.to_thread_local(), admission)
        .collect()
}

fn admission(repository: &mut gix::Repository, met: &Met) -> Result<Admission, HistoryError> {
    let header = repository
        .find_header(met.id)
        .map_err(HistoryError::broken)?;
    if let Some(refused) = intake::refuse_by_size(&met.path, met.interest, header.size()) {
        return Ok(refused);
    }
    let blob = find_blob(repository, met.id)?;
    Ok(intake::admit(&met.path, met.interest, &blob.data))
}

impl Walk<'_> {
    /// Goes through the folder at `path` (relative to the root of the tree, with `/`).
    fn folder(
        &mut self,
        path: &str,
        tree: gix::Tree<'_>,
        above: &Ignored<'_>,
        depth: usize,
    ) -> Result<(), HistoryError> {
        let entries = entries(&tree)?;
        let own = self.patterns(&entries)?;
        let ignored = Ignored::below(above, path, own.as_deref());
        for entry in entries {
            let path = match path {
                "" => entry.name.clone(),
                path => format!("{path}/{}", entry.name),
            };
            if self.leads_to_prefix(&path) {
                if entry.kind == EntryKind::Tree {
                    self.has_met_folder |= format!("{path}/") == self.prefix;
                    self.folder(
                        &path,
                        find_tree(self.repository, entry.id)?,
                        &ignored,
                        depth + 1,
                    )?;
                }
                continue;
            }
            let Some(relative) = path.strip_prefix(&self.prefix) else {
                continue;
            };
            let is_folder = entry.kind == EntryKind::Tree;
            if is_hidden(&entry.name)
                || self.ignored.is_match(relative)
                || ignored.matches(&path, is_folder)
            {
                continue;
            }
            match entry.kind {
                EntryKind::Tree if depth >= DEEPEST || is_foreign_folder(&entry.name) => {}
                EntryKind::Tree => {
                    let tree = find_tree(self.repository, entry.id)?;
                    if tree.find_entry(ENVIRONMENT_MARK).is_none() {
                        self.folder(&path, tree, &ignored, depth + 1)?;
                    }
                }
                _ => self.meet(relative, &entry)?,
            }
        }
        Ok(())
    }

    /// Holds if `path` is a folder above the one from which on files count, or is that one.
    fn leads_to_prefix(&self, path: &str) -> bool {
        self.prefix
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    fn meet(&mut self, path: &str, entry: &Entry) -> Result<(), HistoryError> {
        match entry.kind {
            EntryKind::Blob | EntryKind::BlobExecutable => {
                self.met.extend(interest(path).map(|interest| Met {
                    path: path.to_owned(),
                    interest,
                    id: entry.id,
                }));
            }
            EntryKind::Link => {
                let blob = find_blob(self.repository, entry.id)?;
                let target = String::from_utf8_lossy(&blob.data);
                self.notes
                    .extend(intake::note_link(path, Path::new(&*target)));
            }
            EntryKind::Commit => self.notes.push(Skipped {
                path: path.to_owned(),
                reason: SkipReason::Submodule,
                detail: String::from("its files are in another repository"),
            }),
            EntryKind::Tree => {}
        }
        Ok(())
    }

    /// Returns the text of the folder's own `.gitignore`.
    fn patterns(&self, entries: &[Entry]) -> Result<Option<String>, HistoryError> {
        let own = entries
            .iter()
            .find(|entry| entry.name == ignored::FILE_NAME && entry.kind == EntryKind::Blob);
        let Some(own) = own else {
            return Ok(None);
        };
        let blob = find_blob(self.repository, own.id)?;
        Ok(Some(String::from_utf8_lossy(&blob.data).into_owned()))
    }
}

fn find_blob(
    repository: &gix::Repository,
    id: gix::ObjectId,
) -> Result<gix::Blob<'_>, HistoryError> {
    repository.find_blob(id).map_err(HistoryError::broken)
}

fn find_tree(
    repository: &gix::Repository,
    id: gix::ObjectId,
) -> Result<gix::Tree<'_>, HistoryError> {
    repository.find_tree(id).map_err(HistoryError::broken)
}

fn entries(tree: &gix::Tree<'_>) -> Result<Vec<Entry>, HistoryError> {
    tree.iter()
        .map(|entry| {
            let entry = entry.map_err(HistoryError::broken)?;
            Ok(Entry {
                name: String::from_utf8_lossy(entry.filename()).into_owned(),
                kind: entry.mode().kind(),
                id: entry.object_id(),
            })
        })
        .collect()
}

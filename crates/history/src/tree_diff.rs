//! Which files differ between two trees, and whether an analysis could notice.

use std::collections::BTreeMap;

use firedoor_source::intake::{ENVIRONMENT_MARK, interest, is_foreign_folder, is_hidden};
use gix::ObjectId;
use gix::objs::tree::EntryKind;

use crate::HistoryError;
use crate::commit_tree::DEEPEST;
use crate::ignored;

/// A file of which the text is not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// Its text before; nothing if it was not there.
    pub old: Option<ObjectId>,
    /// Its text after; nothing if it is gone.
    pub new: Option<ObjectId>,
}

/// What differs between two trees.
#[derive(Clone, Debug, Default)]
pub(crate) struct TreeDiff {
    /// Holds if the set of files that an analysis reads may not be the same.
    pub is_relevant: bool,
    /// The files that an analysis may read, by path relative to the folder from which paths count.
    pub files: BTreeMap<String, FileChange>,
}

/// Returns what differs between `old` and `new`, both root trees; `folder` (with `/` at its end, or empty) is the one
/// from which paths count.
pub(crate) fn tree_diff(
    repository: &gix::Repository,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    folder: &str,
) -> Result<TreeDiff, HistoryError> {
    let mut walk = Walk {
        repository,
        folder,
        diff: TreeDiff::default(),
    };
    walk.folder("", old, new, 0)?;
    Ok(walk.diff)
}

struct Walk<'a> {
    repository: &'a gix::Repository,
    folder: &'a str,
    diff: TreeDiff,
}

/// By the bytes of their names: two that are no text may look alike.
type Entries = BTreeMap<Vec<u8>, (EntryKind, ObjectId)>;

impl Walk<'_> {
    fn folder(
        &mut self,
        path: &str,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
        depth: usize,
    ) -> Result<(), HistoryError> {
        if old == new || depth > DEEPEST {
            return Ok(());
        }
        let (before, after) = (self.entries(old)?, self.entries(new)?);
        let only_before = before.keys().filter(|name| !after.contains_key(*name));
        for name in after.keys().chain(only_before) {
            let (was, is) = (before.get(name), after.get(name));
            if was != is {
                let name = &*String::from_utf8_lossy(name);
                let path = match path {
                    "" => name.to_owned(),
                    path => format!("{path}/{name}"),
                };
                self.entry(&path, name, was, is, depth)?;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        path: &str,
        name: &str,
        was: Option<&(EntryKind, ObjectId)>,
        is: Option<&(EntryKind, ObjectId)>,
        depth: usize,
    ) -> Result<(), HistoryError> {
        if name == ignored::FILE_NAME || name == ENVIRONMENT_MARK {
            self.diff.is_relevant = true;
        }
        let leads_on = self.folder.starts_with(&format!("{path}/"));
        if !leads_on && (is_hidden(name) || !path.starts_with(self.folder)) {
            return Ok(());
        }
        let tree = |entry: Option<&(EntryKind, ObjectId)>| match entry {
            Some((EntryKind::Tree, id)) => Some(*id),
            _ => None,
        };
        let (old, new) = (tree(was), tree(is));
        if (old.is_some() || new.is_some()) && !is_foreign_folder(name) {
            self.folder(path, old, new, depth + 1)?;
        }
        let is_special = |entry: Option<&(EntryKind, ObjectId)>| {
            matches!(entry, Some((EntryKind::Link | EntryKind::Commit, _)))
        };
        self.diff.is_relevant |= is_special(was) || is_special(is);
        let Some(relative) = path.strip_prefix(self.folder) else {
            return Ok(());
        };
        let text = |entry: Option<&(EntryKind, ObjectId)>| match entry {
            Some((EntryKind::Blob | EntryKind::BlobExecutable, id)) => Some(*id),
            _ => None,
        };
        let change = FileChange {
            old: text(was),
            new: text(is),
        };
        // That a file became executable changes nothing that is read.
        if change.old != change.new && interest(relative).is_some() {
            self.diff.is_relevant = true;
            self.diff.files.insert(relative.to_owned(), change);
        }
        Ok(())
    }

    fn entries(&self, id: Option<ObjectId>) -> Result<Entries, HistoryError> {
        let Some(id) = id else {
            return Ok(Entries::new());
        };
        let tree = self
            .repository
            .find_tree(id)
            .map_err(HistoryError::broken)?;
        tree.iter()
            .map(|entry| {
                let entry = entry.map_err(HistoryError::broken)?;
                let name: &[u8] = entry.filename();
                Ok((name.to_vec(), (entry.mode().kind(), entry.object_id())))
            })
            .collect()
    }
}

//! A repository, and the commits that are named in it.

use std::fmt;
use std::path::{Path, PathBuf};

use firedoor_source::FileSet;
use globset::GlobSet;

use crate::commit_tree;

/// Why a repository or a commit cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no repository at the path or above it, or it is broken.
    #[error("'{path}' is in no git repository that can be read: {reason}")]
    NoRepository {
        /// The path.
        path: PathBuf,
        /// What the reader of repositories says.
        reason: String,
    },
    /// A name stands for no commit.
    #[error("'{revision}' is no commit of this repository: {reason}")]
    NoCommit {
        /// The name.
        revision: String,
        /// What the reader of repositories says.
        reason: String,
    },
    /// The folder is not in the commit.
    #[error("the commit {commit} has no folder '{folder}'")]
    NoFolder {
        /// The commit.
        commit: Commit,
        /// The folder.
        folder: String,
    },
    /// An object is missing or broken.
    #[error("the repository is damaged or incomplete: {0}")]
    Broken(String),
}

impl HistoryError {
    /// Returns the error for an object that cannot be read.
    pub(crate) fn broken(error: impl fmt::Display) -> HistoryError {
        HistoryError::Broken(error.to_string())
    }
}

/// The identity of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Commit(pub(crate) gix::ObjectId);

impl Commit {
    /// Returns the first twelve digits, which is what people are shown.
    pub fn short(self) -> String {
        self.0.to_hex_with_len(12).to_string()
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A repository, seen from one of its folders.
pub struct Repository {
    pub(crate) inner: gix::Repository,
    /// The folder of which trees are read, relative to the root, with `/`; empty for all.
    pub(crate) folder: String,
}

impl Repository {
    /// Opens the repository that `path` lies in. If `path` is a folder below its root, commits are read from that
    /// folder on.
    ///
    /// # Errors
    /// If there is no repository, or it cannot be read.
    pub fn open(path: &Path) -> Result<Repository, HistoryError> {
        let inner = gix::discover(path).map_err(|error| HistoryError::NoRepository {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let folder = folder_below_root(&inner, path).unwrap_or_default();
        Ok(Repository { inner, folder })
    }

    /// Returns the same repository with caches of its own.
    pub(crate) fn share(&self) -> Repository {
        Repository {
            inner: self.inner.clone(),
            folder: self.folder.clone(),
        }
    }

    /// Returns the folder of git's own files, which worktrees of one repository share.
    pub fn own_folder(&self) -> &Path {
        self.inner.common_dir()
    }

    /// Returns the commit that `revision` stands for: a branch, a tag, an abbreviated id, `HEAD~2`, ...
    ///
    /// # Errors
    /// If there is none.
    pub fn commit(&self, revision: &str) -> Result<Commit, HistoryError> {
        let fault = |reason: String| HistoryError::NoCommit {
            revision: revision.to_owned(),
            reason,
        };
        let id = self
            .inner
            .rev_parse_single(revision)
            .map_err(|error| fault(error.to_string()))?;
        let object = id.object().map_err(|error| fault(error.to_string()))?;
        let commit = object
            .peel_to_kind(gix::object::Kind::Commit)
            .map_err(|error| fault(error.to_string()))?;
        Ok(Commit(commit.id))
    }

    /// Returns the commit from which both have grown; nothing if there is none, or a shallow clone does not hold it.
    pub fn merge_base(&self, one: Commit, other: Commit) -> Option<Commit> {
        let base = self.inner.merge_base(one.0, other.0).ok()?;
        Some(Commit(base?.detach()))
    }

    /// Holds if the repository has not all that is behind its commits.
    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow().unwrap_or(false)
    }

    /// Returns the folder of the files that belong to the repository; nothing for a bare one.
    pub fn work_folder(&self) -> Option<PathBuf> {
        let root = self.inner.workdir()?;
        Some(root.join(&self.folder))
    }

    /// Returns the folder where git keeps what belongs to this checkout, and others may keep what they can make again.
    pub fn git_folder(&self) -> PathBuf {
        self.inner.git_dir().to_owned()
    }

    /// Returns the text of the file at `path` of a commit; nothing if there is none, or it is no text.
    ///
    /// # Errors
    /// If an object is missing.
    pub fn text(&self, commit: Commit, path: &str) -> Result<Option<String>, HistoryError> {
        let tree = self.tree(commit)?;
        let entry = tree
            .lookup_entry_by_path(path)
            .map_err(HistoryError::broken)?;
        let Some(entry) = entry.filter(|entry| entry.mode().is_blob()) else {
            return Ok(None);
        };
        let object = entry.object().map_err(HistoryError::broken)?;
        Ok(std::str::from_utf8(&object.data).ok().map(str::to_owned))
    }

    /// Returns the files of a commit that count, without those that `ignored` matches.
    ///
    /// # Errors
    /// If an object is missing, or the folder is not in the commit.
    pub fn files(&self, commit: Commit, ignored: &GlobSet) -> Result<FileSet, HistoryError> {
        commit_tree::read(&self.inner, self.root_tree(commit)?, &self.folder, ignored)?.ok_or(
            HistoryError::NoFolder {
                commit,
                folder: self.folder.clone(),
            },
        )
    }

    fn root_tree(&self, commit: Commit) -> Result<gix::Tree<'_>, HistoryError> {
        let commit = self
            .inner
            .find_commit(commit.0)
            .map_err(HistoryError::broken)?;
        commit.tree().map_err(HistoryError::broken)
    }

    /// Returns the tree from which paths count.
    fn tree(&self, commit: Commit) -> Result<gix::Tree<'_>, HistoryError> {
        let root = self.root_tree(commit)?;
        if self.folder.is_empty() {
            return Ok(root);
        }
        let entry = root
            .lookup_entry_by_path(&self.folder)
            .map_err(HistoryError::broken)?;
        let missing = || HistoryError::NoFolder {
            commit,
            folder: self.folder.clone(),
        };
        let entry = entry.ok_or_else(missing)?;
        let object = entry.object().map_err(HistoryError::broken)?;
        object.try_into_tree().map_err(|_| missing())
    }
}

fn folder_below_root(repository: &gix::Repository, path: &Path) -> Option<String> {
    let root = repository.workdir()?.canonicalize().ok()?;
    let path = path.canonicalize().ok()?;
    let below = path.strip_prefix(root).ok()?;
    let parts: Vec<String> = below
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    Some(parts.join("/"))
}

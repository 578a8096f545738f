//! What is kept between two hooks, in the folder of git: what was found in the commit that a session started from, and
//! in the files as they were last. What is kept is never needed: what is missing or broken is made again.

use std::path::PathBuf;

use firedoor_analysis::{Part, Report, analyse, analyse_part};
use firedoor_mcp::Tree;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::inside;
use crate::snapshot::Snapshot;
use crate::user_error::UserError;
use crate::workspace::Workspace;

/// The folder in that of git.
const FOLDER: &str = "firedoor";
/// The most bytes of a file.
const LARGEST: usize = 64 << 20;
/// The most files of each kind: sessions and commits come and go.
const MOST_FILES: usize = 8;

/// The folder of what is kept, for one tree.
pub struct Keep<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
    /// What identifies this program and the folder that is analysed.
    mark: String,
}

impl<'a> Keep<'a> {
    /// Returns the folder of what is kept about `workspace`; nothing if it lies in no repository.
    pub fn open(workspace: &'a Workspace) -> Result<Option<Keep<'a>>, UserError> {
        let Ok(repository) = workspace.repository() else {
            return Ok(None);
        };
        let root = workspace.root()?;
        Ok(Some(Keep {
            workspace,
            folder: repository.git_folder(),
            mark: format!("{}\n{}", program(), root.display()),
        }))
    }

    /// Returns what was found where the session started, and remembers where that was. Before the first commit of a
    /// repository there is nothing.
    pub fn base(&self, session: &mut Session) -> Result<Snapshot, UserError> {
        let repository = self.workspace.repository()?;
        let remembered = session.base.as_deref();
        let remembered = remembered.and_then(|base| repository.commit(base).ok());
        let Some(commit) = remembered.or_else(|| repository.commit("HEAD").ok()) else {
            return Ok(Snapshot::default());
        };
        let commit = commit.to_string();
        session.base = Some(commit.clone());
        let file = self.file("base", &commit);
        if let Some(snapshot) = self.read(&file) {
            return Ok(snapshot);
        }
        let tree = self.workspace.tree_of(&commit)?;
        let snapshot = snapshot(&tree, tree.digest());
        self.write(&file, &snapshot)?;
        Ok(snapshot)
    }

    /// Returns the name of the commit where the session started, for a person.
    pub fn base_name(&self, session: &Session) -> String {
        match &session.base {
            Some(base) => base.chars().take(12).collect(),
            None => String::from("the beginning"),
        }
    }

    /// Returns what is found in the files as they are now. What is as it was is not analysed.
    pub fn now(&self, base: &Snapshot) -> Result<Snapshot, UserError> {
        let tree = self.workspace.tree()?;
        let digest = tree.digest();
        match self.kept(base, &digest) {
            Some(kept) => Ok(kept),
            None => self.analysed(&tree, digest),
        }
    }

    /// Returns what is found after an edit of `files`; nothing if a first look at what it can have changed finds nothing
    /// that is new and rests on them.
    ///
    /// The look leaves out most of the application, so that it is quick, and what it finds may be wrong: it only says
    /// whether a whole analysis is worth its time.
    pub fn after_edit(
        &self,
        base: &Snapshot,
        files: &[String],
    ) -> Result<Option<Snapshot>, UserError> {
        let tree = self.workspace.tree()?;
        let digest = tree.digest();
        if let Some(kept) = self.kept(base, &digest) {
            return Ok(Some(kept));
        }
        let part = Part {
            edited: files.to_vec(),
            known: base.signatures.clone(),
        };
        if let Some(report) = analyse_part(&tree.files, &tree.options, &part) {
            let look = snapshot_of(&tree, report, String::new());
            let introduced = look.introduced(base);
            if !introduced
                .iter()
                .any(|finding| finding.is_told_by_part(files))
            {
                return Ok(None);
            }
        }
        self.analysed(&tree, digest).map(Some)
    }

    /// Returns what was found in files that are as they are now.
    fn kept(&self, base: &Snapshot, digest: &str) -> Option<Snapshot> {
        if base.digest == digest {
            return Some(base.clone());
        }
        let kept: Option<Snapshot> = self.read(&self.file("now", ""));
        kept.filter(|kept| kept.digest == digest)
    }

    fn analysed(&self, tree: &Tree, digest: String) -> Result<Snapshot, UserError> {
        let snapshot = snapshot(tree, digest);
        self.write(&self.file("now", ""), &snapshot)?;
        Ok(snapshot)
    }

    fn file(&self, kind: &str, what: &str) -> String {
        let name = super::digest(&format!("{}\n{what}", self.mark));
        format!("{kind}-{name}.json")
    }

    /// Returns what a file holds; nothing if it is missing or broken.
    pub fn read<T: DeserializeOwned>(&self, file: &str) -> Option<T> {
        let path = format!("{FOLDER}/{file}");
        let text = inside::read(&self.folder, &path, LARGEST, UserError::Hook).ok()??;
        serde_json::from_str(&text).ok()
    }

    /// Writes a file, and takes away the oldest of its kind.
    pub fn write(&self, file: &str, what: &impl Serialize) -> Result<(), UserError> {
        // Nothing in it could fail: it has no map whose keys are no strings.
        let text = serde_json::to_string(what).unwrap_or_default();
        inside::write(&self.folder, &format!("{FOLDER}/{file}"), &text)?;
        let kind = file.split('-').next().unwrap_or(file);
        self.tidy(kind);
        Ok(())
    }

    fn tidy(&self, kind: &str) {
        let entries = std::fs::read_dir(self.folder.join(FOLDER));
        let mut files: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.starts_with(&format!("{kind}-")) && name.ends_with(".json")
            })
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let surplus = files.len().saturating_sub(MOST_FILES);
        for (_, path) in files.into_iter().take(surplus) {
            // Somebody else may have taken it away meanwhile.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn snapshot(tree: &Tree, digest: String) -> Snapshot {
    let report = analyse(&tree.files, &tree.options);
    snapshot_of(tree, report, digest)
}

fn snapshot_of(tree: &Tree, mut report: Report, digest: String) -> Snapshot {
    for reported in &mut report.findings {
        reported.in_baseline = tree.baseline.contains(&reported.fingerprint);
    }
    Snapshot::new(digest, &tree.files, &report)
}

/// Returns what identifies this program: another build may find other things.
fn program() -> String {
    let place = std::env::current_exe().ok();
    let metadata = place.and_then(|place| std::fs::metadata(place).ok());
    let build = metadata.map(|metadata| (metadata.len(), metadata.modified().ok()));
    format!("{} {build:?}", env!("CARGO_PKG_VERSION"))
}

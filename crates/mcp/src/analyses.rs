//! Analyses that are kept: what has not changed is not analysed again.

use std::sync::{Arc, Mutex, PoisonError};

use firedoor_analysis::{Report, analyse};
use firedoor_source::FileSet;

use crate::source::{Source, Tree};

/// How many commits are kept: an agent compares with one or two.
const MOST_COMMITS: usize = 4;

/// A tree with what the analysis told of it.
#[derive(Debug)]
pub struct Analysed {
    /// The files.
    pub files: FileSet,
    /// The report.
    pub report: Report,
    /// What identifies the state of the tree.
    pub digest: String,
}

/// The analyses of one tree.
pub struct Analyses {
    source: Arc<dyn Source>,
    now: Mutex<Option<Arc<Analysed>>>,
    commits: Mutex<Vec<(String, Arc<Analysed>)>>,
}

impl Analyses {
    /// Returns what keeps the analyses of `source`.
    pub fn new(source: Arc<dyn Source>) -> Analyses {
        Analyses {
            source,
            now: Mutex::new(None),
            commits: Mutex::new(Vec::new()),
        }
    }

    /// Returns the tree.
    pub fn source(&self) -> &dyn Source {
        self.source.as_ref()
    }

    /// Returns the analysis of the tree as it is now.
    pub fn now(&self) -> Result<Arc<Analysed>, String> {
        // Whoever asks meanwhile waits, and finds it done.
        let mut kept = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = self.source.now()?;
        let digest = tree.digest();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.digest == digest) {
            return Ok(Arc::clone(kept));
        }
        let analysed = Arc::new(analysed(tree, digest));
        *kept = Some(Arc::clone(&analysed));
        Ok(analysed)
    }

    /// Returns the analysis of a commit.
    pub fn commit(&self, commit: &str) -> Result<Arc<Analysed>, String> {
        let mut kept = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, analysed)) = kept.iter().find(|(name, _)| name == commit) {
            return Ok(Arc::clone(analysed));
        }
        let tree = self.source.commit(commit)?;
        let digest = tree.digest();
        let analysed = Arc::new(analysed(tree, digest));
        if kept.len() >= MOST_COMMITS {
            kept.remove(0);
        }
        kept.push((commit.to_owned(), Arc::clone(&analysed)));
        Ok(analysed)
    }
}

fn analysed(tree: Tree, digest: String) -> Analysed {
    let mut report = analyse(&tree.files, &tree.options);
    for reported in &mut report.findings {
        reported.in_baseline = tree.baseline.contains(&reported.fingerprint);
    }
    Analysed {
        files: tree.files,
        report,
        digest,
    }
}

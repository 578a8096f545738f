//! Where the files come from: a face that whoever has a disk implements.

use std::collections::BTreeSet;

use firedoor_analysis::Options;
use firedoor_source::FileSet;

/// The files of one state of the tree, with what was said about them.
#[derive(Debug, Default)]
pub struct Tree {
    /// The files.
    pub files: FileSet,
    /// The settings.
    pub options: Options,
    /// The fingerprints of the baseline.
    pub baseline: BTreeSet<String>,
}

impl Tree {
    /// Returns what identifies its contents: another text, setting or baseline gives another one.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for (_, file) in self.files.iter() {
            add(&file.path);
            add(&file.text);
        }
        for part in &self.files.skipped {
            add(&part.path);
        }
        add(&format!("{:?}", self.options));
        for fingerprint in &self.baseline {
            add(fingerprint);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// The two ends of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Ends {
    /// The identity of the commit that the change started from.
    pub base: String,
    /// The identity of the commit with the change; nothing for the files on the disk.
    pub head: Option<String>,
    /// What is to be known about the comparison itself.
    pub notes: Vec<String>,
}

/// One tree, on a disk and in commits.
pub trait Source: Send + Sync + 'static {
    /// Returns the tree as it is now.
    ///
    /// # Errors
    /// If it cannot be read, or its settings are broken; in words.
    fn now(&self) -> Result<Tree, String>;

    /// Returns the commits that `base` and `head` name; without a head, that of the files on the disk.
    ///
    /// # Errors
    /// If there are none, in words.
    fn ends(&self, base: &str, head: Option<&str>) -> Result<Ends, String>;

    /// Returns the text of the document at `path`, which lies in the tree.
    ///
    /// # Errors
    /// If there is none, or it lies elsewhere, in words.
    fn document(&self, path: &str) -> Result<String, String>;

    /// Returns the tree of a commit that [`Source::ends`] named.
    ///
    /// # Errors
    /// If it cannot be read, in words.
    fn commit(&self, commit: &str) -> Result<Tree, String>;
}

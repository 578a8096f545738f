//! One tree for whoever asks about it again and again: as it lies on the disk, and as it was in commits.

use std::path::{Path, PathBuf};

use firedoor_history::Repository;
use firedoor_mcp::{Ends, Source, Tree};

use crate::configuration::{self, Configuration};
use crate::user_error::UserError;
use crate::{baseline, judgements, tree};

/// A tree with the way its settings are found.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// What is analysed.
    path: PathBuf,
    /// The settings, if they were named.
    config: Option<PathBuf>,
}

impl Workspace {
    /// Returns the workspace at `path`, which has to be there.
    pub fn open(path: &Path, config: Option<&Path>) -> Result<Workspace, UserError> {
        tree::root_of(path)?;
        let path = path
            .canonicalize()
            .map_err(|error| UserError::unreadable(path, error))?;
        Ok(Workspace {
            path,
            config: config.map(Path::to_owned),
        })
    }

    /// Returns the folder to which paths are relative.
    pub fn root(&self) -> Result<PathBuf, UserError> {
        tree::root_of(&self.path)
    }

    /// Returns the settings of the tree as it is now, with what was judged.
    pub fn configuration(&self) -> Result<Configuration, UserError> {
        let root = self.root()?;
        let mut configuration = configuration::load(self.config.as_deref(), &root)?;
        configuration.options.judgements = judgements::load(&root)?;
        let plan = crate::plan::load(&root)?;
        configuration.options.plan = plan.map(|(plan, _)| std::sync::Arc::new(plan));
        Ok(configuration)
    }

    /// Returns the tree as it is now.
    pub fn tree(&self) -> Result<Tree, UserError> {
        let configuration = self.configuration()?;
        Ok(Tree {
            files: tree::read_tree(&self.path, &configuration.ignored, true)?,
            options: configuration.options,
            baseline: baseline::known(&self.root()?)?.unwrap_or_default(),
        })
    }

    /// Returns the repository that the tree lies in.
    pub fn repository(&self) -> Result<Repository, UserError> {
        Ok(Repository::open(&self.root()?)?)
    }

    /// Returns the tree of a commit.
    pub fn tree_of(&self, commit: &str) -> Result<Tree, UserError> {
        let repository = self.repository()?;
        let commit = repository.commit(commit)?;
        let text = repository.text(commit, configuration::FILE_NAME)?;
        let mut configuration = configuration::load_text(self.config.as_deref(), text.as_deref())?;
        let text = repository.text(commit, judgements::FILE)?;
        configuration.options.judgements = judgements::load_text(text.as_deref())?;
        Ok(Tree {
            files: repository.files(commit, &configuration.ignored)?,
            options: configuration.options,
            baseline: Default::default(),
        })
    }

    /// Returns what `base` and `head` name, as [`Source::ends`] wants it.
    pub fn ends_of(&self, base: &str, head: Option<&str>) -> Result<Ends, UserError> {
        let repository = self.repository()?;
        let named = repository.commit(base)?;
        let end = repository.commit(head.unwrap_or("HEAD"))?;
        let mut notes = Vec::new();
        let fork = repository.merge_base(named, end).unwrap_or_else(|| {
            notes.push(format!(
                "compared is with {base} itself: it has grown apart"
            ));
            named
        });
        if fork != named {
            notes.push(format!(
                "{base} has gone on since: compared is with {}, where the two have grown apart",
                fork.short()
            ));
        }
        Ok(Ends {
            base: fork.to_string(),
            head: head.map(|_| end.to_string()),
            notes,
        })
    }
}

impl Source for Workspace {
    fn now(&self) -> Result<Tree, String> {
        self.tree().map_err(|error| error.to_string())
    }

    fn ends(&self, base: &str, head: Option<&str>) -> Result<Ends, String> {
        self.ends_of(base, head).map_err(|error| error.to_string())
    }

    fn document(&self, path: &str) -> Result<String, String> {
        let root = self.root().map_err(|error| error.to_string())?;
        let document = crate::plan::read_inner(&root, path).map_err(|error| error.to_string())?;
        Ok(document.text)
    }

    fn commit(&self, commit: &str) -> Result<Tree, String> {
        self.tree_of(commit).map_err(|error| error.to_string())
    }
}

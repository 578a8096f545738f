//! A package of the tree: what one manifest says.

use firedoor_source::FileId;
use indexmap::IndexMap;
use ustr::Ustr;

/// A folder with a manifest, or with several of one ecosystem.
#[derive(Clone, Debug)]
pub struct Package {
    /// The folder, relative to the scanned root; empty for the root.
    pub folder: String,
    /// Whose manifests these are.
    pub ecosystem: Ecosystem,
    /// The name it gives itself.
    pub name: Option<Ustr>,
    /// The version it gives itself.
    pub version: Option<String>,
    /// Where it starts, as far as manifests and start commands say so.
    pub entries: Vec<Entry>,
    /// What it needs to run, with versions as written.
    pub dependencies: IndexMap<Ustr, String>,
    /// What it needs to be developed, with versions as written.
    pub development_dependencies: IndexMap<Ustr, String>,
    /// Holds if `.js` files are ECMAScript modules.
    pub is_module: bool,
    /// Folders that absolute imports of Python start from, relative to the scanned root.
    pub source_roots: Vec<String>,
    /// Import prefixes that the manifest maps to folders (`_moduleAliases`), relative to the scanned root.
    pub(crate) aliases: Vec<(String, String)>,
    /// Paths that the manifest calls entry files, as written.
    pub(crate) declared_entries: Vec<String>,
    /// What each `exports` subpath may lead to, as written; `.` is the package itself.
    pub(crate) targets: Vec<(String, String)>,
    /// Start commands, as written.
    pub(crate) commands: Vec<String>,
}

impl Package {
    /// Returns a package that says nothing yet.
    pub(crate) fn new(folder: &str, ecosystem: Ecosystem) -> Package {
        Package {
            folder: folder.to_string(),
            ecosystem,
            name: None,
            version: None,
            entries: Vec::new(),
            dependencies: IndexMap::new(),
            development_dependencies: IndexMap::new(),
            is_module: false,
            source_roots: Vec::new(),
            aliases: Vec::new(),
            declared_entries: Vec::new(),
            targets: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Returns the version that is written for the dependency `name`.
    pub fn dependency(&self, name: Ustr) -> Option<&str> {
        self.dependencies
            .get(&name)
            .or_else(|| self.development_dependencies.get(&name))
            .map(String::as_str)
    }
}

/// A family of packages with one registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    /// JavaScript and TypeScript.
    Npm,
    /// Python.
    Pypi,
}

/// A file that something outside of the code starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub file: FileId,
    /// The object in it that is served: `app` of `uvicorn main:app`, `create_app` of `main:create_app()`.
    pub object: Option<Ustr>,
    /// Who says so.
    pub source: EntrySource,
}

/// Who calls a file an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntrySource {
    /// A start command: of a package script, a Procfile, a Dockerfile or a compose file.
    Command,
    /// A field of the manifest: `main`, `module`, `bin`, `exports`, `[project.scripts]`.
    Manifest,
}

/// Something that is wrong with a manifest or a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: FileId,
    /// What is wrong, for a person.
    pub message: String,
}

//! What surrounds code: packages and their dependencies, start commands, and what an import leads to.
//!
//! Everything is asked of a [`FileSet`], never of a disk, so that a commit without a checkout gives the same answers.
//! A manifest that cannot be read is a [`Note`], never an error, and never stops the rest.

mod commands;
mod entries;
#[doc(hidden)]
pub mod for_tests;
mod javascript;
mod npm;
mod package;
mod packages;
mod prisma;
mod pypi;
mod python;
mod standard_library;
mod tree;
mod tsconfig;

use firedoor_source::{FileId, FileSet};
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::javascript::JavaScript;
use crate::packages::Packages;
use crate::python::Python;
use crate::tree::{Tree, folder_of, outward};
use crate::tsconfig::Configs;

pub use crate::javascript::Resolution;
pub use crate::package::{Ecosystem, Entry, EntrySource, Note, Package};
pub use crate::python::PythonResolution;

/// Holds if a path of the outside, as `py:functools.wraps`, is one of the standard library of Python.
pub fn is_standard_python(path: &str) -> bool {
    let path = path.strip_prefix("py:");
    let module = path.and_then(|path| path.split(['.', '(']).next());
    module.is_some_and(standard_library::is_standard)
}

/// The packages of a tree, and the answers about imports in it.
pub struct Project {
    packages: Packages,
    loose_entries: Vec<Entry>,
    notes: Vec<Note>,
    javascript: JavaScript,
    python: Python,
}

impl Project {
    /// Reads the manifests and settings among `files`.
    pub fn new(files: &FileSet) -> Project {
        let mut notes = Vec::new();
        let mut tree = Tree::new(files);
        let packages = Packages::new(read_packages(files, &mut tree, &mut notes));
        link_workspaces(&packages, &mut tree);
        let folders: FxHashMap<Ustr, String> = packages
            .all()
            .iter()
            .rev()
            .filter_map(|package| Some((package.name?, package.folder.clone())))
            .collect();
        let package_folder = |name: &str| folders.get(&Ustr::from(name)).cloned();
        let configs = Configs::new(files, &package_folder, &mut notes);
        notes.sort_by_key(|note| note.file);
        let javascript = JavaScript::new(tree, configs, &packages, prisma::outputs(files));
        let python = Python::new(files.iter().map(|(id, file)| (id, file.path.as_str())));
        let mut project = Project {
            packages,
            loose_entries: Vec::new(),
            notes,
            javascript,
            python,
        };
        entries::find(files, &mut project);
        project
    }

    /// Returns the packages, ordered by folder.
    pub fn packages(&self) -> &[Package] {
        self.packages.all()
    }

    /// Returns all entries: those of the packages, and those that no package encloses.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.packages
            .all()
            .iter()
            .flat_map(|package| &package.entries)
            .chain(&self.loose_entries)
    }

    /// Returns what is wrong with manifests and settings, in the order of the files.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns the package that `file` belongs to: the nearest around it, of the ecosystem of its language.
    pub fn package_of(&self, file: FileId) -> Option<&Package> {
        let path = self.path(file);
        self.packages
            .enclosing(ecosystem_of(path), folder_of(path))
            .next()
    }

    /// Returns the version that is written for the dependency `name`, in the nearest package around `file` that has it.
    pub fn dependency_version(&self, file: FileId, name: &str) -> Option<&str> {
        let path = self.path(file);
        let ecosystem = ecosystem_of(path);
        let name = match ecosystem {
            Ecosystem::Npm => Ustr::from(name),
            Ecosystem::Pypi => Ustr::from(&pypi::normal_name(name)),
        };
        self.packages
            .enclosing(ecosystem, folder_of(path))
            .find_map(|package| package.dependency(name))
    }

    /// Returns what `specifier` leads to when the JavaScript or TypeScript file `from` imports it.
    pub fn resolve_javascript(&self, from: FileId, specifier: &str) -> Resolution {
        self.javascript
            .resolve(&self.packages, self.path(from), specifier)
    }

    /// Returns what `dotted` leads to when the Python file `from` imports it with `level` leading dots.
    /// `from . import x` asks for level 1 and an empty name, and then for [`Project::python_submodule`].
    pub fn resolve_python(&self, from: FileId, level: u32, dotted: &str) -> PythonResolution {
        self.python
            .resolve(&self.packages, self.path(from), level, dotted)
    }

    /// Returns the module or package `name` directly below the Python package in `folder`.
    pub fn python_submodule(&self, folder: &str, name: &str) -> Option<PythonResolution> {
        self.python.submodule(folder, name)
    }

    fn path(&self, file: FileId) -> &str {
        self.javascript.path(file)
    }
}

impl std::fmt::Debug for Project {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Project")
            .field("packages", &self.packages)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

fn ecosystem_of(path: &str) -> Ecosystem {
    if path.ends_with(".py") || path.ends_with(".pyi") {
        Ecosystem::Pypi
    } else {
        Ecosystem::Npm
    }
}

fn read_packages(files: &FileSet, tree: &mut Tree, notes: &mut Vec<Note>) -> Vec<Package> {
    let mut packages = Vec::new();
    let mut python: FxHashMap<&str, usize> = FxHashMap::default();
    for (id, file) in files.iter() {
        let folder = folder_of(&file.path);
        let name = file.path.rsplit('/').next().unwrap_or("");
        let outcome = if name == "package.json" {
            npm::read(folder, &file.text).map(|package| {
                tree.add_manifest(&file.path, id, &file.text);
                if !folder.split('/').any(|part| part == "node_modules") {
                    packages.push(package);
                }
            })
        } else if let Some(folder) = python_manifest_folder(&file.path, name) {
            let index = *python.entry(folder).or_insert_with(|| {
                packages.push(Package::new(folder, Ecosystem::Pypi));
                packages.len() - 1
            });
            let package = &mut packages[index];
            match name {
                "pyproject.toml" => pypi::read_pyproject(&file.text, package),
                "Pipfile" => pypi::read_pipfile(&file.text, package),
                _ => {
                    pypi::read_requirements(&file.path, &file.text, package);
                    Ok(())
                }
            }
        } else {
            Ok(())
        };
        if let Err(message) = outcome {
            notes.push(Note { file: id, message });
        }
    }
    packages
}

/// Returns the folder of the package that a Python manifest describes: `requirements/base.txt` describes the folder above.
fn python_manifest_folder<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let folder = folder_of(path);
    if matches!(name, "pyproject.toml" | "Pipfile") {
        return Some(folder);
    }
    if !name.ends_with(".txt") {
        return None;
    }
    if folder == "requirements" || folder.ends_with("/requirements") {
        return Some(folder_of(folder));
    }
    name.contains("requirements").then_some(folder)
}

/// Links every named package into the `node_modules` of the folders around it, as the installed workspace has it.
/// Of two packages with one name each is linked where it is the only one; the example next door does not take its place.
fn link_workspaces(packages: &Packages, tree: &mut Tree) {
    for package in packages.all() {
        let (Some(name), Ecosystem::Npm) = (package.name, package.ecosystem) else {
            continue;
        };
        let is_safe = name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
        if !is_safe || name.len() > 214 {
            continue;
        }
        for folder in outward(&package.folder).skip(1) {
            tree.add_link(folder, &name, &package.folder);
        }
    }
}

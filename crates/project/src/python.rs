//! What an import of Python leads to.
//!
//! Python looks along a path that is set when it starts, and nothing in a repository says which. So the roots are
//! inferred from where the importing file lies: where its outermost package lies, the folders of manifests, the other
//! folders around it, `src` folders, and the roots that a `pyproject.toml` lists.

use std::sync::{Arc, PoisonError, RwLock};

use firedoor_source::FileId;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::package::Ecosystem;
use crate::packages::Packages;
use crate::pypi::normal_name;
use crate::standard_library::is_standard;
use crate::tree::{folder_of, join, outward};

/// A longer dotted name is no import that anyone wrote.
const LONGEST_NAME: usize = 1024;

/// What an import of Python leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonResolution {
    /// A file that is a module.
    Module(FileId),
    /// A folder of modules.
    Package {
        /// The folder, relative to the scanned root.
        folder: String,
        /// Its `__init__.py`; nothing for a namespace package.
        init: Option<FileId>,
    },
    /// A module that is not part of the tree: of the standard library, installed, or missing.
    Outside(String),
}

/// The Python files of a tree.
#[derive(Debug, Default)]
pub(crate) struct Python {
    /// Module files and stubs-free `__init__` files by path.
    files: FxHashMap<String, FileId>,
    /// Folders with a Python file somewhere below.
    folders: FxHashSet<String>,
    /// The last parts of all module and folder names: what is not among them is outside for sure.
    names: FxHashSet<String>,
    /// The roots for the files of a folder, because a folder has many imports.
    roots: RwLock<FxHashMap<String, Arc<[String]>>>,
}

impl Python {
    /// Returns the modules among `paths`.
    pub(crate) fn new<'a>(paths: impl Iterator<Item = (FileId, &'a str)>) -> Python {
        let mut python = Python::default();
        for (id, path) in paths.filter(|(_, path)| path.ends_with(".py")) {
            python.files.insert(path.to_string(), id);
            python.add_name(path.trim_end_matches(".py"));
            for folder in outward(folder_of(path)) {
                if !python.folders.insert(folder.to_string()) {
                    break;
                }
                python.add_name(folder);
            }
        }
        python
    }

    /// Returns what `dotted`, imported with `level` leading dots in the file at `from`, leads to.
    pub(crate) fn resolve(
        &self,
        packages: &Packages,
        from: &str,
        level: u32,
        dotted: &str,
    ) -> PythonResolution {
        let outside = || PythonResolution::Outside(dotted.to_string());
        if dotted.len() > LONGEST_NAME {
            return outside();
        }
        let folder = folder_of(from);
        if level > 0 {
            return outward(folder)
                .nth(level as usize - 1)
                .and_then(|base| self.find(base, dotted, from))
                .or_else(|| self.find_namespace(outward(folder).nth(level as usize - 1)?, dotted))
                .unwrap_or_else(outside);
        }
        if dotted.is_empty() {
            return outside();
        }
        let top = dotted.split('.').next().unwrap_or(dotted);
        if !self.names.contains(top) {
            return outside();
        }
        if self.is_foreign(packages, folder, top) {
            // A name that belongs to the standard library or to a dependency is a file of the tree only where a program starts.
            let roots = self.start_folders(packages, folder);
            return roots
                .iter()
                .find_map(|root| self.find(root, dotted, from))
                .unwrap_or_else(outside);
        }
        let roots = self.known_roots(packages, folder);
        roots
            .iter()
            .find_map(|root| self.find(root, dotted, from))
            .or_else(|| {
                let mut roots = roots.iter();
                roots.find_map(|root| self.find_namespace(root, dotted))
            })
            .unwrap_or_else(outside)
    }

    /// Returns the module or package `name` directly below the package in `folder`.
    pub(crate) fn submodule(&self, folder: &str, name: &str) -> Option<PythonResolution> {
        self.find(folder, name, "")
            .or_else(|| self.find_namespace(folder, name))
    }

    /// Returns the file of a module by its path.
    pub(crate) fn file(&self, path: &str) -> Option<FileId> {
        self.files.get(path).copied()
    }

    fn add_name(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.names.insert(name.to_string());
    }

    fn find(&self, root: &str, dotted: &str, from: &str) -> Option<PythonResolution> {
        let path = join(root, &dotted.replace('.', "/"));
        let init = join(&path, "__init__.py");
        if let Some(id) = self.file(&init) {
            return Some(PythonResolution::Package {
                folder: path,
                init: Some(id),
            });
        }
        let module = format!("{path}.py");
        // A module that imports its own short name means another one.
        if dotted.is_empty() || (module == from && !dotted.contains('.')) {
            return None;
        }
        self.file(&module).map(PythonResolution::Module)
    }

    fn find_namespace(&self, root: &str, dotted: &str) -> Option<PythonResolution> {
        let path = join(root, &dotted.replace('.', "/"));
        self.folders
            .contains(&path)
            .then_some(PythonResolution::Package {
                folder: path,
                init: None,
            })
    }

    fn is_package(&self, folder: &str) -> bool {
        self.files.contains_key(&join(folder, "__init__.py"))
    }

    /// Holds if `top` is of the standard library, or a dependency that a manifest around `folder` declares.
    fn is_foreign(&self, packages: &Packages, folder: &str, top: &str) -> bool {
        if is_standard(top) {
            return true;
        }
        let name = Ustr::from(&normal_name(top));
        packages
            .enclosing(Ecosystem::Pypi, folder)
            .any(|package| package.dependency(name).is_some() && package.name != Some(name))
    }

    /// Returns the folders around `folder` that a program is started in.
    fn start_folders(&self, packages: &Packages, folder: &str) -> Vec<String> {
        outward(folder)
            .filter(|folder| !self.is_package(folder))
            .filter(|folder| {
                folder.is_empty()
                    || packages.at(Ecosystem::Pypi, folder).is_some()
                    || self.files.contains_key(&join(folder, "manage.py"))
            })
            .map(String::from)
            .collect()
    }

    fn known_roots(&self, packages: &Packages, folder: &str) -> Arc<[String]> {
        let known = self.roots.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(roots) = known.get(folder) {
            return roots.clone();
        }
        drop(known);
        let roots: Arc<[String]> = self.find_roots(packages, folder).into();
        self.roots
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(folder.to_string(), roots.clone());
        roots
    }

    /// Returns the folders that absolute imports may start from in a file of `folder`, the likeliest first.
    fn find_roots(&self, packages: &Packages, folder: &str) -> Vec<String> {
        let mut roots: Vec<String> = Vec::new();
        let mut add = |root: String| {
            if !roots.contains(&root) {
                roots.push(root);
            }
        };
        let outermost = outward(folder).find(|folder| !self.is_package(folder));
        if self.is_package(folder) {
            outermost.map(String::from).into_iter().for_each(&mut add);
        }
        self.start_folders(packages, folder)
            .into_iter()
            .filter(|folder| packages.at(Ecosystem::Pypi, folder).is_some() || !folder.is_empty())
            .for_each(&mut add);
        outward(folder).map(String::from).for_each(&mut add);
        for package in packages.enclosing(Ecosystem::Pypi, folder) {
            package.source_roots.iter().cloned().for_each(&mut add);
        }
        outward(folder)
            .map(|folder| join(folder, "src"))
            .for_each(&mut add);
        for package in packages.all() {
            if package.ecosystem == Ecosystem::Pypi {
                add(package.folder.clone());
                package.source_roots.iter().cloned().for_each(&mut add);
                add(join(&package.folder, "src"));
            }
        }
        roots
    }
}

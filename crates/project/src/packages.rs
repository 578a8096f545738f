//! The packages of a tree, found by folder.

use rustc_hash::FxHashMap;

use crate::package::{Ecosystem, Package};
use crate::tree::outward;

/// All packages, ordered by folder and ecosystem.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packages {
    list: Vec<Package>,
    npm: FxHashMap<String, usize>,
    pypi: FxHashMap<String, usize>,
}

impl Packages {
    /// Returns the packages of `list`, of which no two share folder and ecosystem.
    pub(crate) fn new(mut list: Vec<Package>) -> Packages {
        list.sort_by(|a, b| (&a.folder, a.ecosystem).cmp(&(&b.folder, b.ecosystem)));
        let folders = |ecosystem: Ecosystem| {
            list.iter()
                .enumerate()
                .filter(|(_, package)| package.ecosystem == ecosystem)
                .map(|(index, package)| (package.folder.clone(), index))
                .collect()
        };
        let (npm, pypi) = (folders(Ecosystem::Npm), folders(Ecosystem::Pypi));
        Packages { list, npm, pypi }
    }

    /// Returns all packages.
    pub(crate) fn all(&self) -> &[Package] {
        &self.list
    }

    /// Returns the package with that folder, to add to it.
    pub(crate) fn at_mut(&mut self, ecosystem: Ecosystem, folder: &str) -> Option<&mut Package> {
        let index = self.index(ecosystem, folder)?;
        self.list.get_mut(index)
    }

    /// Returns the package whose folder that is.
    pub(crate) fn at(&self, ecosystem: Ecosystem, folder: &str) -> Option<&Package> {
        let index = self.index(ecosystem, folder)?;
        self.list.get(index)
    }

    /// Returns the packages around `folder`, the nearest first.
    pub(crate) fn enclosing<'a>(
        &'a self,
        ecosystem: Ecosystem,
        folder: &'a str,
    ) -> impl Iterator<Item = &'a Package> {
        outward(folder).filter_map(move |folder| self.at(ecosystem, folder))
    }

    fn index(&self, ecosystem: Ecosystem, folder: &str) -> Option<usize> {
        let folders = match ecosystem {
            Ecosystem::Npm => &self.npm,
            Ecosystem::Pypi => &self.pypi,
        };
        folders.get(folder).copied()
    }
}

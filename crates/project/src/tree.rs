//! The file set as a file system, for the resolver of Node modules.
//!
//! `oxc_resolver` asks a file system trait, so a commit that was never checked out resolves like a checkout.
//! Two things differ from the files as they are: a `package.json` that is broken or hostile does not exist here,
//! and every package of the tree is linked into the `node_modules` of the folders around it, as an
//! installed workspace has it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firedoor_source::{FileId, FileSet};
use oxc_resolver::{FileMetadata, FileSystem, ResolveError};
use rustc_hash::FxHashMap;

/// Where the root of the file set lies; not `/` itself, so that a path that climbs out of the tree leads nowhere.
pub(crate) const ROOT: &str = "/r";

/// What lies at a path.
#[derive(Clone, Debug)]
enum Node {
    File(FileId),
    Folder,
    /// A link to a folder, given by its path in the file set.
    Link(Arc<str>),
}

/// The paths of a file set, with the texts of those files that the resolver reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    nodes: FxHashMap<Arc<str>, Node>,
    /// The paths of all files, by number.
    paths: Vec<Arc<str>>,
    manifests: FxHashMap<Arc<str>, Arc<str>>,
}

impl Tree {
    /// Returns the tree of `files`; no `package.json` can be read in it yet.
    pub(crate) fn new(files: &FileSet) -> Tree {
        let mut tree = Tree::default();
        tree.nodes.insert(Arc::from(""), Node::Folder);
        for (id, file) in files.iter() {
            let path: Arc<str> = Arc::from(file.path.as_str());
            tree.paths.push(path.clone());
            let is_manifest = file.path == "package.json" || file.path.ends_with("/package.json");
            if !is_manifest {
                tree.nodes.insert(path, Node::File(id));
            }
            tree.add_folders(folder_of(&file.path));
        }
        tree
    }

    /// Lets the resolver read the `package.json` `text` at `path`.
    pub(crate) fn add_manifest(&mut self, path: &str, id: FileId, text: &Arc<str>) {
        let path: Arc<str> = Arc::from(path);
        self.nodes.insert(path.clone(), Node::File(id));
        self.manifests.insert(path, text.clone());
    }

    /// Makes the package `name` in the folder `target` importable below the folder `from`.
    /// What is there already stays: real files, and the package that came first.
    pub(crate) fn add_link(&mut self, from: &str, name: &str, target: &str) {
        let path = join(from, &format!("node_modules/{name}"));
        if self.nodes.contains_key(path.as_str()) {
            return;
        }
        self.add_folders(folder_of(&path));
        self.nodes
            .insert(Arc::from(path), Node::Link(Arc::from(target)));
    }

    /// Returns the file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<FileId> {
        match self.nodes.get(path) {
            Some(Node::File(id)) => Some(*id),
            _ => None,
        }
    }

    /// Returns the path of `file`.
    pub(crate) fn path(&self, file: FileId) -> &str {
        self.paths
            .get(file.0 as usize)
            .map_or("", |path| path.as_ref())
    }

    fn add_folders(&mut self, mut folder: &str) {
        while !folder.is_empty() && !self.nodes.contains_key(folder) {
            self.nodes.insert(Arc::from(folder), Node::Folder);
            folder = folder_of(folder);
        }
    }

    /// Returns the path in the file set that `path` means when the links in its folders are followed.
    fn followed<'a>(&self, path: &'a Path) -> Option<Cow<'a, str>> {
        let key = key(path)?;
        let Some(start) = key.find("node_modules/") else {
            return Some(Cow::Borrowed(key));
        };
        let ends = key.match_indices('/').map(|(end, _)| end);
        let link = ends.filter(|end| *end > start).find_map(|end| {
            let Some(Node::Link(target)) = self.nodes.get(&key[..end]) else {
                return None;
            };
            Some(join(target, &key[end + 1..]))
        });
        Some(link.map_or(Cow::Borrowed(key), Cow::Owned))
    }

    fn node(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(&*self.followed(path)?)
    }
}

impl FileSystem for Tree {
    fn new() -> Tree {
        Tree::default()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_to_string(path).map(String::into_bytes)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        let text = self
            .followed(path)
            .and_then(|path| self.manifests.get(&*path))
            .ok_or(io::ErrorKind::NotFound)?;
        Ok(text.to_string())
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        match self.node(path) {
            Some(Node::File(_)) => Ok(FileMetadata::new(true, false, false)),
            Some(Node::Folder | Node::Link(_)) => Ok(FileMetadata::new(false, true, false)),
            None if path == Path::new("/") => Ok(FileMetadata::new(false, true, false)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        match self.node(path) {
            Some(Node::Link(_)) => Ok(FileMetadata::new(false, false, true)),
            _ => self.metadata(path),
        }
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        match self.node(path) {
            Some(Node::Link(target)) => Ok(absolute(target)),
            _ => Err(io::Error::from(io::ErrorKind::InvalidInput).into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_path_buf())
    }
}

/// Returns the folder that `path` lies in; the root is the empty string.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns `folder` and the folders around it, outward; the last is the root.
pub(crate) fn outward(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        (!folder.is_empty()).then(|| folder_of(folder))
    })
}

/// Returns the path of `relative` in `folder`, without looking at dots.
pub(crate) fn join(folder: &str, relative: &str) -> String {
    match (folder, relative) {
        ("", _) => relative.to_string(),
        (_, "") => folder.to_string(),
        _ => format!("{folder}/{relative}"),
    }
}

/// Returns the path of `relative` in `folder` with `.` and `..` worked out; nothing if it leaves the tree.
pub(crate) fn normalise(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Returns the path that the resolver knows `path` by.
pub(crate) fn absolute(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// Returns the path in the file set that the resolver knows as `path`.
pub(crate) fn key(path: &Path) -> Option<&str> {
    let rest = path.to_str()?.strip_prefix(ROOT)?;
    if rest.is_empty() {
        return Some("");
    }
    rest.strip_prefix('/')
}

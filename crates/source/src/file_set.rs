//! The files of one analysis.

use std::sync::Arc;

use crate::{LineColumn, LineIndex, Span};

/// The number of a file in its [`FileSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A file in memory.
#[derive(Clone, Debug)]
pub struct File {
    /// The path relative to the scanned root, with `/`.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// Where its lines start.
    pub lines: LineIndex,
}

/// Why a file is not in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// Larger than the limit of the reader.
    TooLarge,
    /// Holds NUL bytes.
    Binary,
    /// Could not be read.
    Unreadable,
    /// Looks generated or minified.
    Generated,
    /// A symbolic link that leads out of the tree.
    SymbolicLink,
    /// A folder whose files are in another repository.
    Submodule,
    /// The file is there, and its bytes that are no text are replaced.
    InvalidText,
}

impl SkipReason {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::TooLarge => "too-large",
            SkipReason::Binary => "binary",
            SkipReason::Unreadable => "unreadable",
            SkipReason::Generated => "generated",
            SkipReason::SymbolicLink => "symbolic-link",
            SkipReason::Submodule => "submodule",
            SkipReason::InvalidText => "invalid-text",
        }
    }
}

/// A file that was met and left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// The path relative to the scanned root, with `/`.
    pub path: String,
    /// Why it was left out.
    pub reason: SkipReason,
    /// More about it, for a person.
    pub detail: String,
}

/// The files of one analysis, ordered by path, so that equal trees give equal sets.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    files: Vec<File>,
    /// Files that were met and left out.
    pub skipped: Vec<Skipped>,
}

impl FileSet {
    /// Returns the set of `files`, pairs of a path (relative, with `/`) and a text.
    /// Of two files with one path the first stays.
    pub fn new(files: impl IntoIterator<Item = (String, Arc<str>)>) -> FileSet {
        let mut files: Vec<File> = files
            .into_iter()
            .map(|(path, text)| File {
                path,
                lines: LineIndex::new(&text),
                text,
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|b, a| a.path == b.path);
        FileSet {
            files,
            skipped: Vec::new(),
        }
    }

    /// Returns the same files, the one with that number with another text.
    pub fn with_text(&self, id: FileId, text: Arc<str>) -> FileSet {
        let mut changed = self.clone();
        if let Some(file) = changed.files.get_mut(id.0 as usize) {
            file.lines = LineIndex::new(&text);
            file.text = text;
        }
        changed
    }

    /// Returns all files with their numbers, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &File)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(index as u32), file))
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Holds if there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the file with that number.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// Returns the number of the file at `path`.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path))
            .ok()
            .map(|index| FileId(index as u32))
    }

    /// Returns the numbers of the files below the folder `folder` (no slash at its end; empty for the root).
    pub fn below(&self, folder: &str) -> impl Iterator<Item = FileId> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let start = self
            .files
            .partition_point(|file| file.path.as_str() < prefix.as_str());
        self.files[start..]
            .iter()
            .take_while(move |file| file.path.starts_with(&prefix))
            .enumerate()
            .map(move |(index, _)| FileId((start + index) as u32))
    }

    /// Returns the path of the file that `span` lies in.
    pub fn path(&self, span: Span) -> &str {
        &self.file(span.file).path
    }

    /// Returns where `span` starts.
    pub fn start(&self, span: Span) -> LineColumn {
        let file = self.file(span.file);
        file.lines.line_column(&file.text, span.start)
    }

    /// Returns where `span` ends.
    pub fn end(&self, span: Span) -> LineColumn {
        let file = self.file(span.file);
        file.lines.line_column(&file.text, span.end)
    }

    /// Returns the text of `span`; empty if the span does not fit the file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> FileSet {
        FileSet::new(paths.iter().map(|path| (path.to_string(), Arc::from("x"))))
    }

    #[test]
    fn the_order_of_reading_does_not_matter() {
        let set = set(&["b", "a/c", "a"]);
        let paths: Vec<&str> = set.iter().map(|(_, file)| file.path.as_str()).collect();
        assert_eq!(paths, ["a", "a/c", "b"]);
        assert_eq!(set.find("a/c"), Some(FileId(1)));
        assert_eq!(set.find("c"), None);
    }

    #[test]
    fn below_a_folder_are_its_files_only() {
        let set = set(&["a/x", "a/y/z", "ab/x", "b"]);
        let below: Vec<u32> = set.below("a").map(|id| id.0).collect();
        assert_eq!(below, [0, 1]);
        assert_eq!(set.below("").count(), 4);
    }
}

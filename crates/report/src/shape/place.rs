//! Places in files, as output gives them: the path relative to the root, lines and columns from 1.

use firedoor_source::{FileSet, Span};
use schemars::JsonSchema;
use serde::Serialize;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Place {
    /// The path relative to the scanned root, with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A line of a file where something with a name is defined.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NamedPlace {
    /// The name.
    pub name: String,
    /// The path relative to the scanned root, with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A region of a file; lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Region {
    /// The path relative to the scanned root, with `/`.
    pub file: String,
    /// The line of its first character.
    pub line: u32,
    /// The column of its first character.
    pub column: u32,
    /// The line of its end.
    pub end_line: u32,
    /// The column after its last character.
    pub end_column: u32,
}

impl Place {
    /// Returns where `span` starts.
    pub fn new(files: &FileSet, span: Span) -> Place {
        Place {
            file: files.path(span).to_owned(),
            line: files.start(span).line,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", crate::clean(&self.file), self.line)
    }
}

impl NamedPlace {
    /// Returns where `span`, which defines `name`, starts.
    pub fn new(files: &FileSet, name: &str, span: Span) -> NamedPlace {
        let place = Place::new(files, span);
        NamedPlace {
            name: name.to_owned(),
            file: place.file,
            line: place.line,
        }
    }
}

impl Region {
    /// Returns the region of `span`.
    pub fn new(files: &FileSet, span: Span) -> Region {
        let start = files.start(span);
        let end = files.end(span);
        Region {
            file: files.path(span).to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

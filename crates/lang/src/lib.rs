//! Text to the common program, one front end a language.
//!
//! This is the only crate that knows a parser. A front end takes any text: what it does not
//! understand becomes a note in the module, never an error.

mod python;

use firedoor_ir::Module;
use firedoor_source::{File, FileId};

/// A language: how its files are named and how they become programs.
pub struct FrontEnd {
    /// Its name for a person.
    pub name: &'static str,
    /// The endings of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// Returns the program of a file.
    pub lower: fn(FileId, &File) -> Module,
}

/// All languages.
pub static FRONT_ENDS: &[&FrontEnd] = &[&python::PYTHON];

/// Returns the program of `file`, or `None` if no language has files of that name.
pub fn lower(file_id: FileId, file: &File) -> Option<Module> {
    front_end_for(&file.path).map(|front_end| (front_end.lower)(file_id, file))
}

/// Returns the language of the file at `path`.
pub fn front_end_for(path: &str) -> Option<&'static FrontEnd> {
    let (stem, extension) = path.rsplit_once('.')?;
    if stem.is_empty() || extension.contains('/') {
        return None;
    }
    FRONT_ENDS
        .iter()
        .copied()
        .find(|front_end| front_end.extensions.contains(&extension))
}

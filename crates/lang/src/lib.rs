//! Text to the common program, one module a language.
//!
//! The only crate that knows a parser. Whatever the bytes are, the answer is a module; what could not be
//! understood is among its notes.

#[doc(hidden)]
pub mod for_tests;
mod javascript;
mod python;

use std::sync::Arc;

use firedoor_ir as ir;
use firedoor_source::{File, FileId, FileSet};

/// A language as this crate knows it.
pub struct FrontEnd {
    /// Its name, which is also that of its folder of fixtures.
    pub name: &'static str,
    /// The endings of its files, without the dot.
    pub extensions: &'static [&'static str],
    /// Lowers a file. Never fails and never panics.
    pub lower: fn(FileId, &File) -> ir::Module,
}

/// All front ends, in the order of their names.
pub static FRONT_ENDS: &[&FrontEnd] = &[&javascript::JAVASCRIPT, &python::PYTHON];

/// Returns the front end for the file at `path`, judged by its ending.
pub fn front_end_for(path: &str) -> Option<&'static FrontEnd> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, extension) = name.rsplit_once('.')?;
    FRONT_ENDS
        .iter()
        .find(|front_end| {
            front_end
                .extensions
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
        .copied()
}

/// Returns `file` as a program, or nothing if no front end knows its ending.
pub fn lower(file_id: FileId, file: &File) -> Option<ir::Module> {
    front_end_for(&file.path).map(|front_end| (front_end.lower)(file_id, file))
}

/// Returns the programs among `files`, in their order.
pub fn lower_all(files: &FileSet) -> Vec<Arc<ir::Module>> {
    let programs = files.iter().filter_map(|(id, file)| lower(id, file));
    programs.map(Arc::new).collect()
}

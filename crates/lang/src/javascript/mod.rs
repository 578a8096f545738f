//! JavaScript, TypeScript and JSX.
//!
//! Parsing and its fall-backs are in `parse`, what becomes of each construct in the other files.
//! TypeScript's types are dropped, except where frameworks read them at run time (annotations).

mod classes;
mod declarations;
mod enums;
mod expressions;
mod functions;
mod jsx;
mod lowering;
mod members;
mod modules;
mod namespaces;
mod operators;
mod parse;
mod patterns;
mod recover;
mod remarks;
mod stack;
mod statements;
mod types;

use firedoor_ir::{Language, Module};
use firedoor_source::{File, FileId};

use crate::FrontEnd;

/// The front end for JavaScript and TypeScript.
pub static JAVASCRIPT: FrontEnd = FrontEnd {
    name: "javascript",
    extensions: &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"],
    lower,
};

/// Returns `file` as a program. A file of declarations only (`.d.ts`) is an empty one.
fn lower(file_id: FileId, file: &File) -> Module {
    let module = Module::new(file_id, Language::JavaScript);
    if is_declaration_file(&file.path) {
        return module;
    }
    parse::lower_text(module, &file.path, &file.text)
}

/// Holds for `x.d.ts`, `x.d.mts` and `x.d.cts`.
fn is_declaration_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    matches!(extension, "ts" | "mts" | "cts") && stem.ends_with(".d")
}

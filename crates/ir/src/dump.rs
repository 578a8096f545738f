//! The text form of a module, for people and for fixtures.
//!
//! Statements are one a line and expressions look like source, except that every operation has its
//! parentheses, so that the text shows how the tree is built. Functions and classes follow by their
//! numbers. Places are left out, because they would change with every blank.

mod expressions;
mod items;
mod patterns;
mod statements;

use std::fmt::Write;

use ustr::Ustr;

use crate::{ExpressionId, Module, Statement};

/// Returns `module` as text.
pub fn dump(module: &Module) -> String {
    let mut dump = Dump {
        module,
        text: String::new(),
        indent: 0,
    };
    dump.names("declared", &module.declared);
    dump.block(&module.body);
    for index in 0..module.functions.len() {
        dump.function(index);
    }
    for index in 0..module.classes.len() {
        dump.class(index);
    }
    for note in &module.notes {
        dump.line(&format!("note {:?}: {}", note.kind, note.detail));
    }
    for (_, text) in &module.remarks {
        dump.line(&format!("remark {text:?}"));
    }
    dump.text
}

/// A module on its way to text.
struct Dump<'m> {
    module: &'m Module,
    text: String,
    indent: usize,
}

impl Dump<'_> {
    /// Writes a line.
    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Writes `heading: a, b` if there are names.
    fn names(&mut self, heading: &str, names: &[Ustr]) {
        if !names.is_empty() {
            self.line(&format!("{heading}: {}", joined(names)));
        }
    }

    /// Writes statements.
    fn block(&mut self, block: &[Statement]) {
        for statement in block {
            self.statement(statement);
        }
    }

    /// Writes statements one level deeper.
    fn indented(&mut self, block: &[Statement]) {
        self.indent += 1;
        self.block(block);
        self.indent -= 1;
    }

    /// Writes a heading and statements below it, if there are any.
    fn section(&mut self, heading: &str, block: &[Statement]) {
        if !block.is_empty() {
            self.line(heading);
            self.indented(block);
        }
    }

    /// Returns an expression as text.
    fn show(&self, id: ExpressionId) -> String {
        let mut text = String::new();
        self.expression(&mut text, id);
        text
    }

    /// Returns ` word value` if there is a value.
    fn show_after(&self, word: &str, id: Option<ExpressionId>) -> String {
        let mut text = String::new();
        if let Some(id) = id {
            let _ = write!(text, "{word}{}", self.show(id));
        }
        text
    }
}

/// Returns names with commas.
fn joined(names: &[Ustr]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.join(", ")
}

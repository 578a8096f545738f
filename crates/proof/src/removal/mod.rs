//! Takes one guard out of a program, as somebody would who forgot it.
//!
//! The map says where a guard is mounted; the common program says what stands there. So a removal follows the syntax
//! and no text is searched for. What cannot be taken out alone is not taken out, with the reason.

mod check;
mod classes;
mod edit;
mod lists;
mod mount;
mod names;
mod tree;

use std::sync::Arc;

use firedoor_app::EntryPoint;
use firedoor_ir::{Class, ExpressionKind, Module};
use firedoor_source::{FileId, FileSet, Span};
use ustr::Ustr;

pub use edit::Edit;
pub(crate) use mount::Wanted;
use tree::Tree;

/// Why a guard cannot be taken out alone.
pub type NotMade = &'static str;

/// The modules of a program with what is needed to find one's way in them.
pub(crate) struct Trees<'a> {
    /// The files.
    pub files: &'a FileSet,
    /// All modules.
    pub modules: &'a [Arc<Module>],
    trees: Vec<Tree<'a>>,
}

impl<'a> Trees<'a> {
    /// Looks through all modules.
    pub(crate) fn new(files: &'a FileSet, modules: &'a [Arc<Module>]) -> Trees<'a> {
        Trees {
            files,
            modules,
            trees: modules.iter().map(|module| Tree::new(module)).collect(),
        }
    }

    fn tree(&self, file: FileId) -> Option<&Tree<'a>> {
        let place = self
            .trees
            .binary_search_by_key(&file, |tree| tree.module.file);
        place.ok().map(|place| &self.trees[place])
    }

    fn all(&self) -> impl Iterator<Item = &Tree<'a>> {
        self.trees.iter()
    }

    /// Returns what the registration at `span` calls; nothing if no call stands there.
    pub(crate) fn callee(&self, span: Span) -> Option<Ustr> {
        let tree = self.tree(span.file)?;
        let mut calls = tree.expressions_at(span).into_iter();
        calls.find_map(|id| match tree.module.expression(id).kind {
            ExpressionKind::Call { callee, .. } => names::last_name(tree.module, callee),
            _ => None,
        })
    }

    fn classes_named(&self, name: Ustr) -> Vec<(&Tree<'a>, &'a Class)> {
        let mut found = Vec::new();
        for tree in &self.trees {
            let classes = tree.module.classes.iter();
            let own = classes.filter(|class| class.name == Some(name));
            found.extend(own.map(|class| (tree, class)));
        }
        found
    }
}

/// Returns what takes a layer out of the program.
pub(crate) fn of_layer(trees: &Trees<'_>, wanted: &Wanted<'_>) -> Result<Edit, NotMade> {
    mount::removal(trees, wanted)
}

/// Returns what takes a check out of the program.
pub(crate) fn of_check(
    trees: &Trees<'_>,
    entry: &EntryPoint,
    place: &firedoor_app::CheckPlace,
) -> Result<Edit, NotMade> {
    let handler = entry.handler.span;
    if place.span == entry.registered || place.span == handler {
        // What a decorator counts or asks is noted where the function is registered.
        return classes::wrapping_decorator(trees, entry)
            .unwrap_or(Err("what decides stands outside of the code"));
    }
    match trees.tree(place.span.file) {
        Some(tree) => check::removal(trees.files, tree, place),
        None => Err("no code stands where it is"),
    }
}

//! What an expression is called, and whether it is what the map means by a layer.

use std::sync::Arc;

use firedoor_ir::{ExpressionId, ExpressionKind, Literal, Module};
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

use super::tree::{Tree, children};

/// How an expression is recognised, the surest first.
const WAYS: [fn(&Sought<'_>, &Tree<'_>, ExpressionId) -> bool; 4] =
    [is_itself, is_named, is_made_by, holds_it];

/// How deep a name is looked for within an expression.
const DEPTH: usize = 6;

/// A layer that is looked for.
pub(crate) struct Sought<'a> {
    /// The files.
    pub files: &'a FileSet,
    /// All modules.
    pub modules: &'a [Arc<Module>],
    /// The name of the layer.
    pub name: Ustr,
    /// Where it is defined.
    pub definition: Span,
}

impl Sought<'_> {
    /// Returns those of the expressions that are the layer, as the surest way of telling says; all of them mean it.
    pub(crate) fn among(&self, tree: &Tree<'_>, all: &[ExpressionId]) -> Vec<ExpressionId> {
        for way in WAYS {
            let own = all.iter().copied().filter(|id| way(self, tree, *id));
            let own: Vec<ExpressionId> = own.collect();
            if !own.is_empty() {
                return own;
            }
        }
        Vec::new()
    }

    /// Holds if the name in the code means the layer: it is called so, or is written like it.
    pub(crate) fn means(&self, tree: &Tree<'_>, id: ExpressionId) -> bool {
        is_itself(self, tree, id) || is_named(self, tree, id)
    }
}

fn is_itself(sought: &Sought<'_>, tree: &Tree<'_>, id: ExpressionId) -> bool {
    let expression = tree.module.expression(id);
    expression.span == sought.definition
        || match expression.kind {
            ExpressionKind::Function(function) => {
                tree.module.function(function).span == sought.definition
            }
            _ => false,
        }
}

fn is_named(sought: &Sought<'_>, tree: &Tree<'_>, id: ExpressionId) -> bool {
    let name = sought.name.as_str();
    let short = name.split('(').next().unwrap_or(name);
    let last = short.rsplit('.').next().unwrap_or(short);
    let own = last_name(tree.module, id);
    let original = own.and_then(|own| tree.alias(own));
    let mut names = own.into_iter().chain(original);
    names.any(|own| own == short || own == last)
        || sought.files.text(tree.module.expression(id).span) == name
}

/// Holds if a function of that name holds the definition: `can('x')` where `can` returns a function.
fn is_made_by(sought: &Sought<'_>, tree: &Tree<'_>, id: ExpressionId) -> bool {
    let Some(maker) = last_name(tree.module, id) else {
        return false;
    };
    let mut modules = sought.modules.iter();
    let Some(module) = modules.find(|module| module.file == sought.definition.file) else {
        return false;
    };
    let functions = module.functions.iter().map(|it| (it.name, it.span));
    let classes = module.classes.iter().map(|it| (it.name, it.span));
    functions.chain(classes).any(|(name, span)| {
        name.is_some_and(|name| name == maker) && span.contains(sought.definition)
    })
}

/// Holds if the layer stands somewhere within: `wrap(requireUser)`.
fn holds_it(sought: &Sought<'_>, tree: &Tree<'_>, id: ExpressionId) -> bool {
    descendants(tree, id)
        .into_iter()
        .any(|child| sought.means(tree, child) || is_made_by(sought, tree, child))
}

/// Returns what is within an expression, itself not counted.
pub(crate) fn descendants(tree: &Tree<'_>, id: ExpressionId) -> Vec<ExpressionId> {
    let mut found = Vec::new();
    let mut open = vec![(id, 0)];
    while let Some((id, depth)) = open.pop() {
        if depth >= DEPTH {
            continue;
        }
        for (child, _) in children(id, tree.module.expression(id)) {
            found.push(child);
            open.push((child, depth + 1));
        }
    }
    found.sort();
    found
}

/// Returns the last name that an expression is called by: of `a.b(c)` that is `b`, of `"x.y.Z"` it is `Z`.
pub(crate) fn last_name(module: &Module, id: ExpressionId) -> Option<Ustr> {
    let mut id = id;
    for _ in 0..DEPTH {
        match &module.expression(id).kind {
            ExpressionKind::Name(name) => return Some(*name),
            ExpressionKind::Member { property, .. } => return Some(*property),
            ExpressionKind::Literal(Literal::String(text)) => {
                return text.rsplit('.').next().map(Ustr::from);
            }
            ExpressionKind::Call { callee, .. } | ExpressionKind::New { callee, .. } => {
                id = *callee
            }
            ExpressionKind::Await(inner) | ExpressionKind::Unary(_, inner) => id = *inner,
            ExpressionKind::Index { object, .. } => id = *object,
            _ => return None,
        }
    }
    None
}

//! Lists of guards that a registration names or spreads: what is taken out is the element of the list.

use firedoor_ir::{ExpressionId, ExpressionKind, Key, Literal, Module, Pattern, StatementKind};
use ustr::Ustr;

use super::mount::Wanted;
use super::names::{Sought, descendants};
use super::tree::{Slot, Tree};
use super::{Edit, NotMade, Trees, edit};

/// Takes the layer out of the list that the registration at `call` is given, or that the row of a table has which
/// the registration is made from.
pub(crate) fn removal(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    call: ExpressionId,
) -> Option<Result<Edit, NotMade>> {
    let within = descendants(tree, call);
    let named = within.iter().filter_map(|id| name_of(tree.module, *id));
    if let Some(found) = named
        .flat_map(|name| lists_named(trees, tree, name))
        .find_map(|(tree, list)| out_of_list(trees, tree, sought, list))
    {
        return Some(found);
    }
    let row = row_of(tree, wanted)?;
    let values = descendants(tree, row);
    values.into_iter().find_map(|id| {
        if let Some(name) = name_of(tree.module, id) {
            let mut lists = lists_named(trees, tree, name).into_iter();
            return lists.find_map(|(tree, list)| out_of_list(trees, tree, sought, list));
        }
        out_of_list(trees, tree, sought, id)
    })
}

fn name_of(module: &Module, id: ExpressionId) -> Option<Ustr> {
    match module.expression(id).kind {
        ExpressionKind::Name(name) => Some(name),
        _ => None,
    }
}

fn out_of_list(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    list: ExpressionId,
) -> Option<Result<Edit, NotMade>> {
    let ExpressionKind::Collection { elements, .. } = &tree.module.expression(list).kind else {
        return None;
    };
    let all: Vec<ExpressionId> = elements.iter().map(|element| element.value).collect();
    match sought.among(tree, &all).as_slice() {
        [only] => Some(edit::take_out(trees.files, tree, *only)),
        _ => None,
    }
}

/// Returns the lists that a variable of that name is made as: in this module, or else in others.
fn lists_named<'t>(
    trees: &'t Trees<'_>,
    tree: &'t Tree<'t>,
    name: Ustr,
) -> Vec<(&'t Tree<'t>, ExpressionId)> {
    let own: Vec<_> = lists_of(tree, name).map(|id| (tree, id)).collect();
    if !own.is_empty() {
        return own;
    }
    let others = trees.all();
    others
        .flat_map(|tree| lists_of(tree, name).map(move |id| (tree, id)))
        .collect()
}

fn lists_of<'t>(tree: &'t Tree<'_>, name: Ustr) -> impl Iterator<Item = ExpressionId> + 't {
    let statements = tree.statements.iter();
    let values = statements.filter_map(move |placed| match &placed.statement.kind {
        StatementKind::Declare {
            pattern: Pattern::Name(own, _),
            value: Some(value),
            ..
        } if *own == name => Some(*value),
        StatementKind::Expression(id) => match &tree.module.expression(*id).kind {
            ExpressionKind::Assign {
                target: Pattern::Name(own, _),
                value,
            } if *own == name => Some(*value),
            _ => None,
        },
        _ => None,
    });
    values.filter(|value| {
        matches!(
            tree.module.expression(*value).kind,
            ExpressionKind::Collection { .. }
        )
    })
}

/// Returns the row of a table that has the path of the entry point, and its method if rows have methods.
fn row_of(tree: &Tree<'_>, wanted: &Wanted<'_>) -> Option<ExpressionId> {
    let path = normal(&wanted.entry.path);
    let method = wanted.entry.method.to_lowercase();
    let rows: Vec<(ExpressionId, Vec<Ustr>)> = tree
        .ids()
        .filter(|id| matches!(tree.slot(*id), Some(Slot::Element(..))))
        .filter_map(|id| Some((id, texts(tree.module, id)?)))
        .filter(|(_, texts)| {
            let mut paths = texts.iter().filter(|text| text.starts_with('/'));
            paths.any(|text| path.ends_with(&normal(text)))
        })
        .collect();
    let by_method = rows.iter().find(|(_, texts)| {
        let mut texts = texts.iter();
        texts.any(|text| text.to_lowercase() == method)
    });
    by_method.or(rows.first()).map(|(id, _)| *id)
}

/// Returns the texts of a row: of an object its values, of a list its elements.
fn texts(module: &Module, id: ExpressionId) -> Option<Vec<Ustr>> {
    let values: Vec<ExpressionId> = match &module.expression(id).kind {
        ExpressionKind::Object(properties) => properties
            .iter()
            .filter(|property| matches!(property.key, Key::Name(_)))
            .map(|property| property.value)
            .collect(),
        ExpressionKind::Collection { elements, .. } => {
            elements.iter().map(|element| element.value).collect()
        }
        _ => return None,
    };
    let texts = values
        .iter()
        .filter_map(|id| match &module.expression(*id).kind {
            ExpressionKind::Literal(Literal::String(text)) => Some(*text),
            _ => None,
        });
    Some(texts.collect())
}

/// A path with all its parameters called the same, so that ways to write them do not matter.
fn normal(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        segment if segment.starts_with([':', '{', '<']) => "{}",
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

//! Guards that stand in decorators, in the bases and attributes of classes, and in settings.

use firedoor_app::EntryPoint;
use firedoor_ir::{Class, ExpressionId, ExpressionKind, Function};
use firedoor_source::Span;

use super::mount::Wanted;
use super::names::{Sought, descendants, last_name};
use super::tree::{Slot, Tree, decorators_of_member};
use super::{Edit, NotMade, Trees, edit};

/// How far bases are followed.
const DEPTH: usize = 6;

/// What is mounted at a function or class stands among its decorators, bases or attributes.
pub(crate) fn of_definition(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    span: Span,
) -> Option<Result<Edit, NotMade>> {
    for function in tree.module.functions.iter().filter(|it| it.span == span) {
        if let Some(found) = in_decorators(trees, tree, sought, &function.decorators) {
            return Some(found);
        }
        if let (true, Some(hook)) = (span == sought.definition, hook(tree, function)) {
            return Some(edit::take_out(trees.files, tree, hook));
        }
    }
    for class in &tree.module.classes {
        let mut members = class.members.iter().filter(|member| member.span == span);
        if let Some(member) = members.next() {
            let all = decorators_of_member(tree.module, member);
            if let Some(found) = in_decorators(trees, tree, sought, &all) {
                return Some(found);
            }
        }
        if class.span == span
            && let Some(found) = in_class(trees, tree, sought, class, None)
        {
            return Some(found);
        }
    }
    None
}

/// Returns the decorator that makes a function run before others, such as `@app.before_request`.
fn hook(tree: &Tree<'_>, function: &Function) -> Option<ExpressionId> {
    let is_hook = |id: &ExpressionId| {
        last_name(tree.module, *id).is_some_and(|name| name.starts_with("before_"))
    };
    match function.decorators.as_slice() {
        [only] => Some(*only),
        several => several.iter().copied().find(is_hook),
    }
}

/// Takes off the decorator of a handler that is neither its registration nor one of several others.
pub(crate) fn wrapping_decorator(
    trees: &Trees<'_>,
    entry: &EntryPoint,
) -> Option<Result<Edit, NotMade>> {
    let tree = trees.tree(entry.handler.span.file)?;
    let mut functions = tree.module.functions.iter();
    let function = functions.find(|function| function.span == entry.handler.span)?;
    let is_registration = |id: &ExpressionId| {
        let span = tree.module.expression(*id).span;
        span == entry.registered || entry.registered.contains(span)
    };
    let mut own = function.decorators.iter().copied();
    let first = own.find(|id| !is_registration(id))?;
    let is_only = !own.any(|id| !is_registration(&id));
    is_only.then(|| edit::take_out(trees.files, tree, first))
}

/// What stands beside a decorator, before the same function.
pub(crate) fn beside_decorator(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    span: Span,
) -> Option<Result<Edit, NotMade>> {
    let function = decorated_at(tree, span)?;
    in_decorators(trees, tree, sought, &function.decorators)
}

/// Holds if the decorator at `span` stands before the function that is defined at `definition`.
pub(crate) fn decorates(tree: &Tree<'_>, span: Span, definition: Span) -> bool {
    decorated_at(tree, span).is_some_and(|function| function.span == definition)
}

fn decorated_at<'a>(tree: &Tree<'a>, span: Span) -> Option<&'a Function> {
    let is_there = |id: &ExpressionId| tree.module.expression(*id).span == span;
    let mut functions = tree.module.functions.iter();
    functions.find(|function| function.decorators.iter().any(is_there))
}

/// Takes out the decorator that is the layer, or the argument of a decorator that mounts it.
fn in_decorators(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    decorators: &[ExpressionId],
) -> Option<Result<Edit, NotMade>> {
    let mut own = decorators.iter().copied();
    if let Some(own) = own.find(|id| sought.means(tree, *id)) {
        return Some(edit::take_out(trees.files, tree, own));
    }
    for decorator in decorators {
        let within = descendants(tree, *decorator);
        let part = within.into_iter().find(|id| {
            let is_part = matches!(tree.slot(*id), Some(Slot::Argument(..) | Slot::Element(..)));
            is_part && sought.means(tree, *id)
        });
        if let Some(part) = part {
            let is_only = match tree.slot(part) {
                Some(Slot::Argument(call, _)) => call == *decorator && positional(tree, call) == 1,
                _ => false,
            };
            let what = if is_only { *decorator } else { part };
            return Some(edit::take_out(trees.files, tree, what));
        }
    }
    None
}

fn positional(tree: &Tree<'_>, call: ExpressionId) -> usize {
    edit::arguments(tree, call)
        .iter()
        .filter(|argument| !is_constant(tree, argument.value))
        .count()
}

fn is_constant(tree: &Tree<'_>, id: ExpressionId) -> bool {
    matches!(
        tree.module.expression(id).kind,
        ExpressionKind::Literal(_) | ExpressionKind::Template(_)
    )
}

/// Takes the layer out of a class: off its decorators or those of the member around `handler`, out of its bases, or
/// out of a list among its attributes.
fn in_class(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    class: &Class,
    handler: Option<Span>,
) -> Option<Result<Edit, NotMade>> {
    if let Some(handler) = handler {
        let functions = tree.module.functions.iter();
        let mut own = functions.filter(|function| function.span == handler);
        if let Some(found) =
            own.find_map(|function| in_decorators(trees, tree, sought, &function.decorators))
        {
            return Some(found);
        }
    }
    if let Some(found) = in_decorators(trees, tree, sought, &class.decorators) {
        return Some(found);
    }
    let within = tree.module.functions.iter();
    let mut methods = within.filter(|function| class.span.contains(function.span));
    if handler.is_some()
        && let Some(found) =
            methods.find_map(|function| in_decorators(trees, tree, sought, &function.decorators))
    {
        return Some(found);
    }
    let mut bases = class.bases.iter().map(|base| base.value);
    if let Some(base) = bases.find(|base| sought.means(tree, *base)) {
        return Some(edit::take_out(trees.files, tree, base));
    }
    let mut listed = tree.ids().filter(|id| {
        class.span.contains(tree.module.expression(*id).span)
            && matches!(tree.slot(*id), Some(Slot::Element(..)))
    });
    let listed = listed.find(|id| sought.means(tree, *id));
    listed.map(|id| edit::take_out(trees.files, tree, id))
}

/// What is mounted with the handler: in its own decorators, in its class or the bases of that, or in the settings.
pub(crate) fn of_handler(
    trees: &Trees<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
) -> Result<Edit, NotMade> {
    let handler = wanted.entry.handler.span;
    if let Some(tree) = trees.tree(handler.file) {
        let functions = tree.module.functions.iter();
        let mut own = functions.filter(|function| function.span == handler);
        if let Some(found) =
            own.find_map(|function| in_decorators(trees, tree, sought, &function.decorators))
        {
            return found;
        }
    }
    let mut open = classes_of(trees, wanted);
    let mut seen: Vec<Span> = Vec::new();
    for _ in 0..DEPTH {
        let mut further = Vec::new();
        for (tree, class) in open {
            if seen.contains(&class.span) {
                continue;
            }
            seen.push(class.span);
            if let Some(found) = in_class(trees, tree, sought, class, Some(handler)) {
                return found;
            }
            for base in &class.bases {
                let name = last_name(tree.module, base.value);
                further.extend(name.into_iter().flat_map(|name| trees.classes_named(name)));
            }
        }
        open = further;
    }
    in_settings(trees, sought)
}

/// Returns the classes that the handler stands in, or that its registration names.
fn classes_of<'t>(trees: &'t Trees<'_>, wanted: &Wanted<'_>) -> Vec<(&'t Tree<'t>, &'t Class)> {
    let mut found = Vec::new();
    let handler = wanted.entry.handler.span;
    for registered in [wanted.layer.mounted, wanted.entry.registered] {
        let Some(tree) = trees.tree(registered.file) else {
            continue;
        };
        for call in tree.expressions_at(registered) {
            let within = descendants(tree, call);
            let names = within
                .iter()
                .filter_map(|id| match tree.module.expression(*id).kind {
                    ExpressionKind::Name(name) => Some(name),
                    ExpressionKind::Member { property, .. } => Some(property),
                    _ => None,
                });
            found.extend(names.flat_map(|name| trees.classes_named(name)));
        }
    }
    if let Some(tree) = trees.tree(handler.file) {
        let around = tree.module.classes.iter();
        found.extend(
            around
                .filter(|class| class.span.contains(handler))
                .map(|class| (tree, class)),
        );
    }
    found
}

/// A name in a list at module level, or the name of a class as a text, as settings write it.
fn in_settings(trees: &Trees<'_>, sought: &Sought<'_>) -> Result<Edit, NotMade> {
    let mut found = Vec::new();
    for tree in trees.all() {
        let listed = tree.ids().filter(|id| {
            let is_text = matches!(tree.module.expression(*id).kind, ExpressionKind::Literal(_));
            is_text && matches!(tree.slot(*id), Some(Slot::Element(..))) && sought.means(tree, *id)
        });
        found.extend(listed.map(|id| (tree, id)));
    }
    match found.as_slice() {
        [(tree, id)] => edit::take_out(trees.files, tree, *id),
        [] => Err("nothing in the code mounts it: the framework does by itself"),
        _ => Err("several places could mount it"),
    }
}

//! Layers: what mounts one is taken out of the registration, the list or the decorators that it stands in.

use firedoor_app::{EntryPoint, Layer};
use firedoor_ir::{ArgumentKind, ExpressionId, ExpressionKind, StatementKind};
use firedoor_source::Span;

use super::names::{Sought, descendants, last_name};
use super::tree::{Slot, Tree};
use super::{Edit, NotMade, Trees, classes, edit, lists};

/// A layer of an entry point that is to be taken out.
pub(crate) struct Wanted<'a> {
    /// The entry point.
    pub entry: &'a EntryPoint,
    /// The layer.
    pub layer: &'a Layer,
    /// The number of the layer among those that are mounted at the same place and are called the same.
    pub twin: usize,
}

/// Returns what takes the layer out.
pub(crate) fn removal(trees: &Trees<'_>, wanted: &Wanted<'_>) -> Result<Edit, NotMade> {
    let sought = Sought {
        files: trees.files,
        modules: trees.modules,
        name: wanted.layer.name,
        definition: wanted.layer.span,
    };
    let mounted = wanted.layer.mounted;
    let Some(tree) = trees.tree(mounted.file) else {
        return Err("no code stands where it is mounted");
    };
    if wanted.entry.framework == "nextjs" {
        return whole_file(trees, wanted);
    }
    for id in tree.expressions_at(mounted) {
        if let Some(found) = at_expression(trees, tree, &sought, wanted, id) {
            return found;
        }
    }
    if let Some(found) = classes::of_definition(trees, tree, &sought, mounted) {
        return found;
    }
    classes::of_handler(trees, &sought, wanted)
}

/// A file of Next.js that runs before everything is a guard by being there.
fn whole_file(trees: &Trees<'_>, wanted: &Wanted<'_>) -> Result<Edit, NotMade> {
    let file = wanted.layer.mounted.file;
    let path = &trees.files.file(file).path;
    let name = path.rsplit('/').next().unwrap_or(path);
    if !name.starts_with("middleware.") && !name.starts_with("proxy.") {
        return Err("it is what the handler is wrapped in");
    }
    let length = trees.files.file(file).text.len() as u32;
    Ok(Edit::new(Span::new(file, 0, length), ""))
}

fn at_expression(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    id: ExpressionId,
) -> Option<Result<Edit, NotMade>> {
    if tree.slot(id) == Some(Slot::Decorator) {
        return Some(at_decorator(trees, tree, sought, wanted, id));
    }
    let is_part = matches!(
        tree.slot(id),
        Some(Slot::Argument(..) | Slot::Element(..) | Slot::Default)
    );
    if is_part && is_dependency(tree, wanted, id) {
        return Some(edit::take_out(trees.files, tree, id));
    }
    match tree.module.expression(id).kind {
        ExpressionKind::Call { callee, .. }
            if is_wrapper(tree, sought, wanted, id) && sought.means(tree, callee) =>
        {
            Some(unwrap(trees, tree, sought, id))
        }
        ExpressionKind::Call { .. } | ExpressionKind::New { .. } => {
            registration(trees, tree, sought, wanted, id)
        }
        ExpressionKind::Collection { .. } | ExpressionKind::Object(_) => {
            let parts = candidates(tree, id);
            let own = chosen(sought, tree, wanted, &parts);
            own.map(|own| take_out_or_unwrap(trees, tree, sought, wanted, own))
                .or_else(|| is_part.then(|| edit::take_out(trees.files, tree, id)))
        }
        _ if is_part => Some(edit::take_out(trees.files, tree, id)),
        _ => None,
    }
}

/// What FastAPI is told to run stands in a call of its own, which is the part to be taken out.
fn is_dependency(tree: &Tree<'_>, wanted: &Wanted<'_>, id: ExpressionId) -> bool {
    let is_call = matches!(tree.module.expression(id).kind, ExpressionKind::Call { .. });
    is_call && matches!(wanted.entry.framework, "fastapi" | "starlette")
}

/// A decorator that mounts: the arguments that it mounts are its own, or it stands before what it mounts.
fn at_decorator(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    id: ExpressionId,
) -> Result<Edit, NotMade> {
    let parts = candidates(tree, id);
    if let Some(own) = chosen(sought, tree, wanted, &parts) {
        return match parts.len() {
            1 => edit::take_out(trees.files, tree, id),
            _ => edit::take_out(trees.files, tree, own),
        };
    }
    if sought.means(tree, id) {
        return edit::take_out(trees.files, tree, id);
    }
    let span = tree.module.expression(id).span;
    if let Some(found) = classes::beside_decorator(trees, tree, sought, span) {
        return found;
    }
    // `@app.before_request` stands before the function that it mounts.
    match classes::decorates(tree, span, sought.definition) {
        true => edit::take_out(trees.files, tree, id),
        false => classes::of_handler(trees, sought, wanted),
    }
}

/// A call that registers what it is given.
fn registration(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    id: ExpressionId,
) -> Option<Result<Edit, NotMade>> {
    let mut call = id;
    loop {
        let parts = candidates(tree, call);
        let own = chosen(sought, tree, wanted, &parts);
        if let Some(own) = own.filter(|own| !is_spread(tree, call, *own)) {
            return Some(match parts.len() > 1 {
                true => take_out_or_unwrap(trees, tree, sought, wanted, own),
                false if is_wrapper(tree, sought, wanted, own) => unwrap(trees, tree, sought, own),
                false => whole(trees, tree, call),
            });
        }
        // `consumer.apply(A).forRoutes('b')`: what stands further up the chain is a part of it.
        match up_the_chain(tree, call) {
            Some(further) => call = further,
            None => break,
        }
    }
    let is_only = wanted.entry.registered != wanted.layer.mounted
        && mounted_there(wanted).count() == 1
        && candidates(tree, id).len() <= 1
        && !edit::arguments(tree, id)
            .iter()
            .any(|argument| argument.kind == ArgumentKind::Spread)
        && !matches!(tree.slot(id), Some(Slot::Element(..) | Slot::Argument(..)));
    if let Some(found) = lists::removal(trees, tree, sought, wanted, id) {
        return Some(found);
    }
    is_only.then(|| whole(trees, tree, id))
}

/// Returns the layers of the entry point that are mounted at the same place.
fn mounted_there<'a>(wanted: &Wanted<'a>) -> impl Iterator<Item = &'a Layer> {
    let mounted = wanted.layer.mounted;
    let layers = wanted.entry.layers.iter();
    layers.filter(move |layer| {
        layer.kind != firedoor_app::LayerKind::Inline && layer.mounted == mounted
    })
}

/// Returns the call whose result has the method that `call` calls.
fn up_the_chain(tree: &Tree<'_>, call: ExpressionId) -> Option<ExpressionId> {
    let ExpressionKind::Call { callee, .. } = tree.module.expression(call).kind else {
        return None;
    };
    let ExpressionKind::Member { object, .. } = tree.module.expression(callee).kind else {
        return None;
    };
    let is_call = matches!(
        tree.module.expression(object).kind,
        ExpressionKind::Call { .. }
    );
    is_call.then_some(object)
}

/// Returns what a call or a display may mount: what is no constant, out of lists that are written within.
fn candidates(tree: &Tree<'_>, id: ExpressionId) -> Vec<ExpressionId> {
    let mut found = Vec::new();
    let own: Vec<ExpressionId> = match &tree.module.expression(id).kind {
        ExpressionKind::Call { arguments, .. } | ExpressionKind::New { arguments, .. } => {
            arguments.iter().map(|argument| argument.value).collect()
        }
        ExpressionKind::Collection { elements, .. } => {
            elements.iter().map(|element| element.value).collect()
        }
        ExpressionKind::Object(properties) => properties.iter().map(|it| it.value).collect(),
        _ => Vec::new(),
    };
    let is_list = matches!(
        tree.module.expression(id).kind,
        ExpressionKind::Collection { .. }
    );
    for value in own {
        match &tree.module.expression(value).kind {
            ExpressionKind::Collection { .. } => {
                let within = candidates(tree, value).into_iter();
                found.extend(within.filter(|id| is_list || !is_literal(tree, *id)));
            }
            ExpressionKind::Literal(_) if is_list => found.push(value),
            ExpressionKind::Literal(_) | ExpressionKind::Template(_) => {}
            _ => found.push(value),
        }
    }
    found
}

fn is_literal(tree: &Tree<'_>, id: ExpressionId) -> bool {
    matches!(tree.module.expression(id).kind, ExpressionKind::Literal(_))
}

/// Returns the one of these that is the layer.
fn chosen(
    sought: &Sought<'_>,
    tree: &Tree<'_>,
    wanted: &Wanted<'_>,
    all: &[ExpressionId],
) -> Option<ExpressionId> {
    let own = sought.among(tree, all);
    match own.as_slice() {
        [only] => return Some(*only),
        [] => {}
        several => {
            // One that is written twice is twice a layer.
            let twins = mounted_there(wanted)
                .filter(|layer| layer.name == wanted.layer.name && layer.span == wanted.layer.span);
            if twins.count() == several.len() {
                return several.get(wanted.twin).copied();
            }
        }
    }
    by_order(tree, wanted, all)
}

/// Holds if an argument stands for several.
fn is_spread(tree: &Tree<'_>, call: ExpressionId, own: ExpressionId) -> bool {
    edit::arguments(tree, call)
        .iter()
        .any(|argument| argument.value == own && argument.kind == ArgumentKind::Spread)
}

/// The layers that one call mounts run in the order of its arguments; behind them may be the handler.
fn by_order(tree: &Tree<'_>, wanted: &Wanted<'_>, all: &[ExpressionId]) -> Option<ExpressionId> {
    let is_spread = |id: &ExpressionId| match tree.slot(*id) {
        Some(Slot::Argument(call, _)) => is_spread(tree, call, *id),
        _ => false,
    };
    if all.iter().any(is_spread) {
        return None;
    }
    let there: Vec<&Layer> = mounted_there(wanted).collect();
    let has_handler = wanted.entry.registered == wanted.layer.mounted;
    let place = there
        .iter()
        .position(|layer| std::ptr::eq(*layer, wanted.layer))?;
    let expected = there.len() + usize::from(has_handler);
    (all.len() == expected).then(|| all[place])
}

fn take_out_or_unwrap(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    own: ExpressionId,
) -> Result<Edit, NotMade> {
    match is_wrapper(tree, sought, wanted, own) {
        true => unwrap(trees, tree, sought, own),
        false => edit::take_out(trees.files, tree, own),
    }
}

/// Holds for `login_required(view)`: what is within is still wanted.
fn is_wrapper(
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    wanted: &Wanted<'_>,
    own: ExpressionId,
) -> bool {
    matches!(wanted.entry.framework, "django" | "channels" | "flask")
        && wrapping(tree, sought, own).is_some()
}

/// Returns the call of the layer, and what it is put around.
fn wrapping(
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    own: ExpressionId,
) -> Option<(ExpressionId, ExpressionId)> {
    let within = descendants(tree, own);
    std::iter::once(own).chain(within).find_map(|id| {
        let ExpressionKind::Call {
            callee, arguments, ..
        } = &tree.module.expression(id).kind
        else {
            return None;
        };
        let first = arguments.first()?.value;
        let is_callable = !matches!(
            tree.module.expression(first).kind,
            ExpressionKind::Literal(_) | ExpressionKind::Template(_) | ExpressionKind::Function(_)
        );
        let is_own = last_name(tree.module, *callee).is_some() && sought.means(tree, *callee);
        (is_callable && is_own).then_some((id, first))
    })
}

fn unwrap(
    trees: &Trees<'_>,
    tree: &Tree<'_>,
    sought: &Sought<'_>,
    own: ExpressionId,
) -> Result<Edit, NotMade> {
    let Some((call, inner)) = wrapping(tree, sought, own) else {
        return Err("nothing is wrapped where it stands");
    };
    let inner = tree.module.expression(inner).span;
    let span = tree.module.expression(call).span;
    Ok(Edit::new(span, trees.files.text(inner)))
}

/// Takes out a registration that mounts nothing else.
fn whole(trees: &Trees<'_>, tree: &Tree<'_>, call: ExpressionId) -> Result<Edit, NotMade> {
    let span = tree.module.expression(call).span;
    let own = tree.statement(span, |placed| match placed.statement.kind {
        StatementKind::Expression(id) => id == call || is_awaited(tree, id, call),
        _ => false,
    });
    if let Some(placed) = own {
        return Ok(edit::statement(tree, placed.statement.span));
    }
    let ExpressionKind::Call { callee, .. } = tree.module.expression(call).kind else {
        return edit::take_out(trees.files, tree, call);
    };
    match tree.module.expression(callee).kind {
        // In a chain the rest stays.
        ExpressionKind::Member { object, .. } => {
            let object = tree.module.expression(object).span;
            Ok(Edit::new(span, trees.files.text(object)))
        }
        _ => edit::take_out(trees.files, tree, call),
    }
}

fn is_awaited(tree: &Tree<'_>, id: ExpressionId, call: ExpressionId) -> bool {
    matches!(tree.module.expression(id).kind, ExpressionKind::Await(inner) if inner == call)
}

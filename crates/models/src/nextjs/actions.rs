//! Server actions: functions behind `'use server'`, which any client may call with arguments of its own.
//!
//! Source: <https://nextjs.org/docs/app/api-reference/directives/use-server>. Middleware sees an action only as a
//! request to the page it is called from, which the client chooses too, so that it guards none.

use firedoor_eval::{Arguments, Machine, ModuleId, ObjectKind, Shape, Value};
use firedoor_ir::{Body, ExpressionKind, FunctionId, Literal, Module, Statement, StatementKind};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

/// Returns the actions of a module: what it exports, if it is marked as a whole, and the marked functions in it.
pub(super) fn actions(machine: &mut Machine<'_>, module: ModuleId) -> Vec<(Ustr, Value)> {
    let ir = machine.program.module(module);
    if has_directive(ir, &ir.body, SERVER) {
        let exports = machine.module_exports(module);
        let callable = exports
            .into_iter()
            .filter(|(_, value)| is_action(machine, value));
        return callable.collect();
    }
    let marked: Vec<(FunctionId, Option<Ustr>)> = (0..ir.functions.len())
        .map(|number| FunctionId(number as u32))
        .filter_map(|id| {
            let function = ir.function(id);
            let Body::Block(block) = &function.body else {
                return None;
            };
            has_directive(ir, block, SERVER).then_some((id, function.name))
        })
        .collect();
    match marked.is_empty() {
        true => Vec::new(),
        false => inline(machine, module, &marked),
    }
}

/// Actions within components exist once these run; which they do here, with properties that are not known.
fn inline(
    machine: &mut Machine<'_>,
    module: ModuleId,
    marked: &[(FunctionId, Option<Ustr>)],
) -> Vec<(Ustr, Value)> {
    let span = Span::new(machine.program.module(module).file, 0, 0);
    let mut found = made(machine, module, marked);
    if found.len() < marked.len() {
        let exports = machine.module_exports(module);
        machine.start();
        for (_, export) in exports {
            let arguments = Arguments::positional([Value::unknown(Shape::Object)]);
            let base = machine.decided.len();
            let _ = machine.catching(|machine| {
                let result = machine.call_value(&export, None, &arguments, span)?;
                machine.await_value(&result, span)
            });
            machine.decided.truncate(base);
        }
        found = made(machine, module, marked);
    }
    found
}

/// Returns those of the functions that have been made.
fn made(
    machine: &Machine<'_>,
    module: ModuleId,
    marked: &[(FunctionId, Option<Ustr>)],
) -> Vec<(Ustr, Value)> {
    let mut found = Vec::new();
    let mut seen = FxHashSet::default();
    for number in 0..machine.heap.len() {
        let id = firedoor_eval::ObjectId(number as u32);
        let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
            continue;
        };
        let known = marked
            .iter()
            .find(|(function, _)| closure.module == module && closure.function == *function);
        if let Some((function, name)) = known
            && seen.insert(*function)
        {
            let name = name.unwrap_or_else(|| Ustr::from("(anonymous)"));
            found.push((name, Value::object(id)));
        }
    }
    found
}

fn is_action(machine: &Machine<'_>, value: &Value) -> bool {
    let Some(id) = value.only_object() else {
        return false;
    };
    match machine.heap.get(id).kind {
        ObjectKind::Function { .. } | ObjectKind::Bound { .. } => true,
        ObjectKind::Host(path) => path == super::safe_action::ACTION,
        _ => false,
    }
}

/// The directive of functions that run on the server.
const SERVER: &str = "use server";

/// Holds if a directive such as `'use server'` is among those that a block begins with.
pub(super) fn has_directive(module: &Module, block: &[Statement], word: &str) -> bool {
    let mut directives = block.iter().map_while(|statement| {
        let StatementKind::Expression(expression) = statement.kind else {
            return None;
        };
        match &module.expression(expression).kind {
            ExpressionKind::Literal(Literal::String(text)) => Some(text.as_str() == word),
            _ => None,
        }
    });
    directives.any(|is_it| is_it)
}

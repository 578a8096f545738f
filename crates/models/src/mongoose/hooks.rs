//! What schemas run before and after documents and queries do their work.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;

use super::schema::note_list;
use crate::ModelHost;

/// Runs the hooks of `schemas` in `group` (`$pre` or `$post`) that are there for `operation`.
pub(super) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    schemas: &[ObjectId],
    group: &str,
    operation: &str,
    this: &Value,
    span: Span,
) -> Result<(), Stop> {
    for schema in schemas {
        for hook in note_list(machine, *schema, group) {
            let parts = crate::store::parts(machine, &hook);
            let [names, function] = parts.as_slice() else {
                continue;
            };
            if !is_for(machine, names, operation) {
                continue;
            }
            let next = host.make_object(machine, "mongoose:next", span);
            let next = Value::object(next);
            let arguments = if group == "$post" {
                Arguments::positional([this.clone(), next])
            } else {
                Arguments::positional([next])
            };
            let result = machine.call_value(function, Some(this.clone()), &arguments, span)?;
            machine.await_value(&result, span)?;
        }
    }
    Ok(())
}

/// The names of a hook are a name, a list of names or a pattern such as `/^find/`.
fn is_for(machine: &mut Machine<'_>, names: &Value, operation: &str) -> bool {
    crate::store::parts(machine, names).iter().any(|name| {
        if let Some(text) = name.text() {
            return text == operation;
        }
        name.objects().any(|id| match machine.heap.get(id).kind {
            ObjectKind::Regex(pattern) => {
                operation.starts_with(pattern.trim_start_matches('^').trim_end_matches('$'))
            }
            _ => false,
        })
    })
}

/// `next()` goes on, `next(error)` fails.
pub(super) fn next(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = call.arguments.get(0);
    if error.is_nothing() {
        return Ok(Some(Value::undefined()));
    }
    let test = machine.tested(
        firedoor_eval::TestKind::Truth,
        machine.truth(&error),
        &[&error],
        call.span,
    );
    let span = call.span;
    machine.when(
        &test,
        span,
        |machine| machine.throw(error, span),
        |_| Ok(()),
    )?;
    Ok(Some(Value::undefined()))
}

//! Guards that a dependency makes and that nobody calls.
//!
//! `Depends(make)` calls `make`, and in a list of dependencies what that returns is thrown away: a guard that it returns
//! never runs. `Depends(make())` is what was meant.

use firedoor_eval::{Arguments, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::fastapi::dependencies::{dependant, depends_object};
use crate::fastapi::loose::loose_step;
use crate::fastapi::plan::settled;
use crate::{ModelHost, Step};

/// The role of what a dependency has made.
pub(crate) const UNCALLED: &str = "uncalled";

/// Returns what the dependencies of such a list make that could be called itself.
pub(crate) fn uncalled(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dependencies: &[Value],
) -> Vec<Step> {
    let mut steps = Vec::new();
    for value in dependencies {
        let Some(depends) = depends_object(machine, value) else {
            continue;
        };
        let known = host.state().fastapi.made.get(&depends).cloned();
        let step = match known {
            Some(known) => known,
            None => {
                let found = made(machine, depends);
                host.state().fastapi.made.insert(depends, found.clone());
                found
            }
        };
        steps.extend(step);
    }
    steps
}

fn made(machine: &mut Machine<'_>, depends: firedoor_eval::ObjectId) -> Option<Step> {
    let object = machine.heap.get(depends);
    let span = object.span;
    let maker = object.properties.get(&Ustr::from("dependency"))?.clone();
    let is_function = |machine: &Machine<'_>, value: &Value| {
        let id = value.only_object();
        id.is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }))
    };
    if !is_function(machine, &maker) || !dependant(machine, &maker, span, 0).parameters.is_empty() {
        return None;
    }
    let (result, thrown) = machine.catching(|machine| {
        let result = machine.call_value(&maker, None, &Arguments::default(), span)?;
        settled(machine, result, span)
    });
    let result = result.ok().filter(|_| thrown.is_empty())?;
    let is_callable = match machine.heap.get(result.only_object()?).kind {
        ObjectKind::Instance { class } => {
            let call = machine.class_attribute(class, Ustr::from("__call__"));
            call.is_some_and(|(_, call)| is_function(machine, &call))
        }
        _ => is_function(machine, &result),
    };
    is_callable.then(|| Step {
        mounted: span,
        role: UNCALLED,
        ..loose_step(machine, &result)
    })
}

//! The steps in which hooks and the guards around a view run.

use firedoor_eval::{Decided, Machine, Value};

use super::listing::Hook;
use super::parts_of_guarded;
use crate::doors::symbol;
use crate::state::Registration;
use crate::{Step, StepKind};

/// The guards of libraries around a view, outermost first, and what is within them.
pub(super) fn guards_of(machine: &Machine<'_>, view: &Value) -> (Vec<Value>, Value) {
    let mut guards = Vec::new();
    let mut inner = view.clone();
    while let Some((guard, function)) = parts_of_guarded(machine, &inner) {
        guards.push(guard);
        inner = function;
        if guards.len() > 40 {
            break;
        }
    }
    (guards, inner)
}

/// Returns the step in which a hook runs.
pub(super) fn step_of(machine: &Machine<'_>, hook: &Hook, role: &'static str) -> Step {
    let symbol = symbol(machine, &hook.value, hook.span);
    Step {
        value: hook.value.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: hook.span,
        decided: hook.decided.clone(),
        role,
    }
}

/// Returns the step in which a guard around the view runs.
pub(super) fn guard_step(
    machine: &Machine<'_>,
    guard: &Value,
    registration: &Registration,
    decided: &[Decided],
) -> Step {
    let symbol = symbol(machine, guard, registration.span);
    Step {
        value: guard.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: registration.span,
        decided: decided.to_vec(),
        role: "before",
    }
}

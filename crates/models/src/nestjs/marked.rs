//! Guards that a decorator asks for and that do not run: metadata says what a handler demands, and a guard reads it.
//!
//! Nest does nothing with metadata by itself. Which guard reads what is told by the handlers that have both.

use indexmap::IndexMap;
use ustr::Ustr;

use crate::{Door, ModelHost, Step, StepKind};

/// How many handlers must have both, at least, and for each that lacks the guard.
const LEAST: usize = 3;

/// Notes the guards that each door's own metadata asks for, if most of the doors with such metadata have them.
pub(super) fn add_missing(host: &ModelHost, doors: &mut [Door]) {
    let mut by_key: IndexMap<Ustr, Vec<usize>> = IndexMap::new();
    for (number, door) in doors.iter().enumerate() {
        for key in keys(host, door) {
            by_key.entry(key).or_default().push(number);
        }
    }
    for numbers in by_key.values() {
        for guard in guards_of(doors, numbers) {
            let lacks = |number: &&usize| !has(&doors[**number], &guard);
            let lacking: Vec<usize> = numbers.iter().filter(lacks).copied().collect();
            let having = numbers.len() - lacking.len();
            if having < LEAST * lacking.len().max(1) {
                continue;
            }
            for number in lacking {
                let door = &mut doors[number];
                // It is mounted nowhere: what asks for it stands at the handler.
                let mounted = door.registered;
                door.late.push(Step {
                    mounted,
                    ..guard.clone()
                });
            }
        }
    }
}

/// The keys of the metadata that the program has put on the handler itself.
fn keys(host: &ModelHost, door: &Door) -> Vec<Ustr> {
    let handler = door
        .steps
        .iter()
        .find(|step| step.kind == StepKind::Handler);
    let Some(function) = handler.and_then(|step| step.value.only_object()) else {
        return Vec::new();
    };
    let state = host.state();
    let all = state.nestjs.metadata.get(&function);
    let keys = all.into_iter().flat_map(|all| all.keys().copied());
    let mut keys: Vec<Ustr> = keys
        .filter(|key| !key.starts_with('$') && !key.starts_with("Use"))
        .collect();
    keys.sort();
    keys
}

/// The guards of the doors, each once.
fn guards_of(doors: &[Door], numbers: &[usize]) -> Vec<Step> {
    let mut found: Vec<Step> = Vec::new();
    for number in numbers {
        for step in doors[*number].steps.iter().filter(|it| it.role == "guard") {
            if !found.iter().any(|known| is_same(known, step)) {
                found.push(step.clone());
            }
        }
    }
    found
}

fn has(door: &Door, guard: &Step) -> bool {
    door.steps
        .iter()
        .any(|step| step.role == "guard" && is_same(step, guard))
}

/// What a library brings is shown where it is named, so its name tells.
fn is_same(one: &Step, other: &Step) -> bool {
    one.name == other.name && (one.span == other.span || one.span == one.mounted)
}

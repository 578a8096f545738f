//! Classes that are made of the fields of others: `PickType`, `OmitType` and `IntersectionType`.
//!
//! At run time each is a class of its own with the chosen fields and what decorators say of them. Source:
//! @nestjs/mapped-types 2.1, `pick-type.helper.ts`, `omit-type.helper.ts`, `intersection-type.helper.ts`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::tools::last_part;
use crate::{ModelHost, store};

/// Which fields of its bases such a class has.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// These.
    Only(Vec<Ustr>),
    /// All but these.
    Without(Vec<Ustr>),
}

impl Choice {
    fn has(&self, name: &Ustr) -> bool {
        match self {
            Choice::Only(names) => names.contains(name),
            Choice::Without(names) => !names.contains(name),
        }
    }
}

/// `PickType(Account, ['mail'] as const)`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = &call.arguments.positional;
    let (bases, choice) = match last_part(&call.path) {
        "IntersectionType" => (given.clone(), Choice::Without(Vec::new())),
        kind => {
            let listed = store::parts(machine, &call.arguments.get(1));
            let names: Vec<Ustr> = listed.iter().filter_map(Value::text).collect();
            // Where not all names are known, a field that is left out may be any.
            if names.len() < listed.len() {
                return Ok(None);
            }
            let choice = match kind {
                "PickType" => Choice::Only(names),
                _ => Choice::Without(names),
            };
            (given.iter().take(1).cloned().collect(), choice)
        }
    };
    let Some(first) = bases.first().and_then(Value::only_object) else {
        return Ok(None);
    };
    let mut kind = machine.heap.get(first).kind.clone();
    let ObjectKind::Class { bases: own, .. } = &mut kind else {
        return Ok(None);
    };
    *own = bases;
    let name = machine.heap.get(first).name;
    let id = machine.heap.allocate(kind, call.span);
    machine.heap.get_mut(id).name = name;
    host.state().nestjs.choices.insert(id, choice);
    Ok(Some(Value::object(id)))
}

/// Returns the names of the fields that a class has, those of its bases first.
pub(super) fn field_names(host: &ModelHost, machine: &Machine<'_>, class: ObjectId) -> Vec<Ustr> {
    let mut names = Vec::new();
    add_names(host, machine, class, 0, &mut names);
    names
}

/// How far classes may inherit from one another.
const DEEPEST: usize = 16;

fn add_names(
    host: &ModelHost,
    machine: &Machine<'_>,
    class: ObjectId,
    depth: usize,
    names: &mut Vec<Ustr>,
) {
    let ObjectKind::Class { bases, .. } = &machine.heap.get(class).kind else {
        return;
    };
    let mut found = Vec::new();
    let bases = bases.iter().filter_map(Value::only_object);
    for base in bases.filter(|base| depth < DEEPEST && *base != class) {
        add_names(host, machine, base, depth + 1, &mut found);
    }
    let choice = host.state().nestjs.choices.get(&class).cloned();
    match choice {
        Some(choice) => found.retain(|name| choice.has(name)),
        None => found.extend(machine.field_names(class)),
    }
    for name in found {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

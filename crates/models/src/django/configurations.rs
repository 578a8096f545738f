//! Settings that are written as classes, one for each place where the project runs.
//!
//! django-configurations 2.5: <https://django-configurations.readthedocs.io/>, `configurations/base.py`,
//! `importer.py`, `values.py`. Which class holds is said by the environment. What the class says from which the others
//! descend holds wherever they don't say something else; where they do, each of their plain values may hold.

use firedoor_eval::{Answer, Atom, Call, Machine, ModuleId, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::python_standard::environment;
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    ..Model::EMPTY
};

const CALLS: &[(&str, CallFunction)] = &[
    ("py:configurations.values.*", value),
    ("py:configurations.values.SecretValue", secret),
    ("py:configurations.values.DatabaseURLValue", unknown),
    ("py:configurations.values.CacheURLValue", unknown),
    ("py:configurations.values.EmailURLValue", unknown),
];

/// `values.BooleanValue(True, environ_name=…)`: what the environment says, or else the default.
fn value(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call.path.rsplit('.').next().unwrap_or("");
    if !class.ends_with("Value") {
        return Ok(None);
    }
    let default = call.arguments.find(0, "default").cloned();
    let default = default.unwrap_or_else(Value::null);
    let is_plain = default.objects().next().is_none();
    // A list or table of the environment is not known any better than the one that holds without it.
    if !is_plain {
        return Ok(Some(default));
    }
    let given = from_environment(host, machine, call);
    let unknown = machine.derived(firedoor_eval::Shape::Any, [&given]);
    Ok(Some(machine.join(default, &unknown)))
}

/// `values.SecretValue()` has no default: without the variable the project does not start.
fn secret(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(from_environment(host, machine, call)))
}

fn unknown(_host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(machine.unknown("setting")))
}

fn from_environment(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let named = call.arguments.keyword("environ_name");
    let name = named.and_then(Value::text);
    let name = name.unwrap_or_else(|| Ustr::from("DJANGO_?"));
    host.note_variable(machine, &name, call.span);
    environment(host, machine, name, None)
}

/// Returns the classes of settings of a module, in the order of their names: those that say, or inherit, where the
/// routes are.
fn classes(machine: &mut Machine<'_>, module: ModuleId) -> Vec<ObjectId> {
    if machine.program.module(module).classes.is_empty() {
        return Vec::new();
    }
    let variables = machine.module_exports(module);
    let mut found: Vec<ObjectId> = Vec::new();
    for (_, value) in variables {
        let Some(class) = value.only_object() else {
            continue;
        };
        let is_class = matches!(machine.heap.get(class).kind, ObjectKind::Class { .. });
        let is_of_library = |machine: &Machine<'_>| {
            let mut bases = machine.outside_bases(class).into_iter();
            bases.any(|base| {
                matches!(
                    base.as_str(),
                    "py:configurations.Configuration" | "py:configurations.base.Configuration"
                )
            })
        };
        if is_class && is_of_library(machine) && !found.contains(&class) {
            found.push(class);
        }
    }
    let routes = Ustr::from("ROOT_URLCONF");
    found.retain(|class| machine.class_attribute(*class, routes).is_some());
    found
}

/// Returns what the classes of a module say of a setting.
pub(super) fn setting(machine: &mut Machine<'_>, module: ModuleId, name: Ustr) -> Option<Value> {
    let classes = classes(machine, module);
    let is_first = |machine: &Machine<'_>, class: ObjectId| {
        let mut order = machine.class_order(class).into_iter();
        !order.any(|above| above != class && classes.contains(&above))
    };
    let firsts: Vec<ObjectId> = classes
        .iter()
        .copied()
        .filter(|class| is_first(machine, *class))
        .collect();
    let said = |machine: &mut Machine<'_>, class: ObjectId| {
        let (_, value) = machine.class_attribute(class, name)?;
        Some(attribute(machine, value))
    };
    let mut common: Option<Value> = None;
    for class in &firsts {
        if let Some(value) = said(machine, *class) {
            common = Some(match common {
                Some(known) => machine.join(known, &value),
                None => value,
            });
        }
    }
    let mut joined = common.clone();
    for class in classes.iter().filter(|class| !firsts.contains(class)) {
        let Some(value) = said(machine, *class) else {
            continue;
        };
        let is_plain = value.objects().next().is_none();
        let value = match is_plain {
            true => value,
            // One list or table for all is more than several for nobody.
            false if common.is_some() => continue,
            false => machine.unknown("setting"),
        };
        joined = Some(match joined {
            Some(known) => machine.join(known, &value),
            None => value,
        });
    }
    // Where only some of them say it, the others have the default of whoever reads it.
    if common.is_none()
        && let Some(known) = joined
    {
        let unknown = machine.unknown("setting");
        return Some(machine.join(known, &unknown));
    }
    joined
}

/// A property is worked out when it is read, from what is not looked at here.
fn attribute(machine: &mut Machine<'_>, value: Value) -> Value {
    let is_worked_out = |machine: &Machine<'_>, atom: &Atom| match atom {
        Atom::Object(id) => matches!(
            machine.heap.get(*id).kind,
            ObjectKind::Function { .. } | ObjectKind::Bound { .. }
        ),
        _ => false,
    };
    match value
        .atoms()
        .iter()
        .any(|atom| is_worked_out(machine, atom))
    {
        true => machine.unknown("setting"),
        false => value,
    }
}

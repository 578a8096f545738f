//! What a view says of itself to whoever has it in hand, as `process_view` has: its name, its class, and what the
//! program has written on it.
//!
//! Sources: django 5.2 `views/generic/base.py` (`as_view`: the function bears `view_class` and `view_initkwargs`, its name
//! is that of the class, and it takes over the attributes of `dispatch`); djangorestframework 3.16 `views.py`,
//! `viewsets.py` (`cls`, `initkwargs`, `actions`); decorators take all of that over with `functools.wraps`.

use firedoor_eval::{Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards;
use crate::python_support::last_name;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    members: &[("django:view.*", of_class), ("django:guarded.*", of_inner)],
    ..Model::EMPTY
};

fn of_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let id = object?;
    let path = host.state().member_name;
    let name = last_name(&path).to_owned();
    let class = machine.heap.get(id).elements.first().cloned()?;
    let own = machine.heap.property(id, Ustr::from("$function")).cloned();
    Some(match name.as_str() {
        "view_class" | "cls" => class,
        "__name__" | "__qualname__" => {
            let name = machine.heap.get(id).name?;
            Value::string(&name)
        }
        "__module__" => {
            let whole = own.unwrap_or(class);
            let place = machine.place();
            machine
                .member(&whole, Ustr::from("__module__"), place)
                .ok()?
        }
        "actions" => machine
            .heap
            .property(id, Ustr::from("$actions"))
            .cloned()
            .unwrap_or_else(Value::null),
        "initkwargs" | "view_initkwargs" | "__doc__" | "__dict__" => return None,
        "csrf_exempt" if super::drf::is_api(machine, &class) => Value::bool(true),
        "login_required" if super::drf::is_api(machine, &class) => {
            let span = machine.heap.get(id).span;
            match super::view_doors::leaves_log_in_to_permissions(machine, span) {
                true => Value::bool(false),
                false => Value::undefined(),
            }
        }
        // What `api_view` takes over of the function.
        _ => match own {
            Some(function) => {
                let place = machine.place();
                machine.member(&function, Ustr::from(&name), place).ok()?
            }
            None => Value::undefined(),
        },
    })
}

/// A decorator takes over what is written on the view.
fn of_inner(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = Ustr::from(last_name(&path));
    let (inner, guard) = match machine.heap.get(object?).elements.as_slice() {
        [inner, guard] => (inner.clone(), guard.clone()),
        _ => return None,
    };
    match (guards::kind_of(machine, &guard).as_str(), name.as_str()) {
        ("login_not_required", "login_required") => return Some(Value::bool(false)),
        ("csrf_exempt", "csrf_exempt") => return Some(Value::bool(true)),
        _ => {}
    }
    machine.member(&inner, name, span).ok()
}

//! Class-based views: `View` and `MethodView`.
//!
//! `as_view` makes a function that dispatches to the class, with the decorators of the class around it, the
//! first of the list innermost. Source: flask 3.1, `views.py`.

use firedoor_app::Symbol;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;

const METHODS: [&str; 8] = [
    "get", "post", "head", "options", "delete", "put", "trace", "patch",
];

/// Makes the function of a class: the class, what its constructor is given, and the decorators around it.
pub(crate) fn view_of_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    name: &str,
    arguments: &Arguments,
    decorators: &[&str],
    span: Span,
) -> Value {
    let id = host.make_object(machine, "flask:view", machine.heap.get(class).span);
    let object = machine.heap.get_mut(id);
    object.name = Some(Ustr::from(name));
    object.elements = vec![Value::object(class)];
    object.elements.extend(arguments.positional.iter().cloned());
    object.properties = arguments.keywords.clone();
    object
        .properties
        .insert(Ustr::from("__name__"), Value::string(name));
    let mut view = Value::object(id);
    for decorators in decorators {
        let listed = machine.class_attribute(class, Ustr::from(decorators));
        let Some((_, listed)) = listed else {
            continue;
        };
        // By method they stand around the method alone.
        let is_by_method = listed
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
        if is_by_method {
            continue;
        }
        for decorator in machine.elements_of(&listed).0 {
            let given = Arguments::positional([view.clone()]);
            let (made, _) =
                machine.catching(|machine| machine.call_value(&decorator, None, &given, span));
            view = made.unwrap_or(view);
        }
    }
    let methods = methods_of_class(machine, class, span);
    if let (Some(outer), Some(methods)) = (view.only_object(), methods) {
        machine
            .heap
            .set_property(outer, Ustr::from("methods"), methods.clone());
        machine
            .heap
            .set_property(outer, Ustr::from("__name__"), Value::string(name));
    }
    view
}

/// `Class.as_view(name, *arguments, **keywords)`.
pub(super) fn as_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call.this.only_object().or(call.receiver);
    let Some(class) =
        class.filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }))
    else {
        return Ok(None);
    };
    let mut arguments = call.arguments.clone();
    let name = match arguments.positional.is_empty() {
        true => arguments.keywords.shift_remove(&Ustr::from("name")),
        false => Some(arguments.positional.remove(0)),
    };
    let name = name.and_then(|name| name.text());
    let name = name.unwrap_or_else(|| Ustr::from("view"));
    let view = view_of_class(
        host,
        machine,
        class,
        &name,
        &arguments,
        &["decorators"],
        call.span,
    );
    Ok(Some(view))
}

/// The methods of a class: those it lists, or for which it has functions.
fn methods_of_class(machine: &mut Machine<'_>, class: ObjectId, span: Span) -> Option<Value> {
    if let Some((_, listed)) = machine.class_attribute(class, Ustr::from("methods"))
        && !listed.is_nothing()
        && listed
            .only_object()
            .is_some_and(|id| !matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }))
    {
        return Some(listed);
    }
    let own = METHODS
        .iter()
        .filter(|name| machine.class_attribute(class, Ustr::from(name)).is_some());
    let names: Vec<Value> = own
        .map(|name| Value::string(&name.to_ascii_uppercase()))
        .collect();
    (!names.is_empty()).then(|| machine.make_list(names, false, span))
}

/// The methods that a view says it has.
pub(super) fn methods_of(machine: &Machine<'_>, view: &Value) -> Option<Value> {
    let mut id = view.only_object()?;
    for _ in 0..12 {
        let object = machine.heap.get(id);
        if let Some(methods) = object.properties.get(&Ustr::from("methods")) {
            return Some(methods.clone());
        }
        id = object
            .properties
            .get(&Ustr::from("__wrapped__"))?
            .only_object()?;
    }
    None
}

fn class_of(machine: &Machine<'_>, view: &Value) -> Option<ObjectId> {
    let mut id = view.only_object()?;
    for _ in 0..12 {
        let object = machine.heap.get(id);
        if matches!(object.kind, ObjectKind::Host(path) if path == "flask:view") {
            return object.elements.first()?.only_object();
        }
        let within = object.properties.get(&Ustr::from("__wrapped__")).cloned();
        id = match (within, &object.kind) {
            (Some(inner), _) => inner.only_object()?,
            (None, ObjectKind::Function { closure, .. }) => {
                let captured = machine.captured_values(*closure);
                let mut views = captured.into_iter().filter_map(|value| value.only_object());
                views.find(|id| {
                    matches!(machine.heap.get(*id).kind, ObjectKind::Host(path)
                        if path == "flask:view" || path == "flask:guarded")
                })?
            }
            _ => return None,
        };
    }
    None
}

/// The name and place of what answers: of a class the method for this request.
pub(super) fn symbol_of(machine: &Machine<'_>, view: &Value, method: Ustr, span: Span) -> Symbol {
    if let Some(class) = class_of(machine, view) {
        let name = Ustr::from(&method.to_ascii_lowercase());
        let function = machine
            .class_attribute(class, name)
            .or_else(|| machine.class_attribute(class, Ustr::from("dispatch_request")));
        if let Some((_, function)) = function {
            return crate::doors::symbol(machine, &function, span);
        }
    }
    crate::doors::symbol(machine, view, span)
}

/// Makes an instance and lets it answer.
pub(super) fn run(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let object = machine.heap.get(id).clone();
    let mut elements = object.elements.into_iter();
    let Some(class) = elements.next() else {
        return Ok(None);
    };
    let mut keywords = object.properties;
    for name in ["__name__", "methods", "__wrapped__"] {
        keywords.shift_remove(&Ustr::from(name));
    }
    let arguments = Arguments {
        positional: elements.collect(),
        keywords,
        rest: None,
        rest_at: 0,
    };
    let instance = machine.call_value(&class, None, &arguments, call.span)?;
    let name = Ustr::from("dispatch_request");
    machine
        .call_member(&instance, name, call.arguments, call.span)
        .map(Some)
}

/// `MethodView.dispatch_request`: the method of the request's name.
pub(super) fn dispatch(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = host.state().run.method.to_ascii_lowercase();
    let name = Ustr::from(&method);
    machine
        .call_member(&call.this, name, call.arguments, call.span)
        .map(Some)
}

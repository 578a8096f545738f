//! `Model._meta`: what a model says of itself.
//!
//! Projects register things by the names that a model has there, and ask for them by the same names in another
//! module, so the names have to be the real ones.
//! Source: django 5.2 `db/models/options.py`, `apps/registry.py`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tables::{CallFunction, MemberFunction};
use crate::{Model, ModelHost};

const META: &str = "django:meta";

const CALLS: &[(&str, CallFunction)] = &[("django:meta.*", unknown_call)];
const MEMBERS: &[(&str, MemberFunction)] = &[("django:meta.*", unknown_member)];

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    members: MEMBERS,
    ..Model::EMPTY
};

/// What a model says of itself: its names; all else is not known.
pub(crate) fn meta(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> Value {
    let Some(name) = machine.heap.get(class).name else {
        return machine.unknown("meta");
    };
    let lower = name.to_lowercase();
    let label = app_label(machine, class);
    let id = host.make_object(machine, META, span);
    let mut names = vec![
        ("object_name", name.to_string()),
        ("model_name", lower.clone()),
    ];
    if let Some(label) = label {
        names.push(("label", format!("{label}.{name}")));
        names.push(("label_lower", format!("{label}.{lower}")));
        names.push(("app_label", label));
    }
    let properties = &mut machine.heap.get_mut(id).properties;
    for (key, text) in names {
        properties.insert(Ustr::from(key), Value::string(&text));
    }
    properties.insert(Ustr::from("model"), Value::object(class));
    Value::object(id)
}

/// The label of a model's application: what its `Meta` says, or the folder that its models are in.
pub(crate) fn app_label(machine: &Machine<'_>, class: ObjectId) -> Option<String> {
    let own = machine.class_attribute(class, Ustr::from("Meta"));
    if let Some(inner) = own.and_then(|(_, inner)| inner.only_object())
        && let Some((_, label)) = machine.class_attribute(inner, Ustr::from("app_label"))
    {
        return label.text().map(|label| label.to_string());
    }
    let parts: Vec<&str> = match &machine.heap.get(class).kind {
        ObjectKind::Class { module, .. } => {
            let path = machine.program.path(*module).trim_end_matches(".py");
            path.split('/').collect()
        }
        ObjectKind::Host(path) => {
            let path = path.as_str().strip_prefix("py:")?;
            path.trim_end_matches("()").split('.').collect()
        }
        _ => return None,
    };
    let models = parts.iter().position(|part| *part == "models");
    let place = models.unwrap_or(parts.len().saturating_sub(1));
    let label = parts.get(place.checked_sub(1)?)?;
    Some((*label).to_owned())
}

fn unknown_member(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(machine.unknown("meta"))
}

fn unknown_call(_host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(machine.unknown("meta")))
}

//! Forms: what a client fills in, and the records that forms of models save.
//!
//! Source: django 5.2 `forms/forms.py`, `forms/models.py`, `contrib/auth/forms.py`.

use firedoor_app::{EffectKind, Origin, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::users;
use crate::python_active::{made, save};
use crate::python_records::{columns, create};
use crate::python_support::{last_name, object_with_arguments};
use crate::{Model, ModelHost};

const AUTOMATIC: &str = "django:automatic-form";

macro_rules! forms {
    ($($path:literal),* $(,)?) => {
        Model {
            name: "django",
            calls: &[
                ("py:django.forms.*", field),
                ("py:django.core.validators.MinValueValidator", field),
                ("py:django.core.validators.MaxValueValidator", field),
                ("django:automatic-form", make_automatic),
                ("django:form.*", method),
                $((concat!($path, "().*"), method),)*
            ],
            members: &[
                ("django:form.*", member),
                $((concat!($path, "().*"), member),)*
            ],
            instances: &[$(($path, instance_made),)*],
            aliases: &[
                ("py:django.forms.models.ModelForm", "py:django.forms.ModelForm"),
                ("py:django.forms.forms.Form", "py:django.forms.Form"),
            ],
            ..Model::EMPTY
        }
    };
}

/// The model.
pub static MODEL: Model = forms!(
    "py:django.forms.Form",
    "py:django.forms.ModelForm",
    "py:django.contrib.auth.forms.UserCreationForm",
    "py:django.contrib.auth.forms.UserChangeForm",
    "py:django.contrib.auth.forms.AuthenticationForm",
    "py:django.contrib.auth.forms.PasswordChangeForm",
    "py:django.contrib.auth.forms.SetPasswordForm",
);

fn field(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.path.contains("()") {
        return Ok(None);
    }
    match last_name(&call.path) {
        "ValidationError" => {
            let path = "py:django.core.exceptions.ValidationError";
            let values: Vec<&Value> = call.arguments.all().collect();
            Ok(Some(crate::python_support::exception(
                machine, path, &values,
            )))
        }
        "modelform_factory" => {
            let id = host.make_object(machine, AUTOMATIC, call.span);
            let object = machine.heap.get_mut(id);
            object.elements = vec![call.arguments.get(0)];
            object.properties = call.arguments.keywords.clone();
            Ok(Some(Value::object(id)))
        }
        _ => {
            let id = object_with_arguments(machine, call);
            Ok(Some(Value::object(id)))
        }
    }
}

/// The class of forms that a generic view makes of its model and `fields`.
pub(crate) fn automatic(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, AUTOMATIC, span);
    let get = |machine: &mut Machine<'_>, name: &str| {
        let value = machine.member(view, Ustr::from(name), span);
        value
            .ok()
            .filter(|value| value.objects().next().is_some() || value.text().is_some())
    };
    let model = get(machine, "model");
    let fields = get(machine, "fields");
    let object = machine.heap.get_mut(id);
    object.elements = vec![model.unwrap_or_else(Value::null)];
    if let Some(fields) = fields {
        object.properties.insert(Ustr::from("fields"), fields);
    }
    Value::object(id)
}

fn make_automatic(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let object = machine.heap.get(class).clone();
    let id = host.make_object(machine, "django:form", call.span);
    fill(machine, id, call.arguments);
    let properties = &mut machine.heap.get_mut(id).properties;
    if let Some(model) = object.elements.first() {
        properties.insert(Ustr::from("$model"), model.clone());
    }
    if let Some(fields) = object.properties.get(&Ustr::from("fields")) {
        properties.insert(Ustr::from("$fields"), fields.clone());
    }
    Ok(Some(Value::object(id)))
}

fn instance_made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    fill(machine, instance, arguments);
    Ok(machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_none())
}

fn fill(machine: &mut Machine<'_>, id: ObjectId, arguments: &Arguments) {
    let properties = &mut machine.heap.get_mut(id).properties;
    if let Some(data) = arguments.find(0, "data") {
        properties.insert(Ustr::from("data"), data.clone());
    }
    if let Some(record) = arguments.keyword("instance") {
        properties.insert(Ustr::from("instance"), record.clone());
    }
}

fn kept(machine: &Machine<'_>, id: ObjectId, name: &str) -> Option<Value> {
    machine.heap.property(id, Ustr::from(name)).cloned()
}

/// What `class Meta` of a form says.
pub(super) fn meta(machine: &mut Machine<'_>, id: ObjectId, name: &str) -> Option<Value> {
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return None;
    };
    let (_, meta) = machine.class_attribute(class, Ustr::from("Meta"))?;
    let found = machine.class_attribute(meta.only_object()?, Ustr::from(name))?;
    Some(found.1)
}

pub(super) fn model_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
) -> Option<ObjectId> {
    let given = kept(machine, id, "$model").or_else(|| meta(machine, id, "model"));
    let own = given.and_then(|model| model.only_object());
    let is_user = machine
        .outside_bases(id)
        .iter()
        .any(|base| base.starts_with("py:django.contrib.auth.forms."));
    own.or_else(|| is_user.then(|| users::class(host, machine)))
}

pub(super) fn sent(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origin = Origin::Request(RequestPart::Body, Ustr::from(name));
    host.with_origin(machine, Value::unknown(Shape::Any), origin)
}

fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    let path = host.state().member_name;
    match last_name(&path) {
        "cleaned_data" => Some(sent(host, machine, "").shaped(Shape::Object)),
        "errors" => Some(sent(host, machine, "").shaped(Shape::Object)),
        "instance" => {
            let record = record_of(host, machine, id, span)?;
            machine
                .heap
                .set_property(id, Ustr::from("instance"), record.clone());
            Some(record)
        }
        _ => None,
    }
}

/// The record that a form fills: the given one, or a new one.
fn record_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    span: Span,
) -> Option<Value> {
    if let Some(record) = kept(machine, id, "instance").filter(|record| !record.is_nothing()) {
        return Some(record);
    }
    let model = model_of(host, machine, id)?;
    Some(made(machine, model, &Arguments::default(), span))
}

/// The fields of a form of a model: those listed, or all columns.
pub(super) fn names(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Vec<Ustr> {
    let given = kept(machine, id, "$fields").or_else(|| meta(machine, id, "fields"));
    let texts = |machine: &mut Machine<'_>, value: &Value| -> Vec<Ustr> {
        let (elements, _) = machine.elements_of(value);
        elements.iter().filter_map(Value::text).collect()
    };
    match given.filter(|given| given.text().is_none()) {
        Some(given) => texts(machine, &given),
        // `Meta.fields` of the library's form is `("username",)`, and its `save` sets the password.
        None if is_creation(machine, id) => ["username", "password"].map(Ustr::from).to_vec(),
        None => {
            let excluded = meta(machine, id, "exclude");
            let excluded = excluded.map_or_else(Vec::new, |value| texts(machine, &value));
            let model = model_of(host, machine, id);
            let table = model.and_then(|model| columns(host, model));
            let all = table.map_or_else(Vec::new, |table| {
                machine.heap.get(table).properties.keys().copied().collect()
            });
            all.into_iter()
                .filter(|name| !excluded.contains(name))
                .collect()
        }
    }
}

/// Holds for the library's form that makes users, and for forms that inherit from it.
fn is_creation(machine: &Machine<'_>, id: ObjectId) -> bool {
    let path = "py:django.contrib.auth.forms.UserCreationForm";
    match machine.heap.get(id).kind {
        ObjectKind::Host(own) => own.trim_end_matches("()") == path,
        _ => machine.outside_bases(id).iter().any(|base| base == path),
    }
}

fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.or_else(|| call.this.objects().next()) else {
        return Ok(None);
    };
    let span = call.span;
    Ok(Some(match last_name(&call.path) {
        "__init__" => {
            fill(machine, id, call.arguments);
            Value::null()
        }
        "is_valid" => {
            let this = Value::object(id);
            let is_own = matches!(machine.heap.get(id).kind, ObjectKind::Instance { class }
                if machine.class_attribute(class, Ustr::from("clean")).is_some());
            if is_own {
                let name = Ustr::from("clean");
                let (result, _) = machine.catching(|machine| {
                    machine.call_member(&this, name, &Arguments::default(), span)
                });
                if result == Err(Stop::Budget) {
                    return Err(Stop::Budget);
                }
            }
            let limits = super::form_fields::limits(host, machine, id);
            if limits.is_empty() {
                let data = sent(host, machine, "");
                return Ok(Some(machine.tested(TestKind::Kind, None, &[&data], span)));
            }
            let operands: Vec<&Value> = limits.iter().collect();
            machine.tested(TestKind::Bound, None, &operands, span)
        }
        "clean" | "full_clean" => sent(host, machine, "").shaped(Shape::Object),
        "add_error" | "save_m2m" | "non_field_errors" => Value::null(),
        "get_user" => {
            let class = users::class(host, machine);
            let id = super::orm_query::all(host, machine, class, span);
            let none = Arguments::default();
            machine.call_member(&Value::object(id), Ustr::from("first"), &none, span)?
        }
        "save" => {
            let Some(record) = record_of(host, machine, id, span) else {
                return Ok(None);
            };
            let fields = names(host, machine, id);
            for target in record.objects().collect::<Vec<_>>() {
                for name in &fields {
                    let mut value = sent(host, machine, name);
                    if name.contains("password") {
                        let provenance = host.deep_provenance(machine, &value);
                        host.effect(machine, EffectKind::HashPassword(provenance), span);
                        value = host.with_origin(machine, value, Origin::Digest);
                    }
                    machine.heap.set_property(target, *name, value);
                }
            }
            let commits = call.arguments.find(0, "commit").and_then(Value::truth);
            if commits != Some(false) {
                create(host, machine, &record, span);
                save(host, machine, &record, span);
            }
            record
        }
        _ => return Ok(None),
    }))
}

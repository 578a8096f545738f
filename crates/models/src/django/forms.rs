//! Forms: what a client fills in, and the records that forms of models save.
//!
//! Source: django 5.2 `forms/forms.py`, `forms/models.py`, `contrib/auth/forms.py`.

use firedoor_app::{EffectKind, Origin, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{password_forms, users};
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
    "py:django.contrib.auth.forms.AdminPasswordChangeForm",
);

/// Says that a form is just looking at what was sent.
const CLEANING: &str = "$cleaning";

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
    password_forms::keep_user(machine, id, arguments);
    let properties = &mut machine.heap.get_mut(id).properties;
    if let Some(data) = arguments.find(0, "data") {
        properties.insert(Ustr::from("data"), data.clone());
    }
    if let Some(record) = arguments.keyword("instance") {
        properties.insert(Ustr::from("instance"), record.clone());
    }
}

/// Returns what a page is made of, with what its forms show in place of them: what was sent, and nothing else that they
/// know. Forms of records show those.
pub(super) fn shown(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    context: &Value,
    span: Span,
) -> Value {
    let Some(id) = context.only_object() else {
        return context.clone();
    };
    let object = machine.heap.get(id).clone();
    let hides = |machine: &Machine<'_>, value: &Value| {
        let form = value.only_object().filter(|id| is_form(machine, *id));
        form.is_some_and(|form| {
            kept(machine, form, "instance").is_none_or(|record| record.is_nothing())
        })
    };
    let hidden: Vec<Ustr> = object
        .properties
        .iter()
        .filter(|(_, value)| hides(machine, value))
        .map(|(name, _)| *name)
        .collect();
    if hidden.is_empty() || !matches!(object.kind, ObjectKind::Plain) {
        return context.clone();
    }
    let copy = machine.heap.allocate(ObjectKind::Plain, span);
    *machine.heap.get_mut(copy) = object;
    for name in hidden {
        let value = sent(host, machine, "");
        machine.heap.set_property(copy, name, value);
    }
    Value::object(copy).with_origins(context.origins)
}

fn is_form(machine: &Machine<'_>, id: ObjectId) -> bool {
    let is_of_library = |path: &str| {
        path.starts_with("py:django.forms.") || path.starts_with("py:django.contrib.auth.forms.")
    };
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path == "django:form" || is_of_library(&path),
        ObjectKind::Instance { .. } => {
            let bases = machine.outside_bases(id);
            bases.iter().any(|base| is_of_library(base))
        }
        _ => false,
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

/// Runs what the program asks of each field, and of all of them together; returns that the form is not valid if one of them
/// refuses for certain. What they ask holds for whatever is done with the form afterwards.
fn refused(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    span: Span,
) -> Result<Option<Value>, Stop> {
    let mut hooks = super::form_fields::hooks(host, machine, id);
    let clean = Ustr::from("clean");
    let is_own = matches!(machine.heap.get(id).kind, ObjectKind::Instance { class }
        if machine.class_attribute(class, clean).is_some());
    if is_own {
        hooks.push(clean);
    }
    let this = Value::object(id);
    for hook in hooks {
        machine
            .heap
            .set_property(id, Ustr::from(CLEANING), Value::bool(true));
        let (result, thrown) = machine
            .catching(|machine| machine.call_member(&this, hook, &Arguments::default(), span));
        machine.heap.remove_property(id, Ustr::from(CLEANING));
        match result {
            Err(Stop::Throw) => {
                let mut data = sent(host, machine, "");
                for decided in thrown.iter().flat_map(|thrown| &thrown.decided) {
                    let origins = machine.decision(decided.decision).origins;
                    data.control = machine.origins.union(data.control, origins);
                }
                let test = machine.tested(TestKind::Kind, Some(false), &[&data], span);
                return Ok(Some(test));
            }
            Err(stop) => return Err(stop),
            Ok(_) => {}
        }
    }
    Ok(None)
}

/// The test that what was sent is right.
fn validity(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    if let Some(refused) = refused(host, machine, id, span)? {
        return Ok(refused);
    }
    let limits = super::form_fields::limits(host, machine, id);
    let fits = match limits.is_empty() {
        true => {
            let data = sent(host, machine, "");
            machine.tested(TestKind::Kind, None, &[&data], span)
        }
        false => {
            let operands: Vec<&Value> = limits.iter().collect();
            machine.tested(TestKind::Bound, None, &operands, span)
        }
    };
    Ok(match password_forms::knows_old(host, machine, id, span)? {
        Some(knows) => machine.all_of(&[knows, fits], span),
        None => fits,
    })
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
        "is_valid" => validity(host, machine, id, span)?,
        "clean" | "full_clean" => sent(host, machine, "").shaped(Shape::Object),
        // What is wrong is noted, and the form is not valid, as if it had been thrown.
        "add_error" if kept(machine, id, CLEANING).is_some() => {
            let path = "py:django.core.exceptions.ValidationError";
            let error = crate::python_support::exception(machine, path, &[]);
            return machine.throw(error, span);
        }
        "add_error" | "save_m2m" | "non_field_errors" => Value::null(),
        "get_user" => {
            let class = users::class(host, machine);
            let id = super::orm_query::all(host, machine, class, span);
            let none = Arguments::default();
            machine.call_member(&Value::object(id), Ustr::from("first"), &none, span)?
        }
        "save" => {
            if let Some(user) = password_forms::save(host, machine, id, call)? {
                return Ok(Some(user));
            }
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

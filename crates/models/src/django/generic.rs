//! Generic views: lists, details, forms.
//!
//! Source: django 5.2 `views/generic/list.py`, `detail.py`, `edit.py`, `base.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{orm_query, response};
use crate::ModelHost;
use crate::python_support::last_name;

/// Holds if a generic class answers a method by itself.
pub(crate) fn answers(class: &str, method: &str) -> bool {
    match class {
        "TemplateView" | "ListView" | "DetailView" | "ArchiveIndexView" | "DateDetailView" => {
            method == "get"
        }
        "RedirectView" => true,
        "FormView"
        | "CreateView"
        | "UpdateView"
        | "LoginView"
        | "PasswordChangeView"
        | "PasswordResetView"
        | "PasswordResetConfirmView" => {
            matches!(method, "get" | "post" | "put")
        }
        "LogoutView" => method == "post",
        "PasswordChangeDoneView" | "PasswordResetDoneView" | "PasswordResetCompleteView" => {
            method == "get"
        }
        "DeleteView" => matches!(method, "get" | "post" | "delete"),
        _ => false,
    }
}

fn has(machine: &Machine<'_>, instance: ObjectId, names: &[&str]) -> bool {
    let bases = machine.outside_bases(instance);
    bases.iter().any(|base| names.contains(&last_name(base)))
}

fn own(
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    arguments: impl IntoIterator<Item = Value>,
    span: Span,
) -> Result<Value, Stop> {
    let arguments = Arguments::positional(arguments);
    machine.call_member(this, Ustr::from(name), &arguments, span)
}

/// An attribute of the view, if it has one.
fn attribute(machine: &mut Machine<'_>, this: &Value, name: &str, span: Span) -> Option<Value> {
    let id = this.only_object()?;
    let key = Ustr::from(name);
    if let Some(value) = machine.heap.property(id, key).cloned() {
        return Some(value);
    }
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return None;
    };
    machine.class_attribute(class, key)?;
    machine.member(this, key, span).ok()
}

/// What a method of a generic view does.
pub(crate) fn method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let this = Value::object(instance);
    let span = call.span;
    Ok(Some(match name {
        "get" | "put" | "patch" | "post" | "delete" => {
            let bases = machine.outside_bases(instance);
            if !bases.iter().any(|base| answers(last_name(base), name)) {
                return Ok(None);
            }
            return answer(host, machine, instance, name, call);
        }
        "get_queryset" => match attribute(machine, &this, "queryset", span)
            .or_else(|| attribute(machine, &this, "model", span))
        {
            Some(records) => orm_query::queryset_of(host, machine, &records, span)?,
            None => return Ok(None),
        },
        "get_object" => get_object(host, machine, &this, call)?,
        "get_context_data" => {
            let id = machine.heap.allocate(ObjectKind::Plain, span);
            let properties = call.arguments.keywords.clone();
            machine.heap.get_mut(id).properties = properties;
            for part in ["object", "object_list"] {
                if let Some(value) = attribute(machine, &this, part, span) {
                    let properties = &mut machine.heap.get_mut(id).properties;
                    properties.insert(Ustr::from(part), value);
                }
            }
            Value::object(id)
        }
        "render_to_response" => {
            let id = host.make_object(machine, response::RESPONSE, span);
            response::answer(host, machine, Some(200), &call.arguments.get(0), span);
            Value::object(id)
        }
        "get_success_url" | "get_redirect_url" => {
            let url = attribute(machine, &this, "success_url", span)
                .or_else(|| attribute(machine, &this, "url", span));
            url.unwrap_or_else(|| Value::string("/"))
        }
        "get_initial" | "get_template_names" | "get_ordering" => {
            Value::unknown(firedoor_eval::Shape::Object)
        }
        "get_form_class" | "get_form" | "get_form_kwargs" | "form_valid" | "form_invalid" => {
            return form_method(host, machine, instance, name, call);
        }
        "options" | "test_func" | "has_permission" | "get_login_url" => return Ok(None),
        _ => return Ok(None),
    }))
}

fn form_options(machine: &mut Machine<'_>, this: &Value, span: Span) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let request = attribute(machine, this, "request", span).unwrap_or_else(Value::null);
    let data = machine.member(&request, Ustr::from("POST"), span);
    let record = attribute(machine, this, "object", span);
    let properties = &mut machine.heap.get_mut(id).properties;
    if let Ok(data) = data {
        properties.insert(Ustr::from("data"), data);
    }
    if let Some(record) = record {
        properties.insert(Ustr::from("instance"), record);
    }
    Value::object(id)
}

/// The methods of HTTP.
fn answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let this = Value::object(instance);
    let span = call.span;
    // It answers every method as it answers GET, which a class may do in its own way.
    if has(machine, instance, &["RedirectView"]) && name != "get" {
        return machine
            .call_member(&this, Ustr::from("get"), call.arguments, span)
            .map(Some);
    }
    if has(machine, instance, &["RedirectView"]) {
        let url = own(machine, &this, "get_redirect_url", [], span)?;
        return Ok(Some(response::send_to(host, machine, &url, span)));
    }
    let is_one = has(
        machine,
        instance,
        &["DetailView", "UpdateView", "DeleteView", "DateDetailView"],
    );
    if is_one {
        let record = own(machine, &this, "get_object", [], span)?;
        machine
            .heap
            .set_property(instance, Ustr::from("object"), record);
    }
    if has(machine, instance, &["ListView", "ArchiveIndexView"]) {
        let records = own(machine, &this, "get_queryset", [], span)?;
        let records = orm_query::read_all(host, machine, &records, span);
        machine
            .heap
            .set_property(instance, Ustr::from("object_list"), records);
    }
    if has(machine, instance, &["DeleteView"]) && name != "get" {
        return own(machine, &this, "form_valid", [Value::null()], span).map(Some);
    }
    let is_form = has(
        machine,
        instance,
        &[
            "FormView",
            "CreateView",
            "UpdateView",
            "LoginView",
            "PasswordChangeView",
            "PasswordResetView",
            "PasswordResetConfirmView",
        ],
    );
    if is_form && name != "get" {
        let form = own(machine, &this, "get_form", [], span)?;
        let valid = own(machine, &form, "is_valid", [], span)?;
        return machine
            .choose(
                &valid,
                span,
                |machine| own(machine, &this, "form_valid", [form.clone()], span),
                |machine| own(machine, &this, "form_invalid", [form.clone()], span),
            )
            .map(Some);
    }
    let context = own(machine, &this, "get_context_data", [], span)?;
    own(machine, &this, "render_to_response", [context], span).map(Some)
}

/// `get_object()`: by the primary key or the slug of the path.
fn get_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    call: &Call<'_>,
) -> Result<Value, Stop> {
    let span = call.span;
    let records = match call.arguments.positional.first() {
        Some(records) if !records.is_nothing() => records.clone(),
        _ => own(machine, this, "get_queryset", [], span)?,
    };
    let text = |machine: &mut Machine<'_>, name: &str| {
        attribute(machine, this, name, span).and_then(|value| value.text())
    };
    let pk = text(machine, "pk_url_kwarg").unwrap_or_else(|| Ustr::from("pk"));
    let slug = text(machine, "slug_url_kwarg").unwrap_or_else(|| Ustr::from("slug"));
    let slug_field = text(machine, "slug_field").unwrap_or_else(|| Ustr::from("slug"));
    let kwargs = attribute(machine, this, "kwargs", span).and_then(|value| value.only_object());
    let mut keywords = firedoor_eval::Properties::default();
    for (name, field) in [(pk, Ustr::from("pk")), (slug, slug_field)] {
        let known = kwargs.and_then(|id| machine.heap.property(id, name).cloned());
        if let Some(known) = known {
            keywords.insert(field, known);
        }
    }
    let arguments = Arguments {
        keywords,
        ..Arguments::default()
    };
    orm_query::one_or_404(host, machine, &records, &arguments, span)
}

/// How views make forms, and what they do with those that are valid.
fn form_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let this = Value::object(instance);
    let span = call.span;
    Ok(Some(match name {
        "get_form_class" => match attribute(machine, &this, "form_class", span) {
            Some(class) => class,
            None => super::forms::automatic(host, machine, &this, span),
        },
        "get_form" => {
            let class = match call.arguments.positional.first() {
                Some(class) => class.clone(),
                None => own(machine, &this, "get_form_class", [], span)?,
            };
            let kwargs = own(machine, &this, "get_form_kwargs", [], span)?;
            let keywords = kwargs
                .only_object()
                .map(|id| machine.heap.get(id).properties.clone());
            let arguments = Arguments {
                keywords: keywords.unwrap_or_default(),
                ..Arguments::default()
            };
            machine.call_value(&class, None, &arguments, span)?
        }
        "get_form_kwargs" => form_options(machine, &this, span),
        "form_valid" => {
            let form = call.arguments.get(0);
            if has(machine, instance, &["DeleteView"]) {
                let record = attribute(machine, &this, "object", span);
                if let Some(record) = record {
                    own(machine, &record, "delete", [], span)?;
                }
            } else if has(machine, instance, &["CreateView", "UpdateView"]) {
                let record = own(machine, &form, "save", [], span)?;
                machine
                    .heap
                    .set_property(instance, Ustr::from("object"), record);
            }
            let url = own(machine, &this, "get_success_url", [], span)?;
            response::send_to(host, machine, &url, span)
        }
        "form_invalid" => {
            response::answer(host, machine, Some(200), &Value::null(), span);
            Value::object(host.make_object(machine, response::RESPONSE, span))
        }
        _ => return Ok(None),
    }))
}

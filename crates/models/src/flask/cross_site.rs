//! Requests from other sites: Flask-WTF, Flask-CORS, Flask-Talisman.
//!
//! Sources: flask-wtf 1.2, `csrf.py` (POST, PUT, PATCH and DELETE are checked before the view unless it is
//! exempt), `form.py` (a form checks for itself); flask-cors 6.0, `core.py` (all origins by default);
//! flask-talisman 1.1, `talisman.py`.

use firedoor_app::{Flag, Origin, Refusal, RequestPart, SettingKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::answer::refuse_with;
use super::register::add_hook;
use super::{config, limiter};
use crate::django::middleware::is_loose_pattern;
use crate::fastapi::application::add_setting;
use crate::python_support::{argument, given, keep, last_name, object_with_arguments};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "flask_cross_site",
    calls: &[
        ("py:flask_wtf.csrf.CSRFProtect", make_protection),
        ("py:flask_wtf.csrf.CSRFProtect().init_app", set_up),
        ("py:flask_wtf.csrf.CSRFProtect().exempt", exempt),
        ("py:flask_wtf.csrf.CSRFProtect().protect", check),
        ("py:flask_wtf.csrf.generate_csrf", make_token),
        ("py:flask_wtf.csrf.validate_csrf", validate),
        ("flask_wtf:protect", check),
        ("py:flask_wtf.FlaskForm().validate_on_submit", form_is_valid),
        ("py:flask_wtf.FlaskForm().validate", form_is_valid),
        ("py:flask_wtf.FlaskForm().populate_obj", populate),
        ("py:flask_wtf.FlaskForm().*", crate::python_support::nothing),
        ("py:flask_cors.CORS", cors),
        ("py:flask_cors.CORS().init_app", cors),
        ("py:flask_cors.cross_origin", cross_origin),
        ("py:flask_talisman.Talisman", headers),
        ("py:flask_talisman.Talisman().init_app", headers),
        (
            "py:flask_talisman.Talisman()",
            super::register::pass_decorator,
        ),
    ],
    members: &[
        ("py:flask_wtf.FlaskForm().data", whole_form),
        ("py:flask_wtf.FlaskForm().errors", whole_form),
        ("flask_wtf:field.*", field_member),
    ],
    attributes: &[("py:flask_wtf.FlaskForm", form_field)],
    aliases: &[
        ("py:flask_wtf.CSRFProtect", "py:flask_wtf.csrf.CSRFProtect"),
        ("py:flask_wtf.CsrfProtect", "py:flask_wtf.csrf.CSRFProtect"),
        (
            "py:flask_wtf.csrf.CsrfProtect",
            "py:flask_wtf.csrf.CSRFProtect",
        ),
        ("py:flask_wtf.form.FlaskForm", "py:flask_wtf.FlaskForm"),
        ("py:flask_wtf.Form", "py:flask_wtf.FlaskForm"),
        ("py:flask_cors.extension.CORS", "py:flask_cors.CORS"),
        (
            "py:flask_cors.decorator.cross_origin",
            "py:flask_cors.cross_origin",
        ),
        (
            "py:flask_talisman.talisman.Talisman",
            "py:flask_talisman.Talisman",
        ),
    ],
    subclasses: &[
        (
            "py:flask_wtf.csrf.CSRFError",
            "py:werkzeug.exceptions.BadRequest",
        ),
        (
            "py:wtforms.validators.ValidationError",
            "py:builtins.ValueError",
        ),
        ("py:wtforms.ValidationError", "py:builtins.ValueError"),
    ],
    ..Model::EMPTY
};

fn make_protection(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    let app = argument(call, 0, "app").only_object();
    if let Some(app) = app.filter(|app| host.state().routers.contains_key(app)) {
        hook(host, machine, id, app, call.span);
    }
    Ok(Some(Value::object(id)))
}

fn set_up(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let (Some(id), Some(app)) = (call.receiver, argument(call, 0, "app").only_object()) {
        hook(host, machine, id, app, call.span);
    }
    Ok(Some(Value::null()))
}

fn hook(host: &ModelHost, machine: &mut Machine<'_>, owner: ObjectId, app: ObjectId, span: Span) {
    let id = host.make_object(machine, "flask_wtf:protect", span);
    let object = machine.heap.get_mut(id);
    object.name = Some(Ustr::from("CSRFProtect"));
    object.elements = vec![Value::object(owner)];
    add_hook(host, machine, app, "before", Value::object(id), span);
}

/// `@csrf.exempt`, `csrf.exempt(blueprint)`.
fn exempt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0);
    if let (Some(owner), Some(id)) = (call.receiver, target.only_object()) {
        let key = match host.state().routers.contains_key(&id) {
            true => format!("$exempt:{}", id.0),
            false => limiter::exempt_name(machine, &target, call.span),
        };
        machine
            .heap
            .set_property(owner, Ustr::from(&key), Value::bool(true));
    }
    Ok(Some(target))
}

fn is_change(host: &ModelHost) -> bool {
    matches!(
        host.state().run.method.as_str(),
        "POST" | "PUT" | "PATCH" | "DELETE"
    )
}

fn is_off(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> bool {
    let set = host
        .flask_app()
        .and_then(|app| config::setting(host, machine, app, name));
    set.is_some_and(|set| set.truth() == Some(false))
}

fn check(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let nothing = Ok(Some(Value::null()));
    if !host.is_request() || !is_change(host) || is_off(host, machine, "WTF_CSRF_ENABLED") {
        return nothing;
    }
    let is_hook = call.path == "flask_wtf:protect";
    if is_hook && is_off(host, machine, "WTF_CSRF_CHECK_DEFAULT") {
        return nothing;
    }
    let owner = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first()?.only_object());
    if is_hook && owner.is_some_and(|owner| limiter::is_exempt(host, machine, owner)) {
        return nothing;
    }
    let test = token_test(host, machine, call.span);
    let span = call.span;
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            refuse_with(host, machine, Refusal::Status(400), span);
            Err(Stop::Throw)
        },
    )?;
    nothing
}

/// The token in the session against the one that is sent.
fn token_test(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let kept = host.request_value_quietly(machine, RequestPart::Session, "csrf_token");
    let sent = host.request_value_quietly(machine, RequestPart::Header, "x-csrftoken");
    machine.tested(TestKind::Proof, None, &[&sent, &kept], span)
}

fn make_token(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(512),
    };
    Ok(Some(crate::python_support::value_from(
        host,
        machine,
        Shape::String,
        origin,
    )))
}

fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let test = token_test(host, machine, call.span);
    let error = Value::outside("py:wtforms.validators.ValidationError()");
    let span = call.span;
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| machine.throw(error, span),
    )?;
    Ok(Some(Value::null()))
}

/// A form that was sent, with its own token unless that is switched off.
fn form_is_valid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_sent = last_name(&call.path) == "validate_on_submit";
    if is_sent && host.is_request() && !is_change(host) {
        return Ok(Some(Value::bool(false)));
    }
    if is_off(host, machine, "WTF_CSRF_ENABLED") {
        let sent = host.request_value_quietly(machine, RequestPart::Body, "");
        return Ok(Some(machine.tested(
            TestKind::Kind,
            None,
            &[&sent],
            call.span,
        )));
    }
    Ok(Some(token_test(host, machine, call.span)))
}

fn populate(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = argument(call, 0, "obj");
    for id in target.objects().collect::<Vec<_>>() {
        machine.heap.open(id);
    }
    Ok(Some(Value::null()))
}

fn whole_form(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object?;
    Some(host.request_value(machine, RequestPart::Body, ""))
}

/// `form.email` is a field, whatever its class; its `data` is what was sent.
fn form_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = last_name(&host.state().member_name).to_owned();
    let id = class?;
    if !matches!(
        machine.heap.get(id).kind,
        firedoor_eval::ObjectKind::Instance { .. }
    ) {
        return None;
    }
    let ObjectKindOfField::Field = kind_of_attribute(machine, id, &name) else {
        return None;
    };
    let field = host.make_object(machine, "flask_wtf:field", span);
    machine
        .heap
        .set_property(field, Ustr::from("name"), Value::string(&name));
    Some(Value::object(field))
}

enum ObjectKindOfField {
    Field,
    Other,
}

/// An attribute made by a call of outside code is a field.
fn kind_of_attribute(machine: &Machine<'_>, instance: ObjectId, name: &str) -> ObjectKindOfField {
    let firedoor_eval::ObjectKind::Instance { class } = machine.heap.get(instance).kind else {
        return ObjectKindOfField::Other;
    };
    let found = machine.class_attribute(class, Ustr::from(name));
    let value = found.and_then(|(_, value)| super::request::kind(machine, &value));
    match value {
        Some(path) if path.starts_with("py:wtforms") || path.starts_with("py:flask_wtf") => {
            ObjectKindOfField::Field
        }
        _ => ObjectKindOfField::Other,
    }
}

fn field_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = machine.heap.property(object?, Ustr::from("name"))?.text()?;
    // The state must not stay borrowed while the request is asked for a value.
    let member = last_name(&host.state().member_name).to_owned();
    match member.as_str() {
        "data" | "raw_data" => {
            let value = host.request_value(machine, RequestPart::Body, &name);
            Some(value)
        }
        _ => None,
    }
}

/// `CORS(app, origins=..., supports_credentials=..., resources={...})`.
fn cors(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_constructor = last_name(&call.path) == "CORS";
    let has_app = call
        .arguments
        .positional
        .first()
        .or_else(|| call.arguments.keyword("app"))
        .is_some_and(|app| !app.is_nothing());
    if has_app && !host.is_request() {
        note_cors(host, machine, call.arguments, call.span);
    }
    match is_constructor {
        true => keep(host, machine, call),
        false => Ok(Some(Value::null())),
    }
}

fn cross_origin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !host.is_request() {
        note_cors(host, machine, call.arguments, call.span);
    }
    super::register::pass_decorator(host, machine, call)
}

fn note_cors(host: &ModelHost, machine: &mut Machine<'_>, arguments: &Arguments, span: Span) {
    let mut sets = vec![arguments.keywords.clone()];
    if let Some(resources) = arguments.keyword("resources").and_then(Value::only_object) {
        let each = machine.heap.get(resources).properties.values();
        let each: Vec<ObjectId> = each.filter_map(Value::only_object).collect();
        for id in each {
            let mut options = arguments.keywords.clone();
            for (name, value) in machine.heap.get(id).properties.clone() {
                options.insert(name, value);
            }
            sets.push(options);
        }
        sets.remove(0);
    }
    for options in sets {
        let option = |name: &str| options.get(&Ustr::from(name)).cloned();
        let credentials =
            crate::tools::flag(host, machine, option("supports_credentials").as_ref());
        let listed = option("origins");
        let mut origins = Vec::new();
        let mut is_any = listed.is_none();
        let mut is_loose = false;
        if let Some(listed) = &listed {
            let elements = match listed.text() {
                Some(_) => vec![listed.clone()],
                None => machine.elements_of(listed).0,
            };
            for element in elements {
                is_any |= element
                    .text()
                    .is_some_and(|text| matches!(text.as_str(), "*" | ".*"));
                is_loose |= fits_others(&element);
                origins.push(host.provenance(machine, &element));
            }
        }
        let kind = SettingKind::Cors {
            origins,
            reflects: match is_any && credentials == Flag::On {
                true => Flag::On,
                false => Flag::Off,
            },
            any: if is_any { Flag::On } else { Flag::Off },
            matches_loosely: is_loose.then_some(span),
            credentials,
        };
        add_setting(host, machine, kind, span);
    }
}

/// Holds if an allowed origin is an expression that fits sites of others as well. A text in which a sign of expressions
/// stands is taken for one.
fn fits_others(element: &Value) -> bool {
    let signs = ['*', '\\', '?', '$', '^', '[', ']', '(', ')'];
    let text = element.text_pattern();
    text.is_some_and(|text| text.contains(signs) && is_loose_pattern(&text))
}

fn headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let has_app = given(call, 0, "app").is_some_and(|app| !app.is_nothing());
    if has_app && !host.is_request() {
        add_setting(
            host,
            machine,
            SettingKind::SecurityHeaders(Flag::On),
            call.span,
        );
    }
    match last_name(&call.path) {
        "Talisman" => keep(host, machine, call),
        _ => Ok(Some(Value::null())),
    }
}

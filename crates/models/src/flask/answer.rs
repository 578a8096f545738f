//! Answers: what views and hooks return, and the objects that stand for it.
//!
//! `(body, status)`, `(body, headers)` and `(body, status, headers)` are answers, as are texts, dictionaries,
//! lists and responses. Source: flask 3.1, `app.py`, `make_response`; `helpers.py`; werkzeug 3.1, `utils.py`.

use firedoor_app::{EffectKind, Origin, Refusal};
use firedoor_eval::{
    Answer, Atom, Call, HOLE, Machine, ObjectId, ObjectKind, ReturnPath, Shape, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_files::contents;
use crate::python_support::{argument, given, last_name};
use crate::return_effects::{push, refuse};
use crate::{Model, ModelHost};

/// The path of responses.
pub(crate) const RESPONSE: &str = "flask:response";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_answers",
    calls: &[
        ("py:flask.jsonify", jsonify),
        ("py:flask.json.jsonify", jsonify),
        ("py:flask.make_response", make_response),
        ("py:flask.Response", make),
        ("py:flask.Response().__init__", begin),
        ("py:flask.redirect", redirect),
        ("py:flask.url_for", url_for),
        ("py:flask.Flask().redirect", redirect),
        ("py:flask.Flask().url_for", url_for),
        ("py:flask.render_template", page),
        ("py:flask.render_template_string", page),
        ("py:flask.stream_template", page),
        ("py:flask.send_file", send_file),
        ("py:flask.send_from_directory", send_file),
        ("py:flask.stream_with_context", super::register::given),
        (
            "py:flask.copy_current_request_context",
            super::register::given,
        ),
        ("py:flask.after_this_request", super::register::given),
        ("py:flask.flash", nothing),
        ("py:flask.get_flashed_messages", nothing),
        ("flask:response.set_cookie", super::cookies::set_cookie),
        (
            "flask:response.delete_cookie",
            super::cookies::delete_cookie,
        ),
        ("flask:response.set_data", nothing),
        ("flask:response.get_json", body),
        ("flask:response.get_data", body),
        ("flask:response.headers.*", nothing),
        ("py:flask.Response().set_cookie", super::cookies::set_cookie),
        (
            "py:flask.Response().delete_cookie",
            super::cookies::delete_cookie,
        ),
    ],
    members: &[
        ("flask:response.headers", headers),
        ("flask:response.data", data),
        ("flask:response.*", member),
    ],
    aliases: &[
        ("py:flask.wrappers.Response", "py:flask.Response"),
        ("py:werkzeug.wrappers.Response", "py:flask.Response"),
        ("py:werkzeug.Response", "py:flask.Response"),
        ("py:werkzeug.utils.redirect", "py:flask.redirect"),
        ("py:flask.helpers.url_for", "py:flask.url_for"),
        ("py:flask.helpers.make_response", "py:flask.make_response"),
        (
            "py:flask.helpers.send_from_directory",
            "py:flask.send_from_directory",
        ),
        (
            "py:flask.templating.render_template",
            "py:flask.render_template",
        ),
        ("py:quart.jsonify", "py:flask.jsonify"),
        ("py:quart.make_response", "py:flask.make_response"),
        ("py:quart.Response", "py:flask.Response"),
        ("py:quart.redirect", "py:flask.redirect"),
        ("py:quart.url_for", "py:flask.url_for"),
        ("py:quart.render_template", "py:flask.render_template"),
        ("py:quart.send_file", "py:flask.send_file"),
        (
            "py:quart.send_from_directory",
            "py:flask.send_from_directory",
        ),
    ],
    ..Model::EMPTY
};

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::null()))
}

/// Makes a response with a body and a status.
pub(crate) fn response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    body: Value,
    status: Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, RESPONSE, span);
    // Noted as written, so that what a path that returns makes of it later is what it answers.
    machine.heap.set_property(id, Ustr::from("$body"), body);
    machine
        .heap
        .set_property(id, Ustr::from("status_code"), status);
    Value::object(id)
}

/// `jsonify(*values, **fields)`.
fn jsonify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = match call.arguments.positional.as_slice() {
        [] if !call.arguments.keywords.is_empty() => {
            let table = machine.heap.allocate(ObjectKind::Plain, call.span);
            machine.heap.get_mut(table).properties = call.arguments.keywords.clone();
            Value::object(table)
        }
        [] => call.arguments.rest.clone().unwrap_or_else(Value::null),
        [only] => only.clone(),
        more => machine.make_list(more.to_vec(), false, call.span),
    };
    let status = Value::number(200.0);
    Ok(Some(response(host, machine, body, status, call.span)))
}

/// `make_response(*what a view may return)`.
pub(crate) fn make_response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let value = match call.arguments.positional.as_slice() {
        [] => Value::string(""),
        [only] => only.clone(),
        several => machine.make_tuple(several.to_vec(), call.span),
    };
    Ok(Some(response_of(host, machine, &value, call.span)))
}

/// Returns what a view has returned as a response; one that is one already stays itself.
pub(crate) fn response_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> Value {
    if let Some(id) = value.only_object()
        && is_response(machine, id)
    {
        return value.clone();
    }
    let parts = parts(machine, value);
    let made = response(host, machine, parts.body, parts.status, span);
    if let (Some(id), Some(location)) = (made.only_object(), parts.location) {
        machine
            .heap
            .set_property(id, Ustr::from("$location"), location);
    }
    made
}

/// `Response(response=None, status=None, headers=None, mimetype=None, ...)`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.path.contains("()") {
        return Ok(None);
    }
    let body = argument(call, 0, "response");
    let status = given(call, 1, "status").unwrap_or_else(|| Value::number(200.0));
    let status = status_number(&status);
    Ok(Some(response(host, machine, body, status, call.span)))
}

/// `super().__init__(response=…, status=…)` in a class of the program's own answers.
fn begin(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = argument(call, 0, "response");
    let status = given(call, 1, "status").and_then(|given| given.filter(|atom| !atom.is_nothing()));
    if let Some(id) = call.this.only_object() {
        machine.heap.set_property(id, Ustr::from("$body"), body);
        if let Some(status) = status {
            let status = status_number(&status);
            machine
                .heap
                .set_property(id, Ustr::from("status_code"), status);
        }
    }
    Ok(Some(Value::null()))
}

/// `"404 NOT FOUND"` is 404, and so is `HTTPStatus.NOT_FOUND`.
fn status_number(status: &Value) -> Value {
    let Some(text) = status.text() else {
        return status.clone();
    };
    let number = text.split_whitespace().next().unwrap_or("").parse::<u16>();
    number.map_or_else(
        |_| status.clone(),
        |number| Value::number(f64::from(number)),
    )
}

/// `redirect(location, code=302)`.
fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let location = argument(call, 0, "location");
    let status = given(call, 1, "code").unwrap_or_else(|| Value::number(302.0));
    Ok(Some(redirection(
        host, machine, location, status, call.span,
    )))
}

pub(crate) fn redirection(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    location: Value,
    status: Value,
    span: Span,
) -> Value {
    let made = response(host, machine, Value::null(), status, span);
    if let Some(id) = made.only_object() {
        machine
            .heap
            .set_property(id, Ustr::from("$location"), location);
    }
    made
}

/// `url_for(endpoint, **values)`: the path of an endpoint of the program.
fn url_for(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = argument(call, 0, "endpoint").text() else {
        return Ok(Some(Value::pattern(&format!("/{HOLE}"))));
    };
    let relative = name.strip_prefix('.').map(|rest| {
        let blueprint = host.flask_plan().and_then(|plan| plan.blueprint);
        blueprint.map_or_else(
            || rest.to_owned(),
            |blueprint| format!("{blueprint}.{rest}"),
        )
    });
    let name = relative.map_or(name, |name| Ustr::from(&name));
    let known = host.state().flask.endpoints.get(&name).copied();
    let is_whole = call
        .arguments
        .keyword("_external")
        .is_some_and(|whole| whole.truth() != Some(false));
    let mut text = match known {
        Some(path) => holes(&path),
        None => format!("/{name}{HOLE}"),
    };
    if call
        .arguments
        .keywords
        .keys()
        .any(|name| !name.starts_with('_'))
        && !text.contains(HOLE)
    {
        text.push(HOLE);
    }
    if is_whole {
        text = format!("{HOLE}{text}");
    }
    let mut value = Value::pattern(&text);
    if is_whole {
        let origin = Origin::Request(firedoor_app::RequestPart::Line, Ustr::from("host"));
        value = host.with_origin(machine, value, origin);
    }
    Ok(Some(value))
}

/// The parameters of a template are unknown parts.
fn holes(path: &str) -> String {
    let mut text = String::new();
    let mut is_within = false;
    for c in path.chars() {
        match c {
            '{' => {
                is_within = true;
                text.push(HOLE);
            }
            '}' => is_within = false,
            c if !is_within => text.push(c),
            _ => {}
        }
    }
    text
}

/// What a template makes of its values is for people; what it shows of them is not known.
fn page(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::String)))
}

/// `send_file(path_or_file)` and `send_from_directory(directory, path)` tell what the file holds.
pub(crate) fn send_file(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = Value::number(200.0);
    let file = match last_name(&call.path) {
        "send_file" => call.arguments.find(0, "path_or_file").cloned(),
        "send_from_directory" => call.arguments.find(1, "path").cloned(),
        _ => None,
    };
    let body = file.and_then(|file| contents(host, machine, &file));
    let body = body.unwrap_or_else(Value::null);
    Ok(Some(response(host, machine, body, status, call.span)))
}

fn is_response(machine: &Machine<'_>, id: ObjectId) -> bool {
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path == RESPONSE,
        ObjectKind::Instance { .. } => machine
            .outside_bases(id)
            .iter()
            .any(|base| base == "py:flask.Response"),
        _ => false,
    }
}

/// An answer taken apart.
pub(crate) struct Parts {
    pub(crate) body: Value,
    pub(crate) status: Value,
    pub(crate) location: Option<Value>,
}

/// Takes an answer apart.
pub(crate) fn parts(machine: &Machine<'_>, value: &Value) -> Parts {
    let plain = Parts {
        body: value.clone(),
        status: Value::number(200.0),
        location: None,
    };
    let Some(id) = value.only_object() else {
        return Parts {
            status: match value.is_unknown() {
                true => Value::unknown(Shape::Number),
                false => plain.status,
            },
            ..plain
        };
    };
    let object = machine.heap.get(id);
    if is_response(machine, id) {
        let property = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
        return Parts {
            body: property("$body").unwrap_or_else(Value::null),
            status: property("status")
                .map(|status| status_number(&status))
                .or_else(|| property("status_code"))
                .unwrap_or_else(|| Value::number(200.0)),
            location: property("$location"),
        };
    }
    match (&object.kind, object.elements.as_slice()) {
        (ObjectKind::Tuple, [body, rest @ ..]) => {
            let inner = parts(machine, body);
            let status = rest.first().map(status_number);
            let is_status =
                |status: &Value| status.as_number().is_some() || status.only_object().is_none();
            Parts {
                status: status.filter(is_status).unwrap_or(inner.status),
                ..inner
            }
        }
        (ObjectKind::Host(_), _) if object.is_open => Parts {
            status: Value::unknown(Shape::Number),
            ..plain
        },
        _ => plain,
    }
}

fn status_of(status: &Value) -> Option<u16> {
    let number = status.as_number()?;
    (100.0..1000.0).contains(&number).then_some(number as u16)
}

/// Notes what one way of returning answers; a status of 400 or more and a redirect refuse.
pub(super) fn note(host: &ModelHost, machine: &mut Machine<'_>, path: &ReturnPath) {
    if !host.is_request() {
        return;
    }
    for atom in path.value.atoms().to_vec() {
        let one = Value::atom(atom).with_origins(path.value.origins);
        let parts = parts(machine, &one);
        let statuses = parts.status.atoms().len();
        if statuses < 2 || parts.location.is_some() {
            note_parts(host, machine, path, &parts);
            continue;
        }
        // One of several statuses: which, hangs on what decided between them.
        let status = parts.status.clone();
        for atom in status.atoms().to_vec() {
            let mut number = Value::atom(atom).with_origins(status.origins);
            number.control = status.control;
            let is_refusal = status_of(&number).is_some_and(|status| status >= 400);
            let test = machine.tested(TestKind::Truth, None, &[&status], path.span);
            let base = std::mem::replace(&mut machine.decided, path.decided.clone());
            let note_one = |machine: &mut Machine<'_>| {
                let parts = Parts {
                    body: parts.body.clone(),
                    status: number.clone(),
                    location: None,
                };
                let path = ReturnPath {
                    decided: machine.decided.clone(),
                    ..path.clone()
                };
                note_parts(host, machine, &path, &parts);
                Ok(())
            };
            let (yes, no) = (is_refusal, !is_refusal);
            let _ = machine.when(
                &test,
                path.span,
                |machine| if yes { note_one(machine) } else { Ok(()) },
                |machine| if no { note_one(machine) } else { Ok(()) },
            );
            machine.decided = base;
        }
    }
}

fn note_parts(host: &ModelHost, machine: &mut Machine<'_>, path: &ReturnPath, parts: &Parts) {
    let status = status_of(&parts.status);
    if let Some(location) = &parts.location {
        let text = location.text_pattern().map(|text| text.to_string());
        refuse(host, path, Refusal::Redirect(text));
        let target = match own_page(location) {
            Some(page) => firedoor_app::Provenance::new([Origin::Literal(page)]),
            None => {
                crate::answer_headers::with_fragment(location, host.provenance(machine, location))
            }
        };
        push(host, path, EffectKind::Redirect(target));
        return;
    }
    if let Some(code) = status.filter(|status| *status >= 400) {
        let mut path = path.clone();
        let status = &parts.status;
        if !status.control.is_empty() || !status.origins.is_empty() {
            let decision = machine.failure(path.span, status.origins, status.control);
            path.decided.push(firedoor_eval::Decided {
                decision,
                side: true,
            });
        }
        refuse(host, &path, Refusal::Status(code));
    }
    let body = host.body_fields(machine, &parts.body);
    let answer = EffectKind::Respond {
        status,
        body,
        is_error: false,
    };
    push(host, path, answer);
}

/// Returns the known beginning of a path of the own site; `//` would name another one.
fn own_page(location: &Value) -> Option<Ustr> {
    let text = location.text_pattern()?;
    let known = text.as_str().split(HOLE).next().unwrap_or("");
    let mut characters = known.chars();
    let is_own = characters.next() == Some('/')
        && match characters.next() {
            Some(next) => next != '/' && next != '\\',
            None => known.len() == text.len(),
        };
    is_own.then(|| Ustr::from(known))
}

/// A guard of a library answers the request itself: with this status, or by sending the client elsewhere.
pub(crate) fn refuse_with(host: &ModelHost, machine: &Machine<'_>, refusal: Refusal, span: Span) {
    let kind = match &refusal {
        Refusal::Redirect(target) => {
            let text = target.clone().unwrap_or_default();
            let origin = Origin::Literal(Ustr::from(&text));
            EffectKind::Redirect(firedoor_app::Provenance::new([origin]))
        }
        refusal => EffectKind::Respond {
            status: refusal.status(),
            body: Vec::new(),
            is_error: true,
        },
    };
    host.refuse(machine, refusal, span);
    host.effect(machine, kind, span);
}

/// A guard of a library answers with what a function of the program gives.
pub(crate) fn refuse_by(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    arguments: &firedoor_eval::Arguments,
    fallback: u16,
    span: Span,
) -> Result<(), firedoor_eval::Stop> {
    let paths = machine.call_paths(function, arguments, span)?;
    for path in &paths {
        let before = host.state().run.refusals.len();
        note(host, machine, path);
        if host.state().run.refusals.len() == before && host.is_request() {
            // Whatever the page says, the view does not run.
            refuse(host, path, Refusal::Status(fallback));
        }
    }
    Ok(())
}

fn body(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(crate::tools::kept(machine, call.receiver, "$body")))
}

fn data(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    machine.heap.property(object?, Ustr::from("$body")).cloned()
}

fn headers(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let id = host.make_object(machine, "flask:response.headers", span);
    Some(Value::object(id))
}

/// What else a response has nobody asks for.
fn member(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(&host.state().member_name).to_owned();
    let is_method = matches!(
        name.as_str(),
        "set_cookie" | "delete_cookie" | "set_data" | "get_json" | "get_data"
    );
    (!is_method).then(|| Value::unknown(Shape::Any))
}

/// Holds if a value is nothing but nothing.
pub(crate) fn is_nothing(value: &Value) -> bool {
    value.atoms().iter().all(Atom::is_nothing)
}

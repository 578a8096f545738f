//! The context locals: `request`, `session`, `g` and `current_app`.
//!
//! They are proxies, so they are one object each, whichever module imports them; what a request writes on
//! them is taken back when it ends. What they have in common with Starlette's is in `starlette.rs`. Source:
//! flask 3.1, `globals.py`, `ctx.py`; werkzeug 3.1, `sansio/request.py`, `wrappers/request.py`.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::python_support::{argument, last_name, value_from};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "flask_request",
    calls: &[
        ("flask:request.get_json", body),
        ("flask:request.get_data", raw_body),
        ("flask:request.is_xhr", test),
        ("flask:environ.get", get_environment),
        ("flask:g.get", get_global),
        ("flask:g.pop", get_global),
        ("flask:g.setdefault", get_global),
        ("py:flask.has_request_context", is_within),
        ("py:flask.has_app_context", is_within),
        ("fastapi:query.to_dict", whole_query),
        ("fastapi:query.items", whole_query),
        ("fastapi:query.values", whole_query),
        ("flask:current_app._get_current_object", current_object),
    ],
    members: &[
        ("py:flask.request", singleton),
        ("py:flask.session", singleton),
        ("py:flask.g", singleton),
        ("py:flask.current_app", singleton),
        ("py:quart.websocket", singleton),
        ("flask:request.*", request_member),
        ("flask:authorization.*", authorization_member),
        ("flask:g.*", global_member),
        ("flask:current_app.*", app_member),
        ("fastapi:session.permanent", truth),
        ("fastapi:session.modified", truth),
        ("fastapi:session.new", truth),
        ("fastapi:session.accessed", truth),
    ],
    sets: &[
        ("fastapi:session.permanent", ignore),
        ("fastapi:session.modified", ignore),
    ],
    indexes: &[("flask:environ", index_environment)],
    operators: &[("flask:g", contains)],
    aliases: &[
        ("py:flask.globals.request", "py:flask.request"),
        ("py:flask.globals.session", "py:flask.session"),
        ("py:flask.globals.g", "py:flask.g"),
        ("py:flask.globals.current_app", "py:flask.current_app"),
        ("py:quart.request", "py:flask.request"),
        ("py:quart.session", "py:flask.session"),
        ("py:quart.g", "py:flask.g"),
        ("py:quart.current_app", "py:flask.current_app"),
    ],
    ..Model::EMPTY
};

/// Returns the object that a context local is, by its name.
pub(crate) fn local(host: &ModelHost, machine: &mut Machine<'_>, name: &'static str) -> Value {
    if let Some(known) = host.state().flask.singletons.get(name) {
        return Value::object(*known);
    }
    let path = match name {
        "session" => "fastapi:session".to_owned(),
        name => format!("flask:{name}"),
    };
    let span = machine.place();
    let id = host.make_object(machine, &path, span);
    host.state().flask.singletons.insert(name, id);
    Value::object(id)
}

fn singleton(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let name = match last_name(&path) {
        "request" | "websocket" => "request",
        "session" => "session",
        "g" => "g",
        _ => "current_app",
    };
    Some(local(host, machine, name))
}

fn body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Body, "")))
}

fn raw_body(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Body, "");
    Ok(Some(value.shaped(Shape::String)))
}

fn test(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn whole_query(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Query, "")))
}

/// A part of the request.
fn request_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let name = last_name(&host.state().member_name).to_owned();
    let mapping = |machine: &mut Machine<'_>, path: &str| {
        Some(Value::object(host.make_object(machine, path, span)))
    };
    match name.as_str() {
        "headers" => mapping(machine, "fastapi:headers"),
        "cookies" => mapping(machine, "fastapi:cookies"),
        "args" => mapping(machine, "fastapi:query"),
        "environ" => mapping(machine, "flask:environ"),
        "form" | "json" | "data" | "stream" | "values" => {
            Some(host.request_value(machine, RequestPart::Body, ""))
        }
        "files" => Some(host.request_value(machine, RequestPart::File, "")),
        "authorization" => Some(authorization(host, machine, span)),
        "remote_addr" | "access_route" => {
            Some(host.request_value(machine, RequestPart::Address, ""))
        }
        "method" => Some(method(host, machine)),
        "path" | "script_root" | "full_path" => Some(crate::express::request_path(host, machine)),
        "endpoint" | "blueprint" | "blueprints" | "view_args" | "url_rule" => {
            Some(matched(host, machine, &name, span))
        }
        "referrer" => Some(named_part(host, machine, RequestPart::Header, "referer")),
        "user_agent" => Some(named_part(host, machine, RequestPart::Header, "user-agent")),
        "origin" => Some(named_part(host, machine, RequestPart::Header, "origin")),
        "is_json" | "is_secure" => Some(Value::unknown(Shape::Bool)),
        "get_json" | "get_data" => None,
        "sid" => Some(crate::own_connection::number(host, machine)),
        "namespace" => Some(namespace(host)),
        "event" => None,
        _ => Some(host.request_value(machine, RequestPart::Line, &name)),
    }
}

/// The namespace of Flask-SocketIO that a message is sent to: the path of its entry point.
fn namespace(host: &ModelHost) -> Value {
    let path = host.state().run.path;
    Value::string(path.split('#').next().unwrap_or(&path))
}

fn method(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let method = host.state().run.method;
    match method.as_str() {
        "ANY" => host.request_value(machine, RequestPart::Line, "method"),
        "WS" => Value::string("GET"),
        method => Value::string(method),
    }
}

/// What the rule says that was found for the request.
fn matched(host: &ModelHost, machine: &mut Machine<'_>, name: &str, span: Span) -> Value {
    let Some(plan) = host.flask_plan() else {
        return Value::unknown(Shape::Any);
    };
    match name {
        "endpoint" => Value::string(&plan.endpoint),
        "blueprint" => plan
            .blueprint
            .map_or_else(Value::null, |name| Value::string(&name)),
        "blueprints" => {
            let mut names = Vec::new();
            let mut rest = plan.blueprint.map(|name| name.to_string());
            while let Some(name) = rest {
                names.push(Value::string(&name));
                rest = name.rsplit_once('.').map(|(outer, _)| outer.to_owned());
            }
            machine.make_list(names, false, span)
        }
        "view_args" => {
            let arguments = host.state().flask.view_arguments;
            arguments.map_or_else(Value::null, Value::object)
        }
        _ => {
            let id = host.make_object(machine, "flask:rule", span);
            let path = host.state().run.path;
            let object = machine.heap.get_mut(id);
            object.is_open = true;
            object
                .properties
                .insert(Ustr::from("endpoint"), Value::string(&plan.endpoint));
            object
                .properties
                .insert(Ustr::from("rule"), Value::string(&path));
            Value::object(id)
        }
    }
}

/// `request.authorization` is there if the header is, and has been parsed.
fn authorization(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let header = named_part(host, machine, RequestPart::Header, "authorization");
    let id = host.make_object(machine, "flask:authorization", span);
    Value::atoms_of([Atom::Null, Atom::Object(id)]).with_origins(header.origins)
}

fn authorization_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(&host.state().member_name).to_owned();
    if matches!(name.as_str(), "get" | "parameters") {
        return None;
    }
    let header = named_part(host, machine, RequestPart::Header, "authorization");
    Some(header.shaped(Shape::String))
}

fn environment_value(host: &ModelHost, machine: &mut Machine<'_>, key: &Value) -> Value {
    let name = key.text().map_or_else(String::new, |name| name.to_string());
    match (name.strip_prefix("HTTP_"), name.as_str()) {
        (Some(header), _) => {
            let header = header.to_ascii_lowercase().replace('_', "-");
            named_part(host, machine, RequestPart::Header, &header)
        }
        (_, "QUERY_STRING") => host.request_value(machine, RequestPart::Query, ""),
        (_, "REMOTE_ADDR") => host.request_value(machine, RequestPart::Address, ""),
        (_, "REQUEST_METHOD") => method(host, machine),
        (_, name) => host.request_value(machine, RequestPart::Line, name),
    }
}

fn get_environment(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    Ok(Some(environment_value(host, machine, &key)))
}

fn index_environment(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let value = environment_value(host, machine, key);
    value.filter(|atom| !atom.is_nothing())
}

/// Something on `g` that nobody in the program has set for this request.
fn missing(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let value = match host.persona() {
        Persona::User => Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::Any)]),
        _ => Value::undefined(),
    };
    let origin = Origin::Request(RequestPart::Context, Ustr::from(name));
    host.with_origin(machine, value, origin)
}

fn global_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object?;
    let name = last_name(&host.state().member_name).to_owned();
    if matches!(name.as_str(), "get" | "pop" | "setdefault") {
        return None;
    }
    Some(missing(host, machine, &name))
}

/// `g.get(name, default)`.
fn get_global(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(id), Some(name)) = (call.receiver, argument(call, 0, "name").text()) else {
        return Ok(None);
    };
    let own = machine.heap.property(id, name).cloned();
    let default = argument(call, 1, "default");
    let value = own.unwrap_or_else(|| missing(host, machine, &name));
    let Some(present) = value.filter(|atom| !matches!(atom, Atom::Undefined)) else {
        return Ok(Some(default.with_origins(value.origins)));
    };
    if present.atoms().len() == value.atoms().len() {
        return Ok(Some(present));
    }
    let origins = value.origins;
    Ok(Some(machine.join(present, &default).with_origins(origins)))
}

/// `name in g`.
fn contains(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    if !matches!(operator, BinaryOperator::In | BinaryOperator::NotIn) {
        return None;
    }
    let id = right.only_object()?;
    let name = left.text()?;
    let own = machine.heap.property(id, name).cloned();
    let is_set = own
        .as_ref()
        .is_some_and(|value| !value.atoms().contains(&Atom::Undefined));
    let value = own.unwrap_or_else(|| missing(host, machine, &name));
    let outcome = match (is_set, host.persona()) {
        (true, _) => Some(true),
        (false, Persona::Attacker) => Some(false),
        _ => None,
    };
    let is_negated = operator == BinaryOperator::NotIn;
    let test = machine.tested(TestKind::Membership, outcome, &[&value], span);
    if !is_negated {
        return Some(test);
    }
    let mut negated = match outcome {
        Some(outcome) => Value::bool(!outcome),
        None => Value::unknown(Shape::Bool),
    };
    negated.origins = test.origins;
    negated.control = test.control;
    negated.test = test.test.map(|(number, side)| (number, !side));
    Some(negated)
}

/// `current_app` is the application that the request is for.
fn app_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let name = last_name(&host.state().member_name).to_owned();
    let app = host.flask_app()?;
    let (read, _) =
        machine.catching(|machine| machine.member(&Value::object(app), Ustr::from(&name), span));
    read.ok()
}

fn current_object(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = host.flask_app();
    Ok(Some(app.map_or_else(|| call.this.clone(), Value::object)))
}

fn truth(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Bool))
}

fn ignore(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: ObjectId,
    _value: &Value,
    _span: Span,
) -> bool {
    true
}

fn is_within(host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::bool(host.is_request())))
}

/// Returns a value that says who is asking.
pub(crate) fn principal(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: Shape,
    field: &str,
) -> Value {
    value_from(host, machine, shape, Origin::Principal(Ustr::from(field)))
}

/// Returns the kind of a host object.
pub(crate) fn kind(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

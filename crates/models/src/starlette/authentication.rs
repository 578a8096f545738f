//! What `starlette.authentication` has: credentials, users, and `@requires`.
//!
//! Who is logged in is decided by a backend of the program; this is what it hands out, and the guard that asks.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Call, Machine, TestKind, Value};
use ustr::Ustr;

use crate::starlette::connection::mapping_path;
use crate::{ModelHost, Persona};

/// `@requires(scopes, status_code=403, redirect=...)`.
pub(crate) fn requires(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi:requires", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = call.arguments.positional.clone();
    object.properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

pub(crate) fn wrap_required(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(decorator) = call.receiver else {
        return Ok(None);
    };
    let function = call.arguments.get(0);
    let options = machine.heap.get(decorator).clone();
    let id = host.make_object(machine, "fastapi:required", options.span);
    let name = crate::doors::symbol(machine, &function, call.span).name;
    let object = machine.heap.get_mut(id);
    object.name = Some(name);
    object.elements = vec![function.clone()];
    object.elements.extend(options.elements);
    object.properties = options.properties;
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Ok(Some(Value::object(id)))
}

/// An attacker has none of the scopes, unless the backend gives them to everybody.
pub(crate) fn run_required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(wrapper) = call.receiver else {
        return Ok(None);
    };
    let options = machine.heap.get(wrapper).clone();
    let Some(function) = options.elements.first().cloned() else {
        return Ok(None);
    };
    let request = call
        .arguments
        .all()
        .find(|value| {
            mapping_path(machine, value)
                .is_some_and(|path| path == "fastapi:request" || path == "fastapi:websocket")
        })
        .cloned();
    if let Some(request) = request {
        let auth = machine.member(&request, Ustr::from("auth"), call.span)?;
        let outcome = match host.persona() {
            Persona::Attacker => Some(false),
            _ => None,
        };
        let mut given = auth.clone();
        given.origins = machine.deep_origins(&auth);
        let context = host.origin(
            machine,
            Origin::Request(RequestPart::Context, Ustr::from("auth.scopes")),
        );
        given.origins = machine.origins.union(given.origins, context);
        let test = machine.tested(TestKind::Proof, outcome, &[&given], call.span);
        let status = options
            .properties
            .get(&Ustr::from("status_code"))
            .and_then(Value::as_number)
            .unwrap_or(403.0);
        let error = host.make_object(machine, "py:fastapi.HTTPException()", call.span);
        machine
            .heap
            .set_property(error, Ustr::from("status_code"), Value::number(status));
        machine.when(
            &test,
            call.span,
            |_| Ok(()),
            |machine| machine.throw(Value::object(error).with_origins(given.origins), call.span),
        )?;
    }
    let value = machine.call_value(&function, None, call.arguments, call.span)?;
    Ok(Some(value))
}

pub(crate) fn keep_made(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    machine
        .heap
        .set_property(id, Ustr::from("is_authenticated"), Value::bool(false));
    Ok(Some(Value::object(id)))
}

pub(crate) fn make_credentials(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(
        machine,
        "py:starlette.authentication.AuthCredentials()",
        call.span,
    );
    let scopes = call
        .arguments
        .find(0, "scopes")
        .cloned()
        .unwrap_or_else(Value::null);
    machine.heap.set_property(id, Ustr::from("scopes"), scopes);
    Ok(Some(Value::object(id)))
}

pub(crate) fn make_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(
        machine,
        "py:starlette.authentication.SimpleUser()",
        call.span,
    );
    let name = call.arguments.get(0);
    machine
        .heap
        .set_property(id, Ustr::from("is_authenticated"), Value::bool(true));
    for key in ["username", "display_name"] {
        machine.heap.set_property(id, Ustr::from(key), name.clone());
    }
    Ok(Some(Value::object(id)))
}

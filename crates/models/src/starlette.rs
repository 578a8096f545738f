//! Starlette's requests and responses, which are FastAPI's too.
//!
//! The table is here, and what it leads to in `starlette/`.
//! Sources: starlette 0.46, `requests.py`, `responses.py`, `datastructures.py`, `endpoints.py`.

pub(crate) mod authentication;
pub(crate) mod connection;
pub(crate) mod plain;
pub(crate) mod response;
pub(crate) mod session;

use firedoor_eval::{Answer, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::tools::run_behind_answer;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "starlette",
    calls: &[
        ("py:fastapi.Request", connection::request_of_scope),
        (
            "py:starlette.requests.HTTPConnection",
            connection::request_of_scope,
        ),
        ("py:starlette.datastructures.Headers", plain::make_headers),
        (
            "py:starlette.datastructures.MutableHeaders",
            plain::make_headers,
        ),
        ("py:http.cookies.SimpleCookie", plain::make_cookies),
        ("py:http.cookies.SimpleCookie().get", plain::get_cookie),
        ("fastapi:request.json", connection::body),
        ("fastapi:request.body", connection::raw_body),
        ("fastapi:request.form", connection::body),
        ("fastapi:request.stream", connection::raw_body),
        ("fastapi:request.is_disconnected", connection::test),
        ("fastapi:request.url_for", connection::unknown_text),
        ("fastapi:headers.get", connection::get_named),
        ("fastapi:headers.getlist", connection::get_named),
        ("fastapi:cookies.get", connection::get_named),
        ("fastapi:query.get", connection::get_named),
        ("fastapi:query.getlist", connection::get_named),
        ("fastapi:path_params.get", connection::get_named),
        ("fastapi:session.get", session::get_session),
        ("fastapi:session.pop", session::pop_session),
        ("fastapi:session.clear", session::clear_session),
        ("fastapi:session.update", session::update_session),
        ("fastapi:session.setdefault", session::get_session),
        ("fastapi:scope.get", connection::get_scope),
        ("fastapi:background.add_task", add_task),
        ("py:fastapi.BackgroundTasks", make_background),
        ("py:fastapi.BackgroundTasks().add_task", add_task),
        ("py:starlette.background.BackgroundTask", run_task),
        ("py:fastapi.Response", response::make_response),
        ("py:fastapi.responses.*", response::make_response),
        (
            "py:fastapi.responses.RedirectResponse",
            response::make_redirect,
        ),
        ("py:fastapi.Response().set_cookie", response::set_cookie),
        (
            "py:fastapi.Response().delete_cookie",
            response::delete_cookie,
        ),
        (
            "py:fastapi.responses.JSONResponse().set_cookie",
            response::set_cookie,
        ),
        (
            "py:fastapi.responses.JSONResponse().delete_cookie",
            response::delete_cookie,
        ),
        (
            "py:fastapi.responses.HTMLResponse().set_cookie",
            response::set_cookie,
        ),
        (
            "py:fastapi.responses.HTMLResponse().delete_cookie",
            response::delete_cookie,
        ),
        (
            "py:fastapi.responses.PlainTextResponse().set_cookie",
            response::set_cookie,
        ),
        (
            "py:fastapi.responses.PlainTextResponse().delete_cookie",
            response::delete_cookie,
        ),
        (
            "py:fastapi.responses.RedirectResponse().set_cookie",
            response::set_cookie,
        ),
        (
            "py:fastapi.responses.RedirectResponse().delete_cookie",
            response::delete_cookie,
        ),
        ("fastapi:response.set_cookie", response::set_cookie),
        ("fastapi:response.delete_cookie", response::delete_cookie),
        ("fastapi:later_response.set_cookie", response::set_cookie),
        (
            "fastapi:later_response.delete_cookie",
            response::delete_cookie,
        ),
        ("py:fastapi.HTTPException", response::make_exception),
        (
            "py:fastapi.HTTPException().__init__",
            response::fill_exception,
        ),
        (
            "py:fastapi.exceptions.RequestValidationError",
            response::make_validation_error,
        ),
        (
            "py:starlette.authentication.requires",
            authentication::requires,
        ),
        ("fastapi:requires", authentication::wrap_required),
        ("fastapi:required", authentication::run_required),
        (
            "py:starlette.authentication.UnauthenticatedUser",
            authentication::keep_made,
        ),
        (
            "py:starlette.authentication.AuthCredentials",
            authentication::make_credentials,
        ),
        (
            "py:starlette.authentication.SimpleUser",
            authentication::make_user,
        ),
    ],
    members: &[
        ("fastapi:request.headers", connection::connection_member),
        ("fastapi:request.cookies", connection::connection_member),
        (
            "fastapi:request.query_params",
            connection::connection_member,
        ),
        ("fastapi:request.path_params", connection::connection_member),
        ("fastapi:request.session", connection::connection_member),
        ("fastapi:request.state", connection::connection_member),
        ("fastapi:request.url", connection::connection_member),
        ("fastapi:request.base_url", connection::connection_member),
        ("fastapi:request.client", connection::connection_member),
        ("fastapi:request.method", connection::connection_member),
        ("fastapi:request.user", connection::connection_member),
        ("fastapi:request.auth", connection::connection_member),
        ("fastapi:state.*", connection::state_member),
        ("fastapi:app.state.*", connection::state_member),
        ("fastapi:client.host", connection::client_host),
        ("fastapi:client.port", connection::client_host),
        ("fastapi:url.*", connection::url_member),
        ("fastapi:headers.*", connection::no_member),
        ("py:fastapi.status.*", response::status_constant),
    ],
    indexes: &[
        ("fastapi:headers", connection::index_named),
        ("fastapi:cookies", connection::index_named),
        ("fastapi:query", connection::index_named),
        ("fastapi:path_params", connection::index_named),
        ("fastapi:session", session::index_session),
        ("fastapi:scope", connection::index_scope),
        ("py:http.cookies.SimpleCookie()", plain::index_cookie),
        ("fastapi:client", connection::index_client),
    ],
    sets: &[
        ("fastapi:session.*", session::set_session),
        (
            "py:fastapi.Response().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.JSONResponse().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.ORJSONResponse().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.HTMLResponse().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.PlainTextResponse().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.RedirectResponse().status_code",
            crate::later_status::set,
        ),
        (
            "py:fastapi.responses.StreamingResponse().status_code",
            crate::later_status::set,
        ),
    ],
    operators: &[
        ("fastapi:headers", connection::contains),
        ("fastapi:cookies", connection::contains),
        ("fastapi:query", connection::contains),
        ("fastapi:path_params", connection::contains),
        ("fastapi:session", connection::contains),
        ("fastapi:scope", connection::contains),
        ("py:http.cookies.SimpleCookie()", connection::contains),
    ],
    instances: &[("py:fastapi.HTTPException", response::make_own_exception)],
    subclasses: &[
        ("py:fastapi.HTTPException", "py:builtins.Exception"),
        ("py:fastapi.WebSocketException", "py:builtins.Exception"),
        ("py:fastapi.WebSocketDisconnect", "py:builtins.Exception"),
        (
            "py:fastapi.exceptions.RequestValidationError",
            "py:builtins.ValueError",
        ),
    ],
    ..Model::EMPTY
};

fn make_background(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi:background", call.span);
    Ok(Some(Value::object(id)))
}

/// A task runs behind the answer; for the map it is part of the request.
fn add_task(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run_behind_answer(machine, call)?;
    Ok(Some(Value::null()))
}

fn run_task(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    run_behind_answer(machine, call)?;
    let id = host.make_object(machine, "fastapi:background", call.span);
    Ok(Some(Value::object(id)))
}

/// The methods of a class-based endpoint, each with the method of the class; `None` if it is none.
pub(crate) fn endpoint_methods(
    machine: &mut Machine<'_>,
    endpoint: &Value,
) -> Option<Vec<(Ustr, Value)>> {
    let class = endpoint.only_object()?;
    let is_endpoint = matches!(machine.heap.get(class).kind, ObjectKind::Class { .. })
        && machine
            .outside_bases(class)
            .iter()
            .any(|base| base == "py:starlette.endpoints.HTTPEndpoint");
    if !is_endpoint {
        return None;
    }
    let span = machine.heap.get(class).span;
    let instance = Value::object(machine.heap.allocate(ObjectKind::Instance { class }, span));
    let mut methods = Vec::new();
    for name in ["get", "post", "put", "patch", "delete", "head", "options"] {
        if machine.class_attribute(class, Ustr::from(name)).is_none() {
            continue;
        }
        let (read, _) =
            machine.catching(|machine| machine.member(&instance, Ustr::from(name), span));
        if let Ok(function) = read {
            methods.push((Ustr::from(&name.to_ascii_uppercase()), function));
        }
    }
    Some(methods)
}

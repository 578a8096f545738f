//! Layers of well-known packages that parse, log, compress or add headers, and let every request on.
//!
//! They are listed so that they are not `unknown`: what a layer that is not listed does, nobody knows.

use firedoor_app::{EffectKind, Flag, Setting, SettingKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, Value};
use ustr::Ustr;

use crate::tools::is_function;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "layers",
    calls: &[
        ("layers:passing", pass),
        ("npm:body-parser", make),
        ("npm:body-parser.json", make),
        ("npm:body-parser.urlencoded", make),
        ("npm:body-parser.raw", make),
        ("npm:body-parser.text", make),
        ("npm:cookie-parser", cookie_layer),
        ("npm:compression", make),
        ("npm:shrink-ray-current", make),
        ("npm:morgan", make),
        ("npm:pino-http", make),
        ("npm:pino-http.pinoHttp", make),
        ("npm:express-pino-logger", make),
        ("npm:express-winston.logger", make),
        ("npm:express-request-id", make),
        ("npm:express-status-monitor", make),
        ("npm:express-prom-bundle", make),
        ("npm:response-time", make),
        ("npm:method-override", make),
        ("npm:serve-static", make),
        ("npm:serve-favicon", make),
        ("npm:connect-flash", make),
        ("npm:express-flash", make),
        ("npm:connect-timeout", make),
        ("npm:connect-busboy", make),
        ("npm:express-fileupload", make),
        ("npm:express-useragent.express", make),
        ("npm:request-ip.mw", make),
        ("npm:hpp", make),
        ("npm:xss-clean", make),
        ("npm:express-mongo-sanitize", make),
        ("npm:express-slow-down", make),
        ("npm:express-slow-down.slowDown", make),
        ("npm:i18n.init", run_directly),
        ("npm:i18next-http-middleware.handle", make),
        ("npm:multer", multer),
        ("npm:multer().*", make),
        ("npm:multer.diskStorage", storage),
        ("npm:multer.memoryStorage", storage),
        ("npm:helmet", headers),
        ("npm:helmet.helmet", headers),
        ("npm:helmet.*", make),
        ("npm:vhost", make),
        // Sentry up to version 7; later ones have no `Handlers`, and instrument by themselves.
        ("npm:@sentry/node.Handlers.requestHandler", make),
        ("npm:@sentry/node.Handlers.tracingHandler", make),
        (
            "npm:@sentry/node.setupExpressErrorHandler",
            crate::python_support::nothing,
        ),
        ("npm:express-async-handler", wrapped),
        ("npm:express-async-handler.asyncHandler", wrapped),
        ("npm:express-async-wrap", wrapped),
        ("npm:async-middleware.wrap", wrapped),
        ("npm:express-asyncify", first_argument),
        ("layers:wrapped", run_wrapped),
        ("npm:http-errors", http_error),
        ("npm:http-errors.createError", http_error),
        ("npm:http-errors.*", named_http_error),
    ],
    ..Model::EMPTY
};

/// cookie-parser 1.4: with a key, or several, it takes and gives out signed cookies.
fn cookie_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = call.arguments.get(0);
    if !secret.is_nothing() {
        let value = host.deep_provenance(machine, &secret);
        let setting = Setting {
            kind: SettingKind::Secret("cookie", value),
            span: call.span,
            condition: None,
            app: Ustr::from(machine.program.files.path(call.span)),
        };
        host.state().settings.push(setting);
    }
    make(host, machine, call)
}

/// Makes a layer that lets every request on.
pub fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "layers:passing", call.span);
    let path = call.path.trim_end_matches("()");
    let name = path.rsplit([':', '/']).next().unwrap_or(path);
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    Ok(Some(Value::object(id)))
}

/// Runs a layer that lets every request on.
pub fn pass(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match next_of(machine, call.arguments) {
        Some(next) => {
            machine.call_value(&next, None, &Arguments::default(), call.span)?;
        }
        None => host.effect(machine, EffectKind::Continue, call.span),
    }
    Ok(Some(Value::undefined()))
}

/// Returns `next` of `(request, response, next)`.
pub fn next_of(machine: &Machine<'_>, arguments: &Arguments) -> Option<Value> {
    let next = arguments.positional.get(2)?;
    is_function(machine, next).then(|| next.clone())
}

/// A package that is itself the layer.
fn run_directly(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    pass(host, machine, call)
}

fn multer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:multer()", call.span);
    Ok(Some(Value::object(id)))
}

fn storage(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:multer.storage()", call.span);
    Ok(Some(Value::object(id)))
}

/// Helmet 4 and later: called without arguments it sets a dozen headers.
fn headers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = Ustr::from(machine.program.files.path(call.span));
    if !host.is_request() {
        host.state().settings.push(Setting {
            kind: SettingKind::SecurityHeaders(Flag::On),
            span: call.span,
            condition: None,
            app,
        });
    }
    make(host, machine, call)
}

/// A handler whose rejection goes to the error handlers: the same handler, as far as we see.
fn wrapped(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let inner = call.arguments.get(0);
    let Some(target) = inner.only_object() else {
        return Ok(Some(inner));
    };
    let id = host.make_object(machine, "layers:wrapped", machine.heap.get(target).span);
    machine.heap.get_mut(id).name = machine.heap.get(target).name;
    crate::tools::keep(machine, id, "$target", inner);
    Ok(Some(Value::object(id)))
}

fn run_wrapped(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = crate::tools::kept(machine, call.receiver, "$target");
    let result = machine.call_value(&target, None, call.arguments, call.span)?;
    machine.await_value(&result, call.span).map(Some)
}

fn first_argument(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// http-errors 2: `createError(status, message, properties)` in any order.
fn http_error(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = call
        .arguments
        .positional
        .iter()
        .find(|value| value.as_number().is_some())
        .cloned();
    let message = call
        .arguments
        .positional
        .iter()
        .find(|value| value.as_number().is_none())
        .cloned();
    make_http_error(
        host,
        machine,
        call,
        status.unwrap_or_else(|| Value::number(500.0)),
        message,
    )
}

/// `new createError.NotFound(message)`.
fn named_http_error(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = match crate::tools::last_part(&call.path) {
        "BadRequest" => 400,
        "Unauthorized" => 401,
        "PaymentRequired" => 402,
        "Forbidden" => 403,
        "NotFound" => 404,
        "MethodNotAllowed" => 405,
        "Conflict" => 409,
        "Gone" => 410,
        "UnprocessableEntity" => 422,
        "TooManyRequests" => 429,
        "InternalServerError" => 500,
        "ServiceUnavailable" => 503,
        _ => return Ok(None),
    };
    let message = call.arguments.positional.first().cloned();
    make_http_error(
        host,
        machine,
        call,
        Value::number(f64::from(status)),
        message,
    )
}

fn make_http_error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    status: Value,
    message: Option<Value>,
) -> Answer {
    let id = host.make_object(machine, "npm:http-errors()", call.span);
    let object = machine.heap.get_mut(id);
    for name in ["status", "statusCode"] {
        object.properties.insert(Ustr::from(name), status.clone());
    }
    if let Some(message) = message {
        object.properties.insert(Ustr::from("message"), message);
    }
    Ok(Some(Value::object(id)))
}

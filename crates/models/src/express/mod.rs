//! Express 4 and 5: <https://expressjs.com/en/5x/api.html>.
//!
//! Layers and routes run in the order in which they are registered. `use` takes everything below its path,
//! by whole segments and without regard to case; a route takes its path alone. A layer that does not call
//! `next` ends the request. Source: express 4.21 and router 2.2, `lib/router/index.js`, `lib/layer.js`.

mod flow;
mod listing;
mod paths;
mod register;
mod request;
mod response;
mod settings;

use firedoor_app::EffectKind;
use firedoor_eval::{Answer, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::{Framework, Model, ModelHost};
pub(crate) use flow::{go_on, step, unknown_layer};
pub(crate) use paths::{template, variants};
pub(crate) use register::{paths_of, register_all};
pub(crate) use request::request_path;
pub(crate) use settings::forwarded;

use flow::{begin, next};
use listing::{as_layer, doors, mountings};
use register::{
    register_layer, register_on_route, register_parameter, register_route, route_object,
};
use request::{
    cookie_by_key, cookie_member, header_by_key, header_member, request_context, request_header,
    request_member, request_parameter, request_test,
};
use response::{
    chain, is_answered, redirect, respond, response_locals, send_status, set_status,
    set_status_property, status_of, write_head,
};

/// The model.
pub static MODEL: Model = Model {
    name: "express",
    calls: &[
        ("npm:express", create_application),
        ("npm:express.default", create_application),
        ("npm:express.Router", create_router),
        ("npm:express().use", register_layer),
        ("npm:express().param", register_parameter),
        ("npm:express().route", route_object),
        ("npm:express().set", settings::set),
        ("npm:express().enable", settings::enable),
        ("npm:express().*", register_route),
        ("npm:express.Router().use", register_layer),
        ("npm:express.Router().param", register_parameter),
        ("npm:express.Router().route", route_object),
        ("npm:express.Router().*", register_route),
        ("npm:express().route().*", register_on_route),
        ("npm:express.json", passing_layer),
        ("npm:express.urlencoded", passing_layer),
        ("npm:express.raw", passing_layer),
        ("npm:express.text", passing_layer),
        ("npm:express.static", passing_layer),
        ("express:passing", run_passing),
        ("express:next", next),
        ("express:request.get", request_header),
        ("express:request.header", request_header),
        ("express:request.param", request_parameter),
        ("express:request.is", request_test),
        ("express:request.accepts", request_test),
        ("express:response.status", set_status),
        // Replies of Fastify, as NestJS hands them out.
        ("express:response.code", set_status),
        ("express:response.sendStatus", send_status),
        ("express:response.json", respond),
        ("express:response.send", respond),
        ("express:response.end", respond),
        ("express:response.jsonp", respond),
        ("express:response.render", respond),
        ("express:response.sendFile", respond),
        ("express:response.download", respond),
        ("express:response.writeHead", write_head),
        ("express:response.redirect", redirect),
        ("express:response.*", chain),
    ],
    members: &[
        ("express:request.body", request_member),
        ("express:request.query", request_member),
        ("express:request.params", request_member),
        ("express:request.headers", request_member),
        ("express:request.cookies", request_member),
        ("express:request.signedCookies", request_member),
        ("express:request.ip", request_member),
        ("express:request.ips", request_member),
        ("express:request.path", request_member),
        ("express:request.originalUrl", request_member),
        ("express:request.url", request_member),
        ("express:request.baseUrl", request_member),
        ("express:request.method", request_member),
        ("express:request.hostname", request_member),
        ("express:request.host", request_member),
        ("express:request.protocol", request_member),
        ("express:request.secure", request_member),
        ("express:request.file", request_member),
        ("express:request.files", request_member),
        ("express:request.socket", request_member),
        ("express:request.connection", request_member),
        ("express:request.rawBody", request_member),
        ("express:request.res", request_member),
        ("express:request.app", request_member),
        ("express:request.*", request_context),
        ("express:request.headers.*", header_member),
        ("express:request.cookies.*", cookie_member),
        ("express:response.locals", response_locals),
        ("express:response.headersSent", is_answered),
        ("express:response.writableEnded", is_answered),
        ("express:response.finished", is_answered),
    ],
    indexes: &[
        ("express:request.headers", header_by_key),
        ("express:request.cookies", cookie_by_key),
    ],
    sets: &[("express:response.statusCode", set_status_property)],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "express",
    doors,
    begin,
    step,
    mountings,
    as_layer,
    status_of,
};

fn create_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, "npm:express()", "express", "app", call.span);
    Ok(Some(Value::object(id)))
}

fn create_router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(
        machine,
        "npm:express.Router()",
        "express",
        "router",
        call.span,
    );
    // A router is a function of that name, by which programs that load files tell that one exports a router.
    let prototype = machine.heap.allocate(ObjectKind::Plain, call.span);
    let function = machine.heap.allocate(ObjectKind::Plain, call.span);
    let said = [
        (function, "name", Value::string("router")),
        (prototype, "constructor", Value::object(function)),
        (id, "prototype", Value::object(prototype)),
    ];
    for (object, name, value) in said {
        let object = machine.heap.get_mut(object);
        object.properties.insert(Ustr::from(name), value);
    }
    Ok(Some(Value::object(id)))
}

/// Layers of Express itself that parse or serve and let every request on.
fn passing_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "express:passing", call.span);
    let name = call.path.rsplit('.').next().unwrap_or("layer");
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    Ok(Some(Value::object(id)))
}

fn run_passing(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.effect(machine, EffectKind::Continue, call.span);
    Ok(Some(Value::undefined()))
}

//! express-ws 5: <https://github.com/HenrikJoreteg/express-ws>.
//!
//! `app.ws` and `router.ws` are routes of Express: the layers before them run for the handshake, and the
//! functions of the route are called with the connection, the request and `next`. Source: 5.0.2, `lib/index.js`,
//! `lib/add-ws-method.js`, `lib/wrap-middleware.js`.

use firedoor_eval::{Answer, Arguments, Call, Machine, Stop, Value};
use ustr::Ustr;

use crate::state::RegistrationKind;
use crate::{Model, ModelHost, Step, express, socket};

/// The model.
pub static MODEL: Model = Model {
    name: "express_ws",
    calls: &[
        ("npm:express-ws", patch),
        ("npm:express-ws.default", patch),
        ("npm:express-ws().getWss", servers),
        ("npm:express-ws().applyTo", nothing),
        ("npm:express().ws", register),
        ("npm:express.Router().ws", register),
    ],
    ..Model::EMPTY
};

fn patch(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:express-ws()", call.span);
    let application = call.arguments.get(0);
    machine
        .heap
        .set_property(id, Ustr::from("app"), application);
    Ok(Some(Value::object(id)))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

/// The WebSocket server behind all routes: its clients can be addressed.
fn servers(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:ws.WebSocketServer()", call.span);
    Ok(Some(Value::object(id)))
}

fn register(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    express::register_all(host, machine, call, RegistrationKind::WebSocket)
}

/// Runs a function of such a route.
pub(crate) fn run_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
    is_last: bool,
) -> Result<(), Stop> {
    let [request, _, next, connection] = shared else {
        return Ok(());
    };
    let arguments = Arguments::positional([connection.clone(), request.clone(), next.clone()]);
    let span = step.mounted;
    socket::call_and_wait(machine, &step.value, None, &arguments, span)?;
    if is_last {
        socket::continue_if_open(host, machine, connection, span);
    }
    Ok(())
}

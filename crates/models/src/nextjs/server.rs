//! A server of the program's own in front of Next.js.
//!
//! Source: <https://nextjs.org/docs/app/guides/custom-server>, Next.js 15. Each request passes through its handler
//! before Next.js sees it: what that writes into the headers is what routes read, and what it refuses they never get.

use firedoor_app::{EffectKind, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::FileId;
use ustr::Ustr;

use super::files::Site;
use super::run::SERVER;
use crate::doors::symbol;
use crate::state::{Registration, RegistrationKind};
use crate::tools::{keep, kept, promised};
use crate::{ModelHost, Step, StepKind};

/// `next({ dev })`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "next:app", call.span);
    Ok(Some(Value::object(id)))
}

/// `app.getRequestHandler()`.
pub(super) fn handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().nextjs.served_at.push(call.span.file);
    let id = host.make_object(machine, "next:handler", call.span);
    Ok(Some(Value::object(id)))
}

/// `handle(request, response)`: Next.js goes on with the request.
pub(super) fn hand_over(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !host.state().nextjs.is_at_server {
        return Ok(None);
    }
    crate::express::go_on(host, machine, call.span);
    promised(machine, call.span, |_| Ok(Value::undefined())).map(Some)
}

/// Returns the handler of the one server of a site that hands requests over to Next.js.
pub(super) fn step(host: &ModelHost, machine: &Machine<'_>, site: &Site) -> Option<Step> {
    let registration = {
        let state = host.state();
        let servers = state
            .routers
            .iter()
            .filter(|(id, router)| router.framework == "node" && is_within(machine, site, **id));
        let mut handlers = servers
            .flat_map(|(_, router)| &router.registrations)
            .filter(|it| it.kind == RegistrationKind::Other("request"));
        let first = handlers.next().cloned();
        let mut served_at = state.nextjs.served_at.iter();
        let is_served = served_at.any(|file| is_file_within(machine, site, *file));
        first.filter(|_| is_served && handlers.next().is_none())?
    };
    Some(step_of(machine, &registration))
}

fn is_within(machine: &Machine<'_>, site: &Site, server: ObjectId) -> bool {
    is_file_within(machine, site, machine.heap.get(server).span.file)
}

fn is_file_within(machine: &Machine<'_>, site: &Site, file: FileId) -> bool {
    let package = machine.program.project.package_of(file);
    package.is_some_and(|package| package.folder == site.folder)
}

fn step_of(machine: &Machine<'_>, registration: &Registration) -> Step {
    let value = registration.handlers.first().cloned();
    let value = value.unwrap_or_else(Value::undefined);
    let found = symbol(machine, &value, registration.span);
    let name = match found.name.as_str() {
        "(anonymous)" => Ustr::from("server"),
        _ => found.name,
    };
    Step {
        value,
        kind: StepKind::Layer,
        name,
        span: found.span,
        mounted: registration.span,
        decided: registration.decided.clone(),
        role: SERVER,
    }
}

/// Runs it. Where it is not seen that it hands the request over, it may do so all the same.
pub(super) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    arguments: &Arguments,
) -> Result<(), Stop> {
    if let Some(request) = arguments.get(0).only_object() {
        let headers = host.make_object(machine, "express:request.headers", step.span);
        // What is written on one way only is on the others what the client has sent.
        let sent = host.request_value(machine, RequestPart::Header, "");
        let object = machine.heap.get_mut(headers);
        object.is_open = true;
        object.elements.push(sent);
        keep(machine, request, "headers", Value::object(headers));
        host.state().nextjs.served = Some(headers);
    }
    let before = host.state().run.effects.len();
    host.state().nextjs.is_at_server = true;
    let result = crate::socket::call_and_wait(machine, &step.value, None, arguments, step.mounted);
    host.state().nextjs.is_at_server = false;
    let goes_on = {
        let state = host.state();
        let mut effects = state.run.effects[before..].iter();
        effects.any(|effect| effect.kind == EffectKind::Continue)
    };
    if !goes_on {
        crate::express::go_on(host, machine, step.span);
    }
    result.map(drop)
}

/// Returns what the server has written into a header of the request.
pub(super) fn written_header(host: &ModelHost, machine: &Machine<'_>, name: &str) -> Value {
    let headers = host.state().nextjs.served;
    kept(machine, headers, name)
}

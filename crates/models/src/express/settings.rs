//! Settings of an application that decide what a request says of its sender.
//!
//! With `trust proxy` set to `true`, `req.ip` is the leftmost address of `X-Forwarded-For`, which the client writes
//! (Express 4 and 5, "Express behind proxies").

use firedoor_app::{Origin, Provenance, RequestPart};
use firedoor_eval::{Answer, Call, Machine, Value};
use ustr::Ustr;

use crate::ModelHost;

/// The header that proxies, and clients, write the address of the client into.
const FORWARDED: &str = "x-forwarded-for";

/// `app.set('trust proxy', true)`.
pub(super) fn set(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_set = call.arguments.get(1) == Value::bool(true);
    note(host, machine, call, is_set);
    Ok(Some(call.this.clone()))
}

/// `app.enable('trust proxy')`.
pub(super) fn enable(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note(host, machine, call, true);
    Ok(Some(call.this.clone()))
}

/// A setting that hangs on something else may be off where it matters.
fn note(host: &ModelHost, machine: &Machine<'_>, call: &Call<'_>, is_set: bool) {
    let is_about_proxies = call.arguments.get(0).text() == Some(Ustr::from("trust proxy"));
    let is_certain = machine
        .decided
        .iter()
        .all(|decided| machine.decision(decided.decision).is_certain);
    let Some(app) = call.receiver else {
        return;
    };
    if !is_about_proxies || !is_set || !is_certain {
        return;
    }
    let file = Ustr::from(machine.program.files.path(machine.heap.get(app).span));
    host.state().trusting.push(file);
}

/// Returns what the address of the client is made of besides, where the application believes the client.
pub(crate) fn forwarded(host: &ModelHost) -> Option<Provenance> {
    let header = Origin::Request(RequestPart::Header, Ustr::from(FORWARDED));
    host.state()
        .run
        .trusts_senders
        .then(|| Provenance::new([header]))
}

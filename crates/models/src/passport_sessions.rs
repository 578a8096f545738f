//! Sessions of Passport: who is in them, who is put into them, and who is taken out.

use firedoor_app::{EffectKind, RequestPart, SessionOperation};
use firedoor_eval::{Answer, Arguments, Call, Machine, Shape, Stop, TestKind, Value};
use ustr::Ustr;

use crate::passport::{Attempt, attach, next, note_login};
use crate::tokens::perhaps;
use crate::tools::{callback, keep, kept, proof};
use crate::{ModelHost, Persona};

/// The user of a session, as the program finds him. Nobody is refused.
pub(crate) fn by_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
) -> Result<(), Stop> {
    let id = host.request_value(machine, RequestPart::Session, "passport.user");
    let function = host.state().strategies.get(&Ustr::from("")).cloned();
    if host.persona() == Persona::User
        && let Some(function) = function
    {
        let known = id.shaped(Shape::Any);
        let found = host.make_object(machine, "npm:passport.found", attempt.span);
        keep(machine, found, "$request", attempt.arguments.get(0));
        let arguments = Arguments::positional([known, Value::object(found)]);
        let (result, _) = machine
            .catching(|machine| machine.call_value(&function, None, &arguments, attempt.span));
        let _ = result;
    }
    next(host, machine, attempt, None)
}

/// `done(error, user)` of `deserializeUser`.
pub(crate) fn found(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = kept(machine, call.receiver, "$request");
    let user = call.arguments.get(1);
    if let Some(user) = user.filter(|atom| atom.truth() != Some(false)) {
        attach(host, machine, &request, &perhaps(&user), call.span);
    }
    Ok(Some(Value::undefined()))
}

pub(crate) fn is_authenticated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let user = call
        .receiver
        .and_then(|request| machine.heap.property(request, Ustr::from("user")).cloned());
    if let Some(user) = user {
        let truth = machine.truth(&user);
        let test = machine.tested(TestKind::Truth, truth, &[&user], call.span);
        return Ok(Some(test));
    }
    let id = host.request_value(machine, RequestPart::Session, "passport.user");
    Ok(Some(proof(host, machine, &[&id], call.span)))
}

pub(crate) fn is_unauthenticated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let test = is_authenticated(host, machine, call)?.unwrap_or_else(Value::undefined);
    let outcome = machine.truth(&test).map(|truth| !truth);
    let mut negated = machine.tested(TestKind::Proof, outcome, &[&test], call.span);
    negated.test = test.test.map(|(test, is_negated)| (test, !is_negated));
    Ok(Some(negated))
}

pub(crate) fn log_in(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let user = call.arguments.get(0);
    note_login(host, machine, &user, call.span);
    attach(host, machine, &call.this.clone(), &user, call.span);
    called_back(machine, call)
}

pub(crate) fn log_out(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let effect = EffectKind::Session(SessionOperation::Destroy, None);
    host.effect(machine, effect, call.span);
    called_back(machine, call)
}

fn called_back(machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(back) = callback(machine, call.arguments) {
        let arguments = Arguments::positional([Value::undefined()]);
        machine.call_value(&back, None, &arguments, call.span)?;
    }
    Ok(Some(Value::undefined()))
}

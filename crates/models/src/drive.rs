//! Drives a symbolic request through the steps of an entry point, one after the other.
//!
//! A step refuses, lets the request on, or fails; what has failed goes to the error handlers behind it, and
//! what leaves a route goes to what is registered further on. Both are tried apart, for their outcome alone.

use std::cell::RefCell;

use firedoor_app::{EffectKind, Refusal, Transport};
use firedoor_eval::{Decided, Machine, Stop, Thrown, Value, Written};
use ustr::Ustr;

use crate::checks::Decisions;
use crate::request::condition;
use crate::sequel::{self, Leave};
use crate::state::{Left, Run};
use crate::{Door, ModelHost, Persona, Step, StepKind};

/// The reason for what is not known because of a bug.
pub(crate) const FAILED: &str = "firedoor failed while it followed a request";

/// What one persona's request did.
pub struct Sent {
    /// Everything noted.
    pub run: Run,
    /// The number of the step at which it was stopped for certain.
    pub stopped_at: Option<usize>,
    /// The number of the first test that was made.
    pub first_test: usize,
    /// What was decided on the way, as far as it was asked.
    pub decisions: RefCell<Option<Decisions>>,
}

/// How often a request is sent again because stores have turned out to be caches.
const MOST_AGAIN: usize = 3;

/// Sends a request of `persona` through `door`. Everything that it changes is taken back.
pub fn send(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    persona: Persona,
    message: Option<(Ustr, Ustr)>,
) -> Sent {
    let mut sent = send_once(host, machine, door, persona, message);
    for _ in 0..MOST_AGAIN {
        if !sent.run.is_stale {
            break;
        }
        sent = send_once(host, machine, door, persona, message);
    }
    sent
}

fn send_once(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    persona: Persona,
    message: Option<(Ustr, Ustr)>,
) -> Sent {
    {
        let mut state = host.state();
        state.persona = persona;
        state.run = Run {
            path: door.path,
            method: door.method,
            message: message.map(|(_, name)| name),
            message_field: message.map_or_else(Ustr::default, |(field, _)| field),
            event: door.message,
            ..Run::default()
        };
    }
    let taken = match door.method.as_str() {
        "ANY" => sequel::methods_of_path(host, door),
        _ => Vec::new(),
    };
    {
        let state = &mut *host.state();
        let place = state.places.get(&sequel::key(door));
        state.run.bases = place.map_or_else(Vec::new, |place| place.bases.clone());
        state.run.methods_taken = taken;
        state.run.trusts_senders = state.trusting.contains(&door.app);
    }
    machine.start();
    let first_test = machine.tests.len();
    let outcome =
        machine.trial(|machine| machine.guarded(|machine| run_steps(host, machine, door)));
    let stopped_at = outcome.unwrap_or_else(|what| {
        note_failure(host, machine, door, &what);
        None
    });
    let mut state = host.state();
    state.persona = Persona::Wiring;
    Sent {
        run: std::mem::take(&mut state.run),
        stopped_at,
        first_test,
        decisions: RefCell::default(),
    }
}

/// Of the step that made firedoor fail, and of those behind it, nothing is known.
fn note_failure(host: &ModelHost, machine: &mut Machine<'_>, door: &Door, what: &str) {
    let run = &mut host.state().run;
    let failed = run.step;
    for number in failed..door.steps.len() {
        run.unknown.push((number, FAILED.to_owned()));
    }
    let span = door
        .steps
        .get(failed)
        .map_or(door.registered, |step| step.span);
    let detail = format!("{FAILED}; please report this: {what}");
    machine.note("evaluation-failed", span, detail);
}

fn run_steps(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Option<usize> {
    let steps = door.steps.iter().rev().map(|step| step.span);
    let module = steps
        .chain([door.registered])
        .find_map(|span| machine.program.module_of(span.file))?;
    machine.in_module(module, |machine| {
        let shared = (door.framework.begin)(host, machine, door);
        let mut number = 0;
        while let Some(step) = door.steps.get(number) {
            if step.kind == StepKind::ErrorHandler {
                number += 1;
                continue;
            }
            {
                let run = &mut host.state().run;
                run.step = number;
                run.is_at_handler = step.kind == StepKind::Handler;
                let answers = matches!(door.transport, Transport::Http | Transport::GraphQl);
                if run.is_at_handler && answers {
                    run.handler = Some(number);
                }
            }
            let is_always = condition(machine, door, step).is_none();
            match run_step(host, machine, door, step, &shared) {
                End::Stops if is_always && crate::collapsed::collapses(host, machine, step) => {
                    number += 1;
                }
                End::Stops
                    if is_always
                        && step.kind == StepKind::Layer
                        && !refuses_forged(host, machine, door, number) =>
                {
                    return Some(number);
                }
                End::ResumesAt(next) => number = next,
                End::GoesOn | End::Stops => number += 1,
            }
        }
        None
    })
}

/// Holds if an attacker who sends requests himself comes past what has refused him.
fn refuses_forged(host: &ModelHost, machine: &mut Machine<'_>, door: &Door, number: usize) -> bool {
    if host.persona() != Persona::Attacker || door.transport != Transport::Http {
        return false;
    }
    let run = host.state().run.clone();
    crate::request::refuses_only_forged(host, machine, &run, number)
}

/// How a step ended.
enum End {
    /// The request goes on with the next step.
    GoesOn,
    /// It does not.
    Stops,
    /// An error handler lets it on, to this step.
    ResumesAt(usize),
}

fn run_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> End {
    let base = machine.decided.len();
    let before = host.state().run.effects.len();
    {
        let run = &mut host.state().run;
        run.mark = machine.mark();
        let number = run.step;
        run.decided_before.push((number, base));
    }
    let (result, thrown) =
        machine.catching(|machine| (door.framework.step)(host, machine, door, step, shared));
    if result == Err(Stop::Budget) {
        let run = &mut host.state().run;
        let reason = match machine.is_program_too_large() {
            true => format!(
                "the program is too large to follow `{}` to its end",
                step.name
            ),
            false => format!("`{}` is too large to follow", step.name),
        };
        run.unknown.push((run.step, reason));
    }
    let goes_on = continuations(host, before);
    let survived = goes_on
        .first()
        .map(|first| common_decisions(first, &goes_on));
    machine.decided.truncate(base);
    let leaves = std::mem::take(&mut host.state().run.leaves);
    // Before what the refused paths have written is taken back: an exception is one of the things they wrote.
    let recovered = catch_all(host, machine, door, &thrown, shared);
    go_on_from_passages(host, machine, door, step);
    for left in leaves {
        settle_leave(host, machine, door, left, shared);
    }
    match (survived, recovered) {
        (Some(decided), _) => {
            machine.decided.extend(decided.into_iter().skip(base));
            End::GoesOn
        }
        (None, Some((next, written))) => {
            let mark = machine.mark();
            machine.go_on_with(mark, vec![written]);
            End::ResumesAt(next)
        }
        (None, None) if result == Err(Stop::Budget) => End::GoesOn,
        (None, None) => End::Stops,
    }
}

/// What refused paths have written is gone for the steps behind; a step that is not always there may also
/// not have run.
fn go_on_from_passages(host: &ModelHost, machine: &mut Machine<'_>, door: &Door, step: &Step) {
    let (mark, mut passed) = {
        let run = &mut host.state().run;
        (run.mark, std::mem::take(&mut run.passed))
    };
    let is_always = condition(machine, door, step).is_none();
    if passed.is_empty() && is_always {
        return;
    }
    if !is_always {
        if passed.is_empty() {
            passed.push(machine.written_since(mark));
        }
        passed.push(Written::default());
    }
    machine.go_on_with(mark, passed);
}

fn continuations(host: &ModelHost, from: usize) -> Vec<Vec<Decided>> {
    host.state().run.effects[from..]
        .iter()
        .filter(|effect| effect.kind == EffectKind::Continue)
        .map(|effect| effect.decided.clone())
        .collect()
}

fn common_decisions(first: &[Decided], all: &[Vec<Decided>]) -> Vec<Decided> {
    first
        .iter()
        .copied()
        .filter(|step| all.iter().all(|decided| decided.contains(step)))
        .collect()
}

/// Gives everything thrown to the error handlers behind; returns where an error handler lets the request on.
fn catch_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    thrown: &[Thrown],
    shared: &[Value],
) -> Option<(usize, Written)> {
    let number = host.state().run.step;
    let mut recovered = None;
    for (index, thrown) in thrown.iter().enumerate() {
        let outcome = match index < 4 {
            true => handle_error(host, machine, door, number, thrown, shared),
            false => Outcome::default(),
        };
        match outcome.goes_on {
            Some(at) => {
                push_continue(host, thrown.span, thrown.decided.clone(), number);
                recovered = recovered.or(Some(at));
            }
            None => refuse_by_exception(host, machine, door, thrown, outcome.refusal),
        }
    }
    recovered
}

fn push_continue(
    host: &ModelHost,
    span: firedoor_source::Span,
    decided: Vec<Decided>,
    step: usize,
) {
    let function = Ustr::from("(error handler)");
    host.state().run.effects.push(crate::RawEffect {
        kind: EffectKind::Continue,
        span,
        function,
        decided,
        step,
    });
}

/// What came of something that was tried.
#[derive(Default)]
struct Outcome {
    /// The first refusal.
    refusal: Option<Refusal>,
    /// Holds if the request was answered otherwise.
    is_answered: bool,
    /// Where the request goes on, with what was written.
    goes_on: Option<(usize, Written)>,
}

/// Runs the error handlers behind a step with an exception.
fn handle_error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    number: usize,
    thrown: &Thrown,
    shared: &[Value],
) -> Outcome {
    let own = door.steps.iter().cloned().enumerate().skip(number + 1);
    let behind = sequel::behind(host, door, Leave::Route).into_iter();
    let handlers: Vec<(usize, Step)> = own
        .chain(behind.map(|step| (door.steps.len(), step)))
        .filter(|(_, step)| step.kind == StepKind::ErrorHandler)
        .take(6)
        .collect();
    if handlers.is_empty() {
        return Outcome::default();
    }
    tried(host, machine, &thrown.decided, |machine| {
        let mut error = thrown.value.clone();
        for (index, handler) in handlers {
            let mut with_error = vec![error.clone()];
            with_error.extend(shared.iter().cloned());
            let from = host.state().run.effects.len();
            let (_, again) = machine.catching(|machine| {
                (door.framework.step)(host, machine, door, &handler, &with_error)
            });
            if !continuations(host, from).is_empty() {
                let written = host.state().run.passed.pop().unwrap_or_default();
                return Some((index + 1, written));
            }
            match again.into_iter().next() {
                Some(next) => error = next.value,
                None => return None,
            }
        }
        None
    })
}

/// Finds out what becomes of a request that has left its route: whether what lies behind refuses it.
fn settle_leave(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    left: Left,
    shared: &[Value],
) {
    let steps = sequel::behind(host, door, left.leave);
    if steps.is_empty() && host.persona() == Persona::User {
        push_continue(host, left.span, left.decided, left.step);
        return;
    }
    let outcome = tried(host, machine, &left.decided, |machine| {
        let mark = machine.mark();
        machine.go_on_with(mark, vec![left.written.clone()]);
        for step in steps
            .iter()
            .filter(|step| step.kind != StepKind::ErrorHandler)
        {
            let from = host.state().run.effects.len();
            let (_, thrown) = machine
                .catching(|machine| (door.framework.step)(host, machine, door, step, shared));
            for thrown in thrown {
                refuse_by_exception(host, machine, door, &thrown, None);
            }
            if continuations(host, from).is_empty() {
                return None;
            }
        }
        None
    });
    if outcome.is_answered {
        push_continue(host, left.span, left.decided, left.step);
        return;
    }
    let refusal = outcome.refusal.unwrap_or(Refusal::Status(404));
    host.state().run.refusals.push(crate::state::RawRefusal {
        refusal,
        span: left.span,
        decided: left.decided,
        step: left.step,
    });
}

/// Runs `body` with these decisions made, takes back everything it does, and tells what came of it.
fn tried(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    decided: &[Decided],
    body: impl FnOnce(&mut Machine<'_>) -> Option<(usize, Written)>,
) -> Outcome {
    let before = {
        let run = &mut host.state().run;
        let before = run.clone();
        run.is_behind = true;
        run.is_at_handler = false;
        before
    };
    let goes_on = machine.trial(|machine| {
        machine.decided = decided.to_vec();
        host.state().run.mark = machine.mark();
        body(machine)
    });
    let run = std::mem::replace(&mut host.state().run, before);
    let before = &host.state().run;
    let answers = run.effects.iter().skip(before.effects.len());
    let is_answered = answers.into_iter().any(|effect| match &effect.kind {
        EffectKind::Respond {
            status, is_error, ..
        } => !is_error && status.is_none_or(|status| status < 400),
        _ => false,
    });
    let mut refusals = run.refusals.into_iter().skip(before.refusals.len());
    Outcome {
        refusal: refusals.next().map(|refusal| refusal.refusal),
        is_answered,
        goes_on,
    }
}

/// What nobody catches refuses the request: with what an error handler answers, or as the framework does.
fn refuse_by_exception(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    thrown: &Thrown,
    answered: Option<Refusal>,
) {
    let status = match &answered {
        Some(refusal) => refusal.status(),
        None => (door.framework.status_of)(host, machine, &thrown.value),
    };
    let refusal = match answered {
        Some(refusal @ Refusal::Redirect(_)) => refusal,
        _ => Refusal::Throw(status),
    };
    note_refusal(host, machine, thrown, refusal, status);
}

/// Notes an exception that a framework makes an answer of, where it was thrown.
pub(crate) fn note_refusal(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    thrown: &Thrown,
    refusal: Refusal,
    status: Option<u16>,
) {
    let mut decided = thrown.decided.clone();
    if !thrown.value.origins.is_empty() || !thrown.value.control.is_empty() {
        let decision = machine.failure(thrown.span, thrown.value.origins, thrown.value.control);
        decided.push(Decided {
            decision,
            side: true,
        });
    }
    let function = machine.function_name();
    let body = host.exception_fields(machine, &thrown.value);
    let mut state = host.state();
    let run = &mut state.run;
    let step = run.step;
    run.refusals.push(crate::state::RawRefusal {
        refusal,
        span: thrown.span,
        decided: decided.clone(),
        step,
    });
    run.effects.push(crate::RawEffect {
        kind: EffectKind::Respond {
            status,
            body,
            is_error: true,
        },
        span: thrown.span,
        function,
        decided,
        step,
    });
}

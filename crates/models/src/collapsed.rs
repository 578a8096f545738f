//! Layers that fail whatever is asked.
//!
//! An application is used, so some requests come past everything in front of its handlers. Where each path of a
//! layer ends in an exception that becomes a server error, even for a user who passes every guard, it is firedoor
//! that did not understand the layer; were it believed, nothing behind would ever be looked at, and a layer that
//! counts requests would pass for a guard.

use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Machine, Written};

use crate::drive::{Sent, send};
use crate::{Door, ModelHost, Persona, Step, StepKind};

/// Sends the requests of the attacker and of the user through `door`.
///
/// What collapses for the user is not known, and the attacker is let past it as well.
pub(crate) fn send_both(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    message: Option<(ustr::Ustr, ustr::Ustr)>,
) -> (Sent, Sent) {
    let attacker = send(host, machine, door, Persona::Attacker, message);
    let user = send(host, machine, door, Persona::User, message);
    if user.run.collapsed.is_empty() {
        return (attacker, user);
    }
    host.state().collapsed.clone_from(&user.run.collapsed);
    let attacker = send(host, machine, door, Persona::Attacker, message);
    let user = send(host, machine, door, Persona::User, message);
    host.state().collapsed.clear();
    (attacker, user)
}

/// Holds if the running step let nobody on for no reason that can be believed; then the request goes on as if the
/// layer had not run, and what it is good for is unknown.
pub(crate) fn collapses(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) -> bool {
    if step.kind != StepKind::Layer {
        return false;
    }
    let mark = {
        let state = &mut *host.state();
        let number = state.run.step;
        let is_known = state.collapsed.contains(&number);
        let fails = match state.persona {
            Persona::User => only_fails(state, number),
            _ => is_known,
        };
        if !fails {
            return false;
        }
        let run = &mut state.run;
        run.refusals.retain(|refusal| refusal.step != number);
        run.effects
            .retain(|effect| effect.step != number || !is_error(&effect.kind));
        run.reads.retain(|(_, step)| *step != number);
        run.collapsed.push(number);
        let reason = format!(
            "`{}` fails in every case, as far as it could be followed",
            step.name
        );
        run.unknown.push((number, reason));
        run.mark
    };
    machine.go_on_with(mark, vec![Written::default()]);
    true
}

/// Holds if each path of the step ends in an exception that nobody turns into more than a server error.
fn only_fails(state: &crate::state::State, number: usize) -> bool {
    let mut own = state
        .run
        .refusals
        .iter()
        .filter(|refusal| refusal.step == number)
        .peekable();
    let is_error = |refusal: &Refusal| matches!(refusal, Refusal::Throw(None | Some(500)));
    own.peek().is_some() && own.all(|refusal| is_error(&refusal.refusal))
}

fn is_error(kind: &EffectKind) -> bool {
    matches!(kind, EffectKind::Respond { is_error: true, .. })
}

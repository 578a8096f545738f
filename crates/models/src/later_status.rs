//! The status that an answer is given once it is made: `response.status_code = 401`.
//!
//! An answer is noted where it is made. Where it is given another status right there, that is what it says;
//! where a test lies between the two, it is answered one way and the other.

use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Machine, ObjectId, Value};
use firedoor_source::Span;

use crate::ModelHost;

/// Notes the status that an answer is given; the property is written all the same.
pub(crate) fn set(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    if !host.is_request() {
        return false;
    }
    let Some(status) = crate::tools::status_number(Some(value)) else {
        return false;
    };
    if status >= 400 {
        host.refuse(machine, Refusal::Status(status), span);
    }
    let made = machine.heap.get(object).span;
    let mut state = host.state();
    let noted = state.run.effects.iter_mut().rev();
    let mut noted = noted.filter(|effect| effect.span == made);
    let answer = noted.find(|effect| matches!(effect.kind, EffectKind::Respond { .. }));
    let Some(answer) = answer else {
        return false;
    };
    let mut kind = answer.kind.clone();
    if let EffectKind::Respond { status: said, .. } = &mut kind {
        *said = Some(status);
    }
    if answer.decided == machine.decided {
        answer.kind = kind;
        return false;
    }
    drop(state);
    host.effect(machine, kind, span);
    false
}

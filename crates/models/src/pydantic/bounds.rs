//! Numbers that are out of what a model or a parameter allows: they are refused while they are read.

use firedoor_eval::{Machine, Stop, TestKind, Value};
use firedoor_source::Span;

use crate::ModelHost;

/// Throws `error` where something that was read since the last time is out of its bounds.
pub(crate) fn refuse_outside(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    error: &Value,
    span: Span,
) -> Result<(), Stop> {
    let bounds = std::mem::take(&mut host.state().run.bounds);
    if bounds.is_empty() || !host.is_request() {
        return Ok(());
    }
    let operands: Vec<&Value> = bounds
        .iter()
        .flat_map(|(value, limit)| [value, limit])
        .collect();
    let test = machine.tested(TestKind::Bound, None, &operands, span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| machine.throw(error.clone(), span),
    )
}

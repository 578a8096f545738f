//! Models that fail: what they should have answered is not known, and the report says so.
//!
//! A bug in one table must not cost the map of a whole application, and must not look like an answer either.

use firedoor_eval::{Answer, Machine, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;

/// The reason of the note.
const REASON: &str = "model-failed";

impl ModelHost {
    /// Runs a function of the model that has `path`; gives nothing, with a note, if that fails.
    pub(super) fn guarded<T>(
        &self,
        machine: &mut Machine<'_>,
        path: Ustr,
        span: Span,
        body: impl FnOnce(&mut Machine<'_>) -> T,
    ) -> Option<T> {
        match machine.guarded(body) {
            Ok(result) => Some(result),
            Err(what) => {
                let detail = format!(
                    "firedoor's model of `{path}` failed, so what it does is not known; please report this: {what}"
                );
                machine.note(REASON, span, detail);
                None
            }
        }
    }

    /// As [`ModelHost::guarded`], for what answers a call: a failure gives an unknown value.
    pub(super) fn call_guarded(
        &self,
        machine: &mut Machine<'_>,
        path: Ustr,
        span: Span,
        body: impl FnOnce(&mut Machine<'_>) -> Answer,
    ) -> Answer {
        match self.guarded(machine, path, span, body) {
            Some(answer) => answer,
            None => Ok(Some(machine.unknown(REASON))),
        }
    }

    /// As [`ModelHost::guarded`], for what reads a value: a failure gives an unknown one.
    pub(super) fn read_guarded(
        &self,
        machine: &mut Machine<'_>,
        path: Ustr,
        span: Span,
        body: impl FnOnce(&mut Machine<'_>) -> Option<Value>,
    ) -> Option<Value> {
        match self.guarded(machine, path, span, body) {
            Some(answer) => answer,
            None => Some(machine.unknown(REASON)),
        }
    }
}

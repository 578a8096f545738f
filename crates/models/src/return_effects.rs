//! What a handler leaves behind on one of the paths that it returns by.

use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::ReturnPath;

use crate::ModelHost;
use crate::state::{RawEffect, RawRefusal};

/// Notes that the path refuses the request.
pub(crate) fn refuse(host: &ModelHost, path: &ReturnPath, refusal: Refusal) {
    let run = &mut host.state().run;
    run.refusals.push(RawRefusal {
        refusal,
        span: path.span,
        decided: path.decided.clone(),
        step: run.step,
    });
}

/// Notes an effect, behind what was decided on the path.
pub(crate) fn push(host: &ModelHost, path: &ReturnPath, kind: EffectKind) {
    let run = &mut host.state().run;
    if run.effects.len() > 4_000 {
        return;
    }
    run.effects.push(RawEffect {
        kind,
        span: path.span,
        function: path.function,
        decided: path.decided.clone(),
        step: run.step,
    });
}

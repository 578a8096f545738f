//! What the models of files and programs share, whatever the language: how a file and a run are noted.

use firedoor_app::{EffectKind, FileOperation, Provenance};
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::{ModelHost, unknown_wrappers};

/// Answers what the call would return without a model.
pub(crate) fn as_before(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    unknown_wrappers::call(host, machine, call.path, call)
}

/// Notes what is done with the file at a path, and answers what the call would return without a model.
pub(crate) fn file(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    operation: FileOperation,
    path: &Value,
) -> Answer {
    note_file(host, machine, call, operation, path);
    as_before(host, machine, call)
}

/// Notes what is done with the file or object at a path.
pub(crate) fn note_file(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    operation: FileOperation,
    path: &Value,
) {
    let path = host.deep_provenance(machine, path);
    host.effect(machine, EffectKind::File(operation, path), call.span);
}

/// Notes that a program runs, and answers what the call would return without a model.
pub(crate) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note_run(host, machine, call);
    as_before(host, machine, call)
}

/// Notes that a program runs: its command, its folder, its input, and what it is called on, such as a container.
fn note_run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) {
    let values: Vec<Value> = std::iter::once(&call.this)
        .chain(call.arguments.all())
        .cloned()
        .collect();
    let mut command = Provenance::default();
    for value in &values {
        command = command.union(&host.deep_provenance(machine, value));
    }
    host.effect(machine, EffectKind::Run(command), call.span);
}

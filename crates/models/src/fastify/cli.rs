//! `fastify start app.js` of fastify-cli: the application is made by the command, and the file is its first plugin.
//!
//! Source: fastify-cli 7, `start.js`: it registers what the file exports on an application of its own.

use firedoor_eval::{Machine, ModuleId, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::{Waiting, WaitingKind, instance, queue};
use crate::ModelHost;

/// Starts the plugins that start commands name, in a program that serves nothing itself.
pub(super) fn start(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<ObjectId> {
    let mut roots = Vec::new();
    for module in started(machine) {
        let span = machine.place();
        let plugin = machine.exported(module, Ustr::from("default"), span);
        let Some(function) = plugin.only_object() else {
            continue;
        };
        let ObjectKind::Function { closure, .. } = machine.heap.get(function).kind else {
            continue;
        };
        if machine
            .called
            .contains_key(&(closure.module, closure.function))
        {
            continue;
        }
        let span = machine.heap.get(function).span;
        let root = instance::make(host, machine, None, String::new(), span);
        let waiting = Waiting {
            kind: WaitingKind::Plugin,
            value: plugin,
            options: Value::undefined(),
            span,
            decided: Vec::new(),
        };
        queue::push(host, root, waiting);
        host.state().escaped.insert(root);
        roots.push(root);
    }
    roots
}

/// The modules that commands start and that belong to a package with Fastify.
fn started(machine: &Machine<'_>) -> Vec<ModuleId> {
    let program = machine.program;
    let files = program.project.entries().map(|entry| entry.file);
    let mut found: Vec<ModuleId> = Vec::new();
    for file in files {
        let project = &program.project;
        let has_fastify = ["fastify", "fastify-cli"]
            .iter()
            .any(|name| project.dependency_version(file, name).is_some());
        if has_fastify
            && let Some(module) = program.module_of(file)
            && !found.contains(&module)
        {
            found.push(module);
        }
    }
    found
}

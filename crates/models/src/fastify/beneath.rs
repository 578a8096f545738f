//! Fastify beneath another framework: what a plugin adds around the requests of that one.
//!
//! `app.register(plugin, options)` of NestJS hands the plugin to the instance below
//! (`@nestjs/platform-fastify` 11, `adapters/fastify-adapter.ts`); its hooks run before whatever Nest does.

use firedoor_eval::{Machine, Stop, Value};
use firedoor_source::Span;

use super::{Event, Hook, Waiting, WaitingKind, flow, instance, plugins, queue};
use crate::{ModelHost, Step};

/// Loads a plugin on an instance of its own, and returns the hooks that it adds before handlers, in the order in which
/// they run. Routes that it adds are routes of the application, and stay on that instance.
pub(crate) fn hooks_of_plugin(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plugin: &Value,
    options: &Value,
    span: Span,
) -> Vec<Hook> {
    let id = instance::make(host, machine, None, String::new(), span);
    let waiting = Waiting {
        kind: WaitingKind::Plugin,
        value: plugin.clone(),
        options: options.clone(),
        span,
        decided: machine.decided.clone(),
    };
    queue::load(host, machine, id, &waiting);
    queue::flush(host, machine, id);
    let (mut hooks, listeners, has_routes) = {
        let state = host.state();
        let instances = || state.fastify.instances.get(&id).into_iter();
        let children = instances().any(|made| !made.children.is_empty());
        (
            instances()
                .flat_map(|made| made.hooks.clone())
                .collect::<Vec<Hook>>(),
            instances()
                .flat_map(|made| made.on_route.clone())
                .collect::<Vec<Value>>(),
            children || instances().any(|made| !made.routes.is_empty()),
        )
    };
    for listener in listeners {
        if let Some(value) = plugins::for_every_route(machine, &listener, span) {
            hooks.push(Hook {
                event: Event::Request,
                value,
                span,
                decided: machine.decided.clone(),
                instance: id,
            });
        }
    }
    if !has_routes {
        let mut state = host.state();
        state.fastify.instances.shift_remove(&id);
        state.routers.shift_remove(&id);
    }
    hooks.retain(|hook| hook.event <= Event::Handler);
    hooks.sort_by_key(|hook| hook.event);
    hooks
}

/// Runs such a hook.
pub(crate) fn run_hook(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    reply: &Value,
) -> Result<(), Stop> {
    flow::run_hook(host, machine, step, request, reply)
}

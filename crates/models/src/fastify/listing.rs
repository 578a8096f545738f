//! Lists the routes of applications with the hooks that run before each, in order.

use firedoor_app::{Symbol, Transport};
use firedoor_eval::{Decided, HOLE, Machine, ModuleId, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{
    Event, FRAMEWORK, Hook, Instance, Plan, Route, flow, instance, options, paths, queue, routes,
};
use crate::doors::{Mounting, symbol};
use crate::socket::MESSAGES;
use crate::tools::option;
use crate::{Door, ModelHost, Step, StepKind};

/// The most entry points of one application.
const MOST: usize = 20_000;

/// Lists the routes of every application. One that nobody serves is left out, as long as another is served.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let doors = doors_of(host, machine, roots(host));
    if !doors.is_empty() {
        return doors;
    }
    let started = super::cli::start(host, machine);
    doors_of(host, machine, started)
}

fn doors_of(host: &ModelHost, machine: &mut Machine<'_>, roots: Vec<ObjectId>) -> Vec<Door> {
    for root in &roots {
        queue::flush(host, machine, *root);
    }
    let is_served = roots.iter().any(|root| is_listening(host, *root));
    let mut doors = Vec::new();
    for root in roots {
        let is_open = is_listening(host, root) || is_exported(machine, root);
        if is_served && !is_open {
            leave_out(host, root);
            continue;
        }
        for id in below(host, root) {
            let Some(known) = host.state().fastify.instances.get(&id).cloned() else {
                continue;
            };
            for route in &known.routes {
                if doors.len() < MOST {
                    list_route(host, machine, root, &known, route, &mut doors);
                }
            }
        }
    }
    doors
}

fn roots(host: &ModelHost) -> Vec<ObjectId> {
    let state = host.state();
    let instances = state.fastify.instances.iter();
    instances
        .filter(|(_, instance)| instance.parent.is_none())
        .map(|(id, _)| *id)
        .collect()
}

fn is_listening(host: &ModelHost, root: ObjectId) -> bool {
    host.state().escaped.contains(&root)
}

fn is_exported(machine: &mut Machine<'_>, root: ObjectId) -> bool {
    let modules: Vec<ModuleId> = machine.program.iter().map(|(id, _)| id).collect();
    modules.into_iter().any(|module| {
        let exports = machine.module_exports(module);
        exports
            .iter()
            .any(|(_, value)| value.objects().any(|id| id == root))
    })
}

fn leave_out(host: &ModelHost, root: ObjectId) {
    let mut state = host.state();
    let Some(span) = state.fastify.instances.get(&root).map(|known| known.span) else {
        return;
    };
    state.unresolved.push(firedoor_app::Unresolved {
        reason: "not-mounted",
        span,
        detail: "this application is not served; its routes are not in the map".to_owned(),
    });
}

/// An instance and everything below it, in the order in which they were made.
fn below(host: &ModelHost, root: ObjectId) -> Vec<ObjectId> {
    let state = host.state();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(id) = found.get(next) {
        next += 1;
        if let Some(instance) = state.fastify.instances.get(id) {
            found.extend(instance.children.iter().copied());
        }
    }
    found
}

fn list_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    root: ObjectId,
    known: &Instance,
    route: &Route,
    doors: &mut Vec<Door>,
) {
    let wants_socket = option(machine, &route.options, "websocket", route.span);
    let socket_handler = option(machine, &route.options, "wsHandler", route.span);
    let handler = option(machine, &route.options, "handler", route.span);
    let is_socket = wants_socket.is_some_and(|value| machine.truth(&value) == Some(true));
    let span = route.span;
    for template in paths::templates(&route.path) {
        for method in &route.methods {
            let door = Listed {
                root,
                known,
                route,
                template: &template,
            };
            if !is_socket || socket_handler.is_some() {
                let handler = handler.clone().unwrap_or_else(Value::undefined);
                doors.push(door.http(host, machine, *method, &handler));
            }
            let connects = match (is_socket, &socket_handler) {
                (true, None) => handler.clone(),
                (_, given) => given.clone(),
            };
            if let Some(connects) = connects {
                match route.is_socket {
                    true => doors.push(door.socket(host, machine, &connects)),
                    // Registered before the plugin was there: it is an ordinary route, whose handler
                    // gets a request where it wants a connection.
                    false => {
                        let detail = "the WebSocket plugin is registered behind this route, which \
                                      therefore takes no connections";
                        machine.note("not-a-websocket", span, detail);
                    }
                }
            }
        }
    }
}

/// A route while its doors are made.
struct Listed<'r> {
    root: ObjectId,
    known: &'r Instance,
    route: &'r Route,
    template: &'r str,
}

impl Listed<'_> {
    fn http(
        &self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        method: Ustr,
        handler: &Value,
    ) -> Door {
        let mut steps = self.before(machine);
        let function = instance::bound(machine, handler, self.route.instance);
        steps.push(self.step(machine, &function, StepKind::Handler, "handler"));
        steps.extend(self.error_handlers(host, machine));
        self.door(host, machine, Transport::Http, method, steps)
    }

    fn socket(&self, host: &ModelHost, machine: &mut Machine<'_>, handler: &Value) -> Door {
        let mut steps = self.before(machine);
        let function = instance::bound(machine, handler, self.route.instance);
        let connects = self.step(machine, &function, StepKind::Layer, "socket");
        let messages = Step {
            kind: StepKind::Handler,
            role: MESSAGES,
            ..connects.clone()
        };
        steps.push(connects);
        steps.push(messages);
        let method = Ustr::from("WS");
        self.door(host, machine, Transport::WebSocket, method, steps)
    }

    /// The hooks before the handler, and the schemas between them.
    fn before(&self, machine: &mut Machine<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        for (event, name) in Event::BEFORE {
            if event == Event::Handler {
                steps.extend(self.schema_step(machine));
            }
            for hook in self.known.hooks.iter().filter(|hook| hook.event == event) {
                steps.push(hook_step(machine, hook));
            }
            for value in routes::own_hooks(machine, self.route, event, name) {
                let function = instance::bound(machine, &value, self.route.instance);
                steps.push(self.step(machine, &function, StepKind::Layer, "hook"));
            }
        }
        steps
    }

    fn schema_step(&self, machine: &mut Machine<'_>) -> Option<Step> {
        let span = self.route.span;
        if !options::has_schema(machine, &self.route.options, span) {
            return None;
        }
        let schema = option(machine, &self.route.options, "schema", span)?;
        let step = self.step(machine, &schema, StepKind::Layer, "schema");
        Some(Step {
            name: Ustr::from("schema"),
            span,
            ..step
        })
    }

    fn error_handlers(&self, host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        let span = self.route.span;
        if let Some(own) = option(machine, &self.route.options, "errorHandler", span) {
            let function = instance::bound(machine, &own, self.route.instance);
            steps.push(self.step(machine, &function, StepKind::ErrorHandler, "error"));
        }
        for id in instance::chain(host, self.route.instance) {
            let found = {
                let state = host.state();
                let known = state.fastify.instances.get(&id);
                known.and_then(|known| known.error_handler.clone())
            };
            if let Some(hook) = found {
                let step = hook_step(machine, &hook);
                steps.push(Step {
                    kind: StepKind::ErrorHandler,
                    role: "error",
                    ..step
                });
            }
        }
        steps
    }

    fn step(
        &self,
        machine: &Machine<'_>,
        value: &Value,
        kind: StepKind,
        role: &'static str,
    ) -> Step {
        make_step(
            machine,
            value,
            kind,
            role,
            self.route.span,
            &self.route.decided,
        )
    }

    fn door(
        &self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        transport: Transport,
        method: Ustr,
        steps: Vec<Step>,
    ) -> Door {
        let handler = steps
            .iter()
            .rfind(|step| step.kind == StepKind::Handler)
            .map_or(
                Symbol {
                    name: Ustr::from("(none)"),
                    span: self.route.span,
                },
                |step| Symbol {
                    name: step.name,
                    span: step.span,
                },
            );
        let mut unresolved = Vec::new();
        if self.template.contains(HOLE) {
            unresolved.push("a part of its path is not known".to_owned());
        }
        let id = self.route.instance;
        let name = machine.heap.get(id).name;
        let door = Door {
            transport,
            method,
            path: Ustr::from(&self.template.replace(HOLE, "{unknown}")),
            message: None,
            framework: &FRAMEWORK,
            app: Ustr::from(machine.program.files.path(machine.heap.get(self.root).span)),
            handler,
            registered: self.route.span,
            group: (id.0, name.unwrap_or_else(|| Ustr::from("router"))),
            steps,
            decided: self.route.decided.clone(),
            unresolved,
            late: Vec::new(),
        };
        let plan = Plan {
            instance: id,
            options: self.route.options.clone(),
            sends_late: sends_late(machine, self.known),
            removes_all: self.known.removes_all,
        };
        let key = crate::sequel::key(&door);
        host.state().fastify.plans.insert(key, plan);
        door
    }
}

/// Holds if a function of the program waits for something before answers are sent.
fn sends_late(machine: &Machine<'_>, known: &Instance) -> bool {
    let late = |hook: &&Hook| {
        matches!(hook.event, Event::Send | Event::Serialization)
            && hook.decided.is_empty()
            && is_async(machine, &hook.value)
    };
    known.hooks.iter().any(|hook| late(&hook))
}

fn is_async(machine: &Machine<'_>, value: &Value) -> bool {
    value
        .only_object()
        .is_some_and(|id| match machine.heap.get(id).kind {
            firedoor_eval::ObjectKind::Function { closure, .. } => {
                machine.function_of(closure).is_async
            }
            _ => false,
        })
}

fn hook_step(machine: &mut Machine<'_>, hook: &Hook) -> Step {
    let function = instance::bound(machine, &hook.value, hook.instance);
    make_step(
        machine,
        &function,
        StepKind::Layer,
        "hook",
        hook.span,
        &hook.decided,
    )
}

fn make_step(
    machine: &Machine<'_>,
    value: &Value,
    kind: StepKind,
    role: &'static str,
    mounted: Span,
    decided: &[Decided],
) -> Step {
    let symbol = symbol(machine, value, mounted);
    Step {
        value: value.clone(),
        kind,
        name: symbol.name,
        span: symbol.span,
        mounted,
        decided: decided.to_vec(),
        role,
    }
}

/// Every hook that was added to an instance, with the prefix below which it runs.
pub(super) fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let instances: Vec<(ObjectId, Instance)> = {
        let state = host.state();
        let all = state.fastify.instances.iter();
        all.map(|(id, known)| (*id, known.clone())).collect()
    };
    let mut mountings = Vec::new();
    for (id, known) in instances {
        let own = known.hooks.iter().filter(|hook| hook.instance == id);
        for hook in own.filter(|hook| hook.event <= Event::Handler) {
            mountings.push(Mounting {
                step: hook_step(machine, hook),
                path: Ustr::from(&known.prefix),
            });
        }
    }
    mountings
}

/// What an instance was decorated with and that takes a request and a reply can be a hook.
pub(super) fn as_layer(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
    let id = value.only_object()?;
    let firedoor_eval::ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return None;
    };
    let count = machine.function_of(closure).parameters.len();
    let owner = {
        let state = host.state();
        let mut instances = state.fastify.instances.iter();
        instances.find_map(|(owner, known)| {
            let mut values = known.decorations.values();
            values.any(|known| known == value).then_some(*owner)
        })
    };
    if !(2..=3).contains(&count) || (count == 3 && !flow::calls_back(machine, value)) {
        return None;
    }
    let function = instance::bound(machine, value, owner?);
    let span = machine.heap.get(id).span;
    Some(make_step(
        machine,
        &function,
        StepKind::Layer,
        "hook",
        span,
        &[],
    ))
}

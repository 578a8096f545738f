//! Lists the routes of controllers and the messages of gateways, with what runs before each.

use firedoor_app::Transport;
use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::application::{HOOK, LATE_HOOK};
use super::paths::{self, Served, Shape};
use super::{FRAMEWORK, application, inject, metadata, middleware};
use crate::doors::{Mounting, is_below, symbol};
use crate::state::{RegistrationKind, Router};
use crate::{Door, ModelHost, Step, StepKind};

/// Lists the entry points of all applications; a program that makes none has that of its root modules.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    make_missing(host, machine);
    let mut doors = Vec::new();
    for (_, app) in listening(host) {
        let shape = paths::shape(machine, &app);
        let numbers = application::modules_of(host, &app);
        let modules = host.state().nestjs.modules.clone();
        for number in numbers.iter().copied() {
            let Some(module) = modules.get(number) else {
                continue;
            };
            for class in &module.controllers {
                let place = Placed {
                    app: &app,
                    modules: &numbers,
                    module: number,
                    module_class: module.class,
                    class: *class,
                };
                controller_doors(host, machine, &place, &shape, &mut doors);
            }
        }
        super::gateways::doors(host, machine, &app, &numbers, &mut doors);
        super::graphql::doors(host, machine, &app, &numbers, &mut doors);
    }
    super::marked::add_missing(host, &mut doors);
    doors
}

/// Where some applications take requests the others are made for what they hold: settings that the first is made with.
fn listening(host: &ModelHost) -> Vec<(ObjectId, Router)> {
    let mut all = apps(host);
    let listens = |app: &Router| {
        app.options
            .contains_key(&ustr::Ustr::from(application::LISTENS))
    };
    if all.iter().any(|(_, app)| listens(app)) {
        all.retain(|(_, app)| listens(app));
    }
    all
}

fn apps(host: &ModelHost) -> Vec<(ObjectId, Router)> {
    let state = host.state();
    let apps = state.routers.iter();
    apps.filter(|(_, router)| router.framework == "nestjs")
        .map(|(id, router)| (*id, router.clone()))
        .collect()
}

/// A program that is started in a way that is not known has its modules still: those that no other imports.
fn make_missing(host: &ModelHost, machine: &mut Machine<'_>) {
    if !apps(host).is_empty() {
        return;
    }
    let classes: Vec<ObjectId> = {
        let state = host.state();
        state.nestjs.module_classes.iter().copied().collect()
    };
    let mut imported: Vec<ObjectId> = Vec::new();
    for class in &classes {
        let given = super::decorators::arguments_of(host, machine, *class, "Module");
        let first = given.and_then(|given| given.first().cloned());
        let span = machine.heap.get(*class).span;
        let list = first.and_then(|parts| crate::tools::option(machine, &parts, "imports", span));
        if let Some(list) = list {
            for element in machine.elements_of(&list).0 {
                let element = super::decorators::forwarded(machine, &element);
                imported.extend(element.objects());
            }
        }
    }
    let root = classes.into_iter().find(|class| !imported.contains(class));
    if let Some(root) = root {
        let span = machine.heap.get(root).span;
        application::make(host, machine, &Value::object(root), span);
    }
}

/// A controller or gateway with where it stands.
pub(super) struct Placed<'a> {
    pub app: &'a Router,
    pub modules: &'a [usize],
    pub module: usize,
    pub module_class: Option<ObjectId>,
    pub class: ObjectId,
}

fn controller_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Placed<'_>,
    shape: &Shape,
    doors: &mut Vec<Door>,
) {
    let Some(controller) = paths::of_controller(host, machine, place.class, place.module_class)
    else {
        return;
    };
    let global = Around::global(host, machine, place);
    let around = global.with(host, machine, place, place.class);
    for function in methods(machine, place.class) {
        let key = |name: &str| metadata::get(host, machine, function, Ustr::from(name));
        let (Some(method), Some(own)) = (key("$method").and_then(|it| it.text()), key("$path"))
        else {
            continue;
        };
        let around = around.with(host, machine, place, function);
        let declared = paths::declared(host, machine, &controller, function, &own);
        for served in paths::served(shape, &declared, method) {
            let before = before(host, machine, place, shape, &served);
            let reached = (Transport::Http, method, served.full.as_str());
            doors.push(door(machine, place, function, reached, before, &around));
        }
    }
}

/// The methods of a class and of what it inherits from; one that is written again hides the other.
pub(super) fn methods(machine: &Machine<'_>, class: ObjectId) -> Vec<ObjectId> {
    let mut names: Vec<Ustr> = Vec::new();
    let mut functions = Vec::new();
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        for (name, value) in &machine.heap.get(prototype).properties {
            if *name == "constructor" || names.contains(name) {
                continue;
            }
            names.push(*name);
            functions.extend(value.only_object());
        }
    }
    functions
}

/// What stands around a handler, in the order in which it runs.
#[derive(Clone, Default)]
pub(super) struct Around {
    pub guards: Vec<Step>,
    pub interceptors: Vec<Step>,
    pub pipes: Vec<Step>,
    /// The innermost last.
    pub filters: Vec<Step>,
}

impl Around {
    /// What providers give to the whole application comes first: they are applied when it is created.
    pub fn global(host: &ModelHost, machine: &mut Machine<'_>, place: &Placed<'_>) -> Around {
        let mut around = Around::default();
        for (kind, token, role) in KINDS {
            let mut steps = Vec::new();
            for (value, span) in inject::all_of(host, machine, token, place.modules) {
                steps.push(step(machine, &value, role, span));
            }
            for registration in &place.app.registrations {
                if registration.kind != RegistrationKind::Other(role) {
                    continue;
                }
                for value in &registration.handlers {
                    let value = instance(host, machine, value, place.module);
                    let mut step = step(machine, &value, role, registration.span);
                    step.decided = registration.decided.clone();
                    steps.push(step);
                }
            }
            around.steps(kind).extend(steps);
        }
        around
    }

    /// Adds what decorators of a class or method say.
    pub fn with(
        &self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        place: &Placed<'_>,
        target: ObjectId,
    ) -> Around {
        let mut around = self.clone();
        for (kind, _, role) in KINDS {
            let span = machine.heap.get(target).span;
            for value in metadata::list(host, machine, target, Ustr::from(kind)) {
                let value = instance(host, machine, &value, place.module);
                let step = step(machine, &value, role, span);
                around.steps(kind).push(step);
            }
        }
        around
    }

    fn steps(&mut self, kind: &str) -> &mut Vec<Step> {
        match kind {
            "UseGuards" => &mut self.guards,
            "UseInterceptors" => &mut self.interceptors,
            "UsePipes" => &mut self.pipes,
            _ => &mut self.filters,
        }
    }
}

const KINDS: [(&str, &str, &str); 4] = [
    ("UseGuards", "npm:@nestjs/core.APP_GUARD", "guard"),
    (
        "UseInterceptors",
        "npm:@nestjs/core.APP_INTERCEPTOR",
        "interceptor",
    ),
    ("UsePipes", "npm:@nestjs/core.APP_PIPE", "pipe"),
    ("UseFilters", "npm:@nestjs/core.APP_FILTER", "filter"),
];

/// Returns the instance that a class stands for; what is an instance already stays.
pub(super) fn instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    module: usize,
) -> Value {
    let is_class = match value.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Class { .. }) => true,
        Some(ObjectKind::Host(path)) => *path == "nest:auth-guard",
        _ => value.as_outside().is_some(),
    };
    if !is_class {
        return value.clone();
    }
    if matches!(
        value.only_object().map(|id| &machine.heap.get(id).kind),
        Some(ObjectKind::Host(_))
    ) {
        let span = machine.place();
        let arguments = firedoor_eval::Arguments::default();
        let (made, _) = machine.catching(|machine| machine.construct(value, &arguments, span));
        return made.unwrap_or_else(|_| value.clone());
    }
    inject::by_token(host, machine, value, module)
}

/// A step is shown as the class that it is an instance of.
pub(super) fn step(
    machine: &Machine<'_>,
    value: &Value,
    role: &'static str,
    mounted: Span,
) -> Step {
    let mut shown = value.clone();
    if let Some(id) = value.only_object()
        && let ObjectKind::Instance { class } = machine.heap.get(id).kind
    {
        shown = Value::object(class);
    }
    let mut symbol = symbol(machine, &shown, mounted);
    let is_library = value.only_object().is_some_and(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path.contains("Guard")),
    );
    if is_library {
        // What a library brings is nowhere in the program but where it is named.
        symbol.span = mounted;
    }
    Step {
        value: value.clone(),
        kind: match role {
            "filter" => StepKind::ErrorHandler,
            "handler" => StepKind::Handler,
            _ => StepKind::Layer,
        },
        name: symbol.name,
        span: symbol.span,
        mounted,
        decided: Vec::new(),
        role,
    }
}

/// The hooks of Fastify, the layers of Express, and what modules apply.
pub(super) fn before(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Placed<'_>,
    shape: &Shape,
    served: &Served,
) -> Vec<Step> {
    let path = &served.full;
    let mut steps = layers(machine, place, HOOK, path);
    steps.extend(layers(machine, place, "use", path));
    let modules = place.modules;
    steps.extend(middleware::steps(host, machine, shape, served, modules));
    steps.extend(layers(machine, place, LATE_HOOK, path));
    steps
}

fn layers(machine: &Machine<'_>, place: &Placed<'_>, kind: &'static str, path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for registration in &place.app.registrations {
        let own = crate::express::template(&registration.path);
        let is_kind = registration.kind == RegistrationKind::Other(kind);
        if !is_kind || is_below(&own, path) == Some(false) {
            continue;
        }
        for value in &registration.handlers {
            let role = if kind == "use" { "layer" } else { HOOK };
            let mut step = step(machine, value, role, registration.span);
            step.decided = registration.decided.clone();
            steps.push(step);
        }
    }
    steps
}

/// Makes the entry point of a function, given how it is reached (transport, method and path) and what runs around it.
pub(super) fn door(
    machine: &Machine<'_>,
    place: &Placed<'_>,
    function: ObjectId,
    (transport, method, path): (Transport, Ustr, &str),
    before: Vec<Step>,
    around: &Around,
) -> Door {
    let value = Value::object(function);
    let span = machine.heap.get(function).span;
    let handler = step(machine, &value, "handler", span);
    let mut steps = before;
    steps.extend(around.guards.iter().cloned());
    steps.extend(around.interceptors.iter().cloned());
    steps.extend(around.pipes.iter().cloned());
    steps.push(handler.clone());
    steps.extend(around.filters.iter().rev().cloned());
    Door {
        transport,
        method,
        path: Ustr::from(path),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(place.app.span)),
        handler: firedoor_app::Symbol {
            name: handler.name,
            span: handler.span,
        },
        registered: span,
        group: group(machine, place),
        steps,
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

pub(super) fn group(machine: &Machine<'_>, place: &Placed<'_>) -> (u32, Ustr) {
    let name = machine.heap.get(place.class).name;
    (
        place.class.0,
        name.unwrap_or_else(|| Ustr::from("controller")),
    )
}

/// Guards of the whole application are mounted whether or not anything lies behind them.
pub(super) fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let mut mountings = Vec::new();
    for (id, app) in apps(host) {
        let numbers = application::modules_of(host, &app);
        let place = Placed {
            app: &app,
            modules: &numbers,
            module: 0,
            module_class: None,
            class: id,
        };
        for step in Around::global(host, machine, &place).guards {
            let path = Ustr::from("");
            mountings.push(Mounting { step, path });
        }
        let shape = paths::shape(machine, &app);
        mountings.extend(middleware::mountings(host, machine, &shape, &numbers));
    }
    mountings
}

//! The entry points of an application, from its files.

use firedoor_app::{EffectKind, Transport};
use firedoor_eval::{Machine, ModuleId, Value};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::files::{Role, Site, sites};
use super::matchers::{Cover, cover};
use super::run::{ACTION, ALWAYS, API, ROUTE, SOMETIMES, UNKNOWN, has_middleware};
use super::{FRAMEWORK, actions, connect, pages};
use crate::doors::{Mounting, symbol};
use crate::request::{Sent, send};
use crate::tools::option;
use crate::{Door, ModelHost, Persona, Step, StepKind};

/// The methods that a route file may export handlers for.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

/// The middleware of a site.
struct Middleware {
    value: Value,
    config: Value,
    span: Span,
}

/// What the doors of a file share.
pub(super) struct Place<'s> {
    pub(super) site: &'s Site,
    base: String,
    middleware: Option<Middleware>,
    /// The program's own server in front of all.
    server: Option<Step>,
}

/// Returns the entry points of all applications.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    for site in sites(machine) {
        let place = Place {
            base: base_path(machine, &site),
            middleware: middleware(machine, &site),
            server: super::server::step(host, machine, &site),
            site: &site,
        };
        let mut names = FxHashSet::default();
        for (module, role) in &site.files {
            match role {
                Role::Route(path) => route_doors(machine, &place, *module, path, &mut doors),
                Role::Api(path) => api_doors(host, machine, &place, *module, path, &mut doors),
                Role::Page(path, folder) => {
                    doors.extend(pages::door(host, machine, &place, *module, (path, folder)));
                }
                _ => {}
            }
            let is_route = matches!(role, Role::Route(_));
            action_doors(machine, &place, (*module, is_route), &mut names, &mut doors);
        }
    }
    doors
}

/// Returns where middleware is mounted.
pub(super) fn mountings(_host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let mut mountings = Vec::new();
    for site in sites(machine) {
        if let Some(middleware) = middleware(machine, &site) {
            mountings.push(Mounting {
                step: middleware_step(machine, &middleware, ALWAYS),
                path: Ustr::default(),
            });
        }
    }
    mountings
}

pub(super) fn file_span(machine: &Machine<'_>, module: ModuleId) -> Span {
    Span::new(machine.program.module(module).file, 0, 0)
}

/// `basePath` of `next.config`, which may be a function that makes the settings.
fn base_path(machine: &mut Machine<'_>, site: &Site) -> String {
    let settings = site.files.iter().find(|(_, role)| *role == Role::Settings);
    let Some((module, _)) = settings else {
        return String::new();
    };
    let span = file_span(machine, *module);
    let config = machine.exported(*module, Ustr::from("default"), span);
    let base = option(machine, &config, "basePath", span).and_then(|base| base.text());
    base.map_or_else(String::new, |base| base.trim_end_matches('/').to_owned())
}

/// Returns the middleware and its settings: `middleware.ts` exports it by that name or as its default.
fn middleware(machine: &mut Machine<'_>, site: &Site) -> Option<Middleware> {
    let found = site
        .files
        .iter()
        .find(|(_, role)| *role == Role::Middleware);
    let module = found?.0;
    let span = file_span(machine, module);
    let exports = machine.module_exports(module);
    let export = |name: &str| {
        let mut all = exports.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
    };
    let value = ["proxy", "middleware", "default"]
        .iter()
        .find_map(|name| export(name))
        .filter(|value| !value.is_nothing())?;
    let span = symbol(machine, &value, span).span;
    Some(Middleware {
        value,
        config: export("config").unwrap_or_else(Value::undefined),
        span,
    })
}

fn middleware_step(machine: &Machine<'_>, middleware: &Middleware, role: &'static str) -> Step {
    let found = symbol(machine, &middleware.value, middleware.span);
    let name = match found.name.as_str() {
        "(anonymous)" | "default" => Ustr::from("middleware"),
        _ => found.name,
    };
    Step {
        value: middleware.value.clone(),
        kind: StepKind::Layer,
        name,
        span: found.span,
        mounted: middleware.span,
        decided: Vec::new(),
        role,
    }
}

fn route_doors(
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    path: &str,
    doors: &mut Vec<Door>,
) {
    for (name, value) in machine.module_exports(module) {
        if METHODS.contains(&name.as_str()) {
            doors.push(door(machine, place, module, (&name, path), &value, ROUTE));
        }
    }
}

/// A handler of the pages router answers all methods, unless it tells them apart.
fn api_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    path: &str,
    doors: &mut Vec<Door>,
) {
    let span = file_span(machine, module);
    let handler = machine.exported(module, Ustr::from("default"), span);
    if handler.is_nothing() {
        return;
    }
    if let Some(found) = connect::doors(machine, place, module, path, &handler) {
        doors.extend(found);
        return;
    }
    let any = door(machine, place, module, ("ANY", path), &handler, API);
    let sent = send(host, machine, &any, Persona::User, None);
    let methods: Vec<Ustr> = sent
        .run
        .methods
        .keys()
        .filter(|method| METHODS.contains(&method.as_str()) && *method != "OPTIONS")
        .copied()
        .collect();
    let before = doors.len();
    for method in methods {
        let one = door(machine, place, module, (&method, path), &handler, API);
        let sent = send(host, machine, &one, Persona::User, None);
        if answers(&sent) {
            doors.push(one);
        }
    }
    if doors.len() == before {
        doors.push(any);
    }
}

/// Holds if the handler does something else than refuse the method.
fn answers(sent: &Sent) -> bool {
    sent.run.effects.iter().any(|effect| {
        Some(effect.step) == sent.run.handler
            && match &effect.kind {
                EffectKind::Respond { status, .. } => *status != Some(405),
                EffectKind::Continue => false,
                _ => true,
            }
    })
}

/// The handlers of a route are no actions, even where the directive stands above them.
fn action_doors(
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    (module, is_route): (ModuleId, bool),
    names: &mut FxHashSet<Ustr>,
    doors: &mut Vec<Door>,
) {
    for (name, value) in actions::actions(machine, module) {
        if is_route && METHODS.contains(&name.as_str()) {
            continue;
        }
        let mut path = name;
        let mut count = 0;
        // Two actions of one name are told apart by their files, and those of one file are counted.
        while !names.insert(path) {
            let file = machine.program.path(module);
            count += 1;
            path = match count {
                1 => Ustr::from(&format!("{file}:{name}")),
                _ => Ustr::from(&format!("{file}:{name}:{count}")),
            };
        }
        doors.push(door(
            machine,
            place,
            module,
            ("ACTION", &path),
            &value,
            ACTION,
        ));
    }
}

/// Makes a door with the middleware that runs for its path, and the handler.
pub(super) fn door(
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    (method, path): (&str, &str),
    handler: &Value,
    role: &'static str,
) -> Door {
    let found = symbol(machine, handler, file_span(machine, module));
    let transport = match role {
        ACTION => Transport::Action,
        _ => Transport::Http,
    };
    let mut steps = Vec::new();
    if has_middleware(transport) {
        steps.extend(place.server.clone());
        steps.extend(layer(machine, place, path));
    }
    steps.push(Step {
        value: handler.clone(),
        kind: StepKind::Handler,
        name: found.name,
        span: found.span,
        mounted: found.span,
        decided: Vec::new(),
        role,
    });
    let group = group(machine, place.site, module);
    let path = match transport {
        Transport::Http => Ustr::from(&crate::doors::join_paths(&place.base, path)),
        _ => Ustr::from(path),
    };
    Door {
        transport,
        method: Ustr::from(method),
        path,
        message: None,
        framework: &FRAMEWORK,
        app: place.site.app,
        registered: found.span,
        handler: found,
        group,
        steps,
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

/// Files below one folder serve one thing, as the routes of a router do elsewhere: `app/notes/route.js` all notes,
/// `app/notes/[id]/route.js` one of them. The first of these files stands for the group.
fn group(machine: &mut Machine<'_>, site: &Site, module: ModuleId) -> (u32, Ustr) {
    let own = site.files.iter().find(|(id, _)| *id == module);
    let served = own.and_then(|(_, role)| role.path()).map(folder);
    let first = served.and_then(|served| {
        let mut all = site.files.iter();
        all.find(|(_, role)| role.path().map(folder) == Some(served))
    });
    let first = first.map_or(module, |(id, _)| *id);
    let namespace = machine.namespace(first).only_object();
    let name = served.unwrap_or_else(|| machine.program.path(module));
    (namespace.map_or(0, |id| id.0), Ustr::from(name))
}

/// The part of a path before its first parameter.
fn folder(path: &str) -> &str {
    let end = path.find("/{").unwrap_or(path.len());
    match end {
        0 => path,
        _ => &path[..end],
    }
}

/// Returns the middleware, if it runs for a path.
fn layer(machine: &mut Machine<'_>, place: &Place<'_>, path: &str) -> Option<Step> {
    let middleware = place.middleware.as_ref()?;
    let role = match cover(machine, &middleware.config, path, middleware.span) {
        Cover::Never => return None,
        Cover::Always => ALWAYS,
        Cover::Sometimes => SOMETIMES,
        Cover::Unknown => UNKNOWN,
    };
    Some(middleware_step(machine, middleware, role))
}

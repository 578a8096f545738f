//! Lists the rules of Flask applications, with everything that runs for each.
//!
//! Hooks of the application run first, then those of blueprints, the outermost first; each in the order of
//! registration (`app.py`, `preprocess_request`). What a blueprint has for the whole application takes its
//! place when the blueprint is registered for the first time.

use firedoor_app::Transport;
use firedoor_eval::{Decided, HOLE, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::register::{endpoint_of, text_of};
use super::steps::{guard_step, guards_of, step_of};
use super::{NAME, Plan, views};
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Door, Framework, ModelHost, Step, StepKind};

/// A hook with where and under which decisions it was registered.
#[derive(Clone)]
pub(super) struct Hook {
    kind: &'static str,
    pub(super) value: Value,
    pub(super) span: Span,
    pub(super) decided: Vec<Decided>,
}

/// What lies above a rule.
#[derive(Clone)]
struct Above {
    app: ObjectId,
    /// The blueprints around it, outermost first, each with its name in this place.
    blueprints: Vec<(ObjectId, Ustr)>,
    /// The prefix; nothing where none was given at all.
    prefix: Option<String>,
    decided: Vec<Decided>,
}

/// A rule with what lies above it.
struct Rule {
    router: ObjectId,
    registration: Registration,
    above: Above,
}

/// What was found of an application.
#[derive(Default)]
struct Found {
    rules: Vec<Rule>,
    /// The hooks of the application itself, and of what it has registered.
    hooks: Vec<Hook>,
    seen: FxHashSet<ObjectId>,
}

/// Lists the routes of every application, and of blueprints nobody registers.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let routers: Vec<(ObjectId, Router)> = {
        let state = host.state();
        let own = state.routers.iter();
        own.filter(|(_, router)| router.framework == NAME)
            .map(|(id, router)| (*id, router.clone()))
            .collect()
    };
    let mut registered: FxHashSet<ObjectId> = FxHashSet::default();
    for (_, router) in &routers {
        let mounts = router.registrations.iter();
        let mounts = mounts.filter(|registration| registration.kind == RegistrationKind::Mount);
        registered.extend(mounts.filter_map(|mount| mount.handlers.first()?.only_object()));
    }
    let mut doors = Vec::new();
    for (id, router) in &routers {
        if registered.contains(id) || (router.role != "app" && router.registrations.is_empty()) {
            continue;
        }
        if router.role == "app" {
            super::config::settings(host, machine, *id);
        }
        let before = doors.len();
        application(host, machine, *id, router, &mut doors);
        if router.role != "app" {
            for door in &mut doors[before..] {
                door.unresolved.push(
                    "its blueprint is not registered on any application that was found".to_owned(),
                );
            }
        }
    }
    doors.extend(super::sockets::doors(host, machine, framework()));
    doors
}

fn application(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    router: &Router,
    doors: &mut Vec<Door>,
) {
    let mut found = Found::default();
    let mut above = Above {
        app,
        blueprints: Vec::new(),
        prefix: None,
        decided: Vec::new(),
    };
    if router.role != "app" {
        let name = name_of(router);
        above.prefix = text_of(router.options.get(&Ustr::from("url_prefix")));
        above.blueprints.push((app, name));
    }
    collect(host, machine, app, &above, &mut found, 0);
    // The rule of the application's own static files is the first.
    found
        .rules
        .sort_by_key(|rule| rule.registration.path != "$static");
    for rule in &found.rules {
        let Some(name) = endpoint_of(machine, &rule.registration) else {
            continue;
        };
        let name = full_name(&rule.above, name);
        let path = template(&path_of(rule)).0;
        host.state()
            .flask
            .endpoints
            .entry(name)
            .or_insert(Ustr::from(&path));
    }
    for rule in &found.rules {
        for method in methods(host, machine, rule) {
            if doors.len() < 20_000 {
                doors.push(door(host, machine, rule, method, &found));
            }
        }
    }
}

fn name_of(router: &Router) -> Ustr {
    let given = router.options.get(&Ustr::from("name"));
    given
        .and_then(Value::text)
        .unwrap_or_else(|| Ustr::from("blueprint"))
}

fn collect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    above: &Above,
    found: &mut Found,
    depth: usize,
) {
    let Some(router) = host.state().routers.get(&id).cloned() else {
        return;
    };
    if depth > 12 || found.rules.len() > 20_000 {
        return;
    }
    let is_first = found.seen.insert(id);
    add_static(machine, id, &router, above, found);
    let mut mounts = Vec::new();
    for registration in &router.registrations {
        match registration.kind {
            RegistrationKind::Other("route") => found.rules.push(Rule {
                router: id,
                registration: registration.clone(),
                above: match registration.options.contains_key(&Ustr::from("$whole")) {
                    true => Above {
                        blueprints: Vec::new(),
                        prefix: None,
                        ..above.clone()
                    },
                    false => above.clone(),
                },
            }),
            // A blueprint registers those in it once it has done everything else.
            RegistrationKind::Mount if router.role == "app" => {
                mount(host, machine, registration, above, found, depth);
            }
            RegistrationKind::Mount => mounts.push(registration.clone()),
            RegistrationKind::Other(kind) => {
                let is_whole = kind.contains("_app");
                let is_wanted = (router.role == "app") || (is_whole && is_first);
                if is_wanted && is_hook(kind) {
                    found.hooks.push(hook(registration, kind, &above.decided));
                }
            }
            _ => {}
        }
    }
    for registration in &mounts {
        mount(host, machine, registration, above, found, depth);
    }
}

fn is_hook(kind: &str) -> bool {
    kind.starts_with("before") || kind.starts_with("after") || kind.starts_with("preprocess")
}

pub(super) fn hook(registration: &Registration, kind: &'static str, above: &[Decided]) -> Hook {
    let mut decided = above.to_vec();
    decided.extend(registration.decided.iter().copied());
    Hook {
        kind: match kind {
            "before_app" => "before",
            "after_app" => "after",
            "preprocess_app" => "preprocess",
            "before_app_socket" => "before_socket",
            kind => kind,
        },
        value: registration
            .handlers
            .first()
            .cloned()
            .unwrap_or_else(Value::null),
        span: registration.span,
        decided,
    }
}

fn mount(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    registration: &Registration,
    above: &Above,
    found: &mut Found,
    depth: usize,
) {
    let Some(id) = registration.handlers.first().and_then(Value::only_object) else {
        return;
    };
    let Some(router) = host.state().routers.get(&id).cloned() else {
        return;
    };
    let option = |name: &str| registration.options.get(&Ustr::from(name)).cloned();
    let own = router.options.get(&Ustr::from("url_prefix")).cloned();
    let given = text_of(option("url_prefix").as_ref());
    let prefix = given.or_else(|| text_of(own.as_ref()));
    let mut inner = above.clone();
    inner.prefix = match (&above.prefix, prefix) {
        (Some(outer), Some(own)) => Some(format!(
            "{}/{}",
            outer.trim_end_matches('/'),
            own.trim_start_matches('/')
        )),
        (outer, own) => own.or_else(|| outer.clone()),
    };
    let name = option("name").and_then(|name| name.text());
    let name = name.unwrap_or_else(|| name_of(&router));
    inner.blueprints.push((id, name));
    inner.decided.extend(registration.decided.iter().copied());
    collect(host, machine, id, &inner, found, depth + 1);
}

/// An application serves its static files if it has some; a blueprint if it names a folder.
fn add_static(
    machine: &mut Machine<'_>,
    id: ObjectId,
    router: &Router,
    above: &Above,
    found: &mut Found,
) {
    let option = |name: &str| router.options.get(&Ustr::from(name));
    let folder = option("static_folder");
    let is_given = match folder {
        Some(folder) => !folder.is_nothing(),
        None => false,
    };
    let url = text_of(option("static_url_path"));
    let is_served = match router.role {
        "app" => is_given || (folder.is_none() && url.is_some()),
        _ => is_given,
    };
    if !is_served {
        return;
    }
    let last = folder.and_then(Value::text).map_or_else(
        || "static".to_owned(),
        |folder| {
            folder
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or("")
                .to_owned()
        },
    );
    let url = url.unwrap_or_else(|| format!("/{last}"));
    let view = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from("flask:static")), router.span);
    machine.heap.get_mut(view).name = Some(Ustr::from("static"));
    let path = format!("{}/<path:filename>", url.trim_end_matches('/'));
    let options = [(Ustr::from("endpoint"), Value::string("static"))];
    found.rules.push(Rule {
        router: id,
        registration: Registration {
            kind: RegistrationKind::Other("route"),
            path: Ustr::from(&path),
            handlers: vec![Value::object(view)],
            span: router.span,
            decided: Vec::new(),
            options: options.into_iter().collect(),
        },
        above: above.clone(),
    });
}

fn full_name(above: &Above, name: Ustr) -> Ustr {
    if above.blueprints.is_empty() {
        return name;
    }
    Ustr::from(&format!("{}.{name}", blueprint_name(above)))
}

fn blueprint_name(above: &Above) -> String {
    let names: Vec<&str> = above
        .blueprints
        .iter()
        .map(|(_, name)| name.as_str())
        .collect();
    names.join(".")
}

/// The path of a rule below its prefix (`sansio/blueprints.py`, `BlueprintSetupState.add_url_rule`).
fn path_of(rule: &Rule) -> String {
    let path = rule.registration.path.as_str();
    match &rule.above.prefix {
        Some(prefix) if path.is_empty() => prefix.clone(),
        Some(prefix) => format!(
            "{}/{}",
            prefix.trim_end_matches('/'),
            path.trim_start_matches('/')
        ),
        None => path.to_owned(),
    }
}

/// Writes a rule as a template: `/a/<int:id>` is `/a/{id}`, `<path:rest>` is `{rest*}`. Returns the names of
/// parameters and their converters besides.
pub(super) fn template(rule: &str) -> (String, Vec<(Ustr, Ustr)>) {
    let mut written = String::new();
    let mut parameters = Vec::new();
    let mut rest = rule;
    while let Some(start) = rest.find('<') {
        written.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            break;
        };
        let inner = &rest[start + 1..start + end];
        let (converter, name) = match inner.rsplit_once(':') {
            Some((converter, name)) => (converter.split('(').next().unwrap_or(""), name),
            None => ("string", inner),
        };
        match converter {
            "path" => written.push_str(&format!("{{{name}*}}")),
            _ => written.push_str(&format!("{{{name}}}")),
        }
        parameters.push((Ustr::from(name), Ustr::from(converter)));
        rest = &rest[start + end + 1..];
    }
    written.push_str(rest);
    if written.is_empty() {
        written.push('/');
    }
    (written, parameters)
}

/// The view of a rule: the last that was put under its endpoint.
fn view_of(host: &ModelHost, machine: &Machine<'_>, rule: &Rule) -> Value {
    let own = rule.registration.handlers.first().cloned();
    let name = endpoint_of(machine, &rule.registration);
    let full = name.map(|name| full_name(&rule.above, name));
    let state = host.state();
    let replaced = [Some(rule.router), Some(rule.above.app)]
        .into_iter()
        .flatten()
        .flat_map(|id| state.routers.get(&id))
        .flat_map(|router| &router.registrations)
        .filter(|registration| registration.kind == RegistrationKind::Other("endpoint"))
        .filter(|registration| {
            let given = registration.options.get(&Ustr::from("endpoint"));
            let given = given.and_then(Value::text);
            given.is_some() && (given == name || given == full)
        })
        .filter_map(|registration| registration.handlers.first().cloned())
        .next_back();
    replaced.or(own).unwrap_or_else(Value::null)
}

/// The methods that a rule answers: as given, those of its view, or GET. Those that Flask answers by itself
/// (HEAD and OPTIONS) are left out unless they are asked for.
fn methods(host: &ModelHost, machine: &mut Machine<'_>, rule: &Rule) -> Vec<Ustr> {
    let is_socket = rule
        .registration
        .options
        .contains_key(&Ustr::from("websocket"));
    if is_socket {
        return vec![Ustr::from("WS")];
    }
    let given = rule
        .registration
        .options
        .get(&Ustr::from("methods"))
        .cloned();
    let view = view_of(host, machine, rule);
    let listed = match given.filter(|given| !given.is_nothing()) {
        Some(list) => Some(list),
        None => views::methods_of(machine, &view),
    };
    let mut methods: Vec<Ustr> = Vec::new();
    if let Some(list) = listed {
        for method in machine.elements_of(&list).0 {
            for text in method.texts().unwrap_or_default() {
                let method = Ustr::from(&text.to_ascii_uppercase());
                if !methods.contains(&method) {
                    methods.push(method);
                }
            }
        }
    }
    if methods.is_empty() {
        methods.push(Ustr::from("GET"));
    }
    // Asking for OPTIONS too is what the framework does anyway, and no door of its own.
    if methods.len() > 1 {
        methods.retain(|method| method != "OPTIONS" && method != "HEAD");
    }
    if methods.is_empty() {
        methods.push(Ustr::from("GET"));
    }
    methods
}

fn hooks_of(host: &ModelHost, rule: &Rule, found: &Found) -> Vec<Hook> {
    let mut hooks = found.hooks.clone();
    let state = host.state();
    for (id, _) in &rule.above.blueprints {
        let Some(router) = state.routers.get(id) else {
            continue;
        };
        for registration in &router.registrations {
            if let RegistrationKind::Other(kind) = registration.kind
                && is_hook(kind)
                && !kind.contains("_app")
            {
                hooks.push(hook(registration, kind, &[]));
            }
        }
    }
    hooks
}

fn door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    rule: &Rule,
    method: Ustr,
    found: &Found,
) -> Door {
    let view = view_of(host, machine, rule);
    let made = door_to(host, machine, rule, method, found, view.clone());
    // What decorators above that of the route made of the view is asked for as well: nobody meets it.
    let topmost = view
        .only_object()
        .and_then(|id| machine.decorated.get(&id).copied());
    let handler = made.steps.last().and_then(|step| step.value.only_object());
    if let (Some(topmost), Some(handler)) = (topmost, handler) {
        let guarded = door_to(host, machine, rule, method, found, Value::object(topmost));
        host.state().topmost.insert(handler, guarded);
    }
    made
}

fn door_to(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    rule: &Rule,
    method: Ustr,
    found: &Found,
    view: Value,
) -> Door {
    let (path, parameters) = template(&path_of(rule));
    let is_socket = method == "WS";
    let mut decided = rule.above.decided.clone();
    decided.extend(rule.registration.decided.iter().copied());
    let hooks = hooks_of(host, rule, found);
    let mut steps: Vec<Step> = Vec::new();
    for (kind, role) in [("preprocess", "preprocess"), ("before", "before")] {
        let wanted = hooks.iter().filter(|hook| hook.kind == kind);
        steps.extend(wanted.map(|hook| step_of(machine, hook, role)));
    }
    let guards = guards_of(machine, &view);
    for guard in &guards.0 {
        steps.push(guard_step(machine, guard, &rule.registration, &decided));
    }
    let after = hooks.iter().rev().filter(|hook| hook.kind == "after");
    let plan = Plan {
        app: rule.above.app,
        blueprints: rule.above.blueprints.iter().map(|(id, _)| *id).collect(),
        endpoint: endpoint_of(machine, &rule.registration)
            .map_or_else(Ustr::default, |name| full_name(&rule.above, name)),
        blueprint: (!rule.above.blueprints.is_empty())
            .then(|| Ustr::from(&blueprint_name(&rule.above))),
        view: view.clone(),
        inner: guards.1.clone(),
        parameters,
        defaults: rule
            .registration
            .options
            .get(&Ustr::from("defaults"))
            .cloned(),
        after: after.map(|hook| hook.value.clone()).collect(),
    };
    let number = {
        let mut state = host.state();
        state.flask.plans.push(plan);
        state.flask.plans.len() - 1
    };
    let handler = views::symbol_of(machine, &guards.1, method, rule.registration.span);
    let id = host.make_object(machine, "flask:view_call", handler.span);
    machine.heap.get_mut(id).elements = vec![Value::number(number as f64)];
    steps.push(Step {
        value: Value::object(id),
        kind: StepKind::Handler,
        name: handler.name,
        span: handler.span,
        mounted: rule.registration.span,
        decided: decided.clone(),
        role: "handler",
    });
    let app = machine.heap.get(rule.above.app).span;
    let group = machine.heap.get(rule.router).name;
    Door {
        transport: match is_socket {
            true => Transport::WebSocket,
            false => Transport::Http,
        },
        method,
        path: Ustr::from(&path.replace(HOLE, "{unknown}")),
        message: None,
        framework: framework(),
        app: Ustr::from(machine.program.files.path(app)),
        handler,
        registered: rule.registration.span,
        group: (rule.router.0, group.unwrap_or_else(|| Ustr::from("app"))),
        steps,
        decided,
        unresolved: match path.contains(HOLE) {
            true => vec!["a part of its path is not known".to_owned()],
            false => Vec::new(),
        },
        late: Vec::new(),
    }
}

fn framework() -> &'static Framework {
    super::MODEL
        .framework
        .expect("the model of Flask is one of a framework")
}

//! The routes of a project: `path`, `re_path` and `include` keep what they are given; what they lead to is read
//! once all modules have run.

use firedoor_app::{Origin, Transport};
use firedoor_eval::{
    Answer, Atom, Call, Decided, HOLE, Machine, ObjectId, ObjectKind, OriginSet, Value,
};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::patterns::{Template, as_path, of_regex, of_route};
use super::{matches, project, views};
use crate::python_support::{argument, last_name, object_with_arguments};
use crate::tables::CallFunction;
use crate::{Door, ModelHost, Step, StepKind};

/// The calls that the file answers.
pub(crate) const CALLS: &[(&str, CallFunction)] = &[
    ("py:django.urls.path", pattern),
    ("py:django.urls.re_path", pattern),
    ("py:django.conf.urls.url", pattern),
    ("py:django.urls.include", include),
    ("py:django.conf.urls.i18n.i18n_patterns", localized),
    ("py:django.conf.urls.static.static", no_patterns),
    (
        "py:django.contrib.staticfiles.urls.staticfiles_urlpatterns",
        no_patterns,
    ),
    (
        "py:django.utils.module_loading.import_string",
        import_string,
    ),
    ("py:django.setup", crate::python_support::nothing),
    ("py:django.urls.reverse", reverse),
    ("py:django.urls.reverse_lazy", reverse),
    ("py:django.urls.resolve", matches::resolve),
];

/// Names under which the same things are imported.
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("py:django.conf.urls.include", "py:django.urls.include"),
    ("py:django.urls.conf.path", "py:django.urls.path"),
    ("py:django.urls.conf.include", "py:django.urls.include"),
    ("py:django.urls.conf.re_path", "py:django.urls.re_path"),
    ("py:django.conf.urls.re_path", "py:django.urls.re_path"),
    (
        "py:django.core.urlresolvers.reverse",
        "py:django.urls.reverse",
    ),
    ("py:django.shortcuts.reverse", "py:django.urls.reverse"),
];

pub(crate) const PATTERN: &str = "django:pattern";
const INCLUDED: &str = "django:include";
const LOCALIZED: &str = "django:localized";

/// `path(route, view, kwargs=None, name=None)`.
fn pattern(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decided = machine.decided.clone();
    let id = object_with_arguments(machine, call);
    let route = argument(call, 0, "route");
    let route = match call.arguments.find(0, "regex") {
        Some(regex) => regex.clone(),
        None => route,
    };
    let view = argument(call, 1, "view");
    let is_regex = last_name(&call.path) != "path";
    let object = machine.heap.get_mut(id);
    object.kind = ObjectKind::Host(Ustr::from(PATTERN));
    object.elements = vec![route, view];
    let flag = Value::bool(is_regex);
    object.properties.insert(Ustr::from("$regex"), flag);
    keep_decided(host, machine, id, &decided);
    Ok(Some(Value::object(id)))
}

/// What was decided on the way to something, which is made under a condition only.
fn keep_decided(host: &ModelHost, _machine: &Machine<'_>, id: ObjectId, decided: &[Decided]) {
    if !decided.is_empty() {
        let mut state = host.state();
        state.fastapi.conditions.insert(id, decided.to_vec());
    }
}

fn decided_of(host: &ModelHost, id: ObjectId) -> Vec<Decided> {
    let state = host.state();
    state
        .fastapi
        .conditions
        .get(&id)
        .cloned()
        .unwrap_or_default()
}

/// `include('app.urls')`, `include(module)`, `include([...])`, `include((patterns, 'app'), namespace='x')`.
fn include(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "arg");
    let mut parts = vec![given.clone()];
    if let Some(id) = given.only_object()
        && matches!(machine.heap.get(id).kind, ObjectKind::Tuple)
    {
        parts = machine.heap.get(id).elements.clone();
    }
    let target = parts.first().cloned().unwrap_or_else(Value::null);
    let patterns = patterns_of(machine, &target);
    let id = host.make_object(machine, INCLUDED, call.span);
    let object = machine.heap.get_mut(id);
    let app = parts.get(1).cloned();
    object.elements = vec![patterns];
    object.elements.push(target);
    if let Some(space) = call.arguments.find(1, "namespace").cloned().or(app) {
        object.properties.insert(Ustr::from("$namespace"), space);
    }
    Ok(Some(Value::object(id)))
}

/// A module is what its `urlpatterns` say; it is read again later, since it may be running.
fn patterns_of(machine: &mut Machine<'_>, target: &Value) -> Value {
    if let Some(dotted) = target.text()
        && let Some(module) = machine.module()
    {
        let file = machine.program.module(module).file;
        return match machine.module_named(file, &dotted) {
            Some(module) => machine.namespace(module),
            None => Value::outside(&format!("py:{dotted}")),
        };
    }
    target.clone()
}

/// `i18n_patterns(*patterns)`: each below the code of a language.
fn localized(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let list = machine.make_list(call.arguments.positional.clone(), false, call.span);
    let is_bare = call
        .arguments
        .keyword("prefix_default_language")
        .and_then(Value::truth)
        == Some(false);
    let id = host.make_object(machine, LOCALIZED, call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![list, Value::bool(is_bare)];
    let all = machine.make_list(vec![Value::object(id)], false, call.span);
    Ok(Some(all))
}

/// Files are served by Django only while developing.
fn no_patterns(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.make_list(Vec::new(), false, call.span)))
}

fn import_string(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(dotted) = argument(call, 0, "dotted_path").text() else {
        return Ok(None);
    };
    let Some(module) = machine.module() else {
        return Ok(None);
    };
    let file = machine.program.module(module).file;
    Ok(Some(machine.member_named(file, &dotted)))
}

/// `reverse(name)` is a path of the site; which is of no matter.
fn reverse(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "viewname");
    let known = name
        .text()
        .and_then(|name| host.state().django.names.get(&name).copied());
    let within = put_within(host, machine, call);
    Ok(Some(match (known, name.text()) {
        (Some(path), _) => Value::string(&path).with_origins(within),
        (None, Some(name)) => {
            Value::string(&format!("/{}", name.replace(':', "/"))).with_origins(within)
        }
        _ => {
            let text = format!("/{HOLE}");
            let origins = machine.origins_of(call.arguments.all());
            Value::pattern(&text).with_origins(origins)
        }
    }))
}

/// What of the arguments is worth remembering of a path: a token stays one. Which of its pages a client names leads to
/// no other place.
fn put_within(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> OriginSet {
    let mut within = OriginSet::EMPTY;
    for name in ["args", "kwargs"] {
        let Some(given) = call.arguments.keyword(name).cloned() else {
            continue;
        };
        let provenance = host.deep_provenance(machine, &given);
        for origin in provenance.origins() {
            if matches!(
                origin,
                Origin::Random { .. } | Origin::Digest | Origin::Signature
            ) {
                let one = host.origin(machine, origin.clone());
                within = machine.origins.union(within, one);
            }
        }
    }
    within
}

/// What lies above a list of patterns.
#[derive(Clone, Default)]
struct Above {
    template: Template,
    decided: Vec<Decided>,
    /// The namespaces that lie around, the outermost first.
    spaces: Vec<String>,
    /// Holds where the innermost list of patterns was named by whoever included it.
    is_named: bool,
    unresolved: Vec<String>,
    depth: usize,
}

/// A route with everything above it.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) template: Template,
    pub(crate) view: Value,
    pub(crate) kwargs: Value,
    pub(crate) decided: Vec<Decided>,
    pub(crate) unresolved: Vec<String>,
    pub(crate) span: Span,
    pub(crate) group: (u32, Ustr),
    /// What it is called.
    pub(crate) name: Option<Ustr>,
    /// The namespaces that it lies in, the outermost first.
    pub(crate) spaces: Vec<Ustr>,
}

/// Lists the entry points of all projects.
pub(crate) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    for site in project::sites(host, machine) {
        host.state().django.settings = Some(site.settings);
        let app = Ustr::from(machine.program.path(site.urls));
        let mut routes = Vec::new();
        machine.start();
        let _ = machine.run_module(site.urls);
        machine.in_module(site.urls, |machine| {
            let patterns = machine.namespace(site.urls);
            let above = Above::default();
            walk(host, machine, &patterns, &above, &mut routes);
        });
        drop_hidden(&mut routes);
        let middleware = machine.in_module(site.settings, |machine| {
            super::middleware::steps(host, machine, site.settings)
        });
        for route in routes {
            machine.start();
            let made = machine.in_module(site.urls, |machine| {
                views::doors_of(host, machine, &route, &middleware, app)
            });
            doors.extend(made);
            if doors.len() > 20_000 {
                break;
            }
        }
    }
    host.state().django.settings = None;
    doors.extend(super::channels::doors(host, machine));
    doors
}

/// Takes out the routes that no request reaches: Django takes the first pattern that fits, whatever its method.
fn drop_hidden(routes: &mut Vec<Route>) {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    routes.retain(|route| {
        let is_fixed = route.template.parameters.is_empty() && !route.template.text.contains(HOLE);
        if !is_fixed || !route.unresolved.is_empty() {
            return true;
        }
        match route.decided.is_empty() {
            true => seen.insert(route.template.text.clone()),
            false => !seen.contains(&route.template.text),
        }
    });
}

/// Lists the routes of a list of patterns.
pub(crate) fn routes_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    patterns: &Value,
) -> Vec<Route> {
    let mut routes = Vec::new();
    walk(host, machine, patterns, &Above::default(), &mut routes);
    routes
}

/// Reads a list of patterns, or a module that has one.
fn walk(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    patterns: &Value,
    above: &Above,
    routes: &mut Vec<Route>,
) {
    if above.depth > 12 || routes.len() > 20_000 {
        return;
    }
    let mut list = patterns.clone();
    let mut above = above.clone();
    above.depth += 1;
    if let Some(id) = patterns.only_object() {
        match machine.heap.get(id).kind.clone() {
            ObjectKind::Namespace(module) => {
                let span = Span::new(machine.program.module(module).file, 0, 0);
                if !above.is_named
                    && let Some(name) = machine
                        .exported(module, Ustr::from("app_name"), span)
                        .text()
                {
                    above.spaces.push(name.to_string());
                }
                list = machine.exported(module, Ustr::from("urlpatterns"), span);
            }
            ObjectKind::Tuple => {
                let first = machine.heap.get(id).elements.first().cloned();
                let is_pattern = first
                    .as_ref()
                    .is_some_and(|first| kind(machine, first).is_some());
                if !is_pattern {
                    list = first.unwrap_or_else(Value::null);
                }
            }
            _ => {}
        }
    }
    if let Some(id) = list.only_object()
        && kind(machine, &list).as_deref() == Some(super::routers::URLS)
    {
        for pattern in super::routers::patterns(host, machine, id) {
            each(host, machine, &pattern, &above, routes);
        }
        return;
    }
    if list.as_outside().is_some() {
        super::admin::library_patterns(host, machine, &list, &mut |machine, pattern| {
            each(host, machine, &pattern, &above, routes);
        });
        return;
    }
    for element in super::run::listed(machine, &list) {
        each(host, machine, &element, &above, routes);
    }
}

fn kind(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Host(path) if path.starts_with("django:") => Some(path),
        _ => None,
    }
}

fn each(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    element: &Value,
    above: &Above,
    routes: &mut Vec<Route>,
) {
    for atom in element.atoms().to_vec() {
        let Atom::Object(id) = atom else { continue };
        let ObjectKind::Host(path) = machine.heap.get(id).kind else {
            continue;
        };
        match path.as_str() {
            PATTERN => one(host, machine, id, above, routes),
            LOCALIZED => {
                let elements = machine.heap.get(id).elements.clone();
                let is_bare = elements.get(1).and_then(Value::truth) == Some(true);
                let mut inner = above.clone();
                if !is_bare {
                    let below = of_route("<language>/");
                    inner.template = inner.template.join(&below);
                    inner.template.parameters.clear();
                }
                if let Some(list) = elements.first() {
                    walk(host, machine, list, &inner, routes);
                }
            }
            INCLUDED => included(host, machine, id, above, routes),
            super::routers::URLS => {
                for pattern in super::routers::patterns(host, machine, id) {
                    each(host, machine, &pattern, above, routes);
                }
            }
            _ => {}
        }
    }
}

fn included(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    above: &Above,
    routes: &mut Vec<Route>,
) {
    let object = machine.heap.get(id).clone();
    let mut inner = above.clone();
    inner.is_named = false;
    if let Some(space) = object.properties.get(&Ustr::from("$namespace"))
        && let Some(space) = space.text()
    {
        inner.spaces.push(space.to_string());
        inner.is_named = true;
    }
    if let Some(list) = object.elements.first() {
        walk(host, machine, list, &inner, routes);
    }
}

fn one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    above: &Above,
    routes: &mut Vec<Route>,
) {
    let object = machine.heap.get(id).clone();
    let option = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
    let (Some(route), Some(view)) = (object.elements.first(), object.elements.get(1)) else {
        return;
    };
    let mut inner = above.clone();
    let text = known_text(route);
    let text = text.unwrap_or_else(|| {
        inner
            .unresolved
            .push("a part of its path is not known".to_owned());
        HOLE.to_string()
    });
    let below = match option("$regex").and_then(|flag| flag.truth()) {
        Some(true) => of_regex(&text),
        _ => of_route(&text),
    };
    inner.template = inner.template.join(&below);
    inner.decided.extend(decided_of(host, id));
    match kind(machine, view).as_deref() {
        Some(INCLUDED) => {
            if let Some(id) = view.only_object() {
                included(host, machine, id, &inner, routes);
            }
            return;
        }
        Some(super::routers::URLS) => {
            walk(host, machine, view, &inner, routes);
            return;
        }
        Some(super::admin::ADMIN) => {
            let all = view.only_object();
            let added = all.and_then(|all| super::admin_sites::added(machine, all, object.span));
            if let Some(added) = added {
                walk(host, machine, &added, &inner, routes);
            }
        }
        _ => {}
    }
    let is_list = view.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Tuple | ObjectKind::Array
        )
    });
    if is_list {
        walk(host, machine, view, &inner, routes);
        return;
    }
    let name = option("name").and_then(|name| name.text());
    if let Some(name) = name {
        let path = as_path(&inner.template);
        let mut words = inner.spaces.clone();
        words.push(name.to_string());
        let full = words.join(":");
        let mut state = host.state();
        let names = &mut state.django.names;
        names.entry(Ustr::from(&full)).or_insert(Ustr::from(&path));
        names.entry(name).or_insert(Ustr::from(&path));
    }
    routes.push(Route {
        template: inner.template,
        view: view.clone(),
        kwargs: option("kwargs").unwrap_or_else(Value::null),
        decided: inner.decided,
        unresolved: inner.unresolved,
        span: object.span,
        group: (object.span.file.0, Ustr::from("urlpatterns")),
        name,
        spaces: inner.spaces.iter().map(|space| Ustr::from(space)).collect(),
    });
}

/// A route as it is written; of several that it may be, the one that no setting is needed for.
fn known_text(route: &Value) -> Option<String> {
    if let Some(text) = route.text_pattern() {
        return Some(text.to_string());
    }
    let known = route.filter(|atom| matches!(atom, Atom::String(_)))?;
    known.text().map(|text| text.to_string())
}

/// Makes the door of a route for one method.
pub(crate) fn door(
    machine: &Machine<'_>,
    route: &Route,
    method: &str,
    handler: &Value,
    steps: Vec<Step>,
    app: Ustr,
) -> Door {
    let symbol = steps
        .iter()
        .rev()
        .find(|step| step.kind == StepKind::Handler)
        .map(|step| firedoor_app::Symbol {
            name: step.name,
            span: step.span,
        });
    let symbol = symbol.unwrap_or_else(|| crate::doors::symbol(machine, handler, route.span));
    let is_socket = method == "WS";
    Door {
        transport: match is_socket {
            true => Transport::WebSocket,
            false => Transport::Http,
        },
        method: Ustr::from(method),
        path: Ustr::from(&as_path(&route.template)),
        message: None,
        framework: &super::FRAMEWORK,
        app,
        handler: symbol,
        registered: route.span,
        group: route.group,
        steps,
        decided: route.decided.clone(),
        unresolved: route.unresolved.clone(),
        late: Vec::new(),
    }
}

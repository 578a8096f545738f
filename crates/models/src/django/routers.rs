//! Routers of REST framework: from registered viewsets to routes.
//!
//! Sources: djangorestframework 3.16 `routers.py`; drf-nested-routers 0.94 `routers.py`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::drf;
use super::patterns::of_regex;
use super::router_tables;
use super::urls::PATTERN;
use super::views::{VIEW, own_class};
use crate::python_support::{argument, last_name, object_with_arguments};
use crate::{Model, ModelHost};

/// The object that the routes of a router are.
pub(crate) const URLS: &str = "django:router-urls";
const REGISTRY: &str = "django:registry";
const REGISTERED: &str = "registered viewsets";

macro_rules! routers {
    ($($path:literal),* $(,)?) => {
        Model {
            name: "django",
            calls: &[
                ("django:registry.extend", extend),
                ("django:registry.append", append),
                ("py:rest_framework.routers.Route", router_tables::make_route),
                ("py:rest_framework.routers.DynamicRoute", router_tables::make_route),
                $(
                    ($path, make),
                    (concat!($path, "().register"), register),
                    (concat!($path, "().get_urls"), get_urls),
                    (concat!($path, "().__init__"), crate::python_support::nothing),
                )*
            ],
            members: &[$(
                (concat!($path, "().routes"), router_tables::routes),
                (concat!($path, "().urls"), urls),
                (concat!($path, "().registry"), registry),
            )*],
            ..Model::EMPTY
        }
    };
}

/// The model.
pub static MODEL: Model = routers!(
    "py:rest_framework.routers.DefaultRouter",
    "py:rest_framework.routers.SimpleRouter",
    "py:rest_framework.routers.BaseRouter",
    "py:rest_framework_nested.routers.NestedSimpleRouter",
    "py:rest_framework_nested.routers.NestedDefaultRouter",
    "py:rest_framework_nested.routers.DefaultRouter",
    "py:rest_framework_nested.routers.SimpleRouter",
    "py:rest_framework_extensions.routers.ExtendedDefaultRouter",
);

fn make(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

fn router_of(call: &Call<'_>) -> Option<ObjectId> {
    call.receiver.or(call.this.only_object())
}

fn entries(host: &ModelHost, machine: &mut Machine<'_>, router: ObjectId) -> Vec<Value> {
    let known = host.state().notes.get(&(router, REGISTERED)).cloned();
    known.map_or_else(Vec::new, |list| machine.elements_of(&list).0)
}

fn add(host: &ModelHost, machine: &mut Machine<'_>, router: ObjectId, new: Vec<Value>, span: Span) {
    let mut all = entries(host, machine, router);
    all.extend(new);
    let list = machine.make_list(all, false, span);
    host.state().notes.insert((router, REGISTERED), list);
}

/// `router.register(prefix, viewset, basename=None)`.
fn register(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = router_of(call) else {
        return Ok(None);
    };
    let parts = vec![argument(call, 0, "prefix"), argument(call, 1, "viewset")];
    let entry = machine.make_tuple(parts, call.span);
    if !host.is_request() {
        add(host, machine, router, vec![entry], call.span);
    }
    Ok(Some(Value::null()))
}

/// `router.registry.extend(other.registry)`.
fn extend(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(own) = router_of(call).and_then(|id| behind(machine, id)) else {
        return Ok(None);
    };
    let given = call.arguments.get(0);
    let other = given.only_object().and_then(|id| behind(machine, id));
    let new = match other {
        Some(other) => entries(host, machine, other),
        None => machine.elements_of(&given).0,
    };
    add(host, machine, own, new, call.span);
    Ok(Some(Value::null()))
}

fn append(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(own) = router_of(call).and_then(|id| behind(machine, id)) else {
        return Ok(None);
    };
    add(host, machine, own, vec![call.arguments.get(0)], call.span);
    Ok(Some(Value::null()))
}

/// The router that a registry or a list of routes belongs to.
fn behind(machine: &Machine<'_>, id: ObjectId) -> Option<ObjectId> {
    let object = machine.heap.get(id);
    match object.kind {
        ObjectKind::Host(path) if path == REGISTRY || path == URLS => {
            object.elements.first()?.only_object()
        }
        _ => None,
    }
}

fn part(host: &ModelHost, machine: &mut Machine<'_>, path: &str, router: ObjectId) -> Value {
    let span = machine.heap.get(router).span;
    let id = host.make_object(machine, path, span);
    machine.heap.get_mut(id).elements = vec![Value::object(router)];
    Value::object(id)
}

/// The routes are a list, which others are made of: `[*router.urls]`. What is registered later belongs to it too.
fn list(host: &ModelHost, machine: &mut Machine<'_>, router: ObjectId) -> Value {
    let all = part(host, machine, URLS, router);
    let span = machine.heap.get(router).span;
    machine.make_list(vec![all], false, span)
}

fn urls(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(list(host, machine, object?))
}

fn get_urls(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = router_of(call) else {
        return Ok(None);
    };
    Ok(Some(list(host, machine, router)))
}

fn registry(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(part(host, machine, REGISTRY, object?))
}

/// What a router is made with, and of which kind it is.
struct Shape {
    slash: &'static str,
    has_root: bool,
    /// The parent of a nested router, the prefix there, and the name of the record's parameter.
    parent: Option<(String, String)>,
}

fn shape(host: &ModelHost, machine: &mut Machine<'_>, router: ObjectId) -> Shape {
    let object = machine.heap.get(router).clone();
    let path = match object.kind {
        ObjectKind::Host(path) => Some(path),
        _ => machine.outside_base(router),
    };
    let path = path.unwrap_or_default();
    let name = last_name(path.trim_end_matches("()")).to_owned();
    let option = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
    let slash = match option("trailing_slash").and_then(|value| value.truth()) {
        Some(false) => "",
        _ => "/",
    };
    let parent = name.starts_with("Nested").then(|| {
        let parent = object.elements.first().and_then(Value::only_object)?;
        let prefix = object
            .elements
            .get(1)
            .cloned()
            .or_else(|| option("parent_prefix"))?;
        let lookup = option("lookup").or_else(|| object.elements.get(2).cloned());
        let prefix = prefix.text()?.to_string();
        let lookup = lookup.and_then(|lookup| lookup.text());
        let lookup = lookup.map_or_else(|| "nested_1".to_owned(), |lookup| lookup.to_string());
        let class = entries(host, machine, parent)
            .into_iter()
            .find_map(|entry| {
                let (parts, _) = machine.elements_of(&entry);
                let own = parts.first()?.text()?;
                (own == prefix.as_str()).then(|| parts.get(1).cloned())?
            });
        let field = class
            .and_then(|class| own_class(machine, &class))
            .map_or_else(|| "pk".to_owned(), |class| lookup_of(machine, class).0);
        let above = shape(host, machine, parent).parent;
        let (before, _) = above.unwrap_or_default();
        let whole = format!("{before}{prefix}/<{lookup}_{field}>/");
        Some((whole, lookup))
    });
    Shape {
        slash,
        has_root: name.contains("Default") && !name.starts_with("Nested"),
        parent: parent.flatten(),
    }
}

/// The names of the field and of the parameter that choose a record.
fn lookup_of(machine: &Machine<'_>, class: ObjectId) -> (String, Option<String>) {
    let text = |name: &str| {
        let found = machine.class_attribute(class, Ustr::from(name))?;
        Some(found.1.text()?.to_string())
    };
    let field = text("lookup_field").unwrap_or_else(|| "pk".to_owned());
    let parameter = text("lookup_url_kwarg").unwrap_or_else(|| field.clone());
    (parameter, text("lookup_value_regex"))
}

/// Lists the routes of a router as patterns.
pub(crate) fn patterns(host: &ModelHost, machine: &mut Machine<'_>, urls: ObjectId) -> Vec<Value> {
    let Some(router) = behind(machine, urls) else {
        return Vec::new();
    };
    let shape = shape(host, machine, router);
    let mut patterns = Vec::new();
    for entry in entries(host, machine, router) {
        let (parts, _) = machine.elements_of(&entry);
        let [prefix, viewset] = parts.get(..2).unwrap_or_default() else {
            continue;
        };
        let prefix = prefix.text_pattern();
        let prefix =
            prefix.map_or_else(|| firedoor_eval::HOLE.to_string(), |text| text.to_string());
        let span = entry
            .only_object()
            .map_or(machine.place(), |id| machine.heap.get(id).span);
        let above = shape
            .parent
            .clone()
            .map_or_else(String::new, |(above, _)| above);
        // A prefix may be a regular expression.
        let prefix = match prefix.contains('(') {
            true => {
                let read = of_regex(&prefix).text;
                read.replace('{', "<").replace('}', ">")
            }
            false => prefix,
        };
        let prefix = format!("{above}{prefix}");
        for class in viewset.objects().collect::<Vec<_>>() {
            let made = of_viewset(host, machine, (router, class), &prefix, &shape, span);
            patterns.extend(made);
        }
    }
    if shape.has_root {
        let span = machine.heap.get(router).span;
        let class = Value::outside("py:rest_framework.routers.APIRootView");
        let actions = vec![("get".to_owned(), "get".to_owned())];
        let view = view(host, machine, class, &actions, Default::default(), span);
        machine.heap.get_mut(view).name = Some(Ustr::from("APIRootView"));
        patterns.push(pattern(host, machine, "", view, span));
    }
    patterns
}

/// The list, the records, and the actions that a viewset adds, in the order of REST framework.
fn of_viewset(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (router, class): (ObjectId, ObjectId),
    prefix: &str,
    shape: &Shape,
    span: Span,
) -> Vec<Value> {
    let mut patterns = Vec::new();
    if !matches!(machine.heap.get(class).kind, ObjectKind::Class { .. }) {
        return patterns;
    }
    let (lookup, _) = lookup_of(machine, class);
    let slash = shape.slash;
    let joined = |parts: &[&str]| {
        let parts: Vec<&str> = parts
            .iter()
            .copied()
            .filter(|part| !part.is_empty())
            .collect();
        let text = parts.join("/");
        match text.is_empty() {
            true => text,
            false => format!("{text}{slash}"),
        }
    };
    let parameter = format!("<{lookup}>");
    let extras = drf::extras(host, machine, class);
    let add = |machine: &mut Machine<'_>,
               patterns: &mut Vec<Value>,
               route: String,
               actions: Vec<(String, String)>,
               options: firedoor_eval::Properties| {
        if actions.is_empty() {
            return;
        }
        let value = Value::object(class);
        let view = view(host, machine, value, &actions, options, span);
        patterns.push(pattern(host, machine, &route, view, span));
    };
    let list = router_tables::actions(host, machine, router, class, false);
    add(
        machine,
        &mut patterns,
        joined(&[prefix]),
        list,
        Default::default(),
    );
    for is_detail in [false, true] {
        if is_detail {
            let one = router_tables::actions(host, machine, router, class, true);
            let route = joined(&[prefix, &parameter]);
            add(machine, &mut patterns, route, one, Default::default());
        }
        for extra in extras.iter().filter(|extra| extra.is_detail == is_detail) {
            let path = match extra.path.contains('(') {
                true => {
                    let read = of_regex(&extra.path).text;
                    read.replace('{', "<").replace('}', ">")
                }
                false => extra.path.to_string(),
            };
            let route = match is_detail {
                true => joined(&[prefix, &parameter, &path]),
                false => joined(&[prefix, &path]),
            };
            let methods = extra.methods.iter();
            let actions = methods.map(|(method, name)| (method.to_string(), name.to_string()));
            let mut options = extra.options.clone();
            for name in ["methods", "detail", "url_path", "url_name", "$mapped"] {
                options.shift_remove(&Ustr::from(name));
            }
            add(machine, &mut patterns, route, actions.collect(), options);
        }
    }
    patterns
}

/// Makes the view of a viewset for some of its actions.
fn view(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: Value,
    actions: &[(String, String)],
    options: firedoor_eval::Properties,
    span: Span,
) -> ObjectId {
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    for (method, action) in actions {
        let properties = &mut machine.heap.get_mut(table).properties;
        properties.insert(Ustr::from(method), Value::string(action));
    }
    let name = crate::doors::symbol(machine, &class, span).name;
    let id = host.make_object(machine, VIEW, span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![class];
    object.name = Some(name);
    object.properties = options;
    object
        .properties
        .insert(Ustr::from("$actions"), Value::object(table));
    id
}

fn pattern(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &str,
    view: ObjectId,
    span: Span,
) -> Value {
    let id = host.make_object(machine, PATTERN, span);
    machine.heap.get_mut(id).elements = vec![Value::string(route), Value::object(view)];
    Value::object(id)
}

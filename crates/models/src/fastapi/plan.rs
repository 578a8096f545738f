//! Plans: the functions that FastAPI calls for one route, each once, in the order in which they run.
//!
//! A dependency runs behind its own dependencies and before whoever asks for it, and once a request unless
//! it says otherwise. Source: fastapi 0.165, `dependencies/utils.py`, `solve_dependencies`.

use firedoor_app::RequestPart;
use firedoor_eval::{
    Arguments, Decided, Machine, ObjectId, ObjectKind, ReturnPath, Shape, Stop, Value,
};
use firedoor_ir::ParameterKind;
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::dependencies::{
    self, Dependant, Parameter, Source, is_same_call, unwrap_annotated,
};
use crate::fastapi::inputs::{is_scalar, value_of_type};
use crate::fastapi::middleware::Middleware;
use crate::fastapi::views;
use crate::pydantic;

/// Everything that runs for a route.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What runs around, outermost first.
    pub(crate) middleware: Vec<Middleware>,
    /// The functions called, the endpoint last.
    pub(crate) nodes: Vec<Node>,
    /// The status of an answer that says none.
    pub(crate) status: Option<u16>,
    /// The type of what is answered.
    pub(crate) answers: Option<Value>,
    /// The application.
    pub(crate) app: ObjectId,
    /// Those around it, outermost first.
    #[expect(
        dead_code,
        reason = "whoever builds a plan knows it; nothing asks for it yet"
    )]
    pub(crate) outer: Vec<ObjectId>,
    /// Holds if the endpoint is an ASGI application or a class of Starlette.
    pub(crate) is_plain: bool,
}

/// A function that is called.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) call: Value,
    pub(crate) span: Span,
    /// What was decided on the way to its being listed: it runs only then.
    pub(crate) decided: Vec<Decided>,
    /// Holds if it is a type that is not seen, so that what runs is not known.
    pub(crate) is_unseen: bool,
    is_view: bool,
    inputs: Vec<NodeInput>,
    is_cached: bool,
    scopes: Vec<Value>,
    uses_scopes: bool,
}

#[derive(Clone, Debug)]
struct NodeInput {
    name: Ustr,
    kind: ParameterKind,
    from: Fill,
}

#[derive(Clone, Debug)]
enum Fill {
    Node(usize),
    Shared(&'static str),
    Scopes,
    Request {
        part: RequestPart,
        field: Ustr,
        annotation: Option<Value>,
        default: Option<Value>,
        /// What a number must not be below or above: `Query(ge=1, le=10)`.
        bounds: Vec<Value>,
    },
}

/// Adds what a dependant needs and then itself; returns its number.
pub(crate) fn add(
    machine: &mut Machine<'_>,
    nodes: &mut Vec<Node>,
    dependant: &Dependant,
    path: &str,
    is_embedded: bool,
    scopes: &[Value],
    decided: &[Decided],
) -> usize {
    let mut all = scopes.to_vec();
    all.extend(dependant.scopes.iter().cloned());
    let known = nodes.iter().position(|node| {
        dependant.is_cached
            && node.is_cached
            && is_same_call(machine, &node.call, &dependant.call)
            && (!node.uses_scopes || node.scopes == all)
            // What runs under a condition only may have to run again.
            && (node.decided.is_empty() || node.decided == decided)
    });
    if let Some(known) = known {
        return known;
    }
    let mut inputs = Vec::new();
    let mut uses_scopes = false;
    for parameter in &dependant.parameters {
        let from = match &parameter.source {
            Source::Dependency(inner) => {
                let number = add(machine, nodes, inner, path, is_embedded, &all, decided);
                uses_scopes |= nodes[number].uses_scopes;
                Fill::Node(number)
            }
            Source::Unseen(_) if is_path_parameter(path, &parameter.name) => {
                input(machine, parameter, None, path, is_embedded)
            }
            Source::Unseen(inner) => {
                let number = add(machine, nodes, inner, path, is_embedded, &all, decided);
                nodes[number].is_unseen = true;
                Fill::Node(number)
            }
            Source::Connection => Fill::Shared("request"),
            Source::Response => Fill::Shared("response"),
            Source::Background => Fill::Shared("background"),
            Source::Scopes => {
                uses_scopes = true;
                Fill::Scopes
            }
            Source::Input(marker) => input(machine, parameter, *marker, path, is_embedded),
        };
        inputs.push(NodeInput {
            name: parameter.name,
            kind: parameter.kind,
            from,
        });
    }
    nodes.push(Node {
        call: dependant.call.clone(),
        span: dependant.span,
        decided: decided.to_vec(),
        is_unseen: false,
        is_view: dependant.is_view,
        inputs,
        is_cached: dependant.is_cached,
        scopes: all,
        uses_scopes,
    });
    nodes.len() - 1
}

/// Which part of the request fills a parameter: what its marker says; else the path if it has a parameter
/// of that name, the query for plain types, and the body for others.
fn part_of(
    machine: &Machine<'_>,
    parameter: &Parameter,
    marker: Option<ObjectId>,
    path: &str,
) -> RequestPart {
    if is_path_parameter(path, &parameter.name) {
        return RequestPart::Path;
    }
    let name = marker.and_then(|marker| match machine.heap.get(marker).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    });
    match name.as_ref().map(|name| name.as_str()) {
        Some("py:fastapi.Header()") => RequestPart::Header,
        Some("py:fastapi.Cookie()") => RequestPart::Cookie,
        Some("py:fastapi.Query()") => RequestPart::Query,
        Some("py:fastapi.Path()") => RequestPart::Path,
        Some("py:fastapi.File()") => RequestPart::File,
        Some(_) => RequestPart::Body,
        None => match &parameter.annotation {
            Some(annotation)
                if annotation
                    .as_outside()
                    .is_some_and(|path| path == "py:fastapi.UploadFile") =>
            {
                RequestPart::File
            }
            Some(annotation) if !is_scalar(machine, annotation, 0) => RequestPart::Body,
            _ => RequestPart::Query,
        },
    }
}

fn is_path_parameter(path: &str, name: &str) -> bool {
    firedoor_app::path_segments(path).any(|segment| {
        segment.match_indices('{').any(|(start, _)| {
            let rest = &segment[start + 1..];
            let end = rest.find(['}', '*']).unwrap_or(rest.len());
            &rest[..end] == name
        })
    })
}

fn input(
    machine: &Machine<'_>,
    parameter: &Parameter,
    marker: Option<ObjectId>,
    path: &str,
    is_embedded: bool,
) -> Fill {
    let part = part_of(machine, parameter, marker, path);
    let property = |name: &str| {
        let marker = marker?;
        let object = machine.heap.get(marker);
        object.properties.get(&Ustr::from(name)).cloned()
    };
    let alias = property("alias")
        .or_else(|| property("validation_alias"))
        .and_then(|alias| alias.text());
    let name = match (alias, part) {
        (Some(alias), RequestPart::Header) => Ustr::from(&alias.to_ascii_lowercase()),
        (Some(alias), _) => alias,
        (None, RequestPart::Header) => {
            let keeps =
                property("convert_underscores").is_some_and(|keeps| keeps.truth() == Some(false));
            let name = parameter.name.to_ascii_lowercase();
            Ustr::from(&if keeps { name } else { name.replace('_', "-") })
        }
        (None, _) => parameter.name,
    };
    let is_form = marker.is_some_and(|marker| {
        matches!(machine.heap.get(marker).kind, ObjectKind::Host(path) if path == "py:fastapi.Form()")
    });
    let is_whole = match part {
        RequestPart::Body => {
            let asks = property("embed").is_some_and(|embed| embed.truth() == Some(true));
            let is_model = parameter
                .annotation
                .as_ref()
                .is_some_and(|annotation| !is_scalar(machine, annotation, 0));
            is_model && !asks && (!is_embedded || is_form)
        }
        // A model may describe all of the query, the headers or the cookies.
        RequestPart::Query | RequestPart::Header | RequestPart::Cookie => parameter
            .annotation
            .as_ref()
            .is_some_and(|annotation| pydantic::fields::model_class(machine, annotation).is_some()),
        _ => false,
    };
    let bounds = match &parameter.annotation {
        Some(annotation) => {
            let (inner, _) = unwrap_annotated(machine, annotation);
            pydantic::fields::bounds(machine, &inner, marker)
        }
        None => pydantic::fields::bounds(machine, &Value::unknown(Shape::Any), marker),
    };
    Fill::Request {
        part,
        field: if is_whole { Ustr::from("") } else { name },
        annotation: parameter.annotation.clone(),
        default: parameter.default.clone(),
        bounds,
    }
}

/// The number of parameters that the body fills: with more than one, each is a field of it.
pub(crate) fn body_parameters(
    machine: &Machine<'_>,
    dependant: &Dependant,
    path: &str,
    names: &mut Vec<Ustr>,
) {
    for parameter in &dependant.parameters {
        match &parameter.source {
            Source::Dependency(inner) => body_parameters(machine, inner, path, names),
            Source::Input(marker) => {
                let part = part_of(machine, parameter, *marker, path);
                if part == RequestPart::Body && !names.contains(&parameter.name) {
                    names.push(parameter.name);
                }
            }
            _ => {}
        }
    }
}

/// Calls the function with that number and keeps what it gives.
pub(crate) fn run_node(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    number: usize,
    exchange: ObjectId,
) -> Result<Value, Stop> {
    let node = &plan.nodes[number];
    let arguments = arguments_of(host, machine, plan, number, exchange)?;
    let called = match node.call.only_object().filter(|_| node.is_view) {
        Some(class) => views::make_instance(machine, class, &arguments, node.span)?,
        None => machine.call_value(&node.call, None, &arguments, node.span)?,
    };
    let value = settled(machine, called, node.span)?;
    let value = match is_generator(machine, &node.call) {
        true => machine
            .elements_of(&value)
            .0
            .into_iter()
            .next()
            .unwrap_or(value),
        false => value,
    };
    // Not kept on the heap: a dependency that may not have run takes back what it has written there, while
    // whoever depends on it runs only where it did.
    host.state().fastapi.results.insert(number, value.clone());
    Ok(value)
}

/// Runs the endpoint, which is the node `number`; returns the paths by which it returned.
pub(crate) fn run_endpoint(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    number: usize,
    exchange: ObjectId,
) -> Result<Vec<ReturnPath>, Stop> {
    let node = &plan.nodes[number];
    let arguments = arguments_of(host, machine, plan, number, exchange)?;
    machine.call_paths(&node.call, &arguments, node.span)
}

/// Returns what a node is called with; what is out of its bounds is refused.
fn arguments_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    number: usize,
    exchange: ObjectId,
) -> Result<Arguments, Stop> {
    let node = &plan.nodes[number];
    let mut arguments = Arguments::default();
    host.state().run.bounds.clear();
    for input in &node.inputs {
        let value = argument(host, machine, node, &input.from, exchange);
        if input.kind == ParameterKind::PositionalOnly {
            arguments.positional.push(value);
        } else {
            arguments.keywords.insert(input.name, value);
        }
    }
    if is_library(machine, &node.call) {
        arguments
            .positional
            .push(shared(machine, exchange, "request"));
    }
    check_bounds(host, machine, node.span)?;
    Ok(arguments)
}

/// Input that is out of its bounds is refused before the function runs.
fn check_bounds(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Result<(), Stop> {
    let error = host.make_object(machine, "py:fastapi.HTTPException()", span);
    machine
        .heap
        .set_property(error, Ustr::from("status_code"), Value::number(422.0));
    pydantic::bounds::refuse_outside(host, machine, &Value::object(error), span)
}

/// Waits for a promise; anything else is itself.
pub(crate) fn settled(machine: &mut Machine<'_>, value: Value, span: Span) -> Result<Value, Stop> {
    let is_promise = value
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
    match is_promise {
        true => machine.await_value(&value, span),
        false => Ok(value),
    }
}

/// Returns what the functions of a request share, by name.
pub(crate) fn shared(machine: &Machine<'_>, exchange: ObjectId, name: &str) -> Value {
    machine
        .heap
        .property(exchange, Ustr::from(name))
        .cloned()
        .unwrap_or_else(Value::null)
}

fn argument(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    node: &Node,
    from: &Fill,
    exchange: ObjectId,
) -> Value {
    match from {
        Fill::Node(number) => {
            let known = host.state().fastapi.results.get(number).cloned();
            known.unwrap_or_else(Value::null)
        }
        Fill::Shared(name) => shared(machine, exchange, name),
        Fill::Scopes => {
            let list = machine.make_list(node.scopes.clone(), false, node.span);
            let id = host.make_object(machine, "py:fastapi.security.SecurityScopes()", node.span);
            machine.heap.set_property(id, Ustr::from("scopes"), list);
            Value::object(id)
        }
        Fill::Request {
            part,
            field,
            annotation,
            default,
            bounds,
        } => {
            let value = value_of_type(host, machine, annotation.as_ref(), *part, field, 0);
            let value = match default {
                Some(default) if !default.is_unknown() => {
                    let origins = value.origins;
                    let joined = machine.join(value, default);
                    joined.with_origins(origins)
                }
                _ => value,
            };
            let limits = bounds.iter().map(|limit| (value.clone(), limit.clone()));
            host.state().run.bounds.extend(limits);
            value
        }
    }
}

/// Holds if it is something of a library that takes the request itself.
pub(crate) fn is_library(machine: &Machine<'_>, call: &Value) -> bool {
    if wrapped(machine, call).is_some() {
        return false;
    }
    match call.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Host(_)) => true,
        Some(ObjectKind::Instance { class }) => machine
            .class_attribute(*class, Ustr::from("__call__"))
            .is_none(),
        Some(ObjectKind::Method { .. }) => true,
        Some(ObjectKind::Bound { target, .. }) => is_library(machine, target),
        Some(_) => false,
        None => call.as_outside().is_some(),
    }
}

/// Returns the function that a library's wrapper shows to others (`__wrapped__`).
pub(crate) fn wrapped(machine: &Machine<'_>, call: &Value) -> Option<Value> {
    let id = call.only_object()?;
    let inner = machine.heap.property(id, Ustr::from("__wrapped__"))?;
    (inner.only_object() != Some(id)).then(|| inner.clone())
}

fn is_generator(machine: &Machine<'_>, call: &Value) -> bool {
    let Some(id) = call.only_object() else {
        return false;
    };
    match &machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => machine.function_of(*closure).is_generator,
        ObjectKind::Bound { target, .. } => is_generator(machine, target),
        ObjectKind::Instance { class } => machine
            .class_attribute(*class, Ustr::from("__call__"))
            .is_some_and(|(_, function)| is_generator(machine, &function)),
        _ => false,
    }
}

/// Makes the nodes of a route: its dependencies in order, then the endpoint.
pub(crate) fn nodes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dependencies: &[Value],
    endpoint: &Dependant,
    path: &str,
) -> Vec<Node> {
    let mut listed = Vec::new();
    for value in dependencies {
        let Some(depends) = dependencies::depends_object(machine, value) else {
            continue;
        };
        let decided = host.state().fastapi.conditions.get(&depends).cloned();
        if let Some(found) = dependencies::dependant_of(machine, depends, None, 0) {
            listed.push((found, decided.unwrap_or_default()));
        }
    }
    let mut names = Vec::new();
    for dependant in listed.iter().map(|(found, _)| found).chain([endpoint]) {
        body_parameters(machine, dependant, path, &mut names);
    }
    let is_embedded = names.len() > 1;
    let mut nodes = Vec::new();
    for (dependant, decided) in &listed {
        add(
            machine,
            &mut nodes,
            dependant,
            path,
            is_embedded,
            &[],
            decided,
        );
    }
    // The endpoint runs even if it is also somebody's dependency.
    let mut endpoint = endpoint.clone();
    endpoint.is_cached = false;
    add(machine, &mut nodes, &endpoint, path, is_embedded, &[], &[]);
    nodes
}

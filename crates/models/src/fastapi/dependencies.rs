//! What FastAPI calls dependants: a function with what each of its parameters is filled from.
//!
//! They are made when a route is registered, as FastAPI does, because types and defaults may name what only
//! exists then. Source: fastapi 0.115 and 0.165, `dependencies/utils.py`, `get_dependant` and `analyze_param`.

use firedoor_eval::{Machine, ObjectId, ObjectKind, SignatureParameter, Value};
use firedoor_ir::ParameterKind;
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::sounds_like_guard;

/// The names of the classes that say which part of the request a parameter comes from.
const MARKERS: [&str; 7] = ["Header", "Cookie", "Query", "Path", "Body", "Form", "File"];

/// Words in the name of a type that is filled by a guard: who calls.
const CALLERS: [&str; 8] = [
    "user",
    "principal",
    "identity",
    "admin",
    "member",
    "viewer",
    "caller",
    "claims",
];

/// The deepest chain of dependencies that is followed.
const DEPTH: usize = 16;

/// A function that FastAPI calls, and what fills its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Dependant {
    /// What is called.
    pub(crate) call: Value,
    /// The scopes that `Security` asks for.
    pub(crate) scopes: Vec<Value>,
    /// Holds if it runs once a request.
    pub(crate) is_cached: bool,
    /// Its parameters.
    pub(crate) parameters: Vec<Parameter>,
    /// Where it is asked for.
    pub(crate) span: Span,
    /// Holds if it is the class of a class-based view.
    pub(crate) is_view: bool,
}

/// A parameter and where its value comes from.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Ustr,
    pub(crate) kind: ParameterKind,
    pub(crate) annotation: Option<Value>,
    pub(crate) default: Option<Value>,
    pub(crate) source: Source,
}

/// What fills a parameter.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// What another function returns.
    Dependency(Box<Dependant>),
    /// The request, the WebSocket or what they have in common.
    Connection,
    /// The answer that FastAPI will merge into its own.
    Response,
    /// Tasks for later.
    Background,
    /// The scopes asked for so far.
    Scopes,
    /// A part of the request, by the object that says which.
    Input(Option<ObjectId>),
    /// A type that is not seen, so that it may be `Annotated` with a dependency; of a parameter of the path it is a type.
    Unseen(Box<Dependant>),
}

/// Returns what `Depends(...)` or `Security(...)` stands for, asked of a parameter of that type.
pub(crate) fn dependant_of(
    machine: &mut Machine<'_>,
    depends: ObjectId,
    annotation: Option<&Value>,
    depth: usize,
) -> Option<Dependant> {
    let object = machine.heap.get(depends);
    let span = object.span;
    let is_cached = object
        .properties
        .get(&Ustr::from("use_cache"))
        .is_none_or(|value| value.truth() != Some(false));
    let given = object.properties.get(&Ustr::from("dependency")).cloned();
    let scopes = object.properties.get(&Ustr::from("scopes")).cloned();
    let call = given
        .filter(|given| !given.is_nothing())
        .or_else(|| annotation.cloned())?;
    let scopes = match scopes {
        Some(scopes) => machine.elements_of(&scopes).0,
        None => Vec::new(),
    };
    let mut dependant = dependant(machine, &call, span, depth);
    dependant.is_cached = is_cached;
    dependant.scopes = scopes;
    Some(dependant)
}

/// Returns what calling `call` takes.
pub(crate) fn dependant(
    machine: &mut Machine<'_>,
    call: &Value,
    span: Span,
    depth: usize,
) -> Dependant {
    let signature = match depth < DEPTH {
        true => signature_of(machine, call, 0).unwrap_or_default(),
        false => Vec::new(),
    };
    analysed(machine, call, signature, span, depth)
}

/// Returns what calling `call` takes where its parameters are known to be these.
pub(crate) fn from_signature(
    machine: &mut Machine<'_>,
    call: &Value,
    signature: Vec<SignatureParameter>,
    span: Span,
) -> Dependant {
    analysed(machine, call, signature, span, 0)
}

/// Returns the parameters of a function, none if they are not known.
pub(crate) fn signed(machine: &mut Machine<'_>, call: &Value) -> Vec<SignatureParameter> {
    signature_of(machine, call, 0).unwrap_or_default()
}

fn analysed(
    machine: &mut Machine<'_>,
    call: &Value,
    signature: Vec<SignatureParameter>,
    span: Span,
    depth: usize,
) -> Dependant {
    let parameters = signature
        .into_iter()
        .filter(|parameter| {
            !matches!(
                parameter.kind,
                ParameterKind::Rest | ParameterKind::KeywordRest
            )
        })
        .map(|parameter| analyse(machine, parameter, depth))
        .collect();
    Dependant {
        call: call.clone(),
        scopes: Vec::new(),
        is_cached: true,
        parameters,
        span,
        is_view: false,
    }
}

fn analyse(machine: &mut Machine<'_>, parameter: SignatureParameter, depth: usize) -> Parameter {
    let (annotation, metadata) = match &parameter.annotation {
        Some(annotation) => {
            let (inner, metadata) = unwrap_annotated(machine, annotation);
            (Some(inner), metadata)
        }
        None => (None, Vec::new()),
    };
    let default = parameter.default;
    let mut depends = metadata
        .iter()
        .rev()
        .find_map(|value| depends_object(machine, value));
    let mut marker = metadata
        .iter()
        .rev()
        .find_map(|value| marker_object(machine, value));
    let mut own_default = default.clone();
    if let Some(value) = &default {
        if let Some(found) = depends_object(machine, value) {
            depends = Some(found);
            own_default = None;
        } else if let Some(found) = marker_object(machine, value) {
            marker = Some(found);
            own_default = marker_default(machine, found);
        }
    }
    let dependency =
        depends.and_then(|id| dependant_of(machine, id, annotation.as_ref(), depth + 1));
    let source = match dependency {
        Some(dependant) => Source::Dependency(Box::new(dependant)),
        None => match special(machine, annotation.as_ref()) {
            Some(source) => source,
            None => annotation
                .as_ref()
                .filter(|_| marker.is_none())
                .and_then(|annotation| unseen(machine, annotation, parameter.span))
                .unwrap_or(Source::Input(marker)),
        },
    };
    Parameter {
        name: parameter.name,
        kind: parameter.kind,
        annotation,
        default: own_default,
        source,
    }
}

/// `Annotated[T, ...]` is `T` and what else is said of it.
pub(crate) fn unwrap_annotated(machine: &Machine<'_>, annotation: &Value) -> (Value, Vec<Value>) {
    let mut inner = annotation.clone();
    let mut metadata = Vec::new();
    for _ in 0..4 {
        let Some(id) = inner.only_object() else {
            break;
        };
        let object = machine.heap.get(id);
        match &object.kind {
            ObjectKind::Host(path) if path.ends_with(".Annotated[]") => {
                let mut elements = object.elements.iter().cloned();
                let Some(first) = elements.next() else {
                    break;
                };
                let mut more: Vec<Value> = elements.collect();
                more.append(&mut metadata);
                metadata = more;
                inner = first;
            }
            _ => break,
        }
    }
    (inner, metadata)
}

fn host_path(machine: &Machine<'_>, value: &Value) -> Option<(ObjectId, Ustr)> {
    let id = value.only_object()?;
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => Some((id, path)),
        _ => None,
    }
}

/// Returns the object if it is one of `Depends` or `Security`.
pub(crate) fn depends_object(machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    let (id, path) = host_path(machine, value)?;
    (path == "py:fastapi.Depends()").then_some(id)
}

fn marker_object(machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    let (id, path) = host_path(machine, value)?;
    let name = path.strip_prefix("py:fastapi.")?.strip_suffix("()")?;
    MARKERS.contains(&name).then_some(id)
}

/// The default that a marker is given; `...` is none.
fn marker_default(machine: &Machine<'_>, marker: ObjectId) -> Option<Value> {
    let object = machine.heap.get(marker);
    let default = object.properties.get(&Ustr::from("default"))?;
    let is_required = default
        .as_outside()
        .is_some_and(|path| path == "py:builtins.Ellipsis");
    (!is_required).then(|| default.clone())
}

/// What FastAPI hands over by type.
fn special(machine: &Machine<'_>, annotation: Option<&Value>) -> Option<Source> {
    let annotation = annotation?;
    let mut paths: Vec<Ustr> = annotation.as_outside().into_iter().collect();
    if let Some(id) = annotation.only_object() {
        match &machine.heap.get(id).kind {
            ObjectKind::Class { .. } => paths.extend(machine.outside_bases(id)),
            // `Request | None`.
            ObjectKind::Host(path) if path.ends_with(".Union[]") => {
                let elements = machine.heap.get(id).elements.iter();
                paths.extend(elements.filter_map(Value::as_outside));
            }
            _ => {}
        }
    }
    paths.iter().find_map(|path| match path.as_str() {
        "py:fastapi.Request" | "py:fastapi.WebSocket" | "py:starlette.requests.HTTPConnection" => {
            Some(Source::Connection)
        }
        "py:fastapi.Response" => Some(Source::Response),
        "py:fastapi.BackgroundTasks" => Some(Source::Background),
        "py:fastapi.security.SecurityScopes" => Some(Source::Scopes),
        _ => None,
    })
}

/// Returns what a type stands for whose declaration is not seen, if it seems to be of who calls: such a one is mostly
/// `Annotated` with the dependency that finds out.
fn unseen(machine: &Machine<'_>, annotation: &Value, span: Span) -> Option<Source> {
    let path = annotation
        .as_outside()
        .or_else(|| host_path(machine, annotation).map(|(_, path)| path));
    let is_unseen = match path {
        Some(path) => {
            let name = path.to_ascii_lowercase();
            let name = name.rsplit(['.', ':']).next().unwrap_or(&name);
            !path.ends_with("[]")
                && !path.starts_with("py:fastapi.")
                && (sounds_like_guard(&path) || CALLERS.iter().any(|word| name.contains(word)))
        }
        None => annotation.is_unknown(),
    };
    is_unseen.then(|| {
        Source::Unseen(Box::new(Dependant {
            call: annotation.clone(),
            scopes: Vec::new(),
            is_cached: true,
            parameters: Vec::new(),
            span,
            is_view: false,
        }))
    })
}

/// Returns the parameters of whatever can be called; `None` if that is not known.
fn signature_of(
    machine: &mut Machine<'_>,
    call: &Value,
    depth: usize,
) -> Option<Vec<SignatureParameter>> {
    if depth > 8 {
        return None;
    }
    let id = call.only_object()?;
    if let Some(inner) = crate::fastapi::plan::wrapped(machine, call) {
        return signature_of(machine, &inner, depth + 1);
    }
    match machine.heap.get(id).kind.clone() {
        ObjectKind::Function { closure, .. } => Some(machine.signature(closure)),
        ObjectKind::Bound {
            target,
            arguments,
            keywords,
            ..
        } => {
            let mut parameters = signature_of(machine, &target, depth + 1)?;
            parameters.drain(..arguments.len().min(parameters.len()));
            parameters.retain(|parameter| !keywords.contains_key(&parameter.name));
            Some(parameters)
        }
        ObjectKind::Class { .. } => match machine.class_attribute(id, Ustr::from("__init__")) {
            Some((_, function)) => without_first(signature_of(machine, &function, depth + 1)),
            None => Some(crate::pydantic::fields::field_parameters(machine, id)),
        },
        ObjectKind::Instance { class } => {
            let (_, function) = machine.class_attribute(class, Ustr::from("__call__"))?;
            without_first(signature_of(machine, &function, depth + 1))
        }
        ObjectKind::Host(path) if path == "py:staticmethod" => {
            let function = machine.heap.get(id).elements.first().cloned()?;
            signature_of(machine, &function, depth + 1)
        }
        // A library's wrapper that is called like the function in it.
        ObjectKind::Host(_) => {
            let wrapped = Ustr::from("__wrapped__");
            let wrapped = machine.heap.property(id, wrapped).cloned()?;
            signature_of(machine, &wrapped, depth + 1)
        }
        _ => None,
    }
}

fn without_first(parameters: Option<Vec<SignatureParameter>>) -> Option<Vec<SignatureParameter>> {
    let mut parameters = parameters?;
    if !parameters.is_empty() {
        parameters.remove(0);
    }
    Some(parameters)
}

/// Holds if two values are the same thing to call; a method taken from its object twice is the same.
pub(crate) fn is_same_call(machine: &Machine<'_>, a: &Value, b: &Value) -> bool {
    if a.atoms() == b.atoms() {
        return true;
    }
    let (Some(a), Some(b)) = (a.only_object(), b.only_object()) else {
        return false;
    };
    match (&machine.heap.get(a).kind, &machine.heap.get(b).kind) {
        (
            ObjectKind::Bound {
                target: a,
                arguments: first,
                keywords,
                ..
            },
            ObjectKind::Bound {
                target: b,
                arguments: second,
                keywords: others,
                ..
            },
        ) => {
            keywords.is_empty()
                && others.is_empty()
                && a.atoms() == b.atoms()
                && first.len() == second.len()
                && first
                    .iter()
                    .zip(second)
                    .all(|(a, b)| a.atoms() == b.atoms())
        }
        _ => false,
    }
}

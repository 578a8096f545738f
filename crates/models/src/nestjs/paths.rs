//! Paths of routes: the global prefix, the version, the controller's path and the method's.
//!
//! Source: @nestjs/core 11.1, `router/route-path-factory.ts`, `router/legacy-route-converter.ts`.

use firedoor_eval::{Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::arguments_of;
use super::mounts::takes;
use crate::ModelHost;
use crate::doors::join_paths;
use crate::express::{template, variants};
use crate::state::{RegistrationKind, Router};
use crate::tools::option;

/// What an application says of all paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// What stands before all paths.
    pub prefix: String,
    /// The paths that it does not stand before, with the only method.
    pub excluded: Vec<(String, Option<Ustr>)>,
    /// The word before a version in a path; nothing if versions are not in paths.
    pub version_prefix: Option<String>,
    /// The versions of what names none.
    pub default_versions: Vec<Ustr>,
}

/// A route of a controller as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// Its path, as a template.
    pub full: String,
    /// The same without prefix and version, with a slash at the end if the method has no path of its own; nothing for
    /// what no controller declares.
    pub declared: String,
    /// What its version adds to the path.
    pub version: String,
    /// Its method.
    pub method: Ustr,
    /// Whether it is excluded from the prefix.
    pub is_outside: bool,
}

/// A route of a controller as it is declared.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Its path, as it is written.
    pub path: String,
    /// The versions that the method or the controller name.
    pub versions: Option<Vec<Ustr>>,
}

/// Reads `setGlobalPrefix` and `enableVersioning`.
pub(super) fn shape(machine: &mut Machine<'_>, app: &Router) -> Shape {
    let mut shape = Shape::default();
    for registration in &app.registrations {
        let given = |index: usize| registration.handlers.get(index).cloned();
        let first = given(0).unwrap_or_else(Value::undefined);
        let span = registration.span;
        match registration.kind {
            RegistrationKind::Other("prefix") => {
                shape.prefix = path_text(&first);
                let excluded =
                    given(1).and_then(|options| option(machine, &options, "exclude", span));
                if let Some(list) = excluded {
                    for one in machine.elements_of(&list).0 {
                        shape.excluded.push(route_info(machine, &one, span));
                    }
                }
            }
            RegistrationKind::Other("versioning") => {
                read_versioning(machine, &first, span, &mut shape)
            }
            _ => {}
        }
    }
    shape
}

/// Versions stand in paths unless another type is named; the types are numbers, of which 0 is this one.
fn read_versioning(machine: &mut Machine<'_>, options: &Value, span: Span, shape: &mut Shape) {
    let kind = option(machine, options, "type", span);
    let is_uri = kind.is_none_or(|kind| {
        kind.as_outside().is_some_and(|path| path.ends_with(".URI"))
            || kind.as_number() == Some(0.0)
    });
    if is_uri {
        let prefix = option(machine, options, "prefix", span);
        let is_off = prefix
            .as_ref()
            .is_some_and(|prefix| machine.truth(prefix) == Some(false));
        let text = prefix.and_then(|prefix| prefix.text());
        shape.version_prefix = Some(match (is_off, text) {
            (true, _) => String::new(),
            (false, Some(text)) => text.to_string(),
            (false, None) => "v".to_owned(),
        });
    }
    if let Some(versions) = option(machine, options, "defaultVersion", span) {
        shape.default_versions = versions_of(machine, &versions);
    }
}

/// Returns the words of a version: empty for one that stands for all.
fn versions_of(machine: &mut Machine<'_>, value: &Value) -> Vec<Ustr> {
    let single = |value: &Value| {
        if let Some(path) = value.as_outside() {
            return path.ends_with("VERSION_NEUTRAL").then(Ustr::default);
        }
        value.text().or_else(|| {
            value
                .as_number()
                .map(|number| Ustr::from(&number.to_string()))
        })
    };
    if let Some(one) = single(value) {
        return vec![one];
    }
    machine
        .elements_of(value)
        .0
        .iter()
        .filter_map(single)
        .collect()
}

/// Returns the versions of `{ path, method, version }`.
pub(super) fn version_info(
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> Option<Vec<Ustr>> {
    if value.text_pattern().is_some() {
        return None;
    }
    let version = option(machine, value, "version", span)?;
    Some(versions_of(machine, &version))
}

/// Reads a path, or `{ path, method }`.
pub(super) fn route_info(
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> (String, Option<Ustr>) {
    if value.text_pattern().is_some() {
        return (path_text(value), None);
    }
    let path = option(machine, value, "path", span).unwrap_or_else(Value::undefined);
    let method = option(machine, value, "method", span);
    (path_text(&path), method.map(|method| method_name(&method)))
}

/// `RequestMethod.GET`, which is a number.
fn method_name(value: &Value) -> Ustr {
    const METHODS: [&str; 9] = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "ANY", "OPTIONS", "HEAD", "SEARCH",
    ];
    if let Some(path) = value.as_outside() {
        let name = crate::tools::last_part(&path);
        return Ustr::from(if name == "ALL" { "ANY" } else { name });
    }
    let number = value.as_number().unwrap_or(5.0) as usize;
    Ustr::from(METHODS.get(number).copied().unwrap_or("ANY"))
}

pub(super) fn path_text(value: &Value) -> String {
    value
        .text_pattern()
        .map_or_else(String::new, |text| text.to_string())
}

/// Returns the paths that a decorator was given: one, several, or none.
fn paths_of(machine: &mut Machine<'_>, value: &Value) -> Vec<String> {
    if value.is_nothing() {
        return vec![String::new()];
    }
    if value.text_pattern().is_some() {
        return vec![path_text(value)];
    }
    let listed = machine.elements_of(value).0;
    if !listed.is_empty() {
        return listed.iter().map(path_text).collect();
    }
    vec![firedoor_eval::HOLE.to_string()]
}

/// What `@Controller` says: its paths and its versions.
#[derive(Clone, Debug, Default)]
pub(super) struct OfController {
    paths: Vec<String>,
    versions: Option<Vec<Ustr>>,
    above: String,
}

/// Reads `@Controller(path | { path, version })`.
pub(super) fn of_controller(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    module: Option<ObjectId>,
) -> Option<OfController> {
    let given = arguments_of(host, machine, class, "Controller")?;
    let mut first = given.first().cloned().unwrap_or_else(Value::undefined);
    let span = machine.heap.get(class).span;
    let is_plain = first
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, firedoor_eval::ObjectKind::Plain));
    let mut versions = None;
    if is_plain {
        versions = option(machine, &first, "version", span);
        first = option(machine, &first, "path", span).unwrap_or_else(Value::undefined);
    }
    let above = {
        let state = host.state();
        module.and_then(|id| state.nestjs.module_paths.get(&id).copied())
    };
    Some(OfController {
        paths: paths_of(machine, &first),
        versions: versions.map(|versions| versions_of(machine, &versions)),
        above: above.map_or_else(String::new, |path| path.to_string()),
    })
}

/// Returns the paths of a method of a controller, as they are declared.
pub(super) fn declared(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    controller: &OfController,
    function: ObjectId,
    own: &Value,
) -> Vec<Declared> {
    let given = arguments_of(host, machine, function, "Version");
    let versions = given
        .and_then(|given| given.first().cloned())
        .map(|value| versions_of(machine, &value));
    let versions = versions.or_else(|| controller.versions.clone());
    let mut found = Vec::new();
    for above in &controller.paths {
        for below in paths_of(machine, own) {
            let mut path = join_paths("/", &join_paths(&controller.above, above));
            path = join_paths(&path, &below);
            if below.trim_matches('/').is_empty() && path != "/" {
                // As the framework writes it, which tells where exclusions of the prefix are held against it.
                path.push('/');
            }
            found.push(Declared {
                path,
                versions: versions.clone(),
            });
        }
    }
    found
}

/// Returns what an application serves of a route.
pub(super) fn served(shape: &Shape, declared: &[Declared], method: Ustr) -> Vec<Served> {
    let mut found: Vec<Served> = Vec::new();
    for route in declared {
        let versions = route.versions.as_ref().unwrap_or(&shape.default_versions);
        for path in variants(&route.path) {
            let is_outside = is_excluded(shape, &path, method);
            for version in versions_or_none(versions, shape) {
                let full = with_prefix(shape, &path, &version, is_outside);
                let one = Served {
                    full: template(&full),
                    declared: with_slash(&path),
                    version,
                    method,
                    is_outside,
                };
                if !found.iter().any(|other| other.full == one.full) {
                    found.push(one);
                }
            }
        }
    }
    found
}

fn versions_or_none(versions: &[Ustr], shape: &Shape) -> Vec<String> {
    let Some(word) = &shape.version_prefix else {
        return vec![String::new()];
    };
    if versions.is_empty() {
        return vec![String::new()];
    }
    let versions = versions.iter();
    versions
        .map(|version| match version.is_empty() {
            true => String::new(),
            false => format!("{word}{version}"),
        })
        .collect()
}

/// Returns a path as a template that keeps a slash at its end.
fn with_slash(path: &str) -> String {
    let mut text = template(path);
    if path.ends_with('/') && text != "/" {
        text.push('/');
    }
    text
}

/// Holds if the prefix does not stand before a path.
pub(super) fn is_excluded(shape: &Shape, path: &str, method: Ustr) -> bool {
    let text = with_slash(path);
    shape.excluded.iter().any(|(excluded, only)| {
        let is_method = only.is_none_or(|only| only == method || only == "ANY");
        is_method && takes(excluded, &text, true)
    })
}

fn with_prefix(shape: &Shape, path: &str, version: &str, is_outside: bool) -> String {
    let versioned = join_paths(version, path);
    let full = if is_outside {
        versioned
    } else {
        join_paths(&shape.prefix, &versioned)
    };
    join_paths("/", &full)
}

/// Returns a path of middleware under the global prefix.
pub(super) fn prefixed(shape: &Shape, path: &str) -> String {
    join_paths("/", &join_paths(&shape.prefix, path))
}

//! Where input enters, once the application is wired: what frameworks hand over to the request driver.

use firedoor_app::{Symbol, Transport};
use firedoor_eval::{Decided, Machine, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Runs before the handler.
    Layer,
    /// Answers the request.
    Handler,
    /// Runs only when an earlier step failed.
    ErrorHandler,
}

/// A function that runs for a request.
#[derive(Clone, Debug)]
pub struct Step {
    /// The function.
    pub value: Value,
    /// What it is.
    pub kind: StepKind,
    /// Its name.
    pub name: Ustr,
    /// Where it is defined.
    pub span: Span,
    /// Where it is mounted.
    pub mounted: Span,
    /// What was decided on the way to its registration: it runs only then.
    pub decided: Vec<Decided>,
    /// A word by which the framework tells its kinds of step apart.
    pub role: &'static str,
}

/// An entry point before any request has been sent through it.
#[derive(Clone, Debug)]
pub struct Door {
    /// How input arrives.
    pub transport: Transport,
    /// The method, upper case.
    pub method: Ustr,
    /// The path as an OpenAPI template.
    pub path: Ustr,
    /// The message or event.
    pub message: Option<Ustr>,
    /// The framework.
    pub framework: &'static Framework,
    /// The file of the application object.
    pub app: Ustr,
    /// What handles it.
    pub handler: Symbol,
    /// Where it is registered.
    pub registered: Span,
    /// The router it belongs to: a number that siblings share, and a name.
    pub group: (u32, Ustr),
    /// The steps in the order in which they run; the handler is the last that is no error handler.
    pub steps: Vec<Step>,
    /// What was decided on the way to its registration.
    pub decided: Vec<Decided>,
    /// What could not be resolved on the way.
    pub unresolved: Vec<String>,
    /// Layers whose scope it is in, and that never run for it since they are registered behind it.
    pub late: Vec<Step>,
}

/// A place where a layer is mounted.
#[derive(Clone, Debug)]
pub struct Mounting {
    /// The layer.
    pub step: Step,
    /// The path below which it is mounted, as a template; empty for everything.
    pub path: Ustr,
}

/// Runs one step of a request.
pub type StepFunction =
    fn(&ModelHost, &mut Machine<'_>, &Door, &Step, &[Value]) -> Result<(), firedoor_eval::Stop>;

/// How requests enter an application of a web framework.
pub struct Framework {
    /// Its name in output.
    pub name: &'static str,
    /// Returns the entry points, in any order.
    pub doors: fn(&ModelHost, &mut Machine<'_>) -> Vec<Door>,
    /// Makes what the steps of one request share.
    pub begin: fn(&ModelHost, &mut Machine<'_>, &Door) -> Vec<Value>,
    /// Runs one step with what [`Framework::begin`] has made. What it does is noted as effects and
    /// refusals; a step that lets the request on notes `Continue`.
    pub step: StepFunction,
    /// Returns every place where a layer is mounted, whether or not anything lies behind it.
    pub mountings: fn(&ModelHost, &mut Machine<'_>) -> Vec<Mounting>,
    /// Returns a function of the program as a layer, if it has the form of one.
    pub as_layer: fn(&ModelHost, &mut Machine<'_>, &Value) -> Option<Step>,
    /// Returns the status that the framework turns an uncaught exception into, if it is known.
    pub status_of: fn(&ModelHost, &mut Machine<'_>, &Value) -> Option<u16>,
}

impl std::fmt::Debug for Framework {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// Returns the name and the place of a function, class or library object.
pub fn symbol(machine: &Machine<'_>, value: &Value, fallback: Span) -> Symbol {
    symbol_within(machine, value, fallback, 0)
}

/// Wrappers around wrappers are followed a few levels only: they may hold each other.
fn symbol_within(machine: &Machine<'_>, value: &Value, fallback: Span, depth: usize) -> Symbol {
    let anonymous = Ustr::from("(anonymous)");
    let mut objects = value.objects();
    if value.atoms().len() > 1 {
        // Of several functions a named one tells more; the other is often an arrow that lets all pass.
        let symbols = objects.map(|id| symbol(machine, &Value::object(id), fallback));
        let symbols: Vec<Symbol> = symbols.collect();
        let named = symbols.iter().find(|symbol| symbol.name != anonymous);
        if let Some(found) = named.or(symbols.first()) {
            return found.clone();
        }
        objects = value.objects();
    }
    let Some(id) = objects.next() else {
        let name = value
            .as_outside()
            .map_or(anonymous, |path| short_name(&path));
        return Symbol {
            name,
            span: fallback,
        };
    };
    let object = machine.heap.get(id);
    match &object.kind {
        ObjectKind::Bound { target, .. } if depth < 4 => {
            symbol_within(machine, target, object.span, depth + 1)
        }
        ObjectKind::Function { closure, .. } => function_symbol(machine, id, *closure, depth),
        ObjectKind::Method { name, .. } => Symbol {
            name: *name,
            span: object.span,
        },
        ObjectKind::Host(path) => Symbol {
            name: object
                .name
                .or_else(|| object.properties.get(&Ustr::from("$name"))?.text())
                .unwrap_or_else(|| short_name(path)),
            span: object.span,
        },
        ObjectKind::Instance { class } => Symbol {
            name: object
                .name
                .or(machine.heap.get(*class).name)
                .unwrap_or(anonymous),
            span: object.span,
        },
        _ => Symbol {
            name: object.name.unwrap_or(anonymous),
            span: object.span,
        },
    }
}

/// A function without a name of its own that a wrapper has made around one function is shown as that one;
/// where it was assigned to a name, it keeps the name.
fn function_symbol(
    machine: &Machine<'_>,
    id: firedoor_eval::ObjectId,
    closure: firedoor_eval::Closure,
    depth: usize,
) -> Symbol {
    let object = machine.heap.get(id);
    let function = machine
        .program
        .module(closure.module)
        .function(closure.function);
    let own = Symbol {
        name: object.name.unwrap_or_else(|| Ustr::from("(anonymous)")),
        span: object.span,
    };
    if function.name.is_some()
        && function.decorators.is_empty()
        && machine.program.module(closure.module).language == firedoor_ir::Language::JavaScript
    {
        return own;
    }
    let captured = machine.captured_functions(closure);
    let [inner] = captured.as_slice() else {
        return own;
    };
    if inner.only_object() == Some(id) || depth >= 4 {
        return own;
    }
    let inner = symbol_within(machine, inner, own.span, depth + 1);
    Symbol {
        name: object.name.unwrap_or(inner.name),
        span: inner.span,
    }
}

/// The last part of an API path, for people.
fn short_name(path: &str) -> Ustr {
    let path = path.trim_end_matches("()");
    let last = path.rsplit(['.', ':', '/']).next().unwrap_or(path);
    Ustr::from(last.trim_end_matches("()"))
}

/// Returns whether an entry point's path lies at or below a prefix, by segments. A parameter of the prefix
/// takes any segment; an unknown part of it makes the answer undecided, unless the path has an unknown part
/// written alike there: a base path that a setting gives is the same base path wherever it is mounted.
pub fn is_below(prefix: &str, path: &str) -> Option<bool> {
    let mut segments = firedoor_app::path_segments(path);
    for wanted in firedoor_app::path_segments(prefix) {
        if wanted.starts_with('{') && wanted.ends_with("*}") {
            return Some(true);
        }
        let Some(segment) = segments.next() else {
            return Some(false);
        };
        if wanted.contains(firedoor_eval::HOLE) {
            let is_alike =
                wanted == segment || wanted.replace(firedoor_eval::HOLE, "{unknown}") == segment;
            if !is_alike {
                return None;
            }
            continue;
        }
        let is_parameter = wanted.starts_with('{');
        if !is_parameter && !wanted.eq_ignore_ascii_case(segment) {
            return Some(false);
        }
    }
    Some(true)
}

/// Joins a prefix and a path: one slash between, none at the end.
pub fn join_paths(prefix: &str, path: &str) -> String {
    let prefix = prefix.trim_end_matches('/');
    let path = path.trim_start_matches('/');
    let joined = if path.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}/{path}")
    };
    if joined.is_empty() {
        "/".to_owned()
    } else {
        joined
    }
}

/// Holds if an API path has a word of guards in it. Such a name is weak evidence: it only makes an unknown
/// layer `unknown` instead of nothing.
pub fn sounds_like_guard(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    // In Python a session is one of a database, unless something of it is tested.
    let tests = ["verify", "valid", "check"];
    let is_session = path.contains("session")
        && (!path.starts_with("py:") || tests.iter().any(|word| path.contains(word)));
    is_session
        || [
            "auth",
            "guard",
            "protect",
            "jwt",
            "login",
            "permission",
            "acl",
            "oauth",
            "clerk",
            "keycloak",
            "require",
        ]
        .iter()
        .any(|word| path.contains(word))
}

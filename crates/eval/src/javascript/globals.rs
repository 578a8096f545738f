//! The global names, and what of them is a plain value or a plain call.

use ustr::Ustr;

use super::{Function, Native, promise};
use crate::{Answer, Arguments, Machine, Origin, Properties, Shape, Stop, TestKind, Value};

/// Names under which the global object is known.
const GLOBAL_OBJECTS: &[&str] = &["globalThis", "global", "self", "window"];

/// Names that the language and Node bring.
const NAMES: &[&str] = &[
    "AbortController",
    "Array",
    "BigInt",
    "Boolean",
    "Buffer",
    "Date",
    "Error",
    "FormData",
    "Function",
    "Headers",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "Reflect",
    "RegExp",
    "Request",
    "Response",
    "Set",
    "String",
    "Symbol",
    "SyntaxError",
    "TextDecoder",
    "TextEncoder",
    "TypeError",
    "URL",
    "URLSearchParams",
    "Uint8Array",
    "WeakMap",
    "WeakSet",
    "WebSocket",
    "atob",
    "btoa",
    "clearInterval",
    "clearTimeout",
    "console",
    "crypto",
    "decodeURIComponent",
    "encodeURIComponent",
    "fetch",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "performance",
    "process",
    "queueMicrotask",
    "require",
    "setImmediate",
    "setInterval",
    "setTimeout",
    "structuredClone",
];

/// Returns what a name stands for that the program does not declare.
pub(crate) fn global(name: Ustr) -> Value {
    match name.as_str() {
        "undefined" => Value::undefined(),
        "NaN" => Value::number(f64::NAN),
        "Infinity" => Value::number(f64::INFINITY),
        "global" => Value::outside("js:globalThis"),
        _ => Value::outside(&format!("js:{name}")),
    }
}

/// Returns what `typeof` gives for outside code, if that is known.
pub(crate) fn type_of(path: Ustr) -> Option<&'static str> {
    match path.strip_prefix("js:")? {
        "window" | "document" | "navigator" | "localStorage" => Some("undefined"),
        "process" | "globalThis" | "console" | "JSON" | "Math" | "Reflect" => Some("object"),
        name if name.contains('.') => None,
        name if NAMES.contains(&name) => Some("function"),
        _ => None,
    }
}

/// Reads a member of a global object.
pub(crate) fn outside_member(machine: &mut Machine<'_>, path: Ustr) -> Option<Value> {
    let (owner, name) = path.rsplit_once('.')?;
    if owner.starts_with("py-folder:") {
        return machine.folder_member(Ustr::from(owner), Ustr::from(name));
    }
    if let Some(owner) = owner.strip_prefix("js:") {
        return global_member(machine, path, owner, name);
    }
    match (owner, name) {
        (_, "default") if owner.starts_with("node:") => Some(Value::outside(owner)),
        ("node:path" | "node:path/posix", "sep") => Some(Value::string("/")),
        ("node:path", "posix") => Some(Value::outside("node:path")),
        ("node:fs", "promises") => Some(Value::outside("node:fs/promises")),
        _ => None,
    }
}

fn global_member(machine: &mut Machine<'_>, path: Ustr, owner: &str, name: &str) -> Option<Value> {
    if GLOBAL_OBJECTS.contains(&owner) {
        return Some(of_global_object(machine, name));
    }
    match (owner, name) {
        ("process.env" | "import.meta.env", _) => {
            let origins = machine.origins.single(Origin::Outside(path));
            Some(Value::unknown(Shape::Any).with_origins(origins))
        }
        ("import.meta", "url") => Some(Value::string(&format!("file://{}", own_path(machine)))),
        ("import.meta", "filename") => Some(Value::string(&own_path(machine))),
        ("import.meta", "dirname") => {
            let path = own_path(machine);
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = if folder.is_empty() { "/" } else { folder };
            Some(Value::string(folder))
        }
        ("require", "main") => Some(main_module(machine)),
        ("Symbol", name) if is_well_known_symbol(name) => Some(Value::string(&format!("@@{name}"))),
        ("Math", "PI") => Some(Value::number(std::f64::consts::PI)),
        ("Math", "E") => Some(Value::number(std::f64::consts::E)),
        ("Number", "MAX_SAFE_INTEGER") => Some(Value::number(9_007_199_254_740_991.0)),
        ("Number", "MIN_SAFE_INTEGER") => Some(Value::number(-9_007_199_254_740_991.0)),
        ("Number", "EPSILON") => Some(Value::number(f64::EPSILON)),
        ("Number", "NaN") => Some(Value::number(f64::NAN)),
        _ => {
            let made = owner.strip_suffix("()")?;
            (super::error::is_error(made) && matches!(name, "message" | "name" | "stack"))
                .then(|| Value::unknown(Shape::String))
        }
    }
}

fn is_well_known_symbol(name: &str) -> bool {
    matches!(
        name,
        "iterator"
            | "asyncIterator"
            | "toPrimitive"
            | "toStringTag"
            | "hasInstance"
            | "dispose"
            | "asyncDispose"
    )
}

/// What a program keeps on the global object is not there before it has put it there.
fn of_global_object(machine: &mut Machine<'_>, name: &str) -> Value {
    if NAMES.contains(&name) || GLOBAL_OBJECTS.contains(&name) {
        return global(Ustr::from(name));
    }
    let kept = machine.builtins.get(&Ustr::from(name));
    kept.cloned().unwrap_or_else(Value::undefined)
}

/// Returns the absolute path of the running module.
fn own_path(machine: &Machine<'_>) -> String {
    match machine.module() {
        Some(module) => format!("/{}", machine.program.path(module)),
        None => "/".to_string(),
    }
}

/// `require.main`: the module that was started is the one at the bottom of the stack.
fn main_module(machine: &Machine<'_>) -> Value {
    let started = machine.frames.first().map(|frame| frame.module);
    let object = started.and_then(|module| machine.modules[module.0 as usize].module_object);
    object.map_or_else(Value::undefined, Value::object)
}

pub(super) fn function(name: &str) -> Option<Function> {
    if let Some(method) = name.strip_prefix("console.") {
        return (!method.contains('.')).then_some(nothing as Function);
    }
    Some(match name {
        "require" => |machine, call| machine.require(&call.argument(0)).map(Some),
        "require.resolve" => |_, call| Ok(Some(call.argument(0))),
        "process.exit" | "process.abort" => |_, _| Err(Stop::Exit),
        "process.cwd" => |machine, _| {
            let folder = super::paths::working_folder(machine);
            Ok(Some(Value::string(&folder)))
        },
        "setTimeout" | "setInterval" | "setImmediate" | "queueMicrotask" | "process.nextTick" => {
            timer
        }
        "clearTimeout" | "clearInterval" | "clearImmediate" | "process.emitWarning" => nothing,
        "setTimeout().unref" | "setInterval().unref" | "setTimeout().ref" => {
            |_, call| Ok(Some(call.this.clone()))
        }
        "Symbol" => symbol,
        "Symbol.for" => |_, call| {
            let name = call.argument(0).text().unwrap_or_default();
            Ok(Some(Value::string(&format!("@@for:{name}"))))
        },
        "RegExp" => super::regex::construct,
        "Array.from" => array_from,
        "encodeURIComponent" | "encodeURI" | "decodeURIComponent" | "decodeURI" | "escape"
        | "unescape" => coded,
        _ => return None,
    })
}

pub(super) fn node_function(name: &str) -> Option<Function> {
    Some(match name {
        "util.promisify" | "util.callbackify" | "util.deprecate" => {
            |_, call| Ok(Some(call.argument(0)))
        }
        "util.inherits" => inherits,
        "util.isDeepStrictEqual" => |machine, call| {
            let (left, right) = (call.argument(0), call.argument(1));
            let test = machine.tested(TestKind::Equality, None, &[&left, &right], call.span);
            Ok(Some(test))
        },
        "module.createRequire" => |_, _| Ok(Some(Value::outside("js:require"))),
        _ => return None,
    })
}

fn nothing(_: &mut Machine<'_>, _: &Native<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

/// What is called later may be called or not, as far as anybody can tell.
fn timer(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let skipped = match call.path.as_str() {
        "js:setTimeout" | "js:setInterval" => 2,
        _ => 1,
    };
    let arguments = Arguments {
        positional: call
            .arguments
            .positional
            .iter()
            .skip(skipped)
            .cloned()
            .collect(),
        keywords: Properties::default(),
        rest: call.arguments.rest.clone(),
        rest_at: call.arguments.rest_at.saturating_sub(skipped),
    };
    promise::later(machine, call, &call.argument(0), &arguments)?;
    let path = format!("{}()", call.path);
    Ok(Some(
        super::native_object(machine, &path, Vec::new(), call.span).1,
    ))
}

/// A symbol is a string that nothing else is, so that it can be a key.
fn symbol(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let name = call.argument(0).text().unwrap_or_default();
    let number = machine.heap.len();
    let place = machine.heap.allocate(crate::ObjectKind::Plain, call.span);
    debug_assert_eq!(place.0 as usize, number);
    Ok(Some(Value::string(&format!("@@{name}:{number}"))))
}

fn array_from(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let list = match given.only_object() {
        Some(id) if matches!(machine.heap.get(id).kind, crate::ObjectKind::Plain) => {
            places(machine, &given, call)?
        }
        _ => {
            let (elements, more) = machine.elements_and_more(&given);
            machine.make_open_list(elements, more, call.span)
        }
    };
    let list = list.with_origins(given.origins);
    match call.arguments.positional.get(1) {
        Some(function) => super::callbacks::map_list(machine, &list, function, call.span),
        None => Ok(Some(list)),
    }
}

/// `{ length: 3 }` is as good as a list of three undefined elements.
fn places(machine: &mut Machine<'_>, given: &Value, call: &Native<'_>) -> Result<Value, Stop> {
    let length = machine.member(given, Ustr::from("length"), call.span)?;
    Ok(match length.as_number() {
        Some(count) if (0.0..=machine.limits.rounds as f64).contains(&count) => {
            let places = vec![Value::undefined(); count as usize];
            machine.make_list(places, false, call.span)
        }
        _ => {
            let (elements, _) = machine.elements_of(given);
            machine.make_open_list(elements, Some(Value::undefined()), call.span)
        }
    })
}

/// A text without anything that must be escaped stays as it is.
fn coded(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let is_plain = given.text().is_some_and(|text| {
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    });
    Ok(Some(match is_plain {
        true => given,
        false => machine.derived(Shape::String, [&given]),
    }))
}

fn inherits(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (class, base) = (call.argument(0), call.argument(1));
    if let (Some(class), Some(base)) = (class.only_object(), base.only_object()) {
        let prototype = super::prototype_of(machine, class);
        let above = super::prototype_of(machine, base);
        let key = Ustr::from(super::PROTOTYPE);
        machine.set_member(&prototype, key, above, call.span)?;
    }
    Ok(Some(Value::undefined()))
}

/// Returns the shape of what a function gives that is known by its shape only.
pub(super) fn shape(path: &str) -> Option<Shape> {
    Some(match path.strip_prefix("js:")? {
        "Date.now" | "Date.parse" | "Date.UTC" | "Math.random" | "performance.now"
        | "Buffer.byteLength" | "process.uptime" => Shape::Number,
        "btoa"
        | "atob"
        | "TextDecoder().decode"
        | "URLSearchParams().toString"
        | "crypto.randomUUID" => Shape::String,
        name if name.starts_with("Math.") => Shape::Number,
        name => {
            let method = name.strip_prefix("Date().")?;
            if method.starts_with("to") {
                return Some(Shape::String);
            }
            (method.starts_with("get") || method.starts_with("set") || method == "valueOf")
                .then_some(Shape::Number)?
        }
    })
}

/// Returns an unknown value of that shape, which comes from the function if it comes from nothing else.
pub(super) fn shaped(machine: &mut Machine<'_>, call: &Native<'_>, shape: Shape) -> Value {
    let value = call.derived(machine, shape);
    if !value.origins.is_empty() {
        return value;
    }
    let origins = machine.origins.single(Origin::Outside(call.path));
    value.with_origins(origins)
}

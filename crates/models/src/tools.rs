//! What many models of libraries need: options, callbacks, promises, and proofs.
//!
//! A library that checks something has one model for its three forms: the result is returned, promised or
//! handed to a callback. What differs by persona is decided here and nowhere else.

use firedoor_app::{Flag, Origin, Provenance, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::production::{in_production, says_kind};
use crate::{ModelHost, Persona};

/// Returns an option by name; `None` if it is missing for certain.
pub fn option(machine: &mut Machine<'_>, options: &Value, name: &str, span: Span) -> Option<Value> {
    let options = options.filter(|atom| {
        matches!(
            atom,
            Atom::Object(_) | Atom::Outside(_) | Atom::Unknown(Shape::Any | Shape::Object)
        )
    })?;
    let found = machine.member(&options, Ustr::from(name), span).ok()?;
    (!found.is_nothing()).then_some(found)
}

/// Calls the first argument with those after it, as what is done behind the answer: what it throws does not reach the
/// client.
pub fn run_behind_answer(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<(), Stop> {
    let mut arguments: Arguments = call.arguments.clone();
    if arguments.positional.is_empty() {
        return Ok(());
    }
    let function = arguments.positional.remove(0);
    let base = machine.decided.len();
    let (result, _) = machine.catching(|machine| {
        let called = machine.call_value(&function, None, &arguments, call.span)?;
        crate::fastapi::plan::settled(machine, called, call.span)
    });
    machine.decided.truncate(base);
    match result {
        Err(Stop::Budget) => Err(Stop::Budget),
        _ => Ok(()),
    }
}

/// Returns what is known of an option that is a truth value.
pub fn flag(host: &ModelHost, machine: &Machine<'_>, given: Option<&Value>) -> Flag {
    let Some(value) = given else {
        return Flag::Default;
    };
    match machine.truth(value) {
        Some(true) => Flag::On,
        Some(false) => Flag::Off,
        None => {
            let mut names = condition_names(host, machine, value);
            match in_production(host, machine, value) {
                _ if names.is_empty() => return Flag::Unknown,
                Some(false) => return Flag::Off,
                // What else it may hang on matters elsewhere only.
                Some(true) if names.iter().any(|name| says_kind(name)) => {
                    names.retain(|name| says_kind(name));
                }
                _ => {}
            }
            Flag::Conditional(in_words(&names))
        }
    }
}

/// Returns the environment variables that a value hangs on, in words.
pub fn condition(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<String> {
    let names = condition_names(host, machine, value);
    (!names.is_empty()).then(|| in_words(&names))
}

fn in_words(names: &[Ustr]) -> String {
    let words: Vec<&str> = names.iter().map(Ustr::as_str).collect();
    words.join(", ")
}

fn condition_names(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Vec<Ustr> {
    let mut names: Vec<Ustr> = Vec::new();
    for set in [value.origins, value.control] {
        // What the value is made of tells; what led to it only where that tells nothing.
        if !names.is_empty() {
            break;
        }
        for origin in host.origins_of(machine, set) {
            if let Origin::Environment { name, .. } = origin
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names
}

/// Returns the last argument if it is a function: the callback of a library in Node's manner.
pub fn callback(machine: &Machine<'_>, arguments: &Arguments) -> Option<Value> {
    let last = arguments.positional.last()?;
    is_function(machine, last).then(|| last.clone())
}

/// Holds if the value is a function of the program, or stands for one of outside.
pub fn is_function(machine: &Machine<'_>, value: &Value) -> bool {
    match value.only() {
        Some(Atom::Object(id)) => match &machine.heap.get(id).kind {
            ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. } => {
                true
            }
            ObjectKind::Host(path) => is_host_function(path),
            _ => false,
        },
        _ => false,
    }
}

fn is_host_function(path: &str) -> bool {
    path.ends_with(":next")
        || matches!(
            path,
            "node:callback"
                | "cross-site:callback"
                | "nest:authenticated"
                | "nest:validate"
                | "npm:passport.done"
                | "npm:passport.remembered"
                | "npm:passport.stored"
                | "npm:passport.found"
                | "passport:extractor"
        )
}

/// Runs `body` as an asynchronous function: its result, failures and decisions are those of the promise.
///
/// # Errors
///
/// If the budget is used up.
pub fn promised<'p>(
    machine: &mut Machine<'p>,
    span: Span,
    body: impl FnOnce(&mut Machine<'p>) -> Result<Value, Stop>,
) -> Result<Value, Stop> {
    let base = machine.decided.len();
    let (result, thrown) = machine.catching(body);
    let decided = machine.decided.split_off(base.min(machine.decided.len()));
    match result {
        Ok(value) => Ok(machine.make_promise(Some(value), thrown, decided, span)),
        Err(Stop::Throw) => Ok(machine.make_promise(None, thrown, Vec::new(), span)),
        Err(stop) => Err(stop),
    }
}

/// Returns a promise of `value`, or calls the callback with it, if one is given.
///
/// # Errors
///
/// Those of the callback.
pub fn deliver(machine: &mut Machine<'_>, call: &Call<'_>, value: Value) -> Answer {
    if let Some(callback) = callback(machine, call.arguments) {
        let arguments = Arguments::positional([Value::null(), value]);
        machine.call_value(&callback, None, &arguments, call.span)?;
        return Ok(Some(Value::undefined()));
    }
    let promise = machine.make_promise(Some(value), Vec::new(), Vec::new(), call.span);
    Ok(Some(promise))
}

/// Returns whether a proof succeeds: an attacker's never does, a user's may.
pub fn proof(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operands: &[&Value],
    span: Span,
) -> Value {
    let outcome = match host.persona() {
        Persona::Attacker => Some(false),
        _ => None,
    };
    machine.tested(TestKind::Proof, outcome, operands, span)
}

/// Throws `error` unless `proof` holds.
///
/// # Errors
///
/// If the proof fails for certain.
pub fn require(
    machine: &mut Machine<'_>,
    proof: &Value,
    error: &Value,
    span: Span,
) -> Result<(), Stop> {
    let error = error.clone();
    machine.when(
        proof,
        span,
        |_| Ok(()),
        |machine| machine.throw(error, span),
    )
}

/// Makes an exception of a library, with where what it complains about comes from.
pub fn error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    about: &[&Value],
    span: Span,
) -> Value {
    let id = host.make_object(machine, &format!("{path}()"), span);
    let name = path.rsplit(['.', ':', '/']).next().unwrap_or(path);
    let object = machine.heap.get_mut(id);
    object
        .properties
        .insert(Ustr::from("name"), Value::string(name));
    let message = Value::unknown(Shape::String);
    object.properties.insert(Ustr::from("message"), message);
    let mut value = Value::object(id);
    for part in about {
        let deep = machine.deep_origins(part);
        value.origins = machine.origins.union(value.origins, deep);
        value.control = machine.origins.union(value.control, part.control);
    }
    value
}

/// Returns where the content of a verified token comes from: it says who is asking if the request carried it
/// where credentials are carried, and is a claim of something handed on otherwise.
pub fn proven_origin(host: &ModelHost, token: &Provenance, claim: &str) -> Origin {
    let claim = Ustr::from(claim);
    let is_socket = host.state().run.method == "WS";
    let is_carried = token.origins().iter().any(|origin| match origin {
        Origin::Request(part, _) => match part {
            RequestPart::Header
            | RequestPart::Cookie
            | RequestPart::Handshake
            | RequestPart::Session
            | RequestPart::Context
            | RequestPart::Message => true,
            RequestPart::Query | RequestPart::Line => is_socket,
            _ => false,
        },
        Origin::Principal(_) => true,
        _ => false,
    });
    if is_carried {
        Origin::Principal(claim)
    } else {
        Origin::Claim(claim)
    }
}

/// Returns an unknown value with one origin.
pub fn unknown_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: Shape,
    origin: Origin,
) -> Value {
    let origins = host.origin(machine, origin);
    Value::unknown(shape).with_origins(origins)
}

/// Returns the number that a clock gives, which is another one each time.
pub fn instant_of(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let origins = host.origin(machine, Origin::Clock);
    let instant = machine.origins.single(firedoor_eval::Origin::Instant);
    let origins = machine.origins.union(origins, instant);
    Value::unknown(Shape::Number).with_origins(origins)
}

/// Returns an unknown value of these values and one more origin.
pub fn made_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: Shape,
    parts: &[&Value],
    origin: Origin,
) -> Value {
    let mut value = machine.derived(shape, parts.iter().copied());
    // Whoever makes a signature needs to know the key only.
    if origin == Origin::Signature {
        value = host.with_fallbacks(machine, value, parts);
    }
    host.with_origin(machine, value, origin)
}

/// Adds the constant that the key is, if it is nothing else: a signature has forgotten it otherwise.
pub fn keyed_by(host: &ModelHost, machine: &mut Machine<'_>, value: Value, key: &Value) -> Value {
    match host.deep_provenance(machine, key).literal() {
        Some(text) if !text.is_empty() && text != "null" => {
            host.with_origin(machine, value, Origin::KnownKey(text))
        }
        _ => value,
    }
}

/// Keeps a value on a host object under a name that programs cannot read.
pub fn keep(machine: &mut Machine<'_>, object: firedoor_eval::ObjectId, name: &str, value: Value) {
    machine.heap.set_property(object, Ustr::from(name), value);
}

/// Returns what [`keep`] has kept.
pub fn kept(machine: &Machine<'_>, object: Option<firedoor_eval::ObjectId>, name: &str) -> Value {
    object
        .and_then(|object| machine.heap.property(object, Ustr::from(name)).cloned())
        .unwrap_or_else(Value::undefined)
}

/// Returns the name of the member that is being asked for.
pub fn member_name(host: &ModelHost) -> String {
    last_part(&host.state().member_name).to_owned()
}

/// Returns the last part of the path of a call or member.
pub fn last_part(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Makes an object of a host with the elements and properties of another, if there is one: a chain that goes on.
pub fn copied(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    from: impl Into<Option<ObjectId>>,
    path: &str,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, path, span);
    if let Some(from) = from.into() {
        let (elements, properties) = {
            let object = machine.heap.get(from);
            (object.elements.clone(), object.properties.clone())
        };
        let object = machine.heap.get_mut(id);
        object.elements = elements;
        object.properties = properties;
    }
    id
}

/// The status, if it is known; of several the one that refuses least. Where it may not have been set at all,
/// the answer is none that refuses. Beside an unknown one only what refuses counts: `isTaken ? 409 : error.status` is
/// that of an error, whichever it is.
pub(crate) fn status_number(status: Option<&Value>) -> Option<u16> {
    let mut least: Option<u16> = None;
    let mut is_open = false;
    for atom in status?.atoms() {
        let number = match atom {
            Atom::Number(number) => *number as u16,
            // `status("401")` is 401: Node 22 makes a number of it (`lib/_http_server.js`, `writeHead`).
            Atom::String(text) => text.parse().ok()?,
            Atom::Unknown(_) => {
                is_open = true;
                continue;
            }
            _ => return None,
        };
        least = Some(least.map_or(number, |known| known.min(number)));
    }
    let floor = if is_open { 400 } else { 100 };
    least.filter(|status| (floor..600).contains(status))
}

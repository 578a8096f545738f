//! What the models of Python libraries share: arguments, derived values, comparisons of secrets.

use firedoor_app::{
    CompareSecret, ComparisonKind, EffectKind, Origin, Provenance, RequestPart, SendChannel,
};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{ModelHost, Persona};

/// Returns the argument at `index` or named `name`, if it is given.
pub(crate) fn given(call: &Call<'_>, index: usize, name: &str) -> Option<Value> {
    call.arguments.find(index, name).cloned()
}

/// Returns the argument at `index` or named `name`; `None` of Python if it is not given.
pub(crate) fn argument(call: &Call<'_>, index: usize, name: &str) -> Value {
    given(call, index, name)
        .or_else(|| call.arguments.rest.clone())
        .unwrap_or_else(Value::null)
}

/// Returns an unknown value of a shape with one origin.
pub(crate) fn value_from(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: Shape,
    origin: Origin,
) -> Value {
    let origins = host.origin(machine, origin);
    Value::unknown(shape).with_origins(origins)
}

/// Returns what is made of these values and of something with this origin.
pub(crate) fn made_of(
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

/// Returns the last part of the path that is called.
pub(crate) fn last_name(path: &str) -> &str {
    path.rsplit(['.', ':']).next().unwrap_or(path)
}

/// Answers `None` of Python.
pub(crate) fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::null()))
}

/// Answers with the object itself: builders and context managers.
pub(crate) fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// Answers with the first argument: wrappers and conversions.
pub(crate) fn first(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// Answers with text that is made of the arguments.
pub(crate) fn text_of(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::String, call.arguments.all())))
}

/// The bytes that a text stands for are not the text, but a constant as it is: a key from the source stays one.
pub(crate) fn decoded(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    let constants = text.atoms().iter().filter_map(|atom| match atom {
        Atom::String(text) => Some(*text),
        _ => None,
    });
    let constants: Vec<Ustr> = constants.collect();
    let bytes = machine.derived(Shape::String, [&text]);
    let mut bytes = host.with_fallbacks(machine, bytes, &[&text]);
    if bytes.origins == firedoor_eval::OriginSet::EMPTY {
        for constant in constants {
            bytes = host.with_origin(machine, bytes, Origin::Literal(constant));
        }
    }
    Ok(Some(bytes))
}

/// Answers with an object that is made of the arguments.
pub(crate) fn object_of(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Object, call.arguments.all())))
}

/// Makes a host object of the call, which keeps its arguments: those by position as elements, those by
/// name as properties.
pub(crate) fn object_with_arguments(machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let path = Ustr::from(&format!("{}()", call.path));
    let id = machine
        .heap
        .allocate(firedoor_eval::ObjectKind::Host(path), call.span);
    let object = machine.heap.get_mut(id);
    object.elements = call.arguments.positional.clone();
    object.properties = call.arguments.keywords.clone();
    id
}

/// Returns the path that one of several texts is: a setting is what its default says unless somebody sets it, and
/// where one decides whether a prefix stands before a path, it is the path. Of texts that differ in more, none is known
/// to be it.
pub(crate) fn text_by_default(value: &Value) -> Option<Ustr> {
    let known = |atom: &Atom| match atom {
        Atom::String(text) | Atom::Pattern(text) => Some(*text),
        _ => None,
    };
    let texts = || value.atoms().iter().filter_map(known);
    let path = texts().min_by_key(|text| text.len())?;
    let is_told = |atom: &Atom| match known(atom) {
        Some(text) => text.ends_with(path.as_str()),
        None => matches!(atom, Atom::Unknown(_)),
    };
    value.atoms().iter().all(is_told).then_some(path)
}

/// Answers with a host object that keeps the arguments.
pub(crate) fn keep(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

/// Returns what a kept object was given at `index` or under `name`.
pub(crate) fn kept(
    machine: &Machine<'_>,
    object: Option<ObjectId>,
    index: usize,
    name: &str,
) -> Option<Value> {
    let object = machine.heap.get(object?);
    let by_name = object.properties.get(&Ustr::from(name));
    by_name.or_else(|| object.elements.get(index)).cloned()
}

/// Returns a property of a dictionary, if it has it for certain.
pub(crate) fn entry(machine: &Machine<'_>, dictionary: &Value, name: &str) -> Option<Value> {
    let id = dictionary.objects().next()?;
    machine.heap.property(id, Ustr::from(name)).cloned()
}

/// Holds if an attacker's comparison fails: what he sends is not what the server keeps, nor what it signs with a key
/// that he has not.
pub(crate) fn is_refuted(host: &ModelHost, given: &Provenance, expected: &Provenance) -> bool {
    let is_sent = |side: &Provenance| side.is_from_client() || side.is_from(RequestPart::Context);
    let is_wrong = match is_sent(given) && is_sent(expected) {
        true => is_signed(given) != is_signed(expected),
        false => is_sent(given) != is_sent(expected),
    };
    host.persona() == Persona::Attacker && is_wrong
}

fn is_signed(side: &Provenance) -> bool {
    side.origins().contains(&Origin::Signature)
}

/// Notes the comparison of a secret and returns its outcome: false for an attacker, open for a user.
pub(crate) fn compare_secret(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    kind: ComparisonKind,
    sides: (&Value, &Value),
    span: Span,
) -> Value {
    let mut given = host.deep_provenance(machine, sides.0);
    let mut expected = host.deep_provenance(machine, sides.1);
    // What is signed may be made of what the client sends, and is still what he has to know.
    let is_turned = expected.is_from_client()
        && match given.is_from_client() {
            true => is_signed(&given) && !is_signed(&expected),
            false => true,
        };
    if is_turned {
        std::mem::swap(&mut given, &mut expected);
    }
    let mut kind = kind;
    let mut is_wrong = is_refuted(host, &given, &expected);
    if let Some(sides) = crate::passwords::hashed_side(host, &given, &expected) {
        (given, expected) = sides;
        kind = ComparisonKind::Password;
        is_wrong |= host.persona() == Persona::Attacker;
    }
    let outcome = is_wrong.then_some(false);
    let effect = EffectKind::CompareSecret(CompareSecret {
        kind,
        given,
        expected,
    });
    host.effect(machine, effect, span);
    machine.tested(TestKind::Proof, outcome, &[sides.0, sides.1], span)
}

/// Holds if a value is where requests carry credentials. The query is one for WebSockets, since browsers
/// cannot send headers with them.
pub(crate) fn is_carried_credential(host: &ModelHost, provenance: &Provenance) -> bool {
    let is_socket = host.state().run.method == "WS";
    provenance.origins().iter().any(|origin| match origin {
        Origin::Request(part, _) => match part {
            RequestPart::Header
            | RequestPart::Cookie
            | RequestPart::Handshake
            | RequestPart::Session
            | RequestPart::Context
            | RequestPart::Message => true,
            RequestPart::Query | RequestPart::Path => is_socket,
            _ => false,
        },
        Origin::Principal(_) => true,
        _ => false,
    })
}

/// Returns what a verified token proves: who is asking if the token is a credential of the request, a
/// claim otherwise.
pub(crate) fn proven(host: &ModelHost, machine: &mut Machine<'_>, token: &Value) -> Value {
    let provenance = host.deep_provenance(machine, token);
    let origin = if is_carried_credential(host, &provenance) {
        Origin::Principal(Ustr::from(""))
    } else {
        Origin::Claim(Ustr::from(""))
    };
    let mut value = value_from(host, machine, Shape::Object, origin);
    let deep = machine.deep_origins(token);
    value.control = machine.origins.union(deep, token.control);
    value
}

/// Returns an exception of a library that hangs on these values.
pub(crate) fn exception(machine: &mut Machine<'_>, path: &str, hangs_on: &[&Value]) -> Value {
    let mut value = machine.derived(Shape::Any, hangs_on.iter().copied());
    let mut error = Value::outside(&format!("{path}()")).with_origins(value.origins);
    error.control = std::mem::replace(&mut value.control, firedoor_eval::OriginSet::EMPTY);
    error
}

/// A proof fails for an attacker and may fail for a user: throws accordingly.
pub(crate) fn prove_or_throw(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    hangs_on: &[&Value],
    span: Span,
) -> Result<(), Stop> {
    let error = exception(machine, path, hangs_on);
    prove_or_throw_this(host, machine, error, span)
}

/// What [`prove_or_throw`] does, with an exception that is made already.
pub(crate) fn prove_or_throw_this(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    error: Value,
    span: Span,
) -> Result<(), Stop> {
    match host.persona() {
        Persona::Attacker => machine.throw(error, span),
        Persona::User => {
            machine.may_throw(error, span);
            Ok(())
        }
        Persona::Wiring => Ok(()),
    }
}

/// Notes that something is sent, with what.
pub(crate) fn send(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    channel: SendChannel,
    to: &Value,
    content: &[(&str, Value)],
    span: Span,
) {
    let effect = EffectKind::Send {
        channel,
        to: host.deep_provenance(machine, to),
        content: content
            .iter()
            .map(|(name, value)| firedoor_app::Field {
                name: Ustr::from(name),
                value: host.deep_provenance(machine, value),
                operator: "=",
            })
            .collect(),
    };
    host.effect(machine, effect, span);
}

/// Goes on where a test holds, and else throws an exception of FastAPI's with this status.
pub(crate) fn refuse_unless(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: &Value,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    refuse_with(
        host,
        machine,
        test,
        "py:fastapi.HTTPException()",
        status,
        span,
    )
}

/// Goes on where a test holds, and else throws this exception, which answers with a status.
pub(crate) fn refuse_with(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    test: &Value,
    error: &str,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    let error = host.make_object(machine, error, span);
    let status = Value::number(f64::from(status));
    machine
        .heap
        .set_property(error, Ustr::from("status_code"), status);
    let error = Value::object(error).with_origins(test.origins);
    machine.when(test, span, |_| Ok(()), |machine| machine.throw(error, span))
}

/// Returns the test whether a credential of the request holds: an attacker has none that does.
pub(crate) fn proof_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    credentials: &[&Value],
    span: Span,
) -> Value {
    let outcome = match host.persona() {
        Persona::Attacker => Some(false),
        Persona::User => None,
        Persona::Wiring => Some(true),
    };
    machine.tested(TestKind::Proof, outcome, credentials, span)
}

/// A field that has this text.
pub(crate) fn literal(name: &str, text: &str) -> firedoor_app::Field {
    firedoor_app::Field {
        name: Ustr::from(name),
        value: firedoor_app::Provenance::new([firedoor_app::Origin::Literal(Ustr::from(text))]),
        operator: "=",
    }
}

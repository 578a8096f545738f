//! The parts of Python's own library that matter for security: the environment, chance, digests, time, mail.
//!
//! Source: the library reference of Python 3.13, and for the number of bits `Lib/secrets.py` (a token has 32
//! bytes by default) and `Lib/uuid.py` (version 4 has 122 random bits from the operating system).

use firedoor_app::{ComparisonKind, EffectKind, Origin, SendChannel};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{
    argument, compare_secret, decoded, given, kept, last_name, made_of, nothing, object_of,
    object_with_arguments, send, text_of, value_from,
};
use crate::tools::keyed_by;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_standard",
    calls: &[
        ("py:os.getenv", environment_get),
        ("py:os.environ.get", environment_get),
        ("py:os.environ.setdefault", environment_get),
        ("py:os.environ.copy", environment_copy),
        ("py:os.urandom", random_bytes),
        ("py:Crypto.Random.get_random_bytes", random_bytes),
        ("py:Cryptodome.Random.get_random_bytes", random_bytes),
        ("py:secrets.token_urlsafe", random_bytes),
        ("py:secrets.token_hex", random_bytes),
        ("py:secrets.token_bytes", random_bytes),
        ("py:secrets.choice", random_secure),
        ("py:secrets.randbelow", random_below),
        ("py:secrets.randbits", random_bits),
        ("py:secrets.SystemRandom().*", random_secure),
        ("py:random.SystemRandom().*", random_secure),
        ("py:random.Random().*", random_weak),
        ("py:random.randint", random_range),
        ("py:random.randrange", random_range),
        ("py:random.getrandbits", random_weak),
        ("py:random.seed", nothing),
        ("py:random.shuffle", nothing),
        ("py:random.SystemRandom", object_call),
        ("py:secrets.SystemRandom", object_call),
        ("py:random.Random", object_call),
        ("py:random.*", random_weak),
        ("py:uuid.uuid4", uuid_random),
        ("py:uuid.uuid1", uuid_clock),
        ("py:uuid.UUID", object_of),
        ("py:secrets.compare_digest", compare_digest),
        ("py:hmac.compare_digest", compare_digest),
        ("py:hmac.new", keyed_digest),
        ("py:hmac.HMAC", keyed_digest),
        ("py:hmac.digest", keyed_digest_value),
        ("py:hmac.new().update", update_digest),
        ("py:hmac.new().digest", finish_keyed_digest),
        ("py:hmac.new().hexdigest", finish_keyed_digest),
        ("py:hashlib.pbkdf2_hmac", stretch_password),
        ("py:hashlib.scrypt", stretch_password),
        ("py:hashlib.new", digest_by_name),
        ("py:hashlib.*", digest),
        ("py:hashlib.digest().update", update_digest),
        ("py:hashlib.digest().digest", finish_digest),
        ("py:hashlib.digest().hexdigest", finish_digest),
        ("py:datetime.datetime.now", clock),
        ("py:datetime.datetime.utcnow", clock),
        ("py:datetime.datetime.today", clock),
        ("py:datetime.date.today", clock),
        ("py:datetime.datetime.fromtimestamp", object_of),
        ("py:datetime.datetime.utcfromtimestamp", object_of),
        ("py:datetime.datetime.fromisoformat", object_of),
        ("py:datetime.datetime.strptime", object_of),
        ("py:datetime.datetime.combine", object_of),
        ("py:datetime.datetime", object_of),
        ("py:datetime.timedelta", duration),
        ("py:time.time", clock_number),
        ("py:time.time_ns", clock_number),
        ("py:time.monotonic", clock_number),
        ("py:time.perf_counter", clock_number),
        ("py:time.sleep", nothing),
        ("py:django.utils.timezone.now", clock),
        ("py:calendar.timegm", object_of),
        ("py:base64.b64decode", decoded),
        ("py:base64.standard_b64decode", decoded),
        ("py:base64.urlsafe_b64decode", decoded),
        ("py:base64.b32decode", decoded),
        ("py:base64.*", text_of),
        ("py:binascii.unhexlify", decoded),
        ("py:binascii.a2b_hex", decoded),
        ("py:binascii.a2b_base64", decoded),
        ("py:binascii.*", text_of),
        ("py:builtins.bytes.fromhex", decoded),
        ("py:builtins.bytearray.fromhex", decoded),
        ("py:urllib.parse.urlparse", object_of),
        ("py:urllib.parse.urlsplit", object_of),
        ("py:urllib.parse.urldefrag", object_of),
        ("py:urllib.parse.parse_qs", object_of),
        ("py:urllib.parse.parse_qsl", object_of),
        ("py:urllib.parse.*", text_of),
        ("py:html.escape", text_of),
        ("py:re.sub", text_of),
        ("py:smtplib.SMTP().sendmail", send_text),
        ("py:smtplib.SMTP().send_message", send_message),
        ("py:smtplib.SMTP_SSL().sendmail", send_text),
        ("py:smtplib.SMTP_SSL().send_message", send_message),
        ("py:email.message.EmailMessage", message),
        ("py:email.mime.multipart.MIMEMultipart", message),
        ("py:email.mime.text.MIMEText", message),
        ("py:email.message.EmailMessage().set_content", set_content),
        (
            "py:email.message.EmailMessage().add_alternative",
            set_content,
        ),
        ("py:email.message.EmailMessage().attach", set_content),
        ("py:decouple.config", environment_call),
        ("py:decouple.Config()", environment_call),
        ("py:starlette.config.Config()", environment_call),
        ("py:environs.Env()", environment_call),
        ("py:environs.Env().read_env", nothing),
        ("py:environs.Env().*", environment_call),
        ("py:environ.Env()", environment_call),
        ("py:environ.Env().*", environment_call),
        ("py:starlette.concurrency.run_in_threadpool", run_elsewhere),
        ("py:anyio.to_thread.run_sync", run_elsewhere),
        ("py:dotenv.load_dotenv", nothing),
        ("py:dotenv.find_dotenv", nothing),
        ("py:dotenv.dotenv_values", environment_copy),
    ],
    indexes: &[("py:os.environ", environment_index)],
    operators: &[("py:os.environ", environment_contains)],
    aliases: &[
        (
            "py:fastapi.concurrency.run_in_threadpool",
            "py:starlette.concurrency.run_in_threadpool",
        ),
        ("py:secrets.SystemRandom", "py:random.SystemRandom"),
        ("py:environs.env", "py:environs.Env()"),
        ("py:email.message.Message", "py:email.message.EmailMessage"),
        (
            "py:email.mime.multipart.MIMEMultipart().attach",
            "py:email.message.EmailMessage().attach",
        ),
    ],
    subclasses: &[
        ("py:abc.ABC", "py:builtins.object"),
        (
            "py:hashlib.UnsupportedDigestmodError",
            "py:builtins.ValueError",
        ),
        ("py:smtplib.SMTPException", "py:builtins.OSError"),
        ("py:typing.Generic", "py:builtins.object"),
        ("py:typing.Protocol", "py:builtins.object"),
    ],
    ..Model::EMPTY
};

/// What a variable holds: unknown text, or else the default.
pub(crate) fn environment(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    default: Option<Value>,
) -> Value {
    let origin = Origin::Environment {
        name,
        fallback: None,
    };
    let value = value_from(host, machine, Shape::String, origin);
    match default {
        // Where a test has found it there, it is still there when it is read again.
        Some(_) if machine.is_found_there(value.origins) => value,
        Some(default) => machine.join(default, &value),
        None => value,
    }
}

fn variable_name(key: &Value) -> Ustr {
    key.text().unwrap_or_else(|| Ustr::from("?"))
}

fn environment_get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = variable_name(&argument(call, 0, "key"));
    host.note_variable(machine, &name, call.span);
    let default = given(call, 1, "default").unwrap_or_else(Value::null);
    Ok(Some(environment(host, machine, name, Some(default))))
}

/// Libraries that read a setting and convert it; without a default a missing one is an error.
fn environment_call(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = variable_name(&argument(call, 0, "name"));
    host.note_variable(machine, &name, call.span);
    let is_environs = call.path.starts_with("py:environ");
    let positional = call.arguments.positional.get(1).filter(|_| is_environs);
    let default = call.arguments.keyword("default").or(positional).cloned();
    let value = environment(host, machine, name, default);
    let is_converted = call.arguments.keyword("cast").is_some()
        || (is_environs && !matches!(last_name(&call.path), "str" | "Env()"));
    Ok(Some(match is_converted {
        true => {
            let unknown = machine.derived(Shape::Any, [&value]);
            let known = value.filter(|atom| !matches!(atom, Atom::Unknown(_)));
            match known {
                Some(known) => machine.join(known, &unknown),
                None => unknown,
            }
        }
        false => value,
    }))
}

fn environment_copy(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::outside("py:os.environ")))
}

fn environment_index(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _whole: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    Some(environment(host, machine, variable_name(key), None))
}

fn environment_contains(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    _right: &Value,
    span: Span,
) -> Option<Value> {
    if !matches!(operator, BinaryOperator::In) {
        return None;
    }
    let value = environment(host, machine, variable_name(left), None);
    Some(machine.tested(TestKind::Truth, None, &[&value], span))
}

fn random(bits: Option<u32>, cryptographic: bool) -> Origin {
    Origin::Random {
        cryptographic,
        bits,
    }
}

fn random_bytes(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let size = argument(call, 0, "nbytes");
    let bytes = match size.as_number() {
        Some(number) => Some(number),
        None if size.is_nothing() => Some(32.0),
        None => None,
    };
    let bits = bytes.map(|bytes| (bytes.max(0.0) * 8.0) as u32);
    Ok(Some(value_from(
        host,
        machine,
        Shape::String,
        random(bits, true),
    )))
}

/// The number of bits that one of so many numbers has. A small number is a digit of a longer code, whose
/// size is not seen here.
fn bits_of(count: f64) -> Option<u32> {
    (count > 64.0).then(|| count.log2() as u32)
}

fn random_below(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let bits = argument(call, 0, "exclusive_upper_bound")
        .as_number()
        .and_then(bits_of);
    Ok(Some(value_from(
        host,
        machine,
        Shape::Number,
        random(bits, true),
    )))
}

fn random_bits(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let bits = argument(call, 0, "k").as_number().map(|bits| bits as u32);
    Ok(Some(value_from(
        host,
        machine,
        Shape::Number,
        random(bits, true),
    )))
}

fn random_range(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let low = argument(call, 0, "a").as_number();
    let high = argument(call, 1, "b").as_number();
    let count = match (low, high) {
        (Some(low), Some(high)) => Some(high - low + 1.0),
        (count, None) => count,
        _ => None,
    };
    let bits = count.and_then(bits_of);
    Ok(Some(value_from(
        host,
        machine,
        Shape::Number,
        random(bits, false),
    )))
}

/// One or several of a collection, or a number.
fn random_secure(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if last_name(&call.path) == "shuffle" {
        return Ok(Some(Value::null()));
    }
    let parts: Vec<&Value> = call.arguments.all().collect();
    Ok(Some(made_of(
        host,
        machine,
        Shape::Any,
        &parts,
        random(None, true),
    )))
}

fn random_weak(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts: Vec<&Value> = call.arguments.all().collect();
    Ok(Some(made_of(
        host,
        machine,
        Shape::Any,
        &parts,
        random(None, false),
    )))
}

fn object_call(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

fn uuid_random(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(value_from(
        host,
        machine,
        Shape::Object,
        random(Some(122), true),
    )))
}

/// Version 1 is made of the time and the network address.
fn uuid_clock(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(value_from(
        host,
        machine,
        Shape::Object,
        random(None, false),
    )))
}

fn compare_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (left, right) = (argument(call, 0, "a"), argument(call, 1, "b"));
    Ok(Some(compare_secret(
        host,
        machine,
        ComparisonKind::ConstantTime,
        (&left, &right),
        call.span,
    )))
}

/// `hmac.new(key, msg, digestmod)`.
fn keyed_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:hmac.new()", call.span);
    let parts = vec![argument(call, 0, "key"), argument(call, 1, "msg")];
    machine.heap.get_mut(id).elements = parts;
    Ok(Some(Value::object(id)))
}

fn keyed_digest_value(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (key, message) = (argument(call, 0, "key"), argument(call, 1, "msg"));
    let parts = [&key, &message];
    let value = made_of(host, machine, Shape::String, &parts, Origin::Signature);
    Ok(Some(keyed_by(host, machine, value, &key)))
}

fn update_digest(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        machine.heap.elements_mut(id).push(call.arguments.get(0));
    }
    Ok(Some(Value::null()))
}

fn finish(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, origin: Origin) -> Answer {
    let parts = match call.receiver {
        Some(id) => machine.heap.get(id).elements.clone(),
        None => Vec::new(),
    };
    let parts: Vec<&Value> = parts.iter().collect();
    Ok(Some(made_of(host, machine, Shape::String, &parts, origin)))
}

fn finish_keyed_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = call.receiver.map(|id| &machine.heap.get(id).elements);
    let key = parts.and_then(|parts| parts.first()).cloned();
    let signature = finish(host, machine, call, Origin::Signature)?;
    Ok(signature.map(|value| match &key {
        Some(key) => keyed_by(host, machine, value, key),
        None => value,
    }))
}

fn finish_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    finish(host, machine, call, Origin::Digest)
}

fn digest_object(host: &ModelHost, machine: &mut Machine<'_>, data: Value, span: Span) -> Answer {
    let id = host.make_object(machine, "py:hashlib.digest()", span);
    machine.heap.get_mut(id).elements.push(data);
    Ok(Some(Value::object(id)))
}

fn digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    digest_object(host, machine, argument(call, 0, "string"), call.span)
}

fn digest_by_name(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    digest_object(host, machine, argument(call, 1, "data"), call.span)
}

/// Key derivation functions stretch what is most often a password.
fn stretch_password(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let index = usize::from(last_name(&call.path) == "pbkdf2_hmac");
    let (password, salt) = (
        argument(call, index, "password"),
        argument(call, index + 1, "salt"),
    );
    let provenance = host.deep_provenance(machine, &password);
    host.effect(machine, EffectKind::HashPassword(provenance), call.span);
    let parts = [&password, &salt];
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &parts,
        Origin::Digest,
    )))
}

fn clock(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(value_from(
        host,
        machine,
        Shape::Object,
        Origin::Clock,
    )))
}

fn clock_number(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(crate::tools::instant_of(host, machine)))
}

/// A span of time is a constant like any other: its length in seconds is kept where it is known.
fn duration(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    const UNITS: [(&str, f64); 7] = [
        ("days", 86_400.0),
        ("seconds", 1.0),
        ("microseconds", 0.000_001),
        ("milliseconds", 0.001),
        ("minutes", 60.0),
        ("hours", 3_600.0),
        ("weeks", 604_800.0),
    ];
    let value = machine.derived(Shape::Object, call.arguments.all());
    let mut seconds = 0.0;
    for (index, (name, unit)) in UNITS.iter().enumerate() {
        let Some(amount) = given(call, index, name) else {
            continue;
        };
        match amount.as_number() {
            Some(number) => seconds += number * unit,
            None => return Ok(Some(value)),
        }
    }
    let length = Origin::Literal(Ustr::from(&format!("{seconds}s")));
    Ok(Some(host.with_origin(machine, value, length)))
}

fn message(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = Ustr::from("py:email.message.EmailMessage()");
    let id = machine
        .heap
        .allocate(firedoor_eval::ObjectKind::Host(path), call.span);
    if last_name(&call.path) == "MIMEText" {
        let text = argument(call, 0, "_text");
        machine.heap.set_property(id, Ustr::from("body"), text);
    }
    Ok(Some(Value::object(id)))
}

fn set_content(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let mut body = call.arguments.get(0);
        if let Some(earlier) = machine.heap.property(id, Ustr::from("body")).cloned() {
            body = machine.join(earlier, &body);
        }
        machine.heap.set_property(id, Ustr::from("body"), body);
    }
    Ok(Some(Value::null()))
}

fn send_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let to = argument(call, 1, "to_addrs");
    let content = [("body", argument(call, 2, "msg"))];
    send(host, machine, SendChannel::Mail, &to, &content, call.span);
    Ok(Some(Value::null()))
}

fn send_message(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let message = argument(call, 0, "msg");
    send_mail(
        host,
        machine,
        &message,
        given(call, 2, "to_addrs"),
        call.span,
    );
    Ok(Some(Value::null()))
}

/// Notes that a message object is mailed.
pub(crate) fn send_mail(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    message: &Value,
    to: Option<Value>,
    span: Span,
) {
    let id: Option<ObjectId> = message.objects().next();
    let to = to
        .or_else(|| kept(machine, id, usize::MAX, "To"))
        .unwrap_or_else(Value::null);
    let subject = kept(machine, id, usize::MAX, "Subject").unwrap_or_else(Value::null);
    let body = kept(machine, id, usize::MAX, "body").unwrap_or_else(|| message.clone());
    let content = [("subject", subject), ("body", body)];
    send(host, machine, SendChannel::Mail, &to, &content, span);
}

/// Runs a function with the rest of the arguments, in another thread.
fn run_elsewhere(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((function, rest)) = call.arguments.positional.split_first() else {
        return Ok(None);
    };
    let mut arguments = call.arguments.clone();
    arguments.positional = rest.to_vec();
    machine
        .call_value(function, None, &arguments, call.span)
        .map(Some)
}

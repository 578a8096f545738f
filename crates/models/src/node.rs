//! Node's environment, clock and small helpers: <https://nodejs.org/api/process.html>.
//!
//! A variable of the environment may be missing; nothing is known of its text, not even of `NODE_ENV`.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::{keep, kept, last_part, option, promised, unknown_of};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "node",
    calls: &[
        ("js:Math.random", weak_random),
        ("js:Date", date),
        ("js:Date.now", now_in_milliseconds),
        ("js:performance.now", now),
        ("js:process.hrtime", now),
        ("js:process.hrtime.bigint", now),
        ("js:process.uptime", now),
        ("js:Deno.env.get", variable_by_name),
        ("npm:dotenv.config", configured),
        ("npm:dotenv-safe.config", configured),
        ("npm:dotenv-flow.config", configured),
        ("npm:envalid.cleanEnv", clean_environment),
        ("npm:envalid.*", variable_form),
        ("npm:config.get", setting),
        ("npm:config.has", setting_exists),
        ("js:Buffer.from", same_text),
        ("node:buffer.Buffer.from", same_text),
        ("js:TextEncoder", encoder),
        ("node:util.TextEncoder", encoder),
        ("js:TextEncoder().encode", same_text),
        ("node:util.promisify", promisify),
        ("npm:util.promisify", promisify),
        ("node:util.promisify()", promisified),
        ("node:callback", called_back),
    ],
    members: &[
        ("js:process.env", environment),
        ("js:process.env.*", variable),
        ("node:process.env", environment),
        ("node:process.env.*", variable),
        ("js:Bun.env", environment),
        ("js:Bun.env.*", variable),
        ("js:import.meta.env", environment),
        ("js:import.meta.env.*", variable),
        ("node:cluster.isPrimary", either),
        ("node:cluster.isMaster", either),
        ("node:cluster.isWorker", either),
    ],
    indexes: &[
        ("js:process.env", variable_by_key),
        ("js:Bun.env", variable_by_key),
        ("js:import.meta.env", variable_by_key),
    ],
    ..Model::EMPTY
};

/// A program that is started again for each worker is both: what serves requests stands on either side of the question.
fn either(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Bool))
}

fn weak_random(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // V8 gives 52 bits of xorshift128+, whose state is known after a few outputs.
    let origin = Origin::Random {
        cryptographic: false,
        bits: Some(52),
    };
    Ok(Some(unknown_of(host, machine, Shape::Number, origin)))
}

fn now(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(crate::tools::instant_of(host, machine)))
}

/// `Date.now()` counts thousandths of a second.
fn now_in_milliseconds(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = crate::tools::instant_of(host, machine);
    let unit = machine.origins.single(firedoor_eval::Origin::Milliseconds);
    let origins = machine.origins.union(value.origins, unit);
    Ok(Some(value.with_origins(origins)))
}

/// `new Date()` is the time; with arguments it is what they say.
fn date(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !call.arguments.positional.is_empty() {
        return Ok(Some(machine.derived(Shape::Object, call.arguments.all())));
    }
    let shape = if call.is_new {
        Shape::Object
    } else {
        Shape::String
    };
    Ok(Some(unknown_of(host, machine, shape, Origin::Clock)))
}

/// The environment as a whole stands for itself, so that its variables keep their names.
fn environment(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let origins = host.origin(machine, variable_origin(""));
    let path = path.replace("node:process", "js:process");
    Some(Value::outside(&path).with_origins(origins))
}

fn variable(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    host.note_variable(machine, last_part(&path), span);
    Some(variable_value(host, machine, last_part(&path)))
}

fn variable_by_name(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    Ok(Some(variable_value(host, machine, &name)))
}

fn variable_by_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _whole: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let names = key.texts().unwrap_or_default();
    if names.is_empty() {
        return Some(variable_value(host, machine, ""));
    }
    let mut joined: Option<Value> = None;
    for name in names {
        host.note_variable(machine, &name, span);
        let value = variable_value(host, machine, &name);
        joined = Some(match joined {
            Some(joined) => machine.join(joined, &value),
            None => value,
        });
    }
    joined
}

fn variable_origin(name: &str) -> Origin {
    Origin::Environment {
        name: Ustr::from(name),
        fallback: None,
    }
}

/// A variable: a text, or missing. Where a test has found it there, it is still there when it is read again.
pub fn variable_value(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origins = host.origin(machine, variable_origin(name));
    if machine.is_found_there(origins) {
        return Value::unknown(Shape::String).with_origins(origins);
    }
    Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::String)]).with_origins(origins)
}

/// `dotenv` fills the environment from a file; its result is rarely looked at.
fn configured(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let origins = host.origin(machine, variable_origin(""));
    let parsed = Value::outside("js:process.env").with_origins(origins);
    machine
        .heap
        .get_mut(id)
        .properties
        .insert(Ustr::from("parsed"), parsed);
    Ok(Some(Value::object(id)))
}

/// `str({default: 'x'})` and its like: what a variable must look like.
fn variable_form(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:envalid.form()", call.span);
    let options = call.arguments.get(0);
    for name in ["default", "devDefault"] {
        if let Some(value) = option(machine, &options, name, call.span) {
            keep(machine, id, &format!("${name}"), value);
        }
    }
    Ok(Some(Value::object(id)))
}

/// envalid 8: every variable is there, or the process ends; a default takes the place of a missing one.
fn clean_environment(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let forms = call.arguments.get(1);
    for forms in forms.objects().collect::<Vec<_>>() {
        let known = machine.heap.get(forms).properties.clone();
        for (name, form) in known {
            let origins = host.origin(machine, variable_origin(&name));
            let mut value = Value::unknown(Shape::Any).with_origins(origins);
            let form = form.only_object();
            // `devDefault` is for those who say that they develop: where nothing is said, the variable has to be there.
            let fallback = kept(machine, form, "$default");
            if !fallback.is_nothing() {
                let text = Value::unknown(Shape::String).with_origins(value.origins);
                value = machine.join(text, &fallback);
            }
            machine.heap.get_mut(id).properties.insert(name, value);
        }
    }
    for (name, kind) in [
        ("isProduction", "production"),
        ("isProd", "production"),
        ("isDevelopment", "development"),
        ("isDev", "development"),
        ("isTest", "test"),
    ] {
        let found = variable_value(host, machine, "NODE_ENV");
        let test = machine.compare_equal(&found, &Value::string(kind), call.span, false);
        machine
            .heap
            .get_mut(id)
            .properties
            .insert(Ustr::from(name), test);
    }
    Ok(Some(Value::object(id)))
}

/// node-config: `config.get('jwt.secret')`.
fn setting(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let origin = variable_origin(&name);
    Ok(Some(unknown_of(host, machine, Shape::Any, origin)))
}

fn setting_exists(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let origin = variable_origin(&name);
    Ok(Some(unknown_of(host, machine, Shape::Bool, origin)))
}

/// The bytes of a text are the text: a key that is a constant stays one.
fn same_text(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    let is_text = text.atoms().iter().all(|atom| {
        matches!(
            atom,
            Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(_) | Atom::Undefined
        )
    });
    if !is_text {
        return Ok(Some(machine.derived(Shape::Object, [&text])));
    }
    Ok(Some(text))
}

fn encoder(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "js:TextEncoder()", call.span);
    Ok(Some(Value::object(id)))
}

/// Makes a function that returns a promise of one that takes a callback.
fn promisify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "node:util.promisify()", call.span);
    keep(machine, id, "$target", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn promisified(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = kept(machine, call.receiver, "$target");
    let span = call.span;
    let promise = promised(machine, span, |machine| {
        let back = host.make_object(machine, "node:callback", span);
        let mut arguments: Arguments = call.arguments.clone();
        arguments.positional.push(Value::object(back));
        let returned = machine.call_value(&target, None, &arguments, span)?;
        match machine.heap.property(back, Ustr::from("$value")).cloned() {
            Some(value) => Ok(value),
            // Something that is not known was called; its result stands for what it gives back.
            None if returned.is_nothing() => Ok(machine.unknown("callback")),
            None => Ok(returned),
        }
    })?;
    Ok(Some(promise))
}

/// The callback that [`promisified`] hands in.
fn called_back(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = call.arguments.get(0);
    if let Some(failed) = error.filter(|atom| !atom.is_nothing()) {
        if !error.atoms().iter().any(Atom::is_nothing) {
            return machine.throw(failed, call.span);
        }
        machine.may_throw(failed, call.span);
    }
    if let Some(back) = call.receiver {
        keep(machine, back, "$value", call.arguments.get(1));
    }
    Ok(Some(Value::undefined()))
}

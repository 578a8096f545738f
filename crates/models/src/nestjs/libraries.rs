//! Libraries of the Nest family that wrap another: `@nestjs/jwt`, `@nestjs/config`, `@nestjs/mongoose`.
//!
//! Each becomes a provider, made as the program's own are; what it does is left to the model of what it wraps.

use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::modules::{Provider, ProviderKind};
use crate::ModelHost;
use crate::tokens::plain;
use crate::tools::{keep, kept, last_part, option, promised};

/// Makes a dynamic module that provides `token` by a function of its options.
fn dynamic(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (module, token, maker): (&str, &str, Option<&str>),
    options: &Value,
    span: Span,
) -> Value {
    let key = host.make_object(machine, "nest:options", span);
    let key = match maker {
        Some(_) => Value::object(key),
        None => Value::string(token),
    };
    let factory = option(machine, options, "useFactory", span);
    let class = option(machine, options, "useClass", span);
    let mut given = vec![("provide", key.clone())];
    match (factory, class) {
        (Some(factory), _) => {
            given.push(("useFactory", factory));
            let inject = option(machine, options, "inject", span);
            given.extend(inject.map(|list| ("inject", list)));
        }
        (None, Some(class)) => given.push(("useClass", class)),
        (None, None) => given.push(("useValue", options.clone())),
    }
    let mut providers = vec![plain(machine, &given, span)];
    if let Some(maker) = maker {
        let maker = Value::object(host.make_object(machine, maker, span));
        let inject = machine.make_list(vec![key], false, span);
        let parts = [
            ("provide", Value::outside(token)),
            ("useFactory", maker),
            ("inject", inject),
        ];
        providers.push(plain(machine, &parts, span));
    }
    let providers = machine.make_list(providers, false, span);
    let parts = [("module", Value::outside(module)), ("providers", providers)];
    let made = plain(machine, &parts, span);
    if let (Some(id), Some(imports)) = (
        made.only_object(),
        option(machine, options, "imports", span),
    ) {
        keep(machine, id, "imports", imports);
    }
    made
}

/// `ThrottlerModule.forRoot(options)` keeps its options under a name of our own.
pub(super) fn throttler_module(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    span: Span,
) -> Value {
    let parts = (
        "npm:@nestjs/throttler.ThrottlerModule",
        super::throttler::OPTIONS,
        None,
    );
    dynamic(host, machine, parts, options, span)
}

/// `JwtModule.register(options)` and `registerAsync({ useFactory, inject })`.
pub(super) fn tokens_module(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let parts = (
        "npm:@nestjs/jwt.JwtModule",
        "npm:@nestjs/jwt.JwtService",
        Some("nest:make-tokens"),
    );
    Ok(Some(dynamic(
        host,
        machine,
        parts,
        &call.arguments.get(0),
        call.span,
    )))
}

/// `new JwtService(options)`.
pub(super) fn token_service(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let mut options = call.arguments.get(0);
    if let Some(id) = options.only_object()
        && let ObjectKind::Instance { class } = machine.heap.get(id).kind
        && machine
            .class_attribute(class, Ustr::from("createJwtOptions"))
            .is_some()
    {
        let name = Ustr::from("createJwtOptions");
        let made = machine.call_member(&options, name, &Arguments::default(), call.span)?;
        options = machine.await_value(&made, call.span)?;
    }
    let id = host.make_object(machine, "nest:tokens", call.span);
    keep(machine, id, "$options", options);
    Ok(Some(Value::object(id)))
}

/// `sign`, `verify` and `decode`, with and without `Async`: those of jsonwebtoken, with the key of the module.
pub(super) fn token_method(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = last_part(&call.path);
    let span = call.span;
    let (function, keys, defaults) = match name.trim_end_matches("Async") {
        "sign" => (
            "npm:jsonwebtoken.sign",
            ["secret", "privateKey"],
            "signOptions",
        ),
        "verify" => (
            "npm:jsonwebtoken.verify",
            ["secret", "publicKey"],
            "verifyOptions",
        ),
        "decode" => ("npm:jsonwebtoken.decode", ["", ""], ""),
        _ => return Ok(None),
    };
    let module = kept(machine, call.receiver, "$options");
    let own = call.arguments.get(1);
    let key = keys.iter().find_map(|key| {
        option(machine, &own, key, span).or_else(|| option(machine, &module, key, span))
    });
    let given = match own.only_object() {
        Some(_) => {
            let general = option(machine, &module, defaults, span);
            with_defaults(machine, &own, general, span)
        }
        None => option(machine, &module, defaults, span).unwrap_or_else(Value::undefined),
    };
    let mut arguments = vec![call.arguments.get(0)];
    if !keys[0].is_empty() {
        arguments.push(key.unwrap_or_else(Value::undefined));
        arguments.push(given);
    }
    let arguments = Arguments::positional(arguments);
    let function = Value::outside(function);
    let run = |machine: &mut Machine<'_>| machine.call_value(&function, None, &arguments, span);
    match name.ends_with("Async") {
        true => promised(machine, span, run).map(Some),
        false => run(machine).map(Some),
    }
}

/// Options of a call stand over those of the module.
fn with_defaults(
    machine: &mut Machine<'_>,
    own: &Value,
    general: Option<Value>,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for source in [general.as_ref(), Some(own)].into_iter().flatten() {
        let properties = source
            .only_object()
            .map(|id| machine.heap.get(id).properties.clone());
        for (name, value) in properties.unwrap_or_default() {
            machine.heap.get_mut(id).properties.insert(name, value);
        }
    }
    Value::object(id)
}

/// `ConfigModule.forRoot({ load })` and `forFeature(part)`.
pub(super) fn settings_module(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let given = call.arguments.get(0);
    if let Some(schema) = option(machine, &given, "validationSchema", call.span) {
        let filled = crate::zod::filled(machine, &schema);
        host.state().nestjs.filled.extend(filled);
    }
    if let Some(function) = option(machine, &given, "validate", call.span) {
        fill(host, machine, &function, call.span);
    }
    let parts = match option(machine, &given, "load", call.span) {
        Some(list) => machine.elements_of(&list).0,
        None if last_part(&call.path) == "forFeature" => vec![given],
        None => Vec::new(),
    };
    for part in parts {
        let name = kept(machine, part.only_object(), "KEY").text();
        let function = match name {
            Some(_) => kept(machine, part.only_object(), "$function"),
            None => part,
        };
        let (made, _) = machine.catching(|machine| {
            let made = machine.call_value(&function, None, &Arguments::default(), call.span)?;
            machine.await_value(&made, call.span)
        });
        let Ok(made) = made else { continue };
        let Some(name) = name else {
            host.state().nestjs.settings.push(made);
            continue;
        };
        let short = name
            .trim_start_matches("CONFIGURATION(")
            .trim_end_matches(')');
        let whole = plain(machine, &[(short, made.clone())], call.span);
        let mut state = host.state();
        state.nestjs.settings.push(whole);
        state.nestjs.providers.push(Provider {
            token: name,
            module: usize::MAX,
            kind: ProviderKind::Value(made),
            instance: None,
            span: call.span,
        });
    }
    Ok(Some(Value::undefined()))
}

/// `validate(environment)` gives the settings back, and in place of what the environment lacks a text of its own.
fn fill(host: &ModelHost, machine: &mut Machine<'_>, function: &Value, span: Span) {
    let arguments = Arguments::positional([Value::outside("js:process.env")]);
    let (made, _) =
        machine.catching(|machine| machine.call_value(function, None, &arguments, span));
    let Some(made) = made.ok().as_ref().and_then(Value::only_object) else {
        return;
    };
    let is_text = |atom: &Atom| matches!(atom, Atom::String(_));
    for (name, value) in machine.heap.get(made).properties.clone() {
        // One of several constants is no default.
        let texts = value.atoms().iter().filter(|atom| is_text(atom)).count();
        let is_open = value
            .atoms()
            .iter()
            .any(|it| matches!(it, Atom::Unknown(_)));
        if let Some(text) = value.filter(is_text).filter(|_| texts == 1 && is_open) {
            let text = text.text().map(|text| Value::string(&text));
            host.state()
                .nestjs
                .filled
                .extend(text.map(|text| (name, text)));
        }
    }
}

/// `registerAs(name, function)`: injected by its `KEY`, read by its name.
pub(super) fn settings_part(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call.arguments.get(0).text().unwrap_or_default();
    let id = host.make_object(machine, "nest:settings-part", call.span);
    let key = Value::string(&format!("CONFIGURATION({name})"));
    keep(machine, id, "KEY", key);
    keep(machine, id, "$function", call.arguments.get(1));
    Ok(Some(Value::object(id)))
}

pub(super) fn settings(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:settings", call.span);
    Ok(Some(Value::object(id)))
}

/// `config.get(name[, default])`: what was loaded, else the variable of the environment.
pub(super) fn setting(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = last_part(&call.path);
    if !matches!(method, "get" | "getOrThrow") {
        return Ok(None);
    }
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(Some(machine.unknown("setting")));
    };
    let loaded = host.state().nestjs.settings.clone();
    for object in &loaded {
        let mut value = object.clone();
        for part in name.split('.') {
            value = option(machine, &value, part, call.span).unwrap_or_else(Value::undefined);
        }
        if !value.is_nothing() {
            return Ok(Some(value));
        }
    }
    let all = Value::outside("js:process.env");
    let mut value = machine.member(&all, name, call.span)?;
    // A schema of the settings fills in what the environment lacks, before anybody asks.
    let filled = host.state().nestjs.filled.get(&name).cloned();
    let default = filled.clone().unwrap_or_else(|| call.arguments.get(1));
    let is_filled = filled.is_some();
    let has_default =
        is_filled || !default.is_nothing() && method == "get" && default.only_object().is_none();
    if has_default || method == "getOrThrow" {
        value = value.filter(|atom| !atom.is_nothing()).unwrap_or(value);
    }
    if has_default {
        value = machine.join(value, &default);
    }
    Ok(Some(value))
}

/// `SchemaFactory.createForClass(Class)` reads what `@Prop` left.
pub(super) fn schema_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.arguments.get(0).only_object() else {
        return Ok(None);
    };
    let mut fields: Vec<(Ustr, Value)> = Vec::new();
    for owner in machine.class_order(class).into_iter().rev() {
        fields.extend(props(host, machine, owner, call.span));
    }
    let shape = machine.heap.allocate(ObjectKind::Plain, call.span);
    for (name, value) in fields {
        machine.heap.get_mut(shape).properties.insert(name, value);
    }
    let constructor = Value::outside("npm:mongoose.Schema");
    let arguments = Arguments::positional([Value::object(shape)]);
    machine
        .construct(&constructor, &arguments, call.span)
        .map(Some)
}

fn props(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> Vec<(Ustr, Value)> {
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return Vec::new();
    };
    let fields = host.state().nestjs.fields.get(&prototype).cloned();
    let mut found = Vec::new();
    for (name, decorator) in fields.unwrap_or_default() {
        let Some((kind, given)) = super::decorators::parts(machine, &decorator) else {
            continue;
        };
        if kind != "Prop" {
            continue;
        }
        let options = given
            .first()
            .cloned()
            .unwrap_or_else(|| plain(machine, &[], span));
        found.push((name, options));
    }
    found
}

/// `MongooseModule.forFeature([{ name, schema }])` makes models.
pub(super) fn models(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for definition in machine.elements_of(&call.arguments.get(0)).0 {
        let name = option(machine, &definition, "name", call.span);
        let schema = option(machine, &definition, "schema", call.span);
        let (Some(name), Some(schema)) = (name, schema) else {
            continue;
        };
        let Some(text) = super::inject::model_name(machine, &name) else {
            continue;
        };
        let define = Value::outside("npm:mongoose.model");
        let arguments = Arguments::positional([Value::string(&text), schema]);
        let model = machine.call_value(&define, None, &arguments, call.span)?;
        host.state().nestjs.providers.push(Provider {
            token: Ustr::from(&format!("mongoose:{text}")),
            module: usize::MAX,
            kind: ProviderKind::Value(model),
            instance: None,
            span: call.span,
        });
    }
    Ok(Some(Value::undefined()))
}

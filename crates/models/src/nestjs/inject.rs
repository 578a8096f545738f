//! Injection: instances are made with what their constructors ask for, by type and by token.

use firedoor_eval::{Arguments, InjectedParameter, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::{forwarded, parts};
use super::metadata::key_of;
use super::modules::ProviderKind;
use crate::ModelHost;

/// The classes that are provided, with the first module of each.
pub(super) fn provided_classes(host: &ModelHost) -> Vec<(ObjectId, usize)> {
    let state = host.state();
    let mut found: Vec<(ObjectId, usize)> = Vec::new();
    for provider in &state.nestjs.providers {
        if let ProviderKind::Class(class) = &provider.kind
            && let Some(class) = class.only_object()
            && !found.iter().any(|(known, _)| *known == class)
        {
            found.push((class, provider.module));
        }
    }
    found
}

/// Returns the instance of a class, which is made if it is not there yet.
pub(super) fn instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    module: usize,
) -> Value {
    let token = Ustr::from(&format!("#{}", class.0));
    if let Some(number) = provider(host, token, module) {
        return provided(host, machine, number);
    }
    let known = host.state().nestjs.instances.get(&class).cloned();
    if let Some(known) = known {
        return known;
    }
    let made = make(host, machine, class, module);
    let mut state = host.state();
    state.nestjs.instances.insert(class, made.clone());
    made
}

/// The number of what is provided under a token: by the module, by one that it imports, or by any.
fn provider(host: &ModelHost, token: Ustr, module: usize) -> Option<usize> {
    let state = host.state();
    let nest = &state.nestjs;
    let matching = || {
        let all = nest.providers.iter().enumerate().rev();
        all.filter(|(_, provider)| provider.token == token)
    };
    let imports = nest.modules.get(module).map(|module| &module.imports);
    let own = matching().find(|(_, provider)| provider.module == module);
    let imported = || {
        matching()
            .find(|(_, provider)| imports.is_some_and(|imports| imports.contains(&provider.module)))
    };
    let found = own.or_else(imported).or_else(|| matching().next_back());
    found.map(|(number, _)| number)
}

/// Returns what a provider gives, which is made if it is not there yet.
pub(super) fn provided(host: &ModelHost, machine: &mut Machine<'_>, number: usize) -> Value {
    let provider = host.state().nestjs.providers.get(number).cloned();
    let Some(provider) = provider else {
        return Value::undefined();
    };
    if let Some(instance) = provider.instance {
        return instance;
    }
    let span = provider.span;
    let made = match provider.kind {
        ProviderKind::Value(value) => value,
        ProviderKind::Existing(token) => by_token(host, machine, &token, provider.module),
        ProviderKind::Class(class) => match class.only_object() {
            Some(id) if is_class(machine, id) => {
                if host.state().nestjs.making.contains(&id) {
                    return Value::unknown(Shape::Object);
                }
                make(host, machine, id, provider.module)
            }
            _ => outside(machine, &class, span),
        },
        ProviderKind::Factory(function, inject) => {
            let guard = ObjectId(u32::MAX - number as u32);
            if host.state().nestjs.making.contains(&guard) {
                return Value::unknown(Shape::Object);
            }
            host.state().nestjs.making.push(guard);
            let mut arguments = Vec::new();
            for token in &inject {
                arguments.push(by_token(host, machine, token, provider.module));
            }
            host.state().nestjs.making.pop();
            let arguments = Arguments::positional(arguments);
            let (result, _) = machine.catching(|machine| {
                let made = machine.call_value(&function, None, &arguments, span)?;
                machine.await_value(&made, span)
            });
            result.unwrap_or_else(|_| machine.unknown("factory"))
        }
    };
    host.state().nestjs.providers[number].instance = Some(made.clone());
    made
}

fn is_class(machine: &Machine<'_>, id: ObjectId) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Class { .. })
}

/// An instance of a class of a library, made without anything.
fn outside(machine: &mut Machine<'_>, class: &Value, span: Span) -> Value {
    let (made, _) =
        machine.catching(|machine| machine.construct(class, &Arguments::default(), span));
    made.unwrap_or_else(|_| machine.unknown("injected"))
}

/// Returns what stands for a token: a class, a string or a symbol, or an object that holds it.
pub(super) fn by_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    module: usize,
) -> Value {
    let mut token = forwarded(machine, token);
    let span = machine.place();
    if let Some(inner) = crate::tools::option(machine, &token, "token", span)
        && token
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain))
    {
        token = inner;
    }
    if let Some(key) = key_of(&token)
        && let Some(number) = provider(host, key, module)
    {
        return provided(host, machine, number);
    }
    match token.only_object() {
        Some(id) if is_class(machine, id) => {
            if host.state().nestjs.making.contains(&id) {
                return Value::unknown(Shape::Object);
            }
            instance(host, machine, id, module)
        }
        Some(_) => machine.unknown("injected"),
        None if token.as_outside().is_some() => well_known(host, machine, &token, span),
        None => machine.unknown("injected"),
    }
}

fn well_known(host: &ModelHost, machine: &mut Machine<'_>, token: &Value, span: Span) -> Value {
    let path = token.as_outside().unwrap_or_default();
    let path = match path.as_str() {
        "npm:@nestjs/core.REQUEST" => "express:request",
        "npm:@nestjs/core.ModuleRef" => "nest:module-ref",
        _ => return outside(machine, token, span),
    };
    Value::object(host.make_object(machine, path, span))
}

/// Makes an instance of a class of the program.
fn make(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, module: usize) -> Value {
    let span = machine.heap.get(class).span;
    if host.state().nestjs.making.len() > 60 {
        return Value::unknown(Shape::Object);
    }
    host.state().nestjs.making.push(class);
    let parameters = constructor(machine, class);
    let mut arguments = Vec::new();
    for parameter in &parameters {
        arguments.push(parameter_value(host, machine, parameter, module));
    }
    let base = machine.decided.len();
    let arguments = Arguments::positional(arguments);
    let (made, _) = machine.catching(|machine| machine.instantiate(class, &arguments, span));
    machine.decided.truncate(base);
    host.state().nestjs.making.pop();
    let made = made.unwrap_or_else(|_| Value::unknown(Shape::Object));
    if let Some(id) = made.only_object() {
        fill_fields(host, machine, id, class, module);
        note_cycles(host, machine, id, class, &parameters);
    }
    made
}

/// Two classes that ask for each other: the one that is made first gets the other once it is there.
fn note_cycles(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    made: ObjectId,
    class: ObjectId,
    parameters: &[InjectedParameter],
) {
    let making = host.state().nestjs.making.clone();
    for parameter in parameters {
        let token = token_of(machine, parameter);
        let Some(other) = token.and_then(|token| token.only_object()) else {
            continue;
        };
        if making.contains(&other) && other != class {
            let mut state = host.state();
            state.nestjs.late.push((made, parameter.name, other));
        }
    }
    let waiting: Vec<(ObjectId, Ustr)> = {
        let mut state = host.state();
        let (ready, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut state.nestjs.late)
            .into_iter()
            .partition(|(_, _, wanted)| *wanted == class);
        state.nestjs.late = rest;
        ready.into_iter().map(|(id, name, _)| (id, name)).collect()
    };
    for (id, name) in waiting {
        machine.heap.set_property(id, name, Value::object(made));
    }
}

fn constructor(machine: &mut Machine<'_>, class: ObjectId) -> Vec<InjectedParameter> {
    let found = machine.class_attribute(class, Ustr::from("constructor"));
    let function = found.and_then(|(_, value)| value.only_object());
    match function.map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Function { closure, .. }) => {
            let closure = *closure;
            machine.injected(closure)
        }
        _ => Vec::new(),
    }
}

fn token_of(machine: &mut Machine<'_>, parameter: &InjectedParameter) -> Option<Value> {
    for decorator in &parameter.decorators {
        if let Some((kind, given)) = parts(machine, decorator)
            && kind == "Inject"
            && let Some(token) = given.first()
        {
            return Some(forwarded(machine, token));
        }
    }
    parameter.class.clone()
}

fn parameter_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    parameter: &InjectedParameter,
    module: usize,
) -> Value {
    for decorator in &parameter.decorators {
        if let Some(value) = by_decorator(host, machine, decorator, module) {
            return value;
        }
    }
    match &parameter.class {
        Some(class) => {
            let class = class.clone();
            by_token(host, machine, &class, module)
        }
        None => machine.unknown("injected"),
    }
}

/// What a function of a library makes.
fn made_by(machine: &mut Machine<'_>, path: &str, given: Vec<Value>) -> Option<Value> {
    let (function, span) = (Value::outside(path), machine.place());
    let arguments = Arguments::positional(given);
    let (made, _) =
        machine.catching(|machine| machine.call_value(&function, None, &arguments, span));
    made.ok()
}

/// What `@Inject(token)`, `@InjectRepository(Entity)`, `@InjectModel(name)`, `@InjectKysely()` and the clients of Knex ask
/// for.
fn by_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    decorator: &Value,
    module: usize,
) -> Option<Value> {
    let (kind, given) = parts(machine, decorator)?;
    if kind == "InjectKysely" {
        return made_by(machine, "npm:kysely.Kysely", Vec::new());
    }
    if matches!(kind.as_str(), "InjectConnection" | "InjectKnex") {
        return made_by(machine, "npm:knex.Knex", Vec::new());
    }
    let first = given.first().cloned()?;
    match kind.as_str() {
        "Inject" => Some(by_token(host, machine, &first, module)),
        "InjectRepository" => made_by(machine, "npm:typeorm.getRepository", vec![first]),
        "InjectQueue" => Some(super::events::queue(host, machine, &first)),
        "InjectModel" => {
            let name = model_name(machine, &first)?;
            let number = provider(host, Ustr::from(&format!("mongoose:{name}")), module)?;
            Some(provided(host, machine, number))
        }
        _ => None,
    }
}

/// A model is named by a string or by its class.
pub(super) fn model_name(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    value
        .text()
        .or_else(|| machine.heap.get(value.only_object()?).name)
}

/// Fields with `@Inject`.
fn fill_fields(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    class: ObjectId,
    module: usize,
) {
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let fields = host.state().nestjs.fields.get(&prototype).cloned();
        for (name, decorator) in fields.unwrap_or_default() {
            let Some((kind, given)) = parts(machine, &decorator) else {
                continue;
            };
            let value = match (kind.as_str(), given.first()) {
                ("WebSocketServer", _) => Some(super::gateways::server(host, machine, class)),
                (_, Some(_)) => by_decorator(host, machine, &decorator, module),
                ("Inject", None) => {
                    let written = machine.field_class(owner, name);
                    written.map(|token| by_token(host, machine, &token, module))
                }
                _ => None,
            };
            if let Some(value) = value {
                machine.heap.set_property(instance, name, value);
            }
        }
    }
}

/// Returns the instances of everything that is provided under a token, in the order of modules.
pub(super) fn all_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &str,
    modules: &[usize],
) -> Vec<(Value, Span)> {
    let numbers: Vec<(usize, Span)> = {
        let state = host.state();
        let mut found: Vec<(usize, usize, Span)> = state
            .nestjs
            .providers
            .iter()
            .enumerate()
            .filter(|(_, provider)| provider.token == token && modules.contains(&provider.module))
            .map(|(number, provider)| (provider.module, number, provider.span))
            .collect();
        found.sort_by_key(|(module, number, _)| (*module, *number));
        found
            .into_iter()
            .map(|(_, number, span)| (number, span))
            .collect()
    };
    let numbers = numbers.into_iter();
    numbers
        .map(|(number, span)| (provided(host, machine, number), span))
        .collect()
}

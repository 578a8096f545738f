//! Decorators: what each leaves on the class, method or field that it stands on.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::metadata::{extend, key_of, set};
use crate::ModelHost;
use crate::tools::{keep, kept, last_part};

/// The property of a decorator with its name.
pub(super) const KIND: &str = "$kind";

/// Words of `@nestjs/common` and `@nestjs/websockets` that are decorators.
const DECORATORS: &[&str] = &[
    "Controller",
    "Module",
    "Global",
    "Injectable",
    "Catch",
    "Get",
    "Post",
    "Put",
    "Patch",
    "Delete",
    "Options",
    "Head",
    "All",
    "Search",
    "Sse",
    "UseGuards",
    "UseInterceptors",
    "UsePipes",
    "UseFilters",
    "Inject",
    "Optional",
    "Body",
    "Query",
    "Param",
    "Headers",
    "Req",
    "Request",
    "Res",
    "Response",
    "Next",
    "Session",
    "Ip",
    "HostParam",
    "UploadedFile",
    "UploadedFiles",
    "RawBody",
    "HttpCode",
    "Header",
    "Redirect",
    "Render",
    "Version",
    "Bind",
    "WebSocketGateway",
    "SubscribeMessage",
    "WebSocketServer",
    "MessageBody",
    "ConnectedSocket",
    "Ack",
    "Throttle",
    "SkipThrottle",
    "Prop",
    "Schema",
    "InjectModel",
    "InjectRepository",
    "InjectKysely",
    "InjectConnection",
    "InjectKnex",
    "SerializeOptions",
    "Dependencies",
    "OnEvent",
    "Processor",
    "Process",
    "InjectQueue",
];

/// A call of one of the words of Nest: a decorator, an exception or a pipe.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if !DECORATORS.contains(&name) {
        return match name {
            _ if name.ends_with("Exception") => super::exceptions::make(host, machine, call),
            _ if name.ends_with("Pipe") => super::pipes::make(host, machine, call),
            _ => Ok(None),
        };
    }
    let id = host.make_object(machine, "nest:decorator", call.span);
    keep(machine, id, KIND, Value::string(name));
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `SetMetadata(key, value)`.
pub(super) fn set_metadata(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:decorator", call.span);
    keep(machine, id, KIND, Value::string("SetMetadata"));
    keep(machine, id, "KEY", call.arguments.get(0));
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `Reflector.createDecorator<T>()` makes decorators whose key is itself.
pub(super) fn create_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "nest:key", call.span);
    let transform = crate::tools::option(machine, &call.arguments.get(0), "transform", call.span);
    if let Some(transform) = transform {
        keep(machine, id, "$transform", transform);
    }
    Ok(Some(Value::object(id)))
}

pub(super) fn make_keyed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(key) = call.receiver else {
        return Ok(None);
    };
    let mut value = call.arguments.get(0);
    let transform = kept(machine, Some(key), "$transform");
    if !transform.is_nothing() {
        value = machine.call_value(&transform, None, call.arguments, call.span)?;
    }
    let id = host.make_object(machine, "nest:decorator", call.span);
    keep(machine, id, KIND, Value::string("SetMetadata"));
    machine.heap.get_mut(id).elements = vec![Value::object(key), value];
    Ok(Some(Value::object(id)))
}

/// `applyDecorators(...)` applies each to what it stands on.
pub(super) fn combine(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:decorator", call.span);
    keep(machine, id, KIND, Value::string("several"));
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `createParamDecorator((data, context) => ...)` gives a function that makes decorators.
pub(super) fn parameter_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "nest:parameter-decorator", call.span);
    keep(machine, id, "$factory", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

pub(super) fn make_parameter(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "nest:decorator", call.span);
    let factory = kept(machine, call.receiver, "$factory");
    keep(machine, id, KIND, Value::string("custom"));
    keep(machine, id, "$factory", factory);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `forwardRef(() => Something)`, for modules that import each other.
pub(super) fn forward(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:forward", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

/// `mixin(class)` gives the class back.
pub(super) fn first(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// Returns the name and the arguments of a decorator of Nest.
pub(super) fn parts(machine: &Machine<'_>, decorator: &Value) -> Option<(Ustr, Vec<Value>)> {
    let id = decorator.only_object()?;
    let object = machine.heap.get(id);
    if !matches!(object.kind, ObjectKind::Host(path) if path == "nest:decorator") {
        return None;
    }
    let kind = kept(machine, Some(id), KIND).text()?;
    Some((kind, object.elements.clone()))
}

/// Runs a decorator: with a class, or with a prototype, a name and a descriptor.
pub(super) fn apply(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decorator = call.receiver.map_or_else(Value::undefined, Value::object);
    let Some((kind, given)) = parts(machine, &decorator) else {
        return Ok(None);
    };
    if kind == "several" {
        for one in &given {
            machine.call_value(one, None, call.arguments, call.span)?;
        }
        return Ok(Some(Value::undefined()));
    }
    let first = call.arguments.get(0);
    let Some(owner) = first.only_object() else {
        return Ok(Some(Value::undefined()));
    };
    match call.arguments.get(1).text() {
        None => on_class(host, machine, owner, kind, &given),
        Some(name) => {
            let descriptor = call.arguments.get(2).only_object();
            let function = descriptor
                .and_then(|id| machine.heap.property(id, Ustr::from("value")))
                .and_then(Value::only_object);
            match function {
                Some(function) => on_method(host, machine, function, kind, &given),
                None => on_field(host, owner, name, &decorator),
            }
        }
    }
    Ok(Some(Value::undefined()))
}

fn on_field(host: &ModelHost, prototype: ObjectId, name: Ustr, decorator: &Value) {
    let mut state = host.state();
    let fields = state.nestjs.fields.entry(prototype).or_default();
    fields.push((name, decorator.clone()));
}

fn on_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    kind: Ustr,
    given: &[Value],
) {
    if kind == "Module" {
        host.state().nestjs.module_classes.insert(class);
    }
    on_method(host, machine, class, kind, given);
}

/// What stands on a method and on a class is kept alike.
fn on_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: ObjectId,
    kind: Ustr,
    given: &[Value],
) {
    let first = given.first().cloned().unwrap_or_else(Value::undefined);
    match kind.as_str() {
        "UseGuards" | "UseInterceptors" | "UsePipes" | "UseFilters" => {
            extend(host, machine, target, kind, given);
        }
        // One method may listen for several events.
        "OnEvent" => extend(host, machine, target, kind, std::slice::from_ref(&first)),
        "SetMetadata" => {
            if let Some(key) = key_of(&first) {
                let value = given.get(1).cloned().unwrap_or_else(Value::undefined);
                set(host, target, key, value);
            }
        }
        "Get" | "Post" | "Put" | "Patch" | "Delete" | "Options" | "Head" | "All" | "Search"
        | "Sse" => {
            let method = match kind.as_str() {
                "All" => "ANY".to_owned(),
                "Sse" => "GET".to_owned(),
                other => other.to_ascii_uppercase(),
            };
            set(host, target, Ustr::from("$method"), Value::string(&method));
            set(host, target, Ustr::from("$path"), first);
        }
        "Throttle" => super::throttler::limit(host, machine, target, given),
        "SkipThrottle" => super::throttler::skip(host, machine, target, &first),
        _ => {
            let span = machine.place();
            let list = machine.make_list(given.to_vec(), false, span);
            set(host, target, Ustr::from(&format!("${kind}")), list);
        }
    }
}

/// Returns the arguments of a decorator that stands on a class or function.
pub(super) fn arguments_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    target: ObjectId,
    kind: &str,
) -> Option<Vec<Value>> {
    let list = super::metadata::get(host, machine, target, Ustr::from(&format!("${kind}")))?;
    Some(machine.elements_of(&list).0)
}

/// Follows `forwardRef`, and functions that give a class.
pub(super) fn forwarded(machine: &mut Machine<'_>, value: &Value) -> Value {
    let Some(id) = value.only_object() else {
        return value.clone();
    };
    let object = machine.heap.get(id);
    if !matches!(object.kind, ObjectKind::Host(path) if path == "nest:forward") {
        return value.clone();
    }
    let function = object.elements.first().cloned();
    let span = object.span;
    let Some(function) = function else {
        return value.clone();
    };
    let (result, _) = machine
        .catching(|machine| machine.call_value(&function, None, &Arguments::default(), span));
    result.unwrap_or_else(|_| value.clone())
}

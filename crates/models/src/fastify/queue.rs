//! The queue of an instance: plugins, hooks and functions that run in the order in which they were given.
//!
//! Nothing of it runs before it is waited for, or before the application starts (avvio 9, `boot.js` and
//! `lib/plugin.js`). What a plugin itself registers runs when the plugin is done, before what waits behind it.

use firedoor_eval::{Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Event, Hook, Instance, Waiting, WaitingKind, instance, plugins};
use crate::ModelHost;
use crate::tools::{is_function, option};

/// No application loads more plugins than this.
const MOST_PLUGINS: usize = 3_000;

/// `register(plugin, options)`.
pub(super) fn register(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(1);
    wait(host, machine, call, WaitingKind::Plugin, 0, options);
    Ok(Some(call.this.clone()))
}

/// `after(function)`.
pub(super) fn after(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if is_function(machine, &call.arguments.get(0)) {
        let nothing = Value::undefined();
        wait(host, machine, call, WaitingKind::After, 0, nothing);
    }
    Ok(Some(call.this.clone()))
}

/// `ready(function)` and `listen(options, function)`: everything runs.
pub(super) fn ready(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.filter(|_| !host.is_request()) else {
        return Ok(Some(Value::undefined()));
    };
    let root = instance::chain(host, id).last().copied().unwrap_or(id);
    flush(host, machine, root);
    if let Some(callback) = crate::tools::callback(machine, call.arguments) {
        let arguments = Arguments::positional([Value::null(), Value::string("")]);
        let (result, _) =
            machine.catching(|machine| machine.call_value(&callback, None, &arguments, call.span));
        drop(result);
    }
    let done = machine.make_promise(Some(call.this.clone()), Vec::new(), Vec::new(), call.span);
    Ok(Some(done))
}

/// `inject` starts the application; what it answers is not known.
pub(super) fn inject(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver.filter(|_| !host.is_request()) {
        flush(host, machine, id);
    }
    Ok(None)
}

/// `addHook(name, function)` waits for what was registered before.
pub(super) fn add_hook(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(Some(call.this.clone()));
    };
    if let Some(event) = Event::of(&name) {
        let nothing = Value::undefined();
        wait(host, machine, call, WaitingKind::Hook(event), 1, nothing);
    } else if name == "onRoute"
        && let Some(id) = call.receiver.filter(|_| !host.is_request())
        && let Some(instance) = host.state().fastify.instances.get_mut(&id)
    {
        instance.on_route.push(call.arguments.get(1));
    }
    Ok(Some(call.this.clone()))
}

/// `use([path,] layer)` of `@fastify/middie` and `@fastify/express`: it runs with the first hooks.
pub(super) fn layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let last = call.arguments.positional.len().saturating_sub(1);
    // Where only a path has it, it is not known which routes it runs for.
    if last == 0 {
        let nothing = Value::undefined();
        let kind = WaitingKind::Hook(Event::Request);
        wait(host, machine, call, kind, 0, nothing);
    } else {
        let detail = "a layer below a path is not followed in Fastify";
        machine.note("unsupported", call.span, detail);
    }
    Ok(Some(call.this.clone()))
}

fn wait(
    host: &ModelHost,
    machine: &Machine<'_>,
    call: &Call<'_>,
    kind: WaitingKind,
    argument: usize,
    options: Value,
) {
    let Some(id) = call.receiver.filter(|_| !host.is_request()) else {
        return;
    };
    let waiting = Waiting {
        kind,
        value: call.arguments.get(argument),
        options,
        span: call.span,
        decided: machine.decided.clone(),
    };
    push(host, id, waiting);
}

/// Lets something wait on an instance.
pub(super) fn push(host: &ModelHost, id: ObjectId, waiting: Waiting) {
    if let Some(instance) = host.state().fastify.instances.get_mut(&id) {
        instance.queue.push_back(waiting);
    }
}

/// What is waited for is there afterwards.
pub(super) fn awaited(host: &ModelHost, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
    if !host.is_request() {
        flush(host, machine, object);
    }
    Ok(Some(Value::object(object)))
}

/// Runs everything that waits on an instance.
pub(super) fn flush(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) {
    loop {
        let next = {
            let mut state = host.state();
            let instance = state.fastify.instances.get_mut(&id);
            instance.and_then(|instance| instance.queue.pop_front())
        };
        let Some(waiting) = next else {
            return;
        };
        let base = std::mem::replace(&mut machine.decided, waiting.decided.clone());
        match waiting.kind {
            WaitingKind::Plugin => load(host, machine, id, &waiting),
            WaitingKind::Hook(event) => {
                let hook = Hook {
                    event,
                    value: waiting.value.clone(),
                    span: waiting.span,
                    decided: waiting.decided.clone(),
                    instance: id,
                };
                hook_all(host, id, &hook);
            }
            WaitingKind::After => run_after(host, machine, id, &waiting),
        }
        machine.decided = base;
    }
}

/// Adds a hook to an instance and to all children that it has already.
pub(super) fn hook_all(host: &ModelHost, id: ObjectId, hook: &Hook) {
    let mut ids = vec![id];
    let mut next = 0;
    while let Some(id) = ids.get(next).copied() {
        next += 1;
        if let Some(instance) = host.state().fastify.instances.get_mut(&id) {
            instance.hooks.push(hook.clone());
            ids.extend(instance.children.iter().copied());
        }
    }
}

fn run_after(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, waiting: &Waiting) {
    let done = Value::object(host.make_object(machine, "fastify:done", waiting.span));
    let arguments = Arguments::positional([Value::null(), done.clone(), done]);
    run_within(host, machine, id, waiting, &arguments, &waiting.value);
}

/// Calls a function whose own registrations run before those that wait already.
fn run_within(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    waiting: &Waiting,
    arguments: &Arguments,
    function: &Value,
) {
    let this = Some(Value::object(id));
    before_others(host, machine, id, waiting, |machine| {
        let (result, _) = machine.catching(|machine| {
            let result = machine.call_value(function, this, arguments, waiting.span)?;
            machine.await_value(&result, waiting.span)
        });
        if let Err(firedoor_eval::Stop::Throw) = result {
            let detail = "this plugin fails; what it adds behind that is not in the map";
            machine.note("plugin-fails", waiting.span, detail);
        }
    });
}

/// Runs a plugin, and what it registers before anything that waits already.
fn before_others<'p>(
    host: &ModelHost,
    machine: &mut Machine<'p>,
    id: ObjectId,
    waiting: &Waiting,
    body: impl FnOnce(&mut Machine<'p>),
) {
    let behind = with_instance(host, id, |instance| std::mem::take(&mut instance.queue));
    if let Err(what) = machine.guarded(body) {
        let detail = format!("firedoor failed while it ran this plugin; please report it: {what}");
        machine.note("evaluation-failed", waiting.span, detail);
    }
    machine.decided.clone_from(&waiting.decided);
    flush(host, machine, id);
    if let Some(behind) = behind {
        with_instance(host, id, |instance| instance.queue.extend(behind));
    }
}

fn with_instance<T>(
    host: &ModelHost,
    id: ObjectId,
    change: impl FnOnce(&mut Instance) -> T,
) -> Option<T> {
    host.state().fastify.instances.get_mut(&id).map(change)
}

/// Runs a plugin: a function of the program on a child of the instance, or what a library does.
pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, waiting: &Waiting) {
    host.state().fastify.loaded += 1;
    if host.state().fastify.loaded > MOST_PLUGINS || machine_depth(host, id) > 24 {
        let detail = "there are too many plugins to follow";
        machine.note("unsupported", waiting.span, detail);
        return;
    }
    let value = settled(machine, &waiting.value, waiting.span);
    let options = options_of(machine, id, &waiting.options, waiting.span);
    let mut is_known = false;
    for object in value.objects().collect::<Vec<_>>() {
        if let ObjectKind::Function { .. } | ObjectKind::Bound { .. } =
            machine.heap.get(object).kind
        {
            is_known = true;
            load_function(host, machine, id, waiting, object, &options);
        }
    }
    if !is_known {
        before_others(host, machine, id, waiting, |machine| {
            plugins::load(host, machine, id, &value, &options, waiting.span);
        });
    }
}

fn machine_depth(host: &ModelHost, id: ObjectId) -> usize {
    instance::chain(host, id).len()
}

/// A plugin may be a promise of a module, and a module has its plugin as default.
fn settled(machine: &mut Machine<'_>, value: &Value, span: Span) -> Value {
    let (value, _) = machine.catching(|machine| machine.await_value(value, span));
    let value = value.unwrap_or_else(|_| Value::undefined());
    let Some(id) = value.only_object() else {
        return value;
    };
    if !matches!(
        machine.heap.get(id).kind,
        ObjectKind::Namespace(_) | ObjectKind::Plain
    ) {
        return value;
    }
    match option(machine, &value, "default", span) {
        Some(default) => settled(machine, &default, span),
        None => value,
    }
}

/// Options may be a function that is asked once the plugin runs.
fn options_of(machine: &mut Machine<'_>, id: ObjectId, given: &Value, span: Span) -> Value {
    if is_function(machine, given) {
        let arguments = Arguments::positional([Value::object(id)]);
        let (result, _) =
            machine.catching(|machine| machine.call_value(given, None, &arguments, span));
        return result.unwrap_or_else(|_| Value::undefined());
    }
    match given.is_nothing() {
        true => Value::object(machine.heap.allocate(ObjectKind::Plain, span)),
        false => given.clone(),
    }
}

fn load_function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    waiting: &Waiting,
    function: ObjectId,
    options: &Value,
) {
    let target = if is_plain(host, machine, function) {
        id
    } else {
        child(host, machine, id, options, waiting.span)
    };
    if let Some(name) = machine.heap.get(function).name {
        machine.heap.get_mut(target).name.get_or_insert(name);
    }
    let done = Value::object(host.make_object(machine, "fastify:done", waiting.span));
    let arguments = Arguments::positional([Value::object(target), options.clone(), done]);
    let function = Value::object(function);
    run_within(host, machine, target, waiting, &arguments, &function);
}

/// Makes the child that a plugin gets, below the prefix of its options.
pub(super) fn child(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    options: &Value,
    span: Span,
) -> ObjectId {
    let above = {
        let state = host.state();
        let instance = state.fastify.instances.get(&id);
        instance.map_or_else(String::new, |instance| instance.prefix.clone())
    };
    let prefix = option(machine, options, "prefix", span);
    let prefix = match prefix {
        None => above,
        Some(prefix) => {
            let hole = firedoor_eval::HOLE.to_string();
            let text = prefix.text_pattern().map_or(hole, |text| text.to_string());
            super::paths::join(&above, &text)
        }
    };
    instance::make(host, machine, Some(id), prefix, span)
}

/// Holds for functions that `fastify-plugin` has marked, or that carry its mark themselves.
fn is_plain(host: &ModelHost, machine: &Machine<'_>, function: ObjectId) -> bool {
    if host.state().fastify.plain.contains(&function) {
        return true;
    }
    // The name that the evaluator gives to `Symbol.for('skip-override')`.
    let mark = Ustr::from("@@for:skip-override");
    let value = machine.heap.get(function).properties.get(&mark);
    value.is_some_and(|value| value.truth() == Some(true))
}

/// Adds a hook that a library brings.
pub(super) fn add_library_hook(
    host: &ModelHost,
    id: ObjectId,
    event: Event,
    value: Value,
    span: Span,
    decided: Vec<Decided>,
) {
    let hook = Hook {
        event,
        value,
        span,
        decided,
        instance: id,
    };
    hook_all(host, id, &hook);
}

//! `@nestjs/passport`: strategies as classes, and `AuthGuard`.
//!
//! A class that inherits from `PassportStrategy(S)` makes an `S` of the options given to `super`, with its own
//! `validate` behind it; the guard calls `passport.authenticate` and gives what came of it to `handleRequest`.
//! Source: @nestjs/passport 11.0, `auth.guard.ts`, `passport/passport.strategy.ts`.

use firedoor_app::Origin;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{context, exceptions};
use crate::ModelHost;
use crate::tools::{keep, kept};
use crate::ws::parameter_count;

/// `PassportStrategy(Strategy[, name[, arity]])` gives a class.
pub(super) fn strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:strategy", call.span);
    keep(machine, id, "$class", call.arguments.get(0));
    keep(machine, id, "$name", call.arguments.get(1));
    keep(machine, id, "$arity", call.arguments.get(2));
    Ok(Some(Value::object(id)))
}

/// Returns the object with that path that the class of an instance inherits from.
fn base(machine: &Machine<'_>, instance: ObjectId, wanted: &str) -> Option<ObjectId> {
    let class = match machine.heap.get(instance).kind {
        ObjectKind::Instance { class } => class,
        ObjectKind::Host(_) => return Some(instance),
        _ => return None,
    };
    let order = machine.class_order(class).into_iter();
    let mut bases = order.flat_map(|class| match &machine.heap.get(class).kind {
        ObjectKind::Class { bases, .. } => bases.iter().flat_map(Value::objects).collect(),
        _ => Vec::new(),
    });
    bases.find(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Host(path) if path == wanted))
}

/// `super(options)` of a strategy makes it and registers it under its name.
pub(super) fn made(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(instance) = call.receiver else {
        return Ok(None);
    };
    let Some(mixin) = base(machine, instance, "nest:strategy") else {
        return Ok(None);
    };
    let check = host.make_object(machine, "nest:validate", call.span);
    keep(machine, check, "$instance", Value::object(instance));
    let arity = arity(machine, mixin, instance, call.span)?;
    keep(machine, check, "$arity", arity);
    let mut arguments = call.arguments.clone();
    arguments.positional.push(Value::object(check));
    let class = kept(machine, Some(mixin), "$class");
    let made = machine.construct(&class, &arguments, call.span)?;
    let named = kept(machine, Some(mixin), "$name").text();
    let name = named.or_else(|| kept(machine, made.only_object(), "name").text());
    if let Some(name) = name {
        host.state().strategies.insert(name, made);
    }
    Ok(Some(call.this.clone()))
}

/// How many parameters the function behind a strategy pretends to have: as many as are given as a number, one more than
/// `validate` has where `true` is, and else none.
fn arity(
    machine: &mut Machine<'_>,
    mixin: ObjectId,
    instance: ObjectId,
    span: Span,
) -> Result<Value, Stop> {
    let arity = kept(machine, Some(mixin), "$arity");
    if machine.truth(&arity) != Some(true) || arity.as_number().is_some() {
        return Ok(arity);
    }
    let own = machine.member(&Value::object(instance), Ustr::from("validate"), span)?;
    let count = parameter_count(machine, &own).unwrap_or(0);
    Ok(Value::number((count + 1) as f64))
}

/// The function behind a strategy: it asks `validate`, and hands what it gives to `done`. One that calls `done`, which it
/// is given as its last argument, has answered by that.
pub(super) fn validate(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let instance = kept(machine, call.receiver, "$instance");
    let Some(done) = call.arguments.positional.last().cloned() else {
        return Ok(None);
    };
    let name = Ustr::from("validate");
    let own = machine.member(&instance, name, call.span)?;
    let takes_done = parameter_count(machine, &own)
        .is_some_and(|count| count >= call.arguments.positional.len());
    let user = machine.call_member(&instance, name, call.arguments, call.span)?;
    let user = machine.await_value(&user, call.span)?;
    if takes_done && user.is_nothing() {
        return Ok(Some(Value::undefined()));
    }
    let arguments = Arguments::positional([Value::null(), user]);
    machine
        .call_value(&done, None, &arguments, call.span)
        .map(Some)
}

/// `AuthGuard(names)` gives a class.
pub(super) fn guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:auth-guard", call.span);
    keep(machine, id, "$names", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// An instance of the class that `AuthGuard` gives.
pub(super) fn guard_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let names = kept(machine, call.receiver, "$names");
    let span = call
        .receiver
        .map_or(call.span, |id| machine.heap.get(id).span);
    let id = host.make_object(machine, "nest:auth-guard()", span);
    let shown = crate::tokens::texts_of(machine, &names).unwrap_or_default();
    let shown: Vec<&str> = shown.iter().map(Ustr::as_str).collect();
    machine.heap.get_mut(id).name = Some(Ustr::from(&format!("AuthGuard({})", shown.join(", "))));
    keep(machine, id, "$names", names);
    Ok(Some(Value::object(id)))
}

/// `canActivate(context)` of the guard.
pub(super) fn can_activate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = call.this.clone();
    let Some(id) = guard.only_object() else {
        return Ok(None);
    };
    let given = call.arguments.get(0);
    let span = call.span;
    let names = strategy_names(host, machine, id);
    let name = Ustr::from("getRequest");
    let request = machine.call_member(&guard, name, &context::one(&given), span)?;
    let back = host.make_object(machine, "nest:authenticated", span);
    keep(machine, back, "$guard", guard);
    keep(machine, back, "$context", given.clone());
    keep(machine, back, "$request", request.clone());
    let options = machine.heap.allocate(ObjectKind::Plain, span);
    let arguments = Arguments::positional([names, Value::object(options), Value::object(back)]);
    let authenticate = Value::outside("npm:passport.authenticate");
    let layer = machine.call_value(&authenticate, None, &arguments, span)?;
    let response = kept(machine, given.only_object(), "$response");
    let next = Value::object(host.make_object(machine, "express:next", span));
    let arguments = Arguments::positional([request, response, next]);
    machine.call_value(&layer, None, &arguments, span)?;
    let is_done = kept(machine, Some(back), "$done").truth() == Some(true);
    let is_unknown = {
        let state = host.state();
        let mut unknown = state.run.unknown.iter();
        unknown.any(|(step, _)| *step == state.run.step)
    };
    if !is_done && !is_unknown && kept(machine, Some(back), "$done").is_nothing() {
        // The strategy has answered by itself: it sends the browser to another site.
        return Err(Stop::Throw);
    }
    Ok(Some(Value::bool(true)))
}

/// Without a name it is the only strategy that there is.
fn strategy_names(host: &ModelHost, machine: &Machine<'_>, guard: ObjectId) -> Value {
    let wanted = match machine.heap.get(guard).kind {
        ObjectKind::Host(_) => Some(guard),
        _ => base(machine, guard, "nest:auth-guard"),
    };
    let names = kept(machine, wanted, "$names");
    if !names.is_nothing() {
        return names;
    }
    let state = host.state();
    let mut known = state.strategies.keys().filter(|name| !name.is_empty());
    match (known.next(), known.next()) {
        (Some(only), None) => Value::string(only),
        _ => names,
    }
}

/// `getRequest(context)`, unless the program says otherwise.
pub(super) fn get_request(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let client = kept(machine, given.only_object(), "$client");
    if !client.is_nothing() {
        return Ok(Some(client));
    }
    Ok(Some(kept(machine, given.only_object(), "$request")))
}

/// What passport calls with what came of the attempt: `request.user` is what `handleRequest` makes of it.
pub(super) fn authenticated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let guard = kept(machine, call.receiver, "$guard");
    let given = kept(machine, call.receiver, "$context");
    let request = kept(machine, call.receiver, "$request");
    let arguments = Arguments::positional([
        call.arguments.get(0),
        call.arguments.get(1),
        call.arguments.get(2),
        given,
    ]);
    let name = Ustr::from("handleRequest");
    let user = machine.call_member(&guard, name, &arguments, call.span)?;
    let is_proven = machine.truth(&call.arguments.get(1)) != Some(false);
    let user = match is_proven {
        true => host.with_origin(machine, user, Origin::Principal(Ustr::from(""))),
        false => user,
    };
    machine.set_member(&request, Ustr::from("user"), user, call.span)?;
    if let Some(id) = call.receiver {
        keep(machine, id, "$done", Value::bool(true));
    }
    Ok(Some(Value::undefined()))
}

/// `handleRequest(error, user)` throws the error, or a 401 if there is no user.
pub(super) fn handle_request(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let error = call.arguments.get(0);
    let user = call.arguments.get(1);
    let span = call.span;
    let refusal = exceptions::named(host, machine, "UnauthorizedException", span);
    machine.when(
        &error.clone(),
        span,
        |machine| machine.throw(error, span),
        |_| Ok(()),
    )?;
    machine.when(
        &user,
        span,
        |_| Ok(()),
        |machine| machine.throw(refusal, span),
    )?;
    let known = user.filter(|atom| atom.truth() != Some(false));
    Ok(Some(known.unwrap_or(user)))
}

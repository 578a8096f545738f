//! Passport 0.6 and 0.7: <https://www.passportjs.org/>.
//!
//! `authenticate` runs a strategy's proof and the program's own function that finds the user. A token on the
//! request makes it a guard; a password or a code from elsewhere makes it a log-in, which anybody may try.

use firedoor_app::{EffectKind, Field, Origin, Refusal, SessionOperation};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::jsonwebtoken::verification;
use crate::layers::pass;
use crate::tokens::{Verification, claims, plain, texts_of, verify};
use crate::tools::{callback, is_function, keep, kept, option};
use crate::{Model, ModelHost, passport_sessions};

/// The model.
pub static MODEL: Model = Model {
    name: "passport",
    calls: &[
        ("npm:passport.use", use_strategy),
        ("npm:passport.unuse", same),
        ("npm:passport.authenticate", authenticate),
        ("npm:passport.authorize", authenticate),
        ("npm:passport.authenticate()", run),
        ("npm:passport.initialize", crate::layers::make),
        ("npm:passport.session", session_layer),
        ("npm:passport.serializeUser", same),
        ("npm:passport.deserializeUser", deserialize),
        ("npm:passport.done", done),
        ("npm:passport.stored", crate::passport_outside::stored),
        (
            "npm:passport.remembered",
            crate::passport_outside::remembered,
        ),
        ("npm:passport.found", passport_sessions::found),
        (
            "express:request.isAuthenticated",
            passport_sessions::is_authenticated,
        ),
        (
            "express:request.isUnauthenticated",
            passport_sessions::is_unauthenticated,
        ),
        ("express:request.login", passport_sessions::log_in),
        ("express:request.logIn", passport_sessions::log_in),
        ("express:request.logout", passport_sessions::log_out),
        ("express:request.logOut", passport_sessions::log_out),
    ],
    ..Model::EMPTY
};

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// `passport.use([name,] strategy)`.
fn use_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let (name, strategy) = match first.text() {
        Some(name) => (Some(name), call.arguments.get(1)),
        None => {
            let name = kept(machine, first.only_object(), "name").text();
            (name, first)
        }
    };
    if let Some(name) = name {
        host.state().strategies.insert(name, strategy);
    }
    Ok(Some(call.this.clone()))
}

fn deserialize(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    host.state().strategies.insert(Ustr::from(""), function);
    Ok(Some(call.this.clone()))
}

/// `authenticate(names[, options][, callback])` gives a layer.
fn authenticate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:passport.authenticate()", call.span);
    let names = call.arguments.get(0);
    let shown: Vec<String> = texts_of(machine, &names)
        .unwrap_or_default()
        .iter()
        .map(Ustr::to_string)
        .collect();
    machine.heap.get_mut(id).name = Some(Ustr::from(&format!("passport({})", shown.join(", "))));
    let back = callback(machine, call.arguments);
    let options = call.arguments.get(1);
    let options = if is_function(machine, &options) {
        Value::undefined()
    } else {
        options
    };
    for (key, value) in [
        ("$names", names),
        ("$options", options),
        ("$callback", back.unwrap_or_else(Value::undefined)),
    ] {
        keep(machine, id, key, value);
    }
    Ok(Some(Value::object(id)))
}

fn session_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:passport.authenticate()", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from("passport.session"));
    keep(machine, id, "$names", Value::string("session"));
    Ok(Some(Value::object(id)))
}

/// One attempt to find out who is asking; what it needs is kept on an object that `done` gets too.
#[derive(Clone)]
pub(crate) struct Attempt {
    layer: ObjectId,
    pub(crate) arguments: Arguments,
    index: usize,
    /// What the program's function said besides, about whoever it found or turned away.
    info: Value,
    pub(crate) span: Span,
}

fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(layer) = call.receiver else {
        return Ok(None);
    };
    let attempt = Attempt {
        layer,
        arguments: call.arguments.clone(),
        index: 0,
        info: Value::undefined(),
        span: call.span,
    };
    try_next(host, machine, &attempt)?;
    Ok(Some(Value::undefined()))
}

/// Tries the strategies in turn; the request is refused behind the last.
fn try_next(host: &ModelHost, machine: &mut Machine<'_>, attempt: &Attempt) -> Result<(), Stop> {
    let names = kept(machine, Some(attempt.layer), "$names");
    let Some(names) = texts_of(machine, &names) else {
        note_unknown(host, attempt);
        return next(host, machine, attempt, None);
    };
    let Some(name) = names.get(attempt.index) else {
        return failed(host, machine, attempt);
    };
    if *name == "session" {
        return passport_sessions::by_session(host, machine, attempt);
    }
    let strategy = host.state().strategies.get(name).cloned();
    let Some(strategy) = strategy.and_then(|strategy| strategy.only_object()) else {
        note_unknown(host, attempt);
        return next(host, machine, attempt, None);
    };
    let kind = kept(machine, Some(strategy), "$kind").text();
    match kind.as_deref() {
        Some("jwt") => by_token(host, machine, attempt, strategy),
        Some("header") => {
            let token = header(machine, attempt, strategy);
            check(host, machine, attempt, strategy, vec![token])
        }
        Some("basic") => {
            let token = header(machine, attempt, strategy);
            check(host, machine, attempt, strategy, vec![token.clone(), token])
        }
        Some("local") => by_password(host, machine, attempt, strategy),
        Some("outside") => crate::passport_outside::by_other_site(host, machine, attempt, strategy),
        Some(_) => {
            let request = attempt.arguments.get(0);
            check(host, machine, attempt, strategy, vec![request])
        }
        None => {
            note_unknown(host, attempt);
            next(host, machine, attempt, None)
        }
    }
}

fn note_unknown(host: &ModelHost, attempt: &Attempt) {
    let _ = attempt;
    let run = &mut host.state().run;
    let step = run.step;
    run.unknown
        .push((step, "the strategy of Passport is not known".to_owned()));
}

fn header(machine: &mut Machine<'_>, attempt: &Attempt, strategy: ObjectId) -> Value {
    let options = kept(machine, Some(strategy), "$options");
    let named = option(machine, &options, "header", attempt.span)
        .and_then(|value| value.text())
        .unwrap_or_else(|| Ustr::from("authorization"));
    part(machine, attempt, "headers", &named.to_ascii_lowercase())
}

/// Reads a field of a part of the request.
pub(crate) fn part(machine: &mut Machine<'_>, attempt: &Attempt, part: &str, field: &str) -> Value {
    let request = attempt.arguments.get(0);
    let (result, _) = machine.catching(|machine| {
        let part = machine.member(&request, Ustr::from(part), attempt.span)?;
        machine.member(&part, Ustr::from(field), attempt.span)
    });
    result.unwrap_or_else(|_| Value::undefined())
}

/// passport-jwt 4: the token is taken by an extractor and verified by jsonwebtoken.
fn by_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
) -> Result<(), Stop> {
    let span = machine.heap.get(strategy).span;
    let options = kept(machine, Some(strategy), "$options");
    let extractor = option(machine, &options, "jwtFromRequest", span);
    let token = match extractor {
        Some(extractor) => {
            let arguments = Arguments::positional([attempt.arguments.get(0)]);
            let token = machine.call_value(&extractor, None, &arguments, span)?;
            from_request(host, machine, attempt, token)
        }
        None => part(machine, attempt, "headers", "authorization"),
    };
    let mut secret =
        option(machine, &options, "secretOrKey", span).unwrap_or_else(Value::undefined);
    if let Some(provider) = option(machine, &options, "secretOrKeyProvider", span) {
        secret = provider;
    }
    let wanted: Verification = verification(host, machine, token.clone(), secret, &options, span);
    let test = verify(host, machine, &wanted, span);
    machine.when(
        &test,
        span,
        |machine| {
            let payload = claims(host, machine, &token, "");
            check(host, machine, attempt, strategy, vec![payload])
        },
        |machine| fall_through(host, machine, attempt),
    )
}

/// An extractor is given the request and nothing else: what could not be followed in it came from there too.
fn from_request(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    token: Value,
) -> Value {
    if token.truth() == Some(false) || host.provenance(machine, &token).is_from_client() {
        return token;
    }
    let sent = part(machine, attempt, "headers", "authorization");
    let origins = machine.origins.union(token.origins, sent.origins);
    token.with_origins(origins)
}

/// passport-local 1: `username` and `password` of the body, unless other fields are named.
fn by_password(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
) -> Result<(), Stop> {
    let options = kept(machine, Some(strategy), "$options");
    let mut given = Vec::new();
    for (setting, default) in [("usernameField", "username"), ("passwordField", "password")] {
        let field = option(machine, &options, setting, attempt.span)
            .and_then(|value| value.text())
            .unwrap_or_else(|| Ustr::from(default));
        given.push(part(machine, attempt, "body", &field));
    }
    check(host, machine, attempt, strategy, given)
}

/// Calls the program's function with what was given, and `done` as its last argument.
pub(crate) fn check(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
    given: Vec<Value>,
) -> Result<(), Stop> {
    let options = kept(machine, Some(strategy), "$options");
    let passes_request = option(machine, &options, "passReqToCallback", attempt.span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    let mut arguments = Arguments::default();
    if passes_request {
        arguments.positional.push(attempt.arguments.get(0));
    }
    arguments.positional.extend(given);
    let done = done_object(host, machine, attempt, strategy, "npm:passport.done");
    arguments.positional.push(done);
    let function = kept(machine, Some(strategy), "$verify");
    if function.is_nothing() {
        return fall_through(host, machine, attempt);
    }
    let result = machine.call_value(&function, None, &arguments, attempt.span)?;
    machine.await_value(&result, attempt.span).map(|_| ())
}

pub(crate) fn done_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
    path: &str,
) -> Value {
    let id = host.make_object(machine, path, attempt.span);
    let shared = machine.make_list(attempt.arguments.positional.clone(), false, attempt.span);
    for (key, value) in [
        ("$layer", Value::object(attempt.layer)),
        ("$arguments", shared),
        ("$index", Value::number(attempt.index as f64)),
        ("$strategy", Value::object(strategy)),
    ] {
        keep(machine, id, key, value);
    }
    Value::object(id)
}

/// Returns the attempt that a `done` belongs to, with the strategy that is tried.
pub(crate) fn attempt_of(
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Option<(Attempt, Option<ObjectId>)> {
    let shared = kept(machine, call.receiver, "$arguments");
    let layer = kept(machine, call.receiver, "$layer").only_object()?;
    let index = kept(machine, call.receiver, "$index");
    let attempt = Attempt {
        layer,
        arguments: Arguments::positional(machine.elements_of(&shared).0),
        index: index.as_number().unwrap_or(0.0) as usize,
        info: Value::undefined(),
        span: call.span,
    };
    let strategy = kept(machine, call.receiver, "$strategy").only_object();
    Some((attempt, strategy))
}

/// `done(error, user, info)`.
fn done(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((mut attempt, strategy)) = attempt_of(machine, call) else {
        return Ok(None);
    };
    let [failure, user, info] = [0, 1, 2].map(|index| call.arguments.get(index));
    attempt.info = info;
    let span = call.span;
    machine.when(
        &failure.clone(),
        span,
        |machine| broken(host, machine, &attempt, &failure),
        |machine| {
            machine.when(
                &user,
                span,
                |machine| succeeded(host, machine, &attempt, strategy, &user),
                |machine| fall_through(host, machine, &attempt),
            )
        },
    )?;
    Ok(Some(Value::undefined()))
}

pub(crate) fn fall_through(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
) -> Result<(), Stop> {
    let next = Attempt {
        index: attempt.index + 1,
        ..attempt.clone()
    };
    try_next(host, machine, &next)
}

fn layer_option(machine: &mut Machine<'_>, attempt: &Attempt, name: &str) -> Option<Value> {
    let options = kept(machine, Some(attempt.layer), "$options");
    option(machine, &options, name, attempt.span)
}

fn succeeded(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: Option<ObjectId>,
    user: &Value,
) -> Result<(), Stop> {
    let user = user
        .filter(|atom| atom.truth() != Some(false))
        .unwrap_or_else(|| user.clone());
    let said = [Value::null(), user.clone(), attempt.info.clone()];
    if told(machine, attempt, said)? {
        return Ok(());
    }
    attach(
        host,
        machine,
        &attempt.arguments.get(0),
        &user,
        attempt.span,
    );
    attach_info(machine, attempt);
    let kind = kept(machine, strategy, "$kind").text();
    let is_login = matches!(kind.as_deref(), Some("local" | "outside" | "custom"));
    let keeps = layer_option(machine, attempt, "session")
        .is_none_or(|value| machine.truth(&value) != Some(false));
    if is_login && keeps {
        note_login(host, machine, &user, attempt.span);
    }
    match layer_option(machine, attempt, "successRedirect") {
        Some(to) => {
            let to = host.provenance(machine, &to);
            host.effect(machine, EffectKind::Redirect(to), attempt.span);
            Ok(())
        }
        None => next(host, machine, attempt, None),
    }
}

/// Tells the program's own callback how an attempt ended; holds if there is one, which then answers.
fn told<const N: usize>(
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    said: [Value; N],
) -> Result<bool, Stop> {
    let own = kept(machine, Some(attempt.layer), "$callback");
    if !is_function(machine, &own) {
        return Ok(false);
    }
    let arguments = Arguments::positional(said);
    let result = machine.call_value(&own, None, &arguments, attempt.span)?;
    machine.await_value(&result, attempt.span)?;
    Ok(true)
}

/// The attempt itself failed, which says nothing about who is asking.
fn broken(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    failure: &Value,
) -> Result<(), Stop> {
    if told(machine, attempt, [failure.clone()])? {
        return Ok(());
    }
    next(host, machine, attempt, Some(failure.clone()))
}

/// Sets `request.user`, which from here on says who is asking.
pub(crate) fn attach(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    user: &Value,
    span: Span,
) {
    let user = host.with_origin(machine, user.clone(), Origin::Principal(Ustr::from("")));
    let (_, _) =
        machine.catching(|machine| machine.set_member(request, Ustr::from("user"), user, span));
}

/// Sets `request.authInfo`, what the program's function said besides (passport 0.7, `lib/middleware/authenticate.js`).
fn attach_info(machine: &mut Machine<'_>, attempt: &Attempt) {
    let is_off = layer_option(machine, attempt, "authInfo")
        .is_some_and(|value| machine.truth(&value) == Some(false));
    if is_off {
        return;
    }
    let info = match attempt.info.is_nothing() {
        true => plain(machine, &[], attempt.span),
        false => attempt.info.clone(),
    };
    let request = attempt.arguments.get(0);
    let (_, _) = machine.catching(|machine| {
        machine.set_member(&request, Ustr::from("authInfo"), info, attempt.span)
    });
}

pub(crate) fn note_login(host: &ModelHost, machine: &mut Machine<'_>, user: &Value, span: Span) {
    let field = Field {
        name: Ustr::from("user"),
        value: host.deep_provenance(machine, user),
        operator: "=",
    };
    let effect = EffectKind::Session(SessionOperation::LogIn, Some(field));
    host.effect(machine, effect, span);
}

fn failed(host: &ModelHost, machine: &mut Machine<'_>, attempt: &Attempt) -> Result<(), Stop> {
    let span = attempt.span;
    // A strategy that turns somebody away by itself says why, in words of its own.
    let info = match attempt.info.is_nothing() {
        true => plain(machine, &[("message", Value::unknown(Shape::String))], span),
        false => attempt.info.clone(),
    };
    if told(machine, attempt, [Value::null(), Value::bool(false), info])? {
        return Ok(());
    }
    if let Some(to) = layer_option(machine, attempt, "failureRedirect") {
        let text = to.text_pattern().map(|text| text.to_string());
        host.refuse(machine, Refusal::Redirect(text), span);
        let to = host.provenance(machine, &to);
        host.effect(machine, EffectKind::Redirect(to), span);
        return Ok(());
    }
    host.refuse(machine, Refusal::Status(401), span);
    let effect = EffectKind::Respond {
        status: Some(401),
        body: Vec::new(),
        is_error: true,
    };
    host.effect(machine, effect, span);
    Ok(())
}

pub(crate) fn next(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    failure: Option<Value>,
) -> Result<(), Stop> {
    let call = Call {
        path: Ustr::from("npm:passport.authenticate()"),
        receiver: None,
        this: Value::undefined(),
        arguments: &attempt.arguments,
        span: attempt.span,
        is_new: false,
    };
    match (failure, crate::layers::next_of(machine, &attempt.arguments)) {
        (Some(failure), Some(next)) => {
            let arguments = Arguments::positional([failure]);
            machine
                .call_value(&next, None, &arguments, attempt.span)
                .map(|_| ())
        }
        (Some(failure), None) => machine.throw(failure, attempt.span),
        (None, _) => pass(host, machine, &call).map(|_| ()),
    }
}

//! `@fastify/jwt` 8 to 10: `request.jwtVerify()`, `reply.jwtSign()` and `app.jwt`.
//!
//! The token is taken from the header `Authorization`, or from a cookie if one is named; what it says becomes
//! `request.user`. A token that does not verify is a 401. Source: `@fastify/jwt` 10.2, `index.js`.

use firedoor_app::{RequestPart, TokenKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Loading, decorate, text_option};
use crate::ModelHost;
use crate::fastify::instance;
use crate::jsonwebtoken::{resolved_key, verification};
use crate::tokens::{Issue, claims, decode, issue, perhaps, texts_of, verify};
use crate::tools::{callback, deliver, error, is_function, keep, kept, option, promised, require};

/// Adds `app.jwt` and the methods of requests and replies; a namespace gives them other names.
pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let namespace = text_option(machine, loading, "namespace");
    let own = host.make_object(machine, "fastify:jwt", loading.span);
    keep(machine, own, "$options", loading.options.clone());
    match namespace {
        None => decorate(host, loading.id, "jwt", Value::object(own)),
        Some(name) => {
            let known = instance::decoration(host, loading.id, Ustr::from("jwt"));
            let all = known.and_then(|known| known.only_object());
            let all = all.unwrap_or_else(|| {
                machine
                    .heap
                    .allocate(firedoor_eval::ObjectKind::Plain, loading.span)
            });
            machine.heap.set_property(all, name, Value::object(own));
            decorate(host, loading.id, "jwt", Value::object(all));
        }
    }
    for (kind, path, default) in [
        ("decorateRequest", "fastify:jwt-verify", "jwtVerify"),
        ("decorateRequest", "fastify:jwt-decode", "jwtDecode"),
        ("decorateReply", "fastify:jwt-sign", "jwtSign"),
    ] {
        let method = host.make_object(machine, path, loading.span);
        keep(machine, method, "$options", loading.options.clone());
        let given = text_option(machine, loading, default);
        let name = match (namespace, given) {
            (Some(_), Some(given)) => given.to_string(),
            (Some(namespace), None) => {
                let (first, rest) = default.split_at(1);
                format!("{namespace}{}{rest}", first.to_ascii_uppercase())
            }
            _ => default.to_owned(),
        };
        let value = Value::object(method);
        instance::add_decoration(host, loading.id, kind, Ustr::from(&name), value);
    }
}

/// The key for signing or for verifying: one text, a pair, or a function that finds it.
fn key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    side: &str,
    token: &Value,
    span: Span,
) -> Value {
    let secret = option(machine, options, "secret", span).unwrap_or_else(Value::undefined);
    let secret = option(machine, &secret, side, span).unwrap_or(secret);
    if !is_function(machine, &secret) {
        return secret;
    }
    // `(request, token, callback)`, or a promise of the key.
    let back = host.make_object(machine, "node:callback", span);
    let request = Value::unknown(firedoor_eval::Shape::Object);
    let arguments = Arguments::positional([request, token.clone(), Value::object(back)]);
    let (returned, _) = machine.catching(|machine| {
        let value = machine.call_value(&secret, None, &arguments, span)?;
        machine.await_value(&value, span)
    });
    let given = kept(machine, Some(back), "$value");
    match (given.is_nothing(), returned) {
        (false, _) => given,
        (true, Ok(found)) if !found.is_nothing() => found,
        _ => machine.unknown("key"),
    }
}

/// The token of a request: from the header, from the cookie, or from where the options say.
fn token_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    given: &Value,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let verify = option(machine, options, "verify", span).unwrap_or_else(Value::undefined);
    for holder in [given, &verify] {
        if let Some(extract) = option(machine, holder, "extractToken", span) {
            let arguments = Arguments::positional([request.clone()]);
            let token = machine.call_value(&extract, None, &arguments, span)?;
            return machine.await_value(&token, span);
        }
    }
    let cookie = option(machine, options, "cookie", span);
    let Some(cookie) = cookie else {
        return Ok(host.request_value(machine, RequestPart::Header, "authorization"));
    };
    let name = option(machine, &cookie, "cookieName", span).and_then(|name| name.text());
    let name = name.unwrap_or_else(|| Ustr::from("token"));
    let found = host.request_value(machine, RequestPart::Cookie, &name);
    let only = option(machine, given, "onlyCookie", span)
        .or_else(|| option(machine, &verify, "onlyCookie", span));
    if only.is_some_and(|only| machine.truth(&only) == Some(true)) {
        return Ok(found);
    }
    let header = host.request_value(machine, RequestPart::Header, "authorization");
    Ok(machine.join(header, &found))
}

fn failed(host: &ModelHost, machine: &mut Machine<'_>, about: &[&Value], span: Span) -> Value {
    let failed = error(
        host,
        machine,
        "npm:@fastify/jwt.AuthorizationError",
        about,
        span,
    );
    if let Some(id) = failed.only_object() {
        keep(machine, id, "statusCode", Value::number(401.0));
        keep(
            machine,
            id,
            "code",
            Value::unknown(firedoor_eval::Shape::String),
        );
    }
    failed
}

/// Verifies a token and gives what it says.
fn verified(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (options, given): (&Value, &Value),
    token: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let secret = match option(machine, given, "key", span) {
        Some(key) => resolved_key(host, machine, &key, token, span),
        None => key(host, machine, options, "public", token, span),
    };
    let general = option(machine, options, "verify", span).unwrap_or_else(Value::undefined);
    let chosen = match given.is_nothing() {
        true => general,
        false => given.clone(),
    };
    let mut wanted = verification(host, machine, token.clone(), secret, &chosen, span);
    for (name, claim) in [
        ("allowedAud", "aud"),
        ("allowedIss", "iss"),
        ("allowedSub", "sub"),
    ] {
        if let Some(value) = option(machine, &chosen, name, span) {
            let value = host.deep_provenance(machine, &value);
            wanted.requires.push(crate::tokens::field_of(claim, value));
        }
    }
    if wanted.algorithms.is_none()
        && let Some(algorithms) = option(machine, &chosen, "algorithms", span)
    {
        wanted.algorithms = texts_of(machine, &algorithms);
    }
    let test = verify(host, machine, &wanted, span);
    let secret = wanted.secret.clone();
    let failed = failed(host, machine, &[token, &secret], span);
    require(machine, &test, &failed, span)?;
    Ok(claims(host, machine, token, ""))
}

/// `request.jwtVerify([options][, callback])`.
pub(super) fn verify_request(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    let request = request_of(host);
    let options = own_options(machine, call);
    let given = first_options(machine, call.arguments);
    let back = callback(machine, call.arguments);
    let body = |machine: &mut Machine<'_>| {
        let token = token_of(host, machine, &options, &given, &request, span)?;
        let claims = verified(host, machine, (&options, &given), &token, span)?;
        let user = trusted(host, machine, (&options, &request), &token, claims, span)?;
        let name = option(machine, &options, "decoratorName", span).and_then(|name| name.text());
        let name = name.unwrap_or_else(|| Ustr::from("user"));
        machine.set_member(&request, name, user.clone(), span)?;
        Ok(user)
    };
    let Some(back) = back else {
        return promised(machine, span, body).map(Some);
    };
    let (result, thrown) = machine.catching(body);
    for one in &thrown {
        let arguments = Arguments::positional([one.value.clone()]);
        let base = std::mem::replace(&mut machine.decided, one.decided.clone());
        machine.call_value(&back, None, &arguments, span)?;
        machine.decided = base;
    }
    if let Ok(user) = result {
        let arguments = Arguments::positional([Value::null(), user]);
        machine.call_value(&back, None, &arguments, span)?;
    }
    Ok(Some(Value::undefined()))
}

/// `trusted(request, decoded)` may refuse a token that is valid, and `formatUser` makes the user of its claims.
fn trusted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (options, request): (&Value, &Value),
    token: &Value,
    claims: Value,
    span: Span,
) -> Result<Value, Stop> {
    if let Some(function) = option(machine, options, "trusted", span) {
        let arguments = Arguments::positional([request.clone(), claims.clone()]);
        let answer = machine.call_value(&function, None, &arguments, span)?;
        let answer = machine.await_value(&answer, span)?;
        let failed = failed(host, machine, &[token], span);
        require(machine, &answer, &failed, span)?;
    }
    match option(machine, options, "formatUser", span) {
        Some(function) => {
            let arguments = Arguments::positional([claims]);
            machine.call_value(&function, None, &arguments, span)
        }
        None => Ok(claims),
    }
}

/// The request whose method is called: there is one at a time.
fn request_of(host: &ModelHost) -> Value {
    let exchange = host.state().fastify.exchange;
    exchange.map_or_else(Value::undefined, |(request, _)| Value::object(request))
}

fn own_options(machine: &Machine<'_>, call: &Call<'_>) -> Value {
    kept(machine, call.receiver, "$options")
}

fn first_options(machine: &Machine<'_>, arguments: &Arguments) -> Value {
    let first = arguments.get(0);
    match is_function(machine, &first) {
        true => Value::undefined(),
        false => first,
    }
}

/// `request.jwtDecode()` verifies nothing.
pub(super) fn decode_request(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    let options = own_options(machine, call);
    let request = request_of(host);
    let nothing = Value::undefined();
    promised(machine, span, |machine| {
        let token = token_of(host, machine, &options, &nothing, &request, span)?;
        Ok(decode(host, machine, &token, span))
    })
    .map(Some)
}

fn signed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    arguments: &Arguments,
    span: Span,
) -> Value {
    let given = arguments.get(1);
    let general = option(machine, options, "sign", span).unwrap_or_else(Value::undefined);
    let given = match is_function(machine, &given) || given.is_nothing() {
        true => general,
        // `reply.jwtSign(payload, {sign: {...}})` is the other form.
        false => option(machine, &given, "sign", span).unwrap_or(given),
    };
    let secret = match option(machine, &given, "key", span) {
        Some(key) => key,
        None => key(host, machine, options, "private", &Value::undefined(), span),
    };
    let made = Issue {
        kind: TokenKind::Jwt,
        payload: arguments.get(0),
        secret,
        algorithm: option(machine, &given, "algorithm", span).and_then(|value| value.text()),
        expires: option(machine, &given, "expiresIn", span)
            .map(|value| host.deep_provenance(machine, &value)),
        claims: Vec::new(),
    };
    issue(host, machine, made, span)
}

/// `app.jwt.sign(payload[, options][, callback])`.
pub(super) fn sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = own_options(machine, call);
    let token = signed(host, machine, &options, call.arguments, call.span);
    match callback(machine, call.arguments) {
        Some(_) => deliver(machine, call, token),
        None => Ok(Some(token)),
    }
}

/// `reply.jwtSign(payload[, options][, callback])`.
pub(super) fn sign_reply(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = own_options(machine, call);
    let token = signed(host, machine, &options, call.arguments, call.span);
    deliver(machine, call, token)
}

/// `app.jwt.verify(token[, options][, callback])`.
pub(super) fn verify_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = own_options(machine, call);
    let given = first_options(machine, &Arguments::positional([call.arguments.get(1)]));
    let token = call.arguments.get(0);
    let span = call.span;
    let Some(back) = callback(machine, call.arguments) else {
        return verified(host, machine, (&options, &given), &token, span).map(Some);
    };
    let (result, thrown) =
        machine.catching(|machine| verified(host, machine, (&options, &given), &token, span));
    for one in &thrown {
        let arguments = Arguments::positional([one.value.clone()]);
        machine.call_value(&back, None, &arguments, span)?;
    }
    if let Ok(claims) = result {
        let arguments = Arguments::positional([Value::null(), claims]);
        machine.call_value(&back, None, &arguments, span)?;
    }
    Ok(Some(Value::undefined()))
}

/// `app.jwt.decode(token)` verifies nothing.
pub(super) fn decode_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let payload = decode(host, machine, &token, call.span);
    Ok(Some(perhaps(&payload)))
}

//! JSON Web Tokens in Node: jsonwebtoken, jwt-decode, fast-jwt and jwt-simple.
//!
//! Facts from jsonwebtoken 9.0.2 (`verify.js`, `sign.js`, `decode.js`): `verify` throws, or hands its error
//! to the callback; without `algorithms` it accepts only those that fit the kind of key, and never `none`.

use firedoor_app::TokenKind;
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tokens::{
    Issue, Verification, claims, decode, field_of, is_from_token, issue, perhaps, plain, texts_of,
    verify,
};
use crate::tools::{
    callback, deliver, error, flag, is_function, keep, kept, option, promised, require,
};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "jsonwebtoken",
    calls: &[
        ("npm:jsonwebtoken.sign", sign),
        ("npm:jsonwebtoken.verify", verify_token),
        ("npm:jsonwebtoken.decode", decode_token),
        ("npm:jwt-decode", decode_only),
        ("npm:jwt-decode.jwtDecode", decode_only),
        ("npm:jwt-decode.jwt_decode", decode_only),
        ("npm:jwt-simple.encode", encode_simple),
        ("npm:jwt-simple.decode", decode_simple),
        ("npm:fast-jwt.createSigner", fast_signer),
        ("npm:fast-jwt.createSigner()", fast_sign),
        ("npm:fast-jwt.createVerifier", fast_verifier),
        ("npm:fast-jwt.createVerifier()", fast_verify),
        ("npm:fast-jwt.createDecoder", fast_decoder),
        ("npm:fast-jwt.createDecoder()", decode_only),
        ("npm:jwks-rsa", key_client),
        ("npm:jwks-rsa.JwksClient", key_client),
        ("npm:jwks-rsa().getSigningKey", remote_key),
        ("npm:jwks-rsa().getSigningKey().getPublicKey", same),
        ("npm:jwks-rsa.passportJwtSecret", remote_secret),
        ("npm:jwks-rsa.expressJwtSecret", remote_secret),
    ],
    ..Model::EMPTY
};

/// `sign(payload, secretOrPrivateKey[, options][, callback])`.
fn sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let options = call.arguments.get(2);
    let mut added = Vec::new();
    for (name, claim) in [
        ("audience", "aud"),
        ("issuer", "iss"),
        ("subject", "sub"),
        ("jwtid", "jti"),
    ] {
        if let Some(value) = option(machine, &options, name, span) {
            added.push(field_of(claim, host.deep_provenance(machine, &value)));
        }
    }
    let expires = option(machine, &options, "expiresIn", span)
        .map(|value| host.deep_provenance(machine, &value));
    let made = Issue {
        kind: TokenKind::Jwt,
        payload: call.arguments.get(0),
        secret: call.arguments.get(1),
        algorithm: option(machine, &options, "algorithm", span).and_then(|value| value.text()),
        expires,
        claims: added,
    };
    let token = issue(host, machine, made, span);
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, token);
    }
    Ok(Some(token))
}

/// What `verify` is asked for by its options.
pub fn verification(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: Value,
    secret: Value,
    options: &Value,
    span: Span,
) -> Verification {
    let mut wanted = Verification::new(TokenKind::Jwt, token, secret);
    if let Some(value) = option(machine, options, "algorithms", span) {
        wanted.from_token = is_from_token(host, machine, &value);
        wanted.algorithms = texts_of(machine, &value);
    }
    let ignores = option(machine, options, "ignoreExpiration", span);
    let tolerance = option(machine, options, "clockTolerance", span);
    wanted.ignores_expiry = flag(host, machine, ignores.as_ref()) == firedoor_app::Flag::On
        || tolerance.is_some_and(|value| seconds(&value).is_some_and(|it| it >= DAY));
    for (name, claim) in [
        ("audience", "aud"),
        ("issuer", "iss"),
        ("subject", "sub"),
        ("nonce", "nonce"),
        ("maxAge", "iat"),
    ] {
        if let Some(value) = option(machine, options, name, span) {
            let value = any_of(host, machine, &value);
            wanted.requires.push(field_of(claim, value));
        }
    }
    wanted
}

/// No clock is a day wrong: what is let pass for so long need not be valid any more.
const DAY: f64 = 86_400.0;

/// A span of time: a number of seconds, or words as jose takes them (5.9, `src/lib/secs.ts`), such as `2 hours` or `60d`.
fn seconds(value: &Value) -> Option<f64> {
    if let Some(Atom::Number(number)) = value.only() {
        return Some(number);
    }
    let text = value.text()?;
    let text = text.trim().trim_start_matches('+').trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().chars().next()?.to_ascii_lowercase() {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3_600.0,
        'd' => DAY,
        'w' => 7.0 * DAY,
        'y' => 365.25 * DAY,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * unit)
}

/// A claim may be one of several.
fn any_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> firedoor_app::Provenance {
    let all = host.deep_provenance(machine, value);
    if value.objects().next().is_none() {
        return all;
    }
    let (elements, _) = machine.elements_of(value);
    elements.iter().fold(all, |all, element| {
        all.union(&host.deep_provenance(machine, element))
    })
}

/// A key may be a function that looks it up by the header of the token: `(header, callback) => ...`.
pub fn resolved_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    key: &Value,
    token: &Value,
    span: Span,
) -> Value {
    if !is_function(machine, key) {
        return key.clone();
    }
    let header = decoded_part(host, machine, token, "header");
    let back = host.make_object(machine, "node:callback", span);
    let arguments = Arguments::positional([header, Value::object(back)]);
    let (returned, _) = machine.catching(|machine| machine.call_value(key, None, &arguments, span));
    let given = kept(machine, Some(back), "$value");
    if given.is_nothing() {
        return returned.unwrap_or_else(|_| machine.unknown("key"));
    }
    given
}

fn decoded_part(host: &ModelHost, machine: &mut Machine<'_>, token: &Value, part: &str) -> Value {
    let origins = host.origin(
        machine,
        firedoor_app::Origin::UnverifiedClaim(Ustr::from(part)),
    );
    let mut value = Value::unknown(firedoor_eval::Shape::Object).with_origins(origins);
    value.control = token.origins;
    value
}

/// `verify(token, secretOrPublicKey[, options][, callback])`.
fn verify_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let token = call.arguments.get(0);
    let secret = resolved_key(host, machine, &call.arguments.get(1), &token, span);
    let options = call.arguments.get(2);
    let wanted = verification(host, machine, token.clone(), secret, &options, span);
    let test = verify(host, machine, &wanted, span);
    let mut payload = claims(host, machine, &token, "");
    let complete = option(machine, &options, "complete", span);
    if complete.is_some_and(|value| machine.truth(&value) == Some(true)) {
        payload = whole(host, machine, &token, payload, span);
    }
    let error = error(
        host,
        machine,
        "npm:jsonwebtoken.JsonWebTokenError",
        &[&token, &wanted.secret],
        span,
    );
    let Some(callback) = callback(machine, call.arguments) else {
        require(machine, &test, &error, span)?;
        return Ok(Some(payload));
    };
    let good = Arguments::positional([Value::null(), payload]);
    let bad = Arguments::positional([error, Value::undefined()]);
    machine.when(
        &test,
        span,
        |machine| machine.call_value(&callback, None, &good, span).map(|_| ()),
        |machine| machine.call_value(&callback, None, &bad, span).map(|_| ()),
    )?;
    Ok(Some(Value::undefined()))
}

fn whole(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    payload: Value,
    span: Span,
) -> Value {
    let header = decoded_part(host, machine, token, "header");
    plain(machine, &[("header", header), ("payload", payload)], span)
}

fn decode_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let payload = decode(host, machine, &token, call.span);
    let complete = option(machine, &call.arguments.get(1), "complete", call.span);
    if complete.is_some_and(|value| machine.truth(&value) == Some(true)) {
        let object = whole(host, machine, &token, payload, call.span);
        let mut object = perhaps(&object);
        object.control = token.origins;
        return Ok(Some(object));
    }
    Ok(Some(perhaps(&payload)))
}

/// Decoders that throw where the text is no token.
fn decode_only(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let payload = decode(host, machine, &token, call.span);
    let failed = error(
        host,
        machine,
        "npm:jwt-decode.InvalidTokenError",
        &[&token],
        call.span,
    );
    machine.may_throw(failed, call.span);
    Ok(Some(payload))
}

/// jwt-simple 0.5: `encode(payload, key[, algorithm])`; nothing expires unless the payload says so.
fn encode_simple(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let made = Issue {
        kind: TokenKind::Jwt,
        payload: call.arguments.get(0),
        secret: call.arguments.get(1),
        algorithm: call.arguments.get(2).text(),
        expires: None,
        claims: Vec::new(),
    };
    Ok(Some(issue(host, machine, made, call.span)))
}

/// jwt-simple 0.5: `decode(token, key[, noVerify[, algorithm]])`; the token's header names the algorithm.
fn decode_simple(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    if machine.truth(&call.arguments.get(2)) == Some(true) {
        return Ok(Some(decode(host, machine, &token, call.span)));
    }
    let mut wanted = Verification::new(TokenKind::Jwt, token.clone(), call.arguments.get(1));
    wanted.is_safe = false;
    wanted.algorithms = call.arguments.get(3).text().map(|name| vec![name]);
    let test = verify(host, machine, &wanted, call.span);
    let failed = error(host, machine, "js:Error", &[&token], call.span);
    require(machine, &test, &failed, call.span)?;
    Ok(Some(claims(host, machine, &token, "")))
}

fn with_options(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    path: &str,
) -> Answer {
    let id = host.make_object(machine, path, call.span);
    keep(machine, id, "$options", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn fast_signer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    with_options(host, machine, call, "npm:fast-jwt.createSigner()")
}

fn fast_verifier(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    with_options(host, machine, call, "npm:fast-jwt.createVerifier()")
}

fn fast_decoder(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    with_options(host, machine, call, "npm:fast-jwt.createDecoder()")
}

fn fast_sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = kept(machine, call.receiver, "$options");
    let span = call.span;
    let made = Issue {
        kind: TokenKind::Jwt,
        payload: call.arguments.get(0),
        secret: option(machine, &options, "key", span).unwrap_or_else(Value::undefined),
        algorithm: option(machine, &options, "algorithm", span).and_then(|value| value.text()),
        expires: option(machine, &options, "expiresIn", span)
            .map(|value| host.deep_provenance(machine, &value)),
        claims: Vec::new(),
    };
    Ok(Some(issue(host, machine, made, span)))
}

fn fast_verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = kept(machine, call.receiver, "$options");
    let span = call.span;
    let token = call.arguments.get(0);
    let key = option(machine, &options, "key", span).unwrap_or_else(Value::undefined);
    let key = resolved_key(host, machine, &key, &token, span);
    let wanted = verification(host, machine, token.clone(), key, &options, span);
    let test = verify(host, machine, &wanted, span);
    let failed = error(host, machine, "npm:fast-jwt.TokenError", &[&token], span);
    require(machine, &test, &failed, span)?;
    Ok(Some(claims(host, machine, &token, "")))
}

fn key_client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:jwks-rsa()", call.span);
    Ok(Some(Value::object(id)))
}

/// A key that the issuer publishes. Nobody else can sign with it.
fn published_key(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let id = host.make_object(machine, "npm:jwks-rsa().getSigningKey()", span);
    let origins = machine
        .origins
        .single(firedoor_eval::Origin::Outside(Ustr::from("npm:jwks-rsa")));
    let key = Value::unknown(firedoor_eval::Shape::String).with_origins(origins);
    for name in ["publicKey", "rsaPublicKey"] {
        keep(machine, id, name, key.clone());
    }
    Value::object(id).with_origins(origins)
}

fn remote_key(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = published_key(host, machine, call.span);
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, key);
    }
    promised(machine, call.span, |_| Ok(key)).map(Some)
}

fn remote_secret(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(published_key(host, machine, call.span)))
}

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

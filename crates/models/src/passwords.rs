//! Packages that hash and compare passwords, and those of one-time codes.
//!
//! Nobody guesses a password or a code in one attempt: an attacker's comparison fails, a user's may.

use firedoor_app::{CompareSecret, ComparisonKind, EffectKind, Origin, Provenance, RequestPart};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};

use crate::tokens::plain;
use crate::tools::{
    callback, deliver, keep, kept, last_part, made_of, option, promised, proof, unknown_of,
};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "passwords",
    calls: &[
        ("npm:bcrypt.hash", hash),
        ("npm:bcrypt.hashSync", hash),
        ("npm:bcrypt.genSalt", salt),
        ("npm:bcrypt.genSaltSync", salt),
        ("npm:bcrypt.compare", compare),
        ("npm:bcrypt.compareSync", compare),
        ("npm:argon2.hash", hash),
        ("npm:argon2.verify", compare_reversed),
        ("npm:argon2.needsRehash", unknown_truth),
        ("npm:@node-rs/argon2.hash", hash),
        ("npm:@node-rs/argon2.hashSync", hash),
        ("npm:@node-rs/argon2.verify", compare_reversed),
        ("npm:@node-rs/argon2.verifySync", compare_reversed),
        ("npm:scrypt-kdf.kdf", hash),
        ("npm:scrypt-kdf.verify", compare_reversed),
        ("npm:passport-local-mongoose.authenticate", compare),
        ("npm:password-hash.generate", hash_now),
        ("npm:password-hash.verify", compare_now),
        ("js:Bun.password.hash", hash),
        ("js:Bun.password.verify", compare),
        ("npm:otplib.authenticator.verify", code_options),
        ("npm:otplib.authenticator.check", code_first),
        ("npm:otplib.authenticator.checkDelta", code_first_delta),
        ("npm:otplib.totp.checkDelta", code_first_delta),
        ("npm:otplib.totp.verify", code_options),
        ("npm:otplib.totp.check", code_first),
        ("npm:otplib.hotp.verify", code_options),
        ("npm:otplib.hotp.check", code_first),
        ("npm:otplib.Authenticator", codes_of_time),
        ("npm:otplib.TOTP", codes_of_time),
        ("npm:otplib.verify", code_promise),
        ("npm:otplib.verifySync", code_result),
        ("npm:otplib.authenticator.generateSecret", make_secret),
        ("npm:otplib.generateSecret", make_secret),
        ("npm:otplib.authenticator.generate", make_code),
        ("npm:otplib.totp.generate", make_code),
        ("npm:otplib.authenticator.keyuri", address),
        ("npm:otplib.authenticator.clone", of_its_kind),
        ("npm:otplib.authenticator.create", of_its_kind),
        ("npm:otplib.totp.clone", of_its_kind),
        ("npm:otplib.totp.create", of_its_kind),
        ("npm:otplib.hotp.clone", of_its_kind),
        ("npm:otplib.hotp.create", of_its_kind),
        ("npm:speakeasy.totp.verify", code_options),
        ("npm:speakeasy.hotp.verify", code_options),
        ("npm:speakeasy.totp.verifyDelta", code_delta),
        ("npm:speakeasy.generateSecret", make_secret_object),
        ("npm:speakeasy.totp", make_code),
        ("npm:otpauth.TOTP", code_object),
        ("npm:otpauth.HOTP", code_object),
        ("npm:otpauth.TOTP().validate", validate),
        ("npm:otpauth.TOTP().generate", make_code),
        ("npm:otpauth.Secret", make_secret),
        ("npm:otpauth.Secret.fromBase32", first_argument),
        ("npm:otpauth.TOTP.validate", code_delta),
    ],
    aliases: &[
        ("npm:bcryptjs.hash", "npm:bcrypt.hash"),
        ("npm:bcryptjs.hashSync", "npm:bcrypt.hashSync"),
        ("npm:bcryptjs.genSalt", "npm:bcrypt.genSalt"),
        ("npm:bcryptjs.genSaltSync", "npm:bcrypt.genSaltSync"),
        ("npm:bcryptjs.compare", "npm:bcrypt.compare"),
        ("npm:bcryptjs.compareSync", "npm:bcrypt.compareSync"),
        ("npm:@node-rs/bcrypt.hash", "npm:bcrypt.hash"),
        ("npm:@node-rs/bcrypt.hashSync", "npm:bcrypt.hashSync"),
        ("npm:@node-rs/bcrypt.compare", "npm:bcrypt.compare"),
        ("npm:@node-rs/bcrypt.verify", "npm:bcrypt.compare"),
        ("npm:@node-rs/bcrypt.compareSync", "npm:bcrypt.compareSync"),
        ("npm:@node-rs/bcrypt.verifySync", "npm:bcrypt.compareSync"),
    ],
    ..Model::EMPTY
};

/// Gives the value at once to a function whose name ends in `Sync`, and promises or calls back else.
fn given(machine: &mut Machine<'_>, call: &Call<'_>, value: Value) -> Answer {
    if last_part(&call.path).ends_with("Sync") {
        return Ok(Some(value));
    }
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, value);
    }
    promised(machine, call.span, |_| Ok(value)).map(Some)
}

fn hashed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let password = call.arguments.get(0);
    let provenance = host.deep_provenance(machine, &password);
    host.effect(machine, EffectKind::HashPassword(provenance), call.span);
    let made = made_of(host, machine, Shape::String, &[&password], Origin::Digest);
    // A hash is never empty.
    Value::pattern(&format!("${}", firedoor_eval::HOLE)).with_origins(made.origins)
}

fn hash(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = hashed(host, machine, call);
    given(machine, call, value)
}

fn hash_now(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(hashed(host, machine, call)))
}

fn salt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(128),
    };
    let value = unknown_of(host, machine, Shape::String, origin);
    given(machine, call, value)
}

/// Says whether a comparison in constant time is that of a password: one side is worked out of what was just hashed as
/// a password, and the other is not. Returns what the client gave, and what it must be. What every request carries in a
/// header or cookie is a key that a program sends, and no password that somebody has thought of.
pub(crate) fn hashed_side(
    host: &ModelHost,
    left: &Provenance,
    right: &Provenance,
) -> Option<(Provenance, Provenance)> {
    let state = host.state();
    let is_carried = |value: &Provenance| {
        value.is_from(RequestPart::Header) || value.is_from(RequestPart::Cookie)
    };
    let is_made_here = |value: &Provenance| {
        value.origins().contains(&Origin::Digest)
            && !is_carried(value)
            && state.run.effects.iter().any(|effect| match &effect.kind {
                EffectKind::HashPassword(password) if password.is_from_client() => {
                    let mut parts = password.origins().iter();
                    parts.all(|part| value.origins().contains(part))
                }
                _ => false,
            })
    };
    match (is_made_here(left), is_made_here(right)) {
        (true, false) => Some((left.clone(), right.clone())),
        (false, true) => Some((right.clone(), left.clone())),
        _ => None,
    }
}

/// Notes a comparison and returns its outcome.
pub fn compared(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    kind: ComparisonKind,
    offered: &Value,
    expected: &Value,
    call: &Call<'_>,
) -> Value {
    let effect = CompareSecret {
        kind,
        given: host.deep_provenance(machine, offered),
        expected: host.deep_provenance(machine, expected),
    };
    host.effect(machine, EffectKind::CompareSecret(effect), call.span);
    proof(host, machine, &[offered, expected], call.span)
}

fn compare(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (offered, expected) = (call.arguments.get(0), call.arguments.get(1));
    let kind = ComparisonKind::Password;
    let value = compared(host, machine, kind, &offered, &expected, call);
    given(machine, call, value)
}

fn compare_now(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (offered, expected) = (call.arguments.get(0), call.arguments.get(1));
    let kind = ComparisonKind::Password;
    Ok(Some(compared(
        host, machine, kind, &offered, &expected, call,
    )))
}

/// `verify(hash, password)`.
fn compare_reversed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (expected, offered) = (call.arguments.get(0), call.arguments.get(1));
    let kind = ComparisonKind::Password;
    let value = compared(host, machine, kind, &offered, &expected, call);
    given(machine, call, value)
}

fn unknown_truth(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn from_options(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let options = call.arguments.get(0);
    let token = option(machine, &options, "token", call.span).unwrap_or_else(Value::undefined);
    let secret = option(machine, &options, "secret", call.span).unwrap_or_else(Value::undefined);
    let kind = ComparisonKind::Code;
    compared(host, machine, kind, &token, &secret, call)
}

/// `verify({token, secret})`.
fn code_options(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(from_options(host, machine, call)))
}

/// `check(token, secret)`.
fn code_first(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (token, secret) = (call.arguments.get(0), call.arguments.get(1));
    let kind = ComparisonKind::Code;
    Ok(Some(compared(host, machine, kind, &token, &secret, call)))
}

/// otplib 12: `clone` and `create` give another one of the same kind, with options of its own.
fn of_its_kind(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn code_first_delta(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (token, secret) = (call.arguments.get(0), call.arguments.get(1));
    let test = compared(host, machine, ComparisonKind::Code, &token, &secret, call);
    delta(machine, test)
}

/// `authenticator.clone({ window: 1 })`, `new TOTP(options)`: the same with options of its own. The two differ in how
/// the secret is written. Source: otplib 12, `packages/otplib-core/src/otp.ts`.
fn codes_of_time(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_authenticator = call.path.to_ascii_lowercase().contains("authenticator");
    let made = match is_authenticator {
        true => "npm:otplib.authenticator",
        false => "npm:otplib.totp",
    };
    Ok(Some(Value::outside(made)))
}

/// otplib 13: `verify({token, secret})` gives `{valid}`.
fn code_result(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let valid = from_options(host, machine, call);
    Ok(Some(plain(machine, &[("valid", valid)], call.span)))
}

fn code_promise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let valid = from_options(host, machine, call);
    let result = plain(machine, &[("valid", valid)], call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

/// Gives how far the code is off, or nothing if it is wrong.
fn delta(machine: &mut Machine<'_>, test: Value) -> Answer {
    let mut found = Value::null();
    match machine.truth(&test) {
        Some(true) => found = Value::number(0.0),
        Some(false) => {}
        None => found = machine.join(Value::unknown(Shape::Object), &Value::null()),
    }
    found.origins = test.origins;
    found.control = test.control;
    Ok(Some(found))
}

fn code_delta(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let test = from_options(host, machine, call);
    delta(machine, test)
}

fn code_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:otpauth.TOTP()", call.span);
    let secret = option(machine, &call.arguments.get(0), "secret", call.span);
    keep(
        machine,
        id,
        "$secret",
        secret.unwrap_or_else(Value::undefined),
    );
    Ok(Some(Value::object(id)))
}

fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = option(machine, &call.arguments.get(0), "token", call.span)
        .unwrap_or_else(Value::undefined);
    let secret = kept(machine, call.receiver, "$secret");
    let kind = ComparisonKind::Code;
    let test = compared(host, machine, kind, &token, &secret, call);
    delta(machine, test)
}

fn secret(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(160),
    };
    let value = unknown_of(host, machine, Shape::String, origin);
    let provenance = host.provenance(machine, &value);
    host.effect(machine, EffectKind::MakeSecret(provenance), call.span);
    value
}

fn make_secret(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(secret(host, machine, call)))
}

fn make_secret_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = secret(host, machine, call);
    let names = ["ascii", "hex", "base32", "otpauth_url"];
    let properties: Vec<(&str, Value)> = names.iter().map(|name| (*name, secret.clone())).collect();
    Ok(Some(plain(machine, &properties, call.span)))
}

fn make_code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts: Vec<&Value> = call.arguments.all().collect();
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &parts,
        Origin::Signature,
    )))
}

fn address(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::String, call.arguments.all())))
}

fn first_argument(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

//! Passwords and one-time codes in Python: passlib, pwdlib, bcrypt, argon2-cffi, Werkzeug, pyotp.
//!
//! Sources: passlib 1.7 `passlib/context.py`, pwdlib 0.2 `pwdlib/_hash.py`, bcrypt 4.3, argon2-cffi 23.1
//! `argon2/_password_hasher.py` (`verify` takes the hash first and raises), Werkzeug 3.1
//! `werkzeug/security.py`, pyotp 2.9 (`random_base32` has 32 characters of 5 bits).

use firedoor_app::{ComparisonKind, EffectKind, Origin, Provenance};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, Shape, TestKind, Value};
use ustr::Ustr;

use crate::python_support::{
    argument, compare_secret, keep, kept, made_of, prove_or_throw, same, value_from,
};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "python_passwords",
    calls: &[
        ("py:passlib.context.CryptContext", keep),
        ("py:passlib.context.CryptContext().hash", hash),
        ("py:passlib.context.CryptContext().encrypt", hash),
        ("py:passlib.context.CryptContext().verify", verify),
        (
            "py:passlib.context.CryptContext().verify_and_update",
            verify_and_update,
        ),
        (
            "py:passlib.context.CryptContext().dummy_verify",
            dummy_verify,
        ),
        (
            "py:passlib.context.CryptContext().needs_update",
            needs_update,
        ),
        ("py:passlib.hash.bcrypt.using", hasher),
        ("py:passlib.hash.argon2.using", hasher),
        ("py:passlib.hash.pbkdf2_sha256.using", hasher),
        ("py:passlib.hash.bcrypt.*", hasher_method),
        ("py:passlib.hash.bcrypt_sha256.*", hasher_method),
        ("py:passlib.hash.argon2.*", hasher_method),
        ("py:passlib.hash.scrypt.*", hasher_method),
        ("py:passlib.hash.pbkdf2_sha256.*", hasher_method),
        ("py:passlib.hash.pbkdf2_sha512.*", hasher_method),
        ("py:passlib.hash.sha256_crypt.*", hasher_method),
        ("py:passlib.hash.sha512_crypt.*", hasher_method),
        ("py:pwdlib.PasswordHash", hasher),
        ("py:pwdlib.PasswordHash.recommended", hasher),
        ("py:bcrypt.hashpw", hash),
        ("py:bcrypt.gensalt", salt),
        ("py:bcrypt.checkpw", verify),
        ("py:bcrypt.kdf", hash),
        ("py:argon2.PasswordHasher", keep),
        ("py:argon2.PasswordHasher().hash", hash),
        ("py:argon2.PasswordHasher().verify", verify_or_raise),
        (
            "py:argon2.PasswordHasher().check_needs_rehash",
            needs_update,
        ),
        ("py:werkzeug.security.generate_password_hash", hash),
        (
            "py:werkzeug.security.check_password_hash",
            verify_after_hash,
        ),
        ("py:pyotp.TOTP", keep),
        ("py:pyotp.HOTP", keep),
        ("py:pyotp.random_base32", make_secret),
        ("py:pyotp.random_hex", make_secret),
        ("py:pyotp.TOTP().verify", verify_code),
        ("py:pyotp.HOTP().verify", verify_code),
        ("py:pyotp.TOTP().now", code),
        ("py:pyotp.TOTP().at", code),
        ("py:pyotp.TOTP().generate_otp", code),
        ("py:pyotp.HOTP().generate_otp", code),
        ("py:pyotp.utils.strings_equal", same_code),
        ("py:pyotp.HOTP().at", code),
        ("py:pyotp.TOTP().provisioning_uri", provisioning),
        ("py:pyotp.HOTP().provisioning_uri", provisioning),
        ("py:pyotp.TOTP().timecode", code),
        ("py:passlib.pwd.genword", random_word),
        ("py:passlib.totp.generate_secret", make_secret),
        ("py:passlib.context.CryptContext().copy", same),
    ],
    aliases: &[
        ("py:pyotp.totp.TOTP", "py:pyotp.TOTP"),
        ("py:pyotp.hotp.HOTP", "py:pyotp.HOTP"),
        (
            "py:passlib.apps.custom_app_context",
            "py:passlib.context.CryptContext()",
        ),
        (
            "py:flask_bcrypt.check_password_hash",
            "py:werkzeug.security.check_password_hash",
        ),
    ],
    subclasses: &[
        ("py:argon2.exceptions.Argon2Error", "py:builtins.Exception"),
        (
            "py:argon2.exceptions.VerificationError",
            "py:argon2.exceptions.Argon2Error",
        ),
        (
            "py:argon2.exceptions.VerifyMismatchError",
            "py:argon2.exceptions.VerificationError",
        ),
        (
            "py:argon2.exceptions.InvalidHashError",
            "py:builtins.ValueError",
        ),
    ],
    ..Model::EMPTY
};

/// An object that hashes and verifies as a context does.
fn hasher(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = Ustr::from("py:passlib.context.CryptContext()");
    let id = machine.heap.allocate(ObjectKind::Host(path), call.span);
    Ok(Some(Value::object(id)))
}

fn hasher_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match crate::python_support::last_name(&call.path) {
        "hash" | "encrypt" => hash(host, machine, call),
        "verify" => verify(host, machine, call),
        _ => Ok(None),
    }
}

fn password(call: &Call<'_>) -> Value {
    call.arguments
        .all()
        .next()
        .cloned()
        .unwrap_or_else(Value::null)
}

fn hash(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let all: Vec<Value> = call.arguments.all().cloned().collect();
    let provenance = host.deep_provenance(machine, &password(call));
    host.effect(machine, EffectKind::HashPassword(provenance), call.span);
    let parts: Vec<&Value> = all.iter().collect();
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &parts,
        Origin::Digest,
    )))
}

fn salt(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(128),
    };
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}

fn random_word(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: None,
    };
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}

fn compared(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    given: &Value,
    expected: &Value,
) -> Value {
    compare_secret(
        host,
        machine,
        ComparisonKind::Password,
        (given, expected),
        call.span,
    )
}

/// `verify(secret, hash)`.
fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (given, expected) = (argument(call, 0, "secret"), argument(call, 1, "hash"));
    Ok(Some(compared(host, machine, call, &given, &expected)))
}

/// `check_password_hash(pwhash, password)`.
fn verify_after_hash(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (expected, given) = (argument(call, 0, "pwhash"), argument(call, 1, "password"));
    Ok(Some(compared(host, machine, call, &given, &expected)))
}

/// Returns whether it is right, and a new hash or nothing.
fn verify_and_update(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (given, expected) = (argument(call, 0, "secret"), argument(call, 1, "hash"));
    let outcome = compared(host, machine, call, &given, &expected);
    let mut renewed = made_of(host, machine, Shape::String, &[&given], Origin::Digest);
    renewed.add(Atom::Null);
    let id = machine.heap.allocate(ObjectKind::Tuple, call.span);
    machine.heap.get_mut(id).elements = vec![outcome, renewed];
    Ok(Some(Value::object(id)))
}

/// Takes as long as a comparison and is always false.
fn dummy_verify(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::bool(false)))
}

fn needs_update(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let hash = argument(call, 0, "hash");
    Ok(Some(machine.tested(
        TestKind::Truth,
        None,
        &[&hash],
        call.span,
    )))
}

/// `verify(hash, password)` raises on a mismatch.
fn verify_or_raise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (expected, given) = (argument(call, 0, "hash"), argument(call, 1, "password"));
    let outcome = compared(host, machine, call, &given, &expected);
    let is_refuted = host.persona() == Persona::Attacker && outcome.truth() == Some(false);
    if is_refuted || host.persona() == Persona::User {
        let error = "py:argon2.exceptions.VerifyMismatchError";
        prove_or_throw(host, machine, error, &[&given, &expected], call.span)?;
    }
    Ok(Some(Value::bool(true)))
}

fn make_secret(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let characters = argument(call, 0, "length").as_number().unwrap_or(32.0);
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some((characters * 5.0) as u32),
    };
    let provenance = Provenance::new([origin.clone()]);
    host.effect(machine, EffectKind::MakeSecret(provenance), call.span);
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}

/// `TOTP(secret).verify(code)`.
fn verify_code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = kept(machine, call.receiver, 0, "s").unwrap_or_else(Value::null);
    let given = argument(call, 0, "otp");
    let sides = (&given, &secret);
    Ok(Some(compare_secret(
        host,
        machine,
        ComparisonKind::Code,
        sides,
        call.span,
    )))
}

/// `strings_equal(code, otp)`, which pyotp compares codes with itself (`pyotp/utils.py`, 2.9).
fn same_code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let second = call.arguments.get(1);
    let is_made = host
        .provenance(machine, &first)
        .origins()
        .contains(&Origin::Signature);
    let sides = match is_made {
        true => (&second, &first),
        false => (&first, &second),
    };
    Ok(Some(compare_secret(
        host,
        machine,
        ComparisonKind::Code,
        sides,
        call.span,
    )))
}

/// The code that is right now: as secret as the secret.
fn code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = kept(machine, call.receiver, 0, "s").unwrap_or_else(Value::null);
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &[&secret],
        Origin::Signature,
    )))
}

fn provisioning(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = kept(machine, call.receiver, 0, "s").unwrap_or_else(Value::null);
    let parts: Vec<&Value> = std::iter::once(&secret)
        .chain(call.arguments.all())
        .collect();
    Ok(Some(machine.derived(Shape::String, parts)))
}

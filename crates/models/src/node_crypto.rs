//! Node's and the web's cryptography: <https://nodejs.org/api/crypto.html>.
//!
//! What matters is what a value is made of: chance, a digest that anybody can make, or a signature with a
//! key that the server keeps.

use firedoor_app::{CompareSecret, ComparisonKind, EffectKind, Origin, Provenance};
use firedoor_eval::{Answer, Arguments, Call, Machine, Shape, TestKind, Value};

use crate::tools::{
    callback, deliver, is_function, keep, kept, keyed_by, last_part, made_of, proof, unknown_of,
};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "node-crypto",
    calls: &[
        ("node:crypto.randomBytes", random_bytes),
        ("node:crypto.pseudoRandomBytes", random_bytes),
        ("node:crypto.randomUUID", random_uuid),
        ("node:crypto.randomInt", random_integer),
        ("node:crypto.getRandomValues", random_values),
        ("node:crypto.randomFillSync", random_values),
        ("node:crypto.webcrypto.getRandomValues", random_values),
        ("node:crypto.webcrypto.randomUUID", random_uuid),
        ("js:crypto.getRandomValues", random_values),
        ("js:crypto.randomUUID", random_uuid),
        ("js:globalThis.crypto.getRandomValues", random_values),
        ("js:globalThis.crypto.randomUUID", random_uuid),
        ("node:crypto.generateKeySync", random_key),
        ("node:crypto.generateKeyPairSync", random_key),
        ("node:crypto.createHash", make_digest),
        ("node:crypto.createHash().update", update),
        ("node:crypto.createHash().digest", digest),
        ("node:crypto.hash", digest_of),
        (crate::oslo::DIGEST, digest_of_first),
        ("node:crypto.createHmac", make_keyed),
        ("node:crypto.createHmac().update", update),
        ("node:crypto.createHmac().digest", keyed_digest),
        ("node:crypto.createSign", make_signer),
        ("node:crypto.createSign().update", update),
        ("node:crypto.createSign().sign", sign_with),
        ("node:crypto.sign", sign_data),
        ("node:crypto.createVerify", make_verifier),
        ("node:crypto.createVerify().update", update),
        ("node:crypto.createVerify().verify", verify_with),
        ("node:crypto.verify", verify_data),
        ("node:crypto.timingSafeEqual", compare),
        ("node:crypto.scrypt", hash_password),
        ("node:crypto.scryptSync", hash_password),
        ("node:crypto.pbkdf2", hash_password),
        ("node:crypto.pbkdf2Sync", hash_password),
        ("node:crypto.createCipheriv", make_cipher),
        ("node:crypto.createDecipheriv", make_cipher),
        ("node:crypto.createCipheriv().update", transform),
        ("node:crypto.createCipheriv().final", transform),
        ("node:crypto.createCipheriv().*", same),
        ("node:crypto.createSecretKey", first_argument),
        ("node:crypto.createPublicKey", first_argument),
        ("node:crypto.createPrivateKey", first_argument),
        ("npm:safe-compare", compare),
        ("npm:tsscmp", compare),
        ("npm:secure-compare", compare),
        ("npm:buffer-equal-constant-time", compare),
    ],
    ..Model::EMPTY
};

/// Chance of that many bits, from a generator made for secrets.
fn chance(host: &ModelHost, machine: &mut Machine<'_>, shape: Shape, bits: Option<u32>) -> Value {
    let origin = Origin::Random {
        cryptographic: true,
        bits,
    };
    unknown_of(host, machine, shape, origin)
}

fn random_bytes(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let bits = call
        .arguments
        .get(0)
        .as_number()
        .map(|bytes| (bytes * 8.0) as u32);
    let value = chance(host, machine, Shape::Object, bits);
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, value);
    }
    Ok(Some(value))
}

fn random_uuid(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // RFC 9562, section 5.4: 122 of the 128 bits of version 4 are random.
    Ok(Some(chance(host, machine, Shape::String, Some(122))))
}

/// `randomInt([min,] max[, callback])`.
fn random_integer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0).as_number();
    let second = call.arguments.get(1);
    let range = if second.is_nothing() || is_function(machine, &second) {
        first
    } else {
        first.zip(second.as_number()).map(|(low, high)| high - low)
    };
    let bits = range
        .filter(|range| *range >= 1.0)
        .map(|range| range.log2() as u32);
    let value = chance(host, machine, Shape::Number, bits);
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, value);
    }
    Ok(Some(value))
}

fn random_values(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let _ = call;
    Ok(Some(chance(host, machine, Shape::Object, None)))
}

fn random_key(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(chance(host, machine, Shape::Object, Some(256))))
}

fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, path: &str) -> Answer {
    let id = host.make_object(machine, path, call.span);
    keep(machine, id, "$key", call.arguments.get(1));
    Ok(Some(Value::object(id)))
}

fn make_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make(host, machine, call, "node:crypto.createHash()")
}

fn make_keyed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make(host, machine, call, "node:crypto.createHmac()")
}

fn make_signer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make(host, machine, call, "node:crypto.createSign()")
}

fn make_verifier(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    make(host, machine, call, "node:crypto.createVerify()")
}

fn make_cipher(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = host.deep_provenance(machine, &call.arguments.get(1));
    host.effect(machine, EffectKind::Encrypt(key), call.span);
    make(host, machine, call, "node:crypto.createCipheriv()")
}

/// What is fed in is kept as one value of all origins.
fn update(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(object) = call.receiver {
        let before = kept(machine, call.receiver, "$data");
        let given = call.arguments.get(0);
        // All that is fed in at once stays what it is.
        let data = match before.is_nothing() {
            true => given,
            false => machine.derived(Shape::Any, [&before, &given]),
        };
        keep(machine, object, "$data", data);
    }
    Ok(Some(call.this.clone()))
}

fn digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = kept(machine, call.receiver, "$data");
    Ok(Some(digested(host, machine, &data)))
}

/// The digest of a signature is made by whoever makes the signature: it needs the same key.
fn digested(host: &ModelHost, machine: &mut Machine<'_>, data: &Value) -> Value {
    let provenance = host.provenance(machine, data);
    let made = made_of(host, machine, Shape::String, &[data], Origin::Digest);
    match provenance.origins().contains(&Origin::Signature) {
        true => host.with_origin(machine, made, Origin::Signature),
        // A digest of a constant is known to whoever knows the constant.
        false => crate::tools::keyed_by(host, machine, made, data),
    }
}

fn digest_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(digested(host, machine, &call.arguments.get(1))))
}

fn digest_of_first(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(digested(host, machine, &call.arguments.get(0))))
}

fn signed(host: &ModelHost, machine: &mut Machine<'_>, parts: &[&Value]) -> Answer {
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        parts,
        Origin::Signature,
    )))
}

fn keyed_digest(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = kept(machine, call.receiver, "$data");
    let key = kept(machine, call.receiver, "$key");
    let signature = signed(host, machine, &[&data, &key])?;
    Ok(signature.map(|value| keyed_by(host, machine, value, &key)))
}

fn sign_with(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = kept(machine, call.receiver, "$data");
    signed(host, machine, &[&data, &call.arguments.get(0)])
}

fn sign_data(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    signed(
        host,
        machine,
        &[&call.arguments.get(1), &call.arguments.get(2)],
    )
}

fn verify_with(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = kept(machine, call.receiver, "$data");
    let (key, signature) = (call.arguments.get(0), call.arguments.get(1));
    Ok(Some(proof(
        host,
        machine,
        &[&signature, &key, &data],
        call.span,
    )))
}

fn verify_data(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (data, key) = (call.arguments.get(1), call.arguments.get(2));
    let signature = call.arguments.get(3);
    Ok(Some(proof(
        host,
        machine,
        &[&signature, &key, &data],
        call.span,
    )))
}

/// A comparison in constant time. An attacker fails it unless he can make both sides himself.
fn compare(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (left, right) = (call.arguments.get(0), call.arguments.get(1));
    let a = host.deep_provenance(machine, &left);
    let b = host.deep_provenance(machine, &right);
    let is_made_by_client = is_of_client_only(&a) && is_of_client_only(&b);
    let password = crate::passwords::hashed_side(host, &a, &b);
    let kind = match password {
        Some(_) => ComparisonKind::Password,
        None => ComparisonKind::ConstantTime,
    };
    let (given, expected) = match password {
        Some(sides) => sides,
        None if kept_back(&a) > kept_back(&b) => (b, a),
        // What the client sends may be signed with a key of the server's before it is compared.
        None if kept_back(&a) == kept_back(&b) && !a.is_from_client() && b.is_from_client() => {
            (b, a)
        }
        None => (a, b),
    };
    let effect = CompareSecret {
        kind,
        given,
        expected,
    };
    host.effect(machine, EffectKind::CompareSecret(effect), call.span);
    let outcome = match host.persona() {
        Persona::Attacker if !is_made_by_client => Some(false),
        _ => None,
    };
    Ok(Some(machine.tested(
        TestKind::Proof,
        outcome,
        &[&left, &right],
        call.span,
    )))
}

/// Holds if there is something in it that the client does not choose.
fn keeps_secret(provenance: &Provenance) -> bool {
    provenance.origins().iter().any(is_kept)
}

fn is_kept(origin: &Origin) -> bool {
    !origin.is_from_client() && !matches!(origin, Origin::Digest | Origin::Clock)
}

/// How much of it the server keeps to itself: a key or a record, a constant and nothing else, or only what is there where
/// the client sends nothing, as in `header ?? ''`.
fn kept_back(provenance: &Provenance) -> u8 {
    let is_constant = |origin: &Origin| matches!(origin, Origin::Literal(_));
    let mut kept = provenance.origins().iter().filter(|it| is_kept(it));
    if kept.any(|origin| !is_constant(origin)) {
        return 2;
    }
    let is_only_constant = !provenance.is_empty() && provenance.origins().iter().all(is_constant);
    u8::from(is_only_constant)
}

fn is_of_client_only(provenance: &Provenance) -> bool {
    !provenance.is_empty() && !keeps_secret(provenance)
}

/// `scrypt(password, salt, length[, options], callback)` and `pbkdf2`.
fn hash_password(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let password = call.arguments.get(0);
    let salt = call.arguments.get(1);
    let provenance = host.deep_provenance(machine, &password);
    host.effect(machine, EffectKind::HashPassword(provenance), call.span);
    let value = made_of(
        host,
        machine,
        Shape::Object,
        &[&password, &salt],
        Origin::Digest,
    );
    let value = host.with_fallbacks(machine, value, &[&password]);
    let value = keyed_by(host, machine, value, &password);
    if last_part(&call.path).ends_with("Sync") {
        return Ok(Some(value));
    }
    deliver(machine, call, value)
}

fn transform(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let before = kept(machine, call.receiver, "$data");
    let data = machine.derived(Shape::String, [&before, &call.arguments.get(0)]);
    if let Some(object) = call.receiver {
        keep(machine, object, "$data", data.clone());
    }
    Ok(Some(data))
}

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn first_argument(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments: &Arguments = call.arguments;
    Ok(Some(arguments.get(0)))
}

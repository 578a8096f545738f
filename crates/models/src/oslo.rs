//! Oslo: one-time codes, digests, chance and encodings as functions over bytes.
//!
//! Sources: `@oslojs/otp` 1.1 (`dist/totp.d.ts`, `dist/hotp.d.ts`), `@oslojs/crypto` 1.0 (`sha2`, `sha3`, `subtle`,
//! `random`) and `@oslojs/encoding` 1.1. The key of a one-time code is whatever bytes the program gives, mostly from the
//! platform's own generator: that they are the secret of a second factor is known where they become an address for an
//! app of codes.

use firedoor_app::{ComparisonKind, EffectKind, Origin};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};

use crate::tools::{made_of, unknown_of};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "oslo",
    calls: &[
        ("npm:@oslojs/otp.verifyTOTP", verify_code),
        ("npm:@oslojs/otp.verifyTOTPWithGracePeriod", verify_code),
        ("npm:@oslojs/otp.verifyHOTP", verify_code),
        ("npm:@oslojs/otp.generateTOTP", make_code),
        ("npm:@oslojs/otp.generateHOTP", make_code),
        ("npm:@oslojs/otp.createTOTPKeyURI", address),
        ("npm:@oslojs/otp.createHOTPKeyURI", address),
        ("npm:@oslojs/crypto/random.generateRandomString", chance),
        ("npm:@oslojs/encoding.*", encoded),
    ],
    aliases: &[
        (
            "npm:@oslojs/crypto/subtle.constantTimeEqual",
            "node:crypto.timingSafeEqual",
        ),
        ("npm:@oslojs/crypto/sha2.sha256", DIGEST),
        ("npm:@oslojs/crypto/sha2.sha384", DIGEST),
        ("npm:@oslojs/crypto/sha2.sha512", DIGEST),
        ("npm:@oslojs/crypto/sha3.sha3_256", DIGEST),
        ("npm:@oslojs/crypto/sha3.sha3_512", DIGEST),
        ("npm:@oslojs/crypto/sha1.sha1", DIGEST),
    ],
    ..Model::EMPTY
};

/// The path of a function that makes the digest of its first argument.
pub(crate) const DIGEST: &str = "node-crypto:digest";

/// `verifyTOTP(key, interval, digits, code)`, `verifyHOTP(key, counter, digits, code)`.
fn verify_code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (key, code) = (call.arguments.get(0), call.arguments.get(3));
    let kind = ComparisonKind::Code;
    Ok(Some(crate::passwords::compared(
        host, machine, kind, &code, &key, call,
    )))
}

fn make_code(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = call.arguments.get(0);
    let code = made_of(host, machine, Shape::String, &[&key], Origin::Signature);
    Ok(Some(code))
}

/// `createTOTPKeyURI(issuer, account, key, period, digits)`: a key that was just drawn is a new secret.
fn address(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = host.deep_provenance(machine, &call.arguments.get(2));
    let is_chance = |origin: &Origin| matches!(origin, Origin::Random { .. });
    if key.origins().iter().any(is_chance) {
        host.effect(machine, EffectKind::MakeSecret(key), call.span);
    }
    Ok(Some(machine.derived(Shape::String, call.arguments.all())))
}

/// `generateRandomString(random, alphabet, length)`: the program hands in the generator, for which it has the platform's.
fn chance(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let letters = call
        .arguments
        .get(1)
        .text()
        .map(|text| text.chars().count());
    let length = call.arguments.get(2).as_number();
    let bits = letters
        .zip(length)
        .map(|(letters, length)| ((letters.max(1) as f64).log2() * length) as u32);
    let origin = Origin::Random {
        cryptographic: true,
        bits,
    };
    Ok(Some(unknown_of(host, machine, Shape::String, origin)))
}

/// Encodings say the same in other letters.
fn encoded(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let shape = match call.path.contains(".decode") {
        true => Shape::Object,
        false => Shape::String,
    };
    let given: Value = call.arguments.get(0);
    Ok(Some(machine.derived(shape, [&given])))
}

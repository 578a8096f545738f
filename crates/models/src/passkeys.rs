//! Passkeys and security keys: a signature of the client's device is held against the public key that was stored when
//! the device was enrolled. There is nothing to guess in it, and a passkey stands for a password and a code together.
//!
//! Sources: @simplewebauthn/server 13 (`authentication/verifyAuthenticationResponse.ts`, which promises `verified`;
//! 9 and 10 call the stored key `authenticator`), py_webauthn 2 (`webauthn/authentication/verify_authentication_response.py`,
//! which raises), fido2 1.2 (`server.py`, which raises too; 0.9 had the parts of the response one by one).

use firedoor_app::{ComparisonKind, Origin};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};

use crate::passwords::compared;
use crate::python_support::{argument, prove_or_throw, value_from};
use crate::tokens::plain;
use crate::tools::{option, promised, unknown_of};
use crate::{Model, ModelHost};

/// What py_webauthn raises where the signature is wrong.
const REFUSED: &str = "py:webauthn.helpers.exceptions.InvalidAuthenticationResponse";

/// The model.
pub static MODEL: Model = Model {
    name: "passkeys",
    calls: &[
        (
            "npm:@simplewebauthn/server.verifyAuthenticationResponse",
            verify,
        ),
        (
            "npm:@simplewebauthn/server.generateAuthenticationOptions",
            challenge,
        ),
        (
            "npm:@simplewebauthn/server.generateRegistrationOptions",
            challenge,
        ),
        (
            "py:webauthn.verify_authentication_response",
            verify_or_raise,
        ),
        (
            "py:webauthn.generate_authentication_options",
            made_challenge,
        ),
        ("py:webauthn.generate_registration_options", made_challenge),
        ("py:fido2.server.Fido2Server", crate::python_support::keep),
        (
            "py:fido2.server.Fido2Server().authenticate_complete",
            complete_or_raise,
        ),
    ],
    subclasses: &[
        (
            "py:webauthn.helpers.exceptions.WebAuthnException",
            "py:builtins.Exception",
        ),
        (REFUSED, "py:webauthn.helpers.exceptions.WebAuthnException"),
    ],
    ..Model::EMPTY
};

/// `verifyAuthenticationResponse({response, credential})`.
fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let given = option(machine, &options, "response", call.span).unwrap_or_else(Value::undefined);
    let mut names = ["credential", "authenticator"].into_iter();
    let key = names.find_map(|name| option(machine, &options, name, call.span));
    let key = key.unwrap_or_else(Value::undefined);
    let kind = ComparisonKind::Passkey;
    let verified = compared(host, machine, kind, &given, &key, call);
    let information = Value::unknown(Shape::Object);
    let names = [("verified", verified), ("authenticationInfo", information)];
    let result = plain(machine, &names, call.span);
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

/// The options that a browser is given hold a challenge that nobody can foretell.
fn challenge(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = unknown_of(host, machine, Shape::String, random());
    let result = plain(machine, &[("challenge", value)], call.span);
    if let Some(id) = result.only_object() {
        machine.heap.open(id);
    }
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

/// `verify_authentication_response(credential=…, credential_public_key=…)` raises where the signature is wrong.
fn verify_or_raise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "credential");
    let key = argument(call, 4, "credential_public_key");
    compared(host, machine, ComparisonKind::Passkey, &given, &key, call);
    prove_or_throw(host, machine, REFUSED, &[&given, &key], call.span)?;
    Ok(Some(Value::unknown(Shape::Object)))
}

/// `server.authenticate_complete(state, credentials, response)` raises where the signature is wrong.
fn complete_or_raise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = argument(call, 1, "credentials");
    let given: Vec<&Value> = call.arguments.positional.iter().skip(2).collect();
    let named = ["response", "signature"]
        .iter()
        .filter_map(|name| call.arguments.keyword(name));
    let given: Vec<&Value> = given.into_iter().chain(named).collect();
    let given = machine.derived(Shape::Object, given);
    compared(host, machine, ComparisonKind::Passkey, &given, &key, call);
    let refused = "py:builtins.ValueError";
    prove_or_throw(host, machine, refused, &[&given, &key], call.span)?;
    Ok(Some(Value::unknown(Shape::Object)))
}

fn made_challenge(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(value_from(host, machine, Shape::Object, random())))
}

fn random() -> Origin {
    Origin::Random {
        cryptographic: true,
        bits: Some(256),
    }
}

//! Signed and encrypted values in Python: itsdangerous, Fernet, and the signatures of webhooks.
//!
//! Sources: itsdangerous 2.2 `timed.py` and `exc.py` (a timed value expires only if `loads` is given
//! `max_age`), itsdangerous 1.1 `jws.py` (a timed one carries when it expires, an hour later by default);
//! cryptography 44 `fernet.py` (a token is authenticated, and expires only with `ttl`); stripe 12
//! `stripe/_webhook.py`; svix 1.x `svix/webhooks.py`.

use firedoor_app::{EffectKind, Field, IssueToken, Origin, Provenance, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::python_jwt::claims_of;
use crate::python_support::{
    argument, given, keep, kept, made_of, prove_or_throw, proven, value_from,
};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_signed",
    calls: &[
        ("py:itsdangerous.URLSafeTimedSerializer", keep),
        ("py:itsdangerous.URLSafeSerializer", keep),
        ("py:itsdangerous.TimedSerializer", keep),
        ("py:itsdangerous.Serializer", keep),
        ("py:itsdangerous.Signer", keep),
        ("py:itsdangerous.TimestampSigner", keep),
        ("py:itsdangerous.TimedJSONWebSignatureSerializer", keep),
        ("py:itsdangerous.JSONWebSignatureSerializer", keep),
        (
            "py:itsdangerous.TimedJSONWebSignatureSerializer().dumps",
            sign_timed,
        ),
        ("py:itsdangerous.JSONWebSignatureSerializer().dumps", sign),
        (
            "py:itsdangerous.TimedJSONWebSignatureSerializer().loads",
            verify_dated,
        ),
        ("py:itsdangerous.JSONWebSignatureSerializer().loads", verify),
        ("py:itsdangerous.URLSafeTimedSerializer().dumps", sign_timed),
        ("py:itsdangerous.TimedSerializer().dumps", sign_timed),
        ("py:itsdangerous.URLSafeSerializer().dumps", sign),
        ("py:itsdangerous.Serializer().dumps", sign),
        ("py:itsdangerous.Signer().sign", sign),
        ("py:itsdangerous.TimestampSigner().sign", sign_timed),
        ("py:itsdangerous.URLSafeTimedSerializer().loads", verify),
        ("py:itsdangerous.TimedSerializer().loads", verify),
        ("py:itsdangerous.URLSafeSerializer().loads", verify),
        ("py:itsdangerous.Serializer().loads", verify),
        ("py:itsdangerous.Signer().unsign", verify),
        ("py:itsdangerous.TimestampSigner().unsign", verify),
        (
            "py:itsdangerous.URLSafeTimedSerializer().loads_unsafe",
            unverified,
        ),
        (
            "py:itsdangerous.URLSafeSerializer().loads_unsafe",
            unverified,
        ),
        ("py:cryptography.fernet.Fernet", keep),
        ("py:cryptography.fernet.MultiFernet", keep),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.AESGCM",
            keep,
        ),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.AESGCM().encrypt",
            transform,
        ),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.AESGCM().decrypt",
            unseal,
        ),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305",
            keep,
        ),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305().encrypt",
            transform,
        ),
        (
            "py:cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305().decrypt",
            unseal,
        ),
        ("py:cryptography.fernet.Fernet.generate_key", fernet_key),
        ("py:cryptography.fernet.Fernet().encrypt", encrypt),
        ("py:cryptography.fernet.MultiFernet().encrypt", encrypt),
        ("py:cryptography.fernet.Fernet().decrypt", decrypt),
        ("py:cryptography.fernet.MultiFernet().decrypt", decrypt),
        ("py:stripe.Webhook.construct_event", verify_stripe),
        ("py:svix.webhooks.Webhook", keep),
        ("py:svix.webhooks.Webhook().verify", verify_svix),
    ],
    aliases: &[
        (
            "py:itsdangerous.url_safe.URLSafeTimedSerializer",
            "py:itsdangerous.URLSafeTimedSerializer",
        ),
        (
            "py:itsdangerous.url_safe.URLSafeSerializer",
            "py:itsdangerous.URLSafeSerializer",
        ),
        (
            "py:itsdangerous.jws.TimedJSONWebSignatureSerializer",
            "py:itsdangerous.TimedJSONWebSignatureSerializer",
        ),
        (
            "py:itsdangerous.exc.BadSignature",
            "py:itsdangerous.BadSignature",
        ),
        (
            "py:itsdangerous.exc.SignatureExpired",
            "py:itsdangerous.SignatureExpired",
        ),
        ("py:itsdangerous.exc.BadData", "py:itsdangerous.BadData"),
        (
            "py:stripe.error.SignatureVerificationError",
            "py:stripe.SignatureVerificationError",
        ),
        ("py:svix.Webhook", "py:svix.webhooks.Webhook"),
    ],
    subclasses: &[
        ("py:itsdangerous.BadData", "py:builtins.Exception"),
        ("py:itsdangerous.BadSignature", "py:itsdangerous.BadData"),
        (
            "py:itsdangerous.BadTimeSignature",
            "py:itsdangerous.BadSignature",
        ),
        (
            "py:itsdangerous.SignatureExpired",
            "py:itsdangerous.BadTimeSignature",
        ),
        (
            "py:cryptography.fernet.InvalidToken",
            "py:builtins.Exception",
        ),
        ("py:stripe.StripeError", "py:builtins.Exception"),
        (
            "py:stripe.SignatureVerificationError",
            "py:stripe.StripeError",
        ),
        (
            "py:svix.webhooks.WebhookVerificationError",
            "py:builtins.Exception",
        ),
    ],
    ..Model::EMPTY
};

fn key(machine: &Machine<'_>, call: &Call<'_>) -> Value {
    kept(machine, call.receiver, 0, "secret_key").unwrap_or_else(Value::null)
}

fn issue(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    expires: Option<Provenance>,
) -> Answer {
    let key = key(machine, call);
    let payload = call.arguments.get(0);
    let effect = EffectKind::Issue(IssueToken {
        kind: TokenKind::Signed,
        secret: host.deep_provenance(machine, &key),
        algorithm: None,
        expires,
        claims: claims_of(host, machine, &payload),
    });
    host.effect(machine, effect, call.span);
    Ok(Some(value_from(
        host,
        machine,
        Shape::String,
        Origin::Signature,
    )))
}

fn sign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    issue(host, machine, call, None)
}

/// Carries the time at which it was made: whoever verifies it decides how old it may be.
fn sign_timed(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    issue(host, machine, call, Some(Provenance::default()))
}

/// What verifying one value takes.
struct Proof {
    token: Value,
    key: Value,
    is_timed: bool,
    requires: Vec<Field>,
    error: &'static str,
}

fn settle(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, proof: Proof) -> Answer {
    let token = proof.token.clone();
    prove(host, machine, call, proof)?;
    Ok(Some(proven(host, machine, &token)))
}

/// What another server signs says what has happened there, and not who is asking here.
fn settle_event(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    proof: Proof,
) -> Answer {
    let decided = machine.derived(Shape::Any, [&proof.token, &proof.key]);
    prove(host, machine, call, proof)?;
    let origin = Origin::Claim(Ustr::from(""));
    let mut event = value_from(host, machine, Shape::Object, origin);
    event.control = decided.origins;
    Ok(Some(event))
}

/// Notes the verification, and throws if the signature is wrong.
fn prove(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    proof: Proof,
) -> Result<(), firedoor_eval::Stop> {
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Signed,
        token: host.deep_provenance(machine, &proof.token),
        secret: host.deep_provenance(machine, &proof.key),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: !proof.is_timed,
        requires: proof.requires,
    });
    host.effect(machine, effect, call.span);
    let hangs_on = [&proof.token, &proof.key];
    prove_or_throw(host, machine, proof.error, &hangs_on, call.span)
}

fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let salt = given(call, 2, "salt").or_else(|| kept(machine, call.receiver, 1, "salt"));
    let mut requires = Vec::new();
    if let Some(salt) = salt {
        requires.push(Field {
            name: Ustr::from("salt"),
            value: host.deep_provenance(machine, &salt),
            operator: "=",
        });
    }
    let max_age = given(call, 1, "max_age").filter(|age| !age.is_nothing());
    let proof = Proof {
        token: call.arguments.get(0),
        key: key(machine, call),
        is_timed: max_age.is_some(),
        requires,
        error: "py:itsdangerous.BadSignature",
    };
    settle(host, machine, call, proof)
}

/// The token says itself when it is too old.
fn verify_dated(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let proof = Proof {
        token: call.arguments.get(0),
        key: key(machine, call),
        is_timed: true,
        requires: Vec::new(),
        error: "py:itsdangerous.BadSignature",
    };
    settle(host, machine, call, proof)
}

/// Returns whether the signature was right, and the payload in any case.
fn unverified(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let origin = Origin::UnverifiedClaim(Ustr::from(""));
    let payload = value_from(host, machine, Shape::Object, origin);
    let outcome = Value::unknown(Shape::Bool);
    let id = machine
        .heap
        .allocate(firedoor_eval::ObjectKind::Tuple, call.span);
    machine.heap.get_mut(id).elements = vec![outcome, payload];
    Ok(Some(Value::object(id)))
}

fn fernet_key(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(256),
    };
    Ok(Some(value_from(host, machine, Shape::String, origin)))
}

/// Notes the key that something is encrypted or decrypted with.
fn encrypts(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) {
    let key = kept(machine, call.receiver, 0, "key").unwrap_or_else(Value::null);
    let key = host.deep_provenance(machine, &key);
    host.effect(machine, EffectKind::Encrypt(key), call.span);
}

/// `AESGCM(key).encrypt(nonce, data, associated_data)`.
fn transform(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    encrypts(host, machine, call);
    let data = argument(call, 1, "data");
    Ok(Some(machine.derived(Shape::String, [&data])))
}

/// What is encrypted still comes from where it came.
fn encrypt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = argument(call, 0, "data");
    encrypts(host, machine, call);
    Ok(Some(made_of(
        host,
        machine,
        Shape::String,
        &[&data],
        Origin::Signature,
    )))
}

fn decrypt(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let ttl = given(call, 1, "ttl").filter(|ttl| !ttl.is_nothing());
    let token = argument(call, 0, "token");
    let error = "py:cryptography.fernet.InvalidToken";
    opened(host, machine, call, (token, ttl.is_some(), error))
}

/// `AESGCM(key).decrypt(nonce, data, associated_data)`.
fn unseal(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = argument(call, 1, "data");
    let error = "py:cryptography.exceptions.InvalidTag";
    opened(host, machine, call, (data, false, error))
}

/// Of what the client sends the key proves that the server made it; of what the server keeps there is nothing to prove.
fn opened(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    (token, is_timed, error): (Value, bool, &'static str),
) -> Answer {
    if !host.deep_provenance(machine, &token).is_from_client() {
        encrypts(host, machine, call);
        return Ok(Some(machine.derived(Shape::String, [&token])));
    }
    let proof = Proof {
        token,
        key: kept(machine, call.receiver, 0, "key").unwrap_or_else(Value::null),
        is_timed,
        requires: Vec::new(),
        error,
    };
    settle(host, machine, call, proof)
}

/// `construct_event(payload, sig_header, secret)`; a signature is good for five minutes by default.
fn verify_stripe(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let proof = Proof {
        token: argument(call, 1, "sig_header"),
        key: argument(call, 2, "secret"),
        is_timed: true,
        requires: Vec::new(),
        error: "py:stripe.SignatureVerificationError",
    };
    settle_event(host, machine, call, proof)
}

fn verify_svix(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let proof = Proof {
        token: argument(call, 1, "headers"),
        key: kept(machine, call.receiver, 0, "whsecret").unwrap_or_else(Value::null),
        is_timed: true,
        requires: Vec::new(),
        error: "py:svix.webhooks.WebhookVerificationError",
    };
    settle_event(host, machine, call, proof)
}

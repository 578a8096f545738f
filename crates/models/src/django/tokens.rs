//! What `django.core.signing` signs. Source: django 5.2 `core/signing.py`.

use firedoor_app::{EffectKind, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Call, Machine, Value};

use super::project;
use crate::python_support::{argument, prove_or_throw, proven};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:django.core.signing.loads", unsign),
        ("py:django.core.signing.Signer().unsign", unsign),
        ("py:django.core.signing.TimestampSigner().unsign", unsign),
    ],
    subclasses: &[
        (
            "py:django.core.signing.BadSignature",
            "py:builtins.Exception",
        ),
        (
            "py:django.core.signing.SignatureExpired",
            "py:django.core.signing.BadSignature",
        ),
    ],
    ..Model::EMPTY
};

fn unsign(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = argument(call, 0, "signed_value");
    // What carries the time at which it was made expires only for who asks how old it is.
    let place = match call.path.ends_with(".loads") {
        true => 4,
        false => 1,
    };
    let max_age = call.arguments.find(place, "max_age");
    let is_timed = max_age.is_some_and(|age| !age.is_nothing());
    let secret = project::setting(host, machine, "SECRET_KEY").unwrap_or_else(Value::null);
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Signed,
        token: host.deep_provenance(machine, &token),
        secret: host.deep_provenance(machine, &secret),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: !is_timed,
        requires: Vec::new(),
    });
    host.effect(machine, effect, call.span);
    let error = "py:django.core.signing.BadSignature";
    prove_or_throw(host, machine, error, &[&token], call.span)?;
    Ok(Some(proven(host, machine, &token)))
}

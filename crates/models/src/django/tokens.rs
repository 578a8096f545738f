//! Tokens of djangorestframework-simplejwt and of `rest_framework.authtoken`, and `django.core.signing`.
//!
//! Sources: djangorestframework-simplejwt 5.5 `tokens.py`, `authentication.py`, `exceptions.py`; django 5.2
//! `core/signing.py`.

use firedoor_app::{EffectKind, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};

use super::{library_views, project};
use crate::python_support::{argument, prove_or_throw, proven};
use crate::{Model, ModelHost};

const ERROR: &str = "py:rest_framework_simplejwt.exceptions.TokenError";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:rest_framework_simplejwt.tokens.UntypedToken", verify),
        ("py:rest_framework_simplejwt.tokens.AccessToken", verify),
        ("py:rest_framework_simplejwt.tokens.RefreshToken", verify),
        (
            "py:rest_framework_simplejwt.tokens.AccessToken.for_user",
            issue,
        ),
        (
            "py:rest_framework_simplejwt.tokens.RefreshToken.for_user",
            issue,
        ),
        ("django:token.blacklist", crate::python_support::nothing),
        ("py:django.core.signing.loads", unsign),
        ("py:django.core.signing.Signer().unsign", unsign),
        ("py:django.core.signing.TimestampSigner().unsign", unsign),
    ],
    members: &[("django:token.access_token", text)],
    subclasses: &[
        (ERROR, "py:builtins.Exception"),
        (
            "py:rest_framework_simplejwt.exceptions.InvalidToken",
            "py:rest_framework.exceptions.AuthenticationFailed",
        ),
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

/// `AccessToken(raw)` fails for a token that is not the server's.
fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = argument(call, 0, "token");
    if token.is_nothing() {
        let id = host.make_object(machine, "django:token", call.span);
        return Ok(Some(Value::object(id)));
    }
    let secret = project::setting(host, machine, "SECRET_KEY").unwrap_or_else(Value::null);
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, &token),
        secret: host.deep_provenance(machine, &secret),
        algorithms: Some(vec!["HS256".into()]),
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: Vec::new(),
    });
    host.effect(machine, effect, call.span);
    prove_or_throw(host, machine, ERROR, &[&token], call.span)?;
    Ok(Some(proven(host, machine, &token)))
}

fn issue(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    library_views::issue(host, machine, call.span);
    let id = host.make_object(machine, "django:token", call.span);
    Ok(Some(Value::object(id)))
}

fn text(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<firedoor_eval::ObjectId>,
    _span: firedoor_source::Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::String))
}

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

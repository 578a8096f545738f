//! Authlib's OAuth clients in Flask, Starlette and Django: a registry by name, and a state that the session keeps.
//!
//! Sources: authlib 1.4 and 1.9, `integrations/flask_client/apps.py`, `integrations/starlette_client/apps.py` and
//! `integrations/base_client`: `authorize_redirect` and `save_authorize_data` keep state, nonce and verifier in the
//! session, `authorize_access_token` finds them there by the state that is sent, and verifies the id token.

use firedoor_app::{
    EffectKind, Field, Origin, Provenance, RequestPart, SessionOperation, TokenKind, VerifyToken,
};
use firedoor_eval::{Answer, Arguments, Call, Host, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::python_support::{prove_or_throw, proven, value_from};
use crate::tools::{keep, kept};
use crate::{Model, ModelHost};

const PROTECTOR_ERROR: &str = "py:authlib.oauth2.OAuth2Error";
const ERROR: &str = "py:authlib.integrations.base_client.OAuthError";

/// The model.
pub static MODEL: Model = Model {
    name: "authlib",
    calls: &[
        ("py:authlib.integrations.starlette_client.OAuth", make_oauth),
        ("py:authlib.integrations.flask_client.OAuth", make_oauth),
        ("py:authlib.integrations.django_client.OAuth", make_oauth),
        ("authlib:oauth.init_app", nothing),
        ("authlib:oauth.register", client),
        ("authlib:oauth.create_client", client),
        ("authlib:client.authorize_redirect", authorize),
        ("authlib:client.create_authorization_url", address),
        ("authlib:client.save_authorize_data", save),
        ("authlib:client.authorize_access_token", exchange),
        ("authlib:client.parse_id_token", claims),
        ("authlib:client.userinfo", claims),
        (
            "py:authlib.integrations.flask_oauth2.ResourceProtector().acquire_token",
            acquire,
        ),
        (
            "py:authlib.integrations.django_oauth2.ResourceProtector().acquire_token",
            acquire,
        ),
        (
            "py:authlib.integrations.flask_oauth2.ResourceProtector().raise_error_response",
            refuse,
        ),
    ],
    members: &[("authlib:oauth.*", client_member)],
    aliases: &[
        (
            "py:authlib.integrations.base_client.errors.OAuthError",
            ERROR,
        ),
        ("py:authlib.integrations.flask_client.OAuthError", ERROR),
        ("py:authlib.integrations.starlette_client.OAuthError", ERROR),
        ("py:authlib.integrations.django_client.OAuthError", ERROR),
        ("py:authlib.oauth2.base.OAuth2Error", PROTECTOR_ERROR),
        ("py:authlib.oauth2.rfc6749.OAuth2Error", PROTECTOR_ERROR),
    ],
    subclasses: &[
        (PROTECTOR_ERROR, "py:builtins.Exception"),
        (
            "py:authlib.oauth2.rfc6749.errors.MissingAuthorizationError",
            PROTECTOR_ERROR,
        ),
    ],
    ..Model::EMPTY
};

/// The registry; which web framework it is for says how clients answer.
fn make_oauth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "authlib:oauth", call.span);
    let redirect = match call.path.split('.').nth(2) {
        Some("flask_client") => "py:flask.redirect",
        Some("django_client") => "py:django.shortcuts.redirect",
        _ => "py:fastapi.responses.RedirectResponse",
    };
    keep(machine, id, "$redirect", Value::string(redirect));
    Ok(Some(Value::object(id)))
}

/// `ResourceProtector.acquire_token(scopes)`: the token of the `Authorization` header is looked up by validators that the
/// program has registered; one that is missing, unknown, too old or lacks a scope is an error
/// (`integrations/flask_oauth2/resource_protector.py`).
fn acquire(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = host.request_value(machine, RequestPart::Header, "authorization");
    prove_or_throw(host, machine, PROTECTOR_ERROR, &[&token], call.span)?;
    Ok(Some(proven(host, machine, &token)))
}

/// Ends the request with the status of the error, 401 or 403.
fn refuse(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = crate::flask::errors::exception(host, machine, 401, call.span);
    machine.throw(error, call.span)
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::null()))
}

fn client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(client_member(host, machine, call.receiver, call.span))
}

fn client_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    oauth: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "authlib:client", span);
    let redirect = kept(machine, oauth, "$redirect");
    keep(machine, id, "$redirect", redirect);
    Some(Value::object(id))
}

/// The state is put into the session, and the client is sent to the provider.
fn authorize(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    save(host, machine, call)?;
    let url = of_provider(host, machine, Shape::String);
    let arguments = Arguments::positional([url]);
    let path = kept(machine, call.receiver, "$redirect").text();
    let redirect = Call {
        path: path.unwrap_or_else(|| Ustr::from("py:fastapi.responses.RedirectResponse")),
        receiver: None,
        this: Value::null(),
        arguments: &arguments,
        span: call.span,
        is_new: false,
    };
    Host::call(host, machine, &redirect)
}

/// What a page is told to go to, with the state that belongs to it.
fn address(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(of_provider(host, machine, Shape::Object)))
}

fn save(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let random = Origin::Random {
        cryptographic: true,
        bits: Some(178),
    };
    let state = Field {
        name: Ustr::from("state"),
        value: Provenance::new([random]),
        operator: "=",
    };
    let effect = EffectKind::Session(SessionOperation::Write, Some(state));
    host.effect(machine, effect, call.span);
    Ok(Some(Value::null()))
}

fn of_provider(host: &ModelHost, machine: &mut Machine<'_>, shape: Shape) -> Value {
    let origin = Origin::Outside(Ustr::from("the provider"));
    value_from(host, machine, shape, origin)
}

/// The state of the request is the one in the session, or it is refused; what the provider says is verified.
fn exchange(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let code = named_part(host, machine, RequestPart::Query, "code");
    let state = named_part(host, machine, RequestPart::Query, "state");
    let kept = named_part(host, machine, RequestPart::Session, "state");
    let is_of_session = Origin::Request(RequestPart::Session, Ustr::from("state"));
    let effect = VerifyToken {
        kind: TokenKind::Opaque,
        token: host.deep_provenance(machine, &code),
        secret: Provenance::new([Origin::Outside(Ustr::from("the provider"))]),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: vec![Field {
            name: Ustr::from("state"),
            value: Provenance::new([is_of_session]),
            operator: "=",
        }],
    };
    host.effect(machine, EffectKind::Verify(effect), call.span);
    prove_or_throw(host, machine, ERROR, &[&code, &state, &kept], call.span)?;
    claims(host, machine, call)
}

fn claims(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Claim(Ustr::from(""));
    Ok(Some(value_from(host, machine, Shape::Object, origin)))
}

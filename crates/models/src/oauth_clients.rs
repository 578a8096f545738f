//! Clients of other sites' log-ins: the exchange of a code, and what the site tells afterwards.
//!
//! Sources: arctic 3 (`validateAuthorizationCode(code[, verifier])`), openid-client 5 (`client.callback(uri, params,
//! checks)`) and 6 (`authorizationCodeGrant(config, url, checks)`), simple-oauth2 5 (`getToken({ code })`),
//! google-auth-library 9 (`getToken`, `getTokenInfo`), httpx-oauth 0.16 (`get_access_token(code, redirect_uri)`,
//! `get_id_email(token)`), requests-oauthlib 2 and Authlib 1 (`fetch_token(url, code=..., ...)`).

use firedoor_app::{EffectKind, Field, Origin, Provenance, RequestPart, SendChannel};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::tokens::{field_of, plain};
use crate::tools::{option, promised, unknown_of};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "oauth_clients",
    calls: &[
        ("npm:arctic.generateState", secret),
        ("npm:arctic.generateCodeVerifier", secret),
        ("npm:arctic.decodeIdToken", decoded),
        ("npm:arctic.*", client),
        ("oauth:client.validateAuthorizationCode", exchange),
        ("npm:openid-client.authorizationCodeGrant", grant),
        ("npm:openid-client.fetchUserInfo", asked),
        ("npm:openid-client.randomState", secret),
        ("npm:openid-client.randomNonce", secret),
        ("npm:openid-client.randomPKCECodeVerifier", secret),
        ("npm:openid-client.generators.state", secret),
        ("npm:openid-client.generators.nonce", secret),
        ("npm:openid-client.generators.codeVerifier", secret),
        ("npm:openid-client.Issuer", issuer),
        ("npm:openid-client.Issuer.discover", discovered),
        ("oauth:issuer.Client", client),
        ("oauth:client.callbackParams", parameters),
        ("oauth:client.callback", called_back),
        ("oauth:client.userinfo", asked),
        ("npm:simple-oauth2.AuthorizationCode", client),
        ("oauth:client.getToken", exchange),
        ("identity:service.getToken", google_tokens),
        ("identity:service.getTokenInfo", asked),
        ("py:httpx_oauth.oauth2.OAuth2", client),
        ("py:httpx_oauth.clients.openid.OpenID", client),
        ("py:httpx_oauth.clients.google.GoogleOAuth2", client),
        ("py:httpx_oauth.clients.github.GitHubOAuth2", client),
        ("py:httpx_oauth.clients.discord.DiscordOAuth2", client),
        ("py:httpx_oauth.clients.facebook.FacebookOAuth2", client),
        (
            "py:httpx_oauth.clients.microsoft.MicrosoftGraphOAuth2",
            client,
        ),
        ("py:requests_oauthlib.OAuth2Session", client),
        (
            "py:authlib.integrations.requests_client.OAuth2Session",
            client,
        ),
        ("py:authlib.integrations.httpx_client.OAuth2Client", client),
        (
            "py:authlib.integrations.httpx_client.AsyncOAuth2Client",
            client,
        ),
        ("oauth:client.get_access_token", exchange),
        ("oauth:client.fetch_token", exchange),
        ("oauth:client.get_id_email", id_and_email),
        ("oauth:client.get_profile", asked),
        ("oauth:client.get", response),
        ("oauth:client.__enter__", same),
        ("oauth:client.__aenter__", same),
    ],
    ..Model::EMPTY
};

fn client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_class = call.is_new || !call.path.starts_with("npm:arctic.");
    if !is_class {
        return Ok(None);
    }
    let id = host.make_object(machine, "oauth:client", call.span);
    Ok(Some(Value::object(id)))
}

fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn issuer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "oauth:issuer", call.span);
    Ok(Some(Value::object(id)))
}

fn discovered(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let issuer = Value::object(host.make_object(machine, "oauth:issuer", call.span));
    promised(machine, call.span, |_| Ok(issuer)).map(Some)
}

/// Libraries draw at least 128 bits from the system's generator.
fn secret(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: Some(128),
    };
    Ok(Some(unknown_of(host, machine, Shape::String, origin)))
}

pub(crate) fn answered(host: &ModelHost, machine: &mut Machine<'_>, shape: Shape) -> Value {
    unknown_of(host, machine, shape, Origin::Answer(Ustr::from("")))
}

/// `decodeIdToken(token)` looks at no signature: what came from the other site itself is its word, and what the client
/// sends may be made up.
fn decoded(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = call.arguments.get(0);
    let is_sent = host.deep_provenance(machine, &token).is_from_client();
    Ok(Some(match is_sent {
        true => crate::tokens::decode(host, machine, &token, call.span),
        false => answered(host, machine, Shape::Object),
    }))
}

/// The parameters of the redirect, as the client sends them.
fn parameters(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Query, "");
    Ok(Some(value.shaped(Shape::Object)))
}

/// Notes what is sent to the other site, with the setting that every client has besides: its own secret.
fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, content: Vec<Field>) {
    let effect = EffectKind::Send {
        channel: SendChannel::Http,
        to: Provenance::new([Origin::Outside(Ustr::from("the other site"))]),
        content,
    };
    host.effect(machine, effect, call.span);
}

fn given(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Vec<Field> {
    let values: Vec<Value> = call.arguments.all().cloned().collect();
    values
        .iter()
        .map(|value| field_of("", host.deep_provenance(machine, value)))
        .collect()
}

pub(crate) fn code_of(host: &ModelHost, machine: &mut Machine<'_>) -> Field {
    let code = host.request_value(machine, RequestPart::Query, "code");
    field_of("code", host.deep_provenance(machine, &code))
}

pub(crate) fn own_secret() -> Field {
    let origin = Origin::Environment {
        name: Ustr::from("client secret"),
        fallback: None,
    };
    field_of("client_secret", Provenance::new([origin]))
}

fn exchange(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut content = given(host, machine, call);
    content.push(own_secret());
    send(host, machine, call, content);
    settle(host, machine, call)
}

/// The state is compared with what is expected, or refused: what is expected is sent along.
fn grant(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut content = vec![code_of(host, machine), own_secret()];
    let checks = call.arguments.get(2);
    for name in ["expectedState", "pkceCodeVerifier", "expectedNonce"] {
        if let Some(value) = option(machine, &checks, name, call.span) {
            content.push(field_of(name, host.deep_provenance(machine, &value)));
        }
    }
    send(host, machine, call, content);
    settle(host, machine, call)
}

fn called_back(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut content = vec![code_of(host, machine), own_secret()];
    let checks = call.arguments.get(2);
    for name in ["state", "nonce", "code_verifier"] {
        if let Some(value) = option(machine, &checks, name, call.span) {
            content.push(field_of(name, host.deep_provenance(machine, &value)));
        }
    }
    send(host, machine, call, content);
    settle(host, machine, call)
}

fn google_tokens(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut content = given(host, machine, call);
    content.push(own_secret());
    send(host, machine, call, content);
    let tokens = answered(host, machine, Shape::Object);
    let answer = plain(machine, &[("tokens", tokens)], call.span);
    promised(machine, call.span, |_| Ok(answer)).map(Some)
}

/// A question that carries a token; the answer says whose it is.
fn asked(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let content = given(host, machine, call);
    send(host, machine, call, content);
    settle(host, machine, call)
}

fn id_and_email(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let content = given(host, machine, call);
    send(host, machine, call, content);
    let parts = ["id", "email"].map(|name| {
        let origin = Origin::Answer(Ustr::from(name));
        unknown_of(host, machine, Shape::String, origin)
    });
    let pair = machine.make_tuple(parts.to_vec(), call.span);
    Ok(Some(pair))
}

fn response(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    send(host, machine, call, Vec::new());
    let id = host.make_object(machine, "python:http response", call.span);
    let origins = host.origin(machine, Origin::Answer(Ustr::from("")));
    Ok(Some(Value::object(id).with_origins(origins)))
}

/// What the other site answers; in Python waiting for what is none changes nothing.
fn settle(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let answer = answered(host, machine, Shape::Object);
    let is_python = call.receiver.is_some_and(|_| {
        matches!(
            crate::tools::last_part(&call.path),
            "fetch_token" | "get_access_token" | "get_profile"
        )
    });
    if is_python {
        return Ok(Some(answer));
    }
    promised(machine, call.span, |_| Ok(answer)).map(Some)
}

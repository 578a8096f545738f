//! Tokens of djangorestframework-simplejwt, and classes of the program that inherit from them.
//!
//! A token is a dictionary of claims that is signed where it becomes text, and one that is made of text was verified:
//! its signature, its expiry, and that its `token_type` is that of the class. With `verify=False` nothing is, the
//! signature included. Sources: djangorestframework-simplejwt 5.5 `tokens.py`, `backends.py`, `settings.py`,
//! `exceptions.py`.

use firedoor_app::{EffectKind, Field, IssueToken, Origin, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{library_views, project, views};
use crate::python_support::{
    argument, entry, last_name, literal, prove_or_throw, proven, value_from,
};
use crate::{Model, ModelHost};

const ERROR: &str = "py:rest_framework_simplejwt.exceptions.TokenError";
/// Where an instance keeps what its text said.
const CLAIMS: &str = "@@claims";
/// Where an instance keeps that its issue was told already.
const ISSUED: &str = "@@issued";

macro_rules! tokens {
    ($($path:literal),* $(,)?) => {
        /// The model.
        pub static MODEL: Model = Model {
            name: "django",
            calls: &[$(
                ($path, make),
                (concat!($path, ".for_user"), for_user),
                (concat!($path, "().__str__"), text),
                (concat!($path, "().get"), get),
                (concat!($path, "().set_exp"), crate::python_support::nothing),
                (concat!($path, "().set_iat"), crate::python_support::nothing),
                (concat!($path, "().set_jti"), crate::python_support::nothing),
                (concat!($path, "().blacklist"), crate::python_support::nothing),
            )*],
            members: &[$(
                (concat!($path, "().payload"), payload),
                (concat!($path, "().access_token"), access_token),
            )*],
            indexes: &[$((concat!($path, "()"), claim)),*],
            instances: &[$(($path, instance_made)),*],
            subclasses: &[
                (ERROR, "py:builtins.Exception"),
                (
                    "py:rest_framework_simplejwt.exceptions.InvalidToken",
                    "py:rest_framework.exceptions.AuthenticationFailed",
                ),
            ],
            ..Model::EMPTY
        };
    };
}

tokens!(
    "py:rest_framework_simplejwt.tokens.Token",
    "py:rest_framework_simplejwt.tokens.UntypedToken",
    "py:rest_framework_simplejwt.tokens.AccessToken",
    "py:rest_framework_simplejwt.tokens.RefreshToken",
    "py:rest_framework_simplejwt.tokens.SlidingToken",
);

/// `AccessToken(raw)`, `AccessToken()`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    let kind = kind_of(&call.path);
    fill(host, machine, id, kind, call.arguments, call.span)?;
    Ok(Some(Value::object(id)))
}

/// The same of a class of the program.
fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Result<bool, Stop> {
    // What a constructor of its own does is told where it calls the library's.
    if views::overrides(machine, class, "__init__") {
        return Ok(false);
    }
    let kind = kind_of_class(machine, class);
    fill(host, machine, instance, kind, arguments, span)?;
    Ok(true)
}

/// What a class writes into `token_type` and asks of it; nothing for those that ask for none.
fn kind_of(path: &str) -> Option<Ustr> {
    let kind = match last_name(path.trim_end_matches("()")) {
        "AccessToken" => "access",
        "RefreshToken" => "refresh",
        "SlidingToken" => "sliding",
        _ => return None,
    };
    Some(Ustr::from(kind))
}

fn kind_of_class(machine: &Machine<'_>, class: ObjectId) -> Option<Ustr> {
    let own = machine.class_attribute(class, Ustr::from("token_type"));
    match own {
        Some((_, value)) => value.text(),
        None => machine
            .outside_bases(class)
            .iter()
            .find_map(|base| kind_of(base)),
    }
}

fn fill(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    kind: Option<Ustr>,
    arguments: &Arguments,
    span: Span,
) -> Result<(), Stop> {
    let token = arguments
        .find(0, "token")
        .cloned()
        .unwrap_or_else(Value::null);
    if token.is_nothing() {
        let chance = Origin::Random {
            cryptographic: true,
            bits: Some(128),
        };
        let number = value_from(host, machine, Shape::String, chance);
        let end = value_from(host, machine, Shape::Number, Origin::Clock);
        let kind = kind.map(|kind| ("token_type", Value::string(&kind)));
        let claims = [("exp", end), ("jti", number)];
        for (name, value) in kind.into_iter().chain(claims) {
            machine.heap.set_property(id, Ustr::from(name), value);
        }
        return Ok(());
    }
    // What is not known to be verified proves nothing.
    let is_verified = arguments
        .find(1, "verify")
        .is_none_or(|it| it.truth() == Some(true));
    let claims = match is_verified {
        true => verified(host, machine, &token, kind, span)?,
        false => crate::tokens::decode(host, machine, &token, span),
    };
    machine.heap.set_property(id, Ustr::from(CLAIMS), claims);
    Ok(())
}

/// Verifies a token and returns what it says.
fn verified(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    kind: Option<Ustr>,
    span: Span,
) -> Result<Value, Stop> {
    let kind = kind.map(|kind| literal("token_type", &kind));
    let requires = kind.into_iter().chain(meant_for(host, machine)).collect();
    let secret = key(host, machine, "VERIFYING_KEY");
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, token),
        secret: host.deep_provenance(machine, &secret),
        algorithms: Some(vec![algorithm(host, machine)]),
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires,
    });
    host.effect(machine, effect, span);
    prove_or_throw(host, machine, ERROR, &[token], span)?;
    Ok(proven(host, machine, token))
}

/// For whom all tokens are meant and by whom they are made, where the settings say it.
fn meant_for(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for (name, option) in [("aud", "AUDIENCE"), ("iss", "ISSUER")] {
        let wanted = setting(host, machine, option).filter(|value| !value.is_nothing());
        if let Some(wanted) = wanted {
            fields.push(Field {
                name: Ustr::from(name),
                value: host.deep_provenance(machine, &wanted),
                operator: "=",
            });
        }
    }
    fields
}

/// Returns an option of `SIMPLE_JWT`, if the settings give it.
fn setting(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Option<Value> {
    let options = project::setting(host, machine, "SIMPLE_JWT")?;
    entry(machine, &options, name)
}

/// The key of one's own for verifying, or that for signing, which is that of the project unless the settings say
/// otherwise. With one shared key it is that for signing in both cases; what a `JWK_URL` gives is not known (simplejwt
/// 5.5, `TokenBackend.get_verifying_key`).
pub(crate) fn key(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let given = setting(host, machine, "ALGORITHM");
    let is_shared = given.is_none_or(|it| it.text().is_some_and(|it| it.starts_with("HS")));
    let name = if is_shared { "SIGNING_KEY" } else { name };
    if name == "VERIFYING_KEY" {
        let address = setting(host, machine, "JWK_URL");
        let is_fetched = address.is_some_and(|address| address.truth() != Some(false));
        let given = setting(host, machine, name).filter(|_| !is_fetched);
        return given.unwrap_or_else(|| machine.unknown("setting"));
    }
    let given = setting(host, machine, "SIGNING_KEY");
    if let Some(given) = given.filter(|value| value.truth() != Some(false)) {
        return given;
    }
    project::setting(host, machine, "SECRET_KEY").unwrap_or_else(Value::null)
}

pub(crate) fn algorithm(host: &ModelHost, machine: &mut Machine<'_>) -> Ustr {
    let given = setting(host, machine, "ALGORITHM");
    let given = given.and_then(|value| value.text());
    given.unwrap_or_else(|| Ustr::from("HS256"))
}

/// `AccessToken.for_user(user)`: it says whose it is.
fn for_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let own = call.this.only_object();
    let own = own.filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }));
    let Some(class) = own else {
        library_views::issue(host, machine, call.span);
        let path = call.path.trim_end_matches(".for_user");
        let id = host.make_object(machine, &format!("{path}()"), call.span);
        machine
            .heap
            .set_property(id, Ustr::from(ISSUED), Value::bool(true));
        return Ok(Some(Value::object(id)));
    };
    let made = machine.instantiate(class, &Arguments::default(), call.span)?;
    let user = argument(call, 0, "user");
    let number = machine.member(&user, Ustr::from("id"), call.span)?;
    let name = setting(host, machine, "USER_ID_CLAIM").and_then(|name| name.text());
    let name = name.unwrap_or_else(|| Ustr::from("user_id"));
    if let Some(id) = made.only_object() {
        machine.heap.set_property(id, name, number);
    }
    Ok(Some(made))
}

/// `str(token)`: what is handed out.
fn text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let made = Value::unknown(Shape::String);
    let Some(id) = call.receiver else {
        return Ok(Some(made));
    };
    let held = |machine: &Machine<'_>, name: &str| {
        let held = machine.heap.property(id, Ustr::from(name));
        held.cloned()
    };
    if held(machine, CLAIMS).is_some() {
        return Ok(Some(machine.derived(Shape::String, [&call.this])));
    }
    if held(machine, ISSUED).is_none() {
        let secret = key(host, machine, "SIGNING_KEY");
        let claims = host.fields(machine, id);
        let own = claims.into_iter();
        let own = own.filter(|field| !field.name.starts_with("@@"));
        let claims: Vec<Field> = own.chain(meant_for(host, machine)).collect();
        let expires = claims.iter().find(|field| field.name == "exp");
        let issued = IssueToken {
            kind: TokenKind::Jwt,
            secret: host.deep_provenance(machine, &secret),
            algorithm: Some(algorithm(host, machine)),
            expires: expires.map(|field| field.value.clone()),
            claims,
        };
        host.effect(machine, EffectKind::Issue(issued), call.span);
    }
    let origins = host.origin(machine, Origin::Signature);
    Ok(Some(made.with_origins(origins)))
}

/// What the text of a token said.
fn claims(machine: &Machine<'_>, object: Option<ObjectId>) -> Option<Value> {
    machine.heap.property(object?, Ustr::from(CLAIMS)).cloned()
}

/// `token["sub"]`.
fn claim(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let said = claims(machine, object.only_object())?;
    machine.index(&said, key, span).ok()
}

/// `token.get("sub", default)`.
fn get(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(said) = claims(machine, call.receiver) else {
        return Ok(None);
    };
    let found = machine.index(&said, &call.arguments.get(0), call.span)?;
    let default = argument(call, 1, "default");
    Ok(Some(machine.join(found, &default)))
}

fn payload(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    claims(machine, object)
}

fn access_token(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::String))
}

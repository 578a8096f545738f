//! Flask-JWT-Extended: `jwt_required`, tokens, lists of revoked ones, and the double submit of its cookies.
//!
//! Tokens are looked for in headers by default; access tokens live 15 minutes and refresh tokens 30 days; in
//! cookies a token counts for changes only with its CSRF token. Source: flask-jwt-extended 4.7,
//! `view_decorators.py`, `config.py`, `jwt_manager.py`, `utils.py`; 3.25 for the older names.

use firedoor_app::{EffectKind, Field, IssueToken, Origin, RequestPart, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::jwt_user::{
    ask_for_user, set_user_member, user_call, user_member, user_method, user_proxy,
};
use super::request::principal;
use super::{config, guarded};
use crate::fastapi::inputs::named_part;
use crate::python_support::{argument, given, keep, last_name, literal, proof_of, value_from};
use crate::{Model, ModelHost, Persona};

const ERROR: &str = "py:flask_jwt_extended.exceptions.NoAuthorizationError()";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_jwt",
    calls: &[
        ("py:flask_jwt_extended.JWTManager", make_manager),
        (
            "py:flask_jwt_extended.JWTManager().init_app",
            crate::python_support::nothing,
        ),
        ("py:flask_jwt_extended.JWTManager().*", keep_function),
        ("py:flask_jwt_extended.jwt_required", required),
        ("py:flask_jwt_extended.jwt_optional", required),
        ("py:flask_jwt_extended.jwt_refresh_token_required", required),
        ("py:flask_jwt_extended.fresh_jwt_required", required),
        ("flask_jwt:decorator", decorate),
        ("flask_jwt:required", check),
        ("py:flask_jwt_extended.verify_jwt_in_request", verify_now),
        (
            "py:flask_jwt_extended.verify_jwt_in_request_optional",
            verify_now,
        ),
        (
            "py:flask_jwt_extended.verify_jwt_refresh_token_in_request",
            verify_now,
        ),
        ("py:flask_jwt_extended.get_jwt_identity", identity),
        ("py:flask_jwt_extended.get_jwt", claims),
        ("py:flask_jwt_extended.get_raw_jwt", claims),
        ("py:flask_jwt_extended.get_jwt_claims", claims),
        ("py:flask_jwt_extended.get_current_user", user_call),
        ("py:flask_jwt_extended.create_access_token", create),
        ("py:flask_jwt_extended.create_refresh_token", create),
        ("py:flask_jwt_extended.decode_token", decode),
        ("py:flask_jwt_extended.get_jti", decode),
        (
            "py:flask_jwt_extended.set_access_cookies",
            super::cookies::set_cookies,
        ),
        (
            "py:flask_jwt_extended.set_refresh_cookies",
            super::cookies::set_cookies,
        ),
        (
            "py:flask_jwt_extended.unset_jwt_cookies",
            super::cookies::unset_cookies,
        ),
        (
            "py:flask_jwt_extended.unset_access_cookies",
            super::cookies::unset_cookies,
        ),
        (
            "py:flask_jwt_extended.unset_refresh_cookies",
            super::cookies::unset_cookies,
        ),
        ("flask_jwt:user.*", user_method),
    ],
    members: &[
        ("py:flask_jwt_extended.current_user", user_proxy),
        ("flask_jwt:user.*", user_member),
    ],
    sets: &[("flask_jwt:user.*", set_user_member)],
    aliases: &[
        (
            "py:flask_jwt_extended.view_decorators.jwt_required",
            "py:flask_jwt_extended.jwt_required",
        ),
        (
            "py:flask_jwt_extended.view_decorators.verify_jwt_in_request",
            "py:flask_jwt_extended.verify_jwt_in_request",
        ),
    ],
    subclasses: &[
        (
            "py:flask_jwt_extended.exceptions.JWTExtendedException",
            "py:builtins.Exception",
        ),
        (
            "py:flask_jwt_extended.exceptions.NoAuthorizationError",
            "py:flask_jwt_extended.exceptions.JWTExtendedException",
        ),
        (
            "py:flask_jwt_extended.exceptions.InvalidHeaderError",
            "py:flask_jwt_extended.exceptions.JWTExtendedException",
        ),
        (
            "py:flask_jwt_extended.exceptions.RevokedTokenError",
            "py:flask_jwt_extended.exceptions.JWTExtendedException",
        ),
        (
            "py:flask_jwt_extended.exceptions.CSRFError",
            "py:flask_jwt_extended.exceptions.JWTExtendedException",
        ),
    ],
    ..Model::EMPTY
};

fn make_manager(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let made = keep(host, machine, call)?;
    host.state().flask.jwt_manager = made.as_ref().and_then(Value::only_object);
    Ok(made)
}

/// Loaders, each under its name.
fn keep_function(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    if let Some(manager) = call.receiver {
        let name = format!("${}", last_name(&call.path));
        machine
            .heap
            .set_property(manager, Ustr::from(&name), function.clone());
    }
    Ok(Some(function))
}

pub(super) fn loader(host: &ModelHost, machine: &Machine<'_>, names: &[&str]) -> Option<Value> {
    let manager = host.state().flask.jwt_manager?;
    names
        .iter()
        .find_map(|name| machine.heap.property(manager, Ustr::from(name)).cloned())
}

/// `@jwt_required()` with its options, and without parentheses in older versions.
fn required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask_jwt:required", call.span);
    let name = last_name(&call.path).to_owned();
    let first = call.arguments.get(0);
    let is_function = first.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Function { .. } | ObjectKind::Host(_) | ObjectKind::Bound { .. }
        )
    });
    let object = machine.heap.get_mut(id);
    object.name = Some(Ustr::from(&name));
    if !is_function {
        for (index, name) in ["optional", "fresh", "refresh", "locations", "verify_type"]
            .iter()
            .enumerate()
        {
            if let Some(value) = call.arguments.find(index, name) {
                object.properties.insert(Ustr::from(name), value.clone());
            }
        }
    }
    let implied = match name.as_str() {
        "jwt_optional" => Some("optional"),
        "jwt_refresh_token_required" => Some("refresh"),
        "fresh_jwt_required" => Some("fresh"),
        _ => None,
    };
    if let Some(implied) = implied {
        object
            .properties
            .insert(Ustr::from(implied), Value::bool(true));
    }
    if is_function {
        return Ok(Some(guarded(
            host,
            machine,
            Value::object(id),
            first,
            call.span,
        )));
    }
    let decorator = host.make_object(machine, "flask_jwt:decorator", call.span);
    machine.heap.get_mut(decorator).elements = vec![Value::object(id)];
    Ok(Some(Value::object(decorator)))
}

fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first().cloned());
    let Some(guard) = guard else {
        return Ok(None);
    };
    let function = call.arguments.get(0);
    Ok(Some(guarded(host, machine, guard, function, call.span)))
}

/// What a check asks for.
struct Wanted {
    is_optional: bool,
    is_refresh: bool,
    locations: Option<Value>,
}

fn is_on(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.truth() == Some(true))
}

fn check(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let options = machine.heap.get(id).properties.clone();
    let option = |name: &str| options.get(&Ustr::from(name));
    let wanted = Wanted {
        is_optional: is_on(option("optional")),
        is_refresh: is_on(option("refresh")),
        locations: option("locations").cloned(),
    };
    verify(host, machine, &wanted, call.span)?;
    Ok(Some(Value::null()))
}

fn verify_now(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let wanted = Wanted {
        is_optional: is_on(given(call, 0, "optional").as_ref()) || name.ends_with("optional"),
        is_refresh: is_on(given(call, 2, "refresh").as_ref()) || name.contains("refresh"),
        locations: given(call, 3, "locations"),
    };
    verify(host, machine, &wanted, call.span)?;
    Ok(Some(principal(host, machine, Shape::Object, "")))
}

pub(super) fn setting(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Option<Value> {
    let app = host.flask_app()?;
    config::setting(host, machine, app, name).filter(|value| !value.is_nothing())
}

/// Where tokens are looked for.
fn locations(host: &ModelHost, machine: &mut Machine<'_>, own: Option<&Value>) -> Vec<String> {
    let set = own
        .filter(|own| !own.is_nothing())
        .cloned()
        .or_else(|| setting(host, machine, "JWT_TOKEN_LOCATION"));
    let mut found = Vec::new();
    if let Some(set) = set {
        if let Some(text) = set.text() {
            found.push(text.to_string());
        } else {
            for element in machine.elements_of(&set).0 {
                found.extend(element.text().map(|text| text.to_string()));
            }
        }
    }
    if found.is_empty() {
        found.push("headers".to_owned());
    }
    found
}

/// The credential that carries the token.
fn token(host: &ModelHost, machine: &mut Machine<'_>, places: &[String], kind: &str) -> Value {
    let mut token: Option<Value> = None;
    for place in places {
        let part = match place.as_str() {
            "cookies" => {
                let set = format!("JWT_{}_COOKIE_NAME", kind.to_ascii_uppercase());
                let name = setting(host, machine, &set).and_then(|name| name.text());
                let name = name.unwrap_or_else(|| Ustr::from(&format!("{kind}_token_cookie")));
                named_part(host, machine, RequestPart::Cookie, &name)
            }
            "query_string" => {
                let set = setting(host, machine, "JWT_QUERY_STRING_NAME");
                let name = set.and_then(|name| name.text());
                let name = name.unwrap_or_else(|| Ustr::from("jwt"));
                host.reads(Origin::Request(RequestPart::Query, name));
                let mut sent = host.request_value(machine, RequestPart::Query, &name);
                sent.add(firedoor_eval::Atom::Null);
                sent
            }
            "json" => host.request_value(machine, RequestPart::Body, "access_token"),
            _ => {
                let name = setting(host, machine, "JWT_HEADER_NAME").and_then(|name| name.text());
                let name = name.map_or_else(
                    || "authorization".to_owned(),
                    |name| name.to_ascii_lowercase(),
                );
                named_part(host, machine, RequestPart::Header, &name)
            }
        };
        token = Some(match token {
            Some(earlier) => machine.join(earlier, &part),
            None => part,
        });
    }
    token.unwrap_or_else(Value::null)
}

fn secret(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    ["JWT_SECRET_KEY", "JWT_PUBLIC_KEY", "SECRET_KEY"]
        .iter()
        .find_map(|name| setting(host, machine, name))
        .unwrap_or_else(Value::null)
}

pub(super) fn error(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    about: &Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, ERROR, span);
    machine
        .heap
        .set_property(id, Ustr::from("code"), Value::number(401.0));
    Value::object(id).with_origins(about.origins)
}

/// Verifies the token of the request, or throws.
fn verify(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    wanted: &Wanted,
    span: Span,
) -> Result<(), Stop> {
    if !host.is_request() {
        return Ok(());
    }
    let places = locations(host, machine, wanted.locations.as_ref());
    let kind = if wanted.is_refresh {
        "refresh"
    } else {
        "access"
    };
    let token = token(host, machine, &places, kind);
    note(host, machine, &token, Some(kind), span);
    if wanted.is_optional {
        return Ok(());
    }
    let proof = proof_of(host, machine, &[&token], span);
    let refused = error(host, machine, &token, span);
    machine.when(
        &proof,
        span,
        |_| Ok(()),
        |machine| machine.throw(refused, span),
    )?;
    double_submit(host, machine, &places, kind, span);
    ask_loaders(host, machine, span);
    Ok(())
}

fn note(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    kind: Option<&str>,
    span: Span,
) {
    let secret = secret(host, machine);
    let algorithm = setting(host, machine, "JWT_ALGORITHM").and_then(|name| name.text());
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, token),
        secret: host.deep_provenance(machine, &secret),
        algorithms: Some(vec![algorithm.unwrap_or_else(|| Ustr::from("HS256"))]),
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: kind.map(|kind| literal("type", kind)).into_iter().collect(),
    });
    host.effect(machine, effect, span);
}

/// A token in a cookie counts for a change only beside its CSRF token.
fn double_submit(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    places: &[String],
    kind: &str,
    span: Span,
) {
    let is_asked = setting(host, machine, "JWT_COOKIE_CSRF_PROTECT");
    let is_change = matches!(
        host.state().run.method.as_str(),
        "POST" | "PUT" | "PATCH" | "DELETE"
    );
    if !places.iter().any(|place| place == "cookies")
        || !is_change
        || is_asked.is_some_and(|asked| asked.truth() == Some(false))
    {
        return;
    }
    let cookie = named_part(
        host,
        machine,
        RequestPart::Cookie,
        &format!("csrf_{kind}_token"),
    );
    let sent = named_part(host, machine, RequestPart::Header, "x-csrf-token");
    let test = machine.tested(TestKind::Equality, None, &[&cookie, &sent], span);
    let refused = error(host, machine, &test, span);
    let _ = machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            machine.may_throw(refused, span);
            Err(Stop::Throw)
        },
    );
}

/// What the program's own loaders say of a token that is right: whether it is revoked.
fn ask_loaders(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    if host.persona() != Persona::User {
        return;
    }
    let names = ["$token_in_blocklist_loader", "$token_in_blacklist_loader"];
    if let Some(is_revoked) = loader(host, machine, &names)
        && let Ok(revoked) = asked(host, machine, &is_revoked, span)
    {
        let error = error(host, machine, &revoked, span);
        let _ = machine.when(
            &revoked,
            span,
            |machine| {
                machine.may_throw(error, span);
                Err(Stop::Throw)
            },
            |_| Ok(()),
        );
    }
    ask_for_user(host, machine, span);
}

/// What a loader of the program's own says of the token.
pub(super) fn asked(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    loader: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let payload = principal(host, machine, Shape::Object, "");
    let arguments = match takes_two(machine, loader) {
        true => Arguments::positional([Value::unknown(Shape::Object), payload]),
        false => Arguments::positional([payload]),
    };
    let (said, _) = machine.catching(|machine| machine.call_value(loader, None, &arguments, span));
    said
}

/// Loaders take the header and the payload since version 4, and before the payload alone.
fn takes_two(machine: &Machine<'_>, function: &Value) -> bool {
    let Some(ObjectKind::Function { closure, .. }) =
        function.only_object().map(|id| &machine.heap.get(id).kind)
    else {
        return true;
    };
    machine.function_of(*closure).parameters.len() != 1
}

/// What the token says of who is asking; nothing where no token was right.
pub(super) fn told(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: Shape,
    claim: &str,
) -> Value {
    match host.persona() {
        Persona::Attacker => {
            let origin = Origin::Request(RequestPart::Header, Ustr::from("authorization"));
            host.with_origin(machine, Value::null(), origin)
        }
        _ => principal(host, machine, shape, claim),
    }
}

fn identity(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(told(host, machine, Shape::Any, "sub")))
}

fn claims(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = told(host, machine, Shape::Object, "");
    Ok(Some(match value.is_nothing() {
        true => {
            let place = machine.place();
            let table = machine.heap.allocate(ObjectKind::Plain, place);
            Value::object(table).with_origins(value.origins)
        }
        false => value,
    }))
}

/// `create_access_token(identity, fresh=False, expires_delta=None, additional_claims=None)`.
fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_refresh = call.path.contains("refresh");
    let (kind, default) = match is_refresh {
        true => ("refresh", 2_592_000.0),
        false => ("access", 900.0),
    };
    let set = format!("JWT_{}_TOKEN_EXPIRES", kind.to_ascii_uppercase());
    let own = call.arguments.keyword("expires_delta").cloned();
    let expires = own
        .filter(|own| !own.is_nothing())
        .or_else(|| setting(host, machine, &set));
    let expires = match expires {
        // `False` is a token for ever.
        Some(value) if value.truth() == Some(false) => None,
        Some(value) => Some(value),
        None => Some(Value::number(default)),
    };
    let identity = argument(call, 0, "identity");
    let mut fields = vec![
        Field {
            name: Ustr::from("sub"),
            value: host.deep_provenance(machine, &identity),
            operator: "=",
        },
        literal("type", kind),
    ];
    for name in ["additional_claims", "user_claims"] {
        if let Some(more) = call.arguments.keyword(name) {
            fields.extend(crate::store::written(host, machine, more).0);
        }
    }
    let secret = ["JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "SECRET_KEY"]
        .iter()
        .find_map(|name| setting(host, machine, name))
        .unwrap_or_else(Value::null);
    let algorithm = setting(host, machine, "JWT_ALGORITHM").and_then(|name| name.text());
    let effect = EffectKind::Issue(IssueToken {
        kind: TokenKind::Jwt,
        secret: host.deep_provenance(machine, &secret),
        algorithm: Some(algorithm.unwrap_or_else(|| Ustr::from("HS256"))),
        expires: expires.map(|expires| host.deep_provenance(machine, &expires)),
        claims: fields,
    });
    host.effect(machine, effect, call.span);
    Ok(Some(value_from(
        host,
        machine,
        Shape::String,
        Origin::Signature,
    )))
}

/// `decode_token(encoded)` verifies, whoever it is of, and takes tokens of any type: only what a request carries is asked
/// for its type.
fn decode(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let token = argument(call, 0, "encoded_token");
    note(host, machine, &token, None, call.span);
    crate::python_support::prove_or_throw(
        host,
        machine,
        "py:jwt.InvalidTokenError",
        &[&token],
        call.span,
    )?;
    Ok(Some(crate::python_support::proven(host, machine, &token)))
}

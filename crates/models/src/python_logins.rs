//! Ready-made logins of FastAPI: fastapi-login, fastapi-jwt-auth, fastapi-csrf-protect.
//!
//! Sources: fastapi-login 1.10 (`LoginManager`: 401, fifteen minutes by default), fastapi-jwt-auth 0.5 and
//! async-fastapi-jwt-auth 0.6 (`auth_jwt.py`: 15 minutes for access and 30 days for refresh tokens by default),
//! fastapi-csrf-protect 1.0 (a signed cookie and a header).

use firedoor_app::{
    EffectKind, Field, Flag, IssueToken, Origin, RequestPart, SetCookie, TokenKind, VerifyToken,
};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::python_support::{
    argument, kept, last_name, literal, nothing, object_with_arguments, proof_of, refuse_unless,
    refuse_with, value_from,
};
use crate::{Model, ModelHost};

const AUTH: &str = "fastapi_jwt_auth:auth";
const AUTH_ERROR: &str = "py:fastapi_jwt_auth.exceptions.AuthJWTException()";
const CSRF_ERROR: &str = "py:fastapi_csrf_protect.exceptions.CsrfProtectError()";

/// The model.
pub static MODEL: Model = Model {
    name: "python_logins",
    calls: &[
        ("py:fastapi_login.LoginManager", make_manager),
        ("py:fastapi_login.LoginManager()", current_user),
        ("py:fastapi_login.LoginManager().optional", optional_user),
        ("py:fastapi_login.LoginManager().user_loader", user_loader),
        ("fastapi_login:loader", set_loader),
        (
            "py:fastapi_login.LoginManager().create_access_token",
            manager_token,
        ),
        ("py:fastapi_login.LoginManager().set_cookie", manager_cookie),
        ("py:fastapi_jwt_auth.AuthJWT", make_auth),
        ("py:fastapi_jwt_auth.AuthJWT.load_config", load_config),
        ("fastapi_jwt_auth:auth.*", auth_method),
        ("py:fastapi_csrf_protect.CsrfProtect", make_csrf),
        (
            "py:fastapi_csrf_protect.CsrfProtect.load_config",
            keep_function,
        ),
        ("fastapi_csrf_protect:csrf.*", csrf_method),
    ],
    aliases: &[
        (
            "py:async_fastapi_jwt_auth.AuthJWT",
            "py:fastapi_jwt_auth.AuthJWT",
        ),
        (
            "py:async_fastapi_jwt_auth.exceptions.AuthJWTException",
            "py:fastapi_jwt_auth.exceptions.AuthJWTException",
        ),
        (
            "py:fastapi_login.fastapi_login.LoginManager",
            "py:fastapi_login.LoginManager",
        ),
    ],
    subclasses: &[
        (
            "py:fastapi_jwt_auth.exceptions.AuthJWTException",
            "py:builtins.Exception",
        ),
        (
            "py:fastapi_csrf_protect.exceptions.CsrfProtectError",
            "py:builtins.Exception",
        ),
        (
            "py:fastapi_login.exceptions.InvalidCredentialsException",
            "py:fastapi.HTTPException",
        ),
        (
            "py:authlib.integrations.starlette_client.OAuthError",
            "py:builtins.Exception",
        ),
    ],
    ..Model::EMPTY
};

/// What is told of a token that is verified.
fn note_verification(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    secret: &Value,
    algorithm: Option<Ustr>,
    requires: Vec<Field>,
    span: Span,
) {
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, token),
        secret: host.deep_provenance(machine, secret),
        algorithms: Some(vec![algorithm.unwrap_or_else(|| Ustr::from("HS256"))]),
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires,
    });
    host.effect(machine, effect, span);
}

fn make_manager(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    machine.heap.get_mut(id).name = Some(Ustr::from("LoginManager"));
    Ok(Some(Value::object(id)))
}

/// `@manager.user_loader()`, and up to version 1.6 `@manager.user_loader`.
fn user_loader(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if let (Some(manager), true) = (call.receiver, crate::store::is_function(machine, &first)) {
        let properties = &mut machine.heap.get_mut(manager).properties;
        properties.insert(Ustr::from("$loader"), first.clone());
        return Ok(Some(first));
    }
    let id = host.make_object(machine, "fastapi_login:loader", call.span);
    machine.heap.get_mut(id).elements = vec![call.this.clone()];
    Ok(Some(Value::object(id)))
}

fn set_loader(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let manager = call
        .receiver
        .and_then(|id| machine.heap.get(id).elements.first()?.only_object());
    if let Some(manager) = manager {
        let properties = &mut machine.heap.get_mut(manager).properties;
        properties.insert(Ustr::from("$loader"), function.clone());
    }
    Ok(Some(function))
}

/// Reads and verifies the token that a manager looks for.
fn manager_proof(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    manager: Option<ObjectId>,
    span: Span,
) -> Value {
    let by_cookie = kept(machine, manager, usize::MAX, "use_cookie").and_then(|it| it.truth());
    let token = match by_cookie {
        Some(true) => {
            let name = kept(machine, manager, usize::MAX, "cookie_name").and_then(|it| it.text());
            let name = name.unwrap_or_else(|| Ustr::from("access-token"));
            named_part(host, machine, RequestPart::Cookie, &name)
        }
        _ => named_part(host, machine, RequestPart::Header, "authorization"),
    };
    let secret = kept(machine, manager, 0, "secret").unwrap_or_else(Value::null);
    let algorithm = kept(machine, manager, usize::MAX, "algorithm").and_then(|it| it.text());
    note_verification(host, machine, &token, &secret, algorithm, Vec::new(), span);
    proof_of(host, machine, &[&token], span)
}

/// The user that the program's own loader finds by the subject of the token.
fn loaded(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    manager: Option<ObjectId>,
    span: Span,
) -> Result<Value, Stop> {
    let origin = Origin::Principal(Ustr::from("sub"));
    let subject = value_from(host, machine, Shape::String, origin);
    let Some(loader) = kept(machine, manager, usize::MAX, "$loader") else {
        return Ok(subject.shaped(Shape::Object));
    };
    let arguments = Arguments::positional([subject]);
    let called = machine.call_value(&loader, None, &arguments, span)?;
    crate::fastapi::plan::settled(machine, called, span)
}

fn current_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let proof = manager_proof(host, machine, call.receiver, call.span);
    refuse_unless(host, machine, &proof, 401, call.span)?;
    let user = loaded(host, machine, call.receiver, call.span)?;
    let test = machine.tested(TestKind::Truth, user.truth(), &[&user], call.span);
    refuse_unless(host, machine, &test, 401, call.span)?;
    Ok(Some(user.filter(|atom| !atom.is_nothing()).unwrap_or(user)))
}

fn optional_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let proof = manager_proof(host, machine, call.receiver, call.span);
    if proof.truth() == Some(false) {
        return Ok(Some(Value::null().with_origins(proof.origins)));
    }
    let mut user = loaded(host, machine, call.receiver, call.span)?;
    user.add(Atom::Null);
    Ok(Some(user))
}

fn issue(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    secret: &Value,
    algorithm: Option<Ustr>,
    expires: Option<Value>,
    claims: Vec<Field>,
    span: Span,
) -> Value {
    let effect = EffectKind::Issue(IssueToken {
        kind: TokenKind::Jwt,
        secret: host.deep_provenance(machine, secret),
        algorithm: Some(algorithm.unwrap_or_else(|| Ustr::from("HS256"))),
        expires: expires.map(|expires| host.deep_provenance(machine, &expires)),
        claims,
    });
    host.effect(machine, effect, span);
    value_from(host, machine, Shape::String, Origin::Signature)
}

fn manager_token(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = kept(machine, call.receiver, 0, "secret").unwrap_or_else(Value::null);
    let algorithm = kept(machine, call.receiver, usize::MAX, "algorithm").and_then(|it| it.text());
    let expires = call.arguments.keyword("expires").cloned();
    let default = kept(machine, call.receiver, usize::MAX, "default_expiry");
    let expires = expires.or(default).unwrap_or_else(|| Value::number(900.0));
    let data = argument(call, usize::MAX, "data");
    let (claims, _) = crate::store::written(host, machine, &data);
    let token = issue(
        host,
        machine,
        &secret,
        algorithm,
        Some(expires),
        claims,
        call.span,
    );
    Ok(Some(token))
}

/// `manager.set_cookie(response, token)`: HttpOnly, and nothing else.
fn manager_cookie(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = kept(machine, call.receiver, usize::MAX, "cookie_name").and_then(|it| it.text());
    let name = name.unwrap_or_else(|| Ustr::from("access-token"));
    let token = argument(call, 1, "token");
    let flags = [Flag::On, Flag::Default];
    set_cookie(host, machine, &name, &token, flags, call.span);
    Ok(Some(Value::null()))
}

fn set_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    value: &Value,
    [http_only, secure]: [Flag; 2],
    span: Span,
) {
    let cookie = SetCookie {
        name: Some(Ustr::from(name)),
        http_only,
        secure,
        same_site: Some(Ustr::from("lax")),
        same_site_flag: Flag::Default,
        path: None,
        is_session: false,
        value: host.deep_provenance(machine, value),
    };
    host.effect(machine, EffectKind::SetCookie(cookie), span);
}

fn keep_function(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// `@AuthJWT.load_config` calls its function: the settings are what it gives.
fn load_config(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let (settings, _) = machine
        .catching(|machine| machine.call_value(&function, None, &Arguments::default(), call.span));
    host.state().jwt_auth = settings.ok();
    Ok(Some(function))
}

fn make_auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, AUTH, call.span);
    Ok(Some(Value::object(id)))
}

/// A setting: a member of an object, or one of a list of pairs.
fn setting(host: &ModelHost, machine: &mut Machine<'_>, name: &str, span: Span) -> Option<Value> {
    let settings = host.state().jwt_auth.clone()?;
    for pair in machine.elements_of(&settings).0 {
        let parts = machine.elements_of(&pair).0;
        if let [key, value] = parts.as_slice()
            && key.text().is_some_and(|key| key == name)
        {
            return Some(value.clone());
        }
    }
    let found = machine.member(&settings, Ustr::from(name), span).ok()?;
    // What a class of a library's does not declare could be a method of it.
    let is_method = |id: ObjectId| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Method { .. } | ObjectKind::Bound { .. }
        )
    };
    let is_missing = found.is_nothing() || found.objects().any(is_method);
    (!is_missing).then_some(found)
}

fn auth_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let subject = |host: &ModelHost, machine: &mut Machine<'_>, claim: &str| {
        value_from(
            host,
            machine,
            Shape::Any,
            Origin::Principal(Ustr::from(claim)),
        )
    };
    Ok(Some(match last_name(&call.path) {
        "jwt_required" | "fresh_jwt_required" => require_token(host, machine, "access", span)?,
        "jwt_refresh_token_required" => require_token(host, machine, "refresh", span)?,
        "jwt_optional" => {
            read_token(host, machine, "access", span);
            Value::null()
        }
        "get_jwt_subject" => match host.persona() {
            crate::Persona::Attacker => Value::null(),
            _ => subject(host, machine, "sub"),
        },
        "get_raw_jwt" => subject(host, machine, "").shaped(Shape::Object),
        "get_jti" => subject(host, machine, "jti"),
        "create_access_token" => auth_token(host, machine, call, "access"),
        "create_refresh_token" => auth_token(host, machine, call, "refresh"),
        "set_access_cookies" | "set_refresh_cookies" => {
            let name = match call.path.contains("access") {
                true => "access_token_cookie",
                false => "refresh_token_cookie",
            };
            let secure = setting(host, machine, "authjwt_cookie_secure", span);
            let secure = match secure.map(|secure| secure.truth()) {
                None => Flag::Default,
                Some(Some(true)) => Flag::On,
                Some(Some(false)) => Flag::Off,
                Some(None) => Flag::Unknown,
            };
            let token = call.arguments.get(0);
            set_cookie(host, machine, name, &token, [Flag::On, secure], span);
            Value::null()
        }
        "unset_jwt_cookies" | "unset_access_cookies" | "unset_refresh_cookies" => {
            let name = Some(Ustr::from("access_token_cookie"));
            host.effect(machine, EffectKind::ClearCookie(name), span);
            Value::null()
        }
        _ => return Ok(None),
    }))
}

/// Reads the token of a request, from the header unless the settings say cookies.
fn read_token(host: &ModelHost, machine: &mut Machine<'_>, kind: &str, span: Span) -> Value {
    let location = setting(host, machine, "authjwt_token_location", span);
    let by_cookie = location.is_some_and(|location| {
        let names = machine.elements_of(&location).0;
        names
            .iter()
            .any(|name| name.text().is_some_and(|name| name == "cookies"))
    });
    let token = match by_cookie {
        true => {
            let name = format!("{kind}_token_cookie");
            named_part(host, machine, RequestPart::Cookie, &name)
        }
        false => named_part(host, machine, RequestPart::Header, "authorization"),
    };
    let secret = setting(host, machine, "authjwt_secret_key", span).unwrap_or_else(Value::null);
    let algorithm = setting(host, machine, "authjwt_algorithm", span).and_then(|it| it.text());
    let requires = vec![literal("type", kind)];
    note_verification(host, machine, &token, &secret, algorithm, requires, span);
    token
}

fn require_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    kind: &str,
    span: Span,
) -> Result<Value, Stop> {
    let token = read_token(host, machine, kind, span);
    let proof = proof_of(host, machine, &[&token], span);
    refuse_with(host, machine, &proof, AUTH_ERROR, 401, span)?;
    Ok(Value::null())
}

fn auth_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    kind: &'static str,
) -> Value {
    let secret = setting(host, machine, "authjwt_secret_key", call.span);
    let algorithm = setting(host, machine, "authjwt_algorithm", call.span);
    let name = format!("authjwt_{kind}_token_expires");
    let given = call.arguments.keyword("expires_time").cloned();
    let set = given.or_else(|| setting(host, machine, &name, call.span));
    let default = if kind == "access" { 900.0 } else { 2_592_000.0 };
    // `False` is a token for ever.
    let expires = match set {
        Some(set) if set.truth() == Some(false) => None,
        Some(set) => Some(set),
        None => Some(Value::number(default)),
    };
    let subject = argument(call, 0, "subject");
    let mut claims = vec![
        Field {
            name: Ustr::from("sub"),
            value: host.deep_provenance(machine, &subject),
            operator: "=",
        },
        literal("type", kind),
    ];
    if let Some(more) = call.arguments.keyword("user_claims") {
        claims.extend(crate::store::written(host, machine, more).0);
    }
    let secret = secret.unwrap_or_else(Value::null);
    let algorithm = algorithm.and_then(|algorithm| algorithm.text());
    issue(
        host, machine, &secret, algorithm, expires, claims, call.span,
    )
}

fn make_csrf(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi_csrf_protect:csrf", call.span);
    Ok(Some(Value::object(id)))
}

fn csrf_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match last_name(&call.path) {
        "validate_csrf" | "validate_csrf_in_cookies" => {
            let cookie = named_part(host, machine, RequestPart::Cookie, "fastapi-csrf-token");
            let sent = named_part(host, machine, RequestPart::Header, "x-csrf-token");
            let test = machine.tested(TestKind::Equality, None, &[&cookie, &sent], call.span);
            refuse_with(host, machine, &test, CSRF_ERROR, 403, call.span)?;
            Ok(Some(Value::null()))
        }
        "generate_csrf" | "generate_csrf_tokens" => {
            let origin = Origin::Random {
                cryptographic: true,
                bits: Some(512),
            };
            let token = value_from(host, machine, Shape::String, origin);
            let signed = value_from(host, machine, Shape::String, Origin::Signature);
            Ok(Some(machine.make_tuple(vec![token, signed], call.span)))
        }
        "set_csrf_cookie" => {
            let token = call.arguments.get(0);
            let flags = [Flag::On, Flag::Default];
            set_cookie(
                host,
                machine,
                "fastapi-csrf-token",
                &token,
                flags,
                call.span,
            );
            Ok(Some(Value::null()))
        }
        "unset_csrf_cookie" => nothing(host, machine, call),
        _ => Ok(None),
    }
}

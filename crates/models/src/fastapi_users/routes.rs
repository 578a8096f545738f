//! The routers of fastapi-users: which routes they have, and what those do.
//!
//! Source: fastapi-users 14.0, `router/auth.py`, `register.py`, `reset.py`, `verify.py`, `users.py`, and
//! `manager.py`: a new password is hashed; `forgot_password` hands a token for an hour to the program's own
//! `on_after_forgot_password`; resetting checks that the password is still the one that the token was made for;
//! `safe=True` drops `is_superuser` and its like from what users send.

use firedoor_app::{
    CompareSecret, ComparisonKind, EffectKind, Field, Flag, IssueToken, Operation, Origin,
    Provenance, RequestPart, SetCookie, TokenKind, VerifyToken,
};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::application::{depends_on, library_router};
use crate::fastapi::routes::add_routes;
use crate::fastapi_users::{guard_of, is_made_by, strategy_of, user_asset};
use crate::python_support::{
    argument, compare_secret, kept, last_name, proof_of, refuse_unless, value_from,
};
use crate::store::{self, Conditions};
use crate::{Model, ModelHost};

const HANDLER: &str = "fastapi_users:handler";

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi_users_routes",
    calls: &[
        ("fastapi_users:users.get_auth_router", router),
        ("fastapi_users:users.get_register_router", router),
        ("fastapi_users:users.get_reset_password_router", router),
        ("fastapi_users:users.get_verify_router", router),
        ("fastapi_users:users.get_users_router", router),
        ("fastapi_users:users.get_oauth_router", router),
        ("fastapi_users:handler", handle),
    ],
    ..Model::EMPTY
};

/// A route: the method, the path, the name, and what its guard asks for (nothing if there is none).
type Route = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static [&'static str]>,
);

fn routes(name: &str) -> &'static [Route] {
    match name {
        "get_auth_router" => &[
            ("post", "/login", "login", None),
            ("post", "/logout", "logout", Some(&["active"])),
        ],
        "get_register_router" => &[("post", "/register", "register", None)],
        "get_reset_password_router" => &[
            ("post", "/forgot-password", "forgot_password", None),
            ("post", "/reset-password", "reset_password", None),
        ],
        "get_verify_router" => &[
            (
                "post",
                "/request-verify-token",
                "request_verify_token",
                None,
            ),
            ("post", "/verify", "verify", None),
        ],
        "get_users_router" => &[
            ("get", "/me", "me", Some(&["active"])),
            ("patch", "/me", "update_me", Some(&["active"])),
            ("get", "/{id}", "get_user", Some(&["active", "superuser"])),
            (
                "patch",
                "/{id}",
                "update_user",
                Some(&["active", "superuser"]),
            ),
            (
                "delete",
                "/{id}",
                "delete_user",
                Some(&["active", "superuser"]),
            ),
        ],
        _ => &[
            ("get", "/authorize", "authorize", None),
            ("get", "/callback", "callback", None),
        ],
    }
}

fn router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = library_router(host, machine, call);
    let requires = call.arguments.keyword("requires_verification");
    let verified = requires.and_then(Value::truth) == Some(true);
    let is_oauth = call.path.ends_with("oauth_router");
    let backend = argument(call, usize::from(is_oauth), "backend");
    for (method, path, name, flags) in routes(last_name(&call.path)) {
        let endpoint = host.make_object(machine, HANDLER, call.span);
        let object = machine.heap.get_mut(endpoint);
        object.name = Some(Ustr::from(name));
        for (key, value) in [("$users", &call.this), ("$backend", &backend)] {
            object.properties.insert(Ustr::from(key), value.clone());
        }
        let mut arguments = Arguments::positional([Value::string(path)]);
        if let Some(flags) = flags {
            let mut flags = flags.to_vec();
            flags.extend(verified.then_some("verified"));
            let guard = guard_of(machine, &call.this, &flags, call.span);
            let depends = depends_on(host, machine, guard, call.span);
            let list = machine.make_list(vec![depends], false, call.span);
            arguments.keywords.insert(Ustr::from("dependencies"), list);
        }
        let endpoint = Value::object(endpoint);
        add_routes(host, machine, id, method, &arguments, &endpoint, call.span);
    }
    Ok(Some(Value::object(id)))
}

/// What a handler needs to know.
struct Handled {
    users: Option<ObjectId>,
    backend: Option<ObjectId>,
    class: Option<ObjectId>,
    asset: Ustr,
    span: Span,
}

fn handle(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let object = |machine: &Machine<'_>, name: &str| {
        kept(machine, Some(id), usize::MAX, name).and_then(|value| value.only_object())
    };
    let users = object(machine, "$users");
    let (class, asset) = user_asset(host, machine, users);
    let route = Handled {
        users,
        backend: object(machine, "$backend"),
        class,
        asset,
        span: machine.heap.get(id).span,
    };
    let name = machine.heap.get(id).name.unwrap_or_default();
    let value = match name.as_str() {
        "login" => log_in(host, machine, &route)?,
        "register" => register(host, machine, &route)?,
        "forgot_password" => mail_token(host, machine, &route, "reset"),
        "request_verify_token" => mail_token(host, machine, &route, "verify"),
        "reset_password" => reset(host, machine, &route)?,
        "verify" => verify(host, machine, &route)?,
        "me" => own_user(host, machine, &route),
        "update_me" => {
            let key = own_key(host, machine);
            change(host, machine, &route, &key);
            own_user(host, machine, &route)
        }
        "get_user" | "update_user" | "delete_user" => by_identity(host, machine, &route, &name)?,
        "logout" => {
            log_out(host, machine, &route);
            Value::null()
        }
        _ => Value::null(),
    };
    Ok(Some(value))
}

fn body(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    host.request_value(machine, RequestPart::Body, name)
        .shaped(Shape::String)
}

fn key_of(host: &ModelHost, machine: &mut Machine<'_>, name: &str, value: &Value) -> Conditions {
    let mut key = Conditions::default();
    key.add(host, machine, name, "=", value);
    key
}

fn own_key(host: &ModelHost, machine: &mut Machine<'_>) -> Conditions {
    let origin = Origin::Principal(Ustr::from("sub"));
    let id = value_from(host, machine, Shape::Any, origin);
    key_of(host, machine, "id", &id)
}

fn own_user(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) -> Value {
    let origin = Origin::Record {
        asset: route.asset,
        field: Ustr::from(""),
        of_principal: true,
    };
    value_from(host, machine, Shape::Object, origin)
}

/// Reads the user that a key finds; an instance of the program's class, if it has one.
fn find(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled, key: &Conditions) -> Value {
    let mut read = store::access(host, Operation::Read, route.asset);
    read.key.clone_from(&key.fields);
    store::note(host, machine, read, route.span);
    let Some(class) = route.class else {
        return store::existing(host, machine, route.asset, key);
    };
    let own = crate::python_records::Key {
        fields: key.fields.clone(),
        values: key.values.clone(),
    };
    let found = crate::python_records::find(host, machine, class, &own, route.span);
    let there = found.filter(|atom| !atom.is_nothing());
    there.unwrap_or_else(|| store::existing(host, machine, route.asset, key))
}

fn field(host: &ModelHost, machine: &mut Machine<'_>, name: &str, value: &Value) -> Field {
    Field {
        name: Ustr::from(name),
        value: host.deep_provenance(machine, value),
        operator: "=",
    }
}

fn hashed(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Field {
    let password = body(host, machine, "password");
    let given = host.deep_provenance(machine, &password);
    host.effect(machine, EffectKind::HashPassword(given), span);
    field(host, machine, "hashed_password", &password)
}

fn log_in(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) -> Result<Value, Stop> {
    let (name, password) = (
        body(host, machine, "username"),
        body(host, machine, "password"),
    );
    let key = key_of(host, machine, "email", &name);
    let user = find(host, machine, route, &key);
    let hash = machine.member(&user, Ustr::from("hashed_password"), route.span)?;
    let sides = (&password, &hash);
    let kind = ComparisonKind::Password;
    let test = compare_secret(host, machine, kind, sides, route.span);
    refuse_unless(host, machine, &test, 400, route.span)?;
    Ok(issue(host, machine, route, &user))
}

/// Gives a user a token, in the answer or in a cookie.
fn issue(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled, user: &Value) -> Value {
    let strategy = strategy_of(machine, route.backend);
    let is_jwt = is_made_by(machine, strategy, "JWTStrategy");
    let secret = kept(machine, strategy, 0, "secret").unwrap_or_else(Value::null);
    let lifetime = kept(machine, strategy, 1, "lifetime_seconds");
    let lifetime = lifetime.filter(|lifetime| !lifetime.is_nothing());
    let id = machine
        .member(user, Ustr::from("id"), route.span)
        .unwrap_or_else(|_| Value::unknown(Shape::Any));
    let audience = Value::string("fastapi-users:auth");
    let claims = vec![
        field(host, machine, "sub", &id),
        field(host, machine, "aud", &audience),
    ];
    let effect = EffectKind::Issue(IssueToken {
        kind: if is_jwt {
            TokenKind::Jwt
        } else {
            TokenKind::Opaque
        },
        secret: match is_jwt {
            true => host.deep_provenance(machine, &secret),
            false => Provenance::default(),
        },
        algorithm: is_jwt.then(|| Ustr::from("HS256")),
        expires: lifetime.map(|lifetime| host.deep_provenance(machine, &lifetime)),
        claims,
    });
    host.effect(machine, effect, route.span);
    let origin = match is_jwt {
        true => Origin::Signature,
        false => Origin::Random {
            cryptographic: true,
            bits: Some(256),
        },
    };
    let token = value_from(host, machine, Shape::String, origin);
    let transport = kept(machine, route.backend, 1, "transport").and_then(|it| it.only_object());
    if is_made_by(machine, transport, "CookieTransport") {
        set_cookie(host, machine, transport, &token, route.span);
        return Value::null();
    }
    crate::sql::object(machine, &[("access_token", token)], route.span)
}

/// `CookieTransport`: HttpOnly, Secure and SameSite `lax` unless it says otherwise.
fn set_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    transport: Option<ObjectId>,
    token: &Value,
    span: Span,
) {
    let option = |name: &str| kept(machine, transport, usize::MAX, name);
    let flag = |name: &str| match option(name).map(|value| value.truth()) {
        None | Some(Some(true)) => Flag::On,
        Some(Some(false)) => Flag::Off,
        Some(None) => Flag::Unknown,
    };
    let name = option("cookie_name").and_then(|name| name.text());
    let same_site = option("cookie_samesite").and_then(|value| value.text());
    let cookie = SetCookie {
        name: Some(name.unwrap_or_else(|| Ustr::from("fastapiusersauth"))),
        http_only: flag("cookie_httponly"),
        secure: flag("cookie_secure"),
        same_site: Some(same_site.unwrap_or_else(|| Ustr::from("lax"))),
        same_site_flag: Flag::On,
        path: option("cookie_path").and_then(|path| path.text()),
        is_session: false,
        value: host.deep_provenance(machine, token),
    };
    host.effect(machine, EffectKind::SetCookie(cookie), span);
}

fn log_out(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) {
    let transport = kept(machine, route.backend, 1, "transport").and_then(|it| it.only_object());
    if is_made_by(machine, transport, "CookieTransport") {
        let name = kept(machine, transport, usize::MAX, "cookie_name").and_then(|it| it.text());
        let name = name.unwrap_or_else(|| Ustr::from("fastapiusersauth"));
        host.effect(machine, EffectKind::ClearCookie(Some(name)), route.span);
    }
}

fn register(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) -> Result<Value, Stop> {
    let email = body(host, machine, "email");
    let key = key_of(host, machine, "email", &email);
    find(host, machine, route, &key);
    let mut access = store::access(host, Operation::Create, route.asset);
    let email = field(host, machine, "email", &email);
    access.values = vec![email, hashed(host, machine, route.span)];
    store::note(host, machine, access, route.span);
    let made = store::existing(host, machine, route.asset, &Conditions::default());
    Ok(made)
}

/// The manager of the program, made by its own dependency.
fn manager(machine: &mut Machine<'_>, route: &Handled) -> Option<Value> {
    let function = kept(machine, route.users, 0, "get_user_manager")?;
    let (made, _) = machine.catching(|machine| {
        let made = machine.call_value(&function, None, &Arguments::default(), route.span)?;
        crate::fastapi::plan::settled(machine, made, route.span)
    });
    let made = made.ok()?;
    let is_generator = made
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    match is_generator {
        true => machine.elements_of(&made).0.into_iter().next(),
        false => Some(made),
    }
}

fn manager_secret(machine: &mut Machine<'_>, route: &Handled, purpose: &str) -> Value {
    let name = match purpose {
        "reset" => "reset_password_token_secret",
        _ => "verification_token_secret",
    };
    let manager = manager(machine, route);
    let secret =
        manager.and_then(|manager| machine.member(&manager, Ustr::from(name), route.span).ok());
    secret.unwrap_or_else(Value::null)
}

/// A token for a mail is made and given to the program's own hook.
fn mail_token(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Handled,
    purpose: &str,
) -> Value {
    let email = body(host, machine, "email");
    let key = key_of(host, machine, "email", &email);
    let user = find(host, machine, route, &key);
    let secret = manager_secret(machine, route, purpose);
    let audience = Value::string(&format!("fastapi-users:{purpose}"));
    let lifetime = Value::number(3600.0);
    let id = machine
        .member(&user, Ustr::from("id"), route.span)
        .unwrap_or_else(|_| Value::unknown(Shape::Any));
    let effect = EffectKind::Issue(IssueToken {
        kind: TokenKind::Jwt,
        secret: host.deep_provenance(machine, &secret),
        algorithm: Some(Ustr::from("HS256")),
        expires: Some(host.deep_provenance(machine, &lifetime)),
        claims: vec![
            field(host, machine, "sub", &id),
            field(host, machine, "aud", &audience),
        ],
    });
    host.effect(machine, effect, route.span);
    let token = value_from(host, machine, Shape::String, Origin::Signature);
    let hook = match purpose {
        "reset" => "on_after_forgot_password",
        _ => "on_after_request_verify",
    };
    if let Some(manager) = manager(machine, route).filter(|manager| {
        manager
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }))
    }) {
        let arguments = Arguments::positional([user, token, Value::null()]);
        let _ = machine.catching(|machine| {
            let done = machine.call_member(&manager, Ustr::from(hook), &arguments, route.span)?;
            crate::fastapi::plan::settled(machine, done, route.span)
        });
    }
    Value::null()
}

/// Takes a mailed token apart, or refuses.
fn mailed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Handled,
    purpose: &str,
) -> Result<Conditions, Stop> {
    let token = body(host, machine, "token");
    let secret = manager_secret(machine, route, purpose);
    let audience = Value::string(&format!("fastapi-users:{purpose}"));
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: host.deep_provenance(machine, &token),
        secret: host.deep_provenance(machine, &secret),
        algorithms: Some(vec![Ustr::from("HS256")]),
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: vec![field(host, machine, "aud", &audience)],
    });
    host.effect(machine, effect, route.span);
    let proof = proof_of(host, machine, &[&token], route.span);
    refuse_unless(host, machine, &proof, 400, route.span)?;
    let id = value_from(host, machine, Shape::Any, Origin::Claim(Ustr::from("sub")));
    Ok(key_of(host, machine, "id", &id))
}

/// The token carries a digest of the password that it was made for, so that it works once.
fn reset(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) -> Result<Value, Stop> {
    let key = mailed(host, machine, route, "reset")?;
    let user = find(host, machine, route, &key);
    let claim = Origin::Claim(Ustr::from("password_fgpt"));
    let print = value_from(host, machine, Shape::String, claim);
    let current = machine.member(&user, Ustr::from("hashed_password"), route.span)?;
    let effect = EffectKind::CompareSecret(CompareSecret {
        kind: ComparisonKind::ConstantTime,
        given: host.deep_provenance(machine, &print),
        expected: host.deep_provenance(machine, &current),
    });
    host.effect(machine, effect, route.span);
    let test = proof_of(host, machine, &[&print, &current], route.span);
    refuse_unless(host, machine, &test, 400, route.span)?;
    let mut access = store::access(host, Operation::Update, route.asset);
    access.key.clone_from(&key.fields);
    access.values = vec![hashed(host, machine, route.span)];
    store::note(host, machine, access, route.span);
    Ok(Value::null())
}

fn verify(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled) -> Result<Value, Stop> {
    let key = mailed(host, machine, route, "verify")?;
    let user = find(host, machine, route, &key);
    let mut access = store::access(host, Operation::Update, route.asset);
    access.key.clone_from(&key.fields);
    access.values = vec![field(host, machine, "is_verified", &Value::bool(true))];
    store::note(host, machine, access, route.span);
    Ok(user)
}

/// What a user may change of himself: his address and his password.
fn change(host: &ModelHost, machine: &mut Machine<'_>, route: &Handled, key: &Conditions) {
    let email = body(host, machine, "email");
    let mut access = store::access(host, Operation::Update, route.asset);
    access.key.clone_from(&key.fields);
    let email = field(host, machine, "email", &email);
    access.values = vec![email, hashed(host, machine, route.span)];
    store::note(host, machine, access, route.span);
}

fn by_identity(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Handled,
    name: &str,
) -> Result<Value, Stop> {
    let id = host.request_value(machine, RequestPart::Path, "id");
    let key = key_of(host, machine, "id", &id);
    let user = find(host, machine, route, &key);
    match name {
        "update_user" => change(host, machine, route, &key),
        "delete_user" => {
            let mut access = store::access(host, Operation::Delete, route.asset);
            access.key.clone_from(&key.fields);
            store::note(host, machine, access, route.span);
            return Ok(Value::null());
        }
        _ => {}
    }
    Ok(user)
}

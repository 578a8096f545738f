//! fastapi-users 10 to 14: the guards that it makes, its table of users, and its routers.
//!
//! Sources: fastapi-users 14.0, `authentication/authenticator.py` (401 for nobody and for inactive users, 403 for
//! those who are not verified or no superusers), `router/*.py` and `manager.py`; fastapi-users-db-sqlalchemy
//! 7.0. What the routes do is in [`crate::fastapi_users::routes`].

pub(crate) mod routes;

use firedoor_app::{EffectKind, Field, Origin, RequestPart, TokenKind, VerifyToken};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::inputs::named_part;
use crate::python_records::{asset_of, instance_value, stored_instance};
use crate::python_support::{keep, kept, object_with_arguments, proof_of, refuse_unless};
use crate::{Model, ModelHost};

pub(crate) const USERS: &str = "fastapi_users:users";
const GUARD: &str = "fastapi_users:guard";
const TABLE: &str = "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable";

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi_users",
    calls: &[
        ("py:fastapi_users.FastAPIUsers", make),
        ("py:fastapi_users.FastAPIUsers[]", make),
        (
            "py:fastapi_users.authentication.AuthenticationBackend",
            keep,
        ),
        ("py:fastapi_users.authentication.JWTStrategy", keep),
        ("py:fastapi_users.authentication.DatabaseStrategy", keep),
        ("py:fastapi_users.authentication.RedisStrategy", keep),
        ("py:fastapi_users.authentication.BearerTransport", keep),
        ("py:fastapi_users.authentication.CookieTransport", keep),
        ("fastapi_users:users.current_user", current_user),
        ("fastapi_users:guard", run_guard),
        (
            "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable().__init__",
            crate::python_support::nothing,
        ),
    ],
    members: &[
        (
            "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable.*",
            crate::sqlalchemy::class_member,
        ),
        (
            "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable().*",
            crate::sqlalchemy::instance_member,
        ),
    ],
    classes: &[(TABLE, table_made)],
    instances: &[(TABLE, crate::sqlalchemy::instance_made)],
    set_indexes: &[(
        "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTable()",
        crate::sqlalchemy::set_any,
    )],
    aliases: &[
        ("py:fastapi_users.db.SQLAlchemyBaseUserTable", TABLE),
        ("py:fastapi_users.db.SQLAlchemyBaseUserTableUUID", TABLE),
        (
            "py:fastapi_users_db_sqlalchemy.SQLAlchemyBaseUserTableUUID",
            TABLE,
        ),
        (
            "py:fastapi_users.fastapi_users.FastAPIUsers",
            "py:fastapi_users.FastAPIUsers",
        ),
        (
            "py:fastapi_users.authentication.strategy.JWTStrategy",
            "py:fastapi_users.authentication.JWTStrategy",
        ),
    ],
    ..Model::EMPTY
};

/// The table has the columns of the library beside its own.
fn table_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let own = crate::sqlalchemy::columns::take_columns(host, machine, class);
    let mut columns: Vec<(Ustr, Value)> = [
        "id",
        "email",
        "hashed_password",
        "is_active",
        "is_superuser",
        "is_verified",
    ]
    .iter()
    .map(|name| (Ustr::from(name), Value::null()))
    .collect();
    columns.retain(|(name, _)| own.iter().all(|(known, _)| known != name));
    columns.extend(own);
    crate::sqlalchemy::columns::declare_model(host, machine, class, columns, span);
    let name = host.state().asset_of.get(&class).copied();
    let mut state = host.state();
    let asset = name.and_then(|name| state.assets.get_mut(&name));
    for field in asset.into_iter().flat_map(|asset| &mut asset.fields) {
        field.is_unique |= field.name == "id" || field.name == "email";
    }
}

/// `FastAPIUsers[User, int](get_user_manager, [backend])`.
fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, USERS, call.span);
    let parameters = call
        .receiver
        .map(|receiver| machine.heap.get(receiver).elements.clone());
    let object = machine.heap.get_mut(id);
    object.elements = call.arguments.positional.clone();
    object.properties = call.arguments.keywords.clone();
    if let Some(user) = parameters.and_then(|parameters| parameters.first().cloned()) {
        object.properties.insert(Ustr::from("$user"), user);
    }
    Ok(Some(Value::object(id)))
}

/// Makes the dependency that gives the user who is asking.
pub(crate) fn current_user(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = guard_object(machine, call);
    Ok(Some(Value::object(id)))
}

fn guard_object(machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let id = object_with_arguments(machine, call);
    let object = machine.heap.get_mut(id);
    object.kind = ObjectKind::Host(Ustr::from(GUARD));
    object.name = Some(Ustr::from("current_user"));
    object
        .properties
        .insert(Ustr::from("$users"), call.this.clone());
    id
}

/// Makes the guard that a router of the library asks for.
pub(crate) fn guard_of(
    machine: &mut Machine<'_>,
    users: &Value,
    flags: &[&str],
    span: Span,
) -> Value {
    let mut arguments = Arguments::default();
    for flag in flags {
        arguments
            .keywords
            .insert(Ustr::from(flag), Value::bool(true));
    }
    let call = Call {
        path: Ustr::from("fastapi_users:users.current_user"),
        receiver: None,
        this: users.clone(),
        arguments: &arguments,
        span,
        is_new: false,
    };
    Value::object(guard_object(machine, &call))
}

/// Returns the class of the users and the asset that it stands for.
pub(crate) fn user_asset(
    host: &ModelHost,
    machine: &Machine<'_>,
    users: Option<ObjectId>,
) -> (Option<ObjectId>, Ustr) {
    let class = kept(machine, users, usize::MAX, "$user").and_then(|user| user.only_object());
    let asset = class.and_then(|class| asset_of(host, machine, class));
    let name = class.and_then(|class| machine.heap.get(class).name);
    let known = asset.or(name).unwrap_or_else(|| Ustr::from("User"));
    (class.filter(|_| asset.is_some()), known)
}

/// The strategy of a backend: what its function gives.
pub(crate) fn strategy_of(
    machine: &mut Machine<'_>,
    backend: Option<ObjectId>,
) -> Option<ObjectId> {
    let function = kept(machine, backend, 2, "get_strategy")?;
    let span = machine.heap.get(backend?).span;
    let (made, _) = machine
        .catching(|machine| machine.call_value(&function, None, &Arguments::default(), span));
    made.ok()?.only_object()
}

/// Holds if an object was made by calling something with this name.
pub(crate) fn is_made_by(machine: &Machine<'_>, id: Option<ObjectId>, name: &str) -> bool {
    id.is_some_and(|id| {
        matches!(machine.heap.get(id).kind,
            ObjectKind::Host(path) if path.ends_with(&format!(".{name}()")))
    })
}

/// Reads the credential that the transports of the backends carry.
fn credential(host: &ModelHost, machine: &mut Machine<'_>, users: Option<ObjectId>) -> Value {
    let backends = kept(machine, users, 1, "auth_backends").unwrap_or_else(Value::null);
    let mut read: Vec<Value> = Vec::new();
    for backend in machine.elements_of(&backends).0 {
        let transport = kept(machine, backend.only_object(), 1, "transport");
        let transport = transport.and_then(|transport| transport.only_object());
        let is_cookie = is_made_by(machine, transport, "CookieTransport");
        let value = match is_cookie {
            true => {
                let name = kept(machine, transport, 0, "cookie_name").and_then(|name| name.text());
                let name = name.unwrap_or_else(|| Ustr::from("fastapiusersauth"));
                named_part(host, machine, RequestPart::Cookie, &name)
            }
            false => named_part(host, machine, RequestPart::Header, "authorization"),
        };
        note_verification(host, machine, backend.only_object(), &value);
        read.push(value);
    }
    match read.is_empty() {
        true => named_part(host, machine, RequestPart::Header, "authorization"),
        false => machine.join_all(&read),
    }
}

fn note_verification(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    backend: Option<ObjectId>,
    token: &Value,
) {
    let strategy = strategy_of(machine, backend);
    let Some(made) = strategy.filter(|_| is_made_by(machine, strategy, "JWTStrategy")) else {
        return;
    };
    let span = machine.heap.get(made).span;
    let secret = kept(machine, strategy, 0, "secret").unwrap_or_else(Value::null);
    let algorithm = kept(machine, strategy, 3, "algorithm").and_then(|value| value.text());
    let audience =
        firedoor_app::Provenance::new([Origin::Literal(Ustr::from("fastapi-users:auth"))]);
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
        requires: vec![Field {
            name: Ustr::from("aud"),
            value: audience,
            operator: "=",
        }],
    });
    host.effect(machine, effect, span);
}

/// Who is asking, or a refusal.
fn run_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = call.receiver;
    let users = kept(machine, guard, usize::MAX, "$users").and_then(|users| users.only_object());
    let is_set = |machine: &Machine<'_>, name: &str| {
        kept(machine, guard, usize::MAX, name).and_then(|value| value.truth()) == Some(true)
    };
    let credential = credential(host, machine, users);
    let proof = proof_of(host, machine, &[&credential], call.span);
    if is_set(machine, "optional") {
        return optional_user(host, machine, users, &proof, call.span);
    }
    refuse_unless(host, machine, &proof, 401, call.span)?;
    let user = user(host, machine, users, &credential, call.span);
    for (flag, field, status) in [
        ("active", "is_active", 401),
        ("verified", "is_verified", 403),
        ("superuser", "is_superuser", 403),
    ] {
        if is_set(machine, flag) {
            must_have(host, machine, &user, field, status, call.span)?;
        }
    }
    Ok(Some(user))
}

fn must_have(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    user: &Value,
    field: &str,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    let value = machine.member(user, Ustr::from(field), span)?;
    let test = machine.tested(TestKind::Truth, None, &[&value], span);
    refuse_unless(host, machine, &test, status, span)
}

fn optional_user(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    users: Option<ObjectId>,
    proof: &Value,
    span: Span,
) -> Answer {
    if proof.truth() == Some(false) {
        return Ok(Some(Value::null().with_origins(proof.origins)));
    }
    let mut user = user(host, machine, users, proof, span);
    user.add(Atom::Null);
    Ok(Some(user))
}

/// The record of the user who is asking.
fn user(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    users: Option<ObjectId>,
    by: &Value,
    span: Span,
) -> Value {
    let (class, asset) = user_asset(host, machine, users);
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: true,
    };
    let origins = host.origin(machine, origin);
    let mut found = Value::unknown(Shape::Object).with_origins(origins);
    found.control = by.origins;
    let Some(class) = class else {
        return found;
    };
    let mut key = crate::python_records::Key::default();
    let mut id = Value::unknown(Shape::Any);
    id.origins = host.origin(machine, Origin::Principal(Ustr::from("sub")));
    key.add(host, machine, "id", "=", &id);
    let id = stored_instance(host, machine, class, &found, &key, span);
    instance_value(host, id)
}

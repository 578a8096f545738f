//! Who is asking: `request.user`, logging in and out, and what users may do.
//!
//! For an attacker `request.user` is Django's anonymous user; for a user it is a record of the project's class of
//! users that is found by the session. Sources: django 5.2 `contrib/auth/__init__.py`, `models.py`,
//! `base_user.py`, `backends.py`, `hashers.py`.

use firedoor_app::{ComparisonKind, EffectKind, Field, Origin, RequestPart, SessionOperation};
use firedoor_eval::{
    Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value,
};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use super::{orm, project};
use crate::python_records::{Key, instance_value, stored_instance};
use crate::python_support::{argument, last_name, value_from};
use crate::{Model, ModelHost, Persona};

/// What an anonymous user is.
const ANONYMOUS: &str = "py:django.contrib.auth.models.AnonymousUser()";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:django.contrib.auth.get_user_model", user_model),
        ("py:django.contrib.auth.get_user", get_user),
        ("py:django.contrib.auth.login", log_in),
        ("py:django.contrib.auth.alogin", log_in),
        ("py:django.contrib.auth.logout", log_out),
        ("py:django.contrib.auth.alogout", log_out),
        (
            "py:django.contrib.auth.update_session_auth_hash",
            keep_session,
        ),
        (
            "py:django.contrib.auth.hashers.make_password",
            hash_password,
        ),
        ("py:django.contrib.auth.hashers.check_password", check_hash),
        (
            "py:django.contrib.auth.password_validation.validate_password",
            validate_password,
        ),
        (
            "py:django.contrib.auth.models.AnonymousUser",
            anonymous_user,
        ),
        (
            "py:django.contrib.auth.models.AnonymousUser().*",
            anonymous_method,
        ),
    ],
    members: &[(
        "py:django.contrib.auth.models.AnonymousUser().*",
        anonymous_member,
    )],
    operators: &[(ANONYMOUS, compare_records)],
    subclasses: &[
        (
            "py:django.contrib.auth.models.User",
            "py:django.contrib.auth.models.AbstractUser",
        ),
        (
            "py:django.contrib.auth.models.AbstractUser",
            "py:django.contrib.auth.models.AbstractBaseUser",
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser",
            "py:django.db.models.Model",
        ),
        (
            "py:django.contrib.auth.models.AnonymousUser",
            "py:builtins.object",
        ),
    ],
    aliases: &[(
        "py:django.contrib.auth.base_user.AbstractBaseUser",
        "py:django.contrib.auth.models.AbstractBaseUser",
    )],
    ..Model::EMPTY
};

/// Returns the class of the project's users.
pub(crate) fn class(host: &ModelHost, machine: &mut Machine<'_>) -> ObjectId {
    let named = project::setting(host, machine, "AUTH_USER_MODEL").and_then(|name| name.text());
    let name = named.and_then(|name| name.rsplit('.').next().map(Ustr::from));
    let own = name.and_then(|name| orm::class_named(host, machine, &name));
    own.unwrap_or_else(|| orm::library_class(host, machine, "py:django.contrib.auth.models.User"))
}

fn user_model(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let class = class(host, machine);
    Ok(Some(Value::object(class)))
}

/// What reading the session of a request gives.
fn session(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let credential = host.state().django.credential;
    let (part, name) = credential.unwrap_or((RequestPart::Session, "_auth_user_id"));
    let origin = Origin::Request(part, Ustr::from(name));
    host.reads(origin.clone());
    value_from(host, machine, Shape::Any, origin)
}

/// Returns `request.user`.
pub(crate) fn current(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let name = Ustr::from("user");
    let id = request.only_object();
    if let Some(known) = id.and_then(|id| machine.heap.property(id, name).cloned()) {
        if host.is_request() {
            session(host, machine);
        }
        return Ok(known);
    }
    let value = match host.persona() {
        Persona::Attacker => anonymous(host, machine, span),
        _ => principal(host, machine, span),
    };
    if let Some(id) = id {
        machine.heap.set_property(id, name, value.clone());
    }
    Ok(value)
}

/// Puts there who asks before anybody has asked for it: middleware that names some callers leaves the others who they
/// are.
pub(crate) fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Result<(), Stop> {
    let reads = host.state().run.reads.len();
    current(host, machine, request, span)?;
    host.state().run.reads.truncate(reads);
    Ok(())
}

/// Returns `request.user` as it is handed on: nobody has looked at it yet.
pub(crate) fn handed_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    settle(host, machine, request, span)?;
    Ok(known(machine, request).unwrap_or_else(Value::null))
}

/// Returns the user whom the request is known to have.
pub(crate) fn known(machine: &Machine<'_>, request: &Value) -> Option<Value> {
    let id = request.only_object()?;
    machine.heap.property(id, Ustr::from("user")).cloned()
}

/// Lets the request have that user too, besides whom it has now.
pub(crate) fn may_remain(machine: &mut Machine<'_>, request: &Value, before: Option<Value>) {
    let (Some(id), Some(before), Some(now)) =
        (request.only_object(), before, known(machine, request))
    else {
        return;
    };
    if now != before {
        let both = machine.join(before, &now);
        machine.heap.set_property(id, Ustr::from("user"), both);
    }
}

/// Makes the user that an attacker is.
pub(crate) fn anonymous(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    let id = host.make_object(machine, ANONYMOUS, span);
    let from = session(host, machine);
    Value::object(id).with_origins(from.origins)
}

/// Makes the user that a request was proven to come from.
pub(crate) fn principal(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    session(host, machine);
    let class = class(host, machine);
    let asset = crate::python_records::asset_of(host, machine, class);
    let asset = asset.unwrap_or_else(|| Ustr::from("User"));
    let by = value_from(
        host,
        machine,
        Shape::Any,
        Origin::Principal(Ustr::from("id")),
    );
    let mut key = Key::default();
    key.add(host, machine, "id", "=", &by);
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: true,
    };
    let found = Value::null().with_origins(host.origin(machine, origin));
    let id = stored_instance(host, machine, class, &found, &key, span);
    instance_value(host, id)
}

pub(crate) fn user_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    current(host, machine, &this, call.span).map(Some)
}

fn get_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = call.arguments.get(0);
    current(host, machine, &request, call.span).map(Some)
}

fn anonymous_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ANONYMOUS, call.span);
    Ok(Some(Value::object(id)))
}

/// `record == other`: nobody is no record of the database, and not the nothing that a reference to none is
/// (Django 5.2, `contrib/auth/models.py`).
pub(crate) fn compare_records(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    let is_nobody = |machine: &Machine<'_>, side: &Value| {
        side.only_object().is_some_and(
            |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == ANONYMOUS),
        )
    };
    let is_record = |machine: &Machine<'_>, side: &Value| {
        let mut atoms = side.atoms().iter();
        !side.atoms().is_empty()
            && atoms.all(|atom| match atom {
                Atom::Object(id) => {
                    matches!(machine.heap.get(*id).kind, ObjectKind::Instance { .. })
                }
                atom => atom.is_nothing(),
            })
    };
    let is_apart = is_nobody(machine, left) && is_record(machine, right)
        || is_record(machine, left) && is_nobody(machine, right);
    let is_denial = match operator {
        BinaryOperator::Equal | BinaryOperator::Is => false,
        BinaryOperator::NotEqual | BinaryOperator::IsNot => true,
        _ => return None,
    };
    if !is_apart {
        return crate::sqlalchemy::compare_instances(host, machine, operator, left, right, span);
    }
    let equal = machine.tested(TestKind::Equality, Some(false), &[left, right], span);
    Some(match is_denial {
        true => machine.negate(&equal),
        false => equal,
    })
}

/// What an anonymous user says of itself.
fn anonymous_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let from = session(host, machine);
    let value = match last_name(&path) {
        "is_authenticated" => machine.tested(TestKind::Proof, Some(false), &[&from], span),
        "is_anonymous" => machine.tested(TestKind::Proof, Some(true), &[&from], span),
        "is_staff" | "is_superuser" | "is_active" => {
            machine.tested(TestKind::Proof, Some(false), &[&from], span)
        }
        "username" => Value::string("").with_origins(from.origins),
        "has_perm"
        | "has_perms"
        | "has_module_perms"
        | "get_all_permissions"
        | "save"
        | "delete"
        | "check_password"
        | "set_password"
        | "get_username" => return None,
        "groups" | "user_permissions" => {
            let list = machine.make_list(Vec::new(), false, span);
            list.with_origins(from.origins)
        }
        _ => Value::null().with_origins(from.origins),
    };
    Some(value)
}

fn anonymous_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let from = session(host, machine);
    Ok(match last_name(&call.path) {
        "has_perm" | "has_perms" | "has_module_perms" => {
            return super::backends::grants_nobody(host, machine, call, &from).map(Some);
        }
        "check_password" => Some(machine.tested(TestKind::Proof, Some(false), &[&from], call.span)),
        "get_username" => Some(Value::string("").with_origins(from.origins)),
        _ => None,
    })
}

/// The test whether somebody is logged in.
pub(crate) fn is_authenticated(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let user = current(host, machine, request, span)?;
    let test = machine.member(&user, Ustr::from("is_authenticated"), span)?;
    Ok(test)
}

/// The test whether all of these flags of a user are set.
pub(crate) fn flag(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    names: &[&str],
    span: Span,
) -> Result<Value, Stop> {
    let user = current(host, machine, request, span)?;
    let mut last = Value::bool(true);
    for name in names {
        last = machine.member(&user, Ustr::from(name), span)?;
        if last.truth() == Some(false) {
            return Ok(last);
        }
    }
    Ok(last)
}

/// The test whether a user has a permission.
pub(crate) fn has_permission(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    permission: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let user = current(host, machine, request, span)?;
    let arguments = firedoor_eval::Arguments::positional([permission.clone()]);
    machine.call_member(&user, Ustr::from("has_perm"), &arguments, span)
}

/// What a user record says of its user, and is no column; `None` for everything else.
pub(crate) fn user_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    span: Span,
) -> Option<Value> {
    let outcome = match host.persona() {
        Persona::Wiring => Some(true),
        _ => None,
    };
    match name {
        "is_authenticated" | "is_anonymous" => {
            let is_asking = crate::python_records::is_of_principal(
                host,
                machine,
                instance_value(host, instance).origins,
            );
            // A record that was found by something else is one of somebody.
            let outcome = match is_asking {
                true => outcome,
                false => Some(true),
            };
            let negate = name == "is_anonymous";
            let outcome = outcome.map(|outcome| outcome != negate);
            let origin = Origin::Principal(Ustr::from(""));
            let who = value_from(host, machine, Shape::Object, origin);
            let mut test = machine.tested(TestKind::Proof, outcome, &[&who], span);
            test.test = test.test.map(|(number, side)| (number, side != negate));
            Some(test)
        }
        "groups" | "user_permissions" => {
            let value =
                crate::python_records::column_value(host, machine, instance, Ustr::from(name));
            Some(super::orm::related_list(
                host, machine, instance, name, value, span,
            ))
        }
        _ => None,
    }
}

/// What the methods of a user record do; `None` for everything else.
pub(crate) fn user_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    let column = |machine: &mut Machine<'_>, name: &str| {
        crate::python_records::column_value(host, machine, instance, Ustr::from(name))
    };
    Ok(match name {
        "has_perm" | "has_perms" | "has_module_perms" => {
            let value = column(machine, "permissions");
            let wanted = call.arguments.get(0);
            Some(machine.tested(TestKind::Membership, None, &[&wanted, &value], span))
        }
        "get_all_permissions" | "get_group_permissions" | "get_user_permissions" => {
            Some(column(machine, "permissions"))
        }
        "get_username" | "get_short_name" | "get_full_name" | "natural_key" => {
            Some(column(machine, "username"))
        }
        "check_password" | "acheck_password" => {
            let given = argument(call, 0, "raw_password");
            let expected = column(machine, "password");
            Some(compare_password(host, machine, &given, &expected, span))
        }
        "set_password" => {
            let given = argument(call, 0, "raw_password");
            let hashed = hashed(host, machine, &given, span);
            machine
                .heap
                .set_property(instance, Ustr::from("password"), hashed);
            Some(Value::null())
        }
        "set_unusable_password" => {
            machine
                .heap
                .set_property(instance, Ustr::from("password"), unusable());
            Some(Value::null())
        }
        "has_usable_password" => {
            let stored = column(machine, "password");
            Some(machine.tested(TestKind::Truth, None, &[&stored], span))
        }
        "get_session_auth_hash" => Some(column(machine, "password")),
        "email_user" => {
            let to = column(machine, "email");
            let content = [("message", argument(call, 1, "message"))];
            let channel = firedoor_app::SendChannel::Mail;
            crate::python_support::send(host, machine, channel, &to, &content, span);
            Some(Value::null())
        }
        _ => None,
    })
}

/// What stands in place of a password where there is none: nothing that is sent agrees with it.
fn unusable() -> Value {
    Value::string("!")
}

fn hashed(host: &ModelHost, machine: &mut Machine<'_>, given: &Value, span: Span) -> Value {
    if given.is_nothing() {
        return unusable();
    }
    let provenance = host.deep_provenance(machine, given);
    host.effect(machine, EffectKind::HashPassword(provenance), span);
    let value = machine.derived(Shape::String, [given]);
    host.with_origin(machine, value, Origin::Digest)
}

fn hash_password(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "password");
    Ok(Some(hashed(host, machine, &given, call.span)))
}

pub(super) fn compare_password(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    given: &Value,
    expected: &Value,
    span: Span,
) -> Value {
    crate::python_support::compare_secret(
        host,
        machine,
        ComparisonKind::Password,
        (given, expected),
        span,
    )
}

fn check_hash(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "password");
    let expected = argument(call, 1, "encoded");
    Ok(Some(compare_password(
        host, machine, &given, &expected, call.span,
    )))
}

/// A password that is too weak is an error.
fn validate_password(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "password");
    let path = "py:django.core.exceptions.ValidationError";
    let error = crate::python_support::exception(machine, path, &[&given]);
    machine.may_throw(error, call.span);
    Ok(Some(Value::null()))
}

/// `login(request, user)`: a new session, unless the session was of the same user.
fn log_in(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let request = argument(call, 0, "request");
    let user = argument(call, 1, "user");
    let field = Field {
        name: Ustr::from("_auth_user_id"),
        value: host.deep_provenance(machine, &user),
        operator: "=",
    };
    let kind = EffectKind::Session(SessionOperation::Regenerate, None);
    host.effect(machine, kind, call.span);
    let kind = EffectKind::Session(SessionOperation::LogIn, Some(field));
    host.effect(machine, kind, call.span);
    super::session_cookie::note(host, machine, call.span);
    if let Some(id) = request.only_object()
        && !user.is_nothing()
        && matches!(machine.heap.get(id).kind, ObjectKind::Host(_))
    {
        machine.heap.set_property(id, Ustr::from("user"), user);
    }
    Ok(Some(Value::null()))
}

fn log_out(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = EffectKind::Session(SessionOperation::Destroy, None);
    host.effect(machine, kind, call.span);
    Ok(Some(Value::null()))
}

/// The session of the caller goes on with a new key; all others end with the old password.
fn keep_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = EffectKind::Session(SessionOperation::Regenerate, None);
    host.effect(machine, kind, call.span);
    Ok(Some(Value::null()))
}

/// Holds if the user of a view's request is known to be logged in, so that the log-in page would not help.
pub(crate) fn is_authenticated_user(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    span: Span,
) -> bool {
    let (read, _) = machine.catching(|machine| {
        let request = machine.member(view, Ustr::from("request"), span)?;
        let user = machine.member(&request, Ustr::from("user"), span)?;
        machine.member(&user, Ustr::from("is_authenticated"), span)
    });
    read.is_ok_and(|value| value.truth() == Some(true))
}

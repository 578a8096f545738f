//! Permissions of REST framework: classes, their instances, and what `&`, `|` and `~` make of them.
//!
//! Source: djangorestframework 3.16 `permissions.py`.

use super::drf_guards::*;
use super::run::host_path;
use super::users;
use crate::python_support::{exception, last_name};
use crate::{ModelHost, Persona};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

/// `SAFE_METHODS`.
pub(crate) fn safe_methods(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let names = ["GET", "HEAD", "OPTIONS"].map(Value::string);
    Some(machine.make_tuple(names.to_vec(), span))
}

pub(crate) fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

/// `IsAuthenticated()` has nothing but its class.
pub(crate) fn library_permission(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    Ok(Some(Value::outside(&call.path)))
}

/// `super().has_permission(request, view)`.
pub(crate) fn inherited(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let owner = call.path.rsplit_once('.').map_or("", |(owner, _)| owner);
    let request = call.arguments.get(0);
    library_test(
        host,
        machine,
        owner.trim_end_matches("()"),
        &request,
        call.span,
    )
    .map(Some)
}

pub(crate) fn inherited_object(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _call: &Call<'_>,
) -> Answer {
    Ok(Some(Value::bool(true)))
}

/// `A & B`, `A | B`, `~A` of permission classes.
pub(crate) fn compose(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    let word = match operator {
        BinaryOperator::BitAnd => "and",
        BinaryOperator::BitOr => "or",
        BinaryOperator::BitXor => "not",
        _ => return None,
    };
    let id = host.make_object(machine, COMPOSED, span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![Value::string(word), left.clone(), right.clone()];
    Some(Value::object(id))
}

/// The test that a permission makes.
pub(crate) fn test_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    permission: &Value,
    this: &Value,
    request: &Value,
    record: Option<&Value>,
    span: Span,
) -> Result<Value, Stop> {
    let mut tests: Vec<Value> = Vec::new();
    for atom in permission.atoms().to_vec() {
        let one = match atom {
            Atom::Outside(path) if record.is_some() => library_record_test(host, machine, &path),
            Atom::Outside(path) => library_test(host, machine, &path, request, span)?,
            Atom::Object(id) => object_test(host, machine, id, this, request, record, span)?,
            _ => machine.unknown("permission"),
        };
        tests.push(one);
    }
    if let [only] = tests.as_slice() {
        return Ok(only.clone());
    }
    Ok(machine.join_all(&tests))
}

pub(crate) fn object_test(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    this: &Value,
    request: &Value,
    record: Option<&Value>,
    span: Span,
) -> Result<Value, Stop> {
    let value = Value::object(id);
    if host_path(machine, &value).is_some_and(|path| path == COMPOSED) {
        let elements = machine.heap.get(id).elements.clone();
        let [word, left, right] = elements.as_slice() else {
            return Ok(Value::bool(true));
        };
        return composed(
            host,
            machine,
            (word, left, right),
            this,
            request,
            record,
            span,
        );
    }
    // A class of a library without a model, or what it makes.
    if let Some(path) = host_path(machine, &value) {
        let path = path.trim_end_matches("()");
        return match record {
            Some(_) => Ok(library_record_test(host, machine, path)),
            None => library_test(host, machine, path, request, span),
        };
    }
    let instance = match machine.heap.get(id).kind {
        ObjectKind::Class { .. } => machine.instantiate(id, &Arguments::default(), span)?,
        _ => value,
    };
    let mut arguments = vec![request.clone(), this.clone()];
    let name = match record {
        Some(record) => {
            arguments.push(record.clone());
            "has_object_permission"
        }
        None => "has_permission",
    };
    let result = machine.call_member(
        &instance,
        Ustr::from(name),
        &Arguments::positional(arguments),
        span,
    )?;
    // A permission without a word about records lets all of them pass.
    Ok(match result.only() {
        Some(Atom::Undefined) => Value::bool(true),
        _ => result,
    })
}

/// For a record, `A | B` asks each alternative whether it lets the request and the record pass.
pub(crate) fn composed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (word, left, right): (&Value, &Value, &Value),
    this: &Value,
    request: &Value,
    record: Option<&Value>,
    span: Span,
) -> Result<Value, Stop> {
    let word = word.text().unwrap_or_default();
    let mut sides = Vec::new();
    for side in [left, right] {
        if word == "not" && !sides.is_empty() {
            break;
        }
        let mut test = test_of(host, machine, side, this, request, record, span)?;
        if word == "or" && record.is_some() {
            let first = test_of(host, machine, side, this, request, None, span)?;
            test = machine.all_of(&[first, test], span);
        }
        // What is decided by one side is not asked of the other.
        let is_decided = match word.as_str() {
            "and" => test.truth() == Some(false),
            "or" => test.truth() == Some(true),
            _ => false,
        };
        sides.push(test);
        if is_decided {
            break;
        }
    }
    Ok(match word.as_str() {
        "and" => machine.all_of(&sides, span),
        "or" => machine.any_of(&sides, span),
        _ => match sides.first() {
            Some(side) => machine.negate(side),
            None => Value::bool(true),
        },
    })
}

pub(crate) fn is_safe(machine: &Machine<'_>, request: &Value) -> bool {
    let method = request
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("method")))
        .and_then(Value::text);
    method.is_some_and(|method| matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"))
}

/// The packages whose permissions are known.
const PACKAGES: &[&str] = &[
    "py:rest_framework.permissions.",
    "py:rest_framework_api_key.permissions.",
    "py:oauth2_provider.contrib.rest_framework.",
];

/// The test of a record that a library's permission makes: REST framework's own let all of them pass, but for the
/// permissions that Django keeps for each object (REST framework 3.16, `permissions.py`).
fn library_record_test(host: &ModelHost, machine: &mut Machine<'_>, path: &str) -> Value {
    match path.strip_prefix(PACKAGES[0]) {
        Some(name) if name != "DjangoObjectPermissions" => Value::bool(true),
        _ => not_known(host, machine, path),
    }
}

fn not_known(host: &ModelHost, machine: &mut Machine<'_>, path: &str) -> Value {
    let number = host.state().run.step;
    let reason = format!("what `{}` asks is not known", last_name(path));
    host.state().run.unknown.push((number, reason));
    machine.unknown("permission")
}

/// The tests of permissions of known libraries.
pub(crate) fn library_test(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &str,
    request: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let safe = is_safe(machine, request);
    let is_known = PACKAGES.iter().any(|package| path.starts_with(package));
    match last_name(path) {
        _ if !is_known => Ok(not_known(host, machine, path)),
        "AllowAny" | "BasePermission" => Ok(Value::bool(true)),
        "IsAuthenticatedOrReadOnly" | "DjangoModelPermissionsOrAnonReadOnly" if safe => {
            Ok(Value::bool(true))
        }
        "IsAdminUser" => users::flag(host, machine, request, &["is_staff"], span),
        "DjangoModelPermissions"
        | "DjangoObjectPermissions"
        | "DjangoModelPermissionsOrAnonReadOnly"
            if !safe =>
        {
            let permission = Value::string("model permission");
            users::has_permission(host, machine, request, &permission, span)
        }
        "IsAuthenticated"
        | "IsAuthenticatedOrReadOnly"
        | "DjangoModelPermissions"
        | "DjangoObjectPermissions"
        | "TokenHasScope"
        | "TokenHasReadWriteScope"
        | "HasAPIKey" => users::is_authenticated(host, machine, request, span),
        _ => Ok(not_known(host, machine, path)),
    }
}

/// Asks one permission; who may not is refused.
pub(crate) fn check(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    permission: &Value,
    this: &Value,
    request: &Value,
    record: Option<&Value>,
    span: Span,
) -> Result<(), Stop> {
    let known = host.state().run.unknown.len();
    let test = test_of(host, machine, permission, this, request, record, span)?;
    let hangs_on_unknown = host.state().run.unknown.len() > known;
    if hangs_on_unknown && machine.truth(&test).is_none() {
        // Whether it refuses is not known, so that neither a refusal nor a way on may be made of it.
        return Ok(());
    }
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| deny(host, machine, &test, span).map(|_| ()),
    )
}

/// `permission_denied(request)`.
pub(crate) fn deny(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    hangs_on: &Value,
    span: Span,
) -> Answer {
    let name = match host.persona() {
        Persona::Attacker => "NotAuthenticated",
        _ => "PermissionDenied",
    };
    let path = format!("py:rest_framework.exceptions.{name}");
    let error = exception(machine, &path, &[hangs_on]);
    machine.throw(error, span)
}

pub(crate) fn permission_name(
    machine: &Machine<'_>,
    permission: &Value,
    place: Span,
) -> (Ustr, Span) {
    if let Some(id) = permission.only_object()
        && let object = machine.heap.get(id)
        && matches!(object.kind, ObjectKind::Host(path) if path == COMPOSED)
    {
        let word = object.elements.first().and_then(Value::text);
        let sign = match word.as_deref() {
            Some("and") => " & ",
            Some("or") => " | ",
            _ => {
                let inner = object.elements.get(1).cloned().unwrap_or_else(Value::null);
                let (name, span) = permission_name(machine, &inner, place);
                return (Ustr::from(&format!("~{name}")), span);
            }
        };
        let parts = object.elements.iter().skip(1);
        let names: Vec<(Ustr, Span)> = parts
            .map(|part| permission_name(machine, part, place))
            .collect();
        let joined: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        return (Ustr::from(&joined.join(sign)), place);
    }
    let symbol = crate::doors::symbol(machine, permission, place);
    let span = match permission
        .only_object()
        .map(|id| &machine.heap.get(id).kind)
    {
        Some(ObjectKind::Instance { class }) => machine.heap.get(*class).span,
        _ => symbol.span,
    };
    (symbol.name, span)
}

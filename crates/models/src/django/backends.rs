//! `authenticate`, which asks the backends that the settings list, and what the library's own do.
//!
//! A backend of the program may ask for anything: an address in place of a name, or the token of a link. What it
//! asks is what a log-in rests on. Source: django 5.2 `contrib/auth/__init__.py`, `contrib/auth/backends.py`.

use firedoor_app::{Operation, Origin};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value,
};
use firedoor_ir::ParameterKind;
use firedoor_source::Span;
use ustr::Ustr;

use super::{project, users, views};
use crate::python_records::Key;
use crate::python_support::{argument, last_name, value_from};
use crate::{Model, ModelHost};

/// Credentials by their names.
type Named = indexmap::IndexMap<Ustr, Value, rustc_hash::FxBuildHasher>;

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:django.contrib.auth.authenticate", authenticate),
        ("py:django.contrib.auth.aauthenticate", authenticate),
        (
            "py:django.contrib.auth.backends.ModelBackend().authenticate",
            authenticate_by_library,
        ),
        (
            "py:django.contrib.auth.backends.ModelBackend().user_can_authenticate",
            can_authenticate,
        ),
    ],
    ..Model::EMPTY
};

/// `authenticate(request, **credentials)`: whom the first backend knows that takes such credentials, or nothing.
fn authenticate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut credentials = call.arguments.keywords.clone();
    let request = match credentials.shift_remove(&Ustr::from("request")) {
        Some(request) => request,
        None => argument(call, 0, "request"),
    };
    let listed = backends(host, machine);
    if !listed.iter().any(|backend| is_own(machine, backend)) {
        return Ok(Some(by_password(host, machine, &credentials, call.span)));
    }
    let mut found = Vec::new();
    let mut is_library_asked = false;
    for backend in &listed {
        if is_own(machine, backend) {
            let (user, _) = machine
                .catching(|machine| ask(machine, backend, &request, &credentials, call.span));
            found.extend(user.ok().flatten());
        } else if !std::mem::replace(&mut is_library_asked, true)
            && credentials.contains_key(&Ustr::from("password"))
        {
            found.push(by_password(host, machine, &credentials, call.span));
        }
    }
    // Where none knows him, whatever the one before said.
    found.push(Value::null());
    Ok(Some(machine.join_all(&found)))
}

/// Backends of libraries that grant permissions by rules of the program, to those who are not logged in too.
///
/// Sources: rules 3.5 `permissions.py`; django-guardian 3.0 `backends.py` and `utils.py` (`get_identity`);
/// bridgekeeper 0.9 `backends.py`.
const RULE_BACKENDS: &[&str] = &[
    "py:rules.permissions.ObjectPermissionBackend",
    "py:guardian.backends.ObjectPermissionBackend",
    "py:bridgekeeper.backends.RulePermissionBackend",
];

/// `AnonymousUser.has_perm(permission, object)`: what the backends say of nobody. The library's own refuse.
pub(crate) fn grants_nobody(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    from: &Value,
) -> Result<Value, firedoor_eval::Stop> {
    let name = Ustr::from("has_perm");
    for backend in backends(host, machine) {
        let own = views::own_class(machine, &backend);
        let above = match own {
            Some(class) => machine.outside_bases(class),
            None => backend.as_outside().into_iter().collect(),
        };
        let by_rules = above
            .iter()
            .any(|path| RULE_BACKENDS.contains(&path.as_str()));
        let is_own = own.is_some_and(|class| views::overrides(machine, class, "has_perm"));
        // Several permissions at once, or any of a module, are asked of the backend in other ways.
        let is_other = is_own && last_name(&call.path) != "has_perm";
        if (by_rules && !is_own) || is_other {
            let reason = "what its backends grant is not known".to_owned();
            let run = &mut host.state().run;
            run.unknown.push((run.step, reason));
            return Ok(machine.unknown("permission"));
        }
        if !is_own {
            continue;
        }
        let instance = machine.call_value(&backend, None, &Arguments::default(), call.span)?;
        let mut arguments = call.arguments.clone();
        let user = call.this.clone();
        arguments.positional.insert(0, user);
        let said = machine.call_member(&instance, name, &arguments, call.span)?;
        if said.truth() != Some(false) {
            return Ok(machine.tested(TestKind::Proof, said.truth(), &[from, &said], call.span));
        }
    }
    Ok(machine.tested(TestKind::Proof, Some(false), &[from], call.span))
}

/// The backends that the settings list.
fn backends(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Value> {
    let Some(listed) = project::setting(host, machine, "AUTHENTICATION_BACKENDS") else {
        return Vec::new();
    };
    let names = machine.elements_of(&listed).0;
    let names = names
        .iter()
        .filter_map(Value::texts)
        .flatten()
        .collect::<Vec<_>>();
    let mut backends = Vec::new();
    for name in names {
        backends.push(project::named(host, machine, &name));
    }
    backends
}

/// Holds for a class of the program that says itself whom it knows.
fn is_own(machine: &Machine<'_>, backend: &Value) -> bool {
    views::own_class(machine, backend)
        .is_some_and(|class| views::overrides(machine, class, "authenticate"))
}

/// Asks one backend, unless it takes other credentials.
fn ask(
    machine: &mut Machine<'_>,
    backend: &Value,
    request: &Value,
    credentials: &Named,
    span: Span,
) -> Result<Option<Value>, firedoor_eval::Stop> {
    let name = Ustr::from("authenticate");
    let function = views::own_class(machine, backend)
        .and_then(|class| machine.class_attribute(class, name))
        .and_then(|(_, function)| function.only_object());
    if function.is_some_and(|function| !takes(machine, function, credentials)) {
        return Ok(None);
    }
    let instance = machine.call_value(backend, None, &Arguments::default(), span)?;
    let arguments = Arguments {
        keywords: credentials.clone(),
        ..Arguments::positional([request.clone()])
    };
    machine
        .call_member(&instance, name, &arguments, span)
        .map(Some)
}

/// Holds if a function may be called with these credentials, as `Signature.bind` tries it.
fn takes(machine: &mut Machine<'_>, function: ObjectId, credentials: &Named) -> bool {
    let ObjectKind::Function { closure, .. } = machine.heap.get(function).kind else {
        return true;
    };
    let parameters = machine.signature(closure);
    let takes_any = parameters
        .iter()
        .any(|parameter| parameter.kind == ParameterKind::KeywordRest);
    let is_known = |name: &Ustr| parameters.iter().any(|parameter| parameter.name == *name);
    // The first two are the backend and the request.
    let mut needed = parameters.iter().skip(2).filter(|parameter| {
        parameter.default.is_none()
            && !matches!(
                parameter.kind,
                ParameterKind::Rest | ParameterKind::KeywordRest
            )
    });
    (takes_any || credentials.keys().all(is_known))
        && needed.all(|parameter| credentials.contains_key(&parameter.name))
}

/// `super().authenticate(request, username=None, password=None, **kwargs)` of a backend of the program.
fn authenticate_by_library(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut credentials = call.arguments.keywords.clone();
    for (number, name) in [(1, "username"), (2, "password")] {
        if let Some(value) = call.arguments.positional.get(number) {
            credentials.insert(Ustr::from(name), value.clone());
        }
    }
    Ok(Some(by_password(host, machine, &credentials, call.span)))
}

/// `user_can_authenticate(user)`: whether the account is active.
fn can_authenticate(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let user = argument(call, 0, "user");
    machine
        .member(&user, Ustr::from("is_active"), call.span)
        .map(Some)
}

/// The user whose password it is, or nothing: what the library's backend does.
fn by_password(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    credentials: &Named,
    span: Span,
) -> Value {
    let class = users::class(host, machine);
    let mut key = Key::default();
    let mut password = Value::null();
    for (name, value) in credentials {
        match name.as_str() {
            "password" => password = value.clone(),
            "request" | "backend" => {}
            _ => key.add(host, machine, name, "=", value),
        }
    }
    let asset = crate::python_records::asset_of(host, machine, class).unwrap_or_default();
    let mut read = crate::python_records::access(host, Operation::Read, asset);
    read.key.clone_from(&key.fields);
    crate::python_records::note(host, machine, read, span);
    let found = crate::python_records::find(host, machine, class, &key, span);
    let origin = Origin::Record {
        asset,
        field: Ustr::from("password"),
        of_principal: false,
    };
    let expected = value_from(host, machine, Shape::String, origin);
    let test = users::compare_password(host, machine, &password, &expected, span);
    let mut user = match test.truth() {
        Some(false) => Value::null().with_origins(found.origins),
        _ => {
            let mut user = found.clone();
            user.add(firedoor_eval::Atom::Null);
            user
        }
    };
    let by = machine.origins.union(test.origins, test.control);
    user.control = machine.origins.union(user.control, by);
    user
}

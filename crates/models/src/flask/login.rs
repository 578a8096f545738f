//! Flask-Login: `current_user`, `login_required`, loaders.
//!
//! The session says who is asking, and `user_loader` finds him; else `request_loader` is asked; else it is
//! the anonymous user. `login_required` answers with `unauthorized`. Source: flask-login 0.6.3,
//! `login_manager.py`, `utils.py`, `mixins.py`.

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart, SessionOperation};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::answer::{refuse_by, refuse_with};
use super::request::principal;
use super::{config, guarded};
use crate::python_support::{argument, keep, last_name};
use crate::{Model, ModelHost, Persona};

const USER: &str = "flask:current_user";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_login",
    calls: &[
        ("py:flask_login.LoginManager", make_manager),
        ("py:flask_login.LoginManager().init_app", set_up),
        ("py:flask_login.LoginManager().setup_app", set_up),
        ("py:flask_login.LoginManager().user_loader", keep_function),
        (
            "py:flask_login.LoginManager().request_loader",
            keep_function,
        ),
        ("py:flask_login.LoginManager().header_loader", keep_function),
        (
            "py:flask_login.LoginManager().unauthorized_handler",
            keep_function,
        ),
        (
            "py:flask_login.LoginManager().needs_refresh_handler",
            keep_function,
        ),
        (
            "py:flask_login.LoginManager().unauthorized",
            unauthorized_call,
        ),
        ("py:flask_login.login_required", login_required),
        ("py:flask_login.fresh_login_required", login_required),
        ("flask_login:required", check),
        ("py:flask_login.login_user", log_in),
        ("py:flask_login.logout_user", log_out),
        ("py:flask_login.confirm_login", log_in),
        ("py:flask_login.login_fresh", is_fresh),
        ("flask:current_user.*", user_method),
    ],
    members: &[
        ("py:flask_login.current_user", current_user),
        ("flask:current_user.*", user_member),
        ("py:flask_login.UserMixin().is_authenticated", yes),
        ("py:flask_login.UserMixin().is_active", yes),
        ("py:flask_login.UserMixin().is_anonymous", no),
        ("py:flask_login.AnonymousUserMixin().is_authenticated", no),
        ("py:flask_login.AnonymousUserMixin().is_active", no),
        ("py:flask_login.AnonymousUserMixin().is_anonymous", yes),
    ],
    aliases: &[
        (
            "py:flask_login.login_manager.LoginManager",
            "py:flask_login.LoginManager",
        ),
        (
            "py:flask_login.utils.login_required",
            "py:flask_login.login_required",
        ),
        (
            "py:flask_login.utils.current_user",
            "py:flask_login.current_user",
        ),
        (
            "py:flask_login.utils.login_user",
            "py:flask_login.login_user",
        ),
        (
            "py:flask_login.utils.logout_user",
            "py:flask_login.logout_user",
        ),
        (
            "py:flask_login.mixins.UserMixin",
            "py:flask_login.UserMixin",
        ),
        (
            "py:flask_security.current_user",
            "py:flask_login.current_user",
        ),
        (
            "py:flask_security.login_required",
            "py:flask_login.login_required",
        ),
        (
            "py:flask_security.auth_required",
            "py:flask_security.decorators.auth_required",
        ),
    ],
    ..Model::EMPTY
};

/// The user of the request on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    /// Whom the loaders found: a person, nobody, or both.
    user: Option<Value>,
    /// The object that stands for nobody, if the program has one.
    anonymous: Option<Value>,
    /// What was read to find out.
    reads: Vec<Origin>,
}

fn make_manager(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let made = keep(host, machine, call)?;
    if let Some(id) = made.as_ref().and_then(Value::only_object) {
        host.state().flask.login_managers.push(id);
    }
    Ok(made)
}

fn set_up(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let mut state = host.state();
        state.flask.login_managers.retain(|known| *known != id);
        state.flask.login_managers.insert(0, id);
    }
    Ok(Some(Value::null()))
}

/// Loaders and handlers, each under its name.
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

fn manager_value(host: &ModelHost, machine: &Machine<'_>, name: &str) -> Option<Value> {
    let managers = host.state().flask.login_managers.clone();
    managers.into_iter().find_map(|manager| {
        let value = machine.heap.property(manager, Ustr::from(name))?;
        (!value.is_nothing()).then(|| value.clone())
    })
}

/// Asks the loaders before anything else runs: what they find is there on every path.
pub(crate) fn load(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    if host.state().flask.login_managers.is_empty() {
        host.state().flask.user = Loaded::default();
        return;
    }
    let (effects, refusals, reads) = {
        let state = host.state();
        let run = &state.run;
        (run.effects.len(), run.refusals.len(), run.reads.clone())
    };
    let base = machine.decided.len();
    let anonymous = manager_value(host, machine, "anonymous_user").and_then(|class| {
        let (made, _) = machine
            .catching(|machine| machine.call_value(&class, None, &Arguments::default(), span));
        made.ok()
    });
    let user = found(host, machine, span);
    machine.decided.truncate(base);
    let mut state = host.state();
    let run = &mut state.run;
    run.effects.truncate(effects);
    run.refusals.truncate(refusals);
    let after = std::mem::replace(&mut run.reads, reads);
    let session = Origin::Request(RequestPart::Session, Ustr::from("_user_id"));
    let mut read = vec![session];
    read.extend(after.into_iter().map(|(origin, _)| origin));
    read.dedup();
    state.flask.user = Loaded {
        user,
        anonymous,
        reads: read,
    };
}

fn found(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Option<Value> {
    let request = super::request::local(host, machine, "request");
    let by_request = manager_value(host, machine, "$request_loader").and_then(|loader| {
        let arguments = Arguments::positional([request]);
        let (found, _) =
            machine.catching(|machine| machine.call_value(&loader, None, &arguments, span));
        found.ok()
    });
    let by_session = match host.persona() {
        Persona::User => manager_value(host, machine, "$user_loader").and_then(|loader| {
            let id = principal(host, machine, Shape::String, "id");
            let arguments = Arguments::positional([id]);
            let (found, _) =
                machine.catching(|machine| machine.call_value(&loader, None, &arguments, span));
            found.ok()
        }),
        _ => None,
    };
    match (by_request, by_session) {
        (Some(one), Some(other)) => Some(machine.join(one, &other)),
        (one, other) => one.or(other),
    }
}

/// Returns the person that is asking, without nobody.
fn person(host: &ModelHost) -> Option<Value> {
    let user = host.state().flask.user.user.clone()?;
    user.filter(|atom| !atom.is_nothing())
}

fn note_reads(host: &ModelHost) {
    let reads = host.state().flask.user.reads.clone();
    for read in reads {
        host.reads(read);
    }
}

/// The origins of what says whether somebody is asking at all.
fn credential(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let mut reads = host.state().flask.user.reads.clone();
    if reads.is_empty() {
        reads.push(Origin::Request(
            RequestPart::Session,
            Ustr::from("_user_id"),
        ));
    }
    let mut value = Value::unknown(Shape::Any);
    for read in reads {
        value = host.with_origin(machine, value, read);
    }
    value
}

/// Whether somebody is logged in: never the attacker, unless a loader of the program lets him be.
fn outcome(host: &ModelHost) -> Option<bool> {
    match host.persona() {
        Persona::Attacker if person(host).is_none() => Some(false),
        Persona::Wiring => Some(true),
        _ => None,
    }
}

fn current_user(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let known = host.state().flask.singletons.get(USER).copied();
    let id = match known {
        Some(id) => id,
        None => {
            let id = host.make_object(machine, USER, span);
            host.state().flask.singletons.insert(USER, id);
            id
        }
    };
    let origin = Origin::Principal(Ustr::from(""));
    let value = Value::object(id);
    Some(host.with_origin(machine, value, origin))
}

fn user_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    object?;
    let name = last_name(&host.state().member_name).to_owned();
    note_reads(host);
    match name.as_str() {
        "is_authenticated" => return Some(tested(host, machine, false, span)),
        "is_anonymous" => return Some(tested(host, machine, true, span)),
        _ => {}
    }
    let known = person(host);
    let anonymous = host.state().flask.user.anonymous.clone();
    let read = |machine: &mut Machine<'_>, user: &Value| {
        let (read, _) = machine.catching(|machine| machine.member(user, Ustr::from(&name), span));
        read.ok()
    };
    let of_person = match known {
        Some(user) => read(machine, &user),
        None => None,
    };
    let of_nobody = match anonymous {
        Some(nobody) => read(machine, &nobody),
        None => None,
    };
    let value = match (of_person, of_nobody, host.persona()) {
        (Some(own), Some(other), _) => machine.join_answers(own, &other, span),
        (Some(own), None, _) => own,
        (None, Some(other), Persona::Attacker) => other,
        (None, _, Persona::User) => principal(host, machine, Shape::Any, &name),
        (None, _, _) => Value::undefined(),
    };
    let origins = credential(host, machine).origins;
    Some(match host.persona() {
        Persona::Attacker => {
            let mut value = value;
            value.origins = machine.origins.union(value.origins, origins);
            value
        }
        _ => value,
    })
}

/// `current_user.is_authenticated`, or its opposite.
fn tested(host: &ModelHost, machine: &mut Machine<'_>, is_negated: bool, span: Span) -> Value {
    let credential = credential(host, machine);
    let outcome = outcome(host);
    let test = machine.tested(TestKind::Proof, outcome, &[&credential], span);
    if !is_negated {
        return test;
    }
    let mut negated = match outcome {
        Some(outcome) => Value::bool(!outcome),
        None => Value::unknown(Shape::Bool),
    };
    negated.origins = test.origins;
    negated.control = test.control;
    negated.test = test.test.map(|(number, side)| (number, !side));
    negated
}

/// `current_user.can(...)`: the method of whoever it is.
fn user_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = Ustr::from(last_name(&call.path));
    note_reads(host);
    let anonymous = host.state().flask.user.anonymous.clone();
    let user = person(host);
    if name == "_get_current_object" {
        return Ok(Some(match (user, host.persona()) {
            (Some(user), _) => user,
            (None, Persona::User) => principal(host, machine, Shape::Object, ""),
            _ => call.this.clone(),
        }));
    }
    let users: Vec<Value> = user.into_iter().chain(anonymous).collect();
    let mut result: Option<Value> = None;
    for user in users {
        let value = machine.call_member(&user, name, call.arguments, call.span)?;
        result = Some(match result {
            Some(earlier) => machine.join_answers(earlier, &value, call.span),
            None => value,
        });
    }
    let credential = credential(host, machine);
    Ok(Some(match (result, host.persona()) {
        (Some(mut value), Persona::Attacker) => {
            value.origins = machine.origins.union(value.origins, credential.origins);
            value
        }
        (Some(value), _) => value,
        (None, Persona::Attacker) => {
            let error = Value::outside("py:builtins.AttributeError()");
            return machine.throw(error.with_origins(credential.origins), call.span);
        }
        (None, _) => {
            let value = principal(host, machine, Shape::Any, &name);
            let all: Vec<&Value> = std::iter::once(&value)
                .chain(call.arguments.all())
                .collect();
            machine.derived(Shape::Any, all)
        }
    }))
}

fn yes(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(|_| Value::bool(true))
}

fn no(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(|_| Value::bool(false))
}

/// `@login_required`, `@fresh_login_required`.
fn login_required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let id = host.make_object(machine, "flask_login:required", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from(last_name(&call.path)));
    let guard = Value::object(id);
    Ok(Some(guarded(host, machine, guard, function, call.span)))
}

/// Lets whoever is logged in on.
fn check(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !host.is_request() {
        return Ok(Some(Value::null()));
    }
    let is_off = host
        .flask_app()
        .and_then(|app| config::setting(host, machine, app, "LOGIN_DISABLED"));
    if is_off.is_some_and(|off| off.truth() == Some(true)) {
        return Ok(Some(Value::null()));
    }
    require(host, machine, call.span)?;
    Ok(Some(Value::null()))
}

/// Goes on if somebody is logged in, and else answers as the manager says.
pub(crate) fn require(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Result<(), Stop> {
    note_reads(host);
    host.reads(Origin::Request(
        RequestPart::Session,
        Ustr::from("_user_id"),
    ));
    let test = tested(host, machine, false, span);
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            unauthorized(host, machine, span)?;
            Err(Stop::Throw)
        },
    )
}

fn unauthorized(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Result<(), Stop> {
    if let Some(handler) = manager_value(host, machine, "$unauthorized_handler") {
        return refuse_by(host, machine, &handler, &Arguments::default(), 401, span);
    }
    let view = manager_value(host, machine, "login_view");
    let refusal = match view {
        Some(view) => {
            let path = view.text().map(|name| {
                let known = host.state().flask.endpoints.get(&name).copied();
                known.map_or_else(|| name.to_string(), |path| path.to_string())
            });
            Refusal::Redirect(path.or_else(|| Some("/login".to_owned())))
        }
        None => Refusal::Status(401),
    };
    refuse_with(host, machine, refusal, span);
    Ok(())
}

/// `return login_manager.unauthorized()`.
fn unauthorized_call(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(handler) = manager_value(host, machine, "$unauthorized_handler") {
        return machine
            .call_value(&handler, None, &Arguments::default(), call.span)
            .map(Some);
    }
    if let Some(view) = manager_value(host, machine, "login_view") {
        let status = Value::number(302.0);
        return Ok(Some(super::answer::redirection(
            host, machine, view, status, call.span,
        )));
    }
    let error = super::errors::exception(host, machine, 401, call.span);
    machine.throw(error, call.span)
}

/// `login_user(user, remember=False, ...)`.
fn log_in(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let user = argument(call, 0, "user");
    let field = firedoor_app::Field {
        name: Ustr::from("_user_id"),
        value: host.provenance(machine, &user),
        operator: "=",
    };
    let effect = EffectKind::Session(SessionOperation::LogIn, Some(field));
    host.effect(machine, effect, call.span);
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn log_out(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let effect = EffectKind::Session(SessionOperation::Destroy, None);
    host.effect(machine, effect, call.span);
    Ok(Some(Value::bool(true)))
}

fn is_fresh(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(tested(host, machine, false, call.span)))
}

//! Clerk for Next.js 4 to 6: <https://clerk.com/docs/references/nextjs/clerk-middleware>.
//!
//! `clerkMiddleware` refuses nobody by itself; its function asks `auth.protect()` for the paths that it picks.

use firedoor_app::{Origin, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::matchers::{Cover, of_matchers};
use super::response::{self, REFUSED};
use super::sessions::{is_callable, is_request, principal, read_cookie};
use crate::tools::{keep, kept, last_part, option, promised, require};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "next-clerk",
    calls: &[
        ("npm:@clerk/nextjs/server.auth", auth),
        ("npm:@clerk/nextjs.auth", auth),
        ("npm:@clerk/nextjs/server.getAuth", auth),
        ("npm:@clerk/nextjs/server.currentUser", current_user),
        ("npm:@clerk/nextjs.currentUser", current_user),
        ("npm:@clerk/nextjs/server.auth.protect", protect),
        ("clerk:function", auth),
        ("clerk:function.protect", protect),
        ("clerk:auth.protect", protect),
        ("clerk:auth.has", has),
        ("clerk:auth.redirectToSignIn", to_sign_in),
        ("npm:@clerk/nextjs/server.clerkMiddleware", middleware),
        ("npm:@clerk/nextjs/server.createRouteMatcher", route_matcher),
        ("npm:@clerk/nextjs.authMiddleware", old_middleware),
        ("npm:@clerk/nextjs/server.authMiddleware", old_middleware),
        ("clerk:middleware", run_middleware),
        ("clerk:old", run_old),
        ("clerk:matcher", matches),
    ],
    members: &[
        ("clerk:auth.userId", claim),
        ("clerk:auth.sessionId", claim),
        ("clerk:auth.orgId", claim),
        ("clerk:auth.orgRole", claim),
        ("clerk:auth.orgSlug", claim),
        ("clerk:auth.sessionClaims", claim),
        ("clerk:auth.isAuthenticated", claim),
    ],
    ..Model::EMPTY
};

/// `auth()`, a promise since 6: ids that are missing for strangers.
fn auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    read_cookie(host, "__session");
    Ok(Some(Value::object(host.make_object(
        machine,
        "clerk:auth",
        call.span,
    ))))
}

fn claim(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_part(&host.state().member_name).to_owned();
    Some(principal(host, machine, &name))
}

fn current_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    read_cookie(host, "__session");
    let user = principal(host, machine, "");
    promised(machine, call.span, |_| Ok(user)).map(Some)
}

/// `auth.protect()` throws for strangers, and for whom a role or permission is missing.
fn protect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    read_cookie(host, "__session");
    let wanted = call.arguments.get(0);
    let role = ["role", "permission"]
        .iter()
        .find_map(|name| option(machine, &wanted, name, span));
    let asks_more = role.is_some() || is_callable(machine, &wanted);
    promised(machine, span, |machine| {
        let user = principal(host, machine, "userId");
        let refused = refused(host, machine, 404.0, span);
        require(machine, &user, &refused, span)?;
        if asks_more {
            let origins = host.origin(machine, Origin::Principal(Ustr::from("role")));
            let role = Value::unknown(Shape::String).with_origins(origins);
            let test = machine.tested(TestKind::Membership, None, &[&role], span);
            require(machine, &test, &refused, span)?;
        }
        Ok(Value::object(host.make_object(machine, "clerk:auth", span)))
    })
    .map(Some)
}

fn refused(host: &ModelHost, machine: &mut Machine<'_>, status: f64, span: Span) -> Value {
    let id = host.make_object(machine, REFUSED, span);
    keep(machine, id, "status", Value::number(status));
    Value::object(id)
}

/// `has({role})`, `has({permission})`.
fn has(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let origins = host.origin(machine, Origin::Principal(Ustr::from("role")));
    let role = Value::unknown(Shape::String).with_origins(origins);
    let outcome = match host.persona() {
        Persona::Attacker => Some(false),
        _ => None,
    };
    Ok(Some(machine.tested(
        TestKind::Membership,
        outcome,
        &[&role],
        call.span,
    )))
}

fn to_sign_in(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = Arguments::positional([Value::string("/sign-in")]);
    let call = Call {
        arguments: &arguments,
        this: Value::undefined(),
        ..*call
    };
    response::redirect(host, machine, &call)
}

/// `clerkMiddleware(function?, options?)`, which is also called with a request at once.
fn middleware(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let id = host.make_object(machine, "clerk:middleware", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from("clerkMiddleware"));
    if is_callable(machine, &first) {
        keep(machine, id, "$function", first);
    }
    Ok(Some(Value::object(id)))
}

fn run_middleware(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = kept(machine, call.receiver, "$function");
    if function.is_nothing() {
        return Ok(Some(Value::undefined()));
    }
    let auth = host.make_object(machine, "clerk:function", call.span);
    let mut arguments = vec![Value::object(auth)];
    arguments.extend(call.arguments.positional.iter().cloned());
    let arguments = Arguments::positional(arguments);
    machine
        .call_value(&function, None, &arguments, call.span)
        .map(Some)
}

/// `createRouteMatcher(patterns)`.
fn route_matcher(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "clerk:matcher", call.span);
    keep(machine, id, "$patterns", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn matches(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let patterns = kept(machine, call.receiver, "$patterns");
    if is_callable(machine, &patterns) {
        return machine
            .call_value(&patterns, None, call.arguments, call.span)
            .map(Some);
    }
    Ok(Some(covered(host, machine, &patterns, call.span)))
}

/// Returns whether the path of the request is one of these.
fn covered(host: &ModelHost, machine: &mut Machine<'_>, patterns: &Value, span: Span) -> Value {
    let path = host.state().run.path;
    let outcome = match of_matchers(machine, patterns, &path, span) {
        Cover::Always => Some(true),
        Cover::Never => Some(false),
        Cover::Sometimes | Cover::Unknown => None,
    };
    let path = host.request_value_quietly(machine, RequestPart::Line, "path");
    machine.tested(TestKind::Truth, outcome, &[&path], span)
}

/// Clerk 4: everything is protected that is not public.
fn old_middleware(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "clerk:old", call.span);
    machine.heap.get_mut(id).name = Some(Ustr::from("authMiddleware"));
    keep(machine, id, "$options", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn run_old(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    if !is_request(machine, &call.arguments.get(0)) {
        return Ok(None);
    }
    let options = kept(machine, call.receiver, "$options");
    let mut public = Value::bool(false);
    for name in ["ignoredRoutes", "publicRoutes"] {
        if let Some(patterns) = option(machine, &options, name, span) {
            let more = covered(host, machine, &patterns, span);
            public = machine.any_of(&[public, more], span);
        }
    }
    read_cookie(host, "__session");
    let user = principal(host, machine, "userId");
    let after = option(machine, &options, "afterAuth", span);
    if after.is_some() {
        // What the program's own function answers takes the place of what the library would.
        return Ok(Some(Value::unknown(Shape::Any)));
    }
    machine
        .choose(
            &public,
            span,
            |_| Ok(Value::undefined()),
            |machine| {
                machine.choose(
                    &user,
                    span,
                    |_| Ok(Value::undefined()),
                    |machine| {
                        let made = to_sign_in(host, machine, call)?;
                        Ok(made.unwrap_or_else(Value::undefined))
                    },
                )
            },
        )
        .map(Some)
}

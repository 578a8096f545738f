//! Guards and proofs of identity services: express-jwt, Auth0, Clerk, Keycloak, Firebase, Google, Supabase,
//! basic authentication.
//!
//! All of them take a credential off the request and prove it; an attacker has none that holds.

use firedoor_app::{
    CompareSecret, ComparisonKind, Control, EffectKind, Origin, Provenance, Refusal, RequestPart,
    TokenKind,
};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, Shape, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::jsonwebtoken::verification;
use crate::layers::{make as passing, pass};
use crate::state::MadeGuard;
use crate::tokens::{Verification, claims, plain, verify};
use crate::tools::{error, is_function, keep, kept, last_part, option, promised, proof};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "identity",
    calls: &[
        ("npm:express-jwt", token_guard),
        ("npm:express-jwt.expressjwt", token_guard),
        ("npm:express-oauth2-jwt-bearer.auth", issuer_guard),
        ("npm:express-oauth2-jwt-bearer.requiredScopes", scope_guard),
        ("npm:express-oauth2-jwt-bearer.claimEquals", scope_guard),
        ("npm:express-oauth2-jwt-bearer.claimIncludes", scope_guard),
        ("npm:express-oauth2-jwt-bearer.claimCheck", scope_guard),
        ("npm:express-openid-connect.auth", openid),
        ("npm:express-openid-connect.requiresAuth", session_guard),
        ("npm:connect-ensure-login.ensureLoggedIn", session_guard),
        (
            "npm:connect-ensure-login.ensureAuthenticated",
            session_guard,
        ),
        ("npm:connect-ensure-login.ensureLoggedOut", passing),
        ("npm:@clerk/express.clerkMiddleware", passing),
        ("npm:@clerk/express.requireAuth", session_guard),
        ("npm:@clerk/express.getAuth", clerk_auth),
        (
            "npm:@clerk/clerk-sdk-node.ClerkExpressRequireAuth",
            issuer_guard,
        ),
        ("npm:@clerk/clerk-sdk-node.ClerkExpressWithAuth", passing),
        ("npm:keycloak-connect", keycloak),
        ("npm:keycloak-connect().protect", session_guard),
        ("npm:keycloak-connect().enforcer", session_guard),
        ("npm:keycloak-connect().middleware", passing),
        ("npm:express-basic-auth", basic_guard),
        ("npm:basic-auth", basic_credentials),
        ("identity:guard", run),
        ("identity:guard.unless", unless),
        (
            "npm:@supabase/supabase-js.createClient().auth.getUser",
            supabase_user,
        ),
        (
            "npm:@supabase/ssr.createServerClient().auth.getUser",
            supabase_user,
        ),
    ],
    members: &[
        ("express:request.oidc", openid_session),
        ("identity:openid.user", session_user),
    ],
    ..Model::EMPTY
};

/// What a guard is told when it is made.
struct Settings<'s> {
    /// Where it puts what it has proven.
    attach: &'s str,
    /// Where the credential is: a header, or the session.
    source: &'s str,
    /// How it refuses: a status, or a path to go to.
    refusal: Value,
    /// Whether somebody without a credential is let on too.
    optional: bool,
    /// Control that it is good for.
    control: Control,
}

fn guard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    settings: &Settings<'_>,
) -> ObjectId {
    let id = host.make_object(machine, "identity:guard", call.span);
    let name = call.path.trim_end_matches("()");
    let name = name.rsplit([':', '/', '.']).next().unwrap_or(name);
    for (key, value) in [
        ("$attach", Value::string(settings.attach)),
        ("$source", Value::string(settings.source)),
        ("$refusal", settings.refusal.clone()),
        ("$optional", Value::bool(settings.optional)),
        ("$options", call.arguments.get(0)),
    ] {
        keep(machine, id, key, value);
    }
    if !settings.optional {
        let made = MadeGuard {
            controls: vec![settings.control],
            throttle: None,
            span: call.span,
            library: "guard",
        };
        host.state().made_guards.insert(id, made);
    }
    keep(machine, id, "$name", Value::string(name));
    id
}

/// express-jwt 6 to 8: a failed proof goes to the error handlers with the status 401; `req.auth` since 7,
/// `req.user` before.
fn token_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let required = option(machine, &options, "credentialsRequired", call.span);
    let optional = required.is_some_and(|value| machine.truth(&value) == Some(false));
    let default = if call.path.ends_with("expressjwt") {
        "auth"
    } else {
        "user"
    };
    let property = option(machine, &options, "requestProperty", call.span)
        .or_else(|| option(machine, &options, "userProperty", call.span))
        .and_then(|value| value.text())
        .unwrap_or_else(|| Ustr::from(default));
    let settings = Settings {
        attach: &property,
        source: "token",
        refusal: Value::number(401.0),
        optional,
        control: Control::Authentication,
    };
    Ok(Some(Value::object(guard(host, machine, call, &settings))))
}

/// The issuer's published keys prove the token; nothing is left to get wrong here.
fn issuer_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let required = option(machine, &call.arguments.get(0), "authRequired", call.span);
    let settings = Settings {
        attach: "auth",
        source: "token",
        refusal: Value::number(401.0),
        optional: required.is_some_and(|value| machine.truth(&value) == Some(false)),
        control: Control::Authentication,
    };
    Ok(Some(Value::object(guard(host, machine, call, &settings))))
}

fn scope_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let settings = Settings {
        attach: "",
        source: "scope",
        refusal: Value::number(403.0),
        optional: false,
        control: Control::Authorization,
    };
    Ok(Some(Value::object(guard(host, machine, call, &settings))))
}

/// Guards that look at a session and send strangers to the log-in page.
fn session_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    let target = first.text().or_else(|| {
        option(machine, &first, "redirectTo", call.span).and_then(|value| value.text())
    });
    let is_status = last_part(&call.path) == "ensureAuthenticated";
    let refusal = if is_status {
        Value::number(401.0)
    } else {
        Value::string(target.as_deref().unwrap_or("/login"))
    };
    let settings = Settings {
        attach: "",
        source: "session",
        refusal,
        optional: false,
        control: Control::Authentication,
    };
    Ok(Some(Value::object(guard(host, machine, call, &settings))))
}

/// express-openid-connect 2: every route needs a log-in unless `authRequired` is off.
fn openid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let required = option(machine, &call.arguments.get(0), "authRequired", call.span);
    if required.is_some_and(|value| machine.truth(&value) == Some(false)) {
        return passing(host, machine, call);
    }
    session_guard(host, machine, call)
}

fn keycloak(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:keycloak-connect()", call.span);
    Ok(Some(Value::object(id)))
}

/// express-basic-auth 1: users and their passwords, or a function that decides.
fn basic_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let settings = Settings {
        attach: "auth",
        source: "basic",
        refusal: Value::number(401.0),
        optional: false,
        control: Control::Authentication,
    };
    Ok(Some(Value::object(guard(host, machine, call, &settings))))
}

/// `guard.unless({path: [...]})` of express-unless.
fn unless(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        keep(machine, id, "$unless", call.arguments.get(0));
    }
    Ok(Some(call.this.clone()))
}

/// Whether the entry point is one that the guard leaves out; `None` if an expression would have to be matched
/// with a path of which a part is not known.
fn is_left_out(host: &ModelHost, machine: &mut Machine<'_>, left_out: &Value, span: Span) -> Value {
    let paths = option(machine, left_out, "path", span).unwrap_or_else(|| left_out.clone());
    let (parts, _) = match paths.text() {
        Some(_) => (vec![paths], false),
        None => machine.elements_of(&paths),
    };
    let (path, method) = {
        let state = host.state();
        (state.run.path, state.run.method)
    };
    let mut outcome = Some(false);
    for part in parts {
        let methods = option(machine, &part, "methods", span);
        if let Some(methods) = methods
            && let Some(names) = crate::tokens::texts_of(machine, &methods)
            && !names.contains(&method)
        {
            continue;
        }
        let url = option(machine, &part, "url", span).unwrap_or(part);
        let name = Value::string(&path);
        let matched = match url.text() {
            Some(url) => Some(url.trim_end_matches('/') == path.trim_end_matches('/')),
            None => {
                let arguments = Arguments::positional([name]);
                machine
                    .call_member(&url, Ustr::from("test"), &arguments, span)
                    .ok()
                    .and_then(|test| machine.truth(&test))
            }
        };
        match matched {
            Some(true) => return Value::bool(true),
            Some(false) => {}
            None => outcome = None,
        }
    }
    outcome.map_or_else(|| Value::unknown(Shape::Bool), Value::bool)
}

fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let left_out = kept(machine, call.receiver, "$unless");
    if left_out.is_nothing() {
        check(host, machine, call)?;
        return Ok(Some(Value::undefined()));
    }
    let skips = is_left_out(host, machine, &left_out, call.span);
    machine.when(
        &skips,
        call.span,
        |machine| pass(host, machine, call).map(|_| ()),
        |machine| check(host, machine, call),
    )?;
    Ok(Some(Value::undefined()))
}

fn check(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Result<(), Stop> {
    let source = kept(machine, call.receiver, "$source").text();
    let place = call
        .receiver
        .map_or(call.span, |id| machine.heap.get(id).span);
    let credential = credential(host, machine, call, source.as_deref());
    let test = match source.as_deref() {
        Some("token") => {
            let options = kept(machine, call.receiver, "$options");
            let secret =
                option(machine, &options, "secret", place).unwrap_or_else(Value::undefined);
            let secret = if is_function(machine, &secret) {
                Value::undefined()
            } else {
                secret
            };
            let wanted = verification(host, machine, credential.clone(), secret, &options, place);
            verify(host, machine, &wanted, place)
        }
        Some("basic") => basic_test(host, machine, call, &credential, place),
        Some("scope") => machine.tested(TestKind::Membership, None, &[&credential], place),
        _ => proof(host, machine, &[&credential], place),
    };
    let is_optional = kept(machine, call.receiver, "$optional") == Value::bool(true);
    machine.when(
        &test,
        place,
        |machine| {
            attach(host, machine, call, &credential);
            pass(host, machine, call).map(|_| ())
        },
        |machine| {
            if is_optional {
                return pass(host, machine, call).map(|_| ());
            }
            refuse(host, machine, call, place)
        },
    )
}

fn credential(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    source: Option<&str>,
) -> Value {
    match source {
        Some("session") => host.request_value(machine, RequestPart::Session, "user"),
        Some("scope") => {
            let origins = host.origin(machine, Origin::Principal(Ustr::from("scope")));
            Value::unknown(Shape::String).with_origins(origins)
        }
        _ => {
            let options = kept(machine, call.receiver, "$options");
            if let Some(function) = option(machine, &options, "getToken", call.span)
                && is_function(machine, &function)
                && let Ok(token) = machine.call_value(&function, None, call.arguments, call.span)
            {
                return token;
            }
            host.request_value(machine, RequestPart::Header, "authorization")
        }
    }
}

fn basic_test(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    credential: &Value,
    span: Span,
) -> Value {
    let options = kept(machine, call.receiver, "$options");
    let authorizer = option(machine, &options, "authorizer", span);
    if let Some(function) = authorizer
        && is_function(machine, &function)
    {
        let given = credential.shaped(Shape::String);
        let arguments = Arguments::positional([given.clone(), given]);
        let (result, _) = machine.catching(|machine| {
            let result = machine.call_value(&function, None, &arguments, span)?;
            machine.await_value(&result, span)
        });
        return result.unwrap_or_else(|_| Value::bool(false));
    }
    let users = option(machine, &options, "users", span).unwrap_or_else(Value::undefined);
    let effect = CompareSecret {
        kind: ComparisonKind::Password,
        given: host.deep_provenance(machine, credential),
        expected: passwords_of(host, machine, &users),
    };
    host.effect(machine, EffectKind::CompareSecret(effect), span);
    proof(host, machine, &[credential, &users], span)
}

/// The passwords of `{name: password}`.
fn passwords_of(host: &ModelHost, machine: &mut Machine<'_>, users: &Value) -> Provenance {
    let fields = host.body_fields(machine, users);
    fields
        .iter()
        .fold(Provenance::default(), |all, field| all.union(&field.value))
}

fn attach(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, credential: &Value) {
    let Some(property) = kept(machine, call.receiver, "$attach").text() else {
        return;
    };
    if property.is_empty() {
        return;
    }
    let proven = claims(host, machine, credential, "");
    let value = plain(machine, &[("payload", proven.clone())], call.span);
    // express-jwt attaches the payload itself, Auth0's guard an object with it.
    let value = if property == "auth" && is_by_issuer(machine, call) {
        value
    } else {
        proven
    };
    let request = call.arguments.get(0);
    let (_, _) =
        machine.catching(|machine| machine.set_member(&request, property, value, call.span));
}

fn is_by_issuer(machine: &Machine<'_>, call: &Call<'_>) -> bool {
    kept(machine, call.receiver, "$name")
        .text()
        .is_some_and(|name| name == "auth")
}

fn refuse(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    span: Span,
) -> Result<(), Stop> {
    let refusal = kept(machine, call.receiver, "$refusal");
    if let Some(path) = refusal.text() {
        host.refuse(machine, Refusal::Redirect(Some(path.to_string())), span);
        let to = host.provenance(machine, &refusal);
        host.effect(machine, EffectKind::Redirect(to), span);
        return Ok(());
    }
    let failed = error(
        host,
        machine,
        "npm:express-jwt.UnauthorizedError",
        &[],
        span,
    );
    if let Some(id) = failed.only_object() {
        let object = machine.heap.get_mut(id);
        object.properties.insert(Ustr::from("status"), refusal);
    }
    match crate::layers::next_of(machine, call.arguments) {
        Some(next) => {
            let arguments = Arguments::positional([failed]);
            machine
                .call_value(&next, None, &arguments, span)
                .map(|_| ())
        }
        None => machine.throw(failed, span),
    }
}

/// basic-auth 2: what the header says, unproven.
fn basic_credentials(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let header = host.request_value(machine, RequestPart::Header, "authorization");
    let given = header.shaped(Shape::String);
    let object = plain(
        machine,
        &[("name", given.clone()), ("pass", given)],
        call.span,
    );
    let mut value = Value::undefined();
    for atom in object.atoms() {
        value.add(*atom);
    }
    Ok(Some(value.with_origins(header.origins)))
}

/// `getAuth(req)`: the ids are missing for strangers.
fn clerk_auth(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.reads(Origin::Request(
        RequestPart::Header,
        Ustr::from("authorization"),
    ));
    let names = ["userId", "sessionId", "orgId", "orgRole", "sessionClaims"];
    let properties: Vec<(&str, Value)> = names
        .iter()
        .map(|name| (*name, principal_or_nothing(host, machine, name)))
        .collect();
    Ok(Some(plain(machine, &properties, call.span)))
}

fn principal_or_nothing(host: &ModelHost, machine: &mut Machine<'_>, claim: &str) -> Value {
    let origins = host.origin(machine, Origin::Principal(Ustr::from(claim)));
    let value = match host.persona() {
        Persona::Attacker => Value::null(),
        _ => Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Any)]),
    };
    value.with_origins(origins)
}

fn openid_session(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "identity:openid", span);
    Some(Value::object(id))
}

fn session_user(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    host.reads(Origin::Request(RequestPart::Session, Ustr::from("user")));
    Some(principal_or_nothing(host, machine, ""))
}

/// `auth.getUser(token)` gives `{data: {user}, error}`.
fn supabase_user(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let token = call.arguments.get(0);
    let token = if token.is_nothing() {
        host.request_value(machine, RequestPart::Cookie, "session")
    } else {
        token
    };
    let wanted = Verification::new(TokenKind::Jwt, token.clone(), Value::undefined());
    verify(host, machine, &wanted, span);
    let proven = claims(host, machine, &token, "");
    let (user, failure) = match host.persona() {
        Persona::Attacker => (
            Value::null().with_origins(proven.origins),
            Value::unknown(Shape::Object).with_origins(token.origins),
        ),
        _ => {
            let mut user = crate::tokens::perhaps(&proven);
            user.control = token.origins;
            let failure = Value::atoms_of([Atom::Null, Atom::Unknown(Shape::Object)]);
            (user, failure.with_origins(token.origins))
        }
    };
    let data = plain(machine, &[("user", user)], span);
    let result = plain(machine, &[("data", data), ("error", failure)], span);
    promised(machine, span, |_| Ok(result)).map(Some)
}

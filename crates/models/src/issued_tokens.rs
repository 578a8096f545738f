//! Tokens that another site issues, verified with its keys: Firebase, Google, Apple, Clerk.
//!
//! Sources: firebase-admin 13 `auth/base-auth.ts`; google-auth-library 9 `oauth2client.ts`; apple-signin-auth 2.0
//! `index.js`; @clerk/backend 1 `tokens/verify.ts`.

use firedoor_eval::{Answer, Call, Machine, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::jsonwebtoken::verification;
use crate::tokens::{Verification, claims, verify};
use crate::tools::{error, keep, kept, option, promised, require};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "issued-tokens",
    calls: &[
        ("npm:firebase-admin.auth", service),
        ("npm:firebase-admin/auth.getAuth", service),
        ("identity:service.verifyIdToken", verify_service),
        ("identity:service.verifySessionCookie", verify_service),
        ("npm:google-auth-library.OAuth2Client", service),
        ("identity:service.createSessionCookie", verify_service),
        ("identity:ticket.getPayload", ticket_payload),
        ("npm:apple-signin-auth.verifyIdToken", verify_apple),
        ("npm:@clerk/backend.verifyToken", verify_service),
        ("npm:@clerk/express.verifyToken", verify_service),
    ],
    ..Model::EMPTY
};

fn service(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "identity:service", call.span);
    Ok(Some(Value::object(id)))
}

/// `verifyIdToken(token)` of Firebase, `verifyIdToken({idToken, audience})` of Google: the issuer's keys prove.
fn verify_service(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let first = call.arguments.get(0);
    let given = option(machine, &first, "idToken", span);
    let is_google = given.is_some();
    let token = given.unwrap_or_else(|| first.clone());
    promised(machine, span, |machine| {
        let options = if is_google {
            first.clone()
        } else {
            Value::undefined()
        };
        let payload = issued(host, machine, &token, &options, span)?;
        if !is_google {
            return Ok(payload);
        }
        let getter = host.make_object(machine, "identity:ticket", span);
        keep(machine, getter, "payload", payload);
        Ok(Value::object(getter))
    })
    .map(Some)
}

/// `verifyIdToken(token, {audience, nonce})`; source: apple-signin-auth 2.0, `index.js`.
fn verify_apple(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (token, options) = (call.arguments.get(0), call.arguments.get(1));
    promised(machine, call.span, |machine| {
        issued(host, machine, &token, &options, call.span)
    })
    .map(Some)
}

/// The claims of a token that the keys of its issuer prove; where they don't, an exception.
fn issued(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    token: &Value,
    options: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let keys = firedoor_eval::Origin::Outside(Ustr::from("the issuer's keys"));
    let keys = machine.origins.single(keys);
    let key = Value::unknown(Shape::Object).with_origins(keys);
    let wanted: Verification = verification(host, machine, token.clone(), key, options, span);
    let test = verify(host, machine, &wanted, span);
    let path = "npm:firebase-admin.AuthError";
    let failed = error(host, machine, path, &[token], span);
    require(machine, &test, &failed, span)?;
    Ok(claims(host, machine, token, ""))
}

fn ticket_payload(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(kept(machine, call.receiver, "payload")))
}

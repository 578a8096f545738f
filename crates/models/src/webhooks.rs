//! Messages of other services that carry a signature: Stripe and svix, which Clerk and Resend send with.
//!
//! Sources: stripe 17, `src/Webhooks.ts`; svix 1.45, `src/webhook.ts`. Both throw where the signature is wrong.

use firedoor_app::TokenKind;
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::tokens::{Verification, claims, verify};
use crate::tools::{error, keep, kept, last_part, promised, require};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "webhooks",
    calls: &[
        ("npm:stripe().webhooks.constructEvent", stripe),
        ("npm:stripe().webhooks.constructEventAsync", stripe),
        ("npm:svix.Webhook", svix),
        ("npm:svix.Webhook().verify", verify_svix),
    ],
    aliases: &[
        (
            "npm:stripe.default().webhooks.constructEvent",
            "npm:stripe().webhooks.constructEvent",
        ),
        (
            "npm:stripe.Stripe().webhooks.constructEvent",
            "npm:stripe().webhooks.constructEvent",
        ),
        (
            "npm:stripe.webhooks.constructEvent",
            "npm:stripe().webhooks.constructEvent",
        ),
        ("npm:standardwebhooks.Webhook", "npm:svix.Webhook"),
    ],
    ..Model::EMPTY
};

/// `constructEvent(body, signature, secret)`.
fn stripe(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (token, secret) = (call.arguments.get(1), call.arguments.get(2));
    let path = "npm:stripe.errors.StripeSignatureVerificationError";
    if last_part(&call.path) == "constructEventAsync" {
        let run = |machine: &mut Machine<'_>| settle(host, machine, call, (&token, &secret), path);
        return promised(machine, call.span, run).map(Some);
    }
    settle(host, machine, call, (&token, &secret), path).map(Some)
}

/// `new Webhook(secret)`.
fn svix(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:svix.Webhook()", call.span);
    keep(machine, id, "$secret", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `verify(payload, headers)`.
fn verify_svix(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let secret = kept(machine, call.receiver, "$secret");
    let token = call.arguments.get(1);
    let path = "npm:svix.WebhookVerificationError";
    settle(host, machine, call, (&token, &secret), path).map(Some)
}

fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    (token, secret): (&Value, &Value),
    path: &str,
) -> Result<Value, firedoor_eval::Stop> {
    let token = machine.derived(firedoor_eval::Shape::Any, [token]);
    let mut wanted = Verification::new(TokenKind::Signed, token.clone(), secret.clone());
    wanted.is_safe = true;
    let test = verify(host, machine, &wanted, call.span);
    let failed = error(host, machine, path, &[&token, secret], call.span);
    require(machine, &test, &failed, call.span)?;
    Ok(claims(host, machine, &token, ""))
}

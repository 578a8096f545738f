//! Signatures of webhooks in JavaScript: Stripe, Svix, Standard Webhooks and GitHub.
//!
//! Sources: stripe 16 `Webhooks.ts` (`constructEvent` throws where the signature is wrong, and by default where it is
//! older than five minutes); svix 1 `webhook.ts` and standardwebhooks 1 (`verify` throws); @octokit/webhooks 13 and
//! @octokit/webhooks-methods 5 (`verify` gives a promise of a truth value).

use firedoor_app::{EffectKind, Origin, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Call, Machine, Shape, TestKind, Value};
use ustr::Ustr;

use crate::tools::{keep, kept, promised, require, unknown_of};
use crate::{Model, ModelHost, Persona};

/// The model.
pub static MODEL: Model = Model {
    name: "webhook_signatures",
    calls: &[
        ("npm:stripe().webhooks.constructEvent", construct),
        ("npm:stripe().webhooks.constructEventAsync", construct_later),
        ("npm:stripe.webhooks.constructEvent", construct),
        ("npm:stripe.webhooks.constructEventAsync", construct_later),
        ("npm:svix.Webhook", webhook),
        ("npm:svix.Webhook().verify", verify),
        ("npm:standardwebhooks.Webhook", webhook),
        ("npm:standardwebhooks.Webhook().verify", verify),
        ("npm:@octokit/webhooks-methods.verify", is_right),
    ],
    aliases: &[
        ("npm:stripe.Stripe", "npm:stripe"),
        ("npm:stripe.default", "npm:stripe"),
    ],
    ..Model::EMPTY
};

/// A signature with the key that it is made with.
struct Signed {
    signature: Value,
    key: Value,
    is_timed: bool,
}

/// `constructEvent(payload, header, secret)`.
fn construct(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let signed = Signed {
        signature: call.arguments.get(1),
        key: call.arguments.get(2),
        is_timed: true,
    };
    settle(host, machine, call, &signed).map(Some)
}

fn construct_later(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let signed = Signed {
        signature: call.arguments.get(1),
        key: call.arguments.get(2),
        is_timed: true,
    };
    promised(machine, call.span, |machine| {
        settle(host, machine, call, &signed)
    })
    .map(Some)
}

/// `new Webhook(secret)`.
fn webhook(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    keep(machine, id, "$key", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `webhook.verify(payload, headers)`.
fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let headers = call.arguments.get(1);
    let name = match call.path.starts_with("npm:svix") {
        true => "svix-signature",
        false => "webhook-signature",
    };
    let signed = Signed {
        signature: machine.member(&headers, Ustr::from(name), call.span)?,
        key: kept(machine, call.receiver, "$key"),
        is_timed: true,
    };
    settle(host, machine, call, &signed).map(Some)
}

/// `verify(secret, payload, signature)` answers whether it is right.
fn is_right(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let signed = Signed {
        signature: call.arguments.get(2),
        key: call.arguments.get(0),
        is_timed: false,
    };
    promised(machine, call.span, |machine| {
        Ok(proof(host, machine, call, &signed))
    })
    .map(Some)
}

/// Notes the verification and answers whether the signature is right: never one that was made up.
fn proof(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, signed: &Signed) -> Value {
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Signed,
        token: host.deep_provenance(machine, &signed.signature),
        secret: host.deep_provenance(machine, &signed.key),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: !signed.is_timed,
        requires: Vec::new(),
    });
    host.effect(machine, effect, call.span);
    let outcome = match host.persona() {
        Persona::Attacker => Some(false),
        Persona::User => None,
        Persona::Wiring => Some(true),
    };
    let operands = [&signed.signature, &signed.key];
    machine.tested(TestKind::Proof, outcome, &operands, call.span)
}

/// Gives the event if the signature is right, and throws otherwise.
fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    signed: &Signed,
) -> Result<Value, firedoor_eval::Stop> {
    let test = proof(host, machine, call, signed);
    let error = Value::outside(&format!("{}.SignatureVerificationError()", call.path));
    require(machine, &test, &error, call.span)?;
    let origin = Origin::Claim(Ustr::from(""));
    let mut event = unknown_of(host, machine, Shape::Object, origin);
    event.control = machine.derived(Shape::Any, operands_of(signed)).origins;
    Ok(event)
}

fn operands_of(signed: &Signed) -> impl Iterator<Item = &Value> {
    [&signed.signature, &signed.key].into_iter()
}

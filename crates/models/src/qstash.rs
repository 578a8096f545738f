//! Upstash QStash: messages that a queue delivers over HTTP, signed with a key that both sides know.
//!
//! Source: @upstash/qstash 2.8.3, `src/receiver.ts` (`verify` throws a `SignatureError`, and otherwise answers true; the
//! signature is a token with an expiry) and `platforms/nextjs.ts` (wrappers of handlers answer 403; keys that are not
//! given are those of the environment).

use firedoor_app::{EffectKind, Origin, RequestPart, TokenKind, VerifyToken};
use firedoor_eval::{Answer, Arguments, Call, Machine, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::{error, keep, kept, option, promised, require, unknown_of};
use crate::{Model, ModelHost, Persona};

const GUARDED: &str = "qstash:guarded";

/// The model.
pub static MODEL: Model = Model {
    name: "qstash",
    calls: &[
        ("npm:@upstash/qstash.Receiver", receiver),
        ("npm:@upstash/qstash.Receiver().verify", verify),
        ("npm:@upstash/qstash/nextjs.verifySignatureAppRouter", guard),
        ("npm:@upstash/qstash/nextjs.verifySignatureEdge", guard),
        ("qstash:guarded", run),
    ],
    aliases: &[
        (
            "npm:@upstash/qstash/dist/nextjs.verifySignatureAppRouter",
            "npm:@upstash/qstash/nextjs.verifySignatureAppRouter",
        ),
        (
            "npm:@upstash/qstash/dist/nextjs.verifySignatureEdge",
            "npm:@upstash/qstash/nextjs.verifySignatureEdge",
        ),
    ],
    ..Model::EMPTY
};

/// `new Receiver({currentSigningKey, nextSigningKey})`.
fn receiver(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:@upstash/qstash.Receiver()", call.span);
    let key = key_of(host, machine, &call.arguments.get(0), call.span);
    keep(machine, id, "$key", key);
    Ok(Some(Value::object(id)))
}

/// The key that signatures are made with: the one that is given, or that of the environment.
fn key_of(host: &ModelHost, machine: &mut Machine<'_>, options: &Value, span: Span) -> Value {
    let given = option(machine, options, "currentSigningKey", span);
    given.unwrap_or_else(|| {
        let origin = Origin::Environment {
            name: Ustr::from("QSTASH_CURRENT_SIGNING_KEY"),
            fallback: None,
        };
        unknown_of(host, machine, Shape::String, origin)
    })
}

/// `receiver.verify({signature, body})`.
fn verify(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let signature = option(machine, &options, "signature", call.span);
    let signature = signature.unwrap_or_else(Value::undefined);
    let key = kept(machine, call.receiver, "$key");
    promised(machine, call.span, |machine| {
        let test = proof(host, machine, &signature, &key, call.span);
        let class = "npm:@upstash/qstash.SignatureError";
        let error = error(host, machine, class, &[&signature], call.span);
        require(machine, &test, &error, call.span)?;
        Ok(Value::bool(true))
    })
    .map(Some)
}

/// Notes the verification and answers whether the signature is right: never one that was made up.
fn proof(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    signature: &Value,
    key: &Value,
    span: Span,
) -> Value {
    let effect = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Signed,
        token: host.deep_provenance(machine, signature),
        secret: host.deep_provenance(machine, key),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: Vec::new(),
    });
    host.effect(machine, effect, span);
    let outcome = match host.persona() {
        Persona::Attacker => Some(false),
        Persona::User => None,
        Persona::Wiring => Some(true),
    };
    machine.tested(TestKind::Proof, outcome, &[signature, key], span)
}

/// `verifySignatureAppRouter(handler, options)` gives a handler.
fn guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, GUARDED, call.span);
    let key = key_of(host, machine, &call.arguments.get(1), call.span);
    keep(machine, id, "$key", key);
    keep(machine, id, "$handler", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// The handler runs if the signature in the header is right, and the request is refused otherwise.
fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (handler, key) = (
        kept(machine, call.receiver, "$handler"),
        kept(machine, call.receiver, "$key"),
    );
    let (arguments, span) = (call.arguments.clone(), call.span);
    promised(machine, span, |machine| {
        let signature = host.request_value(machine, RequestPart::Header, "upstash-signature");
        let test = proof(host, machine, &signature, &key, span);
        machine.choose(
            &test,
            span,
            |machine| {
                let result = machine.call_value(&handler, None, &arguments, span)?;
                machine.await_value(&result, span)
            },
            |machine| refusal(machine, span),
        )
    })
    .map(Some)
}

fn refusal(machine: &mut Machine<'_>, span: Span) -> Result<Value, Stop> {
    let options = crate::tokens::plain(machine, &[("status", Value::number(403.0))], span);
    let arguments = Arguments::positional([Value::string("invalid signature"), options]);
    machine.call_value(&Value::outside("js:Response"), None, &arguments, span)
}

//! joserfc: a decode proves the signature, and a registry of claims what they say.
//!
//! `jwt.JWTClaimsRegistry(...).validate(token.claims)` holds the times of a token against the clock, and the claims that
//! it was made with. Source: joserfc 1.8, `jwt.py`, `_rfc7519/claims.py`.

use firedoor_app::{EffectKind, Field, Provenance};
use firedoor_eval::{Answer, Call, Machine, Value};
use ustr::Ustr;

use super::{Decoding, names, settle};
use crate::ModelHost;
use crate::python_support::{argument, entry, exception, object_with_arguments};
use crate::tokens::is_from_token;

/// `decode(value, key, algorithms)`: a token whose claims nobody has looked at yet.
pub(super) fn decode(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decoding = Decoding {
        token: argument(call, 0, "value"),
        key: argument(call, 1, "key"),
        algorithms: names(machine, &argument(call, 2, "algorithms")),
        from_token: is_from_token(host, machine, &argument(call, 2, "algorithms")),
        is_safe_by_default: true,
        options: Value::null(),
        requires: Vec::new(),
        errors: &["py:joserfc.errors.BadSignatureError"],
        takes_empty_key: false,
        is_verified: true,
        leaves_claims: true,
    };
    let claims = settle(host, machine, call, decoding)?;
    let id = object_with_arguments(machine, call);
    if let Some(claims) = claims {
        machine.heap.set_property(id, Ustr::from("claims"), claims);
    }
    Ok(Some(Value::object(id)))
}

/// `registry.validate(claims)`: what was verified last is not taken once it has expired.
pub(super) fn validate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let requires = required(host, machine, call);
    settle_last(host, &requires);
    let claims = argument(call, 0, "claims");
    let error = exception(machine, "py:joserfc.errors.InvalidClaimError", &[&claims]);
    machine.may_throw(error, call.span);
    Ok(Some(Value::null()))
}

/// Where several keys are tried, it is one token that was verified with each.
fn settle_last(host: &ModelHost, requires: &[Field]) {
    let mut state = host.state();
    let mut last: Option<Provenance> = None;
    for effect in state.run.effects.iter_mut().rev() {
        let EffectKind::Verify(verified) = &mut effect.kind else {
            continue;
        };
        if last.as_ref().is_some_and(|token| *token != verified.token) {
            break;
        }
        last = Some(verified.token.clone());
        verified.ignores_expiry = false;
        verified.requires.extend(requires.iter().cloned());
    }
}

/// The claims that a registry was made with: `aud={"essential": True, "value": "press"}`.
fn required(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Vec<Field> {
    let Some(registry) = call.receiver else {
        return Vec::new();
    };
    let options = machine.heap.get(registry).properties.clone();
    let options = options.into_iter();
    let options = options.filter(|(name, _)| !matches!(name.as_str(), "now" | "leeway"));
    options
        .map(|(name, option)| {
            let value = ["value", "values"].into_iter();
            let value = value
                .filter_map(|word| entry(machine, &option, word))
                .next();
            Field {
                name,
                operator: if value.is_some() { "=" } else { "exists" },
                value: value
                    .map_or_else(Provenance::default, |it| host.deep_provenance(machine, &it)),
            }
        })
        .collect()
}

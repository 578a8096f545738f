//! Log-ins through other sites with Passport: the state, and the exchange of the code.
//!
//! Source: passport-oauth2 1.8 (`lib/strategy.js`), from which the strategies of most sites inherit.

use firedoor_app::{EffectKind, Origin, Provenance, RequestPart, TokenKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::passport::{Attempt, attempt_of, check, done_object, fall_through, next, part};
use crate::tokens::{Verification, field_of, plain, verify};
use crate::tools::{kept, option, unknown_of};

/// Without a code the client is sent to the other site; with one, that site is asked who it was made for.
pub(crate) fn by_other_site(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
) -> Result<(), Stop> {
    let span = attempt.span;
    let code = part(machine, attempt, "query", "code");
    let has_code = machine.tested(TestKind::Truth, None, &[&code], span);
    machine.when(
        &has_code,
        span,
        |machine| check_state(host, machine, attempt, strategy),
        |machine| {
            remember(host, machine, attempt, strategy)?;
            let to = host.provenance(machine, &Value::string("the other site"));
            host.effect(machine, EffectKind::Redirect(to), span);
            Ok(())
        },
    )
}

/// Returns the program's own store of a strategy, if it has one, and a method of it.
fn method_of_store(
    machine: &mut Machine<'_>,
    strategy: ObjectId,
    name: &str,
    span: Span,
) -> Option<(Value, Value)> {
    let options = kept(machine, Some(strategy), "$options");
    let store = option(machine, &options, "store", span)?;
    let method = option(machine, &store, name, span)?;
    Some((store, method))
}

/// A store of the program's own keeps what the other site is sent, as `store(request[, verifier][, state][, meta], done)`,
/// the verifier where `pkce` is set (passport-oauth2 1.8, `lib/strategy.js`).
fn remember(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
) -> Result<(), Stop> {
    let span = attempt.span;
    let Some((own, method)) = method_of_store(machine, strategy, "store", span) else {
        return Ok(());
    };
    let chance = Origin::Random {
        cryptographic: true,
        bits: Some(256),
    };
    let verifier = unknown_of(host, machine, Shape::String, chance);
    let meta = plain(machine, &[], span);
    let middle = match crate::ws::parameter_count(machine, &method) {
        Some(5) => vec![verifier, Value::undefined(), meta],
        Some(4) => vec![Value::undefined(), meta],
        Some(3) => vec![meta],
        _ => Vec::new(),
    };
    let done = done_object(host, machine, attempt, strategy, "npm:passport.remembered");
    let first = std::iter::once(attempt.arguments.get(0));
    let arguments = Arguments::positional(first.chain(middle).chain([done]));
    let result = machine.call_value(&method, Some(own), &arguments, span)?;
    machine.await_value(&result, span).map(|_| ())
}

/// `done(error, handle)` of a store that has kept the state: the client is sent on.
pub(crate) fn remembered(_: &ModelHost, _: &mut Machine<'_>, _: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

/// A store of the program's own is asked whether the state is right, as `verify(request, state[, meta], done)`
/// (passport-oauth2 1.8, `lib/strategy.js`).
fn check_state(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
) -> Result<(), Stop> {
    let span = attempt.span;
    let Some((store, verify)) = method_of_store(machine, strategy, "verify", span) else {
        return exchange(host, machine, attempt, strategy, None);
    };
    let state = part(machine, attempt, "query", "state");
    let mut arguments = Arguments::positional([attempt.arguments.get(0), state]);
    if crate::ws::parameter_count(machine, &verify).is_none_or(|count| count == 4) {
        let meta = plain(machine, &[], span);
        arguments.positional.push(meta);
    }
    let done = done_object(host, machine, attempt, strategy, "npm:passport.stored");
    arguments.positional.push(done);
    let result = machine.call_value(&verify, Some(store), &arguments, span)?;
    machine.await_value(&result, span).map(|_| ())
}

/// `done(error, is_right, state)` of a store.
pub(crate) fn stored(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((attempt, Some(strategy))) = attempt_of(machine, call) else {
        return Ok(None);
    };
    let [failure, is_right] = [0, 1].map(|index| call.arguments.get(index));
    machine.when(
        &failure.clone(),
        call.span,
        |machine| next(host, machine, &attempt, Some(failure.clone())),
        |machine| {
            machine.when(
                &is_right,
                call.span,
                |machine| exchange(host, machine, &attempt, strategy, Some(&is_right)),
                |machine| fall_through(host, machine, &attempt),
            )
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// The settings `state`, `pkce` and `store: true` keep both in the session; a store of the program's own keeps them
/// wherever it likes, and its `word` is the verifier.
fn exchange(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    attempt: &Attempt,
    strategy: ObjectId,
    word: Option<&Value>,
) -> Result<(), Stop> {
    let span = attempt.span;
    let code = part(machine, attempt, "query", "code");
    let options = kept(machine, Some(strategy), "$options");
    let secret = option(machine, &options, "clientSecret", span).unwrap_or_else(Value::undefined);
    let mut wanted = Verification::new(TokenKind::Opaque, code.clone(), secret.clone());
    let keeps = [("state", "state"), ("store", "state"), ("pkce", "pkce")];
    for (setting, name) in keeps {
        let is_on = option(machine, &options, setting, span)
            .is_some_and(|value| machine.truth(&value) != Some(false));
        let kept = match word {
            _ if !is_on || wanted.requires.iter().any(|field| field.name == name) => continue,
            Some(_) if name == "state" => continue,
            Some(word) => host.deep_provenance(machine, word),
            None => {
                let kept = Origin::Request(RequestPart::Session, Ustr::from(name));
                Provenance::new([kept])
            }
        };
        wanted.requires.push(field_of(name, kept));
    }
    verify(host, machine, &wanted, span);
    let test = machine.tested(TestKind::Proof, None, &[&code, &secret], span);
    machine.when(
        &test,
        span,
        |machine| {
            let token = unknown_of(host, machine, Shape::String, claim("access_token"));
            let profile = unknown_of(host, machine, Shape::Object, claim("profile"));
            let mut given = vec![token.clone(), token, profile];
            if takes_answer(machine, strategy, span) {
                let answer = unknown_of(host, machine, Shape::Object, claim("params"));
                given.insert(2, answer);
            }
            check(host, machine, attempt, strategy, given)
        },
        |machine| fall_through(host, machine, attempt),
    )
}

/// Holds if the program's function takes the whole answer of the other site too, which the number of its parameters says
/// (passport-oauth2 1.8, `lib/strategy.js`).
fn takes_answer(machine: &mut Machine<'_>, strategy: ObjectId, span: Span) -> bool {
    let verify = kept(machine, Some(strategy), "$verify");
    let set = kept(machine, verify.only_object(), "$arity").as_number();
    let count = set.map(|count| count as usize);
    let count = count.or_else(|| crate::ws::parameter_count(machine, &verify));
    let options = kept(machine, Some(strategy), "$options");
    let passes_request = option(machine, &options, "passReqToCallback", span)
        .is_some_and(|value| machine.truth(&value) == Some(true));
    count == Some(if passes_request { 6 } else { 5 })
}

fn claim(name: &str) -> Origin {
    Origin::Claim(Ustr::from(name))
}

//! The strategies of Passport, and where passport-jwt takes its tokens from.
//!
//! A strategy is only described here; `passport` runs it.

use firedoor_eval::{Answer, Call, Machine, Value};
use ustr::Ustr;

use crate::tools::{is_function, keep, kept, last_part};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "passport",
    calls: &[
        ("npm:passport-jwt.Strategy", token_strategy),
        ("npm:passport-jwt.ExtractJwt.*", extractor),
        ("passport:extractor", extract),
        ("npm:passport-http-bearer", bearer_strategy),
        ("npm:passport-http-bearer.Strategy", bearer_strategy),
        ("npm:passport-http.BasicStrategy", basic_strategy),
        ("npm:passport-http.DigestStrategy", basic_strategy),
        (
            "npm:passport-headerapikey.HeaderAPIKeyStrategy",
            key_strategy,
        ),
        ("npm:passport-headerapikey", key_strategy),
        ("npm:passport-local", local_strategy),
        ("npm:passport-local.Strategy", local_strategy),
        ("npm:passport-custom", custom_strategy),
        ("npm:passport-custom.Strategy", custom_strategy),
        ("npm:passport-google-oauth20", outside_strategy),
        ("npm:passport-google-oauth20.Strategy", outside_strategy),
        ("npm:passport-google-oauth.OAuth2Strategy", outside_strategy),
        ("npm:passport-google-oauth2.Strategy", outside_strategy),
        ("npm:passport-github.Strategy", outside_strategy),
        ("npm:passport-github2", outside_strategy),
        ("npm:passport-github2.Strategy", outside_strategy),
        ("npm:passport-facebook", outside_strategy),
        ("npm:passport-facebook.Strategy", outside_strategy),
        ("npm:passport-twitter.Strategy", outside_strategy),
        ("npm:passport-discord.Strategy", outside_strategy),
        ("npm:passport-linkedin-oauth2.Strategy", outside_strategy),
        ("npm:passport-microsoft.Strategy", outside_strategy),
        ("npm:passport-apple", outside_strategy),
        ("npm:passport-auth0", outside_strategy),
        ("npm:passport-oauth2", outside_strategy),
        ("npm:passport-oauth2.Strategy", outside_strategy),
        ("npm:passport-openidconnect", outside_strategy),
        ("npm:passport-saml.Strategy", outside_strategy),
        ("npm:@node-saml/passport-saml.Strategy", outside_strategy),
    ],
    ..Model::EMPTY
};

fn strategy(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    kind: &str,
    name: &str,
) -> Answer {
    let id = host.make_object(machine, "npm:passport.Strategy()", call.span);
    let first = call.arguments.get(0);
    let (options, check) = if is_function(machine, &first) {
        (Value::undefined(), first)
    } else {
        let last = call.arguments.positional.len().saturating_sub(1);
        (first, call.arguments.get(last))
    };
    for (key, value) in [
        ("$kind", Value::string(kind)),
        ("$options", options),
        ("$verify", check),
        ("name", Value::string(name)),
    ] {
        keep(machine, id, key, value);
    }
    Ok(Some(Value::object(id)))
}

fn token_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    strategy(host, machine, call, "jwt", "jwt")
}

fn bearer_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    strategy(host, machine, call, "header", "bearer")
}

fn key_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    strategy(host, machine, call, "header", "headerapikey")
}

fn basic_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = if last_part(&call.path).starts_with("Digest") {
        "digest"
    } else {
        "basic"
    };
    strategy(host, machine, call, "basic", name)
}

fn local_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    strategy(host, machine, call, "local", "local")
}

fn custom_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    strategy(host, machine, call, "custom", "custom")
}

/// The name of a strategy of another site is that of its package.
fn outside_strategy(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let package = call.path.rsplit("passport-").next().unwrap_or("oauth2");
    let name = package
        .split(['.', '-'])
        .next()
        .unwrap_or(package)
        .trim_end_matches(|c: char| c.is_ascii_digit() && package.starts_with("github"));
    strategy(host, machine, call, "outside", name)
}

/// `ExtractJwt.fromAuthHeaderAsBearerToken()` and its like.
fn extractor(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "passport:extractor", call.span);
    let (place, field) = match last_part(&call.path) {
        "fromHeader" => ("headers", call.arguments.get(0)),
        "fromBodyField" => ("body", call.arguments.get(0)),
        "fromUrlQueryParameter" => ("query", call.arguments.get(0)),
        "fromExtractors" => ("several", call.arguments.get(0)),
        _ => ("headers", Value::string("authorization")),
    };
    keep(machine, id, "$place", Value::string(place));
    keep(machine, id, "$field", field);
    Ok(Some(Value::object(id)))
}

fn extract(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let place = kept(machine, call.receiver, "$place")
        .text()
        .unwrap_or_default();
    let field = kept(machine, call.receiver, "$field");
    if place == "several" {
        let mut joined: Option<Value> = None;
        for extractor in machine.elements_of(&field).0 {
            let token = machine.call_value(&extractor, None, call.arguments, call.span)?;
            joined = Some(match joined {
                Some(joined) => machine.join(joined, &token),
                None => token,
            });
        }
        return Ok(joined);
    }
    let request = call.arguments.get(0);
    let place = machine.member(&request, place, call.span)?;
    let field = field.text().unwrap_or_default();
    let field = Ustr::from(&field.to_ascii_lowercase());
    machine.member(&place, field, call.span).map(Some)
}

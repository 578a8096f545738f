//! `@fastify/oauth2` 7 and 8: the route that sends to another site, and the exchange of what comes back.
//!
//! Unless the program brings functions of its own, the state is kept in a cookie and compared when the code is
//! exchanged. Source: `@fastify/oauth2` 8.1, `index.js`.

use firedoor_app::{EffectKind, Origin, Provenance, RequestPart, SendChannel};
use firedoor_eval::{Answer, Call, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use super::{Loading, decorate, named, text_option};
use crate::ModelHost;
use crate::fastify::routes;
use crate::oauth_clients::{answered, code_of, own_secret};
use crate::tokens::{field_of, plain};
use crate::tools::{keep, kept, last_part, option, promised};

/// Decorates the instance with the client, and adds the route that begins.
pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let client = host.make_object(machine, "fastify:oauth", loading.span);
    keep(machine, client, "$options", loading.options.clone());
    if let Some(name) = text_option(machine, loading, "name") {
        decorate(host, loading.id, &name, Value::object(client));
        let long = format!("oauth2{}", capital(&name));
        decorate(host, loading.id, &long, Value::object(client));
    }
    let Some(path) = option(machine, loading.options, "startRedirectPath", loading.span) else {
        return;
    };
    let handler = named(
        host,
        machine,
        "fastify:oauth-start",
        "startRedirect",
        loading.span,
    );
    let options = machine.heap.allocate(ObjectKind::Plain, loading.span);
    machine
        .heap
        .set_property(options, Ustr::from("handler"), Value::object(handler));
    let methods = [Ustr::from("GET")];
    routes::add(
        host,
        machine,
        loading.id,
        &methods,
        &path,
        options,
        loading.span,
    );
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The route that begins: it sets the cookie with the state and sends to the other site.
pub(super) fn start(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let origin = Origin::Outside(Ustr::from("the other site"));
    host.effect(
        machine,
        EffectKind::Redirect(Provenance::new([origin])),
        call.span,
    );
    Ok(Some(call.this.clone()))
}

/// A method of the client.
pub(super) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if name == "generateAuthorizationUri" {
        return Ok(Some(Value::unknown(Shape::String)));
    }
    let options = kept(machine, call.receiver, "$options");
    let mut content = vec![own_secret()];
    if name == "getAccessTokenFromAuthorizationCodeFlow" {
        content.push(code_of(host, machine));
        let own = option(machine, &options, "checkStateFunction", call.span);
        if own.is_none() {
            let name = "oauth2-redirect-state";
            let state = host.request_value_quietly(machine, RequestPart::Cookie, name);
            content.push(field_of(
                "expectedState",
                host.deep_provenance(machine, &state),
            ));
        }
    }
    let effect = EffectKind::Send {
        channel: SendChannel::Http,
        to: Provenance::new([Origin::Outside(Ustr::from("the other site"))]),
        content,
    };
    host.effect(machine, effect, call.span);
    let token = answered(host, machine, Shape::Object);
    let result = match name {
        "userinfo" => token,
        _ => plain(machine, &[("token", token)], call.span),
    };
    if crate::tools::callback(machine, call.arguments).is_some() {
        return crate::tools::deliver(machine, call, result);
    }
    promised(machine, call.span, |_| Ok(result)).map(Some)
}

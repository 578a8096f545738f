//! What leaves the server: mail, short messages, and requests to other servers.

use firedoor_app::{EffectKind, Field, Origin, Provenance, SendChannel};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::tokens::plain;
use crate::tools::{callback, deliver, last_part, option, promised};
use crate::{Model, ModelHost, store};

/// The model.
pub static MODEL: Model = Model {
    name: "sending",
    calls: &[
        ("npm:nodemailer.createTransport", client),
        ("npm:nodemailer.createTransport().sendMail", send_mail),
        ("npm:nodemailer.createTransport().verify", done),
        ("npm:resend.Resend", client),
        ("npm:resend.Resend().emails.send", send_mail),
        ("npm:@sendgrid/mail.setApiKey", done),
        ("npm:@sendgrid/mail.send", send_mail),
        ("npm:mailgun.js.messages.create", send_mail),
        ("npm:postmark.ServerClient", client),
        ("npm:postmark.ServerClient().sendEmail", send_mail),
        ("npm:@aws-sdk/client-ses.SendEmailCommand", send_mail),
        ("npm:twilio", client),
        ("npm:twilio().messages.create", send_message),
        ("js:fetch", fetch),
        ("npm:node-fetch", fetch),
        ("npm:cross-fetch", fetch),
        ("npm:undici.fetch", fetch),
        ("npm:undici.request", request_answer),
        ("npm:axios", request_answer),
        ("npm:axios.create", instance),
        ("npm:axios.request", request_answer),
        ("npm:axios.isAxiosError", truth),
        ("npm:axios.get", request_answer),
        ("npm:axios.delete", request_answer),
        ("npm:axios.head", request_answer),
        ("npm:axios.post", request_answer),
        ("npm:axios.put", request_answer),
        ("npm:axios.patch", request_answer),
        ("npm:axios.create()", request_answer),
        ("npm:axios.create().request", request_answer),
        ("npm:axios.create().get", request_answer),
        ("npm:axios.create().delete", request_answer),
        ("npm:axios.create().head", request_answer),
        ("npm:axios.create().post", request_answer),
        ("npm:axios.create().put", request_answer),
        ("npm:axios.create().patch", request_answer),
        ("npm:got", request_body),
        ("npm:got.get", request_body),
        ("npm:got.post", request_body),
        ("npm:ky.get", request_body),
        ("npm:ky.post", request_body),
        ("npm:superagent.get", request_body),
        ("npm:superagent.post", request_body),
    ],
    members: &[
        ("npm:resend.Resend().emails", emails),
        ("npm:twilio().messages", messages),
    ],
    ..Model::EMPTY
};

fn client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, &format!("{}()", call.path), call.span);
    Ok(Some(Value::object(id)))
}

fn emails(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<firedoor_eval::ObjectId>,
    span: firedoor_source::Span,
) -> Option<Value> {
    let id = host.make_object(machine, "npm:resend.Resend().emails", span);
    Some(Value::object(id))
}

fn messages(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<firedoor_eval::ObjectId>,
    span: firedoor_source::Span,
) -> Option<Value> {
    let id = host.make_object(machine, "npm:twilio().messages", span);
    Some(Value::object(id))
}

fn done(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    deliver(machine, call, Value::bool(true))
}

fn truth(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn send(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    channel: SendChannel,
) -> Answer {
    let message = call.arguments.get(0);
    let to = option(machine, &message, "to", call.span).unwrap_or_else(Value::undefined);
    let to = host.deep_provenance(machine, &to);
    let mut content = host.body_fields(machine, &message);
    content.retain(|field| !matches!(field.name.as_str(), "to" | "from"));
    let effect = EffectKind::Send {
        channel,
        to,
        content,
    };
    host.effect(machine, effect, call.span);
    let path = Ustr::from(call.path.as_str());
    let origins = machine.origins.single(firedoor_eval::Origin::Outside(path));
    let answer = Value::unknown(Shape::Object).with_origins(origins);
    if callback(machine, call.arguments).is_some() {
        return deliver(machine, call, answer);
    }
    promised(machine, call.span, |_| Ok(answer)).map(Some)
}

fn send_mail(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    send(host, machine, call, SendChannel::Mail)
}

fn send_message(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    send(host, machine, call, SendChannel::Sms)
}

/// Notes a request and returns what the other server says.
fn requested(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Value {
    let mut first = call.arguments.get(0);
    let mut content: Vec<Field> = Vec::new();
    let address = first.only_object().filter(
        |id| matches!(machine.heap.get(*id).kind, ObjectKind::Host(path) if path == "js:URL()"),
    );
    if let Some(id) = address {
        // Its parameters are sent as well.
        if let Some(parameters) = store::property(machine, &Value::object(id), "$parameters") {
            content.push(Field {
                name: Ustr::from("params"),
                value: host.deep_provenance(machine, &parameters),
                operator: "=",
            });
        }
        let text = Ustr::from("toString");
        let (made, _) = machine.catching(|machine| {
            machine.call_member(&first, text, &Arguments::default(), call.span)
        });
        first = made.unwrap_or_else(|_| Value::unknown(Shape::String));
    }
    let url = match first.only_object() {
        Some(_) => option(machine, &first, "url", call.span),
        None => None,
    };
    let url = url.unwrap_or_else(|| first.clone());
    let takes_body = matches!(last_part(&call.path), "post" | "put" | "patch");
    if takes_body {
        content.extend(host.body_fields(machine, &call.arguments.get(1)));
    }
    for options in [call.arguments.get(1), call.arguments.get(2), first] {
        let names: &[&str] = match options.only_object() {
            Some(_) => &["body", "data", "json"],
            None => &[],
        };
        for name in names {
            if let Some(body) = option(machine, &options, name, call.span)
                && !takes_body
            {
                content.extend(host.body_fields(machine, &body));
            }
        }
        // Credentials travel there, and what a question is about.
        for name in ["headers", "params", "searchParams", "auth"] {
            if let Some(value) = option(machine, &options, name, call.span)
                && options.only_object().is_some()
            {
                content.push(Field {
                    name: Ustr::from(name),
                    value: host.deep_provenance(machine, &value),
                    operator: "=",
                });
            }
        }
    }
    let to: Provenance = host.deep_provenance(machine, &url);
    let effect = EffectKind::Send {
        channel: SendChannel::Http,
        to,
        content,
    };
    host.effect(machine, effect, call.span);
    let origins = host.origin(machine, Origin::Answer(Ustr::from("")));
    let mut answer = Value::unknown(Shape::Any).with_origins(origins);
    // What is asked decides what is answered.
    answer.control = machine.deep_origins(&url);
    answer
}

/// An answer with `data`, `status` and the like.
fn request_answer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = requested(host, machine, call);
    let failed = crate::tools::error(host, machine, "npm:axios.AxiosError", &[&data], call.span);
    let status = data.shaped(Shape::Number);
    let answer = plain(
        machine,
        &[
            ("data", data.clone()),
            ("body", data.clone()),
            ("headers", data.shaped(Shape::Object)),
            ("status", status.clone()),
            ("statusCode", status),
        ],
        call.span,
    );
    promised(machine, call.span, |machine| {
        machine.may_throw(failed, call.span);
        Ok(answer)
    })
    .map(Some)
}

fn request_body(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let answer = requested(host, machine, call).shaped(Shape::Object);
    Ok(Some(answer))
}

/// An answer whose body is read by methods that give promises; waiting for what is none changes nothing.
fn fetch(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let answer = requested(host, machine, call).shaped(Shape::Object);
    promised(machine, call.span, |_| Ok(answer)).map(Some)
}

fn instance(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:axios.create()", call.span);
    Ok(Some(Value::object(id)))
}

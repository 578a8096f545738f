//! What Python programs send out: HTTP clients and mail services.
//!
//! Sources: httpx 0.28 and requests 2.32 API references (`get(url, ...)`, `request(method, url, ...)`), aiohttp
//! 3.11 client reference, fastapi-mail 1.4 (`MessageSchema`, `FastMail.send_message`), aiosmtplib 4 (`send`),
//! sendgrid 6 (`Mail`), resend 2 (`Emails.send`), twilio 9 (`messages.create`).

use firedoor_app::{Origin, SendChannel};
use firedoor_eval::{Answer, Call, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_standard::send_mail;
use crate::python_support::{argument, entry, given, keep, kept, last_name, send};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_http",
    calls: &[
        ("py:httpx.AsyncClient", client),
        ("py:httpx.Client", client),
        ("py:requests.Session", client),
        ("py:aiohttp.ClientSession", client),
        ("python:http client.*", request),
        ("py:httpx.*", request),
        ("py:requests.*", request),
        ("py:urllib.request.urlopen", request),
        ("python:http response.*", response_method),
        ("py:fastapi_mail.MessageSchema", keep),
        ("py:fastapi_mail.FastMail", keep),
        ("py:fastapi_mail.FastMail().send_message", send_schema),
        ("py:aiosmtplib.send", send_smtp),
        ("py:aiosmtplib.SMTP().send_message", send_smtp),
        ("py:sendgrid.helpers.mail.Mail", keep),
        ("py:sendgrid.SendGridAPIClient().send", send_grid),
        ("py:resend.Emails.send", send_resend),
        ("py:twilio.rest.Client().messages.create", send_sms),
    ],
    aliases: &[
        ("py:requests.sessions.Session", "py:requests.Session"),
        ("py:requests.session", "py:requests.Session"),
        ("py:sendgrid.Mail", "py:sendgrid.helpers.mail.Mail"),
    ],
    members: &[
        ("python:http response.status_code", response_member),
        ("python:http response.status", response_member),
        ("python:http response.ok", response_member),
        ("python:http response.is_success", response_member),
        ("python:http response.is_error", response_member),
        ("python:http response.is_client_error", response_member),
        ("python:http response.is_server_error", response_member),
        ("python:http response.reason", response_member),
        ("python:http response.reason_phrase", response_member),
        ("python:http response.headers", response_member),
        ("python:http response.cookies", response_member),
        ("python:http response.content", response_member),
        ("python:http response.text", response_member),
        ("python:http response.url", response_member),
    ],
    subclasses: &[
        ("py:httpx.HTTPError", "py:builtins.Exception"),
        ("py:httpx.RequestError", "py:httpx.HTTPError"),
        ("py:httpx.HTTPStatusError", "py:httpx.HTTPError"),
        ("py:requests.RequestException", "py:builtins.OSError"),
        ("py:aiohttp.ClientError", "py:builtins.Exception"),
    ],
    ..Model::EMPTY
};

const METHODS: [&str; 9] = [
    "get", "post", "put", "patch", "delete", "head", "options", "request", "stream",
];

fn client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "python:http client", call.span);
    machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
    Ok(Some(Value::object(id)))
}

/// A request of this server to another.
fn request(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    match name {
        "__enter__" | "__aenter__" => return Ok(Some(call.this.clone())),
        "close" | "aclose" => return Ok(Some(Value::null())),
        "urlopen" => {}
        _ if !METHODS.contains(&name) => return Ok(None),
        _ => {}
    }
    let index = usize::from(matches!(name, "request" | "stream"));
    let mut url = argument(call, index, "url");
    if let Some(base) = kept(machine, call.receiver, usize::MAX, "base_url") {
        url = machine.derived(Shape::String, [&base, &url]);
    }
    let mut content: Vec<(&str, Value)> = Vec::new();
    for name in ["json", "data", "content", "params", "headers", "auth"] {
        if let Some(value) = call.arguments.keyword(name) {
            content.push((name, value.clone()));
        }
    }
    send(host, machine, SendChannel::Http, &url, &content, call.span);
    let id = host.make_object(machine, "python:http response", call.span);
    let origin = host.origin(machine, Origin::Answer(Ustr::from("")));
    let mut value = Value::object(id).with_origins(origin);
    value.control = url.control;
    machine.heap.get_mut(id).is_open = false;
    Ok(Some(value))
}

/// What is told beside the body, or is the body.
fn response_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _response: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = Ustr::from(last_name(&host.state().member_name));
    let shape = match name.as_str() {
        "status_code" | "status" => Shape::Number,
        "ok" | "is_success" | "is_error" | "is_client_error" | "is_server_error" => Shape::Bool,
        "headers" | "cookies" => Shape::Object,
        // aiohttp has a method of that name.
        "text" => Shape::Any,
        _ => Shape::String,
    };
    let origin = Origin::Answer(name);
    Some(crate::python_support::value_from(
        host, machine, shape, origin,
    ))
}

/// What another server answers is known to come from there.
fn response_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let origin = Origin::Answer(Ustr::from(""));
    let shape = match last_name(&call.path) {
        "__enter__" | "__aenter__" => return Ok(Some(call.this.clone())),
        "raise_for_status" => return Ok(Some(call.this.clone())),
        "text" | "read" | "aread" => Shape::String,
        "json" => Shape::Object,
        _ => Shape::Any,
    };
    Ok(Some(crate::python_support::value_from(
        host, machine, shape, origin,
    )))
}

fn mail_fields(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    message: &Value,
    names: [(usize, &str); 3],
    span: Span,
) {
    let id: Option<ObjectId> = message.objects().next();
    let [to, subject, body] =
        names.map(|(index, name)| kept(machine, id, index, name).unwrap_or_else(Value::null));
    let content = [("subject", subject), ("body", body)];
    send(host, machine, SendChannel::Mail, &to, &content, span);
}

fn send_schema(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let message = argument(call, 0, "message");
    let body = match entry(machine, &message, "template_body") {
        Some(_) => "template_body",
        None => "body",
    };
    let names = [
        (usize::MAX, "recipients"),
        (usize::MAX, "subject"),
        (usize::MAX, body),
    ];
    mail_fields(host, machine, &message, names, call.span);
    Ok(Some(Value::null()))
}

fn send_smtp(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let message = argument(call, 0, "message");
    let to = given(call, 2, "recipients").filter(|to| !to.is_nothing());
    send_mail(host, machine, &message, to, call.span);
    Ok(Some(Value::null()))
}

/// `Mail(from_email, to_emails, subject, plain_text_content, html_content)`.
fn send_grid(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let message = argument(call, 0, "message");
    let body = match entry(machine, &message, "html_content") {
        Some(_) => (4, "html_content"),
        None => (3, "plain_text_content"),
    };
    let names = [(1, "to_emails"), (2, "subject"), body];
    mail_fields(host, machine, &message, names, call.span);
    Ok(Some(Value::null()))
}

fn send_resend(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let message = argument(call, 0, "params");
    let names = [
        (usize::MAX, "to"),
        (usize::MAX, "subject"),
        (usize::MAX, "html"),
    ];
    mail_fields(host, machine, &message, names, call.span);
    Ok(Some(Value::null()))
}

fn send_sms(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let to = argument(call, 0, "to");
    let content = [("body", argument(call, usize::MAX, "body"))];
    send(host, machine, SendChannel::Sms, &to, &content, call.span);
    Ok(Some(Value::null()))
}

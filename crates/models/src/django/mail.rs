//! Mail: `send_mail` and messages that are made first. Source: django 5.2 `core/mail/__init__.py`, `core/mail/message.py`.

use firedoor_app::SendChannel;
use firedoor_eval::{Answer, Call, Machine, ObjectId, Shape, Value};
use ustr::Ustr;

use crate::python_support::{argument, keep, kept, nothing, send};
use crate::{Model, ModelHost};

macro_rules! messages {
    ($($path:literal),* $(,)?) => {
        /// The model.
        pub static MODEL: Model = Model {
            name: "django",
            calls: &[
                ("py:django.core.mail.send_mail", send_mail),
                ("py:django.core.mail.send_mass_mail", send_many),
                ("py:django.core.mail.mail_admins", nothing),
                ("py:django.core.mail.mail_managers", nothing),
                ("py:django.core.mail.get_connection", keep),
                $(
                    ($path, keep),
                    (concat!($path, "().send"), send_message),
                    (concat!($path, "().attach_alternative"), attach),
                )*
            ],
            aliases: &[
                (
                    "py:django.core.mail.message.EmailMessage",
                    "py:django.core.mail.EmailMessage",
                ),
                (
                    "py:django.core.mail.message.EmailMultiAlternatives",
                    "py:django.core.mail.EmailMultiAlternatives",
                ),
            ],
            ..Model::EMPTY
        };
    };
}

messages!(
    "py:django.core.mail.EmailMessage",
    "py:django.core.mail.EmailMultiAlternatives",
);

/// `send_mail(subject, message, from_email, recipient_list, html_message=...)`.
fn send_mail(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let to = argument(call, 3, "recipient_list");
    let content = vec![
        ("subject", argument(call, 0, "subject")),
        ("body", argument(call, 1, "message")),
        ("html", argument(call, 8, "html_message")),
    ];
    deliver(host, machine, call, &to, content);
    Ok(Some(Value::unknown(Shape::Number)))
}

/// Notes the mail, with the parts that it has.
fn deliver(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    to: &Value,
    mut content: Vec<(&str, Value)>,
) {
    content.retain(|(_, part)| !part.is_nothing());
    send(host, machine, SendChannel::Mail, to, &content, call.span);
}

/// `send_mass_mail([(subject, message, from_email, recipient_list), ...])`.
fn send_many(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let all = argument(call, 0, "datatuple");
    let (mut messages, more) = machine.elements_and_more(&all);
    // What a list is gone through for may be all that it has.
    let more = more.filter(|more| !messages.contains(more));
    messages.extend(more);
    for message in messages {
        let mut part = |place: f64| machine.index(&message, &Value::number(place), call.span);
        let [subject, body, to] = [part(0.0)?, part(1.0)?, part(3.0)?];
        deliver(
            host,
            machine,
            call,
            &to,
            vec![("subject", subject), ("body", body)],
        );
    }
    Ok(Some(Value::unknown(Shape::Number)))
}

/// `EmailMessage(subject, body, from_email, to).send()`: what has been assigned since counts.
fn send_message(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let part = |machine: &Machine<'_>, place: usize, name: &str| {
        kept(machine, call.receiver, place, name).unwrap_or_else(Value::null)
    };
    let to = part(machine, 3, "to");
    let content = vec![
        ("subject", part(machine, 0, "subject")),
        ("body", part(machine, 1, "body")),
        ("html", part(machine, usize::MAX, ALTERNATIVE)),
    ];
    deliver(host, machine, call, &to, content);
    Ok(Some(Value::unknown(Shape::Number)))
}

/// Where a message keeps the same in another form.
const ALTERNATIVE: &str = "$alternative";

/// `message.attach_alternative(html, 'text/html')`.
fn attach(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id: Option<ObjectId> = call.receiver;
    if let Some(id) = id {
        let html = argument(call, 0, "content");
        machine.heap.set_property(id, Ustr::from(ALTERNATIVE), html);
    }
    Ok(Some(Value::null()))
}

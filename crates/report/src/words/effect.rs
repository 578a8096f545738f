//! Effects, in words: each starts with a verb.

use firedoor_app::{
    Access, CompareSecret, ComparisonKind, EffectKind, Field, FileOperation, Flag, IssueToken,
    Operation, RoomKind, SendChannel, SessionOperation, SetCookie, TokenKind, VerifyToken,
};

use super::value;

/// Returns what happens.
pub(crate) fn effect(effect: &EffectKind) -> String {
    match effect {
        EffectKind::Access(access) => self::access(access),
        EffectKind::Issue(token) => issue(token),
        EffectKind::Verify(token) => verify(token),
        EffectKind::SetCookie(cookie) => set_cookie(cookie),
        EffectKind::ClearCookie(Some(name)) => format!("clears cookie '{name}'"),
        EffectKind::ClearCookie(None) => String::from("clears a cookie"),
        EffectKind::CompareSecret(compare) => compare_secret(compare),
        EffectKind::HashPassword(from) => format!("hashes a password from {}", value(from)),
        EffectKind::MakeSecret(from) => format!("makes a one-time secret from {}", value(from)),
        EffectKind::Encrypt(key) => format!("encrypts or decrypts with {}", value(key)),
        EffectKind::Throttle(throttle) => match super::throttle(throttle) {
            Some(numbers) => format!("counts attempts ({numbers})"),
            None => String::from("counts attempts"),
        },
        EffectKind::Session(operation, field) => session(*operation, field.as_ref()),
        EffectKind::Respond {
            status,
            body,
            is_error,
        } => respond(*status, body, *is_error),
        EffectKind::Redirect(to) => format!("redirects to {}", value(to)),
        EffectKind::SetHeader(name, to) => format!("sets header '{name}' to {}", value(to)),
        EffectKind::Send {
            channel,
            to,
            content,
        } => send(*channel, &value(to), content),
        EffectKind::File(FileOperation::Write, path) => format!("writes the file {}", value(path)),
        EffectKind::File(FileOperation::Delete, path) => {
            format!("deletes the file {}", value(path))
        }
        EffectKind::Run(command) => format!("runs a program with {}", value(command)),
        EffectKind::Room(kind, room) => self::room(*kind, &value(room)),
        EffectKind::Disconnect(whom) => format!("closes the connection of {}", value(whom)),
        EffectKind::Continue => String::from("goes on to the next layer"),
    }
}

fn access(access: &Access) -> String {
    let verb = match access.operation {
        Operation::Read => "reads",
        Operation::Count => "counts",
        Operation::Create => "creates",
        Operation::Update => "changes",
        Operation::Delete => "deletes",
    };
    let mut text = format!("{verb} {}", access.asset);
    if !access.key.is_empty() {
        text.push_str(&format!(" where {}", fields(&access.key, " and ")));
    } else if access.operation != Operation::Create && access.is_many {
        text.push_str(", all records");
    }
    if !access.values.is_empty() {
        text.push_str(&format!(", setting {}", fields(&access.values, ", ")));
    }
    for whole in &access.spread {
        text.push_str(&format!(", with every field of {}", value(whole)));
    }
    if access.is_conditional {
        text.push_str(", only if the key still matches");
    }
    if access.is_in_transaction {
        text.push_str(", in a transaction");
    }
    text
}

fn fields(fields: &[Field], between: &str) -> String {
    let words: Vec<String> = fields
        .iter()
        .map(|field| match field.name.as_str() {
            "" => value(&field.value),
            name => format!("{name} {} {}", field.operator, value(&field.value)),
        })
        .collect();
    words.join(between)
}

fn token(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Jwt => "JSON Web Token",
        TokenKind::Signed => "signed token",
        TokenKind::Session => "session",
        TokenKind::Opaque => "token",
    }
}

fn issue(issued: &IssueToken) -> String {
    let mut text = format!("issues a {}", token(issued.kind));
    if !issued.secret.is_empty() {
        text.push_str(&format!(" signed with {}", value(&issued.secret)));
    }
    if let Some(algorithm) = issued.algorithm {
        text.push_str(&format!(" ({algorithm})"));
    }
    match &issued.expires {
        None => text.push_str(" that does not expire"),
        Some(after) if after.is_empty() => {}
        Some(after) => text.push_str(&format!(" that expires after {}", value(after))),
    }
    if !issued.claims.is_empty() {
        text.push_str(&format!(", carrying {}", fields(&issued.claims, ", ")));
    }
    text
}

fn verify(verified: &VerifyToken) -> String {
    let verb = if verified.is_verified {
        "verifies"
    } else {
        "decodes without verifying"
    };
    let mut text = format!(
        "{verb} a {} from {}",
        token(verified.kind),
        value(&verified.token)
    );
    if verified.is_verified && !verified.secret.is_empty() {
        text.push_str(&format!(" with {}", value(&verified.secret)));
    }
    match &verified.algorithms {
        Some(algorithms) if !algorithms.is_empty() => {
            let names: Vec<&str> = algorithms.iter().map(|name| name.as_str()).collect();
            text.push_str(&format!(", accepting {}", names.join(", ")));
        }
        None if verified.is_verified && !verified.algorithms_safe_by_default => {
            text.push_str(", accepting any algorithm");
        }
        _ => {}
    }
    if verified.ignores_expiry {
        text.push_str(", expired ones too");
    }
    if !verified.requires.is_empty() {
        text.push_str(&format!(", requiring {}", fields(&verified.requires, ", ")));
    }
    text
}

fn set_cookie(cookie: &SetCookie) -> String {
    let name = match cookie.name {
        Some(name) => format!("cookie '{name}'"),
        None => String::from("a cookie"),
    };
    let mut text = format!("sets {name} to {}", value(&cookie.value));
    let same_site = match cookie.same_site {
        Some(word) => word.to_string(),
        None => flag(&cookie.same_site_flag),
    };
    text.push_str(&format!(
        " (HttpOnly {}, Secure {}, SameSite {same_site})",
        flag(&cookie.http_only),
        flag(&cookie.secure)
    ));
    text
}

fn flag(flag: &Flag) -> String {
    match flag {
        Flag::On => String::from("on"),
        Flag::Off => String::from("off"),
        Flag::Default => String::from("default"),
        Flag::Conditional(condition) => format!("only if {condition}"),
        Flag::Unknown => String::from("unknown"),
    }
}

fn compare_secret(compare: &CompareSecret) -> String {
    let what = match compare.kind {
        ComparisonKind::Password => "compares a password",
        ComparisonKind::Code => "compares a one-time code",
        ComparisonKind::Passkey => "verifies a passkey",
        ComparisonKind::ConstantTime => "compares a secret in constant time",
        ComparisonKind::Plain => "compares a secret",
    };
    format!(
        "{what}: {} with {}",
        value(&compare.given),
        value(&compare.expected)
    )
}

fn session(operation: SessionOperation, field: Option<&Field>) -> String {
    match (operation, field) {
        (SessionOperation::LogIn, _) => String::from("logs the caller in"),
        (SessionOperation::Write, Some(field)) => format!(
            "sets session field '{}' to {}",
            field.name,
            value(&field.value)
        ),
        (SessionOperation::Write, None) => String::from("writes to the session"),
        (SessionOperation::Regenerate, _) => String::from("gives the session a new identifier"),
        (SessionOperation::Destroy, _) => String::from("ends the session"),
    }
}

fn respond(status: Option<u16>, body: &[Field], is_error: bool) -> String {
    let outcome = match (status, is_error) {
        (Some(status), true) => format!("fails with {status}"),
        (Some(status), false) => format!("answers {status}"),
        (None, true) => String::from("fails"),
        (None, false) => String::from("answers 200"),
    };
    if body.is_empty() {
        return outcome;
    }
    let told: Vec<String> = body
        .iter()
        .map(|field| {
            if field.name.is_empty() {
                value(&field.value)
            } else {
                format!("{} = {}", field.name, value(&field.value))
            }
        })
        .collect();
    format!("{outcome}, telling {}", told.join(", "))
}

fn send(channel: SendChannel, to: &str, content: &[Field]) -> String {
    let mut text = match channel {
        SendChannel::Mail => format!("sends mail to {to}"),
        SendChannel::Sms => format!("sends a short message to {to}"),
        SendChannel::Http => format!("sends a request to {to}"),
    };
    if !content.is_empty() {
        text.push_str(&format!(" with {}", fields(content, ", ")));
    }
    text
}

fn room(kind: RoomKind, room: &str) -> String {
    match kind {
        RoomKind::Join => format!("joins room {room}"),
        RoomKind::Leave => format!("leaves room {room}"),
        RoomKind::Broadcast => format!("sends to everybody in room {room}"),
    }
}

//! Where a value comes from, in words.

use firedoor_app::{Origin, Provenance, RequestPart};

/// The most origins that are listed before the rest is only counted.
const MOST_ORIGINS: usize = 4;

/// Returns where a value comes from; `something unknown` if nothing is known of it.
pub(crate) fn value(provenance: &Provenance) -> String {
    let origins = provenance.origins();
    if origins.is_empty() {
        return String::from("something unknown");
    }
    let mut words: Vec<String> = Vec::new();
    for each in origins {
        let text = origin(each);
        if !words.contains(&text) {
            words.push(text);
        }
    }
    let left = words.len().saturating_sub(MOST_ORIGINS);
    words.truncate(MOST_ORIGINS);
    if left > 0 {
        words.push(format!("{left} more"));
    }
    words.join(" or ")
}

/// Returns one place that values come from, in words.
pub(crate) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Request(part, field) => request(*part, field),
        Origin::Principal(field) if field.is_empty() => String::from("the caller"),
        Origin::Principal(field) => format!("the caller's '{field}'"),
        Origin::UnverifiedClaim(claim) => named("an unverified token", "'s claim", claim),
        Origin::Claim(claim) => named("the verified token", "'s claim", claim),
        Origin::Record {
            asset,
            field,
            of_principal,
        } => record(asset, field, *of_principal),
        Origin::Environment { name, fallback } => environment(name, fallback.as_deref()),
        Origin::Literal(text) => format!("the constant \"{}\"", shortened(text)),
        Origin::Random {
            cryptographic,
            bits,
        } => random(*cryptographic, *bits),
        Origin::Clock => String::from("the time"),
        Origin::Signature => String::from("a signature"),
        Origin::Digest => String::from("a digest"),
        Origin::Outside(path) => format!("the result of {path}"),
        Origin::Unknown(reason) if reason.is_empty() => String::from("something unknown"),
        Origin::Unknown(reason) => format!("something unknown ({reason})"),
    }
}

fn request(part: RequestPart, field: &str) -> String {
    let (whole, one) = match part {
        RequestPart::Body => ("the body", "body field"),
        RequestPart::Path => ("the path", "path parameter"),
        RequestPart::Query => ("the query", "query parameter"),
        RequestPart::Header => ("the headers", "header"),
        RequestPart::Cookie => ("the cookies", "cookie"),
        RequestPart::Message => ("the message", "message field"),
        RequestPart::Handshake => ("the handshake", "handshake field"),
        RequestPart::File => ("the uploaded file", "uploaded file"),
        RequestPart::Address => ("the client's address", "client address"),
        RequestPart::Line => ("the request line", "request line"),
        RequestPart::Session => ("the session", "session field"),
        RequestPart::Context => ("what earlier layers attach", "attached value"),
    };
    if field.is_empty() {
        whole.to_owned()
    } else {
        format!("{one} '{field}'")
    }
}

fn named(owner: &str, link: &str, name: &str) -> String {
    if name.is_empty() {
        owner.to_owned()
    } else {
        format!("{owner}{link} '{name}'")
    }
}

fn record(asset: &str, field: &str, of_principal: bool) -> String {
    let place = if field.is_empty() {
        asset.to_owned()
    } else {
        format!("{asset}.{field}")
    };
    let whose = if of_principal {
        "the caller's"
    } else {
        "the stored"
    };
    format!("{whose} {place}")
}

fn environment(name: &str, fallback: Option<&str>) -> String {
    match fallback {
        Some(text) => format!(
            "setting {name} (\"{}\" where it is missing)",
            shortened(text)
        ),
        None => format!("setting {name}"),
    }
}

fn random(is_cryptographic: bool, bits: Option<u32>) -> String {
    let kind = if is_cryptographic {
        "a random value"
    } else {
        "a guessable random value"
    };
    match bits {
        Some(bits) => format!("{kind} of {bits} bits"),
        None => kind.to_owned(),
    }
}

/// Returns the beginning of a constant: whole ones can be pages long.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

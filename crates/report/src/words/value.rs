//! Where a value comes from, in words.

use firedoor_app::{Origin, Provenance, RequestPart};

/// The most origins that are listed before the rest is only counted.
const MOST_ORIGINS: usize = 3;

/// Returns where a value comes from; `something unknown` if nothing is known of it.
pub fn value(provenance: &Provenance) -> String {
    describe(provenance.origins(), true)
}

/// Returns where a value comes from if there is one: that it may be missing is not said.
pub fn something(provenance: &Provenance) -> String {
    let is_only_nothing = provenance.origins().iter().all(is_nothing);
    describe(provenance.origins(), is_only_nothing)
}

fn describe(origins: &[Origin], says_nothing: bool) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut last = Vec::new();
    for each in origins.iter().filter(|it| !is_made(it)) {
        let list = match is_nothing(each) {
            true if says_nothing => &mut last,
            true => continue,
            false => &mut words,
        };
        let text = origin(each);
        if !list.contains(&text) {
            list.push(text);
        }
    }
    words.append(&mut last);
    let text = listed(words);
    let is_digest = origins.contains(&Origin::Digest);
    let is_signed = origins.contains(&Origin::Signature);
    match (text.is_empty(), is_digest, is_signed) {
        (true, true, _) => String::from("a digest"),
        (true, _, true) => String::from("a signature"),
        (true, ..) => String::from("something unknown"),
        (_, true, _) => format!("a digest of {text}"),
        (_, _, true) => format!("something signed, made of {text}"),
        _ => text,
    }
}

/// Holds for what says how a value was made, and not of what.
fn is_made(origin: &Origin) -> bool {
    matches!(origin, Origin::Digest | Origin::Signature)
}

fn is_nothing(origin: &Origin) -> bool {
    matches!(origin, Origin::Literal(text) if matches!(text.as_str(), "null" | "undefined" | "None"))
}

/// Returns alternatives as a list: `a`, `a or b`, `a, b, c or 2 others`.
fn listed(mut words: Vec<String>) -> String {
    let left = words.len().saturating_sub(MOST_ORIGINS);
    if left == 1 {
        words.push(String::from("another"));
        words.remove(MOST_ORIGINS);
    } else if left > 1 {
        words.truncate(MOST_ORIGINS);
        words.push(format!("{left} others"));
    }
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} or {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
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
        Origin::Literal(text) => literal(text),
        Origin::Random {
            cryptographic,
            bits,
        } => random(*cryptographic, *bits),
        Origin::Clock => String::from("the time"),
        Origin::Signature => String::from("a signature"),
        Origin::Digest => String::from("a digest"),
        Origin::KnownKey(_) => String::from("a key from the source"),
        Origin::Outside(path) => format!("the result of {path}"),
        Origin::Answer(field) => named("another server's answer", "'s field", field),
        Origin::Unknown(reason) if reason.is_empty() => String::from("something unknown"),
        Origin::Unknown(reason) => format!("something unknown ({reason})"),
    }
}

/// Returns a constant: words in quotes, and what the languages spell differently alike.
fn literal(text: &str) -> String {
    match text {
        "null" | "undefined" | "None" => String::from("nothing"),
        "" => String::from("an empty text"),
        "true" | "True" => String::from("true"),
        "false" | "False" => String::from("false"),
        text if text.parse::<f64>().is_ok() => text.to_owned(),
        text => format!("\"{}\"", shortened(text)),
    }
}

fn request(part: RequestPart, field: &str) -> String {
    if part == RequestPart::Line && matches!(field, "path" | "method") {
        return format!("the request's {field}");
    }
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

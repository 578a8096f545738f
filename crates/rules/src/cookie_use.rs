//! Which cookies are credentials, and how entry points use them: shared by the rules about cookies and about
//! requests from other sites.

use firedoor_app::{
    Control, Effect, EffectKind, EntryPoint, Flag, Map, Origin, Provenance, RequestPart, SetCookie,
    query,
};
use firedoor_source::Span;
use ustr::Ustr;

/// A cookie that carries a credential, with where it is set.
#[derive(Clone, Copy, Debug)]
pub struct Credential<'m> {
    /// The entry point that sets it.
    pub entry: &'m EntryPoint,
    /// The effect.
    pub effect: &'m Effect,
    /// The cookie.
    pub cookie: &'m SetCookie,
}

impl Credential<'_> {
    /// Returns words for it, with its name where that is known.
    pub fn words(&self) -> String {
        match self.cookie.name {
            Some(name) => format!("the cookie `{name}`"),
            None if self.cookie.is_session => "the session cookie".to_owned(),
            None => "a cookie".to_owned(),
        }
    }
}

/// Returns the cookies whose value lets its holder act for somebody: sessions, and tokens that the server
/// issues or remembers.
pub fn credentials(map: &Map) -> impl Iterator<Item = Credential<'_>> {
    query::all_cookies(map)
        .filter(move |(entry, _, cookie)| is_credential(map, entry, cookie))
        .map(|(entry, effect, cookie)| Credential {
            entry,
            effect,
            cookie,
        })
}

fn is_credential(map: &Map, entry: &EntryPoint, cookie: &SetCookie) -> bool {
    if cookie.is_session {
        return true;
    }
    if cookie.name.is_some_and(|name| is_for_scripts(&name)) {
        return false;
    }
    let origins = cookie.value.origins();
    let is_issued = origins.contains(&Origin::Signature) && issues_one(entry);
    let is_made = query::is_token(&cookie.value) && is_remembered(entry, &cookie.value);
    let is_stored = origins.iter().any(|origin| match origin {
        Origin::Record { asset, field, .. } => query::is_random_field(map, *asset, *field),
        _ => false,
    });
    // The token that the client sends in a header, put into a cookie.
    let is_bearer = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Header, name)
            if name.eq_ignore_ascii_case("authorization"))
    };
    let is_carried = !origins.is_empty() && origins.iter().all(is_bearer);
    is_issued || is_made || is_stored || is_carried
}

fn issues_one(entry: &EntryPoint) -> bool {
    query::issues(entry).next().is_some()
}

/// Holds if the server keeps the value, or its digest, to know it again.
fn is_remembered(entry: &EntryPoint, value: &Provenance) -> bool {
    let is_same = |origin: &Origin| {
        matches!(
            origin,
            Origin::Random {
                cryptographic: true,
                ..
            }
        ) && value.origins().contains(origin)
    };
    query::accesses(entry).any(|(_, access)| {
        access.operation.is_write()
            && access
                .values
                .iter()
                .chain(&access.key)
                .any(|field| field.value.origins().iter().any(is_same))
    })
}

/// A token against forged requests is there for scripts to read.
fn is_for_scripts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("csrf") || name.contains("xsrf")
}

/// Returns the condition under which a flag is set, if production need not meet it. One that asks which kind
/// of installation it is, or for the address under which it is reached, says yes in production.
pub fn doubtful(flag: &Flag) -> Option<&str> {
    let Flag::Conditional(names) = flag else {
        return None;
    };
    let is_doubtful = names.split(", ").any(|name| {
        let name = name.to_ascii_uppercase();
        ![
            "ENV", "PROD", "STAGE", "DEBUG", "URL", "ORIGIN", "DOMAIN", "VERCEL", "HOST", "SITE",
            "DEV",
        ]
        .iter()
        .any(|word| name.contains(word))
    });
    is_doubtful.then_some(names)
}

/// Holds if requests from other sites carry the cookie: `Some(true)` if it says so, `Some(false)` if it says
/// nothing and browsers decide.
pub fn is_open(cookie: &SetCookie) -> Option<bool> {
    match (&cookie.same_site, &cookie.same_site_flag) {
        (Some(word), _) if word == "none" => Some(true),
        (None, Flag::Default | Flag::Off) => Some(false),
        _ => None,
    }
}

/// Returns the entry points that take the cookie as proof of who is asking, and change something, without
/// asking whether the request was made on purpose.
pub fn unprotected_writers<'m>(
    map: &'m Map,
    cookie: &'m SetCookie,
) -> impl Iterator<Item = &'m EntryPoint> {
    map.entry_points.iter().filter(move |entry| {
        entry.transport == firedoor_app::Transport::Http
            && !query::is_reading(entry)
            && entry.verdict(Control::Authentication).refuses()
            && takes(entry, cookie)
            && (query::changes_state(entry) || query::opens_session(map, entry))
            && !is_protected(entry)
    })
}

/// Holds if the entry point reads the cookie as a credential.
pub fn takes(entry: &EntryPoint, cookie: &SetCookie) -> bool {
    entry.credentials.iter().any(|origin| match origin {
        Origin::Request(RequestPart::Cookie, name) => cookie.name.is_some_and(|own| own == *name),
        Origin::Request(RequestPart::Session, _) => cookie.is_session,
        _ => false,
    })
}

/// Returns where the entry point first asks for the cookie: in a test of it, or where the token in it is verified.
pub fn taken_at(entry: &EntryPoint, cookie: &SetCookie) -> Option<Span> {
    let is_it = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Cookie, name) => cookie.name.is_some_and(|own| own == *name),
        _ => false,
    };
    let mut checks = entry.checks.iter();
    let tested = checks.find(|check| check.operand_origins().any(is_it));
    let verified = || {
        let mut found = query::verifications(entry);
        found.find(|(_, found)| found.token.origins().iter().any(is_it))
    };
    tested
        .map(|check| check.span)
        .or_else(|| verified().map(|(effect, _)| effect.span))
}

/// Holds if a token against forged requests, or the origin, is checked.
pub fn is_protected(entry: &EntryPoint) -> bool {
    entry.verdict(Control::Csrf).refuses() || entry.verdict(Control::Origin).refuses()
}

/// Holds if a page of another site can make a browser send the request without being asked first: a form's
/// method, and a body that is not needed or that a form can write.
pub fn is_simple(entry: &EntryPoint) -> bool {
    let is_form = entry.method == "POST" || entry.method == "ANY";
    is_form && (!needs_body(entry) || parses_forms(entry))
}

fn parses_forms(entry: &EntryPoint) -> bool {
    entry
        .layers
        .iter()
        .any(|layer| matches!(layer.name.as_str(), "urlencoded" | "body-parser.urlencoded"))
        || is_read(entry, RequestPart::File)
}

fn needs_body(entry: &EntryPoint) -> bool {
    is_read(entry, RequestPart::Body)
}

fn is_read(entry: &EntryPoint, part: RequestPart) -> bool {
    let in_checks = entry
        .checks
        .iter()
        .any(|check| check.refusal.is_some() && check.provenance().is_from(part));
    in_checks
        || entry.effects.iter().any(|effect| match &effect.kind {
            EffectKind::Access(access) => access
                .key
                .iter()
                .chain(&access.values)
                .map(|field| &field.value)
                .chain(&access.spread)
                .any(|value| value.is_from(part)),
            EffectKind::CompareSecret(compare) => compare.given.is_from(part),
            _ => false,
        })
}

/// Returns the name of a cookie as part of an identity.
pub fn symbol(name: Option<Ustr>, is_session: bool) -> String {
    match name {
        Some(name) => name.to_string(),
        None if is_session => "session".to_owned(),
        None => "cookie".to_owned(),
    }
}

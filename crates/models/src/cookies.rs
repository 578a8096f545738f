//! Cookies that are set: their flags, whichever framework or library sets them.
//!
//! What is not given holds by the library's default, so a flag that is not given is `Default` here; a model
//! whose library has safe defaults says so itself.

use firedoor_app::{EffectKind, Flag, Origin, RequestPart, SetCookie};
use firedoor_eval::{Answer, Atom, Call, Machine, OriginSet, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::{flag, option};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "cookies",
    calls: &[
        ("express:response.cookie", express_cookie),
        // Fastify with @fastify/cookie, as NestJS hands it out.
        ("express:response.setCookie", express_cookie),
        ("express:response.clearCookie", express_clear),
        ("express:response.setHeader", express_header),
        ("express:response.set", express_header),
        ("express:response.header", express_header),
        ("express:response.append", express_header),
        ("npm:cookie.parse", parse),
        ("npm:cookie.parseCookie", parse),
        ("npm:cookie.serialize", serialize),
        ("npm:cookie.stringifySetCookie", serialize),
    ],
    ..Model::EMPTY
};

/// Returns a cookie as the options that most libraries share describe it.
pub fn cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &Value,
    value: &Value,
    options: &Value,
    span: Span,
) -> SetCookie {
    let mut flags = [Flag::Default, Flag::Default];
    for (flag_of, name) in flags.iter_mut().zip(["httpOnly", "secure"]) {
        let given = option(machine, options, name, span);
        *flag_of = flag(host, machine, given.as_ref());
    }
    let [http_only, secure] = flags;
    let given = option(machine, options, "secure", span);
    let secure = as_requested(host, machine, secure, given.as_ref());
    let given = option(machine, options, "sameSite", span);
    let (same_site, same_site_flag) = same_site(host, machine, given.as_ref());
    SetCookie {
        name: name.text(),
        value: host.deep_provenance(machine, value),
        http_only,
        secure,
        same_site,
        same_site_flag,
        path: option(machine, options, "path", span).and_then(|path| path.text()),
        is_session: false,
    }
}

/// The condition of a flag that is set where the request came over TLS.
const AS_REQUESTED: &str = "how the request came";

/// A flag of which nothing is known may still hang on whether this request came over TLS: whoever is first asked without
/// it is sent the cookie without it.
pub fn as_requested(
    host: &ModelHost,
    machine: &Machine<'_>,
    flag: Flag,
    given: Option<&Value>,
) -> Flag {
    let is_scheme = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Line, name) => {
            let last = name.rsplit('.').next().unwrap_or(name);
            matches!(last, "secure" | "scheme" | "protocol" | "is_secure")
        }
        _ => false,
    };
    let hangs_on_scheme = |value: &Value| {
        [value.origins, value.control]
            .into_iter()
            .any(|set| host.origins_of(machine, set).iter().any(is_scheme))
    };
    match (flag, given) {
        (Flag::Unknown, Some(value)) if hangs_on_scheme(value) => {
            Flag::Conditional(AS_REQUESTED.to_owned())
        }
        (flag, _) => flag,
    }
}

/// `true` means strict, `false` none given (cookie 0.7, `index.js`); a choice shows its weakest side.
fn same_site(
    host: &ModelHost,
    machine: &Machine<'_>,
    given: Option<&Value>,
) -> (Option<Ustr>, Flag) {
    let Some(value) = given else {
        return (None, Flag::Default);
    };
    if let Some(text) = value.text() {
        return (Some(Ustr::from(&text.to_ascii_lowercase())), Flag::On);
    }
    match (value.only(), value.texts()) {
        (Some(firedoor_eval::Atom::Bool(true)), _) => (Some(Ustr::from("strict")), Flag::On),
        (Some(firedoor_eval::Atom::Bool(false)), _) => (None, Flag::Off),
        (_, Some(texts)) => {
            let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
            let weakest = ["none", "lax", "strict"]
                .into_iter()
                .find(|word| lower.iter().any(|text| text == word));
            (weakest.map(Ustr::from), Flag::On)
        }
        _ => (None, flag(host, machine, Some(value))),
    }
}

/// Notes that a cookie is set; one without a value is cleared.
pub fn set(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &Value,
    value: &Value,
    options: &Value,
    span: Span,
) {
    if value.text().is_some_and(|text| text.is_empty()) {
        host.effect(machine, EffectKind::ClearCookie(name.text()), span);
        return;
    }
    let cookie = cookie(host, machine, name, value, options, span);
    host.effect(machine, EffectKind::SetCookie(cookie), span);
}

/// `res.cookie(name, value[, options])`.
pub(crate) fn express_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let arguments = call.arguments;
    set(
        host,
        machine,
        &arguments.get(0),
        &arguments.get(1),
        &arguments.get(2),
        call.span,
    );
    Ok(Some(call.this.clone()))
}

pub(crate) fn express_clear(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let name = call.arguments.get(0).text();
    host.effect(machine, EffectKind::ClearCookie(name), call.span);
    Ok(Some(call.this.clone()))
}

/// `res.setHeader('Set-Cookie', ...)` with a text; one made by a library was noted when it was made.
pub(crate) fn express_header(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let is_cookie = call
        .arguments
        .get(0)
        .text()
        .is_some_and(|name| name.eq_ignore_ascii_case("set-cookie"));
    if !is_cookie {
        return crate::answer_headers::set_on_response(host, machine, call);
    }
    set_lines(host, machine, &call.arguments.get(1), call.span);
    Ok(Some(call.this.clone()))
}

/// Notes the cookies that a header sets which is written by hand: one line, or a list of them.
pub(crate) fn set_lines(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, span: Span) {
    let lines = match texts_of(value).is_empty() {
        false => vec![value.clone()],
        true => machine.elements_of(value).0,
    };
    for line in lines {
        set_line(host, machine, &line, span);
    }
}

/// Returns the texts that a value may be, with holes where they are not known; none if it may be something else.
fn texts_of(value: &Value) -> Vec<Ustr> {
    let texts = value.atoms().iter().map(|atom| match atom {
        Atom::String(text) | Atom::Pattern(text) => Some(*text),
        _ => None,
    });
    texts.collect::<Option<Vec<Ustr>>>().unwrap_or_default()
}

/// Notes the cookie that a line of the header sets. A line that may be one of a few has the flags that all of them have;
/// what only some have hangs on what decides between them.
pub fn set_line(host: &ModelHost, machine: &mut Machine<'_>, line: &Value, span: Span) {
    let lines: Vec<Line> = texts_of(line).iter().map(|text| Line::read(text)).collect();
    let set: Vec<&Line> = lines.iter().filter(|line| !line.is_cleared()).collect();
    let is_cleared = set.is_empty();
    let lines = match is_cleared {
        true => lines.iter().collect(),
        false => set,
    };
    let Some(first) = lines.first().copied() else {
        return;
    };
    let is_one = !first.name.contains(firedoor_eval::HOLE)
        && lines.iter().all(|line| line.name == first.name);
    let name = is_one.then(|| Ustr::from(&first.name));
    if is_cleared {
        host.effect(machine, EffectKind::ClearCookie(name), span);
        return;
    }
    let on = |name: &str| match lines.iter().filter(|line| line.has(name)).count() {
        count if count == lines.len() => Flag::On,
        _ if lines.iter().any(|line| line.is_open()) => Flag::Unknown,
        0 => Flag::Default,
        _ => flag_of(host, machine, line),
    };
    let same_site: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.of("samesite"))
        .collect();
    let weakest = ["none", "lax", "strict"]
        .into_iter()
        .find(|word| same_site.contains(word));
    let is_told = same_site.len() == lines.len();
    let cookie = SetCookie {
        name,
        value: host.set_provenance(machine, line.origins),
        http_only: on("httponly"),
        secure: on("secure"),
        same_site: weakest
            .or_else(|| same_site.first().copied())
            .filter(|_| is_told)
            .map(Ustr::from),
        same_site_flag: match lines.iter().any(|line| line.is_open()) {
            true if !is_told => Flag::Unknown,
            _ if is_told => Flag::On,
            _ => Flag::Default,
        },
        path: first.of("path").map(Ustr::from),
        is_session: false,
    };
    host.effect(machine, EffectKind::SetCookie(cookie), span);
}

/// A flag that a line has or not, as something else decides.
fn flag_of(host: &ModelHost, machine: &Machine<'_>, line: &Value) -> Flag {
    // What the cookie says is part of the line, and decides nothing.
    let mut decided = line.clone();
    decided.origins = OriginSet::EMPTY;
    match crate::tools::condition(host, machine, &decided) {
        Some(names) => Flag::Conditional(names),
        None => Flag::Unknown,
    }
}

/// A line of the header, taken apart.
struct Line {
    name: String,
    value: String,
    attributes: Vec<String>,
}

impl Line {
    fn read(text: &str) -> Line {
        let mut parts = text.split(';').map(str::trim);
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .unwrap_or(("", ""));
        Line {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.map(str::to_ascii_lowercase).collect(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|part| part == name)
    }

    fn of(&self, name: &str) -> Option<&str> {
        let mut parts = self.attributes.iter();
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }

    /// Holds if it may have attributes that are not known.
    fn is_open(&self) -> bool {
        let mut parts = self.attributes.iter();
        parts.any(|part| part.starts_with(firedoor_eval::HOLE))
    }

    fn is_cleared(&self) -> bool {
        self.value.is_empty() || self.of("max-age") == Some("0")
    }
}

/// Returns the cookie that a member of the header of cookies is, which a parser of one's own has taken apart. Places in
/// a list, and how long the text is, name no cookie.
pub(crate) fn named_in_header(part: RequestPart, header: Ustr, key: Ustr) -> Option<Origin> {
    let is_name = || key != "length" && !key.chars().all(|letter| letter.is_ascii_digit());
    (part == RequestPart::Header && header.eq_ignore_ascii_case("cookie") && is_name())
        .then_some(Origin::Request(RequestPart::Cookie, key))
}

/// `parse(header)`: the cookies by their names.
fn parse(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let header = call.arguments.get(0);
    let is_of_request = host.origins_of(machine, header.origins).iter().any(
        |origin| matches!(origin, Origin::Request(RequestPart::Header, name) if name == "cookie"),
    );
    if !is_of_request {
        return Ok(None);
    }
    let cookies = host.request_value_quietly(machine, RequestPart::Cookie, "");
    Ok(Some(cookies.shaped(Shape::Object)))
}

/// cookie 0.7: the text of a header line.
fn serialize(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = call.arguments;
    set(
        host,
        machine,
        &arguments.get(0),
        &arguments.get(1),
        &arguments.get(2),
        call.span,
    );
    Ok(Some(machine.derived(
        firedoor_eval::Shape::String,
        arguments.positional.iter().take(2),
    )))
}

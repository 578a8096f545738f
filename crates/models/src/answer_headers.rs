//! Headers that code sets on answers itself: those that let other sites read them, where a redirect leads, and cookies.
//!
//! Express: `response.set`, `header`, `setHeader`, `append`, `writeHead`, `location`. Starlette 0.46, `datastructures.py`:
//! `MutableHeaders` with item assignment, `setdefault`, `append` and `update`.

use firedoor_app::{EffectKind, Origin, Provenance, RequestPart};
use firedoor_eval::{Answer, Call, HOLE, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Model, ModelHost};

const HEADERS: &str = "answer:headers";

/// Adds the page of the own site that a URL begins with if it tells nothing but where the client was: `/login?next=` and
/// the path of the request.
fn with_page(text: &str, provenance: Provenance) -> Provenance {
    let page = text.split(HOLE).next().unwrap_or_default();
    let is_page = page.len() > 1 && page.starts_with('/') && !page.starts_with("//");
    let mut origins = provenance.origins().iter();
    let tells_the_path = origins.all(|origin| {
        matches!(
            origin,
            Origin::Literal(_) | Origin::Request(RequestPart::Line, _)
        )
    });
    match is_page && tells_the_path && text.contains(HOLE) {
        true => provenance.union(&Provenance::new([Origin::Literal(Ustr::from(page))])),
        false => provenance,
    }
}

/// Adds the constant that begins the fragment of a URL whose parts are all told in the fragment, as `#token=`: browsers
/// keep it to themselves. Source: RFC 3986, section 3.5, and RFC 9110, section 10.2.2.
pub(crate) fn with_fragment(target: &Value, provenance: Provenance) -> Provenance {
    let Some(text) = target.text_pattern() else {
        return provenance;
    };
    let provenance = with_page(&text, provenance);
    let Some((before, after)) = text.split_once('#') else {
        return provenance;
    };
    // What is put in at the very beginning is the address of the page.
    let is_told_before = before.trim_start_matches(HOLE).contains(HOLE);
    let Some((opening, _)) = after.split_once(HOLE).filter(|_| !is_told_before) else {
        return provenance;
    };
    let opening = Origin::Literal(Ustr::from(&format!("#{opening}")));
    provenance.union(&Provenance::new([opening]))
}

/// The model.
pub static MODEL: Model = Model {
    name: "answer-headers",
    calls: &[
        ("express:response.location", location),
        ("answer:headers.setdefault", call_with_name),
        ("answer:headers.append", call_with_name),
        ("answer:headers.add", call_with_name),
        ("answer:headers.update", call_with_all),
    ],
    members: &[
        ("py:fastapi.Response().headers", headers),
        ("py:fastapi.responses.JSONResponse().headers", headers),
        ("py:fastapi.responses.HTMLResponse().headers", headers),
        ("py:fastapi.responses.PlainTextResponse().headers", headers),
        ("py:fastapi.responses.RedirectResponse().headers", headers),
        ("fastapi:response.headers", headers),
        ("fastapi:later_response.headers", headers),
    ],
    sets: &[("answer:headers.*", set_item)],
    ..Model::EMPTY
};

fn headers(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    response: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let headers = Value::object(host.make_object(machine, HEADERS, span));
    machine
        .heap
        .set_property(response?, Ustr::from("headers"), headers.clone());
    Some(headers)
}

fn set_item(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _headers: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let path = host.state().member_name;
    if let Some(name) = path.rsplit('.').next() {
        set(host, machine, name, value, span);
    }
    true
}

fn call_with_name(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (name, value) = (call.arguments.get(0), call.arguments.get(1));
    if let Some(name) = name.text() {
        set(host, machine, &name, &value, call.span);
    }
    Ok(Some(Value::unknown(firedoor_eval::Shape::String)))
}

/// `response.location(url)`
fn location(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    set(host, machine, "location", &call.arguments.get(0), call.span);
    Ok(Some(call.this.clone()))
}

fn call_with_all(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    set_all(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(Value::null()))
}

/// `response.set(name, value)` or `response.set({ name: value })`; gives the response back.
pub(crate) fn set_on_response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let first = call.arguments.get(0);
    match first.text() {
        Some(name) => set(host, machine, &name, &call.arguments.get(1), call.span),
        None => set_all(host, machine, &first, call.span),
    }
    Ok(Some(call.this.clone()))
}

/// Notes all headers of an object.
pub(crate) fn set_all(host: &ModelHost, machine: &mut Machine<'_>, all: &Value, span: Span) {
    let Some(id) = all.only_object() else {
        return;
    };
    let properties: Vec<(Ustr, Value)> = machine
        .heap
        .get(id)
        .properties
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    for (name, value) in properties {
        set(host, machine, &name, &value, span);
    }
}

/// Notes a header, if it is one that says who may read the answer, where the browser goes next, or what it keeps.
pub(crate) fn set(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    value: &Value,
    span: Span,
) {
    if !host.is_request() {
        return;
    }
    let name = name.to_ascii_lowercase();
    let mut provenance = host.deep_provenance(machine, value);
    let constants = value.atoms().iter().filter_map(|atom| match atom {
        firedoor_eval::Atom::Bool(given) => Some(Origin::Literal(Ustr::from(&given.to_string()))),
        _ => None,
    });
    provenance = provenance.union(&Provenance::new(constants));
    match name.as_str() {
        "location" => {
            let target = with_fragment(value, provenance);
            host.effect(machine, EffectKind::Redirect(target), span);
        }
        "access-control-allow-origin" | "access-control-allow-credentials" => {
            let kind = EffectKind::SetHeader(Ustr::from(&name), provenance);
            host.effect(machine, kind, span);
        }
        "set-cookie" => crate::cookies::set_lines(host, machine, value, span),
        _ => {}
    }
}

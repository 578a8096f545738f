//! Answers: the responses that handlers and middleware return, and the exceptions by which helpers answer.
//!
//! Source: next 15.5, `server/web/spec-extension/response.ts` and `client/components/redirect.ts`.

use firedoor_app::{EffectKind, Origin, Provenance, Refusal};
use firedoor_eval::{
    Answer, Atom, Call, Decided, HOLE, Machine, ObjectId, ObjectKind, ReturnPath, Stop, TestKind,
    Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::saying_no::says_no;
use crate::ModelHost;
use crate::return_effects::{push, refuse};
use crate::tools::{keep, kept, last_part, option};

/// The path of responses.
pub(super) const RESPONSE: &str = "next:response";

/// The paths of what the functions of `next/navigation` throw.
pub(super) const REDIRECT: &str = "next:redirect";
pub(super) const REFUSED: &str = "next:refused";

/// Where a response was made, and behind what.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    decided: Vec<Decided>,
    span: Span,
    function: Ustr,
}

fn make(host: &ModelHost, machine: &mut Machine<'_>, kind: &str, span: Span) -> ObjectId {
    let id = host.make_object(machine, RESPONSE, span);
    keep(machine, id, "$kind", Value::string(kind));
    let made = Made {
        decided: machine.decided.clone(),
        span,
        function: machine.function_name(),
    };
    host.state().nextjs.made.insert(id, made);
    id
}

/// Returns what a handler answers with that another framework makes, or by which it lets the request on to that.
pub(crate) fn handed_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    goes_on: bool,
    span: Span,
) -> Value {
    let kind = if goes_on { "next" } else { "answer" };
    Value::object(make(host, machine, kind, span))
}

/// Keeps the status of an initializer, and notes its headers.
fn initialize(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    options: &Value,
    span: Span,
) {
    if let Some(status) = option(machine, options, "status", span) {
        keep(machine, id, "status", status);
    }
    if let Some(headers) = option(machine, options, "headers", span) {
        let made = super::request::made_header(machine, &headers, "location");
        let location = match made {
            Some(made) => (!made.is_nothing()).then_some(made),
            None => ["Location", "location"]
                .iter()
                .find_map(|name| option(machine, &headers, name, span)),
        };
        if let Some(location) = location {
            keep(machine, id, "$location", location);
        }
        crate::answer_headers::set_all(host, machine, &headers, span);
    }
}

/// `NextResponse.json(body, {status})` and `Response.json`.
pub(super) fn json(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "answer", call.span);
    keep(machine, id, "$body", call.arguments.get(0));
    initialize(host, machine, id, &call.arguments.get(1), call.span);
    Ok(Some(Value::object(id)))
}

/// `NextResponse.redirect(url, status)`.
pub(super) fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "redirect", call.span);
    keep(machine, id, "$location", call.arguments.get(0));
    let options = call.arguments.get(1);
    if options.only_object().is_some() {
        initialize(host, machine, id, &options, call.span);
    }
    Ok(Some(Value::object(id)))
}

/// `NextResponse.next({request: {headers}})`.
pub(super) fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "next", call.span);
    let options = call.arguments.get(0);
    if let Some(request) = option(machine, &options, "request", call.span)
        && let Some(headers) = option(machine, &request, "headers", call.span)
    {
        keep(machine, id, "$request", headers);
    }
    Ok(Some(Value::object(id)))
}

/// `NextResponse.rewrite(url)`: the request goes on under another path.
pub(super) fn rewrite(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, "rewrite", call.span);
    keep(machine, id, "$location", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `response.json()` and the like give the body back; `response.clone()` the response.
pub(super) fn body(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(match last_part(&call.path) {
        "clone" => call.this.clone(),
        _ => kept(machine, call.receiver, "$body"),
    }))
}

/// `redirect(path)` and `permanentRedirect(path)` throw.
pub(super) fn throw_redirect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, REDIRECT, call.span);
    // `redirect({href, locale})` is that of next-intl.
    let first = call.arguments.get(0);
    let to = option(machine, &first, "href", call.span).unwrap_or(first);
    keep(machine, id, "$location", to);
    machine.throw(Value::object(id), call.span)
}

/// `notFound()`, `unauthorized()` and `forbidden()` throw.
pub(super) fn throw_status(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = match last_part(&call.path) {
        "unauthorized" => 401.0,
        "forbidden" => 403.0,
        _ => 404.0,
    };
    let id = host.make_object(machine, REFUSED, call.span);
    keep(machine, id, "status", Value::number(status));
    machine.throw(Value::object(id), call.span)
}

/// The status that an exception becomes. What a program throws of its own is an error of the server.
pub(super) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    let path = value
        .objects()
        .next()
        .map(|id| machine.heap.get(id).kind.clone());
    match path {
        Some(ObjectKind::Host(path)) if path == REDIRECT => Some(307),
        Some(ObjectKind::Host(path)) if path == REFUSED => {
            host.number_of(machine, value, &["status"])
        }
        _ => Some(500),
    }
}

/// What a step has returned means, by the kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing returned lets the request on.
    Middleware,
    /// Whatever is returned answers.
    Handler,
    /// A value is handed to the page; one that says that something is wrong refuses.
    Action,
}

/// Notes what one way of returning comes to.
pub(super) fn note(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &ReturnPath,
    place: Place,
) -> Result<(), Stop> {
    if !host.is_request() {
        return Ok(());
    }
    let atoms = path.value.atoms().to_vec();
    for atom in &atoms {
        let mut one = Value::atom(*atom).with_origins(path.value.origins);
        one.control = path.value.control;
        let mut path = ReturnPath {
            value: one,
            ..path.clone()
        };
        let made = match atom {
            Atom::Object(id) => host.state().nextjs.made.get(id).cloned(),
            _ => None,
        };
        if let (Atom::Object(id), Some(made)) = (atom, made) {
            if !come_together(&mut path, &made) {
                continue;
            }
            note_response(host, machine, &path, *id, place)?;
        } else if atoms.len() > 1 && atom.is_nothing() && place == Place::Handler {
            // What a handler returns besides an answer would be an error of the program.
        } else {
            note_value(host, machine, &path, atoms.len() > 1, place);
        }
    }
    Ok(())
}

/// A response was made behind more than what led to its `return`, or before it. Returns whether both can be.
fn come_together(path: &mut ReturnPath, made: &Made) -> bool {
    let is_against = |step: &Decided| {
        let other = Decided {
            decision: step.decision,
            side: !step.side,
        };
        path.decided.contains(&other)
    };
    if made.decided.iter().any(is_against) {
        return false;
    }
    let more = made
        .decided
        .iter()
        .filter(|step| !path.decided.contains(step));
    let more: Vec<Decided> = more.copied().collect();
    path.decided.extend(more);
    path.span = made.span;
    path.function = made.function;
    true
}

fn note_response(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &ReturnPath,
    id: ObjectId,
    place: Place,
) -> Result<(), Stop> {
    let kind = kept(machine, Some(id), "$kind").text();
    let location = kept(machine, Some(id), "$location");
    match kind.as_deref() {
        Some("next") => {
            if let Some(headers) = kept(machine, Some(id), "$request").only_object() {
                super::request::replace_headers(host, machine, headers);
            }
            go_on(host, path, place);
        }
        Some("rewrite") => match page_of(machine, &location) {
            Some(page) if place == Place::Middleware && !page.contains(HOLE) => {
                note_redirect(host, machine, path, &location);
            }
            _ => go_on(host, path, place),
        },
        _ if !location.is_nothing() => note_redirect(host, machine, path, &location),
        _ => note_answer(host, machine, path, id)?,
    }
    Ok(())
}

fn go_on(host: &ModelHost, path: &ReturnPath, place: Place) {
    if place != Place::Middleware {
        return push(host, path, answer(Some(200), Vec::new()));
    }
    push(host, path, EffectKind::Continue);
    let passed = &mut host.state().run.passed;
    if passed.len() < 32 {
        passed.push(path.written.clone());
    }
}

fn answer(status: Option<u16>, body: Vec<firedoor_app::Field>) -> EffectKind {
    EffectKind::Respond {
        status,
        body,
        is_error: false,
    }
}

/// Notes an answer; one of several statuses hangs on what decided between them.
fn note_answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &ReturnPath,
    id: ObjectId,
) -> Result<(), Stop> {
    let status = kept(machine, Some(id), "status");
    let body = kept(machine, Some(id), "$body");
    let body = host.body_fields(machine, &body);
    let number = |atom: &Atom| match atom {
        Atom::Number(number) if (100.0..1000.0).contains(number) => Some(*number as u16),
        _ => None,
    };
    let statuses: Vec<Option<u16>> = match status.is_nothing() {
        true => vec![Some(200)],
        false => status.atoms().iter().map(number).collect(),
    };
    if let [only] = statuses.as_slice() {
        let mut path = path.clone();
        let is_chosen = !status.control.is_empty() || !status.origins.is_empty();
        if is_chosen && only.is_some_and(|status| status >= 400) {
            // What has chosen the status is what the request was refused by.
            let decision = machine.failure(path.span, status.origins, status.control);
            path.decided.push(Decided {
                decision,
                side: true,
            });
        }
        note_status(host, &path, *only, body);
        return Ok(());
    }
    for code in statuses {
        let is_refusal = code.is_some_and(|code| code >= 400);
        let test = machine.tested(TestKind::Truth, None, &[&status], path.span);
        let base = std::mem::replace(&mut machine.decided, path.decided.clone());
        let mut note_one = |machine: &mut Machine<'_>, is_own: bool| {
            if is_own {
                let path = ReturnPath {
                    decided: machine.decided.clone(),
                    ..path.clone()
                };
                note_status(host, &path, code, body.clone());
            }
            Ok(())
        };
        let note_one = std::cell::RefCell::new(&mut note_one);
        let result = machine.when(
            &test,
            path.span,
            |machine| (note_one.borrow_mut())(machine, is_refusal),
            |machine| (note_one.borrow_mut())(machine, !is_refusal),
        );
        machine.decided = base;
        result?;
    }
    Ok(())
}

fn note_status(
    host: &ModelHost,
    path: &ReturnPath,
    status: Option<u16>,
    body: Vec<firedoor_app::Field>,
) {
    if let Some(status) = status.filter(|status| *status >= 400) {
        refuse(host, path, Refusal::Status(status));
    }
    push(host, path, answer(status, body));
}

fn note_redirect(host: &ModelHost, machine: &mut Machine<'_>, path: &ReturnPath, location: &Value) {
    let page = page_of(machine, location);
    refuse(host, path, Refusal::Redirect(page.clone()));
    let known = page.as_deref().and_then(own_page);
    let target = match known {
        Some(known) => Provenance::new([Origin::Literal(known)]),
        None => without_base(host, machine, location),
    };
    push(host, path, EffectKind::Redirect(target));
}

/// Returns what an address is made of, without the setting that `new URL(path, base)` goes by where the path names no
/// site itself: it stands before nothing that does.
fn without_base(host: &ModelHost, machine: &mut Machine<'_>, location: &Value) -> Provenance {
    let whole = host.deep_provenance(machine, location);
    let parts = location.only_object().map(|id| machine.heap.get(id));
    let Some((path, base)) = parts
        .filter(|object| matches!(object.kind, ObjectKind::Host(path) if path == "js:URL()"))
        .and_then(|object| {
            Some((
                object.elements.first()?.clone(),
                object.elements.get(1)?.clone(),
            ))
        })
    else {
        return whole;
    };
    let path = host.deep_provenance(machine, &path);
    let base = host.deep_provenance(machine, &base);
    let is_of_base = |origin: &Origin| {
        matches!(origin, Origin::Environment { .. })
            && base.origins().contains(origin)
            && !path.origins().contains(origin)
    };
    let left = whole.origins().iter().filter(|it| !is_of_base(it));
    Provenance::new(left.cloned())
}

/// Returns where a URL leads to, with holes: a text, or a URL made of one.
pub(super) fn page_of(machine: &Machine<'_>, location: &Value) -> Option<String> {
    if let Some(text) = location.text_pattern() {
        return Some(text.to_string());
    }
    let object = machine.heap.get(location.only_object()?);
    let ObjectKind::Host(path) = object.kind else {
        return None;
    };
    let property = |name: &str| object.properties.get(&Ustr::from(name)).cloned();
    let text = match path.as_str() {
        "js:URL()" => object.elements.first().cloned(),
        "upgrade:url" => property("$path"),
        _ => None,
    };
    let text = property("pathname").or(text)?;
    text.text_pattern().map(|text| text.to_string())
}

/// Returns the known beginning of a path of the own site; `//` would name another one.
fn own_page(text: &str) -> Option<Ustr> {
    let known = text.split(HOLE).next().unwrap_or("");
    let mut characters = known.chars();
    let is_own = characters.next() == Some('/')
        && match characters.next() {
            Some(next) => next != '/' && next != '\\',
            None => known.len() == text.len(),
        };
    is_own.then(|| Ustr::from(known))
}

/// Notes a value that is no response.
fn note_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &ReturnPath,
    is_one_of_several: bool,
    place: Place,
) {
    if place == Place::Middleware {
        note_unknown(host, machine, path);
        return go_on(host, path, place);
    }
    let refuses = place == Place::Action && says_no(host, machine, path, is_one_of_several);
    if refuses {
        refuse(host, path, Refusal::Return);
        if path.value.only_object().is_none() {
            return;
        }
    }
    let body = host.body_fields(machine, &path.value);
    let answer = EffectKind::Respond {
        status: None,
        body,
        is_error: refuses,
    };
    push(host, path, answer);
}

/// What a library that is not known has answered may be a refusal, if it sounds like a guard.
fn note_unknown(host: &ModelHost, machine: &Machine<'_>, path: &ReturnPath) {
    let origins = host.origins_of(machine, path.value.origins);
    let library = origins.iter().find_map(|origin| match origin {
        Origin::Outside(path) if crate::doors::sounds_like_guard(path) => Some(*path),
        _ => None,
    });
    if let Some(library) = library {
        let reason = format!("what `{library}` does is not known");
        let run = &mut host.state().run;
        run.unknown.push((run.step, reason));
    }
}

/// Notes the exceptions by which helpers answer; the others are given back.
pub(super) fn note_thrown(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    thrown: Vec<firedoor_eval::Thrown>,
) -> Vec<firedoor_eval::Thrown> {
    let mut others = Vec::new();
    for thrown in thrown {
        let id = thrown.value.only_object();
        let path = id.map(|id| machine.heap.get(id).kind.clone());
        let way = ReturnPath {
            value: thrown.value.clone(),
            decided: thrown.decided.clone(),
            written: Default::default(),
            span: thrown.span,
            function: machine.function_name(),
        };
        match path {
            Some(ObjectKind::Host(path)) if path == REDIRECT => {
                let location = kept(machine, id, "$location");
                note_redirect(host, machine, &way, &location);
            }
            // A response that is thrown is not answered with, but many a helper is written so and caught.
            _ => others.push(thrown),
        }
    }
    others
}

//! Requests from other sites: cors, and the tokens of csurf, csrf-csrf, csrf-sync, lusca and tiny-csrf.
//!
//! Whether a function that chooses origins lets strangers in is found out by asking it about one, and about
//! ones that begin or end like those it knows.

use firedoor_app::{
    Control, EffectKind, Flag, Origin, Provenance, Refusal, RequestPart, Setting, SettingKind,
};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Decided, Machine, ObjectId, ObjectKind, TestId, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::layers::{make as passing, pass};
use crate::state::MadeGuard;
use crate::tokens::plain;
use crate::tools::{condition, error, flag, is_function, option, unknown_of};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "cross-site",
    calls: &[
        ("npm:cors", cors),
        ("cross-site:callback", answered),
        ("npm:csurf", token_guard),
        ("npm:tiny-csrf", token_guard),
        ("npm:lusca", lusca),
        ("npm:lusca.csrf", token_guard),
        ("npm:lusca.*", passing),
        ("npm:csrf-csrf.doubleCsrf", double),
        ("npm:csrf-sync.csrfSync", double),
        ("cross-site:guard", run_guard),
        ("cross-site:make-token", make_token),
        ("express:request.csrfToken", make_token),
    ],
    ..Model::EMPTY
};

/// A site that no application knows.
const STRANGER: &str = "https://stranger.invalid";

/// What is found out about the origins that are allowed.
struct Allowed {
    origins: Vec<Provenance>,
    reflects: Flag,
    any: Flag,
    loosely: Option<Span>,
}

/// cors 2.8: without an origin every site may read, but not with credentials.
fn cors(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    if !host.is_request() {
        let span = call.span;
        let allowed = match option(machine, &options, "origin", span) {
            None => Allowed {
                origins: vec![Provenance::new([Origin::Literal(Ustr::from("*"))])],
                reflects: Flag::Off,
                any: if options.is_unknown() || is_function(machine, &options) {
                    Flag::Unknown
                } else {
                    Flag::On
                },
                loosely: None,
            },
            Some(origin) => allowed(host, machine, &origin, span),
        };
        let credentials = option(machine, &options, "credentials", span);
        let credentials = flag(host, machine, credentials.as_ref());
        note(host, machine, allowed, credentials, span);
    }
    passing(host, machine, call)
}

fn note(host: &ModelHost, machine: &Machine<'_>, allowed: Allowed, credentials: Flag, span: Span) {
    let app = Ustr::from(machine.program.files.path(span));
    host.state().settings.push(Setting {
        kind: SettingKind::Cors {
            origins: allowed.origins,
            reflects: allowed.reflects,
            any: allowed.any,
            matches_loosely: allowed.loosely,
            credentials,
        },
        span,
        condition: None,
        app,
    });
}

/// `origin` is a text, `true`, `false`, a regular expression, a list of those, or a function.
fn allowed(host: &ModelHost, machine: &mut Machine<'_>, origin: &Value, span: Span) -> Allowed {
    if is_function(machine, origin) {
        return chosen(host, machine, origin, span);
    }
    let is_list = origin
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    let parts = if is_list {
        machine.elements_of(origin).0
    } else {
        vec![origin.clone()]
    };
    let mut found = Allowed {
        origins: Vec::new(),
        reflects: Flag::Off,
        any: Flag::Off,
        loosely: None,
    };
    for part in &parts {
        found.origins.push(host.deep_provenance(machine, part));
        for atom in part.atoms() {
            let is_only = part.atoms().len() == 1;
            let on = match condition(host, machine, part) {
                Some(names) if !is_only => Flag::Conditional(names),
                _ => Flag::On,
            };
            match atom {
                // Any site can put a page into a frame that sends this origin.
                Atom::String(text) if text == "*" || text == "null" => found.any = on,
                Atom::Bool(true) => found.reflects = on,
                Atom::Object(id) => match &machine.heap.get(*id).kind {
                    ObjectKind::Regex(pattern) if is_loose(pattern) => found.loosely = Some(span),
                    _ => {}
                },
                _ => {}
            }
        }
    }
    found
}

/// An expression without an end, or that any site fits. It may begin within the origin where that is a new name.
fn is_loose(pattern: &str) -> bool {
    let begins = ["^", "\\.", "//", "\\/\\/"];
    !begins.iter().any(|it| pattern.starts_with(it))
        || !pattern.ends_with('$')
        || fits_any_site(pattern)
        || crate::shared_hosts::leaves_name_open(pattern)
}

/// Holds if a regular expression that must match the whole origin asks for no more than a scheme: no letter of a name is
/// written in it. Classes such as `\w` name nobody, nor do ports.
pub(crate) fn fits_any_site(pattern: &str) -> bool {
    let mut written = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => written.extend(letters.next().filter(|it| !it.is_alphanumeric())),
            // What a group is called, or how it is read.
            '(' if letters.clone().next() == Some('?') => letters
                .by_ref()
                .take_while(|it| !matches!(it, ':' | '>' | ')'))
                .for_each(drop),
            '[' => letters.by_ref().take_while(|it| *it != ']').for_each(drop),
            '{' => letters.by_ref().take_while(|it| *it != '}').for_each(drop),
            _ => written.push(letter),
        }
    }
    let name = written.replace("https", "").replace("http", "");
    !name.chars().any(char::is_alphabetic)
}

/// Returns the text, or the one that holds where a setting does not say another.
pub(crate) fn written_pattern(value: &Value) -> Option<Ustr> {
    let mut known = value.atoms().iter().filter_map(|atom| match atom {
        Atom::String(text) | Atom::Pattern(text) => Some(Some(*text)),
        Atom::Unknown(_) => None,
        _ => Some(None),
    });
    let first = known.next()??;
    known.next().is_none().then_some(first)
}

/// Asks a function `(origin, callback) => callback(error, allow)` about sites.
fn chosen(host: &ModelHost, machine: &mut Machine<'_>, function: &Value, span: Span) -> Allowed {
    let tests = machine.tests.len();
    let parts = machine.text_tests.len();
    ask(host, machine, function, None, span);
    let part = part_of_origin(host, machine, parts);
    let compared = compared_texts(machine, tests);
    let stranger = Value::string(STRANGER);
    let reflects = outcome(host, machine, function, stranger, span);
    let mut loosely = part;
    if reflects != Flag::On {
        for (text, place) in &compared {
            let host_name = text.trim_start_matches("https://");
            let likes = [
                format!("https://stranger{host_name}"),
                format!("https://{host_name}.stranger.invalid"),
            ];
            // What names no host of its own, such as `.example.com`, may be asked for at the end.
            let honest = text.starts_with('.') || text.starts_with("//");
            for like in likes.iter().skip(usize::from(honest)) {
                let value = Value::string(like);
                if outcome(host, machine, function, value, span) == Flag::On {
                    loosely = Some(*place);
                }
            }
        }
    }
    let mut origins: Vec<Provenance> = compared
        .iter()
        .map(|(text, _)| Provenance::new([Origin::Literal(*text)]))
        .collect();
    origins.push(Provenance::new([Origin::Request(
        RequestPart::Header,
        Ustr::from("origin"),
    )]));
    Allowed {
        origins,
        reflects,
        any: Flag::Off,
        loosely,
    }
}

/// Returns where the origin is asked for a text that a setting says, and that others can have in theirs too: at its
/// end without a dot, at its beginning, or anywhere.
fn part_of_origin(host: &ModelHost, machine: &Machine<'_>, from: usize) -> Option<Span> {
    machine.text_tests[from..]
        .iter()
        .find_map(|(test, method)| {
            let test = machine.test(*test);
            let [text, part] = test.operands.as_slice() else {
                return None;
            };
            let is_origin = host.provenance(machine, text).is_from(RequestPart::Header);
            let is_setting = host
                .provenance(machine, part)
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Environment { .. }));
            (is_origin && is_setting && is_open_edge(method, part)).then_some(test.span)
        })
}

/// Holds if names of others can have that at this edge too: at the end without a dot, at the beginning without a slash.
fn is_open_edge(method: &str, part: &Value) -> bool {
    let fixed = part.text_pattern();
    let begins = |mark: &str| fixed.as_ref().is_some_and(|text| text.starts_with(mark));
    match method {
        "endsWith" => {
            let is_shared = |text: &Ustr| crate::shared_hosts::is_whole_service(text);
            fixed.as_ref().is_some_and(is_shared) || !begins(".") && !begins("/") && !begins("http")
        }
        "startsWith" => fixed
            .as_ref()
            .is_none_or(|text| !text.ends_with(['/', ':'])),
        _ => true,
    }
}

/// Holds if the test asks only for how the origin begins or ends, or what is somewhere in it, or for a form, and names of
/// others can have that too.
pub(crate) fn is_loose_edge(host: &ModelHost, machine: &Machine<'_>, test: TestId) -> bool {
    let found = machine.test(test);
    let [text, part] = found.operands.as_slice() else {
        return false;
    };
    if found.kind == TestKind::Kind {
        let text = host.provenance(machine, text);
        return is_origin_only(&text) && part.text().is_some_and(|form| is_loose(&form));
    }
    if is_for_frames(host, machine, found.kind, text, part) {
        return true;
    }
    if !matches!(found.kind, TestKind::Part | TestKind::Membership) {
        return false;
    }
    let mut noted = machine.text_tests.iter().rev();
    let Some((_, method)) = noted.find(|(known, _)| *known == test) else {
        return false;
    };
    let asked = host.provenance(machine, part);
    let is_constant =
        |origin: &Origin| matches!(origin, Origin::Environment { .. } | Origin::Literal(_));
    // A part of a word is none of a name: `endsWith('localhost')` needs a machine of that name.
    let is_name = |text: &str| text.contains('.') || text.starts_with("http");
    !asked.is_empty()
        && asked.origins().iter().all(is_constant)
        && is_origin_only(&host.provenance(machine, text))
        && part.text().is_none_or(|text| is_name(text.as_str()))
        && is_open_edge(method, part)
}

/// Holds if the origin may be `null`, alone or as one of a list: a frame that any site puts up without an origin of its
/// own sends that.
fn is_for_frames(
    host: &ModelHost,
    machine: &Machine<'_>,
    kind: TestKind,
    left: &Value,
    right: &Value,
) -> bool {
    let is_null = |value: &Value| value.text().is_some_and(|text| text == "null");
    let lists_it = |list: &Value| {
        let mut elements = list.objects().flat_map(|id| &machine.heap.get(id).elements);
        elements.any(is_null)
    };
    let is_origin = |value: &Value| is_origin_only(&host.provenance(machine, value));
    match kind {
        TestKind::Equality => {
            is_null(left) && is_origin(right) || is_null(right) && is_origin(left)
        }
        TestKind::Membership => {
            lists_it(left) && is_origin(right) || lists_it(right) && is_origin(left)
        }
        _ => false,
    }
}

/// Holds if it is where a page comes from, whole or its host, and nothing besides.
///
/// The address of a page (`referer`) has a path, which a setting may be written with: where that begins says less.
fn is_origin_only(text: &Provenance) -> bool {
    let is_origin = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Header, name) => name.split('.').next() == Some("origin"),
        Origin::Literal(text) => text.is_empty(),
        _ => false,
    };
    text.origins().iter().all(is_origin) && text.is_from(RequestPart::Header)
}

/// The constants that the origin was compared with, with where.
fn compared_texts(machine: &mut Machine<'_>, from: usize) -> Vec<(Ustr, Span)> {
    let mut texts: Vec<(Ustr, Span)> = Vec::new();
    let tests = machine.tests.since(from);
    let tests: Vec<_> = tests.map(|(_, test)| test.clone()).collect();
    for test in tests {
        if !matches!(
            test.kind,
            TestKind::Equality | TestKind::Membership | TestKind::Part
        ) {
            continue;
        }
        for operand in &test.operands {
            let mut values = machine.elements_of(operand).0;
            values.push(operand.clone());
            for text in values.iter().filter_map(Value::text) {
                if text.len() > 3 && !texts.iter().any(|(known, _)| *known == text) {
                    texts.push((text, test.span));
                }
            }
        }
    }
    texts.truncate(24);
    texts
}

/// Calls the function with an origin (any, if none is given) and returns its answers with what decided them.
fn ask(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    origin: Option<Value>,
    span: Span,
) -> Vec<(Value, Vec<Decided>)> {
    let header = Origin::Request(RequestPart::Header, Ustr::from("origin"));
    let origins = host.origin(machine, header);
    let origin = origin
        .unwrap_or_else(|| Value::unknown(firedoor_eval::Shape::String))
        .with_origins(origins);
    host.state().answers.clear();
    machine.trial(|machine| {
        let back = host.make_object(machine, "cross-site:callback", span);
        let arguments = Arguments::positional([origin, Value::object(back)]);
        let _ = machine.catching(|machine| {
            let result = machine.call_value(function, None, &arguments, span)?;
            machine.await_value(&result, span)
        });
    });
    std::mem::take(&mut host.state().answers)
}

fn answered(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let decided = machine.decided.clone();
    let allow = call.arguments.get(1);
    host.state().answers.push((allow, decided));
    Ok(Some(Value::undefined()))
}

/// Whether a site is let in: always, never, or under a condition that is not about the site.
fn outcome(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    function: &Value,
    origin: Value,
    span: Span,
) -> Flag {
    let mut found = Flag::Off;
    for (allow, decided) in ask(host, machine, function, Some(origin), span) {
        if machine.truth(&allow) != Some(true) {
            continue;
        }
        let mut names = Vec::new();
        let mut is_compared = false;
        for decided in decided {
            let decision = machine.decision(decided.decision).clone();
            if decision.is_certain {
                continue;
            }
            let provenance = host.set_provenance(machine, decision.origins);
            is_compared |= provenance.is_from(RequestPart::Header);
            names.extend(
                provenance
                    .origins()
                    .iter()
                    .filter_map(|origin| match origin {
                        Origin::Environment { name, .. } => Some(name.to_string()),
                        _ => None,
                    }),
            );
        }
        if is_compared {
            continue;
        }
        if names.is_empty() {
            return Flag::On;
        }
        found = Flag::Conditional(names.join(", "));
    }
    found
}

fn guard_object(host: &ModelHost, machine: &mut Machine<'_>, span: Span, name: &str) -> ObjectId {
    let id = host.make_object(machine, "cross-site:guard", span);
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    let guard = MadeGuard {
        controls: vec![Control::Csrf],
        throttle: None,
        span,
        library: "csrf",
    };
    // One that is made while a request is on its way is made to be called there.
    if !host.is_request() {
        host.state().made_guards.insert(id, guard);
    }
    id
}

fn token_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = guard_object(host, machine, call.span, "csrf");
    Ok(Some(Value::object(id)))
}

/// lusca 1.7: only what is asked for is switched on.
fn lusca(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let wanted = option(machine, &call.arguments.get(0), "csrf", call.span);
    match wanted {
        Some(wanted) if machine.truth(&wanted) != Some(false) => token_guard(host, machine, call),
        _ => passing(host, machine, call),
    }
}

/// Packages that give a guard and a function that makes tokens, under the names of their versions.
fn double(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = Value::object(guard_object(host, machine, call.span, "csrf"));
    let maker = Value::object(host.make_object(machine, "cross-site:make-token", call.span));
    let names = ["generateToken", "generateCsrfToken"];
    let mut properties: Vec<(&str, Value)> =
        names.iter().map(|name| (*name, maker.clone())).collect();
    properties.push(("doubleCsrfProtection", guard.clone()));
    properties.push(("csrfSynchronisedProtection", guard));
    let invalid = error(
        host,
        machine,
        "npm:csrf-csrf.ForbiddenError",
        &[],
        call.span,
    );
    properties.push(("invalidCsrfTokenError", invalid));
    Ok(Some(plain(machine, &properties, call.span)))
}

fn make_token(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let origin = Origin::Random {
        cryptographic: true,
        bits: None,
    };
    let shape = firedoor_eval::Shape::String;
    Ok(Some(unknown_of(host, machine, shape, origin)))
}

/// Reading methods pass; for others the token must be that of the session. Whoever asks for himself can have
/// one, so that the attacker is not stopped by it: other sites are.
fn run_guard(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let method = host.state().run.method;
    if matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS") {
        return pass(host, machine, call);
    }
    let span = call.span;
    let sent = host.request_value_quietly(machine, RequestPart::Header, "x-csrf-token");
    let kept = host.request_value_quietly(machine, RequestPart::Session, "csrfSecret");
    let test = machine.tested(TestKind::Proof, None, &[&sent, &kept], span);
    machine.when(
        &test,
        span,
        |machine| pass(host, machine, call).map(|_| ()),
        |machine| {
            host.refuse(machine, Refusal::Status(403), span);
            let effect = EffectKind::Respond {
                status: Some(403),
                body: Vec::new(),
                is_error: true,
            };
            host.effect(machine, effect, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

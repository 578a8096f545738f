//! `app.config`: settings that programs write, and what they mean for the application.
//!
//! Source: flask 3.1, `app.py`, `default_config`; `config.py`: `from_object` takes the names in capitals.

use firedoor_app::{Field, Flag, Origin, Provenance, SettingKind};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::application::add_setting;
use crate::python_support::{argument, last_name, value_from};
use crate::{Model, ModelHost};

/// The path of configurations.
const CONFIG: &str = "flask:config";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_config",
    calls: &[
        ("flask:config.from_object", from_object),
        ("flask:config.from_mapping", update),
        ("flask:config.update", update),
        ("flask:config.from_pyfile", from_outside),
        ("flask:config.from_envvar", from_outside),
        ("flask:config.from_prefixed_env", from_outside),
        ("flask:config.from_file", from_outside),
        ("flask:config.from_json", from_outside),
        ("flask:config.get", get),
        ("flask:config.setdefault", set_default),
        ("flask:config.pop", get),
        ("py:werkzeug.middleware.proxy_fix.ProxyFix", proxy_fix),
        ("flask:proxied", super::register::given),
    ],
    sets: &[("flask:config.*", set)],
    indexes: &[(CONFIG, index)],
    set_indexes: &[],
    operators: &[(CONFIG, contains)],
    aliases: &[
        (
            "py:werkzeug.contrib.fixers.ProxyFix",
            "py:werkzeug.middleware.proxy_fix.ProxyFix",
        ),
        ("py:flask.config.Config", "py:flask.Config"),
    ],
    ..Model::EMPTY
};

/// What holds where nobody says otherwise.
fn default(name: &str) -> Option<Value> {
    Some(match name {
        "DEBUG" | "TESTING" | "SESSION_COOKIE_SECURE" | "USE_X_SENDFILE" => Value::bool(false),
        "SESSION_COOKIE_HTTPONLY" | "SESSION_REFRESH_EACH_REQUEST" => Value::bool(true),
        "SESSION_COOKIE_NAME" => Value::string("session"),
        "PREFERRED_URL_SCHEME" => Value::string("http"),
        "APPLICATION_ROOT" => Value::string("/"),
        "SECRET_KEY"
        | "SERVER_NAME"
        | "SESSION_COOKIE_SAMESITE"
        | "SESSION_COOKIE_DOMAIN"
        | "MAX_CONTENT_LENGTH"
        | "SESSION_COOKIE_PATH" => Value::null(),
        _ => return None,
    })
}

/// `app.config`, one object for each application.
pub(super) fn config(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let app = object?;
    let known = machine.heap.property(app, Ustr::from("$config")).cloned();
    if known.is_some() {
        return known;
    }
    let id = host.make_object(machine, CONFIG, machine.heap.get(app).span);
    machine
        .heap
        .set_property(app, Ustr::from("$config"), Value::object(id));
    Some(Value::object(id))
}

/// `app.extensions`: a dictionary in which whoever extends the application keeps what requests need of it.
pub(super) fn extensions(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let app = object?;
    let key = Ustr::from("$extensions");
    let known = machine.heap.property(app, key).cloned();
    if known.is_some() {
        return known;
    }
    let span = machine.heap.get(app).span;
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    // Extensions of others put there what is not known.
    machine.heap.open(id);
    machine.heap.set_property(app, key, Value::object(id));
    Some(Value::object(id))
}

/// Returns a setting of the application.
pub(crate) fn setting(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    name: &str,
) -> Option<Value> {
    let config = machine
        .heap
        .property(app, Ustr::from("$config"))?
        .only_object()?;
    let name = Ustr::from(name);
    if let Some(value) = machine.heap.property(config, name) {
        return Some(value.clone());
    }
    let is_open = host.state().flask.is_configured_outside.contains(&config);
    is_open.then(|| from_environment(host, machine, &name))
}

fn from_environment(host: &ModelHost, machine: &mut Machine<'_>, name: &str) -> Value {
    let origin = Origin::Environment {
        name: Ustr::from(name),
        fallback: None,
    };
    value_from(host, machine, Shape::Any, origin)
}

/// What the configuration has under a name: what the program has written, or the default, or what comes
/// from the environment for all anybody knows.
fn read(host: &ModelHost, machine: &mut Machine<'_>, config: ObjectId, name: &str) -> Value {
    if let Some(own) = machine.heap.property(config, Ustr::from(name)) {
        return own.clone();
    }
    let is_open = host.state().flask.is_configured_outside.contains(&config);
    match default(name) {
        Some(value) if !is_open => value,
        _ => from_environment(host, machine, name),
    }
}

fn index(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let config = object.only_object()?;
    let name = key.text()?;
    Some(read(host, machine, config, &name))
}

fn get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(config), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    let own = machine.heap.property(config, name).cloned();
    if let Some(own) = own {
        return Ok(Some(own));
    }
    let is_open = host.state().flask.is_configured_outside.contains(&config);
    let fallback = default(&name).unwrap_or_else(|| argument(call, 1, "default"));
    if !is_open {
        return Ok(Some(fallback));
    }
    let outside = from_environment(host, machine, &name);
    Ok(Some(machine.join(outside, &fallback)))
}

fn contains(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    if operator != BinaryOperator::In {
        return None;
    }
    let config = right.only_object()?;
    let name = left.text()?;
    let is_open = host.state().flask.is_configured_outside.contains(&config);
    let has = machine.heap.property(config, name).is_some() || default(&name).is_some();
    let outcome = match (has, is_open) {
        (true, _) => Some(true),
        (false, false) => Some(false),
        _ => None,
    };
    Some(machine.tested(TestKind::Membership, outcome, &[left], span))
}

/// Remembers where a setting is written; the object keeps the value.
fn set(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: ObjectId,
    _value: &Value,
    span: Span,
) -> bool {
    let name = Ustr::from(last_name(&host.state().member_name));
    host.state().flask.places.insert((object, name), span);
    false
}

fn write(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    config: ObjectId,
    name: Ustr,
    value: Value,
    span: Span,
) {
    host.state().flask.places.insert((config, name), span);
    machine.heap.set_property(config, name, value);
}

/// `app.config.update(mapping, **settings)`, `from_mapping`.
fn update(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(config) = call.receiver else {
        return Ok(None);
    };
    for given in &call.arguments.positional {
        let objects: Vec<ObjectId> = given.objects().collect();
        if objects.is_empty() && !given.is_nothing() {
            host.state().flask.is_configured_outside.insert(config);
        }
        for id in objects {
            let properties = machine.heap.get(id).properties.clone();
            for (name, value) in properties {
                write(host, machine, config, name, value, call.span);
            }
        }
    }
    for (name, value) in &call.arguments.keywords {
        write(host, machine, config, *name, value.clone(), call.span);
    }
    Ok(Some(Value::bool(true)))
}

fn set_default(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(config), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    let known = machine.heap.property(config, name).cloned();
    let value = match known {
        Some(known) => known,
        None => {
            let value = call.arguments.get(1);
            write(host, machine, config, name, value.clone(), call.span);
            value
        }
    };
    Ok(Some(value))
}

fn from_outside(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(config) = call.receiver {
        host.state().flask.is_configured_outside.insert(config);
    }
    Ok(Some(Value::bool(true)))
}

/// `app.config.from_object(Class)`, of an instance, a module, or their path as text.
fn from_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(config) = call.receiver else {
        return Ok(None);
    };
    let mut given = call.arguments.get(0);
    if let Some(path) = given.text()
        && let Some(found) = machine.python_object(&path, call.span)
    {
        given = found;
    }
    let objects: Vec<ObjectId> = given.objects().collect();
    if objects.is_empty() {
        host.state().flask.is_configured_outside.insert(config);
    }
    for id in objects {
        for (name, value, span) in capitals(machine, id, call.span) {
            let known = machine.heap.property(config, name).cloned();
            let value = match known {
                Some(known) if given.objects().count() > 1 => machine.join(value, &known),
                _ => value,
            };
            write(host, machine, config, name, value, span);
        }
    }
    Ok(Some(Value::null()))
}

/// The attributes of an object whose names are in capitals.
fn capitals(machine: &mut Machine<'_>, id: ObjectId, span: Span) -> Vec<(Ustr, Value, Span)> {
    let class = match machine.heap.get(id).kind {
        ObjectKind::Class { .. } => Some(id),
        ObjectKind::Instance { class } => Some(class),
        _ => None,
    };
    let mut names: Vec<Ustr> = machine.heap.get(id).properties.keys().copied().collect();
    if let Some(class) = class {
        for class in machine.class_order(class) {
            if let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind {
                names.extend(machine.heap.get(prototype).properties.keys().copied());
            }
        }
    }
    if let ObjectKind::Namespace(module) = machine.heap.get(id).kind {
        let variables = machine.module_variables(module);
        names.extend(variables.into_iter().map(|(name, _)| name));
    }
    names.retain(|name| {
        name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
    });
    names.sort();
    names.dedup();
    let object = Value::object(id);
    let mut found = Vec::new();
    for name in names {
        let (value, _) = machine.catching(|machine| machine.member(&object, name, span));
        if let Ok(value) = value {
            let place = machine.heap.get(id).span;
            found.push((name, value, place));
        }
    }
    found
}

/// `app.secret_key` and `app.debug` are settings.
pub(super) fn attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = last_name(&host.state().member_name).to_ascii_uppercase();
    let config = config(host, machine, object, span)?.only_object()?;
    Some(read(host, machine, config, &name))
}

pub(super) fn set_attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = last_name(&host.state().member_name).to_ascii_uppercase();
    let Some(config) = config(host, machine, Some(object), span).and_then(|it| it.only_object())
    else {
        return false;
    };
    write(
        host,
        machine,
        config,
        Ustr::from(&name),
        value.clone(),
        span,
    );
    true
}

/// `app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)`.
pub(super) fn set_wsgi(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: ObjectId,
    _value: &Value,
    _span: Span,
) -> bool {
    true
}

fn proxy_fix(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let count = argument(call, 1, "x_for");
    let count = match count.is_nothing() {
        true => Value::number(1.0),
        false => count,
    };
    let count = host.provenance(machine, &count);
    if !host.is_request() {
        add_setting(host, machine, SettingKind::TrustProxy(count), call.span);
    }
    let id = host.make_object(machine, "flask:proxied", call.span);
    Ok(Some(Value::object(id)))
}

/// `app.run(debug=True)` starts the development server with its debugger.
pub(super) fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(debug) = call.arguments.keyword("debug") {
        let kind = SettingKind::Debug(flag(host, machine, Some(debug)));
        add_setting(host, machine, kind, call.span);
    }
    Ok(Some(Value::null()))
}

fn flag(host: &ModelHost, machine: &Machine<'_>, value: Option<&Value>) -> Flag {
    crate::tools::flag(host, machine, value)
}

/// Tells the map what the settings of an application mean.
pub(super) fn settings(host: &ModelHost, machine: &mut Machine<'_>, app: ObjectId) {
    let known = machine.heap.property(app, Ustr::from("$config")).cloned();
    let Some(config) = known.and_then(|config| config.only_object()) else {
        return;
    };
    let place = |host: &ModelHost, machine: &Machine<'_>, name: &str| {
        let state = host.state();
        let known = state.flask.places.get(&(config, Ustr::from(name)));
        known.copied().unwrap_or_else(|| machine.heap.get(app).span)
    };
    for (name, what) in [
        ("SECRET_KEY", "session"),
        ("JWT_SECRET_KEY", "jwt"),
        ("WTF_CSRF_SECRET_KEY", "csrf"),
    ] {
        let value = machine.heap.property(config, Ustr::from(name)).cloned();
        if let Some(value) = value.filter(|value| !value.is_nothing()) {
            let secret = host.deep_provenance(machine, &value);
            let span = place(host, machine, name);
            add_setting(host, machine, SettingKind::Secret(what, secret), span);
        }
    }
    if let Some(debug) = machine.heap.property(config, Ustr::from("DEBUG")).cloned() {
        let span = place(host, machine, "DEBUG");
        let kind = SettingKind::Debug(flag(host, machine, Some(&debug)));
        add_setting(host, machine, kind, span);
    }
    let mut fields: Vec<Field> = Vec::new();
    for name in [
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
    ] {
        let value = read(host, machine, config, name);
        fields.push(Field {
            name: Ustr::from(name.trim_start_matches("SESSION_COOKIE_")),
            value: host.deep_provenance(machine, &value),
            operator: "=",
        });
    }
    let span = place(host, machine, "SESSION_COOKIE_SECURE");
    let kind = SettingKind::Other("session-cookie", fields);
    add_setting(host, machine, kind, span);
}

/// The cookie in which Flask keeps its session, as the settings of the running application say.
/// `sessions.py`: HttpOnly, not Secure and without SameSite by default.
pub(crate) fn session_cookie(
    host: &ModelHost,
    machine: &mut Machine<'_>,
) -> Option<(firedoor_app::SetCookie, Span)> {
    let app = host.flask_app()?;
    let config = machine
        .heap
        .property(app, Ustr::from("$config"))
        .and_then(Value::only_object);
    let value = |host: &ModelHost, machine: &mut Machine<'_>, name: &str| {
        config.and_then(|config| {
            let is_open = host.state().flask.is_configured_outside.contains(&config);
            let own = machine.heap.property(config, Ustr::from(name)).cloned();
            own.or_else(|| is_open.then(|| Value::unknown(Shape::Any)))
        })
    };
    let secure = value(host, machine, "SESSION_COOKIE_SECURE");
    let http_only = value(host, machine, "SESSION_COOKIE_HTTPONLY");
    let same_site = value(host, machine, "SESSION_COOKIE_SAMESITE");
    let name = value(host, machine, "SESSION_COOKIE_NAME");
    let span = match config {
        Some(config) => {
            let state = host.state();
            let key = (config, Ustr::from("SESSION_COOKIE_SECURE"));
            state.flask.places.get(&key).copied()
        }
        None => None,
    };
    let cookie = firedoor_app::SetCookie {
        name: name.map_or_else(|| Some(Ustr::from("session")), |name| name.text()),
        value: Provenance::default(),
        http_only: match http_only {
            None => Flag::On,
            Some(value) => flag(host, machine, Some(&value)),
        },
        secure: flag(host, machine, secure.as_ref()),
        same_site: same_site
            .as_ref()
            .and_then(Value::text)
            .map(|text| Ustr::from(&text.to_ascii_lowercase())),
        same_site_flag: match &same_site {
            None => Flag::Default,
            Some(value) if value.atoms().iter().all(Atom::is_nothing) => Flag::Off,
            Some(value) if value.text().is_some() => Flag::On,
            Some(_) => Flag::Unknown,
        },
        path: Some(Ustr::from("/")),
        is_session: true,
    };
    let span = span.unwrap_or_else(|| machine.heap.get(app).span);
    Some((cookie, span))
}

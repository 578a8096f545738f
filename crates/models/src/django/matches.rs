//! Which route a request has taken, as middleware and views ask: `request.resolver_match` and `resolve(path)`.
//!
//! Source: django 5.2, `urls/resolvers.py` (`ResolverMatch`) and `urls/base.py` (`resolve`). Of a path that is not the
//! request's own nothing is known.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::run::{ROUTE, host_path};
use super::urls::Route;
use crate::ModelHost;
use crate::python_support::argument;

const NAME: &str = "$name";
const SPACES: &str = "$spaces";

/// Keeps the name of a route, and the namespaces that it lies in, with the object that stands for it.
pub(crate) fn keep(machine: &mut Machine<'_>, id: ObjectId, route: &Route) {
    let name = match &route.name {
        Some(name) => Value::string(name),
        None => Value::null(),
    };
    let spaces = route.spaces.iter().map(|space| Value::string(space));
    let list = machine.make_list(spaces.collect(), false, route.span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from(NAME), name);
    properties.insert(Ustr::from(SPACES), list);
}

/// `request.resolver_match`.
pub(crate) fn current(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let view = host.state().django.view.clone();
    let route = view
        .filter(|view| host_path(machine, view).is_some_and(|path| path == ROUTE))
        .and_then(|view| view.only_object());
    match route {
        Some(route) if host.is_request() => make(host, machine, route),
        _ => machine.unknown("request"),
    }
}

/// `resolve(path)`: of the request's own path, the route that it has taken.
pub(crate) fn resolve(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = argument(call, 0, "path");
    let own = crate::express::request_path(host, machine);
    let is_own = path.text_pattern().is_some() && path.text_pattern() == own.text_pattern();
    Ok(Some(match is_own {
        true => current(host, machine),
        false => machine.unknown("request"),
    }))
}

fn make(host: &ModelHost, machine: &mut Machine<'_>, route: ObjectId) -> Value {
    let place = machine.place();
    let part = |machine: &Machine<'_>, name: &str| {
        let kept = machine.heap.get(route).properties.get(&Ustr::from(name));
        kept.cloned().unwrap_or_else(Value::null)
    };
    let name = part(machine, NAME);
    let spaces = part(machine, SPACES);
    let Arguments {
        positional,
        keywords,
        ..
    } = super::run::parameters_of(host, machine, route);
    let given = machine.make_list(positional, false, place);
    let kwargs = machine.heap.allocate(ObjectKind::Plain, place);
    machine.heap.get_mut(kwargs).properties.extend(keywords);
    let mut words: Vec<String> = Vec::new();
    for space in machine.elements_of(&spaces).0 {
        words.extend(space.text().map(|space| space.to_string()));
    }
    let space = words.join(":");
    words.extend(name.text().map(|name| name.to_string()));
    let unknown = machine.unknown("request");
    let id = machine.heap.allocate(ObjectKind::Plain, place);
    let properties = &mut machine.heap.get_mut(id).properties;
    for (key, value) in [
        ("url_name", name),
        ("view_name", Value::string(&words.join(":"))),
        ("namespaces", spaces),
        ("namespace", Value::string(&space)),
        // An application may be included under another name than its own.
        ("app_names", unknown.clone()),
        ("app_name", unknown.clone()),
        ("args", given),
        ("kwargs", Value::object(kwargs)),
        ("func", unknown),
    ] {
        properties.insert(Ustr::from(key), value);
    }
    Value::object(id)
}

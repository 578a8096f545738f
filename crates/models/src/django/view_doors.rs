//! The entry points of a route: one for each method that its view answers, with what runs before it.

use super::guards::{self, Opened};
use super::run::{ROUTE, host_path};
use super::urls::{Route, door};
use super::views::*;
use crate::python_support::last_name;
use crate::{Door, ModelHost, Persona, Step, StepKind};
use firedoor_app::{EffectKind, Refusal};
use firedoor_eval::{Arguments, Decided, Machine, ObjectId, SideEnd, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

/// Lists the doors of a route: one for each method that its view answers.
pub(crate) fn doors_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    middleware: &[Step],
    app: Ustr,
) -> Vec<Door> {
    let mut doors = Vec::new();
    let (known, unknown): (Vec<_>, Vec<_>) =
        route.view.objects().map(Value::object).partition(|_| true);
    let _: Vec<Value> = unknown;
    let mut views = known;
    if views.is_empty() {
        views.push(route.view.clone());
    }
    for view in views {
        let opened = guards::open(machine, &view);
        match host_path(machine, &opened.view).as_deref() {
            Some(VIEW) => class_doors(host, machine, route, &opened, middleware, app, &mut doors),
            Some("django:admin") => {
                doors.extend(super::admin::doors(host, machine, route, middleware, app));
            }
            _ => function_doors(host, machine, route, &opened, middleware, app, &mut doors),
        }
    }
    doors
}

pub(crate) fn class_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    opened: &Opened,
    middleware: &[Step],
    app: Ustr,
    doors: &mut Vec<Door>,
) {
    let Some(id) = opened.view.only_object() else {
        return;
    };
    let class = machine.heap.get(id).elements.first().cloned();
    let class = class.unwrap_or_else(Value::null);
    let named = methods_of(machine, id, &class);
    let is_api = super::drf::is_api(machine, &class);
    let opened = &with_flags(host, machine, route, opened, &class);
    for (method, function) in named {
        if let Some(allowed) = &opened.methods
            && !allowed.contains(&Ustr::from(&method.to_ascii_uppercase()))
        {
            continue;
        }
        let mut steps = middleware.to_vec();
        steps.extend(opened.steps(machine));
        if let Some(class) = own_class(machine, &class) {
            let more = guards::of_class(host, machine, class, &method, route.span);
            steps.extend(more);
        }
        if asks_log_in(machine, &class) {
            let arguments = Arguments::default();
            let guard = guards::make(host, machine, "login_required", &arguments, route.span);
            steps.push(guards::as_step(machine, &Value::object(guard)));
        }
        let behind = match own_class(machine, &class) {
            Some(class) => super::guard_tests::unreached(host, machine, class, route.span),
            None => Vec::new(),
        };
        let mut unread = None;
        let mut too_late = Vec::new();
        if is_api && !asks_itself(machine, &class) {
            let (asked, limit) = api_steps(host, machine, &opened.view, &method, route.span);
            steps.extend(asked);
            unread = limit;
            let view = &opened.view;
            let known = &steps;
            too_late = super::drf_unread::permissions_too_late(
                host, machine, view, known, &method, route.span,
            );
        }
        let own = machine.heap.property(id, Ustr::from("$function")).cloned();
        let handler = match own {
            Some(function) => {
                let symbol = crate::doors::symbol(machine, &function, route.span);
                (symbol.name, symbol.span)
            }
            None => class_handler(machine, &class, &function, route.span),
        };
        steps.push(handler_step(host, machine, route, opened, &handler));
        let method = method.to_ascii_uppercase();
        let mut made = door(machine, route, &method, &opened.view, steps, app);
        made.late.extend(unread.map(|step| Step {
            mounted: route.span,
            ..step
        }));
        made.late.extend(behind);
        made.late.extend(too_late);
        doors.push(made);
    }
}

/// Adds what the class says to middleware.
fn with_flags(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    opened: &Opened,
    class: &Value,
) -> Opened {
    let mut opened = opened.clone();
    if super::drf::is_api(machine, class) {
        opened.flags.push("$csrf_exempt");
        if leaves_log_in_to_permissions(machine, route.span) {
            opened.flags.push("$login_not_required");
        }
    }
    if let Some(own) = own_class(machine, class) {
        let said = guards::flags_of_class(host, machine, own, route.span);
        opened.flags.extend(said);
    }
    opened
}

/// Holds if views of REST framework say that `LoginRequiredMiddleware` shall leave them alone, since their permissions ask:
/// from 3.16 on (`views.py`, `as_view`).
pub(crate) fn leaves_log_in_to_permissions(machine: &Machine<'_>, span: Span) -> bool {
    let project = machine.program.project;
    let version = project.dependency_version(span.file, "djangorestframework");
    // What may be new is taken to be new.
    version
        .and_then(crate::python_versions::highest)
        .is_none_or(|highest| highest >= (3, 16))
}

/// Holds for the views of `django.contrib.auth` that are decorated by it.
pub(crate) fn asks_log_in(machine: &Machine<'_>, class: &Value) -> bool {
    let bases = match own_class(machine, class) {
        Some(id) => machine.outside_bases(id),
        None => class.as_outside().into_iter().collect(),
    };
    bases.iter().any(|base| {
        matches!(
            base.as_str(),
            "py:django.contrib.auth.views.PasswordChangeView"
                | "py:django.contrib.auth.views.PasswordChangeDoneView"
        )
    })
}

/// The layers of a view of REST framework for one method, and a limit that it names and that nothing reads.
pub(crate) fn api_steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    method: &str,
    span: Span,
) -> (Vec<Step>, Option<Step>) {
    let request = host.make_object(machine, "django:request", span);
    let method = Value::string(&method.to_ascii_uppercase());
    let properties = &mut machine.heap.get_mut(request).properties;
    properties.insert(Ustr::from("method"), method);
    let request = Value::object(request);
    let arguments = Arguments::default();
    let (made, _) =
        machine.catching(|machine| api_instance(machine, view, &request, &arguments, span));
    match made {
        Ok(made) => (
            super::drf_guards::steps(host, machine, view, &made, span),
            super::drf_unread::limit(host, machine, view, &made, span),
        ),
        Err(_) => (Vec::new(), None),
    }
}

/// The methods of HTTP that a class answers, each with the name of what answers.
pub(crate) fn methods_of(
    machine: &mut Machine<'_>,
    view: ObjectId,
    class: &Value,
) -> IndexMap<String, String> {
    let mut found = IndexMap::new();
    let allowed = allowed_methods(machine, view, class);
    let is_function = machine
        .heap
        .property(view, Ustr::from("$function"))
        .is_some();
    if let Some(allowed) = allowed.as_ref().filter(|_| is_function) {
        let known = allowed
            .iter()
            .filter(|method| METHODS.contains(&method.as_str()));
        return known
            .map(|method| (method.to_string(), method.to_string()))
            .collect();
    }
    let actions = machine.heap.property(view, Ustr::from("$actions")).cloned();
    if let Some(table) = actions.and_then(|actions| actions.only_object()) {
        let entries = machine.heap.get(table).properties.clone();
        for (method, action) in entries {
            let is_allowed = allowed
                .as_ref()
                .is_none_or(|allowed| allowed.contains(&method));
            if let Some(action) = action.text()
                && is_allowed
                && METHODS.contains(&method.as_str())
            {
                found.insert(method.to_string(), action.to_string());
            }
        }
        return found;
    }
    let bases = match own_class(machine, class) {
        Some(id) => machine.outside_bases(id),
        None => class.as_outside().into_iter().collect(),
    };
    for method in METHODS {
        let own = own_class(machine, class);
        let is_own = own.is_some_and(|class| overrides(machine, class, method));
        let is_inherited = bases.iter().any(|base| {
            let name = last_name(base);
            super::generic::answers(name, method)
                || super::drf::answers(name, method)
                || super::library_views::answers(base, method)
        });
        let is_allowed = allowed
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|name| name == method));
        if (is_own || is_inherited) && is_allowed {
            found.insert(method.to_owned(), method.to_owned());
        }
    }
    found
}

/// What `http_method_names` says.
pub(crate) fn allowed_methods(
    machine: &mut Machine<'_>,
    view: ObjectId,
    class: &Value,
) -> Option<Vec<Ustr>> {
    let name = Ustr::from("http_method_names");
    let given = machine.heap.property(view, name).cloned().or_else(|| {
        let class = own_class(machine, class)?;
        machine.class_attribute(class, name).map(|(_, value)| value)
    })?;
    let (elements, is_open) = machine.elements_of(&given);
    if is_open {
        return None;
    }
    let texts = elements.iter().filter_map(Value::text);
    Some(
        texts
            .map(|text| Ustr::from(&text.to_ascii_lowercase()))
            .collect(),
    )
}

/// The function that answers, for its name and place: the method of the class, or the class.
pub(crate) fn class_handler(
    machine: &Machine<'_>,
    class: &Value,
    function: &str,
    span: Span,
) -> (Ustr, Span) {
    let whole = crate::doors::symbol(machine, class, span);
    let found = own_class(machine, class)
        .and_then(|id| machine.class_attribute(id, Ustr::from(function)))
        .map(|(_, value)| crate::doors::symbol(machine, &value, span).span);
    let name = format!("{}.{function}", whole.name);
    (Ustr::from(&name), found.unwrap_or(whole.span))
}

/// Makes the last step.
pub(crate) fn handler_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    opened: &Opened,
    (name, span): &(Ustr, Span),
) -> Step {
    let id = host.make_object(machine, ROUTE, *span);
    let names: Vec<Value> = route
        .template
        .parameters
        .iter()
        .map(|parameter| {
            let mark = if parameter.is_number { "#" } else { "" };
            Value::string(&format!("{}{mark}", parameter.name))
        })
        .collect();
    let list = machine.make_list(names, false, *span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![opened.view.clone()];
    let whole = route.view.clone();
    object.properties.insert(Ustr::from("$whole"), whole);
    object.properties.insert(Ustr::from("$parameters"), list);
    let kwargs = route.kwargs.clone();
    object.properties.insert(Ustr::from("$kwargs"), kwargs);
    super::matches::keep(machine, id, route);
    let object = machine.heap.get_mut(id);
    for flag in &opened.flags {
        object
            .properties
            .insert(Ustr::from(flag), Value::bool(true));
    }
    Step {
        value: Value::object(id),
        kind: StepKind::Handler,
        name: *name,
        span: *span,
        mounted: route.span,
        decided: route.decided.clone(),
        role: "handler",
    }
}

/// A function answers every method that its decorators let through; one that asks for the method of the request
/// is listed with the methods that it tells apart.
pub(crate) fn function_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    opened: &Opened,
    middleware: &[Step],
    app: Ustr,
    doors: &mut Vec<Door>,
) {
    let symbol = crate::doors::symbol(machine, &opened.view, route.span);
    let handler = (symbol.name, symbol.span);
    let mut steps = middleware.to_vec();
    steps.extend(opened.steps(machine));
    steps.push(handler_step(host, machine, route, opened, &handler));
    let known = opened.methods.clone();
    let methods = match known.or_else(|| wrapped_methods(machine, &opened.view)) {
        Some(methods) => methods,
        None => {
            let probe = door(machine, route, "ANY", &opened.view, steps.clone(), app);
            told_apart(host, machine, &probe)
        }
    };
    for method in methods {
        let steps = steps.clone();
        doors.push(door(machine, route, &method, &opened.view, steps, app));
    }
}

/// The methods that the view answers which a function of the program stands around, as `functools.wraps` tells.
pub(crate) fn wrapped_methods(machine: &mut Machine<'_>, view: &Value) -> Option<Vec<Ustr>> {
    let mut inner = view.clone();
    for _ in 0..10 {
        let opened = guards::open(machine, &inner);
        if opened.methods.is_some() {
            return opened.methods;
        }
        let id = opened.view.only_object()?;
        if host_path(machine, &opened.view).is_some_and(|path| path == VIEW) {
            let class = machine.heap.get(id).elements.first().cloned()?;
            let named = methods_of(machine, id, &class);
            let names = named
                .keys()
                .map(|name| Ustr::from(&name.to_ascii_uppercase()));
            return Some(names.collect());
        }
        inner = machine
            .heap
            .property(id, Ustr::from("__wrapped__"))
            .cloned()?;
    }
    None
}

/// The methods that a view compares the method of its request with; those are asked for besides GET.
pub(crate) fn told_apart(host: &ModelHost, machine: &mut Machine<'_>, probe: &Door) -> Vec<Ustr> {
    let mut alone = probe.clone();
    alone.steps.retain(|step| step.kind == StepKind::Handler);
    let sent = crate::request::send(host, machine, &alone, Persona::User, None);
    let mut methods: Vec<Ustr> = Vec::new();
    for method in sent.run.methods.keys() {
        let known = METHODS
            .iter()
            .any(|known| method.eq_ignore_ascii_case(known));
        if known {
            methods.push(*method);
        }
    }
    if methods.is_empty() {
        return vec![Ustr::from("ANY")];
    }
    if !methods.iter().any(|method| method == "GET") {
        methods.push(Ustr::from("GET"));
    }
    let mut answered = methods.clone();
    answered.retain(|method| is_answered(host, machine, &alone, *method));
    // A view that seems to allow none is not understood, and is an entry point all the same.
    if !answered.is_empty() {
        methods = answered;
    }
    methods.sort();
    methods
}

/// Holds if a view does more for a method than to say that it is not allowed, or may do so.
fn is_answered(host: &ModelHost, machine: &mut Machine<'_>, probe: &Door, method: Ustr) -> bool {
    let mut asked = probe.clone();
    asked.method = method;
    let run = crate::request::send(host, machine, &asked, Persona::User, None).run;
    let is_denied = run.refusals.iter().any(|refused| {
        refused.refusal == Refusal::Status(405) && is_certain(machine, &refused.decided)
    });
    !is_denied
        || run.effects.iter().any(|effect| match effect.kind {
            EffectKind::Respond { status, .. } => status.is_none_or(|status| status < 400),
            // Who is sent to the log-in page is refused.
            EffectKind::Redirect(_) => !run.refusals.iter().any(|refused| {
                matches!(refused.refusal, Refusal::Redirect(_)) && refused.span == effect.span
            }),
            _ => false,
        })
}

/// Holds if what was decided so is the way through the view, and not a side of a test that stops where the other goes on:
/// what else may come is then behind that.
fn is_certain(machine: &Machine<'_>, decided: &[Decided]) -> bool {
    decided.iter().all(|step| {
        let ends = machine.decision(step.decision).ends;
        ends[usize::from(step.side)] == SideEnd::Goes
            || ends[usize::from(!step.side)] != SideEnd::Goes
    })
}

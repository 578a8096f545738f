//! Views: functions, and classes whose methods answer the methods of HTTP.
//!
//! Source: django 5.2, `views/generic/base.py`: `as_view` makes a function that makes an instance, calls `setup`
//! and then `dispatch`, which calls the method of the class that is named like that of the request.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::guards::{self, Opened};
use super::run::{ROUTE, host_path};
use super::urls::{Route, door};
use crate::python_support::last_name;
use crate::tables::CallFunction;
use crate::{Door, Model, ModelHost, Persona, Step, StepKind};

/// The object that `as_view` makes.
pub(crate) const VIEW: &str = "django:view";

/// The methods that classes answer.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

macro_rules! classes {
    ($($path:literal),* $(,)?) => {
        &[
            ("django:view", call_view),
            $(
                (concat!($path, ".as_view"), as_view),
                (concat!($path, "().*"), view_method),
            )*
        ]
    };
}

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    aliases: ALIASES,
    ..Model::EMPTY
};

const CALLS: &[(&str, CallFunction)] = classes!(
    "py:django.views.View",
    "py:django.views.generic.TemplateView",
    "py:django.views.generic.RedirectView",
    "py:django.views.generic.ListView",
    "py:django.views.generic.DetailView",
    "py:django.views.generic.FormView",
    "py:django.views.generic.CreateView",
    "py:django.views.generic.UpdateView",
    "py:django.views.generic.DeleteView",
    "py:django.views.generic.ArchiveIndexView",
    "py:django.views.generic.DateDetailView",
    "py:django.contrib.auth.mixins.LoginRequiredMixin",
    "py:django.contrib.auth.mixins.UserPassesTestMixin",
    "py:django.contrib.auth.mixins.PermissionRequiredMixin",
    "py:django.contrib.auth.mixins.AccessMixin",
    "py:django.contrib.messages.views.SuccessMessageMixin",
    "py:django.views.generic.base.TemplateResponseMixin",
    "py:django.views.generic.base.ContextMixin",
    "py:django.views.generic.detail.SingleObjectMixin",
    "py:django.views.generic.list.MultipleObjectMixin",
    "py:django.views.generic.edit.FormMixin",
    "py:django.contrib.auth.views.LoginView",
    "py:django.contrib.auth.views.LogoutView",
    "py:django.contrib.auth.views.PasswordChangeView",
    "py:django.contrib.auth.views.PasswordChangeDoneView",
    "py:django.contrib.auth.views.PasswordResetView",
    "py:django.contrib.auth.views.PasswordResetDoneView",
    "py:django.contrib.auth.views.PasswordResetConfirmView",
    "py:django.contrib.auth.views.PasswordResetCompleteView",
);

const ALIASES: &[(&str, &str)] = &[
    ("py:django.views.generic.View", "py:django.views.View"),
    ("py:django.views.generic.base.View", "py:django.views.View"),
    (
        "py:django.views.generic.base.TemplateView",
        "py:django.views.generic.TemplateView",
    ),
    (
        "py:django.views.generic.base.RedirectView",
        "py:django.views.generic.RedirectView",
    ),
    (
        "py:django.views.generic.list.ListView",
        "py:django.views.generic.ListView",
    ),
    (
        "py:django.views.generic.detail.DetailView",
        "py:django.views.generic.DetailView",
    ),
    (
        "py:django.views.generic.edit.FormView",
        "py:django.views.generic.FormView",
    ),
    (
        "py:django.views.generic.edit.CreateView",
        "py:django.views.generic.CreateView",
    ),
    (
        "py:django.views.generic.edit.UpdateView",
        "py:django.views.generic.UpdateView",
    ),
    (
        "py:django.views.generic.edit.DeleteView",
        "py:django.views.generic.DeleteView",
    ),
];

/// `Class.as_view(**attributes)`; viewsets are also told which of their actions answer which methods.
pub(crate) fn as_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, VIEW, call.span);
    let class = match call.this.is_nothing() {
        true => {
            let owner = call.path.rsplit_once('.').map_or("", |(owner, _)| owner);
            Value::outside(owner)
        }
        false => call.this.clone(),
    };
    let name = crate::doors::symbol(machine, &class, call.span).name;
    let actions = call.arguments.find(0, "actions").cloned();
    let object = machine.heap.get_mut(id);
    object.name = Some(name);
    object.properties = call.arguments.keywords.clone();
    object.properties.shift_remove(&Ustr::from("actions"));
    if let Some(actions) = actions {
        object.properties.insert(Ustr::from("$actions"), actions);
    }
    object.elements = vec![class];
    Ok(Some(Value::object(id)))
}

/// A view of a class that the program calls itself.
fn call_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut arguments = call.arguments.clone();
    if arguments.positional.is_empty() {
        return Ok(None);
    }
    let request = arguments.positional.remove(0);
    let value = machine_call(host, machine, &call.this, &request, &arguments, call.span)?;
    Ok(Some(value))
}

fn machine_call(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let method = request_method(machine, request);
    call_class(
        host,
        machine,
        view,
        (&method, true),
        request,
        arguments,
        span,
    )
}

fn request_method(machine: &Machine<'_>, request: &Value) -> String {
    let known = request
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("method")))
        .and_then(Value::text);
    known.map_or_else(|| "get".to_owned(), |method| method.to_ascii_lowercase())
}

/// What `instance.method()` of a view gives that the program does not define.
fn view_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(instance) = call.this.objects().next() else {
        return Ok(None);
    };
    match last_name(&call.path) {
        "dispatch" => {
            let mut arguments = call.arguments.clone();
            if arguments.positional.is_empty() {
                return Ok(None);
            }
            let request = arguments.positional.remove(0);
            dispatch(host, machine, instance, &request, &arguments, call.span).map(Some)
        }
        "setup" | "__init__" => {
            if last_name(&call.path) == "setup" {
                let mut arguments = call.arguments.clone();
                if !arguments.positional.is_empty() {
                    let request = arguments.positional.remove(0);
                    set_up(machine, instance, &request, &arguments, call.span);
                }
            }
            Ok(Some(Value::null()))
        }
        "handle_no_permission" => guards::no_permission(host, machine, instance, call.span),
        "http_method_not_allowed" => super::response::answer_status(host, machine, 405, call.span),
        name => super::generic::method(host, machine, instance, name, call),
    }
}

/// The guards of mixins, and then the method of the class.
fn dispatch(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let this = Value::object(instance);
    for guard in guards::mixins(host, machine, &this, span) {
        let refused = guards::check_inline(host, machine, &guard, request, arguments, span)?;
        if let Some(refused) = refused {
            return Ok(refused);
        }
    }
    let method = request_method(machine, request);
    let mut all = arguments.clone();
    all.positional.insert(0, request.clone());
    machine.call_member(&this, Ustr::from(&method), &all, span)
}

fn set_up(
    machine: &mut Machine<'_>,
    instance: ObjectId,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) {
    let args = machine.make_tuple(arguments.positional.clone(), span);
    let kwargs = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(kwargs).properties = arguments.keywords.clone();
    for (name, value) in [
        ("request", request.clone()),
        ("args", args),
        ("kwargs", Value::object(kwargs)),
    ] {
        machine.heap.set_property(instance, Ustr::from(name), value);
    }
}

/// Makes an instance for a request.
pub(crate) fn instance(
    machine: &mut Machine<'_>,
    class: ObjectId,
    attributes: &firedoor_eval::Properties,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<ObjectId, Stop> {
    let id = machine.heap.allocate(ObjectKind::Instance { class }, span);
    if machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some()
    {
        let keywords = attributes
            .iter()
            .filter(|(name, _)| !name.starts_with('$'))
            .map(|(name, value)| (*name, value.clone()));
        let own = Arguments {
            keywords: keywords.collect(),
            ..Arguments::default()
        };
        let this = Value::object(id);
        machine.call_member(&this, Ustr::from("__init__"), &own, span)?;
    }
    for (name, value) in attributes {
        if !name.starts_with('$') {
            machine.heap.set_property(id, *name, value.clone());
        }
    }
    set_up(machine, id, request, arguments, span);
    Ok(id)
}

/// Calls a view with a request, whatever it is.
pub(crate) fn call(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    if host_path(machine, view).is_some_and(|path| path == VIEW) {
        let method = request_method(machine, request);
        return call_class(
            host,
            machine,
            view,
            (&method, false),
            request,
            arguments,
            span,
        );
    }
    let mut all = arguments.clone();
    all.positional.insert(0, request.clone());
    machine.call_value(view, None, &all, span)
}

/// Calls the method of a class; `whole` says whether its guards have not been run yet.
fn call_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    (method, whole): (&str, bool),
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let Some(id) = view.only_object() else {
        return Ok(Value::null());
    };
    let object = machine.heap.get(id).clone();
    let class = object.elements.first().cloned().unwrap_or_else(Value::null);
    if super::drf::is_api(machine, &class) {
        return call_api(
            host,
            machine,
            view,
            (method, whole),
            request,
            arguments,
            span,
        );
    }
    let Some(class) = own_class(machine, &class) else {
        return super::library_views::run(host, machine, &class, &object.properties, method, span);
    };
    let instance = instance(machine, class, &object.properties, request, arguments, span)?;
    let this = Value::object(instance);
    let mut all = arguments.clone();
    all.positional.insert(0, request.clone());
    if machine
        .class_attribute(class, Ustr::from("setup"))
        .is_some()
    {
        machine.call_member(&this, Ustr::from("setup"), &all, span)?;
    }
    let name = match whole || overrides(machine, class, "dispatch") {
        true => "dispatch",
        false => method,
    };
    machine.call_member(&this, Ustr::from(name), &all, span)
}

/// Makes the instance of a view of REST framework; a function has one of the class that wraps it.
pub(crate) fn api_instance(
    machine: &mut Machine<'_>,
    view: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let Some(id) = view.only_object() else {
        return Ok(Value::null());
    };
    let object = machine.heap.get(id).clone();
    let class = object.elements.first().cloned().unwrap_or_else(Value::null);
    let class = match own_class(machine, &class) {
        Some(class) => class,
        None => {
            let path = class.as_outside().unwrap_or_default();
            machine.heap.allocate(ObjectKind::Host(path), span)
        }
    };
    let made = instance(machine, class, &object.properties, request, arguments, span)?;
    let method = request_method(machine, request);
    if let Some(action) = action_of(machine, id, &method) {
        let action = Value::string(&action);
        machine
            .heap
            .set_property(made, Ustr::from("action"), action);
    }
    Ok(Value::object(made))
}

/// The action that answers a method.
fn action_of(machine: &Machine<'_>, view: ObjectId, method: &str) -> Option<Ustr> {
    let actions = machine.heap.property(view, Ustr::from("$actions"))?;
    let table = actions.only_object()?;
    machine.heap.property(table, Ustr::from(method))?.text()
}

/// Holds if a view of REST framework asks who may come through in a way of its own.
fn asks_itself(machine: &Machine<'_>, class: &Value) -> bool {
    let names = [
        "dispatch",
        "initial",
        "check_permissions",
        "perform_authentication",
    ];
    own_class(machine, class)
        .is_some_and(|class| names.iter().any(|name| overrides(machine, class, name)))
}

/// Calls the method, action or function of a view of REST framework.
fn call_api(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    (method, whole): (&str, bool),
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let Some(id) = view.only_object() else {
        return Ok(Value::null());
    };
    let class = machine.heap.get(id).elements.first().cloned();
    let class = class.unwrap_or_else(Value::null);
    let this = api_instance(machine, view, request, arguments, span)?;
    let mut all = arguments.clone();
    all.positional.insert(0, request.clone());
    let function = machine.heap.property(id, Ustr::from("$function")).cloned();
    let is_whole = whole || asks_itself(machine, &class);
    if let Some(function) = function {
        if is_whole {
            machine.call_member(&this, Ustr::from("initial"), &all, span)?;
        }
        return machine.call_value(&function, None, &all, span);
    }
    let action = action_of(machine, id, method).unwrap_or_else(|| Ustr::from(method));
    // A view that a library brings whole, or that a class changes in details only.
    let bases = match own_class(machine, &class) {
        Some(class) if overrides(machine, class, &action) => Vec::new(),
        Some(class) => machine.outside_bases(class),
        None => class.as_outside().into_iter().collect(),
    };
    let brought = bases
        .iter()
        .find(|base| super::library_views::answers(base, method));
    if let Some(brought) = brought.filter(|base| !base.ends_with("APIRootView")) {
        let brought = Value::outside(brought);
        let options = Default::default();
        return super::library_views::run(host, machine, &brought, &options, method, span);
    }
    match is_whole {
        true => machine.call_member(&this, Ustr::from("dispatch"), &all, span),
        false => machine.call_member(&this, action, &all, span),
    }
}

/// Holds if a class of the program defines this method itself.
pub(crate) fn overrides(machine: &Machine<'_>, class: ObjectId, name: &str) -> bool {
    machine.class_attribute(class, Ustr::from(name)).is_some()
}

/// Returns the class of the program that a view is made of.
pub(crate) fn own_class(machine: &Machine<'_>, class: &Value) -> Option<ObjectId> {
    let id = class.only_object()?;
    matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }).then_some(id)
}

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

fn class_doors(
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
    let mut opened = opened.clone();
    if is_api {
        opened.flags.push("$csrf_exempt");
    }
    let opened = &opened;
    for (method, function) in named {
        if let Some(allowed) = &opened.methods
            && !allowed.contains(&Ustr::from(&method.to_ascii_uppercase()))
        {
            continue;
        }
        let mut steps = middleware.to_vec();
        steps.extend(opened.steps(machine));
        if let Some(class) = own_class(machine, &class) {
            let more = guards::of_class(host, machine, class, &method, &opened.view, route.span);
            steps.extend(more);
        }
        if asks_log_in(machine, &class) {
            let arguments = Arguments::default();
            let guard = guards::make(host, machine, "login_required", &arguments, route.span);
            steps.push(guards::as_step(machine, &Value::object(guard)));
        }
        if is_api && !asks_itself(machine, &class) {
            steps.extend(api_steps(host, machine, &opened.view, &method, route.span));
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
        doors.push(door(machine, route, &method, &opened.view, steps, app));
    }
}

/// Holds for the views of `django.contrib.auth` that are decorated by it.
fn asks_log_in(machine: &Machine<'_>, class: &Value) -> bool {
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

/// The layers of a view of REST framework for one method.
fn api_steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    method: &str,
    span: Span,
) -> Vec<Step> {
    let request = host.make_object(machine, "django:request", span);
    let method = Value::string(&method.to_ascii_uppercase());
    let properties = &mut machine.heap.get_mut(request).properties;
    properties.insert(Ustr::from("method"), method);
    let request = Value::object(request);
    let arguments = Arguments::default();
    let (made, _) =
        machine.catching(|machine| api_instance(machine, view, &request, &arguments, span));
    match made {
        Ok(made) => super::drf_guards::steps(host, machine, view, &made, span),
        Err(_) => Vec::new(),
    }
}

/// The methods of HTTP that a class answers, each with the name of what answers.
fn methods_of(
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
fn class_handler(machine: &Machine<'_>, class: &Value, function: &str, span: Span) -> (Ustr, Span) {
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
    object.properties.insert(Ustr::from("$parameters"), list);
    let kwargs = route.kwargs.clone();
    object.properties.insert(Ustr::from("$kwargs"), kwargs);
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
fn function_doors(
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
fn wrapped_methods(machine: &mut Machine<'_>, view: &Value) -> Option<Vec<Ustr>> {
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
fn told_apart(host: &ModelHost, machine: &mut Machine<'_>, probe: &Door) -> Vec<Ustr> {
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
    methods.sort();
    methods
}

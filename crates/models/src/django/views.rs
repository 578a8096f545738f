//! Views: functions, and classes whose methods answer the methods of HTTP.
//!
//! Source: django 5.2, `views/generic/base.py`: `as_view` makes a function that makes an instance, calls `setup`
//! and then `dispatch`, which calls the method of the class that is named like that of the request.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards::{self};
use super::run::host_path;
pub(crate) use super::view_doors::*;
use crate::python_support::last_name;
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

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
                (concat!($path, ".dispatch"), super::inherited::unbound),
                (concat!($path, ".setup"), super::inherited::unbound),
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

pub(super) const CALLS: &[(&str, CallFunction)] = classes!(
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
    "py:rolepermissions.mixins.HasPermissionsMixin",
    "py:rolepermissions.mixins.HasRoleMixin",
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

pub(super) const ALIASES: &[(&str, &str)] = &[
    (
        "py:django.utils.functional.cached_property",
        "py:functools.cached_property",
    ),
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
pub(super) fn call_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut arguments = call.arguments.clone();
    if arguments.positional.is_empty() {
        return Ok(None);
    }
    let request = arguments.positional.remove(0);
    if let Some(refused) = not_answered(host, machine, &call.this, call.span)? {
        return Ok(Some(refused));
    }
    let value = machine_call(host, machine, &call.this, &request, &arguments, call.span)?;
    Ok(Some(value))
}

/// What a view says to a method that it has no answer for; where the method is not chosen yet, those that it answers are
/// noted.
fn not_answered(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    span: Span,
) -> Result<Option<Value>, Stop> {
    let method = host.state().run.method;
    let Some(id) = view.only_object().filter(|_| host.is_request()) else {
        return Ok(None);
    };
    let class = machine.heap.get(id).elements.first().cloned();
    let named = methods_of(machine, id, &class.unwrap_or_else(Value::null));
    if named.is_empty() {
        return Ok(None);
    }
    if method == "ANY" {
        let run = &mut host.state().run;
        for name in named.keys() {
            let name = Ustr::from(&name.to_ascii_uppercase());
            run.methods.entry(name).or_insert(span);
        }
        return Ok(None);
    }
    match named.contains_key(&method.to_ascii_lowercase()) {
        true => Ok(None),
        false => super::response::answer_status(host, machine, 405, span),
    }
}

pub(super) fn machine_call(
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

pub(super) fn request_method(machine: &Machine<'_>, request: &Value) -> String {
    let known = request
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("method")))
        .and_then(Value::text);
    known.map_or_else(|| "get".to_owned(), |method| method.to_ascii_lowercase())
}

/// What `instance.method()` of a view gives that the program does not define.
pub(super) fn view_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(instance) = call.this.objects().next() else {
        return Ok(None);
    };
    // `super().as_view()` in a class method.
    if last_name(&call.path) == "as_view" {
        return as_view(host, machine, call);
    }
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
pub(super) fn dispatch(
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
    super::decorated::call_method(host, machine, instance, &method, &all, span)
}

pub(super) fn set_up(
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
pub(super) fn call_class(
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
    // What stands around the view has run before, unless something of the program calls all of it.
    let around = match whole {
        true => super::decorated::around_view(host, machine, class),
        false => Vec::new(),
    };
    super::decorated::call_in(host, machine, instance, (name, &around), &all, span)
}

/// Where a request keeps the view that answers it, and the instance of that view.
const ANSWERING: [&str; 2] = ["$view", "$instance"];

/// The instance of a view of REST framework that answers the request: one for all its permissions and the method, so that
/// what a permission leaves on it is there later (djangorestframework 3.16, `views.py`: `dispatch` and `initial`).
pub(crate) fn api_instance(
    machine: &mut Machine<'_>,
    view: &Value,
    request: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let [answering, instance] = ANSWERING.map(Ustr::from);
    let kept =
        |machine: &Machine<'_>, name| machine.heap.property(request.only_object()?, name).cloned();
    if kept(machine, answering).is_some_and(|it| it.only_object() == view.only_object())
        && let Some(made) = kept(machine, instance)
    {
        return Ok(made);
    }
    let made = new_api_instance(machine, view, request, arguments, span)?;
    if let Some(id) = request.only_object() {
        machine.heap.set_property(id, answering, view.clone());
        machine.heap.set_property(id, instance, made.clone());
    }
    Ok(made)
}

/// Makes the instance of a view of REST framework; a function has one of the class that wraps it.
fn new_api_instance(
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
pub(super) fn action_of(machine: &Machine<'_>, view: ObjectId, method: &str) -> Option<Ustr> {
    let actions = machine.heap.property(view, Ustr::from("$actions"))?;
    let table = actions.only_object()?;
    machine.heap.property(table, Ustr::from(method))?.text()
}

/// Holds if a view of REST framework asks who may come through in a way of its own.
pub(super) fn asks_itself(machine: &Machine<'_>, class: &Value) -> bool {
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
pub(super) fn call_api(
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

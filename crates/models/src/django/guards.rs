//! What guards a view: decorators, mixins, and what `method_decorator` puts on a class.
//!
//! A decorator of Django's keeps the function and what it asks for, so that a map shows it as a layer of its own
//! as long as no wrapper of the program stands around it. Sources: django 5.2 `contrib/auth/decorators.py`,
//! `contrib/auth/mixins.py`, `views/decorators/*.py`, `utils/decorators.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

pub(crate) use super::guard_tests::*;
use super::run::host_path;
use crate::python_support::last_name;
use crate::tables::CallFunction;
use crate::{Model, ModelHost, Step, StepKind};

/// A view with a guard around it: the view, and the guard.
pub(crate) const GUARDED: &str = "django:guarded";
/// A guard: what it asks for.
pub(crate) const GUARD: &str = "django:guard";
pub(super) const METHOD_DECORATOR: &str = "django:method-decorator";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    aliases: &[(
        "py:django.contrib.auth.decorators.login_not_required",
        "py:django.contrib.auth.decorators.login_not_required",
    )],
    ..Model::EMPTY
};

pub(super) const CALLS: &[(&str, CallFunction)] = &[
    (
        "py:django.contrib.auth.decorators.login_required",
        optional_options,
    ),
    (
        "py:django.contrib.auth.decorators.login_not_required",
        direct,
    ),
    (
        "py:django.contrib.auth.decorators.permission_required",
        with_options,
    ),
    (
        "py:django.contrib.auth.decorators.user_passes_test",
        with_options,
    ),
    (
        "py:django.contrib.admin.views.decorators.staff_member_required",
        optional_options,
    ),
    (
        "py:django.views.decorators.http.require_http_methods",
        with_options,
    ),
    ("py:django.views.decorators.http.require_GET", direct),
    ("py:django.views.decorators.http.require_POST", direct),
    ("py:django.views.decorators.http.require_safe", direct),
    ("py:django.views.decorators.csrf.csrf_exempt", direct),
    ("py:django.views.decorators.csrf.csrf_protect", direct),
    (
        "py:django.views.decorators.csrf.requires_csrf_token",
        transparent,
    ),
    (
        "py:django.views.decorators.csrf.ensure_csrf_cookie",
        transparent,
    ),
    ("py:django.views.decorators.cache.never_cache", transparent),
    ("py:django.views.decorators.cache.cache_page", identity),
    ("py:django.views.decorators.cache.cache_control", identity),
    ("py:django.views.decorators.http.condition", identity),
    ("py:django.views.decorators.http.etag", identity),
    ("py:django.views.decorators.http.last_modified", identity),
    ("py:django.views.decorators.vary.vary_on_headers", identity),
    (
        "py:django.views.decorators.vary.vary_on_cookie",
        transparent,
    ),
    ("py:django.views.decorators.gzip.gzip_page", transparent),
    (
        "py:django.views.decorators.debug.sensitive_post_parameters",
        identity,
    ),
    (
        "py:django.views.decorators.debug.sensitive_variables",
        identity,
    ),
    (
        "py:django.views.decorators.clickjacking.xframe_options_exempt",
        transparent,
    ),
    (
        "py:django.views.decorators.clickjacking.xframe_options_sameorigin",
        transparent,
    ),
    (
        "py:django.views.decorators.clickjacking.xframe_options_deny",
        transparent,
    ),
    ("py:django.db.transaction.non_atomic_requests", transparent),
    ("py:django_ratelimit.decorators.ratelimit", with_options),
    ("py:ratelimit.decorators.ratelimit", with_options),
    ("py:axes.decorators.axes_dispatch", direct),
    (
        "py:django.utils.decorators.method_decorator",
        method_decorator,
    ),
    ("py:csp.decorators.csp_exempt", identity),
    ("py:csp.decorators.csp_update", identity),
    ("py:csp.decorators.csp", identity),
    ("py:drf_spectacular.utils.extend_schema", identity),
    ("py:drf_spectacular.utils.extend_schema_view", identity),
    (
        "py:drf_spectacular.utils.extend_schema_serializer",
        identity,
    ),
    ("py:drf_spectacular.utils.extend_schema_field", identity),
    ("py:drf_yasg.utils.swagger_auto_schema", identity),
    ("py:rest_framework.decorators.schema", identity),
    ("py:django.contrib.admin.register", identity),
    ("py:django.contrib.admin.action", identity),
    ("py:django.contrib.admin.display", identity),
    ("py:django.dispatch.receiver", identity),
    ("py:django.utils.deconstruct.deconstructible", transparent),
    ("django:identity", first_argument),
    ("django:method-decorator", decorate_method),
    ("django:guard", wrap),
    ("django:guarded", run_wrapped),
];

pub(super) fn first_argument(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// A decorator that changes nothing of who comes through.
pub(super) fn transparent(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// A call that gives such a decorator.
pub(super) fn identity(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:identity", call.span);
    Ok(Some(Value::object(id)))
}

/// Makes a guard.
pub(crate) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, GUARD, span);
    let object = machine.heap.get_mut(id);
    object.name = Some(Ustr::from(name));
    object.elements = arguments.positional.clone();
    object.properties = arguments.keywords.clone();
    object
        .properties
        .insert(Ustr::from("$kind"), Value::string(name));
    id
}

/// `@login_required` and `@login_required(login_url=...)`.
pub(super) fn optional_options(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let mut arguments = call.arguments.clone();
    let first = arguments.positional.first().cloned();
    let first = first.or_else(|| arguments.keyword("function").cloned());
    let name = last_name(&call.path);
    match first.filter(|first| !first.is_nothing() && first.text().is_none()) {
        Some(view) => {
            arguments.positional.clear();
            let guard = make(host, machine, name, &arguments, call.span);
            Ok(Some(guarded(host, machine, &view, guard, call.span)))
        }
        None => with_options(host, machine, call),
    }
}

/// `@permission_required('app.change')`.
pub(crate) fn with_options(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let guard = make(
        host,
        machine,
        last_name(&call.path),
        call.arguments,
        call.span,
    );
    Ok(Some(Value::object(guard)))
}

/// `@csrf_exempt`.
pub(super) fn direct(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let guard = make(host, machine, name, &Arguments::default(), call.span);
    let view = call.arguments.get(0);
    Ok(Some(guarded(host, machine, &view, guard, call.span)))
}

pub(super) fn wrap(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(guard) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let view = call.arguments.get(0);
    Ok(Some(guarded(host, machine, &view, guard, call.span)))
}

/// Makes a view with a guard around it.
pub(crate) fn guarded(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    guard: ObjectId,
    span: Span,
) -> Value {
    let symbol = crate::doors::symbol(machine, view, span);
    let id = host.make_object(machine, GUARDED, symbol.span);
    let object = machine.heap.get_mut(id);
    object.name = Some(symbol.name);
    object.elements = vec![view.clone(), Value::object(guard)];
    object
        .properties
        .insert(Ustr::from("__wrapped__"), view.clone());
    object
        .properties
        .insert(Ustr::from("__name__"), Value::string(&symbol.name));
    Value::object(id)
}

/// A guarded view that the program calls itself, or that a wrapper of it calls.
pub(super) fn run_wrapped(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let elements = machine.heap.get(id).elements.clone();
    let [view, guard] = elements.as_slice() else {
        return Ok(None);
    };
    let mut rest = call.arguments.clone();
    // Of a method that was decorated directly, the request comes second.
    let request = request_in(machine, call.arguments);
    if let Some(request) = request {
        rest.positional.retain(|value| *value != request);
        let refused = check_inline(host, machine, guard, &request, &rest, call.span)?;
        if let Some(refused) = refused {
            return Ok(Some(refused));
        }
    }
    machine
        .call_value(view, None, call.arguments, call.span)
        .map(Some)
}

pub(super) fn request_in(machine: &Machine<'_>, arguments: &Arguments) -> Option<Value> {
    let mut all = arguments.all();
    all.find(|value| host_path(machine, value).is_some_and(|path| path == "django:request"))
        .cloned()
}

/// `method_decorator(decorator, name='dispatch')` for classes, and without a name for methods.
pub(super) fn method_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, METHOD_DECORATOR, call.span);
    let decorator = call.arguments.get(0);
    let name = call.arguments.find(1, "name").cloned();
    let object = machine.heap.get_mut(id);
    object.elements = vec![decorator, name.unwrap_or_else(|| Value::string(""))];
    Ok(Some(Value::object(id)))
}

/// Notes the decorators of a class or method; both stay what they are.
pub(super) fn decorate_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let target = call.arguments.get(0);
    let [decorators, name] = machine.heap.get(id).elements.as_slice() else {
        return Ok(None);
    };
    let (decorators, name) = (decorators.clone(), name.clone());
    let is_list = decorators.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Array | ObjectKind::Tuple
        )
    });
    let list = match is_list {
        true => machine.elements_of(&decorators).0,
        false => vec![decorators],
    };
    for owner in target.objects().collect::<Vec<_>>() {
        for decorator in list.iter().rev() {
            let pair = vec![name.clone(), decorator.clone()];
            let pair = machine.make_tuple(pair, call.span);
            note(host, machine, owner, pair, call.span);
        }
    }
    Ok(Some(target))
}

pub(super) const NOTED: &str = "django decorators";

pub(super) fn note(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: ObjectId,
    pair: Value,
    span: Span,
) {
    let known = host.state().notes.get(&(owner, NOTED)).cloned();
    let mut all = known.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
    // What is applied later stands further out.
    all.insert(0, pair);
    let list = machine.make_list(all, false, span);
    host.state().notes.insert((owner, NOTED), list);
}

pub(super) fn noted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: ObjectId,
) -> Vec<(Ustr, Value)> {
    let known = host.state().notes.get(&(owner, NOTED)).cloned();
    let all = known.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
    let mut pairs = Vec::new();
    for pair in all {
        let (parts, _) = machine.elements_of(&pair);
        if let [name, decorator] = parts.as_slice() {
            pairs.push((name.text().unwrap_or_default(), decorator.clone()));
        }
    }
    pairs
}

/// A view without the guards around it.
#[derive(Clone)]
pub(crate) struct Opened {
    /// The view itself, or the first wrapper of the program around it.
    pub(crate) view: Value,
    /// The guards, outermost first.
    pub(crate) guards: Vec<Value>,
    /// The methods that are let through, if not all.
    pub(crate) methods: Option<Vec<Ustr>>,
    /// What middleware asks of a view.
    pub(crate) flags: Vec<&'static str>,
}

impl Opened {
    /// Returns the guards as steps.
    pub(crate) fn steps(&self, machine: &Machine<'_>) -> Vec<Step> {
        self.guards
            .iter()
            .filter(|guard| is_layer(machine, guard))
            .map(|guard| as_step(machine, guard))
            .collect()
    }
}

/// Some decorators only say something of a view.
pub(super) fn is_layer(machine: &Machine<'_>, guard: &Value) -> bool {
    !matches!(
        kind_of(machine, guard).as_str(),
        "csrf_exempt"
            | "login_not_required"
            | "require_http_methods"
            | "require_GET"
            | "require_POST"
            | "require_safe"
    )
}

pub(super) fn kind_of(machine: &Machine<'_>, guard: &Value) -> Ustr {
    let id = guard.only_object();
    let kind = id.and_then(|id| machine.heap.property(id, Ustr::from("$kind")));
    kind.and_then(Value::text).unwrap_or_default()
}

pub(crate) fn as_step(machine: &Machine<'_>, guard: &Value) -> Step {
    let id = guard.only_object();
    let (name, span) = id.map_or((Ustr::from("guard"), machine.place()), |id| {
        let object = machine.heap.get(id);
        (
            object.name.unwrap_or_else(|| Ustr::from("guard")),
            object.span,
        )
    });
    Step {
        value: guard.clone(),
        kind: StepKind::Layer,
        name,
        span,
        mounted: span,
        decided: Vec::new(),
        role: "guard",
    }
}

/// Takes the guards off a view.
pub(crate) fn open(machine: &mut Machine<'_>, view: &Value) -> Opened {
    let mut opened = Opened {
        view: view.clone(),
        guards: Vec::new(),
        methods: None,
        flags: Vec::new(),
    };
    for _ in 0..30 {
        let Some(id) = opened.view.only_object() else {
            break;
        };
        let object = machine.heap.get(id).clone();
        if !matches!(object.kind, ObjectKind::Host(path) if path == GUARDED) {
            break;
        }
        let [inner, guard] = object.elements.as_slice() else {
            break;
        };
        look_at(machine, guard, &mut opened);
        opened.guards.push(guard.clone());
        opened.view = inner.clone();
    }
    opened
}

pub(super) fn look_at(machine: &mut Machine<'_>, guard: &Value, opened: &mut Opened) {
    let listed = match kind_of(machine, guard).as_str() {
        "csrf_exempt" => {
            opened.flags.push("$csrf_exempt");
            return;
        }
        "login_not_required" => {
            opened.flags.push("$login_not_required");
            return;
        }
        "require_GET" => vec![Ustr::from("GET")],
        "require_POST" => vec![Ustr::from("POST")],
        "require_safe" => vec![Ustr::from("GET")],
        "require_http_methods" => {
            let id = guard.only_object();
            let list = id.and_then(|id| machine.heap.get(id).elements.first().cloned());
            let Some(list) = list else { return };
            let (elements, is_open) = machine.elements_of(&list);
            if is_open {
                return;
            }
            let texts = elements.iter().filter_map(Value::text);
            texts
                .filter(|text| !matches!(text.as_str(), "HEAD" | "OPTIONS"))
                .collect()
        }
        _ => return,
    };
    opened.methods = Some(match opened.methods.take() {
        Some(known) => {
            let both = known.into_iter().filter(|name| listed.contains(name));
            both.collect()
        }
        None => listed,
    });
}

/// The guards that a class has besides those around its view, as steps: what `method_decorator` has put on it
/// and on the method, and the mixins unless a `dispatch` of the program comes before them.
pub(crate) fn of_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    method: &str,
    span: Span,
) -> Vec<Step> {
    let mut guards = super::decorated::around_view(host, machine, class);
    // What stands before a `dispatch` of the program asks before it runs; the others run where it calls them.
    let owner = machine.class_attribute(class, Ustr::from("dispatch"));
    let before = owner.map(|(owner, _)| machine.outside_before(class, owner));
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    for guard in mixins(host, machine, &Value::object(instance), span) {
        let name = kind_of(machine, &guard);
        let is_first = |paths: &Vec<Ustr>| paths.iter().any(|path| last_name(path) == name);
        if before.as_ref().is_none_or(is_first) {
            guards.push(guard);
        }
    }
    // Behind a `dispatch` of the program the method is called by that.
    let is_api = super::drf::is_api(machine, &Value::object(class));
    if before.is_none() || is_api {
        let more = super::decorated::around_method(host, machine, class, method);
        guards.extend(more);
    }
    let mut steps = Vec::new();
    for guard in guards {
        let guard = as_guard(host, machine, &guard, span);
        if is_layer(machine, &guard) && !kind_of(machine, &guard).is_empty() {
            steps.push(as_step(machine, &guard));
        }
    }
    steps
}

/// What middleware asks of a view whose class says it: `method_decorator(csrf_exempt, name='dispatch')`. What is said of a
/// single method does not reach the view.
pub(crate) fn flags_of_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> Vec<&'static str> {
    let around = super::decorated::around_view(host, machine, class);
    let mut opened = open(machine, &Value::null());
    for decorator in around {
        let guard = as_guard(host, machine, &decorator, span);
        if matches!(
            kind_of(machine, &guard).as_str(),
            "csrf_exempt" | "login_not_required"
        ) {
            look_at(machine, &guard, &mut opened);
        }
    }
    opened.flags
}

/// A decorator that was not called yet, as `method_decorator(login_required)` has it.
pub(super) fn as_guard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    decorator: &Value,
    span: Span,
) -> Value {
    if host_path(machine, decorator).is_some_and(|path| path == GUARD) {
        return decorator.clone();
    }
    let probe = host.make_object(machine, "django:probe", span);
    let arguments = Arguments::positional([Value::object(probe)]);
    let (made, _) =
        machine.catching(|machine| machine.call_value(decorator, None, &arguments, span));
    let Ok(made) = made else {
        return Value::null();
    };
    let inner = made.only_object().map(|id| machine.heap.get(id).clone());
    match inner {
        Some(object) if matches!(object.kind, ObjectKind::Host(path) if path == GUARDED) => {
            object.elements.get(1).cloned().unwrap_or_else(Value::null)
        }
        _ => program_guard(host, machine, decorator, span),
    }
}

/// A decorator of the program on a class: what it wraps is run with a view that lets everybody through.
pub(super) fn program_guard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    decorator: &Value,
    span: Span,
) -> Value {
    let is_function = decorator.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Instance { .. }
        )
    });
    if !is_function {
        return Value::null();
    }
    let symbol = crate::doors::symbol(machine, decorator, span);
    let arguments = Arguments::positional([decorator.clone()]);
    let guard = make(host, machine, "program", &arguments, symbol.span);
    machine.heap.get_mut(guard).name = Some(symbol.name);
    Value::object(guard)
}

//! Django REST framework: its views, viewsets and routers.
//!
//! `dispatch` authenticates, asks every permission, counts, and then calls the method or action. Sources:
//! djangorestframework 3.16 `views.py`, `generics.py`, `mixins.py`, `viewsets.py`, `routers.py`, `decorators.py`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

pub(crate) use super::drf_methods::*;
use super::views::{self, VIEW, as_view};
use crate::python_support::{argument, last_name};
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

macro_rules! classes {
    ($($path:literal),* $(,)?) => {
        &[
            ("py:rest_framework.decorators.api_view", api_view),
            ("py:rest_framework.decorators.action", action),
            ("py:rest_framework.decorators.permission_classes", noting),
            ("py:rest_framework.decorators.authentication_classes", noting),
            ("py:rest_framework.decorators.throttle_classes", noting),
            ("py:rest_framework.decorators.parser_classes", noting),
            ("py:rest_framework.decorators.renderer_classes", noting),
            ("django:noting", note_function),
            ("django:api-view", make_api_function),
            ("django:action", note_action),
            ("django:action-mapping.*", map_method),
            $(
                (concat!($path, ".as_view"), as_view),
                (concat!($path, ".dispatch"), super::inherited::unbound_api),
                (concat!($path, ".initial"), super::inherited::unbound_api),
                (concat!($path, "().*"), method),
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

pub(super) const ALIASES: &[(&str, &str)] = &[(
    "py:rest_framework.generics.mixins.CreateModelMixin",
    "py:rest_framework.mixins.CreateModelMixin",
)];

pub(super) const CALLS: &[(&str, CallFunction)] = classes!(
    "py:rest_framework.views.APIView",
    "py:rest_framework.routers.APIRootView",
    "py:rest_framework.authtoken.views.ObtainAuthToken",
    "py:rest_framework_simplejwt.views.TokenObtainPairView",
    "py:rest_framework_simplejwt.views.TokenRefreshView",
    "py:rest_framework_simplejwt.views.TokenVerifyView",
    "py:rest_framework_simplejwt.views.TokenBlacklistView",
    "py:dj_rest_auth.views.LoginView",
    "py:dj_rest_auth.views.LogoutView",
    "py:dj_rest_auth.views.PasswordChangeView",
    "py:dj_rest_auth.views.PasswordResetView",
    "py:dj_rest_auth.views.PasswordResetConfirmView",
    "py:dj_rest_auth.views.UserDetailsView",
    "py:dj_rest_auth.registration.views.RegisterView",
    "py:rest_framework.generics.GenericAPIView",
    "py:rest_framework.generics.ListAPIView",
    "py:rest_framework.generics.CreateAPIView",
    "py:rest_framework.generics.RetrieveAPIView",
    "py:rest_framework.generics.UpdateAPIView",
    "py:rest_framework.generics.DestroyAPIView",
    "py:rest_framework.generics.ListCreateAPIView",
    "py:rest_framework.generics.RetrieveUpdateAPIView",
    "py:rest_framework.generics.RetrieveDestroyAPIView",
    "py:rest_framework.generics.RetrieveUpdateDestroyAPIView",
    "py:rest_framework.viewsets.ViewSet",
    "py:rest_framework.viewsets.ViewSetMixin",
    "py:rest_framework.viewsets.GenericViewSet",
    "py:rest_framework.viewsets.ModelViewSet",
    "py:rest_framework.viewsets.ReadOnlyModelViewSet",
    "py:rest_framework.mixins.CreateModelMixin",
    "py:rest_framework.mixins.ListModelMixin",
    "py:rest_framework.mixins.RetrieveModelMixin",
    "py:rest_framework.mixins.UpdateModelMixin",
    "py:rest_framework.mixins.DestroyModelMixin",
);

macro_rules! plain_views {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("py:rest_framework.", $name, "().action"), no_action)),*]
    };
}

/// Views that are no sets have no `action`, which permissions ask for that serve both kinds:
/// `getattr(view, "action", None) or request.method.lower()`.
pub static PLAIN: Model = Model {
    name: "django",
    members: plain_views!(
        "views.APIView",
        "generics.GenericAPIView",
        "generics.ListAPIView",
        "generics.CreateAPIView",
        "generics.RetrieveAPIView",
        "generics.UpdateAPIView",
        "generics.DestroyAPIView",
        "generics.ListCreateAPIView",
        "generics.RetrieveUpdateAPIView",
        "generics.RetrieveDestroyAPIView",
        "generics.RetrieveUpdateDestroyAPIView",
    ),
    ..Model::EMPTY
};

fn no_action(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::undefined())
}

/// Holds if a view's class is one of REST framework's.
pub(crate) fn is_api(machine: &Machine<'_>, class: &Value) -> bool {
    let bases = match views::own_class(machine, class) {
        Some(id) => machine.outside_bases(id),
        None => class.as_outside().into_iter().collect(),
    };
    bases.iter().any(|base| {
        base.starts_with("py:rest_framework.views.")
            || base.starts_with("py:rest_framework.generics.")
            || base.starts_with("py:rest_framework.routers.")
            || base.starts_with("py:rest_framework.viewsets.")
            || base.starts_with("py:rest_framework_simplejwt.views.")
            || base.starts_with("py:rest_framework.authtoken.views.")
            || base.starts_with("py:dj_rest_auth.")
    })
}

/// The actions that a class of REST framework brings, by its name.
pub(super) fn brings(class: &str) -> &'static [&'static str] {
    match class {
        "ModelViewSet" => &[
            "list",
            "create",
            "retrieve",
            "update",
            "partial_update",
            "destroy",
        ],
        "ReadOnlyModelViewSet" => &["list", "retrieve"],
        "CreateModelMixin" => &["create"],
        "ListModelMixin" => &["list"],
        "RetrieveModelMixin" => &["retrieve"],
        "UpdateModelMixin" => &["update", "partial_update"],
        "DestroyModelMixin" => &["destroy"],
        _ => &[],
    }
}

/// Holds if a generic class answers a method of HTTP by itself.
pub(crate) fn answers(class: &str, method: &str) -> bool {
    let is = |part: &str| class.contains(part) && class.ends_with("APIView");
    match method {
        "get" => is("List") || is("Retrieve"),
        "post" => is("Create"),
        "put" | "patch" => is("Update"),
        "delete" => is("Destroy"),
        _ => false,
    }
}

pub(super) fn has_action(machine: &Machine<'_>, class: ObjectId, name: &str) -> bool {
    views::overrides(machine, class, name)
        || machine
            .outside_bases(class)
            .iter()
            .any(|base| brings(last_name(base)).contains(&name))
}

/// `@api_view(['GET', 'POST'])`.
pub(super) fn api_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:api-view", call.span);
    let methods = argument(call, 0, "http_method_names");
    machine.heap.get_mut(id).elements = vec![methods];
    Ok(Some(Value::object(id)))
}

pub(super) fn make_api_function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let methods = machine.heap.get(id).elements.first().cloned();
    let (names, _) = machine.elements_of(&methods.unwrap_or_else(Value::null));
    let mut texts: Vec<Value> = names
        .iter()
        .filter_map(Value::text)
        .map(|text| Value::string(&text.to_ascii_lowercase()))
        .collect();
    if texts.is_empty() {
        texts.push(Value::string("get"));
    }
    let list = machine.make_list(texts, false, call.span);
    let function = call.arguments.get(0);
    let symbol = crate::doors::symbol(machine, &function, call.span);
    let view = host.make_object(machine, VIEW, symbol.span);
    let mut noted: Vec<(Ustr, Value)> = Vec::new();
    if let Some(target) = function.only_object() {
        for name in NOTED {
            let known = host.state().notes.get(&(target, name)).cloned();
            noted.extend(known.map(|value| (Ustr::from(name), value)));
        }
    }
    let object = machine.heap.get_mut(view);
    object.name = Some(symbol.name);
    object.elements = vec![Value::outside("py:rest_framework.views.APIView")];
    object.properties.extend(noted);
    object
        .properties
        .insert(Ustr::from("http_method_names"), list);
    object
        .properties
        .insert(Ustr::from("$function"), function.clone());
    object
        .properties
        .insert(Ustr::from("__wrapped__"), function);
    Ok(Some(Value::object(view)))
}

/// What decorators note of a function for `api_view`.
pub(super) const NOTED: [&str; 3] = [
    "permission_classes",
    "authentication_classes",
    "throttle_classes",
];

/// `@permission_classes([...])`.
pub(super) fn noting(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:noting", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![call.arguments.get(0)];
    object.name = Some(Ustr::from(last_name(&call.path)));
    Ok(Some(Value::object(id)))
}

pub(super) fn note_function(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let function = call.arguments.get(0);
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let object = machine.heap.get(id);
    let value = object.elements.first().cloned().unwrap_or_else(Value::null);
    let name = object.name.unwrap_or_default();
    let known = NOTED.iter().find(|known| name == **known);
    if let (Some(name), Some(target)) = (known, function.only_object()) {
        host.state().notes.insert((target, *name), value);
    }
    Ok(Some(function))
}

pub(super) const ACTION: &str = "django action";

/// `@action(detail=True, methods=['post'], url_path=..., permission_classes=[...])`.
pub(super) fn action(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:action", call.span);
    let object = machine.heap.get_mut(id);
    object.properties = call.arguments.keywords.clone();
    for (index, name) in ["methods", "detail", "url_path", "url_name"]
        .iter()
        .enumerate()
    {
        if let Some(value) = call.arguments.positional.get(index) {
            object.properties.insert(Ustr::from(name), value.clone());
        }
    }
    Ok(Some(Value::object(id)))
}

pub(super) fn note_action(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    if let Some(target) = function.only_object() {
        host.state()
            .notes
            .insert((target, ACTION), Value::object(id));
        // `@recent.mapping.delete`: further methods of the same path, each with a function of its own.
        let mapping = host.make_object(machine, MAPPING, call.span);
        machine.heap.get_mut(mapping).elements = vec![Value::object(id)];
        let name = Ustr::from("mapping");
        machine
            .heap
            .set_property(target, name, Value::object(mapping));
    }
    Ok(Some(function))
}

/// What tells which function answers which method of an action.
const MAPPING: &str = "django:action-mapping";
const MAPPED: &str = "$mapped";

/// Notes the function that answers one more method of an action.
fn map_method(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let mapping = call.receiver.or(call.this.only_object());
    let action = mapping.and_then(|id| machine.heap.get(id).elements.first()?.only_object());
    let Some(action) = action else {
        return Ok(None);
    };
    let symbol = crate::doors::symbol(machine, &function, call.span);
    let known = machine.heap.property(action, Ustr::from(MAPPED)).cloned();
    let table = match known.and_then(|known| known.only_object()) {
        Some(table) => table,
        None => {
            let table = machine.heap.allocate(ObjectKind::Plain, call.span);
            let value = Value::object(table);
            machine.heap.set_property(action, Ustr::from(MAPPED), value);
            table
        }
    };
    let method = Ustr::from(last_name(&call.path));
    machine
        .heap
        .set_property(table, method, Value::string(&symbol.name));
    Ok(Some(function))
}

/// An action that a viewset adds: its name, where, and what it says.
pub(crate) struct Extra {
    pub(crate) name: Ustr,
    pub(crate) is_detail: bool,
    /// The methods, each with the name of the function that answers.
    pub(crate) methods: Vec<(Ustr, Ustr)>,
    pub(crate) path: Ustr,
    pub(crate) options: firedoor_eval::Properties,
}

/// Returns the actions that a viewset and its bases add, in order.
pub(crate) fn extras(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId) -> Vec<Extra> {
    let mut found: Vec<Extra> = Vec::new();
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let members = machine.heap.get(prototype).properties.clone();
        for (name, value) in members {
            let Some(function) = value.only_object() else {
                continue;
            };
            let noted = host.state().notes.get(&(function, ACTION)).cloned();
            let Some(options) = noted.and_then(|noted| noted.only_object()) else {
                continue;
            };
            if found.iter().any(|extra| extra.name == name) {
                continue;
            }
            found.push(extra(machine, name, options));
        }
    }
    found
}

pub(super) fn extra(machine: &mut Machine<'_>, name: Ustr, options: ObjectId) -> Extra {
    let properties = machine.heap.get(options).properties.clone();
    let option = |name: &str| properties.get(&Ustr::from(name)).cloned();
    let listed = option("methods").unwrap_or_else(Value::null);
    let (texts, _) = machine.elements_of(&listed);
    let mut methods: Vec<Ustr> = texts
        .iter()
        .filter_map(Value::text)
        .map(|text| Ustr::from(&text.to_ascii_lowercase()))
        .collect();
    if methods.is_empty() {
        methods.push(Ustr::from("get"));
    }
    methods.retain(|method| !matches!(method.as_str(), "head" | "options"));
    let mut methods: Vec<(Ustr, Ustr)> = methods.into_iter().map(|method| (method, name)).collect();
    let mapped = option(MAPPED).and_then(|table| table.only_object());
    let mapped = mapped.map(|table| machine.heap.get(table).properties.clone());
    for (method, function) in mapped.unwrap_or_default() {
        methods.extend(function.text().map(|function| (method, function)));
    }
    Extra {
        name,
        is_detail: option("detail").and_then(|value| value.truth()) == Some(true),
        methods,
        path: option("url_path")
            .and_then(|path| path.text())
            .unwrap_or(name),
        options: properties,
    }
}

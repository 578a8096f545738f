//! Django REST framework: its views, viewsets and routers.
//!
//! `dispatch` authenticates, asks every permission, counts, and then calls the method or action. Sources:
//! djangorestframework 3.16 `views.py`, `generics.py`, `mixins.py`, `viewsets.py`, `routers.py`, `decorators.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::run::host_path;
use super::views::{self, VIEW, as_view};
use super::{drf_guards, orm_query, response};
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
            $(
                (concat!($path, ".as_view"), as_view),
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

const ALIASES: &[(&str, &str)] = &[(
    "py:rest_framework.generics.mixins.CreateModelMixin",
    "py:rest_framework.mixins.CreateModelMixin",
)];

const CALLS: &[(&str, CallFunction)] = classes!(
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
fn brings(class: &str) -> &'static [&'static str] {
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

fn has_action(machine: &Machine<'_>, class: ObjectId, name: &str) -> bool {
    views::overrides(machine, class, name)
        || machine
            .outside_bases(class)
            .iter()
            .any(|base| brings(last_name(base)).contains(&name))
}

/// What answers the methods of the list and of one record, by the actions that a viewset has.
pub(crate) fn standard_actions(
    machine: &Machine<'_>,
    class: ObjectId,
    is_detail: bool,
) -> Vec<(&'static str, &'static str)> {
    let all: &[(&str, &str)] = match is_detail {
        false => &[("get", "list"), ("post", "create")],
        true => &[
            ("get", "retrieve"),
            ("put", "update"),
            ("patch", "partial_update"),
            ("delete", "destroy"),
        ],
    };
    let own = all
        .iter()
        .filter(|(_, action)| has_action(machine, class, action));
    own.copied().collect()
}

/// `@api_view(['GET', 'POST'])`.
fn api_view(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:api-view", call.span);
    let methods = argument(call, 0, "http_method_names");
    machine.heap.get_mut(id).elements = vec![methods];
    Ok(Some(Value::object(id)))
}

fn make_api_function(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
const NOTED: [&str; 3] = [
    "permission_classes",
    "authentication_classes",
    "throttle_classes",
];

/// `@permission_classes([...])`.
fn noting(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:noting", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![call.arguments.get(0)];
    object.name = Some(Ustr::from(last_name(&call.path)));
    Ok(Some(Value::object(id)))
}

fn note_function(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

const ACTION: &str = "django action";

/// `@action(detail=True, methods=['post'], url_path=..., permission_classes=[...])`.
fn action(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

fn note_action(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    if let Some(target) = function.only_object() {
        host.state()
            .notes
            .insert((target, ACTION), Value::object(id));
    }
    Ok(Some(function))
}

/// An action that a viewset adds: its name, where, and what it says.
pub(crate) struct Extra {
    pub(crate) name: Ustr,
    pub(crate) is_detail: bool,
    pub(crate) methods: Vec<Ustr>,
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

fn extra(machine: &mut Machine<'_>, name: Ustr, options: ObjectId) -> Extra {
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

/// The request that a view has been set up with.
fn request_of(machine: &Machine<'_>, this: &Value) -> Value {
    let id = this.only_object();
    let request = id.and_then(|id| machine.heap.property(id, Ustr::from("request")).cloned());
    request.unwrap_or_else(Value::null)
}

/// Calls a method of the view itself.
fn own(
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    arguments: impl IntoIterator<Item = Value>,
    span: Span,
) -> Result<Value, Stop> {
    let arguments = Arguments::positional(arguments);
    machine.call_member(this, Ustr::from(name), &arguments, span)
}

/// Calls `get_serializer`.
fn serializer(
    machine: &mut Machine<'_>,
    this: &Value,
    positional: Vec<Value>,
    keywords: &[(&str, Value)],
    span: Span,
) -> Result<Value, Stop> {
    let keywords = keywords
        .iter()
        .map(|(name, value)| (Ustr::from(name), value.clone()));
    let arguments = Arguments {
        positional,
        keywords: keywords.collect(),
        rest: None,
    };
    machine.call_member(this, Ustr::from("get_serializer"), &arguments, span)
}

fn respond(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    status: u16,
    body: &Value,
    span: Span,
) -> Value {
    response::answer(host, machine, Some(status), body, span);
    Value::object(host.make_object(machine, response::RESPONSE, span))
}

/// What the methods of REST framework's views do that the program does not define.
fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    let span = call.span;
    let request = request_of(machine, &this);
    let name = last_name(&call.path);
    if let Some(value) = http_method(machine, &this, name, call)? {
        return Ok(Some(value));
    }
    Ok(Some(match name {
        "dispatch" => return dispatch(host, machine, &this, call),
        "setup" | "__init__" | "finalize_response" | "initialize_request" => {
            return Ok(Some(match name {
                "finalize_response" => argument(call, 1, "response"),
                "initialize_request" => argument(call, 0, "request"),
                _ => Value::null(),
            }));
        }
        "initial" => {
            let request = call.arguments.get(0);
            own(
                machine,
                &this,
                "perform_authentication",
                [request.clone()],
                span,
            )?;
            own(machine, &this, "check_permissions", [request.clone()], span)?;
            own(machine, &this, "check_throttles", [request], span)?;
            Value::null()
        }
        "list" => {
            let records = own(machine, &this, "get_queryset", [], span)?;
            let records = own(machine, &this, "filter_queryset", [records], span)?;
            let records = orm_query::read_all(host, machine, &records, span);
            let many = [("many", Value::bool(true))];
            let made = serializer(machine, &this, vec![records], &many, span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "create" => {
            let data = machine.member(&request, Ustr::from("data"), span)?;
            let made = serializer(machine, &this, Vec::new(), &[("data", data)], span)?;
            valid(machine, &made, span)?;
            own(machine, &this, "perform_create", [made.clone()], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 201, &data, span)
        }
        "retrieve" => {
            let record = own(machine, &this, "get_object", [], span)?;
            let made = serializer(machine, &this, vec![record], &[], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "update" | "partial_update" => {
            let record = own(machine, &this, "get_object", [], span)?;
            let data = machine.member(&request, Ustr::from("data"), span)?;
            let partial = Value::bool(name == "partial_update");
            let options = [("data", data), ("partial", partial)];
            let made = serializer(machine, &this, vec![record], &options, span)?;
            valid(machine, &made, span)?;
            own(machine, &this, "perform_update", [made.clone()], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "destroy" => {
            let record = own(machine, &this, "get_object", [], span)?;
            own(machine, &this, "perform_destroy", [record], span)?;
            respond(host, machine, 204, &Value::null(), span)
        }
        "perform_create" | "perform_update" => {
            let made = call.arguments.get(0);
            own(machine, &made, "save", [], span)?
        }
        "perform_destroy" => {
            let record = call.arguments.get(0);
            own(machine, &record, "delete", [], span)?
        }
        "get_object" => get_object(host, machine, &this, span)?,
        "get_queryset" => {
            let records = machine.member(&this, Ustr::from("queryset"), span)?;
            orm_query::queryset_of(host, machine, &records, span)?
        }
        "filter_queryset" => call.arguments.get(0),
        "paginate_queryset" => orm_query::read_all(host, machine, &call.arguments.get(0), span),
        "get_paginated_response" => respond(host, machine, 200, &call.arguments.get(0), span),
        "get_serializer" => {
            let class = own(machine, &this, "get_serializer_class", [], span)?;
            if class.is_nothing() || class.as_outside().is_some() {
                return Ok(None);
            }
            let mut arguments = call.arguments.clone();
            let context = own(machine, &this, "get_serializer_context", [], span)?;
            arguments
                .keywords
                .entry(Ustr::from("context"))
                .or_insert(context);
            machine.call_value(&class, None, &arguments, span)?
        }
        "get_serializer_class" => machine.member(&this, Ustr::from("serializer_class"), span)?,
        "get_serializer_context" => {
            let id = machine.heap.allocate(ObjectKind::Plain, span);
            let properties = &mut machine.heap.get_mut(id).properties;
            properties.insert(Ustr::from("request"), request);
            properties.insert(Ustr::from("view"), this.clone());
            Value::object(id)
        }
        "get_permissions" | "get_authenticators" | "get_throttles" => {
            let list = drf_guards::listed(host, machine, &this, name, span);
            machine.make_list(list, false, span)
        }
        "perform_authentication" => {
            drf_guards::authenticate(host, machine, &this, &request, span)?;
            Value::null()
        }
        "check_permissions" => {
            for permission in drf_guards::permissions(host, machine, &this, span)? {
                drf_guards::check(host, machine, &permission, &this, &request, None, span)?;
            }
            Value::null()
        }
        "check_object_permissions" => {
            let record = call.arguments.get(1);
            for permission in drf_guards::permissions(host, machine, &this, span)? {
                let record = Some(&record);
                drf_guards::check(host, machine, &permission, &this, &request, record, span)?;
            }
            Value::null()
        }
        "check_throttles" => {
            drf_guards::count(host, machine, &this, span)?;
            Value::null()
        }
        "permission_denied" => return drf_guards::deny(host, machine, &Value::null(), span),
        "get" if call.path.contains("APIRootView") => {
            respond(host, machine, 200, &Value::null(), span)
        }
        "get_success_headers" | "get_view_name" | "get_renderers" => Value::null(),
        _ => return Ok(None),
    }))
}

/// The methods of HTTP that generic classes map to actions.
fn http_method(machine: &mut Machine<'_>, this: &Value, name: &str, call: &Call<'_>) -> Answer {
    let bases: Vec<Ustr> = this
        .objects()
        .flat_map(|id| machine.outside_bases(id))
        .collect();
    let generic = bases
        .iter()
        .map(|base| last_name(base))
        .find(|base| answers(base, name));
    let Some(generic) = generic else {
        return Ok(None);
    };
    let action = match name {
        "get" if generic.contains("List") => "list",
        "get" => "retrieve",
        "post" => "create",
        "put" => "update",
        "patch" => "partial_update",
        "delete" => "destroy",
        _ => return Ok(None),
    };
    machine
        .call_member(this, Ustr::from(action), call.arguments, call.span)
        .map(Some)
}

fn valid(machine: &mut Machine<'_>, made: &Value, span: Span) -> Result<Value, Stop> {
    let arguments = Arguments {
        keywords: [(Ustr::from("raise_exception"), Value::bool(true))]
            .into_iter()
            .collect(),
        ..Arguments::default()
    };
    machine.call_member(made, Ustr::from("is_valid"), &arguments, span)
}

/// `self.initial(...)`, and then the method or action.
fn dispatch(host: &ModelHost, machine: &mut Machine<'_>, this: &Value, call: &Call<'_>) -> Answer {
    let _ = host;
    let name = Ustr::from("initial");
    machine.call_member(this, name, call.arguments, call.span)?;
    let id = this.only_object();
    let action = id.and_then(|id| machine.heap.property(id, Ustr::from("action")));
    let request = call.arguments.get(0);
    let method = request
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("method")))
        .and_then(Value::text)
        .map_or_else(|| "get".to_owned(), |text| text.to_ascii_lowercase());
    let name = action
        .and_then(Value::text)
        .unwrap_or_else(|| Ustr::from(&method));
    machine
        .call_member(this, name, call.arguments, call.span)
        .map(Some)
}

/// `get_object()`: one record of the view's own queryset, which the permissions are asked about.
fn get_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let records = own(machine, this, "get_queryset", [], span)?;
    let records = own(machine, this, "filter_queryset", [records], span)?;
    let text = |machine: &mut Machine<'_>, name: &str| {
        let value = machine.member(this, Ustr::from(name), span);
        value.ok().and_then(|value| value.text())
    };
    let field = text(machine, "lookup_field").unwrap_or_else(|| Ustr::from("pk"));
    let kwarg = text(machine, "lookup_url_kwarg").unwrap_or(field);
    let kwargs = machine.member(this, Ustr::from("kwargs"), span)?;
    let known = kwargs
        .only_object()
        .and_then(|id| machine.heap.property(id, kwarg).cloned());
    let value = known.unwrap_or_else(|| {
        let origin = firedoor_app::Origin::Request(firedoor_app::RequestPart::Path, kwarg);
        let value = Value::unknown(firedoor_eval::Shape::String);
        host.with_origin(machine, value, origin)
    });
    let keywords = [(field, value)].into_iter().collect();
    let arguments = Arguments {
        keywords,
        ..Arguments::default()
    };
    let record = orm_query::one_or_404(host, machine, &records, &arguments, span)?;
    let request = request_of(machine, this);
    own(
        machine,
        this,
        "check_object_permissions",
        [request, record.clone()],
        span,
    )?;
    let _ = host_path;
    Ok(record)
}

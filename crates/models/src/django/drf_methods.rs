//! The methods that views of REST framework inherit: actions, records, serializers, permissions.
//!
//! Source: djangorestframework 3.16 `views.py`, `generics.py`, `mixins.py`.

use super::drf::*;
use super::{drf_guards, orm_query, response};
use crate::ModelHost;
use crate::python_support::{argument, last_name};
use firedoor_app::Refusal;
use firedoor_eval::Host as _;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

/// The request that a view has been set up with.
pub(crate) fn request_of(machine: &Machine<'_>, this: &Value) -> Value {
    let id = this.only_object();
    let request = id.and_then(|id| machine.heap.property(id, Ustr::from("request")).cloned());
    request.unwrap_or_else(Value::null)
}

/// Calls a method of the view itself.
pub(crate) fn own(
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
pub(crate) fn serializer(
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
        rest_at: 0,
    };
    machine.call_member(this, Ustr::from("get_serializer"), &arguments, span)
}

pub(crate) fn respond(
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
pub(crate) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let this = call.this.clone();
    let span = call.span;
    let request = request_of(machine, &this);
    let name = last_name(&call.path);
    if let Some(value) = http_method(machine, &this, name, call)? {
        return Ok(Some(value));
    }
    if let Some(value) = action_method(host, machine, &this, name, span)? {
        return Ok(Some(value));
    }
    if let Some(value) = record_method(host, machine, &this, name, call)? {
        return Ok(Some(value));
    }
    Ok(Some(match name {
        "dispatch" => return dispatch(host, machine, &this, call),
        "as_view" => return super::views::as_view(host, machine, call),
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
        "perform_create" | "perform_update" => {
            let made = call.arguments.get(0);
            own(machine, &made, "save", [], span)?
        }
        "perform_destroy" => {
            let record = call.arguments.get(0);
            own(machine, &record, "delete", [], span)?
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
            drf_guards::count(host, machine, &this, &request, span)?;
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
pub(crate) fn http_method(
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    call: &Call<'_>,
) -> Answer {
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

pub(crate) fn valid(machine: &mut Machine<'_>, made: &Value, span: Span) -> Result<Value, Stop> {
    let arguments = Arguments {
        keywords: [(Ustr::from("raise_exception"), Value::bool(true))]
            .into_iter()
            .collect(),
        ..Arguments::default()
    };
    machine.call_member(made, Ustr::from("is_valid"), &arguments, span)
}

/// `self.initial(...)`, and then the method or action. What either throws is answered here, where REST framework
/// knows the exception; a class that puts its own `dispatch` around this one sees the others only.
pub(crate) fn dispatch(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    call: &Call<'_>,
) -> Answer {
    let (result, thrown) = machine.catching(|machine| dispatched(machine, this, call));
    let (answered, others): (Vec<_>, Vec<_>) = thrown
        .into_iter()
        .partition(|thrown| is_answered(host, machine, &thrown.value));
    for thrown in &answered {
        let status = response::status_of(host, machine, &thrown.value);
        crate::drive::note_refusal(host, machine, thrown, Refusal::Throw(status), status);
    }
    let is_thrown = !others.is_empty();
    machine.rethrow(others);
    match result {
        Err(Stop::Throw) if !answered.is_empty() && !is_thrown => {
            let made = host.make_object(machine, response::RESPONSE, call.span);
            Ok(Some(Value::object(made)))
        }
        result => result.map(Some),
    }
}

/// Holds for the exceptions that `rest_framework.views.exception_handler` makes an answer of.
fn is_answered(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> bool {
    let made = value
        .objects()
        .flat_map(|id| match machine.heap.get(id).kind {
            ObjectKind::Host(path) => vec![path],
            _ => machine.outside_bases(id),
        });
    let mut paths = made.chain(value.as_outside());
    let known = [
        "py:rest_framework.exceptions.APIException",
        "py:django.http.Http404",
        "py:django.core.exceptions.PermissionDenied",
    ];
    paths.any(|path| {
        known
            .iter()
            .any(|base| host.is_subclass(path.trim_end_matches("()"), base) == Some(true))
    })
}

fn dispatched(machine: &mut Machine<'_>, this: &Value, call: &Call<'_>) -> Result<Value, Stop> {
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
    machine.call_member(this, name, call.arguments, call.span)
}

/// `get_object()`: one record of the view's own queryset, which the permissions are asked about.
pub(crate) fn get_object(
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
    Ok(record)
}

/// What the actions of the mixins do.
fn action_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    span: Span,
) -> Answer {
    let request = request_of(machine, this);
    Ok(Some(match name {
        "list" => {
            let records = own(machine, this, "get_queryset", [], span)?;
            let records = own(machine, this, "filter_queryset", [records], span)?;
            let records = orm_query::read_all(host, machine, &records, span);
            let many = [("many", Value::bool(true))];
            let made = serializer(machine, this, vec![records], &many, span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "create" => {
            let data = machine.member(&request, Ustr::from("data"), span)?;
            let made = serializer(machine, this, Vec::new(), &[("data", data)], span)?;
            valid(machine, &made, span)?;
            own(machine, this, "perform_create", [made.clone()], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 201, &data, span)
        }
        "retrieve" => {
            let record = own(machine, this, "get_object", [], span)?;
            let made = serializer(machine, this, vec![record], &[], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "update" | "partial_update" => {
            let record = own(machine, this, "get_object", [], span)?;
            let data = machine.member(&request, Ustr::from("data"), span)?;
            let partial = Value::bool(name == "partial_update");
            let options = [("data", data), ("partial", partial)];
            let made = serializer(machine, this, vec![record], &options, span)?;
            valid(machine, &made, span)?;
            own(machine, this, "perform_update", [made.clone()], span)?;
            let data = machine.member(&made, Ustr::from("data"), span)?;
            respond(host, machine, 200, &data, span)
        }
        "destroy" => {
            let record = own(machine, this, "get_object", [], span)?;
            own(machine, this, "perform_destroy", [record], span)?;
            respond(host, machine, 204, &Value::null(), span)
        }
        _ => return Ok(None),
    }))
}

/// How views find records and make serializers.
fn record_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    this: &Value,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    let request = request_of(machine, this);
    Ok(Some(match name {
        "get_object" => get_object(host, machine, this, span)?,
        "get_queryset" => {
            let records = machine.member(this, Ustr::from("queryset"), span)?;
            orm_query::queryset_of(host, machine, &records, span)?
        }
        "filter_queryset" => call.arguments.get(0),
        "paginate_queryset" => orm_query::read_all(host, machine, &call.arguments.get(0), span),
        "get_paginated_response" => respond(host, machine, 200, &call.arguments.get(0), span),
        "get_serializer" => {
            let class = own(machine, this, "get_serializer_class", [], span)?;
            if class.is_nothing() || class.as_outside().is_some() {
                return Ok(None);
            }
            let mut arguments = call.arguments.clone();
            let context = own(machine, this, "get_serializer_context", [], span)?;
            arguments
                .keywords
                .entry(Ustr::from("context"))
                .or_insert(context);
            machine.call_value(&class, None, &arguments, span)?
        }
        "get_serializer_class" => machine.member(this, Ustr::from("serializer_class"), span)?,
        "get_serializer_context" => {
            let id = machine.heap.allocate(ObjectKind::Plain, span);
            let properties = &mut machine.heap.get_mut(id).properties;
            properties.insert(Ustr::from("request"), request);
            properties.insert(Ustr::from("view"), this.clone());
            Value::object(id)
        }
        _ => return Ok(None),
    }))
}

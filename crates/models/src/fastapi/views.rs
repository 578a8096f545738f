//! Class-based views: routes whose functions are methods, which get an instance of their class.
//!
//! FastAPI itself has none. A decorator of the class gives the first parameter of each route in it the default
//! `Depends(cls)`, and the constructor of the class the annotated names of its body as parameters, inherited ones
//! too. Sources: fastapi-utils 0.8 and fastapi-restful 0.6, `cbv.py` (`_init_cbv`,
//! `_update_cbv_route_endpoint_signature`), which applications copy, so that the shape decides and no package.

use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, SignatureParameter, Stop, Value,
};
use firedoor_ir::ParameterKind;
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::dependencies::{Dependant, Source, depends_object, signed};
use crate::pydantic::fields::field_parameters;
use crate::{Model, ModelHost};

/// The model: what the decorators of the libraries give back.
pub static MODEL: Model = Model {
    name: "fastapi_views",
    calls: &[
        ("py:fastapi_utils.cbv.cbv", decorator),
        ("fastapi_views:decorator", decorate),
    ],
    aliases: &[
        ("py:fastapi_restful.cbv.cbv", "py:fastapi_utils.cbv.cbv"),
        (
            "py:fastapi_utils.inferring_router.InferringRouter",
            "py:fastapi.APIRouter",
        ),
        (
            "py:fastapi_restful.inferring_router.InferringRouter",
            "py:fastapi.APIRouter",
        ),
    ],
    ..Model::EMPTY
};

/// The routes of the class are on the router already; the class stays what it is.
fn decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "fastapi_views:decorator", call.span);
    Ok(Some(Value::object(id)))
}

fn decorate(_: &ModelHost, _: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// Gives the endpoint its instance if it is a method that is registered as a plain function.
pub(crate) fn with_instance(
    machine: &mut Machine<'_>,
    mut endpoint: Dependant,
    span: Span,
) -> Dependant {
    let Some(class) = class_of(machine, &endpoint.call) else {
        return endpoint;
    };
    let is_own = endpoint.parameters.first().is_some_and(|first| {
        first.annotation.is_none()
            && first.default.is_none()
            && matches!(first.source, Source::Input(None))
    });
    if is_own {
        let view = view(machine, class, span);
        endpoint.parameters[0].source = Source::Dependency(Box::new(view));
    }
    endpoint
}

/// The class of the program in whose body the function stands, under its own or another name.
fn class_of(machine: &Machine<'_>, call: &Value) -> Option<ObjectId> {
    let function = call.only_object()?;
    let inner = crate::fastapi::plan::wrapped(machine, call);
    let closure = match inner.as_ref().unwrap_or(call).only_object() {
        Some(id) => match machine.heap.get(id).kind {
            ObjectKind::Function { closure, .. } => closure,
            _ => return None,
        },
        None => return None,
    };
    let class = closure.home?;
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return None;
    };
    let members = &machine.heap.get(prototype).properties;
    members
        .values()
        .any(|member| member.only_object() == Some(function))
        .then_some(class)
}

/// What making an instance takes: the parameters of the constructor, and the annotated names of the class.
fn view(machine: &mut Machine<'_>, class: ObjectId, span: Span) -> Dependant {
    let mut parameters: Vec<SignatureParameter> = field_parameters(machine, class)
        .into_iter()
        .filter(|parameter| is_filled(machine, parameter))
        .collect();
    if let Some(own) = constructor(machine, class) {
        let own = signed(machine, &own).into_iter().skip(1);
        parameters.extend(own.map(|parameter| SignatureParameter {
            kind: match parameter.kind {
                ParameterKind::Rest | ParameterKind::KeywordRest => parameter.kind,
                _ => ParameterKind::KeywordOnly,
            },
            ..parameter
        }));
    }
    let mut view = crate::fastapi::dependencies::from_signature(
        machine,
        &Value::object(class),
        parameters,
        span,
    );
    view.is_view = true;
    view
}

/// Names with an underscore are the program's own, unless something is asked for by them.
fn is_filled(machine: &Machine<'_>, parameter: &SignatureParameter) -> bool {
    !parameter.name.starts_with('_')
        || parameter
            .default
            .as_ref()
            .is_some_and(|default| depends_object(machine, default).is_some())
}

fn constructor(machine: &Machine<'_>, class: ObjectId) -> Option<Value> {
    machine
        .class_attribute(class, Ustr::from("__init__"))
        .map(|(_, function)| function)
}

/// Makes the instance of a class-based view: its names are set before its constructor runs.
pub(crate) fn make_instance(
    machine: &mut Machine<'_>,
    class: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let Some(constructor) = constructor(machine, class) else {
        return machine.instantiate(class, arguments, span);
    };
    let own: Vec<Ustr> = signed(machine, &constructor)
        .into_iter()
        .map(|parameter| parameter.name)
        .collect();
    let instance = machine.heap.allocate(ObjectKind::Instance { class }, span);
    let mut taken = Arguments::positional([Value::object(instance)]);
    for (name, value) in &arguments.keywords {
        match own.contains(name) {
            true => {
                taken.keywords.insert(*name, value.clone());
            }
            false => machine.heap.set_property(instance, *name, value.clone()),
        }
    }
    machine.call_value(&constructor, None, &taken, span)?;
    Ok(Value::object(instance))
}

//! Applications and routers of the program's own classes: `class AdminRouter(APIRouter)`.
//!
//! They are what they inherit from, whether the constructor of the library is called by the program's own or runs
//! itself.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::application;
use crate::state::Router;

/// An instance has all that a router has before its constructor runs.
pub(crate) fn made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Result<bool, Stop> {
    let bases = machine.outside_bases(class).into_iter();
    let is_router = bases
        .map(|base| host.resolve_alias(base))
        .any(|base| base == "py:fastapi.APIRouter");
    let router = Router {
        framework: "fastapi",
        role: if is_router { "router" } else { "app" },
        span,
        options: Default::default(),
        registrations: Vec::new(),
    };
    host.state().routers.entry(instance).or_insert(router);
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    match has_own {
        true => application::fill(host, machine, instance, &Arguments::default(), span),
        false => set_up(host, machine, instance, arguments, span),
    }
    Ok(!has_own)
}

/// `super().__init__(...)` of a subclass.
pub(crate) fn initialise(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(instance) = call.this.only_object() {
        set_up(host, machine, instance, call.arguments, call.span);
    }
    Ok(Some(Value::null()))
}

fn set_up(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    arguments: &Arguments,
    span: Span,
) {
    application::fill(host, machine, instance, arguments, span);
    let is_app = {
        let state = host.state();
        let router = state.routers.get(&instance);
        router.is_some_and(|router| router.role == "app")
    };
    if is_app {
        let call = Call {
            path: Ustr::from("py:fastapi.FastAPI"),
            receiver: Some(instance),
            this: Value::object(instance),
            arguments,
            span,
            is_new: true,
        };
        application::docs_setting(host, machine, &call);
        application::debug_setting(host, machine, &call);
        application::note_lifespan(host, machine, instance, &call);
    }
}

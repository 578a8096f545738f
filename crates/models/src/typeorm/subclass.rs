//! Repositories that are classes of the program: `class Orders extends Repository<Order>`.
//!
//! The constructor of the base is told the entity. Source: typeorm 0.3, `repository/Repository.ts`.

use firedoor_eval::{Answer, Call, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{builder, repository};
use crate::ModelHost;
use crate::store::property;

/// `super(Order, source.createEntityManager())`.
pub(super) fn made(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let entity = call.arguments.get(0);
        machine.heap.set_property(id, Ustr::from("$entity"), entity);
    }
    Ok(Some(Value::undefined()))
}

/// `this.createQueryBuilder('order')`: without a known entity its only argument says nothing.
pub(super) fn query_builder(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    match property(machine, &call.this, "$entity") {
        Some(_) => builder::make(host, machine, call),
        None => Ok(None),
    }
}

/// Any other method of the base.
pub(super) fn query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    repository::query(host, machine, call)
}

/// `repository.manager`.
pub(super) fn manager(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "typeorm:source", span);
    Some(Value::object(id))
}

/// `repository.target`: the entity.
pub(super) fn target(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    property(machine, &Value::object(object?), "$entity")
}

//! Relationships that the other table declares: `backref` names an attribute of the records that they lead to.
//!
//! Source: SQLAlchemy 2.0, `orm/relationships.py`: `_generate_backref`.

use firedoor_eval::{Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::columns::{has_secondary, is_relationship, refers_to, target_name};
use super::{columns, instance_value, related};
use crate::ModelHost;

/// What `keeper.rank` is if the class of ranks has `keepers = relationship("Keeper", backref="rank")`.
pub(super) fn backref_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (instance, class): (ObjectId, ObjectId),
    name: Ustr,
    span: Span,
) -> Option<Value> {
    let own = machine.heap.get(class).name?;
    let mut classes: Vec<ObjectId> = host.state().asset_of.keys().copied().collect();
    classes.sort();
    let (other, attribute, column) = classes.into_iter().find_map(|other| {
        let table = columns(host, other)?;
        let declared = machine.heap.get(table).properties.iter();
        let mut declared = declared.filter(|(_, column)| is_called_back(machine, column, name));
        let (attribute, column) = declared.find(|(attribute, column)| {
            target_name(machine, other, **attribute, column) == Some(own)
        })?;
        Some((other, *attribute, column.clone()))
    })?;
    let is_one = leads_to_one(host, machine, (other, attribute), own, &column);
    let id = related(host, machine, instance, name, other, span);
    let value = instance_value(host, id);
    if is_one {
        return Some(value);
    }
    let (origins, control) = (value.origins, value.control);
    let mut list = machine.make_open_list(Vec::new(), Some(value), span);
    list.origins = origins;
    list.control = control;
    Some(list)
}

/// Holds if the other side has one record: it says so, or the key stands there. Where both keys stand in a table of pairs,
/// either side has several; a table that refers to itself has its children, unless it names the side of the one.
fn leads_to_one(
    host: &ModelHost,
    machine: &Machine<'_>,
    (class, attribute): (ObjectId, Ustr),
    own: Ustr,
    column: &Value,
) -> bool {
    let said = backref_of(machine, column)
        .and_then(Value::only_object)
        .and_then(|id| machine.heap.property(id, Ustr::from("uselist")));
    if let Some(is_list) = said.and_then(Value::truth) {
        return !is_list;
    }
    if has_secondary(machine, column) {
        return false;
    }
    if machine.heap.get(class).name == Some(own) {
        let id = column.only_object();
        return id.is_none_or(|id| {
            let side = machine.heap.property(id, Ustr::from("remote_side"));
            side.is_none()
        });
    }
    !refers_to(host, machine, class, attribute, own)
}

fn backref_of<'h>(machine: &'h Machine<'_>, column: &Value) -> Option<&'h Value> {
    let id = column.only_object()?;
    machine.heap.property(id, Ustr::from("backref"))
}

fn is_called_back(machine: &Machine<'_>, column: &Value, name: Ustr) -> bool {
    let given = backref_of(machine, column).filter(|_| is_relationship(machine, column));
    let Some(given) = given else {
        return false;
    };
    // `backref("rank", lazy=True)` says more about it.
    let first = given
        .only_object()
        .and_then(|id| machine.heap.get(id).elements.first());
    given.text().or_else(|| first?.text()) == Some(name)
}

//! Choices: enumerations whose members are what a column may hold, with a text to show for each.
//!
//! Source: django 5.2 `db/models/enums.py`.

use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::last_name;
use crate::{Model, ModelHost};

const TEXTS: &str = "py:django.db.models.TextChoices";
const NUMBERS: &str = "py:django.db.models.IntegerChoices";
const ANY: &str = "py:django.db.models.Choices";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    subclasses: &[
        (TEXTS, "py:enum.StrEnum"),
        (NUMBERS, "py:enum.IntEnum"),
        (ANY, "py:enum.Enum"),
    ],
    classes: &[(TEXTS, made), (NUMBERS, made), (ANY, made)],
    members: &[
        ("py:django.db.models.TextChoices.*", listed),
        ("py:django.db.models.IntegerChoices.*", listed),
        ("py:django.db.models.Choices.*", listed),
    ],
    aliases: &[
        ("py:django.db.models.enums.TextChoices", TEXTS),
        ("py:django.db.models.enums.IntegerChoices", NUMBERS),
        ("py:django.db.models.enums.Choices", ANY),
    ],
    ..Model::EMPTY
};

fn members(machine: &Machine<'_>, class: ObjectId) -> Vec<(Ustr, ObjectId)> {
    let table = machine.heap.property(class, Ustr::from("__members__"));
    let Some(table) = table.and_then(Value::only_object) else {
        return Vec::new();
    };
    let properties = machine.heap.get(table).properties.iter();
    let members = properties.filter_map(|(name, member)| Some((*name, member.only_object()?)));
    members.collect()
}

/// `PAID = "paid", "It is paid"` has a value and what is shown for it; without the latter its name is shown.
fn made(_host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, _span: Span) {
    for (name, member) in members(machine, class) {
        let key = Ustr::from("value");
        let given = machine.heap.property(member, key).cloned();
        let parts = given
            .and_then(|given| given.only_object())
            .map(|id| machine.heap.get(id))
            .filter(|object| matches!(object.kind, ObjectKind::Tuple | ObjectKind::Array))
            .map(|object| object.elements.clone());
        let label = parts.as_ref().and_then(|parts| parts.get(1).cloned());
        let label = label.unwrap_or_else(|| Value::string(&name.replace('_', " ")));
        let properties = &mut machine.heap.get_mut(member).properties;
        if let Some(value) = parts.and_then(|parts| parts.into_iter().next()) {
            properties.insert(key, value);
        }
        properties.insert(Ustr::from("label"), label);
    }
}

/// `choices`, `values`, `labels` and `names` of the class.
fn listed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let word = last_name(&path);
    if !matches!(word, "choices" | "values" | "labels" | "names") {
        return None;
    }
    let mut list = Vec::new();
    for (name, member) in members(machine, object?) {
        let part = |key: &str| {
            let held = machine.heap.property(member, Ustr::from(key)).cloned();
            held.unwrap_or_else(Value::null)
        };
        let (value, label) = (part("value"), part("label"));
        list.push(match word {
            "choices" => machine.make_tuple(vec![value, label], span),
            "values" => value,
            "labels" => label,
            _ => Value::string(&name),
        });
    }
    Some(machine.make_list(list, false, span))
}

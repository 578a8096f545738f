//! Flask-SQLAlchemy: SQLAlchemy by another name.
//!
//! `db.Model` is a declarative base whose tables have names without being told, `db.session` a session, and
//! `Model.query` a query of it. Source: flask-sqlalchemy 3.1, `extension.py`, `model.py`, `query.py`.

use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_support::{keep, last_name, nothing};
use crate::{Model, ModelHost};

/// What marks the class that models inherit from: their tables have names by themselves.
const NAMED: &str = "$named";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_sqlalchemy",
    calls: &[
        ("py:flask_sqlalchemy.SQLAlchemy", keep),
        ("py:flask_sqlalchemy.SQLAlchemy().init_app", nothing),
        ("py:flask_sqlalchemy.SQLAlchemy().create_all", nothing),
        ("py:flask_sqlalchemy.SQLAlchemy().drop_all", nothing),
        ("py:flask_sqlalchemy.SQLAlchemy().get_or_404", get_or_fail),
        (
            "py:flask_sqlalchemy.SQLAlchemy().first_or_404",
            first_or_fail,
        ),
        ("py:flask_sqlalchemy.SQLAlchemy().one_or_404", first_or_fail),
        ("py:flask_sqlalchemy.SQLAlchemy().paginate", paginate_select),
        ("sqlalchemy:statement().get_or_404", query_or_fail),
        ("sqlalchemy:statement().first_or_404", query_or_fail),
        ("sqlalchemy:statement().one_or_404", query_or_fail),
        ("sqlalchemy:statement().paginate", paginate),
    ],
    members: &[
        ("py:flask_sqlalchemy.SQLAlchemy().*", member),
        ("py:sqlalchemy.orm.DeclarativeBase.query", query),
    ],
    aliases: &[(
        "py:flask_sqlalchemy.extension.SQLAlchemy",
        "py:flask_sqlalchemy.SQLAlchemy",
    )],
    ..Model::EMPTY
};

/// The names that come from `sqlalchemy.orm`; the others are `sqlalchemy`'s.
const OF_ORM: [&str; 10] = [
    "relationship",
    "backref",
    "joinedload",
    "selectinload",
    "aliased",
    "mapped_column",
    "synonym",
    "column_property",
    "validates",
    "deferred",
];

fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    let name = last_name(&host.state().member_name).to_owned();
    Some(match name.as_str() {
        "Model" => base(host, machine, id, span),
        "session" => session(host, machine, id, span),
        "engine" | "metadata" => return None,
        name if OF_ORM.contains(&name) => Value::outside(&format!("py:sqlalchemy.orm.{name}")),
        name => Value::outside(&format!("py:sqlalchemy.{name}")),
    })
}

/// `db.Model`, one object of an extension.
fn base(host: &ModelHost, machine: &mut Machine<'_>, owner: ObjectId, span: Span) -> Value {
    let name = Ustr::from("$model");
    if let Some(known) = machine.heap.property(owner, name) {
        return known.clone();
    }
    let id = host.make_object(machine, "py:sqlalchemy.orm.DeclarativeBase", span);
    let object = machine.heap.get_mut(id);
    object
        .properties
        .insert(Ustr::from(NAMED), Value::bool(true));
    machine.heap.set_property(owner, name, Value::object(id));
    Value::object(id)
}

/// Holds if the table of a class has a name by itself.
pub(crate) fn names_itself(machine: &Machine<'_>, class: ObjectId) -> bool {
    machine.class_order(class).iter().any(|class| {
        let ObjectKind::Class { bases, .. } = &machine.heap.get(*class).kind else {
            return false;
        };
        let mut bases = bases.iter().filter_map(Value::only_object);
        bases.any(|base| machine.heap.property(base, Ustr::from(NAMED)).is_some())
    })
}

/// The session of an extension is one object.
fn session(host: &ModelHost, machine: &mut Machine<'_>, owner: ObjectId, span: Span) -> Value {
    let name = Ustr::from("$session");
    if let Some(known) = machine.heap.property(owner, name) {
        return known.clone();
    }
    let id = host.make_object(machine, "sqlalchemy:session()", span);
    machine.heap.set_property(owner, name, Value::object(id));
    Value::object(id)
}

/// `User.query`.
fn query(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let class = object?;
    let session = Value::object(host.make_object(machine, "sqlalchemy:session()", span));
    let arguments = Arguments::positional([Value::object(class)]);
    let (made, _) = machine
        .catching(|machine| machine.call_member(&session, Ustr::from("query"), &arguments, span));
    made.ok()
}

/// Nothing found is 404.
fn or_fail(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    found: Value,
    span: Span,
) -> Result<Value, Stop> {
    let something = found.filter(|atom| !atom.is_nothing());
    let outcome = match &something {
        None => Some(false),
        Some(something) if something.atoms().len() == found.atoms().len() => Some(true),
        Some(_) => None,
    };
    let test = machine.tested(TestKind::Truth, outcome, &[&found], span);
    let mut error = super::errors::exception(host, machine, 404, span);
    error.origins = found.origins;
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| machine.throw(error, span),
    )?;
    Ok(something.unwrap_or(found))
}

fn query_or_fail(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = match last_name(&call.path) {
        "get_or_404" => "get",
        _ => "first",
    };
    let arguments = match name {
        "get" => Arguments::positional(call.arguments.positional.first().cloned()),
        _ => Arguments::default(),
    };
    let found = machine.call_member(&call.this, Ustr::from(name), &arguments, call.span)?;
    or_fail(host, machine, found, call.span).map(Some)
}

/// `db.get_or_404(Model, id)`.
fn get_or_fail(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(owner) = call.receiver else {
        return Ok(None);
    };
    let session = session(host, machine, owner, call.span);
    let arguments = Arguments::positional(call.arguments.positional.iter().take(2).cloned());
    let found = machine.call_member(&session, Ustr::from("get"), &arguments, call.span)?;
    or_fail(host, machine, found, call.span).map(Some)
}

/// `db.first_or_404(statement)`.
fn first_or_fail(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(owner) = call.receiver else {
        return Ok(None);
    };
    let session = session(host, machine, owner, call.span);
    let arguments = Arguments::positional(call.arguments.positional.first().cloned());
    let found = machine.call_member(&session, Ustr::from("scalar"), &arguments, call.span)?;
    or_fail(host, machine, found, call.span).map(Some)
}

fn page(host: &ModelHost, machine: &mut Machine<'_>, items: Value, span: Span) -> Value {
    let id = host.make_object(machine, "flask_sqlalchemy:pagination", span);
    let object = machine.heap.get_mut(id);
    object.is_open = true;
    object.properties.insert(Ustr::from("items"), items);
    Value::object(id)
}

fn paginate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let none = Arguments::default();
    let items = machine.call_member(&call.this, Ustr::from("all"), &none, call.span)?;
    Ok(Some(page(host, machine, items, call.span)))
}

fn paginate_select(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(owner) = call.receiver else {
        return Ok(None);
    };
    let session = session(host, machine, owner, call.span);
    let arguments = Arguments::positional(call.arguments.positional.first().cloned());
    let found = machine.call_member(&session, Ustr::from("scalars"), &arguments, call.span)?;
    let none = Arguments::default();
    let items = machine.call_member(&found, Ustr::from("all"), &none, call.span)?;
    Ok(Some(page(host, machine, items, call.span)))
}

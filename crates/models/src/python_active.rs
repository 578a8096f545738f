//! Records that save themselves: what Tortoise, Peewee, Beanie and ODMantic have in common.
//!
//! A class stands for a table; queries are values that keep a class and conditions, and do something once they
//! are run. Conditions are those of [`crate::sqlalchemy::query`], so that columns and operators are written once.

use firedoor_app::{AssetField, Field, Operation, Provenance};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{
    Key, access, asset_of, class_named, class_of, column_value, columns, create, declare,
    default_provenance, find, instance_value, is_stored, keep_loaded, key_of, loaded, note,
    related,
};
use crate::python_support::{exception, last_name};
use crate::sqlalchemy::columns::declared_path;
use crate::sqlalchemy::query::{CONDITION, collect, column_in, column_object, make};
use crate::sqlalchemy::session::is_by;
use crate::{Model, ModelHost, Persona};

/// The model: transactions that end where their block does.
pub static MODEL: Model = Model {
    name: "python_active",
    calls: &[
        ("python:transaction().__enter__", enter),
        ("python:transaction().__exit__", leave),
        ("python:transaction().*", crate::python_support::same),
    ],
    ..Model::EMPTY
};

/// What a query does when it is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Gives one record or nothing.
    One,
    /// Gives all.
    Many,
    /// Counts.
    Count,
    /// Says whether there is one.
    Exists,
    /// Writes the values that it keeps.
    Update,
    /// Removes.
    Delete,
}

/// What a query keeps that finds nothing whatever it asks: `Thing.objects.none()`.
pub(crate) const EMPTY_SET: &str = "$none";

const RUNS: [(&str, Run); 6] = [
    ("one", Run::One),
    ("many", Run::Many),
    ("count", Run::Count),
    ("exists", Run::Exists),
    ("update", Run::Update),
    ("delete", Run::Delete),
];

/// Makes a context manager: what happens within happens as one.
pub(crate) fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "python:transaction()", call.span);
    Ok(Some(Value::object(id)))
}

fn enter(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().run.transactions += 1;
    Ok(Some(call.this.clone()))
}

fn leave(host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let mut state = host.state();
    state.run.transactions = state.run.transactions.saturating_sub(1);
    Ok(Some(Value::null()))
}

/// Makes a query about a class.
pub(crate) fn query(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    tag: &str,
    class: ObjectId,
    run: Run,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, tag, span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("$class"), Value::object(class));
    set_run(machine, id, run);
    id
}

/// Makes a query that is like another.
pub(crate) fn copied(machine: &mut Machine<'_>, query: ObjectId, span: Span) -> ObjectId {
    let old = machine.heap.get(query).clone();
    let id = machine.heap.allocate(old.kind, span);
    let object = machine.heap.get_mut(id);
    object.elements = old.elements;
    object.properties = old.properties;
    id
}

/// Says what a query does when it is run.
pub(crate) fn set_run(machine: &mut Machine<'_>, query: ObjectId, run: Run) {
    let word = RUNS.iter().find(|(_, known)| *known == run);
    let word = word.map_or("many", |(word, _)| word);
    keep(machine, query, "$run", Value::string(word));
}

fn run_of(machine: &Machine<'_>, query: ObjectId) -> Run {
    let word = kept(machine, query, "$run").and_then(|word| word.text());
    let word = word.unwrap_or_default();
    let known = RUNS.iter().find(|(known, _)| word == *known);
    known.map_or(Run::Many, |(_, run)| *run)
}

/// Keeps a value with a query.
pub(crate) fn keep(machine: &mut Machine<'_>, query: ObjectId, name: &str, value: Value) {
    let properties = &mut machine.heap.get_mut(query).properties;
    properties.insert(Ustr::from(name), value);
}

/// Returns what a query keeps.
pub(crate) fn kept(machine: &Machine<'_>, query: ObjectId, name: &str) -> Option<Value> {
    machine.heap.property(query, Ustr::from(name)).cloned()
}

/// Returns the class that a query is about.
pub(crate) fn class_in(machine: &Machine<'_>, query: ObjectId) -> Option<ObjectId> {
    kept(machine, query, "$class")?.only_object()
}

/// Adds conditions to a query.
pub(crate) fn narrow(
    machine: &mut Machine<'_>,
    query: ObjectId,
    conditions: impl IntoIterator<Item = Value>,
) {
    machine.heap.get_mut(query).elements.extend(conditions);
}

/// Makes the condition that a column of an asset has a value.
pub(crate) fn condition(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (asset, name): (Ustr, &str),
    operator: &str,
    value: &Value,
    span: Span,
) -> Value {
    let column = column_object(host, machine, asset, Ustr::from(name), span);
    let parts = vec![column, value.clone()];
    make(host, machine, CONDITION, operator, parts, span)
}

fn conditions_of(host: &ModelHost, machine: &mut Machine<'_>, query: ObjectId, asset: Ustr) -> Key {
    let mut key = Key::default();
    for condition in machine.heap.get(query).elements.clone() {
        collect(host, machine, &condition, asset, &mut key, 0);
    }
    key
}

/// Runs a query: notes what it does and gives its result.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    span: Span,
) -> Value {
    let class = class_in(machine, query);
    let known = class.and_then(|class| Some((class, asset_of(host, machine, class)?)));
    let Some((class, asset)) = known else {
        return machine.derived(Shape::Any, [&Value::object(query)]);
    };
    let run = run_of(machine, query);
    if kept(machine, query, EMPTY_SET).is_some() {
        return match run {
            Run::One => Value::null(),
            Run::Many => machine.make_list(Vec::new(), false, span),
            Run::Exists => Value::bool(false),
            Run::Count | Run::Update | Run::Delete => Value::number(0.0),
        };
    }
    let key = conditions_of(host, machine, query, asset);
    let operation = match run {
        Run::One | Run::Many => Operation::Read,
        Run::Count | Run::Exists => Operation::Count,
        Run::Update => Operation::Update,
        Run::Delete => Operation::Delete,
    };
    let mut done = access(host, operation, asset);
    done.key.clone_from(&key.fields);
    let is_one = run == Run::One || kept(machine, query, "$one").is_some();
    let identity = [primary_key(host, machine, class)];
    done.is_many = !is_one && !is_by(host, &key, asset, &identity);
    done.is_conditional = matches!(run, Run::Update | Run::Delete)
        && (key.fields.len() > 1 || key.fields.iter().any(|field| field.operator != "="));
    if run == Run::Update {
        let values = kept(machine, query, "$values").unwrap_or_else(Value::null);
        (done.values, done.spread) = changes(host, machine, &values, asset);
    }
    note(host, machine, done, span);
    let found = find(host, machine, class, &key, span);
    match run {
        Run::One => found,
        Run::Many => listed(machine, &found, span),
        Run::Exists => {
            let count = crate::sqlalchemy::result::counted(host, machine, asset, &found);
            match count.as_number() {
                Some(_) => exchanged(&count, Value::bool(false)),
                None => count.shaped(Shape::Bool),
            }
        }
        _ => crate::sqlalchemy::result::counted(host, machine, asset, &found),
    }
}

fn exchanged(old: &Value, mut new: Value) -> Value {
    new.origins = old.origins;
    new.control = old.control;
    new
}

fn listed(machine: &mut Machine<'_>, found: &Value, span: Span) -> Value {
    let there = found.filter(|atom| !atom.is_nothing());
    let mut list = machine.make_open_list(Vec::new(), there, span);
    list.origins = found.origins;
    list.control = found.control;
    list
}

/// `none().union(others)` finds what the others do.
pub(crate) fn forget_empty(machine: &mut Machine<'_>, query: ObjectId) {
    let properties = &mut machine.heap.get_mut(query).properties;
    properties.shift_remove(&Ustr::from(EMPTY_SET));
}

/// What iterating over a query gives: the query is run. Where it finds nothing, there is no such value.
pub(crate) fn element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Value,
    _key: &Value,
    span: Span,
) -> Option<Value> {
    let id = copied(machine, query.only_object()?, span);
    set_run(machine, id, Run::Many);
    let list = run(host, machine, id, span);
    let (elements, is_open) = machine.elements_of(&list);
    if elements.is_empty() && !is_open {
        return Some(Value::undefined());
    }
    Some(machine.element_of_open(&list))
}

/// The values written: a column that is set by means of itself is added to. Names may be columns.
pub(crate) fn changes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    values: &Value,
    asset: Ustr,
) -> (Vec<Field>, Vec<Provenance>) {
    let (mut fields, spread) = crate::judge::written(host, machine, values);
    for id in values.objects().collect::<Vec<_>>() {
        crate::python_records::refer(host, machine, id, &mut fields);
    }
    let mut given: Vec<(Ustr, Value)> = Vec::new();
    for id in values.objects().collect::<Vec<_>>() {
        let object = machine.heap.get(id).clone();
        given.extend(object.properties.iter().map(|(k, v)| (*k, v.clone())));
        if !matches!(object.kind, ObjectKind::Map) {
            continue;
        }
        for pair in object.elements.chunks(2) {
            let [key, value] = pair else { continue };
            let Some((_, name)) = column_in(machine, key, 0) else {
                continue;
            };
            given.push((name, value.clone()));
            fields.push(Field {
                name,
                value: host.deep_provenance(machine, value),
                operator: "=",
            });
        }
    }
    for field in &mut fields {
        let value = given.iter().find(|(name, _)| *name == field.name);
        let Some((_, value)) = value else { continue };
        let own = column_in(machine, value, 0).is_some_and(|(owner, name)| {
            name == field.name && (owner == asset || owner.is_empty())
        });
        if own {
            field.operator = "+=";
            field.value = added(host, machine, value);
        }
    }
    (fields, spread)
}

/// What is added to a column is what stands beside it.
fn added(host: &ModelHost, machine: &mut Machine<'_>, expression: &Value) -> Provenance {
    let parts = match expression.only_object() {
        Some(id) => machine.heap.get(id).elements.clone(),
        None => Vec::new(),
    };
    let mut sum = Provenance::default();
    for part in parts {
        if column_in(machine, &part, 0).is_none() {
            sum = sum.union(&host.deep_provenance(machine, &part));
        }
    }
    sum
}

/// Saves records: a new one is made, another is written with what was assigned to it.
pub(crate) fn save(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, span: Span) {
    for id in value.objects().collect::<Vec<_>>() {
        let Some(asset) = asset_of(host, machine, id) else {
            continue;
        };
        if !is_stored(host, id) {
            create(host, machine, &Value::object(id), span);
            continue;
        }
        let mut done = access(host, Operation::Update, asset);
        done.key = key_of(host, machine, id);
        (done.values, done.spread) = changes(host, machine, &Value::object(id), asset);
        note(host, machine, done, span);
    }
}

/// Notes that records are written with these values, which they hold from then on.
pub(crate) fn update(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    values: &Value,
    span: Span,
) {
    for id in value.objects().collect::<Vec<_>>() {
        let Some(asset) = asset_of(host, machine, id) else {
            continue;
        };
        let mut done = access(host, Operation::Update, asset);
        done.key = key_of(host, machine, id);
        (done.values, done.spread) = changes(host, machine, values, asset);
        note(host, machine, done, span);
    }
}

/// Takes the declarations of columns from the bodies of a class and its bases, so that the host is asked.
pub(crate) fn take_columns(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    is_column: fn(&str) -> bool,
) -> Vec<(Ustr, Value)> {
    let mut all: indexmap::IndexMap<Ustr, Value> = indexmap::IndexMap::new();
    for owner in machine.class_order(class).into_iter().rev() {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let known = host.state().notes.get(&(owner, "own columns")).cloned();
        let table = match known.and_then(|known| known.only_object()) {
            Some(table) => table,
            None => {
                let span = machine.heap.get(owner).span;
                let table = machine.heap.allocate(ObjectKind::Plain, span);
                let members = machine.heap.get(prototype).properties.clone();
                for (name, value) in members {
                    let path = declared_path(machine, &value);
                    if !path.is_some_and(|path| is_column(&path)) {
                        continue;
                    }
                    let properties = &mut machine.heap.get_mut(prototype).properties;
                    properties.shift_remove(&name);
                    machine.heap.get_mut(table).properties.insert(name, value);
                }
                let mut state = host.state();
                state
                    .notes
                    .insert((owner, "own columns"), Value::object(table));
                table
            }
        };
        all.extend(machine.heap.get(table).properties.clone());
    }
    all.into_iter().collect()
}

/// Declares a class with these columns as a model.
pub(crate) fn declare_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    columns: Vec<(Ustr, Value)>,
    span: Span,
) {
    let mut fields = Vec::new();
    for (name, column) in &columns {
        fields.push(declared_field(host, machine, *name, column, span));
    }
    declare(host, machine, class, columns, fields, span);
}

fn declared_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: Ustr,
    column: &Value,
    span: Span,
) -> AssetField {
    let mut field = crate::store::plain_field(&name, None);
    let path = declared_path(machine, column);
    field.kind = path.map(|path| Ustr::from(last_name(path.trim_end_matches("()"))));
    field.refers_to = relation(machine, column);
    let Some(id) = column.only_object() else {
        return field;
    };
    let option = |name: &str| machine.heap.property(id, Ustr::from(name)).cloned();
    let is_set = |name: &str| option(name).and_then(|value| value.truth()) == Some(true);
    field.is_unique = is_set("unique") || is_set("pk") || is_set("primary_key");
    let default = option("default").or_else(|| option("default_factory"));
    if let Some(default) = default {
        field.default = Some(default_provenance(host, machine, &default, span));
    }
    field
}

/// The name of the model that a column refers to.
fn relation(machine: &Machine<'_>, column: &Value) -> Option<Ustr> {
    let path = declared_path(machine, column)?;
    let last = last_name(path.trim_end_matches("()"));
    if !last.contains("ForeignKey") && !last.contains("OneToOne") && !last.starts_with("Link") {
        return None;
    }
    let object = machine.heap.get(column.only_object()?);
    let named = ["model_name", "model"]
        .iter()
        .find_map(|name| object.properties.get(&Ustr::from(name)));
    let target = object.elements.first().or(named)?;
    match target.text() {
        Some(text) => Some(Ustr::from(text.rsplit('.').next().unwrap_or(&text))),
        None => machine.heap.get(target.only_object()?).name,
    }
}

/// The name of the primary key of a model.
pub(crate) fn primary_key(host: &ModelHost, machine: &Machine<'_>, class: ObjectId) -> Ustr {
    let declared = columns(host, class).and_then(|table| {
        let mut columns = machine.heap.get(table).properties.iter();
        columns.find_map(|(name, column)| {
            let id = column.only_object()?;
            let is_key = ["pk", "primary_key"].iter().any(|flag| {
                let value = machine.heap.property(id, Ustr::from(flag));
                value.and_then(Value::truth) == Some(true)
            });
            is_key.then_some(*name)
        })
    });
    declared.unwrap_or_else(|| Ustr::from("id"))
}

/// `User.email` is a column expression; a primary key is one without being declared.
pub(crate) fn class_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let class = object?;
    if let Some(column) = crate::sqlalchemy::class_member(host, machine, object, span) {
        return Some(column);
    }
    let path = host.state().member_name;
    let is_identity = matches!(last_name(&path), "id" | "_id" | "pk");
    let asset = asset_of(host, machine, class).filter(|_| is_identity)?;
    let name = primary_key(host, machine, class);
    Some(column_object(host, machine, asset, name, span))
}

/// What an attribute of a record is: what the row holds, or the record that it refers to.
pub(crate) fn instance_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let instance = object?;
    let class = class_of(machine, instance).filter(|class| *class != instance)?;
    let path = host.state().member_name;
    let mut name = Ustr::from(last_name(&path));
    let table = columns(host, class)?;
    if name == "pk" {
        name = primary_key(host, machine, class);
    }
    let is_identity = matches!(name.as_str(), "id" | "_id");
    let Some(column) = machine.heap.property(table, name).cloned() else {
        let owner = name.strip_suffix("_id").map(Ustr::from);
        let refers = owner.and_then(|owner| machine.heap.property(table, owner));
        let is_foreign = refers.is_some_and(|column| relation(machine, column).is_some());
        return (is_foreign || is_identity).then(|| column_value(host, machine, instance, name));
    };
    let target = relation(machine, &column).and_then(|target| class_named(host, machine, &target));
    let Some(target) = target else {
        return Some(column_value(host, machine, instance, name));
    };
    if let Some(value) = loaded(host, machine, instance, name) {
        return Some(value);
    }
    let id = related(host, machine, instance, name, target, span);
    let value = instance_value(host, id);
    keep_loaded(host, machine, (instance, name), &value, span);
    Some(value)
}

/// What is not there is an error of the library: for certain where nothing can be found.
pub(crate) fn required(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    found: &Value,
    error: &str,
    span: Span,
) -> Result<Value, Stop> {
    let error = exception(machine, error, &[found]);
    match found.filter(|atom| !atom.is_nothing()) {
        None if host.is_request() => machine.throw(error, span),
        None => Ok(Value::unknown(Shape::Any)),
        Some(there) => {
            if there != *found && host.persona() == Persona::User {
                machine.may_throw(error, span);
            }
            Ok(there)
        }
    }
}

/// Makes an instance of a model with what a call says, without running it.
pub(crate) fn made(
    machine: &mut Machine<'_>,
    class: ObjectId,
    arguments: &firedoor_eval::Arguments,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Instance { class }, span);
    crate::python_records::fill(machine, id, arguments);
    Value::object(id)
}

/// Returns the dictionary of the named arguments of a call, and of what is unknown in it.
pub(crate) fn named_values(
    machine: &mut Machine<'_>,
    arguments: &firedoor_eval::Arguments,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    crate::python_records::fill(machine, id, arguments);
    Value::object(id)
}

/// A record that has been there or is made now: what `get_or_create` gives.
pub(crate) fn found_or_made(
    machine: &mut Machine<'_>,
    found: &Value,
    made: &Value,
    span: Span,
) -> Value {
    let there = found.filter(|atom| !atom.is_nothing());
    let record = match there {
        Some(there) => machine.join(there, made),
        None => made.clone(),
    };
    machine.make_tuple(vec![record, Value::unknown(Shape::Bool)], span)
}

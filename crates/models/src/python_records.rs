//! Records of Python's object-relational mappers: instances of the program's own classes.
//!
//! SQLAlchemy, SQLModel, Tortoise and Peewee describe a table by a class, and hand out instances of it. What
//! such a class declares is kept here by class: its columns are taken from the class, so that the host is
//! asked for them. An instance that was found remembers where it comes from and by which key.

use firedoor_app::{
    Access, Asset, AssetField, AssetKind, EffectKind, Field, Operation, Origin, Provenance,
};
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{ModelHost, judge};

/// The conditions that choose records, with the values in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    /// For the map.
    pub(crate) fields: Vec<Field>,
    /// What the result hangs on.
    pub(crate) values: Vec<Value>,
}

impl Key {
    /// Adds a condition.
    pub(crate) fn add(
        &mut self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        name: &str,
        operator: &'static str,
        value: &Value,
    ) {
        self.fields.push(Field {
            name: Ustr::from(name),
            value: referred_provenance(host, machine, value),
            operator,
        });
        self.values.push(value.clone());
    }

    /// The conditions that every record found meets.
    fn restricting(&self) -> Vec<Field> {
        let fields = self.fields.iter();
        fields
            .filter(|field| matches!(field.operator, "=" | "in"))
            .cloned()
            .collect()
    }
}

/// Returns the table of what a class declares, by name; nothing if it is no model.
pub(crate) fn columns(host: &ModelHost, class: ObjectId) -> Option<ObjectId> {
    let state = host.state();
    let table = state.notes.get(&(class, "columns"))?;
    table.only_object()
}

/// Keeps what a class declares as an asset named after it.
pub(crate) fn declare(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    columns: Vec<(Ustr, Value)>,
    fields: Vec<AssetField>,
    span: Span,
) -> Ustr {
    let name = machine
        .heap
        .get(class)
        .name
        .unwrap_or_else(|| Ustr::from("table"));
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(table).properties = columns.into_iter().collect();
    let mut state = host.state();
    state.notes.insert((class, "columns"), Value::object(table));
    state.asset_of.insert(class, name);
    state.assets.entry(name).or_insert(Asset {
        name,
        kind: AssetKind::Table,
        span,
        fields,
    });
    name
}

/// Returns the class of an instance, or the class itself.
pub(crate) fn class_of(machine: &Machine<'_>, id: ObjectId) -> Option<ObjectId> {
    match machine.heap.get(id).kind {
        ObjectKind::Instance { class } => Some(class),
        // A class that a library brings is an object of the host.
        ObjectKind::Class { .. } | ObjectKind::Host(_) => Some(id),
        _ => None,
    }
}

/// Returns the asset that a class or an instance stands for.
pub(crate) fn asset_of(host: &ModelHost, machine: &Machine<'_>, id: ObjectId) -> Option<Ustr> {
    let class = class_of(machine, id)?;
    host.state().asset_of.get(&class).copied()
}

/// Returns the model class of that name.
pub(crate) fn class_named(host: &ModelHost, machine: &Machine<'_>, name: &str) -> Option<ObjectId> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let classes: Vec<ObjectId> = {
        let state = host.state();
        let mut found: Vec<ObjectId> = state
            .asset_of
            .iter()
            .filter(|(_, asset)| **asset == last)
            .map(|(class, _)| *class)
            .collect();
        found.sort();
        found
    };
    classes
        .into_iter()
        .find(|class| matches!(machine.heap.get(*class).kind, ObjectKind::Class { .. }))
}

/// Makes an instance that stands for a stored record.
pub(crate) fn stored_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    found: &Value,
    key: &Key,
    span: Span,
) -> ObjectId {
    let id = machine.heap.allocate(ObjectKind::Instance { class }, span);
    let by = machine.heap.allocate(ObjectKind::Plain, span);
    for (field, value) in key.fields.iter().zip(&key.values) {
        if matches!(field.operator, "=" | "in") {
            let properties = &mut machine.heap.get_mut(by).properties;
            properties.insert(field.name, value.clone());
        }
    }
    let mut record = Value::null().with_origins(found.origins);
    record.control = found.control;
    let mut state = host.state();
    state.notes.insert((id, "record"), record);
    state.notes.insert((id, "key"), Value::object(by));
    id
}

/// Returns the record of a class that a key finds, or nothing.
pub(crate) fn find(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    key: &Key,
    span: Span,
) -> Value {
    let asset = asset_of(host, machine, class).unwrap_or_else(|| Ustr::from("table"));
    let values = key.values.iter();
    let values: Vec<Value> = values.map(|it| referred(host, machine, it)).collect();
    let found = judge::record_value(host, machine, asset, &key.restricting(), &values);
    let unknown = Atom::Unknown(Shape::Object);
    if !found.atoms().contains(&unknown) {
        return found;
    }
    let instance = stored_instance(host, machine, class, &found, key, span);
    let atoms = found.atoms().iter().map(|atom| match atom {
        atom if *atom == unknown => Atom::Object(instance),
        atom => *atom,
    });
    let mut value = Value::atoms_of(atoms).with_origins(found.origins);
    value.control = found.control;
    value
}

/// Returns what a value is where it says which record is meant: a record that was found is meant by its key, whatever
/// its other columns hold or are about to.
/// One that was made by the caller's own means is the caller's.
pub(crate) fn referred(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Value {
    let objects: Vec<ObjectId> = value.objects().collect();
    let is_kept = |id: &ObjectId| {
        let is_instance = matches!(machine.heap.get(*id).kind, ObjectKind::Instance { .. });
        is_instance && asset_of(host, machine, *id).is_some() && is_stored(host, *id)
    };
    if objects.is_empty() || !objects.iter().all(is_kept) {
        return value.clone();
    }
    let mut origins = value.origins;
    for id in objects {
        let found = host.state().notes.contains_key(&(id, "record"));
        let asset = asset_of(host, machine, id).unwrap_or_else(|| Ustr::from("table"));
        if found && !value.origins.is_empty() {
            continue;
        }
        let of_principal = !found
            && host
                .deep_provenance(machine, &Value::object(id))
                .is_of_principal();
        let origin = Origin::Record {
            asset,
            field: Ustr::from(""),
            of_principal,
        };
        let own = host.origin(machine, origin);
        origins = machine.origins.union(origins, own);
    }
    let atoms = value.atoms().iter().map(|atom| match atom {
        Atom::Object(_) => Atom::Unknown(Shape::Object),
        atom => *atom,
    });
    let mut named = Value::atoms_of(atoms).with_origins(origins);
    named.control = value.control;
    named
}

/// Puts the keys of records where these are written into columns that refer to them.
pub(crate) fn refer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    written: ObjectId,
    fields: &mut [Field],
) {
    let properties = machine.heap.get(written).properties.clone();
    for field in fields {
        let Some(value) = properties.get(&field.name) else {
            continue;
        };
        let named = referred(host, machine, value);
        if named != *value {
            field.value = host.deep_provenance(machine, &named);
        }
    }
}

/// Returns where such a value comes from.
pub(crate) fn referred_provenance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
) -> Provenance {
    let named = referred(host, machine, value);
    host.deep_provenance(machine, &named)
}

/// Returns what a column of an instance holds that nobody has assigned.
pub(crate) fn column_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: Ustr,
) -> Value {
    let asset = asset_of(host, machine, instance).unwrap_or_else(|| Ustr::from("table"));
    let record = host.state().notes.get(&(instance, "record")).cloned();
    let origin = Origin::Record {
        asset,
        field: name,
        of_principal: record
            .as_ref()
            .is_some_and(|record| is_of_principal(host, machine, record.origins)),
    };
    let origins = host.origin(machine, origin);
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    if let Some(record) = record {
        value.control = record.control;
    }
    value
}

/// Holds if a record was found by who is asking.
pub(crate) fn is_of_principal(host: &ModelHost, machine: &Machine<'_>, origins: OriginSet) -> bool {
    host.origins_of(machine, origins).iter().any(|origin| {
        matches!(
            origin,
            Origin::Record {
                of_principal: true,
                ..
            }
        )
    })
}

/// Returns the record that a record refers to by a relation.
pub(crate) fn related(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: Ustr,
    target: ObjectId,
    span: Span,
) -> ObjectId {
    let by = column_value(host, machine, instance, name);
    let is_own = is_of_principal(host, machine, by.origins);
    let asset = asset_of(host, machine, target).unwrap_or_else(|| Ustr::from("table"));
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: is_own,
    };
    let mut found = Value::null().with_origins(host.origin(machine, origin));
    found.control = by.control;
    let mut key = Key::default();
    key.add(host, machine, "id", "=", &by);
    stored_instance(host, machine, target, &found, &key, span)
}

/// Returns the record that a relation led to before. It is loaded once: what is set on it is there when it is asked for
/// again.
pub(crate) fn loaded(
    host: &ModelHost,
    machine: &Machine<'_>,
    instance: ObjectId,
    name: Ustr,
) -> Option<Value> {
    let known = host.state().notes.get(&(instance, "related")).cloned();
    let table = known?.only_object()?;
    machine.heap.property(table, name).cloned()
}

/// Keeps what a relation led to.
pub(crate) fn keep_loaded(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (instance, name): (ObjectId, Ustr),
    value: &Value,
    span: Span,
) {
    let known = host.state().notes.get(&(instance, "related")).cloned();
    let table = known
        .and_then(|known| known.only_object())
        .unwrap_or_else(|| {
            let table = machine.heap.allocate(ObjectKind::Plain, span);
            let mut state = host.state();
            state
                .notes
                .insert((instance, "related"), Value::object(table));
            table
        });
    machine.heap.set_property(table, name, value.clone());
}

/// Returns the value that an instance is: the instance with where it comes from.
pub(crate) fn instance_value(host: &ModelHost, id: ObjectId) -> Value {
    let mut value = Value::object(id);
    if let Some(record) = host.state().notes.get(&(id, "record")) {
        value.origins = record.origins;
        value.control = record.control;
    }
    value
}

/// Holds if the record is in the database already: found, or added before.
pub(crate) fn is_stored(host: &ModelHost, id: ObjectId) -> bool {
    let state = host.state();
    state.notes.contains_key(&(id, "record")) || state.notes.contains_key(&(id, "added"))
}

/// Returns the key by which an instance was found.
pub(crate) fn key_of(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId) -> Vec<Field> {
    let key = host.state().notes.get(&(id, "key")).cloned();
    match key.and_then(|key| key.only_object()) {
        Some(key) => host.fields(machine, key),
        None => Vec::new(),
    }
}

/// Returns an access without conditions and values.
pub(crate) fn access(host: &ModelHost, operation: Operation, asset: Ustr) -> Access {
    Access {
        operation,
        asset,
        key: Vec::new(),
        values: Vec::new(),
        spread: Vec::new(),
        is_many: false,
        is_conditional: false,
        is_in_transaction: host.state().run.transactions > 0,
        is_unlocked: false,
    }
}

/// Notes an access.
pub(crate) fn note(host: &ModelHost, machine: &Machine<'_>, access: Access, span: Span) {
    host.effect(machine, EffectKind::Access(access), span);
}

/// Notes that a new instance is stored.
pub(crate) fn create(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, span: Span) {
    for id in value.objects().collect::<Vec<_>>() {
        let Some(asset) = asset_of(host, machine, id) else {
            continue;
        };
        if is_stored(host, id) {
            continue;
        }
        let mut access = access(host, Operation::Create, asset);
        (access.values, access.spread) = judge::written(host, machine, &Value::object(id));
        refer(host, machine, id, &mut access.values);
        note(host, machine, access, span);
        if host.is_request() {
            host.state().notes.insert((id, "added"), Value::null());
        }
    }
}

/// Notes that an attribute of a record is assigned, if it is in the database already.
pub(crate) fn assign(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    name: Ustr,
    value: &Value,
    span: Span,
) {
    let Some(asset) = asset_of(host, machine, id) else {
        return;
    };
    if !is_stored(host, id) {
        return;
    }
    let mut access = access(host, Operation::Update, asset);
    access.key = key_of(host, machine, id);
    access.values = vec![Field {
        name,
        value: host.deep_provenance(machine, value),
        operator: "=",
    }];
    note(host, machine, access, span);
}

/// Notes that attributes of a record are assigned by names that are not known (`setattr` in a loop).
pub(crate) fn assign_any(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    value: &Value,
    span: Span,
) {
    let Some(asset) = asset_of(host, machine, id) else {
        return;
    };
    let mut access = access(host, Operation::Update, asset);
    access.key = key_of(host, machine, id);
    access.spread = vec![host.deep_provenance(machine, value)];
    note(host, machine, access, span);
}

/// Notes that a record is deleted.
pub(crate) fn delete(host: &ModelHost, machine: &mut Machine<'_>, value: &Value, span: Span) {
    for id in value.objects().collect::<Vec<_>>() {
        let Some(asset) = asset_of(host, machine, id) else {
            continue;
        };
        let mut access = access(host, Operation::Delete, asset);
        access.key = key_of(host, machine, id);
        note(host, machine, access, span);
    }
}

/// Gives a new instance its attributes: those named in the call, and unknown ones.
pub(crate) fn fill(
    machine: &mut Machine<'_>,
    instance: ObjectId,
    arguments: &firedoor_eval::Arguments,
) {
    let object = machine.heap.get_mut(instance);
    for (name, value) in &arguments.keywords {
        object.properties.insert(*name, value.clone());
    }
    if let Some(rest) = &arguments.rest {
        object.is_open = true;
        object.elements.push(rest.clone());
    }
}

/// Returns the provenance of a default: of the constant, or of what the function returns.
pub(crate) fn default_provenance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    default: &Value,
    span: Span,
) -> Provenance {
    let is_function = default.as_outside().is_some()
        || default.only_object().is_some_and(|id| {
            matches!(
                machine.heap.get(id).kind,
                ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. }
            )
        });
    if !is_function {
        return host.deep_provenance(machine, default);
    }
    let (made, _) = machine.catching(|machine| {
        machine.call_value(default, None, &firedoor_eval::Arguments::default(), span)
    });
    match made {
        Ok(made) => host.deep_provenance(machine, &made),
        Err(_) => Provenance::default(),
    }
}

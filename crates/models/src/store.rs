//! What all models of stores share: declaring assets, reading conditions and updates, making records.
//!
//! A record that a library hands out is an unknown object whose members come from fields of the asset.
//! Whether there is one at all is undecided, and for an attacker decided: he finds nothing by a
//! credential that he has made up.

use firedoor_app::{
    Access, Asset, AssetField, AssetKind, EffectKind, Field, Operation, Origin, Provenance,
};
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{ModelHost, alternatives, judge};

/// The conditions that choose records, and the values in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    /// For the map.
    pub(crate) fields: Vec<Field>,
    /// What the record that is found hangs on.
    pub(crate) values: Vec<Value>,
}

impl Conditions {
    /// Adds `name = value`.
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
            value: host.deep_provenance(machine, value),
            operator,
        });
        self.values.push(value.clone());
    }

    /// Adds other conditions.
    pub(crate) fn append(&mut self, mut other: Conditions) {
        self.fields.append(&mut other.fields);
        self.values.append(&mut other.values);
    }

    /// Adds conditions that are not known one by one.
    pub(crate) fn add_unknown(
        &mut self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        value: &Value,
    ) {
        self.add(host, machine, "", "=", value);
    }
}

/// How a library writes conditions as objects.
pub(crate) struct Dialect {
    /// Returns the operator that a key of an object stands for.
    pub(crate) operator: fn(&str) -> Option<&'static str>,
    /// Keys that hold one or more further conditions.
    pub(crate) groups: &'static [&'static str],
}

/// Reads conditions that are written as an object: `{ email, age: { $gt: 3 }, $or: [...] }`.
pub(crate) fn read_conditions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dialect: &Dialect,
    filter: &Value,
) -> Conditions {
    let mut conditions = Conditions::default();
    add_conditions(host, machine, dialect, filter, "", &mut conditions, 0);
    conditions
}

/// Adds the conditions in `filter`, whose names begin with `prefix`.
pub(crate) fn add_conditions(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dialect: &Dialect,
    filter: &Value,
    prefix: &str,
    conditions: &mut Conditions,
    depth: usize,
) {
    if filter.is_nothing() || depth > 6 {
        return;
    }
    if filter.is_unknown() {
        conditions.add(host, machine, prefix, "=", filter);
    }
    let mut choices = Vec::new();
    for id in filter.objects().collect::<Vec<_>>() {
        let mut choice = Conditions::default();
        let given = named_parts(machine, id);
        for (name, value) in &given {
            if dialect.groups.contains(&name.as_str()) {
                let group = (name.as_str(), value);
                add_group(
                    host,
                    machine,
                    dialect,
                    group,
                    prefix,
                    &mut choice,
                    depth + 1,
                );
                continue;
            }
            let name = dotted(prefix, name);
            add_condition(host, machine, dialect, &name, value, &mut choice, depth);
        }
        for part in open_parts(machine, id) {
            choice.add_unknown(host, machine, &part);
        }
        if prefix.is_empty() {
            alternatives::loosen_path(host, machine, &given, &mut choice.fields);
        }
        choices.push(choice);
    }
    let is_nothing = |choice: &Conditions| choice.fields.is_empty() && choice.values.is_empty();
    if choices.len() > 1
        && choices.iter().any(is_nothing)
        && alternatives::is_left_to_client(host, machine, filter)
    {
        let fields = choices.iter_mut().map(|choice| &mut choice.fields);
        fields.for_each(|fields| alternatives::loosen(fields));
    }
    if alternatives::is_chosen_by_rank(host, machine, filter) {
        choices.into_iter().for_each(|it| conditions.append(it));
    } else {
        conditions.append(alternatives::joined(choices));
    }
}

/// Adds the conditions of `{ OR: [...] }` and the like.
fn add_group(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dialect: &Dialect,
    (word, group): (&str, &Value),
    prefix: &str,
    conditions: &mut Conditions,
    depth: usize,
) {
    let mut parted = Vec::new();
    for part in parts(machine, group) {
        let mut one = Conditions::default();
        add_conditions(host, machine, dialect, &part, prefix, &mut one, depth);
        parted.push(one);
    }
    let word = word.trim_start_matches(['@', '$']);
    if word.eq_ignore_ascii_case("or") {
        conditions.append(alternatives::joined(parted));
    } else {
        parted.into_iter().for_each(|it| conditions.append(it));
    }
}

fn add_condition(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dialect: &Dialect,
    name: &str,
    value: &Value,
    conditions: &mut Conditions,
    depth: usize,
) {
    let mut is_nested = false;
    for id in value.objects().collect::<Vec<_>>() {
        let kind = &machine.heap.get(id).kind;
        if !matches!(kind, ObjectKind::Plain | ObjectKind::Map) {
            continue;
        }
        let properties = named_parts(machine, id);
        if properties.is_empty() || depth > 6 {
            continue;
        }
        is_nested = true;
        for (key, part) in properties {
            if key == "mode" || key == "$options" {
                continue;
            }
            match (dialect.operator)(&key) {
                Some("") => {
                    add_condition(host, machine, dialect, name, &part, conditions, depth + 1);
                }
                Some(operator) => conditions.add(host, machine, name, operator, &part),
                None => {
                    let name = dotted(name, &key);
                    add_condition(host, machine, dialect, &name, &part, conditions, depth + 1);
                }
            }
        }
    }
    if !is_nested {
        let before = conditions.fields.len();
        conditions.add(host, machine, name, "=", value);
        if alternatives::is_optional(host, machine, value) {
            alternatives::loosen(&mut conditions.fields[before..]);
        }
    }
}

/// Returns the properties of an object, with those whose keys are symbols of a library (`[Op.gt]`).
fn named_parts(machine: &Machine<'_>, id: ObjectId) -> Vec<(Ustr, Value)> {
    let mut parts = own_properties(machine, id);
    let object = machine.heap.get(id);
    if matches!(object.kind, ObjectKind::Map) {
        for pair in object.elements.chunks(2) {
            if let [key, value] = pair
                && let Some(path) = key.as_outside()
            {
                parts.push((
                    Ustr::from(&format!("@{}", method_name(&path))),
                    value.clone(),
                ));
            }
        }
    }
    parts
}

/// Joins two names with a dot.
pub(crate) fn dotted(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

/// Returns the properties of an object that the program gave it.
pub(crate) fn own_properties(machine: &Machine<'_>, id: ObjectId) -> Vec<(Ustr, Value)> {
    machine
        .heap
        .get(id)
        .properties
        .iter()
        .filter(|(name, _)| !name.contains(':'))
        .map(|(name, value)| (*name, value.clone()))
        .collect()
}

/// Returns what was spread into an object without being known one by one; of an object that was itself spread, what
/// it was filled from.
pub(crate) fn open_parts(machine: &Machine<'_>, id: ObjectId) -> Vec<Value> {
    let mut parts = Vec::new();
    add_open_parts(machine, id, 0, &mut parts);
    parts
}

fn add_open_parts(machine: &Machine<'_>, id: ObjectId, depth: usize, parts: &mut Vec<Value>) {
    let object = machine.heap.get(id);
    let is_record = matches!(
        object.kind,
        ObjectKind::Plain | ObjectKind::Host(_) | ObjectKind::Instance { .. }
    );
    if !object.is_open || !is_record {
        return;
    }
    for part in &object.elements {
        let inner = part.only_object().filter(|inner| {
            let inner = machine.heap.get(*inner);
            depth < 4 && part.origins.is_empty() && inner.is_open && !inner.elements.is_empty()
        });
        match inner {
            Some(inner) => add_open_parts(machine, inner, depth + 1, parts),
            None => parts.push(part.clone()),
        }
    }
}

/// Returns the elements of a list, or the value itself if it is none.
pub(crate) fn parts(machine: &mut Machine<'_>, value: &Value) -> Vec<Value> {
    let is_list = |machine: &Machine<'_>, atom: &Atom| match atom {
        Atom::Object(id) => matches!(
            machine.heap.get(*id).kind,
            ObjectKind::Array | ObjectKind::Tuple
        ),
        _ => false,
    };
    let lists = value.filter(|atom| is_list(machine, atom));
    let Some(lists) = lists else {
        return vec![value.clone()];
    };
    let mut parts = machine.elements_of(&lists).0;
    // What may be a list and may be none, as a body that was cleaned in either case, is written in either case.
    let rest = value.filter(|atom| !is_list(machine, atom) && !atom.is_nothing());
    parts.extend(rest.filter(|rest| rest.objects().next().is_some()));
    parts
}

/// Returns a property of an object literal.
pub(crate) fn property(machine: &Machine<'_>, value: &Value, name: &str) -> Option<Value> {
    let name = Ustr::from(name);
    value
        .objects()
        .find_map(|id| machine.heap.property(id, name).cloned())
}

/// Returns the last part of the path of a call: the name of the method.
pub(crate) fn method_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Holds if the value is a function, of the program or outside.
pub(crate) fn is_function(machine: &Machine<'_>, value: &Value) -> bool {
    match value.only() {
        Some(Atom::Object(id)) => matches!(
            machine.heap.get(id).kind,
            ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. }
        ),
        _ => false,
    }
}

/// Declares an asset. What is declared twice keeps the fields of both.
pub(crate) fn declare(
    host: &ModelHost,
    name: Ustr,
    kind: AssetKind,
    span: Span,
    fields: Vec<AssetField>,
) {
    let mut state = host.state();
    let asset = state.assets.entry(name).or_insert_with(|| Asset {
        name,
        kind,
        span,
        fields: Vec::new(),
    });
    if asset.fields.is_empty() {
        asset.span = span;
    }
    for field in fields {
        match asset
            .fields
            .iter_mut()
            .find(|known| known.name == field.name)
        {
            Some(known) => {
                known.is_unique |= field.is_unique;
                known.refers_to = known.refers_to.or(field.refers_to);
                known.default = known.default.take().or(field.default);
            }
            None => asset.fields.push(field),
        }
    }
}

/// Returns a field without any properties.
pub(crate) fn plain_field(name: &str, kind: Option<&str>) -> AssetField {
    AssetField {
        is_expiry: false,
        name: Ustr::from(name),
        kind: kind.map(Ustr::from),
        refers_to: None,
        is_unique: false,
        default: None,
    }
}

/// Returns an access without details.
pub(crate) fn access(host: &ModelHost, operation: Operation, asset: Ustr) -> Access {
    let (is_in_transaction, is_plain) = {
        let run = &host.state().run;
        (run.transactions > 0, run.plain_transactions > 0)
    };
    let is_unlocked = is_plain && !operation.is_write();
    Access {
        operation,
        asset,
        key: Vec::new(),
        values: Vec::new(),
        spread: Vec::new(),
        is_many: false,
        is_conditional: false,
        is_in_transaction,
        is_unlocked,
    }
}

/// Notes an access. A change that asks for more than one thing happens only where all still hold.
pub(crate) fn note(host: &ModelHost, machine: &Machine<'_>, mut access: Access, span: Span) {
    let changes = matches!(access.operation, Operation::Update | Operation::Delete);
    access.is_conditional |=
        changes && (access.key.len() > 1 || access.key.iter().any(|field| field.operator != "="));
    host.effect(machine, EffectKind::Access(access), span);
}

/// Returns a record found by `key`, or `nothing`.
pub(crate) fn found_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
    nothing: Atom,
) -> Value {
    let found = judge::record_value(host, machine, asset, &key.fields, &key.values);
    exchange(&found, &Atom::Null, nothing)
}

/// Returns the records found by `key` as a list.
pub(crate) fn found_many(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
    span: Span,
) -> Value {
    let found = found_one(host, machine, asset, key, Atom::Undefined);
    list_of(machine, &found, span)
}

/// Returns the list of all records that `found` may be; without any if it is nothing for certain.
pub(crate) fn list_of(machine: &mut Machine<'_>, found: &Value, span: Span) -> Value {
    let mut list = if found.is_nothing() {
        machine.make_list(Vec::new(), false, span)
    } else {
        machine.make_open_list(vec![found.clone()], Some(found.clone()), span)
    };
    list.origins = found.origins;
    list.control = found.control;
    list
}

/// Returns a record that is there for certain.
pub(crate) fn existing(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
) -> Value {
    let found = judge::record_value(host, machine, asset, &key.fields, &key.values);
    let mut value = Value::unknown(Shape::Object).with_origins(found.origins);
    value.control = found.control;
    value
}

/// Returns the key of a record that was just made: its own identifier.
pub(crate) fn own_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    name: &str,
) -> Conditions {
    let origin = Origin::Record {
        asset,
        field: Ustr::from(name),
        of_principal: false,
    };
    let id = host.with_origin(machine, Value::unknown(Shape::Any), origin);
    let mut key = Conditions::default();
    key.add(host, machine, name, "=", &id);
    key
}

/// Returns `value` with one alternative exchanged for another.
pub(crate) fn exchange(value: &Value, old: &Atom, new: Atom) -> Value {
    let atoms = value
        .atoms()
        .iter()
        .map(|atom| if atom == old { new } else { *atom });
    let mut exchanged = Value::atoms_of(atoms).with_origins(value.origins);
    exchanged.control = value.control;
    exchanged
}

/// Returns a number that a store has counted: of records found or changed by `key`.
pub(crate) fn counted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
    field: &str,
) -> Value {
    let found = judge::record_value(host, machine, asset, &key.fields, &key.values);
    let mut value = if found.is_nothing() {
        Value::number(0.0)
    } else {
        Value::unknown(Shape::Number)
    };
    value.origins = host.origin(
        machine,
        Origin::Record {
            asset,
            field: Ustr::from(field),
            of_principal: false,
        },
    );
    value.control = found.control;
    value
}

/// Returns an object with one count under several names, such as `{ modifiedCount }`.
pub(crate) fn counts(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    key: &Conditions,
    names: &[&str],
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let mut control = firedoor_eval::OriginSet::EMPTY;
    for name in names {
        let value = counted(host, machine, asset, key, name);
        control = value.control;
        machine
            .heap
            .get_mut(id)
            .properties
            .insert(Ustr::from(name), value);
    }
    let mut value = Value::object(id);
    value.control = control;
    value
}

/// Copies the properties of what `source` can be into an object, as `Object.assign` does.
pub(crate) fn assign_into(machine: &mut Machine<'_>, target: ObjectId, source: &Value) {
    for id in source.objects().collect::<Vec<_>>() {
        for (name, value) in own_properties(machine, id) {
            machine.heap.set_property(target, name, value);
        }
        for part in open_parts(machine, id) {
            machine.heap.open(target);
            machine.heap.elements_mut(target).push(part);
        }
    }
    if source.is_unknown() {
        machine.heap.open(target);
        machine.heap.elements_mut(target).push(source.clone());
    }
}

/// Returns what an object of values to write says: its fields and what was spread into it.
pub(crate) fn written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
) -> (Vec<Field>, Vec<Provenance>) {
    judge::written(host, machine, value)
}

/// Runs `body` as part of a transaction; a plain one is of a database server, at the level that it has by default.
/// PostgreSQL and MySQL then let others change what was read; SQLite has one writer at a time.
pub(crate) fn in_plain_transaction<T>(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    is_plain: bool,
    body: impl FnOnce(&mut Machine<'_>) -> T,
) -> T {
    let before = host.state().run.plain_transactions;
    host.state().run.plain_transactions += u32::from(is_plain);
    let result = in_transaction(host, machine, body);
    host.state().run.plain_transactions = before;
    result
}

/// Holds if a transaction with these options is at the level that database servers have by default.
pub(crate) fn is_plain(host: &ModelHost, machine: &mut Machine<'_>, options: &Value) -> bool {
    let has_level = property(machine, options, "isolationLevel").is_some();
    !has_level && host.state().has_database_server
}

/// Notes that the program connects to a database of that name, as libraries call them.
pub(crate) fn note_database(host: &ModelHost, name: &str) {
    let is_server = matches!(
        name,
        "pg" | "pgnative"
            | "postgres"
            | "postgresql"
            | "mysql"
            | "mysql2"
            | "mariadb"
            | "mssql"
            | "sqlserver"
    );
    host.state().has_database_server |= is_server;
}

/// Runs `body` as part of a transaction.
pub(crate) fn in_transaction<T>(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    body: impl FnOnce(&mut Machine<'_>) -> T,
) -> T {
    host.state().run.transactions += 1;
    let result = body(machine);
    let mut state = host.state();
    state.run.transactions = state.run.transactions.saturating_sub(1);
    result
}

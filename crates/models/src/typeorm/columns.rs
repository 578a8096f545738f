//! Columns and tables by the names that the database knows them by, as statements name them, and expressions of SQL.
//!
//! A field has the column that its decorator names, or one of its own name; with a naming strategy it is written with
//! underscores. Source: typeorm 0.3, `query-builder/InsertQueryBuilder.ts`, `UpdateQueryBuilder.ts`: a function among
//! the values stands for SQL that is pasted in.

use firedoor_app::{Field, Provenance};
use firedoor_eval::{Arguments, Atom, Host, Machine, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::store::{self, is_function};
use crate::{ModelHost, sqltext};

/// Remembers the name that the decorator of a field gives to its column.
pub(super) fn name(host: &ModelHost, asset: Ustr, field: Ustr, column: Ustr) {
    let mut state = host.state();
    let columns = state.typeorm.columns.entry(asset).or_default();
    columns.insert(column, field);
}

/// Returns the field of an entity that a column belongs to, or the name of the column if it is none's.
pub(super) fn field_of(host: &ModelHost, asset: Ustr, column: Ustr) -> Ustr {
    let state = host.state();
    let named = state.typeorm.columns.get(&asset);
    if let Some(field) = named.and_then(|columns| columns.get(&column)) {
        return *field;
    }
    let declared = state.assets.get(&asset).into_iter();
    let declared: Vec<Ustr> = declared
        .flat_map(|asset| &asset.fields)
        .map(|field| field.name)
        .collect();
    if declared.contains(&column) {
        return column;
    }
    let is_same = |field: &&Ustr| with_underscores(field) == column.as_str();
    declared.iter().find(is_same).copied().unwrap_or(column)
}

/// `usedAt` as `used_at`.
fn with_underscores(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// Calls the conditions of a statement what the fields are called.
pub(super) fn rename(host: &ModelHost, asset: Ustr, fields: &mut [Field]) {
    for field in fields {
        field.name = field_of(host, asset, field.name);
    }
}

/// Makes what a row is as the driver hands it out: its columns by the names that the database has for them.
pub(super) fn raw_row(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    found: &Value,
    span: Span,
) -> Value {
    if found.is_nothing() {
        return found.clone();
    }
    let columns = columns(host, asset);
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).is_open = true;
    for (column, field) in columns {
        let origins = host.member_origins(machine, found.origins, field);
        let value = Value::unknown(Shape::Any).with_origins(origins);
        machine.heap.get_mut(id).properties.insert(column, value);
    }
    store::exchange(found, &Atom::Unknown(Shape::Object), Atom::Object(id))
}

/// Returns the names that the columns of an entity can have, each with its field.
fn columns(host: &ModelHost, asset: Ustr) -> Vec<(Ustr, Ustr)> {
    let state = host.state();
    let declared = state.assets.get(&asset).into_iter();
    let mut columns: Vec<(Ustr, Ustr)> = declared
        .flat_map(|asset| &asset.fields)
        .flat_map(|field| {
            let column = Ustr::from(&with_underscores(&field.name));
            [(field.name, field.name), (column, field.name)]
        })
        .collect();
    let named = state.typeorm.columns.get(&asset).into_iter().flatten();
    let mut named: Vec<(Ustr, Ustr)> = named.map(|(column, field)| (*column, *field)).collect();
    named.sort_by_key(|(column, _)| column.as_str());
    columns.extend(named);
    columns
}

/// Reads what a row writes; a function among its values is asked for the SQL that it stands for.
pub(super) fn written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    row: &Value,
    named: &[(Ustr, Provenance)],
) -> (Vec<Field>, Vec<Provenance>) {
    let (mut fields, spread) = store::written(host, machine, row);
    for id in row.objects().collect::<Vec<_>>() {
        for (name, value) in store::own_properties(machine, id) {
            if !is_function(machine, &value) {
                continue;
            }
            let span = machine.place();
            let (text, _) = machine
                .catching(|machine| machine.call_value(&value, None, &Arguments::default(), span));
            let Some(text) = text.ok().and_then(|text| text.text_pattern()) else {
                continue;
            };
            let Some(read) = expression(&name, &text, named) else {
                continue;
            };
            fields.retain(|field| field.name != name);
            fields.push(read);
        }
    }
    (fields, spread)
}

/// `coins - :price` of a field `coins`.
fn expression(name: &str, text: &str, named: &[(Ustr, Provenance)]) -> Option<Field> {
    let column = with_underscores(name);
    let whole = |column: &str| format!("UPDATE t SET {column} = {text} WHERE id = 1");
    // The expression names the field by its column, or as the program does.
    let read = |column: &str| {
        let accesses = sqltext::accesses(&whole(column), &[], named);
        accesses.into_iter().flat_map(|access| access.values).next()
    };
    let by_column = read(&column)?;
    let found = match by_column.operator {
        "=" => read(name)?,
        _ => by_column,
    };
    Some(Field {
        name: Ustr::from(name),
        ..found
    })
}

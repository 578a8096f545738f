//! What running a statement in SQL does, whichever library sends it.

use firedoor_app::{Access, AssetKind, Field, Operation, Origin, Provenance};
use firedoor_eval::{Atom, Machine, ObjectKind, OriginSet, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::sqltext::{self, Statement};
use crate::store::{self, Conditions};

/// A statement that is sent, with its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The text.
    pub(crate) text: Option<Ustr>,
    /// The same text with another name in one place, as that of a column which the program picks from a list of its own.
    pub(crate) variants: Vec<Ustr>,
    /// Where the parts that are pasted into it come from.
    pub(crate) pasted: OriginSet,
    /// Parameters by position.
    pub(crate) positional: Vec<Value>,
    /// Parameters by name.
    pub(crate) named: Vec<(Ustr, Value)>,
}

/// What came of a statement.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// The first row, or undefined.
    pub(crate) row: Value,
    /// The number of rows changed.
    pub(crate) changes: Value,
    /// The identifier of a row that was made.
    pub(crate) id: Value,
    /// Holds if rows are returned at all.
    pub(crate) returns_rows: bool,
}

impl Sent {
    /// Returns the statement with this text and without parameters.
    pub(crate) fn new(text: &Value) -> Sent {
        let mut texts = match text.text_pattern() {
            Some(text) => vec![text],
            None => sqltext::variants(text),
        };
        let first = (!texts.is_empty()).then(|| texts.remove(0));
        Sent {
            text: first,
            variants: texts,
            pasted: text.origins,
            ..Sent::default()
        }
    }

    /// Returns how many parameters the text takes besides these.
    pub(crate) fn left_over(&self, parameters: usize) -> usize {
        let taken = self.text.map_or(0, |text| sqltext::placeholders(&text));
        taken.saturating_sub(parameters).min(16)
    }

    /// Adds parameters as libraries take them: one by one, as a list, or as an object with names.
    pub(crate) fn add(&mut self, machine: &mut Machine<'_>, parameters: &[Value]) {
        for value in parameters {
            let Some(id) = value.only_object() else {
                self.positional.push(value.clone());
                continue;
            };
            match machine.heap.get(id).kind {
                ObjectKind::Array | ObjectKind::Tuple => {
                    let (elements, _) = machine.elements_of(value);
                    self.positional.extend(elements);
                }
                ObjectKind::Plain => {
                    self.named.extend(store::own_properties(machine, id));
                    self.positional.push(value.clone());
                }
                _ => self.positional.push(value.clone()),
            }
        }
    }
}

/// Runs a statement: declares its tables, notes its accesses and returns what it gives.
pub(crate) fn run(host: &ModelHost, machine: &mut Machine<'_>, sent: &Sent, span: Span) -> Ran {
    let mut ran = run_text(host, machine, sent, span);
    for text in &sent.variants {
        let other = Sent {
            text: Some(*text),
            ..sent.clone()
        };
        let other = run_text(host, machine, &other, span);
        ran.row = machine.join(ran.row, &other.row);
        ran.changes = machine.join(ran.changes, &other.changes);
        ran.id = machine.join(ran.id, &other.id);
        ran.returns_rows |= other.returns_rows;
    }
    ran
}

fn run_text(host: &ModelHost, machine: &mut Machine<'_>, sent: &Sent, span: Span) -> Ran {
    let mut ran = Ran {
        row: Value::undefined(),
        changes: Value::unknown(Shape::Number),
        id: Value::unknown(Shape::Number),
        returns_rows: false,
    };
    let Some(text) = sent.text else {
        ran.row = Value::unknown(Shape::Any).with_origins(sent.pasted);
        ran.returns_rows = true;
        return ran;
    };
    // A helper that all queries go through is no place where anything is done.
    let place = machine.place_of_text(&text, span);
    for statement in statements(host, machine, sent, &text) {
        for table in &statement.tables {
            let fields = table.fields.clone();
            store::declare(host, table.name, AssetKind::Table, place, fields);
        }
        match statement.transaction {
            Some(true) => {
                let mut state = host.state();
                state.run.transactions += 1;
                state.run.plain_transactions += u32::from(state.has_database_server);
            }
            Some(false) => {
                let mut state = host.state();
                state.run.transactions = state.run.transactions.saturating_sub(1);
                state.run.plain_transactions = state.run.plain_transactions.saturating_sub(1);
            }
            None => {}
        }
        if asks_for_level(&text) {
            host.state().run.plain_transactions = 0;
        }
        for access in &statement.accesses {
            note(host, machine, access.clone(), statement.is_single, place);
        }
        if !statement.accesses.is_empty() {
            ran = result(host, machine, &statement, sent, span);
        }
    }
    ran
}

/// Holds if a transaction is begun at a level of its own, or set to one.
fn asks_for_level(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["ISOLATION LEVEL", "LOCK TABLE", "PG_ADVISORY"]
        .iter()
        .any(|words| upper.contains(words))
}

fn statements(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    sent: &Sent,
    text: &str,
) -> Vec<Statement> {
    let positional: Vec<Provenance> = sent
        .positional
        .iter()
        .map(|value| host.stored_provenance(machine, value))
        .collect();
    let mut named: Vec<(Ustr, Provenance)> = sent
        .named
        .iter()
        .map(|(name, value)| (*name, host.stored_provenance(machine, value)))
        .collect();
    named.push((Ustr::default(), host.set_provenance(machine, sent.pasted)));
    sqltext::read_again(&mut host.state().parsed, text, &positional, &named)
}

/// Notes an access. Whether it can touch more than one row is known where the table is declared.
fn note(host: &ModelHost, machine: &Machine<'_>, mut access: Access, is_single: bool, span: Span) {
    let unique = unique_columns(host, access.asset);
    if !unique.is_empty() && !is_single && access.operation != Operation::Create {
        access.is_many = !access
            .key
            .iter()
            .any(|field| field.operator == "=" && unique.contains(&field.name));
    }
    store::declare(host, access.asset, AssetKind::Table, span, Vec::new());
    access.is_unlocked = !access.is_in_transaction
        && !access.operation.is_write()
        && host.state().run.plain_transactions > 0;
    access.is_in_transaction |= host.state().run.transactions > 0;
    store::note(host, machine, access, span);
}

fn unique_columns(host: &ModelHost, asset: Ustr) -> Vec<Ustr> {
    let state = host.state();
    let fields = state
        .assets
        .get(&asset)
        .map(|asset| asset.fields.as_slice());
    fields
        .unwrap_or_default()
        .iter()
        .filter(|field| field.is_unique)
        .map(|field| field.name)
        .collect()
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: &Statement,
    sent: &Sent,
    span: Span,
) -> Ran {
    let main = statement.accesses.last();
    let asset = whole_row(statement)
        .or_else(|| Some(main?.asset))
        .unwrap_or_default();
    let mut key = Conditions {
        fields: all_keys(statement),
        values: sent.positional.clone(),
    };
    key.values
        .extend(sent.named.iter().map(|(_, value)| value.clone()));
    let found = store::found_one(host, machine, asset, &key, Atom::Undefined);
    let mut row = found.clone();
    let is_made = main.is_some_and(|access| access.operation == Operation::Create);
    if !found.is_nothing() || is_made {
        let object = row_object(host, machine, statement, &found, span);
        row = store::exchange(&found, &Atom::Unknown(Shape::Object), object);
        if (is_made || is_aggregate(statement))
            && let Atom::Object(id) = object
        {
            let mut there = match is_made && statement.may_make_none {
                true => Value::atoms_of([Atom::Undefined, Atom::Object(id)]),
                false => Value::object(id),
            };
            there.origins = found.origins;
            there.control = found.control;
            row = there;
        }
    }
    let mut changes = store::counted(host, machine, asset, &key, "changes");
    if is_made {
        changes = Value::unknown(Shape::Number);
    }
    let origin = Origin::Record {
        asset,
        field: Ustr::from("id"),
        of_principal: false,
    };
    let id = host.with_origin(machine, Value::unknown(Shape::Number), origin);
    Ran {
        row,
        changes,
        id,
        returns_rows: !statement.columns.is_empty(),
    }
}

/// Returns the table of which the rows are whole records: `SELECT a.* FROM logins l JOIN accounts a …`.
fn whole_row(statement: &Statement) -> Option<Ustr> {
    let [(None, value)] = statement.columns.as_slice() else {
        return None;
    };
    match value.origins() {
        [Origin::Record { asset, .. }] => Some(*asset),
        _ => None,
    }
}

fn all_keys(statement: &Statement) -> Vec<Field> {
    statement
        .accesses
        .iter()
        .flat_map(|access| access.key.iter().cloned())
        .collect()
}

/// `SELECT COUNT(*)` gives a row for certain.
fn is_aggregate(statement: &Statement) -> bool {
    let is_count = statement
        .accesses
        .last()
        .is_some_and(|access| access.operation == Operation::Count);
    let is_constant = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|origin| matches!(origin, Origin::Literal(_)))
    };
    is_count
        && !statement
            .columns
            .iter()
            .all(|(_, value)| is_constant(value))
}

/// Makes the object that a row is: columns with names, and whole tables.
fn row_object(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: &Statement,
    found: &Value,
    span: Span,
) -> Atom {
    let is_own = crate::python_records::is_of_principal(host, machine, found.origins);
    let columns: Vec<&(Option<Ustr>, Provenance)> = statement
        .columns
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if columns.is_empty() || matches!(columns.as_slice(), [(None, _)]) {
        return Atom::Unknown(Shape::Object);
    }
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for (name, provenance) in columns {
        let mut value = Value::unknown(Shape::Any);
        let provenance = owned(provenance, is_own);
        value.origins = host.origins_from(machine, &provenance);
        value.control = found.control;
        let object = machine.heap.get_mut(id);
        match name {
            Some(name) => {
                object.properties.insert(*name, value);
            }
            None => {
                object.is_open = true;
                object.elements.push(value);
            }
        }
    }
    Atom::Object(id)
}

/// What stands in a row that was found by who is asking is about him.
fn owned(provenance: &Provenance, is_own: bool) -> Provenance {
    let origins = provenance.origins().iter().cloned();
    Provenance::new(origins.map(|origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal,
        } => Origin::Record {
            asset,
            field,
            of_principal: of_principal || is_own,
        },
        other => other,
    }))
}

impl ModelHost {
    /// Returns the set with the origins of a provenance.
    pub(crate) fn origins_from(
        &self,
        machine: &mut Machine<'_>,
        provenance: &Provenance,
    ) -> OriginSet {
        let mut set = OriginSet::EMPTY;
        for origin in provenance.origins() {
            if !matches!(origin, Origin::Literal(_)) {
                let single = self.origin(machine, origin.clone());
                set = machine.origins.union(set, single);
            }
        }
        set
    }
}

/// Declares the tables of the files with SQL that lie beside the program: schemas and migrations.
pub(crate) fn load_files(host: &ModelHost, machine: &Machine<'_>) {
    if std::mem::replace(&mut host.state().has_sql_files, true) {
        return;
    }
    for (id, file) in machine.program.files.iter() {
        if !file.path.ends_with(".sql") {
            continue;
        }
        for statement in sqltext::read(&file.text, &[], &[]) {
            for table in statement.tables {
                let span = Span::new(id, 0, 0);
                store::declare(host, table.name, AssetKind::Table, span, table.fields);
            }
        }
    }
}

/// Returns the rows of what was run as a list.
pub(crate) fn rows(machine: &mut Machine<'_>, ran: &Ran, span: Span) -> Value {
    store::list_of(machine, &ran.row, span)
}

/// Makes an object with these properties.
pub(crate) fn object(machine: &mut Machine<'_>, properties: &[(&str, Value)], span: Span) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    let mut control = OriginSet::EMPTY;
    for (name, value) in properties {
        control = machine.origins.union(control, value.control);
        let object = machine.heap.get_mut(id);
        object.properties.insert(Ustr::from(name), value.clone());
    }
    let mut value = Value::object(id);
    value.control = control;
    value
}

/// Puts together the text of a tagged template: each value is a parameter, but for parts that are SQL
/// themselves, which `part` knows.
pub(crate) fn template(
    machine: &mut Machine<'_>,
    arguments: &firedoor_eval::Arguments,
    part: &dyn Fn(&Machine<'_>, &Value) -> Option<Part>,
) -> Sent {
    let strings = store::parts(machine, &arguments.get(0));
    let mut sent = Sent::default();
    let mut text = String::new();
    for (index, string) in strings.iter().enumerate() {
        text.push_str(&string.text().unwrap_or_default());
        let Some(value) = arguments.positional.get(index + 1) else {
            continue;
        };
        match part(machine, value) {
            Some(Part::Text(inner)) => {
                match inner.variants.is_empty() {
                    true => text.push_str(&inner.text.unwrap_or_default()),
                    false => text.push(firedoor_eval::HOLE),
                }
                sent.positional.extend(inner.positional);
                sent.pasted = machine.origins.union(sent.pasted, inner.pasted);
            }
            Some(Part::Pasted) => {
                text.push(firedoor_eval::HOLE);
                let deep = machine.deep_origins(value);
                sent.pasted = machine.origins.union(sent.pasted, deep);
            }
            None => {
                text.push('?');
                sent.positional.push(value.clone());
            }
        }
    }
    sent.text = Some(Ustr::from(&text));
    sent
}

/// A value in a template that is SQL itself.
pub(crate) enum Part {
    /// A piece of SQL.
    Text(Sent),
    /// Something that the library turns into SQL.
    Pasted,
}

/// Holds if the call is one of a tag.
pub(crate) fn is_tag(machine: &Machine<'_>, arguments: &firedoor_eval::Arguments) -> bool {
    store::property(machine, &arguments.get(0), "raw").is_some()
}

//! Query builders: each method is noted, and what they say together runs at the end.

use firedoor_app::{Operation, Provenance};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::repository::{Entity, entity_of, result};
use super::{columns, conditions};
use crate::sql::Sent;
use crate::store::{self, Conditions, method_name, property};
use crate::{ModelHost, sqltext, tools};

/// `repository.createQueryBuilder('user')`, `source.createQueryBuilder()`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "typeorm:builder", call.span);
    let entity = property(machine, &call.this, "$entity");
    let entity = entity.unwrap_or_else(|| call.arguments.get(0));
    machine.heap.set_property(id, Ustr::from("$entity"), entity);
    Ok(Some(Value::object(id)))
}

/// A method of a builder is noted with its arguments.
pub(super) fn chain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let name = method_name(&call.path);
    let first = call.arguments.get(0);
    if matches!(name, "from" | "into" | "update" | "delete") && first.only_object().is_some() {
        let is_entity = first
            .objects()
            .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }));
        if is_entity {
            machine.heap.set_property(id, Ustr::from("$entity"), first);
        }
    }
    let mut step = vec![Value::string(name)];
    step.extend(call.arguments.positional.iter().cloned());
    let step = machine.make_list(step, false, call.span);
    machine.heap.elements_mut(id).push(step);
    Ok(Some(call.this.clone()))
}

/// `getOne()`, `getMany()`, `execute()`.
pub(super) fn run_builder(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let entity = property(machine, &call.this, "$entity");
    let Some(entity) = entity.and_then(|entity| entity_of(host, &entity)) else {
        return Ok(None);
    };
    let method = method_name(&call.path);
    let mut steps = Steps::read(host, machine, id, entity.asset);
    if method == "getCount" {
        steps.operation = Operation::Count;
    }
    let operation = steps.operation;
    let key = steps.key;
    let mut access = store::access(host, operation, entity.asset);
    access.key.clone_from(&key.fields);
    let by_key = key.fields.iter().any(|field| field.operator == "=");
    access.is_many = !by_key && !method.contains("One") && operation != Operation::Create;
    access.is_unlocked &= !steps.is_locking;
    for row in store::parts(machine, &steps.values) {
        let (fields, spread) = columns::written(host, machine, &row, &steps.named);
        access.values.extend(fields);
        access.spread.extend(spread);
    }
    store::note(host, machine, access, call.span);
    let like = match method {
        "getOne" | "getRawOne" => "findOne",
        "getOneOrFail" => "findOneOrFail",
        "getMany" | "getRawMany" => "find",
        "getManyAndCount" => "findAndCount",
        "getCount" => "count",
        _ => "update",
    };
    let value = result(host, machine, &entity, like, &key, call.span)?;
    if method == "execute" {
        let may_lack = operation != Operation::Create || steps.is_lenient;
        add_rows(host, machine, (&entity, &key, may_lack), &value, call.span);
    }
    tools::deliver(machine, call, value)
}

/// What the steps of a builder say.
struct Steps {
    operation: Operation,
    key: Conditions,
    values: Value,
    /// Parameters by name.
    named: Vec<(Ustr, Provenance)>,
    /// Holds for an insertion that may come to nothing.
    is_lenient: bool,
    /// Holds if the rows are locked until the transaction ends.
    is_locking: bool,
}

impl Steps {
    fn read(host: &ModelHost, machine: &mut Machine<'_>, builder: ObjectId, asset: Ustr) -> Steps {
        let mut steps = Steps {
            operation: Operation::Read,
            key: Conditions::default(),
            values: Value::undefined(),
            named: Vec::new(),
            is_lenient: false,
            is_locking: false,
        };
        let mut sides: Vec<Conditions> = Vec::new();
        let noted = machine.heap.get(builder).elements.clone();
        let noted: Vec<Vec<Value>> = noted
            .iter()
            .map(|step| store::parts(machine, step))
            .collect();
        // Parameters are given where they are used, or anywhere else.
        for step in &noted {
            steps.named.extend(given(host, machine, step));
        }
        for step in &noted {
            let Some((name, arguments)) = step.split_first() else {
                continue;
            };
            match name.text().unwrap_or_default().as_str() {
                "insert" => steps.operation = Operation::Create,
                "update" => steps.operation = Operation::Update,
                "delete" | "softDelete" => steps.operation = Operation::Delete,
                "set" | "values" => {
                    steps.values = arguments.first().cloned().unwrap_or_else(Value::undefined);
                }
                "orIgnore" => steps.is_lenient = true,
                "setLock" => steps.is_locking = true,
                "where" | "andWhere" | "orWhere" => {
                    let mut asked = Conditions::default();
                    add_where(host, machine, (asset, &steps.named), arguments, &mut asked);
                    // The first takes the place of what was asked before, and "and" binds closer than "or".
                    match (name.text().unwrap_or_default().as_str(), sides.last_mut()) {
                        ("andWhere", Some(last)) => last.append(asked),
                        ("orWhere", _) => sides.push(asked),
                        _ => sides = vec![asked],
                    }
                }
                _ => {}
            }
        }
        steps.key = match sides.len() {
            0 | 1 => sides.pop().unwrap_or_default(),
            _ => crate::alternatives::joined(sides),
        };
        steps
    }
}

/// The parameters that a step gives by name.
fn given(host: &ModelHost, machine: &mut Machine<'_>, step: &[Value]) -> Vec<(Ustr, Provenance)> {
    let Some((name, arguments)) = step.split_first() else {
        return Vec::new();
    };
    let mut sent = Sent::default();
    match name.text().unwrap_or_default().as_str() {
        "where" | "andWhere" | "orWhere" => sent.add(machine, arguments.get(1..).unwrap_or(&[])),
        "setParameters" => sent.add(machine, arguments),
        "setParameter" => {
            if let [name, value, ..] = arguments {
                sent.named
                    .extend(name.text().map(|name| (name, value.clone())));
            }
        }
        _ => {}
    }
    let named = sent.named.iter();
    named
        .map(|(name, value)| (*name, host.deep_provenance(machine, value)))
        .collect()
}

/// What was executed tells the rows that were written, as far as the database returns them.
fn add_rows(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (entity, key, may_lack): (&Entity, &Conditions, bool),
    result: &Value,
    span: Span,
) {
    let found = match may_lack {
        true => store::found_one(host, machine, entity.asset, key, Atom::Undefined),
        false => store::existing(host, machine, entity.asset, key),
    };
    let row = columns::raw_row(host, machine, entity.asset, &found, span);
    let rows = match may_lack {
        true => store::list_of(machine, &row, span),
        false => machine.make_list(vec![row], false, span),
    };
    for id in result.objects().collect::<Vec<_>>() {
        for name in ["raw", "identifiers", "generatedMaps"] {
            let properties = &mut machine.heap.get_mut(id).properties;
            properties.insert(Ustr::from(name), rows.clone());
        }
    }
}

/// `where('user.id = :id', { id })`: the condition of a statement in SQL.
fn add_where(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (asset, named): (Ustr, &[(Ustr, Provenance)]),
    arguments: &[Value],
    key: &mut Conditions,
) {
    let [test, rest @ ..] = arguments else {
        return;
    };
    let Some(text) = test.text_pattern() else {
        let more = conditions(host, machine, test);
        key.fields.extend(more.fields);
        key.values.extend(more.values);
        return;
    };
    let mut sent = Sent::new(test);
    sent.add(machine, rest);
    let mut named = named.to_vec();
    named.push((Ustr::default(), host.set_provenance(machine, test.origins)));
    let alias = text.split('.').next().unwrap_or("").trim();
    let is_alias = !alias.is_empty() && alias.chars().all(|c| c.is_alphanumeric() || c == '_');
    let alias = if is_alias { alias } else { "t" };
    let whole = format!(
        "SELECT * FROM t {alias} WHERE {}",
        text.replace(":...", ":")
    );
    for access in sqltext::accesses(&whole, &[], &named) {
        if access.asset == "t" {
            let mut fields = access.key;
            columns::rename(host, asset, &mut fields);
            key.fields.extend(fields);
        }
    }
    key.values
        .extend(sent.named.into_iter().map(|(_, value)| value));
}

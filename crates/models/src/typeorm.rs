//! TypeORM 0.2 and 0.3: <https://typeorm.io/docs/getting-started>.
//!
//! An entity is a class of the program with decorators; a repository of it reads and writes. Records are
//! instances of the class whose fields are not known.

mod builder;
mod columns;
mod repository;
mod subclass;

use firedoor_app::{AssetField, AssetKind, Origin, Provenance};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, OriginSet, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::store::{self, Conditions, Dialect, method_name, property};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "typeorm",
    calls: &[
        ("npm:typeorm.Entity", entity),
        ("typeorm:entity", declare_entity),
        ("npm:typeorm.Column", column),
        ("npm:typeorm.PrimaryColumn", column),
        ("npm:typeorm.PrimaryGeneratedColumn", column),
        ("npm:typeorm.CreateDateColumn", column),
        ("npm:typeorm.UpdateDateColumn", column),
        ("npm:typeorm.DeleteDateColumn", column),
        ("npm:typeorm.ManyToOne", column),
        ("npm:typeorm.OneToMany", column),
        ("npm:typeorm.OneToOne", column),
        ("npm:typeorm.ManyToMany", column),
        ("npm:typeorm.JoinColumn", column),
        ("npm:typeorm.JoinTable", column),
        ("npm:typeorm.Index", column),
        ("npm:typeorm.Unique", column),
        ("typeorm:column", declare_column),
        ("npm:typeorm.DataSource", source),
        ("npm:typeorm.createConnection", source),
        ("npm:typeorm.getConnection", source),
        ("npm:typeorm.getManager", source),
        ("npm:typeorm.getRepository", repository::of_entity),
        ("typeorm:source.getRepository", repository::of_entity),
        ("typeorm:source.withRepository", repository::same),
        ("typeorm:source.transaction", repository::transaction),
        ("typeorm:source.query", repository::raw),
        ("typeorm:source.createQueryRunner", itself),
        ("typeorm:source.startTransaction", repository::begin),
        ("typeorm:source.commitTransaction", repository::end),
        ("typeorm:source.rollbackTransaction", repository::end),
        ("typeorm:source.initialize", itself),
        ("typeorm:source.connect", itself),
        ("typeorm:source.release", itself),
        ("typeorm:source.createQueryBuilder", builder::make),
        ("typeorm:source.*", repository::by_entity),
        ("typeorm:repository.createQueryBuilder", builder::make),
        ("typeorm:repository.query", repository::raw),
        ("typeorm:repository.extend", itself),
        ("typeorm:repository.*", repository::query),
        ("npm:typeorm.Repository<super>", subclass::made),
        (
            "npm:typeorm.Repository().createQueryBuilder",
            subclass::query_builder,
        ),
        ("npm:typeorm.Repository().query", repository::raw),
        ("npm:typeorm.Repository().*", subclass::query),
        ("npm:typeorm.BaseEntity.*", repository::by_class),
        ("npm:typeorm.BaseEntity().save", repository::save_this),
        ("npm:typeorm.BaseEntity().remove", repository::remove_this),
        ("typeorm:builder.getOne", builder::run_builder),
        ("typeorm:builder.getOneOrFail", builder::run_builder),
        ("typeorm:builder.getMany", builder::run_builder),
        ("typeorm:builder.getManyAndCount", builder::run_builder),
        ("typeorm:builder.getRawOne", builder::run_builder),
        ("typeorm:builder.getRawMany", builder::run_builder),
        ("typeorm:builder.getCount", builder::run_builder),
        ("typeorm:builder.execute", builder::run_builder),
        ("typeorm:builder.*", builder::chain),
        ("npm:typeorm.*", find_operator),
    ],
    members: &[
        ("typeorm:source.manager", same_member),
        ("typeorm:repository.manager", subclass::manager),
        ("typeorm:repository.target", subclass::target),
        ("npm:typeorm.Repository().manager", subclass::manager),
        ("npm:typeorm.Repository().target", subclass::target),
        ("npm:typeorm.BaseEntity().*", repository::no_member),
    ],
    aliases: &[
        (
            "npm:@nestjs/typeorm.getRepositoryToken",
            "npm:typeorm.getRepository",
        ),
        ("npm:typeorm.TreeRepository", "npm:typeorm.Repository"),
    ],
    ..Model::EMPTY
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The names of entities by class.
    entities: FxHashMap<ObjectId, Ustr>,
    /// Fields declared by decorators, by the prototype they were given.
    fields: IndexMap<ObjectId, Vec<(AssetField, Option<Value>)>>,
    records: FxHashMap<ObjectId, Record>,
    /// What decorators call the columns of fields, by the prototype they were given: the field, and the column.
    column_names: FxHashMap<ObjectId, Vec<(Ustr, Ustr)>>,
    /// The fields of assets, by the names that decorators give to their columns.
    columns: FxHashMap<Ustr, FxHashMap<Ustr, Ustr>>,
}

/// A record that was found, as an instance of its class.
#[derive(Clone, Debug)]
struct Record {
    asset: Ustr,
    key: Conditions,
    origins: OriginSet,
}

static DIALECT: Dialect = Dialect {
    operator: |_| None,
    groups: &[],
};

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn same_member(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}

fn source(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    crate::sql::load_files(host, machine);
    let id = host.make_object(machine, "typeorm:source", call.span);
    Ok(Some(Value::object(id)))
}

/// `@Entity('users')` makes a decorator.
fn entity(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "typeorm:entity", call.span);
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// The decorator of a class declares the asset, with the name of the class.
fn declare_entity(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call.arguments.get(0);
    let Some(id) = class.only_object() else {
        return Ok(Some(class));
    };
    let Some(name) = machine.heap.get(id).name else {
        return Ok(Some(class));
    };
    let mut owners = vec![id];
    for owner in machine.class_order(id) {
        if let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind {
            owners.push(prototype);
        }
    }
    let mut fields = Vec::new();
    for owner in owners {
        let named = host.state().typeorm.column_names.get(&owner).cloned();
        for (field, column) in named.unwrap_or_default() {
            columns::name(host, name, field, column);
        }
        let declared = host.state().typeorm.fields.get(&owner).cloned();
        for (mut field, target) in declared.unwrap_or_default() {
            field.refers_to = target.and_then(|target| referred(machine, &target));
            fields.push(field);
        }
    }
    let span = machine.heap.get(id).span;
    store::declare(host, name, AssetKind::Table, span, fields);
    let mut state = host.state();
    state.typeorm.entities.insert(id, name);
    state.asset_of.insert(id, name);
    Ok(Some(class))
}

/// `() => Team`, or the name.
fn referred(machine: &mut Machine<'_>, target: &Value) -> Option<Ustr> {
    if let Some(name) = target.text() {
        return Some(name);
    }
    let span = machine.place();
    let (class, _) = machine.catching(|machine| {
        machine.call_value(target, None, &firedoor_eval::Arguments::default(), span)
    });
    let id = class.ok()?.only_object()?;
    machine.heap.get(id).name
}

/// `@Column({ unique: true })` makes a decorator.
fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "typeorm:column", call.span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![Value::string(method_name(&call.path))];
    object
        .elements
        .extend(call.arguments.positional.iter().cloned());
    Ok(Some(Value::object(id)))
}

/// The decorator of a field.
fn declare_column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let owner = call.arguments.get(0).only_object();
    let name = call.arguments.get(1).text();
    let (Some(decorator), Some(owner), Some(name)) = (call.receiver, owner, name) else {
        return Ok(Some(call.arguments.get(0)));
    };
    let parts = machine.heap.get(decorator).elements.clone();
    let kind = parts.first().and_then(Value::text).unwrap_or_default();
    let mut field = store::plain_field(&name, None);
    field.is_unique = kind.starts_with("Primary");
    // The database makes it, by chance where it is asked to.
    let strategy = parts.get(1).and_then(Value::text);
    if kind == "PrimaryGeneratedColumn" && strategy.is_some_and(|it| it == "uuid") {
        field.default = Some(Provenance::new([Origin::Random {
            cryptographic: true,
            bits: Some(122),
        }]));
    }
    let mut target = None;
    for part in parts.get(1..).unwrap_or_default() {
        if let Some(unique) = property(machine, part, "unique") {
            field.is_unique |= unique.truth() != Some(false);
        }
        if let Some(default) = property(machine, part, "default") {
            field.default = Some(host.deep_provenance(machine, &default));
        }
    }
    let is_relation = kind.contains("To");
    if is_relation {
        target = parts.get(1).cloned();
    }
    let options = parts.get(1..).unwrap_or_default();
    let mut named = options
        .iter()
        .filter_map(|it| property(machine, it, "name"));
    if let Some(column) = named
        .find_map(|it| it.text())
        .filter(|_| kind != "JoinTable")
    {
        let mut state = host.state();
        let names = state.typeorm.column_names.entry(owner).or_default();
        names.push((Ustr::from(name.as_str()), column));
    }
    let is_kept = is_relation || kind.contains("Column") && kind != "JoinColumn";
    if is_kept {
        let mut state = host.state();
        let fields = state.typeorm.fields.entry(owner).or_default();
        fields.push((field, target));
    }
    Ok(Some(Value::undefined()))
}

/// `MoreThan(3)`, `In([1, 2])`: conditions with an operator.
fn find_operator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = method_name(&call.path);
    let operator = match name {
        "MoreThan" => ">",
        "MoreThanOrEqual" | "Between" => ">=",
        "LessThan" => "<",
        "LessThanOrEqual" => "<=",
        "Not" => "!=",
        "In" | "Any" => "in",
        "Like" | "ILike" => "like",
        "IsNull" | "Equal" | "Raw" => "=",
        _ => return Ok(None),
    };
    let id = host.make_object(machine, "typeorm:operator", call.span);
    machine
        .heap
        .set_property(id, Ustr::from("$operator"), Value::string(operator));
    machine.heap.get_mut(id).elements = if name == "IsNull" {
        vec![Value::null()]
    } else {
        call.arguments.positional.clone()
    };
    Ok(Some(Value::object(id)))
}

/// Reads conditions: an object, or a list of alternatives.
fn conditions(host: &ModelHost, machine: &mut Machine<'_>, filter: &Value) -> Conditions {
    let parts = store::parts(machine, filter);
    let ways = parts
        .iter()
        .map(|part| conditions_of(host, machine, part))
        .collect();
    crate::alternatives::joined(ways)
}

fn conditions_of(host: &ModelHost, machine: &mut Machine<'_>, part: &Value) -> Conditions {
    let mut key = store::read_conditions(host, machine, &DIALECT, part);
    for (field, value) in key.fields.iter_mut().zip(&key.values) {
        let operator = property(machine, value, "$operator").and_then(|it| it.text());
        if let Some(operator) = operator {
            let known = [">", ">=", "<", "<=", "!=", "in", "like"];
            field.operator = known.into_iter().find(|it| operator == *it).unwrap_or("=");
            let inner = value
                .objects()
                .flat_map(|id| machine.heap.get(id).elements.clone());
            let inner = inner.collect::<Vec<_>>();
            let inner = inner.iter().map(|part| host.deep_provenance(machine, part));
            field.value = inner.fold(Provenance::default(), |all, part| all.union(&part));
        }
    }
    key
}

/// Makes the record that was found: an instance of the class of the entity.
fn record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: Option<ObjectId>,
    asset: Ustr,
    key: &Conditions,
    found: &Value,
    span: Span,
) -> Value {
    let Some(class) = class.filter(|_| !found.is_nothing()) else {
        return found.clone();
    };
    let id = machine.heap.allocate(ObjectKind::Instance { class }, span);
    machine.heap.get_mut(id).is_open = true;
    let record = Record {
        asset,
        key: key.clone(),
        origins: found.origins,
    };
    host.state().typeorm.records.insert(id, record);
    store::exchange(
        found,
        &Atom::Unknown(firedoor_eval::Shape::Object),
        Atom::Object(id),
    )
}

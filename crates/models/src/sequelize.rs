//! Sequelize 3 to 7: <https://sequelize.org/docs/v6/>.
//!
//! A model is a host object (`define`) or a class that inherits from `Model`; an instance is one of that
//! class, or a host object, whose own properties are what the program has assigned and not saved.

mod instance;
mod loading;

use firedoor_app::{AssetField, AssetKind, Operation};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, OriginSet, Shape, Stop, Value,
};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

pub(crate) use instance::stored_value;

use crate::sql::{self, Sent};
use crate::store::{self, Conditions, Dialect, is_function, method_name, own_properties, property};
use crate::{Model, ModelHost, tools};

const METHODS: &[&str] = &[
    "save",
    "update",
    "destroy",
    "increment",
    "decrement",
    "get",
    "set",
    "toJSON",
    "reload",
    "restore",
    "validate",
    "setDataValue",
    "getDataValue",
    "changed",
    "equals",
];

/// The model.
pub static MODEL: Model = Model {
    name: "sequelize",
    calls: &[
        ("npm:sequelize.Sequelize", create),
        ("npm:sequelize", create),
        ("sequelize:client.define", define),
        ("sequelize:client.model", known_model),
        ("sequelize:client.import", loading::imported),
        ("sequelize:client.query", raw),
        ("sequelize:client.transaction", transaction),
        ("sequelize:client.*", done),
        ("sequelize:transaction.commit", end),
        ("sequelize:transaction.rollback", end),
        ("npm:sequelize.literal", pasted),
        ("npm:sequelize.fn", pasted),
        ("npm:sequelize.col", pasted),
        ("npm:sequelize.where", pasted),
        ("npm:sequelize.Model", build),
        ("npm:sequelize.Model.init", init),
        ("npm:sequelize.Model.belongsTo", associate),
        ("npm:sequelize.Model.hasMany", associate),
        ("npm:sequelize.Model.hasOne", associate),
        ("npm:sequelize.Model.belongsToMany", associate),
        ("npm:sequelize.Model.build", build),
        ("npm:sequelize.Model.create", create_one),
        ("npm:sequelize.Model.bulkCreate", create_many),
        ("npm:sequelize.Model.scope", scope),
        ("npm:sequelize.Model.unscoped", scope),
        ("npm:sequelize.Model.*", query),
        ("npm:sequelize.Model().save", instance::save),
        ("npm:sequelize.Model().update", instance::update),
        ("npm:sequelize.Model().destroy", instance::destroy),
        ("npm:sequelize.Model().increment", instance::increment),
        ("npm:sequelize.Model().decrement", instance::increment),
        ("npm:sequelize.Model().get", instance::get),
        ("npm:sequelize.Model().getDataValue", instance::get),
        ("npm:sequelize.Model().toJSON", instance::get),
        ("npm:sequelize.Model().set", instance::set),
        ("npm:sequelize.Model().setDataValue", instance::set),
        ("npm:sequelize.Model().reload", instance::itself),
        ("npm:sequelize.Model().restore", instance::itself),
        ("npm:sequelize.Model().validate", instance::itself),
    ],
    members: &[
        ("npm:sequelize.Model().*", instance::member),
        ("sequelize:client.models", instance::models),
        ("sequelize:models.*", instance::model_of_name),
    ],
    instances: &[("npm:sequelize.Model", instance::made)],
    aliases: &[
        ("npm:sequelize.default", "npm:sequelize"),
        ("npm:sequelize.Sequelize.Op", "npm:sequelize.Op"),
        ("npm:sequelize.Sequelize.literal", "npm:sequelize.literal"),
        ("npm:sequelize.Sequelize.fn", "npm:sequelize.fn"),
        (
            "npm:sequelize-typescript.Sequelize",
            "npm:sequelize.Sequelize",
        ),
        ("npm:sequelize-typescript.Model", "npm:sequelize.Model"),
        ("npm:@sequelize/core.Sequelize", "npm:sequelize.Sequelize"),
        ("npm:@sequelize/core.Model", "npm:sequelize.Model"),
        ("npm:@sequelize/core.Op", "npm:sequelize.Op"),
    ],
    ..Model::EMPTY
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    models: FxHashMap<ObjectId, ModelInfo>,
    instances: FxHashMap<ObjectId, Instance>,
}

#[derive(Clone, Debug)]
struct ModelInfo {
    asset: Ustr,
    /// The models that instances are associated with, by name, and whether there are many.
    associations: IndexMap<Ustr, (ObjectId, bool)>,
    defaults: Vec<(Ustr, Value)>,
}

#[derive(Clone, Debug)]
struct Instance {
    model: ObjectId,
    key: Conditions,
    origins: OriginSet,
    control: OriginSet,
    is_new: bool,
}

static DIALECT: Dialect = Dialect {
    operator: condition_operator,
    groups: &["@or", "@and", "@not", "$or", "$and"],
};

fn condition_operator(key: &str) -> Option<&'static str> {
    Some(match key.strip_prefix(['@', '$'])? {
        "eq" | "is" => "=",
        "ne" | "not" => "!=",
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "in" | "any" | "contains" => "in",
        "notIn" => "not in",
        "like" | "iLike" | "substring" | "startsWith" | "endsWith" | "regexp" => "like",
        "and" | "or" => "",
        _ => "?",
    })
}

fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    sql::load_files(host, machine);
    let id = host.make_object(machine, "sequelize:client", call.span);
    let options = call.arguments.positional.last().cloned();
    let dialect = options.and_then(|options| property(machine, &options, "dialect"));
    if let Some(name) = dialect.and_then(|name| name.text()) {
        store::note_database(host, &name);
    }
    Ok(Some(Value::object(id)))
}

fn done(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    tools::deliver(machine, call, Value::undefined())
}

fn pasted(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(machine.derived(Shape::Any, call.arguments.all())))
}

/// `sequelize.define('User', attributes)`.
fn define(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(name) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let model = host.make_object(machine, "npm:sequelize.Model", call.span);
    let object = machine.heap.get_mut(model);
    object.name = Some(name);
    // A model is a class, by whose name programs keep it.
    object
        .properties
        .insert(Ustr::from("name"), Value::string(&name));
    declare(
        host,
        machine,
        model,
        name,
        &call.arguments.get(1),
        call.span,
    );
    Ok(Some(Value::object(model)))
}

fn known_model(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.arguments.get(0).text();
    let state = host.state();
    let mut models = state.sequelize.models.iter();
    let known = models.find(|(_, info)| Some(info.asset) == name);
    Ok(known.map(|(id, _)| Value::object(*id)))
}

/// `User.init(attributes, { modelName })`.
fn init(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(model) = call.this.only_object() else {
        return Ok(None);
    };
    let given = property(machine, &call.arguments.get(1), "modelName").and_then(|it| it.text());
    let name = given.or(machine.heap.get(model).name);
    let name = name.unwrap_or_else(|| Ustr::from("Model"));
    declare(
        host,
        machine,
        model,
        name,
        &call.arguments.get(0),
        call.span,
    );
    Ok(Some(call.this.clone()))
}

fn declare(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    name: Ustr,
    attributes: &Value,
    span: Span,
) {
    let mut fields = Vec::new();
    let mut defaults = Vec::new();
    for id in attributes.objects().collect::<Vec<_>>() {
        for (name, value) in own_properties(machine, id) {
            if let Some(default) = property(machine, &value, "defaultValue") {
                defaults.push((name, default));
            }
            fields.push(attribute(host, machine, name, &value));
        }
    }
    store::declare(host, name, AssetKind::Table, span, fields);
    let mut state = host.state();
    state.asset_of.insert(model, name);
    let info = ModelInfo {
        asset: name,
        associations: IndexMap::new(),
        defaults,
    };
    state.sequelize.models.insert(model, info);
}

fn attribute(host: &ModelHost, machine: &mut Machine<'_>, name: Ustr, value: &Value) -> AssetField {
    let kind = property(machine, value, "type").unwrap_or_else(|| value.clone());
    let kind = kind.as_outside().map(|path| method_name(&path).to_owned());
    let mut field = store::plain_field(&name, kind.as_deref());
    for word in ["unique", "primaryKey"] {
        let flag = property(machine, value, word);
        field.is_unique |= flag.is_some_and(|flag| flag.truth() != Some(false));
    }
    let references = property(machine, value, "references");
    let target = references.and_then(|references| property(machine, &references, "model"));
    field.refers_to = target.and_then(|target| {
        let by_object = target.only_object();
        let by_object = by_object.and_then(|id| host.state().asset_of.get(&id).copied());
        target.text().or(by_object)
    });
    let default = property(machine, value, "defaultValue");
    field.default = default.map(|default| host.deep_provenance(machine, &default));
    field
}

/// `User.belongsTo(Team, { as, foreignKey })` and its like.
fn associate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = call.arguments.get(0).only_object();
    let (Some(model), Some(target)) = (call.this.only_object(), target) else {
        return Ok(Some(Value::undefined()));
    };
    let asset = host.state().asset_of.get(&target).copied();
    let Some(asset) = asset else {
        return Ok(Some(Value::undefined()));
    };
    let kind = method_name(&call.path);
    let is_many = kind.ends_with("Many");
    let options = call.arguments.get(1);
    let alias = property(machine, &options, "as").and_then(|alias| alias.text());
    let key = property(machine, &options, "foreignKey").and_then(|key| key.text());
    let mut state = host.state();
    let own = state.asset_of.get(&model).copied();
    if let Some(info) = state.sequelize.models.get_mut(&model) {
        let plural = Ustr::from(&format!("{asset}s"));
        let name = alias.unwrap_or(if is_many { plural } else { asset });
        info.associations.insert(name, (target, is_many));
    }
    drop(state);
    let (owner, referred, by) = match kind {
        "belongsTo" => (own, asset, asset),
        _ => (Some(asset), own.unwrap_or(asset), own.unwrap_or(asset)),
    };
    if let (Some(owner), true) = (owner, kind != "belongsToMany") {
        let name = key.unwrap_or_else(|| Ustr::from(&format!("{by}Id")));
        let mut field = store::plain_field(&name, None);
        field.refers_to = Some(referred);
        store::declare(host, owner, AssetKind::Table, call.span, vec![field]);
    }
    Ok(Some(Value::undefined()))
}

fn scope(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn info(host: &ModelHost, model: ObjectId) -> Option<ModelInfo> {
    host.state().sequelize.models.get(&model).cloned()
}

fn model_of(host: &ModelHost, call: &Call<'_>) -> Option<(ObjectId, ModelInfo)> {
    let model = call.receiver.or_else(|| call.this.only_object())?;
    Some((model, info(host, model)?))
}

/// `User.build(values)` and `new User(values)`.
fn build(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((model, about)) = model_of(host, call) else {
        return Ok(None);
    };
    let values = call.arguments.get(0);
    Ok(Some(instance::new(
        host, machine, model, &about, &values, call.span,
    )))
}

fn promise(machine: &mut Machine<'_>, value: Value, span: Span) -> Answer {
    Ok(Some(machine.make_promise(
        Some(value),
        Vec::new(),
        Vec::new(),
        span,
    )))
}

/// `User.create(values)`.
fn create_one(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((model, about)) = model_of(host, call) else {
        return Ok(None);
    };
    let values = call.arguments.get(0);
    let made = instance::new(host, machine, model, &about, &values, call.span);
    instance::save_all(host, machine, &made, call.span);
    promise(machine, made, call.span)
}

/// `User.bulkCreate(list)`.
fn create_many(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((model, about)) = model_of(host, call) else {
        return Ok(None);
    };
    let mut made = Vec::new();
    for values in store::parts(machine, &call.arguments.get(0)) {
        let one = instance::new(host, machine, model, &about, &values, call.span);
        instance::save_all(host, machine, &one, call.span);
        made.push(one);
    }
    let list = machine.make_list(made, true, call.span);
    promise(machine, list, call.span)
}

/// Reads and changes through the model.
fn query(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((model, about)) = model_of(host, call) else {
        return Ok(None);
    };
    let method = method_name(&call.path);
    let Some(operation) = operation(method) else {
        return Ok(None);
    };
    let first = call.arguments.get(0);
    let has_values = matches!(method, "update" | "increment" | "decrement");
    let options = if has_values || method == "findByPk" {
        call.arguments.get(1)
    } else {
        first.clone()
    };
    let mut key = Conditions::default();
    if method == "findByPk" {
        key.add(host, machine, "id", "=", &first);
    }
    if let Some(filter) = property(machine, &options, "where") {
        store::add_conditions(host, machine, &DIALECT, &filter, "", &mut key, 0);
    } else if options.is_unknown() {
        key.add_unknown(host, machine, &options);
    }
    add_included(host, machine, &options, "", &mut key, 0);
    let mut access = store::access(host, operation, about.asset);
    access.key.clone_from(&key.fields);
    let by_key = key.fields.iter().any(|field| field.operator == "=");
    access.is_many =
        !by_key && !matches!(method, "findOne" | "findByPk" | "findOrCreate" | "upsert");
    let is_locking = property(machine, &options, "lock").is_some();
    access.is_in_transaction |= is_locking;
    access.is_unlocked &= !is_locking;
    match method {
        "update" | "upsert" => {
            (access.values, access.spread) = store::written(host, machine, &first);
        }
        "increment" | "decrement" => {
            access.values = instance::increments(host, machine, method, &first, &options);
        }
        _ => {}
    }
    store::note(host, machine, access, call.span);
    if matches!(method, "findOrCreate" | "findCreateFind") {
        note_created(host, machine, &about, &options, call.span);
    }
    let value = result(
        host, machine, model, &about, method, &options, &key, call.span,
    )?;
    promise(machine, value, call.span)
}

/// Adds the conditions on records that are read along: without one that meets them nothing is found, unless the
/// query says `required: false`.
///
/// Source: sequelize 6.37, `lib/model.js`, `_validateIncludedElements`: an include with `where` is required.
fn add_included(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    options: &Value,
    prefix: &str,
    key: &mut Conditions,
    depth: usize,
) {
    let Some(included) = property(machine, options, "include").filter(|_| depth < 4) else {
        return;
    };
    for part in store::parts(machine, &included) {
        let required = property(machine, &part, "required").and_then(|flag| flag.truth());
        if required == Some(false) {
            continue;
        }
        let filter = property(machine, &part, "where");
        if filter.is_none() && required.is_none() {
            continue;
        }
        let alias = property(machine, &part, "as").and_then(|name| name.text());
        let target = property(machine, &part, "model").and_then(|model| model.only_object());
        let target = target.and_then(|model| host.state().asset_of.get(&model).copied());
        let Some(name) = alias.or(target) else {
            continue;
        };
        let prefix = store::dotted(prefix, &name);
        if let Some(filter) = filter {
            store::add_conditions(host, machine, &DIALECT, &filter, &prefix, key, 0);
        }
        add_included(host, machine, &part, &prefix, key, depth + 1);
    }
}

fn note_created(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    about: &ModelInfo,
    options: &Value,
    span: Span,
) {
    let mut access = store::access(host, Operation::Create, about.asset);
    for name in ["where", "defaults"] {
        if let Some(values) = property(machine, options, name) {
            let (fields, spread) = store::written(host, machine, &values);
            access.values.extend(fields);
            access.spread.extend(spread);
        }
    }
    store::note(host, machine, access, span);
}

fn operation(method: &str) -> Option<Operation> {
    Some(match method {
        "findOne" | "findByPk" | "findAll" | "findAndCountAll" | "findOrCreate"
        | "findCreateFind" | "findOrBuild" => Operation::Read,
        "count" | "max" | "min" | "sum" => Operation::Count,
        "update" | "upsert" | "increment" | "decrement" => Operation::Update,
        "destroy" | "truncate" => Operation::Delete,
        _ => return None,
    })
}

#[expect(clippy::too_many_arguments, reason = "what a query is made of")]
fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    model: ObjectId,
    about: &ModelInfo,
    method: &str,
    options: &Value,
    key: &Conditions,
    span: Span,
) -> Result<Value, Stop> {
    let found = store::found_one(host, machine, about.asset, key, Atom::Null);
    let mut record = found.clone();
    if !found.is_nothing() {
        let id = instance::found(host, machine, model, key, &found, span);
        record = store::exchange(&found, &Atom::Unknown(Shape::Object), Atom::Object(id));
    }
    let is_required = property(machine, options, "rejectOnEmpty").is_some();
    Ok(match method {
        "findOne" | "findByPk" if is_required => {
            let outcome = machine.truth(&record);
            let kind = firedoor_eval::TestKind::Truth;
            let test = machine.tested(kind, outcome, &[&record], span);
            let error = Value::outside("npm:sequelize.EmptyResultError()");
            tools::require(machine, &test, &error, span)?;
            record.filter(|atom| !atom.is_nothing()).unwrap_or(record)
        }
        "findOne" | "findByPk" => record,
        "findAll" | "findAndCountAll" => {
            let record = store::exchange(&record, &Atom::Null, Atom::Undefined);
            let rows = store::list_of(machine, &record, span);
            if method == "findAll" {
                return Ok(rows);
            }
            let count = store::counted(host, machine, about.asset, key, "count");
            sql::object(machine, &[("rows", rows), ("count", count)], span)
        }
        "findOrCreate" | "findCreateFind" | "findOrBuild" | "upsert" => {
            let there = record.filter(|atom| !atom.is_nothing()).unwrap_or(record);
            let created = Value::unknown(Shape::Bool);
            machine.make_list(vec![there, created], false, span)
        }
        "update" => {
            let count = store::counted(host, machine, about.asset, key, "changes");
            let rows = store::list_of(machine, &record, span);
            machine.make_list(vec![count, rows], false, span)
        }
        _ => store::counted(host, machine, about.asset, key, "count"),
    })
}

/// `sequelize.transaction(async t => ...)`, or without a function.
fn transaction(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.positional.last().cloned();
    let body = body.unwrap_or_else(Value::undefined);
    let handle = host.make_object(machine, "sequelize:transaction", call.span);
    let handle = Value::object(handle);
    let is_plain = store::is_plain(host, machine, &call.arguments.get(0));
    if !is_function(machine, &body) {
        host.state().run.transactions += 1;
        host.state().run.plain_transactions += u32::from(is_plain);
        return promise(machine, handle, call.span);
    }
    let arguments = Arguments::positional([handle]);
    let promise = tools::promised(machine, call.span, |machine| {
        store::in_plain_transaction(host, machine, is_plain, |machine| {
            let result = machine.call_value(&body, None, &arguments, call.span)?;
            machine.await_value(&result, call.span)
        })
    })?;
    Ok(Some(promise))
}

fn end(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    {
        let mut state = host.state();
        state.run.transactions = state.run.transactions.saturating_sub(1);
        state.run.plain_transactions = state.run.plain_transactions.saturating_sub(1);
    }
    tools::deliver(machine, call, Value::undefined())
}

/// `sequelize.query(sql, { replacements, bind, type })`: `[rows, metadata]`, or rows for a known type.
fn raw(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut sent = Sent::new(&call.arguments.get(0));
    let options = call.arguments.get(1);
    for name in ["replacements", "bind"] {
        if let Some(values) = property(machine, &options, name) {
            sent.add(machine, &[values]);
        }
    }
    let ran = sql::run(host, machine, &sent, call.span);
    let rows = sql::rows(machine, &ran, call.span);
    let value = if property(machine, &options, "type").is_some() {
        rows
    } else {
        machine.make_list(vec![rows, ran.changes], false, call.span)
    };
    promise(machine, value, call.span)
}

/// Holds if the object is a class of the program.
fn is_class(machine: &Machine<'_>, model: ObjectId) -> bool {
    matches!(machine.heap.get(model).kind, ObjectKind::Class { .. })
}

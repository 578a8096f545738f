//! Records that belong to others: relations in both directions, and the shortcuts that find or answer 404.
//!
//! Source: django 5.2 `db/models/fields/related_descriptors.py`, `shortcuts.py`.

use std::rc::Rc;
use std::sync::LazyLock;

use super::orm;
use super::orm_query::*;
use crate::python_active::EMPTY_SET;
use crate::python_active::{
    Run, class_in, condition, copied, keep, kept, narrow, required, run, set_run,
};
use crate::python_records::{asset_of, class_of, columns, instance_value};
use crate::python_support::{argument, exception, last_name};
use crate::sqlalchemy::query::{CONDITION, make};
use crate::{ModelHost, Persona};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

static RELATED_NAME: LazyLock<Ustr> = LazyLock::new(|| Ustr::from("related_name"));

/// `recipe.shared.add(user)` writes which records belong to which.
pub(crate) fn change_members(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    call: &Call<'_>,
) {
    let owner = kept(machine, id, "$owner");
    let asset = owner
        .as_ref()
        .and_then(Value::only_object)
        .and_then(|owner| asset_of(host, machine, owner));
    let Some(asset) = asset else { return };
    let field = kept(machine, id, "$m2m").or_else(|| kept(machine, id, "$by"));
    let field = field.and_then(|field| field.text()).unwrap_or_default();
    let operation = firedoor_app::Operation::Update;
    let mut done = crate::python_records::access(host, operation, asset);
    if let Some(owner) = owner.and_then(|owner| owner.only_object()) {
        done.key = crate::python_records::key_of(host, machine, owner);
    }
    for value in call.arguments.positional.clone() {
        done.values.push(firedoor_app::Field {
            name: field,
            value: host.deep_provenance(machine, &value),
            operator: "=",
        });
    }
    crate::python_records::note(host, machine, done, call.span);
}

/// The class that a relation refers to.
pub(crate) fn target_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    column: &Value,
    own: ObjectId,
) -> Option<ObjectId> {
    let object = machine.heap.get(column.only_object()?);
    let to = object
        .properties
        .get(&Ustr::from("to"))
        .or_else(|| object.elements.first())
        .cloned()?;
    if let Some(id) = to.only_object() {
        return Some(id);
    }
    let name = match to.text() {
        Some(name) => name,
        None => {
            let path = to.as_outside()?;
            if path == "py:django.conf.settings.AUTH_USER_MODEL" {
                return Some(super::users::class(host, machine));
            }
            return None;
        }
    };
    match name.as_str() {
        "self" => Some(own),
        "auth.User" => Some(super::users::class(host, machine)),
        _ => orm::class_named(host, machine, &name),
    }
}

/// The records that refer to a record: `user.posts`, `post.comment_set`, `user.profile`.
pub(crate) fn reverse(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    span: Span,
) -> Option<Value> {
    let own = class_of(machine, instance)?;
    let relations = relations(host, machine);
    let found = relations.by_name.get(&Ustr::from(name))?;
    let ancestors = machine.class_order(own);
    for relation in found {
        let (model, field) = (relation.model, relation.field);
        let target = target_of(host, machine, &relation.column, model);
        if !target.is_some_and(|target| ancestors.contains(&target)) {
            continue;
        }
        let id = all(host, machine, model, span);
        let asset = asset_of(host, machine, model).unwrap_or_default();
        let value = instance_value(host, instance);
        let key = condition(host, machine, (asset, &field), "=", &value, span);
        narrow(machine, id, [key]);
        if relation.is_single {
            set_run(machine, id, Run::One);
            let found = run(host, machine, id, span);
            return required(host, machine, &found, MISSING, span).ok();
        }
        keep(machine, id, "$owner", value);
        keep(machine, id, "$by", Value::string(&field));
        return Some(Value::object(id));
    }
    None
}

/// The fields by which records refer to others.
#[derive(Debug)]
pub struct Relations {
    /// How many models there were.
    models: usize,
    /// The fields by the name under which the others find the records, in the order of models.
    by_name: FxHashMap<Ustr, Vec<Relation>>,
}

/// A field by which records of a model refer to others.
#[derive(Debug)]
struct Relation {
    model: ObjectId,
    field: Ustr,
    column: Value,
    is_single: bool,
}

/// The fields by which records refer to others. Every attribute that is not there asks for them, so that they are
/// sorted once: when the application is wired, its models change no more.
fn relations(host: &ModelHost, machine: &Machine<'_>) -> Rc<Relations> {
    let models = host.state().django.models.len();
    let known = host.state().django.relations.clone();
    if let Some(known) = known.filter(|known| known.models == models && machine.heap.is_wired) {
        return known;
    }
    let relations = Rc::new(Relations {
        models,
        by_name: relations_by_name(host, machine),
    });
    if machine.heap.is_wired {
        host.state().django.relations = Some(Rc::clone(&relations));
    }
    relations
}

fn relations_by_name(host: &ModelHost, machine: &Machine<'_>) -> FxHashMap<Ustr, Vec<Relation>> {
    let mut by_name: FxHashMap<Ustr, Vec<Relation>> = FxHashMap::default();
    let models = host.state().django.models.clone();
    for model in models {
        let Some(table) = columns(host, model) else {
            continue;
        };
        let Some(called) = machine.heap.get(model).name else {
            continue;
        };
        for (field, column) in &machine.heap.get(table).properties {
            let Some(path) = crate::sqlalchemy::columns::declared_path(machine, column) else {
                continue;
            };
            let kind = last_name(path.trim_end_matches("()"));
            let is_single = kind.contains("OneToOne");
            if (is_single || kind.contains("ForeignKey") || kind.contains("ManyToMany"))
                && let Some(name) = name_for_others(machine, &called, column, is_single)
            {
                by_name.entry(name).or_default().push(Relation {
                    model,
                    field: *field,
                    column: column.clone(),
                    is_single,
                });
            }
        }
    }
    by_name
}

/// Returns the name under which a field of the model called so lets others find its records.
fn name_for_others(
    machine: &Machine<'_>,
    model: &str,
    column: &Value,
    is_single: bool,
) -> Option<Ustr> {
    let id = column.only_object()?;
    let given = machine.heap.property(id, *RELATED_NAME);
    let model = model.to_ascii_lowercase();
    Some(match given.and_then(Value::text) {
        Some(given) if given.contains("%(class)s") => {
            Ustr::from(&given.replace("%(class)s", &model))
        }
        Some(given) => given,
        None if is_single => Ustr::from(&model),
        None => Ustr::from(&format!("{model}_set")),
    })
}

/// `user.groups.filter(name='x').exists()`.
pub(crate) fn related_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let value = machine.heap.get(id).elements.first().cloned();
    let value = value.unwrap_or_else(Value::null);
    let name = last_name(&call.path);
    let mut parts: Vec<&Value> = vec![&value];
    parts.extend(call.arguments.all());
    Ok(Some(match name.trim_start_matches('a') {
        "exists" | "contains" => {
            machine.tested(firedoor_eval::TestKind::Membership, None, &parts, call.span)
        }
        "filter" | "ll" | "exclude" | "values_list" | "order_by" | "values" => {
            let joined = machine.derived(Shape::Any, parts);
            let id = host.make_object(machine, "django:related()", call.span);
            machine.heap.get_mut(id).elements = vec![joined.clone()];
            Value::object(id).with_origins(joined.origins)
        }
        _ => machine.derived(Shape::Any, parts),
    }))
}

/// The queryset that `klass` stands for: a class, a manager, or a queryset.
pub(crate) fn queryset_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    klass: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let Some(id) = klass.objects().next() else {
        return Ok(klass.clone());
    };
    if matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == QUERY) {
        return Ok(klass.clone());
    }
    if asset_of(host, machine, id).is_some() {
        let name = Ustr::from("objects");
        let manager = machine.member(klass, name, span)?;
        return queryset_of_manager(machine, &manager, span);
    }
    queryset_of_manager(machine, klass, span)
}

pub(crate) fn queryset_of_manager(
    machine: &mut Machine<'_>,
    manager: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let is_instance = manager
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }));
    match is_instance {
        true => machine.call_member(manager, Ustr::from("all"), &Arguments::default(), span),
        false => Ok(manager.clone()),
    }
}

/// `get_object_or_404(klass, *args, **kwargs)`.
pub(crate) fn get_or_404(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let klass = argument(call, 0, "klass");
    let mut arguments = call.arguments.clone();
    if !arguments.positional.is_empty() {
        arguments.positional.remove(0);
    }
    one_or_404(host, machine, &klass, &arguments, call.span).map(Some)
}

/// Returns the record that is asked for, or answers that there is none.
pub(crate) fn one_or_404(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    klass: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let whole = queryset_of(host, machine, klass, span)?;
    let queries: Vec<ObjectId> = whole
        .objects()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Host(path) if path == QUERY))
        .collect();
    if queries.is_empty() {
        let mut parts: Vec<&Value> = vec![&whole];
        parts.extend(arguments.all());
        return Ok(machine.derived(Shape::Object, parts));
    }
    let mut found = Vec::new();
    for id in queries {
        let query = copied(machine, id, span);
        let class = class_in(machine, query);
        let conditions = given(host, machine, class, arguments, span);
        narrow(machine, query, conditions);
        set_run(machine, query, Run::One);
        found.push(run(host, machine, query, span));
    }
    let found = machine.join_all(&found);
    required(host, machine, &found, "py:django.http.Http404", span)
}

pub(crate) fn list_or_404(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let klass = argument(call, 0, "klass");
    let whole = queryset_of(host, machine, &klass, call.span)?;
    let mut arguments = call.arguments.clone();
    if !arguments.positional.is_empty() {
        arguments.positional.remove(0);
    }
    let name = Ustr::from("filter");
    let found = machine.call_member(&whole, name, &arguments, call.span)?;
    if host.persona() == Persona::User {
        let error = exception(machine, "py:django.http.Http404", &[&found]);
        machine.may_throw(error, call.span);
    }
    Ok(Some(found))
}

/// Runs the querysets in what is answered: a template or an encoder iterates over them.
pub(crate) fn read_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> Value {
    let is_query = |machine: &Machine<'_>, id: ObjectId| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == QUERY);
    let queries: Vec<ObjectId> = value
        .objects()
        .filter(|id| is_query(machine, *id))
        .collect();
    if !queries.is_empty() {
        let mut found = Vec::new();
        for id in queries {
            let copy = copied(machine, id, span);
            set_run(machine, copy, Run::Many);
            found.push(run(host, machine, copy, span));
        }
        return machine.join_all(&found);
    }
    if let Some(id) = value.only_object()
        && matches!(machine.heap.get(id).kind, ObjectKind::Plain)
    {
        let parts: Vec<Value> = machine.heap.get(id).properties.values().cloned().collect();
        for part in parts {
            if part.only_object().is_some_and(|id| is_query(machine, id)) {
                read_all(host, machine, &part, span);
            }
        }
    }
    value.clone()
}

/// `a | b` has the records of either.
pub(crate) fn combine(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: firedoor_ir::BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    use firedoor_ir::BinaryOperator as Op;
    let (first, second) = (left.only_object()?, right.only_object()?);
    let word = match operator {
        Op::BitOr => "or",
        Op::BitAnd => "and",
        _ => return None,
    };
    // `none() | a` is `a`, and `none() & a` is nothing.
    for (one, other) in [(first, right), (second, left)] {
        if kept(machine, one, EMPTY_SET).is_some() {
            let whole = if word == "or" {
                other
            } else {
                &Value::object(one)
            };
            return Some(whole.clone());
        }
    }
    let all = |machine: &Machine<'_>, id: ObjectId| machine.heap.get(id).elements.clone();
    let (a, b) = (all(machine, first), all(machine, second));
    let a = make(host, machine, CONDITION, "and", a, span);
    let b = make(host, machine, CONDITION, "and", b, span);
    let both = make(host, machine, CONDITION, word, vec![a, b], span);
    let id = copied(machine, first, span);
    machine.heap.get_mut(id).elements = vec![both];
    Some(Value::object(id))
}

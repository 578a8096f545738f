//! `Object`, `Reflect` and `Proxy`, and the methods that every object has.

use ustr::Ustr;

use super::{Function, Native, PROTOTYPE};
use crate::elements::is_hidden;
use crate::names::names_of;
use crate::{Answer, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value};

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "hasOwnProperty" | "propertyIsEnumerable" => has_own_property,
        "toString" | "toLocaleString" => text,
        "valueOf" => |_, call| Ok(Some(call.this.clone())),
        "isPrototypeOf" => |machine, call| Ok(Some(call.derived(machine, Shape::Bool))),
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Object.keys" | "Object.getOwnPropertyNames" | "Reflect.ownKeys" => keys,
        "Object.values" => values,
        "Object.entries" => entries,
        "Object.assign" => assign,
        "Object.freeze" | "Object.seal" | "Object.preventExtensions" | "Object" => first,
        "Proxy" => |machine, call| {
            let (target, handler) = (call.argument(0), call.argument(1));
            Ok(Some(machine.make_proxy(target, handler, call.span)))
        },
        "Object.fromEntries" => from_entries,
        "Object.defineProperty" | "Reflect.defineProperty" => define_property,
        "Object.defineProperties" => define_properties,
        "Object.create" => create,
        "Object.getPrototypeOf" | "Reflect.getPrototypeOf" => get_prototype,
        "Object.setPrototypeOf" | "Reflect.setPrototypeOf" => set_prototype,
        "Object.hasOwn" | "Reflect.has" => has_own,
        "Object.is" => is,
        "Object.isFrozen" | "Object.isSealed" => {
            |machine, call| Ok(Some(call.derived(machine, Shape::Bool)))
        }
        "Reflect.get" => reflect_get,
        "Reflect.set" => reflect_set,
        "Reflect.deleteProperty" => reflect_delete,
        "Reflect.apply" => reflect_apply,
        "Reflect.construct" => reflect_construct,
        "structuredClone" => clone,
        _ => return None,
    })
}

fn first(_: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    Ok(Some(call.argument(0)))
}

/// An entry of an object.
struct Entry {
    key: Value,
    value: Value,
}

/// Returns the own entries of an object, and what a further one can be if there may be any.
fn own_entries(
    machine: &mut Machine<'_>,
    object: &Value,
    call: &Native<'_>,
) -> Result<(Vec<Entry>, Option<Entry>), Stop> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut further = object.is_unknown() || object.as_outside().is_some();
    for id in object.objects().collect::<Vec<_>>() {
        let id = machine.unproxied(id);
        if let ObjectKind::Namespace(module) = machine.heap.get(id).kind {
            for (key, value) in machine.module_exports(module) {
                entries.push(Entry {
                    key: Value::atom(Atom::String(key)),
                    value,
                });
            }
            continue;
        }
        let held = machine.heap.get(id);
        further |= held.is_open
            || machine.is_store(id)
            || matches!(held.kind, ObjectKind::Host(path) if !path.starts_with("js:"));
        if matches!(held.kind, ObjectKind::Array | ObjectKind::Tuple) {
            for (index, value) in held.elements.iter().enumerate() {
                let key = Value::string(&index.to_string());
                let value = value.clone();
                entries.push(Entry { key, value });
            }
            continue;
        }
        for key in visible_keys(machine, id) {
            let value = machine.object_member(id, object, key, call.span)?;
            let key = Value::atom(Atom::String(key));
            entries.push(Entry { key, value });
        }
    }
    let more = further.then(|| further_entry(machine, object));
    Ok((entries, more))
}

/// The keys that loops show; getters of literals are among them.
fn visible_keys(machine: &Machine<'_>, id: ObjectId) -> Vec<Ustr> {
    let mut names: Vec<Ustr> = Vec::new();
    for key in machine.heap.get(id).properties.keys() {
        let accessor = key.strip_prefix("get:").or(key.strip_prefix("set:"));
        match accessor.map(Ustr::from) {
            Some(name) if !names.contains(&name) => names.push(name),
            None if !is_hidden(key) => names.push(*key),
            _ => {}
        }
    }
    names
}

fn further_entry(machine: &mut Machine<'_>, object: &Value) -> Entry {
    let key = machine.derived(Shape::String, [object]);
    let stored = object.only_object().filter(|id| machine.is_store(*id));
    let value = match stored {
        Some(_) => machine.element_of_open(object),
        None => machine.derived(Shape::Any, [object]),
    };
    Entry { key, value }
}

fn listed(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    part: impl Fn(&mut Machine<'_>, Entry) -> Value,
) -> Answer {
    let object = call.argument(0);
    let (entries, more) = own_entries(machine, &object, call)?;
    let known = entries
        .into_iter()
        .map(|entry| part(machine, entry))
        .collect();
    let more = more.map(|more| part(machine, more));
    let list = machine.make_open_list(known, more, call.span);
    Ok(Some(list.with_origins(object.origins)))
}

fn keys(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |_, entry| entry.key)
}

fn values(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |_, entry| entry.value)
}

fn entries(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |machine, entry| {
        machine.make_list(vec![entry.key, entry.value], false, call.span)
    })
}

fn assign(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let target = call.argument(0);
    let sources: Vec<Value> = call.arguments.all().skip(1).cloned().collect();
    for source in &sources {
        let is_certain = source.atoms().len() == 1;
        let (entries, more) = own_entries(machine, source, call)?;
        for entry in entries {
            let Some(key) = entry.key.text() else {
                continue;
            };
            let value = match is_certain {
                true => entry.value,
                false => {
                    let before = machine.member(&target, key, call.span)?;
                    machine.join(entry.value, &before)
                }
            };
            machine.set_member(&target, key, value, call.span)?;
        }
        if let Some(more) = more {
            assign_further(machine, &target, source, &more, call)?;
        }
    }
    Ok(Some(target))
}

/// What an unknown source holds may be anywhere in the target.
fn assign_further(
    machine: &mut Machine<'_>,
    target: &Value,
    source: &Value,
    more: &Entry,
    call: &Native<'_>,
) -> Result<(), Stop> {
    for id in target.objects().collect::<Vec<_>>() {
        let is_plain = matches!(machine.heap.get(id).kind, ObjectKind::Plain);
        if is_plain && !machine.is_store(id) {
            machine.overwrite_with_unknown(id, source)?;
            machine.heap.push_element(id, source.clone());
            machine.heap.open(id);
            continue;
        }
        let object = Value::object(id);
        machine.set_index(&object, &more.key, more.value.clone(), call.span)?;
    }
    Ok(())
}

fn from_entries(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let list = call.argument(0);
    let (pairs, more) = machine.elements_and_more(&list);
    if let Some(whole) = whole(machine, &list, &pairs, more.as_ref()) {
        return Ok(Some(whole));
    }
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    for pair in pairs {
        // What a filter has let through perhaps is perhaps an entry.
        let is_there = !crate::elements::is_perhaps_missing(&pair);
        let value = machine.index(&pair, &Value::number(1.0), call.span)?;
        let key = machine.index(&pair, &Value::number(0.0), call.span)?;
        match crate::display::property_name(&key) {
            Some(name) if is_there => {
                machine.heap.get_mut(id).properties.insert(name, value);
            }
            _ => enter_one_of(machine, id, &key, value),
        }
    }
    if let Some(more) = more {
        let value = machine.index(&more, &Value::number(1.0), call.span)?;
        let key = machine.index(&more, &Value::number(0.0), call.span)?;
        enter_one_of(machine, id, &key, value);
    }
    Ok(Some(Value::object(id).with_origins(list.origins)))
}

/// Adds an entry whose key is one of a few names, or any.
fn enter_one_of(machine: &mut Machine<'_>, id: ObjectId, key: &Value, value: Value) {
    let name = crate::display::property_name(key);
    match name.map(|name| vec![name]).or_else(|| names_of(key)) {
        Some(names) => machine.set_one_of(id, key, &names, &value),
        None => {
            let object = machine.heap.get_mut(id);
            object.elements.push(value);
            object.is_open = true;
        }
    }
}

/// Of what is not known as a whole, as a form that was sent, the pairs make up what it is. A list that the program has
/// made of the pairs may leave some out.
fn whole(
    machine: &Machine<'_>,
    list: &Value,
    pairs: &[Value],
    more: Option<&Value>,
) -> Option<Value> {
    let is_sent = |id: ObjectId| matches!(machine.heap.get(id).kind, ObjectKind::Host(_));
    let is_as_it_came = match list.only() {
        Some(Atom::Object(id)) => is_sent(id),
        only => only.is_some() && list.is_unknown(),
    };
    let more = more.filter(|more| pairs.is_empty() && is_as_it_came && more.is_unknown())?;
    Some(more.clone().shaped(Shape::Object))
}

fn define_property(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, key, how) = (call.argument(0), call.argument(1), call.argument(2));
    define(machine, &object, &key, &how, call)?;
    Ok(Some(object))
}

fn define(
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    how: &Value,
    call: &Native<'_>,
) -> Result<(), Stop> {
    let Some(name) = crate::display::property_name(key).filter(|_| !how.is_nothing()) else {
        return Ok(());
    };
    let getter = machine.member(how, Ustr::from("get"), call.span)?;
    if super::is_callable(machine, &getter) {
        let key = Ustr::from(&format!("get:{name}"));
        return machine.set_member(object, key, getter, call.span);
    }
    let value = machine.member(how, Ustr::from("value"), call.span)?;
    let id = object.only_object();
    match id.filter(|id| !matches!(machine.heap.get(*id).kind, ObjectKind::Host(_))) {
        // A definition calls no setter, and one without a value changes how a property behaves only.
        Some(id) if value != Value::undefined() => machine.heap.set_property(id, name, value),
        Some(_) => {}
        None => machine.set_member(object, name, value, call.span)?,
    }
    Ok(())
}

fn define_properties(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, table) = (call.argument(0), call.argument(1));
    let (entries, _) = own_entries(machine, &table, call)?;
    for entry in entries {
        define(machine, &object, &entry.key, &entry.value, call)?;
    }
    Ok(Some(object))
}

fn create(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let prototype = call.argument(0);
    let class = prototype
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Prototype { class } => Some(class),
            _ => None,
        });
    let kind = match class {
        Some(class) => ObjectKind::Instance { class },
        None => ObjectKind::Plain,
    };
    let id = machine.heap.allocate(kind, call.span);
    if class.is_none() && !prototype.is_nothing() {
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from(PROTOTYPE), prototype);
    }
    let table = call.argument(1);
    if !table.is_nothing() {
        let (entries, _) = own_entries(machine, &table, call)?;
        for entry in entries {
            define(machine, &Value::object(id), &entry.key, &entry.value, call)?;
        }
    }
    Ok(Some(Value::object(id)))
}

fn get_prototype(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let object = call.argument(0);
    let Some(id) = object.only_object() else {
        return Ok(Some(machine.derived(Shape::Object, [&object])));
    };
    Ok(Some(match &machine.heap.get(id).kind {
        ObjectKind::Instance { class } => prototype_of_class(machine, *class),
        ObjectKind::Class { bases, .. } => bases.first().cloned().unwrap_or_else(Value::null),
        ObjectKind::Prototype { class } => {
            let base = machine.class_order(*class).get(1).copied();
            base.map_or_else(Value::null, |base| prototype_of_class(machine, base))
        }
        _ => machine
            .heap
            .property(id, Ustr::from(PROTOTYPE))
            .cloned()
            .unwrap_or_else(|| Value::outside("js:Object.prototype")),
    }))
}

fn prototype_of_class(machine: &Machine<'_>, class: ObjectId) -> Value {
    match machine.heap.get(class).kind {
        ObjectKind::Class { prototype, .. } => Value::object(prototype),
        _ => Value::null(),
    }
}

fn set_prototype(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let object = call.argument(0);
    if let Some(id) = object.only_object()
        && matches!(machine.heap.get(id).kind, ObjectKind::Plain)
    {
        machine
            .heap
            .set_property(id, Ustr::from(PROTOTYPE), call.argument(1));
    }
    Ok(Some(object))
}

fn has_own_property(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let key = call.argument(0);
    Ok(Some(has(machine, call.this, &key, call)))
}

fn has_own(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, key) = (call.argument(0), call.argument(1));
    Ok(Some(has(machine, &object, &key, call)))
}

fn has(machine: &mut Machine<'_>, object: &Value, key: &Value, call: &Native<'_>) -> Value {
    let is_instance = object
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }));
    let (true, Some(id), Some(name)) = (
        is_instance,
        object.only_object(),
        crate::display::property_name(key),
    ) else {
        return machine.contains(object, key, call.span);
    };
    let outcome = Some(machine.heap.property(id, name).is_some());
    machine.tested(TestKind::Membership, outcome, &[key, object], call.span)
}

fn is(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (left, right) = (call.argument(0), call.argument(1));
    Ok(Some(machine.compare_equal(&left, &right, call.span, false)))
}

fn text(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    Ok(Some(call.method_result(machine, Shape::String)))
}

fn reflect_get(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, key) = (call.argument(0), call.argument(1));
    machine.index(&object, &key, call.span).map(Some)
}

fn reflect_set(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, key, value) = (call.argument(0), call.argument(1), call.argument(2));
    machine.set_index(&object, &key, value, call.span)?;
    Ok(Some(Value::bool(true)))
}

fn reflect_delete(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (object, key) = (call.argument(0), call.argument(1));
    for id in object.objects().collect::<Vec<_>>() {
        if let Some(name) = crate::display::property_name(&key) {
            machine.heap.remove_property(id, name);
        }
    }
    Ok(Some(Value::bool(true)))
}

fn reflect_apply(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let arguments = super::function::spread(machine, &call.argument(2));
    let (function, this) = (call.argument(0), call.argument(1));
    machine
        .call_value(&function, Some(this), &arguments, call.span)
        .map(Some)
}

fn reflect_construct(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (class, list) = (call.argument(0), call.argument(1));
    super::function::construct_spread(machine, &class, &list, call.span).map(Some)
}

/// A copy one level deep: what is further down is not told apart.
fn clone(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let value = call.argument(0);
    let Some(id) = value.only_object() else {
        return Ok(Some(value));
    };
    let object = machine.heap.get(id).clone();
    let is_copied = matches!(
        object.kind,
        ObjectKind::Plain | ObjectKind::Array | ObjectKind::Map | ObjectKind::Set
    );
    if !is_copied {
        return Ok(Some(value));
    }
    let copy = machine.heap.allocate(object.kind, call.span);
    let made = machine.heap.get_mut(copy);
    made.properties = object.properties;
    made.elements = object.elements;
    made.is_open = object.is_open;
    let mut result = Value::object(copy).with_origins(value.origins);
    result.control = value.control;
    Ok(Some(result))
}

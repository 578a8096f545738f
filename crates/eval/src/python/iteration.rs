//! What makes sequences of sequences: `range`, `zip`, `map`, `sorted`, and `itertools`.

use crate::python::Use;
use crate::{Answer, Arguments, Atom, Machine, ObjectKind, Shape, Stop, Value};

/// The most elements that a `range` is written out to.
const LONGEST_RANGE: f64 = 1000.0;

/// Calls a built-in function that makes or goes through a sequence.
pub(crate) fn builtin(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "range" => range(machine, call),
        "list" | "tuple" | "set" | "frozenset" => collect(machine, call),
        "dict" => machine.make_dict(call)?,
        "enumerate" => enumerate(machine, call),
        "zip" => zip(machine, call),
        "map" => map(machine, call)?,
        "filter" => filter(machine, call)?,
        "sorted" | "reversed" => reorder(machine, call),
        "any" | "all" => quantify(machine, call),
        "sum" => sum(machine, call)?,
        "min" | "max" => extreme(machine, call),
        "iter" | "aiter" => call.at(0).unwrap_or_else(Value::undefined),
        "next" | "anext" => next(machine, call)?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// Calls a function of `itertools`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "chain" => {
            let parts = call.arguments.positional.clone();
            machine.chained(&parts, call)
        }
        "zip_longest" => zip(machine, call),
        "islice" | "cycle" | "takewhile" | "dropwhile" => call.at(0).unwrap_or_else(Value::null),
        "product" if call.arguments.positional.len() == 2 => product(machine, call),
        "starmap" => starmap(machine, call)?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn range(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let numbers: Option<Vec<f64>> = call
        .arguments
        .positional
        .iter()
        .map(Value::as_number)
        .collect();
    let (start, end, step) = match numbers.as_deref() {
        Some([end]) => (0.0, *end, 1.0),
        Some([start, end]) => (*start, *end, 1.0),
        Some([start, end, step]) if *step != 0.0 => (*start, *end, *step),
        _ => {
            let number = machine.derived(Shape::Number, call.arguments.all());
            let list = machine.make_list(Vec::new(), true, call.span);
            return list.with_origins(number.origins);
        }
    };
    let count = ((end - start) / step).ceil().max(0.0);
    let shown = count.min(LONGEST_RANGE) as usize;
    let elements = (0..shown)
        .map(|index| Value::number(start + index as f64 * step))
        .collect();
    machine.make_list(elements, count > LONGEST_RANGE, call.span)
}

fn collect(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let kind = match call.name {
        "list" => ObjectKind::Array,
        "tuple" => ObjectKind::Tuple,
        _ => ObjectKind::Set,
    };
    let (mut elements, is_open, source) = match call.at(0) {
        Some(source) => {
            let (elements, is_open) = machine.elements_of(&source);
            let is_outside = source
                .objects()
                .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Host(_)));
            if is_outside && elements.is_empty() && call.name != "set" {
                // What a library hands out is asked for what is in it, as a loop does.
                let element = machine.element_of_open(&source);
                if !machine.is_missing_element(&element) {
                    return machine.list_with_more(Vec::new(), element, &source, call.span);
                }
                return machine.make_collection(kind, elements, false, Some(&source), call.span);
            }
            (elements, is_open, Some(source))
        }
        None => (Vec::new(), false, None),
    };
    if matches!(kind, ObjectKind::Set) {
        elements = machine.distinct(elements);
    }
    machine.make_collection(kind, elements, is_open, source.as_ref(), call.span)
}

fn enumerate(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let source = call.find(0, "iterable");
    let start = call.find(1, "start").as_number().unwrap_or(0.0);
    let (elements, is_open) = machine.elements_of(&source);
    let mut pairs = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let number = Value::number(start + index as f64);
        pairs.push(machine.make_tuple(vec![number, element], call.span));
    }
    if is_open {
        let element = machine.element_of_open(&source);
        let pair = machine.make_tuple(vec![Value::unknown(Shape::Number), element], call.span);
        return machine.list_with_more(pairs, pair, &source, call.span);
    }
    machine.make_collection(ObjectKind::Array, pairs, false, Some(&source), call.span)
}

fn zip(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let sources: Vec<(Vec<Value>, bool)> = call
        .arguments
        .positional
        .iter()
        .map(|source| machine.elements_of(source))
        .collect();
    let known = sources.iter().filter(|(_, is_open)| !is_open);
    let Some(length) = known.map(|(elements, _)| elements.len()).min() else {
        let parts = call.arguments.positional.clone();
        let row = parts
            .iter()
            .map(|part| machine.element_of_open(part))
            .collect();
        let row = machine.make_tuple(row, call.span);
        let source = parts.first().cloned().unwrap_or_else(Value::null);
        return machine.list_with_more(Vec::new(), row, &source, call.span);
    };
    let mut rows = Vec::with_capacity(length);
    for index in 0..length {
        let mut row = Vec::with_capacity(sources.len());
        for (source, (elements, _)) in call.arguments.positional.iter().zip(&sources) {
            row.push(match elements.get(index) {
                Some(element) => element.clone(),
                None => machine.element_of_open(source),
            });
        }
        rows.push(machine.make_tuple(row, call.span));
    }
    let origins = machine.origins_of(&call.arguments.positional);
    machine
        .make_list(rows, false, call.span)
        .with_origins(origins)
}

fn map(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(function), Some(source)) = (call.at(0), call.at(1)) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let (elements, is_open) = machine.elements_of(&source);
    let mut results = Vec::with_capacity(elements.len());
    for element in elements {
        let arguments = Arguments::positional([element]);
        results.push(machine.call_value(&function, None, &arguments, call.span)?);
    }
    if is_open {
        let element = machine.element_of_open(&source);
        let arguments = Arguments::positional([element]);
        let result = machine.call_value(&function, None, &arguments, call.span)?;
        return Ok(machine.list_with_more(results, result, &source, call.span));
    }
    Ok(machine.make_collection(ObjectKind::Array, results, false, Some(&source), call.span))
}

fn starmap(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(function), Some(source)) = (call.at(0), call.at(1)) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let (rows, is_open) = machine.elements_of(&source);
    let mut results = Vec::with_capacity(rows.len());
    for row in rows {
        let (positional, _) = machine.elements_of(&row);
        let arguments = Arguments::positional(positional);
        results.push(machine.call_value(&function, None, &arguments, call.span)?);
    }
    Ok(machine.make_collection(
        ObjectKind::Array,
        results,
        is_open,
        Some(&source),
        call.span,
    ))
}

fn filter(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let (Some(function), Some(source)) = (call.at(0), call.at(1)) else {
        return Ok(machine.unknown("missing-argument"));
    };
    let (elements, mut is_open) = machine.elements_of(&source);
    let passes = |machine: &mut Machine<'_>, element: &Value| {
        if function.is_nothing() {
            return Ok(element.clone());
        }
        let arguments = Arguments::positional([element.clone()]);
        machine.call_value(&function, None, &arguments, call.span)
    };
    if is_open && elements.is_empty() {
        // Of what is not known one by one, each is as any of them is that passes.
        let (_, more) = machine.elements_and_more(&source);
        let element = more.unwrap_or_else(|| machine.element_of_open(&source));
        let test = passes(machine, &element)?;
        let list = machine.make_list(Vec::new(), false, call.span);
        return match machine.truth(&test) {
            Some(false) => Ok(list.with_origins(source.origins)),
            _ => {
                let element = machine.narrowed_element(element, &test);
                let element = machine.controlled(element, &test);
                Ok(machine.list_with_more(Vec::new(), element, &source, call.span))
            }
        };
    }
    let mut kept = Vec::with_capacity(elements.len());
    for element in elements {
        let test = passes(machine, &element)?;
        match machine.truth(&test) {
            Some(false) => {}
            Some(true) => kept.push(element),
            None => {
                is_open = true;
                kept.push(element);
            }
        }
    }
    Ok(machine.make_collection(ObjectKind::Array, kept, is_open, Some(&source), call.span))
}

/// `sorted` keeps the order of what is not compared here; what matters is that all elements are there.
fn reorder(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let source = call.at(0).unwrap_or_else(Value::null);
    let (mut elements, is_open) = machine.elements_of(&source);
    if call.name == "reversed" {
        elements = machine.turned_round(elements);
    } else if call.arguments.keyword("key").is_none() {
        sort(&mut elements);
        let reverse = call.arguments.keyword("reverse").cloned();
        if reverse.is_some_and(|reverse| machine.truth(&reverse) == Some(true)) {
            elements.reverse();
        }
    }
    machine.make_collection(
        ObjectKind::Array,
        elements,
        is_open,
        Some(&source),
        call.span,
    )
}

/// Sorts known strings or known numbers.
pub(crate) fn sort(elements: &mut [Value]) {
    if elements.iter().all(|element| element.text().is_some()) {
        elements.sort_by_key(|element| element.text().map(|text| text.as_str()));
    } else if elements.iter().all(|element| element.as_number().is_some()) {
        elements.sort_by(|a, b| {
            let (a, b) = (a.as_number().unwrap_or(0.0), b.as_number().unwrap_or(0.0));
            a.total_cmp(&b)
        });
    }
}

fn quantify(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let source = call.at(0).unwrap_or_else(Value::null);
    let (mut elements, is_open) = machine.elements_of(&source);
    if is_open {
        elements.push(machine.element_of_open(&source));
    }
    match call.name {
        "any" => machine.any_of(&elements, call.span),
        _ => machine.all_of(&elements, call.span),
    }
}

fn sum(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let source = call.at(0).unwrap_or_else(Value::null);
    let (elements, is_open) = machine.elements_of(&source);
    if is_open || elements.len() > 200 {
        return Ok(machine.derived(Shape::Number, call.arguments.all()));
    }
    let mut total = match call.arguments.find(1, "start") {
        Some(start) => start.clone(),
        None => Value::number(0.0),
    };
    for element in elements {
        total = machine.binary(
            firedoor_ir::BinaryOperator::Add,
            &total,
            &element,
            call.span,
        )?;
    }
    Ok(total)
}

fn extreme(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let (elements, is_open) = match call.arguments.positional.as_slice() {
        [source] => machine.elements_of(source),
        several => (several.to_vec(), false),
    };
    let numbers: Option<Vec<f64>> = elements.iter().map(Value::as_number).collect();
    if let Some(numbers) = numbers
        && !is_open
        && !numbers.is_empty()
        && call.arguments.keyword("key").is_none()
    {
        let pick = if call.name == "min" {
            f64::min
        } else {
            f64::max
        };
        let first = numbers[0];
        let number = numbers.into_iter().fold(first, pick);
        let origins = machine.origins_of(&elements);
        return Value::number(number).with_origins(origins);
    }
    if elements.is_empty() || is_open || elements.iter().all(|e| e.as_number().is_some()) {
        return machine.derived(Shape::Any, call.arguments.all());
    }
    machine.join_all(&elements)
}

fn next(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let source = call.at(0).unwrap_or_else(Value::null);
    if let Some(id) = source.only_object()
        && let Some(method) = machine.own_method(id, "__next__", call.span)?
    {
        return machine.call_value(&method, None, &Arguments::default(), call.span);
    }
    let (elements, is_open) = machine.elements_of(&source);
    let default = call.at(1);
    match (elements.first(), is_open, default) {
        (Some(first), false, _) => Ok(first.clone()),
        (None, false, Some(default)) => Ok(default),
        (None, false, None) => {
            let error = machine.exception("StopIteration", Vec::new(), call.span);
            machine.throw(error, call.span)
        }
        (_, true, default) => {
            let element = machine.element_of_open(&source);
            Ok(match default {
                Some(default) => machine.join(element, &default),
                None => element,
            })
        }
    }
}

fn product(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let (first, first_open) = machine.elements_of(&call.arguments.positional[0]);
    let (second, second_open) = machine.elements_of(&call.arguments.positional[1]);
    let mut rows = Vec::new();
    for a in &first {
        for b in second.iter().take(machine.limits.rounds) {
            rows.push(machine.make_tuple(vec![a.clone(), b.clone()], call.span));
        }
        if rows.len() > machine.limits.rounds {
            break;
        }
    }
    machine.make_list(rows, first_open || second_open, call.span)
}

impl Machine<'_> {
    /// The elements of several sequences one after the other.
    pub(crate) fn chained(&mut self, parts: &[Value], call: &Use<'_>) -> Value {
        let mut all = Vec::new();
        let mut is_open = false;
        for part in parts {
            let (elements, open) = self.elements_of(part);
            all.extend(elements);
            is_open |= open;
        }
        let origins = self.origins_of(parts);
        self.make_list(all, is_open, call.span)
            .with_origins(origins)
    }

    /// Leaves out what is certainly the same as an earlier element.
    pub(crate) fn distinct(&self, elements: Vec<Value>) -> Vec<Value> {
        let mut texts = rustc_hash::FxHashSet::default();
        let mut others: Vec<Value> = Vec::new();
        let mut kept = Vec::with_capacity(elements.len());
        for element in elements {
            let is_new = match element.only() {
                Some(Atom::String(text)) => texts.insert(text),
                _ if others.len() < 200 => {
                    let is_new = !others.contains(&element);
                    others.push(element.clone());
                    is_new
                }
                _ => true,
            };
            if is_new {
                kept.push(element);
            }
        }
        kept
    }
}

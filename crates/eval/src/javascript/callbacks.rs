//! Methods of lists that call functions of the program: for each known element, and perhaps for a further one.

use firedoor_source::Span;
use ustr::Ustr;

use super::{Function, Native};
use crate::branch::Completion;
use crate::elements::is_perhaps_missing;
use crate::{Answer, Arguments, Atom, Machine, Shape, Stop, TestKind, Value};

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "forEach" => for_each,
        "map" => map,
        "flatMap" => flat_map,
        "filter" => filter,
        "find" | "findLast" => find,
        "findIndex" | "findLastIndex" => find_index,
        "some" => some,
        "every" => every,
        "reduce" | "reduceRight" => reduce,
        "sort" | "toSorted" => sort,
        _ => return None,
    })
}

/// How sure it is that an element is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Certain,
    /// It was added on one side of a branch.
    Perhaps,
    /// It stands for any number of elements.
    Further,
}

type Visit<'v, 'p> =
    &'v mut dyn FnMut(&mut Machine<'p>, Value, Value, Presence) -> Result<bool, Stop>;

/// Visits the elements of a list until a visit says that it is enough. What is done for an element that
/// may be missing happens perhaps.
fn walk<'p>(
    machine: &mut Machine<'p>,
    list: &Value,
    span: Span,
    visit: Visit<'_, 'p>,
) -> Result<(), Stop> {
    let (mut elements, mut more) = machine.elements_and_more(list);
    if elements.len() > machine.limits.rounds {
        let rest = elements.split_off(machine.limits.rounds);
        let rest = machine.join_all(&rest);
        more = Some(match more {
            Some(more) => machine.join(more, &rest),
            None => rest,
        });
    }
    let is_as_written = machine.heap.is_as_written(list);
    for (index, mut element) in elements.into_iter().enumerate() {
        element.origins = machine.origins.union(element.origins, list.origins);
        let index = Value::number(index as f64);
        if is_as_written || !is_perhaps_missing(&element) {
            if !visit(machine, element, index, Presence::Certain)? {
                return Ok(());
            }
            continue;
        }
        machine.perhaps_element(element, span, &mut |machine, element| {
            visit(machine, element, index.clone(), Presence::Perhaps)?;
            Ok(Completion::Normal)
        })?;
    }
    let Some(more) = more else {
        return Ok(());
    };
    let decision = machine.loop_decision(list, span);
    machine.perhaps(decision, |machine| {
        let index = Value::unknown(Shape::Number);
        visit(machine, more, index, Presence::Further)?;
        Ok(Completion::Normal)
    })?;
    Ok(())
}

/// Calls the function given, as lists do: with the element, its index and the list.
fn callback(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    element: Value,
    index: Value,
) -> Result<Value, Stop> {
    let this = call.arguments.positional.get(1).cloned();
    let arguments = Arguments::positional([element, index, call.this.clone()]);
    machine.call_value(&call.argument(0), this, &arguments, call.span)
}

fn for_each(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    walk(
        machine,
        call.this,
        call.span,
        &mut |machine, element, index, _| {
            callback(machine, call, element, index)?;
            Ok(true)
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// Collects results: those that may be missing have `undefined` among their alternatives.
#[derive(Default)]
struct Results {
    known: Vec<Value>,
    more: Option<Value>,
}

impl Results {
    fn add(&mut self, machine: &mut Machine<'_>, value: Value, presence: Presence) {
        match presence {
            Presence::Certain => self.known.push(value),
            Presence::Perhaps => {
                let value = machine.join(value, &Value::undefined());
                self.known.push(value);
            }
            Presence::Further => {
                self.more = Some(match self.more.take() {
                    Some(more) => machine.join(more, &value),
                    None => value,
                });
            }
        }
    }

    fn list(self, machine: &mut Machine<'_>, call: &Native<'_>) -> Value {
        let list = machine.make_open_list(self.known, self.more, call.span);
        list.with_origins(call.this.origins)
    }
}

fn map(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let mut results = Results::default();
    walk(
        machine,
        call.this,
        call.span,
        &mut |machine, element, index, presence| {
            let value = callback(machine, call, element, index)?;
            results.add(machine, value, presence);
            Ok(true)
        },
    )?;
    Ok(Some(results.list(machine, call)))
}

fn flat_map(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let mapped = map(machine, call)?.unwrap_or_else(Value::undefined);
    let (elements, more) = super::array::flattened(machine, &mapped, 1.0);
    let list = machine.make_open_list(elements, more, call.span);
    Ok(Some(list.with_origins(call.this.origins)))
}

/// Returns what is left of an element that passes the test, and whether it is sure to pass.
fn kept(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    element: &Value,
    index: Value,
) -> Result<Option<(Value, bool)>, Stop> {
    if call
        .argument(0)
        .as_outside()
        .is_some_and(|it| it == "js:Boolean")
    {
        let is_certain = machine.truth(element) == Some(true);
        let element = element.filter(|atom| atom.truth() != Some(false));
        return Ok(element.map(|element| (element, is_certain)));
    }
    let test = callback(machine, call, element.clone(), index)?;
    let truth = machine.truth(&test);
    if truth == Some(false) {
        return Ok(None);
    }
    let element = machine.narrowed_element(element.clone(), &test);
    let element = machine.controlled(element, &test);
    Ok(Some((element, truth == Some(true))))
}

fn filter(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let mut results = Results::default();
    walk(
        machine,
        call.this,
        call.span,
        &mut |machine, element, index, presence| {
            let Some((element, is_certain)) = kept(machine, call, &element, index)? else {
                return Ok(true);
            };
            let presence = match presence {
                Presence::Certain if !is_certain => Presence::Perhaps,
                other => other,
            };
            results.add(machine, element, presence);
            Ok(true)
        },
    )?;
    Ok(Some(results.list(machine, call)))
}

fn find(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let mut found: Option<Value> = None;
    let mut is_certain = false;
    walk(
        machine,
        call.this,
        call.span,
        &mut |machine, element, index, presence| {
            let Some((element, passes)) = kept(machine, call, &element, index)? else {
                return Ok(true);
            };
            found = Some(match found.take() {
                Some(earlier) => machine.join(earlier, &element),
                None => element,
            });
            is_certain = passes && presence == Presence::Certain;
            Ok(!is_certain)
        },
    )?;
    Ok(Some(match found {
        Some(found) if is_certain => found,
        Some(found) => machine.join(found, &Value::undefined()),
        None => Value::undefined().with_origins(call.this.origins),
    }))
}

/// The tests of all elements; one that may be missing is undecided.
fn tests(machine: &mut Machine<'_>, call: &Native<'_>, stop_at: bool) -> Result<Vec<Value>, Stop> {
    let mut tests = Vec::new();
    walk(
        machine,
        call.this,
        call.span,
        &mut |machine, element, index, presence| {
            let test = callback(machine, call, element, index)?;
            if presence == Presence::Certain {
                let is_enough = machine.truth(&test) == Some(stop_at);
                tests.push(test);
                return Ok(!is_enough);
            }
            if machine.truth(&test) == Some(!stop_at) {
                return Ok(true);
            }
            let mut open = machine.tested(TestKind::Membership, None, &[&test], call.span);
            open.test = test.test.or(open.test);
            tests.push(open);
            Ok(true)
        },
    )?;
    Ok(tests)
}

fn some(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let tests = tests(machine, call, true)?;
    Ok(Some(machine.any_of(&tests, call.span)))
}

fn every(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let tests = tests(machine, call, false)?;
    Ok(Some(machine.all_of(&tests, call.span)))
}

fn find_index(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let tests = tests(machine, call, true)?;
    let truths: Vec<Option<bool>> = tests.iter().map(|test| machine.truth(test)).collect();
    let first = truths.iter().position(|truth| *truth != Some(false));
    let test = machine.any_of(&tests, call.span);
    let (_, more) = machine.elements_of(call.this);
    let known = match first {
        Some(first) if truths[first] == Some(true) => Some(first as f64),
        None if !more => Some(-1.0),
        _ => None,
    };
    let mut position = known.map_or_else(|| Value::unknown(Shape::Number), Value::number);
    position.origins = test.origins;
    position.control = test.control;
    position.test = test.test;
    Ok(Some(position))
}

fn reduce(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let mut folded = call.arguments.positional.get(1).cloned();
    let list = match call.path == Ustr::from("reduceRight") {
        true => {
            let (mut elements, more) = machine.elements_and_more(call.this);
            elements.reverse();
            machine.make_open_list(elements, more, call.span)
        }
        false => call.this.clone(),
    };
    walk(
        machine,
        &list,
        call.span,
        &mut |machine, element, index, presence| {
            let Some(before) = folded.take() else {
                folded = Some(element);
                return Ok(true);
            };
            let arguments =
                Arguments::positional([before.clone(), element, index, call.this.clone()]);
            let after = machine.call_value(&call.argument(0), None, &arguments, call.span);
            folded = Some(match after {
                Ok(after) if presence == Presence::Certain => after,
                Ok(after) => machine.join(after, &before),
                Err(stop) => {
                    folded = Some(before);
                    return Err(stop);
                }
            });
            Ok(true)
        },
    )?;
    Ok(Some(folded.unwrap_or_else(Value::undefined)))
}

/// Known numbers and strings are sorted; otherwise the order stays, for what is in the list matters more.
fn sort(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (mut elements, more) = machine.elements_and_more(call.this);
    let texts: Option<Vec<Ustr>> = elements.iter().map(Value::text).collect();
    let is_plain = call.arguments.positional.is_empty() && texts.is_some();
    if is_plain {
        elements.sort_by_key(|element| match element.only() {
            Some(Atom::String(text)) => text.as_str(),
            _ => "",
        });
    }
    if call.path == "toSorted" {
        return Ok(Some(machine.make_open_list(elements, more, call.span)));
    }
    if let Some(id) = call.object()
        && is_plain
        && !machine.is_store(id)
    {
        *machine.heap.elements_mut(id) = elements;
    }
    Ok(Some(call.this.clone()))
}

/// `Array.from(iterable, function)`: like `map`, with a list made first.
pub(super) fn map_list(
    machine: &mut Machine<'_>,
    list: &Value,
    function: &Value,
    span: Span,
) -> Answer {
    let arguments = Arguments::positional([function.clone()]);
    let call = Native {
        path: Ustr::from("map"),
        this: list,
        arguments: &arguments,
        span,
        is_new: false,
    };
    map(machine, &call)
}

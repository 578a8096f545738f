//! Promises, `await` and `yield`, as far as an evaluation without time needs them.
//!
//! A promise is settled when it is made; what it holds comes out, or is thrown, where it is awaited.

use firedoor_source::Span;

use crate::{Atom, Decided, Machine, ObjectKind, Stop, Thrown, Value};

impl<'p> Machine<'p> {
    /// Makes a promise; without a value it always fails.
    pub fn make_promise(
        &mut self,
        value: Option<Value>,
        thrown: Vec<Thrown>,
        decided: Vec<Decided>,
        span: Span,
    ) -> Value {
        let resolves = value.is_some();
        let kind = ObjectKind::Promise {
            value: value.unwrap_or_else(Value::undefined),
            resolves,
            thrown,
            decided,
        };
        Value::object(self.heap.allocate(kind, span))
    }

    /// Waits for a promise: gives its value and throws its failures.
    ///
    /// What is no object is there already, with the test that it is the outcome of.
    pub fn await_value(&mut self, value: &Value, _span: Span) -> Result<Value, Stop> {
        if value.objects().next().is_none() && !value.atoms().is_empty() {
            return Ok(value.clone());
        }
        let mut result: Option<Value> = None;
        let mut fails = false;
        for atom in value.atoms().to_vec() {
            let settled = match self.promise_of(&atom) {
                None => self.other_awaited(value, atom).map(Some).or_else(|stop| {
                    fails = true;
                    match stop {
                        Stop::Throw => Ok(None),
                        stop => Err(stop),
                    }
                })?,
                Some((settled, resolves, thrown, decided)) => {
                    self.rethrow(thrown);
                    let is_only = value.atoms().len() == 1;
                    if is_only {
                        self.decided.extend(decided);
                    }
                    fails |= !resolves;
                    resolves.then_some(settled)
                }
            };
            if let Some(settled) = settled {
                result = Some(match result {
                    Some(earlier) => self.join(earlier, &settled),
                    None => settled,
                });
            }
        }
        match result {
            Some(result) => Ok(result),
            None if fails => Err(Stop::Throw),
            None => Ok(Value::undefined()),
        }
    }

    fn promise_of(&self, atom: &Atom) -> Option<(Value, bool, Vec<Thrown>, Vec<Decided>)> {
        let Atom::Object(id) = atom else {
            return None;
        };
        match &self.heap.get(*id).kind {
            ObjectKind::Promise {
                value,
                resolves,
                thrown,
                decided,
            } => Some((value.clone(), *resolves, thrown.clone(), decided.clone())),
            _ => None,
        }
    }

    fn other_awaited(&mut self, whole: &Value, atom: Atom) -> Result<Value, Stop> {
        let mut value = Value::atom(atom).with_origins(whole.origins);
        value.control = whole.control;
        if let Atom::Object(id) = atom {
            let host = self.host();
            if let Some(awaited) = host.awaited(self, id)? {
                return Ok(awaited);
            }
        }
        Ok(value)
    }

    /// What an async function of JavaScript returns is waited for, be it a promise or a library's query.
    /// What fails only then is beyond the reach of a `try` around the `return`.
    pub(crate) fn await_returned(&mut self, value: Value, span: Span) -> Result<Value, Stop> {
        let is_waiting = value.objects().any(|id| {
            matches!(
                self.heap.get(id).kind,
                ObjectKind::Promise { .. } | ObjectKind::Host(_)
            )
        });
        if !is_waiting || self.is_python() || !self.is_in_async() {
            return Ok(value);
        }
        let (awaited, thrown) = self.catching(|machine| machine.await_value(&value, span));
        self.frame().failed_late.extend(thrown);
        awaited
    }

    /// Holds if the running function is async and no generator.
    fn is_in_async(&self) -> bool {
        let function = self.frames.last().and_then(|frame| frame.function);
        function.is_some_and(|(module, id)| {
            let function = self.program.module(module).function(id);
            function.is_async && !function.is_generator
        })
    }

    /// Holds if a function of the program is `async`.
    pub(crate) fn is_async_function(&self, function: &Value) -> Option<bool> {
        match &self.heap.get(function.only_object()?).kind {
            ObjectKind::Function { closure, .. } => {
                let module = self.program.module(closure.module);
                Some(module.function(closure.function).is_async)
            }
            ObjectKind::Bound { target, .. } => self.is_async_function(target),
            _ => None,
        }
    }

    /// A generator is the list of what it yields, in order; what only some paths yield may be missing.
    pub(crate) fn yield_value(&mut self, value: Value, is_delegate: bool, span: Span) {
        let list = match self.frame().yielded {
            Some(list) => list,
            None => {
                let list = self.heap.allocate(ObjectKind::Array, span);
                self.frame().yielded = Some(list);
                list
            }
        };
        if !is_delegate {
            self.heap.push_element(list, value);
            return;
        }
        let (elements, more) = self.elements_and_more(&value);
        for element in elements {
            self.heap.push_element(list, element);
        }
        if let Some(more) = more {
            self.open_list(list, more);
        }
    }
}

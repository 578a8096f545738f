//! Context managers and `contextlib`.

use firedoor_source::Span;
use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Stop, Value};

/// Calls a function of `contextlib`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        // Calling the function gives what it yields, which is what `as` binds.
        "contextmanager" | "asynccontextmanager" => call.at(0),
        "closing" | "aclosing" | "nullcontext" => Some(call.at(0).unwrap_or_else(Value::null)),
        "suppress" => {
            let kind = ObjectKind::Host(Ustr::from("py:contextlib.suppress()"));
            let id = machine.heap.allocate(kind, call.span);
            machine.heap.get_mut(id).elements = call.arguments.positional.clone();
            Some(Value::object(id))
        }
        "ExitStack" | "AsyncExitStack" => {
            let path = format!("py:contextlib.{}()", call.name);
            let kind = ObjectKind::Host(Ustr::from(&path));
            Some(Value::object(machine.heap.allocate(kind, call.span)))
        }
        _ => None,
    };
    Ok(value)
}

/// Calls a method of an exit stack.
pub(crate) fn stack_method(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let first = call.at(0).unwrap_or_else(Value::null);
    Ok(Some(match call.name {
        "enter_context" => machine.enter_context(&first, call.span)?,
        "enter_async_context" => {
            let value = machine.enter_context(&first, call.span)?;
            machine.make_promise(Some(value), Vec::new(), Vec::new(), call.span)
        }
        "push" | "push_async_exit" | "callback" | "push_async_callback" => first,
        _ => Value::null(),
    }))
}

impl Machine<'_> {
    /// Enters a context manager and returns what `as` binds.
    pub(crate) fn enter_context(&mut self, context: &Value, span: Span) -> Result<Value, Stop> {
        let mut result: Option<Value> = None;
        for atom in context.atoms().to_vec() {
            let mut whole = Value::atom(atom).with_origins(context.origins);
            whole.control = context.control;
            let value = match atom {
                Atom::Object(id) => self.enter_object(id, &whole, span)?,
                _ => whole,
            };
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        Ok(result.unwrap_or_else(Value::undefined))
    }

    fn enter_object(&mut self, id: ObjectId, whole: &Value, span: Span) -> Result<Value, Stop> {
        match self.heap.get(id).kind.clone() {
            ObjectKind::Array => {
                let (elements, _) = self.elements_of(whole);
                Ok(self.join_all(&elements))
            }
            ObjectKind::Promise { .. } => self.await_value(whole, span),
            ObjectKind::Instance { .. } => {
                match self.call_context_method(id, &["__enter__", "__aenter__"], 0, span)? {
                    Some(value) => Ok(value),
                    None => Ok(whole.clone()),
                }
            }
            ObjectKind::Host(path) => {
                let path = Ustr::from(&format!("{path}.__enter__"));
                let none = Arguments::default();
                let answer = self.ask_host(path, Some(id), whole.clone(), &none, span, false)?;
                Ok(answer.unwrap_or_else(|| whole.clone()))
            }
            _ => Ok(whole.clone()),
        }
    }

    /// Leaves a context manager, of the program or of outside.
    pub(crate) fn exit_context(&mut self, context: &Value, span: Span) -> Result<(), Stop> {
        for id in context.objects().collect::<Vec<_>>() {
            if let ObjectKind::Host(path) = self.heap.get(id).kind {
                let path = Ustr::from(&format!("{path}.__exit__"));
                let none = Arguments::default();
                self.ask_host(path, Some(id), context.clone(), &none, span, false)?;
                continue;
            }
            self.call_context_method(id, &["__exit__", "__aexit__"], 3, span)?;
        }
        Ok(())
    }

    fn call_context_method(
        &mut self,
        id: ObjectId,
        names: &[&str],
        count: usize,
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        for name in names {
            if let Some(method) = self.own_method(id, name, span)? {
                let arguments = Arguments::positional(vec![Value::null(); count]);
                let value = self.call_value(&method, None, &arguments, span)?;
                return self.await_value(&value, span).map(Some);
            }
        }
        Ok(None)
    }

    /// Returns the exceptions that a context manager swallows.
    pub(crate) fn suppressed(&mut self, context: &Value, span: Span) -> Option<Value> {
        let id = context.only_object()?;
        match self.heap.get(id).kind {
            ObjectKind::Host(path) if path == "py:contextlib.suppress()" => {
                let classes = self.heap.get(id).elements.clone();
                Some(self.make_tuple(classes, span))
            }
            _ => None,
        }
    }
}

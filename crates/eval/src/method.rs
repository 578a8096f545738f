//! Calling methods: of the program, of the languages, and of what the host knows.
//!
//! A method is looked up and called in one step, so that the receiver is known to whoever answers.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Stop, Value};

impl<'p> Machine<'p> {
    /// Calls `object.name(arguments)`.
    pub fn call_member(
        &mut self,
        object: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if object.is_nothing() {
            return self.throw_nothing(object, "AttributeError", span);
        }
        let mut result: Option<Value> = None;
        let mut stopped = false;
        let atoms: Vec<Atom> = object
            .atoms()
            .iter()
            .copied()
            .filter(|atom| !atom.is_nothing())
            .collect();
        let is_only = atoms.len() == 1;
        for atom in atoms {
            let mut receiver = Value::atom(atom).with_origins(object.origins);
            receiver.control = object.control;
            let value = match self.call_atom_member(&receiver, &atom, name, arguments, span) {
                Err(Stop::Throw) if !is_only => {
                    stopped = true;
                    continue;
                }
                other => other?,
            };
            result = Some(match result {
                Some(earlier) => self.join_answers(earlier, &value, span),
                None => value,
            });
        }
        match result {
            Some(mut value) => {
                value.control = self.origins.union(value.control, object.control);
                Ok(value)
            }
            None if stopped => Err(Stop::Throw),
            None => Ok(Value::undefined()),
        }
    }

    fn call_atom_member(
        &mut self,
        receiver: &Value,
        atom: &Atom,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Atom::Object(id) = atom {
            let object = self.heap.get(*id);
            let is_method = matches!(object.kind, ObjectKind::Method { .. });
            let host_path = match object.kind {
                ObjectKind::Host(path) => Some(path),
                _ => None,
            };
            let has_own =
                object.properties.contains_key(&name) && !self.is_method_of_dict(*id, name);
            let is_read = is_method && !crate::call::is_builtin_method(self, *id, name);
            if is_read && let Some(read) = self.read_member(*id) {
                let receiver = Value::object(read).with_origins(receiver.origins);
                let atom = Atom::Object(read);
                return self.call_atom_member(&receiver, &atom, name, arguments, span);
            }
            if !has_own && let Some(path) = host_path {
                return self.call_host_member(*id, path, receiver, name, arguments, span);
            }
            if has_own || !crate::call::is_builtin_method(self, *id, name) {
                let callee = self.object_member(*id, receiver, name, span)?;
                let with_receiver = self.with_receiver(&callee, receiver, name, arguments);
                let arguments = with_receiver.as_ref().unwrap_or(arguments);
                return self.call_value(&callee, Some(receiver.clone()), arguments, span);
            }
        }
        if let Atom::Outside(path) = atom {
            let callee = self.outside_member(*path, receiver, name);
            return self.call_value(&callee, Some(receiver.clone()), arguments, span);
        }
        self.call_builtin_method(receiver, name, arguments, span)
    }

    /// Calls a method that was taken from its object, whatever the object holds under its name by now.
    pub(crate) fn call_method(
        &mut self,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Some(id) = receiver.only_object()
            && let ObjectKind::Host(path) = self.heap.get(id).kind
        {
            return self.call_host_member(id, path, receiver, name, arguments, span);
        }
        self.call_builtin_method(receiver, name, arguments, span)
    }

    fn call_host_member(
        &mut self,
        id: ObjectId,
        path: Ustr,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let path = self.path_of_member(path, name);
        let answer = self.ask_host(path, Some(id), receiver.clone(), arguments, span, false)?;
        if let Some(value) = answer {
            return Ok(value);
        }
        let host = self.host();
        if let Some(callee) = host.member(self, id, path, name, span) {
            return self.call_value(&callee, Some(receiver.clone()), arguments, span);
        }
        let own = match path.starts_with("py:") {
            true => crate::python::call(self, path, receiver, arguments, span)?,
            false => crate::javascript::host_method(self, path, receiver, name, arguments, span)?,
        };
        if let Some(value) = own {
            return Ok(value);
        }
        self.call_unknown_outside(path, receiver, arguments, span)
    }

    /// Asks the host about a call of outside code.
    pub(crate) fn ask_host(
        &mut self,
        path: Ustr,
        receiver: Option<ObjectId>,
        this: Value,
        arguments: &Arguments,
        span: Span,
        is_new: bool,
    ) -> Answer {
        self.uncertain += 1;
        let host = self.host();
        let call = crate::Call {
            path,
            receiver,
            this,
            arguments,
            span,
            is_new,
        };
        host.call(self, &call)
    }
}

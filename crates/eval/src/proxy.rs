//! Objects behind a `Proxy`: what its traps answer, and what the target answers where there is no trap.
//!
//! Containers of services are made like this, and wrappers of clients. Source: ECMAScript 2024, section 10.5.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Machine, ObjectId, ObjectKind, Stop, Value};

/// The traps that are called; where a handler has none of them, its proxy is as good as the target.
const TRAPS: [&str; 5] = ["get", "set", "has", "apply", "construct"];

/// What a proxy does with one operation.
enum Way {
    /// A function of the handler is asked.
    Trap { trap: Value, handler: Value },
    /// It is done with the target.
    Target,
}

impl Machine<'_> {
    /// Makes `new Proxy(target, handler)`.
    pub(crate) fn make_proxy(&mut self, target: Value, handler: Value, span: Span) -> Value {
        let has_trap = TRAPS.iter().any(|name| {
            let trap = self.member(&handler, Ustr::from(name), span);
            trap.is_ok_and(|trap| crate::javascript::is_callable(self, &trap))
        });
        if !has_trap || handler.only_object().is_none() || target.objects().next().is_none() {
            return target;
        }
        let origins = target.origins;
        let kind = ObjectKind::Proxy { target, handler };
        Value::object(self.heap.allocate(kind, span)).with_origins(origins)
    }

    /// Returns the target of a proxy, and what its handler has for one operation.
    fn behind(
        &mut self,
        id: ObjectId,
        name: &str,
        span: Span,
    ) -> Result<Option<(Value, Way)>, Stop> {
        let ObjectKind::Proxy { target, handler } = &self.heap.get(id).kind else {
            return Ok(None);
        };
        let (target, handler) = (target.clone(), handler.clone());
        let trap = self.member(&handler, Ustr::from(name), span)?;
        let way = match crate::javascript::is_callable(self, &trap) {
            true => Way::Trap { trap, handler },
            false => Way::Target,
        };
        Ok(Some((target, way)))
    }

    /// Reads a property of a proxy; `None` for any other object.
    pub(crate) fn proxy_get(
        &mut self,
        id: ObjectId,
        key: &Value,
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        let Some((target, way)) = self.behind(id, "get", span)? else {
            return Ok(None);
        };
        let found = match way {
            Way::Target => self.index(&target, key, span)?,
            Way::Trap { trap, handler } => {
                let arguments = Arguments::positional([target, key.clone(), Value::object(id)]);
                self.call_value(&trap, Some(handler), &arguments, span)?
            }
        };
        Ok(Some(found))
    }

    /// Writes a property of a proxy; returns false for any other object.
    pub(crate) fn proxy_set(
        &mut self,
        id: ObjectId,
        key: &Value,
        value: &Value,
        span: Span,
    ) -> Result<bool, Stop> {
        let Some((target, way)) = self.behind(id, "set", span)? else {
            return Ok(false);
        };
        match way {
            Way::Target => self.set_index(&target, key, value.clone(), span)?,
            Way::Trap { trap, handler } => {
                let all = [target, key.clone(), value.clone(), Value::object(id)];
                self.call_value(&trap, Some(handler), &Arguments::positional(all), span)?;
            }
        }
        Ok(true)
    }

    /// Calls a proxy as a function.
    pub(crate) fn proxy_call(
        &mut self,
        id: ObjectId,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        match self.behind(id, "apply", span)? {
            Some((target, Way::Trap { trap, handler })) => {
                let this = this.unwrap_or_else(Value::undefined);
                let list = self.make_list(arguments.positional.clone(), false, span);
                let all = Arguments::positional([target, this, list]);
                self.call_value(&trap, Some(handler), &all, span)
            }
            Some((target, Way::Target)) => self.call_value(&target, this, arguments, span),
            None => Ok(Value::undefined()),
        }
    }

    /// Makes an instance of a proxy of a class.
    pub(crate) fn proxy_construct(
        &mut self,
        id: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        match self.behind(id, "construct", span)? {
            Some((target, Way::Trap { trap, handler })) => {
                let list = self.make_list(arguments.positional.clone(), false, span);
                let all = Arguments::positional([target, list, Value::object(id)]);
                self.call_value(&trap, Some(handler), &all, span)
            }
            Some((target, Way::Target)) => self.construct(&target, arguments, span),
            None => Ok(Value::undefined()),
        }
    }

    /// Returns what stands behind proxies, for whatever no trap answers.
    pub(crate) fn unproxied(&self, id: ObjectId) -> ObjectId {
        let mut found = id;
        // A proxy of a proxy is made once; a chain of them ends.
        while let ObjectKind::Proxy { target, .. } = &self.heap.get(found).kind
            && let Some(next) = target.objects().next()
            && next.0 < found.0
        {
            found = next;
        }
        found
    }
}

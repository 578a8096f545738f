//! `__init_subclass__`: what a class does with each class that inherits it.
//!
//! Programs collect handlers this way: `cls.handlers = {...}`, made from what the body of the class has defined.

use firedoor_source::Span;
use ustr::Ustr;

use crate::class::KEYWORDS;
use crate::{Arguments, Machine, ObjectId, ObjectKind, Stop, Value};

impl Machine<'_> {
    /// Tells the nearest base that wants to know it that a class was made. If that fails, the class is as it was.
    pub(crate) fn tell_base(&mut self, class: ObjectId, span: Span) -> Result<(), Stop> {
        let name = Ustr::from("__init_subclass__");
        let bases = self.class_order(class).into_iter();
        let hook = bases.filter(|base| *base != class).find_map(|base| {
            let ObjectKind::Class { prototype, .. } = self.heap.get(base).kind else {
                return None;
            };
            self.heap.property(prototype, name).cloned()
        });
        let is_function = |value: &Value| {
            value
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Function { .. }))
        };
        let Some(hook) = hook.filter(is_function) else {
            return Ok(());
        };
        let mut arguments = Arguments::positional([Value::object(class)]);
        let given = self.heap.property(class, Ustr::from(KEYWORDS));
        if let Some(given) = given.and_then(Value::only_object) {
            let keywords = self.heap.get(given).properties.iter();
            let keywords = keywords.filter(|(name, _)| name.as_str() != "metaclass");
            arguments
                .keywords
                .extend(keywords.map(|(name, value)| (*name, value.clone())));
        }
        let (told, _) = self.catching(|machine| machine.call_value(&hook, None, &arguments, span));
        match told {
            Err(Stop::Budget) => Err(Stop::Budget),
            _ => Ok(()),
        }
    }
}

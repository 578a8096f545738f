//! Exceptions that are told apart by what they say go through a handler one kind after the other.
//!
//! What a handler does often hangs on what it has caught: `answer(statuses[error.code])`. All exceptions at once
//! would be answered with all statuses, and nothing would tell which of them who is asking has to do with.

use firedoor_ir::TryHandler;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Atom, Decided, Machine, ObjectId, ObjectKind, OriginSet, Stop, Thrown, Value};

/// The most kinds that are told apart by one handler.
const MOST: usize = 16;

/// The most ways to what is caught together that are remembered.
const MOST_WAYS: usize = 16;

/// What tells an exception from others: of what class it is, and the constants that it carries.
#[derive(PartialEq)]
enum Kind {
    Object(Class, Vec<(Ustr, Atom)>),
    Other(Vec<Atom>),
}

#[derive(PartialEq)]
enum Class {
    Own(ObjectId),
    Outside(Ustr),
    None,
}

impl<'p> Machine<'p> {
    /// Runs a handler for each kind of what it takes, as if it was undecided which one there is.
    pub(crate) fn run_handler(
        &mut self,
        handler: &'p TryHandler,
        taken: Vec<Thrown>,
    ) -> Result<Completion, Stop> {
        // A handler that does not look at what it catches does the same for all.
        if handler.binding.is_none() || taken.len() < 2 {
            return self.run_handler_once(handler, taken);
        }
        let mut kinds = self.by_kind(&taken, true);
        if kinds.len() > MOST {
            kinds = self.by_kind(&taken, false);
        }
        let more = kinds.split_off(kinds.len().min(MOST));
        if let Some(last) = kinds.last_mut() {
            last.extend(more.into_iter().flatten());
        }
        self.run_kinds(handler, kinds)
    }

    fn run_kinds(
        &mut self,
        handler: &'p TryHandler,
        mut kinds: Vec<Vec<Thrown>>,
    ) -> Result<Completion, Stop> {
        if kinds.len() < 2 {
            let last = kinds.pop().unwrap_or_default();
            let own = self.common_to(&last);
            self.decided.extend(own);
            return self.run_handler_once(handler, last);
        }
        let others = kinds.split_off(1);
        let first = kinds.pop().unwrap_or_default();
        let mut origins = OriginSet::EMPTY;
        let mut control = OriginSet::EMPTY;
        for thrown in &first {
            origins = self.origins.union(origins, thrown.value.origins);
            control = self.origins.union(control, thrown.value.control);
        }
        let mut seen: FxHashSet<Decided> = self.decided.iter().copied().collect();
        for step in first.iter().flat_map(|thrown| &thrown.decided) {
            if seen.insert(*step) {
                let (a, b) = {
                    let decision = self.decision(step.decision);
                    (decision.origins, decision.control)
                };
                control = self.origins.union(control, a);
                control = self.origins.union(control, b);
            }
        }
        let decision = self.add_failure(handler.span, origins, control, false);
        let own = self.common_to(&first);
        self.either(
            decision,
            |machine| {
                machine.decided.extend(own);
                machine.run_handler_once(handler, first)
            },
            |machine| machine.run_kinds(handler, others),
        )
    }

    /// Exceptions that are caught together have different ways, and what their handler does is what each of them came
    /// to: two limits that answer alike both refuse. The decision that a handler runs remembers those ways.
    pub(crate) fn keep_ways(&mut self, taken: &[Thrown]) {
        let [first, _, ..] = taken else {
            return;
        };
        // What the body has decided stands behind it.
        let mut known = self.decided.iter().rev();
        let Some(caught) = known.find(|step| !first.decided.contains(*step)).copied() else {
            return;
        };
        if !self.is_failure(caught.decision) {
            return;
        }
        let known: FxHashSet<Decided> = self.decided.iter().copied().collect();
        let last = |thrown: &Thrown| {
            let mut steps = thrown.decided.iter().rev();
            steps.find(|step| !known.contains(*step)).copied()
        };
        let mut ways: Vec<(bool, Decided)> = Vec::new();
        for way in taken.iter().filter_map(last) {
            if ways.len() < MOST_WAYS && !ways.contains(&(caught.side, way)) {
                ways.push((caught.side, way));
            }
        }
        let decision = self.decisions.get_mut(caught.decision.0 as usize);
        decision.caught.extend(ways);
    }

    /// What has been decided on the way to all of these, and is not known here.
    fn common_to(&self, thrown: &[Thrown]) -> Vec<Decided> {
        let Some((first, others)) = thrown.split_first() else {
            return Vec::new();
        };
        let mut common: FxHashSet<Decided> = first.decided.iter().copied().collect();
        for step in &self.decided {
            common.remove(step);
        }
        keep_common(&mut common, others);
        let steps = first.decided.iter().filter(|step| common.contains(step));
        steps.copied().collect()
    }

    fn by_kind(&self, thrown: &[Thrown], with_messages: bool) -> Vec<Vec<Thrown>> {
        let mut kinds: Vec<(Kind, Vec<Thrown>)> = Vec::new();
        for thrown in thrown {
            let kind = self.kind_of_thrown(&thrown.value, with_messages);
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, all)) => all.push(thrown.clone()),
                None => kinds.push((kind, vec![thrown.clone()])),
            }
        }
        kinds.into_iter().map(|(_, all)| all).collect()
    }

    fn kind_of_thrown(&self, value: &Value, with_messages: bool) -> Kind {
        let Some(id) = value.only_object() else {
            return Kind::Other(value.atoms().to_vec());
        };
        let object = self.heap.get(id);
        let class = match object.kind {
            ObjectKind::Instance { class } => Class::Own(class),
            ObjectKind::Host(path) => Class::Outside(path),
            _ => Class::None,
        };
        let constants = object.properties.iter().filter_map(|(name, value)| {
            let is_message = matches!(name.as_str(), "message" | "detail" | "stack");
            match value.only()? {
                atom @ (Atom::String(_) | Atom::Number(_) | Atom::Bool(_))
                    if with_messages || !is_message =>
                {
                    Some((*name, atom))
                }
                _ => None,
            }
        });
        Kind::Object(class, constants.collect())
    }
}

/// Keeps what has been decided on the way to all of `thrown`.
pub(crate) fn keep_common(common: &mut FxHashSet<Decided>, thrown: &[Thrown]) {
    for other in thrown {
        if common.is_empty() {
            return;
        }
        let own: FxHashSet<Decided> = other.decided.iter().copied().collect();
        common.retain(|step| own.contains(step));
    }
}

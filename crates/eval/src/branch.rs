//! Branches: running both sides of an undecided test from one state, and merging what they wrote.

use firedoor_ir::{ExpressionId, ExpressionKind, LogicalOperator, UnaryOperator};
use firedoor_source::Span;
use smallvec::smallvec;
use ustr::Ustr;

use crate::heap::{Content, Location};
use crate::{
    Decided, Decision, DecisionId, Machine, OriginSet, SideEnd, Slot, Stop, Test, TestKind, Value,
};

pub(crate) use crate::heap::Delta;

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// What follows it runs.
    Normal,
    /// The function returns.
    Return,
    /// Something is thrown, or the process ends.
    Throw,
    /// A loop is left.
    Break(Option<Ustr>),
    /// A loop goes on with its next round.
    Continue(Option<Ustr>),
    /// What follows does not run, for different reasons on different paths.
    Mixed,
}

impl Completion {
    fn end(self) -> SideEnd {
        match self {
            Completion::Normal => SideEnd::Goes,
            Completion::Return | Completion::Mixed => SideEnd::Returns,
            Completion::Throw => SideEnd::Throws,
            Completion::Break(_) | Completion::Continue(_) => SideEnd::Leaves,
        }
    }
}

/// What one side of a branch came to.
struct Side<T> {
    result: Result<T, Stop>,
    end: SideEnd,
    delta: Delta,
    decided: Vec<Decided>,
}

impl<'p> Machine<'p> {
    /// Runs the side of `test` that holds, or both if that is undecided, as statements.
    pub(crate) fn branch(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        match self.truth(test) {
            Some(truth) => {
                let decision = self.decide(test, span, true);
                self.push_certain(decision, truth);
                if truth { then(self) } else { otherwise(self) }
            }
            None => {
                let decision = self.decide(test, span, false);
                self.either(decision, then, otherwise)
            }
        }
    }

    /// Runs both sides of a decision that is not made.
    pub(crate) fn either(
        &mut self,
        decision: DecisionId,
        then: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let sides = self.fork(decision, then, otherwise, |_, completion| completion.end())?;
        Ok(match sides {
            (Some(a), Some(b)) if a == b => a,
            (Some(Completion::Normal), _) | (_, Some(Completion::Normal)) => Completion::Normal,
            (Some(_), Some(_)) => Completion::Mixed,
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Completion::Throw,
        })
    }

    /// Runs the side of `test` that holds, or both if that is undecided, as expressions.
    pub(crate) fn choose(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<Value, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Value, Stop>,
    ) -> Result<Value, Stop> {
        if let Some(truth) = self.truth(test) {
            let decision = self.decide(test, span, true);
            let base = self.decided.len();
            self.push_certain(decision, truth);
            let value = if truth { then(self) } else { otherwise(self) };
            self.decided.truncate(base);
            return value.map(|value| self.controlled(value, test));
        }
        let decision = self.decide(test, span, false);
        let sides = self.fork(decision, then, otherwise, |_, _| SideEnd::Goes)?;
        let value = match sides {
            (Some(a), Some(b)) => self.join(a, &b),
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => return Err(Stop::Throw),
        };
        Ok(self.controlled(value, test))
    }

    /// Does one thing if `test` holds and another if not; both, one after the other, if that is undecided.
    ///
    /// # Errors
    ///
    /// If every side that runs ends the path.
    pub fn when(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<(), Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let completion = self.branch(
            test,
            span,
            |machine| then(machine).map(|()| Completion::Normal),
            |machine| otherwise(machine).map(|()| Completion::Normal),
        )?;
        if completion == Completion::Normal {
            Ok(())
        } else {
            Err(Stop::Throw)
        }
    }

    /// Runs `body`, which may or may not happen.
    pub(crate) fn perhaps(
        &mut self,
        decision: DecisionId,
        body: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let sides = self.fork(
            decision,
            body,
            |_| Ok(Completion::Normal),
            |_, completion| completion.end(),
        )?;
        Ok(sides.1.or(sides.0).unwrap_or(Completion::Throw))
    }

    /// Returns `value`, decided by `test`.
    pub(crate) fn controlled(&mut self, mut value: Value, test: &Value) -> Value {
        let by = self.origins.union(test.origins, test.control);
        value.control = self.origins.union(value.control, by);
        value
    }

    /// Adds the decision that hangs on `test`.
    pub(crate) fn decide(&mut self, test: &Value, span: Span, is_certain: bool) -> DecisionId {
        let found = test.test.unwrap_or_else(|| {
            let test = Test {
                kind: TestKind::Truth,
                operands: smallvec![test.clone()],
                parts: Vec::new(),
                is_conjunction: false,
                span,
            };
            (self.add_test(test), false)
        });
        self.add_decision(Decision {
            test: Some(found),
            origins: test.origins,
            control: test.control,
            span,
            is_certain,
            ends: [SideEnd::NotRun; 2],
            label: None,
            remainder: smallvec::SmallVec::new(),
        })
    }

    /// A certain decision is kept on the path only if it hangs on something.
    fn push_certain(&mut self, decision: DecisionId, side: bool) {
        let known = self.decision(decision);
        if !known.origins.is_empty() || !known.control.is_empty() {
            self.decided.push(Decided { decision, side });
        }
    }

    /// Runs both sides from the current state and leaves the state merged. A side that ends for certain
    /// gives `None`; only a used-up budget is an error.
    fn fork<T>(
        &mut self,
        decision: DecisionId,
        then: impl FnOnce(&mut Self) -> Result<T, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<T, Stop>,
        end: impl Fn(&Self, &T) -> SideEnd,
    ) -> Result<(Option<T>, Option<T>), Stop> {
        let yes = self.run_side(
            Decided {
                decision,
                side: true,
            },
            then,
            &end,
        );
        let no = self.run_side(
            Decided {
                decision,
                side: false,
            },
            otherwise,
            &end,
        );
        self.decisions[decision.0 as usize].ends = [no.end, yes.end];
        self.settle(decision, &yes, &no);
        if yes.result.as_ref().err() == Some(&Stop::Budget)
            || no.result.as_ref().err() == Some(&Stop::Budget)
        {
            return Err(Stop::Budget);
        }
        Ok((yes.result.ok(), no.result.ok()))
    }

    fn run_side<T>(
        &mut self,
        decided: Decided,
        body: impl FnOnce(&mut Self) -> Result<T, Stop>,
        end: &impl Fn(&Self, &T) -> SideEnd,
    ) -> Side<T> {
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        let base = self.decided.len();
        self.decided.push(decided);
        let result = body(self);
        let end = match &result {
            Ok(value) => end(self, value),
            Err(_) => SideEnd::Throws,
        };
        let decided = self.decided.split_off(base.min(self.decided.len()));
        let delta = self.take_delta(mark, born);
        if end == SideEnd::Throws {
            self.keep_thrown(&delta);
        }
        Side {
            result,
            end,
            delta,
            decided,
        }
    }

    /// What a side has made that ends by throwing is known to whoever catches it: an exception keeps its
    /// properties.
    fn keep_thrown(&mut self, delta: &Delta) {
        for (location, content) in &delta.writes {
            if delta.is_new(location) {
                self.restore(*location, content.clone());
            }
        }
    }

    fn settle<T>(&mut self, decision: DecisionId, yes: &Side<T>, no: &Side<T>) {
        let known = self.decision(decision);
        let control = (known.origins, known.control);
        match (yes.end == SideEnd::Goes, no.end == SideEnd::Goes) {
            (true, true) => {
                let is_loop = known
                    .test
                    .is_some_and(|(test, _)| self.test(test).kind == TestKind::Loop);
                self.merge(&yes.delta, &no.delta, control);
                self.keep_remainder(decision, [&yes.decided, &no.decided]);
                if is_loop {
                    self.open_grown(&yes.delta);
                }
            }
            (true, false) => self.survive(yes, no),
            (false, true) => self.survive(no, yes),
            (false, false) => {
                self.keep_left(yes);
                self.keep_left(no);
            }
        }
    }

    /// Only one side goes on: what it wrote and decided holds from here.
    fn survive<T>(&mut self, going: &Side<T>, ended: &Side<T>) {
        self.keep_left(ended);
        self.apply(&going.delta);
        self.decided.extend(going.decided.iter().copied());
    }

    /// What an ended side has written is kept for where its path goes on; what it has made and thrown stays
    /// as it made it.
    fn keep_left<T>(&mut self, ended: &Side<T>) {
        if ended.end == SideEnd::Throws {
            let mut own = ended.delta.clone();
            own.writes
                .retain(|location, _| ended.delta.is_new(location));
            return self.apply(&own);
        }
        if matches!(ended.end, SideEnd::Returns | SideEnd::Leaves)
            && !ended.delta.writes.is_empty()
            && let Some(frame) = self.frames.last_mut()
            && frame.left.len() < 64
        {
            frame.left.push(ended.delta.clone());
        }
    }

    /// Undoes everything written since `mark` and returns it.
    pub(crate) fn take_delta(&mut self, mark: usize, born: (usize, usize)) -> Delta {
        let mut delta = Delta {
            born,
            ..Delta::default()
        };
        while self.heap.journal.len() > mark {
            let Some((location, old)) = self.heap.journal.pop() else {
                break;
            };
            if !delta.writes.contains_key(&location) {
                let current = self.content(location);
                delta.writes.insert(location, current);
            }
            self.restore(location, old);
        }
        delta
    }

    pub(crate) fn content(&mut self, location: Location) -> Content {
        match location {
            Location::Variable(scope, name) => match self.scope(scope).names.get(&name) {
                Some(Slot::Value(value)) => Content::Value(value.clone()),
                _ => Content::Nothing,
            },
            Location::Property(object, key) => match self.heap.property(object, key) {
                Some(value) => Content::Value(value.clone()),
                None => Content::Nothing,
            },
            Location::Elements(object) => {
                let object = self.heap.get(object);
                Content::Elements(object.elements.clone(), object.is_open)
            }
        }
    }

    fn restore(&mut self, location: Location, content: Content) {
        match (location, content) {
            (Location::Variable(scope, name), Content::Value(value)) => {
                self.scope(scope).names.insert(name, Slot::Value(value));
            }
            (Location::Variable(scope, name), _) => {
                self.scope(scope).names.insert(name, Slot::Unbound);
            }
            (Location::Property(object, key), Content::Value(value)) => {
                self.heap.get_mut(object).properties.insert(key, value);
            }
            (Location::Property(object, key), _) => {
                self.heap.get_mut(object).properties.shift_remove(&key);
            }
            (Location::Elements(object), Content::Elements(elements, is_open)) => {
                let object = self.heap.get_mut(object);
                object.elements = elements;
                object.is_open = is_open;
            }
            (Location::Elements(object), Content::Length(length, is_open)) => {
                let object = self.heap.get_mut(object);
                object.elements.truncate(length);
                object.is_open = is_open;
            }
            (Location::Elements(_), _) => {}
        }
    }

    pub(crate) fn apply(&mut self, delta: &Delta) {
        for (location, content) in &delta.writes {
            let old = self.content(*location);
            self.heap.journal.push((*location, old));
            self.restore(*location, content.clone());
        }
    }

    /// Writes what may have been written: each place holds the old or the new.
    pub(crate) fn apply_weakly(&mut self, deltas: Vec<Delta>) {
        for delta in deltas {
            self.merge(
                &delta,
                &Delta::default(),
                (OriginSet::EMPTY, OriginSet::EMPTY),
            );
        }
    }

    pub(crate) fn merge(&mut self, yes: &Delta, no: &Delta, control: (OriginSet, OriginSet)) {
        let by = self.origins.union(control.0, control.1);
        let only_no = no
            .writes
            .keys()
            .filter(|location| !yes.writes.contains_key(*location));
        let locations: Vec<Location> = yes.writes.keys().chain(only_no).copied().collect();
        for location in locations {
            let current = self.content(location);
            let (a, b) = (yes.writes.get(&location), no.writes.get(&location));
            // The other side knows nothing of what one side has made.
            let is_new = a.is_some() && b.is_none() && yes.is_new(&location)
                || a.is_none() && b.is_some() && no.is_new(&location);
            let merged = match (is_new, a.or(b)) {
                (true, Some(own)) => own.clone(),
                _ => {
                    let a = a.unwrap_or(&current).clone();
                    let b = b.unwrap_or(&current).clone();
                    self.merge_content(a, b, by)
                }
            };
            self.heap.journal.push((location, current));
            self.restore(location, merged);
        }
    }

    fn merge_content(&mut self, a: Content, b: Content, by: OriginSet) -> Content {
        match (a, b) {
            (Content::Value(a), Content::Value(b)) => {
                let mut value = self.join(a, &b);
                value.control = self.origins.union(value.control, by);
                Content::Value(value)
            }
            (Content::Value(value), Content::Nothing)
            | (Content::Nothing, Content::Value(value)) => {
                let mut value = self.join(value, &Value::undefined());
                value.control = self.origins.union(value.control, by);
                Content::Value(value)
            }
            (Content::Elements(a, a_open), Content::Elements(b, b_open)) => {
                Content::Elements(self.merge_elements(a, b, by), a_open || b_open)
            }
            (a, _) => a,
        }
    }

    /// An element that only one side has may be missing: `undefined` is among its alternatives then.
    fn merge_elements(&mut self, a: Vec<Value>, b: Vec<Value>, by: OriginSet) -> Vec<Value> {
        let (mut long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let missing = Value::undefined();
        for (index, element) in long.iter_mut().enumerate() {
            let other = short.get(index).unwrap_or(&missing);
            if element == other {
                continue;
            }
            let mut joined = element.clone().join(other, &mut self.origins);
            joined.control = self.origins.union(joined.control, by);
            *element = joined;
        }
        long
    }

    /// A list that grew in a loop whose rounds are not known may have grown more than once.
    fn open_grown(&mut self, delta: &Delta) {
        for (location, content) in &delta.writes {
            let (Location::Elements(id), Content::Elements(elements, _)) = (location, content)
            else {
                continue;
            };
            let is_grown = elements
                .last()
                .is_some_and(|last| self.heap.get(*id).elements.last() != Some(last));
            if is_grown {
                self.heap.open(*id);
            }
        }
    }

    /// Narrows what the variables and properties in `test` can be, now that it is `truth`.
    pub(crate) fn refine(&mut self, test: ExpressionId, truth: bool) {
        let module = self.module_ir();
        match &module.expression(test).kind {
            ExpressionKind::Unary(UnaryOperator::Not, inner) => self.refine(*inner, !truth),
            ExpressionKind::Logical(LogicalOperator::And, left, right) if truth => {
                self.refine(*left, true);
                self.refine(*right, true);
            }
            ExpressionKind::Logical(LogicalOperator::Or, left, right) if !truth => {
                self.refine(*left, false);
                self.refine(*right, false);
            }
            ExpressionKind::Binary(operator, left, right) => {
                self.refine_comparison(*operator, *left, *right, truth);
            }
            ExpressionKind::Assign { value, target } => {
                if let firedoor_ir::Pattern::Name(name, _) = target {
                    self.refine_name(*name, |atom| atom.truth() != Some(!truth));
                }
                self.refine(*value, truth);
            }
            _ => self.refine_place(test, |atom| atom.truth() != Some(!truth)),
        }
    }

    fn refine_comparison(
        &mut self,
        operator: firedoor_ir::BinaryOperator,
        left: ExpressionId,
        right: ExpressionId,
        truth: bool,
    ) {
        use firedoor_ir::BinaryOperator as Op;
        let holds = match operator {
            Op::Equal | Op::LooseEqual | Op::Is => truth,
            Op::NotEqual | Op::LooseNotEqual | Op::IsNot => !truth,
            _ => return,
        };
        let is_loose = matches!(operator, Op::LooseEqual | Op::LooseNotEqual);
        for (place, constant) in [(left, right), (right, left)] {
            let Some(constant) = self.constant(constant) else {
                continue;
            };
            self.refine_place(place, |atom| {
                let is_it =
                    *atom == constant || (is_loose && atom.is_nothing() && constant.is_nothing());
                let may_be =
                    is_it || matches!(atom, crate::Atom::Unknown(_) | crate::Atom::Pattern(_));
                if holds { may_be } else { !is_it }
            });
        }
    }

    fn constant(&self, expression: ExpressionId) -> Option<crate::Atom> {
        use firedoor_ir::Literal;
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Literal(literal) => Some(match literal {
                Literal::Null => crate::Atom::Null,
                Literal::Undefined => crate::Atom::Undefined,
                Literal::Bool(value) => crate::Atom::Bool(*value),
                Literal::Number(value) => crate::Atom::Number(*value),
                Literal::String(text) => crate::Atom::String(*text),
                _ => return None,
            }),
            ExpressionKind::Name(name) if name == "undefined" => Some(crate::Atom::Undefined),
            _ => None,
        }
    }

    fn refine_place(&mut self, place: ExpressionId, keep: impl Fn(&crate::Atom) -> bool) {
        match &self.module_ir().expression(place).kind {
            ExpressionKind::Name(name) => self.refine_name(*name, keep),
            ExpressionKind::Member {
                object, property, ..
            } => self.refine_member(*object, *property, keep),
            ExpressionKind::Assign {
                target: firedoor_ir::Pattern::Name(name, _),
                ..
            } => self.refine_name(*name, keep),
            ExpressionKind::Await(inner) => self.refine_place(*inner, keep),
            _ => {}
        }
    }

    fn refine_name(&mut self, name: Ustr, keep: impl Fn(&crate::Atom) -> bool) {
        let Some((scope, value)) = self.find_variable(name) else {
            return;
        };
        if let Some(value) = value.filter(keep) {
            self.bind(scope, name, value);
        }
    }

    /// Only a property of a variable that is one object is narrowed.
    fn refine_member(
        &mut self,
        object: ExpressionId,
        property: Ustr,
        keep: impl Fn(&crate::Atom) -> bool,
    ) {
        let Some(object) = self.known_object(object) else {
            return;
        };
        let Some(value) = self.heap.property(object, property).cloned() else {
            return;
        };
        if value.atoms().len() > 1
            && let Some(value) = value.filter(keep)
        {
            self.heap.set_property(object, property, value);
        }
    }

    fn known_object(&mut self, expression: ExpressionId) -> Option<crate::ObjectId> {
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Name(name) => self.find_variable(*name)?.1.only_object(),
            ExpressionKind::This => self.frames.last()?.this.only_object(),
            ExpressionKind::Member {
                object, property, ..
            } => {
                let object = self.known_object(*object)?;
                self.heap.property(object, *property)?.only_object()
            }
            _ => None,
        }
    }
}

//! Python's `match`.

use firedoor_ir::{ExpressionId, MatchCase, MatchPattern};
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Atom, Machine, ObjectKind, Shape, Stop, TestKind, Value};

/// A part of a subject with the pattern it must match; none if the part is not there.
type Part<'p> = (Option<Value>, &'p MatchPattern);

/// What taking a subject apart comes to.
struct Parts<'p> {
    /// Whether the subject is of the kind that the pattern wants.
    test: Value,
    parts: Vec<Part<'p>>,
}

impl<'p> Machine<'p> {
    pub(crate) fn match_statement(
        &mut self,
        subject: ExpressionId,
        cases: &'p [MatchCase],
    ) -> Result<Completion, Stop> {
        let value = self.evaluate(subject)?;
        self.match_from(&value, cases)
    }

    fn match_from(&mut self, subject: &Value, cases: &'p [MatchCase]) -> Result<Completion, Stop> {
        let Some((case, rest)) = cases.split_first() else {
            return Ok(Completion::Normal);
        };
        let test = self.match_pattern(subject, &case.pattern, case.span)?;
        self.branch(
            &test,
            case.span,
            |machine| {
                machine.bind_match(subject, &case.pattern, case.span)?;
                let Some(guard) = case.guard else {
                    return machine.block(&case.body);
                };
                let guard = machine.evaluate(guard)?;
                machine.branch(
                    &guard,
                    case.span,
                    |machine| machine.block(&case.body),
                    |machine| machine.match_from(subject, rest),
                )
            },
            |machine| machine.match_from(subject, rest),
        )
    }

    /// Binds the names of a pattern that matches.
    fn bind_match(
        &mut self,
        subject: &Value,
        pattern: &'p MatchPattern,
        span: Span,
    ) -> Result<(), Stop> {
        match pattern {
            MatchPattern::As { pattern, name } => {
                if let Some(pattern) = pattern {
                    self.bind_match(subject, pattern, span)?;
                }
                if let Some(name) = name {
                    self.declare_name(*name, subject.clone());
                }
            }
            MatchPattern::Star(Some(name)) => self.declare_name(*name, subject.clone()),
            MatchPattern::Or(patterns) => {
                for pattern in patterns {
                    let test = self.match_pattern(subject, pattern, span)?;
                    if self.truth(&test) != Some(false) {
                        return self.bind_match(subject, pattern, span);
                    }
                }
            }
            MatchPattern::Value(_) | MatchPattern::Star(None) => {}
            MatchPattern::Mapping { .. }
            | MatchPattern::Class { .. }
            | MatchPattern::Sequence(_) => {
                let taken = self.take_apart(subject, pattern, span)?;
                for (part, pattern) in taken.parts {
                    let part = part.unwrap_or_else(|| Value::unknown(Shape::Any));
                    self.bind_match(&part, pattern, span)?;
                }
                if let MatchPattern::Mapping {
                    rest: Some(rest), ..
                } = pattern
                {
                    self.declare_name(*rest, subject.clone());
                }
            }
        }
        Ok(())
    }

    fn match_pattern(
        &mut self,
        subject: &Value,
        pattern: &'p MatchPattern,
        span: Span,
    ) -> Result<Value, Stop> {
        match pattern {
            MatchPattern::As { pattern: None, .. } | MatchPattern::Star(_) => Ok(Value::bool(true)),
            MatchPattern::As {
                pattern: Some(inner),
                ..
            } => self.match_pattern(subject, inner, span),
            MatchPattern::Value(constant) => {
                let constant = self.evaluate(*constant)?;
                Ok(self.compare_equal(subject, &constant, span, false))
            }
            MatchPattern::Or(patterns) => {
                let tests: Result<Vec<Value>, Stop> = patterns
                    .iter()
                    .map(|pattern| self.match_pattern(subject, pattern, span))
                    .collect();
                Ok(self.any_of(&tests?, span))
            }
            _ => self.match_parts(subject, pattern, span),
        }
    }

    fn match_parts(
        &mut self,
        subject: &Value,
        pattern: &'p MatchPattern,
        span: Span,
    ) -> Result<Value, Stop> {
        let taken = self.take_apart(subject, pattern, span)?;
        if self.truth(&taken.test) == Some(false) {
            return Ok(taken.test);
        }
        let mut tests = vec![taken.test];
        for (part, pattern) in taken.parts {
            let test = match part {
                Some(part) => self.match_pattern(&part, pattern, span)?,
                None => self.tested(TestKind::Kind, Some(false), &[subject], span),
            };
            if self.truth(&test) == Some(false) {
                return Ok(test);
            }
            tests.push(test);
        }
        Ok(self.all_of(&tests, span))
    }

    fn take_apart(
        &mut self,
        subject: &Value,
        pattern: &'p MatchPattern,
        span: Span,
    ) -> Result<Parts<'p>, Stop> {
        match pattern {
            MatchPattern::Sequence(patterns) => self.sequence_parts(subject, patterns, span),
            MatchPattern::Mapping { entries, .. } => self.mapping_parts(subject, entries, span),
            MatchPattern::Class {
                class,
                positional,
                keyword,
            } => self.class_parts(subject, *class, positional, keyword, span),
            _ => Ok(Parts {
                test: Value::bool(true),
                parts: Vec::new(),
            }),
        }
    }

    /// Whether the subject may be one of a kind of object: it is, it is not, or it is not known.
    fn kind_of_subject(&self, subject: &Value, is_kind: fn(&ObjectKind) -> bool) -> Option<bool> {
        match subject.only() {
            Some(Atom::Object(id)) => {
                let kind = &self.heap.get(id).kind;
                match is_kind(kind) {
                    true => Some(true),
                    false => (!matches!(kind, ObjectKind::Host(_))).then_some(false),
                }
            }
            Some(Atom::Unknown(Shape::Any | Shape::Object) | Atom::Outside(_)) | None => None,
            Some(_) => Some(false),
        }
    }

    fn sequence_parts(
        &mut self,
        subject: &Value,
        patterns: &'p [MatchPattern],
        span: Span,
    ) -> Result<Parts<'p>, Stop> {
        let is_kind = self.kind_of_subject(subject, |kind| {
            matches!(kind, ObjectKind::Array | ObjectKind::Tuple)
        });
        let (elements, is_open) = self.elements_of(subject);
        let star = patterns
            .iter()
            .position(|pattern| matches!(pattern, MatchPattern::Star(_)));
        let fits = match star {
            Some(_) => elements.len() + 1 >= patterns.len(),
            None => elements.len() == patterns.len(),
        };
        if is_kind != Some(true) || is_open {
            let outcome = is_kind.filter(|is_kind| !is_kind);
            let test = self.tested(TestKind::Kind, outcome, &[subject], span);
            let element = self.element_of_open(subject);
            let parts = patterns
                .iter()
                .map(|pattern| (Some(element.clone()), pattern))
                .collect();
            return Ok(Parts { test, parts });
        }
        let test = self.tested(TestKind::Kind, Some(fits), &[subject], span);
        if !fits {
            return Ok(Parts {
                test,
                parts: Vec::new(),
            });
        }
        let taken_by_star = elements.len() + 1 - patterns.len().min(elements.len() + 1);
        let mut parts = Vec::with_capacity(patterns.len());
        let mut next = 0;
        for (index, pattern) in patterns.iter().enumerate() {
            if Some(index) == star {
                let rest = elements[next..next + taken_by_star].to_vec();
                next += taken_by_star;
                let rest = self.make_list(rest, false, span);
                parts.push((Some(rest), pattern));
            } else {
                parts.push((elements.get(next).cloned(), pattern));
                next += 1;
            }
        }
        Ok(Parts { test, parts })
    }

    fn mapping_parts(
        &mut self,
        subject: &Value,
        entries: &'p [(ExpressionId, MatchPattern)],
        span: Span,
    ) -> Result<Parts<'p>, Stop> {
        let is_kind = self.kind_of_subject(subject, |kind| {
            matches!(kind, ObjectKind::Plain | ObjectKind::Map)
        });
        let mut outcome = is_kind;
        let mut parts = Vec::with_capacity(entries.len());
        for (key, pattern) in entries {
            let key = self.evaluate(*key)?;
            let part = match (is_kind, subject.only_object()) {
                (Some(false), _) => break,
                (Some(true), Some(id)) => {
                    let found = self.dict_lookup(id, &key, span);
                    if found.may_miss {
                        outcome = match found.value {
                            Some(_) => outcome.filter(|outcome| !outcome),
                            None => Some(false),
                        };
                    }
                    found.value
                }
                _ => Some(self.index(subject, &key, span)?),
            };
            parts.push((part, pattern));
        }
        let test = self.tested(TestKind::Kind, outcome, &[subject], span);
        Ok(Parts { test, parts })
    }

    fn class_parts(
        &mut self,
        subject: &Value,
        class: ExpressionId,
        positional: &'p [MatchPattern],
        keyword: &'p [(Ustr, MatchPattern)],
        span: Span,
    ) -> Result<Parts<'p>, Stop> {
        let class = self.evaluate(class)?;
        let test = self.instance_test(subject, &class, span);
        let mut parts = Vec::with_capacity(positional.len() + keyword.len());
        if self.truth(&test) == Some(false) || subject.is_nothing() {
            return Ok(Parts { test, parts });
        }
        let names = self.match_names(&class);
        for (index, pattern) in positional.iter().enumerate() {
            let part = match names.get(index) {
                Some(name) => self.member(subject, *name, span)?,
                // `str(text)` and its like bind the whole.
                None => subject.clone(),
            };
            parts.push((Some(part), pattern));
        }
        for (name, pattern) in keyword {
            let value = self.member(subject, *name, span)?;
            let is_there = value.only() != Some(Atom::Undefined);
            parts.push((is_there.then_some(value), pattern));
        }
        Ok(Parts { test, parts })
    }

    /// The attributes that patterns by position stand for.
    fn match_names(&mut self, class: &Value) -> Vec<Ustr> {
        let Some(id) = class.only_object() else {
            return Vec::new();
        };
        if !matches!(self.heap.get(id).kind, ObjectKind::Class { .. }) {
            return Vec::new();
        }
        if let Some((_, names)) = self.class_attribute(id, Ustr::from("__match_args__")) {
            let (names, _) = self.elements_of(&names);
            return names.iter().filter_map(Value::text).collect();
        }
        let fields = self.annotated_fields(id).into_iter();
        fields.map(|(name, _)| name).collect()
    }
}

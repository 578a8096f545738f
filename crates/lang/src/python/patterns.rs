//! Targets of assignments, and the patterns of `match`.

use firedoor_ir::{ArrayPatternElement, ExpressionKind, Literal, MatchPattern, Pattern};
use ruff_python_ast::{
    self as ast, Expr, Identifier, PatternMatchClass, PatternMatchMapping, Singleton,
};
use ruff_text_size::Ranged;
use ustr::Ustr;

use super::context::Context;

/// Whether the names of a target belong to the scope around it. Those of a comprehension do not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    Scope,
    Comprehension,
}

impl Context<'_> {
    /// Lowers a target whose names are bound in the current scope.
    pub(super) fn target(&mut self, target: &Expr) -> Pattern {
        self.target_of(target, Binding::Scope)
    }

    pub(super) fn target_of(&mut self, target: &Expr, binding: Binding) -> Pattern {
        let span = self.span(target.range());
        match target {
            Expr::Name(name) if !name.id.is_empty() => {
                let id = Ustr::from(&name.id);
                if binding == Binding::Scope {
                    self.scopes.bind(id);
                }
                Pattern::Name(id, span)
            }
            Expr::Attribute(_) | Expr::Subscript(_) => Pattern::Place(self.expression(target)),
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                self.nested(span, |context| context.array(elts, binding))
                    .unwrap_or_else(nothing)
            }
            Expr::Starred(_) => self.array(std::slice::from_ref(target), binding),
            _ => nothing(),
        }
    }

    fn array(&mut self, elements: &[Expr], binding: Binding) -> Pattern {
        let mut patterns = Vec::with_capacity(elements.len());
        for element in elements {
            patterns.push(match element {
                // Stars on stars are only met in broken code; one is all that can be meant.
                Expr::Starred(starred) => {
                    let inner = without_stars(&starred.value);
                    ArrayPatternElement::Rest(self.target_of(inner, binding))
                }
                _ => ArrayPatternElement::Item(self.target_of(element, binding)),
            });
        }
        Pattern::Array(patterns)
    }

    /// Binds the name of a handler, an import or a capture.
    pub(super) fn bind(&mut self, name: &Identifier) -> Ustr {
        let name = Ustr::from(&name.id);
        self.scopes.bind(name);
        name
    }

    pub(super) fn match_pattern(&mut self, pattern: &ast::Pattern) -> MatchPattern {
        let span = self.span(pattern.range());
        self.nested(span, |context| context.match_pattern_at(pattern))
            .unwrap_or(MatchPattern::As {
                pattern: None,
                name: None,
            })
    }

    fn match_pattern_at(&mut self, pattern: &ast::Pattern) -> MatchPattern {
        match pattern {
            ast::Pattern::MatchValue(value) => MatchPattern::Value(self.expression(&value.value)),
            ast::Pattern::MatchSingleton(singleton) => {
                let literal = match singleton.value {
                    Singleton::None => Literal::Null,
                    Singleton::True => Literal::Bool(true),
                    Singleton::False => Literal::Bool(false),
                };
                let span = self.span(singleton.range());
                MatchPattern::Value(self.add(span, ExpressionKind::Literal(literal)))
            }
            ast::Pattern::MatchSequence(sequence) => {
                MatchPattern::Sequence(self.match_patterns(&sequence.patterns))
            }
            ast::Pattern::MatchMapping(mapping) => self.mapping_pattern(mapping),
            ast::Pattern::MatchClass(class) => self.class_pattern(class),
            ast::Pattern::MatchStar(star) => {
                MatchPattern::Star(star.name.as_ref().map(|name| self.bind(name)))
            }
            ast::Pattern::MatchAs(alias) => {
                let pattern = alias.pattern.as_deref();
                MatchPattern::As {
                    pattern: pattern.map(|inner| Box::new(self.match_pattern(inner))),
                    name: alias.name.as_ref().map(|name| self.bind(name)),
                }
            }
            ast::Pattern::MatchOr(or) => MatchPattern::Or(self.match_patterns(&or.patterns)),
        }
    }

    fn match_patterns(&mut self, patterns: &[ast::Pattern]) -> Vec<MatchPattern> {
        patterns
            .iter()
            .map(|pattern| self.match_pattern(pattern))
            .collect()
    }

    fn mapping_pattern(&mut self, mapping: &PatternMatchMapping) -> MatchPattern {
        let mut entries = Vec::with_capacity(mapping.keys.len());
        for (key, value) in mapping.keys.iter().zip(&mapping.patterns) {
            let key = self.expression(key);
            entries.push((key, self.match_pattern(value)));
        }
        MatchPattern::Mapping {
            entries,
            rest: mapping.rest.as_ref().map(|rest| self.bind(rest)),
        }
    }

    fn class_pattern(&mut self, class: &PatternMatchClass) -> MatchPattern {
        let callee = self.expression(&class.cls);
        let positional = self.match_patterns(&class.arguments.patterns);
        let mut keyword = Vec::with_capacity(class.arguments.keywords.len());
        for argument in &class.arguments.keywords {
            let name = Ustr::from(&argument.attr.id);
            keyword.push((name, self.match_pattern(&argument.pattern)));
        }
        MatchPattern::Class {
            class: callee,
            positional,
            keyword,
        }
    }
}

/// The target that takes nothing, for what cannot be assigned to. The parser has noted the error.
fn nothing() -> Pattern {
    Pattern::Object {
        properties: Vec::new(),
        rest: None,
    }
}

fn without_stars(mut target: &Expr) -> &Expr {
    while let Expr::Starred(starred) = target {
        target = &starred.value;
    }
    target
}

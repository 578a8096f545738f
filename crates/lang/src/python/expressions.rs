//! Expressions.

use firedoor_ir::{
    Argument, ArgumentKind, CollectionKind, ComprehensionClause, ComprehensionKind, ExpressionId,
    ExpressionKind, Literal,
};
use firedoor_source::Span;
use ruff_python_ast::{
    ArgOrKeyword, Arguments, Comprehension, Expr, ExprNamed, ExprSlice, ExprSubscript,
};
use ruff_text_size::Ranged;
use ustr::Ustr;

use super::{context::Context, literals, patterns::Binding};

impl Context<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> ExpressionId {
        let span = self.span(expression.range());
        self.nested(span, |context| context.expression_at(span, expression))
            .unwrap_or_else(|| self.add(span, ExpressionKind::Unsupported("too deep")))
    }

    fn expression_at(&mut self, span: Span, expression: &Expr) -> ExpressionId {
        match expression {
            Expr::BoolOp(logical) => self.logical(logical),
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Lambda(lambda) => self.lambda(lambda, None),
            Expr::NumberLiteral(number) => self.number(span, &number.value),
            Expr::Starred(_) => self.unsupported(span, "unpacking in this place"),
            Expr::IpyEscapeCommand(_) => self.unsupported(span, "IPython command"),
            // The parser puts an empty name where it expected an expression, and has noted the error.
            Expr::Name(name) if name.id.is_empty() => {
                self.add(span, ExpressionKind::Unsupported("missing expression"))
            }
            _ => {
                let kind = self.expression_kind(expression);
                self.add(span, kind)
            }
        }
    }

    fn expression_kind(&mut self, expression: &Expr) -> ExpressionKind {
        match expression {
            Expr::Name(name) => ExpressionKind::Name(Ustr::from(&name.id)),
            Expr::Attribute(attribute) => ExpressionKind::Member {
                object: self.expression(&attribute.value),
                property: Ustr::from(&attribute.attr.id),
                is_optional: false,
            },
            Expr::Call(call) => ExpressionKind::Call {
                callee: self.expression(&call.func),
                arguments: self.arguments(&call.arguments),
                is_optional: false,
            },
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Slice(slice) => self.slice(slice),
            Expr::BinOp(binary) => self.binary(binary),
            Expr::UnaryOp(unary) => self.unary(unary),
            Expr::Named(named) => self.named(named),
            Expr::If(conditional) => ExpressionKind::Conditional {
                test: self.expression(&conditional.test),
                then: self.expression(&conditional.body),
                otherwise: self.expression(&conditional.orelse),
            },
            Expr::Await(awaited) => ExpressionKind::Await(self.expression(&awaited.value)),
            Expr::Yield(yielded) => self.yielded(yielded.value.as_deref(), false),
            Expr::YieldFrom(yielded) => self.yielded(Some(&yielded.value), true),
            Expr::FString(string) => self.f_string(string),
            Expr::TString(string) => self.t_string(string),
            Expr::Dict(dictionary) => self.dictionary(dictionary),
            Expr::List(list) => self.collection(CollectionKind::List, &list.elts),
            Expr::Tuple(tuple) => self.collection(CollectionKind::Tuple, &tuple.elts),
            Expr::Set(set) => self.collection(CollectionKind::Set, &set.elts),
            _ => self.constant_or_comprehension(expression),
        }
    }

    fn constant_or_comprehension(&mut self, expression: &Expr) -> ExpressionKind {
        use ComprehensionKind::{Dict, Generator, List, Set};
        let literal = match expression {
            Expr::StringLiteral(string) => Literal::String(Ustr::from(string.value.to_str())),
            Expr::BytesLiteral(bytes) => literals::bytes(bytes),
            Expr::BooleanLiteral(boolean) => Literal::Bool(boolean.value),
            Expr::NoneLiteral(_) => Literal::Null,
            Expr::EllipsisLiteral(_) => Literal::Ellipsis,
            Expr::ListComp(list) => {
                return self.comprehension(List, &list.elt, None, &list.generators);
            }
            Expr::SetComp(set) => return self.comprehension(Set, &set.elt, None, &set.generators),
            Expr::DictComp(dict) => {
                // Without a key it is `{**x for x in y}`, whose value stands alone.
                let (element, value) = match &dict.key {
                    Some(key) => (key, Some(&*dict.value)),
                    None => (&dict.value, None),
                };
                return self.comprehension(Dict, element, value, &dict.generators);
            }
            Expr::Generator(generator) => {
                return self.comprehension(Generator, &generator.elt, None, &generator.generators);
            }
            _ => return ExpressionKind::Unsupported("expression"),
        };
        ExpressionKind::Literal(literal)
    }

    pub(super) fn arguments(&mut self, arguments: &Arguments) -> Vec<Argument> {
        arguments
            .iter_source_order()
            .map(|argument| self.argument(argument))
            .collect()
    }

    fn argument(&mut self, argument: ArgOrKeyword<'_>) -> Argument {
        let (kind, value) = match argument {
            ArgOrKeyword::Arg(Expr::Starred(starred)) => (ArgumentKind::Spread, &*starred.value),
            ArgOrKeyword::Arg(value) => (ArgumentKind::Positional, value),
            ArgOrKeyword::Keyword(keyword) => match &keyword.arg {
                Some(name) => (ArgumentKind::Keyword(Ustr::from(&name.id)), &keyword.value),
                None => (ArgumentKind::KeywordSpread, &keyword.value),
            },
        };
        Argument {
            kind,
            value: self.expression(value),
        }
    }

    fn subscript(&mut self, subscript: &ExprSubscript) -> ExpressionKind {
        ExpressionKind::Index {
            object: self.expression(&subscript.value),
            index: self.expression(&subscript.slice),
            is_optional: false,
        }
    }

    fn slice(&mut self, slice: &ExprSlice) -> ExpressionKind {
        let mut bound = |bound: Option<&Expr>| bound.map(|bound| self.expression(bound));
        ExpressionKind::Slice {
            start: bound(slice.lower.as_deref()),
            end: bound(slice.upper.as_deref()),
            step: bound(slice.step.as_deref()),
        }
    }

    fn named(&mut self, named: &ExprNamed) -> ExpressionKind {
        ExpressionKind::Assign {
            target: self.target(&named.target),
            value: self.value_for(&named.target, &named.value),
        }
    }

    /// Lowers a value that is assigned to `target`: a lambda takes the name of its variable.
    pub(super) fn value_for(&mut self, target: &Expr, value: &Expr) -> ExpressionId {
        match (target, value) {
            (Expr::Name(name), Expr::Lambda(lambda)) if !name.id.is_empty() => {
                self.lambda(lambda, Some(Ustr::from(&name.id)))
            }
            _ => self.expression(value),
        }
    }

    fn yielded(&mut self, value: Option<&Expr>, is_delegate: bool) -> ExpressionKind {
        self.scopes.note_yield();
        ExpressionKind::Yield {
            value: value.map(|value| self.expression(value)),
            is_delegate,
        }
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &Expr,
        value: Option<&Expr>,
        clauses: &[Comprehension],
    ) -> ExpressionKind {
        ExpressionKind::Comprehension {
            kind,
            element: self.expression(element),
            value: value.map(|value| self.expression(value)),
            clauses: clauses
                .iter()
                .map(|clause| ComprehensionClause {
                    target: self.target_of(&clause.target, Binding::Comprehension),
                    iterable: self.expression(&clause.iter),
                    conditions: clause
                        .ifs
                        .iter()
                        .map(|test| self.expression(test))
                        .collect(),
                    is_async: clause.is_async,
                })
                .collect(),
        }
    }
}

//! Types as they are written, as expressions.
//!
//! Frameworks read some of them at run time (the parameter types of an injected constructor), and the
//! rest tells what a value is where the program does not.

use firedoor_ir::{
    BinaryOperator, CollectionKind, Element, ExpressionId, ExpressionKind, Literal, UnaryOperator,
};
use oxc_ast::{ast as js, match_ts_type_name};
use oxc_span::GetSpan;
use ustr::ustr;

use super::lowering::Lowering;

impl Lowering<'_> {
    /// Lowers `: T` if there is one.
    pub fn optional_annotation(
        &mut self,
        node: Option<&js::TSTypeAnnotation<'_>>,
    ) -> Option<ExpressionId> {
        node.map(|node| self.annotation(node))
    }

    /// Lowers `: T`.
    pub fn annotation(&mut self, node: &js::TSTypeAnnotation<'_>) -> ExpressionId {
        self.ts_type(&node.type_annotation)
    }

    fn ts_type(&mut self, node: &js::TSType<'_>) -> ExpressionId {
        let span = node.span();
        self.deeper(span, |lowering| lowering.ts_type_at_depth(node))
            .unwrap_or_else(|| self.unsupported(span, "too deep"))
    }

    fn ts_type_at_depth(&mut self, node: &js::TSType<'_>) -> ExpressionId {
        use js::TSType as T;
        let span = node.span();
        match node {
            T::TSTypeReference(node) => {
                let name = self.type_name(&node.type_name);
                self.with_type_arguments(node.span, name, node.type_arguments.as_deref())
            }
            T::TSUnionType(node) => self.combined(span, &node.types, BinaryOperator::BitOr),
            T::TSIntersectionType(node) => self.combined(span, &node.types, BinaryOperator::BitAnd),
            T::TSLiteralType(node) => self.literal_type(node),
            T::TSArrayType(node) => {
                let array = self.name(span, "Array");
                let element = self.ts_type(&node.element_type);
                self.index(span, array, element)
            }
            T::TSTupleType(node) => {
                let elements = node.element_types.iter();
                let elements = elements
                    .map(|element| self.tuple_element(element))
                    .collect();
                self.tuple(span, elements)
            }
            T::TSIndexedAccessType(node) => {
                let object = self.ts_type(&node.object_type);
                let index = self.ts_type(&node.index_type);
                self.index(span, object, index)
            }
            T::TSParenthesizedType(node) => self.ts_type(&node.type_annotation),
            T::TSTypeOperatorType(node)
                if node.operator == js::TSTypeOperatorOperator::Readonly =>
            {
                self.ts_type(&node.type_annotation)
            }
            T::TSTypeQuery(node) => self.type_query(node),
            T::TSTypePredicate(_) => self.name(span, "boolean"),
            T::TSThisType(_) => self.add(span, ExpressionKind::This),
            T::TSNullKeyword(_) => self.add(span, ExpressionKind::Literal(Literal::Null)),
            _ => match keyword(node) {
                Some(word) => self.name(span, word),
                None => self.unsupported(span, "type"),
            },
        }
    }

    fn type_name(&mut self, node: &js::TSTypeName<'_>) -> ExpressionId {
        match node {
            js::TSTypeName::IdentifierReference(id) => self.name(id.span, id.name.as_str()),
            js::TSTypeName::ThisExpression(this) => self.add(this.span, ExpressionKind::This),
            js::TSTypeName::QualifiedName(name) => self.qualified_name(name),
        }
    }

    /// Lowers `a.b` of types and of `import x = a.b`.
    pub fn qualified_name(&mut self, node: &js::TSQualifiedName<'_>) -> ExpressionId {
        let left = self
            .deeper(node.span, |lowering| lowering.type_name(&node.left))
            .unwrap_or_else(|| self.unsupported(node.span, "too deep"));
        self.member(node.span, left, node.right.name.as_str())
    }

    fn with_type_arguments(
        &mut self,
        span: oxc_span::Span,
        name: ExpressionId,
        arguments: Option<&js::TSTypeParameterInstantiation<'_>>,
    ) -> ExpressionId {
        let Some(arguments) = arguments else {
            return name;
        };
        let mut lowered = Vec::with_capacity(arguments.params.len());
        for argument in &arguments.params {
            lowered.push(self.ts_type(argument));
        }
        let index = match lowered.as_slice() {
            [only] => *only,
            _ => {
                let elements = lowered.into_iter().map(|value| Element {
                    value,
                    is_spread: false,
                });
                self.tuple(arguments.span, elements.collect())
            }
        };
        self.index(span, name, index)
    }

    fn combined(
        &mut self,
        span: oxc_span::Span,
        types: &[js::TSType<'_>],
        operator: BinaryOperator,
    ) -> ExpressionId {
        let mut parts = Vec::with_capacity(types.len());
        for part in types {
            parts.push(self.ts_type(part));
        }
        // Generated unions have thousands of parts, so neighbours are joined until one is left: the tree stays shallow.
        while parts.len() > 1 {
            let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
            for pair in parts.chunks(2) {
                joined.push(match pair {
                    [left, right] => {
                        self.add(span, ExpressionKind::Binary(operator, *left, *right))
                    }
                    _ => pair[0],
                });
            }
            parts = joined;
        }
        match parts.first() {
            Some(whole) => *whole,
            None => self.unsupported(span, "type"),
        }
    }

    fn literal_type(&mut self, node: &js::TSLiteralType<'_>) -> ExpressionId {
        let literal = match &node.literal {
            js::TSLiteral::BooleanLiteral(value) => Literal::Bool(value.value),
            js::TSLiteral::NumericLiteral(value) => Literal::Number(value.value),
            js::TSLiteral::BigIntLiteral(value) => {
                Literal::Number(value.value.as_str().parse().unwrap_or(f64::NAN))
            }
            js::TSLiteral::StringLiteral(value) => Literal::String(ustr(value.value.as_str())),
            js::TSLiteral::TemplateLiteral(value) => return self.template(value),
            js::TSLiteral::UnaryExpression(value) => match &value.argument {
                js::Expression::NumericLiteral(number) => Literal::Number(-number.value),
                _ => return self.unsupported(node.span, "type"),
            },
        };
        self.add(node.span, ExpressionKind::Literal(literal))
    }

    fn tuple_element(&mut self, node: &js::TSTupleElement<'_>) -> Element {
        let (value, is_spread) = match node {
            js::TSTupleElement::TSOptionalType(node) => {
                (self.ts_type(&node.type_annotation), false)
            }
            js::TSTupleElement::TSRestType(node) => (self.ts_type(&node.type_annotation), true),
            js::TSTupleElement::TSNamedTupleMember(node) => {
                return self.tuple_element(&node.element_type);
            }
            _ => (self.ts_type(node.to_ts_type()), false),
        };
        Element { value, is_spread }
    }

    fn type_query(&mut self, node: &js::TSTypeQuery<'_>) -> ExpressionId {
        use js::TSTypeQueryExprName as Q;
        match &node.expr_name {
            Q::TSImportType(_) => self.unsupported(node.span, "type"),
            match_ts_type_name!(Q) => {
                let name = self.type_name(node.expr_name.to_ts_type_name());
                let kind = ExpressionKind::Unary(UnaryOperator::TypeOf, name);
                self.add(node.span, kind)
            }
        }
    }

    fn index(
        &mut self,
        span: oxc_span::Span,
        object: ExpressionId,
        index: ExpressionId,
    ) -> ExpressionId {
        self.add(
            span,
            ExpressionKind::Index {
                object,
                index,
                is_optional: false,
            },
        )
    }

    fn tuple(&mut self, span: oxc_span::Span, elements: Vec<Element>) -> ExpressionId {
        let kind = CollectionKind::Tuple;
        self.add(span, ExpressionKind::Collection { kind, elements })
    }
}

/// Returns the word of a type that is one.
fn keyword(node: &js::TSType<'_>) -> Option<&'static str> {
    use js::TSType as T;
    Some(match node {
        T::TSAnyKeyword(_) => "any",
        T::TSBigIntKeyword(_) => "bigint",
        T::TSBooleanKeyword(_) => "boolean",
        T::TSIntrinsicKeyword(_) => "intrinsic",
        T::TSNeverKeyword(_) => "never",
        T::TSNumberKeyword(_) => "number",
        T::TSObjectKeyword(_) => "object",
        T::TSStringKeyword(_) => "string",
        T::TSSymbolKeyword(_) => "symbol",
        T::TSUndefinedKeyword(_) => "undefined",
        T::TSUnknownKeyword(_) => "unknown",
        T::TSVoidKeyword(_) => "void",
        _ => return None,
    })
}

//! TypeScript's `namespace`, which is an object made by a function called at once.

use firedoor_ir::{
    Block, Body, Export, Expression, ExpressionId, ExpressionKind, Function, FunctionKind, Key,
    Property, PropertyKind, Statement, StatementKind,
};
use oxc_ast::ast as js;
use ustr::Ustr;

use super::{declarations::constant, lowering::Lowering};

impl Lowering<'_> {
    /// Lowers `namespace N {…}` to `const N = (() => {…; return {exported}})()`.
    /// Where `N` is declared among `siblings` already (a function with properties, a first part), the members
    /// are added to it. A namespace of types only is nothing, as it does not exist at run time.
    pub fn namespace(
        &mut self,
        node: &js::TSNamespaceDeclaration<'_>,
        siblings: &[Statement],
    ) -> Option<Statement> {
        if node.declare {
            return None;
        }
        self.deeper(node.span, |lowering| {
            let (body, declared) = lowering.namespace_body(node);
            (!body.is_empty()).then(|| lowering.namespace_of(node, body, declared, siblings))
        })?
    }

    fn namespace_body(&mut self, node: &js::TSNamespaceDeclaration<'_>) -> (Block, Vec<Ustr>) {
        self.open_scope();
        let mut body = Block::new();
        match &node.body {
            js::TSNamespaceDeclarationBody::TSModuleBlock(inner) => {
                self.scope_statements(&inner.body, &mut body);
            }
            js::TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                body.extend(self.namespace(inner, &[]).map(|statement| Statement {
                    span: statement.span,
                    kind: StatementKind::Export(Export::Declaration(Box::new(statement))),
                }));
            }
        }
        (body, self.close_scope())
    }

    fn namespace_of(
        &mut self,
        node: &js::TSNamespaceDeclaration<'_>,
        body: Block,
        declared: Vec<Ustr>,
        siblings: &[Statement],
    ) -> Statement {
        let value = self.namespace_value(node, body, declared);
        let name = node.id.name.as_str();
        let is_declared = siblings.iter().any(|statement| {
            let names = self.declared_names(statement);
            names.iter().any(|declared| declared.as_str() == name)
        });
        let kind = if is_declared {
            StatementKind::Expression(self.merged(node, value))
        } else {
            constant(name, self.span(node.id.span), value)
        };
        let span = self.span(node.span);
        Statement { span, kind }
    }

    /// Returns `Object.assign(N, value)`.
    fn merged(
        &mut self,
        node: &js::TSNamespaceDeclaration<'_>,
        value: ExpressionId,
    ) -> ExpressionId {
        let object = self.name(node.id.span, "Object");
        let assign = self.member(node.id.span, object, "assign");
        let target = self.name(node.id.span, node.id.name.as_str());
        self.call(node.span, assign, &[target, value])
    }

    /// Returns the call that makes the object.
    fn namespace_value(
        &mut self,
        node: &js::TSNamespaceDeclaration<'_>,
        body: Block,
        declared: Vec<Ustr>,
    ) -> ExpressionId {
        let mut properties = Vec::new();
        let mut block = Block::with_capacity(body.len() + 1);
        for statement in body {
            match statement.kind {
                StatementKind::Export(Export::Declaration(inner)) => {
                    for name in self.declared_names(&inner) {
                        properties.push(self.exported(name, name, node.id.span));
                    }
                    block.push(*inner);
                }
                StatementKind::Export(Export::Named {
                    names,
                    source: None,
                }) => {
                    for (local, exported) in names {
                        properties.push(self.exported(local, exported, node.id.span));
                    }
                }
                _ => block.push(statement),
            }
        }
        let result = self.add(node.span, ExpressionKind::Object(properties));
        self.push(&mut block, node.span, StatementKind::Return(Some(result)));
        let span = self.span(node.span);
        let function = self.module.add_function(Function {
            name: None,
            span,
            kind: FunctionKind::Arrow,
            parameters: Vec::new(),
            body: Body::Block(block),
            is_async: false,
            is_generator: false,
            decorators: Vec::new(),
            returns: None,
            declared,
        });
        let callee = self.module.add_expression(Expression {
            span,
            kind: ExpressionKind::Function(function),
        });
        self.call(node.span, callee, &[])
    }

    fn exported(&mut self, local: Ustr, exported: Ustr, span: oxc_span::Span) -> Property {
        Property {
            key: Key::Name(exported),
            value: self.add(span, ExpressionKind::Name(local)),
            kind: PropertyKind::Value,
        }
    }
}

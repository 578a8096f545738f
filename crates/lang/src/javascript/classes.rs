//! Classes.

use firedoor_ir::{
    Block, Class, ClassId, ExpressionId, ExpressionKind, FunctionKind, Key, Member, MemberKind,
    StatementKind,
};
use oxc_ast::ast as js;
use ustr::{Ustr, ustr};

use super::{
    lowering::{Lowering, positional},
    members::key_name,
};

impl Lowering<'_> {
    /// Lowers a class expression, which takes over `name` if it has none.
    pub fn class_expression(&mut self, node: &js::Class<'_>, name: Option<Ustr>) -> ExpressionId {
        let class = self.class(node, name);
        self.add(node.span, ExpressionKind::Class(class))
    }

    /// Lowers a class.
    pub fn class(&mut self, node: &js::Class<'_>, name: Option<Ustr>) -> ClassId {
        let own = node.id.as_ref().map(|id| ustr(id.name.as_str()));
        let decorators = self.decorators(&node.decorators);
        let bases = match &node.heritage {
            Some(heritage) => vec![positional(self.expression(&heritage.expression))],
            None => Vec::new(),
        };
        let mut members = Vec::with_capacity(node.body.body.len());
        let mut body = Block::new();
        for element in &node.body.body {
            match element {
                js::ClassElement::MethodDefinition(method) => {
                    members.extend(self.class_method(method));
                }
                js::ClassElement::PropertyDefinition(field) => members.extend(self.field(field)),
                js::ClassElement::AccessorProperty(field) => members.push(self.accessor(field)),
                js::ClassElement::StaticBlock(block) => {
                    let statements = self.static_block(block);
                    self.push(&mut body, block.span, StatementKind::Block(statements));
                }
                js::ClassElement::TSIndexSignature(_) => {}
            }
        }
        let span = self.span(node.span);
        self.module.add_class(Class {
            name: own.or(name),
            span,
            bases,
            decorators,
            members,
            body,
            declared: Vec::new(),
        })
    }

    /// Lowers a method; the signatures of an overloaded one are nothing.
    fn class_method(&mut self, node: &js::MethodDefinition<'_>) -> Option<Member> {
        let is_abstract = node.r#type == js::MethodDefinitionType::TSAbstractMethodDefinition;
        if node.value.body.is_none() && !is_abstract {
            return None;
        }
        let decorators = self.decorators(&node.decorators);
        let key = self.key(&node.key);
        let (kind, function_kind) = match node.kind {
            js::MethodDefinitionKind::Constructor => {
                (MemberKind::Constructor, FunctionKind::Constructor)
            }
            js::MethodDefinitionKind::Method => (MemberKind::Method, FunctionKind::Method),
            js::MethodDefinitionKind::Get => (MemberKind::Getter, FunctionKind::Getter),
            js::MethodDefinitionKind::Set => (MemberKind::Setter, FunctionKind::Setter),
        };
        let function = (!is_abstract).then(|| {
            let function = self.method(&node.value, function_kind, key_name(key));
            // The function begins at its decorators and name, where a person looks for it.
            let span = self.span(node.span);
            self.module.functions[function.0 as usize].span = span;
            function
        });
        Some(Member {
            key,
            kind,
            is_static: node.r#static,
            decorators,
            function,
            value: None,
            annotation: None,
            span: self.span(node.span),
        })
    }

    /// Lowers a field; one that is only declared is nothing.
    fn field(&mut self, node: &js::PropertyDefinition<'_>) -> Option<Member> {
        if node.declare {
            return None;
        }
        let decorators = self.decorators(&node.decorators);
        let key = self.key(&node.key);
        let annotation = self.optional_annotation(node.type_annotation.as_deref());
        let value = self.field_value(node.value.as_ref(), key);
        Some(Member {
            key,
            kind: MemberKind::Field,
            is_static: node.r#static,
            decorators,
            function: None,
            value,
            annotation,
            span: self.span(node.span),
        })
    }

    fn accessor(&mut self, node: &js::AccessorProperty<'_>) -> Member {
        let decorators = self.decorators(&node.decorators);
        let key = self.key(&node.key);
        let annotation = self.optional_annotation(node.type_annotation.as_deref());
        let value = self.field_value(node.value.as_ref(), key);
        Member {
            key,
            kind: MemberKind::Field,
            is_static: node.r#static,
            decorators,
            function: None,
            value,
            annotation,
            span: self.span(node.span),
        }
    }

    fn field_value(
        &mut self,
        value: Option<&js::Expression<'_>>,
        key: Key,
    ) -> Option<ExpressionId> {
        value.map(|value| self.named_expression(value, key_name(key)))
    }

    fn static_block(&mut self, node: &js::StaticBlock<'_>) -> Block {
        // A `var` in here belongs to the block alone, so it must not reach the function around the class.
        self.open_scope();
        let mut block = Block::new();
        self.statements(&node.body, &mut block);
        self.close_scope();
        block
    }
}

//! Declarations of variables, functions, classes and TypeScript's own.

use firedoor_ir::{ArrayPatternElement, Block, DeclarationKind, Pattern, Statement, StatementKind};
use oxc_ast::ast as js;
use ustr::{Ustr, ustr};

use super::{functions::binding_name, lowering::Lowering};

impl Lowering<'_> {
    /// Lowers a declaration. What exists for the compiler only is nothing.
    pub fn declaration(&mut self, node: &js::Declaration<'_>, block: &mut Block) {
        match node {
            js::Declaration::VariableDeclaration(node) => self.variables(node, block),
            js::Declaration::FunctionDeclaration(node) => self.function_declaration(node, block),
            js::Declaration::ClassDeclaration(node) => self.class_declaration(node, block),
            js::Declaration::TSEnumDeclaration(node) => self.enumeration(node, block),
            js::Declaration::TSNamespaceDeclaration(node) => {
                let statement = self.namespace(node, block);
                block.extend(statement);
            }
            js::Declaration::TSImportEqualsDeclaration(node) => self.import_equals(node, block),
            js::Declaration::TSTypeAliasDeclaration(_)
            | js::Declaration::TSInterfaceDeclaration(_)
            | js::Declaration::TSExternalModuleDeclaration(_)
            | js::Declaration::TSGlobalDeclaration(_) => {}
        }
    }

    /// Lowers `const a = 1, b = 2` to one declaration each.
    pub fn variables(&mut self, node: &js::VariableDeclaration<'_>, block: &mut Block) {
        if node.declare {
            return;
        }
        let kind = declaration_kind(node.kind);
        for declarator in &node.declarations {
            let pattern = self.pattern(&declarator.id);
            if kind == DeclarationKind::Var {
                self.hoist_pattern(&pattern);
            }
            let annotation = self.optional_annotation(declarator.type_annotation.as_deref());
            let name = binding_name(&declarator.id);
            let value = declarator
                .init
                .as_ref()
                .map(|value| self.named_expression(value, name));
            let statement = StatementKind::Declare {
                kind,
                pattern,
                value,
                annotation,
            };
            self.push(block, declarator.span, statement);
        }
    }

    /// Lowers a function declaration; a signature without a body is nothing.
    pub fn function_declaration(&mut self, node: &js::Function<'_>, block: &mut Block) {
        if node.body.is_none() || node.declare {
            return;
        }
        let function = self.function(node, None);
        self.push(block, node.span, StatementKind::Function(function));
    }

    /// Lowers a class declaration.
    pub fn class_declaration(&mut self, node: &js::Class<'_>, block: &mut Block) {
        if node.declare {
            return;
        }
        let class = self.class(node, None);
        self.push(block, node.span, StatementKind::Class(class));
    }

    /// Hoists the names that `pattern` binds.
    pub fn hoist_pattern(&mut self, pattern: &Pattern) {
        let mut names = Vec::new();
        bound_names(pattern, &mut names);
        for name in names {
            self.hoist(name);
        }
    }

    /// Returns the names that `statement` declares.
    pub fn declared_names(&self, statement: &Statement) -> Vec<Ustr> {
        let mut names = Vec::new();
        match &statement.kind {
            StatementKind::Declare { pattern, .. } => bound_names(pattern, &mut names),
            StatementKind::Function(id) => names.extend(self.module.function(*id).name),
            StatementKind::Class(id) => names.extend(self.module.class(*id).name),
            StatementKind::Export(firedoor_ir::Export::Declaration(inner)) => {
                return self.declared_names(inner);
            }
            _ => {}
        }
        names
    }
}

/// Returns how a variable is declared.
pub fn declaration_kind(kind: js::VariableDeclarationKind) -> DeclarationKind {
    match kind {
        js::VariableDeclarationKind::Var => DeclarationKind::Var,
        js::VariableDeclarationKind::Const => DeclarationKind::Const,
        js::VariableDeclarationKind::Let
        | js::VariableDeclarationKind::Using
        | js::VariableDeclarationKind::AwaitUsing => DeclarationKind::Let,
    }
}

/// Adds the names that `pattern` binds to `names`.
fn bound_names(pattern: &Pattern, names: &mut Vec<Ustr>) {
    match pattern {
        Pattern::Name(name, _) => names.push(*name),
        Pattern::Place(_) => {}
        Pattern::Array(elements) => {
            for element in elements {
                match element {
                    ArrayPatternElement::Hole => {}
                    ArrayPatternElement::Item(item) | ArrayPatternElement::Rest(item) => {
                        bound_names(item, names);
                    }
                }
            }
        }
        Pattern::Object { properties, rest } => {
            for property in properties {
                bound_names(&property.target, names);
            }
            if let Some(rest) = rest {
                bound_names(rest, names);
            }
        }
        Pattern::Default(inner, _) => bound_names(inner, names),
    }
}

/// Returns a declaration of a constant name.
pub fn constant(
    name: &str,
    span: firedoor_source::Span,
    value: firedoor_ir::ExpressionId,
) -> StatementKind {
    StatementKind::Declare {
        kind: DeclarationKind::Const,
        pattern: Pattern::Name(ustr(name), span),
        value: Some(value),
        annotation: None,
    }
}

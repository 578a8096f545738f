//! Imports and exports.

use firedoor_ir::{
    Block, Export, ExpressionKind, Import, ImportName, Imported, Statement, StatementKind,
};
use oxc_ast::ast as js;
use oxc_span::GetSpan;
use ustr::{Ustr, ustr};

use super::{declarations::constant, lowering::Lowering};

impl Lowering<'_> {
    /// Lowers an import or export.
    pub fn module_declaration(&mut self, node: &js::ModuleDeclaration<'_>, block: &mut Block) {
        match node {
            js::ModuleDeclaration::ImportDeclaration(node) => self.import(node, block),
            js::ModuleDeclaration::ExportDeclaration(node) => {
                let mut inner = Block::new();
                match &node.declaration {
                    js::Declaration::TSNamespaceDeclaration(node) => {
                        inner.extend(self.namespace(node, block));
                    }
                    declaration => self.declaration(declaration, &mut inner),
                }
                for statement in inner {
                    self.export_statement(statement, node.span, block);
                }
            }
            js::ModuleDeclaration::ExportNamedDeclaration(node) => {
                self.export_names(node.span, &node.specifiers, node.export_kind, None, block);
            }
            js::ModuleDeclaration::ExportFromDeclaration(node) => {
                let source = Some(ustr(node.source.value.as_str()));
                self.export_names(node.span, &node.specifiers, node.export_kind, source, block);
            }
            js::ModuleDeclaration::ExportAllDeclaration(node) => {
                if node.export_kind == js::ImportOrExportKind::Value {
                    let export = Export::All {
                        source: ustr(node.source.value.as_str()),
                        exported: node.exported.as_ref().map(export_name),
                    };
                    self.push(block, node.span, StatementKind::Export(export));
                }
            }
            js::ModuleDeclaration::ExportDefaultDeclaration(node) => {
                self.export_default(node, block);
            }
            js::ModuleDeclaration::TSExportAssignment(node) => {
                let export = Export::Assign(self.expression(&node.expression));
                self.push(block, node.span, StatementKind::Export(export));
            }
            js::ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    /// Exports what `statement` declares. The second part of a namespace declares nothing.
    fn export_statement(&self, statement: Statement, span: oxc_span::Span, block: &mut Block) {
        if matches!(statement.kind, StatementKind::Expression(_)) {
            block.push(statement);
            return;
        }
        let export = Export::Declaration(Box::new(statement));
        self.push(block, span, StatementKind::Export(export));
    }

    /// Lowers an import. Names imported as types only become an import of their own.
    fn import(&mut self, node: &js::ImportDeclaration<'_>, block: &mut Block) {
        let mut values = Vec::new();
        let mut types = Vec::new();
        let specifiers = node.specifiers.iter().flatten();
        for specifier in specifiers {
            let (name, is_type) = self.import_name(specifier);
            if is_type || node.import_kind == js::ImportOrExportKind::Type {
                types.push(name);
            } else {
                values.push(name);
            }
        }
        let has_types = !types.is_empty();
        if !values.is_empty() || !has_types {
            self.push_import(node, values, false, block);
        }
        if has_types {
            self.push_import(node, types, true, block);
        }
    }

    fn push_import(
        &self,
        node: &js::ImportDeclaration<'_>,
        names: Vec<ImportName>,
        is_type_only: bool,
        block: &mut Block,
    ) {
        let import = Import {
            source: ustr(node.source.value.as_str()),
            level: 0,
            names,
            is_type_only,
        };
        self.push(block, node.span, StatementKind::Import(import));
    }

    fn import_name(&self, node: &js::ImportDeclarationSpecifier<'_>) -> (ImportName, bool) {
        use js::ImportDeclarationSpecifier as I;
        let (imported, local, is_type) = match node {
            I::ImportSpecifier(node) => (
                Imported::Named(export_name(&node.imported)),
                &node.local,
                node.import_kind == js::ImportOrExportKind::Type,
            ),
            I::ImportDefaultSpecifier(node) => {
                (Imported::Named(ustr("default")), &node.local, false)
            }
            I::ImportNamespaceSpecifier(node) => (Imported::Namespace, &node.local, false),
        };
        let name = ImportName {
            imported,
            local: ustr(local.name.as_str()),
            span: self.span(node.span()),
        };
        (name, is_type)
    }

    /// Lowers `import x = require('y')` to a constant, and so `import x = a.b`.
    pub fn import_equals(&mut self, node: &js::TSImportEqualsDeclaration<'_>, block: &mut Block) {
        let is_type = node.import_kind == js::ImportOrExportKind::Type;
        let value = match &node.module_reference {
            js::TSModuleReference::ExternalModuleReference(reference) => {
                let source = &reference.expression;
                if is_type {
                    let name = ImportName {
                        imported: Imported::Namespace,
                        local: ustr(node.id.name.as_str()),
                        span: self.span(node.id.span),
                    };
                    let import = Import {
                        source: ustr(source.value.as_str()),
                        level: 0,
                        names: vec![name],
                        is_type_only: true,
                    };
                    self.push(block, node.span, StatementKind::Import(import));
                    return;
                }
                let require = self.name(reference.span, "require");
                let source = self.string(source.span, source.value.as_str());
                self.call(reference.span, require, &[source])
            }
            _ if is_type => return,
            js::TSModuleReference::IdentifierReference(id) => self.name(id.span, id.name.as_str()),
            js::TSModuleReference::QualifiedName(name) => self.qualified_name(name),
        };
        let declaration = constant(node.id.name.as_str(), self.span(node.id.span), value);
        self.push(block, node.span, declaration);
    }

    fn export_names(
        &mut self,
        span: oxc_span::Span,
        specifiers: &[js::ExportSpecifier<'_>],
        kind: js::ImportOrExportKind,
        source: Option<Ustr>,
        block: &mut Block,
    ) {
        let names: Vec<(Ustr, Ustr)> = specifiers
            .iter()
            .filter(|specifier| specifier.export_kind == js::ImportOrExportKind::Value)
            .map(|specifier| {
                (
                    export_name(&specifier.local),
                    export_name(&specifier.exported),
                )
            })
            .collect();
        let only_types =
            kind == js::ImportOrExportKind::Type || (names.is_empty() && !specifiers.is_empty());
        if only_types {
            return;
        }
        let export = Export::Named { names, source };
        self.push(block, span, StatementKind::Export(export));
    }

    fn export_default(&mut self, node: &js::ExportDefaultDeclaration<'_>, block: &mut Block) {
        use js::ExportDefaultDeclarationKind as D;
        let value = match &node.declaration {
            D::FunctionDeclaration(function) => {
                if function.body.is_none() {
                    return;
                }
                match &function.id {
                    Some(id) => {
                        self.function_declaration(function, block);
                        self.name(id.span, id.name.as_str())
                    }
                    None => self.function_expression(function, None),
                }
            }
            D::ClassDeclaration(class) => match &class.id {
                Some(id) => {
                    self.class_declaration(class, block);
                    self.name(id.span, id.name.as_str())
                }
                None => {
                    let class_id = self.class(class, None);
                    self.add(class.span, ExpressionKind::Class(class_id))
                }
            },
            D::TSInterfaceDeclaration(_) => return,
            declaration => self.expression(declaration.to_expression()),
        };
        let export = Export::Default(value);
        self.push(block, node.span, StatementKind::Export(export));
    }
}

/// Returns the name in an import or export list, which may be a string.
fn export_name(name: &js::ModuleExportName<'_>) -> Ustr {
    match name {
        js::ModuleExportName::IdentifierName(name) => ustr(name.name.as_str()),
        js::ModuleExportName::IdentifierReference(name) => ustr(name.name.as_str()),
        js::ModuleExportName::StringLiteral(text) => ustr(text.value.as_str()),
    }
}

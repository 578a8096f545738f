//! Statements as text.

use ustr::Ustr;

use super::{Dump, joined};
use crate::{
    DeclarationKind, Export, Import, ImportName, Imported, IterationKind, MatchCase, Statement,
    StatementKind, SwitchCase, TryHandler,
};

impl Dump<'_> {
    /// Writes a statement.
    pub(super) fn statement(&mut self, statement: &Statement) {
        let line = match &statement.kind {
            StatementKind::Expression(value) => self.show(*value),
            StatementKind::Declare {
                kind,
                pattern,
                value,
                annotation,
            } => {
                let annotation = self.show_after(": ", *annotation);
                let value = self.show_after(" = ", *value);
                let pattern = self.pattern(pattern);
                format!("{} {pattern}{annotation}{value}", declaration(*kind))
            }
            StatementKind::Function(id) => format!("function fn{}", id.0),
            StatementKind::Class(id) => format!("class class{}", id.0),
            StatementKind::Return(value) => format!("return{}", self.show_after(" ", *value)),
            StatementKind::Throw(value) => format!("throw{}", self.show_after(" ", *value)),
            StatementKind::Break(label) => format!("break{}", label_text(*label)),
            StatementKind::Continue(label) => format!("continue{}", label_text(*label)),
            StatementKind::Import(import) => import_text(import),
            StatementKind::Export(Export::Declaration(inner)) => {
                self.line("export");
                return self.indented(std::slice::from_ref(inner));
            }
            StatementKind::Export(export) => self.export(export),
            StatementKind::Global(names) => format!("global {}", joined(names)),
            StatementKind::Nonlocal(names) => format!("nonlocal {}", joined(names)),
            StatementKind::Delete(places) => {
                let places: Vec<String> = places.iter().map(|place| self.show(*place)).collect();
                format!("delete {}", places.join(", "))
            }
            StatementKind::Assert { test, message } => {
                let message = self.show_after(", ", *message);
                format!("assert {}{message}", self.show(*test))
            }
            _ => return self.compound(statement),
        };
        self.line(&line);
    }

    /// Writes a statement that holds others.
    fn compound(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::If {
                test,
                then,
                otherwise,
            } => {
                let head = format!("if {}", self.show(*test));
                self.line(&head);
                self.indented(then);
                self.section("else", otherwise);
            }
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.line("try");
                self.indented(body);
                for handler in handlers {
                    self.handler(handler);
                }
                self.section("else", otherwise);
                self.section("finally", finally);
            }
            StatementKind::Switch { subject, cases } => {
                let head = format!("switch {}", self.show(*subject));
                self.line(&head);
                self.indent += 1;
                for case in cases {
                    self.switch_case(case);
                }
                self.indent -= 1;
            }
            StatementKind::Match { subject, cases } => {
                let head = format!("match {}", self.show(*subject));
                self.line(&head);
                self.indent += 1;
                for case in cases {
                    self.match_case(case);
                }
                self.indent -= 1;
            }
            StatementKind::Block(block) => {
                self.line("block");
                self.indented(block);
            }
            StatementKind::Labeled(label, inner) => {
                self.line(&format!("label {label}"));
                self.indented(std::slice::from_ref(inner));
            }
            _ => self.repeated(statement),
        }
    }

    /// Writes loops and `with`.
    fn repeated(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::While {
                test,
                body,
                otherwise,
                test_last,
            } => {
                let word = if *test_last { "do while" } else { "while" };
                let head = format!("{word} {}", self.show(*test));
                self.line(&head);
                self.indented(body);
                self.section("else", otherwise);
            }
            StatementKind::For {
                init,
                test,
                update,
                body,
            } => {
                let test = self.show_after(" ", *test);
                let head = format!("for;{test};{}", self.show_after(" ", *update));
                self.line(&head);
                self.indent += 1;
                self.section("init", init);
                self.line("body");
                self.indented(body);
                self.indent -= 1;
            }
            StatementKind::ForEach {
                iterates,
                declares,
                target,
                iterable,
                body,
                otherwise,
                is_async,
            } => {
                let mark = if *is_async { " async" } else { "" };
                let declares =
                    declares.map_or(String::new(), |kind| format!(" {}", declaration(kind)));
                let word = match iterates {
                    IterationKind::Values => "of",
                    IterationKind::Keys => "in",
                };
                let target = self.pattern(target);
                let iterable = self.show(*iterable);
                self.line(&format!("for{mark}{declares} {target} {word} {iterable}"));
                self.indented(body);
                self.section("else", otherwise);
            }
            StatementKind::With {
                items,
                body,
                is_async,
            } => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| match &item.target {
                        Some(target) => {
                            format!("{} as {}", self.show(item.context), self.pattern(target))
                        }
                        None => self.show(item.context),
                    })
                    .collect();
                let mark = if *is_async { "async " } else { "" };
                self.line(&format!("{mark}with {}", items.join(", ")));
                self.indented(body);
            }
            // Everything else has been written by the functions that come before this one.
            _ => self.line("?"),
        }
    }

    fn handler(&mut self, handler: &TryHandler) {
        let types = self.show_after(" ", handler.types);
        let binding = handler.binding.as_ref();
        let binding = binding.map_or(String::new(), |pattern| {
            format!(" as {}", self.pattern(pattern))
        });
        self.line(&format!("catch{types}{binding}"));
        self.indented(&handler.body);
    }

    fn switch_case(&mut self, case: &SwitchCase) {
        let head = match case.test {
            Some(test) => format!("case {}", self.show(test)),
            None => "default".to_string(),
        };
        self.line(&head);
        self.indented(&case.body);
    }

    fn match_case(&mut self, case: &MatchCase) {
        let guard = self.show_after(" if ", case.guard);
        let head = format!("case {}{guard}", self.match_pattern(&case.pattern));
        self.line(&head);
        self.indented(&case.body);
    }

    fn export(&self, export: &Export) -> String {
        match export {
            // A declaration has lines of its own.
            Export::Declaration(_) => "export".to_string(),
            Export::Default(value) => format!("export default {}", self.show(*value)),
            Export::Assign(value) => format!("export = {}", self.show(*value)),
            Export::Named { names, source } => {
                let names: Vec<String> = names
                    .iter()
                    .map(|(local, exported)| format!("{local} as {exported}"))
                    .collect();
                let source = source.map_or(String::new(), |source| {
                    format!(" from {:?}", source.as_str())
                });
                format!("export {{{}}}{source}", names.join(", "))
            }
            Export::All { source, exported } => {
                let exported = exported.map_or(String::new(), |name| format!(" as {name}"));
                format!("export *{exported} from {:?}", source.as_str())
            }
        }
    }
}

fn import_text(import: &Import) -> String {
    let names: Vec<String> = import.names.iter().map(import_name).collect();
    let type_only = if import.is_type_only { " type" } else { "" };
    let dots = ".".repeat(import.level as usize);
    format!(
        "import{type_only} {{{}}} from {dots}{:?}",
        names.join(", "),
        import.source.as_str()
    )
}

fn import_name(name: &ImportName) -> String {
    match name.imported {
        Imported::Namespace => format!("* as {}", name.local),
        Imported::Root => format!("root as {}", name.local),
        Imported::Named(imported) => format!("{imported} as {}", name.local),
        Imported::All => "*".to_string(),
    }
}

fn label_text(label: Option<Ustr>) -> String {
    label.map_or(String::new(), |label| format!(" {label}"))
}

fn declaration(kind: DeclarationKind) -> &'static str {
    match kind {
        DeclarationKind::Var => "var",
        DeclarationKind::Let => "let",
        DeclarationKind::Const => "const",
        DeclarationKind::Annotated => "annotated",
    }
}

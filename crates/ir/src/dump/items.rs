//! Functions and classes as text.

use std::fmt::Write;

use super::Dump;
use crate::{Body, ExpressionId, FunctionKind, Member, MemberKind, Parameter, ParameterKind};

impl Dump<'_> {
    /// Writes a function.
    pub(super) fn function(&mut self, index: usize) {
        let module = self.module;
        let function = &module.functions[index];
        let mut head = format!("fn{index}:");
        if function.is_async {
            head.push_str(" async");
        }
        if function.is_generator {
            head.push_str(" generator");
        }
        let name = function.name.map_or("<no name>", |name| name.as_str());
        let _ = write!(head, " {} {name}(", function_kind(function.kind));
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|parameter| self.parameter(parameter))
            .collect();
        let returns = self.show_after(" -> ", function.returns);
        let _ = write!(head, "{}){returns}", parameters.join(", "));
        self.line(&head);
        self.indent += 1;
        self.decorators(&function.decorators);
        self.names("declared", &function.declared);
        match &function.body {
            Body::Block(block) => self.block(block),
            Body::Expression(value) => {
                let line = format!("=> {}", self.show(*value));
                self.line(&line);
            }
        }
        self.indent -= 1;
    }

    fn parameter(&self, parameter: &Parameter) -> String {
        let mut text = String::new();
        for decorator in &parameter.decorators {
            let _ = write!(text, "@{} ", self.show(*decorator));
        }
        if parameter.is_property {
            text.push_str("property ");
        }
        text.push_str(match parameter.kind {
            ParameterKind::Normal => "",
            ParameterKind::PositionalOnly => "positional ",
            ParameterKind::KeywordOnly => "keyword ",
            ParameterKind::Rest => "...",
            ParameterKind::KeywordRest => "**",
        });
        text.push_str(&self.pattern(&parameter.pattern));
        text.push_str(&self.show_after(": ", parameter.annotation));
        text.push_str(&self.show_after(" = ", parameter.default));
        text
    }

    fn decorators(&mut self, decorators: &[ExpressionId]) {
        for decorator in decorators {
            let line = format!("@{}", self.show(*decorator));
            self.line(&line);
        }
    }

    /// Writes a class.
    pub(super) fn class(&mut self, index: usize) {
        let module = self.module;
        let class = &module.classes[index];
        let name = class.name.map_or("<no name>", |name| name.as_str());
        let mut head = format!("class{index}: {name}");
        if !class.bases.is_empty() {
            head.push('(');
            self.arguments(&mut head, &class.bases);
            head.push(')');
        }
        self.line(&head);
        self.indent += 1;
        self.decorators(&class.decorators);
        self.names("declared", &class.declared);
        for member in &class.members {
            self.member(member);
        }
        self.section("body", &class.body);
        self.indent -= 1;
    }

    fn member(&mut self, member: &Member) {
        self.decorators(&member.decorators);
        let mut line = String::new();
        if member.is_static {
            line.push_str("static ");
        }
        let _ = write!(
            line,
            "{} {}",
            member_kind(member.kind),
            self.key(member.key)
        );
        line.push_str(&self.show_after(": ", member.annotation));
        line.push_str(&self.show_after(" = ", member.value));
        match member.function {
            Some(function) => {
                let _ = write!(line, " fn{}", function.0);
            }
            None if member.kind != MemberKind::Field => line.push_str(" abstract"),
            None => {}
        }
        self.line(&line);
    }
}

fn function_kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Function => "function",
        FunctionKind::Arrow => "arrow",
        FunctionKind::Lambda => "lambda",
        FunctionKind::Method => "method",
        FunctionKind::Getter => "getter",
        FunctionKind::Setter => "setter",
        FunctionKind::Constructor => "constructor",
    }
}

fn member_kind(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Constructor => "constructor",
        MemberKind::Method => "method",
        MemberKind::Getter => "getter",
        MemberKind::Setter => "setter",
        MemberKind::Field => "field",
    }
}

//! Expressions as text.

use std::fmt::Write;

use super::Dump;
use crate::{
    Argument, ArgumentKind, BinaryOperator, CollectionKind, ComprehensionClause, ComprehensionKind,
    ExpressionId, ExpressionKind, Key, Literal, LogicalOperator, Property, PropertyKind,
    TemplatePart, UnaryOperator,
};

impl Dump<'_> {
    /// Writes an expression to `out`.
    pub(super) fn expression(&self, out: &mut String, id: ExpressionId) {
        match &self.module.expression(id).kind {
            ExpressionKind::Literal(value) => literal(out, value),
            ExpressionKind::Name(name) => out.push_str(name),
            ExpressionKind::This => out.push_str("this"),
            ExpressionKind::Super => out.push_str("super"),
            ExpressionKind::ImportMeta => out.push_str("import.meta"),
            ExpressionKind::NewTarget => out.push_str("new.target"),
            ExpressionKind::Function(id) => {
                let _ = write!(out, "fn{}", id.0);
            }
            ExpressionKind::Class(id) => {
                let _ = write!(out, "class{}", id.0);
            }
            ExpressionKind::Unsupported(what) => {
                let _ = write!(out, "unsupported({what})");
            }
            ExpressionKind::Member {
                object,
                property,
                is_optional,
            } => {
                self.expression(out, *object);
                out.push_str(if *is_optional { "?." } else { "." });
                out.push_str(property);
            }
            ExpressionKind::Index {
                object,
                index,
                is_optional,
            } => {
                self.expression(out, *object);
                out.push_str(if *is_optional { "?.[" } else { "[" });
                self.expression(out, *index);
                out.push(']');
            }
            ExpressionKind::Call {
                callee,
                arguments,
                is_optional,
            } => {
                self.expression(out, *callee);
                out.push_str(if *is_optional { "?.(" } else { "(" });
                self.arguments(out, arguments);
                out.push(')');
            }
            _ => self.operation(out, id),
        }
    }

    fn operation(&self, out: &mut String, id: ExpressionId) {
        match &self.module.expression(id).kind {
            ExpressionKind::Unary(operator, operand) => {
                let _ = write!(out, "({} {})", unary(*operator), self.show(*operand));
            }
            ExpressionKind::Binary(operator, left, right) => {
                self.infix(out, *left, binary(*operator), *right);
            }
            ExpressionKind::Logical(operator, left, right) => {
                self.infix(out, *left, logical(*operator), *right);
            }
            ExpressionKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                let (test, then) = (self.show(*test), self.show(*then));
                let _ = write!(out, "({test} ? {then} : {})", self.show(*otherwise));
            }
            ExpressionKind::Assign { target, value } => {
                let _ = write!(out, "({} = {})", self.pattern(target), self.show(*value));
            }
            ExpressionKind::AssignBinary {
                target,
                operator,
                value,
            } => {
                let (target, value) = (self.pattern(target), self.show(*value));
                let _ = write!(out, "({target} {}= {value})", binary(*operator));
            }
            ExpressionKind::AssignLogical {
                target,
                operator,
                value,
            } => {
                let (target, value) = (self.pattern(target), self.show(*value));
                let _ = write!(out, "({target} {}= {value})", logical(*operator));
            }
            ExpressionKind::Await(value) => {
                let _ = write!(out, "(await {})", self.show(*value));
            }
            ExpressionKind::Yield { value, is_delegate } => {
                out.push_str(if *is_delegate { "(yield*" } else { "(yield" });
                let _ = write!(out, "{})", self.show_after(" ", *value));
            }
            ExpressionKind::Sequence(values) => {
                let values: Vec<String> = values.iter().map(|value| self.show(*value)).collect();
                let _ = write!(out, "({})", values.join(", "));
            }
            _ => self.display(out, id),
        }
    }

    /// Writes what is made of parts.
    fn display(&self, out: &mut String, id: ExpressionId) {
        match &self.module.expression(id).kind {
            ExpressionKind::Template(parts) => self.template(out, parts),
            ExpressionKind::TaggedTemplate { tag, parts } => {
                self.expression(out, *tag);
                self.template(out, parts);
            }
            ExpressionKind::Collection { kind, elements } => {
                let elements: Vec<String> = elements
                    .iter()
                    .map(|element| {
                        let mark = if element.is_spread { "..." } else { "" };
                        format!("{mark}{}", self.show(element.value))
                    })
                    .collect();
                let elements = elements.join(", ");
                let _ = match kind {
                    CollectionKind::List => write!(out, "[{elements}]"),
                    CollectionKind::Tuple => write!(out, "({elements},)"),
                    CollectionKind::Set => write!(out, "set{{{elements}}}"),
                };
            }
            ExpressionKind::Object(properties) => self.object(out, properties),
            ExpressionKind::Slice { start, end, step } => {
                let (start, end) = (self.show_after("", *start), self.show_after("", *end));
                let _ = write!(out, "{start}:{end}{}", self.show_after(":", *step));
            }
            ExpressionKind::New { callee, arguments } => {
                let _ = write!(out, "(new {} with (", self.show(*callee));
                self.arguments(out, arguments);
                out.push_str("))");
            }
            ExpressionKind::ImportCall(source) => {
                let _ = write!(out, "import({})", self.show(*source));
            }
            ExpressionKind::Comprehension {
                kind,
                element,
                value,
                clauses,
            } => self.comprehension(out, *kind, *element, *value, clauses),
            ExpressionKind::Jsx {
                component,
                attributes,
                children,
            } => {
                let _ = write!(out, "<{} ", self.show_after("", *component));
                self.object(out, attributes);
                let children: Vec<String> = children.iter().map(|id| self.show(*id)).collect();
                let _ = write!(out, " [{}]>", children.join(", "));
            }
            // Everything else has been written by the functions that come before this one.
            _ => out.push('?'),
        }
    }

    fn infix(&self, out: &mut String, left: ExpressionId, operator: &str, right: ExpressionId) {
        out.push('(');
        self.expression(out, left);
        let _ = write!(out, " {operator} ");
        self.expression(out, right);
        out.push(')');
    }

    /// Writes arguments with commas.
    pub(super) fn arguments(&self, out: &mut String, arguments: &[Argument]) {
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            match argument.kind {
                ArgumentKind::Positional => {}
                ArgumentKind::Spread => out.push_str("..."),
                ArgumentKind::Keyword(name) => {
                    let _ = write!(out, "{name}=");
                }
                ArgumentKind::KeywordSpread => out.push_str("**"),
            }
            self.expression(out, argument.value);
        }
    }

    fn template(&self, out: &mut String, parts: &[TemplatePart]) {
        out.push('`');
        for part in parts {
            let _ = match part {
                TemplatePart::Text(text) => {
                    write!(
                        out,
                        "{}",
                        text.escape_debug().to_string().replace('`', "\\`")
                    )
                }
                TemplatePart::Value(value) => write!(out, "${{{}}}", self.show(*value)),
            };
        }
        out.push('`');
    }

    fn object(&self, out: &mut String, properties: &[Property]) {
        out.push('{');
        for (index, property) in properties.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            let value = self.show(property.value);
            let key = self.key(property.key);
            let _ = match property.kind {
                PropertyKind::Value => write!(out, "{key}: {value}"),
                PropertyKind::Getter => write!(out, "get {key}: {value}"),
                PropertyKind::Setter => write!(out, "set {key}: {value}"),
                PropertyKind::Spread => write!(out, "...{value}"),
            };
        }
        out.push('}');
    }

    /// Returns a key; a name that is no word is quoted.
    pub(super) fn key(&self, key: Key) -> String {
        match key {
            Key::Name(name) if is_word(&name) => name.to_string(),
            Key::Name(name) => format!("{:?}", name.as_str()),
            Key::Computed(value) => format!("[{}]", self.show(value)),
        }
    }

    fn comprehension(
        &self,
        out: &mut String,
        kind: ComprehensionKind,
        element: ExpressionId,
        value: Option<ExpressionId>,
        clauses: &[ComprehensionClause],
    ) {
        let (open, close) = match kind {
            ComprehensionKind::List => ("[", "]"),
            ComprehensionKind::Set => ("set{", "}"),
            ComprehensionKind::Dict => ("{", "}"),
            ComprehensionKind::Generator => ("(", ")"),
        };
        let _ = write!(
            out,
            "{open}{}{}",
            self.show(element),
            self.show_after(": ", value)
        );
        for clause in clauses {
            let mark = if clause.is_async { " async" } else { "" };
            let target = self.pattern(&clause.target);
            let _ = write!(out, "{mark} for {target} in {}", self.show(clause.iterable));
            for condition in &clause.conditions {
                let _ = write!(out, " if {}", self.show(*condition));
            }
        }
        out.push_str(close);
    }
}

/// Holds if a key needs no quotes.
fn is_word(name: &str) -> bool {
    let mut characters = name.strip_prefix('#').unwrap_or(name).chars();
    characters.next().is_some()
        && name
            .trim_start_matches('#')
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '_' | '$'))
}

fn literal(out: &mut String, value: &Literal) {
    let _ = match value {
        Literal::Null => write!(out, "null"),
        Literal::Undefined => write!(out, "void"),
        Literal::Bool(value) => write!(out, "{value}"),
        Literal::Number(value) => write!(out, "{value}"),
        Literal::String(text) => write!(out, "{:?}", text.as_str()),
        Literal::Bytes(text) => write!(out, "b{:?}", text.as_str()),
        Literal::Regex(pattern, flags) => write!(out, "/{pattern}/{flags}"),
        Literal::Ellipsis => write!(out, "..."),
    };
}

fn unary(operator: UnaryOperator) -> &'static str {
    match operator {
        UnaryOperator::Not => "!",
        UnaryOperator::Minus => "-",
        UnaryOperator::Plus => "+",
        UnaryOperator::BitNot => "~",
        UnaryOperator::TypeOf => "typeof",
        UnaryOperator::Void => "void",
        UnaryOperator::Delete => "delete",
    }
}

fn binary(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::FloorDivide => "//",
        BinaryOperator::Remainder => "%",
        BinaryOperator::Power => "**",
        BinaryOperator::MatrixMultiply => "@",
        BinaryOperator::ShiftLeft => "<<",
        BinaryOperator::ShiftRight => ">>",
        BinaryOperator::ShiftRightUnsigned => ">>>",
        BinaryOperator::BitAnd => "&",
        BinaryOperator::BitOr => "|",
        BinaryOperator::BitXor => "^",
        BinaryOperator::LooseEqual => "==",
        BinaryOperator::LooseNotEqual => "!=",
        BinaryOperator::Equal => "===",
        BinaryOperator::NotEqual => "!==",
        BinaryOperator::Is => "is",
        BinaryOperator::IsNot => "is not",
        BinaryOperator::Less => "<",
        BinaryOperator::LessEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterEqual => ">=",
        BinaryOperator::In => "in",
        BinaryOperator::NotIn => "not in",
        BinaryOperator::InstanceOf => "instanceof",
    }
}

fn logical(operator: LogicalOperator) -> &'static str {
    match operator {
        LogicalOperator::And => "&&",
        LogicalOperator::Or => "||",
        LogicalOperator::Nullish => "??",
    }
}

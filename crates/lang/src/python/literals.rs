//! Constants, strings with values in them, and collection displays.

use std::borrow::Cow;

use firedoor_ir::{
    CollectionKind, Element, ExpressionId, ExpressionKind, Key, Literal, Property, PropertyKind,
    TemplatePart,
};
use firedoor_source::Span;
use ruff_python_ast::{
    Expr, ExprBytesLiteral, ExprDict, ExprFString, ExprTString, FStringPart,
    InterpolatedStringElement, InterpolatedStringElements, Number,
};
use ustr::Ustr;

use super::context::Context;

impl Context<'_> {
    pub(super) fn literal(&mut self, span: Span, literal: Literal) -> ExpressionId {
        self.add(span, ExpressionKind::Literal(literal))
    }

    pub(super) fn number(&mut self, span: Span, number: &Number) -> ExpressionId {
        match number {
            Number::Int(integer) => {
                let value = match integer.as_u64() {
                    Some(small) => small as f64,
                    None => large_integer(&integer.to_string()),
                };
                self.literal(span, Literal::Number(value))
            }
            Number::Float(value) => self.literal(span, Literal::Number(*value)),
            Number::Complex { .. } => self.unsupported(span, "complex number"),
        }
    }

    pub(super) fn f_string(&mut self, string: &ExprFString) -> ExpressionKind {
        let mut template = Template::default();
        for part in &string.value {
            match part {
                FStringPart::Literal(text) => template.text(text),
                FStringPart::FString(string) => self.interpolate(&mut template, &string.elements),
            }
        }
        ExpressionKind::Template(template.finish())
    }

    pub(super) fn t_string(&mut self, string: &ExprTString) -> ExpressionKind {
        let mut template = Template::default();
        for part in &string.value {
            self.interpolate(&mut template, &part.elements);
        }
        ExpressionKind::Template(template.finish())
    }

    /// Format specifications are left out: they change how a value looks, not what it is.
    fn interpolate(&mut self, template: &mut Template, elements: &InterpolatedStringElements) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(text) => template.text(text),
                InterpolatedStringElement::Interpolation(value) => {
                    if let Some(debug) = &value.debug_text {
                        template.text(debug.as_str());
                    }
                    let value = self.expression(&value.expression);
                    template.value(value);
                }
            }
        }
    }

    pub(super) fn collection(&mut self, kind: CollectionKind, values: &[Expr]) -> ExpressionKind {
        let elements = values.iter().map(|value| self.element(value)).collect();
        ExpressionKind::Collection { kind, elements }
    }

    fn element(&mut self, value: &Expr) -> Element {
        match value {
            Expr::Starred(starred) => Element {
                value: self.expression(&starred.value),
                is_spread: true,
            },
            _ => Element {
                value: self.expression(value),
                is_spread: false,
            },
        }
    }

    pub(super) fn dictionary(&mut self, dictionary: &ExprDict) -> ExpressionKind {
        let mut properties = Vec::with_capacity(dictionary.items.len());
        for item in &dictionary.items {
            let (key, kind) = match &item.key {
                None => (Key::Name(Ustr::from("")), PropertyKind::Spread),
                Some(Expr::StringLiteral(key)) => (
                    Key::Name(Ustr::from(key.value.to_str())),
                    PropertyKind::Value,
                ),
                Some(key) => (Key::Computed(self.expression(key)), PropertyKind::Value),
            };
            let value = self.expression(&item.value);
            properties.push(Property { key, value, kind });
        }
        ExpressionKind::Object(properties)
    }
}

/// The parts of a template, with neighbouring texts joined.
#[derive(Default)]
struct Template {
    parts: Vec<TemplatePart>,
    text: String,
}

impl Template {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn value(&mut self, value: ExpressionId) {
        self.end_text();
        self.parts.push(TemplatePart::Value(value));
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(TemplatePart::Text(Ustr::from(&self.text)));
            self.text.clear();
        }
    }

    fn finish(mut self) -> Vec<TemplatePart> {
        self.end_text();
        self.parts
    }
}

pub(super) fn bytes(bytes: &ExprBytesLiteral) -> Literal {
    let bytes: Cow<'_, [u8]> = (&bytes.value).into();
    Literal::Bytes(Ustr::from(&String::from_utf8_lossy(&bytes)))
}

/// Returns the value of an integer of more than 64 bits; the parser keeps those as they are written.
fn large_integer(written: &str) -> f64 {
    let digits = written.replace('_', "").to_ascii_lowercase();
    let radix = match digits.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => return digits.parse().unwrap_or(f64::INFINITY),
    };
    digits[2..]
        .chars()
        .filter_map(|digit| digit.to_digit(radix))
        .fold(0.0, |value, digit| {
            value * f64::from(radix) + f64::from(digit)
        })
}

//! Objects, and the keys that objects, classes and patterns share.

use firedoor_ir::{ExpressionId, ExpressionKind, FunctionKind, Key, Property, PropertyKind};
use oxc_ast::ast as js;
use ustr::{Ustr, ustr};

use super::lowering::Lowering;

impl Lowering<'_> {
    /// Lowers an object display.
    pub fn object(&mut self, node: &js::ObjectExpression<'_>) -> ExpressionId {
        let mut properties = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            properties.push(match property {
                js::ObjectPropertyKind::ObjectProperty(property) => self.object_property(property),
                js::ObjectPropertyKind::SpreadProperty(spread) => Property {
                    key: Key::Name(ustr("")),
                    value: self.expression(&spread.argument),
                    kind: PropertyKind::Spread,
                },
            });
        }
        self.add(node.span, ExpressionKind::Object(properties))
    }

    fn object_property(&mut self, node: &js::ObjectProperty<'_>) -> Property {
        let key = self.key(&node.key);
        let name = key_name(key);
        let (kind, function) = match node.kind {
            js::PropertyKind::Get => (PropertyKind::Getter, Some(FunctionKind::Getter)),
            js::PropertyKind::Set => (PropertyKind::Setter, Some(FunctionKind::Setter)),
            js::PropertyKind::Init if node.method => {
                (PropertyKind::Value, Some(FunctionKind::Method))
            }
            js::PropertyKind::Init => (PropertyKind::Value, None),
        };
        let value = match (&node.value, function) {
            (js::Expression::FunctionExpression(value), Some(kind)) => {
                let function = self.method(value, kind, name);
                // The function begins at its key, where a person looks for it.
                self.module.functions[function.0 as usize].span = self.span(node.span);
                self.add(node.span, ExpressionKind::Function(function))
            }
            (value, _) => self.named_expression(value, name),
        };
        Property { key, value, kind }
    }

    /// Lowers a key. Literal ones are names, however they are written.
    pub fn key(&mut self, key: &js::PropertyKey<'_>) -> Key {
        match key {
            js::PropertyKey::StaticIdentifier(name) => Key::Name(ustr(name.name.as_str())),
            js::PropertyKey::PrivateIdentifier(name) => Key::Name(ustr(&format!("#{}", name.name))),
            js::PropertyKey::StringLiteral(text) => Key::Name(ustr(text.value.as_str())),
            js::PropertyKey::NumericLiteral(number) => Key::Name(number_name(number.value)),
            js::PropertyKey::BigIntLiteral(number) => Key::Name(ustr(number.value.as_str())),
            js::PropertyKey::TemplateLiteral(text) if text.expressions.is_empty() => {
                let text = text.quasis.first().and_then(|quasi| quasi.value.cooked);
                Key::Name(ustr(text.as_ref().map_or("", |text| text.as_str())))
            }
            _ => Key::Computed(self.expression(key.to_expression())),
        }
    }
}

/// Returns the name in a key.
pub fn key_name(key: Key) -> Option<Ustr> {
    match key {
        Key::Name(name) => Some(name),
        Key::Computed(_) => None,
    }
}

/// Returns a number as the key that JavaScript makes of it.
fn number_name(number: f64) -> Ustr {
    // Rust writes 1e21 in full and JavaScript does not; no program has such keys.
    ustr(&number.to_string())
}

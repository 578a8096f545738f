//! Texts that are put together: templates, tagged templates and concatenation.
//!
//! A text that is not known as a whole keeps its known parts, because paths and queries are read from it.

use firedoor_ir::{ExpressionId, TemplatePart};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, HOLE, Machine, Stop, Value};

/// The longest text that is put together.
const LONGEST_TEXT: usize = 20_000;

impl<'p> Machine<'p> {
    pub(crate) fn template(&mut self, parts: &'p [TemplatePart]) -> Result<Value, Stop> {
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            values.push(match part {
                TemplatePart::Text(text) => Value::atom(Atom::String(*text)),
                TemplatePart::Value(value) => self.evaluate(*value)?,
            });
        }
        Ok(self.concatenate(&values))
    }

    /// Returns the text made of these values one after the other.
    pub fn concatenate(&mut self, values: &[Value]) -> Value {
        let mut texts = vec![String::new()];
        for value in values {
            let parts = self.text_parts(value);
            let parts = match texts.len() * parts.len() > 12 {
                true => vec![HOLE.to_string()],
                false => parts,
            };
            if let ([text], [part]) = (texts.as_mut_slice(), parts.as_slice()) {
                text.push_str(part);
            } else {
                let longer = texts
                    .iter()
                    .flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")));
                texts = longer.collect();
            }
            if texts.iter().any(|text| text.len() > LONGEST_TEXT) {
                texts = vec![HOLE.to_string()];
                break;
            }
        }
        self.heap.copied += texts.iter().map(|text| text.len() as u64 / 16).sum::<u64>();
        let atoms = texts.iter().flat_map(|text| Value::pattern(text).only());
        let mut joined = Value::atoms_of(atoms);
        joined.origins = self.origins_of(values);
        for value in values {
            joined.control = self.origins.union(joined.control, value.control);
            if value.only_object().is_some() {
                let deep = self.deep_origins(value);
                joined.origins = self.origins.union(joined.origins, deep);
            }
        }
        joined
    }

    /// Returns the texts that a value may be, with holes for what is not known, each once.
    fn text_parts(&mut self, value: &Value) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for atom in value.atoms() {
            let part = match atom {
                Atom::String(part) | Atom::Pattern(part) => Some(part.to_string()),
                Atom::Number(number) => Some(crate::operator::number_text(*number)),
                Atom::Bool(value) => Some(self.bool_text(*value).to_owned()),
                Atom::Null if self.is_python() => Some("None".to_owned()),
                Atom::Object(id) => self.object_text(*id).map(|text| text.to_string()),
                _ => None,
            };
            let part = part.unwrap_or_else(|| HOLE.to_string());
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }

    pub(crate) fn tagged_template(
        &mut self,
        tag: ExpressionId,
        parts: &'p [TemplatePart],
        span: Span,
    ) -> Result<Value, Stop> {
        let tag = self.evaluate(tag)?;
        let mut strings = vec![String::new()];
        let mut values = Vec::new();
        for part in parts {
            match part {
                TemplatePart::Text(text) => {
                    if let Some(last) = strings.last_mut() {
                        last.push_str(text);
                    }
                }
                TemplatePart::Value(value) => {
                    values.push(self.evaluate(*value)?);
                    strings.push(String::new());
                }
            }
        }
        let strings: Vec<Value> = strings.iter().map(|text| Value::string(text)).collect();
        let raw = self.make_list(strings.clone(), false, span);
        let strings = self.make_list(strings, false, span);
        if let Some(id) = strings.only_object() {
            let properties = &mut self.heap.get_mut(id).properties;
            properties.insert(Ustr::from("raw"), raw);
        }
        let mut arguments = Arguments::positional([strings]);
        arguments.positional.extend(values);
        self.span = span;
        self.call_value(&tag, None, &arguments, span)
    }
}

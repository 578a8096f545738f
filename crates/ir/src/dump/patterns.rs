//! Patterns as text.

use super::Dump;
use crate::{ArrayPatternElement, MatchPattern, Pattern};

impl Dump<'_> {
    /// Returns a target as text.
    pub(super) fn pattern(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Name(name, _) => name.to_string(),
            Pattern::Place(place) => self.show(*place),
            Pattern::Array(elements) => {
                let elements: Vec<String> = elements
                    .iter()
                    .map(|element| match element {
                        ArrayPatternElement::Hole => "<hole>".to_string(),
                        ArrayPatternElement::Item(item) => self.pattern(item),
                        ArrayPatternElement::Rest(rest) => format!("...{}", self.pattern(rest)),
                    })
                    .collect();
                format!("[{}]", elements.join(", "))
            }
            Pattern::Object { properties, rest } => {
                let mut parts: Vec<String> = properties
                    .iter()
                    .map(|property| {
                        format!(
                            "{}: {}",
                            self.key(property.key),
                            self.pattern(&property.target)
                        )
                    })
                    .collect();
                parts.extend(rest.iter().map(|rest| format!("...{}", self.pattern(rest))));
                format!("{{{}}}", parts.join(", "))
            }
            Pattern::Default(inner, value) => {
                format!("({} = {})", self.pattern(inner), self.show(*value))
            }
        }
    }

    /// Returns a pattern of `match` as text. What is compared has `==` before it; what is bound has not.
    pub(super) fn match_pattern(&self, pattern: &MatchPattern) -> String {
        match pattern {
            MatchPattern::Value(value) => format!("=={}", self.show(*value)),
            MatchPattern::Sequence(parts) => format!("[{}]", self.match_patterns(parts, ", ")),
            MatchPattern::Star(name) => format!("*{}", name.map_or("_", |name| name.as_str())),
            MatchPattern::Mapping { entries, rest } => {
                let mut parts: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| {
                        format!("{}: {}", self.show(*key), self.match_pattern(value))
                    })
                    .collect();
                parts.extend(rest.iter().map(|rest| format!("**{rest}")));
                format!("{{{}}}", parts.join(", "))
            }
            MatchPattern::Class {
                class,
                positional,
                keyword,
            } => {
                let mut parts: Vec<String> = positional
                    .iter()
                    .map(|pattern| self.match_pattern(pattern))
                    .collect();
                parts.extend(
                    keyword
                        .iter()
                        .map(|(name, pattern)| format!("{name}={}", self.match_pattern(pattern))),
                );
                format!("{}({})", self.show(*class), parts.join(", "))
            }
            MatchPattern::As { pattern, name } => match (pattern, name) {
                (Some(pattern), Some(name)) => {
                    format!("({} as {name})", self.match_pattern(pattern))
                }
                (Some(pattern), None) => format!("({} as _)", self.match_pattern(pattern)),
                (None, Some(name)) => name.to_string(),
                (None, None) => "_".to_string(),
            },
            MatchPattern::Or(parts) => format!("({})", self.match_patterns(parts, " | ")),
        }
    }

    fn match_patterns(&self, patterns: &[MatchPattern], separator: &str) -> String {
        let parts: Vec<String> = patterns
            .iter()
            .map(|pattern| self.match_pattern(pattern))
            .collect();
        parts.join(separator)
    }
}

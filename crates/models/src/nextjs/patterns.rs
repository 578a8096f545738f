//! Patterns of path-to-regexp, which matchers are written in, as regular expressions.
//!
//! Next.js 13 to 16 and Clerk use version 6, in which every group and modifier has a meaning of its own.

/// What a parameter takes that has no expression of its own.
const SEGMENT: &str = "[^\\/#\\?]+?";

/// Returns the expression that path-to-regexp 6 makes of a pattern; `None` if it would refuse it.
///
/// Source: path-to-regexp 6.3.0, `src/index.ts`, `parse` and `tokensToRegexp` with its defaults.
pub fn of_pattern(pattern: &str) -> Option<String> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut reader = Pattern {
        characters: &characters,
        at: 0,
    };
    let mut made = String::from("^");
    let mut plain = String::new();
    while let Some(next) = reader.peek() {
        match next {
            '\\' => {
                plain.push(*characters.get(reader.at + 1)?);
                reader.at += 2;
            }
            ':' | '(' => {
                let prefix = match plain.pop() {
                    Some(last @ ('/' | '.')) => last.to_string(),
                    Some(last) => {
                        plain.push(last);
                        String::new()
                    }
                    None => String::new(),
                };
                quote(&plain, &mut made);
                plain.clear();
                reader.name()?;
                let inner = reader.group()?.unwrap_or_else(|| SEGMENT.to_owned());
                let modifier = reader.modifier();
                add_token(&mut made, (&prefix, Some(&inner), ""), modifier);
            }
            '{' => {
                quote(&plain, &mut made);
                plain.clear();
                reader.at += 1;
                let prefix = reader.text();
                let is_named = !reader.name()?.is_empty();
                let inner = reader.group()?;
                let inner = inner.or_else(|| is_named.then(|| SEGMENT.to_owned()));
                let suffix = reader.text();
                if reader.peek() != Some('}') {
                    return None;
                }
                reader.at += 1;
                let modifier = reader.modifier();
                add_token(&mut made, (&prefix, inner.as_deref(), &suffix), modifier);
            }
            '}' | ')' | '*' | '+' | '?' => return None,
            other => {
                plain.push(other);
                reader.at += 1;
            }
        }
    }
    quote(&plain, &mut made);
    made.push_str("[\\/#\\?]?$");
    Some(made)
}

struct Pattern<'t> {
    characters: &'t [char],
    at: usize,
}

impl Pattern<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// `:name`, if there is one.
    fn name(&mut self) -> Option<String> {
        if self.peek() != Some(':') {
            return Some(String::new());
        }
        self.at += 1;
        let mut name = String::new();
        while let Some(next) = self.peek()
            && (next.is_ascii_alphanumeric() || next == '_')
        {
            name.push(next);
            self.at += 1;
        }
        (!name.is_empty()).then_some(name)
    }

    /// `(expression)`, if there is one; groups within must not be captured.
    fn group(&mut self) -> Option<Option<String>> {
        if self.peek() != Some('(') {
            return Some(None);
        }
        let start = self.at + 1;
        let mut depth = 0;
        while let Some(next) = self.peek() {
            match next {
                '\\' => self.at += 1,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                let inner = self.characters.get(start..self.at - 1)?;
                return Some(Some(inner.iter().collect()));
            }
        }
        None
    }

    /// What stands for itself.
    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            match next {
                '\\' => {
                    text.extend(self.characters.get(self.at + 1));
                    self.at += 2;
                }
                ':' | '(' | ')' | '{' | '}' | '*' | '+' | '?' => break,
                other => {
                    text.push(other);
                    self.at += 1;
                }
            }
        }
        text
    }

    fn modifier(&mut self) -> Option<char> {
        let found = self.peek().filter(|next| matches!(next, '*' | '+' | '?'))?;
        self.at += 1;
        Some(found)
    }
}

fn add_token(
    made: &mut String,
    (prefix, inner, suffix): (&str, Option<&str>, &str),
    modifier: Option<char>,
) {
    let mut before = String::new();
    quote(prefix, &mut before);
    let mut behind = String::new();
    quote(suffix, &mut behind);
    let sign = modifier.map_or_else(String::new, |modifier| modifier.to_string());
    let Some(inner) = inner else {
        made.push_str(&format!("(?:{before}{behind}){sign}"));
        return;
    };
    let is_repeated = matches!(modifier, Some('*' | '+'));
    let text = match (before.is_empty() && behind.is_empty(), is_repeated) {
        (true, true) => format!("((?:{inner}){sign})"),
        (true, false) => format!("({inner}){sign}"),
        (false, false) => format!("(?:{before}({inner}){behind}){sign}"),
        (false, true) => {
            let last = if modifier == Some('*') { "?" } else { "" };
            let more = format!("(?:{inner})(?:{behind}{before}(?:{inner}))*");
            format!("(?:{before}({more}){behind}){last}")
        }
    };
    made.push_str(&text);
}

/// Adds a text so that it stands for itself.
fn quote(text: &str, made: &mut String) {
    for c in text.chars() {
        if ".+*?=^!:${}()[]|/\\".contains(c) {
            made.push('\\');
        }
        made.push(c);
    }
}

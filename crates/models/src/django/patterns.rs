//! Routes as templates: `path` with converters, and the regular expressions of `re_path`.
//!
//! Source: django 5.2, `urls/resolvers.py` (`_route_to_regex`) and `utils/regex_helper.py`.

use firedoor_eval::HOLE;

/// A part of a path that a request fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; empty for a group that is passed by position.
    pub name: String,
    /// Holds if it is read as a number.
    pub is_number: bool,
}

/// A route: its template without a slash at the front, and what requests fill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its text.
    pub text: String,
    /// Its parameters, in order.
    pub parameters: Vec<Parameter>,
}

impl Template {
    /// Returns this prefix with a route below it.
    pub(crate) fn join(&self, below: &Template) -> Template {
        let mut all = self.clone();
        all.text.push_str(&below.text);
        all.parameters.extend(below.parameters.iter().cloned());
        all
    }
}

/// Reads `<int:id>/edit/`.
pub fn of_route(route: &str) -> Template {
    let mut template = Template::default();
    let mut rest = route;
    while let Some(start) = rest.find('<') {
        template.text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            break;
        };
        let inner = rest[start + 1..start + end].trim();
        let (converter, name) = inner.split_once(':').unwrap_or(("str", inner));
        let star = if converter == "path" { "*" } else { "" };
        template.text.push_str(&format!("{{{name}{star}}}"));
        template.parameters.push(Parameter {
            name: name.to_owned(),
            is_number: converter == "int",
        });
        rest = &rest[start + end + 1..];
    }
    template.text.push_str(rest);
    template
}

/// Reads `^articles/(?P<year>[0-9]{4})/$`.
pub fn of_regex(pattern: &str) -> Template {
    let mut template = Template::default();
    let characters: Vec<char> = pattern.chars().collect();
    let mut place = 0;
    read(&characters, &mut place, &mut template, true);
    // Groups without names are not passed where some have one.
    if template
        .parameters
        .iter()
        .any(|parameter| !parameter.name.starts_with("arg"))
    {
        template
            .parameters
            .retain(|parameter| !parameter.name.starts_with("arg"));
    }
    template
}

fn read(pattern: &[char], place: &mut usize, template: &mut Template, is_kept: bool) {
    while let Some(character) = pattern.get(*place).copied() {
        *place += 1;
        match character {
            '^' | '$' => {}
            ')' => return,
            '|' => skip_alternatives(pattern, place),
            '\\' => escape(pattern, place, template, is_kept),
            '(' => group(pattern, place, template, is_kept),
            '[' => {
                skip_class(pattern, place);
                skip_repeat(pattern, place);
                push_unknown(template, is_kept);
            }
            '.' => {
                let repeats = skip_repeat(pattern, place);
                match repeats {
                    true => push_unknown(template, is_kept),
                    // Alone it is the dot of a file's name that nobody has escaped.
                    false if is_kept => template.text.push('.'),
                    false => {}
                }
            }
            _ if matches!(pattern.get(*place), Some('?' | '*')) => {
                // What may be missing is left out; a slash at the end is the usual one.
                *place += 1;
                if character == '/' && is_kept {
                    template.text.push('/');
                }
            }
            _ => {
                skip_repeat(pattern, place);
                if is_kept {
                    template.text.push(character);
                }
            }
        }
    }
}

fn push_unknown(template: &mut Template, is_kept: bool) {
    if is_kept && !template.text.ends_with("{unknown}") {
        template.text.push_str("{unknown}");
    }
}

fn escape(pattern: &[char], place: &mut usize, template: &mut Template, is_kept: bool) {
    let Some(escaped) = pattern.get(*place).copied() else {
        return;
    };
    *place += 1;
    if matches!(escaped, 'A' | 'Z' | 'z' | 'b' | 'B') {
        return;
    }
    let is_class = matches!(escaped, 'd' | 'w' | 's' | 'D' | 'W' | 'S');
    skip_repeat(pattern, place);
    match is_class {
        true => push_unknown(template, is_kept),
        false if is_kept => template.text.push(escaped),
        false => {}
    }
}

/// A group with a name or number is a parameter; one that is not kept stands for its first alternative.
fn group(pattern: &[char], place: &mut usize, template: &mut Template, is_kept: bool) {
    let rest: String = pattern.iter().skip(*place).take(80).collect();
    let name = rest
        .strip_prefix("?P<")
        .and_then(|rest| rest.split_once('>'))
        .map(|(name, _)| name.to_owned());
    let start = *place;
    if let Some(name) = &name {
        *place += name.chars().count() + 4;
    } else if rest.starts_with("?:") {
        *place += 2;
        let before = template.clone();
        read(pattern, place, template, is_kept);
        if matches!(pattern.get(*place), Some('?' | '*')) {
            *template = before;
        }
        skip_repeat(pattern, place);
        return;
    } else if rest.starts_with('?') {
        // Looking ahead or behind takes no part of the path.
        read(pattern, place, &mut Template::default(), false);
        return;
    }
    read(pattern, place, &mut Template::default(), false);
    let end = place.saturating_sub(1).max(start).min(pattern.len());
    let body: String = pattern[start.min(end)..end].iter().collect();
    let is_optional = matches!(pattern.get(*place), Some('?' | '*'));
    skip_repeat(pattern, place);
    if !is_kept || is_optional {
        return;
    }
    let number = template.parameters.len() + 1;
    let is_number = body.ends_with("\\d+") || body.ends_with("[0-9]+");
    let takes_all = body.ends_with(".*") || body.ends_with(".+");
    let name = name.unwrap_or_else(|| format!("arg{number}"));
    let star = if takes_all { "*" } else { "" };
    template.text.push_str(&format!("{{{name}{star}}}"));
    template.parameters.push(Parameter { name, is_number });
}

fn skip_class(pattern: &[char], place: &mut usize) {
    let start = *place;
    while let Some(character) = pattern.get(*place).copied() {
        *place += 1;
        match character {
            '\\' => *place += 1,
            ']' if *place > start + 1 => return,
            _ => {}
        }
    }
}

fn skip_alternatives(pattern: &[char], place: &mut usize) {
    let mut depth = 0;
    while let Some(character) = pattern.get(*place).copied() {
        match character {
            '\\' => *place += 1,
            '(' => depth += 1,
            ')' if depth == 0 => return,
            ')' => depth -= 1,
            _ => {}
        }
        *place += 1;
    }
}

/// Passes over `+`, `*`, `?`, `{n}`; holds if there was one.
fn skip_repeat(pattern: &[char], place: &mut usize) -> bool {
    let start = *place;
    loop {
        match pattern.get(*place) {
            Some('+' | '*' | '?') => *place += 1,
            Some('{') => {
                while let Some(character) = pattern.get(*place) {
                    *place += 1;
                    if *character == '}' {
                        break;
                    }
                }
            }
            _ => return *place > start,
        }
    }
}

/// Returns a template as the path of an entry point.
pub(crate) fn as_path(template: &Template) -> String {
    let path = format!("/{}", template.text.replace(HOLE, "{unknown}"));
    match path.strip_prefix("//") {
        Some(rest) => format!("/{rest}"),
        None => path,
    }
}

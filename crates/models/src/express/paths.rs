//! How Express writes paths, and how the map does.

use ustr::Ustr;

use crate::doors::join_paths;

/// Returns a path with and without each of its optional parts: `/:id?` of Express 4, `{/:id}` of Express 5.
pub(crate) fn variants(path: &str) -> Vec<String> {
    let mut open = vec![path.to_owned()];
    let mut done = Vec::new();
    while let Some(next) = open.pop() {
        let found = optional_group(&next).or_else(|| optional_segment(&next));
        match found {
            Some((without, with)) if open.len() + done.len() < 16 => {
                open.push(with);
                open.push(without);
            }
            _ => done.push(next),
        }
    }
    done
}

/// Finds the first group in braces; one with a wildcard is a catch-all of its own.
fn optional_group(path: &str) -> Option<(String, String)> {
    let start = path.find('{')?;
    let end = start + path[start..].find('}')?;
    let inner = &path[start + 1..end];
    if inner.contains('*') || inner.contains('{') {
        return None;
    }
    let (before, after) = (&path[..start], &path[end + 1..]);
    Some((
        format!("{before}{after}"),
        format!("{before}{inner}{after}"),
    ))
}

/// Finds the first segment that is a parameter with a question mark behind it.
fn optional_segment(path: &str) -> Option<(String, String)> {
    let mut at = 0;
    for segment in path.split('/') {
        let end = at + segment.len();
        if segment.starts_with(':') && segment.ends_with('?') {
            let before = path[..at].trim_end_matches('/');
            let after = &path[end..];
            let kept = &segment[..segment.len() - 1];
            let without = match format!("{before}{after}") {
                empty if empty.is_empty() => "/".to_owned(),
                path => path,
            };
            return Some((without, format!("{before}/{kept}{after}")));
        }
        at = end + 1;
    }
    None
}

/// Writes a path of Express as a template: `/a/:id(\\d+)?` is `/a/{id}`, `*` and `*name` are `{path*}`.
pub(crate) fn template(path: &str) -> String {
    let mut written = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        written.push(segment_template(segment));
    }
    format!("/{}", written.join("/"))
}

fn segment_template(segment: &str) -> String {
    if segment.starts_with('{') && !segment.contains(':') {
        return segment.to_owned();
    }
    if segment.starts_with('*') || segment == "(.*)" || segment == "{*path}" || segment == ".*" {
        let name = segment.trim_start_matches('*');
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        return format!("{{{}*}}", if is_name { name } else { "path" });
    }
    let mut written = String::new();
    let mut rest = segment;
    while let Some(colon) = rest.find(':') {
        written.push_str(&rest[..colon]);
        let after = &rest[colon + 1..];
        let end = after
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        written.push_str(&format!("{{{}}}", &after[..end]));
        rest = skip_pattern(&after[end..]);
    }
    written.push_str(rest.trim_end_matches('?'));
    written
}

/// Leaves out the pattern and the modifier behind a parameter's name.
fn skip_pattern(rest: &str) -> &str {
    let rest = match rest.strip_prefix('(') {
        Some(inner) => inner.find(')').map_or("", |end| &inner[end + 1..]),
        None => rest,
    };
    rest.trim_start_matches(['?', '+', '*'])
}

/// A pattern that is a plain text at its start is a path with a rest; any other can be anything.
pub(crate) fn regex_path(pattern: &str) -> Ustr {
    let fixed: String = pattern
        .trim_start_matches('^')
        .replace("\\/", "/")
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'))
        .collect();
    Ustr::from(&join_paths(&fixed, "*"))
}

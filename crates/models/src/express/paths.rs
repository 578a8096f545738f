//! How Express writes paths, and how the map does.

use ustr::Ustr;

use crate::doors::join_paths;

/// Writes a path of Express as a template: `/a/:id(\\d+)?` is `/a/{id}`, `*` and `*name` are `{path*}`.
pub(super) fn template(path: &str) -> String {
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
pub(super) fn regex_path(pattern: &str) -> Ustr {
    let fixed: String = pattern
        .trim_start_matches('^')
        .replace("\\/", "/")
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'))
        .collect();
    Ustr::from(&join_paths(&fixed, "*"))
}

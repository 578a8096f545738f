//! Paths of routes: how prefixes are joined to them, and what they are as templates.
//!
//! Source: fastify 5.12.8, `lib/route.js` and `lib/pluginOverride.js`; find-my-way 9, `index.js`.

/// Joins a prefix and what comes behind it.
pub fn join(prefix: &str, path: &str) -> String {
    let path = match path.strip_prefix('/') {
        Some(rest) if prefix.ends_with('/') => rest,
        _ => path,
    };
    let slash = if path.starts_with('/') || path.is_empty() || prefix.ends_with('/') {
        ""
    } else {
        "/"
    };
    format!("{prefix}{slash}{path}")
}

/// Returns a path as templates: two, if it ends in a parameter that may be missing.
pub fn templates(path: &str) -> Vec<String> {
    let path = if path.starts_with('/') || path.is_empty() {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    if let Some(rest) = path.strip_suffix('?')
        && let Some((before, last)) = rest.rsplit_once('/')
        && last.starts_with(':')
    {
        let before = if before.is_empty() { "/" } else { before };
        return vec![template(before), template(rest)];
    }
    vec![template(&path)]
}

fn template(path: &str) -> String {
    let mut made = String::new();
    let mut rest = path;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            made.push(':');
            rest = after;
        } else if let Some(after) = rest.strip_prefix(':') {
            let end = after.find(['/', '-', '.', '(']).unwrap_or(after.len());
            made.push_str(&format!("{{{}}}", &after[..end]));
            rest = without_expression(&after[end..]);
        } else if let Some(after) = rest.strip_prefix('*') {
            made.push_str("{path*}");
            rest = after;
        } else {
            made.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    match made.len() {
        0 => "/".to_owned(),
        1 => made,
        _ => made.trim_end_matches('/').to_owned(),
    }
}

/// Leaves out the expression that a parameter is held against: it ends with the bracket that closes it.
fn without_expression(rest: &str) -> &str {
    if !rest.starts_with('(') {
        return rest;
    }
    let mut depth = 0;
    for (at, character) in rest.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &rest[at + 1..];
        }
    }
    ""
}

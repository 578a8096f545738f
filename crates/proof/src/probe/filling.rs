//! Plausible values for the parameters of a path.

/// How many fillings are tried at most.
const MOST: usize = 4;

/// What fits most kinds of keys: numbers, UUIDs, identifiers of MongoDB, names.
const KEYS: [&str; MOST] = [
    "1",
    "00000000-0000-4000-8000-000000000001",
    "000000000000000000000001",
    "example",
];

/// Returns the path with its parameters filled in, the most plausible first. What is asked for says the name of a
/// parameter, or else how the instance likes the value.
pub fn fillings(template: &str) -> Vec<String> {
    if !template.contains(['{', '*']) {
        return vec![template.to_owned()];
    }
    let mut all: Vec<String> = Vec::new();
    for key in KEYS {
        let filled = fill(template, key);
        if !all.contains(&filled) {
            all.push(filled);
        }
    }
    all
}

fn fill(template: &str, key: &str) -> String {
    let mut path = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find(['{', '*']) {
        path.push_str(&rest[..start]);
        let is_star = rest[start..].starts_with('*');
        let end = match is_star {
            true => start,
            false => rest[start..]
                .find('}')
                .map_or(rest.len() - 1, |it| start + it),
        };
        let name = rest[start..=end].trim_matches(['{', '}', '*']);
        path.push_str(value(name, key));
        rest = &rest[end + 1..];
    }
    path.push_str(rest);
    path
}

/// Returns a value for the parameter of that name.
fn value<'a>(name: &str, key: &'a str) -> &'a str {
    let name = name.split([':', '?']).next().unwrap_or(name);
    let name = name.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["email", "mail"]) {
        "someone@example.org"
    } else if says(&["date", "day"]) {
        "2020-01-01"
    } else if says(&["year"]) {
        "2020"
    } else if says(&["lang", "locale"]) {
        "en"
    } else {
        key
    }
}

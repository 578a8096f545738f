//! What a regular expression leaves of an address: whether a text of that form can lead to a foreign site.

/// Holds if every text of this form leads to the own site, or to one that the form names. `is_alone` says that nothing
/// of the server's own stands before the text, where `//evil.example` leads away though it begins as a path does.
pub fn stays_on_site(form: &str, is_alone: bool) -> bool {
    let parts = alternatives(form);
    if parts.len() > 1 {
        return parts.iter().all(|part| stays_on_site(part, is_alone));
    }
    let Some(rest) = form.strip_prefix('^') else {
        return false;
    };
    let (prefix, rest) = literal_prefix(rest);
    if let Some((_, site)) = prefix.split_once("://") {
        return site.contains('/') || rest == "$";
    }
    if let Some(path) = prefix.strip_prefix('/') {
        let leads_away = path.starts_with(['/', '\\']) || path.is_empty() && may_be_slash(rest);
        return !is_alone || !leads_away;
    }
    let is_closed = rest.ends_with('$') && !rest.ends_with("\\$");
    is_closed && !names_other_site(rest)
}

/// Splits what is enough by itself from the rest: at each `|` that stands in no group and in no class.
fn alternatives(form: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut is_class) = (Vec::new(), 0, 0_usize, false);
    let mut letters = form.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' => is_class = true,
            ']' => is_class = false,
            '(' if !is_class => depth += 1,
            ')' if !is_class => depth = depth.saturating_sub(1),
            '|' if !is_class && depth == 0 => {
                parts.push(&form[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&form[start..]);
    parts
}

/// Splits off what the form has letter by letter.
fn literal_prefix(form: &str) -> (String, &str) {
    let mut prefix = String::new();
    let mut rest = form;
    loop {
        let mut letters = rest.chars();
        let (letter, after) = match letters.next() {
            Some('\\') => match letters.next() {
                Some(letter) if !letter.is_alphanumeric() => (letter, letters.as_str()),
                _ => break,
            },
            Some(letter) if !"^$.|?*+()[]{}".contains(letter) => (letter, letters.as_str()),
            _ => break,
        };
        // `s?` is no letter that has to stand there.
        if after.starts_with(['?', '*', '+', '{']) {
            break;
        }
        prefix.push(letter);
        rest = after;
    }
    (prefix, rest)
}

/// Holds if what comes next may be a slash, of whichever kind: a browser takes `/\` for `//`.
fn may_be_slash(rest: &str) -> bool {
    if let Some(kept_out) = rest.strip_prefix("(?!") {
        return !keeps_slashes_out(kept_out);
    }
    let class = rest.strip_prefix('[').and_then(|it| it.split_once(']'));
    let (is_slash, after) = match class {
        Some((class, after)) => match class.strip_prefix('^') {
            Some(kept_out) => (!keeps_slashes_out(kept_out), after),
            None => (has_slash(class), after),
        },
        None if rest.starts_with("\\w") || rest.starts_with("\\d") => (false, &rest[2..]),
        None => return rest != "$",
    };
    // What may be left out leaves its place to what follows.
    match after.strip_prefix(['*', '?']) {
        Some(after) => is_slash || may_be_slash(after),
        None => is_slash,
    }
}

/// Both kinds of slash have to be named: `[^/]` lets the other one pass.
fn keeps_slashes_out(kept_out: &str) -> bool {
    kept_out.contains('/') && kept_out.replace("\\/", "/").contains("\\\\")
}

fn has_slash(class: &str) -> bool {
    class.contains('/') || class.contains("\\\\")
}

/// Holds if an address of another site fits: a letter may be any, or one of those that addresses of sites have.
fn names_other_site(form: &str) -> bool {
    let mut letters = form.chars();
    let mut is_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('S' | 'D' | 'W' | '/' | ':' | '\\' | '@') => return true,
                Some('.') if is_class => return true,
                _ => {}
            },
            '[' if letters.as_str().starts_with('^') => return true,
            '[' => is_class = true,
            ']' => is_class = false,
            '.' | '/' | ':' | '@' => return true,
            _ => {}
        }
    }
    false
}

//! What a regular expression leaves of an address: whether a text of that form can lead to a foreign site.

/// Holds if every text of this form leads to the own site, or to one that the form names. `is_alone` says that nothing
/// of the server's own stands before the text, where `//evil.example` leads away though it begins as a path does.
pub fn stays_on_site(form: &str, is_alone: bool) -> bool {
    let Some(rest) = form.strip_prefix('^') else {
        return false;
    };
    let (prefix, rest) = literal_prefix(rest);
    if let Some((_, site)) = prefix.split_once("://") {
        return site.contains('/') || rest == "$";
    }
    if let Some(path) = prefix.strip_prefix('/') {
        let leads_away =
            path.starts_with(['/', '\\']) || path.is_empty() && is_open_after_slash(rest);
        return !is_alone || !leads_away;
    }
    let is_closed = rest.ends_with('$') && !rest.ends_with("\\$");
    is_closed && !has_wildcard(rest)
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

/// Holds if a second slash may follow the first.
fn is_open_after_slash(rest: &str) -> bool {
    if rest == "$" || rest.starts_with("\\w") || rest.starts_with("\\d") {
        return false;
    }
    if let Some(kept_out) = rest.strip_prefix("(?!") {
        return !kept_out.contains('/');
    }
    match rest
        .strip_prefix('[')
        .and_then(|class| class.split_once(']'))
    {
        Some((class, _)) => match class.strip_prefix('^') {
            Some(kept_out) => !kept_out.contains('/'),
            None => class.contains('/'),
        },
        None => true,
    }
}

fn has_wildcard(form: &str) -> bool {
    let mut letters = form.chars();
    let mut is_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if matches!(letters.next(), Some('S' | 'D' | 'W')) => return true,
            '[' => {
                is_class = true;
                if letters.as_str().starts_with('^') {
                    return true;
                }
            }
            ']' => is_class = false,
            '.' if !is_class => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::stays_on_site;

    #[test]
    fn a_path_of_the_own_site_stays_there() {
        for form in [
            r"^\/(?![/\\])[\w\-/?=&.]*$",
            r"^\/[a-z]*$",
            r"^/\w+",
            r"^\/$",
            r"^[\w-]+$",
        ] {
            assert!(stays_on_site(form, true), "{form}");
        }
    }

    #[test]
    fn what_may_go_on_with_a_host_leads_away() {
        for form in [
            r"^\/",
            r"^\/.*$",
            r"^https?:\/\/",
            r"^https:\/\/app\.example\.com",
            r"\/home$",
            r"^.+$",
        ] {
            assert!(!stays_on_site(form, true), "{form}");
        }
    }

    #[test]
    fn behind_an_origin_a_slash_is_enough() {
        assert!(stays_on_site(r"^\/", false));
        assert!(!stays_on_site(r"^[^/]+$", false));
        assert!(stays_on_site(r"^https:\/\/app\.example\.com\/", true));
        assert!(stays_on_site(r"^https:\/\/app\.example\.com$", true));
    }
}

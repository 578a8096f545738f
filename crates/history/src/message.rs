//! What the message of a commit says about the change: the number of its pull request, a title, and trailers.
//!
//! Hosts write messages in a few fixed forms when they merge, and those are all that is read.

/// What a change is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    /// The number of the pull or merge request, with its sign: `#12` or `!12`.
    pub number: Option<String>,
    /// One line.
    pub title: String,
}

/// Returns what `message` calls the change.
pub(crate) fn name(message: &str) -> Name {
    let subject = message.lines().next().unwrap_or("").trim();
    let body = || message.lines().skip(1).map(str::trim);
    let first_of_body = || body().find(|line| !line.is_empty()).unwrap_or("");
    // Merge pull request #12 from owner/branch
    if let Some((number, rest)) = subject
        .strip_prefix("Merge pull request #")
        .and_then(leading_number)
    {
        let title = match rest.trim().strip_prefix(':') {
            Some(title) => title.trim(),
            None => first_of_body(),
        };
        return named('#', number, title, subject);
    }
    // Merged in branch (pull request #12)
    let merged_in = subject
        .strip_prefix("Merged in ")
        .and_then(|rest| rest.split_once("(pull request #"))
        .and_then(|(_, rest)| leading_number(rest));
    if let Some((number, _)) = merged_in {
        return named('#', number, first_of_body(), subject);
    }
    // Merged PR 12: title
    if let Some((number, rest)) = subject.strip_prefix("Merged PR ").and_then(leading_number) {
        return named('#', number, rest.trim_start_matches(':').trim(), subject);
    }
    // title (#12)
    if let Some((title, number)) = suffix(subject) {
        return named('#', number, title, subject);
    }
    // See merge request group/project!12
    let request = body().find_map(|line| {
        let (_, rest) = line.strip_prefix("See merge request ")?.rsplit_once('!')?;
        leading_number(rest)
    });
    if let Some((number, _)) = request {
        let title = match first_of_body() {
            line if line.starts_with("See merge request ") => subject,
            line => line,
        };
        return named('!', number, title, subject);
    }
    Name {
        number: None,
        title: subject.to_owned(),
    }
}

fn named(sign: char, number: &str, title: &str, subject: &str) -> Name {
    let title = if title.is_empty() { subject } else { title };
    Name {
        number: Some(format!("{sign}{number}")),
        title: title.to_owned(),
    }
}

/// Returns the digits that `text` starts with, and the rest.
fn leading_number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    (1..=12).contains(&end).then(|| text.split_at(end))
}

/// Reads `title (#12)`.
fn suffix(subject: &str) -> Option<(&str, &str)> {
    let (title, rest) = subject.strip_suffix(')')?.rsplit_once("(#")?;
    let (number, rest) = leading_number(rest)?;
    rest.is_empty().then(|| (title.trim(), number))
}

/// A line such as `Co-Authored-By: Name <name@example.org>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer<'a> {
    /// What stands before the colon.
    pub key: &'a str,
    /// What stands behind it.
    pub value: &'a str,
}

/// Returns the lines of `message` that have the form of a trailer. Squash merges bring those of many commits, with
/// other lines between them, so that not only the last paragraph counts.
pub(crate) fn trailers(message: &str) -> impl Iterator<Item = Trailer<'_>> {
    message.lines().skip(1).filter_map(|line| {
        let (key, value) = line.trim().split_once(": ")?;
        let is_key = key.contains('-')
            && key
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '-');
        is_key.then(|| Trailer {
            key,
            value: value.trim(),
        })
    })
}

/// Returns name and address of `Name <address>`; the address is empty where there is none.
pub(crate) fn person(text: &str) -> (&str, &str) {
    match text.rsplit_once('<') {
        Some((name, rest)) => (
            name.trim(),
            rest.split('>').next().unwrap_or_default().trim(),
        ),
        None => (text.trim(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> (Option<String>, String) {
        let name = name(message);
        (name.number, name.title)
    }

    #[test]
    fn the_forms_of_hosts_are_read() {
        for (message, number, title) in [
            (
                "Merge pull request #12 from a/b\n\nAdd the menu\n",
                "#12",
                "Add the menu",
            ),
            (
                "Merge pull request #8: Administration",
                "#8",
                "Administration",
            ),
            (
                "Merge pull request #3 from a/b",
                "#3",
                "Merge pull request #3 from a/b",
            ),
            ("Add the menu (#7)", "#7", "Add the menu"),
            (
                "Revert \"Add the menu (#7)\" (#9)\n\nno",
                "#9",
                "Revert \"Add the menu (#7)\"",
            ),
            (
                "Merged in menu (pull request #4)\n\nAdd the menu",
                "#4",
                "Add the menu",
            ),
            ("Merged PR 5: Add the menu", "#5", "Add the menu"),
            (
                "Merge branch 'menu' into 'main'\n\nAdd the menu\n\nSee merge request kitchen/menu!31",
                "!31",
                "Add the menu",
            ),
            (
                "Merge branch 'x'\n\nSee merge request a/b!2",
                "!2",
                "Merge branch 'x'",
            ),
        ] {
            assert_eq!(of(message), (Some(number.to_owned()), title.to_owned()));
        }
    }

    #[test]
    fn others_have_no_number() {
        for message in [
            "Merge branch 'main' into menu",
            "Fixes (#a)",
            "Merge pull request # from",
            "Add (#1) and (#2) things",
            "",
            "x (#99999999999999999999)",
        ] {
            assert_eq!(of(message).0, None, "{message}");
        }
    }

    #[test]
    fn trailers_are_found_between_other_lines() {
        let message = "Squash (#3)\n\n* one\n\nCo-authored-by: A B <a@example.org>\n\n* two: three\n\
                       Generated-by: tool 1.2\nnot a key: x\n";
        let found: Vec<(&str, &str)> = trailers(message).map(|it| (it.key, it.value)).collect();
        assert_eq!(
            found,
            [
                ("Co-authored-by", "A B <a@example.org>"),
                ("Generated-by", "tool 1.2")
            ]
        );
        assert_eq!(person("A B <a@example.org>"), ("A B", "a@example.org"));
        assert_eq!(person("tool 1.2"), ("tool 1.2", ""));
        assert_eq!(person("x <y"), ("x", "y"));
    }
}

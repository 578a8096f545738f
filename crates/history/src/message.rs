//! What the message of a commit says about the change: the number of its pull request, a title, and trailers.
//!
//! Hosts write messages in a few fixed forms when they merge, and those are all that is read.

/// What a change is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The number of the pull or merge request, with its sign: `#12` or `!12`.
    pub number: Option<String>,
    /// One line.
    pub title: String,
}

/// Returns what `message` calls the change.
pub fn name(message: &str) -> Name {
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
pub struct Trailer<'a> {
    /// What stands before the colon.
    pub key: &'a str,
    /// What stands behind it.
    pub value: &'a str,
}

/// Returns the lines of `message` that have the form of a trailer. Squash merges bring those of many commits, with
/// other lines between them, so that not only the last paragraph counts.
pub fn trailers(message: &str) -> impl Iterator<Item = Trailer<'_>> {
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
pub fn person(text: &str) -> (&str, &str) {
    match text.rsplit_once('<') {
        Some((name, rest)) => (
            name.trim(),
            rest.split('>').next().unwrap_or_default().trim(),
        ),
        None => (text.trim(), ""),
    }
}

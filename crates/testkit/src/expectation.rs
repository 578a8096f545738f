//! What a fixture expects on a line, written as a trailing comment.

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The file in the section.
    pub file: String,
    /// The line in that file, from 1.
    pub line: u32,
    /// What kind of thing is expected.
    pub key: String,
    /// Its value; nothing if any value will do.
    pub value: Option<String>,
    /// Whether it is right as it is.
    pub kind: Kind,
}

/// Whether the expected thing is right as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It must be found.
    Wanted,
    /// It should be found, and is known not to be.
    Missing,
    /// It is found, and is known to be wrong.
    Spurious,
}

/// Returns the expectations in `text`, the content of `file`, or what is wrong with them.
pub(crate) fn expectations(file: &str, text: &str) -> Result<Vec<Expectation>, String> {
    let marker = marker(file);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some((_, comment)) = line.rsplit_once(marker) else {
            continue;
        };
        let line = index as u32 + 1;
        let tags = tags(comment).map_err(|fault| format!("{file}:{line}: {fault}"))?;
        found.extend(tags.into_iter().map(|(kind, key, value)| Expectation {
            file: file.to_string(),
            line,
            key,
            value,
            kind,
        }));
    }
    Ok(found)
}

/// Holds if `text` has a line that looks like an expectation in any language.
pub(crate) fn has_marker(text: &str) -> bool {
    text.contains("// $ ") || text.contains("# $ ")
}

fn marker(file: &str) -> &'static str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let extension = name.rsplit('.').next().unwrap_or(name);
    let is_hash = matches!(
        extension,
        "py" | "rb" | "toml" | "yml" | "yaml" | "txt" | "sh" | "env" | "cfg" | "ini"
    );
    if is_hash || name.starts_with("Dockerfile") || name.starts_with("Procfile") {
        "# $ "
    } else {
        "// $ "
    }
}

type Parsed = (Kind, String, Option<String>);

/// Reads `key=value key2="two words" MISSING: key3`.
fn tags(comment: &str) -> Result<Vec<Parsed>, String> {
    let mut tags = Vec::new();
    let mut kind = Kind::Wanted;
    let mut rest = comment.trim();
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix("MISSING:") {
            (kind, rest) = (Kind::Missing, tail.trim_start());
            continue;
        }
        if let Some(tail) = rest.strip_prefix("SPURIOUS:") {
            (kind, rest) = (Kind::Spurious, tail.trim_start());
            continue;
        }
        let end = rest
            .find(|letter: char| letter == '=' || letter.is_whitespace())
            .unwrap_or(rest.len());
        let (key, tail) = rest.split_at(end);
        if key.is_empty() {
            return Err(format!("a tag without a key: `{rest}`"));
        }
        let (value, tail) = match tail.strip_prefix('=') {
            Some(tail) => {
                let (value, tail) = value(tail)?;
                (Some(value), tail)
            }
            None => (None, tail),
        };
        tags.push((kind, key.to_string(), value));
        kind = Kind::Wanted;
        rest = tail.trim_start();
    }
    if kind != Kind::Wanted {
        return Err("`MISSING:` or `SPURIOUS:` without a tag".to_string());
    }
    if tags.is_empty() {
        return Err("an expectation without tags".to_string());
    }
    Ok(tags)
}

/// Reads a value, in quotes or up to the next space, and returns it with what follows.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_string(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &quoted[index + 1..])),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    Err(format!("a quote that does not end: `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_with_values_and_marks() {
        let text = "a(); // $ one=1 two=\"a \\\"b\\\" c\" MISSING: three=x SPURIOUS: four five\n// $5 is no tag\n";
        let found = expectations("a.js", text).expect("the tags are well formed");
        let found: Vec<(Kind, &str, Option<&str>)> = found
            .iter()
            .map(|found| (found.kind, found.key.as_str(), found.value.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                (Kind::Wanted, "one", Some("1")),
                (Kind::Wanted, "two", Some("a \"b\" c")),
                (Kind::Missing, "three", Some("x")),
                (Kind::Spurious, "four", None),
                (Kind::Wanted, "five", None),
            ]
        );
    }

    #[test]
    fn python_has_its_own_comments() {
        let text = "x = 'a // $ b=1'\ny = 1  # $ c=2\n";
        let found = expectations("a.py", text).expect("the tags are well formed");
        assert_eq!(
            (found.len(), found[0].line, found[0].key.as_str()),
            (1, 2, "c")
        );
    }

    #[test]
    fn tags_that_cannot_be_read_are_faults() {
        for comment in ["=1", "a=\"b", "MISSING:", "a SPURIOUS:"] {
            assert!(
                expectations("a.js", &format!("// $ {comment}")).is_err(),
                "{comment}"
            );
        }
    }
}

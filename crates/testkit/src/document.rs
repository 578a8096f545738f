//! Documents that are made from the code, wholly or in parts, so that they cannot tell of yesterday.

// This crate serves tests only: it reads documents, rewrites them when asked to, and tells that by printing.
#![allow(clippy::print_stderr)]

use std::path::Path;

/// Compares the part of a document between `<!-- made: name -->` and `<!-- end: name -->` with `text`.
///
/// With `UPDATE=1` in the environment the part is rewritten instead.
#[track_caller]
pub fn keep_part(path: impl AsRef<Path>, name: &str, text: &str) {
    let path = path.as_ref();
    let page =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let made = replace_part(&page, name, text)
        .unwrap_or_else(|| panic!("{} has no part `{name}`", path.display()));
    if made == page {
        return;
    }
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    assert!(
        update,
        "{}: the part `{name}` is not what the code says; UPDATE=1 rewrites it",
        path.display()
    );
    std::fs::write(path, made).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    eprintln!("rewrote {}", path.display());
}

/// Returns `page` with another part between the marks, or nothing if a mark is missing.
fn replace_part(page: &str, name: &str, text: &str) -> Option<String> {
    let begin = format!("<!-- made: {name} -->\n");
    let end = format!("<!-- end: {name} -->");
    let from = page.find(&begin)? + begin.len();
    let to = from + page[from..].find(&end)?;
    let text = text.trim_end();
    Some(format!("{}{text}\n{}", &page[..from], &page[to..]))
}

#[cfg(test)]
mod tests {
    use super::replace_part;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let page = "before\n<!-- made: list -->\nold\nlines\n<!-- end: list -->\nafter\n";
        let made = replace_part(page, "list", "new\n").expect("both marks are there");
        assert_eq!(
            made,
            "before\n<!-- made: list -->\nnew\n<!-- end: list -->\nafter\n"
        );
        assert_eq!(replace_part(&made, "list", "new").as_ref(), Some(&made));
        assert_eq!(replace_part(&made, "other", "new"), None);
    }
}

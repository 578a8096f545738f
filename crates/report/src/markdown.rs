//! Markdown.
use crate::Format;
/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "markdown",
    check: None,
    map: None,
    explain: None,
    rules: None,
};

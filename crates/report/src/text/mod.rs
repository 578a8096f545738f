//! Text.
use crate::Format;
/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "text",
    check: None,
    map: None,
    explain: None,
    rules: None,
};

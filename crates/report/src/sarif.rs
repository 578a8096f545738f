//! SARIF.
use crate::Format;
/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "sarif",
    check: None,
    map: None,
    explain: None,
    rules: None,
};

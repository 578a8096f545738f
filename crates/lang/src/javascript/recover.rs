//! Going on after an error that the parser gives up at.
//!
//! The parser returns nothing at all for a file with such an error. A file that is being edited has one
//! broken statement among many good ones, so the broken one is blanked out and the rest is kept.
//! Offsets stay as they are, because every byte is replaced by a space.

use oxc_allocator::Allocator;
use oxc_span::SourceType;

use super::parse::parse;

/// How many statements of a file are given up before the whole file is.
const ATTEMPTS: usize = 8;

/// Returns `text` with the statements blanked that the parser gives up at, if that helps.
pub fn without_broken_statements(text: &str, source_type: SourceType) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut last_end = 0;
    for _ in 0..ATTEMPTS {
        let current = std::str::from_utf8(&bytes).ok()?.to_string();
        let allocator = Allocator::default();
        let parsed = parse(&allocator, &current, source_type);
        if !parsed.panicked {
            return Some(current);
        }
        let offset = parsed
            .diagnostics
            .iter()
            .last()
            .and_then(|diagnostic| diagnostic.labels.first())
            .map_or(bytes.len(), |label| label.offset() as usize);
        let (start, end) = statement_around(&bytes, offset.min(bytes.len()));
        // An error at the end of the file comes from something that was opened far above.
        if start == end || end <= last_end {
            return None;
        }
        last_end = end;
        blank(&mut bytes[start..end]);
    }
    None
}

/// Returns the range from the line that starts a top-level statement at or before `offset` to the next such line.
fn statement_around(bytes: &[u8], offset: usize) -> (usize, usize) {
    let mut start = 0;
    let mut position = 0;
    while let Some(length) = bytes[position..].iter().position(|byte| *byte == b'\n') {
        position += length + 1;
        if !starts_statement(bytes, position) {
            continue;
        }
        if position > offset {
            return (start, position);
        }
        start = position;
    }
    (start, bytes.len())
}

/// Holds if the line at `position` begins in the first column with what can begin a statement.
fn starts_statement(bytes: &[u8], position: usize) -> bool {
    bytes
        .get(position)
        .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'@' | b'_' | b'$'))
}

/// Replaces everything but line ends by spaces.
fn blank(bytes: &mut [u8]) {
    for byte in bytes {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

//! Room on the stack for a recursive parser.
//!
//! The parser descends once for every bracket, operator or keyword, so hostile text could overflow the
//! stack, which no one can catch. The number of such tokens bounds the descent whatever they stand in
//! (a string, a comment), so that much room is made beforehand; it is only address space until it is used.

/// Stack that one opening bracket can cost, in bytes.
const BRACKET: usize = if cfg!(debug_assertions) { 16384 } else { 6144 };
/// Stack that any other token can cost.
const OTHER: usize = if cfg!(debug_assertions) { 6144 } else { 2048 };
/// Stack that is used whatever the text is.
const BASE: usize = 256 * 1024;
/// The most that is ever asked for.
const LARGEST: usize = 4 << 30;

/// Runs `work` with enough stack for parsing `text`, or returns `None` if that would be too much.
pub fn with_room_for<T>(text: &str, work: impl FnOnce() -> T) -> Option<T> {
    let needed = needed(text.as_bytes());
    (needed <= LARGEST).then(|| stacker::maybe_grow(needed, needed, work))
}

/// Returns a bound of the stack needed for parsing `text`.
fn needed(text: &[u8]) -> usize {
    let mut brackets = 0_usize;
    let mut others = 0_usize;
    let mut in_word = false;
    for byte in text {
        let class = CLASSES[*byte as usize];
        brackets += usize::from(class == OPENS);
        others += usize::from(class == OPERATOR || (class == WORD && !in_word));
        in_word = class == WORD;
    }
    BASE.saturating_add(brackets.saturating_mul(BRACKET))
        .saturating_add(others.saturating_mul(OTHER))
}

/// Neither opens nor continues anything.
const PLAIN: u8 = 0;
/// Part of a word; a word may be a prefix operator or begin a statement.
const WORD: u8 = 1;
/// Can be an operator.
const OPERATOR: u8 = 2;
/// An opening bracket.
const OPENS: u8 = 3;

/// The class of each byte.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'(' | b'[' | b'{' => OPENS,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'#' | b'\\' | 0x80.. => WORD,
            b'!' | b'~' | b'+' | b'-' | b'=' | b'?' | b':' | b'*' | b'<' | b'&' | b'|' | b'@'
            | b'.' | b'%' | b'^' | b'`' | b'/' => OPERATOR,
            _ => PLAIN,
        };
        byte += 1;
    }
    classes
}

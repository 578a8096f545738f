//! Room on the stack for a recursive parser, and a limit on how deep it goes.
//!
//! The parser descends once for every bracket, operator or keyword, so hostile text could overflow the
//! stack, which no one can catch. The number of such tokens bounds the descent whatever they stand in
//! (a string, a comment), so that much room is made beforehand; it is only address space until it is used.
//! Besides, the parser reads some constructs twice on every level, so text that is nested very deeply
//! would take minutes; such text is refused.

/// Stack that one opening bracket can cost the parser, in bytes; `function(){` costs the most.
const BRACKET: usize = 4096;
/// Stack that any other token can cost the parser.
const OTHER: usize = 1024;
/// Stack that lowering can cost on each level.
const LEVEL: usize = if cfg!(debug_assertions) { 24576 } else { 6144 };
/// Stack that is used whatever the text is.
const BASE: usize = 256 * 1024;
/// The most that is ever asked for.
const LARGEST: usize = 4 << 30;
/// How deep brackets may lie in each other.
const DEEPEST: u32 = 400;
/// How deep they may lie if lines that look like statements of the top level change nothing: a text can have such
/// lines within brackets, and the time for each level grows with the levels around it.
const DEEPEST_OF_ALL: u32 = 1000;

/// Why a text is not parsed.
pub enum Refusal {
    /// Too deep at this offset.
    Deep(usize),
    /// Too large to make room for.
    Large,
}

/// Runs `work` with enough stack for parsing `text` and for going down `levels` afterwards.
pub fn with_room_for<T>(text: &str, levels: u32, work: impl FnOnce() -> T) -> Result<T, Refusal> {
    let scan = Scan::of(text.as_bytes());
    if let Some(offset) = scan.too_deep {
        return Err(Refusal::Deep(offset));
    }
    let tokens = scan.brackets.saturating_add(scan.others);
    let needed = BASE
        .saturating_add(scan.brackets.saturating_mul(BRACKET))
        .saturating_add(scan.others.saturating_mul(OTHER))
        .saturating_add(tokens.min(levels as usize).saturating_mul(LEVEL));
    if needed > LARGEST {
        return Err(Refusal::Large);
    }
    Ok(stacker::maybe_grow(needed, needed, work))
}

/// What is known of a text before it is parsed.
#[derive(Default)]
struct Scan {
    brackets: usize,
    others: usize,
    too_deep: Option<usize>,
}

/// How deep brackets and `<` lie in each other, as far as one can tell without parsing.
#[derive(Default)]
struct Depth {
    brackets: u32,
    angles: u32,
}

impl Depth {
    fn step(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => self.brackets += 1,
            b')' | b']' => self.brackets = self.brackets.saturating_sub(1),
            b'}' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.angles = 0;
            }
            b'<' => self.angles += 1,
            b'>' => self.angles = self.angles.saturating_sub(1),
            b';' => self.angles = 0,
            _ => {}
        }
    }

    fn is_deeper_than(&self, most: u32) -> bool {
        self.brackets > most || self.angles > most
    }
}

impl Scan {
    /// Counts tokens and levels. Brackets in strings mislead one way of counting levels and quotes in regular
    /// expressions the other, so a text is refused only if both ways find it too deep.
    fn of(text: &[u8]) -> Scan {
        let mut scan = Scan::default();
        let mut everything = Depth::default();
        let mut outside_strings = Depth::default();
        let mut never_forgotten = [Depth::default(), Depth::default()];
        let mut quote = None;
        let mut in_word = false;
        let mut is_escaped = false;
        for (offset, byte) in text.iter().enumerate() {
            let class = CLASSES[*byte as usize];
            scan.brackets += usize::from(class == OPENS);
            scan.others += usize::from(class == OPERATOR || (class == WORD && !in_word));
            in_word = class == WORD;
            if class == PLAIN || class == WORD {
                // Almost all bytes are these, and none of them changes a level.
                is_escaped = *byte == b'\\' && !is_escaped;
                continue;
            }
            if *byte == b'\n' {
                quote = None;
                if starts_top_level(text, offset + 1) {
                    everything = Depth::default();
                    outside_strings = Depth::default();
                }
            }
            match quote {
                Some(open) if *byte == open && !is_escaped => quote = None,
                Some(_) => {}
                None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
                None => {
                    outside_strings.step(*byte);
                    never_forgotten[1].step(*byte);
                }
            }
            is_escaped = false;
            everything.step(*byte);
            never_forgotten[0].step(*byte);
            let is_deep =
                everything.is_deeper_than(DEEPEST) && outside_strings.is_deeper_than(DEEPEST);
            let mut all = never_forgotten.iter();
            if is_deep || all.all(|depth| depth.is_deeper_than(DEEPEST_OF_ALL)) {
                scan.too_deep = Some(offset);
                return scan;
            }
        }
        scan
    }
}

/// Holds if a line that starts at `offset` looks like a statement of the top level.
fn starts_top_level(text: &[u8], offset: usize) -> bool {
    text.get(offset).is_some_and(u8::is_ascii_lowercase)
}

/// Neither opens nor continues anything.
const PLAIN: u8 = 0;
/// Part of a word; a word may be a prefix operator or begin a statement.
const WORD: u8 = 1;
/// Can be an operator.
const OPERATOR: u8 = 2;
/// An opening bracket.
const OPENS: u8 = 3;
/// Ends a bracket, a string or a line.
const ENDS: u8 = 4;

/// The class of each byte.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'(' | b'[' | b'{' => OPENS,
            b')' | b']' | b'}' | b';' | b'>' | b'"' | b'\'' | b'\n' => ENDS,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'#' | b'\\' | 0x80.. => WORD,
            b'!' | b'~' | b'+' | b'-' | b'=' | b'?' | b':' | b'*' | b'<' | b'&' | b'|' | b'@'
            | b'.' | b'%' | b'^' | b'`' | b'/' => OPERATOR,
            _ => PLAIN,
        };
        byte += 1;
    }
    classes
}

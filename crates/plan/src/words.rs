//! Sentences and words: how a text becomes the tokens that patterns are held against.
//!
//! A plan is written by a person, so `refreshToken`, `refresh-token` and `Refresh tokens` must become the same
//! two words. Words lose their endings, names are cut where their case changes, and marks between words stay
//! as breaks, because a negation does not reach over a colon.

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// A space, a hyphen, a slash.
    #[default]
    None,
    /// A comma.
    Comma,
    /// A colon, a bracket.
    Colon,
    /// A dash, an arrow, the line of a table: words on both sides of it are no phrase.
    Strong,
}

/// A word without its ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word in lower case, without its ending.
    pub stem: String,
    /// What stands before it.
    pub before: Break,
}

/// The words of a text with a sign of which they are, by which most patterns are ruled out at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    list: Vec<Word>,
    /// What the words begin with.
    pub signs: Signs,
}

impl Words {
    /// Returns `list` with its sign.
    pub fn new(list: Vec<Word>) -> Words {
        let mut signs = Signs::default();
        // What looks for a shorter word looks everywhere anyway.
        let long = list.iter().filter(|word| word.stem.len() > 1);
        long.for_each(|word| signs.add(&word.stem));
        Words { list, signs }
    }
}

impl std::ops::Deref for Words {
    type Target = [Word];

    fn deref(&self) -> &[Word] {
        &self.list
    }
}

/// A set of beginnings of words; two beginnings may share a place in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs([u64; 4]);

impl Signs {
    /// The set of all beginnings.
    pub const ALL: Signs = Signs([u64::MAX; 4]);

    /// Adds the beginning of `word`; all of them if it is too short to tell.
    pub fn add(&mut self, word: &str) {
        let mut bytes = word.bytes();
        let (Some(first), Some(second)) = (bytes.next(), bytes.next()) else {
            *self = Signs::ALL;
            return;
        };
        let place = (usize::from(first) * 31 + usize::from(second)) % 256;
        self.0[place / 64] |= 1 << (place % 64);
    }

    /// Adds all of `other`.
    pub fn join(&mut self, other: Signs) {
        for (own, its) in self.0.iter_mut().zip(other.0) {
            *own |= its;
        }
    }

    /// Holds if both have something.
    pub fn meets(&self, other: &Signs) -> bool {
        self.0.iter().zip(other.0).any(|(own, its)| own & its != 0)
    }
}

/// The most words of one sentence; a longer one is cut, so that no text can make matching slow.
pub const LONGEST_SENTENCE: usize = 160;

/// Returns the words of `text`.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut before = Break::None;
    let characters: Vec<char> = text.chars().collect();
    let mut index = 0;
    while index < characters.len() && found.len() < LONGEST_SENTENCE {
        let character = characters[index];
        if !character.is_alphanumeric() {
            before = before.max(mark(&characters, index));
            index += 1;
            continue;
        }
        let start = index;
        while index < characters.len() && goes_on(&characters, start, index) {
            index += 1;
        }
        let raw: String = characters[start..index].iter().collect();
        for stem in parts(&raw) {
            found.push(Word { stem, before });
            before = Break::None;
        }
    }
    found
}

fn mark(characters: &[char], index: usize) -> Break {
    let is_space = |at: Option<&char>| at.is_none_or(|character| character.is_whitespace());
    match characters[index] {
        ',' => Break::Comma,
        ':' | '(' | ')' | '[' | ']' => Break::Colon,
        ';' | '|' | '—' | '–' | '→' => Break::Strong,
        '-' if is_space(characters.get(index + 1)) && index > 0 => Break::Strong,
        _ => Break::None,
    }
}

/// Holds if the word that began at `start` has the character at `index` too.
fn goes_on(characters: &[char], start: usize, index: usize) -> bool {
    let character = characters[index];
    if index == start {
        return true;
    }
    let last = characters[index - 1];
    if matches!(character, '\'' | '’') {
        return characters
            .get(index + 1)
            .is_some_and(|next| next.is_alphabetic());
    }
    // `refreshToken` is two words, `OAuth` is one, and `15min` is two.
    character.is_alphanumeric()
        && !(last.is_lowercase() && character.is_uppercase())
        && !(last.is_ascii_digit()
            && character.is_alphabetic()
            && characters[start..index].iter().all(char::is_ascii_digit))
}

/// Returns the stems of one written word: `isn't` is two.
fn parts(raw: &str) -> Vec<String> {
    let word = raw.to_lowercase().replace('’', "'");
    match word.as_str() {
        "cannot" | "can't" => return vec!["can".into(), "not".into()],
        "won't" => return vec!["will".into(), "not".into()],
        _ => {}
    }
    if let Some(verb) = word.strip_suffix("n't") {
        return vec![stem(verb), "not".into()];
    }
    vec![stem(word.split('\'').next().unwrap_or(&word))]
}

/// Returns `word`, which is in lower case, without its ending.
pub fn stem(word: &str) -> String {
    // `CORS` is no plural of `core`, and `HTTPS only` is not `HttpOnly`.
    if !word.is_ascii()
        || ["cors", "https"].contains(&word)
        || word.len() < 3
        || word.bytes().any(|byte| byte.is_ascii_digit())
    {
        return word.to_owned();
    }
    let word = without_plural(word);
    let word = without_tense(&word);
    let bytes = word.as_bytes();
    let last = bytes.len() - 1;
    match bytes[last] {
        b'e' if bytes.len() > 3 && bytes[last - 1] != b'e' => word[..last].to_owned(),
        b'y' if last > 0 && !is_vowel(bytes[last - 1]) => format!("{}i", &word[..last]),
        _ => word,
    }
}

fn without_plural(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ies").filter(|rest| rest.len() > 1) {
        return format!("{rest}i");
    }
    let is_hissing = |rest: &&str| {
        ["s", "x", "z", "ch", "sh"]
            .iter()
            .any(|end| rest.ends_with(end))
    };
    if let Some(rest) = word.strip_suffix("es").filter(is_hissing) {
        return rest.to_owned();
    }
    let is_plural = word.len() > 3 && !["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    match word.strip_suffix('s') {
        Some(rest) if is_plural => rest.to_owned(),
        _ => word.to_owned(),
    }
}

fn without_tense(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ied").filter(|rest| rest.len() > 1) {
        return format!("{rest}i");
    }
    let rest = match (word.strip_suffix("ing"), word.strip_suffix("ed")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if !rest.ends_with('e') => rest,
        _ => return word.to_owned(),
    };
    if rest.len() < 3 || !rest.bytes().any(is_vowel) {
        return word.to_owned();
    }
    let bytes = rest.as_bytes();
    let (last, former) = (bytes[bytes.len() - 1], bytes[bytes.len() - 2]);
    let is_doubled = last == former && !matches!(last, b'l' | b's' | b'z');
    rest[..rest.len() - usize::from(is_doubled)].to_owned()
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// What a full stop after them does not end.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "etc", "vs", "approx", "cf", "incl", "max", "min", "resp", "no", "nr", "ca",
    "eg", "ie", "fig", "sec",
];

/// Returns the sentences of `text` as ranges of bytes. `is_code` tells of a byte whether it stands in code.
pub fn sentences(text: &str, is_code: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, character) in text.char_indices() {
        let end = index + character.len_utf8();
        if !is_code(index) && ends_sentence(text, start, index, character) {
            found.push(start..end);
            start = end;
        }
    }
    found.push(start..text.len());
    found.retain(|range| text[range.clone()].chars().any(char::is_alphanumeric));
    found
}

fn ends_sentence(text: &str, start: usize, index: usize, character: char) -> bool {
    let rest = &text[index + character.len_utf8()..];
    match character {
        '\n' | ';' => return true,
        '.' | '!' | '?' => {}
        _ => return false,
    }
    let trimmed = rest.trim_start();
    if trimmed.len() == rest.len() && !trimmed.is_empty() {
        return false;
    }
    let Some(next) = trimmed.chars().next() else {
        return true;
    };
    if character == '.' {
        let so_far = &text[start..index];
        let word = so_far
            .rsplit(|letter: char| letter.is_whitespace() || letter == '(')
            .next();
        let word = word.unwrap_or("").to_lowercase();
        let is_number = !word.is_empty() && word.chars().all(|letter| letter.is_ascii_digit());
        if ABBREVIATIONS.contains(&word.as_str()) && !next.is_uppercase() {
            return false;
        }
        // `1. First` is no sentence of one number.
        if is_number && so_far.trim() == word {
            return false;
        }
    }
    !next.is_lowercase() || character != '.' || next == '`'
}

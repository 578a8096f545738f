//! How deep a text would nest, found without parsing it.
//!
//! A parser builds a tree as deep as the text asks for, and a tree that is deep enough overflows the stack
//! when it is walked or freed. So a scan that knows brackets, strings and line ends comes first. It gives a
//! bound: every operator since the last comma may be a level of its own, as in `not not not x` or `a.b.c`.

/// What expressions of one statement may weigh. Real chains of calls and sums stay far below.
const WEIGHT_LIMIT: usize = 3000;

/// How many blocks may stand in each other, as in Python itself.
const INDENTATION_LIMIT: usize = 100;

/// Holds if parsing `text` could give a tree too deep to be handled.
pub fn is_too_deep(text: &str) -> bool {
    Scan::new(text.as_bytes()).is_too_deep()
}

/// What the scan is inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Statements, outside of all brackets.
    Statement,
    /// Brackets.
    Bracket,
    /// The text of an f-string, with its quote and whether there are three.
    Text(u8, bool),
    /// The expression of a field of an f-string.
    Field,
    /// The format of a field of an f-string.
    Format,
}

struct Level {
    place: Place,
    /// Operators since the last comma.
    weight: usize,
    /// Lambdas, whose parameters have commas that end nothing.
    lambdas: usize,
}

/// The kind of the token before, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Word,
    String,
    Other,
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    levels: Vec<Level>,
    /// The sum over all levels.
    weight: usize,
    indentation: Vec<usize>,
    before: Before,
    starts_line: bool,
}

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8]) -> Scan<'a> {
        let mut scan = Scan {
            bytes,
            at: 0,
            levels: Vec::new(),
            weight: 0,
            indentation: vec![0],
            before: Before::Other,
            starts_line: true,
        };
        scan.enter(Place::Statement);
        scan
    }

    fn is_too_deep(&mut self) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            match self.place() {
                Place::Text(quote, is_triple) => self.text(byte, quote, is_triple),
                Place::Format => self.format(byte),
                _ => self.code(byte),
            }
            if self.weight > WEIGHT_LIMIT || self.indentation.len() > INDENTATION_LIMIT {
                return true;
            }
        }
        false
    }

    fn place(&self) -> Place {
        self.levels
            .last()
            .map_or(Place::Statement, |level| level.place)
    }

    fn code(&mut self, byte: u8) {
        if self.starts_line && self.indent(byte) {
            return;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
            b'\n' => self.end_line(),
            b'\\' => self.at += 2,
            b'#' => self.skip_comment(),
            b'"' | b'\'' => self.string(byte, false),
            b'(' | b'[' | b'{' => {
                self.enter(Place::Bracket);
                self.step();
            }
            b')' | b']' | b'}' => self.close(byte),
            b',' => {
                if self.place() == Place::Bracket {
                    self.forget_weight();
                }
                self.step();
            }
            b':' if self.place() == Place::Field => {
                self.levels.last_mut().expect("a field is a level").place = Place::Format;
                self.step();
            }
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word(),
            _ => {
                self.add(1);
                self.step();
            }
        }
    }

    /// Goes on to the next byte, behind something that is neither a word nor a string.
    fn step(&mut self) {
        self.before = Before::Other;
        self.at += 1;
    }

    /// Counts the blocks around a line that starts here. Holds if there is nothing on it.
    fn indent(&mut self, byte: u8) -> bool {
        self.starts_line = false;
        let rest = &self.bytes[self.at..];
        let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\x0c');
        let width = rest.iter().take_while(is_blank).count();
        self.at += width;
        if matches!(rest.get(width), None | Some(b'\n' | b'\r' | b'#')) {
            return width > 0 || byte == b'\\';
        }
        while self.indentation.last().is_some_and(|outer| *outer > width) {
            self.indentation.pop();
        }
        if self.indentation.last().is_none_or(|outer| *outer < width) {
            self.indentation.push(width);
        }
        width > 0
    }

    fn end_line(&mut self) {
        if self.levels.len() == 1 {
            self.forget_all();
            self.starts_line = true;
            self.before = Before::Other;
        }
        // Within brackets the line goes on: `not` and `not` on two lines are two operators.
        self.at += 1;
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
    }

    fn word(&mut self) {
        let rest = &self.bytes[self.at..];
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let length = rest
            .iter()
            .position(|byte| !is_word(byte))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        if let Some(quote @ (b'"' | b'\'')) = rest.get(length).copied()
            && length <= 2
            && word.iter().all(|byte| b"rRbBuUfFtT".contains(byte))
        {
            self.at += length;
            return self.string(quote, word.iter().any(|byte| b"fFtT".contains(byte)));
        }
        // Words follow each other only if one is a keyword, which may be an operator.
        if self.before != Before::Other {
            self.add(1);
        }
        match word {
            b"lambda" => {
                self.weight += 1;
                if let Some(level) = self.levels.last_mut() {
                    level.lambdas += 1;
                }
            }
            _ if self.levels.len() > 1 && starts_statement(word) => self.recover(),
            _ => {}
        }
        self.before = Before::Word;
        self.at += length;
    }

    /// A word that no expression can hold ends every bracket that was left open, for the parser too.
    fn recover(&mut self) {
        if self
            .levels
            .iter()
            .all(|level| matches!(level.place, Place::Statement | Place::Bracket))
        {
            while self.levels.len() > 1 {
                self.leave();
            }
        }
    }

    fn string(&mut self, quote: u8, has_fields: bool) {
        if self.before == Before::Word {
            self.add(1);
        }
        self.before = Before::String;
        let is_triple = self.bytes[self.at..].starts_with(&[quote; 3]);
        self.at += if is_triple { 3 } else { 1 };
        if has_fields {
            return self.enter(Place::Text(quote, is_triple));
        }
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' if !is_triple => return,
                _ if byte == quote && self.ends_string(quote, is_triple) => return,
                _ => self.at += 1,
            }
        }
    }

    /// Passes the end of a string, if this is one.
    fn ends_string(&mut self, quote: u8, is_triple: bool) -> bool {
        let length = if is_triple { 3 } else { 1 };
        let ends = self.bytes[self.at..].starts_with(&[quote; 3][..length]);
        if ends {
            self.at += length;
        }
        ends
    }

    fn text(&mut self, byte: u8, quote: u8, is_triple: bool) {
        match byte {
            // A field may follow a backslash, but not a quote.
            b'\\' if matches!(self.bytes.get(self.at + 1), Some(b'{' | b'}')) => self.at += 1,
            b'\\' => self.at += 2,
            b'{' if self.bytes.get(self.at + 1) == Some(&b'{') => self.at += 2,
            b'{' => {
                self.enter(Place::Field);
                self.step();
            }
            b'\n' if !is_triple => self.leave(),
            _ if byte == quote && self.ends_string(quote, is_triple) => {
                self.leave();
                self.before = Before::String;
            }
            _ => self.at += 1,
        }
    }

    fn format(&mut self, byte: u8) {
        match byte {
            b'{' => self.enter(Place::Field),
            b'}' => self.leave(),
            b'\n' | b'"' | b'\'' if self.ends_text(byte) => {
                // The string ends although the field does not: an error, which the text handles.
                return self.leave();
            }
            _ => {}
        }
        self.step();
    }

    /// Holds if `byte` ends the f-string around the innermost format.
    fn ends_text(&self, byte: u8) -> bool {
        let text = self
            .levels
            .iter()
            .rev()
            .find_map(|level| match level.place {
                Place::Text(quote, is_triple) => Some((quote, is_triple)),
                _ => None,
            });
        text.is_some_and(|(quote, is_triple)| !is_triple && (byte == b'\n' || byte == quote))
    }

    fn close(&mut self, byte: u8) {
        let place = self.place();
        if place == Place::Bracket || (place == Place::Field && byte == b'}') {
            self.leave();
            // Calls may follow each other: `f()()()`.
            self.add(1);
        }
        self.step();
    }

    fn add(&mut self, weight: usize) {
        self.weight += weight;
        if let Some(level) = self.levels.last_mut() {
            level.weight += weight;
        }
    }

    fn enter(&mut self, place: Place) {
        self.weight += 1;
        self.levels.push(Level {
            place,
            weight: 1,
            lambdas: 0,
        });
    }

    fn leave(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.weight -= level.weight + level.lambdas;
        }
    }

    fn forget_weight(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.weight -= level.weight - 1;
            level.weight = 1;
        }
    }

    fn forget_all(&mut self) {
        self.forget_weight();
        if let Some(level) = self.levels.last_mut() {
            self.weight -= level.lambdas;
            level.lambdas = 0;
        }
    }
}

fn starts_statement(word: &[u8]) -> bool {
    matches!(
        word,
        b"assert"
            | b"break"
            | b"class"
            | b"continue"
            | b"def"
            | b"del"
            | b"except"
            | b"finally"
            | b"global"
            | b"import"
            | b"nonlocal"
            | b"pass"
            | b"raise"
            | b"return"
            | b"try"
            | b"while"
            | b"with"
    )
}

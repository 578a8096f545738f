//! From the text that a program sends to one that the parser takes: every placeholder becomes `:pN`.

use firedoor_app::Provenance;
use firedoor_eval::HOLE;
use ustr::Ustr;

use super::UNKNOWN;

/// A statement whose placeholders are numbered.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) text: String,
    /// What the placeholders stand for.
    pub(super) slots: Vec<Provenance>,
    /// Parts pasted into the text at a place where no expression can stand.
    pub(super) loose: Vec<Provenance>,
}

/// Splits a text into its statements.
pub(super) fn split(sql: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut scanner = Scanner { rest: sql };
    while let Some(piece) = scanner.next() {
        if piece == ";" {
            let end = sql.len() - scanner.rest.len();
            parts.push(&sql[start..end - 1]);
            start = end;
        }
    }
    parts.push(&sql[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Cuts SQL into words, quoted texts, comments, spaces and single signs.
struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    fn next(&mut self) -> Option<&'t str> {
        let first = self.rest.chars().next()?;
        let length = match first {
            '\'' | '"' | '`' => quoted(self.rest, first),
            '-' if self.rest.starts_with("--") => self.rest.find('\n').unwrap_or(self.rest.len()),
            '/' if self.rest.starts_with("/*") => {
                self.rest.find("*/").map_or(self.rest.len(), |end| end + 2)
            }
            c if is_word(c) => self
                .rest
                .find(|c: char| !is_word(c))
                .unwrap_or(self.rest.len()),
            c if c.is_whitespace() => self
                .rest
                .find(|c: char| !c.is_whitespace())
                .unwrap_or(self.rest.len()),
            ':' if self.rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(piece)
    }

    /// Holds if this comes next, whatever space there is before it.
    fn is_before(&self, piece: &str) -> bool {
        self.rest.trim_start().starts_with(piece)
    }

    fn word(&mut self) -> &'t str {
        let end = self
            .rest
            .find(|c: char| !is_word(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a quoted text; a doubled quote is part of it.
fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((index, c)) = letters.next() {
        if c == '\\' {
            letters.next();
        } else if c == quote {
            match letters.peek() {
                Some((_, next)) if *next == quote => {
                    letters.next();
                }
                _ => return index + 1,
            }
        }
    }
    text.len()
}

/// Numbers the placeholders of one statement. `positional` counts those without a name over all statements.
pub(super) fn prepare(
    sql: &str,
    parameters: &[Provenance],
    named: &[(Ustr, Provenance)],
    positional: &mut usize,
) -> Prepared {
    let mut writer = Writer {
        prepared: Prepared::default(),
        before: [String::new(), String::new(), String::new()],
        setting: None,
    };
    let mut scanner = Scanner { rest: sql };
    let by_name = |name: &str| {
        named
            .iter()
            .find(|(known, _)| known == name)
            .map_or_else(Provenance::default, |(_, value)| value.clone())
    };
    let by_number = |number: usize| parameters.get(number).cloned().unwrap_or_default();
    let mut lists = pasted_lists(sql, parameters.len().saturating_sub(*positional));
    while let Some(piece) = scanner.next() {
        match piece {
            // The placeholders of a list are pasted in, and what they stand for is sent.
            _ if piece.starts_with(HOLE) && writer.is_in_list() && lists > 0 => {
                lists -= 1;
                *positional += 1;
                let value = by_number(*positional - 1).union(&by_name(""));
                writer.value(value, true);
            }
            // `SET {column} = ?`
            _ if piece.starts_with(HOLE) && writer.is_at_column() && scanner.is_before("=") => {
                writer.plain(UNKNOWN);
            }
            _ if piece.starts_with(HOLE) => writer.value(by_name(""), true),
            _ if piece.starts_with(['\'', '"', '`']) && piece.contains(HOLE) => {
                writer.value(by_name(""), false);
            }
            "?" => {
                let digits = scanner.word();
                let number = match digits.parse::<usize>() {
                    Ok(number) => number.saturating_sub(1),
                    Err(_) => {
                        *positional += 1;
                        *positional - 1
                    }
                };
                writer.value(by_number(number), false);
            }
            // The number of the placeholder is not known.
            "$" if scanner.rest.starts_with(HOLE) => {
                scanner.next();
                writer.value(by_name(""), false);
            }
            "$" => {
                let word = scanner.word();
                let value = match word.parse::<usize>() {
                    Ok(number) => by_number(number.saturating_sub(1)),
                    Err(_) => by_name(word),
                };
                writer.value(value, false);
            }
            ":" | "@" if scanner.rest.starts_with(|c: char| is_word(c)) => {
                let word = scanner.word();
                let value = match word.parse::<usize>() {
                    Ok(number) => by_number(number.saturating_sub(1)),
                    Err(_) => by_name(word),
                };
                writer.value(value, false);
            }
            "%" if scanner.rest.starts_with("s") => {
                scanner.rest = &scanner.rest[1..];
                *positional += 1;
                writer.value(by_number(*positional - 1), false);
            }
            "%" if scanner.rest.starts_with('(') => {
                let end = scanner.rest.find(')').unwrap_or(0);
                let name = scanner.rest.get(1..end).unwrap_or("");
                let value = by_name(name);
                let after = scanner.rest.get(end + 1..).unwrap_or("");
                scanner.rest = after.strip_prefix('s').unwrap_or(after);
                writer.value(value, false);
            }
            _ => writer.plain(piece),
        }
    }
    writer.prepared
}

/// Returns how many lists of placeholders are pasted into the text, as in `IN ({','.join('?' * len(ids))})`: each
/// takes one of the parameters that the written placeholders leave over.
fn pasted_lists(sql: &str, parameters: usize) -> usize {
    let mut scanner = Scanner { rest: sql };
    let mut written = 0;
    while let Some(piece) = scanner.next() {
        written += usize::from(is_placeholder(piece, &scanner));
    }
    parameters.saturating_sub(written)
}

/// Returns how many parameters the placeholders without names take; a list that is pasted in takes one.
pub(super) fn placeholders(sql: &str) -> usize {
    let mut scanner = Scanner { rest: sql };
    let mut before = ["", ""];
    let mut count = 0;
    while let Some(piece) = scanner.next() {
        let is_list =
            piece.starts_with(HOLE) && before[1] == "(" && before[0].eq_ignore_ascii_case("IN");
        count += usize::from(is_list || is_placeholder(piece, &scanner));
        if !piece.trim().is_empty() {
            before = [before[1], piece];
        }
    }
    count
}

fn is_placeholder(piece: &str, scanner: &Scanner<'_>) -> bool {
    piece == "?" || (piece == "%" && scanner.rest.starts_with('s'))
}

struct Writer {
    prepared: Prepared,
    /// The last three pieces that are no space, in upper case, the latest last.
    before: [String; 3],
    /// Within what is set: how many parentheses are open there.
    setting: Option<u32>,
}

impl Writer {
    /// Holds where the next column that is set is named.
    fn is_at_column(&self) -> bool {
        self.setting == Some(0) && matches!(self.before[2].as_str(), "SET" | ",")
    }

    /// Holds behind `IN (`.
    fn is_in_list(&self) -> bool {
        self.before[2] == "(" && self.before[1] == "IN"
    }

    fn plain(&mut self, piece: &str) {
        self.prepared.text.push_str(piece);
        if !piece.trim().is_empty() && !piece.starts_with("--") && !piece.starts_with("/*") {
            self.note(piece.to_ascii_uppercase());
        }
    }

    fn note(&mut self, piece: String) {
        self.setting = match (piece.as_str(), self.setting) {
            ("SET", _) => Some(0),
            ("WHERE" | "FROM" | "RETURNING", Some(0)) => None,
            ("(", Some(open)) => Some(open + 1),
            (")", Some(open)) => open.checked_sub(1),
            (_, open) => open,
        };
        self.before.rotate_left(1);
        self.before[2] = piece;
    }

    /// Writes a placeholder. What is pasted in may stand where no value can: as the name of a table, as
    /// a list of columns, or behind a complete expression.
    fn value(&mut self, value: Provenance, is_pasted: bool) {
        let number = self.prepared.slots.len();
        let last = self.before[2].as_str();
        let is_name_of_table = matches!(last, "FROM" | "JOIN" | "INTO" | "UPDATE" | "TABLE");
        let is_insert = |at: usize| self.before[at] == "INTO";
        let text = if last == "SET" || (is_pasted && self.is_at_column()) {
            format!("{UNKNOWN} = :p{number}")
        } else if last == "VALUES" {
            format!("(:p{number})")
        } else if is_pasted && (is_name_of_table || (last == "(" && is_insert(0))) {
            UNKNOWN.to_owned()
        } else if is_insert(1) && last != "(" {
            format!("({UNKNOWN}) VALUES (:p{number})")
        } else if is_pasted && is_complete(last) {
            self.prepared.loose.push(value);
            return;
        } else {
            format!(":p{number}")
        };
        self.prepared.slots.push(value);
        self.prepared.text.push_str(&text);
        self.note(":P".to_owned());
    }
}

/// Holds if an expression may end with this piece, so that another one cannot follow.
fn is_complete(piece: &str) -> bool {
    const OPEN: [&str; 34] = [
        "SELECT",
        "DISTINCT",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "BY",
        "LIMIT",
        "OFFSET",
        "SET",
        "VALUES",
        "IN",
        "FROM",
        "JOIN",
        "ON",
        "INTO",
        "UPDATE",
        "LIKE",
        "ILIKE",
        "HAVING",
        "RETURNING",
        "AS",
        "BETWEEN",
        "THEN",
        "ELSE",
        "WHEN",
        "CASE",
        "IS",
        "ANY",
        "ALL",
        "USING",
        "INTERVAL",
        "EXISTS",
        "UNION",
    ];
    let is_word = piece.starts_with(is_word) || piece.starts_with(['\'', '"', '`', ')', ':']);
    is_word && !OPEN.contains(&piece)
}

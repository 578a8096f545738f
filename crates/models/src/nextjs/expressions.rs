//! Regular expressions over paths, with what matchers of middleware are written with: `(?!api|_next).*`.
//!
//! The engine of the evaluator has no look-ahead, without which hardly any matcher can be decided. This one
//! backtracks, within a budget; what it does not read is open.

/// The most steps of one match.
const MOST: usize = 20_000;

/// The longest expression that is read, and how deep its groups may be.
const LONGEST: usize = 2_000;
const DEEPEST: usize = 40;

/// An expression.
#[derive(Debug)]
pub(super) struct Expression {
    node: Node,
}

#[derive(Debug)]
enum Node {
    Character(char),
    Any,
    Class(Vec<(char, char)>, bool),
    Start,
    End,
    Look(Box<Node>, bool),
    Repeat(Box<Node>, usize, usize, bool),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
}

impl Expression {
    /// Reads an expression; `None` if it has something that is not known here.
    pub(super) fn new(text: &str) -> Option<Expression> {
        let characters: Vec<char> = text.chars().collect();
        if characters.len() > LONGEST {
            return None;
        }
        let mut reader = Reader {
            characters: &characters,
            at: 0,
            depth: 0,
        };
        let node = reader.either()?;
        (reader.at == characters.len()).then_some(Expression { node })
    }

    /// Returns whether the expression is found anywhere in the text; `None` if that takes too long.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        let characters: Vec<char> = text.chars().collect();
        let mut run = Run {
            text: &characters,
            steps: 0,
        };
        for start in 0..=characters.len() {
            let found = run.node(&self.node, start, &mut |_, _| true);
            if run.steps >= MOST {
                return None;
            }
            if found {
                return Some(true);
            }
        }
        Some(false)
    }
}

struct Reader<'t> {
    characters: &'t [char],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let wanted: Vec<char> = wanted.chars().collect();
        let found = self.characters[self.at..].starts_with(&wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn either(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut sides = vec![self.sequence()?];
        while self.take("|") {
            sides.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(match sides.len() {
            1 => sides.remove(0),
            _ => Node::Either(sides),
        })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let part = self.part()?;
            parts.push(self.repeated(part)?);
        }
        Some(Node::Sequence(parts))
    }

    fn part(&mut self) -> Option<Node> {
        if self.take("(?!") {
            return self.group_end().map(|node| Node::Look(node, false));
        }
        if self.take("(?=") {
            return self.group_end().map(|node| Node::Look(node, true));
        }
        if self.take("(?:") || (!self.starts("(?") && self.take("(")) {
            return self.group_end().map(|node| *node);
        }
        let next = self.peek()?;
        self.at += 1;
        Some(match next {
            '.' => Node::Any,
            '^' => Node::Start,
            '$' => Node::End,
            '[' => return self.class(),
            '\\' => return self.escape(),
            '(' | '*' | '+' | '?' => return None,
            other => Node::Character(other),
        })
    }

    fn starts(&self, text: &str) -> bool {
        let wanted: Vec<char> = text.chars().collect();
        self.characters[self.at..].starts_with(&wanted)
    }

    fn group_end(&mut self) -> Option<Box<Node>> {
        let inner = self.either()?;
        self.take(")").then(|| Box::new(inner))
    }

    fn escape(&mut self) -> Option<Node> {
        let escaped = self.peek()?;
        self.at += 1;
        if let Some((ranges, negated)) = class_of(escaped) {
            return Some(Node::Class(ranges, negated));
        }
        literal_of(escaped).map(Node::Character)
    }

    fn class(&mut self) -> Option<Node> {
        let negated = self.take("^");
        let mut ranges = Vec::new();
        loop {
            let next = self.peek()?;
            self.at += 1;
            let first = match next {
                ']' => return Some(Node::Class(ranges, negated)),
                '\\' => {
                    let escaped = self.peek()?;
                    self.at += 1;
                    match class_of(escaped) {
                        Some((more, false)) => {
                            ranges.extend(more);
                            continue;
                        }
                        Some(_) => return None,
                        None => literal_of(escaped)?,
                    }
                }
                other => other,
            };
            let is_range = self.peek() == Some('-')
                && self
                    .characters
                    .get(self.at + 1)
                    .is_some_and(|last| !matches!(last, ']' | '\\'));
            if is_range {
                ranges.push((first, self.characters[self.at + 1]));
                self.at += 2;
            } else {
                ranges.push((first, first));
            }
        }
    }

    fn repeated(&mut self, part: Node) -> Option<Node> {
        let (least, most) = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(part),
            _ => return Some(part),
        };
        self.at += 1;
        let greedy = !self.take("?");
        Some(Node::Repeat(Box::new(part), least, most, greedy))
    }

    /// `{2}`, `{1,}`, `{1,3}`.
    fn counted(&mut self, part: Node) -> Option<Node> {
        let end = self.characters[self.at..].iter().position(|c| *c == '}')?;
        let text: String = self.characters[self.at + 1..self.at + end].iter().collect();
        self.at += end + 1;
        let (least, most) = match text.split_once(',') {
            Some((least, "")) => (least.parse().ok()?, usize::MAX),
            Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
            None => (text.parse().ok()?, text.parse().ok()?),
        };
        let greedy = !self.take("?");
        Some(Node::Repeat(Box::new(part), least, most, greedy))
    }
}

fn class_of(escaped: char) -> Option<(Vec<(char, char)>, bool)> {
    let word = || vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
    let space = || vec![(' ', ' '), ('\t', '\r')];
    Some(match escaped {
        'd' => (vec![('0', '9')], false),
        'D' => (vec![('0', '9')], true),
        'w' => (word(), false),
        'W' => (word(), true),
        's' => (space(), false),
        'S' => (space(), true),
        _ => return None,
    })
}

/// What stands for itself behind a backslash; letters and digits mean something else.
fn literal_of(escaped: char) -> Option<char> {
    match escaped {
        'n' => Some('\n'),
        't' => Some('\t'),
        other if other.is_ascii_alphanumeric() => None,
        other => Some(other),
    }
}

type Then<'k> = &'k mut dyn FnMut(&mut Run<'_>, usize) -> bool;

struct Run<'t> {
    text: &'t [char],
    steps: usize,
}

impl Run<'_> {
    /// Tries the node at a place, and what comes behind it at each place where it may end.
    fn node(&mut self, node: &Node, at: usize, then: Then<'_>) -> bool {
        self.steps += 1;
        if self.steps >= MOST {
            return false;
        }
        match node {
            Node::Character(wanted) => self.text.get(at) == Some(wanted) && then(self, at + 1),
            Node::Any => {
                let is_one = self.text.get(at).is_some_and(|found| *found != '\n');
                is_one && then(self, at + 1)
            }
            Node::Class(ranges, negated) => {
                let is_one = self.text.get(at).is_some_and(|found| {
                    let mut ranges = ranges.iter();
                    ranges.any(|(first, last)| first <= found && found <= last) != *negated
                });
                is_one && then(self, at + 1)
            }
            Node::Start => at == 0 && then(self, at),
            Node::End => at == self.text.len() && then(self, at),
            Node::Look(inner, wanted) => {
                let found = self.node(inner, at, &mut |_, _| true);
                self.steps < MOST && found == *wanted && then(self, at)
            }
            Node::Sequence(parts) => self.sequence(parts, at, then),
            Node::Either(sides) => sides.iter().any(|side| self.node(side, at, then)),
            Node::Repeat(inner, least, most, greedy) => {
                self.repeat(inner, (*least, *most, *greedy), at, then)
            }
        }
    }

    fn sequence(&mut self, parts: &[Node], at: usize, then: Then<'_>) -> bool {
        match parts.split_first() {
            None => then(self, at),
            Some((first, rest)) => {
                self.node(first, at, &mut |run, next| run.sequence(rest, next, then))
            }
        }
    }

    fn repeat(
        &mut self,
        inner: &Node,
        (least, most, greedy): (usize, usize, bool),
        at: usize,
        then: Then<'_>,
    ) -> bool {
        if least == 0 && !greedy && then(self, at) {
            return true;
        }
        let is_found = most > 0
            && self.node(inner, at, &mut |run, next| {
                // A round that takes nothing would go on for ever.
                let goes_on = next > at || least > 0;
                let fewer = most.saturating_sub(usize::from(most != usize::MAX));
                goes_on && run.repeat(inner, (least.saturating_sub(1), fewer, greedy), next, then)
            });
        is_found || (least == 0 && greedy && then(self, at))
    }
}

/// What a parameter takes that has no expression of its own.
const SEGMENT: &str = "[^\\/#\\?]+?";

/// Returns the expression that path-to-regexp 6 makes of a pattern; `None` if it would refuse it.
///
/// Source: path-to-regexp 6.3.0, `src/index.ts`, `parse` and `tokensToRegexp` with its defaults.
pub(super) fn of_pattern(pattern: &str) -> Option<String> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut reader = Pattern {
        characters: &characters,
        at: 0,
    };
    let mut made = String::from("^");
    let mut plain = String::new();
    while let Some(next) = reader.peek() {
        match next {
            '\\' => {
                plain.push(*characters.get(reader.at + 1)?);
                reader.at += 2;
            }
            ':' | '(' => {
                let prefix = match plain.pop() {
                    Some(last @ ('/' | '.')) => last.to_string(),
                    Some(last) => {
                        plain.push(last);
                        String::new()
                    }
                    None => String::new(),
                };
                quote(&plain, &mut made);
                plain.clear();
                reader.name()?;
                let inner = reader.group()?.unwrap_or_else(|| SEGMENT.to_owned());
                let modifier = reader.modifier();
                add_token(&mut made, (&prefix, Some(&inner), ""), modifier);
            }
            '{' => {
                quote(&plain, &mut made);
                plain.clear();
                reader.at += 1;
                let prefix = reader.text();
                let is_named = !reader.name()?.is_empty();
                let inner = reader.group()?;
                let inner = inner.or_else(|| is_named.then(|| SEGMENT.to_owned()));
                let suffix = reader.text();
                if reader.peek() != Some('}') {
                    return None;
                }
                reader.at += 1;
                let modifier = reader.modifier();
                add_token(&mut made, (&prefix, inner.as_deref(), &suffix), modifier);
            }
            '}' | ')' | '*' | '+' | '?' => return None,
            other => {
                plain.push(other);
                reader.at += 1;
            }
        }
    }
    quote(&plain, &mut made);
    made.push_str("[\\/#\\?]?$");
    Some(made)
}

struct Pattern<'t> {
    characters: &'t [char],
    at: usize,
}

impl Pattern<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// `:name`, if there is one.
    fn name(&mut self) -> Option<String> {
        if self.peek() != Some(':') {
            return Some(String::new());
        }
        self.at += 1;
        let mut name = String::new();
        while let Some(next) = self.peek()
            && (next.is_ascii_alphanumeric() || next == '_')
        {
            name.push(next);
            self.at += 1;
        }
        (!name.is_empty()).then_some(name)
    }

    /// `(expression)`, if there is one; groups within must not be captured.
    fn group(&mut self) -> Option<Option<String>> {
        if self.peek() != Some('(') {
            return Some(None);
        }
        let start = self.at + 1;
        let mut depth = 0;
        while let Some(next) = self.peek() {
            match next {
                '\\' => self.at += 1,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                let inner = self.characters.get(start..self.at - 1)?;
                return Some(Some(inner.iter().collect()));
            }
        }
        None
    }

    /// What stands for itself.
    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(next) = self.peek() {
            match next {
                '\\' => {
                    text.extend(self.characters.get(self.at + 1));
                    self.at += 2;
                }
                ':' | '(' | ')' | '{' | '}' | '*' | '+' | '?' => break,
                other => {
                    text.push(other);
                    self.at += 1;
                }
            }
        }
        text
    }

    fn modifier(&mut self) -> Option<char> {
        let found = self.peek().filter(|next| matches!(next, '*' | '+' | '?'))?;
        self.at += 1;
        Some(found)
    }
}

fn add_token(
    made: &mut String,
    (prefix, inner, suffix): (&str, Option<&str>, &str),
    modifier: Option<char>,
) {
    let mut before = String::new();
    quote(prefix, &mut before);
    let mut behind = String::new();
    quote(suffix, &mut behind);
    let sign = modifier.map_or_else(String::new, |modifier| modifier.to_string());
    let Some(inner) = inner else {
        made.push_str(&format!("(?:{before}{behind}){sign}"));
        return;
    };
    let is_repeated = matches!(modifier, Some('*' | '+'));
    let text = match (before.is_empty() && behind.is_empty(), is_repeated) {
        (true, true) => format!("((?:{inner}){sign})"),
        (true, false) => format!("({inner}){sign}"),
        (false, false) => format!("(?:{before}({inner}){behind}){sign}"),
        (false, true) => {
            let last = if modifier == Some('*') { "?" } else { "" };
            let more = format!("(?:{inner})(?:{behind}{before}(?:{inner}))*");
            format!("(?:{before}({more}){behind}){last}")
        }
    };
    made.push_str(&text);
}

/// Adds a text so that it stands for itself.
fn quote(text: &str, made: &mut String) {
    for c in text.chars() {
        if ".+*?=^!:${}()[]|/\\".contains(c) {
            made.push('\\');
        }
        made.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, of_pattern};

    fn matches(pattern: &str, path: &str) -> bool {
        let made = of_pattern(pattern).expect("a pattern");
        let expression = Expression::new(&made).expect("an expression");
        expression.is_match(path).expect("an outcome")
    }

    #[test]
    fn look_ahead_leaves_out_prefixes() {
        let pattern = "/((?!api|_next/static|_next/image|favicon.ico).*)";
        assert!(matches(pattern, "/dashboard"));
        assert!(!matches(pattern, "/api/users"));
        assert!(!matches(pattern, "/apiary"));
        assert!(matches(pattern, "/"));
    }

    #[test]
    fn parameters_take_one_segment_or_more() {
        assert!(matches("/about/:path", "/about/a"));
        assert!(!matches("/about/:path", "/about/a/b"));
        assert!(!matches("/about/:path", "/about"));
        assert!(matches("/about/:path*", "/about"));
        assert!(matches("/about/:path*", "/about/a/b"));
        assert!(!matches("/about/:path*", "/aboutus"));
        assert!(matches("/about/:path+", "/about/a/b"));
        assert!(!matches("/about/:path+", "/about"));
        assert!(matches("/about/(.*)", "/about/a"));
        assert!(!matches("/about/(.*)", "/about"));
        assert!(matches("/about(.*)", "/aboutus"));
        assert!(matches("/(api|trpc)(.*)", "/api/users"));
        assert!(matches("/post{/:id}?", "/post"));
        assert!(!matches("/Post", "/post"));
    }

    #[test]
    fn hostile_expressions_end() {
        let expression = Expression::new("(a*)*(a*)*b").expect("an expression");
        assert_eq!(expression.is_match(&"a".repeat(60)), None);
        assert!(Expression::new(&"(".repeat(1000)).is_none());
        assert!(Expression::new("(?<=a)b").is_none());
    }
}

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
pub struct Expression {
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
    pub fn new(text: &str) -> Option<Expression> {
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
    pub fn is_match(&self, text: &str) -> Option<bool> {
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

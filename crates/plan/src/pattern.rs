//! The small language in which the vocabulary says what to look for in a sentence.
//!
//! A pattern is words in order: `rotat* .. (every|each) use`. Words are compared without their endings.
//!
//! | element | meaning |
//! | --- | --- |
//! | `word` | this word, whatever its ending |
//! | `word*` | a word that begins so |
//! | `(a b|c)` | one of several |
//! | `word?` | may be missing |
//! | `..` | up to four words |
//! | `#` | a number |
//! | `^`, `$` | the beginning and the end of the sentence |
//! | `@name` | one of the ways to say the concept of that name, see `data/concepts.toml` |
//! | `a & b` | both, wherever in the sentence; the first is the place |
//! | `a & !b` | the first without the second anywhere in the sentence |

use crate::words::{Break, Signs, Word, Words, words};

/// The words that `..` stands for, at most.
const GAP: usize = 4;

/// What is looked for in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The place, then what must be there besides, then what must not.
    first: Vec<Element>,
    also: Vec<Vec<Element>>,
    never: Vec<Vec<Element>>,
    /// The place without the ways to say it that need a negation; `None` if there are no others.
    plain: Option<Vec<Element>>,
    /// For each thing that must be there, how it may begin.
    signs: Vec<Signs>,
}

/// Words that make a pattern a negative one.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "nobody", "nothing", "cannot", "none", "skip",
];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Word(String),
    Beginning(String),
    OneOf(Vec<Vec<Element>>),
    Optional(Vec<Element>),
    Gap,
    Number,
    Start,
    End,
}

/// Words that were found: the first, and the one after the last.
pub type Place = (usize, usize);

impl Pattern {
    /// Reads a pattern, or says what is wrong with it. `join` replaces words by what they are called in all texts.
    pub fn parse(text: &str, join: &dyn Fn(Vec<Word>) -> Vec<Word>) -> Result<Pattern, String> {
        let mut pattern = Pattern {
            first: Vec::new(),
            also: Vec::new(),
            never: Vec::new(),
            plain: None,
            signs: Vec::new(),
        };
        for (number, term) in text.split('&').map(str::trim).enumerate() {
            let (is_never, term) = match term.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, term),
            };
            let elements = sequence(term, join).map_err(|fault| format!("`{text}`: {fault}"))?;
            match (number, is_never) {
                (0, false) => pattern.first = elements,
                (0, true) => return Err(format!("`{text}` begins with what must not be there")),
                (_, false) => pattern.also.push(elements),
                (_, true) => pattern.never.push(elements),
            }
        }
        pattern.plain = without_negations(&pattern.first);
        let needed = pattern.also.iter().flatten().chain(&pattern.first);
        pattern.signs = needed
            .map(signs_of)
            .filter(|signs| *signs != Signs::ALL)
            .collect();
        Ok(pattern)
    }

    /// Returns where the pattern ends if it begins with the first of `words`.
    pub fn end_at_start(&self, words: &[Word]) -> Option<usize> {
        ends(&self.first, words, 0).filter(|end| *end > 0)
    }

    /// Returns the first place in `words` where the pattern holds, from `from` on.
    pub fn find(&self, words: &Words, from: usize) -> Option<Place> {
        if !self.signs.iter().all(|signs| signs.meets(&words.signs)) {
            return None;
        }
        let is_there = |elements: &Vec<Element>| find(elements, words, 0).is_some();
        let place = find(&self.first, words, from)?;
        (self.also.iter().all(is_there) && !self.never.iter().any(is_there)).then_some(place)
    }

    /// Holds if what was found at `place` is said with a negation, so that the one that stands there denies nothing.
    pub fn is_negative(&self, words: &[Word], place: Place) -> bool {
        let plain = self.plain.as_ref();
        plain.is_none_or(|plain| ends(plain, words, place.0).is_none())
    }

    /// Returns all places in `words` where the pattern holds, which do not overlap.
    pub fn find_all(&self, words: &Words) -> Vec<Place> {
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(place) = self.find(words, from) {
            from = place.1.max(place.0 + 1);
            places.push(place);
        }
        places
    }
}

/// Returns what is left of `elements` without words that negate, or nothing if they cannot do without.
fn without_negations(elements: &[Element]) -> Option<Vec<Element>> {
    let mut left = Vec::new();
    for element in elements {
        left.push(match element {
            Element::Word(word) if NEGATIONS.contains(&word.as_str()) => return None,
            Element::Beginning(word) if NEGATIONS.contains(&word.as_str()) => return None,
            Element::OneOf(ways) => {
                let ways: Vec<Vec<Element>> = ways
                    .iter()
                    .filter_map(|way| without_negations(way))
                    .collect();
                if ways.is_empty() {
                    return None;
                }
                Element::OneOf(ways)
            }
            Element::Optional(inner) => match without_negations(inner) {
                Some(inner) => Element::Optional(inner),
                None => continue,
            },
            other => other.clone(),
        });
    }
    Some(left)
}

/// Returns how `element` may begin; everything if it may be missing.
fn signs_of(element: &Element) -> Signs {
    let mut signs = Signs::default();
    match element {
        Element::Word(word) => signs.add(word),
        Element::Beginning(word) => signs.add(word),
        Element::OneOf(choices) => {
            for choice in choices {
                let first = choice
                    .iter()
                    .map(signs_of)
                    .find(|signs| *signs != Signs::ALL);
                signs.join(first.unwrap_or(Signs::ALL));
            }
        }
        _ => signs = Signs::ALL,
    }
    signs
}

fn find(elements: &[Element], words: &[Word], from: usize) -> Option<Place> {
    (from..words.len()).find_map(|start| {
        let end = ends(elements, words, start)?;
        (end > start).then_some((start, end))
    })
}

/// What has to follow, as a list of what is left at each level of brackets.
#[derive(Clone, Copy)]
struct Rest<'a> {
    elements: &'a [Element],
    outer: Option<&'a Rest<'a>>,
    /// Holds if a dash or the line of a table may stand before the next word.
    may_break: bool,
}

/// Returns where `elements` end if they begin at `at`.
fn ends(elements: &[Element], words: &[Word], at: usize) -> Option<usize> {
    go_on(
        Rest {
            elements,
            outer: None,
            may_break: true,
        },
        words,
        at,
    )
}

fn go_on(rest: Rest, words: &[Word], at: usize) -> Option<usize> {
    let Some((first, elements)) = rest.elements.split_first() else {
        return match rest.outer {
            Some(outer) => {
                let outer = Rest {
                    may_break: rest.may_break,
                    ..*outer
                };
                go_on(outer, words, at)
            }
            None => Some(at),
        };
    };
    let may_break = rest.may_break;
    let rest = Rest {
        elements,
        outer: rest.outer,
        may_break,
    };
    let is_parted = !may_break
        && words
            .get(at)
            .is_some_and(|word| word.before == Break::Strong);
    let behind = Rest {
        may_break: false,
        ..rest
    };
    let free = Rest {
        may_break: true,
        ..rest
    };
    let word = words.get(at).map(|word| word.stem.as_str());
    let step = |is_right: bool| {
        let is_right = is_right && !is_parted;
        is_right.then(|| go_on(behind, words, at + 1)).flatten()
    };
    let stay = |is_right: bool| is_right.then(|| go_on(rest, words, at)).flatten();
    let inside = |elements| {
        go_on(
            Rest {
                elements,
                outer: Some(&rest),
                may_break,
            },
            words,
            at,
        )
    };
    match first {
        Element::Word(wanted) => step(word == Some(wanted)),
        Element::Beginning(wanted) => {
            step(word.is_some_and(|word| word.starts_with(wanted.as_str())))
        }
        Element::Number => step(word.is_some_and(is_number)),
        Element::Start => stay(at == 0),
        Element::End => stay(at == words.len()),
        Element::Gap => (at..=words.len().min(at + GAP)).find_map(|at| go_on(free, words, at)),
        Element::Optional(inner) => inside(inner.as_slice()).or_else(|| stay(true)),
        Element::OneOf(choices) => choices.iter().find_map(|choice| inside(choice.as_slice())),
    }
}

fn is_number(word: &str) -> bool {
    const NAMES: &[&str] = &[
        "one", "two", "thre", "three", "four", "fiv", "five", "six", "seven", "eight", "nin",
        "nine", "ten", "twelv", "twelve", "fifteen", "twenti", "thirti", "sixti", "hundr",
        "hundred", "few",
    ];
    word.starts_with(|letter: char| letter.is_ascii_digit()) || NAMES.contains(&word)
}

fn sequence(text: &str, join: &dyn Fn(Vec<Word>) -> Vec<Word>) -> Result<Vec<Element>, String> {
    let mut elements = Vec::new();
    let mut plain: Vec<Word> = Vec::new();
    let mut rest = text.trim();
    let flush = |plain: &mut Vec<Word>, elements: &mut Vec<Element>| {
        let joined = join(std::mem::take(plain));
        elements.extend(joined.into_iter().map(|word| Element::Word(word.stem)));
    };
    while !rest.is_empty() {
        let (element, tail) = if let Some(inside) = rest.strip_prefix('(') {
            let end = closing(inside).ok_or("a bracket without an end")?;
            let choices: Result<Vec<_>, String> = split(&inside[..end])
                .into_iter()
                .map(|choice| sequence(choice, join))
                .collect();
            (Element::OneOf(choices?), &inside[end + 1..])
        } else {
            let end = rest.find([' ', '(']).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            let bare = word.trim_end_matches('?');
            let element = match bare {
                ".." => Element::Gap,
                "#" => Element::Number,
                "^" => Element::Start,
                "$" => Element::End,
                _ => match bare.strip_suffix('*') {
                    Some(beginning) => Element::Beginning(beginning.to_lowercase()),
                    None => Element::Word(bare.to_owned()),
                },
            };
            (
                element,
                if word.ends_with('?') {
                    &rest[bare.len()..]
                } else {
                    tail
                },
            )
        };
        let is_optional = tail.starts_with('?');
        rest = tail.trim_start_matches('?').trim_start();
        match element {
            Element::Word(written) if !is_optional => plain.extend(words(&written)),
            element => {
                flush(&mut plain, &mut elements);
                elements.push(match element {
                    Element::Word(written) => Element::Optional(literal(&written, join)),
                    other if is_optional => Element::Optional(vec![other]),
                    other => other,
                });
            }
        }
    }
    flush(&mut plain, &mut elements);
    if elements
        .iter()
        .all(|element| matches!(element, Element::Optional(_)))
    {
        return Err(String::from("it, or one of several, may be empty"));
    }
    Ok(elements)
}

fn literal(written: &str, join: &dyn Fn(Vec<Word>) -> Vec<Word>) -> Vec<Element> {
    let joined = join(words(written));
    joined
        .into_iter()
        .map(|word| Element::Word(word.stem))
        .collect()
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(index, letter)| {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(index),
            ')' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// Returns what stands between the bars of `text` that are in no bracket.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|letter: char| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == '|' && depth == 0
    })
    .collect()
}

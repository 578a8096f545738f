//! From sentences to decisions: which parts a design has, and what it says about them.
//!
//! A sentence says something about a part if it names it, or if what stands around it does and nothing nearer
//! names another part of the same family: in "Access tokens live 15 minutes, refresh tokens 30 days" each number
//! belongs to the token that is named before it.

use crate::design::{FoundPart, Obligation, Quote, State};
use crate::grammar::{Cues, Grammar, Mode, Section, grammar, overlap};
use crate::markdown::{ContextKind, Statement};
use crate::pattern::{Pattern, Place};
use crate::vocabulary::{Decision, Part, parts};
use crate::weight::{Kind, Says, settle_implied, strongest, weigh};
use crate::words::{Break, Words};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The statements of one document, with its name.
pub(crate) struct Text<'a> {
    pub file: &'a str,
    /// Holds if it can settle decisions, and does not say which parts there are: prose of an interface.
    pub is_aside: bool,
    pub statements: &'a [Statement],
}

/// The most words of a heading that says what its section is.
const LONGEST_HEADING: usize = 7;

/// The most words of an answer, and of a note, that puts off what stands before it.
const LONGEST_ANSWER: usize = 14;
const LONGEST_NOTE: usize = 8;

/// The most sentences that are quoted for one decision.
const MOST_QUOTES: usize = 3;

/// Returns the parts that the design in `texts` has, and their decisions.
pub(crate) fn review(texts: &[Text]) -> (Vec<FoundPart>, Vec<Obligation>) {
    let mut reader = Reader::new(grammar());
    let sentences: Vec<Sentence> = texts
        .iter()
        .flat_map(|text| read_text(text, &mut reader))
        .collect();
    let mut reading = Reading {
        phrases: reader.phrases,
        sentences,
        lone: Vec::new(),
    };
    reading.lone = reading.lone_parts();
    let mut found = Vec::new();
    let mut decisions = Vec::new();
    for (number, part) in parts().iter().enumerate() {
        let Some(evidence) = reading.presence(number) else {
            continue;
        };
        let own: Vec<Obligation> = part
            .decisions
            .iter()
            .filter(|decision| reading.needs(decision))
            .map(|decision| reading.decide(number, part, decision, &evidence))
            .collect();
        decisions.extend(own);
        found.push(FoundPart {
            id: part.id,
            title: part.title.clone(),
            evidence,
        });
    }
    settle_implied(&mut decisions, &found);
    (found, decisions)
}

/// Words with the parts that they name.
struct Phrase {
    words: Words,
    mentions: Vec<Mention>,
    /// What it makes of its section, if it is a heading.
    section: Option<Section>,
}

#[derive(Clone, Copy)]
struct Mention {
    part: usize,
    place: Place,
    /// Holds if it names the part; else it only may mean it.
    is_strong: bool,
}

struct Sentence {
    quote: Quote,
    phrase: usize,
    cues: Cues,
    section: Section,
    /// How many of its words are what is asked.
    subject: usize,
    /// The parts that its section names, whichever sentence does.
    company: Rc<Vec<usize>>,
    /// Holds if it does not say which parts there are.
    is_aside: bool,
    is_answered: bool,
    /// The phrases around it, nearest first.
    around: Vec<usize>,
}

struct Reader {
    grammar: &'static Grammar,
    phrases: Vec<Phrase>,
    known: FxHashMap<String, usize>,
}

struct Reading {
    phrases: Vec<Phrase>,
    sentences: Vec<Sentence>,
    /// The parts that are the only ones of their family here, so that the words of the family mean them.
    lone: Vec<usize>,
}

fn read_text(text: &Text, reader: &mut Reader) -> Vec<Sentence> {
    let grammar = reader.grammar;
    let has_phases = text
        .statements
        .iter()
        .any(|statement| statement.is_heading && grammar.is_phase(&grammar.words(&statement.text)));
    let title = text.statements.first().filter(|first| first.is_title);
    let title = title.map(|first| first.text.as_str());
    let companies = companies(text, reader);
    let mut found: Vec<Sentence> = Vec::with_capacity(text.statements.len());
    for (number, statement) in text.statements.iter().enumerate() {
        let former = number.checked_sub(1).map(|former| &text.statements[former]);
        let put_off = former.and_then(|former| put_off(former, statement, reader, has_phases));
        let phrase = reader.phrase(put_off.as_deref().unwrap_or(&statement.full()));
        let around: Vec<usize> = statement
            .context
            .iter()
            .map(|context| reader.phrase(&context.text))
            .collect();
        let words = &reader.phrases[phrase].words;
        let subject = statement.subject.as_deref();
        let subject = subject.map_or(0, |subject| grammar.words(subject).len());
        let is_question = statement.text.trim_end().ends_with('?');
        let label = label(grammar, statement.is_heading, words);
        let former = found
            .last()
            .filter(|_| statement.goes_on)
            .map(|former| former.section);
        let section = put_off
            .map(|_| Section::Deferred)
            .or(label)
            .or(former)
            .unwrap_or_else(|| section(&reader.phrases, statement, &around, title));
        found.push(Sentence {
            quote: Quote {
                file: text.file.to_owned(),
                line: statement.line,
                text: statement.quoted(),
            },
            phrase,
            cues: grammar.cues(words, subject, is_question, has_phases),
            section,
            subject,
            company: Rc::clone(&companies[statement.section]),
            // A title names the product; what it has is said below.
            is_aside: text.is_aside || number == 0 && title.is_some(),
            is_answered: statement.is_answered,
            around,
        });
    }
    found
}

/// Returns what a short sentence puts off that names nothing itself, with the sentence before it: "With an end date?
/// Let's look at that after the pilot."
fn put_off(
    former: &Statement,
    statement: &Statement,
    reader: &mut Reader,
    has_phases: bool,
) -> Option<String> {
    let is_question = |statement: &Statement| statement.text.trim_end().ends_with('?');
    if former.section != statement.section
        || former.is_heading
        || statement.subject.is_some()
        || is_question(statement)
    {
        return None;
    }
    let phrase = reader.phrase(&statement.text);
    let phrase = &reader.phrases[phrase];
    let longest = if is_question(former) {
        LONGEST_ANSWER
    } else {
        LONGEST_NOTE
    };
    let is_short = phrase.words.len() <= longest;
    let names = phrase.mentions.iter().any(|mention| mention.is_strong);
    let cues = reader.grammar.cues(&phrase.words, 0, false, has_phases);
    (is_short && !names && cues.puts_off()).then(|| {
        format!(
            "{} | {}",
            former.full().trim_end_matches('?'),
            statement.text
        )
    })
}

/// Returns for each section of `text` the parts that it names.
fn companies(text: &Text, reader: &mut Reader) -> Vec<Rc<Vec<usize>>> {
    let number = text
        .statements
        .iter()
        .map(|statement| statement.section + 1)
        .max();
    let mut found: Vec<Vec<usize>> = vec![Vec::new(); number.unwrap_or(0)];
    for statement in text.statements {
        let phrase = reader.phrase(&statement.full());
        let strong = reader.phrases[phrase]
            .mentions
            .iter()
            .filter(|mention| mention.is_strong);
        found[statement.section].extend(strong.map(|mention| mention.part));
    }
    found.into_iter().map(Rc::new).collect()
}

/// Returns what the label of a sentence (`Out of scope: …`) or a heading makes of itself.
fn label(grammar: &Grammar, is_heading: bool, words: &Words) -> Option<Section> {
    let end = words
        .iter()
        .skip(1)
        .position(|word| word.before >= Break::Colon);
    let label = end.filter(|end| *end < 4);
    let label = label.and_then(|end| grammar.section(&Words::new(words[..=end].to_vec())));
    label.or_else(|| is_heading.then(|| grammar.section(words)).flatten())
}

/// Returns what the column, the list or the nearest heading that says anything makes of a sentence.
fn section(
    phrases: &[Phrase],
    statement: &Statement,
    around: &[usize],
    title: Option<&str>,
) -> Section {
    for (context, number) in statement.context.iter().zip(around) {
        let is_title = context.kind == ContextKind::Heading && Some(context.text.as_str()) == title;
        if context.kind == ContextKind::Before || is_title {
            continue;
        }
        if let Some(section) = phrases[*number].section {
            return section;
        }
    }
    Section::Plan
}

impl Reader {
    fn new(grammar: &'static Grammar) -> Reader {
        Reader {
            grammar,
            phrases: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    fn phrase(&mut self, text: &str) -> usize {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let words = self.grammar.words(text);
        let mentions = mentions(&words);
        // A whole sentence that others stand below is no heading.
        let section = match words.len() <= LONGEST_HEADING {
            true => self.grammar.section(&words),
            false => None,
        };
        self.phrases.push(Phrase {
            words,
            mentions,
            section,
        });
        self.known.insert(text.to_owned(), self.phrases.len() - 1);
        self.phrases.len() - 1
    }
}

/// Returns the parts that `words` name. A shorter name within a longer one of the same family is none.
fn mentions(words: &Words) -> Vec<Mention> {
    let mut found = Vec::new();
    for (part, entry) in parts().iter().enumerate() {
        for (patterns, is_strong) in [(&entry.mentions, true), (&entry.about, false)] {
            for place in patterns.iter().flat_map(|pattern| pattern.find_all(words)) {
                found.push(Mention {
                    part,
                    place,
                    is_strong,
                });
            }
        }
    }
    let all = found.clone();
    found.retain(|mention| {
        !all.iter().any(|other| {
            let (own, its) = (mention.place, other.place);
            other.part != mention.part
                && is_family(mention.part, other.part)
                && overlap(own, its)
                && its.1 - its.0 > own.1 - own.0
        })
    });
    found
}

fn is_family(a: usize, b: usize) -> bool {
    let family = &parts()[a].family;
    a == b || family.is_some() && *family == parts()[b].family
}

impl Reading {
    /// Returns the first sentence that says that the design has the part with that number.
    fn presence(&self, part: usize) -> Option<Quote> {
        let found = self.sentences.iter().find(|sentence| {
            let mut mentions = self.phrases[sentence.phrase].mentions.iter();
            sentence.section == Section::Plan
                && !sentence.is_aside
                && mentions.any(|mention| mention.part == part && asserts(sentence, mention))
        });
        found.map(|found| found.quote.clone())
    }

    fn lone_parts(&self) -> Vec<usize> {
        let present: Vec<usize> = (0..parts().len())
            .filter(|part| self.presence(*part).is_some())
            .collect();
        let is_lone = |part: &usize| {
            let mut others = present.iter().filter(|other| *other != part);
            !others.any(|other| is_family(*part, *other))
        };
        present.iter().copied().filter(is_lone).collect()
    }

    /// Holds if what the decision needs is there.
    fn needs(&self, decision: &Decision) -> bool {
        let is_there = |sentence: &Sentence| {
            let words = &self.phrases[sentence.phrase].words;
            let mut found = decision
                .needs
                .iter()
                .filter_map(|pattern| pattern.find(words, 0));
            sentence.section == Section::Plan
                && found.any(|place| sentence.cues.mode(place, false, false) == Mode::Yes)
        };
        decision.needs.is_empty() || self.sentences.iter().any(is_there)
    }

    fn decide(
        &self,
        number: usize,
        part: &Part,
        decision: &Decision,
        presence: &Quote,
    ) -> Obligation {
        let heard: Vec<(State, u8, &Quote)> = self
            .sentences
            .iter()
            .filter_map(|sentence| {
                let (state, weight) = weigh(self.says(number, decision, sentence)?);
                Some((state, weight, &sentence.quote))
            })
            .collect();
        let weight = heard.iter().map(|(_, weight, _)| *weight).max();
        let mut state = State::Open;
        let mut evidence: Vec<Quote> = Vec::new();
        for (other, _, quote) in heard.iter().filter(|heard| Some(heard.1) == weight) {
            state = *other;
            if evidence.len() < MOST_QUOTES {
                evidence.push((*quote).clone());
            }
        }
        if evidence.is_empty() {
            evidence.push(presence.clone());
        }
        Obligation {
            id: decision.id.clone(),
            part: part.title.clone(),
            state,
            severity: decision.severity,
            question: decision.question.clone(),
            why: decision.why.clone(),
            answers: decision.answers.clone(),
            rules: decision.rules.clone(),
            evidence,
        }
    }

    /// Returns what `sentence` says about `decision`, if anything.
    fn says(&self, part: usize, decision: &Decision, sentence: &Sentence) -> Option<Says> {
        if sentence.section == Section::Other || sentence.is_answered {
            return None;
        }
        let words = &self.phrases[sentence.phrase].words;
        let lists = [
            (&decision.decided, Kind::Good, true),
            (&decision.decided_anywhere, Kind::Good, false),
            (&decision.spoken, Kind::Spoken, true),
            (&decision.spoken_anywhere, Kind::Spoken, false),
            (&decision.bad, Kind::Bad, true),
            (&decision.bad_anywhere, Kind::Bad, false),
        ];
        let mut heard: Vec<(Place, bool, Says)> = Vec::new();
        for (patterns, kind, needs_topic) in lists {
            for pattern in patterns {
                for place in pattern.find_all(words) {
                    if needs_topic && !self.is_about(part, decision, sentence, place, kind) {
                        continue;
                    }
                    let is_negative = pattern.is_negative(words, place);
                    let says = judge(decision, sentence, place, kind, is_negative);
                    heard.extend(says.map(|says| (place, kind == Kind::Bad, says)));
                }
            }
        }
        let strongest = strongest(&heard);
        if strongest.is_none() && self.is_put_off(part, decision, sentence, words) {
            return Some(Says::Later);
        }
        strongest
    }

    fn is_put_off(
        &self,
        part: usize,
        decision: &Decision,
        sentence: &Sentence,
        words: &Words,
    ) -> bool {
        let is_later = |place: &Place| {
            sentence.section == Section::Deferred
                || sentence.cues.mode(*place, false, false) == Mode::Later
        };
        let places = |patterns: &[Pattern]| -> Vec<Place> {
            let all = patterns.iter().flat_map(|pattern| pattern.find_all(words));
            all.filter(is_later).collect()
        };
        let own = places(&decision.deferred);
        !places(&decision.deferred_anywhere).is_empty()
            || own
                .into_iter()
                .any(|place| self.is_about(part, decision, sentence, place, Kind::Good))
    }

    /// Holds if what stands at `place` of `sentence` is said about the part.
    fn is_about(
        &self,
        part: usize,
        decision: &Decision,
        sentence: &Sentence,
        place: Place,
        kind: Kind,
    ) -> bool {
        let phrase = &self.phrases[sentence.phrase];
        // What is bad is told only where the part is near.
        let is_lone = kind != Kind::Bad && self.lone.contains(&part);
        let is_backed = sentence.company.contains(&part) || is_lone;
        let is_own = parts()[part].is_about_own;
        match nearest(phrase, part, place) {
            Some(near) if near.part != part => {
                return has_strong_tie(phrase, part, near.part, place);
            }
            Some(near) if near.is_strong || is_own || is_backed => return true,
            _ => {}
        }
        let may_mean = |phrase: &Phrase| {
            is_named(phrase, part, &[]) && (is_own || is_backed)
                || is_backed && is_named(phrase, part, &decision.about)
        };
        for number in &sentence.around {
            let around = &self.phrases[*number];
            let strong: Vec<usize> = around
                .mentions
                .iter()
                .filter(|mention| mention.is_strong && is_family(mention.part, part))
                .map(|mention| mention.part)
                .collect();
            if strong.contains(&part) {
                return true;
            }
            if !strong.is_empty() {
                return false;
            }
            if may_mean(around) {
                return true;
            }
        }
        may_mean(phrase)
    }
}

/// Holds if `sentence` says that what it names is there.
fn asserts(sentence: &Sentence, mention: &Mention) -> bool {
    // `| Refresh token rotation | no |` denies the rotation, and not the tokens.
    let is_more_than_name = mention.place.1 < sentence.subject;
    let is_yes = sentence.cues.mode(mention.place, false, false) == Mode::Yes;
    mention.is_strong && (sentence.is_answered || is_more_than_name || is_yes)
}

/// Holds if `phrase` may mean the part, by its own words or those of a decision.
fn is_named(phrase: &Phrase, part: usize, about: &[Pattern]) -> bool {
    phrase.mentions.iter().any(|mention| mention.part == part)
        || about
            .iter()
            .any(|pattern| pattern.find(&phrase.words, 0).is_some())
}

/// Returns the part of the family of `part` that is named nearest: before `place` if there is one, else behind it.
fn nearest(phrase: &Phrase, part: usize, place: Place) -> Option<Mention> {
    let family = phrase
        .mentions
        .iter()
        .filter(|mention| is_telling(mention, part) && is_family(mention.part, part));
    let before = family
        .clone()
        .filter(|mention| mention.place.0 < place.1)
        .max_by_key(|mention| (mention.place.0, mention.part == part, mention.is_strong));
    let behind = family.min_by_key(|mention| (mention.place.0, mention.part != part));
    before.or(behind).copied()
}

/// Holds if a mention tells the parts of a family apart: a name does, and a part's own words do for itself.
fn is_telling(mention: &Mention, part: usize) -> bool {
    mention.is_strong || mention.part == part && !parts()[part].is_about_generic
}

/// Holds if the part is named right beside the nearer one, as in "sessions and refresh tokens are revoked".
fn has_strong_tie(phrase: &Phrase, part: usize, nearer: usize, place: Place) -> bool {
    let last = |wanted: usize| {
        let mentions = phrase.mentions.iter();
        mentions
            .filter(|mention| {
                mention.is_strong && mention.part == wanted && mention.place.0 < place.1
            })
            .map(|mention| mention.place)
            .max()
    };
    match (last(part), last(nearer)) {
        (Some(own), Some(its)) => its.0.saturating_sub(own.1) <= 1 && own.0 < its.0,
        _ => false,
    }
}

fn judge(
    decision: &Decision,
    sentence: &Sentence,
    place: Place,
    kind: Kind,
    is_negative: bool,
) -> Option<Says> {
    let is_bad = kind == Kind::Bad;
    match sentence.section {
        Section::Other => return None,
        Section::Deferred => return (!is_bad).then_some(Says::Later),
        Section::Question => return Some(Says::Asked),
        Section::Plan => {}
    }
    let says = match (sentence.cues.mode(place, is_bad, is_negative), is_bad) {
        (Mode::Unsure, _) => Says::Asked,
        (Mode::Yes | Mode::No, false) if kind == Kind::Spoken => Says::Spoken,
        (Mode::Yes | Mode::Later, true) => Says::Wrong,
        (Mode::No, true) | (Mode::Yes, false) => Says::Settled,
        (Mode::Later, false) => Says::Later,
        (Mode::No, false) if decision.ignores_negation => Says::Settled,
        (Mode::No, false) => Says::Denied,
    };
    Some(says)
}

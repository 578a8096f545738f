//! How a sentence says yes, no, later and perhaps: cues and how far they reach.
//!
//! The words are in `data/grammar.toml`; here is what they do. Nothing is understood beyond that: a cue holds
//! from where it stands to the end of its clause, and two negations are none.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::concepts::Concepts;
use crate::pattern::{Pattern, Place};
use crate::words::{Break, Word, Words, stem, words};

/// The data file.
pub const TEXT: &str = include_str!("../data/grammar.toml");
const CONCEPTS: &str = include_str!("../data/concepts.toml");

/// The grammar.
#[derive(Debug, Default)]
pub struct Grammar {
    synonyms: Vec<(String, Pattern)>,
    concepts: Concepts,
    negations: Vec<Pattern>,
    negations_after: Vec<Pattern>,
    negative_answers: Vec<Pattern>,
    no_negations: Vec<Pattern>,
    pairs: Vec<Pattern>,
    conditions: Vec<Pattern>,
    refusals: Vec<Pattern>,
    ends: Vec<Pattern>,
    deferrals: Vec<Pattern>,
    no_deferrals: Vec<Pattern>,
    phases: Vec<Pattern>,
    doubts: Vec<Pattern>,
    sections: Vec<(Section, Vec<Pattern>)>,
    answers: Vec<Pattern>,
}

/// What a section says about the sentences in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// What is built.
    #[default]
    Plan,
    /// What is not built now.
    Deferred,
    /// What is asked.
    Question,
    /// What others do, did or could do.
    Other,
}

/// What a sentence says about something in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It will be so, some time.
    Later,
    /// Nobody knows yet.
    Unsure,
}

/// The cues of one sentence.
#[derive(Clone, Debug, Default)]
pub struct Cues {
    /// The words that something before or in them negates.
    negations: Vec<Negation>,
    refusals: Vec<Place>,
    deferrals: Vec<Negation>,
    doubts: Vec<Place>,
    is_question: bool,
}

#[derive(Clone, Copy, Debug)]
struct Negation {
    cue: Place,
    reach: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    synonyms: std::collections::BTreeMap<String, Vec<String>>,
    negation: Negations,
    deferral: Deferrals,
    doubt: Doubts,
    sections: Sections,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Negations {
    cues: Vec<String>,
    after: Vec<String>,
    answers: Vec<String>,
    none: Vec<String>,
    pairs: Vec<String>,
    conditions: Vec<String>,
    refusals: Vec<String>,
    ends: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deferrals {
    cues: Vec<String>,
    none: Vec<String>,
    phases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubts {
    cues: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    deferred: Vec<String>,
    questions: Vec<String>,
    other: Vec<String>,
    answers: Vec<String>,
}

/// Returns the grammar that is compiled in.
pub fn grammar() -> &'static Grammar {
    static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
    GRAMMAR.get_or_init(|| {
        let read = read(TEXT);
        debug_assert!(read.is_ok(), "{:?}", read.err());
        read.unwrap_or_default()
    })
}

/// Reads the data file of a grammar.
pub fn read(text: &str) -> Result<Grammar, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut grammar = Grammar {
        concepts: Concepts::read(CONCEPTS)?,
        ..Grammar::default()
    };
    for (word, texts) in &document.synonyms {
        for text in texts {
            let pattern = Pattern::parse(text, &|words| words)?;
            grammar.synonyms.push((stem(word), pattern));
        }
    }
    let read = |texts: &[String]| -> Result<Vec<Pattern>, String> {
        texts.iter().map(|text| grammar.pattern(text)).collect()
    };
    let negation = &document.negation;
    let sections = vec![
        (Section::Deferred, read(&document.sections.deferred)?),
        (Section::Question, read(&document.sections.questions)?),
        (Section::Other, read(&document.sections.other)?),
    ];
    Ok(Grammar {
        negations: read(&negation.cues)?,
        negations_after: read(&negation.after)?,
        negative_answers: read(&negation.answers)?,
        no_negations: read(&negation.none)?,
        pairs: read(&negation.pairs)?,
        conditions: read(&negation.conditions)?,
        refusals: read(&negation.refusals)?,
        ends: read(&negation.ends)?,
        deferrals: read(&document.deferral.cues)?,
        no_deferrals: read(&document.deferral.none)?,
        phases: read(&document.deferral.phases)?,
        doubts: read(&document.doubt.cues)?,
        answers: read(&document.sections.answers)?,
        sections,
        synonyms: grammar.synonyms,
        concepts: grammar.concepts,
    })
}

impl Grammar {
    /// Returns the words of `text`, each thing by its one name.
    pub fn words(&self, text: &str) -> Words {
        Words::new(self.join(words(text)))
    }

    /// Reads a pattern of the vocabulary.
    pub fn pattern(&self, text: &str) -> Result<Pattern, String> {
        Pattern::parse(&self.concepts.write_out(text)?, &|words| self.join(words))
    }

    fn join(&self, words: Vec<Word>) -> Vec<Word> {
        let mut joined = Vec::with_capacity(words.len());
        let mut at = 0;
        while at < words.len() {
            let longest = self
                .synonyms
                .iter()
                .filter_map(|(name, pattern)| {
                    let end = pattern.end_at_start(&words[at..words.len().min(at + 6)])?;
                    Some((end, name))
                })
                .max_by_key(|(end, _)| *end);
            match longest {
                Some((end, name)) => {
                    joined.push(Word {
                        stem: name.clone(),
                        before: words[at].before,
                    });
                    at += end;
                }
                None => {
                    joined.push(words[at].clone());
                    at += 1;
                }
            }
        }
        joined
    }

    /// Returns what a heading with these words says about its section, if it says anything.
    pub fn section(&self, heading: &Words) -> Option<Section> {
        let fits = |patterns: &Vec<Pattern>| found(patterns, heading);
        if fits(&self.answers) && heading.len() <= 3 {
            return Some(Section::Plan);
        }
        let found = self.sections.iter().find(|(_, patterns)| fits(patterns));
        found.map(|(section, _)| *section)
    }

    /// Holds if `heading` names a later phase, so that the plan itself goes through phases.
    pub fn is_phase(&self, heading: &Words) -> bool {
        found(&self.phases, heading)
    }

    /// Returns the cues of a sentence. `has_phases` says that phases of the plan put nothing off.
    ///
    /// The first `subject` words are what is asked, as in the first cell of a row, and leave nothing in doubt.
    pub fn cues(
        &self,
        sentence: &Words,
        subject: usize,
        is_question: bool,
        has_phases: bool,
    ) -> Cues {
        let not_deferred = places(&self.no_deferrals, sentence);
        let mut deferrals = places(&self.deferrals, sentence);
        deferrals.retain(|place| !not_deferred.iter().any(|other| overlap(*place, *other)));
        if !has_phases {
            deferrals.extend(places(&self.phases, sentence));
        }
        let mut doubts = places(&self.doubts, sentence);
        doubts.retain(|place| place.0 >= subject);
        let mut void = places(&self.no_negations, sentence);
        void.extend(deferrals.iter().chain(&doubts).copied());
        for (start, end) in places(&self.pairs, sentence) {
            void.extend([(start, start + 1), (end - 1, end)]);
        }
        void.extend(self.conditional_clauses(sentence));
        let is_void = |place: Place| void.iter().any(|other| overlap(place, *other));
        let mut negations: Vec<Negation> = Vec::new();
        let mut taken: Vec<Place> = Vec::new();
        for cue in places(&self.negations_after, sentence) {
            if !is_void(cue) && !taken.iter().any(|other| overlap(cue, *other)) {
                taken.push(cue);
                negations.push(Negation {
                    cue,
                    reach: (
                        self.clause_start(sentence, cue.0),
                        self.clause_end(sentence, cue.1),
                    ),
                });
            }
        }
        for cue in self.answers_at(sentence) {
            if !is_void(cue) && !taken.iter().any(|other| overlap(cue, *other)) {
                taken.push(cue);
                negations.push(Negation {
                    cue,
                    reach: (
                        answered_from(sentence, cue.0),
                        self.clause_end(sentence, cue.1),
                    ),
                });
            }
        }
        for cue in places(&self.negations, sentence) {
            // "Neither badges nor ranks": the second word goes on with the first.
            let goes_on = sentence[cue.0].stem == "nor"
                && negations
                    .iter()
                    .any(|former| former.reach.0 <= cue.0 && cue.0 < former.reach.1);
            if !goes_on && !is_void(cue) && !taken.iter().any(|other| overlap(cue, *other)) {
                taken.push(cue);
                negations.push(Negation {
                    cue,
                    reach: (cue.0, self.clause_end(sentence, cue.1)),
                });
            }
        }
        Cues {
            negations,
            refusals: places(&self.refusals, sentence),
            deferrals: deferrals
                .into_iter()
                .map(|cue| Negation {
                    cue,
                    reach: deferral_reach(sentence, cue),
                })
                .collect(),
            doubts,
            is_question,
        }
    }

    /// Returns the negative answers that follow a colon, a dash or the line of a table.
    fn answers_at(&self, sentence: &Words) -> Vec<Place> {
        let mut found = places(&self.negative_answers, sentence);
        found.retain(|(start, _)| *start > 0 && sentence[*start].before >= Break::Colon);
        found
    }

    fn conditional_clauses(&self, sentence: &Words) -> Vec<Place> {
        places(&self.conditions, sentence)
            .into_iter()
            .map(|(start, end)| {
                let stop = (end..sentence.len())
                    .find(|at| sentence[*at].before != Break::None || sentence[*at].stem == "then");
                (start, stop.unwrap_or(sentence.len()))
            })
            .collect()
    }

    /// Returns where what begins before `from` ends.
    fn clause_end(&self, sentence: &Words, from: usize) -> usize {
        let ends = places(&self.ends, sentence);
        (from..sentence.len())
            .find(|at| sentence[*at].before != Break::None || ends.iter().any(|end| end.0 == *at))
            .unwrap_or(sentence.len())
    }

    fn clause_start(&self, sentence: &Words, from: usize) -> usize {
        let ends = places(&self.ends, sentence);
        (0..from)
            .rev()
            .find(|at| sentence[*at].before != Break::None || ends.iter().any(|end| end.0 == *at))
            .unwrap_or(0)
    }
}

impl Cues {
    /// Holds if the sentence puts something off.
    pub fn puts_off(&self) -> bool {
        !self.deferrals.is_empty()
    }

    /// Returns what the sentence says about the words at `place`.
    ///
    /// `is_bad` tells that these words are a bad thing: then a refusal denies them. `is_negative` tells that a
    /// negation is part of what was looked for.
    pub fn mode(&self, place: Place, is_bad: bool, is_negative: bool) -> Mode {
        if self.is_question || self.doubts.iter().any(|doubt| !overlap(*doubt, place)) {
            return Mode::Unsure;
        }
        let is_late = self.deferrals.iter().any(|deferral| {
            !(deferral.cue.0 >= place.0 && deferral.cue.1 <= place.1)
                && overlap(deferral.reach, place)
        });
        let reaching = self.negations.iter().filter(|negation| {
            let is_within = negation.cue.0 >= place.0 && negation.cue.1 <= place.1;
            match is_within {
                true => !is_negative,
                false => negation.reach.0 <= place.0 && place.0 < negation.reach.1,
            }
        });
        let mut count = reaching.count();
        let refused = self.refusals.iter().any(|cue| !overlap(*cue, place));
        if refused && (is_bad || count % 2 == 1) {
            count += 1;
        }
        match (count % 2 == 1, is_late) {
            (true, _) => Mode::No,
            (false, true) => Mode::Later,
            (false, false) => Mode::Yes,
        }
    }
}

/// Returns where that begins which an answer at `at` answers: behind the break before the last one.
fn answered_from(sentence: &[Word], at: usize) -> usize {
    (0..at)
        .rev()
        .find(|at| sentence[*at].before != Break::None)
        .unwrap_or(0)
}

/// Returns what a deferral puts off: all if it begins the sentence (`TODO: rotate`), else what stands with it
/// between strong breaks, and what stands before them if it is alone there (`rotation (later)`).
fn deferral_reach(sentence: &Words, cue: Place) -> Place {
    if cue.0 == 0 {
        return (0, sentence.len());
    }
    let is_break = |at: &usize| sentence[*at].before >= Break::Colon || sentence[*at].stem == "but";
    let start = (0..=cue.0).rev().find(|at| is_break(at)).unwrap_or(0);
    let end = (cue.1..sentence.len())
        .find(is_break)
        .unwrap_or(sentence.len());
    if (start, end) == cue {
        let former = (0..start).rev().find(|at| is_break(at)).unwrap_or(0);
        return (former, end);
    }
    (start, end)
}

fn found(patterns: &[Pattern], sentence: &Words) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.find(sentence, 0).is_some())
}

fn places(patterns: &[Pattern], sentence: &Words) -> Vec<Place> {
    let mut found: Vec<Place> = patterns
        .iter()
        .flat_map(|pattern| pattern.find_all(sentence))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Holds if two places share a word.
pub fn overlap(a: Place, b: Place) -> bool {
    a.0 < b.1 && b.0 < a.1
}

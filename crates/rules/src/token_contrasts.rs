//! By what kinds of tokens differ, each two kinds compared once.
//!
//! A layer that renews tokens issues one for each entry point that it stands before, and verifies one there too. All of
//! these are of few kinds, and what one says of another hangs on the kinds, and on little else.

use std::collections::BTreeMap;

use firedoor_app::{Control, IssueToken, Map};
use firedoor_source::Span;
use ustr::Ustr;

use crate::Confidence;
use crate::token_kinds::{Issued, Verified, accepts, is_called_access, issued, lifetime, markers};

/// A token that is issued, with what comparisons ask of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'m> {
    /// The token.
    pub(crate) made: Issued<'m>,
    /// The number of its kind.
    kind: usize,
    /// The number of the id of its entry point.
    id: usize,
    span: Span,
    /// Holds if only those get it who have logged in.
    is_behind_login: bool,
}

/// The tokens that an application issues, by their kinds.
#[derive(Debug)]
pub(crate) struct Kinds<'m> {
    all: Vec<Made<'m>>,
    kinds: Vec<&'m IssueToken>,
    /// By the numbers of the kind of the access token and of the other.
    contrasts: BTreeMap<(usize, usize), Contrast>,
}

/// By what a kind differs from that of an access token.
#[derive(Clone, Debug)]
enum Contrast {
    /// By nothing that says anything, or it is an access token itself.
    None,
    /// By constants, which are told; whether those of the other are none, or call it an access token.
    Markers { words: String, is_access: bool },
    /// By how long it lives, which counts where both are issued together.
    Lifetime { words: String },
}

impl<'m> Kinds<'m> {
    /// Returns the tokens that the application issues.
    pub(crate) fn new(map: &'m Map) -> Kinds<'m> {
        let mut kinds: Vec<&IssueToken> = Vec::new();
        let mut ids: BTreeMap<String, usize> = BTreeMap::default();
        let mut all = Vec::new();
        for made in issued(map) {
            let known = kinds.iter().position(|kind| *kind == made.token);
            let kind = known.unwrap_or_else(|| {
                kinds.push(made.token);
                kinds.len() - 1
            });
            let number = ids.len();
            all.push(Made {
                made,
                kind,
                id: *ids.entry(made.entry.id()).or_insert(number),
                span: made.effect.span,
                is_behind_login: made.entry.verdict(Control::Authentication).refuses(),
            });
        }
        Kinds {
            all,
            kinds,
            contrasts: BTreeMap::default(),
        }
    }

    /// Returns those that the verification accepts.
    pub(crate) fn accepted(&self, found: &Verified<'_>) -> Accepted<'m> {
        let accepted: Vec<bool> = self.kinds.iter().map(|kind| accepts(found, kind)).collect();
        let all = self.all.iter().copied();
        Accepted::of(all.filter(|made| accepted[made.kind]).collect())
    }

    /// Returns the first of `accepted` that is an access token to `other`, with by what this one differs from it.
    pub(crate) fn access(
        &mut self,
        accepted: &Accepted<'m>,
        other: &Made<'m>,
    ) -> Option<(Made<'m>, String, Confidence)> {
        let beside = accepted.beside.get(&other.id).into_iter().flatten();
        let mut places: Vec<usize> = accepted.first.values().chain(beside).copied().collect();
        places.sort_unstable();
        places.into_iter().find_map(|place| {
            let access = accepted.all[place];
            let (words, confidence) = self.difference(&access, other)?;
            Some((access, words, confidence))
        })
    }

    /// Returns by what `other` differs from an access token, if it is no access token itself.
    fn difference(&mut self, access: &Made<'_>, other: &Made<'_>) -> Option<(String, Confidence)> {
        let kinds = &self.kinds;
        let pair = (access.kind, other.kind);
        let contrast = self.contrasts.entry(pair);
        let contrast = contrast.or_insert_with(|| contrast_of(kinds[pair.0], kinds[pair.1]));
        match contrast {
            Contrast::None => None,
            Contrast::Markers { words, is_access } => {
                let is_lesser = other.is_behind_login || other.id == access.id;
                let confidence = match *is_access && is_lesser {
                    true => Confidence::High,
                    false => Confidence::Medium,
                };
                (*is_access || is_lesser).then(|| (words.clone(), confidence))
            }
            Contrast::Lifetime { words } => {
                let is_pair = other.id == access.id && other.span != access.span;
                is_pair.then(|| (words.clone(), Confidence::Medium))
            }
        }
    }
}

/// The tokens that one verification accepts.
#[derive(Debug)]
pub(crate) struct Accepted<'m> {
    /// In the order of the application.
    pub(crate) all: Vec<Made<'m>>,
    /// Where the first of each kind is: what one says of another, the others of its kind say too, if they are not
    /// issued beside it.
    first: BTreeMap<usize, usize>,
    /// Where those are that entry points of one id issue.
    beside: BTreeMap<usize, Vec<usize>>,
}

impl<'m> Accepted<'m> {
    fn of(all: Vec<Made<'m>>) -> Accepted<'m> {
        let mut first = BTreeMap::new();
        let mut beside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, made) in all.iter().enumerate() {
            first.entry(made.kind).or_insert(place);
            beside.entry(made.id).or_default().push(place);
        }
        Accepted { all, first, beside }
    }
}

fn contrast_of(access: &IssueToken, other: &IssueToken) -> Contrast {
    let own = markers(other, access);
    if is_called_access(&own) {
        return Contrast::None;
    }
    let theirs = markers(access, other);
    if let Some((name, texts)) = own.first() {
        let texts: Vec<&str> = texts.iter().map(Ustr::as_str).collect();
        return Contrast::Markers {
            words: format!("`{name}` is `{}`", texts.join("`, `")),
            is_access: theirs.is_empty() || is_called_access(&theirs),
        };
    }
    match (lifetime(other), lifetime(access)) {
        (Some(long), Some(short)) if theirs.is_empty() && long > short.saturating_mul(4) => {
            Contrast::Lifetime {
                words: format!("it lives for {long} seconds and the other for {short}"),
            }
        }
        _ => Contrast::None,
    }
}

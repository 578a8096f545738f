//! Whose record it is, and whether that was asked: questions for rules.
//!
//! A caller is tied to a record when the principal is part of the key it is found by, or of a check that stands
//! before what is done with it. Ties are followed: a membership found by the principal and a family's number ties
//! that number, and what is found by the number is tied too.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::query::{accesses, comparisons, handler_accesses, is_principal, verifications};
use crate::{
    Access, Asset, Check, CheckId, CheckKind, Control, Effect, EffectKind, EntryPoint, Field,
    LayerKind, Map, Operation, Origin, Provenance, RequestPart, user_control,
};

/// What checks have tied to the caller.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// Values that the client sends and that were held against what is the caller's.
    pub sent: Vec<Origin>,
    /// Assets of which a record was held against what is the caller's, each with what the client chose that record
    /// by: another choice is another record. Where it is empty, nothing is known of how it was chosen.
    assets: Vec<(Ustr, Vec<Origin>)>,
}

/// Returns what the checks before `effect` have tied to the caller.
pub fn ties(entry: &EntryPoint, effect: &Effect) -> Ties {
    let checks = entry.checks_of(effect);
    let checked: Vec<Provenance> = checks.filter_map(|check| bound(entry, check)).collect();
    ties_of(entry, &checked.iter().collect::<Vec<_>>())
}

/// Returns what everybody who has passed the check was held against.
fn bound(entry: &EntryPoint, check: &Check) -> Option<Provenance> {
    if is_of_another(check) || has_open_way(entry, check) {
        return None;
    }
    let ranks = ranks_within(entry, check);
    if ranks.is_empty() {
        return Some(check.provenance());
    }
    let examined = ranks.iter().flat_map(|part| &part.operands);
    Some(examined.fold(Provenance::default(), |all, operand| all.union(operand)))
}

/// Returns the ways past the check that ask for no more than what the caller is within a group that the request names:
/// `mine or member.role == "owner"` says nothing of records of other groups.
fn ranks_within<'c>(entry: &EntryPoint, check: &'c Check) -> Vec<&'c Check> {
    let is_mine = |part: &Check| {
        let examined = part.provenance();
        let mut origins = examined.origins().iter();
        is_principal(&examined)
            && origins.any(|it| {
                matches!(
                    it,
                    Origin::Record {
                        of_principal: false,
                        ..
                    }
                )
            })
    };
    let parts = &check.alternatives;
    if !check.is_alternative || parts.len() > 3 || !parts.iter().any(is_mine) {
        return Vec::new();
    }
    let is_within = |asset: Ustr| {
        accesses(entry).any(|(_, access)| {
            let is_named = |field: &Field| {
                !is_principal(&field.value) && field.value.is_from(RequestPart::Path)
            };
            access.asset == asset
                && access.operation == Operation::Read
                && access.key.iter().any(|field| is_principal(&field.value))
                && access.key.iter().any(is_named)
        })
    };
    let is_rank = |part: &Check| {
        let mut fields = part.operands.iter().flat_map(Provenance::origins);
        let is_told = |origin: &Origin| match origin {
            Origin::Record {
                asset,
                field,
                of_principal: true,
            } => is_within(*asset) && !matches!(field.as_str(), "id" | "_id"),
            Origin::Literal(_) => true,
            _ => false,
        };
        matches!(
            part.kind,
            CheckKind::Equality | CheckKind::Bound | CheckKind::Membership
        ) && user_control(part) == Some(Control::Authorization)
            && fields.all(is_told)
    };
    check
        .alternatives
        .iter()
        .filter(|part| is_rank(part))
        .collect()
}

/// Holds if the check has found that a record is *not* the caller's.
fn is_of_another(check: &Check) -> bool {
    if check.kind != CheckKind::Equality || check.outcome || check.is_alternative {
        return false;
    }
    let [one, other] = check.operands.as_slice() else {
        return false;
    };
    let is_field = |value: &Provenance| {
        !is_principal(value)
            && value
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()))
    };
    (is_field(one) && is_principal(other)) || (is_field(other) && is_principal(one))
}

/// Holds if the client passes the check by a word of its own, whatever the other parts ask: `!strict || is_mine`.
/// What names a record, or is asked for in another part too, is no such word.
fn has_open_way(entry: &EntryPoint, check: &Check) -> bool {
    let sent = |part: &Check| -> Vec<Origin> {
        let origins = part.operands.iter().flat_map(Provenance::origins);
        origins.filter(|it| is_chosen(it)).cloned().collect()
    };
    let mut parts = check.alternatives.iter().enumerate();
    check.is_alternative
        && parts.any(|(number, part)| {
            let words = sent(part);
            let is_free = |word: &Origin| {
                let mut others = check.alternatives.iter().enumerate();
                !others.any(|(other, part)| other != number && sent(part).contains(word))
                    && !accesses(entry).any(|(_, access)| {
                        let mut key = access.key.iter();
                        key.any(|field| field.value.origins().contains(word))
                    })
            };
            let mut origins = part.operands.iter().flat_map(Provenance::origins);
            let is_only_sent =
                origins.all(|origin| is_chosen(origin) || matches!(origin, Origin::Literal(_)));
            is_only_sent && !words.is_empty() && words.iter().all(is_free)
        })
}

/// Holds if a check before the effect has found that the record is not the caller's: as where nobody buys what he
/// sells, or where somebody has written `===` for `!==`.
pub fn is_only_for_others(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    entry.checks_of(effect).any(|check| {
        is_of_another(check) && check.provenance().record_fields(asset).next().is_some()
    })
}

/// Returns what these checks, given by what they examine, have tied to the caller.
fn ties_of(entry: &EntryPoint, checked: &[&Provenance]) -> Ties {
    let mut ties = Ties::default();
    for provenance in checked.iter().filter(|found| is_principal(found)) {
        ties.add(entry, provenance);
        for (_, access) in accesses(entry) {
            let is_examined = provenance.record_fields(access.asset).next().is_some();
            if is_examined && access.key.iter().any(|field| is_principal(&field.value)) {
                access
                    .key
                    .iter()
                    .for_each(|field| ties.add(entry, &field.value));
            }
        }
    }
    loop {
        let before = ties.size();
        for provenance in checked {
            if ties.touches(entry, provenance) {
                ties.add(entry, provenance);
            }
        }
        for (_, access) in accesses(entry) {
            if ties.holds(entry, access) {
                access
                    .key
                    .iter()
                    .for_each(|field| ties.add(entry, &field.value));
            }
        }
        if before == ties.size() {
            return ties;
        }
    }
}

/// The ties of the effects of one entry point, each worked out once: every access is held against every answer.
struct KnownTies<'m> {
    entry: &'m EntryPoint,
    examined: Vec<Option<Provenance>>,
    /// By the numbers of the checks, since many effects are behind the same ones.
    known: FxHashMap<&'m [CheckId], Ties>,
}

impl<'m> KnownTies<'m> {
    fn new(entry: &'m EntryPoint) -> KnownTies<'m> {
        KnownTies {
            entry,
            examined: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    fn of(&mut self, effect: &'m Effect) -> &Ties {
        if self.examined.is_empty() {
            let checks = self.entry.checks.iter();
            let examined = checks.map(|check| bound(self.entry, check));
            self.examined = examined.collect();
        }
        let (entry, examined) = (self.entry, &self.examined);
        self.known.entry(&effect.checks).or_insert_with(|| {
            let checks = effect.checks.iter();
            let checked: Vec<_> = checks
                .filter_map(|id| examined[id.0 as usize].as_ref())
                .collect();
            ties_of(entry, &checked)
        })
    }

    /// Holds if the caller is part of the key of the access, or tied to its records by the checks before `use_of`.
    fn scopes(&mut self, access: &Access, use_of: &'m Effect) -> bool {
        access.key.iter().any(|field| is_principal(&field.value)) || {
            let entry = self.entry;
            let ties = self.of(use_of);
            ties.holds(entry, access)
                || key_of(entry, access)
                    .iter()
                    .any(|field| is_principal(&field.value) || ties.touches(entry, &field.value))
        }
    }
}

impl Ties {
    fn add(&mut self, entry: &EntryPoint, provenance: &Provenance) {
        for origin in provenance.origins() {
            match origin {
                Origin::Record {
                    asset,
                    of_principal: false,
                    ..
                } => self.add_asset(*asset, choices_in(entry, *asset, provenance)),
                _ if is_chosen(origin) && !self.sent.contains(origin) => {
                    self.sent.push(origin.clone());
                }
                _ => {}
            }
        }
    }

    fn add_asset(&mut self, asset: Ustr, choices: Vec<Origin>) {
        let Some((_, known)) = self.assets.iter_mut().find(|(known, _)| *known == asset) else {
            self.assets.push((asset, choices));
            return;
        };
        if known.is_empty() || choices.is_empty() {
            known.clear();
            return;
        }
        for choice in choices {
            if !known.contains(&choice) {
                known.push(choice);
            }
        }
    }

    fn size(&self) -> (usize, usize, usize) {
        let choices = self.assets.iter().map(|(_, choices)| choices.len() + 1);
        let open = self.assets.iter().filter(|(_, it)| it.is_empty()).count();
        (self.sent.len(), choices.sum(), open)
    }

    /// Holds if the records of the access were tied to the caller, and not others of the same kind.
    fn holds(&self, entry: &EntryPoint, access: &Access) -> bool {
        let mut own = Vec::new();
        for field in key_of(entry, access) {
            own.extend(choices_in(entry, access.asset, &field.value));
        }
        self.holds_chosen(access.asset, &own)
    }

    fn holds_chosen(&self, asset: Ustr, own: &[Origin]) -> bool {
        let mut assets = self.assets.iter();
        assets.any(|(known, choices)| {
            *known == asset
                && (choices.is_empty()
                    || own.is_empty()
                    || own.iter().any(|choice| choices.contains(choice)))
        })
    }

    /// Holds if the value is something that was tied to the caller.
    pub fn touches(&self, entry: &EntryPoint, provenance: &Provenance) -> bool {
        provenance.origins().iter().any(|origin| match origin {
            Origin::Record { asset, .. } => {
                self.holds_chosen(*asset, &choices_in(entry, *asset, provenance))
            }
            _ => self.sent.contains(origin),
        })
    }
}

/// Returns the parts of a value that the client sends and that records of the asset are found by.
fn choices_in(entry: &EntryPoint, asset: Ustr, provenance: &Provenance) -> Vec<Origin> {
    let is_key = |origin: &Origin| {
        accesses(entry).any(|(_, access)| {
            let mut key = access.key.iter();
            access.asset == asset && key.any(|field| field.value.origins().contains(origin))
        })
    };
    let chosen = provenance.origins().iter();
    let chosen = chosen.filter(|origin| is_chosen(origin) && is_key(origin));
    chosen.cloned().collect()
}

/// Holds if the client names things by it: a part of the path, query, body or message with a name, or a message that
/// is nothing but the name of a thing.
fn is_chosen(origin: &Origin) -> bool {
    let is_whole_message =
        matches!(origin, Origin::Request(RequestPart::Message, name) if name.is_empty());
    is_whole_message
        || matches!(
            origin,
            Origin::Request(
                RequestPart::Path | RequestPart::Query | RequestPart::Body | RequestPart::Message
                    | RequestPart::Header | RequestPart::Handshake,
                name
            ) if !name.is_empty() && !origin.is_identity()
        )
}

/// Holds if the value is what the client sends in the open, and nothing of the caller's.
pub fn is_clients_choice(value: &Provenance) -> bool {
    !is_principal(value)
        && value.origins().iter().any(|origin| {
            matches!(
                origin,
                Origin::Request(
                    RequestPart::Path
                        | RequestPart::Query
                        | RequestPart::Body
                        | RequestPart::Message,
                    _
                )
            )
        })
}

/// Returns by what the records of the access are chosen. Where a record is looked up first, and then changed by its
/// own number, that is what it was looked up by.
pub fn key_of<'m>(entry: &'m EntryPoint, access: &'m Access) -> Vec<&'m Field> {
    let is_found = |field: &Field| {
        field.operator == "=" && field.value.record_fields(access.asset).next().is_some()
    };
    let mut key: Vec<&Field> = access.key.iter().collect();
    if access.operation == Operation::Read || !access.key.iter().any(is_found) {
        return key;
    }
    key.retain(|field| !is_found(field));
    for (_, other) in accesses(entry) {
        if other.asset == access.asset && other.operation == Operation::Read {
            key.extend(&other.key);
        }
    }
    key
}

/// Holds if the answer is only reached on ways of which each asks something of the record or of the caller: a
/// refusal stands on the way on which all of that failed, as where a function returns early for owners, for what is
/// public, and for whom it was shared with.
fn is_scoped_by_refusal(entry: &EntryPoint, access: &Access, answer: &Effect) -> bool {
    let is_refusal = |effect: &&Effect| {
        effect.layer.is_none() && matches!(effect.kind, EffectKind::Respond { is_error: true, .. })
    };
    entry.effects.iter().filter(is_refusal).any(|refusal| {
        let failed: Vec<_> = entry
            .checks_of(refusal)
            .filter(|check| {
                !entry
                    .checks_of(answer)
                    .any(|passed| passed.span == check.span && passed.outcome == check.outcome)
            })
            .collect();
        let is_excluded = failed.iter().any(|check| {
            entry
                .checks_of(answer)
                .any(|passed| passed.span == check.span && passed.outcome != check.outcome)
        });
        let compares = failed.iter().any(|check| {
            let provenance = check.provenance();
            is_principal(&provenance) && provenance.record_fields(access.asset).next().is_some()
        });
        !is_excluded
            && compares
            && failed.iter().all(|check| {
                let operands = check.operands.iter();
                operands.flat_map(Provenance::origins).all(|origin| {
                    matches!(
                        origin,
                        Origin::Record { .. } | Origin::Principal(_) | Origin::Literal(_)
                    )
                })
            })
    })
}

/// Holds if the caller, or what was tied to the caller, is part of the key.
pub fn is_keyed_by_caller(entry: &EntryPoint, access: &Access, effect: &Effect) -> bool {
    let ties = ties(entry, effect);
    access
        .key
        .iter()
        .any(|field| is_principal(&field.value) || ties.touches(entry, &field.value))
}

/// How entry points treat the records of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Records are told in an answer.
    Tell,
    /// Records are looked up for the handler's own work.
    Find,
    /// Records are changed.
    Change,
    /// Records are removed.
    Remove,
}

/// A use of an asset's records by a handler.
#[derive(Clone, Debug)]
pub struct Usage<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// The access, as an effect.
    pub effect: &'m Effect,
    /// The access.
    pub access: &'m Access,
    /// How.
    pub kind: Use,
    /// Holds if the caller is tied to the records.
    pub is_scoped: bool,
}

/// Returns the uses that the handler of `entry` makes of records that exist.
pub fn usages<'m>(entry: &'m EntryPoint) -> impl Iterator<Item = Usage<'m>> {
    let mut ties = KnownTies::new(entry);
    handler_accesses(entry).filter_map(move |(effect, access)| {
        let (kind, is_scoped) = match access.operation {
            Operation::Create => return None,
            Operation::Count if !is_named(access) => return None,
            Operation::Count => (Use::Find, ties.scopes(access, effect)),
            Operation::Update => (Use::Change, ties.scopes(access, effect)),
            Operation::Delete => (Use::Remove, ties.scopes(access, effect)),
            Operation::Read => {
                let mut answers = answers_with(entry, access.asset).peekable();
                match answers.peek() {
                    None => (Use::Find, ties.scopes(access, effect)),
                    Some(_) => (
                        Use::Tell,
                        answers.all(|answer| {
                            ties.scopes(access, answer)
                                || is_scoped_by_refusal(entry, access, answer)
                        }),
                    ),
                }
            }
        };
        Some(Usage {
            entry,
            effect,
            access,
            kind,
            is_scoped,
        })
    })
}

/// Holds if a record is chosen by its own key.
fn is_named(access: &Access) -> bool {
    let mut key = access.key.iter();
    key.any(|field| {
        field.operator == "=" && matches!(field.name.as_str(), "id" | "_id" | "uuid" | "pk")
    })
}

/// Returns the answers that tell something of the asset's records that were not found by the principal.
pub fn answers_with(entry: &EntryPoint, asset: Ustr) -> impl Iterator<Item = &Effect> {
    entry.effects.iter().filter(move |effect| {
        let EffectKind::Respond {
            body,
            is_error: false,
            ..
        } = &effect.kind
        else {
            return false;
        };
        effect.layer.is_none()
            && body
                .iter()
                .any(|field| field.value.record_fields(asset).next().is_some())
    })
}

/// The names of the guards of `entry` that ask what a caller is, checks inside the handler included.
pub fn rank_guards(entry: &EntryPoint) -> Vec<Ustr> {
    entry
        .layers
        .iter()
        .filter(|layer| layer.controls.contains(&Control::Authorization) && layer.verdict.refuses())
        .map(|layer| match layer.kind {
            LayerKind::Inline => inside_rank(entry),
            _ => layer.name,
        })
        .collect()
}

/// What the handler asks of everybody before it does anything, so that asking the same is the same rank. A test that
/// owners pass by another way, such as `owner or admin`, is asked of nobody.
fn inside_rank(entry: &EntryPoint) -> Ustr {
    let is_work = |effect: &&Effect| {
        effect.layer.is_none()
            && match &effect.kind {
                EffectKind::Access(_) => true,
                EffectKind::Respond {
                    status, is_error, ..
                } => !is_error && status.is_none_or(|status| status < 400),
                _ => false,
            }
    };
    let mut effects = entry.effects.iter().filter(is_work);
    let mut asked: Vec<&Check> = effects.next().map_or_else(Vec::new, |effect| {
        let checks = entry.checks_of(effect);
        let is_rank = |check: &&Check| {
            !check.is_alternative && user_control(check) == Some(Control::Authorization)
        };
        checks.filter(is_rank).collect()
    });
    for effect in effects {
        asked.retain(|check| {
            let mut checks = entry.checks_of(effect);
            checks.any(|other| other.span == check.span && other.outcome == check.outcome)
        });
    }
    let mut words: Vec<String> = asked.into_iter().map(rank_words).collect();
    words.sort();
    words.dedup();
    words.insert(0, "(inside)".to_owned());
    Ustr::from(&words.join(" "))
}

/// What is asked of the caller, wherever that stands: the attribute, what it is held against, and how it came out.
fn rank_words(check: &Check) -> String {
    let origins = check.operands.iter().flat_map(Provenance::origins);
    let names = origins.map(|origin| match origin {
        Origin::Principal(name) | Origin::Literal(name) => name.as_str(),
        Origin::Record { field, .. } => field.as_str(),
        _ => "?",
    });
    let names: Vec<&str> = names.collect();
    format!("{}:{}", names.join("="), check.outcome)
}

/// Holds if a guard that none of `others` has asks what the caller is, so that `entry` is for people with
/// more rights than the records' owners.
pub fn is_for_higher_rank<'m>(
    entry: &EntryPoint,
    others: impl Iterator<Item = &'m EntryPoint>,
) -> bool {
    let own = rank_guards(entry);
    !own.is_empty() && is_above(&own, others.map(rank_guards))
}

/// Holds for guards of which none of `others` has all.
fn is_above(own: &[Ustr], mut others: impl Iterator<Item = impl AsRef<[Ustr]>>) -> bool {
    !others.any(|theirs| own.iter().all(|guard| theirs.as_ref().contains(guard)))
}

/// The guards of several entry points that ask what a caller is, each set once.
#[derive(Debug)]
pub struct Ranks {
    sets: BTreeSet<Vec<Ustr>>,
}

impl Ranks {
    /// Returns the guards of these entry points.
    pub fn of<'m>(entries: impl Iterator<Item = &'m EntryPoint>) -> Ranks {
        let sets = entries.map(rank_guards).collect();
        Ranks { sets }
    }

    /// Holds if `entry` is for people with more rights than any of these, as [`is_for_higher_rank`] says.
    pub fn are_below(&self, entry: &EntryPoint) -> bool {
        let own = rank_guards(entry);
        !own.is_empty() && is_above(&own, self.sets.iter())
    }
}

/// Returns the uses that entry points with a known caller make of stored records.
pub fn all_usages(map: &Map) -> Vec<Usage<'_>> {
    let known = map.facts.usages.get_or_init(|| numbered_usages(map));
    let found = known.iter().filter_map(|(entry, effect, kind, is_scoped)| {
        let entry = map.entry_points.get(*entry)?;
        let effect = entry.effects.get(*effect)?;
        let EffectKind::Access(access) = &effect.kind else {
            return None;
        };
        Some(Usage {
            entry,
            effect,
            access,
            kind: *kind,
            is_scoped: *is_scoped,
        })
    });
    found.collect()
}

fn numbered_usages(map: &Map) -> Vec<(usize, usize, Use, bool)> {
    let mut found = Vec::new();
    for (number, entry) in map.entry_points.iter().enumerate() {
        if !entry.verdict(Control::Authentication).refuses() || !knows_caller(entry) {
            continue;
        }
        let mut effects = entry.effects.iter().enumerate();
        for usage in usages(entry) {
            let place = effects.find(|(_, effect)| std::ptr::eq(*effect, usage.effect));
            found.extend(place.map(|(place, _)| (number, place, usage.kind, usage.is_scoped)));
        }
    }
    found
}

/// Holds if the entry point knows who the caller is, and not only that a signature or shared key is right.
pub fn knows_caller(entry: &EntryPoint) -> bool {
    if is_signed(entry) {
        return false;
    }
    accesses(entry).any(|(_, access)| access.key.iter().any(|field| is_principal(&field.value)))
        || verifications(entry).any(|(_, found)| found.is_verified && found.token.is_credential())
        || entry
            .checks
            .iter()
            .any(|check| check.kind == CheckKind::Library || is_principal(&check.provenance()))
}

/// Holds if the handler holds a header against a signature over what was sent, and asks nothing of a caller, whatever
/// layers before it look up for browsers.
pub fn is_signed(entry: &EntryPoint) -> bool {
    let compared = comparisons(entry).filter(|(effect, _)| effect.layer.is_none());
    let is_header = |value: &Provenance| value.is_from(RequestPart::Header);
    let is_signature = |value: &Provenance| {
        value.origins().contains(&Origin::Signature)
            && (value.is_from(RequestPart::Body) || value.is_from(RequestPart::File))
    };
    let mut own = compared.map(|(_, found)| [&found.given, &found.expected]);
    own.any(|[one, other]| {
        is_header(one) && is_signature(other) || is_header(other) && is_signature(one)
    }) && !handler_accesses(entry).any(|(_, access)| {
        let mut fields = access.key.iter().chain(&access.values);
        fields.any(|field| is_principal(&field.value))
    })
}

/// Holds if the records are shared by everybody: nobody makes one in his own name, and where the caller is part of
/// a key it is by a relation that another asset declares, as where people choose some of the records for themselves.
pub fn is_shared(map: &Map, asset: Ustr) -> bool {
    let Some(declared) = map.asset(asset).filter(|asset| !asset.fields.is_empty()) else {
        return false;
    };
    let mut keys = map
        .entry_points
        .iter()
        .flat_map(accesses)
        .filter(|(_, access)| access.asset == asset)
        .flat_map(|(_, access)| &access.key)
        .filter(|field| is_principal(&field.value))
        .peekable();
    keys.peek().is_some()
        && keys.all(|field| is_chosen_elsewhere(declared, &field.name))
        && makers(map, asset).next().is_none()
}

fn is_chosen_elsewhere(declared: &Asset, name: &str) -> bool {
    let is_own = |field: &crate::AssetField| {
        let rest = name.strip_prefix(field.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest == "_id")
    };
    !name.contains('.') && !declared.fields.iter().any(is_own) && !matches!(name, "id" | "pk")
}

/// Returns the entry points that make records of `asset` in the name of the caller.
pub fn makers(map: &Map, asset: Ustr) -> impl Iterator<Item = &EntryPoint> {
    map.entry_points.iter().filter(move |entry| {
        handler_accesses(entry).any(|(effect, access)| {
            access.asset == asset && access.operation == Operation::Create && {
                let ties = ties(entry, effect);
                access
                    .values
                    .iter()
                    .any(|field| is_principal(&field.value) || ties.touches(entry, &field.value))
            }
        })
    })
}

//! How much is asked of the caller's rank before something is done: shared by the rule about missing role checks.
//!
//! A rank is a field of the caller that refusing checks examine. How high it must be is a number on a scale, one of
//! several names, or a right that the rank must include; two demands are compared only where they are of one kind.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use firedoor_app::{
    AssetKind, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Map, Operation, Order,
    Origin, Provenance, RequestPart, ownership, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::asked_alike::asks_alike;
use crate::privileged::is_rank_name;

/// A field of the caller's: the asset, empty for a claim, and the field.
pub type Subject = (Ustr, Ustr);

/// Something asked of the caller's rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The fields that say what the rank is.
    pub of: Vec<Subject>,
    /// How high it must be.
    pub level: Level,
    /// A higher number that the scale has besides.
    pub is_below_top: bool,
    /// The numbers that ranks are given where it is asked, if they are known: another table gives them others.
    scale: BTreeSet<i64>,
}

/// How high a rank must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// At least this number.
    AtLeast(i64),
    /// At most this number.
    AtMost(i64),
    /// One of these.
    OneOf(Vec<Ustr>),
    /// A rank with this right.
    Right(Ustr),
    /// Higher than that of whom it is done to.
    AboveOther,
}

/// What is asked before an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// What is asked for certain.
    pub all: Vec<Demand>,
    /// Holds if something is asked of which one part suffices, or which is not understood.
    pub is_unclear: bool,
}

impl Demands {
    /// Returns what is asked before `effect`.
    pub fn of(entry: &EntryPoint, effect: &Effect, accounts: &[Ustr]) -> Demands {
        Demands::known(entry, effect, accounts, &mut BTreeMap::new())
    }

    /// Returns what is asked before `effect`, leaving out what is asked in the same place before another one of another
    /// entry point: whatever that is, it is asked of both.
    pub fn beyond(
        entry: &EntryPoint,
        effect: &Effect,
        (other, before): (&EntryPoint, &Effect),
        accounts: &[Ustr],
    ) -> Demands {
        let mut found = Demands::default();
        for check in entry.checks_of(effect) {
            let mut known = other.checks_of(before);
            if known.any(|it| it.span == check.span && asks_alike(&it.condition, &check.condition))
            {
                continue;
            }
            let one = asked_by(entry, check, accounts);
            found.is_unclear |= one.is_unclear;
            found.all.extend(one.all);
        }
        found
    }

    /// What [`Demands::of`] returns, where what each check asks is worked out once: many effects are behind the same ones.
    fn known(
        entry: &EntryPoint,
        effect: &Effect,
        accounts: &[Ustr],
        known: &mut BTreeMap<u32, Demands>,
    ) -> Demands {
        let mut found = Demands::default();
        for id in &effect.checks {
            let one = known
                .entry(id.0)
                .or_insert_with(|| asked_by(entry, entry.check(*id), accounts));
            found.is_unclear |= one.is_unclear;
            found.all.extend(one.all.iter().cloned());
        }
        found
    }

    /// Holds if all that these ask is asked there too.
    pub fn are_met_by(&self, others: &Demands) -> bool {
        let is_met = |own: &Demand| others.all.iter().any(|it| it.includes(own, &[]));
        !self.is_unclear && self.all.iter().all(is_met)
    }

    /// Holds if nothing of this kind is asked, or something that is known to be less.
    pub fn fall_short_of(&self, other: &Demand) -> bool {
        let mut comparable = self
            .all
            .iter()
            .filter(|own| own.is_comparable(other))
            .peekable();
        (self.all.is_empty() || comparable.peek().is_some())
            && !comparable.any(|own| own.includes(other, &[]))
    }

    /// Returns what `others` ask and these do not, if all that these ask is asked there too.
    pub fn lack<'o>(&self, others: &'o Demands, reading: &[Ustr]) -> Option<&'o Demand> {
        let is_met = |own: &Demand| others.all.iter().any(|it| it.includes(own, reading));
        if self.is_unclear || !self.all.iter().all(is_met) {
            return None;
        }
        let lacks = |it: &&Demand| !self.all.iter().any(|own| own.includes(it, reading));
        others.all.iter().find(lacks)
    }
}

impl Demand {
    /// Returns what one part of a check asks, where it asks for a rank.
    pub fn of_part(part: &Check) -> Option<Demand> {
        demand(part)
    }

    fn is_comparable(&self, other: &Demand) -> bool {
        self.of.iter().any(|subject| other.of.contains(subject))
            && std::mem::discriminant(&self.level) == std::mem::discriminant(&other.level)
            && (self.scale == other.scale || !self.is_number())
    }

    /// Holds if whoever meets this meets `other`.
    fn includes(&self, other: &Demand, reading: &[Ustr]) -> bool {
        let is_same = self.of.iter().any(|subject| other.of.contains(subject));
        is_same
            && (self.scale == other.scale || !self.is_number() || !other.is_number())
            && match (&self.level, &other.level) {
                (Level::AtLeast(own), Level::AtLeast(least)) => own >= least,
                (Level::AtMost(own), Level::AtMost(most)) => own <= most,
                (Level::OneOf(own), Level::OneOf(names)) => {
                    own.iter().all(|name| names.contains(name))
                }
                (Level::Right(own), Level::Right(right)) => {
                    own == right || (reading.contains(right) && !reading.contains(own))
                }
                (Level::AboveOther, Level::AboveOther) => true,
                _ => false,
            }
    }
}

impl Demand {
    /// Holds if there is a rank that does not reach it: whoever has the lowest is a member all the same.
    pub fn is_above_lowest(&self) -> bool {
        matches!(&self.level, Level::AtLeast(least) if self.scale.iter().any(|it| it < least))
    }

    /// Holds if more than belonging is asked: a rank that others do not reach, or a place in a list but the first.
    pub fn is_of_rank(&self) -> bool {
        self.is_above_lowest()
            || matches!(&self.level, Level::AtLeast(least) if self.scale.is_empty() && *least > 0)
    }

    fn is_number(&self) -> bool {
        matches!(self.level, Level::AtLeast(_) | Level::AtMost(_))
    }
}

/// Returns what one check asks.
fn asked_by(entry: &EntryPoint, check: &Check, accounts: &[Ustr]) -> Demands {
    let mut found = Demands::default();
    // Where one of several ways to be somebody suffices, no rank is asked for.
    let is_about_nobody = ownership::is_met_by_lacking(check)
        || check.is_alternative && ownership::is_met_by_anybody(check);
    if check.refusal.is_none() || is_conflict(check) || is_about_nobody {
        return found;
    }
    // Where one of several parts suffices, what is asked hangs on more than the rank.
    let is_about = |part: &Check| firedoor_app::user_control(part).is_some();
    if check.is_alternative && check.parts().iter().any(is_about) {
        found.is_unclear = true;
    }
    let control = firedoor_app::user_control(check);
    let is_named = |demand: &Demand| {
        let mut of = demand.of.iter();
        matches!(demand.level, Level::OneOf(_))
            && of.all(|(asset, _)| !asset.is_empty() && !accounts.contains(asset))
    };
    match demand(check).map(|demand| without_presence(entry, demand)) {
        // A session that must not have ended says nothing of what its owner may do.
        Some(demand) if is_of_nothing(&demand.level) => {}
        Some(demand) if control == Some(Control::Authorization) => found.all.push(demand),
        // A membership is what it is called, too.
        Some(demand) if control.is_some() && is_named(&demand) => found.all.push(demand),
        // Whose rank it is held against is a record, too.
        Some(demand) if control.is_some() && demand.level == Level::AboveOther => {
            found.all.push(demand);
        }
        _ if control != Some(Control::Authorization) => {}
        Some(_) => {}
        None => found.is_unclear = true,
    }
    found
}

/// Holds if the field must be empty.
fn is_of_nothing(level: &Level) -> bool {
    matches!(level, Level::OneOf(names) if !names.is_empty() && names.iter().all(|it| it == "null"))
}

/// What must only be there, or must not, is no rank: a session, a date on which somebody was banned.
fn without_presence(entry: &EntryPoint, mut demand: Demand) -> Demand {
    let is_null = |value: &Provenance| value.literal().is_some_and(|text| text == "null");
    let is_present = |subject: &Subject| {
        let mut checks = entry
            .checks
            .iter()
            .flat_map(Check::parts)
            .filter(|it| match it.kind {
                CheckKind::Presence => true,
                CheckKind::Equality => it.operands.iter().any(is_null),
                _ => false,
            });
        checks.any(|check| {
            let mut origins = check.operands.iter().flat_map(Provenance::origins);
            origins.any(|origin| self::subject(origin).as_ref() == Some(subject))
        })
    };
    let is_record = demand.of.iter().any(|(asset, _)| !asset.is_empty());
    let mut kept = demand.of.clone();
    kept.retain(|subject| !(is_present(subject) || (is_record && subject.0.is_empty())));
    if kept.is_empty() {
        // Of an account that has to be there as a whole, what is called a rank is what is asked about.
        kept.clone_from(&demand.of);
        kept.retain(|(_, field)| is_rank_name(field));
    }
    if !kept.is_empty() {
        demand.of = kept;
    }
    demand
}

/// Holds if the check refuses something else than the caller: what is refused as a conflict, or as nonsense, is refused to everybody.
pub fn is_conflict(check: &Check) -> bool {
    let status = check.refusal.as_ref().and_then(|refusal| refusal.status());
    status.is_some_and(|status| !matches!(status, 401 | 403 | 404))
}

fn demand(check: &Check) -> Option<Demand> {
    if check.is_alternative {
        return None;
    }
    let examined = check.operands.iter().flat_map(Provenance::origins);
    let mut of: Vec<Subject> = examined.filter_map(subject).collect();
    if of.is_empty() {
        of = check.control.origins().iter().filter_map(subject).collect();
    }
    if of.is_empty() {
        return None;
    }
    let level = match check.kind {
        CheckKind::Bound if of.iter().any(|it| is_of_other(check, *it)) => {
            of.retain(|it| is_of_other(check, *it));
            Level::AboveOther
        }
        CheckKind::Bound => bound(check)?,
        CheckKind::Equality | CheckKind::Membership if check.outcome => names(check)?,
        _ => return None,
    };
    let is_below_top = match &level {
        Level::AtLeast(least) => scale(check).any(|it| it > *least),
        _ => false,
    };
    Some(Demand {
        of,
        level,
        is_below_top,
        scale: scale(check).collect(),
    })
}

/// Holds if the rank is held against the same field of another record.
fn is_of_other(check: &Check, of: Subject) -> bool {
    let provenance = check.provenance();
    provenance.origins().iter().any(|origin| {
        matches!(origin, Origin::Record { asset, field, of_principal: false }
            if of == (*asset, *field))
    })
}

/// A bound that is one number, for something that is none, or is one of several.
pub fn bound(check: &Check) -> Option<Level> {
    let order = check.order?;
    let [left, right] = check.operands.as_slice() else {
        return None;
    };
    let order = match check.outcome {
        true => order,
        false => order.negated(),
    };
    let number = |value: &Provenance| value.literal()?.parse::<i64>().ok();
    let (order, number) = match (number(left), number(right)) {
        (None, Some(number)) => (order, number),
        (Some(number), None) => (turned(order), number),
        _ => return None,
    };
    Some(match order {
        Order::GreaterOrEqual => Level::AtLeast(number),
        Order::Greater => Level::AtLeast(number.saturating_add(1)),
        Order::LessOrEqual => Level::AtMost(number),
        Order::Less => Level::AtMost(number.saturating_sub(1)),
    })
}

fn turned(order: Order) -> Order {
    match order {
        Order::Less => Order::Greater,
        Order::LessOrEqual => Order::GreaterOrEqual,
        Order::Greater => Order::Less,
        Order::GreaterOrEqual => Order::LessOrEqual,
    }
}

/// The numbers that ranks stand for, where they are all known.
fn scale(check: &Check) -> impl Iterator<Item = i64> {
    let several = |value: &&Provenance| value.literal().is_none();
    let origins = check.operands.iter().filter(several);
    origins
        .flat_map(Provenance::origins)
        .filter_map(|origin| match origin {
            Origin::Literal(text) => text.parse::<i64>().ok(),
            _ => None,
        })
}

fn names(check: &Check) -> Option<Level> {
    let is_his = |value: &&Provenance| value.origins().iter().any(|it| subject(it).is_some());
    let texts = |value: &Provenance| -> Vec<Ustr> {
        let origins = value.origins().iter();
        let texts = origins.filter_map(|origin| match origin {
            Origin::Literal(text) if !text.is_empty() => Some(*text),
            _ => None,
        });
        texts.collect()
    };
    let Some(own) = check.operands.iter().find(is_his) else {
        // One constant is looked for in what belongs to the rank.
        let right = check.operands.first()?.literal()?;
        return (check.kind == CheckKind::Membership).then_some(Level::Right(right));
    };
    let mut allowed: Vec<Ustr> = check
        .operands
        .iter()
        .filter(|value| !std::ptr::eq(*value, own))
        .flat_map(texts)
        .collect();
    allowed.sort();
    allowed.dedup();
    (!allowed.is_empty()).then_some(Level::OneOf(allowed))
}

fn subject(origin: &Origin) -> Option<Subject> {
    let (asset, field) = match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => (*asset, *field),
        Origin::Principal(field) | Origin::Request(RequestPart::Session, field) => {
            (Ustr::from(""), *field)
        }
        _ => return None,
    };
    (!field.is_empty() && !firedoor_app::lookups::is_identifier(&field)).then_some((asset, field))
}

/// Something that an entry point does, with what it asks before.
pub struct Asked<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// What it does.
    pub effect: &'m Effect,
    /// What it asks.
    pub demands: Demands,
}

/// What all entry points ask before what their handlers do.
pub struct Scale<'m> {
    /// Each change and each look-up.
    pub asked: Vec<Asked<'m>>,
    /// The rights that reading asks for, which are the least.
    pub reading: Vec<Ustr>,
    /// The map that they are in.
    map: &'m Map,
    /// The assets that keep accounts.
    accounts: Vec<Ustr>,
    /// The fields that somebody is asked about.
    ranks: BTreeSet<Subject>,
    /// Those of them that stand in the record itself, and not in the account that it refers to, as what a session says
    /// of its owner does.
    own_ranks: BTreeSet<Subject>,
    /// Those of them that are asked of one column, as how high a rank is: `member.rank.level`.
    parts: BTreeSet<Subject>,
    /// The numbers of those that one statement does, by its place.
    places: BTreeMap<Span, Vec<usize>>,
    /// The numbers of those that are done to the records of an asset.
    assets: BTreeMap<Ustr, Vec<usize>>,
    /// The fields that records are found by with who the caller is.
    of_caller: BTreeSet<Subject>,
    /// The memberships that invitations lead to, by the asset of these, as far as it was asked.
    pub(crate) leads: RefCell<BTreeMap<Ustr, Vec<Ustr>>>,
}

impl<'m> Scale<'m> {
    /// Returns what the entry points of `map` ask.
    pub fn of(map: &'m Map) -> Scale<'m> {
        let accounts = query::account_assets(map);
        let mut asked = Vec::new();
        for entry in query::with_users(map) {
            let mut known = BTreeMap::new();
            for effect in entry.effects.iter().filter(|it| it.layer.is_none()) {
                if matches!(effect.kind, EffectKind::Access(_)) {
                    let demands = Demands::known(entry, effect, &accounts, &mut known);
                    asked.push(Asked {
                        entry,
                        effect,
                        demands,
                    });
                }
            }
        }
        let reading = crate::reading_rights::reading_rights(&asked);
        let all = asked.iter().flat_map(|it| &it.demands.all);
        let ranks: BTreeSet<Subject> = all.flat_map(|demand| demand.of.iter().copied()).collect();
        let is_own = |subject: &Subject| !is_of_account(map, &accounts, *subject);
        let own_ranks = ranks.iter().copied().filter(is_own).collect();
        let is_part = |subject: &Subject| is_of_column(map, *subject);
        let parts = ranks.iter().copied().filter(is_part).collect();
        let mut places: BTreeMap<Span, Vec<usize>> = BTreeMap::new();
        let mut assets: BTreeMap<Ustr, Vec<usize>> = BTreeMap::new();
        for (number, it) in asked.iter().enumerate() {
            places.entry(it.effect.span).or_default().push(number);
            if let EffectKind::Access(access) = &it.effect.kind {
                assets.entry(access.asset).or_default().push(number);
            }
        }
        Scale {
            map,
            places,
            assets,
            of_caller: fields_of_caller(map, &asked, &accounts),
            leads: RefCell::default(),
            own_ranks,
            parts,
            ranks,
            asked,
            reading,
            accounts,
        }
    }

    /// Returns what is asked before the statement of this place, wherever it is come to.
    pub fn at(&self, place: Span) -> impl Iterator<Item = &Asked<'m>> {
        let numbers = self.places.get(&place).into_iter().flatten();
        numbers.map(|number| &self.asked[*number])
    }

    /// Returns what is asked before what is done to the records of an asset.
    pub fn of_asset(&self, asset: Ustr) -> impl Iterator<Item = &Asked<'m>> {
        let numbers = self.assets.get(&asset).into_iter().flatten();
        numbers.map(|number| &self.asked[*number])
    }

    /// Holds if the field of the caller's record says which group it is in, with a rank in that group, and not who
    /// the caller is.
    pub fn is_group(&self, asset: Ustr, field: Ustr) -> bool {
        if firedoor_app::lookups::is_identifier(&field) {
            return self.keeps_members(asset);
        }
        self.has_rank(asset) && !self.of_caller.contains(&(asset, field))
    }

    /// Holds if the record itself lists who is in the group, with the rank of each.
    fn keeps_members(&self, asset: Ustr) -> bool {
        let mut ranks = self.own_ranks.iter();
        let is_of_many =
            |field: &Ustr| field.contains('.') && !self.parts.contains(&(asset, *field));
        !self.accounts.contains(&asset)
            && ranks.any(|(found, field)| *found == asset && is_of_many(field))
    }

    /// Holds if records of the asset say what rank somebody has.
    pub fn has_rank(&self, asset: Ustr) -> bool {
        self.own_ranks.iter().any(|(found, _)| *found == asset)
    }

    /// Holds if a declared field of the asset refers to records of another that are no accounts.
    pub fn refers(&self, asset: Ustr, to: Ustr) -> bool {
        let declared = self.map.asset(asset).into_iter();
        let mut fields = declared.flat_map(|asset| &asset.fields);
        !self.accounts.contains(&to) && fields.any(|field| field.refers_to == Some(to))
    }

    /// Holds if somebody is asked about the field.
    pub fn is_rank(&self, subject: Subject) -> bool {
        self.ranks.contains(&subject)
    }
}

/// The fields by which entry points find records of the caller's, as one does a membership by who he is. One of the groups
/// that the caller is in is told by another query, which is made of who he is.
fn fields_of_caller(map: &Map, asked: &[Asked<'_>], accounts: &[Ustr]) -> BTreeSet<Subject> {
    let of_account = naming_account(map, accounts);
    let is_account = |value: &Provenance| {
        value.origins().iter().any(|origin| match origin {
            Origin::Principal(_) | Origin::Request(RequestPart::Session, _) => true,
            Origin::Record {
                asset,
                field,
                of_principal: true,
            } => accounts.contains(asset) || of_account.contains(&(*asset, *field)),
            _ => false,
        })
    };
    let mut entries: Vec<&EntryPoint> = asked.iter().map(|it| it.entry).collect();
    entries.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let accesses = entries.into_iter().flat_map(query::accesses);
    let keys = accesses.flat_map(|(_, access)| access.key.iter().map(|key| (access.asset, key)));
    keys.filter(|(_, key)| {
        key.operator == "=" && is_account(&key.value) && !key.value.is_from_client()
    })
    .map(|(asset, key)| (asset, key.name))
    .collect()
}

/// Returns the fields of the callers' records, other than accounts, by which accounts are found.
fn naming_account(map: &Map, accounts: &[Ustr]) -> BTreeSet<Subject> {
    let found = query::with_users(map).flat_map(query::accesses);
    let found = found.filter(|(_, access)| {
        accounts.contains(&access.asset) && access.operation == Operation::Read
    });
    let keys = found.flat_map(|(_, access)| &access.key);
    let keys =
        keys.filter(|key| key.operator == "=" && firedoor_app::lookups::is_identifier(&key.name));
    let named = keys.filter_map(|key| match key.value.origins() {
        [
            Origin::Record {
                asset,
                field,
                of_principal: true,
            },
        ] if !accounts.contains(asset) && !field.is_empty() => Some((*asset, *field)),
        _ => None,
    });
    named.collect()
}

/// Holds for a field of the account that a record refers to: `session.user.role`.
fn is_of_account(map: &Map, accounts: &[Ustr], (asset, field): Subject) -> bool {
    let head = field.split('.').next().filter(|head| *head != field);
    let declared = head.and_then(|head| map.asset(asset)?.field(head));
    declared
        .and_then(|it| it.refers_to)
        .is_some_and(|target| accounts.contains(&target))
}

/// Holds if the field is a property of a declared column which refers to nothing: a row lists nobody by it.
fn is_of_column(map: &Map, (asset, field): Subject) -> bool {
    let Some(asset) = map.asset(asset).filter(|it| it.kind == AssetKind::Table) else {
        return false;
    };
    let head = field.split('.').next().unwrap_or_default();
    let declared = asset.field(head);
    let is_plain = |kind: Ustr| !kind.to_ascii_lowercase().contains("json");
    declared.is_some_and(|it| it.refers_to.is_none() && it.kind.is_some_and(is_plain))
}

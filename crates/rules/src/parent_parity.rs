//! Records below a parent that nearly everybody else asks for: part of the rule `object-without-owner-check`.
//!
//! Whatever an application keeps below a trip, a team or a project refers to it by one column, and who names the
//! parent there is held against it first. Where one entry point makes, lists or changes such records and does not ask,
//! its neighbours show what was forgotten, whichever table they use: the column says that it is the same parent.

use firedoor_app::ownership::{
    Usage, Use, all_usages, answers_with, is_clients_choice, is_for_higher_rank, is_shared,
    knows_caller, ties,
};
use firedoor_app::{
    Access, Control, Effect, EntryPoint, Field, Map, Operation, Origin, RequestPart, Verdict,
    counting, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::unowned::is_told_to_strangers;

/// How many entry points have to ask for the parent where records of several kinds lie below it.
const FEWEST: usize = 4;

/// How many of them have to ask for each that does not.
const TIMES: usize = 3;

/// A record below a parent that the client names and that nobody asks for.
pub struct UnaskedParent<'m> {
    /// Where.
    pub entry: &'m EntryPoint,
    /// What is done, as an effect.
    pub effect: &'m Effect,
    /// What is done.
    pub access: &'m Access,
    /// The column that refers to the parent.
    pub field: &'m Field,
    /// How many entry points ask for the parent.
    pub asking: usize,
    /// One of them, with the place.
    pub example: (&'m EntryPoint, Span),
}

impl UnaskedParent<'_> {
    /// Returns what is done, as a verb.
    pub fn verb(&self) -> &'static str {
        match self.access.operation {
            Operation::Create => "makes",
            Operation::Update => "changes",
            Operation::Delete => "deletes",
            _ => "reads",
        }
    }
}

/// A place that names a parent, by a column that refers to it.
struct Naming<'m> {
    entry: &'m EntryPoint,
    effect: &'m Effect,
    access: &'m Access,
    field: &'m Field,
    /// The asset that the column is declared to refer to.
    target: Option<Ustr>,
    is_asked: bool,
}

/// Returns the places that name a parent and do not ask for it, as nearly all others do.
pub fn unasked_parents(map: &Map) -> Vec<UnaskedParent<'_>> {
    let usages = all_usages(map);
    let namings = namings(map, &usages);
    let mut found = Vec::new();
    let open = namings.iter().filter(|it| !it.is_asked);
    for naming in open.filter(|it| is_open_to_all(map, it)) {
        let like: Vec<&Naming<'_>> = namings.iter().filter(|it| is_like(naming, it)).collect();
        let asking = entries(like.iter().filter(|it| it.is_asked));
        let others = entries(like.iter().filter(|it| !it.is_asked)).into_iter();
        let is_asking =
            |entry: &&EntryPoint| asking.iter().any(|other| std::ptr::eq(*other, *entry));
        let open = others.filter(|entry| !is_asking(entry)).count();
        let is_one_kind =
            open == 1 && asking.len() > 1 && asking_of(&like, naming.access.asset) == asking.len();
        let is_usual = asking.len() >= FEWEST && asking.len() >= TIMES * open;
        if is_asking(&naming.entry)
            || !(is_one_kind || is_usual)
            || is_for_higher_rank(naming.entry, asking.iter().copied())
        {
            continue;
        }
        let asked: Vec<&Naming<'_>> = like.into_iter().filter(|it| it.is_asked).collect();
        let parents = parents_of(naming, &asked);
        if parents.is_empty() || !parents.iter().all(|it| is_private(map, &usages, *it)) {
            continue;
        }
        if is_joining(naming, &asked) {
            continue;
        }
        if let Some(example) = asked.first() {
            found.push(UnaskedParent {
                entry: naming.entry,
                effect: naming.effect,
                access: naming.access,
                field: naming.field,
                asking: asking.len(),
                example: (example.entry, example.effect.span),
            });
        }
    }
    found
}

/// All places where a caller who is known names a parent, for something that is made, told or changed.
fn namings<'m>(map: &'m Map, usages: &[Usage<'m>]) -> Vec<Naming<'m>> {
    let tallies = counting::tallies(map);
    let mut found = Vec::new();
    let mut add = |entry: &'m EntryPoint, effect: &'m Effect, access: &'m Access, kind| {
        let fields = match access.operation {
            Operation::Create => &access.values,
            _ => &access.key,
        };
        let is_naming = |field: &&Field| field.operator == "=" && is_clients_choice(&field.value);
        for field in fields.iter().filter(is_naming) {
            let declared = map.asset(access.asset).and_then(|it| it.field(&field.name));
            let target = declared.and_then(|it| it.refers_to);
            if target.is_none() && !is_reference(&field.name) || tallies.contains(&access.asset) {
                continue;
            }
            let touches = |effect: &Effect| ties(entry, effect).touches(&field.value);
            let is_asked = match kind {
                Some(Use::Tell) => answers_with(entry, access.asset).all(touches),
                _ => touches(effect),
            };
            if !is_asked && is_own(access) {
                continue;
            }
            found.push(Naming {
                entry,
                effect,
                access,
                field,
                target,
                is_asked,
            });
        }
    };
    for usage in usages.iter().filter(|it| it.kind != Use::Find) {
        add(usage.entry, usage.effect, usage.access, Some(usage.kind));
    }
    let known = map
        .entry_points
        .iter()
        .filter(|entry| entry.verdict(Control::Authentication).refuses() && knows_caller(entry));
    for entry in known {
        for (effect, access) in query::handler_accesses(entry) {
            if access.operation == Operation::Create {
                add(entry, effect, access, None);
            }
        }
    }
    found
}

/// Holds if the records are found by the caller as well, so that it hardly matters what parent they have.
fn is_own(access: &Access) -> bool {
    let is_his = |it: &Field| it.operator == "=" && query::is_principal(&it.value);
    access.operation != Operation::Create && access.key.iter().any(is_his)
}

/// Holds for names such as `trip_id`, `teamId` or `resource_uid`: what has only its own number names no parent.
fn is_reference(name: &str) -> bool {
    let ends = ["_id", "_uid", "_uuid", "_slug", "Id", "Uid", "Uuid", "Slug"];
    ends.iter().any(|end| {
        name.strip_suffix(end)
            .is_some_and(|rest| !rest.trim_matches('_').is_empty())
    })
}

/// Holds if the two name the same parent: by columns that are declared to refer to it, or that are called alike where
/// nothing is declared.
fn is_like(one: &Naming<'_>, other: &Naming<'_>) -> bool {
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    match (one.target, other.target) {
        (Some(one), Some(other)) => one == other,
        _ => plain(&one.field.name) == plain(&other.field.name),
    }
}

/// How many entry points ask before they do something with records of the asset.
fn asking_of(like: &[&Naming<'_>], asset: Ustr) -> usize {
    let asked = like
        .iter()
        .filter(|it| it.is_asked && it.access.asset == asset);
    entries(asked).len()
}

fn entries<'m: 'n, 'n>(namings: impl Iterator<Item = &'n &'n Naming<'m>>) -> Vec<&'m EntryPoint> {
    let mut found: Vec<&EntryPoint> = Vec::new();
    for naming in namings {
        if !found.iter().any(|it| std::ptr::eq(*it, naming.entry)) {
            found.push(naming.entry);
        }
    }
    found
}

/// Holds if whoever is known may do this to records below any parent: no part of the path was held against him, and it
/// is known what is asked here.
fn is_open_to_all(map: &Map, naming: &Naming<'_>) -> bool {
    let Naming {
        entry,
        effect,
        access,
        field,
        ..
    } = naming;
    let is_of_path = |it: &Origin| matches!(it, Origin::Request(RequestPart::Path, _));
    let is_held = ties(entry, effect).sent.iter().any(is_of_path);
    let is_unknown = |control| matches!(entry.verdict(control), Verdict::Unknown(..));
    // Whoever puts his own name below a parent, and nothing else, marks or joins it.
    let brings = |it: &Field| it.name != field.name && it.value.is_from_client();
    let is_mark = access.operation == Operation::Create && !access.values.iter().any(brings);
    !is_held
        && !is_mark
        && entry.public_because.is_none()
        && !is_unknown(Control::Ownership)
        && !is_unknown(Control::Authorization)
        && !query::is_administrative_path(&entry.path)
        && !is_shared(map, access.asset)
        && !is_told_to_strangers(map, access.asset)
}

/// Returns the assets that the column refers to, as it is declared, or as others look up by their own key what they
/// name there.
fn parents_of(naming: &Naming<'_>, asked: &[&Naming<'_>]) -> Vec<Ustr> {
    if let Some(target) = naming.target {
        return vec![target];
    }
    let mut parents = Vec::new();
    for it in asked {
        for (_, access) in questions(it) {
            let is_child = access.key.iter().any(|key| key.name == it.field.name);
            if !is_child && access.asset != naming.access.asset && !parents.contains(&access.asset)
            {
                parents.push(access.asset);
            }
        }
    }
    parents
}

/// The look-ups by the same part of the request.
fn questions<'m>(naming: &Naming<'m>) -> impl Iterator<Item = (&'m Effect, &'m Access)> + use<'m> {
    let sent = naming.field.value.origins().iter();
    let sent: Vec<Origin> = sent.filter(|it| it.is_from_client()).cloned().collect();
    query::accesses(naming.entry).filter(move |(_, access)| {
        access.operation == Operation::Read
            && access.key.iter().any(|key| {
                let mut origins = key.value.origins().iter();
                key.operator == "=" && origins.any(|origin| sent.contains(origin))
            })
    })
}

/// Holds if nobody is told of records of the asset but those whom it is asked for: what everybody sees may be written
/// below by everybody. People themselves are no parents.
fn is_private(map: &Map, usages: &[Usage<'_>], asset: Ustr) -> bool {
    // What is found by what another record says, such as one that was made just now, is shown to nobody else.
    let is_followed = |key: &Field| {
        let mut origins = key.value.origins().iter();
        key.operator == "="
            && !key.value.is_from_client()
            && origins.any(|it| matches!(it, Origin::Record { .. }))
    };
    let is_told = |usage: &Usage<'_>| {
        usage.access.asset == asset
            && usage.kind == Use::Tell
            && !usage.is_scoped
            && !usage.access.key.iter().any(is_followed)
    };
    !query::account_assets(map).contains(&asset)
        && !is_shared(map, asset)
        && !is_told_to_strangers(map, asset)
        && !usages.iter().any(is_told)
}

/// Holds if the caller is noted where others look whether he is one of those who may: he joins.
fn is_joining(naming: &Naming<'_>, asked: &[&Naming<'_>]) -> bool {
    let asset = naming.access.asset;
    let is_membership = |it: &Naming<'_>, access: &Access| {
        access.asset == asset
            && access.key.iter().any(|key| query::is_principal(&key.value))
            && access.key.iter().all(|key| {
                query::is_principal(&key.value)
                    || !key.value.is_from_client()
                    || key.name == it.field.name
            })
    };
    let mut values = naming.access.values.iter();
    naming.access.operation == Operation::Create
        && values.any(|it| query::is_principal(&it.value))
        && asked
            .iter()
            .any(|it| questions(it).any(|(_, access)| is_membership(it, access)))
}

//! Invites and join codes: records found by a secret that let whoever presents it into something.
//!
//! They are told by what follows: a membership, or a role, by which the application later decides.

use firedoor_source::Span;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::judge::is_attribute;
use crate::lookups::{Lookup, is_of_any, lookups, makers};
use crate::ownership::{is_clients_choice, ties};
use crate::query::{
    accesses_of_asset, account_assets, are_exclusive, handler_accesses, is_principal,
};
use crate::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance,
    Refusal,
};

/// An entry into a group, a place or a role that a found record opens.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'m> {
    /// How the record is found.
    pub lookup: Lookup<'m>,
    /// The effect that lets the person in.
    pub effect: &'m Effect,
    /// The access.
    pub access: &'m Access,
}

/// Returns the admissions of the application: a record found by a secret leads to a record that ties the person
/// who presents it to what the found one names, and by which the application later decides.
pub fn admissions(map: &Map) -> Vec<Admission<'_>> {
    let accounts = account_assets(map);
    let mut found = Vec::new();
    let mut names = Names::default();
    for entry in &map.entry_points {
        for lookup in lookups(map, entry) {
            if accounts.contains(&lookup.access.asset)
                || is_of_member(entry, &lookup)
                || is_within_own(entry, &lookup)
                || is_of_maker(map, &lookup)
                || names.contains(map, &lookup)
            {
                continue;
            }
            let admission = handler_accesses(entry)
                .find(|(effect, access)| admits(map, &accounts, &lookup, effect, access));
            if let Some((effect, access)) = admission
                && !found.iter().any(|known: &Admission<'_>| {
                    std::ptr::eq(known.lookup.entry, entry)
                        && known.lookup.access.asset == lookup.access.asset
                })
            {
                found.push(Admission {
                    lookup,
                    effect,
                    access,
                });
            }
        }
    }
    found
}

/// Returns the admissions by invites that name the person: a record of the caller's that he chooses by its number lets
/// him in, is marked by that, and is asked elsewhere whether it is marked.
pub fn named_admissions(map: &Map) -> Vec<Admission<'_>> {
    let accounts = account_assets(map);
    let mut found = Vec::new();
    for entry in &map.entry_points {
        for (effect, access) in handler_accesses(entry) {
            let is_own = |field: &Field| field.operator == "=" && is_principal(&field.value);
            let mut key = access.key.iter();
            let Some(field) = key.find(|field| {
                crate::lookups::is_identifier(&field.name)
                    && field.operator == "="
                    && is_clients_choice(&field.value)
            }) else {
                continue;
            };
            if access.operation != Operation::Read
                || accounts.contains(&access.asset)
                || !access.key.iter().any(is_own)
                || !is_marked(map, entry, access.asset)
            {
                continue;
            }
            let lookup = Lookup {
                entry,
                effect,
                access,
                field,
            };
            let admission = handler_accesses(entry).find(|(effect, write)| {
                write.operation == Operation::Create
                    && admits(map, &accounts, &lookup, effect, write)
            });
            found.extend(admission.map(|(effect, access)| Admission {
                lookup,
                effect,
                access,
            }));
        }
    }
    found
}

/// Holds if the entry point notes the time in a record of the asset in which others look for none.
fn is_marked(map: &Map, entry: &crate::EntryPoint, asset: Ustr) -> bool {
    let marks: Vec<Ustr> = handler_accesses(entry)
        .filter(|(_, access)| access.asset == asset && access.operation == Operation::Update)
        .flat_map(|(_, access)| &access.values)
        .filter(|field| field.value.origins().contains(&Origin::Clock))
        .map(|field| field.name)
        .collect();
    let asks = |field: &Field| {
        field.operator == "=" && marks.contains(&field.name) && field.value.literal().is_some()
    };
    !marks.is_empty()
        && accesses_of_asset(map, asset)
            .filter(|(other, ..)| !std::ptr::eq(*other, entry))
            .any(|(_, _, access)| access.key.iter().any(asks))
}

/// Whoever is asked for among those who belong to the record is in already: what names it lets nobody in.
fn is_of_member(entry: &crate::EntryPoint, lookup: &Lookup<'_>) -> bool {
    handler_accesses(entry).any(|(_, access)| {
        access.asset == lookup.access.asset
            && access
                .key
                .iter()
                .any(|field| field.name == lookup.field.name)
            && access
                .key
                .iter()
                .any(|field| field.name.contains('.') && is_principal(&field.value))
    })
}

/// What is looked for within a group that the caller was found to belong to already, as a folder of his team by its
/// path, lets nobody in.
fn is_within_own(entry: &crate::EntryPoint, lookup: &Lookup<'_>) -> bool {
    let mut key = lookup.access.key.iter();
    key.any(|field| {
        field.name != lookup.field.name
            && field.operator == "="
            && is_clients_choice(&field.value)
            && ties(entry, lookup.effect).touches(&field.value)
    })
}

/// What is looked for among the records that the caller made for himself lets him in nowhere: whose it is is written into it
/// when it is made, and asked for here. An invite names whom others have invited.
fn is_of_maker(map: &Map, lookup: &Lookup<'_>) -> bool {
    let is_own = |field: &&Field| field.operator == "=" && is_principal(&field.value);
    let mut own = lookup.access.key.iter().filter(is_own);
    own.any(|own| {
        let is_maker = |field: &Field| field.name == own.name && is_principal(&field.value);
        accesses_of_asset(map, lookup.access.asset).any(|(_, _, made)| {
            made.operation == Operation::Create && made.values.iter().any(is_maker)
        })
    })
}

/// An invite is shown, taken and called back.
const MANY_DOORS: usize = 4;

/// All that it hangs on whether a field is a name: asset, field, and the constants in the key of a look-up.
type Question = (Ustr, Ustr, Vec<(Ustr, Ustr)>);

/// Which fields are names, as far as it was asked.
#[derive(Default)]
struct Names(FxHashMap<Question, bool>);

impl Names {
    /// Holds if a look-up finds its record by a name. An application asks for the same records at many places.
    fn contains(&mut self, map: &Map, lookup: &Lookup<'_>) -> bool {
        let key = lookup.access.key.iter();
        let constants = key
            .filter(|field| field.operator == "=")
            .filter_map(|field| Some((field.name, field.value.literal()?)));
        let (asset, name) = (lookup.access.asset, lookup.field.name);
        let question: Question = (asset, name, constants.collect());
        *self
            .0
            .entry(question)
            .or_insert_with(|| is_name(map, lookup) || is_handle(map, lookup))
    }
}

/// What a record is found by at many doors, at one of which clients write what it says, is what it is called by,
/// however it was made: an article has a random number in its address, and is no invite to it.
fn is_handle(map: &Map, lookup: &Lookup<'_>) -> bool {
    let is_by = |access: &Access| {
        access.key.iter().any(|field| {
            field.name == lookup.field.name
                && field.operator == "="
                && crate::lookups::is_presented(&field.value)
        })
    };
    let found =
        || accesses_of_asset(map, lookup.access.asset).filter(|(_, _, access)| is_by(access));
    let doors: FxHashSet<*const EntryPoint> = found()
        .map(|(entry, ..)| std::ptr::from_ref(entry))
        .collect();
    let mut written = found().filter(|(_, _, access)| access.operation == Operation::Update);
    doors.len() >= MANY_DOORS
        && written.any(|(_, _, access)| {
            let mut values = access.values.iter();
            values.any(|field| field.value.is_from_client())
        })
}

/// Where the record is made, what the client sends is looked for as it is, and chance has a part only where that is taken:
/// a name to be called by, and no secret.
fn is_name(map: &Map, lookup: &Lookup<'_>) -> bool {
    let mut made: FxHashMap<*const EntryPoint, FxHashSet<&Provenance>> = FxHashMap::default();
    for (entry, _, put) in makers(map, lookup) {
        made.entry(std::ptr::from_ref(entry))
            .or_default()
            .insert(put);
    }
    let is_sent = |origin: &Origin| origin.is_from_client() || matches!(origin, Origin::Literal(_));
    let is_looked_for = |field: &&Field| {
        field.name == lookup.field.name
            && field.value.is_from_client()
            && field.value.origins().iter().all(is_sent)
    };
    let mut asked: FxHashSet<(*const EntryPoint, &Provenance)> = FxHashSet::default();
    accesses_of_asset(map, lookup.access.asset)
        .filter(|(_, _, access)| !access.operation.is_write())
        .filter_map(|(entry, _, access)| {
            Some((made.get(&std::ptr::from_ref(entry))?, entry, access))
        })
        .any(|(made, entry, access)| {
            access.key.iter().filter(is_looked_for).any(|field| {
                asked.insert((std::ptr::from_ref(entry), &field.value))
                    && made.iter().any(|put| {
                        let mut origins = field.value.origins().iter();
                        origins.all(|origin| put.origins().contains(origin))
                    })
            })
        })
}

fn admits(
    map: &Map,
    accounts: &[Ustr],
    lookup: &Lookup<'_>,
    effect: &Effect,
    access: &Access,
) -> bool {
    let is_write = matches!(access.operation, Operation::Create | Operation::Update);
    if !is_write
        || access.asset == lookup.access.asset
        || are_exclusive(lookup.entry, effect, lookup.effect)
        || access.values.iter().any(|field| field.operator == "+=")
        || is_credited(lookup)
    {
        return false;
    }
    let names = [lookup.access.asset];
    let copies = access
        .values
        .iter()
        .chain(&access.key)
        .any(|field| is_of_any(&field.value, &names));
    let is_behind = lookup
        .entry
        .checks_of(effect)
        .any(|check| check.refusal.is_some() && is_of_any(&check.provenance(), &names));
    if accounts.contains(&access.asset) {
        // Whose the record is, is no right that it brings.
        let is_person = |field: &Field| {
            let declared = map.asset(access.asset).and_then(|it| it.field(&field.name));
            let refers = declared.and_then(|field| field.refers_to);
            refers.is_some_and(|other| accounts.contains(&other))
        };
        let decides = access.values.iter().any(|field| {
            (is_of_any(&field.value, &names) || field.value.is_from_client())
                && is_decisive(map, access.asset, field.name)
                && !is_person(field)
        });
        return (decides || filled_field(map, access).is_some()) && (copies || is_behind);
    }
    // A coupon changes what a record of the caller's holds; an invite makes the record that says where he belongs.
    // Whoever had to be known and lets somebody else in is at home there: he invites.
    let is_known = lookup
        .entry
        .verdict(crate::Control::Authentication)
        .refuses();
    let names_person = |field: &Field| {
        is_principal(&field.value) || !is_known && is_of_any(&field.value, accounts)
    };
    // What the found record names may be read by its number first.
    let is_named = |read: &Access| {
        let mut key = read.key.iter();
        read.operation == Operation::Read
            && !accounts.contains(&read.asset)
            && key.any(|it| {
                crate::lookups::is_identifier(&it.name)
                    && is_of_any(&it.value, &names)
                    && is_copy(&it.value)
            })
    };
    let named: Vec<Ustr> = handler_accesses(lookup.entry)
        .filter(|(_, read)| is_named(read))
        .map(|(_, read)| read.asset)
        .collect();
    let is_number_of_named = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if named.contains(asset) && crate::lookups::is_identifier(field))
    };
    // The number of one that is made here, as a new group by whoever names a friend's, is not that of the found one.
    let is_made_here = handler_accesses(lookup.entry).any(|(made, other)| {
        other.asset == lookup.access.asset
            && other.operation == Operation::Create
            && !are_exclusive(lookup.entry, effect, made)
    });
    let is_of_found = |value: &Provenance| {
        is_of_any(value, &names)
            && !(is_made_here
                && value
                    .record_fields(lookup.access.asset)
                    .all(|field| crate::lookups::is_identifier(&field)))
    };
    let is_taken_over = |field: &Field| {
        is_copy(&field.value)
            && (is_of_found(&field.value) || field.value.origins().iter().any(is_number_of_named))
    };
    let is_tied = |fields: &[Field]| fields.iter().any(names_person);
    let is_new = access.operation == Operation::Create || is_tied(&access.values);
    // Who is let in is one thing, and where another: a profile that is made for the owner of what was found lets
    // nobody in.
    let all = || access.values.iter().chain(&access.key);
    let is_both = |person: &Field| {
        names_person(person) && all().any(|field| field.name != person.name && is_taken_over(field))
    };
    is_new && all().any(is_both) && is_membership(map, access.asset)
}

/// A number that the found record holds is added to what somebody has: a gift card is paid out, and what is noted of that
/// lets nobody in.
fn is_credited(lookup: &Lookup<'_>) -> bool {
    let asset = lookup.access.asset;
    let is_sum = |field: &Field| {
        let mut own = field.value.record_fields(asset);
        field.operator == "+="
            && own.any(|name| !name.is_empty() && !crate::lookups::is_identifier(&name))
    };
    handler_accesses(lookup.entry).any(|(effect, access)| {
        access.asset != asset
            && access.values.iter().any(is_sum)
            && !are_exclusive(lookup.entry, effect, lookup.effect)
    })
}

/// Returns a field by which the application later decides, if the access stores whatever the client sends, and the
/// server does not set that one.
pub fn filled_field(map: &Map, access: &Access) -> Option<Ustr> {
    if !access.spread.iter().any(Provenance::is_from_client) {
        return None;
    }
    let is_set = |name: Ustr| {
        let mut values = access.values.iter();
        values.any(|field| field.name == name && !field.value.origins().is_empty())
    };
    let fields = map.asset(access.asset)?.fields.iter();
    let mut names = fields.map(|field| field.name);
    names.find(|name| !is_set(*name) && is_decisive(map, access.asset, *name))
}

/// Holds if what is found is itself what is joined, by a code that those share who take part, and is open in one of
/// its states only: a game that has not begun.
pub fn is_group_code(admission: &Admission<'_>) -> bool {
    if !crate::lookups::has_state(&admission.lookup) {
        return false;
    }
    let asset = admission.lookup.access.asset;
    let values = admission.access.values.iter().chain(&admission.access.key);
    let mut taken = values
        .flat_map(|field| field.value.record_fields(asset))
        .peekable();
    taken.peek().is_some() && taken.all(|field| crate::lookups::is_identifier(&field))
}

/// Holds if nothing is worked out: the value is a stored one as it is.
fn is_copy(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .all(|origin| matches!(origin, Origin::Record { .. } | Origin::Literal(_)))
}

/// Holds if records of `asset` are looked up by who is asking, together with something else. A look-up that only
/// makes sure of a record, `get_or_create`, decides nothing.
pub fn is_membership(map: &Map, asset: Ustr) -> bool {
    let known = map.facts.memberships.get_or_init(|| memberships(map));
    known.contains(&asset)
}

fn memberships(map: &Map) -> FxHashSet<Ustr> {
    let mut found = FxHashSet::default();
    for entry in &map.entry_points {
        let accesses = crate::query::accesses(entry);
        let made: FxHashSet<(Span, Ustr)> = accesses
            .filter(|(_, access)| access.operation == Operation::Create)
            .map(|(effect, access)| (effect.span, access.asset))
            .collect();
        for (effect, access) in crate::query::accesses(entry) {
            if !access.operation.is_write()
                && access.key.iter().any(|field| is_principal(&field.value))
                && !made.contains(&(effect.span, access.asset))
            {
                found.insert(access.asset);
            }
        }
    }
    found
}

/// What is asked of callers: by a check that refuses, or as part of a key.
#[derive(Debug, Default)]
pub(crate) struct Decisive {
    /// Fields of the caller's own records.
    fields: FxHashSet<(Ustr, Ustr)>,
    /// What is proven of the caller.
    claims: FxHashSet<Ustr>,
}

impl Decisive {
    fn of(map: &Map) -> Decisive {
        let mut known = Decisive::default();
        for entry in &map.entry_points {
            let refusing = entry.checks.iter().filter(|check| check.refusal.is_some());
            for check in refusing.filter(|check| !is_for_form(check)) {
                // What led to a value says what is asked only where nothing is left of the value itself.
                let asks_whether = check.kind == CheckKind::Presence;
                if is_blank(check) {
                    known.add(&check.control, asks_whether);
                }
                let operands = check.operands.iter();
                operands.for_each(|operand| known.add(operand, asks_whether));
            }
            for (_, access) in crate::query::accesses(entry) {
                let key = access.key.iter();
                key.for_each(|field| known.add(&field.value, false));
            }
        }
        known
    }

    fn add(&mut self, value: &Provenance, asks_whether: bool) {
        let claims = value.origins().iter();
        let claims = claims.filter(|it| matches!(it, Origin::Principal(_)));
        // Whether the token carries an account at all asks nothing of what stands in it; one of several claims that is
        // held against something does.
        let is_whole = asks_whether && claims.count() > 2;
        for origin in value.origins() {
            match origin {
                Origin::Record {
                    asset,
                    field,
                    of_principal: true,
                } => {
                    self.fields.insert((*asset, *field));
                }
                Origin::Principal(claim) if !is_whole => {
                    self.claims.insert(*claim);
                }
                _ => {}
            }
        }
    }
}

fn is_blank(check: &Check) -> bool {
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    !examined.any(|origin| !matches!(origin, Origin::Unknown(_) | Origin::Literal(_)))
}

/// Holds if a request is called malformed, or is given up, because something is missing, as the letter that is signed
/// with a name: that asks nobody what he may do.
fn is_for_form(check: &Check) -> bool {
    // What is asked for itself, and not what was made of it, is thrown out for what it is.
    let is_bare = || {
        let mut examined = check.operands.iter().flat_map(Provenance::origins);
        examined.all(|it| {
            matches!(
                it,
                Origin::Principal(_) | Origin::Record { .. } | Origin::Literal(_)
            )
        })
    };
    let is_given_up = match &check.refusal {
        Some(Refusal::Throw(None)) => !is_bare(),
        Some(refusal) => matches!(refusal.status(), Some(400 | 422 | 500..)),
        None => false,
    };
    let says_rank = |origin: &Origin| match origin {
        Origin::Principal(field) | Origin::Record { field, .. } => is_attribute(field),
        _ => false,
    };
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    check.kind == CheckKind::Presence && is_given_up && !examined.any(says_rank)
}

/// Holds if a check that refuses somewhere examines that field of the caller's own record, or a look-up uses it
/// as part of its key. What a person logs in with says who he is, and not what he may do.
pub fn is_decisive(map: &Map, asset: Ustr, name: Ustr) -> bool {
    if crate::passwords::is_password(map, asset, name) || crate::invitees::is_login_name(map, name)
    {
        return false;
    }
    let known = map.facts.decisive.get_or_init(|| Decisive::of(map));
    known.claims.contains(&name) || known.fields.contains(&(asset, name))
}

//! The fields of records that clients should not set: shared by the rules about stored input.
//!
//! A field is privileged because of what the application does with it: it says whose a record is, guards ask for
//! it, or the server counts with it. A name alone is weak evidence, and counts for declared fields only.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use firedoor_app::{Check, CheckKind, Map, Operation, Origin, Provenance, RequestPart, query};
use firedoor_source::Span;
use ustr::Ustr;

/// A privileged field.
#[derive(Clone, Debug)]
pub struct Privilege {
    /// The field.
    pub field: Ustr,
    /// A place that shows it.
    pub span: Span,
    /// What the place shows, as a sentence.
    pub because: String,
    /// Whether guards or ownership rest on it.
    pub is_strong: bool,
}

/// The privileged fields of each asset that somebody asks for, worked out once: all entry points tell of them.
pub struct Privileges<'m> {
    map: &'m Map,
    known: RefCell<BTreeMap<Ustr, Rc<[Privilege]>>>,
}

impl<'m> Privileges<'m> {
    /// Begins with none.
    pub fn new(map: &'m Map) -> Privileges<'m> {
        Privileges {
            map,
            known: RefCell::default(),
        }
    }

    /// Returns the map that they are of.
    pub fn map(&self) -> &'m Map {
        self.map
    }

    /// Returns those of `asset`, the strongest first.
    pub fn of(&self, asset: Ustr) -> Rc<[Privilege]> {
        let mut known = self.known.borrow_mut();
        let fields = known
            .entry(asset)
            .or_insert_with(|| privileged_fields(self.map, asset).into());
        Rc::clone(fields)
    }
}

fn privileged_fields(map: &Map, asset: Ustr) -> Vec<Privilege> {
    let mut found = checked_fields(map, asset);
    found.extend(owner_fields(map, asset));
    found.extend(counted_fields(map, asset));
    found.extend(named_fields(map, asset));
    let mut seen: Vec<Ustr> = Vec::new();
    found.retain(|privilege| {
        let is_new = !seen.contains(&privilege.field) && !is_key(&privilege.field);
        if is_new {
            seen.push(privilege.field);
        }
        is_new
    });
    found
}

/// Holds for what a record is found by.
pub fn is_key(field: &str) -> bool {
    matches!(field, "" | "id" | "_id" | "key" | "uuid" | "pk")
}

/// Fields of the caller's account that refusing checks examine.
fn checked_fields(map: &Map, asset: Ustr) -> Vec<Privilege> {
    if !query::account_assets(map).contains(&asset) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for entry in &map.entry_points {
        let own = entry.checks.iter();
        let own = own.filter(|check| check.refusal.is_some() && is_about_caller(check, asset));
        for check in own {
            for field in examined_fields(check, asset) {
                if is_rank(&field) {
                    found.push(Privilege {
                        field,
                        span: check.span,
                        because: format!("`{field}` decides what the caller may do"),
                        is_strong: true,
                    });
                }
            }
        }
    }
    found
}

/// The fields of the caller's account that the check examines; where nothing is left of what it examined, as of a number
/// that a table says of his role, those that decided it. Whether he is there as a whole asks for none of them.
fn examined_fields(check: &Check, asset: Ustr) -> Vec<Ustr> {
    let of_caller = |value: &Provenance| -> Vec<Ustr> {
        let fields = value.origins().iter().filter_map(|origin| match origin {
            Origin::Record {
                asset: kept,
                field,
                of_principal: true,
            } if *kept == asset => Some(*field),
            _ => None,
        });
        fields.collect()
    };
    let is_constant = |origin: &Origin| matches!(origin, Origin::Unknown(_) | Origin::Literal(_));
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    if examined.all(is_constant) {
        return match check.kind {
            CheckKind::Shape | CheckKind::Failure => Vec::new(),
            _ => of_caller(&check.control),
        };
    }
    let operands = check.operands.iter().map(of_caller);
    let is_nothing = |operand: &Provenance| operand.literal().is_some_and(|text| text == "null");
    let asks_for_any = match check.kind {
        CheckKind::Presence | CheckKind::Failure | CheckKind::Shape => true,
        _ => check.operands.iter().any(is_nothing),
    };
    let is_whole = |fields: &Vec<Ustr>| asks_for_any && fields.len() > 1;
    operands.filter(|it| !is_whole(it)).flatten().collect()
}

fn is_about_caller(check: &Check, asset: Ustr) -> bool {
    let examined = check.operands.iter().chain([&check.control]);
    examined.flat_map(Provenance::origins).any(|origin| {
        matches!(origin, Origin::Record { asset: kept, of_principal: true, .. } if *kept == asset)
    })
}

/// Holds if a field that is checked says what somebody may do; people may set their own address and password.
fn is_rank(field: &str) -> bool {
    let name = field.to_ascii_lowercase();
    !["mail", "password", "name", "phone", "secret", "token"]
        .iter()
        .any(|word| name.contains(word))
}

fn owner_fields(map: &Map, asset: Ustr) -> Vec<Privilege> {
    let mut found = Vec::new();
    for (_, effect, access) in query::accesses_of_asset(map, asset) {
        let shown = match access.operation {
            Operation::Create => &access.values,
            _ => &access.key,
        };
        for field in shown
            .iter()
            .filter(|field| query::is_principal(&field.value) && is_nothing_else(&field.value))
        {
            found.push(Privilege {
                field: field.name,
                span: effect.span,
                because: format!("`{}` says whose a {asset} is", field.name),
                is_strong: true,
            });
        }
    }
    found
}

/// What is made of many things, one of which has to do with the caller, says of nothing whose it is.
fn is_nothing_else(value: &Provenance) -> bool {
    value.origins().iter().all(|origin| match origin {
        Origin::Request(RequestPart::Session | RequestPart::Context, _) => true,
        Origin::Literal(_) | Origin::Unknown(_) => true,
        other => query::is_principal(&Provenance::new([other.clone()])),
    })
}

/// Fields that the server counts up or down.
fn counted_fields(map: &Map, asset: Ustr) -> Vec<Privilege> {
    let mut found = Vec::new();
    for (_, effect, access) in query::accesses_of_asset(map, asset) {
        for field in access.values.iter().filter(|field| field.operator == "+=") {
            found.push(Privilege {
                field: field.name,
                span: effect.span,
                because: format!("the server counts with `{}`", field.name),
                is_strong: is_privileged_name(&field.name)
                    || firedoor_app::is_taken_from(map, asset, field.name),
            });
        }
    }
    found
}

fn named_fields(map: &Map, asset: Ustr) -> Vec<Privilege> {
    let Some(declared) = map.asset(asset) else {
        return Vec::new();
    };
    declared
        .fields
        .iter()
        .filter(|field| is_privileged_name(&field.name))
        .map(|field| Privilege {
            field: field.name,
            span: declared.span,
            because: format!("{asset} has `{}`", field.name),
            is_strong: query::account_assets(map).contains(&asset),
        })
        .collect()
}

/// Holds if a field is named like rank, money or proof.
pub fn is_privileged_name(name: &str) -> bool {
    is_rank_name(name) || is_money_name(name)
}

/// Holds if any word of a name does, in lower case. It is asked of every field that is written.
pub fn find_word(name: &str, mut holds: impl FnMut(&str) -> bool) -> bool {
    let mut word = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if matches!(character, '_' | '-' | '.' | ' ') || (was_lower && character.is_uppercase()) {
            if holds(&word) {
                return true;
            }
            word.clear();
        }
        was_lower = character.is_lowercase();
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    holds(&word)
}

/// Holds if a field is named like what somebody may do.
pub fn is_rank_name(name: &str) -> bool {
    find_word(name, |word| {
        matches!(
            word,
            "role"
                | "roles"
                | "admin"
                | "superuser"
                | "staff"
                | "permission"
                | "permissions"
                | "verified"
                | "banned"
                | "plan"
                | "tier"
                | "moderator"
        )
    })
}

/// Holds if a field is named like something that is worth money.
pub fn is_money_name(name: &str) -> bool {
    find_word(name, |word| {
        is_money_word(word) && (word != "total" || !is_total_of_things(name))
    })
}

/// `total_checks` and `totalVisits` count what happened; `total`, `total_amount` and `totalPaid` are sums of money.
fn is_total_of_things(name: &str) -> bool {
    let mut after = false;
    let mut is_things = false;
    let is_money = find_word(name, |word| {
        is_things |= after;
        after |= word == "total";
        word != "total" && (is_money_word(word) || is_sum_word(word))
    });
    is_things && !is_money
}

fn is_sum_word(word: &str) -> bool {
    matches!(
        word,
        "value"
            | "sum"
            | "due"
            | "prices"
            | "charge"
            | "charges"
            | "fees"
            | "tax"
            | "net"
            | "gross"
            | "spent"
            | "earned"
    )
}

/// Holds if a field counts like money: by its name, or because somebody pays with it.
pub fn is_money(map: &Map, asset: Ustr, name: Ustr) -> bool {
    is_money_name(&name) || firedoor_app::is_taken_from(map, asset, name)
}

/// Returns the words of a name that are about money, or about what counts like it.
pub fn money_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    find_word(name, |word| {
        if is_money_word(word) {
            words.push(word.to_owned());
        }
        false
    });
    words
}

/// Holds for a word that says in what an amount is counted, and not what it is for.
pub fn is_unit(word: &str) -> bool {
    matches!(word, "cents" | "pence")
}

fn is_money_word(word: &str) -> bool {
    matches!(
        word,
        "price"
            | "cents"
            | "pence"
            | "prize"
            | "stake"
            | "payout"
            | "amount"
            | "cost"
            | "costs"
            | "total"
            | "balance"
            | "coins"
            | "coin"
            | "credits"
            | "credit"
            | "reward"
            | "points"
            | "gems"
            | "gem"
            | "gold"
            | "cash"
            | "diamonds"
            | "score"
            | "rating"
            | "xp"
            | "fee"
            | "discount"
            | "paid"
            | "money"
            | "wallet"
            | "stock"
    )
}

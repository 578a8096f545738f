//! Numbers and ranks that the client sends and handlers store: shared by the rules about business logic.

use std::collections::BTreeSet;

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EntryPoint, Field, Map, Operation, Origin,
    Provenance, RequestPart, ownership, query,
};
use ustr::Ustr;

use crate::privileged::{is_money_name, is_unit, money_words};

/// Holds if the request is known to come from another server: a signature or shared key is checked, and there is no
/// caller.
pub fn is_from_server(entry: &EntryPoint) -> bool {
    entry.verdict(Control::Authentication).refuses() && !ownership::knows_caller(entry)
}

/// Returns the fields of the body, query or message that the value comes from, by their last names.
pub fn sent_fields(value: &Provenance) -> Vec<(Origin, Ustr)> {
    value
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Message | RequestPart::Path,
                name,
            ) if !name.is_empty() => {
                let last = name.rsplit('.').next().unwrap_or(name);
                Some((origin.clone(), Ustr::from(last)))
            }
            _ => None,
        })
        .collect()
}

/// Returns the writes of a handler, field by field.
pub fn written_fields(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Access, &Field)> {
    query::handler_accesses(entry)
        .filter(|(_, access)| matches!(access.operation, Operation::Create | Operation::Update))
        .flat_map(|(effect, access)| {
            access
                .values
                .iter()
                .map(move |field| (effect, access, field))
        })
}

/// Holds if the field is counted with: it is counted up or down, or its new value comes from its old one.
pub fn is_counted(access: &Access, field: &Field) -> bool {
    matches!(field.operator, "+=" | "-=")
        || (access.operation == Operation::Update
            && field
                .value
                .record_fields(access.asset)
                .any(|name| name == field.name))
}

/// The checks of an entry point that hold something against what the server keeps: few of many, and asked for each value
/// that is sent.
pub struct Bounds<'m> {
    entry: &'m EntryPoint,
    /// By the numbers of the checks.
    is_one: Vec<bool>,
}

impl<'m> Bounds<'m> {
    /// Reads the checks of the entry point.
    pub fn of(entry: &'m EntryPoint) -> Bounds<'m> {
        let is_kept =
            |origin: &Origin| matches!(origin, Origin::Record { .. } | Origin::Environment { .. });
        let is_sent = |origin: &Origin| matches!(origin, Origin::Request(..));
        let is_one = entry.checks.iter().map(|check| {
            check.kind != CheckKind::Failure
                && check.operand_origins().any(is_sent)
                && check.operand_origins().any(is_kept)
        });
        Bounds {
            entry,
            is_one: is_one.collect(),
        }
    }

    /// Holds if a check before the effect refuses unless what was sent goes with something that the server keeps. A
    /// balance that suffices says nothing of a price.
    pub fn is_held_against_server(
        &self,
        effect: &Effect,
        sent: &Origin,
        balance: (Ustr, Ustr),
    ) -> bool {
        let is_kept = |origin: &Origin| match origin {
            Origin::Record { asset, field, .. } => (*asset, *field) != balance,
            Origin::Environment { .. } => true,
            _ => false,
        };
        let is_sent = |operand: &Provenance| operand.has(sent);
        // What is either the client's or the server's is not held against the server's.
        let is_other =
            |operand: &Provenance| !is_sent(operand) && operand.origins().iter().any(is_kept);
        // What is counted with is worked out from both.
        let is_counted = |origin: &Origin| {
            let Origin::Record { asset, field, .. } = origin else {
                return false;
            };
            written_fields(self.entry)
                .any(|(_, access, written)| access.asset == *asset && written.name == *field)
        };
        let is_one_of_both = |operand: &Provenance| {
            let mut origins = operand.origins().iter();
            is_sent(operand) && !origins.clone().any(is_counted)
                || origins.all(|it| matches!(it, Origin::Literal(_)))
        };
        let ids = effect.checks.iter();
        let mut bounds = ids.filter(|id| self.is_one.get(id.0 as usize) == Some(&true));
        bounds.any(|id| {
            let check = self.entry.check(*id);
            let is_of_form = || {
                matches!(
                    check.kind,
                    CheckKind::Bound | CheckKind::Shape | CheckKind::Presence
                ) && check.operands.iter().all(is_one_of_both)
            };
            check.operands.iter().any(is_sent)
                && (check.operands.iter().any(is_other)
                    || check.operand_origins().any(is_kept) && !is_of_form())
        })
    }
}

/// Holds if a check before the effect compares the number with the stored field, as one does before taking from it.
pub fn is_compared_with_balance(
    entry: &EntryPoint,
    effect: &Effect,
    sent: &Origin,
    balance: (Ustr, Ustr),
) -> bool {
    entry.checks_of(effect).any(|check| {
        let is_balance = |origin: &Origin| {
            matches!(origin, Origin::Record { asset, field, .. } if (*asset, *field) == balance)
        };
        check.kind == CheckKind::Bound
            && check.origins().any(|it| it == sent)
            && check.origins().any(is_balance)
    })
}

/// Holds if a check before the effect refuses what is below zero or one, or whatever the server has no place for.
pub fn has_lower_bound(entry: &EntryPoint, effect: &Effect, sent: &Origin) -> bool {
    let mut checks = entry.checks_of(effect);
    if checks.any(|check| is_one_of_known(check, sent)) {
        return true;
    }
    entry
        .checks_of(effect)
        .filter(|check| check.kind == CheckKind::Bound)
        .map(|check| bounds_of(check, sent))
        .any(|bounds| {
            bounds.len() > 1
                || bounds.iter().any(|limit| {
                    (0.0..=1.0).contains(limit)
                        || (-1.0..0.0).contains(limit) && is_excepted(entry, effect, sent, *limit)
                })
        })
}

/// Holds if a check lets on only what is among something of the server's: a list, a table, a range of numbers.
fn is_one_of_known(check: &Check, sent: &Origin) -> bool {
    let mut others = check.operands.iter().filter(|it| !it.has(sent)).peekable();
    check.kind == CheckKind::Membership
        && check.outcome
        && !check.is_alternative
        && check.operands.iter().any(|it| it.has(sent))
        && others.peek().is_some()
        && others.all(|it| !it.is_from_client())
}

/// Holds if the one number below zero that the bound lets through is asked for by itself: it stands for something.
fn is_excepted(entry: &EntryPoint, effect: &Effect, sent: &Origin, number: f64) -> bool {
    entry.checks_of(effect).any(|check| {
        let mut literals = check.operands.iter().filter_map(Provenance::literal);
        check.kind == CheckKind::Equality
            && !check.outcome
            && check.origins().any(|origin| origin == sent)
            && literals.any(|text| text.parse() == Ok(number))
    })
}

/// Holds if what was sent is compared with a number, so that it is one.
pub fn is_bounded_number(entry: &EntryPoint, effect: &Effect, sent: &Origin) -> bool {
    entry
        .checks_of(effect)
        .any(|check| check.kind == CheckKind::Bound && !bounds_of(check, sent).is_empty())
}

/// The constants that follow or precede the value in a check of bounds.
fn bounds_of(check: &Check, sent: &Origin) -> Vec<f64> {
    check
        .operands
        .chunks(2)
        .filter(|pair| pair.iter().any(|operand| operand.has(sent)))
        .flat_map(|pair| pair.iter().filter_map(Provenance::literal))
        .filter_map(|text| text.parse::<f64>().ok())
        .collect()
}

/// What the server may know by itself: the declared fields that are about money, and what handlers count with.
pub struct Known {
    /// The number of the asset, its name, the field, and what the field says of money in words. What somebody has to pay
    /// with says nothing of what a thing costs, and is not among them.
    worths: Vec<(usize, Ustr, Ustr, Vec<String>)>,
    counted: BTreeSet<(Ustr, Ustr)>,
}

impl Known {
    /// Reads the assets and the writes of the map.
    pub fn of(map: &Map) -> Known {
        let assets = map.assets.iter().enumerate();
        let fields = assets.flat_map(|(number, asset)| {
            let fields = asset.fields.iter();
            fields.map(move |field| (number, asset.name, field.name, money_words(&field.name)))
        });
        let worths = fields.filter(|(_, asset, field, words)| {
            !words.is_empty() && !firedoor_app::is_taken_from(map, *asset, *field)
        });
        let written = map.entry_points.iter().flat_map(written_fields);
        let counted = written.filter(|(_, access, field)| is_counted(access, field));
        Known {
            worths: worths.collect(),
            counted: counted
                .map(|(_, access, field)| (access.asset, field.name))
                .collect(),
        }
    }

    /// Holds if some handler counts with the field.
    pub fn is_counted_with(&self, asset: Ustr, field: Ustr) -> bool {
        self.counted.contains(&(asset, field))
    }

    /// Returns an asset that the handler reads, and the field of it that says what a thing costs, where what was sent is
    /// called after that.
    fn price_of_read(&self, entry: &EntryPoint, sent: &str) -> Option<(Ustr, Ustr)> {
        let is_price = |word: &String| matches!(word.as_str(), "price" | "cost" | "costs" | "fee");
        let wanted: Vec<String> = money_words(sent).into_iter().filter(is_price).collect();
        let mut known = self.worths.iter().filter(|(_, asset, field, words)| {
            words.iter().any(|word| wanted.contains(word))
                && reads(entry, *asset)
                && !self.is_counted_with(*asset, *field)
        });
        known.next().map(|(_, asset, field, _)| (*asset, *field))
    }

    /// Returns an asset, and its field, by which the server knows the value itself: another asset with a field that
    /// shares a word about money with what was sent. One that the handler reads comes first.
    pub fn servers_own(
        &self,
        entry: &EntryPoint,
        written: Ustr,
        sent: &str,
    ) -> Option<(Ustr, Ustr)> {
        let wanted = money_words(sent);
        if wanted.is_empty() {
            return None;
        }
        let mut known: Vec<(usize, Ustr, Ustr)> = Vec::new();
        for (number, asset, field, words) in &self.worths {
            let is_new = known.last().is_none_or(|(last, ..)| last != number);
            let mut shared = words.iter().filter(|word| wanted.contains(word));
            // Two amounts of the same currency need not be about the same.
            let says_more = |word: &String| !is_unit(word) || words.len() > 1 || field == word;
            if is_new && *asset != written && shared.any(says_more) {
                known.push((*number, *asset, *field));
            }
        }
        known.sort_by_key(|(_, asset, _)| !reads(entry, *asset));
        // What grows and shrinks is what somebody has, and says nothing of what a thing is worth.
        let mut known = known.into_iter();
        // What the same request says there, too, the server does not know better.
        let is_said_here = |asset: Ustr, name: Ustr| {
            written_fields(entry).any(|(_, access, field)| {
                (access.asset, field.name) == (asset, name) && field.value.is_from_client()
            })
        };
        let found = known.find(|(_, asset, field)| {
            !self.is_counted_with(*asset, *field) && !is_said_here(*asset, *field)
        })?;
        Some((found.1, found.2))
    }
}

/// Holds if what is moved is the price of a thing, and not a gift: whoever gets it is named by a record that was read and
/// that says what it costs itself, by a field which shares a word about money with what was sent.
pub fn is_price_of_read(
    map: &Map,
    known: &Known,
    entry: &EntryPoint,
    (sent, name): (&Origin, Ustr),
) -> bool {
    let Some((priced, price)) = known.price_of_read(entry, &name) else {
        return false;
    };
    let is_named_by = |access: &Access| {
        let mut key = access.key.iter();
        access.asset != priced
            && key.any(|field| {
                let mut names = field.value.record_fields(priced);
                !query::is_principal(&field.value) && names.any(|name| name != price)
            })
    };
    let is_sent = |field: &Field| field.value.has(sent);
    // What the caller gets for it hangs on no amount: it becomes his, or a record says that he has it.
    let is_his = |access: &Access| {
        let mut values = access.values.iter();
        access.operation.is_write()
            && !is_journal(map, access.asset)
            && values.any(|field| query::is_principal(&field.value) && !is_sent(field))
    };
    let mut changes = query::handler_accesses(entry)
        .map(|(_, access)| access)
        .filter(|access| {
            access.operation == Operation::Update && access.values.iter().any(is_sent)
        });
    let is_bargained = query::handler_accesses(entry).any(|(_, access)| {
        let mut key = access.key.iter();
        key.any(|field| field.operator == "=" && is_sent(field))
    });
    changes.any(is_named_by)
        && !is_bargained
        && query::handler_accesses(entry).any(|(_, access)| is_his(access))
}

/// Holds if records of the asset are made wherever money is moved: they say that it was, and are not what it was paid for.
fn is_journal(map: &Map, asset: Ustr) -> bool {
    let moves = |entry: &&EntryPoint| {
        let makes = query::handler_accesses(entry)
            .any(|(_, it)| it.asset == asset && it.operation == Operation::Create);
        makes
            && written_fields(entry).any(|(_, access, field)| {
                access.asset != asset && is_counted(access, field) && is_money_name(&field.name)
            })
    };
    map.entry_points.iter().filter(moves).count() > 1
}

/// Whoever moves an amount has it: it is taken from the caller, or from what is his group's, only where enough is
/// there, and somebody else gets it, or another purse.
pub fn is_paid(entry: &EntryPoint, taking: &[(&Effect, &Access)], sent: &Origin) -> bool {
    let is_sent = |field: &Field| field.value.has(sent);
    let is_own = |access: &Access| {
        access
            .key
            .iter()
            .any(|field| query::is_principal(&field.value))
    };
    // The purse of a group that he was found in with the right to take from it is as good as his.
    let is_his = |effect: &Effect, taken: &Access| {
        let ties = ownership::ties(entry, effect);
        is_own(taken)
            || taken
                .values
                .iter()
                .any(|field| field.operator == "-=" && is_sent(field))
                && taken
                    .key
                    .iter()
                    .any(|field| field.operator == "=" && ties.touches(&field.value))
    };
    let is_enough = |field: &Field| matches!(field.operator, ">" | ">=") && is_sent(field);
    let changes = || {
        query::handler_accesses(entry).filter(|(_, access)| {
            access.operation == Operation::Update && access.values.iter().any(is_sent)
        })
    };
    // What is taken pays for itself only where something that is stored has a part in it.
    let is_another = |taken: &Access, given: &Access| {
        let is_worked_out = |field: &Field| {
            let mut origins = field.value.origins().iter();
            is_sent(field) && origins.any(|it| matches!(it, Origin::Record { .. }))
        };
        !std::ptr::eq(given, taken) || taken.values.iter().any(is_worked_out)
    };
    let gets = |taken: &Access, given: &Access| {
        // A common purse that the caller belongs to gets what he loses.
        let is_raised = |field: &Field| field.operator == "+=" && is_sent(field);
        match given.asset == taken.asset {
            true => !is_own(given),
            false => given.values.iter().any(is_raised),
        }
    };
    taking.iter().any(|(effect, taken)| {
        taken.key.iter().any(is_enough)
            && taken.values.iter().any(is_sent)
            && is_his(effect, taken)
            && changes().any(|(_, given)| is_another(taken, given) && gets(taken, given))
    })
}

/// The changes that happen only where there is more than something: few of many, and asked for each value that is sent.
pub fn takings(entry: &EntryPoint) -> Vec<(&Effect, &Access)> {
    let is_bound = |field: &Field| matches!(field.operator, ">" | ">=");
    let changes =
        query::handler_accesses(entry).filter(|(_, access)| access.operation == Operation::Update);
    changes
        .filter(|(_, access)| access.key.iter().any(is_bound))
        .collect()
}

/// Holds if what was sent is taken from this field, where there is enough: by the same statement, or because who has
/// less was refused before.
pub fn is_paid_from(entry: &EntryPoint, asset: Ustr, name: Ustr, sent: &str) -> bool {
    let is_sent = |field: &Field, operators: &[&str]| {
        let mut all = sent_fields(&field.value).into_iter();
        field.name == name && operators.contains(&field.operator) && all.any(|(_, it)| it == sent)
    };
    let is_asked = |check: &Check| {
        let names_it = |value: &Provenance| value.record_fields(asset).any(|it| it == name);
        let is_amount = |value: &Provenance| sent_fields(value).iter().any(|(_, it)| it == sent);
        check.kind == CheckKind::Bound
            && check.refusal.is_some()
            && check
                .operands
                .iter()
                .any(|it| names_it(it) && it.is_of_principal())
            && check.operands.iter().any(is_amount)
    };
    query::handler_accesses(entry).any(|(effect, access)| {
        access.asset == asset
            && access.operation == Operation::Update
            && access
                .values
                .iter()
                .any(|field| is_sent(field, &["-=", "+=", "="]))
            && (access.key.iter().any(|field| is_sent(field, &[">", ">="]))
                || entry.checks_of(effect).any(is_asked))
    })
}

/// Holds if the handler reads records of the asset.
pub fn reads(entry: &EntryPoint, asset: Ustr) -> bool {
    query::handler_accesses(entry)
        .any(|(_, access)| access.asset == asset && access.operation == Operation::Read)
}

/// Holds if records of the asset are read at all on the way: a number that is compared without that is what a change
/// gave back, so that it was counted first, and asked then.
pub fn is_read_on_the_way(entry: &EntryPoint, asset: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| access.asset == asset && !access.operation.is_write())
}

/// The effect is done in a loop that goes on as long as the number that was sent says: a bound on it that refuses nobody,
/// and that the payment is not behind. A loop counts from 0 or 1; what is held against another number is asked once.
pub fn is_done_so_often(entry: &EntryPoint, made: &Effect, paid: &Effect, sent: &str) -> bool {
    let is_once = |value: &Provenance| {
        let number = value.literal().and_then(|text| text.parse::<f64>().ok());
        number.is_some_and(|number| number != 0.0 && number != 1.0)
    };
    entry.checks_of(made).any(|check| {
        let mut operands = check.operands.iter();
        check.kind == CheckKind::Bound
            && check.refusal.is_none()
            && !check.operands.iter().any(is_once)
            && operands.any(|value| sent_fields(value).iter().any(|(_, name)| name == sent))
            && !entry.checks_of(paid).any(|other| other.span == check.span)
    })
}

/// How somebody rates a thing is for him to say; how a player is rated is not. A player's rating stands in his account,
/// or in the one record that is found by who he is.
pub fn is_opinion(accounts: &[Ustr], access: &Access, sent: &str) -> bool {
    let mut key = access.key.iter().map(|field| &field.value);
    let is_profile = access.operation == Operation::Update
        && key.clone().any(query::is_principal)
        && key.all(|value| !value.is_from_client());
    crate::privileged::find_word(sent, |word| word == "rating")
        && !accounts.contains(&access.asset)
        && !is_profile
}

//! What somebody without credentials reaches, and how much that matters: shared by the rules about access.

use firedoor_app::query::{
    accesses_in, account_assets, is_administrative_path, is_personal, is_random_field, is_reading,
    users_of,
};
use firedoor_app::{
    Access, AssetKind, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map,
    Operation, Origin, RequestPart, Verdict,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::Confidence;
use crate::noted_counts::is_noted_count;
use crate::shop_window::{is_in_shop_window, is_opened};
use crate::socket::is_memory;
use crate::throttle::counts_attempts;

/// Something sensitive that an entry point does for anybody.
pub struct Exposure {
    /// What is done, as a phrase: `changes Invoice`.
    pub words: String,
    /// Where.
    pub span: Span,
    /// How sure it is that nobody should reach it without credentials.
    pub confidence: Confidence,
    /// Entry points that do the like and have a guard, of all that do.
    pub guarded: (usize, usize),
    /// One of those.
    pub compared_with: Option<(Span, String)>,
}

/// Returns the most sensitive thing among `effects`, of which `entry` is the entry point.
pub fn worst(map: &Map, entry: &EntryPoint, effects: &[Effect]) -> Option<Exposure> {
    let mut worst: Option<Exposure> = None;
    for (effect, access) in accesses_in(effects) {
        let is_told_only = is_reading(entry) && is_memory(map, access.asset);
        let is_kept = is_told_only && access.operation.is_write();
        if effect.layer.is_some()
            || is_kept
            || fills_cache(map, entry, access)
            || is_tidying(map, entry, access)
            || is_left_to_record(entry, effect)
            || is_harmless(map, access, effects)
            || counts_attempts(entry, access)
            || counts_readers(map, entry, access)
            || clears_cache(map, access)
            || firedoor_app::counting::tallies(map).contains(&access.asset)
            || is_noted_count(map, access.asset)
        {
            // What a process remembers while it answers a reader is a cache or a count of its own.
            continue;
        }
        let exposure = exposure(map, entry, effect, access);
        if worst
            .as_ref()
            .is_none_or(|found| found.confidence < exposure.confidence)
        {
            worst = Some(exposure);
        }
    }
    let done = crate::system::worst(map, entry, effects);
    let is_worse = |it: &Exposure| {
        worst
            .as_ref()
            .is_none_or(|found| found.confidence < it.confidence)
    };
    done.filter(is_worse).or(worst)
}

/// Holds if a copy is thrown away, or what nothing is seen to write is, under a name that stands in the source: whoever
/// needs it next makes it anew.
fn clears_cache(map: &Map, access: &Access) -> bool {
    let is_beside = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue);
    let is_written = || {
        let mut all = firedoor_app::query::accesses_of_asset(map, access.asset);
        all.any(|(_, _, other)| other.operation.is_write() && other.operation != Operation::Delete)
    };
    let is_named = || !access.key.is_empty() && access.key.iter().all(|it| is_fixed(&it.value));
    access.operation == Operation::Delete
        && (crate::copies::is_copy(map, access.asset) || (is_beside && is_named() && !is_written()))
}

/// Holds if a number of a record grows by a written one while a reader is answered: how many have come. What there has to
/// be enough of, what is taken from elsewhere, and what decides who is shown the record, is no such number.
fn counts_readers(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_number = |origin: &Origin| matches!(origin, Origin::Literal(text) if text.parse::<f64>().is_ok_and(|it| it >= 0.0));
    let grows = |field: &Field| {
        let is_own = |origin: &Origin| matches!(origin, Origin::Record { asset, field: own, .. } if *asset == access.asset && *own == field.name);
        let mut origins = field.value.origins().iter();
        match field.operator {
            "+=" => !field.value.is_empty() && origins.all(is_number),
            "=" => origins.clone().any(is_own) && origins.all(|it| is_own(it) || is_number(it)),
            _ => false,
        }
    };
    is_reading(entry)
        && access.operation == Operation::Update
        && !access.values.is_empty()
        && access.spread.is_empty()
        && access
            .values
            .iter()
            .all(|field| grows(field) && !decides_something(map, access.asset, field.name))
}

/// Holds if records are found by the field, somebody is refused by it, or something is taken from it.
fn decides_something(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let is_it = |field: &Field| field.name == name;
    let mut accesses = firedoor_app::query::accesses_of_asset(map, asset);
    let is_asked = |check: &Check| {
        let mut operands = check.operands.iter();
        check.refusal.is_some()
            && operands.any(|it| it.record_fields(asset).any(|field| field == name))
    };
    crate::privileged::is_money(map, asset, name)
        || accesses.any(|(_, _, other)| {
            other.key.iter().any(is_it)
                || other
                    .values
                    .iter()
                    .any(|field| is_it(field) && field.operator == "-=")
        })
        || map
            .entry_points
            .iter()
            .any(|other| other.checks.iter().any(is_asked))
}

/// Holds if a reader is answered, and a copy is kept: the next reader is answered from there.
fn fills_cache(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    is_reading(entry) && crate::copies::copies(map, access)
}

/// Holds if nothing of the value hangs on who asks for what.
fn is_fixed(value: &firedoor_app::Provenance) -> bool {
    let mut origins = value.origins().iter();
    origins.all(|origin| matches!(origin, Origin::Literal(_) | Origin::Clock))
}

/// Holds if one record is meant, whoever asks: it has the number that is written there, as the settings of a site have
/// that are kept in a table of their own.
fn is_single(map: &Map, access: &Access) -> bool {
    let is_number = |field: &Field| {
        matches!(field.name.as_str(), "id" | "_id" | "pk")
            && field.operator == "="
            && !field.value.is_empty()
            && is_fixed(&field.value)
    };
    !account_assets(map).contains(&access.asset) && access.key.iter().any(is_number)
}

/// What is made, mended or thrown away while a reader is answered, and is the same whoever asks for whatever, is a matter
/// of the application's own: settings that are there from the first time that somebody needs them, even if it is to
/// change something else.
pub(crate) fn is_tidying(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_named = match access.operation {
        Operation::Create => !account_assets(map).contains(&access.asset),
        Operation::Delete | Operation::Update => {
            !access.key.is_empty() && access.key.iter().all(|field| !field.value.is_empty())
        }
        _ => false,
    };
    let mut fields = access.key.iter().chain(&access.values);
    let is_needed = || {
        access.operation == Operation::Create
            && accesses_in(&entry.effects).any(|(_, read)| {
                read.asset == access.asset
                    && read.operation == Operation::Read
                    && is_single(map, read)
            })
    };
    // What is older than a time goes, whoever comes by.
    let is_outdated = || {
        let is_bound = |field: &Field| {
            matches!(field.operator, "<" | "<=") && field.value.origins().contains(&Origin::Clock)
        };
        access.operation == Operation::Delete && access.key.iter().any(is_bound)
    };
    (is_reading(entry) || is_needed() || is_outdated())
        && is_named
        && fields.all(|field| is_fixed(&field.value))
        && access.spread.iter().all(is_fixed)
}

/// Holds if the record is found by the credential that was sent, proven or not: whoever asks has it, so it is what he
/// came with, such as the session that a log-in made.
pub(crate) fn is_found_by_credential(access: &Access) -> bool {
    access.key.iter().any(|field| {
        let mut origins = field.value.origins().iter();
        field.operator == "="
            && field.value.origins().iter().any(Origin::is_identity)
            && origins.all(|it| it.is_identity() || matches!(it, Origin::Literal(_)))
    })
}

/// A field of the record says whether strangers are let in, as one of a page that is published does: where it says
/// otherwise, they are refused because they show no credential.
pub(crate) fn is_left_to_record(entry: &EntryPoint, effect: &Effect) -> bool {
    let is_refusal = |status: Option<u16>| matches!(status, Some(401 | 403));
    let is_field = |origin: &Origin| match origin {
        Origin::Record { field, .. } => !field.is_empty(),
        Origin::Literal(_) => true,
        _ => false,
    };
    let is_gate = |check: &&Check| {
        let mut origins = check.operands.iter().flat_map(|it| it.origins()).peekable();
        let is_asked = matches!(check.kind, CheckKind::Presence | CheckKind::Equality);
        is_asked
            && !check.is_alternative
            && check
                .refusal
                .as_ref()
                .is_some_and(|it| is_refusal(it.status()))
            && origins.peek().is_some()
            && origins.all(is_field)
    };
    let asks_who = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(|it| it.origins());
        origins.any(|it| it.is_identity() || it.is_credential())
    };
    entry.checks_of(effect).filter(is_gate).any(|gate| {
        entry.exposed.iter().any(|other| {
            let is_refused =
                matches!(other.kind, EffectKind::Respond { status, .. } if is_refusal(status));
            let is_other_side =
                |check: &Check| check.span == gate.span && check.outcome != gate.outcome;
            is_refused
                && entry.checks_of(other).any(is_other_side)
                && entry.checks_of(other).any(asks_who)
        })
    })
}

/// Reading for oneself tells nobody anything: only what is written, or told in the answer, counts.
fn is_harmless(map: &Map, access: &Access, effects: &[Effect]) -> bool {
    if is_by_own_credential(map, access) {
        return true;
    }
    match access.operation {
        Operation::Count => true,
        Operation::Read => {
            !is_personal(map, access.asset)
                || is_single(map, access)
                || !is_answered(access.asset, effects)
        }
        _ => false,
    }
}

/// What is found by a secret that the caller holds is his.
fn is_by_own_credential(map: &Map, access: &Access) -> bool {
    access.key.iter().any(|field| {
        let origins = field.value.origins();
        let is_digest = origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature);
        let is_sent = field.value.is_from_client();
        field.operator == "="
            && is_sent
            && (is_digest || is_random_field(map, access.asset, field.name))
    })
}

/// Holds if an answer tells something of the asset's records.
fn is_answered(asset: Ustr, effects: &[Effect]) -> bool {
    let mut effects = effects.iter();
    effects
        .any(|it| firedoor_app::query::tells(it, asset) || matches!(it.kind, EffectKind::Room(..)))
}

fn exposure(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> Exposure {
    let others: Vec<&EntryPoint> = users_of(map, access.asset, access.operation.is_write())
        .filter(|other| !std::ptr::eq(*other, entry))
        .collect();
    let guarded: Vec<&&EntryPoint> = others
        .iter()
        .filter(|other| other.verdict(Control::Authentication) == Verdict::Enforced)
        .collect();
    let has_authentication = firedoor_app::query::is_anywhere(map, Control::Authentication);
    let share = guarded.len() * 2 >= others.len().max(1);
    let confidence = match access.operation {
        _ if is_administrative_path(&entry.path) => Confidence::High,
        Operation::Delete | Operation::Update if has_authentication => Confidence::High,
        Operation::Delete | Operation::Update => Confidence::Medium,
        Operation::Create if !guarded.is_empty() && share => Confidence::High,
        Operation::Read if tells_personal(map, access.asset, &entry.exposed) => Confidence::High,
        Operation::Read if loses_caller(entry, effect, access) => Confidence::Medium,
        Operation::Read
            if guarded.len() >= 2
                && all_ask(map, &others)
                && is_by_id(entry, access)
                && !is_published(map, entry, effect, access)
                && !is_called_public(&entry.path)
                && !crate::let_through::is_let_through(map, entry)
                && !(is_board(access)
                    && others.iter().all(|it| asks_for_own(it, access.asset))
                    && !others.iter().any(|it| asks_whose(it, access))) =>
        {
            Confidence::Medium
        }
        _ => Confidence::Low,
    };
    let verb = match access.operation {
        Operation::Read | Operation::Count => "reads",
        Operation::Create => "creates",
        Operation::Update => "changes",
        Operation::Delete => "deletes",
    };
    Exposure {
        words: format!("{verb} {}", access.asset),
        span: effect.span,
        confidence,
        guarded: (guarded.len(), others.len()),
        compared_with: guarded.first().and_then(|other| {
            let guard = firedoor_app::query::guards(other, Control::Authentication).next()?;
            Some((
                guard.mounted,
                format!("`{}` has `{}`", other.id(), guard.name),
            ))
        }),
    }
}

/// Holds if a part of the path says that everybody may come: whoever wrote it did not forget to ask.
fn is_called_public(path: &str) -> bool {
    path.split('/')
        .any(|part| part.eq_ignore_ascii_case("public"))
}

/// Holds if all of them ask who is there, or for a token that somebody was given.
fn all_ask(map: &Map, others: &[&EntryPoint]) -> bool {
    others.iter().all(|other| {
        other.verdict(Control::Authentication) == Verdict::Enforced
            || firedoor_app::query::is_capability(map, other)
    })
}

/// Holds if the same statement finds the caller's records where somebody is asking, and all where nobody is.
fn loses_caller(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_his = |field: &Field| {
        field.operator == "=" && field.value.is_of_principal() && !field.value.is_from_client()
    };
    access.is_many
        && access.key.is_empty()
        && accesses_in(&entry.effects).any(|(known, other)| {
            known.span == effect.span
                && other.asset == access.asset
                && !other.key.is_empty()
                && other.key.iter().all(is_his)
        })
}

/// Holds if records are read by an id that the client names: their own, or that of what the path says they belong to,
/// which may have been looked up before.
fn is_by_id(entry: &EntryPoint, access: &Access) -> bool {
    let is_id = |name: &str| matches!(name, "id" | "_id" | "pk");
    let is_found = |asset: Ustr| {
        accesses_in(&entry.exposed).any(|(_, other)| {
            let mut key = other.key.iter();
            other.asset == asset
                && key.any(|it| is_id(&it.name) && it.value.is_from(RequestPart::Path))
        })
    };
    let is_of_named = |origin: &Origin| match origin {
        Origin::Record {
            asset,
            field,
            of_principal: false,
            ..
        } => {
            firedoor_app::lookups::is_identifier(field)
                && *asset != access.asset
                && is_found(*asset)
        }
        _ => false,
    };
    access.key.iter().any(|field| {
        is_id(&field.name) && field.value.is_from_client()
            || field.operator == "="
                && (field.value.is_from(RequestPart::Path)
                    || field.value.origins().iter().any(is_of_named))
    })
}

/// Holds if only what its owner has opened is found, or what belongs to it: a flag that clients who are known set on
/// such records, and that this asks for.
fn is_published(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_named_alike = |other: &Access| {
        let mut key = access.key.iter();
        key.any(|own| {
            own.value.is_from_client() && other.key.iter().any(|it| it.value == own.value)
        })
    };
    let is_found_first = |other: &Access| {
        entry.checks_of(effect).any(|check| {
            check.kind == CheckKind::Presence
                && check.outcome
                && check.refusal.is_some()
                && check
                    .operands
                    .iter()
                    .any(|it| it.record_fields(other.asset).next().is_some())
        })
    };
    let mut others = accesses_in(&entry.exposed);
    is_opened(map, access)
        || is_in_shop_window(map, entry, access)
        || others.any(|(_, other)| {
            is_opened(map, other) && is_named_alike(other) && is_found_first(other)
        })
}

/// Holds for a list of what belongs to something that the path names, as the best times on a track do.
fn is_board(access: &Access) -> bool {
    let is_own = |name: &str| matches!(name, "id" | "_id" | "pk");
    access.is_many && !access.key.iter().any(|field| is_own(&field.name))
}

/// Holds if the entry point has to know the caller because it looks for what is his, or changes something: that says
/// nothing of who may see what others have.
fn asks_for_own(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_his = |access: &Access| {
        let mut key = access.key.iter();
        key.any(|field| field.value.is_of_principal())
    };
    let own: Vec<&Access> = firedoor_app::query::handler_accesses(entry)
        .map(|(_, access)| access)
        .filter(|access| access.asset == asset)
        .collect();
    let is_changed = own.iter().any(|access| access.operation.is_write());
    is_changed || !own.is_empty() && own.into_iter().all(is_his)
}

/// Holds if it lists the same records by the same field, for those alone to whom belongs what is named there.
fn asks_whose(entry: &EntryPoint, listed: &Access) -> bool {
    let is_same = |access: &Access| {
        access.asset == listed.asset
            && access.operation == Operation::Read
            && access.is_many
            && listed.key.iter().any(|field| {
                let mut key = access.key.iter();
                field.operator == "=" && key.any(|it| it.name == field.name && it.operator == "=")
            })
    };
    entry.verdict(Control::Ownership).refuses()
        && firedoor_app::query::handler_accesses(entry).any(|(_, access)| is_same(access))
}

/// Holds if an answer tells what people do not show to everybody: how to reach them, or a secret of theirs.
fn tells_personal(map: &Map, asset: Ustr, effects: &[Effect]) -> bool {
    let declared = map.asset(asset);
    effects.iter().any(|effect| match &effect.kind {
        EffectKind::Respond {
            body,
            is_error: false,
            ..
        } => body.iter().any(|told| {
            told.value
                .record_fields(asset)
                .any(|field| match field.is_empty() {
                    false => {
                        is_private(&field) && (is_private(&told.name) || is_list_of(told, asset))
                    }
                    true => {
                        told.operator != "~"
                            && names_record(&told.name, asset)
                            && declared.is_some_and(|asset| {
                                asset.fields.iter().any(|field| is_private(&field.name))
                            })
                            && !told
                                .value
                                .record_fields(asset)
                                .any(|field| !field.is_empty())
                    }
                })
        }),
        _ => false,
    })
}

/// Holds if the answer is nothing but chosen fields of such records, as a list of them is.
fn is_list_of(told: &Field, asset: Ustr) -> bool {
    let fields = told.value.record_fields(asset);
    told.name.is_empty() && fields.filter(|field| !field.is_empty()).count() > 1
}

/// Holds if the part of the answer is called after the records, or is all of it.
fn names_record(name: &str, asset: Ustr) -> bool {
    let name = name.to_ascii_lowercase();
    let singular = name.trim_end_matches('s');
    name.is_empty()
        || matches!(
            name.as_str(),
            "data" | "items" | "results" | "rows" | "records" | "list"
        )
        || (singular.len() > 2 && asset.to_ascii_lowercase().contains(singular))
}

pub(crate) fn is_private(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    [
        "email", "phone", "password", "address", "birth", "iban", "ssn", "salary", "diagnos",
    ]
    .iter()
    .any(|word| plain.contains(word))
}

/// Holds if the entry point is open to everybody by its nature: it logs in, registers, or works with a
/// token that was given to one person.
pub fn is_public_by_nature(map: &Map, entry: &EntryPoint) -> bool {
    use firedoor_app::query::{
        is_capability, is_log_in, is_registration, verifies_code, verifies_password,
    };
    entry.public_because.is_some()
        || verifies_password(entry)
        || verifies_code(entry)
        || is_log_in(map, entry)
        || is_registration(map, entry)
        || is_capability(map, entry)
        || sends_a_token(map, entry)
}

/// Asking for a token is for everybody: all that is written are records that hold one, in place of older ones.
/// It goes out by mail, or by whatever the application has in its place.
fn sends_a_token(map: &Map, entry: &EntryPoint) -> bool {
    let makes_token = |access: &Access| {
        let mut fields = access.values.iter().chain(&access.key);
        access.operation == Operation::Create
            && (fields.any(|field| firedoor_app::query::is_token(&field.value))
                || firedoor_app::query::is_voucher(map, access.asset))
    };
    let writes: Vec<&Access> = accesses_in(&entry.effects)
        .filter(|(effect, access)| effect.layer.is_none() && access.operation.is_write())
        .map(|(_, access)| access)
        .collect();
    let kept: Vec<Ustr> = writes
        .iter()
        .filter(|access| makes_token(access))
        .map(|access| access.asset)
        .collect();
    let tokens: Vec<&Access> = writes
        .iter()
        .copied()
        .filter(|access| sets_a_token(entry, access))
        .collect();
    // When the token ends is written beside it, and is no choice of whoever asks.
    let is_beside = |access: &Access| {
        access.operation == Operation::Update
            && !access.values.is_empty()
            && access.spread.is_empty()
            && !access
                .values
                .iter()
                .any(|field| field.value.is_from_client())
            && tokens
                .iter()
                .any(|token| token.asset == access.asset && token.key == access.key)
    };
    let is_about_tokens = |access: &&Access| {
        kept.contains(&access.asset)
            || sets_a_token(entry, access)
            || is_beside(access)
            || is_housekeeping(access)
            || counts_attempts(entry, access)
            // Nobody is refused where an answer must not tell whether a mail was sent.
            || firedoor_app::counting::tallies(map).contains(&access.asset)
    };
    let makes_one = !kept.is_empty() || !tokens.is_empty();
    makes_one && writes.iter().all(is_about_tokens)
}

/// What is written whoever asks, and says nothing of the request, is the application's own affair.
fn is_housekeeping(access: &Access) -> bool {
    let mut values = access.key.iter().chain(&access.values);
    let is_sent = |value: &firedoor_app::Provenance| value.is_from_client();
    !values.any(|field| is_sent(&field.value)) && !access.spread.iter().any(is_sent)
}

/// A token may be kept beside the account that it is for. One that is made by weak chance, and sent out, is one as well.
fn sets_a_token(entry: &EntryPoint, access: &Access) -> bool {
    let is_sent = || {
        let mut effects = entry.effects.iter();
        effects.any(|effect| matches!(effect.kind, EffectKind::Send { .. }))
    };
    access.operation == Operation::Update
        && access.values.iter().any(|field| {
            firedoor_app::query::is_token(&field.value)
                || firedoor_app::query::is_random(&field.value) && is_sent()
        })
}

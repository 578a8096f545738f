//! The face of the map for rules: questions only.
//!
//! What an entry point is for is told by what it does, and never by its name alone.

pub use crate::capability::{is_capability, is_random_field};
pub use crate::exclusive::are_exclusive;
pub use crate::vouchers::is_voucher;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::facts::{FieldSets, FieldsByAsset};
use crate::{
    Access, Check, CompareSecret, ComparisonKind, Control, Effect, EffectKind, EntryPoint, Field,
    IssueToken, Layer, Map, Operation, Origin, Provenance, RequestPart, SessionOperation,
    SetCookie, TokenKind, Transport, Verdict, VerifyToken,
};

/// Returns the accesses to assets that `entry` makes, with the effect each is part of.
pub fn accesses(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Access)> {
    accesses_in(&entry.effects)
}

/// Returns the accesses among `effects`.
pub fn accesses_in(effects: &[Effect]) -> impl Iterator<Item = (&Effect, &Access)> {
    effects.iter().filter_map(|effect| match &effect.kind {
        EffectKind::Access(access) => Some((effect, access)),
        _ => None,
    })
}

/// Returns the accesses that the handler makes, not its layers.
pub fn handler_accesses(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Access)> {
    accesses(entry).filter(|(effect, _)| effect.layer.is_none())
}

/// Returns what handlers do with the records of `asset`, with the entry point, in the order of the map.
pub fn accesses_of_asset(
    map: &Map,
    asset: Ustr,
) -> impl Iterator<Item = (&EntryPoint, &Effect, &Access)> {
    all_accesses_of_asset(map, asset).filter(|(_, effect, _)| effect.layer.is_none())
}

/// Returns what handlers and layers do with the records of `asset`, likewise.
pub fn all_accesses_of_asset(
    map: &Map,
    asset: Ustr,
) -> impl Iterator<Item = (&EntryPoint, &Effect, &Access)> {
    let places = map.facts.accesses.get_or_init(|| accesses_by_asset(map));
    let places = places.get(&asset).map_or(&[][..], Vec::as_slice);
    places.iter().filter_map(|(entry, effect)| {
        let entry = map.entry_points.get(*entry)?;
        let effect = entry.effects.get(*effect)?;
        match &effect.kind {
            EffectKind::Access(access) => Some((entry, effect, access)),
            _ => None,
        }
    })
}

fn accesses_by_asset(map: &Map) -> FxHashMap<Ustr, Vec<(usize, usize)>> {
    let mut places: FxHashMap<Ustr, Vec<(usize, usize)>> = FxHashMap::default();
    for (number, entry) in map.entry_points.iter().enumerate() {
        for (at, effect) in entry.effects.iter().enumerate() {
            if let EffectKind::Access(access) = &effect.kind {
                places.entry(access.asset).or_default().push((number, at));
            }
        }
    }
    places
}

/// Holds for the words by which JavaScript names a kind of value, in `typeof it === "string"` and `Array.isArray(it)`: who
/// compares with them asks for no content.
pub fn is_kind_name(text: &str) -> bool {
    matches!(text, "object" | "string" | "undefined" | "array")
}

/// Returns the tokens that `entry` issues.
pub fn issues(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &IssueToken)> {
    let effects = entry.effects.iter();
    effects.filter_map(|effect| Some((effect, issue_of(effect)?)))
}

fn issue_of(effect: &Effect) -> Option<&IssueToken> {
    match &effect.kind {
        EffectKind::Issue(token) => Some(token),
        _ => None,
    }
}

/// Returns the tokens that `entry` verifies or decodes.
pub fn verifications(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &VerifyToken)> {
    entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Verify(token) => Some((effect, token)),
            _ => None,
        })
}

/// Returns the secrets that `entry` compares.
pub fn comparisons(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &CompareSecret)> {
    entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::CompareSecret(comparison) => Some((effect, comparison)),
            _ => None,
        })
}

/// Returns the cookies that `entry` sets.
pub fn cookies(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &SetCookie)> {
    entry
        .effects
        .iter()
        .filter_map(|effect| Some((effect, cookie_of(effect)?)))
}

fn cookie_of(effect: &Effect) -> Option<&SetCookie> {
    match &effect.kind {
        EffectKind::SetCookie(cookie) => Some(cookie),
        _ => None,
    }
}

/// Returns the cookies that the application sets, each with its entry point and effect; those first that are set where
/// a password is asked for: findings are best told where people log in.
pub fn all_cookies(map: &Map) -> impl Iterator<Item = (&EntryPoint, &Effect, &SetCookie)> {
    let find = || places(map, |effect| cookie_of(effect).is_some());
    let places = map.facts.cookies.get_or_init(find);
    places.iter().filter_map(|(entry, effect)| {
        let entry = &map.entry_points[*entry];
        let effect = &entry.effects[*effect];
        Some((entry, effect, cookie_of(effect)?))
    })
}

/// Returns the tokens that the application issues, each with its entry point and effect, in the order of
/// [`all_cookies`].
pub fn all_issued(map: &Map) -> impl Iterator<Item = (&EntryPoint, &Effect, &IssueToken)> {
    let find = || places(map, |effect| issue_of(effect).is_some());
    let places = map.facts.issued.get_or_init(find);
    places.iter().filter_map(|(entry, effect)| {
        let entry = &map.entry_points[*entry];
        let effect = &entry.effects[*effect];
        Some((entry, effect, issue_of(effect)?))
    })
}

/// Returns the numbers of entry points and of their effects of a kind, those first where a password is asked for.
fn places(map: &Map, is_one: impl Fn(&Effect) -> bool) -> Vec<(usize, usize)> {
    let mut numbers: Vec<usize> = (0..map.entry_points.len()).collect();
    numbers.sort_by_cached_key(|number| !is_for_log_in(&map.entry_points[*number]));
    let mut places = Vec::new();
    for number in numbers {
        let effects = map.entry_points[number].effects.iter().enumerate();
        let found = effects.filter(|(_, effect)| is_one(effect));
        places.extend(found.map(|(effect, _)| (number, effect)));
    }
    places
}

/// Holds if `entry` asks for a password, and no guard before it asks who is there.
pub fn is_for_log_in(entry: &EntryPoint) -> bool {
    verifies_password(entry) && !entry.verdict(Control::Authentication).refuses()
}

/// Holds if `entry` changes what the application keeps, in its handler.
pub fn changes_state(entry: &EntryPoint) -> bool {
    handler_accesses(entry).any(|(_, access)| access.operation.is_write())
        || entry.effects.iter().any(|effect| {
            effect.layer.is_none()
                && match &effect.kind {
                    EffectKind::Send { .. } | EffectKind::Session(..) | EffectKind::File(..) => {
                        true
                    }
                    // What a program does is not known; one that a reader starts most often looks something up.
                    EffectKind::Run(_) => !is_reading(entry),
                    _ => false,
                }
        })
}

/// Returns the other entry points of the same router or controller.
pub fn siblings<'a>(map: &'a Map, entry: &'a EntryPoint) -> impl Iterator<Item = &'a EntryPoint> {
    map.entry_points
        .iter()
        .filter(move |other| other.group.0 == entry.group.0 && !std::ptr::eq(*other, entry))
}

/// Returns the other entry points that access `asset` with an operation of the same kind (write or not).
pub fn users_of(map: &Map, asset: Ustr, is_write: bool) -> impl Iterator<Item = &EntryPoint> {
    map.entry_points.iter().filter(move |entry| {
        handler_accesses(entry)
            .any(|(_, access)| access.asset == asset && access.operation.is_write() == is_write)
    })
}

/// Holds if any entry point of the application enforces `control`.
pub fn is_anywhere(map: &Map, control: Control) -> bool {
    map.entry_points
        .iter()
        .any(|entry| entry.verdict(control) == Verdict::Enforced)
}

/// Returns the layers of `entry` that are guards with `control`.
pub fn guards(entry: &EntryPoint, control: Control) -> impl Iterator<Item = &Layer> {
    entry
        .layers
        .iter()
        .filter(move |layer| layer.verdict_of(control).refuses())
}

/// The assets that hold accounts: those whose records a password is compared with, or that are made with a hashed
/// password. Where nobody has a password, those that guards look the principal up in.
pub fn account_assets(map: &Map) -> Vec<Ustr> {
    map.facts
        .accounts
        .get_or_init(|| crate::accounts::find(map))
        .clone()
}

/// Holds if a field is named like a password or its hash.
pub fn is_password_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    // Several of them, as those that are tried on locked files, are nobody's.
    let is_several = name.ends_with("passwords");
    !is_several && name.contains("password")
        || name.contains("passwd")
        || name == "pwhash"
        || name == "pwdhash"
}

/// Holds if `entry` compares a password that the client sends.
pub fn verifies_password(entry: &EntryPoint) -> bool {
    comparisons(entry)
        .any(|(_, found)| found.kind == ComparisonKind::Password && found.given.is_from_client())
}

/// Returns the entry points that compare a password that the client sends.
pub fn password_entries(map: &Map) -> impl Iterator<Item = &EntryPoint> {
    let numbers = map.facts.log_ins.get_or_init(|| {
        let entries = map.entry_points.iter().enumerate();
        let found = entries.filter(|(_, entry)| verifies_password(entry));
        found.map(|(number, _)| number).collect()
    });
    numbers
        .iter()
        .filter_map(|number| map.entry_points.get(*number))
}

/// Holds if `entry` compares a one-time code that the client sends.
pub fn verifies_code(entry: &EntryPoint) -> bool {
    compared_code(entry).is_some()
}

/// Returns where a one-time code that the client sends is compared: one that is made from a key, that follows
/// from the time, or that is called one and compared as a secret.
pub fn compared_code(entry: &EntryPoint) -> Option<&Effect> {
    comparisons(entry)
        .find(|(_, found)| {
            let is_secret = found.kind != ComparisonKind::Password
                && (found.expected.origins().contains(&Origin::Clock)
                    || is_called_code(&found.given));
            (is_code(found) || is_secret) && found.given.is_from_client()
        })
        .map(|(effect, _)| effect)
}

fn is_called_code(given: &Provenance) -> bool {
    given.origins().iter().any(|origin| match origin {
        Origin::Request(_, name) => {
            let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
            matches!(last.as_str(), "code" | "otp" | "pin" | "totp" | "passcode")
        }
        _ => false,
    })
}

/// Holds if a one-time code is compared: by a library, or one that the application computes itself from a key
/// that is kept with the record of a person.
pub fn is_code(found: &CompareSecret) -> bool {
    let origins = found.expected.origins();
    let has_key = origins
        .iter()
        .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()));
    let is_computed = origins.iter().any(|origin| match origin {
        Origin::Signature => true,
        Origin::Outside(path) => path.contains("otp"),
        _ => false,
    });
    let is_sent =
        found.given.is_from(RequestPart::Body) || found.given.is_from(RequestPart::Message);
    found.kind == ComparisonKind::Code
        || (found.kind != ComparisonKind::Password && has_key && is_computed && is_sent)
}

/// Holds if `entry` gives the caller a session: it issues a token, logs in, sets a cookie with a secret, or
/// answers with something random that it has stored.
pub fn opens_session(map: &Map, entry: &EntryPoint) -> bool {
    entry
        .effects
        .iter()
        .filter(|effect| effect.layer.is_none())
        .any(|effect| match &effect.kind {
            EffectKind::Session(SessionOperation::LogIn | SessionOperation::Write, _) => true,
            EffectKind::SetCookie(cookie) => is_token(&cookie.value),
            EffectKind::Issue(token) => is_access_token(map, token),
            _ => false,
        })
}

/// Holds if a token of that kind proves who a caller is somewhere in the application: a key that signs it
/// verifies credentials.
pub fn is_access_token(map: &Map, token: &IssueToken) -> bool {
    let known = map
        .facts
        .credential_keys
        .get_or_init(|| credential_keys(map));
    known
        .iter()
        .any(|(kind, secret)| *kind == token.kind && shares_key(secret, &token.secret))
}

fn credential_keys(map: &Map) -> Vec<(TokenKind, Provenance)> {
    let mut known = Vec::new();
    let mut seen = FxHashSet::default();
    for (_, found) in map.entry_points.iter().flat_map(verifications) {
        if found.token.is_credential() && seen.insert((found.kind, &found.secret)) {
            known.push((found.kind, found.secret.clone()));
        }
    }
    known
}

/// Holds if two keys are, or may be, the same.
pub fn shares_key(a: &Provenance, b: &Provenance) -> bool {
    a.is_empty()
        || b.is_empty()
        || a.origins()
            .iter()
            .any(|origin| b.origins().contains(origin))
}

/// Holds if a value is, or holds, a token: random, signed or issued.
pub fn is_token(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Random {
                cryptographic: true,
                ..
            } | Origin::Signature
        )
    })
}

/// Holds if chance has a part in the value, good or bad.
pub fn is_random(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Random { .. } | Origin::Signature))
}

/// Holds if a user is known to `entry`, not only a server or a job with a key: something that it does or asks
/// hangs on who is asking.
pub fn knows_user(map: &Map, entry: &EntryPoint) -> bool {
    if crate::ownership::is_signed(entry) {
        return false;
    }
    let in_checks = entry.checks.iter().any(|check| {
        let mut operands = check.operands.iter();
        // Where an object was made of what was found, or nothing was, only what decided that tells.
        let is_said = |origin: &Origin| matches!(origin, Origin::Literal(_));
        let is_blank = operands.clone().all(|it| it.origins().iter().all(is_said));
        operands.any(|operand| shows_user(map, operand, None))
            || is_blank && check.refusal.is_some() && shows_user(map, &check.control, None)
    });
    in_checks
        || verifications(entry).any(|(_, found)| {
            found.is_verified && found.kind != TokenKind::Signed && found.token.is_credential()
        })
        || accesses(entry).any(|(_, access)| {
            let mut fields = access.key.iter().chain(&access.values);
            fields.any(|field| shows_user(map, &field.value, Some(access.asset)))
        })
}

/// A record of keys that is found by the key that was sent proves the key, and names nobody: not where it is looked at,
/// and not where it is changed. What it says of a person is used with other records.
fn shows_user(map: &Map, value: &Provenance, used_with: Option<Ustr>) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Principal(_) => true,
        Origin::Request(part, _) => matches!(part, RequestPart::Session | RequestPart::Context),
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => {
            let is_other = used_with.is_some_and(|used| used != *asset);
            is_other && !field.is_empty() || !key_assets(map).contains(asset)
        }
        _ => false,
    })
}

/// Returns the assets whose records guards find by nothing but what a header carries, and that are neither accounts nor
/// sessions.
fn key_assets(map: &Map) -> &[Ustr] {
    map.facts.keys.get_or_init(|| find_key_assets(map))
}

fn find_key_assets(map: &Map) -> Vec<Ustr> {
    let accounts = account_assets(map);
    let sessions = crate::sessions::session_assets(map);
    let is_sent = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(RequestPart::Header, _) | Origin::Digest
        )
    };
    let is_by_key = |access: &Access| {
        !access.operation.is_write()
            && !access.key.is_empty()
            && access.key.iter().all(|field| {
                let origins = field.value.origins();
                !origins.is_empty() && origins.iter().all(is_sent)
            })
    };
    let mut assets: Vec<Ustr> = map
        .entry_points
        .iter()
        .flat_map(accesses)
        .filter(|(effect, access)| effect.layer.is_some() && is_by_key(access))
        .map(|(_, access)| access.asset)
        .filter(|asset| !accounts.contains(asset) && !sessions.contains(asset))
        .collect();
    assets.sort();
    assets.dedup();
    assets
}

/// Returns the entry points that know a user.
pub fn with_users(map: &Map) -> impl Iterator<Item = &EntryPoint> {
    let numbers = map.facts.with_users.get_or_init(|| {
        let entries = map.entry_points.iter().enumerate();
        entries
            .filter(|(_, entry)| knows_user(map, entry))
            .map(|(number, _)| number)
            .collect()
    });
    numbers.iter().map(|number| &map.entry_points[*number])
}

/// Holds if `entry` logs somebody in: it proves an identity that no guard has proven, by a password, a code
/// or a token that was sent to the person, and opens a session.
pub fn is_log_in(map: &Map, entry: &EntryPoint) -> bool {
    !entry.verdict(Control::Authentication).refuses() && opens_session(map, entry)
}

/// Holds if `entry` makes an account.
pub fn is_registration(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = account_assets(map);
    entry.verdict(Control::Authentication) != Verdict::Enforced
        && handler_accesses(entry).any(|(_, access)| {
            access.operation == Operation::Create && accounts.contains(&access.asset)
        })
}

/// Holds if the path has a segment that names an administrative area.
pub fn is_administrative_path(path: &str) -> bool {
    let mut segments = crate::path_segments(path);
    let is_of_self = crate::path_segments(path).any(|segment| segment == "me");
    !is_of_self
        && segments.any(|segment| {
            let segment = segment.to_ascii_lowercase();
            segment.split(['-', '_', '.']).any(|word| word == "admin")
                || matches!(
                    segment.as_str(),
                    "admins"
                        | "administrator"
                        | "administration"
                        | "internal"
                        | "staff"
                        | "backoffice"
                        | "moderation"
                        | "superuser"
                )
        })
}

/// Holds if records of `asset` belong to somebody: an account, or what some entry point reads or writes by
/// the principal.
pub fn is_personal(map: &Map, asset: Ustr) -> bool {
    account_assets(map).contains(&asset) || !owner_fields(map, asset).is_empty()
}

/// The fields of `asset` that say whose a record is: filled from the principal, compared with it, or part
/// of a key together with it.
pub fn owner_fields(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let owners = map.facts.owners.get_or_init(|| find_owner_fields(map));
    owners.get(&asset).cloned().unwrap_or_default()
}

fn find_owner_fields(map: &Map) -> FieldsByAsset {
    let mut fields = FieldSets::default();
    for entry in &map.entry_points {
        for (_, access) in accesses(entry) {
            let key = access.key.iter().filter(|it| is_principal(&it.value));
            let set = access.values.iter().filter(|it| says_who(access, it));
            for field in key.chain(set).filter(|field| !field.name.is_empty()) {
                fields.entry(access.asset).or_default().insert(field.name);
            }
        }
        for check in &entry.checks {
            if check.refusal.is_some() && check.operands.iter().any(is_principal) {
                add_record_fields(&mut fields, check);
            }
        }
    }
    crate::facts::in_order(fields)
}

/// Holds if the caller is written into the field. What his own record of the same kind has held there before stays as
/// it was, and names nobody.
fn says_who(access: &Access, field: &Field) -> bool {
    let is_kept =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if *asset == access.asset);
    let origins = field.value.origins().iter();
    is_principal(&Provenance::new(origins.filter(|it| !is_kept(it)).cloned()))
}

/// Adds the fields of records, by asset, that a check looks at.
pub(crate) fn add_record_fields(fields: &mut FieldSets, check: &Check) {
    for origin in check.operands.iter().flat_map(Provenance::origins) {
        if let Origin::Record { asset, field, .. } = origin
            && !field.is_empty()
        {
            fields.entry(*asset).or_default().insert(*field);
        }
    }
}

/// Holds if the value says who is asking, or was attached to the request by what proves it.
pub fn is_principal(value: &Provenance) -> bool {
    value.is_of_principal() || value.is_from(RequestPart::Context)
}

/// Holds if a check that dominates the effect compares something with the principal, or finds a record by it.
pub fn is_checked_by_principal(entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| check.refusal.is_some() && check_is_about_principal(check))
}

fn check_is_about_principal(check: &Check) -> bool {
    crate::user_control(check).is_some()
}

/// Holds if the effect is an answer, and no error, that tells something of the asset's records.
pub fn tells(effect: &Effect, asset: Ustr) -> bool {
    let tells =
        |value: &Provenance| value.record_fields(asset).next().is_some() && !is_existence(value);
    matches!(&effect.kind, EffectKind::Respond { body, is_error: false, .. }
        if body.iter().any(|field| tells(&field.value)))
}

/// Holds for a yes or no that only says whether a record is there, as whether a name is taken.
fn is_existence(value: &Provenance) -> bool {
    let says = |word: &str| value.origins().contains(&Origin::Literal(Ustr::from(word)));
    let is_own = |origin: &Origin| match origin {
        Origin::Literal(word) => matches!(word.as_str(), "true" | "false"),
        Origin::Record { field, .. } => crate::lookups::is_identifier(field),
        _ => false,
    };
    says("true") && says("false") && value.origins().iter().all(is_own)
}

/// Holds if the entry point is over HTTP and reads only.
pub fn is_reading(entry: &EntryPoint) -> bool {
    entry.transport == Transport::Http
        && matches!(entry.method.as_str(), "GET" | "HEAD" | "OPTIONS")
}

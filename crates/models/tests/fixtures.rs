//! Runs the fixtures of all models: small applications, and what the map says of them.
//!
//! Two blocks can stand in a section. `map` has a line for each entry point (its layers in order, those
//! that refuse with `*`, the verdicts) and one for each setting and unused guard. `trace` has the effects of
//! each entry point in order, for a user who may pass all guards, with the checks that dominate each.

use std::fmt::Write;

use firedoor_analysis::{Options, analyse};
use firedoor_app::{
    Access, Check, Control, Effect, EffectKind, EntryPoint, Field, Flag, IssueToken, LayerKind,
    Map, Operation, Origin, Provenance, Refusal, RequestPart, SetCookie, Setting, SettingKind,
    Throttle, Verdict, VerifyToken,
};
use firedoor_source::FileSet;
use firedoor_testkit::{Outcome, Section, run_pages};

#[test]
fn pages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    run_pages(folder, &[], run);
}

fn run(section: &Section) -> Outcome {
    let files = section.file_set();
    let report = analyse(&files, &Options::default());
    Outcome {
        tags: Vec::new(),
        snapshots: vec![
            ("map".to_owned(), map_text(&report.map, &files)),
            ("trace".to_owned(), trace_text(&report.map, &files)),
        ],
    }
}

fn map_text(map: &Map, files: &FileSet) -> String {
    let mut text = String::new();
    for entry in &map.entry_points {
        let _ = writeln!(text, "{}", entry_line(entry));
        for reason in &entry.unresolved {
            let _ = writeln!(text, "  unresolved: {reason}");
        }
    }
    for guard in map.guards.iter().filter(|guard| guard.covers.is_empty()) {
        let _ = writeln!(
            text,
            "unused guard {}{}",
            guard.name,
            throttle(&guard.throttle)
        );
    }
    // Which variables are read where is told by the traces already.
    let is_variable =
        |setting: &&Setting| matches!(setting.kind, SettingKind::Other("variable", _));
    for setting in map.settings.iter().filter(|it| !is_variable(it)) {
        let _ = writeln!(text, "{}", setting_line(setting));
    }
    for asset in &map.assets {
        let fields: Vec<&str> = asset.fields.iter().map(|field| &*field.name).collect();
        let _ = writeln!(
            text,
            "asset {} {:?} {}",
            asset.name,
            asset.kind,
            fields.join(" ")
        );
    }
    for note in &map.unresolved {
        let line = files.start(note.span).line;
        let _ = writeln!(text, "note {} at line {line}", note.reason);
    }
    text
}

fn entry_line(entry: &EntryPoint) -> String {
    let mut line = entry.id();
    let layers: Vec<String> = entry
        .layers
        .iter()
        .filter(|layer| layer.kind != LayerKind::ErrorHandler)
        .map(|layer| {
            let mark = match &layer.verdict {
                Verdict::Enforced => "*",
                Verdict::Conditional(_) => "~",
                Verdict::Observed => "?",
                Verdict::Unknown(_) => "!",
                Verdict::Absent => "",
            };
            let inline = if layer.kind == LayerKind::Inline {
                "inline "
            } else {
                ""
            };
            let open = if layer.fails_open.is_some() {
                " (fails open)"
            } else {
                ""
            };
            format!(
                "{inline}{}{mark}{}{open}",
                layer.name,
                throttle(&layer.throttle)
            )
        })
        .collect();
    if !layers.is_empty() {
        let _ = write!(line, "  layers: {}", layers.join(", "));
    }
    for control in Control::ALL {
        let verdict = entry.verdict(control);
        if verdict != Verdict::Absent {
            let detail = verdict
                .detail()
                .map_or(String::new(), |it| format!("({it})"));
            let _ = write!(line, "  {}={}{detail}", short(control), verdict.as_str());
        }
    }
    line
}

fn short(control: Control) -> &'static str {
    match control {
        Control::Authentication => "auth",
        Control::Authorization => "authz",
        Control::RateLimit => "limit",
        control => control.as_str(),
    }
}

fn throttle(throttle: &Option<Throttle>) -> String {
    throttle
        .as_ref()
        .map_or(String::new(), |it| format!(" [{}]", throttle_text(it)))
}

fn throttle_text(throttle: &Throttle) -> String {
    let number = |it: Option<u64>| it.map_or("?".to_owned(), |it| it.to_string());
    let mut text = format!("{}/{}s", number(throttle.limit), number(throttle.window));
    if !throttle.key.is_empty() {
        let _ = write!(text, " per {}", provenance(&throttle.key));
    }
    if throttle.skips != Flag::Default {
        let _ = write!(text, " skips={}", flag(&throttle.skips));
    }
    if throttle.counts_failures_only {
        text.push_str(" failures");
    }
    text
}

fn setting_line(setting: &Setting) -> String {
    let text = match &setting.kind {
        SettingKind::Cors {
            origins,
            reflects,
            any,
            matches_loosely,
            credentials,
        } => {
            let origins: Vec<String> = origins.iter().map(provenance).collect();
            format!(
                "cors origins=[{}] reflects={} any={} loosely={} credentials={}",
                origins.join(", "),
                flag(reflects),
                flag(any),
                if matches_loosely.is_some() {
                    "yes"
                } else {
                    "no"
                },
                flag(credentials)
            )
        }
        SettingKind::Debug(on) => format!("debug={}", flag(on)),
        SettingKind::Docs(on) => format!("docs={}", flag(on)),
        SettingKind::TrustProxy(value) => format!("trust-proxy={}", provenance(value)),
        SettingKind::SecurityHeaders(on) => format!("security-headers={}", flag(on)),
        SettingKind::Secret(what, value) => format!("secret {what}={}", provenance(value)),
        SettingKind::Other(name, values) => format!("{name} {}", fields(values)),
    };
    let condition = setting
        .condition
        .as_ref()
        .map_or(String::new(), |it| format!(" if {it}"));
    format!("setting {text}{condition}")
}

fn trace_text(map: &Map, files: &FileSet) -> String {
    let mut text = String::new();
    for entry in &map.entry_points {
        let _ = writeln!(text, "{}", entry.id());
        for effect in &entry.effects {
            let _ = writeln!(text, "  {}", effect_line(entry, effect, files));
        }
        let exposed: Vec<String> = entry
            .exposed
            .iter()
            .map(|effect| effect_text(&effect.kind))
            .collect();
        if entry.exposed.is_empty() {
            let _ = writeln!(text, "  exposed: nothing");
        } else if exposed
            != entry
                .effects
                .iter()
                .map(|effect| effect_text(&effect.kind))
                .collect::<Vec<_>>()
        {
            for line in exposed {
                let _ = writeln!(text, "  exposed: {line}");
            }
        }
    }
    text
}

fn effect_line(entry: &EntryPoint, effect: &Effect, files: &FileSet) -> String {
    let line = files.start(effect.span).line;
    let mut text = format!("{line}: {}", effect_text(&effect.kind));
    let checks: Vec<String> = entry.checks_of(effect).map(check_text).collect();
    if !checks.is_empty() {
        let _ = write!(text, "  if {}", checks.join(" and "));
    }
    text
}

fn check_text(check: &Check) -> String {
    let operands: Vec<String> = check.operands.iter().map(provenance).collect();
    let not = if check.outcome { "" } else { "not " };
    let refusal = check
        .refusal
        .as_ref()
        .map_or(String::new(), |it| format!(" else {}", refusal(it)));
    format!("{not}{:?}({}){refusal}", check.kind, operands.join("; ")).to_lowercase_first()
}

trait LowercaseFirst {
    fn to_lowercase_first(self) -> String;
}

impl LowercaseFirst for String {
    fn to_lowercase_first(self) -> String {
        let mut letters = self.chars();
        letters.next().map_or(String::new(), |first| {
            first.to_lowercase().chain(letters).collect()
        })
    }
}

fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status(status) => status.to_string(),
        Refusal::Redirect(to) => format!("redirect {}", to.as_deref().unwrap_or("?")),
        Refusal::Throw(status) => {
            format!(
                "throw {}",
                status.map_or("?".to_owned(), |status| status.to_string())
            )
        }
        Refusal::Close => "close".to_owned(),
        Refusal::Return => "return".to_owned(),
    }
}

fn effect_text(kind: &EffectKind) -> String {
    match kind {
        EffectKind::Access(access) => access_text(access),
        EffectKind::Issue(token) => issue_text(token),
        EffectKind::Verify(token) => verify_text(token),
        EffectKind::SetCookie(cookie) => cookie_text(cookie),
        EffectKind::ClearCookie(name) => {
            format!("clear-cookie {}", name.map_or("?", |name| name.as_str()))
        }
        EffectKind::CompareSecret(compared) => format!(
            "compare {:?} given={} expected={}",
            compared.kind,
            provenance(&compared.given),
            provenance(&compared.expected)
        ),
        EffectKind::HashPassword(value) => format!("hash-password {}", provenance(value)),
        EffectKind::MakeSecret(value) => format!("make-secret {}", provenance(value)),
        EffectKind::Encrypt(key) => format!("encrypt {}", provenance(key)),
        EffectKind::Throttle(throttle) => format!("throttle {}", throttle_text(throttle)),
        EffectKind::Session(operation, field) => {
            let field = field
                .as_ref()
                .map_or(String::new(), |it| format!(" {}", fields([it])));
            format!("session {operation:?}{field}")
        }
        EffectKind::Respond {
            status,
            body,
            is_error,
        } => format!(
            "respond {}{} {}",
            status.map_or("200".to_owned(), |status| status.to_string()),
            if *is_error { " error" } else { "" },
            fields(body)
        ),
        EffectKind::Redirect(to) => format!("redirect {}", provenance(to)),
        EffectKind::SetHeader(name, to) => format!("header {name} {}", provenance(to)),
        EffectKind::Send {
            channel,
            to,
            content,
        } => {
            format!("send {channel:?} to={} {}", provenance(to), fields(content))
        }
        EffectKind::File(operation, path) => format!("file {operation:?} {}", provenance(path)),
        EffectKind::Run(command) => format!("run {}", provenance(command)),
        EffectKind::Room(kind, room) => format!("room {kind:?} {}", provenance(room)),
        EffectKind::Disconnect(whom) => format!("disconnect {}", provenance(whom)),
        EffectKind::Continue => "continue".to_owned(),
    }
    .trim_end()
    .to_owned()
}

fn access_text(access: &Access) -> String {
    let mut text = match access.operation {
        Operation::Read => "read",
        Operation::Count => "count",
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
    }
    .to_owned();
    let _ = write!(text, " {}", access.asset);
    if access.is_many {
        text.push_str(" many");
    }
    if !access.key.is_empty() {
        let _ = write!(text, " where {}", fields(&access.key));
    }
    if !access.values.is_empty() {
        let _ = write!(text, " set {}", fields(&access.values));
    }
    for spread in &access.spread {
        let _ = write!(text, " spread {}", provenance(spread));
    }
    if access.is_conditional {
        text.push_str(" conditional");
    }
    if access.is_in_transaction {
        text.push_str(" in-transaction");
    }
    text
}

fn issue_text(token: &IssueToken) -> String {
    format!(
        "issue {:?} secret={} algorithm={} expires={} claims: {}",
        token.kind,
        provenance(&token.secret),
        token.algorithm.map_or("default", |it| it.as_str()),
        token
            .expires
            .as_ref()
            .map_or("never".to_owned(), provenance),
        fields(&token.claims)
    )
}

fn verify_text(token: &VerifyToken) -> String {
    let mut text = format!(
        "{} {:?} token={} secret={}",
        if token.is_verified {
            "verify"
        } else {
            "decode"
        },
        token.kind,
        provenance(&token.token),
        provenance(&token.secret)
    );
    if let Some(algorithms) = &token.algorithms {
        let names: Vec<&str> = algorithms.iter().map(|it| it.as_str()).collect();
        let _ = write!(text, " algorithms={}", names.join(","));
    } else if token.is_verified {
        let safe = if token.algorithms_safe_by_default {
            "safe"
        } else {
            "any"
        };
        let _ = write!(text, " algorithms={safe}");
    }
    if token.ignores_expiry {
        text.push_str(" ignores-expiry");
    }
    if !token.requires.is_empty() {
        let _ = write!(text, " requires {}", fields(&token.requires));
    }
    text
}

fn cookie_text(cookie: &SetCookie) -> String {
    format!(
        "set-cookie {}={} httpOnly={} secure={} sameSite={}{}{}",
        cookie.name.map_or("?", |it| it.as_str()),
        provenance(&cookie.value),
        flag(&cookie.http_only),
        flag(&cookie.secure),
        cookie
            .same_site
            .map_or_else(|| flag(&cookie.same_site_flag), |it| it.to_string()),
        cookie
            .path
            .map_or(String::new(), |it| format!(" path={it}")),
        if cookie.is_session { " session" } else { "" }
    )
}

fn flag(flag: &Flag) -> String {
    match flag {
        Flag::On => "on".to_owned(),
        Flag::Off => "off".to_owned(),
        Flag::Default => "default".to_owned(),
        Flag::Conditional(condition) => format!("if({condition})"),
        Flag::Unknown => "unknown".to_owned(),
    }
}

fn fields<'f>(fields: impl IntoIterator<Item = &'f Field>) -> String {
    let words: Vec<String> = fields
        .into_iter()
        .map(|field| {
            let value = provenance(&field.value);
            match field.name.as_str() {
                "" => value,
                name => format!("{name}{}{value}", field.operator),
            }
        })
        .collect();
    words.join(", ")
}

fn provenance(provenance: &Provenance) -> String {
    if provenance.is_empty() {
        return "?".to_owned();
    }
    let words: Vec<String> = provenance.origins().iter().map(origin).collect();
    words.join("|")
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Request(part, field) => dotted(part_word(*part), field),
        Origin::Principal(field) => dotted("principal", field),
        Origin::UnverifiedClaim(field) => dotted("unverified", field),
        Origin::Claim(field) => dotted("claim", field),
        Origin::Record {
            asset,
            field,
            of_principal,
        } => {
            let own = if *of_principal { "own " } else { "" };
            dotted(&format!("{own}{asset}"), field)
        }
        Origin::Environment { name, fallback } => match fallback {
            Some(text) => format!("env {name} or {:?}", text.as_str()),
            None => format!("env {name}"),
        },
        Origin::Literal(text) => format!("{:?}", text.as_str()),
        Origin::Random {
            cryptographic,
            bits,
        } => format!(
            "{}random{}",
            if *cryptographic { "" } else { "weak-" },
            bits.map_or(String::new(), |bits| format!("({bits})"))
        ),
        Origin::Clock => "clock".to_owned(),
        Origin::Signature => "signature".to_owned(),
        Origin::Digest => "digest".to_owned(),
        Origin::KnownKey(text) => format!("key {text:?}"),
        Origin::Outside(path) => format!("outside {path}"),
        Origin::Answer(field) => format!("answer({field})"),
        Origin::Unknown(reason) => format!("unknown({reason})"),
    }
}

fn dotted(owner: &str, field: &str) -> String {
    if field.is_empty() {
        owner.to_owned()
    } else {
        format!("{owner}.{field}")
    }
}

fn part_word(part: RequestPart) -> &'static str {
    match part {
        RequestPart::Body => "body",
        RequestPart::Path => "path",
        RequestPart::Query => "query",
        RequestPart::Header => "header",
        RequestPart::Cookie => "cookie",
        RequestPart::Message => "message",
        RequestPart::Handshake => "handshake",
        RequestPart::File => "file",
        RequestPart::Address => "address",
        RequestPart::Line => "line",
        RequestPart::Session => "session",
        RequestPart::Context => "context",
    }
}

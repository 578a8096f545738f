//! What an API document leaves open.

use std::sync::OnceLock;

use firedoor_rules::Severity;
use serde::Deserialize;

use super::{Api, ApiKind, Documented, Operation, Scheme};
use crate::design::{Obligation, Quote, State};
use crate::grammar::grammar;
use crate::pattern::Pattern;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    public: Vec<String>,
    guessable: Vec<String>,
}

struct PathWords {
    public: Vec<Pattern>,
    guessable: Vec<Pattern>,
}

fn path_words() -> &'static PathWords {
    static WORDS: OnceLock<PathWords> = OnceLock::new();
    WORDS.get_or_init(|| {
        let file: WordsFile =
            toml::from_str(include_str!("../../data/api.toml")).unwrap_or(WordsFile {
                public: Vec::new(),
                guessable: Vec::new(),
            });
        let read = |texts: &[String]| {
            texts
                .iter()
                .filter_map(|text| grammar().pattern(text).ok())
                .collect()
        };
        PathWords {
            public: read(&file.public),
            guessable: read(&file.guessable),
        }
    })
}

/// Returns what `api` leaves open or decides unsafely.
pub(crate) fn obligations(api: &Api) -> Vec<Obligation> {
    let mut found = Vec::new();
    if api.schemes.is_empty() && !api.operations.is_empty() {
        found.push(no_schemes(api));
    } else {
        found.extend(
            api.operations
                .iter()
                .filter_map(|operation| open_operation(api, operation)),
        );
    }
    found.extend(
        api.operations
            .iter()
            .filter_map(|operation| unlimited(api, operation)),
    );
    found.extend(
        api.operations
            .iter()
            .filter_map(|operation| undefined(api, operation)),
    );
    found.extend(api.schemes.iter().flat_map(|scheme| of_scheme(api, scheme)));
    found.extend(plain_transport(api));
    found
}

/// A row of what all obligations of a document have.
struct Entry<'a> {
    id: String,
    state: State,
    severity: Severity,
    question: String,
    why: &'a str,
    answers: &'a [&'a str],
    rules: &'a [&'static str],
    line: u32,
    text: String,
}

fn obligation(api: &Api, entry: Entry) -> Obligation {
    Obligation {
        id: entry.id,
        part: format!("Operations of {}", api.file),
        state: entry.state,
        severity: entry.severity,
        question: entry.question,
        why: entry.why.to_owned(),
        answers: entry
            .answers
            .iter()
            .map(|answer| (*answer).to_owned())
            .collect(),
        rules: entry
            .rules
            .iter()
            .filter_map(|rule| firedoor_rules::rule(rule))
            .map(|rule| rule.id)
            .collect(),
        evidence: vec![Quote {
            file: api.file.clone(),
            line: entry.line,
            text: entry.text,
        }],
    }
}

fn no_schemes(api: &Api) -> Obligation {
    obligation(
        api,
        Entry {
            id: String::from("api-document/security"),
            state: State::Open,
            severity: Severity::High,
            question: String::from("How do callers prove who they are?"),
            why: "The document defines no security scheme, so every operation is documented as public.",
            answers: &[
                "Define the schemes, and require one for all operations; list the public ones with `security: []`.",
            ],
            rules: &["unauthenticated-entry-point", "guard-gap"],
            line: 1,
            text: format!("no securitySchemes, {} operations", api.operations.len()),
        },
    )
}

fn open_operation(api: &Api, operation: &Operation) -> Option<Obligation> {
    if operation.security == Documented::Secured || is_named(&path_words().public, &operation.path)
    {
        return None;
    }
    let is_channel = api.kind == ApiKind::AsyncApi;
    let severity = match () {
        () if is_channel || operation.is_write() => Severity::High,
        () if operation.path.contains('{') => Severity::Medium,
        () => return None,
    };
    let word = match operation.security {
        Documented::Optional => "a credential is optional",
        _ => "no credential is required",
    };
    Some(obligation(
        api,
        Entry {
            id: format!(
                "{}/{}#security",
                if is_channel { "channel" } else { "operation" },
                operation.id()
            ),
            state: State::Open,
            severity,
            question: format!("Is `{}` public on purpose?", operation.id()),
            why: "It changes or reads data, and the document lets everybody call it.",
            answers: &[
                "Require a scheme, or say in its description why it is public and what limits it.",
            ],
            rules: match is_channel {
                true => &["websocket-unauthenticated", "websocket-message-before-auth"],
                false => &["unauthenticated-entry-point", "guard-gap"],
            },
            line: operation.line,
            text: format!("{}: {word}", operation.id()),
        },
    ))
}

/// Where something can be guessed, or everybody can write, a limit must be part of the contract.
fn unlimited(api: &Api, operation: &Operation) -> Option<Obligation> {
    let is_public = operation.security != Documented::Secured;
    let is_guessable = is_named(&path_words().guessable, &operation.path);
    if api.kind == ApiKind::AsyncApi
        || operation.is_limited
        || !operation.is_write()
        || !is_public
        || !is_guessable
    {
        return None;
    }
    Some(obligation(
        api,
        Entry {
            id: format!("operation/{}#rate-limit", operation.id()),
            state: State::Open,
            severity: Severity::Medium,
            question: format!("What limits how often `{}` is called?", operation.id()),
            why: "Everybody can call it, something can be guessed or flooded there, and no answer 429 is documented.",
            answers: &["Document 429, and limit calls per account and per address."],
            rules: &[
                "login-without-throttle",
                "reset-without-throttle",
                "code-without-throttle",
                "token-guessing-without-throttle",
            ],
            line: operation.line,
            text: format!("{}: no 429 among the responses", operation.id()),
        },
    ))
}

fn undefined(api: &Api, operation: &Operation) -> Option<Obligation> {
    let is_known = |name: &&String| api.schemes.iter().any(|scheme| scheme.name == **name);
    let missing = operation.schemes.iter().find(|name| !is_known(name))?;
    if api.schemes.is_empty() {
        return None;
    }
    Some(obligation(
        api,
        Entry {
            id: format!("operation/{}#scheme", operation.id()),
            state: State::Unsafe,
            severity: Severity::Medium,
            question: format!("Which scheme protects `{}`?", operation.id()),
            why: "It names a scheme that is not defined; tools leave the operation without one.",
            answers: &["Mend the name, or define the scheme."],
            rules: &["unauthenticated-entry-point"],
            line: operation.line,
            text: format!(
                "{} requires `{missing}`, which is not defined",
                operation.id()
            ),
        },
    ))
}

fn of_scheme(api: &Api, scheme: &Scheme) -> Vec<Obligation> {
    let mut found = Vec::new();
    let mut add = |name: &str,
                   state,
                   severity,
                   question: &str,
                   why: &str,
                   answers: &[&str],
                   rules: &[&'static str]| {
        found.push(obligation(
            api,
            Entry {
                id: format!("scheme/{}#{name}", scheme.name),
                state,
                severity,
                question: question.to_owned(),
                why,
                answers,
                rules,
                line: scheme.line,
                text: format!(
                    "{}: {} {}{}",
                    scheme.name, scheme.kind, scheme.place, scheme.http
                ),
            },
        ));
    };
    if scheme.kind == "apiKey" && scheme.place == "cookie" && !speaks_of_csrf(api, scheme) {
        add(
            "csrf",
            State::Open,
            Severity::High,
            "What stops another site from sending requests with the cookie?",
            "A browser sends the cookie along whoever asks, and the document says nothing about it.",
            &["Document SameSite, or a CSRF header that writing operations require."],
            &["csrf-missing", "cookie-samesite-open"],
        );
    }
    if scheme.place == "query" {
        add(
            "query",
            State::Unsafe,
            Severity::Medium,
            "Why does the credential travel in the URL?",
            "URLs are in logs, histories and Referer headers.",
            &["Send it in a header."],
            &["token-in-url"],
        );
    }
    if scheme.kind == "http" && scheme.http == "basic" {
        add(
            "basic",
            State::Open,
            Severity::Medium,
            "What limits guessing, now that the password comes with every request?",
            "Every operation is a log-in, so every operation can be used to guess.",
            &["Use tokens, or limit failures per account on all operations."],
            &["login-without-throttle"],
        );
    }
    if scheme
        .flows
        .iter()
        .any(|flow| flow == "implicit" || flow == "password")
    {
        add(
            "flow",
            State::Unsafe,
            Severity::Medium,
            "Why this flow of OAuth?",
            "The implicit flow puts tokens into URLs, and the password flow gives passwords to clients.",
            &["Authorization code with PKCE."],
            &["oauth-state-missing", "token-in-url"],
        );
    }
    found
}

fn speaks_of_csrf(api: &Api, scheme: &Scheme) -> bool {
    let is_header =
        |other: &Scheme| other.kind == "apiKey" && other.place == "header" && is_csrf(&other.name);
    is_csrf(&scheme.description) || is_csrf(&api.description) || api.schemes.iter().any(is_header)
}

fn is_csrf(text: &str) -> bool {
    let words = grammar().words(text);
    words
        .iter()
        .any(|word| matches!(word.stem.as_str(), "csrf" | "samesit"))
}

fn plain_transport(api: &Api) -> Option<Obligation> {
    let is_local = |url: &str| {
        let host = url.split("://").nth(1).unwrap_or("");
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
    };
    let is_plain =
        |url: &&String| (url.starts_with("http://") || url.starts_with("ws://")) && !is_local(url);
    let server = api.servers.iter().find(is_plain)?;
    Some(obligation(
        api,
        Entry {
            id: String::from("api-document/transport"),
            state: State::Unsafe,
            severity: Severity::Medium,
            question: String::from("Why is a server reached without TLS?"),
            why: "Credentials can be read on the way.",
            answers: &["https and wss only."],
            rules: &["cookie-not-secure"],
            line: 0,
            text: server.clone(),
        },
    ))
}

fn is_named(patterns: &[Pattern], path: &str) -> bool {
    let words = grammar().words(path);
    patterns
        .iter()
        .any(|pattern| pattern.find(&words, 0).is_some())
}

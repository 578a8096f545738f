//! Where a value comes from.

use std::cmp::Ordering;
use std::sync::Arc;

use ustr::Ustr;

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestPart {
    /// A field of the body.
    Body,
    /// A parameter in the path.
    Path,
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A field of a WebSocket message or of a job.
    Message,
    /// What a client sends with the handshake of a WebSocket (Socket.IO's `auth`).
    Handshake,
    /// An uploaded file.
    File,
    /// The address of the client as the server sees it.
    Address,
    /// The request line and what follows from it: method, path, host, protocol.
    Line,
    /// Server-side session data that belongs to the client's session cookie.
    Session,
    /// Something that earlier layers attach to the request (`req.user`) and that none attached.
    Context,
}

/// A place that values come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The request; the field as a dotted path, empty for the whole part.
    Request(RequestPart, Ustr),
    /// Whoever the request was proven to come from; the claim or field.
    Principal(Ustr),
    /// A claim of a token that was decoded and not verified.
    UnverifiedClaim(Ustr),
    /// A claim of a verified token that is no credential of the request (a mailed link, a state).
    Claim(Ustr),
    /// A field of a stored record. `of_principal` if the record was found by the principal.
    Record {
        /// The asset.
        asset: Ustr,
        /// The field, empty for the record itself.
        field: Ustr,
        /// Holds if the key of the look-up came from the principal.
        of_principal: bool,
    },
    /// The environment.
    Environment {
        /// The variable or setting.
        name: Ustr,
        /// The literal that is used where it is missing.
        fallback: Option<Ustr>,
    },
    /// A constant, as text; `""` is a constant too.
    Literal(Ustr),
    /// Chance. `bits` as far as known.
    Random {
        /// Holds if the generator is made for secrets.
        cryptographic: bool,
        /// The number of unpredictable bits, if known.
        bits: Option<u32>,
    },
    /// The time of day.
    Clock,
    /// A digest or signature made with a key that the server keeps.
    Signature,
    /// A digest without a key.
    Digest,
    /// The constant that a key is, or is derived from; beside the digest or signature that is made with it.
    KnownKey(Ustr),
    /// Returned by outside code; its API path.
    Outside(Ustr),
    /// What another server answered when it was asked over HTTP; the field as a dotted path.
    Answer(Ustr),
    /// Not known; the reason.
    Unknown(Ustr),
}

/// All places that a value may come from, in order and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provenance {
    /// Shared, since checks carry it from step to step and from entry point to entry point.
    origins: Arc<[Origin]>,
}

impl Provenance {
    /// Returns the provenance with these origins.
    pub fn new(origins: impl IntoIterator<Item = Origin>) -> Provenance {
        let mut origins: Vec<Origin> = origins.into_iter().collect();
        origins.sort();
        origins.dedup();
        Provenance {
            origins: origins.into(),
        }
    }

    /// Returns the origins in order.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Holds if the value may come from there.
    pub fn has(&self, origin: &Origin) -> bool {
        self.origins.binary_search(origin).is_ok()
    }

    /// Holds if nothing is known of it, not even that it is unknown.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Returns the union of both.
    pub fn union(&self, other: &Provenance) -> Provenance {
        if other.is_empty() || Arc::ptr_eq(&self.origins, &other.origins) {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let union = merged(&self.origins, &other.origins);
        // Most often one says all that the other says, and is shared.
        if union.len() == self.origins.len() {
            return self.clone();
        }
        if union.len() == other.origins.len() {
            return other.clone();
        }
        let origins = union.into_iter().cloned().collect();
        Provenance { origins }
    }

    /// Holds if any part comes from the request as sent by the client (not from the session or a context).
    pub fn is_from_client(&self) -> bool {
        self.origins.iter().any(Origin::is_from_client)
    }

    /// Holds if any part comes from the given part of the request.
    pub fn is_from(&self, part: RequestPart) -> bool {
        self.origins
            .iter()
            .any(|origin| matches!(origin, Origin::Request(found, _) if *found == part))
    }

    /// Holds if any part says who is asking: a proven principal, or a record found by it.
    pub fn is_of_principal(&self) -> bool {
        self.origins.iter().any(Origin::is_of_principal)
    }

    /// Holds if any part is a credential that the request carries.
    pub fn is_credential(&self) -> bool {
        self.origins.iter().any(Origin::is_credential)
    }

    /// Returns the literal text, if the value is nothing but one constant.
    pub fn literal(&self) -> Option<Ustr> {
        match self.origins() {
            [Origin::Literal(text)] => Some(*text),
            _ => None,
        }
    }

    /// Returns the fields of records of `asset` in it.
    pub fn record_fields(&self, asset: Ustr) -> impl Iterator<Item = Ustr> {
        self.origins.iter().filter_map(move |origin| match origin {
            Origin::Record {
                asset: found,
                field,
                ..
            } if *found == asset => Some(*field),
            _ => None,
        })
    }
}

/// Returns what is in one of two lists that are in order, in order.
fn merged<'o>(one: &'o [Origin], other: &'o [Origin]) -> Vec<&'o Origin> {
    let mut union = Vec::with_capacity(one.len() + other.len());
    let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            Ordering::Less => union.extend(left.next()),
            Ordering::Greater => union.extend(right.next()),
            Ordering::Equal => {
                union.extend(left.next());
                right.next();
            }
        }
    }
    union.extend(left);
    union.extend(right);
    union
}

impl Origin {
    /// Holds if the client chooses it freely.
    pub fn is_from_client(&self) -> bool {
        match self {
            Origin::Request(part, _) => !matches!(
                part,
                RequestPart::Session | RequestPart::Context | RequestPart::Address
            ),
            Origin::UnverifiedClaim(_) => true,
            _ => false,
        }
    }

    /// Holds for a setting of the environment.
    pub fn is_setting(&self) -> bool {
        matches!(self, Origin::Environment { .. })
    }

    /// Holds if it says who is asking: a proven principal, or a record found by it.
    pub fn is_of_principal(&self) -> bool {
        matches!(
            self,
            Origin::Principal(_)
                | Origin::Record {
                    of_principal: true,
                    ..
                }
                | Origin::Request(RequestPart::Session, _)
        )
    }

    /// Holds if reading it says that somebody looks at who is asking: a header, cookie or session that
    /// carries an identity by the standards, or by its name.
    pub fn is_identity(&self) -> bool {
        let Origin::Request(part, name) = self else {
            return false;
        };
        match part {
            RequestPart::Session | RequestPart::Handshake => true,
            RequestPart::Cookie => {
                let name = name.to_ascii_lowercase();
                if is_kept_meanwhile(&name) {
                    return false;
                }
                name.is_empty()
                    || [
                        "token", "session", "sid", "auth", "jwt", "user", "login", "remember",
                        "account", "access", "refresh", "identity",
                    ]
                    .iter()
                    .any(|word| name.contains(word))
            }
            RequestPart::Header => {
                let name = name.to_ascii_lowercase();
                [
                    "authorization",
                    "cookie",
                    "token",
                    "api-key",
                    "apikey",
                    "auth",
                    "session",
                ]
                .iter()
                .any(|word| name.contains(word))
            }
            _ => false,
        }
    }

    /// Holds if it is a cookie that keeps what a log-in at another site, or a form, is recognised by.
    pub fn is_kept_meanwhile(&self) -> bool {
        matches!(self, Origin::Request(RequestPart::Cookie, name)
            if is_kept_meanwhile(&name.to_ascii_lowercase()))
    }

    /// Holds if it is a secret by its name that is sent where secrets are not customary: a key in the query, a
    /// token in the body.
    pub fn is_sent_secret(&self) -> bool {
        let Origin::Request(RequestPart::Query | RequestPart::Body | RequestPart::Message, name) =
            self
        else {
            return false;
        };
        let name = name.to_ascii_lowercase().replace(['_', '-'], "");
        ["token", "apikey", "secret", "signature", "accesskey"]
            .iter()
            .any(|word| name.contains(word))
    }

    /// Holds if it is what a store answers to a script or command that is not followed: no other server's word.
    pub fn is_of_store(&self) -> bool {
        matches!(self, Origin::Outside(path) if path.starts_with("redis:"))
    }

    /// Holds if it is where requests carry credentials, or what was proven by one.
    pub fn is_credential(&self) -> bool {
        match self {
            Origin::Request(part, _) => matches!(
                part,
                RequestPart::Header
                    | RequestPart::Cookie
                    | RequestPart::Session
                    | RequestPart::Handshake
                    | RequestPart::Context
            ),
            Origin::Principal(_) | Origin::UnverifiedClaim(_) => true,
            Origin::Record { of_principal, .. } => *of_principal,
            _ => false,
        }
    }
}

/// What a log-in at another site keeps meanwhile, and what forms are protected with, is no identity.
fn is_kept_meanwhile(cookie: &str) -> bool {
    ["oauth", "csrf", "xsrf", "pkce", "nonce", "verifier"]
        .iter()
        .any(|word| cookie.contains(word))
        || cookie.split(['_', '-', '.']).any(|word| word == "state")
}

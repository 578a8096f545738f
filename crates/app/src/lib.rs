//! The application map: entry points, layers, guards, effects, assets, settings.
//!
//! Models write it with [`build::Builder`]; rules read it with the questions of [`query`].
//! It knows no language and no framework: whatever a rule needs to know about one must become a word here.

mod accounts;
pub mod admissions;
mod amounts;
mod asset;
pub mod build;
mod capability;
mod control;
pub mod counting;
mod deciding;
pub mod diff;
mod effect;
mod entry_point;
pub mod exchange;
mod exclusive;
mod facts;
mod fails_open;
mod files;
#[doc(hidden)]
pub mod for_tests;
pub mod invitees;
mod joins;
mod jointly;
mod judge;
mod key_kinds;
mod layer;
mod long_keys;
pub mod lookups;
mod map;
pub mod openings;
pub mod ownership;
pub mod passwords;
mod provenance;
pub mod query;
pub mod second_factors;
pub mod sessions;
mod vouchers;

pub use amounts::is_taken_from;
pub use asset::{Asset, AssetField, AssetKind};
pub use control::{Control, Verdict};
pub use deciding::deciding;
pub use effect::{
    Access, BRIEF_MOMENT, Check, CheckId, CheckKind, CompareSecret, ComparisonKind, Condition,
    Effect, EffectKind, Field, Flag, IN_PRODUCTION, IssueToken, MADE_ANEW, MOMENT, NO_NUMBER,
    NO_SUCH_LIMIT, OR, OR_OPEN, Operation, Order, Refusal, RoomKind, SETTING_MISSING, SendChannel,
    SessionOperation, SetCookie, Throttle, TokenKind, Union, VerifyToken,
};
pub use entry_point::{EntryPoint, Examination, Symbol, Transport, path_segments};
pub use fails_open::{fails_open, fails_open_for_user};
pub use files::FileOperation;
pub use jointly::settle_joint_refusals;
pub use judge::{
    Continuation, LayerRun, is_about_connection, is_left_out, judge_browser, judge_layer,
    judge_user, names_somebody, refusal_control, user_control,
};
pub use layer::{CheckPlace, GuardDefinition, Layer, LayerKind, Mount};
pub use map::{Map, Setting, SettingKind, Unresolved};
pub use provenance::{Origin, Provenance, RequestPart};

//! The shapes that other programs read. The contract promises their names: adding is free, renaming is not.

mod diff;
mod explanation;
mod findings;
mod history;
mod map;
mod place;
mod plan;
mod probe;
mod review;
mod selftest;

pub(crate) use diff::DiffShape;
pub(crate) use explanation::{ExplanationShape, RulesShape};
pub(crate) use findings::{FindingShape, ReportShape};
pub(crate) use history::{HistoryShape, StudyShape};
pub(crate) use map::{MapShape, accesses};
pub(crate) use place::{Place, Region};
pub(crate) use plan::PlanShape;
pub(crate) use probe::ProbeShape;
pub(crate) use review::ReviewShape;
pub(crate) use selftest::SelfTestShape;

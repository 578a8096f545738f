//! JSON Schemas of the JSON that is printed, made from the shapes themselves so that they cannot differ.

use schemars::JsonSchema;

use crate::json::print;
use crate::questions::QuestionsShape;
use crate::shape::{
    DiffShape, ExplanationShape, HistoryShape, MapShape, ProbeShape, ReportShape, ReviewShape,
    RulesShape, SelfTestShape, StudyShape,
};

/// The schema of one kind of output.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name, as `firedoor schema` takes it.
    pub name: &'static str,
    /// Prints it.
    pub print: fn() -> String,
}

/// All schemas.
pub static SCHEMAS: &[Schema] = &[
    Schema {
        name: "map",
        print: schema_of::<MapShape>,
    },
    Schema {
        name: "report",
        print: schema_of::<ReportShape>,
    },
    Schema {
        name: "diff",
        print: schema_of::<DiffShape>,
    },
    Schema {
        name: "history",
        print: schema_of::<HistoryShape>,
    },
    Schema {
        name: "study",
        print: schema_of::<StudyShape>,
    },
    Schema {
        name: "explanation",
        print: schema_of::<ExplanationShape>,
    },
    Schema {
        name: "questions",
        print: schema_of::<QuestionsShape>,
    },
    Schema {
        name: "review",
        print: schema_of::<ReviewShape>,
    },
    Schema {
        name: "rules",
        print: schema_of::<RulesShape>,
    },
    Schema {
        name: "probe",
        print: schema_of::<ProbeShape>,
    },
    Schema {
        name: "selftest",
        print: schema_of::<SelfTestShape>,
    },
];

fn schema_of<T: JsonSchema>() -> String {
    print(
        &schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<T>(),
    )
}

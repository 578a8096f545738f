//! Mongoose 5 to 8: <https://mongoosejs.com/docs/api/model.html>.
//!
//! A model is a host object `mongoose:model`, which has the schema's statics as properties; a document is
//! `mongoose:document`, whose own properties are what the program has assigned and not saved; a query is
//! `mongoose:query` and runs when it is waited for. Source: mongoose 8.9, `lib/model.js`, `lib/query.js`.

mod document;
pub(crate) mod expressions;
mod hooks;
mod model;
pub(crate) mod query;
mod schema;

use firedoor_app::AssetField;
use firedoor_eval::{ObjectId, OriginSet, Value};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

pub(crate) use document::stored_value;

use crate::Model;
use crate::store::Conditions;

/// The model.
pub static MODEL: Model = Model {
    name: "mongoose",
    calls: &[
        ("npm:mongoose.Schema", schema::create),
        ("npm:mongoose.model", model::define),
        ("npm:mongoose.createConnection().model", model::define),
        ("npm:mongoose.createConnection", model::connection),
        ("npm:mongoose.connection.model", model::define),
        ("npm:mongoose.connection.transaction", query::transaction),
        ("npm:mongoose.connection.startSession", query::start_session),
        ("npm:mongoose.startSession", query::start_session),
        ("npm:mongoose.connect", model::connection),
        ("npm:mongoose.set", model::ignored),
        ("npm:mongoose.plugin", model::ignored),
        ("npm:mongoose.Types.ObjectId", model::object_id),
        ("npm:mongoose.mongo.ObjectId", model::object_id),
        ("npm:mongoose.isValidObjectId", model::is_valid_id),
        ("npm:mongoose.Types.ObjectId.isValid", model::is_valid_id),
        ("mongoose:session.withTransaction", query::transaction),
        (
            "mongoose:session.startTransaction",
            query::begin_transaction,
        ),
        ("mongoose:session.commitTransaction", query::end_transaction),
        ("mongoose:session.abortTransaction", query::end_transaction),
        ("mongoose:session.*", model::ignored),
        ("mongoose:schema.method", schema::add_methods),
        ("mongoose:schema.static", schema::add_statics),
        ("mongoose:schema.virtual", schema::add_virtual),
        ("mongoose:schema.pre", schema::add_hook),
        ("mongoose:schema.post", schema::add_hook),
        ("mongoose:schema.plugin", schema::apply_plugin),
        ("mongoose:schema.index", schema::add_index),
        ("mongoose:schema.add", schema::add_fields),
        ("mongoose:schema.loadClass", schema::load_class),
        ("mongoose:schema.*", schema::ignored),
        ("mongoose:virtual.get", schema::virtual_getter),
        ("mongoose:virtual.set", schema::virtual_setter),
        ("mongoose:next", hooks::next),
        ("mongoose:subdocuments.id", document::find_embedded),
        ("mongoose:model", model::construct),
        ("mongoose:model.create", model::create),
        ("mongoose:model.insertMany", model::insert_many),
        ("mongoose:model.insertOne", model::create),
        ("mongoose:model.bulkWrite", model::bulk_write),
        ("mongoose:model.bulkSave", model::bulk_save),
        ("mongoose:model.aggregate", query::start),
        ("mongoose:model.discriminator", model::discriminator),
        ("mongoose:model.startSession", query::start_session),
        ("mongoose:model.hydrate", model::construct),
        ("mongoose:model.populate", model::populate),
        ("mongoose:model.*", query::start),
        ("mongoose:query.exec", query::execute_call),
        ("mongoose:query.then", query::then),
        ("mongoose:query.catch", query::then),
        ("mongoose:query.finally", query::then),
        ("mongoose:query.*", query::chain),
        ("mongoose:document.save", document::save),
        ("mongoose:document.deleteOne", document::delete),
        ("mongoose:document.delete", document::delete),
        ("mongoose:document.remove", document::delete),
        ("mongoose:document.updateOne", document::update),
        ("mongoose:document.update", document::update),
        ("mongoose:document.replaceOne", document::update),
        ("mongoose:document.set", document::set),
        ("mongoose:document.$set", document::set),
        ("mongoose:document.get", document::get),
        ("mongoose:document.toObject", document::to_object),
        ("mongoose:document.toJSON", document::to_object),
        ("mongoose:document.populate", document::populate),
        ("mongoose:document.execPopulate", document::itself),
        ("mongoose:document.isModified", document::is_modified),
        ("mongoose:document.equals", document::equals),
        ("mongoose:document.markModified", model::ignored),
        ("mongoose:document.validate", document::itself),
        ("mongoose:document.overwrite", document::set),
        ("mongoose:document.increment", document::itself),
        ("mongoose:document.$session", document::itself),
    ],
    members: &[
        ("npm:mongoose.models.*", model::registered),
        ("npm:mongoose.connection.models.*", model::registered),
        ("mongoose:model.modelName", model::name_member),
        ("mongoose:model.schema", model::schema_member),
        ("mongoose:document.*", document::member),
        ("mongoose:nested.*", document::nested_member),
    ],
    awaits: &[("mongoose:query", query::execute)],
    set_indexes: &[
        ("mongoose:document", document::set_unknown),
        ("mongoose:nested", document::set_unknown),
    ],
    sets: &[("mongoose:document.*", document::assign)],
    aliases: &[
        ("npm:mongoose.default", "npm:mongoose"),
        ("npm:mongoose.default.model", "npm:mongoose.model"),
        ("npm:mongoose.default.Schema", "npm:mongoose.Schema"),
        ("npm:mongoose.default.models", "npm:mongoose.models"),
        ("npm:mongoose.default.connection", "npm:mongoose.connection"),
        ("npm:mongoose.default.Types", "npm:mongoose.Types"),
    ],
    ..Model::EMPTY
};

/// What this model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Models by name.
    models: IndexMap<Ustr, ObjectId>,
    /// What is known of each model object.
    about: FxHashMap<ObjectId, ModelInfo>,
    documents: FxHashMap<ObjectId, Document>,
    queries: FxHashMap<ObjectId, Query>,
}

impl Memory {
    /// The objects that stay for later requests.
    pub(crate) fn keeps(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.models.values().copied()
    }
}

/// A model.
#[derive(Clone, Debug)]
struct ModelInfo {
    asset: Ustr,
    /// The schema, and that of the model that it is a discriminator of.
    schemas: Vec<ObjectId>,
    fields: Vec<SchemaField>,
}

/// A path of a schema.
#[derive(Clone, Debug)]
struct SchemaField {
    field: AssetField,
    is_list: bool,
    default: Option<Value>,
}

/// A document.
#[derive(Clone, Debug)]
struct Document {
    model: ObjectId,
    /// How it was found.
    key: Conditions,
    origins: OriginSet,
    control: OriginSet,
    /// References that hold documents.
    populated: Vec<Ustr>,
    is_new: bool,
    /// Objects that stand for its nested paths, and lists, by path.
    parts: IndexMap<Ustr, ObjectId>,
    /// Of an object that stands for a nested path: the document and the path.
    parent: Option<(ObjectId, Ustr)>,
}

/// A query.
#[derive(Clone, Copy, Debug)]
struct Query {
    model: ObjectId,
    kind: QueryKind,
}

/// What a query does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QueryKind {
    Find,
    FindOne,
    FindOneAndUpdate,
    FindOneAndDelete,
    UpdateOne,
    UpdateMany,
    DeleteOne,
    DeleteMany,
    Count,
    Exists,
    Distinct,
    Aggregate,
}

//! What frameworks and libraries do, one file each.
//!
//! A model is a table from API path to function. [`ModelHost`] answers the evaluator from all tables;
//! `doors` lists where input enters once the application is wired, and `request` sends a symbolic
//! request through each. Adding a model: a file, a folder `fixtures/<name>/`, and an entry in [`MODELS`].

mod alternatives;
mod answer_headers;
mod authlib;
mod beanie;
mod build;
mod builders;
mod caches;
mod celery;
mod checks;
mod collapsed;
pub mod conditions;
mod contexts;
mod cookies;
mod cross_site;
mod dates;
mod django;
mod doors;
mod drive;
mod drizzle;
mod express;
mod express_terminal;
mod express_validator;
mod express_ws;
mod factories;
mod fastapi;
mod fastapi_users;
mod fastify;
mod file_lists;
mod first_steps;
mod flask;
#[doc(hidden)]
pub mod for_tests;
mod guards;
mod host;
mod http_status;
mod identifiers;
mod identity;
mod issued_tokens;
mod jose;
mod jsonwebtoken;
mod judge;
mod knex;
mod kysely;
mod later_status;
mod layers;
mod limiters;
mod lodash;
mod marshmallow;
mod mongodb;
mod mongoose;
mod nestjs;
mod nextjs;
mod node;
mod node_crypto;
mod node_events;
mod node_http;
mod node_system;
mod oauth_clients;
mod origins;
mod oslo;
mod own_connection;
mod parts;
mod passkeys;
mod passport;
mod passport_outside;
mod passport_sessions;
mod passport_strategies;
mod passwords;
mod peewee;
mod prisma;
mod production;
mod pydantic;
mod python_active;
mod python_caches;
mod python_csv;
mod python_files;
mod python_http;
mod python_jwt;
mod python_limits;
mod python_logins;
mod python_mongo;
mod python_passwords;
mod python_picks;
mod python_records;
mod python_redis;
mod python_regex;
mod python_signed;
mod python_socketio;
mod python_sql;
mod python_standard;
mod python_support;
mod python_system;
mod python_versions;
mod qstash;
mod redis;
mod request;
mod return_effects;
mod sending;
mod sequel;
mod sequelize;
mod sessions;
mod settings;
mod shared_hosts;
mod socket;
mod socket_judge;
mod socket_stores;
mod socketio;
mod sql;
mod sql_drivers;
mod sqlalchemy;
mod sqlmodel;
pub mod sqltext;
mod starlette;
mod state;
mod store;
mod supabase;
mod system;
mod tables;
mod tokens;
pub mod tools;
mod tortoise;
mod trpc;
mod typeorm;
mod unknown_wrappers;
mod upgrade;
mod validators;
mod webhook_signatures;
mod ws;
mod zod;
mod zod_passage;

pub use build::{DoorFacts, build_map, build_map_of};
pub use doors::{Door, Framework, Step, StepKind};
pub use factories::{run_factories, run_first};
pub use host::ModelHost;
pub use state::{Connected, Listener, ListenerKind, Persona, RawEffect, State, Upgrade};
pub use tables::{
    CallFunction, ClassFunction, IndexFunction, MemberFunction, Model, SetFunction, is_server,
};

/// All models, in alphabetical order.
pub static MODELS: &[&Model] = &[
    &answer_headers::MODEL,
    &authlib::MODEL,
    &beanie::MODEL,
    &celery::MODEL,
    &contexts::MODEL,
    &cookies::MODEL,
    &cross_site::MODEL,
    &dates::MODEL,
    &django::MODEL,
    &django::apps::MODEL,
    &django::backends::MODEL,
    &django::bases::MODEL,
    &django::channels::MODEL,
    &django::channels::ROUTING,
    &django::decorated::MODEL,
    &django::drf::MODEL,
    &django::drf::PLAIN,
    &django::drf_authentication::MODEL,
    &django::drf_authentication::HEADER,
    &django::choices::MODEL,
    &django::configurations::MODEL,
    &django::crypto::MODEL,
    &django::drf_errors::MODEL,
    &django::drf_guards::MODEL,
    &django::forms::MODEL,
    &django::guards::MODEL,
    &django::admin_sites::MODEL,
    &django::mail::MODEL,
    &django::meta::MODEL,
    &django::middleware::MODEL,
    &django::orm::LIBRARY,
    &django::orm::MODEL,
    &django::orm_query::MODEL,
    &django::orm_sets::MODEL,
    &django::password_forms::MODEL,
    &django::related_fields::MODEL,
    &django::request::MODEL,
    &django::response::MODEL,
    &django::role_permissions::MODEL,
    &django::routers::MODEL,
    &django::serializers::MODEL,
    &django::signed_tokens::MODEL,
    &django::tokens::MODEL,
    &django::users::MODEL,
    &django::view_members::MODEL,
    &django::views::MODEL,
    &drizzle::MODEL,
    &express::MODEL,
    &express_terminal::MODEL,
    &express_validator::MODEL,
    &express_ws::MODEL,
    &fastapi::MODEL,
    &fastapi::middleware::MODEL,
    &fastapi::security::MODEL,
    &fastapi::views::MODEL,
    &fastapi::websocket::MODEL,
    &fastapi_users::MODEL,
    &fastapi_users::routes::MODEL,
    &fastify::MODEL,
    &fastify::plugins::MODEL,
    &fastify::plugins::typebox::MODEL,
    &file_lists::MODEL,
    &flask::MODEL,
    &flask::answer::MODEL,
    &flask::config::MODEL,
    &flask::cross_site::MODEL,
    &flask::errors::MODEL,
    &flask::http_auth::MODEL,
    &flask::jwt::MODEL,
    &flask::limiter::MODEL,
    &flask::local_proxy::MODEL,
    &flask::login::MODEL,
    &flask::request::MODEL,
    &flask::rest::MODEL,
    &flask::sockets::MODEL,
    &flask::tables::MODEL,
    &http_status::MODEL,
    &identifiers::MODEL,
    &identity::MODEL,
    &issued_tokens::MODEL,
    &jose::MODEL,
    &jsonwebtoken::MODEL,
    &knex::MODEL,
    &kysely::MODEL,
    &layers::MODEL,
    &limiters::MODEL,
    &lodash::MODEL,
    &marshmallow::MODEL,
    &mongodb::MODEL,
    &mongoose::MODEL,
    &nestjs::MODEL,
    &nextjs::MODEL,
    &nextjs::CLERK,
    &nextjs::CONNECT,
    &nextjs::GLOBS,
    &nextjs::SAFE_ACTION,
    &nextjs::SESSIONS,
    &nextjs::WRAPPERS,
    &node::MODEL,
    &node_crypto::MODEL,
    &node_events::MODEL,
    &node_http::MODEL,
    &node_system::MODEL,
    &oauth_clients::MODEL,
    &oslo::MODEL,
    &passkeys::MODEL,
    &passport::MODEL,
    &passport_strategies::MODEL,
    &passwords::MODEL,
    &peewee::MODEL,
    &prisma::MODEL,
    &pydantic::MODEL,
    &pydantic::settings::MODEL,
    &python_active::MODEL,
    &python_caches::MODEL,
    &python_files::MODEL,
    &python_http::MODEL,
    &python_jwt::MODEL,
    &python_limits::MODEL,
    &python_logins::MODEL,
    &python_mongo::MODEL,
    &python_passwords::MODEL,
    &python_picks::MODEL,
    &python_redis::MODEL,
    &python_regex::MODEL,
    &python_signed::MODEL,
    &python_socketio::MODEL,
    &python_sql::MODEL,
    &python_csv::MODEL,
    &python_standard::MODEL,
    &python_system::MODEL,
    &qstash::MODEL,
    &redis::MODEL,
    &sending::MODEL,
    &sequelize::MODEL,
    &sessions::MODEL,
    &socket::MODEL,
    &socketio::MODEL,
    &socketio::client::MODEL,
    &sql_drivers::MODEL,
    &sqlalchemy::MODEL,
    &sqlalchemy::query::MODEL,
    &sqlalchemy::session::MODEL,
    &sqlalchemy::table::MODEL,
    &sqlmodel::MODEL,
    &starlette::MODEL,
    &supabase::MODEL,
    &tortoise::MODEL,
    &trpc::MODEL,
    &typeorm::MODEL,
    &upgrade::MODEL,
    &validators::MODEL,
    &webhook_signatures::MODEL,
    &ws::MODEL,
    &zod::MODEL,
];

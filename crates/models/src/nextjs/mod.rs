//! Next.js 13 to 16: <https://nextjs.org/docs/app/api-reference>.
//!
//! Nothing registers anything: files are entry points by their names. What runs before all of them is one
//! `middleware.ts` (`proxy.ts` since 16), for the paths that its matcher takes. Layouts and pages guard no handler;
//! a page is an entry point itself, and what lies around it runs with it.

mod actions;
mod clerk;
mod connect;
mod doors;
pub(crate) mod expressions;
pub(crate) mod files;
mod globs;
pub(crate) mod matchers;
mod pages;
pub(crate) mod patterns;
mod request;
mod response;
mod run;
mod safe_action;
mod saying_no;
mod server;
mod sessions;
mod wrappers;

use firedoor_eval::ObjectId;
use firedoor_source::FileId;
use rustc_hash::FxHashMap;

use crate::{Framework, Model};

pub(crate) use clerk::MODEL as CLERK;
pub(crate) use connect::MODEL as CONNECT;
pub(crate) use globs::MODEL as GLOBS;
pub(crate) use response::handed_on;
pub(crate) use safe_action::MODEL as SAFE_ACTION;
pub(crate) use sessions::MODEL as SESSIONS;
pub(crate) use wrappers::MODEL as WRAPPERS;

/// What the model remembers.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Where responses were made, and behind what.
    made: FxHashMap<ObjectId, response::Made>,
    /// The headers that middleware hands on instead of those of the request.
    headers: Option<ObjectId>,
    /// The files in which the program asks Next.js for the handler of requests, for a server of its own.
    served_at: Vec<FileId>,
    /// Holds while that server runs.
    is_at_server: bool,
    /// The headers of the request, as that server has left them.
    served: Option<ObjectId>,
}

/// The model.
pub static MODEL: Model = Model {
    name: "nextjs",
    calls: &[
        ("js:Response", response::json),
        ("js:Response.json", response::json),
        ("js:Response.redirect", response::redirect),
        ("npm:next/server.NextResponse", response::json),
        ("npm:next/server.NextResponse.json", response::json),
        ("npm:next/server.NextResponse.redirect", response::redirect),
        ("npm:next/server.NextResponse.next", response::next),
        ("npm:next/server.NextResponse.rewrite", response::rewrite),
        ("next:response.json", response::body),
        ("next:response.text", response::body),
        ("next:response.clone", response::body),
        ("npm:next/navigation.redirect", response::throw_redirect),
        (
            "npm:next/navigation.permanentRedirect",
            response::throw_redirect,
        ),
        ("npm:next/navigation.notFound", response::throw_status),
        ("npm:next/navigation.unauthorized", response::throw_status),
        ("npm:next/navigation.forbidden", response::throw_status),
        ("npm:next/navigation.unstable_rethrow", saying_no::rethrow),
        ("npm:next/server.after", run::after),
        ("npm:next/server.unstable_after", run::after),
        ("npm:next/headers.headers", request::all_headers),
        ("npm:next/headers.cookies", request::all_cookies),
        ("js:Headers", request::make_headers),
        ("next:request.json", request::read_body),
        ("next:request.text", request::read_body),
        ("next:request.formData", request::read_body),
        ("next:request.arrayBuffer", request::read_body),
        ("next:request.blob", request::read_body),
        ("next:request.clone", request::read_body),
        ("next:form.get", request::form_field),
        ("next:form.getAll", request::form_field),
        ("next:form.has", request::form_field),
        ("next:form.*", request::form_entries),
        ("next:headers.get", request::header),
        ("next:headers.has", request::header),
        ("next:headers.set", request::set_header),
        ("next:headers.append", request::set_header),
        ("next:headers.delete", request::set_header),
        ("next:cookies.get", request::cookie),
        ("next:cookies.getAll", request::cookie),
        ("next:cookies.has", request::cookie),
        ("next:cookies.toString", request::cookie),
        ("next:cookies.set", request::set_cookie),
        ("next:cookies.delete", request::delete_cookie),
        ("upgrade:url.clone", request::clone_url),
        ("npm:next", server::make),
        ("next:app.getRequestHandler", server::handler),
        ("next:handler", server::hand_over),
    ],
    members: &[
        ("next:request.headers", request::part),
        ("next:request.cookies", request::part),
        ("next:request.nextUrl", request::part),
        ("next:request.url", request::line),
        ("next:request.method", request::line),
        ("next:request.ip", request::line),
        ("next:request.geo", request::line),
        ("next:request.body", request::line),
        ("next:query.*", request::query_member),
        ("next:response.headers", request::of_response),
        ("next:response.cookies", request::of_response),
    ],
    indexes: &[(request::FORM, request::form_pair)],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "nextjs",
    doors: doors::doors,
    begin: run::begin,
    step: run::step,
    mountings: doors::mountings,
    as_layer: |_, _, _| None,
    status_of: response::status_of,
};

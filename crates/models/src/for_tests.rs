//! What the tests of this crate call besides what is for everybody; nobody else may.

/// Of Django.
pub mod django {
    pub use crate::django::patterns::{of_regex, of_route};
}

/// Of Fastify.
pub mod fastify {
    pub use crate::fastify::paths::{join, templates};
    pub use crate::fastify::plugins::limits::seconds;
}

/// Of lists of files.
pub mod file_lists {
    pub use crate::file_lists::{below, is_taken};
}

/// Of Next.js.
pub mod nextjs {
    pub use crate::nextjs::expressions::Expression;
    pub use crate::nextjs::files::{ENDINGS, Role, role};
    pub use crate::nextjs::matchers::{Cover, of_glob, of_text, tried};
    pub use crate::nextjs::patterns::of_pattern;
}

/// Of Python's libraries.
pub mod python {
    pub use crate::python_limits::parse_limit;
    pub use crate::python_regex::anchored;
    pub use crate::python_versions::highest;
}

/// Of hosts that many share.
pub mod shared_hosts {
    pub use crate::shared_hosts::{is_whole_service, leaves_name_open};
}

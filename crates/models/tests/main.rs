//! All tests of this crate in one program, since each program is linked with everything.

mod django_patterns;
mod failing;
mod fastify_limits;
mod fastify_paths;
mod file_lists;
mod libraries;
mod nextjs_expressions;
mod nextjs_files;
mod nextjs_matchers;
mod nextjs_patterns;
mod python_limits;
mod python_regex;
mod python_versions;
mod shared_hosts;
mod sqltext;
mod sqltext_parsed;
mod too_large;

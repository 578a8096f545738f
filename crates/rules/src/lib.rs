//! One file a rule. A rule sees the application map only, so that it holds in every framework.
//!
//! Adding one: a file, a folder `fixtures/<id>/` with the page that documents and tests it, a `mod` line
//! and an entry in [`RULES`], both in alphabetical order.

mod accepted_alone;
mod account_existence_revealed;
mod administration_gap;
mod asked_alike;
mod below_own;
mod browsed;
mod changed_by_get;
mod changed_for_less;
mod check_then_act;
mod clears;
mod client_trusted_value;
mod client_value;
mod code_replayable;
mod code_without_throttle;
mod conditional_guard;
mod cookie_not_httponly;
mod cookie_not_secure;
mod cookie_samesite_open;
mod cookie_use;
mod copies;
mod cors_any_origin_with_credentials;
mod cors_reflects_origin_with_credentials;
mod counted_late;
mod credential_change_keeps_sessions;
mod cross_origin_headers;
mod csrf_missing;
mod dead_guard;
mod debug_mode;
mod demands;
mod docs_exposed;
mod ended_in_vain;
mod enrolled_again;
mod exposure;
mod fail_open_guard;
mod finding;
#[doc(hidden)]
pub mod for_tests;
mod foreign_accounts;
mod foreign_author;
mod foreign_reference;
mod forgotten;
mod found_or_not;
mod free_key;
mod given_money;
mod group_wide;
mod guard_after_routes;
mod guard_gap;
mod guard_misses_path;
mod guess_gap;
mod guess_key;
mod guessable;
mod handed_out;
mod held_by_others;
mod held_whole;
mod invitation_kinds;
mod invite_guessable;
mod invite_not_expiring;
mod invite_reusable;
mod invite_role_from_client;
mod invite_unbound;
mod jwt_algorithm_open;
mod jwt_claims_unchecked;
mod jwt_not_verified;
mod jwt_secret_fallback;
mod jwt_secret_hardcoded;
mod jwt_token_confusion;
mod jwt_without_expiry;
mod lesser_role;
mod let_through;
mod limiter_per_client_key;
mod login_without_throttle;
mod logout_cookie;
mod logout_keeps_token;
mod made_anew;
mod made_for_others;
mod marked_again;
mod meant_for_others;
mod measured;
mod message_rank;
mod missing_field;
mod missing_role_check;
mod named_besides;
mod noted_counts;
mod oauth_flow;
mod oauth_redirect_open;
mod oauth_state_missing;
mod oauth_token_unverified;
mod oauth_unverified_email_linking;
mod object_without_owner_check;
mod one_time_token_confusion;
mod one_time_token_reusable;
mod open_by_word;
mod optional_authentication;
mod orders;
mod parent_not_checked;
mod parent_parity;
mod password_checks;
mod payment_amount_unchecked;
mod pending_token_accepted;
mod place;
mod privileged;
mod purse;
mod rank_within;
mod reading_rights;
mod recovery_code_reusable;
mod refresh_cookie_broad_path;
mod refresh_not_revocable;
mod refresh_not_rotated;
mod refresh_reuse_undetected;
mod registration_joins_tenant;
mod removals;
mod renewed_key;
mod repeatable_reward;
mod request_body_stored_whole;
mod reset_token_blank;
mod reset_token_leaked;
mod reset_token_not_expiring;
mod reset_token_weak;
mod reset_without_throttle;
mod resets;
mod rewrites;
mod role_from_client;
mod rooms_at_will;
mod rooms_unasked;
mod router_gap;
mod same_cause;
mod scopes;
mod scripted_count;
mod seats;
mod secret_exposed;
mod secret_fallback;
mod secret_hardcoded;
mod secret_size;
mod secret_use;
mod security_headers_missing;
mod sent_again;
mod session_not_expiring;
mod set_back;
mod shared_place;
mod shop_window;
mod shortfall;
mod site_form;
mod socket;
mod stack_trace_returned;
mod system;
mod tenant_unscoped_list;
mod throttle;
mod token_contrasts;
mod token_guessing_without_throttle;
mod token_in_url;
mod token_kinds;
mod told_alike;
mod trusted_header;
mod two_factor_disable_unverified;
mod two_factor_skipped;
mod unasked;
mod unauthenticated_entry_point;
mod unkept;
mod unmounted_guard;
mod unowned;
mod unsigned_quantity;
mod unspent;
mod unverified_payment;
mod websocket_message_before_auth;
mod websocket_missing_permission;
mod websocket_origin;
mod websocket_stale_identity;
mod websocket_unauthenticated;

pub use exposure::is_public_by_nature;
pub use finding::{Confidence, Evidence, Finding, FindingBuilder, Findings, Severity};

use firedoor_app::Map;

/// A class of defects, as the contract names them.
pub type Class = &'static str;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its id, which names the problem.
    pub id: &'static str,
    /// The class of its findings.
    pub class: Class,
    /// One sentence.
    pub summary: &'static str,
    /// How bad a finding is unless the rule says otherwise for one.
    pub severity: Severity,
    /// Weaknesses of the common enumeration, such as `CWE-306`.
    pub cwe: &'static [&'static str],
    /// What to do about a finding, in a sentence or two.
    pub remediation: &'static str,
    /// The page, in Markdown.
    pub page: &'static str,
    /// Finds the defects.
    pub check: fn(&Map, &mut Findings),
}

/// All rules, in alphabetical order of their ids.
pub static RULES: &[&Rule] = &[
    &account_existence_revealed::RULE,
    &changed_by_get::RULE,
    &check_then_act::RULE,
    &client_trusted_value::RULE,
    &code_replayable::RULE,
    &code_without_throttle::RULE,
    &conditional_guard::RULE,
    &cookie_not_httponly::RULE,
    &cookie_not_secure::RULE,
    &cookie_samesite_open::RULE,
    &cors_any_origin_with_credentials::RULE,
    &cors_reflects_origin_with_credentials::RULE,
    &credential_change_keeps_sessions::RULE,
    &csrf_missing::RULE,
    &dead_guard::RULE,
    &debug_mode::RULE,
    &docs_exposed::RULE,
    &fail_open_guard::RULE,
    &guard_after_routes::RULE,
    &guard_gap::RULE,
    &guard_misses_path::RULE,
    &invite_guessable::RULE,
    &invite_not_expiring::RULE,
    &invite_reusable::RULE,
    &invite_role_from_client::RULE,
    &invite_unbound::RULE,
    &jwt_algorithm_open::RULE,
    &jwt_claims_unchecked::RULE,
    &jwt_not_verified::RULE,
    &jwt_secret_fallback::RULE,
    &jwt_secret_hardcoded::RULE,
    &jwt_token_confusion::RULE,
    &jwt_without_expiry::RULE,
    &limiter_per_client_key::RULE,
    &login_without_throttle::RULE,
    &logout_keeps_token::RULE,
    &missing_role_check::RULE,
    &oauth_redirect_open::RULE,
    &oauth_state_missing::RULE,
    &oauth_token_unverified::RULE,
    &oauth_unverified_email_linking::RULE,
    &object_without_owner_check::RULE,
    &one_time_token_confusion::RULE,
    &one_time_token_reusable::RULE,
    &optional_authentication::RULE,
    &parent_not_checked::RULE,
    &payment_amount_unchecked::RULE,
    &pending_token_accepted::RULE,
    &recovery_code_reusable::RULE,
    &refresh_cookie_broad_path::RULE,
    &refresh_not_revocable::RULE,
    &refresh_not_rotated::RULE,
    &refresh_reuse_undetected::RULE,
    &registration_joins_tenant::RULE,
    &repeatable_reward::RULE,
    &request_body_stored_whole::RULE,
    &reset_token_blank::RULE,
    &reset_token_leaked::RULE,
    &reset_token_not_expiring::RULE,
    &reset_token_weak::RULE,
    &reset_without_throttle::RULE,
    &role_from_client::RULE,
    &secret_exposed::RULE,
    &secret_fallback::RULE,
    &secret_hardcoded::RULE,
    &security_headers_missing::RULE,
    &session_not_expiring::RULE,
    &stack_trace_returned::RULE,
    &tenant_unscoped_list::RULE,
    &token_guessing_without_throttle::RULE,
    &token_in_url::RULE,
    &trusted_header::RULE,
    &two_factor_disable_unverified::RULE,
    &two_factor_skipped::RULE,
    &unauthenticated_entry_point::RULE,
    &unmounted_guard::RULE,
    &unsigned_quantity::RULE,
    &unverified_payment::RULE,
    &websocket_message_before_auth::RULE,
    &websocket_missing_permission::RULE,
    &websocket_origin::RULE,
    &websocket_stale_identity::RULE,
    &websocket_unauthenticated::RULE,
];

/// Returns the rule with that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Returns what `rule` finds in `map`.
pub fn run(rule: &'static Rule, map: &Map) -> Vec<Finding> {
    let mut findings = Findings::new(rule);
    (rule.check)(map, &mut findings);
    findings.finish()
}

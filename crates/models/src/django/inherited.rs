//! What Django's views have themselves, where a class of the program stands behind them in the bases, and how their
//! methods are called by the name of the class.
//!
//! `class Page(View, Guard)` never comes to `Guard.dispatch`, since `View` has one. Sources: django 5.2
//! `views/generic/base.py`, `contrib/auth/mixins.py`; djangorestframework 3.16 `views.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Value};

use super::{decorated, drf_methods, views};
use crate::ModelHost;
use crate::python_support::last_name;

/// What every view has.
const OF_VIEWS: &[&str] = &[
    "as_view",
    "dispatch",
    "http_method_names",
    "http_method_not_allowed",
    "setup",
];

/// What every view of REST framework has besides.
const OF_API_VIEWS: &[&str] = &[
    "authentication_classes",
    "check_object_permissions",
    "check_permissions",
    "check_throttles",
    "get_authenticators",
    "get_permissions",
    "get_throttles",
    "handle_exception",
    "initial",
    "perform_authentication",
    "permission_classes",
    "permission_denied",
    "throttle_classes",
];

/// What any view or mixin of theirs has, or its instances get, besides methods that are named for what they do.
const OF_ANY: &str = "action action_map allow_empty allow_future allowed_methods args as_view authentication_classes \
    authentication_form basename content_negotiation_class content_type context_object_name create date_field \
    date_list_period day day_format default_response_headers delete description destroy detail \
    determine_version dispatch email_template_name extra_context extra_email_context fields filter_backends \
    filter_queryset finalize_response form_class form_invalid form_valid format_kwarg from_email get \
    has_permission head headers html_email_template_name http_method_names http_method_not_allowed initial \
    initialize_request kwargs list login_url lookup_field lookup_url_kwarg make_object_list metadata_class \
    model month month_format name next_page object object_list options ordering page_kwarg paginate_by \
    paginate_orphans paginate_queryset pagination_class paginator paginator_class parser_classes \
    partial_update patch pattern_name permanent permission_classes permission_denied \
    permission_denied_message permission_required pk_url_kwarg post post_reset_login post_reset_login_backend \
    prefix put query_pk_and_slug query_string queryset raise_exception raise_uncaught_exception \
    redirect_authenticated_user redirect_field_name render_to_response renderer_classes request \
    reset_url_token response response_class retrieve reverse_action schema serializer_class settings setup \
    slug_field slug_url_kwarg subject_template_name success_url success_url_allowed_hosts suffix \
    template_engine template_name template_name_field template_name_suffix test_func throttle_classes \
    throttle_scope throttled title token_generator update url uses_datetime_field versioning_class \
    view_is_async week week_format year year_format";

/// How the names of such methods begin.
const WORDS: &[&str] = &["_", "check_", "get_", "handle_", "perform_"];

/// Returns whether a view or mixin of theirs has a member of this name itself, so that it hides those of classes behind it,
/// or has none at all, if that is known.
pub(crate) fn defines(path: &str, key: &str) -> Option<bool> {
    let name = last_name(path);
    let is_api = path.starts_with("py:rest_framework.");
    let is_view = name.ends_with("View") || (is_api && name.ends_with("ViewSet"));
    let is_mixin = name.ends_with("Mixin");
    if !(is_api || path.starts_with("py:django.")) || !(is_view || is_mixin) {
        return None;
    }
    if is_view && (OF_VIEWS.contains(&key) || is_api && OF_API_VIEWS.contains(&key)) {
        return Some(true);
    }
    let is_any = WORDS.iter().any(|word| key.starts_with(word))
        || OF_ANY.split(' ').any(|known| known == key);
    (!is_any).then_some(false)
}

/// `View.dispatch(self, request)`: what mixins would ask before it is left out, unless it is a mixin that is named.
pub(super) fn unbound(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((this, rest)) = receiver_of(call) else {
        return Ok(None);
    };
    let Some(instance) = this.only_object() else {
        return Ok(None);
    };
    let mut arguments = rest.clone();
    if arguments.positional.is_empty() {
        return Ok(None);
    }
    let request = arguments.positional.remove(0);
    if last_name(&call.path) == "setup" {
        views::set_up(machine, instance, &request, &arguments, call.span);
        return Ok(Some(Value::null()));
    }
    let owner = call.path.rsplit_once('.').map_or("", |(owner, _)| owner);
    if last_name(owner).ends_with("Mixin") {
        let span = call.span;
        return views::dispatch(host, machine, instance, &request, &arguments, span).map(Some);
    }
    let method = views::request_method(machine, &request);
    let around = match machine.heap.get(instance).kind {
        ObjectKind::Instance { class } => decorated::around_method(host, machine, class, &method),
        _ => Vec::new(),
    };
    let whole = (method.as_str(), around.as_slice());
    decorated::call_in(host, machine, instance, whole, &rest, call.span).map(Some)
}

/// The same of REST framework, whose `dispatch` asks itself.
pub(super) fn unbound_api(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some((this, rest)) = receiver_of(call) else {
        return Ok(None);
    };
    let bound = Call {
        path: call.path,
        receiver: this.only_object(),
        this,
        arguments: &rest,
        span: call.span,
        is_new: false,
    };
    drf_methods::method(host, machine, &bound)
}

/// The first argument, which takes the place of `self`, and the others.
fn receiver_of(call: &Call<'_>) -> Option<(Value, Arguments)> {
    let mut rest = call.arguments.clone();
    if rest.positional.is_empty() {
        return None;
    }
    let this = rest.positional.remove(0);
    Some((this, rest))
}

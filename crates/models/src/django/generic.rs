//! Generic views: lists, details, forms.

use firedoor_eval::{Answer, Call, Machine, ObjectId};

use crate::ModelHost;

/// Holds if a generic class answers a method by itself.
pub(crate) fn answers(class: &str, method: &str) -> bool {
    match class {
        "TemplateView" | "ListView" | "DetailView" | "ArchiveIndexView" | "DateDetailView" => {
            method == "get"
        }
        "RedirectView" => true,
        "FormView" | "CreateView" | "UpdateView" | "LoginView" | "PasswordChangeView"
        | "PasswordResetView" | "PasswordResetConfirmView" => {
            matches!(method, "get" | "post" | "put")
        }
        "LogoutView" => method == "post",
        "PasswordChangeDoneView" | "PasswordResetDoneView" | "PasswordResetCompleteView" => {
            method == "get"
        }
        "DeleteView" => matches!(method, "get" | "post" | "put" | "delete"),
        _ => false,
    }
}

/// What a method of a generic view does.
pub(crate) fn method(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _instance: ObjectId,
    _name: &str,
    _call: &Call<'_>,
) -> Answer {
    Ok(None)
}

from django.urls import path

from . import accounts, admin, notes

urlpatterns = [
    path("health", accounts.Health.as_view()),
    path("register", accounts.Register.as_view()),
    path("login", accounts.Login.as_view()),
    path("login/app", accounts.LoginFromApp.as_view()),
    path("notes", notes.Notes.as_view()),
    path("notes/<int:id>", notes.OneNote.as_view()),
    path("admin/accounts", admin.Accounts.as_view()),
    path("admin/accounts/<int:id>", admin.OneAccount.as_view()),
]

"""Pages of people. Include before allauth's: the sign-up page is allauth's with one line more.

The profile itself, `/@name`, is a page of `feeds`.
"""

from allauth.account import views as base
from django.urls import path, re_path

from accounts import converters, views  # noqa: F401 (converters registers <username:…>)
from accounts.guessing import counts_letters, counts_passwords

urlpatterns = [
    path("accounts/signup/", views.signup, name="account_signup"),
    path("accounts/login/", views.login, name="account_login"),
    path("accounts/password/change/", counts_passwords(base.password_change), name="account_change_password"),
    path("accounts/reauthenticate/", counts_passwords(base.reauthenticate), name="account_reauthenticate"),
    path("accounts/email/", counts_letters(base.email), name="account_email"),
    path("accounts/password/reset/", counts_letters(base.password_reset), name="account_reset_password"),
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)/$",
        counts_letters(base.confirm_email),
        name="account_confirm_email",
    ),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        counts_letters(base.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("@<username:username>/followers", views.followers, name="followers"),
    path("@<username:username>/following", views.following, name="following"),
    path("@<username:username>/follow", views.follow, name="follow"),
    path("@<username:username>/unfollow", views.unfollow, name="unfollow"),
    path("@<username:username>/bell", views.bell, name="bell"),
    path("@<username:username>/block", views.block, name="block"),
    path("@<username:username>/unblock", views.unblock, name="unblock"),
    path("@<username:username>/mute", views.mute, name="mute"),
    path("@<username:username>/unmute", views.unmute, name="unmute"),
    path("follow-requests", views.follow_requests, name="follow_requests"),
    path(
        "follow-requests/<username:username>/accept",
        views.follow_request_accept,
        name="follow_request_accept",
    ),
    path(
        "follow-requests/<username:username>/refuse",
        views.follow_request_refuse,
        name="follow_request_refuse",
    ),
    path("settings/profile", views.settings_profile, name="settings_profile"),
    path("settings/privacy", views.settings_privacy, name="settings_privacy"),
    path("settings/account", views.settings_account, name="settings_account"),
    path("settings/account/delete", views.account_delete, name="account_delete"),
    path("settings/sessions", views.settings_sessions, name="settings_sessions"),
    path("settings/sessions/<uuid:session_id>/end", views.session_revoke, name="session_revoke"),
    path("settings/tokens", views.token_create, name="token_create"),
    path("settings/tokens/<int:token_id>/revoke", views.token_revoke, name="token_revoke"),
    path("settings/blocked", views.settings_blocks, name="settings_blocks"),
    path("dev/mail", views.dev_mail, name="dev_mail"),
]

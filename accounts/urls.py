"""Pages of people. Include before allauth's: the sign-up page is allauth's with one line more.

The profile itself, `/@name`, is a page of `feeds`.
"""

from allauth.account import views as base
from allauth.mfa.base import views as factor
from allauth.mfa.webauthn import views as passkey
from django.urls import path, re_path
from django.views.generic import RedirectView

from accounts import converters, views  # noqa: F401 (converters registers <username:…>)
from accounts.guessing import counts_letters, counts_passkeys, counts_passwords

urlpatterns = [
    path("accounts/signup/", views.signup, name="account_signup"),
    path("accounts/login/", views.login, name="account_login"),
    path("accounts/password/change/", counts_passwords(base.password_change), name="account_change_password"),
    path("accounts/reauthenticate/", counts_passwords(base.reauthenticate), name="account_reauthenticate"),
    path("accounts/email/", counts_letters(views.email_address), name="account_email"),
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
    path("accounts/2fa/authenticate/", factor.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/webauthn/login/", counts_passkeys(passkey.login_webauthn), name="mfa_login_webauthn"),
    re_path(r"^accounts/2fa/", RedirectView.as_view(pattern_name="settings_security")),
    path("settings/security", views.settings_security, name="settings_security"),
    path("settings/security/app", views.factor_app, name="factor_app"),
    path("settings/security/app/confirm", views.factor_app_confirm, name="factor_app_confirm"),
    path("settings/security/app/remove", views.factor_app_remove, name="factor_app_remove"),
    path("settings/security/codes", views.factor_codes, name="factor_codes"),
    path("settings/security/passkeys/add", views.passkey_add, name="passkey_add"),
    path("settings/security/passkeys/keep", views.passkey_keep, name="passkey_keep"),
    path("settings/security/passkeys/<int:passkey_id>/remove", views.passkey_remove, name="passkey_remove"),
    path("settings/security/confirm", views.factor_confirm, name="factor_confirm"),
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
    path("accounts/left", views.account_left, name="account_left"),
    path("accounts/email/change/<str:key>", views.email_change, name="email_change"),
    path("settings/export", views.settings_export, name="settings_export"),
    path("settings/export/file", views.export_download, name="export_download"),
    path("settings/sessions/end-others", views.sessions_end, name="sessions_end"),
    path("settings/sessions", views.settings_sessions, name="settings_sessions"),
    path("settings/sessions/<uuid:session_id>/end", views.session_revoke, name="session_revoke"),
    path("settings/tokens", views.token_create, name="token_create"),
    path("settings/tokens/<int:token_id>/revoke", views.token_revoke, name="token_revoke"),
    path("settings/blocked", views.settings_blocks, name="settings_blocks"),
    path("dev/mail", views.dev_mail, name="dev_mail"),
]

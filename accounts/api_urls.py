from django.urls import path

from accounts import api, converters  # noqa: F401 (converters registers <username:…>)

urlpatterns = [
    path("auth/register", api.RegisterView.as_view()),
    path("auth/token", api.TokenView.as_view()),
    path("auth/tokens", api.TokensView.as_view()),
    path("auth/tokens/<int:token_id>", api.OneTokenView.as_view()),
    path("auth/password", api.PasswordView.as_view()),
    path("auth/password/reset", api.PasswordResetView.as_view()),
    path("auth/password/reset/confirm", api.PasswordResetConfirmView.as_view()),
    path("auth/email", api.EmailView.as_view()),
    path("auth/email/confirm", api.EmailConfirmView.as_view()),
    path("auth/2fa", api.FactorsView.as_view()),
    path("auth/2fa/totp", api.AppFactorView.as_view()),
    path("auth/2fa/totp/confirm", api.AppFactorConfirmView.as_view()),
    path("auth/2fa/recovery-codes", api.RecoveryCodesView.as_view()),
    path("auth/2fa/passkeys/<int:passkey_id>", api.PasskeyView.as_view()),
    path("me", api.MeView.as_view(), name="api_me"),
    path("me/sessions", api.SessionsView.as_view()),
    path("me/sessions/<uuid:session_id>", api.OneSessionView.as_view()),
    path("me/follow-requests", api.FollowRequestsView.as_view()),
    path("me/follow-requests/<username:username>", api.OneFollowRequestView.as_view()),
    path("me/blocks", api.BlocksView.as_view()),
    path("me/mutes", api.MutesView.as_view()),
    path("users/<username:username>", api.UserView.as_view(), name="api_user"),
    path("users/<username:username>/followers", api.FollowersView.as_view()),
    path("users/<username:username>/following", api.FollowingView.as_view()),
    path("users/<username:username>/follow", api.FollowView.as_view()),
    path("users/<username:username>/block", api.BlockView.as_view()),
    path("users/<username:username>/mute", api.MuteView.as_view()),
]

"""The API's door to people: the same actions and selectors as the pages."""

from accounts.api.auth import (
    EmailConfirmView,
    EmailView,
    OneTokenView,
    PasswordResetConfirmView,
    PasswordResetView,
    PasswordView,
    RegisterView,
    TokensView,
    TokenView,
)
from accounts.api.factors import (
    AppFactorConfirmView,
    AppFactorView,
    FactorsView,
    PasskeyView,
    RecoveryCodesView,
)
from accounts.api.me import (
    BlocksView,
    ExportFileView,
    ExportView,
    FollowRequestsView,
    MeView,
    MutesView,
    OneFollowRequestView,
    OneSessionView,
    SessionsView,
)
from accounts.api.people import BlockView, FollowersView, FollowingView, FollowView, MuteView, UserView

__all__ = [
    "AppFactorConfirmView",
    "AppFactorView",
    "BlockView",
    "BlocksView",
    "EmailConfirmView",
    "EmailView",
    "ExportFileView",
    "ExportView",
    "FactorsView",
    "FollowRequestsView",
    "FollowView",
    "FollowersView",
    "FollowingView",
    "MeView",
    "MuteView",
    "MutesView",
    "OneFollowRequestView",
    "OneSessionView",
    "OneTokenView",
    "PasskeyView",
    "PasswordResetConfirmView",
    "PasswordResetView",
    "PasswordView",
    "RecoveryCodesView",
    "RegisterView",
    "SessionsView",
    "TokenView",
    "TokensView",
    "UserView",
]

"""The pages' door to people: the same actions and selectors as the API."""

from accounts.views.entrance import dev_mail, signup
from accounts.views.people import (
    bell,
    block,
    follow,
    follow_request_accept,
    follow_request_refuse,
    follow_requests,
    followers,
    following,
    mute,
    unblock,
    unfollow,
    unmute,
)
from accounts.views.settings import (
    account_delete,
    session_revoke,
    settings_account,
    settings_blocks,
    settings_privacy,
    settings_profile,
    settings_sessions,
    token_create,
    token_revoke,
)

__all__ = [
    "account_delete",
    "bell",
    "block",
    "dev_mail",
    "follow",
    "follow_request_accept",
    "follow_request_refuse",
    "follow_requests",
    "followers",
    "following",
    "mute",
    "session_revoke",
    "settings_account",
    "settings_blocks",
    "settings_privacy",
    "settings_profile",
    "settings_sessions",
    "signup",
    "token_create",
    "token_revoke",
    "unblock",
    "unfollow",
    "unmute",
]

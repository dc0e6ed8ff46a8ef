"""What happens to people. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonJoined(Event):
    name = "accounts.person_joined"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    """A browser or a program got in with the person's password.

    `is_new`: not for the first time of all, and from where they were never seen before. `by` is session or token,
    `device` what it says of itself ("Firefox, Linux"; may be empty).
    """

    name = "accounts.signed_in"
    user_id: int
    is_new: bool = False
    by: str = ""
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class UserFollowed(Event):
    """An active follow began: at once, or, if it `was_asked` for, when it was accepted."""

    name = "accounts.user_followed"
    follower_id: int
    followee_id: int
    was_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class UserUnfollowed(Event):
    """An active follow ended, whoever ended it."""

    name = "accounts.user_unfollowed"
    follower_id: int
    followee_id: int


@dataclass(frozen=True, kw_only=True)
class FollowRequested(Event):
    name = "accounts.follow_requested"
    follower_id: int
    followee_id: int


@dataclass(frozen=True, kw_only=True)
class FollowRequestEnded(Event):
    """Nobody asks any more, and no follow came of it: withdrawn, refused, blocked, or one of the two left."""

    name = "accounts.follow_request_ended"
    follower_id: int
    followee_id: int


@dataclass(frozen=True, kw_only=True)
class UserBlocked(Event):
    name = "accounts.user_blocked"
    blocker_id: int
    blocked_id: int


@dataclass(frozen=True, kw_only=True)
class UserUnblocked(Event):
    name = "accounts.user_unblocked"
    blocker_id: int
    blocked_id: int


@dataclass(frozen=True, kw_only=True)
class UserMuted(Event):
    name = "accounts.user_muted"
    muter_id: int
    muted_id: int


@dataclass(frozen=True, kw_only=True)
class UserUnmuted(Event):
    name = "accounts.user_unmuted"
    muter_id: int
    muted_id: int


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    name = "accounts.profile_changed"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PrivacyChanged(Event):
    name = "accounts.privacy_changed"
    user_id: int
    is_private: bool


@dataclass(frozen=True, kw_only=True)
class UserSuspended(Event):
    name = "accounts.user_suspended"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class UserUnsuspended(Event):
    name = "accounts.user_unsuspended"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class ReachChanged(Event):
    """Others than before may mention this person, or find them."""

    name = "accounts.reach_changed"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class UserLimited(Event):
    """Neither recommended nor trending any more; what they comment is folded."""

    name = "accounts.user_limited"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class UserUnlimited(Event):
    name = "accounts.user_unlimited"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PersonDeleted(Event):
    """The account is a tombstone; whoever keeps something of this person removes it."""

    name = "accounts.person_deleted"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(Event):
    """Browsers are signed out. `copies` are `cache.copy_of` their session keys, which are stored nowhere else."""

    name = "accounts.sessions_ended"
    user_id: int
    copies: list[str]


@dataclass(frozen=True, kw_only=True)
class TokensRevoked(Event):
    """`hashes` are those the tokens were kept under; their secrets open nothing any more."""

    name = "accounts.tokens_revoked"
    user_id: int
    hashes: list[str]


@dataclass(frozen=True, kw_only=True)
class ConfirmationAsked(Event):
    """A letter with a link is owed to an address that waits to be confirmed."""

    name = "accounts.confirmation_asked"
    address_id: int
    joining: bool = False


@dataclass(frozen=True, kw_only=True)
class PasswordResetAsked(Event):
    name = "accounts.password_reset_asked"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class JoinedTwice(Event):
    """Somebody tried to sign up with the address of `user_id`, who is told."""

    name = "accounts.joined_twice"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    name = "accounts.password_changed"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorChanged(Event):
    """`change` is "app added", "app removed", "passkey added", "passkey removed", "codes" (new ones) or "off"."""

    name = "accounts.second_factor_changed"
    user_id: int
    change: str


@dataclass(frozen=True, kw_only=True)
class EmailChangeAsked(Event):
    """A letter is owed to the old address, which may agree or stop it."""

    name = "accounts.email_change_asked"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class LeavingBegun(Event):
    """Somebody asked to be deleted: hidden now (`UserSuspended` says so to all), erased after the days of grace."""

    name = "accounts.leaving_begun"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class ExportReady(Event):
    name = "accounts.export_ready"
    user_id: int


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Event):
    """A new address was confirmed and stands in the place of the `former` one, which is empty if nobody confirmed it:
    then it may be a stranger's."""

    name = "accounts.email_changed"
    user_id: int
    former: str = ""

"""Who sees what of a person: the matrix, once."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.models import FoundBy, User, Viewer


class ProfileLevel(StrEnum):
    FULL = "full"
    BASIC = "basic"  # name, picture, bio, counts
    STUB = "stub"  # the viewer blocked this person: a name and Unblock
    SUSPENDED = "suspended"  # a plain note
    HIDDEN = "hidden"  # 404


class Lists(StrEnum):
    """How follower and following lists are shown. People blocked either way and suspended ones never appear."""

    ALL = "all"
    FILTERED = "filtered"  # without private accounts that the viewer does not follow
    HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True)
class Access:
    profile: ProfileLevel
    posts: bool
    lists: Lists


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What stands between a viewer and a person, seen from the viewer. Mutes count only while in force."""

    is_self: bool = False
    following: bool = False
    follow_requested: bool = False
    followed_by: bool = False
    requested_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    notify: bool = False

    @property
    def state(self) -> str:
        """The one word that a follow button shows: self, blocked, following, requested or none."""
        if self.is_self:
            return "self"
        if self.blocking:
            return "blocked"
        if self.following:
            return "following"
        return "requested" if self.follow_requested else "none"


STRANGER = Relation()
EVERYTHING = Access(profile=ProfileLevel.FULL, posts=True, lists=Lists.ALL)
FOLLOWER_OF_PRIVATE = Access(profile=ProfileLevel.FULL, posts=True, lists=Lists.FILTERED)
STRANGER_TO_PRIVATE = Access(profile=ProfileLevel.BASIC, posts=False, lists=Lists.HIDDEN)
BLOCKED_BY_VIEWER = Access(profile=ProfileLevel.STUB, posts=False, lists=Lists.HIDDEN)
SUSPENDED = Access(profile=ProfileLevel.SUSPENDED, posts=False, lists=Lists.HIDDEN)
NOTHING = Access(profile=ProfileLevel.HIDDEN, posts=False, lists=Lists.HIDDEN)


def access_by(person: User, relation: Relation) -> Access:
    """The first row of the matrix that fits."""
    if not person.is_active or relation.blocked_by:
        return NOTHING
    if relation.is_self:
        return EVERYTHING
    if relation.blocking:
        return BLOCKED_BY_VIEWER
    if person.is_suspended:
        return SUSPENDED
    if not person.is_private:
        return EVERYTHING
    return FOLLOWER_OF_PRIVATE if relation.following else STRANGER_TO_PRIVATE


def may_find(found_by: str, relation: Relation) -> bool:
    """Whether somebody who may be `found_by` these people lets a viewer come across them; oneself one finds always."""
    if found_by == FoundBy.EVERYONE or relation.is_self:
        return True
    return found_by == FoundBy.FOLLOWERS and relation.following


def viewer_id(viewer: Viewer) -> int | None:
    return viewer.pk if viewer.is_authenticated else None

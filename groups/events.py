"""What happens in groups. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class GroupCreated(Event):
    name = "groups.group_created"
    group_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class GroupChanged(Event):
    """What it says of itself, or who may see it, is something else than before."""

    name = "groups.group_changed"
    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupDeleted(Event):
    name = "groups.group_deleted"
    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupHidden(Event):
    """Moderators took it out of everybody's sight, with what is said in it; it may come back."""

    name = "groups.group_hidden"
    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupShown(Event):
    """What was hidden is there again, as it was."""

    name = "groups.group_shown"
    group_id: int


@dataclass(frozen=True, kw_only=True)
class GroupJoined(Event):
    """Somebody became a member: at once, by an invitation, or because they asked. `accepter_id` let in who asked."""

    name = "groups.group_joined"
    group_id: int
    user_id: int
    accepter_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class GroupLeft(Event):
    """Somebody is no member any more, whoever ended it; or may not see the group any more."""

    name = "groups.group_left"
    group_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class GroupAsked(Event):
    """Somebody asks to become a member."""

    name = "groups.group_asked"
    group_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class GroupInvited(Event):
    name = "groups.group_invited"
    group_id: int
    user_id: int
    inviter_id: int


@dataclass(frozen=True, kw_only=True)
class GroupWaitingEnded(Event):
    """A request or an invitation ended, and nobody became a member by it: taken back, refused, declined, withdrawn."""

    name = "groups.waiting_ended"
    group_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class GroupRoleChanged(Event):
    """A member is an owner, a moderator or a plain member from now on."""

    name = "groups.role_changed"
    group_id: int
    user_id: int

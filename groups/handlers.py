"""What news sets in motion in groups."""

from accounts.events import PersonDeleted
from groups import actions, cache
from groups.events import GroupJoined, GroupLeft
from socialnet.outbox.handlers import on


@on(GroupJoined, GroupLeft, batch=50)
def note_memberships(events: list[GroupJoined | GroupLeft]) -> None:
    """The action dropped what is kept already; this makes sure. Nothing is filled in: homes are merged as read."""
    cache.surely_forget_groups_of(*{event.user_id for event in events})


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        while actions.leave_all(user_id=event.user_id):
            pass

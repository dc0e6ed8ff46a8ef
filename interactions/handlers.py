"""What news from below sets in motion here."""

from accounts.events import PersonDeleted
from interactions import actions
from socialnet.outbox.handlers import on


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        actions.forget_bookmarks(user_id=event.user_id)
        actions.forget_likes(user_id=event.user_id)

"""What news from below sets in motion here."""

from accounts.events import PersonDeleted
from interactions import actions, pulse
from socialnet.outbox.handlers import on
from socialnet.outbox.rounds import in_relay

in_relay(every=pulse.WINDOW_SECONDS)(pulse.beat)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        actions.forget_bookmarks(user_id=event.user_id)
        actions.forget_likes(user_id=event.user_id)

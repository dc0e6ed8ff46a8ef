"""How far somebody has read."""

from functools import partial

from django.db import transaction

from accounts.models import User
from feeds import markers
from feeds.errors import ImpossibleMarker
from feeds.models import ReadMarker
from socialnet.outbox.ids import MAX_ID


@transaction.atomic
def move_marker(*, person: User, post_id: int) -> ReadMarker:
    """Note that `person` had this post in front of them; returns where they are now, which may be further.

    Never moves back. Whether there is such a post does not matter; raises `ImpossibleMarker` if there can be none.
    """
    moved = markers.move(person.pk, to=post_id) if 0 < post_id <= MAX_ID else None
    if moved is None:
        raise ImpossibleMarker
    transaction.on_commit(partial(markers.drop, person.pk))
    return moved

"""Getting ready what people are about to read: when they sign in, and for who was here last after a cache was lost.

Nobody waits for it. Whatever is warmed would be filled by the first read, too: it may be left out at any time.
"""

from collections.abc import Iterable

from django.conf import settings

from accounts.models import Activity, User
from feeds import active, newest, timelines
from feeds.candidates import WARM
from feeds.selectors import home_page
from socialnet.kernel import overload
from socialnet.kernel.errors import RedisAway

ACTIVE_PEOPLE = 50


def may_warm() -> bool:
    """Whether there is time for what nobody asked for yet. Asked before each person."""
    return settings.WARMING and not overload.is_strained()


def warm(user_ids: Iterable[int]) -> int:
    """Make homes and profiles of these people ready, while Redis answers; returns how many.

    Nobody is warmed whose home fan-out does not keep up: their first visit begins their return.
    """
    people = User.objects.standing().filter(pk__in=list(user_ids), activity__state=Activity.State.LIVE)
    warmed = 0
    for person in people:
        if not may_warm() or home_page(viewer=person, is_visit=False).tier != WARM:  # Redis went away
            break
        newest.of_person(person.pk)
        warmed += 1
    return warmed


def warm_active(*, most: int = ACTIVE_PEOPLE) -> int:
    """As `warm`, for those of the `most` who were here last whose homes are cold."""
    if not may_warm():
        return 0
    try:
        return warm(timelines.cold_among(active.latest(most)))
    except RedisAway:
        return 0

"""Topics of the socket: who may listen, and the snapshot with which each begins.

A topic is `feed` now; later issues add posts, groups and people. Polling (`/api/v1/live`) sends the same snapshots.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds import selectors
from feeds.fanout import feed_group
from socialnet.kernel import realtime
from socialnet.kernel.errors import NotFound


class UnknownTopic(NotFound):
    code = "unknown_topic"
    sentence = _("There is no such topic, or it is not for you.")


def group_of(topic: str, *, viewer: User) -> str:
    """The channel group behind `topic` for this viewer; raises `UnknownTopic` when there is none for them."""
    if topic == "feed":
        return feed_group(viewer.pk)
    raise UnknownTopic


def snapshot(topic: str, *, viewer: User) -> dict[str, Any]:
    """What is true of `topic` now. The version is taken first: news that commit while we read come later."""
    group_of(topic, viewer=viewer)
    version = realtime.now_version()
    ids = [str(post_id) for post_id in selectors.head_of(viewer=viewer)]
    data = {"ids": ids, "newest_id": ids[0] if ids else None}
    return {"topic": topic, "event": "snapshot", "data": data, "version": version}


def snapshots(topics: Iterable[str], *, viewer: User) -> dict[str, Any]:
    """The snapshots of all `topics` that are there for `viewer`, errors for the others, and the socket's address."""
    found, errors = [], []
    for topic in list(dict.fromkeys(topics))[:20]:
        try:
            found.append(snapshot(topic, viewer=viewer))
        except UnknownTopic as error:
            errors.append({"topic": topic, "event": "error", "data": {"code": error.code}})
    return {"snapshots": [*found, *errors], "live_url": settings.LIVE_URL}

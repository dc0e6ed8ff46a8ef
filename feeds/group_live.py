"""The topic `group:<address>` of the socket: an open page of a group hears what comes and goes there, and its counts.

Who may listen is who may read the group (`feeds.live.seats`). A message names ids and numbers only: the page asks for
what it shows, through the door.
"""

import re
from collections.abc import Collection
from typing import Any

from feeds.models import Post
from groups.models import Group
from groups.selectors import SeenGroup
from socialnet.kernel import realtime

TOPIC = re.compile(r"group:([a-z0-9-]{3,40})", re.ASCII)


def slug_of(topic: str) -> str:
    """The address of the group that a topic names, or nothing."""
    match = TOPIC.fullmatch(topic)
    return match[1] if match else ""


def channel_group(group_id: int) -> str:
    return f"group.{group_id}"


def counts_of(seen: SeenGroup) -> dict[str, int]:
    return _counts(seen.group)


def tell_new(post: Post) -> None:
    """A post came into a group; nothing for what is in none."""
    if post.group:
        _tell(post.group, "feed.new", {"count": 1, "newest_id": str(post.pk)})
        tell_counts([post.group.pk])


def tell_gone(post: Post) -> None:
    """It was deleted, or hidden."""
    if post.group:
        _tell(post.group, "feed.remove", {"ids": [str(post.pk)]})
        tell_counts([post.group.pk])


def tell_counts(group_ids: Collection[int]) -> None:
    for group in Group.objects.standing().filter(pk__in=group_ids).select_related("counts"):
        _tell(group, "counts", _counts(group))


def _counts(group: Group) -> dict[str, int]:
    return {"member_count": group.counts.members, "post_count": group.counts.posts}


def _tell(group: Group, event: str, data: dict[str, Any]) -> None:
    message = {
        "topic": f"group:{group.slug}",
        "event": event,
        "data": data,
        "version": realtime.now_version(),
    }
    realtime.publish(channel_group(group.pk), message)

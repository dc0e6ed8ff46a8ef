"""Topics of the socket: who may listen, and the snapshot with which each begins.

`feed` is one's own home; `post:<id>` tells of the counts of a post that one may see, `group:<address>` of what comes
and goes in a group that one may read; apps above add others by the hook `topics`. Polling (`/api/v1/live`) sends the
same snapshots.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds import cards, group_live, hooks, selectors
from feeds.cards import Counts
from feeds.door import facts
from feeds.fanout import feed_group
from groups.selectors import SeenGroup, seen_by_address
from socialnet.kernel import realtime
from socialnet.kernel.errors import NotFound
from socialnet.outbox.ids import MAX_ID

TOPICS_MOST = 60  # of one socket, and of one question: the posts in sight and a few more
RIGHTS_GROUP = "rights"
_POST = re.compile(r"post:([1-9][0-9]{0,15})", re.ASCII)


class UnknownTopic(NotFound):
    code = "unknown_topic"
    sentence = _("There is no such topic, or it is not for you.")


@dataclass(frozen=True, slots=True)
class Seat:
    """A viewer's place among those who hear of a topic: its channel group, and on whose post, or on which group, that
    depends."""

    group: str
    post_id: int | None = None
    author_id: int | None = None
    group_id: int | None = None


def post_group(post_id: int) -> str:
    return f"post.{post_id}"


def seats(topics: Iterable[str], *, viewer: User) -> dict[str, Seat]:
    """Those of `topics` that `viewer` may listen to now, in one query; two more where groups are among them."""
    wanted = list(topics)
    posts = {topic: post_id for topic in wanted if (post_id := _post_of(topic))}
    truth = facts(viewer_id=viewer.pk, post_ids=set(posts.values()))
    groups = _groups(wanted, viewer)
    found = {}
    for topic in wanted:
        fact = truth.get(posts.get(topic, 0))
        if topic == "feed":
            found[topic] = Seat(feed_group(viewer.pk))
        elif topic in hooks.topics:
            found[topic] = Seat(hooks.topics[topic].group(viewer))
        elif topic in groups:
            group_id = groups[topic].group.pk
            found[topic] = Seat(group_live.channel_group(group_id), group_id=group_id)
        elif fact and fact.visible:
            found[topic] = Seat(post_group(fact.post_id), fact.post_id, fact.author_id)
    return found


def _groups(topics: Iterable[str], viewer: User) -> dict[str, SeenGroup]:
    """Those that `viewer` may read of the groups that `topics` name, by topic."""
    slugs = {topic: slug for topic in topics if (slug := group_live.slug_of(topic))}
    seen = seen_by_address(slugs.values(), viewer=viewer) if slugs else {}
    return {topic: seen[slug] for topic, slug in slugs.items() if slug in seen and seen[slug].can_read}


def _post_of(topic: str) -> int | None:
    match = _POST.fullmatch(topic)
    return int(match[1]) if match and int(match[1]) <= MAX_ID else None


def snapshots(topics: Iterable[str], *, viewer: User) -> list[dict[str, Any]]:
    """What is true of `topics` now, an error for each that is not for `viewer`; in their order.

    The version is taken first: news that commit while we read come later.
    """
    wanted = list(dict.fromkeys(topics))[:TOPICS_MOST]
    version = realtime.now_version()
    open_ = seats(wanted, viewer=viewer)
    counts = cards.counts_of(seat.post_id for seat in open_.values() if seat.post_id)
    groups = _groups(open_, viewer)
    said = []
    for topic in wanted:
        seat = open_.get(topic)
        if seat is None:
            said.append(refusal(topic, UnknownTopic.code))
        elif seat.post_id:
            data = counts_json(counts.get(seat.post_id, cards.NO_COUNTS))
            said.append(_message(topic, "snapshot", data, version))
        elif topic in groups:
            said.append(_message(topic, "snapshot", group_live.counts_of(groups[topic]), version))
        elif seat.group_id:  # closed between the two looks
            said.append(refusal(topic, UnknownTopic.code))
        else:
            data = hooks.topics[topic].snapshot(viewer) if topic in hooks.topics else _head(viewer)
            said.append(_message(topic, "snapshot", data, version))
    return said


def _head(viewer: User) -> dict[str, Any]:
    ids = [str(post_id) for post_id in selectors.head_of(viewer=viewer)]
    return {"ids": ids, "newest_id": ids[0] if ids else None}


def polled(topics: Iterable[str], *, viewer: User) -> dict[str, Any]:
    """What the socket would send first, and its address."""
    return {"snapshots": snapshots(topics, viewer=viewer), "live_url": settings.LIVE_URL}


def refusal(topic: str, code: str) -> dict[str, Any]:
    return {"topic": topic[:100], "event": "error", "data": {"code": code, "topic": topic[:100]}}


def counts_json(counts: Counts) -> dict[str, int]:
    return {
        "like_count": counts["likes"],
        "comment_count": counts["comments"],
        "share_count": counts["shares"],
    }


def counts_news(post_id: int, counts: Counts, version: int) -> tuple[str, dict[str, Any]]:
    """What those who look at a post are told when its counts changed: their group, and the message."""
    return post_group(post_id), _message(f"post:{post_id}", "counts", counts_json(counts), version)


def rights_changed(
    *, post_ids: Collection[int] = (), user_ids: Collection[int] = (), group_ids: Collection[int] = ()
) -> None:
    """Let every `live` process look again who may listen: to these posts and groups, to posts of these people, and they
    to any."""
    changed = {"posts": list(post_ids), "people": list(user_ids), "groups": list(group_ids)}
    realtime.publish(RIGHTS_GROUP, changed)


def _message(topic: str, event: str, data: dict[str, Any], version: int) -> dict[str, Any]:
    return {"topic": topic, "event": event, "data": data, "version": version}

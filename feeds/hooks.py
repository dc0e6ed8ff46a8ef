"""What apps above fill in, in their `AppConfig.ready()`; feeds knows nothing of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

# Facts about a post for whoever looks at it: name → an SQL condition over `p.id` and `p.author_id` (of the post) and
# `v.id` (of the viewer; null for visitors). They join the page's one query, see `feeds.door.facts`.
viewer_facts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the socket that an app above speaks about; everybody who is signed in may listen to their own.

    `group` gives the channel group of a viewer (`accounts.models.User`), `snapshot` what is true for them now. Messages
    to the group are as `feeds.live` makes them: topic, event, data, version.
    """

    group: Callable[[Any], str]
    snapshot: Callable[[Any], dict[str, Any]]


# Topics beside `feed` and `post:<id>`, by the name that clients subscribe to.
topics: dict[str, Topic] = {}

# What else the people of the demo community do: called with them by username (`accounts.models.User`) and with those of
# their posts that have a key (`feeds.models.Post`), in the transaction that loads it.
demo: list[Callable[[Mapping[str, Any], Mapping[str, Any]], None]] = []

# What stands below a post on its page: called with the item (`feeds.items.FeedItem`) and the request, gives HTML.
below_post: list[Callable[[Any, HttpRequest], str]] = []

# Called with the ids of people of the demo community before their rows go, in the transaction that removes them.
demo_leaves: list[Callable[[Iterable[int]], None]] = []


def _nobody_is_close(_user_id: int) -> Mapping[int, float]:
    return {}


def _nothing_is_popular() -> Sequence[int]:
    return []


def _nothing_comes_first(_user_id: int) -> Sequence[tuple[int, str, str]]:
    return []


def _nobody_reacts(_user_id: int, _since_id: int) -> Mapping[date, tuple[int, int]]:
    return {}


def _nobody_watches(_post_ids: Iterable[int]) -> None:
    return None


# Called with ids of posts whose counts change, inside the transaction that changes them.
counts_changed: Callable[[Iterable[int]], None] = _nobody_watches

# How close authors are to a person, from what the person did of their own will: called with the person's id, gives
# weights in (0, 1] by author's id, the closest 200 at most; who is not in it is at 0. Cheap: it is kept for minutes.
affinity: Callable[[int], Mapping[int, float]] = _nobody_is_close

# Ids of public posts that many liked lately, the best first, as last computed; without PostgreSQL and without Redis
# what this process remembers. Never raises.
popular: Callable[[], Sequence[int]] = _nothing_is_popular

# What a home shows that has nothing of others yet, the best first: called with the person's id, gives ids of public
# posts, each with the kind and the words of the reason. Reads only what is kept; who may see them is judged afterwards.
first_posts: Callable[[int], Sequence[tuple[int, str, str]]] = _nothing_comes_first

# How many likes and comments of others somebody's posts got since an id of that time, by day of UTC: called with the
# person's id and that, in a transaction whose statements have a limit.
engagement: Callable[[int, int], Mapping[date, tuple[int, int]]] = _nobody_reacts

"""What ada does not want to read or see, and a month of her and ben's days, so that their insights are not empty."""

import random
from collections.abc import Mapping
from datetime import UTC, timedelta

from accounts.models import PersonCounts, User
from feeds.actions import add_filter, hide_from_oneself
from feeds.demo.writing import now
from feeds.models import DailyFeedStats, Post

DAYS = 30
_SEED = 77
_BUSY = {
    "ada": (60, 240),
    "ben": (35, 150),
}  # posts that home shows, and times that own posts are shown, on most days


def keep_away(made: Mapping[str, User], posts: Mapping[str, Post]) -> None:
    add_filter(person=made["ada"], phrase="giveaway", action="hide")
    add_filter(person=made["ada"], phrase="on air at six", action="fold", places=["home", "threads"])
    hide_from_oneself(post_id=posts["rummy"].pk, person=made["ada"])


def live_a_month(made: Mapping[str, User]) -> None:
    """Days before today; this one is counted."""
    rng, today = random.Random(_SEED), now().astimezone(UTC).date()
    rows = []
    for username, (shown, impressions) in _BUSY.items():
        person = made[username]
        followers = PersonCounts.objects.get(pk=person.pk).followers
        for ago in range(1, DAYS + 1):
            liveliness = rng.uniform(0.4, 1.3)
            seen = int(shown * liveliness)
            rows.append(
                DailyFeedStats(
                    user=person,
                    day=today - timedelta(days=ago),
                    shown=seen,
                    filtered=int(seen * rng.uniform(0, 0.12)),
                    impressions=int(impressions * rng.uniform(0.3, 1.4)),
                    followers=followers,
                )
            )
            followers = max(0, followers - rng.choice([0, 0, 1, 1, 2, -1]))
    DailyFeedStats.objects.bulk_create(rows)

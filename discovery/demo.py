"""The demo community talks about something: what trends is computed as soon as it is there."""

from collections.abc import Mapping
from contextlib import suppress

from django.db import transaction

from accounts.models import User
from discovery.trends import job
from feeds.models import Post
from socialnet.kernel.errors import RedisAway


def make_trends(_people: Mapping[str, User], _posts: Mapping[str, Post]) -> None:
    transaction.on_commit(_compute)


def _compute() -> None:
    """Without Redis the jobs do it when it is back."""
    with suppress(RedisAway):
        job.take_snapshots(even_if_quiet=True)
        job.take_snapshot_of_people()

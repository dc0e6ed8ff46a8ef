"""People who make something trend, planted at chosen times."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.models import PersonCounts, User
from accounts.tests.factories import person
from discovery.trends import counting, job
from feeds.models import Hashtag, Post, PostCounts, PostHashtag
from interactions.models import Like
from socialnet.outbox.ids import id_at

_numbers = count(1)
WORDS = "amber birch cedar dune ember fjord grove heath inlet juniper kelp lagoon maple nettle ocean pine quartz reed"


def id_ago(**ago: float) -> int:
    """An id of that long ago, never the same twice."""
    return id_at(timezone.now() - timedelta(**ago), sequence=next(_numbers) % 4096)


def established(many: int, **fields: Any) -> list[User]:
    """People who have been here for a year, are followed, and were active in the last weeks."""
    people = accounts(many, days=365, followers=10, **fields)
    for one in people:
        plant(one, "I am here", days=10)
    return people


def accounts(many: int, *, days: float, followers: int = 0, **fields: Any) -> list[User]:
    people = [person(**fields) for _number in range(many)]
    ids = [one.pk for one in people]
    User.objects.filter(pk__in=ids).update(created_at=timezone.now() - timedelta(days=days))
    PersonCounts.objects.filter(pk__in=ids).update(followers=followers)
    return people


def words(number: int) -> str:
    """A text like no other."""
    known = WORDS.split()
    return f"{known[number % 18]} {known[number // 18 % 18]} {known[(number * 7 + 3) % 18]} {known[(number * 5) % 18]}"


def plant(author: User, text: str, *tags: str, visibility: str = "public", **ago: float) -> Post:
    post = Post.objects.create(
        pk=id_ago(**ago), author=author, content=text, html=text, visibility=visibility
    )
    PostCounts.objects.create(post=post)
    PersonCounts.objects.filter(pk=author.pk).update(posts=F("posts") + 1)
    for tag in tags:
        hashtag, _created = Hashtag.objects.get_or_create(name=tag, defaults={"display": tag.capitalize()})
        PostHashtag.objects.create(hashtag=hashtag, post=post)
    return post


def talk(people: Sequence[User], tag: str, *, within: float = 50) -> list[Post]:
    """Each writes once with the tag, in their own words, at uneven moments of the last `within` minutes."""
    return [
        plant(one, f"{words(number)} #{tag}", tag, minutes=1 + (within - 2) * (number * 37 % 101 / 101) ** 2)
        for number, one in enumerate(people)
    ]


def like(post: Post, people: Iterable[User], *, within: float = 50) -> None:
    for number, one in enumerate(people):
        minutes = 1 + (within - 2) * (number * 37 % 101 / 101) ** 2
        Like.objects.create(user=one, post=post, place=id_ago(minutes=minutes))


def compute() -> None:
    """What the jobs do, from what PostgreSQL has."""
    counting.rebuild()
    job.take_snapshots(even_if_quiet=True)
    job.take_snapshot_of_people()

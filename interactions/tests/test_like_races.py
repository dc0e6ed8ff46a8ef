"""Many likes at once, with real threads and connections: counts end exactly right, whatever the order."""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post, share_post
from feeds.models import Post, PostCounts
from feeds.tests.factories import plant_many, publish
from interactions import actions, upkeep
from interactions.models import Like
from interactions.upkeep import reconcile_like_counts
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
THREADS = 25
TIMES = int(os.environ.get("RACE_TIMES", "1"))
rounds = pytest.mark.parametrize("round_", range(TIMES))


def liking(who: User, post: Post) -> Callable[[], Any]:
    return lambda: actions.like_post(post_id=post.pk, person=who)


def unliking(who: User, post: Post) -> Callable[[], Any]:
    return lambda: actions.unlike_post(post_id=post.pk, person=who)


def in_threads(acts: list[Callable[[], Any]]) -> None:
    """All of `acts` in as many threads as there are connections to give, one after another in each."""

    def several(some: list[Callable[[], Any]]) -> Callable[[], Any]:
        return lambda: [act() for act in some]

    at_once(*[several(acts[start::THREADS]) for start in range(THREADS)])


def standing(post: Post) -> tuple[int, int]:
    """What is counted, and what stands."""
    return PostCounts.objects.get(pk=post.pk).likes, Like.objects.filter(post=post.pk, is_active=True).count()


def told_of(post: Post) -> int:
    """What likes and likes taken back add up to, as they were told."""
    told = Event.objects.filter(payload__post_id=post.pk).values_list("name", flat=True)
    return sum({"interactions.post_liked": 1, "interactions.post_unliked": -1}.get(name, 0) for name in told)


@rounds
def test_a_hundred_people_who_like_and_unlike_at_once_are_counted_exactly(round_: int) -> None:
    ada = person("ada")
    post = publish(ada)
    crowd = [person() for _ in range(100)]
    in_threads([liking(who, post) for who in crowd])
    assert standing(post) == (100, 100)
    acts = [act(who, post) for who in crowd for act in (liking, unliking)]
    random.Random(round_).shuffle(acts)
    in_threads(acts)  # each likes and takes back, in any order, some at the same moment
    counted, there = standing(post)
    assert counted == there == told_of(post)
    in_threads([unliking(who, post) for who in crowd])
    assert standing(post) == (0, 0) and told_of(post) == 0
    drain()
    assert broken() == []


@rounds
def test_a_double_click_counts_once(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    post, api = publish(ada), Api(ben)
    answers = at_once(*[lambda: api("PUT", f"posts/{post.pk}/like") for _ in range(8)])
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["like_count"] for answer in answers} <= {0, 1}
    assert standing(post) == (1, 1) and told_of(post) == 1
    at_once(*[unliking(ben, post) for _ in range(8)])
    assert standing(post) == (0, 0) and told_of(post) == 0


@rounds
def test_likes_against_the_deletion_of_the_post(round_: int) -> None:
    ada, crowd = person("ada"), [person() for _ in range(12)]
    post = publish(ada)
    results = at_once(
        lambda: delete_post(post=post, actor=ada),
        *[act(who, post) for who in crowd for act in (liking, liking, unliking)],
    )
    assert all(isinstance(result, int | NotFound | None) for result in results)
    counted, there = standing(post)
    assert counted == there == told_of(post)
    assert at_once(liking(crowd[0], post))[0].__class__ is NotFound
    drain()
    assert broken() == []


@rounds
def test_likes_beside_shares_people_who_leave_and_the_job_that_mends(round_: int) -> None:
    ada, leaving, other = person("ada"), person("leaving"), person("other")
    posts = [publish(ada) for _ in range(6)]
    crowd = [person() for _ in range(6)]
    for who in (leaving, other):
        at_once(*[liking(who, post) for post in posts])
    people.delete_person(user=leaving, password=PASSWORD)
    people.delete_person(user=other, password=PASSWORD)
    at_once(
        lambda: actions.forget_likes(user_id=leaving.pk),
        lambda: actions.forget_likes(user_id=other.pk),
        lambda: reconcile_like_counts([post.pk for post in posts]),
        *[liking(who, post) for who, post in zip(crowd, posts, strict=True)],
        *[lambda who=who: share_post(post=posts[0], person=who) for who in crowd],
    )
    assert [standing(post) for post in posts] == [(1, 1)] * 6
    drain()
    assert broken() == []


@rounds
def test_what_is_liked_again_is_not_forgotten(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    posts = plant_many(ada, 8)
    for post in posts:
        liking(ben, post)()
        unliking(ben, post)()
    Like.objects.update(place=1)
    at_once(upkeep.forget_inactive_likes, *[liking(ben, post) for post in posts])
    assert [standing(post) for post in posts] == [(1, 1)] * 8

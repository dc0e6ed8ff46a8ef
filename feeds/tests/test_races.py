"""Many at once, with real threads and connections: nothing is lost, counts stay exact, homes stay right."""

import os

import pytest
from django.db import connection

from accounts import actions as people
from accounts.models import PersonCounts
from accounts.tests.factories import follows, person
from accounts.tests.test_follow_races import at_once
from feeds import timelines
from feeds.actions import delete_post
from feeds.models import Post
from feeds.selectors import home_page
from feeds.tests.factories import ids_at_home, publish
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = int(os.environ.get("RACE_TIMES", "1"))  # once each in the suite; RACE_TIMES=20 to be sure
rounds = pytest.mark.parametrize("round_", range(TIMES))


@pytest.fixture(autouse=True)
def ends_well():
    """At rest nothing that must never break is broken."""
    yield
    redis.breaker.close()
    settle()
    assert broken() == []


def settle() -> None:
    Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until="2020-01-01T00:00Z")
    drain()


def work() -> None:
    """What a worker does meanwhile: everything that is open, in its own connection."""
    for _ in range(20):
        for handler, ident in Delivery.objects.filter(state=0).values_list("handler", "id"):
            deliveries.run(handler, [ident])


def posts_of(user) -> int:
    return PersonCounts.objects.get(pk=user.pk).posts


@rounds
def test_publishing_against_following_loses_nothing(round_):
    ada, readers = person("ada"), [person() for _ in range(4)]
    home_page(viewer=readers[0])
    at_once(
        *[lambda: [publish(ada) for _ in range(3)] for _ in range(3)],
        *[lambda who=reader: people.follow_user(follower=who, followee=ada) for reader in readers],
        work,
        work,
    )
    settle()
    posted = sorted(Post.objects.values_list("pk", flat=True), reverse=True)
    assert len(posted) == 9
    for reader in readers:
        assert ids_at_home(reader, size=4) == posted


@rounds
def test_publishing_against_a_rebuild_loses_nothing(round_):
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)

    def read_cold() -> None:
        for _ in range(10):
            timelines.drop(ben.pk)
            home_page(viewer=ben)

    at_once(lambda: [publish(ada) for _ in range(10)], read_cold, read_cold, work)
    settle()
    assert ids_at_home(ben) == sorted(Post.objects.values_list("pk", flat=True), reverse=True)


@rounds
def test_deleting_against_fan_out_leaves_it_at_nobodys_home(round_):
    ada, readers = person("ada"), [person() for _ in range(3)]
    for reader in readers:
        follows(reader, ada)
        home_page(viewer=reader)
    kept, *doomed = [publish(ada) for _ in range(6)]
    at_once(work, work, *[lambda post=post: delete_post(post=post, actor=ada) for post in doomed])
    settle()
    for reader in readers:
        assert ids_at_home(reader) == [kept.pk]
    assert posts_of(ada) == 1


@rounds
def test_of_many_deletions_of_one_post_one_counts(round_):
    ada = person("ada")
    post, _other = publish(ada), publish(ada)
    at_once(*[lambda: delete_post(post=Post.objects.get(pk=post.pk), actor=ada) for _ in range(6)])
    assert posts_of(ada) == 1


@rounds
def test_posts_of_one_author_at_once_are_counted_each(round_):
    ada = person("ada")
    made = at_once(*[lambda: publish(ada) for _ in range(10)])
    assert len({post.pk for post in made}) == 10
    assert posts_of(ada) == 10
    assert ids_at_home(ada) == sorted((post.pk for post in made), reverse=True)


@rounds
def test_publishing_and_deleting_at_once_keeps_the_count(round_):
    ada = person("ada")
    old = [publish(ada) for _ in range(5)]
    at_once(
        *[lambda: publish(ada) for _ in range(5)],
        *[lambda post=post: delete_post(post=post, actor=ada) for post in old],
    )
    assert posts_of(ada) == 5 == Post.objects.published().count()


@rounds
def test_following_and_unfollowing_against_publishing_ends_in_what_is_true(round_):
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")

    def change_mind(who, times):
        for _ in range(times):
            people.follow_user(follower=who, followee=ada)
            home_page(viewer=who)
            people.unfollow_user(follower=who, followee=ada)

    def decide(who):
        change_mind(who, 2)
        people.follow_user(follower=who, followee=ada)

    at_once(
        lambda: [publish(ada) for _ in range(6)],
        lambda: change_mind(ben, 3),
        lambda: decide(cleo),
        work,
        work,
    )
    settle()
    posted = sorted(Post.objects.values_list("pk", flat=True), reverse=True)
    assert ids_at_home(ben) == []
    assert ids_at_home(cleo) == posted


@rounds
def test_blocking_against_publishing_and_reading_shows_nothing_after(round_):
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    follows(ada, ben)
    publish(ada)
    at_once(
        lambda: publish(ada, audience="friends"),
        lambda: home_page(viewer=ben),
        lambda: people.block_user(blocker=ada, blocked=ben),
        work,
    )
    assert ids_at_home(ben) == []
    settle()
    assert ids_at_home(ben) == []


@rounds
def test_one_delivery_made_by_many_workers_at_once_has_one_effect(round_):
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    post = publish(ada)
    handler, ident = Delivery.objects.values_list("handler", "id").get(handler="feeds.deliver_posts")
    at_once(*[lambda: deliveries.run(handler, [ident]) for _ in range(8)])
    assert Delivery.objects.get(pk=ident).state == Delivery.State.DONE
    assert ids_at_home(ben) == [post.pk]


def test_threads_do_not_share_the_connection_of_the_test():
    (pid,) = at_once(backend_pid)
    assert pid != backend_pid()


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

"""The pulse: what PostgreSQL counts, Redis keeps and screens show is the same at rest; in few messages, none lost."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.tests.factories import person
from accounts.tests.test_follow_races import at_once
from feeds import cards
from feeds.actions import delete_post, share_post, unshare_post
from feeds.models import PostCounts
from feeds.tests.factories import publish
from interactions import actions, pulse
from interactions.models import Touched
from interactions.pulse import Pulse
from interactions.touching import touch
from socialnet.embedded.engines import RunningEngine
from socialnet.kernel import redis
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.invariants import broken, not_at_rest
from socialnet.kernel.redis import door
from socialnet.outbox import rounds
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def heard() -> Iterator[list[dict[str, Any]]]:
    """The messages to those who look at posts, as they are sent meanwhile."""
    said: list[dict[str, Any]] = []
    with door() as client, closing(client.pubsub()) as listener:
        listener.psubscribe("live__group__post.*")
        listener.get_message(timeout=5)
        yield said
        while message := listener.get_message(timeout=0.2):
            said.append(json.loads(message["data"])["message"])


def kept(post_id: int) -> Any:
    return cards.COUNTS.get(post_id)


def test_a_like_is_told_to_who_looks(ada: User, ben: User) -> None:
    post = publish(ada)
    actions.like_post(post_id=post.pk, person=ben)
    assert not_at_rest()["counts that the pulse has not told"] == 1
    with heard() as said:
        assert Pulse().beat() == 1
        assert Pulse().beat() == 0
    counts = {"like_count": 1, "comment_count": 0, "share_count": 0}
    (news,) = said
    assert (news["topic"], news["event"], news["data"]) == (f"post:{post.pk}", "counts", counts)
    assert news["version"] > 0
    assert kept(post.pk) == {"likes": 1, "comments": 0, "shares": 0}
    assert not Touched.objects.exists()


def test_many_likes_of_a_window_are_one_message(ada: User) -> None:
    posts = [publish(ada), publish(ada)]
    for _ in range(6):
        who = person()
        for post in posts:
            actions.like_post(post_id=post.pk, person=who)
    with heard() as said:
        assert Pulse().beat() == 12
    assert sorted(news["topic"] for news in said) == sorted(f"post:{post.pk}" for post in posts)
    assert [news["data"]["like_count"] for news in said] == [6, 6]


def test_shares_made_and_undone_are_told_too(ada: User, ben: User) -> None:
    post = publish(ada)
    for act, shares in ((share_post, 1), (unshare_post, 0)):
        act(post=post, person=ben)
        with heard() as said:
            assert Pulse().beat() == 1
        assert [news["data"]["share_count"] for news in said] == [shares]
    share_post(post=post, person=ben)
    delete_post(post=post, actor=ada)
    drain()
    assert broken() == []


def test_a_count_read_before_is_replaced(ada: User, ben: User) -> None:
    post = publish(ada)
    cards.hydrate({post.pk: ada.pk})
    assert kept(post.pk)["likes"] == 0
    PostCounts.objects.filter(pk=post.pk).update(likes=7)  # past every verb
    touch([post.pk])
    Pulse().beat()
    assert kept(post.pk)["likes"] == 7


def test_while_redis_is_away_nothing_is_lost(ada: User, ben: User, redis_process: RunningEngine) -> None:
    post = publish(ada)
    actions.like_post(post_id=post.pk, person=ben)
    one = Pulse()
    os.kill(redis_process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(RedisAway):
            one.beat()
        assert Touched.objects.count() == 1
    finally:
        os.kill(redis_process.pid, signal.SIGCONT)
    redis.breaker.close()
    with heard() as said:
        assert one.beat() == 1
    assert [news["data"]["like_count"] for news in said] == [1]


def test_a_relay_that_dies_before_it_is_done_leaves_the_rest_to_the_next(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = publish(ada)
    actions.like_post(post_id=post.pk, person=ben)

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(pulse.cards, "renew_counts", die)
        with pytest.raises(SystemExit):
            Pulse().beat()
    assert Touched.objects.count() == 1
    with heard() as said:
        assert Pulse().beat() == 1
    assert len(said) == 1


def test_what_was_told_in_vain_is_told_again(ada: User, ben: User) -> None:
    """The connection ended after the counts were kept, and before the rows were gone: others may have been faster."""
    post = publish(ada)
    one = Pulse()
    one.again = {post.pk}
    with heard() as said:
        one.beat()
    assert len(said) == 1 and one.again == set()


def test_one_relay_at_a_time_has_the_turn(ada: User, ben: User) -> None:
    post = publish(ada)
    actions.like_post(post_id=post.pk, person=ben)
    told: list[int] = []
    with transaction.atomic():
        assert pulse._has_turn()
        thread = threading.Thread(target=lambda: (told.append(Pulse().beat()), connection.close()))
        thread.start()
        thread.join(10)
        assert told == [0] and Touched.objects.count() == 1
    assert Pulse().beat() == 1


def test_a_viral_post_is_told_of_once_a_second(ada: User, ben: User, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(pulse.time, "monotonic", lambda: now)
    viral, calm = publish(ada), publish(ada)
    one = Pulse()
    touch([viral.pk] * (pulse.VIRAL_CHANGES + 1))
    assert one.beat() == pulse.VIRAL_CHANGES + 1
    for passed, told in ((0.25, 1), (0.75, 1), (1.0, 3)):
        touch([viral.pk, calm.pk])
        now = 100.0 + passed
        with heard() as said:
            one.beat()
        topics = {news["topic"] for news in said}
        assert topics == {f"post:{calm.pk}"} | ({f"post:{viral.pk}"} if told == 3 else set())
    now = 161.5
    touch([viral.pk])
    one.beat()
    touch([viral.pk])
    now += 0.25  # the minute is over: like any other
    assert one.beat() == 1
    now += 61
    one.beat()
    assert not one.changes and not one.told_at


def test_what_changes_while_it_is_told_is_told_next(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = publish(ada)
    actions.like_post(post_id=post.pk, person=ben)
    read = cards.renew_counts

    def then_another_likes_it(post_ids: Any) -> Any:
        found = read(post_ids)
        at_once(lambda: actions.like_post(post_id=post.pk, person=cleo))
        return found

    one = Pulse()
    with heard() as said:
        with monkeypatch.context() as patch:
            patch.setattr(pulse.cards, "renew_counts", then_another_likes_it)
            one.beat()
        one.beat()
    assert [news["data"]["like_count"] for news in said] == [1, 2]
    assert said[0]["version"] < said[1]["version"]
    assert kept(post.pk)["likes"] == 2


def test_the_relay_keeps_it_going_whatever_happens(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, called = threading.Event(), 0
    monkeypatch.setattr(rounds, "_AWAY_SECONDS", 0.01)
    monkeypatch.setattr(rounds, "_BROKEN_SECONDS", 0.01)

    def run(*, to_the_end: bool = False) -> int:
        nonlocal called
        called += 1
        if called == 4:
            stop.set()
        raise [RedisAway(), ValueError(), RuntimeError(), RedisAway()][called - 1]

    rounds.keep_going(rounds.Round("probe", run, 0.01), stop)
    assert called == 4


def test_counts_are_the_same_everywhere_after_many_likes_at_once(ada: User) -> None:
    posts, crowd = [publish(ada) for _ in range(3)], [person() for _ in range(10)]
    stop = threading.Event()

    def relay() -> None:
        one = Pulse()
        while not stop.wait(0.01):
            one.beat()

    def like_and_look(who: User) -> None:
        for post in posts:
            actions.like_post(post_id=post.pk, person=who)
            cards.hydrate({post.pk: ada.pk})
        if who.pk == crowd[-1].pk:
            stop.set()

    at_once(relay, relay, *[lambda who=who: like_and_look(who) for who in crowd])
    drain()
    for post in posts:
        assert PostCounts.objects.get(pk=post.pk).likes == 10
        found = kept(post.pk)  # nothing, if the last like dropped it after the pulse kept it
        assert found is None or found["likes"] == 10
    assert broken() == []

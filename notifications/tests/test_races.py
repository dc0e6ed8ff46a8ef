"""Many at once, with real threads and connections: a crowd likes and unlikes while the recipient reads and is told."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from accounts.tests.test_follow_races import at_once, rounds
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from interactions.models import Like
from notifications import actions, settling, telling
from notifications.claims import Claim
from notifications.models import Notification, NotificationActor
from notifications.selectors import unread_count
from socialnet.kernel.invariants import broken
from socialnet.outbox import deliveries
from socialnet.outbox.handlers import handlers
from socialnet.outbox.relay import lease
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def standing(kind: str, recipient: User) -> list[int]:
    """Who stands in the recipient's inbox for that; each as often as they do."""
    rows = NotificationActor.objects.filter(
        is_active=True, notification__stands=True, notification__kind=kind, notification__recipient=recipient
    )
    return sorted(rows.values_list("actor_id", flat=True))


def deliver() -> None:
    """A worker: takes what is due until nothing is, as others do beside it."""
    batches = {handler.name: handler.batch for handler in handlers()}
    while leased := lease(batches, limit=40):
        for name, ids in leased.items():
            deliveries.run(name, ids)


def until(done: threading.Event, act: Callable[[], Any]) -> Callable[[], int]:
    """`act` over and over while the others work; how often."""

    def run() -> int:
        times = 0
        while not done.is_set():
            act()
            times += 1
        return times

    return run


@rounds
def test_a_hundred_like_and_unlike_one_post_while_its_author_reads(round_: int) -> None:
    ada, crowd = person("ada"), [person() for _ in range(100)]
    post = publish(ada)
    drain()
    done, left = threading.Event(), [4]
    lock = threading.Lock()

    def press(fans: list[User], seed: int) -> None:
        """Each likes, takes it back, likes again, some take it back again."""
        order = random.Random(seed)
        for times in range(3):
            for fan in order.sample(fans, len(fans)):
                if times < 2 or order.random() < 0.5:
                    act = doing.unlike_post if times == 1 else doing.like_post
                    act(post_id=post.pk, person=fan)
            deliver()
        with lock:
            left[0] -= 1
            if not left[0]:
                done.set()

    def read() -> None:
        actions.mark_read(person=ada)

    def tell() -> None:
        with transaction.atomic():
            settling.lock_inboxes([ada.pk])
            Notification.objects.filter(told_at=None).update(due_at=timezone.now())
        telling.tell_due()

    fans = [crowd[start::4] for start in range(4)]
    at_once(
        *(lambda fans=some, seed=number: press(fans, seed + 10 * round_) for number, some in enumerate(fans)),
        until(done, read),
        until(done, tell),
        until(done, deliver),
    )
    deliver()
    drain()
    likers = sorted(Like.objects.active().filter(post=post).values_list("user_id", flat=True))
    assert standing("like", ada) == likers
    rows = Notification.objects.of(ada).standing()
    assert unread_count(ada.pk) == rows.unread().count()
    assert sum(rows.values_list("actor_count", flat=True)) == len(likers)
    Notification.objects.update(told_at=None)  # this test told before the cooldown, on purpose
    assert broken() == []


@rounds
def test_follow_block_and_mute_at_once_leave_what_is_true(round_: int) -> None:
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")
    post = publish(ada)

    def act(what: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> None:
            what()
            deliver()

        return run

    at_once(
        act(lambda: people.follow_user(follower=ben, followee=ada)),
        act(lambda: doing.like_post(post_id=post.pk, person=ben)),
        act(lambda: doing.comment_on_post(post_id=post.pk, author=ben, content="@cleo look")),
        act(lambda: people.block_user(blocker=ada, blocked=ben)),
        act(lambda: people.block_user(blocker=cleo, blocked=ben)),
        act(lambda: people.mute_user(muter=ada, muted=cleo)),
        act(lambda: doing.like_post(post_id=post.pk, person=cleo)),
    )
    drain()
    assert not NotificationActor.objects.filter(actor=ben, is_active=True).exists()
    assert unread_count(ada.pk) == Notification.objects.of(ada).standing().count() <= 1
    assert broken() == []


@rounds
def test_claims_settled_by_many_workers_open_one_row(round_: int) -> None:
    ada, fans = person("ada"), [person() for _ in range(20)]
    post = publish(ada)
    for fan in fans:
        doing.like_post(post_id=post.pk, person=fan)

    def claim(fan: User, post: Post) -> Claim:
        return Claim(kind="like", recipient_id=ada.pk, actor_id=fan.pk, target_id=post.pk, post_id=post.pk)

    def settle(seed: int) -> Callable[[], Any]:
        order = random.Random(seed).sample(fans, len(fans))

        def run() -> None:
            for start in range(0, len(order), 5):
                settling.settle([claim(fan, post) for fan in order[start : start + 5]])

        return run

    at_once(*(settle(seed) for seed in range(6)))
    connections.close_all()
    (row,) = Notification.objects.all()
    assert row.actor_count == len(standing("like", ada)) == 20
    drain()
    assert broken() == []

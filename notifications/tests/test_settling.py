"""Settling: once, twice, late, out of order and at once the same; what was undone, and what is told when."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts import actions as people
from accounts.models import Block, User
from accounts.tests.factories import PASSWORD, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions, handlers, settling, telling, truth
from notifications.claims import Claim
from notifications.models import Notification, NotificationActor
from notifications.registry import KINDS, Pace, Way
from notifications.selectors import unread_count
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def like(who: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=who)


def claim_of_like(who: User, post: Post) -> Claim:
    return Claim(
        kind="like", recipient_id=post.author_id, actor_id=who.pk, target_id=post.pk, post_id=post.pk
    )


def kinds_of(recipient: User) -> list[str]:
    return sorted(Notification.objects.of(recipient).standing().values_list("kind", flat=True))


def let_time_pass(**much: float) -> None:
    """Everything in inboxes was that much earlier."""
    for row in Notification.objects.all():
        for name in ("due_at", "told_at", "closes_at", "read_at"):
            if moment := getattr(row, name):
                setattr(row, name, moment - timedelta(**much))
        row.save(update_fields=["due_at", "told_at", "closes_at", "read_at"])


# --- follows ------------------------------------------------------------------------------------------------


def test_who_unfollows_and_follows_again_was_not_let_in(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    people.unfollow_user(follower=ben, followee=ada)
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert kinds_of(ada) == ["follow"]
    assert kinds_of(ben) == []


def test_who_let_somebody_in_is_not_told_that_they_follow_them(ada: User, ben: User) -> None:
    people.set_privacy(user=ada, is_private=True)
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert kinds_of(ada) == ["follow_request"]
    people.accept_follow_request(followee=ada, follower=ben)
    drain()
    assert (kinds_of(ada), kinds_of(ben)) == ([], ["request_accepted"])
    people.unfollow_user(follower=ben, followee=ada)
    drain()
    assert (kinds_of(ada), kinds_of(ben)) == ([], [])


# --- many at once -------------------------------------------------------------------------------------------


def test_people_who_talk_to_themselves_hide_nobody(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One's own acts make no claims of a batch, however many they are."""
    monkeypatch.setattr(settling, "BATCH", 3)
    posts = [publish(ada, f"Post {number}") for number in range(4)]
    last = publish(ben)
    for post in posts:
        like(ada, post)
    like(ada, last)
    drain()
    assert kinds_of(ben) == ["like"]


# --- what is told when --------------------------------------------------------------------------------------


def test_what_was_read_untold_does_not_end_the_cooldown(ada: User, ben: User, cleo: User, dora: User) -> None:
    post = publish(ada)
    like(ben, post)
    drain()
    let_time_pass(minutes=6)
    assert telling.tell([ada.pk]) == 1
    told_at = Notification.objects.get().told_at
    for who in (cleo, dora):
        actions.mark_read(person=ada)
        like(who, post)
        drain()
    assert Notification.objects.count() == 3
    newest = Notification.objects.order_by("pk").last()
    assert newest and told_at and newest.due_at == told_at + timedelta(seconds=KINDS["like"].cooldown)


def test_a_storm_after_a_telling_waits_for_the_cooldown(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 likes in a minute are told once, also if the first telling was read meanwhile."""
    post = publish(ada)
    fans = [person() for _ in range(2 * KINDS["like"].largest)]
    half = KINDS["like"].largest
    for fan in fans[:half]:
        like(fan, post)
    drain()
    assert Notification.objects.exclude(told_at=None).count() == 1
    actions.mark_read(person=ada)
    for fan in fans[half:]:
        like(fan, post)
    drain()
    first, second = Notification.objects.order_by("pk")
    assert second.actor_count == half and second.told_at is None
    assert first.told_at and second.due_at == first.told_at + timedelta(seconds=KINDS["like"].cooldown)


def test_the_wait_begins_with_who_likes_it_after_nobody_did(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    like(ben, post)
    drain()
    doing.unlike_post(post_id=post.pk, person=ben)
    drain()
    let_time_pass(minutes=20)
    like(cleo, post)
    drain()
    (row,) = Notification.objects.all()
    assert row.told_at is None and row.due_at > timezone.now() + timedelta(minutes=4)


def test_what_is_switched_off_meanwhile_is_not_told(ada: User, ben: User) -> None:
    post = publish(ada)
    like(ben, post)
    drain()
    actions.save_preference(
        person=ada, kind="like", ways=[Way.PUSH, Way.MAIL], from_whom="everyone", pace=Pace.OFF
    )
    let_time_pass(minutes=6)
    from notifications import preferences

    assert preferences.of([ada.pk])[ada.pk].ways("like") == frozenset()
    assert unread_count(ada.pk) == 1


# --- at the same moment -------------------------------------------------------------------------------------


def held_after_asking(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Whoever settles in another thread stops after the truth was asked, until told to go on."""
    asked, go_on = threading.Event(), threading.Event()
    original = truth.ask

    def ask(claims: Any) -> Any:
        found = original(claims)
        if threading.current_thread() is not threading.main_thread():
            asked.set()
            go_on.wait(20)
        return found

    monkeypatch.setattr(truth, "ask", ask)
    return asked, go_on


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("undo", ["delete", "block", "suspend", "leave"])
def test_what_is_undone_while_somebody_settles_it_does_not_stay(
    undo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The truth was asked before, the row is written after those who take rows out looked for it."""
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    drain()
    like(ben, post)
    Delivery.objects.all().delete()  # only the slow one settles it
    asked, go_on = held_after_asking(monkeypatch)

    def settle() -> None:
        try:
            settling.settle([claim_of_like(ben, post)])
        finally:
            connections.close_all()

    acts: dict[str, Callable[[], Any]] = {
        "delete": lambda: delete_post(post=post, actor=ada),
        "block": lambda: people.block_user(blocker=ada, blocked=ben),
        "suspend": lambda: people.suspend_user(user=ben, actor=None),
        "leave": lambda: people.delete_person(user=ben, password=PASSWORD),
    }
    slow = threading.Thread(target=settle)
    slow.start()
    assert asked.wait(20)
    acts[undo]()
    release = threading.Timer(1, go_on.set)
    release.start()
    drain()
    slow.join(20)
    drain()
    assert not Notification.objects.standing().exists()
    assert not NotificationActor.objects.filter(is_active=True).exists()


@pytest.mark.django_db(transaction=True)
def test_to_wait_for_who_settles_locks_nobody_out() -> None:
    """Many settle the same inboxes in other orders while others wait for them."""
    everybody = [person() for _ in range(6)]
    posts = [publish(who) for who in everybody]
    claims = [claim_of_like(who, post) for who in everybody for post in posts]
    for who in everybody:
        for post in posts:
            like(who, post)

    def settle() -> None:
        for _ in range(5):
            settling.settle(claims)

    def wait() -> None:
        for _ in range(20):
            settling.after_settling()

    at_once(settle, wait, settle, wait, settle)
    for who in everybody:
        (row,) = Notification.objects.of(who).filter(kind="like")
        assert row.actor_count == row.actors.filter(is_active=True).count() == 5
    with transaction.atomic():
        assert not Block.objects.exists()
    handlers.forget_posts([])

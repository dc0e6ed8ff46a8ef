"""A post in a large group is told in pieces: each costs the same for one member as for many, and may be repeated."""

import dataclasses
import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, User
from accounts.tests.factories import follows, person
from feeds import shields
from feeds.actions import add_filter, hide_post, publish_post, share_post
from feeds.door import Facts, facts, facts_of_many
from feeds.filters import Place
from feeds.items import items_of, items_of_many
from feeds.models import Post
from groups import actions as groups
from groups.models import Group, Membership
from groups.tests.factories import a_group, is_in
from notifications import causes, handlers, settling
from notifications.models import Notification
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User) -> Group:
    return a_group(ada, "private", slug="bread")


def crowd(group: Group, many: int, *, name: str) -> list[User]:
    """Members who hear of every post."""
    members = [person(f"{name}{number}") for number in range(many)]
    is_in(group, *members)
    Membership.objects.filter(user__in=members).update(notify="all")
    return members


def settled(post: Post, members: list[User]) -> int:
    """How many statements it takes to tell these of it."""
    claims = list(causes.of_group_post(post, first=members[0].pk, last=members[-1].pk))
    with CaptureQueriesContext(connection) as queries:
        settling.settle(claims)
    return len(queries)


def test_a_piece_costs_the_same_for_two_members_and_for_thirty(ada: User, group: Group) -> None:
    first, few, many = (
        crowd(group, size, name=name) for size, name in ((1, "first"), (2, "few"), (30, "many"))
    )
    for one in (
        first[0],
        few[0],
        many[0],
        many[1],
        many[2],
    ):  # a filter in each piece, so that words are read
        add_filter(person=one, phrase="sourdough", places=["notifications"])
    post = publish_post(author=ada, group=group, content="It rose")
    with redis.door() as client:
        client.flushall()  # tombstones are over; what is asked for from now on is kept
    for one in [*first, *few, *many]:
        shields.of_person(one.pk, Place.NOTIFICATIONS)
    settled(post, first)
    assert settled(post, few) == settled(post, many)
    heard = Notification.objects.filter(kind="group_post", stands=True).values_list("recipient", flat=True)
    assert set(heard) == {one.pk for one in [*first, *few, *many]}
    settled(post, many)  # again: nothing is new
    assert len(heard.all()) == 33
    assert broken() == []


def test_pieces_are_bounded_and_repeat_without_a_trace(
    ada: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "PIECE", 4)
    monkeypatch.setattr(settling, "BATCH", 3)
    members = crowd(group, 10, name="reader")
    Block.objects.create(blocker=members[3], blocked=ada)
    post = publish_post(author=ada, group=group, content="It rose")
    drain()
    assert Delivery.objects.filter(handler__endswith="group_piece").count() == 3
    heard = Notification.objects.filter(kind="group_post", stands=True).order_by("recipient")
    assert [row.recipient_id for row in heard] == [one.pk for one in members if one != members[3]]
    for first, last in ((members[0], members[3]), (members[2], members[9])):  # some of them twice more
        settling.settle(causes.of_group_post(post, first=first.pk, last=last.pk))
    assert [(row.recipient_id, row.actor_count) for row in heard.all()] == [
        (one.pk, 1) for one in members if one != members[3]
    ]
    assert broken() == []


def test_words_that_somebody_filters_are_not_told_to_them(ada: User, group: Group) -> None:
    hidden, folded, other = crowd(group, 3, name="reader")
    for one, action in ((hidden, "hide"), (folded, "fold")):
        add_filter(person=one, phrase="sourdough", action=action, places=["notifications"])
    publish_post(author=ada, group=group, content="My sourdough rose")
    drain()
    heard = Notification.objects.filter(kind="group_post", stands=True).values_list("recipient", flat=True)
    assert set(heard) == {folded.pk, other.pk}


@pytest.mark.parametrize("seed", range(3))
def test_the_door_for_many_is_the_door_for_each(
    ada: User, ben: User, cleo: User, dora: User, seed: int
) -> None:
    """Facts and items of several people at once are those that each of them gets alone, but for the marks."""
    chance = random.Random(seed)
    shy = person("shy", is_private=True)
    everybody = [ada, ben, cleo, dora, shy]
    held: list[Group] = []
    for privacy in ("public", "private", "invite"):
        held.append(a_group(ada, privacy))
        for one in everybody[1:]:
            if status := chance.choice(["active", "active", "pending", "banned", ""]):
                is_in(held[-1], one, status=status)
    for one in everybody:
        for other in chance.sample(everybody, 2):
            if one != other:
                follows(one, other)
    Block.objects.create(blocker=cleo, blocked=dora)
    for one in everybody:
        for audience in ("public", "followers", "friends", "private"):
            publish_post(author=one, content=f"For {audience} #word", visibility=audience)
        for group in held:
            if Membership.objects.active().filter(group=group, user=one).exists():
                publish_post(author=one, group=group, content="Hello, group")
    share_post(post=Post.objects.filter(author=ada, visibility="public").get(), person=ben)
    hide_post(post_id=chance.choice(list(Post.objects.values_list("pk", flat=True))), actor=None)
    groups.hide_group(group_id=chance.choice(held).pk, actor=None)
    ids = list(Post.objects.order_by("-id").values_list("pk", flat=True))
    asked = {one.pk: chance.sample(ids, len(ids) - 3) for one in everybody}
    told = facts_of_many(asked)
    for one in everybody:
        alone: dict[int, Any] = facts(viewer_id=one.pk, post_ids=asked[one.pk])
        assert told[one.pk] == {ident: _unmarked(fact) for ident, fact in alone.items()}
    assert facts_of_many({}) == {} and facts_of_many({ada.pk: []}) == {ada.pk: {}}
    for one in everybody:
        shown = [item.id for item in items_of_many(asked)[one.pk]]
        assert shown == [item.id for item in items_of(asked[one.pk], viewer=one)]


def _unmarked(fact: Facts) -> Facts:
    return dataclasses.replace(fact, marks=frozenset())

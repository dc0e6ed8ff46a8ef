"""The page of a group: pinned first, from kept ids, exact for whoever looks, in a fixed number of statements."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from feeds import actions, newest
from feeds.models import GroupPin, Post
from feeds.selectors import group_posts
from feeds.tests.factories import plant_many
from groups import actions as groups
from groups.models import Group
from groups.selectors import get_visible_group
from groups.tests.factories import a_group, is_in
from socialnet.kernel import redis
from socialnet.kernel.errors import NotFound
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User, ben: User) -> Group:
    group = a_group(ada)
    is_in(group, ben)
    return group


def says(author: User, group: Group, content: str = "Hello, group") -> Post:
    return actions.publish_post(author=author, content=content, group=group)


def settle() -> None:
    """Tombstones are over; whatever is asked for from now on is kept."""
    with redis.door() as client:
        client.flushall()


def read(group: Group, viewer: Any, *, size: int = 20) -> tuple[list[int], list[int]]:
    """What is pinned, and what comes then, all pages of it."""
    seen = get_visible_group(group.slug, viewer=viewer)
    page = group_posts(seen=seen, viewer=viewer, size=size)
    pinned, ids = [item.id for item in page.pinned], [item.id for item in page.items]
    while page.next_cursor:
        assert len(page.items) == size
        page = group_posts(seen=seen, viewer=viewer, cursor=page.next_cursor, size=size)
        assert not page.pinned
        ids += [item.id for item in page.items]
    return pinned, ids


def right(group: Group, viewer: Any) -> tuple[list[int], list[int]]:
    """The same as the QuerySet of the door has it."""
    posts = Post.objects.filter(group=group).visible_to(viewer)
    pins = GroupPin.objects.filter(group=group).order_by("-pinned_at", "-pk").values_list("pk", flat=True)
    visible = set(posts.values_list("pk", flat=True))
    unpinned = posts.filter(group_pin=None).order_by("-id").values_list("pk", flat=True)
    return [post_id for post_id in pins if post_id in visible], list(unpinned)


@pytest.mark.parametrize("seed", range(4))
def test_every_reader_gets_what_one_statement_says_at_every_size(
    ada: User, ben: User, cleo: User, dora: User, group: Group, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through publishing, deleting, hiding, holding, pinning, bans and privacy; with the ids kept or just dropped."""
    monkeypatch.setattr(newest, "LENGTH", 8)
    chance = random.Random(seed)
    shy = person("shy", is_private=True)
    is_in(group, shy)
    follows(dora, shy)
    blocks(ada, cleo)
    readers = [ada, ben, cleo, dora, shy, AnonymousUser()]
    posts = [says(chance.choice([ada, ben, shy]), group, f"Number {n}") for n in range(12)]

    def of(post: Post) -> Post:
        return Post.objects.get(pk=post.pk)

    acts: dict[str, Callable[[Post], Any]] = {
        "publish": lambda _post: posts.append(says(chance.choice([ada, ben, shy]), group, "One more")),
        "delete": lambda post: (posts.remove(post), actions.delete_post(post=of(post), actor=post.author)),
        "hide": lambda post: actions.hide_post(post_id=post.pk, actor=None),
        "show": lambda post: actions.unhide_post(post_id=post.pk, actor=None),
        "unpin": lambda post: of(post).hidden_at or actions.unpin_in_group(post=of(post), actor=ada),
        "pin": lambda post: of(post).hidden_at or actions.pin_in_group(post=of(post), actor=ada),
        "keep": lambda _post: settle(),
    }
    for _step in range(12):
        acts[chance.choice([*acts, "pin"])](chance.choice(posts))
        if GroupPin.objects.filter(group=group).count() == 5:
            actions.unpin_in_group(post=GroupPin.objects.filter(group=group)[0].post, actor=ada)
        for reader in readers:
            assert read(group, reader, size=chance.choice([2, 3, 20])) == right(group, reader), reader
    drain()
    for reader in readers:
        assert read(group, reader) == right(group, reader)


def test_what_may_not_be_seen_any_more_is_gone_at_once(
    ada: User, ben: User, cleo: User, group: Group
) -> None:
    """From warm pages, before any handler ran; above and below alike."""
    follows(ben, ada)
    first, second, third, fourth = (says(ada, group, f"Number {n}") for n in range(4))
    by_ben = says(ben, group)
    for post in (first, second):
        actions.pin_in_group(post=post, actor=ada)
    drain()
    settle()
    for viewer in (ben, cleo):
        assert read(group, viewer) == ([second.pk, first.pk], [by_ben.pk, fourth.pk, third.pk])
    actions.hide_post(post_id=second.pk, actor=None)
    actions.delete_post(post=fourth, actor=ada)
    assert read(group, cleo) == ([first.pk], [by_ben.pk, third.pk])
    actions.hold_post(post_id=third.pk)
    assert read(group, cleo) == ([first.pk], [by_ben.pk])
    people.set_privacy(user=ada, is_private=True)
    assert read(group, cleo) == ([], [by_ben.pk])
    assert read(group, ben) == ([first.pk], [by_ben.pk])
    groups.ban_person(group=group, actor=ada, person=ben)
    assert Api(ben)("GET", f"groups/{group.slug}/posts").json()["code"] == "banned_from_group"
    assert "Number 0" not in page_of(ben).get(f"/g/{group.slug}").content.decode()
    groups.hide_group(group_id=group.pk, actor=None)
    for viewer in (ada, ben, cleo, AnonymousUser()):
        with pytest.raises(NotFound):
            get_visible_group(group.slug, viewer=viewer)


@pytest.mark.parametrize("privacy", ["public", "private", "invite"])
def test_the_head_knows_what_the_door_of_groups_knows(
    privacy: str, ada: User, ben: User, cleo: User, dora: User
) -> None:
    """The one statement against the QuerySet that lists use, standing, hidden and deleted."""
    group = a_group(ada, privacy)
    invited, asked = person("invited"), person("asked")
    is_in(group, ben)
    is_in(group, invited, status="invited")
    is_in(group, asked, status="pending")
    is_in(group, dora, status="banned")
    viewers: list[Any] = [ada, ben, cleo, dora, invited, asked, AnonymousUser()]

    def agree() -> list[Any]:
        known = []
        for viewer in viewers:
            listed = Group.objects.seen_by(viewer).filter(pk=group.pk).exists()
            try:
                seen = get_visible_group(group.slug, viewer=viewer)
            except NotFound as refusal:
                assert not listed, viewer
                is_told = type(refusal).__name__ == "HiddenGroup"
                assert is_told == (viewer in (ada, ben) and Group.objects.get().hidden_at is not None)
            else:
                assert listed, viewer
                mine = None if viewer.is_anonymous else group.memberships.filter(user=viewer).first()
                assert (seen.membership, seen.group) == (mine, group)
                assert (seen.my_status, seen.my_notify) == (
                    mine.status if mine else None,
                    mine.notify if mine and mine.status != "banned" else None,
                )
                assert seen.group.counts.members == 2
                assert seen.group.created_at == Group.objects.get().created_at
                known.append(viewer)
        return known

    assert agree() == (viewers if privacy != "invite" else [ada, ben, invited])
    groups.hide_group(group_id=group.pk, actor=None)
    assert agree() == []
    groups.unhide_group(group_id=group.pk, actor=None)
    groups.delete_group(group=group, actor=ada)
    assert agree() == []
    for slug in ("nothing", "x" * 500, "a\x00b", "'; --"):
        with pytest.raises(NotFound):
            get_visible_group(slug, viewer=ada)


@pytest.mark.parametrize("pins", [0, 1, 5])
def test_a_warm_page_is_two_statements_and_three_trips(ada: User, ben: User, group: Group, pins: int) -> None:
    """The head, and the facts of all that it shows; a page of HTML asks the number beside the bell, too."""
    plant_many(ada, 30, visibility="group", group=group)
    for post in Post.objects.order_by("id")[:pins]:
        actions.pin_in_group(post=post, actor=ada)
    settle()
    api, browser = Api(ben), page_of(ben)
    for ask, most in (
        (lambda: api("GET", f"groups/{group.slug}/posts"), 2),
        (lambda: browser.get(f"/g/{group.slug}"), 3),
    ):
        ask(), ask()
        with CaptureQueriesContext(connection) as queries:
            answer = ask()
        assert answer.status_code == 200
        assert len(queries) == most, [query["sql"][:80] for query in queries]
    found = Api(ben)("GET", f"groups/{group.slug}/posts").json()["results"]
    assert [one["pinned"] for one in found] == [True] * pins + [False] * 20

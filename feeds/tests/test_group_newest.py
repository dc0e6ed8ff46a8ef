"""The page of a group from the ids that are kept of it: the same as without them, at every moment."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.actions import block_user
from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds import actions, newest, selectors
from feeds.models import Post
from feeds.tests.factories import plant_many
from groups import actions as groups
from groups.models import Group
from groups.selectors import get_visible_group
from groups.tests.factories import a_group, is_in
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def settle() -> None:
    """Tombstones are over; whatever is asked for from now on is kept."""
    with redis.door() as client:
        client.flushall()


def says(author: User, group: Group, content: str = "Hello, group") -> Post:
    return actions.publish_post(author=author, content=content, group=group)


def walk(group: Group, viewer: Any, *, size: int) -> list[int]:
    """The pinned ids and then the others, page by page; every page but the last is full."""
    ids: list[int] = []
    cursor = None
    while True:
        seen = get_visible_group(group.slug, viewer=viewer)
        page = selectors.group_posts(seen=seen, viewer=viewer, cursor=cursor, size=size)
        assert not page.pinned or cursor is None
        ids += [item.id for item in [*page.pinned, *page.items]]
        cursor = page.next_cursor
        if cursor is None:
            return ids
        assert len(page.items) == size


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_pins_and_the_seam_repeat_and_skip_nothing(
    ada: User, ben: User, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pinned among the kept ids and below them, seen and not."""
    monkeypatch.setattr(newest, "LENGTH", 8)
    group = a_group(ada)
    is_in(group, ben)
    posts = [*plant_many(ada, 9, visibility="group", group=group), says(ben, group), says(ada, group)]
    for place in (1, 9, 10, 5):
        actions.pin_in_group(post=posts[place], actor=ada)
    actions.hide_post(post_id=posts[5].pk, actor=None)
    below = [post.pk for place, post in reversed([*enumerate(posts)]) if place not in (1, 9, 10, 5)]
    for viewer in (ben, AnonymousUser()):
        assert walk(group, viewer, size=size) == [posts[10].pk, posts[9].pk, posts[1].pk, *below]
    block_user(blocker=ben, blocked=ada)
    assert walk(group, ben, size=size) == [posts[9].pk]


def delete(post: Post, group: Group, ada: User, ben: User) -> None:
    actions.delete_post(post=post, actor=post.author)


def hide(post: Post, group: Group, ada: User, ben: User) -> None:
    actions.hide_post(post_id=post.pk, actor=None)


def hold(post: Post, group: Group, ada: User, ben: User) -> None:
    actions.hold_post(post_id=post.pk)


def narrow(post: Post, group: Group, ada: User, ben: User) -> None:
    block_user(blocker=post.author, blocked=ben)


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("change", [delete, hide, hold, narrow])
def test_what_goes_is_gone_at_once(change: Callable[..., None], pinned: bool, ada: User, ben: User) -> None:
    group, cleo = a_group(ada, "private"), person("cleo")
    is_in(group, ben, cleo)
    stays, goes = says(ada, group), says(cleo, group, "It goes away")
    if pinned:
        actions.pin_in_group(post=goes, actor=ada)
    drain()
    settle()
    browser, api = page_of(ben), Api(ben)
    path = f"groups/{group.slug}/posts"
    for _twice in range(2):
        assert "It goes away" in browser.get(f"/g/{group.slug}").content.decode()
        assert len(api("GET", path).json()["results"]) == 2
    change(goes, group, ada, ben)
    assert "It goes away" not in browser.get(f"/g/{group.slug}").content.decode()
    assert [one["id"] for one in api("GET", path).json()["results"]] == [str(stays.pk)]


@pytest.mark.parametrize("privacy", ["public", "private"])
def test_who_is_put_out_and_a_group_that_is_hidden_see_nothing_at_once(
    privacy: str, ada: User, ben: User, cleo: User
) -> None:
    group = a_group(ada, privacy)
    is_in(group, ben, cleo)
    says(ada, group, "Only for us")
    settle()
    browsers = {one: page_of(one) for one in (ben, cleo)}
    for browser in browsers.values():
        assert "Only for us" in browser.get(f"/g/{group.slug}").content.decode()
    groups.ban_person(group=group, actor=ada, person=ben)
    assert "Only for us" not in browsers[ben].get(f"/g/{group.slug}").content.decode()
    assert Api(ben)("GET", f"groups/{group.slug}/posts").status_code == 403
    assert "Only for us" in browsers[cleo].get(f"/g/{group.slug}").content.decode()
    groups.hide_group(group_id=group.pk, actor=None)
    assert "Only for us" not in browsers[cleo].get(f"/g/{group.slug}").content.decode()


def test_what_the_request_could_not_drop_the_handler_drops(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = a_group(ada)
    first = says(ada, group)
    drain()
    settle()
    assert walk(group, ben, size=20) == [first.pk]
    monkeypatch.setattr(newest.CachePolicy, "drop", lambda self, *idents: None)
    second = says(ada, group)
    assert walk(group, ben, size=20) == [first.pk]
    drain()
    assert walk(group, ben, size=20) == [second.pk, first.pk]


def test_who_reads_while_others_write_leaves_nothing_stale_behind(ada: User) -> None:
    group = a_group(ada)
    people = [person() for _each in range(3)]
    is_in(group, *people)
    old = [says(one, group) for one in people]
    settle()
    barrier = threading.Barrier(9)

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
        finally:
            connection.close()

    acts: list[Callable[[], Any]] = [lambda one=one: says(one, group) for one in people]
    acts += [lambda post=post: actions.delete_post(post=post, actor=post.author) for post in old]
    acts += [lambda: [walk(group, ada, size=20) for _often in range(5)]] * 3
    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = Post.objects.filter(group=group, deleted_at=None).order_by("-pk")
    assert walk(group, ada, size=20) == list(there.values_list("pk", flat=True))
    assert there.count() == 3

"""Reading threads: every order, what is inside, what is not for whom, at what cost."""

import random
import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import blocks, person
from conftest import _as_owner as as_owner
from feeds.models import Post
from feeds.tests.factories import plant, publish
from feeds.tests.test_indexes import plans_of
from interactions import actions, selectors, threads
from interactions.models import Comment, CommentLike, step_of
from interactions.selectors import (
    branch_of,
    comments_by,
    comments_of,
    get_comment_item,
    replies_of,
    thread_cursor,
)
from interactions.tests.threads import chain, plant_comments, say, shape
from interactions.threads import CommentItem
from socialnet.kernel import redis
from socialnet.kernel.errors import CursorExpired, InvalidCursor, NotFound
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import id_at

pytestmark = pytest.mark.django_db


def all_pages(post: Post, viewer: Any, sort: str, *, size: int = 3) -> list[list[int]]:
    pages, cursor = [], None
    while True:
        page = comments_of(post_id=post.pk, viewer=viewer, sort=sort, cursor=cursor, size=size)
        pages.append([item.id for item in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return pages


def seen(post: Post, viewer: Any) -> list[object]:
    return shape(comments_of(post_id=post.pk, viewer=viewer, sort="old").items)


def find(items: list[CommentItem] | tuple[CommentItem, ...], ident: int) -> CommentItem:
    return next(one for item in items for one in item.walk() if one.id == ident)


def test_a_page_has_the_first_three_replies_and_below_them_the_first_of_each(ada: User, ben: User) -> None:
    post = publish(ada)
    first = say(ben, post, "a")
    answers = [say(ada, first, f"a{number}") for number in range(5)]
    for number in range(3):
        below = say(ben, answers[0], f"a0{number}")
    deepest = chain_below(ben, Comment.objects.get(content="a00"), 3)
    assert seen(post, ben) == [
        "a", ["a0", ["a00", ["a00x", ["a00xx", ["a00xxx"]]]], "a1", "a2"],
    ]  # fmt: skip
    item = comments_of(post_id=post.pk, viewer=ben).items[0]
    assert (item.others, find([item], answers[0].pk).others, find([item], answers[1].pk).others) == (2, 2, 0)
    rest = replies_of(comment_id=first.pk, viewer=ben, cursor=item.goes_on)
    assert shape(rest.items) == ["a3", "a4"] and rest.next_cursor is None
    rest = replies_of(comment_id=answers[0].pk, viewer=ben, cursor=find([item], answers[0].pk).goes_on)
    assert shape(rest.items) == ["a01", "a02"] and rest.items[-1].id == below.pk
    assert deepest.depth == 6


def chain_below(who: User, comment: Comment, many: int) -> Comment:
    for _number in range(many):
        comment = say(who, comment, comment.content + "x")
    return comment


def planted_at(post: Post, author: User, hours: float, *, likes: int = 0, replies: int = 0) -> int:
    """A row with these counts; nobody stands behind them."""
    ident = id_at(timezone.now() - timedelta(hours=hours), sequence=random.randrange(4096))
    Comment.objects.create(
        pk=ident, post=post, author=author, path=step_of(ident), depth=1, content="x", html="x",
        likes=likes, replies=replies,
    )  # fmt: skip
    return ident


def test_hot_is_young_and_liked_top_is_liked(ada: User) -> None:
    post = plant(ada)
    old_and_liked = planted_at(post, ada, 48, likes=40)  # 40 / 353.6 = 0.11
    young = planted_at(post, ada, 0, likes=1)  # 1 / 2.83 = 0.35
    answered = planted_at(post, ada, 2, likes=1, replies=2)  # 5 / 8 = 0.63
    quiet = planted_at(post, ada, 1)
    assert all_pages(post, ada, "hot", size=9) == [[answered, young, old_and_liked, quiet]]
    assert all_pages(post, ada, "top", size=9) == [[old_and_liked, young, answered, quiet]]
    assert all_pages(post, ada, "new", size=9) == [[young, quiet, answered, old_and_liked]]
    assert all_pages(post, ada, "old", size=9) == [[old_and_liked, answered, quiet, young]]


@pytest.mark.parametrize("sort", ["hot", "top", "new", "old"])
def test_every_order_is_stable_while_others_write_like_and_delete(ada: User, ben: User, sort: str) -> None:
    post = publish(ada)
    comments = plant_comments(post, [ada, ben], many=20)
    expected = [ident for page in all_pages(post, ben, sort, size=50) for ident in page]
    gone, shown, cursor = comments[10], [], None
    while True:
        page = comments_of(post_id=post.pk, viewer=ben, sort=sort, cursor=cursor, size=3)
        shown += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        if len(shown) == 3:
            actions.delete_comment(comment_id=gone.pk, actor=gone.author)
            say(ada, post, "Meanwhile")
            for comment in [one for one in comments if one != gone]:
                actions.like_comment(comment_id=comment.pk, person=ben if comment.pk % 3 else ada)
    assert [ident for ident in shown if ident in expected] == [i for i in expected if i != gone.pk]
    assert len(shown) == len({*shown}) <= 20


def test_an_order_is_kept_for_a_quarter_of_an_hour_and_is_of_its_list(ada: User) -> None:
    post, other = publish(ada), publish(ada)
    plant_comments(post, [ada], many=5)
    cursor = comments_of(post_id=post.pk, viewer=ada, size=2).next_cursor
    for post_id, sort in ((other.pk, "hot"), (post.pk, "top"), (post.pk, "new")):
        with pytest.raises(InvalidCursor):
            thread_cursor(cursor.encode(), post_id=post_id, sort=sort)
    assert thread_cursor(cursor.encode(), post_id=post.pk, sort="hot") == cursor
    redis._client().flushall()
    with pytest.raises(CursorExpired):
        comments_of(post_id=post.pk, viewer=ada, cursor=cursor)


def test_without_redis_hot_is_newest_first_to_its_end(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    post = publish(ada)
    comments = plant_comments(post, [ada], many=5)
    monkeypatch.setattr(redis, "_client", lambda: (_ for _ in ()).throw(redis.ConnectionError()))
    shown, text = [], None
    for _page in range(3):
        cursor = thread_cursor(text, post_id=post.pk, sort="hot")
        page = comments_of(post_id=post.pk, viewer=ada, cursor=cursor, size=2)
        shown += [item.id for item in page.items]
        text = page.next_cursor and page.next_cursor.encode()
    assert shown == sorted((comment.pk for comment in comments), reverse=True) and text is None


def test_a_page_of_which_all_is_gone_is_passed_over(ada: User) -> None:
    post = publish(ada)
    plant_comments(post, [ada], many=6)
    first = comments_of(post_id=post.pk, viewer=ada, size=2)
    order = [ident for page in all_pages(post, ada, "hot", size=6) for ident in page]
    for ident in order[2:4]:
        actions.delete_comment(comment_id=ident, actor=ada)
    rest = comments_of(post_id=post.pk, viewer=ada, cursor=first.next_cursor, size=2)
    assert [item.id for item in rest.items] == order[4:] and rest.next_cursor is None


def test_what_is_not_for_somebody_is_not_there_or_a_tombstone(
    ada: User, ben: User, cleo: User, dora: User
) -> None:
    post = publish(ada)
    answered = say(dora, post, "answered")
    say(ben, answered, "answer")
    say(dora, post, "alone")
    say(ben, say(cleo, post, "of cleo"), "to cleo")
    everything = ["answered", ["answer"], "alone", "of cleo", ["to cleo"]]
    assert seen(post, AnonymousUser()) == seen(post, ada) == everything
    blocks(cleo, dora)
    assert seen(post, cleo) == [None, ["answer"], "of cleo", ["to cleo"]]
    assert seen(post, dora) == ["answered", ["answer"], "alone", None, ["to cleo"]]
    people.suspend_user(user=dora, actor=None)
    assert seen(post, ada) == [None, ["answer"], "of cleo", ["to cleo"]]
    tombstone = comments_of(post_id=post.pk, viewer=ada, sort="old").items[0]
    assert (tombstone.author, tombstone.content, tombstone.is_liked) == (None, "", False)
    assert get_comment_item(answered.pk, viewer=ada).is_there is False
    with pytest.raises(NotFound):
        get_comment_item(Comment.objects.get(content="alone").pk, viewer=ada)


def test_hidden_and_muted_are_folded_and_what_one_likes_is_marked(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    hidden, of_ben = say(cleo, post, "hidden"), say(ben, post, "of ben")
    actions.hide_comment(comment_id=hidden.pk, actor=ada)
    actions.like_comment(comment_id=of_ben.pk, person=cleo)
    people.mute_user(muter=cleo, muted=ben)
    items = comments_of(post_id=post.pk, viewer=cleo, sort="old").items
    assert [(i.is_hidden, i.is_muted, i.is_folded, i.is_liked, i.is_mine) for i in items] == [
        (True, False, True, False, True),
        (False, True, True, True, False),
    ]
    items = comments_of(post_id=post.pk, viewer=ben, sort="old").items
    assert [(i.is_folded, i.is_liked) for i in items] == [(True, False), (False, False)]


@pytest.mark.parametrize("audience", ["public", "followers", "friends", "private"])
def test_nobody_reads_a_comment_of_a_post_that_they_cannot_see(ada: User, cleo: User, audience: str) -> None:
    post = publish(ada)
    comment = say(cleo, post)
    Post.objects.filter(pk=post.pk).update(visibility=audience)
    reads: list[Callable[[], Any]] = [
        lambda: get_comment_item(comment.pk, viewer=cleo),
        lambda: replies_of(comment_id=comment.pk, viewer=cleo),
        lambda: selectors.get_visible_comment(comment.pk, viewer=cleo),
    ]
    for read in reads:
        if audience == "public":
            read()
        else:
            with pytest.raises(NotFound):
                read()
    assert len(comments_by(author=cleo, viewer=cleo).items) == (audience == "public")
    assert len(comments_by(author=cleo, viewer=ada).items) == 1


def test_a_branch_opens_a_place_with_what_is_above_and_below(ada: User, ben: User) -> None:
    post = publish(ada)
    line = chain(ben, post, 4)
    for number in range(4):
        say(ada, line[2], f"beside {number}")
    branch = branch_of(comment_id=line[2].pk, post_id=post.pk, viewer=ben, size=3)
    assert [item.content for item in branch.ancestors] == ["1", "2"]
    assert branch.item.content == "3"
    assert shape(branch.replies.items) == ["4", "beside 0", "beside 1"]
    rest = branch_of(
        comment_id=line[2].pk, post_id=post.pk, viewer=ben, size=3, cursor=branch.replies.next_cursor
    )
    assert shape(rest.replies.items) == ["beside 2", "beside 3"] and rest.replies.next_cursor is None
    for comment_id, post_id in ((line[0].pk, publish(ada).pk), (7, post.pk), (2**60, post.pk)):
        with pytest.raises(NotFound):
            branch_of(comment_id=comment_id, post_id=post_id, viewer=ben)


def test_what_somebody_commented_goes_on_where_it_ended(ada: User, ben: User) -> None:
    comments = [say(ben, publish(ada), f"{number}") for number in range(5)]
    first = comments_by(author=ben, viewer=ada, size=3)
    say(ben, publish(ada), "newer")
    rest = comments_by(author=ben, viewer=ada, size=3, cursor=first.next_cursor)
    shown = [said.item.content for said in (*first.items, *rest.items)]
    assert shown == ["4", "3", "2", "1", "0"] and rest.next_cursor is None
    assert first.items[0].post.id == comments[4].post_id


@pytest.mark.parametrize("many", [1, 20])
def test_a_page_costs_one_query_whatever_its_shape(
    ada: User, ben: User, many: int, django_assert_num_queries: Any
) -> None:
    post = publish(ada)
    above = plant_comments(post, [ada, ben], many=many)
    for _level in range(5):
        above = plant_comments(post, [ada, ben], many=many * 2, parents=above)
    threads.newest_first(post_id=post.pk, viewer=ben, before=None, most=1)  # fills what is cached
    comments_by(author=ada, viewer=ben)
    for sort, queries in (("new", 1), ("old", 1), ("hot", 2), ("top", 2)):
        with django_assert_num_queries(queries):  # of the ranked ones, the order first
            page = comments_of(post_id=post.pk, viewer=ben, sort=sort, size=10)
        assert len(page.items) == min(many, 10)
        if page.next_cursor:
            with django_assert_num_queries(1):
                comments_of(post_id=post.pk, viewer=ben, sort=sort, cursor=page.next_cursor, size=10)
    with django_assert_num_queries(3):  # the comment, the door, and the replies
        replies_of(comment_id=page.items[0].id, viewer=ben)
    with django_assert_num_queries(3):  # the comment, what is above it, what is below it
        branch_of(comment_id=above[0].pk, post_id=post.pk, viewer=ben)
    with django_assert_num_queries(3):  # theirs, the facts of the posts, and the comments as they are seen
        comments_by(author=ada, viewer=ben)


@pytest.mark.django_db(transaction=True)
def test_reads_use_the_indexes_made_for_them() -> None:
    ada, crowd = person("ada"), [person() for _ in range(20)]
    posts = [publish(ada) for _ in range(5)]
    for post in posts:
        top = plant_comments(post, crowd, many=400)
        plant_comments(post, crowd, many=800, parents=top)
        CommentLike.objects.bulk_create(CommentLike(user=who, comment=one) for who in crowd for one in top)
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    post, comment, before = posts[2], top[0], Cursor(before=2**52)
    reads: dict[str, tuple[str, Callable[[], Any]]] = {
        "new": ("comment_top_level", lambda: comments_of(post_id=post.pk, viewer=ada, sort="new")),
        "further": (
            "comment_top_level",
            lambda: comments_of(post_id=post.pk, viewer=ada, sort="new", cursor=before),
        ),
        "old": ("comment_top_level", lambda: comments_of(post_id=post.pk, viewer=ada, sort="old")),
        "hot": ("comment_top_level", lambda: comments_of(post_id=post.pk, viewer=ada)),
        "inside": ("comment_by_parent", lambda: comments_of(post_id=post.pk, viewer=ada, sort="new")),
        "replies": ("comment_by_parent", lambda: replies_of(comment_id=comment.pk, viewer=ada)),
        "one": ("interactions_comment_pkey", lambda: get_comment_item(comment.pk, viewer=ada)),
        "of a person": ("comment_by_author", lambda: comments_by(author=crowd[0], viewer=ada)),
        "subtree": (
            "comment_path_once",
            lambda: list(
                Comment.objects.filter(post=post, path__gte=comment.path, path__lt=comment.path + "g").order_by("path")
            ),
        ),
    }  # fmt: skip
    for name, (index, read) in reads.items():
        plan = plans_of(read)
        assert index in plan, f"{name}\n{plan}"
        assert not re.search("Seq Scan on interactions_comment", plan), f"{name}\n{plan}"

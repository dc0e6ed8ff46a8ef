"""Many at once, with real threads and connections: the tree stays a tree and its counts are exact."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import person
from accounts.tests.test_follow_races import at_once, rounds
from feeds.actions import delete_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions
from interactions.models import Comment
from interactions.tests.threads import count_of, say
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def saying(who: User, to: Post | Comment) -> Callable[[], Any]:
    return lambda: say(who, to)


def deleting(comment: Comment) -> Callable[[], Any]:
    return lambda: actions.delete_comment(comment_id=comment.pk, actor=comment.author)


@rounds
def test_ten_people_comment_and_answer_one_comment(round_: int) -> None:
    ada, crowd = person("ada"), [person() for _ in range(5)]
    post = publish(ada)
    first = say(ada, post)
    at_once(*[saying(who, to) for who in crowd for to in (post, first)])
    first.refresh_from_db()
    assert (count_of(post), first.replies) == (11, 5)
    assert broken() == []


@rounds
def test_answers_against_deleting_what_they_answer(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    first = say(ada, post)
    at_once(deleting(first), *[saying(ben, first) for _ in range(4)], deleting(first))
    assert count_of(post) == Comment.objects.standing().count()
    assert broken() == []


@rounds
def test_the_last_two_answers_under_a_tombstone_go_at_once(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    first = say(ada, post)
    second = say(ben, first)
    leaves = [say(ada, second), say(ben, second)]
    at_once(*[deleting(comment) for comment in (first, second, *leaves)])
    assert not Comment.objects.exists() and count_of(post) == 0
    assert broken() == []


@rounds
def test_liking_against_unliking_and_deleting(round_: int) -> None:
    ada, crowd = person("ada"), [person() for _ in range(4)]
    post = publish(ada)
    first = say(ada, post)
    say(ada, first)
    likes = [lambda who=who: actions.like_comment(comment_id=first.pk, person=who) for who in crowd]
    unlikes = [lambda who=who: actions.unlike_comment(comment_id=first.pk, person=who) for who in crowd[:2]]
    at_once(*likes, *likes, *unlikes)
    assert broken() == []
    at_once(*unlikes, deleting(first), *likes)
    assert broken() == []


@rounds
def test_somebody_leaves_while_others_answer_and_like(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    line = [say(ben, post)]
    for _ in range(4):
        line.append(say(ada if len(line) % 2 else ben, line[-1]))
    for comment in line:
        actions.like_comment(comment_id=comment.pk, person=ben)
    at_once(
        lambda: actions.forget_comments(user_id=ben.pk),
        lambda: actions.forget_comment_likes(user_id=ben.pk),
        *[saying(ada, comment) for comment in line],
        *[deleting(comment) for comment in line if comment.author_id == ada.pk],
    )
    assert not Comment.objects.filter(author=ben).exists()
    assert broken() == []


@rounds
def test_comments_against_the_end_of_their_post(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    at_once(*[saying(ben, post) for _ in range(4)], lambda: delete_post(post=post, actor=ada))
    drain()
    with suppress(DomainError):
        say(ben, post)
    assert not Comment.objects.exists() and count_of(post) == 0
    assert broken() == []

"""What comes into inboxes, and what goes out of them again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from feeds.actions import delete_post, share_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions, telling
from notifications.models import Notification
from notifications.selectors import inbox_page, unread_count
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def like(who: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=who)


def inbox(viewer: User) -> list[str]:
    drain()
    return [item.text for item in inbox_page(viewer=viewer).items]


def test_a_follow_a_like_a_comment_an_answer_a_mention_and_a_share(ada: User, ben: User, cleo: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    post = publish(ada, "Bread")
    like(ben, post)
    like(cleo, post)
    comment = doing.comment_on_post(post_id=post.pk, author=cleo, content="How long?")
    doing.comment_on_post(post_id=post.pk, author=ada, content="An hour", parent_id=comment.pk)
    doing.comment_on_post(post_id=post.pk, author=ben, content="@cleo two, with @ada")
    share_post(post=post, person=ben)
    assert sorted(inbox(ada)) == sorted(
        [
            "Ben follows you",
            "Cleo and Ben like your post",
            "Cleo commented on your post",
            "Ben mentioned you",
            "Ben shared your post",
        ]
    )
    assert sorted(inbox(cleo)) == ["Ada answered your comment", "Ben mentioned you"]
    assert inbox(ben) == []
    assert unread_count(ada.pk) == 5


def test_what_is_undone_goes_and_comes_back_as_one(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada, "Bread")
    like(ben, post)
    drain()
    doing.unlike_post(post_id=post.pk, person=ben)
    assert inbox(ada) == []
    assert unread_count(ada.pk) == 0
    like(ben, post)
    assert inbox(ada) == ["Ben likes your post"]
    delete_post(post=post, actor=ada)
    assert inbox(ada) == []
    assert Notification.objects.count() == 1


def test_after_reading_the_next_like_opens_another_row_that_is_told_after_the_cooldown(
    ada: User, ben: User, cleo: User
) -> None:
    post = publish(ada, "Bread")
    like(ben, post)
    drain()
    Notification.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert telling.tell([ada.pk]) == 1
    assert actions.mark_read(person=ada) == 1
    like(cleo, post)
    assert inbox(ada) == ["Cleo likes your post", "Ben likes your post"]
    first, second = Notification.objects.order_by("pk")
    assert first.told_at is not None
    assert second.due_at == first.told_at + timedelta(hours=1)
    doing.unlike_post(post_id=post.pk, person=ben)
    like(ben, post)
    assert inbox(ada) == ["Cleo likes your post", "Ben likes your post"]
    assert unread_count(ada.pk) == 1


def test_nobody_hears_of_whom_they_block_or_mute(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada, "Bread")
    people.mute_user(muter=ada, muted=cleo)
    like(ben, post)
    like(cleo, post)
    assert inbox(ada) == ["Ben likes your post"]
    people.block_user(blocker=ada, blocked=ben)
    assert inbox(ada) == []


def test_many_make_one_row(ada: User) -> None:
    post = publish(ada, "Bread")
    for number in range(7):
        like(person(f"fan{number}"), post)
    (text,) = inbox(ada)
    assert text.endswith("and 6 others like your post")
    (row,) = Notification.objects.all()
    assert row.actor_count == 7

"""For each invariant of inboxes a way to break it; `town` is that of `tests/test_invariants.py`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts import actions as people
from accounts.models import Block, User
from accounts.tests.factories import person
from feeds.actions import publish_post
from interactions.actions import comment_on_post, like_post
from interactions.models import Like
from notifications import selectors
from notifications.models import ChannelDelivery, Notification, NotificationActor, Settings
from notifications.registry import Way
from socialnet.outbox.testing import drain

HOUR = timedelta(hours=1)


def liked(town: Any) -> Notification:
    """A post of ada that somebody likes, told an hour ago."""
    like_post(post_id=town.posts[0].pk, person=town.ben)
    drain()
    news = Notification.objects.get(kind="like")
    Notification.objects.filter(pk=news.pk).update(due_at=Now() - HOUR, told_at=Now() - HOUR)
    return news


def put_in(news: Notification, who: User) -> None:
    NotificationActor.objects.create(notification=news, actor=who)
    Notification.objects.filter(pk=news.pk).update(actor_count=F("actor_count") + 1)


def liked_by_oneself(town: Any) -> None:
    news = liked(town)
    Like.objects.create(user=town.ada, post_id=news.target_id)
    put_in(news, town.ada)


def across_a_block(town: Any) -> None:
    liked(town)
    Block.objects.create(blocker=town.ada, blocked=town.ben)


def after_a_mute(town: Any) -> None:
    """ben muted ada in the fixture; an hour later he hears of her."""
    from socialnet.outbox.models import Event

    Event.objects.filter(name="accounts.user_muted").update(created_at=timezone.now() - HOUR)
    news = Notification.objects.create(
        recipient=town.ben, kind="follow", target_id=town.ada.pk, due_at=timezone.now()
    )
    put_in(news, town.ada)


def in_two_rows(town: Any) -> None:
    news = liked(town)
    Notification.objects.filter(pk=news.pk).update(is_open=False)
    other = Notification.objects.create(
        recipient=town.ada, kind="like", target_id=news.target_id, due_at=timezone.now()
    )
    put_in(other, town.ben)


def open_twice(town: Any) -> None:
    liked(town)
    town.as_owner(
        "DROP INDEX notification_open_once",
        "INSERT INTO notifications_notification (recipient_id, kind, target_id, due_at)"
        " SELECT recipient_id, kind, target_id, due_at FROM notifications_notification WHERE kind = 'like'",
    )
    town.undo += [
        "TRUNCATE notifications_notification CASCADE",
        "CREATE UNIQUE INDEX notification_open_once ON notifications_notification (recipient_id, kind, target_id)"
        " WHERE is_open",
    ]


def wrong_number(town: Any) -> None:
    Notification.objects.filter(pk=liked(town).pk).update(actor_count=2)


def forgotten(kind: str) -> Callable[[Any], None]:
    """Two people whom nothing keeps apart; what one was told of the other is lost."""

    def forget(_town: Any) -> None:
        eva, finn = person("eva"), person("finn")
        people.follow_user(follower=finn, followee=eva)
        post = publish_post(author=eva, content="Hello @finn")
        comment = comment_on_post(post_id=post.pk, author=eva, content="First")
        comment_on_post(post_id=post.pk, author=finn, content="Second", parent_id=comment.pk)
        drain()
        lost = Notification.objects.filter(recipient__in=[eva, finn], kind=kind)
        assert lost.count() == 1
        lost.delete()

    return forget


def other_badge(town: Any) -> None:
    import pytest

    from notifications import invariants

    liked(town)
    patch = pytest.MonkeyPatch()
    count = selectors.unread_counts
    patch.setattr(
        invariants, "unread_counts", lambda ids: {who: many + 1 for who, many in count(ids).items()}
    )
    town.patches.append(patch)


def like_taken_back(town: Any) -> None:
    liked(town)
    Like.objects.update(is_active=False)


def post_gone(town: Any) -> None:
    type(town.posts[0]).objects.filter(pk=liked(town).post_id).update(deleted_at=Now())


def nobody_in_it(town: Any) -> None:
    news = liked(town)
    NotificationActor.objects.filter(notification=news).update(is_active=False)


def owed_though_read(town: Any) -> None:
    news = liked(town)
    ChannelDelivery.objects.create(notification=news, way=Way.MAIL)
    Notification.objects.filter(pk=news.pk).update(read_at=Now(), is_open=False)


def mailed_twice(town: Any) -> None:
    ChannelDelivery.objects.create(notification=liked(town), way=Way.MAIL, state="sent")
    town.as_owner(
        "ALTER TABLE notifications_channeldelivery DROP CONSTRAINT notifications_channeldelivery_pkey",
        "INSERT INTO notifications_channeldelivery SELECT * FROM notifications_channeldelivery",
    )
    town.undo += [
        "TRUNCATE notifications_channeldelivery",
        "ALTER TABLE notifications_channeldelivery ADD CONSTRAINT notifications_channeldelivery_pkey"
        " PRIMARY KEY (notification_id, way)",
    ]


def told_before_its_time(town: Any) -> None:
    Notification.objects.filter(pk=liked(town).pk).update(due_at=Now() + HOUR)


def told_again_at_once(town: Any) -> None:
    news = liked(town)
    Notification.objects.filter(pk=news.pk).update(is_open=False)
    Notification.objects.create(
        recipient=town.ada,
        kind="like",
        target_id=news.target_id,
        stands=False,
        due_at=timezone.now() - HOUR,
        told_at=timezone.now() - HOUR / 2,
    )


def wishes_of_who_left(town: Any) -> None:
    Settings.objects.create(user=town.ben)
    User.objects.filter(pk=town.ben.pk).update(is_active=False)


PLANTS: dict[str, Callable[[Any], object]] = {
    "nobody is told of their own acts": liked_by_oneself,
    "nobody is told of somebody across a block": across_a_block,
    "nobody is told of what somebody did after they muted them": after_a_mute,
    "nobody stands twice in the same news": in_two_rows,
    "of the same news one row is open": open_twice,
    "a notification counts the people that stand in it": wrong_number,
    "everybody hears of who follows them": forgotten("follow"),
    "everybody hears of who names them": forgotten("mention"),
    "everybody hears of who answers them": forgotten("reply"),
    "the number beside the bell is that of unread news": other_badge,
    "what has no cause any more is in no inbox": like_taken_back,
    "no news leads to a post or a comment that is gone": post_gone,
    "news stands while somebody stands in it, and no longer": nobody_in_it,
    "nothing is owed of what was undone or read": owed_though_read,
    "each way tells of a notification once": mailed_twice,
    "no way tells of what is not due": told_before_its_time,
    "the same is not told twice within its cooldown": told_again_at_once,
    "who left is in no inbox and has none, and who is suspended is in none": wishes_of_who_left,
}

"""What those whom one signs in as in the demo community were told: settled like all news, then put back in time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Follow, User
from feeds.demo.people import cast
from feeds.models import Mention, Post
from feeds.text import mentioned_names
from interactions.events import CommentLiked, CommentWritten, PeopleMentionedInComment, PostLiked
from interactions.models import Comment, CommentLike, Like
from notifications import causes, settling
from notifications.claims import Claim
from notifications.models import Notification, NotificationActor
from notifications.registry import KINDS
from socialnet.outbox.ids import id_at, time_of

FOLLOWS_APART = timedelta(hours=11)
NEW_MOST = 6  # unread ones of each, if they are not older than
NEW_FOR = timedelta(hours=30)
_PUT_BACK = """
WITH w AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[], %(tolds)s::timestamptz[],
        %(closes)s::timestamptz[], %(reads)s::timestamptz[]) w(id, first, last, told, closes, read)
), actors AS (
    UPDATE notifications_notificationactor a SET notification_id = w.first FROM w WHERE a.notification_id = w.id
)
UPDATE notifications_notification n SET id = w.first, place = w.last, due_at = w.told, told_at = w.told,
    closes_at = w.closes, read_at = w.read, is_open = w.read IS NULL
FROM w WHERE n.id = w.id
"""
Moments = Mapping[Claim, int]


def tell(people: Mapping[str, User], _posts: Mapping[str, Post]) -> None:
    """Nobody is told outside of the inbox: it was long ago."""
    told = {people[one.username].pk for one in cast()}
    moments = {claim: place for claim, place in _news() if claim.recipient_id in told}
    settling.settle(moments)
    places = {(*claim.key, claim.actor_id): place for claim, place in moments.items()}
    rows = Notification.objects.standing().filter(recipient__in=told)
    times: dict[int, list[int]] = {}
    for actor in NotificationActor.objects.filter(notification__in=rows).select_related("notification"):
        row = actor.notification
        place = places[row.recipient_id, row.kind, row.target_id, actor.actor_id]
        times.setdefault(row.pk, []).append(place)
        NotificationActor.objects.filter(pk=actor.pk).update(place=place)
    for user_id in told:
        _put_back(list(rows.filter(recipient=user_id)), times)


def _put_back(rows: Sequence[Notification], times: Mapping[int, list[int]]) -> None:
    """Each to when it happened; what is newest stays unread."""
    now = timezone.now()
    latest = sorted(rows, key=lambda row: max(times[row.pk]), reverse=True)
    tolds = [time_of(max(times[row.pk])) for row in latest]
    columns: dict[str, Any] = {
        "ids": [row.pk for row in latest],
        "firsts": [id_at(time_of(min(times[row.pk])), sequence=row.pk % 4096) for row in latest],
        "lasts": [id_at(told, sequence=row.pk % 4096) for row, told in zip(latest, tolds, strict=True)],
        "tolds": tolds,
        "closes": [
            told + timedelta(seconds=KINDS[row.kind].cooldown)
            for row, told in zip(latest, tolds, strict=True)
        ],
        "reads": [_read_at(number, told, now) for number, told in enumerate(tolds)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK, columns)


def _read_at(number: int, told: datetime, now: datetime) -> datetime | None:
    return None if number < NEW_MOST and told > now - NEW_FOR else min(now, told + timedelta(hours=2))


def leave_inboxes(people: Iterable[int]) -> None:
    """Out of the inboxes of who stays; their own rows go with them."""
    settling.let_people_leave(list(people))


# --- what happened, and when: a time-ordered number each ------------------------------------------------------


def _news() -> Iterator[tuple[Claim, int]]:
    yield from _follows()
    yield from _likes()
    yield from _shares()
    yield from _talk()
    for mention in Mention.objects.select_related("post"):
        author_id, post_id = mention.post.author_id, mention.post_id
        yield _of("mention", mention.user_id, author_id, target_id=post_id, post_id=post_id), post_id


def _follows() -> Iterator[tuple[Claim, int]]:
    now = timezone.now()
    for number, follow in enumerate(Follow.objects.select_related("followee").order_by("-pk")):
        follower, followee = follow.follower_id, follow.followee_id
        moment = id_at(now - FOLLOWS_APART * (1 + number % 24), sequence=number % 4096)
        if not follow.is_active:
            yield _of("follow_request", followee, follower, target_id=follower), moment
        elif follow.followee.is_private:
            yield _of("request_accepted", follower, followee, target_id=followee), moment
        else:
            yield _of("follow", followee, follower, target_id=follower), moment


def _likes() -> Iterator[tuple[Claim, int]]:
    for like in Like.objects.filter(is_active=True).select_related("post"):
        event = PostLiked(post_id=like.post_id, author_id=like.post.author_id, user_id=like.user_id)
        yield from ((claim, like.place) for claim in causes.of_likes([event]))
    liked = CommentLike.objects.filter(is_active=True, comment__author__isnull=False)
    events = [
        CommentLiked(comment_id=like.comment_id, author_id=like.comment.author_id or 0, user_id=like.user_id)
        for like in liked.select_related("comment")
    ]
    yield from ((claim, claim.target_id) for claim in causes.of_comment_likes(events))


def _shares() -> Iterator[tuple[Claim, int]]:
    passed_on = list(Post.objects.published().filter(share_of__isnull=False))
    moments = {
        (post.author_id, post.share_of_id if post.is_share else post.pk): post.pk for post in passed_on
    }
    for claim in causes.of_shares([post.pk for post in passed_on]):
        yield claim, moments[claim.actor_id or 0, claim.target_id]


def _talk() -> Iterator[tuple[Claim, int]]:
    known = {person.username.lower(): person.pk for person in User.objects.only("pk", "username")}
    written, naming = [], []
    for comment in Comment.objects.standing().filter(author__isnull=False).select_related("parent"):
        answered_id = comment.replying_to_id or (comment.parent.author_id if comment.parent else None)
        what: dict[str, Any] = {
            "comment_id": comment.pk,
            "post_id": comment.post_id,
            "author_id": comment.author_id,
        }
        written.append(CommentWritten(**what, parent_id=comment.parent_id, answered_id=answered_id))
        named = [known[name] for name in mentioned_names(comment.content) if name in known]
        naming.append(PeopleMentionedInComment(**what, user_ids=named))
    for claim in (*causes.of_comments(written), *causes.of_mentions_in_comments(naming)):
        yield claim, claim.target_id


def _of(kind: str, recipient_id: int, actor_id: int, *, target_id: int, post_id: int | None = None) -> Claim:
    return Claim(
        kind=kind, recipient_id=recipient_id, actor_id=actor_id, target_id=target_id, post_id=post_id
    )

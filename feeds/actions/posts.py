"""Writes: publishing and deleting posts. Each is one transaction."""

from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import PersonCounts, User
from feeds import cards, timelines
from feeds.door import Audience
from feeds.errors import EmptyPost, PostTooLong, UnknownAudience
from feeds.events import PostDeleted, PostPublished
from feeds.models import CONTENT_MAX, FeedEntry, Post, PostCounts
from feeds.text import mentioned_names, people_named, render
from socialnet.kernel.errors import Forbidden, RedisAway
from socialnet.kernel.text import clean, is_blank
from socialnet.outbox.actions import emit, record

log = structlog.get_logger(__name__)


@transaction.atomic
def publish_post(
    *, author: User, content: str, visibility: str = Audience.PUBLIC, language: str = ""
) -> Post:
    """Publish at once; the author's own home has it when this returns, others get it by fan-out."""
    if visibility not in Audience.values:
        raise UnknownAudience
    text = checked_content(content)
    html = render(text, known_names=people_named(mentioned_names(text)))
    post = Post.objects.create(
        author=author, content=text, html=html, visibility=visibility, language=language
    )
    PostCounts.objects.create(post=post)
    FeedEntry.objects.create(user_id=author.pk, post_id=post.pk, author_id=author.pk)
    PersonCounts.objects.filter(pk=author.pk).update(posts=F("posts") + 1)
    emit(PostPublished(post_id=post.pk, author_id=author.pk), actor_id=author.pk)
    transaction.on_commit(partial(_show_to_author, post.pk, author.pk))
    return post


def checked_content(content: str) -> str:
    """`content` as it will be kept; raises `EmptyPost`, `PostTooLong` or `UnusableText`."""
    text = clean(content)
    if is_blank(text):
        raise EmptyPost
    if len(text) > CONTENT_MAX:
        raise PostTooLong(CONTENT_MAX)
    return text


def _show_to_author(post_id: int, author_id: int) -> None:
    """Own posts are at home at once; should this fail, fan-out does it again."""
    try:
        timelines.push(post_id, to=[author_id])
    except RedisAway:
        log.info("own_post_waits_for_fanout", post_id=post_id)


@transaction.atomic
def delete_post(*, post: Post, actor: User) -> None:
    """Take a post away from everybody. Only its author may; repeating it changes nothing."""
    locked = Post.objects.select_for_update(of=["self"]).get(pk=post.pk)
    if locked.author_id != actor.pk:
        raise Forbidden
    if locked.deleted_at is not None:
        return
    Post.objects.filter(pk=locked.pk).update(deleted_at=Now())
    PersonCounts.objects.filter(pk=locked.author_id).update(posts=F("posts") - 1)
    record("feeds.post_deleted", actor_id=actor.pk, target_type="post", target_id=locked.pk)
    emit(PostDeleted(post_id=locked.pk, author_id=locked.author_id), actor_id=actor.pk)
    transaction.on_commit(partial(cards.drop, locked.pk))


def note_look(*, post: Post, actor: User) -> None:
    """Put on the record that staff opened a post, before they see it."""
    record(
        "feeds.post_looked_at",
        actor_id=actor.pk,
        target_type="post",
        target_id=post.pk,
        after={"visibility": post.visibility},
    )

"""Publishing and deleting posts."""

from collections.abc import Sequence
from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import hooks as people
from accounts.models import PersonCounts, User
from feeds import cards, hooks, newest, tag_counts, timelines
from feeds.actions.links import keep_link
from feeds.actions.media import attach_media, locked_alts
from feeds.actions.written import Written, tell_mentioned
from feeds.door import OWN_AUDIENCES, Audience
from feeds.errors import CannotShare, DraftGone, UnknownAudience, UnknownReplyPolicy
from feeds.events import PostDeleted, PostPublished
from feeds.models import Draft, FeedEntry, GroupPin, Pin, Post, PostCounts, ReplyPolicy
from groups.actions import check_may_post, count_post
from groups.models import Group
from socialnet.kernel.errors import Forbidden, NotFound, RedisAway
from socialnet.outbox.actions import emit, record

log = structlog.get_logger(__name__)


@transaction.atomic
def publish_post(
    *,
    author: User,
    content: str,
    visibility: str = Audience.PUBLIC,
    language: str = "",
    reply_policy: str = ReplyPolicy.EVERYONE,
    content_warning: str = "",
    media_ids: Sequence[int] = (),
    quoted: Post | None = None,
    draft_id: int | None = None,
    group: Group | None = None,
) -> Post:
    """Publish at once; the author's own home has it when this returns, others get it by fan-out.

    `media_ids` are pictures of the author that belong to nothing yet or to a draft, in their order. `quoted` is a post
    that the author may see; raises `CannotShare` when it is not for everybody. In a `group` the audience is the group:
    raises `NotAMember` for others, `GroupGone` when it was deleted. The draft it was until now goes with it:
    raises `DraftGone` when that was published or deleted already, so that nothing is said twice. What screening holds
    is seen by its author alone (`held_at`), and told when it is released; raises `WritingRefused`.
    """
    if group is not None:
        visibility = Audience.GROUP
    elif visibility not in OWN_AUDIENCES:
        raise UnknownAudience
    if reply_policy not in ReplyPolicy.values:
        raise UnknownReplyPolicy
    if draft_id is not None:
        _lock_draft(author, draft_id)
    written = Written.of(
        author_id=author.pk,
        content=content,
        content_warning=content_warning,
        with_media=bool(media_ids),
    )
    original = lock_original(quoted, by=author) if quoted else None
    alts = locked_alts(media_ids, owner_id=author.pk).values()
    verdict = people.screen(written.by(author, alts=alts))
    post = add_post(
        Post(
            author=author,
            visibility=visibility,
            group=group,
            language=language,
            reply_policy=reply_policy,
            with_media=bool(media_ids),
            share_of=original,
            hidden_at=Now() if verdict.is_held else None,
            held_at=Now() if verdict.is_held else None,
            is_announced=not verdict.is_held,
            **written.fields(),
        )
    )
    if group is not None:  # its counts are locked now: who leaves or is put out waits, or has gone already
        check_may_post(group, author)
    if media_ids:
        attach_media(post=post, media_ids=media_ids)
    keep_link(post, content=written.content, with_media=bool(media_ids))
    if not verdict.is_held:
        tell_mentioned(post, written.names)
    if draft_id is not None:
        Draft.objects.filter(pk=draft_id, author=author).delete()
    verdict.keep(post.pk)
    written.keep_tags(post, is_new=True)
    if verdict.is_held:
        post.refresh_from_db(fields=["hidden_at", "held_at"])
    return post


def _lock_draft(author: User, draft_id: int) -> None:
    """Before anything else is locked, as the job does that publishes it at its time."""
    drafts = Draft.objects.of(author).select_for_update().filter(pk=draft_id)
    if drafts.values_list("pk").first() is None:
        raise DraftGone


def add_post(post: Post) -> Post:
    """The row and all that comes with every post; for actions."""
    post.save(force_insert=True)
    PostCounts.objects.create(post=post)
    FeedEntry.objects.create(user_id=post.author_id, post_id=post.pk, author_id=post.author_id)
    PersonCounts.objects.filter(pk=post.author_id).update(posts=F("posts") + 1)
    if post.group_id is not None:
        count_post(post.group_id, by=1)
        transaction.on_commit(partial(newest.forget_group, post.group_id))
    if post.is_announced:
        emit(PostPublished(post_id=post.pk, author_id=post.author_id), actor_id=post.author_id)
    transaction.on_commit(partial(_show_to_author, post.pk, post.author_id))
    transaction.on_commit(partial(newest.forget, author_ids=[post.author_id]))
    return post


def lock_original(post: Post, *, by: User) -> Post:
    """What is to be shared or quoted, locked so that it cannot go meanwhile; of a share, what that shares.

    Raises `NotFound` or `CannotShare`.
    """
    seen = Post.objects.visible_to(by)
    original_id = post.share_of_id if post.is_share and post.share_of_id else post.pk
    original = (
        seen.select_related("author")
        .select_for_update(of=["self"], no_key=True)
        .filter(pk=original_id)
        .first()
    )
    if original is None:
        raise NotFound
    is_open = original.visibility == Audience.PUBLIC and original.held_at is None
    if not is_open or original.author.is_private:
        raise CannotShare
    return original


def _show_to_author(post_id: int, author_id: int) -> None:
    """Own posts are at home at once; should this fail, fan-out does it again."""
    try:
        timelines.push(post_id, to=[author_id])
    except RedisAway:
        log.info("own_post_waits_for_fanout", post_id=post_id)


@transaction.atomic
def delete_post(*, post: Post, actor: User) -> None:
    """Take a post away from everybody. Only its author may; repeating it changes nothing.

    What only shares it goes too, by and by (`feeds.handlers.remove_shares`); nobody sees it from now on.
    """
    locked = Post.objects.select_for_update(of=["self"]).get(pk=post.pk)
    if locked.author_id != actor.pk:
        raise Forbidden
    if locked.deleted_at is not None:
        return
    Post.objects.filter(pk=locked.pk).update(deleted_at=Now())
    Pin.objects.filter(post=locked.pk).delete()
    PersonCounts.objects.filter(pk=locked.author_id).update(posts=F("posts") - 1)
    if locked.group_id is not None:
        count_post(locked.group_id, by=-1)
        GroupPin.objects.filter(post=locked.pk).delete()
        transaction.on_commit(partial(newest.forget_group, locked.group_id))
    if locked.is_share and locked.share_of_id:
        PostCounts.objects.filter(pk=locked.share_of_id).update(shares=F("shares") - 1)
        hooks.counts_changed([locked.share_of_id])
        transaction.on_commit(partial(cards.drop_counts, locked.share_of_id))
    record("feeds.post_deleted", actor_id=actor.pk, target_type="post", target_id=locked.pk)
    emit(PostDeleted(post_id=locked.pk, author_id=locked.author_id), actor_id=actor.pk)
    transaction.on_commit(partial(cards.drop, locked.pk))
    transaction.on_commit(partial(newest.forget, author_ids=[locked.author_id]))
    tag_counts.count([locked.pk])


def note_look(*, post: Post, actor: User) -> None:
    """Put on the record that staff opened a post, before they see it."""
    record(
        "feeds.post_looked_at",
        actor_id=actor.pk,
        target_type="post",
        target_id=post.pk,
        after={"visibility": post.visibility},
    )

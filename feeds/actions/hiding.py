"""What moderators take out of sight, what screening holds until they look, and how it is seen again.

Counts and timelines keep it meanwhile.
"""

from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from feeds import cards, newest, tag_counts
from feeds.actions.written import tell_mentioned
from feeds.events import PostHidden, PostPublished, PostShown
from feeds.models import Post
from feeds.text import mentioned_names, people_named
from groups.actions import check_may_post
from groups.errors import GroupGone
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.actions import emit, record


@transaction.atomic
def hide_post(*, post_id: int, actor: User | None) -> Post:
    """Nobody but moderators sees it from now on; repeating it changes nothing. Raises `NotFound`."""
    post = _lock(post_id)
    if post.hidden_at is None or post.held_at is not None:
        Post.objects.filter(pk=post.pk).update(hidden_at=Now(), held_at=None)
        _tell(post, PostHidden(post_id=post.pk, author_id=post.author_id), actor, hidden=True)
    return post


@transaction.atomic
def hold_post(*, post_id: int) -> Post:
    """Its author alone sees it until moderators looked; what is hidden already stays as it is. Raises `NotFound`."""
    post = _lock(post_id)
    if post.hidden_at is None:
        Post.objects.filter(pk=post.pk).update(hidden_at=Now(), held_at=Now())
        _tell(post, PostHidden(post_id=post.pk, author_id=post.author_id), None, hidden=True)
    return post


@transaction.atomic
def unhide_post(*, post_id: int, actor: User | None) -> Post:
    """Everybody who may see it can; who was told of nothing yet is told now, if its author might still say it there.
    Raises as `hide_post` does."""
    post = _lock(post_id)
    if post.hidden_at is not None:
        Post.objects.filter(pk=post.pk).update(hidden_at=None, held_at=None)
        _tell(post, PostShown(post_id=post.pk, author_id=post.author_id), actor, hidden=False)
        if _may_still_say(post):
            _announce(post)
    return post


def _may_still_say(post: Post) -> bool:
    """Not who was banned meanwhile, from the site or from the group in which they said it."""
    author = User.objects.standing().filter(pk=post.author_id).first()
    if author is None or post.group is None:
        return author is not None
    try:
        check_may_post(post.group, author)
    except (Forbidden, GroupGone):
        return False
    return True


def _announce(post: Post) -> None:
    if not post.is_announced:
        Post.objects.filter(pk=post.pk).update(is_announced=True)
        emit(PostPublished(post_id=post.pk, author_id=post.author_id), actor_id=post.author_id)
    tell_mentioned(post, people_named(mentioned_names(post.content), by=post.author_id))


@transaction.atomic
def release_post(*, post_id: int, actor: User | None) -> None:
    """As `unhide_post`, of what is held; what is hidden by decision, or seen already, stays as it is."""
    if _lock(post_id).held_at is not None:
        unhide_post(post_id=post_id, actor=actor)


def _lock(post_id: int) -> Post:
    post = Post.objects.select_for_update(no_key=True).filter(pk=post_id, deleted_at=None).first()
    if post is None:
        raise NotFound
    return post


def _tell(post: Post, event: PostHidden | PostShown, actor: User | None, *, hidden: bool) -> None:
    actor_id = actor.pk if actor else None
    record(
        "feeds.post_hidden" if hidden else "feeds.post_shown",
        actor_id=actor_id,
        target_type="post",
        target_id=post.pk,
        before={"hidden": post.hidden_at is not None, "held": post.held_at is not None},
        after={"hidden": hidden, "held": hidden and actor is None},
    )
    emit(event, actor_id=actor_id)
    transaction.on_commit(partial(cards.drop, post.pk))
    transaction.on_commit(partial(newest.forget, author_ids=[post.author_id]))
    tag_counts.count([post.pk])

"""Comments that moderators take out of sight, and let be seen again; counts keep them."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from feeds.models import Post
from feeds.text import mentioned_names, people_named
from interactions.actions.comments import announce_comment, answered_by, tell_mentioned
from interactions.events import CommentReleased, CommentWithheld
from interactions.models import Comment
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit, record


@transaction.atomic
def withhold_comment(*, comment_id: int, actor: User | None) -> Comment:
    """Nobody sees it from now on; repeating it changes nothing. Raises `NotFound`."""
    comment = _lock(comment_id)
    if comment.withheld_at is None or comment.held_at is not None:
        Comment.objects.filter(pk=comment.pk).update(withheld_at=Now(), held_at=None)
        _tell(comment, CommentWithheld(comment_id=comment.pk, post_id=comment.post_id), actor, withheld=True)
    return comment


@transaction.atomic
def release_comment(*, comment_id: int, actor: User | None) -> Comment:
    """Show it as before; who was told of nothing yet is told now, if its author may still see what they answer. Raises
    as `withhold_comment` does."""
    comment = _lock(comment_id)
    if comment.withheld_at is not None:
        Comment.objects.filter(pk=comment.pk).update(withheld_at=None, held_at=None)
        _tell(comment, CommentReleased(comment_id=comment.pk, post_id=comment.post_id), actor, withheld=False)
        if (comment.held_at is not None or not comment.is_announced) and _may_still_say(comment):
            _announce(comment)
    return comment


@transaction.atomic
def release_held_comment(*, comment_id: int, actor: User | None) -> None:
    """As `release_comment`, of what is held; what is withheld by decision, or seen already, stays as it is."""
    if _lock(comment_id).held_at is not None:
        release_comment(comment_id=comment_id, actor=actor)


def _may_still_say(comment: Comment) -> bool:
    """Not who was banned meanwhile, from the site or from the group in which they said it."""
    author = comment.author
    return author is not None and Post.objects.visible_to(author).filter(pk=comment.post_id).exists()


def _announce(comment: Comment) -> None:
    """Of one that was told before only those hear whom it names; who heard already hears nothing new."""
    answered_id = answered_by(comment)
    if not comment.is_announced:
        Comment.objects.filter(pk=comment.pk).update(is_announced=True)
        announce_comment(comment, answered_id=answered_id)
    tell_mentioned(
        comment,
        people_named(mentioned_names(comment.content), by=comment.author_id or 0),
        answered_id=answered_id,
    )


def _lock(comment_id: int) -> Comment:
    comment = Comment.objects.standing().select_for_update(no_key=True).filter(pk=comment_id).first()
    if comment is None:
        raise NotFound
    return comment


def _tell(
    comment: Comment, event: CommentWithheld | CommentReleased, actor: User | None, *, withheld: bool
) -> None:
    actor_id = actor.pk if actor else None
    record(
        "interactions.comment_withheld" if withheld else "interactions.comment_released",
        actor_id=actor_id,
        target_type="comment",
        target_id=comment.pk,
        before={"withheld": not withheld},
        after={"withheld": withheld},
    )
    emit(event, actor_id=actor_id)

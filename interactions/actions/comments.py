"""Commenting, and what becomes of comments.

Whoever changes the tree of a post holds the lock on the post's row first, so that parents, tombstones and counts stay
exact. Comments are locked after it, in the order of their ids; who only likes one locks that alone.
"""

from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import hooks as people
from accounts.errors import EditConflict
from accounts.models import User
from accounts.screening import Writing
from feeds import cards
from feeds.errors import WaitsForReview
from feeds.models import Post, PostCounts
from feeds.selectors import get_visible_post
from feeds.text import mentioned_names, people_named, render
from groups.actions import check_may_speak
from interactions.errors import CannotComment, CommentTooLong, EmptyComment, ParentGone
from interactions.events import (
    CommentDeleted,
    CommentEdited,
    CommentHidden,
    CommentLiked,
    CommentShown,
    CommentUnliked,
    CommentWithheld,
    CommentWritten,
    ConversationUnmuted,
    PeopleMentionedInComment,
)
from interactions.models import (
    COMMENT_MAX,
    DEPTH_MOST,
    Comment,
    CommentLike,
    ConversationMute,
    step_of,
)
from interactions.selectors import get_visible_comment, may_comment
from interactions.touching import touch
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.kernel.text import clean, is_blank
from socialnet.outbox.actions import emit, record
from socialnet.outbox.ids import MAX_ID

_BATCH = 500
# Whether it changed anything is known from this statement alone.
_LIKE = """
INSERT INTO interactions_commentlike AS standing (user_id, comment_id) VALUES (%(user)s, %(comment)s)
ON CONFLICT (user_id, comment_id) DO UPDATE SET is_active = true, place = socialnet_next_id()
WHERE NOT standing.is_active
"""


# --- writing ------------------------------------------------------------------------------------------------


def checked_comment(content: str) -> str:
    """`content` as it will be kept; raises `EmptyComment`, `CommentTooLong` or `UnusableText`."""
    text = clean(content)
    if is_blank(text):
        raise EmptyComment
    if len(text) > COMMENT_MAX:
        raise CommentTooLong(COMMENT_MAX)
    return text


@transaction.atomic
def comment_on_post(*, post_id: int, author: User, content: str, parent_id: int | None = None) -> Comment:
    """Comment on a post, of a share on what it shares; with `parent_id` answer a comment of it.

    Raises `NotFound`, `CannotComment`, `ParentGone`, `WritingRefused`, in a group `BannedFromGroup` and `NotAMember`,
    what `checked_comment` raises, and `WaitsForReview` to the author of a post that is held. What screening holds is
    seen by its author alone (`held_at`), and told when it is released.
    """
    text = checked_comment(content)
    post = _lock_visible_post(post_id, person=author)
    if post.held_at is not None:
        raise WaitsForReview
    if not may_comment(
        person=author, author_id=post.author_id, policy=post.reply_policy, content=post.content
    ):
        raise CannotComment
    if post.group is not None:
        check_may_speak(post.group, author)
    answered = None if parent_id is None else _answered(post, parent_id, author)
    verdict = people.screen(Writing(kind="comment", author=author, text=text))
    comment = _add(post, author, text, answered, is_held=verdict.is_held)
    _count_comments(post.pk, by=1)
    if not verdict.is_held:
        announce_comment(comment, answered_id=answered.author_id if answered else None)
    verdict.keep(comment.pk)
    return comment


def announce_comment(comment: Comment, *, answered_id: int | None) -> None:
    """Let everybody know of it whom it concerns, for the first time; for actions."""
    emit(
        CommentWritten(
            comment_id=comment.pk,
            post_id=comment.post_id,
            author_id=comment.author_id or 0,
            parent_id=comment.parent_id,
            answered_id=answered_id,
        ),
        actor_id=comment.author_id,
    )


def _lock_visible_post(post_id: int, *, person: User) -> Post:
    """What is commented on, locked so that it can neither go nor change who may comment meanwhile."""
    ident = _original_id(get_visible_post(post_id, viewer=person))
    posts = Post.objects.visible_to(person).select_for_update(of=["self"], no_key=True)
    post = posts.filter(pk=ident).first()
    if post is None:
        raise NotFound
    return post


def _answered(post: Post, parent_id: int, person: User) -> Comment:
    """It cannot go meanwhile: its post is locked."""
    in_range = 0 < parent_id <= MAX_ID
    comments = Comment.objects.shown_to(person).filter(pk=parent_id, post=post.pk)
    answered = comments.first() if in_range else None
    if answered is None or answered.held_at is not None:  # what waits for moderators nobody answers
        raise ParentGone
    return answered


def _add(post: Post, author: User, text: str, answered: Comment | None, *, is_held: bool) -> Comment:
    """The row, and the count of what it hangs on: the answered, or beside it where the tree ends."""
    is_beside = answered is not None and answered.depth == DEPTH_MOST
    line = [*(answered.line[: DEPTH_MOST - 1] if answered else []), _next_id()]
    names = people_named(mentioned_names(text), by=author.pk)
    comment = Comment.objects.create(
        pk=line[-1],
        post=post,
        author=author,
        parent_id=line[-2] if answered else None,
        replying_to_id=answered.author_id if answered and is_beside else None,
        path="".join(map(step_of, line)),
        depth=len(line),
        content=text,
        html=render(text, known_names=names),
        withheld_at=Now() if is_held else None,
        held_at=Now() if is_held else None,
        is_announced=not is_held,
    )
    if answered:
        Comment.objects.filter(pk=line[-2]).update(replies=F("replies") + 1)
    if not is_held:
        tell_mentioned(comment, names, answered_id=answered.author_id if answered else None)
    return comment


def _next_id() -> int:
    """Asked for beforehand: it is part of the path."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT socialnet_next_id()")
        return int(cursor.fetchone()[0])


def _count_comments(post_id: int, *, by: int) -> None:
    PostCounts.objects.filter(pk=post_id).update(comments=F("comments") + by)
    touch([post_id])
    transaction.on_commit(partial(cards.drop_counts, post_id))


def tell_mentioned(
    comment: Comment, names: Iterable[str], *, answered_id: int | None, before: Iterable[str] = ()
) -> None:
    """Say so of those whom it names and did not name `before`; for actions."""
    new = sorted(set(names) - set(before))
    people = User.objects.named_any(new).exclude(pk=comment.author_id) if new else []
    user_ids = sorted(person.pk for person in people)
    if user_ids:
        emit(
            PeopleMentionedInComment(
                comment_id=comment.pk,
                post_id=comment.post_id,
                author_id=comment.author_id or 0,
                user_ids=user_ids,
                answered_id=answered_id,
            ),
            actor_id=comment.author_id,
        )


@transaction.atomic
def edit_comment(*, comment_id: int, actor: User, content: str, version: int | None = None) -> Comment:
    """Change one's own words; everybody sees that they were changed. The same words change nothing.

    Raises `NotFound`, `Forbidden`, `EditConflict` when `version` is not the stored one, `WaitsForReview`,
    `WritingRefused`, in a group `BannedFromGroup` and `NotAMember`, and what `checked_comment` raises. What screening
    holds goes out of sight with what it says now.
    """
    text = checked_comment(content)
    get_visible_comment(comment_id, viewer=actor)
    comment = _lock(comment_id)
    if comment.author_id != actor.pk:
        raise Forbidden
    if text == comment.content:
        return comment
    if version is not None and version != comment.version:
        raise EditConflict(comment)
    if comment.held_at is not None:
        raise WaitsForReview
    if comment.post.group is not None:
        check_may_speak(comment.post.group, actor)
    verdict = people.screen(Writing(kind="comment", author=actor, text=text, target_id=comment.pk))
    before = mentioned_names(comment.content)
    names = people_named(mentioned_names(text), by=actor.pk)
    Comment.objects.filter(pk=comment.pk).update(
        content=text, html=render(text, known_names=names), edited_at=Now(), version=F("version") + 1
    )
    if not verdict.is_held:
        tell_mentioned(comment, names, answered_id=answered_by(comment), before=before)
    emit(CommentEdited(comment_id=comment.pk, post_id=comment.post_id, author_id=actor.pk), actor_id=actor.pk)
    if verdict.is_held:
        hold_comment(comment_id=comment.pk)
    verdict.keep(comment.pk)
    comment.refresh_from_db()
    return comment


def answered_by(comment: Comment) -> int | None:
    """Whose words it answers."""
    return comment.replying_to_id or (comment.parent.author_id if comment.parent else None)


@transaction.atomic
def hold_comment(*, comment_id: int) -> Comment:
    """Its author alone sees it until moderators looked; what is withheld stays as it is. Raises `NotFound`."""
    comment = _lock(comment_id)
    if comment.withheld_at is None:
        Comment.objects.filter(pk=comment.pk).update(withheld_at=Now(), held_at=Now())
        emit(CommentWithheld(comment_id=comment.pk, post_id=comment.post_id))
        record(
            "interactions.comment_withheld",
            actor_id=None,
            target_type="comment",
            target_id=comment.pk,
            before={"withheld": False},
            after={"withheld": True, "held": True},
        )
    return comment


# --- taking away --------------------------------------------------------------------------------------------


@transaction.atomic
def delete_comment(*, comment_id: int, actor: User) -> None:
    """Take a comment away; while others answer it, a tombstone stays. Raises `NotFound` or `Forbidden`.

    Its author may, also where they do not see the post any more; and a moderator, which is recorded.
    """
    comment = _lock_in_tree(comment_id)
    if comment is None or comment.deleted_at is not None:
        raise NotFound
    if comment.author_id != actor.pk:
        get_visible_comment(comment_id, viewer=actor)
        if not actor.has_perm("interactions.delete_comment"):
            raise Forbidden
        record("interactions.comment_removed", actor_id=actor.pk, target_type="comment", target_id=comment.pk)
    _remove(comment, by=actor.pk)


def note_look_at_comment(*, comment: Comment, actor: User) -> None:
    """Put on the record that staff opened a comment, before they see it."""
    record("interactions.comment_looked_at", actor_id=actor.pk, target_type="comment", target_id=comment.pk)


def _lock_in_tree(comment_id: int) -> Comment | None:
    """The comment, locked after its post and after what it hangs on."""
    if not 0 < comment_id <= MAX_ID:
        return None
    seen = Comment.objects.filter(pk=comment_id).only("post_id", "path").first()
    if seen is None:
        return None
    list(Post.objects.select_for_update(no_key=True).filter(pk=seen.post_id).values_list("pk"))
    locked = Comment.objects.select_for_update().filter(pk__in=seen.line).order_by("pk").in_bulk()
    return locked.get(comment_id)


def _remove(comment: Comment, *, by: int) -> None:
    author_id, parent_id = comment.author_id or 0, comment.parent_id
    CommentLike.objects.filter(comment=comment.pk).delete()
    if comment.answers.exists():
        Comment.objects.filter(pk=comment.pk).update(
            author=None,
            replying_to=None,
            content="",
            html="",
            likes=0,
            hidden_at=None,
            held_at=None,
            deleted_at=Now(),
        )
    else:
        Comment.objects.filter(pk=comment.pk).delete()
    _count_comments(comment.post_id, by=-1)
    if parent_id is not None:
        Comment.objects.filter(pk=parent_id).update(replies=F("replies") - 1)
        _sweep_tombstones(parent_id)
    emit(CommentDeleted(comment_id=comment.pk, post_id=comment.post_id, author_id=author_id), actor_id=by)


def _sweep_tombstones(comment_id: int | None) -> None:
    """A tombstone that nobody answers any more goes, and so on up the tree."""
    while comment_id is not None:
        tombstone = Comment.objects.filter(pk=comment_id).exclude(deleted_at=None).first()
        if tombstone is None or tombstone.answers.exists():
            return
        tombstone.delete()
        comment_id = tombstone.parent_id


def forget_comments(*, user_id: int) -> int:
    """Take away all that a deleted person commented, one by one as they would have; returns how many."""
    gone = 0
    mine = Comment.objects.filter(author=user_id).standing().order_by("-pk").values_list("pk", flat=True)
    while ids := list(mine[:_BATCH]):
        gone += sum(_forget_comment(comment_id, user_id) for comment_id in ids)
    return gone


@transaction.atomic
def _forget_comment(comment_id: int, user_id: int) -> int:
    comment = _lock_in_tree(comment_id)
    if comment is None or comment.author_id != user_id:
        return 0
    _remove(comment, by=user_id)
    return 1


def forget_comment_likes(*, user_id: int) -> int:
    """Take back all that a deleted person liked of comments, a batch at a time; returns how many. Counts follow."""
    gone = 0
    while batch := _forget_like_batch(user_id):
        gone += batch
    return gone


@transaction.atomic
def _forget_like_batch(user_id: int) -> int:
    mine = CommentLike.objects.filter(user=user_id).order_by("comment_id")
    ids = list(mine.values_list("comment_id", flat=True)[:_BATCH])
    list(Comment.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    counted = list(mine.active().filter(comment__in=ids).values_list("comment_id", flat=True))
    Comment.objects.filter(pk__in=counted).update(likes=F("likes") - 1)
    CommentLike.objects.filter(user=user_id, comment__in=ids).delete()
    return len(ids)


def forget_muted_conversations(*, user_id: int) -> int:
    return ConversationMute.objects.filter(user=user_id).delete()[0]


@transaction.atomic
def remove_comments_of(post_id: int) -> int:
    """Take away a batch of the comments of a post that is gone, the deepest first; how many, 0 when none are left."""
    post = Post.objects.select_for_update(no_key=True).filter(pk=post_id).first()
    if post is None or post.deleted_at is None:
        return 0
    batch = Comment.objects.filter(post=post_id).order_by("-path").values_list("pk", "deleted_at")[:_BATCH]
    standing = dict(batch)
    list(Comment.objects.select_for_update().filter(pk__in=standing).order_by("pk").values_list("pk"))
    Comment.objects.filter(pk__in=list(standing)).delete()
    _count_comments(post_id, by=-sum(deleted_at is None for deleted_at in standing.values()))
    return len(standing)


# --- hiding, liking, not hearing of it -----------------------------------------------------------------------


@transaction.atomic
def hide_comment(*, comment_id: int, actor: User) -> None:
    """Fold a comment away under one's own post; repeating it changes nothing. Raises `NotFound` or `Forbidden`."""
    comment = _lock_under_own_post(comment_id, actor)
    if comment.hidden_at is None:
        Comment.objects.filter(pk=comment.pk).update(hidden_at=Now())
        emit(CommentHidden(comment_id=comment.pk, post_id=comment.post_id), actor_id=actor.pk)


@transaction.atomic
def unhide_comment(*, comment_id: int, actor: User) -> None:
    """Show it as any other again; raises as `hide_comment` does."""
    comment = _lock_under_own_post(comment_id, actor)
    if comment.hidden_at is not None:
        Comment.objects.filter(pk=comment.pk).update(hidden_at=None)
        emit(CommentShown(comment_id=comment.pk, post_id=comment.post_id), actor_id=actor.pk)


def _lock_under_own_post(comment_id: int, actor: User) -> Comment:
    get_visible_comment(comment_id, viewer=actor)
    comment = _lock(comment_id)
    if not Post.objects.filter(pk=comment.post_id, author=actor).exists():
        raise Forbidden
    return comment


def _lock(comment_id: int) -> Comment:
    comment = Comment.objects.standing().select_for_update(no_key=True).filter(pk=comment_id).first()
    if comment is None:
        raise NotFound
    return comment


@transaction.atomic
def like_comment(*, comment_id: int, person: User) -> int:
    """Like a comment; repeating it changes nothing. Returns how many like it then. Raises `NotFound`."""
    get_visible_comment(comment_id, viewer=person)
    comment = _lock(comment_id)
    with connection.cursor() as cursor:
        cursor.execute(_LIKE, {"user": person.pk, "comment": comment.pk})
        is_new = cursor.rowcount == 1
    if not is_new:
        return comment.likes
    Comment.objects.filter(pk=comment.pk).update(likes=F("likes") + 1)
    event = CommentLiked(comment_id=comment.pk, author_id=comment.author_id or 0, user_id=person.pk)
    emit(event, actor_id=person.pk)
    return comment.likes + 1


@transaction.atomic
def unlike_comment(*, comment_id: int, person: User) -> int:
    """Take a like back; repeating it changes nothing. Returns and raises as `like_comment` does."""
    get_visible_comment(comment_id, viewer=person)
    comment = _lock(comment_id)
    standing = CommentLike.objects.active().of(person).filter(comment=comment.pk)
    if not standing.update(is_active=False):
        return comment.likes
    Comment.objects.filter(pk=comment.pk).update(likes=F("likes") - 1)
    event = CommentUnliked(comment_id=comment.pk, author_id=comment.author_id or 0, user_id=person.pk)
    emit(event, actor_id=person.pk)
    return comment.likes - 1


@transaction.atomic
def mute_conversation(*, post_id: int, person: User) -> None:
    """Hear no more of what is said under a post, of a share under what it shares. Raises `NotFound`."""
    ident = _original_id(get_visible_post(post_id, viewer=person))
    ConversationMute.objects.bulk_create(
        [ConversationMute(user=person, post_id=ident)], ignore_conflicts=True
    )


@transaction.atomic
def unmute_conversation(*, post_id: int, person: User) -> None:
    """Hear of it again; repeating it changes nothing. Raises `NotFound`."""
    ident = _original_id(get_visible_post(post_id, viewer=person))
    if ConversationMute.objects.filter(user=person, post=ident).delete()[0]:
        emit(ConversationUnmuted(user_id=person.pk, post_id=ident), actor_id=person.pk)


def _original_id(post: Post) -> int:
    return post.share_of_id if post.is_share and post.share_of_id else post.pk

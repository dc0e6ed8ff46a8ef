"""What people answer to posts and to each other: a tree under each post, and who likes what of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from feeds.door import not_blocked
from feeds.models import Post
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

COMMENT_MAX = 1000
DEPTH_MOST = 6
STEP = 14  # hexadecimal digits of an id in a path


def step_of(comment_id: int) -> str:
    """The id as it stands in paths: of fixed width, so that text sorts as ids do."""
    return f"{comment_id:0{STEP}x}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def standing(self) -> Self:
        """Not deleted; what is hidden stands."""
        return self.filter(deleted_at=None)

    def shown_to(self, viewer: Viewer) -> Self:
        """What stands and is not withheld, of people who may be heard and have no block between them and `viewer`;
        without the door. What waits for moderators its author sees."""
        heard = Q(author__is_active=True, author__suspended_at=None)
        shown = Q(withheld_at=None)
        if viewer.is_authenticated:
            shown |= Q(held_at__isnull=False, author=viewer.pk)
        return self.standing().filter(heard, not_blocked(viewer), shown)

    def visible_to(self, viewer: Viewer) -> Self:
        """As `shown_to`, under posts that the door lets through."""
        door = Exists(Post.objects.filter(pk=OuterRef("post_id")).visible_to(viewer))
        return self.shown_to(viewer).filter(door)

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Comment(models.Model):
    """An answer to a post (`parent` is None) or to another comment of it.

    `path` is the parent's path and this id, so an index range has a subtree in order. Below `DEPTH_MOST` the tree does
    not grow: an answer to the deepest stands beside it, and `replying_to` says whom it answers. What is deleted while
    others answer it stays as a tombstone without words and author.
    """

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="comments",
        db_index=False,
        verbose_name=_("author"),
    )
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers", db_index=False)
    # Its index serves the removal of people.
    replying_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    path = models.CharField(max_length=STEP * DEPTH_MOST, db_collation="C", editable=False)
    depth = models.PositiveSmallIntegerField(editable=False)
    content = models.TextField(_("text"))
    html = models.TextField(editable=False)
    likes = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    replies = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True, editable=False)
    # By a moderator: nobody sees it. What the author of the post hides is only folded.
    withheld_at = models.DateTimeField(_("withheld"), null=True, editable=False)
    # Screening withheld it until moderators look: its author alone sees it.
    held_at = models.DateTimeField(_("held for review"), null=True, editable=False)
    # Whether anybody was told of it; what was held from the beginning is told when it is released.
    is_announced = models.BooleanField(default=True, db_default=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        constraints = [
            models.CheckConstraint(condition=Q(pk__gt=0, pk__lt=2**53), name="comment_id_fits_53_bits"),
            models.CheckConstraint(condition=Q(depth__range=(1, DEPTH_MOST)), name="comment_depth_known"),
            models.CheckConstraint(
                condition=Q(Exact(Length("path"), F("depth") * STEP)), name="comment_path_as_long_as_deep"
            ),
            models.CheckConstraint(
                condition=Q(parent=None, depth=1) | Q(parent__isnull=False, depth__gt=1),
                name="comment_top_level_has_no_parent",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None, author__isnull=False) & ~Q(content="")
                | Q(deleted_at__isnull=False, author=None, content="", html=""),
                name="comment_tombstone_says_nothing",
            ),
            models.CheckConstraint(
                condition=Q(held_at=None) | Q(withheld_at__isnull=False), name="comment_held_is_withheld"
            ),
            # serves: the subtree of a comment in order
            models.UniqueConstraint(fields=["post", "path"], name="comment_path_once"),
        ]
        indexes = [
            # serves: the top level of a thread, in every order (threads.first_page, selectors.comments_of)
            models.Index(F("post"), F("id").desc(), condition=Q(parent=None), name="comment_top_level"),
            # serves: the replies of a comment, the oldest first; the removal of comments
            models.Index(fields=["parent", "id"], name="comment_by_parent"),
            # serves: selectors.comments_by; the removal of what a person wrote
            models.Index(F("author"), F("id").desc(), condition=Q(deleted_at=None), name="comment_by_author"),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)

    @property
    def line(self) -> list[int]:
        """The ids from the top level down to this one."""
        return [int(self.path[start : start + STEP], 16) for start in range(0, len(self.path), STEP)]


class CommentLikeQuerySet(models.QuerySet["CommentLike"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def of(self, user: User) -> Self:
        return self.filter(user=user.pk)


class CommentLike(models.Model):
    """That somebody likes a comment, or did until they took it back: one row a pair."""

    pk = models.CompositePrimaryKey("user_id", "comment_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="comment_likes", db_index=False
    )
    # Its index serves the removal of comments, and counting anew.
    comment = models.ForeignKey(Comment, models.CASCADE, related_name="liked_by")
    is_active = models.BooleanField(_("stands"), default=True, db_default=True)
    # A time-ordered number as ids are: when it was liked last.
    place = models.BigIntegerField(db_default=NextId(), editable=False)

    objects = CommentLikeQuerySet.as_manager()

    class Meta:
        verbose_name = _("like of a comment")
        verbose_name_plural = _("likes of comments")
        indexes = [
            # serves: the weekly removal of likes taken back
            models.Index(fields=["place"], condition=Q(is_active=False), name="comment_like_taken_back"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} likes comment {self.comment_id}"


class ConversationMute(models.Model):
    """That somebody does not want to hear of what is said under a post."""

    pk = models.CompositePrimaryKey("user_id", "post_id")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="muted_conversations", db_index=False
    )
    # Its index serves the removal of posts, and whoever tells of comments.
    post = models.ForeignKey(Post, models.CASCADE, related_name="conversation_mutes")

    class Meta:
        verbose_name = _("muted conversation")
        verbose_name_plural = _("muted conversations")

    def __str__(self) -> str:
        return f"{self.user_id} mutes what is said under {self.post_id}"

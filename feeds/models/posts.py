"""Posts, their counts, their earlier texts, whom they name, and which of them stand first on a profile."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from feeds.door import Audience, audience_includes, not_blocked
from feeds.models.hidden import HiddenPost
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.ids import NextId, time_of

CONTENT_MAX = 2000
WARNING_MAX = 200
PINS_MOST = 5


class ReplyPolicy(models.TextChoices):
    """Who may comment on a post, of those who see it; its author always may."""

    EVERYONE = "everyone", _("Everybody")
    FOLLOWERS = "followers", _("Followers")
    MENTIONED = "mentioned", _("People mentioned")


# A share says nothing itself; with words or a picture of its own it is a quote.
IS_SHARE = Q(share_of__isnull=False, content="", with_media=False)


class PostQuerySet(models.QuerySet["Post"]):
    def published(self) -> Self:
        """Neither deleted nor hidden by a moderator."""
        return self.filter(deleted_at=None, hidden_at=None)

    def deliverable(self) -> Self:
        """What goes into timelines: also what is hidden, for it may be shown again, and until then the door judges."""
        return self.filter(deleted_at=None)

    def published_for(self, viewer: Viewer) -> Self:
        """As `published`, and what waits for moderators if `viewer` wrote it."""
        if not viewer.is_authenticated:
            return self.published()
        return self.filter(Q(hidden_at=None) | Q(held_at__isnull=False, author=viewer.pk), deleted_at=None)

    def held(self) -> Self:
        """What waits for moderators: only its author sees it."""
        return self.exclude(held_at=None)

    def by(self, author: User) -> Self:
        return self.filter(author=author)

    def shares(self) -> Self:
        """What only passes on another post; a quote says something of its own."""
        return self.filter(IS_SHARE)

    def visible_to(self, viewer: Viewer) -> Self:
        """The door: what `viewer` may see, on every surface; nothing once they are suspended.

        A share is seen by those who may see what it shares.
        """
        shared = Post.objects.filter(pk=OuterRef("share_of_id"))._open_to(viewer)
        posts = self._open_to(viewer).filter(~IS_SHARE | Exists(shared))
        if viewer.is_authenticated:
            posts = posts.filter(Exists(User.objects.standing().filter(pk=viewer.pk)))
        return posts

    def _open_to(self, viewer: Viewer) -> Self:
        standing = Q(author__suspended_at=None, author__is_active=True)
        return self.published_for(viewer).filter(standing, not_blocked(viewer), audience_includes(viewer))

    def wanted_by(self, viewer: Viewer) -> Self:
        """Without what `viewer` hid from themselves, and what shares it."""
        if not viewer.is_authenticated:
            return self
        hidden = HiddenPost.objects.filter(user=viewer.pk)
        shared = Exists(hidden.filter(post=OuterRef("share_of_id")))
        return self.filter(~Exists(hidden.filter(post=OuterRef("pk"))), ~(IS_SHARE & shared))

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Post(models.Model):
    """A thing somebody said. Every row is published."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="posts",
        db_index=False,
        verbose_name=_("author"),
    )
    content = models.TextField(_("text"))
    html = models.TextField(editable=False)
    visibility = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.PUBLIC)
    # Groups are never deleted but as a mark; so no constraint holds up those who post while the column comes.
    group = models.ForeignKey(
        "groups.Group",
        models.DO_NOTHING,
        null=True,
        related_name="posts",
        db_constraint=False,
        db_index=False,
        editable=False,
        verbose_name=_("group"),
    )
    language = models.CharField(_("language"), max_length=12, blank=True)
    reply_policy = models.CharField(
        _("who may comment"),
        max_length=9,
        choices=ReplyPolicy,
        default=ReplyPolicy.EVERYONE,
        db_default=ReplyPolicy.EVERYONE.value,
    )
    content_warning = models.CharField(
        _("content warning"), max_length=WARNING_MAX, blank=True, default="", db_default=""
    )
    with_media = models.BooleanField(_("with pictures"), default=False, db_default=False, editable=False)
    # What is shared may go for good while a quote of it stays, so no constraint ties them: the door judges.
    share_of = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="shared_by",
        db_constraint=False,
        db_index=False,
        editable=False,
        verbose_name=_("share of"),
    )
    via = models.ForeignKey(  # the share by which somebody came to the post that they share
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        editable=False,
    )
    preview = models.ForeignKey(
        "feeds.LinkPreview",
        models.SET_NULL,
        null=True,
        related_name="posts",
        db_index=False,
        editable=False,
    )
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True, editable=False)
    # Screening hid it until moderators look: its author alone sees it.
    held_at = models.DateTimeField(_("held for review"), null=True, editable=False)
    # Whether anybody was told of it; what was held from the beginning is told when it is released.
    is_announced = models.BooleanField(default=True, db_default=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(condition=Q(visibility__in=Audience.values), name="post_visibility_known"),
            models.CheckConstraint(
                condition=Q(group=None) & ~Q(visibility="group")
                | Q(group__isnull=False) & Q(visibility="group"),
                name="post_group_is_its_audience",
            ),
            models.CheckConstraint(
                condition=Q(reply_policy__in=ReplyPolicy.values), name="post_reply_policy_known"
            ),
            models.CheckConstraint(condition=Q(pk__gt=0, pk__lt=2**53), name="post_id_fits_53_bits"),
            models.CheckConstraint(
                condition=~Q(content="") | Q(with_media=True) | Q(share_of__isnull=False),
                name="post_says_something",
            ),
            models.CheckConstraint(
                condition=Q(share_of=None) | ~Q(share_of=F("id")), name="post_shares_another"
            ),
            models.CheckConstraint(
                condition=Q(via=None) | Q(share_of__isnull=False), name="post_via_belongs_to_a_share"
            ),
            models.CheckConstraint(
                condition=Q(held_at=None) | Q(hidden_at__isnull=False), name="post_held_is_hidden"
            ),
            # one share per person and post; serves: feeds_page_facts
            models.UniqueConstraint(
                fields=["author", "share_of"],
                condition=IS_SHARE & Q(deleted_at=None),
                name="post_shared_once",
            ),
        ]
        indexes = [
            # serves: selectors.profile_posts, the lateral join of timelines, backfill
            models.Index(F("author"), F("id").desc(), condition=Q(deleted_at=None), name="post_by_author"),
            # serves: selectors.group_posts, the groups merged into homes
            models.Index(
                F("group"),
                F("id").desc(),
                condition=Q(deleted_at=None, group__isnull=False),
                name="post_by_group",
            ),
            # serves: selectors.newest_public (the landing page)
            models.Index(
                F("id").desc(), condition=Q(deleted_at=None, visibility="public"), name="post_public_newest"
            ),
            # serves: selectors.profile_media
            models.Index(
                F("author"),
                F("id").desc(),
                condition=Q(deleted_at=None, with_media=True),
                name="post_with_media_by_author",
            ),
            # serves: selectors.sharers_of, the removal of shares when the original goes
            models.Index(
                F("share_of"),
                F("id").desc(),
                condition=Q(deleted_at=None, share_of__isnull=False),
                name="post_by_shared",
            ),
            # serves: forgetting the cards of posts whose preview has come
            models.Index("preview", condition=Q(preview__isnull=False), name="post_by_preview"),
        ]

    def __str__(self) -> str:
        return f"post {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.author.username, self.pk])

    @property
    def created_at(self) -> datetime:
        return time_of(self.pk)

    @property
    def is_share(self) -> bool:
        return self.share_of_id is not None and not self.content and not self.with_media


class PostCounts(models.Model):
    """The counts of a post: narrow, because it is hot."""

    post = models.OneToOneField(Post, models.CASCADE, primary_key=True, related_name="counts")
    likes = models.PositiveIntegerField(default=0)
    comments = models.PositiveIntegerField(default=0)
    shares = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"counts of {self.post_id}"


class PostRevision(models.Model):
    """What a post said before an edit; its id tells when it was replaced."""

    id = models.BigIntegerField(primary_key=True, db_default=NextId(), editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="revisions", db_index=False)
    content = models.TextField(_("text"))
    content_warning = models.CharField(_("content warning"), max_length=WARNING_MAX, blank=True)

    class Meta:
        verbose_name = _("earlier text")
        verbose_name_plural = _("earlier texts")
        indexes = [
            models.Index(F("post"), F("id").desc(), name="revision_by_post")
        ]  # serves: selectors.history_of

    def __str__(self) -> str:
        return f"revision {self.pk} of post {self.post_id}"

    @property
    def replaced_at(self) -> datetime:
        return time_of(self.pk)


class Mention(models.Model):
    """That a post named somebody; kept for ever, so that nobody is told twice."""

    pk = models.CompositePrimaryKey("post_id", "user_id")
    post = models.ForeignKey(Post, models.CASCADE, related_name="mentions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions")

    def __str__(self) -> str:
        return f"{self.user_id} in post {self.post_id}"


class Pin(models.Model):
    """A post that stands first on its author's profile."""

    post = models.OneToOneField(Post, models.CASCADE, primary_key=True, related_name="pin")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="pins", db_index=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(position__range=(1, PINS_MOST)), name="pin_position_known"),
            models.UniqueConstraint(
                fields=["user", "position"], name="pin_position_once", deferrable=models.Deferrable.DEFERRED
            ),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} at {self.position}"


class GroupPin(models.Model):
    """A post that stands first on the page of its group, the latest pinned before the others."""

    post = models.OneToOneField(Post, models.CASCADE, primary_key=True, related_name="group_pin")
    group = models.ForeignKey("groups.Group", models.CASCADE, related_name="+")
    pinned_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"post {self.post_id} in group {self.group_id}"


# For `groups.hooks.head_facts`: what is pinned in group g, the latest first.
GROUP_PINS = (
    "ARRAY(SELECT post_id FROM feeds_grouppin WHERE group_id = g.id ORDER BY pinned_at DESC, post_id DESC)"
)

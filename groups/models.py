"""Groups, their counts, who is in them, and who does not want to be."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from socialnet.kernel.pagination import Cursor

SLUG_MIN, SLUG_MAX = 3, 40
NAME_MAX, DESCRIPTION_MAX, RULES_MAX = 100, 1000, 2000
TAGS_MOST, TAG_MAX = 5, 40
COVER_LARGE, COVER_SMALL = (1500, 500), (480, 160)  # pixels of both files
COVER_ALT_MAX = 500
DECLINED_DAYS = 30  # for which a group does not invite again who declined
GROUPS_MOST = 200  # of one person: their home asks each for its newest posts


class Privacy(models.TextChoices):
    PUBLIC = "public", _("Public: everybody may read and join")
    PRIVATE = "private", _("Private: everybody sees that it is there and may ask to join")
    INVITE = "invite", _("By invitation: nobody else knows of it")


class Category(models.TextChoices):
    ART = "art", _("Art and music")
    BOOKS = "books", _("Books and writing")
    FOOD = "food", _("Food and drink")
    GAMES = "games", _("Games")
    LOCAL = "local", _("Places and neighbours")
    NATURE = "nature", _("Nature and animals")
    SCIENCE = "science", _("Science and technology")
    SPORT = "sport", _("Sport and health")
    OTHER = "other", _("Something else")


class GroupQuerySet(models.QuerySet["Group"]):
    def kept(self) -> Self:
        """Those that were not deleted; moderators may have hidden them."""
        return self.filter(deleted_at=None)

    def standing(self) -> Self:
        return self.kept().filter(hidden_at=None)

    def held_for(self, viewer: Viewer) -> Self:
        """Those that `viewer` founded and that wait for moderators."""
        if not viewer.is_authenticated:
            return self.none()
        mine = Membership.objects.active().filter(
            group=OuterRef("pk"), user=viewer.pk, role=Membership.Role.OWNER
        )
        return self.kept().exclude(held_at=None).filter(Exists(mine))

    def seen_by(self, viewer: Viewer) -> Self:
        """The groups that `viewer` may know of; their posts and members are another question."""
        known = ~Q(privacy=Privacy.INVITE)
        if viewer.is_authenticated:
            mine = Membership.objects.filter(
                group=OuterRef("pk"),
                user=viewer.pk,
                status__in=[Membership.Status.ACTIVE, Membership.Status.INVITED],
            )
            known |= Q(Exists(mine))
        return self.standing().filter(known)

    def without_acting_owner(self) -> Self:
        """Those that people are in of whom no owner can act."""
        mine = Membership.objects.filter(group=OuterRef("pk"))
        owned = mine.acting().filter(role=Membership.Role.OWNER)
        return self.kept().filter(Exists(mine.active()), ~Exists(owned))

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Group(models.Model):
    """People who write for each other. The row of one that was deleted stays: its posts name it."""

    id = models.BigAutoField(primary_key=True)
    slug = models.CharField(_("address"), max_length=SLUG_MAX, unique=True)
    name = models.CharField(_("name"), max_length=NAME_MAX)
    description = models.CharField(_("description"), max_length=DESCRIPTION_MAX, blank=True)
    rules = models.CharField(_("rules"), max_length=RULES_MAX, blank=True)
    category = models.CharField(
        _("category"), max_length=10, choices=Category.choices, default=Category.OTHER
    )
    tags = ArrayField(models.CharField(max_length=TAG_MAX), verbose_name=_("tags"), default=list, blank=True)
    privacy = models.CharField(
        _("who may see it"), max_length=7, choices=Privacy.choices, default=Privacy.PUBLIC
    )
    # The names of both files; none without a cover.
    cover = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    cover_small = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    cover_blurhash = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    cover_alt = models.CharField(
        _("description of the cover"), max_length=COVER_ALT_MAX, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    hidden_at = models.DateTimeField(_("hidden"), null=True, editable=False)
    # Screening hid it when it was founded, until moderators look: its owner alone sees it.
    held_at = models.DateTimeField(_("held for review"), null=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = GroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints = [
            models.CheckConstraint(condition=Q(privacy__in=Privacy.values), name="group_privacy_known"),
            models.CheckConstraint(condition=Q(slug__regex=r"^[a-z0-9-]{3,40}$"), name="group_slug_shape"),
            models.CheckConstraint(
                condition=Q(cover="", cover_small="", cover_blurhash="", cover_alt="")
                | ~Q(cover="") & ~Q(cover_small=""),
                name="group_cover_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(held_at=None) | Q(hidden_at__isnull=False), name="group_held_is_hidden"
            ),
        ]
        indexes = [
            # serves: selectors.discoverable, of one category
            models.Index(
                F("category"),
                F("id").desc(),
                condition=Q(deleted_at=None) & ~Q(privacy="invite"),
                name="group_newest_of_category",
            ),
            # serves: selectors.discoverable
            models.Index(
                F("id").desc(), condition=Q(deleted_at=None) & ~Q(privacy="invite"), name="group_newest_seen"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("group", args=[self.slug])

    @property
    def cover_url(self) -> str:
        """Where its cover is served, through the door; empty without one."""
        return self._file_url(self.cover)

    @property
    def cover_small_url(self) -> str:
        return self._file_url(self.cover_small)

    def _file_url(self, name: str) -> str:
        return reverse("group_cover", args=[self.slug, name.rpartition("/")[2]]) if name else ""

    @property
    def is_open(self) -> bool:
        """Whether everybody may read it."""
        return self.privacy == Privacy.PUBLIC and self.deleted_at is None and self.hidden_at is None


class GroupCounts(models.Model):
    """The counts of a group: narrow, because it is hot."""

    group = models.OneToOneField(Group, models.CASCADE, primary_key=True, related_name="counts")
    members = models.PositiveIntegerField(default=0, db_default=0)
    posts = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"counts of group {self.group_id}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> Self:
        return self.filter(status=Membership.Status.ACTIVE)

    def acting(self) -> Self:
        """Members who can do something there now: neither suspended nor leaving."""
        return self.active().filter(user__is_active=True, user__suspended_at=None)

    def owning(self, group: Group) -> Self:
        """Its owners who can act: a group is not left to who is shut out, or leaving."""
        return self.acting().filter(group=group.pk, role=Membership.Role.OWNER)

    def hearing_all(self) -> Self:
        """Members who hear of each post."""
        return self.active().filter(notify=Membership.Notify.ALL)

    def before(self, cursor: Cursor | None) -> Self:
        return self if cursor is None else self.filter(pk__lt=cursor.before)


class Membership(models.Model):
    """That somebody is in a group, asks to be, is invited, or may not be."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MODERATOR = "moderator", _("moderator")
        MEMBER = "member", _("member")

    class Status(models.TextChoices):
        ACTIVE = "active", _("member")
        PENDING = "pending", _("asked to join")
        INVITED = "invited", _("invited")
        BANNED = "banned", _("banned")

    class Notify(models.TextChoices):
        """How much of what is said there its person hears of; what they must answer as moderators is not among it."""

        ALL = "all", _("Every post")
        IMPORTANT = "important", _("Who names or answers me")
        NONE = "none", _("Nothing")

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", db_index=False
    )
    role = models.CharField(_("role"), max_length=9, choices=Role.choices, default=Role.MEMBER)
    status = models.CharField(_("status"), max_length=7, choices=Status.choices, default=Status.ACTIVE)
    notify = models.CharField(
        _("news"),
        max_length=9,
        choices=Notify.choices,
        default=Notify.IMPORTANT,
        db_default=Notify.IMPORTANT.value,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "group"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "moderator", "member"]), name="membership_role_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "pending", "invited", "banned"]),
                name="membership_status_known",
            ),
            models.CheckConstraint(
                condition=Q(role="member") | Q(status="active"), name="membership_role_is_of_members"
            ),
            models.CheckConstraint(
                condition=Q(notify__in=["all", "important", "none"]), name="membership_notify_known"
            ),
        ]
        indexes = [
            # serves: selectors.members_of, requests_of; who of a group is online
            models.Index(fields=["group", "status", "-id"], name="membership_of_group"),
            models.Index(fields=["user", "-id"], name="membership_of_person"),  # selectors.groups_of
            # serves: notifications.causes.of_group_post
            models.Index(
                fields=["group", "user"],
                condition=Q(status="active", notify="all"),
                name="membership_hearing_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in group {self.group_id} ({self.status})"

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class DeclinedInvitationQuerySet(models.QuerySet["DeclinedInvitation"]):
    def lately(self) -> Self:
        return self.filter(declined_at__gt=Now() - timedelta(days=DECLINED_DAYS))

    def over(self) -> Self:
        return self.filter(declined_at__lte=Now() - timedelta(days=DECLINED_DAYS))


class DeclinedInvitation(models.Model):
    """That somebody did not want to be in a group, which leaves them alone for a while."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="declined_invitations", db_index=False
    )
    declined_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = DeclinedInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("declined invitation")
        verbose_name_plural = _("declined invitations")
        constraints = [models.UniqueConstraint(fields=["user", "group"], name="invitation_declined_once")]

    def __str__(self) -> str:
        return f"{self.user_id} does not want to be in group {self.group_id}"

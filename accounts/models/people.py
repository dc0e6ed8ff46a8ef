"""People: who they are, their hot counts, and whether their home is kept up."""

import secrets
from collections.abc import Collection, Iterator
from typing import Any, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts import usernames
from accounts.addresses import profile_url

DISPLAY_NAME_MAX = 100
BIO_MAX = 500
LOCATION_MAX = 100
WEBSITE_MAX = 200


def avatar_path(person: "User", filename: str) -> str:
    """An unguessable name that says nothing of the upload; the old picture keeps its own until it is removed."""
    return f"avatars/{secrets.token_urlsafe(24)}.webp"


def robots_of(*, indexed: bool, archived: bool) -> str:
    """The directives of `X-Robots-Tag` and `<meta name="robots">` for what a person shows to everybody."""
    asked = [] if indexed else ["noindex"]
    return ", ".join(asked if archived else [*asked, "noarchive", "nosnippet"])


class MentionsFrom(models.TextChoices):
    """Whose mentions of somebody lead to them, and are told to them."""

    EVERYONE = "everyone", _("Everybody")
    FOLLOWED = "followed", _("People I follow")
    NOBODY = "nobody", _("Nobody")


class FoundBy(models.TextChoices):
    """Who comes across somebody in search, among suggestions and on Explore; whoever knows their address always may."""

    EVERYONE = "everyone", _("Everybody")
    FOLLOWERS = "followers", _("People who follow me")
    NOBODY = "nobody", _("Nobody")


class UserQuerySet(models.QuerySet["User"]):
    def named(self, username: str) -> Self:
        """The person of that name in any case, by the unique index on Lower."""
        if not usernames.is_well_formed(username):
            return self.none()
        return self.alias(name_lower=Lower("username")).filter(name_lower=username.lower())

    def named_any(self, usernames_lower: Collection[str]) -> Self:
        """The people of these names, which are lower-cased."""
        return self.alias(name_lower=Lower("username")).filter(name_lower__in=usernames_lower)

    def with_email(self, email: str) -> Self:
        if not email.isprintable():
            return self.none()
        return self.alias(email_lower=Lower("email")).filter(email_lower=email.lower())

    def standing(self) -> Self:
        """Neither suspended nor deleted."""
        return self.filter(is_active=True, suspended_at=None)

    def reachable(self) -> Self:
        """Who may sign in: those who stand, and those who left and may still come back."""
        return self.filter(Q(suspended_at=None) | Q(leaving_since=F("suspended_at")), is_active=True)

    def visible_to(self, viewer: Any) -> Self:
        """Without tombstones, those who are leaving and those who blocked `viewer`: for all the answer is 404."""
        people = self.filter(is_active=True, leaving_since=None)
        return people.exclude(blocks_made__blocked_id=viewer.pk) if viewer.is_authenticated else people

    def not_blocked_for(self, viewer: Any) -> Self:
        """Without those who blocked `viewer` or whom `viewer` blocked."""
        if not viewer.is_authenticated:
            return self
        return self.exclude(blocks_made__blocked_id=viewer.pk).exclude(blocks_met__blocker_id=viewer.pk)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people together with the rows that every person has."""

    @transaction.atomic
    def create_user(self, username: str, email: str, password: str | None = None, **fields: Any) -> "User":
        fields.setdefault("display_name", username)
        user = self.model(username=username, email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        PersonCounts.objects.create(user=user)
        Activity.objects.create(user=user)
        return user

    def create_superuser(
        self, username: str, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(username, email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.named(username or "").get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person. `username` never changes; `version` grows with every edit of the profile."""

    username = models.CharField(_("username"), max_length=usernames.MAX_LENGTH)
    email = models.EmailField(_("e-mail address"))
    display_name = models.CharField(_("name"), max_length=DISPLAY_NAME_MAX)
    bio = models.CharField(_("about you"), max_length=BIO_MAX, blank=True, default="")
    avatar = models.FileField(_("picture"), upload_to=avatar_path, blank=True, default="")
    avatar_small = models.FileField(upload_to=avatar_path, blank=True, default="", editable=False)
    website = models.URLField(_("website"), max_length=WEBSITE_MAX, blank=True, default="")
    location = models.CharField(_("place"), max_length=LOCATION_MAX, blank=True, default="")
    language = models.CharField(_("language"), max_length=12, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_private = models.BooleanField(_("private account"), default=False)
    may_be_indexed = models.BooleanField(_("listed by search engines"), default=True, db_default=True)
    may_be_archived = models.BooleanField(_("copied and quoted by them"), default=True, db_default=True)
    mentions_from = models.CharField(
        _("may mention them"),
        max_length=9,
        choices=MentionsFrom.choices,
        default=MentionsFrom.EVERYONE,
        db_default=MentionsFrom.EVERYONE,
    )
    found_by = models.CharField(
        _("found by"),
        max_length=9,
        choices=FoundBy.choices,
        default=FoundBy.EVERYONE,
        db_default=FoundBy.EVERYONE,
    )
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    is_active = models.BooleanField(
        default=True, help_text=_("False for the tombstone of a deleted account.")
    )
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    leaving_since = models.DateTimeField(_("leaving since"), null=True, blank=True, editable=False)
    # Neither recommended nor trending, and their comments are folded; set by moderators (ADR 61).
    limited_at = models.DateTimeField(_("limited"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("joined"), db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            models.Index(
                fields=["email"], name="person_email"
            ),  # allauth looks addresses up as they are kept
            # serves: actions.leaving.erase_leavers
            models.Index(
                fields=["leaving_since"],
                condition=Q(leaving_since__isnull=False),
                name="person_leaving",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(leaving_since=None) | Q(suspended_at__isnull=False),
                name="person_leaving_is_hidden",
            ),
            models.CheckConstraint(
                condition=Q(username__regex=usernames.PATTERN), name="person_username_shape"
            ),
            models.CheckConstraint(
                condition=Q(mentions_from__in=MentionsFrom.values), name="person_mentions_from_known"
            ),
            models.CheckConstraint(condition=Q(found_by__in=FoundBy.values), name="person_found_by_known"),
            models.UniqueConstraint(
                Lower("username"),
                name="person_username_unique",
                violation_error_message=_("This username is taken."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_unique",
                violation_error_message=_("This e-mail address is in use already."),
            ),
            models.CheckConstraint(
                condition=Q(website="")
                | Q(website__startswith="https://")
                | Q(website__startswith="http://"),
                name="person_website_http",
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.username}"

    def get_absolute_url(self) -> str:
        return profile_url(self.username)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.username

    @property
    def robots(self) -> str:
        """What search engines are asked; empty when they are asked nothing. Whom not everybody may find here is not to
        be found there."""
        indexed = self.may_be_indexed and self.found_by == FoundBy.EVERYONE
        return robots_of(indexed=indexed, archived=self.may_be_archived)

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def is_shut_out(self) -> bool:
        """Suspended by moderators, whether or not they also asked to be deleted."""
        return self.is_suspended and self.suspended_at != self.leaving_since

    @property
    def is_leaving(self) -> bool:
        """Hidden because they asked to be deleted, and for no other reason: signing in brings them back."""
        return self.leaving_since is not None and not self.is_shut_out

    @property
    def may_sign_in(self) -> bool:
        return self.is_active and not self.is_shut_out

    def set_password(self, raw_password: str | None) -> None:
        self.__dict__.pop("kept_auth_hash", None)
        super().set_password(raw_password)

    def get_session_auth_hash(self) -> str:
        """What each session is compared with; kept in the viewer record, so that a request costs no SQL."""
        return self.__dict__.get("kept_auth_hash") or super().get_session_auth_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Hashes that also count. A kept hash that does not match may be old: the truth is asked then."""
        if self.__dict__.pop("kept_auth_hash", None):
            yield super().get_session_auth_hash()
        yield from super().get_session_auth_fallback_hash()

    @property
    def avatar_url(self) -> str | None:
        return self.avatar.url if self.avatar else None

    @property
    def avatar_small_url(self) -> str | None:
        return self.avatar_small.url if self.avatar_small else None


class PersonCounts(models.Model):
    """Counts of one person, kept in the transaction of each change; apart from `User` because it is hot.

    Follows count while they are active and `is_counted`.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="counts")
    followers = models.PositiveIntegerField(default=0)
    following = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = _("counts")

    def __str__(self) -> str:
        return f"counts of {self.user_id}"


class Activity(models.Model):
    """Whether a person's stored timeline is kept up by fan-out, being caught up, or left alone."""

    class State(models.TextChoices):
        LIVE = "live", _("live")
        FILLING = "filling", _("filling")
        IDLE = "idle", _("idle")

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="activity")
    state = models.CharField(max_length=7, choices=State.choices, default=State.LIVE)
    last_active_on = models.DateField(db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = _("activity")
        indexes = [
            # the sweep that leaves idle people alone
            models.Index(fields=["state", "last_active_on"], name="activity_state_day"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["live", "filling", "idle"]), name="activity_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.state}"

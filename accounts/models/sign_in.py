"""What keeps a person signed in: sessions of browsers, tokens of programs; and from where they ever were."""

import uuid
from importlib import import_module
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class SessionManager(BaseSessionManager["Session"]):
    def in_force(self) -> models.QuerySet["Session"]:
        return self.filter(expire_date__gt=Now())


class Session(AbstractBaseSession):
    """One browser. `public_id` names it in settings, where the key itself must not be shown."""

    account = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="sessions", db_constraint=False, db_index=False
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    device = models.CharField(max_length=100, blank=True, default="")
    address = models.CharField(max_length=45, blank=True, default="")
    last_seen_at = models.DateTimeField(
        db_default=Now(), editable=False
    )  # to the hour: see accounts.sessions
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    is_current = False  # set by who lists them

    objects = SessionManager()  # type: ignore[misc]  # the base says ClassVar

    class Meta(AbstractBaseSession.Meta):
        indexes = [
            models.Index(
                fields=["account", "-created_at"], name="session_of_person"
            ),  # selectors.sessions_of
        ]

    @classmethod
    def get_session_store_class(cls) -> type:
        return import_module(settings.SESSION_ENGINE).SessionStore


class KnownDevice(models.Model):
    """That somebody signed in there before: `mark` is a keyed hash of what it is known by, see `accounts.devices`."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="known_devices", db_index=False)
    mark = models.CharField(max_length=64, editable=False)
    seen_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("known device")
        verbose_name_plural = _("known devices")
        constraints = [
            # serves: actions.note_sign_in
            models.UniqueConstraint(fields=["user", "mark"], name="known_device_once"),
        ]

    def __str__(self) -> str:
        return f"device {self.pk} of {self.user_id}"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def in_force(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))


class ApiToken(models.Model):
    """A key for a program. Only its hash is kept; `prefix` lets its owner recognise it."""

    class Scope(models.TextChoices):
        READ = "read", _("read")
        WRITE = "write", _("write")
        MODERATE = "moderate", _("moderate")

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", db_index=False)
    name = models.CharField(_("name"), max_length=100)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=8, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_used_on = models.DateField(_("last used"), null=True, blank=True)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        indexes = [
            models.Index(fields=["user", "-id"], name="token_of_person"),  # selectors.tokens_of
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="token_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

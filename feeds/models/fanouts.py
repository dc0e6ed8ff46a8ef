"""Deliveries of posts in pieces, as staff follows them: one event, and what is owed for it under keys of its own."""

from typing import Self

from django.db import models
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from feeds.events import PostPublished, SourceLeft
from socialnet.outbox.models import Delivery, Event

PIECES = ["feeds.deliver_chunk", "feeds.deliver_large_chunk", "feeds.deliver_era_chunk"]
_EVENTS = [PostPublished.name, SourceLeft.name]
# What is under way and what failed however old it is, and what was split among the newest events: most are not. Bounded
# in every branch, each along an index; `state` is written out, as the partial indexes have it.
_RECENT = """
(SELECT event_id FROM (SELECT DISTINCT event_id FROM (
    SELECT event_id FROM outbox_delivery WHERE state = 0 AND handler = ANY(%s) LIMIT 5000) open
    ORDER BY event_id DESC LIMIT 100) o)
UNION (SELECT event_id FROM (SELECT DISTINCT event_id FROM (
    SELECT event_id FROM (SELECT event_id, handler FROM outbox_delivery WHERE state = 2 ORDER BY id DESC LIMIT 5000) d
    WHERE handler = ANY(%s)) dead
    ORDER BY event_id DESC LIMIT 100) d)
UNION (SELECT newest.id FROM (SELECT id, name FROM outbox_event ORDER BY id DESC LIMIT 5000) newest
    WHERE newest.name = ANY(%s) AND EXISTS (
        SELECT 1 FROM outbox_delivery d WHERE d.event_id = newest.id AND d.handler = ANY(%s))
    ORDER BY newest.id DESC LIMIT 100)
"""


class FanOutQuerySet(models.QuerySet["FanOut"]):
    def recent(self) -> Self:
        """The newest, and all that are not done, a few hundred at the utmost: with the numbers of their pieces.

        `total`, `done`, `waiting`, `dead`; the `handler` that makes them; `due`, until when the last of the done was
        leased; `username` of the author. Of what was done a day ago the pieces are forgotten.
        """
        pieces = Q(deliveries__handler__in=PIECES)
        done = pieces & Q(deliveries__state=Delivery.State.DONE)
        authors = User.objects.filter(
            pk=Cast(KeyTextTransform("author_id", OuterRef("payload")), models.BigIntegerField())
        )
        return self.filter(pk__in=RawSQL(_RECENT, [PIECES, PIECES, _EVENTS, PIECES])).annotate(
            total=Count("deliveries", filter=pieces),
            done=Count("deliveries", filter=done),
            waiting=Count("deliveries", filter=pieces & Q(deliveries__state=Delivery.State.OPEN)),
            dead=Count("deliveries", filter=pieces & Q(deliveries__state=Delivery.State.DEAD)),
            handler=Max("deliveries__handler", filter=pieces),
            due=Max("deliveries__leased_until", filter=done),
            username=Subquery(authors.values("username")),
        )


class FanOut(Event):
    """The delivery of one post, or of an author's posts of the time as a pull source, in pieces."""

    objects = FanOutQuerySet.as_manager()  # type: ignore[misc]  # the base says ClassVar

    class Meta:
        proxy = True
        verbose_name = _("fan-out in pieces")
        verbose_name_plural = _("fan-outs in pieces")

    def __str__(self) -> str:
        return f"fan-out {self.pk}"

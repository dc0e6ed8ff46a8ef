"""Reads: what a person reported and what was decided about them; the context of a case; the days of the charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.core import signing
from django.db import connection
from django.urls import reverse

from accounts.models import User
from moderation.models import SHUT_OUT, Case, Report, Sanction
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import EPOCH, MAX_ID, id_at
from socialnet.outbox.models import AuditEntry

_APPEALS = "moderation.appeal"
_APPEAL_DAYS = 180
_HISTORY = 10

# Reports and cases are found by the time in their ids and by `closed_at`, each by an index.
_DAYS = """
WITH days AS (
    SELECT generate_series(%(first)s::date, %(last)s::date, interval '1 day')::date AS day
), reported AS (
    SELECT (to_timestamp(%(epoch)s + (id >> 12) / 1000.0) AT TIME ZONE 'UTC')::date AS day, count(*) AS many
    FROM moderation_report WHERE id >= %(since)s GROUP BY 1
), closed AS (
    SELECT (closed_at AT TIME ZONE 'UTC')::date AS day, count(*) AS many,
        percentile_cont(0.5) WITHIN GROUP (
            ORDER BY extract(epoch FROM closed_at) - %(epoch)s - (id >> 12) / 1000.0) AS median
    FROM moderation_case WHERE closed_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC' GROUP BY 1
)
SELECT days.day, coalesce(reported.many, 0), coalesce(closed.many, 0), closed.median FROM days
LEFT JOIN reported USING (day) LEFT JOIN closed USING (day) ORDER BY days.day
"""


@dataclass(frozen=True)
class Day:
    """`median` is how long cases that were closed on it had been open."""

    day: date
    reports: int
    closed: int
    median: timedelta | None

    @property
    def time_to_close(self) -> str:
        """`median` as hours and minutes."""
        minutes = 0 if self.median is None else int(self.median.total_seconds() // 60)
        return f"{minutes // 60}:{minutes % 60:02}"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What stands beside a case."""

    reports: Sequence[Report]
    earlier: Sequence[Case]
    sanctions: Sequence[Sanction]
    acts: Sequence[AuditEntry]


def reports_by(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[Report]:
    """What the person reported, newest first, with its cases."""
    reports = Report.objects.filter(reporter=person.pk).before(cursor).select_related("case")
    return Page.of(reports.order_by("-id"), size=size)


def sanctions_of(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[Sanction]:
    """What moderators decided about the person, newest first."""
    sanctions = Sanction.objects.filter(person=person.pk).select_related("case__group").before(cursor)
    return Page.of(sanctions.order_by("-id"), size=size)


def get_own_sanction(sanction_id: int, *, person: User) -> Sanction:
    """Raises `NotFound` for another's."""
    sanction = None
    if 0 < sanction_id <= MAX_ID:
        sanction = Sanction.objects.filter(pk=sanction_id, person=person.pk).first()
    if sanction is None:
        raise NotFound
    return sanction


def appeal_token(sanction: Sanction) -> str:
    """What lets somebody appeal who cannot sign in; it stands in a letter to them."""
    return signing.dumps(sanction.pk, salt=_APPEALS)


def sanction_of_token(token: str) -> Sanction:
    """Raises `NotFound` for what we did not make, or long ago."""
    try:
        sanction_id = signing.loads(token, salt=_APPEALS, max_age=timedelta(days=_APPEAL_DAYS))
    except signing.BadSignature as error:
        raise NotFound from error
    sanction = (
        Sanction.objects.select_related("person").filter(pk=sanction_id, person__is_active=True).first()
    )
    if sanction is None:
        raise NotFound
    return sanction


def appeal_page_of(user_id: int) -> str:
    """Where somebody who is suspended or banned reads why, and appeals; nothing without such a decision."""
    shut_out = Sanction.objects.in_force().filter(person=user_id, measure__in=SHUT_OUT)
    sanction = shut_out.order_by("-id").first()
    return reverse("appeal_by_letter", args=[appeal_token(sanction)]) if sanction else ""


def decisions_page_of(user_id: int) -> str:
    return reverse("admin:moderation_sanction_person", args=[user_id])


def context_of(case: Case) -> Context:
    """Four queries, whatever the case."""
    of_person = {"person": case.person_id} if case.person_id else {"pk": None}
    earlier = Case.objects.filter(**of_person).exclude(pk=case.pk).order_by("-id")[:_HISTORY]
    sanctions = Sanction.objects.filter(**of_person).select_related("made_by").order_by("-id")[:_HISTORY]
    reports = Report.objects.filter(case=case).select_related("reporter").order_by("id")[:50]
    acts = AuditEntry.objects.filter(target_type="case", target_id=case.pk).order_by("-id")[:_HISTORY]
    return Context(reports=list(reports), earlier=list(earlier), sanctions=list(sanctions), acts=list(acts))


def next_open(case: Case) -> int | None:
    """The case that follows in the queue."""
    queue = Case.objects.open().with_site().order_by("-reports", "id").exclude(pk=case.pk)
    later = queue.filter(reports=case.reports, pk__gt=case.pk) | queue.filter(reports__lt=case.reports)
    ids = later.values_list("pk", flat=True)
    return ids.first() or queue.values_list("pk", flat=True).first()


def days(*, today: date, many: int) -> list[Day]:
    """The last days, the oldest first; those without a report are there, too."""
    first = today - timedelta(days=many - 1)
    since = id_at(datetime.combine(first, time.min, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute(
            _DAYS, {"first": first, "last": today, "since": since, "epoch": int(EPOCH.timestamp())}
        )
        rows = cursor.fetchall()
    return [
        Day(day, reports, closed, None if median is None else timedelta(seconds=float(median)))
        for day, reports, closed, median in rows
    ]

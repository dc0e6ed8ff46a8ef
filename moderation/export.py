"""What a person reported, what was decided about them, and what screening found, for their archive: never who
reported them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from accounts.hooks import ExportPart
from moderation.models import HeldGroup, HeldProfile, Report, Sanction, ScreeningResult
from moderation.serializers import ReportSerializer, SanctionSerializer


def parts(user_id: int) -> Iterator[ExportPart]:
    """As the API shows it to them."""
    reports = Report.objects.filter(reporter=user_id).select_related("case").order_by("pk")
    yield ExportPart("reports.json", rows=_shaped(reports, ReportSerializer))
    sanctions = Sanction.objects.filter(person=user_id).select_related("case__group").order_by("pk")
    yield ExportPart("decisions.json", rows=_shaped(sanctions, SanctionSerializer))
    found = ScreeningResult.objects.filter(author=user_id).order_by("pk")
    yield ExportPart.of(
        "screening.json", found, "id", "target_kind", "target_id", "outcome", "hits", "signal"
    )
    waiting = HeldProfile.objects.filter(person=user_id)
    yield ExportPart.of("profile_held.json", waiting, "fields")
    changes = HeldGroup.objects.filter(editor=user_id).order_by("pk")
    yield ExportPart.of("groups_held.json", changes, "group__slug", "fields")


def _shaped(rows: QuerySet[Any], serializer: Any) -> Iterator[dict[str, Any]]:
    return (serializer(row).data for row in rows.iterator(chunk_size=1000))

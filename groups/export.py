"""What groups a person is in, or wanted to be, for their archive."""

from collections.abc import Iterator

from django.db.models import F

from accounts.hooks import ExportPart
from groups.models import Membership


def parts(user_id: int) -> Iterator[ExportPart]:
    mine = Membership.objects.filter(user=user_id).annotate(slug=F("group__slug"), name=F("group__name"))
    yield ExportPart.of(
        "groups.json", mine.order_by("pk"), "slug", "name", "role", "status", "notify", "created_at"
    )

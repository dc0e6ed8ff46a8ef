"""What a person is interested in, for their archive."""

from collections.abc import Iterator

from accounts.hooks import ExportPart
from discovery.models import Interest, SuggestionDismissal


def parts(user_id: int) -> Iterator[ExportPart]:
    yield ExportPart.of("interests.json", Interest.objects.filter(user=user_id).order_by("topic"), "topic")
    dismissed = SuggestionDismissal.objects.filter(user=user_id).order_by("created_at")
    yield ExportPart.of("dismissed.json", dismissed, "person__username", "why", "created_at")

"""The groups in which a person is, asks to be or is invited, for their archive; nothing of the others in them.

And into which they did not want: by the address alone, as they may know no more of them now.
"""

from collections.abc import Iterator

from django.db.models import F

from accounts.hooks import ExportPart
from groups.models import DeclinedInvitation, Membership, Privacy


def parts(user_id: int) -> Iterator[ExportPart]:
    mine = Membership.objects.filter(user=user_id, group__deleted_at=None).order_by("pk")
    known = mine.exclude(status=Membership.Status.BANNED)  # who is may never have heard of the group
    known = known.exclude(status=Membership.Status.PENDING, group__privacy=Privacy.INVITE)
    known = known.annotate(slug=F("group__slug"), name=F("group__name"))
    yield ExportPart.of("groups.json", known, "slug", "name", "role", "status", "notify", "created_at")
    declined = DeclinedInvitation.objects.filter(user=user_id).order_by("pk").annotate(slug=F("group__slug"))
    yield ExportPart.of("declined-invitations.json", declined, "slug", "declined_at")

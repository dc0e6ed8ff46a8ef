"""Groups and who is in them, made quickly; counts as the actions keep them."""

from itertools import count

from accounts.models import User
from groups import actions
from groups.models import Group, GroupCounts, Membership

_numbers = count(1)


def a_group(owner: User, privacy: str = "public", slug: str | None = None) -> Group:
    number = next(_numbers)
    return actions.create_group(
        owner=owner, slug=slug or f"group-{number}", name=f"Group {number}", privacy=privacy
    )


def is_in(group: Group, *people: User, role: str = "member", status: str = "active") -> None:
    for person in people:
        Membership.objects.create(group=group, user=person, role=role, status=status)
        if status == "active":
            counts = GroupCounts.objects.get(pk=group.pk)
            counts.members += 1
            counts.save(update_fields=["members"])

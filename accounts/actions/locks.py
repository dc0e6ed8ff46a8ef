"""The one way to lock people: together, in id order, before anything is checked."""

from accounts.models import User
from socialnet.kernel.errors import NotFound


def lock_people(*people: User) -> list[User]:
    """Fresh rows of `people`, in the order given, locked FOR NO KEY UPDATE; `NotFound` if one of them left."""
    ids = [person.pk for person in people]
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk")
    found = {person.pk: person for person in locked}
    if any(ident not in found for ident in ids):
        raise NotFound
    return [found[ident] for ident in ids]

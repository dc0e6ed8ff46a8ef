"""The one way to lock people: together, in id order, before anything is checked."""

from contextlib import suppress

from django.db import transaction

from accounts import standins
from accounts.models import User
from socialnet.kernel.errors import NotFound, RedisAway


def lock_people(*people: User) -> list[User]:
    """Fresh rows of `people`, in the order given, locked FOR NO KEY UPDATE; `NotFound` if one of them left.

    What is kept of their relations is forgotten when the change commits.
    """
    ids = [person.pk for person in people]
    locked = User.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk")
    found = {person.pk: person for person in locked}
    if any(ident not in found for ident in ids):
        raise NotFound
    transaction.on_commit(lambda: _forget_relations(ids))
    return [found[ident] for ident in ids]


def _forget_relations(ids: list[int]) -> None:
    with suppress(RedisAway):  # a handler does it again
        standins.forget(*ids)

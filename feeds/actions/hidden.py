"""Hiding single posts from oneself, and showing them again. Nobody else learns of it: there is no count of it."""

from django.db import transaction

from accounts.actions import lock_people
from accounts.models import User
from feeds.door import facts
from feeds.errors import HiddenLimit
from feeds.events import HiddenPostsChanged
from feeds.models import HIDDEN_MOST, HiddenPost
from feeds.selectors import get_visible_original
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit
from socialnet.outbox.ids import MAX_ID

_BATCH = 1000


@transaction.atomic
def hide_from_oneself(*, post_id: int, person: User) -> None:
    """Keep a post off the lists that `person` reads, of a share what it shares; repeating it changes nothing.

    Raises `NotFound` and `HiddenLimit`.
    """
    original_id = get_visible_original(post_id, viewer=person).post_id
    (person,) = lock_people(person)
    theirs = HiddenPost.objects.of(person)
    if theirs.filter(post=original_id).exists():
        return
    if theirs.count() >= HIDDEN_MOST:
        raise HiddenLimit(HIDDEN_MOST)
    HiddenPost.objects.create(user=person, post_id=original_id)
    _tell(person)


@transaction.atomic
def show_to_oneself(*, post_id: int, person: User) -> None:
    """Let a post come back; repeating it changes nothing. Raises `NotFound` for what is neither hidden nor visible."""
    truth = facts(viewer_id=person.pk, post_ids=[post_id]) if 0 < post_id <= MAX_ID else {}
    fact = truth.get(post_id)
    if fact is None or not (fact.visible or fact.is_hidden):
        raise NotFound
    (person,) = lock_people(person)
    if HiddenPost.objects.of(person).filter(post=fact.original_id).delete()[0]:
        _tell(person)


def forget_hidden(*, user_id: int) -> None:
    """Delete what a deleted person hid from themselves, a batch at a time."""
    while ids := list(HiddenPost.objects.filter(user=user_id).values_list("pk", flat=True)[:_BATCH]):
        HiddenPost.objects.filter(pk__in=ids).delete()


def _tell(person: User) -> None:
    emit(HiddenPostsChanged(user_id=person.pk), actor_id=person.pk)

"""What somebody does not want to read: adding, changing and deleting filters."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.actions import lock_people
from accounts.models import User
from feeds import shields
from feeds.errors import BadFilter, BadPhrase, FilterExists, FilterLimit
from feeds.events import FiltersChanged
from feeds.filters import folded
from feeds.models import FILTERS_MOST, PHRASE_MAX, FilterAction, FilterPlace, KeywordFilter
from socialnet.kernel.errors import NotFound
from socialnet.kernel.text import clean
from socialnet.outbox.actions import emit

_FREE_SLOT = """
SELECT min(slot) FROM generate_series(1, %(most)s) slot
WHERE slot NOT IN (SELECT slot FROM feeds_keywordfilter WHERE user_id = %(user)s)
"""


def checked_phrase(phrase: str) -> str:
    """`phrase` on one line; raises `BadPhrase` or `UnusableText`."""
    text = " ".join(clean(phrase).split())
    if len(text) > PHRASE_MAX:
        raise BadPhrase(_("At most %(most)d characters.") % {"most": PHRASE_MAX})
    if not folded(text):
        raise BadPhrase(_("Say which words you do not want to read."))
    return text


@transaction.atomic
def add_filter(
    *,
    person: User,
    phrase: str,
    whole_word: bool = True,
    action: str = FilterAction.HIDE,
    places: Collection[str] = tuple(FilterPlace.values),
    expires_at: datetime | None = None,
) -> KeywordFilter:
    """Keep words from `person` from now on. Raises `FilterLimit`, `FilterExists`, `BadPhrase` and `BadFilter`."""
    given = _checked(phrase, whole_word, action, places, expires_at)
    (person,) = lock_people(person)
    if KeywordFilter.objects.of(person).filter(phrase=given["phrase"]).exists():
        raise FilterExists
    with connection.cursor() as cursor:
        cursor.execute(_FREE_SLOT, {"user": person.pk, "most": FILTERS_MOST})
        slot = cursor.fetchone()[0]
    if slot is None:
        raise FilterLimit(FILTERS_MOST)
    made = KeywordFilter.objects.create(user=person, slot=slot, **given)
    _tell(person)
    made.refresh_from_db()
    return made


@transaction.atomic
def change_filter(
    *,
    person: User,
    filter_id: int,
    phrase: str,
    whole_word: bool,
    action: str,
    places: Collection[str],
    expires_at: datetime | None,
) -> KeywordFilter:
    """Make a filter of `person` say this. Raises `NotFound`, and as `add_filter` does."""
    (person,) = lock_people(person)
    known = KeywordFilter.objects.of(person).filter(pk=filter_id).first()
    if known is None:
        raise NotFound
    is_new_end = expires_at is not None and expires_at != known.expires_at
    given = _checked(phrase, whole_word, action, places, expires_at if is_new_end else None)
    given["expires_at"] = expires_at
    if KeywordFilter.objects.of(person).filter(phrase=given["phrase"]).exclude(pk=filter_id).exists():
        raise FilterExists
    KeywordFilter.objects.filter(pk=filter_id).update(**given)
    _tell(person)
    known.refresh_from_db()
    return known


@transaction.atomic
def delete_filter(*, person: User, filter_id: int) -> None:
    """Let the words be read again. Raises `NotFound`."""
    if not KeywordFilter.objects.of(person).filter(pk=filter_id).delete()[0]:
        raise NotFound
    _tell(person)


def _checked(
    phrase: str, whole_word: bool, action: str, places: Collection[str], expires_at: datetime | None
) -> dict[str, Any]:
    text = checked_phrase(phrase)
    if action not in FilterAction.values:
        raise BadFilter("action", _("Choose what becomes of it."))
    known = [place for place in FilterPlace.values if place in places]
    if not known or len(known) != len(set(places)):
        raise BadFilter("where", _("Choose where."))
    if expires_at is not None and _has_passed(expires_at):
        raise BadFilter("expires_at", _("This time has passed."))
    return {
        "phrase": text,
        "whole_word": whole_word,
        "action": action,
        "places": known,
        "expires_at": expires_at,
    }


def _has_passed(moment: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s <= clock_timestamp()", [moment])
        return bool(cursor.fetchone()[0])


def _tell(person: User) -> None:
    emit(FiltersChanged(user_id=person.pk), actor_id=person.pk)
    transaction.on_commit(partial(shields.drop, person.pk))


def forget_filters(*, user_id: int) -> None:
    """Delete what a deleted person did not want to read."""
    KeywordFilter.objects.filter(user=user_id).delete()
    shields.drop(user_id)

"""Reads: people to follow, interests, whether somebody is to be welcomed."""

from dataclasses import dataclass

from accounts.models import User
from discovery.models import Finding, Interest
from discovery.people import lists, numbers
from discovery.people.shown import Suggestion, shown_of
from discovery.people.topics import TOPICS, Topic

RAIL = 3


@dataclass(frozen=True)
class Choice:
    """A topic, and whether a person chose it."""

    topic: Topic
    is_chosen: bool


def suggested_people(viewer: User, *, count: int = RAIL) -> list[Suggestion]:
    """Up to `count` people to follow, the best first, counted as shown. One cached read and one query, as a rule."""
    viewer_id = viewer.pk
    listed = lists.of_person(viewer_id)
    shown = shown_of(listed, viewer_id=viewer_id, count=count) if listed else []
    numbers.note_shown(viewer_id, [(one.user.id, one.source, one.lead) for one in shown])
    return shown


def interests_of(person: User) -> list[str]:
    """The topics that `person` chose, by their slugs, in the order of the list."""
    chosen = set(Interest.objects.filter(user=person.pk).values_list("topic", flat=True))
    return [slug for slug in TOPICS if slug in chosen]


def choices_of(person: User) -> list[Choice]:
    """All topics, and which of them `person` chose."""
    chosen = interests_of(person)
    return [Choice(topic, slug in chosen) for slug, topic in TOPICS.items()]


def is_to_be_welcomed(person: User) -> bool:
    """Whether `person` came by the door and was not welcomed yet."""
    return Finding.objects.filter(pk=person.pk, welcomed_at=None).exists()


def is_found_by_place(person: User) -> bool:
    return Finding.objects.filter(pk=person.pk, by_place=True).exists()

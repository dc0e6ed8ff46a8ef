"""Many at once, with real threads and connections: what is counted is exact, what is chosen is one of what was sent."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import follow_user
from accounts.models import Follow, User
from accounts.tests.factories import follows, person
from accounts.tests.test_follow_races import at_once
from discovery import actions
from discovery.models import Finding, Interest, SuggestionDay, SuggestionDismissal, SuggestionList
from discovery.people import lists, numbers
from discovery.selectors import interests_of
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = int(os.environ.get("RACE_TIMES", "1"))
rounds = pytest.mark.parametrize("round_", range(TIMES))


@rounds
def test_counts_of_many_lookers_are_exact(round_: int) -> None:
    viewers, star = [person() for _ in range(8)], person("star")
    numbers.forget_noted_here()
    at_once(
        *[
            lambda viewer=viewer: numbers.note_shown(viewer.pk, [(star.pk, "ties", "person:1")])
            for viewer in viewers
            for _ in range(2)
        ]
    )
    at_once(
        *[
            lambda viewer=viewer: numbers.note_outcome(viewer.pk, star.pk, "followed")
            for viewer in viewers[:5]
            for _ in range(2)
        ]
    )
    at_once(numbers.write_down, numbers.write_down, numbers.write_down)
    row = SuggestionDay.objects.get()
    assert (row.shown, row.leads, row.followed) == (8, 8, 5)


@rounds
def test_interests_sent_twice_at_once_are_one_choice(round_: int, ada: User) -> None:
    at_once(
        *[
            lambda topics=topics: actions.save_interests(person=ada, topics=topics)
            for topics in (["food", "sea"], ["music"]) * 4
        ]
    )
    assert interests_of(ada) in (["food", "sea"], ["music"])
    assert Interest.objects.count() == len(interests_of(ada))


@rounds
def test_dismissing_and_ending_the_welcome_twice_at_once(round_: int, ada: User, ben: User) -> None:
    at_once(
        *[lambda: actions.dismiss_suggestion(viewer=ada, person=ben)] * 4,
        *[lambda: actions.end_welcome(person=ada)] * 4,
        *[lambda: actions.expect_welcome(user_ids=[ada.pk])] * 2,
        *[lambda: actions.be_found_by_place(person=ada, by_place=True)] * 2,
    )
    assert SuggestionDismissal.objects.count() == 1
    assert Finding.objects.get().welcomed_at is not None and Finding.objects.get().by_place


@rounds
def test_lists_made_at_once_and_follows_between_leave_nobody_who_is_followed(
    round_: int, ada: User, ben: User
) -> None:
    User.objects.filter(pk=ada.pk).update(created_at=timezone.now() - timedelta(days=90))
    strangers = [person() for _ in range(6)]
    follows(ada, ben)
    for one in [*strangers, person(), person()]:
        follows(ben, one)
    for one in (person(), person()):
        follows(ada, one)
    at_once(
        *[lambda: lists.make(ada.pk)] * 3,
        *[lambda one=one: follow_user(follower=ada, followee=one) for one in strangers],
    )
    drain()
    followed = set(Follow.objects.filter(follower=ada).values_list("followee_id", flat=True))
    assert SuggestionList.objects.count() == 1
    assert followed.isdisjoint(row["id"] for row in SuggestionList.objects.get().people)

"""Many at once, with real threads and connections: counts stay exact, a block leaves no follow, nobody deadlocks."""

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts import actions
from accounts.models import Block, Follow, PersonCounts, User
from accounts.tests.factories import PASSWORD, counts_of, follows, person
from socialnet.kernel.errors import DomainError

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
TIMES = int(os.environ.get("RACE_TIMES", "1"))  # once each in the suite; RACE_TIMES=20 to be sure
rounds = pytest.mark.parametrize("round_", range(TIMES))


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run `acts` in threads that start together; their results, or the domain errors they raised, in order."""
    results: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=20)
            results[index] = act()
        except BaseException as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, DomainError):
            raise result
    return results


def follow(follower: User, followee: User) -> Callable[[], Any]:
    return lambda: actions.follow_user(follower=follower, followee=followee)


def assert_counts_match_rows() -> None:
    for counts in PersonCounts.objects.all():
        assert counts.followers == Follow.objects.active().filter(followee=counts.pk).count()
        assert counts.following == Follow.objects.active().filter(follower=counts.pk).count()


@rounds
def test_eight_people_follow_one(round_: int) -> None:
    ada, fans = person("ada"), [person() for _ in range(8)]
    at_once(*[follow(fan, ada) for fan in fans for _ in range(2)])
    assert counts_of(ada) == (8, 0)
    assert_counts_match_rows()


@rounds
def test_two_people_follow_each_other(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    at_once(*[follow(*pair) for pair in ((ada, ben), (ben, ada))] * 3)
    assert counts_of(ada) == counts_of(ben) == (1, 1)


@rounds
def test_follow_against_unfollow(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    at_once(*[follow(ben, ada), lambda: actions.unfollow_user(follower=ben, followee=ada)] * 4)
    assert_counts_match_rows()


@rounds
def test_follow_against_block_leaves_no_follow(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    follows(ada, ben)
    at_once(
        follow(ben, ada),
        lambda: actions.block_user(blocker=ada, blocked=ben),
        lambda: actions.block_user(blocker=ben, blocked=ada),
        follow(ada, ben),
    )
    assert Block.objects.count() == 2
    assert not Follow.objects.exists()
    assert counts_of(ada) == counts_of(ben) == (0, 0)


@rounds
def test_the_last_follow_of_the_limit_pressed_twice(round_: int, settings: Any) -> None:
    settings.FOLLOW_LIMIT = 5
    ben, people = person("ben"), [person() for _ in range(6)]
    for followee in people[:4]:
        follows(ben, followee)
    results = at_once(follow(ben, people[4]), follow(ben, people[5]))
    assert sorted(isinstance(result, DomainError) for result in results) == [False, True]
    assert counts_of(ben) == (0, 5)


@rounds
def test_fifty_want_one_name_and_one_gets_it(round_: int, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    settings.EMAIL_VERIFICATION = "optional"

    def sign_up(number: int) -> Callable[[], Any]:
        body = {"username": "Wanted", "email": f"w{number}@example.com", "password": PASSWORD}
        return lambda: Client().post("/api/v1/auth/register", body, content_type="application/json")

    answers = at_once(*[sign_up(number) for number in range(50)])
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] + [400] * 49
    refused = [answer.json()["errors"] for answer in answers if answer.status_code == 400]
    assert all("username" in errors for errors in refused)
    assert User.objects.named("wanted").count() == 1


@rounds
def test_one_address_for_two_names(round_: int, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    settings.EMAIL_VERIFICATION = "mandatory"

    def sign_up(number: int) -> Callable[[], Any]:
        body = {"username": f"name_{number}", "email": "Same@example.com", "password": PASSWORD}
        return lambda: Client().post("/api/v1/auth/register", body, content_type="application/json")

    answers = at_once(*[sign_up(number) for number in range(4)])
    assert [answer.status_code for answer in answers] == [202] * 4
    assert User.objects.with_email("same@example.com").count() == 1


@rounds
def test_two_tabs_save_one_profile(round_: int) -> None:
    ada = person("ada")
    results = at_once(
        *[
            lambda bio=bio: actions.edit_profile(user=ada, version=1, bio=bio)
            for bio in ("one", "two", "three")
        ]
    )
    assert sum(isinstance(result, DomainError) for result in results) == 2
    ada.refresh_from_db()
    assert ada.version == 2


@rounds
def test_accepting_twice_against_withdrawing(round_: int) -> None:
    ada, ben = person("ada", is_private=True), person("ben")
    follows(ben, ada, pending=True)
    accept = lambda: actions.accept_follow_request(followee=ada, follower=ben)  # noqa: E731
    at_once(accept, accept, lambda: actions.unfollow_user(follower=ben, followee=ada))
    assert_counts_match_rows()

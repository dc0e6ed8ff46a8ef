"""People who are away are left alone, and whoever comes back misses nothing, whatever happens meanwhile."""

import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actions as people
from accounts.models import Activity
from accounts.tests.factories import Api, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds import idle, invariants, stored, timelines
from feeds.actions import delete_post
from feeds.events import PeopleWentIdle, PersonReturned
from feeds.handlers import cool_homes, fill_returning
from feeds.models import FeedEntry, StoredFloor
from feeds.selectors import head_of, home_page
from feeds.tests.factories import ids_at_home, plant_many, publish
from feeds.tests.test_races import settle, work
from socialnet.kernel import redis
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Delivery, Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
State = Activity.State
TIMES = int(os.environ.get("RACE_TIMES", "1"))  # once each in the suite; RACE_TIMES=20 to be sure
rounds = pytest.mark.parametrize("round_", range(TIMES))


def state_of(user) -> str:
    return Activity.objects.get(pk=user.pk).state


def was_here(user, *, days_ago: int) -> None:
    day = timezone.now().date() - timedelta(days=days_ago)
    Activity.objects.filter(pk=user.pk).update(last_active_on=day)


def go_away(user) -> None:
    """Long enough to be left alone."""
    was_here(user, days_ago=31)
    idle._noted.clear()
    assert idle.leave_alone() == 1
    drain()


def stored_of(user) -> set[int]:
    return set(FeedEntry.objects.filter(user_id=user.pk).values_list("post_id", flat=True))


# --- who was here ------------------------------------------------------------------------------------------


def test_a_visit_is_noted_once_a_day_and_process(ada):
    was_here(ada, days_ago=9)
    home_page(viewer=ada)
    assert Activity.objects.get(pk=ada.pk).last_active_on == timezone.now().date()
    was_here(ada, days_ago=9)
    home_page(viewer=ada)
    assert Activity.objects.get(pk=ada.pk).last_active_on < timezone.now().date()


def test_a_second_process_of_the_same_day_writes_nothing(ada):
    home_page(viewer=ada)
    before = Activity.objects.extra(select={"version": "xmin"}).get(pk=ada.pk).version
    idle._noted.clear()
    home_page(viewer=ada)
    assert Activity.objects.extra(select={"version": "xmin"}).get(pk=ada.pk).version == before


def test_page_and_api_are_visits_and_a_comparison_is_none(ada):
    for visit in (lambda: page_of(ada).get("/"), lambda: Api(ada)("GET", "feed")):
        was_here(ada, days_ago=9)
        idle._noted.clear()
        assert visit().status_code == 200
        assert Activity.objects.get(pk=ada.pk).last_active_on == timezone.now().date()
    was_here(ada, days_ago=9)
    idle._noted.clear()
    invariants.walked(ada)
    assert Activity.objects.get(pk=ada.pk).last_active_on < timezone.now().date()


@pytest.mark.django_db(transaction=True)
def test_neither_a_visit_nor_a_return_that_cannot_be_written_fails_the_page(ada, ben, monkeypatch):
    post = publish(ada)
    for name in ("_NOTE", "_RETURN"):
        monkeypatch.setattr(idle, name, "SELECT 1 / 0, %(user)s")
    assert [item.id for item in home_page(viewer=ada).items] == [post.pk]
    go_away(ada)
    assert [item.id for item in home_page(viewer=ada).items] == [post.pk]
    assert state_of(ada) == State.IDLE


# --- who is away -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "state"), [(29, "live"), (30, "live"), (31, "idle"), (400, "idle")])
def test_whoever_was_not_here_for_thirty_days_is_left_alone(ada, ben, days, state):
    home_page(viewer=ben)
    was_here(ben, days_ago=days)
    idle.leave_alone()
    drain()
    assert (state_of(ada), state_of(ben)) == ("live", state)
    assert (timelines.read(ben.pk, before=None, count=1) is None) == (state == "idle")


def test_the_days_are_a_setting_and_many_go_in_batches(ada, monkeypatch, settings):
    settings.IDLE_AFTER_DAYS = 3
    monkeypatch.setattr(idle, "BATCH", 2)
    crowd = [person() for _ in range(5)]
    for user in crowd:
        was_here(user, days_ago=4)
    assert idle.leave_alone() == 5
    assert [event.payload for event in Event.objects.filter(name=PeopleWentIdle.name).order_by("id")] == [
        {"user_ids": [user.pk for user in part]} for part in (crowd[:2], crowd[2:4], crowd[4:])
    ]
    assert idle.leave_alone() == 0


def test_nobody_writes_into_the_home_of_somebody_away(ada, ben):
    follows(ben, ada)
    go_away(ben)
    for _ in range(3):
        publish(ada)
    drain()
    assert stored_of(ben) == set()


def test_whose_return_was_never_ended_goes_away_again(ada):
    was_here(ada, days_ago=31)
    Activity.objects.filter(pk=ada.pk).update(state=State.FILLING)
    assert idle.leave_alone() == 1
    assert state_of(ada) == State.IDLE


# --- the return --------------------------------------------------------------------------------------------


@pytest.fixture
def returning(ada, ben):
    """Ben, who was away while ada wrote."""
    follows(ben, ada)
    before = [publish(ada) for _ in range(3)]
    drain()
    ids_at_home(ben)
    go_away(ben)
    missed = [publish(ada) for _ in range(45)]
    drain()
    ben.all_posts = sorted((post.pk for post in [*before, *missed]), reverse=True)
    return ben


def test_the_first_page_is_whole_and_says_where_it_is_from(returning):
    page = home_page(viewer=returning)
    assert [item.id for item in page.items] == returning.all_posts[:20]
    assert (page.tier, page.cache) == (2, "miss")
    assert state_of(returning) == State.FILLING
    assert timelines.contents(returning.pk) is None
    response = page_of(returning).get("/")
    assert response["X-Feed-Tier"] == "2"


def test_before_during_and_after_the_whole_home_reads_the_same(returning):
    assert ids_at_home(returning, size=7) == returning.all_posts  # the first page begins the return
    assert state_of(returning) == State.FILLING
    assert ids_at_home(returning, size=7) == returning.all_posts
    drain()
    assert state_of(returning) == State.LIVE
    assert stored_of(returning) == set(returning.all_posts)
    page = home_page(viewer=returning)
    assert (page.tier, page.cache) == (1, "hit")  # warmed in the background
    assert ids_at_home(returning, size=7) == returning.all_posts


def test_without_redis_the_return_is_the_same(returning):
    redis.breaker._breaker.open()
    assert ids_at_home(returning) == returning.all_posts
    drain(allow_failures=True)
    assert state_of(returning) == State.LIVE  # stored; what is left is to make it warm
    assert ids_at_home(returning) == returning.all_posts
    redis.breaker.close()
    settle()
    assert home_page(viewer=returning).cache == "hit"


def test_a_page_that_stayed_open_returns_by_its_head(returning):
    assert head_of(viewer=returning) == returning.all_posts[:20]
    assert state_of(returning) == State.FILLING


def test_however_many_devices_come_back_there_is_one_return(returning):
    for _ in range(3):
        home_page(viewer=returning)
    assert Event.objects.filter(name=PersonReturned.name).count() == 1


def test_what_is_published_while_the_home_waits_to_be_filled_arrives(ada, returning):
    home_page(viewer=returning)
    late = publish(ada)
    Delivery.objects.filter(handler="feeds.fill_returning").update(leased_until="2040-01-01T00:00Z")
    drain()
    assert stored_of(returning) & {late.pk} == {late.pk}
    settle()
    assert ids_at_home(returning) == [late.pk, *returning.all_posts]
    assert invariants.missing_from_stored(10) == invariants.missing_from_warm(10) == 0


def test_filling_twice_late_and_for_who_did_not_return_is_harmless(ada, returning):
    event = PersonReturned(id=1, user_id=returning.pk)
    fill_returning([event])
    assert state_of(returning) == State.IDLE and timelines.contents(returning.pk) is None
    home_page(viewer=returning)
    fill_returning([event])
    late = publish(ada)
    drain()
    fill_returning([event])
    cool_homes([PeopleWentIdle(id=1, user_ids=[returning.pk])])  # of before the return
    assert ids_at_home(returning) == [late.pk, *returning.all_posts]


def test_a_filling_that_dies_in_the_middle_is_done_again(returning, monkeypatch):
    home_page(viewer=returning)
    fill = stored.fill

    def die(user_ids):
        fill(user_ids)
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(stored, "fill", die)
        drain(allow_failures=True)
    assert state_of(returning) == State.FILLING
    assert ids_at_home(returning) == returning.all_posts
    settle()
    assert state_of(returning) == State.LIVE
    assert ids_at_home(returning) == returning.all_posts


def test_more_than_a_stored_timeline_holds_was_missed(ada, returning, monkeypatch):
    monkeypatch.setattr(stored, "DEPTH", 10)
    home_page(viewer=returning)
    drain()
    assert StoredFloor.objects.get(pk=returning.pk).floor == returning.all_posts[10]
    assert ids_at_home(returning, size=4) == returning.all_posts


def test_what_changed_meanwhile_is_as_it_is(ada, cleo, returning):
    by_cleo = plant_many(cleo, 3)
    people.unfollow_user(follower=returning, followee=ada)
    people.follow_user(follower=returning, followee=cleo)
    drain()
    expected = sorted((post.pk for post in by_cleo), reverse=True)
    assert ids_at_home(returning) == expected
    drain()
    assert ids_at_home(returning) == expected
    assert stored_of(returning) == set(expected)


def test_a_return_costs_a_read_two_more_statements(ada, ben):
    follows(ben, ada)
    publish(ada)
    drain()
    costs = []
    for absent in (False, True):
        if absent:
            go_away(ben)
        timelines.drop(ben.pk)
        home_page(viewer=ada)  # cards are there
        with CaptureQueriesContext(connection) as caught:
            home_page(viewer=ben)
        beside = ("SAVEPOINT", "statement_timeout")
        costs.append([query["sql"] for query in caught if not any(word in query["sql"] for word in beside)])
    # Looking whether the stored timeline is kept up, twice; the join; the state and the event in place of the note.
    assert len(costs[1]) - len(costs[0]) == 2, costs


# --- at once -----------------------------------------------------------------------------------------------


@pytest.fixture
def ends_well():
    yield
    redis.breaker.close()
    settle()
    assert broken() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_nothing_published_while_somebody_returns_is_lost(round_, ends_well):
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")
    for author in (ada, cleo):
        follows(ben, author)
    [publish(ada) for _ in range(2)]
    settle()
    go_away(ben)
    [publish(ada) for _ in range(2)]

    def read():
        for _ in range(4):
            home_page(viewer=ben)

    def write(author):
        for _ in range(5):
            publish(author)

    at_once(lambda: write(ada), lambda: write(cleo), read, read, work, work, work)
    settle()
    assert state_of(ben) == State.LIVE
    assert Event.objects.filter(name=PersonReturned.name).count() == 1
    assert len(invariants.expected_walk(ben)) == 14
    assert stored_of(ben) >= set(invariants.expected_walk(ben))
    assert invariants.walked(ben) == invariants.expected_walk(ben)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_going_away_at_the_moment_of_a_visit_loses_nothing(round_, ends_well):
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    home_page(viewer=ben)
    was_here(ben, days_ago=40)
    idle._noted.clear()

    def read():
        for _ in range(5):
            home_page(viewer=ben)

    def write():
        for _ in range(5):
            publish(ada)

    at_once(idle.leave_alone, read, write, idle.leave_alone, read, work, work)
    settle()
    home_page(viewer=ben)
    settle()
    assert state_of(ben) == State.LIVE
    assert invariants.walked(ben) == invariants.expected_walk(ben)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_returning_against_unfollowing_and_deleting_ends_in_what_is_true(round_, ends_well):
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")
    for author in (ada, cleo):
        follows(ben, author)
    go_away(ben)
    posts = [publish(author) for author in (ada, cleo) for _ in range(4)]

    at_once(
        lambda: home_page(viewer=ben),
        lambda: people.unfollow_user(follower=ben, followee=ada),
        lambda: [delete_post(post=post, actor=cleo) for post in posts[4:6]],
        lambda: publish(cleo),
        work,
        work,
    )
    settle()
    assert stored_of(ben).isdisjoint({post.pk for post in posts[:4]})
    assert invariants.walked(ben) == invariants.expected_walk(ben)


@pytest.mark.django_db(transaction=True)
def test_the_first_page_after_a_return_comes_soon(ada):
    """Of many followed people with many posts; the figure of the design is 300 ms."""
    ben, authors = person("ben"), [person() for _ in range(60)]
    for author in authors:
        follows(ben, author)
        plant_many(author, 40)
    go_away(ben)
    began = time.monotonic()
    assert len(home_page(viewer=ben).items) == 20
    print(f"first page after the return: {(time.monotonic() - began) * 1000:.0f} ms")
    began = time.monotonic()
    drain()
    print(f"filling 2,400 posts: {(time.monotonic() - began) * 1000:.0f} ms")
    assert home_page(viewer=ben).cache == "hit"

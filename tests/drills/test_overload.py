"""More comes than is worked off: what can wait waits, homes stay exact, and it all ends by itself."""

import time

import pytest
from django.test import Client

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds.invariants import expected_walk, walked
from feeds.models import Post
from feeds.tests.factories import publish
from feeds.tests.test_media import by_form, picture
from socialnet.kernel import overload
from socialnet.kernel.invariants import broken, not_at_rest
from tests.drills.test_deliveries_survive import (
    Drill,
    ada,
    drill,
    everything_holds,
    measured,
    open_deliveries,
    served,
    stored_for,
)
from tests.stack import wait_for

__all__ = ["ada", "drill"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("drills"),
    pytest.mark.timeout(240),
]
FOLLOWS = 12


@pytest.fixture
def jammed(drill: Drill, ada: User) -> Drill:
    """Everybody has the first post; from then on posts are delivered, but what new follows bring piles up, for nobody
    takes it from its queue."""
    drill.faults = {
        "TIER_HYBRID": "50",
        "DRILL_CHUNK": "50",
        "RELAY_QUEUE_ROOM": "2",
        "OVERLOAD_DELIVERY_SECONDS": "1",
        "OVERLOAD_CONNECTIONS": "0",
        "OVERLOAD_P95_MS": "0",
        "DRILL_OVERLOAD_STEP": "4",
    }
    drill.start("relay")
    drill.start("worker")
    first = publish(ada)
    wait_for(lambda: served(first), seconds=40, what="the first post")
    drill.kill("worker")
    drill.queues = "fanout,fanout_bulk,notify"
    drill.start("worker")
    return drill


def pile_up(followee: User) -> None:
    for number in range(FOLLOWS):
        people.follow_user(follower=person(f"late_{number}"), followee=followee)


def level() -> int:
    return overload.level()


def exact() -> bool:
    """Whether the homes of some followers say what SQL says; fails if not, so that it may stand in a wait."""
    for reader in User.objects.filter(username__startswith="reader_").order_by("?")[:3]:
        assert walked(reader) == expected_walk(reader)
    return True


def test_what_can_wait_waits_homes_stay_exact_and_it_ends_by_itself(jammed, ada, record_property):
    before = Post.objects.get()
    writer = person("writer")
    pile_up(writer)

    seconds = wait_for(lambda: level() == 1, seconds=30, what="level 1")
    measured("follows piling up to level 1", seconds, record_property)
    time.sleep(overload.LOOK_EVERY)  # the relay reads what it said as late as anybody
    during = publish(ada)
    wait_for(overload.homes_come_from_sql, seconds=10, what="homes from SQL")
    wait_for(lambda: exact() and level() == 2, seconds=30, what="level 2")
    also_during = publish(ada)
    wait_for(lambda: exact() and level() == 3, seconds=30, what="level 3")
    assert stored_for(during) == stored_for(also_during) == 0

    refused = by_form(page_of(writer), picture())
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded") and refused["Retry-After"]
    assert Api(writer)("POST", "posts", {"content": "Words"}).status_code == 201
    assert page_of(writer).post("/posts", {"content": "More words"}).status_code == 302
    page = page_of(writer).get("/").content.decode()
    assert "Pictures cannot be taken in for a moment." in page and "More words" in page
    ready = Client().get("/health/ready")
    assert ready.status_code == 200 and ready.json()["overload"] == {"level": 3, "why": ["deliveries"]}
    assert "wait longer than usual for their delivery" in Client().get("/status").content.decode()

    jammed.queues = "default,maintenance"
    jammed.start_another("worker")
    seconds = wait_for(lambda: exact() and level() == 0, seconds=90, what="the end of it")
    measured("somebody takes them to the end of it", seconds, record_property)
    wait_for(lambda: exact() and served(before, during, also_during), seconds=30, what="every post")
    wait_for(lambda: exact() and not overload.homes_come_from_sql(), seconds=15, what="homes from Redis")
    assert by_form(page_of(writer), picture()).status_code == 201
    everything_holds(before, during, also_during)
    assert not_at_rest() == {} and broken() == []


def test_a_relay_that_dies_ends_it(jammed, ada, record_property):
    pile_up(person("writer"))
    wait_for(lambda: level() > 0, seconds=40, what="level 1")
    post = publish(ada)
    time.sleep(1)
    jammed.kill("relay")
    seconds = wait_for(lambda: level() == 0, seconds=overload.LASTS + 6, what="calm")
    measured("relay killed to calm", seconds, record_property)
    jammed.queues = "default,maintenance"
    jammed.start_another("worker")
    jammed.start("relay")
    wait_for(lambda: served(post), seconds=60, what="the post")
    wait_for(lambda: level() == 0 and not open_deliveries(), seconds=60, what="rest")
    assert Post.objects.count() == 2
    everything_holds(*Post.objects.order_by("pk"))

"""Topics of the socket that apps above add."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.tests.factories import Api
from feeds import hooks, live
from feeds.tests.factories import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def weather() -> Iterator[None]:
    hooks.topics["weather"] = hooks.Topic(
        group=lambda viewer: f"weather.{viewer.pk}", snapshot=lambda viewer: {"sky": viewer.username}
    )
    yield
    del hooks.topics["weather"]


def test_a_topic_of_an_app_above_has_a_seat_and_a_snapshot(ada: Any, ben: Any, weather: None) -> None:
    post = publish(ada)
    topics = ["weather", f"post:{post.pk}", "feed", "storms"]
    seats = live.seats(topics, viewer=ben)
    assert {topic: seat.group for topic, seat in seats.items()} == {
        "weather": f"weather.{ben.pk}", f"post:{post.pk}": f"post.{post.pk}", "feed": f"feed.{ben.pk}",
    }  # fmt: skip
    said = live.snapshots(topics, viewer=ben)
    assert [message["topic"] for message in said] == topics
    assert (said[0]["event"], said[0]["data"]) == ("snapshot", {"sky": "ben"})
    assert said[0]["version"] == said[1]["version"]
    assert said[3]["data"]["code"] == "unknown_topic"


def test_each_viewer_hears_of_their_own_by_polling_too(ada: Any, ben: Any, weather: None) -> None:
    for person in (ada, ben):
        (snapshot,) = Api(person)("GET", "live?topics=weather").json()["snapshots"]
        assert snapshot["data"] == {"sky": person.username}
    assert Api()("GET", "live?topics=weather").status_code == 401


def test_without_the_app_there_is_no_such_topic(ada: Any) -> None:
    assert live.seats(["weather"], viewer=ada) == {}
    (snapshot,) = Api(ada)("GET", "live?topics=weather").json()["snapshots"]
    assert snapshot["data"]["code"] == "unknown_topic"

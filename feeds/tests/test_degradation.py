"""Home when it cannot be put together: what is at hand, then the closest people, then what many like, and back."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from accounts import actions as people
from accounts import standins
from accounts.models import User
from accounts.tests.factories import person
from feeds import hooks, selectors, sources, stored, timelines
from feeds.actions import delete_post
from feeds.models import PostCounts
from feeds.tests.factories import ids_at_home, publish
from interactions import popular
from socialnet.kernel import redis
from socialnet.kernel.breaker import snapshot
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(ada: User, cleo: User) -> User:
    """Follows ada and cleo, and read home a while ago; his timeline is cold now."""
    reader = person("ben")
    for author in (ada, cleo):
        people.follow_user(follower=reader, followee=author)
    for number in range(12):
        publish(ada, f"By ada {number}")
        publish(cleo, f"By cleo {number}")
    drain()
    redis._client().flushall()
    selectors.home_page(viewer=reader)
    timelines.drop(reader.pk)
    return reader


@contextmanager
def slow(monkeypatch, *names: str):
    """Statements that begin a part of home take too long: PostgreSQL itself gives them up."""

    def in_no_time(_milliseconds=0):
        @contextmanager
        def cursor():
            with transaction.atomic(), connection.cursor() as inner:
                inner.execute("SELECT set_config('statement_timeout', '1', true)")
                inner.execute("SELECT pg_sleep(0.1)")
                yield inner

        return cursor()

    def give_up(**_):
        with in_no_time():
            pass

    with monkeypatch.context() as patch:
        if "stored" in names:
            patch.setattr(stored, "in_time", in_no_time)
        if "entries" in names:
            patch.setattr(stored, "entries", lambda *args, **others: give_up())
        if "facts" in names:
            patch.setattr(selectors.home, "facts", lambda **_: give_up())
        yield


def read(client: Client, reader: User):
    client.force_login(reader)
    return client.get("/"), client.get("/api/v1/feed")


def texts(answer) -> list[str]:
    return [post["content"] for post in answer.json()["results"]]


# --- the tiers ---------------------------------------------------------------------------------------------


def test_a_stored_timeline_that_takes_too_long_gives_the_closest_people(client, ben, monkeypatch):
    with slow(monkeypatch, "entries"):
        page, answer = read(client, ben)
    assert (page.status_code, page["X-Feed-Tier"], answer["X-Feed-Tier"]) == (200, "3", "3")
    assert "newest posts of the people you are closest to" in page.content.decode()
    assert "back in a moment" in page.content.decode()
    assert len(texts(answer)) == 20 and answer.json()["next_cursor"] is None
    assert read(client, ben)[1]["X-Feed-Tier"] == "1"


def test_the_closest_are_those_of_whom_one_does_most(ada, ben, cleo, monkeypatch):
    monkeypatch.setattr(stored, "CLOSEST", 1)
    monkeypatch.setattr(
        hooks, "affinity", lambda _user_id: {ada.pk: 0.2, cleo.pk: 0.9, person("eve").pk: 1.0}
    )
    with slow(monkeypatch, "entries"):
        page = selectors.home_page(viewer=ben)
    assert {item.author.username for item in page.items} == {"cleo"}
    assert page.tier == 3


def test_facts_that_take_too_long_leave_what_is_warm_judged_by_the_stricter_door(
    client, ben, ada, monkeypatch
):
    before = ids_at_home(ben)
    with slow(monkeypatch, "facts"):
        page, answer = read(client, ben)
    assert answer["X-Feed-Tier"] == "1"
    assert [int(post["id"]) for post in answer.json()["results"]] == before[:20]
    text = page.content.decode()
    assert "Your home is not complete just now." in text and "Writing is paused." not in text


def test_when_nothing_else_is_to_be_had_there_is_what_many_like(client, ben, ada, cleo, monkeypatch):
    dora, eve, hidden = person("dora"), person("eve"), person("hidden", is_private=True)
    liked = [publish(author, f"Liked, by {author.username}") for author in (dora, eve, hidden)]
    PostCounts.objects.filter(pk__in=[post.pk for post in liked]).update(likes=5)
    people.block_user(blocker=eve, blocked=ben)
    drain()
    redis._client().delete(standins.POLICY.key(ben.pk))
    standins.keep(ben.pk)
    popular.compute()
    with slow(monkeypatch, "stored", "facts"):
        page, answer = read(client, ben)
    assert (page.status_code, answer["X-Feed-Tier"]) == (200, "4")
    assert texts(answer) == ["Liked, by dora"]
    assert answer.json()["results"][0]["reason"] == {"kind": "popular", "label": "Many people like this"}
    assert "This is what many people like." in page.content.decode()
    with slow(monkeypatch, "stored", "facts"):
        older = Cursor(before=liked[0].pk).encode()
        assert client.get(f"/api/v1/feed?cursor={older}").status_code == 503


def test_who_may_not_be_judged_gets_nothing_but_a_sentence(client, ben, monkeypatch):
    redis._client().delete(standins.POLICY.key(ben.pk))
    standins._looked_after.clear()
    with slow(monkeypatch, "stored", "facts"):
        page, answer = read(client, ben)
    assert (page.status_code, answer.status_code) == (503, 503)
    assert int(answer["Retry-After"]) > 0


def test_a_deleted_post_is_on_no_tier(client, ben, ada, monkeypatch):
    post = publish(ada, "Not for long")
    PostCounts.objects.filter(pk=post.pk).update(likes=9)
    drain()
    popular.compute()
    delete_post(post=post, actor=ada)
    for parts in (["entries"], ["facts"], ["stored", "facts"]):
        with slow(monkeypatch, *parts):
            answer = read(client, ben)[1]
            assert answer.status_code == 503 or "Not for long" not in texts(answer)
        selectors.breaker.close()
        selectors.closest_breaker.close()


# --- the breakers ------------------------------------------------------------------------------------------


def test_what_is_slow_is_not_tried_by_everybody_and_comes_back_by_itself(
    client, ben, monkeypatch, time_machine
):
    rejects = snapshot()["home"]["rejects"]
    with slow(monkeypatch, "entries"):
        for _ in range(5):
            assert selectors.home_page(viewer=ben).tier == 3
    assert (snapshot()["home"]["state"], snapshot()["home"]["rejects"] - rejects) == ("open", 2)
    assert read(client, ben)[1]["X-Feed-Tier"] == "3"
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=11))
    assert read(client, ben)[1]["X-Feed-Tier"] == "1"
    assert snapshot()["home"]["state"] == "closed"


def test_a_mistake_is_no_slowness(ben, monkeypatch):
    def deadlock(*_args, **_others):
        raise OperationalError("deadlock detected") from _WithCode("40P01")

    monkeypatch.setattr(stored, "entries", deadlock)
    for _ in range(5):
        with pytest.raises(OperationalError):
            selectors.home_page(viewer=ben)
    assert snapshot()["home"]["state"] == "closed"


class _WithCode(Exception):
    def __init__(self, pgcode: str) -> None:
        super().__init__(pgcode)
        self.pgcode = pgcode


# --- what many like ----------------------------------------------------------------------------------------


def test_what_many_like_is_public_recent_of_one_author_each_and_the_best_first(ada, ben, cleo):
    weak, strong, shared = publish(ada), publish(ada), publish(cleo)
    private, quiet = publish(ben, audience="followers"), publish(person("eve"))
    PostCounts.objects.filter(pk=weak.pk).update(likes=2)
    PostCounts.objects.filter(pk=strong.pk).update(likes=5)
    PostCounts.objects.filter(pk=shared.pk).update(shares=3)
    PostCounts.objects.filter(pk=private.pk).update(likes=50)
    assert popular.compute() == 2
    assert list(popular.popular_posts()) == [shared.pk, strong.pk]
    assert quiet.pk not in popular.popular_posts()


def test_a_process_remembers_what_many_like_when_redis_forgets(ada):
    post = publish(ada)
    PostCounts.objects.filter(pk=post.pk).update(likes=2)
    popular.compute()
    assert popular.popular_posts() == [post.pk]
    redis._client().flushall()
    popular._remembered = (float("-inf"), popular._remembered[1])
    assert popular.popular_posts() == [post.pk]


def test_without_postgresql_authors_merged_on_read_are_there_too(ben, ada, monkeypatch):
    post = publish(ada, "By a celebrity")
    sources._RECENT.set_many({f"{ada.pk}:0": [post.pk]})
    monkeypatch.setattr(sources, "_set", (1.0, sources.PullSet({ada.pk: 0}, 1)))
    assert post.pk in sources.kept_posts({ada.pk})
    assert sources.kept_posts(set()) == []

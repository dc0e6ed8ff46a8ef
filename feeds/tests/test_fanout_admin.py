"""How far a fan-out in pieces is, in the admin: its numbers, who may look, and that only what failed is tried again."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import User
from accounts.tests.factories import follows, page_of, person
from conftest import _as_owner as as_owner
from feeds import fanout, sources
from feeds.models import FanOut, Post
from feeds.tests.factories import publish
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LIST = "/admin/feeds/fanout/"
OPEN, DONE, DEAD = Delivery.State.OPEN, Delivery.State.DONE, Delivery.State.DEAD


@pytest.fixture
def star(ada: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody whose posts are delivered in four pieces."""
    monkeypatch.setattr(fanout, "CHUNK", 2)
    for number in range(6):
        follows(person(f"reader_{number}"), ada)
    return ada


@pytest.fixture
def split(star: User) -> Callable[[], Post]:
    """Publish something that waits in pieces."""

    def publish_split() -> Post:
        post = publish(star)
        run(Delivery.objects.get(handler="feeds.deliver_posts", event__payload__post_id=post.pk))
        return post

    return publish_split


def run(*owed: Delivery) -> None:
    for delivery in owed:
        deliveries.run(delivery.handler, [delivery.pk])


def pieces_of(post: Post) -> list[Delivery]:
    chunks = Delivery.objects.filter(handler="feeds.deliver_chunk", event__payload__post_id=post.pk)
    return list(chunks.order_by("id"))


def shown(browser: Client, **asked: str) -> list[Any]:
    """What the list shows, as the page has it."""
    answer = browser.get(LIST, asked)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


@pytest.fixture
def browser(mod: User) -> Client:
    return page_of(mod)


def test_a_fan_out_half_done_shows_its_numbers(
    browser: Client, star: User, split: Callable[[], Post]
) -> None:
    post = split()
    run(*pieces_of(post)[:2])
    (fan_out,) = shown(browser)
    assert (fan_out.total, fan_out.done, fan_out.waiting, fan_out.dead) == (4, 2, 2, 0)
    page = browser.get(LIST).content.decode()
    assert f'<a href="/admin/feeds/post/{post.pk}/change/">{post.pk}</a>' in page
    assert '<progress max="4" value="2" aria-label="2 of 4 pieces"></progress> 50 %' in page
    assert star.username in page and post.content not in page
    one = browser.get(f"{LIST}{fan_out.pk}/change/")
    assert one.status_code == 200 and '<progress max="4" value="2"' in one.content.decode()


def test_the_queue_is_that_of_the_handler(browser: Client, split: Callable[[], Post]) -> None:
    split()
    with override_settings(TIER_HYBRID=1):
        split()
    queues = {fan_out.handler for fan_out in shown(browser)}
    assert queues == {"feeds.deliver_chunk", "feeds.deliver_large_chunk"}
    page = browser.get(LIST).content.decode()
    assert "fanout_bulk" in page


def test_what_one_delivery_serves_is_not_listed(browser: Client, ben: User) -> None:
    publish(ben)
    drain()
    assert shown(browser) == []


def test_an_author_who_is_written_to_again_is_listed(
    browser: Client, star: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "GRACE_SECONDS", 0)
    with override_settings(TIER_PULL=5):
        sources.review()
    sources.review()
    drain()
    (fan_out,) = shown(browser)
    assert (fan_out.name, fan_out.total, fan_out.done, fan_out.username) == ("feeds.source_left", 4, 4, "ada")
    assert "those of the time as a source" in browser.get(LIST).content.decode()


def test_the_list_can_be_narrowed(browser: Client, split: Callable[[], Post]) -> None:
    running, failed, done = split(), split(), split()
    run(*pieces_of(done), *pieces_of(failed)[1:])
    Delivery.objects.filter(pk=pieces_of(failed)[0].pk).update(state=DEAD, attempts=5)

    def posts(progress: str) -> list[int]:
        return [fan_out.payload["post_id"] for fan_out in shown(browser, progress=progress)]

    assert posts("") == [done.pk, failed.pk, running.pk]
    assert (posts("running"), posts("dead"), posts("done")) == ([running.pk], [failed.pk], [done.pk])


def test_dead_pieces_are_tried_again_alone(browser: Client, split: Callable[[], Post]) -> None:
    post, other = split(), split()
    first, second, *rest = pieces_of(post)
    run(second)
    unlucky = pieces_of(other)[0]
    Delivery.objects.filter(pk__in=[first.pk, unlucky.pk]).update(state=DEAD, attempts=5, last_error="Away")
    before = {piece.pk: piece for piece in Delivery.objects.all()}
    fan_out = next(one for one in shown(browser) if one.payload["post_id"] == post.pk)
    answer = browser.post(LIST, {"action": "try_again", "_selected_action": [fan_out.pk]}, follow=True)
    assert "1 piece is tried again." in answer.content.decode()
    for piece in Delivery.objects.exclude(pk=first.pk):
        known = before[piece.pk]
        assert (piece.state, piece.attempts, piece.leased_until) == (
            known.state, known.attempts, known.leased_until,
        )  # fmt: skip
    first.refresh_from_db()
    assert (first.state, first.attempts) == (OPEN, 0)
    run(first, *rest)
    fan_out = next(one for one in shown(browser) if one.payload["post_id"] == post.pk)
    assert (fan_out.total, fan_out.done, fan_out.dead) == (4, 4, 0)


def test_whoever_may_only_look_tries_nothing_again(mod: User, split: Callable[[], Post]) -> None:
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    mod.user_permissions.add(Permission.objects.get(codename="view_fanout", content_type__app_label="feeds"))
    post = split()
    Delivery.objects.filter(pk=pieces_of(post)[0].pk).update(state=DEAD, attempts=5)
    browser = page_of(mod)
    (fan_out,) = shown(browser)
    browser.post(LIST, {"action": "try_again", "_selected_action": [fan_out.pk]})
    assert pieces_of(post)[0].state == DEAD
    assert browser.post(f"{LIST}{fan_out.pk}/change/", {"name": "x"}).status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{fan_out.pk}/delete/", {"post": "yes"}).status_code == 403


def test_outsiders_and_staff_without_the_right_see_nothing(ben: User, split: Callable[[], Post]) -> None:
    split()
    (pk,) = FanOut.objects.recent().values_list("pk", flat=True)
    clerk = person("clerk", is_staff=True)
    for address in (LIST, f"{LIST}{pk}/change/"):
        assert page_of(clerk).get(address).status_code == 403
        for who in (ben, None):
            answer = page_of(who).get(address)
            assert answer.status_code == 302 and "login" in answer["Location"]


def test_many_cost_as_many_queries_as_one(browser: Client, split: Callable[[], Post]) -> None:
    split()
    shown(browser)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as caught:
            shown(browser)
        costs.append(len(caught))
        for _ in range(5):
            split()
    assert costs[0] == costs[1]


@pytest.fixture
def large_outbox(transactional_db: None) -> Iterator[None]:
    """Many events with a delivery each, done, and some in pieces; with the statistics of that."""
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_event (id, name, payload, request_id)
            SELECT n, CASE WHEN n % 3 = 0 THEN 'feeds.post_published' ELSE 'accounts.user_followed' END,
                '{"post_id": 1, "author_id": 1}', '' FROM generate_series(1, 30000) AS n;
            INSERT INTO outbox_delivery (event_id, handler, key, state, attempts, last_error)
            SELECT n, 'feeds.deliver_posts', '', 1, 1, '' FROM generate_series(1, 30000) AS n;
            INSERT INTO outbox_delivery (event_id, handler, key, state, attempts, last_error)
            SELECT n * 300, 'feeds.deliver_chunk', piece::text, 1, 1, ''
            FROM generate_series(1, 100) AS n, generate_series(1, 50) AS piece;
            ANALYZE outbox_event, outbox_delivery;
            """
        )
    yield


@pytest.mark.django_db(transaction=True)
def test_a_large_outbox_is_read_along_its_indexes(large_outbox: None) -> None:
    fan_outs = FanOut.objects.recent().order_by("-id")
    plan = fan_outs.explain()
    assert "Seq Scan on outbox_delivery" not in plan and "Seq Scan on outbox_event" not in plan, plan
    newest = fan_outs[0]
    assert (newest.pk, newest.total, newest.done) == (30000, 50, 50)

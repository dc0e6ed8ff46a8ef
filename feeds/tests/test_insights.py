"""People's own numbers: counted while homes are read at no cost, kept once, read by their person alone."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import PersonCounts, User
from accounts.tests.factories import Api, follows, page_of, person
from feeds import hooks, insights
from feeds.actions import add_filter, share_post
from feeds.models import DailyFeedStats, StatsBatch
from feeds.selectors import home_page
from feeds.tests.factories import plant, publish
from feeds.upkeep import forget_person
from interactions import actions as doing
from interactions.models import Like
from socialnet.kernel import redis
from socialnet.kernel.errors import RedisAway
from socialnet.outbox.ids import id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def today() -> date:
    return datetime.now(UTC).date()


def numbers(user: User) -> tuple[int, int, int]:
    row = DailyFeedStats.objects.get(user=user, day=today())
    return row.shown, row.filtered, row.impressions


def kept() -> int:
    insights.flush()
    return insights.keep()


@pytest.fixture
def reader(ada: User, ben: User) -> User:
    follows(ben, ada)
    return ben


# --- counting ------------------------------------------------------------------------------------------------


def test_what_a_home_shows_counts_for_reader_and_authors(ada: User, reader: User) -> None:
    publish(ada, "One")
    publish(ada, "A spoiler")
    publish(reader, "Mine")
    add_filter(person=reader, phrase="spoiler", places=["home"])
    drain()
    for _ in range(2):
        home_page(viewer=reader)
    home_page(viewer=ada)
    assert kept() == 2
    assert numbers(reader) == (4, 2, 0)
    assert numbers(ada) == (2, 0, 2)


def test_a_share_counts_for_who_wrote(ada: User, reader: User, cleo: User) -> None:
    share_post(post=publish(cleo, "Worth it"), person=ada)
    drain()
    home_page(viewer=reader)
    kept()
    assert numbers(cleo) == (0, 0, 1) and not DailyFeedStats.objects.filter(user=ada).exists()


def test_lists_and_pages_of_posts_count_as_shown(ada: User, ben: User) -> None:
    post = publish(ada, "Hello #there")
    drain()
    Api(ben)("GET", "users/ada/posts")
    page_of(ben).get("/@ada")
    page_of().get(post.get_absolute_url())
    Api(ben)("GET", f"posts/{post.pk}")
    Api()("GET", "hashtags/there/posts")
    page_of(ada).get("/@ada")
    kept()
    assert numbers(ada) == (0, 0, 5)


def test_comparing_and_looking_at_the_head_count_nothing(ada: User, reader: User) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader, is_visit=False)
    Api(reader)("GET", "feed/head")
    assert not insights._pending and kept() == 0


def test_reading_asks_redis_and_postgresql_for_nothing(ada: User, reader: User, monkeypatch: Any) -> None:
    publish(ada)
    drain()
    [item] = home_page(viewer=reader).items

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(redis, "_client", refuse)
    insights.note_home(reader.pk, [item], hidden=1)
    assert insights._pending[reader.pk, insights.FILTERED] == 1


# --- keeping -------------------------------------------------------------------------------------------------


def test_days_add_up_and_know_the_followers(ada: User, reader: User) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    kept()
    home_page(viewer=reader)
    kept()
    row = DailyFeedStats.objects.get(user=ada)
    assert row.impressions == 2 and row.followers == 1


def test_a_batch_counts_once_however_often_it_is_kept(ada: User, reader: User) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    insights.flush()
    with redis.door() as client:
        before = client.dump(insights._LIVE)
    insights.keep()
    name = str(StatsBatch.objects.get().pk)
    with redis.door() as client:  # the process died before it took the batch away
        client.restore(insights._taken(name), 0, before)
        client.sadd(insights._TAKEN, name)
    assert insights.keep() == 0
    assert numbers(ada) == (0, 0, 1)
    with redis.door() as client:
        assert not client.exists(insights._taken(name)) and not client.smembers(insights._TAKEN)


def test_what_could_not_be_written_is_kept_next_time(ada: User, reader: User, monkeypatch: Any) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    insights.flush()
    add = insights._add
    monkeypatch.setattr(insights, "_add", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        insights.keep()
    monkeypatch.setattr(insights, "_add", add)
    home_page(viewer=reader)
    assert kept() == 4  # two batches, two people each
    assert numbers(ada) == (0, 0, 2)


def test_while_redis_is_away_numbers_wait(ada: User, reader: User, redis_process: Any) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    redis_process.stop()
    try:
        assert insights.flush() == 0
        with pytest.raises(RedisAway):
            insights.keep()
    finally:
        redis_process.start()
    redis.breaker.close()
    assert kept() == 2


def test_every_key_goes_by_itself(ada: User, reader: User) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    insights.flush()
    with redis.door() as client:
        assert 0 < client.ttl(insights._LIVE) <= 24 * 3600


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_add_each_batch_once() -> None:
    ada, ben = person("ada"), person("ben")
    for _round in range(3):
        for _ in range(20):
            insights._count({(ada.pk, insights.SHOWN): 1, (ben.pk, insights.IMPRESSIONS): 2})
            insights.flush()
        threads = [threading.Thread(target=_keep) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    insights.keep()
    assert numbers(ada) == (60, 0, 0) and numbers(ben) == (0, 0, 120)


def _keep() -> None:
    try:
        insights.keep()
    finally:
        connection.close()


def test_who_is_gone_gets_no_days(ada: User, reader: User) -> None:
    publish(ada)
    drain()
    home_page(viewer=reader)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert kept() == 1
    assert not DailyFeedStats.objects.filter(user=ada).exists()


def test_old_days_and_those_of_the_erased_go(ada: User, ben: User) -> None:
    DailyFeedStats.objects.create(user=ada, day=today() - timedelta(days=insights.KEPT_DAYS + 1))
    DailyFeedStats.objects.create(user=ada, day=today())
    DailyFeedStats.objects.create(user=ben, day=today())
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert insights.forget_old() == 2
    assert list(DailyFeedStats.objects.values_list("user", flat=True)) == [ada.pk]
    forget_person(ada.pk)
    assert not DailyFeedStats.objects.exists()


# --- reading -------------------------------------------------------------------------------------------------


def test_days_tell_reactions_and_growth(ada: User, ben: User, cleo: User) -> None:
    yesterday = today() - timedelta(days=1)
    DailyFeedStats.objects.create(
        user=ada, day=today() - timedelta(days=3), shown=5, impressions=8, followers=2
    )
    DailyFeedStats.objects.create(user=ada, day=yesterday, shown=7, filtered=1, impressions=4, followers=1)
    PersonCounts.objects.filter(pk=ada.pk).update(followers=4)
    post = plant(ada)
    doing.like_post(post_id=post.pk, person=ben)
    doing.like_post(post_id=post.pk, person=ada)
    doing.comment_on_post(post_id=post.pk, author=cleo, content="Yes")
    doing.comment_on_post(post_id=post.pk, author=ada, content="Thanks")
    share_post(post=post, person=ben)
    noon = datetime(yesterday.year, yesterday.month, yesterday.day, 12, tzinfo=UTC)
    Like.objects.filter(user=ben).update(place=id_at(noon))
    found = insights.of_person(ada, days=7)
    assert [day.day for day in found.days] == [today() - timedelta(days=back) for back in range(6, -1, -1)]
    assert found.is_whole
    before, last, now = found.days[-4], found.days[-2], found.days[-1]
    assert (before.shown, before.followers, before.new_followers) == (5, 2, None)
    assert (last.likes, last.engagement_rate, last.new_followers) == (1, 0.25, -1)
    assert (now.likes, now.comments, now.shares, now.followers, now.new_followers) == (0, 1, 1, 4, 3)
    total = found.total
    assert (total.shown, total.filtered, total.impressions, total.engagement) == (12, 1, 12, 3)
    assert total.engagement_rate == 0.25 and total.new_followers == 2


def test_they_are_kept_for_an_hour(ada: User, django_assert_num_queries: Any) -> None:
    insights.of_person(ada, days=7)
    DailyFeedStats.objects.create(user=ada, day=today(), shown=5)
    with django_assert_num_queries(0):
        assert insights.of_person(ada, days=90).total.shown == 0
    insights.INSIGHTS.drop(ada.pk)
    with redis.door() as client:
        client.delete(insights.INSIGHTS.key(ada.pk))
    assert insights.of_person(ada, days=90).total.shown == 5


def test_without_time_to_count_reactions_the_rest_is_told(ada: User, monkeypatch: Any) -> None:
    def slow(*_: int) -> dict[Any, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(3)")
        return {}

    monkeypatch.setattr(insights, "ENGAGEMENT_MILLISECONDS", 50)
    monkeypatch.setattr(hooks, "engagement", slow)
    DailyFeedStats.objects.create(user=ada, day=today(), shown=5)
    found = insights.of_person(ada, days=7)
    assert not found.is_whole and found.total.shown == 5
    assert "no time to count" in page_of(ada).get("/insights?days=7").content.decode()


def test_the_api_tells_ones_own_days_alone(ada: User, ben: User) -> None:
    DailyFeedStats.objects.create(user=ada, day=today(), shown=5, filtered=2, impressions=9, followers=3)
    told = Api(ada)("GET", "me/insights?days=7")
    assert told.headers["Cache-Control"] == "private, no-store"
    body = told.json()
    assert len(body["days"]) == 7 and body["is_whole"] is True
    assert body["days"][-1] == {
        "day": today().isoformat(), "shown": 5, "filtered": 2, "impressions": 9, "likes": 0, "comments": 0,
        "shares": 0, "engagement_rate": 0.0, "followers": 0, "new_followers": None,
    }  # fmt: skip
    assert body["total"]["shown"] == 5
    assert Api(ben)("GET", "me/insights").json()["total"]["shown"] == 0
    assert len(Api(ben)("GET", "me/insights").json()["days"]) == 28
    assert Api()("GET", "me/insights").status_code == 401
    assert Api(ada)("GET", "me/insights?days=8").status_code == 400
    assert Api(ada)("POST", "me/insights").status_code == 405


def test_the_page_draws_and_tables_the_days(ada: User) -> None:
    DailyFeedStats.objects.create(user=ada, day=today(), shown=5, filtered=2, impressions=9, followers=3)
    answer = page_of(ada).get("/insights?days=7")
    page = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert page.count("<svg viewBox") == 4 and page.count('<rect class="bar"') == 28
    assert page.count('<rect class="bar upper"') == 1
    assert f'<th scope="row">{today():%Y-%m-%d}</th>' in page and page.count('<th scope="row">') == 7
    assert "style=" not in page.partition("<main")[2]
    assert page_of(ada).get("/insights?days=cats").status_code == 200
    assert page_of(ada).post("/insights").status_code == 405
    assert page_of().get("/insights").status_code == 302


def test_a_page_of_no_numbers_is_a_page(ada: User) -> None:
    page = page_of(ada).get("/insights").content.decode()
    assert page.count("<svg viewBox") == 4

"""Authors whom very many follow: nobody is written to, everybody reads them, nothing is lost on the way in or out."""

import os
import random
from contextlib import suppress

import pytest
from django.db import connection, connections

from accounts import actions as people
from accounts.models import Activity, PersonCounts
from accounts.tests.factories import follows, page_of, person
from accounts.tests.test_follow_races import at_once
from feeds import candidates, fanout, invariants, sources, stored, timelines
from feeds.actions import delete_post
from feeds.events import SourceLeft
from feeds.models import FeedEntry, PullSource, StoredFloor
from feeds.selectors import head_of, home_page
from feeds.tests.factories import ids_at_home, plant, plant_many, publish
from feeds.tests.test_races import settle, work
from socialnet.kernel import realtime, redis
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LONG_AGO = "2020-01-01T00:00Z"
TIMES = int(os.environ.get("RACE_TIMES", "1"))


@pytest.fixture(autouse=True)
def low(settings):
    settings.TIER_HYBRID, settings.TIER_PULL = 2, 3


@pytest.fixture
def star(ada):
    """Ada, whom four follow."""
    ada.fans = [person(f"fan_{number}") for number in range(4)]
    for fan in ada.fans:
        follows(fan, ada)
    return ada


def look_again() -> None:
    """As processes do whose few seconds are over."""
    sources.forget_here()
    sources._recent.clear()


def enter(author) -> None:
    """Merged on read, by all processes."""
    assert sources.review().entered == 1
    PullSource.objects.filter(pk=author.pk).update(entered_at=LONG_AGO)
    forget_copies()


def forget_copies() -> None:
    """As after the seconds that the copies of the set last."""
    look_again()
    sources._ALL.surely_drop("all")


def lose_followers(author, many: int) -> None:
    for fan in author.fans[:many]:
        people.unfollow_user(follower=fan, followee=author)
    drain()


def stored_of(user) -> set[int]:
    return set(FeedEntry.objects.filter(user_id=user.pk).values_list("post_id", flat=True))


def pks(posts) -> list[int]:
    return sorted((post.pk for post in posts), reverse=True)


# --- tiers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("followers", "handler"), [(1, "feeds.deliver_chunk"), (2, "feeds.deliver_large_chunk")]
)
def test_pieces_for_many_wait_behind_those_for_few(ada, settings, monkeypatch, followers, handler):
    monkeypatch.setattr(fanout, "CHUNK", 1)
    for _ in range(followers):
        follows(person(), ada)
    post = publish(ada)
    drain()
    assert set(Delivery.objects.exclude(key="").values_list("handler", flat=True)) == {handler}
    assert FeedEntry.objects.filter(post_id=post.pk).count() == followers + 1
    from socialnet.outbox.handlers import handler_named

    assert handler_named("feeds.deliver_large_chunk").queue == "fanout_bulk"


def test_an_author_enters_at_the_threshold_and_leaves_below_four_fifths(ada, settings):
    settings.TIER_PULL = 10
    counts = PersonCounts.objects.filter(pk=ada.pk)
    for followers, expected in (
        (9, (0, 0)),
        (10, (1, 0)),
        (8, (0, 0)),
        (10, (0, 0)),
        (7, (0, 1)),
        (10, (0, 0)),
    ):
        counts.update(followers=followers)
        reviewed = sources.review()
        assert (reviewed.entered, reviewed.leaving) == expected, followers


def test_in_the_first_minute_everybody_is_still_written_to(star):
    sources.review()
    post = publish(star)
    drain()
    assert FeedEntry.objects.filter(post_id=post.pk).count() == 5
    PullSource.objects.update(entered_at=LONG_AGO)
    post = publish(star)
    drain()
    assert FeedEntry.objects.filter(post_id=post.pk).count() == 1  # the author's own


def test_what_was_said_before_is_delivered_however_late(star):
    post = publish(star)
    enter(star)
    drain()
    assert FeedEntry.objects.filter(post_id=post.pk).count() == 5


def test_fifty_thousand_followers_are_at_most_sixty_pieces(ada, settings):
    settings.TIER_PULL = 100_000
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user (username, email, password, display_name, bio, avatar, avatar_small, website,"
            " location, language, time_zone, is_private, is_staff, is_active, is_superuser, version)"
            " SELECT 'crowd_' || n, 'crowd_' || n || '@example.com', '', 'Crowd', '', '', '', '', '', 'en', 'UTC',"
            " false, false, true, false, 1 FROM generate_series(1, 50000) n"
        )
        cursor.execute(
            "INSERT INTO accounts_follow (follower_id, followee_id, status, notify, created_at)"
            " SELECT id, %s, 'active', false, now() FROM accounts_user WHERE username LIKE 'crowd_%%'",
            [ada.pk],
        )
    assert 50 <= len(fanout.ranges(plant(ada))) <= 60


# --- merged on read ----------------------------------------------------------------------------------------


def test_followers_read_what_nobody_wrote_to_them(star, ben):
    before = [publish(star) for _ in range(2)]
    drain()
    enter(star)
    during = [publish(star) for _ in range(3)]
    drain()
    fan = star.fans[0]
    assert ids_at_home(fan) == head_of(viewer=fan) == pks(before + during)
    assert stored_of(fan) == {post.pk for post in before}
    assert ids_at_home(ben) == []
    assert invariants.missing_from_warm(10) == invariants.missing_from_stored(10) == 0
    assert invariants.wrong_merges(10) == 0


def test_a_new_post_is_seen_when_the_seconds_of_a_process_are_over(star):
    enter(star)
    fan = star.fans[0]
    ids_at_home(fan)
    post = publish(star)
    assert ids_at_home(fan) == []  # as long as the fan-out has not run
    drain()
    assert ids_at_home(fan) == [post.pk]
    delete_post(post=post, actor=star)
    assert ids_at_home(fan) == []
    drain()
    look_again()
    assert candidates.Candidates(fan.pk, before=None).next(5) == []


def test_following_and_unfollowing_show_at_once_and_after(star, ben):
    enter(star)
    posts = [publish(star) for _ in range(3)]
    drain()
    assert ids_at_home(ben) == []
    people.follow_user(follower=ben, followee=star)
    drain()
    assert ids_at_home(ben) == pks(posts)
    late = publish(star)
    drain()
    assert ids_at_home(ben) == pks([*posts, late])
    people.unfollow_user(follower=ben, followee=star)
    assert ids_at_home(ben) == []
    drain()
    assert ids_at_home(ben) == []
    people.follow_user(follower=ben, followee=star)
    drain()
    assert ids_at_home(ben) == pks([*posts, late])
    people.block_user(blocker=star, blocked=ben)
    assert ids_at_home(ben) == []


def test_audiences_stay_what_they_are(star):
    enter(star)
    fan = star.fans[0]
    follows(star, fan)
    public, friends = publish(star), publish(star, audience="friends")
    publish(star, audience="private")
    drain()
    assert ids_at_home(fan) == pks([public, friends])
    assert ids_at_home(star.fans[1]) == [public.pk]
    assert len(ids_at_home(star)) == 3


def test_whoever_is_away_and_returns_reads_them_too(star):
    fan = star.fans[0]
    enter(star)
    Activity.objects.filter(pk=fan.pk).update(state="idle")
    posts = [publish(star) for _ in range(3)]
    drain()
    assert ids_at_home(fan, size=2) == pks(posts)
    drain()
    assert ids_at_home(fan, size=2) == pks(posts)
    assert home_page(viewer=fan).cache == "hit"


@pytest.mark.parametrize("way", ["warm", "cold", "no Redis"])
def test_every_seam_is_exact(star, ben, monkeypatch, way):
    """Of two sources and two others, with all lists so short that a page crosses several ends."""
    monkeypatch.setattr(sources, "LENGTH", 7)
    monkeypatch.setattr(timelines, "MAX_LENGTH", 6)
    monkeypatch.setattr(stored, "DEPTH", 9)
    others, authors, seed = [person("other_0"), person("other_1")], [star, person("second")], random.Random(4)
    for fan in star.fans:
        follows(fan, authors[1])
    for author in (*others, *authors):
        plant_many(author, 3)
    for _ in range(60):
        plant(seed.choice([*others, *authors]))
    for author in (*others, *authors):
        people.follow_user(follower=ben, followee=author)
    drain()
    assert sources.review().entered == 2
    PullSource.objects.update(entered_at=LONG_AGO)
    forget_copies()
    for _ in range(60):
        publish(seed.choice([*others, *authors]))
    drain()
    look_again()
    expected = invariants.expected_walk(ben)
    assert len(expected) == 132
    for size in (1, 3, 4, 20):
        if way == "cold":
            timelines.drop(ben.pk)
        if way == "no Redis":
            redis.breaker._breaker.open()
        assert ids_at_home(ben, size=size, pages=500) == expected
    redis.breaker.close()
    assert invariants.wrong_merges(10) == 0


# --- leaving -----------------------------------------------------------------------------------------------


def leave(author) -> None:
    lose_followers(author, 2)
    assert sources.review().leaving == 1


def test_what_was_said_while_merged_is_delivered_when_the_author_leaves(star, ben, monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK", 1)
    before = publish(star)
    drain()
    enter(star)
    during = [publish(star) for _ in range(3)]
    drain()
    fan, idle_fan = star.fans[2:]
    expected = pks([before, *during])
    assert ids_at_home(fan) == expected
    Activity.objects.filter(pk=idle_fan.pk).update(state="idle")
    leave(star)
    late = publish(star)
    assert ids_at_home(fan) == expected
    assert sources.review().left == 0  # a piece is owed
    drain()
    assert stored_of(fan) == {late.pk, *expected}
    assert stored_of(idle_fan) == {before.pk}
    PullSource.objects.update(leaving_at=LONG_AGO)
    assert sources.review().left == 1
    forget_copies()
    assert ids_at_home(fan) == ids_at_home(idle_fan) == [late.pk, *expected]
    assert invariants.missing_from_warm(10) == invariants.missing_from_stored(10) == 0


def test_from_the_moment_of_leaving_fan_out_serves_everybody_again(star):
    enter(star)
    leave(star)
    drain()
    late = publish(star)
    drain()
    assert PullSource.objects.exists()
    assert stored_of(star.fans[3]) == {late.pk}


def test_a_row_stays_as_long_as_a_piece_is_open_or_dead_and_the_grace_lasts(star):
    enter(star)
    publish(star)
    drain()
    leave(star)
    drain()
    assert sources.review().left == 0
    PullSource.objects.update(leaving_at=LONG_AGO)
    for state in (Delivery.State.OPEN, Delivery.State.DEAD):
        Delivery.objects.filter(handler="feeds.deliver_era_chunk").update(state=state)
        assert sources.review().left == 0
    Delivery.objects.filter(handler="feeds.deliver_era_chunk").update(state=Delivery.State.DONE)
    assert sources.review().left == 1


def test_of_many_posts_the_newest_are_stored_and_floors_rise(star, monkeypatch):
    monkeypatch.setattr(fanout, "ERA_DEPTH", 4)
    enter(star)
    posts = [publish(star) for _ in range(7)]
    drain()
    leave(star)
    drain()
    fan = star.fans[3]
    assert StoredFloor.objects.get(pk=fan.pk).floor == pks(posts)[4]
    PullSource.objects.all().delete()
    forget_copies()
    for _ in range(2):
        assert ids_at_home(fan, size=2) == pks(posts)
        timelines.drop(fan.pk)


def test_everything_twice_changes_nothing(star):
    from feeds.handlers import deliver_eras

    enter(star)
    posts = [publish(star) for _ in range(3)]
    drain()
    leave(star)
    for _ in range(2):
        drain()
        deliver_eras(
            [SourceLeft(id=Delivery.objects.get(handler="feeds.deliver_eras").event_id, author_id=star.pk)]
        )
        Delivery.objects.filter(handler="feeds.deliver_era_chunk").update(state=0, leased_until=LONG_AGO)
        drain()
        assert ids_at_home(star.fans[3]) == pks(posts)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(TIMES))
def test_entering_and_leaving_while_people_publish_read_and_follow_loses_nothing(
    round_, settings, monkeypatch
):
    monkeypatch.setattr(sources, "GRACE_SECONDS", 0)
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 0)
    monkeypatch.setattr(fanout, "CHUNK", 1)
    ada, ben, cleo = person("ada"), person("ben"), person("cleo")
    fans = [person() for _ in range(2)]
    for fan in fans:
        follows(fan, ada)
        follows(fan, cleo)

    def change():
        for least in (1, 100, 100, 1, 100):
            settings.TIER_PULL = least
            sources.review()
            sources._ALL.surely_drop("all")

    def write(author):
        for _ in range(6):
            publish(author)

    def read():
        for _ in range(6):
            for fan in fans:
                ids = ids_at_home(fan, size=3)
                assert ids == sorted(set(ids), reverse=True)

    at_once(
        change,
        lambda: write(ada),
        lambda: write(cleo),
        read,
        lambda: people.follow_user(follower=ben, followee=ada),
        work,
        work,
    )
    settings.TIER_PULL = 100
    for _ in range(3):
        settle()
        sources.review()
        forget_copies()
        sources._recent.clear()
        for reader in (*fans, ben):
            assert invariants.walked(reader) == invariants.expected_walk(reader)
    assert not PullSource.objects.exists()
    with suppress(redis.RedisAway):
        assert broken() == []


# --- what it costs -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("redis_has_it", [True, False])
def test_ten_thousand_at_once_load_a_list_once_per_process_and_window(star, monkeypatch, redis_has_it):
    enter(star)
    posts = [publish(star) for _ in range(3)]
    drain()
    pull = sources.everywhere()
    sources.posts_of([star.pk], pull, before=None, count=20)
    if not redis_has_it:
        redis._client().flushall()
    sources._recent.clear()
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    loads, asked, seen = [], [], []
    load, get_many = sources._load, sources.CachePolicy.get_many
    monkeypatch.setattr(sources, "_load", lambda keys: loads.append(keys) or load(keys))
    monkeypatch.setattr(
        sources.CachePolicy, "get_many", lambda self, idents: asked.append(self) or get_many(self, idents)
    )

    def refresh():
        for _ in range(625):
            seen.append(sources.posts_of([star.pk], pull, before=None, count=20))
        connections.close_all()

    at_once(*[refresh] * 16)
    assert (len(seen), len(loads), len(asked)) == (10_000, 1, 1)
    assert all(ids == pks(posts) for ids in seen)


def test_a_home_without_pull_sources_costs_nothing_more(
    star, ben, cleo, monkeypatch, django_assert_num_queries
):
    """Neither when there are none, nor when there are and this person follows none of them."""
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    follows(ben, cleo)
    for _ in range(3):
        publish(cleo)
    drain()
    trips = []
    kind = redis._client().connection_pool.connection_class
    send = kind.send_packed_command
    costs = []
    for is_entered in (False, True):
        if is_entered:
            enter(star)
        home_page(viewer=ben)
        home_page(viewer=ben)
        trips.clear()
        with monkeypatch.context() as patch:
            patch.setattr(
                kind,
                "send_packed_command",
                lambda self, data, **kw: trips.append(data) or send(self, data, **kw),
            )
            with django_assert_num_queries(1):
                home_page(viewer=ben)
        costs.append(len(trips))
    assert costs == [2, 2]


def test_a_home_with_them_costs_no_query_more_either(star, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    enter(star)
    for _ in range(30):
        publish(star)
    drain()
    fan = star.fans[0]
    home_page(viewer=fan)
    with django_assert_num_queries(1):
        assert len(home_page(viewer=fan).items) == 20


# --- what it tells -----------------------------------------------------------------------------------------


def test_followers_who_are_online_hear_of_it_and_nobody_else(star, ben, monkeypatch):
    messages = []
    monkeypatch.setattr(realtime, "publish_many", lambda sent: messages.extend(sent))
    enter(star)
    realtime.mark_online([star.fans[1].pk, star.pk, ben.pk])
    post = publish(star)
    drain()
    assert sorted(group for group, _message in messages) == sorted(
        fanout.feed_group(user.pk) for user in (star, star.fans[1])
    )
    assert {message["data"]["newest_id"] for _group, message in messages} == {str(post.pk)}
    messages.clear()
    publish(star, audience="private")
    drain()
    assert [group for group, _message in messages] == [fanout.feed_group(star.pk)]


# --- the admin ---------------------------------------------------------------------------------------------


def test_staff_sees_who_is_merged_on_read(star, mod):
    enter(star)
    mod.is_superuser = True
    mod.save(update_fields=["is_superuser"])
    page = page_of(mod).get("/admin/feeds/pullsource/").content.decode()
    assert "ada" in page and "4" in page

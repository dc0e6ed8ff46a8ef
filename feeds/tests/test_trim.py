"""Stored timelines stay short: the newest entries are kept, and home reads the same before, during and after."""

import threading
from contextlib import closing

import pytest
from django.db import connection, connections

from accounts.models import PersonCounts
from accounts.tests.factories import follows, person
from conftest import _as_owner as as_owner
from feeds import stored, timelines, upkeep
from feeds.actions import delete_post
from feeds.invariants import expected_walk, walked
from feeds.models import FeedEntry, Post, StoredFloor
from feeds.tests.factories import ids_at_home, plant_many, publish
from feeds.tests.test_indexes import plans_of
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
KEPT = 10


@pytest.fixture(autouse=True)
def short(settings, monkeypatch):
    settings.FEED_ENTRIES_KEPT = KEPT
    monkeypatch.setattr(timelines, "MAX_LENGTH", 4)


def stored_of(user) -> list[int]:
    rows = FeedEntry.objects.filter(user_id=user.pk).order_by("-post_id")
    return list(rows.values_list("post_id", flat=True))


@pytest.fixture
def long_home(ada, ben):
    """Ben's, of thirty posts, none of which a follow brought."""
    follows(ben, ada)
    posts = [publish(ada) for _ in range(3 * KEPT)]
    drain()
    ben.ids = [post.pk for post in reversed(posts)]
    return ben


@pytest.mark.parametrize("many", [1, KEPT - 1, KEPT, KEPT + 1, 3 * KEPT])
def test_the_newest_stay_and_the_floor_says_so(ada, ben, many):
    follows(ben, ada)
    ids = [publish(ada).pk for _ in range(many)][::-1]
    drain()
    assert stored.trim([ben.pk]) == max(0, many - KEPT)
    assert stored_of(ben) == ids[:KEPT]
    assert stored.floor_of(ben.pk) == (ids[KEPT] if many > KEPT else 0)
    assert ids_at_home(ben, size=3) == ids


def test_home_reads_the_same_warm_cold_and_without_redis(long_home):
    assert ids_at_home(long_home, size=3) == long_home.ids
    assert upkeep.trim_stored_timelines() == 4 * KEPT  # ben's and ada's own
    for _ in range(2):
        assert ids_at_home(long_home, size=3) == long_home.ids
        timelines.drop(long_home.pk)
    redis.breaker._breaker.open()
    assert ids_at_home(long_home, size=3) == long_home.ids
    redis.breaker.close()
    assert upkeep.trim_stored_timelines() == 0


def test_what_lies_below_a_floor_goes_too_and_no_floor_falls(ada, long_home):
    StoredFloor.objects.create(user_id=long_home.pk, floor=long_home.ids[4])
    assert stored.trim([long_home.pk]) == 3 * KEPT - 4
    assert stored.floor_of(long_home.pk) == long_home.ids[4]
    assert ids_at_home(long_home, size=3) == long_home.ids


def test_a_follow_after_a_trimming_leaves_no_gap(cleo, long_home):
    """Its posts lie below the new floor: they come from where all posts are."""
    early = plant_many(cleo, 3)
    stored.trim([long_home.pk])
    follows(long_home, cleo)
    stored.backfill(long_home.pk, author_id=cleo.pk)
    timelines.drop(long_home.pk)
    assert ids_at_home(long_home, size=3) == [*long_home.ids, *(post.pk for post in reversed(early))]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whoever_reads_while_it_is_trimmed_misses_nothing(settings):
    """A reader between the raising of the floor and the deletion would; both are one statement, and so is the read."""
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    FeedEntry.objects.bulk_create(
        FeedEntry(user_id=ben.pk, post_id=post.pk, author_id=ada.pk) for post in plant_many(ada, 300)
    )
    expected = expected_walk(ben)
    redis.breaker._breaker.open()  # every page is read from what is trimmed
    wrong, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            seen = walked(ben)
            if seen != expected:
                wrong.append(len(seen))
        connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for kept in range(290, 0, -5):
            settings.FEED_ENTRIES_KEPT = kept
            stored.trim([ben.pk])
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    assert len(stored_of(ben)) == 5
    assert walked(ben) == expected


# --- deleted posts -----------------------------------------------------------------------------------------


def test_deleted_posts_leave_all_stored_timelines_though_nobody_looks(
    ada, ben, cleo, django_assert_num_queries
):
    follows(ben, ada)
    follows(cleo, ada)
    gone, kept = publish(ada), publish(ada)
    drain()
    delete_post(post=gone, actor=ada)
    drain()
    with django_assert_num_queries(2):
        assert upkeep.sweep_deleted_entries() == 3
    for user in (ada, ben, cleo):
        assert stored_of(user) == [kept.pk]
    assert upkeep.sweep_deleted_entries() == 0


def test_what_is_not_deleted_or_was_long_ago_stays(ada, ben):
    follows(ben, ada)
    post, long_ago = publish(ada), publish(ada)
    drain()
    Post.objects.filter(pk=long_ago.pk).update(deleted_at="2020-01-01T00:00Z")
    assert upkeep.sweep_deleted_entries() == 0
    assert stored.sweep([post.pk]) == 0
    assert stored_of(ben) == [long_ago.pk, post.pk]


@pytest.mark.django_db(transaction=True)
def test_trimming_and_sweeping_go_by_the_key(ada):
    readers = [person() for _ in range(300)]
    posts = plant_many(ada, 40)
    for reader in readers:
        follows(reader, ada)
    stored.fill([reader.pk for reader in readers])
    assert PersonCounts.objects.get(pk=ada.pk).followers == 300
    with closing(as_owner(connection.settings_dict["NAME"])) as owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE")
    for job in (lambda: stored.trim([readers[0].pk]), lambda: stored.sweep([posts[0].pk])):
        plan = plans_of(job)
        assert "feeds_feedentry_pkey" in plan and "Seq Scan on feeds_feedentry" not in plan, plan

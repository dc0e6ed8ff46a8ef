"""The walk down a home: warm list, stored list, lateral join; and the seams between them."""

from threading import Thread

import pytest
from django.db import connection, transaction

from accounts import actions as people
from accounts.tests.factories import follows, person
from feeds import candidates, stored, timelines
from feeds.actions import delete_post
from feeds.candidates import Candidates
from feeds.models import FeedEntry, Post, StoredFloor
from feeds.tests.factories import ids_at_home, plant, plant_many, publish
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
DEPTH, MAX_LENGTH = 12, 5


@pytest.fixture(autouse=True)
def shallow(monkeypatch):
    """Lists so short that a test can walk past their ends."""
    monkeypatch.setattr(stored, "DEPTH", DEPTH)
    monkeypatch.setattr(timelines, "MAX_LENGTH", MAX_LENGTH)


def newest_first(*posts: Post) -> list[int]:
    return sorted((post.pk for post in posts), reverse=True)


def follow(follower, followee):
    people.follow_user(follower=follower, followee=followee)
    drain()


def walk(user, *, step: int) -> list[int]:
    road, ids = Candidates(user.pk, before=None), []
    while part := road.next(step):
        ids += part
    return ids


# --- the seam between stored timeline and lateral join -----------------------------------------------------


@pytest.fixture(params=["short warm list", "long warm list", "no Redis"])
def any_way(request, monkeypatch):
    """The stored list ends below the warm one, above its end, or is the first that is asked."""
    if request.param == "long warm list":
        monkeypatch.setattr(timelines, "MAX_LENGTH", 10 * DEPTH)
    return request.param


def read_all(user, way: str) -> list[int]:
    if way == "no Redis":
        redis.breaker._breaker.open()
    try:
        return ids_at_home(user, size=4)
    finally:
        redis.breaker.close()


@pytest.mark.parametrize("many", [1, DEPTH - 1, DEPTH, DEPTH + 1, 3 * DEPTH])
def test_the_home_of_a_new_follower_reaches_the_oldest_post(ada, ben, many, any_way):
    posts = plant_many(ada, many)
    follow(ben, ada)
    assert read_all(ben, any_way) == newest_first(*posts)


def test_deleted_posts_do_not_make_the_feed_end_early(ada, ben, any_way):
    """What leaves the stored list when its owner meets it must not make the list look complete."""
    posts = plant_many(ada, 2 * DEPTH)
    follow(ben, ada)
    for post in posts[-4:]:
        delete_post(post=post, actor=ada)
    for _ in range(2):
        timelines.drop(ben.pk)
        assert read_all(ben, any_way) == newest_first(*posts[:-4])


def test_older_posts_of_a_second_person_do_not_hide_those_that_no_follow_brought_in(ada, ben, cleo, any_way):
    """Ada's posts beyond the depth lie between Cleo's: the stored list is longer than it is deep."""
    early = plant_many(cleo, 3)
    posts = plant_many(ada, DEPTH + 4)
    follow(ben, cleo)
    follow(ben, ada)
    for post in posts[-3:]:
        delete_post(post=post, actor=ada)
    for _ in range(2):
        timelines.drop(ben.pk)
        assert read_all(ben, any_way) == newest_first(*early, *posts[:-3])


def test_the_floor_rises_with_a_deep_follow_and_never_falls(ada, ben, cleo):
    deep = plant_many(ada, DEPTH + 1)
    plant_many(cleo, 2)
    assert stored.floor_of(ben.pk) == 0
    follow(ben, cleo)
    assert stored.floor_of(ben.pk) == 0
    follow(ben, ada)
    assert stored.floor_of(ben.pk) == deep[0].pk
    people.unfollow_user(follower=ben, followee=ada)
    drain()
    assert StoredFloor.objects.get(pk=ben.pk).floor == deep[0].pk
    assert len(ids_at_home(ben)) == 2


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 50])
def test_a_walk_in_any_step_meets_each_post_once(ada, ben, cleo, step):
    posts = [post for _ in range(DEPTH) for post in (plant(ada), plant(cleo))]
    follow(ben, ada)
    follow(ben, cleo)
    fresh = [publish(author) for author in (ada, cleo, ben) for _ in range(3)]
    drain()
    expected = newest_first(*posts, *fresh)
    assert walk(ben, step=step) == expected  # cold
    assert walk(ben, step=step) == expected  # warm
    timelines.drop(ben.pk)
    redis.breaker._breaker.open()
    assert walk(ben, step=step) == expected  # without Redis


def test_the_walk_begins_anywhere(ada, ben):
    posts = newest_first(*plant_many(ada, 3 * DEPTH))
    follow(ben, ada)
    walk(ben, step=3)
    for place in range(0, len(posts), 5):
        assert Candidates(ben.pk, before=posts[place]).next(100) == posts[place + 1 :][:100]


def test_below_every_list_the_walk_costs_two_queries_and_their_limits(ada, ben, django_assert_num_queries):
    posts = newest_first(*plant_many(ada, 3 * DEPTH))
    follow(ben, ada)
    walk(ben, step=3)
    with django_assert_num_queries(
        2 * 4
    ):  # where the stored list ends, and the join: each in a transaction with a limit
        assert Candidates(ben.pk, before=posts[DEPTH + 2]).next(5) == posts[DEPTH + 3 : DEPTH + 8]


def test_below_the_warm_list_the_stored_one_is_read_not_the_posts_of_everybody(ada, ben, monkeypatch):
    posts = newest_first(*plant_many(ada, 2 * MAX_LENGTH))
    follow(ben, ada)
    walk(ben, step=3)
    monkeypatch.setattr(stored, "followed_posts", lambda *args, **others: pytest.fail("the join was asked"))
    assert walk(ben, step=3) == posts


# --- rebuilding --------------------------------------------------------------------------------------------


def test_a_cold_timeline_is_rebuilt_and_the_next_walk_is_warm(ada, ben):
    posts = plant_many(ada, 3)
    follow(ben, ada)
    cold, warm = Candidates(ben.pk, before=None), Candidates(ben.pk, before=None)
    assert cold.next(10) == warm.next(10) == newest_first(*posts)
    assert (cold.tier, cold.cache) == (1, "rebuild")
    assert (warm.tier, warm.cache) == (1, "hit")


def test_a_warm_walk_asks_postgresql_nothing(ada, ben, django_assert_num_queries):
    plant_many(ada, MAX_LENGTH + 3)
    follow(ben, ada)
    walk(ben, step=10)
    with django_assert_num_queries(0):
        assert len(Candidates(ben.pk, before=None).next(MAX_LENGTH)) == MAX_LENGTH


def test_what_fan_out_brings_while_a_rebuild_reads_is_not_lost(ada, ben, monkeypatch):
    """The post is stored after the rebuild has read PostgreSQL, and pushed before the rebuild is finished."""
    follows(ben, ada)
    old = publish(ada)
    drain()
    timelines.drop(ben.pk)
    entries, late = stored.entries, []

    def read_then_publish(*args, **kwargs):
        found = entries(*args, **kwargs)
        if not late:
            late.append(publish(ada))
            drain()
        return found

    monkeypatch.setattr(stored, "entries", read_then_publish)
    walk(ben, step=10)
    assert Candidates(ben.pk, before=None).next(10) == newest_first(old, *late)
    assert Candidates(ben.pk, before=None).cache == "hit"


def test_a_rebuild_that_was_overtaken_by_an_unfollow_does_not_stand(ada, ben, monkeypatch):
    follows(ben, ada)
    publish(ada)
    drain()
    timelines.drop(ben.pk)
    entries = stored.entries

    def read_then_unfollow(*args, **kwargs):
        found = entries(*args, **kwargs)
        people.unfollow_user(follower=ben, followee=ada)
        drain()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(stored, "entries", read_then_unfollow)
        candidates.rebuild(ben.pk)
    assert timelines.read(ben.pk, before=None, count=10) is None
    assert walk(ben, step=10) == []


def test_of_two_rebuilds_at_once_the_later_stands(ada, ben):
    follows(ben, ada)
    post = publish(ada)
    drain()
    timelines.drop(ben.pk)
    first = timelines.begin_rebuild(ben.pk)
    second = timelines.begin_rebuild(ben.pk)
    assert not timelines.finish_rebuild(ben.pk, token=first, ids=[], floor=0)
    assert timelines.read(ben.pk, before=None, count=10) is None
    assert timelines.finish_rebuild(ben.pk, token=second, ids=[post.pk], floor=0)
    assert timelines.read(ben.pk, before=None, count=10).ids == [post.pk]


def test_flushing_redis_in_mid_rebuild_leaves_the_timeline_cold_not_thin(ada, ben):
    follows(ben, ada)
    post = publish(ada)
    drain()
    token = timelines.begin_rebuild(ben.pk)
    with redis.door() as client:
        client.flushall()
    assert not timelines.finish_rebuild(ben.pk, token=token, ids=[post.pk], floor=0)
    assert walk(ben, step=10) == [post.pk]


# --- without Redis -----------------------------------------------------------------------------------------


def test_without_redis_the_walk_goes_on_in_postgresql_and_says_so(ada, ben):
    posts = plant_many(ada, 3 * DEPTH)
    follow(ben, ada)
    redis.breaker._breaker.open()
    road = Candidates(ben.pk, before=None)
    assert road.next(50) == newest_first(*posts)
    assert (road.tier, road.cache) == (2, "miss")


def test_redis_may_leave_in_the_middle_of_a_walk(ada, ben):
    posts = newest_first(*plant_many(ada, 2 * DEPTH))
    follow(ben, ada)
    walk(ben, step=3)
    road = Candidates(ben.pk, before=None)
    ids = road.next(3)
    redis.breaker._breaker.open()
    while part := road.next(3):
        ids += part
    assert ids == posts
    assert road.tier == 2


# --- what a follow brings and an unfollow takes ------------------------------------------------------------


def test_a_follow_brings_what_the_follower_may_have(ada, ben):
    public, followers = plant(ada), plant(ada, visibility="followers")
    friends, _private = plant(ada, visibility="friends"), plant(ada, visibility="private")
    hidden = plant(ada, hidden_at="2026-01-01T00:00Z")  # a moderator may show it again
    follow(ben, ada)
    assert stored_of(ben) == {public.pk, followers.pk, hidden.pk}
    follow(ada, ben)  # now they are friends
    assert stored_of(ben) == {public.pk, followers.pk, friends.pk, hidden.pk}


def test_an_asked_follow_brings_nothing_until_it_is_accepted(ada, ben):
    people.set_privacy(user=ada, is_private=True)
    post = plant(ada)
    follow(ben, ada)
    assert stored_of(ben) == set()
    people.accept_follow_request(followee=ada, follower=ben)
    drain()
    assert stored_of(ben) == {post.pk}
    assert ids_at_home(ben) == [post.pk]


def test_backfill_and_clear_look_at_what_is_true_now(ada, ben):
    """The events come late and out of order: the follow has ended already, or has begun again."""
    plant(ada)
    assert stored.backfill(ben.pk, author_id=ada.pk) == 0
    follows(ben, ada)
    assert stored.backfill(ben.pk, author_id=ada.pk) == 1
    assert stored.backfill(ben.pk, author_id=ada.pk) == 0
    assert stored.clear(ben.pk, author_id=ada.pk) == 0


@pytest.mark.django_db(transaction=True)
def test_a_clearing_that_is_overtaken_by_a_new_follow_does_not_take_its_posts(ada, ben):
    """Unfollowed and followed again at once, while a row of the old list makes the clearing wait."""
    posts = plant_many(ada, 3)
    follow(ben, ada)
    people.unfollow_user(follower=ben, followee=ada)
    with transaction.atomic():
        list(FeedEntry.objects.select_for_update().filter(user_id=ben.pk))
        clearing = in_thread(lambda: stored.clear(ben.pk, author_id=ada.pk))
        in_thread(lambda: people.follow_user(follower=ben, followee=ada)).join()
        filling = in_thread(lambda: stored.backfill(ben.pk, author_id=ada.pk))
    clearing.join()
    filling.join()
    assert stored_of(ben) == {post.pk for post in posts}


def in_thread(act) -> Thread:
    """Started, and given the time to do what it can."""

    def run():
        act()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(0.5)
    return thread


def test_an_unfollow_takes_only_that_person_away(ada, ben, cleo):
    plant(ada)
    kept = plant(cleo)
    follow(ben, ada)
    follow(ben, cleo)
    people.unfollow_user(follower=ben, followee=ada)
    drain()
    assert stored_of(ben) == {kept.pk}


def test_a_new_follower_does_not_make_the_followed_persons_home_cold(ada, ben):
    """Somebody whom thousands follow in an hour would have a cold home all day."""
    publish(ada)
    walk(ada, step=10)
    follow(ben, ada)
    assert timelines.read(ada.pk, before=None, count=10) is not None


def test_a_repeated_follow_makes_the_home_cold_again_though_nothing_was_missing(ada, ben):
    """The first attempt may have stored the posts and then not reached Redis."""
    follows(ben, ada)
    plant(ada)
    walk(ben, step=10)
    stored.backfill(ben.pk, author_id=ada.pk)
    from accounts.events import UserFollowed
    from feeds.handlers import fill_homes

    fill_homes([UserFollowed(follower_id=ben.pk, followee_id=ada.pk)])
    assert len(walk(ben, step=10)) == 1


def test_what_a_fan_out_stored_while_a_follow_ended_leaves_when_its_owner_meets_it(ada, ben):
    post = plant(ada)
    FeedEntry.objects.create(user_id=ben.pk, post_id=post.pk, author_id=ada.pk)
    assert ids_at_home(ben) == []
    assert stored_of(ben) == set()
    assert walk(ben, step=10) == []


def test_deleted_posts_leave_both_lists_when_their_owner_meets_them(ada, ben):
    follows(ben, ada)
    gone, kept = publish(ada), publish(ada)
    drain()
    walk(ben, step=10)
    Post.objects.filter(pk=gone.pk).update(deleted_at="2026-01-01T00:00Z")
    assert ids_at_home(ben) == [kept.pk]
    assert stored_of(ben) == {kept.pk}
    assert timelines.read(ben.pk, before=None, count=10).ids == [kept.pk]


def stored_of(user) -> set[int]:
    return set(FeedEntry.objects.filter(user_id=user.pk).values_list("post_id", flat=True))


def test_people_of_one_bucket_do_not_meet(ada):
    """Ids that share a bucket share a slot of a cluster, not a timeline."""
    twin = person("twin", id=ada.pk + timelines.BUCKETS)
    post = publish(ada)
    walk(twin, step=5)
    assert walk(ada, step=5) == [post.pk]
    assert walk(twin, step=5) == []

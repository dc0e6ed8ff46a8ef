"""Home: what arrives, what leaves, what it costs, and that it reads the same whatever happens to Redis."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import Mute, User
from accounts.tests.factories import follows, person
from feeds import selectors, sources
from feeds.actions import delete_post
from feeds.models import FeedEntry
from feeds.selectors import head_of, home_page, profile_posts
from feeds.tests.factories import ids_at_home, pages_of, plant_many, publish
from socialnet.kernel import redis
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def top_of(viewer: User) -> list[int]:
    return [item.id for item in home_page(viewer=viewer).items]


# --- what arrives and what leaves --------------------------------------------------------------------------


def test_a_post_reaches_the_followers_and_nobody_else(ada, ben, cleo):
    follows(ben, ada)
    follows(cleo, ada, pending=True)
    post = publish(ada)
    drain()
    assert top_of(ben) == [post.pk]
    assert top_of(cleo) == []


def test_my_own_post_is_at_my_home_at_once_warm_or_cold(ada):
    first = publish(ada)
    assert top_of(ada) == [first.pk]
    second = publish(ada, audience="private")
    assert top_of(ada) == [second.pk, first.pk]


def test_a_delivered_post_appears_on_a_warm_home_without_a_rebuild(ada, ben):
    follows(ben, ada)
    assert top_of(ben) == []
    post = publish(ada)
    drain()
    page = home_page(viewer=ben)
    assert [item.id for item in page.items] == [post.pk]
    assert (page.tier, page.cache) == (1, "hit")


def test_every_item_says_why_it_is_there(ada, ben):
    follows(ben, ada)
    publish(ada)
    publish(ben)
    drain()
    assert [(item.reason.kind, item.is_mine) for item in home_page(viewer=ben).items] == [
        ("you", True),
        ("followed", False),
    ]


def test_a_follow_fills_the_home_and_an_unfollow_clears_it(ada, ben):
    posts = [publish(ada) for _ in range(3)]
    drain()
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert top_of(ben) == [post.pk for post in reversed(posts)]
    people.unfollow_user(follower=ben, followee=ada)
    assert top_of(ben) == []
    drain()
    assert not FeedEntry.objects.filter(user_id=ben.pk).exists()


def test_becoming_friends_brings_friends_posts_both_ways(ada, ben):
    by_ada, by_ben = publish(ada, audience="friends"), publish(ben, audience="friends")
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert top_of(ben) == [by_ben.pk]
    people.follow_user(follower=ada, followee=ben)
    drain()
    assert top_of(ben) == top_of(ada) == [by_ben.pk, by_ada.pk]


def test_a_block_empties_both_homes_of_each_other(ada, ben):
    follows(ben, ada)
    follows(ada, ben)
    by_ada, by_ben = publish(ada), publish(ben)
    drain()
    people.block_user(blocker=ada, blocked=ben)
    for _ in range(2):
        assert (top_of(ada), top_of(ben)) == ([by_ada.pk], [by_ben.pk])
        drain()
    people.unblock_user(blocker=ada, blocked=ben)
    drain()
    assert (top_of(ada), top_of(ben)) == ([by_ada.pk], [by_ben.pk])


def test_a_mute_hides_and_its_end_brings_back(ada, ben):
    follows(ben, ada)
    post = publish(ada)
    drain()
    assert top_of(ben) == [post.pk]
    people.mute_user(muter=ben, muted=ada)
    assert top_of(ben) == []
    Mute.objects.update(until="2020-01-01T00:00Z")
    assert top_of(ben) == [post.pk]
    people.unmute_user(muter=ben, muted=ada)
    assert top_of(ben) == [post.pk]


def test_a_deleted_post_leaves_at_once_and_pages_stay_full(ada, ben):
    follows(ben, ada)
    posts = [publish(ada) for _ in range(30)]
    drain()
    top_of(ben)
    for post in posts[10:]:
        delete_post(post=post, actor=ada)
    page = home_page(viewer=ben, size=5)
    assert [item.id for item in page.items] == [post.pk for post in reversed(posts[5:10])]
    assert page.next_cursor is not None


def test_a_page_behind_two_hundred_muted_posts_is_full(ada, ben, cleo):
    kept = plant_many(cleo, 5)
    plant_many(ada, 400)
    for author in (ada, cleo):
        people.follow_user(follower=ben, followee=author)
    drain()
    people.mute_user(muter=ben, muted=ada)
    assert top_of(ben) == [post.pk for post in reversed(kept)]


def test_a_private_accounts_posts_reach_accepted_followers_only(ada, ben, cleo):
    people.set_privacy(user=ada, is_private=True)
    people.follow_user(follower=ben, followee=ada)
    people.follow_user(follower=cleo, followee=ada)
    people.accept_follow_request(followee=ada, follower=ben)
    post = publish(ada)
    drain()
    assert top_of(ben) == [post.pk]
    assert top_of(cleo) == []
    people.set_privacy(user=ada, is_private=False)
    drain()
    assert top_of(cleo) == [post.pk]


def test_the_head_is_the_top_of_home(ada, ben):
    follows(ben, ada)
    for _ in range(25):
        publish(ada)
    drain()
    assert head_of(viewer=ben) == top_of(ben)
    assert len(head_of(viewer=ben)) == selectors.HEAD_SIZE


def test_an_empty_home_is_one_empty_page(ada):
    page = home_page(viewer=ada)
    assert (page.items, page.next_cursor) == ([], None)


@pytest.mark.parametrize("many", [19, 20, 21, 40, 41])
def test_the_last_page_says_that_it_is_the_last(ada, many):
    for _ in range(many):
        publish(ada)
    pages = pages_of(ada)
    assert [len(page.items) for page in pages] == [20] * (many // 20) + [many % 20] * (many % 20 > 0)


# --- whatever happens to Redis -----------------------------------------------------------------------------


@pytest.fixture
def busy_home(ada, ben, cleo) -> User:
    """Ben's home of three people, warm."""
    for author in (ada, cleo):
        plant_many(author, 30)
        people.follow_user(follower=ben, followee=author)
    for _ in range(5):
        for author in (ada, ben, cleo):
            publish(author)
    drain()
    ids_at_home(ben)
    return ben


def test_after_flushall_every_page_reads_the_same(busy_home):
    before = ids_at_home(busy_home)
    with redis.door() as client:
        client.flushall()
    assert ids_at_home(busy_home) == before
    assert home_page(viewer=busy_home).cache == "hit"


def test_without_redis_every_page_reads_the_same_by_tier_two(busy_home, redis_process):
    before = ids_at_home(busy_home)
    redis_process.stop()
    try:
        pages = pages_of(busy_home)
        assert [item.id for page in pages for item in page.items] == before
        assert {page.tier for page in pages} == {2}
        assert redis.breaker.is_open
        assert pages[0].items[0].author.username
    finally:
        redis_process.start()
    redis.breaker.close()
    assert ids_at_home(busy_home) == before
    assert home_page(viewer=busy_home).tier == 1


def test_with_redis_away_posting_goes_on_and_arrives_when_it_is_back(ada, ben, redis_process):
    follows(ben, ada)
    assert top_of(ben) == []
    redis_process.stop()
    try:
        post = publish(ada)
        assert top_of(ada) == [post.pk]
        drain(allow_failures=True)
        assert top_of(ben) == [post.pk]
    finally:
        redis_process.start()
    redis.breaker.close()
    Delivery.objects.update(leased_until="2020-01-01T00:00Z")
    drain()
    assert top_of(ben) == [post.pk]


# --- what it costs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("authors", "posts"), [(1, 1), (1, 20), (10, 30)])
def test_a_warm_page_costs_one_query_for_one_post_and_for_twenty(
    ben, django_assert_num_queries, authors, posts
):
    followed = [person() for _ in range(authors)]
    for author in followed:
        follows(ben, author)
    for number in range(posts):
        publish(followed[number % authors])
    drain()
    top_of(ben)
    with django_assert_num_queries(1):  # the facts of the page
        assert len(top_of(ben)) == min(20, posts)


def test_a_warm_page_costs_three_round_trips_to_redis(ada, ben, monkeypatch):
    """The timeline; that the relations are kept (now and then); cards, counts and authors together."""
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    follows(ben, ada)
    for _ in range(25):
        publish(ada)
    drain()
    top_of(ben)
    trips = []
    send = redis._client().connection_pool.connection_class.send_packed_command
    monkeypatch.setattr(
        redis._client().connection_pool.connection_class,
        "send_packed_command",
        lambda self, command, **kwargs: trips.append(command) or send(self, command, **kwargs),
    )
    top_of(ben)
    assert len(trips) == 3
    trips.clear()
    top_of(ben)
    assert len(trips) == 2


def test_a_cold_page_costs_the_same_for_few_posts_and_for_many(ada, ben, monkeypatch):
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    follows(ben, ada)
    costs = []
    for _ in range(2):
        for _ in range(15):
            publish(ada)
        drain()
        with redis.door() as client:
            client.flushall()
        with CaptureQueriesContext(connection) as caught:
            top_of(ben)
        costs.append(len(caught))
    # floor and entries of the rebuild, in a transaction with a limit; the facts; cards, counts and authors; the
    # relations that stand in; now and then which authors are merged on read, and that somebody was here
    assert costs == [11, 9]


@pytest.mark.parametrize("viewer_name", ["ada", "ben"])
def test_a_profile_page_costs_one_query_when_cached(ada, ben, django_assert_num_queries, viewer_name):
    viewer = {"ada": ada, "ben": ben}[viewer_name]
    for _ in range(25):
        publish(ada)
    profile_posts(author=ada, viewer=viewer)
    with django_assert_num_queries(2):  # the ids are not kept for some seconds after a post, and the facts
        profile_posts(author=ada, viewer=viewer)
    with redis.door() as client:
        client.flushall()
    profile_posts(author=ada, viewer=viewer)
    with django_assert_num_queries(1):  # the facts of the page
        assert len(profile_posts(author=ada, viewer=viewer).items) == 20

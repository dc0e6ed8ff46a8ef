"""Cards, counts and author cards: cached apart, in one round trip, and never the truth about who may see them."""

import json

import pytest

from accounts import actions as people
from accounts.models import User
from feeds import cards
from feeds.actions import delete_post
from feeds.cards import CARD, COUNTS, hydrate
from feeds.models import PostCounts
from feeds.selectors import get_visible_item, profile_posts
from feeds.tests.factories import plant, publish
from socialnet.kernel import redis
from socialnet.kernel.cache import State
from socialnet.kernel.redis import RedisAway, door
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts(ada, ben):
    return [publish(author) for author in (ada, ben, ada)]


def hydrated(*posts):
    return hydrate({post.pk: post.author_id for post in posts})


def test_everything_a_page_shows_is_there(posts, ada, ben):
    known = hydrated(*posts)
    assert set(known.cards) == set(known.counts) == {post.pk for post in posts}
    assert set(known.authors) == {ada.pk, ben.pk}
    card = known.cards[posts[0].pk]
    assert (card["id"], card["author_id"], card["content"]) == (posts[0].pk, ada.pk, posts[0].content)
    assert card["created_at"].endswith("Z")


def test_a_second_page_costs_no_query_and_one_round_trip(posts, django_assert_num_queries, monkeypatch):
    with django_assert_num_queries(3):  # cards, counts, authors
        first = hydrated(*posts)
    reads = []
    mget = redis._client().mget
    monkeypatch.setattr(redis._client(), "mget", lambda keys: reads.append(keys) or mget(keys))
    with django_assert_num_queries(0):
        assert hydrated(*posts) == first
    assert len(reads) == 1


def test_only_what_is_missing_is_read(posts, ada, django_assert_num_queries):
    hydrated(posts[0])
    with django_assert_num_queries(3):
        hydrated(*posts)
    late = plant(ada)
    with django_assert_num_queries(2):  # its card and its counts; the author is known
        hydrated(*posts, late)


def test_without_redis_everything_comes_from_postgresql(posts):
    cached = hydrated(*posts)
    redis.breaker._breaker.open()
    assert hydrated(*posts) == cached


def test_nothing_to_hydrate_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert hydrate({}).cards == {}


def test_a_card_holds_nothing_that_depends_on_who_looks(posts):
    hydrated(*posts)
    with door() as client:
        kept = json.loads(client.get(CARD.key(posts[0].pk)))
    assert set(kept) == set(cards.Card.__annotations__)


def test_deleted_and_hidden_posts_have_no_card(ada):
    standing, deleted = plant(ada), plant(ada, deleted_at="2026-01-01T00:00Z")
    hidden = plant(ada, hidden_at="2026-01-01T00:00Z")
    for _ in range(2):
        assert set(hydrated(standing, deleted, hidden).cards) == {standing.pk}


def test_deleting_drops_the_card_at_once_and_a_slow_reader_cannot_put_it_back(ada, posts):
    known = hydrated(*posts)
    delete_post(post=posts[0], actor=ada)
    assert CARD.state(posts[0].pk) is State.DROPPED
    CARD.set_many({posts[0].pk: known.cards[posts[0].pk]})
    assert posts[0].pk not in hydrated(*posts).cards


def test_the_handler_drops_the_card_that_the_action_could_not(ada, posts):
    hydrated(*posts)
    redis.breaker._breaker.open()
    delete_post(post=posts[0], actor=ada)
    redis.breaker.close()
    assert CARD.state(posts[0].pk) is State.KEPT
    drain()
    assert CARD.state(posts[0].pk) is State.DROPPED


def test_a_drop_that_must_be_sure_says_when_it_is_not(posts):
    redis.breaker._breaker.open()
    cards.drop(posts[0].pk)
    with pytest.raises(RedisAway):
        cards.surely_drop(posts[0].pk)


def test_a_new_name_shows_on_old_posts_at_once_and_touches_one_key(ada, ben, posts):
    profile_posts(author=ada, viewer=ben)
    before = CARD.get(posts[0].pk)
    people.edit_profile(user=ada, display_name="Ada Lovelace")
    assert get_visible_item(posts[0].pk, viewer=ben).author.display_name == "Ada Lovelace"
    assert CARD.get(posts[0].pk) == before


def test_posts_of_people_who_left_have_no_author(ada, posts):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert ada.pk not in hydrated(*posts).authors


def test_a_post_without_counts_has_zeros(ada, ben):
    post = publish(ada)
    PostCounts.objects.all().delete()
    item = get_visible_item(post.pk, viewer=ben)
    assert item.counts == {"likes": 0, "comments": 0, "shares": 0}


def test_every_key_expires(posts):
    hydrated(*posts)
    with door() as client:
        for policy in (CARD, COUNTS):
            assert 0 < client.ttl(policy.key(posts[0].pk)) <= 1.1 * policy.ttl

"""Home: what arrives, what leaves, what it costs, and that it reads the same whatever happens to Redis."""

import os
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts import actions as people
from accounts.errors import CannotFollow, UnblockFirst
from accounts.models import Activity, Block, Follow, Mute, PersonCounts, User
from accounts.tests.factories import follows, person
from feeds import fanout, invariants, selectors, sources, stored, timelines
from feeds.actions import delete_post
from feeds.door import Audience
from feeds.models import FeedEntry, Post, PullSource, StoredFloor
from feeds.selectors import head_of, home_page, profile_posts
from feeds.tests.factories import ids_at_home, pages_of, plant_many, publish
from feeds.tests.town import Town
from socialnet.kernel import redis
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
FULL = bool(os.environ.get("SOCIALNET_FULL"))


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
def test_a_profile_page_costs_two_queries_when_cached(ada, ben, django_assert_num_queries, viewer_name):
    viewer = {"ada": ada, "ben": ben}[viewer_name]
    for _ in range(25):
        publish(ada)
    profile_posts(author=ada, viewer=viewer)
    with django_assert_num_queries(2):  # the ids, and the facts of the page
        assert len(profile_posts(author=ada, viewer=viewer).items) == 20


# --- the machine -------------------------------------------------------------------------------------------

NAMES = ["ada", "ben", "cleo"]
who = st.integers(0, len(NAMES) - 1)
sizes = st.integers(1, 7)


class Homes(RuleBasedStateMachine):
    """People follow, block, mute, publish and delete while homes are read, lost and refilled.

    The town is the oracle. At all times a home shows nothing that does not belong there; when every delivery is
    made it shows all that does, in order; a walk down it never misses what was there the whole time.
    """

    users: list[User]

    @initialize(
        followed=st.lists(st.tuples(who, who), max_size=6),
        said=st.lists(st.tuples(who, st.sampled_from(Audience.values[:3])), max_size=24),
    )
    def begin(self, followed, said):
        for model in (Delivery, Post, FeedEntry, StoredFloor, PullSource, Follow, Block, Mute):
            model.objects.all().delete()
        Activity.objects.update(state=Activity.State.LIVE)
        PersonCounts.objects.update(followers=0, following=0, posts=0)
        User.objects.update(is_private=False)
        redis.breaker.close()
        redis._client().flushall()
        sources.forget_here()
        sources._recent.clear()
        self.town = Town()
        self.posts: list[Post] = []
        self.drained = True
        self.unpushed: set[int] = set()  # own posts that Redis was not there for
        self.walks: list[Walk] = []
        for a, b in followed:
            if a != b:
                self.follow(a, b)
        self.settle()
        for a, audience in said:
            self.publish(a, [audience])
        self.settle()

    # what people do

    @rule(a=who, b=who)
    def follow(self, a, b):
        assume(a != b)
        with suppress(CannotFollow, UnblockFirst):
            people.follow_user(follower=self.users[a], followee=self.users[b])
            self.town.follows.setdefault((a, b), "pending" if b in self.town.private else "active")
            self.drained = False

    @rule(a=who, b=who)
    def unfollow(self, a, b):
        assume((a, b) in self.town.follows)
        people.unfollow_user(follower=self.users[a], followee=self.users[b])
        del self.town.follows[a, b]
        self.drained = False

    @rule(a=who, b=who)
    def accept(self, a, b):
        assume(self.town.follows.get((a, b)) == "pending")
        people.accept_follow_request(followee=self.users[b], follower=self.users[a])
        self.town.follows[a, b] = "active"
        self.drained = False

    @rule(a=who, is_private=st.booleans())
    def set_privacy(self, a, is_private):
        people.set_privacy(user=self.users[a], is_private=is_private)
        (self.town.private.add if is_private else self.town.private.discard)(a)
        self.drained = False

    @rule(a=who, b=who)
    def block(self, a, b):
        assume(a != b)
        people.block_user(blocker=self.users[a], blocked=self.users[b])
        self.town.blocks.add((a, b))
        self.town.follows.pop((a, b), None)
        self.town.follows.pop((b, a), None)
        self.drained = False

    @rule(a=who, b=who)
    def unblock(self, a, b):
        assume((a, b) in self.town.blocks)
        people.unblock_user(blocker=self.users[a], blocked=self.users[b])
        self.town.blocks.remove((a, b))

    @rule(a=who, b=who)
    def mute(self, a, b):
        assume(a != b)
        people.mute_user(muter=self.users[a], muted=self.users[b])
        self.town.mutes[a, b] = None

    @rule(a=who, b=who)
    def unmute(self, a, b):
        assume((a, b) in self.town.mutes)
        people.unmute_user(muter=self.users[a], muted=self.users[b])
        del self.town.mutes[a, b]

    @rule(a=who, audiences=st.lists(st.sampled_from(Audience.values), min_size=1, max_size=4))
    def publish(self, a, audiences):
        for audience in audiences:
            post = publish(self.users[a], audience=audience)
            self.posts.append(post)
            self.town.posts.append((a, audience, "standing"))
            if redis.breaker.is_open:
                self.unpushed.add(post.pk)
        self.drained = False

    @rule(choice=st.integers(0, 30))
    def delete(self, choice):
        assume(self.posts)
        place = choice % len(self.posts)
        author, audience, _state = self.town.posts[place]
        delete_post(post=self.posts[place], actor=self.users[author])
        self.town.posts[place] = (author, audience, "deleted")
        self.drained = False

    # what the machinery does

    @rule()
    def drain(self):
        Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until="2020-01-01T00:00Z")
        drain(allow_failures=redis.breaker.is_open)
        for (a, b), status in self.town.follows.items():
            if status == "pending" and b not in self.town.private:
                self.town.follows[a, b] = "active"
        if not redis.breaker.is_open:
            self.drained = True
            self.unpushed.clear()
        else:
            self.note_accepted()

    @rule(choices=st.lists(st.integers(0, 50), min_size=1, max_size=4))
    def deliver_some_in_any_order_twice(self, choices):
        """Late, out of order, more than once."""
        due = list(
            Delivery.objects.exclude(state=Delivery.State.DEAD).order_by("id").values_list("handler", "id")
        )
        assume(due)
        for choice in choices:
            handler, ident = due[choice % len(due)]
            Delivery.objects.filter(pk=ident).update(state=Delivery.State.OPEN, attempts=0, last_error="")
            deliveries.run(handler, [ident])
        self.drained = False
        self.note_accepted()

    def note_accepted(self):
        index = {user.pk: number for number, user in enumerate(self.users)}
        for follower, followee in Follow.objects.active().values_list("follower_id", "followee_id"):
            self.town.follows[index[follower], index[followee]] = "active"

    @rule(a=who)
    def go_away(self, a):
        """Nobody writes to them until they read again."""
        Activity.objects.filter(pk=self.users[a].pk).update(state=Activity.State.IDLE)
        redis._client().delete(timelines._key(self.users[a].pk))

    @rule(least=st.sampled_from([1, 2, 9]))
    def change_tiers(self, least):
        """Whom one, two or nine people follow is merged on read from now on; nobody has nine followers."""
        assume(not redis.breaker.is_open)
        with override_settings(TIER_PULL=least):
            sources.review()
        self.drained = False

    @rule()
    def flush(self):
        with suppress(redis.RedisAway), redis.door() as client:
            client.flushall()

    @rule(a=who)
    def cool(self, a):
        with suppress(redis.RedisAway):
            timelines.drop(self.users[a].pk)

    @rule()
    def redis_leaves(self):
        redis.breaker._breaker.open()

    @rule()
    def redis_returns(self):
        redis.breaker.close()

    # what people read

    @rule(a=who, size=sizes)
    def read(self, a, size):
        ids = ids_at_home(self.users[a], size=size)
        expected = self.expected(a)
        assert ids == sorted(set(ids), reverse=True)
        assert set(ids) <= expected
        assert self.drained is False or set(ids) == expected
        own = {post.pk for post, said in zip(self.posts, self.town.posts, strict=True) if said[0] == a}
        assert own & expected - self.unpushed <= set(ids)

    @rule()
    def settle(self):
        """Every delivery is made, everybody reads."""
        self.drain()
        for a in range(len(self.users)):
            self.read(a, 4)

    @rule(a=who, size=sizes)
    def begin_walk(self, a, size):
        if self.drained:
            self.walks.append(Walk(a, size, always=self.expected(a)))

    @rule(choice=st.integers(0, 5))
    def walk_on(self, choice):
        assume(self.walks)
        walk = self.walks[choice % len(self.walks)]
        page = home_page(viewer=self.users[walk.who], cursor=walk.cursor, size=walk.size)
        ids = [item.id for item in page.items]
        walk.ids += ids
        assert set(ids) <= self.expected(walk.who)
        assert walk.ids == sorted(set(walk.ids), reverse=True)
        walk.cursor = page.next_cursor
        if page.next_cursor is None:
            assert walk.always <= set(walk.ids)
            self.walks.remove(walk)
        else:
            assert {pk for pk in walk.always if pk >= page.next_cursor.before} <= set(walk.ids)
            assert len(ids) == walk.size

    @invariant()
    def remember_what_was_there_the_whole_time(self):
        for walk in getattr(self, "walks", []):
            walk.always &= self.expected(walk.who)

    def expected(self, a: int) -> set[int]:
        return {
            post.pk
            for post, said in zip(self.posts, self.town.posts, strict=True)
            if self.town.is_at_home(a, *said)
        }

    def teardown(self):
        if not hasattr(self, "town"):
            return
        redis.breaker.close()
        self.settle()
        assert invariants.missing_from_warm(10) == 0
        assert invariants.missing_from_stored(10) == 0
        assert invariants.strangers_in_warm(10) == 0
        assert invariants.strangers_in_stored(10) == 0
        assert invariants.wrong_post_counts(10) == 0
        counts = PersonCounts.objects.in_bulk()
        for a, user in enumerate(self.users):
            standing = [said for said in self.town.posts if said[0] == a and said[2] == "standing"]
            assert counts[user.pk].posts == len(standing)


class Walk:
    """Somebody scrolling down; `always` is what was at home since they began."""

    def __init__(self, who: int, size: int, *, always: set[int]) -> None:
        self.who, self.size, self.always = who, size, always
        self.cursor = None
        self.ids: list[int] = []


def play(users, *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        type("Homes", (Homes,), {"users": users}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not FULL,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def small_lists(monkeypatch):
    monkeypatch.setattr(timelines, "MAX_LENGTH", 6)
    monkeypatch.setattr(stored, "DEPTH", 9)
    monkeypatch.setattr(fanout, "CHUNK", 1)
    monkeypatch.setattr(fanout, "ERA_DEPTH", 4)
    monkeypatch.setattr(sources, "LENGTH", 3)
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 0)
    monkeypatch.setattr(sources, "GRACE_SECONDS", 0)


def test_homes_stay_right_whatever_people_and_machines_do(small_lists):
    play([person(name) for name in NAMES], examples=15, steps=30)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_homes_stay_right_for_long(small_lists):
    play([person(name) for name in NAMES], examples=400, steps=80)

"""Random people, random machines: after every step each home, paged to its end, is what two oracles say."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import pairwise, permutations
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import override_settings
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts import actions as people
from accounts.errors import CannotFollow, UnblockFirst
from accounts.models import Activity, Follow, PersonCounts, User
from accounts.tests.factories import person
from feeds import fanout, invariants, sources, stored, tagged, timelines
from feeds.actions import (
    delete_post,
    edit_post,
    follow_tag,
    publish_post,
    share_post,
    unfollow_tag,
    unshare_post,
)
from feeds.door import OWN_AUDIENCES
from feeds.errors import AudienceWidened, CannotShare
from feeds.models import Post, PullSource
from feeds.selectors import HomePage, home_page
from feeds.tests.factories import pages_of, publish
from feeds.tests.oracle import homes_by_sql
from feeds.tests.town import Town
from groups import actions as groups
from groups.errors import BannedFromGroup
from groups.invariants import wrong_member_counts
from socialnet.kernel import redis
from socialnet.kernel.errors import NotFound
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db

NAMES = ["ada", "ben", "cleo"]
LONG_AGO = "2020-01-01T00:00Z"
LOOKS = (20, 4, 20, 7)  # page sizes, in turns
who = st.integers(0, len(NAMES) - 1)
pairs = st.permutations(range(len(NAMES))).map(lambda order: tuple(order[:2]))
sizes = st.integers(1, 7)
audiences = st.sampled_from(OWN_AUDIENCES)
choices = st.integers(0, 50)  # of what there is, counted around
words = st.sets(st.sampled_from(["fog", "rain"]), max_size=2)  # tags

_NEW_TOWN = """
DELETE FROM outbox_delivery;
DELETE FROM outbox_event;
DELETE FROM feeds_feedentry;
DELETE FROM feeds_storedfloor;
DELETE FROM feeds_pullsource;
DELETE FROM feeds_tagfollow;
DELETE FROM feeds_posthashtag;
DELETE FROM feeds_hashtagcounts;
DELETE FROM feeds_hashtag;
DELETE FROM feeds_postrevision;
DELETE FROM feeds_postcounts;
DELETE FROM feeds_post;
DELETE FROM groups_membership;
DELETE FROM groups_groupcounts;
DELETE FROM groups_group;
DELETE FROM accounts_follow;
DELETE FROM accounts_block;
DELETE FROM accounts_mute;
UPDATE accounts_activity SET state = 'live';
UPDATE accounts_personcounts SET followers = 0, following = 0, posts = 0;
UPDATE accounts_user SET is_private = false;
"""


class Homes(RuleBasedStateMachine):
    """People follow people and tags, join and leave a group, block, mute, publish, share, edit and delete while homes
    are read, lost and refilled.

    The town is one oracle, plain SQL the other. At all times a home shows nothing that does not belong there; when
    every delivery is made it shows all that does, in order; a walk down it never misses what was there the whole time.
    """

    users: list[User]

    @initialize(
        strangers=st.lists(pairs, max_size=3),
        said=st.lists(st.tuples(who, st.sampled_from(OWN_AUDIENCES[:3])), min_size=4, max_size=14),
        shared=st.lists(st.tuples(who, choices), max_size=4),
        tags=words,
    )
    def begin(self, strangers, said, shared, tags):
        with connection.cursor() as cursor:
            cursor.execute(_NEW_TOWN)
        redis.breaker.close()
        redis._client().flushall()
        sources.forget_here()
        sources._recent.clear()
        tagged.forget_here()
        self.town = Town()
        self.posts: list[Post] = []  # as `town.posts`, quotes among them
        self.shares: list[Post] = []  # as `town.shares`
        self.drained = True
        self.unpushed: set[int] = set()  # own posts that Redis was not there for
        self.walks: list[Walk] = []
        self.sources = 0
        self.away: set[int] = set()
        self.redis_returns_in = 0  # steps
        self.looks = 0
        self.group = groups.create_group(owner=self.users[0], slug="the-group", name="The group")
        self.town.group[0] = "active"
        for pair in permutations(range(len(NAMES)), 2):
            if pair not in strangers:
                self.follow(pair, at_once=False)
        for a, audience in said:
            self.publish(a, [audience], tags, at_once=False)
        for a, choice in shared:
            self.share(a, choice, at_once=False)
        self.settle()

    # what people do

    @rule(pair=pairs, at_once=st.booleans())
    def follow(self, pair, at_once):
        a, b = pair
        with suppress(CannotFollow, UnblockFirst):
            people.follow_user(follower=self.users[a], followee=self.users[b])
            self.town.follows.setdefault((a, b), "pending" if b in self.town.private else "active")
            self.note_owed(at_once)

    @precondition(lambda self: self.town.follows)
    @rule(choice=choices)
    def unfollow(self, choice):
        a, b = one_of(self.town.follows, choice)
        people.unfollow_user(follower=self.users[a], followee=self.users[b])
        del self.town.follows[a, b]

    @precondition(lambda self: self.pending())
    @rule(choice=choices, at_once=st.booleans())
    def accept(self, choice, at_once):
        a, b = one_of(self.pending(), choice)
        people.accept_follow_request(followee=self.users[b], follower=self.users[a])
        self.town.follows[a, b] = "active"
        self.note_owed(at_once)

    @rule(a=who, is_private=st.booleans())
    def set_privacy(self, a, is_private):
        people.set_privacy(user=self.users[a], is_private=is_private)
        (self.town.private.add if is_private else self.town.private.discard)(a)

    @rule(pair=pairs)
    def befriend(self, pair):
        """Both ways, whoever is private, and delivered."""
        for a, b in (pair, pair[::-1]):
            self.follow((a, b), at_once=False)
            if (a, b) in self.pending():
                self.accept(self.pending().index((a, b)), at_once=False)
        self.note_owed(at_once=True)

    @precondition(lambda self: len(self.town.blocks) < len(NAMES) - 1)  # somebody is left to tell something
    @rule(pair=pairs)
    def block(self, pair):
        a, b = pair
        people.block_user(blocker=self.users[a], blocked=self.users[b])
        self.town.blocks.add((a, b))
        self.town.follows.pop((a, b), None)
        self.town.follows.pop((b, a), None)

    @precondition(lambda self: self.town.blocks)
    @rule(choice=choices)
    def unblock(self, choice):
        a, b = one_of(sorted(self.town.blocks), choice)
        people.unblock_user(blocker=self.users[a], blocked=self.users[b])
        self.town.blocks.remove((a, b))

    @rule(pair=pairs)
    def mute(self, pair):
        a, b = pair
        people.mute_user(muter=self.users[a], muted=self.users[b])
        self.town.mutes[a, b] = None

    @precondition(lambda self: self.town.mutes)
    @rule(choice=choices)
    def unmute(self, choice):
        a, b = one_of(self.town.mutes, choice)
        people.unmute_user(muter=self.users[a], muted=self.users[b])
        del self.town.mutes[a, b]

    @rule(
        a=who,
        said=st.lists(audiences, min_size=1, max_size=4),
        tags=words,
        at_once=st.booleans(),
    )
    def publish(self, a, said, tags=(), *, at_once):
        for audience in said:
            post = publish(self.users[a], with_tags(tags), audience=audience)
            self.town.tags[len(self.posts)] = set(tags)
            self.note_post(post, (a, audience, "standing"))
        self.note_owed(at_once)

    @rule(a=who, tag=st.sampled_from(["fog", "rain"]), at_once=st.booleans())
    def follow_tag(self, a, tag, at_once):
        follow_tag(person=self.users[a], name=tag)
        self.town.tag_follows.add((a, tag))
        self.note_owed(at_once)

    @rule(pair=pairs, tag=st.sampled_from(["fog", "rain"]))
    def follow_only_for_a_tag(self, pair, tag):
        """A stranger speaks, under a tag."""
        a, b = pair
        people.unfollow_user(follower=self.users[a], followee=self.users[b])
        self.town.follows.pop((a, b), None)
        self.follow_tag(a, tag, at_once=False)
        self.publish(b, ["public", "followers"], {tag}, at_once=True)

    @precondition(lambda self: self.town.tag_follows)
    @rule(choice=choices)
    def unfollow_tag(self, choice):
        a, tag = one_of(sorted(self.town.tag_follows), choice)
        unfollow_tag(person=self.users[a], name=tag)
        self.town.tag_follows.remove((a, tag))

    @rule(a=who, is_let_in=st.booleans(), at_once=st.booleans())
    def enter_group(self, a, is_let_in, at_once):
        """At once while it is open, else they ask."""
        status = self.town.group.get(a)
        with pytest.raises(BannedFromGroup) if status == "banned" else nullcontext():
            groups.join_group(group=self.group, person=self.users[a])
            if status != "active":
                self.town.group[a] = "active" if self.town.is_group_open else "pending"
        if is_let_in and self.town.group[a] == "pending":
            groups.accept_request(group=self.group, actor=self.users[0], person=self.users[a])
            self.town.group[a] = "active"
        self.note_owed(at_once)

    @precondition(lambda self: len(self.town.group) > 1)
    @rule(choice=choices, by_owner=st.booleans())
    def leave_group(self, choice, by_owner):
        """By themselves, unless they are banned; or the owner ends whatever they are."""
        a = one_of([one for one in self.town.group if one], choice)
        if by_owner:
            groups.remove_member(group=self.group, actor=self.users[0], person=self.users[a])
        else:
            groups.leave_group(group=self.group, person=self.users[a])
        if by_owner or self.town.group[a] != "banned":
            del self.town.group[a]

    @rule(a=st.integers(1, len(NAMES) - 1))
    def ban_from_group(self, a):
        groups.ban_person(group=self.group, actor=self.users[0], person=self.users[a])
        self.town.group[a] = "banned"

    @rule(is_open=st.booleans())
    def turn_group(self, is_open):
        privacy = "public" if is_open else "private"
        groups.change_group(group=self.group, actor=self.users[0], privacy=privacy)
        self.town.is_group_open = is_open

    @rule(choice=choices, many=st.integers(1, 3), tags=words, at_once=st.booleans())
    def say_in_group(self, choice, many, tags, at_once):
        a = one_of([one for one, status in self.town.group.items() if status == "active"], choice)
        for _each in range(many):
            post = publish_post(author=self.users[a], content=with_tags(tags), group=self.group)
            self.town.tags[len(self.posts)] = set(tags)
            self.note_post(post, (a, "group", "standing"))
        self.note_owed(at_once)

    @rule(pair=pairs, said=st.integers(1, 2))
    def meet_in_group(self, pair, said):
        """Two who may not follow each other, where it can be heard."""
        for a in pair:
            if self.town.group.get(a) == "banned":
                groups.remove_member(group=self.group, actor=self.users[0], person=self.users[a])
                del self.town.group[a]
            self.enter_group(a, is_let_in=True, at_once=False)
        place = [one for one, status in self.town.group.items() if status == "active"].index(pair[0])
        self.say_in_group(place, said, (), at_once=True)

    @precondition(lambda self: standing(self.town.posts))
    @rule(choice=choices, tags=words)
    def edit_words(self, choice, tags):
        """It carries other tags from now on."""
        place = one_of(standing(self.town.posts), choice)
        author = self.town.posts[place][0]
        edit_post(post=self.posts[place], actor=self.users[author], content=with_tags(tags))
        self.town.tags[place] = set(tags)
        self.note_owed(at_once=False)

    @precondition(lambda self: self.posts)
    @rule(a=who, choice=choices, audience=audiences, at_once=st.booleans())
    def quote(self, a, choice, audience, at_once):
        post, place = self.chosen(choice)
        with self.refused_if_not_for(a, place):
            quoted = publish_post(author=self.users[a], content="Indeed", visibility=audience, quoted=post)
            self.note_post(quoted, (a, audience, "standing"))
            self.note_owed(at_once)

    @precondition(lambda self: self.posts)
    @rule(a=who, choice=choices, at_once=st.booleans())
    def share(self, a, choice, at_once):
        post, place = self.chosen(choice)
        with self.refused_if_not_for(a, place):
            share = share_post(post=post, person=self.users[a])
            if share not in self.shares:
                self.shares.append(share)
                self.town.shares.append((a, "public", "standing", place))
                self.note_unpushed(share)
            self.note_owed(at_once)

    @precondition(lambda self: standing(self.town.shares))
    @rule(choice=choices)
    def unshare(self, choice):
        place = one_of(standing(self.town.shares), choice)
        sharer, _audience, _state, of = self.town.shares[place]
        unshare_post(post=self.posts[of], person=self.users[sharer])
        self.forget_shares(place)

    @precondition(lambda self: self.outside())
    @rule(choice=choices, audience=audiences)
    def edit_audience(self, choice, audience):
        """To fewer people only."""
        place = one_of(self.outside(), choice)
        author, before, _state = self.town.posts[place]
        if OWN_AUDIENCES.index(audience) < OWN_AUDIENCES.index(before):
            with pytest.raises(AudienceWidened):
                edit_post(post=self.posts[place], actor=self.users[author], visibility=audience)
        else:
            edit_post(post=self.posts[place], actor=self.users[author], visibility=audience)
            self.town.posts[place] = (author, audience, "standing")

    @precondition(lambda self: standing(self.town.posts))
    @rule(choice=choices)
    def delete(self, choice):
        place = one_of(standing(self.town.posts), choice)
        author, audience, _state = self.town.posts[place]
        delete_post(post=self.posts[place], actor=self.users[author])
        self.town.posts[place] = (author, audience, "deleted")
        self.forget_shares(*(number for number, said in enumerate(self.town.shares) if said[3] == place))

    # what the machinery does

    @rule()
    def drain(self):
        Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until=LONG_AGO)
        drain(allow_failures=redis.breaker.is_open)
        self.note_accepted()
        if not redis.breaker.is_open:
            self.drained = True
            self.unpushed.clear()

    @rule(picked=st.lists(choices, min_size=1, max_size=4))
    def deliver_some_in_any_order_twice(self, picked):
        """Late, out of order, more than once."""
        due = list(
            Delivery.objects.exclude(state=Delivery.State.DEAD).order_by("id").values_list("handler", "id")
        )
        if not due:
            return
        for choice in picked:
            handler, ident = due[choice % len(due)]
            Delivery.objects.filter(pk=ident).update(state=Delivery.State.OPEN, attempts=0, last_error="")
            deliveries.run(handler, [ident])
        self.drained = False
        self.note_accepted()

    @rule(a=who, missed=st.lists(st.tuples(who, audiences), max_size=2))
    def go_idle(self, a, missed):
        """Nobody writes to them until they read again."""
        Activity.objects.filter(pk=self.users[a].pk).update(state=Activity.State.IDLE)
        redis._client().delete(timelines._key(self.users[a].pk))
        self.away.add(a)
        for b, audience in missed:
            self.publish(b, [audience], at_once=True)

    @precondition(lambda self: self.away)
    @rule(choice=choices, size=sizes)
    def come_back(self, choice, size):
        """They read while nothing is filled in yet, and again when it is."""
        a = one_of(self.away, choice)
        self.read(a, size)
        self.drain()
        self.read(a, size)

    @precondition(lambda self: self.town.follows and not redis.breaker.is_open)
    @rule(least=st.sampled_from([1, 2]), at_once=st.booleans())
    def join_tier(self, least, at_once):
        """Whom one or two people follow is merged on read from now on."""
        self.review(least)
        self.note_owed(at_once)

    @precondition(lambda self: self.sources and not redis.breaker.is_open)
    @rule(is_whole=st.booleans())
    def leave_tier(self, is_whole):
        """Nobody has nine followers; the first look ends it, one after all is delivered forgets it."""
        self.review(9)
        self.note_owed(at_once=is_whole)
        if is_whole:
            self.review(9)

    @precondition(lambda self: self.town.follows and not redis.breaker.is_open)
    @rule(a=who, said=st.lists(audiences, min_size=1, max_size=4))
    def be_a_celebrity_for_a_while(self, a, said):
        self.review(1)
        self.publish(a, said, at_once=True)
        self.leave_tier(is_whole=True)

    @rule()
    def flush(self):
        with suppress(redis.RedisAway), redis.door() as client:
            client.flushall()

    @rule(a=who)
    def cool(self, a):
        with suppress(redis.RedisAway):
            timelines.drop(self.users[a].pk)

    @precondition(lambda self: not redis.breaker.is_open)
    @rule(steps=st.integers(1, 5))
    def redis_leaves(self, steps):
        redis.breaker._breaker.open()
        self.redis_returns_in = steps

    # what people read

    @rule(a=who, size=sizes)
    def read(self, a, size):
        """A visit: it makes a cold home warm, and ends an absence."""
        self.is_right(a, pages_of(self.users[a], size=size), size)
        self.away.discard(a)

    @rule()
    def settle(self):
        """Every delivery is made, everybody reads."""
        self.drain()
        for a in range(len(self.users)):
            self.read(a, 4)

    @precondition(lambda self: self.drained)
    @rule(a=who, size=sizes)
    def begin_walk(self, a, size):
        self.walks.append(Walk(a, size, always=self.expected(a)))

    @precondition(lambda self: self.walks)
    @rule(choice=choices)
    def walk_on(self, choice):
        walk = one_of(self.walks, choice)
        page = home_page(viewer=self.users[walk.who], cursor=walk.cursor, size=walk.size)
        walk.ids += ids_of(page)
        assert set(ids_of(page)) <= self.expected(walk.who)
        assert descend(walk.ids)
        walk.cursor = page.next_cursor
        if page.next_cursor is None:
            assert walk.always <= set(walk.ids)
            self.walks.remove(walk)
        else:
            assert {pk for pk in walk.always if pk >= page.next_cursor.before} <= set(walk.ids)
            assert len(page.items) == walk.size

    # what happens and holds after every step

    @invariant()
    def redis_returns(self):
        self.redis_returns_in -= 1
        if self.redis_returns_in == 0:
            redis.breaker.close()

    @invariant()
    def homes_are_what_both_oracles_say(self):
        """To their ends, all but one's, in turns. Looking is no visit, and what is cold stays cold."""
        said = homes_by_sql([user.pk for user in self.users])
        assert said == {user.pk: self.expected(a) for a, user in enumerate(self.users)}
        size = LOOKS[self.looks % len(LOOKS)]
        self.looks += 1
        for a, user in enumerate(self.users):
            if a != self.looks % len(self.users):
                self.is_right(a, looked_at(user, size), size)

    @invariant()
    def remember_what_was_there_the_whole_time(self):
        for walk in self.walks:
            walk.always &= self.expected(walk.who)

    def is_right(self, a: int, pages: list[HomePage], size: int) -> None:
        """Nothing too much, nothing twice, in order, each original once per page; complete if all is delivered."""
        ids = [ident for page in pages for ident in ids_of(page)]
        expected = self.expected(a)
        assert descend(ids)
        assert set(ids) <= expected
        assert self.drained is False or set(ids) == expected
        assert self.own(a) & expected - self.unpushed <= set(ids)
        assert all(len(page.items) == size for page in pages[:-1])
        for page in pages:
            shown = [item.shown.id for item in page.items]
            assert len(shown) == len(set(shown))

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
        assert invariants.wrong_share_counts(10) == 0
        assert invariants.wrong_tag_counts(10) == 0
        assert invariants.wrong_group_post_counts(10) == 0
        assert wrong_member_counts(10) == 0
        counts = PersonCounts.objects.in_bulk()
        for a, user in enumerate(self.users):
            said = [*self.town.posts, *self.town.shares]
            standing = [post for post in said if post[0] == a and post[2] == "standing"]
            assert counts[user.pk].posts == len(standing)

    # the town

    def expected(self, a: int) -> set[int]:
        posts = zip(self.posts, self.town.posts, strict=True)
        shares = zip(self.shares, self.town.shares, strict=True)
        return {
            post.pk for place, (post, said) in enumerate(posts) if self.town.is_at_home(a, *said, place)
        } | {share.pk for share, said in shares if self.town.is_share_at_home(a, *said)}

    def own(self, a: int) -> set[int]:
        return {post.pk for post in (*self.posts, *self.shares) if post.author_id == self.users[a].pk}

    def pending(self) -> list[tuple[int, int]]:
        return [pair for pair, status in self.town.follows.items() if status == "pending"]

    def outside(self) -> list[int]:
        """The places of what stands, and is not said in a group."""
        return [place for place in standing(self.town.posts) if self.town.posts[place][1] != "group"]

    def chosen(self, choice: int) -> tuple[Post, int]:
        """A post or a share of one, deleted ones among them, and the place of the original."""
        places = [*range(len(self.posts)), *(said[3] for said in self.town.shares)]
        number = choice % len(places)
        return [*self.posts, *self.shares][number], places[number]

    @contextmanager
    def refused_if_not_for(self, a: int, place: int) -> Iterator[None]:
        """Whoever cannot see a post cannot pass it on, and only what everybody may read is passed on."""
        author, audience, _state = self.town.posts[place]
        if not self.town.may_see(a, *self.town.posts[place]):
            with pytest.raises(NotFound):
                yield
        elif audience != "public" or author in self.town.private:
            with pytest.raises(CannotShare):
                yield
        else:
            yield

    def note_post(self, post: Post, said: tuple[int, str, str]) -> None:
        self.posts.append(post)
        self.town.posts.append(said)
        self.note_unpushed(post)

    def note_unpushed(self, post: Post) -> None:
        if redis.breaker.is_open:
            self.unpushed.add(post.pk)

    def note_owed(self, at_once: bool) -> None:
        self.drained = False
        if at_once:
            self.drain()

    def review(self, least: int) -> None:
        with override_settings(TIER_PULL=least):
            sources.review()
        self.sources = PullSource.objects.count()

    def forget_shares(self, *places: int) -> None:
        for place in places:
            author, audience, _state, of = self.town.shares[place]
            self.town.shares[place] = (author, audience, "deleted", of)

    def note_accepted(self) -> None:
        """Requests to people who are private no longer are accepted when that is delivered."""
        index = {user.pk: number for number, user in enumerate(self.users)}
        for follower, followee in Follow.objects.active().values_list("follower_id", "followee_id"):
            self.town.follows[index[follower], index[followee]] = "active"


class Walk:
    """Somebody scrolling down; `always` is what was at home since they began."""

    def __init__(self, who: int, size: int, *, always: set[int]) -> None:
        self.who, self.size, self.always = who, size, always
        self.cursor = None
        self.ids: list[int] = []


def looked_at(user: User, size: int) -> list[HomePage]:
    """A home to its end, from its warm timeline if there is one, else by PostgreSQL alone."""
    is_cold = not redis.breaker.is_open and timelines.contents(user.pk) is None
    with patch.object(timelines, "read_beside", side_effect=redis.RedisAway) if is_cold else nullcontext():
        pages = [home_page(viewer=user, size=size, is_visit=False)]
        while cursor := pages[-1].next_cursor:
            pages.append(home_page(viewer=user, cursor=cursor, size=size, is_visit=False))
    return pages


def one_of(things, choice: int):
    return list(things)[choice % len(things)]


def with_tags(tags) -> str:
    return " ".join(["So it is", *(f"#{tag}" for tag in sorted(tags))])


def standing(said: list) -> list[int]:
    """The places of what is not deleted."""
    return [place for place, post in enumerate(said) if post[2] == "standing"]


def ids_of(page: HomePage) -> list[int]:
    """Of the posts of a page and of those that they stand for, newest first."""
    return sorted((ident for item in page.items for ident in (item.id, *item.also)), reverse=True)


def descend(ids: list[int]) -> bool:
    return all(above > below for above, below in pairwise(ids))


def play(*, examples: int, steps: int, seeded: int | None) -> None:
    """A seed makes a run repeatable; without one it is another each time, and says how to repeat what failed."""
    homes = type("Homes", (Homes,), {"users": [person(name) for name in NAMES]})
    run_state_machine_as_test(
        homes if seeded is None else seed(seeded)(homes),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=seeded is not None,
            print_blob=True,
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
    monkeypatch.setattr(tagged, "LENGTH", 3)
    monkeypatch.setattr(tagged, "WINDOW_SECONDS", 0)


@pytest.mark.parametrize("part", range(8))  # 40 examples, several at once
def test_homes_stay_right_whatever_people_and_machines_do(small_lists, part):
    play(examples=5, steps=50, seeded=part)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))  # 1,000 examples
def test_homes_stay_right_for_long(small_lists, part):
    play(examples=100, steps=50, seeded=None)

"""Who may see what: the QuerySet, the facts query and a third rule in plain Python say the same."""

import os
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import actions as people
from accounts import standins
from accounts.models import Block, Follow, Mute, User
from accounts.tests.factories import blocks, follows, person
from feeds.actions import delete_post
from feeds.belonging import follows as is_followed
from feeds.cards import hydrate
from feeds.door import OWN_AUDIENCES, as_shared, facts
from feeds.items import items_of
from feeds.models import Hashtag, Post, PostCounts, PostHashtag, TagFollow
from feeds.paused import facts_without_database
from feeds.selectors import get_visible_item, get_visible_post, newest_public, profile_posts
from feeds.tests.factories import ids_at_home, plant, publish
from feeds.tests.town import LONG_AGO, Town
from socialnet.kernel import redis
from socialnet.kernel.errors import NotFound
from socialnet.outbox.ids import id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
FULL = bool(os.environ.get("SOCIALNET_FULL"))
NAMES = ["ada", "ben", "cleo", "dora"]
PAIRS = [pair for pair in product(range(len(NAMES)), repeat=2) if pair[0] != pair[1]]
FAR_AHEAD = "2100-01-01T00:00Z"


# --- three rules, random towns ------------------------------------------------------------------------------


def each(keys, *states):
    """For each of `keys` one of `states`; the first, most likely one is left out."""
    return st.tuples(*(st.sampled_from(states) for _ in keys)).map(
        lambda drawn: {key: state for key, state in zip(keys, drawn, strict=True) if state != states[0]}
    )


EVERYBODY = range(len(NAMES))
SAYINGS = [*product(EVERYBODY, OWN_AUDIENCES)]
TAGS = ["fog", "rain"]
towns = st.builds(
    Town,
    private=each(EVERYBODY, False, True).map(set),
    suspended=each(EVERYBODY, *[False] * 7, True).map(set),
    left=each(EVERYBODY, *[False] * 7, True).map(set),
    follows=each(PAIRS, "", "active", "active", "pending"),
    blocks=each(PAIRS, *[False] * 7, True).map(set),
    mutes=each(PAIRS, *[False] * 7, None, LONG_AGO, FAR_AHEAD),
    posts=st.tuples(
        *(st.sampled_from(["standing"] * 6 + ["deleted", "hidden", "held"]) for _ in SAYINGS)
    ).map(lambda states: [(*saying, state) for saying, state in zip(SAYINGS, states, strict=True)]),
    tags=st.dictionaries(st.integers(0, len(SAYINGS) - 1), st.sets(st.sampled_from(TAGS), min_size=1)),
    tag_follows=st.sets(st.tuples(st.sampled_from(EVERYBODY), st.sampled_from(TAGS))),
    shares=st.lists(
        st.tuples(
            st.sampled_from(EVERYBODY),
            st.sampled_from(OWN_AUDIENCES),
            st.sampled_from(["standing"] * 6 + ["deleted", "hidden", "held"]),
            st.integers(0, len(SAYINGS) - 1),
        ),
        max_size=12,
        unique_by=lambda share: (share[0], share[3]),
    ),
)


def test_the_function_in_postgresql_means_by_following_what_belonging_means():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'feeds_page_facts'")
        source = " ".join(cursor.fetchone()[0].split())
    for viewer, author in (("v.id", "a.id"), ("a.id", "v.id")):
        assert " ".join(is_followed(viewer=viewer, author=author).split()) in source


class Built:
    """A town as rows; the people are made once and changed in place."""

    def __init__(self, users: list[User]) -> None:
        self.users = users

    def build(self, town: Town) -> tuple[list[Post], list[Post]]:
        """Its posts, and its shares of them."""
        for model in (Post, Follow, Block, Mute, Hashtag):
            model.objects.all().delete()
        for number, user in enumerate(self.users):
            user.is_private = number in town.private
            user.suspended_at = LONG_AGO if number in town.suspended else None
            user.is_active = number not in town.left
        User.objects.bulk_update(self.users, ["is_private", "suspended_at", "is_active"])
        who = [user.pk for user in self.users]
        Follow.objects.bulk_create(
            Follow(follower_id=who[a], followee_id=who[b], status=status)
            for (a, b), status in town.follows.items()
        )
        Block.objects.bulk_create(Block(blocker_id=who[a], blocked_id=who[b]) for a, b in town.blocks)
        Mute.objects.bulk_create(
            Mute(muter_id=who[a], muted_id=who[b], until=until) for (a, b), until in town.mutes.items()
        )
        start = id_at(timezone.now())
        posts = Post.objects.bulk_create(
            self._row(
                start + place,
                *said,
                content=" ".join(["x", *(f"#{tag}" for tag in town.tags.get(place, ()))]),
            )
            for place, said in enumerate(town.posts)
        )
        tags = {
            tag.name: tag
            for tag in Hashtag.objects.bulk_create(Hashtag(name=tag, display=tag) for tag in TAGS)
        }
        PostHashtag.objects.bulk_create(
            PostHashtag(hashtag=tags[tag], post=posts[place])
            for place, carried in town.tags.items()
            for tag in carried
        )
        TagFollow.objects.bulk_create(
            TagFollow(user_id=who[a], hashtag=tags[tag]) for a, tag in town.tag_follows
        )
        shares = Post.objects.bulk_create(
            self._row(start + len(posts) + place, author, audience, state, content="", share_of=posts[of])
            for place, (author, audience, state, of) in enumerate(town.shares)
        )
        PostCounts.objects.bulk_create(PostCounts(post=post) for post in [*posts, *shares])
        return posts, shares

    def _row(self, pk: int, author: int, audience: str, state: str, **fields: object) -> Post:
        return Post(
            pk=pk,
            author=self.users[author],
            html="x",
            visibility=audience,
            deleted_at=LONG_AGO if state == "deleted" else None,
            hidden_at=LONG_AGO if state in ("hidden", "held") else None,
            held_at=LONG_AGO if state == "held" else None,
            **fields,
        )


@pytest.fixture
def built(db) -> Built:
    return Built([person(name) for name in NAMES])


@settings(
    max_examples=1500 if FULL else 60,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(town=towns)
def test_the_three_forms_of_the_door_agree(built, town):
    posts, shares = built.build(town)
    for viewer, user in [(None, AnonymousUser()), *enumerate(built.users)]:
        expected = {
            post.pk for post, said in zip(posts, town.posts, strict=True) if town.may_see(viewer, *said)
        } | {
            share.pk
            for share, said in zip(shares, town.shares, strict=True)
            if town.may_see_share(viewer, *said)
        }
        assert set(Post.objects.visible_to(user).values_list("pk", flat=True)) == expected
        found = facts(viewer_id=user.pk, post_ids=[post.pk for post in [*posts, *shares]])
        assert {pk for pk, fact in found.items() if fact.visible} == expected
        assert {item.id for item in items_of(list(found), viewer=user)} == {
            pk for pk in expected if found[pk].author_id not in {built.users[who].pk for who in town.left}
        }
        if viewer is None:
            continue
        for share, said in zip(shares, town.shares, strict=True):
            if viewer not in town.suspended | town.left:
                assert found[share.pk].at_home == town.is_share_at_home(viewer, *said)
        for place, (post, (author, _audience, state)) in enumerate(zip(posts, town.posts, strict=True)):
            fact = found[post.pk]
            assert fact.author_id == post.author_id
            assert fact.belongs == town.belongs(viewer, author, place)
            assert (fact.tag is not None) == (fact.belongs and not town.belongs(viewer, author))
            assert fact.muted == town.is_muted(viewer, author)
            assert fact.gone == (state == "deleted")


@settings(
    max_examples=500 if FULL else 30,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(town=towns)
def test_the_door_without_postgresql_lets_nobody_in_who_may_not_see(built, town):
    """Judged by what is kept in Redis when everything that can be kept is."""
    posts, shares = built.build(town)
    redis._client().flushall()
    known = hydrate({post.pk: post.author_id for post in [*posts, *shares]})
    for viewer, user in enumerate(built.users):
        if viewer in town.suspended | town.left:
            continue  # is not signed in
        standins.keep(user.pk)
        kept = standins.read(user.pk)
        standins._looked_after.clear()
        tags = {tag for a, tag in town.tag_follows if a == viewer}
        for place, (post, (author, audience, state)) in enumerate(zip(posts, town.posts, strict=True)):
            if card := known.cards.get(post.pk):
                fact = facts_without_database(
                    card, known.authors.get(post.author_id), viewer_id=user.pk, kept=kept, tags=tags
                )
                assert fact.visible == town.may_see(viewer, author, audience, state)
                assert fact.at_home == town.is_at_home(viewer, author, audience, state, place)
            else:
                assert state != "standing"
        for share, said in zip(shares, town.shares, strict=True):
            if share.pk in known.cards:
                both = [
                    facts_without_database(
                        known.cards[pk],
                        known.authors.get(known.cards[pk]["author_id"]),
                        viewer_id=user.pk,
                        kept=kept,
                    )
                    if pk in known.cards
                    else None
                    for pk in (share.pk, share.share_of_id)
                ]
                fact = as_shared(*both)
                assert fact.at_home == town.is_share_at_home(viewer, *said)


# --- the cells, by name ------------------------------------------------------------------------------------

MATRIX = {
    # audience:   visitor, outsider, follower, friend, asked, blocked, blocker, author
    "public": "yes yes yes yes yes no no yes",
    "followers": "no no yes yes no no no yes",
    "friends": "no no no yes no no no yes",
    "private": "no no no no no no no yes",
}
PRIVATE_ACCOUNT = {**MATRIX, "public": "no no yes yes no no no yes"}


@pytest.fixture
def relations(ada):
    people_of = {
        name: person(name) for name in ("outsider", "follower", "friend", "asked", "blocked", "blocker")
    }
    follows(people_of["follower"], ada)
    follows(people_of["friend"], ada)
    follows(ada, people_of["friend"])
    follows(people_of["asked"], ada, pending=True)
    blocks(ada, people_of["blocked"])
    blocks(people_of["blocker"], ada)
    return [AnonymousUser(), *people_of.values(), ada]


@pytest.mark.parametrize("audience", OWN_AUDIENCES)
@pytest.mark.parametrize("is_private", [False, True])
def test_each_cell_of_the_matrix(ada, relations, audience, is_private):
    User.objects.filter(pk=ada.pk).update(is_private=is_private)
    post = plant(ada, visibility=audience)
    expected = [cell == "yes" for cell in (PRIVATE_ACCOUNT if is_private else MATRIX)[audience].split()]
    assert [may_open(post, viewer) for viewer in relations] == expected
    assert [bool(profile_posts(author=ada, viewer=viewer).items) for viewer in relations] == expected
    assert bool(newest_public().items) == expected[0]


@pytest.mark.parametrize("state", ["deleted_at", "hidden_at"])
def test_deleted_and_hidden_posts_are_nobodys_not_even_the_authors(ada, relations, state):
    post = plant(ada, **{state: LONG_AGO})
    assert not any(may_open(post, viewer) for viewer in relations)


def test_who_is_suspended_neither_shows_nor_sees(ada, ben):
    by_ada, by_ben = plant(ada), plant(ben)
    people.suspend_user(user=ben, actor=None)
    assert not may_open(by_ben, ada) and not may_open(by_ben, AnonymousUser())
    assert not may_open(by_ada, ben) and not may_open(by_ben, ben)
    people.unsuspend_user(user=ben, actor=None)
    assert may_open(by_ben, ada) and may_open(by_ada, ben)


@pytest.mark.parametrize("post_id", [0, -1, 1, 2**53, 10**30, -(10**30)])
def test_absent_and_impossible_ids_look_like_hidden_ones(ada, post_id):
    with pytest.raises(NotFound):
        get_visible_post(post_id, viewer=ada)


def test_the_door_costs_one_query_however_many_posts(ada, ben, django_assert_num_queries):
    follows(ben, ada)
    ids = [plant(ada).pk for _ in range(30)]
    with django_assert_num_queries(1):
        facts(viewer_id=ben.pk, post_ids=ids)
    with django_assert_num_queries(0):
        assert facts(viewer_id=ben.pk, post_ids=[]) == {}


# --- at once, on every surface -----------------------------------------------------------------------------


@pytest.fixture
def read_post(ada, ben) -> Post:
    """A post of ada that ben has at home, with everything cached."""
    follows(ben, ada)
    post = publish(ada)
    drain()
    assert surfaces(post, ada, ben) == {"home", "page", "profile"}
    return post


def surfaces(post: Post, author: User, viewer: User) -> set[str]:
    found = set()
    if post.pk in ids_at_home(viewer):
        found.add("home")
    if may_open(post, viewer):
        found.add("page")
    if post.pk in [item.id for item in profile_posts(author=author, viewer=viewer).items]:
        found.add("profile")
    return found


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda ada, ben, post: delete_post(post=post, actor=ada), set()),
        (lambda ada, ben, post: people.block_user(blocker=ada, blocked=ben), set()),
        (lambda ada, ben, post: people.block_user(blocker=ben, blocked=ada), set()),
        (lambda ada, ben, post: people.suspend_user(user=ada, actor=None), set()),
        (lambda ada, ben, post: people.unfollow_user(follower=ben, followee=ada), {"page", "profile"}),
        (lambda ada, ben, post: people.mute_user(muter=ben, muted=ada), {"page", "profile"}),
    ],
    ids=["deleted", "blocked", "blocking", "suspended", "unfollowed", "muted"],
)
def test_a_lost_right_is_lost_at_once_before_any_handler_ran(ada, ben, read_post, change, left):
    change(ada, ben, read_post)
    assert surfaces(read_post, ada, ben) == left


def test_going_private_keeps_followers_and_shuts_everybody_else_out_at_once(ada, ben, cleo, read_post):
    people.set_privacy(user=ada, is_private=True)
    assert surfaces(read_post, ada, ben) == {"home", "page", "profile"}
    assert surfaces(read_post, ada, cleo) == set()
    assert not may_open(read_post, AnonymousUser())
    people.unfollow_user(follower=ben, followee=ada)
    assert surfaces(read_post, ada, ben) == set()


def test_an_ended_friendship_closes_friends_posts_at_once(ada, ben):
    follows(ben, ada)
    follows(ada, ben)
    post = publish(ada, audience="friends")
    drain()
    assert surfaces(post, ada, ben) == {"home", "page", "profile"}
    people.unfollow_user(follower=ada, followee=ben)
    assert surfaces(post, ada, ben) == set()
    people.follow_user(follower=ada, followee=ben)
    drain()
    assert surfaces(post, ada, ben) == {"home", "page", "profile"}


def may_open(post: Post, viewer: User | AnonymousUser) -> bool:
    try:
        return get_visible_item(post.pk, viewer=viewer).id == post.pk
    except NotFound:
        return False

"""Trending posts and people: their order, and who may see whom."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import actions as people_actions
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from discovery import selectors
from discovery.models import TrendKind
from discovery.tests.towns import accounts, compute, established, like, plant, words
from discovery.trends import counters, job
from feeds.actions import delete_post, publish_post, share_post
from feeds.door import Audience
from feeds.models import Post
from interactions.actions import comment_on_post, like_post, unlike_post
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def posts(user: User | None = None) -> list[int]:
    return [int(one["post"]["id"]) for one in Api(user)("GET", "trending/posts").json()["results"]]


def users(user: User | None = None) -> list[str]:
    return [one["user"]["username"] for one in Api(user)("GET", "trending/users").json()["results"]]


def test_from_what_people_do_to_the_api_and_the_landing_page(ada: User) -> None:
    crowd = established(4)
    counters.now_whole()
    post = publish_post(author=ada, content="What a day")
    like_post(post_id=post.pk, person=crowd[0])
    comment_on_post(post_id=post.pk, author=crowd[1], content="It was!")
    share_post(post=post, person=crowd[2])
    drain()
    assert job.take_snapshots()[TrendKind.POST] == 1
    (one,) = Api()("GET", "trending/posts").json()["results"]
    assert one["post"]["content"] == "What a day" and one["why"] == "3 people in the last hour"
    assert set(one["parts"]["velocities"]) == {"like", "comment", "share"}
    html = page_of().get("/").content.decode()
    assert "Trending posts" in html and "3 people in the last hour" in html
    assert html.count(f'id="post-{post.pk}"') == 1
    for person_ in crowd[:3]:
        unlike_post(post_id=post.pk, person=person_)
    drain()
    job.take_snapshots(even_if_quiet=True)
    assert posts() == []


def test_comments_count_more_than_likes_and_shares_more_than_comments() -> None:
    crowd = established(4)
    liked, said, shared = (plant(person(), "Words", hours=2) for _number in range(3))
    for number, one in enumerate(crowd):
        like_post(post_id=liked.pk, person=one)
        comment_on_post(post_id=said.pk, author=one, content=words(number))
        share_post(post=shared, person=one)
    compute()
    assert posts() == [shared.pk, said.pk, liked.pk]


def test_authors_do_not_trend_by_their_own_hand_and_old_posts_not_at_all(ada: User) -> None:
    own, old = plant(ada, "Mine", hours=1), plant(ada, "Old", days=4)
    crowd = established(4)
    like(own, [ada, *crowd[:2]])
    like(old, crowd)
    compute()
    assert posts() == []


def test_more_speed_wins_and_age_loses(ada: User, ben: User) -> None:
    crowd = established(8)
    quick, slow, older = (
        plant(ada, "Quick", hours=1),
        plant(ben, "Slow", hours=1),
        plant(ben, "Older", hours=40),
    )
    like(quick, crowd)
    like(slow, crowd[:4])
    like(older, crowd)
    compute()
    assert posts() == [quick.pk, slow.pk, older.pk] or posts() == [quick.pk, older.pk, slow.pk]
    scores = {one["post"]["id"]: one["score"] for one in Api()("GET", "trending/posts").json()["results"]}
    assert scores[str(older.pk)] < scores[str(quick.pk)] / 3


def test_fresh_accounts_alone_trend_no_post(ada: User) -> None:
    like(plant(ada, "Bought", hours=1), accounts(60, days=1))
    compute()
    assert posts() == []


# --- who sees it -------------------------------------------------------------------------------------------

MATRIX = {
    # visitor, outsider, follower, friend, blocked, blocker, muter, author
    (Audience.PUBLIC, False): "yes yes yes yes no no no yes",
    (Audience.PUBLIC, True): "no no yes yes no no no yes",  # once it trended
    (Audience.FOLLOWERS, False): "no no yes yes no no no yes",
    (Audience.PRIVATE, False): "no no no no no no no yes",
}


@pytest.mark.parametrize(("audience", "is_private"), MATRIX)
def test_the_door_judges_what_trends_each_time(ada: User, audience: str, is_private: bool) -> None:
    post = plant(ada, "Seen by many", hours=1)
    like(post, established(5))
    compute()
    viewers: list[Any] = [AnonymousUser(), *(person() for _number in range(6)), ada]
    _visitor, _outsider, follower, friend, blocked, blocker, muter, _author = viewers
    follows(follower, ada)
    follows(friend, ada)
    follows(ada, friend)
    blocks(ada, blocked)
    blocks(blocker, ada)
    people_actions.mute_user(muter=muter, muted=ada)
    Post.objects.filter(pk=post.pk).update(visibility=audience)
    User.objects.filter(pk=ada.pk).update(is_private=is_private)
    expected = [cell == "yes" for cell in MATRIX[audience, is_private].split()]
    seen = [bool(selectors.trending_posts(viewer=viewer, most=10)[1]) for viewer in viewers]
    assert seen == expected


@pytest.mark.parametrize("change", ["deleted", "hidden", "suspended"])
def test_what_is_gone_is_gone_at_once(ada: User, ben: User, change: str) -> None:
    post = plant(ada, "Here for now", hours=1)
    like(post, established(5))
    compute()
    assert posts(ben) == [post.pk]
    if change == "deleted":
        delete_post(post=post, actor=ada)
    elif change == "hidden":
        Post.objects.filter(pk=post.pk).update(hidden_at=timezone.now())
    else:
        people_actions.suspend_user(user=ada, actor=None)
    assert posts(ben) == posts() == []


# --- people ------------------------------------------------------------------------------------------------


def test_whom_many_come_to_follow_or_answer(ada: User, ben: User) -> None:
    crowd = established(6)
    counters.now_whole()
    for one in crowd:
        people_actions.follow_user(follower=one, followee=ada)
    post = publish_post(author=ben, content="Ask me anything")
    for one in crowd[:4]:
        like_post(post_id=post.pk, person=one)
    drain()
    job.take_snapshot_of_people()
    assert users() == ["ada", "ben"]
    (first, second) = Api()("GET", "trending/users").json()["results"]
    assert (first["why"], second["why"]) == ("6 new followers this week", "4 people this week")
    assert first["parts"]["new_followers"] == 6 and second["parts"]["people"] == 4


def test_people_who_may_not_be_seen_do_not_trend(ada: User, ben: User, cleo: User, dora: User) -> None:
    crowd = established(4)
    for star in (ada, ben, cleo, dora):
        for one in crowd:
            follows(one, star)
    compute()
    assert set(users()) == {"ada", "ben", "cleo", "dora"}
    assert set(users(ada)) == {"ben", "cleo", "dora"}
    blocks(dora, ada)
    people_actions.mute_user(muter=ada, muted=cleo)
    assert users(ada) == ["ben"]
    people_actions.set_privacy(user=ben, is_private=True)
    assert set(users()) == {"ada", "cleo", "dora"} and users(ada) == []
    people_actions.suspend_user(user=dora, actor=None)
    assert set(users()) == {"ada", "cleo"}


def test_a_list_of_posts_costs_the_same_for_two_and_for_many(
    ada: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    crowd = established(4)
    for _number in range(15):
        like(plant(ada, "Words", hours=1), crowd)
    compute()
    selectors.trending_posts(viewer=ben, most=20)
    with django_assert_max_num_queries(1):
        assert len(selectors.trending_posts(viewer=ben, most=20)[1]) == 15

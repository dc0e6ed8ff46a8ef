"""Trending tags: from what people do to what pages and programs show."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import at_once
from conftest import use_redis
from discovery.handlers.trends import count_posts
from discovery.models import TrendKind, TrendSnapshot
from discovery.tests.towns import accounts, compute, established, plant, talk
from discovery.trends import counters, job, reading
from discovery.trends.counters import HOUR, What
from feeds.actions import delete_post, edit_post, publish_post
from feeds.events import PostPublished
from feeds.models import Hashtag, Post
from socialnet.embedded.engines import RunningEngine
from socialnet.kernel import redis
from socialnet.kernel.cache import forget_here
from socialnet.kernel.errors import RedisAway
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def names(user: User | None = None) -> list[str]:
    return [tag["name"] for tag in Api(user)("GET", "trending/hashtags").json()["results"]]


def seen(tag: str) -> int:
    found = Hashtag.objects.get(name=tag)
    return counters.people(What.TAG, [found.pk], windows=[HOUR])[found.pk][0]


def test_from_posts_to_the_rail_the_api_and_the_socket(ada: User) -> None:
    people = established(5)
    counters.now_whole()
    for number, one in enumerate(people):
        publish_post(author=one, content=f"What a comet this is, number {number}! #Comet")
    drain()
    assert job.take_snapshots()[TrendKind.TAG] == 1
    answer = Api()("GET", "trending/hashtags").json()
    (tag,) = answer["results"]
    assert (tag["name"], tag["display"], tag["why"]) == ("comet", "Comet", "5 people in the last hour")
    assert tag["score"] > 0 and tag["parts"]["windows"]["1"]["people"] == 5
    assert answer["as_of"] and not answer["has_more"]
    html = page_of(ada).get(ada.get_absolute_url()).content.decode()
    assert "#Comet" in html and "5 people in the last hour" in html
    assert "#Comet" in page_of().get("/").content.decode()
    (topic,) = Api(ada)("GET", "live?topics=trending").json()["snapshots"]
    assert topic["data"]["hashtags"] == [
        {"name": "comet", "display": "Comet", "why": "5 people in the last hour"}
    ]


def test_an_event_that_comes_twice_or_late_counts_once(ada: User, ben: User) -> None:
    for one in (ada, ben):
        publish_post(author=one, content="So it goes #again")
    drain()
    events = [PostPublished(post_id=post.pk, author_id=post.author_id) for post in ada.posts.all()]
    for _time in range(3):
        count_posts(events)
    assert seen("again") == 2
    publish_post(author=ada, content="Once more, the same person #again")
    drain()
    assert seen("again") == 2


def test_a_tag_that_an_edit_brings_counts(ada: User) -> None:
    post = publish_post(author=ada, content="Words")
    edit_post(post=post, actor=ada, content="Words #late")
    drain()
    assert seen("late") == 1


@pytest.mark.parametrize("many", [2, 3])
def test_nothing_trends_with_fewer_than_three_people(many: int) -> None:
    people = established(many)
    for _time in range(4):
        talk(people, "club")
    compute()
    assert names() == (["club"] if many == 3 else [])


def test_what_is_as_usual_does_not_trend() -> None:
    people = established(12)
    for day in range(1, 8):
        for hour in range(24):
            plant(people[hour % 12], "As always", "daily", days=day, hours=hour + 0.1)
            plant(people[(hour + 5) % 12], "As always", "daily", days=day, hours=hour + 0.5)
    talk(people[:4], "daily")
    talk(people[:4], "fresh")
    compute()
    assert names() == ["fresh"]


@pytest.mark.parametrize("change", ["deleted", "hidden", "followers", "private", "suspended"])
def test_only_public_posts_of_public_people_count(change: str) -> None:
    people = established(3)
    posts = talk(people, "quiet")
    if change == "deleted":
        delete_post(post=posts[0], actor=people[0])
    elif change == "hidden":
        Post.objects.filter(pk=posts[0].pk).update(hidden_at=timezone.now())
    elif change == "followers":
        Post.objects.filter(pk=posts[0].pk).update(visibility="followers")
    elif change == "private":
        User.objects.filter(pk=people[0].pk).update(is_private=True)
    else:
        User.objects.filter(pk=people[0].pk).update(suspended_at=timezone.now())
    compute()
    assert names() == []


def test_what_is_gone_since_it_was_counted_counts_no_more() -> None:
    people = established(3)
    counters.now_whole()
    posts = [publish_post(author=one, content=f"{one.username} says this #gone") for one in people]
    drain()
    delete_post(post=posts[0], actor=people[0])
    drain()
    assert seen("gone") == 3
    job.take_snapshots(even_if_quiet=True)
    assert names() == []


# --- sock puppets ------------------------------------------------------------------------------------------


def test_two_hundred_fresh_sock_puppets_cannot_trend_what_twenty_people_can() -> None:
    talk(accounts(200, days=1), "puppets")
    talk(established(20), "people")
    compute()
    assert names() == ["people"]
    waiting = TrendSnapshot.objects.latest_of(TrendKind.TAG).trends.get(is_flagged=True)
    assert waiting.parts["new_accounts"] == 1.0


def test_nor_when_real_people_are_drawn_in() -> None:
    """Just enough of them that it need not wait for a moderator."""
    real = established(70)
    talk([*accounts(200, days=1), *real[:50]], "puppets")
    talk(real[50:], "people")
    compute()
    tags = Api()("GET", "trending/hashtags").json()["results"]
    scores = {tag["name"]: tag["parts"]["windows"]["1"]["weighted"] for tag in tags}
    assert scores["people"] == pytest.approx(20, rel=0.03)  # as HyperLogLog counts
    assert scores["puppets"] == pytest.approx(60, rel=0.03)  # fifty people, and two hundred that count ten


# --- when it is broken -------------------------------------------------------------------------------------


def test_redis_emptied_is_counted_again_by_itself() -> None:
    talk(established(4), "back")
    compute()
    redis._client().flushall()
    forget_here()
    job.take_snapshots(even_if_quiet=True)
    assert names() == ["back"] and seen("back") == 4


def test_without_redis_the_last_snapshot_is_served_and_says_of_when_it_is(
    ada: User, redis_process: RunningEngine, settings: Any
) -> None:
    talk(established(4), "kept")
    compute()
    snapshot = TrendSnapshot.objects.latest_of(TrendKind.TAG)
    TrendSnapshot.objects.filter(pk=snapshot.pk).update(taken_at=timezone.now() - timedelta(hours=3))
    reading.POLICY.drop(TrendKind.TAG)
    forget_here()
    redis._client().flushall()
    use_redis("unix:///nowhere/redis.sock")
    try:
        answer = page_of().get("/api/v1/trending/hashtags")
        assert [tag["name"] for tag in answer.json()["results"]] == ["kept"]
        html = page_of().get(f"/@{ada.username}").content.decode()
        assert "#Kept" in html and "As of" in html
        with pytest.raises(RedisAway):
            job.take_snapshots()
        assert TrendSnapshot.objects.latest_of(TrendKind.TAG) == snapshot
    finally:
        use_redis(redis_process.url)
        redis.breaker.close()


def test_the_command_computes_and_counts_again(capsys: Any) -> None:
    talk(established(4), "told")
    call_command("compute_trends", "--rebuild")
    said = capsys.readouterr().out
    assert "places counted" in said and "1 of kind tag" in said
    assert names() == ["told"]


def test_it_is_computed_less_often_while_it_is_quiet() -> None:
    counters.now_whole()
    assert job.take_snapshots() == {TrendKind.TAG: 0, TrendKind.POST: 0}
    assert job.take_snapshots() == {}
    people = established(12)
    for one in people:
        publish_post(author=one, content=f"{one.username} was here #busy")
    drain()
    assert job.take_snapshots()[TrendKind.TAG] == 1
    assert job.take_snapshots() == {}


def test_counters_end_by_themselves_and_stay_few() -> None:
    talk(established(4), "keys")
    compute()
    client = redis._client()
    keys = list(client.scan_iter("trend:*"))
    assert keys and all(0 < client.ttl(key) <= 8 * 24 * 3600 for key in keys)


@pytest.mark.parametrize("path", ["trending/hashtags", "trending/posts", "trending/users"])
def test_bad_questions(path: str) -> None:
    api = Api(person())
    assert api("POST", path, {}).status_code == 405
    assert api("GET", f"{path}?sort=new").status_code == 400
    assert api("GET", f"{path}?limit=1").status_code == 200


def test_the_rail_costs_no_query(ada: User, django_assert_num_queries: Any) -> None:
    talk(established(4), "cheap")
    compute()
    with django_assert_num_queries(0):
        assert reading.trends(TrendKind.TAG).entries


@pytest.mark.django_db(transaction=True)
def test_the_same_events_in_many_workers_at_once_count_once() -> None:
    people = established(6)
    posts = talk(people, "race")
    events = [PostPublished(post_id=post.pk, author_id=post.author_id) for post in posts]
    at_once(*[lambda: count_posts(events)] * 6)
    assert seen("race") == 6
    hashtag = Hashtag.objects.get(name="race").pk
    key = counters._busy(What.TAG, counters.HOURS, counters.HOURS.bucket(timezone.now().timestamp()))
    before = counters._busy(What.TAG, counters.HOURS, counters.HOURS.bucket(timezone.now().timestamp()) - 1)
    assert sum(redis._client().zscore(one, str(hashtag)) or 0 for one in (key, before)) == 6

"""Without PostgreSQL: who is signed in stays so, home is read-only and from Redis, nothing leaks, writing waits."""

import pytest
from django.db import OperationalError

from accounts import actions as people
from accounts import standins
from accounts.models import User
from feeds import cards, timelines
from feeds.actions import delete_post, publish_post, share_post
from socialnet.kernel import redis
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.postgres.base import DatabaseWrapper
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def postgresql(monkeypatch):
    """`postgresql(away=True)`: every use of the database fails as when nothing listens."""

    def switch(*, away: bool) -> None:
        if away:
            monkeypatch.setattr(DatabaseWrapper, "cursor", refuse)
        else:
            monkeypatch.undo()

    def refuse(self, *args: object, **kwargs: object):
        raise OperationalError("connection refused")

    return switch


@pytest.fixture
def people_of_town() -> dict[str, User]:
    names = ("ada", "ben", "cleo")
    found = {name: User.objects.create_user(name, f"{name}@example.org", None) for name in names}
    people.follow_user(follower=found["ben"], followee=found["ada"])
    drain()
    redis._client().flushall()  # as some seconds later, when what was dropped may be kept again
    return found


def test_a_signed_in_reader_still_sees_home_and_is_told_that_writing_is_paused(
    client, people_of_town, postgresql
):
    publish_post(author=people_of_town["ada"], content="Kept at hand")
    drain()
    client.force_login(people_of_town["ben"])
    client.get("/")
    postgresql(away=True)
    home = client.get("/")
    text = home.content.decode()
    assert home.status_code == 200
    assert "Kept at hand" in text
    assert "Writing is paused." in text
    assert "@ben" in text


def test_a_shared_quote_still_shows_what_it_quotes(client, people_of_town, postgresql):
    town = people_of_town
    quote = publish_post(
        author=town["cleo"], content="Indeed", quoted=publish_post(author=town["cleo"], content="Hm")
    )
    share_post(post=quote, person=town["ada"])
    drain()
    redis._client().flushall()
    client.force_login(town["ben"])
    client.get("/")
    postgresql(away=True)
    text = client.get("/").content.decode()
    assert "Writing is paused." in text
    assert "Indeed" in text and "Hm" in text
    assert "This post is not available." not in text


def test_writing_waits_with_a_sentence_and_keeps_the_text(client, people_of_town, postgresql):
    client.force_login(people_of_town["ben"])
    client.get("/")
    postgresql(away=True)
    answer = client.post("/posts", {"content": "My words", "visibility": "public"})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "My words" in answer.content.decode()
    api = client.get("/api/v1/feed")
    assert (api.status_code, api["X-Feed-Tier"]) == (200, "1")


def test_what_is_not_kept_is_not_shown(client, people_of_town, postgresql):
    post = publish_post(author=people_of_town["ada"], content="Kept at hand")
    drain()
    client.force_login(people_of_town["ben"])
    client.get("/")
    cards.drop(post.pk)
    postgresql(away=True)
    home = client.get("/")
    assert home.status_code == 200
    assert "Kept at hand" not in home.content.decode()


@pytest.mark.parametrize("act", ["block", "blocked", "mute", "unfollow", "delete"])
def test_rights_lost_before_are_lost_still(client, people_of_town, postgresql, act):
    ada, ben = people_of_town["ada"], people_of_town["ben"]
    post = publish_post(author=ada, content="Not for ben any more")
    publish_post(author=ben, content="My own")
    drain()
    client.force_login(ben)
    client.get("/")
    {
        "block": lambda: people.block_user(blocker=ada, blocked=ben),
        "blocked": lambda: people.block_user(blocker=ben, blocked=ada),
        "mute": lambda: people.mute_user(muter=ben, muted=ada),
        "unfollow": lambda: people.unfollow_user(follower=ben, followee=ada),
        "delete": lambda: delete_post(post=post, actor=ada),
    }[act]()
    kept_anew(ben)
    postgresql(away=True)
    home = client.get("/")
    assert home.status_code == 200
    assert "My own" in home.content.decode()
    assert "Not for ben any more" not in home.content.decode()


def test_a_change_leaves_nothing_to_believe_until_it_is_read_anew(client, people_of_town, postgresql):
    publish_post(author=people_of_town["ada"], content="Not for ben any more")
    drain()
    client.force_login(people_of_town["ben"])
    client.get("/")
    people.block_user(blocker=people_of_town["ada"], blocked=people_of_town["ben"])
    postgresql(away=True)
    assert client.get("/").status_code == 503


def kept_anew(viewer: User) -> None:
    """As when the viewer read home some seconds after the change; the timeline is as stale as it can be."""
    redis._client().delete(standins.POLICY.key(viewer.pk))
    standins.keep(viewer.pk)


@pytest.mark.parametrize(
    ("audience", "shown"), [("public", True), ("followers", True), ("friends", False), ("private", False)]
)
def test_audiences_hold_without_postgresql(client, people_of_town, postgresql, audience, shown):
    publish_post(author=people_of_town["ada"], content="For some", visibility=audience)
    publish_post(author=people_of_town["ben"], content="My own", visibility="private")
    drain()
    client.force_login(people_of_town["ben"])
    client.get("/")
    postgresql(away=True)
    text = client.get("/").content.decode()
    assert "My own" in text
    assert ("For some" in text) is shown


def test_without_both_engines_there_is_a_page_that_says_so(client, people_of_town, postgresql, monkeypatch):
    client.force_login(people_of_town["ben"])
    client.get("/")
    postgresql(away=True)
    timelines.drop(people_of_town["ben"].pk)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Traceback" not in answer.content.decode()


def test_without_redis_home_is_the_same(client, people_of_town, monkeypatch):
    for number in range(25):
        publish_post(author=people_of_town["ada"], content=f"post {number}")
    drain()
    client.force_login(people_of_town["ben"])
    with_redis = client.get("/api/v1/feed").json()["results"]
    monkeypatch.setattr(redis, "_client", lambda: (_ for _ in ()).throw(redis.ConnectionError()))
    answer = client.get("/api/v1/feed")
    assert answer.json()["results"] == with_redis
    assert answer["X-Feed-Tier"] == "2"
    with pytest.raises(RedisAway), redis.door():
        pass
    assert client.get("/").status_code == 200


def test_relations_are_kept_anew_at_once_when_redis_lost_them(client, people_of_town, postgresql):
    publish_post(author=people_of_town["ada"], content="Kept at hand")
    drain()
    client.force_login(people_of_town["ben"])
    for _ in range(2):
        client.get("/")
    redis._client().flushall()
    client.force_login(people_of_town["ben"])
    client.get("/")
    postgresql(away=True)
    assert "Kept at hand" in client.get("/").content.decode()

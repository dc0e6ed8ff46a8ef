"""Fan-out: whom a post reaches, in which pieces, how often, and whom it tells."""

from itertools import pairwise

import pytest

from accounts import actions as people
from accounts.models import Activity, Follow
from accounts.tests.factories import follows, person
from feeds import cards, fanout, handlers, timelines
from feeds.actions import delete_post, edit_post, share_post
from feeds.events import PostPublished
from feeds.fanout import LAST_PERSON, Range
from feeds.models import FeedEntry, Post
from feeds.selectors import home_page
from feeds.tests.factories import plant, publish
from socialnet.kernel import realtime, redis
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def readers(ada):
    """Seven followers of ada, the second and fifth of them her friends."""
    followers = [person(f"reader_{number}") for number in range(7)]
    for number, follower in enumerate(followers):
        follows(follower, ada)
        if number in (1, 4):
            follows(ada, follower)
    return followers


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK", 3)


def reached(post: Post) -> list[int]:
    return sorted(FeedEntry.objects.filter(post_id=post.pk).values_list("user_id", flat=True))


def pks(*persons) -> list[int]:
    return sorted(person.pk for person in persons)


# --- pieces ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chunk", "pieces"), [(1, 8), (2, 4), (3, 3), (6, 2), (7, 2), (8, 1), (1000, 1)])
def test_the_pieces_cover_everybody_once(ada, readers, monkeypatch, chunk, pieces):
    monkeypatch.setattr(fanout, "CHUNK", chunk)
    parts = fanout.ranges(plant(ada))
    assert len(parts) == pieces
    assert (parts[0].after, parts[-1].until) == (0, LAST_PERSON)
    for reader in readers:
        assert sum(part.after < reader.pk <= part.until for part in parts) == 1
    for before, after in pairwise(parts):
        assert before.until == after.after


def test_a_piece_has_a_name_that_leads_back_to_it():
    part = Range(17, LAST_PERSON)
    assert Range.of(part.key) == part
    assert len(part.key) <= 100


def ours() -> int:
    """How many deliveries this app made."""
    return Delivery.objects.filter(handler__startswith="feeds.", state=Delivery.State.DONE).count()


def test_a_small_audience_is_served_by_the_first_delivery(ada, readers):
    publish(ada)
    drain()
    assert ours() == 1


def test_a_large_audience_is_served_in_pieces_each_a_delivery(ada, readers, small):
    post = publish(ada)
    drain()
    assert ours() == 1 + 3
    assert reached(post) == pks(ada, *readers)
    keys = Delivery.objects.filter(handler="feeds.deliver_chunk").values_list("key", flat=True)
    assert len(set(keys)) == 3


def test_whoever_follows_while_the_pieces_wait_is_in_the_last_one(ada, readers, small):
    post = publish(ada)
    late = person("late")
    follows(late, ada)
    drain()
    assert late.pk in reached(post)


# --- audiences ---------------------------------------------------------------------------------------------


def test_each_audience_is_delivered_to_itself(ada, readers, small):
    asked = person("asked")
    follows(asked, ada, pending=True)
    reach = {
        audience: publish(ada, audience=audience)
        for audience in ("public", "followers", "friends", "private")
    }
    drain()
    assert reached(reach["public"]) == reached(reach["followers"]) == pks(ada, *readers)
    assert reached(reach["friends"]) == pks(ada, readers[1], readers[4])
    assert reached(reach["private"]) == pks(ada)


def test_people_who_are_away_are_left_alone_and_those_coming_back_are_not(ada, readers):
    Activity.objects.filter(user=readers[0]).update(state=Activity.State.IDLE)
    Activity.objects.filter(user=readers[1]).update(state=Activity.State.FILLING)
    post = publish(ada)
    drain()
    assert reached(post) == pks(ada, *readers[1:])


def test_what_is_gone_before_its_fan_out_reaches_nobody(ada, readers, small):
    post = publish(ada)
    delete_post(post=post, actor=ada)
    drain()
    assert reached(post) == pks(ada)


@pytest.mark.parametrize("chunk", [3, 1000])
def test_what_is_hidden_meanwhile_is_there_when_it_is_shown_again(ada, readers, told, monkeypatch, chunk):
    monkeypatch.setattr(fanout, "CHUNK", chunk)
    realtime.mark_online(pks(ada, *readers))
    home_page(viewer=readers[6])  # warm; readers[0] is cold
    post = publish(ada)
    Post.objects.filter(pk=post.pk).update(hidden_at="2026-01-01T00:00Z")
    drain()
    for reader in (readers[0], readers[6]):
        assert home_page(viewer=reader).items == []
    assert told == []
    Post.objects.filter(pk=post.pk).update(hidden_at=None)
    cards.drop(post.pk)  # as whoever shows it again does
    for reader in (readers[0], readers[6]):
        assert [item.id for item in home_page(viewer=reader).items] == [post.pk]


def test_what_is_deleted_between_its_pieces_goes_no_further(ada, readers, small):
    post = publish(ada)
    run_all("feeds.deliver_posts")
    delete_post(post=post, actor=ada)
    drain()
    assert reached(post) == pks(ada)


# --- again, late, out of order -----------------------------------------------------------------------------


def run_all(handler: str) -> None:
    ids = list(Delivery.objects.filter(handler=handler).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(state=Delivery.State.OPEN, attempts=0)
    deliveries.run(handler, ids)


def test_everything_twice_changes_nothing(ada, readers, small):
    home_page(viewer=readers[0])
    posts = [publish(ada) for _ in range(3)]
    drain()
    before = sorted(FeedEntry.objects.values_list("user_id", "post_id"))
    for handler in ("feeds.deliver_posts", "feeds.deliver_chunk", "feeds.deliver_posts"):
        run_all(handler)
    drain()
    assert sorted(FeedEntry.objects.values_list("user_id", "post_id")) == before
    assert timelines.read(readers[0].pk, before=None, count=10).ids == [post.pk for post in reversed(posts)]


def test_a_second_run_reaches_the_warm_timelines_that_the_first_did_not(ada, ben):
    """The first run stored the entries, and Redis was away when it wanted to push them."""
    follows(ben, ada)
    home_page(viewer=ben)
    post = publish(ada)
    redis.breaker._breaker.open()
    drain(allow_failures=True)
    assert reached(post) == pks(ada, ben)
    delivery = Delivery.objects.get(handler="feeds.deliver_posts")
    assert (delivery.state, delivery.attempts) == (Delivery.State.OPEN, 0)
    redis.breaker.close()
    assert timelines.read(ben.pk, before=None, count=10).ids == []
    Delivery.objects.update(leased_until="2020-01-01T00:00Z")
    drain()
    assert timelines.read(ben.pk, before=None, count=10).ids == [post.pk]


def test_an_own_post_that_missed_redis_arrives_by_fan_out(ada):
    home_page(viewer=ada)
    redis.breaker._breaker.open()
    post = publish(ada, audience="private")
    redis.breaker.close()
    assert timelines.read(ada.pk, before=None, count=10).ids == []
    drain()
    assert timelines.read(ada.pk, before=None, count=10).ids == [post.pk]


def test_an_event_of_a_post_that_is_not_there_is_nothing(ada):
    handlers.deliver_posts([PostPublished(id=1, post_id=1, author_id=ada.pk)])
    assert not FeedEntry.objects.exists()


# --- what it tells -----------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch):
    messages = []
    monkeypatch.setattr(realtime, "publish_many", lambda sent: messages.extend(sent))
    return messages


def test_who_is_online_is_told_and_nobody_else(ada, readers, small, told):
    """The author, too, and once: in other windows the post is not there yet."""
    realtime.mark_online([readers[2].pk, readers[5].pk, ada.pk, 999_999])
    post = publish(ada)
    drain()
    assert sorted(group for group, _message in told) == [
        f"feed.{user_id}" for user_id in pks(ada, readers[2], readers[5])
    ]
    message = told[0][1]
    assert (message["topic"], message["event"]) == ("feed", "feed.new")
    assert message["data"]["newest_id"] == str(post.pk)


def test_other_windows_of_the_author_hear_of_a_private_post(ada, ben, told):
    follows(ben, ada)
    realtime.mark_online([ada.pk, ben.pk])
    publish(ada, audience="private")
    drain()
    assert [group for group, _message in told] == [f"feed.{ada.pk}"]


def test_a_message_says_nothing_of_the_post(ada, ben, told):
    follows(ben, ada)
    realtime.mark_online([ben.pk])
    publish(ada, "a secret of ada")
    drain()
    assert "secret" not in str(told) and "ada" not in str(told)


def gone_from(told) -> set[str]:
    return {group for group, message in told if message.get("event") == "feed.remove"}


def test_a_deleted_post_leaves_also_the_homes_that_have_a_share_of_it(ada, ben, cleo, mod, told):
    follows(cleo, ben)
    post = publish(ada)
    share_post(post=post, person=ben)
    drain()
    realtime.mark_online(pks(ada, ben, cleo, mod))
    delete_post(post=post, actor=ada)
    drain()
    assert gone_from(told) >= {f"feed.{user_id}" for user_id in pks(ada, ben, cleo)}
    assert f"feed.{mod.pk}" not in gone_from(told)


@pytest.mark.parametrize(
    ("audience", "stay"),
    [
        ("public", "ada ben cleo mod"),
        ("followers", "ada ben cleo"),
        ("friends", "ada ben"),
        ("private", "ada"),
    ],
)
def test_who_is_shut_out_by_an_edit_sees_the_post_go(ada, ben, cleo, mod, told, audience, stay):
    """ben is a friend, cleo a follower; mod has it only by ben's share."""
    for follower, followee in ((ben, ada), (ada, ben), (cleo, ada), (mod, ben)):
        follows(follower, followee)
    post = publish(ada)
    share_post(post=post, person=ben)
    drain()
    realtime.mark_online(pks(ada, ben, cleo, mod))
    edit_post(post=post, actor=ada, visibility=audience)
    drain()
    everybody = {"ada": ada, "ben": ben, "cleo": cleo, "mod": mod}
    assert gone_from(told) == {
        f"feed.{person.pk}" for name, person in everybody.items() if name not in stay.split()
    }


# --- what it costs -----------------------------------------------------------------------------------------


def test_a_piece_costs_the_same_for_one_and_for_many(ada, readers, django_assert_num_queries):
    post = plant(ada)
    realtime.mark_online([reader.pk for reader in readers])
    with django_assert_num_queries(2):  # insert and select; the version of the message
        assert fanout.deliver(post, Range(0, readers[0].pk)) == 1
    with django_assert_num_queries(2):
        assert fanout.deliver(post, Range(0, LAST_PERSON)) == 7


def test_a_muted_author_is_delivered_all_the_same(ada, ben):
    """A mute may end; what it hides stays a candidate."""
    follows(ben, ada)
    people.mute_user(muter=ben, muted=ada)
    post = publish(ada)
    drain()
    assert reached(post) == pks(ada, ben)
    assert Follow.objects.count() == 1

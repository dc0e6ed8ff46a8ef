"""`manage.py diagnose feed` and what feeds add to counts and graph: each is planted, shown, mended, and gone."""

from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now

from accounts import actions as people
from accounts.models import Activity, Block, Follow, Mute, PersonCounts, User
from accounts.tests.factories import person
from feeds import actions, timelines
from feeds.models import FeedEntry, Post, PostCounts, StoredFloor
from feeds.selectors import home_page
from feeds.tests.factories import plant, plant_many, publish
from socialnet.kernel import redis
from socialnet.kernel.redis import door
from socialnet.outbox.ids import MAX_ID
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


class Town:
    """ben follows ada and cleo, and is followed back by ada; his home is warm."""

    def __init__(self) -> None:
        self.ada, self.ben, self.cleo, self.dora = (person(name) for name in ("ada", "ben", "cleo", "dora"))
        for follower, followee in ((self.ben, self.ada), (self.ada, self.ben), (self.ben, self.cleo)):
            people.follow_user(follower=follower, followee=followee)
        self.posts = [publish(self.ada) for _ in range(3)]
        self.of_cleo = publish(self.cleo)
        drain()
        home_page(viewer=self.ben)

    @property
    def first(self) -> Post:
        return self.posts[0]


@pytest.fixture
def town() -> Iterator[Town]:
    yield Town()
    redis.breaker.close()


def diagnose(*words: str, fails: bool = False) -> str:
    """What the command prints; `fails` when it has to end with an error."""
    out = StringIO()
    if fails:
        with pytest.raises(CommandError) as failure:
            call_command("diagnose", *words, stdout=out)
        return f"{out.getvalue()}{failure.value}"
    call_command("diagnose", *words, stdout=out)
    return out.getvalue()


def key_of(user: User) -> str:
    return timelines.POLICY.key(f"{{b{user.pk % timelines.BUCKETS}}}:{user.pk}")


def put_into_redis(user: User, *post_ids: int) -> None:
    with door() as client:
        client.zadd(key_of(user), {str(post_id): post_id for post_id in post_ids})


def hours(many: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() + make_interval(hours => %s)", [many])
        return cursor.fetchone()[0]


def lose_entry(town: Town) -> None:
    FeedEntry.objects.filter(user_id=town.ben.pk, post_id=town.first.pk).delete()
    timelines.drop(town.ben.pk)


def lose_warm_id(town: Town) -> None:
    timelines.remove(town.ben.pk, [town.first.pk])


def lose_delivery(town: Town, **changes: object) -> None:
    post = publish(town.ada)
    Delivery.objects.filter(handler="feeds.deliver_posts", event__payload__post_id=post.pk).update(**changes)


def dead_letter(town: Town) -> None:
    lose_delivery(town, state=Delivery.State.DEAD, attempts=5, last_error="ValueError")


def overdue(town: Town) -> None:
    lose_delivery(town, leased_until=hours(-1))


def stranger_stored(town: Town) -> None:
    post = plant(town.dora)
    FeedEntry.objects.create(user_id=town.ben.pk, post_id=post.pk, author_id=town.dora.pk)


def stranger_warm(town: Town) -> None:
    put_into_redis(town.ben, plant(town.dora).pk)


def blocked_stored(town: Town) -> None:
    stranger_stored(town)
    Block.objects.create(blocker=town.dora, blocked=town.ben)


def private_stored(town: Town) -> None:
    post = plant(town.ada, visibility="private")
    FeedEntry.objects.create(user_id=town.ben.pk, post_id=post.pk, author_id=town.ada.pk)


def nothing_stored(town: Town) -> None:
    FeedEntry.objects.create(user_id=town.ben.pk, post_id=12345, author_id=town.ada.pk)


def misnamed(town: Town) -> None:
    FeedEntry.objects.filter(user_id=town.ben.pk, post_id=town.first.pk).update(author_id=town.cleo.pk)


def overlong(town: Town) -> None:
    put_into_redis(town.ben, *(post.pk for post in plant_many(town.ada, timelines.MAX_LENGTH + 5)))


def never_filled(town: Town) -> None:
    timelines.drop(town.ben.pk)
    lose_entry(town)
    Activity.objects.filter(pk=town.ben.pk).update(state="filling")


PLANTS: dict[str, Callable[[Town], None]] = {
    "lost: not stored, and no delivery is on its way": lose_entry,
    "stored, but not in the warm timeline": lose_warm_id,
    "dead letter": dead_letter,
    "is a worker up?": overdue,
    "@dora is not followed": stranger_stored,
    "extra in Redis": stranger_warm,
    "there is a block between the two": blocked_stored,
    "audience: only @ada": private_stored,
    "there is no such post": nothing_stored,
    "names another author": misnamed,
    "too long": overlong,
    "nothing is on its way to fill the home": never_filled,
}


def test_a_healthy_home_has_nothing_wrong(town: Town) -> None:
    said = diagnose("feed", "ben")
    assert "Home: nothing wrong" in said and "should be at home: 4 posts; pages: 4" in said
    assert "warm: 4 above the floor 0" in said


@pytest.mark.parametrize("words", PLANTS)
def test_what_is_wrong_is_said_and_mended(town: Town, words: str) -> None:
    """In one go: some of it goes by itself once its owner, or this command, has met it."""
    PLANTS[words](town)
    said = diagnose("feed", "ben", "--repair")
    before, after = said.split("done: ", maxsplit=1)
    assert words in before and "wrong" in before
    assert "Home: nothing wrong" in after
    assert "nothing wrong" in diagnose("feed", "ben")


def test_what_is_wrong_and_not_mended_is_an_error(town: Town) -> None:
    lose_entry(town)
    said = diagnose("feed", "ben", fails=True)
    assert "missing on the pages" in said and "missing in the store" in said and "2 wrong" in said
    assert diagnose("feed", "@BEN", fails=True)  # it changed nothing


def on_its_way(town: Town) -> None:
    publish(town.ada)


def follow_on_its_way(town: Town) -> None:
    plant(town.dora)
    people.follow_user(follower=town.ben, followee=town.dora)


def unfollow_on_its_way(town: Town) -> None:
    people.unfollow_user(follower=town.ben, followee=town.cleo)


def deleted(town: Town) -> None:
    actions.delete_post(post=town.first, actor=town.ada)


def hidden(town: Town) -> None:
    Post.objects.filter(pk=town.first.pk).update(hidden_at=Now())


def muted(town: Town) -> None:
    people.mute_user(muter=town.ben, muted=town.cleo)


def no_friend_any_more(town: Town) -> None:
    publish(town.ada, audience="friends")
    drain()
    Follow.objects.filter(follower=town.ada, followee=town.ben).delete()


def suspended(town: Town) -> None:
    people.suspend_user(user=town.cleo, actor=None)


def share_of_unseen(town: Town) -> None:
    post = publish(town.dora)
    actions.share_post(person=town.ada, post=post)
    drain()
    people.set_privacy(user=town.dora, is_private=True)


def share_of_muted(town: Town) -> None:
    actions.share_post(person=town.ada, post=publish(town.dora))
    drain()
    people.mute_user(muter=town.ben, muted=town.dora)


HARMLESS: dict[str, Callable[[Town], None]] = {
    "is still open": on_its_way,
    "its delivery to feeds.fill_homes is still open": follow_on_its_way,
    "@cleo is not followed; its delivery to feeds.clear_homes is still open": unfollow_on_its_way,
    "deleted; it goes when somebody meets it": deleted,
    "hidden by a moderator": hidden,
    "@cleo is muted": muted,
    "audience: friends, and @ada does not follow back": no_friend_any_more,
    "@cleo is suspended": suspended,
    "the original of this share is not visible: audience: followers, and @dora is not followed": share_of_unseen,
    "@dora, whom it shares, is muted": share_of_muted,
}


@pytest.mark.parametrize("words", HARMLESS)
def test_what_is_rightly_not_at_home_has_its_reason(town: Town, words: str) -> None:
    HARMLESS[words](town)
    assert words in diagnose("feed", "ben")


def test_below_the_floor_the_posts_themselves_are_the_home(town: Town) -> None:
    """What is not stored there is not missing."""
    StoredFloor.objects.create(user_id=town.ben.pk, floor=town.of_cleo.pk)
    FeedEntry.objects.filter(user_id=town.ben.pk).delete()
    timelines.drop(town.ben.pk)
    said = diagnose("feed", "ben")
    assert f"stored: 0 above the floor {town.of_cleo.pk}" in said and "pages: 4" in said
    assert "not warm, the next page makes it so" in said


def test_a_join_that_finds_nothing_below_the_floor_is_said(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoredFloor.objects.create(user_id=town.ben.pk, floor=town.of_cleo.pk)
    FeedEntry.objects.filter(user_id=town.ben.pk).delete()
    timelines.drop(town.ben.pk)
    monkeypatch.setattr("feeds.stored.followed_posts", lambda *_args, **_kwargs: [])
    said = diagnose("feed", "ben", "--repair", fails=True)
    assert f"below the floor {town.of_cleo.pk}" in said and "done: " in said and "4 wrong" in said


def test_an_author_who_is_merged_on_read_is_missed_by_name(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fan-out does not owe is not missing in any store, yet it has to be on the pages."""
    from feeds import home_diagnosis
    from feeds.invariants import expected_home

    def owed(user_id: int, *, floor: int) -> set[int]:
        return expected_home(user_id, floor=floor) - {town.of_cleo.pk}

    monkeypatch.setattr(home_diagnosis, "expected_home", owed)
    assert "nothing wrong" in diagnose("feed", "ben")  # the store has it from before
    FeedEntry.objects.filter(user_id=town.ben.pk, post_id=town.of_cleo.pk).delete()
    timelines.drop(town.ben.pk)
    said = diagnose("feed", "ben", fails=True)
    assert "its author is merged on read, and the merge passed it over" in said and "1 wrong" in said


def test_who_is_away_has_no_store_to_be_wrong(town: Town) -> None:
    lose_entry(town)
    Activity.objects.filter(pk=town.ben.pk).update(state="idle")
    said = diagnose("feed", "ben")
    assert "(person" in said and ": idle, last here" in said and "its owner is away" in said


def test_who_has_no_activity_is_sent_to_counts(town: Town) -> None:
    Activity.objects.filter(pk=town.ben.pk).delete()
    timelines.drop(town.ben.pk)
    assert "diagnose counts --repair" in diagnose("feed", "ben", "--repair", fails=True)
    diagnose("counts", "--repair")
    diagnose("feed", "ben", "--repair")


def test_a_door_that_turns_away_too_much_is_said_and_not_mended(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feeds import door as the_door

    monkeypatch.setattr(
        the_door,
        "_FACTS",
        the_door._FACTS.replace("    p.muted,", f"    p.muted OR p.author_id = {town.cleo.pk},"),
    )
    said = diagnose("feed", "ben", "--repair", fails=True)
    assert "the page's query turns it away, against the rules" in said and "1 wrong" in said


def test_pages_that_show_too_much_are_said(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from feeds import door as the_door

    people.mute_user(muter=town.ben, muted=town.cleo)
    monkeypatch.setattr(the_door, "_FACTS", the_door._FACTS.replace("    p.muted,", "    false,"))
    said = diagnose("feed", "ben", fails=True)
    assert "extra on the pages" in said and "@cleo is muted" in said


def test_one_post_is_explained_on_request(town: Town) -> None:
    post = plant(town.dora)
    assert (
        f"post {post.pk} by @dora: not at home: @dora is not followed; not on the pages, not stored"
        in diagnose("feed", "ben", f"--post={post.pk}")
    )
    assert f"post {town.first.pk} by @ada: it belongs here; on the pages, stored, warm" in diagnose(
        "feed", "ben", f"--post={town.first.pk}"
    )
    assert "there is no such post" in diagnose("feed", "ben", f"--post={MAX_ID}")


def test_without_redis_the_rest_is_looked_at(town: Town, redis_process) -> None:  # type: ignore[no-untyped-def]
    redis_process.stop()
    try:
        assert "Redis does not answer: pages come from PostgreSQL" in diagnose("feed", "ben")
        FeedEntry.objects.filter(user_id=town.ben.pk, post_id=town.first.pk).delete()
        assert "cannot be mended now" in diagnose("feed", "ben", "--repair", fails=True)
    finally:
        redis_process.start()


def test_nobody_of_that_name(town: Town) -> None:
    assert "Nobody is called nemo" in diagnose("feed", "nemo", fails=True)


def test_a_long_table_is_cut(town: Town) -> None:
    plant_many(town.ada, 8)
    said = diagnose("feed", "ben", "--most=5", fails=True)
    assert "more: --most shows them" in said


def no_post_counts(town: Town) -> None:
    PostCounts.objects.filter(pk=town.first.pk).delete()


COUNTS: dict[str, Callable[[Town], object]] = {
    "kept 40, the rows say 3": lambda town: PersonCounts.objects.filter(pk=town.ada.pk).update(posts=40),
    "kept 7, the rows say 0": lambda town: PostCounts.objects.filter(pk=town.first.pk).update(shares=7),
    "no counts": no_post_counts,
}
GRAPH: dict[str, Callable[[Town], object]] = {
    "there is no such post": nothing_stored,
    "names another author": misnamed,
    "there is no such person": lambda town: FeedEntry.objects.create(
        user_id=9_999_999, post_id=town.first.pk, author_id=town.ada.pk
    ),
    "this person left": lambda town: User.objects.filter(pk=town.ada.pk).update(is_active=False),
    "not followed, and nothing is on its way to clear it": stranger_stored,
}


@pytest.mark.parametrize("words", COUNTS)
def test_wrong_counts_are_said_and_mended(town: Town, words: str) -> None:
    COUNTS[words](town)
    assert words in diagnose("counts", fails=True)
    assert "done: " in diagnose("counts", "--repair")
    diagnose("counts")


@pytest.mark.parametrize("words", GRAPH)
def test_wrong_entries_are_said_and_mended(town: Town, words: str) -> None:
    GRAPH[words](town)
    assert words in diagnose("graph", fails=True)
    assert "done: " in diagnose("graph", "--repair")
    diagnose("graph")
    assert diagnose("feed", "ben")


def test_entries_that_are_about_to_go_are_not_wrong(town: Town) -> None:
    people.unfollow_user(follower=town.ben, followee=town.cleo)
    assert "its delivery to feeds.clear_homes is still open" in diagnose("graph")


def test_looking_shows_nothing_that_people_wrote(town: Town) -> None:
    Post.objects.update(content="a very private sentence")
    Mute.objects.create(muter=town.ben, muted=town.cleo)
    lose_entry(town)
    said = diagnose("feed", "ben", fails=True) + diagnose("graph") + diagnose("counts")
    assert "private sentence" not in said

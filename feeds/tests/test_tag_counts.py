"""Counts of tags: exactly what every visitor may see, whatever happens to posts and accounts, also all at once."""

import os
import random
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from accounts import actions as people
from accounts.events import PrivacyChanged
from accounts.models import User
from accounts.tests.factories import PASSWORD, person
from accounts.tests.test_follow_races import at_once
from feeds import invariants, tag_counts, tasks, upkeep
from feeds.actions import delete_post, edit_post, share_post
from feeds.models import Hashtag, HashtagCounts, Post, PostHashtag
from feeds.selectors import tagged_posts
from feeds.tests.factories import plant_many, publish
from feeds.tests.test_diagnose import diagnose
from socialnet.kernel.errors import DomainError
from socialnet.outbox import deliveries
from socialnet.outbox.handlers import handler_named
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

TIMES = int(os.environ.get("RACE_TIMES", "1"))
rounds = pytest.mark.parametrize("round_", range(TIMES))


def uses() -> dict[str, int]:
    return dict(HashtagCounts.objects.values_list("hashtag__name", "posts"))


def is_exact() -> bool:
    return invariants.wrong_tag_counts(0) == 0


# --- one after the other ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("audience", ["public", "followers", "friends", "private"])
def test_publishing_and_deleting_count_what_everybody_may_see(ada: User, audience: str) -> None:
    post = publish(ada, "#fog #rain #fog", audience=audience)
    many = int(audience == "public")
    assert uses() == {"fog": many, "rain": many}
    delete_post(post=post, actor=ada)
    delete_post(post=post, actor=ada)
    assert uses() == {"fog": 0, "rain": 0}
    assert is_exact()


@pytest.mark.django_db
def test_edits_count_what_the_post_says_now(ada: User, ben: User) -> None:
    post = publish(ada, "#fog #rain")
    edit_post(post=post, actor=ada, content="#rain #sun")
    assert uses() == {"fog": 0, "rain": 1, "sun": 1}
    share_post(post=post, person=ben)
    edit_post(post=post, actor=ada, language="en")
    assert uses() == {"fog": 0, "rain": 1, "sun": 1}
    edit_post(post=post, actor=ada, visibility="followers", content="#rain")
    assert uses() == {"fog": 0, "rain": 0, "sun": 0}
    assert is_exact()


@pytest.mark.django_db
def test_what_is_hidden_does_not_count_until_it_is_shown_again(ada: User) -> None:
    post = publish(ada, "#fog")
    for moment, many in (("2026-01-01T00:00Z", 0), (None, 1)):
        Post.objects.filter(pk=post.pk).update(hidden_at=moment)
        tag_counts.recount([post.pk])
        assert uses() == {"fog": many}


@pytest.mark.django_db
def test_accounts_that_are_not_open_to_all_do_not_count(ada: User, ben: User, mod: User) -> None:
    for _ in range(3):
        publish(ada, "#fog")
    publish(ben, "#fog")
    drain()
    people.set_privacy(user=ada, is_private=True)
    drain()
    assert uses() == {"fog": 1}
    ada.refresh_from_db()
    publish(ada, "#fog")
    assert uses() == {"fog": 1}
    people.set_privacy(user=ada, is_private=False)
    drain()
    assert uses() == {"fog": 5}
    people.suspend_user(user=ada, actor=mod)
    drain()
    assert uses() == {"fog": 1}
    ada.refresh_from_db()
    people.unsuspend_user(user=ada, actor=mod)
    drain()
    assert uses() == {"fog": 5} and is_exact()
    ada.refresh_from_db()
    people.delete_person(user=ada, password=PASSWORD)
    drain()
    assert uses() == {"fog": 1} and is_exact()


@pytest.mark.django_db
def test_a_count_is_what_a_visitor_finds_on_the_page(ada: User, ben: User) -> None:
    chance = random.Random(5)
    posts: list[Post] = []
    for _step in range(60):
        author = chance.choice([ada, ben])
        match chance.choice(["publish", "publish", "delete", "edit", "narrow", "private"]):
            case "publish":
                posts.append(publish(author, "#fog", audience=chance.choice(["public", "public", "private"])))
            case "delete" if posts:
                gone = posts.pop(chance.randrange(len(posts)))
                delete_post(post=gone, actor=gone.author)
            case "edit" if posts:
                post = chance.choice(posts)
                edit_post(post=post, actor=post.author, content=chance.choice(["#fog", "#rain", "none"]))
            case "narrow" if posts:
                post = chance.choice(posts)
                edit_post(post=post, actor=post.author, visibility="private")
            case "private":
                author.refresh_from_db()
                people.set_privacy(user=author, is_private=chance.random() < 0.3)
        drain()
        for name, many in uses().items():
            page = tagged_posts(name=name, viewer=AnonymousUser(), size=100)
            assert len(page.items) == many
        assert is_exact()


@pytest.mark.django_db
def test_no_count_goes_below_zero(ada: User) -> None:
    publish(ada, "#fog")
    with pytest.raises(IntegrityError), transaction.atomic():
        HashtagCounts.objects.update(posts=-1)


# --- when it went wrong ----------------------------------------------------------------------------------------


@pytest.fixture
def wrong(db: None, ada: User) -> None:
    """Counted wrongly, marked wrongly, without a count; and one that is right."""
    publish(ada, "#right #high #marked")
    HashtagCounts.objects.filter(hashtag__name="high").update(posts=7)
    PostHashtag.objects.filter(hashtag__name="marked").update(is_counted=False)
    lost = Hashtag.objects.create(name="lost", display="lost")
    PostHashtag.objects.bulk_create(PostHashtag(hashtag=lost, post=post) for post in plant_many(ada, 3))
    assert not is_exact()


RIGHT = {"right": 1, "high": 1, "marked": 1, "lost": 3}


def test_every_night_all_are_compared_and_mended(wrong: None) -> None:
    tasks.reconcile_all_tag_counts()
    assert uses() == RIGHT and is_exact()
    assert tag_counts.reconcile_all() == 0


def test_every_hour_those_used_lately_are(wrong: None) -> None:
    tasks.reconcile_recent_tag_counts()
    assert uses() == RIGHT | {"lost": 3} or uses() == {
        name: RIGHT[name] for name in ("right", "high", "marked")
    }
    assert uses()["high"] == 1


def test_they_are_told_and_mended_by_hand(wrong: None) -> None:
    said = diagnose("counts", fails=True)
    assert "#high" in said and "#lost" in said and "#marked" in said and "#right" not in said
    diagnose("counts", "--repair")
    assert uses() == RIGHT and is_exact()


def test_many_marks_are_mended_a_few_at_a_time(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of more tags than one look takes; a post with several is counted once."""
    monkeypatch.setattr(tag_counts, "BATCH", 3)
    for _ in range(8):
        publish(ada, "#fog #rain #sun #ice")
    PostHashtag.objects.filter(hashtag__name__in=["fog", "ice"]).update(is_counted=False)
    HashtagCounts.objects.filter(hashtag__name="sun").update(posts=1)
    counted: list[int] = []
    recount = tag_counts.recount
    monkeypatch.setattr(tag_counts, "recount", lambda posts: (counted.append(len(posts)), recount(posts)))
    assert tag_counts.reconcile_all() == 8 + 1 + 2
    assert counted == [3, 3, 2]
    assert is_exact() and set(uses().values()) == {8}


# --- a few seconds at a time -----------------------------------------------------------------------------------


@pytest.fixture
def much(ada: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """`ada` wrote more than fits into the time for it; some of it has no tags, some is deleted."""
    monkeypatch.setattr(tag_counts, "BATCH", 2)
    monkeypatch.setattr(tag_counts.recount_of, "__kwdefaults__", {"after": 0, "seconds": 0})
    for number in range(9):
        post = publish(ada, "none" if number == 3 else "#fog")
    delete_post(post=post, actor=ada)
    drain()
    assert uses() == {"fog": 7}
    return ada


@pytest.mark.django_db
def test_posts_of_an_author_are_counted_bit_by_bit(much: User) -> None:
    people.set_privacy(user=much, is_private=True)
    event = PrivacyChanged.name
    mine = Delivery.objects.filter(event__name=event, handler="feeds.count_tags_of_authors")
    deliveries.run("feeds.count_tags_of_authors", list(mine.values_list("pk", flat=True)))
    assert mine.get().state == Delivery.State.DONE
    more = Delivery.objects.get(handler="feeds.count_more_tags", state=Delivery.State.OPEN)
    assert uses() == {"fog": 5}  # one batch, and the rest is owed
    assert int(more.key) == Post.objects.order_by("pk")[1].pk
    drain()
    assert uses() == {"fog": 0} and is_exact()
    assert Delivery.objects.filter(handler="feeds.count_more_tags").count() == 4


@pytest.mark.django_db
def test_a_piece_that_comes_twice_and_late_changes_nothing(much: User) -> None:
    people.set_privacy(user=much, is_private=True)
    drain()
    people.set_privacy(user=User.objects.get(pk=much.pk), is_private=False)
    drain()
    Delivery.objects.filter(handler="feeds.count_more_tags").update(
        state=Delivery.State.OPEN, leased_until="2020-01-01T00:00Z"
    )
    drain()
    assert uses() == {"fog": 7} and is_exact()


def test_counting_an_author_keeps_none_waiting() -> None:
    for name in ("feeds.count_tags_of_authors", "feeds.count_more_tags"):
        handler = handler_named(name)
        assert (handler.queue, handler.batch) == ("maintenance", 1)


# --- at once -----------------------------------------------------------------------------------------------------


def settle() -> None:
    Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until="2020-01-01T00:00Z")
    drain()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_many_write_edit_and_delete_with_the_same_tags(round_: int) -> None:
    """In every order of the tags: none waits for another in a circle, and nothing is lost."""
    writers = [person() for _ in range(6)]
    words = ["#fog #rain #sun", "#sun #rain #fog", "#rain #new #fog", "#new #sun"]

    def act(author: User, seed: int) -> None:
        chance = random.Random(seed)
        mine: list[Post] = []
        for _ in range(6):
            mine.append(publish(author, chance.choice(words)))
            post = chance.choice(mine)
            if chance.random() < 0.4:
                edit_post(post=post, actor=author, content=chance.choice(words))
            if chance.random() < 0.3:
                delete_post(post=post, actor=author)
                mine.remove(post)

    at_once(
        *[
            lambda who=writer, seed=number: act(who, seed + 100 * round_)
            for number, writer in enumerate(writers)
        ]
    )
    assert is_exact()
    assert sum(uses().values()) > 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_going_private_while_writing_counts_nothing_of_it(round_: int) -> None:
    ada, ben = person("ada"), person("ben")

    def write() -> None:
        for _ in range(5):
            publish(ada, "#fog")

    def flip() -> None:
        for is_private in (True, False, True):
            people.set_privacy(user=User.objects.get(pk=ada.pk), is_private=is_private)

    def work() -> None:
        for _ in range(5):
            for handler, ident in Delivery.objects.filter(state=0).values_list("handler", "id"):
                deliveries.run(handler, [ident])

    at_once(write, write, flip, work, lambda: publish(ben, "#fog"))
    settle()
    assert uses() == {"fog": 1} and is_exact()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_mending_while_people_write_breaks_nothing(round_: int) -> None:
    ada = person("ada")
    publish(ada, "#fog")

    def mend() -> Any:
        for _ in range(10):
            HashtagCounts.objects.filter(hashtag__name="fog")
            tag_counts.reconcile_all()

    at_once(*[lambda: [publish(ada, "#fog") for _ in range(5)] for _ in range(3)], mend, mend)
    assert uses() == {"fog": 16} and is_exact()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_a_person_goes_while_others_write(round_: int) -> None:
    ada, ben = person("ada"), person("ben")
    for _ in range(5):
        publish(ada, "#fog #rain")
    people.delete_person(user=ada, password=PASSWORD)
    at_once(
        lambda: upkeep.forget_person(ada.pk), lambda: [publish(ben, "#rain #fog") for _ in range(5)], settle
    )
    settle()
    assert uses() == {"fog": 5, "rain": 5} and is_exact()


class Died(Exception):
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("dies_at", ["reconcile_post_counts", "remove_shares_of", "_let_go"])
def test_counts_are_exact_wherever_forgetting_a_person_dies(
    dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = person("ada"), person("ben")
    for author in (ada, ben, ada):
        publish(author, "#fog #rain")
    drain()

    def die(*_given: Any, **_named: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        if dies_at == "_let_go":  # its own transaction is over, the next has not begun
            patch.setattr(tag_counts, "locked_without_tags", die)
        else:
            patch.setattr(upkeep, dies_at, die)
        with pytest.raises(Died):
            upkeep.forget_person(ada.pk)
    assert Post.objects.filter(author=ada).count() == 2
    assert invariants.wrong_tag_counts(0) == 0
    upkeep.forget_person(ada.pk)
    upkeep.forget_person(ada.pk)
    assert not Post.objects.filter(author=ada).exists()
    assert uses() == {"fog": 1, "rain": 1} and is_exact()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_publishes_does_not_wait_for_what_goes_with_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    ada, ben = person("ada"), person("ben")
    publish(ada, "#fog")
    written = []

    def look(*_given: Any) -> int:
        """While the posts of ada go, with all that hangs on them, ben writes with the same tag."""
        at_once(lambda: written.append(publish(ben, "#fog")))
        return 0

    monkeypatch.setattr(upkeep, "reconcile_share_counts", look)
    upkeep.forget_person(ada.pk)
    assert len(written) == 1
    assert uses() == {"fog": 1} and is_exact()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_a_person_goes_while_an_edit_of_theirs_is_under_way(round_: int) -> None:
    """Tags that come to a post after it was let go are let go, too; whatever the account is by then."""
    ada, ben = person("ada"), person("ben")
    posts = [publish(ada, "#fog #rain") for _ in range(6)]

    def edit() -> None:
        for post in posts * 2:
            with suppress(DomainError, Post.DoesNotExist):
                edit_post(post=post, actor=ada, content=f"#sun #fog {round_}")

    def write() -> None:
        for _ in range(4):
            publish(ben, "#rain #sun #fog")

    at_once(
        edit,
        lambda: upkeep.forget_person(ada.pk),
        lambda: upkeep.forget_person(ada.pk),
        write,
        tag_counts.reconcile_all,
    )
    settle()
    assert not Post.objects.filter(author=ada).exists()
    assert uses() == {"fog": 4, "rain": 4, "sun": 4} and is_exact()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_pieces_of_an_author_meet_the_author_who_changes_mind_and_writes(
    round_: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_counts, "BATCH", 2)
    monkeypatch.setattr(tag_counts.recount_of, "__kwdefaults__", {"after": 0, "seconds": 0})
    ada, ben = person("ada"), person("ben")
    posts = [publish(ada, "#fog #rain") for _ in range(9)]
    drain()
    is_private = round_ % 2 == 0

    def flip() -> None:
        for to in (not is_private, is_private, not is_private, is_private):
            people.set_privacy(user=User.objects.get(pk=ada.pk), is_private=to)

    def write() -> None:
        for post in posts[:3]:
            publish(ada, "#rain #fog")
            delete_post(post=post, actor=ada)

    def work() -> None:
        for _ in range(8):
            for handler, ident in Delivery.objects.filter(state=0).values_list("handler", "id"):
                deliveries.run(handler, [ident])

    at_once(flip, write, work, work, lambda: publish(ben, "#rain #fog"))
    settle()
    many = 1 if is_private else 10
    assert uses() == {"fog": many, "rain": many} and is_exact()

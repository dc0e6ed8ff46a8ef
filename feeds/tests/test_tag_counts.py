"""Counts of tags: exactly what every visitor may see, whatever happens to posts and accounts, also all at once."""

import os
import random
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import PASSWORD, person
from accounts.tests.test_follow_races import at_once
from feeds import invariants, tag_counts, tasks, upkeep
from feeds.actions import delete_post, edit_post, share_post
from feeds.models import Hashtag, HashtagCounts, Post, PostHashtag
from feeds.selectors import tagged_posts
from feeds.tests.factories import plant_many, publish
from feeds.tests.test_diagnose import diagnose
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
        from socialnet.outbox import deliveries

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

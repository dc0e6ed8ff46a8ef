"""Sharing and quoting: who may, who sees it, what becomes of it, and what it counts."""

import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction

from accounts import actions as people
from accounts.models import PersonCounts, User
from accounts.tests.factories import Api, follows, page_of, person
from feeds import upkeep
from feeds.actions import delete_post, publish_post, remove_shares_of, share_post, unshare_post
from feeds.errors import CannotShare
from feeds.models import FeedEntry, Post, PostCounts
from feeds.selectors import get_visible_item, head_of, home_page, profile_posts, sharers_of
from feeds.tests.factories import ids_at_home, plant, publish
from socialnet.kernel import redis
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def shares_of(post: Post) -> int:
    return PostCounts.objects.get(pk=post.pk).shares


def posts_of(user: User) -> int:
    return PersonCounts.objects.get(pk=user.pk).posts


# --- sharing -----------------------------------------------------------------------------------------------


def test_a_share_reaches_the_followers_of_who_shares(ada, ben, cleo):
    follows(cleo, ben)
    original = publish(ada, "Fog in the valley")
    share = share_post(post=original, person=ben)
    drain()
    item = home_page(viewer=cleo).items[0]
    assert (item.id, item.is_share, item.shown.id, item.shown.content) == (
        share.pk, True, original.pk, "Fog in the valley",
    )  # fmt: skip
    assert (item.reason.kind, item.reason.label) == ("shared", "Ben shared")
    assert (shares_of(original), posts_of(ben)) == (1, 1)
    assert broken() == []


def test_sharing_twice_is_sharing_once(ada, ben):
    original = publish(ada)
    assert share_post(post=original, person=ben) == share_post(post=original, person=ben)
    assert (shares_of(original), posts_of(ben)) == (1, 1)


def test_a_share_taken_back_can_be_given_again(ada, ben):
    original = publish(ada)
    first = share_post(post=original, person=ben)
    unshare_post(post=original, person=ben)
    unshare_post(post=original, person=ben)
    assert (shares_of(original), posts_of(ben)) == (0, 0)
    with pytest.raises(NotFound):
        get_visible_item(first.pk, viewer=ben)
    assert share_post(post=original, person=ben) != first
    assert shares_of(original) == 1
    drain()
    assert broken() == []


def test_sharing_a_share_shares_the_original_and_keeps_whose_share_led_there(ada, ben, cleo, mod):
    original = publish(ada)
    by_ben = share_post(post=original, person=ben)
    by_cleo = share_post(post=by_ben, person=cleo)
    assert (by_cleo.share_of_id, by_cleo.via_id) == (original.pk, by_ben.pk)
    item = get_visible_item(by_cleo.pk, viewer=mod)
    assert item.via.username == "ben"
    assert shares_of(original) == 2
    people.block_user(blocker=ben, blocked=mod)
    assert get_visible_item(by_cleo.pk, viewer=mod).via is None


@pytest.mark.parametrize("audience", ["followers", "friends", "private"])
def test_what_is_not_for_everybody_is_not_passed_on(ada, ben, audience):
    follows(ben, ada)
    follows(ada, ben)
    post = publish(ada, audience=audience)
    for who in (ada, ben):
        with pytest.raises(NotFound if audience == "private" and who == ben else CannotShare):
            share_post(post=post, person=who)
        with pytest.raises(NotFound if audience == "private" and who == ben else CannotShare):
            publish_post(author=who, content="Look", quoted=post)
    assert not Post.objects.exclude(pk=post.pk).exists()


def test_a_private_account_is_not_passed_on(ada, ben):
    follows(ben, ada)
    post = publish(ada)
    people.set_privacy(user=ada, is_private=True)
    with pytest.raises(CannotShare):
        share_post(post=post, person=ben)


def test_a_share_goes_out_of_sight_with_what_it_shares_and_comes_back_with_it(ada, ben, cleo):
    follows(cleo, ben)
    original = publish(ada)
    share = share_post(post=original, person=ben)
    drain()
    people.set_privacy(user=ada, is_private=True)
    for viewer in (cleo, AnonymousUser()):
        with pytest.raises(NotFound):
            get_visible_item(share.pk, viewer=viewer)
        assert profile_posts(author=ben, viewer=viewer).items == []
    assert ids_at_home(cleo) == []
    follows(cleo, ada)
    assert share.pk in ids_at_home(cleo)


def test_a_blocked_author_is_not_seen_through_a_share(ada, ben, cleo):
    follows(cleo, ben)
    share = share_post(post=publish(ada), person=ben)
    quote = publish_post(author=ben, content="Look at that", quoted=share)
    drain()
    people.block_user(blocker=ada, blocked=cleo)
    assert ids_at_home(cleo) == [quote.pk]
    item = get_visible_item(quote.pk, viewer=cleo)
    assert (item.original, item.is_quote) == (None, True)


def test_a_muted_author_does_not_come_home_through_a_share(ada, ben, cleo):
    follows(cleo, ben)
    share = share_post(post=publish(ada), person=ben)
    drain()
    people.mute_user(muter=cleo, muted=ada, until=None)
    assert ids_at_home(cleo) == []
    assert get_visible_item(share.pk, viewer=cleo).shown.author.username == "ada"


def test_a_deleted_original_takes_its_shares_and_leaves_a_note_in_quotes(ada, ben, cleo):
    follows(cleo, ben)
    original = publish(ada)
    share = share_post(post=original, person=ben)
    quote = publish_post(author=ben, content="So true", quoted=original)
    drain()
    delete_post(post=original, actor=ada)
    assert ids_at_home(cleo) == [quote.pk]  # before any handler ran
    drain()
    share.refresh_from_db()
    assert share.deleted_at is not None
    assert (posts_of(ben), shares_of(original)) == (1, 0)
    shown = Api(cleo)("GET", f"posts/{quote.pk}").json()
    assert (shown["share_of"], shown["share_of_gone"], shown["content"]) == (None, True, "So true")
    assert broken() == []


def test_a_deleted_account_takes_the_shares_of_its_posts_and_its_own(ada, ben, cleo):
    by_ada, by_cleo = publish(ada), publish(cleo)
    share_post(post=by_ada, person=ben)
    share_post(post=by_cleo, person=ada)
    quote = publish_post(author=ben, content="So true", quoted=by_ada)
    drain()
    upkeep.forget_person(ada.pk)
    assert shares_of(by_cleo) == 0
    assert posts_of(ben) == 1
    assert get_visible_item(quote.pk, viewer=cleo).original is None


# --- once in a page ----------------------------------------------------------------------------------------


def test_ten_who_share_the_same_are_one_item(ada, ben):
    follows(ben, ada)
    original = publish(ada)
    sharers = [person(f"sharer_{number}") for number in range(10)]
    for who in sharers:
        follows(ben, who)
    shares = [share_post(post=original, person=who) for who in sharers]
    other = publish(ada, "Something else")
    drain()
    page = home_page(viewer=ben)
    assert [item.id for item in page.items] == [other.pk, shares[-1].pk]
    assert page.items[1].reason.label == "Sharer_9 and 9 others shared"
    assert set(page.items[1].also) == {original.pk, *(share.pk for share in shares[:-1])}
    assert head_of(viewer=ben) == [other.pk, shares[-1].pk]
    assert broken() == []


def test_two_sharers_are_named(ada, ben, cleo, mod):
    for who in (ben, cleo):
        follows(mod, who)
    original = publish(ada)
    for who in (ben, cleo):
        share_post(post=original, person=who)
    drain()
    assert home_page(viewer=mod).items[0].reason.label == "Cleo and Ben shared"
    assert home_page(viewer=ben).items[0].reason.label == "You shared"


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_with_shares_have_no_gap_and_no_repeat(ada, ben, size):
    follows(ben, ada)
    sharers = [person() for _ in range(3)]
    for who in sharers:
        follows(ben, who)
    posts = [publish(ada) for _ in range(8)]
    shares = [share_post(post=post, person=who) for who in sharers for post in posts[::2]]
    drain()
    seen, cursor = [], None
    while True:
        page = home_page(viewer=ben, cursor=cursor, size=size)
        originals = [item.shown.id for item in page.items]
        assert len(originals) == len(set(originals)) <= size
        assert len(originals) == size or page.next_cursor is None
        seen += sorted((ident for item in page.items for ident in (item.id, *item.also)), reverse=True)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted((post.pk for post in [*posts, *shares]), reverse=True)


# --- the doors ---------------------------------------------------------------------------------------------


def test_sharing_by_the_api(ada, ben, cleo):
    post = publish(ada)
    answer = Api(ben)("POST", f"posts/{post.pk}/share")
    share = Post.objects.get(author=ben)
    said = {"is_shared": True, "share_count": 1, "share_id": str(share.pk)}
    assert (answer.status_code, answer.json()) == (201, said)
    assert Api(ben)("POST", f"posts/{post.pk}/share").json()["share_count"] == 1
    assert [one["username"] for one in Api()("GET", f"posts/{post.pk}/shares").json()["results"]] == ["ben"]
    mine = Api(ben)("GET", "users/ben/posts").json()["results"][0]
    assert (mine["content"], mine["share_of"]["id"], mine["is_shared"]) == ("", str(post.pk), False)
    assert mine["share_of"]["is_shared"] is True
    answer = Api(ben)("DELETE", f"posts/{post.pk}/share")
    assert (answer.status_code, answer.json()) == (
        200,
        {"is_shared": False, "share_count": 0, "share_id": None},
    )


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_who_may_not_see_a_post_can_neither_share_nor_ask(ada, dora, cleo, method):
    people.block_user(blocker=ada, blocked=dora)
    hidden, open_to_all = publish(ada, audience="private"), publish(ada)
    assert Api(dora)(method, f"posts/{open_to_all.pk}/share").status_code == 404
    assert Api(cleo)(method, f"posts/{hidden.pk}/share").status_code == 404
    assert Api(cleo)("GET", f"posts/{hidden.pk}/shares").status_code == 404
    assert Api()(method, f"posts/{open_to_all.pk}/share").status_code == 401
    assert Api(cleo)("PUT", f"posts/{open_to_all.pk}/share").status_code == 405


def test_a_quote_by_the_api(ada, ben):
    post = publish(ada, "A thought")
    answer = Api(ben)("POST", "posts", {"content": "Indeed", "share_of": str(post.pk)})
    assert answer.status_code == 201
    assert answer.json()["share_of"]["content"] == "A thought"
    assert shares_of(post) == 0
    for wrong in ("0", "99", "x", -1, "9" * 16):
        assert Api(ben)("POST", "posts", {"content": "Hm", "share_of": wrong}).status_code in (400, 404)
    assert (
        Api(ben)("POST", "posts", {"content": " ", "share_of": str(post.pk)}).json()["code"] == "empty_post"
    )


def test_the_list_of_sharers_shows_nobody_whom_the_viewer_may_not_see(ada, ben, cleo, dora):
    post = publish(ada)
    for who in (ben, cleo, dora):
        share_post(post=post, person=who)
    people.block_user(blocker=cleo, blocked=ben)
    people.set_privacy(user=dora, is_private=True)
    assert [one.username for one in sharers_of(post=post, viewer=ben).items] == ["ben"]


def test_the_page_of_a_post_that_quotes_shows_both(ada, ben):
    quote = publish_post(author=ben, content="Indeed", quoted=publish(ada, "A thought"))
    body = page_of().get(f"/@ben/{quote.pk}").content.decode()
    assert "Indeed" in body and "A thought" in body


def test_a_shared_quote_shows_what_it_quotes_to_those_who_may_see_it(ada, ben, cleo, dora):
    follows(dora, cleo)
    thought = publish(ada, "A thought")
    quote = publish_post(author=ben, content="Indeed", quoted=thought)
    share = share_post(post=quote, person=cleo)
    drain()
    for body in (
        page_of().get(f"/@cleo/{share.pk}").content.decode(),
        page_of().get("/@cleo/rss").content.decode(),
        page_of(dora).get("/").content.decode(),
    ):
        assert "Indeed" in body and "A thought" in body
        assert "not available" not in body and "not there any more" not in body
    told = Api(dora)("GET", f"posts/{share.pk}").json()["share_of"]
    assert (told["content"], told["share_of"], told["share_of_gone"]) == ("Indeed", None, False)
    people.block_user(blocker=ada, blocked=dora)
    item = get_visible_item(share.pk, viewer=dora)
    assert (item.shown.content, item.shown.original) == ("Indeed", None)
    delete_post(post=thought, actor=ada)
    assert get_visible_item(share.pk, viewer=ben).shown.original is None


def test_a_home_of_shares_costs_one_query(ada, ben, django_assert_num_queries):
    follows(ben, ada)
    writers = [person() for _ in range(20)]
    for writer in writers:
        share_post(post=publish(writer), person=ada)
    drain()
    redis._client().flushall()  # sharing left tombstones of the counts
    for _ in range(2):
        home_page(viewer=ben)
    with django_assert_num_queries(1):
        assert len(home_page(viewer=ben).items) == 20


# --- at once -----------------------------------------------------------------------------------------------


def at_once(*jobs) -> None:
    def run(job):
        try:
            job()
        except (NotFound, CannotShare):
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_everybody_shares_and_takes_back_at_once_and_the_count_is_exact():
    author = person("author")
    post = publish(author)
    crowd = [person() for _ in range(6)]
    at_once(
        *(lambda who=who: share_post(post=post, person=who) for who in crowd for _twice in range(2)),
        *(lambda who=who: unshare_post(post=post, person=who) for who in crowd[:3]),
    )
    assert shares_of(post) == Post.objects.filter(share_of=post, deleted_at=None).count() >= 3
    drain()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_sharing_while_the_original_is_deleted_leaves_no_share_behind():
    author, sharers = person("author"), [person() for _ in range(4)]
    post = publish(author)
    at_once(
        *(lambda who=who: share_post(post=post, person=who) for who in sharers),
        lambda: delete_post(post=post, actor=author),
    )
    drain()
    assert not Post.objects.filter(share_of=post, deleted_at=None).exists()
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_an_answer_with_a_key_has_the_new_count():
    author, sharer = person("author"), person("sharer")
    post = publish(author)
    redis._client().flushall()
    get_visible_item(post.pk, viewer=sharer)  # the old count is cached
    answer = Api(sharer)("POST", f"posts/{post.pk}/share", **{"Idempotency-Key": "k"})
    assert answer.json()["share_count"] == 1
    drain()


@pytest.mark.django_db(transaction=True)
def test_removing_shares_while_sharers_follow_each_other_locks_nobody_out():
    author, ada, ben = person("author"), person("ada"), person("ben")
    post = publish(author)
    for who in (ada, ben):
        share_post(post=post, person=who)
    is_held, may_go, failed = threading.Event(), threading.Event(), []

    def hold() -> None:  # both wait for ada's counts, ben's follow with his own in hand
        with transaction.atomic():
            PersonCounts.objects.select_for_update().get(pk=ada.pk)
            is_held.set()
            may_go.wait(10)

    def run(job) -> None:
        try:
            job()
        except OperationalError as error:
            failed.append(error)
        finally:
            connection.close()

    jobs = (
        hold,
        lambda: remove_shares_of(post.pk),
        lambda: people.follow_user(follower=ben, followee=ada),
    )
    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
        is_held.wait(10)
        time.sleep(0.3)
    may_go.set()
    for thread in threads:
        thread.join()
    assert failed == []
    delete_post(post=post, actor=author)
    drain()
    assert broken() == []


def test_a_drifted_share_count_is_mended(ada, ben):
    post, other = publish(ada), plant(ada)
    share_post(post=post, person=ben)
    PostCounts.objects.filter(pk=post.pk).update(shares=7)
    PostCounts.objects.filter(pk=other.pk).update(shares=2)
    assert upkeep.reconcile_recent_share_counts() == 1
    assert upkeep.reconcile_all_share_counts() == 1
    assert (shares_of(post), shares_of(other)) == (1, 0)


def test_what_is_at_home_for_two_reasons_survives_losing_one(ada, ben, cleo):
    """By its author and by somebody's share; the last reason takes it away."""
    people.follow_user(follower=ben, followee=ada)
    people.follow_user(follower=ben, followee=cleo)
    post = publish(ada)
    share_post(post=post, person=cleo)

    def reasons() -> list[tuple[int, str]]:
        found = []
        for _ in range(2):  # before the deliveries are made and after
            found.append([(item.shown.id, item.reason.kind) for item in home_page(viewer=ben).items])
            drain()
        assert found[0] == found[1]
        return found[1]

    drain()
    assert reasons() == [(post.pk, "shared")]
    people.unfollow_user(follower=ben, followee=ada)
    assert reasons() == [(post.pk, "shared")]
    people.follow_user(follower=ben, followee=ada)
    drain()
    people.unfollow_user(follower=ben, followee=cleo)
    assert reasons() == [(post.pk, "followed")]
    assert set(FeedEntry.objects.filter(user_id=ben.pk).values_list("post_id", flat=True)) == {post.pk}
    people.unfollow_user(follower=ben, followee=ada)
    assert reasons() == []

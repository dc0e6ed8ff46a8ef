"""Posts that somebody hid from themselves: in no list of theirs, open at their address, and told to nobody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import standins
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from accounts.tests.test_follow_races import at_once
from discovery import selectors as finding
from discovery.tests.finding import posts as found_posts
from discovery.tests.towns import compute, established, like
from discovery.tests.towns import plant as seen_by_many
from feeds import insights, selectors, sources, tag_pages, top
from feeds.actions import (
    hide_from_oneself,
    pin_in_group,
    pin_post,
    publish_post,
    share_post,
    show_to_oneself,
)
from feeds.door import facts
from feeds.errors import HiddenLimit
from feeds.filter_preview import preview_of
from feeds.models import DailyFeedStats, HiddenPost, Post, PostCounts
from feeds.selectors import head_of, home_page
from feeds.tests.factories import ids_at_home, picture, plant_many, publish
from feeds.upkeep import forget_person
from groups.selectors import get_visible_group
from groups.tests.factories import a_group, is_in
from interactions import popular
from interactions.actions import bookmark_post
from socialnet.kernel import overload, redis
from socialnet.kernel.errors import DatabaseAway, NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(ada: User, ben: User) -> User:
    """ben, who follows ada."""
    follows(ben, ada)
    return ben


def hide(who: User, *posts: Post) -> None:
    for post in posts:
        hide_from_oneself(post_id=post.pk, person=who)


def at_home(who: User, **asked: Any) -> list[int]:
    return [item.id for item in home_page(viewer=who, **asked).items]


def ids(page: Any) -> list[int]:
    return [item.id for item in page.items]


def as_seconds_later(who: User) -> None:
    """A change keeps the copy away for 5 s: as if they had passed."""
    with redis.door() as client:
        client.delete(standins.POLICY.key(who.pk))
    standins.keep(who.pk, look=True)


# --- the doors ---------------------------------------------------------------------------------------------


def test_the_api_hides_lists_and_shows_again(ada: User, ben: User) -> None:
    first, second = publish(ada, "First"), publish(ada, "Second")
    api = Api(ben)
    for post in (second, first, first):
        answer = api("PUT", f"posts/{post.pk}/hidden")
        assert (answer.status_code, answer.json()) == (200, {"is_hidden": True})
    listed = api("GET", "me/hidden").json()
    assert [post["id"] for post in listed["results"]] == [str(first.pk), str(second.pk)]
    assert all(post["is_hidden"] for post in listed["results"])
    assert api("GET", f"posts/{first.pk}").json()["is_hidden"] is True
    for _twice in range(2):
        answer = api("DELETE", f"posts/{first.pk}/hidden")
        assert (answer.status_code, answer.json()) == (200, {"is_hidden": False})
    assert [post["id"] for post in api("GET", "me/hidden").json()["results"]] == [str(second.pk)]
    assert api("GET", f"posts/{first.pk}").json()["is_hidden"] is False


def test_the_page_hides_from_the_menu_lists_and_undoes(ada: User, reader: User) -> None:
    post, browser = publish(ada, "Fog in the valley"), page_of(reader)
    drain()
    address = post.get_absolute_url()
    assert f'formaction="{address}/hide"' in browser.get("/").content.decode()
    assert "You hid nothing" in browser.get("/settings/hidden").content.decode()
    answer = browser.post(f"{address}/hide", {"next": "/?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/?x=1")
    assert "Fog in the valley" not in browser.get("/").content.decode()
    whole = browser.get(address).content.decode()
    assert "Fog in the valley" in whole and f'formaction="{address}/unhide"' in whole and "put-away" in whole
    listed = browser.get("/settings/hidden").content.decode()
    assert "Fog in the valley" in listed and f'formaction="{address}/unhide"' in listed
    assert browser.post(f"{address}/unhide", {"next": "//elsewhere.example/"})["Location"] == address
    assert "Fog in the valley" in browser.get("/").content.decode()
    assert "Fog in the valley" not in browser.get("/settings/hidden").content.decode()
    assert "put-away" not in browser.get(address).content.decode()


def test_ones_own_posts_have_no_such_menu(ada: User) -> None:
    post = publish(ada, "Mine")
    drain()
    assert f"{post.get_absolute_url()}/hide" not in page_of(ada).get("/").content.decode()


def test_nobody_else_learns_of_it(ada: User, reader: User, cleo: User) -> None:
    post = publish(ada, "Fog")
    drain()
    hide(reader, post)
    for who in (ada, cleo):
        seen = Api(who)("GET", f"posts/{post.pk}").json()
        assert seen["is_hidden"] is False
        assert Api(who)("GET", "me/hidden").json()["results"] == []
        assert "put-away" not in page_of(who).get(post.get_absolute_url()).content.decode()
    assert "is_hidden" not in Api()("GET", f"posts/{post.pk}").json()
    assert at_home(ada) == [post.pk]


def test_what_one_may_not_see_cannot_be_hidden(ada: User, ben: User, cleo: User) -> None:
    secret, blocked = publish(ada, "For followers", "followers"), publish(ben)
    blocks(ben, cleo)
    for post in (secret, blocked):
        for method in ("PUT", "DELETE"):
            assert Api(cleo)(method, f"posts/{post.pk}/hidden").status_code == 404
        for act in ("hide", "unhide"):
            assert page_of(cleo).post(f"{post.get_absolute_url()}/{act}").status_code == 404
    assert not HiddenPost.objects.exists()


def test_what_is_hidden_can_be_let_go_when_it_is_not_to_be_seen_any_more(ada: User, ben: User) -> None:
    post = publish(ada)
    hide(ben, post)
    blocks(ada, ben)
    assert Api(ben)("GET", "me/hidden").json()["results"] == []
    assert HiddenPost.objects.exists()
    assert Api(ben)("DELETE", f"posts/{post.pk}/hidden").json() == {"is_hidden": False}
    assert Api(ben)("DELETE", f"posts/{post.pk}/hidden").status_code == 404


@pytest.mark.parametrize("ident", ["0", "9" * 16, "1" + "0" * 30])
def test_ids_that_no_post_can_have(ada: User, ident: str) -> None:
    for method in ("PUT", "DELETE"):
        assert Api(ada)(method, f"posts/{ident}/hidden").status_code == 404
    assert page_of(ada).post(f"/@ada/{ident}/hide").status_code == 404
    assert page_of(ada).post(f"/@ada/{ident}/unhide").status_code == 404


def test_a_post_under_another_name_is_not_found(ada: User, ben: User) -> None:
    assert page_of(ben).post(f"/@ben/{publish(ada).pk}/hide").status_code == 404


@pytest.mark.parametrize("path", ["/settings/hidden", "/@ada/1/hide", "/@ada/1/unhide"])
def test_wrong_methods_of_pages(ada: User, path: str) -> None:
    browser = page_of(ada)
    wrong = [browser.post, browser.put] if path == "/settings/hidden" else [browser.get, browser.put]
    assert [send(path).status_code for send in wrong] == [405, 405]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "posts/1/hidden"), ("GET", "posts/1/hidden"), ("POST", "me/hidden")]
)
def test_wrong_methods_of_the_api(ada: User, method: str, path: str) -> None:
    assert Api(ada)(method, path).status_code == 405


def test_visitors_are_asked_to_sign_in(ada: User) -> None:
    post = publish(ada)
    for method, path in (("PUT", f"posts/{post.pk}/hidden"), ("GET", "me/hidden")):
        assert Api()(method, path).status_code == 401
    assert "/accounts/login/" in page_of().get("/settings/hidden")["Location"]
    assert "/accounts/login/" in page_of().post(f"{post.get_absolute_url()}/hide")["Location"]
    assert not HiddenPost.objects.exists()


@pytest.mark.parametrize("query", ["cursor=x", "limit=x", "nonsense=1", "fields=nothing"])
def test_bad_queries_are_400(ada: User, query: str) -> None:
    assert Api(ada)("GET", f"me/hidden?{query}").status_code == 400
    assert page_of(ada).get("/settings/hidden?cursor=x").status_code == 400


def test_the_list_goes_on_page_by_page(ada: User, ben: User, django_assert_num_queries: Any) -> None:
    posts = plant_many(ada, 25)
    hide(ben, *posts)
    browser = page_of(ben)
    assert browser.get("/settings/hidden").content.decode().count('formaction="/@ada/') == 20
    with django_assert_num_queries(2):  # what was hidden, and the facts
        first = selectors.hidden_of(viewer=ben)
    rest = selectors.hidden_of(viewer=ben, cursor=first.next_cursor)
    assert [*ids(first), *ids(rest)] == [post.pk for post in reversed(posts)] and rest.next_cursor is None
    answer = Api(ben)("GET", "me/hidden?limit=10").json()
    assert answer["has_more"] and len(answer["results"]) == 10
    assert "no-store" in browser.get("/settings/hidden")["Cache-Control"]


def test_there_is_a_most(ada: User, ben: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("feeds.actions.hidden.HIDDEN_MOST", 2)
    first, second, third = plant_many(ada, 3)
    hide(ben, first, second)
    with pytest.raises(HiddenLimit):
        hide(ben, third)
    hide(ben, second)
    answer = Api(ben)("PUT", f"posts/{third.pk}/hidden")
    assert (answer.status_code, answer.json()["code"]) == (400, "hidden_limit")
    refused = page_of(ben).post(f"{third.get_absolute_url()}/hide")
    assert refused.status_code == 400 and "You hide 2 posts" in refused.content.decode()
    show_to_oneself(post_id=first.pk, person=ben)
    hide(ben, third)


# --- the lists ---------------------------------------------------------------------------------------------


def test_home_is_full_without_it_and_loses_nothing(ada: User, reader: User) -> None:
    posts = [publish(ada) for _ in range(30)]
    drain()
    hide(reader, *posts[1::2])
    left = [post.pk for post in reversed(posts[::2])]
    first = home_page(viewer=reader, size=10)
    assert ids(first) == left[:10]
    assert ids_at_home(reader, size=4) == left
    assert head_of(viewer=reader) == left
    assert [int(post["id"]) for post in Api(reader)("GET", "feed").json()["results"]] == left
    show_to_oneself(post_id=posts[1].pk, person=reader)
    assert posts[1].pk in ids_at_home(reader)


def test_a_share_of_it_is_not_at_home_and_a_quote_has_it_folded(ada: User, reader: User, cleo: User) -> None:
    post = publish(cleo, "Fog in the valley")
    share_post(post=post, person=ada)
    quote = publish_post(author=ada, content="She is right", quoted=post)
    drain()
    assert len(at_home(reader)) == 2
    hide(reader, post)
    assert at_home(reader) == [quote.pk]
    page = page_of(reader).get("/").content.decode()
    before, folded, quoted = page.partition('<details class="warned">')
    assert folded and "Fog in the valley" not in before
    assert "You hid this post." in quoted.partition("Fog in the valley")[0]
    told = Api(reader)("GET", "feed").json()["results"][0]["share_of"]
    assert told["is_hidden"] is True and told["id"] == str(post.pk)
    shared_quote = share_post(post=quote, person=ada)
    assert at_home(reader)[0] in {shared_quote.pk, quote.pk}


def test_of_a_share_what_it_shares_is_hidden(ada: User, reader: User, cleo: User) -> None:
    post = publish(cleo)
    share = share_post(post=post, person=ada)
    drain()
    hide(reader, share)
    assert HiddenPost.objects.get().post_id == post.pk
    assert at_home(reader) == []
    assert Api(reader)("DELETE", f"posts/{share.pk}/hidden").status_code == 200
    assert at_home(reader) == [share.pk]


def test_top_is_without_it(ada: User, reader: User) -> None:
    posts = [publish(ada) for _ in range(8)]
    drain()
    hide(reader, *posts[::2])
    page = top.top_page(viewer=reader, size=3)
    further = top.top_page(viewer=reader, size=3, cursor=page.next_cursor)
    assert sorted([*ids(page), *ids(further)]) == [post.pk for post in posts[1::2]]
    hide(reader, posts[1])
    again = top.top_page(
        viewer=reader, size=3, cursor=top.cursor_in(page.next_cursor.encode(), viewer=reader)
    )
    assert posts[1].pk not in ids(again)


def test_a_home_of_hidden_posts_is_empty_and_no_beginning(ada: User, reader: User) -> None:
    post = publish(ada)
    drain()
    hide(reader, post)
    page = home_page(viewer=reader)
    assert not page.items and not page.is_beginning and page.next_cursor is None


def profile(reader: User, post: Post) -> list[int]:
    return ids(selectors.profile_posts(author=post.author, viewer=reader))


def media(reader: User, post: Post) -> list[int]:
    return ids(selectors.profile_media(author=post.author, viewer=reader))


def pinned(reader: User, post: Post) -> list[int]:
    return [item.id for item in selectors.pinned_posts(author=post.author, viewer=reader)]


def tagged(reader: User, _post: Post) -> list[int]:
    return ids(selectors.tagged_posts(name="fog", viewer=reader))


def top_tagged(reader: User, _post: Post) -> list[int]:
    return ids(tag_pages.top_tagged(name="fog", viewer=reader))


def searched(reader: User, _post: Post) -> list[int]:
    return found_posts("valley", reader)


def by_the_api(reader: User, post: Post) -> list[int]:
    answer = Api(reader)("GET", f"users/{post.author.username}/posts").json()
    return [int(one["id"]) for one in answer["results"]]


@pytest.mark.parametrize("listed", [profile, media, pinned, tagged, top_tagged, searched, by_the_api])
def test_lists_of_posts_are_without_it(
    ada: User, ben: User, cleo: User, listed: Callable[[User, Post], list[int]]
) -> None:
    both = [
        publish_post(author=ada, content=f"Valley {number} #fog", media_ids=[picture(ada).pk])
        for number in range(2)
    ]
    if listed is pinned:
        for post in both:
            pin_post(post=post, actor=ada)
    drain()
    gone, stays = both
    for _cached in range(2):
        assert set(listed(ben, gone)) == {gone.pk, stays.pk}
    hide(ben, gone)
    for _cached in range(2):
        assert listed(ben, gone) == [stays.pk]
        assert set(listed(cleo, gone)) == {gone.pk, stays.pk}


def test_pages_of_lists_stay_full_below_what_is_known(ada: User, ben: User, cleo: User) -> None:
    posts = plant_many(ada, 60)
    share = share_post(post=publish(cleo), person=ada)
    drain()
    hide(ben, *posts[::2], share)
    shown: list[int] = []
    cursor = None
    while True:
        page = selectors.profile_posts(author=ada, viewer=ben, cursor=cursor, size=7)
        shown += ids(page)
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.items) == 7
    assert shown == [post.pk for post in reversed(posts[1::2])]
    by_sql = Post.objects.by(ada).visible_to(ben).wanted_by(ben).order_by("-pk")
    assert list(by_sql.values_list("pk", flat=True)) == shown


def test_a_group_is_without_it_also_where_it_is_pinned(ada: User, ben: User) -> None:
    group = a_group(ada)
    is_in(group, ben)
    posts = [publish_post(author=ada, content="Said", visibility="group", group=group) for _ in range(3)]
    pin_in_group(post=posts[0], actor=ada)
    drain()
    hide(ben, *posts[:2])
    for viewer, newest, first in ((ben, [posts[2].pk], []), (ada, [posts[2].pk, posts[1].pk], [posts[0].pk])):
        seen = get_visible_group(group.slug, viewer=viewer)
        page = selectors.group_posts(seen=seen, viewer=viewer)
        assert ids(page) == newest and [item.id for item in page.pinned] == first
    assert at_home(ben) == [posts[2].pk]


def test_explore_and_trends_are_without_it(ada: User, ben: User, cleo: User) -> None:
    post = seen_by_many(ada, "Seen by many", hours=1)
    like(post, established(5))
    compute()

    def trending(viewer: User) -> list[int]:
        return [item.id for _entry, item in finding.trending_posts(viewer=viewer, most=10)[1]]

    assert trending(ben) == [post.pk] and post.pk in ids(finding.explore_page(viewer=ben))
    hide(ben, post)
    assert trending(ben) == [] and trending(cleo) == [post.pk]
    assert post.pk not in ids(finding.explore_page(viewer=ben))
    assert post.pk in ids(finding.explore_page(viewer=cleo))


def test_what_one_kept_on_purpose_stays_there_folded(ada: User, ben: User) -> None:
    post = publish(ada)
    bookmark_post(post_id=post.pk, person=ben)
    hide(ben, post)
    assert 'class="card post put-away"' in page_of(ben).get("/bookmarks").content.decode()


def test_the_preview_of_a_filter_does_not_count_it(ada: User, reader: User) -> None:
    post = publish(ada, "A spoiler")
    publish(ada, "A spoiler, too")
    drain()
    hide(reader, post)
    preview = preview_of(person=reader, phrase="spoiler", whole_word=True)
    assert (preview.matches, preview.looked_at) == (1, 1)


def test_comparing_a_home_looks_past_it(ada: User, reader: User) -> None:
    post = publish(ada)
    drain()
    hide(reader, post)
    assert at_home(reader, is_visit=False) == [post.pk]
    assert broken() == []


def test_numbers_of_filters_do_not_count_it(ada: User, reader: User) -> None:
    post = publish(ada)
    publish(ada)
    drain()
    hide(reader, post)
    home_page(viewer=reader)
    insights.flush()
    insights.keep()
    row = DailyFeedStats.objects.get(user=reader, day=datetime.now(UTC).date())
    assert (row.shown, row.filtered) == (1, 0)
    assert DailyFeedStats.objects.get(user=ada, day=row.day).impressions == 1


# --- when something is away --------------------------------------------------------------------------------


def test_without_redis_it_holds_all_the_same(ada: User, reader: User, redis_process: Any) -> None:
    post, fine = publish(ada), publish(ada)
    drain()
    redis_process.stop()
    try:
        hide(reader, post)
        page = home_page(viewer=reader)
    finally:
        redis_process.start()
    redis.breaker.close()
    assert ids(page) == [fine.pk]


def test_what_was_hidden_without_redis_is_dropped_there_later(
    ada: User, reader: User, monkeypatch: Any
) -> None:
    post = publish(ada)
    drain()
    as_seconds_later(reader)
    with monkeypatch.context() as patched:
        patched.setattr("accounts.actions.locks._forget_relations", lambda _ids: None)  # Redis did not answer
        hide(reader, post)
    kept = standins.read(reader.pk)
    assert kept and kept.beside == {"hidden_posts": frozenset()}
    drain()
    assert standins.read(reader.pk) is None
    as_seconds_later(reader)
    kept = standins.read(reader.pk)
    assert kept and kept.beside == {"hidden_posts": {post.pk}}


def test_lesser_homes_are_without_it(ada: User, reader: User, cleo: User, monkeypatch: Any) -> None:
    post, of_cleo = publish(ada), publish(cleo)
    share_post(post=of_cleo, person=ada)
    fine = publish(ada)
    drain()
    home_page(viewer=reader)
    hide(reader, post, of_cleo)
    as_seconds_later(reader)
    lesser = [
        selectors.home._kept_page(reader, None, 20, read_only=True),
        selectors.home._closest_page(reader, 20),
    ]
    with monkeypatch.context() as patched:
        patched.setattr(overload, "homes_come_from_sql", lambda: True)
        lesser.append(home_page(viewer=reader))
    for page in lesser:
        assert ids(page) == [fine.pk]


def test_what_many_like_is_without_it(ada: User, reader: User, cleo: User, monkeypatch: Any) -> None:
    posts = [publish(ada), publish(cleo)]
    PostCounts.objects.filter(post__in=posts).update(likes=5)
    drain()
    home_page(viewer=reader)
    hide(reader, posts[0])
    as_seconds_later(reader)
    popular.compute()
    page = selectors.home._popular_page(reader, 20, read_only=True)
    assert ids(page) == [posts[1].pk]


def test_while_nobody_knows_what_is_hidden_nothing_stands_in(ada: User, reader: User) -> None:
    post = publish(ada)
    PostCounts.objects.filter(post=post).update(likes=5)
    drain()
    home_page(viewer=reader)
    popular.compute()
    as_seconds_later(reader)
    assert ids(selectors.home._kept_page(reader, None, 20, read_only=True)) == [post.pk]
    hide(reader, post)
    with pytest.raises(DatabaseAway):
        selectors.home._kept_page(reader, None, 20, read_only=True)
    with pytest.raises(DatabaseAway):
        selectors.home._popular_page(reader, 20, read_only=True)


# --- what it costs, and races ------------------------------------------------------------------------------


def test_a_warm_home_costs_one_query_and_no_round_trip_more(
    ada: User, reader: User, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    posts = [publish(ada) for _ in range(40)]
    drain()
    hide(reader, posts[-3], posts[-9])
    as_seconds_later(reader)
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    for _warm in range(2):
        home_page(viewer=reader)
    trips = []
    pool = redis._client().connection_pool.connection_class
    send = pool.send_packed_command
    monkeypatch.setattr(
        pool,
        "send_packed_command",
        lambda self, command, **kw: trips.append(b"".join(command)[:60]) or send(self, command, **kw),
    )
    with django_assert_num_queries(1):
        page = home_page(viewer=reader)
    assert len(page.items) == 20 and not {posts[-3].pk, posts[-9].pk} & set(ids(page))
    assert len(trips) <= 3, trips  # the timeline; cards, counts and authors; now and then the relations


def test_the_facts_say_what_the_rows_say(ada: User, ben: User, cleo: User) -> None:
    posts = plant_many(ada, 9)
    rows = {(who.pk, post.pk) for who, step in ((ben, 2), (cleo, 3)) for post in posts[::step]}
    HiddenPost.objects.bulk_create(HiddenPost(user_id=who, post_id=post) for who, post in rows)
    for viewer in (ada.pk, ben.pk, cleo.pk, None):
        truth = facts(viewer_id=viewer, post_ids=[post.pk for post in posts])
        assert {one for one, fact in truth.items() if fact.is_hidden} == {
            post for who, post in rows if who == viewer
        }


def test_one_row_is_all_there_can_be(ada: User, ben: User) -> None:
    post = publish(ada)
    hide(ben, post, post)
    with pytest.raises(IntegrityError), transaction.atomic():
        HiddenPost.objects.create(user=ben, post=post)
    assert HiddenPost.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_hands_hide_once_and_never_more_than_one_may(monkeypatch: Any) -> None:
    monkeypatch.setattr("feeds.actions.hidden.HIDDEN_MOST", 3)
    ada, ben = person("ada"), person("ben")
    posts = [publish(ada) for _ in range(5)]
    at_once(*[lambda: hide(ben, posts[0]) for _ in range(8)])
    assert HiddenPost.objects.count() == 1
    at_once(*[lambda post=post: hide(ben, post) for post in posts for _ in range(2)])
    assert HiddenPost.objects.count() == 3
    at_once(
        *[lambda: hide(ben, posts[0]) for _ in range(3)],
        *[lambda: show_to_oneself(post_id=posts[0].pk, person=ben) for _ in range(3)],
    )
    assert HiddenPost.objects.filter(post=posts[0]).count() <= 1
    drain()


# --- leaving -----------------------------------------------------------------------------------------------


def test_who_left_hides_nothing_and_their_posts_are_hidden_from_nobody(ada: User, ben: User) -> None:
    of_ada, of_ben = publish(ada), publish(ben)
    hide(ada, of_ben)
    hide(ben, of_ada)
    forget_person(ada.pk)
    assert not HiddenPost.objects.exists()
    assert Api(ben)("GET", "me/hidden").json()["results"] == []


def test_a_deleted_post_is_in_the_list_no_more(ada: User, ben: User) -> None:
    post = publish(ada)
    hide(ben, post)
    Post.objects.filter(pk=post.pk).delete()
    assert not HiddenPost.objects.exists()
    with pytest.raises(NotFound):
        show_to_oneself(post_id=post.pk, person=ben)

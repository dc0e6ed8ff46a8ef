"""Tags that people follow: what carries one comes into their homes, through the door, with the reason; at no cost for
who follows none."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts import standins
from accounts.models import Activity, User
from accounts.tests.factories import PASSWORD, Api, blocks, follows, page_of, person
from feeds import (
    cards,
    fanout,
    idle,
    models,
    paused,
    sources,
    stored,
    tag_counts,
    tag_pages,
    tagged,
    timelines,
    top,
)
from feeds.actions import delete_post, edit_post, follow_tag, share_post, unfollow_tag
from feeds.actions import tags as tag_actions
from feeds.errors import NoSuchTag, TagFollowLimit
from feeds.items import FeedItem
from feeds.models import FeedEntry, Hashtag, Post, PostHashtag, TagFollow
from feeds.selectors import head_of, home_page
from feeds.tests.factories import ids_at_home, plant_many, publish
from feeds.tests.test_indexes import analyze, inside_facts, plans_of
from feeds.upkeep import forget_person
from socialnet.kernel import overload, realtime, redis
from socialnet.kernel.pagination import Cursor
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def home(viewer: User) -> list[FeedItem]:
    return list(home_page(viewer=viewer).items)


def reasons(viewer: User) -> dict[int, tuple[str, str]]:
    return {item.id: (item.reason.kind, item.reason.label) for item in home(viewer) if item.reason}


# --- what comes --------------------------------------------------------------------------------------------


def test_posts_with_a_followed_tag_come_home_and_say_why(ada: User, cleo: User) -> None:
    earlier = publish(ada, "Already #Fog outside")
    home(cleo)
    follow_tag(person=cleo, name="fog")
    later = publish(ada, "More #fog")
    publish(ada, "No such word")
    assert ids_at_home(cleo) == [later.pk, earlier.pk]
    assert reasons(cleo) == dict.fromkeys([later.pk, earlier.pk], ("tag", "From #Fog, which you follow"))
    assert FeedEntry.objects.filter(user_id=cleo.pk).count() == 0
    page = page_of(cleo).get("/").content.decode()
    assert "<bdi>From #Fog, which you follow</bdi>" in page
    told = Api(cleo)("GET", "feed").json()["results"]
    assert [one["reason"]["kind"] for one in told] == ["tag", "tag"]
    assert Api(cleo)("GET", "feed/head").json()["ids"] == [str(later.pk), str(earlier.pk)]


def test_a_followed_author_an_own_post_and_a_share_keep_their_reasons(
    ada: User, ben: User, cleo: User
) -> None:
    follow_tag(person=cleo, name="fog")
    people.follow_user(follower=cleo, followee=ben)
    followed, own, shared = publish(ben, "#fog"), publish(cleo, "#fog"), publish(ada, "#fog")
    share = share_post(post=shared, person=ben)
    drain()
    assert {ident: kind for ident, (kind, _label) in reasons(cleo).items()} == {
        followed.pk: "followed",
        own.pk: "you",
        share.pk: "shared",
    }
    assert [item.also for item in home(cleo) if item.id == share.pk] == [(shared.pk,)]


def test_a_post_with_several_followed_tags_comes_once(ada: User, cleo: User) -> None:
    for name in ("fog", "rain"):
        follow_tag(person=cleo, name=name)
    post = publish(ada, "#fog and #rain")
    assert ids_at_home(cleo, size=1) == [post.pk]


def test_a_tag_can_be_followed_before_anybody_uses_it_and_is_shown_as_the_first_writes_it(
    ada: User, cleo: User
) -> None:
    follow_tag(person=cleo, name="ECLIPSE")
    assert Hashtag.objects.get().display == "eclipse"
    publish(ada, "#Eclipse")
    publish(ada, "#eclipsE again")
    assert {label for _kind, label in reasons(cleo).values()} == {"From #Eclipse, which you follow"}


@pytest.mark.parametrize("audience", ["public", "followers", "friends", "private"])
@pytest.mark.parametrize(
    "state", ["", "private account", "suspended", "deleted", "hidden", "blocked", "blocking", "muted"]
)
@pytest.mark.parametrize("is_follower", [False, True])
def test_only_what_the_door_lets_through_comes(
    ada: User, ben: User, audience: str, state: str, is_follower: bool
) -> None:
    if is_follower:
        follows(ben, ada)
    follow_tag(person=ben, name="fog")
    post = publish(ada, "#fog", audience=audience)
    drain()
    home(ben)
    match state:
        case "private account":
            people.set_privacy(user=ada, is_private=True)
        case "suspended":
            User.objects.filter(pk=ada.pk).update(suspended_at="2026-01-01T00:00Z")
        case "deleted":
            delete_post(post=post, actor=ada)
        case "hidden":
            Post.objects.filter(pk=post.pk).update(hidden_at="2026-01-01T00:00Z")
        case "blocked":
            blocks(ada, ben)
        case "blocking":
            blocks(ben, ada)
        case "muted":
            people.mute_user(muter=ben, muted=ada)
    follower_sees = is_follower and audience in ("public", "followers")
    expected = state in ("", "private account") and (
        follower_sees or (audience == "public" and state != "private account")
    )
    for _ in range(2):
        assert ids_at_home(ben) == ([post.pk] if expected else [])
        drain()


# --- what goes ---------------------------------------------------------------------------------------------


def test_unfollowing_a_tag_takes_its_posts_away_unless_they_belong_for_another_reason(
    ada: User, ben: User, cleo: User
) -> None:
    people.follow_user(follower=cleo, followee=ben)
    for name in ("fog", "rain"):
        follow_tag(person=cleo, name=name)
    publish(ada, "#fog")
    kept = [publish(ada, "#fog #rain"), publish(ben, "#fog"), publish(cleo, "#fog")]
    drain()
    assert len(ids_at_home(cleo)) == 4
    unfollow_tag(person=cleo, name="FOG")
    assert ids_at_home(cleo) == [post.pk for post in reversed(kept)]
    drain()
    assert ids_at_home(cleo) == [post.pk for post in reversed(kept)]


def test_an_edit_brings_and_takes(ada: User, cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    post = publish(ada, "Nothing")
    assert ids_at_home(cleo) == []
    edit_post(post=post, actor=ada, content="#fog")
    assert ids_at_home(cleo) == [post.pk]
    edit_post(post=post, actor=ada, content="#rain")
    assert ids_at_home(cleo) == []
    edit_post(post=post, actor=ada, content="#fog")
    edit_post(post=post, actor=ada, visibility="followers")
    assert ids_at_home(cleo) == []


def test_who_unfollows_an_author_still_has_their_posts_for_a_tag(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    follow_tag(person=ben, name="fog")
    publish(ada, "Plain")
    post = publish(ada, "#fog")
    drain()
    people.unfollow_user(follower=ben, followee=ada)
    assert ids_at_home(ben) == [post.pk]
    drain()
    assert reasons(ben) == {post.pk: ("tag", "From #fog, which you follow")}
    assert not FeedEntry.objects.filter(user_id=ben.pk).exists()


def test_a_stale_list_costs_no_timeline(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process took the tag off a moment ago: nothing is cleared for it."""
    people.follow_user(follower=cleo, followee=ben)
    follow_tag(person=cleo, name="fog")
    post, other = publish(ada, "#fog"), publish(ben)
    drain()
    home(cleo)
    PostHashtag.objects.filter(post=post).delete()
    cleared: list[Any] = []
    monkeypatch.setattr(stored, "clear", lambda *args, **named: cleared.append(args))
    assert ids_at_home(cleo) == [other.pk]
    assert cleared == [] and timelines.contents(cleo.pk) is not None


# --- however far down, however it is read --------------------------------------------------------------------


@pytest.fixture
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagged, "LENGTH", 5)
    monkeypatch.setattr(timelines, "MAX_LENGTH", 6)
    monkeypatch.setattr(stored, "DEPTH", 9)


def tag_all(posts: list[Post], name: str) -> None:
    tag_actions.add_tags({name: name})
    tag = Hashtag.objects.get(name=name)
    PostHashtag.objects.bulk_create(PostHashtag(hashtag=tag, post=post) for post in posts)


@pytest.mark.parametrize("size", [1, 3, 4, 7, 20])
@pytest.mark.parametrize("how", ["warm", "cold", "without redis", "from sql", "away"])
def test_every_page_size_walks_to_the_end_through_every_seam(
    ada: User, ben: User, cleo: User, short_lists: None, monkeypatch: pytest.MonkeyPatch, size: int, how: str
) -> None:
    follows(cleo, ben)
    by_ada, by_ben = [], []
    for _ in range(6):  # one after the other: they mix
        by_ada += plant_many(ada, 4)
        by_ben += plant_many(ben, 3)
    tag_all(by_ada[::2], "fog")
    tag_all(by_ada[::3] + by_ben[:2], "rain")
    stored.backfill(cleo.pk, author_id=ben.pk)
    for name in ("fog", "rain"):
        follow_tag(person=cleo, name=name)
    expected = {post.pk for post in [*by_ada[::2], *by_ada[::3], *by_ben]}
    if how == "away":
        Activity.objects.filter(pk=cleo.pk).update(state=Activity.State.IDLE)
    if how in ("warm", "without redis"):
        home(cleo)
    if how == "without redis":
        redis.breaker._breaker.open()
    if how == "from sql":
        monkeypatch.setattr(overload, "homes_come_from_sql", lambda: True)
    assert ids_at_home(cleo, size=size) == sorted(expected, reverse=True)


def test_who_comes_back_finds_what_the_tags_brought(ada: User, cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    Activity.objects.filter(pk=cleo.pk).update(state=Activity.State.IDLE)
    post = publish(ada, "#fog")
    assert ids_at_home(cleo) == [post.pk]
    drain()
    assert Activity.objects.get(pk=cleo.pk).state == Activity.State.LIVE
    assert ids_at_home(cleo) == [post.pk]
    assert idle.catch_up(cleo.pk) == 0


def test_top_ranks_them_too(ada: User, cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    post = publish(ada, "#fog")
    page = top.top_page(viewer=cleo)
    assert [(item.id, item.reason.kind) for item in page.items if item.reason] == [(post.pk, "tag")]


def test_without_postgresql_what_is_kept_of_them_is_shown(ada: User, ben: User, cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    people.mute_user(muter=cleo, muted=ben)
    shown, muted = publish(ada, "#Fog"), publish(ben, "#fog")
    redis._client().flushall()
    for _ in range(2):
        ids_at_home(cleo)
    cards.hydrate({muted.pk: ben.pk})
    standins.keep(cleo.pk, look=True)
    with CaptureQueriesContext(connection) as caught:
        kept = paused.home(cleo.pk, before=None)
    assert [(fact.post_id, fact.tag) for fact in kept.shown] == [(shown.pk, "Fog")]
    assert len(caught) == 0


# --- what it costs -------------------------------------------------------------------------------------------


def trips_and_queries(monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any]) -> tuple[int, int]:
    trips: list[Any] = []
    kind = redis._client().connection_pool.connection_class
    send = kind.send_packed_command
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as caught:
        patch.setattr(
            kind, "send_packed_command", lambda self, data, **kw: trips.append(data) or send(self, data, **kw)
        )
        read()
    return len(trips), len(caught)


def test_a_warm_home_costs_no_query_more_for_tags_and_no_trip_for_who_follows_none(
    ada: User, ben: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "WINDOW_SECONDS", 600)
    monkeypatch.setattr(tagged, "WINDOW_SECONDS", 600)
    for _ in range(25):
        publish(ada, "#fog")
    dora = person()
    publish(dora, "no tag")
    for reader in (ben, cleo):
        people.follow_user(follower=reader, followee=dora)
    follow_tag(person=cleo, name="fog")
    drain()
    redis._client().flushall()
    costs = {}
    for reader in (ben, cleo):
        for _ in range(3):
            home(reader)
        costs[reader] = trips_and_queries(monkeypatch, lambda who=reader: home(who))
    # the timeline and which tags; cards, counts and authors; the facts
    assert costs == {ben: (2, 1), cleo: (2, 1)}


def test_a_cold_home_asks_for_the_tags_with_the_entries(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.follow_user(follower=ben, followee=ada)
    publish(ada)
    drain()
    home(ben)
    sources.everywhere()
    redis._client().flushall()
    with CaptureQueriesContext(connection) as caught:
        home(ben)
    assert not [query for query in caught if "tagfollow" in query["sql"] and "ARRAY" not in query["sql"]]


def test_many_readers_load_a_list_once(
    ada: User, cleo: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagged, "WINDOW_SECONDS", 600)
    post = publish(ada, "#fog")
    for reader in (ben, cleo):
        follow_tag(person=reader, name="fog")
    loads: list[Any] = []
    load = tagged._load
    monkeypatch.setattr(tagged, "_load", lambda names: loads.append(names) or load(names))
    assert ids_at_home(ben) == ids_at_home(cleo) == ids_at_home(ben) == [post.pk]
    assert loads == [["fog"]]


# --- acts ----------------------------------------------------------------------------------------------------


def test_following_twice_is_following_once_and_so_is_unfollowing(cleo: User) -> None:
    for _ in range(2):
        follow_tag(person=cleo, name="#Fog")
    assert TagFollow.objects.count() == 1
    for _ in range(2):
        unfollow_tag(person=cleo, name="fog")
    assert not TagFollow.objects.exists()
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names == ["feeds.tag_followed", "feeds.tag_unfollowed"]


def test_one_follows_so_many_tags_at_most(cleo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_actions, "TAG_FOLLOWS_MOST", 2)
    for name in ("a1", "a2"):
        follow_tag(person=cleo, name=name)
    follow_tag(person=cleo, name="a1")
    with pytest.raises(TagFollowLimit):
        follow_tag(person=cleo, name="a3")
    answer = Api(cleo)("PUT", "hashtags/a3/follow")
    assert (answer.status_code, answer.json()["code"]) == (400, "tag_follow_limit")
    assert "2 tags" in answer.json()["detail"]
    assert models.TAG_FOLLOWS_MOST == 200


@pytest.mark.parametrize("written", ["a b", "", "-", "😀", "x" * 101])
def test_what_is_no_tag_cannot_be_followed(cleo: User, written: str) -> None:
    with pytest.raises(NoSuchTag):
        follow_tag(person=cleo, name=written)
    if written:
        assert Api(cleo)("PUT", f"hashtags/{quote(written)}/follow").status_code == 404
        assert Api(cleo)("DELETE", f"hashtags/{quote(written)}/follow").status_code == 404
        assert page_of(cleo).post(f"/tags/{quote(written)}/follow").status_code == 404


def test_through_the_api(ada: User, cleo: User) -> None:
    publish(ada, "#Fog")
    api = Api(cleo)
    assert api("GET", "hashtags/fog").json()["is_following"] is False
    for _ in range(2):
        answer = api("PUT", "hashtags/FOG/follow")
        assert answer.status_code == 200
        assert answer.json()["is_following"] is True
        assert (answer.json()["name"], answer.json()["display"], answer.json()["post_count"]) == (
            "fog",
            "Fog",
            1,
        )
    for name in ("rain", "sun"):
        api("PUT", f"hashtags/{name}/follow")
    first = api("GET", "me/hashtags?limit=2").json()
    assert [tag["name"] for tag in first["results"]] == ["sun", "rain"]
    rest = api("GET", f"me/hashtags?limit=2&cursor={first['next_cursor']}").json()
    assert [tag["name"] for tag in rest["results"]] == ["fog"] and not rest["has_more"]
    assert Api(ada)("GET", "me/hashtags").json()["results"] == []
    assert api("DELETE", "hashtags/fog/follow").json()["is_following"] is False
    assert "is_following" not in Api()("GET", "hashtags/fog").json()


def test_the_api_is_for_who_is_signed_in_and_by_its_methods(cleo: User) -> None:
    for method, path in (
        ("PUT", "hashtags/fog/follow"),
        ("DELETE", "hashtags/fog/follow"),
        ("GET", "me/hashtags"),
    ):
        assert Api()(method, path).status_code == 401
    reading = Api(cleo, scopes=("read",))
    assert reading("PUT", "hashtags/fog/follow").status_code == 403
    assert Api(cleo)("POST", "hashtags/fog/follow").status_code == 405
    assert Api(cleo)("PUT", "me/hashtags").status_code == 405


def test_through_the_pages(ada: User, cleo: User) -> None:
    publish(ada, "#Fog")
    browser = page_of(cleo)
    shown = browser.get("/tags/fog").content.decode()
    assert 'action="/tags/fog/follow"' in shown
    answer = browser.post("/tags/fog/follow", {"next": "/tags/fog"})
    assert (answer.status_code, answer["Location"]) == (302, "/tags/fog")
    assert 'action="/tags/fog/unfollow"' in browser.get("/tags/fog").content.decode()
    listed = browser.get("/tags").content.decode()
    assert "<bdi>#Fog</bdi>" in listed and 'action="/tags/fog/unfollow"' in listed
    assert 'href="/tags"' in browser.get("/@cleo/following").content.decode()
    assert 'href="/tags"' not in browser.get("/@ada/following").content.decode()
    browser.post("/tags/fog/unfollow")
    assert "You follow no tags yet" in browser.get("/tags").content.decode()
    assert "#Fog" not in page_of(ada).get("/tags").content.decode()


def test_pages_of_following_are_for_who_is_signed_in_and_by_their_methods(cleo: User) -> None:
    for path in ("/tags/fog/follow", "/tags/fog/unfollow"):
        answer = page_of().post(path)
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login")
        assert page_of(cleo).get(path).status_code == 405
    assert page_of().get("/tags").status_code == 302
    assert page_of(cleo).post("/tags").status_code == 405
    assert not TagFollow.objects.exists()


def test_any_tag_is_found_by_its_name_and_nonsense_is_told(cleo: User) -> None:
    browser = page_of(cleo)
    answer = browser.get("/tags", {"tag": " #Sommer "})
    assert (answer.status_code, answer["Location"]) == (302, "/tags/sommer")
    assert "A tag is one word" in browser.get("/tags", {"tag": "two words"}).content.decode()


def test_the_list_costs_the_same_for_few_and_for_many(
    ada: User, cleo: User, django_assert_num_queries: Any
) -> None:
    from feeds.tag_pages import followed_tags, followed_tags_page

    for number in range(30):
        publish(ada, f"#T{number}")
        follow_tag(person=cleo, name=f"t{number}")
        if number in (0, 29):
            with django_assert_num_queries(1):
                assert len(followed_tags(cleo)) == number + 1
            with django_assert_num_queries(2):
                followed_tags_page(cleo)
    publish(ada, "#Secret", audience="private")
    follow_tag(person=cleo, name="secret")
    assert [tag.display for tag in followed_tags(cleo) if tag.name == "secret"] == ["secret"]


def test_who_leaves_follows_no_tag(cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    people.delete_person(user=cleo, password=PASSWORD)
    forget_person(cleo.pk)
    assert not TagFollow.objects.exists()


def test_what_the_request_could_not_drop_the_handler_drops(
    ada: User, cleo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = publish(ada, "#fog")
    home(cleo)
    monkeypatch.setattr(tagged, "forget_followed", lambda user_id: None)
    follow_tag(person=cleo, name="fog")
    assert ids_at_home(cleo) == []
    drain()
    assert ids_at_home(cleo) == [post.pk]


# --- live ------------------------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    messages: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(realtime, "publish_many", lambda sent: messages.extend(sent))
    return messages


def groups(told: list[tuple[str, dict[str, Any]]], event: str) -> list[str]:
    return sorted(group for group, message in told if message.get("event") == event)


def test_who_is_online_hears_of_posts_with_their_tags_once(
    ada: User, ben: User, cleo: User, dora: User, told: list[Any]
) -> None:
    follows(ben, ada)
    blocks(ada, dora)
    for reader in (ada, ben, cleo, dora):
        follow_tag(person=reader, name="fog")
    follow_tag(person=cleo, name="rain")
    offline = person()
    follow_tag(person=offline, name="fog")
    drain()
    realtime.mark_online([one.pk for one in (ada, ben, cleo, dora)])
    for audience in ("public", "followers"):
        told.clear()
        post = publish(ada, "#fog #rain", audience=audience)
        drain()
        hear = [ada, ben, cleo] if audience == "public" else [ada, ben]
        assert groups(told, "feed.new") == sorted(fanout.feed_group(one.pk) for one in hear)
        assert head_of(viewer=cleo)[:1] == ([post.pk] if audience == "public" else head_of(viewer=cleo)[:1])
    people.set_privacy(user=ada, is_private=True)
    told.clear()
    publish(ada, "#fog")
    drain()
    assert fanout.feed_group(cleo.pk) not in groups(told, "feed.new")


@pytest.mark.parametrize("act", ["delete", "lose the tag", "narrow", "lose one of two"])
def test_open_homes_see_it_go(ada: User, ben: User, cleo: User, told: list[Any], act: str) -> None:
    follows(ben, ada)
    for reader in (ben, cleo):
        follow_tag(person=reader, name="fog")
    if act == "lose one of two":
        follow_tag(person=cleo, name="rain")
    post = publish(ada, "#fog #rain")
    drain()
    realtime.mark_online([ben.pk, cleo.pk])
    told.clear()
    match act:
        case "delete":
            delete_post(post=post, actor=ada)
        case "narrow":
            edit_post(post=post, actor=ada, visibility="followers")
        case _:
            edit_post(post=post, actor=ada, content="#rain")
    drain()
    expected = {"delete": [ben, cleo], "lose one of two": []}.get(act, [cleo])
    assert groups(told, "feed.remove") == sorted(fanout.feed_group(one.pk) for one in expected)


def test_older_pages_go_on_below_a_cursor(ada: User, cleo: User) -> None:
    follow_tag(person=cleo, name="fog")
    posts = [publish(ada, f"#fog {number}") for number in range(5)]
    page = home_page(viewer=cleo, cursor=Cursor(before=posts[3].pk), size=2)
    assert [item.id for item in page.items] == [posts[2].pk, posts[1].pk]


# --- the indexes behind it ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_every_read_walks_the_keys_made_for_it() -> None:
    ada, cleo = person("ada"), person("cleo")
    posts = [post for author in (ada, *(person() for _ in range(9))) for post in plant_many(author, 400)]
    for number, name in enumerate(("frequent", "rare", *(f"other{each}" for each in range(20)))):
        tag_all(posts[:: 2 + 9 * number], name)
    TagFollow.objects.bulk_create(
        TagFollow(user=reader, hashtag=tag)
        for reader in [person() for _ in range(60)]
        for tag in Hashtag.objects.all()
    )
    for name in ("frequent", "rare"):
        follow_tag(person=cleo, name=name)
    analyze()
    before = posts[-1].pk
    ids = [post.pk for post in posts[:20]]
    reads: dict[str, tuple[str, Callable[[], Any]]] = {
        "newest": ("feeds_posthashtag_pkey", lambda: tagged._load(["frequent", "rare"])),
        "older": (
            "feeds_posthashtag_pkey",
            lambda: tagged._older(["frequent", "rare"], before=before, count=20),
        ),
        "from sql": (
            "feeds_posthashtag_pkey",
            lambda: stored.followed_posts(cleo.pk, before=before, count=20),
        ),
        "which tags": ("feeds_tagfollow_pkey", lambda: stored.entries(cleo.pk, before=before, count=20)),
        "facts": ("feeds_posthashtag", lambda: inside_facts(cleo.pk, ids)),
        "top": ("feeds_posthashtag_pkey", lambda: tag_pages._rank("frequent")),
        "counting": ("feeds_posthashtag", lambda: tag_counts.count(ids)),
        "counting an author": ("post_by_author", lambda: tag_counts.recount_of(ada.pk)),
    }
    for name, (index, read) in reads.items():
        redis._client().flushall()
        plan = plans_of(read)
        assert index in plan, f"{name}\n{plan}"
        for table in ("feeds_post ", "feeds_posthashtag ", "feeds_tagfollow "):
            assert f"Seq Scan on {table}" not in plan, f"{name}\n{plan}"

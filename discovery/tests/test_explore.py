"""Explore: what is on it, in which order and why, for whom; what happens when it cannot be found."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import actions as people_actions
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from conftest import use_redis
from discovery import selectors
from discovery.explore import candidates as sources
from discovery.explore import mixing, seen
from discovery.explore.candidates import PERSONAL, Candidate, Source
from discovery.models import ExploreDay
from discovery.selectors import explore as reading
from discovery.tests.towns import compute, established, like, plant, talk
from feeds import hooks
from feeds.models import Post, PostCounts
from interactions.actions import like_post
from interactions.popular import compute as compute_popular
from socialnet.embedded.engines import RunningEngine
from socialnet.kernel import redis
from socialnet.kernel.breaker import Refused
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def closed_breaker() -> None:
    reading.breaker.close()


def explored(user: User | None = None, query: str = "") -> list[dict[str, Any]]:
    answer = Api(user)("GET", f"feed/explore{query}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def ids(user: User | None = None) -> list[int]:
    return [int(post["id"]) for post in explored(user)]


def kinds(user: User | None = None) -> dict[int, str]:
    return {int(post["id"]): post["reason"]["kind"] for post in explored(user)}


# --- the order ---------------------------------------------------------------------------------------------

one_candidate = st.builds(
    lambda post, author, source, new: (author, source, new),
    st.none(),
    st.integers(1, 12),
    st.sampled_from(list(Source)),
    st.booleans(),
)


def made(drawn: Sequence[tuple[int, Source, bool]]) -> list[Candidate]:
    return [
        Candidate(post_id=number, author_id=author, source=source, is_new=new)
        for number, (author, source, new) in enumerate(drawn)
    ]


@given(st.lists(one_candidate, max_size=60))
def test_no_author_twice_in_five_and_nothing_twice(drawn: list[tuple[int, Source, bool]]) -> None:
    order = mixing.mixed(made(drawn))
    assert len({one.post_id for one in order}) == len(order)
    for start in range(len(order)):
        authors = [one.author_id for one in order[start : start + mixing.APART]]
        assert len(set(authors)) == len(authors)


@given(st.lists(st.tuples(st.sampled_from(list(Source)), st.booleans()), max_size=80))
def test_three_of_ten_are_new_while_there_are_such(drawn: list[tuple[Source, bool]]) -> None:
    posts = made([(number, source, new) for number, (source, new) in enumerate(drawn)])
    order = mixing.mixed(posts)
    assert len(order) == len(posts)
    left = sum(one.is_new for one in posts)
    for length in range(1, len(order) + 1):
        new = sum(one.is_new for one in order[:length])
        assert new >= 0.3 * length - 1e-9 or new == left


def test_seven_are_personal_and_three_are_general() -> None:
    order = mixing.mixed(
        Candidate(post_id=number, author_id=number, source=source)
        for number, source in enumerate([*[Source.TAGS] * 40, *[Source.TRENDING] * 40])
    )
    for start in (0, 10, 20, 30):
        assert sum(one.source in PERSONAL for one in order[start : start + 10]) == 7


# --- what is on it -----------------------------------------------------------------------------------------


@pytest.fixture
def town(ada: User) -> dict[str, Post]:
    """Something from each source, for ada, who likes lakes."""
    crowd = established(6)
    mine = plant(crowd[0], "A lake", "lakes", days=2)
    like(mine, [ada, crowd[1]])
    found = {
        "tags": plant(person(), "Another lake", "lakes", days=1),
        "alike": plant(person(), "What crowd[1] likes, too", days=1),
        "trending": plant(person(), "Everybody talks about it", hours=1),
        "popular": plant(person(), "Liked for days", days=2),
    }
    like(found["alike"], [crowd[1]])
    like(found["trending"], crowd[2:])
    like(found["popular"], crowd[2:5], within=40)
    PostCounts.objects.filter(pk=found["popular"].pk).update(likes=50)
    compute_popular()
    compute()
    return found


def test_each_source_has_its_reason_in_words(ada: User, town: dict[str, Post]) -> None:
    posts = {int(post["id"]): post["reason"] for post in explored(ada)}
    assert posts[town["tags"].pk] == {"kind": "tags", "label": "Because of #Lakes"}
    assert posts[town["alike"].pk]["label"] == "Liked by people who like what you like"
    assert posts[town["trending"].pk]["label"].startswith("Trending: 4 people in the last hour")
    assert {reason["kind"] for reason in posts.values()} <= {"tags", "alike", "trending", "popular"}
    html = page_of(person()).get("/explore").content.decode()
    assert "Trending: 4 people in the last hour" in html


def test_visitors_see_what_is_the_same_for_everybody(town: dict[str, Post]) -> None:
    assert set(kinds().values()) <= {"trending", "popular"} and town["trending"].pk in ids()
    assert Api()("GET", "recommendations/posts").status_code == 401
    html = page_of().get("/explore").content.decode()
    assert "Everybody talks about it" in html and "Another lake" not in html


def test_own_liked_and_followed_are_not_on_it(ada: User, town: dict[str, Post]) -> None:
    follows(ada, town["tags"].author)
    like_post(post_id=town["alike"].pk, person=ada)
    own = plant(ada, "My own lake", "lakes", hours=1)
    shown = ids(ada)
    assert not {town["tags"].pk, town["alike"].pk, own.pk} & set(shown) and town["trending"].pk in shown


def test_what_was_shown_leaves(ada: User, town: dict[str, Post]) -> None:
    first = ids(ada)
    assert len(first) >= 4
    assert not set(ids(ada)) & set(first)
    redis._client().flushall()
    compute_popular()
    assert set(first) & set(ids(ada))


def test_recommendations_are_the_same_list(ada: User, town: dict[str, Post]) -> None:
    answer = Api(ada)("GET", "recommendations/posts").json()
    assert town["tags"].pk in {int(post["id"]) for post in answer["results"]}
    assert all(post["reason"]["label"] for post in answer["results"])


def test_pages_are_those_of_one_list(ada: User) -> None:
    crowd = established(4)
    for _number in range(30):
        like(plant(person(), "Talked about", hours=1), crowd)
    compute()
    shown, cursor = [], ""
    while cursor is not None:
        answer = Api(ada)("GET", f"feed/explore?limit=7&cursor={cursor}").json()
        assert all(post["reason"]["kind"] == "trending" for post in answer["results"])
        shown += [post["id"] for post in answer["results"]]
        cursor = answer["next_cursor"]
    assert len(shown) == len(set(shown)) == 30
    fresh = Api(person())("GET", "feed/explore?limit=7").json()["next_cursor"]
    assert Api(ada)("GET", f"feed/explore?cursor={fresh}").json()["code"] == "invalid_cursor"


def test_an_old_list_says_so(ada: User) -> None:
    crowd = established(4)
    for _number in range(25):
        like(plant(person(), "Talked about", hours=1), crowd)
    compute()
    html = page_of(ada).get("/explore").content.decode()
    (cursor,) = re.findall(r'rel="next" href="\?cursor=([^"]+)"', html)
    assert page_of(ada).get(f"/explore?cursor={cursor}").status_code == 200
    for key in redis._client().scan_iter("snapshot:*"):
        redis._client().delete(key)
    answer = page_of(ada).get(f"/explore?cursor={cursor}")
    assert answer.status_code == 400 and "grown old" in answer.content.decode()
    assert Api(ada)("GET", f"feed/explore?cursor={cursor}").json()["code"] == "cursor_expired"


def test_bad_questions(ada: User) -> None:
    api = Api(ada)
    assert api("POST", "feed/explore", {}).status_code == 405
    assert api("GET", "feed/explore?mode=top").status_code == 400
    assert api("GET", "feed/explore?cursor=x").json()["code"] == "invalid_cursor"
    assert page_of(ada).post("/explore").status_code == 405
    assert page_of(ada).get("/explore?cursor=x").status_code == 400


def test_an_empty_town_says_so(ada: User) -> None:
    assert "Nothing new to explore" in page_of(ada).get("/explore").content.decode()
    assert page_of().get("/explore").status_code == 200


# --- who sees whom -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", ["block", "blocked", "mute", "private", "suspended", "followers", "hidden", "deleted", "left"]
)
def test_nothing_that_is_not_for_the_viewer(ada: User, ben: User, town: dict[str, Post], change: str) -> None:
    """Neither when it is found, nor on a page of a list that was made before."""
    for post in town.values():
        author = post.author
        Post.objects.filter(pk=post.pk).update(author=ben)
        assert author != ben
    place = selectors.explore_page(viewer=ada, size=1).next_cursor
    if change == "block":
        blocks(ada, ben)
    elif change == "blocked":
        blocks(ben, ada)
    elif change == "mute":
        people_actions.mute_user(muter=ada, muted=ben)
    elif change == "private":
        people_actions.set_privacy(user=ben, is_private=True)
    elif change == "suspended":
        people_actions.suspend_user(user=ben, actor=None)
    elif change == "followers":
        Post.objects.filter(author=ben).update(visibility="followers")
    elif change == "left":
        User.objects.filter(pk=ben.pk).update(is_active=False)
    else:
        Post.objects.filter(author=ben).update(**{f"{change}_at": timezone.now()})
    assert not {post.pk for post in town.values()} & set(ids(ada))
    if place:
        page = selectors.explore_page(viewer=ada, cursor=place)  # type: ignore[arg-type]
        assert not {post.pk for post in town.values()} & {item.id for item in page.items}


# --- when it is broken -------------------------------------------------------------------------------------


def test_last_found_then_popular_then_a_sentence(
    ada: User, ben: User, town: dict[str, Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ids(ada)

    def fails(*_args: object, **_named: object) -> None:
        raise OperationalError

    monkeypatch.setattr(sources, "find", fails)
    assert ids(ada) == found
    assert "found for you earlier" in page_of(ada).get("/explore").content.decode()
    html = page_of(ben).get("/explore").content.decode()
    assert "what many people like" in html and "Liked for days" in html
    monkeypatch.setattr(hooks, "popular", list)
    html = page_of(ben).get("/explore").content.decode()
    assert "nothing at hand" in html
    with pytest.raises(Refused), reading.breaker.calling():  # and it is not asked for a while
        pass


def test_without_redis_there_is_one_page(
    ada: User, town: dict[str, Post], redis_process: RunningEngine
) -> None:
    use_redis("unix:///nowhere/redis.sock")
    try:
        page = selectors.explore_page(viewer=ada, size=1)
        assert page.items and page.next_cursor is None
    finally:
        use_redis(redis_process.url)
        redis.breaker.close()


# --- numbers -----------------------------------------------------------------------------------------------


def test_what_was_shown_and_what_came_of_it_is_counted_once(ada: User, town: dict[str, Post]) -> None:
    ids(ada)
    like_post(post_id=town["tags"].pk, person=ada)
    drain()
    drain()
    day = ExploreDay.objects.get(source="tags")
    assert (day.shown, day.engaged) == (1, 1)
    seen.engage(ada.pk, town["tags"].pk)
    seen.engage(ada.pk, 1)
    day.refresh_from_db()
    assert day.engaged == 1


def test_pages_cost_the_same_for_few_posts_and_for_many(
    ada: User, django_assert_max_num_queries: Any
) -> None:
    crowd = established(4)
    talk(crowd, "tag")
    for _number in range(20):
        like(plant(person(), "Talked about", hours=1), crowd)
    compute()
    selectors.explore_page(viewer=ada, size=2)
    with django_assert_max_num_queries(15):
        assert len(selectors.explore_page(viewer=ada, size=18).items) == 18


def test_it_leads_to_groups(ada: User) -> None:
    """On narrow screens the navigation has no room for them."""
    assert 'class="link" href="/groups"' in page_of(ada).get("/explore").content.decode()
    assert 'class="link" href="/groups/discover"' in page_of(None).get("/explore").content.decode()

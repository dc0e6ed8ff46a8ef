"""Mode Top: its order, its pages, who sees what on them, and what happens when ranking is slow or has nowhere to go."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of, person
from feeds import ranking, top
from feeds.actions import delete_post, publish_post, share_post
from feeds.models import Post, PostCounts
from feeds.tests.factories import publish
from interactions import affinity
from interactions.actions import bookmark_post
from socialnet.kernel import redis, snapshots
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
RESTING = "Top is having a rest."


class Clock:
    """Stands, or goes on by `step` seconds each time it is looked at."""

    def __init__(self) -> None:
        self.now, self.step = 0.0, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A busy machine does not make tests fail, and being slow takes no time."""
    made = Clock()
    monkeypatch.setattr(top, "perf_counter", made)
    return made


def followed(by: User, names: str = "abcdef") -> list[User]:
    authors = [person(f"author_{name}") for name in names]
    for author in authors:
        follows(by, author)
    return authors


def write(authors: list[User], rounds: int) -> list[Post]:
    """Oldest first, in turn."""
    posts = [publish(author) for _round in range(rounds) for author in authors]
    drain()
    return posts


def like(post: Post, many: int) -> None:
    PostCounts.objects.filter(pk=post.pk).update(likes=many)


def ids(answer) -> list[int]:
    return [int(post["id"]) for post in answer.json()["results"]]


def on_page(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'<article[^>]* data-post-id="(\d+)"', html)]


def walk(api: Api, *, limit: int) -> list[list[int]]:
    pages, cursor = [], ""
    while cursor is not None:
        answer = api("GET", f"feed?mode=top&limit={limit}&cursor={cursor}")
        assert (answer.status_code, answer["X-Feed-Mode"]) == (200, "top")
        pages.append(ids(answer))
        cursor = answer.json()["next_cursor"]
        assert ("mode=top" in answer.get("Link", "")) is (cursor is not None)
    return pages


# --- the order ---------------------------------------------------------------------------------------------


def test_what_i_did_and_what_others_like_comes_first(ada, ben, cleo, dora):
    for author in (ada, cleo, dora):
        follows(ben, author)
    close, liked, plain = publish(ada), publish(cleo), publish(dora)
    bookmark_post(post_id=close.pk, person=ben)
    like(liked, 99)
    drain()
    newer = publish(ben, "And mine")
    assert ids(Api(ben)("GET", "feed?mode=top")) == [close.pk, liked.pk, newer.pk, plain.pk]
    assert ids(Api(ben)("GET", "feed")) == [newer.pk, plain.pk, liked.pk, close.pk]
    html = page_of(ben).get("/?mode=top").content.decode()
    assert on_page(html) == [close.pk, liked.pk, newer.pk, plain.pk]


def test_no_author_fills_it(ben):
    authors = followed(ben, "abc")
    write(authors[:2], 1)
    write(authors[2:], 5)
    by = [post["author"]["username"][-1] for post in Api(ben)("GET", "feed?mode=top").json()["results"]]
    assert by == ["c", "b", "a", "c", "c", "c", "c"]


def test_a_share_counts_with_what_it_shares_and_stands_for_all_that_show_the_same(ada, ben, cleo, dora):
    for author in (ada, cleo, dora):
        follows(ben, author)
    original = publish(ada, "The original")
    share_post(post=original, person=cleo)
    second = share_post(post=original, person=dora)
    like(original, 50)
    drain()
    others = [publish(author) for author in followed(ben, "abc")]
    drain()
    shown = Api(ben)("GET", "feed?mode=top").json()["results"]
    assert [int(post["id"]) for post in shown] == [second.pk, *(post.pk for post in reversed(others))]
    assert shown[0]["reason"] == {"kind": "shared", "label": "Dora and Cleo shared"}


@pytest.mark.parametrize("mode", ["latest", "top"])
def test_every_item_says_why_it_is_there(ada, ben, cleo, mode):
    follows(ben, ada)
    follows(ben, cleo)
    post = publish(ada)
    publish_post(author=cleo, content="See this", quoted=post)
    publish(ben)
    share_post(post=publish(cleo), person=ada)
    drain()
    shown = Api(ben)("GET", f"feed?mode={mode}").json()["results"]
    assert all(set(one["reason"]) == {"kind", "label"} and one["reason"]["label"] for one in shown)
    kinds = {
        one["author"]["username"] + ("'s share" if one["share_of"] else ""): one["reason"]["kind"]
        for one in shown
    }
    assert {"ben": "you", "ada": "followed", "ada's share": "shared"}.items() <= kinds.items()
    html = page_of(ben).get(f"/?mode={mode}").content.decode()
    assert "Ada shared" in html


def test_there_is_nothing_in_it_that_is_not_in_latest(ada, ben, cleo, dora):
    follows(ben, ada)
    follows(ben, dora)
    publish(ada)
    publish(cleo, "Of a stranger")
    publish(ada, audience="friends")
    publish(dora)
    drain()
    people.mute_user(muter=ben, muted=dora)
    assert set(ids(Api(ben)("GET", "feed?mode=top"))) == set(ids(Api(ben)("GET", "feed"))) != set()
    assert ids(Api(cleo)("GET", "feed?mode=top")) == ids(Api(cleo)("GET", "feed"))


def test_nothing_followed_is_an_empty_list_and_a_page_that_says_so(ada):
    answer = Api(ada)("GET", "feed?mode=top")
    assert (ids(answer), answer.json()["has_more"], answer["X-Feed-Mode"]) == ([], False, "top")
    assert "It is quiet here" in page_of(ada).get("/?mode=top").content.decode()


# --- its pages ---------------------------------------------------------------------------------------------


def test_its_pages_have_everything_once_and_stay_while_the_world_changes(ben):
    authors = followed(ben)
    posts = write(authors, 6)
    api = Api(ben)
    whole = ids(api("GET", "feed?mode=top&limit=100"))
    assert sorted(whole) == sorted(post.pk for post in posts)
    first = api("GET", "feed?mode=top&limit=10")
    like(posts[0], 10_000)
    write(authors, 1)
    second = api("GET", f"feed?mode=top&limit=10&cursor={first.json()['next_cursor']}")
    assert ids(first) + ids(second) == whole[:20]
    again = api("GET", f"feed?mode=top&limit=10&cursor={first.json()['next_cursor']}")
    assert ids(again) == ids(second)


@pytest.mark.parametrize("limit", [1, 7, 20, 36])
def test_pages_of_any_size_meet_without_gap(ben, limit):
    write(followed(ben), 6)
    pages = walk(Api(ben), limit=limit)
    flat = [post_id for page in pages for post_id in page]
    assert len(flat) == len(set(flat)) == 36
    assert all(len(page) == limit for page in pages[:-1])


def test_what_is_gone_since_never_shows_on_a_later_page(ada, ben, cleo, dora):
    authors = [*followed(ben), ada, cleo, dora]
    for author in (ada, cleo, dora):
        follows(ben, author)
    posts = write(authors, 5)
    before = {int(post_id) for page in walk(Api(ben), limit=5) for post_id in page}
    assert len(before) == 45
    first = Api(ben)("GET", "feed?mode=top&limit=5")
    delete_post(post=posts[0], actor=posts[0].author)
    Post.objects.filter(pk=posts[1].pk).update(hidden_at=datetime.now(UTC))
    Post.objects.filter(pk=posts[2].pk).update(visibility="private")
    people.block_user(blocker=ada, blocked=ben)
    people.mute_user(muter=ben, muted=cleo)
    people.unfollow_user(follower=ben, followee=dora)
    gone = {posts[0].pk, posts[1].pk, posts[2].pk} | {
        post.pk for post in posts if post.author_id in (ada.pk, cleo.pk, dora.pk)
    }
    seen, cursor, pages = [], first.json()["next_cursor"], []
    while cursor:
        html = page_of(ben).get(f"/?mode=top&cursor={cursor}").content.decode()
        assert not gone & set(on_page(html))
        answer = Api(ben)("GET", f"feed?mode=top&limit=5&cursor={cursor}")
        pages.append(ids(answer))
        seen += pages[-1]
        cursor = answer.json()["next_cursor"]
    assert set(seen) == before - gone - set(ids(first))
    assert all(len(page) == 5 for page in pages[:-1]), "refilled until full"


def test_a_page_costs_the_same_whatever_is_on_it(ben, django_assert_num_queries):
    authors = followed(ben)

    def read(cursor=None, size=20):
        page = top.top_page(viewer=ben, cursor=cursor, size=size)
        return page

    write(authors, 1)
    read()
    read()  # now everything is warm
    with django_assert_num_queries(2):  # what is weighed, and the facts
        assert len(read().items) == 6
    write(authors, 8)
    read(size=50)
    with django_assert_num_queries(2):
        page = read()
    assert len(page.items) == 20
    with django_assert_num_queries(1):
        assert len(read(page.next_cursor).items) == 20


def test_reading_top_is_a_visit(ben, django_assert_num_queries):
    from accounts.models import Activity

    Activity.objects.filter(pk=ben.pk).update(last_active_on="2024-01-01", state="idle")
    Api(ben)("GET", "feed?mode=top")
    drain()
    activity = Activity.objects.get(pk=ben.pk)
    assert (activity.state, str(activity.last_active_on) > "2024-01-01") == ("live", True)


# --- cursors -----------------------------------------------------------------------------------------------


@pytest.fixture
def long_home(ben) -> str:
    """The cursor of ben's second page of Top."""
    write(followed(ben), 6)
    return Api(ben)("GET", "feed?mode=top").json()["next_cursor"]


def test_a_cursor_is_for_its_mode_and_its_person(ada, ben, long_home):
    latest = Api(ben)("GET", "feed").json()["next_cursor"]
    for who, address in (
        (ben, f"feed?cursor={long_home}"),
        (ben, f"feed?mode=latest&cursor={long_home}"),
        (ben, f"feed?mode=top&cursor={latest}"),
        (ben, f"feed?mode=top&cursor={long_home[:-1]}"),
        (ben, "feed?mode=top&cursor=nonsense"),
        (ada, f"feed?mode=top&cursor={long_home}"),
    ):
        answer = Api(who)("GET", address)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor"), address
    for who, address in ((ben, f"/?mode=top&cursor={latest}"), (ada, f"/?mode=top&cursor={long_home}")):
        assert page_of(who).get(address).status_code == 400


def test_a_snapshot_that_is_not_kept_any_longer_has_expired(ben, long_home):
    keys = redis._client().keys("snapshot:*")
    assert all(0 < redis._client().ttl(key) <= 900 for key in keys) and keys
    redis._client().delete(*keys)
    answer = Api(ben)("GET", f"feed?mode=top&cursor={long_home}")
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_expired")
    page = page_of(ben).get(f"/?mode=top&cursor={long_home}")
    html = page.content.decode()
    assert page.status_code == 400
    assert "This list has grown old" in html and 'href="/?mode=top"' in html and "<html" in html
    part = page_of(ben).get(f"/?mode=top&cursor={long_home}", headers={"X-Partial": "items"})
    assert part.status_code == 200
    assert "This list has grown old" in part.content.decode() and "<html" not in part.content.decode()


def test_bad_modes_wrong_methods_and_visitors(ada):
    for mode in ("hot", "TOP", "", "top,latest"):
        answer = Api(ada)("GET", f"feed?mode={mode}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert "mode" in answer.json()["errors"]
    assert Api(ada)("POST", "feed?mode=top", {}).status_code == 405
    assert Api()("GET", "feed?mode=top").status_code == 401
    assert Api()("GET", "feed?mode=nonsense").status_code == 401
    assert page_of(ada).post("/?mode=top").status_code == 405
    landing = page_of().get("/?mode=top")
    assert landing.status_code == 200 and "Order of the posts" not in landing.content.decode()


# --- the page ----------------------------------------------------------------------------------------------


def test_the_page_is_latest_unless_top_is_asked_for_each_time(ben):
    write(followed(ben), 6)
    browser = page_of(ben)
    ranked = browser.get("/?mode=top")
    html = ranked.content.decode()
    assert ranked["X-Feed-Mode"] == "top"
    assert '<a href="/?mode=top" aria-current="page">Top</a>' in html
    assert 'data-feed="top"' in html and 'href="/help/top"' in html
    assert re.search(r'href="\?mode=top&amp;cursor=[\w-]+"', html)
    plain = browser.get("/")
    html = plain.content.decode()
    assert plain["X-Feed-Mode"] == "latest"
    assert '<a href="/" aria-current="page">Latest</a>' in html
    assert 'data-feed="home"' in html and "/help/top" not in html
    assert re.search(r'href="\?cursor=[\w-]+"', html)


def test_endless_scroll_gets_the_list_only_and_its_end_leads_to_latest(ben):
    write(followed(ben), 6)
    browser = page_of(ben)
    first = browser.get("/?mode=top", headers={"X-Partial": "items"}).content.decode()
    assert len(on_page(first)) == 20 and "<html" not in first
    address = re.search(r'href="(\?mode=top&amp;cursor=[\w-]+)"', first)[1].replace("&amp;", "&")
    last = browser.get(f"/{address}", headers={"X-Partial": "items"}).content.decode()
    assert len(on_page(last)) == 16 and not set(on_page(first)) & set(on_page(last))
    assert "Read on in Latest" in last


def test_the_help_page_has_the_numbers_of_the_code(ada):
    html = page_of().get("/help/top").content.decode()
    formula = "score = ({} + closeness) × (1 + log₁₀(1 + reactions)) × ½^(age in hours / {})"
    assert formula.format(ranking.FLOOR, ranking.HALF_LIFE_HOURS) in html
    for act in affinity.ACTS:
        assert re.search(rf'<th scope="row">{act.words}</th>\s*<td>{act.weight}</td>', html)
    assert f"the newest {top.CANDIDATES} posts" in html
    assert f"kept for {snapshots.SECONDS // 60} minutes" in html
    assert 'href="/help/top"' in page_of(ada).get("/help/").content.decode()
    assert page_of().post("/help/top").status_code == 405


# --- the budget and the breaker ----------------------------------------------------------------------------


def breaker_told() -> dict:
    return page_of().get("/health/circuit-breakers").json()["breakers"]["ranking"]


def test_the_drill_ranking_is_slow_then_rests_then_comes_back(ben, clock, time_machine):
    start = datetime.now(UTC)
    time_machine.move_to(start)
    posts = write(followed(ben), 6)
    like(posts[0], 99)
    api, browser = Api(ben), page_of(ben)
    before = breaker_told()
    assert before["state"] == "closed"
    assert ids(api("GET", "feed?mode=top"))[0] == posts[0].pk

    clock.step = 0.06  # over the budget after the first step
    for _attempt in range(10):
        answer = api("GET", "feed?mode=top")
        assert (answer.status_code, answer["X-Feed-Mode"]) == (200, "latest")
        assert ids(answer) == [post.pk for post in posts[:-21:-1]]
    told = breaker_told()
    assert (told["state"], told["timeouts"] - before["timeouts"]) == ("open", 10)

    clock.step = 0.0
    looked = clock.now
    page = browser.get("/?mode=top")
    assert (page.status_code, page["X-Feed-Mode"]) == (200, "latest")
    assert (
        RESTING in page.content.decode()
        and '<a href="/?mode=top" aria-current="page">' in page.content.decode()
    )
    assert breaker_told()["rejects"] == before["rejects"] + 1
    assert clock.now == looked and breaker_told()["fires"] == told["fires"], "it was not even tried"
    assert RESTING not in browser.get("/").content.decode()

    clock.step = 0.06
    time_machine.move_to(start + timedelta(seconds=11))
    assert api("GET", "feed?mode=top")["X-Feed-Mode"] == "latest"
    assert breaker_told()["state"] == "open", "the probe failed"

    clock.step = 0.0
    time_machine.move_to(start + timedelta(seconds=22))
    answer = api("GET", "feed?mode=top")
    assert (answer["X-Feed-Mode"], ids(answer)[0]) == ("top", posts[0].pk)
    assert breaker_told()["state"] == "closed"
    assert RESTING not in browser.get("/?mode=top").content.decode()


@pytest.mark.parametrize("step", [0.013, 0.017, 0.026, 0.051])
def test_the_budget_is_for_all_steps_together(ben, clock, step):
    """Five looks at the clock: at 13 ms each the last is too late, at 51 the first."""
    write(followed(ben), 1)
    clock.step = step
    assert Api(ben)("GET", "feed?mode=top")["X-Feed-Mode"] == "latest"
    clock.step = 0.012
    assert Api(ben)("GET", "feed?mode=top")["X-Feed-Mode"] == "top"


def test_the_budget_is_a_setting(ben, clock, settings):
    settings.RANKING_BUDGET_MS = 500
    clock.step = 0.1
    assert Api(ben)("GET", "feed?mode=top")["X-Feed-Mode"] == "top"


def test_a_fallback_goes_on_under_the_mode_that_was_asked_for(ada, ben, clock):
    posts = write(followed(ben), 8)
    clock.step = 1.0
    api = Api(ben)
    first = api("GET", "feed?mode=top")
    cursor = first.json()["next_cursor"]
    clock.step = 0.0  # Top is well again, and this list goes on as it began
    second = api("GET", f"feed?mode=top&cursor={cursor}")
    assert (first["X-Feed-Mode"], second["X-Feed-Mode"]) == ("latest", "latest")
    assert ids(first) + ids(second) == [post.pk for post in reversed(posts)][:40]
    assert api("GET", f"feed?cursor={cursor}").status_code == 400
    assert Api(ada)("GET", f"feed?mode=top&cursor={cursor}").status_code == 400
    part = page_of(ben).get(f"/?mode=top&cursor={cursor}", headers={"X-Partial": "items"})
    assert on_page(part.content.decode()) == ids(second)


def test_without_redis_it_is_latest_with_the_note(ben, monkeypatch):
    posts = write(followed(ben), 1)
    monkeypatch.setattr(redis, "_client", lambda: redis.Redis(host="127.0.0.1", port=1))
    page = page_of(ben)
    answer = page.get("/?mode=top")
    assert (answer.status_code, answer["X-Feed-Mode"], answer["X-Feed-Tier"]) == (200, "latest", "2")
    assert RESTING in answer.content.decode()
    assert on_page(answer.content.decode()) == [post.pk for post in reversed(posts)]
    assert breaker_told()["state"] == "closed", "ranking itself is well"


def test_a_later_page_without_redis_asks_for_patience(ben, long_home, monkeypatch):
    monkeypatch.setattr(redis, "_client", lambda: redis.Redis(host="127.0.0.1", port=1))
    answer = Api(ben)("GET", f"feed?mode=top&cursor={long_home}")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "5")
    page = page_of(ben).get(f"/?mode=top&cursor={long_home}")
    assert (page.status_code, page["Retry-After"]) == (503, "5")


def test_a_statement_that_fails_counts_as_a_failure_and_falls_back(ben, monkeypatch):
    posts = write(followed(ben), 1)

    def fail(*_args):
        raise OperationalError("canceling statement due to statement timeout")

    failed = breaker_told()["failures"]
    monkeypatch.setattr(top, "_weighed", fail)
    answer = Api(ben)("GET", "feed?mode=top")
    assert (answer["X-Feed-Mode"], ids(answer)) == ("latest", [post.pk for post in reversed(posts)])
    assert breaker_told()["failures"] == failed + 1


def test_only_the_newest_300_are_ranked(ben, monkeypatch):
    monkeypatch.setattr(top, "CANDIDATES", 10)
    posts = write(followed(ben), 3)
    found = {post_id for page in walk(Api(ben), limit=4) for post_id in page}
    assert found == {post.pk for post in posts[-10:]}

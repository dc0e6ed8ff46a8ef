"""Lists of people: keyset pages that cost the same for one and for twenty, and use their indexes."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts import selectors
from accounts.models import Block, Follow, Mute, Session, User
from accounts.tests.factories import Api, blocks, follows, page_of, person
from socialnet.kernel.pagination import Cursor


def names(answer: Any) -> list[str]:
    return [row["username"] for row in answer.json()["results"]]


@pytest.mark.parametrize("which", ["followers", "following"])
def test_newest_first_without_gap_or_repeat_while_people_come_and_go(
    ada: User, ben: User, which: str
) -> None:
    people = [person() for _ in range(45)]
    for other in people:
        follows(other, ada) if which == "followers" else follows(ada, other)
    api, seen, cursor = Api(ben), [], ""
    while cursor is not None:
        answer = api("GET", f"users/ada/{which}?limit=20&cursor={cursor}").json()
        seen += [row["username"] for row in answer["results"]]
        cursor = answer["next_cursor"]
        newcomer = person()
        follows(newcomer, ada) if which == "followers" else follows(ada, newcomer)
    assert seen == [other.username for other in reversed(people)]


@pytest.mark.parametrize("which", ["followers", "following"])
@pytest.mark.parametrize("count", [1, 20])
def test_a_page_costs_the_same_for_one_and_for_twenty(
    ada: User, ben: User, which: str, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        follows(person(), ada) if which == "followers" else follows(ada, person())
    read = selectors.followers_of if which == "followers" else selectors.following_of
    with django_assert_num_queries(3):  # rights, rows with people and counts, relations
        page = read(user=ada, viewer=ben)
        assert [row.profile.counts.posts for row in page.items] == [0] * count
    browser = page_of(ben)
    browser.get("/settings/privacy")  # warm
    with django_assert_num_queries(
        6
    ):  # the person, the rights for the frame and for the list, rows, relations; what is unread
        browser.get(f"/@ada/{which}")


def test_the_own_lists_cost_the_same_too(ada: User, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        follows(person(), ada, pending=True)
        blocks(ada, person())
        Mute.objects.create(muter=ada, muted=person())
    for read in (selectors.follow_requests_of, selectors.blocks_of, selectors.mutes_of):
        with django_assert_num_queries(2):
            assert len(read(user=ada).items) == 5


def test_a_profile_costs_two_queries(ada: User, ben: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        found = selectors.get_user_or_404("Ada", viewer=ben)
        assert selectors.profile_of(found, viewer=ben).shown["followers"] == 0


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "A" * 500, "💥", "1", "-1"])
def test_tampered_cursors(ada: User, cursor: str) -> None:
    for path in ("users/ada/followers", "me/blocks", "me/mutes", "me/follow-requests"):
        assert Api(ada)("GET", f"{path}?cursor={cursor}").status_code == 400
    assert page_of(ada).get("/@ada/followers", {"cursor": cursor}).status_code == 400


def test_cursors_are_of_the_list_not_of_the_viewer(ada: User, ben: User) -> None:
    for _ in range(3):
        follows(person(), ada)
    cursor = Api(ada)("GET", "users/ada/followers?limit=2").json()["next_cursor"]
    assert len(names(Api(ben)("GET", f"users/ada/followers?limit=2&cursor={cursor}"))) == 1
    assert Cursor.decode(cursor) is not None


@pytest.mark.parametrize("limit", ["0", "-5", "1000"])
def test_limits_are_clamped(ada: User, limit: str) -> None:
    follows(person(), ada)
    assert len(names(Api(ada)("GET", f"users/ada/followers?limit={limit}"))) == 1


def test_unknown_filters_and_fields_are_refused(ada: User) -> None:
    assert Api(ada)("GET", "users/ada/followers?sort=x").status_code == 400
    assert Api(ada)("GET", "users/ada?fields=id,secret").status_code == 400
    assert set(Api(ada)("GET", "users/ada?fields=id,username").json()) == {"id", "username"}


def test_relations_come_in_one_query(
    ada: User, ben: User, cleo: User, dora: User, django_assert_num_queries: Any
) -> None:
    follows(ada, ben)
    follows(cleo, ada, pending=True)
    blocks(dora, ada)
    with django_assert_num_queries(1):
        found = selectors.relations_of(ada, [ada.pk, ben.pk, cleo.pk, dora.pk, 10**9])
    assert found[ada.pk].is_self and found[ben.pk].following
    assert found[cleo.pk].requested_by and not found[cleo.pk].followed_by
    assert found[dora.pk].blocked_by and found[10**9].state == "none"


@pytest.mark.parametrize(
    "name", ["x", "a" * 31, "ad-a", "ada%00", "%F0%9F%99%82", "..%2Fada", "ada%0A", "1" * 30]
)
def test_names_that_nobody_can_have(ada: User, name: str) -> None:
    for path in ("", "/followers"):
        assert page_of(ada).get(f"/@{name}{path}").status_code == 404
    assert Api(ada)("GET", f"users/{name}").status_code == 404
    assert Api(ada)("PUT", f"users/{name}/follow").status_code == 404


@pytest.mark.parametrize("ident", ["1", str(10**30), "x", "-1", "00000000-0000-0000-0000-000000000000"])
def test_ids_that_are_nothing(ada: User, ident: str) -> None:
    assert Api(ada)("DELETE", f"me/sessions/{ident}").status_code == 404
    assert Api(ada)("DELETE", f"auth/tokens/{ident}").status_code == 404
    assert page_of(ada).post(f"/settings/tokens/{ident}/revoke").status_code == 404
    assert page_of(ada).post(f"/settings/sessions/{ident}/end").status_code == 404


def plan_of(rows: QuerySet[Any]) -> str:
    """How PostgreSQL reads `rows`, were the table large."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )
    return rows.explain()


def test_hot_reads_use_the_indexes_made_for_them(ada: User, ben: User) -> None:
    crowd = User.objects.bulk_create(User(username=f"u_{n}", email=f"u{n}@example.com") for n in range(50))
    Follow.objects.bulk_create(Follow(follower=a, followee=b) for a in crowd for b in crowd if a != b)
    active, newest = Follow.objects.active(), "-id"
    reads = {
        "follow_followers": active.filter(followee=ada).before(None).order_by(newest)[:21],
        "follow_following": active.filter(follower=ada).order_by(newest)[:21],
        "follow_requests": Follow.objects.pending().filter(followee=ada).order_by(newest)[:21],
        "follow_audience": active.filter(followee=ada, follower_id__gt=7).order_by("follower_id")[:1000],
        "follow_once": Follow.objects.filter(follower=ben, followee=ada),
        "block_newest": Block.objects.filter(blocker=ada).order_by(newest)[:21],
        "mute_newest": Mute.objects.filter(muter=ada).order_by(newest)[:21],
        "person_username_unique": User.objects.named("ada"),
        "person_email_unique": User.objects.with_email("ada@example.com"),
        "session_of_person": Session.objects.filter(account=ada).order_by("-created_at"),
    }
    for index, rows in reads.items():
        assert index in plan_of(rows), index


@pytest.mark.parametrize(
    "path",
    [
        "@ada", "@ada/followers", "@ada/following", "follow-requests", "settings/profile", "settings/privacy",
        "settings/account", "settings/account/delete", "settings/sessions", "settings/blocked", "accounts/email/",
        "accounts/password/change/", "accounts/logout/", "api/v1/me", "api/v1/users/ada", "api/v1/me/blocks",
    ],
)  # fmt: skip
def test_no_cache_may_keep_what_depends_on_who_asks(ada: User, path: str) -> None:
    answer = page_of(ada).get(f"/{path}")
    assert answer.status_code == 200
    assert {"private", "no-store"} <= {part.strip() for part in answer["Cache-Control"].split(",")}
    assert "Cookie" in answer["Vary"]

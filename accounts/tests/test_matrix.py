"""Who sees what of a person: every cell of the table in the design, through the page and through the API."""

from dataclasses import dataclass

import pytest

from accounts import actions
from accounts.access import Access, Lists, ProfileLevel
from accounts.models import User
from accounts.selectors import access_to
from accounts.tests.factories import Api, blocks, follows, page_of, person

FULL, BASIC, STUB, SUSPENDED, HIDDEN = ProfileLevel
BIO, WEBSITE = "Paints boats in the harbour.", "https://boats.example"


@dataclass(frozen=True)
class Row:
    """`owner` is public, private, suspended or deleted; the viewer is what `viewer` says."""

    owner: str
    viewer: str
    profile: ProfileLevel
    posts: bool
    lists: str  # all, filtered, or the status and code of the refusal

    def __str__(self) -> str:
        return f"{self.viewer} of {self.owner}"


ROWS = [
    Row("public", "self", FULL, True, "all"),
    Row("private", "self", FULL, True, "all"),
    Row("public", "visitor", FULL, True, "all"),
    Row("public", "stranger", FULL, True, "all"),
    Row("public", "follower", FULL, True, "all"),
    Row("private", "follower", FULL, True, "filtered"),
    Row("private", "stranger", BASIC, False, "403 private_account"),
    Row("private", "visitor", BASIC, False, "403 private_account"),
    Row("private", "asking", BASIC, False, "403 private_account"),
    Row("public", "blocked", HIDDEN, False, "404 not_found"),
    Row("private", "blocked", HIDDEN, False, "404 not_found"),
    Row("public", "blocking", STUB, False, "403 list_hidden"),
    Row("private", "blocking", STUB, False, "403 list_hidden"),
    Row("public", "both", HIDDEN, False, "404 not_found"),
    Row("suspended", "visitor", SUSPENDED, False, "403 list_hidden"),
    Row("suspended", "stranger", SUSPENDED, False, "403 list_hidden"),
    Row("suspended", "follower", SUSPENDED, False, "403 list_hidden"),
    Row("suspended", "blocked", HIDDEN, False, "404 not_found"),
    Row("deleted", "stranger", HIDDEN, False, "404 not_found"),
    Row("deleted", "visitor", HIDDEN, False, "404 not_found"),
]
rows = pytest.mark.parametrize("row", ROWS, ids=str)


def scene(row: Row) -> tuple[User, User | None]:
    """ada as the row has her, with cleo and a private stranger among her followers and followees; and the viewer."""
    private = row.owner == "private"
    ada = person("ada", bio=BIO, website=WEBSITE, location="Harbour", is_private=private)
    cleo, closed = person("cleo"), person("closed", is_private=True)
    for other in (cleo, closed):
        follows(other, ada)
        follows(ada, other)
    viewer = (
        {"self": ada, "visitor": None}.get(row.viewer) if row.viewer in ("self", "visitor") else person("ben")
    )
    if row.viewer == "follower":
        follows(viewer, ada)
    if row.viewer == "asking":
        follows(viewer, ada, pending=True)
    if row.viewer in ("blocked", "both"):
        blocks(ada, viewer)
    if row.viewer in ("blocking", "both"):
        blocks(viewer, ada)
    if row.owner == "suspended":
        actions.suspend_user(user=ada, actor=None)
    if row.owner == "deleted":
        User.objects.filter(pk=ada.pk).update(is_active=False)
    return User.objects.get(pk=ada.pk), viewer


@rows
@pytest.mark.django_db
def test_rights(row: Row) -> None:
    from django.contrib.auth.models import AnonymousUser

    ada, viewer = scene(row)
    lists = row.lists if row.lists in ("all", "filtered") else "hidden"
    expected = Access(profile=row.profile, posts=row.posts, lists=Lists(lists))
    assert access_to(ada, viewer or AnonymousUser()) == expected


@rows
@pytest.mark.django_db
def test_api_profile(row: Row) -> None:
    _ada, viewer = scene(row)
    answer = Api(viewer)("GET", "users/ada")
    if row.profile is HIDDEN:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        return
    shown = answer.json()
    assert answer.status_code == 200
    assert shown["access"] == row.profile
    assert shown["bio"] == (BIO if row.profile in (FULL, BASIC) else None)
    assert shown["website"] == (WEBSITE if row.profile is FULL else None)
    assert shown["location"] == ("Harbour" if row.profile is FULL else None)
    assert shown["follower_count"] is (None if row.profile in (STUB, SUSPENDED) else shown["follower_count"])
    assert ("relation" in shown) is (viewer is not None)


@rows
@pytest.mark.django_db
def test_page_profile(row: Row) -> None:
    _ada, viewer = scene(row)
    answer = page_of(viewer).get("/@ada")
    html = answer.content.decode()
    assert answer.status_code == (404 if row.profile is HIDDEN else 200)
    assert (BIO in html) is (row.profile in (FULL, BASIC))
    assert (WEBSITE in html) is (row.profile is FULL)
    assert ("/@ada/unblock" in html) is (row.profile is STUB)


@rows
@pytest.mark.parametrize("which", ["followers", "following"])
@pytest.mark.django_db
def test_lists(row: Row, which: str) -> None:
    _ada, viewer = scene(row)
    page, api = page_of(viewer).get(f"/@ada/{which}"), Api(viewer)("GET", f"users/ada/{which}")
    if row.lists not in ("all", "filtered"):
        status, code = row.lists.split()
        assert (str(page.status_code), str(api.status_code), api.json()["code"]) == (status, status, code)
        assert "@cleo" not in page.content.decode()
        return
    expected = {"cleo"} | ({"closed"} if row.lists == "all" else set())
    names = {person["username"] for person in api.json()["results"]} - {"ben"}
    assert names == expected
    html = page.content.decode()
    assert {name for name in ("cleo", "closed") if f"@{name}" in html} == expected


@pytest.mark.parametrize("lists_of", ["followers", "following"])
def test_lists_leave_out_whom_the_viewer_may_not_see(
    ada: User, ben: User, cleo: User, dora: User, lists_of: str
) -> None:
    gone = person("gone")
    for other in (cleo, dora, gone):
        follows(other, ada)
        follows(ada, other)
    blocks(ben, cleo)
    blocks(dora, ben)
    actions.suspend_user(user=gone, actor=None)
    results = Api(ben)("GET", f"users/ada/{lists_of}").json()["results"]
    assert results == []
    seen_by_ada = {row["username"] for row in Api(ada)("GET", f"users/ada/{lists_of}").json()["results"]}
    assert seen_by_ada == {"cleo", "dora"}


def test_a_name_that_nobody_has_is_answered_like_one_that_is_hidden(ada: User, dora: User) -> None:
    blocks(ada, dora)
    hidden, absent = Api(dora)("GET", "users/ada"), Api(dora)("GET", "users/nobody_here")
    for answer in (hidden, absent):
        del (body := answer.json())["request_id"]
        answer.compared = body
    assert hidden.status_code == absent.status_code == 404
    assert hidden.compared == absent.compared

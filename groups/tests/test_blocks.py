"""A block between a moderator and somebody in the group protects neither of them from what moderators must do."""

import pytest

from accounts.models import User
from accounts.tests.factories import Api, blocks, page_of
from groups.models import Membership
from groups.tests.factories import a_group, is_in

pytestmark = pytest.mark.django_db(transaction=True)


def status_of(group, person):
    return Membership.objects.filter(group=group, user=person).values_list("status", flat=True).first()


@pytest.fixture
def bread(ada, ben, cleo):
    """A group of ada's; ben, who is in it and tells much of himself, cannot be seen by her."""
    group = a_group(ada, "private")
    is_in(group, ben, cleo)
    User.objects.filter(pk=ben.pk).update(bio="I bake at night", website="https://ben.example/")
    return group


@pytest.mark.parametrize("blocker", ["ben", "ada"])
def test_owners_put_out_whom_a_block_parts_from_them(ada, ben, bread, blocker):
    blocks(*(ben, ada) if blocker == "ben" else (ada, ben))
    path = f"groups/{bread.slug}/members/ben"
    assert page_of(ada).post(f"/g/{bread.slug}/members/ben", {"do": "ban"}).status_code == 302
    assert status_of(bread, ben) == "banned"
    assert Api(ada)("DELETE", path).status_code == 204
    assert status_of(bread, ben) is None
    is_in(bread, ben)
    assert Api(ada)("PATCH", path, {"role": "moderator"}).json()["role"] == "moderator"
    assert Api(ada)("PATCH", path, {"status": "banned"}).json()["status"] == "banned"
    page_of(ada).post(f"/g/{bread.slug}/members/ben", {"do": "remove"})
    assert status_of(bread, ben) is None


@pytest.mark.parametrize("status", ["active", "pending", "invited", "banned"])
def test_moderators_see_the_name_and_nothing_else_of_whom_a_block_parts_from_them(ada, ben, bread, status):
    blocks(ben, ada)
    Membership.objects.filter(group=bread, user=ben).update(status=status)
    told = Api(ada)("GET", f"groups/{bread.slug}/members?status={status}").json()["results"]
    (found,) = [one for one in told if one["username"] == "ben"]
    assert (found["display_name"], found["status"], found["access"]) == ("Ben", status, "stub")
    assert [found[name] for name in ("bio", "website", "avatar_url", "follower_count")] == [None] * 4
    tab = "members" if status == "active" else f"requests?show={status}"
    page = page_of(ada).get(f"/g/{bread.slug}/{tab}").content.decode()
    assert "@ben" in page
    assert f"/g/{bread.slug}/members/ben" in page
    assert "I bake" not in page
    assert "/@ben" not in page  # their profile does not open


def test_nobody_else_finds_whom_a_block_parts_from_them(ada, ben, cleo, dora, bread):
    blocks(ben, cleo)
    assert "ben" not in page_of(cleo).get(f"/g/{bread.slug}/members").content.decode()
    names = [one["username"] for one in Api(cleo)("GET", f"groups/{bread.slug}/members").json()["results"]]
    assert names == ["cleo", "ada"]
    path = f"groups/{bread.slug}/members/ben"
    assert Api(cleo)("PATCH", path, {"status": "banned"}).status_code == 404
    assert page_of(cleo).post(f"/g/{bread.slug}/members/ben", {"do": "ban"}).status_code == 404
    blocks(dora, ada)  # nobody of the group
    assert Api(ada)("PATCH", f"groups/{bread.slug}/members/dora", {"status": "banned"}).status_code == 404
    User.objects.filter(pk=ben.pk).update(suspended_at="2026-01-01T00:00Z", leaving_since="2026-01-01T00:00Z")
    assert Api(ada)("PATCH", path, {"status": "banned"}).status_code == 404


def test_lists_of_moderators_cost_the_same_with_blocks(ada, ben, cleo, bread, django_assert_num_queries):
    from groups import selectors

    blocks(ben, ada)
    blocks(ada, cleo)
    seen = selectors.get_visible_group(bread.slug, viewer=ada)
    with django_assert_num_queries(2):
        rows = selectors.members_of(seen=seen, viewer=ada).items
    assert [row.is_apart for row in rows] == [True, True, False]

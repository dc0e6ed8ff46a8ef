"""Coming, going, roles, by page and API; who may do what, and what the counts say."""

import threading

import pytest
from django.db import connection

from accounts.models import Block
from accounts.tests.factories import Api, page_of, person
from groups import actions, export
from groups.models import Group, GroupCounts, Membership
from groups.tests.factories import a_group, is_in
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def counted(group):
    return GroupCounts.objects.get(pk=group.pk).members


def status_of(group, person):
    found = Membership.objects.filter(group=group, user=person).first()
    return (found.role, found.status) if found else None


def test_a_group_is_founded_by_page_and_api(ada):
    body = {"slug": "bread", "name": "Bread", "tags": ["#dough"], "privacy": "private"}
    answer = Api(ada)("POST", "groups", body)
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == "/api/v1/groups/bread"
    told = answer.json()
    assert (told["my_role"], told["member_count"], told["post_count"]) == ("owner", 1, 0)
    assert (told["tags"], told["privacy"], told["cover_url"]) == (["dough"], "private", None)
    form = {"name": "Cake", "slug": "cake", "category": "food", "privacy": "public"}
    assert page_of(ada).post("/groups/new", form).headers["Location"] == "/g/cake"
    assert set(told) == {
        "id", "slug", "name", "description", "rules", "privacy", "category", "tags", "cover_url", "cover",
        "member_count", "post_count", "my_role", "my_status", "my_notify", "held", "held_changes", "url",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "Bread"}, "slug"),
        ({"slug": "ab"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"privacy": "secret"}, "privacy"),
        ({"category": "none"}, "category"),
        ({"tags": ["a", "b", "c", "d", "e", "f"]}, "tags"),
        ({"slug": "taken"}, "slug"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field(ada, wrong, field):
    a_group(ada, slug="taken")
    answer = Api(ada)("POST", "groups", {"slug": "bread", "name": "Bread", **wrong})
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    form = {"slug": "bread", "name": "Bread", "category": "food", "privacy": "public", **wrong}
    if field != "tags":
        assert page_of(ada).post("/groups/new", form).status_code == 400
    assert Group.objects.count() == 1


def test_a_public_group_is_joined_and_left_at_once(ada, ben):
    group = a_group(ada)
    for _twice in range(2):
        assert Api(ben)("PUT", f"groups/{group.slug}/membership").json()["my_status"] == "active"
    assert counted(group) == 2
    for _twice in range(2):
        assert Api(ben)("DELETE", f"groups/{group.slug}/membership").status_code == 204
    assert counted(group) == 1
    page_of(ben).post(f"/g/{group.slug}/join")
    assert status_of(group, ben) == ("member", "active")
    page_of(ben).post(f"/g/{group.slug}/leave")
    assert status_of(group, ben) is None


def test_a_private_group_is_asked(ada, ben, cleo):
    group = a_group(ada, "private")
    assert Api(ben)("PUT", f"groups/{group.slug}/membership").json()["my_status"] == "pending"
    assert counted(group) == 1
    member = f"groups/{group.slug}/members/{ben.username}"
    assert Api(cleo)("PATCH", member, {"status": "active"}).status_code == 403
    assert Api(ada)("PATCH", member, {"status": "active"}).json() == {"role": "member", "status": "active"}
    assert counted(group) == 2
    page_of(cleo).post(f"/g/{group.slug}/join")
    page_of(ada).post(f"/g/{group.slug}/members/{cleo.username}", {"do": "remove"})
    assert status_of(group, cleo) is None


def test_a_group_by_invitation_does_not_exist_for_others(ada, ben, cleo):
    group = a_group(ada, "invite")
    for path in ("", "/posts", "/members"):
        assert Api(ben)("GET", f"groups/{group.slug}{path}").status_code == 404
        assert Api()("GET", f"groups/{group.slug}{path}").status_code == 404
    assert Api(ben)("PUT", f"groups/{group.slug}/membership").status_code == 404
    for path in ("", "/about", "/members", "/requests", "/settings"):
        assert page_of(ben).get(f"/g/{group.slug}{path}").status_code == 404
    assert Api(ada)("PUT", f"groups/{group.slug}/invitations/{ben.username}").json()["status"] == "invited"
    assert Api(ben)("GET", f"groups/{group.slug}").json()["my_status"] == "invited"
    assert Api(ben)("GET", f"groups/{group.slug}/posts").status_code == 403
    assert Api(ben)("PUT", f"groups/{group.slug}/membership").json()["my_status"] == "active"
    assert Api(cleo)("GET", f"groups/{group.slug}").status_code == 404
    assert group.slug not in [one["slug"] for one in Api(cleo)("GET", "groups").json()["results"]]


def test_the_last_owner_stays_until_another_is_there(ada, ben):
    group = a_group(ada)
    is_in(group, ben)
    answer = Api(ada)("DELETE", f"groups/{group.slug}/membership")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    me = f"groups/{group.slug}/members/{ada.username}"
    assert Api(ada)("PATCH", me, {"role": "member"}).status_code == 409
    assert (
        Api(ada)("PATCH", f"groups/{group.slug}/members/{ben.username}", {"role": "owner"}).status_code == 200
    )
    assert Api(ada)("DELETE", f"groups/{group.slug}/membership").status_code == 204
    assert status_of(group, ben) == ("owner", "active")


def test_moderators_act_on_those_below_them_only(ada, ben, cleo, dora):
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    is_in(group, cleo)
    for name in (ada.username, ben.username):
        assert (
            Api(ben)("PATCH", f"groups/{group.slug}/members/{name}", {"status": "banned"}).status_code == 403
        )
    member = f"groups/{group.slug}/members/{cleo.username}"
    assert Api(ben)("PATCH", member, {"role": "moderator"}).status_code == 403
    assert Api(cleo)("PATCH", member, {"status": "banned"}).status_code == 403
    assert Api(ben)("PATCH", member, {"status": "banned"}).json()["status"] == "banned"
    assert counted(group) == 2
    answer = Api(cleo)("PUT", f"groups/{group.slug}/membership")
    assert (answer.status_code, answer.json()["code"]) == (403, "banned_from_group")
    assert Api(ben)("DELETE", member).status_code == 204
    assert Api(cleo)("PUT", f"groups/{group.slug}/membership").status_code == 200
    assert Api(ben)("PATCH", f"groups/{group.slug}/members/{dora.username}", {}).status_code == 400


def test_nobody_is_invited_across_a_block(ada, ben):
    group = a_group(ada)
    Block.objects.create(blocker=ben, blocked=ada)
    assert Api(ada)("PUT", f"groups/{group.slug}/invitations/{ben.username}").status_code == 404


def test_who_is_in_is_for_members_of_a_private_group(ada, ben, cleo):
    group = a_group(ada, "private")
    is_in(group, ben)
    assert Api(ben)("GET", f"groups/{group.slug}/members").json()["results"][0]["role"] == "member"
    assert Api(cleo)("GET", f"groups/{group.slug}/members").json()["code"] == "private_group"
    assert page_of(cleo).get(f"/g/{group.slug}/members").status_code == 403
    assert page_of(cleo).get(f"/g/{group.slug}").status_code == 200
    assert Api(ben)("GET", f"groups/{group.slug}/members?status=banned").status_code == 403
    assert Api(ada)("GET", f"groups/{group.slug}/members?status=odd").status_code == 400


def test_only_owners_change_and_delete(ada, ben, cleo):
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    assert Api(ben)("PATCH", f"groups/{group.slug}", {"name": "Mine"}).status_code == 403
    assert Api(ada)("PATCH", f"groups/{group.slug}", {"name": "Ours"}).json()["name"] == "Ours"
    assert page_of(ben).get(f"/g/{group.slug}/settings").status_code == 403
    assert page_of(ada).get(f"/g/{group.slug}/settings").status_code == 200
    assert Api(ben)("DELETE", f"groups/{group.slug}").status_code == 403
    assert Api(ada)("DELETE", f"groups/{group.slug}").status_code == 204
    assert Api(ada)("GET", f"groups/{group.slug}").status_code == 404
    assert counted(group) == 0


def test_wrong_methods_and_visitors(ada):
    group = a_group(ada)
    assert Api(ada)("PUT", "groups").status_code == 405
    assert Api(ada)("POST", f"groups/{group.slug}/membership").status_code == 405
    assert Api()("POST", "groups", {"slug": "abc", "name": "x"}).status_code == 401
    assert Api()("PUT", f"groups/{group.slug}/membership").status_code == 401
    assert page_of(ada).get(f"/g/{group.slug}/join").status_code == 405
    assert page_of().get("/groups", follow=True).status_code == 200
    for path in ("", "/about", "/members"):
        assert page_of().get(f"/g/{group.slug}{path}").status_code == 200


def test_a_deleted_owner_leaves_the_group_to_the_next(ada, ben, cleo):
    from accounts.actions import delete_person
    from accounts.tests.factories import PASSWORD

    group = a_group(ada)
    is_in(group, cleo)
    is_in(group, ben, role="moderator")
    delete_person(user=ada, password=PASSWORD)
    drain()
    assert status_of(group, ada) is None
    assert status_of(group, ben) == ("owner", "active")
    assert counted(group) == 2


def test_lists_cost_the_same_for_one_group_and_for_many(ada, ben, django_assert_num_queries):
    from groups import selectors

    for _each in range(3):
        is_in(a_group(ben), ada)
    with django_assert_num_queries(1):
        assert len(selectors.groups_of(person=ada).items) == 3
    with django_assert_num_queries(1):
        selectors.discoverable(viewer=ada)
    group = a_group(ben)
    is_in(group, *[person() for _each in range(4)])
    seen = selectors.get_visible_group(group.slug, viewer=ben)
    with django_assert_num_queries(2):
        assert len(selectors.members_of(seen=seen, viewer=ben).items) == 5


def at_once(*acts):
    """Do all of `acts` at the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(acts))
    failed = []

    def run(act):
        barrier.wait()
        try:
            act()
        except Exception as error:
            failed.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_many_who_join_and_leave_at_once_are_counted(ada):
    group = a_group(ada)
    people = [person() for _each in range(6)]
    stay, go = people[:3], people[3:]
    is_in(group, *go)
    acts = [lambda person=person: actions.join_group(group=group, person=person) for person in stay + stay]
    acts += [lambda person=person: actions.leave_group(group=group, person=person) for person in go + go]
    assert at_once(*acts) == []
    assert counted(group) == 4 == Membership.objects.active().filter(group=group).count()


def test_of_two_owners_who_leave_at_once_one_stays(ada, ben):
    group = a_group(ada)
    is_in(group, ben, role="owner")
    acts = [lambda person=person: actions.leave_group(group=group, person=person) for person in (ada, ben)]
    assert at_once(*acts) == ["LastOwner"]
    assert counted(group) == 1


def test_a_ban_and_a_join_at_once_leave_no_member(ada, ben):
    group = a_group(ada)
    acts = [
        lambda: actions.ban_person(group=group, actor=ada, person=ben),
        lambda: actions.join_group(group=group, person=ben),
    ]
    assert set(at_once(*acts)) <= {"BannedFromGroup"}
    assert status_of(group, ben) == ("member", "banned")
    assert counted(group) == 1


def test_the_archive_names_the_groups_that_one_knows_of(ada, ben):
    mine, hidden, gone = a_group(ada, "invite"), a_group(ben, "invite"), a_group(ada)
    actions.ban_person(group=hidden, actor=ben, person=ada)
    actions.delete_group(group=gone, actor=ada)
    is_in(mine, ben)
    part, _declined = export.parts(ada.pk)
    told = [(row["slug"], row["role"], row["status"]) for row in part.rows]
    assert told == [(mine.slug, "owner", "active")]

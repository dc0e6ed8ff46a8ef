"""A group that moderators hid is there for nobody, with all that is said in it; and it comes back as it was."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import delete_person
from accounts.models import Follow, User
from accounts.tests.factories import PASSWORD, Api, page_of, person
from discovery.models import SearchDocument
from feeds.actions import publish_post
from feeds.door import facts
from feeds.invariants import Ties, may_see
from feeds.models import Post
from feeds.tests.factories import ids_at_home
from groups.models import Group, GroupCounts, Membership
from groups.tests.factories import a_group, is_in
from interactions.tests.threads import say
from moderation import actions
from moderation.models import Case, Sanction
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User, ben: User) -> Group:
    group = a_group(ada, slug="watches")
    is_in(group, ben)
    return group


def reported(group: Group, by: User) -> Case:
    return actions.report_target(kind="group", ident=group.slug, reporter=by, reason="spam").case


def hide(group: Group, by: User, mod: User) -> Sanction:
    case = reported(group, by)
    actions.decide_case(case_id=case.pk, outcome="hide", actor=mod, words="Only advertising.")
    drain()
    return Sanction.objects.get(case=case)


def test_it_is_hidden_from_everybody_and_comes_back_exactly(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    post = publish_post(author=ada, group=group, content="Cheap watches")
    comment = say(ben, post, "How cheap?")
    drain()

    def seen_by(viewer: User) -> dict[str, Any]:
        api, browser = Api(viewer), page_of(viewer)
        return {
            "group": api("GET", f"groups/{group.slug}").status_code,
            "page": browser.get(f"/g/{group.slug}").status_code,
            "about": browser.get(f"/g/{group.slug}/about").status_code,
            "posts": api("GET", f"groups/{group.slug}/posts").status_code,
            "post": api("GET", f"posts/{post.pk}").status_code,
            "comments": api("GET", f"posts/{post.pk}/comments").status_code,
            "home": ids_at_home(viewer),
            "found": [one["group"]["slug"] for one in api("GET", "search?q=watches&type=groups").json()["results"]],
            "posts found": len(api("GET", "search?q=cheap&type=posts").json()["results"]),
            "in group": len(api("GET", "search?q=cheap+in:watches&type=posts").json()["results"]),
            "discover": group.slug in browser.get("/groups/discover").content.decode(),
            "mine": group.slug in browser.get("/groups").content.decode(),
            "topic": api("GET", f"live?topics=group:{group.slug}").json()["snapshots"][0]["event"],
        }  # fmt: skip

    everybody = (ada, ben, cleo)
    before = {one.pk: seen_by(one) for one in everybody}
    counts = GroupCounts.objects.values("members", "posts").get(pk=group.pk)
    sanction = hide(group, cleo, mod)
    for one in everybody:
        sees = seen_by(one)
        mine = one == ada  # her own words, alone
        assert sees["home"] == ([post.pk] if mine else [])
        assert (sees["post"], sees["comments"]) == ((200, 200) if mine else (404, 404))
        assert sees["posts found"] == (1 if mine else 0)
        assert {sees[name] for name in ("group", "page", "about", "posts")} == {404}
        assert sees["in group"] == (1 if mine else 0)
        assert (sees["found"], sees["discover"], sees["mine"]) == ([], False, False)
        assert sees["topic"] == "error"
    assert Api(ben)("GET", f"groups/{group.slug}").json()["code"] == "group_hidden"
    assert Api(cleo)("GET", f"groups/{group.slug}").json()["code"] == "not_found"
    assert "Moderators hid this group" in page_of(ben).get(f"/g/{group.slug}").content.decode()
    assert "Moderators hid this group" not in page_of(cleo).get(f"/g/{group.slug}").content.decode()
    assert broken() == []
    actions.end_sanction(sanction_id=sanction.pk, actor=mod)
    drain()
    assert {one.pk: seen_by(one) for one in everybody} == before
    assert GroupCounts.objects.values("members", "posts").get(pk=group.pk) == counts
    comment.refresh_from_db()
    assert comment.withheld_at is None and broken() == []
    acts = AuditEntry.objects.filter(target_type="group", target_id=group.pk).order_by("pk")
    assert list(acts.values_list("act", flat=True))[-2:] == ["groups.hidden", "groups.shown"]


def test_nothing_can_be_done_in_it_meanwhile(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    hide(group, cleo, mod)
    assert Api(cleo)("PUT", f"groups/{group.slug}/membership").status_code == 404
    assert Api(ben)("DELETE", f"groups/{group.slug}/membership").status_code == 404
    assert Api(ada)("PATCH", f"groups/{group.slug}", {"name": "New"}).status_code == 404
    assert Api(ada)("DELETE", f"groups/{group.slug}").status_code == 404
    assert Api(ben)("POST", "posts", {"content": "Hello", "group": group.slug}).status_code == 404
    assert Membership.objects.active().filter(group=group).count() == 2


def test_the_owner_is_told_and_may_appeal(ada: User, cleo: User, mod: User, group: Group) -> None:
    sanction = hide(group, cleo, mod)
    assert Api(ada)("GET", "me/sanctions").json()["results"][0]["group"] is None
    assert (
        sanction.person == ada
        and "Only advertising." in page_of(ada).get("/settings/decisions").content.decode()
    )
    assert (
        Api(ada)("POST", f"me/sanctions/{sanction.pk}/appeal", {"appeal": "It is a hobby."}).status_code
        == 201
    )
    actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="It is.", actor=mod)
    drain()
    assert Api(cleo)("GET", f"groups/{group.slug}").status_code == 200


def test_who_is_erased_leaves_a_hidden_group_counted(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    hide(group, cleo, mod)
    delete_person(user=ben, password=PASSWORD)
    drain()
    assert GroupCounts.objects.get(pk=group.pk).members == 1
    assert broken() == []


def test_what_waits_in_its_queue_goes_to_the_site(
    ada: User, ben: User, cleo: User, mod: User, group: Group
) -> None:
    dora = person("dora")
    is_in(group, dora)
    post = publish_post(author=dora, group=group, content="Mine are cheaper")
    case = actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case
    assert case.is_with_group
    hide(group, cleo, mod)
    case.refresh_from_db()
    assert case.escalation == "gone"
    assert Api(ada)("GET", f"groups/{group.slug}/reports").status_code == 404


def test_the_admin_hides_it_and_the_case_still_shows_it(
    ada: User, cleo: User, mod: User, group: Group
) -> None:
    case = reported(group, cleo)
    browser = page_of(mod)
    answer = browser.post(f"/admin/moderation/case/{case.pk}/decide/", {"outcome": "hide", "words": "No."})
    assert answer.status_code == 302
    group.refresh_from_db()
    assert group.hidden_at is not None
    assert (
        "It is gone by now" not in browser.get(f"/admin/moderation/case/{case.pk}/change/").content.decode()
    )
    assert SearchDocument.objects.filter(kind=4).count() <= 1


STATES = ["none", "active", "pending", "invited", "banned"]


@settings(max_examples=40, deadline=None, suppress_health_check=[*HealthCheck])
@given(
    privacy=st.sampled_from(["public", "private", "invite"]),
    status=st.sampled_from(STATES),
    is_hidden=st.booleans(),
    is_deleted=st.booleans(),
    is_private=st.booleans(),
    does_follow=st.booleans(),
)
def test_both_forms_of_the_door_agree(
    ada: User, ben: User, privacy: str, status: str, is_hidden: bool, is_deleted: bool, is_private: bool,
    does_follow: bool,
) -> None:  # fmt: skip
    Membership.objects.all().delete()
    group = a_group(ada, privacy)
    if status != "none":
        is_in(group, ben, status=status)
    post = publish_post(author=ada, group=group, content="Hello")
    User.objects.filter(pk=ada.pk).update(is_private=is_private)
    Follow.objects.all().delete()
    if does_follow:
        Follow.objects.create(follower=ben, followee=ada)
    Group.objects.filter(pk=group.pk).update(hidden_at="2026-01-01T00:00Z" if is_hidden else None)
    if is_deleted:
        Membership.objects.filter(group=group).exclude(status="banned").delete()
        Group.objects.filter(pk=group.pk).update(deleted_at="2026-01-01T00:00Z")
    for viewer in (ada, ben, AnonymousUser()):
        seen = Post.objects.visible_to(viewer).filter(pk=post.pk).exists()
        truth = facts(viewer_id=viewer.pk, post_ids=[post.pk])[post.pk]
        assert truth.visible == seen
        assert not (is_hidden and seen) or viewer == ada
        if viewer.is_authenticated:
            row = Post.objects.select_related("author", "group").get(pk=post.pk)
            assert may_see(row, Ties.of(viewer)) == seen

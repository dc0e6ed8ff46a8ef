"""What the pages of a group ask of its owners before it is too late, and where they lead them."""

import pytest

from accounts.actions import suspend_user
from accounts.tests.factories import Api, page_of
from groups.models import Group, Membership
from groups.selectors import get_visible_group
from groups.tests.factories import a_group, is_in

pytestmark = pytest.mark.django_db(transaction=True)


def sent(group, **fields):
    return {"name": group.name, "category": group.category, "privacy": group.privacy, **fields}


@pytest.mark.parametrize("privacy", ["private", "invite"])
def test_a_group_is_opened_only_when_that_is_meant(ada, privacy):
    group = a_group(ada, privacy)
    address, browser = f"/g/{group.slug}/settings", page_of(ada)
    assert 'name="opens"' not in browser.get(address).content.decode()
    asked = browser.post(address, sent(group, privacy="public", name="Bread"))
    page = asked.content.decode()
    assert asked.status_code == 400
    assert "Nothing is saved yet: say below" in page
    assert "In a public group everybody reads all earlier posts, too: is that meant?" in page
    assert 'name="opens"' in page
    assert 'value="Bread"' in page  # what else was typed is there still
    group.refresh_from_db()
    assert (group.privacy, group.name != "Bread") == (privacy, True)
    meant = browser.post(address, sent(group, privacy="public", name="Bread", opens="on"))
    assert meant.status_code == 302
    group.refresh_from_db()
    assert (group.privacy, group.name) == ("public", "Bread")


def test_what_opens_nothing_asks_nothing(ada):
    group = a_group(ada)
    browser, address = page_of(ada), f"/g/{group.slug}/settings"
    for privacy in ("public", "private", "invite", "private"):
        assert browser.post(address, sent(group, privacy=privacy)).status_code == 302
    assert Group.objects.get(pk=group.pk).privacy == "private"
    assert (
        Api(ada)("PATCH", f"groups/{group.slug}", {"privacy": "public"}).status_code == 200
    )  # as in the contract


def test_the_last_owner_is_led_to_where_they_hand_over_or_delete(ada, ben, cleo):
    group = a_group(ada)
    is_in(group, ben)
    browser = page_of(ada)
    page = browser.get(f"/g/{group.slug}").content.decode()
    assert f"/g/{group.slug}/leave" not in page
    assert f'href="/g/{group.slug}/settings#hand-over"' in page
    settings = browser.get(f"/g/{group.slug}/settings").content.decode()
    assert 'id="hand-over"' in settings
    answer = browser.post(f"/g/{group.slug}/leave")  # on a page from before
    assert answer.headers["Location"] == f"/g/{group.slug}"
    told = browser.get(f"/g/{group.slug}").content.decode()
    assert "A group needs an owner. Make somebody else an owner first." in told
    answer = browser.post(f"/g/{group.slug}/members/ada", {"do": "moderator"}, follow=True)
    assert "A group needs an owner. Make somebody else an owner first." in answer.content.decode()
    assert Membership.objects.get(group=group, user=ada).role == "owner"
    assert f"/g/{group.slug}/leave" in page_of(ben).get(f"/g/{group.slug}").content.decode()


def test_who_is_not_the_only_owner_may_leave(ada, ben):
    group = a_group(ada)
    is_in(group, ben, role="owner")
    assert f"/g/{group.slug}/leave" in page_of(ada).get(f"/g/{group.slug}").content.decode()
    suspend_user(user=ben, actor=None)
    assert f"/g/{group.slug}/leave" not in page_of(ada).get(f"/g/{group.slug}").content.decode()


def test_only_owners_are_asked_who_else_owns_it(ada, ben, cleo, django_assert_num_queries):
    group = a_group(ada)
    is_in(group, ben, role="moderator")
    for one, cost in ((ada, 1), (ben, 0), (cleo, 0)):
        seen = get_visible_group(group.slug, viewer=one)
        with django_assert_num_queries(cost):
            assert [seen.is_last_owner, seen.is_last_owner] == [one == ada] * 2

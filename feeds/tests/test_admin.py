"""Posts in the admin: staff reads what is not for everybody one by one, and on the record."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.actions import edit_post
from feeds.models import LinkPreview, Post
from feeds.tests.factories import plant, publish
from socialnet.outbox.models import AuditEntry

pytestmark = pytest.mark.django_db
LIST = "/admin/feeds/post/"
SECRET = "nobody else should read this"


@pytest.fixture
def moderator(mod: User) -> User:
    """May look at posts, and is no administrator."""
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    mod.user_permissions.add(Permission.objects.get(codename="view_post", content_type__app_label="feeds"))
    return mod


@pytest.fixture(params=["mod", "admin"])
def staff(request: pytest.FixtureRequest) -> User:
    if request.param == "mod":
        return request.getfixturevalue("moderator")  # type: ignore[no-any-return]
    return person("admin", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(staff: User) -> Client:
    return page_of(staff)


def looks() -> list[tuple[int | None, int | None]]:
    return list(AuditEntry.objects.filter(act="feeds.post_looked_at").values_list("actor_id", "target_id"))


def opened(browser: Client, post: Post) -> Any:
    return browser.get(f"{LIST}{post.pk}/change/")


def test_the_list_shows_what_anybody_may_read(browser: Client, ada: User) -> None:
    publish(ada, "for everybody")
    page = browser.get(LIST).content.decode()
    assert "for everybody" in page and looks() == []


@pytest.mark.parametrize("audience", ["followers", "friends", "private"])
def test_other_posts_are_listed_without_their_text(browser: Client, ada: User, audience: str) -> None:
    post = publish(ada, SECRET, audience)
    page = browser.get(LIST).content.decode()
    assert str(post.pk) in page and SECRET not in page
    assert SECRET not in browser.get(LIST, {"q": str(post.pk)}).content.decode()


def test_neither_is_the_text_of_private_accounts_or_of_what_was_taken_back(
    browser: Client, ada: User
) -> None:
    publish(person("cleo", is_private=True), SECRET)
    plant(ada, content=SECRET, deleted_at=timezone.now())
    plant(ada, content=SECRET, hidden_at=timezone.now())
    assert SECRET not in browser.get(LIST).content.decode()


def test_opening_one_shows_it_and_is_recorded(browser: Client, staff: User, ada: User) -> None:
    post = publish(ada, SECRET, "private")
    assert SECRET in opened(browser, post).content.decode()
    assert looks() == [(staff.pk, post.pk)]
    opened(browser, post)
    assert len(looks()) == 2


def test_with_it_what_it_said_before(browser: Client, ada: User) -> None:
    post = publish(ada, SECRET, "private")
    edit_post(post=post, actor=ada, content="Something else", content_warning="spiders")
    page = opened(browser, post).content.decode()
    assert SECRET in page and "Something else" in page
    assert len(looks()) == 1
    assert not re.search(r'<(textarea|input)[^>]*name="revisions-0-content"', page)


def test_nothing_is_recorded_of_what_is_not_there(browser: Client) -> None:
    assert browser.get(f"{LIST}77/change/").status_code == 302
    assert looks() == []


def test_who_may_not_look_sees_nothing_and_leaves_no_record(ada: User, ben: User) -> None:
    post = publish(ada, SECRET, "private")
    clerk = person("clerk", is_staff=True)
    assert opened(page_of(clerk), post).status_code == 403
    for who in (ben, None):
        assert opened(page_of(who), post).status_code == 302
    assert looks() == []


def test_staff_sees_whether_previews_come_and_not_of_what(mod: User) -> None:
    preview = LinkPreview.objects.create(key="0" * 64, url="https://example.org/a-secret-page")
    browser = page_of(mod)
    for address in ("/admin/feeds/linkpreview/", f"/admin/feeds/linkpreview/{preview.pk}/change/"):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "a-secret-page" not in answer.content.decode()

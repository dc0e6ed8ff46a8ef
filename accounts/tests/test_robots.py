"""What a person lets search engines do: chosen on the page or through the API, kept beside the profile."""

import re

import pytest

from accounts import actions
from accounts.cards import author_cards
from accounts.models import User
from accounts.models.people import robots_of
from accounts.tests.factories import Api, page_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/privacy"


@pytest.mark.parametrize(
    ("indexed", "archived", "asked"),
    [
        (True, True, ""),
        (False, True, "noindex"),
        (True, False, "noarchive, nosnippet"),
        (False, False, "noindex, noarchive, nosnippet"),
    ],
)
def test_what_is_asked(indexed: bool, archived: bool, asked: str) -> None:
    assert robots_of(indexed=indexed, archived=archived) == asked


def test_everybody_may_be_listed_until_they_say_otherwise(ada: User) -> None:
    assert (ada.may_be_indexed, ada.may_be_archived, ada.robots) == (True, True, "")
    shown = Api(ada)("GET", "me").json()["settings"]
    assert (shown["may_be_indexed"], shown["may_be_archived"]) == (True, True)


def test_the_page_keeps_both_choices_and_leaves_the_other_form_alone(ada: User) -> None:
    actions.set_privacy(user=ada, is_private=True)
    browser = page_of(ada)
    answer = browser.post(PAGE, {"about": "robots", "may_be_archived": "on"})
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    ada.refresh_from_db()
    assert (ada.may_be_indexed, ada.may_be_archived, ada.is_private) == (False, True, True)
    shown = browser.get(PAGE).content.decode()
    boxes = {box: " checked" in rest for box, rest in re.findall(r'name="(may_\w+)"([^>]*)>', shown)}
    assert boxes == {"may_be_indexed": False, "may_be_archived": True}
    browser.post(PAGE, {"is_private": ""})
    ada.refresh_from_db()
    assert (ada.may_be_indexed, ada.may_be_archived, ada.is_private) == (False, True, False)


def test_the_api_changes_what_is_sent_and_counts_as_an_edit(ada: User) -> None:
    api, before = Api(ada), ada.version
    answer = api("PATCH", "me", {"may_be_indexed": False}).json()
    assert answer["settings"]["may_be_indexed"] is False
    assert answer["settings"]["may_be_archived"] is True
    assert answer["version"] == before + 1
    assert api("PATCH", "me", {"may_be_indexed": False}).json()["version"] == before + 1
    assert api("PATCH", "me", {"may_be_archived": "x"}).status_code == 400


def test_the_card_beside_posts_knows_at_once(ada: User) -> None:
    assert author_cards([ada.pk])[ada.pk].robots == ""
    actions.set_privacy(user=ada, may_be_indexed=False)
    assert author_cards([ada.pk])[ada.pk].robots == "noindex"


def test_nobody_else_is_told(ada: User, ben: User) -> None:
    actions.set_privacy(user=ada, may_be_indexed=False)
    assert "may_be" not in Api(ben)("GET", "users/ada").content.decode()


def test_operators_see_the_choices(ada: User, mod: User) -> None:
    page = page_of(mod).get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
    assert "listed by search engines" in page.lower()

"""Posts that somebody hid from themselves: in no list of theirs, open at their address, and nobody else learns of it."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import Api, blocks, follows, page_of
from feeds import selectors, top
from feeds.actions import hide_from_oneself, share_post, show_to_oneself
from feeds.models import HiddenPost, Post
from feeds.selectors import home_page
from feeds.tests.factories import plant, plant_many, publish
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def hide(who: User, *posts: Post) -> None:
    for post in posts:
        hide_from_oneself(post_id=post.pk, person=who)


def at_home(who: User) -> list[int]:
    return [item.id for item in home_page(viewer=who).items]


def test_the_api_hides_lists_and_shows_again(ada: User, ben: User) -> None:
    first, second = publish(ada, "First"), publish(ada, "Second")
    api = Api(ben)
    for post in (second, first, first):
        answer = api("PUT", f"posts/{post.pk}/hidden")
        assert (answer.status_code, answer.json()) == (200, {"is_hidden": True})
    listed = api("GET", "me/hidden").json()
    assert [post["id"] for post in listed["results"]] == [str(first.pk), str(second.pk)]
    assert all(post["is_hidden"] for post in listed["results"])
    assert api("GET", f"posts/{first.pk}").json()["is_hidden"] is True
    for _twice in range(2):
        answer = api("DELETE", f"posts/{first.pk}/hidden")
        assert (answer.status_code, answer.json()) == (200, {"is_hidden": False})
    assert [post["id"] for post in api("GET", "me/hidden").json()["results"]] == [str(second.pk)]


def test_the_page_hides_from_the_menu_lists_and_undoes(ada: User, ben: User) -> None:
    post, browser = publish(ada, "Fog in the valley"), page_of(ben)
    follows(ben, ada)
    drain()
    address = post.get_absolute_url()
    assert f'formaction="{address}/hide"' in browser.get("/").content.decode()
    assert "You hid nothing" in browser.get("/settings/hidden").content.decode()
    answer = browser.post(f"{address}/hide", {"next": "/?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/?x=1")
    assert "Fog in the valley" not in browser.get("/").content.decode()
    whole = browser.get(address).content.decode()
    assert "Fog in the valley" in whole and "You hid this post." in whole
    assert "Fog in the valley" in browser.get("/settings/hidden").content.decode()
    assert browser.post(f"{address}/unhide", {"next": "//elsewhere.example/"})["Location"] == address
    assert "Fog in the valley" in browser.get("/").content.decode()
    assert "Fog in the valley" not in browser.get("/settings/hidden").content.decode()

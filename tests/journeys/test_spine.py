"""Two people, two windows, real processes: what one writes appears in front of the other."""

import re

from playwright.sync_api import Page, expect

from feeds.actions import publish_post
from tests.journeys.windows import JOURNEY, look_at, person, shot, sign_in, sign_up, window

pytestmark = JOURNEY


def test_a_post_reaches_the_open_home_of_a_follower(stack, browser):
    ada, ben = window(browser, stack), window(browser, stack)
    sign_up(ada, "ada", "Ada Ferreira")
    sign_up(ben, "ben", "Ben Okafor")
    ben.goto("/@ada")
    ben.get_by_role("button", name="Follow Ada Ferreira").click()
    expect(ben.get_by_role("button", name=re.compile("Following|Unfollow"))).to_be_visible()
    ben.goto("/")
    expect(ben.locator("[data-feed=home]")).to_be_visible()
    ben.wait_for_timeout(1500)  # the socket is up and subscribed

    for take in range(3):
        publish_and_wait(ada, ben, f"Fog in the valley, take {take}")
    shot(ben, "pill")

    before = ben.evaluate("scrollY")
    ben.locator(".pill").click()
    expect(ben.locator("article.post").first).to_contain_text("take 2")
    assert ben.locator("article.post").count() == 3
    assert before == 0
    shot(ben, "home-after-pill")
    assert ada.troubles == ben.troubles == []


def publish_and_wait(author: Page, reader: Page, text: str) -> None:
    """Publish from one window, until the pill counts it in the other."""
    shown = reader.locator(".pill").get_attribute("data-count") if reader.locator(".pill").count() else "0"
    author.locator("#id_content").fill(text)
    author.locator("[data-publish]").click()
    expect(reader.locator(".pill")).to_have_attribute("data-count", str(int(shown or 0) + 1))


PAGES = {
    "home": "/",
    "profile": "/@ada",
    "followers": "/@ada/followers",
    "following": "/@ada/following",
    "requests": "/follow-requests",
    "compose": "/posts",
    "settings-profile": "/settings/profile",
    "settings-privacy": "/settings/privacy",
    "settings-filters": "/settings/filters",
    "settings-hidden": "/settings/hidden",
    "settings-appearance": "/settings/appearance",
    "settings-account": "/settings/account",
    "settings-sessions": "/settings/sessions",
    "settings-blocked": "/settings/blocked",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
    "insights": "/insights",
    "help": "/help/",
    "status": "/status",
    "nothing": "/nothing-here",
}
VISITED = {
    "landing": "/",
    "sign-up": "/accounts/signup/",
    "sign-in": "/accounts/login/",
    "reset": "/accounts/password/reset/",
}


def test_axe_finds_nothing_on_any_page_at_any_size(stack, browser):
    ada = person("ada", "Ada Ferreira")
    publish_post(author=ada, content="Good morning from the valley. #fog https://example.org")
    page = window(browser, stack)
    assert look_at(page, VISITED) == {}
    sign_in(page, "ada")
    assert look_at(page, PAGES) == {}


def test_everything_works_without_javascript(stack, browser):
    ada = window(browser, stack, java_script_enabled=False)
    sign_up(ada, "ada", "Ada Ferreira")
    ada.locator("#id_content").fill("No script was run for this.")
    ada.locator("[data-publish]").click()
    expect(ada.locator("article.post")).to_contain_text("No script was run")
    ada.locator("article.post a.when").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Post")
    ada.locator("article.post summary", has_text="More for your post").click()
    ada.get_by_role("link", name="Delete").click()
    ada.get_by_role("button", name="Delete").click()
    expect(ada.get_by_text("Your post is gone.")).to_be_visible()

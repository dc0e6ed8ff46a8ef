"""The welcome on real pages: with scripts, and without any."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Follow, User
from discovery.models import Finding, SuggestionDismissal
from discovery.people import first_posts
from discovery.selectors import interests_of
from feeds.actions import publish_post
from socialnet.kernel.invariants import broken, not_at_rest
from tests.journeys.windows import JOURNEY, PASSWORD, SMALL, TINY, WIDE, look_at, person, window
from tests.stack import Stack, wait_for

pytestmark = JOURNEY


@pytest.fixture
def writers() -> list[User]:
    people = [person(f"writer_{number}", f"Writer {number}") for number in range(12)]
    for number, writer in enumerate(people):
        publish_post(author=writer, content="Fresh #bread" if number == 0 else f"Words, {number}")
    return people


def join(page: Page) -> User:
    page.goto("/accounts/signup/")
    page.fill("[name=username]", "nora")
    page.fill("[name=email]", "nora@example.org")
    page.fill("[name=password1]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    return User.objects.get(username="nora")


def choose_follow_and_arrive(page: Page) -> None:
    """Every step; then a home that has something to read, and that becomes one's own."""
    page.get_by_label("Food and cooking").check()
    page.get_by_role("button", name="Continue").click()
    first = page.locator(".suggestion").first
    expect(first).to_contain_text("Writes about #bread")
    page.get_by_role("button", name="Go to your home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    expect(page.locator("main article").first).to_contain_text(
        "You like to read about this: Food and cooking"
    )
    assert page.locator("main article").count() >= 10


def test_from_sign_up_to_a_home_of_ones_own(stack: Stack, browser: Browser, writers: list[User]) -> None:
    page = window(browser, stack)
    nora = join(page)
    choose_follow_and_arrive(page)
    assert interests_of(nora) == ["food"]
    page.goto("/explore/people")
    page.locator("html[data-ready]").wait_for()
    before = page.locator(".suggestion").count()
    page.get_by_role("button", name="Not interested in Writer 3", exact=True).click()
    expect(page.locator(".suggestion")).to_have_count(before - 1)
    expect(page.locator("[data-announcer]")).to_have_text("Writer 3 is not suggested any more.")
    assert SuggestionDismissal.objects.get().person_id == writers[3].pk
    page.get_by_role("button", name="Follow Writer 0", exact=True).click()
    expect(page.get_by_role("button", name="Unfollow Writer 0")).to_be_visible()
    assert Follow.objects.get().followee_id == writers[0].pk
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    page.goto("/")
    expect(page.locator("main article")).to_have_count(1)
    page.goto("/settings/interests")
    page.get_by_role("link", name="Go through the welcome again").click()
    expect(page.get_by_label("Food and cooking")).to_be_checked()
    assert page.troubles == []  # type: ignore[attr-defined]
    assert broken() == []


def test_without_javascript(stack: Stack, browser: Browser, writers: list[User]) -> None:
    page = window(browser, stack, java_script_enabled=False, viewport=SMALL)
    nora = join(page)
    choose_follow_and_arrive(page)
    page.goto("/explore/people")
    page.get_by_role("button", name="Not interested in Writer 3", exact=True).click()
    expect(page.locator("main")).to_contain_text("@writer_3 is not suggested to you any more.")
    expect(page.locator("main")).not_to_contain_text("Words, 3")
    page.get_by_role("button", name="Follow Writer 0", exact=True).click()
    wait_for(lambda: Follow.objects.filter(follower=nora).exists(), seconds=10, what="the follow")
    assert Finding.objects.get(pk=nora.pk).welcomed_at


def test_every_page_looks_right_everywhere(stack: Stack, browser: Browser, writers: list[User]) -> None:
    first_posts.compute()
    pages = {
        "welcome": "/welcome",
        "welcome-people": "/welcome/people",
        "beginning": "/",
        "people": "/explore/people",
        "interests": "/settings/interests",
        "privacy": "/settings/privacy",
    }
    page = window(browser, stack)
    join(page)
    assert look_at(page, pages, WIDE, SMALL, TINY) == {}

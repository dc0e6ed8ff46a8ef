"""Talking under a post: in place, at every level, on a small screen, and without a script."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import User
from feeds.actions import publish_post
from interactions.actions import comment_on_post
from interactions.models import Comment
from tests.journeys.windows import JOURNEY, person, shot, sign_in, violations, window
from tests.stack import Stack, running

pytestmark = JOURNEY
SMALL = {"width": 390, "height": 844}
READY = "html[data-ready]"


@pytest.fixture
def stack(transactional_db: None, redis_process: object, tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path / "stack", "web", "live", "relay", "worker") as stack:
        stack.wait_until_ready()
        yield stack


@pytest.fixture
def place(stack: Stack) -> str:
    """The page of a post with a deep thread, and more of it than one sees at once."""
    ada, ben = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    post = publish_post(author=ada, content="Fog in the valley")
    above: int | None = None
    for number in range(8):
        above = say(ben, post.pk, f"Deep {number}", above)
    for number in range(5):
        say(ada, post.pk, f"Answer {number}", Comment.objects.get(content="Deep 0").pk)
    return post.get_absolute_url()


def say(author: User, post_id: int, content: str, parent_id: int | None) -> int:
    return comment_on_post(post_id=post_id, author=author, content=content, parent_id=parent_id).pk


def test_talking_in_place(stack: Stack, browser: Browser, place: str) -> None:
    page = window(browser, stack)
    sign_in(page, "ada")
    page.goto(place)
    page.wait_for_selector(READY)
    page.keyboard.press("c")
    page.keyboard.type("Said in place")
    page.keyboard.press("Control+Enter")
    first = page.locator("[data-branches] > li").first
    expect(first).to_contain_text("Said in place")
    expect(page.locator("#new-content")).to_have_value("")
    expect(page.locator("[data-title]")).to_have_text("14 comments")
    first.locator("[data-reply]").first.click()
    page.keyboard.type("And answered")
    first.locator("form [type=submit]").click()
    expect(first.locator(".answers")).to_contain_text("And answered")
    like = first.locator("[data-comment-like]").first
    for pressed, count in (("true", 1), ("false", 0)):
        with page.expect_response("**/like"):
            like.click()
        expect(like).to_have_attribute("aria-pressed", pressed)
        expect(like.locator("[data-like-count]")).to_have_attribute("data-like-count", str(count))
    more = page.get_by_role("link", name="3 more replies").first
    more.click()
    for number in range(5):
        expect(page.get_by_text(f"Answer {number}")).to_be_visible()
    page.locator("#new-content").fill("x" * 1001)
    page.locator("#new [type=submit]").click()
    expect(page.locator("#new [data-sorry]")).to_contain_text("at most 1000 characters")
    assert violations(page) == []
    shot(page, "thread")
    assert [line for line in page.troubles if "400" not in line] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_screen_without_a_script(stack: Stack, browser: Browser, place: str, scheme: str) -> None:
    page = window(browser, stack, viewport=SMALL, color_scheme=scheme, java_script_enabled=False)
    sign_in(page, "ben")
    page.goto(place)
    page.locator("#new-content").fill("Without a script")
    page.locator("#new [type=submit]").click()
    expect(page.locator(".focus")).to_contain_text("Without a script")
    page.locator("#reply-content").fill("And its answer")
    page.locator("#reply [type=submit]").click()
    expect(page.locator(".focus")).to_contain_text("And its answer")
    expect(page.locator("[data-branches]")).to_contain_text("Without a script")
    page.get_by_role("link", name="Show all comments").click()
    page.get_by_role("link", name="Old").click()
    page.get_by_role("link", name="3 more replies").first.click()
    expect(page.get_by_text("Answer 4")).to_be_visible()
    shot(page, f"thread-small-{scheme}")

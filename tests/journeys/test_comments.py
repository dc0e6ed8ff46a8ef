"""Talking under a post: in place, at every level, on a small screen, and without a script."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from accounts.models import User
from feeds.actions import publish_post
from interactions.actions import comment_on_post, delete_comment, like_comment
from interactions.models import Comment, CommentLike
from tests.journeys.windows import JOURNEY, SMALL, person, shot, sign_in, violations, window
from tests.stack import Stack

pytestmark = JOURNEY
READY = "html[data-ready]"
DRAWN = re.compile(r"/comments/\d+$")


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


def late(route: Route) -> None:
    time.sleep(1)
    route.continue_()


def test_talking_in_place(stack: Stack, browser: Browser, place: str) -> None:
    page = window(browser, stack)
    sign_in(page, "ada")
    page.goto(place)
    page.wait_for_selector(READY)
    page.route(DRAWN, late)  # the socket tells the count first
    page.keyboard.press("c")
    page.keyboard.type("Said in place")
    page.keyboard.press("Control+Enter")
    first = page.locator("[data-branches] > li").first
    expect(first).to_contain_text("Said in place")
    expect(page.locator("#new-content")).to_have_value("")
    expect(page.locator("#comments-title")).to_have_text("14 comments")
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


def hearing(page: Page, address: str) -> None:
    """Open a page with a thread; back when its socket hears of the post."""
    with page.expect_websocket() as socket:
        page.goto(address)
    with socket.value.expect_event("framereceived", lambda frame: "snapshot" in str(frame)):
        pass
    page.wait_for_selector(READY)


def test_what_others_say_meanwhile_moves_no_reader(stack: Stack, browser: Browser, place: str) -> None:
    for number in range(12):  # more than a screen of it
        say(User.objects.get(username="ada"), Comment.objects.first().post_id, f"Longer {number} " * 20, None)  # type: ignore[union-attr]
    writer, reader = window(browser, stack), window(browser, stack, viewport=SMALL)
    sign_in(writer, "ada")
    sign_in(reader, "ben")
    hearing(writer, place)
    hearing(reader, f"{place}?sort=old")
    read = reader.locator("[data-branches] > li").nth(6).locator("article").first
    read.scroll_into_view_if_needed()
    reader.evaluate("scrollBy(0, 37)")
    before = read.bounding_box(), reader.evaluate("scrollY")
    assert before[0] and before[1] > 300
    news = reader.locator("[data-news] button")
    expect(news).to_have_count(0)

    writer.locator("#new-content").fill("Said while others read")
    writer.locator("#new [type=submit]").click()
    expect(writer.locator("[data-branches] > li").first).to_contain_text("Said while others read")
    expect(news).to_have_text("1 new reply")
    first = writer.locator("[data-branches] > li").first
    first.locator("[data-reply]").first.click()
    writer.keyboard.type("And answered while others read")
    first.locator("form [type=submit]").click()
    expect(news).to_have_text("2 new replies")
    expect(reader.locator("#comments-title")).to_have_text("27 comments")
    assert (read.bounding_box(), reader.evaluate("scrollY")) == before  # not by a pixel
    expect(reader.get_by_text("Said while others read")).to_have_count(0)
    assert news.evaluate("button => document.activeElement !== button")
    expect(writer.locator("[data-news] button")).to_have_count(0)  # one's own are no news
    assert violations(reader) == []
    shot(reader, "thread-news")

    news.click()
    expect(reader.get_by_text("Said while others read")).to_be_visible()
    expect(reader.get_by_text("And answered while others read")).to_be_visible()
    expect(news).to_have_count(0)
    assert writer.troubles == reader.troubles == []  # type: ignore[attr-defined]


def test_likes_of_comments_over_a_line_that_breaks(stack: Stack, browser: Browser, place: str) -> None:
    page = window(browser, stack)
    sign_in(page, "ada")
    kept, gone = (Comment.objects.get(content=f"Answer {number}") for number in range(2))
    like_comment(comment_id=gone.pk, person=User.objects.get(username="ben"))
    page.goto(place)
    page.wait_for_selector(READY)
    likes = {one.pk: page.locator(f"#comment-{one.pk} [data-comment-like]") for one in (kept, gone)}
    waiting = re.compile(r"\bwaiting\b")

    page.context.set_offline(True)
    for one, count in ((kept, "1"), (gone, "2")):
        likes[one.pk].click()
        expect(likes[one.pk]).to_have_class(waiting)
        expect(likes[one.pk]).to_have_attribute("aria-pressed", "true")
        expect(likes[one.pk].locator("[data-like-count]")).to_have_attribute("data-like-count", count)
    expect(page.locator("[data-word]")).to_contain_text("No connection")
    likes[kept.pk].click()  # thought better of it
    likes[kept.pk].click()  # and once more
    expect(likes[kept.pk].locator("[data-like-count]")).to_have_attribute("data-like-count", "1")
    shot(page, "comment-likes-waiting")
    assert not CommentLike.objects.filter(comment=kept, is_active=True).exists()
    delete_comment(comment_id=gone.pk, actor=gone.author)

    page.context.set_offline(False)
    expect(likes[kept.pk]).not_to_have_class(waiting, timeout=20_000)
    expect(likes[kept.pk]).to_have_attribute("aria-pressed", "true")
    expect(likes[kept.pk].locator("[data-like-count]")).to_have_attribute("data-like-count", "1")
    assert CommentLike.objects.filter(comment=kept, is_active=True).count() == 1
    expect(likes[gone.pk]).not_to_have_class(waiting, timeout=20_000)
    expect(likes[gone.pk]).to_have_attribute("aria-pressed", "false")  # refused: as before
    expect(likes[gone.pk].locator("[data-like-count]")).to_have_attribute("data-like-count", "1")
    expect(page.locator("[data-word]")).to_be_visible()

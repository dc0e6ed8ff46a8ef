"""Likes on real pages: seen by others, without a script, and over a line that breaks."""

from playwright.sync_api import Browser, Locator, Page, expect

from accounts.actions import follow_user
from feeds.actions import delete_post, publish_post, share_post
from feeds.models import Post, PostCounts
from interactions.actions import like_post
from socialnet.kernel.invariants import broken, not_at_rest
from tests.journeys.windows import JOURNEY, SMALL, look_at, person, shot, sign_in, window
from tests.stack import Stack, wait_for

pytestmark = JOURNEY


def signed_in(browser: Browser, stack: Stack, username: str, **options: object) -> Page:
    page = window(browser, stack, **options)
    sign_in(page, username)
    return page


def opened(page: Page, post: Post) -> Locator:
    """The post's own page, when it hears of counts; its like button."""
    with page.expect_websocket() as socket:
        page.goto(post.get_absolute_url())
    with socket.value.expect_event("framereceived", lambda frame: "snapshot" in str(frame)):
        pass
    return page.locator("article .act.like")


def count_in(button: Locator) -> str:
    return str(button.locator("[data-count]").get_attribute("data-count"))


def test_two_people_see_each_others_likes(stack: Stack, browser: Browser) -> None:
    ada_herself, ben_himself = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    follow_user(follower=ben_himself, followee=ada_herself)
    post = publish_post(author=ada_herself, content="Fog in the valley, and then the sun.")
    ada, ben = signed_in(browser, stack, "ada"), signed_in(browser, stack, "ben", viewport=SMALL)
    hers, his = opened(ada, post), opened(ben, post)
    place = his.bounding_box()

    for presser, other, count in ((hers, his, 1), (his, hers, 2), (hers, his, 1)):
        presser.click()
        assert count_in(presser) == str(count)  # at once
        expect(other.locator("[data-count]")).to_have_attribute("data-count", str(count))
        expect(presser.locator("[data-count]")).to_have_attribute("data-count", str(count))
    expect(his).to_have_attribute("aria-pressed", "true")
    expect(hers).to_have_attribute("aria-pressed", "false")
    assert his.bounding_box() == place  # nothing moved
    expect(ben.locator("[data-likers]")).to_have_text("1 like")

    share_post(post=post, person=ben_himself)
    expect(ada.locator("[data-share] [data-count]")).to_have_attribute("data-count", "1")

    ben.goto("/")  # at home it is the same post, and the key does what the button does
    at_home = ben.locator("article .act.like").first
    expect(at_home).to_have_attribute("aria-pressed", "true")
    ben.locator("html[data-ready]").wait_for()
    ben.keyboard.press("j")
    ben.keyboard.press("l")
    expect(at_home).to_have_attribute("aria-pressed", "false")
    expect(hers.locator("[data-count]")).to_have_attribute("data-count", "0")
    ben.keyboard.press("l")
    expect(hers.locator("[data-count]")).to_have_attribute("data-count", "1")
    ben.reload()
    expect(ben.locator("article .act.like").first).to_have_attribute("aria-pressed", "true")

    pages = {
        "post-liked": post.get_absolute_url(),
        "likers": f"{post.get_absolute_url()}/likes",
        "likes": "/likes",
    }
    assert look_at(ada, pages) == {}
    assert ada.troubles == ben.troubles == []  # type: ignore[attr-defined]
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    assert broken() == []


def test_without_javascript_a_like_is_a_form(stack: Stack, browser: Browser) -> None:
    ada_herself = person("ada", "Ada Ferreira")
    person("ben", "Ben Okafor")
    post = publish_post(author=ada_herself, content="Fog in the valley.")
    ben = signed_in(browser, stack, "ben", java_script_enabled=False)
    ben.goto(post.get_absolute_url())
    ben.get_by_role("button", name="Like").click()
    expect(ben).to_have_url(f"{stack.address}{post.get_absolute_url()}")
    expect(ben.locator("[data-likers]")).to_have_text("1 like")
    ben.locator("[data-likers]").click()
    expect(ben.locator("main")).to_contain_text("Ben Okafor")
    ben.go_back()
    ben.get_by_role("button", name="Like").click()
    expect(ben.locator("[data-likers]")).to_be_hidden()
    assert PostCounts.objects.get(pk=post.pk).likes == 0


def test_over_a_line_that_breaks(stack: Stack, browser: Browser) -> None:
    ada_herself, ben_himself = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    kept = publish_post(author=ada_herself, content="This one stays.")
    gone = publish_post(author=ada_herself, content="This one goes.")
    like_post(post_id=gone.pk, person=ada_herself)
    follow_user(follower=ben_himself, followee=ada_herself)
    ben = signed_in(browser, stack, "ben")
    ben.goto("/@ada")
    ben.locator("html[data-ready]").wait_for()
    likes = {post.pk: ben.locator(f"[data-post-id='{post.pk}'] .act.like") for post in (kept, gone)}

    ben.context.set_offline(True)
    for button in likes.values():
        button.click()
    expect(ben.locator("[data-word]")).to_contain_text("No connection")
    for post in (kept, gone):
        expect(likes[post.pk]).to_have_class("act like waiting")
        expect(likes[post.pk]).to_have_attribute("aria-pressed", "true")
    shot(ben, "likes-waiting")
    assert PostCounts.objects.get(pk=kept.pk).likes == 0
    delete_post(post=gone, actor=ada_herself)

    ben.context.set_offline(False)
    expect(likes[kept.pk]).not_to_have_class("act like waiting", timeout=20_000)
    expect(likes[kept.pk]).to_have_attribute("aria-pressed", "true")
    assert count_in(likes[kept.pk]) == "1"
    wait_for(lambda: PostCounts.objects.get(pk=kept.pk).likes == 1, seconds=5, what="the like")
    expect(likes[gone.pk]).to_have_attribute("aria-pressed", "false", timeout=20_000)
    expect(likes[gone.pk]).not_to_have_class("act like waiting")
    assert count_in(likes[gone.pk]) == "1"  # as before
    expect(ben.locator("[data-word]")).to_be_visible()

"""The inbox on real pages: news while one looks elsewhere, the same read state in all windows, and no script at all."""

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.actions import accept_follow_request, follow_user, set_privacy
from accounts.models import User
from feeds.actions import publish_post
from feeds.models import Post
from interactions.actions import comment_on_post, like_post
from notifications.actions import mark_read
from notifications.models import Notification
from notifications.selectors import unread_count
from socialnet.kernel.invariants import broken, not_at_rest
from tests.journeys.windows import JOURNEY, SMALL, TINY, WIDE, look_at, person, shot, sign_in, tab, window
from tests.stack import Stack, wait_for

pytestmark = JOURNEY


# Moments by the clock of the machine, on which all windows are.
@pytest.fixture
def ada_herself() -> User:
    return person("ada", "Ada Ferreira")


@pytest.fixture
def ben_himself() -> User:
    return person("ben", "Ben Okafor")


def listening(page: Page, address: str) -> None:
    """Open a page, until it hears of notifications."""
    heard: list[str] = []
    page.goto("about:blank")
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    page.goto(address)
    wait_for(
        lambda: page.evaluate("1") and any("unread" in one for one in heard), seconds=10, what="snapshot"
    )
    page.locator("html[data-ready]").wait_for()


def told(recipient: User, by: User, *, many: int) -> list[Post]:
    """`many` notifications, settled."""
    posts = [publish_post(author=recipient, content=f"Number {number}") for number in range(many)]
    for post in posts:
        comment_on_post(post_id=post.pk, author=by, content=f"To {post.content}")
    wait_for(lambda: unread_count(recipient.pk) == many, seconds=20, what="notifications")
    return posts


def test_news_come_while_one_looks_elsewhere(
    stack: Stack, browser: Browser, ada_herself: User, ben_himself: User
) -> None:
    post = publish_post(author=ada_herself, content="Fog in the valley.")
    ada = window(browser, stack)
    sign_in(ada, "ada")
    listening(ada, "/help/")
    badge, toast = ada.locator(".nav [data-unread]"), ada.locator("[data-news]")
    expect(badge).to_be_hidden()
    ada.locator("a.skip").focus()
    comment_on_post(post_id=post.pk, author=ben_himself, content="And then the sun?")
    expect(toast).to_be_visible()
    expect(toast).to_have_text("Ben Okafor commented on your post")
    expect(badge).to_have_text("11 unread")  # to the eye 1, spoken "1 unread"
    expect(ada).to_have_title("(1) Help · socialnet")
    expect(ada.locator("[data-announcer]")).to_have_text("Ben Okafor commented on your post")
    assert ada.evaluate("document.activeElement.className") == "skip"
    shot(ada, "toast-wide")
    toast.locator("a").click()
    expect(ada.locator("[data-thread]")).to_contain_text("And then the sun?")
    ada.go_back()
    ada.locator("html[data-ready]").wait_for()
    expect(ada.locator("[data-news]")).to_be_hidden()
    ada.keyboard.press("g")
    ada.keyboard.press("n")
    expect(ada.get_by_role("heading", level=1)).to_have_text("Notifications")
    assert ada.troubles == []  # type: ignore[attr-defined]


def test_the_same_is_read_in_all_windows(
    stack: Stack, browser: Browser, ada_herself: User, ben_himself: User
) -> None:
    here = window(browser, stack)
    sign_in(here, "ada")
    there = tab(here.context)
    phone = window(browser, stack, viewport=SMALL)
    sign_in(phone, "ada")
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    mark_read(person=ada_herself)  # that somebody signed in from somewhere new
    told(ada_herself, ben_himself, many=5)
    for page in (here, there, phone):
        listening(page, "/notifications")
        expect(page.locator("article.unread")).to_have_count(5)

    def read(button: str, left: int) -> None:
        here.locator(button).first.click()
        for page in (here, there, phone):
            expect(page.locator("article.unread")).to_have_count(left)
            expect(page.locator(".nav [data-unread]")).to_have_attribute("data-unread", str(left))

    read(".told-read", 4)
    assert here.evaluate("document.activeElement.className").startswith("card told")  # the focus is not lost
    expect(phone).to_have_title("(4) Notifications · socialnet")
    with here.expect_navigation():
        here.locator("article.unread a.when").first.click()  # opening it is reading it
    for page in (there, phone):
        expect(page.locator("article.unread")).to_have_count(3)
    listening(here, "/notifications")
    expect(here.locator("article.unread")).to_have_count(3)
    read("[data-read-all]", 0)
    expect(there).to_have_title("Notifications · socialnet")
    assert Notification.objects.unread().count() == 0
    for page in (here, there, phone):
        assert page.troubles == []  # type: ignore[attr-defined]


def test_nothing_moves_on_the_open_inbox(
    stack: Stack, browser: Browser, ada_herself: User, ben_himself: User
) -> None:
    posts = told(ada_herself, ben_himself, many=24)
    ada = window(browser, stack, viewport=SMALL)
    sign_in(ada, "ada")
    listening(ada, "/notifications")
    row = ada.locator("article.told").nth(6)
    row.scroll_into_view_if_needed()
    row.hover()
    place = row.bounding_box()
    comment_on_post(post_id=posts[0].pk, author=ben_himself, content="One more")
    pill = ada.locator("[data-feed='notifications'] .pill")
    expect(pill).to_have_text("1 new notification: show")
    assert row.bounding_box() == place
    expect(ada.locator("[data-news]")).to_be_hidden()  # it is said here already
    shot(ada, "inbox-pill")
    pill.click()
    expect(ada.locator("article.told").first).to_contain_text("One more")
    expect(pill).to_have_count(0)
    expect(ada.locator("article.told").first).to_be_focused()

    ada.evaluate("scrollTo(0, document.body.scrollHeight)")  # older ones come by themselves
    expect(ada.locator("article.told")).to_have_count(25)
    expect(ada.locator("section.day")).to_have_count(1)  # the same day, under one heading
    assert ada.troubles == []  # type: ignore[attr-defined]


def test_without_javascript(stack: Stack, browser: Browser, ada_herself: User, ben_himself: User) -> None:
    posts = told(ada_herself, ben_himself, many=22)
    ada = window(browser, stack, java_script_enabled=False)
    sign_in(ada, "ada")
    ada.get_by_role("navigation", name="Main").get_by_role("link", name="Notifications").click()
    expect(ada).to_have_title("(22) Notifications · socialnet")
    ada.get_by_role("button", name="Mark as read").first.click()
    expect(ada).to_have_title("(21) Notifications · socialnet")
    ada.get_by_role("link", name="Older notifications").click()
    expect(ada.locator("article.told")).to_have_count(2)
    ada.get_by_role("button", name="Mark read from here down").click()
    expect(ada).to_have_title("(19) Notifications · socialnet")
    ada.goto("/notifications")
    ada.get_by_role("link", name="Unread only").click()
    expect(ada.locator("article.told")).to_have_count(19)
    ada.get_by_role("button", name="Mark all as read").click()
    expect(ada.locator("main")).to_contain_text("You have read everything")
    ada.goto("/notifications")
    ada.locator("article.told .told-excerpt").first.click(force=True)  # the whole row is the link
    expect(ada.locator("[data-thread]")).to_contain_text(f"To {posts[-1].content}")


def test_everything_can_be_reached_and_read(stack: Stack, browser: Browser, ada_herself: User) -> None:
    set_privacy(user=ada_herself, is_private=True)
    ada_herself.refresh_from_db()
    for number in range(2):
        follow_user(follower=person(f"asks{number}", f"Asks {number}"), followee=ada_herself)
    post = publish_post(author=ada_herself, content="Bread, " * 60)
    for number in range(4):
        like_post(post_id=post.pk, person=admirer(number, ada_herself))
    wait_for(
        lambda: Notification.objects.filter(kind="like", actor_count=4).exists(), seconds=20, what="likes"
    )
    ada = window(browser, stack)
    sign_in(ada, "ada")
    pages = {
        "inbox": "/notifications",
        "inbox-requests": "/notifications?tab=requests",
        "inbox-nothing": "/notifications?tab=talk&unread=1",
    }
    assert look_at(ada, pages, WIDE, SMALL, TINY) == {}
    assert ada.troubles == []  # type: ignore[attr-defined]
    ada.goto("/notifications?tab=requests")
    ada.get_by_role("button", name="Accept Asks 0").click()
    expect(ada.get_by_role("button", name="Accept Asks 0")).to_have_count(0)
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    ada.reload()
    expect(ada.locator("main")).not_to_contain_text("Asks 0")
    assert broken() == []


def admirer(number: int, of: User) -> User:
    """Somebody who may see what a private person writes."""
    fan = person(f"fan{number}", f"Fan {number}")
    follow_user(follower=fan, followee=of)
    accept_follow_request(followee=of, follower=fan)
    return fan

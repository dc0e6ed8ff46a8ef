"""Reading home while others write: nothing moves, the news end at a line, another device goes on at the same post."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from accounts.actions import follow_user
from accounts.models import User
from feeds import markers
from feeds.actions import move_marker, publish_post
from feeds.models import ReadMarker
from feeds.tests.factories import plant_many
from tests.journeys.windows import JOURNEY, SMALL, WIDE, person, shot, sign_in, violations, window
from tests.stack import Stack

pytestmark = JOURNEY
IN_VIEW = """() => [...document.querySelectorAll("article[data-post-id]")]
    .filter((post) => post.getBoundingClientRect().bottom > 120 && post.getBoundingClientRect().top < innerHeight)
    .map((post) => post.dataset.postId)"""
TOP = "(id) => document.getElementById(`post-${id}`).getBoundingClientRect().top"


@pytest.fixture
def ben(stack: Stack) -> User:
    """Whom ada follows, and who has said a lot."""
    ada, ben = person("ada", "Ada Ferreira"), person("ben", "Ben Okafor")
    plant_many(ben, 70, content="Another morning at the lake.\n\nThe ice is thin, the light is good. " * 3)
    follow_user(follower=ada, followee=ben)
    return ben


def opened(browser: Browser, stack: Stack, **options: object) -> Page:
    page = window(browser, stack, **options)
    sign_in(page, "ada")
    return page


def ada_is_at() -> int:
    return ReadMarker.objects.get(user_id=User.objects.get(username="ada").pk).last_read_id


def ids_of(page: Page) -> list[int]:
    return [
        int(ident)
        for ident in page.locator("article.post").evaluate_all("all => all.map(a => a.dataset.postId)")
    ]


def wait_until_at(page: Page, post_id: int) -> None:
    """A second on the screen, and the pause that keeps it from being told too often."""
    for _ in range(80):
        if ReadMarker.objects.filter(last_read_id=post_id).exists():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not at {post_id}")


# --- nothing moves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["1280", "390"])
def test_what_is_read_does_not_move_by_a_pixel(stack, browser, ben, size):
    ids = sorted(ben.posts.values_list("pk", flat=True), reverse=True)
    move_marker(person=User.objects.get(username="ada"), post_id=ids[6])
    ada = opened(browser, stack, viewport=size)
    expect(ada.locator("[data-here]")).to_be_visible()
    # Not every browser would scroll along with what moves.
    ada.evaluate("document.documentElement.style.overflowAnchor = 'none'")
    ada.wait_for_timeout(1500)  # the socket is up and subscribed

    # in the middle, with the line above what is read; then with the line in view
    for news, place in enumerate((ids[9], ids[6]), start=1):
        scroll_to(ada.locator(f"#post-{place}"), "center")
        with still(ada):
            publish_post(author=ben, content="Fog in the valley")
            expect(ada.locator(".pill")).to_have_attribute("data-count", str(news))
            ada.wait_for_timeout(500)  # its animation is over
    shot(ada, f"reading-{size['width']}")

    # older posts are added while one reads near the end of what is there
    ada.route("**/?cursor=*", slowly)
    many = ada.locator("article.post").count()
    scroll_to(ada.locator("article.post").last, "end")
    with still(ada):
        expect(ada.locator("article.post").nth(many)).to_be_attached()
        ada.wait_for_timeout(300)
    assert ada.locator("[data-here]").count() == 1
    assert ada.troubles == []


def slowly(route: Route) -> None:
    """As over a long line: by then one reads."""
    route.request.frame.page.wait_for_timeout(1500)
    route.continue_()


def scroll_to(post: Locator, block: str) -> None:
    post.evaluate("(post, block) => post.scrollIntoView({block, behavior: 'instant'})", block)
    post.page.wait_for_timeout(300)


@contextmanager
def still(page: Page) -> Iterator[None]:
    """Every post in view stays exactly where it is: 0 px."""
    ids = page.evaluate(IN_VIEW)
    assert ids
    before = [page.evaluate(TOP, ident) for ident in ids]
    yield
    assert [page.evaluate(TOP, ident) for ident in ids] == before


# --- another device -----------------------------------------------------------------------------------------


def test_another_device_goes_on_within_one_post(stack, browser, ben):
    desk = opened(browser, stack, viewport=WIDE)
    expect(desk.locator("[data-here]")).to_have_count(0)  # a first visit
    wait_until_at(desk, ids_of(desk)[0])

    # some news, brought in by the pill and read; then far more than a page, while nobody reads
    desk.wait_for_timeout(1000)
    told = [publish_post(author=ben, content=f"Told at once, {number}") for number in range(3)]
    expect(desk.locator(".pill")).to_have_attribute("data-count", "3")
    desk.locator(".pill").click()
    expect(desk.locator("article.post").first).to_contain_text("Told at once, 2")
    wait_until_at(desk, told[-1].pk)
    left_at = ids_of(desk)[0]
    desk.close()
    for number in range(30):
        last = publish_post(author=ben, content=f"Said meanwhile, {number}")

    phone = opened(browser, stack, viewport=SMALL, color_scheme="dark")
    expect(phone.locator("article.post").first).to_contain_text("Said meanwhile, 29")
    expect(phone.locator("a.place")).to_contain_text("20+ new since you were here")
    assert violations(phone) == []
    wait_until_at(phone, last.pk)  # that she looked here does not take the way back away
    phone.locator("a.place").click()
    expect(phone.locator("main [data-here]")).to_be_visible()
    resumed = ids_of(phone)
    assert abs(resumed.index(left_at)) <= 1
    assert first_on_screen(phone) in resumed[:2]
    assert violations(phone) == []
    shot(phone, "resumed-390")
    phone.wait_for_timeout(4500)
    assert ada_is_at() == last.pk  # reading older posts moves nothing back
    phone.get_by_role("link", name="Newest posts").click()
    expect(phone.locator("article.post").first).to_contain_text("Said meanwhile, 29")
    assert phone.troubles == []


def first_on_screen(page: Page) -> int:
    return int(page.evaluate(IN_VIEW)[0])


def test_a_glance_is_told_as_the_page_goes(stack, browser, ben):
    newest = max(ben.posts.values_list("pk", flat=True))
    ada = opened(browser, stack, viewport=WIDE)
    ada.wait_for_timeout(1600)  # seen, not told yet
    assert not ReadMarker.objects.exists()
    ada.goto("/help/")
    wait_until_at(ada, newest)
    assert ada.troubles == []


def test_scrolling_past_the_end_of_the_first_page_meets_the_line(stack, browser, ben):
    ids = sorted(ben.posts.values_list("pk", flat=True), reverse=True)
    move_marker(person=User.objects.get(username="ada"), post_id=ids[27])
    ada = opened(browser, stack, viewport=SMALL)
    wait_until_at(ada, ids[0])  # the marker has gone on; the line of this visit has not
    for _ in range(3):
        ada.keyboard.press("End")
        ada.wait_for_timeout(600)
    line = ada.locator("[data-here]")
    expect(line).to_have_count(1)
    assert line.evaluate("line => line.nextElementSibling.dataset.postId") == str(ids[27])
    ada.reload()
    expect(ada.locator("article.post").first).to_be_visible()
    expect(line).to_have_count(0)
    assert ada.troubles == []


def test_without_javascript_the_line_and_the_way_back_are_links_and_a_button(stack, browser, ben):
    ids = sorted(ben.posts.values_list("pk", flat=True), reverse=True)
    move_marker(person=User.objects.get(username="ada"), post_id=ids[30])
    ada = opened(browser, stack, viewport=SMALL, java_script_enabled=False)
    ada.locator("a.place").click()
    assert ids_of(ada)[0] == ids[30]
    ada.get_by_role("link", name="Newest posts").click()
    ada.get_by_role("button", name="I have seen these").click()
    expect(ada.locator("a.place")).to_have_count(0)
    assert ada_is_at() == ids[0] == markers.last_read(User.objects.get(username="ada").pk)

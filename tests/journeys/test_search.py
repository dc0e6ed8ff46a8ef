"""Search in a browser: the key, the field with its suggestions, results on every screen, and where one writes."""

import pytest
from playwright.sync_api import Browser, Page, expect

from discovery.search.documents import keep_people, keep_posts
from feeds.actions import publish_post
from feeds.tests.factories import plant_many
from tests.journeys.windows import JOURNEY, SMALL, TINY, WIDE, look_around, look_at, person, sign_in, window
from tests.stack import Stack

pytestmark = JOURNEY


@pytest.fixture
def town(transactional_db: None) -> None:
    ada, harriet = person("ada", "Ada Ferreira"), person("harriet", "Harriet Foglia")
    posts = [*plant_many(ada, 45, content="Fog over the harbour")]
    posts.append(publish_post(author=harriet, content="The **fog** lifts #harbour"))
    keep_people([ada.pk, harriet.pk])
    keep_posts([post.pk for post in posts])


def active(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_the_field_suggests_and_leads_there(stack: Stack, browser: Browser, town: None) -> None:
    page = window(browser, stack)
    sign_in(page, "ada")
    page.wait_for_selector("html[data-ready]")
    page.keyboard.press("/")
    assert active(page) == "rail-q"
    field = page.locator("#rail-q")
    field.press_sequentially("har", delay=30)
    options = page.locator("#rail-q-list [role=option]")
    expect(options.locator(".what")).to_have_text(["Harriet Foglia@harriet", "#harbour", "Posts with “har”"])
    assert field.get_attribute("aria-expanded") == "true"
    field.press("ArrowDown")
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "rail-q-list-1"
    field.press("Escape")
    expect(options.first).to_be_hidden()
    assert field.input_value() == "har" and field.get_attribute("aria-expanded") == "false"
    field.press_sequentially("r", delay=30)
    expect(options).to_have_count(2)
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/@harriet")
    assert page.troubles == []  # type: ignore[attr-defined]


def test_enter_searches_and_further_results_come_by_scrolling(
    stack: Stack, browser: Browser, town: None
) -> None:
    page = window(browser, stack, viewport=SMALL)
    sign_in(page, "ada")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Search").click()
    page.locator("#search-q").fill("fog")
    page.locator("#search-q").press("Enter")
    expect(page.locator("article.post mark").first).to_have_text("Fog")
    while page.locator("nav[data-pager]").count():
        page.mouse.wheel(0, 5000)
        page.wait_for_timeout(100)
    expect(page.locator("article.post")).to_have_count(46)
    with page.expect_response("**/search/opened") as counted:
        page.locator("article.post").nth(3).locator("a.when").click()
    assert counted.value.status == 204
    assert "rank=4" in (counted.value.request.post_data or "")


def test_names_and_tags_are_suggested_where_one_writes(stack: Stack, browser: Browser, town: None) -> None:
    page = window(browser, stack)
    sign_in(page, "ada")
    page.wait_for_selector("html[data-ready]")
    area = page.locator("#id_content")
    area.click()
    area.press_sequentially("Hello @harr", delay=30)
    option = page.locator(".composer [role=option]")
    expect(option.locator(".what")).to_have_text(["Harriet Foglia@harriet"])
    area.press("ArrowDown")
    area.press("Tab")
    assert area.input_value() == "Hello @harriet "
    area.press_sequentially("#harb", delay=30)
    expect(option).to_have_text(["#harbour"])
    option.click()
    assert area.input_value() == "Hello @harriet #harbour "
    area.press_sequentially("mail me at me@harr", delay=30)
    page.wait_for_timeout(500)
    expect(option.first).to_be_hidden()
    assert page.troubles == []  # type: ignore[attr-defined]


def test_it_works_without_a_script(stack: Stack, browser: Browser, town: None) -> None:
    page = window(browser, stack, java_script_enabled=False)
    page.goto("/search")
    page.locator("#search-q").fill("harriet")
    page.locator(".search-desk button").click()
    expect(page.locator("article, .person").first).to_be_visible()
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.locator(".person-name")).to_have_text("Harriet Foglia")


def test_every_page_on_every_screen(stack: Stack, browser: Browser, town: None) -> None:
    pages = {
        "search": "/search",
        "search-found": "/search?q=fog",
        "search-people": "/search?q=hariet&type=users",
        "search-tags": "/search?q=harb&type=hashtags",
        "search-nothing": "/search?q=zzzz",
    }
    visitor, page = window(browser, stack), window(browser, stack)
    sign_in(page, "ada")
    assert look_at(visitor, pages, WIDE, SMALL, TINY) == {}
    assert look_at(page, pages, WIDE, SMALL, TINY) == {}
    page.goto("/search")
    page.wait_for_selector("html[data-ready]")
    page.locator("#search-q").press_sequentially("har", delay=30)
    expect(page.locator("[role=option]").first).to_be_visible()
    assert look_around(page, "suggestions", WIDE, SMALL, TINY) == {}

"""Two people, two windows, real processes: what one writes appears in front of the other."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.models import User
from tests.stack import Stack, running

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", ".local/test/screenshots"))
AXE = (Path(__file__).parents[1] / "vendor/axe.min.js").read_text()
PASSWORD = "a calm sea 42"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's package chromium"),
]


@pytest.fixture
def stack(transactional_db: None, redis_process: object, tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path / "stack", "web", "live", "relay", "worker") as stack:
        stack.wait_until_ready()
        yield stack


@pytest.fixture
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop running in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def window(browser: Browser, stack: Stack, **options: object) -> Page:
    context = browser.new_context(base_url=stack.address, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.troubles = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.troubles.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda line: page.troubles.append(line.text) if line.type == "error" else None)  # type: ignore[attr-defined]
    return page


def sign_up(page: Page, username: str, name: str) -> None:
    page.goto("/accounts/signup/")
    page.fill("[name=username]", username)
    page.fill("[name=email]", f"{username}@example.org")
    if page.locator("[name=display_name]").count():
        page.fill("[name=display_name]", name)
    page.fill("[name=password1]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def sign_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def shot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:150]}" for each in found]


def test_a_post_reaches_the_open_home_of_a_follower_within_a_second(stack, browser):
    ada, ben = window(browser, stack), window(browser, stack)
    sign_up(ada, "ada", "Ada Ferreira")
    sign_up(ben, "ben", "Ben Okafor")
    ben.goto("/@ada")
    ben.get_by_role("button", name="Follow Ada Ferreira").click()
    expect(ben.get_by_role("button", name=re.compile("Following|Unfollow"))).to_be_visible()
    ben.goto("/")
    expect(ben.locator("[data-feed=home]")).to_be_visible()
    ben.wait_for_timeout(1500)  # the socket is up and subscribed

    took = [publish_and_wait(ada, ben, f"Fog in the valley, take {take}") for take in range(3)]
    shot(ben, "pill")
    assert min(took) < 1.0, took

    before = ben.evaluate("scrollY")
    ben.locator(".pill").click()
    expect(ben.locator("article.post").first).to_contain_text("take 2")
    assert ben.locator("article.post").count() == 3
    assert before == 0
    shot(ben, "home-after-pill")
    assert ada.troubles == ben.troubles == []


def publish_and_wait(author: Page, reader: Page, text: str) -> float:
    """Publish from one window; the seconds from the click to the pill that counts it in the other."""
    shown = reader.locator(".pill").get_attribute("data-count") if reader.locator(".pill").count() else "0"
    author.locator("#id_content").fill(text)
    started = time.monotonic()
    author.locator("form[data-composer] button[type=submit]").click()
    expect(reader.locator(".pill")).to_have_attribute("data-count", str(int(shown or 0) + 1), timeout=10_000)
    return time.monotonic() - started


PAGES = {
    "home": "/",
    "profile": "/@ada",
    "followers": "/@ada/followers",
    "following": "/@ada/following",
    "requests": "/follow-requests",
    "compose": "/posts",
    "settings-profile": "/settings/profile",
    "settings-privacy": "/settings/privacy",
    "settings-appearance": "/settings/appearance",
    "settings-account": "/settings/account",
    "settings-sessions": "/settings/sessions",
    "settings-blocked": "/settings/blocked",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_at_any_size(stack, browser, theme):
    person = User.objects.create_user("ada", "ada@example.org", PASSWORD, display_name="Ada Ferreira")
    from feeds.actions import publish_post

    publish_post(author=person, content="Good morning from the valley. #fog https://example.org")
    found: dict[str, list[str]] = {}
    for width in (1280, 390):
        page = window(browser, stack, viewport={"width": width, "height": 900}, color_scheme=theme)
        look_at(page, VISITED, found, label=f"{width}-{theme}")
        sign_in(page, "ada")
        look_at(page, PAGES, found, label=f"{width}-{theme}")
    assert found == {}


def look_at(page: Page, addresses: dict[str, str], found: dict[str, list[str]], *, label: str) -> None:
    for name, address in addresses.items():
        page.goto(address)
        shot(page, f"{name}-{label}")
        problems = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append("scrolls sideways")
        if problems:
            found[f"{name} {label}"] = problems


def test_everything_works_without_javascript(stack, browser):
    ada = window(browser, stack, java_script_enabled=False)
    sign_up(ada, "ada", "Ada Ferreira")
    ada.locator("#id_content").fill("No script was run for this.")
    ada.locator("form[data-composer] button[type=submit]").click()
    expect(ada.locator("article.post")).to_contain_text("No script was run")
    ada.locator("article.post a.when").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Post")
    ada.get_by_role("link", name="Delete this post").click()
    ada.get_by_role("button", name="Delete").click()
    expect(ada.get_by_text("Your post is gone.")).to_be_visible()

"""What every journey needs: windows of a browser, signing in, pictures of pages, and what axe finds on them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from accounts.models import User
from tests.stack import Stack

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
SCREENSHOTS = os.environ.get("SCREENSHOTS")
AXE = (Path(__file__).parents[1] / "vendor/axe.min.js").read_text()
WIDE: ViewportSize = {"width": 1280, "height": 900}
SMALL: ViewportSize = {"width": 390, "height": 844}
TINY: ViewportSize = {"width": 320, "height": 640}
PASSWORD = "a calm sea 42"
expect.set_options(timeout=15_000)  # what shows sooner is not waited for; how soon is asked where it matters
JOURNEY = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's package chromium"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop running in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def window(browser: Browser, stack: Stack, **options: object) -> Page:
    """A window of a person's own; `troubles` are the errors that its pages told."""
    return tab(browser.new_context(base_url=stack.address, **options))  # type: ignore[arg-type]


def tab(context: BrowserContext) -> Page:
    """One more page of the same browser, of the same person."""
    page = context.new_page()
    page.troubles = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.troubles.append(str(error)))  # type: ignore[attr-defined]
    page.on("console", lambda line: page.troubles.append(line.text) if line.type == "error" else None)  # type: ignore[attr-defined]
    return page


def person(username: str, name: str) -> User:
    """Somebody who can sign in."""
    return User.objects.create_user(username, f"{username}@example.org", PASSWORD, display_name=name)


def sign_up(page: Page, username: str, name: str) -> None:
    page.goto("/accounts/signup/")
    page.fill("[name=username]", username)
    page.fill("[name=email]", f"{username}@example.org")
    if page.locator("[name=display_name]").count():
        page.fill("[name=display_name]", name)
    page.fill("[name=password1]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    page.get_by_role("button", name="Skip the rest and go home").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def sign_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def shot(page: Page, name: str) -> None:
    """A picture of the whole page, for whoever wants to look at it: with SCREENSHOTS=folder script/test."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


def violations(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page as it is, by all its rules or by `rules`, and whether it scrolls sideways."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    problems = [f"{each['id']}: {each['nodes'][0]['html'][:150]}" for each in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        problems.append("scrolls sideways")
    return problems


def look_at(page: Page, addresses: dict[str, str], *sizes: ViewportSize) -> dict[str, list[str]]:
    """What is wrong with each page, in every size and theme."""
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        page.goto(address)
        found |= look_around(page, name, *sizes)
    return found


def look_around(page: Page, name: str, *sizes: ViewportSize) -> dict[str, list[str]]:
    """The same for the page as it stands. In the dark only colours are other ones."""
    found = {}
    for size in sizes or (WIDE, SMALL):
        page.set_viewport_size(size)
        for theme, rules in (("light", None), ("dark", ["color-contrast"])):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")
            label = f"{name}-{size['width']}-{theme}"
            shot(page, label)
            if problems := violations(page, rules=rules):
                found[label] = problems
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found

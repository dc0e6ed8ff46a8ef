"""The small decisions of the scripts, asked in a real browser without a server."""

import os
from collections.abc import Iterator
from pathlib import Path

import blurhash
import pytest
from playwright.sync_api import Page, Route, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCRIPTS = Path(__file__).parents[1] / "static/js"
SITE = "http://scripts.test/"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's package chromium"),
]


def serve(route: Route) -> None:
    name = route.request.url.removeprefix(SITE)
    if not name:
        return route.fulfill(content_type="text/html", body='<!doctype html><html lang="en"><title>x</title>')
    return route.fulfill(content_type="text/javascript", body=(SCRIPTS / name).read_text())


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.route(f"{SITE}**", serve)
        page.goto(SITE)
        yield page
        browser.close()


def ask(page: Page, module: str, expression: str) -> object:
    return page.evaluate(f"async () => {{ const m = await import('{SITE}{module}'); return {expression}; }}")


def test_the_pill_counts_what_is_newer_than_the_page_and_not_on_it(page):
    assert ask(page, "pill.js", "m.missing(['9', '8', '7', '6', '3'], ['7', '5'])") == ["9", "8", "6"]
    assert ask(page, "pill.js", "m.missing(['2', '1'], [])") == ["2", "1"]
    assert ask(page, "pill.js", "m.missing([], ['5'])") == []


def test_waiting_before_a_new_attempt_grows_and_is_spread_out(page):
    assert ask(page, "live.js", "[0, 1, 2, 20].map((n) => m.waitBefore(n, () => 1))") == [
        500,
        1000,
        2000,
        30_000,
    ]
    assert ask(page, "live.js", "m.waitBefore(20, () => 0)") == 0


def test_news_that_are_older_than_what_was_seen_are_ignored(page):
    story = "[3, 3, 2, 4].map((version) => m.isNews({topic: 'feed', version}, seen))"
    assert ask(page, "live.js", f"((seen) => {story})(new Map())") == [True, True, False, True]


@pytest.mark.parametrize(
    ("text", "length"), [("  a b  ", 3), ("👩‍👩‍👧‍👦", 7), ("é", 1), ("a\r\nb", 3), ("𝒳", 1)]
)
def test_the_counter_counts_code_points_as_the_server_does(page, text, length):
    assert page.evaluate("async (text) => (await import('/composer.js')).length(text)", text) == length


@pytest.mark.parametrize(
    ("seconds", "shown"), [(5, "now"), (120, "2m ago"), (3 * 3600, "3h ago"), (20 * 86_400, "Nov 11")]
)
def test_times_are_told_from_now(page, seconds, shown):
    now = "new Date('2026-12-01T12:00:00')"
    assert ask(page, "time.js", f"m.spoken(new Date({now} - {seconds * 1000}), {now})") == shown


def test_a_blurhash_gives_the_colours_that_the_server_meant(page):
    pixels = [((90 + 5 * x) % 256, (30 * y) % 256, 120) for y in range(8) for x in range(8)]
    rows = [pixels[8 * y : 8 * y + 8] for y in range(8)]
    code = blurhash.encode(rows, components_x=4, components_y=3)
    drawn = ask(page, "pictures.js", f"[...m.pixelsOf({code!r}, 8, 8)]")
    meant = [value for row in blurhash.decode(code, 8, 8) for pixel in row for value in (*pixel, 255)]
    assert len(drawn) == len(meant)
    assert max(abs(one - other) for one, other in zip(drawn, meant, strict=True)) <= 2


@pytest.mark.parametrize("code", ["", "x", "L6PZfSi_.AyE_3t7t7R**0o#DgR", None])
def test_what_is_no_blurhash_draws_nothing(page, code):
    assert page.evaluate("async (code) => (await import('/pictures.js')).pixelsOf(code)", code) is None

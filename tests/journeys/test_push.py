"""A device that tells: asked for, shown, removed, and given up when its person signs out.

Chromium finds no push service here: only its `PushManager` is replaced, by one that hands out an address. What is
pushed comes through its developer tools.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from notifications.actions import announce
from notifications.channels.push.sealing import new_key
from notifications.models import PushSubscription
from notifications.tests.push_service import Browser as Device
from tests.journeys.windows import JOURNEY, SMALL, person, shot, sign_in, violations, window
from tests.stack import Stack, running, wait_for

pytestmark = JOURNEY
KEY = new_key()  # of the site, for all tests: they share what is started
PAGE = "/settings/notifications/devices"
MANAGER = """
const made = (key) => ({
  endpoint: "https://push.example/send/this",
  options: { applicationServerKey: Uint8Array.from(JSON.parse(key)).buffer },
  toJSON: () => ({ endpoint: "https://push.example/send/this", keys: KEYS }),
  unsubscribe: async () => { localStorage.removeItem("manager"); return true; },
});
PushManager.prototype.getSubscription = async () => localStorage.manager ? made(localStorage.manager) : null;
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  localStorage.manager = JSON.stringify([...applicationServerKey]);
  return made(localStorage.manager);
};
"""


@pytest.fixture
def stack(transactional_db: None, redis_process: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("VAPID_PRIVATE_KEY", KEY)
    with running("web", "live", "relay", "worker") as stack:
        stack.wait_until_ready()
        yield stack


def device_of(browser: Browser, stack: Stack, username: str, **options: Any) -> Page:
    """A window of a browser that may show notifications, on its page of devices."""
    page = window(browser, stack, **options)
    keys = Device("this").asks()["keys"]
    page.context.grant_permissions(["notifications"])
    page.add_init_script(MANAGER.replace("KEYS", str(keys)))
    sign_in(page, username)
    page.goto(PAGE)
    return page


def words(page: Page) -> Any:
    return page.locator("[data-push-words]:visible")


def test_a_device_is_added_and_removed(stack: Stack, browser: Browser) -> None:
    ada = person("ada", "Ada Ferreira")
    page = device_of(browser, stack, "ada")
    button = page.get_by_role("button", name="Tell me on this device")
    expect(button).to_be_visible()
    shot(page, "push-offer")
    assert violations(page) == []

    button.click()
    expect(words(page)).to_have_text("The device before you is told.")
    expect(page.locator("[data-push-own]")).to_be_visible()
    expect(button).to_be_hidden()
    row = PushSubscription.objects.get(user=ada)
    assert row.endpoint == "https://push.example/send/this" and row.session
    assert "Chrome" in row.label
    shot(page, "push-on")
    assert violations(page) == []
    assert page.evaluate("navigator.serviceWorker.ready.then((it) => it.active.scriptURL)").endswith(
        "/service-worker.js"
    )

    page.reload()
    expect(words(page)).to_have_text("The device before you is told.")
    page.get_by_role("button", name="Remove").click()
    expect(button).to_be_visible()
    assert not PushSubscription.objects.exists()
    assert page.evaluate("localStorage.manager") is None
    assert page.troubles == []  # type: ignore[attr-defined]


def test_it_stops_when_its_person_signs_out(stack: Stack, browser: Browser) -> None:
    person("ada", "Ada Ferreira")
    page = device_of(browser, stack, "ada")
    page.get_by_role("button", name="Tell me on this device").click()
    expect(words(page)).to_have_text("The device before you is told.")
    page.goto("/accounts/logout/")
    page.locator("html[data-ready]").wait_for()
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert page.evaluate("[localStorage.manager ?? null, localStorage.told ?? null]") == [None, None]
    wait_for(lambda: not PushSubscription.objects.exists(), seconds=10, what="the server to forget it")


def test_what_is_pushed_is_shown_once_and_opens_what_it_is_about(stack: Stack, browser: Browser) -> None:
    person("ada", "Ada Ferreira")
    page = device_of(browser, stack, "ada")
    page.get_by_role("button", name="Tell me on this device").click()
    expect(words(page)).to_have_text("The device before you is told.")
    tools = page.context.new_cdp_session(page)
    found: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(
            each["registrationId"]
            for each in told["registrations"]
            if each["scopeURL"].startswith(stack.address)  # the browser may know other sites
        ),
    )
    tools.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    assert found
    for title in ("Ben follows you", "Ben and Cleo follow you"):
        news = f'{{"title": "{title}", "body": "", "url": "/@ben", "tag": "7", "icon": "/static/img/icon-180.png"}}'
        message = {"origin": stack.address, "registrationId": found[-1], "data": news}
        tools.send("ServiceWorker.deliverPushMessage", message)
        shown = """async (title) => {
          const registration = await navigator.serviceWorker.ready;
          for (let tries = 0; tries < 150; tries += 1) {
            const all = await registration.getNotifications();
            const found = all.map((each) => [each.title, each.tag, each.data.url]);
            if (found.some(([each]) => each === title)) return found;
            await new Promise((done) => { setTimeout(done, 100); });
          }
          return [];
        }"""
        assert page.evaluate(shown, title) == [[title, "7", "/@ben"]]


CLICK = """
async (url) => {
  const opened = [];
  Clients.prototype.openWindow = async (address) => { opened.push(["window", address]); };
  WindowClient.prototype.focus = async function focus() { opened.push(["focus", this.url]); };
  await self.registration.showNotification("News", { tag: "click", data: { url } });
  const [notification] = await self.registration.getNotifications({ tag: "click" });
  const event = new NotificationEvent("notificationclick", { notification });
  let done;
  event.waitUntil = (promise) => { done = promise; };
  self.dispatchEvent(event);
  await done;
  const left = await self.registration.getNotifications({ tag: "click" });
  return [opened, left.length];
}
"""
RENEW = """
async ([before, after, keys]) => {
  const event = new Event("pushsubscriptionchange");
  event.oldSubscription = { endpoint: before };
  event.newSubscription = { toJSON: () => ({ endpoint: after, keys }) };
  let done;
  event.waitUntil = (promise) => { done = promise; };
  self.dispatchEvent(event);
  await done;
}
"""


def worker_of(page: Page) -> Any:
    """What runs without a page."""
    page.get_by_role("button", name="Tell me on this device").click()
    expect(words(page)).to_have_text("The device before you is told.")
    wait_for(lambda: page.context.service_workers, seconds=30, what="the service worker")
    return page.context.service_workers[0]


def test_a_click_on_what_is_shown_leads_there(stack: Stack, browser: Browser) -> None:
    """No browser without a screen lets a notification be clicked: its event is made by hand, windows are noted."""
    person("ada", "Ada Ferreira")
    page = device_of(browser, stack, "ada")
    worker = worker_of(page)
    inbox = f"{stack.address}/notifications"
    for url, expected in (
        ("/@ben", ["window", f"{stack.address}/@ben"]),
        (PAGE, ["focus", f"{stack.address}{PAGE}"]),  # the page that is open
        ("https://elsewhere.example/news?a=1", ["window", "https://elsewhere.example/news?a=1"]),
        ("http://elsewhere.example/news", ["window", inbox]),
        ("javascript:alert(1)", ["window", inbox]),
        ("https://", ["window", inbox]),
    ):
        assert worker.evaluate(CLICK, url) == [[expected], 0], url
    assert page.troubles == []  # type: ignore[attr-defined]


def test_a_device_whose_address_changes_is_told_at_the_new_one(stack: Stack, browser: Browser) -> None:
    ada = person("ada", "Ada Ferreira")
    page = device_of(browser, stack, "ada")
    worker = worker_of(page)
    before = PushSubscription.objects.get(user=ada)
    fresh = Device("fresh")
    worker.evaluate(RENEW, [before.endpoint, fresh.endpoint, fresh.asks()["keys"]])
    row = PushSubscription.objects.get(user=ada)
    assert (row.endpoint, row.session) == (fresh.endpoint, before.session)

    page.context.clear_cookies()  # nobody is signed in any more: nothing is told to the server
    again = Device("again")
    worker.evaluate(RENEW, [fresh.endpoint, again.endpoint, again.asks()["keys"]])
    assert PushSubscription.objects.get(user=ada).endpoint == fresh.endpoint


def test_news_from_outside_opens_beside_the_page(stack: Stack, browser: Browser) -> None:
    person("ada", "Ada Ferreira")
    mod = person("mod", "Mod")
    page = window(browser, stack)
    sign_in(page, "ada")
    page.locator("html[data-ready]").wait_for()
    link = page.locator("p[data-news] a")
    for url, href, target in (
        ("https://elsewhere.example/news", "https://elsewhere.example/news", "_blank"),
        ("http://elsewhere.example/news", "/notifications", ""),
        ("", "/notifications", ""),
    ):
        announce(author=mod, text=f"Look at {url or 'this'}", url=url)
        expect(link).to_have_text(f"Look at {url or 'this'}", timeout=30_000)
        assert [link.get_attribute("href"), link.get_attribute("target")] == [href, target]


def test_on_a_phone_and_where_it_is_not_allowed(stack: Stack, browser: Browser) -> None:
    ada = person("ada", "Ada Ferreira")
    Device("other").subscribed_by(ada, label="Firefox, Android")
    page = window(browser, stack, viewport=SMALL)
    page.add_init_script("Object.defineProperty(Notification, 'permission', { value: 'denied' });")
    sign_in(page, "ada")
    page.goto(PAGE)
    expect(words(page)).to_contain_text("This browser was told not to show you anything")
    shot(page, "push-refused-small")
    assert violations(page) == []

    plain = window(browser, stack, java_script_enabled=False)
    sign_in(plain, "ada")
    plain.goto(PAGE)
    expect(words(plain)).to_contain_text("has to run JavaScript")
    expect(plain.get_by_role("button", name="Tell me on this device")).to_be_hidden()
    plain.get_by_role("button", name=re.compile("Remove")).click()
    expect(plain.locator("main")).to_contain_text("That device is not told any more.")
    assert not PushSubscription.objects.exists()

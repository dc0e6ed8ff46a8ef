"""Second factors in a browser: codes, passkeys of a virtual key, the pages around them, and the way without scripts."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, expect

from accounts import actions
from accounts.models import User
from tests.journeys.windows import (
    JOURNEY,
    PASSWORD,
    look_around,
    look_at,
    person,
    shot,
    sign_in,
    tab,
    violations,
    window,
)
from tests.stack import Stack

pytestmark = JOURNEY

PAGES = {
    "security": "/settings/security",
    "security-app": "/settings/security/app",
    "security-codes": "/settings/security/codes",
    "sessions": "/settings/sessions",
    "email": "/accounts/email/",
    "account": "/settings/account",
    "delete": "/settings/account/delete",
    "export": "/settings/export",
    "limits": "/help/limits",
    "left": "/accounts/left",
}


def code_of(secret: str, *, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def by_name(browser: Browser, stack: Stack) -> Page:
    """Passkeys belong to a name, and 127.0.0.1 is none."""
    return tab(browser.new_context(base_url=stack.address.replace("127.0.0.1", "localhost")))


def with_a_key(page: Page) -> None:
    """Let the browser have a key that checks who touches it, and always finds it good."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def give_password(page: Page) -> None:
    page.locator("main form [name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_a_passkey_is_made_and_signs_in(stack, browser):
    person("ada", "Ada Ferreira")
    ada = by_name(browser, stack)
    with_a_key(ada)
    sign_in(ada, "ada")
    ada.goto("/settings/security/passkeys/add")
    give_password(ada)
    expect(ada.get_by_role("button", name="Make the passkey")).to_be_visible()
    ada.fill("[name=name]", "My laptop")
    shot(ada, "passkey")
    assert violations(ada) == []
    ada.get_by_role("button", name="Make the passkey").click()
    expect(ada.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert violations(ada) == []
    shot(ada, "recovery-codes")
    ada.get_by_role("link", name="I have them").click()
    expect(ada.get_by_text("My laptop").first).to_be_visible()

    ada.context.clear_cookies()  # as the second step after the password
    ada.goto("/accounts/login/")
    ada.fill("[name=login]", "ada")
    ada.fill("[name=password]", PASSWORD)
    ada.get_by_role("button", name="Sign in", exact=True).click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Your second factor")
    shot(ada, "second-step")
    assert violations(ada) == []
    ada.get_by_role("button", name="Use a passkey").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Home")

    ada.context.clear_cookies()  # alone
    ada.goto("/accounts/login/")
    shot(ada, "sign-in-with-passkey")
    ada.get_by_role("button", name="Sign in with a passkey").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Home")
    assert ada.troubles == []


def test_codes_work_without_javascript(stack, browser):
    person("ada", "Ada Ferreira")
    ada = window(browser, stack, java_script_enabled=False)
    sign_in(ada, "ada")
    ada.goto("/settings/security")
    ada.get_by_role("link", name="Set up").click()
    give_password(ada)
    secret = ada.locator(".fresh-token code").inner_text()
    shot(ada, "security-app-picture")
    ada.fill("[name=code]", code_of(secret))
    ada.get_by_role("button", name="Switch it on").click()
    expect(ada.get_by_role("heading", name="Recovery codes")).to_be_visible()
    ada.context.clear_cookies()
    ada.goto("/accounts/login/")
    ada.fill("[name=login]", "ada")
    ada.fill("[name=password]", PASSWORD)
    ada.get_by_role("button", name="Sign in", exact=True).click()
    ada.fill("[name=code]", code_of(secret, step=1))
    ada.get_by_role("button", name="Sign in", exact=True).click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Home")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_current_tab_of_settings_is_in_view_without_javascript(stack, browser, width):
    person("ada", "Ada Ferreira")
    viewport = {"width": width, "height": 900}
    ada = window(browser, stack, viewport=viewport, java_script_enabled=False)
    sign_in(ada, "ada")
    for address in ("/settings/security", "/settings/sessions", "/accounts/email/", "/settings/blocked"):
        ada.goto(address)
        current = ada.locator("nav.tabs [aria-current=page]")
        expect(current).to_be_in_viewport(ratio=1)
        row, tab_box = ada.locator("nav.tabs").bounding_box(), current.bounding_box()
        assert row and tab_box and tab_box["x"] + tab_box["width"] <= row["x"] + row["width"] + 1
        shot(ada, f"settings-tabs{address.replace('/', '-')}{width}")


def test_axe_finds_nothing_on_pages_of_safety(stack, browser):
    ada = person("ada", "Ada Ferreira")
    page = window(browser, stack)
    sign_in(page, "ada")
    assert look_at(page, PAGES) == {}
    page.goto("/settings/security/app")
    give_password(page)
    expect(page.locator(".code-picture")).to_be_visible()
    assert look_around(page, "security-app-picture") == {}
    assert page.troubles == []
    assert actions.begin_app(user=ada, password=PASSWORD).url.startswith("otpauth://")


def test_the_admin_works_under_its_own_policy(stack, browser):
    person("boss", "Boss")
    User.objects.filter(username="boss").update(is_staff=True, is_superuser=True)
    boss = window(browser, stack, viewport={"width": 1280, "height": 900})
    boss.goto("/admin/")
    expect(boss).to_have_url(re.compile("/accounts/login/"))
    boss.fill("[name=login]", "boss")
    boss.fill("[name=password]", PASSWORD)
    boss.get_by_role("button", name="Sign in", exact=True).click()
    expect(boss).to_have_url(re.compile("/admin/$"))
    for address in ("/admin/", "/admin/accounts/user/", "/admin/limits"):
        boss.goto(address)
        boss.wait_for_load_state("networkidle")
        shot(boss, f"admin{address.replace('/', '-')}")
    assert [line for line in boss.troubles if "Content Security Policy" in line or "Refused" in line] == []

"""Colours and shortcuts are kept in the browser, for visitors, too; and pictures are served as pictures only."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

URL = "/settings/appearance"


@pytest.fixture
def site(settings: Any, browser: Client) -> Client:
    settings.ROOT_URLCONF = "socialnet.urls"
    return browser


def test_the_choice_is_a_cookie(browser: Client) -> None:
    response = browser.post(URL, {"theme": "dark", "keyboard": "off"})
    assert response.status_code == 302 and response["Location"] == URL
    assert (browser.cookies["theme"].value, browser.cookies["keyboard"].value) == ("dark", "off")
    assert browser.cookies["theme"]["max-age"] > 30_000_000 and browser.cookies["theme"]["samesite"] == "Lax"


def test_the_next_page_has_it(browser: Client) -> None:
    browser.post(URL, {"theme": "dark"})
    assert 'data-theme="dark"' in browser.get("/nothing").content.decode()
    assert "keyboard" not in browser.cookies


@pytest.mark.parametrize(
    ("wanted", "got"), [("/help/", "/help/"), ("https://evil.example/", URL), ("//evil.example", URL)]
)
def test_it_leads_back_but_never_away(browser: Client, wanted: str, got: str) -> None:
    assert browser.post(URL, {"theme": "light", "next": wanted})["Location"] == got


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{}, {"theme": "pink"}, {"theme": "dark", "keyboard": "maybe"}])
def test_a_wrong_choice_is_refused_with_the_form(site: Client, fields: dict[str, str]) -> None:
    response = site.post(URL, fields)
    assert response.status_code == 400 and "theme" not in site.cookies


@pytest.mark.django_db
def test_visitors_may_choose(site: Client) -> None:
    assert site.get(URL).status_code == 200


@pytest.mark.django_db
def test_help_is_for_everybody(site: Client) -> None:
    assert site.get("/help/").status_code == 200
    assert site.post("/help/").status_code == 405


@pytest.fixture
def face(settings: Any, tmp_path: Path) -> str:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "avatars").mkdir()
    (tmp_path / "avatars/abc.webp").write_bytes(b"RIFF")
    (tmp_path / "private.txt").write_text("secret")
    return "/media/avatars/abc.webp"


def test_pictures_may_be_kept_for_ever_and_do_nothing(browser: Client, face: str) -> None:
    response = browser.get(face)
    assert response.status_code == 200 and response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["", "nothing.webp", "../private.txt", "..%2fprivate.txt", "%2e%2e/private.txt", "//etc/passwd"]
)
def test_nothing_else_is_served(browser: Client, face: str, path: str) -> None:
    assert browser.get(f"/media/avatars/{path}").status_code == 404

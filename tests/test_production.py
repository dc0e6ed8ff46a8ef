"""A server of the settings that production runs with: Django's own checks, and the headers that browsers keep to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from accounts.tests.factories import PASSWORD, page_of, person

CHECKOUT = Path(__file__).resolve().parents[1]
ASK = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
browser = Client(raise_request_exception=False, HTTP_HOST="social.example")
plain = browser.get("/status")
answer = browser.get("/status", secure=True)
browser.cookies["csrftoken"] = ""
print(json.dumps({
    "plain": [plain.status_code, plain.get("Location")],
    "health": browser.get("/health/live").status_code,
    "headers": dict(answer.headers),
    "secure": [getattr(settings, f"{name}_COOKIE_SECURE") for name in ("SESSION", "CSRF")],
}))
"""


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    from base64 import urlsafe_b64encode

    return os.environ | {
        "SECRET_KEY": "not-a-secret-" + "x7Q" * 20,
        "DEBUG": "0",
        "PUBLIC_URL": "https://social.example",
        "LIVE_URL": "wss://social.example/ws/",
        "ALLOWED_HOSTS": "social.example",
        "DATABASE_URL": "postgres://socialnet_app@127.0.0.1:1/socialnet",
        "DATABASE_OWNER_URL": "",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CELERY_BROKER_URL": "",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "EMAIL_VERIFICATION": "mandatory",
        "VAPID_PRIVATE_KEY": urlsafe_b64encode(key).decode().rstrip("="),
        "DJANGO_SETTINGS_MODULE": "socialnet.settings",
    }


def run(production: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=production,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_is_left_for_the_deployment_check_to_say(production: dict[str, str]) -> None:
    run(production, "manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_what_browsers_are_told(production: dict[str, str]) -> None:
    told = json.loads(run(production, "-c", ASK).splitlines()[-1])
    assert told["plain"] == [301, "https://social.example/status"] and told["health"] == 200
    assert told["secure"] == [True, True]
    headers = told["headers"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
                 "object-src 'none'", "form-action 'self'"):  # fmt: skip
        assert rule in policy


@pytest.mark.parametrize(
    "path", ["/", "/settings/profile", "/accounts/login/", "/help/limits", "/nowhere", "/api/v1/docs"]
)
def test_no_page_of_the_site_runs_scripts_of_its_own_text(db: None, path: str) -> None:
    answer = page_of(person("ada")).get(path)
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    if answer.status_code == 200:
        html = answer.content.decode()
        assert " style=" not in html and " onclick=" not in html and "<script>" not in html


def test_the_admin_has_a_policy_of_its_own(db: None) -> None:
    answer = page_of(person("staff", is_staff=True)).get("/admin/limits")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy and "frame-ancestors 'none'" in policy


def test_cookies_are_kept_from_scripts_and_other_sites(db: None, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    person("ada")
    browser = page_of()
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    for name in ("sessionid", "browser"):
        cookie = browser.cookies[name]
        assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax"

"""Pages show times where their reader is; the API speaks UTC."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Session, User
from accounts.tests.factories import Api, page_of, person

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
SESSIONS = "/settings/sessions"


def seen_at_noon(user: User, browser: Any) -> str:
    Session.objects.filter(account_id=user.pk).update(last_seen_at=NOON)
    page: str = browser.get(SESSIONS).content.decode()
    return page


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "12:00 UTC"),
        ("Europe/London", "13:00 BST"),
        ("Asia/Kolkata", "17:30 IST"),
        ("America/St_Johns", "09:30 NDT"),
        ("Pacific/Kiritimati", "2 July 2025 at 02:00"),
        ("Europe/Atlantis", "12:00 UTC"),
        ("../../etc/passwd", "12:00 UTC"),
        ("America", "12:00 UTC"),
        ("", "12:00 UTC"),
    ],
)
def test_each_reader_has_their_own_clock(zone: str, shown: str) -> None:
    ada = person("ada", time_zone=zone)
    page = seen_at_noon(ada, page_of(ada))
    assert shown in page
    assert 'datetime="2025-07-01T12:00:00+00:00"' in page


def test_it_ends_with_the_request(ben: User) -> None:
    ada = person("ada", time_zone="Asia/Kolkata")
    assert "17:30 IST" in seen_at_noon(ada, page_of(ada))
    assert timezone.get_current_timezone_name() == "UTC"
    assert "12:00 UTC" in seen_at_noon(ben, page_of(ben))
    assert page_of(ada).get("/@nobody_at_all").status_code == 404
    assert timezone.get_current_timezone_name() == "UTC"


def test_it_ends_with_a_request_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = person("ada", time_zone="Asia/Kolkata")
    browser = page_of(ada)
    browser.raise_request_exception = False
    monkeypatch.setattr("accounts.selectors.sessions_of", lambda **_: 1 / 0)
    assert browser.get(SESSIONS).status_code == 500
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_new_zone_holds_on_the_next_page() -> None:
    ada = person("ada")
    browser = page_of(ada)
    assert "12:00 UTC" in seen_at_noon(ada, browser)
    assert Api(ada)("PATCH", "me", {"time_zone": "Asia/Kolkata"}).status_code == 200
    assert "17:30 IST" in seen_at_noon(ada, browser)


def test_the_api_speaks_utc_to_browsers_and_programs() -> None:
    ada = person("ada", time_zone="Asia/Kolkata")
    for answer in (Api(ada)("GET", "me"), page_of(ada).get("/api/v1/me")):
        assert answer.json()["created_at"].endswith("Z")


def test_it_costs_nothing(django_assert_num_queries: Any) -> None:
    browser = page_of(person("ada", time_zone="Asia/Kolkata"))
    browser.get("/help/")
    with django_assert_num_queries(1):  # what is unread
        browser.get("/help/")

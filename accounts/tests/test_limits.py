"""The limits as people meet them: pages that write, signing in, following, the table on help and in the admin."""

from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client

from accounts import actions
from accounts.models import Follow, User
from accounts.tests.factories import PASSWORD, person
from socialnet.kernel.limits import rows
from socialnet.kernel.ratelimit import _fallback


@pytest.fixture(autouse=True)
def limited(settings: Any) -> None:
    _fallback.forget()
    settings.RATE_LIMITS_ENABLED = True


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben")


def by(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def sign_in(login: str, password: str = "not it at all", **where: str) -> Any:
    return Client().post("/accounts/login/", {"login": login, "password": password}, **where)


def test_the_page_refuses_the_sixth_attempt_and_keeps_the_name(ada: User, ben: User) -> None:
    answers = [sign_in("ada") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    page = answers[-1].content.decode()
    assert "Too many attempts" in page and 'value="ada"' in page and "not it at all" not in page
    assert int(answers[-1]["Retry-After"]) > 800
    assert sign_in("ada", PASSWORD).status_code == 429
    assert sign_in(ada.email, PASSWORD).status_code == 429  # the other name of the same account
    assert sign_in("ben", PASSWORD).status_code == 302
    assert sign_in("ada", PASSWORD, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_page_and_api_count_together(ada: User) -> None:
    for _ in range(5):
        sign_in("ada")
    answer = Client().post(
        "/api/v1/auth/token", {"login": "ada", "password": PASSWORD}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")


def test_one_address_may_not_try_everybody(db: None, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sign_in_address": "3/15m"}
    assert [sign_in(f"name{n}").status_code for n in range(4)] == [200, 200, 200, 429]


def test_pages_of_one_ipv6_network_are_one_client(ada: User) -> None:
    for n in range(5):
        sign_in("ada", REMOTE_ADDR=f"2001:db8:1:2::{n}")
    assert sign_in("ada", REMOTE_ADDR="2001:db8:1:2:ffff::1").status_code == 429
    assert sign_in("ada", REMOTE_ADDR="2001:db8:1:3::1").status_code == 200


def test_every_form_counts_as_a_write_and_says_what_is_left(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "write": "2/5m"}
    client = by(ada)
    answers = [client.post("/settings/privacy", {"is_private": "on"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    page = answers[-1].content.decode()
    assert 'name="is_private"' in page and "You can do this again in" in page
    assert client.get("/settings/privacy").status_code == 200
    assert "RateLimit-Limit" not in client.get("/settings/privacy")


def test_writes_of_page_and_api_count_together(ada: User, ben: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "write": "2/5m"}
    client = by(ada)
    assert client.post("/@ben/follow").status_code == 302
    assert client.put("/api/v1/users/ben/mute").status_code == 200
    assert client.put("/api/v1/users/ben/mute").status_code == 429


def test_follows_have_their_own_limit(ada: User, ben: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "follow": "1/h"}
    client = by(ada)
    assert client.put("/api/v1/users/ben/follow").status_code == 200
    actions.unfollow_user(follower=ada, followee=ben)
    assert client.put("/api/v1/users/ben/follow").status_code == 429
    assert client.post("/@ben/follow").status_code == 429
    assert not Follow.objects.exists()
    assert client.delete("/api/v1/users/ben/follow").status_code == 200


def test_home_by_api_counts_person_and_address(ada: User, ben: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "feed": "2/m", "feed_address": "3/m"}
    ada_asks, ben_asks = by(ada), by(ben)
    assert [ada_asks.get("/api/v1/feed").status_code for _ in range(3)] == [200, 200, 429]
    assert [ben_asks.get("/api/v1/feed").status_code for _ in range(2)] == [200, 429]


def test_the_table_is_what_was_asked_for() -> None:
    asked = {
        "sign_in": "5/15m", "register": "3/h", "publish": "10/h", "comment": "30/15m", "upload": "20/h",
        "follow": "60/h", "feed": "100/m", "feed_address": "1000/m", "search": "30/m", "suggest": "240/m",
        "write": "300/5m",
    }  # fmt: skip
    usual = {row.name: row.usual for row in site.RATE_LIMIT_TABLE}
    assert asked.items() <= usual.items()
    assert usual.keys() == site.RATE_LIMITS.keys()


def test_help_and_admin_show_the_table(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "follow": "7/2m"}
    assert [row["time"] for row in rows() if row["row"].name == "follow"] == ["2 minutes"]
    page = Client().get("/help/limits").content.decode()
    assert "7 in 2 minutes" in page and "RateLimit-Remaining" in page
    assert 'href="/help/limits"' in Client().get("/help/").content.decode()
    assert Client().get("/admin/limits").status_code == 302
    assert by(ada).get("/admin/limits").status_code == 302
    staff = by(person("staff", is_staff=True))
    table = staff.get("/admin/limits").content.decode()
    assert "RATE_LIMIT_FOLLOW" in table and "7/2m" in table
    assert Client().post("/help/limits").status_code == 405

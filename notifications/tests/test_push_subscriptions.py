"""Browsers that ask to be told: through page and API, whose they are, and when they are forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client

from accounts import actions as people
from accounts.events import UserSuspended
from accounts.models import Session, User
from accounts.tests.factories import PASSWORD, Api, page_of, person
from accounts.tests.test_follow_races import at_once, rounds
from notifications.channels.push import actions, keys
from notifications.models import PushSubscription
from notifications.tests.push_service import Browser, vapid
from socialnet.outbox.actions import emit
from socialnet.outbox.testing import drain

__all__ = ["vapid"]
pytestmark = pytest.mark.django_db
PATH = "notifications/push-subscriptions"
PAGE = "/settings/notifications/devices"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browsers(person: User) -> list[str]:
    return sorted(PushSubscription.objects.filter(user=person).values_list("endpoint", flat=True))


def asks(client: Client, browser: Browser, **headers: str) -> Any:
    return client.post(
        f"/api/v1/{PATH}", browser.asks(), content_type="application/json", headers={**headers}
    )


# --- API -------------------------------------------------------------------------------------------------


def test_a_browser_is_kept_once_however_often_it_asks(ada) -> None:
    api, browser = Api(ada), Browser()
    first = api("POST", PATH, browser.asks() | {"label": "  My  telephone "})
    assert first.status_code == 201, first.content
    assert first.json().keys() == {"id", "label", "created_at", "used_at"}
    assert first.json()["label"] == "My telephone"
    again = api("POST", PATH, browser.asks())
    assert again.status_code == 200 and again.json()["id"] == first.json()["id"]
    listed = api("GET", PATH).json()
    assert [row["id"] for row in listed["results"]] == [first.json()["id"]]
    assert "push.example" not in str(listed)


def test_it_is_named_by_what_it_says_of_itself(ada) -> None:
    answer = Api(ada)("POST", PATH, Browser().asks(), **{"User-Agent": FIREFOX})
    assert answer.json()["label"] == "Firefox, Linux"


def test_new_keys_replace_old_ones(ada) -> None:
    old, new = Browser(), Browser()
    old.subscribed_by(ada)
    PushSubscription.objects.update(failures=7)
    Api(ada)("POST", PATH, new.asks())
    row = PushSubscription.objects.get()
    assert (row.auth, row.failures) == (new.asks()["keys"]["auth"], 0)


def test_it_is_told_no_more_and_that_may_be_said_twice(ada) -> None:
    browser = Browser()
    browser.subscribed_by(ada)
    for _ in range(2):
        assert Api(ada)("DELETE", PATH, {"endpoint": browser.endpoint}).status_code == 204
    assert browsers(ada) == []


def test_others_cannot_see_take_or_end_it(ada, ben) -> None:
    browser = Browser()
    row = browser.subscribed_by(ada)
    api = Api(ben)
    assert api("GET", PATH).json()["results"] == []
    assert api("DELETE", PATH, {"endpoint": browser.endpoint}).status_code == 204
    assert page_of(ben).post(f"{PAGE}/{row.pk}/remove").status_code == 404
    guessed = Browser()  # knows the address, but not the keys
    taken = api("POST", PATH, guessed.asks())
    assert taken.status_code == 400 and "endpoint" in taken.json()["errors"]
    assert browsers(ada) == [browser.endpoint]


def test_who_signs_in_last_in_a_browser_has_it(ada, ben) -> None:
    browser = Browser()
    browser.subscribed_by(ada)
    assert Api(ben)("POST", PATH, browser.asks()).status_code == 200
    assert (browsers(ada), browsers(ben)) == ([], [browser.endpoint])


BAD = [
    ({"endpoint": "http://push.example/send/one"}, "endpoint"),
    ({"endpoint": "https://127.0.0.1/"}, "endpoint"),
    ({"endpoint": "https://localhost/"}, "endpoint"),
    ({"endpoint": "https://redis/"}, "endpoint"),
    ({"endpoint": "https://push.example:6379/"}, "endpoint"),
    ({"endpoint": "https://ada@push.example/"}, "endpoint"),
    ({"endpoint": "https://testserver.local/"}, "endpoint"),
    ({"endpoint": "javascript:alert(1)"}, "endpoint"),
    ({"endpoint": "https://push.example/" + "a" * 1000}, "endpoint"),
    ({"endpoint": ""}, "endpoint"),
    ({"endpoint": 7}, "endpoint"),
    ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "keys"),
    ({"keys": {"p256dh": "!", "auth": "!"}}, "keys"),
    ({"keys": {"p256dh": keys.encoded(b"\4" * 65), "auth": keys.encoded(b"a" * 16)}}, "keys"),
    ({"keys": {"p256dh": keys.encoded(Browser().point), "auth": keys.encoded(b"a" * 15)}}, "keys"),
    ({"keys": None}, "keys"),
    ({"label": "a" * 61}, "label"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD)
def test_bad_input_is_named(ada, wrong, field) -> None:
    answer = Api(ada)("POST", PATH, Browser().asks() | wrong)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    assert browsers(ada) == []


def test_visitors_and_wrong_methods_are_refused(ada) -> None:
    assert Api()("GET", PATH).status_code == 401
    assert Api()("POST", PATH, Browser().asks()).status_code == 401
    assert Api(ada, scopes=("read",))("POST", PATH, Browser().asks()).status_code == 403
    for method in ("PUT", "PATCH"):
        assert Api(ada)(method, PATH, {}).status_code == 405
    assert Api(ada)("DELETE", PATH, {}).status_code == 400


def test_of_more_than_twenty_the_one_unused_for_longest_goes(ada) -> None:
    made = [Browser(f"number-{number:02}") for number in range(20)]
    for browser in made:
        browser.subscribed_by(ada)
    PushSubscription.objects.filter(endpoint=made[0].endpoint).update(used_at=Now() + timedelta(seconds=5))
    Browser("new").subscribed_by(ada)
    assert len(browsers(ada)) == 20
    assert made[0].endpoint in browsers(ada) and made[1].endpoint not in browsers(ada)
    assert Browser("new").endpoint in browsers(ada)


@pytest.mark.parametrize("count", [1, 20])
def test_a_list_costs_the_same_for_one_and_for_twenty(ada, django_assert_num_queries, count, vapid) -> None:
    for number in range(count):
        Browser(f"number-{number}").subscribed_by(ada)
    client = page_of(ada)
    client.get(PAGE)
    with django_assert_num_queries(2):  # the browsers, and the number beside the bell
        assert client.get(PAGE).content.count(b"data-mark=") == count


# --- Pages -----------------------------------------------------------------------------------------------


def test_the_page_lists_browsers_and_removes_them_without_a_script(ada, vapid) -> None:
    row = Browser().subscribed_by(ada, label="Firefox, Linux")
    client = page_of(ada)
    page = client.get(PAGE).content.decode()
    assert "Firefox, Linux" in page and f'data-key="{keys.public_key()}"' in page
    assert "push.example" not in page
    answer = client.post(f"{PAGE}/{row.pk}/remove", {"next": "/settings/profile"})
    assert (answer.status_code, answer["Location"]) == (302, "/settings/profile")
    assert browsers(ada) == []
    assert client.post(f"{PAGE}/{row.pk}/remove").status_code == 404
    assert client.get(f"{PAGE}/{row.pk}/remove").status_code == 405


def test_where_it_leads_afterwards_is_one_of_our_pages(ada, vapid) -> None:
    row = Browser().subscribed_by(ada)
    answer = page_of(ada).post(f"{PAGE}/{row.pk}/remove", {"next": "https://evil.example/"})
    assert answer["Location"] == PAGE


def test_visitors_are_asked_to_sign_in(vapid) -> None:
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/")
    assert Client().post(f"{PAGE}/1/remove")["Location"].startswith("/accounts/login/")


def test_without_a_key_the_page_says_so(ada, settings: Any) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    page = page_of(ada).get(PAGE).content.decode()
    assert "not set up for that" in page and "Tell me on this device" not in page


def test_the_service_worker_may_serve_the_whole_site() -> None:
    answer = Client().get("/service-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert b"showNotification" in answer.content and len(answer.content) < 4000
    assert Client().post("/service-worker.js").status_code == 405


# --- Who is gone -----------------------------------------------------------------------------------------


def test_signing_out_ends_it_in_that_browser_only(ada) -> None:
    here, there = page_of(ada), page_of(ada)
    for client, name in ((here, "here"), (there, "there")):
        assert asks(client, Browser(name)).status_code == 201
    here.post("/accounts/logout/")
    drain()
    assert browsers(ada) == [Browser("there").endpoint]
    people.revoke_session(user=ada, public_id=str(Session.objects.get(account=ada).public_id))
    drain()
    assert browsers(ada) == []


def test_what_a_program_asked_for_outlives_sessions(ada) -> None:
    Api(ada)("POST", PATH, Browser().asks())
    page_of(ada).post("/accounts/logout/")
    drain()
    assert browsers(ada) == [Browser().endpoint]


def test_of_a_deleted_person_nothing_is_left(ada, ben) -> None:
    Browser("one").subscribed_by(ada)
    Browser("two").subscribed_by(ben)
    people.delete_person(user=ada, password=PASSWORD)
    drain()
    assert browsers(ada) == [] and browsers(ben) == [Browser("two").endpoint]


def test_of_a_suspended_person_neither(ada) -> None:
    Browser().subscribed_by(ada)
    with transaction.atomic():
        User.objects.filter(pk=ada.pk).update(suspended_at=Now())
        emit(UserSuspended(user_id=ada.pk))
    drain()
    assert browsers(ada) == []


# --- At once ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_asked_at_once_there_is_one_and_never_more_than_twenty(round_) -> None:
    ada, ben, browser = person("ada"), person("ben"), Browser()
    at_once(*[lambda who=who: browser.subscribed_by(who) for who in (ada, ben, ada, ben)])
    assert PushSubscription.objects.count() == 1
    for number in range(18):
        Browser(f"number-{number}").subscribed_by(ada)
    at_once(*[lambda n=n: Browser(f"late-{n}").subscribed_by(ada) for n in range(4)])
    assert PushSubscription.objects.filter(user=ada).count() == actions.MOST_BROWSERS

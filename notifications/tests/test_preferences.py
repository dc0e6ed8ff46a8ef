"""What people wish to be told: chosen on the page or through the API, kept at once, and marked if default."""

import re
from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import Api, page_of
from notifications import actions, preferences
from notifications.models import Preference, Settings
from notifications.registry import KINDS, PACE_LABELS, Pace, Way

pytestmark = pytest.mark.django_db
PAGE, API = "/settings/notifications", "notifications/preferences"


def filled(html: str) -> dict[str, str]:
    """What a browser would send of the page as it is."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            sent[name[1]] = value[1] if value else ("on" if "checkbox" in tag else "")
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return {
        name: value for name, value in sent.items() if name not in ("csrfmiddlewaretoken", "idempotency_key")
    }


def form(ada: User, **changes: str | None) -> dict[str, str]:
    data = {**filled(page_of(ada).get(PAGE).content.decode())}
    for name, value in changes.items():
        name = name.replace("__", "-")
        data.pop(name, None)
        if value is not None:
            data[name] = value
    return data


def test_the_page_shows_the_defaults_and_sent_back_changes_nothing(ada: User) -> None:
    html = page_of(ada).get(PAGE).content.decode()
    for kind in KINDS.values():
        assert str(kind.label) in html
    assert html.count("as by default") == len(KINDS)
    assert "(default)" not in html
    assert 'href="/settings/notifications" aria-current="page"' in html
    answer = page_of(ada).post(PAGE, form(ada))
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert not Preference.objects.exists() and not Settings.objects.exists()


def test_everything_is_saved_at_once(ada: User) -> None:
    data = form(
        ada,
        quiet_from="22:00",
        quiet_until="07:00",
        loud_pass="on",
        hourly_cap="10",
        digest="weekly",
        is_on=None,
        like__pace="daily",
        like__from_whom="mutuals",
        like__push=None,
        like__mail="on",
        follow__pace="off",
    )
    assert page_of(ada).post(PAGE, data).status_code == 302
    wishes = preferences.of_person(ada.pk)
    kept = wishes.settings
    assert (kept.quiet_from, kept.quiet_until, kept.loud_pass) == (time(22), time(7), True)
    assert (kept.hourly_cap, kept.digest, kept.is_on) == (10, "weekly", False)
    assert (wishes.pace("like"), wishes.from_whom("like")) == (Pace.DAILY, "mutuals")
    assert wishes.wanted_ways("like") == {Way.SOCKET, Way.MAIL} and wishes.ways("like") == set()
    assert wishes.pace("follow") is Pace.OFF
    assert set(Preference.objects.values_list("kind", flat=True)) == {"like", "follow"}
    html = page_of(ada).get(PAGE).content.decode()
    assert html.count("as by default") == len(KINDS) - 2
    assert "Default: Inbox, Open pages, Devices; every 5 minutes" in html
    assert "every 5 minutes (default)" in html and html.count("(default)") == 3
    assert page_of(ada).post(PAGE, form(ada, is_on="on")).status_code == 302
    assert preferences.of_person(ada.pk).ways("like") == {Way.SOCKET, Way.MAIL}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end."),
        ({"quiet_until": "late"}, "Enter a valid time."),
        ({"hourly_cap": "0"}, "greater than or equal to 1"),
        ({"hourly_cap": "x"}, "Enter a whole number."),
        ({"like__pace": "yearly"}, "Select a valid choice."),
        ({"digest": ""}, "This field is required."),
    ],
)
def test_errors_keep_what_was_typed_and_save_nothing(
    ada: User, changes: dict[str, str], sentence: str
) -> None:
    answer = page_of(ada).post(PAGE, form(ada, comment__pace="hourly", **changes))
    html = answer.content.decode()
    assert answer.status_code == 400 and sentence in html and "Nothing is saved yet" in html
    sent = filled(html)
    assert sent["comment-pace"] == "hourly"
    for name, value in changes.items():
        if "__" not in name and value:
            assert sent[name] == value
    assert not Preference.objects.exists() and not Settings.objects.exists()


def test_back_to_the_defaults_keeps_what_is_no_choice(ada: User) -> None:
    actions.save_wishes(person=ada, settings={"hourly_cap": 3}, kinds={"like": {"pace": "off"}})
    Settings.objects.update(mail_trouble="bounced")
    answer = page_of(ada).post(f"{PAGE}/defaults")
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert not Preference.objects.exists()
    assert Settings.objects.get().hourly_cap == 50 and Settings.objects.get().mail_trouble == "bounced"
    assert page_of(ada).get(f"{PAGE}/defaults").status_code == 405


def test_the_page_says_how_people_are_reached(ada: User) -> None:
    ada.time_zone = "Asia/Kathmandu"
    ada.save(update_fields=["time_zone"])
    html = page_of(ada).get(PAGE).content.decode()
    assert "On clocks in Asia/Kathmandu" in html and "/settings/profile#id_time_zone" in html
    assert "How we reach you" in html and "On open pages" in html
    assert ada.email not in html


def test_what_is_urgent_cannot_be_switched_off(ada: User) -> None:
    html = page_of(ada).get(PAGE).content.decode()
    assert 'name="security-' not in html and "always at once" in html
    page_of(ada).post(PAGE, form(ada, is_on=None, security__mail=None))
    assert preferences.of_person(ada.pk).ways("security") == {Way.SOCKET, Way.MAIL, Way.PUSH}
    refused = Api(ada)("PUT", API, {"kinds": {"security": {"ways": []}}})
    assert refused.json()["errors"] == {"kinds.security.ways": ["This cannot be switched off."]}


def test_outsiders_and_wrong_methods() -> None:
    assert page_of().get(PAGE).status_code == 302
    assert page_of().post(f"{PAGE}/defaults").status_code == 302
    assert [Api()(method, API).status_code for method in ("GET", "PUT", "DELETE")] == [401] * 3


def test_wrong_methods(ada: User) -> None:
    assert page_of(ada).put(PAGE).status_code == 405
    assert Api(ada)("POST", API, {}).status_code == 405
    assert Api(ada, scopes=("read",))("PUT", API, {}).status_code == 403


# --- the API ------------------------------------------------------------------------------------------------


def test_the_document_can_be_drawn_changed_and_sent_back(ada: User) -> None:
    api = Api(ada)
    read = api("GET", API).json()
    assert read["kinds"]["like"] == {
        "ways": ["socket", "push"], "from_whom": "everyone", "pace": "5_minutes",
    }  # fmt: skip
    assert read["defaults"]["kinds"] == read["kinds"] and set(read["kinds"]) == set(KINDS)
    assert read["choices"]["kinds"]["follow"]["from_whom"] == ["everyone"]
    assert read["choices"]["kinds"]["like"]["pace"][0] == "5_minutes"
    assert read["choices"]["kinds"]["security"]["ways"] == []
    assert (read["time_zone"], read["quiet_from"], read["hourly_cap"]) == ("UTC", None, 50)
    assert api("PUT", API, read).json() == read
    assert not Preference.objects.exists()
    read["kinds"]["like"]["pace"], read["quiet_from"], read["quiet_until"] = "daily", "23:00", "06:30"
    changed = api("PUT", API, read).json()
    assert changed == read and changed == api("GET", API).json()


def test_only_what_is_sent_is_changed(ada: User) -> None:
    api = Api(ada)
    api("PUT", API, {"kinds": {"like": {"ways": ["mail"]}}, "hourly_cap": 5})
    answer = api("PUT", API, {"kinds": {"like": {"pace": "off"}}}).json()
    assert answer["kinds"]["like"] == {"ways": ["mail"], "from_whom": "everyone", "pace": "off"}
    assert answer["hourly_cap"] == 5
    assert api("DELETE", API).json()["kinds"] == answer["defaults"]["kinds"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"kinds": {"nonsense": {}}}, "kinds.nonsense"),
        ({"kinds": {"like": {"nonsense": 1}}}, "kinds.like.nonsense"),
        ({"kinds": {"like": {"pace": "yearly"}}}, "kinds.like.pace"),
        ({"kinds": {"mention": {"pace": "daily"}}}, "kinds.mention.pace"),
        ({"kinds": {"like": {"ways": ["inbox"]}}}, "kinds.like.ways"),
        ({"kinds": {"like": {"ways": "mail"}}}, "kinds.like.ways"),
        ({"kinds": {"follow": {"from_whom": "mutuals"}}}, "kinds.follow.from_whom"),
        ({"kinds": {"like": 1}}, "kinds.like.non_field_errors"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"hourly_cap": 501}, "hourly_cap"),
        ({"digest": "hourly"}, "digest"),
        ({"is_on": None}, "is_on"),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_path_and_nothing_is_kept(
    ada: User, body: dict[str, Any], path: str
) -> None:
    good = {"kinds": {"comment": {"pace": "hourly"}}}
    kinds = {**good["kinds"], **body.get("kinds", {})}
    answer = Api(ada)("PUT", API, {**good, **body, "kinds": kinds})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [path]
    assert not Preference.objects.exists() and not Settings.objects.exists()


def test_a_page_and_a_save_cost_the_same_however_much_was_chosen(ada: User) -> None:
    browser, costs = page_of(ada), []
    browser.get(PAGE)
    for pace in ("hourly", "off"):
        data = form(ada, **{f"{kind}__pace": pace for kind in ("like", "share", "comment", "reply")})
        with CaptureQueriesContext(connection) as reading:
            browser.get(PAGE)
        with CaptureQueriesContext(connection) as saving:
            browser.post(PAGE, data)
        costs.append((len(reading), len(saving)))
    assert costs[0] == costs[1]
    assert costs[0][0] <= 8 and costs[0][1] <= 18, costs


# --- the help page ------------------------------------------------------------------------------------------


def test_the_help_page_has_the_numbers_of_the_registry(ada: User) -> None:
    html = page_of().get("/help/notifications").content.decode()
    for kind in KINDS.values():
        assert str(kind.label) in html
        assert f"{PACE_LABELS[kind.paces[0]]}: " in html
    for words in (
        "30 seconds",
        "5 minutes",
        "2 hours",
        "1 day",
        "2, 3, 4, 7, 14, 28",
        "At most 50 times",
        "500+ people",
    ):
        assert words in html
    for words in (
        "close friends",
        "what you shared",
        "sliding windows",
        "quiet hours",
        "How to be told less",
    ):
        assert words in html
    assert 'href="/help/notifications"' in page_of(ada).get("/help/").content.decode()
    assert 'href="/help/notifications"' in page_of(ada).get(PAGE).content.decode()
    assert page_of().post("/help/notifications").status_code == 405

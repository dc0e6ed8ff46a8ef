"""Joining: by the page and by the API, with the address confirmed by a link, and nobody learning who is here."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts import usernames
from accounts.models import Activity, PersonCounts, User
from accounts.tests.factories import PASSWORD, person
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

FIELDS = {
    "username": "Ada_1",
    "email": "Ada@Example.com",
    "password": PASSWORD,
    "display_name": "Ada Lovelace",
}


@pytest.fixture(params=["mandatory", "optional"])
def verification(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = request.param
    return str(request.param)


@pytest.fixture
def mandatory(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def optional(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "optional"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    _fallback.forget()


def register(client: Client | None = None, **fields: str) -> Any:
    return (client or Client()).post(
        "/api/v1/auth/register", {**FIELDS, **fields}, content_type="application/json"
    )


def sign_up(client: Client | None = None, **fields: str) -> Any:
    form = {**FIELDS, **fields}
    form["password1"] = form.pop("password")
    return (client or Client()).post("/accounts/signup/", form)


def link_in(letter: Any) -> str:
    return re.search(r"http://[^/\s]+(/\S+)", letter.body).group(1)  # type: ignore[union-attr]


@pytest.mark.parametrize("door", [register, sign_up])
def test_joining_makes_all_rows_and_owes_a_letter(db: None, verification: str, door: Any) -> None:
    assert door().status_code in (201, 202, 302)
    ada = User.objects.named("ADA_1").get()
    assert (ada.username, ada.email, ada.display_name) == ("Ada_1", "ada@example.com", "Ada Lovelace")
    assert PersonCounts.objects.filter(pk=ada.pk).exists() and Activity.objects.filter(pk=ada.pk).exists()
    assert EmailAddress.objects.get(user=ada).verified is False
    assert Event.objects.filter(name="accounts.person_joined").count() == 1
    assert mail.outbox == []  # never inside a request
    drain()
    assert [letter.to for letter in mail.outbox] == [["ada@example.com"]]


@pytest.mark.parametrize("door", [register, sign_up])
def test_the_link_confirms_and_lets_in(db: None, mandatory: None, door: Any) -> None:
    door()
    browser = Client()
    assert browser.post("/accounts/login/", {"login": "ada_1", "password": PASSWORD}).status_code == 302
    assert "_auth_user_id" not in browser.session
    drain()
    path = link_in(mail.outbox[0])
    assert Client().get(path).status_code == 200
    assert EmailAddress.objects.get().verified is False  # looking is not confirming
    assert Client().post(path).status_code == 302
    assert EmailAddress.objects.get().verified is True
    answer = browser.post("/accounts/login/", {"login": "ada_1", "password": PASSWORD})
    assert answer.status_code == 302 and "_auth_user_id" in browser.session


def test_the_api_confirms_by_key(db: None, mandatory: None) -> None:
    register()
    drain()
    key = link_in(mail.outbox[0]).strip("/").rsplit("/", 1)[-1]
    confirm = "/api/v1/auth/email/confirm"
    assert Client().post(confirm, {"key": "x" + key}, content_type="application/json").status_code == 400
    assert Client().post(confirm, {"key": key}, content_type="application/json").status_code == 204
    assert EmailAddress.objects.get().verified is True


def test_the_api_answers_with_a_token_where_confirming_is_optional(db: None, optional: None) -> None:
    answer = register()
    body = answer.json()
    assert answer.status_code == 201 and body["user"]["username"] == "Ada_1"
    me = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert me.json()["email"] == "ada@example.com"


def test_a_known_address_gets_the_same_answer_and_its_owner_a_letter(db: None, mandatory: None) -> None:
    ben = person("ben")
    known, unknown = register(email="BEN@example.com"), register(username="someone", email="new@example.com")
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content == b""
    page_known = sign_up(email="ben@example.com", username="other_name")
    assert page_known.status_code == 302
    assert Event.objects.filter(name="accounts.joined_twice").count() == 2
    drain()
    told = [letter for letter in mail.outbox if letter.to == [ben.email]]
    assert told and all("already" in letter.subject for letter in told)
    assert not User.objects.named("Ada_1").exists()


def test_a_known_address_is_a_field_error_where_confirming_is_optional(db: None, optional: None) -> None:
    person("ben")
    answer = register(email="BEN@example.com")
    assert answer.status_code == 400 and "email" in answer.json()["errors"]
    assert sign_up(email="BEN@example.com").status_code == 200


@pytest.mark.parametrize("name", ["ada_1", "ADA_1"])
def test_a_taken_name_is_taken_in_any_case(db: None, verification: str, name: str) -> None:
    person("Ada_1")
    answer = register(username=name, email="x@example.com")
    assert answer.status_code == 400
    assert "taken" in answer.json()["errors"]["username"][0]
    page = sign_up(username=name, email="x@example.com")
    assert page.status_code == 200
    assert FIELDS["display_name"] in page.content.decode()  # what was typed is kept


BAD_NAMES = [
    "", "  ", "ab", "a" * 31, "ada lovelace", "ada-1", "ada.1", "аda", "Ａda", "ada\u200d",
    "ada\x00", "ada\u202e", "@ada", "../ada", "ada'--", "admin", "API", "settings", "_admin_", "deleted_7",
    "x" * 10_000, "🙂🙂🙂", "عَلِيّ",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_cannot_be(db: None, mandatory: None, name: str, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    answer = register(username=name)
    assert answer.status_code == 400 and "username" in answer.json()["errors"], answer.content
    assert sign_up(username=name).status_code in (200, 400)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "email",
    ["", "ada", "a@b", "a b@example.com", "a@exa\x00mple.com", "é@example.com", f"{'a' * 300}@example.com"],
)
def test_addresses_that_cannot_be(db: None, mandatory: None, email: str, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    answer = register(email=email)
    assert answer.status_code == 400 and "email" in answer.json()["errors"]
    assert sign_up(email=email).status_code in (200, 400)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "password",
        "12345678901",
        "ada_1234",
        "a" * 5000,
        "Dragon2024!",
        "p@55w0rd",
        "monkeymonkey",
    ],
)
def test_weak_passwords(db: None, mandatory: None, password: str, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    answer = register(password=password)
    assert answer.status_code == 400 and "password" in answer.json()["errors"]
    if len(password) < 5000:
        assert sign_up(password=password).status_code == 200
        assert not User.objects.exists()


def test_names_to_show_may_be_anything_visible(db: None, optional: None, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    for number, name in enumerate(["👩‍👩‍👧", "مرحبا بالعالم", "Zoë", "李雷"]):
        answer = register(username=f"name_{number}", email=f"{number}@example.com", display_name=name)
        assert answer.json()["user"]["display_name"] == name
    for name in ["\u200b\u200b", "\u202eabc", "x" * 101]:
        answer = register(username="bad_name", email="bad@example.com", display_name=name)
        assert answer.status_code == 400 and "display_name" in answer.json()["errors"]
    assert (
        register(username="no_name", email="n@example.com", display_name=" ").json()["user"]["display_name"]
        == "no_name"
    )


def test_three_sign_ups_an_hour_from_one_address(db: None, mandatory: None, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    answers = [register(username=f"name_{n}", email=f"{n}@example.com").status_code for n in range(4)]
    assert answers == [202, 202, 202, 429]
    assert sign_up(username="name_9", email="9@example.com").status_code == 429


def test_every_page_of_the_site_is_reserved() -> None:
    assert {"admin", "api", "settings", "accounts", "help", "posts", "home"} <= usernames.RESERVED
    assert usernames.is_reserved("__Admin__") and not usernames.is_reserved("ada")

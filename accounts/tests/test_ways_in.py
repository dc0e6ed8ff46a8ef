"""What ends when more is asked of a person than before, and what a token may make of itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import actions
from accounts.errors import BadToken
from accounts.models import ApiToken, User
from accounts.tests.factories import PASSWORD, Api, page_of, person
from accounts.tests.test_factors import code_of
from socialnet.kernel.ratelimit import _fallback

NEW = "another horse entirely 7"


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    _fallback.forget()
    settings.RATE_LIMITS_ENABLED = False


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


def signed_in_token() -> str:
    body = {"login": "ada", "password": PASSWORD}
    answer = Client().post("/api/v1/auth/token", body, content_type="application/json")
    return str(answer.json()["token"])


def opens(secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/v1/me", headers=headers).status_code == 200


def posted(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


# --- what ends ----------------------------------------------------------------------------------------------


def change_by_page(ada: User) -> None:
    body = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert page_of(ada).post("/accounts/password/change/", body).status_code == 302


def change_by_session(ada: User) -> None:
    body = {"old_password": PASSWORD, "new_password": NEW}
    assert posted(page_of(ada), "auth/password", body).status_code == 204


def app_by_page(ada: User) -> None:
    browser = page_of(ada)
    begun = browser.post("/settings/security/app", {"password": PASSWORD}).context["begun"]
    body = {"ticket": begun.ticket, "code": code_of(begun.secret)}
    assert browser.post("/settings/security/app/confirm", body).status_code == 200


def passkey(ada: User) -> None:
    actions.add_passkey(
        user=ada, ticket=actions.begin_passkey(user=ada, password=PASSWORD), name="phone", credential={}
    )


@pytest.mark.parametrize("change", [change_by_page, change_by_session, app_by_page, passkey])
def test_tokens_end_with_a_new_password_and_with_a_new_second_factor(ada: User, change: Any) -> None:
    signed_in = signed_in_token()
    bot = actions.make_token(user=ada, name="my bot", scopes=["read"]).secret
    assert opens(signed_in) and opens(bot)
    change(ada)
    assert not opens(signed_in) and not opens(bot)


def test_the_token_that_changes_the_password_goes_on(ada: User) -> None:
    api, other = Api(ada), signed_in_token()
    body = {"old_password": PASSWORD, "new_password": NEW}
    assert api("POST", "auth/password", body).status_code == 204
    assert api("GET", "me").status_code == 200 and not opens(other)


def test_the_token_that_sets_up_an_app_goes_on(ada: User) -> None:
    api, other, browser = Api(ada), signed_in_token(), page_of(ada)
    begun = api("POST", "auth/2fa/totp", {"password": PASSWORD}).json()
    body = {"ticket": begun["ticket"], "code": code_of(begun["secret"])}
    assert api("POST", "auth/2fa/totp/confirm", body).status_code == 200
    assert api("GET", "me").status_code == 200 and not opens(other)
    assert browser.get("/settings/privacy").status_code == 302


def test_pages_say_that_tokens_end(ada: User) -> None:
    browser = page_of(ada)
    begun = browser.post("/settings/security/app", {"password": PASSWORD})
    for page in (browser.get("/accounts/password/change/"), browser.get("/settings/security"), begun):
        assert "of a program ends" in page.content.decode() or "tokens of programs" in page.content.decode()


# --- what a token makes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "wanted", "status"),
    [
        (["write"], ["read", "write", "moderate"], 403),
        (["write"], ["read"], 403),
        (["read", "write"], ["moderate"], 403),
        (["read", "write"], ["read"], 201),
        (["write"], ["write"], 201),
        (["read", "write", "moderate"], ["moderate"], 201),
    ],
)
def test_a_token_makes_none_that_may_more(db: None, own: list[str], wanted: list[str], status: int) -> None:
    api = Api(person("mod", is_staff=True), scopes=tuple(own))
    answer = api("POST", "auth/tokens", {"name": "x", "scopes": wanted})
    assert answer.status_code == status
    assert ApiToken.objects.count() == (2 if status == 201 else 1)
    if status == 403:
        assert answer.json()["code"] == "scope_missing"


def test_a_token_makes_none_that_lasts_longer(ada: User) -> None:
    api, ends = Api(ada), timezone.now() + timedelta(days=3)
    ApiToken.objects.update(expires_at=ends)
    assert api("POST", "auth/tokens", {"name": "x", "scopes": ["read"]}).status_code == 201
    assert set(ApiToken.objects.values_list("expires_at", flat=True)) == {ends}


def test_a_token_that_was_revoked_makes_none(ada: User) -> None:
    with pytest.raises(BadToken):
        actions.make_token_by_token(user=ada, token_id=7, name="x", scopes=["read"])
    other = actions.make_token(user=person("ben"), name="x", scopes=["read"]).token
    with pytest.raises(BadToken):
        actions.make_token_by_token(user=ada, token_id=other.pk, name="x", scopes=["read"])


def test_a_session_gives_the_password_for_a_token(ada: User) -> None:
    browser, body = page_of(ada), {"name": "x", "scopes": ["read"]}
    for wrong in ({}, {"password": "not it at all"}):
        answer = posted(browser, "auth/tokens", {**body, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "wrong_password")
    assert not ApiToken.objects.exists()
    made = posted(browser, "auth/tokens", {**body, "password": PASSWORD})
    assert made.status_code == 201 and opens(made.json()["token"])


def test_tries_at_the_password_are_counted(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    browser, body = page_of(ada), {"name": "x", "scopes": ["read"], "password": "not it at all"}
    answers = [posted(browser, "auth/tokens", body).status_code for _ in range(4)]
    answers += [browser.post("/settings/tokens", body).status_code for _ in range(2)]
    assert answers == [400] * 5 + [429]

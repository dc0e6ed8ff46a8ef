"""Signing in and out, passwords, addresses and tokens."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from cachebox import VTTLCache
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import actions, cache
from accounts.actions.addresses import old_side_key
from accounts.models import ApiToken, EmailChange, User
from accounts.tests.factories import PASSWORD, Api, page_of, person
from socialnet.kernel import redis
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.models import AuditEntry, Delivery
from socialnet.outbox.testing import drain

NEW = "another horse entirely 7"


@pytest.fixture(autouse=True)
def settled(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.RATE_LIMITS_ENABLED = False
    _fallback.forget()


def token(login: str, password: str = PASSWORD, **headers: str) -> Any:
    body = {"login": login, "password": password}
    return Client().post("/api/v1/auth/token", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.com", "Ada@Example.COM", "  ada "])
def test_by_username_or_address_in_any_case(ada: User, login: str) -> None:
    answer = token(login)
    assert answer.status_code == 200 and answer.json()["user"]["username"] == "ada"
    browser = Client()
    assert browser.post("/accounts/login/", {"login": login, "password": PASSWORD}).status_code == 302
    assert browser.session["_auth_user_id"] == str(ada.pk)
    assert AuditEntry.objects.filter(act="accounts.sign_in", actor_id=ada.pk).count() == 2


def test_lookups_use_the_indexes_on_lower(ada: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        token("ada")
        Client().post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    people = [query["sql"] for query in queries if 'FROM "accounts_user"' in query["sql"]]
    assert people and not any("UPPER(" in sql for sql in people)


@pytest.mark.parametrize("login", ["nobody", "nobody@example.com", "", "a\u0000", "x" * 400, "'; --", "🙂"])
def test_unknown_and_wrong_are_answered_alike(ada: User, login: str) -> None:
    wrong, unknown = token("ada", "not it at all"), token(login)
    if login.strip() and "\x00" not in login:
        assert (
            (wrong.status_code, wrong.json()["code"])
            == (unknown.status_code, unknown.json()["code"])
            == (401, "wrong_credentials")
        )
        assert wrong.json()["detail"] == unknown.json()["detail"]
    else:
        assert unknown.status_code == 400
    page = Client().post("/accounts/login/", {"login": login, "password": PASSWORD})
    assert page.status_code in (200, 400)


def test_one_hash_is_computed_for_known_and_unknown(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    hashed = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)
        monkeypatch.setattr(
            Argon2PasswordHasher,
            name,
            lambda self, *args, original=original, **kwargs: (
                hashed.append(1) or original(self, *args, **kwargs)
            ),
        )
    token("ada", "not it at all")
    known = len(hashed)
    token("nobody", "not it at all")
    assert (known, len(hashed) - known) == (1, 1)


def test_an_unconfirmed_address_is_told_to_who_knows_the_password(ada: User) -> None:
    EmailAddress.objects.update(verified=False)
    assert token("ada").json()["code"] == "email_not_confirmed"
    assert token("ada", "not it at all").json()["code"] == "wrong_credentials"
    drain()
    assert mail.outbox[0].to == [ada.email]


def test_a_suspended_account_is_told_to_who_knows_the_password(ada: User) -> None:
    actions.suspend_user(user=ada, actor=None)
    assert (token("ada").status_code, token("ada").json()["code"]) == (403, "account_suspended")
    assert token("ada", "not it at all").json()["code"] == "wrong_credentials"


def test_five_tries_in_a_quarter_of_an_hour(ada: User, ben: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    answers = [token("ada", "not it at all").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert token("ADA").status_code == 429  # the right password does not help, nor another case
    assert token("ben").status_code == 200


def test_pages_limit_wrong_passwords_too(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    answers = [
        Client().post("/accounts/login/", {"login": "ada", "password": "not it at all"}).content.decode()
        for _ in range(6)
    ]
    assert "Too many" in answers[-1]


def test_with_redis_away_people_sign_in_by_page_and_guessing_stays_limited(
    ada: User, ben: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS_ENABLED = True
    monkeypatch.setattr("socialnet.kernel.cache._meanwhile", VTTLCache(100))
    redis.breaker._breaker.open()
    for _ in range(6):
        Client().post("/accounts/login/", {"login": "ben", "password": "a guess"})
    assert b"Too many" in Client().post("/accounts/login/", {"login": "ben", "password": PASSWORD}).content
    assert Client().post("/accounts/login/", {"login": "ada", "password": PASSWORD}).status_code == 302


def test_signing_out_by_token(ada: User) -> None:
    secret = token("ada").json()["token"]
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    assert Client().delete("/api/v1/auth/token", headers=headers).status_code == 204
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_signing_out_by_page(ada: User) -> None:
    browser = page_of(ada)
    assert browser.get("/accounts/logout/").status_code == 200  # looking does not sign out
    assert browser.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in browser.session


# --- tokens -------------------------------------------------------------------------------------------------


def test_tokens_are_kept_as_hashes_and_shown_once(ada: User) -> None:
    answer = Api(ada)("POST", "auth/tokens", {"name": "my bot", "scopes": ["read"]})
    made = answer.json()
    assert answer.status_code == 201 and made["token"].startswith(made["prefix"])
    assert not ApiToken.objects.filter(hash=made["token"]).exists()
    listed = Api(ada)("GET", "auth/tokens").json()["results"]
    assert "token" not in listed[0] and made["token"] not in str(listed)


def test_a_token_made_on_the_page_works_and_can_be_revoked(ada: User) -> None:
    browser = page_of(ada)
    body = {"name": "my bot", "scopes": ["read", "write"]}
    for password in ({}, {"password": "not it at all"}):
        refused = browser.post("/settings/tokens", {**body, **password})
        assert refused.status_code == 400 and "my bot" in refused.content.decode()
    html = browser.post("/settings/tokens", {**body, "password": PASSWORD}).content.decode()
    secret = re.search(r"sn_[\w-]{40,}", html).group(0)  # type: ignore[union-attr]
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=headers).status_code == 200
    assert secret not in browser.get("/settings/sessions").content.decode()
    made = ApiToken.objects.get(user=ada)
    assert browser.post(f"/settings/tokens/{made.pk}/revoke").status_code == 302
    assert Client().get("/api/v1/me", headers=headers).status_code == 401


def test_scopes_are_enforced(ada: User, ben: User) -> None:
    reader = Api(ben, scopes=("read",))
    assert reader("GET", "users/ada").status_code == 200
    answer = reader("PUT", "users/ada/follow")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    writer = Api(ben, scopes=("write",))
    assert writer("GET", "users/ada").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["moderate"]},
        {"name": "x" * 101, "scopes": ["read"]},
        {"scopes": ["read"]},
        {"name": "x"},
    ],
)
def test_tokens_that_cannot_be(ada: User, body: Any) -> None:
    assert Api(ada)("POST", "auth/tokens", body).status_code == 400
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("secret", ["", "x", "sn_" + "x" * 43, "é", "a b", "x" * 5000])
def test_bad_tokens(db: None, secret: str) -> None:
    answer = Client().get("/api/v1/users/ada", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_nobody_revokes_anothers_token(ada: User, ben: User) -> None:
    api = Api(ada)
    other = ApiToken.objects.get(user=ada)
    assert Api(ben)("DELETE", f"auth/tokens/{other.pk}").status_code == 404
    assert Api(ben)("DELETE", f"auth/tokens/{10**30}").status_code == 404
    assert page_of(ben).post(f"/settings/tokens/{other.pk}/revoke").status_code == 404
    assert api("GET", "me").status_code == 200


def test_a_warm_token_costs_no_query_and_outlives_postgresql(ada: User) -> None:
    api = Api(ada)
    api("GET", "auth/tokens")
    with CaptureQueriesContext(connection) as queries:
        api("GET", "auth/tokens")
    assert len(queries) == 1  # the list itself
    with redis.door() as door:
        assert door.exists(cache.tokens.standby.key(ApiToken.objects.get().hash))


def test_use_is_noted_once_a_day(ada: User) -> None:
    Api(ada)("GET", "me")
    assert ApiToken.objects.get().last_used_on is not None


def test_idle_and_expired_tokens_are_forgotten(ada: User) -> None:
    from django.db.models.functions import Now

    api = Api(ada)
    ApiToken.objects.update(expires_at=Now())
    assert api("GET", "me").status_code == 401
    assert actions.forget_expired()["tokens"] == 1


# --- passwords and addresses --------------------------------------------------------------------------------


def test_changing_the_password_by_the_api(ada: User) -> None:
    api, browser = Api(ada), page_of(ada)
    wrong = api("POST", "auth/password", {"old_password": "no", "new_password": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_password")
    weak = api("POST", "auth/password", {"old_password": PASSWORD, "new_password": "short"})
    assert "new_password" in weak.json()["errors"]
    assert api("POST", "auth/password", {"old_password": PASSWORD, "new_password": NEW}).status_code == 204
    assert token("ada", NEW).status_code == 200 and token("ada").status_code == 401
    assert browser.get("/settings/privacy").status_code == 302
    drain()
    assert "changed" in mail.outbox[-1].subject


def test_changing_it_by_the_api_with_the_browsers_session_keeps_that_session(ada: User) -> None:
    here, there = page_of(ada), page_of(ada)
    body = {"old_password": PASSWORD, "new_password": NEW}
    assert here.post("/api/v1/auth/password", body, content_type="application/json").status_code == 204
    assert here.get("/settings/privacy").status_code == 200
    assert there.get("/settings/privacy").status_code == 302


def test_a_forgotten_password_by_page(ada: User) -> None:
    signed_in, api = page_of(ada), Api(ada)
    known = Client().post("/accounts/password/reset/", {"email": "ADA@example.com"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    drain()
    (letter,) = mail.outbox
    path = re.search(r"http://[^/\s]+(/\S+)", letter.body).group(1)  # type: ignore[union-attr]
    browser = Client()
    form = browser.get(path, follow=True)
    done = browser.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert done.status_code == 302
    assert token("ada", NEW).status_code == 200
    assert signed_in.get("/settings/privacy").status_code == 302
    again = Client().get(path, follow=True)
    assert "password1" not in again.content.decode()  # the link works once
    assert api("GET", "me").status_code == 401  # as by the API: tokens end, too


def test_a_forgotten_password_by_api(ada: User) -> None:
    api = Api(ada)
    for email in ("ada@example.com", "nobody@example.com", "not an address"):
        answer = Client().post(
            "/api/v1/auth/password/reset", {"email": email}, content_type="application/json"
        )
        assert (answer.status_code, answer.content) == (202, b"")
    drain()
    (letter,) = mail.outbox
    uid, key = re.search(r"/key/([0-9a-z]+)-(\S+?)/\s", letter.body).groups()  # type: ignore[union-attr]
    confirm = "/api/v1/auth/password/reset/confirm"
    for bad in ({"uid": uid, "key": "x" + key}, {"uid": "zzzz", "key": key}, {"uid": "-", "key": key}):
        answer = Client().post(confirm, {**bad, "password": NEW}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "broken_link")
    good = {"uid": uid, "key": key, "password": NEW}
    assert Client().post(confirm, good, content_type="application/json").status_code == 204
    assert Client().post(confirm, good, content_type="application/json").status_code == 400
    assert token("ada", NEW).status_code == 200
    assert api("GET", "me").status_code == 401


def link_to(address: str) -> str:
    """The path of the newest letter there."""
    letter = next(letter for letter in reversed(mail.outbox) if letter.to == [address])
    return re.search(r"http://[^/\s]+(/\S+)", str(letter.body)).group(1)  # type: ignore[union-attr]


def test_changing_the_address(ada: User, ben: User) -> None:
    api = Api(ada)
    assert api("POST", "auth/email", {"email": "new@example.com", "password": "no"}).status_code == 400
    assert api("POST", "auth/email", {"email": "new@example.com", "password": PASSWORD}).status_code == 202
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    drain()
    assert Client().post(link_to("new@example.com")).status_code == 302
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"  # the old one has a say, too
    page = Client().get(link_to("ada@example.com"))
    assert page.status_code == 200 and "new@example.com" in page.content.decode()
    assert Client().post(link_to("ada@example.com"), {"answer": "agree"}).status_code == 200
    ada.refresh_from_db()
    assert ada.email == "new@example.com"
    assert token("new@example.com").status_code == 200 and token("ada@example.com").status_code == 401


def test_a_taken_address_is_answered_alike_and_its_owner_told(ada: User, ben: User) -> None:
    answer = Api(ada)("POST", "auth/email", {"email": "BEN@example.com", "password": PASSWORD})
    assert answer.status_code == 202
    drain()
    assert [ben.email] in [letter.to for letter in mail.outbox]
    assert EmailAddress.objects.get(user=ada, verified=True).email == "ada@example.com"


def test_the_page_changes_the_address_too(ada: User) -> None:
    browser = page_of(ada)
    assert (
        browser.post("/accounts/email/", {"email": "new@example.com", "password": PASSWORD}).status_code
        == 302
    )
    drain()
    Client().post(link_to("ada@example.com"), {"answer": "agree"})
    said = browser.post(link_to("new@example.com"), follow=True).content.decode()
    assert "new@example.com is confirmed." in said
    ada.refresh_from_db()
    assert ada.email == "new@example.com"
    assert list(EmailAddress.objects.filter(user=ada).values_list("email", "primary")) == [
        ("new@example.com", True)
    ]


def test_the_page_shows_a_taken_address_like_any_other(ada: User, ben: User) -> None:
    shown = []
    for email in ("new@example.com", ben.email):
        browser = page_of(ada)
        browser.post("/accounts/email/", {"email": email, "password": PASSWORD})
        page = browser.get("/accounts/email/").content.decode()
        assert browser.post("/accounts/email/", {"action_send": "", "email": email}).status_code == 302
        shown.append(
            [page.count(part.replace("@@", email)) for part in ("@@", "action_send", "action_remove")]
        )
        drain()
    assert shown[0] == shown[1] and shown[0][1:] == [1, 1]
    letters = [str(letter.body) for letter in mail.outbox if letter.to == [ben.email]]
    assert letters and not any("confirm-email" in letter for letter in letters)


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_page_asks_for_the_password_and_keeps_what_was_typed(ada: User, confirmed: bool) -> None:
    """Without it, an open browser and an address that nobody confirmed would be enough to take the account over."""
    EmailAddress.objects.filter(user=ada).update(verified=confirmed)
    browser, thief = page_of(ada), "thief@example.com"
    assert 'name="password"' in browser.get("/accounts/email/").content.decode()
    for more in ({}, {"action_add": ""}, {"password": ""}, {"password": "not it at all"}):
        answer = browser.post("/accounts/email/", {"email": thief, **more})
        assert answer.status_code == 400 and f'value="{thief}"' in answer.content.decode()
    for act in ("action_send", "action_primary", "action_remove"):
        browser.post("/accounts/email/", {"email": thief, act: ""})
    drain()
    assert list(EmailAddress.objects.filter(user=ada).values_list("email", "primary")) == [(ada.email, True)]
    assert not EmailChange.objects.exists() and not any(letter.to == [thief] for letter in mail.outbox)


def test_a_change_on_the_page_says_what_is_wrong_with_the_address(ada: User) -> None:
    for bad in ("no address", ada.email):
        answer = page_of(ada).post("/accounts/email/", {"email": bad, "password": PASSWORD})
        assert answer.status_code == 400 and bad in answer.content.decode()
    assert EmailAddress.objects.count() == 1


def test_tries_at_the_password_on_the_page_of_the_address_are_counted(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "password_reset": "100/h"}
    body = {"email": "new@example.com", "password": "not it at all"}
    browser = page_of(ada)
    answers = [browser.post("/accounts/email/", body).status_code for _ in range(6)]
    assert answers == [400] * 5 + [429]


def test_the_page_sends_the_letter_again_and_keeps_the_old_address(ada: User) -> None:
    browser = page_of(ada)
    browser.post("/accounts/email/", {"email": "new@example.com", "password": PASSWORD})
    drain()
    page = browser.get("/accounts/email/").content.decode()
    assert "new@example.com" in page and "action_send" in page and "action_remove" in page
    before = len(mail.outbox)
    assert browser.post("/accounts/email/", {"action_send": "", "email": "x"}).status_code == 302
    drain()
    assert [letter.to for letter in mail.outbox[before:]] == [["new@example.com"]]
    path = link_to("new@example.com")
    assert browser.post("/accounts/email/", {"action_remove": "", "email": "x"}).status_code == 302
    assert "Your address stays as it is" in browser.get("/accounts/email/").content.decode()
    assert "new@example.com" not in browser.get("/accounts/email/").content.decode()
    Client().post(path)
    ada.refresh_from_db()
    assert ada.email == "ada@example.com" and not EmailChange.objects.exists()


def test_the_page_of_the_address_is_for_who_is_signed_in(ada: User) -> None:
    assert Client().get("/accounts/email/").status_code == 302
    assert Client().post("/accounts/email/", {"email": "x@example.com"}).status_code == 302
    assert page_of(ada).put("/accounts/email/").status_code == 405


def test_the_old_address_stops_a_change(ada: User) -> None:
    actions.ask_email_change(user=ada, email="thief@example.com", password=PASSWORD)
    drain()
    stop = link_to("ada@example.com")
    assert Client().post(stop, {"answer": "stop"}).status_code == 200
    assert Client().post(link_to("thief@example.com")).status_code in (302, 404)
    ada.refresh_from_db()
    assert ada.email == "ada@example.com" and EmailAddress.objects.filter(user=ada).count() == 1
    assert Client().get(stop).status_code == 400 and Client().get(stop[:-3]).status_code == 400
    assert Client().put(stop).status_code == 405


def test_an_old_address_that_keeps_silent_does_not_hold_it_up_for_ever(ada: User) -> None:
    actions.ask_email_change(user=ada, email="new@example.com", password=PASSWORD)
    actions.confirm_address(address=EmailAddress.objects.get(email="new@example.com"))
    assert actions.apply_due_changes() == 0
    EmailChange.objects.update(asked_at=timezone.now() - timedelta(days=3, minutes=1))
    assert actions.apply_due_changes() == 1
    ada.refresh_from_db()
    assert ada.email == "new@example.com" and not EmailChange.objects.exists()


def test_what_nobody_confirmed_never_takes_place(ada: User) -> None:
    actions.ask_email_change(user=ada, email="new@example.com", password=PASSWORD)
    actions.agree_to_change(key=old_side_key(EmailChange.objects.get()))
    EmailChange.objects.update(asked_at=timezone.now() - timedelta(days=30))
    assert actions.apply_due_changes() == 0
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"


def test_letters_are_sent_again_until_the_mail_server_takes_them(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError

    Client().post("/api/v1/auth/password/reset", {"email": ada.email}, content_type="application/json")
    with monkeypatch.context() as patch:
        patch.setattr("accounts.mail.EmailMessage.send", refuse)
        drain(allow_failures=True)
    assert mail.outbox == []
    Delivery.objects.filter(handler="accounts.send_password_reset").update(leased_until="2020-01-01T00:00Z")
    drain()
    assert len(mail.outbox) == 1


def test_names_that_look_like_addresses_cannot_be(db: None) -> None:
    assert person("plain").pk and not User.objects.named("plain@example.com").exists()


def test_the_browsers_session_needs_the_csrf_token_for_writing(ada: User, ben: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ben)
    assert browser.get("/api/v1/users/ada").json()["relation"]["following"] is False
    refused = browser.put("/api/v1/users/ada/follow")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.get("/settings/privacy")
    token_value = browser.cookies["csrftoken"].value
    assert browser.put("/api/v1/users/ada/follow", headers={"X-CSRFToken": token_value}).status_code == 200
    assert Client(enforce_csrf_checks=True).post("/@ada/follow").status_code == 403

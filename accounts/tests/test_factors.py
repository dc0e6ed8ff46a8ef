"""Second factors by page and API: setting up, signing in, standing in, taking away, and the way into the admin."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache as allauths_cache
from django.db import connection
from django.test import Client

from accounts import actions, factors
from accounts.errors import TicketOver
from accounts.models import Session, User
from accounts.selectors import factors_of
from accounts.tests.factories import PASSWORD, Api, page_of, person
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    _fallback.forget()
    settings.RATE_LIMITS_ENABLED = False


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


def code_of(secret: str, *, step: int = 0) -> str:
    """What the app shows; each opens once, so tests use those around."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


@pytest.fixture
def secured(ada: User) -> tuple[User, str, list[str]]:
    begun = actions.begin_app(user=ada, password=PASSWORD)
    codes = actions.confirm_app(user=ada, ticket=begun.ticket, code=code_of(begun.secret))
    return ada, begun.secret, codes


def token(login: str = "ada", password: str = PASSWORD, **more: str) -> Any:
    body = {"login": login, "password": password, **more}
    return Client().post("/api/v1/auth/token", body, content_type="application/json")


def sign_in(browser: Client, login: str = "ada") -> Any:
    return browser.post("/accounts/login/", {"login": login, "password": PASSWORD})


# --- setting up ---------------------------------------------------------------------------------------------


def test_setting_up_an_app_by_pages(ada: User) -> None:
    elsewhere = page_of(ada)
    browser = page_of(ada)
    assert "off" in browser.get("/settings/security").content.decode()
    assert browser.get("/settings/security/app").status_code == 200
    wrong = browser.post("/settings/security/app", {"password": "not it at all"})
    assert wrong.status_code == 400 and b"That is not your password" in wrong.content
    page = browser.post("/settings/security/app", {"password": PASSWORD})
    begun = page.context["begun"]
    assert begun.secret in page.content.decode() and "data:image/svg+xml" in page.content.decode()
    assert begun.url.startswith("otpauth://totp/ada?") and "no-store" in page["Cache-Control"]
    assert not Authenticator.objects.exists()

    again = browser.post("/settings/security/app/confirm", {"ticket": begun.ticket, "code": "000000"})
    assert again.status_code == 400 and begun.secret in again.content.decode()
    done = browser.post(
        "/settings/security/app/confirm", {"ticket": begun.ticket, "code": code_of(begun.secret)}
    )
    assert done.status_code == 200 and len(done.context["codes"]) == 10
    assert "on" in browser.get("/settings/security").content.decode()
    assert elsewhere.get("/settings/security").status_code == 302  # that browser gave no second factor
    assert not any(
        code in browser.get("/settings/security").content.decode() for code in done.context["codes"]
    )


def test_setting_up_an_app_by_api(ada: User) -> None:
    api = Api(ada)
    assert api("GET", "auth/2fa").json() == {
        "is_on": False, "app": None, "passkeys": [], "recovery_codes_left": 0,
    }  # fmt: skip
    assert api("POST", "auth/2fa/totp", {"password": "no"}).json()["code"] == "wrong_password"
    begun = api("POST", "auth/2fa/totp", {"password": PASSWORD}).json()
    wrong = api("POST", "auth/2fa/totp/confirm", {"ticket": begun["ticket"], "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_code")
    done = api("POST", "auth/2fa/totp/confirm", {"ticket": begun["ticket"], "code": code_of(begun["secret"])})
    assert len(done.json()["recovery_codes"]) == 10
    told = api("GET", "auth/2fa").json()
    assert told["is_on"] and told["recovery_codes_left"] == 10
    assert api("POST", "auth/2fa/totp", {"password": PASSWORD}).json()["code"] == "factor_exists"
    assert Client().get("/api/v1/auth/2fa").status_code == 401
    assert api("PUT", "auth/2fa").status_code == 405
    assert api("POST", "auth/2fa/totp", {}).status_code == 400


def test_a_ticket_is_its_owners_and_ends(ada: User) -> None:
    begun = actions.begin_app(user=ada, password=PASSWORD)
    with pytest.raises(TicketOver):
        actions.confirm_app(user=person("ben"), ticket=begun.ticket, code=code_of(begun.secret))
    with pytest.raises(TicketOver):
        actions.confirm_app(user=ada, ticket=begun.ticket + "x", code=code_of(begun.secret))
    for_a_passkey = actions.begin_passkey(user=ada, password=PASSWORD)
    answer = page_of(ada).post("/settings/security/app/confirm", {"ticket": for_a_passkey, "code": "1"})
    assert answer.status_code == 400


def test_secrets_are_kept_sealed(secured: Any) -> None:
    _ada, secret, codes = secured
    kept = " ".join(str(factor.data) for factor in Authenticator.objects.all())
    assert secret not in kept and not any(code in kept for code in codes)


def test_what_changes_is_on_the_record_and_told_by_mail(secured: Any) -> None:
    ada, secret, _codes = secured
    actions.remove_app(user=ada, password=PASSWORD, code=code_of(secret, step=1))
    drain()
    subjects = [letter.subject for letter in mail.outbox]
    assert subjects.count("Your second factor is changed.") == 2
    assert {"accounts.factor_added", "accounts.factor_removed"} <= set(
        AuditEntry.objects.values_list("act", flat=True)
    )


# --- signing in ---------------------------------------------------------------------------------------------


def test_a_program_needs_a_code(secured: Any) -> None:
    _ada, secret, _codes = secured
    assert (token().status_code, token().json()["code"]) == (401, "mfa_required")
    assert token(password="not it at all").json()["code"] == "wrong_credentials"
    assert token(code="000000").json()["code"] == "wrong_code"
    code = code_of(secret, step=1)
    assert token(code=f"{code[:3]} {code[3:]}").status_code == 200
    assert token(code=code).json()["code"] == "wrong_code"  # each opens once


def test_a_recovery_code_stands_in_once(secured: Any) -> None:
    ada, _secret, codes = secured
    assert token(code=codes[0]).status_code == 200
    assert token(code=codes[0]).json()["code"] == "wrong_code"
    assert factors_of(ada).codes_left == 9


def test_pages_ask_for_the_code_before_anybody_is_in(secured: Any) -> None:
    ada, secret, _codes = secured
    browser = Client()
    assert sign_in(browser)["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/settings/security").status_code == 302
    assert not Session.objects.filter(account=ada).exists()
    page = browser.get("/accounts/2fa/authenticate/")
    assert page.status_code == 200 and "Your second factor" in page.content.decode()
    wrong = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200 and "That code is not right" in wrong.content.decode()
    right = browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret, step=1)})
    assert (right.status_code, right["Location"]) == (302, "/")
    assert browser.get("/settings/security").status_code == 200
    assert Client().get("/accounts/2fa/authenticate/").status_code == 302


def test_tries_at_the_code_are_counted(secured: Any, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    _ada, secret, _codes = secured
    browser = Client()
    sign_in(browser)
    answers = [browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert token(code=code_of(secret, step=1)).status_code == 429  # by API, too


def test_allauths_own_pages_lead_to_ours(ada: User) -> None:
    browser = page_of(ada)
    for path in (
        "",
        "totp/activate/",
        "totp/deactivate/",
        "recovery-codes/",
        "webauthn/add/",
        "reauthenticate/",
    ):
        answer = browser.get(f"/accounts/2fa/{path}")
        assert (answer.status_code, answer["Location"]) == (302, "/settings/security")


# --- taking away --------------------------------------------------------------------------------------------


def test_taking_the_app_away_needs_password_and_code(secured: Any) -> None:
    ada, _secret, codes = secured
    browser = page_of(ada)
    path = "/settings/security/app/remove"
    assert browser.post(path, {"password": "not it at all", "code": codes[0]}).status_code == 400
    assert browser.post(path, {"password": PASSWORD, "code": "000000"}).status_code == 400
    assert browser.post(path, {"password": PASSWORD}).status_code == 400
    assert factors_of(ada).is_on
    assert browser.post(path, {"password": PASSWORD, "code": codes[0]}).status_code == 302
    assert not Authenticator.objects.filter(user=ada).exists()  # the codes stand in for nothing now
    assert token().status_code == 200


def test_new_recovery_codes_end_the_old_ones(secured: Any) -> None:
    ada, _secret, codes = secured
    answer = Api(ada)("POST", "auth/2fa/recovery-codes", {"password": PASSWORD, "code": codes[0]})
    fresh = answer.json()["recovery_codes"]
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    assert token(code=codes[1]).json()["code"] == "wrong_code"
    page = page_of(ada).post("/settings/security/codes", {"password": PASSWORD, "code": fresh[0]})
    assert len(page.context["codes"]) == 10


def test_removing_by_api(secured: Any) -> None:
    ada, _secret, codes = secured
    api = Api(ada)
    assert api("DELETE", "auth/2fa/totp", {"password": PASSWORD, "code": "1"}).json()["code"] == "wrong_code"
    assert api("DELETE", "auth/2fa/passkeys/1", {"password": PASSWORD, "code": codes[1]}).status_code == 404
    assert api("DELETE", "auth/2fa/totp", {"password": PASSWORD, "code": codes[0]}).status_code == 204
    assert (
        api("DELETE", "auth/2fa/totp", {"password": PASSWORD, "code": codes[2]}).json()["code"] == "no_factor"
    )


def test_nobody_removes_a_passkey_of_somebody_else(secured: Any) -> None:
    ada, _secret, codes = secured
    other = Authenticator.objects.create(user=person("ben"), type="webauthn", data={"name": "x"})
    page = page_of(ada).post(
        f"/settings/security/passkeys/{other.pk}/remove", {"password": PASSWORD, "code": codes[0]}
    )
    assert page.status_code == 404 and Authenticator.objects.filter(pk=other.pk).exists()


def test_an_operator_helps_who_lost_everything(secured: Any) -> None:
    ada, _secret, _codes = secured
    boss = person("boss", is_staff=True, is_superuser=True)
    form = {"action": "remove_factors", "_selected_action": [ada.pk]}
    page_of(boss).post("/admin/accounts/user/", form)
    assert not factors_of(ada).is_on
    drain()
    assert mail.outbox[-1].subject == "Your second factor is removed."


def test_what_is_asked_of_a_passkey_that_is_none(ada: User) -> None:
    browser = page_of(ada)
    page = browser.post("/settings/security/passkeys/add", {"password": PASSWORD})
    options = page.context["options"]["publicKey"]
    assert options["challenge"] and options["authenticatorSelection"]["userVerification"] == "required"
    ticket = page.context["form"].initial["ticket"]
    for credential in ("{}", '{"id": "x"}', "[]", "nonsense", '{"response": 7}'):
        answer = browser.post(
            "/settings/security/passkeys/keep", {"ticket": ticket, "credential": credential}
        )
        assert answer.status_code == 400, credential
    asked = browser.get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (
        Client().get("/accounts/2fa/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"}).json()
    )
    assert asked.status_code in (200, 302)
    assert not Authenticator.objects.exists()


# --- the admin ----------------------------------------------------------------------------------------------


def test_the_admin_is_entered_by_the_sites_own_door(ada: User) -> None:
    person("mod", is_staff=True)
    answer = Client().get("/admin/")
    assert answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
    assert Client().get(answer["Location"])["Location"] == "/accounts/login/?next=%2Fadmin%2F"
    tried = Client().post("/admin/login/?next=/admin/", {"username": "mod", "password": PASSWORD})
    assert tried["Location"].startswith("/accounts/login/") and "sessionid" not in tried.cookies
    assert page_of(ada).get("/admin/login/").status_code == 403


def test_staff_with_a_second_factor_enter_the_admin_with_it(db: None) -> None:
    mod = person("mod", is_staff=True, is_superuser=True)
    older = page_of(mod)
    assert older.get("/admin/").status_code == 200  # nothing is set up
    begun = actions.begin_app(user=mod, password=PASSWORD)
    actions.confirm_app(
        user=mod, ticket=begun.ticket, code=code_of(begun.secret), keep=older.session.session_key
    )
    for path in ("/admin/", "/admin/accounts/user/", "/admin/limits"):
        answer = older.get(path)
        assert answer.status_code == 302 and answer["Location"].startswith("/settings/security/confirm?next=")
    assert older.post("/admin/accounts/user/", {"action": "suspend"}).status_code == 302
    asked = "/settings/security/confirm?next=/admin/"
    assert older.post(asked, {"code": "000000"}).status_code == 400
    given = older.post(asked, {"code": code_of(begun.secret, step=1)})
    assert given["Location"] == "/admin/"
    assert older.get("/admin/").status_code == 200
    away = older.post("/settings/security/confirm?next=https://evil.example/", {"code": "000000"})
    assert away.status_code == 400


def test_who_signed_in_with_it_need_not_give_it_again(db: None) -> None:
    mod = person("mod", is_staff=True, is_superuser=True)
    begun = actions.begin_app(user=mod, password=PASSWORD)
    actions.confirm_app(user=mod, ticket=begun.ticket, code=code_of(begun.secret))
    browser = Client()
    sign_in(browser, "mod")
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(begun.secret, step=1)})
    assert browser.get("/admin/").status_code == 200


def test_the_seal_opens_with_an_older_key(secured: Any, settings: Any) -> None:
    _ada, secret, _codes = secured
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a newer one " * 5
    assert token(code=code_of(secret, step=1)).status_code == 200
    assert factors.MFAAdapter().decrypt(factors.MFAAdapter().encrypt("x")) == "x"


# --- a code opens once --------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[Any]:
    """Stands at the beginning of a half minute."""
    with time_machine.travel(int(time.time()) // 30 * 30, tick=False) as traveller:
        yield traveller


def test_a_code_opens_once_for_as_long_as_it_is_taken(clock: Any, ada: User) -> None:
    begun = actions.begin_app(user=ada, password=PASSWORD)
    first = code_of(begun.secret)
    actions.confirm_app(user=ada, ticket=begun.ticket, code=first)
    assert token(code=first).json()["code"] == "wrong_code"  # it set the app up
    code = code_of(begun.secret, step=1)  # of a clock that is ahead
    assert token(code=code).status_code == 200
    for _ in range(3):
        clock.shift(29)
        assert token(code=code).json()["code"] == "wrong_code"
        browser = Client()
        sign_in(browser)
        again = browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert again.status_code == 200 and "That code is not right" in again.content.decode()
    assert token(code=code_of(begun.secret)).status_code == 200


def test_no_code_opens_from_before_the_last_one(clock: Any, ada: User) -> None:
    begun = actions.begin_app(user=ada, password=PASSWORD)
    actions.confirm_app(user=ada, ticket=begun.ticket, code=code_of(begun.secret, step=-1))
    assert token(code=code_of(begun.secret, step=1)).status_code == 200
    assert token(code=code_of(begun.secret)).json()["code"] == "wrong_code"


def test_what_was_used_is_known_without_redis(secured: Any) -> None:
    ada, secret, _codes = secured
    code = code_of(secret, step=1)
    assert actions.use_code(user=ada, code=code) is not None
    allauths_cache.clear()
    assert actions.use_code(user=ada, code=code) is None


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_both_get_in_with_one_code(secured: Any) -> None:
    ada, secret, codes = secured
    for code in (code_of(secret, step=1), codes[0]):
        start = threading.Barrier(4)

        def one(code: str = code, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                return actions.use_code(user=ada, code=code) is not None
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            assert sum(future.result() for future in [pool.submit(one) for _ in range(4)]) == 1


# --- one more -----------------------------------------------------------------------------------------------


@pytest.fixture
def with_passkey(ada: User) -> tuple[User, list[str]]:
    ticket = actions.begin_passkey(user=ada, password=PASSWORD)
    return ada, actions.add_passkey(user=ada, ticket=ticket, name="phone", credential={})


def test_another_factor_asks_for_the_one_that_is_there_by_api(with_passkey: Any) -> None:
    ada, codes = with_passkey
    api = Api(ada)
    assert "code" in api("POST", "auth/2fa/totp", {"password": PASSWORD}).json()["errors"]
    wrong = api("POST", "auth/2fa/totp", {"password": PASSWORD, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_code")
    begun = api("POST", "auth/2fa/totp", {"password": PASSWORD, "code": codes[0]}).json()
    body = {"ticket": begun["ticket"], "code": code_of(begun["secret"])}
    assert api("POST", "auth/2fa/totp/confirm", body).json() == {"recovery_codes": []}  # not shown again
    assert factors_of(ada).app and factors_of(ada).codes_left == 9


def test_another_factor_asks_for_the_one_that_is_there_by_page(with_passkey: Any) -> None:
    ada, codes = with_passkey
    browser = page_of(ada)
    for path in ("/settings/security/app", "/settings/security/passkeys/add"):
        assert 'name="code"' in browser.get(path).content.decode()
        for wrong in ({}, {"code": "000000"}):
            answer = browser.post(path, {"password": PASSWORD, **wrong})
            assert answer.status_code == 400 and not (answer.context or {}).get("begun")
        assert browser.post(path, {"password": "not it at all", "code": codes[0]}).status_code == 400
    begun = browser.post("/settings/security/app", {"password": PASSWORD, "code": codes[2]}).context["begun"]
    body = {"ticket": begun.ticket, "code": code_of(begun.secret)}
    done = browser.post("/settings/security/app/confirm", body, follow=True)
    assert (
        done.redirect_chain[-1][0] == "/settings/security" and "Your app is set up" in done.content.decode()
    )
    assert not any(code in done.content.decode() for code in codes)


def test_a_passkey_beside_an_app_asks_for_a_code(secured: Any) -> None:
    ada, secret, _codes = secured
    answer = page_of(ada).post(
        "/settings/security/passkeys/add", {"password": PASSWORD, "code": code_of(secret, step=1)}
    )
    ticket = answer.context["form"].initial["ticket"]
    assert answer.status_code == 200 and answer.context["options"]
    assert actions.add_passkey(user=ada, ticket=ticket, name="phone", credential={}) == []
    assert len(factors_of(ada).passkeys) == 1


def test_a_ticket_from_before_there_was_a_factor_adds_none(ada: User) -> None:
    stale, begun = (actions.begin_app(user=ada, password=PASSWORD) for _ in range(2))
    stale_passkey = actions.begin_passkey(user=ada, password=PASSWORD)
    actions.confirm_app(user=ada, ticket=begun.ticket, code=code_of(begun.secret))
    with pytest.raises(TicketOver):
        actions.add_passkey(user=ada, ticket=stale_passkey, name="thief", credential={})
    with pytest.raises(TicketOver):
        actions.confirm_app(user=ada, ticket=stale.ticket, code=code_of(stale.secret))
    assert not factors_of(ada).passkeys


def test_the_page_says_before_the_password_that_passkeys_need_javascript(ada: User) -> None:
    said = re.compile(r"<noscript>.*JavaScript.*</noscript>", re.DOTALL)
    browser = page_of(ada)
    assert said.search(browser.get("/settings/security/passkeys/add").content.decode())
    assert not said.search(browser.get("/settings/security/app").content.decode())


def test_what_cannot_be_is_not_called_somebody_elses_doing(ada: User) -> None:
    answer = page_of(ada).post("/settings/security/app/remove", {"password": PASSWORD, "code": "000000"})
    said = answer.content.decode()
    assert answer.status_code == 409 and "no second factor" in said and "Somebody was faster" not in said

"""Who is shut out is told at the door how to appeal, nobody else is; and only a decision shuts out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from accounts.tests.factories import PASSWORD, page_of, person
from accounts.tests.test_factors import code_of
from moderation import actions
from moderation.models import Sanction
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
APPEAL = re.compile(r"/appeal/[\w:.-]+")


def at_the_door(password: str, **more: str) -> tuple[str, dict[str, Any]]:
    form = {"login": "ada", "password": password, **more}
    page = Client().post("/accounts/login/", form).content.decode()
    api = Client().post("/api/v1/auth/token", form, content_type="application/json")
    return page, {**api.json(), "status": api.status_code}


@pytest.mark.parametrize("measure", ["suspend", "ban"])
def test_the_right_password_shows_the_way_to_appeal(ada: User, mod: User, measure: str) -> None:
    until = timezone.now() + timedelta(days=7) if measure == "suspend" else None
    actions.impose_sanction(person=ada, measure=measure, actor=mod, until=until, words="Enough.")
    page, api = at_the_door(PASSWORD)
    assert (api["status"], api["code"]) == (403, "account_suspended")
    (on_page,) = set(APPEAL.findall(page))
    (in_api,) = APPEAL.findall(api["detail"] if "detail" in api else str(api))
    for address in (on_page, in_api):
        assert "Enough." in Client().get(address).content.decode()
    assert Client().post(on_page, {"appeal": "A joke"}).status_code == 302
    assert Sanction.objects.get().appeal == "A joke"


def test_who_has_a_second_factor_gives_it_before_hearing_of_it(ada: User, mod: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    begun = accounts.begin_app(user=ada, password=PASSWORD)
    codes = accounts.confirm_app(user=ada, ticket=begun.ticket, code=code_of(begun.secret))
    actions.impose_sanction(person=ada, measure="ban", actor=mod, words="Enough.")
    page, api = at_the_door(PASSWORD)
    assert (api["status"], api["code"]) == (401, "mfa_required")
    assert "appeal" not in f"{page}{api}" and "suspended" not in f"{page}{api}"
    wrong = at_the_door(PASSWORD, code="000000")[1]
    assert wrong["code"] == "wrong_code" and "appeal" not in str(wrong)
    given = at_the_door(PASSWORD, code=codes[0])[1]
    assert (given["status"], given["code"]) == (403, "account_suspended") and APPEAL.search(str(given))

    browser = Client()
    asked = browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    wrong_page = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong_page.status_code == 200 and "appeal" not in wrong_page.content.decode()
    given_page = browser.post("/accounts/2fa/authenticate/", {"code": codes[1]})
    assert APPEAL.fullmatch(given_page["Location"])
    assert "Enough." in browser.get(given_page["Location"]).content.decode()
    assert browser.get("/settings/privacy").status_code == 302
    assert browser.get("/accounts/2fa/authenticate/").status_code == 302  # nothing waits any more


def test_a_wrong_password_shows_nothing(ada: User, mod: User) -> None:
    actions.impose_sanction(person=ada, measure="ban", actor=mod)
    page, api = at_the_door("not it at all")
    assert api["code"] == "wrong_credentials"
    assert "appeal" not in f"{page}{api}" and "suspended" not in f"{page}{api}"


def test_without_a_decision_there_is_nothing_to_appeal(ada: User) -> None:
    accounts.suspend_user(user=ada, actor=None)
    page, api = at_the_door(PASSWORD)
    assert "This account is suspended." in page and "/appeal/" not in f"{page}{api}"


# --- the page of one person, for moderators ------------------------------------------------------------------


def address(who: User) -> str:
    return f"/admin/moderation/sanction/person/{who.pk}/"


def test_moderators_decide_about_a_person_without_a_case(ada: User, mod: User) -> None:
    desk, browser = page_of(mod), page_of(ada)
    assert "Nothing was decided yet." in desk.get(address(ada)).content.decode()
    assert desk.post(address(ada), {"measure": "suspend"}).status_code == 400
    assert desk.post(address(ada), {"measure": "hide"}).status_code == 400
    assert desk.post(address(ada), {"measure": "warn"}).status_code == 400
    assert not Sanction.objects.exists()
    until = (timezone.now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")
    form = {"measure": "suspend", "until": until, "words": "A week off."}
    assert desk.post(address(ada), form).status_code == 302
    sanction = Sanction.objects.get()
    assert (sanction.made_by, sanction.words, sanction.case) == (mod, "A week off.", None)
    assert browser.get("/settings/profile").status_code == 302
    assert AuditEntry.objects.filter(act="moderation.sanction_imposed", target_id=ada.pk).exists()
    assert f"/sanction/{sanction.pk}/change/" in desk.get(address(ada)).content.decode()
    assert desk.post(address(ada), {"measure": "ban"}).status_code == 302
    assert desk.post(address(ada), {"let_in": "1"}).status_code == 302
    drain()
    assert not Sanction.objects.in_force().exists() and User.objects.get(pk=ada.pk).may_sign_in
    assert AuditEntry.objects.filter(act="moderation.sanction_ended", actor_id=mod.pk).count() == 2


def test_a_suspension_from_before_there_were_decisions_can_be_ended(ada: User, mod: User) -> None:
    accounts.suspend_user(user=ada, actor=mod)
    desk = page_of(mod)
    assert "End every suspension" in desk.get(address(ada)).content.decode()
    assert desk.post(address(ada), {"let_in": "1"}).status_code == 302
    assert User.objects.get(pk=ada.pk).may_sign_in


def test_who_may_see_it_and_about_whom(ada: User, ben: User, mod: User) -> None:
    looker = person("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_sanction"))
    assert page_of(looker).get(address(ada)).status_code == 200
    assert page_of(looker).post(address(ada), {"measure": "ban"}).status_code == 403
    assert page_of(looker).post(address(ada), {"let_in": "1"}).status_code == 403
    assert page_of(ben).get(address(ada)).status_code == 302
    desk = page_of(mod)
    assert desk.post(address(looker), {"measure": "ban"}).status_code == 400  # staff
    assert desk.post(address(mod), {"measure": "ban"}).status_code == 400  # oneself
    assert desk.get("/admin/moderation/sanction/person/999999999/").status_code == 404
    accounts.delete_person(user=ada, password=PASSWORD)
    assert desk.get(address(ada)).status_code == 404
    assert not Sanction.objects.exists()

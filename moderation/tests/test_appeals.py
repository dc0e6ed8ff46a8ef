"""Appeals: once, by page, API or the address in a letter, and the answer is final."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.factories import Api, page_of
from moderation import actions
from moderation.models import Sanction
from moderation.selectors import appeal_token
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def warning(ada: User, mod: User) -> Sanction:
    return actions.impose_sanction(person=ada, measure="warn", actor=mod, words="Be kind.")


def test_the_person_appeals_on_a_page_once(ada: User, ben: User, warning: Sanction) -> None:
    browser, address = page_of(ada), f"/settings/decisions/{warning.pk}/appeal"
    assert "Be kind." in browser.get(address).content.decode()
    assert browser.post(address, {"appeal": ""}).status_code == 400
    assert browser.post(address, {"appeal": "A joke"}).status_code == 302
    assert browser.post(address, {"appeal": "Twice"}).status_code == 400
    warning.refresh_from_db()
    assert warning.appeal == "A joke"
    assert page_of(ben).get(address).status_code == 404
    assert page_of(ben).post(address, {"appeal": "Mine"}).status_code == 404
    assert browser.delete(address).status_code == 405
    assert Client().get(address).status_code == 302


def test_the_api_appeals_too(ada: User, ben: User, warning: Sanction) -> None:
    api, address = Api(ada), f"me/sanctions/{warning.pk}/appeal"
    (mine,) = api("GET", "me/sanctions").json()["results"]
    assert (mine["measure"], mine["reason"], mine["may_be_appealed"]) == ("warn", "Be kind.", True)
    assert api("POST", address, {"appeal": "x" * 1001}).status_code == 400
    answer = api("POST", address, {"appeal": "A joke"})
    assert answer.status_code == 201 and answer.json()["appeal"] == "A joke"
    again = api("POST", address, {"appeal": "Twice"})
    assert (again.status_code, again.json()["code"]) == (409, "appealed_already")
    assert Api(ben)("POST", address, {"appeal": "Mine"}).status_code == 404
    assert Api(ben)("GET", "me/sanctions").json()["results"] == []
    assert Api()("GET", "me/sanctions").status_code == 401
    assert api("GET", address).status_code == 405


def test_who_is_banned_appeals_by_letter_and_comes_back(ada: User, mod: User) -> None:
    ban = actions.impose_sanction(person=ada, measure="ban", actor=mod, words="Enough.")
    drain()
    (letter,) = [one for one in mail.outbox if "banned" in one.subject]
    assert letter.to == [ada.email] and "Enough." in letter.body
    found = re.search(r"/appeal/\S+", letter.body)
    assert found is not None
    stranger = Client()
    assert "Enough." in stranger.get(found[0]).content.decode()
    assert stranger.post(found[0], {"appeal": "It was my brother"}).status_code == 302
    assert "It was my brother" in stranger.get(found[0]).content.decode()
    actions.answer_appeal(sanction_id=ban.pk, granted=True, words="We believe you.", actor=mod)
    drain()
    assert any("We believe you." in one.body for one in mail.outbox)
    assert User.objects.get(pk=ada.pk).may_sign_in
    assert page_of(ada).get("/settings/decisions").status_code == 200


def test_an_address_that_is_not_ours_opens_nothing(warning: Sanction) -> None:
    token = appeal_token(warning)
    assert Client().get(f"/appeal/{token}").status_code == 200
    for wrong in (token[:-1], "x", str(warning.pk)):
        assert Client().get(f"/appeal/{wrong}").status_code == 404
    assert Client().delete(f"/appeal/{token}").status_code == 405


def test_a_refused_appeal_leaves_the_decision(ada: User, mod: User, warning: Sanction) -> None:
    actions.appeal_sanction(sanction_id=warning.pk, person=ada, words="A joke")
    answer = f"/admin/moderation/sanction/{warning.pk}/change/"
    staff = page_of(mod)
    assert "A joke" in staff.get(answer).content.decode()
    assert staff.post(answer, {"granted": "", "words": "No."}).status_code == 400
    assert staff.post(answer, {"granted": "0", "words": "It was no joke."}).status_code == 302
    assert staff.post(answer, {"granted": "1", "words": "After all."}).status_code == 403
    drain()
    warning.refresh_from_db()
    assert warning.is_in_force and warning.granted is False
    assert "the decision stands" in page_of(ada).get("/notifications").content.decode()
    assert "It was no joke." in page_of(ada).get("/settings/decisions").content.decode()

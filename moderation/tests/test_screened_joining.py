"""Names are looked at when somebody joins: what is held waits, what is refused is typed anew."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, page_of, person
from moderation import actions
from moderation.models import Case, HeldProfile, ScreeningResult
from moderation.screening import screen
from moderation.screening.selectors import numbers
from moderation.tests.screened import SPAM, block_words, set_rule
from notifications.models import Notification
from socialnet.kernel.invariants import broken
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
FIELDS = {"username": "eve_1", "email": "eve@example.com", "password": PASSWORD, "display_name": "Eve"}
REFUSED = "words that cannot be used"


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    _fallback.forget()


def register(**fields: str) -> Any:
    return Client().post("/api/v1/auth/register", {**FIELDS, **fields}, content_type="application/json")


def sign_up(**fields: str) -> Any:
    form = {**FIELDS, **fields}
    form["password1"] = form.pop("password")
    return Client().post("/accounts/signup/", form)


DOORS = pytest.mark.parametrize("join", [register, sign_up])


@DOORS
def test_a_name_that_is_held_waits_and_the_username_stands_for_it(ben: User, mod: User, join: Any) -> None:
    block_words()
    assert join(display_name=SPAM).status_code in (201, 202, 302)
    drain()
    eve = User.objects.named("eve_1").get()
    assert eve.display_name == "eve_1" and HeldProfile.objects.get().fields == {"display_name": SPAM}
    assert "miracle" not in page_of(ben).get("/@eve_1").content.decode()
    assert "Waiting for review" in page_of(eve).get("/settings/profile").content.decode()
    assert Api(eve)("GET", "me").json()["held"] == {"display_name": SPAM}
    case = Case.objects.get()
    assert (case.target_kind, case.target_id, case.person, case.said) == ("user", eve.pk, eve, SPAM)
    row = ScreeningResult.objects.get()
    assert (row.author, row.target_kind, row.target_id, row.case) == (eve, "user", eve.pk, case)
    assert broken(sample=20) == []

    actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod)
    drain()
    eve.refresh_from_db()
    assert eve.display_name == SPAM and not HeldProfile.objects.exists()
    assert [news.words["what"] for news in Notification.objects.filter(recipient=eve)] == ["released"]
    assert (numbers()["blocked_words"].right, numbers()["blocked_words"].wrong) == (0, 1)


def test_who_joins_with_a_name_that_waits_is_told(settings: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    block_words()
    form = {**FIELDS, "password1": PASSWORD, "display_name": SPAM}
    answer = Client().post("/accounts/signup/", form, follow=True)
    assert "Moderators look at your name" in answer.content.decode()


@DOORS
def test_a_name_that_is_refused_is_typed_anew(join: Any) -> None:
    block_words(outcome="refuse")
    answer = join(display_name=SPAM)
    assert not User.objects.filter(username="eve_1").exists() and not HeldProfile.objects.exists()
    said = answer.content.decode()
    assert REFUSED in said
    if join is register:
        assert (answer.status_code, answer.json()["code"]) == (400, "writing_refused")
        assert list(answer.json()["errors"]) == ["display_name"]
    else:
        assert answer.context["form"].errors.keys() == {"display_name"}
        assert f'value="{SPAM}"' in said and 'value="eve_1"' in said and 'value="eve@example.com"' in said
    row = ScreeningResult.objects.get()
    assert (row.author, row.target_kind, row.outcome, row.target_id) == (None, "user", "refuse", None)


@DOORS
@pytest.mark.parametrize("outcome", ["hold", "refuse"])
@pytest.mark.parametrize("username", ["miracle_cure", "MiracleCure", "buy_miracle_cure_99", "miracle__cure"])
def test_a_username_cannot_wait_so_it_is_refused(join: Any, outcome: str, username: str) -> None:
    block_words(outcome=outcome)
    answer = join(username=username)
    assert not User.objects.named(username).exists() and REFUSED in answer.content.decode()
    if join is register:
        assert list(answer.json()["errors"]) == ["username"]
    else:
        assert answer.context["form"].errors.keys() == {"username"}
    assert ScreeningResult.objects.get().outcome == "refuse"


@pytest.mark.parametrize("username", ["miracles", "cure_miracle", "ada_l"])
def test_others_are_let_in(username: str) -> None:
    block_words()
    assert register(username=username).status_code in (201, 202)
    assert not ScreeningResult.objects.exists() and not HeldProfile.objects.exists()


@DOORS
def test_the_answer_does_not_tell_whose_an_address_is(settings: Any, join: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    here = person("here")
    block_words(outcome="refuse")
    for email in (here.email, "nobody@example.com"):
        answer = join(email=email, display_name=SPAM)
        assert REFUSED in answer.content.decode()


def test_a_name_in_shadow_is_judged_with_the_profile(mod: User, ben: User) -> None:
    block_words(mode="shadow")
    register(username="miracle_cure")
    eve = User.objects.named("miracle_cure").get()
    assert ScreeningResult.objects.get().target_id == eve.pk
    actions.report_target(kind="user", ident="miracle_cure", reporter=ben, reason="spam")
    actions.decide_case(case_id=Case.objects.get().pk, outcome="warn", words="No", actor=mod)
    assert numbers()["blocked_words"].right == 1


def test_the_same_name_of_many_who_join_is_found() -> None:
    set_rule("same_text", threshold=3, minutes=60)
    name = "Cheap watches for everybody"
    for number in range(3):
        register(username=f"eve_{number}", email=f"eve{number}@example.com", display_name=name)
        _fallback.forget()
    held = HeldProfile.objects.select_related("person").get()
    assert held.person.username == "eve_2"


def test_a_domain_in_a_name_of_who_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    set_rule("blocked_domains", outcome="refuse", entries="shop.example")
    assert register(display_name="https://shop.example").status_code == 400
    set_rule("blocked_domains", outcome="hold", entries="shop.example")
    assert register(display_name="https://shop.example").status_code in (201, 202)
    assert HeldProfile.objects.exists()


def test_while_nothing_is_screened_everybody_joins(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SCREENING = False
    block_words(outcome="refuse")
    monkeypatch.setattr(screen, "judge", None)
    assert register(username="miracle_cure", display_name=SPAM).status_code in (201, 202)

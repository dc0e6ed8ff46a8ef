"""What a profile waits to say: kept field by field through later changes, and not lost when the classifier is late."""

from collections.abc import Callable

import pytest

from accounts import actions as accounts
from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from accounts.tests.test_follow_races import at_once, rounds
from moderation import actions
from moderation.models import Case, HeldProfile, ScreeningResult
from moderation.screening import classifier
from moderation.screening.rules import RULES
from moderation.tests.screened import block_words, set_rule
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
PROFILE = ("display_name", "bio", "website", "location", "language", "time_zone")
Change = Callable[..., None]


@pytest.fixture(autouse=True)
def only_words(db: None) -> None:
    for rule in RULES:
        set_rule(rule, "off")
    set_rule("classifier", "off")
    block_words("viagra")


def by_api(user: User, **fields: str) -> None:
    assert Api(user)("PATCH", "me", fields).status_code == 200


def by_page(user: User, **fields: str) -> None:
    user.refresh_from_db()
    said = {name: getattr(user, name) for name in PROFILE}
    answer = page_of(user).post("/settings/profile", {**said, "version": user.version, **fields})
    assert answer.status_code == 302


def waiting() -> list[dict[str, str]]:
    return list(HeldProfile.objects.values_list("fields", flat=True))


@pytest.mark.parametrize("change", [by_api, by_page])
def test_a_later_change_leaves_the_other_fields_waiting(ada: User, mod: User, change: Change) -> None:
    change(ada, display_name="viagra shop")
    change(ada, bio="viagra here")
    change(ada, website="https://ok.example/")
    assert waiting() == [{"display_name": "viagra shop", "bio": "viagra here"}]
    ada.refresh_from_db()
    assert (ada.bio, ada.website) == ("", "https://ok.example/")
    drain()
    assert Case.objects.open().get().target_id == ada.pk and broken(sample=20) == []
    actions.decide_case(case_id=Case.objects.get().pk, outcome="nothing", actor=mod)
    ada.refresh_from_db()
    assert (ada.display_name, ada.bio) == ("viagra shop", "viagra here") and waiting() == []


@pytest.mark.parametrize("change", [by_api, by_page])
def test_what_is_said_anew_waits_no_longer(ada: User, change: Change) -> None:
    change(ada, display_name="viagra shop", bio="viagra here")
    change(ada, bio="viagra there")
    assert waiting() == [{"display_name": "viagra shop", "bio": "viagra there"}]
    change(ada, bio="Bread")
    assert waiting() == [{"display_name": "viagra shop"}]
    change(ada, display_name="Ada of the bread")
    assert waiting() == []
    ada.refresh_from_db()
    assert (ada.display_name, ada.bio) == ("Ada of the bread", "Bread")


@pytest.mark.parametrize("mode", ["on", "shadow"])
def test_what_a_late_classifier_finds_in_a_profile_has_a_case(
    ada: User, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """It is out already, and a profile cannot be taken out of sight."""
    set_rule("classifier", mode, threshold=80)
    monkeypatch.setattr(classifier, "signal_of", lambda text, **more: None)
    accounts.edit_profile(user=ada, bio="v.i.a.g.r.a for you all")
    monkeypatch.setattr(classifier, "signal_of", lambda text, **more: 0.99)
    drain()
    found = ScreeningResult.objects.get()
    if mode == "shadow":
        assert found.outcome == "allow" and not Case.objects.exists()
    else:
        case = Case.objects.open().get()
        assert (case.target_kind, case.target_id, case.is_screened) == ("user", ada.pk, True)
        assert (found.outcome, found.case, found.hits[0]["rule"]) == ("flag", case, "blocked_words")
    assert waiting() == [] and broken(sample=20) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@rounds
def test_a_change_and_a_decision_at_once_lose_nothing(round_: int) -> None:
    block_words("viagra")
    ada, mod = person("ada"), person("mod", is_staff=True)
    accounts.edit_profile(user=ada, display_name="viagra shop")
    drain()
    case = Case.objects.get()
    results = at_once(
        lambda: accounts.edit_profile(user=ada, bio="viagra here"),
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
    )
    assert not any(isinstance(result, Exception) for result in results if not isinstance(result, DomainError))
    ada.refresh_from_db()
    assert ada.display_name == "viagra shop"
    assert [ada.bio] == ["viagra here"] or waiting() == [{"bio": "viagra here"}]
    drain()
    assert broken(sample=20) == []

"""Nobody judges themselves: neither their case, nor their appeal, nor what was decided about them."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.models import Post
from feeds.tests.factories import publish
from moderation import actions
from moderation.models import Case, Measure, Sanction
from moderation.tests.screened import SPAM
from socialnet.kernel.errors import Forbidden

pytestmark = pytest.mark.django_db
OWN = "This is about yourself. Somebody else decides it."


@pytest.fixture
def other(db: None) -> User:
    return person("other_mod", is_staff=True, is_superuser=True)


@pytest.fixture
def case(mod: User, ben: User) -> Case:
    """Somebody reported what a superuser wrote."""
    post = publish(mod, SPAM)
    return actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case


@pytest.fixture
def sanction(case: Case, mod: User, other: User) -> Sanction:
    actions.decide_case(case_id=case.pk, outcome="hide", actor=other, words="No.")
    made = Sanction.objects.get()
    return actions.appeal_sanction(sanction_id=made.pk, person=mod, words="Please")


@pytest.mark.parametrize("outcome", ["nothing", "gone", "warn", "hide"])
def test_a_case_about_oneself_is_somebody_elses(case: Case, mod: User, other: User, outcome: str) -> None:
    with pytest.raises(Forbidden):
        actions.decide_case(case_id=case.pk, outcome=outcome, actor=mod, words="x")
    with pytest.raises(Forbidden):
        actions.assign_case(case_id=case.pk, to=mod, actor=mod)
    case.refresh_from_db()
    assert case.is_open and case.assigned_to is None and not Sanction.objects.exists()
    actions.decide_case(case_id=case.pk, outcome="nothing", actor=other)
    case.refresh_from_db()
    assert case.closed_by == other


def test_what_was_decided_about_oneself_is_somebody_elses(sanction: Sanction, mod: User, other: User) -> None:
    doings: list[Any] = [
        lambda: actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="Yes", actor=mod),
        lambda: actions.end_sanction(sanction_id=sanction.pk, actor=mod),
        lambda: actions.let_in(person=mod, actor=mod),
        lambda: actions.impose_sanction(person=mod, measure=Measure.WARN, actor=mod, words="x"),
    ]
    for does in doings:
        with pytest.raises(Forbidden):
            does()
    sanction.refresh_from_db()
    assert sanction.is_in_force and sanction.answered_at is None
    assert Post.objects.get().hidden_at is not None
    actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="Yes", actor=other)
    assert Post.objects.get().hidden_at is None


def test_the_admin_says_so_and_has_no_buttons(case: Case, mod: User, other: User) -> None:
    browser = page_of(mod)
    page = f"/admin/moderation/case/{case.pk}"
    html = browser.get(f"{page}/change/").content.decode()
    assert OWN in html and "Close the case" not in html
    answer = browser.post(f"{page}/decide/", {"outcome": "nothing"})
    assert answer.status_code == 403 and OWN in answer.content.decode()
    browser.post(f"{page}/decide/", {"take": "1"})
    for action in ("take", "leave", "hide", "gone"):
        listed = browser.post(
            "/admin/moderation/case/", {"action": action, "_selected_action": [case.pk]}, follow=True
        )
        assert OWN in listed.content.decode(), action
    case.refresh_from_db()
    assert case.is_open and case.assigned_to is None
    html = page_of(other).get(f"{page}/change/").content.decode()
    assert OWN not in html and "Close the case" in html


def test_the_admin_shows_own_decisions_only(sanction: Sanction, mod: User, other: User) -> None:
    browser, page = page_of(mod), f"/admin/moderation/sanction/{sanction.pk}/change/"
    html = browser.get(page).content.decode()
    assert OWN in html and "Answer the appeal" not in html
    assert browser.post(page, {"granted": "1", "words": "Yes"}).status_code == 403
    listed = browser.post(
        "/admin/moderation/sanction/", {"action": "end", "_selected_action": [sanction.pk]}, follow=True
    )
    assert OWN in listed.content.decode()
    mine = f"/admin/moderation/sanction/person/{mod.pk}/"
    html = browser.get(mine).content.decode()
    assert OWN in html and ">Decide<" not in html
    assert browser.post(mine, {"measure": "warn", "words": "x"}).status_code in (400, 403)
    sanction.refresh_from_db()
    assert sanction.is_in_force and Sanction.objects.count() == 1
    assert "Answer the appeal" in page_of(other).get(page).content.decode()

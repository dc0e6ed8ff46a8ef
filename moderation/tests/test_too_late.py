"""Moderators of groups who decide too late keep what they wrote, and nobody counts reports about themselves."""

import pytest

from accounts.models import User
from accounts.tests.factories import Api, page_of
from feeds.actions import publish_post
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group, is_in
from moderation import actions
from moderation.in_groups.actions import decide_in_group
from moderation.in_groups.selectors import waiting_in
from moderation.models import Case, Sanction

pytestmark = pytest.mark.django_db
WORDS = {"outcome": "hide", "words": "These took me long.", "answer": "So did these."}
THEIRS = "The site's moderators look after this by now."


@pytest.fixture
def group(ada: User, ben: User, cleo: User) -> Group:
    group = a_group(ada, slug="bread")
    is_in(group, ben, cleo)
    return group


@pytest.fixture
def case(group: Group, ben: User, cleo: User) -> Case:
    post = publish_post(author=cleo, group=group, content="Buy my flour")
    return actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case


def test_what_the_site_took_over(ada: User, mod: User, case: Case) -> None:
    browser, page = page_of(ada), f"/g/bread/reports/{case.pk}"
    assert browser.get(page).status_code == 200
    actions.assign_case(case_id=case.pk, to=mod, actor=mod)
    answer = browser.post(page, WORDS)
    html = answer.content.decode()
    assert answer.status_code == 409 and THEIRS in html
    assert WORDS["words"] in html and WORDS["answer"] in html
    assert (
        "Buy my flour" not in html and "@cleo" not in html and "<textarea" not in html.split("kept-title")[1]
    )
    assert not Sanction.objects.exists()
    assert browser.get(page).status_code == 404
    html = browser.post(page, {**WORDS, "outcome": "dance"}).content.decode()
    assert WORDS["words"] in html and "Buy my flour" not in html
    assert Api(ada)("PATCH", f"groups/bread/reports/{case.pk}", WORDS).json()["code"] == "case_with_site"


def test_what_another_decided(ada: User, ben: User, group: Group, case: Case) -> None:
    groups.set_role(group=group, actor=ada, person=ben, role="moderator")
    decide_in_group(group=group, case_id=case.pk, outcome="nothing", actor=ben)
    answer = page_of(ada).post(f"/g/bread/reports/{case.pk}", WORDS)
    html = answer.content.decode()
    assert answer.status_code == 409 and "This case is closed already." in html
    assert WORDS["words"] in html and WORDS["answer"] in html


def test_what_is_not_theirs_is_not_there(ada: User, ben: User, cleo: User, mod: User, case: Case) -> None:
    for stranger in (ben, cleo):
        assert page_of(stranger).post(f"/g/bread/reports/{case.pk}", WORDS).status_code == 404
    other = a_group(ben, slug="cake")
    assert page_of(ben).post(f"/g/{other.slug}/reports/{case.pk}", WORDS).status_code == 404
    assert page_of(ada).post("/g/bread/reports/1", WORDS).status_code == 404


def test_nobody_counts_reports_about_themselves(
    ada: User, ben: User, cleo: User, group: Group, case: Case
) -> None:
    groups.set_role(group=group, actor=ada, person=cleo, role="moderator")
    assert (waiting_in(group.pk, ada.pk), waiting_in(group.pk, cleo.pk)) == (1, 0)
    tag = '<span class="vh"> wait</span>'
    assert tag in page_of(ada).get("/g/bread").content.decode()
    assert tag not in page_of(cleo).get("/g/bread").content.decode()
    assert page_of(cleo).post(f"/g/bread/reports/{case.pk}", WORDS).status_code == 404

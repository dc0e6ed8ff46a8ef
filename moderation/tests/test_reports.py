"""Reports: from the menu of a thing and from the API, gathered by what they are about, and what reporters learn."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds.models import Post
from feeds.tests.factories import publish
from groups.actions import create_group
from interactions.tests.threads import say
from moderation import actions
from moderation.models import Case, Report
from notifications.models import Notification
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada, "Buy my cheap watches")


def body(post: Post, **more: str) -> dict[str, str]:
    return {"target_type": "post", "target_id": str(post.pk), "reason": "spam", **more}


def test_a_post_is_reported_by_a_plain_form(ben: User, post: Post) -> None:
    browser = page_of(ben)
    assert f"/report/post/{post.pk}" in browser.get(post.get_absolute_url()).content.decode()
    form = browser.get(f"/report/post/{post.pk}").content.decode()
    assert "Buy my cheap watches" in form
    answer = browser.post(f"/report/post/{post.pk}", {"reason": "spam", "details": "Again"}, follow=True)
    assert "Thank you" in answer.content.decode()
    case = Case.objects.get()
    assert (case.target_kind, case.target_id, case.person, case.reports) == ("post", post.pk, post.author, 1)
    assert case.said == "Buy my cheap watches"
    assert "waits" in browser.get("/settings/reports").content.decode()


def test_comments_and_people_are_reported_too(ada: User, ben: User, post: Post) -> None:
    comment = say(ada, post, "Buy two")
    api = Api(ben)
    assert (
        api(
            "POST", "reports", {"target_type": "comment", "target_id": str(comment.pk), "reason": "spam"}
        ).status_code
        == 201
    )
    assert (
        api(
            "POST", "reports", {"target_type": "user", "target_id": "ada", "reason": "impersonation"}
        ).status_code
        == 201
    )
    assert sorted(Case.objects.values_list("target_kind", flat=True)) == ["comment", "user"]
    browser = page_of(ben)
    assert f"/report/comment/{comment.pk}" in browser.get(post.get_absolute_url()).content.decode()
    assert "/report/user/ada" in browser.get("/@ada").content.decode()
    for address in (f"/report/comment/{comment.pk}", "/report/user/ada"):
        assert browser.get(address).status_code == 200


def test_groups_are_reported_by_who_may_know_of_them(ada: User, ben: User, cleo: User) -> None:
    for slug, privacy in (("watches", "public"), ("hidden-watches", "invite")):
        create_group(owner=ada, slug=slug, name=slug.title(), privacy=privacy)
    sent = {"target_type": "group", "reason": "spam"}
    assert Api(ben)("POST", "reports", sent | {"target_id": "watches"}).status_code == 201
    case = Case.objects.get()
    assert (case.target_kind, case.person, case.said) == ("group", ada, "Watches")
    assert Api(ben)("POST", "reports", sent | {"target_id": "hidden-watches"}).status_code == 404
    assert Api(ben)("POST", "reports", sent | {"target_id": "1"}).status_code == 404
    assert "/report/group/watches" in page_of(cleo).get("/g/watches/about").content.decode()
    assert page_of(cleo).get("/report/group/watches").status_code == 200
    assert page_of(cleo).get("/report/group/hidden-watches").status_code == 404


def test_many_reports_are_one_case_and_again_is_once(ada: User, ben: User, cleo: User, post: Post) -> None:
    for reporter in (ben, ben, cleo):
        assert Api(reporter)("POST", "reports", body(post)).status_code == 201
    assert Case.objects.get().reports == Report.objects.count() == 2


def test_after_a_decision_a_report_opens_another_case(ben: User, mod: User, post: Post) -> None:
    Api(ben)("POST", "reports", body(post))
    actions.decide_case(case_id=Case.objects.get().pk, outcome="nothing", actor=mod)
    Api(ben)("POST", "reports", body(post))
    assert Case.objects.open().count() == 1 and Case.objects.count() == 2


def test_what_one_may_not_see_cannot_be_reported(ada: User, ben: User) -> None:
    private = publish(ada, "For me", audience="private")
    for reporter, kind, ident in (
        (ben, "post", str(private.pk)),
        (ben, "post", "99999999999999999999999"),
        (ben, "post", "x"),
        (ben, "comment", "1"),
        (ben, "user", "nobody_here"),
        (ben, "group", "1"),
    ):
        answer = Api(reporter)("POST", "reports", {"target_type": kind, "target_id": ident, "reason": "spam"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (kind, ident)
        assert page_of(reporter).get(f"/report/{kind}/{ident}").status_code == 404
    assert not Case.objects.exists()


def test_bad_input_strangers_and_wrong_methods(ada: User, ben: User, post: Post) -> None:
    assert Api()("POST", "reports", body(post)).status_code == 401
    for wrong in ({"reason": "dull"}, {"target_type": "stone"}, {"details": "x" * 1001}, {"target_id": ""}):
        assert Api(ben)("POST", "reports", {**body(post), **wrong}).status_code == 400
    assert Api(ben)("GET", "reports").status_code == 405
    assert Api(ben)("DELETE", "me/reports").status_code == 405
    own = Api(ada)("POST", "reports", body(post))
    assert (own.status_code, own.json()["code"]) == (400, "own_report")
    assert page_of(ben).post(f"/report/post/{post.pk}", {"reason": "dull"}).status_code == 400
    assert page_of(ben).put(f"/report/post/{post.pk}").status_code == 405
    assert Client().get(f"/report/post/{post.pk}").status_code == 302
    assert not Case.objects.exists()


def test_reporters_learn_what_came_of_it(ada: User, ben: User, cleo: User, mod: User, post: Post) -> None:
    other = publish(ada, "Nothing wrong here")
    for reporter in (ben, cleo):
        Api(reporter)("POST", "reports", body(post))
    Api(ben)("POST", "reports", body(other))
    first, second = Case.objects.order_by("pk")
    actions.decide_case(case_id=first.pk, outcome="hide", actor=mod, answer="We hid it.")
    actions.decide_case(case_id=second.pk, outcome="nothing", actor=mod)
    drain()
    told = Notification.objects.filter(kind="report_outcome")
    assert sorted(told.values_list("recipient__username", flat=True)) == ["ben", "ben", "cleo"]
    inbox = page_of(ben).get("/notifications").content.decode()
    assert "moderators acted on it" in inbox and "left it as it is" in inbox
    mine = Api(ben)("GET", "me/reports").json()["results"]
    assert [(one["outcome"], one["answer"]) for one in mine] == [("nothing", None), ("acted", "We hid it.")]
    assert Api(ada)("GET", "me/reports").json()["results"] == []


def test_a_list_of_reports_costs_the_same_for_one_and_for_many(
    ada: User, ben: User, django_assert_num_queries: object
) -> None:
    browser = page_of(ben)

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            browser.get("/settings/reports")
        return len(captured)

    actions.report_target(kind="post", ident=str(publish(ada).pk), reporter=ben, reason="spam")
    queries()
    one = queries()
    for _number in range(8):
        actions.report_target(kind="post", ident=str(publish(ada).pk), reporter=ben, reason="spam")
    assert queries() == one


def test_limits_hold(ada: User, post: Post, settings: object) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "report": "2/h"}  # type: ignore[attr-defined]
    reporter = person()
    statuses = [Api(reporter)("POST", "reports", body(post)).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]

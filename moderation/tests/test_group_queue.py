"""What is reported of what is said in a group: its own moderators see it first and decide, the site's after a day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds.actions import publish_post
from feeds.models import Post
from feeds.selectors import get_visible_item
from feeds.tests.factories import publish
from groups import actions as groups
from groups.models import Group, Membership
from groups.selectors import membership_of
from groups.tests.factories import a_group, is_in
from interactions.models import Comment
from interactions.tests.threads import say
from moderation import actions
from moderation.in_groups.actions import escalate_due
from moderation.models import Case, Report, Sanction
from moderation.tasks import escalate_due_cases
from notifications.models import Notification
from socialnet.kernel.errors import NotFound
from socialnet.kernel.invariants import broken
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/case/"


@pytest.fixture
def group(ada: User, ben: User, cleo: User) -> Group:
    """ada owns it, ben moderates it, cleo is in it."""
    group = a_group(ada, "private", slug="bread")
    is_in(group, ben, role="moderator")
    is_in(group, cleo)
    return group


@pytest.fixture
def post(group: Group, cleo: User) -> Post:
    return publish_post(author=cleo, group=group, content="Buy my flour")


@pytest.fixture
def reporter(group: Group) -> User:
    eve = person("eve")
    is_in(group, eve)
    return eve


def report(by: User, what: Post | Comment, reason: str = "spam", *, to_site: bool = False) -> Case:
    kind = "post" if isinstance(what, Post) else "comment"
    done = actions.report_target(
        kind=kind, ident=str(what.pk), reporter=by, reason=reason, details="Third time!", to_site=to_site
    )
    done.case.refresh_from_db()
    return done.case


def why(case: Case) -> str:
    case.refresh_from_db()
    return case.escalation


def is_seen(post: Post, viewer: User) -> bool:
    try:
        return get_visible_item(post.pk, viewer=viewer) is not None
    except NotFound:
        return False


def age(case: Case, **span: float) -> Case:
    """The same case, opened that long ago."""
    old = id_at(timezone.now() - timedelta(**span))
    Report.objects.filter(case=case).delete()
    Case.objects.filter(pk=case.pk).update(id=old, reports=0)
    return Case.objects.get(pk=old)


# --- who sees it ----------------------------------------------------------------------------------------------


def test_it_waits_for_the_groups_moderators_and_not_for_the_site(
    ada: User, ben: User, mod: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    assert case.is_with_group and case.group == group
    for moderator in (ada, ben):
        browser = page_of(moderator)
        html = browser.get(f"/g/{group.slug}/reports").content.decode()
        assert "Buy my flour" in html and "Spam or deceit" in html
        assert f"/g/{group.slug}/reports/{case.pk}" in html
        page = browser.get(f"/g/{group.slug}/reports/{case.pk}").content.decode()
        assert "Buy my flour" in page and "@cleo in this group" in page and "<b>1</b> post" in page
        assert "@eve" not in html + page and "Third time!" not in html + page
        assert f'href="/g/{group.slug}/reports"' in browser.get(f"/g/{group.slug}").content.decode()
    (told,) = Api(ben)("GET", f"groups/{group.slug}/reports").json()["results"]
    assert told["said"] == "Buy my flour" and told["author"] == "cleo" and told["report_count"] == 1
    assert told["reasons"] == [{"reason": "spam", "count": 1}] and told["outcome"] is None
    whole = Api(ben)("GET", f"groups/{group.slug}/reports/{case.pk}").json()
    assert whole["thread"] == [{"by": "cleo", "text": "Buy my flour", "is_it": True}]
    assert (whole["author_status"], whole["author_post_count"], whole["earlier"]) == ("active", 1, [])
    assert whole["url"].endswith(post.get_absolute_url())
    shown = page_of(mod).get(QUEUE).context["cl"].result_list
    assert list(shown) == []
    assert list(page_of(mod).get(f"{QUEUE}?state=groups").context["cl"].result_list) == [case]


def test_for_everybody_else_there_is_no_queue(
    ada: User, cleo: User, dora: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    elsewhere = a_group(dora, slug="cake")
    for who in (cleo, dora, reporter):
        browser, api = page_of(who), Api(who)
        assert browser.get(f"/g/{group.slug}/reports").status_code == 404
        assert browser.get(f"/g/{group.slug}/reports/{case.pk}").status_code == 404
        assert browser.post(f"/g/{group.slug}/reports/{case.pk}", {"outcome": "nothing"}).status_code == 404
        assert api("GET", f"groups/{group.slug}/reports").status_code == 404
        assert api("GET", f"groups/{group.slug}/reports/{case.pk}").status_code == 404
        decided = api("PATCH", f"groups/{group.slug}/reports/{case.pk}", {"outcome": "nothing"})
        assert decided.status_code == 404
        assert "/reports" not in browser.get(f"/g/{group.slug}").content.decode()
    for address in (f"groups/{elsewhere.slug}/reports/{case.pk}", f"groups/{group.slug}/reports/1"):
        moderator = dora if "cake" in address else ada
        assert Api(moderator)("PATCH", address, {"outcome": "nothing"}).status_code == 404
        assert Api(moderator)("GET", address).status_code == 404
    assert Api()("GET", f"groups/{group.slug}/reports").status_code == 401
    assert page_of().get(f"/g/{group.slug}/reports").status_code == 302
    assert Api(ada)("POST", f"groups/{group.slug}/reports", {}).status_code == 405
    assert Api(ada)("DELETE", f"groups/{group.slug}/reports/{case.pk}").status_code == 405
    assert page_of(ada).post(f"/g/{group.slug}/reports").status_code == 405
    assert Case.objects.get().is_open


def test_a_queue_costs_the_same_for_one_report_and_for_twenty(
    ada: User, cleo: User, reporter: User, group: Group, post: Post
) -> None:
    def cost() -> int:
        browser = page_of(ada)
        browser.get(f"/g/{group.slug}/reports")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/g/{group.slug}/reports").status_code == 200
        return len(queries)

    report(reporter, post)
    one = cost()
    for number in range(19):
        report(reporter, publish_post(author=cleo, group=group, content=f"More {number}"))
    assert cost() == one
    page = Api(ada)("GET", f"groups/{group.slug}/reports?limit=15").json()
    rest = Api(ada)("GET", f"groups/{group.slug}/reports?limit=15&cursor={page['next_cursor']}").json()
    ids = [one["id"] for one in [*page["results"], *rest["results"]]]
    assert len(set(ids)) == 20 and ids == sorted(ids, key=int, reverse=True)


# --- what goes to the site at once ----------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["violence", "sexual", "self_harm", "illegal"])
def test_what_does_harm_is_the_sites_at_once(reporter: User, mod: User, post: Post, reason: str) -> None:
    case = report(reporter, post, reason)
    assert why(case) == "reason" and case.escalated_at is not None
    page = page_of(mod)
    assert list(page.get(QUEUE).context["cl"].result_list) == [case]
    html = page.get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert post.group is not None and post.group.name in html and "such things go to the site at once" in html


def test_a_later_report_can_take_it_to_the_site(ada: User, reporter: User, group: Group, post: Post) -> None:
    case = report(reporter, post, "spam")
    assert why(case) == ""
    assert report(ada, post, "illegal") == case
    assert why(case) == "reason" and Case.objects.get().reports == 2


def test_who_reports_may_choose_the_site_by_page_and_api(reporter: User, ada: User, post: Post) -> None:
    browser = page_of(reporter)
    assert "not those of the group" in browser.get(f"/report/post/{post.pk}").content.decode()
    browser.post(f"/report/post/{post.pk}", {"reason": "spam", "to_site": "on"})
    case = Case.objects.get()
    assert why(case) == "asked"
    actions.decide_case(case_id=case.pk, outcome="nothing", actor=person("judge", is_staff=True))
    sent = {"target_type": "post", "target_id": str(post.pk), "reason": "spam", "to_site": True}
    assert Api(reporter)("POST", "reports", sent).status_code == 201
    assert why(Case.objects.open().get()) == "asked"


def test_elsewhere_there_is_nothing_to_choose(ada: User, ben: User) -> None:
    post = publish(ada)
    assert "to_site" not in page_of(ben).get(f"/report/post/{post.pk}").content.decode()
    case = report(ben, post, to_site=True)
    assert (case.group, why(case)) == (None, "")


def test_what_is_about_its_moderators_or_itself_is_the_sites(
    ada: User, ben: User, reporter: User, group: Group
) -> None:
    for author in (ada, ben):
        assert why(report(reporter, publish_post(author=author, group=group, content="Mine"))) == "staff"
    actions.report_target(kind="group", ident=group.slug, reporter=reporter, reason="spam")
    assert not Case.objects.with_groups().exists()


def test_comments_below_its_posts_are_the_groups_too(
    ada: User, cleo: User, reporter: User, group: Group, post: Post
) -> None:
    comment = say(cleo, post, "Two for one")
    case = report(reporter, comment)
    assert case.is_with_group
    whole = Api(ada)("GET", f"groups/{group.slug}/reports/{case.pk}").json()
    assert [said["text"] for said in whole["thread"]] == ["Buy my flour", "Two for one"]
    decide(ada, group, case, "hide")
    comment.refresh_from_db()
    assert comment.withheld_at is not None


# --- decisions ------------------------------------------------------------------------------------------------


def decide(
    who: User, group: Group, case: Case, outcome: str, words: str = "No selling here."
) -> dict[str, object]:
    body = {"outcome": outcome, "words": words, "answer": "Thanks."}
    answer = Api(who)("PATCH", f"groups/{group.slug}/reports/{case.pk}", body)
    assert answer.status_code == 200, answer.content
    told: dict[str, object] = answer.json()
    return told


def test_its_moderators_are_told_once_and_not_who_reported(
    ada: User, ben: User, cleo: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    finn = person("finn")
    is_in(group, finn)
    report(finn, post)
    drain()
    for moderator in (ada, ben):
        (told,) = Notification.objects.filter(recipient=moderator, kind="group_report")
        assert told.target_id == case.pk and told.words["url"] == f"/g/{group.slug}/reports"
        inbox = page_of(moderator).get("/notifications").content.decode()
        assert group.name in inbox and "eve" not in inbox
    assert not Notification.objects.filter(recipient__in=[cleo, reporter], kind="group_report").exists()
    assert broken() == []


def test_of_what_goes_to_the_site_at_once_they_are_not_told(
    ada: User, reporter: User, group: Group, post: Post
) -> None:
    report(reporter, post, to_site=True)
    drain()
    assert not Notification.objects.filter(kind="group_report").exists()


def test_it_may_be_left_as_it_is(ben: User, cleo: User, reporter: User, group: Group, post: Post) -> None:
    case = report(reporter, post)
    browser = page_of(ben)
    answer = browser.post(
        f"/g/{group.slug}/reports/{case.pk}", {"outcome": "nothing", "answer": "It is fine."}
    )
    assert answer.headers["Location"] == f"/g/{group.slug}/reports"
    case.refresh_from_db()
    assert (case.outcome, case.closed_by, case.said) == ("nothing", ben, "")
    drain()
    assert is_seen(post, cleo)
    news = Notification.objects.get(recipient=reporter, kind="report_outcome")
    assert not news.words["acted"]
    mine = Api(reporter)("GET", "me/reports").json()["results"][0]
    assert (mine["outcome"], mine["answer"]) == ("nothing", "It is fine.")
    assert "Buy my flour" not in browser.get(f"/g/{group.slug}/reports").content.decode()
    assert "Decided:" in browser.get(f"/g/{group.slug}/reports/{case.pk}").content.decode()


@pytest.mark.parametrize(("outcome", "status"), [("hide", "active"), ("remove", None), ("exclude", "banned")])
def test_hiding_removing_banning(
    ben: User, cleo: User, reporter: User, group: Group, post: Post, outcome: str, status: str | None
) -> None:
    case = report(reporter, post)
    told = decide(ben, group, case, outcome)
    assert (told["outcome"], told["with_site"]) == (outcome, False) and told["closed_at"]
    found = membership_of(group, cleo)
    assert (found.status if found else None) == status
    assert not is_seen(post, reporter)
    drain()
    sanction = Sanction.objects.get()
    assert (sanction.person, sanction.measure, sanction.words) == (cleo, "hide", "No selling here.")
    assert Api(cleo)("GET", "me/sanctions").json()["results"][0]["group"] == group.slug
    assert "By the moderators of the group" in page_of(cleo).get("/settings/decisions").content.decode()
    assert Notification.objects.filter(recipient=cleo, kind="sanction").exists()
    assert Notification.objects.get(recipient=reporter, kind="report_outcome").words["acted"]
    closed = AuditEntry.objects.get(act="moderation.case_closed")
    assert closed.actor_id == ben.pk and closed.after["group"] == group.pk
    assert broken() == []


def test_the_author_may_appeal_to_the_site(
    ben: User, cleo: User, mod: User, reporter: User, group: Group, post: Post
) -> None:
    decide(ben, group, report(reporter, post), "hide")
    sanction = Sanction.objects.get()
    answer = Api(cleo)("POST", f"me/sanctions/{sanction.pk}/appeal", {"appeal": "It was bread."})
    assert answer.status_code == 201
    actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="It was.", actor=mod)
    assert is_seen(post, reporter)


def test_it_may_be_passed_on(ben: User, mod: User, reporter: User, group: Group, post: Post) -> None:
    case = report(reporter, post)
    told = decide(ben, group, case, "pass_on")
    assert (told["outcome"], told["with_site"]) == (None, True)
    assert why(case) == "passed" and case.is_open
    escalated = AuditEntry.objects.get(act="moderation.case_escalated")
    assert (escalated.actor_id, escalated.after) == (ben.pk, {"group": group.pk, "why": "passed"})
    late = Api(ben)("PATCH", f"groups/{group.slug}/reports/{case.pk}", {"outcome": "nothing"})
    assert (late.status_code, late.json()["code"]) == (409, "case_with_site")
    assert page_of(ben).get(f"/g/{group.slug}/reports/{case.pk}").status_code == 404
    assert list(page_of(mod).get(QUEUE).context["cl"].result_list) == [case]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"outcome": "ban", "words": "Out!"},
        {"outcome": "gone"},
        {"outcome": "hide"},
        {"outcome": "exclude", "words": "  "},
        {"outcome": "hide", "words": "x" * 1001},
        {"outcome": "nothing", "answer": "x" * 1001},
    ],
)
def test_what_cannot_be_decided(
    ben: User, reporter: User, group: Group, post: Post, body: dict[str, str]
) -> None:
    case = report(reporter, post)
    assert Api(ben)("PATCH", f"groups/{group.slug}/reports/{case.pk}", body).status_code == 400
    assert page_of(ben).post(f"/g/{group.slug}/reports/{case.pk}", body).status_code == 400
    case.refresh_from_db()
    assert case.is_open and not Sanction.objects.exists()


def test_nobody_judges_themselves_nor_who_became_a_moderator(
    ada: User, ben: User, cleo: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    groups.set_role(group=group, actor=ada, person=cleo, role="moderator")
    assert Api(cleo)("GET", f"groups/{group.slug}/reports").json()["results"] == []
    assert Api(cleo)("GET", f"groups/{group.slug}/reports/{case.pk}").status_code == 404
    address, body = f"groups/{group.slug}/reports/{case.pk}", {"outcome": "hide", "words": "No."}
    assert Api(cleo)("PATCH", address, body).status_code == 404
    assert Api(ben)("PATCH", address, body).status_code == 403
    assert page_of(ben).post(f"/g/{group.slug}/reports/{case.pk}", body).status_code == 403
    decide(ben, group, case, "pass_on")


def test_what_was_decided_before_stands_beside(
    ben: User, cleo: User, reporter: User, group: Group, post: Post
) -> None:
    decide(ben, group, report(reporter, post), "hide")
    again = report(reporter, publish_post(author=cleo, group=group, content="Buy more"))
    (earlier,) = Api(ben)("GET", f"groups/{group.slug}/reports/{again.pk}").json()["earlier"]
    assert (earlier["reason"], earlier["outcome"]) == ("spam", "hide")
    html = page_of(ben).get(f"/g/{group.slug}/reports/{again.pk}").content.decode()
    assert "content hidden" in html


# --- the site takes over --------------------------------------------------------------------------------------


def take(case: Case, mod: User) -> None:
    actions.assign_case(case_id=case.pk, to=mod, actor=mod)


def judge(case: Case, mod: User) -> None:
    actions.decide_case(case_id=case.pk, outcome="hide", actor=mod, words="No.")


@pytest.mark.parametrize("act", [take, judge])
def test_the_sites_moderators_may_take_it_any_time(
    ben: User, mod: User, reporter: User, group: Group, post: Post, act: Callable[[Case, User], None]
) -> None:
    case = report(reporter, post)
    act(case, mod)
    assert why(case) == "taken"
    late = Api(ben)("PATCH", f"groups/{group.slug}/reports/{case.pk}", {"outcome": "nothing"})
    assert late.status_code == 409
    assert Api(ben)("GET", f"groups/{group.slug}/reports").json()["results"] == []


def test_after_a_day_it_is_the_sites(ben: User, mod: User, reporter: User, group: Group, post: Post) -> None:
    case = report(reporter, post)
    assert escalate_due() == 0
    case = age(case, hours=settings.GROUP_REPORT_HOURS, minutes=-1)
    assert escalate_due() == 0
    case = age(case, hours=settings.GROUP_REPORT_HOURS, minutes=1)
    assert escalate_due() == 1 and escalate_due() == 0
    escalate_due_cases()
    assert why(case) == "time"
    assert AuditEntry.objects.filter(act="moderation.case_escalated", actor_id=None).count() == 1
    assert Api(ben)("GET", f"groups/{group.slug}/reports").json()["results"] == []
    html = page_of(mod).get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert "did not decide in time" in html


def test_a_group_that_is_gone_leaves_its_cases_to_the_site(
    ada: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    groups.delete_group(group=group, actor=ada)
    drain()
    assert why(case) == "gone"


def test_who_moderates_no_longer_decides_no_longer(
    ada: User, ben: User, reporter: User, group: Group, post: Post
) -> None:
    case = report(reporter, post)
    Membership.objects.filter(user=ben).update(role="member")
    answer = Api(ben)("PATCH", f"groups/{group.slug}/reports/{case.pk}", {"outcome": "nothing"})
    assert answer.status_code == 404

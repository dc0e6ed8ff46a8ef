"""The queue in the admin: filters, context beside a case, many at once, and quick with ten thousand open cases."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.tests.factories import publish
from interactions.tests.threads import say
from moderation import actions, selectors
from moderation.models import AnswerTemplate, Case, Report, Sanction
from socialnet.outbox.models import AuditEntry

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/case/"


@pytest.fixture
def moderator(mod: User) -> User:
    """Decides cases, and is no administrator."""
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    mod.user_permissions.set(Permission.objects.filter(codename__in=["view_case", "change_case"]))
    return mod


def case_of(author: User, reporter: User, text: str = "Buy watches", audience: str = "public") -> Case:
    post = publish(author, text, audience=audience)
    return actions.report_target(kind="post", ident=str(post.pk), reporter=reporter, reason="spam").case


def plant_cases(of: User, many: int) -> None:
    Case.objects.bulk_create(
        Case(target_kind="user", target_id=10**9 + number, person=of, reason="spam", reports=1 + number % 7)
        for number in range(many)
    )


def address(case: Case, act: str = "change") -> str:
    return f"{QUEUE}{case.pk}/{act}/"


def test_what_most_reported_comes_first_and_what_is_closed_does_not(
    ada: User, ben: User, cleo: User, moderator: User
) -> None:
    quiet, loud, over = case_of(ada, ben), case_of(ada, ben), case_of(ada, ben)
    actions.report_target(kind="post", ident=str(loud.target_id), reporter=cleo, reason="hate")
    actions.decide_case(case_id=over.pk, outcome="nothing", actor=moderator)
    browser = page_of(moderator)

    def shown(query: str = "") -> list[int]:
        answer = browser.get(f"{QUEUE}?{query}")
        assert answer.status_code == 200
        return [case.pk for case in answer.context["cl"].result_list]

    assert shown() == [loud.pk, quiet.pk]
    assert shown("state=closed") == [over.pk]
    assert shown("state=mine") == []
    assert shown("kind=user") == [] and shown("kind=post") == [loud.pk, quiet.pk]
    assert shown("reason=hate") == [] and shown("reason=spam") == [loud.pk, quiet.pk]
    assert shown("q=@ada") == [loud.pk, quiet.pk] and shown("q=ben") == []
    browser.post(QUEUE, {"action": "take", "_selected_action": [quiet.pk]})
    assert shown("state=mine") == [quiet.pk] and shown("state=free") == [loud.pk]


def test_a_case_has_what_helps_to_decide_it(ada: User, ben: User, cleo: User, moderator: User) -> None:
    case = case_of(ada, ben)
    say(cleo, Case.objects.get().person.posts.get(), "They do this all the time")
    actions.impose_sanction(person=ada, measure="warn", actor=moderator, words="Be kind.")
    AnswerTemplate.objects.create(name="Advertising", measure="hide", words="Nobody asked for it.")
    page = page_of(moderator).get(address(case)).content.decode()
    for words in (
        "Buy watches",
        "They do this all the time",
        "@ben",
        "warning",
        "Advertising",
        "1 posts",
        "Here for",
    ):
        assert words in page, words
    assert 'data-key="u"' in page and "js/moderate" in page
    assert not AuditEntry.objects.filter(act="moderation.case_looked_at").exists()


def test_what_not_everybody_may_read_is_looked_at_on_the_record(
    ada: User, ben: User, moderator: User
) -> None:
    from accounts.tests.factories import follows

    follows(ben, ada)
    case = case_of(ada, ben, "For few", audience="followers")
    listed = page_of(moderator).get(QUEUE).content.decode()
    assert "For few" not in listed
    assert "For few" in page_of(moderator).get(address(case)).content.decode()
    entry = AuditEntry.objects.get(act="moderation.case_looked_at")
    assert (entry.actor_id, entry.target_id) == (moderator.pk, case.pk)


def test_a_decision_closes_and_leads_to_the_next(ada: User, ben: User, moderator: User) -> None:
    first, second = case_of(ada, ben), case_of(ada, ben)
    browser = page_of(moderator)
    wrong = browser.post(address(first, "decide"), {"outcome": "suspend"})
    assert wrong.status_code == 400 and "Say until when" in wrong.content.decode()
    assert browser.post(address(first, "decide"), {"outcome": "dance"}).status_code == 400
    until = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    answer = browser.post(
        address(first, "decide"), {"outcome": "suspend", "until": until, "words": "A break."}
    )
    assert answer["Location"].endswith(address(second))
    assert User.objects.get(pk=ada.pk).is_suspended
    again = browser.post(address(first, "decide"), {"outcome": "nothing"})
    assert again.status_code == 409
    last = browser.post(address(second, "decide"), {"outcome": "nothing"})
    assert last["Location"].endswith(QUEUE)
    closed = browser.get(address(first)).content.decode()
    assert "Close the case" not in closed and "suspended" in closed


def test_taking_a_case_is_on_the_record(ada: User, ben: User, moderator: User) -> None:
    case = case_of(ada, ben)
    page_of(moderator).post(address(case, "decide"), {"take": "1"})
    case.refresh_from_db()
    assert case.assigned_to == moderator
    assert AuditEntry.objects.get(act="moderation.case_assigned").after == {"to": moderator.pk}


def test_many_are_closed_by_one_action(ada: User, ben: User, moderator: User) -> None:
    cases = [case_of(ada, ben) for _ in range(3)]
    fields = {"action": "hide", "_selected_action": [case.pk for case in cases]}
    answer = page_of(moderator).post(QUEUE, fields, follow=True)
    assert "3 cases are closed." in answer.content.decode()
    assert AuditEntry.objects.filter(act="moderation.case_closed").count() == 3
    assert Sanction.objects.filter(measure="hide").count() == 3


def test_who_may_only_look_decides_nothing(ada: User, ben: User, moderator: User) -> None:
    case = case_of(ada, ben)
    moderator.user_permissions.set(Permission.objects.filter(codename="view_case"))
    browser = page_of(moderator)
    assert "Close the case" not in browser.get(address(case)).content.decode()
    assert browser.post(address(case, "decide"), {"outcome": "nothing"}).status_code == 403
    browser.post(QUEUE, {"action": "leave", "_selected_action": [case.pk]})
    assert Case.objects.open().count() == 1
    assert page_of(moderator).get("/admin/moderation/sanction/").status_code == 403
    for outsider in (page_of(), page_of(ben)):
        assert outsider.get(address(case)).status_code == 302
        assert outsider.post(address(case, "decide"), {"outcome": "ban"}).status_code == 302
    assert browser.get(f"{QUEUE}12345/change/").status_code in (302, 404)
    assert browser.get(f"{QUEUE}x/change/").status_code in (302, 404)


def queries_of(browser: Any, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_ten_thousand_open_cases_cost_no_more_than_ten(ada: User, mod: User) -> None:
    browser = page_of(mod)
    plant_cases(ada, 10)
    few = queries_of(browser, QUEUE)
    Case.objects.all().delete()
    plant_cases(ada, 10_000)
    assert queries_of(browser, QUEUE) <= few
    assert len(browser.get(QUEUE).context["cl"].result_list) == 50
    assert browser.get(f"{QUEUE}?p=150").status_code == 200


def test_the_page_of_a_case_costs_the_same_for_one_and_many(ada: User, ben: User, mod: User) -> None:
    case = case_of(ada, ben)
    browser = page_of(mod)
    one = queries_of(browser, address(case))
    for _number in range(4):
        other = case_of(ada, person())
        actions.decide_case(case_id=other.pk, outcome="warn", actor=mod, words="Stop.")
        actions.report_target(kind="post", ident=str(case.target_id), reporter=person(), reason="spam")
    assert queries_of(browser, address(case)) == one


@pytest.mark.parametrize(
    "rows, index",
    [
        (lambda me: Case.objects.open().order_by("-reports", "id"), "case_queue"),
        (
            lambda me: Case.objects.open().filter(assigned_to=me).order_by("-reports", "id"),
            "case_queue_of_moderator",
        ),
        (
            lambda me: Case.objects.open().filter(target_kind="post").order_by("-reports", "id"),
            "case_queue_of_kind",
        ),
        (
            lambda me: Case.objects.open().filter(reason="hate").order_by("-reports", "id"),
            "case_queue_of_reason",
        ),
        (lambda me: Case.objects.exclude(closed_at=None).order_by("-closed_at"), "case_closed"),
        (lambda me: Case.objects.filter(person=me).order_by("-id"), "case_by_person"),
        (lambda me: Report.objects.filter(reporter=me).order_by("-id"), "report_by_reporter"),
        (lambda me: Sanction.objects.filter(person=me).order_by("-id"), "sanction_by_person"),
        (lambda me: Sanction.objects.due().order_by("until"), "sanction_due"),
        (
            lambda me: Sanction.objects.filter(answered_at=None, appealed_at__isnull=False).order_by(
                "appealed_at"
            ),
            "sanction_appeals",
        ),
    ],
)
def test_queues_and_lists_use_their_indexes(ada: User, rows: Any, index: str) -> None:
    plant_cases(ada, 3_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE moderation_case")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # of most kinds nothing is planted
    assert index in rows(ada)[:50].explain()


def test_the_days_are_counted(ada: User, ben: User, mod: User) -> None:
    for _number in range(3):
        case_of(ada, ben)
    actions.decide_case(case_id=Case.objects.first().pk, outcome="nothing", actor=mod)  # type: ignore[union-attr]
    days = selectors.days(today=timezone.now().date(), many=30)
    assert len(days) == 30
    assert (days[-1].reports, days[-1].closed, days[0].reports) == (3, 1, 0)
    assert days[-1].median is not None and timedelta(0) <= days[-1].median < timedelta(minutes=5)
    page = page_of(mod).get(QUEUE).content.decode()
    assert "Median hours until closed" in page and "As a table" in page

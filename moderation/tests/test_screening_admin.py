"""Rules in the admin: who may set them, what is on the record, and what stands beside each; the queue of what waits."""

from datetime import timedelta
from importlib import import_module
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
from moderation import actions
from moderation.models import Case, ScreeningResult, ScreeningRule
from moderation.screening import actions as screening
from moderation.screening.models import Mode
from moderation.screening.rulebook import book
from moderation.screening.rules import CLASSIFIER, RULES
from moderation.screening.selectors import numbers
from moderation.tasks import forget_screening_results
from moderation.tests.screened import SPAM, block_words, set_rule
from socialnet.kernel.errors import DomainError, NotFound
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
RULE_PAGES = "/admin/moderation/screeningrule/"
RESULTS = "/admin/moderation/screeningresult/"
QUEUE = "/admin/moderation/case/"


@pytest.fixture(autouse=True)
def rules(db: None) -> None:
    """As they are seeded; tests that end with empty tables leave none."""
    usual = [screening.usual_row(rule) for rule in (*RULES, CLASSIFIER)]
    ScreeningRule.objects.bulk_create(usual, ignore_conflicts=True)


@pytest.fixture
def moderator(mod: User) -> User:
    """Decides cases and sets rules, and is no administrator."""
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    names = ["view_case", "change_case", "view_screeningrule", "change_screeningrule", "view_screeningresult"]
    mod.user_permissions.set(Permission.objects.filter(codename__in=names))
    return mod


def plant_results(of: User, many: int) -> None:
    hits = [{"rule": "too_fast", "mode": "shadow", "outcome": "hold", "because": "8 in 2 min"}]
    ScreeningResult.objects.bulk_create(
        ScreeningResult(author=of, target_kind="post", target_id=n, outcome="allow", hits=hits, text_hash="x")
        for n in range(many)
    )


def test_the_migration_sets_each_rule_as_the_code_says_it_is_usual() -> None:
    seeded = {rule: rest for rule, *rest in import_module("moderation.migrations.0002_screening").RULES}
    assert seeded.keys() == {*RULES, CLASSIFIER}
    for rule, rest in seeded.items():
        usual = screening.usual_row(rule)
        assert rest == [usual.mode, usual.outcome, usual.threshold, usual.minutes] and not usual.entries


def test_a_moderator_sets_a_rule_and_it_is_on_the_record(ada: User, moderator: User) -> None:
    address = f"{RULE_PAGES}blocked_words/change/"
    page = page_of(moderator)
    assert "Any word or phrase" in page.get(address).content.decode()
    answer = page.post(address, {"mode": "on", "outcome": "refuse", "entries": "miracle cure\ncasino"})
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(act="moderation.screening_rule_changed")
    assert (entry.actor_id, entry.before["outcome"], entry.after["outcome"]) == (
        moderator.pk,
        "hold",
        "refuse",
    )
    assert entry.after["rule"] == "blocked_words" and "casino" in entry.after["entries"]
    assert book()["blocked_words"].entries == ("miracle cure", "casino")
    with pytest.raises(DomainError):
        publish(ada, SPAM)
    page.post(address, {"mode": "on", "outcome": "refuse", "entries": "miracle cure\r\ncasino"})
    assert AuditEntry.objects.filter(act="moderation.screening_rule_changed").count() == 1  # nothing changed


@pytest.mark.parametrize(
    ("rule", "fields", "wrong"),
    [
        ("too_fast", {"mode": "on", "outcome": "hold", "threshold": "", "minutes": "5"}, "threshold"),
        ("too_fast", {"mode": "on", "outcome": "hold", "threshold": "5", "minutes": "9999"}, "minutes"),
        ("too_fast", {"mode": "loud", "outcome": "hold", "threshold": "5", "minutes": "5"}, "mode"),
        ("too_fast", {"mode": "on", "outcome": "flag", "threshold": "5", "minutes": "5"}, "outcome"),
        ("classifier", {"mode": "on", "outcome": "flag", "threshold": "101"}, "threshold"),
        ("classifier", {"mode": "on", "outcome": "hold", "threshold": "80"}, "outcome"),
        ("blocked_words", {"mode": "on", "outcome": "hold", "entries": "x" * 20_001}, "entries"),
    ],
)
def test_what_a_rule_cannot_be_set_to(moderator: User, rule: str, fields: dict[str, str], wrong: str) -> None:
    answer = page_of(moderator).post(f"{RULE_PAGES}{rule}/change/", fields)
    assert answer.status_code == 200 and wrong in answer.context["adminform"].form.errors
    assert not AuditEntry.objects.filter(act="moderation.screening_rule_changed").exists()


def test_rules_are_set_by_who_may_and_none_are_added(ada: User, moderator: User, mod: User) -> None:
    assert page_of(ada).get(RULE_PAGES).status_code in (302, 403)
    looking = person("looking", is_staff=True)
    looking.user_permissions.set(Permission.objects.filter(codename="view_screeningrule"))
    page = page_of(looking)
    assert page.get(RULE_PAGES).status_code == 200
    answer = page.post(f"{RULE_PAGES}too_fast/change/", {"mode": "on", "outcome": "hold", "threshold": "5"})
    assert answer.status_code == 403 and ScreeningRule.objects.get(pk="too_fast").mode == "shadow"
    assert page_of(mod).get(f"{RULE_PAGES}add/").status_code == 403
    assert page_of(mod).post(f"{RULE_PAGES}too_fast/delete/").status_code == 403
    with pytest.raises(NotFound):
        screening.change_rule(rule="no_such_rule", actor=mod, mode="on")


def test_a_rule_without_a_row_is_as_usual(mod: User) -> None:
    ScreeningRule.objects.all().delete()
    assert book()["too_fast"] == RULES["too_fast"].usual and book()[CLASSIFIER].mode == Mode.SHADOW
    screening.change_rule(rule="too_fast", actor=mod, mode="on")
    assert ScreeningRule.objects.get().mode == "on"


# --- precision -------------------------------------------------------------------------------------------------


def decide(thing: Any, mod: User, outcome: str, **more: Any) -> None:
    drain()
    case = Case.objects.open().get(target_id=thing.pk)
    actions.decide_case(case_id=case.pk, outcome=outcome, actor=mod, **more)


def test_each_decision_says_whether_the_rules_were_right(ada: User, ben: User, moderator: User) -> None:
    set_rule("mass_mentions", "shadow", threshold=2)
    block_words()
    first, second = publish(ada, f"{SPAM} @ben @cleo"), publish(ada, SPAM)
    third = say(ben, publish(ben), SPAM)
    decide(first, moderator, "hide")
    decide(second, moderator, "hide")
    decide(third, moderator, "nothing")
    shadow = publish(ada, "@ben @cleo hello")
    actions.report_target(kind="post", ident=str(shadow.pk), reporter=ben, reason="spam")
    decide(shadow, moderator, "nothing")  # a case that people asked for judges what a rule in shadow found
    publish(ada, "@ben @cleo again")
    counted = numbers()
    words, mentions = counted["blocked_words"], counted["mass_mentions"]
    assert (words.found, words.in_shadow, words.right, words.wrong) == (3, 0, 2, 1)
    assert (mentions.found, mentions.in_shadow, mentions.right, mentions.wrong) == (3, 3, 1, 1)
    page = page_of(moderator).get(RULE_PAGES).content.decode()
    assert "67%" in page and "50%" in page and "2 / 1" in page


def test_the_page_of_rules_costs_the_same_for_many_results(ada: User, moderator: User) -> None:
    page = page_of(moderator)

    def cost(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert page.get(address).status_code == 200
        return len(asked)

    plant_results(ada, 2)
    page.get(RULE_PAGES), page.get(RESULTS)
    before = cost(RULE_PAGES), cost(RESULTS)
    plant_results(ada, 300)
    assert (cost(RULE_PAGES), cost(RESULTS)) == before


def test_results_are_found_by_author_rule_and_outcome_and_say_no_words(
    ada: User, ben: User, moderator: User
) -> None:
    block_words()
    publish(ada, f"{SPAM}, it smells of lavender")
    plant_results(ben, 3)
    page = page_of(moderator)

    def shown(query: str) -> int:
        answer = page.get(f"{RESULTS}?{query}")
        assert answer.status_code == 200 and "lavender" not in answer.content.decode()
        return len(answer.context["cl"].result_list)

    assert [shown(query) for query in ("", "q=ada", "q=BEN", "q=nobody", "outcome=hold", "rule=too_fast")] == [
        4, 1, 3, 0, 1, 3,
    ]  # fmt: skip
    row = ScreeningResult.objects.get(outcome="hold")
    answer = page.get(f"{RESULTS}{row.pk}/change/")
    assert answer.status_code == 200 and "miracle cure" in answer.content.decode()
    assert page.post(f"{RESULTS}{row.pk}/change/", {"outcome": "allow"}).status_code == 403


# --- the queue ---------------------------------------------------------------------------------------------------


def test_what_waits_is_in_the_queue_with_what_was_found(ada: User, ben: User, moderator: User) -> None:
    block_words()
    post = publish(ada, SPAM)
    other = publish(ada, "Good morning")
    actions.report_target(kind="post", ident=str(other.pk), reporter=ben, reason="spam")
    drain()
    page = page_of(moderator)
    cases = page.get(f"{QUEUE}?screened=yes").context["cl"].result_list
    assert [case.target_id for case in cases] == [post.pk]
    case = cases[0]
    shown = page.get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert "What screening found" in shown and "Blocked words: miracle cure" in shown and SPAM in shown
    assert "only its author sees it" in shown
    answer = page.post(f"{QUEUE}{case.pk}/decide/", {"outcome": "gone"})
    assert answer.status_code == 400 and "still there" in answer.content.decode()
    answer = page.post(f"{QUEUE}{case.pk}/decide/", {"outcome": "nothing"})
    assert answer.status_code == 302
    post.refresh_from_db()
    assert post.hidden_at is None


def test_many_are_released_at_once_each_on_its_own(ada: User, moderator: User) -> None:
    block_words()
    held = [publish(ada, f"{SPAM}, number {number}") for number in range(4)]
    drain()
    page_of(moderator).post(
        QUEUE, {"action": "leave", "_selected_action": Case.objects.values_list("pk", flat=True)}
    )
    for post in held:
        post.refresh_from_db()
        assert post.held_at is None and post.hidden_at is None
    assert AuditEntry.objects.filter(act="moderation.case_closed").count() == 4


def test_the_queue_of_what_waits_uses_its_index(ada: User) -> None:
    Case.objects.bulk_create(
        Case(target_kind="user", target_id=10**9 + n, person=ada, reason="spam", is_screened=n % 50 == 0)
        for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE moderation_case")
        cursor.execute(
            "EXPLAIN SELECT * FROM moderation_case WHERE closed_at IS NULL AND is_screened"
            " ORDER BY reports DESC, id LIMIT 50"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "case_queue_of_screening" in plan


def test_a_held_profile_is_shown_to_moderators_and_to_its_person(
    ada: User, ben: User, moderator: User
) -> None:
    block_words()
    page = page_of(ada)
    version = User.objects.get(pk=ada.pk).version
    answer = page.post(
        "/settings/profile",
        {"display_name": "Ada", "bio": SPAM, "version": version, "language": "en", "time_zone": "UTC"},
    )
    assert answer.status_code == 302
    assert "Waiting for review" in page.get("/settings/profile").content.decode()
    drain()
    case = Case.objects.get(is_screened=True)
    assert SPAM in page_of(moderator).get(f"{QUEUE}{case.pk}/change/").content.decode()
    assert "miracle" not in page_of(ben).get("/@ada").content.decode()


# --- forgetting ----------------------------------------------------------------------------------------------------


def test_results_are_forgotten_in_time(ada: User, settings: Any) -> None:
    plant_results(ada, 2)
    old = ScreeningResult.objects.first()
    ScreeningResult.objects.filter(pk=old.pk).update(
        id=id_at(timezone.now() - timedelta(days=settings.SCREENING_DAYS + 1))
    )
    forget_screening_results()
    forget_screening_results()
    assert ScreeningResult.objects.count() == 1

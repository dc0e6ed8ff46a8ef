"""Many at once, with real threads and connections: one case of a target, each report once, and both reasons kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from accounts.tests.factories import PASSWORD, person
from accounts.tests.test_follow_races import at_once, rounds
from feeds.tests.factories import publish
from moderation import actions
from moderation.models import Case, Report, Sanction
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def reporting(post_id: int, by: User) -> Report:
    return actions.report_target(kind="post", ident=str(post_id), reporter=by, reason="spam")


@rounds
def test_two_who_report_the_same_at_once_open_one_case(round_: int) -> None:
    post = publish(person("ada"), "Buy my watches")
    ben, cleo = person("ben"), person("cleo")
    reports = at_once(lambda: reporting(post.pk, ben), lambda: reporting(post.pk, cleo))
    assert all(isinstance(report, Report) for report in reports)
    case = Case.objects.get()
    assert case.reports == 2
    assert set(Report.objects.values_list("case", "reporter")) == {(case.pk, ben.pk), (case.pk, cleo.pk)}


@rounds
def test_one_who_reports_twice_at_once_is_counted_once(round_: int) -> None:
    post, ben = publish(person("ada")), person("ben")
    at_once(*[lambda: reporting(post.pk, ben)] * 4)
    assert Case.objects.get().reports == Report.objects.count() == 1


@rounds
def test_who_reports_while_moderators_decide_is_in_one_case_or_the_next(round_: int) -> None:
    post, mod = publish(person("ada")), person("mod", is_staff=True)
    reporters = [person() for _ in range(4)]
    case = reporting(post.pk, person()).case
    at_once(
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
        *[lambda by=by: reporting(post.pk, by) for by in reporters],  # type: ignore[misc]
    )
    assert Report.objects.count() == 5 and Case.objects.count() in (1, 2)
    assert Case.objects.open().count() == Case.objects.count() - 1
    drain()
    assert broken(sample=20) == []


@rounds
def test_leaving_and_a_suspension_at_once_are_both_kept(round_: int) -> None:
    ada, mod = person("ada"), person("mod", is_staff=True)
    until = timezone.now() + timedelta(days=7)
    at_once(
        lambda: accounts.begin_leaving(user=ada, password=PASSWORD),
        lambda: actions.impose_sanction(person=ada, measure="suspend", actor=mod, until=until),
    )
    ada.refresh_from_db()
    assert ada.is_shut_out and ada.leaving_since is not None
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    ada.refresh_from_db()
    assert ada.is_leaving


@rounds
def test_coming_back_and_a_ban_at_once_leave_the_ban(round_: int) -> None:
    ada, mod = person("ada"), person("mod", is_staff=True)
    accounts.begin_leaving(user=ada, password=PASSWORD)
    results = at_once(
        lambda: accounts.come_back(user=ada),
        lambda: actions.impose_sanction(person=ada, measure="ban", actor=mod),
    )
    assert not any(isinstance(result, DomainError) for result in results)
    drain()
    ada.refresh_from_db()
    assert ada.is_shut_out and ada.leaving_since is None and Sanction.objects.in_force().count() == 1
    assert broken(sample=20) == []


@rounds
def test_letting_somebody_in_twice_over_never_locks_both_out(round_: int) -> None:
    """Sanctions are locked before their person, whoever does it."""
    ada, mod = person("ada"), person("mod", is_staff=True)
    until = timezone.now() + timedelta(days=7)
    for _each in range(3):
        actions.impose_sanction(person=ada, measure="suspend", actor=mod, until=until)
    User.objects.filter(pk=ada.pk).update(suspended_at=None)
    first = Sanction.objects.order_by("pk")[0].pk
    results = at_once(
        lambda: actions.let_in(person=ada, actor=mod),
        lambda: actions.note_unsuspended(user_id=ada.pk),
        lambda: actions.end_sanction(sanction_id=first, actor=mod),
        lambda: actions.note_unsuspended(user_id=ada.pk),
        lambda: actions.let_in(person=ada, actor=mod),
    )
    assert all(result is not None for result in results)
    assert not Sanction.objects.in_force().exists()
    drain()
    assert broken(sample=20) == []

"""What a group's own moderators decide about reports of what is said in it, and what goes on to the site's."""

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import InvalidFields
from accounts.models import User
from groups import actions as groups
from groups.models import Group
from moderation.actions import BATCH, check_there, close_case, impose_sanction, lock_case, words_of
from moderation.errors import WithTheSite
from moderation.in_groups import routing
from moderation.models import Case, Measure
from socialnet.kernel.errors import Forbidden, NotFound

# Whoever is put out of a group for what they said does not leave it behind: it is hidden, too.
HIDING = frozenset({Case.Outcome.HIDE, Case.Outcome.REMOVE, Case.Outcome.EXCLUDE})
PASS_ON = "pass_on"
OF_GROUP = frozenset({Case.Outcome.NOTHING, *HIDING, PASS_ON})
_DUE = """
SELECT id FROM moderation_case WHERE closed_at IS NULL AND escalated_at IS NULL AND group_id IS NOT NULL
    AND id < socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s))
ORDER BY id LIMIT %(most)s
"""


@transaction.atomic
def decide_in_group(
    *, group: Group, case_id: int, outcome: str, actor: User, words: str = "", answer: str = ""
) -> Case:
    """Close a case as a moderator of the group in which it was said, and who reported it is told; or pass it on to the
    site's moderators.

    Hiding, removing and banning need `words` for the author, who may appeal to the site's moderators. Raises
    `NotFound` (another group's), `Forbidden`, `CaseClosed`, `WithTheSite`, `InvalidFields`.
    """
    case = _lock(group, case_id, actor)
    if outcome not in OF_GROUP:
        raise InvalidFields(outcome=[_("Choose what to do.")])
    if outcome == PASS_ON:
        routing.escalate(case, why=Case.Escalation.PASSED, actor=actor)
        return case
    told = words_of(answer, field="answer")
    if outcome == Case.Outcome.HIDE:
        check_there(case)
    if outcome in HIDING:
        _act(case, group, outcome, actor, words_of(words, field="words", needed=True))
    else:
        case.said = ""
    close_case(case, outcome=outcome, answer=told, actor=actor)
    return case


def _act(case: Case, group: Group, outcome: str, actor: User, words: str) -> None:
    person = case.person
    if person is None or not person.is_active:
        raise InvalidFields(outcome=[_("Whose it was is gone.")])
    if routing.is_staff_of(group.pk, person.pk):
        raise Forbidden(_("This is about somebody who moderates the group. Pass it on to the site."))
    impose_sanction(person=person, measure=Measure.HIDE, actor=actor, words=words, case=case)
    if outcome == Case.Outcome.REMOVE:
        groups.remove_member(group=group, actor=actor, person=person)
    elif outcome == Case.Outcome.EXCLUDE:
        groups.ban_person(group=group, actor=actor, person=person)


def _lock(group: Group, case_id: int, actor: User) -> Case:
    groups.check_moderator(group, actor)
    theirs = Case.objects.filter(pk=case_id, group=group).exclude(person=actor)
    if not theirs.exists():
        raise NotFound
    case = lock_case(case_id)
    if not case.is_with_group:
        raise WithTheSite
    return case


def escalate_due() -> int:
    """Give the site what groups did not decide in time, by the database's clock; how many. Two who do it at once share
    the work."""
    escalated = 0
    while ids := _due():
        before = escalated
        for case_id in ids:
            escalated += _escalate_one(case_id, Case.Escalation.TIME)
        if escalated == before:  # somebody else is at it
            break
    return escalated


def escalate_of(group_id: int) -> int:
    """Give the site all cases of a group that is gone or hidden; how many."""
    ids = Case.objects.with_groups().filter(group=group_id).order_by("pk").values_list("pk", flat=True)
    return sum(_escalate_one(case_id, Case.Escalation.GONE) for case_id in ids)


@transaction.atomic
def _escalate_one(case_id: int, why: str) -> int:
    waiting = Case.objects.with_groups().select_for_update(no_key=True, skip_locked=True, of=["self"])
    case = waiting.filter(pk=case_id).first()
    if case is None:
        return 0
    routing.escalate(case, why=why, actor=None)
    return 1


def _due() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"hours": settings.GROUP_REPORT_HOURS, "most": BATCH})
        return [row[0] for row in cursor.fetchall()]

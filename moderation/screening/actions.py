"""Writing down what was found, setting rules, looking again later, forgetting: each one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import InvalidFields
from accounts.models import User
from accounts.screening import Writing
from groups.models import Group
from moderation import targets
from moderation.actions import open_screened_case
from moderation.events import WritingHeld, WritingToCheck
from moderation.models import Reason, TargetKind
from moderation.screening import rulebook
from moderation.screening.models import (
    ENTRIES_MAX,
    HeldGroup,
    HeldProfile,
    Mode,
    Outcome,
    ScreeningResult,
    ScreeningRule,
)
from moderation.screening.results import Found
from moderation.screening.rules import CLASSIFIER, CLASSIFIER_USUAL, RULES, WITH_ENTRIES, Hit
from moderation.screening.selectors import words_waiting
from socialnet.kernel.errors import NotFound
from socialnet.outbox.actions import emit, record
from socialnet.outbox.ids import id_at

_BATCH = 5000
OUTCOMES = dict.fromkeys(RULES, (Outcome.HOLD, Outcome.REFUSE)) | {CLASSIFIER: (Outcome.FLAG,)}
_DECENCY = {"blocked_words", CLASSIFIER}


def keep(writing: Writing, found: Found, target_id: int, *, is_late: bool, weak: Sequence[Hit]) -> None:
    """In the transaction that writes it: what was found, and what is owed for it. See `accounts.screening.Verdict`."""
    if keep_words := _WAITING.get(writing.kind):
        keep_words(writing, target_id, is_held=found.outcome == Outcome.HOLD)
    if found.hits:
        keep_result(found, text=writing.text, target_id=target_id)
    if is_late:
        emit(
            WritingToCheck(
                kind=found.target_kind, target_id=target_id, weak={hit.rule: hit.because for hit in weak}
            )
        )


def keep_result(found: Found, *, text: str, target_id: int) -> ScreeningResult:
    """In the transaction of what follows from it; a case is opened by and by."""
    row = found.row(text=text, target_id=target_id)
    row.save(force_insert=True)
    if found.outcome in (Outcome.HOLD, Outcome.FLAG):
        emit(WritingHeld(result_id=row.pk))
    return row


def _keep_profile(writing: Writing, user_id: int, *, is_held: bool) -> None:
    """The person's row is locked by who changes it."""
    row = HeldProfile.objects.filter(person=user_id).first()
    if waiting := still_waiting(row.fields if row else {}, writing, is_held=is_held):
        HeldProfile.objects.update_or_create(person_id=user_id, defaults={"fields": waiting})
    elif row is not None:
        row.delete()


def still_waiting(before: Mapping[str, Any], writing: Writing, *, is_held: bool) -> dict[str, Any]:
    """Of each field what was asked for last, if it waits; what is said now waits no longer."""
    others = {field: said for field, said in before.items() if field not in writing.fields}
    return {**others, **writing.fields} if is_held else others


def _keep_group(writing: Writing, group_id: int, *, is_held: bool) -> None:
    """As of profiles; a group that is new waits itself."""
    if writing.is_new:
        return
    if is_held:
        waits = {"fields": dict(writing.fields), "editor": writing.author}
        HeldGroup.objects.update_or_create(group_id=group_id, defaults=waits)
    else:
        HeldGroup.objects.filter(group=group_id).delete()


_WAITING = {"user": _keep_profile, "group": _keep_group}


@transaction.atomic
def open_case_of(result_id: int) -> None:
    """Let moderators decide about what was held or flagged, if it still is; again changes nothing.

    Not in the transaction that writes: who decides holds the case and waits for the post, who edits the other way.
    """
    row = ScreeningResult.objects.filter(pk=result_id, case=None).first()
    target = targets.found(row.target_kind, row.target_id or 0) if row else None
    if row is None or target is None:
        return
    if held := words_waiting(target.kind, target.id):
        target = replace(target, said=held)
    if target.kind == TargetKind.GROUP and row.author is not None:
        target = replace(target, person=row.author)
    rules = {hit["rule"] for hit in row.hits}
    case = open_screened_case(target, reason=Reason.OTHER if rules & _DECENCY else Reason.SPAM)
    # Whoever decides holds the case: what is true from here on stays so.
    is_asked = row.outcome == Outcome.FLAG or targets.is_held(target.kind, target.id)
    if not (is_asked and ScreeningResult.objects.filter(pk=row.pk, case=None).update(case=case)):
        transaction.set_rollback(True)


@transaction.atomic
def hold_late(found: Found, *, text: str, target_id: int) -> None:
    """What is out already goes out of sight until moderators look; what cannot, a profile or a group, has a case."""
    if found.outcome == Outcome.HOLD and not targets.hold(found.kind, target_id):
        found = replace(found, outcome=Outcome.FLAG)
    if found.hits:
        keep_result(found, text=text, target_id=target_id)


@transaction.atomic
def change_rule(*, rule: str, actor: User, **changes: object) -> ScreeningRule:
    """Set a rule otherwise: mode, outcome, threshold, minutes, entries. It is on the record, works within seconds, and
    changes nothing when it is so already.

    Raises `NotFound` for a rule that there is not, and `InvalidFields`.
    """
    if rule not in OUTCOMES:
        raise NotFound
    row = ScreeningRule.objects.select_for_update().filter(pk=rule).first() or usual_row(rule)
    before = _said(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.entries = "\n".join(row.entries.splitlines())
    check_rule(row)
    after = _said(row)
    if before == after and not row._state.adding:
        return row
    row.save()
    record(
        "moderation.screening_rule_changed",
        actor_id=actor.pk,
        target_type="screening_rule",
        target_id=None,
        before={"rule": rule, **before},
        after={"rule": rule, **after},
    )
    rulebook.forget()  # for who goes on in this transaction
    transaction.on_commit(rulebook.forget)
    return row


def usual_row(rule: str) -> ScreeningRule:
    """As it is set before anybody set it."""
    usual = CLASSIFIER_USUAL if rule == CLASSIFIER else RULES[rule].usual
    return ScreeningRule(
        id=rule,
        mode=usual.mode,
        outcome=usual.outcome,
        threshold=usual.threshold or None,
        minutes=usual.minutes or None,
    )


def _said(row: ScreeningRule) -> Mapping[str, object]:
    return {name: getattr(row, name) for name in ("mode", "outcome", "threshold", "minutes", "entries")}


def check_rule(row: ScreeningRule) -> None:
    """Raises `InvalidFields` for what a rule cannot be set to."""
    usual = usual_row(row.pk)
    wrong: dict[str, list[str]] = {}
    if row.mode not in Mode.values:
        wrong["mode"] = [_("Choose a mode.")]
    if row.outcome not in OUTCOMES[row.pk]:
        wrong["outcome"] = [_("This rule cannot do that.")]
    for name in ("threshold", "minutes"):
        if getattr(usual, name) and not getattr(row, name):
            wrong[name] = [_("At least 1.")]
    if row.pk == CLASSIFIER and (row.threshold or 0) > 100:
        wrong["threshold"] = [_("At most 100 percent.")]
    if (row.minutes or 0) > 24 * 60:
        wrong["minutes"] = [_("At most a day.")]
    if len(row.entries) > ENTRIES_MAX or (row.entries and row.pk not in WITH_ENTRIES):
        wrong["entries"] = [_("This list is too long.")]
    if wrong:
        raise InvalidFields(**wrong)


def forget_old() -> int:
    """Results are kept for `SCREENING_DAYS`, of what is decided and what is not; how many went. A batch at a time."""
    before = id_at(timezone.now() - timedelta(days=settings.SCREENING_DAYS))
    gone = 0
    while ids := list(
        ScreeningResult.objects.filter(pk__lt=before).order_by("pk").values_list("pk", flat=True)[:_BATCH]
    ):
        gone += ScreeningResult.objects.filter(pk__in=ids).delete()[0]
    return gone


def forget_person(user_id: int) -> None:
    """What they wrote waits for nobody any more; a group that they founded stays hidden."""
    founded = ScreeningResult.objects.filter(
        author=user_id, target_kind=TargetKind.GROUP, outcome=Outcome.HOLD, target_id__isnull=False
    )
    waiting = Group.objects.kept().exclude(held_at=None).filter(pk__in=founded.values("target_id"))
    for group_id in list(waiting.values_list("pk", flat=True)):
        targets.hide(TargetKind.GROUP, group_id, actor=None)
    ScreeningResult.objects.filter(author=user_id).delete()
    HeldProfile.objects.filter(person=user_id).delete()
    HeldGroup.objects.filter(editor=user_id).delete()

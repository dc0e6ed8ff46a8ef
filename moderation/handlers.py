"""Who must hear of what moderators decided. Each looks at what is true now, and may run twice."""

from collections.abc import Sequence

from django.urls import reverse

from accounts.events import PersonDeleted, UserUnsuspended
from accounts.mail import patience
from feeds.events import PostDeleted
from groups import actions as groups
from groups.events import GroupDeleted, GroupHidden
from groups.models import Membership
from interactions.events import CommentDeleted
from moderation import actions, mail, targets
from moderation.events import (
    AppealAnswered,
    CaseDecided,
    CaseOfGroup,
    SanctionEnded,
    SanctionImposed,
    WritingHeld,
    WritingToCheck,
)
from moderation.in_groups import actions as in_groups
from moderation.models import SHUT_OUT, Case, Report, Sanction, ScreeningResult, TargetKind
from moderation.screening import actions as screening
from moderation.screening import later
from moderation.screening.models import Outcome
from notifications.actions import tell_people
from socialnet.outbox.actions import owe
from socialnet.outbox.handlers import Owed, on, owed

PIECE = 500  # reporters that one piece of work tells
NOTHING = frozenset({Case.Outcome.NOTHING, Case.Outcome.GONE})


@on(CaseOfGroup, queue="notify")
def tell_moderators_of_group(events: Sequence[CaseOfGroup]) -> None:
    """Those who moderate it now, but whom it is about."""
    for event in events:
        case = Case.objects.with_groups().select_related("group").filter(pk=event.case_id).first()
        if case is None or case.group is None:
            continue
        moderators = Membership.objects.active().filter(group=case.group).exclude(role=Membership.Role.MEMBER)
        tell_people(
            kind="group_report",
            recipient_ids=list(moderators.exclude(user=case.person_id or 0).values_list("user", flat=True)),
            target_id=case.pk,
            words={"group": case.group.name, "url": reverse("group_reports", args=[case.group.slug])},
        )


@on(CaseDecided, queue="notify")
def tell_reporters(events: Sequence[CaseDecided]) -> None:
    """In pieces: of what many saw many report."""
    for event in events:
        ids = list(Report.objects.filter(case=event.case_id).order_by("pk").values_list("pk", flat=True))
        chunks = [ids[start : start + PIECE] for start in range(0, len(ids), PIECE)]
        owe(tell_reporters_piece, event, [f"{chunk[0]}-{chunk[-1]}" for chunk in chunks])


@owed(queue="notify")
def tell_reporters_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        case = Case.objects.filter(pk=piece.event.case_id).exclude(closed_at=None).first()  # type: ignore[attr-defined]
        if case is None:
            continue
        reports = Report.objects.filter(case=case, pk__range=tuple(map(int, piece.key.split("-"))))
        acted = "" if case.outcome in NOTHING else "1"
        tell_people(
            kind="report_outcome",
            recipient_ids=list(reports.values_list("reporter_id", flat=True)),
            target_id=case.pk,
            words={"acted": acted, "url": reverse("my_reports")},
        )


@on(SanctionImposed, queue="notify")
def tell_sanctioned(events: Sequence[SanctionImposed]) -> None:
    for event in events:
        if sanction := Sanction.objects.filter(pk=event.sanction_id).first():
            _tell(sanction, sanction.measure, event.id)


@on(SanctionEnded, queue="notify")
def tell_ended(events: Sequence[SanctionEnded]) -> None:
    """A granted appeal says so itself."""
    for event in events:
        if sanction := Sanction.objects.filter(pk=event.sanction_id).exclude(granted=True).first():
            _tell(sanction, "ended", event.id)


@on(AppealAnswered, queue="notify")
def tell_answer(events: Sequence[AppealAnswered]) -> None:
    for event in events:
        if sanction := Sanction.objects.filter(pk=event.sanction_id).first():
            _tell(sanction, "granted" if sanction.granted else "refused", event.id)


def _tell(sanction: Sanction, what: str, event_id: int) -> None:
    """Each on its own: the event is the target."""
    tell_people(
        kind="sanction",
        recipient_ids=[sanction.person_id],
        target_id=event_id,
        words={"what": what, "url": reverse("my_sanctions")},
    )


@on(SanctionImposed, AppealAnswered, queue="mail", batch=1)
def write_to_shut_out(events: Sequence[SanctionImposed | AppealAnswered]) -> None:
    """Who cannot sign in learns by letter why, and where to appeal."""
    for event in events:
        sanctions = Sanction.objects.select_related("person").filter(measure__in=SHUT_OUT)
        sanction = sanctions.filter(pk=event.sanction_id, person__is_active=True).first()
        if sanction is not None:
            with patience(event):
                mail.send_decision(sanction)


@on(UserUnsuspended, queue="default")
def note_unsuspended(events: Sequence[UserUnsuspended]) -> None:
    for event in events:
        actions.note_unsuspended(user_id=event.user_id)


@on(GroupHidden, GroupDeleted, queue="maintenance", batch=1)
def escalate_cases(events: Sequence[GroupHidden | GroupDeleted]) -> None:
    """Its moderators have no queue any more."""
    for event in events:
        in_groups.escalate_of(event.group_id)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: Sequence[PersonDeleted]) -> None:
    """Their groups have other owners first: what waits or is hidden there is theirs from now on."""
    for event in events:
        while groups.leave_all(user_id=event.user_id):
            pass
        actions.forget_person(user_id=event.user_id)
        screening.forget_person(event.user_id)


@on(PostDeleted, CommentDeleted, queue="maintenance")
def close_gone(events: Sequence[PostDeleted | CommentDeleted]) -> None:
    """What waited for moderators, and is gone."""
    for event in events:
        if isinstance(event, PostDeleted):
            actions.close_gone(kind=TargetKind.POST, target_id=event.post_id)
        else:
            actions.close_gone(kind=TargetKind.COMMENT, target_id=event.comment_id)


@on(WritingHeld, queue="default")
def open_cases(events: Sequence[WritingHeld]) -> None:
    for event in events:
        screening.open_case_of(event.result_id)


@on(WritingToCheck, queue="default", batch=1)
def check_writing(events: Sequence[WritingToCheck]) -> None:
    for event in events:
        later.check(event)


@on(CaseDecided, queue="notify")
def tell_author(events: Sequence[CaseDecided]) -> None:
    """Who waited for moderators learns that they looked, and that it is seen now; else a decision tells them."""
    for event in events:
        case = Case.objects.filter(pk=event.case_id, is_screened=True, person__isnull=False).first()
        if case is not None and case.outcome == Case.Outcome.NOTHING and (authors := _whose_waited(case)):
            target = targets.found(case.target_kind, case.target_id)
            if target is not None:
                tell_people(
                    kind="sanction",
                    recipient_ids=authors,
                    target_id=event.id,
                    words={"what": "released", "url": target.url},
                )


def _whose_waited(case: Case) -> list[int]:
    held = ScreeningResult.objects.filter(case=case, outcome=Outcome.HOLD, author__isnull=False)
    return list(held.order_by("author").values_list("author_id", flat=True).distinct())

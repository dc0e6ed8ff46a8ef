"""What moderators do. The names are stored in the outbox: never rename one."""

from dataclasses import dataclass

from socialnet.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class CaseOfGroup(Event):
    """Something was reported for the first time, and a group's own moderators are to decide."""

    name = "moderation.case_of_group"
    case_id: int


@dataclass(frozen=True, kw_only=True)
class CaseDecided(Event):
    """A case is closed; who reported learns how."""

    name = "moderation.case_decided"
    case_id: int


@dataclass(frozen=True, kw_only=True)
class WritingHeld(Event):
    """Screening holds something, or lets it through with a question: moderators shall look."""

    name = "moderation.writing_held"
    result_id: int


@dataclass(frozen=True, kw_only=True)
class WritingToCheck(Event):
    """The classifier said nothing in time. `weak` are the rules that its word would make count, and what they found."""

    name = "moderation.writing_to_check"
    kind: str
    target_id: int
    weak: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SanctionImposed(Event):
    name = "moderation.sanction_imposed"
    sanction_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class SanctionEnded(Event):
    """It ran out, was taken back, or an appeal was granted."""

    name = "moderation.sanction_ended"
    sanction_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class AppealAnswered(Event):
    name = "moderation.appeal_answered"
    sanction_id: int
    user_id: int

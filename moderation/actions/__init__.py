"""Report, decide, sanction, appeal: each one transaction, and on the record."""

from moderation.actions.appeals import answer_appeal, appeal_sanction
from moderation.actions.cases import (
    assign_case,
    check_there,
    close_case,
    close_gone,
    decide_case,
    decide_cases,
    lock_case,
    note_look_at_case,
)
from moderation.actions.forgetting import forget_person
from moderation.actions.reports import open_screened_case, report_target
from moderation.actions.sanctions import (
    BATCH,
    end_due,
    end_sanction,
    impose_sanction,
    let_in,
    note_unsuspended,
)
from moderation.actions.words import words_of

__all__ = [
    "BATCH",
    "answer_appeal",
    "appeal_sanction",
    "assign_case",
    "check_there",
    "close_case",
    "close_gone",
    "decide_case",
    "decide_cases",
    "end_due",
    "end_sanction",
    "forget_person",
    "impose_sanction",
    "let_in",
    "lock_case",
    "note_look_at_case",
    "note_unsuspended",
    "open_screened_case",
    "report_target",
    "words_of",
]

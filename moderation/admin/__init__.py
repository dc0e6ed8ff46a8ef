"""What moderators work with: the queue of cases, what was decided about people, templates of answers, and screening."""

from moderation.admin.answers import AnswerTemplateAdmin
from moderation.admin.queue import CaseAdmin
from moderation.admin.sanctions import SanctionAdmin
from moderation.screening.admin import ScreeningResultAdmin, ScreeningRuleAdmin

__all__ = [
    "AnswerTemplateAdmin",
    "CaseAdmin",
    "SanctionAdmin",
    "ScreeningResultAdmin",
    "ScreeningRuleAdmin",
]

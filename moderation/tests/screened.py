"""Rules as tests set them, and somebody whom they concern."""

from datetime import timedelta
from typing import Any

from accounts.models import User
from moderation.models import ScreeningRule
from moderation.screening import rulebook
from moderation.screening.actions import usual_row
from socialnet.kernel import redis

SPAM = "Try our miracle cure today"
OFFENCE = "you are a stupid idiot"


def set_rule(rule: str, mode: str = "on", **fields: Any) -> ScreeningRule:
    row = usual_row(rule)
    for name, value in {"mode": mode, **fields}.items():
        setattr(row, name, value)
    ScreeningRule.objects.filter(pk=rule).delete()
    row.save(force_insert=True)
    redis._client().delete(rulebook.KEPT.key("all"))
    rulebook.KEPT.forget_here()
    return row


def block_words(*words: str, mode: str = "on", outcome: str = "hold") -> None:
    set_rule("blocked_words", mode, outcome=outcome, entries="\n".join(words or ("miracle cure",)))


def older(user: User, *, days: int) -> User:
    """As if they had joined so many days ago."""
    User.objects.filter(pk=user.pk).update(created_at=user.created_at - timedelta(days=days))
    return user

"""A violation for each invariant of moderation."""

from collections.abc import Callable
from typing import Any

from django.db.models.functions import Now

from accounts.models import User
from feeds.models import Post
from moderation.models import Case, Measure, Reason, Sanction, TargetKind


def _case(town: Any, **fields: Any) -> Case:
    return Case.objects.create(
        target_kind=TargetKind.POST, target_id=town.posts[0].pk, person=town.ada, reason=Reason.SPAM, **fields
    )


def miscounted(town: Any) -> None:
    _case(town, reports=3)


def banned_at_large(town: Any) -> None:
    Sanction.objects.create(person=town.ben, measure=Measure.BAN, made_by=town.ada)


def words_of_erased(town: Any) -> None:
    _case(town, said="Buy my watches")
    User.objects.filter(pk=town.ada.pk).update(is_active=False)


def held_for_nobody(town: Any) -> None:
    Post.objects.filter(pk=town.posts[0].pk).update(hidden_at=Now(), held_at=Now())


PLANTS: dict[str, Callable[[Any], object]] = {
    "what is held waits in an open case of the queue": held_for_nobody,
    "cases count their reports": miscounted,
    "whom a decision in force suspends or bans is shut out": banned_at_large,
    "of who was erased moderators keep no words, and nothing in force": words_of_erased,
}

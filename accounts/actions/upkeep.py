"""What keeps counts right and tables small; every one of these may run twice at once."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import Counter

from accounts.actions.standing import recount_follows
from accounts.models import ApiToken, Mute, PersonCounts, Session, User
from accounts.selectors import count_drift, people_touched_since

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter("socialnet_count_drift", "Counts that differed from their rows and were mended", ["count"])


def reconcile_recent_counts(*, hours: int = 2) -> int:
    """Compare and mend the follow counts of people whose follows changed lately; how many were wrong."""
    touched = people_touched_since(timezone.now() - timedelta(hours=hours))
    return sum(reconcile_counts(touched[start : start + BATCH]) for start in range(0, len(touched), BATCH))


def reconcile_all_counts() -> int:
    """As `reconcile_recent_counts`, for everybody, in batches by id; first of all which follows count."""
    recount_follows()
    return sum(reconcile_counts(ids) for ids in _batches())


def reconcile_counts(people: Iterable[int]) -> int:
    """Mend the follow counts of `people` (ids) from the rows; how many people had a wrong one.

    Looks without locks first; who seems wrong is locked as every follow locks them, and looked at again.
    """
    suspects = [drift.user_id for drift in count_drift(people)]
    return _mend(suspects) if suspects else 0


@transaction.atomic
def _mend(suspects: list[int]) -> int:
    list(User.objects.select_for_update(no_key=True).filter(pk__in=suspects).order_by("pk").values_list("pk"))
    wrong = count_drift(suspects)
    for drift in wrong:
        right = {"followers": drift.right_followers, "following": drift.right_following}
        PersonCounts.objects.filter(pk=drift.user_id).update(**right)
        log.warning(
            "count_drift_mended",
            user_id=drift.user_id,
            followers=drift.followers,
            following=drift.following,
            right_followers=drift.right_followers,
            right_following=drift.right_following,
        )
        _drift.labels("followers").inc(drift.followers != drift.right_followers)
        _drift.labels("following").inc(drift.following != drift.right_following)
    return len(wrong)


def forget_expired() -> dict[str, int]:
    """Delete sessions, tokens and mutes past their end, and what a suspended or deleted account still has."""
    out = Q(suspended_at__isnull=False) | Q(is_active=False)
    shut_out = User.objects.filter(out).values("pk")
    return {
        "sessions": Session.objects.filter(Q(expire_date__lt=Now()) | Q(account__in=shut_out)).delete()[0],
        "tokens": ApiToken.objects.filter(Q(expires_at__lt=Now()) | Q(user__in=shut_out)).delete()[0],
        "mutes": Mute.objects.filter(until__lt=Now()).delete()[0],
    }


def _batches() -> Iterator[list[int]]:
    last = 0
    while ids := list(User.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]

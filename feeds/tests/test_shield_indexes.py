"""Filters and days of a person are read by the indexes that were made for it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.tests.factories import person
from feeds import insights, shields
from feeds.models import DailyFeedStats, KeywordFilter
from feeds.selectors import filters_of
from feeds.tests.test_indexes import analyze, plans_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_filters_and_days_by_their_keys() -> None:
    today = datetime.now(UTC).date()
    crowd = [person() for _ in range(40)]
    KeywordFilter.objects.bulk_create(
        KeywordFilter(user=one, slot=slot, phrase=f"w{slot}", places=["home"])
        for one in crowd
        for slot in range(1, 101)
    )
    DailyFeedStats.objects.bulk_create(
        DailyFeedStats(user=one, day=today - timedelta(days=ago), shown=1)
        for one in crowd
        for ago in range(200)
    )
    analyze()
    ada = crowd[7]
    connection.ensure_connection()
    assert "filter_slot_once" in plans_of(lambda: shields._load([ada.pk]))
    assert "filter_newest" in plans_of(lambda: filters_of(person=ada))
    days = plans_of(lambda: insights._counted(ada.pk))
    assert "Seq Scan on feeds_dailyfeedstats" not in days

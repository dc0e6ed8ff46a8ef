"""Digests: in the morning of their reader, never empty, never what was read or mailed, once per absence."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Activity, User
from accounts.tests.factories import person
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions
from notifications.channels.mail import digest
from notifications.events import DigestOwed
from notifications.models import ChannelDelivery, Digest, Notification, Settings
from notifications.tests.letters import PostOffice, mention, office, outcomes, text_of, try_again
from socialnet.kernel import realtime
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db


def this_morning() -> datetime:
    """A quarter past eight in UTC, today."""
    return timezone.now().replace(hour=8, minute=15, second=0, microsecond=0)


def news(who: User, whom: User, *, hours_ago: float = 24, now: datetime | None = None) -> Notification:
    """A comment, which is told by no letter at once."""
    post = publish(whom)
    doing.comment_on_post(post_id=post.pk, author=who, content=f"Well said, {post.pk}")
    drain()
    row = Notification.objects.get(post_id=post.pk, kind="comment")
    row.place = id_at((now or this_morning()) - timedelta(hours=hours_ago)) | (row.pk & 0xFFF)
    row.save(update_fields=["place"])
    return row


def left(whom: User, *, days: int, now: datetime | None = None) -> None:
    day = (now or this_morning()).date() - timedelta(days=days)
    Activity.objects.filter(pk=whom.pk).update(last_active_on=day)


def wants(whom: User, choice: str, **fields: Any) -> None:
    Settings.objects.update_or_create(user=whom, defaults={"digest": choice, **fields})


def run(now: datetime | None = None) -> int:
    owed = digest.owe_due(now=now or this_morning())
    drain()
    return owed


def test_who_was_away_gets_one_letter_grouped_as_the_inbox_is(
    ada: User, ben: User, cleo: User, office: PostOffice
) -> None:
    row = news(ben, ada)
    doing.like_post(post_id=row.post_id, person=cleo)
    drain()
    left(ada, days=2)
    assert run() == 1 and run() == 0
    (letter,) = office.letters
    assert letter["Subject"] == "2 new notifications"
    text, html = text_of(letter), text_of(letter, "html")
    assert (
        text.index("Conversations")
        < text.index("Ben commented on your post")
        < text.index("Likes and shares")
    )
    assert "Well said" in text and "Cleo likes your post" in text and "<h2>Conversations</h2>" in html
    assert outcomes() == [("sent", "digest")] * 2
    assert Settings.objects.get(user=ada).digest_at == this_morning()


@pytest.mark.parametrize("days", [0, 1, 5])
def test_nobody_is_away_who_was_here_lately_and_those_who_left_long_ago_are_asked_seldom(
    ada: User, ben: User, office: PostOffice, days: int
) -> None:
    news(ben, ada)
    left(ada, days=days)
    assert run() == 0 and office.letters == []


def test_who_has_an_open_page_is_not_away(ada: User, ben: User, office: PostOffice) -> None:
    news(ben, ada)
    left(ada, days=2)
    realtime.mark_online([ada.pk])
    assert run() == 0


def test_who_read_news_since_was_here(ada: User, ben: User, office: PostOffice) -> None:
    read, _other = news(ben, ada), news(ben, ada)
    left(ada, days=3)
    actions.mark_read(person=ada, ids=[read.pk])
    assert run() == 0


def test_once_per_absence(ada: User, ben: User, office: PostOffice) -> None:
    news(ben, ada)
    left(ada, days=2)
    assert run() == 1
    tomorrow, later = this_morning() + timedelta(days=1), this_morning() + timedelta(days=5)
    news(ben, ada, now=tomorrow)
    assert run(tomorrow) == 0
    left(ada, days=3, now=later)  # they came and went again
    news(ben, ada, now=later)
    assert run(later) == 1
    assert len(office.letters) == 2


def test_news_that_come_late_are_told_on_a_later_morning(ada: User, ben: User, office: PostOffice) -> None:
    left(ada, days=2)
    assert run() == 0  # never empty
    tomorrow = this_morning() + timedelta(days=1)
    news(ben, ada, now=tomorrow)
    assert run(tomorrow) == 1


def test_what_was_read_mailed_or_there_before_the_last_visit_is_left_out(
    ada: User, ben: User, office: PostOffice
) -> None:
    read, before, new = news(ben, ada), news(ben, ada, hours_ago=200), news(ben, ada)
    mention(ben, ada)
    drain()
    assert office.subjects == ["Ben mentioned you"]
    actions.mark_read(person=ada, ids=[read.pk])
    Notification.objects.exclude(read_at=None).update(read_at="2026-01-01T00:00Z")
    left(ada, days=2)
    assert run() == 1
    assert office.subjects == ["Ben mentioned you", "1 new notification"]
    assert str(new.post_id) in text_of(office.letters[1]) and str(before.post_id) not in text_of(
        office.letters[1]
    )


def test_quiet_hours_that_began_while_it_waited(ada: User, ben: User, office: PostOffice) -> None:
    news(ben, ada)
    left(ada, days=2)
    digest.owe_due(now=this_morning())
    Settings.objects.filter(user=ada).update(quiet_from="00:00", quiet_until="23:59:59")
    drain(allow_failures=True)
    assert office.letters == [] and outcomes() == [("owed", "")]
    Settings.objects.filter(user=ada).update(quiet_from=None, quiet_until=None)
    try_again()
    assert office.subjects == ["1 new notification"]


def test_none_about_nothing_but_what_was_mailed(ada: User, ben: User, office: PostOffice) -> None:
    mention(ben, ada)
    drain()
    left(ada, days=2)
    assert run() == 0 and office.subjects == ["Ben mentioned you"]


def test_read_before_it_left(ada: User, ben: User, office: PostOffice) -> None:
    news(ben, ada)
    left(ada, days=2)
    digest.owe_due(now=this_morning())
    actions.mark_read(person=ada)
    drain()
    assert office.letters == [] and outcomes() == [("cancelled", "read")]


@pytest.mark.parametrize("why", ["off", "left alone", "bounced", "suspended", "unconfirmed"])
def test_who_gets_none(ada: User, ben: User, office: PostOffice, why: str) -> None:
    news(ben, ada)
    left(ada, days=2)
    if why == "off":
        wants(ada, Digest.OFF)
    elif why == "left alone":
        wants(ada, Digest.AWAY, is_on=False)
    elif why == "bounced":
        wants(ada, Digest.AWAY, mail_trouble="bounced")
    elif why == "suspended":
        User.objects.filter(pk=ada.pk).update(suspended_at=timezone.now())
    else:
        ada.emailaddress_set.update(verified=False)
    assert run() == 0 and office.letters == []


def test_every_day_but_not_twice_and_not_empty(ada: User, ben: User, office: PostOffice) -> None:
    wants(ada, Digest.DAILY)
    news(ben, ada, hours_ago=3)
    assert run(this_morning() - timedelta(minutes=20)) == 0  # five to eight
    assert run() == 1 and run(this_morning() + timedelta(minutes=10)) == 0
    tomorrow = this_morning() + timedelta(days=1)
    assert run(tomorrow) == 0
    news(ben, ada, now=tomorrow, hours_ago=3)
    assert run(tomorrow) == 1
    assert len(office.letters) == 2


def test_every_week_on_mondays(ada: User, ben: User, office: PostOffice) -> None:
    wants(ada, Digest.WEEKLY)
    days = [this_morning() + timedelta(days=day) for day in range(7)]
    news(ben, ada, hours_ago=1)
    assert [run(day) for day in days] == [int(day.weekday() == 0) for day in days]


def test_quiet_hours_move_it_to_their_end(ada: User, ben: User, office: PostOffice) -> None:
    wants(ada, Digest.DAILY, quiet_from="22:00", quiet_until="10:00")
    news(ben, ada, hours_ago=3)
    digest_times = [this_morning() + timedelta(minutes=minutes) for minutes in (0, 100, 110)]
    assert [digest.owe_due(now=moment) for moment in digest_times] == [0, 0, 1]  # 8:15, 9:55, 10:05


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2027-03-27", 7), ("2027-03-28", 6), ("2027-10-30", 6), ("2027-10-31", 7)]
)
def test_eight_o_clock_is_eight_o_clock_when_clocks_change(
    ada: User, ben: User, office: PostOffice, day: str, utc_hour: int
) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="Europe/Berlin")
    wants(ada, Digest.DAILY)
    eight = datetime.fromisoformat(f"{day}T{utc_hour:02}:00:00+00:00")
    news(ben, ada, now=eight, hours_ago=3)
    assert digest.last_morning(eight, ZoneInfo("Europe/Berlin")) == eight
    assert digest.owe_due(now=eight - timedelta(minutes=1)) == 0
    assert digest.owe_due(now=eight + timedelta(minutes=1)) == 1


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Not/There"])
def test_everywhere_the_absent_hear_between_the_second_and_the_third_day(
    ada: User, ben: User, office: PostOffice, zone: str
) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone=zone)
    start = this_morning().replace(hour=0, minute=0)
    left(ada, days=2)
    news(ben, ada)
    moments = [start + timedelta(minutes=30 * half) for half in range(48)]
    told = [moment for moment in moments if digest.owe_due(now=moment)]
    (only,) = told
    known = ZoneInfo("UTC" if zone == "Not/There" else zone)
    assert only - digest.last_morning(only, known) < timedelta(minutes=30)


def test_twenty_lines_and_how_many_more(ada: User, ben: User, office: PostOffice) -> None:
    rows = [
        Notification(recipient=ada, kind="post_failed", target_id=n, due_at=timezone.now()) for n in range(30)
    ]
    Notification.objects.bulk_create(rows)
    Notification.objects.update(place=id_at(this_morning() - timedelta(hours=20)))
    left(ada, days=2)
    assert run() == 1
    text = text_of(office.letters[0])
    assert office.subjects == ["30 new notifications"]
    assert text.count("\n* ") == 20 and "And 10 more: http://127.0.0.1:8000/notifications" in text
    assert outcomes() == [("sent", "digest")] * 30


@pytest.mark.parametrize(
    "chosen", [{"digest": Digest.OFF}, {"is_on": False}, {"kind": "off"}], ids=["never", "nothing", "kind"]
)
def test_one_that_is_owed_is_not_sent_to_who_wants_none_any_more(
    ada: User, ben: User, office: PostOffice, chosen: dict[str, Any]
) -> None:
    news(ben, ada)
    left(ada, days=2)
    assert digest.owe_due(now=this_morning()) == 1
    if "kind" in chosen:
        actions.save_preference(person=ada, kind="comment", ways=[], from_whom="everyone", pace="off")
    else:
        Settings.objects.filter(user=ada).update(**chosen)
    drain()
    assert office.letters == [] and outcomes() == [("cancelled", "unwanted")]


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_owe_each_digest_once(ada: User, ben: User, office: PostOffice) -> None:
    people = [person() for _ in range(8)]
    for one in people:
        news(ben, one)
        left(one, days=2)
    together = threading.Barrier(4)
    owed: list[int] = []

    def job() -> None:
        together.wait()
        owed.append(digest.owe_due(now=this_morning()))
        connection.close()

    threads = [threading.Thread(target=job) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(owed) == len(people) == Event.objects.filter(name=DigestOwed.name).count()
    drain()
    assert len(office.letters) == len(people)
    assert ChannelDelivery.objects.filter(outcome="digest").count() == len(people)


def test_the_absent_are_found_by_the_day_on_which_they_left(ada: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        params = {"days": [timezone.now().date()], "elsewhere": ["UTC"], "now": datetime.now(UTC)}
        cursor.execute(f"EXPLAIN {digest._AWAY}", {**params, "latest": timedelta()})
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN {digest._REGULAR}", {**params, "latest": timedelta()})
        regular = "\n".join(row[0] for row in cursor.fetchall())
    assert "activity_state_day" in plan and "notification_unread" in plan
    assert "notification_digest_regular" in regular


def test_a_piece_costs_the_same_for_one_and_for_many(
    ada: User, ben: User, django_assert_max_num_queries: Any
) -> None:
    for one in [person() for _ in range(6)]:
        news(ben, one)
        left(one, days=2)
    with django_assert_max_num_queries(12 + 6):  # one event for each
        assert digest.owe_due(now=this_morning()) == 6

"""When people are told: quiet hours, the hourly cap, paces, from whom, and what passes all of it.

The database's clock decides, so tests plant `due_at` and `told_at`, and put quiet hours around the present moment.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import follows, person
from feeds.actions import delete_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from interactions.models import Like
from notifications import actions, settling, tasks, telling
from notifications.claims import Claim
from notifications.models import ChannelDelivery, Notification
from notifications.registry import KINDS
from notifications.selectors import inbox_page
from socialnet.kernel import realtime
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada(db: None) -> User:
    """She has a page open, so whatever is told reaches her."""
    ada = person("ada")
    realtime.mark_online([ada.pk])
    return ada


def wish(ada: User, *, kinds: dict[str, Any] | None = None, **settings: Any) -> None:
    actions.save_wishes(person=ada, settings=settings, kinds=kinds or {})


def quiet(ada: User, *, hours: int = 1, **settings: Any) -> datetime:
    """Quiet from an hour ago for `hours` from now on; returns when they end."""
    moment = settling.now()
    ends = (moment + timedelta(hours=hours)).replace(second=0, microsecond=0)
    wish(ada, quiet_from=(moment - HOUR).time(), quiet_until=ends.time(), **settings)
    return ends


def like(who: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=who)


def comment(who: User, post: Post, words: str = "Well") -> None:
    doing.comment_on_post(post_id=post.pk, author=who, content=words)


def pass_time(by: timedelta) -> None:
    """Let everything have happened earlier."""
    for field in ("due_at", "told_at", "closes_at"):
        Notification.objects.exclude(**{field: None}).update(**{field: F(field) - by})


def tick() -> int:
    """What the job does every few seconds; returns how many notifications were told by it."""
    before = told()
    tasks.tell_due()
    return told() - before


def told() -> int:
    return ChannelDelivery.objects.filter(state="sent").count()


def tellings() -> int:
    """How many messages that were."""
    rows = Notification.objects.filter(deliveries__state="sent")
    return rows.values("told_at").distinct().count()


def claims(ada: User, kind: str, actors: list[User], post: Post) -> list[Claim]:
    return [
        Claim(kind=kind, recipient_id=ada.pk, actor_id=who.pk, target_id=post.pk, post_id=post.pk)
        for who in actors
    ]


def fans(many: int) -> list[User]:
    first = User.objects.count()
    return User.objects.bulk_create(
        [
            User(username=f"fan_{first + n}", email=f"fan_{first + n}@example.com", display_name=f"Fan {n}")
            for n in range(many)
        ]
    )


def likes_of(ada: User, post: Post, many: int) -> None:
    """So many like it, as the handler of likes is told: in one batch."""
    who = fans(many)
    Like.objects.bulk_create([Like(user=fan, post_id=post.pk) for fan in who])
    telling.tell(settling.settle(claims(ada, "like", who, post)))


# --- quiet hours --------------------------------------------------------------------------------------------


def test_what_is_held_comes_as_one_summary_right_after_quiet_hours(ada: User, ben: User, cleo: User) -> None:
    ends = quiet(ada)
    post = publish(ada, "Bread")
    comment(ben, post)
    comment(cleo, post)
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert told() == 0 and len(inbox_page(viewer=ada).items) == 3
    assert set(Notification.objects.values_list("due_at", flat=True)) == {ends}
    pass_time(ends - settling.now())
    wish(ada, quiet_from=None, quiet_until=None)
    assert tick() == 3
    assert tellings() == 1


def test_the_end_of_quiet_hours_is_kept_when_they_change(ada: User, ben: User) -> None:
    quiet(ada, hours=3)
    comment(ben, publish(ada, "Bread"))
    drain()
    wish(ada, quiet_from=None, quiet_until=None)
    assert tick() == 1


@pytest.mark.parametrize(("loud_pass", "passed"), [(True, 1), (False, 0)])
def test_mentions_break_through_if_they_may(ada: User, ben: User, loud_pass: bool, passed: int) -> None:
    quiet(ada, loud_pass=loud_pass)
    comment(ben, publish(ada, "Bread"))
    publish(ben, "Look, @ada")
    drain()
    assert told() == passed
    if passed:
        assert {row.notification.kind for row in ChannelDelivery.objects.all()} == {"mention"}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Mars/Olympus"])
def test_quiet_hours_go_by_the_persons_clock_or_utc(ada: User, ben: User, zone: str) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone=zone)
    here = settling.now().astimezone(ZoneInfo(zone if zone.startswith("Asia") else "UTC"))
    wish(ada, quiet_from=(here - HOUR).time(), quiet_until=(here + HOUR).time())
    comment(ben, publish(ada, "Bread"))
    drain()
    assert told() == 0
    wish(ada, quiet_from=here.time().replace(microsecond=0), quiet_until=here.time().replace(microsecond=0))
    assert tick() == 1


# --- the hourly cap -----------------------------------------------------------------------------------------


def test_a_thousand_likes_in_a_minute_are_one_row_and_one_telling(ada: User) -> None:
    post = publish(ada, "Bread")
    for _batch in range(25):
        likes_of(ada, post, 40)
        tick()
    (row,) = Notification.objects.all()
    assert row.actor_count == 1000 and tellings() == 1
    assert inbox_page(viewer=ada).items[0].text == "1000+ people like your post"
    pass_time(HOUR - timedelta(minutes=1))
    assert tick() == 0


def test_over_the_cap_the_rest_is_one_summary_when_there_is_room(ada: User, ben: User) -> None:
    post = publish(ada, "Bread")
    for number in range(200):
        comment(ben, post, f"Number {number}")
        drain()
    assert (told(), tellings()) == (50, 50)
    assert tick() == 0
    first = (
        Notification.objects.order_by("told_at").exclude(told_at=None).values_list("told_at", flat=True)[0]
    )
    assert set(Notification.objects.filter(told_at=None).values_list("due_at", flat=True)) == {first + HOUR}
    pass_time(first + HOUR - settling.now() + timedelta(milliseconds=1))
    assert tick() == 150
    assert tellings() == 51


def test_a_lower_cap_waits_until_there_is_room_for_one(ada: User, ben: User) -> None:
    post = publish(ada, "Bread")
    for _number in range(4):
        comment(ben, post)
        drain()
    wish(ada, hourly_cap=2)
    comment(ben, post)
    drain()
    waiting = Notification.objects.get(told_at=None)
    times = list(
        Notification.objects.exclude(told_at=None).order_by("told_at").values_list("told_at", flat=True)
    )
    assert waiting.due_at == times[2] + HOUR


def test_what_went_out_by_no_way_takes_no_room(ada: User, ben: User) -> None:
    wish(ada, hourly_cap=1, kinds={"follow": {"ways": []}})
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert told() == 0 and Notification.objects.exclude(told_at=None).count() == 1
    comment(ben, publish(ada, "Bread"))
    drain()
    assert told() == 1


# --- paces --------------------------------------------------------------------------------------------------


def test_once_a_day_is_at_eight_in_the_morning(ada: User, ben: User) -> None:
    User.objects.filter(pk=ada.pk).update(time_zone="America/Santiago")
    wish(ada, kinds={"follow": {"pace": "daily"}})
    people.follow_user(follower=ben, followee=ada)
    drain()
    row = Notification.objects.get()
    here = row.due_at.astimezone(ZoneInfo("America/Santiago"))
    assert (here.hour, here.minute) == (8, 0)
    assert settling.now() < row.due_at <= settling.now() + timedelta(hours=25)


def test_a_morning_within_quiet_hours_waits_for_their_end(ada: User, ben: User) -> None:
    wish(ada, kinds={"follow": {"pace": "daily"}})
    ends = quiet(ada)
    people.follow_user(follower=ben, followee=ada)
    drain()
    Notification.objects.update(due_at=settling.now())
    assert tick() == 0
    assert Notification.objects.get().due_at == ends


@pytest.mark.parametrize(("pace", "wait"), [("at_once", 30), ("5_minutes", 300), ("hourly", 3600)])
def test_paces_of_likes(ada: User, ben: User, pace: str, wait: int) -> None:
    wish(ada, kinds={"like": {"pace": pace}})
    before = settling.now()
    like(ben, publish(ada, "Bread"))
    drain()
    waits = Notification.objects.get().due_at - before
    assert timedelta(seconds=wait) <= waits < timedelta(seconds=wait + 20)


def test_off_is_not_even_in_the_inbox_and_what_waits_is_not_told(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada, "Bread")
    like(ben, post)
    drain()
    wish(ada, kinds={"like": {"pace": "off"}})
    like(cleo, post)
    drain()
    (row,) = Notification.objects.all()
    assert row.actor_count == 1
    pass_time(HOUR)
    assert tick() == 0


def test_a_faster_pace_holds_for_what_waits_already(ada: User, ben: User) -> None:
    wish(ada, kinds={"comment": {"pace": "hourly"}})
    comment(ben, publish(ada, "Bread"))
    drain()
    assert tick() == 0
    wish(ada, kinds={"comment": {"pace": "at_once"}})
    assert tick() == 1


# --- batches and cooldowns ----------------------------------------------------------------------------------


def test_a_full_batch_ends_the_window_early(ada: User) -> None:
    post = publish(ada, "Bread")
    likes_of(ada, post, KINDS["like"].largest - 1)
    assert told() == 0
    likes_of(ada, post, 1)
    assert told() == 1


@pytest.mark.parametrize("pace", ["hourly", "daily"])
def test_but_not_an_hour_or_a_day_that_was_chosen(ada: User, pace: str) -> None:
    wish(ada, kinds={"like": {"pace": pace}})
    likes_of(ada, publish(ada, "Bread"), KINDS["like"].largest + 5)
    assert told() == 0 and Notification.objects.get().due_at > settling.now() + timedelta(minutes=0.5)


def test_nor_a_cooldown_whatever_was_read(ada: User) -> None:
    post = publish(ada, "Bread")
    likes_of(ada, post, KINDS["like"].largest)
    first = Notification.objects.get().told_at
    actions.mark_read(person=ada)
    likes_of(ada, post, 1)
    actions.mark_read(person=ada)
    likes_of(ada, post, KINDS["like"].largest)
    assert told() == 1
    assert Notification.objects.latest("pk").due_at == first + HOUR


def test_a_full_batch_that_is_put_off_stays_so(ada: User) -> None:
    ends = quiet(ada)
    post = publish(ada, "Bread")
    likes_of(ada, post, KINDS["like"].largest)
    likes_of(ada, post, 1)
    assert Notification.objects.get().due_at == ends


def test_read_or_undone_before_it_is_due_is_not_told(ada: User, ben: User, cleo: User) -> None:
    bread, cheese = publish(ada, "Bread"), publish(ada, "Cheese")
    like(ben, bread)
    like(cleo, cheese)
    drain()
    actions.mark_read(person=ada, ids=[Notification.objects.get(post_id=bread.pk).pk])
    doing.unlike_post(post_id=cheese.pk, person=cleo)
    drain()
    pass_time(HOUR)
    assert tick() == 0
    like(cleo, cheese)
    drain()
    delete_post(post=cheese, actor=ada)
    drain()
    pass_time(HOUR)
    assert tick() == 0


# --- what passes, and from whom -----------------------------------------------------------------------------


def test_the_master_switch_leaves_the_inbox_alone(ada: User, ben: User) -> None:
    wish(ada, is_on=False)
    comment(ben, publish(ada, "Bread"))
    drain()
    assert told() == 0 and len(inbox_page(viewer=ada).items) == 1


def test_security_passes_everything(ada: User, ben: User) -> None:
    comment(ben, publish(ada, "Bread"))
    drain()
    quiet(ada, is_on=False, hourly_cap=1)
    telling.tell(settling.settle([Claim(kind="security", recipient_id=ada.pk, actor_id=None, target_id=7)]))
    assert ChannelDelivery.objects.filter(notification__kind="security", state="sent").count() == 1


@pytest.mark.parametrize(
    ("from_whom", "heard"),
    [
        ("everyone", {"stranger", "followed", "mutual"}),
        ("followed", {"followed", "mutual"}),
        ("mutuals", {"mutual"}),
        ("nobody", set()),
    ],
)
def test_from_whom(ada: User, from_whom: str, heard: set[str]) -> None:
    wish(ada, kinds={"like": {"from_whom": from_whom}})
    post = publish(ada, "Bread")
    likers = [person(name) for name in ("stranger", "followed", "mutual")]
    for liker in likers[1:]:
        follows(ada, liker)
    follows(likers[2], ada)
    for liker in likers:
        like(liker, post)
    drain()
    rows = Notification.objects.filter(stands=True)
    assert set(rows.values_list("actors__actor__username", flat=True)) == heard


def test_one_failure_holds_up_nobody(ada: User, ben: User, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet_hours = telling.quiet_until

    def broken(*args: Any, **kwargs: Any) -> datetime | None:
        if kwargs["zone"].key == "Asia/Kathmandu":
            raise RuntimeError
        return quiet_hours(*args, **kwargs)

    User.objects.filter(pk=ben.pk).update(time_zone="Asia/Kathmandu")
    wish(ada, kinds={"follow": {"pace": "daily"}})
    wish(ben, kinds={"follow": {"pace": "daily"}})
    people.follow_user(follower=ben, followee=ada)
    people.follow_user(follower=ada, followee=ben)
    drain()
    Notification.objects.update(due_at=settling.now())
    monkeypatch.setattr(telling, "quiet_until", broken)
    assert tick() == 1
    assert Notification.objects.get(recipient=ben).due_at > settling.now()


def test_wishes_of_many_cost_the_same(
    ada: User, ben: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    post = publish(ada, "Bread")
    for _number in range(6):
        comment(ben, post)
    drain()
    Notification.objects.update(told_at=None, due_at=settling.now() + HOUR)
    ChannelDelivery.objects.all().delete()
    with django_assert_max_num_queries(16):
        wish(ada, kinds={"comment": {"pace": "hourly"}})

"""Staff looks at who was told, never at what; tries again what failed; and tells everybody something."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions, settling, telling
from notifications.models import Announcement, ChannelDelivery, Notification
from socialnet.kernel import realtime
from socialnet.outbox.models import AuditEntry, Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
INBOXES, TELLINGS = "/admin/notifications/notification/", "/admin/notifications/telling/"
ANNOUNCEMENTS = "/admin/notifications/announcement/"
SECRET = "a secret loaf"


@pytest.fixture
def told(ada: User, ben: User) -> Callable[[], Notification]:
    """ben says something to ada, who has a page open."""
    realtime.mark_online([ada.pk])
    post = publish(ada, "Bread")

    def say() -> Notification:
        doing.comment_on_post(post_id=post.pk, author=ben, content=SECRET)
        drain()
        return Notification.objects.latest("pk")

    return say


def fail(row: Notification) -> None:
    ChannelDelivery.objects.filter(notification=row).update(
        state=ChannelDelivery.State.FAILED, outcome="refused", attempts=5
    )


@pytest.fixture
def browser(mod: User) -> Client:
    return page_of(mod)


def ids(browser: Client, address: str, **asked: str) -> list[int]:
    answer = browser.get(address, asked)
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def test_inboxes_show_that_and_when_but_not_what(
    browser: Client, ada: User, told: Callable[[], Notification]
) -> None:
    row = told()
    for address in (f"{INBOXES}?q=ada", f"{INBOXES}{row.pk}/change/"):
        page = browser.get(address)
        assert page.status_code == 200
        html = page.content.decode()
        assert "@ada" in html and SECRET not in html and "@ben" not in html
    assert ids(browser, INBOXES, q="ada", kind__exact="comment", state="unread") == [row.pk]
    assert ids(browser, INBOXES, q="ben") == ids(browser, INBOXES, state="vanished") == []
    assert browser.post(f"{INBOXES}{row.pk}/change/", {"kind": "like"}).status_code == 403
    assert browser.post(f"{INBOXES}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_failed_deliveries_come_first_and_are_tried_again(
    browser: Client, ada: User, told: Callable[[], Notification]
) -> None:
    failed, owed, sent = told(), told(), told()
    fail(failed)
    ChannelDelivery.objects.filter(notification=owed).update(state="owed")
    assert ids(browser, TELLINGS) == [failed.pk, owed.pk]
    assert ids(browser, TELLINGS, delivery="failed") == [failed.pk]
    assert ids(browser, TELLINGS, delivery="sent") == [sent.pk]
    assert "failed refused (5)" in browser.get(TELLINGS).content.decode()
    answer = browser.post(
        TELLINGS, {"action": "try_again", "_selected_action": [failed.pk, owed.pk]}, follow=True
    )
    assert "1 delivery is tried again." in answer.content.decode()
    assert ids(browser, TELLINGS, delivery="failed") == []
    assert ChannelDelivery.objects.get(notification=failed).state == "sent"  # the socket's is sent at once


def test_what_was_read_since_is_not_tried_again(ada: User, told: Callable[[], Notification]) -> None:
    row = told()
    fail(row)
    actions.mark_read(person=ada)
    assert actions.retry_failed([row.pk]) == 0
    assert ChannelDelivery.objects.get().state == "failed"


def test_whoever_may_only_look_tries_nothing_again(mod: User, told: Callable[[], Notification]) -> None:
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    mod.user_permissions.add(
        Permission.objects.get(codename="view_telling", content_type__app_label="notifications")
    )
    row = told()
    fail(row)
    browser = page_of(mod)
    assert ids(browser, TELLINGS) == [row.pk]
    browser.post(TELLINGS, {"action": "try_again", "_selected_action": [row.pk]})
    assert ChannelDelivery.objects.get().state == "failed"
    assert browser.get(INBOXES).status_code == 403
    assert browser.get(f"{ANNOUNCEMENTS}add/").status_code == 403


def test_outsiders_see_nothing(ben: User) -> None:
    clerk = person("clerk", is_staff=True)
    for address in (INBOXES, TELLINGS, ANNOUNCEMENTS, f"{ANNOUNCEMENTS}add/"):
        assert page_of(clerk).get(address).status_code == 403
        for who in (ben, None):
            assert page_of(who).get(address).status_code == 302


def test_a_list_costs_the_same_for_many(browser: Client, told: Callable[[], Notification]) -> None:
    fail(told())
    ids(browser, TELLINGS)
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as caught:
            ids(browser, TELLINGS)
            ids(browser, INBOXES)
        costs.append(len(caught))
        for _number in range(4):
            fail(told())
    assert costs[0] == costs[1]


def test_an_announcement_is_told_to_everybody_once_and_on_the_record(
    browser: Client, ada: User, ben: User, mod: User
) -> None:
    answer = browser.post(f"{ANNOUNCEMENTS}add/", {"text": "We move on Monday", "url": ""})
    assert answer.status_code == 302
    announcement = Announcement.objects.get()
    assert announcement.author == mod
    entry = AuditEntry.objects.get(act="notifications.announce")
    assert (entry.actor_id, entry.target_id) == (mod.pk, announcement.pk)
    drain()
    assert set(Notification.objects.values_list("recipient", flat=True)) == {ada.pk, ben.pk, mod.pk}
    assert '<progress max="1" value="1"' in browser.get(ANNOUNCEMENTS).content.decode()
    one = browser.get(f"{ANNOUNCEMENTS}{announcement.pk}/change/")
    assert one.status_code == 200 and "We move on Monday" in one.content.decode()
    assert browser.post(f"{ANNOUNCEMENTS}{announcement.pk}/change/", {"text": "No"}).status_code == 403
    Delivery.objects.all().delete()
    assert "over, or not begun" in browser.get(ANNOUNCEMENTS).content.decode()
    refused = browser.post(f"{ANNOUNCEMENTS}add/", {"text": "", "url": "nonsense"})
    assert refused.status_code == 200 and Announcement.objects.count() == 1


def test_wishes_can_be_read_by_staff(browser: Client, ada: User) -> None:
    actions.save_wishes(person=ada, settings={"hourly_cap": 7}, kinds={"like": {"pace": "daily"}})
    address = f"/admin/notifications/settings/{ada.pk}/change/"
    html = browser.get(address).content.decode()
    assert "once a day" in html and "Somebody likes your post" in html
    assert browser.post(address, {"hourly_cap": 9}).status_code == 403
    assert "ada" in browser.get("/admin/notifications/settings/?q=ada").content.decode()


# --- diagnose and metrics -----------------------------------------------------------------------------------


def diagnose(*words: str, fails: bool = False) -> str:
    out = StringIO()
    if fails:
        with pytest.raises(CommandError) as failure:
            call_command("diagnose", "notifications", *words, stdout=out)
        return f"{out.getvalue()}{failure.value}"
    call_command("diagnose", "notifications", *words, stdout=out)
    return out.getvalue()


def test_diagnose_says_which_wishes_hold_back(ada: User, told: Callable[[], Notification]) -> None:
    told()
    moment = settling.now()
    actions.save_wishes(
        person=ada,
        settings={
            "hourly_cap": 1,
            "quiet_from": moment.replace(hour=0, minute=0, second=0, microsecond=0).time(),
            "quiet_until": moment.replace(hour=23, minute=59, second=0, microsecond=0).time(),
            "loud_pass": True,
        },
        kinds={"like": {"pace": "off"}, "share": {"ways": []}},
    )
    said = diagnose("ada")
    for words in (
        "1 unread; 1 that people may still join; 0 not told yet",
        "Quiet from 00:00 to 23:59 in UTC. Mentions and replies pass.",
        "Told 1 times in this hour, as often as they want",
        "They want nothing of the kind like",
        "by no way for share",
        "Open pages reaches them",
    ):
        assert words in said
    assert SECRET not in said and ada.email not in said
    assert "Nobody is called nemo." in diagnose("nemo", fails=True)


def test_diagnose_finds_what_is_late_and_what_failed_and_mends_it(
    ada: User, told: Callable[[], Notification]
) -> None:
    late, failed = told(), told()
    ChannelDelivery.objects.filter(notification=late).delete()
    Notification.objects.filter(pk=late.pk).update(told_at=None, due_at=settling.now() - 2 * telling.PAUSE)
    fail(failed)
    for words in (("ada",), ()):
        said = diagnose(*words, fails=True)
        assert f"notification {late.pk} (comment) of @ada" in said
        assert f"notification {failed.pk} of @ada by socket" in said and "2 wrong" in said
    said = diagnose("ada", "--repair")
    assert "told 1 notifications to 1 people" in said and "owed 1 deliveries again" in said
    assert "nothing wrong" in diagnose()


def test_diagnose_finds_counts_of_people_that_are_wrong(ada: User, told: Callable[[], Notification]) -> None:
    Notification.objects.filter(pk=told().pk).update(actor_count=3)
    assert "kept 3, the rows say 1" in diagnose("ada", fails=True)


def counted(what: str, way: str) -> float:
    return REGISTRY.get_sample_value("socialnet_notifications_total", {"what": what, "way": way}) or 0


def test_what_happens_is_counted(ada: User, told: Callable[[], Notification]) -> None:
    before = {
        pair: counted(*pair) for pair in (("opened", "inbox"), ("told", "socket"), ("cancelled", "read"))
    }
    told()
    ChannelDelivery.objects.update(state="owed")
    actions.mark_read(person=ada)
    assert {pair: counted(*pair) - known for pair, known in before.items()} == dict.fromkeys(before, 1)

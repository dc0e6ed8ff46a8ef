"""Links in letters: they switch off what they name, without signing in, and on again."""

import threading
import time

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.tests.factories import Api, page_of
from accounts.tests.test_follow_races import at_once
from notifications import actions, preferences
from notifications.channels.mail import letters, switches, tokens
from notifications.channels.mail.tokens import Switch
from notifications.models import Digest, Notification, Preference, Settings
from notifications.registry import KINDS, Way
from notifications.tests.letters import PostOffice, mention, office, text_of
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db


def path_of(*what: str, user: User) -> str:
    return Switch(user.pk, what).url.removeprefix("http://127.0.0.1:8000")


def by_mail(whom: User) -> set[str]:
    wishes = preferences.of_person(whom.pk)
    return {kind for kind in KINDS if Way.MAIL in wishes.ways(kind)}


def test_one_click_by_the_headers_of_a_letter(ada: User, ben: User, office: PostOffice) -> None:
    mention(ben, ada)
    drain()
    (letter,) = office.letters
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(letter["List-Unsubscribe"]).strip()
    assert url.startswith("<http://127.0.0.1:8000/mail/unsubscribe/") and url[1:-1] in text_of(letter)
    program = Client(enforce_csrf_checks=True)
    answer = program.post(url[1:-1].removeprefix("http://127.0.0.1:8000"), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert by_mail(ada) == {"reply", "group_report", "security", "sanction", "post_failed"}
    mention(ben, ada)
    drain()
    assert len(office.letters) == 1


def test_looking_asks_and_changes_nothing_and_there_is_a_way_back(ada: User) -> None:
    path, browser = path_of("mention", user=ada), Client(enforce_csrf_checks=True)
    page = browser.get(path)
    assert "Somebody mentions you" in page.content.decode() and "@ada" in page.content.decode()
    assert "ada@example.com" not in page.content.decode() and not Preference.objects.exists()
    assert page["Cache-Control"] == "private, no-store"
    done = browser.post(path)
    assert "No more of these letters." in done.content.decode()
    assert "mention" not in by_mail(ada) and preferences.of_person(ada.pk).ways("mention") == {
        "push",
        "socket",
    }
    again = browser.post(path).content.decode()  # repeating it changes nothing
    assert "No more of these letters." in again and "I want them after all" not in again
    assert browser.post("/mail/resubscribe", {"undo": done.context["done"].token}).status_code == 200
    assert "mention" in by_mail(ada)


def test_all_of_it_but_what_is_urgent(ada: User) -> None:
    actions.save_preference(person=ada, kind="like", ways=["mail"], from_whom="followed", pace="hourly")
    browser = Client()
    done = browser.post(path_of("all", user=ada))
    assert by_mail(ada) == {"security", "sanction"} and Settings.objects.get(user=ada).digest == Digest.OFF
    assert Preference.objects.filter(user=ada, kind="comment").exists()  # none in the place of push, either
    like = Preference.objects.get(user=ada, kind="like")
    assert (like.from_whom, like.pace, like.ways) == ("followed", "hourly", [])
    browser.post("/mail/resubscribe", {"undo": done.context["done"].token})
    assert by_mail(ada) == {"mention", "reply", "group_report", "security", "sanction", "post_failed", "like"}
    assert Settings.objects.get(user=ada).digest == Digest.AWAY


def test_summaries_only(ada: User) -> None:
    Settings.objects.create(user=ada, digest=Digest.WEEKLY)
    done = Client().post(path_of("digest", user=ada))
    assert Settings.objects.get(user=ada).digest == Digest.OFF and "mention" in by_mail(ada)
    Client().post("/mail/resubscribe", {"undo": done.context["done"].token})
    assert Settings.objects.get(user=ada).digest == Digest.WEEKLY


def test_who_wants_to_be_left_alone_keeps_their_choices(ada: User) -> None:
    Settings.objects.create(user=ada, is_on=False)
    Client().post(path_of("mention", user=ada))
    assert Preference.objects.get(user=ada, kind="mention").ways == ["push", "socket"]


def test_letters_about_safety_have_no_such_link(ada: User, office: PostOffice) -> None:
    row = Notification.objects.create(
        recipient=ada,
        kind="security",
        target_id=ada.pk,
        due_at="2020-01-01T00:00Z",
        words={"what": "password"},
    )
    letter = letters.about(ada, [row.pk], event_id=1)
    assert letter is not None and "List-Unsubscribe" not in letter.extra_headers
    assert "cannot be switched off" in letter.body and "/mail/unsubscribe/" not in letter.body
    assert Client().post(path_of("security", user=ada)).status_code == 404
    assert "security" in by_mail(ada)


@pytest.mark.parametrize("token", ["", "1-all", "1-all.made-up", "x", "%00"])
def test_only_our_own_links_work(ada: User, token: str) -> None:
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/mail/unsubscribe/{token}").status_code == 404
    assert not Preference.objects.exists()


def test_a_link_is_for_its_own_person_and_its_own_thing(ada: User, ben: User) -> None:
    good = path_of("mention", user=ada)
    assert Client().post(good.replace(f"/{ada.pk}-", f"/{ben.pk}-")).status_code == 404
    assert Client().post(good.replace("-mention.", "-all.")).status_code == 404
    assert tokens.read_switch(good.rsplit("/", 1)[1]) == Switch(ada.pk, ("mention",))
    assert Client().post("/mail/resubscribe", {"undo": good.rsplit("/", 1)[1]}).status_code == 404


def test_wrong_methods_and_people_who_left(ada: User) -> None:
    path = path_of("all", user=ada)
    assert Client().put(path).status_code == 405
    assert Client().get("/mail/resubscribe").status_code == 405
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert Client().get(path).status_code == 404


def test_who_says_that_their_address_works_gets_letters_again(ada: User, ben: User) -> None:
    for person in (ada, ben):
        Settings.objects.create(user=person, mail_trouble="bounced")
    assert page_of().post("/settings/notifications/mail-again").status_code == 302
    assert page_of(ada).get("/settings/notifications/mail-again").status_code == 405
    answer = page_of(ada).post("/settings/notifications/mail-again")
    assert answer.status_code == 302 and answer["Location"] == "/settings/notifications"
    assert Settings.objects.get(user=ada).mail_trouble == ""
    assert Settings.objects.get(user=ben).mail_trouble == "bounced"


def test_programs_can_say_so_too(ada: User) -> None:
    Settings.objects.create(user=ada, mail_trouble="bounced")
    assert Api()("DELETE", "notifications/mail-trouble").status_code == 401
    assert Api(ada, scopes=("read",))("DELETE", "notifications/mail-trouble").status_code == 403
    assert Api(ada)("POST", "notifications/mail-trouble").status_code == 405
    assert Settings.objects.get(user=ada).mail_trouble == "bounced"
    assert Api(ada)("DELETE", "notifications/mail-trouble").status_code == 204
    assert Settings.objects.get(user=ada).mail_trouble == ""


@pytest.mark.django_db(transaction=True)
def test_what_is_chosen_at_the_same_moment_is_not_lost(ada: User) -> None:
    chosen, asked = threading.Event(), threading.Event()

    def choose() -> None:
        with transaction.atomic():
            actions.save_preference(
                person=ada, kind="mention", ways=["mail"], from_whom="followed", pace="hourly"
            )
            chosen.set()
            asked.wait(10)
            time.sleep(0.3)  # the other waits for the inbox

    def switch_off() -> None:
        chosen.wait(10)
        asked.set()
        switches.switch_off(ada, Switch(ada.pk, ("mention",)))

    at_once(choose, switch_off)
    row = Preference.objects.get(user=ada, kind="mention")
    assert (row.ways, row.from_whom, row.pace) == ([], "followed", "hourly")

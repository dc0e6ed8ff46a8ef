"""Counts are mended, what is over is forgotten, and operators see people: all of it may run twice."""

from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts import actions, tasks
from accounts.models import ApiToken, Follow, Mute, PersonCounts, Session, User
from accounts.tests.factories import PASSWORD, Api, counts_of, follows, page_of, person
from socialnet.outbox.models import AuditEntry, Event
from socialnet.outbox.testing import drain


def drift(user: User, **counts: int) -> None:
    PersonCounts.objects.filter(pk=user.pk).update(**counts)


def mended(count: str) -> float:
    return REGISTRY.get_sample_value("socialnet_count_drift_total", {"count": count}) or 0


def test_planted_drift_is_mended_logged_and_counted(ada: User, ben: User, cleo: User) -> None:
    follows(ben, ada)
    follows(cleo, ada, pending=True)
    drift(ada, followers=7)
    drift(ben, following=0, followers=3)
    before = mended("followers"), mended("following")
    with structlog.testing.capture_logs() as lines:
        assert tasks.reconcile_all_counts() == 2
    assert (counts_of(ada), counts_of(ben), counts_of(cleo)) == ((1, 0), (0, 1), (0, 0))
    told = [line for line in lines if line["event"] == "count_drift_mended"]
    assert [(line["user_id"], line["followers"], line["right_followers"]) for line in told] == [
        (ada.pk, 7, 1),
        (ben.pk, 3, 0),
    ]
    assert "ada" not in str(told)
    assert (mended("followers") - before[0], mended("following") - before[1]) == (2, 1)
    assert tasks.reconcile_all_counts() == 0


def test_the_hourly_job_looks_at_whom_something_happened_to(ada: User, ben: User, cleo: User) -> None:
    actions.follow_user(follower=ben, followee=ada)
    drift(ada, followers=9)
    drift(cleo, followers=9)
    assert tasks.reconcile_recent_counts() == 1
    assert (counts_of(ada), counts_of(cleo)) == ((1, 0), (9, 0))


def test_batches_reach_everybody(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.actions.upkeep.BATCH", 2)
    for other in [ada, *[person() for _ in range(4)]]:
        drift(other, following=1)
    assert tasks.reconcile_all_counts() == 5


def test_counts_cannot_fall_below_nothing(ada: User) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        drift(ada, followers=-1)


def test_what_is_over_is_forgotten_and_what_is_not_stays(ada: User, ben: User) -> None:
    kept, over = page_of(ada), page_of(ben)
    Session.objects.filter(account=ben).update(expire_date=timezone.now() - timedelta(seconds=1))
    Api(ada), Api(ben)
    ApiToken.objects.filter(user=ben).update(expires_at=timezone.now() - timedelta(seconds=1))
    Mute.objects.create(muter=ada, muted=ben, until=timezone.now() - timedelta(seconds=1))
    assert tasks.forget_expired() == {"sessions": 1, "tokens": 1, "mutes": 1}
    assert tasks.forget_expired() == {"sessions": 0, "tokens": 0, "mutes": 0}
    assert Session.objects.filter(pk=kept.session.session_key).exists()
    assert not Session.objects.filter(pk=over.session.session_key).exists()


def test_doors_of_suspended_people_are_closed_by_the_clean_up_too(ada: User) -> None:
    page_of(ada), Api(ada)
    User.objects.filter(pk=ada.pk).update(suspended_at=timezone.now())
    assert tasks.forget_expired() == {"sessions": 1, "tokens": 1, "mutes": 0}


# --- leaving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["page", "api"])
def test_leaving_needs_the_password_and_leaves_no_personal_data(
    ada: User, ben: User, cleo: User, door: str
) -> None:
    follows(ben, ada)
    follows(ada, cleo)
    follows(cleo, ada, pending=True)
    actions.edit_profile(user=ada, bio="Something about me.")
    browser, api = page_of(ada), Api(ada)
    leave = {
        "page": lambda password: browser.post("/settings/account/delete", {"password": password}).status_code,
        "api": lambda password: api("DELETE", "me", {"password": password}).status_code,
    }[door]
    assert leave("not it at all") in (200, 400)
    assert User.objects.get(pk=ada.pk).is_active
    assert leave(PASSWORD) in (302, 204)
    drain()
    long_ago = timezone.now() - timedelta(days=settings.GRACE_DAYS + 1)
    User.objects.filter(pk=ada.pk).update(leaving_since=long_ago, suspended_at=long_ago)
    assert actions.erase_leavers() == 1
    drain()
    gone = User.objects.get(pk=ada.pk)
    assert not any(
        "ada" in str(value).lower() for value in (gone.username, gone.email, gone.display_name, gone.bio)
    )
    assert not gone.is_active and not gone.has_usable_password()
    assert not Follow.objects.exists() and counts_of(ben) == counts_of(cleo) == (0, 0)
    assert not Session.objects.filter(account=ada).exists() and not ApiToken.objects.filter(user=ada).exists()
    assert api("GET", "me").status_code == 401
    assert Client().get("/@ada").status_code == 404
    assert Client().get(f"/@{gone.username}").status_code == 404
    assert Event.objects.filter(name="accounts.person_deleted").count() == 1
    assert "ada" not in str(list(AuditEntry.objects.values_list("before", "after")))


# --- operators ----------------------------------------------------------------------------------------------


@pytest.fixture
def desk(mod: User) -> Client:
    return page_of(mod)


def test_the_admin_finds_people_by_name_and_address(desk: Client, ada: User, ben: User) -> None:
    for term in ("ADA", "@ada", "Ada@Example.com"):
        html = desk.get("/admin/accounts/user/", {"q": term}).content.decode()
        assert f"/admin/accounts/user/{ada.pk}/change/" in html
        assert f"/admin/accounts/user/{ben.pk}/change/" not in html
    for term in ("nobody", "a\x00", "💥", "x" * 500):
        assert desk.get("/admin/accounts/user/", {"q": term}).status_code in (200, 400)


@pytest.mark.parametrize("model", ["user", "follow", "apitoken"])
def test_the_admins_lists_cost_the_same_for_few_and_for_many(
    desk: Client, ada: User, model: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        other = person()
        follows(other, ada)
        actions.make_token(user=other, name="x", scopes=["read"])
    desk.get(f"/admin/accounts/{model}/")
    with django_assert_max_num_queries(7):
        assert desk.get(f"/admin/accounts/{model}/").status_code == 200


def test_the_admin_of_people_suspends_nobody_without_a_decision(desk: Client, ada: User) -> None:
    for action in ("suspend", "unsuspend"):
        desk.post("/admin/accounts/user/", {"action": action, "_selected_action": [ada.pk]})
    assert not User.objects.get(pk=ada.pk).is_suspended
    page = desk.get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
    assert f"/admin/moderation/sanction/person/{ada.pk}/" in page


def test_the_admin_cannot_write_rows_behind_the_actions(desk: Client, ada: User) -> None:
    page = desk.get(f"/admin/accounts/user/{ada.pk}/change/")
    assert page.status_code == 200 and "argon2" not in page.content.decode()
    assert desk.post(f"/admin/accounts/user/{ada.pk}/change/", {"username": "other"}).status_code == 403
    assert desk.get("/admin/accounts/user/add/").status_code == 403
    assert desk.post(f"/admin/accounts/user/{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.get(pk=ada.pk).username == "ada"


def test_people_are_not_let_into_the_admin(ada: User) -> None:
    assert page_of(ada).get("/admin/accounts/user/").status_code == 302


# --- letters while developing -------------------------------------------------------------------------------


def test_the_box_shows_letters_only_while_developing(ada: User, settings: Any, capsys: Any) -> None:
    settings.EMAIL_BACKEND = "accounts.mail.ConsoleAndFolderBackend"
    actions.ask_password_reset(email=ada.email)
    drain()
    assert "ada@example.com" in capsys.readouterr().out
    assert Client().get("/dev/mail").status_code == 404
    settings.DEBUG = True
    html = Client().get("/dev/mail").content.decode()
    assert "ada@example.com" in html and "/accounts/password/reset/key/" in html


# --- logs ---------------------------------------------------------------------------------------------------


def test_logs_of_a_journey_carry_no_names_addresses_or_secrets(ada: User, caplog: Any, capfd: Any) -> None:
    body = {"login": "ada@example.com", "password": PASSWORD}
    secret = Client().post("/api/v1/auth/token", body, content_type="application/json").json()["token"]
    headers = {"Authorization": f"Bearer {secret}"}
    change = {"bio": "my secret bio"}
    Client().patch("/api/v1/me", change, content_type="application/json", headers=headers)
    Client().post("/accounts/login/", {"login": "ada", "password": "wrong secret word"})
    drain()
    told = caplog.text + "".join(capfd.readouterr())
    for private in ("example.com", PASSWORD, secret, "secret", "'ada'", "@ada"):
        assert private not in told

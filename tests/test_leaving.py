"""Leaving: hidden at once, undone by signing in, erased after the days of grace; and the archive to take along."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import actions, hooks
from accounts.actions import exports
from accounts.models import ApiToken, Export, Session, User
from accounts.tests.factories import PASSWORD, Api, follows, page_of, person
from accounts.tests.test_follow_races import at_once, rounds
from feeds.actions import hide_from_oneself, save_draft
from feeds.tests.factories import publish
from interactions.actions import bookmark_post, comment_on_post, like_post
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.testing import drain


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    _fallback.forget()
    settings.RATE_LIMITS_ENABLED = False


@pytest.fixture
def ada(db: None) -> User:
    return person("ada")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben")


def sign_in(browser: Client) -> Any:
    return browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})


def token(password: str = PASSWORD) -> Any:
    body = {"login": "ada", "password": password}
    return Client().post("/api/v1/auth/token", body, content_type="application/json")


def left_long_ago(user: User) -> None:
    then = timezone.now() - timedelta(days=31)
    User.objects.filter(pk=user.pk).update(leaving_since=then, suspended_at=then)


# --- leaving ------------------------------------------------------------------------------------------------


def test_leaving_by_page_hides_everything_and_signs_out(ada: User, ben: User) -> None:
    post = publish(ada)
    elsewhere, browser = page_of(ada), page_of(ada)
    assert browser.post("/settings/account/delete", {"password": "no"}).status_code == 400
    answer = browser.post("/settings/account/delete", {"password": PASSWORD})
    assert answer["Location"] == "/accounts/left"
    assert "30 days" in browser.get("/accounts/left").content.decode()
    assert not Session.objects.filter(account=ada).exists()
    assert elsewhere.get("/settings/profile").status_code == 302
    for who in (None, ben):
        assert page_of(who).get("/@ada").status_code == 404
        assert page_of(who).get(f"/@ada/{post.pk}").status_code == 404
    assert Api(ben)("GET", "users/ada").status_code == 404
    assert Api(ben)("GET", f"posts/{post.pk}").status_code == 404
    drain()
    assert mail.outbox[-1].to == [ada.email] and "30 days" in mail.outbox[-1].body


def test_leaving_by_api_ends_tokens(ada: User) -> None:
    api = Api(ada)
    assert api("DELETE", "me", {"password": "no"}).json()["code"] == "wrong_password"
    assert api("DELETE", "me", {"password": PASSWORD}).status_code == 204
    assert api("GET", "me").status_code == 401 and not ApiToken.objects.exists()


def test_signing_in_by_page_brings_everything_back(ada: User, ben: User) -> None:
    post = publish(ada)
    actions.begin_leaving(user=ada, password=PASSWORD)
    drain()
    browser = Client()
    assert browser.post("/accounts/login/", {"login": "ada", "password": "no"}).status_code == 200
    assert page_of(ben).get("/@ada").status_code == 404
    assert sign_in(browser).status_code == 302
    assert browser.get("/settings/profile").status_code == 200
    drain()
    assert page_of(ben).get("/@ada").status_code == 200
    assert page_of(ben).get(f"/@ada/{post.pk}").status_code == 200
    ada.refresh_from_db()
    assert ada.leaving_since is None and ada.suspended_at is None


def test_signing_in_by_api_brings_everything_back(ada: User, ben: User) -> None:
    actions.begin_leaving(user=ada, password=PASSWORD)
    answer = token()
    assert answer.status_code == 200 and answer.json()["user"]["username"] == "ada"
    assert Api(ben)("GET", "users/ada").status_code == 200


def test_who_forgot_the_password_may_still_come_back(ada: User) -> None:
    actions.begin_leaving(user=ada, password=PASSWORD)
    actions.ask_password_reset(email=ada.email)
    drain()
    assert any("/password/reset/key/" in letter.body for letter in mail.outbox)


def test_leaving_is_no_way_out_of_a_suspension(ada: User, ben: User) -> None:
    actions.begin_leaving(user=ada, password=PASSWORD)
    actions.suspend_user(user=ada, actor=ben)
    assert token().json()["code"] == "account_suspended"
    assert sign_in(Client()).status_code == 200
    ada.refresh_from_db()
    assert ada.is_suspended and not ada.is_leaving
    actions.unsuspend_user(user=ada, actor=ben)
    assert page_of(ben).get("/@ada").status_code == 404  # still leaving
    assert token().status_code == 200
    assert page_of(ben).get("/@ada").status_code == 200


def test_leaving_twice_does_not_begin_the_days_anew(ada: User) -> None:
    first = actions.begin_leaving(user=ada, password=PASSWORD).leaving_since
    assert actions.begin_leaving(user=ada, password=PASSWORD).leaving_since == first


def test_after_the_days_of_grace_nothing_is_left(ada: User, ben: User, settings: Any) -> None:
    post = publish(ada)
    follows(ada, ben)
    actions.ask_export(user=ada, password=PASSWORD)
    made()
    archive = Path(settings.MEDIA_ROOT) / Export.objects.get().file
    assert archive.exists()
    actions.begin_leaving(user=ada, password=PASSWORD)
    assert actions.erase_leavers() == 0
    left_long_ago(ada)
    assert actions.erase_leavers() == 1
    drain()
    gone = User.objects.get(pk=ada.pk)
    assert not gone.is_active and "ada" not in f"{gone.username} {gone.email} {gone.display_name}"
    assert not type(post).objects.filter(pk=post.pk).exists()
    assert not archive.exists() and not Export.objects.exists()
    assert token().json()["code"] == "wrong_credentials"
    assert actions.erase_leavers() == 0


def test_who_came_back_is_not_erased(ada: User) -> None:
    actions.begin_leaving(user=ada, password=PASSWORD)
    left_long_ago(ada)
    assert token().status_code == 200
    assert actions.erase_leavers() == 0
    ada.refresh_from_db()
    assert ada.is_active and ada.username == "ada"


# --- sessions -----------------------------------------------------------------------------------------------


def test_all_other_browsers_are_signed_out_at_once(ada: User, ben: User) -> None:
    others = [page_of(ada) for _ in range(3)]
    browser, stranger = page_of(ada), page_of(ben)
    assert "End all others" in browser.get("/settings/sessions").content.decode()
    assert browser.post("/settings/sessions/end-others").status_code == 302
    assert [other.get("/settings/sessions").status_code for other in others] == [302] * 3
    assert browser.get("/settings/sessions").status_code == 200
    assert stranger.get("/settings/sessions").status_code == 200
    assert "End all others" not in browser.get("/settings/sessions").content.decode()
    assert browser.get("/settings/sessions/end-others").status_code == 405
    assert Client().post("/settings/sessions/end-others").status_code == 302
    assert Api(ada)("DELETE", "me/sessions").status_code == 204  # a program is no browser: all end
    assert browser.get("/settings/sessions").status_code == 302


# --- the archive --------------------------------------------------------------------------------------------


def opened(answer: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))


def made() -> int:
    """How many archives the job made; whoever waits for one is told."""
    many = actions.make_exports()
    drain()
    return many


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return json.loads(archive.read(name))  # type: ignore[no-any-return]


def test_the_archive_has_everything_of_mine_and_nothing_of_others(ada: User, ben: User) -> None:
    mine, theirs = publish(ada, "my own words"), publish(ben, "words of Ben")
    follows(ada, ben)
    like_post(post_id=theirs.pk, person=ada)
    bookmark_post(post_id=theirs.pk, person=ada)
    hide_from_oneself(post_id=theirs.pk, person=ada)
    comment_on_post(post_id=theirs.pk, author=ada, content="my answer", parent_id=None)
    comment_on_post(post_id=mine.pk, author=ben, content="an answer of Ben", parent_id=None)
    save_draft(author=ada, content="half a thought")
    drain()
    browser = page_of(ada)
    assert browser.get("/settings/export").status_code == 200
    assert browser.get("/settings/export/file").status_code == 404
    assert browser.post("/settings/export", {"password": "no"}).status_code == 400
    assert browser.post("/settings/export", {"password": PASSWORD}).status_code == 302
    assert "being made" in browser.get("/settings/export").content.decode()
    mail.outbox.clear()
    assert made() == 1
    assert "/settings/export" in mail.outbox[-1].body and mail.outbox[-1].to == [ada.email]
    assert "Fetch the archive" in browser.get("/settings/export").content.decode()

    answer = browser.get("/settings/export/file")
    assert answer["Content-Disposition"] == 'attachment; filename="socialnet-ada.zip"'
    assert "no-store" in answer["Cache-Control"]
    archive = opened(answer)
    assert archive.testzip() is None
    assert rows(archive, "profile.json")[0]["email"] == ada.email
    assert [row["content"] for row in rows(archive, "posts.json")] == ["my own words"]
    assert [row["content"] for row in rows(archive, "comments.json")] == ["my answer"]
    assert [row["content"] for row in rows(archive, "drafts.json")] == ["half a thought"]
    for name in ("likes.json", "bookmarks.json", "hidden_posts.json"):
        assert rows(archive, name) == [{"post_id": theirs.pk}]
    assert [row["username"] for row in rows(archive, "following.json")] == ["ben"]
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Ben" not in everything and PASSWORD.encode() not in everything and b"argon2" not in everything


def test_every_app_adds_its_part() -> None:
    owners = {part.__module__.partition(".")[0] for part in hooks.export_parts}
    apps = {"accounts", "groups", "feeds", "interactions", "notifications", "discovery", "moderation"}
    assert apps <= owners


def test_the_archive_by_api_is_its_owners(ada: User, ben: User) -> None:
    api = Api(ada)
    assert api("GET", "me/export").json()["state"] == "none"
    assert api("POST", "me/export", {"password": "no"}).status_code == 400
    asked = api("POST", "me/export", {"password": PASSWORD})
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    assert api("POST", "me/export", {"password": PASSWORD}).status_code == 202
    assert Export.objects.count() == 1
    made()
    ready = api("GET", "me/export").json()
    assert ready["state"] == "ready" and ready["size"] > 100
    assert rows(opened(api("GET", "me/export/file")), "profile.json")[0]["username"] == "ada"
    assert Api(ben)("GET", "me/export/file").status_code == 404
    assert Client().get("/api/v1/me/export/file").status_code == 401
    assert api("DELETE", "me/export").status_code == 405


def test_an_archive_ends_with_its_file(ada: User, settings: Any) -> None:
    actions.ask_export(user=ada, password=PASSWORD)
    made()
    file = Path(settings.MEDIA_ROOT) / Export.objects.get().file
    assert actions.forget_exports() == 0 and file.exists()
    Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert page_of(ada).get("/settings/export/file").status_code == 404
    assert actions.forget_exports() == 1
    assert not file.exists() and not Export.objects.exists()


def test_an_archive_that_never_came_can_be_asked_for_again(ada: User) -> None:
    first = actions.ask_export(user=ada, password=PASSWORD)
    assert actions.ask_export(user=ada, password=PASSWORD).pk == first.pk
    Export.objects.update(asked_at=timezone.now() - timedelta(hours=2))
    assert "Make a new one" in page_of(ada).get("/settings/export").content.decode()
    assert made() == 0  # nobody waits for it any more
    assert actions.ask_export(user=ada, password=PASSWORD).pk != first.pk
    assert made() == 1
    assert Export.objects.get().state == Export.State.READY


def test_making_it_twice_leaves_one_file(ada: User, settings: Any) -> None:
    actions.ask_export(user=ada, password=PASSWORD)
    made()
    assert actions.make_exports() == 0
    assert len(list((Path(settings.MEDIA_ROOT) / "exports").glob("*.zip"))) == 1
    actions.ask_export(user=ada, password=PASSWORD)  # a new one in place of the old
    made()
    assert len(list((Path(settings.MEDIA_ROOT) / "exports").glob("*.zip"))) == 1


def test_one_is_made_at_a_time_and_what_died_is_begun_again(ada: User, ben: User) -> None:
    actions.ask_export(user=ada, password=PASSWORD)
    actions.ask_export(user=ben, password=PASSWORD)
    Export.objects.filter(user=ada).update(worked_on_at=timezone.now())
    assert made() == 0
    Export.objects.filter(user=ada).update(worked_on_at=timezone.now() - timedelta(minutes=3))
    assert made() == 2


@rounds
@pytest.mark.django_db(transaction=True)
def test_two_workers_make_each_archive_once(ada: User, monkeypatch: pytest.MonkeyPatch, round_: int) -> None:
    made_by: list[int] = []
    make = exports._make
    monkeypatch.setattr(exports, "_make", lambda export: (made_by.append(export.pk), make(export)))
    actions.ask_export(user=ada, password=PASSWORD)
    at_once(actions.make_exports, actions.make_exports, actions.make_exports)
    assert len(made_by) == 1 and Export.objects.get().state == Export.State.READY


def test_work_shows_and_stops_when_nobody_wants_it(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_SHOW_EVERY", 0.0)
    export = actions.ask_export(user=ada, password=PASSWORD)
    exports.AtWork(export)()
    export.refresh_from_db()
    assert export.worked_on_at is not None
    export.delete()
    with pytest.raises(exports.NotWanted):
        exports.AtWork(Export(pk=export.pk))()

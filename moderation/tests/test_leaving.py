"""Where leaving meets sanctions: two reasons to be hidden, and neither undoes the other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.errors import AccountSuspended
from accounts.models import ApiToken, Session, User
from accounts.tests.factories import PASSWORD, follows, page_of
from feeds.tests.factories import publish
from moderation import actions
from moderation.models import Sanction
from moderation.tasks import end_due_sanctions
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def suspend(who: User, mod: User) -> Sanction:
    until = timezone.now() + timedelta(days=7)
    return actions.impose_sanction(person=who, measure="suspend", actor=mod, until=until)


def leave(who: User) -> None:
    accounts.begin_leaving(user=who, password=PASSWORD)


def token() -> Any:
    body = {"login": "ada", "password": PASSWORD}
    return Client().post("/api/v1/auth/token", body, content_type="application/json")


def sign_in() -> Client:
    browser = Client()
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/settings/profile").status_code == 200


def is_seen(post: Any, by: User) -> bool:
    return page_of(by).get(post.get_absolute_url()).status_code == 200


def now(who: User) -> User:
    return User.objects.get(pk=who.pk)


def let_grace_pass(who: User) -> None:
    User.objects.filter(pk=who.pk).update(leaving_since=timezone.now() - timedelta(days=31))


ENDS: dict[str, Callable[[Sanction, User], object]] = {
    "by itself": lambda sanction, mod: (
        Sanction.objects.update(until=timezone.now() - timedelta(seconds=1)),
        end_due_sanctions(),
    ),
    "by a moderator": lambda sanction, mod: actions.end_sanction(sanction_id=sanction.pk, actor=mod),
    "on appeal": lambda sanction, mod: (
        actions.appeal_sanction(sanction_id=sanction.pk, person=sanction.person, words="A joke"),
        actions.answer_appeal(sanction_id=sanction.pk, granted=True, words="Right.", actor=mod),
    ),
}


@pytest.mark.parametrize("order", ["leaves first", "is suspended first"])
@pytest.mark.parametrize("end", ENDS)
def test_a_sanction_that_ends_does_not_show_who_is_leaving(
    ada: User, ben: User, mod: User, order: str, end: str
) -> None:
    post = publish(ada)
    follows(ben, ada)
    if order == "leaves first":
        leave(ada)
        drain()
        sanction = suspend(ada, mod)
    else:
        sanction = suspend(ada, mod)
        drain()
        leave(ada)
    drain()
    assert now(ada).is_shut_out and now(ada).leaving_since is not None
    ENDS[end](sanction, mod)
    drain()
    assert not is_seen(post, ben) and page_of(ben).get("/@ada").status_code == 404
    assert now(ada).is_leaving and now(ben).counts.following == 0
    assert broken(sample=20) == []
    assert is_in(sign_in())
    drain()
    assert is_seen(post, ben) and now(ben).counts.following == 1
    assert not Sanction.objects.in_force().exists()
    assert broken(sample=20) == []


def test_who_leaves_while_suspended_is_told_when_and_erased(ada: User, ben: User, mod: User) -> None:
    suspend(ada, mod)
    leave(ada)
    drain()
    (letter,) = [one for one in mail.outbox if one.subject == "Your account is going."]
    assert "Moderators suspended this account" in letter.body
    let_grace_pass(ada)
    assert accounts.erase_leavers() == 1
    drain()
    assert not now(ada).is_active and broken(sample=20) == []


@pytest.mark.parametrize("measure", ["suspend", "ban"])
def test_who_is_leaving_can_be_shut_out_and_not_come_back_by_signing_in(
    ada: User, ben: User, mod: User, measure: str
) -> None:
    post = publish(ada)
    leave(ada)
    until = timezone.now() + timedelta(days=7) if measure == "suspend" else None
    actions.impose_sanction(person=now(ada), measure=measure, actor=mod, until=until)
    assert token().json()["code"] == "account_suspended" and not is_in(sign_in())
    drain()
    assert now(ada).leaving_since is not None and now(ada).is_shut_out
    assert not is_seen(post, ben) and broken(sample=20) == []


def test_coming_back_does_not_lift_a_suspension(ada: User, ben: User, mod: User) -> None:
    """They were let in a moment before moderators decided."""
    post = publish(ada)
    leave(ada)
    let_in = now(ada)
    assert let_in.may_sign_in
    sanction = suspend(ada, mod)
    accounts.come_back(user=let_in)
    with pytest.raises(AccountSuspended):
        accounts.make_token(user=let_in, name="sign-in", scopes=["read"])
    drain()
    assert now(ada).leaving_since is None and now(ada).is_shut_out
    assert Sanction.objects.in_force().get() == sanction
    assert not is_seen(post, ben) and page_of(ben).get("/@ada").status_code == 200
    actions.end_sanction(sanction_id=sanction.pk, actor=mod)
    drain()
    assert is_seen(post, ben) and broken(sample=20) == []


def test_who_is_suspended_between_password_and_session_gets_none(
    ada: User, mod: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(ada)
    come_back = accounts.come_back

    def suspended_first(*, user: User) -> User:
        suspend(ada, mod)
        return come_back(user=user)

    monkeypatch.setattr(accounts, "come_back", suspended_first)
    assert not is_in(sign_in())
    assert not Session.objects.filter(account=ada).exists() and not ApiToken.objects.exists()
    assert now(ada).is_shut_out


def test_one_of_two_sanctions_that_ends_lets_nobody_back(ada: User, mod: User) -> None:
    week = suspend(ada, mod)
    ban = actions.impose_sanction(person=ada, measure="ban", actor=mod)
    leave(ada)
    actions.end_sanction(sanction_id=week.pk, actor=mod)
    assert now(ada).is_shut_out and token().status_code == 403
    actions.end_sanction(sanction_id=ban.pk, actor=mod)
    assert now(ada).is_leaving and token().status_code == 200

"""What people can be told of: requests and how they end, sign-ins from somewhere new, another address; the bell."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import actions, devices
from accounts.actions.addresses import old_side_key
from accounts.models import EmailChange, Follow, KnownDevice, User
from accounts.selectors import blocked_pairs
from accounts.tests.factories import PASSWORD, Api, blocks, counts_of, follows, page_of
from socialnet.kernel.ratelimit import _fallback
from socialnet.outbox.models import AuditEntry, Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


def news(name: str) -> list[dict[str, Any]]:
    return list(
        Event.objects.filter(name=f"accounts.{name}").order_by("id").values_list("payload", flat=True)
    )


def pair(follower: User, followee: User) -> dict[str, int]:
    return {"follower_id": follower.pk, "followee_id": followee.pk}


@pytest.fixture
def private(ada: User) -> User:
    return actions.set_privacy(user=ada, is_private=True)


# --- follows and requests -----------------------------------------------------------------------------------


def test_a_follow_says_whether_it_was_asked_for(private: User, ben: User, cleo: User) -> None:
    actions.follow_user(follower=ben, followee=cleo)
    actions.follow_user(follower=ben, followee=private)
    actions.accept_follow_request(followee=private, follower=ben)
    actions.follow_user(follower=cleo, followee=private)
    actions.set_privacy(user=private, is_private=False)
    drain()
    assert news("user_followed") == [
        {**pair(ben, cleo), "was_asked": False},
        {**pair(ben, private), "was_asked": True},
        {**pair(cleo, private), "was_asked": True},
    ]
    assert news("follow_request_ended") == []


def _withdraw(ada: User, ben: User) -> None:
    assert Api(ben)("DELETE", "users/ada/follow").status_code == 200
    assert page_of(ben).post("/@ada/unfollow").status_code == 302


def _refuse(ada: User, ben: User) -> None:
    assert page_of(ada).post("/follow-requests/ben/refuse").status_code == 302
    assert Api(ada)("DELETE", "me/follow-requests/ben").status_code == 200


def _block(ada: User, ben: User) -> None:
    for _ in range(2):
        assert Api(ada)("PUT", "users/ben/block").status_code == 200


def _be_blocked(ada: User, ben: User) -> None:
    for _ in range(2):
        assert Api(ben)("PUT", "users/ada/block").status_code == 200


def _asked_leaves(ada: User, _ben: User) -> None:
    actions.delete_person(user=ada, password=PASSWORD)


def _asking_leaves(_ada: User, ben: User) -> None:
    actions.delete_person(user=ben, password=PASSWORD)


@pytest.mark.parametrize("end", [_withdraw, _refuse, _block, _be_blocked, _asked_leaves, _asking_leaves])
def test_a_request_that_comes_to_nothing_ends_once(private: User, ben: User, end: Any) -> None:
    actions.follow_user(follower=ben, followee=private)
    end(private, ben)
    drain()
    drain()
    assert not Follow.objects.exists()
    assert news("follow_request_ended") == [pair(ben, private)]
    assert (news("user_followed"), news("user_unfollowed")) == ([], [])
    assert (counts_of(private), counts_of(ben)) == ((0, 0), (0, 0))


def test_what_was_no_request_ends_as_none(ada: User, ben: User, cleo: User) -> None:
    follows(ben, ada)
    follows(cleo, ada)
    actions.refuse_follow_request(followee=ada, follower=ben)
    actions.unfollow_user(follower=ben, followee=ada)
    actions.unfollow_user(follower=ben, followee=ada)
    actions.delete_person(user=cleo, password=PASSWORD)
    drain()
    assert news("follow_request_ended") == []
    assert [row["follower_id"] for row in news("user_unfollowed")] == [ben.pk, cleo.pk]


def test_a_request_to_who_left_cannot_be_accepted_meanwhile(private: User, ben: User) -> None:
    actions.follow_user(follower=ben, followee=private)
    actions.delete_person(user=ben, password=PASSWORD)
    assert Api(private)("PUT", "me/follow-requests/ben").status_code == 404
    assert Api(private)("GET", "me/follow-requests").json()["results"] == []
    assert actions.accept_requests_of_public(followee_id=private.pk, first=0, last=2**40) == 0
    assert counts_of(private) == (0, 0)


# --- signing in ---------------------------------------------------------------------------------------------


@pytest.fixture
def quick(settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = False
    _fallback.forget()


def browser(agent: str = FIREFOX, **environ: str) -> Client:
    return Client(HTTP_USER_AGENT=agent, **environ)


def sign_in(client: Client, name: str = "ada") -> None:
    assert client.post("/accounts/login/", {"login": name, "password": PASSWORD}).status_code == 302
    assert client.post("/accounts/logout/").status_code == 302


def token(agent: str = "curl/8.5", address: str = "192.0.2.7") -> None:
    answer = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address).post(
        "/api/v1/auth/token", {"login": "ada", "password": PASSWORD}, content_type="application/json"
    )
    assert answer.status_code == 200


def test_only_a_sign_in_from_somewhere_new_is_news(ada: User, quick: None) -> None:
    mine, other = browser(), browser(SAFARI)
    for client in (mine, mine, other, other, mine):
        sign_in(client)
    assert news("signed_in") == [
        {"user_id": ada.pk, "by": "session", "is_new": is_new, "device": device}
        for is_new, device in (
            (False, "Firefox, Linux"),  # the first of all: nothing to compare it with
            (False, "Firefox, Linux"),
            (True, "Safari, iPhone"),
            (False, "Safari, iPhone"),
            (False, "Firefox, Linux"),
        )
    ]


def test_two_browsers_of_one_name_in_one_house_are_two(ada: User, quick: None) -> None:
    sign_in(browser())
    sign_in(browser())
    assert [row["is_new"] for row in news("signed_in")] == [False, True]


def test_a_browser_that_two_people_use_is_known_to_each_apart(ada: User, ben: User, quick: None) -> None:
    shared = browser()
    sign_in(shared, "ada")
    sign_in(browser(), "ben")
    sign_in(shared, "ben")
    sign_in(shared, "ben")
    assert [row["is_new"] for row in news("signed_in")] == [False, False, True, False]


def test_a_program_is_known_by_its_name_and_its_network(ada: User, quick: None) -> None:
    sign_in(browser())
    token()
    token(address="192.0.2.99")  # a neighbour: another address of the same network
    token(address="198.51.100.7")
    token(agent="Chrome/140 Linux")
    assert [(row["is_new"], row["by"], row["device"]) for row in news("signed_in")[1:]] == [
        (True, "token", "curl"),
        (False, "token", "curl"),
        (True, "token", "curl"),
        (True, "token", "Chrome, Linux"),
    ]


def test_joining_is_no_news(quick: None, settings: Any) -> None:
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    body = {"username": "zoe", "email": "zoe@example.com", "password": PASSWORD}
    assert Client().post("/api/v1/auth/register", body, content_type="application/json").status_code == 201
    assert [row["is_new"] for row in news("signed_in")] == [False]


def test_no_address_and_no_cookie_is_stored_or_told(ada: User, quick: None) -> None:
    client = browser(REMOTE_ADDR="192.0.2.7")
    sign_in(client)
    token(address="192.0.2.7")
    secret = client.cookies[devices.COOKIE].value
    assert len(secret) == 32
    stored = str(news("signed_in")) + str(list(KnownDevice.objects.values()))
    stored += str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert "192.0.2" not in stored and secret not in stored


def test_the_cookie_is_for_the_server_alone_and_renewed(ada: User, quick: None) -> None:
    client = browser()
    client.cookies[devices.COOKIE] = "forged; and short"
    sign_in(client)
    cookie = client.cookies[devices.COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["max-age"] == 400 * 24 * 3600
    first = cookie.value
    sign_in(client)
    assert client.cookies[devices.COOKIE].value == first


def test_the_last_fifty_devices_are_kept_and_none_of_who_left(ada: User) -> None:
    for number in range(55):
        actions.note_sign_in(user=ada, by="token", device=devices.Device("curl", f"program {number}"))
    assert KnownDevice.objects.filter(user=ada).count() == 50
    for number, is_new in ((54, False), (0, True)):
        actions.note_sign_in(user=ada, by="token", device=devices.Device("curl", f"program {number}"))
        assert news("signed_in")[-1]["is_new"] is is_new
    actions.delete_person(user=ada, password=PASSWORD)
    assert not KnownDevice.objects.exists()


# --- the address --------------------------------------------------------------------------------------------


def test_another_address_is_news_once_it_is_confirmed(ada: User) -> None:
    actions.ask_email_change(user=ada, email="new@example.com", password=PASSWORD)
    assert news("email_changed") == []
    waiting = EmailAddress.objects.get(email="new@example.com")
    actions.agree_to_change(key=old_side_key(EmailChange.objects.get(user=ada)))
    assert news("email_changed") == []
    for _ in range(2):
        actions.confirm_address(address=waiting)
    assert news("email_changed") == [{"user_id": ada.pk, "former": "ada@example.com"}]


def test_confirming_the_first_address_is_no_news(quick: None) -> None:
    zoe = actions.register_person(username="zoe", email="zoe@example.com", password=PASSWORD)
    actions.confirm_address(address=EmailAddress.objects.get(user=zoe))
    assert news("email_changed") == []


# --- the bell -----------------------------------------------------------------------------------------------


def rings(follower: User, followee: User) -> bool:
    return Follow.objects.get(follower=follower, followee=followee).notify


def test_the_bell_on_the_profile_is_rung_and_stilled(ada: User, ben: User) -> None:
    follows(ben, ada)
    page = page_of(ben)
    quiet = page.get("/@ada").content.decode()
    assert 'action="/@ada/bell"' in quiet and 'aria-pressed="false"' in quiet
    answer = page.post("/@ada/bell", {"ring": "yes", "next": "/@ada?tab=media"})
    assert (answer.status_code, answer["Location"]) == (302, "/@ada?tab=media")
    assert rings(ben, ada)
    assert 'name="ring" value="no" aria-pressed="true"' in page.get("/@ada").content.decode()
    page.post("/@ada/bell", {"ring": "no"})
    assert not rings(ben, ada)


def test_page_and_api_ring_the_same_bell(ada: User, ben: User) -> None:
    assert Api(ben)("PUT", "users/ada/follow", {"notify": True}).status_code == 200
    assert 'name="ring" value="no"' in page_of(ben).get("/@ada").content.decode()
    page_of(ben).post("/@ada/bell", {"ring": "no"})
    assert not rings(ben, ada)


def test_a_bell_that_was_rung_while_asking_rings_once_let_in(private: User, ben: User) -> None:
    actions.follow_user(follower=ben, followee=private)
    assert 'action="/@ada/bell"' in page_of(ben).get("/@ada").content.decode()
    page_of(ben).post("/@ada/bell", {"ring": "yes"})
    actions.accept_follow_request(followee=private, follower=ben)
    assert rings(ben, private)


def test_who_does_not_follow_has_no_bell(ada: User, ben: User, dora: User) -> None:
    page = page_of(ben)
    assert "/@ada/bell" not in page.get("/@ada").content.decode()
    assert page.post("/@ada/bell", {"ring": "yes"}).status_code == 404
    assert page.post("/@ben/bell", {"ring": "yes"}).status_code == 404
    assert page.post("/@nobody/bell", {"ring": "yes"}).status_code == 404
    blocks(ada, dora)
    assert page_of(dora).post("/@ada/bell", {"ring": "yes"}).status_code == 404
    assert not Follow.objects.exists()


def test_the_bell_asks_for_a_form_of_who_is_signed_in(ada: User, ben: User) -> None:
    follows(ben, ada)
    assert page_of(ben).get("/@ada/bell").status_code == 405
    answer = Client().post("/@ada/bell", {"ring": "yes"})
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
    page_of(ben).post("/@ada/bell", {"ring": "loudly"})
    assert not rings(ben, ada)


def test_pairs_with_a_block_are_found_in_one_query_and_given_back_as_asked(
    ada: User, ben: User, dora: User, django_assert_num_queries: Any
) -> None:
    blocks(ada, dora)
    pairs = [(one.pk, other.pk) for one in (ada, ben, dora) for other in (ada, ben, dora)] * 2
    with django_assert_num_queries(1):
        assert blocked_pairs(pairs) == {(ada.pk, dora.pk), (dora.pk, ada.pk)}
    with django_assert_num_queries(0):
        assert blocked_pairs([]) == set()


def test_relations_are_forgotten_of_people_only(
    ada: User, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follow that was asked for says so in a field that is nobody's id."""
    forgotten: list[int] = []
    monkeypatch.setattr("accounts.standins.forget", lambda *people: forgotten.extend(people))
    actions.set_privacy(user=ada, is_private=True)
    actions.follow_user(follower=ben, followee=ada)
    actions.accept_follow_request(followee=ada, follower=ben)
    drain()
    assert set(forgotten) == {ada.pk, ben.pk}

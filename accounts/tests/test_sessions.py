"""Who is signed in stays so, cheaply, while either engine is away; who is thrown out is out at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.connection import AbstractConnection

from accounts import actions, cache, sessions
from accounts.backends import get_viewer
from accounts.models import Session, User
from accounts.sessions import SessionStore
from accounts.tests.factories import PASSWORD, Api, page_of
from socialnet.kernel import redis
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.postgres import base as postgres
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

PAGE = "/accounts/logout/"  # shows the signed-in frame and asks the database for nothing of its own


@contextmanager
def away(*engines: str) -> Iterator[None]:
    """PostgreSQL: every statement fails as on a lost connection. Redis: its door raises."""
    patch = pytest.MonkeyPatch()

    def no_database(*_args: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    @contextmanager
    def no_redis() -> Iterator[None]:
        raise RedisAway
        yield

    if "redis" in engines:
        for module in ("socialnet.kernel.cache", "socialnet.kernel.ratelimit", "socialnet.kernel.realtime"):
            patch.setattr(f"{module}.door", no_redis)
    try:
        if "postgresql" in engines:
            with connection.execute_wrapper(no_database):
                yield
        else:
            yield
    finally:
        patch.undo()


def signed_in(client: Client) -> bool:
    answer = client.get(PAGE)
    return answer.status_code == 200


def copy_of(client: Client) -> str:
    """What the copies of this browser's session are called."""
    return cache.copy_of(client.session.session_key or "")


def forget_fresh(user: User, client: Client) -> None:
    """As a minute later: what is fresh has expired, what stands by is there."""
    with redis.door() as door:
        door.delete(cache.viewers.fresh.key(user.pk), cache.sessions.fresh.key(copy_of(client)))


def test_a_page_costs_no_query_for_session_and_person(ada: User) -> None:
    client = page_of(ada)
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(PAGE).status_code == 200
    tables = [
        query["sql"] for query in queries if "session" in query["sql"] or "accounts_user" in query["sql"]
    ]
    assert tables == []


def test_session_and_person_are_read_in_one_round_trip(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = page_of(ada)
    assert signed_in(client)  # from now on this process knows whose session it is
    sent: list[bytes] = []
    send = AbstractConnection.send_packed_command

    def noted(self: Any, command: Any, **options: Any) -> Any:
        sent.append(command if isinstance(command, bytes) else b"".join(command))
        return send(self, command, **options)

    keys = [
        key.encode() for key in (cache.sessions.fresh.key(copy_of(client)), cache.viewers.fresh.key(ada.pk))
    ]
    monkeypatch.setattr(AbstractConnection, "send_packed_command", noted)
    assert signed_in(client)
    asked = [command for command in sent if any(key in command for key in keys)]
    assert len(asked) == 1 and all(key in asked[0] for key in keys)


def test_a_wrong_guess_of_whose_session_it_is_makes_nobody_somebody_else(ada: User, ben: User) -> None:
    client = page_of(ada)
    assert signed_in(client)
    sessions._whose[copy_of(client)] = ben.pk
    assert client.get("/api/v1/me").json()["username"] == "ada"
    assert sessions._whose[copy_of(client)] == ada.pk


def test_what_one_request_does_to_session_data_no_other_sees() -> None:
    stored = SessionStore().encode({"list": [1]})
    SessionStore().decode(stored)["list"].append(2)
    assert SessionStore().decode(stored) == {"list": [1]}
    assert SessionStore().decode(stored[:-1] + ("A" if stored[-1] != "A" else "B")) == {}


def test_with_redis_away_people_stay_signed_in(ada: User) -> None:
    client = page_of(ada)
    with away("redis"):
        assert signed_in(client)
        assert signed_in(client)


def test_with_a_stopped_redis_people_stay_signed_in(ada: User, redis_process: Any) -> None:
    client = page_of(ada)
    settings_url, redis_url = "unix:///nowhere/redis.sock", redis_process.url
    from django.conf import settings

    settings.REDIS_URL = settings_url
    redis._client.cache_clear()
    try:
        assert signed_in(client)
    finally:
        settings.REDIS_URL = redis_url
        redis._client.cache_clear()
        redis.breaker.close()


def test_with_postgresql_away_people_stay_signed_in(ada: User) -> None:
    client = page_of(ada)
    assert signed_in(client)
    with away("postgresql"):
        assert signed_in(client)
    forget_fresh(ada, client)
    with away("postgresql"):
        assert signed_in(client)


def test_with_an_open_breaker_people_stay_signed_in(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = page_of(ada)
    assert signed_in(client)
    forget_fresh(ada, client)

    def refused(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("PostgreSQL lately did not answer; not asked again yet")

    monkeypatch.setattr(postgres.DatabaseWrapper, "get_new_connection", refused)
    with connection.execute_wrapper(refused):
        assert signed_in(client)


def test_with_both_away_people_are_told_so_and_come_back_signed_in(ada: User) -> None:
    client = page_of(ada)
    assert signed_in(client)
    with away("redis", "postgresql"):
        answer = client.get(PAGE)
        assert answer.status_code == 503 and "sessionid" not in answer.cookies
        assert Client().get("/help/").status_code == 200
    assert signed_in(client)


def test_with_both_away_a_token_is_not_called_wrong(ada: User) -> None:
    api = Api(ada)
    with away("redis", "postgresql"):
        assert api("GET", "me").status_code == 503
    assert api("GET", "me").status_code == 200


def test_a_visitor_sees_pages_while_postgresql_is_away(db: None) -> None:
    client = Client()
    with away("postgresql"):
        assert client.get("/help/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_signing_out_holds_though_postgresql_was_away(ada: User) -> None:
    client = page_of(ada)
    assert signed_in(client)
    key = client.session.session_key
    with away("postgresql"):
        SessionStore(key).delete()
    forget_fresh(ada, client)
    assert Session.objects.filter(pk=key).exists()
    assert not signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_signing_out_holds_though_redis_was_away(ada: User) -> None:
    """A copy that Redis still has is believed for a minute at most: then the row is asked for, and is gone."""
    client = page_of(ada)
    assert signed_in(client)
    thief = Client()
    thief.cookies = client.cookies.copy()
    copy = copy_of(client)
    with away("redis"):
        client.post("/accounts/logout/")
    with redis.door() as door:
        door.delete(cache.sessions.fresh.key(copy))
    assert not signed_in(thief)


END_SESSION = {
    "sign-out": lambda ada, browser: browser.post("/accounts/logout/"),
    "ending it elsewhere": lambda ada, browser: actions.revoke_session(
        user=ada, public_id=str(Session.objects.get(account=ada).public_id)
    ),
    "a new password": lambda ada, browser: actions.set_password(user=ada, password="another horse 7"),
    "suspension": lambda ada, browser: actions.suspend_user(user=ada, actor=None),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", END_SESSION)
def test_no_copy_outlives_a_session_though_redis_was_away_when_it_ended(ada: User, way: str) -> None:
    browser = page_of(ada)
    assert signed_in(browser)
    copy = copy_of(browser)
    with away("redis"):
        END_SESSION[way](ada, browser)
    assert cache.sessions.standby.get(copy)
    drain()
    assert cache.sessions.fresh.get(copy) is None and cache.sessions.standby.get(copy) is None


@pytest.mark.django_db(transaction=True)
def test_no_copy_outlives_a_token_though_redis_was_away_when_it_was_revoked(ada: User) -> None:
    api = Api(ada)
    assert api("GET", "me").status_code == 200
    kept = ada.tokens.get()
    with away("redis"):
        actions.revoke_token(user=ada, token_id=kept.pk)
    assert cache.tokens.standby.get(kept.hash)
    drain()
    assert cache.tokens.fresh.get(kept.hash) is None and cache.tokens.standby.get(kept.hash) is None
    with away("postgresql"):
        assert api("GET", "me").status_code in (401, 503)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["session", "token"])
def test_open_sockets_are_asked_again_once_nothing_would_let_them_stay(
    ada: User, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    browser, token = page_of(ada), Api(ada) and ada.tokens.get()
    with away("redis"):
        if kind == "session":
            browser.post("/accounts/logout/")
        else:
            actions.revoke_token(user=ada, token_id=token.pk)
    monkeypatch.setattr("socialnet.kernel.realtime.recheck", asked.append)
    drain()
    assert asked == [ada.pk]


@pytest.mark.django_db(transaction=True)
def test_neither_redis_nor_the_outbox_knows_a_session_key(ada: User) -> None:
    browser = page_of(ada)
    assert signed_in(browser)
    key = browser.session.session_key
    with redis.door() as door:
        names = b" ".join(door.scan_iter())
    browser.post("/accounts/logout/")
    stored = str(list(Event.objects.values_list("name", "payload")))
    assert key.encode() not in names and key not in stored
    assert cache.copy_of(key).encode() in names and cache.copy_of(key) in stored


@pytest.mark.django_db(transaction=True)
def test_data_written_while_postgresql_is_away_is_there_next_time(ada: User) -> None:
    client = page_of(ada)
    signed_in(client)
    store = SessionStore(client.session.session_key)
    with away("postgresql"):
        store["draft"] = "kept"
        store.save()
        assert SessionStore(store.session_key)["draft"] == "kept"
    store["draft"] = "kept in both"
    store.save()
    forget_fresh(ada, client)
    assert SessionStore(store.session_key)["draft"] == "kept in both"


@pytest.mark.django_db(transaction=True)
def test_an_anonymous_session_begun_without_postgresql_is_saved_later(db: None) -> None:
    with away("postgresql"):
        store = SessionStore()
        store["step"] = 1
        store.save()
    store["step"] = 2
    store.save()
    assert Session.objects.filter(pk=store.session_key).exists()


def test_a_write_that_races_with_the_end_does_not_bring_it_back(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = page_of(ada)
    store = SessionStore(client.session.session_key)
    store["step"] = 1
    original = SessionStore._to_database

    def saved_then_ended(self: SessionStore, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        actions.end_sessions(ada)

    monkeypatch.setattr(SessionStore, "_to_database", saved_then_ended)
    store.save()
    assert not signed_in(client)


def test_a_session_that_was_ended_does_not_come_back(ada: User) -> None:
    from django.contrib.sessions.backends.base import UpdateError

    client = page_of(ada)
    store = SessionStore(client.session.session_key)
    assert store["_auth_user_id"] == str(ada.pk)
    actions.end_sessions(ada)
    with pytest.raises(UpdateError):
        store.save()
    assert not signed_in(client)


def test_settings_show_browsers_and_end_them_at_once(ada: User) -> None:
    desk, phone = Client(), Client()
    desk.post(
        "/accounts/login/",
        {"login": "ada", "password": PASSWORD},
        headers={"user-agent": "Firefox/130 Linux"},
    )
    phone.post("/accounts/login/", {"login": "ADA@example.com", "password": PASSWORD})
    assert signed_in(desk) and signed_in(phone)
    assert "Firefox, Linux" in desk.get("/settings/sessions").content.decode()
    other = Session.objects.get(pk=phone.session.session_key)
    assert desk.post(f"/settings/sessions/{other.public_id}/end").status_code == 302
    assert signed_in(desk) and not signed_in(phone)


def test_the_api_lists_and_ends_sessions_of_ones_own_only(ada: User, ben: User) -> None:
    client, api = page_of(ada), Api(ada)
    listed = api("GET", "me/sessions").json()["results"]
    assert len(listed) == 1
    assert client.session.session_key not in str(listed)
    assert Api(ben)("DELETE", f"me/sessions/{listed[0]['id']}").status_code == 404
    assert signed_in(client)
    assert api("DELETE", f"me/sessions/{listed[0]['id']}").status_code == 204
    assert not signed_in(client)


def test_a_suspended_person_is_out_everywhere_at_once(ada: User, mod: User) -> None:
    client, api = page_of(ada), Api(ada)
    assert signed_in(client) and api("GET", "me").status_code == 200
    actions.suspend_user(user=ada, actor=mod)
    assert not signed_in(client)
    assert api("GET", "me").status_code == 401
    assert not Session.objects.filter(account=ada).exists()
    assert (
        "suspended"
        in Client().post("/accounts/login/", {"login": "ada", "password": PASSWORD}).content.decode()
    )


def test_a_new_password_ends_every_other_session(ada: User) -> None:
    here, there = page_of(ada), page_of(ada)
    new = "another horse entirely 7"
    answer = here.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert answer.status_code == 302
    assert signed_in(here) and not signed_in(there)


def test_copies_that_could_not_be_dropped_are_dropped_by_the_handler(ada: User) -> None:
    assert signed_in(page_of(ada))
    with away("redis"):
        actions.suspend_user(user=ada, actor=None)
    assert cache.viewers.standby.get(ada.pk)
    drain()
    assert cache.viewers.fresh.get(ada.pk) is None and cache.viewers.standby.get(ada.pk) is None


def test_who_read_before_a_drop_brings_neither_copy_back() -> None:
    """The one that stands by would be believed for a day, whenever PostgreSQL is away."""

    def load() -> dict[str, Any]:
        cache.viewers.drop(7)  # suspended, after this reader read
        return {"suspended_at": None}

    assert cache.viewers.read(7, load) == {"suspended_at": None}
    assert cache.viewers.fresh.get(7) is None
    assert cache.viewers.standby.get(7) is None


def test_a_stale_viewer_record_does_not_sign_out_who_changed_the_password(ada: User) -> None:
    client = page_of(ada)
    assert signed_in(client)
    stale = cache.viewers.fresh.get(ada.pk)
    with away("redis"):
        actions.set_password(user=ada, password="another horse entirely 7")
    assert cache.viewers.fresh.get(ada.pk) == stale
    again = page_of(User.objects.get(pk=ada.pk))
    assert signed_in(again)


def test_a_changed_name_is_seen_in_the_next_request(ada: User) -> None:
    client = page_of(ada)
    client.get("/settings/appearance")
    actions.edit_profile(user=ada, display_name="Ada Lovelace")
    assert "Ada Lovelace" in client.get("/settings/appearance").content.decode()


def test_the_viewer_record_holds_no_password_and_no_address(ada: User) -> None:
    get_viewer(ada.pk)
    with redis.door() as door:
        raw = door.get(cache.viewers.fresh.key(ada.pk))
    assert b"argon2" not in raw and b"@example.com" not in raw


def test_every_key_expires(ada: User) -> None:
    signed_in(page_of(ada))
    Api(ada)("GET", "me")
    with redis.door() as door:
        assert all(door.ttl(key) > 0 for key in door.scan_iter())

"""The socket with real processes: who may listen, what they hear, what is refused, what happens when Redis is lost."""

import asyncio
import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from accounts import actions as people
from accounts.models import User
from feeds.actions import delete_post, publish_post
from socialnet.kernel import redis
from tests.stack import Stack, running, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("stack")]


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", "ada@example.org", "a calm sea 42")


@pytest.fixture
def ben(ada: User) -> User:
    person = User.objects.create_user("ben", "ben@example.org", "a calm sea 42")
    people.follow_user(follower=person, followee=ada)
    return person


def socket(stack: Stack, *, session: str = "", token: str = "", origin: str | None = None) -> connect:
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    address = f"ws://127.0.0.1:{stack.live_port}/ws/"
    return connect(address, additional_headers=headers, origin=origin if origin != "own" else stack.address)


def session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def elsewhere(act: Callable[..., Any], *args: object, **options: object) -> Any:
    """Run `act` in a thread that lets go of the database afterwards."""

    def run() -> Any:
        try:
            return act(*args, **options)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


async def say(connection: ClientConnection, **message: object) -> None:
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection, *, seconds: float = 10) -> dict:
    return json.loads(await asyncio.wait_for(connection.recv(), seconds))


async def code_of_close(connection: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed):
        while True:
            await asyncio.wait_for(connection.recv(), 10)
    return connection.close_code


def test_a_follower_hears_of_a_new_post_with_session_or_token(stack, ada, ben):
    session, token = session_of(ben), people.make_token(user=ben, name="bot", scopes=["read"]).secret

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page, socket(stack, token=token) as bot:
            for connection in (page, bot):
                await say(connection, op="subscribe", topics=["feed"])
                first = await hear(connection)
                assert (first["topic"], first["event"], first["data"]["ids"]) == ("feed", "snapshot", [])
            post = await elsewhere(publish_post, author=ada, content="Fog in the valley")
            for connection in (page, bot):
                news = await hear(connection)
                assert (news["event"], news["data"]["newest_id"]) == ("feed.new", str(post.pk))
                assert news["version"] > first["version"]
            await say(page, op="ping")
            assert (await hear(page))["event"] == "pong"

    asyncio.run(listen())


def test_its_port_serves_no_pages(transactional_db, redis_process):
    with running("live") as stack:
        wait_for(lambda: answer_of(stack, "/health/live") == 200, seconds=30, what="the socket's process")
        for path in ("/", "/ws/", "/api/v1", "/admin/login/", "/metrics", "/health/ready", "/health/live/"):
            assert answer_of(stack, path) == 404, path

        async def knock() -> None:
            with pytest.raises(InvalidStatus):
                await connect(f"ws://127.0.0.1:{stack.live_port}/elsewhere")

        asyncio.run(knock())
        assert "Traceback" not in stack.log("live")


def answer_of(stack: Stack, path: str) -> int:
    """The status with which the socket's process answers a request for a page; 0 while it does not."""
    connection = HTTPConnection("127.0.0.1", stack.live_port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def test_strangers_bad_origins_and_bad_messages_meet_their_codes(stack, ada):
    session = session_of(ada)

    async def knock() -> None:
        async with socket(stack, origin="own") as visitor:
            assert await code_of_close(visitor) == 4401
        async with socket(stack, session="nonsense", origin="own") as visitor:
            assert await code_of_close(visitor) == 4401
        async with socket(stack, session=session, origin="https://evil.example") as page:
            assert await code_of_close(page) == 4403
        async with socket(stack, session=session) as page:  # no origin: no browser sends that with a cookie
            assert await code_of_close(page) == 4403
        async with socket(stack, session=session, origin="own") as page:
            for raw in (
                "{",
                "[]",
                '"x"',
                '{"op": "shout"}',
                '{"op": "subscribe", "topics": [1]}',
                '{"op": "subscribe", "topics": "feed"}',
            ):
                await page.send(raw)
                assert (await hear(page))["event"] == "error"
            await say(page, op="subscribe", topics=["post:1", "nonsense"])
            for topic in ("post:1", "nonsense"):
                answer = await hear(page)
                assert (answer["event"], answer["topic"], answer["data"]["code"]) == (
                    "error",
                    topic,
                    "unknown_topic",
                )
        async with socket(stack, session=session, origin="own") as page:
            await page.send("x" * 5000)
            assert await code_of_close(page) == 1009
        async with socket(stack, session=session, origin="own") as page:
            for _ in range(40):
                await page.send('{"op": "ping"}')
            assert await code_of_close(page) == 1008

    asyncio.run(knock())


def test_who_is_signed_out_or_suspended_is_cut_off(stack, ada, ben):
    sessions = {"ben": session_of(ben), "ada": session_of(ada)}

    async def listen() -> None:
        async with socket(stack, session=sessions["ben"], origin="own") as page:
            await say(page, op="subscribe", topics=["feed"])
            await hear(page)
            await elsewhere(people.suspend_user, user=ben, actor=ada)
            assert await asyncio.wait_for(code_of_close(page), 20) == 4401
        async with socket(stack, session=sessions["ada"], origin="own") as page:
            await say(page, op="subscribe", topics=["feed"])
            await hear(page)
            await elsewhere(people.end_sessions, ada)
            assert await asyncio.wait_for(code_of_close(page), 20) == 4401

    asyncio.run(listen())


def test_a_deleted_post_leaves_the_open_homes_of_followers(stack, ada, ben):
    session = session_of(ben)
    post = publish_post(author=ada, content="Short-lived")

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=["feed"])
            await hear(page)
            await elsewhere(delete_post, post=post, actor=ada)
            while (news := await hear(page))["event"] != "feed.remove":
                pass
            assert news["data"] == {"ids": [str(post.pk)]}

    asyncio.run(listen())


def test_after_redis_lost_everything_open_pages_still_hear_of_posts(stack, ada, ben):
    session = session_of(ben)

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=["feed"])
            await hear(page)
            await asyncio.to_thread(redis._client().flushall)
            post = await elsewhere(publish_post, author=ada, content="After the flood")
            heard = await hear(page, seconds=40)
            assert heard["data"]["newest_id"] == str(post.pk)

    asyncio.run(listen())

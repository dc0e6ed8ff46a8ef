"""The topic of a post with real processes: who hears of its counts, how soon, how often, and when no longer."""

import asyncio
import socket as raw_socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import actions as people
from accounts.models import User
from feeds import live
from feeds.actions import delete_post, edit_post, publish_post
from feeds.models import Post
from interactions.actions import like_post, unlike_post
from interactions.touching import touch
from socialnet.consumers import SOCKETS_MOST, TOO_MANY
from socialnet.kernel import realtime
from socialnet.kernel.invariants import broken, not_at_rest
from socialnet.kernel.redis import door
from tests.stack import Place, Stack, running, wait_for
from tests.test_live import (
    ada,
    answer_of,
    ben,
    code_of_close,
    elsewhere,
    hear,
    say,
    session_of,
    socket,
)

__all__ = ["ada", "ben"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("stack")]


async def like(post: Post, who: User) -> None:
    await elsewhere(like_post, post_id=post.pk, person=who)


async def next_counts(page: Any, *, seconds: float = 10) -> dict[str, Any]:
    while (message := await hear(page, seconds=seconds))["event"] != "counts":
        pass
    return message


def test_who_looks_at_a_post_hears_of_each_like(stack: Stack, ada: User, ben: User) -> None:
    post, session = publish_post(author=ada, content="Fog in the valley"), session_of(ben)
    topic = f"post:{post.pk}"

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=[topic])
            first = await hear(page)
            assert (first["topic"], first["event"]) == (topic, "snapshot")
            assert first["data"] == {"like_count": 0, "comment_count": 0, "share_count": 0}
            for who, count in ((ada, 1), (ben, 2)):
                await like(post, who)
                news = await next_counts(page)
                assert news["data"]["like_count"] == count and news["version"] > first["version"]
            await elsewhere(unlike_post, post_id=post.pk, person=ada)
            assert (await next_counts(page))["data"]["like_count"] == 1
            await say(page, op="unsubscribe", topics=[topic])
            await say(page, op="ping")
            assert (await hear(page))["event"] == "pong"
            await like(post, ada)
            with pytest.raises(TimeoutError):
                await hear(page, seconds=1)

    asyncio.run(listen())
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    assert broken() == []


def test_what_is_not_to_be_seen_is_not_heard_of(stack: Stack, ada: User, ben: User) -> None:
    cleo = User.objects.create_user("cleo", "cleo@example.org", "a calm sea 42")
    shown = publish_post(author=ada, content="For all")
    hidden = publish_post(author=ada, content="For followers", visibility="followers")
    names = [f"post:{hidden.pk}", "post:77", "post:0", "post:x", "post:99999999999999999", f"post:{shown.pk}"]
    session = session_of(cleo)

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=names)
            said = [await hear(page) for _ in names]
            errors = {m["topic"] for m in said if m["event"] == "error"}
            assert errors == set(names[:-1])
            assert {m["topic"] for m in said if m["event"] == "snapshot"} == {names[-1]}
            await like(hidden, ben)
            await like(shown, ben)
            assert (await next_counts(page))["topic"] == names[-1]

    asyncio.run(listen())
    browser = Client()
    browser.force_login(cleo)
    answer = browser.get("/api/v1/live?topics=" + ",".join(names)).json()["snapshots"]
    assert [m["event"] for m in answer] == ["error"] * 5 + ["snapshot"]
    assert answer[-1]["data"]["like_count"] == 1


def lose_sight(ada: User, ben: User, post: Post) -> dict[str, Callable[[], Any]]:
    """How `ben`, who follows `ada`, may come to lose sight of `post`."""
    return {
        "block": lambda: people.block_user(blocker=ada, blocked=ben),
        "unfollow": lambda: people.unfollow_user(follower=ben, followee=ada),
        "suspension": lambda: people.suspend_user(user=ada, actor=None),
        "audience": lambda: edit_post(post=post, actor=ada, visibility="private"),
        "deletion": lambda: delete_post(post=post, actor=ada),
    }


@pytest.mark.parametrize("how", ["block", "unfollow", "suspension", "audience", "deletion", "going private"])
def test_who_loses_sight_of_a_post_hears_no_more(stack: Stack, ada: User, ben: User, how: str) -> None:
    cleo = User.objects.create_user("cleo", "cleo@example.org", "a calm sea 42")
    post = publish_post(author=ada, content="Now", visibility="public" if "private" in how else "followers")
    kept = publish_post(author=ben, content="Of my own")
    if how == "going private":
        who, act = cleo, lambda: people.set_privacy(user=ada, is_private=True)
    else:
        who, act = ben, lose_sight(ada, ben, post)[how]
    session, topic = session_of(who), f"post:{post.pk}"

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=[topic, f"post:{kept.pk}"])
            for _ in range(2):
                assert (await hear(page))["event"] == "snapshot"
            await elsewhere(act)
            async with asyncio.timeout(20):
                while (answer := await hear(page))["event"] != "error":
                    assert answer["event"] == "counts"  # of a moment ago
            assert answer["topic"] == topic
            assert answer["data"]["code"] == "unknown_topic"
            await elsewhere(touch, [post.pk, kept.pk])
            assert (await next_counts(page))["topic"] == f"post:{kept.pk}"

    asyncio.run(listen())


def test_no_more_than_ten_updates_a_second_reach_one_socket(stack: Stack, ada: User, ben: User) -> None:
    posts = [publish_post(author=ada, content=f"Number {number}") for number in range(30)]
    session = session_of(ben)
    topics = [f"post:{post.pk}" for post in posts]

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=topics)
            for _ in topics:
                assert (await hear(page))["event"] == "snapshot"
            heard: list[str] = []

            async def note() -> None:
                while True:
                    heard.append((await next_counts(page, seconds=60))["topic"])

            noting = asyncio.create_task(note())
            for _ in range(4):
                await elsewhere(touch, [post.pk for post in posts])
                await asyncio.sleep(0.5)
            await asyncio.sleep(4)
            noting.cancel()
            assert set(heard) == set(topics)  # each had its turn
            assert len(heard) < 60  # of 120

    asyncio.run(listen())


def test_a_socket_has_so_many_topics_and_no_more(stack: Stack, ada: User) -> None:
    posts = [publish_post(author=ada, content=f"Number {number}") for number in range(live.TOPICS_MOST + 1)]
    session = session_of(ada)
    topics = [f"post:{post.pk}" for post in posts]

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=topics[:40])
            await say(page, op="subscribe", topics=topics[40:])
            said = [await hear(page) for _ in topics]
            refused = [message for message in said if message["event"] == "error"]
            assert [(m["topic"], m["data"]["code"]) for m in refused] == [(topics[-1], "too_many_topics")]

    asyncio.run(listen())


@pytest.fixture
def other_process(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """One more `live`, for the same pages."""
    with running("live", stack=Stack(Place(tmp_path / "other", port=stack.port))) as other:
        wait_for(lambda: answer_of(other, "/health/live") == 200, seconds=30, what="the other process")
        yield other


def test_so_many_pages_of_one_person_and_no_more_whichever_process_serves_them(
    stack: Stack, other_process: Stack, ada: User, ben: User
) -> None:
    hers, his = session_of(ada), session_of(ben)

    async def hears(page: Any) -> bool:
        await say(page, op="subscribe", topics=["feed"])
        return (await hear(page))["event"] == "snapshot"

    async def open_many() -> None:
        async with AsyncExitStack() as open_:
            pages = []
            for number in range(SOCKETS_MOST):
                place = other_process if number == 5 else stack
                pages.append(await open_.enter_async_context(socket(place, session=hers, origin="own")))
                assert await hears(pages[-1])
            for place in (stack, other_process):
                async with socket(place, session=hers, origin="own") as page:
                    assert await code_of_close(page) == TOO_MANY
                async with socket(place, session=his, origin="own") as page:
                    assert await hears(page)
            await pages[0].close()
            await asyncio.sleep(0.5)
            async with socket(other_process, session=hers, origin="own") as page:
                assert await hears(page)

    asyncio.run(open_many())


def test_who_never_reads_is_let_go(stack: Stack, ada: User) -> None:
    """Without a reader at the other end, neither messages nor the server's memory pile up."""
    session = session_of(ada)
    line = raw_socket.create_connection(("127.0.0.1", stack.live_port))
    line.setsockopt(raw_socket.SOL_SOCKET, raw_socket.SO_RCVBUF, 4096)
    head = [
        "GET /ws/ HTTP/1.1",
        f"Host: 127.0.0.1:{stack.live_port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Origin: {stack.address}",
        f"Cookie: {settings.SESSION_COOKIE_NAME}={session}",
    ]
    line.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
    try:
        wait_for(lambda: is_there(ada), seconds=10, what="the socket")
        wait_for(lambda: heard_by(ada) == 0, seconds=60, what="the end of the socket")
    finally:
        line.close()


def is_there(who: User) -> bool:
    return realtime.online_among([who.pk]) == [who.pk]


def heard_by(who: User) -> int:
    """How many processes listen for the sockets of this person."""
    with door() as client:
        group = f"live__group__{realtime.person_group(who.pk)}"
        return int(client.pubsub_numsub(group)[0][1])

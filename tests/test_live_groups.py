"""The topic of a group with real processes: who hears of what comes and goes there, and when no longer."""

import asyncio
from typing import Any

import pytest

from accounts.models import User
from feeds.actions import delete_post, publish_post
from groups import actions as groups
from groups.tests.factories import a_group, is_in
from socialnet.kernel.invariants import broken, not_at_rest
from tests.stack import Stack, wait_for
from tests.test_live import ada, ben, elsewhere, hear, say, session_of, socket

__all__ = ["ada", "ben"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("stack")]


async def next_of(page: Any, event: str, *, seconds: float = 10) -> dict[str, Any]:
    while (message := await hear(page, seconds=seconds))["event"] != event:
        pass
    return message


def test_members_hear_of_a_private_group_until_they_are_put_out(stack: Stack, ada: User, ben: User) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    topic, session = f"group:{group.slug}", session_of(ben)

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=[topic, "group:no-such-group"])
            said = {(await hear(page))["event"] for _both in range(2)}
            assert said == {"snapshot", "error"}
            post = await elsewhere(publish_post, author=ada, group=group, content="Fog in the valley")
            assert (await next_of(page, "feed.new"))["data"] == {"count": 1, "newest_id": str(post.pk)}
            counts = await next_of(page, "counts")
            assert (counts["topic"], counts["data"]) == (topic, {"member_count": 2, "post_count": 1})
            await elsewhere(delete_post, post=post, actor=ada)
            assert (await next_of(page, "feed.remove"))["data"] == {"ids": [str(post.pk)]}
            await elsewhere(groups.ban_person, group=group, actor=ada, person=ben)
            lost = await next_of(page, "error")
            assert (lost["data"]["topic"], lost["data"]["code"]) == (topic, "unknown_topic")
            await elsewhere(publish_post, author=ada, group=group, content="Gone again")
            with pytest.raises(TimeoutError):
                await hear(page, seconds=1)

    asyncio.run(listen())
    wait_for(lambda: not not_at_rest(), seconds=20, what="rest")
    assert broken() == []


def test_a_group_that_closes_or_is_hidden_is_heard_no_longer(stack: Stack, ada: User, ben: User) -> None:
    closing, hiding = a_group(ada), a_group(ada)
    topics, session = [f"group:{closing.slug}", f"group:{hiding.slug}"], session_of(ben)

    async def listen() -> None:
        async with socket(stack, session=session, origin="own") as page:
            await say(page, op="subscribe", topics=topics)
            assert {(await hear(page))["event"] for _both in range(2)} == {"snapshot"}
            await elsewhere(groups.change_group, group=closing, actor=ada, privacy="private")
            assert (await next_of(page, "error", seconds=5))["topic"] == topics[0]
            await elsewhere(groups.hide_group, group_id=hiding.pk, actor=None)
            assert (await next_of(page, "error", seconds=5))["topic"] == topics[1]

    asyncio.run(listen())

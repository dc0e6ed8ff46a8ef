"""The topic of a group: who may listen, its snapshot, and what it hears."""

from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import Api, page_of
from feeds import actions, group_live, live
from feeds.models import Post
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group, is_in
from socialnet.consumers import LiveConsumer
from socialnet.kernel import realtime
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was published, in order: channel group and message."""
    heard: list[tuple[str, dict[str, Any]]] = []
    publish_many = realtime.publish_many

    def listen(messages: Any) -> None:
        known = list(messages)
        heard.extend(known)
        publish_many(known)

    monkeypatch.setattr(realtime, "publish_many", listen)
    return heard


def news(told: list[tuple[str, dict[str, Any]]], group: Group, event: str) -> list[Any]:
    channel = group_live.channel_group(group.pk)
    return [message["data"] for name, message in told if name == channel and message["event"] == event]


def says(author: User, group: Group) -> Post:
    return actions.publish_post(author=author, group=group, content="Hello")


def may_listen(viewer: User, group: Group) -> bool:
    topic = f"group:{group.slug}"
    seats = live.seats([topic, "group:no-such", "group:x", "feed"], viewer=viewer)
    assert set(seats) - {topic} == {"feed"}
    return topic in seats


@pytest.mark.parametrize("privacy", ["public", "private", "invite"])
def test_who_may_read_the_group_may_listen(
    privacy: str, ada: User, ben: User, cleo: User, dora: User
) -> None:
    group = a_group(ada, privacy)
    is_in(group, ben)
    is_in(group, dora, status="banned")
    assert may_listen(ada, group) and may_listen(ben, group)
    assert may_listen(cleo, group) == (privacy == "public")
    assert not may_listen(dora, group)
    groups.leave_group(group=group, person=ben)
    assert may_listen(ben, group) == (privacy == "public")
    groups.hide_group(group_id=group.pk, actor=None)
    assert not may_listen(ada, group)


def test_the_snapshot_has_its_counts_by_polling_too(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    says(ada, group)
    asked = Api(ben)("GET", f"live?topics=group:{group.slug},feed").json()["snapshots"]
    assert [one["event"] for one in asked] == ["snapshot", "snapshot"]
    assert asked[0]["data"] == {"member_count": 2, "post_count": 1} and asked[0]["version"]
    (refused,) = Api(cleo)("GET", f"live?topics=group:{group.slug}").json()["snapshots"]
    assert refused["event"] == "error" and refused["data"]["code"] == "unknown_topic"
    assert Api()("GET", f"live?topics=group:{group.slug}").status_code == 401


def test_posts_that_come_and_go_are_heard(
    ada: User, ben: User, told: list[tuple[str, dict[str, Any]]]
) -> None:
    group = a_group(ada)
    is_in(group, ben)
    post = says(ben, group)
    drain()
    assert news(told, group, "feed.new") == [{"count": 1, "newest_id": str(post.pk)}]
    assert news(told, group, "counts")[-1] == {"member_count": 2, "post_count": 1}
    actions.delete_post(post=post, actor=ben)
    drain()
    assert news(told, group, "feed.remove") == [{"ids": [str(post.pk)]}]
    assert news(told, group, "counts")[-1] == {"member_count": 2, "post_count": 0}
    hidden = says(ben, group)
    drain()
    actions.hide_post(post_id=hidden.pk, actor=None)
    drain()
    assert news(told, group, "feed.remove")[-1] == {"ids": [str(hidden.pk)]}


def test_people_who_come_and_go_are_counted(
    ada: User, ben: User, told: list[tuple[str, dict[str, Any]]]
) -> None:
    group = a_group(ada)
    groups.join_group(group=group, person=ben)
    drain()
    assert news(told, group, "counts")[-1] == {"member_count": 2, "post_count": 0}
    groups.leave_group(group=group, person=ben)
    drain()
    assert news(told, group, "counts")[-1]["member_count"] == 1


def test_posts_outside_of_groups_are_not_heard(ada: User, told: list[tuple[str, dict[str, Any]]]) -> None:
    group = a_group(ada)
    drain()
    told.clear()
    actions.publish_post(author=ada, content="For everybody")
    drain()
    assert not [message for name, message in told if name == group_live.channel_group(group.pk)]


def test_doors_are_asked_again_when_somebody_goes_or_the_group_changes(
    ada: User, ben: User, told: list[tuple[str, dict[str, Any]]]
) -> None:
    group = a_group(ada, "private")
    is_in(group, ben)
    socket = LiveConsumer()
    socket.viewer, socket.topics = ben, live.seats([f"group:{group.slug}"], viewer=ben)
    groups.ban_person(group=group, actor=ada, person=ben)
    groups.change_group(group=group, actor=ada, privacy="public")
    drain()
    changed = [message for name, message in told if name == live.RIGHTS_GROUP]
    people = {user_id for one in changed for user_id in one["people"]}
    closed = {group_id for one in changed for group_id in one["groups"]}
    assert people == {ben.pk} and closed == {group.pk}
    topic = f"group:{group.slug}"
    assert socket.concerned(posts=set(), people={ben.pk}, groups=set()) == [topic]
    assert socket.concerned(posts=set(), people=set(), groups={group.pk}) == [topic]
    assert socket.concerned(posts={1}, people={ada.pk}, groups={group.pk + 1}) == []


def test_the_page_of_a_group_listens(ada: User, cleo: User) -> None:
    group = a_group(ada)
    says(ada, group)
    html = page_of(ada).get(f"/g/{group.slug}").content.decode()
    assert f'data-topic="group:{group.slug}"' in html and f'data-group="group:{group.slug}"' in html
    assert "data-topic" not in page_of().get(f"/g/{group.slug}").content.decode()
    private = a_group(ada, "private")
    assert "data-group" not in page_of(cleo).get(f"/g/{private.slug}").content.decode()

"""The inbox for programs."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, person
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications.models import Notification
from notifications.selectors import unread_count
from notifications.tests.test_inbox_page import told
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api("GET", f"notifications{query}")
    assert answer.status_code == 200
    return list(answer.json()["results"])


def test_a_notification_says_everything(ada: User, ben: User) -> None:
    post = publish(ada, "Bread  and\nbutter")
    comment = doing.comment_on_post(post_id=post.pk, author=ben, content="How long?")
    drain()
    (told_of,) = listed(Api(ada))
    row = Notification.objects.get()
    link = f"http://testserver{post.get_absolute_url()}"
    assert told_of["id"] == str(row.pk) and told_of["type"] == "comment"
    assert [actor["username"] for actor in told_of["actors"]] == ["ben"] and told_of["actor_count"] == 1
    assert told_of["post"]["id"] == str(post.pk) and told_of["post"]["excerpt"] == "Bread and butter"
    assert told_of["comment"]["id"] == str(comment.pk) and told_of["comment"]["excerpt"] == "How long?"
    assert told_of["text"] == "Ben commented on your post" and told_of["group"] is None
    assert told_of["is_read"] is False and told_of["created_at"] <= told_of["updated_at"]
    assert told_of["url"].endswith(f"?comment={comment.pk}#comment-{comment.pk}")
    assert told_of["post"]["url"].endswith(link.removeprefix("http://testserver"))
    people.follow_user(follower=ben, followee=ada)
    drain()
    newest = listed(Api(ada))[0]
    assert (newest["type"], newest["post"], newest["comment"]) == ("follow", None, None)


def test_only_some_types_and_only_unread(ada: User, ben: User) -> None:
    post = told(ada, many=1, of=ben)[0]
    people.follow_user(follower=ben, followee=ada)
    doing.comment_on_post(post_id=post.pk, author=ben, content="How long?")
    drain()
    api = Api(ada)

    def types(query: str) -> set[str]:
        return {one["type"] for one in listed(api, query)}

    assert types("?type=like") == {"like"}
    assert types("?type=like,follow") == types("?type=like&type=follow") == {"like", "follow"}
    (like,) = listed(api, "?type=like")
    api("POST", "notifications/read", {"ids": [like["id"]]})
    assert types("?unread=1") == {"comment", "follow"} and types("?unread=0") == {"like", "comment", "follow"}
    assert listed(api, "?fields=id,actors.username&type=follow")[0].keys() == {"id", "actors"}
    for query in (
        "?type=gossip",
        "?type=like,gossip",
        "?unread=perhaps",
        "?kind=like",
        "?cursor=x",
        "?limit=x",
        "?fields=x",
    ):
        assert api("GET", f"notifications{query}").status_code == 400, query


def test_pages_are_exact_while_others_add(ada: User, ben: User) -> None:
    posts = told(ada, many=9, of=ben)
    api, seen, cursor = Api(ada), [], ""
    while True:
        page = api("GET", f"notifications?limit=4{cursor}").json()
        seen += [one["post"]["id"] for one in page["results"]]
        doing.like_post(post_id=posts[0].pk, person=person(f"fan{len(seen)}"))
        drain()
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [str(post.pk) for post in reversed(posts[1:])]  # the first is on top now, unread


def test_the_count_and_reading(ada: User, ben: User) -> None:
    told(ada, many=5, of=ben)
    api = Api(ada)
    assert api("GET", "notifications/unread-count").json() == {"unread": 5, "display": "5"}
    assert api("GET", "me").json()["unread_notifications"] == 5
    first, second, third, *_older = [one["id"] for one in listed(api)]
    for _twice in range(2):
        assert api("POST", "notifications/read", {"ids": [first]}).json() == {"unread": 4}
    for _twice in range(2):
        assert api("POST", "notifications/read", {"up_to": third}).json() == {"unread": 1}
    assert [one["id"] for one in listed(api, "?unread=1")] == [second]
    assert api("POST", "notifications/read", {"ids": []}).json() == {"unread": 1}
    for _twice in range(2):
        assert api("POST", "notifications/read", {"all": True}).json() == {"unread": 0}
    assert api("GET", "me").json()["unread_notifications"] == 0
    Notification.objects.update(read_at=None)
    Notification.objects.bulk_create(
        Notification(
            recipient=ada, kind="follow", target_id=number, due_at=Notification.objects.first().due_at
        )  # type: ignore[union-attr]
        for number in range(1, 121)
    )
    assert api("GET", "notifications/unread-count").json() == {"unread": 125, "display": "99+"}


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"ids": "1"}, {"ids": ["x"]}, {"ids": ["0"]}, {"ids": ["1"] * 101}, {"up_to": "x"}, {"all": False},
     {"all": True, "ids": ["1"]}, {"everything": True}, {"all": True, "more": 1}],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(ada: User, ben: User, body: Any) -> None:
    told(ada, many=1, of=ben)
    answer = Api(ada)("POST", "notifications/read", body)
    assert answer.status_code == 400 and answer.json()["code"] in ("invalid", "malformed")
    assert unread_count(ada.pk) == 1


def test_others_get_nothing_and_change_nothing(ada: User, ben: User, cleo: User) -> None:
    told(ada, many=2, of=ben)
    (hers, _other), outsider = [one["id"] for one in listed(Api(ada))], Api(cleo)
    assert listed(outsider) == []
    assert outsider("POST", "notifications/read", {"ids": [hers, "77"]}).json() == {"unread": 0}
    absent = outsider("POST", "notifications/read", {"up_to": "77"})
    hidden = outsider("POST", "notifications/read", {"up_to": hers})
    assert absent.status_code == hidden.status_code == 404 and absent.json()["code"] == hidden.json()["code"]
    outsider("POST", "notifications/read", {"all": True})
    assert unread_count(ada.pk) == 2
    for method, path in (
        ("GET", "notifications"),
        ("GET", "notifications/unread-count"),
        ("POST", "notifications/read"),
    ):
        assert Api()(method, path).status_code == 401
    only_reads = Api(ada, scopes=("read",))
    assert only_reads("GET", "notifications").status_code == 200
    assert only_reads("POST", "notifications/read", {"all": True}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "notifications"),
        ("DELETE", "notifications"),
        ("PUT", "notifications/unread-count"),
        ("GET", "notifications/read"),
    ],
)
def test_wrong_methods(ada: User, method: str, path: str) -> None:
    assert Api(ada)(method, path).status_code == 405


def test_through_the_door(ada: User, ben: User, cleo: User) -> None:
    post = publish(ben, "A secret between us")
    doing.comment_on_post(post_id=post.pk, author=cleo, content="A whisper for @ada")
    drain()
    Post.objects.filter(pk=post.pk).update(visibility="private")
    (one,) = listed(Api(ada))
    assert one["post"] is one["comment"] is None and "whisper" not in str(one)


def test_the_list_costs_the_same_for_one_and_for_twenty(ada: User, ben: User, cleo: User) -> None:
    api, costs = Api(ada), []
    for many in (1, 19):
        for post in told(ada, many=many, of=ben):
            doing.comment_on_post(post_id=post.pk, author=cleo, content="And another")
        drain()
        listed(api)
        with CaptureQueriesContext(connection) as asked:
            listed(api)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 6


def test_the_topic_is_there_for_those_who_poll(ada: User, ben: User) -> None:
    told(ada, many=2, of=ben)
    (snapshot,) = Api(ada)("GET", "live?topics=notifications").json()["snapshots"]
    assert (snapshot["topic"], snapshot["event"], snapshot["data"]["unread"]) == (
        "notifications",
        "snapshot",
        2,
    )
    assert Api(ben)("GET", "live?topics=notifications").json()["snapshots"][0]["data"]["unread"] == 0


def test_a_block_is_true_in_the_inbox_before_anybody_worked_it_off(ada: User, ben: User, cleo: User) -> None:
    post = told(ada, many=1, of=ben)[0]
    doing.like_post(post_id=post.pk, person=cleo)
    people.follow_user(follower=ben, followee=ada)
    drain()
    assert len(listed(Api(ada))) == 2
    people.block_user(blocker=ada, blocked=ben)
    (left,) = listed(Api(ada))
    assert left["type"] == "like" and [actor["username"] for actor in left["actors"]] == ["cleo"]
    assert "Ben" not in left["text"]
    drain()
    assert [one["actor_count"] for one in listed(Api(ada))] == [1]

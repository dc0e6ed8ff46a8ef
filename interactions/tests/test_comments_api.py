"""Comments through the API: every field, every method, the outsider, and the same request twice."""

from typing import Any

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, blocks, follows
from feeds.actions import share_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions
from interactions.models import Comment
from interactions.tests.threads import chain, plant_comments, say

pytestmark = pytest.mark.django_db
FIELDS = {
    "id", "post_id", "author", "parent_id", "replying_to", "depth", "content", "content_html", "like_count",
    "reply_count", "is_liked", "is_hidden", "held", "is_muted", "is_limited", "is_deleted", "version", "created_at",
    "edited_at", "url", "replies", "replies_cursor",
}  # fmt: skip


def test_commenting_answering_and_reading(ada: User, ben: User) -> None:
    post, api = publish(ada), Api(ben)
    answer = api("POST", f"posts/{post.pk}/comments", {"content": "**Well** said\r\n"})
    first = answer.json()
    assert (answer.status_code, answer["Location"]) == (201, f"/api/v1/comments/{first['id']}")
    assert set(first) == FIELDS
    assert (first["content"], first["content_html"]) == (
        "**Well** said",
        '<p dir="auto"><strong>Well</strong> said</p>',
    )
    assert (first["parent_id"], first["depth"], first["author"]["username"]) == (None, 1, "ben")
    assert first["url"].endswith(f"/@ada/{post.pk}?comment={first['id']}#comment-{first['id']}")
    reply = api("POST", f"posts/{post.pk}/comments", {"content": "Again", "parent_id": first["id"]}).json()
    assert (reply["parent_id"], reply["depth"], reply["reply_count"]) == (first["id"], 2, 0)
    listed = Api()("GET", f"posts/{post.pk}/comments").json()
    assert [one["id"] for one in listed["results"]] == [first["id"]]
    assert [one["id"] for one in listed["results"][0]["replies"]] == [reply["id"]]
    assert (listed["results"][0]["reply_count"], listed["has_more"]) == (1, False)
    assert Api()("GET", f"comments/{first['id']}").json() == listed["results"][0]
    assert Api()("GET", f"posts/{post.pk}").json()["comment_count"] == 2
    replies = Api()("GET", f"comments/{first['id']}/replies").json()
    assert [one["id"] for one in replies["results"]] == [reply["id"]]


def test_lists_go_on_at_every_level(ada: User, ben: User) -> None:
    post = publish(ada)
    top = plant_comments(post, [ben], many=5)
    plant_comments(post, [ada], many=6, parents=top[:1])
    for sort in ("hot", "top", "new", "old"):
        url, ids = f"posts/{post.pk}/comments?sort={sort}&limit=2", []
        while url:
            answer = Api()("GET", url)
            ids += [one["id"] for one in answer.json()["results"]]
            cursor = answer.json()["next_cursor"]
            assert ("Link" in answer) is bool(cursor)
            url = f"posts/{post.pk}/comments?sort={sort}&limit=2&cursor={cursor}" if cursor else ""
        assert sorted(ids) == sorted(str(one.pk) for one in top)
    first = Api()("GET", f"comments/{top[0].pk}").json()
    assert len(first["replies"]) == 3
    rest = Api()("GET", f"comments/{top[0].pk}/replies?limit=2&cursor={first['replies_cursor']}").json()
    assert len(rest["results"]) == 2 and rest["has_more"]


def test_where_the_tree_ends_it_says_whom_one_answers(ada: User, ben: User) -> None:
    post = publish(ada)
    deepest = chain(ben, post, 6)[-1]
    body = {"content": "Deeper", "parent_id": str(deepest.pk)}
    answer = Api(ada)("POST", f"posts/{post.pk}/comments", body).json()
    assert (answer["depth"], answer["replying_to"], answer["parent_id"]) == (6, "ben", str(deepest.parent_id))


def test_editing_hiding_liking_and_deleting(ada: User, ben: User) -> None:
    comment = say(ben, publish(ada), "Frist")
    path = f"comments/{comment.pk}"
    edited = Api(ben)("PATCH", path, {"content": "First", "version": 1}).json()
    assert (edited["content"], edited["version"]) == ("First", 2) and edited["edited_at"]
    stale = Api(ben)("PATCH", path, {"content": "Second", "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "edit_conflict")
    for method, hidden in (("PUT", True), ("PUT", True), ("DELETE", False), ("DELETE", False)):
        assert Api(ada)(method, f"{path}/hidden").json() == {"is_hidden": hidden}
        assert Api()("GET", path).json()["is_hidden"] is hidden
    for method, likes in (("PUT", 1), ("PUT", 1), ("DELETE", 0), ("DELETE", 0), ("PUT", 1)):
        told = Api(ada)(method, f"{path}/like").json()
        assert told == {"is_liked": method == "PUT", "like_count": likes}
    seen = Api(ada)("GET", path).json()
    assert (seen["is_liked"], seen["like_count"]) == (True, 1)
    say(ada, comment)
    assert Api(ben)("DELETE", path).status_code == 204
    tombstone = Api()("GET", path).json()
    assert (tombstone["is_deleted"], tombstone["author"], tombstone["content"]) == (True, None, "")
    assert Api(ben)("DELETE", path).status_code == 404
    for method, below in (("PUT", "/like"), ("PUT", "/hidden"), ("PATCH", "")):
        assert Api(ada)(method, path + below, {"content": "x"} if not below else None).status_code == 404


def test_a_conversation_is_muted_and_heard_again(ada: User, ben: User) -> None:
    share = share_post(post=publish(ada), person=ada)
    for method, muted in (("PUT", True), ("PUT", True), ("DELETE", False), ("DELETE", False)):
        assert Api(ben)(method, f"posts/{share.pk}/mute").json() == {"is_muted": muted}


def test_who_may_comment_is_chosen_with_the_post_and_changed_later(ada: User, ben: User) -> None:
    api = Api(ada)
    post = api("POST", "posts", {"content": "Hello", "reply_policy": "followers"}).json()
    assert post["reply_policy"] == "followers"
    refused = Api(ben)("POST", f"posts/{post['id']}/comments", {"content": "Hello"})
    assert (refused.status_code, refused.json()["code"]) == (403, "cannot_comment")
    assert (
        api("PATCH", f"posts/{post['id']}", {"reply_policy": "everyone"}).json()["reply_policy"] == "everyone"
    )
    assert Api(ben)("POST", f"posts/{post['id']}/comments", {"content": "Hello"}).status_code == 201
    for method, path in (("POST", "posts"), ("PATCH", f"posts/{post['id']}"), ("POST", "drafts")):
        answer = api(method, path, {"content": "Hello", "reply_policy": "nobody"})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["reply_policy"])
    draft = api("POST", "drafts", {"content": "Later", "reply_policy": "mentioned"}).json()
    assert draft["reply_policy"] == "mentioned"
    published = api("POST", f"drafts/{draft['id']}/publish").json()
    assert published["reply_policy"] == "mentioned"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": None}, "content"),
        ({"content": ["x"]}, "content"),
        ({"content": "x" * 1001}, "content"),
        ({"content": "x" * 5001}, "content"),
        ({"content": "a\u0000b"}, "content"),
        ({"content": "x", "parent_id": "0"}, "parent_id"),
        ({"content": "x", "parent_id": "abc"}, "parent_id"),
        ({"content": "x", "parent_id": "7"}, "parent_id"),
        ({"content": "x", "parent_id": "9" * 16}, "parent_id"),
        ({"content": "x", "parent_id": {}}, "parent_id"),
        ({"content": "x", "depth": 3}, "depth"),
    ],
)
def test_bad_comments(ada: User, body: dict[str, Any], field: str) -> None:
    post = publish(ada)
    answer = Api(ada)("POST", f"posts/{post.pk}/comments", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Comment.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "content"), ({"content": " "}, "content"), ({"content": "x", "version": "two"}, "version"),
     ({"content": "x", "version": 0}, "version"), ({"content": "x", "parent_id": "5"}, "parent_id")],
)  # fmt: skip
def test_bad_edits(ada: User, body: dict[str, Any], field: str) -> None:
    comment = say(ada, publish(ada))
    answer = Api(ada)("PATCH", f"comments/{comment.pk}", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize(
    ("query", "code"),
    [("sort=best", "invalid"), ("sort=", "invalid"), ("cursor=x", "invalid_cursor"), ("limit=x", "invalid"),
     ("depth=2", "unknown_filter"), ("fields=nothing", "unknown_field")],
)  # fmt: skip
def test_bad_queries(ada: User, query: str, code: str) -> None:
    post = publish(ada)
    say(ada, post)
    answer = Api()("GET", f"posts/{post.pk}/comments?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_cursor_of_another_order_leads_nowhere(ada: User) -> None:
    post = publish(ada)
    plant_comments(post, [ada], many=3)
    cursor = Api()("GET", f"posts/{post.pk}/comments?sort=new&limit=1").json()["next_cursor"]
    answer = Api()("GET", f"posts/{post.pk}/comments?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_the_same_key_comments_once(ada: User) -> None:
    post, api = publish(ada), Api(ada)
    key = {"Idempotency-Key": "k1"}
    first, again = (api("POST", f"posts/{post.pk}/comments", {"content": "Once"}, **key) for _ in range(2))
    assert again["Idempotent-Replay"] == "true" and first.json() == again.json()
    assert first["Location"] == again["Location"] and Comment.objects.count() == 1
    other = api("POST", f"posts/{post.pk}/comments", {"content": "Twice"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")


def test_the_limit_counts_what_was_kept(ada: User, settings: Any) -> None:
    settings.RATE_LIMITS_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "comment": "2/15m"}
    post, api = publish(ada), Api(ada)
    for content, status in ((" ", 400), ("1", 201), ("2", 201), (" ", 400), ("3", 429)):
        answer = api("POST", f"posts/{post.pk}/comments", {"content": content})
        assert answer.status_code == status
    assert int(answer["Retry-After"]) > 800
    assert Comment.objects.count() == 2


@pytest.mark.parametrize("state", ["private", "followers", "blocked", "suspended", "absent"])
def test_the_outsider_finds_nothing(ada: User, ben: User, cleo: User, state: str) -> None:
    post = publish(ada)
    comment = say(ben, post)
    match state:
        case "private":
            people.set_privacy(user=ada, is_private=True)
        case "followers":
            Post.objects.filter(pk=post.pk).update(visibility="followers")
        case "blocked":
            blocks(ada, cleo)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
    post_id, comment_id = (77, 77) if state == "absent" else (post.pk, comment.pk)
    asked = [
        ("GET", f"posts/{post_id}/comments", None),
        ("POST", f"posts/{post_id}/comments", {"content": "Hello"}),
        ("PUT", f"posts/{post_id}/mute", None),
        ("DELETE", f"posts/{post_id}/mute", None),
        ("GET", f"comments/{comment_id}", None),
        ("GET", f"comments/{comment_id}/replies", None),
        ("PATCH", f"comments/{comment_id}", {"content": "Hello"}),
        ("DELETE", f"comments/{comment_id}", None),
        ("PUT", f"comments/{comment_id}/hidden", None),
        ("DELETE", f"comments/{comment_id}/hidden", None),
        ("PUT", f"comments/{comment_id}/like", None),
        ("DELETE", f"comments/{comment_id}/like", None),
    ]
    for method, path, body in asked:
        answer = Api(cleo)(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    if state != "blocked":
        assert Api()("GET", f"posts/{post_id}/comments").status_code == 404
    if state != "absent":
        assert Api(cleo)("GET", "users/ben/comments").json()["results"] == []


def test_what_is_not_ones_own_is_forbidden(ada: User, ben: User, cleo: User) -> None:
    comment = say(ben, publish(ada))
    for who in (ada, cleo):
        assert Api(who)("PATCH", f"comments/{comment.pk}", {"content": "Hello"}).status_code == 403
        assert Api(who)("DELETE", f"comments/{comment.pk}").status_code == 403
    for who in (ben, cleo):
        assert Api(who)("PUT", f"comments/{comment.pk}/hidden").status_code == 403


def test_visitors_read_and_are_asked_to_sign_in(ada: User) -> None:
    comment = say(ada, publish(ada))
    for method, path in (
        ("POST", f"posts/{comment.post_id}/comments"),
        ("PUT", f"posts/{comment.post_id}/mute"),
        ("PATCH", f"comments/{comment.pk}"),
        ("DELETE", f"comments/{comment.pk}"),
        ("PUT", f"comments/{comment.pk}/like"),
        ("PUT", f"comments/{comment.pk}/hidden"),
    ):
        assert Api()(method, path, {"content": "x"}).status_code == 401
    assert Api()("GET", "users/ada/comments").json()["results"][0]["id"] == str(comment.pk)


def test_what_a_person_said_is_for_whom_their_posts_are(ada: User, ben: User, cleo: User, dora: User) -> None:
    comment = say(ada, publish(ben))
    follows(ben, ada)
    people.set_privacy(user=ada, is_private=True)
    blocks(ada, dora)
    assert [one["id"] for one in Api(ben)("GET", "users/ada/comments").json()["results"]] == [str(comment.pk)]
    for who in (cleo, None):
        answer = Api(who)("GET", "users/ada/comments")
        assert (answer.status_code, answer.json()["code"]) == (403, "private_account")
    assert Api(dora)("GET", "users/ada/comments").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "posts/1/comments"), ("DELETE", "posts/1/comments"), ("POST", "comments/1"), ("PUT", "comments/1"),
        ("POST", "comments/1/replies"), ("POST", "comments/1/hidden"), ("GET", "comments/1/hidden"),
        ("POST", "comments/1/like"), ("GET", "comments/1/like"), ("POST", "posts/1/mute"),
        ("POST", "users/ada/comments"),
    ],
)  # fmt: skip
def test_wrong_methods(ada: User, method: str, path: str) -> None:
    assert Api(ada)(method, path).status_code == 405


@pytest.mark.parametrize("ident", ["0", "9" * 16, "1" + "0" * 30])
def test_ids_that_nothing_can_have(ada: User, ident: str) -> None:
    for method, path in (
        ("GET", f"comments/{ident}"),
        ("GET", f"comments/{ident}/replies"),
        ("DELETE", f"comments/{ident}"),
        ("PUT", f"comments/{ident}/like"),
        ("GET", f"posts/{ident}/comments"),
    ):
        assert Api(ada)(method, path).status_code == 404


def test_a_token_that_may_only_read(ada: User) -> None:
    comment = say(ada, publish(ada))
    api = Api(ada, scopes=("read",))
    assert api("GET", f"comments/{comment.pk}").status_code == 200
    assert api("PUT", f"comments/{comment.pk}/like").status_code == 403
    actions.like_comment(comment_id=comment.pk, person=ada)


def test_a_page_costs_the_same_for_one_comment_and_for_twenty(
    ada: User, django_assert_num_queries: Any
) -> None:
    post, api = publish(ada), Api(ada)
    top = plant_comments(post, [ada], many=20)
    plant_comments(post, [ada], many=60, parents=top)
    for limit in (1, 20):
        path = f"posts/{post.pk}/comments?sort=new&limit={limit}"
        api("GET", path)
        with django_assert_num_queries(2):  # the door, and the tree
            assert len(api("GET", path).json()["results"]) == limit

"""Posts and feeds through the API: the contract, the outsider, bad input."""

import json

import pytest

from accounts import actions as people
from accounts.models import User
from feeds import timelines
from feeds.actions import publish_post
from feeds.models import Post
from socialnet.kernel import redis
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> dict[str, User]:
    """ada writes; ben follows her; cleo is a stranger; dora is blocked by ada."""
    names = ("ada", "ben", "cleo", "dora")
    found = {name: User.objects.create_user(name, f"{name}@example.org", None) for name in names}
    people.follow_user(follower=found["ben"], followee=found["ada"])
    people.block_user(blocker=found["ada"], blocked=found["dora"])
    drain()
    return found


@pytest.fixture
def call(client):
    """`call(person, method, path, body)`: an API request with that person's token."""
    secrets: dict[int, str] = {}

    def request(person: User | None, method: str, path: str, body: object = None, **headers: str):
        if person is not None:
            if person.pk not in secrets:
                secrets[person.pk] = people.make_token(
                    user=person, name="test", scopes=["read", "write"]
                ).secret
            headers["Authorization"] = f"Bearer {secrets[person.pk]}"
        data = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        return client.generic(method, f"/api/v1/{path}", data, "application/json", headers=headers)

    return request


POST_FIELDS = {
    "id", "author", "content", "content_html", "media", "visibility", "group", "share_of", "content_warning",
    "language", "like_count", "comment_count", "share_count", "pinned", "held", "created_at", "edited_at", "url",
    "share_of_gone", "via", "preview", "reply_policy",
}  # fmt: skip
SIGNED_IN = {"is_liked", "is_bookmarked", "is_shared", "is_hidden"}


def test_publishing_answers_with_the_post_and_where_it_is(cast, call):
    answer = call(cast["ada"], "POST", "posts", {"content": "Hello @ben", "visibility": "followers"})
    post = answer.json()
    assert answer.status_code == 201
    assert set(post) == POST_FIELDS | SIGNED_IN
    assert answer["Location"] == f"/api/v1/posts/{post['id']}"
    assert isinstance(post["id"], str)
    assert post["author"]["username"] == "ada"
    assert (
        post["content_html"] == '<p dir="auto">Hello <a class="mention" dir="ltr" href="/@ben">@ben</a></p>'
    )
    assert call(cast["ada"], "GET", f"posts/{post['id']}").json() == post


def test_a_feed_has_reasons_tiers_and_pages_without_gap(cast, call):
    made = [str(publish_post(author=cast["ada"], content=f"post {number}").pk) for number in range(45)]
    drain()
    seen, cursor = [], ""
    while cursor is not None:
        answer = call(cast["ben"], "GET", f"feed?limit=20&cursor={cursor}")
        seen += [post["id"] for post in answer.json()["results"]]
        cursor = answer.json()["next_cursor"]
        assert answer.json()["has_more"] is (cursor is not None)
        assert ('rel="next"' in answer.get("Link", "")) is (cursor is not None)
    assert seen == made[::-1]
    assert answer["X-Feed-Tier"] == "1"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.json()["results"][0]["reason"]["kind"] == "followed"


def test_a_forced_refresh_is_answered_from_the_cache_when_it_comes_too_soon(cast, call):
    publish_post(author=cast["ada"], content="Hello")
    drain()
    seen = [
        call(cast["ben"], "GET", f"feed?refresh={asked}")["X-Cache"] for asked in ("0", "0", "1", "1", "true")
    ]
    assert seen == ["rebuild", "hit", "rebuild", "hit", "hit"]
    other = call(cast["ada"], "GET", "feed?refresh=1")
    assert (other["X-Cache"], len(other.json()["results"])) == ("rebuild", 1)


def test_a_refresh_finds_what_the_cache_has_lost(cast, call):
    post = publish_post(author=cast["ada"], content="Hello")
    drain()
    call(cast["ben"], "GET", "feed")
    timelines.remove(cast["ben"].pk, [post.pk])
    assert call(cast["ben"], "GET", "feed").json()["results"] == []
    assert [one["id"] for one in call(cast["ben"], "GET", "feed?refresh=1").json()["results"]] == [
        str(post.pk)
    ]


def test_the_head_names_the_newest_ids(cast, call):
    made = [str(publish_post(author=cast["ada"], content=f"post {number}").pk) for number in range(3)]
    drain()
    assert call(cast["ben"], "GET", "feed/head").json() == {"ids": made[::-1], "newest_id": made[-1]}
    assert call(cast["cleo"], "GET", "feed/head").json() == {"ids": [], "newest_id": None}


def test_polling_gets_the_snapshots_of_the_socket(cast, call):
    post = publish_post(author=cast["ada"], content="Here")
    drain()
    answer = call(cast["ben"], "GET", "live?topics=feed,nonsense").json()
    feed, refused = answer["snapshots"]
    assert (feed["topic"], feed["event"], feed["data"]["ids"]) == ("feed", "snapshot", [str(post.pk)])
    assert refused["data"]["code"] == "unknown_topic"
    assert answer["live_url"].startswith("ws")


@pytest.mark.parametrize("audience", ["public", "followers", "friends", "private"])
@pytest.mark.parametrize("name", ["ada", "ben", "cleo", "dora", None])
def test_single_posts_and_lists_agree_on_who_sees_what(cast, call, audience, name):
    post = publish_post(author=cast["ada"], content="Here", visibility=audience)
    viewer = cast[name] if name else None
    sees = call(viewer, "GET", f"posts/{post.pk}").status_code
    listed = call(viewer, "GET", "users/ada/posts")
    found = [each["id"] for each in listed.json().get("results", [])]
    assert (sees == 200) is (str(post.pk) in found)
    expected = {"public": {"ada", "ben", "cleo", None}, "followers": {"ada", "ben"}}.get(audience, {"ada"})
    assert (sees == 200) is (name in expected)


def test_hidden_and_absent_are_the_same_404(cast, call):
    post = publish_post(author=cast["ada"], content="Mine", visibility="private")
    answers = [call(cast["cleo"], "GET", f"posts/{ident}") for ident in (post.pk, 77, 10**30)]
    bodies = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in answers]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["code"] == "not_found"


def test_a_private_account_is_said_to_strangers(cast, call):
    people.set_privacy(user=cast["ada"], is_private=True)
    for viewer in (cast["cleo"], None):
        answer = call(viewer, "GET", "users/ada/posts")
        assert (answer.status_code, answer.json()["code"]) == (403, "private_account")
    assert call(cast["ben"], "GET", "users/ada/posts").status_code == 200
    assert call(cast["dora"], "GET", "users/ada/posts").status_code == 404


def test_only_the_author_deletes(cast, call):
    post = publish_post(author=cast["ada"], content="Here")
    assert call(cast["ben"], "DELETE", f"posts/{post.pk}").json()["code"] == "forbidden"
    assert call(cast["dora"], "DELETE", f"posts/{post.pk}").status_code == 404
    assert call(None, "DELETE", f"posts/{post.pk}").status_code == 401
    assert call(cast["ada"], "DELETE", f"posts/{post.pk}").status_code == 204
    assert call(cast["ada"], "DELETE", f"posts/{post.pk}").status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": ""}, "empty_post"),
        ({"content": " \u3164 "}, "empty_post"),
        ({"content": "x" * 2001}, "post_too_long"),
        ({"content": "x" * 20_000}, "invalid"),
        ({"content": "a\u202eb"}, "unusable_text"),
        ({}, "invalid"),
        ({"content": 7, "visibility": "nobody"}, "invalid"),
        ({"content": ["x"]}, "invalid"),
        ({"content": None}, "invalid"),
        ({"content": "x", "language": "<script>"}, "invalid"),
    ],
)
def test_bad_posts_are_a_problem_with_a_code(cast, call, body, code):
    answer = call(cast["ada"], "POST", "posts", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[]", b'"x"', b"\xff\xfe", b'{"content": "\\ud800"}', b'{"content": "a\\u0000b"}', b"[" * 10_000],
)
def test_bodies_that_are_no_json_object_are_refused(cast, call, raw):
    answer = call(cast["ada"], "POST", "posts", raw)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_the_same_key_publishes_once_and_another_body_is_a_mismatch(cast, call):
    first = call(cast["ada"], "POST", "posts", {"content": "Once"}, **{"Idempotency-Key": "key-1"})
    again = call(cast["ada"], "POST", "posts", {"content": "Once"}, **{"Idempotency-Key": "key-1"})
    other = call(cast["ada"], "POST", "posts", {"content": "Twice"}, **{"Idempotency-Key": "key-1"})
    assert (again.status_code, again.json(), again["Location"]) == (201, first.json(), first["Location"])
    assert again["Idempotent-Replay"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    "query", ["cursor=x", "limit=x", "nonsense=1", "fields=nothing", "cursor=AAAAAAAAAAAAAAAAAAAAAA"]
)
def test_bad_queries_are_400(cast, call, query):
    assert call(cast["ben"], "GET", f"feed?{query}").status_code == 400


def test_sparse_fields(cast, call):
    publish_post(author=cast["ada"], content="Here")
    drain()
    answer = call(cast["ben"], "GET", "feed?fields=id,author.username")
    assert set(answer.json()["results"][0]) == {"id", "author"}
    assert answer.json()["results"][0]["author"] == {"username": "ada"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "posts"),
        ("POST", "feed"),
        ("DELETE", "feed/head"),
        ("POST", "users/ada/posts"),
        ("PUT", "live"),
    ],
)
def test_wrong_methods_are_405(cast, call, method, path):
    assert call(cast["ada"], method, path, {}).status_code == 405


@pytest.mark.parametrize("path", ["feed", "feed/head", "live", "posts"])
def test_visitors_are_401(call, path):
    answer = call(None, "POST" if path == "posts" else "GET", path)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def test_the_eleventh_post_in_an_hour_waits(cast, call, settings):
    settings.RATE_LIMITS_ENABLED = True
    answers = [call(cast["ada"], "POST", "posts", {"content": f"post {number}"}) for number in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[0]["RateLimit-Limit"] == "10"


def test_the_feed_costs_one_query(cast, call, django_assert_num_queries):
    for number in range(20):
        publish_post(author=cast["ada"], content=f"post {number}")
    drain()
    redis._client().flushall()  # as some seconds after the follow, when relations may be kept again
    for _ in range(2):  # cold, then what stands in is looked after
        call(cast["ben"], "GET", "feed")
    with django_assert_num_queries(1):
        assert len(call(cast["ben"], "GET", "feed").json()["results"]) == 20


def test_an_etag_saves_the_body(cast, call):
    post = publish_post(author=cast["ada"], content="Here")
    first = call(None, "GET", f"posts/{post.pk}")
    again = call(None, "GET", f"posts/{post.pk}", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_refused_does_not_use_up_the_limit(cast, call, settings):
    settings.RATE_LIMITS_ENABLED = True
    for _ in range(12):
        assert call(cast["ada"], "POST", "posts", {"content": " "}).status_code == 400
    assert call(cast["ada"], "POST", "posts", {"content": "Kept"}).status_code == 201


def test_a_field_that_we_do_not_know_is_refused_not_dropped(cast, call):
    answer = call(cast["ada"], "POST", "posts", {"content": "Look out", "circle": "gardens"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["circle"])
    assert not Post.objects.exists()

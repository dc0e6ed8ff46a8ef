"""Drafts through the API: the contract, the outsider, bad input, what it costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.tests.factories import Api, page_of
from feeds.actions import delete_post, save_draft
from feeds.models import Draft, Media, Post
from feeds.tests.factories import picture, publish

pytestmark = pytest.mark.django_db
FIELDS = {
    "id", "content", "visibility", "group", "language", "reply_policy", "content_warning", "media", "media_ids",
    "share_of", "scheduled_for", "problem", "problem_text", "version", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture
def api(ada: Any) -> Api:
    return Api(ada)


@pytest.fixture
def draft(ada: Any) -> Draft:
    return save_draft(author=ada, content="A thought")


def in_an_hour() -> str:
    return (timezone.now() + timedelta(hours=1)).isoformat()


# --- the contract -------------------------------------------------------------------------------------------


def test_a_draft_is_kept_and_says_where_it_is(api, ada, ben):
    quoted, first, second = publish(ben), picture(ada, alt="A cat"), picture(ada)
    answer = api(
        "POST",
        "drafts",
        {
            "content": " Hello ",
            "visibility": "friends",
            "language": "en",
            "content_warning": "w",
            "media_ids": [str(second.pk), str(first.pk)],
            "share_of": str(quoted.pk),
        },
    )
    draft = answer.json()
    assert answer.status_code == 201 and set(draft) == FIELDS
    assert answer["Location"] == f"/api/v1/drafts/{draft['id']}"
    assert draft["content"] == " Hello "
    assert draft["media_ids"] == [str(second.pk), str(first.pk)]
    assert [media["alt"] for media in draft["media"]] == ["", "A cat"]
    assert (draft["share_of"], draft["visibility"], draft["language"], draft["content_warning"]) == (
        str(quoted.pk), "friends", "en", "w",
    )  # fmt: skip
    assert (draft["version"], draft["scheduled_for"], draft["problem"], draft["problem_text"]) == (
        1, None, None, None,
    )  # fmt: skip
    assert draft["created_at"].endswith("Z") and draft["updated_at"].endswith("Z")
    again = api("GET", f"drafts/{draft['id']}")
    assert again.json() == draft
    assert again["Cache-Control"] == "private, no-store" and again["ETag"]
    assert Post.objects.filter(author=ada).count() == 0


def test_nothing_is_required_and_what_was_given_can_be_sent_back(api):
    draft = api("POST", "drafts", {}).json()
    assert (draft["content"], draft["language"], draft["content_warning"]) == ("", None, None)
    writable = (
        "content",
        "visibility",
        "language",
        "content_warning",
        "media_ids",
        "share_of",
        "scheduled_for",
    )
    again = api("PATCH", f"drafts/{draft['id']}", {name: draft[name] for name in (*writable, "version")})
    assert again.status_code == 200
    assert again.json() == {**draft, "version": 2, "updated_at": again.json()["updated_at"]}


def test_patch_changes_only_what_it_names(api, ada):
    media = picture(ada)
    when = in_an_hour()
    draft = api(
        "POST",
        "drafts",
        {
            "content": "One",
            "visibility": "private",
            "content_warning": "w",
            "media_ids": [str(media.pk)],
            "scheduled_for": when,
        },
    ).json()
    changed = api("PATCH", f"drafts/{draft['id']}", {"version": 1, "content": "Two"}).json()
    assert changed == {**draft, "content": "Two", "version": 2, "updated_at": changed["updated_at"]}
    unscheduled = api("PATCH", f"drafts/{draft['id']}", {"version": 2, "scheduled_for": None}).json()
    assert (unscheduled["scheduled_for"], unscheduled["content"]) == (None, "Two")


def test_times_are_utc_whatever_was_sent(api, ada):
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
    for sent in (
        noon.isoformat(),
        noon.replace(tzinfo=None).isoformat(),
        noon.astimezone(datetime.fromisoformat("2026-01-01T00:00+05:30").tzinfo).isoformat(),
    ):
        answer = api("POST", "drafts", {"content": "x", "scheduled_for": sent})
        assert answer.json()["scheduled_for"] == f"{noon:%Y-%m-%dT%H:%M:%S}.000Z", answer.json()


def test_times_are_utc_also_for_browsers_elsewhere(ada):
    ada.time_zone = "Asia/Kolkata"
    ada.save()
    save_draft(author=ada, content="x", scheduled_for=timezone.now() + timedelta(hours=1))
    answer = page_of(ada).get("/api/v1/drafts").json()["results"][0]
    assert answer["scheduled_for"].endswith("Z") and answer["updated_at"].endswith("Z")


def test_the_list_is_newest_first_in_pages_and_can_be_narrowed(api, ada, ben):
    made = [save_draft(author=ada, content=str(number)).pk for number in range(5)]
    timed = save_draft(author=ada, content="t", scheduled_for=timezone.now() + timedelta(hours=1)).pk
    save_draft(author=ben, content="of ben")

    def listed(query: str) -> list[int]:
        return [int(draft["id"]) for draft in api("GET", f"drafts?{query}").json()["results"]]

    assert listed("") == [timed, *reversed(made)]
    assert listed("scheduled=1") == [timed]
    assert listed("scheduled=0") == list(reversed(made))
    first = api("GET", "drafts?limit=4&fields=id").json()
    assert first["has_more"] is True and set(first["results"][0]) == {"id"}
    assert listed(f"limit=4&cursor={first['next_cursor']}") == [made[1], made[0]]


def test_publishing_answers_with_the_post(api, ada, ben, draft):
    media = picture(ada)
    save_draft(author=ada, draft_id=draft.pk, content="Hello", media_ids=[media.pk], share_of=publish(ben).pk)
    answer = api("POST", f"drafts/{draft.pk}/publish", **{"Idempotency-Key": "k"})
    post = answer.json()
    assert answer.status_code == 201 and answer["Location"] == f"/api/v1/posts/{post['id']}"
    assert (post["content"], [one["id"] for one in post["media"]]) == ("Hello", [str(media.pk)])
    assert post["share_of_gone"] is False
    assert api("GET", f"drafts/{draft.pk}").status_code == 404
    again = api("POST", f"drafts/{draft.pk}/publish", **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json(), again["Idempotent-Replay"]) == (201, post, "true")
    assert api("POST", f"drafts/{draft.pk}/publish").status_code == 404
    assert Post.objects.filter(author=ada).count() == 1


def test_publishing_a_post_takes_its_draft_along(api, ada, draft):
    assert api("POST", f"drafts/{draft.pk}/publish").status_code == 201
    assert not Draft.objects.exists()


def test_deleting(api, ada, draft):
    media = picture(ada, draft=draft)
    assert api("DELETE", f"drafts/{draft.pk}").status_code == 204
    assert api("DELETE", f"drafts/{draft.pk}").status_code == 404
    media.refresh_from_db()
    assert media.draft_id is None


def test_a_repeat_with_its_key_makes_one_draft(api):
    for _ in range(2):
        answer = api("POST", "drafts", {"content": "x"}, **{"Idempotency-Key": "k"})
        assert answer.status_code == 201
    assert Draft.objects.count() == 1


def test_what_could_not_be_published_says_why(api, ada, draft):
    Draft.objects.filter(pk=draft.pk).update(problem="quote_gone")
    told = api("GET", f"drafts/{draft.pk}").json()
    assert told["problem"] == "quote_gone" and "quotes" in told["problem_text"]
    Draft.objects.filter(pk=draft.pk).update(problem="a_code_of_later_days")
    assert api("GET", f"drafts/{draft.pk}").json()["problem_text"]
    mended = api("PATCH", f"drafts/{draft.pk}", {"version": 1, "content": "x"}).json()
    assert (mended["problem"], mended["problem_text"]) == (None, None)


# --- versions -----------------------------------------------------------------------------------------------


def test_another_device_was_faster(api, draft):
    assert api("PATCH", f"drafts/{draft.pk}", {"version": 1, "content": "Here"}).status_code == 200
    answer = api("PATCH", f"drafts/{draft.pk}", {"version": 1, "content": "There"})
    assert (answer.status_code, answer.json()["code"]) == (409, "draft_conflict")
    assert api("GET", f"drafts/{draft.pk}").json()["content"] == "Here"


def test_patch_says_which_version_it_means(api, draft):
    answer = api("PATCH", f"drafts/{draft.pk}", {"content": "x"})
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["version"]


# --- outsiders ----------------------------------------------------------------------------------------------


def test_drafts_of_others_do_not_exist(ben, mod, draft, ada):
    for who in (Api(ben), Api(mod)):
        for method, path, body in (
            ("GET", f"drafts/{draft.pk}", None),
            ("PATCH", f"drafts/{draft.pk}", {"version": 1, "content": "x"}),
            ("DELETE", f"drafts/{draft.pk}", None),
            ("POST", f"drafts/{draft.pk}/publish", None),
        ):
            mine, absent = who(method, path, body), who(method, path.replace(str(draft.pk), "4711"), body)
            assert mine.status_code == absent.status_code == 404
            assert mine.json()["code"] == absent.json()["code"] == "not_found"
        assert who("GET", "drafts").json()["results"] == []
    assert Draft.objects.get().version == 1


def test_visitors_sign_in_first(draft):
    visitor = Api()
    for method, path in (
        ("GET", "drafts"), ("POST", "drafts"), ("GET", f"drafts/{draft.pk}"), ("PATCH", f"drafts/{draft.pk}"),
        ("DELETE", f"drafts/{draft.pk}"), ("POST", f"drafts/{draft.pk}/publish"),
    ):  # fmt: skip
        assert visitor(method, path, {}).status_code == 401


def test_a_token_that_may_only_read(ada, draft):
    reader = Api(ada, scopes=("read",))
    assert reader("GET", "drafts").status_code == 200
    for method, path in (
        ("POST", "drafts"), ("PATCH", f"drafts/{draft.pk}"), ("DELETE", f"drafts/{draft.pk}"),
        ("POST", f"drafts/{draft.pk}/publish"),
    ):  # fmt: skip
        assert reader(method, path, {"version": 1}).status_code == 403


def test_wrong_methods(api, draft):
    for method, path in (
        ("PUT", "drafts"), ("DELETE", "drafts"), ("PATCH", "drafts"), ("PUT", f"drafts/{draft.pk}"),
        ("POST", f"drafts/{draft.pk}"), ("GET", f"drafts/{draft.pk}/publish"),
        ("DELETE", f"drafts/{draft.pk}/publish"),
    ):  # fmt: skip
        assert api(method, path, {}).status_code == 405


# --- bad input ----------------------------------------------------------------------------------------------

BAD = [
    ({"content": "a" * 10_001}, "content"),
    ({"content": ["x"]}, "content"),
    ({"content": {"a": 1}}, "content"),
    ({"visibility": "group"}, "visibility"),
    ({"visibility": None}, "visibility"),
    ({"language": "English!"}, "language"),
    ({"language": 3}, "language"),
    ({"content_warning": "a" * 1001}, "content_warning"),
    ({"media_ids": "1"}, "media_ids"),
    ({"media_ids": ["x"]}, "media_ids.0"),
    ({"media_ids": ["1"]}, "media_ids"),
    ({"media_ids": ["1", "2", "3", "4", "5"]}, "media_ids"),
    ({"media_ids": None}, "media_ids"),
    ({"share_of": "x"}, "share_of"),
    ({"share_of": "0"}, "share_of"),
    ({"share_of": str(2**53)}, "share_of"),
    ({"share_of": "9" * 30}, "share_of"),
    ({"scheduled_for": "tomorrow"}, "scheduled_for"),
    ({"scheduled_for": 17}, "scheduled_for"),
    ({"scheduled_for": "2020-01-01T00:00:00Z"}, "scheduled_for"),
    ({"scheduled_for": "9999-12-31T23:59:59Z"}, "scheduled_for"),
    ({"scheduled_for": "0001-01-01T00:00:00+14:00"}, "scheduled_for"),
    ({"publish": True}, "publish"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_names_its_field_and_changes_nothing(api, draft, body, field):
    for method, path, more in (("POST", "drafts", {}), ("PATCH", f"drafts/{draft.pk}", {"version": 1})):
        answer = api(method, path, {"content": "x", **body, **more})
        assert answer.status_code == 400, answer.json()
        assert field in answer.json()["errors"]
    assert list(Draft.objects.values_list("content", "version")) == [("A thought", 1)]


@pytest.mark.parametrize("version", ["x", None, 0, -1, 2**31, [1]])
def test_bad_versions(api, draft, version):
    answer = api("PATCH", f"drafts/{draft.pk}", {"content": "x", "version": version})
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["version"]


@pytest.mark.parametrize("query", ["scheduled=2", "scheduled=yes", "limit=x", "cursor=x", "order=old"])
def test_bad_queries(api, query):
    assert api("GET", f"drafts?{query}").status_code == 400


@pytest.mark.parametrize(
    "path", ["drafts/x", "drafts/-1", "drafts/0", f"drafts/{2**70}", "drafts/1/publishing"]
)
def test_bad_addresses(api, path):
    assert api("GET", path).status_code == 404


@pytest.mark.parametrize("body", [[], "text", 3])
def test_bodies_that_are_no_object(api, draft, body):
    assert api("POST", "drafts", body).status_code == 400
    assert api("PATCH", f"drafts/{draft.pk}", body).status_code == 400


def test_characters_that_no_row_can_hold_are_named_and_others_are_kept(api):
    answer = api("POST", "drafts", {"content": "a\x00b"})
    assert answer.status_code == 400 and "content" in answer.json()["errors"]
    assert api("POST", "drafts", {"content": " a\x07\r\nb "}).json()["content"] == " a\x07\nb "


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"content": ""}, 400, "empty_post"),
        ({"content": "a" * 2001}, 400, "post_too_long"),
        ({"content_warning": "a" * 201}, 400, "warning_too_long"),
        ({"content": "a\x07"}, 400, "unusable_text"),
        ({"share_of": "4711"}, 400, "quote_gone"),
    ],
)
def test_what_is_scheduled_or_published_is_checked_at_once(api, body, status, code):
    kept = api("POST", "drafts", {"content": "x", **body})
    assert kept.status_code == 201
    timed = api("POST", "drafts", {"content": "x", **body, "scheduled_for": in_an_hour()})
    assert (timed.status_code, timed.json()["code"]) == (status, code)
    now = api("POST", f"drafts/{kept.json()['id']}/publish")
    assert (now.status_code, now.json()["code"]) == (status, code)
    assert Draft.objects.count() == 1


def test_what_is_not_for_everybody_cannot_be_quoted_later_either(api, ada):
    own = publish(ada, "for followers", "followers")
    answer = api("POST", "drafts", {"content": "x", "share_of": str(own.pk), "scheduled_for": in_an_hour()})
    assert (answer.status_code, answer.json()["code"]) == (403, "cannot_share")


def test_limits_have_their_codes(api, ada):
    Draft.objects.bulk_create(
        Draft(author=ada, content="x", scheduled_for=timezone.now() + timedelta(days=1)) for _ in range(50)
    )
    answer = api("POST", "drafts", {"content": "x", "scheduled_for": in_an_hour()})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_scheduled")
    Draft.objects.bulk_create(Draft(author=ada, content="x") for _ in range(150))
    answer = api("POST", "drafts", {"content": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_drafts")


def test_publishing_counts_as_publishing_and_only_if_it_can_be_done(api, ada, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "publish": "1/h"}
    empty = api("POST", "drafts", {}).json()["id"]
    first, second = (api("POST", "drafts", {"content": "x"}).json()["id"] for _ in range(2))
    assert api("POST", f"drafts/{empty}/publish").status_code == 400
    assert api("POST", f"drafts/{first}/publish").status_code == 201
    assert api("POST", f"drafts/{second}/publish").status_code == 429
    assert Draft.objects.filter(pk=second).exists()


# --- what it costs ------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_for_one_and_for_twenty(api, ada, ben, django_assert_num_queries):
    quoted = publish(ben)
    for number in range(20):
        with_picture = save_draft(author=ada, content=str(number), share_of=quoted.pk).pk
        Media.objects.filter(pk=picture(ada).pk).update(draft=with_picture)
    api("GET", "drafts")
    for limit in (1, 20):
        with django_assert_num_queries(2):  # drafts, their pictures
            assert len(api("GET", f"drafts?limit={limit}").json()["results"]) == limit


def test_a_gone_quote_does_not_stop_a_plain_save(api, ada, ben):
    quoted = publish(ben)
    draft = api("POST", "drafts", {"content": "x", "share_of": str(quoted.pk)}).json()
    delete_post(post=quoted, actor=ben)
    answer = api("PATCH", f"drafts/{draft['id']}", {"version": 1, "content": "still typing"})
    assert answer.status_code == 200

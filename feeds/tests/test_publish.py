"""Publishing and deleting: what is kept, what is refused, and what one transaction holds together."""

import pytest
from django.db import transaction

from accounts.models import PersonCounts
from feeds import timelines
from feeds.actions import delete_post, publish_post
from feeds.door import OWN_AUDIENCES
from feeds.errors import EmptyPost, PostTooLong, UnknownAudience
from feeds.events import PostDeleted, PostPublished
from feeds.models import CONTENT_MAX, FeedEntry, Post, PostCounts
from feeds.selectors import profile_posts
from feeds.tests.factories import publish
from socialnet.kernel import redis
from socialnet.kernel.errors import Forbidden
from socialnet.kernel.text import UnusableText
from socialnet.outbox.ids import MAX_ID
from socialnet.outbox.models import AuditEntry, Delivery, Event

pytestmark = pytest.mark.django_db
FAMILY = "👩‍👩‍👧‍👦"  # one sign, seven characters


def posts_of(user) -> int:
    return PersonCounts.objects.get(pk=user.pk).posts


def nothing_happened(user) -> bool:
    rows = (Post, PostCounts, FeedEntry, Event, Delivery)
    return not any(model.objects.exists() for model in rows) and posts_of(user) == 0


# --- what is kept ------------------------------------------------------------------------------------------


def test_a_post_is_rows_an_event_and_a_count(ada):
    post = publish_post(author=ada, content="Hello #world", visibility="followers", language="en")
    kept = Post.objects.get()
    assert (kept.pk, kept.content, kept.visibility, kept.language) == (
        post.pk,
        "Hello #world",
        "followers",
        "en",
    )
    assert kept.html == '<p dir="auto">Hello <a class="tag" dir="auto" href="/tags/world">#world</a></p>'
    assert (kept.counts.likes, kept.counts.comments, kept.counts.shares) == (0, 0, 0)
    assert list(FeedEntry.objects.values_list("user_id", "post_id", "author_id")) == [
        (ada.pk, post.pk, ada.pk)
    ]
    assert posts_of(ada) == 1
    event = Event.objects.get()
    assert (event.name, event.actor_id) == (PostPublished.name, ada.pk)
    assert event.payload == {"post_id": post.pk, "author_id": ada.pk}
    owed = Delivery.objects.filter(handler__startswith="feeds.").values_list("handler", flat=True)
    assert list(owed) == ["feeds.deliver_posts"]


def test_ids_are_times_that_grow_and_fit_a_javascript_number(ada):
    posts = [publish(ada) for _ in range(5)]
    ids = [post.pk for post in posts]
    assert ids == sorted(ids) and len(set(ids)) == 5
    assert all(0 < pk <= MAX_ID for pk in ids)
    assert posts[0].created_at <= posts[-1].created_at


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Hello \n", "Hello"),
        ("a\r\nb", "a\nb"),
        ("e\u0301", "é"),
        ("a" * CONTENT_MAX, "a" * CONTENT_MAX),
        (" " + "a" * CONTENT_MAX + " ", "a" * CONTENT_MAX),
        ("e\u0301" * CONTENT_MAX, "é" * CONTENT_MAX),
        (FAMILY * 285, FAMILY * 285),
        ("\u2067שלום\u2069 مرحبا", "\u2067שלום\u2069 مرحبا"),
        ("ﷺ" * CONTENT_MAX, "ﷺ" * CONTENT_MAX),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_what_is_typed_is_kept(ada, typed, kept):
    assert publish_post(author=ada, content=typed).content == kept


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", EmptyPost),
        (" \n\t\u3000", EmptyPost),
        ("\u200b\u200d\ufeff\u2060", EmptyPost),
        ("\u3164\uffa0\u2800", EmptyPost),
        ("\ufe0f \u034f", EmptyPost),
        ("a\x00b", UnusableText),
        ("a\ud800", UnusableText),
        ("\udc00b", UnusableText),
        ("a\x07", UnusableText),
        ("a\u202eb", UnusableText),
        ("a" * (CONTENT_MAX + 1), PostTooLong),
        (FAMILY * 286, PostTooLong),
        ("\u0958" * 1001, PostTooLong),  # its normal form is twice as long
        ("a" * 1_000_000, PostTooLong),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else ascii(value[:8]),
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_half_written(ada, content, error):
    with pytest.raises(error) as caught:
        publish_post(author=ada, content=content)
    assert caught.value.status == 400
    assert nothing_happened(ada)


@pytest.mark.parametrize("audience", ["", "everyone", "PUBLIC", "group", "public ", None])
def test_an_unknown_audience_is_refused(ada, audience):
    with pytest.raises(UnknownAudience) as caught:
        publish_post(author=ada, content="Hello", visibility=audience)
    assert (caught.value.status, caught.value.code, list(caught.value.errors)) == (
        400,
        "unknown_audience",
        ["visibility"],
    )
    assert nothing_happened(ada)


@pytest.mark.parametrize("audience", OWN_AUDIENCES)
def test_the_known_ones_are_kept(ada, audience):
    assert publish(ada, audience=audience).visibility == audience


def test_a_rolled_back_post_leaves_nothing_not_even_in_redis(ada, monkeypatch):
    pushed = []
    monkeypatch.setattr(timelines, "push", lambda post_id, to: pushed.append(post_id))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish(ada)
        1 / 0  # noqa: B018
    assert nothing_happened(ada)
    assert pushed == []


def test_publishing_costs_the_same_for_every_text(ada, django_assert_num_queries):
    publish(ada)  # how screening is set is remembered for seconds
    with django_assert_num_queries(
        8
    ):  # screening, post, its counts, own timeline, my count, event; two savepoints
        publish(ada, "Hello")
    with django_assert_num_queries(15):  # and who is mentioned, was before; the tags, and how many use them
        publish(ada, "@ada @ben @cleo #tag")
    with django_assert_num_queries(13):  # the link, its age, who fetches it, the tie; what screening found
        publish(ada, "https://example.com")
    with django_assert_num_queries(12):
        publish(ada, "https://example.com")


# --- deleting ----------------------------------------------------------------------------------------------


def test_deleting_keeps_the_row_takes_the_count_and_is_on_the_record(ada):
    post = publish(ada)
    delete_post(post=post, actor=ada)
    assert Post.objects.get().deleted_at is not None
    assert posts_of(ada) == 0
    event = Event.objects.get(name=PostDeleted.name)
    assert event.payload == {"post_id": post.pk, "author_id": ada.pk}
    entry = AuditEntry.objects.get(act="feeds.post_deleted")
    assert (entry.actor_id, entry.target_id) == (ada.pk, post.pk)


def test_deleting_again_changes_nothing(ada):
    post = publish(ada)
    for _ in range(3):
        delete_post(post=post, actor=ada)
    assert posts_of(ada) == 0
    assert Event.objects.filter(name=PostDeleted.name).count() == 1


def test_only_the_author_deletes(ada, ben):
    post = publish(ada)
    with pytest.raises(Forbidden):
        delete_post(post=post, actor=ben)
    assert posts_of(ada) == 1
    assert Post.objects.get().deleted_at is None


def test_a_deleted_post_is_gone_though_redis_was_away_when_its_card_should_have_been_dropped(ada, ben):
    post = publish(ada)
    assert len(profile_posts(author=ada, viewer=ben).items) == 1
    redis.breaker._breaker.open()
    delete_post(post=post, actor=ada)
    redis.breaker.close()
    assert profile_posts(author=ada, viewer=ben).items == []


def test_the_record_of_a_deletion_says_nothing_of_the_text(ada):
    post = publish(ada, "a secret of mine")
    delete_post(post=post, actor=ada)
    for entry in [*AuditEntry.objects.values(), *Event.objects.values()]:
        assert "secret" not in str(entry)

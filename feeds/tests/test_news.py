"""What people can be told of posts: what was published or failed at its time, and shares that come and go."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import actions as people
from accounts.tests.factories import PASSWORD, person
from accounts.tests.test_follow_races import at_once
from feeds.actions import (
    delete_post,
    drafts,
    publish_draft,
    publish_due,
    publish_post,
    share_post,
    unshare_post,
)
from feeds.models import Draft, Post
from feeds.tests.factories import publish
from feeds.tests.test_publish_due import due, wait_over
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def news(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=f"feeds.{name}").order_by("id").values_list("payload", flat=True))


# --- at their time ------------------------------------------------------------------------------------------


def test_what_was_published_by_itself_is_news_and_a_post_as_any_other(ada):
    due(ada)
    publish_due()
    publish_due()
    told = {"post_id": Post.objects.get().pk, "author_id": ada.pk}
    assert news("scheduled_post_published") == news("post_published") == [told]
    assert news("scheduled_post_failed") == []


def test_what_was_published_by_hand_is_no_news(ada):
    publish_draft(author=ada, draft_id=due(ada).pk)
    publish_post(author=ada, content="Hello", draft_id=due(ada).pk)
    publish_due()
    assert len(news("post_published")) == 2
    assert news("scheduled_post_published") == []


def test_what_cannot_be_published_is_news_once(ada, ben):
    quoted = publish(ben)
    draft = due(ada, share_of=quoted.pk)
    delete_post(post=quoted, actor=ben)
    for _ in range(2):
        publish_due()
        wait_over()
    assert news("scheduled_post_failed") == [{"draft_id": draft.pk, "author_id": ada.pk}]
    assert news("scheduled_post_published") == []


def test_what_breaks_is_news_only_when_it_is_given_up(ada, monkeypatch):
    draft = due(ada, "Poison")

    def breaks(**_fields: Any) -> Post:
        raise MemoryError

    monkeypatch.setattr(drafts, "publish_post", breaks)
    for _ in range(drafts.ATTEMPTS_MOST):
        publish_due()
        wait_over()
    assert news("scheduled_post_failed") == []
    publish_due()
    publish_due()
    assert news("scheduled_post_failed") == [{"draft_id": draft.pk, "author_id": ada.pk}]
    assert Draft.objects.get().problem == "server_error"


@pytest.mark.django_db(transaction=True)
def test_schedulers_at_once_tell_of_each_once():
    ada = person("ada")
    for number in range(10):
        due(ada, f"Post {number}")
    at_once(publish_due, publish_due)
    told = [row["post_id"] for row in news("scheduled_post_published")]
    assert sorted(told) == sorted(Post.objects.values_list("pk", flat=True)) and len(told) == 10


# --- shares and quotes --------------------------------------------------------------------------------------


def test_the_row_tells_shares_from_quotes_from_plain_posts_also_when_it_is_gone(ada, ben):
    original = publish(ada)
    share = share_post(post=original, person=ben)
    quote = publish_post(author=ben, content="So true", quoted=original)
    unshare_post(post=original, person=ben)
    delete_post(post=quote, actor=ben)
    assert news("post_published")[-2:] == [
        {"post_id": share.pk, "author_id": ben.pk},
        {"post_id": quote.pk, "author_id": ben.pk},
    ]
    assert news("post_deleted") == news("post_published")[-2:]
    rows = Post.objects.in_bulk([original.pk, share.pk, quote.pk])
    assert {(row.share_of_id, row.is_share, row.deleted_at is None) for row in rows.values()} == {
        (None, False, True),
        (original.pk, True, False),
        (original.pk, False, False),
    }


def test_shares_that_go_with_their_original_are_named(ada, ben, cleo):
    original = publish(ada)
    shares = [share_post(post=original, person=who).pk for who in (ben, cleo)]
    publish_post(author=cleo, content="So true", quoted=original)
    delete_post(post=original, actor=ada)
    drain()
    drain()
    assert [sorted(row["post_ids"]) for row in news("posts_removed")] == [sorted(shares)]
    assert news("post_deleted") == [{"post_id": original.pk, "author_id": ada.pk}]


def test_posts_of_a_person_who_leaves_are_named_and_shares_of_them(ada, ben):
    mine = publish(ben)
    of_mine, of_hers = share_post(post=mine, person=ada), share_post(post=publish(ada), person=ben)
    people.delete_person(user=ben, password=PASSWORD)
    drain()
    drain()
    told = [post_id for row in news("posts_removed") for post_id in row["post_ids"]]
    assert sorted(told) == sorted([mine.pk, of_mine.pk, of_hers.pk])


def test_a_draft_put_off_meanwhile_is_neither(ada):
    due(ada)
    draft_id = drafts._claim()
    later = timezone.now() + timedelta(minutes=1)
    drafts.save_draft(author=ada, draft_id=draft_id, content="Later", scheduled_for=later)
    drafts._publish_claimed(draft_id)
    assert (news("scheduled_post_published"), news("scheduled_post_failed")) == ([], [])

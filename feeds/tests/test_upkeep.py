"""Counts that drifted are mended; a deleted person leaves nothing in feeds."""

import pytest

from accounts.events import PersonDeleted
from accounts.models import PersonCounts, User
from feeds import tasks, upkeep
from feeds.actions import publish_post
from feeds.models import FeedEntry, Post
from socialnet.outbox.actions import emit
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", "ada@example.org", None)


def posts_counted(person: User) -> int:
    return PersonCounts.objects.get(pk=person.pk).posts


@pytest.mark.parametrize("mend", [tasks.reconcile_recent_post_counts, tasks.reconcile_all_post_counts])
def test_planted_drift_is_mended(ada, mend):
    publish_post(author=ada, content="one")
    publish_post(author=ada, content="two")
    PersonCounts.objects.filter(pk=ada.pk).update(posts=40)
    mend()
    assert posts_counted(ada) == 2


def test_right_counts_are_left_alone(ada):
    publish_post(author=ada, content="one")
    assert upkeep.reconcile_all_post_counts() == 0


def test_a_deleted_person_leaves_no_post_and_no_timeline(ada):
    publish_post(author=ada, content="one")
    emit(PersonDeleted(user_id=ada.pk))
    drain()
    assert not Post.objects.exists()
    assert not FeedEntry.objects.exists()
    assert posts_counted(ada) == 0

"""Comments in the admin: staff looks on the record, and removes by the same action as pages do."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import page_of
from feeds.models import PostCounts
from feeds.tests.factories import publish
from feeds.tests.test_diagnose import diagnose
from interactions.models import Comment
from interactions.tests.threads import plant_comments, say
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry

pytestmark = pytest.mark.django_db
LIST = "/admin/interactions/comment/"


@pytest.fixture
def moderator(mod: User) -> User:
    """May look at comments, and is no administrator."""
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    mod.user_permissions.add(Permission.objects.get(codename="view_comment"))
    return mod


def acts(name: str) -> list[int | None]:
    return list(AuditEntry.objects.filter(act=name).values_list("target_id", flat=True))


def test_the_list_shows_what_anybody_may_read_and_the_rest_is_shown_on_the_record(
    ada: User, ben: User, moderator: User
) -> None:
    say(ada, publish(ada), "For everybody to read")
    quiet = say(ada, publish(ada, audience="private"), "For few to read")
    browser = page_of(moderator)
    shown = browser.get(LIST).content.decode()
    assert "For everybody to read" in shown and "For few to read" not in shown
    assert acts("interactions.comment_looked_at") == []
    assert "For few to read" in browser.get(f"{LIST}{quiet.pk}/change/").content.decode()
    assert acts("interactions.comment_looked_at") == [quiet.pk]


def test_removing_takes_the_permission_and_is_recorded_one_by_one(
    ada: User, ben: User, moderator: User
) -> None:
    post = publish(ada)
    chosen = [say(ben, post, f"Comment {number}") for number in range(3)]
    fields = {"action": "remove", "_selected_action": [comment.pk for comment in chosen[:2]]}
    browser = page_of(moderator)
    browser.post(LIST, fields)
    assert Comment.objects.standing().count() == 3
    moderator.user_permissions.add(Permission.objects.get(codename="delete_comment"))
    answer = page_of(moderator).post(LIST, fields, follow=True)
    assert "2 comments are removed." in answer.content.decode()
    assert sorted(acts("interactions.comment_removed")) == sorted(comment.pk for comment in chosen[:2])
    assert PostCounts.objects.get(pk=post.pk).comments == Comment.objects.standing().count() == 1
    assert broken() == []


def test_nobody_else_gets_in_and_staff_without_the_right_sees_nothing(
    ada: User, ben: User, mod: User
) -> None:
    comment = say(ada, publish(ada), "Seen by few")
    mod.is_superuser = False
    mod.save(update_fields=["is_superuser"])
    for who, code in ((None, 302), (ben, 302), (mod, 403)):
        for path in (LIST, f"{LIST}{comment.pk}/change/"):
            assert page_of(who).get(path).status_code == code
    assert acts("interactions.comment_looked_at") == []


def test_the_list_costs_the_same_for_few_and_for_many(ada: User, ben: User, mod: User) -> None:
    costs: list[int] = []
    browser = page_of(mod)
    browser.get(LIST)
    for _round in range(2):
        plant_comments(publish(ada), [ada, ben], many=10)
        with CaptureQueriesContext(connection) as caught:
            browser.get(LIST)
        costs.append(len(caught))
    assert costs[0] == costs[1]


def test_wrong_comment_counts_are_found_and_mended(ada: User) -> None:
    post = publish(ada)
    say(ada, post, "One")
    PostCounts.objects.filter(pk=post.pk).update(comments=7)
    assert f"post {post.pk} by @ada" in diagnose("counts", fails=True)
    diagnose("counts", "--repair")
    assert PostCounts.objects.get(pk=post.pk).comments == 1

"""What is released after its author was banned is seen again, but nobody is told of it."""

from collections.abc import Callable

import pytest

from accounts.models import User
from accounts.tests.factories import Api, follows
from feeds.actions import publish_post
from feeds.models import Post
from feeds.tests.factories import publish
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group, is_in
from interactions.models import Comment
from interactions.tests.threads import say
from moderation import actions
from moderation.models import Case
from moderation.tests.screened import SPAM, block_words
from notifications.models import Notification
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(ada: User, ben: User, cleo: User) -> Group:
    """ada's, with ben, whose words wait, and cleo, who wants to hear of everything."""
    group = a_group(ada, "private")
    is_in(group, ben, cleo)
    groups.choose_news(group=group, person=cleo, notify="all")
    block_words()
    return group


def ban(group: Group, ada: User, ben: User, mod: User) -> None:
    groups.ban_person(group=group, actor=ada, person=ben)


def remove(group: Group, ada: User, ben: User, mod: User) -> None:
    groups.remove_member(group=group, actor=ada, person=ben)


def shut_out(group: Group, ada: User, ben: User, mod: User) -> None:
    actions.impose_sanction(person=ben, measure="ban", actor=mod)


def nothing(group: Group, ada: User, ben: User, mod: User) -> None:
    pass


def told(user: User) -> set[str]:
    drain()
    kinds = Notification.objects.filter(recipient=user).values_list("kind", flat=True)
    return {*kinds} - {"sanction", "group_joined"}


def release(mod: User) -> None:
    drain()
    actions.decide_case(case_id=Case.objects.open().get(is_screened=True).pk, outcome="nothing", actor=mod)
    drain()


def events(name: str) -> int:
    return Event.objects.filter(name=name).count()


@pytest.mark.parametrize("meanwhile", [ban, remove, shut_out, nothing])
def test_a_post_in_a_group(
    ada: User, ben: User, cleo: User, mod: User, group: Group, meanwhile: Callable[..., None]
) -> None:
    post = publish_post(author=ben, group=group, content=f"{SPAM} @cleo")
    drain()
    meanwhile(group, ada, ben, mod)
    release(mod)
    post.refresh_from_db()
    is_told = meanwhile is nothing
    assert post.hidden_at is None and post.is_announced == is_told
    assert bool(told(cleo)) == is_told and events("feeds.post_published") == is_told
    if meanwhile is not shut_out:
        assert Api(cleo)("GET", f"posts/{post.pk}").status_code == 200
    assert broken(sample=20) == []


@pytest.mark.parametrize("meanwhile", [ban, remove, shut_out, nothing])
def test_a_comment_in_a_group(
    ada: User, ben: User, cleo: User, mod: User, group: Group, meanwhile: Callable[..., None]
) -> None:
    post = publish_post(author=ada, group=group, content="Good morning")
    before = told(cleo)
    comment = say(ben, post, f"{SPAM} @cleo")
    drain()
    meanwhile(group, ada, ben, mod)
    release(mod)
    is_told = meanwhile is nothing
    comment = Comment.objects.get(pk=comment.pk)
    assert comment.withheld_at is None and comment.is_announced == is_told
    assert bool(told(cleo) - before) == bool(told(ada) & {"comment"}) == is_told
    assert events("interactions.comment_written") == is_told
    assert broken(sample=20) == []


def test_a_post_of_who_is_banned_from_the_site(ada: User, ben: User, mod: User) -> None:
    follows(ben, ada)
    block_words()
    post = publish(ada, f"{SPAM} @ben")
    drain()
    actions.impose_sanction(person=ada, measure="ban", actor=mod)
    release(mod)
    assert not told(ben) and events("feeds.post_published") == 0
    assert not Post.objects.get(pk=post.pk).is_announced and broken(sample=20) == []

"""Moderators who decide at once, an edit beside a decision, and everything twice."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import PASSWORD, follows, person
from feeds import actions as posts
from feeds.models import Post
from feeds.tests.factories import ids_at_home, picture, publish
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group
from interactions import actions as comments
from interactions.tests.threads import say
from moderation import actions
from moderation.errors import CaseClosed
from moderation.models import Case, HeldGroup, HeldProfile, ScreeningResult
from moderation.screening import actions as screening
from moderation.tests.screened import SPAM, block_words
from notifications.models import Notification
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gives, or raises; begun together."""
    start, answers = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            start.wait()
            answers[place] = act()
        except DomainError as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def held(db: None) -> tuple[Post, Case, User, User]:
    ada, ben = person("ada"), person("ben")
    follows(ben, ada)
    block_words()
    post = publish(ada, f"{SPAM} @ben")
    drain()
    return post, Case.objects.get(), person("mod", is_staff=True), person("mod2", is_staff=True)


def published() -> int:
    return Event.objects.filter(name="feeds.post_published").count()


def test_two_who_release_at_once_release_once(held: Any) -> None:
    post, case, *mods = held
    answers = at_once(
        *(lambda mod=mod: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod) for mod in mods)
    )
    assert sum(isinstance(answer, CaseClosed) for answer in answers) == 1
    drain()
    assert published() == 1 and ids_at_home(User.objects.get(username="ben")) == [post.pk]
    assert Notification.objects.filter(recipient__username="ben", kind="mention").count() == 1
    assert broken(sample=20) == []


def test_releasing_and_hiding_at_once_one_of_them_counts(held: Any) -> None:
    post, case, mod, other = held
    at_once(
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
        lambda: actions.decide_case(case_id=case.pk, outcome="hide", actor=other),
    )
    drain()
    post.refresh_from_db()
    assert post.held_at is None and (post.hidden_at is None) == (published() == 1)
    assert broken(sample=20) == []


def test_released_twice_it_is_told_once(held: Any) -> None:
    post, _case, mod, other = held
    at_once(
        lambda: posts.release_post(post_id=post.pk, actor=mod),
        lambda: posts.release_post(post_id=post.pk, actor=other),
    )
    posts.release_post(post_id=post.pk, actor=mod)
    drain()
    assert published() == 1


def test_a_comment_released_twice_is_told_once(db: None) -> None:
    ada, ben = person("ada"), person("ben")
    post = publish(ada)
    block_words()
    comment = say(ben, post, SPAM)
    at_once(*[lambda: comments.release_held_comment(comment_id=comment.pk, actor=ada)] * 2)
    drain()
    assert Event.objects.filter(name="interactions.comment_written").count() == 1
    assert broken(sample=20) == []


def test_an_edit_that_is_held_beside_a_decision_waits_for_another(db: None) -> None:
    """What moderators have not seen they do not release; nobody waits for the other in a circle."""
    ada, ben, mod = person("ada"), person("ben"), person("mod", is_staff=True)
    for _round in range(5):
        post = publish(ada, "Good morning")
        case = actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case
        block_words()
        at_once(
            lambda post=post: posts.edit_post(post=post, actor=ada, content=SPAM),
            lambda case=case: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
        )
        drain()
        post.refresh_from_db()
        assert post.held_at is not None
        assert Case.objects.open().get(target_id=post.pk).is_screened
    assert broken(sample=20) == []


def test_a_case_is_opened_once_however_often_it_is_asked_for(held: Any) -> None:
    row = ScreeningResult.objects.get()
    ScreeningResult.objects.update(case=None)
    at_once(*[lambda: screening.open_case_of(row.pk)] * 3)
    assert Case.objects.count() == 1


def test_deleting_what_is_being_released(held: Any) -> None:
    post, case, mod, _other = held
    at_once(
        lambda: posts.delete_post(post=post, actor=post.author),
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
    )
    drain()
    assert broken(sample=20) == []


# --- groups -----------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(db: None) -> tuple[Group, Case, User, User]:
    """A group with a change that waits, its owner, and a moderator."""
    ada = person("ada")
    group = a_group(ada)
    block_words()
    groups.change_group(group=group, actor=ada, rules=SPAM)
    drain()
    return group, Case.objects.get(), ada, person("mod", is_staff=True)


def test_a_change_beside_the_decision_about_the_one_before_is_said_or_waits(waiting: Any) -> None:
    group, case, ada, mod = waiting
    answers = at_once(
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
        lambda: groups.change_group(group=group, actor=ada, description=SPAM),
    )
    assert not any(isinstance(answer, DomainError) for answer in answers)
    drain()
    group.refresh_from_db()
    held = HeldGroup.objects.first()
    assert (held is None) == (not Case.objects.open().exists())
    assert held is None or held.fields["description"] == SPAM
    assert broken(sample=20) == []


def test_deleting_a_group_that_waits_beside_its_release(db: None) -> None:
    ada, mod = person("ada"), person("mod", is_staff=True)
    block_words()
    group = groups.create_group(owner=ada, slug="cures", name=SPAM)
    drain()
    case = Case.objects.get()
    at_once(
        lambda: groups.delete_group(group=group, actor=ada),
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
    )
    drain()
    group.refresh_from_db()
    assert group.deleted_at is not None and not Case.objects.open().exists()
    assert broken(sample=20) == []


def test_a_profile_changed_beside_the_decision_about_the_one_before(db: None) -> None:
    ada, mod = person("ada"), person("mod", is_staff=True)
    block_words()
    people.edit_profile(user=ada, bio=SPAM)
    drain()
    case = Case.objects.get()
    answers = at_once(
        lambda: actions.decide_case(case_id=case.pk, outcome="nothing", actor=mod),
        lambda: people.edit_profile(user=ada, bio=f"{SPAM}!"),
    )
    assert not any(isinstance(answer, DomainError) for answer in answers)
    drain()
    assert HeldProfile.objects.exists() == Case.objects.open().exists() and broken(sample=20) == []


def test_a_picture_described_while_a_post_takes_it_is_looked_at(db: None) -> None:
    ada = person("ada")
    block_words()
    shown = picture(ada, alt="A loaf")
    at_once(
        lambda: posts.publish_post(author=ada, content="Look", media_ids=[shown.pk]),
        lambda: posts.describe_picture(media=shown, actor=ada, alt=SPAM),
    )
    shown.refresh_from_db()
    assert shown.post is not None and (shown.alt != SPAM or shown.post.held_at is not None)


def test_two_who_join_with_one_name_that_is_held(db: None) -> None:
    block_words()

    def join() -> User:
        return people.register_person(
            username="eve", email="eve@example.com", password=PASSWORD, display_name=SPAM
        )

    answers = at_once(join, join)
    assert sum(isinstance(answer, User) for answer in answers) == 1
    drain()
    assert HeldProfile.objects.count() == Case.objects.count() == 1 and broken(sample=20) == []

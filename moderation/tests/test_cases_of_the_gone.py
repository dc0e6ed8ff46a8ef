"""Cases about what is not there any more: nothing can be hidden, and what nobody else saw needs no decision."""

from typing import Any

import pytest

from accounts.errors import InvalidFields
from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds import actions as posts
from feeds.actions import publish_post
from feeds.tests.factories import publish
from groups.tests.factories import a_group, is_in
from interactions import actions as comments
from interactions.tests.threads import say
from moderation import actions
from moderation.in_groups.actions import decide_in_group
from moderation.models import Case, Sanction
from moderation.tests.screened import SPAM, block_words
from notifications.models import Notification
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def written(kind: str, author: User, by: User, text: str) -> Any:
    return publish(author, text) if kind == "post" else say(author, publish(by, "Good morning"), text)


def take_away(thing: Any, author: User) -> None:
    if type(thing).__name__ == "Post":
        posts.delete_post(post=thing, actor=author)
    else:
        comments.delete_comment(comment_id=thing.pk, actor=author)


@pytest.mark.parametrize("kind", ["post", "comment"])
def test_what_waited_and_is_gone_is_closed_by_itself(ada: User, ben: User, kind: str) -> None:
    block_words()
    thing = written(kind, ada, ben, SPAM)
    drain()
    case = Case.objects.open().get()
    take_away(thing, ada)
    drain()
    case.refresh_from_db()
    assert (case.outcome, case.closed_by, case.said) == ("gone", None, "")
    assert AuditEntry.objects.filter(act="moderation.case_closed", target_id=case.pk).exists()
    assert not Sanction.objects.exists() and not Notification.objects.filter(kind="sanction").exists()
    assert broken(sample=20) == []


@pytest.mark.parametrize("kind", ["post", "comment"])
def test_what_somebody_reported_is_decided_still_but_not_hidden(
    ada: User, ben: User, mod: User, kind: str
) -> None:
    """They saw it, so whoever takes it away may be warned."""
    thing = written(kind, ada, ben, SPAM)
    case = actions.report_target(kind=kind, ident=str(thing.pk), reporter=ben, reason="spam").case
    take_away(thing, ada)
    drain()
    address = f"/admin/moderation/case/{case.pk}/decide/"
    answer = page_of(mod).post(address, {"outcome": "hide", "words": "No."})
    assert answer.status_code == 400 and "there is nothing to hide" in answer.content.decode()
    case.refresh_from_db()
    assert case.is_open and not Sanction.objects.exists()
    actions.decide_case(case_id=case.pk, outcome="warn", actor=mod, words="No.")
    assert Sanction.objects.get().measure == "warn"


def test_many_at_once_say_so_too(ada: User, ben: User, mod: User) -> None:
    post = publish(ada, SPAM)
    case = actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case
    posts.delete_post(post=post, actor=ada)
    fields = {"action": "hide", "_selected_action": [case.pk]}
    listed = page_of(mod).post("/admin/moderation/case/", fields, follow=True).content.decode()
    assert "there is nothing to hide" in listed and Case.objects.open().exists()


def test_moderators_of_groups_cannot_hide_it_but_put_its_author_out(ada: User, ben: User, cleo: User) -> None:
    group = a_group(ada)
    is_in(group, ben, cleo)
    post = publish_post(author=cleo, group=group, content=SPAM)
    case = actions.report_target(kind="post", ident=str(post.pk), reporter=ben, reason="spam").case
    posts.delete_post(post=post, actor=cleo)
    asked = {"group": group, "case_id": case.pk, "actor": ada, "words": "No."}
    with pytest.raises(InvalidFields):
        decide_in_group(outcome="hide", **asked)
    assert decide_in_group(outcome="exclude", **asked).outcome == "exclude"


def test_what_is_held_again_has_its_case(ada: User, ben: User) -> None:
    block_words()
    gone, other = publish(ada, SPAM), publish(person("eve"), SPAM)
    drain()
    posts.delete_post(post=gone, actor=ada)
    drain()
    assert Case.objects.open().get().target_id == other.pk

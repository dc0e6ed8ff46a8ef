"""What moderators decide: in force at once on every surface, over by itself, undone without a trace."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from accounts.errors import InvalidFields
from accounts.models import ApiToken, Session, User
from accounts.tests.factories import Api, follows, page_of, person
from feeds.models import HashtagCounts, Post, PostCounts
from feeds.tests.factories import ids_at_home, publish
from interactions.actions import like_post
from interactions.tests.threads import say
from moderation import actions
from moderation.errors import CaseClosed, NotAgainstStaff, NotInForce
from moderation.models import Case, Sanction
from moderation.tasks import end_due_sanctions
from notifications.models import Notification
from socialnet.kernel.errors import DomainError, Forbidden
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import AuditEntry
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def in_days(many: int) -> Any:
    return timezone.now() + timedelta(days=many)


def case_of(thing: Any, reporter: User) -> Case:
    kind = {"Post": "post", "Comment": "comment", "User": "user"}[type(thing).__name__]
    ident = thing.username if kind == "user" else str(thing.pk)
    return actions.report_target(kind=kind, ident=ident, reporter=reporter, reason="spam").case


def decide(thing: Any, reporter: User, mod: User, outcome: str, **more: Any) -> Case:
    return actions.decide_case(case_id=case_of(thing, reporter).pk, outcome=outcome, actor=mod, **more)


def tag_count(name: str) -> int:
    return HashtagCounts.objects.get(hashtag__name=name).posts


def unread(user: User) -> int:
    drain()
    return Notification.objects.standing().filter(recipient=user).count()


def test_a_hidden_post_is_nowhere_and_comes_back_as_it_was(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    follows(ben, ada)
    post = publish(ada, "Look at this #watch @ben")
    like_post(post_id=post.pk, person=cleo)
    drain()
    address = post.get_absolute_url()
    before = (ids_at_home(ben), tag_count("watch"), unread(ada), unread(ben))
    assert before == ([post.pk], 1, 1, 1)
    decide(post, cleo, mod, "hide")
    drain()
    for browser in (page_of(), page_of(ben), page_of(ada)):
        assert browser.get(address).status_code == 404
    assert "#watch" not in page_of(ben).get("/@ada").content.decode()
    assert Api(ben)("GET", f"posts/{post.pk}").status_code == 404
    assert Api(ben)("GET", "hashtags/watch/posts").json()["results"] == []
    assert Api(ben)("GET", "search?q=watch&type=posts").json()["results"] == []
    assert (ids_at_home(ben), tag_count("watch"), unread(ben)) == ([], 0, 0)
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    drain()
    assert page_of(ben).get(address).status_code == 200
    assert (ids_at_home(ben), tag_count("watch"), unread(ben)) == ([post.pk], 1, 1)
    assert PostCounts.objects.get(pk=post.pk).likes == 1
    assert broken(sample=20) == []


def test_a_withheld_comment_is_a_gap_and_comes_back(ada: User, ben: User, cleo: User, mod: User) -> None:
    post = publish(ada)
    comment = say(ben, post, "Rude words")
    say(cleo, comment, "Please do not")
    drain()
    told = unread(ada)
    decide(comment, cleo, mod, "hide")
    drain()
    for viewer in (ada, ben, cleo):
        assert "Rude words" not in page_of(viewer).get(post.get_absolute_url()).content.decode()
    assert Api(ben)("GET", f"comments/{comment.pk}").json()["content"] in ("", None)
    assert Api(cleo)("GET", "users/ben/comments").json()["results"] == []
    assert unread(ada) < told
    assert broken(sample=20) == []
    actions.end_sanction(sanction_id=Sanction.objects.get().pk, actor=mod)
    drain()
    assert "Rude words" in page_of(cleo).get(post.get_absolute_url()).content.decode()
    assert unread(ada) == told
    assert broken(sample=20) == []


def test_the_author_of_the_post_cannot_show_what_moderators_withheld(ada: User, ben: User, mod: User) -> None:
    post = publish(ada)
    comment = say(ben, post, "Rude words")
    decide(comment, ada, mod, "hide")
    assert Api(ada)("DELETE", f"comments/{comment.pk}/hidden").status_code == 404
    assert Api(ben)("PATCH", f"comments/{comment.pk}", {"content": "Kind words"}).status_code == 404


def test_suspended_people_are_out_at_once_and_come_back_by_themselves(
    ada: User, ben: User, mod: User
) -> None:
    post = publish(ada, "Still here")
    browser, api = page_of(ada), Api(ada)
    assert browser.get("/settings/profile").status_code == 200
    decide(ada, ben, mod, "suspend", until=in_days(7), words="Take a week off.")
    assert browser.get("/settings/profile").status_code == 302
    assert api("GET", "me").status_code == 401
    assert not Session.objects.filter(account=ada).exists() and not ApiToken.objects.filter(user=ada).exists()
    assert page_of(ben).get(post.get_absolute_url()).status_code == 404
    end_due_sanctions()
    assert User.objects.get(pk=ada.pk).is_suspended
    Sanction.objects.update(until=timezone.now() - timedelta(seconds=1))
    end_due_sanctions()
    end_due_sanctions()
    drain()
    assert not User.objects.get(pk=ada.pk).is_suspended
    assert page_of(ben).get(post.get_absolute_url()).status_code == 200
    assert AuditEntry.objects.filter(act="moderation.sanction_ended").count() == 1
    assert Notification.objects.filter(recipient=ada, kind="sanction").count() == 2
    assert broken(sample=20) == []


def test_of_two_sanctions_the_last_that_ends_lets_in(ada: User, ben: User, mod: User) -> None:
    week = actions.impose_sanction(person=ada, measure="suspend", actor=mod, until=in_days(7))
    ban = actions.impose_sanction(person=ada, measure="ban", actor=mod)
    actions.end_sanction(sanction_id=week.pk, actor=mod)
    assert User.objects.get(pk=ada.pk).is_suspended
    actions.end_sanction(sanction_id=ban.pk, actor=mod)
    assert not User.objects.get(pk=ada.pk).is_suspended
    with pytest.raises(NotInForce):
        actions.end_sanction(sanction_id=ban.pk, actor=mod)


def test_who_is_let_in_elsewhere_is_under_no_suspension(ada: User, mod: User) -> None:
    from accounts.actions import unsuspend_user

    actions.impose_sanction(person=ada, measure="ban", actor=mod)
    unsuspend_user(user=ada, actor=mod)
    drain()
    assert not Sanction.objects.in_force().exists()


def test_limited_people_are_folded_and_neither_trend_nor_are_suggested(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    post = publish(cleo)
    say(ada, post, "Look at my shop")
    decide(ada, ben, mod, "limit")
    page = page_of(ben).get(post.get_absolute_url()).content.decode()
    assert "By an account that moderators limited" in page and "Look at my shop" in page
    assert (
        "moderators limited"
        not in page_of(ada).get(post.get_absolute_url()).content.decode().split("<main")[1]
    )
    sanction = Sanction.objects.get()
    actions.end_sanction(sanction_id=sanction.pk, actor=mod)
    assert User.objects.get(pk=ada.pk).limited_at is None
    assert "moderators limited" not in page_of(ben).get(post.get_absolute_url()).content.decode()


def test_a_warning_needs_words_and_reaches_the_person(ada: User, ben: User, mod: User) -> None:
    case = case_of(ada, ben)
    with pytest.raises(InvalidFields):
        actions.decide_case(case_id=case.pk, outcome="warn", actor=mod)
    assert Case.objects.open().exists() and not Sanction.objects.exists()
    actions.decide_case(case_id=case.pk, outcome="warn", actor=mod, words="Be kind.")
    drain()
    assert "Moderators warn you" in page_of(ada).get("/notifications").content.decode()
    assert "Be kind." in page_of(ada).get("/settings/decisions").content.decode()
    assert page_of(ada).get("/settings/profile").status_code == 200


@pytest.mark.parametrize(
    "measure, until, error",
    [
        ("suspend", None, InvalidFields),
        ("suspend", -1, InvalidFields),
        ("ban", 7, InvalidFields),
        ("hide", None, InvalidFields),
        ("dance", None, InvalidFields),
    ],
)
def test_what_cannot_be_imposed(
    ada: User, mod: User, measure: str, until: int | None, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        actions.impose_sanction(
            person=ada, measure=measure, actor=mod, until=in_days(until) if until else None
        )
    assert not Sanction.objects.exists()


def test_staff_and_oneself_are_not_sanctioned(mod: User) -> None:
    other = person("other_mod", is_staff=True)
    with pytest.raises(NotAgainstStaff):
        actions.impose_sanction(person=other, measure="ban", actor=mod)
    with pytest.raises(Forbidden):
        actions.impose_sanction(person=mod, measure="warn", actor=mod, words="Shame")


def test_a_case_is_decided_once(ada: User, ben: User, mod: User) -> None:
    case = decide(ada, ben, mod, "nothing")
    with pytest.raises(CaseClosed):
        actions.decide_case(case_id=case.pk, outcome="ban", actor=mod)
    assert not Sanction.objects.exists()
    assert Case.objects.get().said == ""


def test_many_are_closed_with_an_entry_each(ada: User, ben: User, mod: User) -> None:
    cases = [case_of(publish(ada), ben).pk for _ in range(5)]
    actions.decide_case(case_id=cases[0], outcome="nothing", actor=mod)
    done, errors = actions.decide_cases(case_ids=cases, outcome="hide", actor=mod)
    assert done == 4 and len(errors) == 1
    closed = AuditEntry.objects.filter(act="moderation.case_closed", target_id__in=cases)
    assert closed.count() == 5 and Post.objects.exclude(hidden_at=None).count() == 4


def test_the_record_can_be_neither_changed_nor_deleted_by_the_application(
    ada: User, ben: User, mod: User
) -> None:
    decide(ada, ben, mod, "ban")
    entry = AuditEntry.objects.get(act="moderation.sanction_imposed")
    for statement in (
        "UPDATE outbox_auditentry SET act = 'nothing'",
        "DELETE FROM outbox_auditentry",
        "TRUNCATE outbox_auditentry",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    entry.refresh_from_db()
    assert entry.after["measure"] == "ban" and entry.target_id == ada.pk
    assert connections["default"].settings_dict["USER"] != connections["owner"].settings_dict["USER"]


def test_who_leaves_leaves_no_words_behind(ada: User, ben: User, mod: User) -> None:
    from accounts.actions import delete_person
    from accounts.tests.factories import PASSWORD

    actions.report_target(kind="user", ident="ben", reporter=ada, reason="spam", details="He wrote to me")
    decide(publish(ada, "My words"), ben, mod, "warn", words="Be kind.")
    actions.appeal_sanction(sanction_id=Sanction.objects.get().pk, person=ada, words="It was a joke")
    delete_person(user=ada, password=PASSWORD)
    drain()
    sanction = Sanction.objects.get()
    assert (sanction.words, sanction.appeal) == ("", "")
    assert Case.objects.get(person=ada).said == "" and ada.reports_made.get().details == ""

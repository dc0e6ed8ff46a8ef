"""Who is put out of a group says nothing more in it, and takes back what they said."""

from collections.abc import Callable

import pytest

from accounts.models import User
from accounts.tests.factories import Api, page_of
from accounts.tests.test_follow_races import at_once, rounds
from feeds.actions import delete_post, edit_post, publish_due, publish_post
from feeds.models import Draft, GroupPin, Post, PostRevision
from feeds.tests.test_edits import form_of
from groups import actions as groups
from groups.models import Group
from groups.tests.factories import a_group, is_in
from interactions import actions
from interactions.models import Comment
from interactions.tests.threads import say
from notifications.models import Notification
from socialnet.kernel.errors import DomainError
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db(transaction=True)


def says(author: User, group: Group, content: str = "Hello, group") -> Post:
    return publish_post(author=author, content=content, group=group)


@pytest.fixture
def bread(ada: User, ben: User, cleo: User) -> Group:
    group = a_group(ada)
    is_in(group, ben, cleo)
    return group


def out(group: Group, ada: User, ben: User, how: str) -> None:
    if how == "ban":
        groups.ban_person(group=group, actor=ada, person=ben)
    elif how == "remove":
        groups.remove_member(group=group, actor=ada, person=ben)
    else:
        groups.leave_group(group=group, person=ben)
    drain()


@pytest.mark.parametrize("privacy", ["public", "private"])
@pytest.mark.parametrize(
    ("how", "code"), [("ban", "banned_from_group"), ("remove", "not_a_member"), ("leave", "not_a_member")]
)
def test_who_is_out_does_not_change_their_posts(
    ada: User, ben: User, bread: Group, privacy: str, how: str, code: str
) -> None:
    Group.objects.filter(pk=bread.pk).update(privacy=privacy)
    post = says(ben, bread)
    address = f"{post.get_absolute_url()}/edit"
    sent = {**form_of(page_of(ben).get(address)), "content": "Buy my bread @cleo"}
    out(bread, ada, ben, how)
    refused = Api(ben)("PATCH", f"posts/{post.pk}", {"content": "Buy my bread @cleo"})
    assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert page_of(ben).get(address).status_code == 403
    answer = page_of(ben).post(address, sent)
    assert answer.status_code == 403
    assert "Buy my bread @cleo</textarea>" in answer.content.decode()  # what was typed is there still
    post.refresh_from_db()
    assert (post.content, PostRevision.objects.count()) == ("Hello, group", 0)
    assert Api(ada)("GET", f"posts/{post.pk}").json()["content"] == "Hello, group"
    assert Api(ben)("DELETE", f"posts/{post.pk}").status_code == 204


@pytest.mark.parametrize("privacy", ["public", "private"])
def test_who_is_banned_does_not_comment_on_what_is_theirs(
    ada: User, ben: User, cleo: User, bread: Group, privacy: str
) -> None:
    Group.objects.filter(pk=bread.pk).update(privacy=privacy)
    post = says(ben, bread)
    said = say(ben, post, "The first")
    out(bread, ada, ben, "ban")
    body = {"content": "And you, @cleo"}
    refused = Api(ben)("POST", f"posts/{post.pk}/comments", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "banned_from_group")
    refused = Api(ben)("PATCH", f"comments/{said.pk}", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "banned_from_group")
    answer = page_of(ben).post(f"{post.get_absolute_url()}/comments", body)
    assert answer.status_code == 403
    assert "And you, @cleo" in answer.content.decode()
    answer = page_of(ben).post(f"{post.get_absolute_url()}/comments/{said.pk}/edit", {**body, "version": 1})
    assert answer.status_code == 403
    assert "And you, @cleo" in answer.content.decode()
    drain()
    assert [one.content for one in Comment.objects.all()] == ["The first"]
    assert not Notification.objects.filter(recipient=cleo, kind="mention").exists()
    assert Api(ben)("DELETE", f"comments/{said.pk}").status_code == 204


def test_the_page_offers_a_comment_to_who_may_write_one(ada: User, ben: User, bread: Group) -> None:
    post = says(ben, bread)
    form = f'action="{post.get_absolute_url()}/comments"'
    assert form in page_of(ben).get(post.get_absolute_url()).content.decode()
    out(bread, ada, ben, "leave")  # a public group: they read on, and comment
    assert form in page_of(ben).get(post.get_absolute_url()).content.decode()
    assert Api(ben)("POST", f"posts/{post.pk}/comments", {"content": "From outside"}).status_code == 201
    out(bread, ada, ben, "ban")
    assert form not in page_of(ben).get(post.get_absolute_url()).content.decode()


def test_who_is_no_member_says_nothing_in_a_private_group(ada: User, ben: User, bread: Group) -> None:
    Group.objects.filter(pk=bread.pk).update(privacy="private")
    post = says(ben, bread)
    out(bread, ada, ben, "leave")
    refused = Api(ben)("POST", f"posts/{post.pk}/comments", {"content": "Do you hear me?"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")


def test_members_and_readers_speak_as_before(ada: User, ben: User, dora: User, bread: Group) -> None:
    post = says(ben, bread)
    assert Api(ben)("PATCH", f"posts/{post.pk}", {"content": "Better words"}).status_code == 200
    answer = Api(dora)("POST", f"posts/{post.pk}/comments", {"content": "I only read here"})
    assert answer.status_code == 201
    comment = f"comments/{answer.json()['id']}"
    assert Api(dora)("PATCH", comment, {"content": "I read here"}).status_code == 200
    groups.ban_person(group=bread, actor=ada, person=dora)
    assert Api(dora)("PATCH", comment, {"content": "Not any more"}).status_code == 404  # nor do they see it


def test_what_is_left_of_a_deleted_group_is_ones_own(ada: User, ben: User, bread: Group) -> None:
    post = says(ben, bread)
    groups.delete_group(group=bread, actor=ada)
    assert Api(ben)("PATCH", f"posts/{post.pk}", {"content": "For myself"}).status_code == 200
    assert Api(ben)("POST", f"posts/{post.pk}/comments", {"content": "A note"}).status_code == 201
    assert Api(ada)("GET", f"posts/{post.pk}").status_code == 404


def test_nothing_of_theirs_goes_out_later_nor_is_pinned(ada: User, ben: User, bread: Group) -> None:
    groups.set_role(group=bread, actor=ada, person=ben, role="moderator")
    post = says(ben, bread)
    made = Api(ben)("POST", "drafts", {"content": "Later", "group": bread.slug}).json()
    out(bread, ada, ben, "ban")
    Draft.objects.filter(pk=made["id"]).update(scheduled_for="2020-01-01T00:00Z")
    assert publish_due() == 0
    assert Api(ben)("POST", f"drafts/{made['id']}/publish").status_code == 403
    assert Post.objects.filter(group=bread).count() == 1
    page_of(ben).post(f"{post.get_absolute_url()}/pin/group", {"pin": "yes"})
    assert not GroupPin.objects.exists()
    assert Api(ben)("PATCH", f"groups/{bread.slug}", {"cover_alt": "x"}).status_code == 403


# --- at the same moment -------------------------------------------------------------------------------------


def races(
    group: Group, ada: User, ben: User, speak: Callable[[], object], said: Callable[[], object]
) -> None:
    """Whatever is said is said before the ban is there, or not at all."""
    seen: list[object] = []

    def ban() -> None:
        groups.ban_person(group=group, actor=ada, person=ben)
        seen.append(said())

    _banned, spoken = at_once(ban, speak)
    assert not isinstance(spoken, DomainError) or spoken.code in ("banned_from_group", "not_found")
    assert seen == [said()]


@rounds
def test_being_banned_while_one_edits(ada: User, ben: User, round_: int) -> None:
    group = a_group(ada)
    is_in(group, ben)
    post = says(ben, group)
    races(
        group,
        ada,
        ben,
        lambda: edit_post(post=post, actor=ben, content="Last words"),
        lambda: Post.objects.get(pk=post.pk).content,
    )


@rounds
def test_being_banned_while_one_comments(ada: User, ben: User, round_: int) -> None:
    group = a_group(ada)
    if round_ % 4 < 2:  # otherwise they only read a public group
        is_in(group, ben)
    post = says(ben, group) if round_ % 4 == 1 else says(ada, group)
    races(group, ada, ben, lambda: say(ben, post), lambda: Comment.objects.count())


@rounds
def test_being_banned_while_one_edits_a_comment(ada: User, ben: User, round_: int) -> None:
    group = a_group(ada)
    is_in(group, ben)
    said = say(ben, says(ben, group))
    races(
        group,
        ada,
        ben,
        lambda: actions.edit_comment(comment_id=said.pk, actor=ben, content="Last words"),
        lambda: Comment.objects.get(pk=said.pk).content,
    )


def test_deleting_ones_post_and_being_banned_at_once(ada: User, ben: User, bread: Group) -> None:
    post = says(ben, bread)
    _banned, deleted = at_once(
        lambda: groups.ban_person(group=bread, actor=ada, person=ben),
        lambda: delete_post(post=post, actor=ben),
    )
    assert deleted is None
    assert broken() == []

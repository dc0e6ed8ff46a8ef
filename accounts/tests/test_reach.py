"""Who may mention somebody, and what robots are asked of whom not everybody may find."""

import pytest

from accounts import actions
from accounts.cards import author_cards
from accounts.errors import InvalidFields
from accounts.models import User
from accounts.tests.factories import Api, follows, page_of
from feeds.actions import edit_post, publish_post
from feeds.models import Mention
from feeds.tests.factories import publish
from interactions import actions as doing
from interactions.models import Comment
from notifications.models import Notification
from notifications.preferences import of as wishes_of
from notifications.second_look import Look, look
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LINK = 'href="/@ada"'


def let(ada: User, whom: str) -> None:
    actions.set_privacy(user=ada, mentions_from=whom)


@pytest.mark.parametrize(
    ("whom", "followed", "heard"),
    [
        ("everyone", False, True),
        ("followed", False, False),
        ("followed", True, True),
        ("nobody", True, False),
    ],
)
def test_a_mention_leads_and_is_told_only_from_whom_it_may(
    ada: User, ben: User, cleo: User, whom: str, followed: bool, heard: bool
) -> None:
    let(ada, whom)
    if followed:
        follows(ada, ben)
    post = publish(ben, "Hello @Ada and @cleo")
    other = publish(cleo, "Come here")
    comment = doing.comment_on_post(post_id=other.pk, author=ben, content="@ada, look")
    drain()
    post.refresh_from_db()
    assert post.content == "Hello @Ada and @cleo" and 'href="/@cleo"' in post.html
    assert (LINK in post.html) == (LINK in Comment.objects.get(pk=comment.pk).html) == heard
    assert Mention.objects.filter(post=post, user=ada).exists() == heard
    assert Notification.objects.filter(recipient=ada, kind="mention").count() == 2 * heard
    assert broken() == []


def test_edits_and_ones_own_name_obey_too(ada: User, ben: User) -> None:
    let(ada, "nobody")
    post = publish(ben, "Hello")
    edit_post(post=post, actor=ben, content="Hello @ada")
    mine = publish_post(author=ada, content="I am @ada")
    comment = doing.comment_on_post(post_id=post.pk, author=ben, content="Hm")
    doing.edit_comment(comment_id=comment.pk, actor=ben, content="Hm @ada")
    drain()
    post.refresh_from_db()
    mine.refresh_from_db()
    assert LINK not in post.html and LINK in mine.html
    assert LINK not in Comment.objects.get(pk=comment.pk).html
    assert not Notification.objects.filter(recipient=ada, kind="mention").exists()


def test_whose_mentions_are_not_heard_tells_as_a_comment(ada: User, ben: User) -> None:
    let(ada, "nobody")
    post = publish(ada, "Say something")
    doing.comment_on_post(post_id=post.pk, author=ben, content="@ada here you are")
    drain()
    assert list(Notification.objects.filter(recipient=ada).values_list("kind", flat=True)) == ["comment"]


def test_what_waits_is_not_told_once_the_choice_is_narrower(ada: User, ben: User) -> None:
    publish(ben, "Hello @ada")
    drain()
    row = Notification.objects.get(recipient=ada, kind="mention")
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.WELCOME
    let(ada, "followed")
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.UNWELCOME


def test_who_is_named_in_a_post_may_comment_all_the_same(ada: User, ben: User) -> None:
    let(ada, "nobody")
    post = publish_post(author=ben, content="What does @ada say?", reply_policy="mentioned")
    doing.comment_on_post(post_id=post.pk, author=ada, content="This")
    assert Comment.objects.filter(post=post).count() == 1


def test_a_bio_leads_to_whom_it_may(ada: User, ben: User) -> None:
    let(ada, "nobody")
    actions.edit_profile(user=ben, bio="Friend of @ada")
    assert LINK not in page_of().get("/@ben").content.decode()
    let(ada, "everyone")
    assert LINK in page_of().get("/@ben").content.decode()


# --- the doors ------------------------------------------------------------------------------------------------


def test_the_api_shows_and_changes_both(ada: User) -> None:
    api = Api(ada)
    assert api("GET", "me").json()["settings"]["mentions_from"] == "everyone"
    changed = api("PATCH", "me", {"mentions_from": "followed", "found_by": "nobody"}).json()["settings"]
    assert (changed["mentions_from"], changed["found_by"]) == ("followed", "nobody")
    answer = api("PATCH", "me", {"mentions_from": "friends"})
    assert answer.status_code == 400 and "mentions_from" in answer.json()["errors"]
    with pytest.raises(InvalidFields):
        actions.set_privacy(user=ada, found_by="cats")


def test_the_page_changes_both_and_nothing_else(ada: User) -> None:
    actions.set_privacy(user=ada, is_private=True, may_be_indexed=False)
    typed = {"about": "reach", "mentions_from": "nobody", "found_by": "followers"}
    assert page_of(ada).post("/settings/privacy", typed).status_code == 302
    ada.refresh_from_db()
    assert (ada.mentions_from, ada.found_by) == ("nobody", "followers")
    assert ada.is_private and not ada.may_be_indexed
    page = page_of(ada).get("/settings/privacy").content.decode()
    assert 'value="nobody"' in page and 'value="followers"' in page
    assert page_of(ada).post("/settings/privacy", {**typed, "found_by": "cats"}).status_code == 200
    ada.refresh_from_db()
    assert ada.found_by == "followers"


def test_a_change_is_told_once(ada: User) -> None:
    let(ada, "nobody")
    let(ada, "nobody")
    assert Event.objects.filter(name="accounts.reach_changed").count() == 1


@pytest.mark.parametrize("whom", ["followers", "nobody"])
def test_robots_do_not_list_whom_not_everybody_may_find(ada: User, whom: str) -> None:
    post = publish(ada, "Here I am")
    assert "noindex" not in page_of().get("/@ada").headers.get("X-Robots-Tag", "")
    actions.set_privacy(user=ada, found_by=whom)
    for address in ("/@ada", post.get_absolute_url()):
        answer = page_of().get(address)
        assert answer.status_code == 200  # who has the address can open it
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in answer.content.decode()
    assert author_cards([ada.pk])[ada.pk].robots == "noindex"

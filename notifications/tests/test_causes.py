"""What the apps below tell of, in the inbox of whom it concerns, and out of it again when it ends."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts import actions as people
from accounts import devices
from accounts.actions.addresses import old_side_key
from accounts.models import EmailChange, User
from accounts.tests.factories import PASSWORD, person
from feeds import live
from feeds.actions import delete_post, publish_due, publish_post, share_post, unshare_post
from feeds.tests.factories import publish
from feeds.tests.test_publish_due import due
from interactions import actions as doing
from notifications import actions, settling
from notifications.models import Notification, NotificationActor
from notifications.selectors import inbox_page, unread_count
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def inbox(viewer: User) -> list[str]:
    drain()
    return [item.text for item in inbox_page(viewer=viewer).items]


def test_a_request_that_is_withdrawn_or_refused_goes(ada: User, ben: User, cleo: User) -> None:
    people.set_privacy(user=ada, is_private=True)
    for who in (ben, cleo):
        people.follow_user(follower=who, followee=ada)
    assert inbox(ada) == ["Cleo asks to follow you", "Ben asks to follow you"]
    people.unfollow_user(follower=ben, followee=ada)
    assert inbox(ada) == ["Cleo asks to follow you"]
    people.refuse_follow_request(followee=ada, follower=cleo)
    assert (inbox(ada), inbox(cleo)) == ([], [])
    people.follow_user(follower=ben, followee=ada)
    people.follow_user(follower=cleo, followee=ada)
    assert len(inbox(ada)) == 2
    people.accept_follow_request(followee=ada, follower=ben)
    people.delete_person(user=cleo, password=PASSWORD)
    assert (inbox(ada), inbox(ben)) == ([], ["Ada lets you follow them"])


def test_a_sign_in_from_somewhere_new_another_address_and_password(ada: User) -> None:
    for agent, trait in (("Firefox, Linux", "1"), ("Safari, iPhone", "2"), ("Safari, iPhone", "2")):
        people.note_sign_in(user=ada, by="session", device=devices.Device(agent, trait))
    people.ask_email_change(user=ada, email="new@example.com", password=PASSWORD)
    people.agree_to_change(key=old_side_key(EmailChange.objects.get(user=ada)))
    people.confirm_address(address=EmailAddress.objects.get(email="new@example.com"))
    people.change_password(user=ada, old=PASSWORD, new="another horse entirely 7")
    assert inbox(ada) == [
        "Your password was changed.",
        "Your e-mail address was changed.",
        "New sign-in to your account: Safari, iPhone.",
    ]
    assert all(row.told_at for row in Notification.objects.all())


def test_a_scheduled_post_is_out_or_could_not_be_published_each_time(ada: User, ben: User) -> None:
    due(ada, "Good morning")
    publish_due()
    assert inbox(ada) == ["The post that you scheduled is out."]
    delete_post(post=ada.posts.get(), actor=ada)
    assert inbox(ada) == []
    quoted = publish(ben)
    first, second = due(ada, share_of=quoted.pk), due(ada, share_of=quoted.pk)
    delete_post(post=quoted, actor=ben)
    publish_due()
    assert inbox(ada) == ["A post that you scheduled could not be published."] * 2
    actions.mark_read(person=ada)
    for draft in (first, second):
        type(draft).objects.filter(pk=draft.pk).update(
            problem="", scheduled_for=timezone.now() - timedelta(minutes=1)
        )
    publish_due()
    assert len(inbox(ada)) == 4 and unread_count(ada.pk) == 2


def test_shares_and_quotes_are_told_apart_and_go(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    for who in (ben, cleo):
        share_post(post=post, person=who)
    quote = publish_post(author=ben, content="So true", quoted=post)
    assert inbox(ada) == ["Ben quoted your post", "Cleo and Ben shared your post"]
    unshare_post(post=post, person=cleo)
    delete_post(post=quote, actor=ben)
    assert inbox(ada) == ["Ben shared your post"]
    delete_post(post=post, actor=ada)
    assert inbox(ada) == []


def test_who_rang_the_bell_hears_of_posts_and_shares_until_they_go(ada: User, ben: User, cleo: User) -> None:
    people.follow_user(follower=cleo, followee=ben, notify=True)
    people.follow_user(follower=ada, followee=ben)
    drain()
    original = publish(ada)
    post, _share = publish(ben), share_post(post=original, person=ben)
    assert inbox(cleo) == ["Ben posted", "Ben posted"]
    delete_post(post=original, actor=ada)  # its share goes with it, without an event of its own
    assert inbox(cleo) == ["Ben posted"]
    delete_post(post=post, actor=ben)
    assert inbox(cleo) == []
    people.set_bell(follower=cleo, followee=ben, notify=False)
    publish(ben)
    assert inbox(cleo) == []


def test_what_was_said_under_the_posts_of_who_left_goes(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    comment = doing.comment_on_post(post_id=post.pk, author=ben, content="How long?")
    doing.comment_on_post(post_id=post.pk, author=cleo, content="An hour", parent_id=comment.pk)
    doing.like_comment(comment_id=comment.pk, person=cleo)
    assert len(inbox(ben)) == 2
    people.delete_person(user=ada, password=PASSWORD)
    assert inbox(ben) == []
    assert not Notification.objects.of(ada).exists()


def test_people_whose_rows_will_be_deleted_leave_inboxes_first(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    for who in (ben, cleo):
        doing.like_post(post_id=post.pk, person=who)
    people.follow_user(follower=ben, followee=ada)
    assert sorted(inbox(ada)) == ["Ben follows you", "Cleo and Ben like your post"]
    settling.let_people_leave([ben.pk])
    assert inbox(ada) == ["Cleo likes your post"]
    User.objects.filter(pk=ben.pk).delete()
    assert inbox(ada) == ["Cleo likes your post"]
    assert not NotificationActor.objects.filter(actor=ben.pk).exists()


def test_the_topic_begins_with_the_number_of_unread_ones(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    drain()
    (message,) = live.snapshots(["notifications"], viewer=ada)
    assert (message["event"], message["data"]) == ("snapshot", {"unread": 1})
    assert live.seats(["notifications"], viewer=ada)["notifications"].group == f"notifications.{ada.pk}"


def test_it_all_leaves_nothing_wrong(ada: User, ben: User, cleo: User, settings: Any) -> None:
    post = publish(ada, "Hello @ben")
    doing.like_post(post_id=post.pk, person=ben)
    fan = person()
    doing.like_post(post_id=post.pk, person=fan)
    people.delete_person(user=fan, password=PASSWORD)
    people.suspend_user(user=cleo, actor=None)
    assert inbox(ada) == ["Ben likes your post"]
    assert inbox(ben) == ["Ada mentioned you"]
    assert broken() == []

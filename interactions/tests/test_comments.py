"""Commenting, editing, deleting, hiding and liking: what becomes of the tree and of its counts."""

from typing import Any

import pytest

from accounts import actions as people
from accounts.errors import EditConflict
from accounts.models import User
from accounts.tests.factories import PASSWORD, blocks, follows, person
from feeds.actions import delete_post, edit_post, publish_post, share_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions, comment_counts, tasks
from interactions.errors import CannotComment, CommentTooLong, EmptyComment, ParentGone
from interactions.models import Comment, CommentLike, ConversationMute
from interactions.tests.threads import chain, count_of, say
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.kernel.invariants import broken
from socialnet.kernel.redis import door, loads
from socialnet.kernel.text import UnusableText
from socialnet.outbox.models import AuditEntry, Event
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


def events(name: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.filter(name=f"interactions.{name}").order_by("pk")]


def test_a_comment_hangs_on_its_post_and_a_reply_on_its_comment(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    first, other = say(ben, post), say(cleo, post)
    reply = say(ada, first, "*Thank you* @cleo")
    assert [(c.parent_id, c.depth) for c in (first, other, reply)] == [(None, 1), (None, 1), (first.pk, 2)]
    assert reply.path == first.path + f"{reply.pk:014x}" and reply.line == [first.pk, reply.pk]
    assert "<em>Thank you</em>" in reply.html and 'href="/@cleo"' in reply.html
    first.refresh_from_db()
    assert (count_of(post), first.replies) == (3, 1)
    assert events("comment_written")[-1] == {
        "comment_id": reply.pk,
        "post_id": post.pk,
        "author_id": ada.pk,
        "parent_id": first.pk,
        "answered_id": ben.pk,
    }
    assert events("people_mentioned_in_comment")[0]["user_ids"] == [cleo.pk]
    drain()
    assert broken() == []


def test_below_the_deepest_level_answers_stand_beside_what_they_answer(ada: User, ben: User) -> None:
    post = publish(ada)
    line = chain(ben, post, 6)
    seventh = say(ada, line[5], "7")
    eighth = say(ben, seventh, "8")
    assert [c.depth for c in (*line, seventh, eighth)] == [1, 2, 3, 4, 5, 6, 6, 6]
    assert seventh.parent_id == eighth.parent_id == line[4].pk
    assert (line[5].replying_to_id, seventh.replying_to_id, eighth.replying_to_id) == (None, ben.pk, ada.pk)
    line[4].refresh_from_db()
    assert line[4].replies == 3
    assert events("comment_written")[-1]["answered_id"] == ada.pk
    assert broken() == []


@pytest.mark.parametrize(
    ("content", "error"),
    [("", EmptyComment), (" \u200b\n", EmptyComment), ("x" * 1001, CommentTooLong), ("a\x00b", UnusableText)],
)
def test_words_that_cannot_be_kept(ada: User, content: str, error: type[Exception]) -> None:
    post = publish(ada)
    standing = say(ada, post, "x" * 1000)
    with pytest.raises(error):
        say(ada, post, content)
    with pytest.raises(error):
        actions.edit_comment(comment_id=standing.pk, actor=ada, content=content)
    assert count_of(post) == 1


def test_what_is_answered_must_be_there_and_for_ones_eyes(ada: User, ben: User, cleo: User) -> None:
    post, elsewhere = publish(ada), say(ada, publish(ada))
    gone = say(ben, post)
    actions.delete_comment(comment_id=gone.pk, actor=ben)
    tombstone = say(ben, post)
    say(ada, tombstone)
    actions.delete_comment(comment_id=tombstone.pk, actor=ben)
    of_blocked = say(ben, post)
    blocks(ben, cleo)
    for parent_id in (elsewhere.pk, gone.pk, tombstone.pk, of_blocked.pk, 77, 2**60):
        with pytest.raises(ParentGone):
            actions.comment_on_post(post_id=post.pk, author=cleo, content="Hm", parent_id=parent_id)


def test_a_share_is_commented_on_as_what_it_shares(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    share = share_post(post=post, person=ben)
    comment = say(cleo, share)
    assert comment.post_id == post.pk
    assert (count_of(post), count_of(share)) == (1, 0)
    actions.mute_conversation(post_id=share.pk, person=cleo)
    assert list(ConversationMute.objects.values_list("user", "post")) == [(cleo.pk, post.pk)]


@pytest.mark.parametrize("state", ["private", "followers", "blocked", "suspended", "deleted", "hidden"])
def test_behind_the_door_nothing_can_be_done(ada: User, ben: User, state: str) -> None:
    post = publish(ada)
    comment = say(ada, post)
    match state:
        case "private" | "followers":
            Post.objects.filter(pk=post.pk).update(visibility=state)
        case "blocked":
            blocks(ada, ben)
        case "suspended":
            people.suspend_user(user=ada, actor=None)
        case "deleted":
            delete_post(post=post, actor=ada)
        case "hidden":
            Post.objects.filter(pk=post.pk).update(hidden_at="2026-01-01T00:00Z")
    acts = [
        lambda: say(ben, post),
        lambda: say(ben, comment),
        lambda: actions.like_comment(comment_id=comment.pk, person=ben),
        lambda: actions.unlike_comment(comment_id=comment.pk, person=ben),
        lambda: actions.delete_comment(comment_id=comment.pk, actor=ben),
        lambda: actions.hide_comment(comment_id=comment.pk, actor=ben),
        lambda: actions.edit_comment(comment_id=comment.pk, actor=ben, content="Mine"),
        lambda: actions.mute_conversation(post_id=post.pk, person=ben),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("everyone", {"ada", "ben", "cleo", "dora"}),
        ("followers", {"ada", "ben"}),
        ("mentioned", {"ada", "cleo"}),
    ],
)
def test_who_may_comment(
    ada: User, ben: User, cleo: User, dora: User, policy: str, allowed: set[str]
) -> None:
    follows(ben, ada)
    follows(dora, ada, pending=True)
    post = publish_post(author=ada, content="Ask @Cleo", reply_policy=policy)
    for who in (ada, ben, cleo, dora):
        if who.username in allowed:
            say(who, post)
        else:
            with pytest.raises(CannotComment):
                say(who, post)
    assert count_of(post) == len(allowed)


def test_who_may_comment_can_change_later_and_what_was_said_stays(ada: User, ben: User) -> None:
    post = publish(ada)
    first = say(ben, post)
    edit_post(post=post, actor=ada, reply_policy="followers")
    with pytest.raises(CannotComment):
        say(ben, first)
    actions.edit_comment(comment_id=first.pk, actor=ben, content="Still mine")
    edit_post(post=post, actor=ada, reply_policy="everyone")
    say(ben, first)
    assert count_of(post) == 2


def test_an_edit_is_marked_and_tells_whom_it_names_anew(ada: User, ben: User, cleo: User) -> None:
    comment = say(ben, publish(ada), "Hello @ada")
    actions.edit_comment(comment_id=comment.pk, actor=ben, content="Hello @ada")
    comment.refresh_from_db()
    assert comment.edited_at is None and comment.version == 1
    edited = actions.edit_comment(comment_id=comment.pk, actor=ben, content="Hello @ada and @cleo", version=1)
    assert edited.edited_at and edited.version == 2
    assert [event["user_ids"] for event in events("people_mentioned_in_comment")] == [[ada.pk], [cleo.pk]]
    assert len(events("comment_edited")) == 1
    with pytest.raises(EditConflict):
        actions.edit_comment(comment_id=comment.pk, actor=ben, content="Another tab", version=1)
    with pytest.raises(Forbidden):
        actions.edit_comment(comment_id=comment.pk, actor=ada, content="Mine now")


def test_what_is_answered_stays_as_a_tombstone_and_goes_with_its_last_answer(ada: User, ben: User) -> None:
    post = publish(ada)
    first = say(ben, post, "Secret words")
    second = say(ada, first)
    third = say(ben, second)
    actions.like_comment(comment_id=first.pk, person=ada)
    for comment in (first, second):
        actions.delete_comment(comment_id=comment.pk, actor=comment.author)
    first.refresh_from_db()
    assert (first.content, first.html, first.author, first.likes, first.replies) == ("", "", None, 0, 0)
    assert first.deleted_at and count_of(post) == 1
    assert broken() == []
    actions.delete_comment(comment_id=third.pk, actor=ben)
    assert not Comment.objects.exists() and not CommentLike.objects.exists() and count_of(post) == 0
    assert [event["author_id"] for event in events("comment_deleted")] == [ben.pk, ada.pk, ben.pk]
    with pytest.raises(NotFound):
        actions.delete_comment(comment_id=third.pk, actor=ben)


def test_only_its_author_and_moderators_take_a_comment_away(
    ada: User, ben: User, cleo: User, mod: User
) -> None:
    post = publish(ada)
    comment = say(ben, post)
    for other in (ada, cleo):
        with pytest.raises(Forbidden):
            actions.delete_comment(comment_id=comment.pk, actor=other)
    actions.delete_comment(comment_id=comment.pk, actor=mod)
    entry = AuditEntry.objects.get(act="interactions.comment_removed")
    assert (entry.actor_id, entry.target_id) == (mod.pk, comment.pk)
    assert count_of(post) == 0


def test_ones_own_words_can_be_deleted_where_one_is_not_let_in_any_more(ada: User, ben: User) -> None:
    post = publish(ada)
    comment = say(ben, post)
    blocks(ada, ben)
    actions.delete_comment(comment_id=comment.pk, actor=ben)
    assert count_of(post) == 0


def test_the_author_of_the_post_hides_and_shows(ada: User, ben: User, cleo: User) -> None:
    comment = say(ben, publish(ada))
    for other in (ben, cleo):
        with pytest.raises(Forbidden):
            actions.hide_comment(comment_id=comment.pk, actor=other)
        with pytest.raises(Forbidden):
            actions.unhide_comment(comment_id=comment.pk, actor=other)
    for _twice in range(2):
        actions.hide_comment(comment_id=comment.pk, actor=ada)
    comment.refresh_from_db()
    assert comment.hidden_at and len(events("comment_hidden")) == 1
    for _twice in range(2):
        actions.unhide_comment(comment_id=comment.pk, actor=ada)
    comment.refresh_from_db()
    assert comment.hidden_at is None and len(events("comment_shown")) == 1


def test_likes_of_comments_are_soft_and_counted_once(ada: User, ben: User) -> None:
    comment = say(ada, publish(ada))
    assert [actions.like_comment(comment_id=comment.pk, person=ben) for _ in range(2)] == [1, 1]
    assert [actions.unlike_comment(comment_id=comment.pk, person=ben) for _ in range(2)] == [0, 0]
    assert CommentLike.objects.get().is_active is False
    assert actions.like_comment(comment_id=comment.pk, person=ben) == 1
    assert [len(events(name)) for name in ("comment_liked", "comment_unliked")] == [2, 1]
    assert broken() == []


def test_with_a_post_its_comments_go(ada: User, ben: User) -> None:
    post, other = publish(ada), publish(ada)
    chain(ben, post, 7)
    say(ada, post)
    say(ben, other)
    delete_post(post=post, actor=ada)
    drain()
    assert list(Comment.objects.values_list("post", flat=True)) == [other.pk]
    assert (count_of(post), count_of(other)) == (0, 1)
    assert broken() == []


def test_with_a_person_their_words_and_likes_go_and_others_stay(ada: User, ben: User, cleo: User) -> None:
    post = publish(ada)
    of_cleo = say(cleo, post)
    of_ben = say(ben, of_cleo, "My secret")
    answer = say(cleo, of_ben)
    alone = say(ben, post)
    for comment in (of_cleo, answer, of_ben):
        actions.like_comment(comment_id=comment.pk, person=ben)
    actions.like_comment(comment_id=of_ben.pk, person=cleo)
    actions.mute_conversation(post_id=post.pk, person=ben)
    people.delete_person(user=ben, password=PASSWORD)
    drain()
    assert set(Comment.objects.values_list("pk", flat=True)) == {of_cleo.pk, of_ben.pk, answer.pk}
    of_ben.refresh_from_db()
    of_cleo.refresh_from_db()
    assert (of_ben.author, of_ben.content, of_cleo.likes, of_cleo.replies) == (None, "", 0, 0)
    assert not Comment.objects.filter(pk=alone.pk).exists()
    assert not CommentLike.objects.exists() and not ConversationMute.objects.exists()
    assert count_of(post) == 2
    assert broken() == []


def test_with_the_author_of_a_post_all_under_it_goes(ada: User, ben: User) -> None:
    chain(ben, publish(ada), 3)
    people.delete_person(user=ada, password=PASSWORD)
    drain()
    assert not Comment.objects.exists()
    assert broken() == []


def test_drift_is_mended_and_logged(ada: User, ben: User) -> None:
    post, quiet = publish(ada), publish(ada)
    comment = say(ben, post)
    say(ada, comment)
    actions.like_comment(comment_id=comment.pk, person=ada)
    for wrong in (post, quiet):
        wrong.counts.comments = 9
        wrong.counts.save()
    Comment.objects.filter(pk=comment.pk).update(likes=5, replies=7)
    assert len(broken()) == 3
    assert comment_counts.reconcile_recent() == 1
    comment.refresh_from_db()
    assert (count_of(post), comment.likes, comment.replies) == (2, 1, 1)
    assert count_of(quiet) == 9
    tasks.reconcile_all_comment_counts()
    assert count_of(quiet) == 0 and comment_counts.reconcile_all() == 0
    assert broken() == []


def test_likes_taken_back_long_ago_are_forgotten(ada: User, ben: User) -> None:
    comment = say(ada, publish(ada))
    for who in (ada, ben, person("zoe")):
        actions.like_comment(comment_id=comment.pk, person=who)
    for who in (ada, ben):
        actions.unlike_comment(comment_id=comment.pk, person=who)
    CommentLike.objects.filter(user=ada).update(place=5)
    tasks.forget_inactive_comment_likes()
    assert CommentLike.objects.count() == 2 and broken() == []


def test_open_pages_learn_the_id_of_a_new_comment_and_nothing_more(ada: User, ben: User) -> None:
    post = publish(ada)
    with door() as client:
        listening = client.pubsub(ignore_subscribe_messages=True)
        listening.subscribe(f"live__group__post.{post.pk}")
        listening.get_message(timeout=1)
        first = say(ben, post, "Secret words")
        reply = say(ada, first)
        drain()
        heard = [
            loads(message["data"])["message"]
            for _ in range(2)
            if (message := listening.get_message(timeout=2))
        ]
        listening.close()
    assert [(one["topic"], one["event"], "version" in one) for one in heard] == [
        (f"post:{post.pk}", "comment.new", False)
    ] * 2
    assert sorted((one["data"] for one in heard), key=lambda data: data["id"]) == [
        {"id": str(first.pk), "parent_id": None},
        {"id": str(reply.pk), "parent_id": str(first.pk)},
    ]

"""What news from below puts into inboxes, and takes out. Each looks at what is true now, and may run twice."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from accounts.events import (
    EmailChanged,
    FollowRequested,
    FollowRequestEnded,
    PasswordChanged,
    PersonDeleted,
    SessionsEnded,
    SignedIn,
    UserBlocked,
    UserFollowed,
    UserSuspended,
    UserUnfollowed,
    UserUnsuspended,
)
from accounts.models import User
from feeds import shields
from feeds.events import (
    FiltersChanged,
    PeopleMentioned,
    PostDeleted,
    PostHidden,
    PostPublished,
    PostShown,
    PostsRemoved,
    ScheduledPostFailed,
    ScheduledPostPublished,
)
from feeds.models import Post
from groups.events import (
    GroupAsked,
    GroupInvited,
    GroupJoined,
    GroupLeft,
    GroupRoleChanged,
    GroupWaitingEnded,
)
from interactions.events import (
    CommentDeleted,
    CommentLiked,
    CommentReleased,
    CommentUnliked,
    CommentWithheld,
    CommentWritten,
    PeopleMentionedInComment,
    PostLiked,
    PostUnliked,
)
from notifications import actions, causes, live, settling, telling
from notifications.channels.mail import bounces
from notifications.channels.mail import sending as letters
from notifications.channels.push import actions as push
from notifications.channels.push import sending as pushes
from notifications.claims import Claim
from notifications.events import Announced, DigestOwed, MailOwed, PushOwed
from notifications.items import OF_GROUPS
from notifications.models import Announcement
from socialnet.outbox.actions import owe
from socialnet.outbox.handlers import Owed, on, owed

PIECE = 500  # people that one piece of work tells
SWEEP = 1000  # rows of people asked again at once
LIKES_GATHER = 1.0  # seconds: they are told in batches anyway


def _settle(claims: Iterable[Claim]) -> None:
    """Into inboxes or out of them, then the number on open pages, then what is due at once."""
    changed = settling.settle(claims)
    if changed:
        live.tell_numbers(changed)
        telling.tell(changed)


@on(UserFollowed, UserUnfollowed, FollowRequested, FollowRequestEnded, queue="notify")
def note_follows(events: list[Any]) -> None:
    _settle(causes.of_follows(events))


@on(GroupInvited, GroupAsked, GroupJoined, queue="notify")
def note_groups(events: list[Any]) -> None:
    _settle(causes.of_groups(events))


@on(GroupJoined, GroupLeft, GroupWaitingEnded, GroupRoleChanged, queue="notify")
def forget_groups(events: list[Any]) -> None:
    """What was asked is answered, or asked no longer; who may not answer any more need not know of it."""
    groups, people = {event.group_id for event in events}, {event.user_id for event in events}
    of_groups = Q(notification__kind__in=OF_GROUPS, notification__target_id__in=groups)
    for concerned in (Q(notification__recipient__in=people), Q(actor__in=people)):
        _resettle(concerned & of_groups)
    gone = {event.user_id for event in events if isinstance(event, GroupLeft)}
    if gone:
        _resettle(Q(notification__recipient__in=gone, notification__kind="group_post"))


@on(PostLiked, PostUnliked, queue="notify", batch=500, gather=LIKES_GATHER)
def note_likes(events: list[Any]) -> None:
    _settle(causes.of_likes(events))


@on(CommentLiked, CommentUnliked, queue="notify", batch=500, gather=LIKES_GATHER)
def note_comment_likes(events: list[Any]) -> None:
    _settle(causes.of_comment_likes(events))


@on(CommentWritten, queue="notify")
def note_comments(events: list[CommentWritten]) -> None:
    _settle(causes.of_comments(events))


@on(PeopleMentionedInComment, queue="notify")
def note_mentions_in_comments(events: list[PeopleMentionedInComment]) -> None:
    _settle(causes.of_mentions_in_comments(events))


@on(PeopleMentioned, queue="notify")
def note_mentions(events: list[PeopleMentioned]) -> None:
    _settle(causes.of_mentions(events))


@on(PostPublished, queue="notify", batch=20)
def note_posts(events: list[PostPublished]) -> None:
    """Whose post was shared; then, in pieces, those who rang the author's bell, and who hears of all in its group."""
    _settle(causes.of_shares([event.post_id for event in events]))
    in_groups = Post.objects.published().filter(group__isnull=False)
    posts = in_groups.in_bulk([event.post_id for event in events])
    for event in events:
        owe(ring_piece, event, causes.pieces_of_ringing(event.author_id, PIECE))
        if post := posts.get(event.post_id):
            owe(group_piece, event, causes.pieces_of_hearing(post, PIECE))


@owed(queue="fanout_bulk")
def ring_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        post = Post.objects.published().filter(pk=piece.event.post_id).first()  # type: ignore[attr-defined]
        if post is not None:
            _settle(causes.of_bell(post, first=first, last=last))


@owed(queue="fanout_bulk")
def group_piece(pieces: Sequence[Owed]) -> None:
    """Some of the members of a group who hear of every post there."""
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        post = Post.objects.published().filter(pk=piece.event.post_id).first()  # type: ignore[attr-defined]
        if post is not None and post.group_id is not None:
            _settle(causes.of_group_post(post, first=first, last=last))


@on(PostDeleted, queue="notify")
def forget_posts(events: list[PostDeleted]) -> None:
    """What led to them, and, if they were shares, that somebody shared."""
    gone = [event.post_id for event in events]
    _settle(causes.of_shares(gone))
    live.tell_numbers(settling.forget_gone(Q(post_id__in=gone)))


@on(PostsRemoved, queue="notify")
def forget_removed_posts(events: list[PostsRemoved]) -> None:
    gone = [post_id for event in events for post_id in event.post_ids]
    live.tell_numbers(settling.forget_gone(Q(post_id__in=gone)))


@on(ScheduledPostPublished, ScheduledPostFailed, queue="notify")
def note_scheduled(events: list[Any]) -> None:
    _settle(causes.of_scheduled(events))


@on(CommentDeleted, queue="notify")
def forget_comments(events: list[CommentDeleted]) -> None:
    gone = [event.comment_id for event in events]
    live.tell_numbers(settling.forget_gone(Q(comment_id__in=gone)))


@on(PostHidden, PostShown, queue="notify")
def follow_hidden_posts(events: list[PostHidden | PostShown]) -> None:
    """What led to them goes, and comes back as far as it is still true; of shares, that somebody shared."""
    posts = [event.post_id for event in events]
    _settle(causes.of_shares(posts))
    _resettle_both(Q(notification__post_id__in=posts))


@on(CommentWithheld, CommentReleased, queue="notify")
def follow_withheld_comments(events: list[CommentWithheld | CommentReleased]) -> None:
    _resettle_both(Q(notification__comment_id__in=[event.comment_id for event in events]))


@on(UserBlocked, queue="notify")
def part_people(events: list[UserBlocked]) -> None:
    """Neither is in the other's inbox from now on."""
    for event in events:
        pair = (event.blocker_id, event.blocked_id)
        _resettle(Q(actor__in=pair, notification__recipient__in=pair))


@on(UserSuspended, queue="maintenance", batch=1)
def forget_actors(events: list[UserSuspended]) -> None:
    """They are nobody's news any more."""
    for event in events:
        _resettle(Q(actor=event.user_id))


@on(UserUnsuspended, queue="maintenance", batch=1)
def bring_back_actors(events: list[UserUnsuspended]) -> None:
    """They are news again where they were."""
    for event in events:
        _resettle(Q(actor=event.user_id), standing=False)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    """First out of the inboxes of others, whose numbers follow; then their own."""
    for event in events:
        _resettle(Q(actor=event.user_id))
        actions.forget_person(user_id=event.user_id)


def _resettle_both(condition: Q) -> None:
    """Whatever is true of it now: who stands may have to go, who went may come back."""
    for standing in (True, False):
        _resettle(condition, standing=standing)


def _resettle(condition: Q, *, standing: bool = True) -> None:
    """Ask again of those who stand in inboxes and meet `condition`; or of those who do not any more, who come back."""
    settle = settling.settle if standing else settling.bring_back
    settling.after_settling()
    after = (0, 0)
    while claims := causes.of_rows(condition, after=after, most=SWEEP, standing=standing):
        live.tell_numbers(settle(claim for _place, claim in claims))
        after = claims[-1][0]


@on(PasswordChanged, EmailChanged, SignedIn, queue="notify")
def note_security(events: list[Any]) -> None:
    _settle(causes.of_security(events))


@on(Announced, queue="default", batch=1)
def announce(events: list[Announced]) -> None:
    """To everybody, in pieces."""
    for event in events:
        owe(announce_piece, event, causes.pieces_of_everybody(PIECE))


@owed(queue="fanout_bulk")
def announce_piece(pieces: Sequence[Owed]) -> None:
    for piece in pieces:
        first, last = map(int, piece.key.split("-"))
        announcement = Announcement.objects.filter(pk=piece.event.announcement_id).first()  # type: ignore[attr-defined]
        if announcement is not None:
            _settle(causes.of_announcement(announcement, first=first, last=last))


@on(FiltersChanged, queue="notify", batch=20)
def quiet_filtered(events: list[FiltersChanged]) -> None:
    """What a new filter hides is not unread any more."""
    for person in User.objects.standing().filter(pk__in={event.user_id for event in events}):
        shields.surely_drop(person.pk)  # whichever handler is first
        actions.quiet_filtered(person=person)


# --- mail -------------------------------------------------------------------------------------------------


@on(MailOwed, queue="mail", batch=1)
def send_letters(events: list[MailOwed]) -> None:
    for event in events:
        letters.send_news(event)


@on(DigestOwed, queue="mail_bulk", batch=1)
def send_digests(events: list[DigestOwed]) -> None:
    for event in events:
        letters.send_digest(event)


@on(EmailChanged, queue="default")
def trust_new_addresses(events: list[EmailChanged]) -> None:
    """Letters came back from the old one, if from any."""
    bounces.forget([event.user_id for event in events])


# --- Web Push ---------------------------------------------------------------------------------------------


@on(PushOwed, queue="push", batch=1)
def send_push(events: list[PushOwed]) -> None:
    for event in events:
        pushes.send(user_id=event.user_id, notification_ids=event.notification_ids)


@on(SessionsEnded, queue="default")
def forget_browsers(events: list[SessionsEnded]) -> None:
    """Who is signed out of a browser is not told there any more."""
    push.forget_sessions([copy for event in events for copy in event.copies])


@on(UserSuspended, PersonDeleted, queue="default")
def forget_browsers_of_people(events: list[Any]) -> None:
    push.forget_people({event.user_id for event in events})

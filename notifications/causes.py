"""From events of the apps below to claims: whom each might concern. Whether it does is asked when they are settled."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q

from accounts.events import (
    EmailChanged,
    FollowRequested,
    FollowRequestEnded,
    PasswordChanged,
    SignedIn,
    UserFollowed,
    UserUnfollowed,
)
from accounts.models import Follow, User
from feeds.events import PeopleMentioned, ScheduledPostFailed, ScheduledPostPublished
from feeds.models import Post
from feeds.text import mentioned_names
from groups.events import GroupAsked, GroupInvited, GroupJoined
from groups.models import Membership
from interactions.events import (
    CommentLiked,
    CommentUnliked,
    CommentWritten,
    PeopleMentionedInComment,
    PostLiked,
    PostUnliked,
)
from interactions.models import Comment
from notifications.claims import Claim
from notifications.models import Announcement, NotificationActor


def of_follows(
    events: Iterable[UserFollowed | UserUnfollowed | FollowRequested | FollowRequestEnded],
) -> Iterator[Claim]:
    """A follow tells the followed; one that was asked for tells who asked. What they end is taken out: a follow the
    request, the end of a follow all three."""
    for event in events:
        asks, follows = isinstance(event, FollowRequested), isinstance(event, UserFollowed)
        was_asked = isinstance(event, UserFollowed) and event.was_asked
        for kind, recipient, actor, begins in (
            ("follow_request", event.followee_id, event.follower_id, asks),
            ("follow", event.followee_id, event.follower_id, follows and not was_asked),
            ("request_accepted", event.follower_id, event.followee_id, was_asked),
        ):
            yield Claim(
                kind=kind, recipient_id=recipient, actor_id=actor, target_id=actor, is_undone=not begins
            )


def of_groups(events: Sequence[GroupInvited | GroupAsked | GroupJoined]) -> Iterator[Claim]:
    """The invited hear of it, of a request whoever may answer it, and who asked that they were let in."""
    asked = {event.group_id for event in events if isinstance(event, GroupAsked)}
    staff = Membership.objects.active().filter(group__in=asked).exclude(role=Membership.Role.MEMBER)
    answering: dict[int, list[int]] = defaultdict(list)
    for group_id, user_id in staff.values_list("group_id", "user_id") if asked else ():
        answering[group_id].append(user_id)
    for event in events:
        if isinstance(event, GroupInvited):
            yield _of_group("group_invitation", event.user_id, event.inviter_id, event.group_id)
        elif isinstance(event, GroupAsked):
            for recipient_id in answering[event.group_id]:
                yield _of_group("group_request", recipient_id, event.user_id, event.group_id)
        elif event.accepter_id is not None:
            yield _of_group("group_accepted", event.user_id, event.accepter_id, event.group_id)


def _of_group(kind: str, recipient_id: int, actor_id: int, group_id: int) -> Claim:
    return Claim(kind=kind, recipient_id=recipient_id, actor_id=actor_id, target_id=group_id)


def of_likes(events: Iterable[PostLiked | PostUnliked]) -> Iterator[Claim]:
    for event in events:
        yield Claim(
            kind="like",
            recipient_id=event.author_id,
            actor_id=event.user_id,
            target_id=event.post_id,
            post_id=event.post_id,
        )


def of_comment_likes(events: Sequence[CommentLiked | CommentUnliked]) -> Iterator[Claim]:
    posts = dict(
        Comment.objects.filter(pk__in={event.comment_id for event in events}).values_list("pk", "post_id")
    )
    for event in events:
        if event.comment_id in posts:  # else it is gone, and `of_comments_gone` takes care of it
            yield Claim(
                kind="comment_like",
                recipient_id=event.author_id,
                actor_id=event.user_id,
                target_id=event.comment_id,
                post_id=posts[event.comment_id],
                comment_id=event.comment_id,
            )


def of_comments(events: Sequence[CommentWritten]) -> Iterator[Claim]:
    """Whose comment is answered hears of an answer, the post's author of a comment.

    Who is answered, named and the author hears of it once: as the first of these that they want to hear of.
    """
    comments = Comment.objects.standing().select_related("post__author", "replying_to")
    there = comments.in_bulk([event.comment_id for event in events])
    for event in events:
        comment = there.get(event.comment_id)
        if comment is None:
            continue
        author_id, answered_id = comment.post.author_id, event.answered_id
        if answered_id:
            yield _of_comment("reply", answered_id, comment)
        is_named = comment.post.author.username.lower() in mentioned_names(comment.content)
        better = (("reply",) if author_id == answered_id else ()) + (("mention",) if is_named else ())
        yield _of_comment("comment", author_id, comment, unless=better)


def of_mentions_in_comments(events: Sequence[PeopleMentionedInComment]) -> Iterator[Claim]:
    """Who is answered and named hears of the answer, if they want to hear of answers."""
    there = Comment.objects.standing().in_bulk([event.comment_id for event in events])
    for event in events:
        if comment := there.get(event.comment_id):
            for user_id in dict.fromkeys(event.user_ids):
                better = ("reply",) if user_id == event.answered_id else ()
                yield _of_comment("mention", user_id, comment, unless=better)


def _of_comment(kind: str, recipient_id: int, comment: Comment, *, unless: tuple[str, ...] = ()) -> Claim:
    return Claim(
        kind=kind,
        recipient_id=recipient_id,
        actor_id=comment.author_id,
        target_id=comment.pk,
        post_id=comment.post_id,
        comment_id=comment.pk,
        unless=unless,
    )


def of_mentions(events: Iterable[PeopleMentioned]) -> Iterator[Claim]:
    for event in events:
        for user_id in event.user_ids:
            yield Claim(
                kind="mention",
                recipient_id=user_id,
                actor_id=event.author_id,
                target_id=event.post_id,
                post_id=event.post_id,
            )


def of_shares(post_ids: Collection[int]) -> Iterator[Claim]:
    """Shares and quotes among these posts, for whom they are of; also of shares that are gone."""
    posts = Post.objects.filter(pk__in=post_ids, share_of__isnull=False)
    known = list(posts.only("id", "author_id", "share_of_id", "content", "with_media"))
    authors = dict(
        Post.objects.filter(pk__in={post.share_of_id for post in known}).values_list("pk", "author_id")
    )
    for post in known:
        if post.share_of_id not in authors or not post.share_of_id:
            continue
        is_share = post.is_share
        yield Claim(
            kind="share" if is_share else "quote",
            recipient_id=authors[post.share_of_id],
            actor_id=post.author_id,
            target_id=post.share_of_id if is_share else post.pk,
            post_id=post.share_of_id if is_share else post.pk,
        )


def of_bell(post: Post, *, first: int, last: int) -> Iterator[Claim]:
    """For the followers with ids from `first` to `last` who rang the author's bell."""
    ringing = _ringing(post.author_id).filter(follower__gte=first, follower__lte=last)
    for follower_id in ringing.values_list("follower_id", flat=True):
        yield Claim(
            kind="new_post",
            recipient_id=follower_id,
            actor_id=post.author_id,
            target_id=post.pk,
            post_id=post.pk,
        )


def of_group_post(post: Post, *, first: int, last: int) -> Iterator[Claim]:
    """For the members of its group with ids from `first` to `last` who chose to hear of every post there.

    Whom it names, and who rang the author's bell, hears of it once, as the first of these that they want to hear of.
    """
    members = (
        _hearing_all(post).filter(user__gte=first, user__lte=last).values_list("user_id", "user__username")
    )
    ringing = set(
        _ringing(post.author_id)
        .filter(follower__gte=first, follower__lte=last)
        .values_list("follower_id", flat=True)
    )
    named = mentioned_names(post.content)
    for user_id, username in members:
        better = (("mention",) if username.lower() in named else ()) + (
            ("new_post",) if user_id in ringing else ()
        )
        yield Claim(
            kind="group_post",
            recipient_id=user_id,
            actor_id=post.author_id,
            target_id=post.pk,
            post_id=post.pk,
            unless=better,
        )


def pieces_of_hearing(post: Post, size: int) -> list[str]:
    """Those who chose to hear of every post in the group of `post`, as `pieces_of_ringing`."""
    return _pieces(_hearing_all(post).order_by("user_id").values_list("user_id", flat=True), size)


def _hearing_all(post: Post) -> Any:
    return Membership.objects.hearing_all().filter(group=post.group_id)


def pieces_of_ringing(author_id: int, size: int) -> list[str]:
    """Those who rang the author's bell, as ranges `first-last` of at most `size` of them."""
    return _pieces(_ringing(author_id).order_by("follower_id").values_list("follower_id", flat=True), size)


def _ringing(author_id: int) -> Any:
    return Follow.objects.active().filter(followee=author_id, notify=True)


def of_security(events: Iterable[Any]) -> Iterator[Claim]:
    """Each on its own: the event is the target. A sign-in is news only from somewhere new."""
    for event in events:
        if isinstance(event, SignedIn) and not event.is_new:
            continue
        words = {"what": _SECURITY[type(event)], "device": getattr(event, "device", "")}
        yield Claim(
            kind="security", recipient_id=event.user_id, actor_id=None, target_id=event.id, words=words
        )


_SECURITY: dict[type, str] = {PasswordChanged: "password", EmailChanged: "email", SignedIn: "sign_in"}


def of_scheduled(events: Iterable[ScheduledPostPublished | ScheduledPostFailed]) -> Iterator[Claim]:
    """A post is published once; a draft may fail at each of its times, so there the event is the target."""
    for event in events:
        post_id = event.post_id if isinstance(event, ScheduledPostPublished) else None
        yield Claim(
            kind="post_published" if post_id else "post_failed",
            recipient_id=event.author_id,
            actor_id=None,
            target_id=post_id or event.id,
            post_id=post_id,
        )


def of_announcement(announcement: Announcement, *, first: int, last: int) -> Iterator[Claim]:
    people = User.objects.standing().filter(pk__range=(first, last))
    for user_id in people.values_list("pk", flat=True):
        yield Claim(
            kind="system",
            recipient_id=user_id,
            actor_id=None,
            target_id=announcement.pk,
            words={"text": announcement.text, "url": announcement.url},
        )


def pieces_of_everybody(size: int) -> list[str]:
    return _pieces(User.objects.standing().order_by("pk").values_list("pk", flat=True), size)


def _pieces(ids: Iterable[int], size: int) -> list[str]:
    known = list(ids)
    chunks = [known[start : start + size] for start in range(0, len(known), size)]
    return [f"{chunk[0]}-{chunk[-1]}" for chunk in chunks]


def of_rows(
    condition: Q, *, after: tuple[int, int], most: int, standing: bool = True
) -> list[tuple[tuple[int, int], Claim]]:
    """What stands in inboxes already, of people who did it that meet `condition`, with the place of each; in order.
    Or what does not stand there any more."""
    actors = NotificationActor.objects.filter(condition, is_active=standing).select_related("notification")
    row, person = after
    later = Q(notification__gt=row) | Q(notification=row, actor__gt=person)
    return [
        ((actor.notification_id, actor.actor_id), _of_actor(actor))
        for actor in actors.filter(later).order_by("notification_id", "actor_id")[:most]
    ]


def _of_actor(actor: NotificationActor) -> Claim:
    row = actor.notification
    return Claim(
        kind=row.kind,
        recipient_id=row.recipient_id,
        actor_id=actor.actor_id,
        target_id=row.target_id,
        post_id=row.post_id,
        comment_id=row.comment_id,
    )

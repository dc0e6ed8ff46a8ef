"""What posts and follows set in motion. Each looks at what is true now; twice, late and out of order are harmless."""

import time
from collections.abc import Sequence

from accounts import standins
from accounts.events import (
    PersonDeleted,
    PrivacyChanged,
    SignedIn,
    UserBlocked,
    UserFollowed,
    UserSuspended,
    UserUnfollowed,
    UserUnsuspended,
)
from accounts.models import Follow
from feeds import (
    actions,
    candidates,
    cards,
    fanout,
    group_live,
    group_posts,
    idle,
    live,
    newest,
    previews,
    shields,
    sources,
    stored,
    tag_counts,
    tagged,
    timelines,
    upkeep,
    warming,
)
from feeds.events import (
    FiltersChanged,
    HiddenPostsChanged,
    LinkWanted,
    PeopleWentIdle,
    PersonReturned,
    PostDeleted,
    PostEdited,
    PostHidden,
    PostPublished,
    PostShown,
    SourceLeft,
    TagFollowed,
    TagUnfollowed,
)
from feeds.models import Post, PullSource
from groups.events import GroupChanged, GroupDeleted, GroupHidden, GroupJoined, GroupLeft, GroupShown
from socialnet.outbox.actions import owe
from socialnet.outbox.errors import NotYet
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, on, owed


@on(PostPublished, queue="fanout", batch=20)
def deliver_posts(events: list[PostPublished]) -> None:
    """A small audience is served here; a large one in pieces, each a delivery of its own; the largest reads."""
    posts = Post.objects.deliverable().in_bulk([event.post_id for event in events])
    for event in events:
        if post := posts.get(event.post_id):
            _deliver(post, event)
    _forget_lists(events)
    fanout.tell_followers_of_tags(posts.values())


def _forget_lists(
    events: Sequence[PostPublished | PostEdited | PostDeleted | PostHidden | PostShown],
) -> None:
    """The actions dropped the lists that these posts come or go from, and counted their tags; this makes sure.

    Counted they are again for authors who went private, or came back, while they wrote.
    """
    posts = {event.post_id for event in events}
    newest.surely_forget(author_ids={event.author_id for event in events}, post_ids=posts)
    tag_counts.recount_wrong(posts)


def _deliver(post: Post, event: PostPublished) -> None:
    if post.group_id is not None:
        return fanout.deliver_in_group(post)
    if sources.note_post(post):
        return fanout.deliver_to_author(post)
    parts = fanout.ranges(post)
    if len(parts) == 1:
        fanout.deliver(post, parts[0])
    else:
        chunk = deliver_large_chunk if fanout.is_large(post.author_id) else deliver_chunk
        owe(chunk, event, [part.key for part in parts])


@owed(queue="fanout")
def deliver_chunk(chunks: list[Owed]) -> None:
    _deliver_chunks(chunks)


@owed(queue="fanout_bulk")
def deliver_large_chunk(chunks: list[Owed]) -> None:
    """A piece of an audience so large that it waits behind everybody else's."""
    _deliver_chunks(chunks)


def _deliver_chunks(chunks: list[Owed]) -> None:
    posts = Post.objects.deliverable().in_bulk([chunk.event.post_id for chunk in chunks])  # type: ignore[attr-defined]
    for chunk in chunks:
        if post := posts.get(chunk.event.post_id):  # type: ignore[attr-defined]
            fanout.deliver(post, fanout.Range.of(chunk.key))


@on(SourceLeft, queue="fanout_bulk", batch=1)
def deliver_eras(events: list[SourceLeft]) -> None:
    for event in events:
        owe(deliver_era_chunk, event, [part.key for part in fanout.followers_of(event.author_id)])


@owed(queue="fanout_bulk")
def deliver_era_chunk(chunks: list[Owed]) -> None:
    """Nothing is owed any more when the author has left already: then all pieces were delivered once."""
    for chunk in chunks:
        author_id = chunk.event.author_id  # type: ignore[attr-defined]
        if source := PullSource.objects.filter(pk=author_id).exclude(leaving_at=None).first():
            fanout.deliver_era(source, fanout.Range.of(chunk.key))


@on(PostEdited)
def forget_edited(events: list[PostEdited]) -> None:
    """The action dropped the cards already; this makes sure. Whom a narrower audience shuts out sees it go, and who
    had it for a tag that it lost."""
    cards.surely_drop(*(event.post_id for event in events))
    _forget_lists(events)
    for post in Post.objects.published().filter(pk__in={event.post_id for event in events}):
        fanout.withdraw_from_outsiders(post)
        fanout.withdraw_from_tags(post, newest.tags_ever([post.pk]))


@on(PostDeleted, PostHidden)
def forget_posts(events: list[PostDeleted | PostHidden]) -> None:
    """Deleted or hidden. The action dropped the cards already; this makes sure, and open homes take them away.

    Ids of what is deleted leave the timelines when somebody meets them.
    """
    cards.surely_drop(*(event.post_id for event in events))
    _forget_lists(events)
    sources.note_deleted({event.author_id for event in events})
    for event in events:
        fanout.withdraw(event.post_id, author_id=event.author_id, tags=newest.tags_ever([event.post_id]))


@on(PostShown)
def remember_posts(events: list[PostShown]) -> None:
    """Timelines kept them while they were hidden; of what stands by that they are not there nothing is left."""
    cards.surely_drop(*(event.post_id for event in events))
    _forget_lists(events)
    sources.note_deleted({event.author_id for event in events})  # their recent lists are read anew


@on(PostDeleted, queue="fanout_bulk", batch=20)
def remove_shares(events: list[PostDeleted]) -> None:
    """What only shared a post goes with it. Nobody has seen it since; this puts counts and profiles right.

    A few seconds at a time: others wait in the same queue.
    """
    until = time.monotonic() + 5
    for event in events:
        while actions.remove_shares_of(event.post_id):
            if time.monotonic() > until:
                raise NotYet(1)


@on(UserFollowed, batch=20)
def fill_homes(events: list[UserFollowed]) -> None:
    """Backfill the follower; if the two are friends now, also what only friends may see, the other way."""
    for event in events:
        _fill_home(event.follower_id, author_id=event.followee_id)
        if Follow.objects.active().filter(follower=event.followee_id, followee=event.follower_id).exists():
            _fill_home(event.followee_id, author_id=event.follower_id)


def _fill_home(user_id: int, *, author_id: int) -> None:
    stored.backfill(user_id, author_id=author_id)
    sources.forget_followed(user_id)
    timelines.drop(user_id)  # also when nothing was missing: the first attempt may have failed here


@on(UserUnfollowed, batch=20)
def clear_homes(events: list[UserUnfollowed]) -> None:
    for event in events:
        stored.clear(event.follower_id, author_id=event.followee_id)
        sources.forget_followed(event.follower_id)
        timelines.drop(event.follower_id)


@on(UserBlocked, batch=20)
def part_homes(events: list[UserBlocked]) -> None:
    """A block ended the follows of both; whatever is left of the one leaves the other's home."""
    for event in events:
        stored.clear(event.blocker_id, author_id=event.blocked_id)
        stored.clear(event.blocked_id, author_id=event.blocker_id)
        sources.forget_followed(event.blocker_id, event.blocked_id)
        timelines.drop(event.blocker_id, event.blocked_id)


@on(TagFollowed, batch=20)
def note_tag_followed(events: list[TagFollowed]) -> None:
    """The action dropped it already; this makes sure. Nothing is filled in: homes are merged as they are read."""
    for event in events:
        tagged.surely_forget_followed(event.user_id)


@on(TagUnfollowed, batch=20)
def note_tag_unfollowed(events: list[TagUnfollowed]) -> None:
    for event in events:
        tagged.surely_forget_followed(event.user_id)


@on(FiltersChanged, batch=20)
def note_filters(events: list[FiltersChanged]) -> None:
    """The action dropped them already; this makes sure."""
    shields.surely_drop(*{event.user_id for event in events})


@on(HiddenPostsChanged, batch=20)
def note_hidden(events: list[HiddenPostsChanged]) -> None:
    """What stands in for PostgreSQL was let go with the lock of the person; this makes sure."""
    standins.forget(*{event.user_id for event in events})


@on(GroupLeft)
def unseat_from_groups(events: list[GroupLeft]) -> None:
    """Who is in a group no longer hears no more of what is said there."""
    live.rights_changed(user_ids={event.user_id for event in events})


@on(GroupJoined, GroupLeft, gather=1.0)
def tell_member_counts(events: list[GroupJoined | GroupLeft]) -> None:
    """Open pages of these groups say how many are in them."""
    group_live.tell_counts({event.group_id for event in events})


@on(GroupChanged, GroupDeleted, GroupHidden, GroupShown, batch=5)
def note_groups_changed(events: list[GroupChanged | GroupDeleted | GroupHidden | GroupShown]) -> None:
    """Cards bear the name of the group; and fewer people than before may see its posts, perhaps."""
    for event in events:
        ids = group_posts.newest_of(event.group_id)
        cards.surely_drop(*ids)
        live.rights_changed(post_ids=ids, group_ids=[event.group_id])


@on(PrivacyChanged, UserSuspended, UserUnsuspended, PersonDeleted, queue="maintenance", batch=1)
def count_tags_of_authors(
    events: list[PrivacyChanged | UserSuspended | UserUnsuspended | PersonDeleted],
) -> None:
    """Tags count what every visitor may see. A few seconds at a time: others wait in the same queue."""
    for event in events:
        _count_tags_of(event, after=0)


@owed(queue="maintenance")
def count_more_tags(chunks: list[Owed]) -> None:
    """The posts of an author who wrote many, after the one that the key names."""
    for chunk in chunks:
        _count_tags_of(chunk.event, after=int(chunk.key))


def _count_tags_of(event: Event, *, after: int) -> None:
    stopped_at = tag_counts.recount_of(event.user_id, after=after)  # type: ignore[attr-defined]
    if stopped_at is not None:
        owe(count_more_tags, event, [str(stopped_at)])


@on(PeopleWentIdle, batch=20)
def cool_homes(events: list[PeopleWentIdle]) -> None:
    for event in events:
        timelines.drop(*event.user_ids)


@on(PersonReturned, batch=10)
def fill_returning(events: list[PersonReturned]) -> None:
    """What was missed is stored, then the timeline is made warm before its owner reads on."""
    for event in events:
        idle.catch_up(event.user_id)
        candidates.rebuild(event.user_id)


@on(SignedIn, batch=20)
def warm_arrivals(events: list[SignedIn]) -> None:
    """Whoever signs in reads their home next."""
    warming.warm({event.user_id for event in events})


@on(LinkWanted, queue="previews", batch=1)
def fetch_previews(events: list[LinkWanted]) -> None:
    """The only handler that asks strangers: its queue has a worker that keeps nothing else waiting."""
    for event in events:
        previews.fetch(event.preview_id)


@on(PersonDeleted, queue="maintenance", batch=1)
def forget_people(events: list[PersonDeleted]) -> None:
    for event in events:
        upkeep.forget_person(event.user_id)

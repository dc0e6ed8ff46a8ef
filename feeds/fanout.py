"""Fan-out on write: a post's id goes into the timelines of its audience, a range of followers at a time."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from django.conf import settings
from django.db import connection

from accounts.models import Follow, PersonCounts
from accounts.selectors import blocked_pairs
from feeds import group_live, timelines
from feeds.door import Audience
from feeds.models import Post, PostHashtag, PullSource, TagFollow
from groups.models import Membership
from socialnet.kernel import realtime

CHUNK = 1000

_BOUNDS = """
SELECT follower_id FROM (
    SELECT follower_id, row_number() OVER (ORDER BY follower_id) AS place FROM accounts_follow
    WHERE followee_id = %(author)s AND status = 'active'
) numbered
WHERE place %% %(chunk)s = 0 ORDER BY follower_id
"""
# All of the range comes back, not only what is new: a second run must still reach Redis. People who are away are
# skipped; whoever is coming back is not: what is stored before their homes are filled, the filling finds.
_DELIVER = """
WITH audience AS (
    SELECT f.follower_id AS user_id FROM accounts_follow f
    JOIN accounts_activity a ON a.user_id = f.follower_id AND a.state <> 'idle'
    WHERE f.followee_id = %(author)s AND f.status = 'active'
        AND f.follower_id > %(after)s AND f.follower_id <= %(until)s
        AND (NOT %(friends)s OR EXISTS (SELECT 1 FROM accounts_follow b
            WHERE b.follower_id = %(author)s AND b.followee_id = f.follower_id AND b.status = 'active'))
), stored AS (
    INSERT INTO feeds_feedentry (user_id, post_id, author_id)
    SELECT user_id, %(post)s, %(author)s FROM audience
    ON CONFLICT (user_id, post_id) DO NOTHING
)
SELECT user_id FROM audience
"""
_DELIVER_ERA = """
WITH era AS MATERIALIZED (
    SELECT id, author_id, visibility FROM feeds_post
    WHERE author_id = %(author)s AND id > %(since)s AND deleted_at IS NULL AND visibility NOT IN ('private', 'group')
    ORDER BY id DESC LIMIT %(depth)s + 1
), audience AS MATERIALIZED (
    SELECT f.follower_id AS user_id, EXISTS (SELECT 1 FROM accounts_follow b
        WHERE b.follower_id = %(author)s AND b.followee_id = f.follower_id AND b.status = 'active') AS is_friend
    FROM accounts_follow f
    JOIN accounts_activity a ON a.user_id = f.follower_id AND a.state <> 'idle'
    WHERE f.followee_id = %(author)s AND f.status = 'active'
        AND f.follower_id > %(after)s AND f.follower_id <= %(until)s
), raised AS (
    INSERT INTO feeds_storedfloor (user_id, floor)
    SELECT user_id, (SELECT min(id) FROM era) FROM audience
    WHERE (SELECT count(*) FROM era) > %(depth)s ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET floor = greatest(feeds_storedfloor.floor, excluded.floor)
), stored AS (
    INSERT INTO feeds_feedentry (user_id, post_id, author_id)
    SELECT audience.user_id, era.id, era.author_id FROM audience CROSS JOIN era
    WHERE era.visibility IN ('public', 'followers') OR audience.is_friend
    ORDER BY 1, 2
    ON CONFLICT (user_id, post_id) DO NOTHING
)
SELECT user_id FROM audience
"""
ERA_DEPTH = 200
LAST_PERSON = 2**63 - 1


def feed_group(user_id: int) -> str:
    """The channel group of everybody who has this person's home open."""
    return f"feed.{user_id}"


@dataclass(frozen=True)
class Range:
    """Followers with ids above `after`, up to and including `until`."""

    after: int
    until: int

    @property
    def key(self) -> str:
        return f"{self.after}-{self.until}"

    @classmethod
    def of(cls, key: str) -> "Range":
        after, until = key.split("-")
        return cls(int(after), int(until))


AUTHOR_ONLY = Range(0, 0)


def ranges(post: Post) -> list[Range]:
    """The audience of `post` in key ranges of `CHUNK` followers; the last one is open, for those who come now."""
    is_stored = post.visibility not in (Audience.PRIVATE, Audience.GROUP)
    return followers_of(post.author_id) if is_stored else [AUTHOR_ONLY]


def followers_of(author_id: int) -> list[Range]:
    """Everybody who follows this author, in ranges."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, {"author": author_id, "chunk": CHUNK})
        bounds = [0, *(row[0] for row in cursor.fetchall()), LAST_PERSON]
    return [Range(after, until) for after, until in pairwise(bounds)]


def deliver(post: Post, part: Range) -> int:
    """Put `post` into the timelines of `part` of its audience, stored then warm, and tell who is online, unless it is
    hidden.

    Twice is harmless. Raises `RedisAway` when the warm timelines could not be reached: the delivery is tried again.
    """
    people = _store(post, part)
    homes = [post.author_id, *people] if part.after == 0 else people  # the author may have other windows open
    timelines.push(post.pk, to=homes)
    if post.hidden_at is not None:
        return len(people)
    message = feed_news(post.pk)
    realtime.publish_many((feed_group(user_id), message) for user_id in realtime.online_among(homes))
    return len(people)


def is_large(author_id: int) -> bool:
    """Whether so many follow this author that their deliveries must delay nobody else's."""
    return PersonCounts.objects.filter(pk=author_id, followers__gte=settings.TIER_HYBRID).exists()


def deliver_to_author(post: Post) -> None:
    """For a post that is merged into homes as they are read: only its author is written to; who is online is told."""
    deliver(post, AUTHOR_ONLY)
    if post.hidden_at is None and post.visibility != Audience.PRIVATE:
        message = feed_news(post.pk)
        homes = _open_homes(post.author_id) - {post.author_id}
        realtime.publish_many((feed_group(user_id), message) for user_id in homes)


def deliver_in_group(post: Post) -> None:
    """What is said in a group is merged into homes as they are read: who of its members is online is told, nobody
    between whom and the author there is a block."""
    deliver(post, AUTHOR_ONLY)
    if post.hidden_at is not None:
        return
    group_live.tell_new(post)
    members = _open_homes_of_group(post) - {post.author_id}
    parted = {reader for reader, _author in blocked_pairs((reader, post.author_id) for reader in members)}
    message = feed_news(post.pk)
    realtime.publish_many((feed_group(user_id), message) for user_id in members - parted)


def deliver_era(source: PullSource, part: Range) -> int:
    """Store at `part` of the followers what the author said while merged on read; returns how many people have it.

    The newest `ERA_DEPTH` posts; where there were more, floors rise. Twice is harmless.
    """
    params = {
        "author": source.author_id,
        "since": source.since_id,
        "after": part.after,
        "until": part.until,
        "depth": ERA_DEPTH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DELIVER_ERA, params)
        people = [row[0] for row in cursor.fetchall()]
    timelines.drop(*people)
    return len(people)


def _open_homes(author_id: int) -> set[int]:
    """Of the author and the followers, those who are online."""
    here = realtime.everybody_online()
    followers = Follow.objects.active().filter(followee=author_id, follower__in=here)
    return {*followers.values_list("follower_id", flat=True), author_id} & set(here)


def _open_homes_of_group(post: Post) -> set[int]:
    """Of the members of the group in which `post` is, those who are online; nobody for a post outside of groups."""
    if post.group_id is None:
        return set()
    here = realtime.everybody_online()
    members = Membership.objects.active().filter(group=post.group_id, user__in=here)
    return set(members.values_list("user_id", flat=True))


def _open_homes_with_shares(post_id: int) -> set[int]:
    """Of those who share a post and their followers, those who are online."""
    here = realtime.everybody_online()
    shares = Post.objects.filter(share_of=post_id, deleted_at=None).shares()
    sharers = set(shares.filter(author__in=here).values_list("author_id", flat=True))
    readers = Follow.objects.active().filter(follower__in=here, followee__in=shares.values("author_id"))
    return sharers | set(readers.values_list("follower_id", flat=True))


def _open_homes_with_tags(names: Collection[str]) -> set[int]:
    """Of those who follow any of these tags, those who are online."""
    if not names:
        return set()
    here = realtime.everybody_online()
    follows = TagFollow.objects.filter(hashtag__name__in=names, user__in=here)
    return set(follows.values_list("user_id", flat=True))


def tell_followers_of_tags(posts: Iterable[Post]) -> None:
    """Who is online and follows a tag of these posts hears of them, once each; their authors' followers did.

    Only of what everybody may see, and nobody between whom and the author there is a block.
    """
    open_to_all = [post.pk for post in posts if post.hidden_at is None and post.visibility == Audience.PUBLIC]
    carried = PostHashtag.objects.filter(post__in=open_to_all, post__author__is_private=False)
    tags: dict[tuple[int, int], set[str]] = {}
    for post_id, author_id, name in carried.values_list("post_id", "post__author_id", "hashtag__name"):
        tags.setdefault((post_id, author_id), set()).add(name)
    for (post_id, author_id), names in tags.items():
        homes = _open_homes_with_tags(names)
        strangers = homes - _open_homes(author_id) if homes else set()
        parted = {reader for reader, _author in blocked_pairs((reader, author_id) for reader in strangers)}
        message = feed_news(post_id)
        realtime.publish_many((feed_group(reader), message) for reader in strangers - parted)


def withdraw(post_id: int, *, author_id: int, tags: Collection[str] = ()) -> None:
    """Tell every open home that may show a post, or a share of it, that it is gone; `tags` are all it ever carried."""
    homes = _open_homes(author_id) | _open_homes_with_shares(post_id) | _open_homes_with_tags(tags)
    for post in Post.objects.filter(pk=post_id, group__isnull=False).select_related("group"):
        homes |= _open_homes_of_group(post)
        group_live.tell_gone(post)
    _tell_gone(post_id, homes)


def withdraw_from_tags(post: Post, tags: Collection[str]) -> None:
    """Tell the open homes that had a post for one of `tags`, all it ever carried, and have no reason for it now."""
    homes = _open_homes_with_tags(tags)
    if not homes:
        return
    if post.visibility == Audience.PUBLIC:
        carried = PostHashtag.objects.filter(post=post).values_list("hashtag__name", flat=True)
        homes -= _open_homes_with_tags(set(carried))
    _tell_gone(post.pk, homes - _open_homes(post.author_id) - _open_homes_with_shares(post.pk))


def withdraw_from_outsiders(post: Post) -> None:
    """Tell the open homes of those whom an edit of the audience has shut out."""
    if post.visibility in (Audience.PUBLIC, Audience.GROUP):  # what is said in a group stays there
        return
    followers = _open_homes(post.author_id)
    insiders = {post.author_id}
    if post.visibility == Audience.FOLLOWERS:
        insiders |= followers
    elif post.visibility == Audience.FRIENDS:
        followed_back = Follow.objects.active().filter(follower=post.author_id, followee__in=followers)
        insiders |= set(followed_back.values_list("followee_id", flat=True))
    _tell_gone(post.pk, (followers | _open_homes_with_shares(post.pk)) - insiders)


def _tell_gone(post_id: int, homes: Collection[int]) -> None:
    message = {
        "topic": "feed",
        "event": "feed.remove",
        "data": {"ids": [str(post_id)]},
        "version": realtime.now_version(),
    }
    realtime.publish_many((feed_group(user_id), message) for user_id in homes)


def _store(post: Post, part: Range) -> list[int]:
    params = {
        "author": post.author_id,
        "post": post.pk,
        "after": part.after,
        "until": part.until,
        "friends": post.visibility == Audience.FRIENDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DELIVER, params)
        return [row[0] for row in cursor.fetchall()]


def feed_news(post_id: int) -> dict[str, object]:
    """What an open home page is told about a new post; it then asks for the head of its feed."""
    return {
        "topic": "feed",
        "event": "feed.new",
        "data": {"count": 1, "newest_id": str(post_id)},
        "version": realtime.now_version(),
    }

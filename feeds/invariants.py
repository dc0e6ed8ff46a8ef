"""What must always be true of posts, homes and the door.

What is expected is plain SQL or plain Python here, written apart from the feed code: sharing a query with what it
judges would only prove that the two agree.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from PIL import Image

from accounts.models import Activity, User, Viewer
from feeds import stored, timelines
from feeds.door import facts
from feeds.models import LinkPreview, Media, Post
from feeds.selectors import home_page
from groups.models import Group, Membership
from socialnet.kernel import storage
from socialnet.kernel.invariants import invariant, number
from socialnet.kernel.pagination import MAX_PAGE_SIZE

# Nobody is told of what screening held until it is released. Loaded posts have no event of their own: a range of
# authors was loaded, before a certain moment.
_POSTS_WITHOUT_ONE_EVENT = """
WITH published AS (
    SELECT (payload ->> 'post_id')::bigint AS post_id, count(*) AS many FROM outbox_event
    WHERE name = 'feeds.post_published' GROUP BY 1
), loaded AS (
    SELECT id, (payload ->> 'first_author_id')::bigint AS first, (payload ->> 'last_author_id')::bigint AS last
    FROM outbox_event WHERE name = 'feeds.posts_loaded'
)
SELECT count(*) FROM feeds_post p LEFT JOIN published ON published.post_id = p.id
WHERE coalesce(published.many, 0) <> CASE WHEN p.is_announced THEN 1 ELSE 0 END
    AND p.id > socialnet_id_at(clock_timestamp() - interval '29 days')
    AND NOT EXISTS (SELECT 1 FROM loaded
        WHERE p.id < loaded.id AND p.author_id BETWEEN loaded.first AND loaded.last)
"""
# What could not be published has lost its time.
_OVERDUE_DRAFTS = """
SELECT count(*) FROM feeds_draft WHERE scheduled_for < clock_timestamp() - interval '60 seconds'
"""
_WRONG_POST_COUNTS = """
SELECT count(*) FROM accounts_personcounts c
LEFT JOIN (SELECT author_id, count(*) AS many FROM feeds_post WHERE deleted_at IS NULL GROUP BY 1) p
    ON p.author_id = c.user_id
WHERE c.posts <> coalesce(p.many, 0)
"""
_HIDDEN_SHARES = """
SELECT count(*) FROM feeds_hiddenpost h JOIN feeds_post p ON p.id = h.post_id
WHERE p.share_of_id IS NOT NULL AND p.content = '' AND NOT p.with_media
"""
_POSTS_WITHOUT_COUNTS = """
SELECT count(*) FROM feeds_post p WHERE NOT EXISTS (SELECT 1 FROM feeds_postcounts c WHERE c.post_id = p.id)
"""
_WRONG_SHARE_COUNTS = """
SELECT count(*) FROM feeds_postcounts c
LEFT JOIN (SELECT share_of_id, count(*) AS many FROM feeds_post
    WHERE share_of_id IS NOT NULL AND content = '' AND NOT with_media AND deleted_at IS NULL GROUP BY 1) s
    ON s.share_of_id = c.post_id
WHERE c.shares <> coalesce(s.many, 0)
"""
_SHARES_OF_NOTHING = """
SELECT count(*) FROM feeds_post s LEFT JOIN feeds_post o ON o.id = s.share_of_id
WHERE s.share_of_id IS NOT NULL AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL
    AND (o.id IS NULL OR o.deleted_at IS NOT NULL)
"""
_MEDIA_WITHOUT_MARK = """
SELECT count(*) FROM feeds_post p
WHERE p.deleted_at IS NULL AND p.with_media <> EXISTS (SELECT 1 FROM feeds_media m WHERE m.post_id = p.id)
"""
# Pictures and quotes stand where a preview would. What is wanted comes, or is given up, within two hours.
_POSTS_WITH_TOO_MUCH = """
SELECT count(*) FROM feeds_post WHERE preview_id IS NOT NULL AND (with_media OR share_of_id IS NOT NULL)
"""
_ODD_PREVIEWS = """
SELECT count(*) FROM feeds_linkpreview
WHERE key <> encode(sha256(convert_to(url, 'UTF8')), 'hex')
    OR state = 'ready' AND (title = '' OR fetched_at IS NULL)
    OR state <> 'ready' AND image_name <> ''
    OR state = 'waiting' AND fetched_at IS NOT NULL
    OR asked_at < clock_timestamp() - interval '1 day' AND (fetched_at IS NULL OR fetched_at < asked_at)
"""
_MARKERS_OF_NOBODY = """
SELECT count(*) FROM feeds_readmarker m
WHERE NOT EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = m.user_id AND u.is_active)
"""
# A person's whole home: own posts, what the followed say to all or to followers, and to friends among them.
_HOME = """
WITH followed AS (
    SELECT f.followee_id AS author_id, back.id IS NOT NULL AS is_friend,
        EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muter_id = f.follower_id AND m.muted_id = f.followee_id
            AND (m.until IS NULL OR m.until > clock_timestamp())) AS is_muted
    FROM accounts_follow f
    JOIN accounts_user a ON a.id = f.followee_id AND a.is_active AND a.suspended_at IS NULL
    LEFT JOIN accounts_follow back ON back.follower_id = f.followee_id AND back.followee_id = f.follower_id
        AND back.status = 'active'
    WHERE f.follower_id = %(user)s AND f.status = 'active'
), home AS (
    SELECT id FROM feeds_post WHERE author_id = %(user)s AND deleted_at IS NULL
        AND (hidden_at IS NULL OR held_at IS NOT NULL)
    UNION ALL
    SELECT p.id FROM followed JOIN feeds_post p ON p.author_id = followed.author_id
    WHERE p.deleted_at IS NULL AND p.hidden_at IS NULL AND (%(muted_too)s OR NOT followed.is_muted)
        AND (p.visibility = 'public' OR p.visibility = 'followers' OR p.visibility = 'friends' AND is_friend)
)
SELECT id FROM home WHERE id > %(floor)s ORDER BY id DESC
"""
# What everybody may read with a tag that this person follows, but of muted authors.
TAGGED = """
SELECT DISTINCT t.post_id FROM feeds_tagfollow f
JOIN feeds_posthashtag t ON t.hashtag_id = f.hashtag_id JOIN feeds_post p ON p.id = t.post_id
WHERE f.user_id = %(user)s AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.visibility = 'public'
    AND NOT EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muter_id = f.user_id AND m.muted_id = p.author_id
        AND (m.until IS NULL OR m.until > clock_timestamp()))
"""
# What is said in this person's groups, but by muted authors.
IN_GROUPS = """
SELECT p.id FROM groups_membership g JOIN feeds_post p ON p.group_id = g.group_id
WHERE g.user_id = %(user)s AND g.status = 'active' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muter_id = g.user_id AND m.muted_id = p.author_id
        AND (m.until IS NULL OR m.until > clock_timestamp()))
"""
_WRONG_GROUP_POST_COUNTS = """
SELECT count(*) FROM groups_groupcounts c
LEFT JOIN (SELECT group_id, count(*) AS many FROM feeds_post WHERE deleted_at IS NULL AND group_id IS NOT NULL
    GROUP BY 1) p ON p.group_id = c.group_id
WHERE c.posts <> coalesce(p.many, 0)
"""
_WRONG_TAG_COUNTS = """
SELECT count(*) FROM feeds_hashtag h
LEFT JOIN feeds_hashtagcounts c ON c.hashtag_id = h.id
LEFT JOIN (
    SELECT t.hashtag_id, count(*) AS many FROM feeds_posthashtag t
    JOIN feeds_post p ON p.id = t.post_id JOIN accounts_user a ON a.id = p.author_id
    WHERE p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
        AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private
    GROUP BY 1
) used ON used.hashtag_id = h.id
WHERE coalesce(c.posts, 0) <> coalesce(used.many, 0)
"""
_WRONG_TAG_MARKS = """
SELECT count(*) FROM feeds_hashtagcounts c
LEFT JOIN (SELECT hashtag_id, count(*) AS many FROM feeds_posthashtag WHERE is_counted GROUP BY 1) marked
    ON marked.hashtag_id = c.hashtag_id
WHERE c.posts <> coalesce(marked.many, 0)
"""
# Deleted and hidden posts leave lazily; the door turns away friends' posts and those whose audience an edit narrowed;
# what was delivered while its author was followed may be left where it belongs for a tag. Nothing else may be there.
_STRANGERS = """
SELECT count(*) FROM feeds_post p
WHERE p.id = ANY(%(ids)s) AND p.author_id <> %(user)s AND p.deleted_at IS NULL AND p.hidden_at IS NULL
    AND (p.visibility = 'group' OR p.visibility = 'private' AND p.edited_at IS NULL OR NOT EXISTS (
        SELECT 1 FROM accounts_follow f
        WHERE f.follower_id = %(user)s AND f.followee_id = p.author_id AND f.status = 'active'))
    AND NOT EXISTS (SELECT 1 FROM feeds_posthashtag t JOIN feeds_tagfollow g ON g.hashtag_id = t.hashtag_id
        WHERE t.post_id = p.id AND g.user_id = %(user)s AND p.visibility = 'public')
"""
_OF_PULL_SOURCES = """
SELECT p.id FROM feeds_post p JOIN feeds_pullsource s ON s.author_id = p.author_id
WHERE p.id = ANY(%(ids)s) AND p.author_id <> %(user)s
"""
_FOLLOWERS_OF_PULL_SOURCES = """
SELECT DISTINCT f.follower_id FROM feeds_pullsource s CROSS JOIN LATERAL (
    SELECT follower_id FROM accounts_follow WHERE followee_id = s.author_id AND status = 'active' LIMIT %(most)s
) f LIMIT %(most)s
"""
_WRONG_AUTHORS = """
SELECT count(*) FROM feeds_feedentry e JOIN feeds_post p ON p.id = e.post_id
WHERE e.user_id = ANY(%(users)s) AND e.author_id <> p.author_id
"""
_ODD_POSTS = """
(SELECT p.id FROM feeds_post p JOIN accounts_user a ON a.id = p.author_id
    WHERE a.is_private OR NOT a.is_active OR a.suspended_at IS NOT NULL ORDER BY p.id DESC LIMIT 100)
UNION (SELECT id FROM feeds_post WHERE deleted_at IS NOT NULL OR hidden_at IS NOT NULL ORDER BY id DESC LIMIT 50)
UNION (SELECT id FROM feeds_post WHERE visibility <> 'public' ORDER BY id DESC LIMIT 100)
UNION (SELECT id FROM feeds_post ORDER BY id DESC LIMIT 50)
"""
_POSTS_OF_RELATED = """
SELECT p.id FROM (
    (SELECT followee_id AS author_id FROM accounts_follow WHERE follower_id = %(user)s LIMIT 10)
    UNION (SELECT follower_id FROM accounts_follow WHERE followee_id = %(user)s LIMIT 10)
    UNION (SELECT blocked_id FROM accounts_block WHERE blocker_id = %(user)s LIMIT 10)
    UNION (SELECT blocker_id FROM accounts_block WHERE blocked_id = %(user)s LIMIT 10)
    UNION SELECT %(user)s
) related CROSS JOIN LATERAL (
    SELECT id FROM feeds_post WHERE author_id = related.author_id AND deleted_at IS NULL ORDER BY id DESC LIMIT 3
) p
"""
_DECIDING = (
    "visibility",
    "deleted_at",
    "hidden_at",
    "held_at",
    "author__is_private",
    "author__is_active",
    "author__suspended_at",
    "share_of_id",
    "content",
    "with_media",
    "group_id",
    "group__privacy",
    "group__deleted_at",
    "group__hidden_at",
)
PAGES = 15  # of `MAX_PAGE_SIZE`: past the ends of warm and stored timelines


@invariant(1, "every post has exactly one event")
def posts_without_one_event(_sample: int) -> int:
    return number(_POSTS_WITHOUT_ONE_EVENT)


@invariant(5, "no scheduled draft is overdue by more than 60 s")
def overdue_drafts(_sample: int) -> int:
    return number(_OVERDUE_DRAFTS)


@invariant(6, "a warm timeline lacks nothing")
def missing_from_warm(sample: int) -> int:
    return sum(
        len(expected_home(user_id, floor=warm.floor) - set(warm.ids)) for user_id, warm in _warm(sample)
    )


@invariant(6, "a stored timeline lacks nothing")
def missing_from_stored(sample: int) -> int:
    violations = 0
    for person in _people(sample):
        floor = stored.floor_of(person.pk)
        kept = rows("SELECT post_id FROM feeds_feedentry WHERE user_id = %(user)s", user=person.pk)
        violations += len(expected_home(person.pk, floor=floor) - set(kept))
    return violations


@invariant(7, "a warm timeline holds nothing of strangers")
def strangers_in_warm(sample: int) -> int:
    return sum(number(_STRANGERS, ids=warm.ids, user=user_id) for user_id, warm in _warm(sample))


@invariant(7, "a stored timeline holds nothing of strangers")
def strangers_in_stored(sample: int) -> int:
    people = [person.pk for person in _people(sample)]
    violations = number(_WRONG_AUTHORS, users=people)
    for user_id in people:
        kept = rows("SELECT post_id FROM feeds_feedentry WHERE user_id = %(user)s", user=user_id)
        violations += number(_STRANGERS, ids=kept, user=user_id)
    return violations


@invariant(8, "home descends strictly, without gap or repeat, to what SQL says")
def wrong_homes(sample: int) -> int:
    return sum(_is_wrong(walked(person), expected_walk(person)) for person in _people(sample))


def _is_wrong(seen: list[int], expected: list[int]) -> bool:
    """A walk ends after `PAGES` pages, which stand for more posts when the same was shared often."""
    is_short = len(seen) < min(len(expected), PAGES * MAX_PAGE_SIZE)
    return is_short or seen != expected[: len(seen)]


@invariant(9, "home with authors merged on read is what SQL says")
def wrong_merges(sample: int) -> int:
    people = User.objects.standing().filter(pk__in=rows(_FOLLOWERS_OF_PULL_SOURCES, most=sample))
    return sum(_is_wrong(walked(person), expected_walk(person)) for person in people)


@invariant(10, "no warm timeline is longer than its cap")
def long_timelines(sample: int) -> int:
    return sum(len(warm.ids) > timelines.MAX_LENGTH for _user_id, warm in _warm(sample))


@invariant(17, "what somebody hid is a post, not a share of it")
def hidden_shares(_sample: int) -> int:
    return number(_HIDDEN_SHARES)


@invariant(12, "home reads the same when Redis has lost it")
def homes_that_need_redis(sample: int) -> int:
    violations = 0
    for person in _people(sample):
        before = walked(person, pages=2)
        timelines.drop(person.pk)
        violations += walked(person, pages=2) != before
    return violations


@invariant(13, "share counts equal rows")
def wrong_share_counts(_sample: int) -> int:
    return number(_WRONG_SHARE_COUNTS)


@invariant(1, "nothing shares what is gone, and posts with pictures are marked")
def odd_posts(_sample: int) -> int:
    return number(_SHARES_OF_NOTHING) + number(_MEDIA_WITHOUT_MARK)


@invariant(14, "post counts equal rows")
def wrong_post_counts(_sample: int) -> int:
    return number(_WRONG_POST_COUNTS)


@invariant(14, "post counts of groups equal rows")
def wrong_group_post_counts(_sample: int) -> int:
    return number(_WRONG_GROUP_POST_COUNTS)


@invariant(15, "the counts of tags equal what every visitor may see, and what is marked as counted")
def wrong_tag_counts(_sample: int) -> int:
    return number(_WRONG_TAG_COUNTS) + number(_WRONG_TAG_MARKS)


@invariant(14, "every post has counts")
def posts_without_counts(_sample: int) -> int:
    return number(_POSTS_WITHOUT_COUNTS)


@invariant(1, "previews of links are what was asked for, and stand where nothing else does")
def odd_previews(_sample: int) -> int:
    return number(_POSTS_WITH_TOO_MUCH) + number(_ODD_PREVIEWS)


@invariant(35, "who left has no place in a home")
def markers_of_nobody(_sample: int) -> int:
    return number(_MARKERS_OF_NOBODY)


@invariant(31, "pictures have their files, without location or other metadata")
def wrong_pictures(sample: int) -> int:
    media = Media.objects.filter(is_stored=True).order_by("?")[:sample]
    links = LinkPreview.objects.exclude(image_name="").order_by("?")[:sample]
    covered = Group.objects.exclude(cover="").order_by("?")[:sample]
    names = [name for one in media for name in (one.large_name, one.small_name)]
    names += [name for group in covered for name in (group.cover, group.cover_small)]
    return sum(_is_wrong_picture(name) for name in [*names, *(link.image_name for link in links)])


def _is_wrong_picture(name: str) -> bool:
    try:
        with storage.open(name) as file, Image.open(file) as picture:
            return bool(picture.getexif() or {"exif", "xmp", "icc_profile"} & set(picture.info))
    except OSError:
        return True


@invariant(28, "the door lets through exactly what it should, in both of its forms")
def wrong_door(sample: int) -> int:
    odd = rows(_ODD_POSTS)
    violations = _wrong_for(AnonymousUser(), odd)
    for person in _people(sample):
        violations += _wrong_for(person, {*odd, *rows(_POSTS_OF_RELATED, user=person.pk)})
    return violations


def _wrong_for(viewer: Viewer, post_ids: Collection[int]) -> int:
    ties = Ties.of(viewer)
    right = _visible_to(ties, post_ids)
    by_queryset = set(Post.objects.filter(pk__in=post_ids).visible_to(viewer).values_list("pk", flat=True))
    if not viewer.is_authenticated:
        return len(by_queryset ^ right)
    truth = facts(viewer_id=viewer.pk, post_ids=post_ids)  # has what they share as well
    by_facts = {post_id for post_id in post_ids if post_id in truth and truth[post_id].visible}
    return len((by_queryset ^ right) | (by_facts ^ right))


def _visible_to(ties: "Ties", post_ids: Collection[int]) -> set[int]:
    """Of `post_ids`, what the table of the design shows to this viewer; a share needs its original as well."""
    decided = Post.objects.select_related("author", "group").only(*_DECIDING)
    posts = decided.in_bulk(post_ids)
    originals = decided.in_bulk([post.share_of_id for post in posts.values() if post.is_share])
    return {
        post_id
        for post_id, post in posts.items()
        if may_see(post, ties)
        and (
            not post.is_share
            or (post.share_of_id in originals and may_see(originals[post.share_of_id], ties))
        )
    }


@dataclass(frozen=True)
class Ties:
    """Everybody that one viewer has something to do with."""

    viewer: int | None
    followed: set[int]
    followers: set[int]
    parted: set[int]
    groups: dict[int, str]

    @classmethod
    def of(cls, viewer: Viewer) -> "Ties":
        if not viewer.is_authenticated:
            return cls(None, set(), set(), set(), {})
        follow = "SELECT {}_id FROM accounts_follow WHERE {}_id = %(user)s AND status = 'active'"
        block = "SELECT {}_id FROM accounts_block WHERE {}_id = %(user)s"
        return cls(
            viewer.pk,
            followed={*rows(follow.format("followee", "follower"), user=viewer.pk)},
            followers={*rows(follow.format("follower", "followee"), user=viewer.pk)},
            parted={
                *rows(block.format("blocked", "blocker"), user=viewer.pk),
                *rows(block.format("blocker", "blocked"), user=viewer.pk),
            },
            groups=dict(Membership.objects.filter(user=viewer.pk).values_list("group_id", "status")),
        )


def may_see(post: Post, ties: Ties) -> bool:
    """The table of the design, row by row: the door said a second time."""
    author = post.author
    if post.deleted_at:
        return False
    if post.hidden_at:  # what is only held, its author sees
        return post.held_at is not None and author.pk == ties.viewer
    if author.pk == ties.viewer:
        return True
    if author.suspended_at or not author.is_active or author.pk in ties.parted:
        return False
    is_follower = author.pk in ties.followed
    if post.visibility == "public":
        return is_follower or not author.is_private
    if post.visibility == "followers":
        return is_follower
    if post.visibility == "friends":
        return is_follower and author.pk in ties.followers
    if post.visibility == "group" and post.group:
        if post.group.hidden_at:
            return False
        status = ties.groups.get(post.group.pk)
        is_open = post.group.privacy == "public" and post.group.deleted_at is None
        return status == "active" or (
            is_open and status != "banned" and (is_follower or not author.is_private)
        )
    return False


def expected_home(user_id: int, *, floor: int) -> set[int]:
    """The ids above `floor` that fan-out must have delivered; what is muted stays a candidate.

    What others said who are merged on read is not among them.
    """
    home = rows(_HOME, user=user_id, floor=floor, muted_too=True)
    return {*home} - {*rows(_OF_PULL_SOURCES, user=user_id, ids=home)}


def expected_walk(person: User) -> list[int]:
    """What home must show from top to bottom: shares only of what this person sees, and of nobody they mute."""
    candidates = sorted(
        {
            *rows(_HOME, user=person.pk, floor=0, muted_too=False),
            *rows(TAGGED, user=person.pk),
            *rows(IN_GROUPS, user=person.pk),
        },
        reverse=True,
    )
    visible = _visible_to(Ties.of(person), candidates)
    mutes = rows(
        "SELECT muted_id FROM accounts_mute WHERE muter_id = %(user)s"
        " AND (until IS NULL OR until > clock_timestamp())",
        user=person.pk,
    )
    of_muted = {
        *Post.objects.shares()
        .filter(pk__in=candidates, share_of__author__in=mutes)
        .values_list("pk", flat=True)
    }
    return [post_id for post_id in candidates if post_id in visible and post_id not in of_muted]


def walked(person: User, *, pages: int = PAGES) -> list[int]:
    """The ids of a home as its owner meets them, page by page, with those that a post stands for."""
    ids: list[int] = []
    cursor = None
    for _page in range(pages):
        page = home_page(viewer=person, cursor=cursor, size=MAX_PAGE_SIZE, is_visit=False)
        ids += sorted((ident for item in page.items for ident in (item.id, *item.also)), reverse=True)
        cursor = page.next_cursor
        if cursor is None:
            break
    return ids


def _people(sample: int) -> list[User]:
    """Some whose homes are kept up; others are caught up when they come back."""
    return list(User.objects.standing().filter(activity__state=Activity.State.LIVE).order_by("?")[:sample])


def _warm(sample: int) -> Iterator[tuple[int, timelines.Slice]]:
    for user_id in timelines.warm_people(most=sample):
        if warm := timelines.contents(user_id):
            yield user_id, warm


def rows(statement: str, **params: Any) -> list[int]:
    """The first column of what `statement` selects."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]

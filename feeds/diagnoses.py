"""What may be wrong with homes, counts of posts and entries of timelines, and how it is mended.

What should be is plain SQL here and in `invariants`; what mends is what keeps feeds right every day.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from accounts.models import Activity, User
from feeds import group_posts, idle, stored, tag_counts, timelines, upkeep
from feeds.home_diagnosis import KEPT, Home, looked_at
from feeds.models import FeedEntry, PostCounts
from socialnet.kernel.diagnosing import Case, Finding, Told, diagnosis
from socialnet.kernel.errors import NotFound
from socialnet.outbox.selectors import unmade

MOST_ENTRIES = 10_000  # that one look at the table of entries brings up
_POST_COUNTS = """
SELECT c.user_id, u.username, c.posts, coalesce(p.many, 0) FROM accounts_personcounts c
JOIN accounts_user u ON u.id = c.user_id
LEFT JOIN (SELECT author_id, count(*) AS many FROM feeds_post WHERE deleted_at IS NULL GROUP BY 1) p
    ON p.author_id = c.user_id
WHERE c.posts <> coalesce(p.many, 0) ORDER BY c.user_id
"""
_SHARE_COUNTS = """
SELECT c.post_id, u.username, c.shares, coalesce(s.many, 0) FROM feeds_postcounts c
JOIN feeds_post p ON p.id = c.post_id JOIN accounts_user u ON u.id = p.author_id
LEFT JOIN (SELECT share_of_id, count(*) AS many FROM feeds_post
    WHERE share_of_id IS NOT NULL AND content = '' AND NOT with_media AND deleted_at IS NULL GROUP BY 1) s
    ON s.share_of_id = c.post_id
WHERE c.shares <> coalesce(s.many, 0) ORDER BY c.post_id
"""
# Of each tag what is kept, what every visitor may see, and what is marked as counted.
_TAG_COUNTS = """
SELECT h.id, h.name, coalesce(c.posts, 0), coalesce(used.many, 0) FROM feeds_hashtag h
LEFT JOIN feeds_hashtagcounts c ON c.hashtag_id = h.id
LEFT JOIN (
    SELECT t.hashtag_id, count(*) FILTER (WHERE is_open) AS many,
        count(*) FILTER (WHERE is_open <> t.is_counted) AS wrong
    FROM feeds_posthashtag t JOIN feeds_post p ON p.id = t.post_id JOIN accounts_user a ON a.id = p.author_id
    CROSS JOIN LATERAL (SELECT p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
        AND a.is_active AND a.suspended_at IS NULL AND NOT a.is_private AS is_open) o
    GROUP BY 1
) used ON used.hashtag_id = h.id
WHERE coalesce(c.posts, 0) <> coalesce(used.many, 0) OR used.wrong > 0 ORDER BY h.id
"""
_WITHOUT_COUNTS = """
SELECT p.id, u.username FROM feeds_post p JOIN accounts_user u ON u.id = p.author_id
WHERE NOT EXISTS (SELECT 1 FROM feeds_postcounts c WHERE c.post_id = p.id) ORDER BY p.id
"""
_ORPHANS = """
SELECT e.user_id, coalesce('@' || u.username, 'person ' || e.user_id), e.post_id, CASE
    WHEN u.id IS NULL THEN 'there is no such person'
    WHEN NOT u.is_active THEN 'this person left'
    WHEN p.id IS NULL THEN 'there is no such post'
    ELSE 'the entry names another author than the post' END
FROM feeds_feedentry e
LEFT JOIN accounts_user u ON u.id = e.user_id LEFT JOIN feeds_post p ON p.id = e.post_id
WHERE u.id IS NULL OR NOT u.is_active OR p.id IS NULL OR p.author_id <> e.author_id
ORDER BY e.user_id, e.post_id LIMIT %(most)s
"""
_STRANGERS = """
SELECT e.user_id, u.username, e.author_id, coalesce('@' || a.username, 'person ' || e.author_id), count(*)
FROM feeds_feedentry e JOIN accounts_user u ON u.id = e.user_id AND u.is_active
LEFT JOIN accounts_user a ON a.id = e.author_id
WHERE e.author_id <> e.user_id AND NOT EXISTS (SELECT 1 FROM accounts_follow f
    WHERE f.follower_id = e.user_id AND f.followee_id = e.author_id AND f.status = 'active')
GROUP BY 1, 2, 3, 4 ORDER BY 1, 3 LIMIT %(most)s
"""
_ENDED = {
    "follower_id": ("accounts.user_unfollowed",),
    "blocker_id": ("accounts.user_blocked",),
    "blocked_id": ("accounts.user_blocked",),
}


@diagnosis("feed", title="Home")
def home(case: Case) -> Iterator[Told]:
    yield from looked_at(Home(_person(case)), post_id=case.post_id)


@home.repair
def mend_home(case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    """Out with what is strange, in with what is missing, then the warm copy goes: the next page makes it anew."""
    person = _person(case)
    if Activity.objects.filter(pk=person.pk, state=Activity.State.FILLING).exists():
        yield f"ended the return of {person}: {idle.catch_up(person.pk)} entries were missing"
    strange = [finding.ident for finding in wrong if finding.kind == KEPT]
    for author_id in _authors_not_followed(person.pk, strange):
        yield f"cleared {stored.clear(person.pk, author_id=author_id)} entries of person {author_id}, not followed"
    if strange:
        stored.remove(person.pk, strange)
        yield f"removed what was left of {len(strange)} entries"
    if Activity.objects.filter(pk=person.pk, state=Activity.State.LIVE).exists():
        with stored.alone_with(person.pk):
            yield f"filled the stored timeline: {stored.fill([person.pk])} entries were missing"
    timelines.drop(person.pk)
    yield "dropped the warm timeline: the next page makes it anew"


@diagnosis("counts", title="Posts of people")
def post_counts(_case: Case) -> Iterator[Finding]:
    for user_id, username, counted, right in _rows(_POST_COUNTS):
        yield Finding("posts", f"@{username}", f"kept {counted}, the rows say {right}", ident=user_id)


@post_counts.repair
def mend_post_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = upkeep.reconcile_post_counts([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {mended} people"


@diagnosis("counts", title="Posts without counts")
def posts_without_counts(_case: Case) -> Iterator[Finding]:
    for post_id, username in _rows(_WITHOUT_COUNTS):
        yield Finding(
            "no counts", f"post {post_id} by @{username}", "every post has them at once", ident=post_id
        )


@posts_without_counts.repair
def give_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    posts = [finding.ident for finding in wrong]
    PostCounts.objects.bulk_create([PostCounts(post_id=post_id) for post_id in posts], ignore_conflicts=True)
    upkeep.reconcile_share_counts(posts)
    yield f"gave {len(posts)} posts the counts they lacked"


@diagnosis("counts", title="Shares of posts")
def share_counts(_case: Case) -> Iterator[Finding]:
    for post_id, username, counted, right in _rows(_SHARE_COUNTS):
        why = f"kept {counted}, the rows say {right}"
        yield Finding("shares", f"post {post_id} by @{username}", why, ident=post_id)


@share_counts.repair
def mend_share_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = upkeep.reconcile_share_counts([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {mended} posts"


@diagnosis("counts", title="Posts in groups")
def counts_of_groups(_case: Case) -> Iterator[Finding]:
    for group_id, slug, counted, right in group_posts.all_wrong():
        yield Finding("posts", f"group {slug}", f"kept {counted}, the rows say {right}", ident=group_id)


@counts_of_groups.repair
def mend_counts_of_groups(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    mended = group_posts.reconcile([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {mended} groups"


@diagnosis("counts", title="Posts with tags")
def counts_of_tags(_case: Case) -> Iterator[Finding]:
    for hashtag_id, name, counted, right in _rows(_TAG_COUNTS):
        yield Finding(
            "posts with a tag", f"#{name}", f"kept {counted}, the rows say {right}", ident=hashtag_id
        )


@counts_of_tags.repair
def mend_tag_counts(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    tag_counts.reconcile([finding.ident for finding in wrong])
    yield f"compared again under locks and mended the counts of {len(wrong)} tags"


@diagnosis("graph", title="Entries of nobody and of nothing")
def orphans(_case: Case) -> Iterator[Told]:
    found = _rows(_ORPHANS, most=MOST_ENTRIES)
    for user_id, owner, post_id, why in found:
        yield Finding(f"entry of {owner}", f"post {post_id}", why, ident=user_id)
    if len(found) == MOST_ENTRIES:
        yield f"These are the first {MOST_ENTRIES:,}; look again after a repair."


@orphans.repair
def remove_orphans(_case: Case, _wrong: Sequence[Finding]) -> Iterator[str]:
    entries = defaultdict(list)
    for user_id, _owner, post_id, _why in _rows(_ORPHANS, most=MOST_ENTRIES):
        entries[user_id].append(post_id)
    for user_id, posts in entries.items():
        stored.remove(user_id, posts)
    yield f"removed {sum(map(len, entries.values()))} entries of {len(entries)} timelines"
    kept_up = _kept_up(entries)
    yield f"filled {len(kept_up)} of them again: {stored.fill(kept_up)} entries were missing"
    timelines.drop(*entries)
    yield "dropped their warm timelines"


@diagnosis("graph", title="Entries by people who are not followed")
def entries_of_strangers(_case: Case) -> Iterator[Told]:
    found = _rows(_STRANGERS, most=MOST_ENTRIES)
    people = {row[0] for row in found}
    coming = {
        owed.payload[field]: owed.story
        for field, events in _ENDED.items()
        for owed in unmade(*events, field=field, values=people)
        if owed.handler.startswith("feeds.") and not owed.stuck
    }
    for user_id, username, _author_id, author, many in found:
        why = coming.get(user_id, "not followed, and nothing is on its way to clear it")
        wrong = user_id not in coming
        yield Finding(f"{many} entries of @{username}", f"by {author}", why, ident=user_id, wrong=wrong)
    if len(found) == MOST_ENTRIES:
        yield f"These are the first {MOST_ENTRIES:,}; look again after a repair."


@entries_of_strangers.repair
def clear_strangers(_case: Case, wrong: Sequence[Finding]) -> Iterator[str]:
    people = {finding.ident for finding in wrong}
    pairs = [(row[0], row[2]) for row in _rows(_STRANGERS, most=MOST_ENTRIES) if row[0] in people]
    cleared = sum(stored.clear(user_id, author_id=author_id) for user_id, author_id in pairs)
    yield f"cleared {cleared} entries of {len(people)} timelines"
    timelines.drop(*people)
    yield "dropped their warm timelines"


def _person(case: Case) -> User:
    person = User.objects.named(case.username.removeprefix("@")).first()
    if person is None:
        raise NotFound
    return person


def _authors_not_followed(user_id: int, post_ids: Sequence[int]) -> list[int]:
    entries = FeedEntry.objects.filter(user_id=user_id, post_id__in=post_ids).exclude(author_id=user_id)
    return sorted(set(entries.values_list("author_id", flat=True)))


def _kept_up(people: Any) -> list[int]:
    live = Activity.objects.filter(pk__in=list(people), state=Activity.State.LIVE, user__is_active=True)
    return list(live.values_list("pk", flat=True))


def _rows(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall())

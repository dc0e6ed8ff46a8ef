"""Takes the demo community away again: people, posts, pictures, and every trace in the homes of others."""

from collections.abc import Collection
from contextlib import suppress
from functools import partial

from django.db import connection, transaction

from accounts import actions
from accounts.models import User
from feeds import cards, hooks, markers, previews, tag_counts, timelines, upkeep
from feeds.actions import remove_shares_of
from feeds.actions.media import remove_files
from feeds.demo import EMAIL_DOMAIN
from feeds.demo.groups import leave_groups
from feeds.demo.people import people
from feeds.events import PostsRemoved
from feeds.models import FeedEntry, Hashtag, LinkPreview, Media, Post, PostHashtag, StoredFloor, TagFollow
from socialnet.kernel.errors import RedisAway
from socialnet.outbox.actions import emit

_FOLLOWERS = """
SELECT DISTINCT follower_id FROM accounts_follow WHERE followee_id = ANY(%(gone)s) AND follower_id <> ALL(%(gone)s)
"""
_NEIGHBOURS = """
SELECT DISTINCT other FROM (
    SELECT follower_id AS other FROM accounts_follow WHERE followee_id = ANY(%(gone)s)
    UNION SELECT followee_id FROM accounts_follow WHERE follower_id = ANY(%(gone)s)
) tied WHERE other <> ALL(%(gone)s)
"""
_RECOUNT = """
UPDATE accounts_personcounts c SET
    followers = (SELECT count(*) FROM accounts_follow f
        WHERE f.followee_id = c.user_id AND f.status = 'active' AND f.is_counted),
    following = (SELECT count(*) FROM accounts_follow f
        WHERE f.follower_id = c.user_id AND f.status = 'active' AND f.is_counted)
WHERE c.user_id = ANY(%(people)s)
"""


def demo_people() -> list[User]:
    """Those of the demo people who still exist, in the order of the file."""
    names = [person.username for person in people()]
    found = User.objects.filter(username__in=names, email__endswith=f"@{EMAIL_DOMAIN}")
    return sorted(found, key=lambda person: names.index(person.username))


def remove() -> int:
    """How many people left. The record of acts stays, as it always does."""
    gone = demo_people()
    if not gone:
        return 0
    ids = [person.pk for person in gone]
    followers = _remove_rows(gone, ids)
    with suppress(RedisAway):  # nothing in Redis is believed without asking PostgreSQL
        timelines.drop(*ids, *followers)
    return len(gone)


@transaction.atomic
def _remove_rows(gone: Collection[User], ids: list[int]) -> list[int]:
    """Everything in PostgreSQL; returns the people whose homes lost something."""
    followers, neighbours = _ids(_FOLLOWERS, ids), _ids(_NEIGHBOURS, ids)
    actions.lock_people(*User.objects.filter(pk__in={*ids, *neighbours}, is_active=True))
    for person in gone:
        actions.end_sessions(person)
        actions.revoke_all_tokens(person)
    actions.forget_cached(*ids)
    for leave in hooks.demo_leaves:
        leave(ids)
    files = [name for person in gone for name in (person.avatar.name, person.avatar_small.name) if name]
    files += _pictures(ids)
    FeedEntry.objects.filter(user_id__in=followers, author_id__in=ids).delete()
    FeedEntry.objects.filter(user_id__in=ids).delete()
    StoredFloor.objects.filter(user_id__in=ids).delete()
    markers.forget(*ids)
    files += _remove_posts(ids)
    leave_groups(ids)
    User.objects.filter(pk__in=ids).delete()
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"people": neighbours})
    transaction.on_commit(partial(remove_files, files))
    return followers


def _pictures(ids: list[int]) -> list[str]:
    owned = Media.objects.filter(owner__in=ids).values_list("large_name", "small_name")
    return [name for names in owned for name in names]


def _remove_posts(ids: list[int]) -> list[str]:
    """With other people's shares of them, and with what only they needed; returns files that nothing names any more."""
    posts = Post.objects.filter(author__in=ids)
    post_ids = list(posts.values_list("pk", flat=True))
    shared_by_others = Post.objects.shares().filter(share_of__in=post_ids).exclude(author__in=ids)
    for post_id in {*shared_by_others.values_list("share_of_id", flat=True)}:
        while remove_shares_of(post_id):
            pass
    of_others = list(posts.shares().exclude(share_of__in=post_ids).values_list("share_of_id", flat=True))
    follows = TagFollow.objects.filter(user__in=ids)
    tags = set(PostHashtag.objects.filter(post__in=post_ids).values_list("hashtag_id", flat=True))
    tags.update(follows.values_list("hashtag_id", flat=True))
    follows.delete()
    linked = list(posts.exclude(preview=None).values_list("preview_id", flat=True))
    images = _images(linked)
    tag_counts.let_go(post_ids)
    posts.delete()
    emit(PostsRemoved(post_ids=post_ids))
    upkeep.reconcile_share_counts(of_others)
    Hashtag.objects.filter(pk__in=tags, uses=None, follows=None).delete()
    previews.forget(LinkPreview.objects.filter(pk__in=linked))
    transaction.on_commit(partial(cards.drop, *post_ids))
    return sorted(images - _images(linked))


def _images(preview_ids: list[int]) -> set[str]:
    named = LinkPreview.objects.filter(pk__in=preview_ids).exclude(image_name="")
    return {*named.values_list("image_name", flat=True)}


def _ids(statement: str, gone: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"gone": gone})
        return [row[0] for row in cursor.fetchall()]

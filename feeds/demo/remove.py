"""Takes the demo community away again: people, posts, pictures, and every trace in the homes of others."""

from collections.abc import Collection
from contextlib import suppress

from django.db import connection, transaction

from accounts import actions
from accounts.models import User
from feeds import previews, timelines
from feeds.demo import EMAIL_DOMAIN
from feeds.demo.people import people
from feeds.models import FeedEntry, LinkPreview, Post, StoredFloor
from socialnet.kernel.errors import RedisAway

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
    followers = (SELECT count(*) FROM accounts_follow WHERE followee_id = c.user_id AND status = 'active'),
    following = (SELECT count(*) FROM accounts_follow WHERE follower_id = c.user_id AND status = 'active')
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
    files = [name for person in gone for name in (person.avatar.name, person.avatar_small.name) if name]
    FeedEntry.objects.filter(user_id__in=followers, author_id__in=ids).delete()
    FeedEntry.objects.filter(user_id__in=ids).delete()
    StoredFloor.objects.filter(user_id__in=ids).delete()
    linked = list(
        Post.objects.filter(author__in=ids).exclude(preview=None).values_list("preview_id", flat=True)
    )
    User.objects.filter(pk__in=ids).delete()
    previews.forget(LinkPreview.objects.filter(pk__in=linked))
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"people": neighbours})
    transaction.on_commit(lambda: _delete_files(files))
    return followers


def _ids(statement: str, gone: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"gone": gone})
        return [row[0] for row in cursor.fetchall()]


def _delete_files(names: list[str]) -> None:
    for name in names:
        User.avatar.field.storage.delete(name)

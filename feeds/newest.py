"""The newest posts of a person and of a tag: ids only, the same for every viewer, candidates only.

First pages of profiles and tags are made from them; below their end lists go on in PostgreSQL. They hold whatever is
not deleted, also what is hidden, pinned or for few: that is asked for each viewer, each time. So only what is missing
from them would be missed, and publishing drops them: in the request, and again, surely, by a handler.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from feeds import tagged
from feeds.models import Post, PostHashtag, PostRevision
from feeds.text import tag_name, tags_in
from socialnet.kernel.cache import CachePolicy

LENGTH = 60
OF_PERSON = CachePolicy(
    name="newest of a person",
    template="newest:{id}",
    ttl=600,
    dropped_by="publish, share, delete; who may see them and what is pinned is asked each time",
)
OF_TAG = CachePolicy(
    name="newest of a tag",
    template="newest_tagged:{id}",
    ttl=60,
    dropped_by="publish, edit and delete of a post with the tag; who may see them is asked each time",
)
OF_GROUP = CachePolicy(
    name="newest of a group",
    template="newest_in_group:{id}",
    ttl=180,
    dropped_by="publish and delete of a post in the group; who may see them and what is pinned is asked each time",
)

_OF_PERSON = """
SELECT id FROM feeds_post WHERE author_id = %(of)s AND deleted_at IS NULL ORDER BY id DESC LIMIT %(count)s
"""
_OF_TAG = """
SELECT p.id FROM feeds_posthashtag t JOIN feeds_post p ON p.id = t.post_id
WHERE t.hashtag_id = (SELECT id FROM feeds_hashtag WHERE name = %(of)s) AND p.deleted_at IS NULL
ORDER BY t.post_id DESC LIMIT %(count)s
"""
_OF_GROUP = """
SELECT id FROM feeds_post WHERE group_id = %(of)s AND deleted_at IS NULL ORDER BY id DESC LIMIT %(count)s
"""


@dataclass(frozen=True)
class Newest:
    """Descending ids, of which none is missing from `floor` upwards; 0 says that there is nothing below."""

    ids: list[int]
    floor: int


def of_person(author_id: int, *, may_fill: bool = True) -> Newest | None:
    """The person's newest posts; None when they are not kept and may not be filled in."""
    return _newest(OF_PERSON, _OF_PERSON, author_id, may_fill=may_fill)


def of_tag(name: str, *, may_fill: bool = True) -> Newest | None:
    """The newest posts with a tag, in normal form; None when they are not kept and may not be filled in."""
    return _newest(OF_TAG, _OF_TAG, name, may_fill=may_fill)


def of_group(group_id: int, *, may_fill: bool = True) -> Newest | None:
    """The newest posts in a group; None when they are not kept and may not be filled in."""
    return _newest(OF_GROUP, _OF_GROUP, group_id, may_fill=may_fill)


def forget_group(group_id: int) -> None:
    """This group has other newest posts than before, if Redis answers."""
    OF_GROUP.drop(group_id)


def _newest(policy: CachePolicy, statement: str, ident: int | str, *, may_fill: bool) -> Newest | None:
    if may_fill:  # nothing is remembered as absent, for a moment: anybody may ask for any tag
        ids = policy.fetch(ident, lambda: _read(statement, ident) or None) or []
    elif (ids := policy.get(ident)) is None:
        return None
    return Newest(ids, ids[-1] if len(ids) == LENGTH else 0)


def _read(statement: str, ident: int | str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"of": ident, "count": LENGTH})
        return [row[0] for row in cursor.fetchall()]


def forget(*, author_ids: Collection[int] = (), tags: Collection[str] = ()) -> None:
    """These people and tags have other newest posts than before, if Redis answers; also those merged into homes."""
    OF_PERSON.drop(*author_ids)
    OF_TAG.drop(*tags)
    tagged.forget(tags)


def surely_forget(*, author_ids: Collection[int], post_ids: Collection[int]) -> None:
    """As `forget`, with every tag that these posts carry or carried; raises `RedisAway`, on which a handler is tried
    again."""
    OF_PERSON.surely_drop(*author_ids)
    in_groups = Post.objects.filter(pk__in=post_ids, group__isnull=False)
    OF_GROUP.surely_drop(*set(in_groups.values_list("group_id", flat=True)))
    tags = tags_ever(post_ids)
    OF_TAG.surely_drop(*tags)
    tagged.surely_forget(tags)


def tags_ever(post_ids: Collection[int]) -> set[str]:
    """The names of all tags that these posts carry or carried before an edit."""
    carried = PostHashtag.objects.filter(post__in=post_ids).values_list("hashtag__name", flat=True)
    earlier = PostRevision.objects.filter(post__in=post_ids).values_list("content", flat=True)
    return {*carried, *(tag_name(tag) for content in earlier for tag in tags_in(content))}

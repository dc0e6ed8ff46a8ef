"""Keeps the documents as the things are: read under a lock, so that two who refresh one leave the later of its states.

Whatever happened, the same is done: look, then write what is missing, mend what differs, remove what is over.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from discovery.models import Kind, SearchDocument
from discovery.search import slips, words
from discovery.search.languages import configuration
from feeds.models import IS_SHARE, Hashtag, Post, PostHashtag
from groups.models import Group

log = structlog.get_logger(__name__)
BATCH = 500
_COLUMNS = "kind, object_id, author_id, words, names, slips, standing, with_media"
_ROW = "(%s::smallint, %s::bigint, %s::bigint, %s::tsvector || {stems}, %s::tsvector, %s::int[], %s::smallint, %s)"
_STEMS = "setweight(to_tsvector(%s::regconfig, %s), %s)"
_KEEP = """
INSERT INTO discovery_searchdocument ({columns}) VALUES {rows}
ON CONFLICT (kind, object_id) DO UPDATE SET author_id = excluded.author_id, words = excluded.words,
    names = excluded.names, slips = excluded.slips, standing = excluded.standing, with_media = excluded.with_media
WHERE (discovery_searchdocument.author_id, discovery_searchdocument.words, discovery_searchdocument.names,
        discovery_searchdocument.slips, discovery_searchdocument.standing, discovery_searchdocument.with_media)
    IS DISTINCT FROM (excluded.author_id, excluded.words, excluded.names, excluded.slips, excluded.standing,
        excluded.with_media)
"""
# How well known: the logarithm of followers, and of uses as far as they are worth counting.
_STANDING_OF_PEOPLE = """
SELECT user_id, floor(log(2, 1 + followers))::int FROM accounts_personcounts WHERE user_id = ANY(%(ids)s)
"""
_STANDING_OF_TAGS = """
SELECT tag.id, floor(log(2, 1 + (SELECT count(*) FROM (
    SELECT 1 FROM feeds_posthashtag u WHERE u.hashtag_id = tag.id LIMIT 5000) used)))::int
FROM unnest(%(ids)s::bigint[]) AS tag (id)
"""
_STANDING_OF_GROUPS = """
SELECT group_id, floor(log(2, 1 + members))::int FROM groups_groupcounts WHERE group_id = ANY(%(ids)s)
"""
_RISEN = """
UPDATE discovery_searchdocument d SET standing = floor(log(2, 1 + c.followers))::int FROM accounts_personcounts c
WHERE d.kind = 1 AND c.user_id = d.object_id AND d.object_id > %(after)s AND d.object_id <= %(last)s
    AND d.standing <> floor(log(2, 1 + c.followers))::int
"""


@transaction.atomic
def keep_people(user_ids: Collection[int]) -> int:
    """Documents of those who stand; returns how many of `user_ids` that are."""
    people = list(
        User.objects.standing()
        .filter(pk__in=user_ids)
        .select_for_update(no_key=True)
        .order_by("pk")
        .only("pk", "username", "display_name", "bio", "location", "language")
    )
    standings = _pairs(_STANDING_OF_PEOPLE, [person.pk for person in people])
    _write(Kind.PERSON, user_ids, [_of_person(person, standings.get(person.pk, 0)) for person in people])
    return len(people)


@transaction.atomic
def keep_posts(post_ids: Collection[int]) -> int:
    """Documents of posts that say something themselves, hidden ones too: the door judges. And of their tags."""
    posts = list(
        Post.objects.deliverable()
        .filter(~IS_SHARE, pk__in=post_ids)
        .select_for_update(no_key=True)
        .order_by("pk")
        .only("pk", "author_id", "content", "content_warning", "language", "with_media")
    )
    tags: dict[int, list[Hashtag]] = {post.pk: [] for post in posts}
    for use in PostHashtag.objects.filter(post__in=tags).select_related("hashtag"):
        tags[use.post_id].append(use.hashtag)
    _write(Kind.POST, post_ids, [_of_post(post, [tag.name for tag in tags[post.pk]]) for post in posts])
    keep_tags({tag.pk for carried in tags.values() for tag in carried})
    return len(posts)


def forget_people(user_ids: Iterable[int]) -> None:
    """Of these people, their posts, and the tags that nobody else uses, no document stays."""
    ids = list(user_ids)
    others = PostHashtag.objects.filter(hashtag=OuterRef("object_id")).exclude(post__author__in=ids)
    SearchDocument.objects.filter(~Exists(others), kind=Kind.TAG).delete()
    SearchDocument.objects.filter(kind=Kind.POST, author_id__in=ids).delete()
    SearchDocument.objects.filter(kind=Kind.PERSON, object_id__in=ids).delete()


@transaction.atomic
def keep_groups(group_ids: Collection[int]) -> int:
    """Documents of groups that stand, hidden ones too; who may know of one is asked when it is found."""
    groups = list(
        Group.objects.standing()
        .filter(pk__in=group_ids)
        .select_for_update(no_key=True)
        .order_by("pk")
        .only("pk", "slug", "name", "description", "tags")
    )
    standings = _pairs(_STANDING_OF_GROUPS, [group.pk for group in groups])
    _write(Kind.GROUP, group_ids, [_of_group(group, standings.get(group.pk, 0)) for group in groups])
    return len(groups)


@transaction.atomic
def keep_tags(tag_ids: Collection[int]) -> int:
    """Documents of tags; their names never change, so that nobody waits for whom."""
    tags = list(Hashtag.objects.filter(pk__in=tag_ids).order_by("pk"))
    standings = _pairs(_STANDING_OF_TAGS, [tag.pk for tag in tags])
    _write(Kind.TAG, tag_ids, [_of_tag(tag, standings.get(tag.pk, 0)) for tag in tags])
    return len(tags)


def refresh_standings(*, batch: int = 5000) -> int:
    """Bring up to date how well known people are; returns of how many that changed."""
    last, changed = 0, 0
    while ids := list(
        SearchDocument.objects.filter(kind=Kind.PERSON, object_id__gt=last)
        .order_by("object_id")
        .values_list("object_id", flat=True)[:batch]
    ):
        with connection.cursor() as cursor:
            cursor.execute(_RISEN, {"after": last, "last": ids[-1]})
            changed += cursor.rowcount
        last = ids[-1]
    return changed


def _of_person(person: User, standing: int) -> list[Any]:
    name, shown = person.username, person.display_name
    found = words.vector((name, "A"), (shown, "B"), (person.bio, "C"), (person.location, "D"))
    stems = [configuration(person.language), person.bio, "C"]
    forms = slips.forms_of(words.name_words(name, shown))
    return [
        person.pk,
        found,
        *stems,
        words.vector((name, "A"), (shown, "B")),
        forms,
        standing,
        False,
        person.pk,
    ]


def _of_post(post: Post, tags: Iterable[str]) -> list[Any]:
    found = words.vector((post.content, "A"), (post.content_warning, "B"), tags=tags)
    stems = [configuration(post.language), post.content, "D"]
    return [post.pk, found, *stems, None, None, 0, post.with_media, post.author_id]


def _of_tag(tag: Hashtag, standing: int) -> list[Any]:
    named = words.vector((tag.name, "A"))
    forms = slips.forms_of(words.name_words(tag.name))
    return [tag.pk, named, "", "", "A", named, forms, standing, False, None]


def _of_group(group: Group, standing: int) -> list[Any]:
    names = ((group.name, "A"), (group.slug, "B"))
    found = words.vector(*names, (" ".join(group.tags), "B"), (group.description, "C"))
    stems = [configuration(settings.LANGUAGE_CODE), group.description, "D"]
    forms = slips.forms_of(words.name_words(group.name, group.slug))
    return [group.pk, found, *stems, words.vector(*names), forms, standing, False, None]


def _pairs(statement: str, ids: Sequence[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids)})
        return dict(cursor.fetchall())


def _write(kind: Kind, asked: Collection[int], found: Sequence[Sequence[Any]]) -> None:
    """Documents for what was found of `asked`, and none for the rest."""
    gone = set(asked) - {row[0] for row in found}
    if gone:
        SearchDocument.objects.filter(kind=kind, object_id__in=gone).delete()
    if not found:
        return
    rows, values = [], []
    for object_id, vector, language, text, weight, names, forms, standing, with_media, author_id in found:
        stems = [language, text, weight] if language and text else []
        rows.append(_ROW.format(stems=_STEMS if stems else "''::tsvector"))
        values += [kind.value, object_id, author_id, vector, *stems, names, forms, standing, with_media]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(columns=_COLUMNS, rows=", ".join(rows)), values)


def keep_missing(*, first_user_id: int, last_user_id: int) -> int:
    """Documents that people of this range and their posts lack; returns how many that were."""
    people = User.objects.standing().filter(pk__range=(first_user_id, last_user_id))
    posts = Post.objects.deliverable().filter(~IS_SHARE, author__pk__range=(first_user_id, last_user_id))
    return _keep_lacking(Kind.PERSON, people, keep_people) + _keep_lacking(Kind.POST, posts, keep_posts)


def _keep_lacking(kind: Kind, things: QuerySet[Any], keep: Callable[[Collection[int]], int]) -> int:
    ids = list(things.order_by("pk").values_list("pk", flat=True))
    kept = SearchDocument.objects.filter(kind=kind, object_id__in=ids).values_list("object_id", flat=True)
    lacking = sorted(set(ids) - set(kept))
    return sum(keep(lacking[start : start + BATCH]) for start in range(0, len(lacking), BATCH))


def rebuild(kind: Kind, *, progress: Callable[[int], None] = lambda _many: None) -> int:
    """Make every document of a kind anew where it differs, and remove what is left of things that are gone.

    In batches, while people go on; returns how many documents there are.
    """
    things, keep = _SOURCES[kind]
    last = made = 0
    while ids := list(things.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        made += keep(ids)
        last = ids[-1]
        progress(made)
    remove_leftovers(kind)
    return made


def remove_leftovers(kind: Kind) -> int:
    """Documents of what is not there any more."""
    things, keep = _SOURCES[kind]
    there = things.objects.filter(pk=OuterRef("object_id"))
    gone = SearchDocument.objects.filter(~Exists(there), kind=kind).values_list("object_id", flat=True)
    ids = list(gone)
    for start in range(0, len(ids), BATCH):
        keep(ids[start : start + BATCH])
    return len(ids)


_SOURCES: dict[Kind, tuple[Any, Callable[[Collection[int]], int]]] = {
    Kind.PERSON: (User, keep_people),
    Kind.POST: (Post, keep_posts),
    Kind.TAG: (Hashtag, keep_tags),
    Kind.GROUP: (Group, keep_groups),
}


def tend() -> dict[str, int]:
    """Make what documents lack, whoever forgot to say so; returns what was done, by name."""
    done = {"people": 0, "posts": 0, "groups": 0, "gone": 0}
    for kind, name in ((Kind.PERSON, "people"), (Kind.POST, "posts"), (Kind.GROUP, "groups")):
        lacking = _SEARCHABLE[kind]()
        done[name] = sum(
            _SOURCES[kind][1](lacking[start : start + BATCH]) for start in range(0, len(lacking), BATCH)
        )
    done["gone"] = sum(remove_leftovers(kind) for kind in Kind)
    done["standings"] = refresh_standings()
    log.info("documents_tended", **done)
    return done


def _lacking(kind: Kind, things: QuerySet[Any]) -> list[int]:
    kept = SearchDocument.objects.filter(kind=kind, object_id=OuterRef("pk"))
    return list(things.filter(~Exists(kept)).order_by("pk").values_list("pk", flat=True))


_SEARCHABLE: dict[Kind, Callable[[], list[int]]] = {
    Kind.PERSON: lambda: _lacking(Kind.PERSON, User.objects.standing()),
    Kind.POST: lambda: _lacking(Kind.POST, Post.objects.deliverable().filter(~IS_SHARE)),
    Kind.GROUP: lambda: _lacking(Kind.GROUP, Group.objects.standing()),
}

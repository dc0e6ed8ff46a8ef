"""Hashtags by their names. A tag that stands only on posts which are not for a viewer does not exist for them."""

from collections.abc import Collection, Sequence

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.models import Viewer
from discovery.search import slips
from discovery.search.people import CANDIDATES, TAG, named_so
from discovery.search.query import Query
from discovery.search.words import Word, name_words, words_in
from feeds.models import Hashtag, Post

_ALIKE = """
SELECT d.object_id, t.name FROM discovery_searchdocument d JOIN feeds_hashtag t ON t.id = d.object_id
WHERE d.kind = 3 AND d.slips && %(forms)s::int[] ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s
"""


def found_tags(query: Query) -> list[int]:
    """Ids of tags in whose names all of the words are, the last as a beginning; what is called just so first."""
    words = query.words + [word for tag in query.tags for word in words_in(tag)]
    if not words or query.authors or query.from_following or query.groups:
        return []
    if query.since or query.until or query.with_media:
        return []
    found = named_so(words, most=CANDIDATES, kind=TAG) or _alike(words)
    exact = Hashtag.objects.filter(name=words[0].written).values_list("pk", flat=True).first()
    if len(words) == 1 and exact is not None:
        return [exact, *(tag_id for tag_id in found if tag_id != exact)]
    return found


def visible_tags(tag_ids: Collection[int], *, viewer: Viewer) -> dict[int, Hashtag]:
    """Those of the tags that stand on a post which `viewer` may see, by id; in one query."""
    if not tag_ids:
        return {}
    seen = Post.objects.filter(tags__hashtag=OuterRef("pk")).visible_to(viewer)
    return {tag.pk: tag for tag in Hashtag.objects.filter(Exists(seen), pk__in=tag_ids)}


def _alike(words: Sequence[Word]) -> list[int]:
    if len(words) != 1 or not words[0].forms:
        return []
    asked = words[0].forms[-1]
    if len(asked) < slips.TYPED_LEAST:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"forms": sorted(slips.forms(asked)), "most": CANDIDATES})
        rows = cursor.fetchall()
    return [tag_id for tag_id, name in rows if any(slips.is_slip(asked, word) for word in name_words(name))]

"""Groups by their names, and by what they say they are for. Who may know of one is asked of the groups, each time."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from discovery.search import slips
from discovery.search.people import CANDIDATES
from discovery.search.query import Query, as_prefixes, as_tsquery, as_unwanted
from discovery.search.words import name_words

_ORDER = "ORDER BY d.standing DESC, d.object_id DESC LIMIT %(most)s"
_FOUND = f"""
SELECT found.object_id FROM (
    (SELECT d.object_id, d.standing, d.words, 0 AS way FROM discovery_searchdocument d
    WHERE d.kind = 4 AND d.names @@ %(names)s::tsquery {_ORDER})
    UNION ALL
    (SELECT d.object_id, d.standing, d.words, 1 FROM discovery_searchdocument d
    WHERE d.kind = 4 AND d.words @@ %(words)s::tsquery {_ORDER})
) found WHERE true {{unwanted}}
GROUP BY found.object_id ORDER BY min(found.way), max(found.standing) DESC, found.object_id DESC LIMIT %(most)s
"""
_ALIKE = f"""
SELECT d.object_id, g.name, g.slug FROM discovery_searchdocument d JOIN groups_group g ON g.id = d.object_id
WHERE d.kind = 4 AND d.slips && %(forms)s::int[] {_ORDER}
"""


def found_groups(query: Query, *, languages: Sequence[str]) -> list[int]:
    """Ids of groups that have all of the words, those first that are called so; else what differs by a slip."""
    if not query.phrases or query.has_filters:
        return []
    unwanted = as_unwanted(query)
    statement = _FOUND.replace("{unwanted}", "AND found.words @@ %(unwanted)s::tsquery" if unwanted else "")
    params: dict[str, Any] = {
        "names": as_prefixes(query.words),
        "words": as_tsquery(query, languages=languages),
        "unwanted": unwanted,
        "most": CANDIDATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found = [row[0] for row in cursor.fetchall()]
    return found or _alike(query)


def _alike(query: Query) -> list[int]:
    if query.without or len(query.words) != 1 or not query.words[0].forms:
        return []
    asked = query.words[0].forms[-1]
    if len(asked) < slips.TYPED_LEAST:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ALIKE, {"forms": sorted(slips.forms(asked)), "most": CANDIDATES})
        rows = cursor.fetchall()
    return [
        group_id
        for group_id, name, slug in rows
        if any(slips.is_slip(asked, word) for word in name_words(name, slug))
    ]

"""What must always be true of what can be searched, in SQL of its own."""

from socialnet.kernel.invariants import invariant, number

# What somebody can find: people who stand; posts that say something and are not deleted; tags of a post; groups.
_LEFT_OVER = """
SELECT count(*) FROM discovery_searchdocument d WHERE CASE d.kind
    WHEN 1 THEN NOT EXISTS (SELECT 1 FROM accounts_user u
        WHERE u.id = d.object_id AND u.is_active AND u.suspended_at IS NULL)
    WHEN 2 THEN NOT EXISTS (SELECT 1 FROM feeds_post p WHERE p.id = d.object_id AND p.deleted_at IS NULL
        AND (p.share_of_id IS NULL OR p.content <> '' OR p.with_media))
    WHEN 3 THEN NOT EXISTS (SELECT 1 FROM feeds_hashtag t WHERE t.id = d.object_id)
    ELSE NOT EXISTS (SELECT 1 FROM groups_group g WHERE g.id = d.object_id
        AND g.deleted_at IS NULL AND g.hidden_at IS NULL) END
"""
# Of people only those of whom news was heard: whoever an operator makes at the console is found from the next night on.
_MISSING = """
SELECT (SELECT count(*) FROM feeds_post p WHERE p.deleted_at IS NULL
        AND (p.share_of_id IS NULL OR p.content <> '' OR p.with_media)
        AND NOT EXISTS (SELECT 1 FROM discovery_searchdocument d WHERE d.kind = 2 AND d.object_id = p.id)
        AND EXISTS (SELECT 1 FROM outbox_event e WHERE e.name = 'feeds.post_published'
            AND (e.payload ->> 'post_id')::bigint = p.id))
    + (SELECT count(*) FROM accounts_user u WHERE u.is_active AND u.suspended_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM discovery_searchdocument d WHERE d.kind = 1 AND d.object_id = u.id)
        AND EXISTS (SELECT 1 FROM outbox_event e WHERE e.name = 'accounts.profile_changed'
            AND (e.payload ->> 'user_id')::bigint = u.id))
    + (SELECT count(*) FROM groups_group g WHERE g.deleted_at IS NULL AND g.hidden_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM discovery_searchdocument d WHERE d.kind = 4 AND d.object_id = g.id)
        AND EXISTS (SELECT 1 FROM outbox_event e WHERE e.name = 'groups.group_created'
            AND (e.payload ->> 'group_id')::bigint = g.id))
"""
_OTHERWISE = """
SELECT (SELECT count(*) FROM discovery_searchdocument d JOIN feeds_post p ON p.id = d.object_id
        WHERE d.kind = 2 AND (d.author_id <> p.author_id OR d.with_media <> p.with_media))
    + (SELECT count(*) FROM discovery_searchdocument d JOIN accounts_user u ON u.id = d.object_id
        WHERE d.kind = 1 AND NOT d.names @@ quote_literal(lower(u.username))::tsquery
            AND trim('_' FROM u.username) = u.username)
    + (SELECT count(*) FROM discovery_searchdocument d JOIN feeds_hashtag t ON t.id = d.object_id
        JOIN feeds_posthashtag h ON h.hashtag_id = t.id
        JOIN discovery_searchdocument p ON p.kind = 2 AND p.object_id = h.post_id
        WHERE d.kind = 3 AND NOT p.words @@ quote_literal('#' || t.name)::tsquery)
"""


# While news is on its way, documents are as things were.
_ON_ITS_WAY = "SELECT count(*) FROM outbox_delivery WHERE state = 0 AND handler LIKE 'documents.%%'"


def _at_rest(statement: str) -> int:
    return 0 if number(_ON_ITS_WAY) else number(statement)


@invariant(28, "nothing can be searched that is not there")
def left_over_documents(_sample: int) -> int:
    return _at_rest(_LEFT_OVER)


@invariant(28, "what was said can be searched")
def missing_documents(_sample: int) -> int:
    return _at_rest(_MISSING)


@invariant(28, "documents to search say what people, posts and tags say")
def wrong_documents(_sample: int) -> int:
    return _at_rest(_OTHERWISE)

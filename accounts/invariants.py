"""What must always be true of people and of what stands between them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model

from socialnet.kernel import storage
from socialnet.kernel.invariants import invariant, number

_WRONG_COUNTS = """
SELECT count(*) FROM accounts_personcounts c
LEFT JOIN (SELECT {side}_id AS person_id, count(*) AS many FROM accounts_follow
    WHERE status = 'active' AND is_counted GROUP BY 1) f
    ON f.person_id = c.user_id
WHERE c.{column} <> coalesce(f.many, 0)
"""
_COUNTED_WRONGLY = """
SELECT count(*) FROM accounts_follow f JOIN accounts_user one ON one.id = f.follower_id
JOIN accounts_user other ON other.id = f.followee_id
WHERE f.status = 'active' AND f.is_counted <> (one.suspended_at IS NULL AND other.suspended_at IS NULL)
"""
_WITHOUT_COUNTS = """
SELECT count(*) FROM accounts_user u WHERE NOT EXISTS (SELECT 1 FROM accounts_personcounts c WHERE c.user_id = u.id)
    OR NOT EXISTS (SELECT 1 FROM accounts_activity a WHERE a.user_id = u.id)
"""
_NEGATIVE = "SELECT count(*) FROM accounts_personcounts WHERE least(followers, following, posts) < 0"
_REPEATED_OR_SELF = """
SELECT count(*) FILTER (WHERE one = other) + count(*) - count(DISTINCT (one, other)) FROM {table} pair
CROSS JOIN LATERAL (SELECT pair.{one}_id AS one, pair.{other}_id AS other) ids
"""
_FOLLOWS_ACROSS_A_BLOCK = """
SELECT count(*) FROM accounts_block b JOIN accounts_follow f
    ON f.follower_id = b.blocker_id AND f.followee_id = b.blocked_id
    OR f.follower_id = b.blocked_id AND f.followee_id = b.blocker_id
"""
# What a tombstone keeps: its own narrow rows, and the record of what staff decided.
KEPT = {
    "accounts.PersonCounts",
    "accounts.Activity",
    "admin.LogEntry",
    "notifications.Announcement",
    "discovery.TrendRuling",
    "moderation.Case",  # what was decided; what they said is gone
    "moderation.Report",  # that somebody found something wrong: decisions rest on it; their words are gone
    "moderation.Sanction",  # what was decided; its words, and the appeal, are gone
}
_TALKING_TOMBSTONES = """
SELECT count(*) FROM accounts_user WHERE NOT is_active AND (
    (bio || website || location || avatar || avatar_small) <> '' OR position('@deleted.invalid' IN email) = 0
    OR last_login IS NOT NULL OR leaving_since IS NOT NULL OR limited_at IS NOT NULL)
"""
_ROWS_OF_ERASED = """
SELECT count(*) FROM "{table}" t JOIN accounts_user u ON u.id = t."{column}" WHERE NOT u.is_active
"""
_STILL_IN = """
SELECT count(*) FROM accounts_user u WHERE (u.suspended_at IS NOT NULL OR NOT u.is_active) AND (
    EXISTS (SELECT 1 FROM accounts_session s WHERE s.account_id = u.id AND s.expire_date > clock_timestamp())
    OR EXISTS (SELECT 1 FROM accounts_apitoken t WHERE t.user_id = u.id
        AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())))
"""


@invariant(14, "follower counts equal rows")
def wrong_follower_counts(_sample: int) -> int:
    return number(_WRONG_COUNTS.format(side="followee", column="followers"))


@invariant(14, "following counts equal rows")
def wrong_following_counts(_sample: int) -> int:
    return number(_WRONG_COUNTS.format(side="follower", column="following"))


@invariant(14, "follows count while neither of the two is suspended")
def follows_counted_wrongly(_sample: int) -> int:
    return number(_COUNTED_WRONGLY)


@invariant(14, "everybody has counts and an activity")
def people_without_counts(_sample: int) -> int:
    return number(_WITHOUT_COUNTS)


@invariant(16, "no count of a person is negative")
def negative_counts(_sample: int) -> int:
    return number(_NEGATIVE)


@invariant(17, "follows are unique, and nobody follows themselves")
def odd_follows(_sample: int) -> int:
    return number(_REPEATED_OR_SELF.format(table="accounts_follow", one="follower", other="followee"))


@invariant(17, "blocks are unique, and nobody blocks themselves")
def odd_blocks(_sample: int) -> int:
    return number(_REPEATED_OR_SELF.format(table="accounts_block", one="blocker", other="blocked"))


@invariant(17, "mutes are unique, and nobody mutes themselves")
def odd_mutes(_sample: int) -> int:
    return number(_REPEATED_OR_SELF.format(table="accounts_mute", one="muter", other="muted"))


@invariant(17, "usernames are unique in any case")
def repeated_usernames(_sample: int) -> int:
    return number("SELECT count(*) - count(DISTINCT lower(username)) FROM accounts_user")


@invariant(18, "a block leaves no follow in either direction")
def follows_across_a_block(_sample: int) -> int:
    return number(_FOLLOWS_ACROSS_A_BLOCK)


@invariant(35, "nothing personal is left on the tombstone of who was erased")
def talking_tombstones(_sample: int) -> int:
    return number(_TALKING_TOMBSTONES)


@invariant(35, "no row of any app belongs to who was erased")
def rows_of_nobody(_sample: int) -> int:
    """Asks every table that points to people, so that a new app is asked, too."""
    return sum(
        _rows_of_erased(relation.related_model, str(relation.field.column))
        for relation in list(get_user_model()._meta.related_objects)
        if relation.related_model._meta.label not in KEPT
    )


def _rows_of_erased(model: Any, column: str) -> int:
    return number(_ROWS_OF_ERASED.format(table=model._meta.db_table, column=column))


@invariant(35, "archives of people have a row each, and no other is kept")
def stray_archives(_sample: int) -> int:
    from accounts.models import Export

    kept = set(Export.objects.exclude(file="").values_list("file", flat=True))
    return sum(name not in kept for name in storage.names("exports", older_than=timedelta(hours=1)))


@invariant(33, "nobody suspended or deleted has a session or a token")
def still_signed_in(_sample: int) -> int:
    return number(_STILL_IN)

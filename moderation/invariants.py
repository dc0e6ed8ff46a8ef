"""What must always be true of reports and decisions, in SQL of its own."""

from socialnet.kernel.invariants import invariant, number

_MISCOUNTED = """
SELECT count(*) FROM moderation_case c WHERE c.reports
    <> (SELECT count(*) FROM moderation_report r WHERE r.case_id = c.id)
"""
_AT_LARGE = """
SELECT count(*) FROM moderation_sanction s JOIN accounts_user u ON u.id = s.person_id
WHERE s.ended_at IS NULL AND s.measure IN ('suspend', 'ban') AND u.is_active
    AND (u.suspended_at IS NULL OR u.suspended_at = u.leaving_since)
"""
_WORDS_OF_ERASED = """
SELECT (SELECT count(*) FROM moderation_report r JOIN accounts_user u ON u.id = r.reporter_id
        WHERE NOT u.is_active AND r.details <> '')
    + (SELECT count(*) FROM moderation_case c JOIN accounts_user u ON u.id = c.person_id
        WHERE NOT u.is_active AND (c.said <> '' OR c.closed_at IS NULL))
    + (SELECT count(*) FROM moderation_sanction s JOIN accounts_user u ON u.id = s.person_id
        WHERE NOT u.is_active AND (s.words || s.appeal || s.answer <> '' OR s.ended_at IS NULL))
"""
_HELD_FOR_NOBODY = """
SELECT count(*) FROM (
    SELECT 'post' AS kind, id FROM feeds_post WHERE held_at IS NOT NULL AND deleted_at IS NULL
    UNION ALL SELECT 'comment', id FROM interactions_comment WHERE held_at IS NOT NULL AND deleted_at IS NULL
    UNION ALL SELECT 'user', person_id FROM moderation_heldprofile
    UNION ALL SELECT 'group', id FROM groups_group WHERE held_at IS NOT NULL AND deleted_at IS NULL
    UNION ALL SELECT 'group', h.group_id FROM moderation_heldgroup h JOIN groups_group g ON g.id = h.group_id
        WHERE g.deleted_at IS NULL
) held WHERE NOT EXISTS (SELECT 1 FROM moderation_case c
    WHERE c.target_kind = held.kind AND c.target_id = held.id AND c.is_screened AND c.closed_at IS NULL)
"""


@invariant(34, "what is held waits in an open case of the queue")
def held_for_nobody(_sample: int) -> int:
    return number(_HELD_FOR_NOBODY)


@invariant(16, "cases count their reports")
def miscounted_cases(_sample: int) -> int:
    return number(_MISCOUNTED)


@invariant(33, "whom a decision in force suspends or bans is shut out")
def sanctioned_at_large(_sample: int) -> int:
    return number(_AT_LARGE)


@invariant(35, "of who was erased moderators keep no words, and nothing in force")
def words_of_erased(_sample: int) -> int:
    return number(_WORDS_OF_ERASED)

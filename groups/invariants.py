"""What must always be true of groups, in plain SQL."""

from socialnet.kernel.invariants import invariant, number

_WRONG_MEMBER_COUNTS = """
SELECT count(*) FROM groups_group g LEFT JOIN groups_groupcounts c ON c.group_id = g.id
LEFT JOIN (SELECT group_id, count(*) AS many FROM groups_membership WHERE status = 'active' GROUP BY 1) m
    ON m.group_id = g.id
WHERE c.group_id IS NULL OR c.members <> coalesce(m.many, 0)
"""
_WITHOUT_OWNER = """
SELECT count(*) FROM groups_group g WHERE g.deleted_at IS NULL
    AND EXISTS (SELECT 1 FROM groups_membership m JOIN accounts_user u ON u.id = m.user_id
        WHERE m.group_id = g.id AND m.status = 'active' AND u.is_active)
    AND NOT EXISTS (SELECT 1 FROM groups_membership m
        WHERE m.group_id = g.id AND m.status = 'active' AND m.role = 'owner')
"""


@invariant(14, "member counts of groups equal rows")
def wrong_member_counts(_sample: int) -> int:
    return number(_WRONG_MEMBER_COUNTS)


@invariant(17, "every group that has members has an owner")
def groups_without_owner(_sample: int) -> int:
    return number(_WITHOUT_OWNER)

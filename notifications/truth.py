"""Whether claims are true now: the cause, what is between the two people, and what the recipient wishes.

A claim *stands* while its cause does and nothing parts the two; it is *welcome* if its recipient wants to hear of it.
What does not stand is taken out of inboxes; what is not welcome does not come in, but stays where it is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from feeds.door import facts_of_many
from notifications import filtering
from notifications.claims import Claim
from notifications.models import FromWhom
from notifications.preferences import Wishes
from notifications.registry import Pace

# Of claim w: recipient, actor, target.
_FOLLOWS = (
    "EXISTS (SELECT 1 FROM accounts_follow f"
    " WHERE f.follower_id = {a} AND f.followee_id = {b} AND f.status = '{s}')"
)
_POST = (
    "EXISTS (SELECT 1 FROM feeds_post p WHERE p.id = w.target AND p.author_id = {author}"
    " AND p.deleted_at IS NULL AND p.hidden_at IS NULL)"
)
_COMMENT = (
    "EXISTS (SELECT 1 FROM interactions_comment c JOIN feeds_post p ON p.id = c.post_id"
    " WHERE c.id = w.target AND c.author_id = w.actor AND c.deleted_at IS NULL AND c.withheld_at IS NULL"
    " AND p.deleted_at IS NULL AND p.hidden_at IS NULL)"
)
_MEMBERSHIP = (
    "EXISTS (SELECT 1 FROM groups_membership m JOIN groups_group g ON g.id = m.group_id"
    " WHERE m.group_id = w.target AND m.user_id = {person} AND m.status = '{status}'"
    " AND g.deleted_at IS NULL AND g.hidden_at IS NULL)"
)
# What somebody, in the group of the post at w.post, chose to hear of it.
_NOTIFY = (
    "EXISTS (SELECT 1 FROM feeds_post p JOIN groups_membership m ON m.group_id = p.group_id"
    " WHERE p.id = w.post AND m.user_id = w.recipient AND m.status = 'active' AND {which})"
)
_CAUSES = {
    "follow": _FOLLOWS.format(a="w.actor", b="w.recipient", s="active"),
    "follow_request": _FOLLOWS.format(a="w.actor", b="w.recipient", s="pending"),
    "request_accepted": _FOLLOWS.format(a="w.recipient", b="w.actor", s="active"),
    "group_invitation": _MEMBERSHIP.format(person="w.recipient", status="invited"),
    "group_request": (
        f"{_MEMBERSHIP.format(person='w.actor', status='pending')} AND EXISTS (SELECT 1 FROM groups_membership s"
        " WHERE s.group_id = w.target AND s.user_id = w.recipient AND s.status = 'active' AND s.role <> 'member')"
    ),
    "group_accepted": _MEMBERSHIP.format(person="w.recipient", status="active"),
    "like": (
        "EXISTS (SELECT 1 FROM interactions_like l JOIN feeds_post p ON p.id = l.post_id"
        " WHERE l.user_id = w.actor AND l.post_id = w.target AND l.is_active"
        " AND p.deleted_at IS NULL AND p.hidden_at IS NULL)"
    ),
    "comment_like": (
        "EXISTS (SELECT 1 FROM interactions_commentlike l JOIN interactions_comment c ON c.id = l.comment_id"
        " JOIN feeds_post p ON p.id = c.post_id WHERE l.user_id = w.actor AND l.comment_id = w.target"
        " AND l.is_active AND c.deleted_at IS NULL AND c.withheld_at IS NULL"
        " AND p.deleted_at IS NULL AND p.hidden_at IS NULL)"
    ),
    "comment": _COMMENT,
    "reply": _COMMENT,
    "mention": f"CASE WHEN w.comment IS NULL THEN {_POST.format(author='w.actor')} ELSE {_COMMENT} END",
    "share": (
        "EXISTS (SELECT 1 FROM feeds_post s WHERE s.share_of_id = w.target AND s.author_id = w.actor"
        " AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL AND s.hidden_at IS NULL)"
        " AND EXISTS (SELECT 1 FROM feeds_post p WHERE p.id = w.target"
        " AND p.deleted_at IS NULL AND p.hidden_at IS NULL)"
    ),
    "quote": _POST.format(author="w.actor"),
    "new_post": _POST.format(author="w.actor"),
    "group_post": (
        f"{_POST.format(author='w.actor')} AND {_NOTIFY.format(which='true')} AND NOT EXISTS ("
        "SELECT 1 FROM feeds_post p JOIN groups_group g ON g.id = p.group_id"
        " WHERE p.id = w.post AND g.hidden_at IS NOT NULL)"
    ),
    "post_published": _POST.format(author="w.recipient"),
    "post_failed": "true",
    "security": "true",
    "group_report": "true",
    "report_outcome": "true",
    "sanction": "true",
    "system": "EXISTS (SELECT 1 FROM notifications_announcement n WHERE n.id = w.target)",
}
_TRUTH = """
SELECT (CASE w.kind {causes} END) AND EXISTS (
        SELECT 1 FROM accounts_user u WHERE u.id = w.recipient AND u.is_active
    ) AND (w.actor IS NULL OR EXISTS (
        SELECT 1 FROM accounts_user u WHERE u.id = w.actor AND u.is_active
    ) AND NOT EXISTS (
        SELECT 1 FROM accounts_block b WHERE b.blocker_id = w.recipient AND b.blocked_id = w.actor
    ) AND NOT EXISTS (
        SELECT 1 FROM accounts_block b WHERE b.blocker_id = w.actor AND b.blocked_id = w.recipient
    )) AS is_caused,
    EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = w.actor AND u.suspended_at IS NOT NULL) AS is_away,
    EXISTS (SELECT 1 FROM accounts_mute m WHERE m.muter_id = w.recipient AND m.muted_id = w.actor
        AND (m.until IS NULL OR m.until > clock_timestamp()))
    OR EXISTS (SELECT 1 FROM interactions_conversationmute m WHERE m.user_id = w.recipient AND m.post_id = w.post)
    OR w.kind <> 'mention' AND {away}
    OR {silent} AS muted,
    EXISTS (SELECT 1 FROM accounts_follow f WHERE f.follower_id = w.recipient AND f.followee_id = w.actor
        AND f.status = 'active') AS follows,
    EXISTS (SELECT 1 FROM accounts_follow f WHERE f.follower_id = w.actor AND f.followee_id = w.recipient
        AND f.status = 'active') AS followed_back,
    EXISTS (SELECT 1 FROM accounts_follow f WHERE f.follower_id = w.recipient AND f.followee_id = w.actor
        AND f.status = 'active' AND f.notify) AS bell,
    {hears_all} AS hears_all,
    EXISTS (SELECT 1 FROM accounts_user u WHERE u.id = w.recipient AND (u.mentions_from = 'everyone'
        OR u.mentions_from = 'followed' AND EXISTS (SELECT 1 FROM accounts_follow f
            WHERE f.follower_id = u.id AND f.followee_id = w.actor AND f.status = 'active'))) AS may_name
FROM unnest(%(kinds)s::text[], %(recipients)s::bigint[], %(actors)s::bigint[], %(targets)s::bigint[],
    %(posts)s::bigint[], %(comments)s::bigint[]) WITH ORDINALITY w(kind, recipient, actor, target, post, comment, place)
ORDER BY w.place
""".replace("{causes}", " ".join(f"WHEN '{kind}' THEN {cause}" for kind, cause in _CAUSES.items()))
# The post at w.post, or what it shares, is hidden by the recipient from themselves, and not their own.
_AWAY = (
    "EXISTS (SELECT 1 FROM feeds_post p JOIN feeds_hiddenpost h ON h.user_id = w.recipient AND h.post_id = CASE"
    " WHEN p.content = '' AND NOT p.with_media THEN coalesce(p.share_of_id, p.id) ELSE p.id END"
    " WHERE p.id = w.post AND p.author_id <> w.recipient)"
)
_TRUTH = _TRUTH.replace("{away}", _AWAY)
_TRUTH = _TRUTH.replace("{silent}", _NOTIFY.format(which="m.notify = 'none'"))
_TRUTH = _TRUTH.replace(
    "{hears_all}", "w.kind = 'group_post' AND " + _NOTIFY.format(which="m.notify = 'all'")
)
# What these lead to is of the recipient, who sees it as long as it stands.
_OWN = frozenset({"like", "share", "comment", "post_published"})


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one claim now.

    `is_away`: whoever did it is suspended, which may end. `muted`: the recipient muted them, the conversation, or all
    that is said in its group, or hid the post and is not named. `bell`: the recipient asked to hear of the actor's
    posts; `hears_all`: of all posts in the group. `may_name`: the recipient lets the actor mention them.
    """

    is_caused: bool
    is_away: bool
    muted: bool
    follows: bool
    followed_back: bool
    bell: bool
    hears_all: bool
    may_name: bool = True

    @property
    def stands(self) -> bool:
        return self.is_caused and not self.is_away


_WANTED: dict[str, Callable[[Truth], bool]] = {
    FromWhom.EVERYONE: lambda _truth: True,
    FromWhom.FOLLOWED: lambda truth: truth.follows,
    FromWhom.MUTUALS: lambda truth: truth.follows and truth.followed_back,
    FromWhom.NOBODY: lambda _truth: False,
}


def ask(claims: Sequence[Claim]) -> list[Truth]:
    """The truth of each claim, in one query."""
    params: dict[str, Any] = {
        "kinds": [claim.kind for claim in claims],
        "recipients": [claim.recipient_id for claim in claims],
        "actors": [claim.actor_id for claim in claims],
        "targets": [claim.target_id for claim in claims],
        "posts": [claim.post_id for claim in claims],
        "comments": [claim.comment_id for claim in claims],
    }
    with connection.cursor() as cursor:
        cursor.execute(_TRUTH, params)
        return [Truth(*row) for row in cursor.fetchall()]


def welcome(claims: Mapping[Claim, Truth], *, wishes: Mapping[int, Wishes]) -> list[Claim]:
    """Those of `claims` that stand and of which their recipients want to hear, and may: the door is asked, and their
    filters, once for all of them."""
    wanted = [claim for claim, truth in claims.items() if truth.stands and is_wanted(claim, truth, wishes)]
    doors: dict[int, set[int]] = defaultdict(set)
    for claim in wanted:
        if claim.post_id and claim.kind not in _OWN:
            doors[claim.recipient_id].add(claim.post_id)
    seen = {
        (recipient_id, fact.post_id)
        for recipient_id, truth in facts_of_many(doors).items()
        for fact in truth.values()
        if fact.visible
    }
    open_to_them = [
        claim
        for claim in wanted
        if not claim.post_id or claim.kind in _OWN or (claim.recipient_id, claim.post_id) in seen
    ]
    filtered = filtering.of_claims(open_to_them)
    return [claim for claim in open_to_them if claim not in filtered or not filtered[claim].hides]


def is_wanted(claim: Claim, truth: Truth, wishes: Mapping[int, Wishes]) -> bool:
    """Whether its recipient wants to hear of it; the door is not asked."""
    if claim.is_undone:
        return False
    if claim.registered.urgent:
        return True
    theirs = wishes[claim.recipient_id]
    if truth.muted or theirs.pace(claim.kind) is Pace.OFF:
        return False
    if claim.kind == "new_post" and not truth.bell:
        return False
    if claim.kind == "group_post" and not truth.hears_all:
        return False
    if any(_is_chosen(kind, truth, theirs) for kind in claim.unless):
        return False
    return claim.actor_id is None or _is_chosen(claim.kind, truth, theirs)


def _is_chosen(kind: str, truth: Truth, wishes: Wishes) -> bool:
    """Whether they want to hear of this kind from this person."""
    if kind == "mention" and not truth.may_name:
        return False
    return wishes.pace(kind) is not Pace.OFF and _WANTED[wishes.from_whom(kind)](truth)

"""What must always be true of inboxes and of what leaves them, in SQL written apart from the code."""

from typing import Any

from accounts.models import User
from notifications.registry import KINDS
from notifications.selectors import unread_counts
from socialnet.kernel.invariants import invariant, number

# One row per person who stands in somebody's inbox: n is the notification, a the person.
_STANDING = """
FROM notifications_notification n JOIN notifications_notificationactor a ON a.notification_id = n.id
WHERE n.stands AND a.is_active
"""
_OWN = f"SELECT count(*) {_STANDING} AND a.actor_id = n.recipient_id"
_ACROSS_A_BLOCK = f"""
SELECT count(*) {_STANDING} AND EXISTS (
    SELECT 1 FROM accounts_block b WHERE (b.blocker_id, b.blocked_id) IN
        ((n.recipient_id, a.actor_id), (a.actor_id, n.recipient_id)))
"""
# The last time that they were muted; a mute that took the place of another began with it. Ten seconds for what was
# being settled at that moment.
_AFTER_A_MUTE = f"""
WITH muted AS MATERIALIZED (
    SELECT (payload ->> 'muter_id')::bigint AS muter, (payload ->> 'muted_id')::bigint AS muted,
        socialnet_id_at(max(created_at) + interval '10 seconds') AS since
    FROM outbox_event WHERE name = 'accounts.user_muted' GROUP BY 1, 2
)
SELECT count(*) {_STANDING} AND EXISTS (
    SELECT 1 FROM muted m JOIN accounts_mute still ON still.muter_id = m.muter AND still.muted_id = m.muted
        AND (still.until IS NULL OR still.until > clock_timestamp())
    WHERE m.muter = n.recipient_id AND m.muted = a.actor_id AND a.place > m.since)
"""
_TWICE_IN_NEWS = f"""
SELECT count(*) FROM (
    SELECT 1 {_STANDING} GROUP BY n.recipient_id, n.kind, n.target_id, a.actor_id HAVING count(*) > 1
) twice
"""
_OPEN_TWICE = """
SELECT count(*) - count(DISTINCT (recipient_id, kind, target_id)) FROM notifications_notification WHERE is_open
"""
_WRONG_NUMBERS = """
SELECT count(*) FROM notifications_notification n LEFT JOIN (
    SELECT notification_id, count(*) AS many FROM notifications_notificationactor WHERE is_active GROUP BY 1
) a ON a.notification_id = n.id
WHERE n.actor_count <> coalesce(a.many, 0)
"""
_EMPTY = """
SELECT count(*) FROM notifications_notification n WHERE n.stands <> EXISTS (
    SELECT 1 FROM notifications_notificationactor a WHERE a.notification_id = n.id AND a.is_active
) AND n.kind NOT IN ('post_published', 'post_failed', 'security', 'group_report',
        'report_outcome', 'sanction', 'system')
"""
_POST_STANDS = "EXISTS (SELECT 1 FROM feeds_post p WHERE p.id = {id} AND p.deleted_at IS NULL)"
_COMMENT_STANDS = "EXISTS (SELECT 1 FROM interactions_comment c WHERE c.id = {id} AND c.deleted_at IS NULL)"
_FOLLOW = """EXISTS (SELECT 1 FROM accounts_follow f
    WHERE f.follower_id = {a} AND f.followee_id = {b} AND f.status = '{status}')"""
_MEMBERSHIP = """EXISTS (SELECT 1 FROM groups_membership m
    WHERE m.group_id = n.target_id AND m.user_id = {person} AND m.status = '{status}')"""
_CAUSES = {
    "follow": _FOLLOW.format(a="a.actor_id", b="n.recipient_id", status="active"),
    "follow_request": _FOLLOW.format(a="a.actor_id", b="n.recipient_id", status="pending"),
    "request_accepted": _FOLLOW.format(a="n.recipient_id", b="a.actor_id", status="active"),
    "group_invitation": _MEMBERSHIP.format(person="n.recipient_id", status="invited"),
    "group_request": f"""({_MEMBERSHIP.format(person="a.actor_id", status="pending")} AND EXISTS (
        SELECT 1 FROM groups_membership s WHERE s.group_id = n.target_id AND s.user_id = n.recipient_id
            AND s.status = 'active' AND s.role <> 'member'))""",
    "group_accepted": _MEMBERSHIP.format(person="n.recipient_id", status="active"),
    "group_post": """EXISTS (SELECT 1 FROM feeds_post p JOIN groups_membership m ON m.group_id = p.group_id
        WHERE p.id = n.post_id AND p.author_id = a.actor_id AND m.user_id = n.recipient_id AND m.status = 'active')""",
    "like": """EXISTS (SELECT 1 FROM interactions_like l
        WHERE l.post_id = n.target_id AND l.user_id = a.actor_id AND l.is_active)""",
    "comment_like": """EXISTS (SELECT 1 FROM interactions_commentlike l
        WHERE l.comment_id = n.target_id AND l.user_id = a.actor_id AND l.is_active)""",
    "share": """EXISTS (SELECT 1 FROM feeds_post s WHERE s.share_of_id = n.target_id AND s.author_id = a.actor_id
        AND s.deleted_at IS NULL AND s.content = '' AND NOT s.with_media)""",
}
_WITHOUT_CAUSE = f"SELECT count(*) {_STANDING} AND CASE n.kind {{cases}} ELSE false END".replace(
    "{cases}", " ".join(f"WHEN '{kind}' THEN NOT {cause}" for kind, cause in _CAUSES.items())
)
_LEADS_NOWHERE = f"""
SELECT count(*) FROM notifications_notification n WHERE n.stands AND (
    n.post_id IS NOT NULL AND NOT {_POST_STANDS.format(id="n.post_id")}
    OR n.comment_id IS NOT NULL AND NOT {_COMMENT_STANDS.format(id="n.comment_id")})
"""
_STILL_OWED = """
SELECT count(*) FROM notifications_channeldelivery d JOIN notifications_notification n ON n.id = d.notification_id
WHERE d.state = 'owed' AND (NOT n.stands OR n.read_at IS NOT NULL AND n.kind <> 'security')
"""
_TOLD_TWICE = """
SELECT count(*) - count(DISTINCT (notification_id, way)) FROM notifications_channeldelivery
"""
_NEVER_TOLD = """
SELECT count(*) FROM notifications_channeldelivery d JOIN notifications_notification n ON n.id = d.notification_id
WHERE n.told_at IS NULL
"""
_TOO_EARLY = "SELECT count(*) FROM notifications_notification WHERE told_at < due_at"
_TOO_SOON = """
SELECT count(*) FROM (
    SELECT n.told_at - lag(n.told_at) OVER same AS since, make_interval(secs => k.cooldown) AS cooldown
    FROM notifications_notification n
    JOIN unnest(%(kinds)s::text[], %(cooldowns)s::int[]) k(kind, cooldown) USING (kind)
    WHERE n.told_at IS NOT NULL
    WINDOW same AS (PARTITION BY n.recipient_id, n.kind, n.target_id ORDER BY n.told_at)
) told WHERE since < cooldown
"""
_UNREAD = """
SELECT count(*) FROM notifications_notification n WHERE n.recipient_id = %(person)s AND n.read_at IS NULL AND (
    EXISTS (SELECT 1 FROM notifications_notificationactor a WHERE a.notification_id = n.id AND a.is_active)
    OR n.stands AND n.kind IN ('post_published', 'post_failed', 'security', 'group_report',
        'report_outcome', 'sanction', 'system'))
"""
_OF_WHO_LEFT = f"""
SELECT (SELECT count(*) {_STANDING} AND EXISTS (
        SELECT 1 FROM accounts_user u WHERE u.id = a.actor_id AND (NOT u.is_active OR u.suspended_at IS NOT NULL)))
    + (SELECT count(*) FROM notifications_notification n JOIN accounts_user u ON u.id = n.recipient_id
        WHERE NOT u.is_active)
    + (SELECT count(*) FROM notifications_settings s JOIN accounts_user u ON u.id = s.user_id WHERE NOT u.is_active)
    + (SELECT count(*) FROM notifications_preference s JOIN accounts_user u ON u.id = s.user_id WHERE NOT u.is_active)
    + (SELECT count(*) FROM notifications_pushsubscription s JOIN accounts_user u ON u.id = s.user_id
        WHERE NOT u.is_active)
"""
# Of the events that were settled lately and whose causes stand: those that should have told somebody. Whom something
# could have kept from hearing it, now or meanwhile, is left out of the question: wishes, mutes, blocks, doors.
_SHOULD_HAVE_TOLD = """
WITH changes AS MATERIALIZED (
    SELECT payload FROM outbox_event WHERE name IN ('accounts.user_muted', 'accounts.user_blocked',
        'accounts.user_suspended', 'accounts.privacy_changed', 'interactions.conversation_unmuted',
        'feeds.filters_changed', 'feeds.hidden_posts_changed', 'accounts.reach_changed')
), restless AS MATERIALIZED (
    SELECT DISTINCT value::bigint AS person FROM changes CROSS JOIN LATERAL jsonb_each_text(payload)
    WHERE key IN ('muter_id', 'blocker_id', 'blocked_id', 'user_id')
), edited AS MATERIALIZED (
    SELECT (payload ->> 'post_id')::bigint AS post FROM outbox_event WHERE name = 'feeds.post_edited'
)
SELECT count(*) FROM ({wanted}) w
JOIN accounts_user recipient ON recipient.id = w.recipient AND recipient.is_active
JOIN accounts_user actor ON actor.id = w.actor AND actor.is_active AND actor.suspended_at IS NULL
WHERE w.recipient <> w.actor
    AND NOT EXISTS (SELECT 1 FROM notifications_preference p WHERE p.user_id = w.recipient AND p.kind = w.kind)
    AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE (b.blocker_id, b.blocked_id) IN
        ((w.recipient, w.actor), (w.actor, w.recipient)))
    AND NOT EXISTS (SELECT 1 FROM interactions_conversationmute m WHERE m.user_id = w.recipient AND m.post_id = w.post)
    AND (w.kind = 'mention' OR NOT EXISTS (SELECT 1 FROM feeds_hiddenpost h
        WHERE h.user_id = w.recipient AND h.post_id = w.post))
    AND (w.kind <> 'mention' OR recipient.mentions_from = 'everyone')
    AND NOT EXISTS (SELECT 1 FROM feeds_keywordfilter k
        WHERE k.user_id = w.recipient AND 'notifications' = ANY(k.places))
    AND NOT EXISTS (SELECT 1 FROM restless r WHERE r.person = w.recipient)
    AND NOT EXISTS (SELECT 1 FROM restless r WHERE r.person = w.actor)
    AND NOT EXISTS (SELECT 1 FROM restless r WHERE r.person = w.owner)
    AND NOT EXISTS (SELECT 1 FROM edited e WHERE e.post = w.post)
    AND NOT EXISTS (SELECT 1 FROM notifications_notification n
        JOIN notifications_notificationactor a ON a.notification_id = n.id AND a.is_active
        WHERE n.recipient_id = w.recipient AND n.kind = w.kind AND n.target_id = w.target AND a.actor_id = w.actor
            AND n.stands)
"""
_SETTLED = """
FROM outbox_event e
JOIN outbox_delivery d ON d.event_id = e.id AND d.handler = 'notifications.{handler}' AND d.state = 1
"""
_OPEN_TO_ALL = """
JOIN feeds_post p ON p.id = {post} AND p.deleted_at IS NULL AND p.hidden_at IS NULL AND p.visibility = 'public'
JOIN accounts_user owner ON owner.id = p.author_id AND NOT owner.is_private AND owner.is_active
    AND owner.suspended_at IS NULL
"""
_FOLLOWS = f"""
SELECT 'follow' AS kind, f.followee_id AS recipient, f.follower_id AS actor, f.follower_id AS target,
    NULL::bigint AS post, f.followee_id AS owner
{_SETTLED.format(handler="note_follows")}
JOIN accounts_follow f ON f.follower_id = (e.payload ->> 'follower_id')::bigint
    AND f.followee_id = (e.payload ->> 'followee_id')::bigint AND f.status = 'active'
WHERE e.name = 'accounts.user_followed' AND NOT (e.payload ->> 'was_asked')::boolean
"""
_MENTIONS = f"""
SELECT 'mention' AS kind, named.id::bigint AS recipient, p.author_id AS actor, p.id AS target, p.id AS post,
    p.author_id AS owner
{_SETTLED.format(handler="note_mentions")}
CROSS JOIN LATERAL jsonb_array_elements_text(e.payload -> 'user_ids') AS named (id)
{_OPEN_TO_ALL.format(post="(e.payload ->> 'post_id')::bigint")}
WHERE e.name = 'feeds.people_mentioned'
"""
_REPLIES = f"""
SELECT 'reply' AS kind, (e.payload ->> 'answered_id')::bigint AS recipient, c.author_id AS actor, c.id AS target,
    c.post_id AS post, p.author_id AS owner
{_SETTLED.format(handler="note_comments")}
JOIN interactions_comment c ON c.id = (e.payload ->> 'comment_id')::bigint AND c.deleted_at IS NULL
    AND c.withheld_at IS NULL
{_OPEN_TO_ALL.format(post="c.post_id")}
WHERE e.name = 'interactions.comment_written'
"""


@invariant(22, "nobody is told of their own acts")
def told_of_oneself(_sample: int) -> int:
    return number(_OWN)


@invariant(23, "nobody is told of somebody across a block")
def told_across_a_block(_sample: int) -> int:
    return number(_ACROSS_A_BLOCK)


@invariant(23, "nobody is told of what somebody did after they muted them")
def told_after_a_mute(_sample: int) -> int:
    return number(_AFTER_A_MUTE)


@invariant(24, "nobody stands twice in the same news")
def twice_in_news(_sample: int) -> int:
    return number(_TWICE_IN_NEWS)


@invariant(24, "of the same news one row is open")
def open_twice(_sample: int) -> int:
    return number(_OPEN_TWICE)


@invariant(24, "a notification counts the people that stand in it")
def wrong_numbers(_sample: int) -> int:
    return number(_WRONG_NUMBERS)


@invariant(25, "everybody hears of who follows them")
def unheard_follows(_sample: int) -> int:
    return number(_SHOULD_HAVE_TOLD.format(wanted=_FOLLOWS))


@invariant(25, "everybody hears of who names them")
def unheard_mentions(_sample: int) -> int:
    return number(_SHOULD_HAVE_TOLD.format(wanted=_MENTIONS))


@invariant(25, "everybody hears of who answers them")
def unheard_replies(_sample: int) -> int:
    return number(_SHOULD_HAVE_TOLD.format(wanted=_REPLIES))


@invariant(26, "the number beside the bell is that of unread news")
def wrong_badges(sample: int) -> int:
    people = list(User.objects.standing().order_by("?").values_list("pk", flat=True)[:sample])
    shown = unread_counts(people)
    return sum(shown.get(person, 0) != number(_UNREAD, person=person) for person in people)


@invariant(27, "what has no cause any more is in no inbox")
def without_cause(_sample: int) -> int:
    return number(_WITHOUT_CAUSE)


@invariant(27, "no news leads to a post or a comment that is gone")
def leading_nowhere(_sample: int) -> int:
    return number(_LEADS_NOWHERE)


@invariant(27, "news stands while somebody stands in it, and no longer")
def empty_news(_sample: int) -> int:
    return number(_EMPTY)


@invariant(27, "nothing is owed of what was undone or read")
def still_owed(_sample: int) -> int:
    return number(_STILL_OWED)


@invariant(27, "each way tells of a notification once")
def told_twice(_sample: int) -> int:
    return number(_TOLD_TWICE)


@invariant(27, "no way tells of what is not due")
def told_too_early(_sample: int) -> int:
    return number(_NEVER_TOLD) + number(_TOO_EARLY)


@invariant(27, "the same is not told twice within its cooldown")
def told_too_soon(_sample: int) -> int:
    params: dict[str, Any] = {
        "kinds": list(KINDS),
        "cooldowns": [kind.cooldown for kind in KINDS.values()],
    }
    return number(_TOO_SOON, **params)


@invariant(35, "who left is in no inbox and has none, and who is suspended is in none")
def of_who_left(_sample: int) -> int:
    return number(_OF_WHO_LEFT)

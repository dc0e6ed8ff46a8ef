"""Settling claims: what is true goes into inboxes, what is not is taken out. In any order, twice, at once: the same.

Everything that changes the inbox of a person holds that person's lock (`lock_inboxes`) and asks for the truth under
it. So of two that settle the same claim the later one sees at least what the earlier saw: the truth has the last word.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Q

from notifications import metrics, preferences, truth
from notifications.claims import Claim, Key
from notifications.clock import next_morning
from notifications.models import Notification, NotificationActor
from notifications.preferences import Wishes
from notifications.registry import KINDS, PACE_SECONDS, Pace

BATCH = 200
_LOCKS = 0x6E6F7469  # the class of our advisory locks; the other half is the person's id
_ROUNDS = 0x6E6F7470  # of the one that all who settle hold

# Held together by those who settle, alone by who waits for them (`after_settling`).
_SETTLING = "SELECT pg_advisory_xact_lock_shared(%(locks)s, 1)"
_SETTLED = "SELECT pg_advisory_xact_lock(%(locks)s, 1)"
_LOCK = """
SELECT pg_advisory_xact_lock(%(locks)s, (id %% 2147483647)::int) FROM unnest(%(ids)s::bigint[]) id
"""
_TAKE_OUT = """
WITH gone AS (
    UPDATE notifications_notificationactor a SET is_active = false
    FROM unnest(%(recipients)s::bigint[], %(kinds)s::text[], %(targets)s::bigint[], %(actors)s::bigint[])
        w(recipient, kind, target, actor)
    JOIN notifications_notification n ON n.recipient_id = w.recipient AND n.kind = w.kind AND n.target_id = w.target
    WHERE a.notification_id = n.id AND a.actor_id = w.actor AND a.is_active
    RETURNING a.notification_id
), counted AS (
    SELECT notification_id, count(*) AS many FROM gone GROUP BY notification_id
), changed AS (
    UPDATE notifications_notification n
    SET actor_count = n.actor_count - c.many, stands = n.actor_count > c.many
    FROM counted c WHERE n.id = c.notification_id
    RETURNING n.id, n.recipient_id, n.stands
), cancelled AS (
    UPDATE notifications_channeldelivery d SET state = 'cancelled', outcome = 'undone', at = clock_timestamp()
    FROM changed WHERE d.notification_id = changed.id AND NOT changed.stands AND d.state = 'owed'
    RETURNING 1
)
SELECT DISTINCT recipient_id, (SELECT count(*) FROM cancelled) FROM changed
"""
_PEOPLE_LEAVE = """
WITH gone AS (
    UPDATE notifications_notificationactor SET is_active = false WHERE actor_id = ANY(%(people)s) AND is_active
    RETURNING notification_id
), counted AS (
    SELECT notification_id, count(*) AS many FROM gone GROUP BY notification_id
), changed AS (
    UPDATE notifications_notification n
    SET actor_count = n.actor_count - c.many, stands = n.actor_count > c.many
    FROM counted c WHERE n.id = c.notification_id
    RETURNING n.id, n.stands
)
UPDATE notifications_channeldelivery d SET state = 'cancelled', outcome = 'undone', at = clock_timestamp()
FROM changed WHERE d.notification_id = changed.id AND NOT changed.stands AND d.state = 'owed'
"""
_VANISH = """
WITH changed AS (
    UPDATE notifications_notification SET stands = false, actor_count = 0 WHERE id = ANY(%(ids)s) AND stands
    RETURNING id, recipient_id
), actors AS (
    UPDATE notifications_notificationactor a SET is_active = false FROM changed WHERE a.notification_id = changed.id
), cancelled AS (
    UPDATE notifications_channeldelivery d SET state = 'cancelled', outcome = 'undone', at = clock_timestamp()
    FROM changed WHERE d.notification_id = changed.id AND d.state = 'owed'
    RETURNING 1
)
SELECT DISTINCT recipient_id, (SELECT count(*) FROM cancelled) FROM changed
"""
# The newest row of each key, and when the key was told last; of each wanted person the newest row that they are in.
_TOLD = """
(SELECT max(told_at) FROM notifications_notification t
    WHERE t.recipient_id = n.recipient_id AND t.kind = n.kind AND t.target_id = n.target_id)
"""
_KNOWN = f"""
SELECT w.place, n.id, n.is_open, {_TOLD}, n.closes_at, n.stands, n.told_at IS NULL
FROM unnest(%(recipients)s::bigint[], %(kinds)s::text[], %(targets)s::bigint[]) WITH ORDINALITY
    w(recipient, kind, target, place)
CROSS JOIN LATERAL (
    SELECT * FROM notifications_notification n
    WHERE n.recipient_id = w.recipient AND n.kind = w.kind AND n.target_id = w.target ORDER BY n.id DESC LIMIT 1
) n
"""
_IN = """
SELECT DISTINCT ON (w.place) w.place, n.id, a.is_active,
    coalesce(n.closes_at, n.read_at + interval '1 day', 'infinity') > clock_timestamp()
FROM unnest(%(recipients)s::bigint[], %(kinds)s::text[], %(targets)s::bigint[], %(actors)s::bigint[]) WITH ORDINALITY
    w(recipient, kind, target, actor, place)
JOIN notifications_notification n ON n.recipient_id = w.recipient AND n.kind = w.kind AND n.target_id = w.target
JOIN notifications_notificationactor a ON a.notification_id = n.id AND a.actor_id = w.actor
ORDER BY w.place, a.is_active DESC, n.id DESC
"""
_CLOSE = "UPDATE notifications_notification SET is_open = false WHERE id = ANY(%(ids)s) AND is_open"
_OPEN = """
INSERT INTO notifications_notification (recipient_id, kind, target_id, post_id, comment_id, words, due_at, stands)
SELECT recipient, kind, target, post, comment, words::jsonb, due, standing
FROM unnest(%(recipients)s::bigint[], %(kinds)s::text[], %(targets)s::bigint[], %(posts)s::bigint[],
    %(comments)s::bigint[], %(words)s::text[], %(dues)s::timestamptz[], %(standing)s::boolean[])
    w(recipient, kind, target, post, comment, words, due, standing)
RETURNING id, recipient_id, kind, target_id
"""
_WAIT_AGAIN = """
UPDATE notifications_notification n SET due_at = w.due
FROM unnest(%(ids)s::bigint[], %(dues)s::timestamptz[]) w(id, due) WHERE n.id = w.id
"""
# A batch that is full is told before its time, though not within the cooldown; once, so that it can be put off.
_PUT_IN = f"""
WITH came AS (
    INSERT INTO notifications_notificationactor AS known (notification_id, actor_id)
    SELECT row, actor FROM unnest(%(rows)s::bigint[], %(actors)s::bigint[]) WITH ORDINALITY w(row, actor, place)
    ORDER BY w.place
    ON CONFLICT (notification_id, actor_id) DO UPDATE SET is_active = true, place = socialnet_next_id()
    WHERE NOT known.is_active
    RETURNING notification_id, place
), counted AS (
    SELECT notification_id, count(*) AS many, max(place) AS place FROM came GROUP BY notification_id
)
UPDATE notifications_notification n SET
    actor_count = n.actor_count + c.many,
    stands = true,
    place = CASE WHEN n.read_at IS NULL THEN c.place ELSE n.place END,
    due_at = CASE WHEN n.id = ANY(%(hasty)s) AND n.actor_count < l.largest AND n.actor_count + c.many >= l.largest
        THEN least(n.due_at, greatest(clock_timestamp(), {_TOLD} + make_interval(secs => l.cooldown)))
        ELSE n.due_at END
FROM counted c, unnest(%(kinds)s::text[], %(largest)s::int[], %(cooldowns)s::int[]) l(kind, largest, cooldown)
WHERE n.id = c.notification_id AND l.kind = n.kind
"""


_BRING_BACK = """
WITH back AS (
    UPDATE notifications_notificationactor a SET is_active = true
    FROM unnest(%(rows)s::bigint[], %(actors)s::bigint[]) w(row, actor)
    WHERE a.notification_id = w.row AND a.actor_id = w.actor AND NOT a.is_active
    RETURNING a.notification_id
), counted AS (
    SELECT notification_id, count(*) AS many FROM back GROUP BY notification_id
)
UPDATE notifications_notification n SET actor_count = n.actor_count + c.many, stands = true
FROM counted c WHERE n.id = c.notification_id
RETURNING n.recipient_id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The newest row of a key, as far as settling needs it; `told_at` is when any row of the key was told last."""

    id: int
    is_open: bool
    told_at: datetime | None
    closes_at: datetime | None
    stands: bool
    is_untold: bool


def settle(claims: Iterable[Claim]) -> set[int]:
    """Make inboxes say of these claims what is true now; the people whose inboxes changed."""
    return _in_batches(claims, _settle)


def bring_back(claims: Iterable[Claim]) -> set[int]:
    """Let people stand again where they stood last, if it is true and welcome: the row stays as it was, read, told, and
    in its place, and nobody is told again. The people whose inboxes changed."""
    return _in_batches(claims, _bring_back)


def _in_batches(claims: Iterable[Claim], work: Callable[[list[Claim]], set[int]]) -> set[int]:
    changed: set[int] = set()
    of_others = dict.fromkeys(claim for claim in claims if claim.recipient_id != claim.actor_id)
    waiting = iter(sorted(of_others, key=lambda claim: claim.recipient_id))
    while batch := list(islice(waiting, BATCH)):
        changed |= work(batch)
    return changed


def _hold(claims: Collection[Claim]) -> dict[int, Wishes]:
    """Hold the inboxes that these concern until the transaction ends; the wishes of their people."""
    people = {claim.recipient_id for claim in claims}
    _execute(_SETTLING, {"locks": _ROUNDS})
    lock_inboxes(people)
    return preferences.of(people)


@transaction.atomic
def _bring_back(claims: list[Claim]) -> set[int]:
    wishes = _hold(claims)
    truths = dict(zip(claims, truth.ask(claims), strict=True))
    welcome = truth.welcome(truths, wishes=wishes)
    places = _places(welcome) if welcome else {}
    gone = [(row, claim) for claim, (row, is_active, _late) in places.items() if row and not is_active]
    if not gone:
        return set()
    params: dict[str, Any] = {
        "rows": [row for row, _claim in gone],
        "actors": [claim.actor_id for _row, claim in gone],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BRING_BACK, params)
        return {row[0] for row in cursor.fetchall()}


@transaction.atomic
def _settle(claims: list[Claim]) -> set[int]:
    wishes = _hold(claims)
    truths = dict(zip(claims, truth.ask(claims), strict=True))
    away = [
        claim
        for claim, known in truths.items()
        if known.is_caused and known.is_away and truth.is_wanted(claim, known, wishes)
    ]
    if away:  # whom nobody heard of before they were suspended stands where `bring_back` finds them
        _put_in(away, wishes)
    fallen = [claim for claim, known in truths.items() if not known.stands]
    changed = _take_out(fallen) if fallen else set()
    if welcome := truth.welcome(truths, wishes=wishes):
        changed |= _put_in(welcome, wishes)
    return changed


def lock_inboxes(people: Collection[int]) -> None:
    """Hold the inboxes of these people until the transaction ends; everybody locks them in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"locks": _LOCKS, "ids": sorted(people, key=lambda pk: (pk % 2147483647, pk))})


@transaction.atomic
def after_settling() -> None:
    """Wait for who is settling at this moment: what they saw as true may be undone by now, and their rows not be
    there yet. Whoever looks for rows to take out calls this first, in a transaction of its own."""
    _execute(_SETTLED, {"locks": _ROUNDS})


def now() -> datetime:
    """By the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def forget_gone(condition: Q) -> set[int]:
    """Rows that lead to what is gone for good: they do not stand, whatever their people did. Whose inboxes changed."""
    changed: set[int] = set()
    after_settling()
    while rows := list(Notification.objects.standing().filter(condition).order_by("pk")[:BATCH]):
        with transaction.atomic():
            lock_inboxes({row.recipient_id for row in rows})
            changed |= _vanish([row.pk for row in rows])
    return changed


def let_people_leave(people: Collection[int]) -> None:
    """Take these people out of everybody's inbox, whatever is true of them, before their rows are deleted."""
    _execute(_SETTLED, {"locks": _ROUNDS})
    concerned = NotificationActor.objects.filter(actor__in=people, is_active=True)
    lock_inboxes(set(concerned.values_list("notification__recipient_id", flat=True)))
    _execute(_PEOPLE_LEAVE, {"people": list(people)})


def _vanish(notification_ids: Sequence[int]) -> set[int]:
    return _people(_VANISH, {"ids": list(notification_ids)})


def _take_out(claims: Sequence[Claim]) -> set[int]:
    changed = _people(_TAKE_OUT, _columns(claims))
    lonely = {claim.key for claim in claims if claim.actor_id is None}
    if lonely:
        rows = [row.id for row in _newest(sorted(lonely)).values() if row.stands]
        changed |= _vanish(rows)
    return changed


def _put_in(claims: Sequence[Claim], wishes: Mapping[int, Wishes]) -> set[int]:
    """People join the row that is open, come back into the one they were in, or open a new one."""
    moment = now()
    rows = _newest(sorted({claim.key for claim in claims}))
    joining: list[tuple[int, Claim]] = []
    opening: dict[Key, list[Claim]] = defaultdict(list)
    changed = set()
    for claim, (place, is_active, is_recent) in _places(claims).items():
        row = rows.get(claim.key)
        if claim.actor_id is None:
            if row is None:
                opening[claim.key].append(claim)
        elif is_active:
            continue
        elif place and is_recent:
            joining.append((place, claim))
            changed.add(claim.recipient_id)
        elif row and _takes_more(row, moment):
            joining.append((row.id, claim))
            changed.add(claim.recipient_id)
        else:
            opening[claim.key].append(claim)
    if opening:
        opened = _open(opening, rows, wishes, moment)
        joining += [
            (opened[claim.key], claim) for several in opening.values() for claim in several if claim.actor_id
        ]
        changed |= {key.recipient_id for key in opening}
    if joining:
        _let_wait_again({row for row, _person in joining}, rows, wishes, moment)
        _execute(
            _PUT_IN,
            {
                "rows": [row for row, _claim in joining],
                "actors": [claim.actor_id for _row, claim in joining],
                "hasty": [row for row, claim in joining if wishes[claim.recipient_id].is_hasty(claim.kind)],
                "kinds": list(KINDS),
                "largest": [kind.largest for kind in KINDS.values()],
                "cooldowns": [kind.cooldown for kind in KINDS.values()],
            },
        )
    return changed


def _let_wait_again(
    joined: Collection[int], rows: Mapping[Key, Row], wishes: Mapping[int, Wishes], moment: datetime
) -> None:
    """What was empty and is not told yet begins anew: its wait is counted from who comes now."""
    empty = {
        row.id: due_at(key.kind, wishes=wishes[key.recipient_id], since=moment, told=row.told_at)
        for key, row in rows.items()
        if row.id in joined and not row.stands and row.is_untold
    }
    if empty:
        _execute(_WAIT_AGAIN, {"ids": list(empty), "dues": list(empty.values())})


def _takes_more(row: Row, moment: datetime) -> bool:
    return row.is_open and (row.closes_at is None or row.closes_at > moment)


def _open(
    opening: Mapping[Key, Sequence[Claim]],
    rows: Mapping[Key, Row],
    wishes: Mapping[int, Wishes],
    moment: datetime,
) -> dict[Key, int]:
    """New rows, one for each key; the old ones are closed."""
    if old := [rows[key].id for key in opening if key in rows]:
        _execute(_CLOSE, {"ids": old})
    firsts = [several[0] for several in opening.values()]
    params: dict[str, Any] = {
        **_columns(firsts),
        "posts": [claim.post_id for claim in firsts],
        "comments": [claim.comment_id for claim in firsts],
        "words": [orjson.dumps(dict(claim.words)).decode() for claim in firsts],
        "dues": [
            due_at(
                claim.kind,
                wishes=wishes[claim.recipient_id],
                since=moment,
                told=rows[claim.key].told_at if claim.key in rows else None,
            )
            for claim in firsts
        ],
        "standing": [claim.actor_id is None for claim in firsts],
    }
    metrics.opened(len(firsts))
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, params)
        return {Key(recipient, kind, target): ident for ident, recipient, kind, target in cursor.fetchall()}


def due_at(name: str, *, wishes: Wishes, since: datetime, told: datetime | None) -> datetime:
    """When news of a kind is told that came `since`: after its wait, and not again within the cooldown of `told`."""
    kind, pace = KINDS[name], wishes.pace(name)
    if pace is Pace.DAILY:
        due = next_morning(since, wishes.zone)
    else:
        due = since + timedelta(seconds=max(kind.delay, PACE_SECONDS.get(pace, 0)))
    return max(due, told + timedelta(seconds=kind.cooldown)) if told else due


def _newest(keys: Sequence[Key]) -> dict[Key, Row]:
    params: dict[str, Any] = {
        "recipients": [key.recipient_id for key in keys],
        "kinds": [key.kind for key in keys],
        "targets": [key.target_id for key in keys],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, params)
        return {keys[place - 1]: Row(*row) for place, *row in cursor.fetchall()}


def _places(claims: Sequence[Claim]) -> dict[Claim, tuple[int | None, bool, bool]]:
    """Of each claim the row that has its person already, whether they stand there, and whether it is of late."""
    with connection.cursor() as cursor:
        cursor.execute(_IN, _columns(claims))
        found = {place: rest for place, *rest in cursor.fetchall()}
    return {
        claim: tuple(found.get(place, (None, False, False))) for place, claim in enumerate(claims, start=1)
    }


def _columns(claims: Sequence[Claim]) -> dict[str, Any]:
    return {
        "recipients": [claim.recipient_id for claim in claims],
        "kinds": [claim.kind for claim in claims],
        "targets": [claim.target_id for claim in claims],
        "actors": [claim.actor_id for claim in claims],
    }


def _people(statement: str, params: dict[str, Any]) -> set[int]:
    """Whose inboxes a statement changed that takes something out; what was owed for it is counted as cancelled."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows = cursor.fetchall()
    if rows:
        metrics.cancelled("undone", rows[0][1])
    return {row[0] for row in rows}


def _execute(statement: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)

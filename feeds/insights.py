"""What a person's days looked like: posts that their home showed, what their filters kept away, how often others were
shown their posts, who follows them, how many reacted. For themselves alone (ADR 78).

Reading costs nothing for it: each process adds up what it showed and brings it to Redis every few seconds; a job takes
the whole into PostgreSQL once a minute. What a process has in hand is lost when it dies. A batch is added in the
transaction that writes down its name, so it counts once however often the job runs. Days are those of UTC.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from accounts.models import PersonCounts, User
from feeds import hooks
from feeds.items import FeedItem
from feeds.models import DailyFeedStats, StatsBatch
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.postgres import in_time, is_slow
from socialnet.kernel.redis import door
from socialnet.outbox.ids import EPOCH, id_at

log = structlog.get_logger(__name__)
SPANS = (7, 28, 90)  # days that somebody may look back
KEPT_DAYS = 400
ENGAGEMENT_MILLISECONDS = 3000
_BATCH_DAYS = 2  # batches are remembered for longer than Redis keeps one
_SECONDS = 24 * 3600
_PENDING_MOST = 100_000  # numbers that a process holds while Redis is away
_PEOPLE_AT_ONCE = 1000
INSIGHTS = CachePolicy(name="insights", template="insights:{id}", ttl=3600, dropped_by="time; erasure")

SHOWN, FILTERED, IMPRESSIONS = "s", "f", "i"
# One place in a cluster: the counts are renamed and named in one go.
_LIVE, _TAKEN = "{day_counts}:live", "{day_counts}:taken"
_TAKE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('EXPIRE', KEYS[3], ARGV[2])
return 1
"""
_ADD = """
INSERT INTO feeds_dailyfeedstats AS d (user_id, day, shown, filtered, impressions, followers)
SELECT u.id, (clock_timestamp() AT TIME ZONE 'utc')::date, w.shown, w.filtered, w.impressions, c.followers
FROM unnest(%(people)s::bigint[], %(s)s::int[], %(f)s::int[], %(i)s::int[]) w(person, shown, filtered, impressions)
JOIN accounts_user u ON u.id = w.person AND u.is_active
JOIN accounts_personcounts c ON c.user_id = u.id
ORDER BY u.id
ON CONFLICT (user_id, day) DO UPDATE SET shown = d.shown + excluded.shown, filtered = d.filtered + excluded.filtered,
    impressions = d.impressions + excluded.impressions, followers = excluded.followers
"""
_SHARED = """
SELECT (to_timestamp(s.id / 4096 / 1000.0 + %(epoch)s) AT TIME ZONE 'utc')::date, count(*)
FROM feeds_post p JOIN feeds_post s ON s.share_of_id = p.id
WHERE p.author_id = %(user)s AND p.deleted_at IS NULL AND s.id >= %(since)s AND s.author_id <> p.author_id
    AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL
GROUP BY 1
"""

_pending: Counter[tuple[int, str]] = Counter()
_guard = threading.Lock()
_timer: threading.Timer | None = None
_pid = os.getpid()


# --- counting ------------------------------------------------------------------------------------------------


def note_home(viewer_id: int, items: Sequence[FeedItem], *, hidden: int) -> None:
    """A page of somebody's home was shown, and `hidden` posts were not; what is folded away counts as filtered."""
    seen = [item for item in items if not item.filtered]
    _count({(viewer_id, SHOWN): len(seen), (viewer_id, FILTERED): hidden + len(items) - len(seen)})
    note_shown(seen, viewer_id=viewer_id)


def note_shown(items: Iterable[FeedItem], *, viewer_id: int | None) -> None:
    """Posts were shown: to their authors' numbers, of shares to those of who wrote what they share."""
    authors = [item.shown.author.id for item in items if not item.filtered]
    _count(Counter((author_id, IMPRESSIONS) for author_id in authors if author_id != viewer_id))


def _count(numbers: Mapping[tuple[int, str], int]) -> None:
    global _timer, _pid
    with _guard:
        if _pid != os.getpid():  # a fork: its timer did not come along, and what was in hand is its parent's
            _timer, _pid = None, os.getpid()
            _pending.clear()
        if len(_pending) < _PENDING_MOST:
            _pending.update({name: number for name, number in numbers.items() if number})
        if _pending and _timer is None and settings.INSIGHTS_SECONDS:
            _timer = threading.Timer(settings.INSIGHTS_SECONDS, flush)
            _timer.daemon = True
            _timer.start()


def flush() -> int:
    """Bring to Redis what this process counted; how many numbers. While Redis is away they wait."""
    global _timer
    with _guard:
        numbers = dict(_pending)
        _pending.clear()
        _timer = None
    if not numbers:
        return 0
    try:
        with door() as client, client.pipeline(transaction=True) as pipe:
            for (person_id, what), number in numbers.items():
                pipe.hincrby(_LIVE, f"{person_id}:{what}", number)
            pipe.expire(_LIVE, _SECONDS)
            pipe.execute()
    except RedisAway:
        _count(numbers)
        return 0
    return len(numbers)


def forget_here() -> None:
    """What this process has in hand."""
    global _timer
    with _guard:
        _pending.clear()
        if _timer is not None:
            _timer.cancel()
        _timer = None


# --- keeping -------------------------------------------------------------------------------------------------


def keep() -> int:
    """Take what was counted into PostgreSQL, with what an earlier run left behind; how many people's days changed.

    Raises `RedisAway`; the next run goes on from there.
    """
    name = str(uuid4())
    with door() as client:
        script = client.register_script(_TAKE)
        script(keys=[_LIVE, _taken(name), _TAKEN], args=[name, _SECONDS])
        waiting = sorted(_text(member) for member in client.smembers(_TAKEN))
    return sum(_keep(one) for one in waiting)


def _keep(name: str) -> int:
    with door() as client:
        counted = {_text(field): int(number) for field, number in client.hgetall(_taken(name)).items()}
    numbers: dict[int, Counter[str]] = {}
    for field, number in counted.items():
        person_id, _colon, what = field.partition(":")
        numbers.setdefault(int(person_id), Counter())[what] += number
    changed = _add(UUID(name), numbers)
    with door() as client, client.pipeline(transaction=True) as pipe:
        pipe.delete(_taken(name))
        pipe.srem(_TAKEN, name)
        pipe.execute()
    return changed


@transaction.atomic
def _add(name: UUID, numbers: Mapping[int, Counter[str]]) -> int:
    """Once, however often: who adds a batch a second time waits for the first, and then finds its name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feeds_statsbatch (id) VALUES (%s) ON CONFLICT (id) DO NOTHING", [str(name)]
        )
        if not cursor.rowcount:
            return 0
        changed = 0
        everybody = sorted(numbers)
        for start in range(0, len(everybody), _PEOPLE_AT_ONCE):
            people = everybody[start : start + _PEOPLE_AT_ONCE]
            columns = {
                what: [numbers[person_id][what] for person_id in people]
                for what in (SHOWN, FILTERED, IMPRESSIONS)
            }
            cursor.execute(_ADD, {"people": people, **columns})
            changed += cursor.rowcount
        return changed


def _taken(name: str) -> str:
    return f"{{day_counts}}:taken:{name}"


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw


def forget_old() -> int:
    """Days that nobody looks back to, those of people who were erased meanwhile, and names of batches; how many."""
    gone = DailyFeedStats.objects.filter(day__lt=Now() - timedelta(days=KEPT_DAYS))
    erased = DailyFeedStats.objects.filter(user__is_active=False)
    StatsBatch.objects.filter(taken_at__lt=Now() - timedelta(days=_BATCH_DAYS)).delete()
    return gone.delete()[0] + erased.delete()[0]


def forget_person(user_id: int) -> None:
    DailyFeedStats.objects.filter(user=user_id).delete()
    with suppress(RedisAway), door() as client:
        client.hdel(_LIVE, *(f"{user_id}:{what}" for what in (SHOWN, FILTERED, IMPRESSIONS)))
    INSIGHTS.drop(user_id)


# --- reading -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """`followers` is how many there were at its end, None where nobody counted; `new_followers` how many more than on
    the day before that was counted."""

    day: date
    shown: int = 0
    filtered: int = 0
    impressions: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    followers: int | None = None
    new_followers: int | None = None

    @property
    def engagement(self) -> int:
        return self.likes + self.comments + self.shares

    @property
    def engagement_rate(self) -> float | None:
        """Reactions to each time that a post was shown; None on days when none was."""
        return self.engagement / self.impressions if self.impressions else None


@dataclass(frozen=True, slots=True)
class Insights:
    """The last days, the oldest first. Without `is_whole` there was no time to count who reacted."""

    days: Sequence[Day]
    counted_at: datetime
    is_whole: bool

    @property
    def total(self) -> Day:
        """The sum; of followers how many more they became."""
        grown = [day.new_followers for day in self.days if day.new_followers is not None]
        names = ("shown", "filtered", "impressions", "likes", "comments", "shares")
        sums = {name: sum(getattr(day, name) for day in self.days) for name in names}
        followers = next((day.followers for day in reversed(self.days) if day.followers is not None), None)
        return Day(
            self.days[-1].day, **sums, followers=followers, new_followers=sum(grown) if grown else None
        )


def of_person(person: User, *, days: int) -> Insights:
    """The last `days` of `SPANS`, up to an hour old."""
    kept = INSIGHTS.fetch(person.pk, lambda: _counted(person.pk))
    rows = [Day(**{**day, "day": date.fromisoformat(day["day"])}) for day in kept["days"]]
    return Insights(rows[-days:], datetime.fromisoformat(kept["counted_at"]), kept["is_whole"])


def _counted(user_id: int) -> dict[str, object]:
    """All that is kept in the cache of one person: the longest span, as JSON has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    today = now.astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in range(max(SPANS) - 1, -1, -1)]
    stored = {
        row.day: row for row in DailyFeedStats.objects.filter(user=user_id, day__gte=dates[0]).order_by("day")
    }
    before = DailyFeedStats.objects.filter(user=user_id, day__lt=dates[0], followers__isnull=False)
    last = before.order_by("-day").values_list("followers", flat=True).first()
    current = PersonCounts.objects.filter(pk=user_id).values_list("followers", flat=True).first() or 0
    reactions, is_whole = _reactions(user_id, since=dates[0])
    days = []
    for one in dates:
        row = stored.get(one)
        followers = current if one == today else row.followers if row else None
        grown = followers - last if followers is not None and last is not None else None
        last = followers if followers is not None else last
        likes, comments, shares = reactions.get(one, (0, 0, 0))
        days.append(
            Day(
                one,
                shown=row.shown if row else 0,
                filtered=row.filtered if row else 0,
                impressions=row.impressions if row else 0,
                likes=likes,
                comments=comments,
                shares=shares,
                followers=followers,
                new_followers=grown,
            )
        )
    told = [{**asdict(day), "day": day.day.isoformat()} for day in days]
    return {"days": told, "counted_at": now.isoformat(), "is_whole": is_whole}


def _reactions(user_id: int, *, since: date) -> tuple[dict[date, tuple[int, int, int]], bool]:
    """Likes, comments and shares of others by day; and whether there was time to count them."""
    first_id = id_at(datetime(since.year, since.month, since.day, tzinfo=UTC))
    try:
        with in_time(ENGAGEMENT_MILLISECONDS) as cursor:
            cursor.execute(_SHARED, {"user": user_id, "since": first_id, "epoch": EPOCH.timestamp()})
            shares = dict(cursor.fetchall())
            engaged = hooks.engagement(user_id, first_id)
    except OperationalError as error:
        if not is_slow(error):
            raise
        log.info("engagement_not_counted", user_id=user_id)
        return {}, False
    days = shares.keys() | engaged.keys()
    return {day: (*engaged.get(day, (0, 0)), shares.get(day, 0)) for day in days}, True

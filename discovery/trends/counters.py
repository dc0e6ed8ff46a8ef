"""Who did something with a tag, a post or a person lately: distinct people by HyperLogLog, in buckets of time.

An act is counted in the bucket of its own time, so counting it again, or late, changes nothing. Keys end by themselves
and PostgreSQL can give all of them again (`counting.rebuild`); scores take them for how many people there were, and for
which tags and posts to look at, never for who.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.redis import door
from socialnet.outbox.ids import EPOCH, SEQUENCE_BITS

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
SUBJECTS_MOST = 5_000  # of a bucket, the busiest
POLICY = CachePolicy(
    name="trend counters",
    template="trend:{id}",
    ttl=8 * DAY,
    dropped_by="time, after two hours to eight days",
)
_WHOLE, _STIRRED, _COUNTING = "whole", "stirred", "counting"
_COUNTING_SECONDS = 15 * MINUTE  # longer than counting again may take
_STIRRED_SECONDS = HOUR
_BATCH = 1_000


class What(StrEnum):
    """What is counted, of each subject: people who used a tag; who liked, commented on or shared a post; who followed
    a person or did something with their posts."""

    TAG = "tag"
    LIKE = "like"
    COMMENT = "comment"
    SHARE = "share"
    PERSON = "person"


@dataclass(frozen=True)
class Span:
    """Buckets of `seconds`, each kept for `kept` seconds after it was counted in last."""

    name: str
    seconds: int
    kept: int

    def bucket(self, moment: float) -> int:
        return int(moment // self.seconds)

    def buckets(self, window: int, *, until: float) -> range:
        """Those that reach into the last `window` seconds."""
        return range(self.bucket(until - window), self.bucket(until) + 1)


TENTHS = Span("m", 10 * MINUTE, 2 * HOUR)
HOURS = Span("h", HOUR, 26 * HOUR)
DAYS = Span("d", DAY, 8 * DAY)
SPANS: Mapping[What, tuple[Span, ...]] = dict.fromkeys(What, (TENTHS, HOURS)) | {What.PERSON: (DAYS,)}


@dataclass(frozen=True, slots=True)
class Act:
    """That somebody did something, at the time that `at`, a time-ordered id, has."""

    what: What
    subject_id: int
    person_id: int
    at: int

    @property
    def moment(self) -> float:
        return EPOCH.timestamp() + (self.at >> SEQUENCE_BITS) / 1000


def note(acts: Iterable[Act]) -> int:
    """Count `acts`; returns in how many places this was news. Raises `RedisAway`."""
    now = time.time()
    places = (
        (act, span)
        for act in acts
        for span in SPANS[act.what]
        if now - span.kept < act.moment < now + span.seconds
    )
    news = 0
    while batch := list(islice(places, _BATCH)):
        news += _note(batch)
    return news


def _note(places: Sequence[tuple[Act, Span]]) -> int:
    """First the people, then, where one was new, the busy list: what is lost in between is one place in an order."""
    with door() as client, client.pipeline(transaction=False) as pipe:
        for act, span in places:
            key = _people(act.what, act.subject_id, span, span.bucket(act.moment))
            pipe.pfadd(key, act.person_id)
            pipe.expire(key, span.kept)
        changed = pipe.execute()[::2]
    risen: dict[tuple[What, Span, int], Counter[int]] = defaultdict(Counter)
    for (act, span), is_new in zip(places, changed, strict=True):
        if is_new:
            risen[act.what, span, span.bucket(act.moment)][act.subject_id] += 1
    if not risen:
        return 0
    with door() as client, client.pipeline(transaction=False) as pipe:
        for (what, span, bucket), subjects in risen.items():
            key = _busy(what, span, bucket)
            for subject_id, by in subjects.items():
                pipe.zincrby(key, by, str(subject_id))
            pipe.zremrangebyrank(key, 0, -SUBJECTS_MOST - 1)
            pipe.expire(key, span.kept)
        pipe.incrby(POLICY.key(_STIRRED), sum(changed))
        pipe.expire(POLICY.key(_STIRRED), _STIRRED_SECONDS)
        pipe.execute()
    return sum(changed)


def busiest(what: What, *, window: int, most: int) -> list[int]:
    """The subjects with most people in the last `window` seconds, the busiest first. Raises `RedisAway`."""
    span = SPANS[what][-1]
    with door() as client, client.pipeline(transaction=False) as pipe:
        for bucket in span.buckets(window, until=time.time()):
            pipe.zrevrange(_busy(what, span, bucket), 0, most - 1, withscores=True)
        buckets = pipe.execute()
    people: Counter[int] = Counter()
    for bucket in buckets:
        for subject, score in bucket:
            people[int(subject)] += int(score)
    return [subject_id for subject_id, _many in people.most_common(most)]


def people(what: What, subject_ids: Collection[int], *, windows: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """How many people each subject had in each of `windows`, in seconds; give or take a percent and the length of a
    bucket. Raises `RedisAway`."""
    now = time.time()
    with door() as client, client.pipeline(transaction=False) as pipe:
        for subject_id in subject_ids:
            for window in windows:
                span = next((span for span in SPANS[what] if window <= span.seconds * 6), SPANS[what][-1])
                pipe.pfcount(
                    *(_people(what, subject_id, span, bucket) for bucket in span.buckets(window, until=now))
                )
        counts = iter(pipe.execute())
    return {subject_id: tuple(next(counts) for _window in windows) for subject_id in subject_ids}


def are_whole() -> bool:
    """Whether they have all that PostgreSQL could tell: not while Redis is new or empty. Raises `RedisAway`."""
    with door() as client:
        return bool(client.exists(POLICY.key(_WHOLE)))


def now_whole() -> None:
    """Say so, for as long as the longest bucket; told again with each snapshot. Raises `RedisAway`."""
    with door() as client:
        client.set(POLICY.key(_WHOLE), 1, ex=DAYS.kept)
        client.delete(POLICY.key(_COUNTING))


def may_count_again() -> bool:
    """True for one caller at a time. Raises `RedisAway`."""
    with door() as client:
        return bool(client.set(POLICY.key(_COUNTING), 1, nx=True, ex=_COUNTING_SECONDS))


def take_stirred() -> int:
    """How much was news since this was asked last. Raises `RedisAway`."""
    with door() as client:
        return int(client.getdel(POLICY.key(_STIRRED)) or 0)


def _busy(what: What, span: Span, bucket: int) -> str:
    return POLICY.key(f"{what}:{span.name}{bucket}")


def _people(what: What, subject_id: int, span: Span, bucket: int) -> str:
    """All buckets of a subject are in one slot of a cluster, because they are counted together."""
    return POLICY.key(f"{{{what}.{subject_id}}}:{span.name}{bucket}")

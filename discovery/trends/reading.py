"""What trends, as everybody reads it: the last snapshot without what moderators hold, kept for ten minutes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import FoundBy, User
from discovery.models import Trend, TrendKind, TrendRuling, TrendSnapshot
from feeds.models import Hashtag, Post
from feeds.text import tag_url
from socialnet.kernel import realtime
from socialnet.kernel.cache import CachePolicy
from socialnet.kernel.errors import DatabaseAway

POLICY = CachePolicy(
    name="trends",
    template="trends:{id}",
    ttl=10 * 60,
    dropped_by="a job computes them anew; a moderator's decision",
    l1=2,
    l1_because="what was held a moment ago; who may be seen is asked of PostgreSQL each time",
)
TOPIC = GROUP = "trending"
SHOWN = 10  # in the rail and to the socket
_LATE = {
    TrendKind.TAG: 20,
    TrendKind.POST: 20,
    TrendKind.PERSON: 150,
}  # minutes, from which one says of when it is


@dataclass(frozen=True)
class Entry:
    """One line: `name` and `display` are those of a tag."""

    subject_id: int
    score: float
    parts: dict[str, Any]
    name: str = ""
    display: str = ""

    @property
    def url(self) -> str:
        return tag_url(self.name)

    @property
    def why(self) -> str:
        """In words: how many people, and since when."""
        return why(self.parts)


@dataclass(frozen=True)
class Trends:
    """`taken_at` is when it was true; None when nothing was ever computed, or nobody can tell."""

    kind: str
    taken_at: datetime | None = None
    entries: tuple[Entry, ...] = field(default=())

    @property
    def is_late(self) -> bool:
        if self.taken_at is None:
            return False
        return timezone.now() - self.taken_at > timedelta(minutes=_LATE[TrendKind(self.kind)])


def why(parts: Mapping[str, Any]) -> str:
    """What made it trend: the shortest window in which three people or more did something."""
    windows = parts.get("windows")
    if windows is None:
        many = parts["new_followers"]
        if many:
            return ngettext("%(many)d new follower this week", "%(many)d new followers this week", many) % {
                "many": many
            }
        return _people(parts["people"], _("this week"))
    spans = {"1": _("in the last hour"), "6": _("in the last 6 hours"), "24": _("in the last day")}
    for hours, words in spans.items():
        if windows[hours]["people"] >= 3:
            return _people(windows[hours]["people"], words)
    return _people(windows["24"]["people"], spans["24"])


def _people(many: int, span: str) -> str:
    return ngettext("%(many)d person %(span)s", "%(many)d people %(span)s", many) % {
        "many": many,
        "span": span,
    }


def trends(kind: str) -> Trends:
    """The last snapshot, from Redis or PostgreSQL; an empty one while neither can tell. Never raises."""
    try:
        kept = POLICY.fetch(kind, lambda: _load(kind))
    except (OperationalError, InterfaceError, DatabaseAway):
        kept = None  # and whoever asks in a transaction goes on in it
    if not kept:
        return Trends(kind)
    taken_at = kept["taken_at"]
    return Trends(
        kind,
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        entries=tuple(Entry(**entry) for entry in kept["entries"]),
    )


def refresh(kind: str) -> None:
    """Keep what PostgreSQL has now, and tell open pages that listen; what a moderator decides meanwhile is not written
    over."""
    ruled = _ruled_last()
    POLICY.replace(kind, _load(kind))
    if _ruled_last() != ruled:
        POLICY.drop(kind)
    if kind == TrendKind.TAG:
        realtime.publish(
            GROUP,
            {
                "topic": TOPIC,
                "event": "snapshot",
                "data": topic_snapshot(),
                "version": realtime.now_version(),
            },
        )


def _ruled_last() -> tuple[int, datetime | None]:
    """What changes with each decision of a moderator, and with each that is taken back."""
    found = TrendRuling.objects.aggregate(many=Count("pk"), last=Max("decided_at"))
    return found["many"], found["last"]


def drop(kind: str) -> None:
    """After a decision, when it is committed."""
    transaction.on_commit(lambda: POLICY.drop(kind))


def topic_snapshot(_viewer: object = None) -> dict[str, Any]:
    """The tags as the socket tells them; the same for everybody, for they are made of what everybody may see."""
    found = trends(TrendKind.TAG)
    return {
        "as_of": found.taken_at.isoformat() if found.taken_at else None,
        "hashtags": [
            {"name": entry.name, "display": entry.display, "why": entry.why}
            for entry in found.entries[:SHOWN]
        ],
    }


@transaction.atomic
def _load(kind: str) -> dict[str, Any]:
    snapshot = TrendSnapshot.objects.latest_of(kind)
    if snapshot is None:
        return {"taken_at": None, "entries": []}
    lines = list(Trend.objects.filter(snapshot=snapshot).order_by("rank"))
    verdicts = dict(
        TrendRuling.objects.filter(kind=kind, subject_id__in=[line.subject_id for line in lines]).values_list(
            "subject_id", "verdict"
        )
    )
    gone = _kept_away(kind, [line.subject_id for line in lines])
    allowed, held = TrendRuling.Verdict.ALLOWED, TrendRuling.Verdict.HELD
    shown = [
        line
        for line in lines
        if line.subject_id not in gone
        and (
            verdicts.get(line.subject_id) == allowed
            or (verdicts.get(line.subject_id) != held and not line.is_flagged)
        )
    ]
    shown.sort(key=lambda line: -line.score)
    names = _tags(shown) if kind == TrendKind.TAG else {line.subject_id: {} for line in shown}
    entries = [
        {"subject_id": line.subject_id, "score": line.score, "parts": line.parts, **names[line.subject_id]}
        for line in shown
        if line.subject_id in names
    ]
    return {"taken_at": snapshot.taken_at.isoformat(), "entries": entries}


def _kept_away(kind: str, subjects: list[int]) -> set[int]:
    """People whom moderators limited or who do not want to be found, and posts of such: since the snapshot, perhaps."""
    if kind == TrendKind.PERSON:
        people = User.objects.filter(pk__in=subjects).exclude(limited_at=None, found_by=FoundBy.EVERYONE)
        return set(people.values_list("pk", flat=True))
    if kind == TrendKind.POST:
        posts = Post.objects.filter(pk__in=subjects)
        posts = posts.exclude(author__limited_at=None, author__found_by=FoundBy.EVERYONE)
        return set(posts.values_list("pk", flat=True))
    return set()


def _tags(lines: list[Trend]) -> dict[int, dict[str, str]]:
    """Their names, and how they were first written: of tags that a public post carries, as all that trend do."""
    seen = Post.objects.filter(tags__hashtag=OuterRef("pk")).visible_to(AnonymousUser())
    tags = Hashtag.objects.filter(Exists(seen), pk__in=[line.subject_id for line in lines])
    return {tag.pk: {"name": tag.name, "display": tag.display} for tag in tags}

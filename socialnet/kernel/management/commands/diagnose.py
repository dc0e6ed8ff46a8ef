import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from socialnet.kernel.diagnosing import Case, Diagnosis, Finding, Moment, diagnoses_of, moments_of, patience
from socialnet.kernel.errors import NotFound, RedisAway
from socialnet.kernel.logbook import moments_in

MOST = 100


class Command(BaseCommand):
    help = (
        "Say what is wrong and why, and mend it: somebody's home, counts, the graph, notifications,"
        " statements, one request."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
        feed = subjects.add_parser("feed", help="what should be at somebody's home, what is, and why")
        feed.add_argument("username")
        feed.add_argument(
            "--post", type=int, dest="post_id", help="say of this post, too, where it is and why"
        )
        counts = subjects.add_parser("counts", help="all counts against rows")
        graph = subjects.add_parser(
            "graph", help="follows, blocks, mutes and entries that contradict each other"
        )
        notifications = subjects.add_parser("notifications", help="why somebody is not told, or told late")
        notifications.add_argument(
            "username", nargs="?", default="", help="without: late, owed and failed of all"
        )
        for mendable in (feed, counts, graph, notifications):
            mendable.add_argument("--repair", action="store_true", help="mend what is wrong, then look again")
            mendable.add_argument("--most", type=int, default=MOST, help=f"lines of a table (default {MOST})")
        subjects.add_parser("queries", help="what costs PostgreSQL time")
        trace = subjects.add_parser("trace", help="the story of one request, by its id")
        trace.add_argument("request_id")
        trace.add_argument("--log", metavar="FILE", help="the logs of the processes; - for standard input")

    def handle(self, *args: Any, subject: str, **options: Any) -> None:
        if subject == "trace":
            self.trace(options["request_id"], options.get("log"))
            return
        started = time.monotonic()
        case = Case(username=options.get("username", ""), post_id=options.get("post_id"))
        repair, most = options.get("repair", False), options.get("most", MOST)
        try:
            left = sum(self.examine(one, case, repair=repair, most=most) for one in diagnoses_of(subject))
        except NotFound:
            raise CommandError(f"Nobody is called {case.username}.") from None
        except RedisAway:
            raise CommandError("Redis does not answer: what is warm cannot be mended now.") from None
        if left:
            raise CommandError(f"{left} wrong ({_since(started)}).")
        self.stdout.write(f"Looked through in {_since(started)}.")

    def examine(self, one: Diagnosis, case: Case, *, repair: bool, most: int) -> int:
        """Look, mend what is wrong if that is wanted, look again; returns how much is wrong at the end."""
        wrong = self.look(one, case, most=most)
        if not (wrong and repair):
            return len(wrong)
        if one.mend is None:
            self.stdout.write("  Nothing mends this by itself: see docs/runbooks.")
            return len(wrong)
        started = time.monotonic()
        for done in one.mend(case, wrong):
            self.stdout.write(f"  done: {done} ({_since(started)})")
            started = time.monotonic()
        return len(self.look(one, case, most=most))

    def look(self, one: Diagnosis, case: Case, *, most: int) -> list[Finding]:
        """Show what there is to say; returns what is wrong."""
        started = time.monotonic()
        with patience():
            told = list(one.look(case))
        findings = [each for each in told if isinstance(each, Finding)]
        wrong = [finding for finding in findings if finding.wrong]
        known = len(findings) - len(wrong)
        verdict = self.style.ERROR(f"{len(wrong)} wrong") if wrong else self.style.SUCCESS("nothing wrong")
        besides = f", {known} to know" if known else ""
        if one.is_advice:
            verdict, besides = f"{known} to know" if known else "nothing to say", ""
        self.stdout.write(f"{one.title}: {verdict}{besides} ({_since(started)})")
        for fact in told:
            if isinstance(fact, str):
                self.stdout.write(f"  {fact}")
        self.table([*wrong, *(finding for finding in findings if not finding.wrong)], most=most)
        return wrong

    def table(self, findings: Sequence[Finding], *, most: int) -> None:
        shown = findings[:most]
        kind = max((len(finding.kind) for finding in shown), default=0)
        what = max((len(finding.what) for finding in shown), default=0)
        for finding in shown:
            mark = self.style.ERROR("wrong") if finding.wrong else "     "
            why, *more = finding.why.split("\n")
            self.stdout.write(f"  {mark}  {finding.kind:<{kind}}  {finding.what:<{what}}  {why}")
            for line in more:
                self.stdout.write(f"         {line}")
        if len(findings) > most:
            self.stdout.write(f"  and {len(findings) - most:,} more: --most shows them")

    def trace(self, request_id: str, log: str | None) -> None:
        started = time.monotonic()
        moments = moments_of(request_id)
        if log:
            with _opened(log) as lines:
                moments += moments_in(lines, request_id=request_id, day=_day(moments))
        if not moments:
            raise CommandError(
                f"Nobody knows anything of {request_id}: events are kept for 30 days, done deliveries for one,"
                " acts for ever; requests that changed nothing stand only in the logs (--log)."
            )
        self.story(sorted(moments, key=lambda moment: moment.at))
        self.stdout.write(f"{len(moments)} moments ({_since(started)}).")
        if not log:
            self.stdout.write("Without --log this is what the stores know: nothing of web, relay and live.")

    def story(self, moments: Sequence[Moment]) -> None:
        first = moments[0].at
        where = max(len(moment.where) for moment in moments)
        self.stdout.write(f"{first.astimezone(UTC):%Y-%m-%d} UTC")
        for moment in moments:
            later = (moment.at - first).total_seconds()
            clock = moment.at.astimezone(UTC).isoformat(timespec="milliseconds")[11:23]
            self.stdout.write(f"  {clock}  +{later:>8.3f} s  {moment.where:<{where}}  {moment.what}")


@contextmanager
def _opened(log: str) -> Iterator[IO[str]]:
    if log == "-":
        yield sys.stdin
        return
    try:
        with Path(log).open(encoding="utf-8", errors="replace") as lines:
            yield lines
    except OSError as error:
        raise CommandError(f"{log} cannot be read: {error.strerror}.") from None


def _day(moments: Sequence[Moment]) -> date:
    """The local day of what is known, for logs that tell only the time."""
    return min((moment.at for moment in moments), default=datetime.now(UTC)).astimezone().date()


def _since(started: float) -> str:
    return f"{round((time.monotonic() - started) * 1000):,} ms"
